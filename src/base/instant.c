/*
 * instant.c
 *		Instants: finite timestamps, written in UTC; and the time between two.
 */
#include "base/instant.h"

#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/datetime.h"
#include "utils/timestamp.h"

#include "base/options.h"

const char *const duration_unit_names[DURATION_UNITS] = {"day", "hour", "minute", "second"};

static const int64 unit_sizes[DURATION_UNITS] = {
	USECS_PER_DAY, USECS_PER_HOUR, USECS_PER_MINUTE, USECS_PER_SEC
};

StaticAssertDecl(INSTANT_TEXT_SIZE >= MAXDATELEN + 2, "an instant fits its buffer");

bool
instant_refuse(TimestampTz at, const char *what, fmNodePtr escontext)
{
	if (TIMESTAMP_NOT_FINITE(at))
		ereturn(escontext, false,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("%s must be finite, not %s", what,
						TIMESTAMP_IS_NOBEGIN(at) ? "-infinity" : "infinity")));
	ereturn(escontext, false,
			(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
			 errmsg("%s is out of range: " INT64_FORMAT " microseconds from 2000-01-01",
					what, at)));
}

bool
instant_parse(char *text, const char *what, int64 *at, fmNodePtr escontext)
{
	Datum		value;

	if (!DirectInputFunctionCallSafe(timestamptz_in, text, InvalidOid, -1, escontext, &value))
		return false;
	*at = DatumGetTimestampTz(value);
	return instant_check(*at, what, escontext);
}

char *
instant_text(TimestampTz at, char *buffer)
{
	struct pg_tm tm;
	fsec_t		fsec;
	char	   *end;
	bool		before_christ;

	if (timestamp2tm(at, NULL, &tm, &fsec, NULL, NULL) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("timestamp out of range")));
	before_christ = tm.tm_year <= 0;
	EncodeDateTime(&tm, fsec, false, 0, NULL, USE_XSD_DATES, buffer);
	end = buffer + strlen(buffer);
	if (before_christ)
		end -= strlen(" BC");
	strcpy(end, before_christ ? "Z BC" : "Z");
	return buffer;
}

void
duration_out_of_range(int64 from, int64 to)
{
	char		from_text[INSTANT_TEXT_SIZE];
	char		to_text[INSTANT_TEXT_SIZE];

	ereport(ERROR,
			(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
			 errmsg("duration is out of range: from %s to %s",
					instant_text(from, from_text), instant_text(to, to_text))));
}

const char *
duration_unit_name(int unit)
{
	Assert(unit >= 0 && unit < DURATION_UNITS);
	return duration_unit_names[unit];
}

int64
duration_unit_size(int unit)
{
	Assert(unit >= 0 && unit < DURATION_UNITS);
	return unit_sizes[unit];
}

int
duration_unit_argument(FunctionCallInfo fcinfo, int argno)
{
	require_option(fcinfo, argno, "unit");
	return option_from_text(PG_GETARG_TEXT_PP(argno), "unit", duration_unit_names, DURATION_UNITS);
}
