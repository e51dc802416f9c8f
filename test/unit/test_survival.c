/*
 * test_survival.c
 *		survival.c by itself: published numbers, and the definitions of the
 *		curves worked out person by person on random cases. TAP output; an
 *		argument seeds the random numbers.
 *
 *	cc -I src -o test_survival test/unit/test_survival.c src/plain/survival.c -lm
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plain/survival.h"

#define Z95 1.959963984540054
#define LOG95 ((SurvivalBand) {SURVIVAL_LOG, Z95})
#define LOG_LOG95 ((SurvivalBand) {SURVIVAL_LOG_LOG, Z95})
#define MAX_PEOPLE 64

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

static bool
near(double a, double b, double tolerance)
{
	return fabs(a - b) <= tolerance * (fabs(b) > 1e-300 ? fabs(b) : 1);
}

/* xorshift64* */
static uint64_t
random_below(uint64_t n)
{
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return random_state * UINT64_C(0x2545F4914F6CDD1D) % n;
}

typedef struct Person
{
	int			entry;			/* -1 for who did not enter late */
	int			end;
	int			status;			/* 0 censored, 1 event, 2 competing */
} Person;

static size_t
points_of(const Person *people, int n, SurvivalPoint *points)
{
	size_t		npoints = 0;

	for (int unit = 0; unit <= 100; unit++)
	{
		SurvivalPoint point = {unit, 0, 0, 0, 0};

		for (int i = 0; i < n; i++)
		{
			if (people[i].end == unit)
			{
				point.events += (people[i].status == 1);
				point.competing += (people[i].status == 2);
				point.censored += (people[i].status == 0);
			}
			point.late += (people[i].entry == unit);
		}
		if (point.events + point.competing + point.censored + point.late > 0)
			points[npoints++] = point;
	}
	return npoints;
}

static size_t
points_of_times(const int *events, int nevents, const int *censored, int ncensored, SurvivalPoint *points)
{
	Person		people[MAX_PEOPLE];
	int			n = 0;

	for (int i = 0; i < nevents; i++)
		people[n++] = (Person) {-1, events[i], 1};
	for (int i = 0; i < ncensored; i++)
		people[n++] = (Person) {-1, censored[i], 0};
	return points_of(people, n, points);
}

/* One random group against the product of conditional shares, each counted over the people. */
static bool
random_case(void)
{
	Person		people[MAX_PEOPLE];
	SurvivalPoint points[2 * MAX_PEOPLE];
	int			n = 1 + (int) random_below(MAX_PEOPLE);
	int			span = 1 + (int) random_below(30);
	int			causes = 2 + (int) random_below(2);
	size_t		npoints;
	SurvivalWalk walk;
	SurvivalStep step;
	double		s = 1;
	double		f = 0;
	double		greenwood = 0;
	double		area = 0;
	double		previous = 0;
	double		mean;
	double		error;
	bool		competes = false;
	bool		good = true;

	for (int i = 0; i < n; i++)
	{
		people[i].end = (int) random_below(span);
		people[i].status = (int) random_below(causes);
		people[i].entry = people[i].end > 0 && random_below(3) == 0 ? (int) random_below(people[i].end) : -1;
		competes = competes || people[i].status == 2;
	}
	npoints = points_of(people, n, points);
	survival_begin(&walk, points, npoints);
	while (survival_next(&walk, &step))
	{
		int			risk = 0;
		int			events = 0;
		int			others = 0;

		for (int i = 0; i < n; i++)
		{
			bool		at_risk = people[i].entry < step.unit && people[i].end >= step.unit;

			risk += at_risk;
			events += (at_risk && people[i].end == step.unit && people[i].status == 1);
			others += (at_risk && people[i].end == step.unit && people[i].status == 2);
		}
		area += (1 - f) * ((double) step.unit - previous);
		previous = (double) step.unit;
		if (events + others > 0)
		{
			f += s * events / risk;
			s *= 1 - (double) (events + others) / risk;
			greenwood += (double) (events + others) / ((double) risk * (risk - events - others));
		}
		if (s < 1e-12)
			s = 0;
		good = good && step.at_risk == risk && step.events == events && step.competing == others &&
			fabs(step.survival - s) < 1e-12 && fabs(step.incidence - f) < 1e-12 && step.competes == competes;
		if (s > 0)
			good = good && near(step.log_error, sqrt(greenwood), 1e-12);
	}
	if (survival_restricted_mean(points, npoints, previous, &mean, &error))
		good = good && fabs(mean - area) < 1e-9 && isnan(error) == competes;
	else
		good = false;
	return good;
}

