/*
 * proportion.c
 *		Intervals and tests for proportions.
 */
#include "plain/proportion.h"

#include <float.h>
#include <math.h>

#include "plain/distribution.h"

/* Tables whose probabilities differ by less are equally likely (as in R). */
#define TIE_TOLERANCE 1e-7

/* Above this standard deviation of a table's cell, tails are integrated rather than added up. */
#define MANY_TABLES 2e4

static bool
valid_counts(int64_t k, int64_t n)
{
	return n > 0 && k >= 0 && k <= n;
}

static bool
valid_level(double level)
{
	return level > 0 && level < 1;
}

/*
 * The z that a standard normal variable exceeds with probability (1 - level) / 2.
 * Never 0, where a level is too small to tell from 0: a bound must not be 0 / 0.
 */
static double
two_sided_quantile(double level)
{
	return fmax(-normal_quantile(0.5 * (1 - level)), DBL_EPSILON);
}

/* ---------- one proportion ---------- */

double
percent_of(int64_t k, int64_t n)
{
	if (n == 0)
		return NAN;
	/* 100 k is rounded where it takes more than 53 bits: all of them are 100 nevertheless, and more never are */
	if (k == n)
		return 100;
	return fmin(100.0 * (double) k / (double) n, 100);
}

/*
 * How far the upper Wilson bound lies above k/n. Written so that nothing is
 * subtracted: exact for k = n, and for any n.
 */
static double
wilson_above(int64_t k, int64_t n, double z)
{
	double		p = (double) k / (double) n;
	double		q = (double) (n - k) / (double) n;
	double		lean = z * z * 0.5 * (p - q);
	double		spread = z * sqrt((double) k * q + 0.25 * z * z);

	if (lean >= 0)
		return z * z * p * q / (spread + lean);
	return (spread - lean) / ((double) n + z * z);
}

static double
wilson_below(int64_t k, int64_t n, double z)
{
	return wilson_above(n - k, n, z);
}

bool
wilson_interval(int64_t k, int64_t n, double level, double *low, double *high)
{
	double		z,
				middle,
				spread;

	if (!valid_counts(k, n) || !valid_level(level))
		return false;

	z = two_sided_quantile(level);
	middle = (double) k + 0.5 * z * z;
	spread = z * sqrt((double) k * ((double) (n - k) / (double) n) + 0.25 * z * z);

	/* the lower root by the product of the roots, k^2 / n / (n + z^2), to keep its digits near 0 */
	*low = (double) k * ((double) k / (double) n) / (middle + spread);
	*high = k == n ? 1 : fmin((middle + spread) / ((double) n + z * z), 1);
	return true;
}

bool
clopper_pearson_interval(int64_t k, int64_t n, double level, double *low, double *high)
{
	double		tail,
				a = (double) k,
				b = (double) (n - k);

	if (!valid_counts(k, n) || !valid_level(level))
		return false;

	tail = 0.5 * (1 - level);
	*low = k == 0 ? 0 : beta_lower_quantile(tail, a, b + 1);
	*high = k == n ? 1 : beta_upper_quantile(tail, a + 1, b);
	return true;
}

/* ---------- two proportions ---------- */

bool
newcombe_interval(int64_t k1, int64_t n1, int64_t k2, int64_t n2, double level,
				  double *difference, double *low, double *high)
{
	double		z,
				d;

	if (!valid_counts(k1, n1) || !valid_counts(k2, n2) || !valid_level(level))
		return false;

	z = two_sided_quantile(level);
	d = cross_difference(k2, n1, k1, n2) / ((double) n1 * (double) n2);
	*difference = d;
	*low = d - hypot(wilson_below(k2, n2, z), wilson_above(k1, n1, z));
	*high = d + hypot(wilson_above(k2, n2, z), wilson_below(k1, n1, z));
	return true;
}

bool
pooled_z_test(int64_t k1, int64_t n1, int64_t k2, int64_t n2, double *z, double *p_value)
{
	double		successes,
				failures,
				total;

	if (!valid_counts(k1, n1) || !valid_counts(k2, n2))
		return false;
	successes = (double) k1 + (double) k2;
	failures = (double) (n1 - k1) + (double) (n2 - k2);
	total = (double) n1 + (double) n2;
	if (successes == 0 || failures == 0)
		return false;

	/* (k2/n2 - k1/n1) / sqrt(p q (1/n1 + 1/n2)), multiplied out */
	*z = cross_difference(k2, n1, k1, n2)
		* sqrt(total / ((double) n1 * (double) n2) / (successes * failures));
	*p_value = normal_two_sided(*z);
	return true;
}

