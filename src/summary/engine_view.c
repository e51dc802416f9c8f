/*
 * engine_view.c
 *		A summary of either form taken apart, and what is found in its view.
 */
#include "summary/engine_bytes.h"

#include "miscadmin.h"
#include "utils/memutils.h"

/* ---------------------------------------------------------------- order of the groups */

/* A group by the first bytes of its label in which labels differ. */
typedef struct SortKey
{
	uint64		head;
	const SummaryGroup *group;
} SortKey;

static int
compare_keys(const SortKey *a, const SortKey *b)
{
	if (a->head != b->head)
		return a->head < b->head ? -1 : 1;
	return label_compare(a->group->label, b->group->label);
}

#define ST_SORT sort_keys
#define ST_ELEMENT_TYPE SortKey
#define ST_COMPARE(a, b) compare_keys(a, b)
#define ST_SCOPE static
#define ST_DEFINE
#include "lib/sort_template.h"

/* Bytes with which all labels begin; ascending says whether they are in order already. */
static int
common_start(const SummaryView *view, bool *ascending)
{
	const SummaryGroup *groups = view->groups;
	int			shared = groups[0].label.length;

	*ascending = true;
	for (uint32 i = 1; i < view->ngroups; i++)
	{
		int			length = Min(shared, groups[i].label.length);

		shared = 0;
		while (shared < length && groups[i].label.data[shared] == groups[0].label.data[shared])
			shared++;
		*ascending = *ascending && label_compare(groups[i - 1].label, groups[i].label) < 0;
	}
	return shared;
}

/* A moving aggregate does this for every row: most labels differ within the eight bytes compared first. */
void
summary_sort_groups(SummaryView *view)
{
	bool		ascending;
	int			start;
	SortKey    *keys;
	SummaryGroup *sorted;

	if (view->ngroups < 2)
		return;
	start = common_start(view, &ascending);
	if (ascending)
		return;
	keys = palloc_extended(sizeof(SortKey) * (Size) view->ngroups, MCXT_ALLOC_HUGE);
	sorted = palloc_extended(sizeof(SummaryGroup) * (Size) view->ngroups, MCXT_ALLOC_HUGE);
	for (uint32 i = 0; i < view->ngroups; i++)
	{
		Label		label = view->groups[i].label;
		uint64		head = 0;

		for (int j = start; j < start + 8; j++)
			head = head << 8 | (j < label.length ? (uint8) label.data[j] : 0);
		keys[i].head = head;
		keys[i].group = &view->groups[i];
	}
	sort_keys(keys, view->ngroups);
	for (uint32 i = 0; i < view->ngroups; i++)
		sorted[i] = *keys[i].group;
	pfree(keys);
	view->groups = sorted;
}

/* ---------------------------------------------------------------- open forms */

/* The cells of all groups of a state, ascending; of an unchecked one, these could be any numbers. */
static TallyEntry *
sorted_cells(const SummaryState *state, const SummaryType *type, TallyOrder *order, uint32 *n)
{
	const Tally *tally = summary_tally(state);
	TallyEntry *cells;

	if (order != NULL)
	{
		*n = tally_sorted_again(tally, order);
		return order->entries;
	}
	cells = palloc_extended(sizeof(TallyEntry) * 2 * (Size) Max(tally->used, 1), MCXT_ALLOC_HUGE);
	*n = tally_sorted(tally, cells);
	for (uint32 i = 0; i < *n; i++)
		if (cells[i].count < 0 || (i > 0 && cells[i].key <= cells[i - 1].key))
			summary_damaged(type, "its counts are malformed");
	if (*n > 0 && type->key_bits == 0)
		summary_damaged(type, "it must not have counts");
	return cells;
}

