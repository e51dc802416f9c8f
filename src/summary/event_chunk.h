/*
 * event_chunk.h
 *		The events of a chunk, as event_buffer.h lays it out: written and read.
 */
#ifndef EM_EVENT_CHUNK_H
#define EM_EVENT_CHUNK_H

#include "summary/event_buffer.h"

#include "port/pg_bswap.h"

/* Bytes of an area: a power of two, doubled as it fills up. */
#define AREA_SMALLEST 256
#define AREA_LARGEST 4096

/* Bytes after the events of a chunk, which are written and read eight bytes at a time. */
#define CHUNK_SLACK 8

#define USECS_PER_MSEC 1000

static inline uint64
get_number(const uint8 *in, int bytes)
{
	uint64		number;

	memcpy(&number, in, sizeof(number));
	return pg_ntoh64(number) >> (64 - 8 * bytes);
}

static inline int
event_bytes(const EventChunk *chunk)
{
	return chunk->first_bytes + chunk->second_bytes + 1;
}

static inline bool
area_is_empty(const EventPartition *partition)
{
	return partition->next == partition->area;
}

/* The head of the chunk that the area of a partition, which is not empty, makes. */
extern void event_chunk_plan(EventChunk *chunk, const EventPartition *partition, bool named);

/* Writes the chunk that was planned. */
extern void event_chunk_write(EventChunk *chunk, const EventChunk *plan, const EventPartition *partition, bool named);

static inline int64
chunk_deal(const EventChunk *chunk, const uint8 *event)
{
	return (int64) ((uint64) chunk->least_deal + (get_number(event, chunk->first_bytes) >> chunk->at_bits));
}

static inline int64
chunk_at(const EventChunk *chunk, const uint8 *event)
{
	uint64		units = chunk->second_bytes == 0 ?
		get_number(event, chunk->first_bytes) & ((UINT64CONST(1) << chunk->at_bits) - 1) :
		get_number(event + chunk->first_bytes, chunk->second_bytes);

	return (int64) ((uint64) chunk->least_at + units * chunk->unit);
}

static inline uint32
chunk_role(const EventChunk *chunk, const uint8 *event)
{
	return event[chunk->first_bytes + chunk->second_bytes];
}

/* Reads the events of a chunk, in order of arrival. */
typedef struct ChunkReader
{
	const uint8 *next;
	const uint8 *end;
	const char *name;			/* length and bytes of the next one; NULL without names */
	EventChunk	head;			/* a copy, which writing elsewhere cannot change */
} ChunkReader;

static inline void
chunk_read_begin(ChunkReader *reader, const EventChunk *chunk, bool named)
{
	reader->head = *chunk;
	reader->next = chunk->data;
	reader->end = chunk->data + (Size) chunk->nevents * event_bytes(chunk);
	reader->name = named ? (const char *) reader->end + CHUNK_SLACK : NULL;
}

/* *name is its length and bytes. */
static inline bool
chunk_read_next(ChunkReader *reader, EventRecord *record, const char **name)
{
	const EventChunk *chunk = &reader->head;
	const uint8 *event = reader->next;

	if (event == reader->end)
		return false;
	record->deal = chunk_deal(chunk, event);
	record->at = chunk_at(chunk, event);
	record->role = chunk_role(chunk, event);
	record->length = 0;
	reader->next = event + event_bytes(chunk);
	*name = reader->name;
	if (reader->name != NULL)
	{
		memcpy(&record->length, reader->name, sizeof(uint32));
		reader->name += sizeof(uint32) + record->length;
	}
	return true;
}

#endif							/* EM_EVENT_CHUNK_H */
