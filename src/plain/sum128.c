/*
 * sum128.c
 *		Exact sums of 128 bits. Plain C, no compiler's own 128-bit type.
 */
#include "plain/sum128.h"

#include "plain/varint.h"

/* The absolute value, as an unsigned number in two halves. */
static void
magnitude(Sum128 sum, uint64_t *high, uint64_t *low)
{
	*high = (uint64_t) sum.high;
	*low = sum.low;
	if (sum.high < 0)
	{
		*low = ~*low + 1;
		*high = ~*high + (*low == 0);
	}
}

static Sum128
negated(Sum128 sum)
{
	Sum128		result;

	result.low = ~sum.low + 1;
	result.high = (int64_t) (~(uint64_t) sum.high + (result.low == 0));
	return result;
}

Sum128
sum128_product(int64_t value, int64_t times)
{
	uint64_t	a = value < 0 ? ~(uint64_t) value + 1 : (uint64_t) value;
	uint64_t	b = times < 0 ? ~(uint64_t) times + 1 : (uint64_t) times;
	uint64_t	low_low = (a & 0xFFFFFFFF) * (b & 0xFFFFFFFF);
	uint64_t	low_high = (a & 0xFFFFFFFF) * (b >> 32);
	uint64_t	high_low = (a >> 32) * (b & 0xFFFFFFFF);
	uint64_t	middle = (low_low >> 32) + (low_high & 0xFFFFFFFF) + (high_low & 0xFFFFFFFF);
	Sum128		result;

	result.low = (middle << 32) | (low_low & 0xFFFFFFFF);
	result.high = (int64_t) ((a >> 32) * (b >> 32) + (low_high >> 32) + (high_low >> 32) + (middle >> 32));
	return (value < 0) != (times < 0) ? negated(result) : result;
}

int
sum128_compare(Sum128 a, Sum128 b)
{
	if (a.high != b.high)
		return a.high < b.high ? -1 : 1;
	return (a.low > b.low) - (a.low < b.low);
}

double
sum128_to_double(Sum128 sum)
{
	uint64_t	high;
	uint64_t	low;
	double		result;

	magnitude(sum, &high, &low);
	result = (double) high * 18446744073709551616.0 + (double) low;
	return sum.high < 0 ? -result : result;
}

char *
sum128_text(Sum128 sum, char *buffer)
{
	uint32_t	limbs[4];
	uint64_t	high;
	uint64_t	low;
	char		digits[SUM128_TEXT_SIZE];
	int			n = 0;
	char	   *out = buffer;

	magnitude(sum, &high, &low);
	limbs[0] = (uint32_t) (high >> 32);
	limbs[1] = (uint32_t) high;
	limbs[2] = (uint32_t) (low >> 32);
	limbs[3] = (uint32_t) low;
	do
	{
		uint64_t	rest = 0;

		for (int i = 0; i < 4; i++)
		{
			rest = (rest << 32) | limbs[i];
			limbs[i] = (uint32_t) (rest / 10);
			rest %= 10;
		}
		digits[n++] = (char) ('0' + rest);
	} while (limbs[0] | limbs[1] | limbs[2] | limbs[3]);
	if (sum.high < 0)
		*out++ = '-';
	while (n > 0)
		*out++ = digits[--n];
	*out = '\0';
	return buffer;
}

bool
sum128_parse(const char *text, Sum128 *sum)
{
	bool		negative = (*text == '-');
	uint64_t	high = 0;
	uint64_t	low = 0;

	if (negative)
		text++;
	if (*text == '\0')
		return false;
	for (; *text != '\0'; text++)
	{
		Sum128		times_ten;
		uint64_t	digit = (uint64_t) (*text - '0');

		if (*text < '0' || *text > '9')
			return false;
		/* most numbers never leave the lower half */
		if (high == 0 && low <= (UINT64_MAX - 9) / 10)
		{
			low = low * 10 + digit;
			continue;
		}
		/* high stays below 2^63, or equal to it for the smallest number */
		if (high > (UINT64_C(1) << 63) / 10)
			return false;
		times_ten = sum128_product((int64_t) (low >> 1), 20);
		low = times_ten.low + (low & 1) * 10;
		high = high * 10 + (uint64_t) times_ten.high + (low < times_ten.low);
		low += digit;
		high += (low < digit);
		if (high > (UINT64_C(1) << 63))
			return false;
	}
	if (high == (UINT64_C(1) << 63) && (!negative || low != 0))
		return false;
	sum->low = low;
	sum->high = (int64_t) high;
	if (negative)
		*sum = negated(*sum);
	return true;
}

static void
zigzag128(Sum128 sum, uint64_t *high, uint64_t *low)
{
	uint64_t	sign = sum.high < 0 ? UINT64_MAX : 0;

	*high = (((uint64_t) sum.high << 1) | (sum.low >> 63)) ^ sign;
	*low = (sum.low << 1) ^ sign;
}

size_t
sum128_varint_size(Sum128 sum)
{
	uint64_t	high;
	uint64_t	low;
	size_t		size = 1;

	zigzag128(sum, &high, &low);
	while (high > 0 || low >= 0x80)
	{
		low = (low >> 7) | (high << 57);
		high >>= 7;
		size++;
	}
	return size;
}

uint8_t *
sum128_varint_write(uint8_t *out, Sum128 sum)
{
	uint64_t	high;
	uint64_t	low;

	zigzag128(sum, &high, &low);
	while (high > 0 || low >= 0x80)
	{
		*out++ = (uint8_t) (low | 0x80);
		low = (low >> 7) | (high << 57);
		high >>= 7;
	}
	*out++ = (uint8_t) low;
	return out;
}

const uint8_t *
sum128_varint_read(const uint8_t *in, const uint8_t *end, Sum128 *sum)
{
	uint64_t	high = 0;
	uint64_t	low = 0;
	const uint8_t *next = varint_read_word(in, end, &low);

	if (next != NULL)
	{
		sum->low = (uint64_t) zigzag_decode(low);
		sum->high = -(int64_t) (low & 1);
		return next;
	}
	for (int shift = 0; shift < 7 * SUM128_VARINT_MAX_BYTES; shift += 7)
	{
		uint64_t	bits;
		bool		last;

		if (in >= end)
			return NULL;
		bits = *in & 0x7F;
		last = (*in++ < 0x80);
		if (shift == 126 && (bits > 3 || !last))
			return NULL;
		if (shift < 64)
		{
			low |= bits << shift;
			if (shift > 57)
				high |= bits >> (64 - shift);
		}
		else
			high |= bits << (shift - 64);
		if (last)
		{
			uint64_t	sign = (low & 1) ? UINT64_MAX : 0;

			if (bits == 0 && shift > 0)
				return NULL;
			sum->low = ((low >> 1) | (high << 63)) ^ sign;
			sum->high = (int64_t) ((high >> 1) ^ sign);
			return in;
		}
	}
	return NULL;
}
