/*
 * quota_summary.c
 *		quota_summary: reps on their way to quota.
 *
 * What is stored stands in quota_summary.h. Text form:
 *
 *		{"version":1,"cycles":12,"cycles_of_reached":7,"total_microseconds":...,
 *		 "histogram":[[days,reached,left,open],...]}
 */
#include "summary/quota_summary.h"
#include "summary/known_state.h"

#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "summary/duration_summary.h"
#include "base/json.h"
#include "base/type.h"
#include "reading/quota_attainment.h"
#include "summary/rate_summary.h"

#define TYPE_NAME "quota_summary"

/* The categories that occur: the first ones of a duration_summary. */
#define CATEGORIES 3

StaticAssertDecl((int) QUOTA_REACHED == (int) DURATION_EVENT &&
				 (int) QUOTA_LEFT == (int) DURATION_COMPETING &&
				 (int) QUOTA_OPEN == (int) DURATION_CENSORED,
				 "an attainment's status is a category");

/* ---------------------------------------------------------------- check */

/* Beyond the checks of a duration_summary: a rep reaches quota by closing a deal. */
static const char *
check_quota(const SummaryView *view)
{
	static const uint8 unit = DURATION_DAY;
	SummaryView durations = *view;
	const Sum128 *sums = view->all.sums;
	uint64		counts[CATEGORIES] = {0};
	Sum128		zero = {0, 0};
	const char *problem;

	if (view->identity_size != 0)
		return "it must not have an identity";
	if (view->nsums != QUOTA_SUMS)
		return "it must hold three sums";
	for (uint32 i = 0; i < view->all.ncells; i++)
	{
		int			category = DURATION_KEY_CATEGORY(view->all.cells[i].key);

		if (category >= CATEGORIES)
			return "a category is unknown";
		counts[category] += (uint64) view->all.cells[i].count;
	}
	/* asks whether the counts pass 64 bits, too */
	durations.identity = &unit;
	durations.identity_size = 1;
	durations.nsums = 1;
	durations.all.sums = &view->all.sums[QUOTA_SUM_MICROSECONDS];
	problem = duration_type.check(&durations);
	if (problem != NULL)
		return problem;
	if (sum128_compare(sums[QUOTA_SUM_CYCLES_REACHED],
					   sum128_product((int64) counts[DURATION_EVENT], 1)) < 0 ||
		(counts[DURATION_EVENT] == 0 && sum128_compare(sums[QUOTA_SUM_CYCLES_REACHED], zero) != 0))
		return "the cycles of those who reached quota do not fit their number";
	if (sum128_compare(sums[QUOTA_SUM_CYCLES], sums[QUOTA_SUM_CYCLES_REACHED]) < 0 ||
		(counts[DURATION_COMPETING] + counts[DURATION_CENSORED] == 0 &&
		 sum128_compare(sums[QUOTA_SUM_CYCLES], sums[QUOTA_SUM_CYCLES_REACHED]) != 0))
		return "the cycles of all do not fit those of the ones who reached quota";
	return NULL;
}

/* ---------------------------------------------------------------- text and jsonb */

static void
append_json(StringInfo out, const SummaryView *view)
{
	char		cycles[SUM128_TEXT_SIZE];
	char		reached[SUM128_TEXT_SIZE];
	char		microseconds[SUM128_TEXT_SIZE];
	uint32		i = 0;

	appendStringInfo(out, "\"cycles\":%s,\"cycles_of_reached\":%s,\"total_microseconds\":%s,\"histogram\":[",
					 sum128_text(view->all.sums[QUOTA_SUM_CYCLES], cycles),
					 sum128_text(view->all.sums[QUOTA_SUM_CYCLES_REACHED], reached),
					 sum128_text(view->all.sums[QUOTA_SUM_MICROSECONDS], microseconds));
	while (i < view->all.ncells)
	{
		int64		days = DURATION_KEY_UNITS(view->all.cells[i].key);
		int64		here[CATEGORIES] = {0};

		if (i > 0)
			appendStringInfoChar(out, ',');
		for (; i < view->all.ncells && DURATION_KEY_UNITS(view->all.cells[i].key) == days; i++)
			here[DURATION_KEY_CATEGORY(view->all.cells[i].key)] = view->all.cells[i].count;
		appendStringInfo(out, "[" INT64_FORMAT "," INT64_FORMAT "," INT64_FORMAT "," INT64_FORMAT "]",
						 days, here[DURATION_EVENT], here[DURATION_COMPETING], here[DURATION_CENSORED]);
	}
	appendStringInfoChar(out, ']');
}

static const HistogramForm quota_form = {
	.type = TYPE_NAME,
	.row = "A row is [days, reached, left, open].",
	.categories = CATEGORIES,
	.all_categories = CATEGORIES,
	.most_units = PG_INT64_MAX / USECS_PER_DAY
};

static bool
read_json(SummaryView *view, JsonbContainer *object, fmNodePtr escontext)
{
	JsonbContainer *rows;
	Sum128	   *sums = palloc(sizeof(Sum128) * QUOTA_SUMS);

	view->nsums = QUOTA_SUMS;
	view->all.sums = sums;
	return jsonb_field_sum128(object, TYPE_NAME, "cycles", &sums[QUOTA_SUM_CYCLES], escontext) &&
		jsonb_field_sum128(object, TYPE_NAME, "cycles_of_reached", &sums[QUOTA_SUM_CYCLES_REACHED], escontext) &&
		jsonb_field_sum128(object, TYPE_NAME, "total_microseconds", &sums[QUOTA_SUM_MICROSECONDS], escontext) &&
		jsonb_field_array(object, TYPE_NAME, "histogram", &rows, escontext) &&
		duration_read_histogram(view, &quota_form, rows, escontext);
}

