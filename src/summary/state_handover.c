/*
 * state_handover.c
 *		States of partial aggregates that go from node to node as tokens. Why and when:
 *		state_handover.h.
 */
#include "summary/state_handover.h"

#include "access/parallel.h"
#include "lib/ilist.h"
#include "nodes/execnodes.h"
#include "nodes/plannodes.h"
#include "utils/memutils.h"

/* A state that was handed over, in its own memory. */
typedef struct Handover
{
	dlist_node	node;			/* among all of this process */
	MemoryContextCallback freed;
	StateToken	token;
	const EState *query;
	void	   *state;
} Handover;

static dlist_head handovers = DLIST_STATIC_INIT(handovers);

static void
forget(void *handover)
{
	dlist_delete(&((Handover *) handover)->node);
}

/* ---------------------------------------------------------------- where it goes */

static bool is_handed_to(const Plan *plan, const Plan *partial);

static bool
one_is_handed_to(const List *plans, const Plan *partial)
{
	ListCell   *cell;

	foreach(cell, plans)
		if (is_handed_to(lfirst(cell), partial))
			return true;
	return false;
}

/* Does a plan put out the rows of a partial aggregate as they are? */
static bool
is_handed_to(const Plan *plan, const Plan *partial)
{
	if (plan == partial)
		return true;
	if (plan == NULL)
		return false;
	switch (nodeTag(plan))
	{
		case T_Gather:
		case T_GatherMerge:
			return is_handed_to(outerPlan(plan), partial);
		case T_Append:
			return one_is_handed_to(((const Append *) plan)->appendplans, partial);
		default:
			return false;
	}
}

static bool is_finished(const Plan *plan, const Plan *partial);

static bool
one_is_finished(const List *plans, const Plan *partial)
{
	ListCell   *cell;

	foreach(cell, plans)
		if (is_finished(lfirst(cell), partial))
			return true;
	return false;
}

/* Is there an aggregate in a plan that finishes the rows of the partial one? Plans that this does not know have none. */
static bool
is_finished(const Plan *plan, const Plan *partial)
{
	if (plan == NULL)
		return false;
	if (IsA(plan, Agg) && DO_AGGSPLIT_DESERIALIZE(((const Agg *) plan)->aggsplit) &&
		is_handed_to(outerPlan(plan), partial))
		return true;
	switch (nodeTag(plan))
	{
		case T_Append:
			return one_is_finished(((const Append *) plan)->appendplans, partial);
		case T_MergeAppend:
			return one_is_finished(((const MergeAppend *) plan)->mergeplans, partial);
		case T_SubqueryScan:
			return is_finished(((const SubqueryScan *) plan)->subplan, partial);
		default:
			return is_finished(outerPlan(plan), partial) || is_finished(innerPlan(plan), partial);
	}
}

/* The node that calls, where it is an aggregate of the executor. */
static const AggState *
calling_node(FunctionCallInfo fcinfo)
{
	return fcinfo->context != NULL && IsA(fcinfo->context, AggState) ? (const AggState *) fcinfo->context : NULL;
}

/* Does the node that calls hand its one state to a node of this process that finishes it? */
static bool
stays_here(const AggState *node)
{
	const Agg  *plan = (const Agg *) node->ss.ps.plan;
	const PlannedStmt *query = node->ss.ps.state->es_plannedstmt;

	if (IsParallelWorker() || query == NULL || !DO_AGGSPLIT_SERIALIZE(node->aggsplit) ||
		plan->aggstrategy != AGG_PLAIN || plan->numCols != 0 || plan->groupingSets != NIL)
		return false;
	return is_finished(query->planTree, &plan->plan) || one_is_finished(query->subplans, &plan->plan);
}

/* ---------------------------------------------------------------- tokens */

bool
state_hand_over(FunctionCallInfo fcinfo, MemoryContext context, void *state, StateToken *token)
{
	const AggState *node = calling_node(fcinfo);
	Handover   *handover;
	dlist_iter	i;

	if (node == NULL || !stays_here(node))
		return false;
	dlist_foreach(i, &handovers)
	{
		handover = dlist_container(Handover, node, i.cur);
		if (handover->state == state)
		{
			*token = handover->token;
			return true;
		}
	}
	if (!pg_strong_random(token, sizeof(*token)))
		return false;

	handover = MemoryContextAllocZero(context, sizeof(Handover));
	handover->token = *token;
	handover->query = node->ss.ps.state;
	handover->state = state;
	handover->freed.func = forget;
	handover->freed.arg = handover;
	dlist_push_head(&handovers, &handover->node);
	MemoryContextRegisterResetCallback(context, &handover->freed);
	return true;
}

void *
state_take_over(FunctionCallInfo fcinfo, const StateToken *token)
{
	const AggState *node = calling_node(fcinfo);
	dlist_iter	i;

	if (node == NULL || !DO_AGGSPLIT_DESERIALIZE(node->aggsplit))
		return NULL;
	dlist_foreach(i, &handovers)
	{
		const Handover *handover = dlist_container(Handover, node, i.cur);

		if (handover->query == node->ss.ps.state && memcmp(&handover->token, token, sizeof(*token)) == 0)
			return handover->state;
	}
	return NULL;
}
