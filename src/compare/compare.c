/*
 * compare.c
 *		compare() of two rates and of two duration summaries, and
 *		difference_in_differences(). Differences are after minus before.
 *
 * The statistics stand in proportion.h and survival.h. A number that does not
 * exist is NULL: with an empty summary, an infinite ratio, or no variance.
 */
#include "compare/compare.h"

#include <math.h>

#include "plain/distribution.h"
#include "summary/duration_summary.h"
#include "plain/proportion.h"
#include "summary/rate_summary.h"
#include "base/options.h"
#include "base/row.h"

/* ---------------------------------------------------------------- rows and options */

void
comparison_number(ComparisonRow *row, double value)
{
	Assert(row->n < COMPARISON_COLUMNS);
	row->nulls[row->n] = !isfinite(value);
	row->values[row->n++] = Float8GetDatum(value);
}

void
comparison_count(ComparisonRow *row, int64 value)
{
	Assert(row->n < COMPARISON_COLUMNS);
	row->nulls[row->n] = false;
	row->values[row->n++] = Int64GetDatum(value);
}

void
comparison_flag(ComparisonRow *row, bool known, bool value)
{
	Assert(row->n < COMPARISON_COLUMNS);
	row->nulls[row->n] = !known;
	row->values[row->n++] = BoolGetDatum(value);
}

Datum
comparison_row(FunctionCallInfo fcinfo, ComparisonRow *row)
{
	return result_row(fcinfo, row->values, row->nulls, row->n);
}

/* ---------------------------------------------------------------- rates */

/*
 * compare(before rate_summary, after rate_summary, level): (before_percent,
 * after_percent, difference_points, low, high, relative_lift, z, p_value, p_exact).
 * 22023 for a level outside (0, 1). The lift is NULL when nothing succeeded
 * before; z and p_value are NULL when all succeeded or none, p_exact is 1 then.
 */
PG_FUNCTION_INFO_V1(rate_summary_compare);
Datum
rate_summary_compare(PG_FUNCTION_ARGS)
{
	const RateSummary *before = PG_GETARG_RATE_SUMMARY_P(0);
	const RateSummary *after = PG_GETARG_RATE_SUMMARY_P(1);
	double		level = check_level(PG_GETARG_FLOAT8(2));
	double		difference = NAN,
				low = NAN,
				high = NAN,
				lift = NAN,
				z = NAN,
				p_value = NAN,
				p_exact = NAN;
	ComparisonRow row = {.n = 0};

	newcombe_interval(before->successes, before->total, after->successes, after->total, level,
					  &difference, &low, &high);
	/* (k2/n2) / (k1/n1) - 1, without subtracting near 1 */
	if (before->successes > 0 && after->total > 0)
		lift = cross_difference(after->successes, before->total, before->successes, after->total) /
			((double) before->successes * (double) after->total);
	pooled_z_test(before->successes, before->total, after->successes, after->total, &z, &p_value);
	fisher_exact_test(before->successes, before->total, after->successes, after->total, &p_exact);

	comparison_number(&row, percent_of(before->successes, before->total));
	comparison_number(&row, percent_of(after->successes, after->total));
	comparison_number(&row, 100 * difference);
	comparison_number(&row, 100 * low);
	comparison_number(&row, 100 * high);
	comparison_number(&row, lift);
	comparison_number(&row, z);
	comparison_number(&row, p_value);
	comparison_number(&row, p_exact);
	return comparison_row(fcinfo, &row);
}

/*
 * difference_in_differences(before_treated, after_treated, before_control,
 * after_control, level): (treated_points, control_points, difference_points,
 * std_error, low, high, z, p_value), all but z and p_value in percentage points.
 * With an empty rate the points of the other group alone; all points and
 * std_error, which is 0, when all four rates are 0 or 1.
 */
PG_FUNCTION_INFO_V1(rate_summary_difference_in_differences);
Datum
rate_summary_difference_in_differences(PG_FUNCTION_ARGS)
{
	const RateSummary *before[2] = {PG_GETARG_RATE_SUMMARY_P(2), PG_GETARG_RATE_SUMMARY_P(0)};
	const RateSummary *after[2] = {PG_GETARG_RATE_SUMMARY_P(3), PG_GETARG_RATE_SUMMARY_P(1)};
	double		level = check_level(PG_GETARG_FLOAT8(4));
	int64_t		before_k[2] = {before[0]->successes, before[1]->successes};
	int64_t		before_n[2] = {before[0]->total, before[1]->total};
	int64_t		after_k[2] = {after[0]->successes, after[1]->successes};
	int64_t		after_n[2] = {after[0]->total, after[1]->total};
	DifferenceInDifferences did;
	ComparisonRow row = {.n = 0};

	(void) difference_in_differences(before_k, before_n, after_k, after_n, level, &did);
	comparison_number(&row, 100 * did.change[1]);
	comparison_number(&row, 100 * did.change[0]);
	comparison_number(&row, 100 * did.difference);
	comparison_number(&row, 100 * did.std_error);
	comparison_number(&row, 100 * did.low);
	comparison_number(&row, 100 * did.high);
	comparison_number(&row, did.z);
	comparison_number(&row, did.p_value);
	return comparison_row(fcinfo, &row);
}

