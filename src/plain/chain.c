/*
 * chain.c
 *		The search for the winning chain of a deal. Definition and cost: chain.h.
 *
 * The events of one instant are a batch: within it every stage counts once and
 * all are there together, so ties never depend on the order of rows. Working
 * backwards, each event gets the best that a chain starting with it can
 * still reach, its promise: the depth, then the number of matched stages. Working
 * forwards from the entry, the winner then follows the events that keep the
 * promise, lowest stage first, earliest first.
 */
#include <string.h>

#include "plain/chain_rules.h"

/* Depth first, then matched stages, in one number; 0 is "nothing". */
#define PROMISE(depth, matched) ((depth) * 64 + (matched))
#define PROMISE_DEPTH(promise) ((promise) / 64)
#define PROMISE_MATCHED(promise) ((promise) % 64)

#define INTERRUPT_EVERY 1024

static inline void
interrupt(const ChainRules *rules, size_t i)
{
	if (i % INTERRUPT_EVERY == INTERRUPT_EVERY - 1 && rules->check_interrupts != NULL)
		rules->check_interrupts();
}

static inline int
highest_bit(uint32_t mask)
{
	return 31 - __builtin_clz(mask);
}

/* The stages that a chain may go to next from a stage. */
static uint32_t
next_stages(const ChainRules *rules, int stage)
{
	uint32_t	allowed = 0;

	for (int next = stage + 1; next < rules->nstages; next++)
	{
		allowed |= (uint32_t) 1 << next;
		if (rules->skipped == CHAIN_STOP && !chain_is_optional(rules, next))
			break;
	}
	return allowed;
}

/*
 * Sorts each batch by role, exits last, and drops what repeats a role within
 * its batch; numbers the batches. Returns the number of nodes left.
 */
static size_t
prepare(ChainEvent *events, size_t nevents)
{
	size_t		nnodes = 0;
	int32_t		batch = 0;

	for (size_t start = 0, end; start < nevents; start = end, batch++)
	{
		int64_t		at = events[start].at;
		uint64_t	roles = 0;

		for (end = start; end < nevents && events[end].at == at; end++)
			roles |= (uint64_t) 1 << events[end].role;
		for (; roles != 0; roles &= roles - 1)
		{
			ChainEvent *node = &events[nnodes++];

			node->at = at;
			node->role = __builtin_ctzll(roles);
			node->batch = batch;
		}
	}
	return nnodes;
}

/*
 * What the search works on. `slot` of the nodes doubles as the store of one
 * double-ended queue per stage: those of stage i start at first_slot[i].
 */
typedef struct Search
{
	const ChainRules *rules;
	ChainEvent *nodes;
	size_t		nnodes;
	uint32_t	next_stages[CHAIN_MAX_STAGES];
	size_t		first_slot[CHAIN_MAX_STAGES];
} Search;

static void
search_begin(Search *search, const ChainRules *rules, ChainEvent *events, size_t nevents)
{
	search->rules = rules;
	search->nodes = events;
	search->nnodes = prepare(events, nevents);
	for (int stage = 0; stage < rules->nstages; stage++)
		search->next_stages[stage] = next_stages(rules, stage);
	if (rules->has_steps)
	{
		size_t		counts[CHAIN_EXIT + 1] = {0};
		size_t		slots = 0;

		for (size_t k = 0; k < search->nnodes; k++)
			counts[search->nodes[k].role]++;
		for (int stage = 0; stage < rules->nstages; stage++)
		{
			search->first_slot[stage] = slots;
			slots += counts[stage];
		}
	}
}

/*
 * The best promises behind the node at work, by stage: over all of them, and
 * over those within the step window (a sliding maximum: nodes enter at `back`
 * with falling instants and leave at `front`; one that is no better than a
 * nearer one can never be the maximum again).
 */
typedef struct Ahead
{
	int32_t		best[CHAIN_MAX_STAGES];
	int32_t		front[CHAIN_MAX_STAGES];
	int32_t		back[CHAIN_MAX_STAGES];
} Ahead;

