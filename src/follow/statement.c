/*
 * statement.c
 *		Running the statement of a refresh over tables that are known by OID.
 *
 * A statement names its tables. Their owner can rename one and put a view in
 * its place while the statement waits for a lock, and the view's functions would
 * run with the rights of the target's owner. So the tables are locked by OID
 * before their names are looked up, and every relation that the parsed statement
 * names must be one of them. It is planned and run as it was checked: a cached
 * plan could be parsed again.
 */
#include "base/compat.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "executor/tstoreReceiver.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "parser/analyze.h"
#include "storage/lmgr.h"
#include "tcop/dest.h"
#include "tcop/tcopprot.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"
#include "utils/tuplestore.h"

/*
 * history_tables_lock(source, target): from here to the end of the transaction
 * neither table is renamed, dropped or altered.
 */
PG_FUNCTION_INFO_V1(history_tables_lock);
Datum
history_tables_lock(PG_FUNCTION_ARGS)
{
	LockRelationOid(PG_GETARG_OID(0), AccessShareLock);
	LockRelationOid(PG_GETARG_OID(1), RowExclusiveLock);
	PG_RETURN_VOID();
}

typedef struct NamedTables
{
	Oid			source;
	Oid			target;
	Oid			other;			/* a relation that is neither */
} NamedTables;

/* Looks for a relation other than the two; true ends the walk. */
static bool
find_other(Node *node, void *context)
{
	NamedTables *tables = context;

	if (node == NULL)
		return false;
	if (IsA(node, RangeTblEntry))
	{
		RangeTblEntry *entry = (RangeTblEntry *) node;

		if (entry->rtekind != RTE_RELATION || entry->relid == tables->source || entry->relid == tables->target)
			return false;
		tables->other = entry->relid;
		return true;
	}
	if (IsA(node, Query))
		return query_tree_walker((Query *) node, find_other, tables, QTW_EXAMINE_RTES_BEFORE);
	return expression_tree_walker(node, find_other, tables);
}

/* The parameters $1 and on: arguments 3 and on of the call. */
static ParamListInfo
parameters(FunctionCallInfo fcinfo, Oid *types, int n)
{
	ParamListInfo list = makeParamList(n);

	for (int i = 0; i < n; i++)
	{
		ParamExternData *parameter = &list->params[i];

		types[i] = get_fn_expr_argtype(fcinfo->flinfo, i + 3);
		parameter->ptype = types[i];
		parameter->pflags = PARAM_FLAG_CONST;
		parameter->isnull = PG_ARGISNULL(i + 3);
		parameter->value = PG_GETARG_DATUM(i + 3);
	}
	return list;
}

/* Parses a statement and checks what it names; 55006 where that is neither source nor target. */
static Query *
parse_over(const char *sql, NamedTables *tables, const Oid *types, int ntypes)
{
	List	   *statements = pg_parse_query(sql);
	Query	   *query;

	if (list_length(statements) != 1)
		ereport(ERROR,
				(errcode(ERRCODE_SYNTAX_ERROR),
				 errmsg("a refresh runs one statement, not %d", list_length(statements))));
	query = parse_analyze_fixedparams(linitial_node(RawStmt, statements), sql, types, ntypes, NULL);
	if (query->commandType != CMD_SELECT)
		ereport(ERROR,
				(errcode(ERRCODE_SYNTAX_ERROR),
				 errmsg("the statement of a refresh is a SELECT")));
	if (find_other((Node *) query, tables))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_IN_USE),
				 errmsg("\"%s\" was put in the place of a tracked table while the refresh waited for it",
						get_rel_name(tables->other)),
				 errhint("Refresh again. The next refresh finds the tracked tables by their new names.")));
	return linitial_node(Query, pg_rewrite_query(query));
}

/* 42804 unless the statement returns the columns of the calling function. */
static void
require_columns(TupleDesc given, TupleDesc declared)
{
	bool		same = given->natts == declared->natts;

	for (int i = 0; same && i < given->natts; i++)
		same = TupleDescAttr(given, i)->atttypid == TupleDescAttr(declared, i)->atttypid;
	if (!same)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("the statement of a refresh returns other columns than it should")));
}

static void
run_into(ReturnSetInfo *result, Query *query, const char *sql, ParamListInfo list)
{
	DestReceiver *receiver = CreateDestReceiver(DestTuplestore);
	QueryDesc  *description;

	SetTuplestoreDestReceiverParams(receiver, result->setResult, CurrentMemoryContext, true, NULL, NULL);
	CommandCounterIncrement();
	PushCopiedSnapshot(GetTransactionSnapshot());
	UpdateActiveSnapshotCommandId();
	description = CreateQueryDesc(plan_query(query, sql, list), sql, GetActiveSnapshot(), InvalidSnapshot,
								  receiver, list, NULL, 0);
	ExecutorStart(description, 0);
	require_columns(description->tupDesc, result->setDesc);
	run_to_end(description);
	ExecutorFinish(description);
	ExecutorEnd(description);
	FreeQueryDesc(description);
	PopActiveSnapshot();
	CommandCounterIncrement();
}

/*
 * history_statement(statement, source, target, parameters...): the rows of a
 * SELECT, perhaps with changes to the target in its WITH, as the calling
 * function declares them. Errors: 55006 as above, 42601, 42804, and those of
 * the statement.
 */
PG_FUNCTION_INFO_V1(history_statement);
Datum
history_statement(PG_FUNCTION_ARGS)
{
	NamedTables tables = {InvalidOid, InvalidOid, InvalidOid};
	int			n = PG_NARGS() - 3;
	Oid		   *types = palloc(sizeof(Oid) * n);
	ParamListInfo list;
	char	   *sql;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1) || PG_ARGISNULL(2))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("statement, source and target must not be NULL")));
	InitMaterializedSRF(fcinfo, 0);
	sql = text_to_cstring(PG_GETARG_TEXT_PP(0));
	tables.source = PG_GETARG_OID(1);
	tables.target = PG_GETARG_OID(2);
	list = parameters(fcinfo, types, n);
	run_into((ReturnSetInfo *) fcinfo->resultinfo, parse_over(sql, &tables, types, n), sql, list);
	return (Datum) 0;
}
