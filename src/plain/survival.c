/*
 * survival.c
 *		Survival and incidence curves over counts per whole unit, and what is
 *		read off them.
 *
 * Kaplan & Meier 1958, JASA 53:457 (survival, with late entry by conditioning);
 * Greenwood 1926 (its variance); Aalen & Johansen 1978, Scand J Stat 5:141
 * (incidence with competing ends, and its variance in Greenwood's form);
 * Kalbfleisch & Prentice 1980, The Statistical Analysis of Failure Time Data
 * (log-log bands); Peto & Peto 1972, JRSS A 135:185 (log-rank).
 */
#include "plain/survival.h"

#include <math.h>
#include <string.h>

/* Levels this close (relative) are the same level: the curve is a product of rounded factors. */
#define LEVEL_TOLERANCE 1e-9

static inline int64_t
ends(const SurvivalPoint *point)
{
	return point->events + point->competing + point->censored;
}

void
survival_begin(SurvivalWalk *walk, const SurvivalPoint *points, size_t n)
{
	memset(walk, 0, sizeof(*walk));
	walk->points = points;
	walk->n = n;
	walk->step.unit = -1;
	walk->step.survival = 1.0;
	for (size_t i = 0; i < n; i++)
	{
		walk->at_risk += ends(&points[i]) - points[i].late;
		if (points[i].competing > 0)
			walk->step.competes = true;
	}
}

/*
 * The pair (survival, incidence) goes through one unit as
 *
 *		S' = S (1 - p),  F' = F + S p1,   p = (events + competing) / n, p1 = events / n
 *
 * and its covariance matrix through the same map, plus S^2 / n times the
 * multinomial covariance of the shares.
 */
bool
survival_next(SurvivalWalk *walk, SurvivalStep *step)
{
	const SurvivalPoint *point;
	SurvivalStep *now = &walk->step;

	if (walk->next >= walk->n)
		return false;
	point = &walk->points[walk->next++];

	now->unit = point->unit;
	now->at_risk = walk->at_risk;
	now->events = point->events;
	now->competing = point->competing;
	now->censored = point->censored;
	if (walk->at_risk > 0 && point->events + point->competing > 0)
	{
		double		n = (double) walk->at_risk;
		double		p = (double) (point->events + point->competing) / n;
		double		p1 = (double) point->events / n;
		double		left = (double) (walk->at_risk - point->events - point->competing) / n;
		double		s = now->survival;
		double		var_s = s * s * walk->greenwood;

		walk->variance += p1 * p1 * var_s + 2 * p1 * walk->covariance + s * s * p1 * (1 - p1) / n;
		walk->covariance = left * (p1 * var_s + walk->covariance - s * s * p1 / n);
		if (left > 0)
			walk->greenwood += p / (left * n);
		now->incidence += s * p1;
		now->survival *= left;
		now->log_error = sqrt(walk->greenwood);
		if (now->competes)
			now->incidence_error = sqrt(walk->variance > 0 ? walk->variance : 0);
		else
		{
			/* the sum keeps the digits of a small incidence, the product those of a large one */
			if (now->survival < 0.5)
				now->incidence = 1 - now->survival;
			now->incidence_error = now->survival * now->log_error;
		}
	}
	walk->at_risk += point->late - ends(point);
	*step = *now;
	return true;
}

/*
 * The band of a value in (0, 1] whose logarithm has a standard error:
 * exp(log(value) +- width), at most 1, or value ^ exp(+- width / log(value)).
 */
static void
band_of(SurvivalBand band, double value, double log_error, double *low, double *high)
{
	double		width = band.z * log_error;

	if (band.scale == SURVIVAL_LOG)
	{
		*low = value * exp(-width);
		*high = value * exp(width);
		if (*high > 1)
			*high = 1;
	}
	else if (value >= 1)
		*low = *high = 1;
	else
	{
		double		log_value = log(value);

		*low = exp(log_value * exp(-width / log_value));
		*high = exp(log_value * exp(width / log_value));
	}
}

bool
survival_band(const SurvivalStep *step, SurvivalBand band, double *low, double *high)
{
	if (step->survival <= 0)
		return false;
	band_of(band, step->survival, step->log_error, low, high);
	return true;
}