static void
ahead_add(const Search *search, Ahead *ahead, size_t k)
{
	ChainEvent *nodes = search->nodes;
	int			stage = nodes[k].role;

	if (nodes[k].promise > ahead->best[stage])
		ahead->best[stage] = nodes[k].promise;
	if (search->rules->has_steps)
	{
		ChainEvent *slots = nodes + search->first_slot[stage];

		while (ahead->back[stage] > ahead->front[stage] &&
			   nodes[slots[ahead->back[stage] - 1].slot].promise <= nodes[k].promise)
			ahead->back[stage]--;
		slots[ahead->back[stage]++].slot = (int32_t) k;
	}
}

static int32_t
ahead_within(const Search *search, Ahead *ahead, int stage, int64_t from, int64_t window)
{
	ChainEvent *nodes = search->nodes;
	ChainEvent *slots = nodes + search->first_slot[stage];

	while (ahead->front[stage] < ahead->back[stage] &&
		   !chain_is_within(from, nodes[slots[ahead->front[stage]].slot].at, window))
		ahead->front[stage]++;
	return ahead->front[stage] < ahead->back[stage] ?
		nodes[slots[ahead->front[stage]].slot].promise : 0;
}

/* The bound on the time from a stage to a later one, when they are neighbours. */
static inline int64_t
step_window(const ChainRules *rules, int stage, int next)
{
	return rules->has_steps && next == stage + 1 ? rules->step_within[stage] : CHAIN_NO_WINDOW;
}

static int32_t
promise_of(const Search *search, Ahead *ahead, size_t k)
{
	const ChainRules *rules = search->rules;
	int			stage = search->nodes[k].role;
	int32_t		promise = PROMISE(stage + 1, 1);

	for (uint32_t next = search->next_stages[stage]; next != 0; next &= next - 1)
	{
		int			to = __builtin_ctz(next);
		int64_t		window = step_window(rules, stage, to);
		int32_t		behind = window == CHAIN_NO_WINDOW ? ahead->best[to] :
			ahead_within(search, ahead, to, search->nodes[k].at, window);

		if (behind >= promise)
			promise = behind + 1;
	}
	return promise;
}

/* The same where the next matched event is of this batch or of the one after. */
static int32_t
adjacent_promise_of(const Search *search, size_t k, size_t batch_end, size_t reach_end)
{
	const ChainRules *rules = search->rules;
	const ChainEvent *nodes = search->nodes;
	int			stage = nodes[k].role;
	int32_t		promise = PROMISE(stage + 1, 1);

	for (size_t next = k + 1; next < reach_end; next++)
	{
		int			to = nodes[next].role;

		if (to == CHAIN_EXIT || !((search->next_stages[stage] >> to) & 1))
			continue;
		if (next >= batch_end &&
			!chain_is_within(nodes[k].at, nodes[next].at, step_window(rules, stage, to)))
			continue;
		if (nodes[next].promise >= promise)
			promise = nodes[next].promise + 1;
	}
	return promise;
}

/* Sets the promise of every stage node in [low, high), as if no others were there. */
static void
make_promises(const Search *search, size_t low, size_t high)
{
	const ChainRules *rules = search->rules;
	ChainEvent *nodes = search->nodes;
	Ahead		ahead;
	size_t		reach_end = high;

	memset(ahead.best, 0, sizeof(int32_t) * rules->nstages);
	memset(ahead.front, 0, sizeof(int32_t) * rules->nstages);
	memset(ahead.back, 0, sizeof(int32_t) * rules->nstages);

	for (size_t end = high, start; end > low; end = start)
	{
		/* [start, end) is the last batch not yet done, higher stages first */
		for (start = end; start > low && nodes[start - 1].batch == nodes[end - 1].batch;)
		{
			size_t		k = --start;

			interrupt(rules, k);
			if (nodes[k].role == CHAIN_EXIT)
				continue;
			if (rules->mode == CHAIN_ADJACENT)
				nodes[k].promise = adjacent_promise_of(search, k, end, reach_end);
			else
			{
				nodes[k].promise = promise_of(search, &ahead, k);
				if (rules->mode == CHAIN_ORDERED)
					ahead_add(search, &ahead, k);
			}
		}
		if (rules->mode == CHAIN_INCREASING)
			for (size_t k = end; k-- > start;)
				if (nodes[k].role != CHAIN_EXIT)
					ahead_add(search, &ahead, k);
		reach_end = end;
	}
}