/*
 * Without late entry the variance of the incidence is the sum of the squared
 * influences of the people on it (the infinitesimal jackknife), worked out here
 * by numerical derivatives with respect to their weights.
 */
static double
weighted_incidence(const Person *people, const double *weights, int n, int until)
{
	double		s = 1;
	double		f = 0;

	for (int t = 0; t <= until; t++)
	{
		double		risk = 0;
		double		events = 0;
		double		others = 0;

		for (int i = 0; i < n; i++)
		{
			risk += people[i].end >= t ? weights[i] : 0;
			events += people[i].end == t && people[i].status == 1 ? weights[i] : 0;
			others += people[i].end == t && people[i].status == 2 ? weights[i] : 0;
		}
		if (events + others > 0)
		{
			f += s * events / risk;
			s *= 1 - (events + others) / risk;
		}
	}
	return f;
}

static bool
random_jackknife(void)
{
	Person		people[MAX_PEOPLE];
	double		weights[MAX_PEOPLE];
	SurvivalPoint points[2 * MAX_PEOPLE];
	SurvivalStep step;
	int			n = 5 + (int) random_below(20);
	int			until = 3 + (int) random_below(8);
	size_t		npoints;
	double		variance = 0;

	for (int i = 0; i < n; i++)
	{
		people[i] = (Person) {-1, (int) random_below(12), (int) random_below(3)};
		weights[i] = 1;
	}
	people[0] = (Person) {-1, 12, 2};
	npoints = points_of(people, n, points);
	for (int i = 0; i < n; i++)
	{
		double		up;
		double		down;

		weights[i] = 1 + 1e-4;
		up = weighted_incidence(people, weights, n, until);
		weights[i] = 1 - 1e-4;
		down = weighted_incidence(people, weights, n, until);
		weights[i] = 1;
		variance += (up - down) / 2e-4 * (up - down) / 2e-4;
	}
	return survival_at(points, npoints, until, &step) &&
		fabs(step.incidence_error - sqrt(variance)) < 1e-6;
}

/* Nothing censored: the quantiles are those of the sorted times. */
static bool
random_quantiles(void)
{
	int			times[MAX_PEOPLE];
	SurvivalPoint points[MAX_PEOPLE];
	int			n = 1 + (int) random_below(MAX_PEOPLE);
	size_t		npoints;
	bool		good = true;

	for (int i = 0; i < n; i++)
	{
		int			value = (int) random_below(40);
		int			j = i;

		for (; j > 0 && times[j - 1] > value; j--)
			times[j] = times[j - 1];
		times[j] = value;
	}
	npoints = points_of_times(times, n, NULL, 0, points);
	for (int k = 1; k <= 20; k++)
	{
		double		result;
		double		expected;

		/* q = k / 20: between two of the times when q n is a whole number */
		if (k * n % 20 == 0 && k < 20)
			expected = (times[k * n / 20 - 1] + times[k * n / 20]) / 2.0;
		else
			expected = times[(k * n + 19) / 20 - 1];
		good = good && survival_quantile(points, npoints, k / 20.0, &result) && result == expected;
	}
	return good;
}

static bool
median_is(const int *events, int nevents, const int *censored, int ncensored, double expected)
{
	SurvivalPoint points[MAX_PEOPLE];
	double		result;
	bool		found = survival_quantile(points, points_of_times(events, nevents, censored, ncensored, points), 0.5, &result);

	return isnan(expected) ? !found : found && result == expected;
}

#define COUNT(array) ((int) (sizeof(array) / sizeof((array)[0])))

