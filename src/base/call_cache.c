/*
 * call_cache.c
 *		Options of an SQL function, parsed once for each call site.
 */
#include "base/call_cache.h"

#include "nodes/primnodes.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

typedef struct CallCache
{
	MemoryContext context;		/* of the options and what was made of them */
	struct varlena **options;
	void	   *parsed;			/* NULL while there is nothing yet */
	bool		constant;		/* no option can change during the query */
} CallCache;

/* An argument as a piece of memory; NULL for a NULL one. */
static struct varlena *
argument_bytes(FunctionCallInfo fcinfo, int argno, int interval)
{
	struct varlena *bytes;

	if (PG_ARGISNULL(argno))
		return NULL;
	if (argno != interval)
		return PG_DETOAST_DATUM(PG_GETARG_DATUM(argno));
	bytes = palloc(VARHDRSZ + sizeof(Interval));
	SET_VARSIZE(bytes, VARHDRSZ + sizeof(Interval));
	memcpy(VARDATA(bytes), PG_GETARG_INTERVAL_P(argno), sizeof(Interval));
	return bytes;
}

/*
 * Is an argument the same in every call? Not so an external parameter, though
 * get_fn_expr_arg_stable() says yes: PL/pgSQL keeps the call site of a simple
 * expression while its variables change.
 */
static bool
argument_is_constant(const FmgrInfo *call_site, int argno)
{
	const FuncExpr *call = (const FuncExpr *) call_site->fn_expr;

	return call != NULL && IsA(call, FuncExpr) && argno < list_length(call->args) &&
		IsA(list_nth(call->args, argno), Const);
}

void *
call_cache_get_constant(FunctionCallInfo fcinfo)
{
	const CallCache *cache = fcinfo->flinfo->fn_extra;

	return cache != NULL && cache->constant ? cache->parsed : NULL;
}

void *
call_cache_get(FunctionCallInfo fcinfo, const CachedArguments *arguments)
{
	CallCache  *cache = fcinfo->flinfo->fn_extra;

	if (cache == NULL || cache->parsed == NULL || cache->constant)
		return cache == NULL ? NULL : cache->parsed;
	for (int i = 0; i < arguments->count; i++)
	{
		const struct varlena *before = cache->options[i];
		const struct varlena *now = argument_bytes(fcinfo, arguments->argno[i], arguments->interval);

		if ((now == NULL) != (before == NULL))
			return NULL;
		if (now == NULL)
			continue;
		if (VARSIZE(now) != VARSIZE(before) || memcmp(now, before, VARSIZE(now)) != 0)
			return NULL;
	}
	return cache->parsed;
}

struct varlena **
call_cache_begin(FunctionCallInfo fcinfo, const CachedArguments *arguments,
				 MemoryContext *caller)
{
	CallCache  *cache = fcinfo->flinfo->fn_extra;

	if (cache == NULL)
	{
		cache = MemoryContextAllocZero(fcinfo->flinfo->fn_mcxt, sizeof(CallCache));
		cache->context = AllocSetContextCreate(fcinfo->flinfo->fn_mcxt, "options of a function",
											   ALLOCSET_SMALL_SIZES);
		fcinfo->flinfo->fn_extra = cache;
	}
	cache->parsed = NULL;
	MemoryContextReset(cache->context);
	*caller = MemoryContextSwitchTo(cache->context);
	cache->constant = true;
	cache->options = palloc0(sizeof(struct varlena *) * arguments->count);
	for (int i = 0; i < arguments->count; i++)
	{
		struct varlena *bytes = argument_bytes(fcinfo, arguments->argno[i], arguments->interval);

		if (bytes != NULL)
			cache->options[i] = memcpy(palloc(VARSIZE(bytes)), bytes, VARSIZE(bytes));
		if (!argument_is_constant(fcinfo->flinfo, arguments->argno[i]))
			cache->constant = false;
	}
	return cache->options;
}

bool
call_cache_end(FunctionCallInfo fcinfo, void *parsed, MemoryContext caller)
{
	CallCache  *cache = fcinfo->flinfo->fn_extra;

	cache->parsed = parsed;
	MemoryContextSwitchTo(caller);
	return cache->constant;
}
