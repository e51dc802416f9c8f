/*
 * record_store.c
 *		Records handed out in groups of one hash. Layout: record_store.h.
 */
#include "follow/record_store.h"

#include "miscadmin.h"
#include "port/pg_bitutils.h"
#include "utils/memutils.h"

#define PARTITION_BITS_MOST 8
#define PARTITION_BITS_LEAST 2

/* A page and its head fill what the allocator would give anyway. */
#define PAGE_MEMORY 4096

/* What pages are cut from, so that little more is taken than is counted. */
#define PAGE_BLOCK (256 * 1024)

/* Places with more records are sorted. */
#define FEW_IN_PLACE 32

/* What begins a run. */
typedef struct RunHead
{
	RunPlace	before;
	uint64		npages;
} RunHead;

static RecordStore *
create_store(MemoryContext parent, Size memory, int skip)
{
	MemoryContext context = AllocSetContextCreate(parent, "records", ALLOCSET_DEFAULT_SIZES);
	RecordStore *store = MemoryContextAllocZero(context, sizeof(RecordStore));

	store->context = context;
	store->memory = memory;
	store->page_size = PAGE_MEMORY - offsetof(RecordPage, data);
	store->skip = skip;
	store->bits = PARTITION_BITS_MOST;
	while (store->bits > PARTITION_BITS_LEAST && ((Size) PAGE_MEMORY * 2) << store->bits > memory)
		store->bits--;
	store->partitions = MemoryContextAllocZero(context, sizeof(RecordPartition) << store->bits);
	for (int i = 0; i < 1 << store->bits; i++)
		store->partitions[i].run.offset = -1;
	store->pages = AllocSetContextCreate(context, "pages of records", 0, ALLOCSET_DEFAULT_INITSIZE, PAGE_BLOCK);
	store->loaded = AllocSetContextCreate(context, "loaded records", ALLOCSET_DEFAULT_SIZES);
	return store;
}

RecordStore *
record_store_create(MemoryContext context, Size memory)
{
	return create_store(context, memory, 0);
}

void
record_store_free(RecordStore *store)
{
	if (store->part != NULL)
		record_store_free(store->part);
	if (store->file != NULL)
		BufFileClose(store->file);
	MemoryContextDelete(store->context);
}

/* Taking in */

static RecordPage *
new_page(RecordStore *store, Size size)
{
	RecordPage *page = store->spare;

	if (page != NULL && size == store->page_size)
		store->spare = page->next;
	else
		page = MemoryContextAllocExtended(store->pages, offsetof(RecordPage, data) + size, MCXT_ALLOC_HUGE);
	page->next = NULL;
	page->used = 0;
	page->size = size;
	store->taken += offsetof(RecordPage, data) + size;
	return page;
}

/* Takes the pages away from a partition, to be used again. */
static void
empty_partition(RecordStore *store, RecordPartition *partition)
{
	RecordPage *next;

	for (RecordPage *page = partition->first; page != NULL; page = next)
	{
		next = page->next;
		store->taken -= offsetof(RecordPage, data) + page->size;
		if (page->size == store->page_size)
		{
			page->next = store->spare;
			store->spare = page;
		}
		else
			pfree(page);
	}
	partition->first = partition->last = NULL;
}

static void
write_run(RecordStore *store, RecordPartition *partition)
{
	RunHead		head;
	RunPlace	place;

	memset(&head, 0, sizeof(head));
	memset(&place, 0, sizeof(place));
	head.before = partition->run;
	for (const RecordPage *page = partition->first; page != NULL; page = page->next)
		head.npages++;
	BufFileTell(store->file, &place.file, &place.offset);
	BufFileWrite(store->file, &head, sizeof(head));
	for (RecordPage *page = partition->first; page != NULL; page = page->next)
	{
		BufFileWrite(store->file, &page->used, sizeof(page->used));
		BufFileWrite(store->file, page->data, page->used);
	}
	partition->run = place;
}

/* Writes all that is in memory to the temporary file. */
static void
spill(RecordStore *store)
{
	if (store->file == NULL)
	{
		MemoryContext caller = MemoryContextSwitchTo(store->context);

		store->file = BufFileCreateTemp(false);
		MemoryContextSwitchTo(caller);
	}
	for (int i = 0; i < 1 << store->bits; i++)
	{
		RecordPartition *partition = &store->partitions[i];

		CHECK_FOR_INTERRUPTS();
		if (partition->first == NULL)
			continue;
		write_run(store, partition);
		empty_partition(store, partition);
	}
}