/* ---------- Fisher's exact test ---------- */

/*
 * The tables of Fisher's test share their margins and differ by a shift:
 *
 *		k1 + j			n1 - k1 - j
 *		k2 - j			n2 - k2 + j
 *
 * Their probability f(j) rises up to the mode and falls after it.
 */
typedef struct FisherTables
{
	int64_t		x11,
				x12,
				x21,
				x22;
	int64_t		first,			/* range of the shift */
				last;
	double		spread;			/* standard deviation of the shift */
	HypergeometricTable density;
	double		observed;		/* log f(0) */
} FisherTables;

/* log (f(j) / f(0)) */
static double
log_likelihood_ratio(const FisherTables *tables, double j)
{
	return hypergeometric_log_density(&tables->density, j) - tables->observed;
}

/* f(j + 1) > f(j), without rounding */
static bool
still_rising(const FisherTables *tables, int64_t j)
{
	return cross_difference(tables->x12 - j, tables->x21 - j,
							tables->x11 + j + 1, tables->x22 + j + 1) > 0;
}

static int64_t
find_mode(const FisherTables *tables)
{
	double		middle = floor(-tables->density.deviation);
	int64_t		j;

	/* the mode is within 1 of the mean; clamp before the cast can overflow */
	if (middle <= (double) tables->first)
		j = tables->first;
	else if (middle >= (double) tables->last)
		j = tables->last;
	else
		j = (int64_t) middle;
	while (j < tables->last && still_rising(tables, j))
		j++;
	while (j > tables->first && !still_rising(tables, j - 1))
		j--;
	return j;
}

/* f(start) + f(start + 1 step) + ... relative to f(start), term by term; step is 1 or -1. */
static double
add_up_tail(const FisherTables *tables, int64_t start, int step)
{
	/* cells that shrink and grow as we walk */
	double		down1 = (double) (step > 0 ? tables->x12 - start : tables->x11 + start),
				down2 = (double) (step > 0 ? tables->x21 - start : tables->x22 + start),
				up1 = (double) (step > 0 ? tables->x11 + start : tables->x12 - start),
				up2 = (double) (step > 0 ? tables->x22 + start : tables->x21 - start);
	double		term = 1,
				sum = 1;

	while (down1 > 0 && down2 > 0)
	{
		double		ratio;

		up1 += 1;
		up2 += 1;
		ratio = down1 * down2 / (up1 * up2);
		term *= ratio;
		sum += term;
		/* ratios only fall: what follows is less than a geometric series */
		if (ratio < 1 && term * ratio < sum * (1 - ratio) * (DBL_EPSILON / 8))
			break;
		down1 -= 1;
		down2 -= 1;
	}
	return sum;
}

/*
 * The same for a wide distribution, where neighbours hardly differ: the
 * integral (Gauss-Legendre, ten points a panel) with the first two corrections
 * of Euler and Maclaurin. The third is below 1e-3 / spread^4 and left out.
 */
