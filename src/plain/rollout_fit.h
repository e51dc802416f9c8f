/*
 * rollout_fit.h
 *		One fit of a roll-out: which cells tell what would have been, which are
 *		held against it, and the estimates they give with and without each unit.
 *
 * What rollout.c, pretrend.c and permutation.c share.
 */
#ifndef EM_ROLLOUT_FIT_H
#define EM_ROLLOUT_FIT_H

#include "plain/jackknife.h"
#include "plain/rollout.h"

/* Differences below this part of the largest |y| are rounding. */
#define ROLLOUT_NOTHING 1e-10

/* Not the time before adoption of a placebo: a fit of the treated cells. */
#define FIT_TREATED 0

/* A cell held against what would have been. */
typedef struct FitTarget
{
	uint32_t	period;
	uint32_t	estimate;		/* it counts in */
	uint32_t	key;			/* base last: of the controls' change */
	bool		exists;			/* something tells what would have been */
	int64_t		n;
	double		m;
	double		y;				/* base last: less that of the base; NaN without it */
} FitTarget;

typedef struct FitUnit
{
	uint32_t	cohort;
	bool		controls;		/* its own cells tell about the periods too */
	uint32_t	nclean;			/* those that a placebo leaves out among them */
	uint32_t	nown;
	FitCell    *own;			/* clean cells */
	uint32_t	ntargets;
	FitTarget  *targets;
} FitUnit;

/* Base last: the change from one period to another of all controls but those of a cohort. */
typedef struct FitKey
{
	uint32_t	cohort;
	uint32_t	period;
	uint32_t	base;
} FitKey;

typedef struct FitEstimate
{
	uint32_t	cohort;
	uint32_t	period;
	int32_t		event_time;
	Jackknife	jackknife;
	uint32_t	mark;			/* the last unit seen to count in it, plus one */
	double		weight;			/* of the cells counted this time, and sum of weight times effect */
	double		sum;
	int64_t		deals;
	int64_t		skipped;
} FitEstimate;

typedef struct RolloutFit
{
	const Panel *panel;
	const RolloutOptions *options;
	RolloutGrouping grouping;
	int32_t		event_time;		/* below 0: of the cells held against the rest; or FIT_TREATED */
	FitUnit    *units;
	FitCell    *cells;
	FitTarget  *targets;
	uint32_t	nestimates;
	FitEstimate *estimates;
	uint32_t   *places;			/* number of an estimate plus one by cohort, event time or both */
	uint32_t	nkeys;
	FitKey	   *keys;
	uint32_t   *key_places;		/* number of a key plus one by adoption and period */
	uint32_t   *row;			/* a unit's own cells plus one, by period; 0 between uses */
	LeaveOneOut all;
	double	   *graph;
	double	   *lambda;
	uint32_t   *component;
} RolloutFit;

/* ---------- the cells of a unit ---------- */

static inline bool
unit_adopts(const Panel *panel, const PanelUnit *unit)
{
	return unit->cohort < panel->nperiods;
}

/* The first period that is not clean. */
static inline uint32_t
unit_clean_end(const Panel *panel, const RolloutOptions *options, const PanelUnit *unit)
{
	if (!unit_adopts(panel, unit))
		return unit->split;
	return unit->split > options->anticipation ? unit->split - options->anticipation : 0;
}

/* Do its clean cells tell about the periods? */
static inline bool
unit_controls(const Panel *panel, const RolloutOptions *options, const PanelUnit *unit)
{
	return !options->never || !unit_adopts(panel, unit);
}

/* What the n of a unit's cells are divided by to be their weight. */
static inline double
unit_weight_base(const RolloutOptions *options, const PanelUnit *unit)
{
	double		total = 0;

	if (!options->units)
		return 1;
	for (uint32_t i = 0; i < unit->ncells; i++)
		total += (double) unit->cells[i].n;
	return total;
}

/* ---------- a fit ---------- */

/* Memory for fits of this panel, whichever of its units adopts when. */
extern void fit_init(RolloutFit *fit, const Panel *panel, const RolloutOptions *options, RolloutGrouping grouping);

/* Sorts out the cells for treated ones or the placebo of an event time; false when there is none to hold against the rest. */
extern bool fit_begin(RolloutFit *fit, int32_t event_time);

/* The estimates with all units, and what changes without each. */
extern void fit_run(RolloutFit *fit);

extern RolloutEstimate fit_result(const RolloutFit *fit, const FitEstimate *estimate);

#endif							/* EM_ROLLOUT_FIT_H */
