/*
 * funnel_check.c
 *		Can deals have made a funnel_summary? Keys that the definition has, stages
 *		and amounts that fit their deals, and times that make duration_summary
 *		values.
 */
#include "summary/funnel_summary.h"

#include "summary/duration_summary.h"

static inline uint64
stage_limit(const ChainRules *rules)
{
	return (uint64) rules->nstages;
}

static inline bool
duration_key_is_valid(const ChainRules *rules, uint64 key)
{
	key -= FUNNEL_FIRST_DURATION_KEY;
	return key % 32 + 1 < stage_limit(rules) &&
		DURATION_KEY_CATEGORY(key / 32) <= DURATION_CENSORED &&
		key / 32 / 8 <= (uint64) (PG_INT64_MAX / USECS_PER_DAY);
}

bool
funnel_key_is_valid(const ChainRules *rules, bool has_amounts, uint64 key)
{
	if (key < FUNNEL_PAIR_KEY(0, 0))
		return funnel_depth_fits_status(rules, key / 8, key % 8);
	if (key >= FUNNEL_MISSING_KEY(0, 0) && key < FUNNEL_OPEN_KEY(0, 0))
	{
		key -= FUNNEL_MISSING_KEY(0, 0);
		return has_amounts && funnel_depth_fits_status(rules, key / 8, key % 8);
	}
	if (key < FUNNEL_MISSING_KEY(0, 0))
	{
		uint64		i = (key - FUNNEL_PAIR_KEY(0, 0)) / 32;
		uint64		j = (key - FUNNEL_PAIR_KEY(0, 0)) % 32;

		return rules->skipped == CHAIN_EXCLUDED && i <= j && j < stage_limit(rules);
	}
	if (key < FUNNEL_FIRST_DURATION_KEY)
	{
		uint64		i = (key - FUNNEL_OPEN_KEY(0, 0)) / 64;
		uint64		depth = (key - FUNNEL_OPEN_KEY(0, 0)) % 64;

		return rules->skipped == CHAIN_EXCLUDED && i < depth && depth < stage_limit(rules);
	}
	return duration_key_is_valid(rules, key);
}

/* The count under a key, sought from where the one before it was found: keys are asked for in ascending order. */
static int64
next_count(const TallyEntry **next, const TallyEntry *end, uint64 key)
{
	while (*next < end && (*next)->key < key)
		(*next)++;
	return *next < end && (*next)->key == key ? (*next)->count : 0;
}

/*
 * Under excluded, the cells before the durations: a deal that ended at a stage
 * has matched it, and no pair may be counted more often than its first stage,
 * open deals that stopped short of the second one included, or a conversion
 * could pass 100 %.
 */
static const char *
check_pairs(const ChainRules *rules, const TallyEntry *entries, const TallyEntry *end)
{
	const TallyEntry *outcome = entries;
	const TallyEntry *pair = entries;
	const TallyEntry *open = entries;

	for (int i = 0; i < rules->nstages; i++)
	{
		int64		left = next_count(&pair, end, FUNNEL_PAIR_KEY(i, i));
		int64		ended = 0;

		for (int status = CHAIN_CONVERTED; status <= CHAIN_OPEN; status++)
			ended += next_count(&outcome, end, FUNNEL_OUTCOME_KEY(i + 1, status));
		if (left < ended)
			return "more deals ended at a stage than matched it";
		for (int j = i + 1; j < rules->nstages; j++)
		{
			left -= next_count(&open, end, FUNNEL_OPEN_KEY(i, j));
			if (left < next_count(&pair, end, FUNNEL_PAIR_KEY(i, j)))
				return "a pair of stages is counted more often than its first stage";
		}
	}
	return NULL;
}