/* ---------------------------------------------------------------- durations */

void
log_rank_result(const LogRank *sums, double *chi2, double *p_value, double *hazard_ratio)
{
	double		surplus = sums->observed[1] - sums->expected[1];

	*chi2 = *p_value = *hazard_ratio = NAN;
	if (sums->variance > 0)
	{
		*chi2 = surplus / sums->variance * surplus;
		*p_value = chi_square_upper_tail(*chi2);
	}
	if (sums->observed[0] > 0 && sums->expected[0] > 0 && sums->expected[1] > 0)
		*hazard_ratio = (sums->observed[1] / sums->expected[1]) / (sums->observed[0] / sums->expected[0]);
}

void
hazard_ratio_interval(const LogRank *sums, double level, double *low, double *high)
{
	double		half = -normal_quantile((1 - level) / 2) / sqrt(sums->variance);
	double		chi2;
	double		p_value;
	double		ratio;

	*low = *high = NAN;
	log_rank_result(sums, &chi2, &p_value, &ratio);
	if (!(sums->variance > 0) || !(ratio > 0))
		return;
	*low = ratio * exp(-half);
	*high = ratio * exp(half);
}

static double
median_of(const DurationCurve *curve)
{
	double		median;

	return survival_quantile(curve->points, curve->n, 0.5, &median) ? median : NAN;
}

/* 22023 unless both curves are of the same unit. */
static void
require_same_unit(const DurationCurve *before, const DurationCurve *after)
{
	uint8		unit = before->view.identity[0];
	uint8		other = after->view.identity[0];

	if (unit != other)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("durations by %s cannot be compared with durations by %s",
						duration_unit_name(unit), duration_unit_name(other)),
				 errhint("Build both summaries with the same unit.")));
}

/* The restricted means of two curves: after minus before, with its interval; NAN where there is none. */
typedef struct MeanDifference
{
	double		value;
	double		low;
	double		high;
} MeanDifference;

static MeanDifference
mean_difference(const DurationCurve *before, const DurationCurve *after, double horizon, double level)
{
	MeanDifference difference = {NAN, NAN, NAN};
	double		mean[2];
	double		error[2];
	double		half;

	if (!survival_restricted_mean(before->points, before->n, horizon, &mean[0], &error[0]) ||
		!survival_restricted_mean(after->points, after->n, horizon, &mean[1], &error[1]))
		return difference;
	difference.value = mean[1] - mean[0];

	/* without any event before the horizon the error is 0, and says nothing */
	half = -normal_quantile((1 - level) / 2) * hypot(error[0], error[1]);
	if (half > 0)
	{
		difference.low = difference.value - half;
		difference.high = difference.value + half;
	}
	return difference;
}

/*
 * compare(before duration_summary, after duration_summary, horizon, level):
 * (before_median, after_median, difference_days, low, high, log_rank_chi2,
 * p_value, hazard_ratio, compared_to, hazard_low, hazard_high), in the unit of
 * both; another unit in one of them is 22023. difference_days is that of the
 * means restricted to the horizon, which compared_to repeats: by default as far
 * as both were observed; NULL beyond. Its interval is normal, and NULL with
 * competing ends, which the log-rank test and the hazard ratio take for
 * censored. NULL for a NULL summary or level.
 */
PG_FUNCTION_INFO_V1(duration_summary_compare);
Datum
duration_summary_compare(PG_FUNCTION_ARGS)
{
	DurationCurve before;
	DurationCurve after;
	LogRank		sums = {{0}};
	double		level;
	double		horizon;
	MeanDifference difference;
	double		chi2;
	double		p_value;
	double		hazard_ratio;
	double		hazard_low;
	double		hazard_high;
	ComparisonRow row = {.n = 0};

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1) || PG_ARGISNULL(3))
		PG_RETURN_NULL();
	level = check_level(PG_GETARG_FLOAT8(3));
	horizon = PG_ARGISNULL(2) ? NAN : duration_check_horizon(PG_GETARG_FLOAT8(2));
	duration_curve(&before, PG_GETARG_DATUM(0));
	duration_curve(&after, PG_GETARG_DATUM(1));
	require_same_unit(&before, &after);

	if (isnan(horizon) && before.n > 0 && after.n > 0)
		horizon = (double) Min(survival_last_unit(before.points, before.n),
							   survival_last_unit(after.points, after.n));
	difference = mean_difference(&before, &after, horizon, level);
	log_rank_add(&sums, before.points, before.n, after.points, after.n);
	log_rank_result(&sums, &chi2, &p_value, &hazard_ratio);
	hazard_ratio_interval(&sums, level, &hazard_low, &hazard_high);

	comparison_number(&row, median_of(&before));
	comparison_number(&row, median_of(&after));
	comparison_number(&row, difference.value);
	comparison_number(&row, difference.low);
	comparison_number(&row, difference.high);
	comparison_number(&row, chi2);
	comparison_number(&row, p_value);
	comparison_number(&row, hazard_ratio);
	comparison_number(&row, horizon);
	comparison_number(&row, hazard_low);
	comparison_number(&row, hazard_high);
	return comparison_row(fcinfo, &row);
}
