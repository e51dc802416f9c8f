/*
 * deal_book.c
 *		A rep's book: the deals of a history, and how each stands as time goes on.
 */
#include "reading/deal_book.h"

#include "miscadmin.h"

#include "base/growing_array.h"

/* One deal: how it stood at the instant before, and what the events of this one say. */
typedef struct BookDeal
{
	DealStand	stand;
	bool		won_known;		/* an event of its run of wins had an amount */
	int64		known;			/* its last known amount, 0 for none */
	int64		won_with;		/* largest amount of the events of this instant, by role */
	int64		lost_with;
	uint8		noted;			/* roles of the events of this instant */
	uint8		noted_amount;	/* those that came with an amount */
} BookDeal;

void
deal_book_open(DealBook *book, Datum history, const KindRoles *kind_roles,
			   int64 begins_at, int64 ends_at)
{
	memset(book, 0, sizeof(*book));
	book->begins_at = begins_at;
	book->ends_at = ends_at;
	history_view(&book->view, history);
	if (book->view.nsubjects > book->view.nevents)
		history_damaged();
	book->roles = kind_roles_match(kind_roles, &book->view, NULL);
	book->deals = palloc_extended(sizeof(BookDeal) * Max((Size) book->view.nsubjects, 1),
								  MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	history_rewind(&book->cursor, &book->view);
	book->more = history_next(&book->cursor, &book->event);
}

static const DealStand not_closed = {false, false, 0, 0};

/* A stand as the book shows it: what was closed before the book begins is not in it. */
static DealStand
shown(const DealBook *book, const DealStand *stand)
{
	return stand->closed && stand->closed_at >= book->begins_at ? *stand : not_closed;
}

static void
add_change(DealBook *book, const DealStand *before, const DealStand *after)
{
	DealChange	change;

	change.before = shown(book, before);
	change.after = shown(book, after);
	if (change.before.closed == change.after.closed && change.before.won == change.after.won &&
		change.before.closed_at == change.after.closed_at &&
		change.before.amount == change.after.amount)
		return;
	book->changes = grow_array(book->changes, book->nchanges, &book->changes_capacity, sizeof(DealChange));
	book->changes[book->nchanges++] = change;
}

static void
keep_largest(BookDeal *deal, uint8 role, int64 *largest, int64 amount)
{
	if ((deal->noted_amount & role) == 0 || amount > *largest)
		*largest = amount;
	deal->noted_amount |= role;
}

/* An event of a deal: what it says waits for the other events of its instant. */
static void
hear(DealBook *book, const HistoryEvent *event, uint8 roles)
{
	BookDeal   *deal = &book->deals[event->subject];

	if (deal->noted == 0)
	{
		book->noted = grow_array(book->noted, book->nnoted, &book->noted_capacity, sizeof(int32));
		book->noted[book->nnoted++] = event->subject;
	}
	deal->noted |= roles;
	if (!event->has_amount)
		return;
	if (roles & BOOK_WON)
		keep_largest(deal, BOOK_WON, &deal->won_with, event->amount);
	else
		keep_largest(deal, BOOK_LOST, &deal->lost_with, event->amount);
}

/* An event without a subject: won or lost once, and never again. */
static void
hear_alone(DealBook *book, const HistoryEvent *event, uint8 roles)
{
	DealStand	closed;

	closed.closed = true;
	closed.won = (roles & BOOK_WON) != 0;
	closed.closed_at = event->at;
	closed.amount = closed.won ? event->amount : 0;
	add_change(book, &not_closed, &closed);
}

/* All events of an instant of one deal have been read. */
static void
settle(DealBook *book, BookDeal *deal)
{
	DealStand	after = deal->stand;
	bool		won = (deal->noted & BOOK_WON) != 0;

	if (!after.closed || after.won != won)
	{
		after.closed_at = book->at;
		deal->won_known = false;
	}
	/* the amount that a run of wins has is not that of a loss at the same instant */
	if ((deal->noted_amount & BOOK_LOST) && !(won && deal->won_known))
		deal->known = deal->lost_with;
	if (deal->noted_amount & BOOK_WON)
	{
		deal->known = deal->won_with;
		deal->won_known = true;
	}
	after.closed = true;
	after.won = won;
	after.amount = won ? deal->known : 0;

	add_change(book, &deal->stand, &after);
	deal->stand = after;
	deal->noted = 0;
	deal->noted_amount = 0;
}

bool
deal_book_next(DealBook *book)
{
	book->nchanges = 0;
	while (book->nchanges == 0 && book->more && book->event.at <= book->ends_at)
	{
		book->at = book->event.at;
		book->nnoted = 0;
		for (; book->more && book->event.at == book->at;
			 book->more = history_next(&book->cursor, &book->event))
		{
			uint8		roles = book->roles[book->event.kind];

			CHECK_FOR_INTERRUPTS();
			if (roles == 0)
				continue;
			if (book->event.subject >= 0)
				hear(book, &book->event, roles);
			else
				hear_alone(book, &book->event, roles);
		}
		for (int i = 0; i < book->nnoted; i++)
			settle(book, &book->deals[book->noted[i]]);
	}
	return book->nchanges > 0;
}
