/*
 * moving_order.c
 *		The order of a moving aggregate's cells, kept at its call site.
 */
#include "summary/moving_order.h"

#include "utils/memutils.h"

TallyOrder *
moving_order(FunctionCallInfo fcinfo, uint32 used)
{
	uint32		capacity = 2 * Max(used, 1);
	TallyOrder *order;
	MemoryContext context;

	if (AggCheckCallContext(fcinfo, NULL) != AGG_CONTEXT_WINDOW)
		return NULL;
	context = fcinfo->flinfo->fn_mcxt;
	order = fcinfo->flinfo->fn_extra;
	if (order == NULL)
		fcinfo->flinfo->fn_extra = order = MemoryContextAllocZero(context, sizeof(TallyOrder));
	if (order->capacity == 0 || order->capacity < used)
	{
		if (order->capacity > 0)
		{
			pfree(order->slots);
			pfree(order->entries);
		}
		/* the order stays valid if there is no memory for the new one */
		memset(order, 0, sizeof(*order));
		order->slots = MemoryContextAllocHuge(context, sizeof(uint32) * (Size) capacity);
		order->entries = MemoryContextAllocHuge(context, sizeof(TallyEntry) * 2 * (Size) capacity);
		order->capacity = capacity;
	}
	return order;
}
