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

/* A confidence level; 22023 unless between 0 and 1, NaN among them. */
extern double check_level(double level);

/*
 * A window option: interval to microseconds, 1 day = 24 h. 22023 for months
 * and for negative ones; what passes 64 bits is as good as none.
 */
extern int64 window_from_interval(const Interval *interval, const char *what);

#endif							/* EM_OPTIONS_H */
