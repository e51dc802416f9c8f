/*
 * counted_summary.c
 *		Growing, packing, merging, subtracting, sending and checking of every
 *		summary that is an identity, exact sums and a tally of cells.
 *
 * The byte layout of both forms stands in counted_summary.h.
 */
#include "summary/counted_summary.h"

#include "libpq/pqformat.h"
#include "miscadmin.h"
#include "utils/memutils.h"

#include "base/call_cache.h"
#include "base/problem.h"
#include "plain/varint.h"

/* Entries between two looks at a pending cancel. */
#define INTERRUPT_STRIDE 0xFFFF

/* No type has more; a damaged value must not ask for more. */
#define MAX_SUMS 256

#define VIEW_ERROR(...) ereport(ERROR, (errcode(ERRCODE_DATA_CORRUPTED), __VA_ARGS__))

/* ---------------------------------------------------------------- forms */

/* Of parts that are within their limits: none of them passes 1 GB. */
static inline Size
open_size(Size identity_size, int nsums, uint32 capacity)
{
	return sizeof(CountedSummary) + TYPEALIGN(8, identity_size) +
		(Size) nsums * sizeof(Sum128) + tally_size(capacity);
}

static inline bool
is_open(const void *datum)
{
	return VARSIZE_ANY_EXHDR(datum) >= 2 && (((const uint8 *) VARDATA_ANY(datum))[1] & COUNTED_OPEN);
}

static CountedSummary *
create(const void *identity, Size identity_size, int nsums, uint32 capacity)
{
	Size		size = open_size(identity_size, nsums, capacity);
	CountedSummary *state = palloc(size);

	memset(state, 0, size - tally_size(capacity));
	SET_VARSIZE(state, size);
	state->version = COUNTED_VERSION;
	state->flags = COUNTED_OPEN;
	state->nsums = (uint16) nsums;
	state->identity_size = (uint32) identity_size;
	memcpy((char *) state + sizeof(CountedSummary), identity, identity_size);
	tally_init(counted_tally(state), capacity);
	return state;
}

CountedSummary *
counted_create(const void *identity, Size identity_size, int nsums)
{
	Assert(nsums >= 0 && nsums <= MAX_SUMS);
	return create(identity, identity_size, nsums, TALLY_MIN_CAPACITY);
}

/* Is an open form what this room made? The lengths must agree before anything is read by them. */
static void
check_open(const CountedSummary *state, const CountedType *type)
{
	Size		size = VARSIZE(state);
	const Tally *tally;

	if (size < sizeof(CountedSummary) ||
		state->version != COUNTED_VERSION || state->flags != COUNTED_OPEN ||
		state->nsums > MAX_SUMS || state->identity_size > size ||
		size < open_size(state->identity_size, state->nsums, 0) ||
		(tally = counted_tally(state))->capacity < TALLY_MIN_CAPACITY ||
		tally->capacity > COUNTED_MAX_CAPACITY ||
		(tally->capacity & (tally->capacity - 1)) != 0 ||
		tally->used > TALLY_LIMIT(tally->capacity) ||
		size != open_size(state->identity_size, state->nsums, tally->capacity))
		VIEW_ERROR(errmsg("damaged %s value", type->name));
}

/* Detoasts an open form to where its fields are aligned. */
static CountedSummary *
aligned_open(Datum datum, const CountedType *type)
{
	CountedSummary *state = (CountedSummary *) PG_DETOAST_DATUM(datum);

	if ((uintptr_t) state % sizeof(int64) != 0)
	{
		Size		size = VARSIZE(state);

		state = memcpy(palloc(size), state, size);
	}
	check_open(state, type);
	return state;
}

/* ---------------------------------------------------------------- views */

/* The parts of a packed value, the sums and counts still packed. */
typedef struct PackedParts
{
	const uint8 *identity;
	Size		identity_size;
	const uint8 *sums;
	int			nsums;
	const uint8 *end;
} PackedParts;

/* Finds the parts; returns NULL or what is wrong with them. */
static const char *
find_parts(PackedParts *parts, const uint8 *data, Size size)
{
	const uint8 *end = data + size;
	const uint8 *in = data + 2;
	uint64		length;

	if (size < 2)
		return "it is too short";
	if (data[0] != COUNTED_VERSION)
		return "its version is unknown";
	if (data[1] != 0)
		return "its flags are unknown";
	in = varint_read(in, end, &length);
	if (in == NULL || length > (uint64) (end - in))
		return "its identity is cut off";
	parts->identity = in;
	parts->identity_size = (Size) length;
	in = varint_read(in + length, end, &length);
	if (in == NULL || length > MAX_SUMS)
		return "its sums are malformed";
	parts->nsums = (int) length;
	parts->sums = in;
	parts->end = end;
	return NULL;
}

