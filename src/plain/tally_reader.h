/*
 * tally_reader.h
 *		A packed tally read entry by entry.
 *
 * An entry is a step from the key before and a count, both varints. Nearly all take two
 * bytes or three; which it is can be foreseen in durations and not in funnels, so that
 * there is a way of reading for each.
 *
 * Worth, on test/bench (processor time, medians of alternating runs): telling steps of one
 * and of two bytes apart without a branch, 0.76 of the time of rollups of funnels of 20
 * deals, and 1.12 of those of durations; reading by fours takes that 0.12 back.
 */
#ifndef EM_TALLY_READER_H
#define EM_TALLY_READER_H

#include <string.h>

#include "plain/tally.h"

/*
 * Reads a packed tally entry by entry. read_begin takes the bytes [data, end)
 * and reads the number of entries; read_next returns false at the end and
 * sets reader->damaged when the bytes are not canonical (truncated, overlong
 * varint, zero or negative count, key that overflows).
 */
typedef struct TallyReader
{
	const uint8_t *next;
	const uint8_t *end;
	uint64_t	remaining;		/* 0 from damage on */
	uint64_t	key;			/* of the last entry; TALLY_NO_KEY, to which a step of 1 gives key 0, before the first */
	bool		damaged;
} TallyReader;

#define TALLY_NO_KEY UINT64_MAX

extern void tally_read_begin(TallyReader *reader, const uint8_t *data, const uint8_t *end);

/* An entry of any size. */
extern bool tally_read_long(TallyReader *reader, TallyEntry *entry);

/* The keys from which short steps may pass the last one. */
#define TALLY_NEAR_END (TALLY_MAX_KEY - 0x4000)

/* The next entry: without a branch where it is a step of one byte or two, and a count of one. */
static inline bool
tally_read_next(TallyReader *reader, TallyEntry *entry)
{
	const uint8_t *in = reader->next;

	if (reader->remaining > 0 && reader->end - in >= 3 && reader->key + 1 < TALLY_NEAR_END)
	{
		uint32_t	two = in[0] >> 7;
		uint32_t	step = (in[0] & 0x7F) | ((uint32_t) in[1] << 7 & (0 - two));
		uint32_t	count = in[1 + two];

		/* the second byte of a step is 1 to 127, and so is a count */
		if ((count - 1 < 0x7F) & (!two | ((uint32_t) in[1] - 1 < 0x7F)))
		{
			reader->key += (uint64_t) step + 1;
			reader->remaining--;
			reader->next = in + 2 + two;
			entry->key = reader->key;
			entry->count = count;
			return true;
		}
	}
	return tally_read_long(reader, entry);
}

/* Four entries of two bytes each, told from others by one branch; false where the next four are not all of that kind. */
#define TALLY_FOUR 4

static inline bool
tally_read_four(TallyReader *reader, TallyEntry *entries)
{
	const uint8_t *in = reader->next;
	uint64_t	word;

	if (reader->remaining < TALLY_FOUR || reader->end - in < 8 || reader->key + 1 >= TALLY_NEAR_END)
		return false;
	memcpy(&word, in, sizeof(word));
	if ((word & UINT64_C(0x8080808080808080)) != 0 || in[1] == 0 || in[3] == 0 || in[5] == 0 || in[7] == 0)
		return false;
	for (int i = 0; i < TALLY_FOUR; i++)
	{
		reader->key += (uint64_t) in[2 * i] + 1;
		entries[i].key = reader->key;
		entries[i].count = in[2 * i + 1];
	}
	reader->remaining -= TALLY_FOUR;
	reader->next = in + 2 * TALLY_FOUR;
	return true;
}

/* Is tally_read_four() worth a try? Where the mean of what is left is little more than two bytes. */
static inline bool
tally_mostly_short(const TallyReader *reader)
{
	return (uint64_t) (reader->end - reader->next) < reader->remaining * 2 + reader->remaining / 4;
}

#endif							/* EM_TALLY_READER_H */
