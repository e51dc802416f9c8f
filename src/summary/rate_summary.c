/*
 * rate_summary.c
 *		rate_summary: k of n. The bytes stand in rate_summary.h; the statistics
 *		in proportion.h. Text form: {"version":1,"successes":842,"total":8000}
 */
#include "summary/rate_summary.h"

#include "common/int.h"
#include "libpq/pqformat.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"

#include "base/chart.h"
#include "base/json.h"
#include "base/options.h"
#include "base/type.h"
#include "plain/proportion.h"
#include "base/row.h"

#define TYPE_NAME "rate_summary"

/* ---------------------------------------------------------------- check and build */

/* The one rule for the counts; NULL when kept, else what is wrong. */
static inline const char *
check_counts(int64 successes, int64 total)
{
	if (successes < 0 || total < 0)
		return "A count is below zero.";
	if (successes > total)
		return "There are more successes than there are in total.";
	return NULL;
}

/* Saves a 22003 that names both counts. */
static void
refuse_counts(int64 successes, int64 total, const char *detail, fmNodePtr escontext)
{
	errsave(escontext,
			(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
			 errmsg("%s out of range: " INT64_FORMAT " of " INT64_FORMAT,
					TYPE_NAME, successes, total),
			 errdetail("%s", detail)));
}

static inline void
set_counts(RateSummary *rate, int64 successes, int64 total)
{
	const char *problem = check_counts(successes, total);

	if (unlikely(problem != NULL))
		refuse_counts(successes, total, problem, NULL);
	rate->successes = successes;
	rate->total = total;
}

RateSummary *
rate_summary_build(int64 successes, int64 total)
{
	RateSummary *rate = palloc0(sizeof(RateSummary));

	SET_VARSIZE(rate, sizeof(RateSummary));
	rate->version = RATE_SUMMARY_VERSION;
	set_counts(rate, successes, total);
	return rate;
}

RateSummary *
DatumGetRateSummaryP(Datum datum)
{
	RateSummary *rate = (RateSummary *) PG_DETOAST_DATUM(datum);

	if (unlikely(VARSIZE(rate) != sizeof(RateSummary) ||
				 rate->version != RATE_SUMMARY_VERSION ||
				 rate->flags != 0 || rate->unused != 0 ||
				 check_counts(rate->successes, rate->total) != NULL))
		type_damaged(TYPE_NAME, NULL);
	return rate;
}

/* ---------------------------------------------------------------- input and output */

static void
append_json(StringInfo out, Datum datum)
{
	const RateSummary *rate = DatumGetRateSummaryP(datum);

	appendStringInfo(out, "{\"version\":%d,\"successes\":" INT64_FORMAT ",\"total\":" INT64_FORMAT "}",
					 rate->version, rate->successes, rate->total);
}

/* A rate from its JSON object; NULL with an error saved. */
static struct varlena *
from_json(JsonbContainer *object, fmNodePtr escontext)
{
	int64		successes,
				total;
	const char *problem;

	if (!jsonb_field_int64(object, TYPE_NAME, "successes", &successes, escontext) ||
		!jsonb_field_int64(object, TYPE_NAME, "total", &total, escontext))
		return NULL;
	problem = check_counts(successes, total);
	if (problem != NULL)
	{
		refuse_counts(successes, total, problem, escontext);
		return NULL;
	}
	return (struct varlena *) rate_summary_build(successes, total);
}

static void
send_value(StringInfo out, Datum datum)
{
	const RateSummary *rate = DatumGetRateSummaryP(datum);

	pq_sendint64(out, rate->successes);
	pq_sendint64(out, rate->total);
}

static struct varlena *
receive_value(StringInfo in)
{
	int64		successes = pq_getmsgint64(in);
	int64		total = pq_getmsgint64(in);
	const char *problem = check_counts(successes, total);

	if (problem != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("malformed binary %s: " INT64_FORMAT " of " INT64_FORMAT,
						TYPE_NAME, successes, total),
				 errdetail("%s", problem)));
	return (struct varlena *) rate_summary_build(successes, total);
}

static const char *const keys[] = {"version", "successes", "total", NULL};

