/*
 * event_buffer.c
 *		Events of many deals, handed out deal by deal. Layout: event_buffer.h.
 */
#include "event_buffer.h"

#include "miscadmin.h"
#include "port/pg_bitutils.h"
#include "storage/shmem.h"
#include "utils/memutils.h"

/* Beyond this many records they are partitioned. */
#define PARTITION_FROM 8192

/*
 * Bytes of a chunk: a power of two, as the allocator rounds them up to one. A
 * chunk is not larger than half of what its partition holds, so that at most a
 * third of the memory is free.
 */
#define CHUNK_SMALLEST 256
#define CHUNK_LARGEST 8192

/* Adding */

void
event_buffer_init(EventBuffer *buffer, MemoryContext context, bool named)
{
	memset(buffer, 0, sizeof(*buffer));
	buffer->context = context;
	buffer->named = named;
	buffer->partitions = &buffer->only;
}

/* Notes in the last chunk what it holds. */
static void
close_last(EventPartition *partition)
{
	EventChunk *chunk = partition->last;

	if (chunk == NULL)
		return;
	chunk->nrecords = partition->next - chunk->records;
	chunk->names = (char *) chunk + chunk->size - partition->limit;
}

/* Makes `chunk` the last one of the partition, to be filled from what it holds on. */
static void
append_chunk(EventPartition *partition, EventChunk *chunk)
{
	close_last(partition);
	if (partition->last == NULL)
		partition->first = chunk;
	else
	{
		partition->nrecords += partition->last->nrecords;
		partition->last->next = chunk;
	}
	chunk->next = NULL;
	partition->last = chunk;
	partition->next = chunk->records + chunk->nrecords;
	partition->limit = (char *) chunk + chunk->size - chunk->names;
}

static void
add_chunk(EventBuffer *buffer, EventPartition *partition, Size need)
{
	Size		held = partition->last == NULL ? 0 :
		sizeof(EventRecord) * (partition->nrecords + (partition->next - partition->last->records));
	Size		size = CHUNK_SMALLEST;
	EventChunk *chunk;

	while (size < CHUNK_LARGEST && size * 4 <= held)
		size *= 2;
	size = Max(size, MAXALIGN(add_size(offsetof(EventChunk, records), need)));
	chunk = MemoryContextAllocExtended(buffer->context, size, MCXT_ALLOC_HUGE);
	chunk->size = size;
	chunk->nrecords = 0;
	chunk->names = 0;
	append_chunk(partition, chunk);
}

/* Reads the events of a chunk that is closed, in order of arrival. */
typedef struct ChunkReader
{
	const EventRecord *next;
	const EventRecord *end;
	const char *names;			/* the end of the next name */
	bool		named;
} ChunkReader;

typedef struct Event
{
	uint64		key;
	int64		at;
	uint32		role;
	const char *name;			/* its bytes, and behind them: */
	uint32		length;
} Event;

static inline void
chunk_read_begin(ChunkReader *reader, const EventChunk *chunk, bool named)
{
	reader->next = chunk->records;
	reader->end = chunk->records + chunk->nrecords;
	reader->names = (const char *) chunk + chunk->size;
	reader->named = named;
}

static inline bool
chunk_read_next(ChunkReader *reader, Event *event)
{
	const EventRecord *record = reader->next;

	if (record == reader->end)
		return false;
	event->key = record->key;
	event->role = record->event & EVENT_WIDE;
	event->at = (int64) record->event >> EVENT_ROLE_BITS;
	if (unlikely(event->role == EVENT_WIDE))
	{
		event->role = (uint32) event->at;
		event->at = (int64) (++record)->key;
	}
	reader->next = record + 1;
	event->name = NULL;
	event->length = 0;
	if (reader->named)
	{
		memcpy(&event->length, reader->names - sizeof(uint32), sizeof(uint32));
		reader->names -= sizeof(uint32) + event->length;
		event->name = reader->names;
	}
	return true;
}

static void
add_chunk_events(EventBuffer *buffer, const EventChunk *chunk)
{
	ChunkReader reader;
	Event		event;

	CHECK_FOR_INTERRUPTS();
	chunk_read_begin(&reader, chunk, buffer->named);
	while (chunk_read_next(&reader, &event))
		event_buffer_add(buffer, event.key, event.at, event.role, event.name, event.length);
}

