/*
 * money.c
 *		The one parser and the one printer of money.
 */
#include "base/money.h"

#include "utils/builtins.h"

#include "base/json.h"

/* More digits than 128 bits hold. */
#define MAX_DIGITS SUM128_TEXT_SIZE

/* A square has twice the decimals of an amount. */
#define SQUARE_DECIMALS (2 * AMOUNT_DECIMALS)

/*
 * The text of a numeric, which has neither exponents nor a locale, as
 * ten-thousandths; false when it is no finite number or does not fit 128 bits.
 */
static bool
parse_money(const char *text, Sum128 *sum)
{
	char		digits[1 + MAX_DIGITS + AMOUNT_DECIMALS + 1];
	char	   *out = digits;
	const char *in = text;
	bool		negative = *in == '-';
	int			decimals = 0;

	if (negative)
		*out++ = *in++;
	if (*in < '0' || *in > '9')
		return false;			/* NaN, Infinity */
	while (*in >= '0' && *in <= '9')
	{
		if (out == digits + 1 + MAX_DIGITS)
			return false;
		*out++ = *in++;
	}

	if (*in == '.')
		in++;
	for (; decimals < AMOUNT_DECIMALS; decimals++)
		*out++ = *in >= '0' && *in <= '9' ? *in++ : '0';
	*out = '\0';

	if (!sum128_parse(digits, sum))
		return false;
	if (*in >= '5' && *in <= '9')
		return sum128_add(sum, sum128_from_int64(negative ? -1 : 1));
	return true;
}

/* The shortest decimal form of ten-thousandths. */
static char *
print_money(Sum128 sum, char *buffer)
{
	char		digits[SUM128_TEXT_SIZE];
	char	   *in = sum128_text(sum, digits);
	char	   *out = buffer;
	int			length;

	if (*in == '-')
		*out++ = *in++;
	length = strlen(in);
	if (length <= AMOUNT_DECIMALS)
		*out++ = '0';
	else
	{
		memcpy(out, in, length - AMOUNT_DECIMALS);
		out += length - AMOUNT_DECIMALS;
	}

	*out++ = '.';
	for (int i = length; i < AMOUNT_DECIMALS; i++)
		*out++ = '0';
	strcpy(out, in + Max(length - AMOUNT_DECIMALS, 0));
	out += strlen(out);
	while (out[-1] == '0')
		out--;
	if (out[-1] == '.')
		out--;
	*out = '\0';
	return buffer;
}

static char *
numeric_text(Numeric value)
{
	return DatumGetCString(DirectFunctionCall1(numeric_out, NumericGetDatum(value)));
}

/* Ten-thousandths that fit 64 bits. */
static bool
parse_amount(const char *text, int64 *amount)
{
	Sum128		sum;

	if (!parse_money(text, &sum) || sum128_compare(sum, sum128_from_int64((int64) sum.low)) != 0)
		return false;
	*amount = (int64) sum.low;
	return true;
}

bool
amount_from_numeric(Numeric value, int64 *amount, fmNodePtr escontext)
{
	char	   *text = numeric_text(value);

	if (!parse_amount(text, amount))
		ereturn(escontext, false,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("amount %.40s%s is out of range", text, strlen(text) > 40 ? "..." : ""),
				 errdetail("An amount lies between -922337203685477.5808 and 922337203685477.5807.")));
	pfree(text);
	return true;
}

/*
 * The stored form of a numeric, from utils/adt/numeric.c of PostgreSQL: a header
 * of 16 bits, short or followed by a weight of 16 bits, and digits to the base
 * of 10000, the first of which counts 10000^weight. With four decimals an
 * amount is those digits, the first one behind the point included.
 */