/*
 * Follows the promises from an entry: at each link the lowest stage that keeps
 * what is left of the promise, and of it the earliest event.
 */
static void
follow(const Search *search, size_t entry, size_t high, ChainResult *result)
{
	const ChainRules *rules = search->rules;
	const ChainEvent *nodes = search->nodes;
	size_t		at = entry;

	result->depth = PROMISE_DEPTH(nodes[entry].promise);
	result->matched = 1;
	result->nmatched = 1;
	result->times[0] = nodes[entry].at;
	while (PROMISE_MATCHED(nodes[at].promise) > 1)
	{
		int			stage = nodes[at].role;
		size_t		chosen = at;

		for (size_t k = at + 1; k < high; k++)
		{
			int			to = nodes[k].role;

			interrupt(rules, k);
			if (rules->mode == CHAIN_ADJACENT && nodes[k].batch > nodes[at].batch + 1)
				break;
			if (to == CHAIN_EXIT || !((search->next_stages[stage] >> to) & 1) ||
				nodes[k].promise != nodes[at].promise - 1 ||
				(rules->mode == CHAIN_INCREASING && nodes[k].batch == nodes[at].batch) ||
				(chosen != at && to >= nodes[chosen].role) ||
				!chain_is_within(nodes[at].at, nodes[k].at, step_window(rules, stage, to)))
				continue;
			chosen = k;
			if (to == stage + 1)
				break;
		}
		at = chosen;
		result->matched |= (uint32_t) 1 << nodes[at].role;
		result->times[result->nmatched++] = nodes[at].at;
	}
}

/* The first node, from `from` on, that is outside the window of an entry. */
static size_t
window_end(const Search *search, size_t entry, size_t from)
{
	while (from < search->nnodes &&
		   chain_is_within(search->nodes[entry].at, search->nodes[from].at, search->rules->within))
		from++;
	return from;
}

/*
 * The earliest ends of chains to one depth that start at each node and match so
 * many stages, built up stage by stage: `end` is that of the number at work,
 * `next_end` that of one more.
 */
#define ENDS 1					/* `end` means something */
#define ENDS_NEXT 2				/* `next_end` does */

/* As Ahead, with the least ends in place of the greatest promises. */
typedef struct EndsAhead
{
	bool		any[CHAIN_MAX_STAGES];
	int64_t		least[CHAIN_MAX_STAGES];
	int32_t		front[CHAIN_MAX_STAGES];
	int32_t		back[CHAIN_MAX_STAGES];
} EndsAhead;

static void
ends_add(const Search *search, EndsAhead *ahead, size_t k)
{
	ChainEvent *nodes = search->nodes;
	int			stage = nodes[k].role;

	if (!(nodes[k].ends & ENDS))
		return;
	if (!ahead->any[stage] || nodes[k].end < ahead->least[stage])
		ahead->least[stage] = nodes[k].end;
	ahead->any[stage] = true;
	if (search->rules->has_steps)
	{
		ChainEvent *slots = nodes + search->first_slot[stage];

		while (ahead->back[stage] > ahead->front[stage] &&
			   nodes[slots[ahead->back[stage] - 1].slot].end >= nodes[k].end)
			ahead->back[stage]--;
		slots[ahead->back[stage]++].slot = (int32_t) k;
	}
}

/* Finds the least end among the nodes of a stage that are ahead, within a step window. */
static bool
ends_within(const Search *search, EndsAhead *ahead, int stage, int64_t from, int64_t window, int64_t *end)
{
	ChainEvent *nodes = search->nodes;
	ChainEvent *slots;

	if (window == CHAIN_NO_WINDOW)
	{
		*end = ahead->least[stage];
		return ahead->any[stage];
	}
	slots = nodes + search->first_slot[stage];
	while (ahead->front[stage] < ahead->back[stage] &&
		   !chain_is_within(from, nodes[slots[ahead->front[stage]].slot].at, window))
		ahead->front[stage]++;
	if (ahead->front[stage] == ahead->back[stage])
		return false;
	*end = nodes[slots[ahead->front[stage]].slot].end;
	return true;
}