static const TypeInfo rate_type = {
	.name = TYPE_NAME,
	.version = RATE_SUMMARY_VERSION,
	.keys = keys,
	.append_json = append_json,
	.from_json = from_json,
	.send = send_value,
	.receive = receive_value
};

DEFINE_TYPE(rate_summary, rate_type);

/* rate_summary(successes bigint, total bigint) */
PG_FUNCTION_INFO_V1(rate_summary_from_counts);
Datum
rate_summary_from_counts(PG_FUNCTION_ARGS)
{
	PG_RETURN_RATE_SUMMARY_P(rate_summary_build(PG_GETARG_INT64(0), PG_GETARG_INT64(1)));
}

/* ---------------------------------------------------------------- accumulate and combine */

/*
 * The first argument as something that may be changed: in place when it is an
 * aggregate's state, else a copy.
 */
static inline RateSummary *
changeable_state(FunctionCallInfo fcinfo)
{
	RateSummary *state = PG_GETARG_RATE_SUMMARY_P(0);

	if (AggCheckCallContext(fcinfo, NULL))
		return state;
	return rate_summary_build(state->successes, state->total);
}

static inline void
add_counts(RateSummary *rate, int64 successes, int64 total)
{
	/* the total is the larger of the two, so it overflows first */
	if (unlikely(pg_add_s64_overflow(rate->total, total, &rate->total)))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("%s out of range: its total passes 64 bits", TYPE_NAME)));
	rate->successes += successes;
}

static inline void
subtract_counts(RateSummary *rate, int64 successes, int64 total)
{
	/* differences of counts cannot overflow */
	set_counts(rate, rate->successes - successes, rate->total - total);
}

/*
 * The functions of the aggregates are STRICT: the executor skips NULLs, and in
 * moving mode knows by itself when the last reading has left the frame.
 */
PG_FUNCTION_INFO_V1(rate_summary_accumulate);
Datum
rate_summary_accumulate(PG_FUNCTION_ARGS)
{
	RateSummary *state = changeable_state(fcinfo);

	add_counts(state, PG_GETARG_BOOL(1) ? 1 : 0, 1);
	PG_RETURN_RATE_SUMMARY_P(state);
}

/* Inverse of rate_summary_accumulate. */
PG_FUNCTION_INFO_V1(rate_summary_invert);
Datum
rate_summary_invert(PG_FUNCTION_ARGS)
{
	RateSummary *state = changeable_state(fcinfo);

	subtract_counts(state, PG_GETARG_BOOL(1) ? 1 : 0, 1);
	PG_RETURN_RATE_SUMMARY_P(state);
}

/*
 * Combine function of rate_agg and rollup, transition of rollup. Here and
 * below, changes nothing but its left argument.
 */
PG_FUNCTION_INFO_V1(rate_summary_combine);
Datum
rate_summary_combine(PG_FUNCTION_ARGS)
{
	RateSummary *state = changeable_state(fcinfo);
	RateSummary *other = PG_GETARG_RATE_SUMMARY_P(1);

	add_counts(state, other->successes, other->total);
	PG_RETURN_RATE_SUMMARY_P(state);
}

/* Inverse of rate_summary_combine. */
PG_FUNCTION_INFO_V1(rate_summary_uncombine);
Datum
rate_summary_uncombine(PG_FUNCTION_ARGS)
{
	RateSummary *state = changeable_state(fcinfo);
	RateSummary *other = PG_GETARG_RATE_SUMMARY_P(1);

	subtract_counts(state, other->successes, other->total);
	PG_RETURN_RATE_SUMMARY_P(state);
}

/* Final function of rate_agg: its total counts the readings; NULL when there were none. */
PG_FUNCTION_INFO_V1(rate_summary_final);
Datum
rate_summary_final(PG_FUNCTION_ARGS)
{
	RateSummary *state = PG_GETARG_RATE_SUMMARY_P(0);

	if (state->total == 0)
		PG_RETURN_NULL();
	PG_RETURN_RATE_SUMMARY_P(state);
}

