/*
 * mantel_haenszel.c
 *		mantel_haenszel_summary: rates before and after, compared stratum by
 *		stratum. The statistics stand in proportion.h.
 *
 * Stored bytes (varlena, ALIGNMENT = double, always 136):
 *
 *		 0  varlena header, 4 bytes
 *		 4  version (1)
 *		 5  flags (0)
 *		 6  zero
 *		 8  six counts, as named in count_keys
 *		56  ten sums of floating point, as named in sum_keys
 *
 * The same bytes are the state of the aggregates. The counts are exact and
 * hold every row, those of skipped strata too: they are the crude comparison.
 * The sums hold the strata with deals on both sides and agree to rounding,
 * not bytewise, when the same strata arrive in another order.
 */
#include "compare/compare.h"

#include <math.h>

#include "common/int.h"
#include "common/shortest_dec.h"
#include "libpq/pqformat.h"
#include "utils/builtins.h"
#include "utils/float.h"
#include "utils/jsonb.h"

#include "plain/distribution.h"
#include "base/json.h"
#include "base/options.h"
#include "base/type.h"
#include "plain/proportion.h"
#include "summary/rate_summary.h"

#define TYPE_NAME "mantel_haenszel_summary"
#define SUMMARY_VERSION 1

/* Differences below this fraction are rounding: no direction. */
#define NO_DIFFERENCE 1e-12

enum
{
	STRATA,						/* with deals on both sides */
	SKIPPED,					/* empty before, or after */
	BEFORE_SUCCESSES,
	BEFORE_TOTAL,
	AFTER_SUCCESSES,
	AFTER_TOTAL,
	COUNTS
};

/* The keys of the JSON text: the counts, then the fields of MantelHaenszel in order. */
static const char *const keys[] = {
	"version",
	"strata", "skipped", "before_successes", "before_total", "after_successes", "after_total",
	"weight", "difference", "variance", "spread", "slope",
	"odds_for", "odds_against", "for_variance", "cross_variance", "against_variance",
	NULL
};

static const char *const *const count_keys = &keys[1];
static const char *const *const sum_keys = &keys[1 + COUNTS];

#define SUMS ((int) lengthof(keys) - COUNTS - 2)

typedef struct MantelHaenszelSummary
{
	int32		vl_len_;
	uint8		version;
	uint8		flags;
	uint16		unused;
	int64		counts[COUNTS];
	union
	{
		MantelHaenszel named;
		double		each[SUMS];
	}			sums;
} MantelHaenszelSummary;

StaticAssertDecl(sizeof(MantelHaenszelSummary) == 136, "mantel_haenszel_summary is 136 bytes");

/* ---------------------------------------------------------------- check and build */

/* The one rule for the numbers; NULL when kept, else what is wrong. */
static const char *
check_numbers(const MantelHaenszelSummary *summary)
{
	const MantelHaenszel *sums = &summary->sums.named;

	for (int i = 0; i < COUNTS; i++)
		if (summary->counts[i] < 0)
			return "A count is below zero.";
	if (summary->counts[BEFORE_SUCCESSES] > summary->counts[BEFORE_TOTAL] ||
		summary->counts[AFTER_SUCCESSES] > summary->counts[AFTER_TOTAL])
		return "There are more successes than there are in total.";
	for (int i = 0; i < SUMS; i++)
	{
		double		sum = summary->sums.each[i];

		if (!isfinite(sum))
			return "A sum is not finite.";
		if (sum < 0 && &summary->sums.each[i] != &sums->difference && &summary->sums.each[i] != &sums->slope)
			return "A sum is below zero.";
		if (sum != 0 && summary->counts[STRATA] == 0)
			return "There are sums, but no strata.";
	}
	if (fabs(sums->difference) > sums->weight * (1 + 1e-9) ||
		(sums->weight > 0) != (summary->counts[STRATA] > 0))
		return "The sums do not fit each other.";
	return NULL;
}

static MantelHaenszelSummary *
new_summary(void)
{
	MantelHaenszelSummary *summary = palloc0(sizeof(MantelHaenszelSummary));

	SET_VARSIZE(summary, sizeof(MantelHaenszelSummary));
	summary->version = SUMMARY_VERSION;
	return summary;
}

static MantelHaenszelSummary *
get_summary(Datum datum)
{
	MantelHaenszelSummary *summary = (MantelHaenszelSummary *) PG_DETOAST_DATUM(datum);

	if (unlikely(VARSIZE(summary) != sizeof(MantelHaenszelSummary) ||
				 summary->version != SUMMARY_VERSION ||
				 summary->flags != 0 || summary->unused != 0 ||
				 check_numbers(summary) != NULL))
		type_damaged(TYPE_NAME, NULL);
	return summary;
}

