/*
 * history_states.c
 *		The states that a deal passes, instant by instant. Rules: history_states.h.
 */
#include "history/history_states.h"

#include "miscadmin.h"

int *
history_no_places(const HistoryView *view)
{
	int		   *places = palloc(sizeof(int) * Max(view->nkinds, 1));

	for (uint32 i = 0; i < view->nkinds; i++)
		places[i] = NO_PLACE;
	return places;
}

int
history_place_kinds(const HistoryView *view, ArrayType *array, const char *what,
					int first, int *places)
{
	int			count;
	Label	   *labels = labels_from_array(array, what, HISTORY_MAX_KINDS, &count);

	for (int i = 0; i < count; i++)
	{
		int			kind = history_find_kind(view, labels[i]);

		if (kind >= 0 && places[kind] == NO_PLACE)
			places[kind] = first + i;
	}
	return count;
}

void
history_states_begin(StateCursor *cursor, const HistoryView *view, const int *places, int nplaces)
{
	history_rewind(&cursor->events, view);
	cursor->more = history_next(&cursor->events, &cursor->event);
	cursor->places = places;
	cursor->states = palloc0(sizeof(HistoryState) * Max(nplaces, 1));
	cursor->order = palloc(sizeof(int) * Max(nplaces, 1));
	cursor->nstates = cursor->next = 0;
}

/* Takes in one event of the instant at work. */
static void
add_event(StateCursor *cursor, const HistoryEvent *event, int place)
{
	HistoryState *state = &cursor->states[place];

	if (state->nevents++ == 0)
	{
		int			i = cursor->nstates++;

		for (; i > 0 && cursor->order[i - 1] > place; i--)
			cursor->order[i] = cursor->order[i - 1];
		cursor->order[i] = place;
		state->at = event->at;
		state->place = place;
		state->kind = event->kind;
		state->has_amount = false;
		state->amount = 0;
		state->subject = -1;
	}
	if (event->has_amount && (!state->has_amount || event->amount > state->amount))
	{
		state->has_amount = true;
		state->amount = event->amount;
	}
	/* subjects are numbered by their bytes, and -1 is the largest number of all */
	if ((uint32) event->subject < (uint32) state->subject)
		state->subject = event->subject;
}

bool
history_states_next(StateCursor *cursor, HistoryState *state)
{
	if (cursor->next == cursor->nstates)
	{
		for (int i = 0; i < cursor->nstates; i++)
			cursor->states[cursor->order[i]].nevents = 0;
		cursor->nstates = cursor->next = 0;
	}
	while (cursor->nstates == 0 && cursor->more)
	{
		int64		at = cursor->event.at;

		while (cursor->more && cursor->event.at == at)
		{
			int			place = cursor->places[cursor->event.kind];

			CHECK_FOR_INTERRUPTS();
			if (place != NO_PLACE)
				add_event(cursor, &cursor->event, place);
			cursor->more = history_next(&cursor->events, &cursor->event);
		}
	}
	if (cursor->next == cursor->nstates)
		return false;
	*state = cursor->states[cursor->order[cursor->next++]];
	return true;
}

void
history_state_restate(HistoryState *run, const HistoryState *later)
{
	if (later->has_amount)
	{
		run->has_amount = true;
		run->amount = later->amount;
	}
	if (later->subject >= 0)
		run->subject = later->subject;
	run->nevents += later->nevents;
}
