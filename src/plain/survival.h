/*
 * survival.h
 *		Time to an event with censoring, competing ends and late entry.
 *
 * Plain C with libm and nothing else, over counts per whole unit of time in
 * ascending order. Conventions, those of R's survival package:
 *
 * - An event and a censoring at one time: the censored is still at risk.
 * - Late entry at unit a is at risk in units above a; what did not enter late
 *   is at risk from unit 0 on, that unit included.
 * - The band of the survival curve is made on the scale of log(S), cut off at
 *   1, or on that of log(-log(S)), which stays within 0 and 1 by itself. Where
 *   S is 0 there is none. Where S is 1, before the first end, both are 1 to 1
 *   (R has none there with log-log).
 * - Where a curve stands exactly at the asked level on a flat, a quantile is
 *   the midpoint of the flat; a flat that lasts to the end counts from its left.
 *
 * With competing ends the survival curve is that of either end, and the
 * incidence of the event is the Aalen-Johansen estimate; without them the
 * incidence is one minus the survival.
 */
#ifndef EM_SURVIVAL_H
#define EM_SURVIVAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What happened in one whole unit. */
typedef struct SurvivalPoint
{
	int64_t		unit;
	int64_t		events;
	int64_t		competing;
	int64_t		censored;
	int64_t		late;
} SurvivalPoint;

/* The estimates just after one unit. */
typedef struct SurvivalStep
{
	int64_t		unit;
	int64_t		at_risk;		/* just before the ends of this unit */
	int64_t		events;
	int64_t		competing;
	int64_t		censored;
	double		survival;
	double		log_error;		/* standard error of log(survival); meaningless at survival 0 */
	double		incidence;
	double		incidence_error;	/* its standard error */
	bool		competes;		/* there are competing ends somewhere in the curve */
} SurvivalStep;

/* Reads the curve step by step, one step for every point, in one pass. */
typedef struct SurvivalWalk
{
	const SurvivalPoint *points;
	size_t		n;
	size_t		next;
	int64_t		at_risk;		/* of the next point */
	double		greenwood;		/* variance of log(survival) */
	double		covariance;		/* of survival and incidence */
	double		variance;		/* of incidence */
	SurvivalStep step;
} SurvivalWalk;

extern void survival_begin(SurvivalWalk *walk, const SurvivalPoint *points, size_t n);
extern bool survival_next(SurvivalWalk *walk, SurvivalStep *step);

/* The scale on which a band is made, and how many standard errors it goes to either side. */
typedef enum SurvivalScale
{
	SURVIVAL_LOG,
	SURVIVAL_LOG_LOG
} SurvivalScale;

typedef struct SurvivalBand
{
	SurvivalScale scale;
	double		z;
} SurvivalBand;

/* Band of the survival at a step; false where survival is 0 and there is none. */
extern bool survival_band(const SurvivalStep *step, SurvivalBand band, double *low, double *high);

/* The same for the incidence: the band of survival turned over, or of the incidence when ends compete. */
extern bool incidence_band(const SurvivalStep *step, SurvivalBand band, double *low, double *high);

/* The largest unit in which one was seen to end or be censored; -1 without any. */
extern int64_t survival_last_unit(const SurvivalPoint *points, size_t n);

/*
 * The incidence after all units up to `unit`; the step has unit -1 before the
 * first point. False when none was observed that long and some were left.
 */
extern bool survival_at(const SurvivalPoint *points, size_t n, int64_t unit, SurvivalStep *step);

/*
 * The curve just after one unit, for questions that are asked of many units:
 * who is still at risk, how many of all are left, how many had the event, how many a
 * competing end.
 */
typedef struct SurvivalLevel
{
	int64_t		unit;
	int64_t		at_risk;
	double		survival;
	double		incidence;
	double		competing;
} SurvivalLevel;

/* Fills 1 + n levels: unit -1, then one for each point. */
extern void survival_levels(const SurvivalPoint *points, size_t n, SurvivalLevel *levels);

/* The last of 1 + n levels that is not after a unit. */
extern const SurvivalLevel *survival_level_at(const SurvivalLevel *levels, size_t n, int64_t unit);

/*
 * The chance that a duration that has outlived unit `age` has the event by unit age +
 * horizon, both >= 0: (F(age + horizon) - F(age)) / S(age). False where it is not
 * known: when none lived so long, or age + horizon is after `last` (survival_last_unit)
 * and some were left then.
 */
extern bool survival_chance(const SurvivalLevel *levels, size_t n, int64_t last,
							int64_t age, int64_t horizon, double *chance);

/* The time at which the incidence reaches q, 0 < q <= 1; false when it never does. */
extern bool survival_quantile(const SurvivalPoint *points, size_t n, double q, double *result);

/* Where the ends of the band cross q; each has its own answer. */
extern void survival_quantile_interval(const SurvivalPoint *points, size_t n, double q, SurvivalBand band,
									   bool *has_low, double *low, bool *has_high, double *high);

/*
 * The integral of one minus the incidence from 0 to the horizon (>= 0), and its
 * standard error (NaN with competing ends). False when none was observed that
 * long and some were left.
 */
extern bool survival_restricted_mean(const SurvivalPoint *points, size_t n, double horizon,
									 double *mean, double *std_error);

/* What a log-rank test needs of two groups; the sums over strata are the test of the strata. */
typedef struct LogRank
{
	double		observed[2];
	double		expected[2];
	double		variance;		/* of observed - expected of either group */
} LogRank;

/* Adds one stratum; competing ends count as censored. */
extern void log_rank_add(LogRank *sums, const SurvivalPoint *a, size_t na,
						 const SurvivalPoint *b, size_t nb);

#endif							/* EM_SURVIVAL_H */