/* ---------------------------------------------------------------- input and output */

/* A field that is a JSON number; false with an error saved. */
static bool
read_sum(JsonbContainer *object, const char *key, double *result, fmNodePtr escontext)
{
	char	   *text = jsonb_number_text(jsonb_field(object, key), TYPE_NAME, key, escontext);
	Datum		number;

	if (text == NULL || !DirectInputFunctionCallSafe(float8in, text, InvalidOid, -1, escontext, &number))
		return false;
	*result = DatumGetFloat8(number) + 0.0;		/* no negative zero */
	return true;
}

/* A summary from its JSON object; NULL with an error saved. */
static struct varlena *
from_json(JsonbContainer *object, fmNodePtr escontext)
{
	MantelHaenszelSummary *summary = new_summary();
	const char *problem;

	for (int i = 0; i < COUNTS; i++)
		if (!jsonb_field_int64(object, TYPE_NAME, count_keys[i], &summary->counts[i], escontext))
			return NULL;
	for (int i = 0; i < SUMS; i++)
		if (!read_sum(object, sum_keys[i], &summary->sums.each[i], escontext))
			return NULL;
	problem = check_numbers(summary);
	if (problem != NULL)
		ereturn(escontext, NULL,
				(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
				 errmsg("malformed %s", TYPE_NAME),
				 errdetail("%s", problem)));
	return (struct varlena *) summary;
}

static void
append_json(StringInfo out, Datum datum)
{
	const MantelHaenszelSummary *summary = get_summary(datum);

	appendStringInfo(out, "{\"version\":%d", SUMMARY_VERSION);
	for (int i = 0; i < COUNTS; i++)
		appendStringInfo(out, ",\"%s\":" INT64_FORMAT, count_keys[i], summary->counts[i]);
	for (int i = 0; i < SUMS; i++)
	{
		char		digits[DOUBLE_SHORTEST_DECIMAL_LEN];

		double_to_shortest_decimal_buf(summary->sums.each[i], digits);
		appendStringInfo(out, ",\"%s\":%s", sum_keys[i], digits);
	}
	appendStringInfoChar(out, '}');
}

static void
send_value(StringInfo out, Datum datum)
{
	const MantelHaenszelSummary *summary = get_summary(datum);

	for (int i = 0; i < COUNTS; i++)
		pq_sendint64(out, summary->counts[i]);
	for (int i = 0; i < SUMS; i++)
		pq_sendfloat8(out, summary->sums.each[i]);
}

static struct varlena *
receive_value(StringInfo in)
{
	MantelHaenszelSummary *summary = new_summary();
	const char *problem;

	for (int i = 0; i < COUNTS; i++)
		summary->counts[i] = pq_getmsgint64(in);
	for (int i = 0; i < SUMS; i++)
		summary->sums.each[i] = pq_getmsgfloat8(in) + 0.0;
	problem = check_numbers(summary);
	if (problem != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("malformed binary %s", TYPE_NAME),
				 errdetail("%s", problem)));
	return (struct varlena *) summary;
}

static const TypeInfo summary_type = {
	.name = TYPE_NAME,
	.version = SUMMARY_VERSION,
	.keys = keys,
	.append_json = append_json,
	.from_json = from_json,
	.send = send_value,
	.receive = receive_value
};

DEFINE_TYPE(mantel_haenszel_summary, summary_type);

/* ---------------------------------------------------------------- accumulate and combine */

/*
 * Argument 0 as something that may be changed: in place when it is an
 * aggregate's state, else a copy; a new one when it is NULL.
 */
static MantelHaenszelSummary *
changeable_state(FunctionCallInfo fcinfo)
{
	MantelHaenszelSummary *state;

	if (PG_ARGISNULL(0))
		return new_summary();
	state = get_summary(PG_GETARG_DATUM(0));
	if (AggCheckCallContext(fcinfo, NULL))
		return state;
	return memcpy(palloc(sizeof(MantelHaenszelSummary)), state, sizeof(MantelHaenszelSummary));
}

static void
add_count(MantelHaenszelSummary *state, int which, int64 count)
{
	if (unlikely(pg_add_s64_overflow(state->counts[which], count, &state->counts[which])))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("%s out of range: \"%s\" passes 64 bits", TYPE_NAME, count_keys[which])));
}