/* Takes packed bytes apart; returns NULL or what is wrong with them. */
static const char *
read_packed(CountedView *view, const CountedType *type, const uint8 *data, Size size)
{
	PackedParts parts;
	const char *problem = find_parts(&parts, data, size);
	const uint8 *in;
	TallyReader reader;

	if (problem != NULL)
		return problem;
	in = parts.sums;
	view->identity = parts.identity;
	view->identity_size = parts.identity_size;
	view->nsums = parts.nsums;
	view->sums = palloc(sizeof(Sum128) * Max(view->nsums, 1));
	for (int i = 0; i < view->nsums; i++)
	{
		in = sum128_varint_read(in, parts.end, &view->sums[i]);
		if (in == NULL)
			return "its sums are malformed";
	}
	tally_read_begin(&reader, in, parts.end);
	if (reader.damaged || reader.remaining > TALLY_LIMIT(COUNTED_MAX_CAPACITY))
		return "its counts are malformed";
	view->entries = palloc(sizeof(TallyEntry) * Max(reader.remaining, 1));
	view->nentries = 0;
	while (tally_read_next(&reader, &view->entries[view->nentries]))
	{
		if ((++view->nentries & INTERRUPT_STRIDE) == 0)
			CHECK_FOR_INTERRUPTS();
		if (reader.remaining == 0)
			break;
	}
	if (reader.damaged)
		return "its counts are malformed";
	if (reader.next != parts.end)
		return "bytes are left over";
	return counted_check(view, type);
}

const char *
counted_check(const CountedView *view, const CountedType *type)
{
	return type->check(view->identity, view->identity_size, view->sums, view->nsums,
					   view->entries, view->nentries);
}

/* The cells of an open form that nobody vouches for; packed ones are read that way. */
static void
require_sound_cells(const CountedView *view, const CountedType *type)
{
	for (uint32 i = 0; i < view->nentries; i++)
		if (view->entries[i].count < 0 ||
			(i > 0 && view->entries[i].key <= view->entries[i - 1].key))
			VIEW_ERROR(errmsg("damaged %s value", type->name),
					   errdetail_problem("its counts are malformed"));
}

/* An open form taken apart, in the order of the window that it belongs to, if any. */
static void
view_state(CountedView *view, const CountedSummary *state, TallyOrder *order)
{
	const Tally *tally = counted_tally(state);

	view->identity = counted_identity(state);
	view->identity_size = state->identity_size;
	view->nsums = state->nsums;
	view->sums = counted_sums(unconstify(CountedSummary *, state));
	if (order != NULL)
	{
		view->nentries = tally_sorted_again(tally, order);
		view->entries = order->entries;
		return;
	}
	view->entries = palloc_extended(sizeof(TallyEntry) * 2 * (Size) Max(tally->used, 1),
									MCXT_ALLOC_HUGE);
	view->nentries = tally_sorted(tally, view->entries);
}

void
counted_view_open(CountedView *view, const CountedSummary *state)
{
	view_state(view, state, NULL);
}

void
counted_view(CountedView *view, const CountedType *type, Datum datum)
{
	struct varlena *value = PG_DETOAST_DATUM_PACKED(datum);
	const char *problem;

	if (is_open(value))
	{
		counted_view_open(view, aligned_open(PointerGetDatum(value), type));
		require_sound_cells(view, type);
		problem = counted_check(view, type);
	}
	else
		problem = read_packed(view, type, (const uint8 *) VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value));
	if (problem != NULL)
		VIEW_ERROR(errmsg("damaged %s value", type->name), errdetail_problem(problem));
}

int64
counted_count(const CountedView *view, uint64 key)
{
	uint32		low = 0;
	uint32		high = view->nentries;

	while (low < high)
	{
		uint32		middle = low + (high - low) / 2;

		if (view->entries[middle].key < key)
			low = middle + 1;
		else
			high = middle;
	}
	return low < view->nentries && view->entries[low].key == key ? view->entries[low].count : 0;
}

