/*
 * final_run.h
 *		How a deal stands: the last of its states, and since when.
 *
 * State events are those of kinds that stand for won, lost, no decision or
 * open. At one instant the first of these statuses counts. The final run is,
 * backwards from the last state instant, the instants of the same status: a
 * state that is restated is one state, and an ending stands until an open state
 * undoes it.
 */
#ifndef EM_FINAL_RUN_H
#define EM_FINAL_RUN_H

#include "history/deal_history.h"

/* In this order: of two states at one instant the smaller one counts. */
typedef enum DealStatus
{
	DEAL_WON,
	DEAL_LOST,
	DEAL_NO_DECISION,
	DEAL_OPEN
} DealStatus;

#define DEAL_STATUSES 4

/* The role bits of a kind: 1 << status for what it stands for. */
#define STATE_ROLES 0x0F
#define ENDING_ROLES 0x07

typedef struct FinalRun
{
	DealStatus	status;			/* open also without any state */
	int64		closed_at;		/* its first instant; 0 when open */
	int64		until;			/* its last instant; as_of when open */
	bool		has_amount;
	int64		amount;			/* the last of its endings, else the last known by then */
	int32		subject;		/* the last one that a losing event names; -1 for none */
} FinalRun;

/* Reads the events up to as_of; `roles` by kind. */
extern void find_final_run(const HistoryView *view, const uint8 *roles, TimestampTz as_of,
						   FinalRun *run);

#endif							/* EM_FINAL_RUN_H */
