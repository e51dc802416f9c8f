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
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/queryenvironment.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"
#include "utils/tuplestore.h"
#include "utils/typcache.h"

#include "follow/history_builder.h"

/*
 * Locks a table that is there; 42501 for a role that may not use it so, as with LOCK TABLE: any role can call
 * this, with any OID.
 */
static void
lock_table(Oid table, LOCKMODE lock, AclMode rights)
{
	Oid			user = GetUserId();

	if (!SearchSysCacheExists1(RELOID, ObjectIdGetDatum(table)))
		return;
	if (pg_class_aclcheck(table, user, rights) != ACLCHECK_OK &&
		pg_attribute_aclcheck_all(table, user, rights, ACLMASK_ANY) != ACLCHECK_OK)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied for table %s", get_rel_name(table)),
				 errdetail("It is locked with the rights of %s.", GetUserNameFromId(user, false))));
	LockRelationOid(table, lock);
}

/*
 * history_tables_lock(source, target): from here to the end of the transaction
 * neither table is renamed, dropped or altered.
 */
PG_FUNCTION_INFO_V1(history_tables_lock);
Datum
history_tables_lock(PG_FUNCTION_ARGS)
{
	lock_table(PG_GETARG_OID(0), AccessShareLock, ACL_SELECT);
	lock_table(PG_GETARG_OID(1), RowExclusiveLock, ACL_INSERT | ACL_UPDATE | ACL_DELETE);
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

/* A statement of a refresh while it is made ready and run. */
typedef struct Statement
{
	const char *sql;
	ParamListInfo parameters;
	Oid		   *types;			/* of them */
	QueryEnvironment *tables;	/* that it reads besides those of the catalog; NULL for none */
	Query	   *query;
} Statement;

/* The arguments of the call that are no parameters. */
enum { ARG_EVENTS, ARG_STORED, ARG_STATEMENT, ARG_SOURCE, ARG_TARGET, ARG_VERBOSE, ARG_PARAMETERS };

/* More parameters where histories were built: rows read, newest stamp, histories to write. */
#define BUILT_PARAMETERS 3

static void
set_parameter(Statement *statement, int i, Oid type, Datum value, bool isnull)
{
	ParamExternData *parameter = &statement->parameters->params[i];

	statement->types[i] = type;
	parameter->ptype = type;
	parameter->pflags = PARAM_FLAG_CONST;
	parameter->isnull = isnull;
	parameter->value = value;
}

/* Parameters $1 and on are the last arguments of the call. */
static void
set_parameters(Statement *statement, FunctionCallInfo fcinfo)
{
	int			n = PG_NARGS() - ARG_PARAMETERS;

	statement->types = palloc(sizeof(Oid) * (n + BUILT_PARAMETERS));
	statement->parameters = makeParamList(n + BUILT_PARAMETERS);
	statement->parameters->numParams = n;
	for (int i = 0; i < n; i++)
		set_parameter(statement, i, get_fn_expr_argtype(fcinfo->flinfo, ARG_PARAMETERS + i),
					  PG_GETARG_DATUM(ARG_PARAMETERS + i), PG_ARGISNULL(ARG_PARAMETERS + i));
}

/* Parses a statement and checks what it names; 55006 where that is neither source nor target. */
static void
parse_over(Statement *statement, NamedTables *tables)
{
	List	   *statements = pg_parse_query(statement->sql);
	Query	   *query;

	if (list_length(statements) != 1)
		ereport(ERROR,
				(errcode(ERRCODE_SYNTAX_ERROR),
				 errmsg("a refresh runs one statement, not %d", list_length(statements))));
	query = parse_analyze_fixedparams(linitial_node(RawStmt, statements), statement->sql, statement->types,
									  statement->parameters->numParams, statement->tables);
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
	statement->query = linitial_node(Query, pg_rewrite_query(query));
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

/* Plans the statement and begins to run it, under the active snapshot. */
static QueryDesc *
start(const Statement *statement, DestReceiver *receiver)
{
	QueryDesc  *description = CreateQueryDesc(plan_query(statement->query, statement->sql, statement->parameters),
											  statement->sql, GetActiveSnapshot(), InvalidSnapshot,
											  receiver, statement->parameters, statement->tables, 0);

	ExecutorStart(description, 0);
	return description;
}

static void
run(QueryDesc *description)
{
	run_to_end(description);
	ExecutorFinish(description);
	ExecutorEnd(description);
	FreeQueryDesc(description);
}

/* Makes a table that the statement reads by a name. */
static void
add_table(Statement *statement, const char *name, TupleDesc row, Tuplestorestate *rows, double nrows)
{
	EphemeralNamedRelation table = palloc0(sizeof(EphemeralNamedRelationData));

	table->md.name = pstrdup(name);
	table->md.tupdesc = row;
	table->md.enrtype = ENR_NAMED_TUPLESTORE;
	table->md.enrtuples = nrows;
	table->reldata = rows;
	register_ENR(statement->tables, table);
}

/* Runs a query for a receiver, as a phase of its own. */
static void
feed(const Statement *query, DestReceiver *receiver, Progress *progress, const char *phase, const char *what)
{
	QueryDesc  *description = start(query, receiver);

	progress_begin(progress, phase, "read", what, description->plannedstmt->planTree->plan_rows);
	run(description);
}

/*
 * Builds histories from the query of events, for the statement to read; only those that
 * differ from the ones of the second query, where there is one.
 */
static void
build_histories(FunctionCallInfo fcinfo, Statement *statement, NamedTables *tables, BuiltHistories *built, Progress *progress)
{
	Statement	query = *statement;
	int			n = statement->parameters->numParams;
	HistoryBuilder *builder = history_builder_create(get_func_namespace(fcinfo->flinfo->fn_oid), fcinfo->args[PG_NARGS() - 1], progress);

	query.sql = text_to_cstring(PG_GETARG_TEXT_PP(ARG_EVENTS));
	parse_over(&query, tables);
	feed(&query, history_builder_receiver(builder), progress, "reading the events", "rows");
	if (!PG_ARGISNULL(ARG_STORED))
	{
		query.sql = text_to_cstring(PG_GETARG_TEXT_PP(ARG_STORED));
		parse_over(&query, tables);
		feed(&query, history_builder_stored_receiver(builder), progress, "reading the histories", "histories");
	}
	progress_begin(progress, "building the histories", "built", "deals", 0);
	history_builder_finish(builder, built);

	statement->tables = create_queryEnv();
	add_table(statement, "built", built->row, built->rows, built->nrows);
	add_table(statement, "gone", built->gone_row, built->gone, built->ngone);
	add_table(statement, "failing", built->failing_row, built->failing, built->nfailing);
	statement->parameters->numParams += BUILT_PARAMETERS;
	set_parameter(statement, n, INT8OID, Int64GetDatum(built->nevents), false);
	set_parameter(statement, n + 1, TIMESTAMPTZOID, TimestampTzGetDatum(built->newest), TIMESTAMP_IS_NOBEGIN(built->newest));
	set_parameter(statement, n + 2, INT8OID, Int64GetDatum(built->nrows), false);
}

/*
 * history_statement(events, stored, statement, source, target, verbose, parameters...):
 * the rows of a SELECT, perhaps with changes to the target in its WITH, as the
 * calling function declares them. Where `events` is not NULL it is a query whose
 * rows are built into histories first (history_builder.h), with the last parameter
 * as kinds for state_changes(); `stored` may be a query of the histories that they
 * are compared with. The statement reads the tables "built", "gone" and "failing",
 * and has three more parameters: how many rows the query of events had, the newest
 * stamp, and the number of rows in "built". All see the same snapshot.
 * Errors: 55006 as above, 42601, 42804, and those of the statement.
 */
PG_FUNCTION_INFO_V1(history_statement);
Datum
history_statement(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	NamedTables tables = {InvalidOid, InvalidOid, InvalidOid};
	Statement	statement = {NULL};
	Progress	progress = {false};
	BuiltHistories built = {NULL};
	DestReceiver *receiver;
	QueryDesc  *description;

	for (int i = ARG_STATEMENT; i < ARG_PARAMETERS; i++)
		if (PG_ARGISNULL(i))
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("statement, source, target and verbose must not be NULL")));
	InitMaterializedSRF(fcinfo, 0);
	tables.source = PG_GETARG_OID(ARG_SOURCE);
	tables.target = PG_GETARG_OID(ARG_TARGET);
	progress.verbose = PG_GETARG_BOOL(ARG_VERBOSE);
	set_parameters(&statement, fcinfo);

	CommandCounterIncrement();
	PushCopiedSnapshot(GetTransactionSnapshot());
	UpdateActiveSnapshotCommandId();
	if (!PG_ARGISNULL(ARG_EVENTS))
		build_histories(fcinfo, &statement, &tables, &built, &progress);
	statement.sql = text_to_cstring(PG_GETARG_TEXT_PP(ARG_STATEMENT));
	parse_over(&statement, &tables);
	progress_begin(&progress, PG_ARGISNULL(ARG_EVENTS) ? "reading what has changed, and writing" : "writing", "", "", 0);
	receiver = CreateDestReceiver(DestTuplestore);
	SetTuplestoreDestReceiverParams(receiver, result->setResult, CurrentMemoryContext, true, NULL, NULL);
	description = start(&statement, receiver);
	require_columns(description->tupDesc, result->setDesc);
	run(description);
	if (built.rows != NULL)
	{
		tuplestore_end(built.rows);
		tuplestore_end(built.gone);
		tuplestore_end(built.failing);
	}
	PopActiveSnapshot();
	CommandCounterIncrement();
	return (Datum) 0;
}

/* history_key_hashes(type): can deals of this key be told apart by hashing, as the builder of histories does? */
PG_FUNCTION_INFO_V1(history_key_hashes);
Datum
history_key_hashes(PG_FUNCTION_ARGS)
{
	Oid			key = PG_GETARG_OID(0);
	TypeCacheEntry *type;

	if (!get_typisdefined(key))
		PG_RETURN_BOOL(false);
	type = lookup_type_cache(key, TYPECACHE_HASH_PROC | TYPECACHE_EQ_OPR);
	PG_RETURN_BOOL(OidIsValid(type->hash_proc) && OidIsValid(type->eq_opr));
}
