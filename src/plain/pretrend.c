/*
 * pretrend.c
 *		Did units that adopt run away from the others before they adopted?
 *
 * Regresses y on unit, period and z, which is the number of the period for
 * adopters and 0 for others, on control cells and the clean cells of adopters.
 */
#include "plain/rollout_fit.h"

#include <math.h>
#include <string.h>

/* Less of z than this part of its squares is left by units and periods: nothing to tell a slope by. */
#define NO_SPREAD 1e-9

typedef struct Pretrend
{
	RolloutFit *fit;			/* of the treated cells, imputed: says which of them exist */
	bool	   *adopters;
	FitCell    *sample;			/* space for the cells of one unit */
} Pretrend;

/* Has a unit clean cells to see a trend in, and a treated cell that counts? */
static bool
is_adopter(const Pretrend *pretrend, const FitUnit *unit)
{
	const uint32_t *component = pretrend->fit->component;

	if (unit->nown < 2)
		return false;
	for (uint32_t i = 0; i < unit->ntargets; i++)
		for (uint32_t j = 0; j < unit->nown; j++)
		{
			if (component[unit->own[j].period] == component[unit->targets[i].period])
				return true;
			/* the cells of a unit that controls are all in one component */
			if (unit->controls)
				break;
		}
	return false;
}

/* The unit's cells with z in the place of y. */
static const FitCell *
trend_cells(const Pretrend *pretrend, uint32_t u)
{
	const FitUnit *unit = &pretrend->fit->units[u];

	for (uint32_t i = 0; i < unit->nown; i++)
	{
		pretrend->sample[i] = unit->own[i];
		pretrend->sample[i].y = pretrend->adopters[u] ? unit->own[i].period : 0;
	}
	return pretrend->sample;
}

/* sum m z~ y / sum m z~^2, z~ being what units and periods leave of z. */
static double
slope_of(const Pretrend *pretrend, int64_t without)
{
	const RolloutFit *fit = pretrend->fit;
	double		squares = 0;
	double		left = 0;
	double		product = 0;

	for (uint32_t u = 0; u < fit->panel->nunits; u++)
	{
		const FitUnit *unit = &fit->units[u];
		const FitCell *cells;
		double		alpha;
		double		mean;
		double		total;

		if (u == without || unit->nown == 0 || !(unit->controls || pretrend->adopters[u]))
			continue;
		cells = trend_cells(pretrend, u);
		(void) fit_alpha(cells, unit->nown, fit->lambda, fit->component, fit->component[cells[0].period], &alpha);
		mean = fit_mean(unit->own, unit->nown, &total);
		for (uint32_t i = 0; i < unit->nown; i++)
		{
			double		z = cells[i].y - fit->lambda[cells[i].period] - alpha;

			squares += cells[i].m * cells[i].y * cells[i].y;
			left += cells[i].m * z * z;
			product += cells[i].m * z * (unit->own[i].y - mean);
		}
	}
	return left > NO_SPREAD * squares ? product / left : NAN;
}

/* The slope given the sums of the control cells, with adopters found anew. */
static double
trend_without(Pretrend *pretrend, const double *sum, int64_t without)
{
	RolloutFit *fit = pretrend->fit;
	uint32_t	nperiods = fit->panel->nperiods;
	double	   *right = fit->graph + GRAPH_EDGES(nperiods);

	memcpy(fit->graph, sum, fit->all.size * sizeof(double));
	graph_components(fit->graph, nperiods, fit->component);
	for (uint32_t u = 0; u < fit->panel->nunits; u++)
		pretrend->adopters[u] = u != without && is_adopter(pretrend, &fit->units[u]);

	/* edges of the cells that only adopters bring, and z on the right side */
	for (uint32_t u = 0; u < fit->panel->nunits; u++)
		if (pretrend->adopters[u] && !fit->units[u].controls)
			graph_add(fit->graph, nperiods, fit->units[u].own, fit->units[u].nown);
	graph_components(fit->graph, nperiods, fit->component);
	for (uint32_t t = 0; t < nperiods; t++)
		right[t] = 0;
	for (uint32_t u = 0; u < fit->panel->nunits; u++)
		if (pretrend->adopters[u])
			graph_add_right(right, trend_cells(pretrend, u), fit->units[u].nown);
	graph_solve(fit->graph, nperiods, fit->lambda);
	return slope_of(pretrend, without);
}

typedef struct PretrendJackknife
{
	Pretrend	pretrend;
	bool	   *members;		/* adopters among all units */
	Jackknife	jackknife;
	void		(*add) (void *context, double *sum, uint32_t unit);
} PretrendJackknife;

static void
add_unit(void *context, double *sum, uint32_t u)
{
	PretrendJackknife *run = context;

	run->add(run->pretrend.fit, sum, u);
}

static void
run_without(void *context, const double *sum, uint32_t u)
{
	PretrendJackknife *run = context;
	const FitUnit *unit = &run->pretrend.fit->units[u];

	if (run->members[u] || (unit->controls && unit->nown >= 2))
		jackknife_add(&run->jackknife, run->members[u] ? 0 : 1, trend_without(&run->pretrend, sum, u));
}

RolloutEstimate
rollout_pretrend(const Panel *panel, const RolloutOptions *options)
{
	RolloutOptions imputed = *options;
	RolloutFit	fit;
	PretrendJackknife run = {.pretrend = {.fit = &fit}};
	FitEstimate estimate = {0};

	imputed.last = false;
	fit_init(&fit, panel, &imputed, ROLLOUT_OVERALL);
	(void) fit_begin(&fit, FIT_TREATED);
	run.pretrend.adopters = panel->host->allocate(panel->nunits + (size_t) 1, sizeof(bool));
	run.members = panel->host->allocate(panel->nunits + (size_t) 1, sizeof(bool));
	run.pretrend.sample = panel->host->allocate(panel->nperiods + (size_t) 1, sizeof(FitCell));
	run.add = fit.all.add;
	fit.all.context = &run;
	fit.all.add = add_unit;
	fit.all.without = run_without;

	run.jackknife.theta = trend_without(&run.pretrend, leave_none_out(&fit.all, panel->nunits), -1);
	memcpy(run.members, run.pretrend.adopters, panel->nunits * sizeof(bool));
	if (!isnan(run.jackknife.theta))
		leave_one_out(&fit.all, panel->nunits);
	estimate.jackknife = run.jackknife;
	return fit_result(&fit, &estimate);
}
