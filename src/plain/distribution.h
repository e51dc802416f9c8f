/*
 * distribution.h
 *		Probability distributions: tails and quantiles behind every interval and
 *		p-value.
 *
 * Plain C with libm and nothing else, so that a unit test or a fuzzer can link
 * it alone. Arguments outside a function's domain, NaN among them, give NaN.
 *
 * Tails keep their relative accuracy down to the smallest normal double:
 * 1e-12 and usually far better.
 */
#ifndef EM_DISTRIBUTION_H
#define EM_DISTRIBUTION_H

#include <stdint.h>

/* P(Z > z) and P(|Z| > |z|) of a standard normal variable; z is a number of standard deviations. */
extern double normal_upper_tail(double z);
extern double normal_two_sided(double z);

/*
 * The z with P(Z <= z) = p, 0 <= p <= 1; infinite at the ends. For a far upper
 * tail ask for minus the quantile of the tail, which keeps its digits.
 * Wichura 1988, Applied Statistics 37:477, algorithm AS 241 (PPND16).
 */
extern double normal_quantile(double p);

/* P(X > x) of chi-square with one degree of freedom, x >= 0. */
extern double chi_square_upper_tail(double x);

/*
 * The x with P(X <= x) = p (lower) or P(X > x) = p (upper) of a beta variable,
 * 0 <= p <= 1, for a, b >= 1; relative accuracy 1e-12, also for x near 0.
 */
extern double beta_lower_quantile(double p, double a, double b);
extern double beta_upper_quantile(double p, double a, double b);

/*
 * Student's t with df > 0 degrees of freedom, whole or not: P(|T| > |t|), and
 * the t >= 0 with P(|T| > t) = p, 0 <= p <= 1. Relative accuracy 1e-12 for df >= 1.
 */
extern double student_two_sided(double t, double df);
extern double student_two_sided_quantile(double p, double df);

/* a * b - c * d, rounded once; counts >= 0. */
extern double cross_difference(int64_t a, int64_t b, int64_t c, int64_t d);

/*
 * log of the probability of a 2 x 2 table of counts given its margins
 *
 *		x11 x12
 *		x21 x22
 *
 * (the hypergeometric distribution), counts >= 0 up to 2^63 - 1, not all of
 * them 0, and of those with the same margins: log f(shift) of the table with
 * x11 and x22 raised and x12 and x21 lowered by `shift`, where `deviation` is x11 minus its expectation. A shift
 * that is no whole number interpolates through the gamma function.
 */
typedef struct HypergeometricTable
{
	double		cell[4];		/* x11, x12, x21, x22 */
	double		expected[4];
	double		deviation;
	double		constant;		/* the part of log f that the shift leaves alone */
} HypergeometricTable;

extern void hypergeometric_table(HypergeometricTable *table, int64_t x11, int64_t x12,
								 int64_t x21, int64_t x22);
extern double hypergeometric_log_density(const HypergeometricTable *table, double shift);

#endif							/* EM_DISTRIBUTION_H */