/* ---------------------------------------------------------------- growing */

/* The smallest capacity that holds `cells` and leaves half of the allowed room free. */
static uint32
capacity_for(uint64 cells, const CountedType *type)
{
	uint32		capacity = TALLY_MIN_CAPACITY;

	if (cells > TALLY_LIMIT(COUNTED_MAX_CAPACITY))
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("%s value would hold more than %u cells", type->name,
						TALLY_LIMIT(COUNTED_MAX_CAPACITY))));
	while (capacity < COUNTED_MAX_CAPACITY && TALLY_LIMIT(capacity) < 2 * cells)
		capacity *= 2;
	return capacity;
}

/* A copy of the state with room for `more` new cells; zero counts stay behind. */
static CountedSummary *
grow(CountedSummary *state, const CountedType *type, uint32 more)
{
	const Tally *tally = counted_tally(state);
	CountedSummary *grown;

	CHECK_FOR_INTERRUPTS();
	grown = create(counted_identity(state), state->identity_size, state->nsums,
				   capacity_for((uint64) tally_live(tally) + more, type));
	grown->inputs = state->inputs;
	memcpy(counted_sums(grown), counted_sums(state), sizeof(Sum128) * state->nsums);
	tally_rehash(counted_tally(grown), tally);
	return grown;
}

CountedSummary *
counted_add(CountedSummary *state, const CountedType *type, uint64 key, int64 count)
{
	TallyResult result = tally_add(counted_tally(state), key, count);

	if (result == TALLY_FULL)
	{
		state = grow(state, type, 1);
		result = tally_add(counted_tally(state), key, count);
	}
	switch (result)
	{
		case TALLY_OK:
			break;
		case TALLY_OVERFLOW:
			ereport(ERROR,
					(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
					 errmsg("a count of %s is out of range", type->name)));
			break;
		case TALLY_NEGATIVE:
			ereport(ERROR,
					(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
					 errmsg("a count of %s would fall below zero", type->name),
					 errdetail("What is subtracted must have been part of the summary.")));
			break;
		case TALLY_FULL:
			VIEW_ERROR(errmsg("damaged %s value", type->name));
			break;
	}
	return state;
}

int64
counted_cell(const CountedSummary *state, uint64 key)
{
	return tally_count(counted_tally(state), key);
}

static CountedSummary *
open_view(const CountedView *view, const CountedType *type)
{
	CountedSummary *state = create(view->identity, view->identity_size, view->nsums,
								   capacity_for(view->nentries, type));

	if (view->nsums > 0)
		memcpy(counted_sums(state), view->sums, sizeof(Sum128) * view->nsums);
	for (uint32 i = 0; i < view->nentries; i++)
		(void) tally_add(counted_tally(state), view->entries[i].key, view->entries[i].count);
	state->inputs = 1;
	return state;
}

static void
require_same(const void *a, Size a_size, const void *b, Size b_size, const CountedType *type)
{
	if (a_size != b_size || memcmp(a, b, a_size) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s values do not match", type->name),
				 errdetail_internal("%s", type->mismatch)));
}

/* A state argument that holds something, as an open form that may be changed. */
static CountedSummary *
open_argument(FunctionCallInfo fcinfo, const CountedType *type)
{
	Datum		datum = PG_GETARG_DATUM(0);
	struct varlena *value = PG_DETOAST_DATUM_PACKED(datum);

	/* first the case of every row but the first */
	if (VARATT_IS_4B_U(value) && is_open(value) && (uintptr_t) value % sizeof(int64) == 0 &&
		(Pointer) value == DatumGetPointer(datum) && AggCheckCallContext(fcinfo, NULL))
	{
		check_open((CountedSummary *) value, type);
		return (CountedSummary *) value;
	}
	if (is_open(value))
	{
		CountedSummary *state = aligned_open(PointerGetDatum(value), type);

		/* a detoasted copy is ours already */
		if ((Pointer) state != DatumGetPointer(datum) || AggCheckCallContext(fcinfo, NULL))
			return state;
		return memcpy(palloc(VARSIZE(state)), state, VARSIZE(state));
	}
	else
	{
		CountedView view;

		counted_view(&view, type, PointerGetDatum(value));
		return open_view(&view, type);
	}
}

