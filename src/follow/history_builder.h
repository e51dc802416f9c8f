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
	TupleDesc	failing_row;	/* deal, problem */
	Tuplestorestate *failing;
	int64		nevents;		/* rows of the query */
	TimestampTz newest;			/* stamp; DT_NOBEGIN when there is none */
	int64		ndeals;			/* with a history */
	int64		nfailing;
} BuiltHistories;

/* `schema` is that of the extension. */
extern HistoryBuilder *history_builder_create(Oid schema, Progress *progress);
/* Where the rows of the query go. */
extern DestReceiver *history_builder_receiver(HistoryBuilder *builder);
extern void history_builder_finish(HistoryBuilder *builder, BuiltHistories *built);

#endif							/* EM_HISTORY_BUILDER_H */
