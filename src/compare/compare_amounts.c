/*
 * compare_amounts.c
 *		compare() of two amount summaries: Welch's test. The statistics stand in
 *		moments.h.
 */
#include "compare/compare.h"

#include <math.h>

#include "base/money.h"
#include "base/options.h"
#include "summary/amount_summary.h"

/*
 * compare(before amount_summary, after amount_summary, level): (before_mean,
 * after_mean, difference, low, high, relative_lift, t, df, p_value). With fewer
 * than two amounts on a side, or where both sides are constant, there is
 * nothing but means, difference and lift. The lift is NULL unless the mean
 * before is above 0.
 */
PG_FUNCTION_INFO_V1(amount_summary_compare);
Datum
amount_summary_compare(PG_FUNCTION_ARGS)
{
	const AmountSummary *before = PG_GETARG_AMOUNT_SUMMARY_P(0);
	const AmountSummary *after = PG_GETARG_AMOUNT_SUMMARY_P(1);
	double		level = check_level(PG_GETARG_FLOAT8(2));
	ComparisonRow row = {.n = 0};
	Welch		welch;

	moments_welch(&before->moments, &after->moments, level, &welch);
	comparison_number(&row, welch.mean[0] / AMOUNT_SCALE);
	comparison_number(&row, welch.mean[1] / AMOUNT_SCALE);
	comparison_number(&row, welch.difference / AMOUNT_SCALE);
	comparison_number(&row, welch.low / AMOUNT_SCALE);
	comparison_number(&row, welch.high / AMOUNT_SCALE);
	comparison_number(&row, welch.mean[0] > 0 ? welch.difference / welch.mean[0] : NAN);
	comparison_number(&row, welch.t);
	comparison_number(&row, welch.df);
	comparison_number(&row, welch.p_value);
	return comparison_row(fcinfo, &row);
}
