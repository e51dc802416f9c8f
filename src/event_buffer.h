/*
 * event_buffer.h
 *		Events of many deals, taken in one by one in any order and handed out
 *		deal by deal, in order of time.
 *
 * A buffered event is a record of 16 bytes: the key of its deal, 64 bits of
 * which the highest choose a partition, and its instant above its role. Once
 * there are many records they are kept in 256 partitions. At the end one
 * partition after the other is spread by the next bits of the key over places
 * of a few records each, all of it inside the processor's cache: no hash table,
 * and no sorting of what arrives in order of time.
 *
 * The key of a deal that is a number is that number, mixed; no two numbers
 * have the same. For other deals it is a hash, and the deal's bytes, its name,
 * are kept besides.
 *
 * Memory of a chunk: its head; records, upwards; free space; names, from the
 * end downwards in the order of the records, each its bytes and then its
 * length (4 bytes).
 */
#ifndef EM_EVENT_BUFFER_H
#define EM_EVENT_BUFFER_H

#include "compat.h"

#include "chain.h"

#define EVENT_PARTITION_BITS 8
#define EVENT_PARTITIONS (1 << EVENT_PARTITION_BITS)

/* Below the instant stands the role: a stage, CHAIN_EXIT, or this. */
#define EVENT_ROLE_BITS 6
#define EVENT_WIDE ((1 << EVENT_ROLE_BITS) - 1)

/*
 * Instants further than 4,566 years from 2000-01-01 have no room above a role.
 * Their events take two records: one with the role above EVENT_WIDE, and one
 * with the instant in place of a key.
 */
#define EVENT_FAR (INT64CONST(1) << (63 - EVENT_ROLE_BITS))

typedef struct EventRecord
{
	uint64		key;
	uint64		event;
} EventRecord;

typedef struct EventChunk
{
	struct EventChunk *next;
	Size		size;			/* with this head */
	Size		nrecords;
	Size		names;			/* bytes of them */
	EventRecord records[FLEXIBLE_ARRAY_MEMBER];
} EventChunk;

/* Chunks in order of arrival; those but the last are closed. */
typedef struct EventPartition
{
	EventRecord *next;			/* the first free record of the last chunk */
	char	   *limit;			/* the end of what is free there */
	EventChunk *first;
	EventChunk *last;
	Size		nrecords;		/* of the closed chunks */
} EventPartition;

typedef struct EventBuffer
{
	MemoryContext context;
	EventPartition *partitions;
	uint32		partition_mask; /* EVENT_PARTITIONS - 1, or 0 while there is one */
	bool		named;			/* deals have names */
	EventPartition only;		/* while there is one */
} EventBuffer;

extern void event_buffer_init(EventBuffer *buffer, MemoryContext context, bool named);

/* As event_buffer_add(), where something is out of the ordinary. */
extern void event_buffer_add_slowly(EventBuffer *buffer, uint64 key, int64 at, uint32 role,
									const char *name, uint32 length);

/* The key of a deal that is a number: another for every number, its bits mixed. */
static inline uint64
event_key(int64 deal)
{
	uint64		key = (uint64) deal;

	key ^= key >> 32;
	key *= UINT64CONST(0x9E3779B97F4A7C15);
	return key ^ (key >> 29);
}

static inline EventPartition *
event_partition(const EventBuffer *buffer, uint64 key)
{
	return &buffer->partitions[(key >> (64 - EVENT_PARTITION_BITS)) & buffer->partition_mask];
}

static inline bool
event_is_far(int64 at)
{
	return at < -EVENT_FAR || at >= EVENT_FAR;
}

static inline void
event_put_name(EventPartition *partition, const char *name, uint32 length)
{
	partition->limit -= sizeof(uint32);
	memcpy(partition->limit, &length, sizeof(uint32));
	partition->limit -= length;
	memcpy(partition->limit, name, length);
}

/* Takes in an event; the name is NULL when deals have none. */
static inline void
event_buffer_add(EventBuffer *buffer, uint64 key, int64 at, uint32 role,
				 const char *name, uint32 length)
{
	EventPartition *partition = event_partition(buffer, key);
	Size		need = sizeof(EventRecord) + (name == NULL ? 0 : sizeof(uint32) + length);

	if (unlikely((Size) (partition->limit - (char *) partition->next) < need || event_is_far(at)))
	{
		event_buffer_add_slowly(buffer, key, at, role, name, length);
		return;
	}
	partition->next->key = key;
	partition->next->event = (uint64) at << EVENT_ROLE_BITS | role;
	partition->next++;
	if (name != NULL)
		event_put_name(partition, name, length);
}

/*
 * The buffer as bytes for another process of the same server, and such bytes
 * taken in: as they are, in one piece, where there are many. `serial` need not
 * be aligned. Never stored, so nothing in it is made portable.
 */
extern Size event_buffer_serial_size(EventBuffer *buffer);
extern void event_buffer_serialize(EventBuffer *buffer, char *out);
extern void event_buffer_take(EventBuffer *buffer, const char *serial, Size size);

/* Takes in the events of another buffer. */
extern void event_buffer_add_all(EventBuffer *buffer, EventBuffer *other);

/*
 * Hands out deal by deal, in no order that means anything: the events of one,
 * in order of time, to be written to until the next call. The buffer stays as
 * it is. 54000 for more than 2^31 events in one partition.
 */
typedef struct DealReader DealReader;

extern DealReader *deal_reader_create(EventBuffer *buffer);
extern ChainEvent *deal_reader_next(DealReader *reader, size_t *nevents);

#endif							/* EM_EVENT_BUFFER_H */