/* Sets next_end of a node: the least end of a chain through it to what is ahead. */
static void
set_next_end(const Search *search, EndsAhead *ahead, size_t k)
{
	ChainEvent *node = &search->nodes[k];

	for (uint32_t next = search->next_stages[node->role]; next != 0; next &= next - 1)
	{
		int			to = __builtin_ctz(next);
		int64_t		end;

		if (!ends_within(search, ahead, to, node->at, step_window(search->rules, node->role, to), &end) ||
			((node->ends & ENDS_NEXT) && node->next_end <= end))
			continue;
		node->next_end = end;
		node->ends |= ENDS_NEXT;
	}
}

/*
 * Works backwards to `first`: sets next_end of every node from the ends ahead.
 * With `any_number` that is at once the end of a node without one, so that
 * chains of any number of matched stages are found.
 */
static void
sweep_ends(const Search *search, size_t first, bool any_number)
{
	ChainEvent *nodes = search->nodes;
	EndsAhead	ahead;

	memset(&ahead, 0, sizeof(ahead));
	for (size_t end = search->nnodes, start; end > first; end = start)
	{
		for (start = end; start > first && nodes[start - 1].batch == nodes[end - 1].batch;)
		{
			size_t		k = --start;

			interrupt(search->rules, k);
			if (nodes[k].role == CHAIN_EXIT)
				continue;
			set_next_end(search, &ahead, k);
			if (any_number && nodes[k].ends == ENDS_NEXT)
			{
				nodes[k].end = nodes[k].next_end;
				nodes[k].ends = ENDS;
			}
			if (search->rules->mode == CHAIN_ORDERED)
				ends_add(search, &ahead, k);
		}
		if (search->rules->mode == CHAIN_INCREASING)
			for (size_t k = end; k-- > start;)
				if (nodes[k].role != CHAIN_EXIT)
					ends_add(search, &ahead, k);
	}
}

/* The ends of chains that match one stage, the last one of a depth. */
static void
begin_ends(const Search *search, size_t first, int depth)
{
	ChainEvent *nodes = search->nodes;

	for (size_t k = first; k < search->nnodes; k++)
	{
		nodes[k].end = nodes[k].at;
		nodes[k].ends = nodes[k].role == depth - 1 ? ENDS : 0;
	}
}

/* One matched stage more. */
static void
lengthen_ends(const Search *search, size_t first)
{
	ChainEvent *nodes = search->nodes;

	sweep_ends(search, first, false);
	for (size_t k = first; k < search->nnodes; k++)
	{
		nodes[k].end = nodes[k].next_end;
		nodes[k].ends = nodes[k].ends & ENDS_NEXT ? ENDS : 0;
	}
}

/* The earliest entry with an end inside its window; nnodes for none. */
static size_t
entry_with_end(const Search *search, size_t first)
{
	const ChainEvent *nodes = search->nodes;

	for (size_t k = first; k < search->nnodes; k++)
		if (nodes[k].role == 0 && (nodes[k].ends & ENDS) &&
			chain_is_within(nodes[k].at, nodes[k].end, search->rules->within))
			return k;
	return search->nnodes;
}

/*
 * The entry of the winner under `within`, for chains in order: the earliest that
 * reaches the greatest depth with the most matched stages. `deepest` is what can
 * be reached without the window.
 */
static size_t
best_entry(const Search *search, size_t first, int deepest)
{
	int			depth;
	size_t		best;

	for (depth = deepest; depth > 1; depth--)
	{
		begin_ends(search, first, depth);
		sweep_ends(search, first, true);
		if (entry_with_end(search, first) < search->nnodes)
			break;
	}
	best = first;
	begin_ends(search, first, depth);
	for (int matched = 2; matched <= depth; matched++)
	{
		size_t		entry;

		lengthen_ends(search, first);
		entry = entry_with_end(search, first);
		best = entry < search->nnodes ? entry : best;
	}
	return best;
}

/* The same for adjacent chains, which end as many batches on as there are stages, at most. */
static size_t
best_adjacent_entry(const Search *search, size_t first)
{
	const ChainEvent *nodes = search->nodes;
	size_t		best = first;
	size_t		high = first;
	int32_t		best_promise = 0;

	for (size_t k = first; k < search->nnodes; k++)
	{
		interrupt(search->rules, k);
		if (nodes[k].role != 0)
			continue;
		high = high < k ? k : high;
		while (high < search->nnodes && nodes[high].batch - nodes[k].batch < search->rules->nstages &&
			   chain_is_within(nodes[k].at, nodes[high].at, search->rules->within))
			high++;
		make_promises(search, k, high);
		if (nodes[k].promise > best_promise)
		{
			best = k;
			best_promise = nodes[k].promise;
		}
	}
	return best;
}

