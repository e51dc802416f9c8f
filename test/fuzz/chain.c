/*
 * chain.c
 *		libFuzzer: the search for the winning chain against every chain there is.
 *
 * A few events and stages are enough for the rules to meet; all assignments of
 * events to stages are tried, by the definition in src/plain/chain.h and no other
 * knowledge, in 128 bits where instants may overflow. The same events in the
 * reverse order of each instant must give the same answer.
 */
#include <string.h>

#include "plain/chain_run.h"
#include "check.h"

#define MAX_EVENTS 8
#define MAX_TRIED_STAGES 5

typedef __int128 int128;

typedef struct Naive
{
	const ChainRules *rules;
	const ChainEvent *events;
	int			nevents;
	int			chosen[MAX_TRIED_STAGES];	/* event of each stage, -1 for none */
	bool		found;
	int			depth;
	int			matched;
	int			best[MAX_TRIED_STAGES];
} Naive;

static bool
within(int128 from, int128 to, int64_t window)
{
	return window == CHAIN_NO_WINDOW || window == INT64_MAX || to - from <= window;
}

static bool
optional(const ChainRules *rules, int stage)
{
	return (rules->optional >> stage) & 1;
}

/* Is the choice a chain of these rules? */
static bool
is_chain(const Naive *naive)
{
	const ChainRules *rules = naive->rules;
	const ChainEvent *events = naive->events;
	int			depth = 0;
	int			last = -1;
	int64_t		earliest;
	int64_t		latest;

	if (naive->chosen[0] < 0)
		return false;
	earliest = latest = events[naive->chosen[0]].at;
	for (int i = 0; i < rules->nstages; i++)
		if (naive->chosen[i] >= 0)
		{
			int64_t		at = events[naive->chosen[i]].at;

			depth = i + 1;
			earliest = at < earliest ? at : earliest;
			latest = at > latest ? at : latest;
		}
	if (!within(earliest, latest, rules->within))
		return false;
	for (int i = 0; i < depth; i++)
		if (naive->chosen[i] < 0 && !optional(rules, i) &&
			(rules->skipped == CHAIN_STOP || rules->mode == CHAIN_ANY_ORDER))
			return false;
	if (rules->mode == CHAIN_ANY_ORDER)
		return true;

	for (int k = 0; k < naive->nevents && rules->entry != CHAIN_BEST; k++)
		if (events[k].role == 0 &&
			(rules->entry == CHAIN_FIRST ? events[k].at < earliest : events[k].at > earliest))
			return false;
	for (int i = 0; i < depth; i++)
	{
		if (naive->chosen[i] < 0)
			continue;
		if (last >= 0)
		{
			int64_t		from = events[naive->chosen[last]].at;
			int64_t		to = events[naive->chosen[i]].at;

			if (to < from || (rules->mode == CHAIN_INCREASING && to == from))
				return false;
			if (i == last + 1 && rules->has_steps && !within(from, to, rules->step_within[last]))
				return false;
			for (int k = 0; k < naive->nevents && rules->mode == CHAIN_ADJACENT; k++)
				if (events[k].at > from && events[k].at < to)
					return false;
		}
		last = i;
	}
	return true;
}

/* Deepest, most matched, then stage by stage matched before skipped, earlier before later. */
static void
consider(Naive *naive)
{
	int			depth = 0;
	int			matched = 0;
	int			order;

	for (int i = 0; i < naive->rules->nstages; i++)
		if (naive->chosen[i] >= 0)
		{
			depth = i + 1;
			matched++;
		}
	order = naive->found ? depth - naive->depth : 1;
	if (order == 0)
		order = matched - naive->matched;
	for (int i = 0; i < depth && order == 0; i++)
	{
		if ((naive->chosen[i] < 0) != (naive->best[i] < 0))
			order = naive->chosen[i] < 0 ? -1 : 1;
		else if (naive->chosen[i] >= 0)
		{
			int64_t		at = naive->events[naive->chosen[i]].at;
			int64_t		best = naive->events[naive->best[i]].at;

			order = (at < best) - (at > best);
		}
	}
	if (order <= 0 || !is_chain(naive))
		return;
	naive->found = true;
	naive->depth = depth;
	naive->matched = matched;
	memcpy(naive->best, naive->chosen, sizeof(naive->best));
}

static void
choose(Naive *naive, int stage)
{
	if (stage == naive->rules->nstages)
	{
		consider(naive);
		return;
	}
	for (int k = 0; k < naive->nevents; k++)
		if (naive->events[k].role == stage)
		{
			naive->chosen[stage] = k;
			choose(naive, stage + 1);
		}
	naive->chosen[stage] = -1;
	if (stage > 0)
		choose(naive, stage + 1);
}

