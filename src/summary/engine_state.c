/*
 * engine_state.c
 *		The open form of a summary: made, grown and added to in place.
 *
 * Its parts stand in engine.h.
 */
#include "summary/engine_bytes.h"

#include "miscadmin.h"
#include "utils/memutils.h"

/* Entries between two looks at a pending cancel. */
#define INTERRUPT_STRIDE 0xFFFF

/* The sizes of an open form that may differ. */
typedef struct StateSizes
{
	uint32		cells;			/* capacity of the tally */
	uint32		labels;			/* capacity of the table of labels, and bytes for them */
	uint32		label_bytes;
	NameSetsSizes names;
} StateSizes;

/* ---------------------------------------------------------------- parts */

/* Of parts that are within their limits: none of them passes 1 GB. */
static inline Size
groups_at(Size identity_size, int nsums, uint32 cells)
{
	return sizeof(SummaryState) + TYPEALIGN(8, identity_size) +
		(Size) nsums * sizeof(Sum128) + tally_size(cells);
}

/* Of labels, sums and tags. */
static inline Size
labels_size(const SummaryType *type, int nsums, uint32 labels, uint32 label_bytes)
{
	return name_table_size(labels, label_bytes) +
		(Size) labels * (summary_named_sums(type, nsums) * sizeof(Sum128) + (type->tags_differ != NULL ? sizeof(int64) : 0));
}

static SummaryState *
create(const SummaryType *type, const void *identity, Size identity_size, int nsums, const StateSizes *sizes)
{
	Size		groups = groups_at(identity_size, nsums, sizes->cells);
	Size		size = groups;
	SummaryState *state;

	if (type->max_groups > 0)
		size = add_size(size, labels_size(type, nsums, sizes->labels, sizes->label_bytes));
	if (type->names != NULL)
		size = add_size(size, name_sets_size(&sizes->names));
	if (!AllocSizeIsValid(size))
		summary_too_large(type);

	state = palloc(size);
	memset(state, 0, groups - tally_size(sizes->cells));
	SET_VARSIZE(state, size);
	state->version = SUMMARY_VERSION;
	state->flags = SUMMARY_OPEN;
	state->nsums = (uint16) nsums;
	state->identity_size = (uint32) identity_size;
	if (identity_size > 0)
		memcpy((char *) state + sizeof(SummaryState), identity, identity_size);
	tally_init(summary_tally(state), sizes->cells);
	if (type->max_groups > 0)
	{
		state->groups_at = (uint32) groups;
		name_table_init(summary_labels(state), sizes->labels, sizes->label_bytes);
		memset(summary_row_sums(state, type, 1), 0,
			   labels_size(type, nsums, sizes->labels, sizes->label_bytes) -
			   name_table_size(sizes->labels, sizes->label_bytes));
	}
	if (type->names != NULL)
		name_sets_init(summary_names(state, type), &sizes->names);
	return state;
}

SummaryState *
summary_create(const SummaryType *type, const void *identity, Size identity_size, int nsums)
{
	/* so small that a win_summary takes 512 bytes: the state of a group is rounded up to a power of two */
	StateSizes	sizes = {
		.cells = TALLY_MIN_CAPACITY, .labels = NAME_TABLE_MIN_CAPACITY, .label_bytes = 48
	};

	Assert(nsums >= 0 && nsums <= SUMMARY_MAX_SUMS);
	if (type->names != NULL)
		sizes.names = name_sets_plan(NULL, sizes.labels, 1, 0, 0);
	return create(type, identity, identity_size, nsums, &sizes);
}

/* Have the named groups, which begin where the tally ends, the sizes that they would have been given here? */
static bool
sane_groups(const SummaryState *state, const SummaryType *type, Size size)
{
	const NameTable *labels = summary_labels(state);
	Size		rest = size - state->groups_at;
	Size		mine;

	if (rest < sizeof(NameTable) ||
		labels->capacity < NAME_TABLE_MIN_CAPACITY || labels->capacity / 4 > type->max_groups ||
		(labels->capacity & (labels->capacity - 1)) != 0 || labels->space % 8 != 0)
		return false;
	mine = labels_size(type, state->nsums, labels->capacity, labels->space);
	if (rest < mine || !name_table_sane(labels, labels->capacity, labels->space))
		return false;
	if (type->names == NULL)
		return rest == mine;
	return name_sets_sane(summary_names(unconstify(SummaryState *, state), type), rest - mine);
}

