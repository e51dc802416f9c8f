/*
 * zone.c
 *		Time zones given by name, and the days that their clocks show.
 */
#include "base/zone.h"

#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

pg_tz *
zone_from_text(text *name)
{
	char	   *string = text_to_cstring(name);
	pg_tz	   *zone = NULL;

	if (*string != '\0' && strlen(string) <= TZ_STRLEN_MAX)
		zone = pg_tzset(string);
	if (zone == NULL || !pg_tz_acceptable(zone))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("zone \"%.*s\" is not known",
						pg_mbcliplen(string, strlen(string), NAMEDATALEN), string),
				 errhint("Use a name from pg_timezone_names, such as Europe/Berlin.")));
	return zone;
}

/* What the clock shows, and the microseconds of its second. */
static void
read_clock(pg_tz *zone, TimestampTz at, struct pg_tm *clock, fsec_t *microseconds)
{
	int			offset;

	if (timestamp2tm(at, &offset, clock, microseconds, NULL, zone) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("timestamp out of range")));
}

void
zone_clock(pg_tz *zone, TimestampTz at, struct pg_tm *clock)
{
	fsec_t		microseconds;

	read_clock(zone, at, clock, &microseconds);
}

TimestampTz
zone_add_months(pg_tz *zone, TimestampTz at, int months)
{
	struct pg_tm clock;
	fsec_t		microseconds;
	TimestampTz result;
	int64		month;
	int			offset;

	if (months == 0)
		return at;
	read_clock(zone, at, &clock, &microseconds);
	month = (int64) clock.tm_year * MONTHS_PER_YEAR + clock.tm_mon - 1 + months;
	clock.tm_year = (month + 10000 * MONTHS_PER_YEAR) / MONTHS_PER_YEAR - 10000;
	clock.tm_mon = (month + 10000 * MONTHS_PER_YEAR) % MONTHS_PER_YEAR + 1;
	clock.tm_mday = Min(clock.tm_mday, day_tab[isleap(clock.tm_year)][clock.tm_mon - 1]);
	offset = DetermineTimeZoneOffset(&clock, zone);
	if (tm2timestamp(&clock, microseconds, &offset, &result) != 0)
		TIMESTAMP_NOEND(result);
	return result;
}

DateADT
zone_date(pg_tz *zone, TimestampTz at)
{
	struct pg_tm clock;

	zone_clock(zone, at, &clock);
	return date2j(clock.tm_year, clock.tm_mon, clock.tm_mday) - POSTGRES_EPOCH_JDATE;
}

void
date_check(DateADT date, const char *what)
{
	if (DATE_NOT_FINITE(date))
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("%s must be finite, not %s", what,
						DATE_IS_NOBEGIN(date) ? "-infinity" : "infinity")));
}

char *
date_text(DateADT date, char *buffer)
{
	struct pg_tm clock;

	memset(&clock, 0, sizeof(clock));
	j2date(date + POSTGRES_EPOCH_JDATE, &clock.tm_year, &clock.tm_mon, &clock.tm_mday);
	EncodeDateOnly(&clock, USE_ISO_DATES, buffer);
	return buffer;
}
