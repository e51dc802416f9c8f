/*
 * funnel_summary.c
 *		funnel_summary: how many deals got how far. Counting deals, and what the
 *		engine has to know of the type. What is counted under which key:
 *		funnel_summary.h. What can be: funnel_check.c. The text form:
 *		funnel_json.c. Accessors: funnel_report.c.
 */
#include "base/compat.h"

#include "reading/progress_promise.h"
#include "summary/duration_summary.h"
#include "summary/funnel_summary.h"
#include "summary/known_state.h"
#include "base/money.h"

#define TYPE_NAME "funnel_summary"

/* ---------------------------------------------------------------- identity */

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

/* ---------------------------------------------------------------- type */

static bool
read_json(SummaryView *view, JsonbContainer *object, fmNodePtr escontext)
{
	return funnel_read_json(view, &funnel_type, object, escontext);
}

static const char *const json_keys[] = {
	"version", "definition", "outcomes", "matched_pairs", "open_matched",
	"step_days", "step_microseconds", "amounts", NULL
};

const SummaryType funnel_type = {
	.name = TYPE_NAME,
	.mismatch = "Funnels with different stages or options cannot be merged: group by what differs, or read all deals alike.",
	.sums_mismatch = "One is a funnel with amounts, the other one is without: call funnel_agg with an amount for both, or for neither.",
	.check = funnel_check,
	.closed = true,
	.key_bits = SUMMARY_WHOLE_KEY,
	.send_identity = send_identity,
	.receive_identity = receive_identity,
	.keys = json_keys,
	.append_json = funnel_append_json,
	.read_json = read_json
};

DEFINE_SUMMARY(funnel_summary, funnel_type);
