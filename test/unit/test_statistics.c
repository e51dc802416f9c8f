/*
 * test_statistics.c
 *		distribution.c and proportion.c by themselves: published and reference
 *		values, laws that need no reference, the ends of every domain, and speed.
 *		TAP output; an argument seeds the random numbers.
 *
 *	cc -O2 -ffp-contract=off -I src -o test_statistics test/unit/test_statistics.c src/plain/power.c src/plain/proportion.c src/plain/distribution.c -lm
 *
 * Reference values without a source are R 4.2's, to all digits.
 */
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "plain/distribution.h"
#include "plain/power.h"
#include "plain/proportion.h"

#define LENGTH(array) ((int) (sizeof(array) / sizeof((array)[0])))

static int	tests = 0;
static int	failures = 0;
static uint64_t random_state;

static void
ok(bool condition, const char *what)
{
	tests++;
	failures += !condition;
	printf("%sok %d - %s\n", condition ? "" : "not ", tests, what);
}

/* Relative difference at most the tolerance; absolute where the reference is 0. */
static bool
near(double value, double reference, double tolerance)
{
	bool		same = value == reference ||
		fabs(value - reference) <= tolerance * (reference == 0 ? 1 : fabs(reference));

	if (!same)
		printf("# %.17g is not %.17g\n", value, reference);
	return same;
}

/* xorshift64* */
static uint64_t
random64(void)
{
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return random_state * UINT64_C(0x2545F4914F6CDD1D);
}

static double
random_unit(void)
{
	return (double) (random64() >> 11) / 9007199254740992.0;
}

/* Up to 10^digits, small ones as likely as large ones. */
static int64_t
random_count(double digits)
{
	return (int64_t) pow(10, digits * random_unit());
}

static int64_t
random_part(int64_t n)
{
	switch (random64() % 4)
	{
		case 0:
			return random64() % 2 ? 0 : n;
		case 1:
			return n < 5 ? n : (int64_t) (random64() % 5);
		default:
			return (int64_t) (random_unit() * (double) n);
	}
}

/* ---------- distributions ---------- */

static void
test_normal(void)
{
	static const double tail[][2] = {
		{1.5, 0.066807201268858071}, {6, 9.8658764503769809e-10},
		{-2, 0.97724986805182079}, {20, 2.7536241186062337e-89}
	};
	static const double quantile[][2] = {
		{0.3, -0.52440051270804067}, {1e-5, -4.2648907939228256},
		{1e-20, -9.2623400897984052}, {1e-300, -37.047096299361201},
		{0.999, 3.0902323061678132}
	};
	bool		good = true;
	int			i;

	for (i = 0; i < LENGTH(tail); i++)
		good &= near(normal_upper_tail(tail[i][0]), tail[i][1], 1e-13);
	ok(good, "normal tail");
	for (good = true, i = 0; i < LENGTH(quantile); i++)
		good &= near(normal_quantile(quantile[i][0]), quantile[i][1], 1e-15);
	ok(good, "normal quantile");
	for (good = true, i = 0; i < 2000; i++)
	{
		double		p = exp(-700 * random_unit() * random_unit());

		good &= near(normal_upper_tail(-normal_quantile(p)), p, 2e-12);
	}
	ok(good, "normal quantile undone by the tail, down to 1e-300");
	ok(isinf(normal_quantile(0)) && isinf(normal_quantile(1)) && normal_quantile(0.5) == 0 &&
	   isnan(normal_quantile(NAN)) && isnan(normal_quantile(-0.1)) && isnan(normal_quantile(1.1)),
	   "ends of the normal quantile");
}

static void
test_chi_square(void)
{
	ok(near(chi_square_upper_tail(3.84), 0.050043521248705224, 1e-12) &&
	   near(chi_square_upper_tail(500), 9.5053977665540927e-111, 1e-12), "chi-square tail");
	ok(near(chi_square_upper_tail(16.7929409892), 4.16880910933e-05, 1e-11), "p of the log-rank test of Freireich's trial");
	ok(chi_square_upper_tail(0) == 1 && chi_square_upper_tail(INFINITY) == 0 &&
	   isnan(chi_square_upper_tail(-1)) && isnan(chi_square_upper_tail(NAN)), "ends of the chi-square tail");
}