/* All modes but CHAIN_ANY_ORDER. */
static void
search_in_order(Search *search, ChainResult *result)
{
	const ChainRules *rules = search->rules;
	ChainEvent *nodes = search->nodes;
	size_t		first = search->nnodes;
	size_t		best;
	size_t		high;

	for (size_t k = 0; k < search->nnodes; k++)
	{
		if (nodes[k].role != 0)
			continue;
		if (first == search->nnodes || rules->entry == CHAIN_LATEST)
			first = k;
		if (rules->entry == CHAIN_FIRST)
			break;
	}
	if (first == search->nnodes)
		return;

	if (rules->entry != CHAIN_BEST)
	{
		high = window_end(search, first, first);
		make_promises(search, first, high);
		follow(search, first, high, result);
		return;
	}

	/* without the window first: when its winner fits, it wins with it as well */
	make_promises(search, first, search->nnodes);
	best = first;
	for (size_t k = first; k < search->nnodes; k++)
		if (nodes[k].role == 0 && nodes[k].promise > nodes[best].promise)
			best = k;
	follow(search, best, search->nnodes, result);
	if (chain_is_within(result->times[0], result->times[result->nmatched - 1], rules->within))
		return;

	best = rules->mode == CHAIN_ADJACENT ? best_adjacent_entry(search, first) :
		best_entry(search, first, PROMISE_DEPTH(nodes[best].promise));
	high = window_end(search, best, best);
	make_promises(search, best, high);
	follow(search, best, high, result);
}

/* What the stages present in one window amount to under CHAIN_ANY_ORDER. */
static int32_t
promise_of_stages(const ChainRules *rules, uint32_t present)
{
	uint32_t	all = rules->nstages == CHAIN_MAX_STAGES ? UINT32_MAX :
		((uint32_t) 1 << rules->nstages) - 1;
	uint32_t	missing = all & ~present & (~rules->optional | 1);
	uint32_t	counted = missing == 0 ? present : present & ((missing & -missing) - 1);

	if (!(present & 1))
		return 0;
	return PROMISE(highest_bit(counted) + 1, __builtin_popcount(counted));
}

/*
 * Under CHAIN_ANY_ORDER: gives each node what the window that starts at it
 * amounts to, and returns the best.
 */
static int32_t
promise_windows(const Search *search)
{
	const ChainRules *rules = search->rules;
	ChainEvent *nodes = search->nodes;
	size_t		counts[CHAIN_EXIT + 1] = {0};
	uint32_t	present = 0;
	int32_t		best = 0;
	size_t		high = 0;

	for (size_t k = 0; k < search->nnodes; k++)
	{
		interrupt(rules, k);
		for (; high < search->nnodes && chain_is_within(nodes[k].at, nodes[high].at, rules->within); high++)
		{
			int			role = nodes[high].role;

			if (role != CHAIN_EXIT && counts[role]++ == 0)
				present |= (uint32_t) 1 << role;
		}

		nodes[k].promise = promise_of_stages(rules, present);
		if (nodes[k].promise > best)
			best = nodes[k].promise;

		if (nodes[k].role != CHAIN_EXIT && --counts[nodes[k].role] == 0)
			present &= ~((uint32_t) 1 << nodes[k].role);
	}
	return best;
}

/*
 * Lists the starts of the best windows in the slots, and returns how many. A
 * later node of a batch has lost the earlier ones, so its promise is at most
 * theirs: the first of each batch stands for the window.
 */
static size_t
list_starts(const Search *search, int32_t best)
{
	ChainEvent *nodes = search->nodes;
	size_t		nstarts = 0;

	for (size_t k = 0; k < search->nnodes; k++)
		if (nodes[k].promise == best && (k == 0 || nodes[k - 1].batch != nodes[k].batch))
			nodes[nstarts++].slot = (int32_t) k;
	return nstarts;
}

