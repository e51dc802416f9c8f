/*
 * permutation.c
 *		A roll-out's effect against those of its adoptions dealt to other units.
 */
#include "plain/rollout_fit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "plain/splitmix.h"

/* Rounding must not make an assignment fall short of itself. */
#define AS_LARGE (1 - 1e-9)

/* Cohort and split of an adoption in one number. */
typedef uint64_t Adoption;

static Adoption
adoption_of(const PanelUnit *unit)
{
	return (Adoption) unit->cohort << 32 | unit->split;
}

static int
compare_adoptions(const void *left, const void *right)
{
	Adoption	a = *(const Adoption *) left;
	Adoption	b = *(const Adoption *) right;

	return (a > b) - (a < b);
}

typedef struct Permuting
{
	Panel	   *panel;
	RolloutFit	fit;
	RolloutPermutation result;
	double		seen;			/* the statistic of the data as they are */
	int64_t		with;			/* assignments that have the statistic, and those of at least the one seen */
	int64_t		as_large;
} Permuting;

/* |effect / std_error|, or |effect|; NaN where there is none. */
static double
statistic(Permuting *run, bool studentized)
{
	RolloutEstimate estimate;

	if (!fit_begin(&run->fit, FIT_TREATED))
		return NAN;
	fit_run(&run->fit);
	estimate = fit_result(&run->fit, &run->fit.estimates[0]);
	if (!studentized)
		return fabs(estimate.effect);
	return estimate.std_error > 0 ? fabs(estimate.effect / estimate.std_error) : NAN;
}

static void
deal(Panel *panel, const Adoption *adoptions)
{
	for (uint32_t u = 0; u < panel->nunits; u++)
	{
		Adoption	adoption = adoptions[panel->units[u].place];

		panel->units[u].cohort = (uint32_t) (adoption >> 32);
		panel->units[u].split = (uint32_t) adoption;
	}
}

static void
try_assignment(Permuting *run, const Adoption *adoptions)
{
	double		value;

	deal(run->panel, adoptions);
	value = statistic(run, run->result.studentized);
	run->with += !isnan(value);
	run->as_large += value >= run->seen * AS_LARGE;
}

/* The number of distinct assignments, or one more than `limit`. */
static uint32_t
count_assignments(const Adoption *sorted, uint32_t n, uint32_t limit)
{
	uint64_t	count = 1;
	uint32_t	same = 0;

	/* multiplied by 1, 2, 3, ... and divided by the same within each run: whole at every step */
	for (uint32_t i = 0; i < n; i++)
	{
		same = i > 0 && sorted[i] == sorted[i - 1] ? same + 1 : 1;
		count = count * (i + 1) / same;
		if (count > limit)
			return limit + 1;
	}
	return (uint32_t) count;
}

/* The next assignment in lexicographic order; false after the last. */
static bool
next_assignment(Adoption *adoptions, uint32_t n)
{
	uint32_t	i = n - 1;
	uint32_t	j = n - 1;
	Adoption	swap;

	while (i > 0 && adoptions[i - 1] >= adoptions[i])
		i--;
	if (i == 0)
		return false;
	while (adoptions[j] <= adoptions[i - 1])
		j--;
	swap = adoptions[i - 1];
	adoptions[i - 1] = adoptions[j];
	adoptions[j] = swap;
	for (j = n - 1; i < j; i++, j--)
	{
		swap = adoptions[i];
		adoptions[i] = adoptions[j];
		adoptions[j] = swap;
	}
	return true;
}

/* Fisher and Yates, from the end. */
static void
shuffle(Adoption *adoptions, uint32_t n, uint64_t *state)
{
	for (uint32_t i = n - 1; i > 0; i--)
	{
		uint32_t	j = splitmix64_below(state, i + 1);
		Adoption	swap = adoptions[i];

		adoptions[i] = adoptions[j];
		adoptions[j] = swap;
	}
}

static void
try_all(Permuting *run, Adoption *sorted)
{
	do
		try_assignment(run, sorted);
	while (next_assignment(sorted, run->panel->nunits));
	run->result.exact = true;
	run->result.assignments = run->with;
	run->result.p_value = (double) run->as_large / (double) run->with;
}

/* Each draw begins with the adoptions as the data have them. */
static void
try_draws(Permuting *run, const Adoption *seen, Adoption *adoptions)
{
	uint32_t	n = run->panel->nunits;
	uint64_t	state = 0;

	for (int draw = 0; draw < ROLLOUT_DRAWS; draw++)
	{
		memcpy(adoptions, seen, n * sizeof(Adoption));
		shuffle(adoptions, n, &state);
		try_assignment(run, adoptions);
	}
	run->result.exact = false;
	run->result.assignments = 1 + run->with;
	run->result.p_value = (1.0 + (double) run->as_large) / (1.0 + (double) run->with);
}

RolloutPermutation
rollout_permutation(Panel *panel, const RolloutOptions *options)
{
	Permuting	run = {.panel = panel, .result = {.p_value = NAN}};
	uint32_t	n = panel->nunits;
	Adoption   *seen = panel->host->allocate(n + (size_t) 1, sizeof(Adoption));
	Adoption   *dealt = panel->host->allocate(n + (size_t) 1, sizeof(Adoption));

	fit_init(&run.fit, panel, options, ROLLOUT_OVERALL);
	run.seen = statistic(&run, true);
	run.result.studentized = !isnan(run.seen);
	if (isnan(run.seen))
		run.seen = statistic(&run, false);
	if (isnan(run.seen))
		return run.result;

	for (uint32_t u = 0; u < n; u++)
		seen[panel->units[u].place] = dealt[panel->units[u].place] = adoption_of(&panel->units[u]);
	qsort(dealt, n, sizeof(Adoption), compare_adoptions);
	if (count_assignments(dealt, n, ROLLOUT_ALL_ASSIGNMENTS) <= ROLLOUT_ALL_ASSIGNMENTS)
		try_all(&run, dealt);
	else
		try_draws(&run, seen, dealt);
	deal(panel, seen);
	return run.result;
}
