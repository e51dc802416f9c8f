/*
 * transaction_horizon.c
 *		What a refresh of histories has to know about transactions: which rows
 *		the last run cannot have seen, and how old the stamp of one can be.
 */
#include "base/compat.h"

#include "access/transam.h"
#include "access/xact.h"
#include "miscadmin.h"
#include "nodes/supportnodes.h"
#include "utils/backend_status.h"
#include "utils/timestamp.h"

/*
 * written_since(xmin xid, horizon xid8): was the row written by the transaction
 * horizon or a later one? Subtransactions are later than the transaction they
 * are part of, so that with a horizon below which all had ended, nothing that
 * was in progress is missed. Right for rows of the 2^31 transactions around the
 * horizon; older ones, which must be frozen, can come out as later.
 */
PG_FUNCTION_INFO_V1(written_since);
Datum
written_since(PG_FUNCTION_ARGS)
{
	TransactionId xmin = DatumGetTransactionId(PG_GETARG_DATUM(0));
	FullTransactionId horizon = FullTransactionIdFromU64(DatumGetUInt64(PG_GETARG_DATUM(1)));

	PG_RETURN_BOOL(TransactionIdFollowsOrEquals(xmin, XidFromFullTransactionId(horizon)));
}

/*
 * written_since_support(request): what the planner is to expect of
 * written_since. Few rows of a table are new; by the usual third of them it
 * would rather read the whole table again than look up the deals.
 */
PG_FUNCTION_INFO_V1(written_since_support);
Datum
written_since_support(PG_FUNCTION_ARGS)
{
	Node	   *request = (Node *) PG_GETARG_POINTER(0);

	if (!IsA(request, SupportRequestSelectivity))
		PG_RETURN_POINTER(NULL);
	((SupportRequestSelectivity *) request)->selectivity = 0.001;
	PG_RETURN_POINTER(request);
}

/*
 * oldest_transaction_start(): every transaction of this database that a later
 * snapshot of this transaction does not see began at or after this instant, and
 * so did the statement that it began in.
 * It reads what pg_stat_activity shows, of which it gives away no more than the
 * one instant. Sessions are read first and the snapshot is taken afterwards;
 * so NULL under an isolation level whose snapshot is there already. NULL too
 * when a session does not show when its transaction began (track_activities).
 * Prepared transactions show nothing here: ask pg_prepared_xacts afterwards.
 *
 * What is read may be as old as our own transaction, which is why its start
 * counts as well.
 */
PG_FUNCTION_INFO_V1(oldest_transaction_start);
Datum
oldest_transaction_start(PG_FUNCTION_ARGS)
{
	TimestampTz oldest = GetCurrentTransactionStartTimestamp();
	int			backends;

	if (IsolationUsesXactSnapshot() || !pgstat_track_activities)
		PG_RETURN_NULL();
	backends = pgstat_fetch_stat_numbackends();
	for (int i = 1; i <= backends; i++)
	{
		PgBackendStatus *backend = &pgstat_get_local_beentry_by_index(i)->backendStatus;
		TimestampTz start = backend->st_xact_start_timestamp;

		/* vacuum and analyze can take long and write no rows */
		if (backend->st_databaseid != MyDatabaseId || backend->st_backendType == B_AUTOVAC_WORKER)
			continue;
		if (backend->st_state == STATE_DISABLED || (backend->st_state == STATE_IDLEINTRANSACTION && start == 0))
			PG_RETURN_NULL();
		/*
		 * A statement has arrived, and its transaction is about to begin as of
		 * then; or it is a procedure that has committed, and what it writes now
		 * may be stamped with the statement's time.
		 */
		if (backend->st_state == STATE_RUNNING &&
			(start == 0 ? backend->st_backendType == B_BACKEND : start > backend->st_activity_start_timestamp))
			start = backend->st_activity_start_timestamp;
		if (start != 0 && start < oldest)
			oldest = start;
	}
	PG_RETURN_TIMESTAMPTZ(oldest);
}
