/*
 * event_buffer.h
 *		Events of many deals, taken in one by one in any order and handed out
 *		deal by deal, in order of time.
 *
 * Once there are many events they are kept in 256 partitions by the key of
 * their deal. A partition has a small area for the events that come in; when it
 * is full its events are packed into a chunk, in as few bytes as the spans of
 * its deals and instants need (6 each for two million deals in two years, if
 * instants are whole seconds). At the end one partition after the other is
 * spread by the next bits of the key over places of a few events each, all of it
 * inside the processor's cache: no hash table, and no sorting of what came in
 * order of time.
 *
 * Worth, on test/bench's funnel over raw events: 4.9 times as fast as history_agg()
 * by deal and deal_progress() of each (processor time, medians of 5 runs).
 *
 * A deal is a number, or a hash of the bytes of its name.
 *
 * Area: records, upwards; free space; names, from the end downwards.
 *
 * Chunk: its head; the events; 8 bytes that may be read but mean nothing; for
 * each event the length (4 bytes) and the bytes of its name. An event is the
 * deal above the least one, the instant above the least one, in the largest of
 * seconds, milliseconds and microseconds that loses nothing, and the role
 * (1 byte). Deal and instant share one number where it has at most 64 bits,
 * and are two where not. Numbers have their high byte first.
 */
#ifndef EM_EVENT_BUFFER_H
#define EM_EVENT_BUFFER_H

#include "base/compat.h"

#define EVENT_PARTITION_BITS 8
#define EVENT_PARTITIONS (1 << EVENT_PARTITION_BITS)

typedef struct EventRecord
{
	int64		deal;
	int64		at;
	uint32		role;
	uint32		length;			/* of the name */
} EventRecord;

typedef struct EventChunk
{
	struct EventChunk *next;	/* in the partition */
	Size		size;			/* of all, a multiple of 8 */
	int64		least_deal;
	int64		least_at;
	uint32		nevents;
	uint32		unit;			/* microseconds of an instant's unit */
	uint8		first_bytes;	/* of the number that holds the deal */
	uint8		at_bits;		/* its low bits that are the instant, */
	uint8		second_bytes;	/* or the bytes of the instant's own number; one of the two is 0 */
	uint8		data[FLEXIBLE_ARRAY_MEMBER];
} EventChunk;

/* What chunks are cut from. */
typedef struct EventSlab
{
	struct EventSlab *next;
	Size		used;
	Size		size;
	uint64		data[FLEXIBLE_ARRAY_MEMBER];
} EventSlab;

typedef struct EventPartition
{
	EventRecord *next;			/* the first free record of the area */
	char	   *limit;			/* the end of what is free there */
	EventRecord *area;
	Size		area_size;
	EventChunk *first;			/* chunks in order of arrival */
	EventChunk *last;
	Size		npacked;		/* events in them */
} EventPartition;

/* A buffer whose chunks are read as well: one that has partitions, and stays as it is. */
typedef struct BorrowedBuffer
{
	struct BorrowedBuffer *next;
	const struct EventBuffer *buffer;
} BorrowedBuffer;

typedef struct EventBuffer
{
	MemoryContext context;
	EventPartition *partitions;
	uint32		partition_mask; /* EVENT_PARTITIONS - 1, or 0 while there is one */
	bool		named;
	EventPartition only;		/* while there is one */
	EventSlab  *first_slab;
	EventSlab  *last_slab;
	Size		packed_size;	/* of all chunks */
	BorrowedBuffer *borrowed;
} EventBuffer;

extern void event_buffer_init(EventBuffer *buffer, MemoryContext context, bool named);

/* As event_buffer_add(), where there is no space in the area. */
extern void event_buffer_add_slowly(EventBuffer *buffer, int64 deal, int64 at, uint32 role,
									const char *name, uint32 length);

/* The bits of a deal mixed; no two deals have the same key. */
static inline uint64
event_key(int64 deal)
{
	uint64		key = (uint64) deal;

	key ^= key >> 32;
	key *= UINT64CONST(0x9E3779B97F4A7C15);
	return key ^ (key >> 29);
}

static inline EventPartition *
event_partition(const EventBuffer *buffer, int64 deal)
{
	return &buffer->partitions[(event_key(deal) >> (64 - EVENT_PARTITION_BITS)) &
							   buffer->partition_mask];
}

static inline void
event_put(EventPartition *partition, int64 deal, int64 at, uint32 role,
		  const char *name, uint32 length)
{
	EventRecord *record = partition->next++;

	/* 256 areas do not fit the nearest cache; worth 1.01 of all */
	__builtin_prefetch(record + 2, 1);
	record->deal = deal;
	record->at = at;
	record->role = role;
	record->length = length;
	if (name != NULL)
	{
		partition->limit -= length;
		memcpy(partition->limit, name, length);
	}
}

/* Takes in an event; the name is NULL, and its length 0, where deals have none. */
static inline void
event_buffer_add(EventBuffer *buffer, int64 deal, int64 at, uint32 role,
				 const char *name, uint32 length)
{
	EventPartition *partition = event_partition(buffer, deal);

	if (likely((Size) (partition->limit - (char *) partition->next) >=
			   sizeof(EventRecord) + length))
		event_put(partition, deal, at, role, name, length);
	else
		event_buffer_add_slowly(buffer, deal, at, role, name, length);
}

/*
 * The buffer as bytes for another process of the same server, and such bytes
 * taken in: where there are many, as they are and in one piece. They need not
 * be aligned. Never stored, so nothing in them is made portable.
 */
extern Size event_buffer_serial_size(EventBuffer *buffer);
/*
 * Are such bytes what event_buffer_serialize() can have written: events of
 * roles below nroles or of the extra one, not later than `latest`, each chunk
 * within one partition? NULL, or what is wrong. Only then may they be taken in.
 */
extern const char *event_buffer_check(const char *serial, Size size, bool named, uint32 nroles,
									  uint32 extra_role, int64 latest);
extern void event_buffer_serialize(const EventBuffer *buffer, char *out);
extern void event_buffer_take(EventBuffer *buffer, const char *serial, Size size);

/* Packs what is in the areas, after which a buffer that takes in no more can be borrowed. */
extern void event_buffer_pack(EventBuffer *buffer);

/* Takes in the events of a packed buffer, which lives as long; where there are many, without copying them. */
extern void event_buffer_borrow(EventBuffer *buffer, const EventBuffer *other);

#endif							/* EM_EVENT_BUFFER_H */
