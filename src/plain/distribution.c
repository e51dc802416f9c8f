/*
 * distribution.c
 *		Probability distributions: tails and quantiles.
 *
 * The densities are written after Loader (2000, "Fast and accurate computation
 * of binomial probabilities"): an entropy term that is computed from the
 * deviation from the expectation, so that nothing large is ever subtracted
 * from something large, times Stirling's formula with its remainder.
 */
#include "plain/distribution.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>

#define LOG_SQRT_2PI 0.918938533204672741780329736406
#define SQRT_HALF 0.707106781186547524400844362105

/* Above this the beta tails come from their uniform expansion. */
#define BETA_LARGE 1e8

#define MAX_TERMS 10000000

/* ---------- building blocks ---------- */

/* log(1 + t) - t for |t| <= 1/2, without cancellation near 0. */
static double
log1p_minus(double t)
{
	double		r,
				y,
				power,
				sum;
	int			k;

	/* log(1 + t) = 2 atanh(r) and 2r - t = -r t, where r = t / (2 + t) */
	r = t / (2 + t);
	y = r * r;
	sum = 0;
	power = y;
	for (k = 3; k < 60; k += 2)
	{
		double		term = power / k;

		sum += term;
		if (term <= sum * (DBL_EPSILON / 4))
			break;
		power *= y;
	}
	return r * (2 * sum - t);
}

/*
 * count * log(count / expected) - (count - expected), never negative. The
 * deviation, count - expected, is given too: it has digits that are lost in
 * the difference of large numbers, and `expected` those lost near 0.
 */
static double
entropy_term(double count, double expected, double deviation)
{
	if (count <= 0)
		return expected;
	if (fabs(deviation) > 0.5 * count)
	{
		double		ratio = count / expected;

		/* of numbers at the two ends of what a double holds */
		if (ratio < DBL_MIN || ratio > DBL_MAX)
			return count * (log(count) - log(expected)) - deviation;
		return count * log(ratio) - deviation;
	}
	return -count * log1p_minus(-deviation / count);
}

/* log Gamma(x + 1) - log(sqrt(2 pi x) x^x e^-x): what Stirling's formula leaves, x > 0. */
static double
stirling_remainder(double x)
{
	double		shifted = 0;
	double		y;

	/* the series needs a large x: climb by R(x) - R(x+1) = (x + 1/2) log(1 + 1/x) - 1 */
	while (x < 16)
	{
		double		r = 1 / (2 * x + 1);

		if (x > 1)
		{
			/* (x + 1/2) log(1 + 1/x) = atanh(r) / r */
			double		square = r * r;
			double		power = square;
			int			k;

			for (k = 3; k < 60; k += 2)
			{
				double		term = power / k;

				shifted += term;
				if (term < 1e-18)
					break;
				power *= square;
			}
		}
		else
			shifted += (x + 0.5) * log1p(1 / x) - 1;
		x += 1;
	}

	y = 1 / (x * x);
	return shifted + (1.0 / 12 - (1.0 / 360 - (1.0 / 1260 - (1.0 / 1680 -
		   (1.0 / 1188 - (691.0 / 360360 - y / 156) * y) * y) * y) * y) * y) / x;
}

/* The same plus log sqrt(2 pi x): all of log x! but the entropy; 0 for 0! */
static double
factorial_part(double x)
{
	if (x <= 0)
		return 0;
	return stirling_remainder(x) + 0.5 * log(x) + LOG_SQRT_2PI;
}

/* ---------- normal ---------- */

double
normal_upper_tail(double z)
{
	return 0.5 * erfc(z * SQRT_HALF);
}

double
normal_two_sided(double z)
{
	return erfc(fabs(z) * SQRT_HALF);
}

/* Coefficients from the highest power down. */
static double
polynomial(const double *coefficient, int n, double x)
{
	double		result = coefficient[0];
	int			i;

	for (i = 1; i < n; i++)
		result = result * x + coefficient[i];
	return result;
}