void
summary_check_open(const SummaryState *state, const SummaryType *type)
{
	Size		size = VARSIZE(state);
	const Tally *tally;
	Size		end;

	if (size < sizeof(SummaryState) ||
		state->version != SUMMARY_VERSION || (state->flags & ~SUMMARY_CHECKED) != SUMMARY_OPEN ||
		state->nsums > SUMMARY_MAX_SUMS || state->identity_size > size ||
		size < groups_at(state->identity_size, state->nsums, 0) ||
		(tally = summary_tally(state))->capacity < TALLY_MIN_CAPACITY ||
		tally->capacity > SUMMARY_MAX_CELLS ||
		(tally->capacity & (tally->capacity - 1)) != 0 ||
		tally->used > TALLY_LIMIT(tally->capacity) ||
		size < (end = groups_at(state->identity_size, state->nsums, tally->capacity)) ||
		(type->max_groups == 0 ? size != end :
		 state->groups_at != end || !sane_groups(state, type, size)))
		summary_damaged(type, "its sizes do not agree");
}

SummaryState *
summary_open_form(struct varlena *value, const SummaryType *type)
{
	SummaryState *state = (SummaryState *) PG_DETOAST_DATUM(PointerGetDatum(value));

	if ((uintptr_t) state % sizeof(int64) != 0)
		state = memcpy(palloc(VARSIZE(state)), state, VARSIZE(state));
	summary_check_open(state, type);
	return state;
}

/* ---------------------------------------------------------------- growing */

/* The smallest capacity that holds `cells` and leaves half of what may be taken free. */
static uint32
capacity_for(uint64 cells, const SummaryType *type)
{
	uint32		capacity = TALLY_MIN_CAPACITY;

	if (cells > TALLY_LIMIT(SUMMARY_MAX_CELLS))
		summary_too_many_cells(type);
	while (capacity < SUMMARY_MAX_CELLS && TALLY_LIMIT(capacity) < 2 * cells)
		capacity *= 2;
	return capacity;
}

/* Which rows a state needs to keep: those with cells, sums or names. Palloc'd, by row. */
static bool *
live_rows(SummaryState *state, const SummaryType *type)
{
	const NameTable *labels = summary_labels(state);
	const Tally *tally = summary_tally(state);
	bool	   *live = palloc0((Size) labels->used + 1);

	for (uint32 i = 0; type->key_bits > 0 && i < tally->capacity; i++)
	{
		uint64		row = (tally->slots[i].key - 1) >> type->key_bits;

		if (tally->slots[i].key == 0 || tally->slots[i].count == 0)
			continue;
		if (row > labels->used)
			summary_damaged(type, "a cell has no label");
		live[row] = true;
	}
	for (uint32 row = 1; row <= labels->used; row++)
		if (type->names != NULL || !summary_all_zero(summary_row_sums(state, type, row), summary_named_sums(type, state->nsums)))
			live[row] = true;
	return live;
}

/* Copies the named groups that are left, and their cells. */
static void
copy_groups(SummaryState *to, SummaryState *from, const SummaryType *type, const bool *live)
{
	const NameTable *labels = summary_labels(from);
	const Tally *tally = summary_tally(from);
	uint32	   *rows = palloc_extended(sizeof(uint32) * ((Size) labels->used + 1), MCXT_ALLOC_HUGE);

	rows[0] = 0;
	for (uint32 row = 1; row <= labels->used; row++)
	{
		if (!live[row])
			continue;
		rows[row] = (uint32) name_table_add(summary_labels(to), name_table_label(labels, row - 1)) + 1;
		memcpy(summary_row_sums(to, type, rows[row]), summary_row_sums(from, type, row),
			   sizeof(Sum128) * summary_named_sums(type, from->nsums));
		if (type->tags_differ != NULL)
			summary_tags(to, type)[rows[row] - 1] = summary_tags(from, type)[row - 1];
	}
	for (uint32 i = 0; i < tally->capacity; i++)
	{
		uint64		key = tally->slots[i].key - 1;
		uint32		row = tally->slots[i].count == 0 ? 0 : (uint32) (key >> type->key_bits);

		if (tally->slots[i].count != 0)
			(void) tally_add(summary_tally(to), key + summary_row_key(type, rows[row], 0) -
							 summary_row_key(type, row, 0), tally->slots[i].count);
	}
	pfree(rows);
}

