/*
 * rollout_fit.c
 *		One fit of a roll-out, with all units and without each.
 */
#include "plain/rollout_fit.h"

#include <math.h>
#include <string.h>

static void *
allocate(const Panel *panel, size_t count, size_t size)
{
	return panel->host->allocate(count > 0 ? count : 1, size);
}

/* ---------- sorting out the cells ---------- */

/* The part of the estimates that cells of one fit can belong to. */
static size_t
places_needed(const RolloutFit *fit)
{
	size_t		periods = fit->panel->nperiods;

	return fit->grouping == ROLLOUT_CELLS ? periods * periods : periods + 1;
}

static size_t
place_of(const RolloutFit *fit, uint32_t cohort, uint32_t period)
{
	switch (fit->grouping)
	{
		case ROLLOUT_OVERALL:
			return 0;
		case ROLLOUT_EVENT_TIMES:
			return fit->event_time < 0 ? 0 : period - cohort;
		case ROLLOUT_COHORTS:
			return cohort;
		case ROLLOUT_CELLS:
			break;
	}
	return (size_t) cohort * fit->panel->nperiods + period;
}

static uint32_t
estimate_of(RolloutFit *fit, uint32_t cohort, uint32_t period)
{
	uint32_t   *place = &fit->places[place_of(fit, cohort, period)];

	if (*place == 0)
	{
		FitEstimate *estimate = &fit->estimates[fit->nestimates++];

		memset(estimate, 0, sizeof(FitEstimate));
		if (fit->grouping == ROLLOUT_COHORTS || fit->grouping == ROLLOUT_CELLS)
			estimate->cohort = cohort;
		if (fit->grouping == ROLLOUT_CELLS)
			estimate->period = period;
		if (fit->grouping == ROLLOUT_EVENT_TIMES || fit->grouping == ROLLOUT_CELLS)
			estimate->event_time = (int32_t) period - (int32_t) cohort;
		*place = fit->nestimates;
	}
	return *place - 1;
}

/* The key of the controls' change from the base to a period, for units that adopt as this one does. */
static uint32_t
key_of(RolloutFit *fit, const PanelUnit *unit, uint32_t period, uint32_t base)
{
	size_t		adoption = (size_t) unit->cohort * 2 + (unit->split < unit->cohort);
	uint32_t   *place = &fit->key_places[adoption * fit->panel->nperiods + period];

	if (*place == 0)
	{
		fit->keys[fit->nkeys++] = (FitKey) {unit->cohort, period, base};
		*place = fit->nkeys;
	}
	return *place - 1;
}

static bool
is_target(const RolloutFit *fit, const PanelUnit *unit, uint32_t period)
{
	if (!unit_adopts(fit->panel, unit))
		return false;
	if (fit->event_time == FIT_TREATED)
		return period >= unit->cohort;
	return (int64_t) period - unit->cohort == fit->event_time && period < unit->split;
}

/* Base last: what a target is held against is its own last clean cell, for a clean one the cell before it. */
static void
take_base(RolloutFit *fit, const PanelUnit *unit, FitTarget *target, uint32_t clean_end)
{
	uint32_t	end = target->period < clean_end ? target->period : clean_end;
	double		base = NAN;

	if (end > 0)
	{
		for (uint32_t i = 0; i < unit->ncells && unit->cells[i].period < end; i++)
			if (unit->cells[i].period == end - 1)
				base = unit->cells[i].y;
		target->key = key_of(fit, unit, target->period, end - 1);
	}
	target->y -= base;
}

static void
sort_out_unit(RolloutFit *fit, const PanelUnit *unit, FitUnit *to, FitCell **cell, FitTarget **target)
{
	uint32_t	clean_end = unit_clean_end(fit->panel, fit->options, unit);
	double		weight_base = unit_weight_base(fit->options, unit);

	to->cohort = unit->cohort;
	to->controls = unit_controls(fit->panel, fit->options, unit);
	to->nclean = 0;
	to->own = *cell;
	to->targets = *target;
	for (uint32_t i = 0; i < unit->ncells; i++)
	{
		const PanelCell *from = &unit->cells[i];
		double		m = (double) from->n / weight_base;
		bool		aimed = is_target(fit, unit, from->period);

		to->nclean += from->period < clean_end;
		/* a placebo is left out of what it is held against */
		if (from->period < clean_end && (!aimed || fit->options->last))
			*(*cell)++ = (FitCell) {from->period, m, from->y};
		if (aimed)
		{
			**target = (FitTarget) {from->period, estimate_of(fit, unit->cohort, from->period), 0, false, from->n, m, from->y};
			if (fit->options->last)
				take_base(fit, unit, *target, clean_end);
			(*target)++;
		}
	}
	to->nown = (uint32_t) (*cell - to->own);
	to->ntargets = (uint32_t) (*target - to->targets);
}

