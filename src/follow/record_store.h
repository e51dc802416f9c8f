/*
 * record_store.h
 *		Records taken in in any order, handed out again in groups of one hash.
 *
 * A record goes to one of up to 256 partitions by the first bits of its hash.
 * When the pages of all partitions take more memory than is allowed, they are
 * written to a temporary file, a run for each partition. At the end one
 * partition after the other is put in order by the next bits, inside the
 * processor's cache. A partition that is larger than the memory goes through a
 * store of its own first, by these next bits.
 *
 * Record: its hash (4 bytes), a varint of the size of the rest, the rest.
 * Nothing inside is aligned.
 *
 * Page: its head, then whole records. A record larger than a page has a page of
 * its own size.
 *
 * Run: where the run before it of the same partition begins, its number of
 * pages; for each of them the bytes in use, and these bytes.
 */
#ifndef EM_RECORD_STORE_H
#define EM_RECORD_STORE_H

#include "base/compat.h"
#include "storage/buffile.h"

#include "plain/varint.h"

#define RECORD_HASH_BITS 32

typedef struct RecordPage
{
	struct RecordPage *next;	/* in the partition */
	Size		used;
	Size		size;			/* of the data */
	char		data[FLEXIBLE_ARRAY_MEMBER];
} RecordPage;

/* A place in the temporary file. */
typedef struct RunPlace
{
	int			file;
	off_t		offset;			/* -1: there is no run */
} RunPlace;

typedef struct RecordPartition
{
	RecordPage *first;			/* pages in order of arrival; NULL when there is none */
	RecordPage *last;
	Size		bytes;			/* in them and in the runs */
	Size		nrecords;
	RunPlace	run;			/* the last one */
} RecordPartition;

typedef struct RecordStore
{
	MemoryContext context;		/* of all that is the store's */
	MemoryContext pages;		/* in it */
	Size		memory;			/* that it may take */
	Size		taken;			/* by pages */
	Size		page_size;		/* of the data of a page */
	int			skip;			/* bits of a hash that all records share */
	int			bits;			/* and those after them that tell the partition */
	RecordPartition *partitions;
	RecordPage *spare;			/* pages that are in no partition */
	BufFile    *file;			/* NULL while all is in memory */

	/* handing out */
	Size		nrecords;		/* in all partitions */
	int			next;			/* the partition that comes next */
	struct RecordStore *part;	/* of the one before it, where that is large */
	MemoryContext loaded;		/* what the last one took */
} RecordStore;

extern RecordStore *record_store_create(MemoryContext context, Size memory);

/* Space for a record of that hash and size, where there is none in the last page. */
extern char *record_store_page(RecordStore *store, RecordPartition *partition, Size size);

/* The bits of a hash after the first `skip`, from the top. */
static inline uint32
hash_after(uint32 hash, int skip)
{
	return skip >= RECORD_HASH_BITS ? 0 : hash << skip;
}

/* The first n bits of what hash_after() gave; n may be 0. */
static inline uint32
hash_top(uint32 hash, int n)
{
	return (uint32) (((uint64) hash << n) >> RECORD_HASH_BITS);
}

static inline RecordPartition *
record_partition(const RecordStore *store, uint32 hash)
{
	return &store->partitions[hash_top(hash_after(hash, store->skip), store->bits)];
}

/* Takes in a record, whose rest has `size` bytes; the caller writes them at the address returned. */
static inline char *
record_store_add(RecordStore *store, uint32 hash, Size size)
{
	RecordPartition *partition = record_partition(store, hash);
	Size		all = sizeof(uint32) + varint_size(size) + size;
	RecordPage *page = partition->last;
	char	   *out;

	if (likely(page != NULL && page->size - page->used >= all))
	{
		out = page->data + page->used;
		page->used += all;
	}
	else
		out = record_store_page(store, partition, all);
	partition->bytes += all;
	partition->nrecords++;
	memcpy(out, &hash, sizeof(uint32));
	return (char *) varint_write((uint8 *) out + sizeof(uint32), size);
}

/* Where the rest of a record begins, and its size. */
static inline const char *
record_rest(const char *record, Size *size)
{
	const uint8 *in = (const uint8 *) record + sizeof(uint32);
	uint64		large = 0;

	if (likely(*in < 0x80))
	{
		*size = *in;
		return (const char *) in + 1;
	}
	in = varint_read(in, in + VARINT_MAX_BYTES, &large);
	*size = (Size) large;
	return (const char *) in;
}

typedef struct StoredRecord
{
	uint32		hash;
	const char *record;
} StoredRecord;

/*
 * Loads the next records, those of one hash side by side; NULL after the last.
 * They are good until the next call. After the first call nothing can be added.
 */
extern StoredRecord *record_store_next(RecordStore *store, Size *n);

/* Gives back memory and temporary files. */
extern void record_store_free(RecordStore *store);

#endif							/* EM_RECORD_STORE_H */
