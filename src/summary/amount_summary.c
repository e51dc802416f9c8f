/*
 * amount_summary.c
 *		amount_summary: amounts with their exact sum and sum of squares. The bytes
 *		stand in amount_summary.h; the statistics in moments.h. Text form:
 *
 *		{"version":1,"count":2,"missing":1,"sum":350.5,"sum_of_squares":72750.25}
 */
#include "summary/amount_summary.h"

#include "common/int.h"
#include "libpq/pqformat.h"
#include "utils/jsonb.h"

#include "base/json.h"
#include "base/money.h"
#include "base/type.h"

#define TYPE_NAME "amount_summary"

/* ---------------------------------------------------------------- check and build */

static const char *
check_amounts(const AmountSummary *amounts)
{
	if (amounts->missing < 0)
		return "a count is below zero";
	return moments_check(&amounts->moments);
}

static AmountSummary *
build(int64 missing, const Moments *moments)
{
	AmountSummary *amounts = palloc0(sizeof(AmountSummary));

	SET_VARSIZE(amounts, sizeof(AmountSummary));
	amounts->version = AMOUNT_SUMMARY_VERSION;
	amounts->missing = missing;
	amounts->moments = *moments;
	return amounts;
}

/* An aggregate's own state, which was made here: its size and its version are looked at, its numbers are not. */
static inline AmountSummary *
get_state(Datum datum)
{
	AmountSummary *amounts = (AmountSummary *) PG_DETOAST_DATUM(datum);

	if (unlikely(VARSIZE(amounts) != sizeof(AmountSummary) ||
				 amounts->version != AMOUNT_SUMMARY_VERSION ||
				 amounts->flags != 0 || amounts->unused != 0))
		type_damaged(TYPE_NAME, NULL);
	return amounts;
}

AmountSummary *
DatumGetAmountSummaryP(Datum datum)
{
	AmountSummary *amounts = get_state(datum);
	const char *problem = check_amounts(amounts);

	if (unlikely(problem != NULL))
		type_damaged(TYPE_NAME, problem);
	return amounts;
}

/* ---------------------------------------------------------------- input and output */

static void
append_json(StringInfo out, Datum datum)
{
	const AmountSummary *amounts = DatumGetAmountSummaryP(datum);

	appendStringInfo(out, "{\"version\":%d,\"count\":" INT64_FORMAT ",\"missing\":" INT64_FORMAT ",\"sum\":%s,\"sum_of_squares\":",
					 amounts->version, amounts->moments.count, amounts->missing, money_sum_text(amounts->moments.sum));
	append_sum_of_squares(out, &amounts->moments);
	appendStringInfoChar(out, '}');
}

/* A summary from its JSON object; NULL with an error saved. */
static struct varlena *
from_json(JsonbContainer *object, fmNodePtr escontext)
{
	AmountSummary amounts = {0};

	if (!jsonb_field_int64(object, TYPE_NAME, "count", &amounts.moments.count, escontext) ||
		!jsonb_field_int64(object, TYPE_NAME, "missing", &amounts.missing, escontext) ||
		!money_sum_field(object, TYPE_NAME, "sum", &amounts.moments.sum, escontext) ||
		!sum_of_squares_field(object, TYPE_NAME, "sum_of_squares", &amounts.moments, escontext))
		return NULL;
	if (!jsonb_accept(check_amounts(&amounts), TYPE_NAME, escontext))
		return NULL;
	return (struct varlena *) build(amounts.missing, &amounts.moments);
}

static void
send_value(StringInfo out, Datum datum)
{
	const AmountSummary *amounts = DatumGetAmountSummaryP(datum);

	pq_sendint64(out, amounts->missing);
	pq_sendint64(out, amounts->moments.count);
	pq_sendint64(out, amounts->moments.sum.high);
	pq_sendint64(out, amounts->moments.sum.low);
	for (int i = SQUARES_LIMBS - 1; i >= 0; i--)
		pq_sendint64(out, amounts->moments.squares[i]);
}

static struct varlena *
receive_value(StringInfo in)
{
	AmountSummary amounts = {0};

	amounts.missing = pq_getmsgint64(in);
	amounts.moments.count = pq_getmsgint64(in);
	amounts.moments.sum.high = pq_getmsgint64(in);
	amounts.moments.sum.low = pq_getmsgint64(in);
	for (int i = SQUARES_LIMBS - 1; i >= 0; i--)
		amounts.moments.squares[i] = pq_getmsgint64(in);
	receive_check(check_amounts(&amounts), TYPE_NAME);
	return (struct varlena *) build(amounts.missing, &amounts.moments);
}

static const char *const keys[] = {"version", "count", "missing", "sum", "sum_of_squares", NULL};

static const TypeInfo amount_type = {
	.name = TYPE_NAME,
	.version = AMOUNT_SUMMARY_VERSION,
	.keys = keys,
	.append_json = append_json,
	.from_json = from_json,
	.send = send_value,
	.receive = receive_value
};

DEFINE_TYPE(amount_summary, amount_type);

/* ---------------------------------------------------------------- accumulate and combine */

pg_noreturn static void out_of_range(const char *detail);

