/*
 * quota_rules.c
 *		The options of quota_attainment(): periods, and the target of each.
 */
#include "reading/quota_rules.h"

#include "utils/builtins.h"
#include "utils/numeric.h"

#include "base/elements.h"
#include "base/instant.h"
#include "base/money.h"
#include "base/options.h"
#include "base/zone.h"

/* ---------------------------------------------------------------- options */

/* -1, 0 or 1; -1 too for what is not a finite number. */
static int
sign_of(Numeric value)
{
	Datum		zero = NumericGetDatum(int64_to_numeric(0));

	if (numeric_is_nan(value) || numeric_is_inf(value))
		return -1;
	return DatumGetInt32(DirectFunctionCall2(numeric_cmp, NumericGetDatum(value), zero));
}

static void
refuse_quota(const char *name, const char *range, Numeric value)
{
	refuse_value(name, range, DatumGetCString(DirectFunctionCall1(numeric_out, NumericGetDatum(value))), NULL);
}

/* 22023 unless a number above zero. */
static void
require_positive(Numeric value, const char *name)
{
	if (sign_of(value) <= 0)
		refuse_quota(name, "above zero", value);
}

/*
 * The smallest amount of money that reaches quota x threshold: their exact
 * product rounded up to ten-thousandths, the grain of all amounts.
 */
static int64
target_of(Numeric quota, Numeric threshold)
{
	Datum		scaled = DirectFunctionCall2(numeric_mul, NumericGetDatum(quota), NumericGetDatum(threshold));

	scaled = DirectFunctionCall2(numeric_mul, scaled, NumericGetDatum(int64_to_numeric(AMOUNT_SCALE)));
	scaled = DirectFunctionCall1(numeric_ceil, scaled);
	if (DatumGetBool(DirectFunctionCall2(numeric_gt, scaled,
										 NumericGetDatum(int64_to_numeric(PG_INT64_MAX)))))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("quota is out of range: %s",
						DatumGetCString(DirectFunctionCall1(numeric_out, NumericGetDatum(quota))))));
	/* a product of numbers too small for numeric is 0 there, but no target is */
	return Max(DatumGetInt64(DirectFunctionCall1(numeric_int8, scaled)), 1);
}

/* A list of quotas as targets. 0 is a period that cannot be attained, and so is NULL where it may stand. */
static void
parse_targets(ArrayType *array, const char *name, bool null_is_zero, Numeric threshold,
			  QuotaRules *rules)
{
	char	   *of_element = psprintf("a quota in %s", name);
	bool	   *nulls = NULL;
	Datum	   *elements = array_elements(array, name, null_is_zero ? &nulls : NULL, &rules->ntargets);

	rules->targets = palloc0(sizeof(int64) * Max(rules->ntargets, 1));
	for (int i = 0; i < rules->ntargets; i++)
	{
		int			sign;

		if (nulls != NULL && nulls[i])
			continue;
		sign = sign_of(DatumGetNumeric(elements[i]));
		if (sign < 0)
			refuse_quota(of_element, "zero or above", DatumGetNumeric(elements[i]));
		if (sign > 0)
			rules->targets[i] = target_of(DatumGetNumeric(elements[i]), threshold);
	}
}

/* The dates of a calendar: 22023 unless there are two or more that ascend. */
static void
parse_calendar(ArrayType *array, QuotaRules *rules)
{
	Datum	   *elements = array_elements(array, "calendar", NULL, &rules->ndates);

	if (rules->ndates < 2)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("calendar must have at least two dates, not %d", rules->ndates),
				 errhint("A calendar is the first day of each period, and behind them the day after the last one.")));
	rules->dates = palloc(sizeof(DateADT) * rules->ndates);
	for (int i = 0; i < rules->ndates; i++)
	{
		char		before[DATE_TEXT_SIZE];
		char		after[DATE_TEXT_SIZE];

		rules->dates[i] = DatumGetDateADT(elements[i]);
		date_check(rules->dates[i], "a date of calendar");
		if (i > 0 && rules->dates[i] <= rules->dates[i - 1])
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("calendar must ascend, but %s comes before %s",
							date_text(rules->dates[i - 1], before), date_text(rules->dates[i], after))));
	}
}

