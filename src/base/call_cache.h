/*
 * call_cache.h
 *		Options of an SQL function, parsed once and kept at its call site.
 *
 * Options are arguments of varlena types (text, text[], numeric[]), one of them
 * perhaps an interval, that rarely change from call to call. Where all are
 * constants they are not even looked at again; elsewhere their bytes are compared.
 *
 *		parsed = call_cache_get(fcinfo, &arguments);
 *		if (parsed == NULL)
 *		{
 *			options = call_cache_begin(fcinfo, &arguments, &caller);
 *			parsed = ... of options[0 .. arguments.count - 1], in the cache's context;
 *			call_cache_end(fcinfo, parsed, caller);
 *		}
 *
 * An error between begin and end leaves an empty cache behind.
 */
#ifndef EM_CALL_CACHE_H
#define EM_CALL_CACHE_H

#include "base/compat.h"

#define CALL_CACHE_MAX_ARGUMENTS 10
#define NO_INTERVAL (-1)

/* The arguments that are options. */
typedef struct CachedArguments
{
	int			count;
	int			argno[CALL_CACHE_MAX_ARGUMENTS];
	int			interval;		/* the argument that is an interval, or NO_INTERVAL */
} CachedArguments;

/* What was parsed at this call site, where all options are constants; else NULL. */
extern void *call_cache_get_constant(FunctionCallInfo fcinfo);

/* What was parsed from the same options before, or NULL. */
extern void *call_cache_get(FunctionCallInfo fcinfo, const CachedArguments *arguments);

/*
 * Copies of the options (NULL for a NULL one; an interval behind a varlena header)
 * that live as long as the call site; the current context is then that of the copies.
 */
extern struct varlena **call_cache_begin(FunctionCallInfo fcinfo, const CachedArguments *arguments,
										 MemoryContext *caller);
/* Are all options constants? What was parsed then lives as long as the query. */
extern bool call_cache_end(FunctionCallInfo fcinfo, void *parsed, MemoryContext caller);

#endif							/* EM_CALL_CACHE_H */
