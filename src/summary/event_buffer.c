/*
 * event_buffer.c
 *		Events of many deals, taken in and handed over. Layout: event_buffer.h.
 */
#include "summary/event_chunk.h"

#include "miscadmin.h"
#include "datatype/timestamp.h"
#include "port/pg_bitutils.h"
#include "storage/shmem.h"
#include "utils/memutils.h"

/* Beyond this many events they are partitioned. */
#define PARTITION_FROM 8192

/* A slab is as large as all before it, so that at most half of them is free. */
#define SLAB_LARGEST (1024 * 1024)

void
event_buffer_init(EventBuffer *buffer, MemoryContext context, bool named)
{
	memset(buffer, 0, sizeof(*buffer));
	buffer->context = context;
	buffer->named = named;
	buffer->partitions = &buffer->only;
}

/* Adding */

static EventSlab *
add_slab(EventBuffer *buffer, Size size)
{
	EventSlab  *slab = MemoryContextAllocExtended(buffer->context,
												  add_size(offsetof(EventSlab, data), size),
												  MCXT_ALLOC_HUGE);

	slab->next = NULL;
	slab->used = 0;
	slab->size = size;
	if (buffer->last_slab == NULL)
		buffer->first_slab = slab;
	else
		buffer->last_slab->next = slab;
	buffer->last_slab = slab;
	return slab;
}

static EventChunk *
allocate_chunk(EventBuffer *buffer, Size size)
{
	EventSlab  *slab = buffer->last_slab;
	EventChunk *chunk;

	if (slab == NULL || slab->size - slab->used < size)
		slab = add_slab(buffer, Max(size, Min(buffer->packed_size, SLAB_LARGEST)));
	chunk = (EventChunk *) ((char *) slab->data + slab->used);
	slab->used += size;
	buffer->packed_size += size;
	return chunk;
}

static void
append_chunk(EventPartition *partition, EventChunk *chunk)
{
	chunk->next = NULL;
	if (partition->last == NULL)
		partition->first = chunk;
	else
		partition->last->next = chunk;
	partition->last = chunk;
	partition->npacked += chunk->nevents;
}

static void
empty_area(EventPartition *partition)
{
	partition->next = partition->area;
	partition->limit = partition->area == NULL ? NULL : (char *) partition->area + partition->area_size;
}

static void
pack_area(EventBuffer *buffer, EventPartition *partition)
{
	EventChunk	plan;
	EventChunk *chunk;

	if (area_is_empty(partition))
		return;
	event_chunk_plan(&plan, partition, buffer->named);
	chunk = allocate_chunk(buffer, plan.size);
	event_chunk_write(chunk, &plan, partition, buffer->named);
	append_chunk(partition, chunk);
	empty_area(partition);
}

/* Moves what is in the area to one of another size; 0 for none. */
static void
resize_area(EventBuffer *buffer, EventPartition *partition, Size size)
{
	EventPartition old = *partition;
	Size		records = (char *) old.next - (char *) old.area;
	Size		names = old.area == NULL ? 0 : (char *) old.area + old.area_size - old.limit;

	partition->area = size == 0 ? NULL :
		MemoryContextAllocExtended(buffer->context, size, MCXT_ALLOC_HUGE);
	partition->area_size = size;
	empty_area(partition);
	if (old.area == NULL)
		return;
	if (size > 0)
	{
		memcpy(partition->area, old.area, records);
		partition->next = (EventRecord *) ((char *) partition->area + records);
		partition->limit -= names;
		memcpy(partition->limit, old.limit, names);
	}
	pfree(old.area);
}

static void
add_chunk_events(EventBuffer *buffer, const EventChunk *chunk)
{
	ChunkReader reader;
	EventRecord record;
	const char *name;

	chunk_read_begin(&reader, chunk, buffer->named);
	while (chunk_read_next(&reader, &record, &name))
		event_buffer_add(buffer, record.deal, record.at, record.role,
						 name == NULL ? NULL : name + sizeof(uint32), record.length);
}