/* The labels that stay, and space for so many more. */
static void
plan_labels(StateSizes *sizes, SummaryState *state, const SummaryType *type, const bool *live, const SummaryNeed *more)
{
	const NameTable *labels = summary_labels(state);
	uint64		n = 0;
	uint64		bytes = 0;

	sizes->labels = labels->capacity;
	sizes->label_bytes = labels->space;
	if (type->names != NULL && name_table_fits(labels, more->labels, more->label_bytes))
		return;
	for (uint32 row = 1; row <= labels->used; row++)
		if (live[row])
		{
			n++;
			bytes += name_table_label(labels, row - 1).length;
		}
	if (n > type->max_groups)
		summary_too_many_groups(type);
	sizes->labels = name_table_capacity(n + more->labels);
	sizes->label_bytes = name_table_space(Max(bytes + more->label_bytes, 32));
}

/*
 * A copy with space for so much more; groups and cells of which nothing is left
 * are left out. Where there are names, which outgrow the rest, labels and cells
 * that fit keep their sizes; elsewhere all get space for as many again.
 */
SummaryState *
summary_grow(SummaryState *state, const SummaryType *type, const SummaryNeed *more)
{
	const Tally *tally = summary_tally(state);
	StateSizes	sizes = {.cells = tally->capacity};
	bool	   *live = NULL;
	SummaryState *grown;

	CHECK_FOR_INTERRUPTS();
	if (type->names == NULL || more->cells > TALLY_LIMIT(tally->capacity) - tally->used)
		sizes.cells = capacity_for((uint64) tally_live(tally) + more->cells, type);
	if (type->max_groups > 0)
	{
		live = live_rows(state, type);
		plan_labels(&sizes, state, type, live, more);
	}
	if (type->names != NULL)
		sizes.names = name_sets_plan(summary_names(state, type), sizes.labels, more->names, more->name_bytes,
									more->sketches);

	grown = create(type, summary_identity(state), state->identity_size, state->nsums, &sizes);
	grown->inputs = state->inputs;
	grown->flags = state->flags;
	memcpy(summary_sums(grown), summary_sums(state), sizeof(Sum128) * state->nsums);
	if (type->max_groups > 0)
	{
		copy_groups(grown, state, type, live);
		pfree(live);
	}
	else
		tally_rehash(summary_tally(grown), summary_tally(state));
	if (type->names != NULL)
		name_sets_copy(summary_names(grown, type), summary_names(state, type));
	return grown;
}

/* ---------------------------------------------------------------- adding */

SummaryState *
summary_add(SummaryState *state, const SummaryType *type, uint64 key, int64 count)
{
	TallyResult result = tally_add(summary_tally(state), key, count);

	if (result == TALLY_FULL)
	{
		state = summary_grow(state, type, &(SummaryNeed) {.cells = 1});
		result = tally_add(summary_tally(state), key, count);
	}
	switch (result)
	{
		case TALLY_OK:
			break;
		case TALLY_OVERFLOW:
			summary_out_of_range(type, "a count");
			break;
		case TALLY_NEGATIVE:
			summary_below_zero(type);
			break;
		case TALLY_FULL:
			summary_damaged(type, "its sizes do not agree");
			break;
	}
	return state;
}

void
summary_add_sums(Sum128 *sums, const Sum128 *others, int nsums, int sign, const SummaryType *type)
{
	for (int i = 0; i < nsums; i++)
		if ((others[i].low | (uint64) others[i].high) != 0 && (sign > 0 ? !sum128_add(&sums[i], others[i]) : !sum128_subtract(&sums[i], others[i])))
			summary_out_of_range(type, "a sum");
}

uint32
summary_row(SummaryState *state, const SummaryType *type, Label label, int64 tag, int sign)
{
	NameTable  *labels = summary_labels(state);
	uint32		used = labels->used;
	int			number;

	if (label.length == 0)
		return 0;
	number = sign > 0 ? name_table_add(labels, label) : name_table_find(labels, label);
	if (number < 0)
		summary_below_zero(type);
	if (type->tags_differ != NULL)
	{
		int64	   *mine = &summary_tags(state, type)[number];

		if (*mine != tag && (uint32) number < used &&
			!summary_all_zero(summary_row_sums(state, type, number + 1), summary_named_sums(type, state->nsums)))
			type->tags_differ(label, *mine, tag);
		*mine = tag;
	}
	return (uint32) number + 1;
}

SummaryState *
summary_add_name(SummaryState *state, const SummaryType *type, uint32 row, Label name)
{
	if (!name_sets_fit(summary_names(state, type), 1, name.length))
		state = summary_grow(state, type, &(SummaryNeed) {.names = 1, .name_bytes = name.length});
	if (!name_sets_add(summary_names(state, type), row - 1, name))
	{
		state = summary_grow(state, type, &(SummaryNeed) {.sketches = 1});
		(void) name_sets_add(summary_names(state, type), row - 1, name);
	}
	return state;
}
