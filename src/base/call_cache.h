/*
 * call_cache.h
 *		What a call site of an SQL function keeps between its calls: the options,
 *		parsed once, or the order of a moving aggregate's cells.
 *
 * Options are arguments of varlena types (text, text[], numeric[]), one of them
 * perhaps an interval, that rarely change from call to call. Where all are
 * constants they are not even looked at again; elsewhere their bytes are compared.
 *
 *		parsed = call_cache_get(fcinfo, first, last, interval);
 *		if (parsed == NULL)
 *		{
 *			options = call_cache_begin(fcinfo, first, last, interval, &caller);
 *			parsed = ... of options[0 .. last - first], in the cache's context;
 *			call_cache_end(fcinfo, parsed, caller);
 *		}
 *
 * An error between begin and end leaves an empty cache behind.
 */
#ifndef EM_CALL_CACHE_H
#define EM_CALL_CACHE_H

#include "base/compat.h"

#include "plain/tally.h"

/* `interval` is the argument that is one; or this. */
#define NO_INTERVAL (-1)

/* What was parsed from the same options before, or NULL. */
extern void *call_cache_get(FunctionCallInfo fcinfo, int first, int last, int interval);

/*
 * Copies of the arguments first .. last (NULL for a NULL one; an interval behind
 * a varlena header) that live as long as the call site; the current context is then that of the copies.
 */
extern struct varlena **call_cache_begin(FunctionCallInfo fcinfo, int first, int last,
										 int interval, MemoryContext *caller);
extern void call_cache_end(FunctionCallInfo fcinfo, void *parsed, MemoryContext caller);

/*
 * The final function of a moving aggregate reads nearly the same tally row after
 * row: an order to sort it by, with room for so many slots. NULL in any other call.
 */
extern TallyOrder *call_cache_order(FunctionCallInfo fcinfo, uint32 used);

#endif							/* EM_CALL_CACHE_H */