/* P(X <= x) of a beta variable with small whole parameters: a binomial tail, term by term. */
static double
binomial_tail(double x, int a, int b)
{
	int			n = a + b - 1;
	double		sum = 0;
	int			j;

	for (j = a; j <= n; j++)
		sum += exp(lgamma(n + 1.0) - lgamma(j + 1.0) - lgamma(n - j + 1.0) + j * log(x) + (n - j) * log1p(-x));
	return sum;
}

static void
test_beta(void)
{
	bool		good = true,
				inverse = true,
				mirrored = true;
	int			i;

	for (i = 0; i < 2000; i++)
	{
		double		a = 1 + (double) random_count(9.3),
					b = 1 + (double) random_count(9.3),
					p = exp(-30 * random_unit() * random_unit()),
					x = beta_lower_quantile(p, a, b);

		mirrored &= near(1 - beta_upper_quantile(p, b, a), x, 4 * DBL_EPSILON / x);
		/* one success: closed forms */
		good &= near(beta_upper_quantile(p, 1, b), -expm1(log(p) / b), 1e-14);
		good &= near(beta_lower_quantile(p, a, 1), exp(log(p) / a), 1e-14);
	}
	for (i = 0; i < 2000; i++)
	{
		int			a = 1 + (int) (40 * random_unit()),
					b = 1 + (int) (40 * random_unit());
		double		p = exp(-30 * random_unit() * random_unit()),
					x = beta_lower_quantile(p, a, b);

		/* x is rounded, which moves the tail by weight * epsilon */
		inverse &= x > 0.9 || near(binomial_tail(x, a, b), p, 1e-11);
	}
	ok(inverse, "beta quantile undone by a binomial tail");
	ok(mirrored, "beta quantile mirrored");
	ok(good, "beta quantiles agree with their closed forms");
	ok(beta_lower_quantile(0, 2, 3) == 0 && beta_lower_quantile(1, 2, 3) == 1 && beta_upper_quantile(0, 2, 3) == 1 &&
	   isnan(beta_lower_quantile(NAN, 2, 3)) && isnan(beta_lower_quantile(0.5, NAN, 3)),
	   "ends of the beta distribution");
}

static double
log_hypergeometric(int64_t x11, int64_t x12, int64_t x21, int64_t x22)
{
	HypergeometricTable table;

	hypergeometric_table(&table, x11, x12, x21, x22);
	return hypergeometric_log_density(&table, 0);
}

static void
test_hypergeometric(void)
{
	HypergeometricTable table;
	double		sum = 0;
	int			j;

	hypergeometric_table(&table, 0, 60, 40, 100);
	for (j = 0; j <= 40; j++)
		sum += exp(hypergeometric_log_density(&table, j));
	ok(near(sum, 1, 1e-13), "hypergeometric probabilities add up");
	ok(near(log_hypergeometric(3, 7, 9, 11), -1.4566037675550489, 1e-13) &&
	   near(log_hypergeometric(0, 5, 5, 0), -5.5294290875114234, 1e-13) &&
	   near(exp(log_hypergeometric(1, 0, 999999999999999999, 1000000000000000000)), 0.5, 1e-12) &&
	   near(log_hypergeometric(1, 0, 9, 999999999999999990), log(1e-17), 1e-12), "hypergeometric probability");
	ok(cross_difference(3037000501, 3037000499, 3037000500, 3037000500) == -1 &&
	   cross_difference(INT64_MAX, INT64_MAX, INT64_MAX - 1, INT64_MAX - 1) == 2.0 * 9223372036854775807.0 &&
	   cross_difference(0, 5, 1, 7) == -7, "difference of products, exact beyond 64 bits");
}

