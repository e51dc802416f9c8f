/*
 * amount_report.c
 *		What is read off an amount_summary: counts, sum, mean and spread.
 */
#include "summary/amount_summary.h"

#include <math.h>

#include "base/money.h"
#include "base/options.h"
#include "base/row.h"

PG_FUNCTION_INFO_V1(amount_summary_count);
Datum
amount_summary_count(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT64(PG_GETARG_AMOUNT_SUMMARY_P(0)->moments.count);
}

PG_FUNCTION_INFO_V1(amount_summary_missing);
Datum
amount_summary_missing(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT64(PG_GETARG_AMOUNT_SUMMARY_P(0)->missing);
}

/* The exact sum, 0 of no amounts. */
PG_FUNCTION_INFO_V1(amount_summary_total);
Datum
amount_summary_total(PG_FUNCTION_ARGS)
{
	PG_RETURN_NUMERIC(money_sum_numeric(PG_GETARG_AMOUNT_SUMMARY_P(0)->moments.sum));
}

/* NULL of no amounts. */
PG_FUNCTION_INFO_V1(amount_summary_mean);
Datum
amount_summary_mean(PG_FUNCTION_ARGS)
{
	const Moments *moments = &PG_GETARG_AMOUNT_SUMMARY_P(0)->moments;

	if (moments->count == 0)
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(moments_mean(moments) / AMOUNT_SCALE);
}

/* That of a sample; NULL of fewer than two amounts. */
PG_FUNCTION_INFO_V1(amount_summary_std_dev);
Datum
amount_summary_std_dev(PG_FUNCTION_ARGS)
{
	const Moments *moments = &PG_GETARG_AMOUNT_SUMMARY_P(0)->moments;

	if (moments->count < 2)
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(sqrt(moments_variance(moments)) / AMOUNT_SCALE);
}

/* confidence_interval(amount_summary, level): (low, high) of the mean by Student's t; NULLs of fewer than two amounts. */
PG_FUNCTION_INFO_V1(amount_summary_confidence_interval);
Datum
amount_summary_confidence_interval(PG_FUNCTION_ARGS)
{
	const Moments *moments = &PG_GETARG_AMOUNT_SUMMARY_P(0)->moments;
	double		level = check_level(PG_GETARG_FLOAT8(1));
	double		low = 0;
	double		high = 0;
	bool		known = moments_interval(moments, level, &low, &high);
	Datum		values[2] = {Float8GetDatum(low / AMOUNT_SCALE), Float8GetDatum(high / AMOUNT_SCALE)};
	bool		nulls[2] = {!known, !known};

	PG_RETURN_DATUM(result_row(fcinfo, values, nulls, 2));
}
