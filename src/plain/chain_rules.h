/*
 * chain_rules.h
 *		What the files that find chains share: windows of time, and the state of
 *		an unfinished chain.
 */
#ifndef EM_CHAIN_RULES_H
#define EM_CHAIN_RULES_H

#include "plain/chain.h"

/* Differences of instants may pass 63 bits; none is negative. */
static inline uint64_t
chain_elapsed(int64_t from, int64_t to)
{
	return (uint64_t) to - (uint64_t) from;
}

static inline bool
chain_is_within(int64_t from, int64_t to, int64_t window)
{
	return window == CHAIN_NO_WINDOW || window == INT64_MAX ||
		chain_elapsed(from, to) <= (uint64_t) window;
}

static inline int64_t
chain_later_by(int64_t instant, int64_t window)
{
	if (window == CHAIN_NO_WINDOW || window == INT64_MAX ||
		(instant > 0 && window > INT64_MAX - instant))
		return INT64_MAX;
	return instant + window;
}

static inline int64_t
chain_earlier_by(int64_t instant, int64_t window)
{
	if (window == CHAIN_NO_WINDOW || window == INT64_MAX ||
		(instant < 0 && window > instant - INT64_MIN))
		return INT64_MIN;
	return instant - window;
}

static inline bool
chain_is_optional(const ChainRules *rules, int stage)
{
	return (rules->optional >> stage) & 1;
}

/* How an attempt with this deadline stands at as_of; exit_at is CHAIN_NEVER for none. */
static inline void
chain_set_end(int64_t deadline, int64_t exit_at, int64_t as_of, ChainResult *result)
{
	if (exit_at != CHAIN_NEVER && exit_at <= deadline)
	{
		result->status = CHAIN_EXITED;
		result->ended_at = exit_at;
	}
	else if (as_of > deadline)
	{
		result->status = CHAIN_EXPIRED;
		result->ended_at = deadline;
	}
	else
	{
		result->status = CHAIN_OPEN;
		result->ended_at = as_of;
	}
}

/* The same for a chain without its last stage, by the rules. */
extern void chain_set_status(const ChainRules *rules, int64_t entered_at, int64_t last_at, int64_t exit_at,
							 int64_t as_of, ChainResult *result);

#endif							/* EM_CHAIN_RULES_H */