/* ---------- proportions ---------- */

static void
test_intervals(void)
{
	static const struct
	{
		int64_t		k,
					n;
		double		low,
					high;
	}			exact[] = {
		{81, 263, 0.25273674558527115, 0.3676219226013514},
		{1, 10, 0.0025285785444617843, 0.44501611702819543},
		{9, 10, 0.55498388297180457, 0.99747142145553824},
		{0, 20, 0, 0.16843347098308536},
		{20, 20, 0.83156652901691464, 1},
		{842, 8000, 0.098607602482769036, 0.11218148243409742}
	},				/* Newcombe 1998, Statistics in Medicine 17:857, table I */
				wilson[] = {
		{81, 263, 0.2552885199, 0.3662095770},
		{0, 20, 0, 0.1611251581},
		{20, 20, 0.8388748419, 1}
	};
	double		low,
				high;
	bool		good = true,
				inside = true;
	int			i;

	for (i = 0; i < LENGTH(exact); i++)
	{
		good &= clopper_pearson_interval(exact[i].k, exact[i].n, 0.95, &low, &high);
		good &= near(low, exact[i].low, 1e-13) && near(high, exact[i].high, 1e-13);
	}
	ok(good, "Clopper-Pearson");
	for (good = true, i = 0; i < LENGTH(wilson); i++)
	{
		good &= wilson_interval(wilson[i].k, wilson[i].n, 0.95, &low, &high);
		good &= near(low, wilson[i].low, 1e-9) && near(high, wilson[i].high, 1e-9);
	}
	ok(good, "Wilson");

	for (good = true, i = 0; i < 3000; i++)
	{
		int64_t		n = i < 20 ? INT64_MAX - i : random_count(18.9),
					k = random_part(n);
		double		p = (double) k / (double) n,
					level = i % 2 ? 0.95 : random_unit(),
					low2,
					high2;

		if (level == 0)
			continue;
		good &= percent_of(n, n) == 100 && percent_of(0, n) == 0 && near(percent_of(k, n), 100 * p, 4e-16);
		inside &= percent_of(k, n) <= 100;
		good &= wilson_interval(k, n, level, &low, &high);
		inside &= 0 <= low && low <= p && p <= high && high <= 1 && (low == 0) == (k == 0) && (k != n || high == 1);
		good &= wilson_interval(n - k, n, level, &low2, &high2) && near(low2, 1 - high, 4e-16 / low2) && near(1 - high2, low, 4e-16 / low);
		good &= clopper_pearson_interval(k, n, level, &low, &high);
		inside &= 0 <= low && low <= p && p <= high && high <= 1 && (low == 0) == (k == 0) && (k != n || high == 1);
		good &= clopper_pearson_interval(n - k, n, level, &low2, &high2) && near(low2, 1 - high, 4e-16 / low2) && near(1 - high2, low, 4e-16 / low);
	}
	ok(inside, "intervals hold the proportion and stay between 0 and 1");
	ok(good, "intervals of failures mirror those of successes");
	ok(percent_of(842, 8000) == 10.525 && isnan(percent_of(0, 0)), "percent");
	ok(!wilson_interval(0, 0, 0.95, &low, &high) && !wilson_interval(3, 2, 0.95, &low, &high) &&
	   !wilson_interval(-1, 2, 0.95, &low, &high) && !wilson_interval(1, 2, 0, &low, &high) &&
	   !clopper_pearson_interval(1, 2, 1, &low, &high) && !clopper_pearson_interval(1, 2, NAN, &low, &high) &&
	   !clopper_pearson_interval(0, 0, 0.95, &low, &high), "no interval outside the domain");
}