CountedSummary *
counted_state(FunctionCallInfo fcinfo, const CountedType *type,
			  const void *identity, Size identity_size, int nsums)
{
	CountedSummary *state;

	if (PG_ARGISNULL(0))
		return counted_create(identity, identity_size, nsums);
	state = open_argument(fcinfo, type);
	if (state->identity_size == identity_size && state->nsums == nsums &&
		memcmp(counted_identity(state), identity, identity_size) == 0)
		return state;
	if (state->inputs > 0)
	{
		require_same(counted_identity(state), state->identity_size, identity, identity_size, type);
		VIEW_ERROR(errmsg("damaged %s value", type->name),
				   errdetail_problem("its sums are malformed"));
	}
	return counted_create(identity, identity_size, nsums);
}

Datum
counted_unchanged(FunctionCallInfo fcinfo)
{
	if (!PG_ARGISNULL(0))
		PG_RETURN_DATUM(PG_GETARG_DATUM(0));
	if (AggCheckCallContext(fcinfo, NULL) == AGG_CONTEXT_WINDOW)
		PG_RETURN_POINTER(counted_create("", 0, 0));
	PG_RETURN_NULL();
}

/* ---------------------------------------------------------------- merging */

static void
add_sums(Sum128 *sums, int nsums, const Sum128 *others, int nothers, int sign, const CountedType *type)
{
	if (nsums != nothers)
		VIEW_ERROR(errmsg("damaged %s value", type->name));
	for (int i = 0; i < nsums; i++)
		if (sign > 0 ? !sum128_add(&sums[i], others[i]) : !sum128_subtract(&sums[i], others[i]))
			ereport(ERROR,
					(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
					 errmsg("a sum of %s is out of range", type->name)));
}

CountedSummary *
counted_merge(CountedSummary *state, const CountedType *type, const CountedView *other, int sign)
{
	uint32		limit = TALLY_LIMIT(counted_tally(state)->capacity);

	/*
	 * One step of growing where the many surely do not fit. The keys come in
	 * ascending order: those of another hash table, as they stand in it, would
	 * pile up in a smaller one.
	 */
	require_same(counted_identity(state), state->identity_size,
				 other->identity, other->identity_size, type);
	if (sign > 0 && other->nentries > limit)
		state = grow(state, type, other->nentries);
	add_sums(counted_sums(state), state->nsums, other->sums, other->nsums, sign, type);
	for (uint32 i = 0; i < other->nentries; i++)
	{
		state = counted_add(state, type, other->entries[i].key, sign * other->entries[i].count);
		if ((i & INTERRUPT_STRIDE) == INTERRUPT_STRIDE)
			CHECK_FOR_INTERRUPTS();
	}
	return state;
}

/* ---------------------------------------------------------------- packing */

struct varlena *
counted_pack_view(const CountedView *view, const CountedType *type)
{
	Size		head = VARHDRSZ + 2;
	Size		size;
	struct varlena *packed;
	uint8	   *out;
	uint8	   *end;

	head += varint_size(view->identity_size) + view->identity_size + varint_size(view->nsums);
	for (int i = 0; i < view->nsums; i++)
		head += sum128_varint_size(view->sums[i]);
	size = head + TALLY_COMMON_BYTES * (Size) view->nentries + 2 * TALLY_MOST_BYTES;
	for (;;)
	{
		if (!AllocSizeIsValid(size))
			ereport(ERROR,
					(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
					 errmsg("%s value would be larger than 1 GB", type->name)));
		packed = palloc(size);
		end = tally_pack_within((uint8 *) packed + head, (uint8 *) packed + size,
								view->entries, view->nentries);
		if (end != NULL)
			break;
		pfree(packed);
		size = add_size(head + TALLY_MOST_BYTES, tally_packed_size(view->entries, view->nentries));
	}
	SET_VARSIZE(packed, end - (uint8 *) packed);
	out = (uint8 *) VARDATA(packed);
	*out++ = COUNTED_VERSION;
	*out++ = 0;
	out = varint_write(out, view->identity_size);
	memcpy(out, view->identity, view->identity_size);
	out = varint_write(out + view->identity_size, view->nsums);
	for (int i = 0; i < view->nsums; i++)
		out = sum128_varint_write(out, view->sums[i]);
	Assert(out == (uint8 *) packed + head);
	return packed;
}

struct varlena *
counted_pack(const CountedSummary *state, const CountedType *type)
{
	CountedView view;

	counted_view_open(&view, state);
	return counted_pack_view(&view, type);
}

