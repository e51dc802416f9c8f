/*
 * options.h
 *		Checks of the options of SQL functions: each rule once, with one wording.
 */
#ifndef EM_OPTIONS_H
#define EM_OPTIONS_H

#include "base/compat.h"
#include "utils/timestamp.h"

/* 22004 "NAME must not be NULL". */
pg_noreturn extern void refuse_null(const char *name);

static inline void
require_option(FunctionCallInfo fcinfo, int argno, const char *name)
{
	if (unlikely(PG_ARGISNULL(argno)))
		refuse_null(name);
}

/* The place of a word in a list; -1 when it is not there. */
extern int	find_word(const char *word, int length, const char *const *words, int count);

/* "Use A, B or C.": the hint of the errors about unknown words. */
extern int	errhint_words(const char *const *words, int count);

/* What an error quotes of a user's text: no more than a name is long. */
extern int	quoted_length(const char *text, int length);

/* The place of an option's value in its list; 22023 "unknown OPTION "VALUE"" with the list. */
extern int	option_from_text(text *value, const char *option, const char *const *words, int count);

/*
 * 22023 "NAME must be RANGE, not VALUE" for the value of an option that does not
 * fit, as in "level must be between 0 and 1, not 95". `hint` may be NULL.
 */
pg_noreturn extern void refuse_value(const char *name, const char *range, const char *value, const char *hint);
pg_noreturn extern void refuse_number(const char *name, const char *range, double value, const char *hint);
pg_noreturn extern void refuse_integer(const char *name, const char *range, int64 value, const char *hint);

static inline double
check_number(const char *name, double value, bool fits, const char *range, const char *hint)
{
	if (unlikely(!fits))
		refuse_number(name, range, value, hint);
	return value;
}

/* An integer that is not negative. */
static inline int64
check_not_negative(const char *name, int64 value, const char *hint)
{
	if (unlikely(value < 0))
		refuse_integer(name, "at least 0", value, hint);
	return value;
}

/* An integer within two bounds, which are part of the range. */
extern int	check_bounds(const char *name, int value, int least, int most);

/* A confidence level is above 0 and below 1; NaN is refused. */
extern double check_level(double level);

/*
 * A window option: interval to microseconds, 1 day = 24 h. 22023 for months
 * and for negative ones; what passes 64 bits is as good as none.
 */
extern int64 window_from_interval(const Interval *interval, const char *what);

#endif							/* EM_OPTIONS_H */