static double
integrate_tail(const FisherTables *tables, int64_t start, int step)
{
	static const double node[5] = {
		0.148874338981631210884826001129720, 0.433395394129247190799265943165784,
		0.679409568299024406234327365114874, 0.865063366688984510732096688423493,
		0.973906528517171720077964012084452
	};
	static const double weight[5] = {
		0.295524224714752870173815619188769, 0.269266719309996355091226921569469,
		0.219086362515982043995534934228163, 0.149451349150580593145863397657697,
		0.066671344308688137593568809893332
	};
	double		begin = hypergeometric_log_density(&tables->density, (double) start);
	double		span = (double) (step > 0 ? tables->last - start : start - tables->first);
	double		away = fabs(tables->density.deviation + (double) start) / tables->spread;
	double		panel = tables->spread / (1 + away);
	double		position = 0,
				sum = 0,
				slope;

	while (position < span)
	{
		double		half = 0.5 * fmin(panel, span - position);
		double		part = 0;
		int			i;

		for (i = 0; i < 5; i++)
		{
			double		left = (double) start + step * (position + half * (1 - node[i]));
			double		right = (double) start + step * (position + half * (1 + node[i]));

			part += weight[i] *
				(exp(hypergeometric_log_density(&tables->density, left) - begin) +
				 exp(hypergeometric_log_density(&tables->density, right) - begin));
		}
		sum += half * part;
		if (half * part < sum * (DBL_EPSILON / 8))
			break;
		position += 2 * half;
	}

	/* f'(start) / f(start) outward, from the exact ratio of neighbours at both sides */
	slope = step * 0.5 *
		(log1p(cross_difference(tables->x12 - start, tables->x21 - start,
								tables->x11 + start + 1, tables->x22 + start + 1) /
			   (((double) tables->x11 + start + 1) * ((double) tables->x22 + start + 1))) -
		 log1p(cross_difference(tables->x11 + start, tables->x22 + start,
								tables->x12 - start + 1, tables->x21 - start + 1) /
			   (((double) tables->x12 - start + 1) * ((double) tables->x21 - start + 1))));
	return sum + 0.5 - slope / 12;
}

/* The probability of all tables from `start` outward. */
static double
tail_probability(const FisherTables *tables, int64_t start, int step)
{
	double		sum;

	/* at the very end of the range there is nothing to integrate */
	if (tables->spread < MANY_TABLES ||
		start - tables->first < MANY_TABLES || tables->last - start < MANY_TABLES)
		sum = add_up_tail(tables, start, step);
	else
		sum = integrate_tail(tables, start, step);
	return exp(hypergeometric_log_density(&tables->density, (double) start) + log(sum));
}

/*
 * The probability of the tables between the mode and one end of the range
 * whose log likelihood ratio to the observed one is at most `limit`; the mode
 * itself is above it.
 */
static double
no_more_likely(const FisherTables *tables, int64_t mode, int64_t end, double limit)
{
	int64_t		inside = mode,
				outside = end;

	if (log_likelihood_ratio(tables, (double) end) > limit)
		return 0;
	while (inside - outside > 1 || outside - inside > 1)
	{
		int64_t		middle = inside + (outside - inside) / 2;

		if (log_likelihood_ratio(tables, (double) middle) <= limit)
			outside = middle;
		else
			inside = middle;
	}
	return tail_probability(tables, outside, end < mode ? -1 : 1);
}

bool
fisher_exact_test(int64_t k1, int64_t n1, int64_t k2, int64_t n2, double *p_value)
{
	FisherTables tables;
	int64_t		mode;
	double		limit,
				p;

	if (!valid_counts(k1, n1) || !valid_counts(k2, n2))
		return false;

	tables.x11 = k1;
	tables.x12 = n1 - k1;
	tables.x21 = k2;
	tables.x22 = n2 - k2;
	tables.first = -(k1 < tables.x22 ? k1 : tables.x22);
	tables.last = tables.x12 < k2 ? tables.x12 : k2;
	if (tables.first == tables.last)
	{
		*p_value = 1;
		return true;
	}
	hypergeometric_table(&tables.density, tables.x11, tables.x12, tables.x21, tables.x22);
	tables.observed = hypergeometric_log_density(&tables.density, 0);
	tables.spread = sqrt(tables.density.expected[0] / ((double) n1 + (double) n2)
						 * tables.density.expected[3]);
	mode = find_mode(&tables);
	limit = log1p(TIE_TOLERANCE);
	if (log_likelihood_ratio(&tables, (double) mode) <= limit)
	{
		*p_value = 1;
		return true;
	}

	p = no_more_likely(&tables, mode, tables.first, limit) +
		no_more_likely(&tables, mode, tables.last, limit);
	*p_value = fmin(p, 1);
	return true;
}

/* ---------- differences of differences ---------- */

