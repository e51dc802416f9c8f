/*
 * rate_report.c
 *		What a rate says, for people.
 */
#include "base/compat.h"

#include "base/rounded.h"
#include "summary/rate_summary.h"

/* percent(rate, digits): the percentage, rounded from the counts; NULL when the denominator is empty. */
PG_FUNCTION_INFO_V1(rate_summary_percent_digits);
Datum
rate_summary_percent_digits(PG_FUNCTION_ARGS)
{
	RateSummary *rate = PG_GETARG_RATE_SUMMARY_P(0);
	int			digits = digits_check(PG_GETARG_INT32(1));

	if (rate->total == 0)
		PG_RETURN_NULL();
	PG_RETURN_NUMERIC(rounded_percent(rate->successes, rate->total, digits));
}
