/*
 * survival.c
 *		libFuzzer: curves, quantiles, restricted means and log-rank sums against
 *		the same counted person by person.
 *
 * The naive side holds people, not counts: for each unit it asks everyone
 * whether they are at risk, multiplies conditional shares, and sums areas.
 */
#include <math.h>
#include <string.h>

#include "check.h"
#include "plain/survival.h"

#define MAX_PEOPLE 14
#define SPAN 16

typedef struct Person
{
	int			entry;			/* -1 for who did not enter late */
	int			end;
	int			status;			/* 0 censored, 1 event, 2 competing */
} Person;

static bool
near(double a, double b)
{
	return fabs(a - b) <= 1e-9 * (1 + fabs(b));
}

static bool
at_risk(const Person *person, int unit)
{
	return person->entry < unit && unit <= person->end;
}

static size_t
points_of(const Person *people, int n, SurvivalPoint *points)
{
	size_t		npoints = 0;

	for (int unit = 0; unit < SPAN; unit++)
	{
		SurvivalPoint point = {unit, 0, 0, 0, 0};

		for (int i = 0; i < n; i++)
		{
			point.events += people[i].end == unit && people[i].status == 1;
			point.competing += people[i].end == unit && people[i].status == 2;
			point.censored += people[i].end == unit && people[i].status == 0;
			point.late += people[i].entry == unit;
		}
		if (point.events + point.competing + point.censored + point.late > 0)
			points[npoints++] = point;
	}
	return npoints;
}

/* Reads up to `most` people of two bytes each. */
static int
people_of(const uint8_t *data, size_t size, int causes, int span, Person *people, int most)
{
	int			n = 0;

	for (; size >= 2 && n < most; data += 2, size -= 2, n++)
	{
		people[n].end = data[0] % span;
		people[n].status = (data[0] >> 5) % causes;
		people[n].entry = people[n].end > 0 && (data[1] & 1) ? (data[1] >> 1) % people[n].end : -1;
	}
	return n;
}

static void
check_curve(const Person *people, int n, int causes, double q, double horizon)
{
	SurvivalPoint points[SPAN];
	size_t		npoints = points_of(people, n, points);
	double		survival[SPAN];
	double		incidence[SPAN];
	SurvivalWalk walk;
	SurvivalStep step;
	double		s = 1;
	double		f = 0;
	double		greenwood = 0;
	double		quantile;
	double		mean;
	double		error;
	double		area = 0;
	int			last = -1;
	bool		competes = false;

	for (int i = 0; i < n; i++)
		competes |= people[i].status == 2;
	survival_begin(&walk, points, npoints);
	for (int unit = 0; unit < SPAN; unit++)
	{
		int			risk = 0;
		int			events = 0;
		int			others = 0;
		bool		something = false;

		for (int i = 0; i < n; i++)
		{
			risk += at_risk(&people[i], unit);
			events += people[i].end == unit && people[i].status == 1;
			others += people[i].end == unit && people[i].status == 2;
			something |= people[i].end == unit || people[i].entry == unit;
			last = people[i].end == unit ? unit : last;
		}
		if (events + others > 0)
		{
			f += s * events / risk;
			s *= (double) (risk - events - others) / risk;
			if (risk > events + others)
				greenwood += (double) (events + others) / ((double) risk * (risk - events - others));
		}
		survival[unit] = s;
		incidence[unit] = competes ? f : 1 - s;
		if (something)
		{
			CHECK(survival_next(&walk, &step));
			CHECK(step.unit == unit && step.at_risk == risk && step.events == events && step.competing == others);
			CHECK(near(step.survival, s) && near(step.incidence, f));
			CHECK(step.survival >= 0 && step.survival <= 1 && step.incidence >= 0 && step.incidence <= 1 + 1e-12);
			if (s > 1e-12)
				CHECK(near(step.log_error, sqrt(greenwood)));
			CHECK(isfinite(step.incidence_error) || s <= 1e-12);
		}
	}
	CHECK(!survival_next(&walk, &step));
	if (n == 0)
		return;
	CHECK(survival_last_unit(points, npoints) == last);

	/* the first time at which the incidence reaches q, or the middle of the flat that stands on it */
	{
		bool		found = false;
		double		expected = 0;
		double		level = 0;

		for (int unit = 0; unit < SPAN && !found; unit++)
			if (incidence[unit] >= q * (1 - 1e-9))
			{
				found = true;
				expected = unit;
				level = incidence[unit];
				if (level <= q * (1 + 1e-9))
					for (int next = unit + 1; next < SPAN; next++)
						if (incidence[next] > level + 1e-9 * q)
						{
							expected = (unit + next) / 2.0;
							break;
						}
			}
		CHECK(survival_quantile(points, npoints, q, &quantile) == found);
		if (found)
			CHECK(near(quantile, expected));
	}

	if (survival_restricted_mean(points, npoints, horizon, &mean, &error))
	{
		/* the area under one minus the incidence, unit by unit: it steps at whole units */
		double		from = 0;
		double		height = 1;

		CHECK(horizon <= last || survival[SPAN - 1] <= 1e-12);
		for (int unit = 0; unit < SPAN && unit <= horizon; unit++)
		{
			area += height * (unit - from);
			from = unit;
			height = 1 - incidence[unit];
		}
		area += height * (horizon - from);
		CHECK(near(mean, area));
		CHECK(competes ? isnan(error) : error >= 0);
		CHECK(mean >= -1e-9 && mean <= horizon + 1e-9);
	}
	else
		CHECK(horizon > last && survival[SPAN - 1] > 0);
	{
		int			unit = (int) horizon % SPAN;
		bool		known = survival_at(points, npoints, unit, &step);

		CHECK(near(step.survival, survival[unit]));
		CHECK(known == (unit <= last || step.survival <= 0));
	}
}