/* The instants taken so far under CHAIN_ANY_ORDER. */
typedef struct Taken
{
	int64_t		earliest;
	int64_t		latest;
} Taken;

/* The earliest event of a stage that lies in a listed window with all those taken before; nnodes for none. */
static size_t
event_in_windows(const Search *search, size_t nstarts, int stage, const Taken *taken)
{
	const ChainEvent *nodes = search->nodes;
	size_t		start = 0;

	for (size_t k = 0; k < search->nnodes; k++)
	{
		int64_t		at = nodes[k].at;
		int64_t		low;
		int64_t		top;

		interrupt(search->rules, k);
		if (nodes[k].role != stage)
			continue;

		/* the window must start in [low, top] to hold it and all before */
		top = at < taken->earliest ? at : taken->earliest;
		low = chain_earlier_by(at > taken->latest ? at : taken->latest, search->rules->within);
		while (start < nstarts && nodes[nodes[start].slot].at < low)
			start++;
		if (start < nstarts && nodes[nodes[start].slot].at <= top)
			return k;
	}
	return search->nnodes;
}

/*
 * CHAIN_ANY_ORDER: every window that starts at an event is looked at; those
 * that hold the best stages are marked. The winner then takes, stage by stage,
 * the earliest event that still lies in a marked window with all those taken before.
 */
static void
search_any_order(Search *search, ChainResult *result)
{
	int32_t		best = promise_windows(search);
	Taken		taken = {INT64_MAX, INT64_MIN};
	size_t		nstarts;

	if (best == 0)
		return;
	nstarts = list_starts(search, best);
	result->depth = PROMISE_DEPTH(best);
	for (int stage = 0; stage < result->depth; stage++)
	{
		size_t		k = event_in_windows(search, nstarts, stage, &taken);
		int64_t		at;

		if (k == search->nnodes)
			continue;
		at = search->nodes[k].at;
		result->matched |= (uint32_t) 1 << stage;
		result->times[result->nmatched++] = at;
		taken.earliest = at < taken.earliest ? at : taken.earliest;
		taken.latest = at > taken.latest ? at : taken.latest;
	}
}

/* The first exit at or after the last event of any stage, CHAIN_NEVER for none. */
static int64_t
standing_exit(const Search *search)
{
	int64_t		exit_at = CHAIN_NEVER;

	/* exits are the last of their instant */
	for (size_t k = search->nnodes; k-- > 0 && search->nodes[k].role == CHAIN_EXIT;)
		exit_at = search->nodes[k].at;
	return exit_at;
}

void
chain_set_status(const ChainRules *rules, int64_t entered_at, int64_t last_at, int64_t exit_at,
				 int64_t as_of, ChainResult *result)
{
	int			next = result->depth;	/* the stage that would come next */
	int64_t		deadline = chain_later_by(entered_at, rules->within);

	if (rules->has_steps &&
		(next == rules->nstages - 1 ||
		 (rules->skipped == CHAIN_STOP && !chain_is_optional(rules, next))))
	{
		int64_t		step_deadline = chain_later_by(last_at, rules->step_within[next - 1]);

		deadline = step_deadline < deadline ? step_deadline : deadline;
	}

	chain_set_end(deadline, exit_at, as_of, result);
}

void
chain_search(const ChainRules *rules, ChainEvent *events, size_t nevents,
			 int64_t as_of, ChainResult *result)
{
	Search		search;
	int64_t		entered_at;
	int64_t		last_at;

	result->depth = 0;
	result->matched = 0;
	result->nmatched = 0;
	result->status = CHAIN_NOT_ENTERED;
	result->ended_at = 0;
	search_begin(&search, rules, events, nevents);
	if (rules->mode == CHAIN_ANY_ORDER)
		search_any_order(&search, result);
	else
		search_in_order(&search, result);
	if (result->depth == 0)
		return;
	if (result->depth == rules->nstages)
	{
		result->status = CHAIN_CONVERTED;
		return;
	}
	entered_at = last_at = result->times[0];
	for (int i = 1; i < result->nmatched; i++)
	{
		entered_at = result->times[i] < entered_at ? result->times[i] : entered_at;
		last_at = result->times[i] > last_at ? result->times[i] : last_at;
	}
	chain_set_status(rules, entered_at, last_at, standing_exit(&search), as_of, result);
}