/* 22023 where calendar or quotas leave another argument without meaning. */
static void
refuse_conflicts(FunctionCallInfo fcinfo, const QuotaRules *rules)
{
	bool		has_calendar = !PG_ARGISNULL(QUOTA_ARG_CALENDAR);
	bool		has_quotas = !PG_ARGISNULL(QUOTA_ARG_QUOTAS);
	const char *conflict = NULL;

	if (has_calendar && rules->period != PERIOD_NONE)
		conflict = "period has no meaning beside calendar";
	else if (has_calendar && rules->fiscal_year_start != 1)
		conflict = "fiscal_year_start has no meaning beside calendar";
	else if (has_quotas && !has_calendar)
		conflict = "quotas has no meaning without calendar";
	else if (has_quotas && !PG_ARGISNULL(QUOTA_ARG_QUOTA))
		conflict = "quota has no meaning beside quotas";
	else if (has_quotas && rules->has_ramp)
		conflict = "ramp has no meaning beside quotas";
	if (conflict != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg_internal("%s", conflict),
				 errhint("calendar takes the place of period and fiscal_year_start, and quotas, one for each period of calendar, that of quota and ramp.")));
}

/* 22023 where an option is about periods and there are none. */
static void
require_period(const QuotaRules *rules)
{
	const char *option = NULL;

	if (rules->period != PERIOD_NONE)
		return;
	if (rules->has_ramp)
		option = "ramp";
	else if (rules->sustained > 1)
		option = "sustained";
	else if (rules->fiscal_year_start != 1)
		option = "fiscal_year_start";
	if (option != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s has no meaning without a period", option),
				 errhint("Set period to month, quarter or year, or give a calendar.")));
}

/* Options that are numbers, words or names. */
static void
parse_scalars(FunctionCallInfo fcinfo, QuotaRules *rules)
{
	static const char *const periods[] = {"month", "quarter", "year"};

	require_option(fcinfo, QUOTA_ARG_THRESHOLD, "threshold");
	require_option(fcinfo, QUOTA_ARG_SUSTAINED, "sustained");
	require_option(fcinfo, QUOTA_ARG_ZONE, "zone");
	require_option(fcinfo, QUOTA_ARG_FISCAL_YEAR_START, "fiscal_year_start");
	rules->period = PERIOD_NONE;
	if (!PG_ARGISNULL(QUOTA_ARG_PERIOD))
		rules->period = option_from_text(PG_GETARG_TEXT_PP(QUOTA_ARG_PERIOD), "period", periods,
										 lengthof(periods));
	rules->zone = zone_from_text(PG_GETARG_TEXT_PP(QUOTA_ARG_ZONE));
	rules->sustained = PG_GETARG_INT32(QUOTA_ARG_SUSTAINED);
	if (rules->sustained < 1)
		refuse_integer("sustained", "at least 1", rules->sustained, NULL);
	rules->fiscal_year_start = PG_GETARG_INT32(QUOTA_ARG_FISCAL_YEAR_START);
	if (rules->fiscal_year_start < 1 || rules->fiscal_year_start > MONTHS_PER_YEAR)
		refuse_integer("fiscal_year_start", "a month from 1 to 12", rules->fiscal_year_start, NULL);
}

void
quota_rules_parse(FunctionCallInfo fcinfo, QuotaRules *rules)
{
	Numeric		threshold;

	memset(rules, 0, sizeof(*rules));
	parse_scalars(fcinfo, rules);
	rules->has_ramp = !PG_ARGISNULL(QUOTA_ARG_RAMP);
	rules->has_quota = !PG_ARGISNULL(QUOTA_ARG_QUOTA) || !PG_ARGISNULL(QUOTA_ARG_QUOTAS);
	refuse_conflicts(fcinfo, rules);
	if (!PG_ARGISNULL(QUOTA_ARG_CALENDAR))
	{
		rules->period = PERIOD_CALENDAR;
		parse_calendar(PG_GETARG_ARRAYTYPE_P(QUOTA_ARG_CALENDAR), rules);
	}
	require_period(rules);

	threshold = PG_GETARG_NUMERIC(QUOTA_ARG_THRESHOLD);
	require_positive(threshold, "threshold");
	if (!PG_ARGISNULL(QUOTA_ARG_QUOTA))
	{
		require_positive(PG_GETARG_NUMERIC(QUOTA_ARG_QUOTA), "quota");
		rules->target = target_of(PG_GETARG_NUMERIC(QUOTA_ARG_QUOTA), threshold);
	}
	if (rules->has_ramp)
		parse_targets(PG_GETARG_ARRAYTYPE_P(QUOTA_ARG_RAMP), "ramp", false, threshold, rules);
	if (!PG_ARGISNULL(QUOTA_ARG_QUOTAS))
	{
		parse_targets(PG_GETARG_ARRAYTYPE_P(QUOTA_ARG_QUOTAS), "quotas", true, threshold, rules);
		if (rules->ntargets != rules->ndates - 1)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("quotas must have as many elements as calendar has periods: %d, not %d",
							rules->ndates - 1, rules->ntargets)));
	}
}