static void
make_partitions(EventBuffer *buffer)
{
	const EventChunk *chunk;
	EventSlab  *slab;

	pack_area(buffer, &buffer->only);
	resize_area(buffer, &buffer->only, 0);
	chunk = buffer->only.first;
	slab = buffer->first_slab;
	memset(&buffer->only, 0, sizeof(buffer->only));
	buffer->first_slab = buffer->last_slab = NULL;
	buffer->packed_size = 0;
	buffer->partitions = MemoryContextAllocZero(buffer->context,
												sizeof(EventPartition) * EVENT_PARTITIONS);
	buffer->partition_mask = EVENT_PARTITIONS - 1;
	for (; chunk != NULL; chunk = chunk->next)
		add_chunk_events(buffer, chunk);
	while (slab != NULL)
	{
		EventSlab  *next = slab->next;

		pfree(slab);
		slab = next;
	}
}

void
event_buffer_add_slowly(EventBuffer *buffer, int64 deal, int64 at, uint32 role,
						const char *name, uint32 length)
{
	Size		need = sizeof(EventRecord) + (Size) length;
	EventPartition *partition;
	Size		used;

	if (buffer->partition_mask == 0 && buffer->only.npacked >= PARTITION_FROM)
		make_partitions(buffer);
	partition = event_partition(buffer, deal);
	used = partition->area_size - (partition->limit - (char *) partition->next);
	if (used + need > AREA_LARGEST)
	{
		pack_area(buffer, partition);
		used = 0;
	}
	if (need > AREA_LARGEST)
	{
		/* a name as long as that passes through an area of its own */
		resize_area(buffer, partition, MAXALIGN(need));
		event_put(partition, deal, at, role, name, length);
		pack_area(buffer, partition);
		resize_area(buffer, partition, 0);
		return;
	}
	if (partition->area_size - used < need)
		resize_area(buffer, partition, Max(AREA_SMALLEST, pg_nextpower2_size_t(used + need)));
	event_put(partition, deal, at, role, name, length);
}

/* Handing over: whether there are partitions, then all chunks */

void
event_buffer_pack(EventBuffer *buffer)
{
	for (uint32 p = 0; p <= buffer->partition_mask; p++)
		pack_area(buffer, &buffer->partitions[p]);
}

Size
event_buffer_serial_size(EventBuffer *buffer)
{
	Assert(buffer->borrowed == NULL);
	event_buffer_pack(buffer);
	return add_size(sizeof(buffer->partition_mask), buffer->packed_size);
}

/* After event_buffer_serial_size(), which has packed all there is. */
void
event_buffer_serialize(const EventBuffer *buffer, char *out)
{
	memcpy(out, &buffer->partition_mask, sizeof(buffer->partition_mask));
	out += sizeof(buffer->partition_mask);
	for (const EventSlab *slab = buffer->first_slab; slab != NULL; slab = slab->next)
	{
		CHECK_FOR_INTERRUPTS();
		memcpy(out, slab->data, slab->used);
		out += slab->used;
	}
}

/* Are the numbers of a chunk ones that event_chunk_plan() can have planned? */
static bool
numbers_fit(const EventChunk *head)
{
	return (head->unit == 1 || head->unit == USECS_PER_MSEC || head->unit == USECS_PER_SEC) &&
		head->first_bytes >= 1 && head->first_bytes <= 8 && head->second_bytes <= 8 &&
		(head->second_bytes == 0 ? head->at_bits >= 1 && head->at_bits <= 63 : head->at_bits == 0);
}

/* Are the sizes of a chunk ones that event_chunk_write() can have written within so many bytes? */
static bool
chunk_fits(const EventChunk *head, Size space, bool named)
{
	Size		events;

	if (head->size < offsetof(EventChunk, data) || head->size > space || head->size % MAXIMUM_ALIGNOF != 0 ||
		head->nevents == 0 || !numbers_fit(head))
		return false;
	events = (Size) head->nevents * event_bytes(head) + CHUNK_SLACK;
	if (named)
		events += sizeof(uint32) * (Size) head->nevents;
	return events <= head->size - offsetof(EventChunk, data);
}