/* Distributes the cells over the groups, row by row. */
static void
distribute_cells(SummaryView *view, const SummaryType *type, TallyEntry *cells, uint32 ncells)
{
	uint32		i = 0;

	while (i < ncells)
	{
		uint64		row = cells[i].key >> type->key_bits;
		SummaryGroup *group = row == 0 ? &view->all : &view->groups[row - 1];

		if (row > view->ngroups)
			summary_damaged(type, "a cell has no label");
		group->cells = &cells[i];
		for (; i < ncells && cells[i].key >> type->key_bits == row; i++)
		{
			cells[i].key &= summary_max_key(type);
			group->ncells++;
		}
	}
}

void
summary_view_open(SummaryView *view, const SummaryType *type, const SummaryState *state, TallyOrder *order)
{
	const NameTable *labels = summary_labels(state);
	NameSet    *sets = NULL;
	TallyEntry *cells;
	uint32		ncells;
	uint32		kept = 0;

	memset(view, 0, sizeof(*view));
	view->identity = summary_identity(state);
	view->identity_size = state->identity_size;
	view->nsums = state->nsums;
	view->all.sums = summary_sums(unconstify(SummaryState *, state));
	cells = sorted_cells(state, type, order, &ncells);
	if (type->max_groups == 0)
	{
		view->all.cells = cells;
		view->all.ncells = ncells;
		return;
	}

	view->ngroups = labels->used;
	view->groups = palloc_extended(sizeof(SummaryGroup) * (Size) Max(labels->used, 1), MCXT_ALLOC_HUGE);
	if (type->names != NULL)
		sets = name_sets_view(summary_names(unconstify(SummaryState *, state), type), labels->used);
	for (uint32 i = 0; i < labels->used; i++)
		view->groups[i] = (SummaryGroup) {
			.label = name_table_label(labels, i),
			.tag = type->tags_differ != NULL ? summary_tags(unconstify(SummaryState *, state), type)[i] : 0,
			.sums = summary_row_sums(unconstify(SummaryState *, state), type, i + 1),
			.names = sets == NULL ? NULL : &sets[i]
		};
	if (ncells > 0)
		distribute_cells(view, type, cells, ncells);

	/* a group of which nothing is left is not in the view */
	for (uint32 i = 0; i < view->ngroups; i++)
		if (!summary_is_empty(&view->groups[i], summary_named_sums(type, view->nsums)))
			view->groups[kept++] = view->groups[i];
	view->ngroups = kept;
	if (kept > type->max_groups)
		summary_too_many_groups(type);
	summary_sort_groups(view);
}

/* ---------------------------------------------------------------- either form */

void
summary_view(SummaryView *view, const SummaryType *type, Datum datum)
{
	struct varlena *value = PG_DETOAST_DATUM_PACKED(datum);
	const char *problem;

	if (summary_is_open(value))
	{
		summary_view_open(view, type, summary_open_form(value, type), NULL);
		if (type->settle != NULL)
			type->settle(view);
		problem = summary_check(view, type);
	}
	else
		problem = summary_view_packed(view, type, (const uint8 *) VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value));
	if (problem != NULL)
		summary_damaged(type, problem);
}

const SummaryGroup *
summary_find(const SummaryView *view, Label label)
{
	uint32		low = 0;
	uint32		high = view->ngroups;

	while (low < high)
	{
		uint32		middle = low + (high - low) / 2;
		int			order = label_compare(view->groups[middle].label, label);

		if (order == 0)
			return &view->groups[middle];
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

int64
summary_cell(const SummaryView *view, uint64 key)
{
	const TallyEntry *cells = view->all.cells;
	uint32		low = 0;
	uint32		high = view->all.ncells;

	while (low < high)
	{
		uint32		middle = low + (high - low) / 2;

		if (cells[middle].key < key)
			low = middle + 1;
		else
			high = middle;
	}
	return low < view->all.ncells && cells[low].key == key ? cells[low].count : 0;
}

struct varlena *
summary_packed(const SummaryType *type, Datum datum)
{
	SummaryView view;

	summary_view(&view, type, datum);
	return summary_pack(&view, type);
}
