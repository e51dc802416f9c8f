/*
 * wide.c
 *		Unsigned integers of 256 bits. Plain C, no compiler's own wide type.
 */
#include "plain/wide.h"

#include <math.h>
#include <string.h>

Wide
wide_from_uint64(uint64_t value)
{
	Wide		result = {{value, 0, 0, 0}};

	return result;
}

Wide
wide_magnitude(Sum128 sum)
{
	Wide		result = {{sum.low, (uint64_t) sum.high, 0, 0}};

	if (sum.high < 0)
	{
		result.limb[0] = ~sum.low + 1;
		result.limb[1] = ~(uint64_t) sum.high + (result.limb[0] == 0);
	}
	return result;
}

bool
wide_add(Wide *a, const Wide *b)
{
	Wide		sum;
	uint64_t	carry = 0;

	for (int i = 0; i < WIDE_LIMBS; i++)
	{
		uint64_t	part = a->limb[i] + carry;

		carry = part < carry;
		sum.limb[i] = part + b->limb[i];
		carry += sum.limb[i] < part;
	}
	if (carry > 0)
		return false;
	*a = sum;
	return true;
}

bool
wide_subtract(Wide *a, const Wide *b)
{
	uint64_t	borrow = 0;

	if (wide_compare(a, b) < 0)
		return false;
	for (int i = 0; i < WIDE_LIMBS; i++)
	{
		uint64_t	part = a->limb[i] - b->limb[i];
		uint64_t	next = (a->limb[i] < b->limb[i]) + (part < borrow);

		a->limb[i] = part - borrow;
		borrow = next;
	}
	return true;
}

/* By halves of limbs, as on paper. */
bool
wide_multiply(Wide *a, const Wide *b)
{
	enum
	{
		HALVES = 2 * WIDE_LIMBS
	};
	uint32_t	x[HALVES];
	uint32_t	y[HALVES];
	uint32_t	product[2 * HALVES] = {0};

	for (int i = 0; i < HALVES; i++)
	{
		x[i] = (uint32_t) (a->limb[i / 2] >> (i % 2 * 32));
		y[i] = (uint32_t) (b->limb[i / 2] >> (i % 2 * 32));
	}
	for (int i = 0; i < HALVES; i++)
	{
		uint64_t	carry = 0;

		for (int j = 0; j < HALVES; j++)
		{
			carry += (uint64_t) x[i] * y[j] + product[i + j];
			product[i + j] = (uint32_t) carry;
			carry >>= 32;
		}
		product[i + HALVES] = (uint32_t) carry;
	}
	for (int i = HALVES; i < 2 * HALVES; i++)
		if (product[i] != 0)
			return false;
	for (int i = 0; i < WIDE_LIMBS; i++)
		a->limb[i] = (uint64_t) product[2 * i + 1] << 32 | product[2 * i];
	return true;
}

int
wide_compare(const Wide *a, const Wide *b)
{
	for (int i = WIDE_LIMBS - 1; i >= 0; i--)
		if (a->limb[i] != b->limb[i])
			return a->limb[i] < b->limb[i] ? -1 : 1;
	return 0;
}

bool
wide_is_zero(const Wide *a)
{
	return (a->limb[0] | a->limb[1] | a->limb[2] | a->limb[3]) == 0;
}

/* How many bits it takes, 0 for zero. */
static int
wide_bits(const Wide *a)
{
	int			i = WIDE_LIMBS - 1;
	int			bits = 0;

	while (i > 0 && a->limb[i] == 0)
		i--;
	for (uint64_t rest = a->limb[i]; rest != 0; rest >>= 1)
		bits++;
	return 64 * i + bits;
}

/* The highest 64 bits, the last of which says whether there is anything below: enough to round once. */
double
wide_to_double(const Wide *a)
{
	int			shift = wide_bits(a) - 64;
	int			whole = shift / 64;
	int			part = shift % 64;
	uint64_t	top;
	bool		rest = false;

	if (shift <= 0)
		return (double) a->limb[0];
	top = a->limb[whole] >> part;
	if (part > 0)
	{
		top |= a->limb[whole + 1] << (64 - part);
		rest = a->limb[whole] << (64 - part) != 0;
	}
	for (int i = 0; i < whole; i++)
		rest = rest || a->limb[i] != 0;
	return ldexp((double) (top | rest), shift);
}

/* Divides by ten in place; returns what is left. */
static int
divide_by_ten(Wide *a)
{
	uint64_t	rest = 0;

	for (int i = WIDE_LIMBS - 1; i >= 0; i--)
	{
		uint64_t	high = rest << 32 | a->limb[i] >> 32;
		uint64_t	low = high % 10 << 32 | (a->limb[i] & 0xFFFFFFFF);

		a->limb[i] = high / 10 << 32 | low / 10;
		rest = low % 10;
	}
	return (int) rest;
}

char *
wide_text(const Wide *a, char *buffer)
{
	char		digits[WIDE_TEXT_SIZE];
	Wide		rest = *a;
	int			n = 0;
	char	   *out = buffer;

	do
		digits[n++] = (char) ('0' + divide_by_ten(&rest));
	while (!wide_is_zero(&rest));
	while (n > 0)
		*out++ = digits[--n];
	*out = '\0';
	return buffer;
}

bool
wide_parse(const char *text, Wide *result)
{
	const Wide	ten = {{10, 0, 0, 0}};
	Wide		value = {{0, 0, 0, 0}};

	if (*text == '\0')
		return false;
	for (; *text != '\0'; text++)
	{
		Wide		digit = wide_from_uint64((uint64_t) (*text - '0'));

		if (*text < '0' || *text > '9' || !wide_multiply(&value, &ten) || !wide_add(&value, &digit))
			return false;
	}
	*result = value;
	return true;
}