static void
check_log_rank(const Person *a, int na, const Person *b, int nb)
{
	SurvivalPoint points_a[SPAN];
	SurvivalPoint points_b[SPAN];
	LogRank		sums = {{0}};
	double		observed[2] = {0, 0};
	double		expected[2] = {0, 0};
	double		variance = 0;

	log_rank_add(&sums, points_a, points_of(a, na, points_a), points_b, points_of(b, nb, points_b));
	for (int unit = 0; unit < SPAN; unit++)
	{
		double		risk[2] = {0, 0};
		double		events[2] = {0, 0};
		double		n;
		double		d;

		for (int i = 0; i < na; i++)
		{
			risk[0] += at_risk(&a[i], unit);
			events[0] += a[i].end == unit && a[i].status == 1;
		}
		for (int i = 0; i < nb; i++)
		{
			risk[1] += at_risk(&b[i], unit);
			events[1] += b[i].end == unit && b[i].status == 1;
		}
		n = risk[0] + risk[1];
		d = events[0] + events[1];
		if (d == 0)
			continue;
		for (int side = 0; side < 2; side++)
		{
			observed[side] += events[side];
			expected[side] += d * risk[side] / n;
		}
		if (n > 1)
			variance += d * (risk[0] / n) * (risk[1] / n) * (n - d) / (n - 1);
	}
	for (int side = 0; side < 2; side++)
		CHECK(sums.observed[side] == observed[side] && near(sums.expected[side], expected[side]));
	CHECK(near(sums.variance, variance));
}

/* Counts that no people could have, up to the limits: sound or not, never a crash or a hang. */
static void
check_extremes(const uint8_t *data, size_t size)
{
	SurvivalPoint points[8];
	size_t		n = 0;
	SurvivalWalk walk;
	SurvivalStep step;
	int64_t		unit = 0;
	int64_t		total = 0;
	double		low;
	double		high;
	double		error;
	bool		has_low;
	bool		has_high;

	for (; size >= 6 && n < 8; data += 6, size -= 6, n++)
	{
		int64_t		counts[3];

		for (int i = 0; i < 3; i++)
		{
			counts[i] = (int64_t) (data[i] & 15) << (data[i] >> 4) * 3;
			if (counts[i] > (INT64_MAX >> 2) - total)
				counts[i] = 0;
			total += counts[i];
		}
		if (unit > INT64_MAX - ((int64_t) 1 << (data[3] % 62)))
			break;
		unit += (int64_t) 1 << (data[3] % 62);
		points[n] = (SurvivalPoint) {unit, counts[0], counts[1], counts[2], 0};
	}
	survival_begin(&walk, points, n);
	while (survival_next(&walk, &step))
	{
		CHECK(step.survival >= 0 && step.survival <= 1 && step.incidence >= 0 && step.incidence <= 1 + 1e-9);
		for (int scale = SURVIVAL_LOG; scale <= SURVIVAL_LOG_LOG; scale++)
			if (incidence_band(&step, (SurvivalBand) {scale, 1.96}, &low, &high))
				CHECK(low <= high + 1e-12 && high <= 1 + 1e-12 && low >= -1e-12);
	}
	(void) survival_quantile(points, n, 0.5, &low);
	for (int scale = SURVIVAL_LOG; scale <= SURVIVAL_LOG_LOG; scale++)
	{
		survival_quantile_interval(points, n, 0.5, (SurvivalBand) {scale, 1.96}, &has_low, &low, &has_high, &high);
		if (has_low && has_high)
			CHECK(low <= high);
	}
	if (survival_restricted_mean(points, n, (double) unit, &low, &error))
		CHECK(low >= 0 && low <= (double) unit * (1 + 1e-9));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	Person		people[MAX_PEOPLE];
	Person		others[MAX_PEOPLE];
	int			causes;
	int			span;
	int			n;

	if (size < 4)
		return 0;
	if (data[0] % 8 == 7)
	{
		check_extremes(data + 1, size - 1);
		return 0;
	}
	causes = 2 + (data[0] & 1);
	span = 1 + data[1] % SPAN;
	n = people_of(data + 4, size - 4, causes, span, people, MAX_PEOPLE);
	if (data[0] % 8 == 6)
	{
		int			half = n / 2;

		memcpy(others, people + half, sizeof(Person) * (n - half));
		check_log_rank(people, half, others, n - half);
	}
	else
		check_curve(people, n, causes, (1 + data[2] % 64) / 64.0, data[3] % (SPAN + 4));
	return 0;
}
