/*
 * sum128.h
 *		Exact sums: two's complement integers of 128 bits in two halves.
 *
 * Plain C, the same on every compiler. A sum of 64-bit terms cannot overflow
 * before 2^63 of them, which the 64-bit counts beside it reach first; the
 * functions that add whole sums still say when it happens.
 */
#ifndef EM_SUM128_H
#define EM_SUM128_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct Sum128
{
	uint64_t	low;
	int64_t		high;
} Sum128;

static inline void
sum128_add_int64(Sum128 *sum, int64_t value)
{
	uint64_t	low = sum->low + (uint64_t) value;

	sum->high += (value < 0 ? -1 : 0) + (low < sum->low ? 1 : 0);
	sum->low = low;
}

static inline Sum128
sum128_from_int64(int64_t value)
{
	Sum128		sum = {(uint64_t) value, value < 0 ? -1 : 0};

	return sum;
}

/* false, and nothing changed, when the result would pass 128 bits */
static inline bool
sum128_add(Sum128 *sum, Sum128 other)
{
	uint64_t	low = sum->low + other.low;
	uint64_t	high = (uint64_t) sum->high + (uint64_t) other.high + (low < other.low);
	bool		negative = (int64_t) high < 0;

	/* two numbers of one sign whose sum has the other */
	if ((sum->high < 0) == (other.high < 0) && negative != (sum->high < 0))
		return false;
	sum->low = low;
	sum->high = (int64_t) high;
	return true;
}

static inline bool
sum128_subtract(Sum128 *sum, Sum128 other)
{
	uint64_t	low = sum->low - other.low;
	uint64_t	high = (uint64_t) sum->high - (uint64_t) other.high - (sum->low < other.low);
	bool		negative = (int64_t) high < 0;

	if ((sum->high < 0) != (other.high < 0) && negative != (sum->high < 0))
		return false;
	sum->low = low;
	sum->high = (int64_t) high;
	return true;
}

/* value * times, exact: the product of two 64-bit numbers always fits */
extern Sum128 sum128_product(int64_t value, int64_t times);

/* Adds value * times; false as above. Nearly always it is a matter of the lower half. */
static inline bool
sum128_add_product(Sum128 *sum, int64_t value, int64_t times)
{
	int64_t		product;

	if (!__builtin_mul_overflow(value, times, &product) && product >= 0 &&
		sum->low <= UINT64_MAX - (uint64_t) product)
	{
		sum->low += (uint64_t) product;
		return true;
	}
	return sum128_add(sum, sum128_product(value, times));
}

extern int	sum128_compare(Sum128 a, Sum128 b);
extern double sum128_to_double(Sum128 sum);

/* Decimal text: at most 40 characters and a terminator; parse returns false on anything else. */
#define SUM128_TEXT_SIZE 41
extern char *sum128_text(Sum128 sum, char *buffer);
extern bool sum128_parse(const char *text, Sum128 *sum);

/* Zigzag varint of at most 19 bytes; read returns NULL when truncated, overlong or too large. */
#define SUM128_VARINT_MAX_BYTES 19
extern size_t sum128_varint_size(Sum128 sum);
extern uint8_t *sum128_varint_write(uint8_t *out, Sum128 sum);
extern const uint8_t *sum128_varint_read(const uint8_t *in, const uint8_t *end, Sum128 *sum);

#endif							/* EM_SUM128_H */
