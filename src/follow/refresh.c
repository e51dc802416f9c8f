/*
 * refresh.c
 *		Refreshing a table of histories with the rights of its owner.
 *
 * What belongs to the owner runs with the refresh: triggers, defaults, casts.
 * Another role that calls it, a superuser above all, must neither lend its
 * rights to that, nor bring the owner what only that role may see. So the refresh runs
 * as that of a materialized view does.
 */
#include "base/compat.h"

#include "access/htup_details.h"
#include "catalog/pg_class.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

/* The owner of a table; InvalidOid when there is no such table. */
static Oid
table_owner(Oid table)
{
	HeapTuple	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(table));
	Oid			owner = InvalidOid;

	if (HeapTupleIsValid(tuple))
	{
		owner = ((Form_pg_class) GETSTRUCT(tuple))->relowner;
		ReleaseSysCache(tuple);
	}
	return owner;
}

/* history_tracking_refresh(regclass, boolean, boolean) in the schema of the calling function. */
static Oid
implementation(FunctionCallInfo fcinfo)
{
	Oid			types[] = {REGCLASSOID, BOOLOID, BOOLOID};
	Oid			function = GetSysCacheOid3(PROCNAMEARGSNSP, Anum_pg_proc_oid,
										   CStringGetDatum("history_tracking_refresh"),
										   PointerGetDatum(buildoidvector(types, lengthof(types))),
										   ObjectIdGetDatum(get_func_namespace(fcinfo->flinfo->fn_oid)));

	if (!OidIsValid(function))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_FUNCTION),
				 errmsg("history_tracking_refresh is not in the schema of refresh_histories")));
	return function;
}

/*
 * refresh_histories(target, full, verbose): history_tracking_refresh() as the owner of
 * the target. A role that may not act as the owner gets the error of that.
 */
PG_FUNCTION_INFO_V1(refresh_histories);
Datum
refresh_histories(PG_FUNCTION_ARGS)
{
	LOCAL_FCINFO(call, 3);
	FmgrInfo	function;
	Oid			owner = PG_ARGISNULL(0) ? InvalidOid : table_owner(PG_GETARG_OID(0));
	Oid			user;
	int			security;
	int			settings;
	Datum		result;

	fmgr_info(implementation(fcinfo), &function);
	InitFunctionCallInfoData(*call, &function, 3, InvalidOid, NULL, NULL);
	memcpy(call->args, fcinfo->args, sizeof(NullableDatum) * 3);

	/* should there be an error, the end of the (sub)transaction undoes all of this */
	GetUserIdAndSecContext(&user, &security);
	settings = NewGUCNestLevel();
	if (OidIsValid(owner) && owner != user && has_privs_of_role(user, owner))
		SetUserIdAndSecContext(owner, security | SECURITY_RESTRICTED_OPERATION);
	result = FunctionCallInvoke(call);
	AtEOXact_GUC(false, settings);
	SetUserIdAndSecContext(user, security);
	fcinfo->isnull = call->isnull;
	return result;
}
