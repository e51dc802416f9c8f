/*
 * history_changes.c
 *		state_changes and by_day: a history made simpler to read.
 */
#include "base/compat.h"

#include "miscadmin.h"
#include "utils/datetime.h"
#include "utils/timestamp.h"

#include "base/zone.h"
#include "history/history_states.h"

/* ---------------------------------------------------------------- state_changes */

static OpenHistory *
append_state(OpenHistory *open, const HistoryView *view, const HistoryState *state)
{
	HistoryEvent event;
	EventParts	parts;

	event.at = state->at;
	event.kind = state->kind;
	event.has_amount = state->has_amount;
	event.amount = state->amount;
	event.subject = state->subject;
	parts = history_parts(view, &event);
	return history_append(open, &parts);
}

/* The events of the kinds without a place, as they are. */
static OpenHistory *
append_others(OpenHistory *open, const HistoryView *view, const int *places)
{
	HistoryCursor cursor;
	HistoryEvent event;

	history_rewind(&cursor, view);
	while (history_next(&cursor, &event))
	{
		EventParts	parts;

		CHECK_FOR_INTERRUPTS();
		if (places[event.kind] != NO_PLACE)
			continue;
		parts = history_parts(view, &event);
		open = history_append(open, &parts);
	}
	return open;
}

/*
 * state_changes(history, kinds): of each run of one kind among `kinds` one
 * event, at the first instant of the run, with its last amount and subject;
 * other events stay. At one instant kinds come in the order of the list; of
 * several amounts there the largest counts, of several subjects the first.
 */
PG_FUNCTION_INFO_V1(deal_history_state_changes);
Datum
deal_history_state_changes(PG_FUNCTION_ARGS)
{
	OpenHistory *open = history_open(HISTORY_INITIAL_SPACE);
	HistoryView view;
	StateCursor cursor;
	HistoryState state;
	HistoryState run = {.nevents = 0};
	int		   *places;
	int			nplaces;

	history_view(&view, PG_GETARG_DATUM(0));
	history_labels(&view);
	places = history_no_places(&view);
	nplaces = history_place_kinds(&view, PG_GETARG_ARRAYTYPE_P(1), "kinds", 0, places);

	open = append_others(open, &view, places);
	history_states_begin(&cursor, &view, places, nplaces);
	while (history_states_next(&cursor, &state))
	{
		if (run.nevents > 0 && run.place == state.place)
		{
			history_state_restate(&run, &state);
			continue;
		}
		if (run.nevents > 0)
			open = append_state(open, &view, &run);
		run = state;
	}
	if (run.nevents > 0)
		open = append_state(open, &view, &run);
	PG_RETURN_POINTER(history_pack(open));
}

/* ---------------------------------------------------------------- by_day */

/* The first instant in [low, high] on which the clock of a zone shows a date that it shows at `high`. */
static TimestampTz
first_of_date(pg_tz *zone, TimestampTz low, TimestampTz high)
{
	DateADT		date = zone_date(zone, high);

	while (low < high)
	{
		TimestampTz middle = low + (high - low) / 2;

		if (zone_date(zone, middle) == date)
			high = middle;
		else
			low = middle + 1;
	}
	return high;
}

/* The beginning of the local day of an instant; 22008 out of range. */
static TimestampTz
day_begin(pg_tz *zone, TimestampTz at)
{
	struct pg_tm clock;
	TimestampTz midnight;
	int			offset;

	zone_clock(zone, at, &clock);
	clock.tm_hour = clock.tm_min = clock.tm_sec = 0;
	offset = DetermineTimeZoneOffset(&clock, zone);
	if (tm2timestamp(&clock, 0, &offset, &midnight) != 0 || !IS_VALID_TIMESTAMP(midnight))
	{
		char		buffer[INSTANT_TEXT_SIZE];

		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("the local day of %s begins out of range", instant_text(at, buffer))));
	}
	/* where clocks go back from 01:00 to 00:00 a day has two midnights, and begins at the first */
	if (IS_VALID_TIMESTAMP(midnight - USECS_PER_DAY) &&
		zone_date(zone, midnight - 1) == zone_date(zone, midnight))
		midnight = first_of_date(zone, midnight - USECS_PER_DAY / 2, midnight);
	return midnight;
}

/* by_day(history, zone): every instant moved to the beginning of its local day. */
PG_FUNCTION_INFO_V1(deal_history_by_day);
Datum
deal_history_by_day(PG_FUNCTION_ARGS)
{
	pg_tz	   *zone = zone_from_text(PG_GETARG_TEXT_PP(1));
	OpenHistory *open = history_open(HISTORY_INITIAL_SPACE);
	HistoryView view;
	HistoryCursor cursor;
	HistoryEvent event;

	history_view(&view, PG_GETARG_DATUM(0));
	history_labels(&view);
	history_rewind(&cursor, &view);
	while (history_next(&cursor, &event))
	{
		EventParts	parts = history_parts(&view, &event);

		CHECK_FOR_INTERRUPTS();
		parts.at = day_begin(zone, event.at);
		open = history_append(open, &parts);
	}
	PG_RETURN_POINTER(history_pack(open));
}