bool
incidence_band(const SurvivalStep *step, SurvivalBand band, double *low, double *high)
{
	if (!step->competes)
	{
		double		survival_low;
		double		survival_high;

		if (!survival_band(step, band, &survival_low, &survival_high))
			return false;
		*low = 1 - survival_high;
		*high = 1 - survival_low;
	}
	else if (step->incidence <= 0)
		*low = *high = 0;
	else
		band_of(band, step->incidence, step->incidence_error / step->incidence, low, high);
	return true;
}

int64_t
survival_last_unit(const SurvivalPoint *points, size_t n)
{
	while (n > 0 && ends(&points[n - 1]) == 0)
		n--;
	return n > 0 ? points[n - 1].unit : -1;
}

bool
survival_at(const SurvivalPoint *points, size_t n, int64_t unit, SurvivalStep *step)
{
	SurvivalWalk walk;

	survival_begin(&walk, points, n);
	*step = walk.step;
	while (walk.next < n && points[walk.next].unit <= unit)
		(void) survival_next(&walk, step);
	return n > 0 && (unit <= survival_last_unit(points, n) || step->survival <= 0);
}

void
survival_levels(const SurvivalPoint *points, size_t n, SurvivalLevel *levels)
{
	SurvivalWalk walk;
	SurvivalStep step;
	double		competing = 0;

	survival_begin(&walk, points, n);
	step = walk.step;
	for (size_t i = 0; i <= n; i++)
	{
		double		survival = step.survival;

		levels[i] = (SurvivalLevel) {step.unit, walk.at_risk, survival, step.incidence, competing};
		if (survival_next(&walk, &step) && step.at_risk > 0)
			competing += survival * ((double) step.competing / (double) step.at_risk);
	}
}

const SurvivalLevel *
survival_level_at(const SurvivalLevel *levels, size_t n, int64_t unit)
{
	size_t		low = 0;
	size_t		high = n;

	while (low < high)
	{
		size_t		middle = low + (high - low + 1) / 2;

		if (levels[middle].unit <= unit)
			low = middle;
		else
			high = middle - 1;
	}
	return &levels[low];
}

bool
survival_chance(const SurvivalLevel *levels, size_t n, int64_t last, int64_t age, int64_t horizon, double *chance)
{
	const SurvivalLevel *now = survival_level_at(levels, n, age);
	int64_t		until = horizon > INT64_MAX - age ? INT64_MAX : age + horizon;
	const SurvivalLevel *then;
	double		without;

	if (n == 0 || now->survival <= 0 || (until > last && levels[n].survival > 0))
		return false;
	then = survival_level_at(levels, n, until);
	*chance = (then->incidence - now->incidence) / now->survival;
	without = (then->survival + (then->competing - now->competing)) / now->survival;
	/* the smaller part has the digits, so that what is certain is exactly 1 and has no spread */
	if (without < 0.5)
		*chance = 1 - without;
	if (*chance < 0)
		*chance = 0;
	if (*chance > 1)
		*chance = 1;
	return true;
}

/* Looks for the first time a rising level reaches q, and for the end of a flat that stands on it. */
typedef struct Crossing
{
	double		q;
	bool		found;
	bool		on_flat;
	double		level;
	double		result;
} Crossing;

static void
crossing_step(Crossing *crossing, int64_t unit, double level)
{
	double		slack = LEVEL_TOLERANCE * crossing->q;

	if (!crossing->found)
	{
		if (level < crossing->q - slack)
			return;
		crossing->found = true;
		crossing->on_flat = (level <= crossing->q + slack);
		crossing->level = level;
		crossing->result = (double) unit;
	}
	else if (crossing->on_flat && level > crossing->level + slack)
	{
		crossing->result = (crossing->result + (double) unit) / 2;
		crossing->on_flat = false;
	}
}

bool
survival_quantile(const SurvivalPoint *points, size_t n, double q, double *result)
{
	Crossing	crossing = {q};
	SurvivalWalk walk;
	SurvivalStep step;

	survival_begin(&walk, points, n);
	while (survival_next(&walk, &step) && (!crossing.found || crossing.on_flat))
		crossing_step(&crossing, step.unit, step.incidence);
	if (crossing.found)
		*result = crossing.result;
	return crossing.found;
}

