/*
 * jackknife.h
 *		The error of an estimate from leaving out one unit at a time, in two
 *		strata of units.
 *
 * V_j = (G_j - 1) / G_j times the sum of squares of what leaving out one of the G_j
 * units of a stratum changes; V = V_1 + V_2. Degrees of freedom after
 * Satterthwaite 1946 and Welch 1947.
 */
#ifndef EM_JACKKNIFE_H
#define EM_JACKKNIFE_H

#include <stdbool.h>
#include <stdint.h>

typedef struct Jackknife
{
	double		theta;			/* the estimate with all units */
	uint32_t	units[2];		/* in each stratum */
	double		squares[2];
	bool		missing;		/* without one of them there is no estimate */
} Jackknife;

/* The estimate without a unit of a stratum, NaN where it does not exist. */
extern void jackknife_add(Jackknife *jackknife, int stratum, double theta);

typedef struct JackknifeError
{
	double		std_error;		/* NaN where a stratum has less than 2 units, and so is the rest */
	double		df;
	double		low;
	double		high;
	double		p_value;
} JackknifeError;

/* A standard error of at most `nothing` counts as 0, and then the rest is NaN. */
extern JackknifeError jackknife_error(const Jackknife *jackknife, double nothing, double level);

#endif							/* EM_JACKKNIFE_H */