#define NUMERIC_SPECIAL_BITS 0xC000 /* NaN, the infinities */
#define NUMERIC_SHORT_BIT 0x8000
#define NUMERIC_SHORT_NEGATIVE 0x2000
#define NUMERIC_SHORT_WEIGHT 0x003F
#define NUMERIC_SHORT_WEIGHT_SIGN 0x0040
#define NUMERIC_LONG_SIGN 0xC000
#define NUMERIC_LONG_NEGATIVE 0x4000
#define NUMERIC_BASE 10000

/* Amounts of that weight fit if their first digit is smaller. */
#define LARGEST_WEIGHT 3
#define LARGEST_DIGIT 922

static inline uint16
digit_at(const char *data, int i)
{
	uint16		digit;

	memcpy(&digit, data + i * sizeof(digit), sizeof(digit));
	return digit;
}

/* Ten-thousandths from the bytes of a numeric after its length, aligned or not; false where it takes a closer look. */
static bool
read_digits(const char *data, Size size, int64 *amount)
{
	uint16		header = size >= sizeof(uint16) ? digit_at(data, 0) : NUMERIC_SPECIAL_BITS;
	bool		is_short = (header & NUMERIC_SHORT_BIT) != 0;
	int			head = is_short ? 1 : 2;
	int			ndigits = (int) (size / sizeof(uint16)) - head;
	int			weight;
	bool		negative;
	uint64		sum = 0;
	int			i = 0;

	if ((header & NUMERIC_SPECIAL_BITS) == NUMERIC_SPECIAL_BITS || ndigits < 0)
		return false;
	if (is_short)
	{
		weight = (header & NUMERIC_SHORT_WEIGHT) - ((header & NUMERIC_SHORT_WEIGHT_SIGN) != 0 ? NUMERIC_SHORT_WEIGHT + 1 : 0);
		negative = (header & NUMERIC_SHORT_NEGATIVE) != 0;
	}
	else
	{
		weight = (int16) digit_at(data, 1);
		negative = (header & NUMERIC_LONG_SIGN) == NUMERIC_LONG_NEGATIVE;
	}
	data += head * sizeof(uint16);
	if (weight > LARGEST_WEIGHT || (weight == LARGEST_WEIGHT && ndigits > 0 && digit_at(data, 0) >= LARGEST_DIGIT))
		return false;

	for (int place = weight; place >= -1; place--, i++)
		sum = sum * NUMERIC_BASE + (i < ndigits ? digit_at(data, i) : 0);
	/* rounds by the fifth decimal; a number below 0.00005 begins behind it */
	if (weight >= -2 && i < ndigits && digit_at(data, i) >= NUMERIC_BASE / 2)
		sum++;
	*amount = negative ? -(int64) sum : (int64) sum;
	return true;
}

int64
amount_argument(Datum numeric)
{
	struct varlena *value = PG_DETOAST_DATUM_PACKED(numeric);
	int64		amount;

	if (!read_digits(VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value), &amount))
		(void) amount_from_numeric(DatumGetNumeric(numeric), &amount, NULL);
	return amount;
}

bool
amount_fits(Datum numeric, int64 *amount)
{
	struct varlena *value = PG_DETOAST_DATUM_PACKED(numeric);
	char	   *text;
	bool		fits;

	if (read_digits(VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value), amount))
		return true;
	text = numeric_text(DatumGetNumeric(numeric));
	fits = parse_amount(text, amount);
	pfree(text);
	return fits;
}

/* Takes trailing zeros off, so that 12000.5 stays 12000.5. */
Numeric
amount_to_numeric(int64 amount)
{
	int			decimals = AMOUNT_DECIMALS;

	while (decimals > 0 && amount % 10 == 0)
	{
		amount /= 10;
		decimals--;
	}
	return int64_div_fast_to_numeric(amount, decimals);
}

char *
amount_text(int64 amount, char *buffer)
{
	return print_money(sum128_from_int64(amount), buffer);
}

char *
money_sum_text(Sum128 sum)
{
	return print_money(sum, palloc(MONEY_TEXT_SIZE));
}

