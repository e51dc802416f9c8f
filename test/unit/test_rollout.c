/*
 * test_rollout.c
 *		panel.c and what stands on it: worked numbers, and random panels with
 *		holes against normal equations of all units and periods, with each unit
 *		taken out in fact. TAP output; an argument seeds the random numbers.
 *
 *	cc -O2 -ffp-contract=off -I src -o test_rollout test/unit/test_rollout.c src/plain/panel.c src/plain/rollout_fit.c src/plain/rollout.c src/plain/pretrend.c src/plain/permutation.c src/plain/jackknife.c src/plain/distribution.c -lm
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plain/distribution.h"
#include "plain/rollout.h"
#include "plain/splitmix.h"

#define MOST_UNITS 8
#define MOST_PERIODS 7
#define UNKNOWNS (MOST_UNITS + MOST_PERIODS)

static int	tests = 0;
static int	failures = 0;
static uint64_t random_state = 1;

static void
ok(bool condition, const char *what)
{
	tests++;
	failures += !condition;
	printf("%sok %d - %s\n", condition ? "" : "not ", tests, what);
}

static bool
near(double value, double expected, double tolerance)
{
	bool		same = (isnan(value) && isnan(expected)) ||
		fabs(value - expected) <= tolerance * fmax(1, fabs(expected));

	if (!same)
		printf("# %.15g is not %.15g\n", value, expected);
	return same;
}

static uint32_t
random_below(uint32_t n)
{
	return splitmix64_below(&random_state, n);
}

/* ---------- the host: memory that a test gives back at its end ---------- */

static void *blocks[100000];
static int	nblocks = 0;

static void *
allocate(size_t count, size_t size)
{
	void	   *block = malloc(count * size);

	if (block == NULL || nblocks == 100000)
		abort();
	return blocks[nblocks++] = block;
}

static void
release(void)
{
	while (nblocks > 0)
		free(blocks[--nblocks]);
}

static long interrupts = 0;

static void
interrupt(void)
{
	interrupts++;
}

static const PanelHost host = {allocate, interrupt};

/* ---------- worked numbers ---------- */

static const int worked[6][12] = {
	{64, 9, 59, 9, 71, 12, 73, 14, 70, 18, 83, 19},
	{42, 7, 46, 7, 48, 15, 47, 13, 54, 16, 51, 12},
	{95, 16, 92, 18, 101, 16, 105, 19, 106, 23, 114, 26},
	{54, 7, 53, 11, 55, 5, 64, 6, 61, 14, 66, 16},
	{75, 22, 75, 14, 83, 19, 80, 12, 90, 22, 92, 28},
	{28, 8, 36, 6, 28, 8, 37, 6, 40, 8, 42, 10}
};
static const uint32_t worked_cohorts[6] = {2, 2, 4, 4, 6, 6};

/* The units from `first` on, and then those before it. */
static Panel
worked_panel(int first)
{
	Panel		panel = {&host, 6, 6, allocate(6, sizeof(PanelUnit)), 0};

	for (int i = 0; i < 6; i++)
	{
		int			u = (first + i) % 6;
		PanelCell  *cells = allocate(6, sizeof(PanelCell));

		for (uint32_t t = 0; t < 6; t++)
			cells[t] = (PanelCell) {t, worked[u][2 * t], 100.0 * worked[u][2 * t + 1] / worked[u][2 * t]};
		panel.units[i] = (PanelUnit) {worked_cohorts[u], worked_cohorts[u], 6, cells, 0};
	}
	panel_prepare(&panel);
	return panel;
}

static bool
effect_is(RolloutOptions options, double effect, double error)
{
	Panel		panel = worked_panel(0);
	size_t		count;
	RolloutEstimate *overall = rollout_effects(&panel, &options, ROLLOUT_OVERALL, &count);

	return count == 1 && near(overall->effect, effect, 1e-10) && near(overall->std_error, error, 1e-10);
}

