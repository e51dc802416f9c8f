/*
 * instant.h
 *		Instants: finite timestamps, written in UTC.
 */
#ifndef EM_INSTANT_H
#define EM_INSTANT_H

#include "base/compat.h"
#include "datatype/timestamp.h"

/* Reports the error of instant_check(), and returns false. */
extern bool instant_refuse(TimestampTz at, const char *what, fmNodePtr escontext);

/* 22008 "WHAT must be finite", and for what no timestamptz can hold. */
static inline bool
instant_check(TimestampTz at, const char *what, fmNodePtr escontext)
{
	if (likely(IS_VALID_TIMESTAMP(at)))
		return true;
	return instant_refuse(at, what, escontext);
}

/* An instant from any literal that timestamptz takes; 22007, or as above. */
extern bool instant_parse(char *text, const char *what, int64 *at, fmNodePtr escontext);

/* ISO 8601 in UTC, microseconds only when not zero. */
#define INSTANT_TEXT_SIZE 136
extern char *instant_text(TimestampTz at, char *buffer);

/* The error of duration_between(). */
pg_noreturn extern void duration_out_of_range(int64 from, int64 to);

/*
 * The time from one instant to another, not earlier one, in microseconds;
 * 22003 above 2^63 - 1.
 */
static inline int64
duration_between(int64 from, int64 to)
{
	uint64		length = (uint64) to - (uint64) from;

	Assert(from <= to);
	if (unlikely(length > (uint64) PG_INT64_MAX))
		duration_out_of_range(from, to);
	return (int64) length;
}

/* The units in which durations are counted. */
typedef enum DurationUnit
{
	DURATION_DAY,
	DURATION_HOUR,
	DURATION_MINUTE,
	DURATION_SECOND
} DurationUnit;

#define DURATION_UNITS 4

/* Their names, in this order, and the microseconds of each. */
extern const char *const duration_unit_names[DURATION_UNITS];
extern const char *duration_unit_name(int unit);
extern int64 duration_unit_size(int unit);

/* An argument that names a unit; 22004, 22023. */
extern int	duration_unit_argument(FunctionCallInfo fcinfo, int argno);

#endif							/* EM_INSTANT_H */