static void
test_differences(void)
{
	/* Newcombe 1998, Statistics in Medicine 17:873, table II, method 10 */
	static const struct
	{
		int64_t		k2,
					n2,
					k1,
					n1;
		double		low,
					high;
	}			contrast[] = {
		{56, 70, 48, 80, 0.052431472402364954, 0.33387265403690591},
		{9, 10, 3, 10, 0.17052272393450302, 0.8090179735354879},
		{6, 7, 2, 7, 0.058227927482312314, 0.8062496375242276},
		{5, 56, 0, 29, -0.03813714790353685, 0.19256001385511157},
		{0, 10, 0, 20, -0.16112515805281932, 0.27753279986288915},
		{0, 10, 0, 10, -0.27753279986288915, 0.27753279986288915},
		{10, 10, 0, 20, 0.6790860371419147, 1},
		{10, 10, 0, 10, 0.6075093504305243, 1}
	};
	double		difference,
				low,
				high,
				z,
				p;
	bool		good = true;
	int			i;

	for (i = 0; i < LENGTH(contrast); i++)
	{
		good &= newcombe_interval(contrast[i].k1, contrast[i].n1, contrast[i].k2, contrast[i].n2, 0.95, &difference, &low, &high);
		good &= near(low, contrast[i].low, 1e-13) && near(high, contrast[i].high, 1e-13);
	}
	ok(good, "Newcombe's eight contrasts");
	ok(newcombe_interval(48, 80, 56, 70, 0.95, &difference, &low, &high) && near(difference, 0.2, 1e-15),
	   "difference");
	ok(pooled_z_test(48, 80, 56, 70, &z, &p) && near(z, 2.6501719513, 1e-10) && near(p, 0.008045081368, 1e-9),
	   "pooled z");
	ok(!pooled_z_test(0, 5, 0, 7, &z, &p) && !pooled_z_test(5, 5, 7, 7, &z, &p) && !pooled_z_test(0, 0, 1, 2, &z, &p) &&
	   !newcombe_interval(0, 0, 1, 2, 0.95, &difference, &low, &high) && !newcombe_interval(1, 2, 1, 2, 1.5, &difference, &low, &high),
	   "no difference outside the domain");
}

