/*
 * options.c
 *		Checks of the options of SQL functions.
 */
#include "base/options.h"

#include "common/int.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"

void
refuse_null(const char *name)
{
	ereport(ERROR,
			(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
			 errmsg("%s must not be NULL", name)));
}

int
find_word(const char *word, int length, const char *const *words, int count)
{
	for (int i = 0; i < count; i++)
		if (strncmp(words[i], word, length) == 0 && words[i][length] == '\0')
			return i;
	return -1;
}

int
errhint_words(const char *const *words, int count)
{
	StringInfoData list;

	initStringInfo(&list);
	for (int i = 0; i < count; i++)
	{
		if (i > 0)
			appendStringInfoString(&list, i == count - 1 ? " or " : ", ");
		appendStringInfoString(&list, words[i]);
	}
	return errhint("Use %s.", list.data);
}

int
quoted_length(const char *text, int length)
{
	return pg_mbcliplen(text, length, NAMEDATALEN);
}

int
option_from_text(text *value, const char *option, const char *const *words, int count)
{
	const char *data = VARDATA_ANY(value);
	int			length = VARSIZE_ANY_EXHDR(value);
	int			place = find_word(data, length, words, count);

	if (place < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("unknown %s \"%.*s\"", option, quoted_length(data, length), data),
				 errhint_words(words, count)));
	return place;
}

void
refuse_value(const char *name, const char *range, const char *value, const char *hint)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("%s must be %s, not %s", name, range, value),
			 hint != NULL ? errhint("%s", hint) : 0));
}

void
refuse_number(const char *name, const char *range, double value, const char *hint)
{
	refuse_value(name, range, psprintf("%g", value), hint);
}

void
refuse_integer(const char *name, const char *range, int64 value, const char *hint)
{
	refuse_value(name, range, psprintf(INT64_FORMAT, value), hint);
}

int
check_bounds(const char *name, int value, int least, int most)
{
	if (value < least || value > most)
		refuse_integer(name, psprintf("from %d to %d", least, most), value, NULL);
	return value;
}

double
check_level(double level)
{
	return check_number("level", level, level > 0 && level < 1, "between 0 and 1",
						"A level is a fraction such as 0.95.");
}

int64
window_from_interval(const Interval *interval, const char *what)
{
	int64		days;
	int64		total;

	if (INTERVAL_NOT_FINITE(interval))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s must be finite", what),
				 errhint("NULL stands for no bound.")));
	if (interval->month != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s must not have months: %s", what,
						DatumGetCString(DirectFunctionCall1(interval_out,
															IntervalPGetDatum(interval)))),
				 errhint("Months differ in length: use days, and subtract timestamps instead of using age().")));
	if (pg_mul_s64_overflow(interval->day, USECS_PER_DAY, &days))
		total = interval->day < 0 ? PG_INT64_MIN : PG_INT64_MAX;
	else if (pg_add_s64_overflow(days, interval->time, &total))
		total = days < 0 ? PG_INT64_MIN : PG_INT64_MAX;
	if (total < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s must not be negative: %s", what,
						DatumGetCString(DirectFunctionCall1(interval_out,
															IntervalPGetDatum(interval))))));
	return total;
}