double
normal_quantile(double p)
{
	static const double central_num[] = {
		2509.0809287301226727, 33430.575583588128105, 67265.770927008700853,
		45921.953931549871457, 13731.693765509461125, 1971.5909503065514427,
		133.14166789178437745, 3.387132872796366608
	};
	static const double central_den[] = {
		5226.495278852545925, 28729.085735721942674, 39307.89580009271061,
		21213.794301586595867, 5394.1960214247511077, 687.1870074920579083,
		42.313330701600911252, 1.0
	};
	static const double middle_num[] = {
		7.7454501427834140764e-4, 0.0227238449892691845833, 0.24178072517745061177,
		1.27045825245236838258, 3.64784832476320460504, 5.7694972214606914055,
		4.6303378461565452959, 1.42343711074968357734
	};
	static const double middle_den[] = {
		1.05075007164441684324e-9, 5.475938084995344946e-4, 0.0151986665636164571966,
		0.14810397642748007459, 0.68976733498510000455, 1.6763848301838038494,
		2.05319162663775882187, 1.0
	};
	static const double far_num[] = {
		2.01033439929228813265e-7, 2.71155556874348757815e-5, 0.0012426609473880784386,
		0.026532189526576123093, 0.29656057182850489123, 1.7848265399172913358,
		5.4637849111641143699, 6.6579046435011037772
	};
	static const double far_den[] = {
		2.04426310338993978564e-15, 1.4215117583164458887e-7, 1.8463183175100546818e-5,
		7.868691311456132591e-4, 0.0148753612908506148525, 0.13692988092273580531,
		0.59983220655588793769, 1.0
	};
	double		q,
				r,
				z;

	if (!(p >= 0 && p <= 1))
		return NAN;
	if (p == 0)
		return -INFINITY;
	if (p == 1)
		return INFINITY;

	q = p - 0.5;
	if (fabs(q) <= 0.425)
	{
		r = 0.180625 - q * q;
		return q * polynomial(central_num, 8, r) / polynomial(central_den, 8, r);
	}

	r = sqrt(-log(q < 0 ? p : 1 - p));
	if (r <= 5)
		z = polynomial(middle_num, 8, r - 1.6) / polynomial(middle_den, 8, r - 1.6);
	else
		z = polynomial(far_num, 8, r - 5) / polynomial(far_den, 8, r - 5);
	return q < 0 ? -z : z;
}

/* ---------- chi-square ---------- */

double
chi_square_upper_tail(double x)
{
	return x >= 0 ? erfc(sqrt(0.5 * x)) : NAN;
}

/* ---------- beta ---------- */

/* A point of the unit interval with its complement, both to full relative accuracy. */
typedef struct UnitPoint
{
	double		x;
	double		y;				/* 1 - x */
} UnitPoint;

/* a - (a + b) x: how far a is above its expectation at x. */
static double
beta_deviation(UnitPoint at, double a, double b)
{
	/* both forms are the same number; take the one whose point is exact */
	if (at.x <= at.y)
		return fma(-(a + b), at.x, a);
	return -fma(-(a + b), at.y, b);
}

/* x^a y^b / B(a, b) */
static double
beta_weight(UnitPoint at, double a, double b)
{
	double		n = a + b;
	double		deviation = beta_deviation(at, a, b);

	return exp(stirling_remainder(n) - stirling_remainder(a) - stirling_remainder(b)
			   - entropy_term(a, n * at.x, deviation) - entropy_term(b, n * at.y, -deviation)
			   + 0.5 * (log(a) + log(b) - log(n)) - LOG_SQRT_2PI);
}

/*
 * I_x(a, b) where x is at most the mean: continued fraction of Didonato &
 * Morris (1992, ACM TOMS 18:360, equation 9), about sqrt(min(a, b)) terms. It
 * needs x only through the deviation where the two would cancel.
 */
static double
beta_fraction(UnitPoint at, double a, double b)
{
	double		lambda = beta_deviation(at, a, b);
	double		beta = a / (a + 1) * (lambda + 1);
	double		h = beta;
	double		c = beta;
	double		d = 0;
	int			n;

	for (n = 1; n < MAX_TERMS; n++)
	{
		double		odd = a + 2.0 * n - 1;
		double		term = n * (b - n) * at.x / odd;
		double		alpha = (a + n - 1) * ((a + b + n - 1) * at.x / odd) * term;
		double		factor;

		beta = n + term + (a + n) / (odd + 2) * (lambda + 1 + n * (1 + at.y));
		d = beta + alpha * d;
		if (fabs(d) < DBL_MIN)
			d = DBL_MIN;
		c = beta + alpha / c;
		if (fabs(c) < DBL_MIN)
			c = DBL_MIN;
		d = 1 / d;
		factor = c * d;
		h *= factor;
		if (fabs(factor - 1) <= DBL_EPSILON)
			break;
	}
	return beta_weight(at, a, b) / h;
}

