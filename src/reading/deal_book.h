/*
 * deal_book.h
 *		A rep's book: the deals of a history, and how each stands as time goes on.
 *
 * Events of one subject are one deal; an event without a subject is a deal of
 * its own. A deal stands as its last event says, won going before lost at one
 * instant. It was closed at the first instant of its run of won, or of lost.
 * Its amount is the last known one: an event without an amount keeps the one
 * before it, and of several at one instant the largest counts, those of the
 * winning events first.
 *
 * The book is read instant by instant. Deals closed before it begins are not
 * in it, but what their events say about later ones is known.
 */
#ifndef EM_DEAL_BOOK_H
#define EM_DEAL_BOOK_H

#include "reading/roles.h"

/* The roles of a book's options, which are won and lost in this order. */
#define BOOK_WON 0x01
#define BOOK_LOST 0x02

/* How one deal stands; all zero before it is closed. */
typedef struct DealStand
{
	bool		closed;
	bool		won;
	int64		closed_at;
	int64		amount;			/* of a won deal in ten-thousandths, 0 when none is known */
} DealStand;

typedef struct DealChange
{
	DealStand	before;
	DealStand	after;
} DealChange;

struct BookDeal;

typedef struct DealBook
{
	/* what deal_book_next() read */
	int64		at;
	int			nchanges;
	DealChange *changes;

	/* the reader's own */
	int64		begins_at;
	int64		ends_at;
	HistoryView view;
	HistoryCursor cursor;
	HistoryEvent event;			/* the next one, where there is more */
	bool		more;
	const uint8 *roles;
	struct BookDeal *deals;		/* by subject */
	int			changes_capacity;
	int			nnoted;
	int			noted_capacity;
	int32	   *noted;			/* subjects with an event at this instant */
} DealBook;

/*
 * From begins_at to ends_at, both included. The memory of a book is of the
 * current context.
 */
extern void deal_book_open(DealBook *book, Datum history, const KindRoles *kind_roles,
						   int64 begins_at, int64 ends_at);

/* Reads the next instant at which a deal of the book changed; false when there is none. */
extern bool deal_book_next(DealBook *book);

#endif							/* EM_DEAL_BOOK_H */
