/*
 * rounded.c
 *		Numbers with a given count of decimals, rounded half away from zero.
 */
#include "base/rounded.h"

#include "utils/builtins.h"

#include "base/options.h"

int
digits_check(int32 digits)
{
	return check_bounds("digits", digits, 0, ROUNDED_MAX_DIGITS);
}

static Datum
integer_numeric(int64 value)
{
	return NumericGetDatum(int64_to_numeric(value));
}

/*
 * The nearest whole number of units of 10^-digits, by whole numbers:
 * (2 x 100 x k x 10^digits + n) / 2 n, its remainder cut off.
 */
Numeric
rounded_percent(int64 k, int64 n, int digits)
{
	int64		scale = 1;
	Datum		above;
	Datum		below;
	Datum		units;
	Datum		unit;

	for (int i = 0; i < digits; i++)
		scale *= 10;
	above = DirectFunctionCall2(numeric_mul, integer_numeric(k), integer_numeric(scale));
	above = DirectFunctionCall2(numeric_mul, above, integer_numeric(200));
	above = DirectFunctionCall2(numeric_add, above, integer_numeric(n));
	below = DirectFunctionCall2(numeric_mul, integer_numeric(n), integer_numeric(2));
	units = DirectFunctionCall2(numeric_div_trunc, above, below);
	unit = DirectFunctionCall3(numeric_in, CStringGetDatum(psprintf("1e-%d", digits)),
							   ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1));
	return DatumGetNumeric(DirectFunctionCall2(numeric_mul, units, unit));
}

/* A double precision number as numeric has it (15 digits), times a factor, rounded. */
static Datum
round_number(Datum value, int64 factor, int digits)
{
	Datum		number = DirectFunctionCall1(float8_numeric, value);

	number = DirectFunctionCall2(numeric_mul, number, integer_numeric(factor));
	return DirectFunctionCall2(numeric_round, number, Int32GetDatum(digits));
}

/* rounded(value, digits): a number with so many decimals. */
PG_FUNCTION_INFO_V1(rounded);
Datum
rounded(PG_FUNCTION_ARGS)
{
	return round_number(PG_GETARG_DATUM(0), 1, digits_check(PG_GETARG_INT32(1)));
}

/* percent(fraction, digits): a fraction as a percentage with so many decimals. */
PG_FUNCTION_INFO_V1(fraction_percent);
Datum
fraction_percent(PG_FUNCTION_ARGS)
{
	return round_number(PG_GETARG_DATUM(0), 100, digits_check(PG_GETARG_INT32(1)));
}
