/*
 * quota_rules.h
 *		The options of quota_attainment(): periods, and the target of each.
 */
#ifndef EM_QUOTA_RULES_H
#define EM_QUOTA_RULES_H

#include "base/compat.h"
#include "pgtime.h"
#include "utils/date.h"

/* The arguments of quota_attainment(). */
enum
{
	QUOTA_ARG_HISTORY, QUOTA_ARG_HIRED_AT, QUOTA_ARG_QUOTA, QUOTA_ARG_PERIOD, QUOTA_ARG_RAMP,
	QUOTA_ARG_AS_OF, QUOTA_ARG_LEFT_AT, QUOTA_ARG_THRESHOLD, QUOTA_ARG_SUSTAINED, QUOTA_ARG_WON,
	QUOTA_ARG_LOST, QUOTA_ARG_ZONE, QUOTA_ARG_FISCAL_YEAR_START, QUOTA_ARG_CALENDAR,
	QUOTA_ARG_QUOTAS
};

typedef enum QuotaPeriod
{
	PERIOD_MONTH,
	PERIOD_QUARTER,
	PERIOD_YEAR,
	PERIOD_NONE,				/* everything since hire */
	PERIOD_CALENDAR				/* those of a list of dates */
} QuotaPeriod;

/*
 * Periods are numbered from 0. That is the one of the hire; where the hire is
 * before the calendar, it is the first of the calendar.
 */
#define NO_PERIOD (-1)

typedef struct QuotaRules
{
	bool		has_quota;		/* quota or quotas are given */
	QuotaPeriod period;
	int			fiscal_year_start;	/* a month, 1 to 12 */
	int			sustained;
	pg_tz	   *zone;
	int			ndates;			/* of the calendar */
	DateADT    *dates;
	bool		has_ramp;
	int64		target;			/* of every period behind the list; 0: cannot be attained */
	int			ntargets;
	int64	   *targets;		/* of the first periods */
	int		   *unattainable;	/* how many of the first i targets are 0 */
	int64		first_period;	/* the one numbered 0, as the zone's clock counts them */
} QuotaRules;

/* All options but the instants; 22023, 22004, 22008 or 22003 where one is wrong. */
extern void quota_rules_parse(FunctionCallInfo fcinfo, QuotaRules *rules);

/* Numbers the periods from the one of the hire; 22023 for a ramp and a hire outside of the calendar. */
extern void quota_rules_start(QuotaRules *rules, TimestampTz hired_at);

/* The number of the period of an instant since the hire; NO_PERIOD outside of the calendar. */
extern int64 quota_period(const QuotaRules *rules, TimestampTz at);

/* The same of an instant at which a deal was closed: 22023 outside of the calendar. */
extern int64 quota_period_of_deal(const QuotaRules *rules, TimestampTz closed_at);

/* The amount that reaches the quota of a period; 0 where it cannot be attained. */
extern int64 quota_target(const QuotaRules *rules, int64 number);

/* The place of a period among those that can be attained. */
extern int64 quota_place(const QuotaRules *rules, int64 number);

#endif							/* EM_QUOTA_RULES_H */
