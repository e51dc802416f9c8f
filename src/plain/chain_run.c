/*
 * chain_run.c
 *		The answer for a deal whose events are a run. What that is: chain_run.h.
 */
#include "plain/chain_run.h"

#include "plain/chain_rules.h"

bool
chain_run_end(const ChainRun *run, const ChainRules *rules, int64_t as_of, ChainResult *result)
{
	const int64_t *times = result->times;
	uint32_t	matched = run->matched;
	int			n = run->nmatched;

	/* a chain without its first stage, or one with a gap under `stop`, is no run */
	if (rules->mode != CHAIN_ORDERED || rules->has_steps || run->last == CHAIN_CROOKED ||
		(matched != 0 && !(matched & 1)) ||
		(rules->skipped == CHAIN_STOP && (matched & (matched + 1)) != 0) ||
		(n > 0 && !chain_is_within(times[0], times[n - 1], rules->within)))
		return false;
	result->depth = run->last + 1;
	result->matched = matched;
	result->nmatched = n;
	result->ended_at = 0;
	if (n == 0)
		result->status = CHAIN_NOT_ENTERED;
	else if (result->depth == rules->nstages)
		result->status = CHAIN_CONVERTED;
	else
		chain_set_status(rules, times[0], times[n - 1], run->exit_at, as_of, result);
	return true;
}
