/*
 * win_bytes.c
 *		The two forms of a win_summary: growing the open one, packing it, taking
 *		either apart, and checking that deals can have made it.
 *
 * The bytes stand in win_summary.h.
 */
#include "summary/win_summary.h"

#include "miscadmin.h"
#include "utils/memutils.h"

#include "base/call_cache.h"
#include "base/name_table.h"
#include "base/problem.h"
#include "plain/varint.h"

#define TYPE_NAME "win_summary"

#define WIN_CELL(row, key) ((uint64) (row) * 8192 + (key))
#define CELL_ROW(cell) ((cell) / 8192)
#define CELL_KEY(cell) ((cell) % 8192)

StaticAssertDecl(WIN_KEY(WIN_MAX_CONSIDERED, 7) < 8192, "a cell holds its key");

/* Entries between two looks at a pending cancel. */
#define INTERRUPT_STRIDE 0xFFFF

#define MAX_CELLS (UINT32_C(1) << 25)

/* ---------------------------------------------------------------- the open form */

static Size
open_size(uint32 name_capacity, uint32 name_room, uint32 cell_capacity)
{
	return sizeof(WinState) + name_table_size(name_capacity, name_room) +
		sizeof(WinAmounts) * ((Size) name_capacity + 1) + tally_size(cell_capacity);
}

static inline bool
is_open(const void *datum)
{
	return VARSIZE_ANY_EXHDR(datum) >= 2 &&
		(((const uint8 *) VARDATA_ANY(datum))[1] & WIN_OPEN_FORM);
}

static void
damaged(const char *problem)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATA_CORRUPTED),
			 errmsg("damaged " TYPE_NAME " value"),
			 errdetail_problem(problem)));
}

static void
out_of_range(const char *what)
{
	ereport(ERROR,
			(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
			 errmsg("%s of " TYPE_NAME " is out of range", what)));
}

static void
below_zero(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
			 errmsg("a count of " TYPE_NAME " would fall below zero"),
			 errdetail("What is subtracted must have been part of the summary.")));
}

static void
win_too_many(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
			 errmsg(TYPE_NAME " value would hold too many competitors"),
			 errdetail("A summary holds at most %d competitors, and 1 GB.", WIN_MAX_COMPETITORS)));
}

/* An empty state with room for so many names, bytes of names and cells, and more. */
WinState *
win_create(uint64 names, uint64 bytes, uint64 cells)
{
	uint32		name_capacity = name_table_capacity(names);
	uint32		name_room = name_table_room(Max(bytes, 32));
	uint32		cell_capacity = TALLY_MIN_CAPACITY;
	Size		size;
	WinState   *state;

	while (cell_capacity < MAX_CELLS && TALLY_LIMIT(cell_capacity) < cells + cells / 2)
		cell_capacity *= 2;
	if (TALLY_LIMIT(cell_capacity) < cells)
		win_too_many();
	size = open_size(name_capacity, name_room, cell_capacity);
	if (!AllocSizeIsValid(size))
		win_too_many();
	state = palloc(size);
	memset(state, 0, sizeof(WinState));
	SET_VARSIZE(state, size);
	state->version = WIN_SUMMARY_VERSION;
	state->flags = WIN_OPEN_FORM;
	state->name_capacity = name_capacity;
	state->name_room = name_room;
	state->cell_capacity = cell_capacity;
	name_table_init(state_names(state), name_capacity, name_room);
	memset(state_amounts(state), 0, sizeof(WinAmounts) * ((Size) name_capacity + 1));
	tally_init(state_cells(state), cell_capacity);
	return state;
}

/* Detoasts an open form to where its fields are aligned, and checks its sizes. */
static WinState *
aligned_open(Datum datum)
{
	WinState   *state = (WinState *) PG_DETOAST_DATUM(datum);
	Size		size = VARSIZE(state);

	if ((uintptr_t) state % sizeof(int64) != 0)
		state = memcpy(palloc(size), state, size);
	if (size < sizeof(WinState) || state->version != WIN_SUMMARY_VERSION ||
		state->flags != WIN_OPEN_FORM ||
		state->name_capacity < NAME_TABLE_MIN_CAPACITY ||
		state->name_capacity > 4 * WIN_MAX_COMPETITORS ||
		(state->name_capacity & (state->name_capacity - 1)) != 0 ||
		state->name_room % 8 != 0 ||
		state->cell_capacity < TALLY_MIN_CAPACITY || state->cell_capacity > MAX_CELLS ||
		(state->cell_capacity & (state->cell_capacity - 1)) != 0 ||
		size != open_size(state->name_capacity, state->name_room, state->cell_capacity) ||
		!name_table_sane(state_names(state), state->name_capacity, state->name_room) ||
		state_cells(state)->capacity != state->cell_capacity ||
		state_cells(state)->used > TALLY_LIMIT(state->cell_capacity))
		damaged("its sizes do not agree");
	return state;
}

