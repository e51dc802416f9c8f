/*
 * final_run.c
 *		How a deal stands: the last of its states, and since when. Rules: final_run.h.
 */
#include "reading/final_run.h"

#include "miscadmin.h"
#include "port/pg_bitutils.h"

/* The largest amount of several. */
typedef struct Amount
{
	bool		known;
	int64		value;
} Amount;

static inline void
amount_add(Amount *amount, const HistoryEvent *event)
{
	if (event->has_amount && (!amount->known || event->amount > amount->value))
	{
		amount->known = true;
		amount->value = event->amount;
	}
}

/*
 * What the events of one instant say. Several amounts of an instant have no
 * order, so the largest counts, and the first subject by bytes: neither depends
 * on how kinds are called.
 */
typedef struct Instant
{
	uint8		roles;			/* of all its events */
	Amount		known;			/* of all */
	Amount		of_status[DEAL_OPEN];	/* of the endings of one status */
	int32		lost_to;
} Instant;

static inline void
instant_add(Instant *instant, const HistoryEvent *event, uint8 role)
{
	amount_add(&instant->known, event);
	if (role == 0)
		return;
	instant->roles |= role;
	if (role & ENDING_ROLES)
		amount_add(&instant->of_status[pg_rightmost_one_pos32(role)], event);
	if (role & 1 << DEAL_LOST && (uint32) event->subject < (uint32) instant->lost_to)
		instant->lost_to = event->subject;	/* -1 is the largest number of all */
}

/* The final run so far, and what was known when it was last stated. */
typedef struct RunState
{
	FinalRun	run;
	Amount		of_run;			/* of its endings */
	Amount		known;			/* by the instant at work */
	Amount		known_by_run;	/* by the last instant of the run */
} RunState;

static inline void
run_add(RunState *state, const Instant *instant, int64 at)
{
	FinalRun   *run = &state->run;
	DealStatus	status;

	if (instant->known.known)
		state->known = instant->known;
	if (instant->roles == 0)
		return;
	status = pg_rightmost_one_pos32(instant->roles);
	if (status != run->status)
	{
		run->status = status;
		run->closed_at = at;
		run->subject = -1;
		state->of_run.known = false;
	}
	run->until = at;
	state->known_by_run = state->known;
	if (status == DEAL_OPEN)
		return;
	if (instant->of_status[status].known)
		state->of_run = instant->of_status[status];
	if (status == DEAL_LOST && instant->lost_to >= 0)
		run->subject = instant->lost_to;
}

void
find_final_run(const HistoryView *view, const uint8 *roles, TimestampTz as_of, FinalRun *run)
{
	static const Instant nothing = {.lost_to = -1};
	RunState	state = {.run = {.status = DEAL_OPEN, .subject = -1}};
	Amount		amount;
	HistoryCursor cursor;
	HistoryEvent event;
	bool		more;

	history_rewind(&cursor, view);
	more = history_next(&cursor, &event);
	while (more && event.at <= as_of)
	{
		Instant		instant = nothing;
		int64		at = event.at;

		for (; more && event.at == at; more = history_next(&cursor, &event))
		{
			CHECK_FOR_INTERRUPTS();
			instant_add(&instant, &event, roles[event.kind] & STATE_ROLES);
		}
		run_add(&state, &instant, at);
	}

	*run = state.run;
	if (run->status == DEAL_OPEN)
	{
		run->closed_at = 0;
		run->until = as_of;
		amount = state.known;
	}
	else
		amount = state.of_run.known ? state.of_run : state.known_by_run;
	run->has_amount = amount.known;
	run->amount = amount.known ? amount.value : 0;
}
