/*
 * tally.c
 *		Exact counts by integer key: an open hash table and a packed form.
 *
 * Linear probing over a power of two, at most three quarters full. The slot
 * comes from the upper half of a multiplicative hash (Knuth), so that runs of
 * neighbouring keys, which durations are, spread over the table.
 */
#include "plain/tally.h"

#include <string.h>

#include "plain/tally_reader.h"
#include "plain/varint.h"

void
tally_init(Tally *tally, uint32_t capacity)
{
	memset(tally, 0, tally_size(capacity));
	tally->capacity = capacity;
}

/* The slot that holds a key or would; NULL when there is none. */
static TallyEntry *
find_slot(Tally *tally, uint64_t key)
{
	uint32_t	mask = tally->capacity - 1;
	uint32_t	slot = tally_home(tally, key);

	/* a damaged table may have no free slot: go round once at most */
	for (uint32_t i = 0; i < tally->capacity; i++)
	{
		TallyEntry *entry = &tally->slots[(slot + i) & mask];

		if (entry->key == key + 1 || entry->key == 0)
			return entry;
	}
	return NULL;
}

/* Notes that the count of a slot is no longer zero. */
static void
note_addition(Tally *tally, const TallyEntry *entry)
{
	tally->live++;
	*tally_recent_slot(tally, tally->additions++) = (uint32_t) (entry - tally->slots);
}

TallyResult
tally_add(Tally *tally, uint64_t key, int64_t count)
{
	TallyEntry *entry = find_slot(tally, key);

	if (entry == NULL)
		return TALLY_FULL;
	if (entry->key == 0)
	{
		if (count < 0)
			return TALLY_NEGATIVE;
		if (count == 0)
			return TALLY_OK;
		if (tally->used >= TALLY_LIMIT(tally->capacity))
			return TALLY_FULL;
		entry->key = key + 1;
		entry->count = count;
		tally->used++;
		note_addition(tally, entry);
		return TALLY_OK;
	}
	if (count > 0 && entry->count > INT64_MAX - count)
		return TALLY_OVERFLOW;
	if (entry->count < 0 || (count < 0 && entry->count + count < 0))
		return TALLY_NEGATIVE;
	if (entry->count == 0 && count > 0)
		note_addition(tally, entry);
	entry->count += count;
	if (entry->count == 0 && count < 0)
		tally->live--;
	return TALLY_OK;
}

int64_t
tally_count(const Tally *tally, uint64_t key)
{
	const TallyEntry *entry = find_slot((Tally *) tally, key);

	return entry == NULL || entry->key == 0 ? 0 : entry->count;
}

uint32_t
tally_live(const Tally *tally)
{
	uint32_t	n = 0;

	for (uint32_t i = 0; i < tally->capacity; i++)
		n += (tally->slots[i].count != 0);
	return n;
}

void
tally_rehash(Tally *to, const Tally *from)
{
	for (uint32_t i = 0; i < from->capacity; i++)
		if (from->slots[i].count != 0)
			(void) tally_add(to, from->slots[i].key - 1, from->slots[i].count);
}

/* Below this many, moving entries one by one is faster than counting their keys. */
#define RADIX_FROM 48

void
tally_sort_entries(TallyEntry *entries, TallyEntry *spare, uint32_t n)
{
	TallyEntry *from = entries;
	TallyEntry *to = spare;
	uint64_t	varying = 0;

	if (n < RADIX_FROM)
	{
		for (uint32_t i = 1; i < n; i++)
		{
			TallyEntry	entry = entries[i];
			uint32_t	place = i;

			for (; place > 0 && entries[place - 1].key > entry.key; place--)
				entries[place] = entries[place - 1];
			entries[place] = entry;
		}
		return;
	}
	for (uint32_t i = 1; i < n; i++)
		varying |= entries[i].key ^ entries[0].key;
	for (int shift = 0; shift < 64; shift += 8)
	{
		uint32_t	places[256] = {0};
		uint32_t	next = 0;
		TallyEntry *sorted = to;

		if ((varying >> shift & 255) == 0)
			continue;
		for (uint32_t i = 0; i < n; i++)
			places[from[i].key >> shift & 255]++;
		for (int byte = 0; byte < 256; byte++)
		{
			uint32_t	count = places[byte];

			places[byte] = next;
			next += count;
		}
		for (uint32_t i = 0; i < n; i++)
			sorted[places[from[i].key >> shift & 255]++] = from[i];
		to = from;
		from = sorted;
	}
	if (from != entries)
		memcpy(entries, from, sizeof(TallyEntry) * n);
}

