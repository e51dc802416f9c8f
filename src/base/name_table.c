/*
 * name_table.c
 *		Distinct labels, numbered, in one flat piece of memory.
 */
#include "base/name_table.h"

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

/*
 * Where a label is looked for: never stored, so that it may take eight bytes at
 * a time, as they lie in memory. A product carries upwards alone, and the last
 * bytes are the upper ones of a word: they are folded down and multiplied again,
 * or labels that differ there alone (a team's months) would have one place.
 */
static inline uint32
slot_hash(Label label)
{
	const uint64 multiplier = UINT64CONST(0x9E3779B97F4A7C15);
	const char *end = label.data + label.length;
	uint64		hash = label.length;
	uint64		word = 0;
	uint32		half;

	if (label.length >= sizeof(word))
	{
		for (const char *in = label.data; in < end - sizeof(word); in += sizeof(word))
		{
			memcpy(&word, in, sizeof(word));
			hash = (hash ^ word) * multiplier;
			hash ^= hash >> 32;
		}
		memcpy(&word, end - sizeof(word), sizeof(word));
	}
	else if (label.length >= sizeof(half))
	{
		memcpy(&half, end - sizeof(half), sizeof(half));
		word = (uint64) half << 32;
		memcpy(&half, label.data, sizeof(half));
		word |= half;
	}
	else
		for (const char *in = label.data; in < end; in++)
			word = word << 8 | (uint8) *in;
	hash = (hash ^ word) * multiplier;
	hash = (hash ^ (hash >> 32)) * multiplier;
	return (uint32) (hash >> 32);
}

/* The number of a label, or -1 and the slot where it would go (-1: none is free). */
static pg_attribute_always_inline int
search(const NameTable *table, Label label, uint32 hash, int64 *free_slot)
{
	const uint32 *slots = name_table_slots(table);
	uint32		mask = 2 * table->capacity - 1;

	*free_slot = -1;
	/* a damaged table may have no free slot: go round once at most */
	for (uint32 i = 0; i <= mask; i++)
	{
		uint32		slot = (hash + i) & mask;

		if (slots[slot] == 0)
		{
			*free_slot = slot;
			return -1;
		}
		if (slots[slot] <= table->used && table->entries[slots[slot] - 1].hash == hash &&
			label_equal(name_table_label(table, slots[slot] - 1), label))
			return (int) (slots[slot] - 1);
	}
	return -1;
}

int
name_table_find(const NameTable *table, Label label)
{
	int64		free_slot;

	return search(table, label, slot_hash(label), &free_slot);
}

int
name_table_add(NameTable *table, Label label)
{
	uint32		hash = slot_hash(label);
	int64		free_slot;
	int			number = search(table, label, hash, &free_slot);
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
	entry->hash = hash;
	memcpy(name_table_bytes(table) + table->filled, label.data, label.length);
	table->filled += label.length;
	name_table_slots(table)[free_slot] = ++table->used;
	return (int) table->used - 1;
}
