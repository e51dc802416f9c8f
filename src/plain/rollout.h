/*
 * rollout.h
 *		The effect of what reached units at different times, from a panel.
 *
 * A cell is treated from its unit's cohort on, and clean before its split less
 * the anticipated periods. Clean cells tell what would have been; an effect
 * is the weighted mean of what treated cells are above that. The error is a
 * jackknife over units within two strata: those that count in the effect, and
 * the others that tell what would have been.
 *
 * base all: Borusyak, Jaravel & Spiess 2024; last: Callaway & Sant'Anna 2021.
 */
#ifndef EM_ROLLOUT_H
#define EM_ROLLOUT_H

#include "plain/panel.h"

typedef struct RolloutOptions
{
	bool		never;			/* only units that never adopt are controls, not those that adopt later */
	bool		last;			/* compare with the last clean period, not with all of them */
	bool		units;			/* every unit weighs the same, not every deal */
	uint32_t	anticipation;	/* periods before adoption that may show an effect */
	uint32_t	leads;			/* how many periods before adoption to show */
	double		level;
} RolloutOptions;

typedef enum RolloutGrouping
{
	ROLLOUT_OVERALL,
	ROLLOUT_EVENT_TIMES,
	ROLLOUT_COHORTS,
	ROLLOUT_CELLS
} RolloutGrouping;

/* What does not exist is NaN. */
typedef struct RolloutEstimate
{
	uint32_t	cohort;			/* of a cohort or cell */
	uint32_t	period;			/* of a cell */
	int32_t		event_time;		/* of an event time or cell */
	double		effect;
	double		std_error;
	double		df;
	double		low;
	double		high;
	double		p_value;
	uint32_t	units;			/* that count in the effect */
	uint32_t	others;			/* that tell what would have been, and do not count in it */
	int64_t		deals;			/* n of the cells that count; -1 when it passes 64 bits */
	int64_t		skipped;		/* n of treated cells for which nothing tells what would have been; as deals */
} RolloutEstimate;

/*
 * The estimates that exist, ascending by cohort, period or event time; overall
 * always one. At most PANEL_MAX_PERIODS periods.
 */
extern RolloutEstimate *rollout_effects(const Panel *panel, const RolloutOptions *options,
										RolloutGrouping grouping, size_t *count);

/* Points a period by which adopters ran away from the others before they adopted; `effect` is the slope. */
extern RolloutEstimate rollout_pretrend(const Panel *panel, const RolloutOptions *options);

typedef struct RolloutPermutation
{
	double		p_value;		/* NaN where nothing can be tested */
	int64_t		assignments;
	bool		exact;			/* all assignments, not a sample of them */
	bool		studentized;	/* the statistic is effect / std_error, not the effect */
} RolloutPermutation;

#define ROLLOUT_ALL_ASSIGNMENTS 10000
#define ROLLOUT_DRAWS 1999

/* Deals the adoptions anew to the units in the order in which they were given. Changes the panel's adoptions and puts them back. */
extern RolloutPermutation rollout_permutation(Panel *panel, const RolloutOptions *options);

#endif							/* EM_ROLLOUT_H */
