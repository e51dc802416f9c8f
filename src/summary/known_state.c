/*
 * known_state.c
 *		The sizes of states that a call site has checked. What for: known_state.h.
 */
#include "summary/known_state.h"

SummaryState *
known_state_find(FunctionCallInfo fcinfo, const SummaryType *type,
				 const void *identity, Size identity_size, int nsums)
{
	SummaryState *state = summary_state(fcinfo, type, identity, identity_size, nsums);
	KnownSizes *known = fcinfo->flinfo->fn_extra;

	/* only the state of an aggregate is changed where it lies, and only that one was checked as it came */
	if (PG_ARGISNULL(0) || (Pointer) state != DatumGetPointer(PG_GETARG_DATUM(0)) ||
		!AggCheckCallContext(fcinfo, NULL))
		return state;
	Assert(type->names == NULL);
	if (known == NULL)
		fcinfo->flinfo->fn_extra = known = MemoryContextAlloc(fcinfo->flinfo->fn_mcxt, sizeof(KnownSizes));
	known->vl_len_ = state->vl_len_;
	known->capacity = summary_tally(state)->capacity;
	known->head = known_head(state);
	if (type->max_groups > 0)
	{
		known->groups_at = state->groups_at;
		known->labels = summary_labels(state)->capacity;
		known->label_bytes = summary_labels(state)->space;
	}
	return state;
}