/* (state, before, after): one stratum. A NULL rate is an empty side; nothing happens when both are NULL. */
PG_FUNCTION_INFO_V1(mantel_haenszel_summary_accumulate);
Datum
mantel_haenszel_summary_accumulate(PG_FUNCTION_ARGS)
{
	MantelHaenszelSummary *state;
	int64		k[2] = {0, 0};
	int64		n[2] = {0, 0};

	if (PG_ARGISNULL(1) && PG_ARGISNULL(2))
	{
		if (PG_ARGISNULL(0))
			PG_RETURN_NULL();
		PG_RETURN_DATUM(PG_GETARG_DATUM(0));
	}
	for (int side = 0; side < 2; side++)
		if (!PG_ARGISNULL(1 + side))
		{
			RateSummary *rate = PG_GETARG_RATE_SUMMARY_P(1 + side);

			k[side] = rate->successes;
			n[side] = rate->total;
		}
	state = changeable_state(fcinfo);
	add_count(state, BEFORE_TOTAL, n[0]);
	add_count(state, AFTER_TOTAL, n[1]);
	state->counts[BEFORE_SUCCESSES] += k[0];	/* at most the total */
	state->counts[AFTER_SUCCESSES] += k[1];
	state->counts[mantel_haenszel_add(&state->sums.named, k[0], n[0], k[1], n[1]) ? STRATA : SKIPPED]++;
	PG_RETURN_POINTER(state);
}

/* Transition of rollup, combine function of both aggregates, and + when called by hand. */
PG_FUNCTION_INFO_V1(mantel_haenszel_summary_combine);
Datum
mantel_haenszel_summary_combine(PG_FUNCTION_ARGS)
{
	MantelHaenszelSummary *state = changeable_state(fcinfo);
	MantelHaenszelSummary *other = get_summary(PG_GETARG_DATUM(1));

	for (int i = 0; i < COUNTS; i++)
		add_count(state, i, other->counts[i]);
	for (int i = 0; i < SUMS; i++)
	{
		state->sums.each[i] += other->sums.each[i];
		if (unlikely(!isfinite(state->sums.each[i])))
			ereport(ERROR,
					(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
					 errmsg("%s out of range: \"%s\" is not finite", TYPE_NAME, sum_keys[i])));
	}
	PG_RETURN_POINTER(state);
}

/* ---------------------------------------------------------------- compare */

/*
 * compare(mantel_haenszel_summary, level): (strata, skipped,
 * crude_difference_points, common_difference_points, low, high,
 * common_odds_ratio, odds_ratio_low, odds_ratio_high, chi2, p_value, mix_shift).
 * mix_shift: the crude and the common difference point in opposite directions.
 */
PG_FUNCTION_INFO_V1(mantel_haenszel_summary_compare);
Datum
mantel_haenszel_summary_compare(PG_FUNCTION_ARGS)
{
	MantelHaenszelSummary *summary = get_summary(PG_GETARG_DATUM(0));
	double		level = check_level(PG_GETARG_FLOAT8(1));
	const int64 *counts = summary->counts;
	const MantelHaenszel *sums = &summary->sums.named;
	double		crude = NAN,
				common = NAN,
				low = NAN,
				high = NAN,
				odds_ratio = NAN,
				odds_low = NAN,
				odds_high = NAN,
				chi2 = NAN,
				p_value = NAN;
	ComparisonRow row = {.n = 0};

	if (counts[BEFORE_TOTAL] > 0 && counts[AFTER_TOTAL] > 0)
		crude = cross_difference(counts[AFTER_SUCCESSES], counts[BEFORE_TOTAL],
								 counts[BEFORE_SUCCESSES], counts[AFTER_TOTAL]) /
			((double) counts[BEFORE_TOTAL] * (double) counts[AFTER_TOTAL]);
	mantel_haenszel_difference(sums, level, &common, &low, &high);
	mantel_haenszel_odds_ratio(sums, level, &odds_ratio, &odds_low, &odds_high);
	mantel_haenszel_test(sums, &chi2, &p_value);

	comparison_count(&row, counts[STRATA]);
	comparison_count(&row, counts[SKIPPED]);
	comparison_number(&row, 100 * crude);
	comparison_number(&row, 100 * common);
	comparison_number(&row, 100 * low);
	comparison_number(&row, 100 * high);
	comparison_number(&row, odds_ratio);
	comparison_number(&row, odds_low);
	comparison_number(&row, odds_high);
	comparison_number(&row, chi2);
	comparison_number(&row, p_value);
	comparison_flag(&row, !isnan(crude) && !isnan(common),
					fabs(crude) > NO_DIFFERENCE && fabs(common) > NO_DIFFERENCE && (crude > 0) != (common > 0));
	return comparison_row(fcinfo, &row);
}