/* ---------------------------------------------------------------- views */

static inline bool
is_zero(Sum128 a, Sum128 b)
{
	return (a.low | b.low) == 0 && (a.high | b.high) == 0;
}

static int
compare_groups(const void *a, const void *b)
{
	return label_compare(((const WinGroup *) a)->name, ((const WinGroup *) b)->name);
}

/* Names that no deal is left of are not in the view. The order is that of the window it belongs to, if any. */
static void
view_open(WinView *view, const WinState *state, TallyOrder *order)
{
	const Tally *tally = state_cells(state);
	const NameTable *names = state_names(state);
	const WinAmounts *amounts = state_amounts(state);
	TallyEntry *cells;
	uint32		ncells;
	bool	   *named = palloc0(names->used + 1);
	uint32		i = 0;

	if (order != NULL)
	{
		ncells = tally_sorted_again(tally, order);
		cells = order->entries;
	}
	else
	{
		cells = palloc_extended(sizeof(TallyEntry) * 2 * (Size) Max(tally->used, 1),
								MCXT_ALLOC_HUGE);
		ncells = tally_sorted(tally, cells);
	}
	memset(view, 0, sizeof(*view));
	view->all.amounts = amounts[0];
	view->all.cells = cells;
	view->competitors = palloc_extended(sizeof(WinGroup) * (Size) Max(names->used, 1),
										MCXT_ALLOC_HUGE);
	while (i < ncells)
	{
		uint64		row = CELL_ROW(cells[i].key);
		WinGroup   *group = &view->all;

		if (row > 0)
		{
			if (row > names->used)
				damaged("a cell has no name");
			Assert(view->ncompetitors < names->used);
			group = &view->competitors[view->ncompetitors++];
			group->name = name_table_label(names, row - 1);
			group->amounts = amounts[row];
			group->cells = &cells[i];
			group->ncells = 0;
			named[row] = true;
		}
		for (; i < ncells && CELL_ROW(cells[i].key) == row; i++)
		{
			cells[i].key = CELL_KEY(cells[i].key);
			group->ncells++;
		}
	}
	for (uint32 row = 1; row <= names->used; row++)
		if (!named[row] && !is_zero(amounts[row].won, amounts[row].lost))
			view->stray_amounts = true;
	pfree(named);
	qsort(view->competitors, view->ncompetitors, sizeof(WinGroup), compare_groups);
	if (view->ncompetitors > WIN_MAX_COMPETITORS)
		win_too_many();
}

/* The one problem that adding makes, too. */
static const char out_of_range_count[] = "a count is out of range";

/* Ranges of one group, and amounts only where there are deals. */
static const char *
check_group(const WinGroup *group, int64 least_considered)
{
	int64		deals = 0;
	bool		won = false;
	bool		lost = false;

	for (uint32 i = 0; i < group->ncells; i++)
	{
		const TallyEntry *cell = &group->cells[i];
		int			category = WIN_KEY_CATEGORY(cell->key);

		if (category >= WIN_CATEGORIES)
			return "a category is unknown";
		if (cell->key / 8 < least_considered || cell->key / 8 > WIN_MAX_CONSIDERED)
			return "a number of competitors is out of range";
		if (cell->count <= 0 || cell->count > WIN_MAX_DEALS - deals)
			return out_of_range_count;
		deals += cell->count;
		won |= category == WIN_WON;
		lost |= category == WIN_LOST || category == WIN_LOST_TO;
	}
	if ((!won && !is_zero(group->amounts.won, group->amounts.won)) ||
		(!lost && !is_zero(group->amounts.lost, group->amounts.lost)))
		return "there are amounts without deals";
	return NULL;
}

