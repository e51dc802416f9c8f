/*
 * statistics.c
 *		libFuzzer: distributions, intervals and tests over all of their domain
 *		and outside it: no crash, no hang, no value that cannot be.
 */
#include <math.h>
#include <string.h>

#include "check.h"
#include "plain/distribution.h"
#include "plain/proportion.h"

static bool
near(double a, double b, double tolerance)
{
	return fabs(a - b) <= tolerance * (fabs(b) > 1e-290 ? fabs(b) : 1e-290);
}

static bool
probability(double p)
{
	return p >= 0 && p <= 1;
}

/* Whatever the arguments: a probability, or NaN outside the domain. */
static void
check_any(const uint8_t *data)
{
	double		x[3];

	memcpy(x, data, sizeof(x));
	CHECK(isnan(x[0]) || probability(normal_upper_tail(x[0])));
	CHECK(isnan(x[0]) || probability(normal_two_sided(x[0])));
	if (x[0] >= 0 && x[0] <= 1)
		CHECK(!isnan(normal_quantile(x[0])));
	else
		CHECK(isnan(normal_quantile(x[0])));
	CHECK(isnan(student_two_sided(x[0], x[1])) || probability(student_two_sided(x[0], x[1])));
	CHECK(isnan(chi_square_upper_tail(x[0])) == !(x[0] >= 0));
	CHECK(isnan(x[0]) || !(x[0] >= 0) || probability(chi_square_upper_tail(x[0])));
}

static double
shape(uint16_t word)
{
	/* 1 to 1e12 in rough steps */
	return ldexp(1 + (word & 63) / 64.0, (word >> 6) % 40);
}

/* Quantiles lie in the unit interval, on either side the same. */
static void
check_beta(const uint8_t *data)
{
	uint16_t	words[4];
	double		a;
	double		b;
	double		p;
	double		x;

	memcpy(words, data, sizeof(words));
	a = shape(words[0]);
	b = shape(words[1]);
	p = words[2] / 65536.0;
	if (words[3] & 1)
		p = ldexp(p, -(words[3] >> 4) % 300);
	x = beta_lower_quantile(p, a, b);
	CHECK(x >= 0 && x <= 1);
	if (x > 1e-9 && x < 1 - 1e-9 && a + b < 1e6)
		CHECK(near(1 - beta_upper_quantile(p, b, a), x, 1e-6));
	x = beta_upper_quantile(p, a, b);
	CHECK(x >= 0 && x <= 1);
}

static int64_t
count_of(const uint8_t *data, int64_t most)
{
	uint64_t	word;

	memcpy(&word, data, 8);
	if (most == 0)
		return 0;
	/* mostly small */
	return (int64_t) ((word >> (word % 60)) % ((uint64_t) most + 1));
}

static void
check_proportions(const uint8_t *data)
{
	int64_t		n1 = count_of(data, INT64_MAX);
	int64_t		k1 = count_of(data + 8, n1);
	int64_t		n2 = count_of(data + 16, INT64_MAX);
	int64_t		k2 = count_of(data + 24, n2);
	double		level = (1 + data[32] % 254) / 256.0;
	double		low;
	double		high;
	double		exact_low;
	double		exact_high;
	double		difference;
	double		z;
	double		p;
	MantelHaenszel sums = {0};

	CHECK(wilson_interval(k1, n1, level, &low, &high) == (n1 > 0));
	if (n1 > 0)
	{
		double		rate = (double) k1 / (double) n1;

		CHECK(low >= 0 && low <= rate * (1 + 1e-12) && high >= rate * (1 - 1e-12) && high <= 1);
		CHECK(clopper_pearson_interval(k1, n1, level, &exact_low, &exact_high));
		CHECK(exact_low >= 0 && exact_low <= rate * (1 + 1e-9) && exact_high >= rate * (1 - 1e-9) && exact_high <= 1);
	}
	if (newcombe_interval(k1, n1, k2, n2, level, &difference, &low, &high))
		CHECK(low <= difference + 1e-9 && difference <= high + 1e-9 && low >= -1 - 1e-9 && high <= 1 + 1e-9);
	else
		CHECK(n1 == 0 || n2 == 0);
	if (n1 <= INT64_MAX - n2)
	{
		if (pooled_z_test(k1, n1, k2, n2, &z, &p))
			CHECK(probability(p) && !isnan(z));
		if (mantel_haenszel_add(&sums, k1, n1, k2, n2))
		{
			if (mantel_haenszel_difference(&sums, level, &difference, &low, &high))
				CHECK(fabs(difference) <= 1 + 1e-9);
			(void) mantel_haenszel_odds_ratio(&sums, level, &difference, &low, &high);
			if (mantel_haenszel_test(&sums, &z, &p))
				CHECK(z >= 0 && probability(p));
		}
		else
			CHECK(n1 == 0 || n2 == 0);
	}
}

/* Fisher's test by the sum of all tables, counts small enough for it. */
static void
check_fisher(const uint8_t *data)
{
	int			n1 = data[0] % 24;
	int			k1 = n1 == 0 ? 0 : data[1] % (n1 + 1);
	int			n2 = data[2] % 24;
	int			k2 = n2 == 0 ? 0 : data[3] % (n2 + 1);
	int			k = k1 + k2;
	double		weight[24];
	double		all = 0;
	double		tail = 0;
	double		p;

	for (int x = 0; x <= n1; x++)
	{
		/* C(n1, x) C(n2, k - x), exact: below 2^53 */
		double		ways = k - x < 0 || k - x > n2 ? 0 : 1;

		for (int i = 0; i < x && ways > 0; i++)
			ways = rint(ways * (n1 - i) / (i + 1));
		for (int i = 0; i < k - x && ways > 0; i++)
			ways = rint(ways * (n2 - i) / (i + 1));
		weight[x] = ways;
		all += ways;
	}
	for (int x = 0; x <= n1; x++)
		if (weight[x] <= weight[k1] * (1 + 1e-7))
			tail += weight[x];
	CHECK(fisher_exact_test(k1, n1, k2, n2, &p) == (n1 > 0 && n2 > 0));
	if (n1 > 0 && n2 > 0)
		CHECK(near(p, tail / all, 1e-9));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 34)
		return 0;
	switch (data[0] % 4)
	{
		case 0:
			check_any(data + 1);
			break;
		case 1:
			check_beta(data + 1);
			break;
		case 2:
			check_proportions(data + 1);
			break;
		case 3:
			check_fisher(data + 1);
			break;
	}
	return 0;
}
