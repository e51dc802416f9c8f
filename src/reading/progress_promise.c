/*
 * progress_promise.c
 *		Reading a deal_progress out of a history, at once or when it is looked at.
 *
 * Why, and what a promise is: progress_promise.h. The search is in chain.c.
 */
#include "reading/progress_promise.h"

#include "miscadmin.h"
#include "utils/memutils.h"

#include "history/deal_history.h"
#include "plain/chain_run.h"

/* ---------------------------------------------------------------- a value */

DealProgress *
deal_progress_begin(int nstages, Size identity_size)
{
	return palloc(offsetof(DealProgress, times) + sizeof(int64) * (nstages + 1) + identity_size);
}

void
deal_progress_end(DealProgress *progress, const ChainResult *result,
				  const void *identity, Size identity_size)
{
	char	   *end = (char *) (progress->times + result->nmatched);

	progress->version = DEAL_PROGRESS_VERSION;
	progress->flags = 0;
	progress->status = result->status;
	progress->depth = result->depth;
	progress->matched = result->matched;
	progress->identity_size = identity_size;
	progress->ended_at = result->ended_at;
	memcpy(end, identity, identity_size);
	SET_VARSIZE(progress, end + identity_size - (char *) progress);
}

/* ---------------------------------------------------------------- reading a history */

/* The roles of kinds by their index. */
static pg_attribute_always_inline ChainRun
run_of_events(const HistoryView *view, const uint8 *roles, uint32 count, int64 *times)
{
	HistoryInstants instants;
	ChainRun	run;

	history_instants(&instants, view);
	chain_run_begin(&run);
	for (uint32 i = 0; i < count; i++)
		chain_run_add(&run, times, roles[history_kind(view, i)], history_instant(&instants, i));
	return run;
}

/* Below this many events a call needs no memory of its own. */
#define FEW 64

/* For the deals that are no straight run. */
static void
search_events(const ProgressOptions *options, const HistoryView *view, const uint8 *roles, uint32 count,
			  TimestampTz as_of, ChainResult *result)
{
	ChainEvent	few_events[FEW];
	ChainEvent *events = few_events;
	size_t		nevents = 0;

	if (count > FEW)
		events = palloc_extended(sizeof(ChainEvent) * (Size) count, MCXT_ALLOC_HUGE);
	for (uint32 i = 0; i < count; i++)
	{
		uint8		role = roles[history_kind(view, i)];

		if (role == NO_ROLE)
			continue;
		events[nevents].at = history_at(view, i);
		events[nevents++].role = role;
	}
	chain_search(&options->definition.rules, events, nevents, as_of, result);
	if (events != few_events)
		pfree(events);
}

/* Reads and searches all of a history; the memo learns its dictionary. */
static pg_noinline void
search_history(const ProgressOptions *options, Datum history, TimestampTz as_of, ChainResult *result)
{
	HistoryView view;
	uint32		count;
	ChainRun	run;
	uint8		few_roles[KIND_ROLES_FEW];
	const uint8 *roles;

	history_view(&view, history);
	count = history_count_until(&view, as_of);
	roles = kind_roles_match(options->roles, &view, few_roles);
	run = run_of_events(&view, roles, count, result->times);
	if (!chain_run_end(&run, &options->definition.rules, as_of, result))
		search_events(options, &view, roles, count, as_of, result);
	if (options->memo != NULL)
		chain_memo_learn(options->memo, view.dictionary, view.end, view.nkinds, view.nsubjects, roles);
}

/* Fills a result whose `times` have space for every stage and one more, from a history that is not toasted. */
static inline void
read_history(const ProgressOptions *options, Datum history, TimestampTz as_of, ChainResult *result)
{
	const struct varlena *stored = (const struct varlena *) DatumGetPointer(history);

	if (options->memo == NULL ||
		!chain_memo_read(options->memo, (const uint8 *) VARDATA_ANY(stored), VARSIZE_ANY_EXHDR(stored), as_of, result))
		search_history(options, history, as_of, result);
}

/* ---------------------------------------------------------------- promises */

static Size
get_flat_size(ExpandedObjectHeader *header)
{
	return VARSIZE(progress_promise_value((ProgressPromise *) header));
}

static void
flatten_into(ExpandedObjectHeader *header, void *result, Size allocated_size)
{
	const DealProgress *value = progress_promise_value((ProgressPromise *) header);

	Assert(allocated_size == VARSIZE(value));
	memcpy(result, value, allocated_size);
}

const ExpandedObjectMethods progress_promise_methods = {get_flat_size, flatten_into};

Datum
progress_of_history(const ProgressOptions *options, Datum history, TimestampTz as_of)
{
	int			nstages = options->definition.rules.nstages;
	ProgressPromise *promise;

	/* an open history may grow where it lies */
	if (VARATT_IS_COMPRESSED(DatumGetPointer(history)) || VARATT_IS_EXTERNAL(DatumGetPointer(history)))
		history = PointerGetDatum(PG_DETOAST_DATUM_PACKED(history));
	if (!options->constant || history_is_open(history))
	{
		DealProgress *progress = deal_progress_begin(nstages, options->identity.len);
		ChainResult result = {.times = progress->times};

		read_history(options, history, as_of, &result);
		deal_progress_end(progress, &result, options->identity.data, options->identity.len);
		return PointerGetDatum(progress);
	}

	promise = palloc(offsetof(ProgressPromise, times) + sizeof(int64) * (nstages + 1));
	EOH_init_header(&promise->header, &progress_promise_methods, CurrentMemoryContext);
	promise->options = options;
	promise->history = history;
	promise->as_of = as_of;
	promise->value = NULL;
	promise->searched = false;
	return EOHPGetRODatum(&promise->header);
}

void
progress_promise_read(ProgressPromise *promise)
{
	promise->result.times = promise->times;
	read_history(promise->options, promise->history, promise->as_of, &promise->result);
	promise->searched = true;
}

/* Uses the memory of the promise: the caller's may live long and free nothing. */
const DealProgress *
progress_promise_value(ProgressPromise *promise)
{
	if (promise->value == NULL)
	{
		const ProgressOptions *options = promise->options;
		MemoryContext caller = MemoryContextSwitchTo(promise->header.eoh_context);
		const ChainResult *result = progress_promise_result(promise);
		DealProgress *value = deal_progress_begin(result->nmatched, options->identity.len);

		memcpy(value->times, result->times, sizeof(int64) * result->nmatched);
		deal_progress_end(value, result, options->identity.data, options->identity.len);
		promise->value = value;
		MemoryContextSwitchTo(caller);
	}
	return promise->value;
}
