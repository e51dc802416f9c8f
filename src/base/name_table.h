/*
 * name_table.h
 *		Distinct labels, numbered in order of arrival, in one flat piece of memory.
 *
 * The names in an aggregate's state: a hash table over labels
 * whose bytes stand behind it, without pointers, so that it can be copied as
 * it is. It does not grow: when it is full, the caller builds a larger one.
 */
#ifndef EM_NAME_TABLE_H
#define EM_NAME_TABLE_H

#include "base/compat.h"

#include "base/label.h"

typedef struct NameEntry
{
	uint32		offset;			/* of the bytes */
	uint32		length;
	uint32		hash;
} NameEntry;

/* Multiple of 8 bytes in all. */
typedef struct NameTable
{
	uint32		capacity;		/* names there is space for, a power of two */
	uint32		used;
	uint32		space;			/* bytes there is space for, a multiple of 8 */
	uint32		filled;
	NameEntry	entries[FLEXIBLE_ARRAY_MEMBER];
	/* capacity * 2 slots: number of a name plus one, 0 when free; then the bytes */
} NameTable;

#define NAME_TABLE_MIN_CAPACITY 2

/* Of a label in a table, which may be made of others. */
#define NAME_MAX_BYTES 300

/*
 * A hash of the bytes of a label, the same on every machine and in every
 * release: stored sketches are made of it. FNV-1a of 64 bits, its bits mixed
 * as in MurmurHash3.
 */
static inline uint64
label_hash(Label label)
{
	uint64		hash = UINT64CONST(0xcbf29ce484222325);

	for (int i = 0; i < label.length; i++)
		hash = (hash ^ (uint8) label.data[i]) * UINT64CONST(0x100000001b3);
	hash = (hash ^ (hash >> 33)) * UINT64CONST(0xff51afd7ed558ccd);
	hash = (hash ^ (hash >> 33)) * UINT64CONST(0xc4ceb9fe1a85ec53);
	return hash ^ (hash >> 33);
}

static inline Size
name_table_size(uint32 capacity, uint32 space)
{
	return offsetof(NameTable, entries) +
		(Size) capacity * (sizeof(NameEntry) + 2 * sizeof(uint32)) + space;
}

extern void name_table_init(NameTable *table, uint32 capacity, uint32 space);

/* A capacity and a size that hold so many names and bytes, and half as many more. */
extern uint32 name_table_capacity(uint64 names);
extern uint32 name_table_space(uint64 bytes);

/* Are the sizes those with which a table of this capacity and space is made? XX001 comes from the caller. */
static inline bool
name_table_sane(const NameTable *table, uint32 capacity, uint32 space)
{
	return table->capacity == capacity && table->space == space &&
		table->used <= capacity && table->filled <= space;
}

static inline bool
name_table_fits(const NameTable *table, uint64 names, uint64 bytes)
{
	return names <= table->capacity - table->used && bytes <= table->space - table->filled;
}

/* The number of a label; -1 when it is not there. */
extern int	name_table_find(const NameTable *table, Label label);

/*
 * The same of a label that ends in five bytes, a zero and a number with its upper byte first. Given
 * are what stands before them, and the number: the label need not be put together to be found.
 */
#define NAME_TAIL_BYTES 5
extern int	name_table_find_numbered(const NameTable *table, Label head, uint32 number);

/* The same, added when it is not there: there must be space. XX001 when there is none, or the label is empty. */
extern int	name_table_add(NameTable *table, Label label);

static inline uint32 *
name_table_slots(const NameTable *table)
{
	return (uint32 *) (unconstify(NameTable *, table)->entries + table->capacity);
}

static inline char *
name_table_bytes(const NameTable *table)
{
	return (char *) (name_table_slots(table) + 2 * (Size) table->capacity);
}

/* The label of a number below `used`; length 0 when the table is damaged. */
static inline Label
name_table_label(const NameTable *table, uint32 number)
{
	const NameEntry *entry = &table->entries[number];
	Label		label = {NULL, 0};

	if (entry->length <= NAME_MAX_BYTES && entry->offset <= table->space &&
		entry->length <= table->space - entry->offset)
	{
		label.data = name_table_bytes(table) + entry->offset;
		label.length = entry->length;
	}
	return label;
}

#endif							/* EM_NAME_TABLE_H */