/* No amount is missing where there is no deal, and those that are there make the sum. */
static const char *
check_amounts(const ChainRules *rules, const Sum128 *sums, const TallyEntry *entries, const TallyEntry *end)
{
	const TallyEntry *outcome = entries;
	const TallyEntry *missing = entries;

	for (int depth = 1; depth <= rules->nstages; depth++)
		for (int status = CHAIN_CONVERTED; status <= CHAIN_OPEN; status++)
		{
			int64		deals = next_count(&outcome, end, FUNNEL_OUTCOME_KEY(depth, status)) -
				next_count(&missing, end, FUNNEL_MISSING_KEY(depth, status));
			Sum128		sum;

			if (!funnel_depth_fits_status(rules, depth, status))
				continue;
			if (deals < 0)
				return "more amounts are missing than there are deals";
			sum = sums[funnel_amount_at(rules->nstages, depth, status)];
			if (sum128_compare(sum, sum128_product(PG_INT64_MIN, deals)) < 0 ||
				sum128_compare(sum, sum128_product(PG_INT64_MAX, deals)) > 0)
				return "an amount does not fit its deals";
		}
	return NULL;
}

/* The cells of one stage, added up. */
typedef struct StageTimes
{
	int64		counted;
	int64		events;
	Sum128		least;			/* microseconds of the events' whole days */
} StageTimes;

/*
 * The times of each step must make a duration_summary: stage_duration() has no
 * other answer. So the sum of a stage lies between its whole days and the next.
 */
static const char *
check_durations(const ChainRules *rules, const Sum128 *sums, const TallyEntry *entries,
				const TallyEntry *end)
{
	StageTimes	stages[FUNNEL_MAX_STAGES];
	int			nstages = rules->nstages - 1;

	memset(stages, 0, sizeof(StageTimes) * nstages);
	/* keys ascend: no other one has more days */
	if (entries < end && !duration_key_is_valid(rules, end[-1].key))
		return "a cell is unknown";
	for (const TallyEntry *entry = entries; entry < end; entry++)
	{
		uint64		key = entry->key - FUNNEL_FIRST_DURATION_KEY;
		int			category = DURATION_KEY_CATEGORY(key / 32);
		StageTimes *stage = &stages[key % 32];

		if (key % 32 >= nstages || category > DURATION_CENSORED)
			return "a cell is unknown";
		if (entry->count > PG_INT64_MAX - stage->counted)
			return "its counts pass 64 bits";
		stage->counted += entry->count;
		if (category != DURATION_EVENT)
			continue;
		stage->events += entry->count;
		if (!sum128_add_product(&stage->least, DURATION_KEY_UNITS(key / 32) * USECS_PER_DAY,
								entry->count))
			return "a sum is out of range";
	}
	for (int i = 0; i < nstages; i++)
	{
		Sum128		most = stages[i].least;

		if (!sum128_add_product(&most, USECS_PER_DAY - 1, stages[i].events))
			return "a sum is out of range";
		if (sum128_compare(sums[i], stages[i].least) < 0 || sum128_compare(sums[i], most) > 0)
			return "a sum does not fit its counts";
	}
	return NULL;
}

const char *
funnel_check(const SummaryView *view)
{
	FunnelDefinition definition;
	const char *problem = funnel_definition_decode(view->identity, view->identity_size, &definition);
	const TallyEntry *entries = view->all.cells;
	const TallyEntry *end = view->all.ncells == 0 ? entries : entries + view->all.ncells;	/* NULL where there are none */
	const TallyEntry *durations = entries;
	int64		deals = 0;
	bool		has_amounts;

	if (problem != NULL)
		return problem;
	has_amounts = funnel_has_amounts(view, definition.rules.nstages);
	if (view->nsums != funnel_nsums(definition.rules.nstages, has_amounts))
		return "it must hold one sum for each stage but the last, and all amounts or none";
	for (; durations < end && durations->key < FUNNEL_FIRST_DURATION_KEY; durations++)
	{
		if (!funnel_key_is_valid(&definition.rules, has_amounts, durations->key))
			return "a cell is unknown";
		if (durations->key < FUNNEL_PAIR_KEY(0, 0))
		{
			if (durations->count > PG_INT64_MAX - deals)
				return "its counts pass 64 bits";
			deals += durations->count;
		}
	}
	problem = check_durations(&definition.rules, view->all.sums, durations, end);
	if (problem == NULL && definition.rules.skipped == CHAIN_EXCLUDED)
		problem = check_pairs(&definition.rules, entries, durations);
	if (problem == NULL && has_amounts)
		problem = check_amounts(&definition.rules, view->all.sums, entries, durations);
	return problem;
}