static void
test_fisher(void)
{
	static const struct
	{
		int64_t		k1,
					n1,
					k2,
					n2;
		double		p;
	}			reference[] = {
		{48, 80, 56, 70, 0.012521129749209175},
		{3, 10, 9, 10, 0.019766611097880426},
		{2, 7, 6, 7, 0.10256410256410259},
		{0, 29, 5, 56, 0.16062144320947105},
		{0, 20, 0, 10, 1},
		{0, 20, 10, 10, 3.3283391604231181e-08},
		{0, 10, 10, 10, 1.0825088224469028e-05},
		{1100, 11000, 1200, 11000, 0.029130940355898319},
		{100, 1000, 300, 1000, 9.4937689082242482e-30},
		{5, 5, 3, 3, 1},
		{100, 1000000, 170, 1000000, 2.4260452934354812e-05},
		{0, 10000000, 60, 10000000, 1.7345699592856867e-18},
		{5000000, 10000000, 5004000, 10000000, 0.073710314924524539},
		{4000000, 10000000, 4100000, 10000000, 0},
		/* added up term by term in extended precision */
		{1164221976, 2473493526, 732053723, 1555286803, 0.6170970645899562},
		{157658631, 327983554, 276299166, 574672195, 0.0027001650650714743},
	};
	bool		good = true,
				symmetric = true;
	double		p,
				z;
	clock_t		started;
	int			i;

	for (i = 0; i < LENGTH(reference); i++)
		good &= fisher_exact_test(reference[i].k1, reference[i].n1, reference[i].k2, reference[i].n2, &p) &&
			near(p, reference[i].p, 1e-11);
	ok(good, "Fisher's exact test");

	for (i = 0; i < 2000; i++)
	{
		int64_t		n1 = random_count(6),
					n2 = random_count(6),
					k1 = random_part(n1),
					k2 = random_part(n2);
		double		p2,
					p3;

		good &= fisher_exact_test(k1, n1, k2, n2, &p);
		symmetric &= fisher_exact_test(k2, n2, k1, n1, &p2) && near(p2, p, 1e-11) &&
			fisher_exact_test(n1 - k1, n1, n2 - k2, n2, &p3) && near(p3, p, 1e-11) && p >= 0 && p <= 1;
	}
	ok(good && symmetric, "Fisher's exact test does not care for the order of groups or outcomes");

	/* where the sum gives way to the integral, both must meet */
	for (good = true, i = 0; i < 40; i++)
	{
		/* the spread is sqrt(n / 8) when half succeed: 2e4 at 3.2e9 */
		int64_t		n = INT64_C(3199900000) + i * 5000;
		double		before;

		good &= fisher_exact_test(n / 2, n, n / 2 + 60000, n, &p);
		good &= fisher_exact_test((n + 5000) / 2, n + 5000, (n + 5000) / 2 + 60000, n + 5000, &before) && near(before, p, 1e-4);
		/* z of the difference less half a count at each side */
		z = 59999.0 / sqrt(0.5 * (double) n);
		good &= near(p, normal_two_sided(z), 1e-6);
	}
	ok(good, "Fisher's exact test of billions meets the normal one");

	started = clock();
	fisher_exact_test(INT64_MAX / 2, INT64_MAX, INT64_MAX / 2 + 1000000000, INT64_MAX, &p);
	z = 1e9 / sqrt(0.5 * 9223372036854775807.0);
	/* tables within the tolerance of ties are many here: the p-value shows it */
	good = near(p, normal_two_sided(z), 1e-6);
	good &= fisher_exact_test(0, INT64_MAX, INT64_MAX, INT64_MAX, &p) && p == 0;
	good &= fisher_exact_test(INT64_MAX, INT64_MAX, INT64_MAX, INT64_MAX, &p) && p == 1;
	good &= fisher_exact_test(0, INT64_MAX, 1, INT64_MAX, &p) && p == 1;
	for (i = 0; i < 100; i++)
	{
		int64_t		n = random_count(18.9);

		good &= fisher_exact_test(random_part(n), n, random_part(n), n, &p) && p >= 0 && p <= 1;
	}
	ok(good, "Fisher's exact test up to 2^63 - 1");
	ok((double) (clock() - started) / CLOCKS_PER_SEC < 5, "in milliseconds");
	ok(!fisher_exact_test(0, 0, 1, 2, &p) && !fisher_exact_test(1, 2, 3, 2, &p) && !fisher_exact_test(-1, 2, 1, 2, &p),
	   "no test outside the domain");
}

static void
test_difference_in_differences(void)
{
	DifferenceInDifferences did;
	bool		good;

	good = difference_in_differences((int64_t[]) {28, 30}, (int64_t[]) {140, 150}, (int64_t[]) {31, 48}, (int64_t[]) {150, 160}, 0.95, &did);
	ok(good && near(did.difference, 0.0933333333, 1e-9) && near(did.std_error, 0.0679342391, 1e-9) &&
	   near(did.change[0], 1.0 / 150, 1e-14) && near(did.change[1], 0.1, 1e-15) &&
	   near(did.high - did.low, 2 * 1.9599639845400545 * did.std_error, 1e-14) && near(did.high + did.low, 2 * did.difference, 1e-14) &&
	   near(did.z, did.difference / did.std_error, 1e-15) && near(did.p_value, normal_two_sided(did.z), 1e-15),
	   "difference of differences");
	good = difference_in_differences((int64_t[]) {0, 0}, (int64_t[]) {5, 6}, (int64_t[]) {7, 0}, (int64_t[]) {7, 8}, 0.95, &did);
	ok(good && did.difference == -1 && did.std_error == 0 && isnan(did.low) && isnan(did.p_value), "difference of differences without variance");
	ok(!difference_in_differences((int64_t[]) {0, 0}, (int64_t[]) {0, 6}, (int64_t[]) {7, 0}, (int64_t[]) {7, 8}, 0.95, &did) &&
	   !difference_in_differences((int64_t[]) {0, 0}, (int64_t[]) {5, 6}, (int64_t[]) {7, 0}, (int64_t[]) {7, 8}, 1, &did),
	   "no difference of differences outside the domain");
}