uint32_t
tally_sorted(const Tally *tally, TallyEntry *entries)
{
	uint32_t	n = 0;

	for (uint32_t i = 0; i < tally->capacity && n < tally->used; i++)
		if (tally->slots[i].key != 0 && tally->slots[i].count != 0)
		{
			entries[n].key = tally->slots[i].key - 1;
			entries[n++].count = tally->slots[i].count;
		}
	tally_sort_entries(entries, entries + n, n);
	return n;
}

/* What is written for a key: the first as it is, then the gap to it less one. */
static inline uint64_t
key_step(const TallyEntry *sorted, uint32_t i)
{
	return i == 0 ? sorted[0].key : sorted[i].key - sorted[i - 1].key - 1;
}

size_t
tally_packed_size(const TallyEntry *sorted, uint32_t n)
{
	size_t		size = varint_size(n);

	for (uint32_t i = 0; i < n; i++)
	{
		uint64_t	step = key_step(sorted, i);
		uint64_t	count = (uint64_t) sorted[i].count;

		if ((step | count) < 0x4000)
			size += 2 + (step >= 0x80) + (count >= 0x80);
		else
			size += varint_size(step) + varint_size(count);
	}
	return size;
}

/* Most steps take one byte or two, and branches on that would be mispredicted; a count follows each step, so that two bytes can be written. */
static inline uint8_t *
write_step(uint8_t *out, uint64_t step)
{
	bool		two = step >= 0x80;

	if (step >= 0x4000)
		return varint_write(out, step);
	out[0] = (uint8_t) (step | (two << 7));
	out[1] = (uint8_t) (step >> 7);
	return out + 1 + two;
}

uint8_t *
tally_pack(uint8_t *out, const uint8_t *end, const TallyEntry *sorted, uint32_t n)
{
	if (end - out < TALLY_MOST_BYTES)
		return NULL;
	out = varint_write(out, n);
	for (uint32_t i = 0; i < n; i++)
	{
		if (end - out < TALLY_MOST_BYTES)
			return NULL;
		out = varint_write(write_step(out, key_step(sorted, i)), (uint64_t) sorted[i].count);
	}
	return out;
}

void
tally_read_begin(TallyReader *reader, const uint8_t *data, const uint8_t *end)
{
	reader->end = end;
	reader->key = TALLY_NO_KEY;
	reader->damaged = false;
	reader->next = varint_read(data, end, &reader->remaining);

	/* an entry takes two bytes or more, so a larger count cannot be right */
	if (reader->next == NULL ||
		reader->remaining > (uint64_t) (end - reader->next) / 2)
	{
		reader->damaged = true;
		reader->remaining = 0;
	}
}

bool
tally_read_long(TallyReader *reader, TallyEntry *entry)
{
	uint64_t	step;
	uint64_t	count;
	const uint8_t *in = reader->next;
	bool		first = reader->key == TALLY_NO_KEY;

	if (reader->remaining == 0)
		return false;
	in = varint_read(in, reader->end, &step);
	if (in != NULL)
		in = varint_read(in, reader->end, &count);
	if (in == NULL || count == 0 || count > (uint64_t) INT64_MAX ||
		(first ? step > TALLY_MAX_KEY : step >= TALLY_MAX_KEY - reader->key))
	{
		reader->damaged = true;
		reader->remaining = 0;
		return false;
	}
	reader->key += step + 1;
	reader->remaining--;
	reader->next = in;
	entry->key = reader->key;
	entry->count = (int64_t) count;
	return true;
}
