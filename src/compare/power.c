/*
 * power.c
 *		deals_needed(), power(), detectable() and events_needed(): what a
 *		programme needs before it can show a difference.
 *
 * The formulas stand in plain/power.c. Every function is strict.
 */
#include "compare/compare.h"

#include <math.h>

#include "base/options.h"
#include "plain/power.h"

static double
check_rate(double rate, const char *name)
{
	return check_number(name, rate, rate >= 0 && rate <= 1, "from 0 to 1",
						"A rate is a fraction such as 0.1 for 10%.");
}

static double
check_share(double share, const char *name)
{
	return check_number(name, share, share > 0 && share < 1, "between 0 and 1", NULL);
}

static int64
check_deals(int64 deals)
{
	if (deals < 1)
		refuse_integer("deals", "at least 1", deals, NULL);
	return deals;
}

/* The next whole number, at least 1; NULL for an infinite one, 22003 above 64 bits. */
static Datum
whole_number(FunctionCallInfo fcinfo, double n, const char *what)
{
	if (isinf(n))
		PG_RETURN_NULL();
	n = Max(ceil(n), 1.0);
	if (n >= 9223372036854775808.0)
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("the %s needed are %g, which is out of range for bigint", what, n)));
	PG_RETURN_INT64((int64) n);
}

/*
 * deals_needed(before_rate, after_rate, power, level, deals_per_team, icc): deals
 * on each side; NULL for equal rates.
 */
PG_FUNCTION_INFO_V1(deals_needed);
Datum
deals_needed(PG_FUNCTION_ARGS)
{
	double		before_rate = check_rate(PG_GETARG_FLOAT8(0), "before_rate");
	double		after_rate = check_rate(PG_GETARG_FLOAT8(1), "after_rate");
	double		power = check_share(PG_GETARG_FLOAT8(2), "power");
	double		level = check_level(PG_GETARG_FLOAT8(3));
	double		deals_per_team = PG_GETARG_FLOAT8(4);
	double		icc = PG_GETARG_FLOAT8(5);

	(void) check_number("deals_per_team", deals_per_team, deals_per_team >= 1 && !isinf(deals_per_team),
						"at least 1 and finite", NULL);
	(void) check_number("icc", icc, icc >= 0 && icc <= 1, "from 0 to 1",
						"It is the part of the variance that teams account for, 0.01 to 0.05 as a rule.");
	return whole_number(fcinfo, power_deals(before_rate, after_rate, power, level) *
						power_design_effect(deals_per_team, icc), "deals");
}

/* power(deals, before_rate, after_rate, level), deals on each side; NULL where both rates are 0 or both 1. */
PG_FUNCTION_INFO_V1(power_of_comparison);
Datum
power_of_comparison(PG_FUNCTION_ARGS)
{
	int64		deals = check_deals(PG_GETARG_INT64(0));
	double		before_rate = check_rate(PG_GETARG_FLOAT8(1), "before_rate");
	double		after_rate = check_rate(PG_GETARG_FLOAT8(2), "after_rate");
	double		level = check_level(PG_GETARG_FLOAT8(3));
	double		power = power_of_deals((double) deals, before_rate, after_rate, level);

	if (isnan(power))
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(power);
}

/* detectable(deals, before_rate, power, level): (lower, upper), NULL where not even 0 or 1 is found. */
PG_FUNCTION_INFO_V1(detectable);
Datum
detectable(PG_FUNCTION_ARGS)
{
	int64		deals = check_deals(PG_GETARG_INT64(0));
	double		before_rate = check_rate(PG_GETARG_FLOAT8(1), "before_rate");
	double		power = check_share(PG_GETARG_FLOAT8(2), "power");
	double		level = check_level(PG_GETARG_FLOAT8(3));
	ComparisonRow row = {.n = 0};

	comparison_number(&row, power_detectable((double) deals, before_rate, false, power, level));
	comparison_number(&row, power_detectable((double) deals, before_rate, true, power, level));
	return comparison_row(fcinfo, &row);
}

/* events_needed(hazard_ratio, share, power, level): events in both groups; NULL for a ratio of 1. */
PG_FUNCTION_INFO_V1(events_needed);
Datum
events_needed(PG_FUNCTION_ARGS)
{
	double		hazard_ratio = PG_GETARG_FLOAT8(0);
	double		share = check_share(PG_GETARG_FLOAT8(1), "share");
	double		power = check_share(PG_GETARG_FLOAT8(2), "power");
	double		level = check_level(PG_GETARG_FLOAT8(3));

	(void) check_number("hazard_ratio", hazard_ratio, hazard_ratio > 0 && !isinf(hazard_ratio),
						"above 0 and finite", NULL);
	return whole_number(fcinfo, power_events(hazard_ratio, share, power, level), "events");
}
