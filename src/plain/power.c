/*
 * power.c
 *		Sample sizes and power of two rates and of two hazards.
 */
#include "plain/power.h"

#include <math.h>

#include "plain/distribution.h"

/* What a two-sided test at this level asks of a standard normal variable. */
static double
level_width(double level)
{
	return -normal_quantile((1 - level) / 2);
}

/* Standard deviations of a difference of rates of one deal each: without a difference, and with it. */
static void
deviations(double before_rate, double after_rate, double *without, double *with)
{
	double		mean = (before_rate + after_rate) / 2;

	*without = sqrt(2 * mean * (1 - mean));
	*with = sqrt(before_rate * (1 - before_rate) + after_rate * (1 - after_rate));
}

static bool
is_rate(double rate)
{
	return rate >= 0 && rate <= 1;
}

static bool
is_inside(double share)
{
	return share > 0 && share < 1;
}

double
power_deals(double before_rate, double after_rate, double power, double level)
{
	double		without;
	double		with;
	double		root;

	if (!is_rate(before_rate) || !is_rate(after_rate) || !is_inside(power) || !is_inside(level))
		return NAN;
	if (before_rate == after_rate)
		return INFINITY;
	deviations(before_rate, after_rate, &without, &with);
	root = level_width(level) * without + normal_quantile(power) * with;
	/* a power below that of no difference is had with any number */
	if (root <= 0)
		return 0;
	root /= fabs(before_rate - after_rate);
	return root * root;
}

double
power_design_effect(double deals_per_team, double icc)
{
	if (!(deals_per_team >= 1) || !is_rate(icc))
		return NAN;
	return 1 + (deals_per_team - 1) * icc;
}

double
power_of_deals(double n, double before_rate, double after_rate, double level)
{
	double		without;
	double		with;

	if (!(n > 0) || !is_rate(before_rate) || !is_rate(after_rate) || !is_inside(level))
		return NAN;
	deviations(before_rate, after_rate, &without, &with);
	return normal_upper_tail((level_width(level) * without - sqrt(n) * fabs(before_rate - after_rate)) / with);
}

double
power_detectable(double n, double before_rate, bool above, double power, double level)
{
	double		unfound = before_rate;
	double		found = above ? 1 : 0;

	if (!is_inside(power) || !(power_of_deals(n, before_rate, found, level) >= power))
		return NAN;
	for (;;)
	{
		double		middle = unfound + (found - unfound) / 2;

		if (middle == unfound || middle == found)
			return found;
		if (power_of_deals(n, before_rate, middle, level) >= power)
			found = middle;
		else
			unfound = middle;
	}
}

double
power_events(double hazard_ratio, double share, double power, double level)
{
	double		root;

	if (!(hazard_ratio > 0) || isinf(hazard_ratio) || !is_inside(share) || !is_inside(power) || !is_inside(level))
		return NAN;
	if (hazard_ratio == 1)
		return INFINITY;
	root = level_width(level) + normal_quantile(power);
	if (root <= 0)
		return 0;
	root /= log(hazard_ratio);
	return root * root / (share * (1 - share));
}
