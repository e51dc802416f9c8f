/*
 * name_table.c
 *		Distinct labels, numbered, in one flat piece of memory.
 */
#include "name_table.h"

static inline uint32 *
slots_of(const NameTable *table)
{
	return (uint32 *) (unconstify(NameTable *, table)->entries + table->capacity);
}

static inline char *
bytes_of(const NameTable *table)
{
	return (char *) (slots_of(table) + 2 * (Size) table->capacity);
}

Size
name_table_size(uint32 capacity, uint32 room)
{
	return offsetof(NameTable, entries) +
		(Size) capacity * (sizeof(NameEntry) + 2 * sizeof(uint32)) + room;
}

void
name_table_init(NameTable *table, uint32 capacity, uint32 room)
{
	Assert(room % 8 == 0 && (capacity & (capacity - 1)) == 0);
	memset(table, 0, name_table_size(capacity, room));
	table->capacity = capacity;
	table->room = room;
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
name_table_room(uint64 bytes)
{
	return (uint32) TYPEALIGN(64, Min(bytes + bytes / 2, PG_UINT32_MAX / 2));
}

Label
name_table_label(const NameTable *table, uint32 number)
{
	const NameEntry *entry = &table->entries[number];
	Label		label = {NULL, 0};

	if (entry->length <= LABEL_MAX_BYTES && entry->offset <= table->room &&
		entry->length <= table->room - entry->offset)
	{
		label.data = bytes_of(table) + entry->offset;
		label.length = entry->length;
	}
	return label;
}

/* The number of a label, or -1 and the slot where it would go (-1: none is free). */
static int
search(const NameTable *table, Label label, uint32 hash, int64 *free_slot)
{
	const uint32 *slots = slots_of(table);
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

	return search(table, label, (uint32) label_hash(label), &free_slot);
}

int
name_table_add(NameTable *table, Label label)
{
	uint32		hash = (uint32) label_hash(label);
	int64		free_slot;
	int			number = search(table, label, hash, &free_slot);
	NameEntry  *entry;

	if (number >= 0)
		return number;
	/* callers make room by what a table says of itself, which is not so when it is damaged */
	if (label.length == 0 || free_slot < 0 || !name_table_fits(table, 1, label.length))
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("damaged table of names")));
	entry = &table->entries[table->used];
	entry->offset = table->filled;
	entry->length = label.length;
	entry->hash = hash;
	memcpy(bytes_of(table) + table->filled, label.data, label.length);
	table->filled += label.length;
	slots_of(table)[free_slot] = ++table->used;
	return (int) table->used - 1;
}
