/*
 * state_handover.h
 *		The state of a partial aggregate handed to the node that finishes it, where both run in
 *		one process: a token goes through the plan in the place of the state's bytes.
 *
 * Worth, on test/bench's funnel over raw events: with one worker 0.9 of the leader's time, and of
 * all of it where the leader has all the rows; writing and reading the state took the rest.
 *
 * A token may come back from anybody, as the bytes of a state may. It is 16 random bytes, looked
 * up among the states that are alive: those that this process handed over, in this very query,
 * and whose memory has not been freed. Any other token finds nothing.
 *
 * A state is handed over where all of this holds:
 *
 *	- the process is no parallel worker;
 *	- the partial aggregate has no groups, so that its state lives as long as its node: that of a
 *	  group is freed before a Sort or a hash table above hands it on;
 *	- the plan has above it nothing but nodes that hand rows on, and then an aggregate that
 *	  finishes partial states. Other engines keep such states, or send them elsewhere.
 *
 * Taking a state leaves it as it is: a plan may read it again.
 */
#ifndef EM_STATE_HANDOVER_H
#define EM_STATE_HANDOVER_H

#include "base/compat.h"

#define STATE_TOKEN_BYTES 16

typedef struct StateToken
{
	uint8		bytes[STATE_TOKEN_BYTES];
} StateToken;

/*
 * Called by a serialization function: the token of a state, which lives in `context`. False
 * where it must be handed over as bytes.
 */
extern bool state_hand_over(FunctionCallInfo fcinfo, MemoryContext context, void *state, StateToken *token);

/* Called by a deserialization function: the state of a token; NULL when it is none of this query's. */
extern void *state_take_over(FunctionCallInfo fcinfo, const StateToken *token);

#endif							/* EM_STATE_HANDOVER_H */