char *
record_store_page(RecordStore *store, RecordPartition *partition, Size size)
{
	RecordPage *page;

	if (store->taken > 0 && store->taken + Max(size, PAGE_MEMORY) > store->memory)
		spill(store);
	page = new_page(store, Max(size, store->page_size));
	page->used = size;
	if (partition->last == NULL)
		partition->first = page;
	else
		partition->last->next = page;
	partition->last = page;
	return page->data;
}

/* Handing out */

typedef struct RunReader
{
	BufFile    *file;
	RunPlace	next;			/* the run that comes next */
	uint64		npages;			/* left of this one */
} RunReader;

/* The bytes in the next page, which come next in the file; 0 after the last one. */
static Size
next_piece(RunReader *reader)
{
	Size		used;

	while (reader->npages == 0)
	{
		RunHead		head;

		if (reader->next.offset < 0)
			return 0;
		if (BufFileSeek(reader->file, reader->next.file, reader->next.offset, SEEK_SET) != 0)
			ereport(ERROR,
					(errcode_for_file_access(),
					 errmsg("could not seek in a temporary file of events: %m")));
		read_exactly(reader->file, &head, sizeof(head));
		reader->npages = head.npages;
		reader->next = head.before;
	}
	reader->npages--;
	read_exactly(reader->file, &used, sizeof(used));
	return used;
}

static inline const char *
record_end(const char *record)
{
	Size		size;
	const char *rest = record_rest(record, &size);

	return rest + size;
}

/* Copies records to a store of their own. */
static void
add_records(RecordStore *store, const char *record, const char *end)
{
	while (record < end)
	{
		uint32		hash;
		Size		size;
		const char *rest = record_rest(record, &size);

		memcpy(&hash, record, sizeof(uint32));
		memcpy(record_store_add(store, hash, size), rest, size);
		record = rest + size;
	}
}

/* A store of the records of one partition, by the bits that follow. */
static RecordStore *
divide(RecordStore *store, const RecordPartition *partition)
{
	RecordStore *part = create_store(store->context, store->memory, store->skip + store->bits);
	RunReader	reader = {store->file, partition->run, 0};
	char	   *piece = NULL;
	Size		space = 0;
	Size		used;

	while ((used = next_piece(&reader)) > 0)
	{
		CHECK_FOR_INTERRUPTS();
		if (used > space)
		{
			if (piece != NULL)
				pfree(piece);
			space = Max(used, store->page_size);
			piece = MemoryContextAllocExtended(store->loaded, space, MCXT_ALLOC_HUGE);
		}
		read_exactly(store->file, piece, used);
		add_records(part, piece, piece + used);
	}
	MemoryContextReset(store->loaded);
	return part;
}

/* A piece of memory with whole records. */
typedef struct Piece
{
	const char *data;
	Size		size;
} Piece;

/* Lists where the records of a partition are in memory; its runs are read into it first. */
static Piece *
load_pieces(RecordStore *store, const RecordPartition *partition, int *npieces)
{
	Piece	   *pieces;
	int			n = 0;

	if (partition->run.offset >= 0)
	{
		RunReader	reader = {store->file, partition->run, 0};
		char	   *all = palloc_extended(partition->bytes, MCXT_ALLOC_HUGE);
		Size		size = 0;
		Size		used;

		while ((used = next_piece(&reader)) > 0)
		{
			CHECK_FOR_INTERRUPTS();
			read_exactly(store->file, all + size, used);
			size += used;
		}
		Assert(size == partition->bytes);
		pieces = palloc(sizeof(Piece));
		pieces[n++] = (Piece) {all, size};
	}
	else
	{
		for (const RecordPage *page = partition->first; page != NULL; page = page->next)
			n++;
		pieces = palloc_extended(sizeof(Piece) * (Size) Max(n, 1), MCXT_ALLOC_HUGE);
		n = 0;
		for (const RecordPage *page = partition->first; page != NULL; page = page->next)
			pieces[n++] = (Piece) {page->data, page->used};
	}
	*npieces = n;
	return pieces;
}

#define ST_SORT sort_by_hash
#define ST_ELEMENT_TYPE StoredRecord
#define ST_COMPARE(a, b) ((a)->hash < (b)->hash ? -1 : (a)->hash > (b)->hash)
#define ST_SCOPE static
#define ST_CHECK_FOR_INTERRUPTS
#define ST_DEFINE
#include "lib/sort_template.h"

