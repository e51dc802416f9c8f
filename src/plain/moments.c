/*
 * moments.c
 *		Count, sum and sum of squares, exact, and what follows from them.
 */
#include "plain/moments.h"

#include <math.h>

#include "plain/distribution.h"

/* ---------------------------------------------------------------- sums of squares */

Wide
moments_squares(const Moments *moments)
{
	Wide		squares = {{moments->squares[0], moments->squares[1], moments->squares[2], 0}};

	return squares;
}

bool
moments_set_squares(Moments *moments, const Wide *squares)
{
	if (squares->limb[SQUARES_LIMBS] != 0)
		return false;
	for (int i = 0; i < SQUARES_LIMBS; i++)
		moments->squares[i] = squares->limb[i];
	return true;
}

Moments
moments_of(int64_t value)
{
	Moments		result = {0, {0, 0}, {0}};

	(void) moments_add(&result, value);
	return result;
}

bool
moments_merge(Moments *moments, const Moments *other)
{
	Wide		squares = moments_squares(moments);
	Wide		more = moments_squares(other);

	return !__builtin_add_overflow(moments->count, other->count, &moments->count) &&
		sum128_add(&moments->sum, other->sum) &&
		wide_add(&squares, &more) && moments_set_squares(moments, &squares);
}

bool
moments_remove(Moments *moments, const Moments *other)
{
	Wide		squares = moments_squares(moments);
	Wide		less = moments_squares(other);

	moments->count -= other->count;
	return moments->count >= 0 && sum128_subtract(&moments->sum, other->sum) &&
		wide_subtract(&squares, &less) && moments_set_squares(moments, &squares);
}

/* ---------------------------------------------------------------- what can be */

/*
 * count * squares - sum^2, which is count * (count - 1) times the variance; false
 * when it is negative. A count below 2^63 and squares below 2^192 make less than 2^255.
 */
static bool
spread(const Moments *moments, Wide *result)
{
	Wide		count = wide_from_uint64((uint64_t) moments->count);
	Wide		sum = wide_magnitude(moments->sum);
	Wide		square = sum;

	*result = moments_squares(moments);
	return wide_multiply(result, &count) && wide_multiply(&square, &sum) && wide_subtract(result, &square);
}

const char *
moments_check(const Moments *moments)
{
	Wide		squares = moments_squares(moments);
	Wide		most = {{0, UINT64_C(1) << 62, 0, 0}};	/* 2^126 */
	Wide		count = wide_from_uint64((uint64_t) moments->count);
	Wide		rest;

	if (moments->count < 0)
		return "a count is below zero";
	if (!wide_multiply(&most, &count) || wide_compare(&squares, &most) > 0)
		return "the sum of squares is too large for the count";
	if (!spread(moments, &rest))
		return "the sum of squares is too small for the sum";
	if (moments->count == 1 && !wide_is_zero(&rest))
		return "the square of one amount is another one";
	if ((squares.limb[0] & 1) != (moments->sum.low & 1))
		return "the sum and the sum of squares do not belong together";
	return NULL;
}

/* ---------------------------------------------------------------- mean and variance */

double
moments_mean(const Moments *moments)
{
	return sum128_to_double(moments->sum) / (double) moments->count;
}

double
moments_variance(const Moments *moments)
{
	double		n = (double) moments->count;
	Wide		rest;

	if (!spread(moments, &rest))
		return NAN;
	return wide_to_double(&rest) / n / (double) (moments->count - 1);
}

/* sum * count with the sign of the sum beside it; below 2^191. */
static Wide
cross_product(const Moments *of, const Moments *times, bool *negative)
{
	Wide		result = wide_magnitude(of->sum);
	Wide		count = wide_from_uint64((uint64_t) times->count);

	*negative = of->sum.high < 0;
	(void) wide_multiply(&result, &count);
	return result;
}

/*
 * Mean of `after` less mean of `before`, (S2 n1 - S1 n2) / (n1 n2), exact before it is
 * rounded; counts above 0.
 */
static double
moments_difference(const Moments *before, const Moments *after)
{
	bool		a_negative;
	bool		b_negative;
	Wide		a = cross_product(after, before, &a_negative);
	Wide		b = cross_product(before, after, &b_negative);
	bool		negative = a_negative;

	if (a_negative != b_negative)
		(void) wide_add(&a, &b);
	else if (!wide_subtract(&a, &b))
	{
		(void) wide_subtract(&b, &a);
		a = b;
		negative = !negative;
	}
	return (negative ? -wide_to_double(&a) : wide_to_double(&a)) /
		(double) before->count / (double) after->count;
}

bool
moments_interval(const Moments *moments, double level, double *low, double *high)
{
	double		half;
	double		mean;

	if (moments->count < 2)
		return false;
	mean = moments_mean(moments);
	half = student_two_sided_quantile(1 - level, (double) (moments->count - 1)) *
		sqrt(moments_variance(moments) / (double) moments->count);
	*low = mean - half;
	*high = mean + half;
	return true;
}

/* ---------------------------------------------------------------- two means */

void
moments_welch(const Moments *before, const Moments *after, double level, Welch *result)
{
	double		a;
	double		b;
	double		share;
	double		half;

	*result = (Welch) {{NAN, NAN}, NAN, NAN, NAN, NAN, NAN, NAN, NAN};
	if (before->count > 0)
		result->mean[0] = moments_mean(before);
	if (after->count > 0)
		result->mean[1] = moments_mean(after);
	if (before->count == 0 || after->count == 0)
		return;
	result->difference = moments_difference(before, after);
	if (before->count < 2 || after->count < 2)
		return;

	a = moments_variance(before) / (double) before->count;
	b = moments_variance(after) / (double) after->count;
	result->std_error = sqrt(a + b);
	if (!(result->std_error > 0))
		return;
	share = a / (a + b);
	result->t = result->difference / result->std_error;
	result->df = 1 / (share * share / (double) (before->count - 1) +
					  (1 - share) * (1 - share) / (double) (after->count - 1));
	half = student_two_sided_quantile(1 - level, result->df) * result->std_error;
	result->low = result->difference - half;
	result->high = result->difference + half;
	result->p_value = student_two_sided(result->t, result->df);
}
