/*
 * progress_promise.h
 *		A deal_progress that is read only when it is looked at, and then once.
 *
 * Where all options of deal_progress() are constants of the query, it returns
 * an expanded datum, read-only: the options of its call site, the history and
 * as_of. funnel_agg counts what the search found without a value in between;
 * any other reader, and whatever keeps a datum, gets the same bytes as ever.
 *
 * Its memory is that of a function's result, which may point into an argument,
 * as this does. Its options live as long as the query.
 */
#ifndef EM_PROGRESS_PROMISE_H
#define EM_PROGRESS_PROMISE_H

#include "base/compat.h"

#include "utils/expandeddatum.h"

#include "reading/deal_progress.h"
#include "plain/chain_memo.h"

/* The options of a call site of deal_progress(), parsed once. */
typedef struct ProgressOptions
{
	FunnelDefinition definition;
	StringInfoData identity;
	KindRoles  *roles;
	bool		constant;		/* in every call of the query */
	ChainMemo  *memo;			/* NULL where there is none */
} ProgressOptions;

/* The role of a kind that is neither a stage nor an exit. */
#define NO_ROLE PG_UINT8_MAX

typedef struct ProgressPromise
{
	ExpandedObjectHeader header;
	const ProgressOptions *options;
	Datum		history;		/* not toasted */
	TimestampTz as_of;
	DealProgress *value;		/* once it was asked for */
	bool		searched;
	ChainResult result;			/* once it was searched for */
	int64		times[FLEXIBLE_ARRAY_MEMBER];
} ProgressPromise;

/* Begin allocates a value for so many stages; end fills it, the instants of `result` being in place. */
extern DealProgress *deal_progress_begin(int nstages, Size identity_size);
extern void deal_progress_end(DealProgress *progress, const ChainResult *result,
							  const void *identity, Size identity_size);

/* The value of a history, or its promise, in the current context. */
extern Datum progress_of_history(const ProgressOptions *options, Datum history, TimestampTz as_of);

extern const ExpandedObjectMethods progress_promise_methods;

/* The promise behind a datum, NULL where it is a value. */
static inline ProgressPromise *
progress_promise(Datum datum)
{
	varatt_expanded pointer;

	if (!VARATT_IS_EXTERNAL_EXPANDED_RO(DatumGetPointer(datum)))
		return NULL;
	memcpy(&pointer, VARDATA_EXTERNAL(DatumGetPointer(datum)), sizeof(pointer));
	return pointer.eohptr->eoh_methods == &progress_promise_methods ? (ProgressPromise *) pointer.eohptr : NULL;
}

extern void progress_promise_read(ProgressPromise *promise);

/* Reads the history, unless that was done. */
static inline const ChainResult *
progress_promise_result(ProgressPromise *promise)
{
	if (!promise->searched)
		progress_promise_read(promise);
	return &promise->result;
}

/* The value, which belongs to the promise. */
extern const DealProgress *progress_promise_value(ProgressPromise *promise);

/* What counting a deal takes of its reading, which may be a promise. */
typedef struct ProgressParts
{
	const DealProgress *value;	/* NULL where it is a promise */
	const uint8 *identity;
	Size		identity_size;
	int			depth;
	ChainStatus status;
	uint32		matched;
	const int64 *times;			/* of the matched stages, in stage order */
	int64		ended_at;
} ProgressParts;

/* Those of a value, the instants of which may be damaged. */
extern void progress_parts_of_value(ProgressParts *parts, Datum datum);

static inline void
progress_parts(ProgressParts *parts, Datum datum)
{
	ProgressPromise *promise = progress_promise(datum);
	const ChainResult *result;

	if (unlikely(promise == NULL))
	{
		progress_parts_of_value(parts, datum);
		return;
	}
	result = progress_promise_result(promise);
	parts->value = NULL;
	parts->identity = (const uint8 *) promise->options->identity.data;
	parts->identity_size = promise->options->identity.len;
	parts->depth = result->depth;
	parts->status = result->status;
	parts->matched = result->matched;
	parts->times = promise->times;
	parts->ended_at = result->ended_at;
}

#endif							/* EM_PROGRESS_PROMISE_H */