/* Bits by which n records are spread: two to four of them share a place. */
static inline int
place_bits(Size n, int skip)
{
	int			bits = n < 4 ? 1 : pg_leftmost_one_pos64(n) - 1;

	return Min(bits, Max(RECORD_HASH_BITS - skip, 0));
}

/* Orders the records within their places, which most of them share with few others. */
static void
order_places(StoredRecord *records, Size n, const Size *ends, Size nplaces)
{
	for (Size place = 0; place < nplaces; place++)
	{
		Size		start = place == 0 ? 0 : ends[place - 1];

		if (ends[place] - start > FEW_IN_PLACE)
			sort_by_hash(records + start, ends[place] - start);
	}

	/* the others are but a few steps from where they belong */
	for (Size i = 1; i < n; i++)
	{
		StoredRecord moved = records[i];
		Size		place = i;

		if (likely(records[i - 1].hash <= moved.hash))
			continue;
		for (; place > 0 && records[place - 1].hash > moved.hash; place--)
			records[place] = records[place - 1];
		records[place] = moved;
	}
}

/* The records of a partition in the order of their hashes. */
static StoredRecord *
load_partition(RecordStore *store, const RecordPartition *partition)
{
	int			skip = store->skip + store->bits;
	int			bits = place_bits(partition->nrecords, skip);
	Size		nplaces = (Size) 1 << bits;
	int			npieces;
	Piece	   *pieces = load_pieces(store, partition, &npieces);
	Size	   *places = palloc_extended(sizeof(Size) * nplaces, MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	StoredRecord *records = palloc_extended(sizeof(StoredRecord) * partition->nrecords, MCXT_ALLOC_HUGE);
	Size		n = 0;
	uint32		hash;

	for (int i = 0; i < npieces; i++)
	{
		const char *end = pieces[i].data + pieces[i].size;

		CHECK_FOR_INTERRUPTS();
		for (const char *record = pieces[i].data; record < end; record = record_end(record))
		{
			memcpy(&hash, record, sizeof(uint32));
			places[hash_top(hash_after(hash, skip), bits)]++;
		}
	}
	for (Size place = 0; place < nplaces; place++)
	{
		Size		count = places[place];

		places[place] = n;
		n += count;
	}
	Assert(n == partition->nrecords);
	for (int i = 0; i < npieces; i++)
	{
		const char *end = pieces[i].data + pieces[i].size;

		CHECK_FOR_INTERRUPTS();
		for (const char *record = pieces[i].data; record < end; record = record_end(record))
		{
			memcpy(&hash, record, sizeof(uint32));
			records[places[hash_top(hash_after(hash, skip), bits)]++] = (StoredRecord) {hash, record};
		}
	}
	order_places(records, n, places, nplaces);
	return records;
}

/*
 * True where a partition does not fit the memory and dividing it may help. It does
 * not help where the last division put all records into one partition: then they
 * belong to one deal.
 */
static bool
is_large(const RecordStore *store, const RecordPartition *partition)
{
	return partition->run.offset >= 0 && store->skip + store->bits < RECORD_HASH_BITS &&
		(store->skip == 0 || partition->nrecords < store->nrecords) &&
		partition->bytes + partition->nrecords * (sizeof(StoredRecord) + sizeof(Size) / 2) > store->memory;
}

/* All that was taken in; where there is a file, it is in there. */
static void
end_taking_in(RecordStore *store)
{
	for (int i = 0; i < 1 << store->bits; i++)
		store->nrecords += store->partitions[i].nrecords;
	if (store->file == NULL)
		return;
	spill(store);
	store->spare = NULL;
	MemoryContextReset(store->pages);
}

StoredRecord *
record_store_next(RecordStore *store, Size *n)
{
	if (store->next == 0)
		end_taking_in(store);
	while (store->part != NULL || store->next < 1 << store->bits)
	{
		RecordPartition *partition;
		MemoryContext caller;
		StoredRecord *records;

		if (store->part != NULL)
		{
			records = record_store_next(store->part, n);
			if (records != NULL)
				return records;
			record_store_free(store->part);
			store->part = NULL;
			continue;
		}
		MemoryContextReset(store->loaded);
		partition = &store->partitions[store->next++];
		if (partition->nrecords == 0)
			continue;
		if (is_large(store, partition))
		{
			store->part = divide(store, partition);
			continue;
		}
		caller = MemoryContextSwitchTo(store->loaded);
		records = load_partition(store, partition);
		MemoryContextSwitchTo(caller);
		*n = partition->nrecords;
		return records;
	}
	return NULL;
}
