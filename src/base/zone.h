/*
 * zone.h
 *		Time zones given by name, and the days that their clocks show.
 */
#ifndef EM_ZONE_H
#define EM_ZONE_H

#include "base/compat.h"
#include "pgtime.h"
#include "utils/date.h"
#include "utils/datetime.h"

/* 22023 unless the name of a zone, or what else PostgreSQL's TimeZone takes. */
extern pg_tz *zone_from_text(text *name);

/* What the clock of a zone shows at an instant; 22008 out of range. */
extern void zone_clock(pg_tz *zone, TimestampTz at, struct pg_tm *clock);

/* The date that it shows. */
extern DateADT zone_date(pg_tz *zone, TimestampTz at);

/*
 * So many months later by the clock of a zone, at the same time of a day of the
 * same number, or of the last day of a shorter month: at AT TIME ZONE zone +
 * months, back in the zone. Infinity where that is out of range.
 */
extern TimestampTz zone_add_months(pg_tz *zone, TimestampTz at, int months);

/* 22008 unless finite; `what` names the date. */
extern void date_check(DateADT date, const char *what);

/* A finite date as ISO 8601 has it. */
#define DATE_TEXT_SIZE (MAXDATELEN + 1)
extern char *date_text(DateADT date, char *buffer);

#endif							/* EM_ZONE_H */