/* Of all deals seen so far, and of the competitors' rows: counts by WIN_KEY. */
typedef struct WinCheck
{
	int64		most;			/* competitors in a deal */
	int64	   *deals;
	int64	   *seen;
	Label		last;			/* competitor */
} WinCheck;

/* NULL, or why not; as are the next two. */
static const char *
check_all(WinCheck *check, const WinGroup *all)
{
	const char *problem = check_group(all, 0);

	if (problem != NULL)
		return problem;
	check->most = all->ncells > 0 ? WIN_KEY_CONSIDERED(all->cells[all->ncells - 1].key) : 0;
	check->deals = palloc0(sizeof(int64) * 2 * 8 * (check->most + 1));
	check->seen = check->deals + 8 * (check->most + 1);
	check->last.length = 0;
	for (uint32 i = 0; i < all->ncells; i++)
		check->deals[all->cells[i].key] = all->cells[i].count;
	return NULL;
}

static const char *
check_competitor(WinCheck *check, const WinGroup *group)
{
	const char *problem;

	if (group->name.length == 0 || group->name.length > LABEL_MAX_BYTES ||
		(check->last.length > 0 && label_compare(check->last, group->name) >= 0))
		return "its competitors are not in ascending order";
	check->last = group->name;
	if (group->ncells == 0)
		return "a competitor has no deals";
	problem = check_group(group, 1);
	if (problem != NULL)
		return problem;
	if (WIN_KEY_CONSIDERED(group->cells[group->ncells - 1].key) > check->most)
		return "a competitor has more deals than there are";
	for (uint32 i = 0; i < group->ncells; i++)
	{
		uint64		key = group->cells[i].key;
		int64		count = group->cells[i].count;
		int64		possible = check->deals[key];

		if (WIN_KEY_CATEGORY(key) == WIN_LOST)
		{
			/* a loss to another one, which is that one's LOST_TO, is LOST here */
			possible += check->deals[key + 1];
			if (i + 1 < group->ncells && group->cells[i + 1].key == key + 1)
				possible -= group->cells[i + 1].count;
		}
		if (count > possible)
			return "a competitor has more deals than there are";
		check->seen[key] += count;
		if (check->seen[key] > WIN_KEY_CONSIDERED(key) * WIN_MAX_DEALS)
			return out_of_range_count;
	}
	return NULL;
}

/* A deal with k competitors is in k of their rows: for every k they add up to k times the deals. */
static const char *
check_sums(WinCheck *check)
{
	const char *problem = NULL;

	for (int64 k = 1; k <= check->most; k++)
	{
		const int64 *row = &check->deals[WIN_KEY(k, 0)];
		const int64 *sum = &check->seen[WIN_KEY(k, 0)];

		if (sum[WIN_WON] != k * row[WIN_WON] ||
			sum[WIN_LOST] + sum[WIN_LOST_TO] != k * (row[WIN_LOST] + row[WIN_LOST_TO]) ||
			sum[WIN_LOST_TO] > row[WIN_LOST_TO] ||
			sum[WIN_NO_DECISION] != k * row[WIN_NO_DECISION] ||
			sum[WIN_STILL_OPEN] != k * row[WIN_STILL_OPEN])
			problem = "the deals of the competitors do not add up";
	}
	pfree(check->deals);
	return problem;
}

/* Can deals have made this? NULL, or why not. */
const char *
win_check_view(const WinView *view)
{
	WinCheck	check;
	const char *problem = check_all(&check, &view->all);

	if (problem == NULL && view->stray_amounts)
		problem = "there are amounts without deals";
	if (problem == NULL && view->ncompetitors > WIN_MAX_COMPETITORS)
		problem = "it has too many competitors";
	for (uint32 i = 0; problem == NULL && i < view->ncompetitors; i++)
	{
		problem = check_competitor(&check, &view->competitors[i]);
		if ((i & 0xFF) == 0)
			CHECK_FOR_INTERRUPTS();
	}
	return problem != NULL ? problem : check_sums(&check);
}

void
win_cell_list_grow(CellList *list)
{
	list->capacity = Max(64, list->capacity * 2);
	list->cells = list->cells == NULL ? palloc(sizeof(TallyEntry) * list->capacity) :
		repalloc_huge(list->cells, sizeof(TallyEntry) * list->capacity);
}

