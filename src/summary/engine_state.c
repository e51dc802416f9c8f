/*
 * engine_state.c
 *		The open form of a summary: made, grown, added to and merged in place.
 *
 * Its parts stand in engine.h.
 */
#include "summary/engine_bytes.h"

#include "miscadmin.h"
#include "utils/memutils.h"

#include "base/problem.h"

/* Entries between two looks at a pending cancel. */
#define INTERRUPT_STRIDE 0xFFFF

/* As many labels are sorted while a state grows. */
#define FEW_LABELS 4096

/* The sizes of an open form that may differ. */
typedef struct StateRoom
{
	uint32		cells;			/* capacity of the tally */
	uint32		labels;			/* capacity of the table of labels, and bytes for them */
	uint32		label_bytes;
	NameSetsRoom names;
} StateRoom;

/* ---------------------------------------------------------------- errors */

void
summary_damaged(const SummaryType *type, const char *problem)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATA_CORRUPTED),
			 errmsg("damaged %s value", type->name),
			 errdetail_problem(problem)));
}

void
summary_too_large(const SummaryType *type)
{
	ereport(ERROR,
			(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
			 errmsg("%s value would be larger than 1 GB", type->name)));
}

void
summary_too_many_groups(const SummaryType *type)
{
	ereport(ERROR,
			(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
			 errmsg("%s value would hold more than %u %s", type->name, type->max_groups, type->groups)));
}

static void
out_of_range(const SummaryType *type, const char *what)
{
	ereport(ERROR,
			(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
			 errmsg("%s of %s is out of range", what, type->name)));
}

static void
below_zero(const SummaryType *type)
{
	ereport(ERROR,
			(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
			 errmsg("a count of %s would fall below zero", type->name),
			 errdetail("What is subtracted must have been part of the summary.")));
}

void
summary_require_same(const void *a, Size a_size, const void *b, Size b_size, const SummaryType *type)
{
	if (a_size != b_size || memcmp(a, b, a_size) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s values do not match", type->name),
				 errdetail_internal("%s", type->mismatch)));
}

/* ---------------------------------------------------------------- parts */

static inline int64 *
tags_of(SummaryState *state)
{
	return (int64 *) summary_row_sums(state, summary_labels(state)->capacity + 1);
}

static inline NameSets *
names_of(SummaryState *state, const SummaryType *type)
{
	return (NameSets *) (tags_of(state) +
						 (type->tags_differ != NULL ? summary_labels(state)->capacity : 0));
}

const NameSets *
summary_names(const SummaryState *state, const SummaryType *type)
{
	return names_of(unconstify(SummaryState *, state), type);
}

int64
summary_tag(const SummaryState *state, const SummaryType *type, uint32 row)
{
	return type->tags_differ != NULL ? tags_of(unconstify(SummaryState *, state))[row - 1] : 0;
}

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
		(Size) labels * (nsums * sizeof(Sum128) + (type->tags_differ != NULL ? sizeof(int64) : 0));
}

static SummaryState *
create(const SummaryType *type, const void *identity, Size identity_size, int nsums, const StateRoom *room)
{
	Size		groups = groups_at(identity_size, nsums, room->cells);
	Size		size = groups;
	SummaryState *state;

	if (type->max_groups > 0)
		size = add_size(size, labels_size(type, nsums, room->labels, room->label_bytes));
	if (type->names != NULL)
		size = add_size(size, name_sets_size(&room->names));
	if (!AllocSizeIsValid(size))
		summary_too_large(type);

	state = palloc(size);
	memset(state, 0, groups - tally_size(room->cells));
	SET_VARSIZE(state, size);
	state->version = SUMMARY_VERSION;
	state->flags = SUMMARY_OPEN;
	state->nsums = (uint16) nsums;
	state->identity_size = (uint32) identity_size;
	memcpy((char *) state + sizeof(SummaryState), identity, identity_size);
	tally_init(summary_tally(state), room->cells);
	if (type->max_groups > 0)
	{
		state->groups_at = (uint32) groups;
		name_table_init(summary_labels(state), room->labels, room->label_bytes);
		memset(summary_row_sums(state, 1), 0,
			   labels_size(type, nsums, room->labels, room->label_bytes) -
			   name_table_size(room->labels, room->label_bytes));
	}
	if (type->names != NULL)
		name_sets_init(names_of(state, type), &room->names);
	return state;
}