static void
make_partitions(EventBuffer *buffer)
{
	EventChunk *chunk = buffer->only.first;

	close_last(&buffer->only);
	buffer->partitions = MemoryContextAllocZero(buffer->context,
												sizeof(EventPartition) * EVENT_PARTITIONS);
	buffer->partition_mask = EVENT_PARTITIONS - 1;
	while (chunk != NULL)
	{
		EventChunk *next = chunk->next;

		add_chunk_events(buffer, chunk);
		pfree(chunk);
		chunk = next;
	}
	memset(&buffer->only, 0, sizeof(buffer->only));
}

void
event_buffer_add_slowly(EventBuffer *buffer, uint64 key, int64 at, uint32 role,
						const char *name, uint32 length)
{
	bool		far = event_is_far(at);
	Size		need = sizeof(EventRecord) * (far ? 2 : 1) +
		(name == NULL ? 0 : sizeof(uint32) + (Size) length);
	EventPartition *partition;

	if (buffer->partition_mask == 0 && buffer->only.nrecords >= PARTITION_FROM)
		make_partitions(buffer);
	partition = event_partition(buffer, key);
	if ((Size) (partition->limit - (char *) partition->next) < need)
		add_chunk(buffer, partition, need);
	partition->next->key = key;
	if (far)
	{
		partition->next->event = (uint64) role << EVENT_ROLE_BITS | EVENT_WIDE;
		partition->next++;
		partition->next->key = (uint64) at;
		partition->next->event = 0;
	}
	else
		partition->next->event = (uint64) at << EVENT_ROLE_BITS | role;
	partition->next++;
	if (name != NULL)
		event_put_name(partition, name, length);
}

void
event_buffer_add_all(EventBuffer *buffer, EventBuffer *other)
{
	for (uint32 p = 0; p <= other->partition_mask; p++)
	{
		close_last(&other->partitions[p]);
		for (const EventChunk *chunk = other->partitions[p].first; chunk != NULL; chunk = chunk->next)
			add_chunk_events(buffer, chunk);
	}
}

/*
 * Bytes for another process: whether there are partitions, then the chunks
 * without their free space.
 */

static inline Size
serial_chunk_size(const EventChunk *chunk)
{
	return MAXALIGN(offsetof(EventChunk, records) + sizeof(EventRecord) * chunk->nrecords +
					chunk->names);
}

Size
event_buffer_serial_size(EventBuffer *buffer)
{
	Size		size = sizeof(buffer->partition_mask);

	for (uint32 p = 0; p <= buffer->partition_mask; p++)
	{
		close_last(&buffer->partitions[p]);
		for (const EventChunk *chunk = buffer->partitions[p].first; chunk != NULL; chunk = chunk->next)
			size = add_size(size, serial_chunk_size(chunk));
	}
	return size;
}

void
event_buffer_serialize(EventBuffer *buffer, char *out)
{
	memcpy(out, &buffer->partition_mask, sizeof(buffer->partition_mask));
	out += sizeof(buffer->partition_mask);
	for (uint32 p = 0; p <= buffer->partition_mask; p++)
	{
		CHECK_FOR_INTERRUPTS();
		for (const EventChunk *chunk = buffer->partitions[p].first; chunk != NULL; chunk = chunk->next)
		{
			EventChunk	head = *chunk;
			Size		used = offsetof(EventChunk, records) + sizeof(EventRecord) * chunk->nrecords;

			head.next = NULL;
			head.size = serial_chunk_size(chunk);
			memcpy(out, chunk, used);
			memcpy(out, &head, offsetof(EventChunk, records));
			memset(out + used, 0, head.size - used - chunk->names);
			out += head.size;
			memcpy(out - chunk->names, (const char *) chunk + chunk->size - chunk->names, chunk->names);
		}
	}
}

