/*
 * tally_order.c
 *		A tally sorted again from the order that it had before. What that is
 *		worth: tally_order.h.
 */
#include "plain/tally_order.h"

#include <string.h>

/* A slot by its number; a number out of range is wrapped. */
static inline const TallyEntry *
slot_at(const Tally *tally, uint32_t number)
{
	return &tally->slots[number & (tally->capacity - 1)];
}

/* Puts all live slots in order. */
static void
sort_slots(const Tally *tally, TallyOrder *order)
{
	TallyEntry *entries = order->entries;
	uint32_t	n = 0;

	for (uint32_t i = 0; i < tally->capacity && n < order->capacity; i++)
		if (tally->slots[i].count != 0)
		{
			entries[n].key = tally->slots[i].key;
			entries[n++].count = i;
		}
	tally_sort_entries(entries, entries + n, n);
	for (uint32_t i = 0; i < n; i++)
		order->slots[i] = (uint32_t) entries[i].count;
	order->n = n;
}

/* Puts one slot where its key belongs, unless it is there. */
static void
insert_slot(const Tally *tally, TallyOrder *order, uint32_t slot)
{
	uint64_t	key = slot_at(tally, slot)->key;
	uint32_t	low = 0;
	uint32_t	high = order->n;

	while (low < high)
	{
		uint32_t	middle = low + (high - low) / 2;

		if (slot_at(tally, order->slots[middle])->key < key)
			low = middle + 1;
		else
			high = middle;
	}
	if (order->n == order->capacity || (low < order->n && order->slots[low] == slot))
		return;
	memmove(&order->slots[low + 1], &order->slots[low], (order->n++ - low) * sizeof(uint32_t));
	order->slots[low] = slot;
}

/*
 * Copies the live entries in the order remembered, and drops the others from
 * it. Returns false when the order is wrong: it is right when it has as many
 * live entries as the tally and their keys ascend.
 */
static bool
follow_order(const Tally *tally, TallyOrder *order)
{
	const uint32_t *slots = order->slots;
	uint32_t   *kept = order->slots;
	const uint32_t *end = slots + order->n;
	uint32_t	mask = tally->capacity - 1;
	TallyEntry *entry = order->entries;
	uint64_t	last = 0;
	bool		ascending = true;

	/* without a branch on `live`, which would be mispredicted */
	for (; slots < end; slots++)
	{
		const TallyEntry *slot = &tally->slots[*slots & mask];
		bool		live = slot->count != 0;

		ascending &= slot->key > last;
		last = slot->key;
		entry->key = last - 1;
		entry->count = slot->count;
		entry += live;
		*kept = *slots;
		kept += live;
	}
	order->n = (uint32_t) (kept - order->slots);
	return ascending && order->n == tally->live;
}

uint32_t
tally_sorted_again(const Tally *tally, TallyOrder *order)
{
	uint32_t	additions = tally->additions - order->additions;

	order->additions = tally->additions;
	if (additions > TALLY_RECENT(tally->capacity))
		sort_slots(tally, order);
	else
		for (; additions > 0; additions--)
			insert_slot(tally, order, *tally_recent_slot(tally, tally->additions - additions));
	if (!follow_order(tally, order))
	{
		sort_slots(tally, order);
		(void) follow_order(tally, order);
	}
	return order->n;
}
