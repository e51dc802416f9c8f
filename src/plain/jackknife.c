/*
 * jackknife.c
 *		Standard error, degrees of freedom and interval from leaving one out.
 */
#include "plain/jackknife.h"

#include <math.h>

#include "plain/distribution.h"

void
jackknife_add(Jackknife *jackknife, int stratum, double theta)
{
	double		change = theta - jackknife->theta;

	jackknife->units[stratum]++;
	jackknife->squares[stratum] += change * change;
	if (isnan(theta))
		jackknife->missing = true;
}

JackknifeError
jackknife_error(const Jackknife *jackknife, double nothing, double level)
{
	JackknifeError result = {NAN, NAN, NAN, NAN, NAN};
	double		variance[2];
	double		total;
	double		freedom = 0;
	double		half;

	if (jackknife->missing || jackknife->units[0] < 2 || jackknife->units[1] < 2)
		return result;
	for (int j = 0; j < 2; j++)
		variance[j] = (jackknife->units[j] - 1.0) / jackknife->units[j] * jackknife->squares[j];
	total = variance[0] + variance[1];
	result.std_error = sqrt(total);
	if (result.std_error <= nothing)
	{
		result.std_error = 0;
		return result;
	}

	/* shares of the variance, so that no square passes what a double holds */
	for (int j = 0; j < 2; j++)
		freedom += variance[j] / total * (variance[j] / total) / (jackknife->units[j] - 1.0);
	result.df = 1 / freedom;
	half = student_two_sided_quantile(1 - level, result.df) * result.std_error;
	result.low = jackknife->theta - half;
	result.high = jackknife->theta + half;
	result.p_value = student_two_sided(jackknife->theta / result.std_error, result.df);
	return result;
}