/* ---------------------------------------------------------------- periods */

/* Months since one that is before every instant, the first of a fiscal year. */
static int64
fiscal_months(const QuotaRules *rules, TimestampTz at)
{
	struct pg_tm clock;

	zone_clock(rules->zone, at, &clock);
	return ((int64) clock.tm_year + 10000) * MONTHS_PER_YEAR + clock.tm_mon -
		rules->fiscal_year_start;
}

/* The period of an instant, as the zone's clock counts them: of a calendar -1 before it, ndates - 1 behind it. */
static int64
clock_period(const QuotaRules *rules, TimestampTz at)
{
	switch (rules->period)
	{
		case PERIOD_MONTH:
			return fiscal_months(rules, at);
		case PERIOD_QUARTER:
			return fiscal_months(rules, at) / 3;
		case PERIOD_YEAR:
			return fiscal_months(rules, at) / MONTHS_PER_YEAR;
		case PERIOD_CALENDAR:
			return dates_until(rules->dates, rules->ndates, zone_date(rules->zone, at)) - 1;
		case PERIOD_NONE:
			break;
	}
	return 0;
}

static bool
is_in_calendar(const QuotaRules *rules, int64 clock_number)
{
	return rules->period != PERIOD_CALENDAR ||
		(clock_number >= 0 && clock_number < rules->ndates - 1);
}

static void
count_unattainable(QuotaRules *rules)
{
	rules->unattainable = palloc(sizeof(int) * (rules->ntargets + 1));
	rules->unattainable[0] = 0;
	for (int i = 0; i < rules->ntargets; i++)
		rules->unattainable[i + 1] = rules->unattainable[i] + (rules->targets[i] == 0);
}

void
quota_rules_start(QuotaRules *rules, TimestampTz hired_at)
{
	int64		number = clock_period(rules, hired_at);
	char		text[INSTANT_TEXT_SIZE];

	if (rules->has_ramp && !is_in_calendar(rules, number))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("hired_at %s is outside of calendar", instant_text(hired_at, text)),
				 errdetail("The quotas of ramp are those of the period of hire and the next ones."),
				 errhint("Give quotas in the place of quota and ramp, or a calendar that begins earlier.")));
	rules->first_period = Max(number, 0);
	/* quotas are those of the calendar, from its first period on */
	if (rules->period == PERIOD_CALENDAR && !rules->has_ramp && rules->ntargets > 0)
	{
		int			before = Min(rules->first_period, rules->ntargets);

		rules->targets += before;
		rules->ntargets -= before;
	}
	count_unattainable(rules);
}

int64
quota_period(const QuotaRules *rules, TimestampTz at)
{
	int64		number = clock_period(rules, at);

	if (!is_in_calendar(rules, number))
		return NO_PERIOD;
	/* a clock that is set back can show the period before the hire again */
	return Max(number - rules->first_period, 0);
}

int64
quota_period_of_deal(const QuotaRules *rules, TimestampTz closed_at)
{
	int64		number = quota_period(rules, closed_at);

	if (number == NO_PERIOD)
	{
		char		at[INSTANT_TEXT_SIZE];
		char		first[DATE_TEXT_SIZE];
		char		last[DATE_TEXT_SIZE];

		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a deal closed at %s is outside of calendar", instant_text(closed_at, at)),
				 errdetail("Its periods begin on %s and end before %s.",
						   date_text(rules->dates[0], first),
						   date_text(rules->dates[rules->ndates - 1], last))));
	}
	return number;
}

int64
quota_target(const QuotaRules *rules, int64 number)
{
	if (number == NO_PERIOD)
		return 0;
	return number < rules->ntargets ? rules->targets[number] : rules->target;
}

int64
quota_place(const QuotaRules *rules, int64 number)
{
	return number - rules->unattainable[Min(number, rules->ntargets)];
}
