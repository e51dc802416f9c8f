/*
 * proportion.h
 *		Intervals and tests for proportions k / n and for the difference of two.
 *
 * Plain C on top of distribution.c. Counts are whole numbers, 0 <= k <= n up
 * to 2^63 - 1; a level is a fraction strictly between 0 and 1 (0.95). Results
 * are fractions, but of percent_of(). Differences are after minus before.
 *
 * A function that returns bool returns false, and leaves its results alone,
 * when the question has no answer: an empty denominator, or arguments outside
 * the domain.
 */
#ifndef EM_PROPORTION_H
#define EM_PROPORTION_H

#include <stdbool.h>
#include <stdint.h>

/*
 * 100 k / n, 100 when k is n and never above; NaN when n is 0. Rounded once where 100 k takes
 * no more than 53 bits: 842 of 8000 is 10.525.
 */
extern double percent_of(int64_t k, int64_t n);

/*
 * Score interval, the default: near its nominal coverage at every n, never
 * outside [0, 1], never empty at k = 0 or k = n.
 * Wilson 1927, JASA 22:209 (without continuity correction).
 */
extern bool wilson_interval(int64_t k, int64_t n, double level, double *low, double *high);

/*
 * Exact interval: coverage at least the level, always; wider.
 * Clopper & Pearson 1934, Biometrika 26:404.
 */
extern bool clopper_pearson_interval(int64_t k, int64_t n, double level, double *low, double *high);

/*
 * Difference k2/n2 - k1/n1 with its hybrid score interval, built from the two
 * Wilson intervals. Newcombe 1998, Statistics in Medicine 17:873, method 10
 * (the single intervals: 17:857).
 */
extern bool newcombe_interval(int64_t k1, int64_t n1, int64_t k2, int64_t n2, double level,
							  double *difference, double *low, double *high);

/*
 * z of k2/n2 - k1/n1 with the pooled standard error, and its two-sided p-value
 * (z^2 is Pearson's chi-square without correction). False also when both
 * proportions are 0 or both are 1.
 */
extern bool pooled_z_test(int64_t k1, int64_t n1, int64_t k2, int64_t n2, double *z, double *p_value);

/*
 * Exact test of k1/n1 = k2/n2: the probability, given the margins, of all
 * tables that are no more likely than the observed one, where tables within
 * 1e-7 (relative) of its probability count as equally likely; this is the
 * two-sided p-value of R's fisher.test. Fisher 1935, JRSS 98:39.
 * 1 when a margin is empty. Microseconds for small tables, milliseconds for
 * counts of 10^7 and beyond.
 */
extern bool fisher_exact_test(int64_t k1, int64_t n1, int64_t k2, int64_t n2, double *p_value);

/*
 * Difference of differences (after2 - before2) - (after1 - before1): what
 * changed in group 2 beyond what changed in group 1, which stands for what
 * would have changed anyway. The variances of the four proportions, p q / n,
 * add up; the interval and the test are normal. False when a proportion is
 * empty: then only the change of a group with both of its own is not NaN. Without any variance (all proportions 0 or 1) std_error is 0 and the other
 * results but the difference are NaN.
 */
typedef struct DifferenceInDifferences
{
	double		change[2];		/* of group 1 and of group 2 */
	double		difference;
	double		std_error;
	double		low;
	double		high;
	double		z;
	double		p_value;
} DifferenceInDifferences;

extern bool difference_in_differences(const int64_t before_k[2], const int64_t before_n[2],
									  const int64_t after_k[2], const int64_t after_n[2],
									  double level, DifferenceInDifferences *result);

/*
 * Comparison of two proportions over strata: Mantel & Haenszel 1959, JNCI
 * 22:719. A stratum adds to these sums, and sums add to sums. With k1 of n1
 * before, k2 of n2 after and n = n1 + n2:
 */
typedef struct MantelHaenszel
{
	double		weight;			/* n1 n2 / n */
	double		difference;		/* weight (k2/n2 - k1/n1), which is k2 less its expectation */
	double		variance;		/* of k2, given the margins */
	double		spread;			/* the two parts of Sato's variance of the common difference */
	double		slope;
	double		odds_for;		/* R = k2 (n1 - k1) / n, and S = k1 (n2 - k2) / n */
	double		odds_against;
	double		for_variance;	/* Robins, Breslow and Greenland's P R, P S + Q R, Q S */
	double		cross_variance;
	double		against_variance;
} MantelHaenszel;

/* Adds one stratum; false, and nothing added, when a side is empty: it tells nothing about the difference. */
extern bool mantel_haenszel_add(MantelHaenszel *sums, int64_t k1, int64_t n1, int64_t k2, int64_t n2);

/*
 * The common difference: the mean of the differences of the strata, weighted by
 * n1 n2 / n. Its interval is normal with the variance of Sato, Greenland &
 * Robins 1989 (Biometrics 45:1323), good for few large strata and for many
 * small ones; NaN where that variance is 0. False without strata.
 */
extern bool mantel_haenszel_difference(const MantelHaenszel *sums, double level,
									   double *difference, double *low, double *high);

/*
 * The common odds ratio of after to before. Its interval is normal in the
 * logarithm, Robins, Breslow & Greenland 1986 (Biometrics 42:311); NaN for a
 * ratio of 0. False when the ratio is infinite or 0/0.
 */
extern bool mantel_haenszel_odds_ratio(const MantelHaenszel *sums, double level,
									   double *ratio, double *low, double *high);

/*
 * Chi-square with one degree of freedom, without continuity correction, of no
 * difference in any stratum. False where no stratum has both outcomes.
 */
extern bool mantel_haenszel_test(const MantelHaenszel *sums, double *chi2, double *p_value);

#endif							/* EM_PROPORTION_H */