static void
out_of_range(const char *detail)
{
	ereport(ERROR,
			(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
			 errmsg("%s out of range", TYPE_NAME),
			 errdetail("%s", detail)));
}

#define TOO_MANY "A count or a sum passes its limit."
#define NOT_A_PART "What is taken out was not part of it."

/* Argument 0 as something that may be changed: in place when it is an aggregate's state, else a copy. */
static inline AmountSummary *
changeable_state(FunctionCallInfo fcinfo)
{
	const Moments none = {0, {0, 0}, {0}};
	const AmountSummary *state;

	if (PG_ARGISNULL(0))
		return build(0, &none);
	if (AggCheckCallContext(fcinfo, NULL))
		return get_state(PG_GETARG_DATUM(0));
	state = PG_GETARG_AMOUNT_SUMMARY_P(0);
	return build(state->missing, &state->moments);
}

static void
add_amounts(AmountSummary *amounts, const AmountSummary *other)
{
	if (pg_add_s64_overflow(amounts->missing, other->missing, &amounts->missing) ||
		!moments_merge(&amounts->moments, &other->moments))
		out_of_range(TOO_MANY);
}

static void
remove_amounts(AmountSummary *amounts, int64 missing, const Moments *other)
{
	amounts->missing -= missing;
	if (!moments_remove(&amounts->moments, other) || check_amounts(amounts) != NULL)
		out_of_range(NOT_A_PART);
}

/* (state, amount): a row without an amount is counted as missing. Not STRICT for that. */
PG_FUNCTION_INFO_V1(amount_summary_accumulate);
Datum
amount_summary_accumulate(PG_FUNCTION_ARGS)
{
	AmountSummary *state = changeable_state(fcinfo);

	if (PG_ARGISNULL(1))
	{
		if (pg_add_s64_overflow(state->missing, 1, &state->missing))
			out_of_range(TOO_MANY);
		PG_RETURN_AMOUNT_SUMMARY_P(state);
	}
	if (!moments_add(&state->moments, amount_argument(PG_GETARG_DATUM(1))))
		out_of_range(TOO_MANY);
	PG_RETURN_AMOUNT_SUMMARY_P(state);
}

/* Inverse of amount_summary_accumulate. */
PG_FUNCTION_INFO_V1(amount_summary_invert);
Datum
amount_summary_invert(PG_FUNCTION_ARGS)
{
	AmountSummary *state = changeable_state(fcinfo);
	Moments		row = {0, {0, 0}, {0}};

	if (!PG_ARGISNULL(1))
		row = moments_of(amount_argument(PG_GETARG_DATUM(1)));
	remove_amounts(state, PG_ARGISNULL(1) ? 1 : 0, &row);
	PG_RETURN_AMOUNT_SUMMARY_P(state);
}

/*
 * Combine function of amount_agg and rollup, transition of rollup. Here and
 * below, changes nothing but its left argument.
 */
PG_FUNCTION_INFO_V1(amount_summary_combine);
Datum
amount_summary_combine(PG_FUNCTION_ARGS)
{
	AmountSummary *state = changeable_state(fcinfo);

	add_amounts(state, PG_GETARG_AMOUNT_SUMMARY_P(1));
	PG_RETURN_AMOUNT_SUMMARY_P(state);
}

/* Inverse of amount_summary_combine. */
PG_FUNCTION_INFO_V1(amount_summary_uncombine);
Datum
amount_summary_uncombine(PG_FUNCTION_ARGS)
{
	AmountSummary *state = changeable_state(fcinfo);
	const AmountSummary *other = PG_GETARG_AMOUNT_SUMMARY_P(1);

	remove_amounts(state, other->missing, &other->moments);
	PG_RETURN_AMOUNT_SUMMARY_P(state);
}

/* Final function of amount_agg: NULL of no rows. */
PG_FUNCTION_INFO_V1(amount_summary_final);
Datum
amount_summary_final(PG_FUNCTION_ARGS)
{
	AmountSummary *state = PG_GETARG_AMOUNT_SUMMARY_P(0);

	if (state->moments.count == 0 && state->missing == 0)
		PG_RETURN_NULL();
	PG_RETURN_AMOUNT_SUMMARY_P(state);
}

PG_FUNCTION_INFO_V1(amount_summary_plus);
Datum
amount_summary_plus(PG_FUNCTION_ARGS)
{
	const AmountSummary *left = PG_GETARG_AMOUNT_SUMMARY_P(0);
	AmountSummary *result = build(left->missing, &left->moments);

	add_amounts(result, PG_GETARG_AMOUNT_SUMMARY_P(1));
	PG_RETURN_AMOUNT_SUMMARY_P(result);
}

/* 22003 when the right one is not a part of the left one. */
PG_FUNCTION_INFO_V1(amount_summary_minus);
Datum
amount_summary_minus(PG_FUNCTION_ARGS)
{
	const AmountSummary *left = PG_GETARG_AMOUNT_SUMMARY_P(0);
	const AmountSummary *right = PG_GETARG_AMOUNT_SUMMARY_P(1);
	AmountSummary *result = build(left->missing, &left->moments);

	remove_amounts(result, right->missing, &right->moments);
	PG_RETURN_AMOUNT_SUMMARY_P(result);
}
