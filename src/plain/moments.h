/*
 * moments.h
 *		Count, sum and sum of squares of 64-bit numbers, exact; what follows from
 *		them: mean, standard deviation, and Welch's test of two means.
 *
 * Plain C with libm and nothing else. The square of a 64-bit number is at most
 * 2^126, so 2^63 of them fit the 192 bits of `squares`. The same numbers give
 * the same bytes in any order and any split, and can be taken out again.
 */
#ifndef EM_MOMENTS_H
#define EM_MOMENTS_H

#include <stdbool.h>
#include <stdint.h>

#include "plain/sum128.h"
#include "plain/wide.h"

#define SQUARES_LIMBS 3

typedef struct Moments
{
	int64_t		count;
	Sum128		sum;
	uint64_t	squares[SQUARES_LIMBS]; /* lowest first */
} Moments;

/* Adds two limbs of a square. */
static inline void
moments_add_square(Moments *moments, uint64_t low, uint64_t high)
{
	uint64_t   *limb = moments->squares;
	uint64_t	carry;

	limb[0] += low;
	carry = limb[0] < low;
	limb[1] += carry;
	carry = limb[1] < carry;
	limb[1] += high;
	carry += limb[1] < high;
	limb[2] += carry;
}

/* One number more; false, and nothing changed, when the count would pass 64 bits. */
static inline bool
moments_add(Moments *moments, int64_t value)
{
	int64_t		square;

	if (moments->count == INT64_MAX)
		return false;
	moments->count++;
	sum128_add_int64(&moments->sum, value);
	if (!__builtin_mul_overflow(value, value, &square))
		moments_add_square(moments, (uint64_t) square, 0);
	else
	{
		Sum128		product = sum128_product(value, value);

		moments_add_square(moments, product.low, (uint64_t) product.high);
	}
	return true;
}

/* Adds others, or takes them out; false when the result is out of range: `moments` is then of no use. */
extern bool moments_merge(Moments *moments, const Moments *other);
extern bool moments_remove(Moments *moments, const Moments *other);

/* The moments of one number. */
extern Moments moments_of(int64_t value);

/*
 * Can there be numbers with these moments? NULL when fine, else what is wrong. What is
 * tested: count * squares >= sum^2, squares within count * 2^126, sum and squares both odd
 * or both even, and nothing but zeros of no numbers.
 */
extern const char *moments_check(const Moments *moments);

extern Wide moments_squares(const Moments *moments);
/* false when it passes 192 bits */
extern bool moments_set_squares(Moments *moments, const Wide *squares);

/* The mean; and the variance of the numbers as a sample, count >= 2. Each from exact numbers, rounded at the end. */
extern double moments_mean(const Moments *moments);
extern double moments_variance(const Moments *moments);

/*
 * Welch 1947, Biometrika 34:28: difference of two means whose variances may
 * differ. NaN where there is no number: all but the means and their difference
 * with fewer than two numbers on a side, all but that and a standard error of 0
 * where both sides are constant.
 */
typedef struct Welch
{
	double		mean[2];
	double		difference;
	double		std_error;
	double		t;
	double		df;
	double		low;
	double		high;
	double		p_value;
} Welch;

extern void moments_welch(const Moments *before, const Moments *after, double level, Welch *result);

/* The interval of a mean by Student's t; false with fewer than two numbers. */
extern bool moments_interval(const Moments *moments, double level, double *low, double *high);

#endif							/* EM_MOMENTS_H */