/* ---------------------------------------------------------------- SQL bodies */

/* Merging can pass what a type can hold, and subtracting what was not there falls short of it. */
static void
require_possible(const CountedView *view, const CountedType *type)
{
	const char *problem = counted_check(view, type);

	if (problem != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("the result is not a possible %s value", type->name),
				 errdetail_problem(problem)));
}

static CountedSummary *
merge_argument(FunctionCallInfo fcinfo, const CountedType *type, int sign)
{
	CountedView other;

	counted_view(&other, type, PG_GETARG_DATUM(1));
	return counted_merge(counted_state(fcinfo, type, other.identity, other.identity_size, other.nsums),
						 type, &other, sign);
}

/*
 * Adds a packed value to the state, or takes it away, as its bytes are read.
 * Whether the cells fit each other is asked once, of the sum, where an aggregate
 * ends or is combined.
 */
static CountedSummary *
merge_packed(FunctionCallInfo fcinfo, const CountedType *type, const struct varlena *value, int sign)
{
	PackedParts parts;
	const char *problem = find_parts(&parts, (const uint8 *) VARDATA_ANY(value),
									 VARSIZE_ANY_EXHDR(value));
	const uint8 *in;
	CountedSummary *state;
	TallyReader reader;
	TallyEntry	entry;

	if (problem != NULL)
		VIEW_ERROR(errmsg("damaged %s value", type->name), errdetail_problem(problem));
	in = parts.sums;
	state = counted_state(fcinfo, type, parts.identity, parts.identity_size, parts.nsums);
	for (int i = 0; i < parts.nsums; i++)
	{
		Sum128		sum;

		in = sum128_varint_read(in, parts.end, &sum);
		if (in == NULL)
			VIEW_ERROR(errmsg("damaged %s value", type->name),
					   errdetail_problem("its sums are malformed"));
		add_sums(&counted_sums(state)[i], 1, &sum, 1, sign, type);
	}
	tally_read_begin(&reader, in, parts.end);
	while (tally_read_next(&reader, &entry))
	{
		state = counted_add_quickly(state, type, entry.key, sign * entry.count);
		if ((reader.remaining & INTERRUPT_STRIDE) == INTERRUPT_STRIDE)
			CHECK_FOR_INTERRUPTS();
	}
	if (reader.damaged || reader.next != parts.end)
		VIEW_ERROR(errmsg("damaged %s value", type->name),
				   errdetail_problem("its counts are malformed"));
	return state;
}

/* One summary more (sign 1) or less (sign -1). */
static Datum
change_by_summary(FunctionCallInfo fcinfo, const CountedType *type, int sign)
{
	struct varlena *value;
	CountedSummary *state;

	if (PG_ARGISNULL(1))
		return counted_unchanged(fcinfo);
	value = PG_DETOAST_DATUM_PACKED(PG_GETARG_DATUM(1));
	/* where the sum is nobody's state, nobody would ask it */
	state = is_open(value) || !AggCheckCallContext(fcinfo, NULL) ?
		merge_argument(fcinfo, type, sign) : merge_packed(fcinfo, type, value, sign);
	state->inputs += sign;
	PG_RETURN_POINTER(state);
}

Datum
counted_rollup_accumulate(FunctionCallInfo fcinfo, const CountedType *type)
{
	return change_by_summary(fcinfo, type, 1);
}

Datum
counted_rollup_invert(FunctionCallInfo fcinfo, const CountedType *type)
{
	return change_by_summary(fcinfo, type, -1);
}

Datum
counted_combine(FunctionCallInfo fcinfo, const CountedType *type)
{
	CountedSummary *state;
	struct varlena *other;
	int64		inputs;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
	{
		if (PG_ARGISNULL(0) && PG_ARGISNULL(1))
			PG_RETURN_NULL();
		PG_RETURN_DATUM(PG_GETARG_DATUM(PG_ARGISNULL(0) ? 1 : 0));
	}
	other = PG_DETOAST_DATUM_PACKED(PG_GETARG_DATUM(1));
	inputs = is_open(other) ? aligned_open(PointerGetDatum(other), type)->inputs : 1;
	state = merge_argument(fcinfo, type, 1);
	state->inputs += inputs;
	PG_RETURN_POINTER(state);
}

