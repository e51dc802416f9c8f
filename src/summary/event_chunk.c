/*
 * event_chunk.c
 *		The events of an area written as a chunk. Layout: event_buffer.h.
 */
#include "summary/event_chunk.h"

#include "datatype/timestamp.h"
#include "port/pg_bitutils.h"

/* Bits that a number needs: 1 to 64. */
static inline int
bits_of(uint64 number)
{
	return pg_leftmost_one_pos64(number | 1) + 1;
}

static inline int
bytes_for(int bits)
{
	return (bits + 7) / 8;
}

/* Writes the low `bytes` bytes of a number, and zeros up to eight. */
static inline uint8 *
put_number(uint8 *out, uint64 number, int bytes)
{
	number = pg_hton64(number << (64 - 8 * bytes));
	memcpy(out, &number, sizeof(number));
	return out + bytes;
}

/* Are the instants of an area whole units after the least one? */
static pg_attribute_always_inline bool
instants_in(uint64 unit, const EventPartition *partition, int64 least)
{
	for (const EventRecord *record = partition->area; record < partition->next; record++)
		if (((uint64) record->at - (uint64) least) % unit != 0)
			return false;
	return true;
}

static uint32
unit_of(const EventPartition *partition, int64 least)
{
	if (instants_in(USECS_PER_SEC, partition, least))
		return USECS_PER_SEC;
	return instants_in(USECS_PER_MSEC, partition, least) ? USECS_PER_MSEC : 1;
}

void
event_chunk_plan(EventChunk *chunk, const EventPartition *partition, bool named)
{
	const EventRecord *first = partition->area;
	int64		most_deal = first->deal;
	int64		most_at = first->at;
	int			deal_bits;
	int			at_bits;

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
	chunk->unit = unit_of(partition, chunk->least_at);
	deal_bits = bits_of((uint64) most_deal - (uint64) chunk->least_deal);
	at_bits = bits_of(((uint64) most_at - (uint64) chunk->least_at) / chunk->unit);
	if (deal_bits + at_bits <= 64)
	{
		chunk->first_bytes = bytes_for(deal_bits + at_bits);
		chunk->at_bits = at_bits;
		chunk->second_bytes = 0;
	}
	else
	{
		chunk->first_bytes = bytes_for(deal_bits);
		chunk->at_bits = 0;
		chunk->second_bytes = bytes_for(at_bits);
	}
	chunk->size = offsetof(EventChunk, data) + (Size) chunk->nevents * event_bytes(chunk) + CHUNK_SLACK;
	if (named)
		chunk->size += sizeof(uint32) * (Size) chunk->nevents +
			((const char *) first + partition->area_size - partition->limit);
	chunk->size = MAXALIGN(chunk->size);
}

/* Writes the events of an area. With a unit known where this is called, the division is a multiplication. */
static pg_attribute_always_inline uint8 *
write_events(uint8 *out, const EventPartition *partition, EventChunk plan, uint64 unit)
{
	for (const EventRecord *record = partition->area; record < partition->next; record++)
	{
		uint64		deal = (uint64) record->deal - (uint64) plan.least_deal;
		uint64		at = ((uint64) record->at - (uint64) plan.least_at) / unit;

		if (plan.second_bytes == 0)
			out = put_number(out, deal << plan.at_bits | at, plan.first_bytes);
		else
		{
			out = put_number(out, deal, plan.first_bytes);
			out = put_number(out, at, plan.second_bytes);
		}
		*out++ = (uint8) record->role;
	}
	return out;
}

void
event_chunk_write(EventChunk *chunk, const EventChunk *plan, const EventPartition *partition, bool named)
{
	const char *name = (const char *) partition->area + partition->area_size;
	uint8	   *out;

	memcpy(chunk, plan, offsetof(EventChunk, data));
	if (plan->unit == USECS_PER_SEC)
		out = write_events(chunk->data, partition, *plan, USECS_PER_SEC);
	else if (plan->unit == USECS_PER_MSEC)
		out = write_events(chunk->data, partition, *plan, USECS_PER_MSEC);
	else
		out = write_events(chunk->data, partition, *plan, 1);
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
