/*
 * history_builder.h
 *		Histories of many deals from events in any order, in memory that does
 *		not grow with their number.
 *
 * The builder receives the rows of a query, (deal, kind, at, amount, subject,
 * stamp), and gives two tables: (deal, history) of the deals with an event, and
 * (deal, problem) of those with a row that is no event, which have no history,
 * with the least of the problems that event_problem() tells. A row of the query
 * without kind or instant is counted, and that is all. Empty text is none.
 *
 * Afterwards it may receive the rows of another query, (deal, history) of a table.
 * Then the first of the two tables has only the deals with another history than
 * that, and a third one, (deal), has the deals of the query without an event and
 * without a problem. It compares byte by byte.
 *
 * Deals are the same where the type of the key says so by the `=` of its
 * default operator class for hashing, under the collation of the column.
 */
#ifndef EM_HISTORY_BUILDER_H
#define EM_HISTORY_BUILDER_H

#include "base/compat.h"
#include "tcop/dest.h"
#include "utils/tuplestore.h"

#include "follow/progress.h"

typedef struct HistoryBuilder HistoryBuilder;

/* What became of the rows. */
typedef struct BuiltHistories
{
	TupleDesc	row;			/* deal, history */
	Tuplestorestate *rows;
	TupleDesc	gone_row;		/* deal */
	Tuplestorestate *gone;
	TupleDesc	failing_row;	/* deal, problem */
	Tuplestorestate *failing;
	int64		nevents;		/* rows of the query */
	TimestampTz newest;			/* stamp; DT_NOBEGIN when there is none */
	int64		ndeals;			/* with a history, also those that are the same in the table */
	int64		nrows;			/* in the tables */
	int64		ngone;
	int64		nfailing;
} BuiltHistories;

/* `schema` is that of the extension; `states` are kinds for state_changes(), which is applied unless they are NULL. */
extern HistoryBuilder *history_builder_create(Oid schema, NullableDatum states, Progress *progress);
/* Where the rows of the query of events go, and then, if the histories are to be compared, those of a table. */
extern DestReceiver *history_builder_receiver(HistoryBuilder *builder);
extern DestReceiver *history_builder_stored_receiver(HistoryBuilder *builder);
extern void history_builder_finish(HistoryBuilder *builder, BuiltHistories *built);

#endif							/* EM_HISTORY_BUILDER_H */