/*
 * P(X <= x) (or P(X > x) when `upper`) for large a and b: Temme's uniform
 * expansion (DLMF 8.18.9) with its first term; the next is 1 / min(a, b)^1.5.
 */
static double
beta_expansion(UnitPoint at, double a, double b, bool upper)
{
	double		n = a + b;
	double		deviation = beta_deviation(at, a, b);
	double		entropy = entropy_term(a, n * at.x, deviation) + entropy_term(b, n * at.y, -deviation);
	double		spread = sqrt(a / n * b);	/* standard deviation of n x */
	double		z = deviation > 0 ? -sqrt(2 * entropy) : sqrt(2 * entropy);
	double		first;

	/* 1/z against its linear approximation, with the limit in the middle */
	if (fabs(z) > 1e-4)
		first = 1 / z + spread / deviation;
	else
		first = (b - a) / (3 * n * spread);
	first *= exp(-entropy - LOG_SQRT_2PI);
	return upper ? normal_upper_tail(z) - first : normal_upper_tail(-z) + first;
}

static double
beta_tail(UnitPoint at, double a, double b, bool upper)
{
	UnitPoint	mirrored;
	double		tail;
	bool		computed_upper;

	if (at.x <= 0)
		return upper ? 1 : 0;
	if (at.y <= 0)
		return upper ? 0 : 1;
	if (fmin(a, b) > BETA_LARGE)
		return beta_expansion(at, a, b, upper);

	/* the fraction converges fast on the near side of the mean */
	computed_upper = beta_deviation(at, a, b) < 0;
	if (computed_upper)
	{
		mirrored.x = at.y;
		mirrored.y = at.x;
		tail = beta_fraction(mirrored, b, a);
	}
	else
		tail = beta_fraction(at, a, b);
	return upper == computed_upper ? tail : 1 - tail;
}

static UnitPoint
unit_point(double logit)
{
	UnitPoint	at;

	if (logit <= 0)
	{
		double		e = exp(logit);

		at.x = e / (1 + e);
		at.y = 1 / (1 + e);
	}
	else
	{
		double		e = exp(-logit);

		at.x = 1 / (1 + e);
		at.y = e / (1 + e);
	}
	return at;
}

/*
 * Newton on the log of the tail as a function of u = log(x / (1 - x)), where it
 * is concave: the iteration cannot leave towards infinity, and comes from one side.
 */
static UnitPoint
beta_quantile_point(double p, double a, double b, bool upper)
{
	double		z,
				u;
	int			i;

	/* the smaller tail has the digits; 1 - p is exact here */
	if (p > 0.5)
	{
		p = 1 - p;
		upper = !upper;
	}

	/* Start: normal in u. The mean of u is near log(a / b), its variance near 1/a + 1/b. */
	z = normal_quantile(p);
	if (upper)
		z = -z;
	u = log(a / b) + z * sqrt(1 / a + 1 / b);

	for (i = 0; i < 200; i++)
	{
		UnitPoint	at = unit_point(u);
		double		tail = beta_tail(at, a, b, upper);
		double		step;

		if (tail <= 0)
		{
			/* underflow: far outside, go halfway back to the middle */
			u = 0.5 * (u + log(a / b));
			continue;
		}
		step = (tail < 0.5 * p || tail > 2 * p ? log(tail / p) : log1p((tail - p) / p))
			* tail / beta_weight(at, a, b);
		if (upper)
			step = -step;
		u -= step;
		if (fabs(step) <= 4 * DBL_EPSILON * fmax(1, fabs(u)))
			break;
		/* quadratic convergence: this step was the last that mattered */
		if (fabs(step) < 1e-9 && fabs(step) < 1e-6 * sqrt(1 / a + 1 / b))
			break;
	}
	return unit_point(u);
}

static double
beta_quantile(double p, double a, double b, bool upper)
{
	if (!(p >= 0 && p <= 1) || !(a >= 1) || !(b >= 1) || isinf(a) || isinf(b))
		return NAN;
	if (p == 0 || p == 1)
		return (p == 1) == upper ? 0 : 1;
	return beta_quantile_point(p, a, b, upper).x;
}

