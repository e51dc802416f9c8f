/*
 * name_table.c
 *		Distinct labels, numbered, in one flat piece of memory.
 */
#include "base/name_table.h"

#include "port/pg_bswap.h"

void
name_table_init(NameTable *table, uint32 capacity, uint32 space)
{
	Assert(space % 8 == 0 && (capacity & (capacity - 1)) == 0);
	memset(table, 0, name_table_size(capacity, space));
	table->capacity = capacity;
	table->space = space;
}

uint32
name_table_capacity(uint64 names)
{
	uint32		capacity = NAME_TABLE_MIN_CAPACITY;

	while (capacity < names + names / 2)
		capacity *= 2;
	return capacity;
}

uint32
name_table_space(uint64 bytes)
{
	return (uint32) TYPEALIGN(64, Min(bytes + bytes / 2, PG_UINT32_MAX / 2));
}

/* What is looked for: a label, or the head of one that ends in a zero and a number (name_table_find_numbered). */
typedef struct Wanted
{
	Label		label;
	bool		numbered;
	uint32		number;
	uint32		hash;
} Wanted;

/*
 * Where a label is looked for: never stored, so that it may take eight bytes at
 * a time, as they lie in memory. The number stands for the last five bytes. A product
 * carries upwards alone: it is folded down before the number is taken in, and of the
 * last one the lower bits are left out, which depend on few bits of a label.
 */
static inline uint32
slot_hash(Label head, uint32 number)
{
	const uint64 multiplier = UINT64CONST(0x9E3779B97F4A7C15);
	const char *end = head.data + head.length;
	uint64		hash = head.length;
	uint64		word = 0;
	uint32		half;

	if (head.length >= sizeof(word))
	{
		for (const char *in = head.data; in < end - sizeof(word); in += sizeof(word))
		{
			memcpy(&word, in, sizeof(word));
			hash = (hash ^ word) * multiplier;
			hash ^= hash >> 32;
		}
		memcpy(&word, end - sizeof(word), sizeof(word));
	}
	else if (head.length >= sizeof(half))
	{
		memcpy(&half, end - sizeof(half), sizeof(half));
		word = (uint64) half << 32;
		memcpy(&half, head.data, sizeof(half));
		word |= half;
	}
	else
		for (const char *in = head.data; in < end; in++)
			word = word << 8 | (uint8) *in;
	hash = (hash ^ word) * multiplier;
	hash = (hash ^ (hash >> 32) ^ number) * multiplier;
	return (uint32) (hash >> 36);
}

/* The number that the last four bytes of a label are. */
static inline uint32
tail_number(Label label)
{
	uint32		number;

	memcpy(&number, label.data + label.length - sizeof(number), sizeof(number));
	return pg_ntoh32(number);
}

/* A whole label. It has the same place as its head and its number, where it ends in a zero and one. */
static inline Wanted
wanted(Label label)
{
	Label		head = {label.data, label.length - NAME_TAIL_BYTES};
	uint32		zero;

	if (head.length <= 0)
		return (Wanted) {.label = label, .hash = slot_hash(label, 0)};
	zero = (uint8) label.data[head.length];
	return (Wanted) {.label = label, .hash = slot_hash(head, tail_number(label) ^ zero * UINT32_C(0x9E3779B1))};
}

static inline bool
is_wanted(Label label, const Wanted *what)
{
	Label		head = what->label;

	if (!what->numbered)
		return label_equal(label, head);
	return label.length == head.length + NAME_TAIL_BYTES && same_bytes(label.data, head.data, head.length) &&
		label.data[head.length] == '\0' && tail_number(label) == what->number;
}

/* The number of a label, or -1 and the slot where it would go (-1: none is free). */
static pg_attribute_always_inline int
search(const NameTable *table, const Wanted *what, int64 *free_slot)
{
	const uint32 *slots = name_table_slots(table);
	uint32		mask = 2 * table->capacity - 1;

	*free_slot = -1;
	/* a damaged table may have no free slot: go round once at most */
	for (uint32 i = 0; i <= mask; i++)
	{
		uint32		slot = (what->hash + i) & mask;

		if (slots[slot] == 0)
		{
			*free_slot = slot;
			return -1;
		}
		if (slots[slot] <= table->used && table->entries[slots[slot] - 1].hash == what->hash &&
			is_wanted(name_table_label(table, slots[slot] - 1), what))
			return (int) (slots[slot] - 1);
	}
	return -1;
}

int
name_table_find(const NameTable *table, Label label)
{
	Wanted		what = wanted(label);
	int64		free_slot;

	return search(table, &what, &free_slot);
}

int
name_table_find_numbered(const NameTable *table, Label head, uint32 number)
{
	Wanted		what = {.label = head, .numbered = true, .number = number, .hash = slot_hash(head, number)};
	int64		free_slot;

	return search(table, &what, &free_slot);
}

int
name_table_add(NameTable *table, Label label)
{
	Wanted		what = wanted(label);
	int64		free_slot;
	int			number = search(table, &what, &free_slot);
	NameEntry  *entry;

	if (number >= 0)
		return number;
	/* callers rely on the sizes that a table says it has, which are wrong when it is damaged */
	if (label.length == 0 || free_slot < 0 || !name_table_fits(table, 1, label.length))
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("damaged table of names")));
	entry = &table->entries[table->used];
	entry->offset = table->filled;
	entry->length = label.length;
	entry->hash = what.hash;
	memcpy(name_table_bytes(table) + table->filled, label.data, label.length);
	table->filled += label.length;
	name_table_slots(table)[free_slot] = ++table->used;
	return (int) table->used - 1;
}