SummaryState *
summary_create(const SummaryType *type, const void *identity, Size identity_size, int nsums)
{
	StateRoom	room = {
		.cells = TALLY_MIN_CAPACITY, .labels = NAME_TABLE_MIN_CAPACITY, .label_bytes = 64
	};

	Assert(nsums >= 0 && nsums <= SUMMARY_MAX_SUMS);
	if (type->names != NULL)
		room.names = name_sets_room(NULL, room.labels, 1, 0, 0);
	return create(type, identity, identity_size, nsums, &room);
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
		(labels->capacity & (labels->capacity - 1)) != 0 || labels->room % 8 != 0)
		return false;
	mine = labels_size(type, state->nsums, labels->capacity, labels->room);
	if (rest < mine || !name_table_sane(labels, labels->capacity, labels->room))
		return false;
	return type->names != NULL ? name_sets_sane(summary_names(state, type), rest - mine) : rest == mine;
}

/* Check that an open form has the sizes this file would have given it: before anything is read by them. */
static inline void
check_open(const SummaryState *state, const SummaryType *type)
{
	Size		size = VARSIZE(state);
	const Tally *tally;
	Size		end;

	if (size < sizeof(SummaryState) ||
		state->version != SUMMARY_VERSION || state->flags != SUMMARY_OPEN ||
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
	check_open(state, type);
	return state;
}

/* ---------------------------------------------------------------- growing */

/* The smallest capacity that holds `cells` and leaves half of what may be taken free. */
static uint32
capacity_for(uint64 cells, const SummaryType *type)
{
	uint32		capacity = TALLY_MIN_CAPACITY;

	if (cells > TALLY_LIMIT(SUMMARY_MAX_CELLS))
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("%s value would hold more than %u cells", type->name,
						TALLY_LIMIT(SUMMARY_MAX_CELLS))));
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
		if (type->names != NULL || !summary_all_zero(summary_row_sums(state, row), state->nsums))
			live[row] = true;
	return live;
}

static int
compare_rows(const void *a, const void *b, void *labels)
{
	return label_compare(name_table_label(labels, *(const uint32 *) a - 1),
						 name_table_label(labels, *(const uint32 *) b - 1));
}

/*
 * The rows that are left, by label where they are few: a moving aggregate puts
 * its groups in that order for every row, which is quick where they are. Sets
 * of names go by the numbers of the rows, which then stay what they are.
 */
static uint32 *
ordered_rows(const SummaryType *type, const NameTable *labels, const bool *live, uint32 *n)
{
	uint32	   *order = palloc_extended(sizeof(uint32) * (Size) Max(labels->used, 1), MCXT_ALLOC_HUGE);

	*n = 0;
	for (uint32 row = 1; row <= labels->used; row++)
		if (live[row])
			order[(*n)++] = row;
	if (*n <= FEW_LABELS && type->names == NULL)
		qsort_arg(order, *n, sizeof(uint32), compare_rows, unconstify(NameTable *, labels));
	return order;
}

/* Copies the named groups that are left, and their cells. */
static void
copy_groups(SummaryState *to, SummaryState *from, const SummaryType *type, const bool *live)
{
	const NameTable *labels = summary_labels(from);
	const Tally *tally = summary_tally(from);
	uint32	   *rows = palloc_extended(sizeof(uint32) * ((Size) labels->used + 1), MCXT_ALLOC_HUGE);
	uint32		n;
	uint32	   *order = ordered_rows(type, labels, live, &n);

	rows[0] = 0;
	for (uint32 i = 0; i < n; i++)
	{
		uint32		row = order[i];

		rows[row] = (uint32) name_table_add(summary_labels(to), name_table_label(labels, row - 1)) + 1;
		memcpy(summary_row_sums(to, rows[row]), summary_row_sums(from, row), sizeof(Sum128) * from->nsums);
		if (type->tags_differ != NULL)
			tags_of(to)[rows[row] - 1] = tags_of(from)[row - 1];
	}
	for (uint32 i = 0; i < tally->capacity; i++)
	{
		uint64		key = tally->slots[i].key - 1;
		uint32		row = tally->slots[i].count == 0 ? 0 : (uint32) (key >> type->key_bits);

		if (tally->slots[i].count != 0)
			(void) tally_add(summary_tally(to), key + summary_row_key(type, rows[row], 0) -
							 summary_row_key(type, row, 0), tally->slots[i].count);
	}
	pfree(order);
	pfree(rows);
}

/* The labels that stay, and room for so many more. */
static void
plan_labels(StateRoom *room, SummaryState *state, const SummaryType *type, const bool *live, const SummaryNeed *more)
{
	const NameTable *labels = summary_labels(state);
	uint64		n = 0;
	uint64		bytes = 0;

	room->labels = labels->capacity;
	room->label_bytes = labels->room;
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
	room->labels = name_table_capacity(n + more->labels);
	room->label_bytes = name_table_room(Max(bytes + more->label_bytes, 32));
}

/*
 * A copy with room for so much more; groups and cells of which nothing is left
 * stay behind. Where there are names, which outgrow the rest, labels and cells
 * that fit keep their sizes; elsewhere all get space for as many again, so that
 * few labels come after the last time that they were put in order.
 */