/* k before, n before, k after, n after, for each stratum */
typedef int64_t Stratum[4];

static MantelHaenszel
add_strata(const Stratum *strata, int n)
{
	MantelHaenszel sums = {0};
	int			i;

	for (i = 0; i < n; i++)
		mantel_haenszel_add(&sums, strata[i][0], strata[i][1], strata[i][2], strata[i][3]);
	return sums;
}

static void
test_mantel_haenszel(void)
{
	/* admissions to the University of California at Berkeley 1973, women and men by department */
	static const Stratum berkeley[] = {
		{89, 108, 512, 825}, {17, 25, 353, 560}, {202, 593, 120, 325},
		{131, 375, 138, 417}, {94, 393, 53, 191}, {24, 341, 22, 373}
	};
	MantelHaenszel sums = add_strata(berkeley, LENGTH(berkeley)),
				empty = {0},
				mirrored = {0};
	double		d,
				low,
				high,
				d2,
				low2,
				high2,
				chi2,
				p;
	bool		good,
				single = true,
				mirror = true;
	int			i;

	ok(mantel_haenszel_difference(&sums, 0.95, &d, &low, &high) && near(d, -0.0184251962, 1e-8) && low < d && d < high,
	   "Berkeley: common difference");
	ok(mantel_haenszel_odds_ratio(&sums, 0.95, &d, &low, &high) && near(d, 0.90469682825862312, 1e-13) &&
	   near(low, 0.77190736175935082, 1e-13) && near(high, 1.0603297644366558, 1e-13), "Berkeley: common odds ratio");
	ok(mantel_haenszel_test(&sums, &chi2, &p) && near(chi2, 1.5246066604434418, 1e-12) && near(p, 0.21692369705551735, 1e-12),
	   "Berkeley: chi-square");

	for (i = 0; i < 3000; i++)
	{
		/* one stratum is a table of its own; turned around, the other way around */
		int64_t		n1 = random_count(9),
					n2 = random_count(9),
					k1 = random_part(n1),
					k2 = random_part(n2);
		double		z;

		memset(&sums, 0, sizeof(sums));
		memset(&mirrored, 0, sizeof(mirrored));
		single &= mantel_haenszel_add(&sums, k1, n1, k2, n2) && mantel_haenszel_difference(&sums, 0.95, &d, &low, &high) &&
			near(d, cross_difference(k2, n1, k1, n2) / ((double) n1 * (double) n2), 1e-14);
		if (mantel_haenszel_odds_ratio(&sums, 0.95, &d2, &low2, &high2))
			single &= near(d2, (double) k2 * (double) (n1 - k1) / ((double) k1 * (double) (n2 - k2)), 1e-14);
		if (pooled_z_test(k1, n1, k2, n2, &z, &p))
			single &= mantel_haenszel_test(&sums, &chi2, &p) &&
				near(chi2, z * z * (((double) n1 + (double) n2 - 1) / ((double) n1 + (double) n2)), 1e-12);
		else
			single &= !mantel_haenszel_test(&sums, &chi2, &p);
		mantel_haenszel_add(&mirrored, k2, n2, k1, n1);
		mirror &= mantel_haenszel_difference(&mirrored, 0.95, &d2, &low2, &high2) && near(d2, -d, 1e-14) &&
			isnan(low) == isnan(low2) && (isnan(low) || fabs(low + high2) + fabs(high + low2) < 1e-9);
	}
	ok(single, "one stratum is its own table");
	ok(mirror, "before and after exchanged: the difference turns around");

	good = !mantel_haenszel_add(&empty, 0, 0, 1, 2) && !mantel_haenszel_add(&empty, 1, 2, 0, 0) && !mantel_haenszel_add(&empty, 3, 2, 1, 2) &&
		empty.weight == 0 && !mantel_haenszel_difference(&empty, 0.95, &d, &low, &high) &&
		!mantel_haenszel_odds_ratio(&empty, 0.95, &d, &low, &high) && !mantel_haenszel_test(&empty, &chi2, &p);
	ok(good, "a stratum with an empty side tells nothing");
	sums = add_strata((const Stratum[]) {{0, 3, 4, 4}, {0, 7, 9, 9}}, 2);
	ok(mantel_haenszel_difference(&sums, 0.95, &d, &low, &high) && d == 1 && isnan(low) && isnan(high) &&
	   !mantel_haenszel_odds_ratio(&sums, 0.95, &d, &low, &high), "none before and all after: no interval, no odds ratio");
	sums = add_strata((const Stratum[]) {{3, 3, 0, 4}, {7, 7, 0, 9}}, 2);
	ok(mantel_haenszel_odds_ratio(&sums, 0.95, &d, &low, &high) && d == 0 && isnan(low) && isnan(high), "an odds ratio of 0 has no interval");
}

