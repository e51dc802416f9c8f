/*
 * quota_summary.h
 *		How many reps reached quota, how fast, and in how many sales cycles.
 *
 * A summary (engine.h) with no identity:
 *
 *		sums	microseconds from hire to quota of those who reached it;
 *				closed deals of all reps; closed deals of those who reached it
 *		keys	DURATION_KEY(whole days, category) of duration_summary.h, where
 *				an event is quota reached, a competing end is having left
 *				before, and censored is still on the way
 *
 * Size in bytes: 5 for header and version, 4 to 61 for the sums and the number
 * of cells, and for every day and category that occurs 2 and more, as in a
 * duration_summary.
 */
#ifndef EM_QUOTA_SUMMARY_H
#define EM_QUOTA_SUMMARY_H

#include "summary/engine.h"

enum
{
	QUOTA_SUM_MICROSECONDS,
	QUOTA_SUM_CYCLES,
	QUOTA_SUM_CYCLES_REACHED,
	QUOTA_SUMS
};

extern const SummaryType quota_type;

/* time_to_quota(quota_summary) of SQL */
extern Datum quota_summary_time_to_quota(PG_FUNCTION_ARGS);

#endif							/* EM_QUOTA_SUMMARY_H */