SummaryState *
summary_grow(SummaryState *state, const SummaryType *type, const SummaryNeed *more)
{
	const Tally *tally = summary_tally(state);
	StateRoom	room = {.cells = tally->capacity};
	bool	   *live = NULL;
	SummaryState *grown;

	CHECK_FOR_INTERRUPTS();
	if (type->names == NULL || more->cells > TALLY_LIMIT(tally->capacity) - tally->used)
		room.cells = capacity_for((uint64) tally_live(tally) + more->cells, type);
	if (type->max_groups > 0)
	{
		live = live_rows(state, type);
		plan_labels(&room, state, type, live, more);
	}
	if (type->names != NULL)
		room.names = name_sets_room(names_of(state, type), room.labels, more->names, more->name_bytes,
									more->sketches);

	grown = create(type, summary_identity(state), state->identity_size, state->nsums, &room);
	grown->inputs = state->inputs;
	memcpy(summary_sums(grown), summary_sums(state), sizeof(Sum128) * state->nsums);
	if (type->max_groups > 0)
	{
		copy_groups(grown, state, type, live);
		pfree(live);
	}
	else
		tally_rehash(summary_tally(grown), summary_tally(state));
	if (type->names != NULL)
		name_sets_copy(names_of(grown, type), names_of(state, type));
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
			out_of_range(type, "a count");
			break;
		case TALLY_NEGATIVE:
			below_zero(type);
			break;
		case TALLY_FULL:
			summary_damaged(type, "its sizes do not agree");
			break;
	}
	return state;
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
		below_zero(type);
	if (type->tags_differ != NULL)
	{
		int64	   *mine = &tags_of(state)[number];

		if (*mine != tag && (uint32) number < used &&
			!summary_all_zero(summary_row_sums(state, number + 1), state->nsums))
			type->tags_differ(label, *mine, tag);
		*mine = tag;
	}
	return (uint32) number + 1;
}

SummaryState *
summary_add_name(SummaryState *state, const SummaryType *type, uint32 row, Label name)
{
	if (!name_sets_fit(names_of(state, type), 1, name.length))
		state = summary_grow(state, type, &(SummaryNeed) {.names = 1, .name_bytes = name.length});
	if (!name_sets_add(names_of(state, type), row - 1, name))
	{
		state = summary_grow(state, type, &(SummaryNeed) {.sketches = 1});
		(void) name_sets_add(names_of(state, type), row - 1, name);
	}
	return state;
}

/* ---------------------------------------------------------------- merging */

static void
add_sums(Sum128 *sums, const Sum128 *others, int nsums, int sign, const SummaryType *type)
{
	for (int i = 0; i < nsums; i++)
		if (sign > 0 ? !sum128_add(&sums[i], others[i]) : !sum128_subtract(&sums[i], others[i]))
			out_of_range(type, "a sum");
}

static SummaryState *
add_names(SummaryState *state, const SummaryType *type, uint32 row, const NameSet *set)
{
	for (uint32 i = 0; i < set->n; i++)
		state = summary_add_name(state, type, row, set->names[i]);
	if (set->registers != NULL &&
		!name_sets_add_registers(names_of(state, type), row - 1, set->registers))
	{
		state = summary_grow(state, type, &(SummaryNeed) {.sketches = 1});
		(void) name_sets_add_registers(names_of(state, type), row - 1, set->registers);
	}
	return state;
}

/* Adds a group but for its cells, of which there will be so many, and says in which row. */
static SummaryState *
merge_head(SummaryState *state, const SummaryType *type, const SummaryGroup *group, int sign, uint32 *row)
{
	*row = 0;
	if (group->label.length > 0)
	{
		if (sign > 0)
			state = summary_reserve(state, type, 1, group->label.length, group->ncells);
		*row = summary_row(state, type, group->label, group->tag, sign);
	}
	add_sums(summary_row_sums(state, *row), group->sums, state->nsums, sign, type);
	if (group->names != NULL)
		state = add_names(state, type, *row, group->names);
	return state;
}

static SummaryState *
merge_group(SummaryState *state, const SummaryType *type, const SummaryGroup *group, int sign)
{
	uint32		row;

	state = merge_head(state, type, group, sign, &row);
	for (uint32 i = 0; i < group->ncells; i++)
	{
		state = summary_add_to_row(state, type, row, group->cells[i].key, sign * group->cells[i].count);
		if ((i & INTERRUPT_STRIDE) == INTERRUPT_STRIDE)
			CHECK_FOR_INTERRUPTS();
	}
	return state;
}