static const char *const json_keys[] = {
	"version", "cycles", "cycles_of_reached", "total_microseconds", "histogram", NULL
};

const SummaryType quota_type = {
	.name = TYPE_NAME,
	.mismatch = "Nothing tells one quota_summary from another.",
	.check = check_quota,
	.key_bits = SUMMARY_WHOLE_KEY,
	.keys = json_keys,
	.append_json = append_json,
	.read_json = read_json
};

DEFINE_SUMMARY(quota_summary, quota_type);

/* ---------------------------------------------------------------- accumulate */

/* One rep more in the summary of argument 0, or one less. */
static Datum
change_by_attainment(FunctionCallInfo fcinfo, int sign)
{
	const QuotaAttainment *attainment;
	SummaryState *state;
	int64		microseconds;

	if (PG_ARGISNULL(1))
		return summary_unchanged(fcinfo, &quota_type);
	attainment = quota_attainment_get(PG_GETARG_DATUM(1));
	microseconds = quota_attainment_microseconds(attainment);
	state = known_state(fcinfo, &quota_type, "", 0, QUOTA_SUMS);
	state = summary_add(state, &quota_type,
						DURATION_KEY(microseconds / USECS_PER_DAY, attainment->status), sign);
	sum128_add_int64(&summary_sums(state)[QUOTA_SUM_CYCLES], sign * (int64) attainment->cycles);
	if (attainment->status == QUOTA_REACHED)
	{
		sum128_add_int64(&summary_sums(state)[QUOTA_SUM_CYCLES_REACHED], sign * (int64) attainment->cycles);
		sum128_add_int64(&summary_sums(state)[QUOTA_SUM_MICROSECONDS], sign * microseconds);
	}
	state->inputs += sign;
	PG_RETURN_POINTER(state);
}

PG_FUNCTION_INFO_V1(quota_summary_add_attainment);
Datum
quota_summary_add_attainment(PG_FUNCTION_ARGS)
{
	return change_by_attainment(fcinfo, 1);
}

PG_FUNCTION_INFO_V1(quota_summary_remove_attainment);
Datum
quota_summary_remove_attainment(PG_FUNCTION_ARGS)
{
	return change_by_attainment(fcinfo, -1);
}

/* ---------------------------------------------------------------- accessors */

/* The reps of a view: all of them, or those of one status. */
static int64
count_reps(const SummaryView *view, int status)
{
	int64		count = 0;

	for (uint32 i = 0; i < view->all.ncells; i++)
		if (status < 0 || DURATION_KEY_CATEGORY(view->all.cells[i].key) == status)
			count += view->all.cells[i].count;
	return count;
}

PG_FUNCTION_INFO_V1(quota_summary_reps);
Datum
quota_summary_reps(PG_FUNCTION_ARGS)
{
	SummaryView view;

	summary_view(&view, &quota_type, PG_GETARG_DATUM(0));
	PG_RETURN_INT64(count_reps(&view, -1));
}

/* Those who reached quota, of all. */
PG_FUNCTION_INFO_V1(quota_summary_reached);
Datum
quota_summary_reached(PG_FUNCTION_ARGS)
{
	SummaryView view;

	summary_view(&view, &quota_type, PG_GETARG_DATUM(0));
	PG_RETURN_POINTER(rate_summary_build(count_reps(&view, QUOTA_REACHED), count_reps(&view, -1)));
}

/* 100 x closed deals of all reps / reps; NULL without reps. */
PG_FUNCTION_INFO_V1(quota_summary_quota_velocity);
Datum
quota_summary_quota_velocity(PG_FUNCTION_ARGS)
{
	SummaryView view;
	int64		reps;

	summary_view(&view, &quota_type, PG_GETARG_DATUM(0));
	reps = count_reps(&view, -1);
	if (reps == 0)
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(100 * sum128_to_double(view.all.sums[QUOTA_SUM_CYCLES]) / (double) reps);
}

/* Closed deals until quota per rep, of those who reached it; NULL when none did. */
PG_FUNCTION_INFO_V1(quota_summary_mean_cycles);
Datum
quota_summary_mean_cycles(PG_FUNCTION_ARGS)
{
	SummaryView view;
	int64		reached;

	summary_view(&view, &quota_type, PG_GETARG_DATUM(0));
	reached = count_reps(&view, QUOTA_REACHED);
	if (reached == 0)
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(sum128_to_double(view.all.sums[QUOTA_SUM_CYCLES_REACHED]) / (double) reached);
}

/* The mean time to quota of those who reached it, in reference cycles; NULL when none did. */
PG_FUNCTION_INFO_V1(quota_summary_mean_elapsed_cycles);
Datum
quota_summary_mean_elapsed_cycles(PG_FUNCTION_ARGS)
{
	int64		reference = quota_reference(PG_GETARG_DATUM(1));
	SummaryView view;
	int64		reached;

	summary_view(&view, &quota_type, PG_GETARG_DATUM(0));
	reached = count_reps(&view, QUOTA_REACHED);
	if (reached == 0)
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(sum128_to_double(view.all.sums[QUOTA_SUM_MICROSECONDS]) / (double) reached /
					 (double) reference);
}

/* Days from hire to quota: having left before competes, those on the way are censored. */
PG_FUNCTION_INFO_V1(quota_summary_time_to_quota);
Datum
quota_summary_time_to_quota(PG_FUNCTION_ARGS)
{
	SummaryView view;

	summary_view(&view, &quota_type, PG_GETARG_DATUM(0));
	PG_RETURN_POINTER(duration_summary_build(DURATION_DAY, view.all.cells, view.all.ncells,
											 view.all.sums[QUOTA_SUM_MICROSECONDS]));
}
