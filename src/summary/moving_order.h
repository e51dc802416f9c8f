/*
 * moving_order.h
 *		The order of a moving aggregate's cells, kept from row to row; what it is
 *		worth stands in tally_order.h.
 */
#ifndef EM_MOVING_ORDER_H
#define EM_MOVING_ORDER_H

#include "base/compat.h"

#include "plain/tally_order.h"

/* For the final function of a moving aggregate: an order with so many slots or more. NULL in any other call. */
extern TallyOrder *moving_order(FunctionCallInfo fcinfo, uint32 used);

#endif							/* EM_MOVING_ORDER_H */
