/*
 * funnel_summary.h
 *		How many deals got how far through one funnel, and how long each step took.
 *
 * A summary (engine.h):
 *
 *		identity	the funnel's definition (funnel_definition.h)
 *		sums		one per stage but the last: microseconds from it to the next
 *					matched stage, of the deals that reached one; in a funnel with
 *					amounts, which no other number of sums tells, then those in
 *					ten-thousandths of the deals by depth and status: funnel_amount_at()
 *		keys		FUNNEL_OUTCOME_KEY: deals by depth and status
 *					FUNNEL_MISSING_KEY: those of them without an amount, in a funnel with amounts
 *					FUNNEL_PAIR_KEY, FUNNEL_OPEN_KEY: only under skipped = excluded
 *					FUNNEL_DURATION_KEY: by whole days and stage
 *
 * Deals that never entered are in no cell: no question is asked of them.
 * Under passed and stop, the deals that count at a stage are those of at least
 * its depth, so depth and status say all. Under excluded a deal counts where
 * its chain matched the stage, so pairs of matched stages are counted as well.
 */
#ifndef EM_FUNNEL_SUMMARY_H
#define EM_FUNNEL_SUMMARY_H

#include "summary/engine.h"
#include "reading/funnel_definition.h"

extern const SummaryType funnel_type;

/* Deals of a depth (1 to 32) and a status. */
#define FUNNEL_OUTCOME_KEY(depth, status) ((uint64) ((depth) * 8 + (status)))
/* Deals whose chain matched stages i and j; i = j for one stage. */
#define FUNNEL_PAIR_KEY(i, j) ((uint64) (512 + (i) * 32 + (j)))
/* Deals of a depth and a status that came without an amount. */
#define FUNNEL_MISSING_KEY(depth, status) ((uint64) (1536 + (depth) * 8 + (status)))
/* Open deals of a depth (1 to 31) whose chain matched stage i. */
#define FUNNEL_OPEN_KEY(i, depth) ((uint64) (2048 + (i) * 64 + (depth)))
/* Durations in days from a stage; the key of duration_summary.h inside. */
#define FUNNEL_DURATION_KEY(stage, duration_key) (4096 + (duration_key) * 32 + (uint64) (stage))
#define FUNNEL_FIRST_DURATION_KEY 4096

/* How many amounts a funnel has: those that did not convert in three statuses at each depth but the last, and the others. */
static inline int
funnel_amounts(int nstages)
{
	return 3 * (nstages - 1) + 1;
}

/* How many sums a funnel has. */
static inline int
funnel_nsums(int nstages, bool has_amounts)
{
	return nstages - 1 + (has_amounts ? funnel_amounts(nstages) : 0);
}

static inline bool
funnel_has_amounts(const SummaryView *view, int nstages)
{
	return view->nsums >= nstages;
}

/* Where among the sums the amount of a depth and a status stands that go together. */
static inline int
funnel_amount_at(int nstages, int depth, int status)
{
	if (status == CHAIN_CONVERTED)
		return nstages - 1 + funnel_amounts(nstages) - 1;
	return nstages - 1 + 3 * (depth - 1) + status - CHAIN_EXITED;
}

/* Can a deal have both? One that converted, and no other, is at the last depth. */
static inline bool
funnel_depth_fits_status(const ChainRules *rules, int depth, int status)
{
	return depth > 0 && depth <= rules->nstages &&
		status > CHAIN_NOT_ENTERED && status <= CHAIN_OPEN &&
		(depth == rules->nstages) == (status == CHAIN_CONVERTED);
}

/* Is this a key that the definition can have, in a funnel with amounts or without? */
extern bool funnel_key_is_valid(const ChainRules *rules, bool has_amounts, uint64 key);

/* What `check` of the type is: NULL, or what is wrong. */
extern const char *funnel_check(const SummaryView *view);

/* The text form; reading takes funnel_type, which it does not know. */
extern void funnel_append_json(StringInfo out, const SummaryView *view);
extern bool funnel_read_json(SummaryView *view, const SummaryType *type, JsonbContainer *object, fmNodePtr escontext);

/*
 * Counts one deal into a state of the same identity. The result is the state
 * or a larger copy, as with summary_add().
 */
extern SummaryState *funnel_count(SummaryState *state, const ChainResult *result);

#endif							/* EM_FUNNEL_SUMMARY_H */