void
event_buffer_take(EventBuffer *buffer, const char *serial, Size size)
{
	uint32		partition_mask;
	char	   *copy;
	char	   *end;

	memcpy(&partition_mask, serial, sizeof(partition_mask));
	serial += sizeof(partition_mask);
	size -= sizeof(partition_mask);
	if (size == 0)
		return;
	if (partition_mask != 0 && buffer->partition_mask == 0)
		make_partitions(buffer);
	copy = MemoryContextAllocExtended(buffer->context, size, MCXT_ALLOC_HUGE);
	memcpy(copy, serial, size);
	end = copy + size;
	for (char *at = copy; at < end;)
	{
		EventChunk *chunk = (EventChunk *) at;

		at += chunk->size;
		if (partition_mask == 0)
			add_chunk_events(buffer, chunk);
		else
			append_chunk(event_partition(buffer, chunk->records[0].key), chunk);
	}
	if (partition_mask == 0)
		pfree(copy);
}

/* Handing out */

typedef struct LoadedEvent
{
	uint64		key;
	int64		at;
	uint32		role;
	uint32		name;			/* its place in names */
} LoadedEvent;

struct DealReader
{
	const EventBuffer *buffer;
	uint32		partition;		/* the next one to load */
	LoadedEvent *loaded;		/* the events of one partition by key */
	uint32		nloaded;
	uint32		next;			/* the first not yet handed out */
	uint32		split;			/* up to here, deals of one key are sorted by name */
	uint32	   *places;			/* work space: a range of bits of the key each */
	const char **names;			/* where their bytes end and their length stands */
	ChainEvent *events;			/* those handed out */
	Size		capacity;
};

/* Places with more records are sorted; so are deals out of order of time. */
#define FEW_IN_PLACE 32

static inline int
compare_events(const LoadedEvent *a, const LoadedEvent *b)
{
	if (a->key != b->key)
		return a->key < b->key ? -1 : 1;
	return a->at < b->at ? -1 : a->at > b->at;
}

#define ST_SORT sort_events
#define ST_ELEMENT_TYPE LoadedEvent
#define ST_COMPARE(a, b) compare_events(a, b)
#define ST_SCOPE static
#define ST_CHECK_FOR_INTERRUPTS
#define ST_DEFINE
#include "lib/sort_template.h"

static uint32
partition_size(const EventPartition *partition)
{
	Size		nrecords = partition->last == NULL ? 0 :
		partition->nrecords + partition->last->nrecords;

	if (nrecords > PG_INT32_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("funnel_agg has too many events of one deal")));
	return (uint32) nrecords;
}

/* Bits of the key by which n records are spread: about two of them share a place. */
static inline int
place_bits(uint32 n)
{
	return n < 4 ? 1 : pg_leftmost_one_pos32(n) - 1;
}

DealReader *
deal_reader_create(EventBuffer *buffer)
{
	DealReader *reader = palloc0(sizeof(DealReader));
	uint32		largest = 1;

	reader->buffer = buffer;
	for (uint32 p = 0; p <= buffer->partition_mask; p++)
	{
		close_last(&buffer->partitions[p]);
		largest = Max(largest, partition_size(&buffer->partitions[p]));
	}
	reader->loaded = palloc_extended(sizeof(LoadedEvent) * (Size) largest, MCXT_ALLOC_HUGE);
	reader->places = palloc_extended(sizeof(uint32) << place_bits(largest), MCXT_ALLOC_HUGE);
	if (buffer->named)
		reader->names = palloc_extended(sizeof(char *) * (Size) largest, MCXT_ALLOC_HUGE);
	reader->capacity = 16;
	reader->events = palloc(sizeof(ChainEvent) * reader->capacity);
	return reader;
}

