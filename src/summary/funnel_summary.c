/*
 * funnel_summary.c
 *		funnel_summary: how many deals got how far. I/O, accumulation,
 *		merging. What is counted under which key: funnel_summary.h. Accessors
 *		are in funnel_report.c.
 *
 * Text form, stages numbered from 1:
 *
 *		{"version":1,"definition":{...},
 *		 "outcomes":[[depth,"status",deals],...],
 *		 "matched_pairs":[[stage,stage,deals],...],		excluded only
 *		 "open_matched":[[stage,depth,deals],...],		excluded only
 *		 "step_days":[[stage,days,events,competing,censored],...],
 *		 "step_microseconds":[sum,...],
 *		 "amounts":[[depth,"status",missing,amount],...]}	with amounts only
 */
#include "base/compat.h"

#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"

#include "reading/progress_promise.h"
#include "summary/duration_summary.h"
#include "summary/funnel_summary.h"
#include "summary/known_state.h"
#include "base/json.h"
#include "base/money.h"
#include "base/type.h"

#define TYPE_NAME "funnel_summary"

/* ---------------------------------------------------------------- check */

static inline bool
depth_fits_status(const ChainRules *rules, int depth, int status)
{
	return depth > 0 && depth <= rules->nstages &&
		status > CHAIN_NOT_ENTERED && status <= CHAIN_OPEN &&
		(depth == rules->nstages) == (status == CHAIN_CONVERTED);
}

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