/* ---------- the sums that leave a unit out ---------- */

static void
add_to_graph(void *context, double *sum, uint32_t u)
{
	RolloutFit *fit = context;
	const FitUnit *unit = &fit->units[u];

	if (unit->controls)
		graph_add(sum, fit->panel->nperiods, unit->own, unit->nown);
}

/* Base last: for each key the weight of the controls, and of their changes. */
static void
add_to_keys(void *context, double *sum, uint32_t u)
{
	RolloutFit *fit = context;
	const FitUnit *unit = &fit->units[u];

	if (!unit->controls)
		return;
	for (uint32_t i = 0; i < unit->nown; i++)
		fit->row[unit->own[i].period] = i + 1;
	for (uint32_t k = 0; k < fit->nkeys; k++)
	{
		const FitKey *key = &fit->keys[k];
		uint32_t	at = fit->row[key->period];
		uint32_t	base = fit->row[key->base];

		if (at > 0 && base > 0 && key->cohort != unit->cohort)
		{
			const FitCell *now = &unit->own[at - 1];
			const FitCell *then = &unit->own[base - 1];
			double		h = now->m / (now->m + then->m) * then->m;

			sum[2 * (size_t) k] += h;
			sum[2 * (size_t) k + 1] += h * (now->y - then->y);
		}
	}
	for (uint32_t i = 0; i < unit->nown; i++)
		fit->row[unit->own[i].period] = 0;
}

/* ---------- estimates of sums ---------- */

/* What a cell is above what would have been; NaN where nothing tells. `alpha` and its component go from cell to cell of a unit. */
static double
imputed_effect(const RolloutFit *fit, const FitUnit *unit, const FitTarget *target, int64_t *component, double *alpha)
{
	uint32_t	wanted = fit->component[target->period];

	if (*component != wanted)
	{
		*component = wanted;
		if (!fit_alpha(unit->own, unit->nown, fit->lambda, fit->component, wanted, alpha))
			*alpha = NAN;
	}
	return target->y - fit->lambda[target->period] - *alpha;
}

static double
changed_effect(const FitTarget *target, const double *sum)
{
	const double *change = &sum[2 * (size_t) target->key];

	/* without a base y is NaN */
	if (isnan(target->y) || !(change[0] > 0))
		return NAN;
	return target->y - change[1] / change[0];
}

static void
count_deals(int64_t *deals, int64_t n)
{
	if (*deals < 0 || __builtin_add_overflow(*deals, n, deals))
		*deals = -1;
}

/*
 * The weighted sums of all estimates from those of the controls, without the targets of one
 * unit; with no unit left out, notes what exists too.
 */
static void
sum_targets(RolloutFit *fit, const double *sum, int64_t without)
{
	for (uint32_t i = 0; i < fit->nestimates; i++)
		fit->estimates[i].weight = fit->estimates[i].sum = 0;
	if (!fit->options->last)
	{
		memcpy(fit->graph, sum, fit->all.size * sizeof(double));
		graph_components(fit->graph, fit->panel->nperiods, fit->component);
		graph_solve(fit->graph, fit->panel->nperiods, fit->lambda);
	}
	for (uint32_t u = 0; u < fit->panel->nunits; u++)
	{
		const FitUnit *unit = &fit->units[u];
		int64_t		component = -1;
		double		alpha = NAN;

		if (u == without)
			continue;
		for (uint32_t i = 0; i < unit->ntargets; i++)
		{
			FitTarget  *target = &unit->targets[i];
			FitEstimate *estimate = &fit->estimates[target->estimate];
			double		effect = fit->options->last ? changed_effect(target, sum) :
				imputed_effect(fit, unit, target, &component, &alpha);

			if (without < 0)
			{
				target->exists = !isnan(effect);
				count_deals(target->exists ? &estimate->deals : &estimate->skipped, target->n);
			}
			if (!isnan(effect))
			{
				estimate->weight += target->m;
				estimate->sum += target->m * effect;
			}
		}
	}
}

static double
estimate_value(const FitEstimate *estimate)
{
	return estimate->weight > 0 ? estimate->sum / estimate->weight : NAN;
}

/* Everything again without one unit. */
static void
run_without(void *context, const double *sum, uint32_t u)
{
	RolloutFit *fit = context;
	const FitUnit *unit = &fit->units[u];
	bool		tells = unit->controls && unit->nclean >= 2;
	bool		counts = false;

	for (uint32_t i = 0; i < unit->ntargets; i++)
		if (unit->targets[i].exists)
		{
			fit->estimates[unit->targets[i].estimate].mark = u + 1;
			counts = true;
		}
	if (!counts && !tells)
		return;
	sum_targets(fit, sum, u);
	for (uint32_t i = 0; i < fit->nestimates; i++)
	{
		FitEstimate *estimate = &fit->estimates[i];
		bool		member = estimate->mark == u + 1;

		if (!isnan(estimate->jackknife.theta) && (member || tells))
			jackknife_add(&estimate->jackknife, member ? 0 : 1, estimate_value(estimate));
	}
}