/* Once all cells are there: each group's part of the list. */
void
win_distribute_cells(WinView *view, const CellList *list)
{
	Size		next = view->all.ncells;

	view->all.cells = list->cells;
	for (uint32 i = 0; i < view->ncompetitors; i++)
	{
		/* a damaged one may have none, and then there may be no list */
		if (view->competitors[i].ncells > 0)
			view->competitors[i].cells = list->cells + next;
		next += view->competitors[i].ncells;
	}
	Assert(next == list->n);
}

/* Reads amounts and cells of a group; returns what follows, NULL when malformed. */
static const uint8 *
read_group(WinGroup *group, CellList *list, const uint8 *in, const uint8 *end)
{
	static const WinAmounts none = {{0, 0}, {0, 0}};
	Size		first = list->n;
	TallyReader reader;
	TallyEntry	entry;

	if (end - in >= 2 && in[0] == 0 && in[1] == 0)
	{
		group->amounts = none;
		in += 2;
	}
	else
	{
		in = sum128_varint_read(in, end, &group->amounts.won);
		if (in != NULL)
			in = sum128_varint_read(in, end, &group->amounts.lost);
		if (in == NULL)
			return NULL;
	}
	tally_read_begin(&reader, in, end);
	while (tally_read_next(&reader, &entry))
	{
		if (entry.key > WIN_KEY(WIN_MAX_CONSIDERED, 7))
			return NULL;
		*win_cell_list_add(list) = entry;
	}
	group->ncells = (uint32) (list->n - first);
	group->cells = list->n > 0 ? list->cells + first : NULL;
	return reader.damaged ? NULL : reader.next;
}

/*
 * Packed bytes group by group, all deals first, each checked as it is read:
 *
 *		read_begin(&reader, data, size);
 *		while (read_next(&reader))
 *			... reader.group, its cells at the end of reader.list
 *		problem = read_end(&reader);
 */
typedef struct GroupReader
{
	const uint8 *in;
	const uint8 *end;
	const char *problem;		/* what is wrong, once it is known */
	bool		begun;
	uint32		competitors;
	uint32		remaining;
	WinGroup	group;
	CellList	list;
	WinCheck	check;
} GroupReader;

static void
read_begin(GroupReader *reader, const uint8 *data, Size size)
{
	memset(reader, 0, sizeof(*reader));
	reader->in = data + 2;
	reader->end = data + size;
	if (size < 2)
		reader->problem = "it is too short";
	else if (data[0] != WIN_SUMMARY_VERSION)
		reader->problem = "its version is unknown";
	else if (data[1] != 0)
		reader->problem = "its flags are unknown";
}

static bool
read_next(GroupReader *reader)
{
	WinGroup   *group = &reader->group;
	const uint8 *in = reader->in;
	uint64		n;

	if (reader->problem != NULL || (reader->begun && reader->remaining == 0))
		return false;
	group->name.length = 0;
	if (reader->begun)
	{
		if (in >= reader->end || in[0] == 0 || in[0] > reader->end - in - 1)
		{
			reader->problem = "a name is cut off";
			return false;
		}
		group->name.length = *in++;
		group->name.data = (const char *) in;
	}
	in = read_group(group, &reader->list, in + group->name.length, reader->end);
	if (in != NULL && !reader->begun)
	{
		in = varint_read(in, reader->end, &n);
		if (in == NULL || n > (uint64) (reader->end - in) || n > WIN_MAX_COMPETITORS)
			in = NULL;
		else
			reader->competitors = reader->remaining = (uint32) n;
	}
	else
	{
		reader->remaining--;
		if ((reader->remaining & 0xFF) == 0)
			CHECK_FOR_INTERRUPTS();
	}
	if (in == NULL)
	{
		reader->problem = "it is malformed";
		return false;
	}
	reader->in = in;
	reader->problem = reader->begun ? check_competitor(&reader->check, group) :
		check_all(&reader->check, group);
	reader->begun = true;
	return reader->problem == NULL;
}

static const char *
read_end(GroupReader *reader)
{
	if (reader->problem == NULL && reader->in != reader->end)
		reader->problem = "bytes are left over";
	return reader->problem != NULL ? reader->problem : check_sums(&reader->check);
}