static void
test_worked(void)
{
	RolloutOptions options = {.leads = 12, .level = 0.95};
	Panel		panel = worked_panel(0);
	RolloutEstimate *found;
	RolloutEstimate slope;
	RolloutPermutation permutation;
	size_t		count;

	found = rollout_effects(&panel, &options, ROLLOUT_OVERALL, &count);
	ok(near(found->effect, 6.4686565354, 1e-10) && near(found->std_error, 3.6831992103, 1e-10) &&
	   near(found->df, 3.9528452038, 1e-10) && near(found->low, -3.8058351300, 1e-10) &&
	   near(found->high, 16.7431482007, 1e-10) && near(found->p_value, 0.1547415045, 1e-10) &&
	   found->units == 4 && found->others == 2 && found->deals == 844 && found->skipped == 0, "worked: effect");
	found = rollout_effects(&panel, &options, ROLLOUT_EVENT_TIMES, &count);
	ok(count == 8 && found[0].event_time == -4 && near(found[0].effect, -7.4833162895, 1e-10) &&
	   near(found[3].effect, 5.0487947533, 1e-10) && near(found[3].std_error, 2.3194165771, 1e-10) &&
	   near(found[4].std_error, 3.4065252910, 1e-10) && near(found[7].df, 3.0432852152, 1e-10), "worked: event times");
	found = rollout_effects(&panel, &options, ROLLOUT_COHORTS, &count);
	ok(count == 2 && near(found[0].effect, 9.2017868777, 1e-10) && near(found[1].std_error, 4.9130641873, 1e-10),
	   "worked: cohorts");
	slope = rollout_pretrend(&panel, &options);
	ok(near(slope.effect, 2.6771719927, 1e-10) && near(slope.std_error, 1.4871752106, 1e-10) &&
	   near(slope.p_value, 0.1471754695, 1e-9), "worked: trend before");
	permutation = rollout_permutation(&panel, &options);
	ok(near(permutation.p_value, 0.1, 1e-15) && permutation.assignments == 90 && permutation.exact &&
	   permutation.studentized, "worked: permutations");
	ok(effect_is((RolloutOptions) {.last = true, .level = 0.95}, 2.4382848324, 4.1229771890) &&
	   effect_is((RolloutOptions) {.last = true, .never = true, .level = 0.95}, 1.1749370633, 3.1770133696) &&
	   effect_is((RolloutOptions) {.never = true, .level = 0.95}, 6.6616678437, 2.8588454786) &&
	   effect_is((RolloutOptions) {.units = true, .level = 0.95}, 8.3785558547, 3.0927855048) &&
	   effect_is((RolloutOptions) {.anticipation = 1, .level = 0.95}, 8.7569218458, 3.6291996011),
	   "worked: options");
	release();
}

/* Adoption on days against periods that begin on days 10, 20, 40. */
static void
test_adoption(void)
{
	static const int32_t begins[] = {10, 20, 40};
	static const int32_t cases[][3] = {
		{5, 0, 0}, {10, 0, 0}, {11, 1, 0}, {20, 1, 1}, {39, 2, 1}, {40, 2, 2}, {41, 3, 2}, {59, 3, 2}, {60, 3, 3}
	};
	bool		good = true;
	uint32_t	cohort;
	uint32_t	split;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		panel_adoption(begins, 3, cases[i][0], &cohort, &split);
		good = good && cohort == (uint32_t) cases[i][1] && split == (uint32_t) cases[i][2];
	}
	panel_adoption(begins, 1, 11, &cohort, &split);
	ok(good && cohort == 1 && split == 1, "cohort and split of an adoption");
}

/* ---------- random panels ---------- */

static Panel
random_panel(void)
{
	uint32_t	nperiods = 2 + random_below(MOST_PERIODS - 1);
	Panel		panel = {&host, nperiods, 2 + random_below(MOST_UNITS - 1), NULL, 0};

	panel.units = allocate(panel.nunits, sizeof(PanelUnit));
	for (uint32_t u = 0; u < panel.nunits; u++)
	{
		PanelUnit  *unit = &panel.units[u];

		unit->cells = allocate(nperiods, sizeof(PanelCell));
		unit->ncells = 0;
		while (unit->ncells == 0)
			for (uint32_t t = 0; t < nperiods; t++)
				if (random_below(4) > 0)
					unit->cells[unit->ncells++] = (PanelCell) {t, 1 + random_below(50), 1 + random_below(1000) / 10.0};
		unit->cohort = random_below(3) == 0 ? nperiods : random_below(nperiods + 1);
		unit->split = unit->cohort > 0 && random_below(4) == 0 ? unit->cohort - 1 : unit->cohort;
	}
	panel_prepare(&panel);
	return panel;
}