Datum
counted_final(FunctionCallInfo fcinfo, const CountedType *type)
{
	struct varlena *value;
	CountedView view;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	value = PG_DETOAST_DATUM_PACKED(PG_GETARG_DATUM(0));
	if (is_open(value))
	{
		CountedSummary *state = aligned_open(PointerGetDatum(value), type);
		TallyOrder *order;

		if (state->inputs <= 0)
			PG_RETURN_NULL();
		order = call_cache_order(fcinfo, counted_tally(state)->used);
		view_state(&view, state, order);
		if (order == NULL)
			require_sound_cells(&view, type);
		require_possible(&view, type);
	}
	else
		counted_view(&view, type, PointerGetDatum(value));
	PG_RETURN_POINTER(counted_pack_view(&view, type));
}

/* Both arguments merged as sorted lists, without a hash table between. */
static Datum
plus_or_minus(FunctionCallInfo fcinfo, const CountedType *type, int sign)
{
	CountedView left;
	CountedView right;
	CountedView result;
	uint32		i = 0;
	uint32		j = 0;

	counted_view(&left, type, PG_GETARG_DATUM(0));
	counted_view(&right, type, PG_GETARG_DATUM(1));
	require_same(left.identity, left.identity_size, right.identity, right.identity_size, type);

	/* the left sums may be those of the argument itself */
	result = left;
	result.sums = palloc(sizeof(Sum128) * Max(left.nsums, 1));
	memcpy(result.sums, left.sums, sizeof(Sum128) * left.nsums);
	add_sums(result.sums, result.nsums, right.sums, right.nsums, sign, type);

	(void) capacity_for((uint64) left.nentries + right.nentries, type);
	result.entries = palloc(mul_size(sizeof(TallyEntry), Max(left.nentries + right.nentries, 1)));
	result.nentries = 0;
	while (i < left.nentries || j < right.nentries)
	{
		TallyEntry *entry = &result.entries[result.nentries];
		int64		change = 0;

		if (i < left.nentries &&
			(j == right.nentries || left.entries[i].key <= right.entries[j].key))
			*entry = left.entries[i++];
		else
		{
			entry->key = right.entries[j].key;
			entry->count = 0;
		}
		if (j < right.nentries && right.entries[j].key == entry->key)
			change = sign * right.entries[j++].count;
		if (change > 0 && entry->count > PG_INT64_MAX - change)
			ereport(ERROR,
					(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
					 errmsg("a count of %s is out of range", type->name)));
		if (entry->count + change < 0)
			ereport(ERROR,
					(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
					 errmsg("a count of %s would fall below zero", type->name),
					 errdetail("What is subtracted must have been part of the summary.")));
		entry->count += change;
		if (entry->count > 0)
			result.nentries++;
		if (((i + j) & INTERRUPT_STRIDE) == 0)
			CHECK_FOR_INTERRUPTS();
	}
	require_possible(&result, type);
	PG_RETURN_POINTER(counted_pack_view(&result, type));
}

Datum
counted_plus(FunctionCallInfo fcinfo, const CountedType *type)
{
	return plus_or_minus(fcinfo, type, 1);
}

Datum
counted_minus(FunctionCallInfo fcinfo, const CountedType *type)
{
	return plus_or_minus(fcinfo, type, -1);
}

Datum
counted_send(FunctionCallInfo fcinfo, const CountedType *type)
{
	CountedView view;
	struct varlena *packed;
	StringInfoData buffer;

	counted_view(&view, type, PG_GETARG_DATUM(0));
	packed = counted_pack_view(&view, type);
	pq_begintypsend(&buffer);
	pq_sendbytes(&buffer, VARDATA(packed), VARSIZE(packed) - VARHDRSZ);
	PG_RETURN_BYTEA_P(pq_endtypsend(&buffer));
}

Datum
counted_recv(FunctionCallInfo fcinfo, const CountedType *type)
{
	StringInfo	buffer = (StringInfo) PG_GETARG_POINTER(0);
	int			size = buffer->len - buffer->cursor;
	const char *bytes = pq_getmsgbytes(buffer, size);
	CountedView view;
	const char *problem = read_packed(&view, type, (const uint8 *) bytes, size);
	struct varlena *packed;

	if (problem != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("malformed binary %s value", type->name),
				 errdetail_problem(problem)));
	packed = palloc(VARHDRSZ + size);
	SET_VARSIZE(packed, VARHDRSZ + size);
	memcpy(VARDATA(packed), bytes, size);
	PG_RETURN_POINTER(packed);
}
