/*
 * business_days.c
 *		How many business days lie between two instants.
 *
 * Whole weeks are counted by arithmetic and holidays by their place in a sorted
 * list, so that a span of centuries costs as much as one of days.
 */
#include "base/compat.h"

#include "lib/qunique.h"

#include "base/call_cache.h"
#include "base/day.h"
#include "base/elements.h"
#include "base/instant.h"
#include "base/options.h"
#include "base/zone.h"

/* The arguments of business_days(). */
enum
{
	ARG_FROM_AT, ARG_UNTIL_AT, ARG_HOLIDAYS, ARG_ZONE, ARG_WEEKEND
};

#define DAYS_OF_A_WEEK 7

typedef struct BusinessCalendar
{
	pg_tz	   *zone;
	bool		is_weekend[DAYS_OF_A_WEEK + 1]; /* by ISO day of the week: 1 is Monday */
	int			ndays_of_a_week;	/* business days of a week without holidays */
	int			nholidays;
	DateADT    *holidays;		/* outside of weekends, ascending, each once */
} BusinessCalendar;

/* ---------------------------------------------------------------- options */

static void
parse_weekend(struct varlena *value, BusinessCalendar *calendar)
{
	int			count;
	Datum	   *elements = array_elements((ArrayType *) value, "weekend", NULL, &count);

	for (int i = 0; i < count; i++)
	{
		int32		day = DatumGetInt32(elements[i]);

		if (day < 1 || day > DAYS_OF_A_WEEK)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("%d is no day of the week", day),
					 errhint("Days are numbered from 1, Monday, to 7, Sunday.")));
		calendar->is_weekend[day] = true;
	}
	for (int day = 1; day <= DAYS_OF_A_WEEK; day++)
		calendar->ndays_of_a_week += !calendar->is_weekend[day];
	if (calendar->ndays_of_a_week == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("weekend must not contain all days of the week")));
}

static int
iso_day_of_the_week(DateADT date)
{
	int			day = j2day(date + POSTGRES_EPOCH_JDATE);

	return day == 0 ? DAYS_OF_A_WEEK : day;
}

/* Keeps the holidays that are not on a weekend, so is_weekend must be set. */
static void
parse_holidays(struct varlena *value, BusinessCalendar *calendar)
{
	int			count;
	Datum	   *elements;

	if (value == NULL)
		return;
	elements = array_elements((ArrayType *) value, "holidays", NULL, &count);
	calendar->holidays = palloc(sizeof(DateADT) * Max(count, 1));
	for (int i = 0; i < count; i++)
	{
		DateADT		date = DatumGetDateADT(elements[i]);

		date_check(date, "a holiday");
		if (!calendar->is_weekend[iso_day_of_the_week(date)])
			calendar->holidays[calendar->nholidays++] = date;
	}
	qsort(calendar->holidays, calendar->nholidays, sizeof(DateADT), day_compare);
	calendar->nholidays = qunique(calendar->holidays, calendar->nholidays, sizeof(DateADT),
								  day_compare);
}

/* What the options of this call say, kept by its call site. */
static const BusinessCalendar *
get_calendar(FunctionCallInfo fcinfo)
{
	static const CachedArguments arguments = {
		.count = 3, .argno = {ARG_HOLIDAYS, ARG_ZONE, ARG_WEEKEND}, .interval = NO_INTERVAL
	};
	BusinessCalendar *calendar = call_cache_get(fcinfo, &arguments);
	struct varlena **options;
	MemoryContext caller;

	if (calendar != NULL)
		return calendar;

	require_option(fcinfo, ARG_ZONE, "zone");
	require_option(fcinfo, ARG_WEEKEND, "weekend");
	options = call_cache_begin(fcinfo, &arguments, &caller);
	calendar = palloc0(sizeof(BusinessCalendar));
	calendar->zone = zone_from_text((text *) options[ARG_ZONE - ARG_HOLIDAYS]);
	parse_weekend(options[ARG_WEEKEND - ARG_HOLIDAYS], calendar);
	parse_holidays(options[0], calendar);
	call_cache_end(fcinfo, calendar, caller);
	return calendar;
}

/* ---------------------------------------------------------------- counting */

/* The business days after `from` up to and including `until`. */
static int32
count_business_days(const BusinessCalendar *calendar, DateADT from, DateADT until)
{
	int			weeks = (until - from) / DAYS_OF_A_WEEK;
	int32		count = weeks * calendar->ndays_of_a_week;

	for (DateADT day = from + weeks * DAYS_OF_A_WEEK + 1; day <= until; day++)
		count += !calendar->is_weekend[iso_day_of_the_week(day)];
	return count - dates_until(calendar->holidays, calendar->nholidays, until) +
		dates_until(calendar->holidays, calendar->nholidays, from);
}

/*
 * business_days(from_at, until_at, holidays, zone, weekend): the business days
 * after the day of from_at up to and including that of until_at, by the clock
 * of the zone. NULL for a NULL instant; NULL holidays are none. 22023 when
 * until_at is of an earlier day than from_at.
 */
PG_FUNCTION_INFO_V1(business_days);
Datum
business_days(PG_FUNCTION_ARGS)
{
	const BusinessCalendar *calendar = get_calendar(fcinfo);
	TimestampTz from_at;
	TimestampTz until_at;
	DateADT		from;
	DateADT		until;

	if (PG_ARGISNULL(ARG_FROM_AT) || PG_ARGISNULL(ARG_UNTIL_AT))
		PG_RETURN_NULL();
	from_at = PG_GETARG_TIMESTAMPTZ(ARG_FROM_AT);
	until_at = PG_GETARG_TIMESTAMPTZ(ARG_UNTIL_AT);
	(void) instant_check(from_at, "from_at", NULL);
	(void) instant_check(until_at, "until_at", NULL);
	from = zone_date(calendar->zone, from_at);
	until = zone_date(calendar->zone, until_at);
	/* a close date is the first instant of its day, perhaps that on which the deal was created */
	if (until_at < from_at && until < from)
	{
		char		until_text[INSTANT_TEXT_SIZE];
		char		from_text[INSTANT_TEXT_SIZE];

		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("until_at %s is before from_at %s", instant_text(until_at, until_text),
						instant_text(from_at, from_text))));
	}
	/* a clock that is set back at midnight can show the day before again */
	PG_RETURN_INT32(until > from ? count_business_days(calendar, from, until) : 0);
}
