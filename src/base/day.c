/*
 * day.c
 *		Dates as text, and their bounds.
 */
#include "base/day.h"

#include "utils/builtins.h"
#include "utils/datetime.h"

#include "base/json.h"

StaticAssertDecl(DAY_TEXT_SIZE >= sizeof("5874897-12-31 BC"), "a date fits its buffer");

char *
day_text(DateADT day, char *buffer)
{
	int			year;
	int			month;
	int			of_month;

	j2date(day + POSTGRES_EPOCH_JDATE, &year, &month, &of_month);
	snprintf(buffer, DAY_TEXT_SIZE, "%04d-%02d-%02d%s", year > 0 ? year : 1 - year, month, of_month,
			 year > 0 ? "" : " BC");
	return buffer;
}

int
day_compare(const void *a, const void *b)
{
	DateADT		left = *(const DateADT *) a;
	DateADT		right = *(const DateADT *) b;

	return (left > right) - (left < right);
}

bool
day_check(DateADT day, const char *what, fmNodePtr escontext)
{
	if (DATE_NOT_FINITE(day))
		ereturn(escontext, false,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("%s must be finite, not %s", what, DATE_IS_NOBEGIN(day) ? "-infinity" : "infinity")));
	if (!IS_VALID_DATE(day))
		ereturn(escontext, false,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("%s is out of range: %d days from 2000-01-01", what, day)));
	return true;
}

bool
jsonb_field_day(JsonbContainer *object, const char *type, const char *key,
				DateADT *value, fmNodePtr escontext)
{
	JsonbValue *field = jsonb_field(object, key);
	char		canonical[DAY_TEXT_SIZE];
	char	   *text;
	Datum		day;

	if (field == NULL || field->type != jbvString)
		return jsonb_wrong_type(type, key, "a date", escontext);
	text = pnstrdup(field->val.string.val, field->val.string.len);
	if (!DirectInputFunctionCallSafe(date_in, text, InvalidOid, -1, escontext, &day))
		return false;
	*value = DatumGetDateADT(day);
	if (!day_check(*value, key, escontext))
		return false;
	if (strcmp(day_text(*value, canonical), text) != 0)
		ereturn(escontext, false,
				(errcode(ERRCODE_INVALID_DATETIME_FORMAT),
				 errmsg("malformed %s: \"%s\" must be a date as YYYY-MM-DD, not \"%s\"", type, key, text)));
	return true;
}