/* Do the names of a chunk end within it? They begin behind its events. */
static bool
names_fit(const EventChunk *head, const char *chunk)
{
	const char *name = chunk + offsetof(EventChunk, data) + (Size) head->nevents * event_bytes(head) + CHUNK_SLACK;
	const char *end = chunk + head->size;

	for (uint32 i = 0; i < head->nevents; i++)
	{
		uint32		length;

		if ((Size) (end - name) < sizeof(uint32))
			return false;
		memcpy(&length, name, sizeof(uint32));
		name += sizeof(uint32);
		if (length > (Size) (end - name))
			return false;
		name += length;
	}
	return true;
}

const char *
event_buffer_check(const char *serial, Size size, bool named, uint32 nroles, uint32 extra_role, int64 latest)
{
	EventBuffer buffer = {0};
	const char *in = serial + sizeof(buffer.partition_mask);
	const char *end = serial + size;

	if (size < sizeof(buffer.partition_mask))
		return "it is too short";
	memcpy(&buffer.partition_mask, serial, sizeof(buffer.partition_mask));
	if (buffer.partition_mask != 0 && buffer.partition_mask != EVENT_PARTITIONS - 1)
		return "its partitions are unknown";
	while (in < end)
	{
		EventChunk	head;
		const uint8 *event = (const uint8 *) in + offsetof(EventChunk, data);
		uint64		partition = 0;

		CHECK_FOR_INTERRUPTS();
		if ((Size) (end - in) < offsetof(EventChunk, data))
			return "a chunk of events is cut off";
		memcpy(&head, in, offsetof(EventChunk, data));
		if (!chunk_fits(&head, end - in, named) || (named && !names_fit(&head, in)))
			return "a chunk of events is malformed";
		for (uint32 i = 0; i < head.nevents; i++, event += event_bytes(&head))
		{
			int64		at = chunk_at(&head, event);
			uint32		role = chunk_role(&head, event);
			uint64		own = (event_key(chunk_deal(&head, event)) >> (64 - EVENT_PARTITION_BITS)) & buffer.partition_mask;

			if (role >= nroles && role != extra_role)
				return "an event has an unknown kind";
			if (at > latest || !IS_VALID_TIMESTAMP(at))
				return "an instant is out of range";
			if (i > 0 && own != partition)
				return "the deals of a chunk belong to different partitions";
			partition = own;
		}
		in += head.size;
	}
	return NULL;
}

void
event_buffer_take(EventBuffer *buffer, const char *serial, Size size)
{
	uint32		partition_mask;
	EventSlab  *slab;

	memcpy(&partition_mask, serial, sizeof(partition_mask));
	serial += sizeof(partition_mask);
	size -= sizeof(partition_mask);
	if (size == 0)
		return;
	if (partition_mask == 0)
	{
		/* few: one by one, from a copy that is aligned */
		char	   *copy = palloc_extended(size, MCXT_ALLOC_HUGE);

		memcpy(copy, serial, size);
		for (Size at = 0; at < size; at += ((EventChunk *) (copy + at))->size)
			add_chunk_events(buffer, (EventChunk *) (copy + at));
		pfree(copy);
		return;
	}
	if (buffer->partition_mask == 0)
		make_partitions(buffer);
	slab = add_slab(buffer, size);
	memcpy(slab->data, serial, size);
	slab->used = size;
	buffer->packed_size += size;
	for (Size at = 0; at < size;)
	{
		EventChunk *chunk = (EventChunk *) ((char *) slab->data + at);

		append_chunk(event_partition(buffer, chunk_deal(chunk, chunk->data)), chunk);
		at += chunk->size;
	}
}

void
event_buffer_borrow(EventBuffer *buffer, const EventBuffer *other)
{
	BorrowedBuffer *borrowed;

	Assert(other->borrowed == NULL && other->named == buffer->named);
	if (other->partition_mask == 0)
	{
		for (const EventChunk *chunk = other->only.first; chunk != NULL; chunk = chunk->next)
			add_chunk_events(buffer, chunk);
		return;
	}
	if (buffer->partition_mask == 0)
		make_partitions(buffer);
	borrowed = MemoryContextAlloc(buffer->context, sizeof(BorrowedBuffer));
	borrowed->buffer = other;
	borrowed->next = buffer->borrowed;
	buffer->borrowed = borrowed;
}