/* Takes packed bytes apart; returns NULL or what is wrong with them. */
const char *
win_view_packed(WinView *view, const uint8 *data, Size size)
{
	GroupReader reader;
	const char *problem;

	memset(view, 0, sizeof(*view));
	read_begin(&reader, data, size);
	while (read_next(&reader))
	{
		if (reader.group.name.length == 0)
		{
			view->all = reader.group;
			view->competitors = palloc(sizeof(WinGroup) * Max(reader.competitors, 1));
		}
		else
			view->competitors[view->ncompetitors++] = reader.group;
	}
	problem = read_end(&reader);
	if (problem == NULL)
		win_distribute_cells(view, &reader.list);
	return problem;
}

void
win_view(WinView *view, Datum datum)
{
	struct varlena *value = PG_DETOAST_DATUM_PACKED(datum);
	const char *problem;

	if (is_open(value))
	{
		view_open(view, aligned_open(PointerGetDatum(value)), NULL);
		problem = win_check_view(view);
	}
	else
		problem = win_view_packed(view, (const uint8 *) VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value));
	if (problem != NULL)
		damaged(problem);
}

/* ---------------------------------------------------------------- packing */

static Size
group_size(const WinGroup *group)
{
	return sum128_varint_size(group->amounts.won) + sum128_varint_size(group->amounts.lost) +
		tally_packed_size(group->cells, group->ncells);
}

static uint8 *
write_group(uint8 *out, const WinGroup *group)
{
	out = sum128_varint_write(out, group->amounts.won);
	out = sum128_varint_write(out, group->amounts.lost);
	return tally_pack(out, group->cells, group->ncells);
}

struct varlena *
win_pack(const WinView *view)
{
	Size		size = VARHDRSZ + 2 + group_size(&view->all) + varint_size(view->ncompetitors);
	struct varlena *packed;
	uint8	   *out;

	for (uint32 i = 0; i < view->ncompetitors; i++)
		size += 1 + view->competitors[i].name.length + group_size(&view->competitors[i]);
	if (!AllocSizeIsValid(size))
		win_too_many();
	packed = palloc(size);
	SET_VARSIZE(packed, size);
	out = (uint8 *) VARDATA(packed);
	*out++ = WIN_SUMMARY_VERSION;
	*out++ = 0;
	out = write_group(out, &view->all);
	out = varint_write(out, view->ncompetitors);
	for (uint32 i = 0; i < view->ncompetitors; i++)
	{
		const WinGroup *group = &view->competitors[i];

		*out++ = (uint8) group->name.length;
		memcpy(out, group->name.data, group->name.length);
		out = write_group(out + group->name.length, group);
	}
	Assert(out == (uint8 *) packed + size);
	return packed;
}

/* ---------------------------------------------------------------- growing */

/* The row of a name, added when there is more to count; 0 for all deals. 22003 when it is not there. */
uint32
win_row(WinState *state, Label name, int sign)
{
	int			number;

	if (name.length == 0)
		return 0;
	number = sign > 0 ? name_table_add(state_names(state), name) :
		name_table_find(state_names(state), name);
	if (number < 0)
		below_zero();
	return (uint32) number + 1;
}

void
win_add(WinState *state, uint32 row, uint64 key, int64 count)
{
	Tally	   *cells = state_cells(state);

	if (likely(tally_add_quickly(cells, WIN_CELL(row, key), count)))
		return;
	switch (tally_add(cells, WIN_CELL(row, key), count))
	{
		case TALLY_OK:
			break;
		case TALLY_OVERFLOW:
			out_of_range("a count");
			break;
		case TALLY_NEGATIVE:
			below_zero();
			break;
		case TALLY_FULL:
			damaged("its sizes do not agree");
			break;
	}
}

void
win_add_amounts(WinState *state, uint32 row, WinAmounts amounts, int sign)
{
	WinAmounts *sums = &state_amounts(state)[row];

	if (sign > 0 ?
		!sum128_add(&sums->won, amounts.won) || !sum128_add(&sums->lost, amounts.lost) :
		!sum128_subtract(&sums->won, amounts.won) || !sum128_subtract(&sums->lost, amounts.lost))
		out_of_range("an amount");
}

