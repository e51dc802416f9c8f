/*
 * history_states.h
 *		The states that a deal passes: the events of chosen kinds, instant by instant.
 *
 * The events of one kind at one instant are one state. Several states of one
 * instant come in the order of their places, whatever their kinds are called:
 * the caller gives each kind its place, and ties go forward.
 */
#ifndef EM_HISTORY_STATES_H
#define EM_HISTORY_STATES_H

#include "history/deal_history.h"

#define HISTORY_MAX_KINDS 1000	/* in one list of kinds */
#define NO_PLACE (-1)			/* of a kind that is no state */

typedef struct HistoryState
{
	int64		at;
	int			place;
	uint32		kind;			/* of its first event, as an index into view->kinds */
	uint32		nevents;
	bool		has_amount;
	int64		amount;			/* the largest of the instant; 0 unless has_amount */
	int32		subject;		/* the first by bytes; -1 for none */
} HistoryState;

typedef struct StateCursor
{
	HistoryCursor events;
	HistoryEvent event;			/* read, and of the next instant */
	bool		more;			/* is there such an event? */
	const int  *places;			/* by kind */
	HistoryState *states;		/* by place: of the instant at work where nevents > 0 */
	int		   *order;			/* their places, ascending */
	int			nstates;
	int			next;
} StateCursor;

/* The places of no kinds of a view, to be filled by history_place_kinds(). */
extern int *history_no_places(const HistoryView *view);

/*
 * Gives the kinds of a text[] the places from `first` on, unless they have one;
 * the view has labels. Returns how many labels there are. 22004, 22023, 2202E
 * and 54000 for the array, which `what` names.
 */
extern int	history_place_kinds(const HistoryView *view, ArrayType *array, const char *what,
								int first, int *places);

/* Reads the states of the kinds that have a place, which are below `nplaces`. */
extern void history_states_begin(StateCursor *cursor, const HistoryView *view,
								 const int *places, int nplaces);
extern bool history_states_next(StateCursor *cursor, HistoryState *state);

/* One more event or state of the same run: the last amount and subject stay. */
extern void history_state_restate(HistoryState *run, const HistoryState *later);

#endif							/* EM_HISTORY_STATES_H */
