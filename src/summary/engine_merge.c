/*
 * engine_merge.c
 *		Summaries added to an open form, and the state of a transition function.
 */
#include "summary/known_groups.h"

#include "common/int.h"
#include "miscadmin.h"
#include "utils/memutils.h"

/* Entries between two looks at a pending cancel. */
#define INTERRUPT_STRIDE 0xFFFF

/* ---------------------------------------------------------------- merging */

static SummaryState *
add_names(SummaryState *state, const SummaryType *type, uint32 row, const NameSet *set)
{
	for (uint32 i = 0; i < set->n; i++)
		state = summary_add_name(state, type, row, set->names[i]);
	if (set->registers != NULL &&
		!name_sets_add_registers(summary_names(state, type), row - 1, set->registers))
	{
		state = summary_grow(state, type, &(SummaryNeed) {.sketches = 1});
		(void) name_sets_add_registers(summary_names(state, type), row - 1, set->registers);
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
	summary_add_sums(summary_row_sums(state, type, *row), group->sums,
					 *row > 0 ? summary_named_sums(type, state->nsums) : state->nsums, sign, type);
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

static void
require_same(const void *identity, Size identity_size, int nsums, const SummaryView *other, const SummaryType *type)
{
	summary_require_same(identity, identity_size, other->identity, other->identity_size, type);
	if (nsums != other->nsums)
		summary_sums_differ(type);
}

SummaryState *
summary_merge(SummaryState *state, const SummaryType *type, const SummaryView *other, int sign)
{
	require_same(summary_identity(state), state->identity_size, state->nsums, other, type);

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

/* The cells of both sides, ascending; counts that become zero are dropped. */
static void
merge_sorted_cells(SummaryGroup *sum, const SummaryGroup *left, const SummaryGroup *right, int sign,
				   const SummaryType *type)
{
	uint32		i = 0;
	uint32		j = 0;

	sum->cells = palloc_extended(sizeof(TallyEntry) * Max((Size) left->ncells + right->ncells, 1), MCXT_ALLOC_HUGE);
	sum->ncells = 0;
	for (uint32 n = 1; i < left->ncells || j < right->ncells; n++)
	{
		TallyEntry *cell = &sum->cells[sum->ncells];
		bool		from_right = i == left->ncells || (j < right->ncells && right->cells[j].key <= left->cells[i].key);

		*cell = from_right ? right->cells[j] : left->cells[i];
		if (from_right)
		{
			cell->count = i < left->ncells && left->cells[i].key == cell->key ? left->cells[i++].count : 0;
			if (pg_add_s64_overflow(cell->count, sign * right->cells[j++].count, &cell->count))
				summary_out_of_range(type, "a count");
			if (cell->count < 0)
				summary_below_zero(type);
		}
		else
			i++;
		sum->ncells += cell->count != 0;
		if ((n & INTERRUPT_STRIDE) == 0)
			CHECK_FOR_INTERRUPTS();
	}
	if (sum->ncells > TALLY_LIMIT(SUMMARY_MAX_CELLS))
		summary_too_many_cells(type);
}

/* A view as an open form with one input. */
static SummaryState *
open_view(const SummaryView *view, const SummaryType *type)
{
	SummaryState *state = summary_create(type, view->identity, view->identity_size, view->nsums);

	state = summary_merge(state, type, view, 1);
	state->inputs = 1;
	return state;
}

void
summary_merge_views(SummaryView *sum, const SummaryType *type, const SummaryView *left, const SummaryView *right,
					int sign)
{
	if (type->max_groups > 0)
	{
		SummaryState *state = summary_merge(open_view(left, type), type, right, sign);

		summary_view_open(sum, type, state, NULL);
		return;
	}

	require_same(left->identity, left->identity_size, left->nsums, right, type);
	*sum = *left;
	sum->all.sums = palloc(sizeof(Sum128) * Max(sum->nsums, 1));
	memcpy(sum->all.sums, left->all.sums, sizeof(Sum128) * sum->nsums);
	summary_add_sums(sum->all.sums, right->all.sums, sum->nsums, sign, type);
	merge_sorted_cells(&sum->all, &left->all, &right->all, sign, type);
}

/* Adds the cells that a reader gives, in the row whose keys begin at `row_key`. */
static SummaryState *
merge_cells(SummaryState *state, const SummaryType *type, uint64 row_key, TallyReader *cells, int sign)
{
	TallyReader reader = *cells;
	TallyEntry	four[TALLY_FOUR];
	TallyEntry	entry;
	bool		mostly_short = tally_mostly_short(&reader);

	for (;;)
	{
		while (mostly_short && tally_read_four(&reader, four))
		{
			for (int i = 0; i < TALLY_FOUR; i++)
				state = summary_add_quickly(state, type, row_key + four[i].key, sign * four[i].count);
			if ((reader.remaining & INTERRUPT_STRIDE) < TALLY_FOUR)
				CHECK_FOR_INTERRUPTS();
		}
		if (!tally_read_next(&reader, &entry))
			break;
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
	KnownGroups *known = known_groups(fcinfo, type);
	uint32		unknown = 0;
	SummaryReader reader;
	SummaryState *state;

	if (!summary_read_begin(&reader, type, (const uint8 *) VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value)))
		summary_damaged(type, reader.problem);
	state = summary_state(fcinfo, type, reader.identity, reader.identity_size, reader.nsums);
	while (summary_read_more(&reader))
	{
		uint32		place = 0;
		uint32		row;

		if (known != NULL && reader.begun && known_groups_merge(known, &state, type, &reader, sign, &place))
			continue;
		if (!summary_read_next(&reader))
			break;
		state = merge_head(state, type, &reader.group, sign, &row);
		if (type->key_bits > 0)
			state = merge_cells(state, type, summary_row_key(type, row, 0), &reader.cells, sign);
		if (known != NULL && row > 0)
		{
			known->rows[place] = row;
			unknown++;
		}
	}
	if (reader.problem != NULL)
		summary_damaged(type, reader.problem);
	if (known != NULL)
		known_groups_learn(known, reader.ngroups, unknown);
	return state;
}

/* ---------------------------------------------------------------- the state of a transition */

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
		summary_check_open((SummaryState *) value, type);
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
	return open_view(&view, type);
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
		summary_sums_differ(type);
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