char *
money_whole_text(Sum128 sum)
{
	char	   *text = palloc(SUM128_TEXT_SIZE);
	size_t		length;

	/* at the ends of 128 bits it is cut */
	(void) sum128_add(&sum, sum128_from_int64(sum.high < 0 ? -AMOUNT_SCALE / 2 : AMOUNT_SCALE / 2));
	sum128_text(sum, text);
	length = strlen(text);
	if (length <= AMOUNT_DECIMALS + (text[0] == '-'))
		return strcpy(text, "0");
	text[length - AMOUNT_DECIMALS] = '\0';
	return text;
}

Numeric
money_sum_numeric(Sum128 sum)
{
	return DatumGetNumeric(DirectFunctionCall3(numeric_in, CStringGetDatum(money_sum_text(sum)),
											   ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1)));
}

/* ---------------------------------------------------------------- sums of squares */

void
append_sum_of_squares(StringInfo out, const Moments *moments)
{
	Wide		squares = moments_squares(moments);
	char		digits[WIDE_TEXT_SIZE];
	int			length = strlen(wide_text(&squares, digits));
	int			whole = Max(length - SQUARE_DECIMALS, 0);
	int			last = length;

	while (last > whole && digits[last - 1] == '0')
		last--;
	appendStringInfo(out, "%.*s", Max(whole, 1), whole > 0 ? digits : "0");
	if (last > whole)
		appendStringInfo(out, ".%.*s%.*s", SQUARE_DECIMALS - (length - whole), "00000000", last - whole, digits + whole);
}

/* The text of a numeric, which has no exponent, in 10^-8; false when it is negative, finer or too large. */
static bool
parse_squares(const char *text, Moments *moments)
{
	char		digits[WIDE_TEXT_SIZE];
	int			n = 0;
	int			decimals = -1;
	Wide		squares;

	for (; *text != '\0'; text++)
	{
		if (*text == '.' && decimals < 0)
			decimals = 0;
		else if (decimals == SQUARE_DECIMALS)
		{
			if (*text != '0')
				return false;
		}
		else
		{
			if (n == WIDE_TEXT_SIZE - 1 - SQUARE_DECIMALS)
				return false;
			digits[n++] = *text;
			decimals += decimals >= 0;
		}
	}
	for (decimals = Max(decimals, 0); decimals < SQUARE_DECIMALS; decimals++)
		digits[n++] = '0';
	digits[n] = '\0';
	return wide_parse(digits, &squares) && moments_set_squares(moments, &squares);
}

/* ---------------------------------------------------------------- fields of JSON */

/* The text of the number under a key; NULL with an error saved. */
static char *
number_field(JsonbContainer *object, const char *type, const char *key, fmNodePtr escontext)
{
	return jsonb_number_text(jsonb_field(object, key), type, key, escontext);
}

bool
amount_field(JsonbContainer *object, const char *type, const char *key, int64 *amount,
			 fmNodePtr escontext)
{
	char	   *text = number_field(object, type, key, escontext);

	if (text == NULL)
		return false;
	return parse_amount(text, amount) || jsonb_out_of_range(type, key, text, escontext);
}

bool
money_sum_value(const JsonbValue *value, const char *type, const char *key, Sum128 *sum,
				fmNodePtr escontext)
{
	char	   *text = jsonb_number_text(value, type, key, escontext);

	if (text == NULL)
		return false;
	return parse_money(text, sum) || jsonb_out_of_range(type, key, text, escontext);
}

bool
money_sum_field(JsonbContainer *object, const char *type, const char *key, Sum128 *sum,
				fmNodePtr escontext)
{
	return money_sum_value(jsonb_field(object, key), type, key, sum, escontext);
}

bool
sum_of_squares_field(JsonbContainer *object, const char *type, const char *key, Moments *moments,
					 fmNodePtr escontext)
{
	char	   *text = number_field(object, type, key, escontext);

	if (text == NULL)
		return false;
	return parse_squares(text, moments) || jsonb_out_of_range(type, key, text, escontext);
}