/* Loads a partition: its events by key and, of one key, in order of arrival or of time. */
static void
load_partition(DealReader *reader, const EventPartition *partition)
{
	LoadedEvent *loaded = reader->loaded;
	uint32	   *places = reader->places;
	int			bits = place_bits(partition_size(partition));
	int			skip = reader->buffer->partition_mask == 0 ? 0 : EVENT_PARTITION_BITS;
	bool		named = reader->buffer->named;
	uint32		n = 0;
	uint32		names = 0;
	ChunkReader chunk_reader;
	Event		event;

#define PLACE(key) (((key) << skip) >> (64 - bits))
	memset(places, 0, sizeof(uint32) << bits);
	for (const EventChunk *chunk = partition->first; chunk != NULL; chunk = chunk->next)
	{
		CHECK_FOR_INTERRUPTS();
		chunk_read_begin(&chunk_reader, chunk, false);
		while (chunk_read_next(&chunk_reader, &event))
			places[PLACE(event.key)]++;
	}
	for (Size place = 0; place < (Size) 1 << bits; place++)
	{
		uint32		count = places[place];

		places[place] = n;		/* from here on: where its next one goes */
		n += count;
	}
	for (const EventChunk *chunk = partition->first; chunk != NULL; chunk = chunk->next)
	{
		CHECK_FOR_INTERRUPTS();
		chunk_read_begin(&chunk_reader, chunk, named);
		while (chunk_read_next(&chunk_reader, &event))
		{
			LoadedEvent *to = &loaded[places[PLACE(event.key)]++];

			to->key = event.key;
			to->at = event.at;
			to->role = event.role;
			to->name = names;
			if (named)
				reader->names[names++] = event.name + event.length;
		}
	}

	/* where many share a place there may be a deal of many events, or an unlucky choice of deals */
	for (Size place = 0; place < (Size) 1 << bits; place++)
	{
		uint32		start = place == 0 ? 0 : places[place - 1];

		if (places[place] - start > FEW_IN_PLACE)
			sort_events(loaded + start, places[place] - start);
	}
#undef PLACE

	/* the others are but a few steps from where they belong */
	for (uint32 i = 1; i < n; i++)
	{
		uint32		place = i;
		LoadedEvent moved;

		if (likely(loaded[i - 1].key <= loaded[i].key))
			continue;
		moved = loaded[i];
		for (; place > 0 && loaded[place - 1].key > moved.key; place--)
			loaded[place] = loaded[place - 1];
		loaded[place] = moved;
	}
	reader->nloaded = n;
	reader->next = 0;
	reader->split = 0;
}

static uint32
name_length(const char *name)
{
	uint32		length;

	memcpy(&length, name, sizeof(uint32));
	return length;
}

/* Names are pointers to their length, which follows the bytes. */
static int
compare_names(const void *a, const void *b, void *names)
{
	const char *left = ((const char **) names)[((const LoadedEvent *) a)->name];
	const char *right = ((const char **) names)[((const LoadedEvent *) b)->name];
	uint32		length = name_length(left);
	uint32		other = name_length(right);

	return length != other ? (length < other ? -1 : 1) :
		memcmp(left - length, right - length, length);
}

/*
 * The end of the first deal in [start, end), which share a key. They are nearly
 * always one deal; where not, they are sorted by name first.
 */
static uint32
end_of_name(DealReader *reader, uint32 start, uint32 end)
{
	LoadedEvent *loaded = reader->loaded;
	uint32		same = start;

	while (++same < end && compare_names(&loaded[start], &loaded[same], reader->names) == 0)
		;
	if (same == end || start < reader->split)
		return same;
	qsort_arg(loaded + start, end - start, sizeof(LoadedEvent), compare_names, reader->names);
	reader->split = end;
	return end_of_name(reader, start, end);
}

ChainEvent *
deal_reader_next(DealReader *reader, size_t *nevents)
{
	LoadedEvent *loaded = reader->loaded;
	uint32		start;
	uint32		end;
	bool		ascending = true;

	while (reader->next == reader->nloaded)
	{
		if (reader->partition > reader->buffer->partition_mask)
			return NULL;
		load_partition(reader, &reader->buffer->partitions[reader->partition++]);
	}
	start = reader->next;
	for (end = start + 1; end < reader->nloaded && loaded[end].key == loaded[start].key; end++)
		;
	if (reader->names != NULL)
		end = end_of_name(reader, start, end);
	reader->next = end;

	for (uint32 i = start + 1; i < end; i++)
		ascending &= loaded[i - 1].at <= loaded[i].at;
	if (!ascending)
		sort_events(loaded + start, end - start);
	*nevents = end - start;
	if (*nevents > reader->capacity)
	{
		pfree(reader->events);
		reader->capacity = *nevents;
		reader->events = palloc_extended(sizeof(ChainEvent) * reader->capacity, MCXT_ALLOC_HUGE);
	}
	for (uint32 i = start; i < end; i++)
	{
		reader->events[i - start].at = loaded[i].at;
		reader->events[i - start].role = loaded[i].role;
	}
	return reader->events;
}