static Panel
panel_without(const Panel *panel, uint32_t unit)
{
	Panel		result = *panel;

	result.units = allocate(panel->nunits, sizeof(PanelUnit));
	result.nunits = 0;
	for (uint32_t u = 0; u < panel->nunits; u++)
		if (u != unit)
			result.units[result.nunits++] = panel->units[u];
	panel_prepare(&result);
	result.largest = panel->largest;
	return result;
}

/* Solves the normal equations by full pivoting; what they leave open is 0. */
static void
solve(double a[UNKNOWNS][UNKNOWNS + 1], int n, double *x)
{
	int			column_of[UNKNOWNS];
	bool		used[UNKNOWNS] = {false};
	int			rank = 0;

	for (; rank < n; rank++)
	{
		int			row = rank;
		int			column = -1;
		double		largest = 1e-9;

		for (int i = rank; i < n; i++)
			for (int j = 0; j < n; j++)
				if (!used[j] && fabs(a[i][j]) > largest)
				{
					largest = fabs(a[i][j]);
					row = i;
					column = j;
				}
		if (column < 0)
			break;
		used[column] = true;
		column_of[rank] = column;
		for (int j = 0; j <= n; j++)
		{
			double		swap = a[rank][j];

			a[rank][j] = a[row][j];
			a[row][j] = swap;
		}
		for (int i = 0; i < n; i++)
		{
			double		factor = a[i][column] / a[rank][column];

			if (i == rank || factor == 0)
				continue;
			for (int j = 0; j <= n; j++)
				a[i][j] -= factor * a[rank][j];
		}
	}
	for (int j = 0; j < n; j++)
		x[j] = 0;
	for (int i = 0; i < rank; i++)
		x[column_of[i]] = a[i][n] / a[i][column_of[i]];
}

/* The overall effect with base all and controls not yet treated, from dummies of units and periods. */
static double
effect_of_dummies(const Panel *panel, uint32_t anticipation)
{
	double		a[UNKNOWNS][UNKNOWNS + 1] = {{0}};
	double		x[UNKNOWNS];
	int			joined[UNKNOWNS];
	int			n = (int) (panel->nunits + panel->nperiods);
	double		weight = 0;
	double		sum = 0;

	for (int i = 0; i < n; i++)
		joined[i] = i;
	for (uint32_t u = 0; u < panel->nunits; u++)
		for (uint32_t i = 0; i < panel->units[u].ncells; i++)
		{
			const PanelUnit *unit = &panel->units[u];
			const PanelCell *cell = &unit->cells[i];
			int			p = (int) (panel->nunits + cell->period);
			int			from;
			int			k = unit->cohort < panel->nperiods ? (int) anticipation : 0;

			if ((int) cell->period >= (int) unit->split - k)
				continue;
			a[u][u] += cell->n;
			a[p][p] += cell->n;
			a[u][p] += cell->n;
			a[p][u] += cell->n;
			a[u][n] += cell->n * cell->y;
			a[p][n] += cell->n * cell->y;
			from = joined[p];
			for (int j = 0; j < n; j++)
				if (joined[j] == from)
					joined[j] = joined[u];
		}
	solve(a, n, x);
	for (uint32_t u = 0; u < panel->nunits; u++)
		for (uint32_t i = 0; i < panel->units[u].ncells; i++)
		{
			const PanelCell *cell = &panel->units[u].cells[i];
			uint32_t	p = panel->nunits + cell->period;

			if (cell->period >= panel->units[u].cohort && joined[u] == joined[p])
			{
				weight += cell->n;
				sum += cell->n * (cell->y - x[u] - x[p]);
			}
		}
	return weight > 0 ? sum / weight : NAN;
}