double
beta_lower_quantile(double p, double a, double b)
{
	return beta_quantile(p, a, b, false);
}

double
beta_upper_quantile(double p, double a, double b)
{
	return beta_quantile(p, a, b, true);
}

/* ---------- Student's t ---------- */

/* P(|T| > t) is the lower tail of a beta variable, df/2 and 1/2, at df / (df + t^2). */
double
student_two_sided(double t, double df)
{
	double		ratio = fabs(t) / sqrt(df);
	UnitPoint	at;

	if (isnan(t) || !(df > 0) || isinf(df))
		return NAN;
	if (ratio <= 1)
	{
		at.x = 1 / (1 + ratio * ratio);
		at.y = ratio * ratio / (1 + ratio * ratio);
	}
	else
	{
		double		inverse = 1 / ratio;

		at.x = inverse * inverse / (1 + inverse * inverse);
		at.y = 1 / (1 + inverse * inverse);
	}
	/* rounding takes the tail of the least df above 1 */
	return fmin(beta_tail(at, 0.5 * df, 0.5, false), 1);
}

double
student_two_sided_quantile(double p, double df)
{
	UnitPoint	at;

	if (!(p >= 0 && p <= 1) || !(df > 0) || isinf(df))
		return NAN;
	if (p == 0 || p == 1)
		return p == 0 ? INFINITY : 0;
	at = beta_quantile_point(p, 0.5 * df, 0.5, false);
	return sqrt(df) * sqrt(at.y / at.x);
}

/* ---------- hypergeometric ---------- */

static void
multiply_64(uint64_t a, uint64_t b, uint64_t *high, uint64_t *low)
{
	uint64_t	a0 = a & 0xFFFFFFFFu,
				a1 = a >> 32,
				b0 = b & 0xFFFFFFFFu,
				b1 = b >> 32;
	uint64_t	middle = a1 * b0 + ((a0 * b0) >> 32);
	uint64_t	carry = (middle & 0xFFFFFFFFu) + a0 * b1;

	*high = a1 * b1 + (middle >> 32) + (carry >> 32);
	*low = a * b;
}

double
cross_difference(int64_t a, int64_t b, int64_t c, int64_t d)
{
	uint64_t	high1,
				low1,
				high2,
				low2;
	bool		negative;
	double		result;

	multiply_64((uint64_t) a, (uint64_t) b, &high1, &low1);
	multiply_64((uint64_t) c, (uint64_t) d, &high2, &low2);
	negative = high1 < high2 || (high1 == high2 && low1 < low2);
	if (negative)
	{
		uint64_t	swap;

		swap = high1, high1 = high2, high2 = swap;
		swap = low1, low1 = low2, low2 = swap;
	}
	high1 = high1 - high2 - (low1 < low2);
	low1 -= low2;
	result = ldexp((double) high1, 64) + (double) low1;
	return negative ? -result : result;
}

void
hypergeometric_table(HypergeometricTable *table, int64_t x11, int64_t x12,
					 int64_t x21, int64_t x22)
{
	double		row1 = (double) x11 + (double) x12,
				row2 = (double) x21 + (double) x22,
				column1 = (double) x11 + (double) x21,
				column2 = (double) x12 + (double) x22,
				n = row1 + row2;

	table->cell[0] = (double) x11;
	table->cell[1] = (double) x12;
	table->cell[2] = (double) x21;
	table->cell[3] = (double) x22;
	table->expected[0] = row1 * (column1 / n);
	table->expected[1] = row1 * (column2 / n);
	table->expected[2] = row2 * (column1 / n);
	table->expected[3] = row2 * (column2 / n);
	table->deviation = cross_difference(x11, x22, x12, x21) / n;
	table->constant = factorial_part(row1) + factorial_part(row2)
		+ factorial_part(column1) + factorial_part(column2) - factorial_part(n);
}

double
hypergeometric_log_density(const HypergeometricTable *table, double shift)
{
	double		result = table->constant;
	int			i;

	for (i = 0; i < 4; i++)
	{
		double		sign = (i == 0 || i == 3) ? 1 : -1;
		double		count = table->cell[i] + sign * shift;

		result -= entropy_term(count, table->expected[i], sign * (table->deviation + shift));
		result -= factorial_part(count);
	}
	return result;
}
