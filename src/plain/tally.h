/*
 * tally.h
 *		Exact counts by integer key, in one flat piece of memory.
 *
 * The counting inside every summary whose cells have small integer keys:
 * durations by whole unit, funnel cells by stage and outcome. Plain C without
 * PostgreSQL, so that a unit test or a fuzzer can link it alone.
 *
 * Open form: a hash table with linear probing, changed in place, for state
 * that grows. Packed form: canonical; the keys in ascending order as varint
 * gaps, each followed by its count as a varint; zero counts are absent.
 * Both forms hold the same information, whatever a key means.
 */
#ifndef EM_TALLY_H
#define EM_TALLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct TallyEntry
{
	uint64_t	key;
	int64_t		count;
} TallyEntry;

/* A slot is free when its key field is 0; the field holds key + 1. */
typedef struct Tally
{
	uint32_t	capacity;		/* slots, a power of two */
	uint32_t	used;			/* slots taken, zero counts included */
	uint32_t	live;			/* counts that are not zero */
	uint32_t	additions;		/* how often a count became other than zero */
	TallyEntry	slots[];
	/* uint32_t recent[TALLY_RECENT(capacity)]: the slots of the last additions, in a ring */
} Tally;

#define TALLY_MAX_KEY (UINT64_MAX - 1)
#define TALLY_MIN_CAPACITY 8
/* Slots of a capacity that may be taken. */
#define TALLY_LIMIT(capacity) ((capacity) / 4 * 3)
/* Additions remembered (tally_order.h): to insert more of them takes longer than to sort all slots. */
#define TALLY_RECENT(capacity) ((capacity) < 64 ? 2 : (capacity) / 32)

typedef enum TallyResult
{
	TALLY_OK,
	TALLY_FULL,					/* no free slot for a new key: grow, then add again */
	TALLY_OVERFLOW,				/* the count would pass 64 bits */
	TALLY_NEGATIVE				/* the count would fall below zero */
} TallyResult;

/* Bytes of a tally with `capacity` slots. */
static inline size_t
tally_size(uint32_t capacity)
{
	return offsetof(Tally, slots) + (size_t) capacity * sizeof(TallyEntry) +
		(size_t) TALLY_RECENT(capacity) * sizeof(uint32_t);
}

extern void tally_init(Tally *tally, uint32_t capacity);

/* Where the search for a key begins. */
static inline uint32_t
tally_home(const Tally *tally, uint64_t key)
{
	return (uint32_t) ((key * UINT64_C(0x9E3779B97F4A7C15)) >> 32) & (tally->capacity - 1);
}

/*
 * Adds `count` (may be negative) under a key that is there already and found at
 * once, as it is nearly always where many are counted; false when it takes tally_add().
 */
static inline bool
tally_add_quickly(Tally *tally, uint64_t key, int64_t count)
{
	uint32_t	slot = tally_home(tally, key);

	for (uint32_t i = 0; i < 4; i++)
	{
		TallyEntry *entry = &tally->slots[(slot + i) & (tally->capacity - 1)];

		if (entry->key == key + 1)
		{
			int64_t		sum = (int64_t) ((uint64_t) entry->count + (uint64_t) count);

			/* past 64 bits it is below zero; to and from a count of zero is left to tally_add() */
			if (entry->count <= 0 || sum <= 0)
				return false;
			entry->count = sum;
			return true;
		}
	}
	return false;
}

/* Adds `count` (may be negative) under `key`; on anything but TALLY_OK nothing has changed. */
extern TallyResult tally_add(Tally *tally, uint64_t key, int64_t count);

/* The count under `key`, 0 when there is none. */
extern int64_t tally_count(const Tally *tally, uint64_t key);

/* How many counts are not zero, counted: tally->live of a damaged one may say anything. */
extern uint32_t tally_live(const Tally *tally);

/* Copies every non-zero entry of `from` into the empty `to`, which is large enough. */
extern void tally_rehash(Tally *to, const Tally *from);

/* The place in the ring of the n-th addition. */
static inline uint32_t *
tally_recent_slot(const Tally *tally, uint32_t n)
{
	return (uint32_t *) &tally->slots[tally->capacity] + (n & (TALLY_RECENT(tally->capacity) - 1));
}

/*
 * Sorts by key, in as many passes as bytes of the keys differ. `spare` has
 * space for as many entries.
 */
extern void tally_sort_entries(TallyEntry *entries, TallyEntry *spare, uint32_t n);

/* The non-zero entries in ascending order of key; returns how many. `entries` has space for 2 * tally->used: half of it to sort with. */
extern uint32_t tally_sorted(const Tally *tally, TallyEntry *entries);

/*
 * The packed form. tally_pack() returns the end of what it wrote, and NULL when less
 * than TALLY_MOST_BYTES of [out, end) were left for an entry: nearly all take
 * TALLY_COMMON_BYTES at most.
 */
extern size_t tally_packed_size(const TallyEntry *sorted, uint32_t n);
#define TALLY_COMMON_BYTES 4
#define TALLY_MOST_BYTES 19
extern uint8_t *tally_pack(uint8_t *out, const uint8_t *end, const TallyEntry *sorted, uint32_t n);

#endif							/* EM_TALLY_H */