/* Which estimate of the panel is the same one, or NULL. */
static const RolloutEstimate *
same_estimate(const RolloutEstimate *all, size_t count, const RolloutEstimate *wanted)
{
	for (size_t i = 0; i < count; i++)
		if (all[i].cohort == wanted->cohort && all[i].period == wanted->period && all[i].event_time == wanted->event_time)
			return &all[i];
	return NULL;
}

static RolloutOptions
random_options(void)
{
	return (RolloutOptions)
	{
		.never = random_below(3) == 0, .last = random_below(2), .units = random_below(2),
		.anticipation = random_below(3) == 0 ? random_below(3) : 0, .leads = random_below(9), .level = 0.9
	};
}

/*
 * Estimates without a unit that is not there at all must be what the jackknife saw: the sum of squares
 * over all units is between its parts times (G - 1) / G, and is put together again here where
 * all units count or tell.
 */
static bool
jackknife_holds(const Panel *panel, const RolloutOptions *options, RolloutGrouping grouping)
{
	size_t		count;
	RolloutEstimate *all = rollout_effects(panel, options, grouping, &count);
	bool		good = true;

	for (size_t i = 0; i < count; i++)
	{
		double		changes[MOST_UNITS];
		double		lowest = INFINITY;
		uint32_t	others = panel->nunits - all[i].units;

		if (isnan(all[i].std_error) || all[i].others != others)
			continue;
		for (uint32_t u = 0; u < panel->nunits; u++)
		{
			Panel		rest = panel_without(panel, u);
			size_t		n;
			RolloutEstimate *without = rollout_effects(&rest, options, grouping, &n);
			const RolloutEstimate *same = same_estimate(without, n, &all[i]);

			good = good && same != NULL;
			changes[u] = same ? same->effect - all[i].effect : NAN;
		}
		/* which of the units count is not told: one of the ways to choose them gives the error */
		for (uint32_t chosen = 0; chosen < 1u << panel->nunits; chosen++)
		{
			double		squares[2] = {0, 0};

			if (__builtin_popcount(chosen) != (int) all[i].units)
				continue;
			for (uint32_t u = 0; u < panel->nunits; u++)
				squares[chosen >> u & 1] += changes[u] * changes[u];
			lowest = fmin(lowest, fabs(sqrt((all[i].units - 1.0) / all[i].units * squares[1] +
											(others - 1.0) / others * squares[0]) - all[i].std_error));
		}
		good = good && near(lowest, 0, 1e-9 * panel->largest);
	}
	return good;
}

/* The overall effect is the mean of the cohorts, of the event times and of the cells, and the deals add up. */
static bool
parts_agree(const Panel *panel, const RolloutOptions *options)
{
	size_t		count;
	RolloutEstimate *overall = rollout_effects(panel, options, ROLLOUT_OVERALL, &count);
	bool		good = count == 1;

	for (RolloutGrouping grouping = ROLLOUT_EVENT_TIMES; grouping <= ROLLOUT_CELLS; grouping++)
	{
		RolloutEstimate *parts = rollout_effects(panel, options, grouping, &count);
		double		sum = 0;
		int64_t		deals = 0;

		for (size_t i = 0; i < count; i++)
			if (parts[i].event_time >= 0)
			{
				sum += (double) parts[i].deals * parts[i].effect;
				deals += parts[i].deals;
			}
		good = good && deals == overall->deals;
		if (!options->units && deals > 0)
			good = good && near(sum / (double) deals, overall->effect, 1e-9);
	}
	return good;
}

/* To the last bit; NaN is NaN. */
static bool
same_bits(const RolloutEstimate *a, const RolloutEstimate *b)
{
	size_t		from = offsetof(RolloutEstimate, effect);

	return a->cohort == b->cohort && a->period == b->period && a->event_time == b->event_time &&
		memcmp((const char *) a + from, (const char *) b + from, sizeof(RolloutEstimate) - from) == 0;
}

