/*
 * chain_memo.h
 *		What was found of earlier deals, for a deal like them.
 *
 * A million histories have few different dictionaries of kinds, and few
 * different sequences of roles. So the answer of a search is remembered as a
 * plan: which of the events that play a role are matched, and which exit stands.
 * Then only the instants of those are read out of the packed bytes.
 *
 *	dictionary	its bytes -> the role of each kind
 *	sequence	the roles of the events in order, four bits each -> plan
 *
 * A plan is made by chain_search() on instants 0, 1, 2, ... without `within`.
 * When its chain fits the window it wins with it as well. Where stages come once
 * and in order, and no exit before them, it holds for equal instants, too;
 * other plans hold only where all instants differ.
 *
 * chain_memo_read() says no, and leaves the deal to the search, wherever that is
 * not so; for more than 16 kinds, 15 events with a role or 14 stages; for other
 * modes than `ordered`, and with step windows; and for bytes that it does not
 * understand, which are then found damaged by others.
 *
 * Worth, on test/bench's stored funnels, as time without it by time with it
 * (processor time of one process, paired medians): 1.32, by 64 teams 1.19.
 */
#ifndef EM_CHAIN_MEMO_H
#define EM_CHAIN_MEMO_H

#include "plain/chain.h"

#define MEMO_MAX_STAGES 14
#define MEMO_MAX_KINDS 16
#define MEMO_MAX_EVENTS 15		/* with a role */
#define MEMO_MAX_BYTES 56		/* of a dictionary */

/* Roles above the stages, in four bits. */
#define MEMO_EXIT 14
#define MEMO_NO_ROLE 15

typedef struct MemoDictionary
{
	uint32_t	size;			/* bytes; 0 when free */
	uint32_t	nkinds;
	uint64_t	last;			/* the last eight bytes, or all of fewer */
	uint8_t		bytes[MEMO_MAX_BYTES];
	uint8_t		roles[MEMO_MAX_KINDS];
} MemoDictionary;

#define MEMO_NO_EXIT 0xFF

typedef struct MemoPlan
{
	uint64_t	sequence;		/* 1, then the roles; 0 when free */
	uint32_t	matched;
	uint8_t		depth;
	uint8_t		nmatched;
	uint8_t		exit;			/* the exit that stands, or MEMO_NO_EXIT */
	bool		all_differ;		/* holds only where all instants do */
	uint8_t		events[MEMO_MAX_STAGES];	/* the matched ones; numbers of events with a role */
} MemoPlan;

#define MEMO_DICTIONARIES_LOG2 8
#define MEMO_PLANS_LOG2 9

typedef struct ChainMemo
{
	const ChainRules *rules;
	ChainRules	timeless;		/* the same without `within` */
	MemoDictionary dictionaries[1 << MEMO_DICTIONARIES_LOG2];
	MemoPlan	plans[1 << MEMO_PLANS_LOG2];
} ChainMemo;

/* Can there be a memo for these rules, on this machine? */
extern bool chain_memo_serves(const ChainRules *rules);

/* Empty; the rules must outlive it. */
extern void chain_memo_begin(ChainMemo *memo, const ChainRules *rules);

/*
 * The winning chain of a packed history, its varlena header left out: the answer
 * of chain_search() on its events up to as_of. False where it takes the search.
 */
extern bool chain_memo_read(ChainMemo *memo, const uint8_t *data, size_t size, int64_t as_of, ChainResult *result);

/*
 * Remembers the roles of a dictionary (those of its kinds are CHAIN_EXIT, a stage,
 * or anything above) for the next history that has it. The bytes from `dictionary`
 * to `end` are those of a history, with its head before.
 */
extern void chain_memo_learn(ChainMemo *memo, const uint8_t *dictionary, const uint8_t *end,
							 uint32_t nkinds, uint32_t nsubjects, const uint8_t *roles);

#endif							/* EM_CHAIN_MEMO_H */