bool
difference_in_differences(const int64_t before_k[2], const int64_t before_n[2],
						  const int64_t after_k[2], const int64_t after_n[2],
						  double level, DifferenceInDifferences *result)
{
	double		variance = 0;
	bool		complete = true;
	double		z;
	int			i;

	*result = (DifferenceInDifferences) {{NAN, NAN}, NAN, NAN, NAN, NAN, NAN, NAN};
	if (!valid_level(level))
		return false;
	for (i = 0; i < 2; i++)
	{
		double		n1 = (double) before_n[i];
		double		n2 = (double) after_n[i];

		if (!valid_counts(before_k[i], before_n[i]) || !valid_counts(after_k[i], after_n[i]))
		{
			complete = false;
			continue;
		}
		result->change[i] = cross_difference(after_k[i], before_n[i], before_k[i], after_n[i]) / (n1 * n2);
		variance += (double) before_k[i] / n1 * ((double) (before_n[i] - before_k[i]) / n1) / n1;
		variance += (double) after_k[i] / n2 * ((double) (after_n[i] - after_k[i]) / n2) / n2;
	}
	if (!complete)
		return false;
	result->difference = result->change[1] - result->change[0];
	result->std_error = sqrt(variance);
	if (variance == 0)
		return true;
	z = two_sided_quantile(level);
	result->low = result->difference - z * result->std_error;
	result->high = result->difference + z * result->std_error;
	result->z = result->difference / result->std_error;
	result->p_value = normal_two_sided(result->z);
	return true;
}

/* ---------- strata ---------- */

bool
mantel_haenszel_add(MantelHaenszel *sums, int64_t k1, int64_t n1, int64_t k2, int64_t n2)
{
	double		n = (double) n1 + (double) n2,
				f1,
				f2,
				l1 = (double) (n1 - k1),
				l2 = (double) (n2 - k2),
				for_after,
				for_before,
				concordant,
				discordant;

	if (!valid_counts(k1, n1) || !valid_counts(k2, n2))
		return false;
	f1 = (double) n1 / n;
	f2 = (double) n2 / n;
	for_after = (double) k2 * (l1 / n);
	for_before = (double) k1 * (l2 / n);
	concordant = ((double) k2 + l1) / n;
	discordant = ((double) k1 + l2) / n;

	sums->weight += f1 * (double) n2;
	sums->difference += cross_difference(k2, n1, k1, n2) / n;
	sums->variance += f1 * f2 * ((double) k1 + (double) k2) * ((l1 + l2) / (n - 1));
	sums->spread += 0.5 * (for_before + for_after);
	sums->slope += f2 * f2 * (double) k1 - f1 * f1 * (double) k2 + 0.5 * f1 * f2 * ((double) n1 - (double) n2);
	sums->odds_for += for_after;
	sums->odds_against += for_before;
	sums->for_variance += concordant * for_after;
	sums->cross_variance += concordant * for_before + discordant * for_after;
	sums->against_variance += discordant * for_before;
	return true;
}

bool
mantel_haenszel_difference(const MantelHaenszel *sums, double level,
						   double *difference, double *low, double *high)
{
	double		d,
				variance,
				half;

	if (!(sums->weight > 0) || !valid_level(level))
		return false;
	d = sums->difference / sums->weight;
	variance = sums->spread + d * sums->slope;
	*difference = d;
	/* where nothing varies within the groups of any stratum, rounding is all that is left */
	if (!(variance > 1e-13 * sums->spread))
		*low = *high = NAN;
	else
	{
		half = two_sided_quantile(level) * sqrt(variance) / sums->weight;
		*low = d - half;
		*high = d + half;
	}
	return true;
}

bool
mantel_haenszel_odds_ratio(const MantelHaenszel *sums, double level,
						   double *ratio, double *low, double *high)
{
	double		r = sums->odds_for;
	double		s = sums->odds_against;
	double		half;

	if (!(s > 0) || !valid_level(level))
		return false;
	*ratio = r / s;
	if (!(r > 0))
		*low = *high = NAN;
	else
	{
		half = two_sided_quantile(level) *
			sqrt(0.5 * (sums->for_variance / r / r + sums->cross_variance / r / s + sums->against_variance / s / s));
		*low = *ratio * exp(-half);
		*high = *ratio * exp(half);
	}
	return true;
}

bool
mantel_haenszel_test(const MantelHaenszel *sums, double *chi2, double *p_value)
{
	if (!(sums->variance > 0))
		return false;
	*chi2 = sums->difference / sums->variance * sums->difference;
	*p_value = chi_square_upper_tail(*chi2);
	return true;
}