SummaryState *
summary_merge(SummaryState *state, const SummaryType *type, const SummaryView *other, int sign)
{
	summary_require_same(summary_identity(state), state->identity_size,
						 other->identity, other->identity_size, type);
	if (state->nsums != other->nsums)
		summary_damaged(type, "its sums are malformed");

	/*
	 * One step of growing where the many surely do not fit. The keys come in
	 * ascending order: those of another hash table, as they stand in it, would
	 * pile up in a smaller one.
	 */
	if (sign > 0 && other->all.ncells > TALLY_LIMIT(summary_tally(state)->capacity))
		state = summary_grow(state, type, &(SummaryNeed) {.cells = other->all.ncells});
	state = merge_group(state, type, &other->all, sign);
	for (uint32 i = 0; i < other->ngroups; i++)
	{
		state = merge_group(state, type, &other->groups[i], sign);
		if ((i & 0xFFF) == 0xFFF)
			CHECK_FOR_INTERRUPTS();
	}
	return state;
}

/* Adds the cells that a reader gives, in the row whose keys begin at `row_key`. */
static SummaryState *
merge_cells(SummaryState *state, const SummaryType *type, uint64 row_key, TallyReader *cells, int sign)
{
	TallyReader reader = *cells;
	TallyEntry	entry;

	while (tally_read_next(&reader, &entry))
	{
		state = summary_add_quickly(state, type, row_key + entry.key, sign * entry.count);
		if ((reader.remaining & INTERRUPT_STRIDE) == INTERRUPT_STRIDE)
			CHECK_FOR_INTERRUPTS();
	}
	*cells = reader;
	return state;
}

SummaryState *
summary_merge_packed(FunctionCallInfo fcinfo, const SummaryType *type, const struct varlena *value, int sign)
{
	SummaryReader reader;
	SummaryState *state;

	if (!summary_read_begin(&reader, type, (const uint8 *) VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value)))
		summary_damaged(type, reader.problem);
	state = summary_state(fcinfo, type, reader.identity, reader.identity_size, reader.nsums);
	while (summary_read_group(&reader))
	{
		uint32		row;

		state = merge_head(state, type, &reader.group, sign, &row);
		if (type->key_bits > 0)
			state = merge_cells(state, type, summary_row_key(type, row, 0), &reader.cells, sign);
	}
	if (reader.problem != NULL)
		summary_damaged(type, reader.problem);
	return state;
}

/* ---------------------------------------------------------------- the state of a transition */

SummaryState *
summary_open_view(const SummaryView *view, const SummaryType *type)
{
	SummaryState *state = summary_create(type, view->identity, view->identity_size, view->nsums);

	state = summary_merge(state, type, view, 1);
	state->inputs = 1;
	return state;
}

/* A state argument that holds something, as an open form that may be changed. */
static SummaryState *
open_argument(FunctionCallInfo fcinfo, const SummaryType *type)
{
	Datum		datum = PG_GETARG_DATUM(0);
	struct varlena *value = PG_DETOAST_DATUM_PACKED(datum);
	SummaryState *state;
	SummaryView view;

	/* first the case of every row but the first */
	if (VARATT_IS_4B_U(value) && summary_is_open(value) && (uintptr_t) value % sizeof(int64) == 0 &&
		(Pointer) value == DatumGetPointer(datum) && AggCheckCallContext(fcinfo, NULL))
	{
		check_open((SummaryState *) value, type);
		return (SummaryState *) value;
	}
	if (summary_is_open(value))
	{
		state = summary_open_form(value, type);

		/* a detoasted copy is ours already */
		if ((Pointer) state != DatumGetPointer(datum) || AggCheckCallContext(fcinfo, NULL))
			return state;
		return memcpy(palloc(VARSIZE(state)), state, VARSIZE(state));
	}
	summary_view(&view, type, PointerGetDatum(value));
	return summary_open_view(&view, type);
}

SummaryState *
summary_state(FunctionCallInfo fcinfo, const SummaryType *type,
			  const void *identity, Size identity_size, int nsums)
{
	SummaryState *state;

	if (PG_ARGISNULL(0))
		return summary_create(type, identity, identity_size, nsums);
	state = open_argument(fcinfo, type);
	if (state->identity_size == identity_size && state->nsums == nsums &&
		memcmp(summary_identity(state), identity, identity_size) == 0)
		return state;
	if (state->inputs > 0)
	{
		summary_require_same(summary_identity(state), state->identity_size, identity, identity_size, type);
		summary_damaged(type, "its sums are malformed");
	}
	return summary_create(type, identity, identity_size, nsums);
}

Datum
summary_unchanged(FunctionCallInfo fcinfo, const SummaryType *type)
{
	if (!PG_ARGISNULL(0))
		PG_RETURN_DATUM(PG_GETARG_DATUM(0));
	if (AggCheckCallContext(fcinfo, NULL) == AGG_CONTEXT_WINDOW)
		PG_RETURN_POINTER(summary_create(type, "", 0, 0));
	PG_RETURN_NULL();
}