PG_FUNCTION_INFO_V1(rate_summary_plus);
Datum
rate_summary_plus(PG_FUNCTION_ARGS)
{
	RateSummary *left = PG_GETARG_RATE_SUMMARY_P(0);
	RateSummary *right = PG_GETARG_RATE_SUMMARY_P(1);
	RateSummary *result = rate_summary_build(left->successes, left->total);

	add_counts(result, right->successes, right->total);
	PG_RETURN_RATE_SUMMARY_P(result);
}

/* 22003 when the right one is not a part of the left one. */
PG_FUNCTION_INFO_V1(rate_summary_minus);
Datum
rate_summary_minus(PG_FUNCTION_ARGS)
{
	RateSummary *left = PG_GETARG_RATE_SUMMARY_P(0);
	RateSummary *right = PG_GETARG_RATE_SUMMARY_P(1);

	PG_RETURN_RATE_SUMMARY_P(rate_summary_build(left->successes - right->successes,
												left->total - right->total));
}

/* ---------------------------------------------------------------- accessors */

PG_FUNCTION_INFO_V1(rate_summary_successes);
Datum
rate_summary_successes(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT64(PG_GETARG_RATE_SUMMARY_P(0)->successes);
}

PG_FUNCTION_INFO_V1(rate_summary_total);
Datum
rate_summary_total(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT64(PG_GETARG_RATE_SUMMARY_P(0)->total);
}

/* The fraction; NULL when the denominator is empty. */
PG_FUNCTION_INFO_V1(rate_summary_rate);
Datum
rate_summary_rate(PG_FUNCTION_ARGS)
{
	RateSummary *rate = PG_GETARG_RATE_SUMMARY_P(0);

	if (rate->total == 0)
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8((double) rate->successes / (double) rate->total);
}

PG_FUNCTION_INFO_V1(rate_summary_percent);
Datum
rate_summary_percent(PG_FUNCTION_ARGS)
{
	RateSummary *rate = PG_GETARG_RATE_SUMMARY_P(0);

	if (rate->total == 0)
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(percent_of(rate->successes, rate->total));
}

/*
 * confidence_interval(rate_summary, level, method): (low, high) as fractions;
 * NULL when the denominator is empty. 22023 for a level outside (0, 1), NaN
 * among them, and for an unknown method. See proportion.h for the sources.
 */
PG_FUNCTION_INFO_V1(rate_summary_confidence_interval);
Datum
rate_summary_confidence_interval(PG_FUNCTION_ARGS)
{
	RateSummary *rate = PG_GETARG_RATE_SUMMARY_P(0);
	static const char *const methods[] = {"wilson", "exact"};
	int			method = option_from_text(PG_GETARG_TEXT_PP(2), "method", methods, lengthof(methods));
	double		level = check_level(PG_GETARG_FLOAT8(1));
	double		low,
				high;
	Datum		values[2];
	bool		nulls[2] = {false, false};

	if (rate->total == 0)
		PG_RETURN_NULL();

	if (method == 1)
		clopper_pearson_interval(rate->successes, rate->total, level, &low, &high);
	else
		wilson_interval(rate->successes, rate->total, level, &low, &high);

	values[0] = Float8GetDatum(low);
	values[1] = Float8GetDatum(high);
	PG_RETURN_DATUM(result_row(fcinfo, values, nulls, 2));
}

/*
 * chart(rate_summary, width): a bar with its 95 % Wilson interval, in one line.
 * Totals of up to seven digits leave the bar as long as any other, so that the
 * charts of a column can be compared.
 */
PG_FUNCTION_INFO_V1(rate_summary_chart);
Datum
rate_summary_chart(PG_FUNCTION_ARGS)
{
	RateSummary *rate = PG_GETARG_RATE_SUMMARY_P(0);
	int			width = PG_GETARG_INT32(1);
	char	   *of = psprintf(" of " INT64_FORMAT, rate->total);
	int			beside = Max((int) strlen(of), (int) strlen(" of 1234567"));
	StringInfoData out;

	chart_check_width(width);
	initStringInfo(&out);
	chart_rate(&out, rate->successes, rate->total,
			   chart_drawing_width(width, CHART_RATE_BESIDE + beside));
	appendStringInfoString(&out, of);
	PG_RETURN_TEXT_P(cstring_to_text_with_len(out.data, out.len));
}
