/*
 * money.c
 *		Sums of money, 128 bits of ten-thousandths, as text and numeric.
 */
#include "base/money.h"

#include "lib/stringinfo.h"
#include "utils/builtins.h"

#include "history/deal_event.h"
#include "base/json.h"

char *
money_sum_text(Sum128 sum)
{
	char		digits[SUM128_TEXT_SIZE];
	char	   *in = sum128_text(sum, digits);
	StringInfoData out;
	int			length;

	initStringInfo(&out);
	if (*in == '-')
		appendStringInfoChar(&out, *in++);
	length = strlen(in);
	if (length <= AMOUNT_DECIMALS)
		appendStringInfoChar(&out, '0');
	else
		appendBinaryStringInfo(&out, in, length - AMOUNT_DECIMALS);
	appendStringInfoChar(&out, '.');
	for (int i = length; i < AMOUNT_DECIMALS; i++)
		appendStringInfoChar(&out, '0');
	appendStringInfoString(&out, in + Max(length - AMOUNT_DECIMALS, 0));
	while (out.data[out.len - 1] == '0')
		out.len--;
	if (out.data[out.len - 1] == '.')
		out.len--;
	out.data[out.len] = '\0';
	return out.data;
}

Numeric
money_sum_numeric(Sum128 sum)
{
	return DatumGetNumeric(DirectFunctionCall3(numeric_in, CStringGetDatum(money_sum_text(sum)),
											   ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1)));
}

bool
money_sum_field(JsonbContainer *object, const char *type, const char *key, Sum128 *sum,
				fmNodePtr escontext)
{
	JsonbValue *value = jsonb_field(object, key);
	char	   *text;
	char	   *point;
	int			decimals = 0;
	StringInfoData digits;

	if (value == NULL || value->type != jbvNumeric)
		ereturn(escontext, false,
				(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
				 errmsg("malformed %s: \"%s\" must be a number", type, key)));
	text = DatumGetCString(DirectFunctionCall1(numeric_out, NumericGetDatum(value->val.numeric)));
	initStringInfo(&digits);
	point = strchr(text, '.');
	if (point != NULL)
	{
		decimals = strlen(point + 1);
		while (decimals > 0 && point[decimals] == '0')
			decimals--;
		*point = '\0';
		appendStringInfoString(&digits, text);
		appendBinaryStringInfo(&digits, point + 1, decimals);
	}
	else
		appendStringInfoString(&digits, text);
	for (int i = decimals; i < AMOUNT_DECIMALS; i++)
		appendStringInfoChar(&digits, '0');
	if (decimals > AMOUNT_DECIMALS || !sum128_parse(digits.data, sum))
		ereturn(escontext, false,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("malformed %s: \"%s\" is out of range", type, key)));
	return true;
}