void
survival_quantile_interval(const SurvivalPoint *points, size_t n, double q, SurvivalBand band,
						   bool *has_low, double *low, bool *has_high, double *high)
{
	Crossing	early = {q};	/* the upper end of the incidence gets there first */
	Crossing	late = {q};
	SurvivalWalk walk;
	SurvivalStep step;

	survival_begin(&walk, points, n);
	while (survival_next(&walk, &step))
	{
		double		band_low;
		double		band_high;

		if (incidence_band(&step, band, &band_low, &band_high))
		{
			crossing_step(&early, step.unit, band_high);
			crossing_step(&late, step.unit, band_low);
		}
	}
	*has_low = early.found;
	*has_high = late.found;
	*low = early.result;
	*high = late.result;
}

/*
 * The variance is the sum over event times t of (area right of t)^2 times
 * Greenwood's term at t. With A the whole area and a(t) the area up to t that
 * is the sum of (A - a)^2 g; A is not known before the end, so walk twice.
 */
bool
survival_restricted_mean(const SurvivalPoint *points, size_t n, double horizon,
						 double *mean, double *std_error)
{
	double		total = 0;
	double		variance = 0;
	bool		competes = false;

	for (int pass = 0; pass < 2; pass++)
	{
		double		area = 0;
		double		from = 0;
		double		height = 1;
		SurvivalWalk walk;
		SurvivalStep step;

		survival_begin(&walk, points, n);
		step = walk.step;
		competes = step.competes;
		while (walk.next < n && (double) points[walk.next].unit <= horizon)
		{
			int64_t		died;

			(void) survival_next(&walk, &step);
			area += height * ((double) step.unit - from);
			from = (double) step.unit;
			height = 1 - step.incidence;
			if (!competes)
				height = step.survival;
			died = step.events;
			if (pass == 1 && died > 0 && step.at_risk > died)
				variance += (total - area) * (total - area) * (double) died /
					((double) step.at_risk * (double) (step.at_risk - died));
		}
		area += height * (horizon - from);
		total = area;
		if (pass == 0 && (n == 0 ||
						  (horizon > (double) survival_last_unit(points, n) && step.survival > 0)))
			return false;
	}
	*mean = total;
	*std_error = competes ? NAN : sqrt(variance);
	return true;
}

/* At risk before the first point, late entries not counted. */
static int64_t
first_at_risk(const SurvivalPoint *points, size_t n)
{
	int64_t		total = 0;

	for (size_t i = 0; i < n; i++)
		total += ends(&points[i]) - points[i].late;
	return total;
}

void
log_rank_add(LogRank *sums, const SurvivalPoint *a, size_t na, const SurvivalPoint *b, size_t nb)
{
	int64_t		at_risk_a = first_at_risk(a, na);
	int64_t		at_risk_b = first_at_risk(b, nb);
	size_t		i = 0;
	size_t		j = 0;

	while (i < na || j < nb)
	{
		bool		in_a = (i < na && (j >= nb || a[i].unit <= b[j].unit));
		bool		in_b = (j < nb && (i >= na || b[j].unit <= a[i].unit));
		double		events_a = in_a ? (double) a[i].events : 0;
		double		events_b = in_b ? (double) b[j].events : 0;
		double		events = events_a + events_b;
		double		risk_a = (double) at_risk_a;
		double		risk_b = (double) at_risk_b;
		double		risk = risk_a + risk_b;

		if (events > 0 && risk > 0)
		{
			sums->observed[0] += events_a;
			sums->observed[1] += events_b;
			sums->expected[0] += events * risk_a / risk;
			sums->expected[1] += events * risk_b / risk;
			if (risk > 1)
				sums->variance += events * (risk_a / risk) * (risk_b / risk) * (risk - events) / (risk - 1);
		}
		if (in_a)
		{
			at_risk_a += a[i].late - ends(&a[i]);
			i++;
		}
		if (in_b)
		{
			at_risk_b += b[j].late - ends(&b[j]);
			j++;
		}
	}
}