/* Adds or subtracts a group, growing. */
static WinState *
add_group(WinState *state, const WinGroup *group, int sign)
{
	uint32		row;

	if (sign > 0)
		state = win_reserve(state, group->name.length > 0, group->name.length, group->ncells);
	row = win_row(state, group->name, sign);
	for (uint32 i = 0; i < group->ncells; i++)
		win_add(state, row, group->cells[i].key, sign * group->cells[i].count);
	if (!is_zero(group->amounts.won, group->amounts.lost))
		win_add_amounts(state, row, group->amounts, sign);
	return state;
}

/* A larger copy in the current context, with room for so much more. */
WinState *
win_grow(const WinState *state, uint64 names, uint64 bytes, uint64 cells)
{
	WinView		view;
	WinState   *grown;

	CHECK_FOR_INTERRUPTS();
	view_open(&view, state, NULL);
	names += view.ncompetitors;
	cells += view.all.ncells;
	for (uint32 i = 0; i < view.ncompetitors; i++)
	{
		bytes += view.competitors[i].name.length;
		cells += view.competitors[i].ncells;
	}
	grown = win_create(names, bytes, cells);
	grown = add_group(grown, &view.all, 1);
	for (uint32 i = 0; i < view.ncompetitors; i++)
		grown = add_group(grown, &view.competitors[i], 1);
	grown->inputs = state->inputs;
	return grown;
}

WinState *
win_open(Datum datum)
{
	struct varlena *value = PG_DETOAST_DATUM_PACKED(datum);
	WinState   *state;

	if (is_open(value))
	{
		state = aligned_open(PointerGetDatum(value));
		if ((Pointer) state == DatumGetPointer(datum))
			state = memcpy(palloc(VARSIZE(state)), state, VARSIZE(state));
		return state;
	}
	state = win_merge(win_create(0, 0, 0), PointerGetDatum(value), 1);
	state->inputs = 1;
	return state;
}

WinState *
win_state(FunctionCallInfo fcinfo, int argno)
{
	Datum		datum = PG_GETARG_DATUM(argno);

	/* in place when it is an aggregate's own */
	if (!VARATT_IS_EXTENDED(DatumGetPointer(datum)) && is_open(DatumGetPointer(datum)) &&
		AggCheckCallContext(fcinfo, NULL))
		return aligned_open(datum);
	return win_open(datum);
}

WinState *
win_merge(WinState *state, Datum other, int sign)
{
	struct varlena *value = PG_DETOAST_DATUM_PACKED(other);
	GroupReader reader;
	WinView		view;
	const char *problem;

	if (is_open(value))
	{
		win_view(&view, PointerGetDatum(value));
		state = add_group(state, &view.all, sign);
		for (uint32 i = 0; i < view.ncompetitors; i++)
		{
			state = add_group(state, &view.competitors[i], sign);
			if ((i & INTERRUPT_STRIDE) == INTERRUPT_STRIDE)
				CHECK_FOR_INTERRUPTS();
		}
		return state;
	}

	/* a stored one is checked and added group by group */
	read_begin(&reader, (const uint8 *) VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value));
	while (read_next(&reader))
	{
		state = add_group(state, &reader.group, sign);
		reader.list.n = 0;
	}
	problem = read_end(&reader);
	if (problem != NULL)
		damaged(problem);
	return state;
}

int64
win_inputs(Datum datum)
{
	struct varlena *value = PG_DETOAST_DATUM_PACKED(datum);

	return is_open(value) ? aligned_open(PointerGetDatum(value))->inputs : 1;
}

struct varlena *
win_finish(FunctionCallInfo fcinfo, Datum datum)
{
	struct varlena *value = PG_DETOAST_DATUM_PACKED(datum);
	WinState   *state;
	WinView		view;
	const char *problem;

	if (!is_open(value))
	{
		win_view(&view, PointerGetDatum(value));
		return win_pack(&view);
	}
	state = aligned_open(PointerGetDatum(value));
	view_open(&view, state, call_cache_order(fcinfo, state_cells(state)->used));
	problem = win_check_view(&view);
	if (problem == out_of_range_count)
		out_of_range("a count");
	if (problem != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("the result is not a possible " TYPE_NAME " value"),
				 errdetail_problem(problem),
				 errhint("What is subtracted must have been part of the summary.")));
	return win_pack(&view);
}