/* R's power.prop.test, and Schoenfeld's formula in R. */
static void
test_power(void)
{
	bool		good = true;

	ok(near(power_deals(0.10, 0.12, 0.8, 0.95), 3840.84748244, 1e-11) &&
	   near(power_deals(0.10, 0.13, 0.8, 0.95), 1773.97557343, 1e-11) &&
	   near(power_deals(0.20, 0.25, 0.9, 0.95), 1463.70730503, 1e-11) &&
	   near(power_deals(0.02, 0.03, 0.8, 0.99), 5692.05860712, 1e-11), "deals needed");
	ok(near(power_of_deals(500, 0.10, 0.12, 0.95), 0.171111806032, 1e-11) &&
	   near(power_of_deals(1000, 0.10, 0.13, 0.95), 0.556829125563, 1e-11), "power");
	ok(near(power_detectable(500, 0.10, false, 0.8, 0.95), 0.0529646031, 1e-9) &&
	   near(power_detectable(500, 0.10, true, 0.8, 0.95), 0.1594666811, 1e-9) &&
	   near(power_detectable(50, 0.9, false, 0.8, 0.95), 0.6731128257, 1e-9) &&
	   isnan(power_detectable(50, 0.9, true, 0.8, 0.95)), "detectable rates");
	ok(near(power_events(1.5, 0.5, 0.8, 0.95), 190.96804018, 1e-10) &&
	   near(power_events(1.25, 0.5, 0.8, 0.95), 630.52017118, 1e-10) &&
	   near(power_events(0.7, 0.5, 0.9, 0.95), 330.37791396, 1e-10) &&
	   near(power_events(2, 0.25, 0.8, 0.95), 87.12754568, 1e-9), "events needed");
	for (int i = 0; i < 10000; i++)
	{
		double		before = random_unit();
		double		after = random_unit();
		double		power = 0.03 + 0.96 * random_unit();
		double		n = power_deals(before, after, power, 0.95);

		good = good && (n == 0 || near(power_of_deals(n, before, after, 0.95), power, 1e-9));
	}
	ok(good, "10000 needed numbers have the power asked for");
	ok(isinf(power_deals(0.1, 0.1, 0.8, 0.95)) && isinf(power_events(1, 0.5, 0.8, 0.95)) &&
	   isnan(power_deals(-0.1, 0.1, 0.8, 0.95)) && isnan(power_deals(0.1, 0.2, 1, 0.95)) &&
	   isnan(power_design_effect(0.5, 0)) && isnan(power_events(0, 0.5, 0.8, 0.95)), "ends of the domain of power");
}

int
main(int argc, char **argv)
{
	random_state = argc > 1 ? strtoull(argv[1], NULL, 10) | 1 : UINT64_C(20231123);

	test_normal();
	test_chi_square();
	test_beta();
	test_hypergeometric();
	test_intervals();
	test_differences();
	test_fisher();
	test_difference_in_differences();
	test_mantel_haenszel();
	test_power();
	printf("1..%d\n", tests);
	return failures > 0;
}
