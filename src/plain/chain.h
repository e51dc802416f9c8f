/*
 * chain.h
 *		The search for the winning chain of a deal through the stages of a funnel.
 *
 * Plain C without PostgreSQL types: events and rules in, one answer out, so
 * that a unit test or a fuzzer can link it alone.
 *
 * A chain assigns events to stages, the first stage among them, so that their
 * instants do not decrease in stage order, the whole spans at most `within`,
 * and the time from a matched stage to the next one, when that is matched as
 * well, is at most its `step_within`. Of the chains that mode, skipped and
 * entry allow, the winner is the deepest; then the one with most matched
 * stages; then, stage by stage, matched before skipped and earlier before
 * later. That is one answer, whatever the order of the events.
 *
 * An exit ends an unfinished attempt when it comes at or after the last event
 * of any stage, in the chain or not: a stage after an exit undoes it.
 *
 * Cost, with E events that matter and S stages: O(E x S) without windows and
 * wherever the winner without `within` happens to fit into it, which is the
 * usual deal; otherwise, and under `adjacent`, O(E x S^2). `any_order` costs
 * O(E x S + E log E).
 */
#ifndef EM_CHAIN_H
#define EM_CHAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CHAIN_MAX_STAGES 32
#define CHAIN_EXIT CHAIN_MAX_STAGES /* the role of an exit event */
#define CHAIN_NO_WINDOW (-1)
#define CHAIN_NEVER INT64_MAX	/* no instant is that late: an exit_at that stands for none */

typedef enum ChainMode
{
	CHAIN_ORDERED,				/* others may stand between */
	CHAIN_ADJACENT,				/* no stage or exit strictly between matched ones */
	CHAIN_INCREASING,			/* instants strictly grow */
	CHAIN_ANY_ORDER				/* the first k stages inside the window */
} ChainMode;

typedef enum ChainSkipped
{
	CHAIN_PASSED,				/* a later stage says this one was passed */
	CHAIN_STOP,					/* progress ends before a missing stage */
	CHAIN_EXCLUDED				/* the deal does not count at this stage */
} ChainSkipped;

typedef enum ChainEntry
{
	CHAIN_BEST,
	CHAIN_FIRST,
	CHAIN_LATEST
} ChainEntry;

typedef enum ChainStatus
{
	CHAIN_NOT_ENTERED,
	CHAIN_CONVERTED,
	CHAIN_EXITED,
	CHAIN_EXPIRED,
	CHAIN_OPEN
} ChainStatus;

typedef struct ChainRules
{
	int			nstages;
	ChainMode	mode;
	ChainSkipped skipped;
	ChainEntry	entry;
	uint32_t	optional;		/* bit i: stage i may be missing under CHAIN_STOP */
	int64_t		within;			/* microseconds, CHAIN_NO_WINDOW for none */
	bool		has_steps;
	int64_t		step_within[CHAIN_MAX_STAGES];	/* from stage i to i + 1 */
	void		(*check_interrupts) (void); /* called now and then; may be NULL */
} ChainRules;

typedef struct ChainEvent
{
	int64_t		at;
	int32_t		role;			/* a stage from 0, or CHAIN_EXIT */
	int32_t		batch;			/* from here on: work space of the search */
	int32_t		promise;
	int32_t		slot;
	int32_t		ends;			/* ENDS, ENDS_NEXT */
	int64_t		end;
	int64_t		next_end;
} ChainEvent;

typedef struct ChainResult
{
	int			depth;			/* the deepest matched stage, from 1; 0 when not entered */
	uint32_t	matched;		/* bit i: stage i is matched */
	int			nmatched;
	ChainStatus status;
	int64_t		ended_at;		/* exited: the exit; expired: the deadline; open: as_of; else 0 */
	int64_t    *times;			/* the caller's, with space for every stage and one more:
								 * instants of the matched stages alone, in stage order */
} ChainResult;

/*
 * The events must be those up to as_of, in ascending order of `at`; ties in
 * any order. The array is reordered and written to.
 */
extern void chain_search(const ChainRules *rules, ChainEvent *events, size_t nevents,
						 int64_t as_of, ChainResult *result);

#endif							/* EM_CHAIN_H */