int
main(int argc, char **argv)
{
	static const int treated[] = {6, 6, 6, 7, 10, 13, 16, 22, 23};
	static const int treated_censored[] = {6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35};
	static const int placebo[] = {1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23};
	static const Person contest[] = {{-1, 1, 1}, {-1, 2, 2}, {-1, 3, 1}, {-1, 4, 0}, {-1, 5, 1}, {-1, 6, 2}};
	static const double incidence[] = {1 / 6.0, 1 / 6.0, 1 / 3.0, 1 / 3.0, 7 / 12.0, 7 / 12.0};
	SurvivalPoint a[MAX_PEOPLE];
	SurvivalPoint b[MAX_PEOPLE];
	size_t		na = points_of_times(treated, COUNT(treated), treated_censored, COUNT(treated_censored), a);
	size_t		nb = points_of_times(placebo, COUNT(placebo), NULL, 0, b);
	SurvivalWalk walk;
	SurvivalStep step;
	LogRank		sums;
	double		mean;
	double		error;
	double		low;
	double		high;
	double		difference;
	bool		has_low;
	bool		has_high;
	bool		good = true;

	random_state = argc > 1 ? strtoull(argv[1], NULL, 10) : UINT64_C(20240201);
	if (random_state == 0)
		random_state = 1;

	/* Freireich et al. 1963 */
	ok(median_is(treated, COUNT(treated), treated_censored, COUNT(treated_censored), 23) &&
	   median_is(placebo, COUNT(placebo), NULL, 0, 8), "Freireich: medians 23 and 8");
	ok(survival_at(a, na, 10, &step) && near(step.survival, 0.752941176471, 1e-11), "Freireich: survival at 10");
	ok(survival_restricted_mean(a, na, 20, &mean, &error) && near(mean, 16.1165266106, 1e-11) &&
	   survival_restricted_mean(b, nb, 20, &mean, &error) && near(mean, 8.4285714286, 1e-11),
	   "Freireich: restricted means to 20");
	survival_quantile_interval(a, na, 0.5, LOG95, &has_low, &low, &has_high, &high);
	ok(has_low && low == 16 && !has_high, "Freireich: median from 16 on, without an upper limit");
	survival_quantile_interval(b, nb, 0.5, LOG95, &has_low, &low, &has_high, &high);
	ok(has_low && low == 4 && has_high && high == 12, "Freireich: placebo median from 4 to 12");
	ok(survival_at(a, na, 10, &step) && survival_band(&step, LOG_LOG95, &low, &high) &&
	   near(low, 0.50319951080, 1e-10) && near(high, 0.88936183517, 1e-10) &&
	   survival_at(a, na, 5, &step) && survival_band(&step, LOG_LOG95, &low, &high) && low == 1 && high == 1,
	   "Freireich: log-log band at 10, and before the first relapse");
	survival_quantile_interval(b, nb, 0.5, LOG_LOG95, &has_low, &low, &has_high, &high);
	ok(has_low && low == 4 && has_high && high == 11, "Freireich: placebo median from 4 to 11 by log-log");
	memset(&sums, 0, sizeof(sums));
	log_rank_add(&sums, a, na, b, nb);
	difference = sums.observed[0] - sums.expected[0];
	ok(near(difference * difference / sums.variance, 16.7929409892, 1e-11) &&
	   near(sums.expected[0] + sums.expected[1], 30, 1e-12) && sums.observed[0] == 9 && sums.observed[1] == 21,
	   "Freireich: log-rank chi-square");

	ok(median_is((int[]) {1, 2, 3, 4}, 4, NULL, 0, 2.5), "the median of a flat is its midpoint");
	ok(median_is((int[]) {1, 2, 3}, 3, NULL, 0, 2), "the median of three");
	ok(median_is((int[]) {1, 2}, 2, (int[]) {3, 4}, 2, 2), "a flat that lasts to the end counts from its left");
	ok(median_is(NULL, 0, (int[]) {5, 6, 7}, 3, NAN), "no median when nothing was observed");

	survival_begin(&walk, a, points_of(contest, COUNT(contest), a));
	for (int i = 0; i < COUNT(incidence); i++)
		good = good && survival_next(&walk, &step) && near(step.incidence, incidence[i], 1e-14);
	ok(good && !survival_next(&walk, &step), "incidence with competing ends");

	ok(survival_at(NULL, 0, 0, &step) == false && survival_last_unit(NULL, 0) == -1 &&
	   !survival_restricted_mean(NULL, 0, 1, &mean, &error) && !survival_quantile(NULL, 0, 0.5, &mean),
	   "of nobody nothing is known");

	good = true;
	for (int i = 0; i < 20000; i++)
		good = random_case() && good;
	ok(good, "20000 random groups with late entry and competing ends, person by person");
	good = true;
	for (int i = 0; i < 2000; i++)
		good = random_jackknife() && good;
	ok(good, "2000 standard errors of the incidence, by the jackknife");
	good = true;
	for (int i = 0; i < 20000; i++)
		good = random_quantiles() && good;
	ok(good, "20 quantiles of 20000 random groups without censoring");

	printf("1..%d\n", tests);
	return failures > 0;
}