/* Is this a key that the definition can have, in a funnel with amounts or without? */
static bool
key_is_valid(const ChainRules *rules, bool has_amounts, uint64 key)
{
	if (key < FUNNEL_PAIR_KEY(0, 0))
		return depth_fits_status(rules, key / 8, key % 8);
	if (key >= FUNNEL_MISSING_KEY(0, 0) && key < FUNNEL_OPEN_KEY(0, 0))
	{
		key -= FUNNEL_MISSING_KEY(0, 0);
		return has_amounts && depth_fits_status(rules, key / 8, key % 8);
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

			if (!depth_fits_status(rules, depth, status))
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

static const char *
check_funnel(const SummaryView *view)
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
		if (!key_is_valid(&definition.rules, has_amounts, durations->key))
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

static void
set_identity(SummaryView *view, StringInfo identity)
{
	view->identity = (const uint8 *) identity->data;
	view->identity_size = identity->len;
}

static void
send_identity(SummaryView *view)
{
	FunnelDefinition definition;
	StringInfoData binary;

	funnel_definition_decode(view->identity, view->identity_size, &definition);
	initStringInfo(&binary);
	funnel_definition_send(&definition, &binary);
	set_identity(view, &binary);
}

static const char *
receive_identity(SummaryView *view)
{
	FunnelDefinition definition;
	StringInfoData identity;
	const char *problem;

	initStringInfo(&identity);
	problem = funnel_definition_receive((const char *) view->identity, (int) view->identity_size, TYPE_NAME,
										&definition, &identity);
	set_identity(view, &identity);
	return problem;
}

/* ---------------------------------------------------------------- accumulate */

/* A state, and where its parts lie until it grows. */
typedef struct OpenFunnel
{
	SummaryState *state;
	Tally	   *tally;
	Sum128	   *sums;
} OpenFunnel;

static inline OpenFunnel
open_funnel(SummaryState *state)
{
	return (OpenFunnel) {
		state, summary_tally(state), summary_sums(state)
	};
}

static inline void
count_cell(OpenFunnel *funnel, uint64 key)
{
	if (unlikely(!tally_add_quickly(funnel->tally, key, 1)))
		*funnel = open_funnel(summary_add(funnel->state, &funnel_type, key, 1));
}

/* The time from one instant to a later one, as a cell of a stage. */
static inline void
count_duration(OpenFunnel *funnel, int stage, int64 from, int64 to, DurationCategory category)
{
	int64		microseconds;

	if (unlikely(to < from))
		deal_progress_damaged();
	microseconds = duration_between(from, to);
	if (category == DURATION_EVENT)
		sum128_add_int64(&funnel->sums[stage], microseconds);
	count_cell(funnel, FUNNEL_DURATION_KEY(stage, DURATION_KEY(microseconds / USECS_PER_DAY, category)));
}

/* The deal's stages in pairs, for rates among those that matched a stage. */
static void
count_pairs(OpenFunnel *funnel, int depth, ChainStatus status, uint32 matched)
{
	for (uint32 from = matched; from != 0; from &= from - 1)
	{
		int			i = __builtin_ctz(from);

		for (uint32 to = from; to != 0; to &= to - 1)
			count_cell(funnel, FUNNEL_PAIR_KEY(i, __builtin_ctz(to)));
		if (status == CHAIN_OPEN)
			count_cell(funnel, FUNNEL_OPEN_KEY(i, depth));
	}
}

/*
 * Under any_order the next matched stage is the next in time (ties in stage
 * order): sorts the stages of one deal, and their instants with them.
 */
static void
sort_by_time(int *stages, int64 *times, int count)
{
	for (int i = 1; i < count; i++)
	{
		int			stage = stages[i];
		int64		at = times[i];
		int			place = i;

		for (; place > 0 && times[place - 1] > at; place--)
		{
			stages[place] = stages[place - 1];
			times[place] = times[place - 1];
		}
		stages[place] = stage;
		times[place] = at;
	}
}

/* Under any_order: how long the deal was in each stage but the last, which has no end. */
static void
count_durations_by_time(OpenFunnel *funnel, uint32 matched, const int64 *times,
						int nstages, ChainStatus status, int64 ended_at)
{
	int			stages[FUNNEL_MAX_STAGES];
	int64		sorted[FUNNEL_MAX_STAGES];
	int			count = 0;

	for (; matched != 0; matched &= matched - 1)
	{
		sorted[count] = times[count];
		stages[count++] = __builtin_ctz(matched);
	}
	sort_by_time(stages, sorted, count);
	for (int i = 0; i < count - 1; i++)
		if (stages[i] != nstages - 1)
			count_duration(funnel, stages[i], sorted[i], sorted[i + 1], DURATION_EVENT);
	if (status != CHAIN_CONVERTED)
		count_duration(funnel, stages[count - 1], sorted[count - 1], ended_at,
					   status == CHAIN_EXITED ? DURATION_COMPETING : DURATION_CENSORED);
}

/* The same in the other modes, where the stages are in the order of time. */
static inline void
count_durations(OpenFunnel *funnel, uint32 matched, const int64 *times, ChainStatus status, int64 ended_at)
{
	int			stage = __builtin_ctz(matched);

	for (matched &= matched - 1; matched != 0; matched &= matched - 1)
	{
		count_duration(funnel, stage, times[0], times[1], DURATION_EVENT);
		stage = __builtin_ctz(matched);
		times++;
	}
	if (status != CHAIN_CONVERTED)
		count_duration(funnel, stage, times[0], ended_at,
					   status == CHAIN_EXITED ? DURATION_COMPETING : DURATION_CENSORED);
}

/*
 * Counts one deal into a state of the same identity. The instants are those of
 * the matched stages, in stage order.
 */
static inline SummaryState *
count_deal(SummaryState *state, int depth, ChainStatus status, uint32 matched,
		   const int64 *times, int64 ended_at)
{
	const uint8 *identity = summary_identity(state);
	ChainMode	mode = funnel_identity_mode(identity);
	int			nstages = funnel_identity_nstages(identity);
	OpenFunnel	funnel;

	state->inputs++;
	if (status == CHAIN_NOT_ENTERED)
		return state;
	funnel = open_funnel(state);
	count_cell(&funnel, FUNNEL_OUTCOME_KEY(depth, status));
	if (funnel_identity_skipped(identity) == CHAIN_EXCLUDED)
		count_pairs(&funnel, depth, status, matched);
	if (mode == CHAIN_ANY_ORDER)
		count_durations_by_time(&funnel, matched, times, nstages, status, ended_at);
	else
		count_durations(&funnel, matched, times, status, ended_at);
	return funnel.state;
}

SummaryState *
funnel_count(SummaryState *state, const ChainResult *result)
{
	return count_deal(state, result->depth, result->status, result->matched,
					  result->times, result->ended_at);
}

/* Counts a reading into the state of argument 0, which is one of a funnel with amounts or without. */
static inline SummaryState *
count_progress(FunctionCallInfo fcinfo, const ProgressParts *parts, bool has_amounts)
{
	SummaryState *state = known_state(fcinfo, &funnel_type, parts->identity, parts->identity_size,
									  funnel_nsums(funnel_identity_nstages(parts->identity), has_amounts));

	if (state->inputs == 0 && parts->value != NULL)
	{
		FunnelDefinition definition;

		/* the first one is looked at; the others must be the same bytes */
		deal_progress_definition(parts->value, &definition);
	}
	return count_deal(state, parts->depth, parts->status, parts->matched, parts->times, parts->ended_at);
}

/* Transition of funnel_agg(deal_progress): NULL readings are skipped. */
PG_FUNCTION_INFO_V1(funnel_summary_add_progress);
Datum
funnel_summary_add_progress(PG_FUNCTION_ARGS)
{
	ProgressParts parts;

	if (PG_ARGISNULL(1))
		return summary_unchanged(fcinfo, &funnel_type);
	progress_parts(&parts, PG_GETARG_DATUM(1));
	PG_RETURN_POINTER(count_progress(fcinfo, &parts, false));
}

/* Transition of funnel_agg(deal_progress, amount): a deal without an amount counts, as one of which it is missing. */
PG_FUNCTION_INFO_V1(funnel_summary_add_progress_amount);
Datum
funnel_summary_add_progress_amount(PG_FUNCTION_ARGS)
{
	ProgressParts parts;
	SummaryState *state;
	int64		amount;

	if (PG_ARGISNULL(1))
		return summary_unchanged(fcinfo, &funnel_type);
	progress_parts(&parts, PG_GETARG_DATUM(1));
	amount = PG_ARGISNULL(2) ? 0 : amount_argument(PG_GETARG_DATUM(2));
	state = count_progress(fcinfo, &parts, true);
	if (parts.status == CHAIN_NOT_ENTERED)
		PG_RETURN_POINTER(state);
	if (PG_ARGISNULL(2))
		PG_RETURN_POINTER(summary_increment(state, &funnel_type, FUNNEL_MISSING_KEY(parts.depth, parts.status)));
	sum128_add_int64(&summary_sums(state)[funnel_amount_at(funnel_identity_nstages(parts.identity),
														   parts.depth, parts.status)], amount);
	PG_RETURN_POINTER(state);
}

/* ---------------------------------------------------------------- text */


/* Begins a row of a table in the text form. */
static void
begin_row(StringInfo out, bool *first)
{
	appendStringInfoString(out, *first ? "[" : ",[");
	*first = false;
}

/* The cells whose keys lie below `end`, from the i-th on, each appended by `append`; returns the next one. */
static uint32
append_cells(StringInfo out, const SummaryView *view, uint32 i, uint64 end,
			 void (*append) (StringInfo out, const TallyEntry *cell))
{
	bool		first = true;

	for (; i < view->all.ncells && view->all.cells[i].key < end; i++)
	{
		begin_row(out, &first);
		append(out, &view->all.cells[i]);
	}
	return i;
}

static void
append_outcome(StringInfo out, const TallyEntry *cell)
{
	appendStringInfo(out, "%d,\"%s\"," INT64_FORMAT "]", (int) (cell->key / 8),
					 funnel_statuses[cell->key % 8], cell->count);
}

static void
append_pair(StringInfo out, const TallyEntry *cell)
{
	int			key = cell->key - FUNNEL_PAIR_KEY(0, 0);

	appendStringInfo(out, "%d,%d," INT64_FORMAT "]", key / 32 + 1, key % 32 + 1, cell->count);
}

static void
append_open(StringInfo out, const TallyEntry *cell)
{
	int			key = cell->key - FUNNEL_OPEN_KEY(0, 0);

	appendStringInfo(out, "%d,%d," INT64_FORMAT "]", key / 64 + 1, key % 64, cell->count);
}

/* The rows of one stage, a row for each day: the cells of a day are 32 keys apart. */
static void
append_days(StringInfo out, int stage, const TallyEntry *cells, const TallyEntry *end, bool *first)
{
	const TallyEntry *cell = cells;

	while (cell < end)
	{
		uint64		key = cell->key - FUNNEL_FIRST_DURATION_KEY;
		int64		day = DURATION_KEY_UNITS(key / 32);
		int64		counts[8] = {0};

		if (key % 32 != stage)
		{
			cell++;
			continue;
		}
		for (; cell < end && DURATION_KEY_UNITS((cell->key - FUNNEL_FIRST_DURATION_KEY) / 32) == day; cell++)
		{
			key = cell->key - FUNNEL_FIRST_DURATION_KEY;
			if (key % 32 == stage)
				counts[DURATION_KEY_CATEGORY(key / 32)] = cell->count;
		}
		begin_row(out, first);
		appendStringInfo(out, "%d," INT64_FORMAT "," INT64_FORMAT "," INT64_FORMAT "," INT64_FORMAT "]",
						 stage + 1, day, counts[DURATION_EVENT], counts[DURATION_COMPETING],
						 counts[DURATION_CENSORED]);
	}
}

/* The first cell, from the i-th on, whose key is at least `key`. */
static uint32
first_cell(const SummaryView *view, uint32 i, uint64 key)
{
	while (i < view->all.ncells && view->all.cells[i].key < key)
		i++;
	return i;
}

/* A row for each depth and status with an amount, or with deals of which it is missing. */
static void
append_amounts(StringInfo out, const SummaryView *view, const ChainRules *rules)
{
	bool		first = true;

	appendStringInfoString(out, ",\"amounts\":[");
	for (int depth = 1; depth <= rules->nstages; depth++)
		for (int status = CHAIN_CONVERTED; status <= CHAIN_OPEN; status++)
		{
			int64		missing;
			Sum128		amount;

			if (!depth_fits_status(rules, depth, status))
				continue;
			missing = summary_cell(view, FUNNEL_MISSING_KEY(depth, status));
			amount = view->all.sums[funnel_amount_at(rules->nstages, depth, status)];
			if (missing == 0 && amount.low == 0 && amount.high == 0)
				continue;
			begin_row(out, &first);
			appendStringInfo(out, "%d,\"%s\"," INT64_FORMAT ",%s]", depth, funnel_statuses[status], missing,
							 money_sum_text(amount));
		}
	appendStringInfoChar(out, ']');
}

static void
append_json(StringInfo out, const SummaryView *view)
{
	FunnelDefinition definition;
	bool		first = true;
	uint32		i;

	funnel_definition_decode(view->identity, view->identity_size, &definition);
	appendStringInfoString(out, "\"definition\":");
	funnel_definition_to_json(&definition, out);
	appendStringInfoString(out, ",\"outcomes\":[");
	i = append_cells(out, view, 0, FUNNEL_PAIR_KEY(0, 0), append_outcome);
	if (definition.rules.skipped == CHAIN_EXCLUDED)
	{
		appendStringInfoString(out, "],\"matched_pairs\":[");
		i = append_cells(out, view, i, FUNNEL_MISSING_KEY(0, 0), append_pair);
		appendStringInfoString(out, "],\"open_matched\":[");
		i = first_cell(view, i, FUNNEL_OPEN_KEY(0, 0));
		i = append_cells(out, view, i, FUNNEL_FIRST_DURATION_KEY, append_open);
	}
	i = first_cell(view, i, FUNNEL_FIRST_DURATION_KEY);

	appendStringInfoString(out, "],\"step_days\":[");
	for (int stage = 0; i < view->all.ncells && stage < definition.rules.nstages - 1; stage++)
		append_days(out, stage, &view->all.cells[i], &view->all.cells[view->all.ncells], &first);
	appendStringInfoString(out, "],\"step_microseconds\":[");
	for (int stage = 0; stage < definition.rules.nstages - 1; stage++)
	{
		char		buffer[SUM128_TEXT_SIZE];

		appendStringInfo(out, "%s%s", stage == 0 ? "" : ",",
						 sum128_text(view->all.sums[stage], buffer));
	}
	appendStringInfoChar(out, ']');
	if (funnel_has_amounts(view, definition.rules.nstages))
		append_amounts(out, view, &definition.rules);
}

/* Where the rows of the tables go. */
typedef struct JsonTarget
{
	const ChainRules *rules;
	bool		has_amounts;
	SummaryState *state;
} JsonTarget;

/* Adds a cell; a count of zero adds none. */
static bool
put_cell(JsonTarget *target, bool in_range, uint64 key, int64 count, fmNodePtr escontext)
{
	if (count < 0 || !in_range || !key_is_valid(target->rules, target->has_amounts, key))
		return summary_malformed(&funnel_type, "a cell is out of range", escontext);
	if (count > PG_INT64_MAX - tally_count(summary_tally(target->state), key))
		ereturn(escontext, false,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("a count of %s is out of range", TYPE_NAME)));
	if (count > 0)
		target->state = summary_add(target->state, &funnel_type, key, count);
	return true;
}

static bool
put_row(JsonTarget *target, const char *table, const int64 *row, fmNodePtr escontext)
{
	int64		nstages = target->rules->nstages;

	/* keys are made of numbers that fit */
	if (row[0] < 0 || row[0] > nstages || row[1] < 0 || row[1] > PG_INT64_MAX / USECS_PER_DAY)
		return summary_malformed(&funnel_type, "a cell is out of range", escontext);
	if (strcmp(table, "outcomes") == 0)
		return put_cell(target, row[1] <= CHAIN_OPEN,
						FUNNEL_OUTCOME_KEY(row[0], row[1]), row[2], escontext);
	if (strcmp(table, "matched_pairs") == 0)
		return put_cell(target, row[0] > 0 && row[1] > 0 && row[1] <= nstages,
						FUNNEL_PAIR_KEY(row[0] - 1, row[1] - 1), row[2], escontext);
	if (strcmp(table, "open_matched") == 0)
		return put_cell(target, row[0] > 0 && row[1] <= nstages,
						FUNNEL_OPEN_KEY(row[0] - 1, row[1]), row[2], escontext);
	for (int category = 0; category < 3; category++)
		if (!put_cell(target, row[0] > 0,
					  FUNNEL_DURATION_KEY(row[0] - 1, DURATION_KEY(row[1], category)),
					  row[2 + category], escontext))
			return false;
	return true;
}

/* A row of a table, which must have `width` columns; NULL with an error saved. */
static JsonbContainer *
row_at(JsonbContainer *rows, uint32 i, const char *table, int width, fmNodePtr escontext)
{
	JsonbValue *row = getIthJsonbValueFromContainer(rows, i);

	CHECK_FOR_INTERRUPTS();
	if (row->type == jbvBinary && JsonContainerIsArray(row->val.binary.data) &&
		JsonContainerSize(row->val.binary.data) == width)
		return row->val.binary.data;
	(void) summary_malformed(&funnel_type, psprintf("a row of \"%s\" does not have %d numbers", table, width), escontext);
	return NULL;
}

static bool
read_status(JsonbValue *cell, int64 *status, fmNodePtr escontext)
{
	int			word;

	if (!jsonb_value_word(cell, TYPE_NAME, "status", funnel_statuses, FUNNEL_STATUSES, &word, escontext))
		return false;
	*status = word;
	return true;
}

/* Reads a table of `width` numbers a row; the second one of an outcome is the name of a status. */
static bool
read_json_table(JsonTarget *target, JsonbContainer *object, const char *table, int width,
				fmNodePtr escontext)
{
	JsonbContainer *rows;
	uint32		nrows;

	if (!jsonb_field_array(object, TYPE_NAME, table, &rows, escontext))
		return false;
	nrows = JsonContainerSize(rows);
	for (uint32 i = 0; i < nrows; i++)
	{
		JsonbContainer *cells = row_at(rows, i, table, width, escontext);
		int64		row[5];

		if (cells == NULL)
			return false;
		for (int column = 0; column < width; column++)
		{
			JsonbValue *cell = getIthJsonbValueFromContainer(cells, column);

			if (column == 1 && strcmp(table, "outcomes") == 0)
			{
				if (!read_status(cell, &row[column], escontext))
					return false;
			}
			else if (!jsonb_value_int64(cell, TYPE_NAME, table, &row[column], escontext))
				return false;
		}
		if (!put_row(target, table, row, escontext))
			return false;
	}
	return true;
}

/* Reads the rows [depth, status, missing, amount]. */
static bool
read_json_amounts(JsonTarget *target, JsonbContainer *object, fmNodePtr escontext)
{
	JsonbContainer *rows;

	if (!jsonb_field_array(object, TYPE_NAME, "amounts", &rows, escontext))
		return false;
	for (uint32 i = 0; i < JsonContainerSize(rows); i++)
	{
		JsonbContainer *cells = row_at(rows, i, "amounts", 4, escontext);
		int64		depth;
		int64		status;
		int64		missing;
		Sum128		amount;
		bool		possible;

		if (cells == NULL ||
			!jsonb_value_int64(getIthJsonbValueFromContainer(cells, 0), TYPE_NAME, "amounts", &depth, escontext) ||
			!read_status(getIthJsonbValueFromContainer(cells, 1), &status, escontext) ||
			!jsonb_value_int64(getIthJsonbValueFromContainer(cells, 2), TYPE_NAME, "amounts", &missing, escontext) ||
			!money_sum_value(getIthJsonbValueFromContainer(cells, 3), TYPE_NAME, "amounts", &amount, escontext))
			return false;
		possible = depth >= 0 && depth <= target->rules->nstages;
		if (!put_cell(target, possible, possible ? FUNNEL_MISSING_KEY(depth, status) : 0, missing, escontext))
			return false;
		if (!sum128_add(&summary_sums(target->state)[funnel_amount_at(target->rules->nstages, (int) depth, (int) status)],
						amount))
			ereturn(escontext, false,
					(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
					 errmsg("an amount of %s is out of range", TYPE_NAME)));
	}
	return true;
}

static bool
read_json(SummaryView *view, JsonbContainer *object, fmNodePtr escontext)
{
	JsonbContainer *definition_object;
	JsonbContainer *sums;
	FunnelDefinition definition;
	StringInfoData identity;
	JsonTarget	target;

	if (!jsonb_field_object(object, TYPE_NAME, "definition", &definition_object, escontext) ||
		!funnel_definition_from_json(definition_object, &definition, escontext) ||
		!jsonb_field_array(object, TYPE_NAME, "step_microseconds", &sums, escontext))
		return false;
	initStringInfo(&identity);
	funnel_definition_encode(&definition, &identity);
	target.rules = &definition.rules;
	target.has_amounts = jsonb_field(object, "amounts") != NULL;
	target.state = summary_create(&funnel_type, identity.data, identity.len,
								  funnel_nsums(definition.rules.nstages, target.has_amounts));

	if (!read_json_table(&target, object, "outcomes", 3, escontext) ||
		!read_json_table(&target, object, "step_days", 5, escontext))
		return false;
	if (definition.rules.skipped == CHAIN_EXCLUDED)
	{
		if (!read_json_table(&target, object, "matched_pairs", 3, escontext) ||
			!read_json_table(&target, object, "open_matched", 3, escontext))
			return false;
	}
	else if (jsonb_field(object, "matched_pairs") != NULL ||
			 jsonb_field(object, "open_matched") != NULL)
		return summary_malformed(&funnel_type, "matched stages are counted only where skipped is \"excluded\"",
								 escontext);
	if (target.has_amounts && !read_json_amounts(&target, object, escontext))
		return false;
	if (JsonContainerSize(sums) != definition.rules.nstages - 1)
		return summary_malformed(&funnel_type, "\"step_microseconds\" does not have one sum for each stage but the last",
								 escontext);
	for (int stage = 0; stage < definition.rules.nstages - 1; stage++)
		if (!jsonb_value_sum128(getIthJsonbValueFromContainer(sums, stage), TYPE_NAME,
								"step_microseconds", &summary_sums(target.state)[stage],
								escontext))
			return false;

	summary_view_open(view, &funnel_type, target.state, NULL);
	return true;
}

static const char *const json_keys[] = {
	"version", "definition", "outcomes", "matched_pairs", "open_matched",
	"step_days", "step_microseconds", "amounts", NULL
};

const SummaryType funnel_type = {
	.name = TYPE_NAME,
	.mismatch = "Funnels with different stages or options cannot be merged: group by what differs, or read all deals alike.",
	.sums_mismatch = "One is a funnel with amounts, the other one is without: call funnel_agg with an amount for both, or for neither.",
	.check = check_funnel,
	.closed = true,
	.key_bits = SUMMARY_WHOLE_KEY,
	.send_identity = send_identity,
	.receive_identity = receive_identity,
	.keys = json_keys,
	.append_json = append_json,
	.read_json = read_json
};

DEFINE_SUMMARY(funnel_summary, funnel_type);
