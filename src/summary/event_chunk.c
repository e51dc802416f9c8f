/*
 * event_chunk.c
 *		The events of an area written as a chunk. Layout: event_buffer.h.
 */
#include "summary/event_chunk.h"

#include "port/pg_bitutils.h"

/* Bytes that a number needs: 1 to 8. */
static inline int
bytes_of(uint64 number)
{
	return pg_leftmost_one_pos64(number | 1) / 8 + 1;
}

/* Writes the low `bytes` bytes of a number, and zeros up to eight. */
static inline uint8 *
put_number(uint8 *out, uint64 number, int bytes)
{
	number = pg_hton64(number << (64 - 8 * bytes));
	memcpy(out, &number, sizeof(number));
	return out + bytes;
}

void
event_chunk_plan(EventChunk *chunk, const EventPartition *partition, bool named)
{
	const EventRecord *first = partition->area;
	int64		most_deal = first->deal;
	int64		most_at = first->at;

	chunk->next = NULL;
	chunk->least_deal = most_deal;
	chunk->least_at = most_at;
	for (const EventRecord *record = first; record < partition->next; record++)
	{
		chunk->least_deal = Min(chunk->least_deal, record->deal);
		most_deal = Max(most_deal, record->deal);
		chunk->least_at = Min(chunk->least_at, record->at);
		most_at = Max(most_at, record->at);
	}
	chunk->nevents = partition->next - first;
	chunk->deal_bytes = bytes_of((uint64) most_deal - (uint64) chunk->least_deal);
	chunk->at_bytes = bytes_of((uint64) most_at - (uint64) chunk->least_at);
	chunk->size = offsetof(EventChunk, data) + (Size) chunk->nevents * event_bytes(chunk) + CHUNK_SLACK;
	if (named)
		chunk->size += sizeof(uint32) * (Size) chunk->nevents +
			((const char *) first + partition->area_size - partition->limit);
	chunk->size = MAXALIGN(chunk->size);
}

void
event_chunk_write(EventChunk *chunk, const EventChunk *plan, const EventPartition *partition, bool named)
{
	const char *name = (const char *) partition->area + partition->area_size;
	uint8	   *out = chunk->data;

	memcpy(chunk, plan, offsetof(EventChunk, data));
	for (const EventRecord *record = partition->area; record < partition->next; record++)
	{
		out = put_number(out, (uint64) record->deal - (uint64) plan->least_deal, plan->deal_bytes);
		out = put_number(out, (uint64) record->at - (uint64) plan->least_at, plan->at_bytes);
		*out++ = (uint8) record->role;
	}
	memset(out, 0, CHUNK_SLACK);
	out += CHUNK_SLACK;
	if (named)
	{
		for (const EventRecord *record = partition->area; record < partition->next; record++)
		{
			name -= record->length;
			memcpy(out, &record->length, sizeof(uint32));
			memcpy(out + sizeof(uint32), name, record->length);
			out += sizeof(uint32) + record->length;
		}
	}
	memset(out, 0, (uint8 *) chunk + chunk->size - out);
}
