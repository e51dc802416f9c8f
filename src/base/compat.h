/*
 * compat.h
 *		Every difference between the supported PostgreSQL versions, in one place.
 *
 * Function bodies elsewhere carry no version tests.
 */
#ifndef EM_COMPAT_H
#define EM_COMPAT_H

#include "postgres.h"
#include "datatype/timestamp.h"
#include "fmgr.h"
#include "libpq/pqformat.h"
#if PG_VERSION_NUM >= 160000
#include "varatt.h"
#include "nodes/miscnodes.h"
#endif

#if PG_VERSION_NUM < 160000

/*
 * Before 16 there are no soft errors: every error is thrown. The context
 * argument is still passed around so that the callers read the same.
 */
#define errsave(context, ...) \
	do { (void) (context); ereport(ERROR, __VA_ARGS__); } while (0)
#define ereturn(context, dummy, ...) \
	do { (void) (context); ereport(ERROR, __VA_ARGS__); return dummy; } while (0)

static inline bool
DirectInputFunctionCallSafe(PGFunction func, char *str, Oid typioparam,
							int32 typmod, fmNodePtr escontext, Datum *result)
{
	(void) escontext;
	*result = DirectFunctionCall3(func, CStringGetDatum(str),
								  ObjectIdGetDatum(typioparam), Int32GetDatum(typmod));
	return true;
}

static inline bool
InputFunctionCallSafe(FmgrInfo *flinfo, char *str, Oid typioparam,
					  int32 typmod, fmNodePtr escontext, Datum *result)
{
	(void) escontext;
	*result = InputFunctionCall(flinfo, str, typioparam, typmod);
	return true;
}

/* Before 16 this function has one argument more. */
#define pq_sendcountedtext(out, text, length) (pq_sendcountedtext) (out, text, length, false)

/* Old headers declare a walker without arguments; C23 reads that as a function that takes none. */
#include "nodes/nodeFuncs.h"
#define query_tree_walker(query, walker, context, flags) (query_tree_walker) (query, (bool (*) ()) (walker), context, flags)
#define expression_tree_walker(node, walker, context) (expression_tree_walker) (node, (bool (*) ()) (walker), context)

/* Less than was asked for is an error from 16 on. */
#define read_exactly(file, data, size) \
	do { \
		if (BufFileRead(file, data, size) != (size)) \
			ereport(ERROR, \
					(errcode_for_file_access(), \
					 errmsg("could not read from a temporary file of events: %m"))); \
	} while (0)

/* an entry of pg_stat_activity, counted from 1 */
#define pgstat_get_local_beentry_by_index(i) pgstat_fetch_stat_local_beentry(i)

#else
#define read_exactly(file, data, size) BufFileReadExact(file, data, size)
#endif							/* PG_VERSION_NUM < 160000 */

/* The description of a row has to be finished from 19 on. */
#if PG_VERSION_NUM < 190000
#define TupleDescFinalize(description) ((void) (description))
#endif

/* From 18 on it stands before the declaration. */
#if PG_VERSION_NUM < 180000
#define pg_noreturn pg_attribute_noreturn()
#endif

/* 19 writes Node * where this was. */
#if PG_VERSION_NUM >= 190000
typedef struct Node *fmNodePtr;
#endif

/* What EXPLAIN wants to know is an argument of the planner from 19 on; whether a query runs once was one of the executor up to 17. */
#if PG_VERSION_NUM >= 190000
#define plan_query(query, sql, parameters) pg_plan_query(query, sql, CURSOR_OPT_PARALLEL_OK, parameters, NULL)
#else
#define plan_query(query, sql, parameters) pg_plan_query(query, sql, CURSOR_OPT_PARALLEL_OK, parameters)
#endif
#if PG_VERSION_NUM >= 180000
#define run_to_end(description) ExecutorRun(description, ForwardScanDirection, 0)
#else
#define run_to_end(description) ExecutorRun(description, ForwardScanDirection, 0, true)
#endif

/* Intervals can be infinite from 17 on. */
#ifndef INTERVAL_NOT_FINITE
#define INTERVAL_NOT_FINITE(interval) ((void) (interval), false)
#endif

#endif							/* EM_COMPAT_H */