static void
check_result(const Naive *naive, int64_t as_of, const ChainResult *result)
{
	const ChainRules *rules = naive->rules;
	int128		deadline = INT64_MAX;
	int64_t		entered = INT64_MAX;
	int64_t		last = INT64_MIN;
	int64_t		last_stage = INT64_MIN;	/* of any stage, in the chain or not */
	bool		exits = false;
	int64_t		exit_at = 0;
	int			n = 0;

	CHECK(result->depth == (naive->found ? naive->depth : 0));
	if (!naive->found)
	{
		CHECK(result->status == CHAIN_NOT_ENTERED && result->matched == 0 && result->ended_at == 0);
		return;
	}
	for (int i = 0; i < rules->nstages; i++)
	{
		bool		matched = i < naive->depth && naive->best[i] >= 0;

		CHECK((bool) ((result->matched >> i) & 1) == matched);
		if (matched)
		{
			int64_t		at = naive->events[naive->best[i]].at;

			CHECK(result->times[n++] == at);
			entered = at < entered ? at : entered;
			last = at > last ? at : last;
		}
	}
	CHECK(result->nmatched == n);
	if (result->depth == rules->nstages)
	{
		CHECK(result->status == CHAIN_CONVERTED && result->ended_at == 0);
		return;
	}
	if (rules->within != CHAIN_NO_WINDOW && rules->within != INT64_MAX &&
		(int128) entered + rules->within < deadline)
		deadline = (int128) entered + rules->within;
	if (rules->has_steps &&
		(naive->depth == rules->nstages - 1 || (rules->skipped == CHAIN_STOP && !optional(rules, naive->depth))))
	{
		int64_t		step = rules->step_within[naive->depth - 1];

		if (step != CHAIN_NO_WINDOW && step != INT64_MAX && (int128) last + step < deadline)
			deadline = (int128) last + step;
	}
	for (int k = 0; k < naive->nevents; k++)
		if (naive->events[k].role != CHAIN_EXIT && naive->events[k].at > last_stage)
			last_stage = naive->events[k].at;
	for (int k = naive->nevents - 1; k >= 0; k--)
		if (naive->events[k].role == CHAIN_EXIT && naive->events[k].at >= last_stage && naive->events[k].at <= deadline)
		{
			exits = true;
			exit_at = naive->events[k].at;
		}
	if (exits)
		CHECK(result->status == CHAIN_EXITED && result->ended_at == exit_at);
	else if (as_of > deadline)
		CHECK(result->status == CHAIN_EXPIRED && result->ended_at == deadline);
	else
		CHECK(result->status == CHAIN_OPEN && result->ended_at == as_of);
}

static int64_t
window_of(uint8_t byte, int64_t scale)
{
	if (byte % 3 == 0)
		return CHAIN_NO_WINDOW;
	if (byte == 255)
		return INT64_MAX;
	return (byte / 3 % 16) * scale;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	ChainRules	rules = {0};
	ChainEvent	events[MAX_EVENTS];
	ChainEvent	searched[MAX_EVENTS];
	int64_t		times[2][CHAIN_MAX_STAGES + 1];
	ChainResult result = {.times = times[0]};
	ChainResult again = {.times = times[1]};
	ChainRun	run;
	static const int64_t scales[] = {INT64_MAX / 16, INT64_C(3600000000), 1, 1};
	Naive		naive = {&rules, events};
	int64_t		at;
	int64_t		scale;
	int64_t		as_of;
	int			steps;

	if (size < 10)
		return 0;
	rules.nstages = 1 + data[0] % MAX_TRIED_STAGES;
	rules.mode = data[1] % 4;
	rules.skipped = data[1] / 4 % 3;
	rules.entry = data[1] / 12 % 3;
	rules.optional = data[2] & ((1 << rules.nstages) - 1);
	scale = scales[data[3] % 4];
	rules.within = window_of(data[4], scale);
	steps = rules.mode == CHAIN_ANY_ORDER ? 0 : rules.nstages - 1;
	for (int i = 0; i < CHAIN_MAX_STAGES; i++)
		rules.step_within[i] = CHAIN_NO_WINDOW;
	for (int i = 0; i < steps && i < 4; i++)
	{
		rules.step_within[i] = window_of(data[5 + i], scale);
		rules.has_steps |= rules.step_within[i] != CHAIN_NO_WINDOW;
	}
	/* what the definition of a funnel makes of it before it searches */
	if (rules.mode == CHAIN_ANY_ORDER)
	{
		rules.skipped = CHAIN_PASSED;
		rules.entry = CHAIN_BEST;
	}

	/* the low bits of a byte are a role, the high ones the time since the event before */
	at = data[9] & 2 ? 0 : -scale;
	if (data[9] & 1)
		at = INT64_MIN;
	for (size_t i = 10; i < size && naive.nevents < MAX_EVENTS; i++)
	{
		int			role = data[i] % (rules.nstages + 1);

		if (__builtin_add_overflow(at, (int64_t) (data[i] / 8 % 4) * scale, &at))
			break;
		events[naive.nevents++] = (ChainEvent) {.at = at,.role = role == rules.nstages ? CHAIN_EXIT : role};
	}
	if (__builtin_add_overflow(at, (int64_t) (data[9] / 4 % 16) * scale, &as_of))
		as_of = INT64_MAX;

	choose(&naive, 0);
	memcpy(searched, events, sizeof(events));
	chain_search(&rules, searched, naive.nevents, as_of, &result);
	check_result(&naive, as_of, &result);

	/* the short way, where it is one */
	chain_run_begin(&run);
	for (int k = 0; k < naive.nevents; k++)
		chain_run_add(&run, again.times, events[k].role, events[k].at);
	if (chain_run_end(&run, &rules, as_of, &again))
		check_result(&naive, as_of, &again);

	for (int start = 0, end; start < naive.nevents; start = end)
	{
		for (end = start; end < naive.nevents && events[end].at == events[start].at;)
			end++;
		for (int k = start; k < end; k++)
			searched[k] = events[start + end - 1 - k];
	}
	chain_search(&rules, searched, naive.nevents, as_of, &again);
	CHECK(again.depth == result.depth && again.nmatched == result.nmatched && again.matched == result.matched &&
		  again.status == result.status && again.ended_at == result.ended_at);
	for (int i = 0; i < result.nmatched; i++)
		CHECK(again.times[i] == result.times[i]);
	return 0;
}