/* The same units in another order: the same to the last bit. */
static bool
order_is_nothing(const Panel *panel, const RolloutOptions *options)
{
	Panel		shuffled = *panel;
	bool		good = true;
	RolloutEstimate trends[2];

	shuffled.units = allocate(panel->nunits, sizeof(PanelUnit));
	memcpy(shuffled.units, panel->units, panel->nunits * sizeof(PanelUnit));
	for (uint32_t i = panel->nunits - 1; i > 0; i--)
	{
		uint32_t	j = random_below(i + 1);
		PanelUnit	swap = shuffled.units[i];

		shuffled.units[i] = shuffled.units[j];
		shuffled.units[j] = swap;
	}
	panel_prepare(&shuffled);
	for (RolloutGrouping grouping = ROLLOUT_OVERALL; grouping <= ROLLOUT_CELLS; grouping++)
	{
		size_t		n;
		size_t		m;
		RolloutEstimate *a = rollout_effects(panel, options, grouping, &n);
		RolloutEstimate *b = rollout_effects(&shuffled, options, grouping, &m);

		good = good && n == m;
		for (size_t i = 0; good && i < n; i++)
			good = same_bits(&a[i], &b[i]);
	}
	trends[0] = rollout_pretrend(panel, options);
	trends[1] = rollout_pretrend(&shuffled, options);
	return good && same_bits(&trends[0], &trends[1]);
}

static void
test_random(int cases)
{
	bool		dummies = true;
	bool		jackknife = true;
	bool		parts = true;
	bool		order = true;
	bool		permutations = true;
	int			existing = 0;

	for (int i = 0; i < cases; i++)
	{
		Panel		panel = random_panel();
		RolloutOptions options = random_options();
		RolloutOptions plain = {.anticipation = options.anticipation, .level = 0.95};
		RolloutPermutation permutation;
		size_t		count;
		RolloutEstimate *overall = rollout_effects(&panel, &plain, ROLLOUT_OVERALL, &count);

		dummies = near(overall->effect, effect_of_dummies(&panel, plain.anticipation), 1e-8) && dummies;
		existing += !isnan(overall->effect);
		jackknife = jackknife_holds(&panel, &options, (RolloutGrouping) random_below(4)) && jackknife;
		parts = parts_agree(&panel, &options) && parts;
		order = order_is_nothing(&panel, &options) && order;
		if (i % 20 == 0)
		{
			permutation = rollout_permutation(&panel, &options);
			permutations = permutations && (isnan(permutation.p_value) ? permutation.assignments == 0 :
				permutation.p_value > 0 && permutation.p_value <= 1 &&
				permutation.p_value * (double) permutation.assignments > 0.99);
		}
		release();
	}
	printf("# %d of %d panels have an effect\n", existing, cases);
	ok(dummies && existing > cases / 4, "random panels: the effect is that of dummies of units and periods");
	ok(jackknife, "random panels: the error is that of taking units out");
	ok(parts, "random panels: the overall effect is the mean of its parts");
	ok(order, "random panels: the order of units changes no bit");
	ok(permutations, "random panels: the data as they are count among the permutations");
}

int
main(int argc, char **argv)
{
	uint64_t	state = 0;

	if (argc > 1)
		random_state = strtoull(argv[1], NULL, 10);
	/* the published first numbers from state 0 */
	ok(splitmix64_next(&state) == UINT64_C(0xE220A8397B1DCDAF) && splitmix64_next(&state) == UINT64_C(0x6E789E6AA1B965F4),
	   "SplitMix64");
	/* R's qt and pt */
	ok(near(student_two_sided_quantile(0.05, 1.3), 7.500529326, 1e-9) &&
	   near(student_two_sided_quantile(0.05, 10), 2.228138851986274, 1e-14) &&
	   near(student_two_sided(1.32696506809, 8.20521185478), 0.22025767008, 1e-11) &&
	   student_two_sided(0, 2) == 1 && isnan(student_two_sided(1, 0)), "Student's t");
	test_adoption();
	test_worked();
	test_random(2000);
	ok(interrupts > 0, "the host is asked whether to go on");
	printf("1..%d\n", tests);
	return failures > 0;
}