/* ---------- a fit ---------- */

/* How many ways to adopt there are among the units. */
static size_t
count_adoptions(const Panel *panel, uint32_t *seen)
{
	size_t		count = 0;

	memset(seen, 0, (2 * (size_t) panel->nperiods + 2) * sizeof(uint32_t));
	for (uint32_t u = 0; u < panel->nunits; u++)
	{
		const PanelUnit *unit = &panel->units[u];
		size_t		adoption = (size_t) unit->cohort * 2 + (unit->split < unit->cohort);

		count += seen[adoption] == 0;
		seen[adoption] = 1;
	}
	return count;
}

void
fit_init(RolloutFit *fit, const Panel *panel, const RolloutOptions *options, RolloutGrouping grouping)
{
	size_t		periods = panel->nperiods;
	size_t		cells = 0;
	size_t		keys = 0;
	size_t		size = GRAPH_SIZE(periods);

	memset(fit, 0, sizeof(RolloutFit));
	fit->panel = panel;
	fit->options = options;
	fit->grouping = grouping;
	for (uint32_t u = 0; u < panel->nunits; u++)
		cells += panel->units[u].ncells;
	fit->units = allocate(panel, panel->nunits, sizeof(FitUnit));
	fit->cells = allocate(panel, cells, sizeof(FitCell));
	fit->targets = allocate(panel, cells, sizeof(FitTarget));
	fit->places = allocate(panel, places_needed(fit), sizeof(uint32_t));
	fit->estimates = allocate(panel, places_needed(fit) < cells ? places_needed(fit) : cells + 1, sizeof(FitEstimate));
	fit->graph = allocate(panel, size, sizeof(double));
	fit->lambda = allocate(panel, periods, sizeof(double));
	fit->component = allocate(panel, periods, sizeof(uint32_t));
	fit->row = allocate(panel, periods, sizeof(uint32_t));
	memset(fit->row, 0, periods * sizeof(uint32_t));
	if (options->last)
	{
		fit->key_places = allocate(panel, (2 * periods + 2) * (periods + 1), sizeof(uint32_t));
		keys = count_adoptions(panel, fit->key_places) * periods;
		if (keys > cells)
			keys = cells;
		fit->keys = allocate(panel, keys, sizeof(FitKey));
		size = 2 * keys;
	}
	fit->all = (LeaveOneOut) {panel->host, size, fit, options->last ? add_to_keys : add_to_graph, run_without, NULL};
	leave_one_out_init(&fit->all, panel->nunits);
}

bool
fit_begin(RolloutFit *fit, int32_t event_time)
{
	FitCell    *cell = fit->cells;
	FitTarget  *target = fit->targets;

	fit->event_time = event_time;
	fit->nestimates = 0;
	memset(fit->places, 0, places_needed(fit) * sizeof(uint32_t));
	fit->nkeys = 0;
	if (fit->options->last)
		memset(fit->key_places, 0, (2 * (size_t) fit->panel->nperiods + 2) * fit->panel->nperiods * sizeof(uint32_t));
	for (uint32_t u = 0; u < fit->panel->nunits; u++)
		sort_out_unit(fit, &fit->panel->units[u], &fit->units[u], &cell, &target);
	if (fit->options->last)
		fit->all.size = 2 * (size_t) fit->nkeys;
	return target > fit->targets;
}

void
fit_run(RolloutFit *fit)
{
	const double *sum = leave_none_out(&fit->all, fit->panel->nunits);

	sum_targets(fit, sum, -1);
	for (uint32_t i = 0; i < fit->nestimates; i++)
		fit->estimates[i].jackknife.theta = estimate_value(&fit->estimates[i]);
	leave_one_out(&fit->all, fit->panel->nunits);
}

RolloutEstimate
fit_result(const RolloutFit *fit, const FitEstimate *estimate)
{
	JackknifeError error = jackknife_error(&estimate->jackknife, ROLLOUT_NOTHING * fit->panel->largest, fit->options->level);
	RolloutEstimate result = {
		.cohort = estimate->cohort,
		.period = estimate->period,
		.event_time = estimate->event_time,
		.effect = estimate->jackknife.theta,
		.std_error = error.std_error,
		.df = error.df,
		.low = error.low,
		.high = error.high,
		.p_value = error.p_value,
		.units = estimate->jackknife.units[0],
		.others = estimate->jackknife.units[1],
		.deals = estimate->deals,
		.skipped = estimate->skipped
	};

	return result;
}
