/*
 * history_queries.c
 *		Looking into a deal_history: counts, instants, kinds, subjects, time in
 *		stage, transitions.
 *
 * A label that cannot occur (an empty one, say) is simply not found.
 */
#include "base/compat.h"

#include "funcapi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"
#include "utils/tuplestore.h"

#include "history/deal_history.h"
#include "history/history_states.h"

static Label
label_argument(FunctionCallInfo fcinfo, int argno)
{
	text	   *value = PG_GETARG_TEXT_PP(argno);
	Label		label;

	label.data = VARDATA_ANY(value);
	label.length = VARSIZE_ANY_EXHDR(value);
	return label;
}

static void
view_argument(HistoryView *view, FunctionCallInfo fcinfo)
{
	history_view(view, PG_GETARG_DATUM(0));
	history_labels(view);
}

PG_FUNCTION_INFO_V1(deal_history_event_count);
Datum
deal_history_event_count(PG_FUNCTION_ARGS)
{
	HistoryView view;

	history_view(&view, PG_GETARG_DATUM(0));
	PG_RETURN_INT64(view.nevents);
}

/* The first instant; NULL for an empty history. */
PG_FUNCTION_INFO_V1(deal_history_started_at);
Datum
deal_history_started_at(PG_FUNCTION_ARGS)
{
	HistoryView view;

	history_view(&view, PG_GETARG_DATUM(0));
	if (view.nevents == 0)
		PG_RETURN_NULL();
	PG_RETURN_TIMESTAMPTZ(history_at(&view, 0));
}

/* The last instant; NULL for an empty history. */
PG_FUNCTION_INFO_V1(deal_history_ended_at);
Datum
deal_history_ended_at(PG_FUNCTION_ARGS)
{
	HistoryView view;

	history_view(&view, PG_GETARG_DATUM(0));
	if (view.nevents == 0)
		PG_RETURN_NULL();
	PG_RETURN_TIMESTAMPTZ(history_at(&view, view.nevents - 1));
}

/* The first instant of a kind; NULL when it never happened. */
PG_FUNCTION_INFO_V1(deal_history_first_at);
Datum
deal_history_first_at(PG_FUNCTION_ARGS)
{
	HistoryView view;
	int			kind;

	view_argument(&view, fcinfo);
	kind = history_find_kind(&view, label_argument(fcinfo, 1));
	for (uint32 i = 0; kind >= 0 && i < view.nevents; i++)
		if (history_kind(&view, i) == kind)
			PG_RETURN_TIMESTAMPTZ(history_at(&view, i));
	PG_RETURN_NULL();
}

/* The last instant of a kind; NULL when it never happened. */
PG_FUNCTION_INFO_V1(deal_history_last_at);
Datum
deal_history_last_at(PG_FUNCTION_ARGS)
{
	HistoryView view;
	int			kind;

	view_argument(&view, fcinfo);
	kind = history_find_kind(&view, label_argument(fcinfo, 1));
	for (uint32 i = view.nevents; kind >= 0 && i-- > 0;)
		if (history_kind(&view, i) == kind)
			PG_RETURN_TIMESTAMPTZ(history_at(&view, i));
	PG_RETURN_NULL();
}

PG_FUNCTION_INFO_V1(deal_history_has_kind);
Datum
deal_history_has_kind(PG_FUNCTION_ARGS)
{
	HistoryView view;

	view_argument(&view, fcinfo);
	PG_RETURN_BOOL(history_find_kind(&view, label_argument(fcinfo, 1)) >= 0);
}

/* The kind of the last event, or of the last one among `kinds`; NULL for none. */
PG_FUNCTION_INFO_V1(deal_history_current_kind);
Datum
deal_history_current_kind(PG_FUNCTION_ARGS)
{
	HistoryView view;
	int		   *places = NULL;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	view_argument(&view, fcinfo);
	if (!PG_ARGISNULL(1))
	{
		places = history_no_places(&view);
		(void) history_place_kinds(&view, PG_GETARG_ARRAYTYPE_P(1), "kinds", 0, places);
	}
	for (uint32 i = view.nevents; i-- > 0;)
	{
		uint32		kind = history_kind(&view, i);

		if (places == NULL || places[kind] != NO_PLACE)
			PG_RETURN_TEXT_P(label_to_text(view.kinds[kind]));
	}
	PG_RETURN_NULL();
}

/* The distinct subjects of the events of a kind, sorted by bytes; an empty array for none. */
PG_FUNCTION_INFO_V1(deal_history_subjects);
Datum
deal_history_subjects(PG_FUNCTION_ARGS)
{
	HistoryView view;
	HistoryCursor cursor;
	HistoryEvent event;
	bool	   *seen;
	Label	   *found;
	int			nfound = 0;
	int			kind;

	view_argument(&view, fcinfo);
	kind = history_find_kind(&view, label_argument(fcinfo, 1));
	seen = palloc0(sizeof(bool) * Max(view.nsubjects, 1));
	found = palloc(sizeof(Label) * Max(view.nsubjects, 1));
	history_rewind(&cursor, &view);
	while (kind >= 0 && history_next(&cursor, &event))
		if (event.kind == kind && event.subject >= 0)
			seen[event.subject] = true;
	for (uint32 i = 0; i < view.nsubjects; i++)
		if (seen[i])
			found[nfound++] = view.subjects[i];
	PG_RETURN_DATUM(labels_to_array(found, nfound));
}

/* The events, one row each, in order. */
PG_FUNCTION_INFO_V1(deal_history_events);
Datum
deal_history_events(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	HistoryView view;
	HistoryCursor cursor;
	HistoryEvent event;

	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
	view_argument(&view, fcinfo);
	history_rewind(&cursor, &view);
	while (history_next(&cursor, &event))
	{
		EventParts	parts = history_parts(&view, &event);
		DealEvent  *built = event_build(&parts);
		Datum		value = PointerGetDatum(built);
		bool		isnull = false;

		CHECK_FOR_INTERRUPTS();
		tuplestore_putvalues(result->setResult, result->setDesc, &value, &isnull);
		pfree(built);
	}
	PG_RETURN_NULL();
}

/* One stay in a stage; `left_at` is that of the stay that follows. */
static void
put_stay(ReturnSetInfo *result, Label stage, TimestampTz entered_at,
		 bool left, TimestampTz left_at, TimestampTz as_of)
{
	Datum		values[4];
	bool		nulls[4] = {false, false, !left, false};
	text	   *name = label_to_text(stage);

	values[0] = PointerGetDatum(name);
	values[1] = TimestampTzGetDatum(entered_at);
	values[2] = TimestampTzGetDatum(left_at);
	values[3] = Float8GetDatum(((double) (left ? left_at : as_of) - (double) entered_at) /
							   (double) USECS_PER_DAY);
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	pfree(name);
}

/*
 * time_in(history, stages, as_of, ends) -> (stage, entered_at, left_at, days):
 * the stays in the stages, in order. A stay begins with an event of its stage
 * and ends with the first event of another one, or of a kind in `ends`; the one
 * still going on at as_of has no left_at and counts its days until then. At one
 * instant stages come in the order of the list, and ends after them. Later
 * events are ignored.
 */
PG_FUNCTION_INFO_V1(deal_history_time_in);
Datum
deal_history_time_in(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	TimestampTz as_of = PG_GETARG_TIMESTAMPTZ(2);
	HistoryView view;
	StateCursor cursor;
	HistoryState state;
	int		   *places;
	int			nstages;
	int			nends;
	int			stay = -1;		/* the kind of the stay going on */
	TimestampTz entered_at = 0;

	instant_check(as_of, "as_of", NULL);
	InitMaterializedSRF(fcinfo, 0);
	view_argument(&view, fcinfo);
	places = history_no_places(&view);
	nstages = history_place_kinds(&view, PG_GETARG_ARRAYTYPE_P(1), "stages", 0, places);
	nends = history_place_kinds(&view, PG_GETARG_ARRAYTYPE_P(3), "ends", nstages, places);

	history_states_begin(&cursor, &view, places, nstages + nends);
	while (history_states_next(&cursor, &state) && state.at <= as_of)
	{
		int			next = state.place < nstages ? (int) state.kind : -1;

		if (next == stay)
			continue;
		if (stay >= 0)
			put_stay(result, view.kinds[stay], entered_at, true, state.at, as_of);
		stay = next;
		entered_at = state.at;
	}
	if (stay >= 0)
		put_stay(result, view.kinds[stay], entered_at, false, 0, as_of);
	PG_RETURN_NULL();
}

static void
put_transition(ReturnSetInfo *result, Label from, Label to, TimestampTz at)
{
	Datum		values[3];
	bool		nulls[3] = {false, false, false};

	values[0] = PointerGetDatum(label_to_text(from));
	values[1] = PointerGetDatum(label_to_text(to));
	values[2] = TimestampTzGetDatum(at);
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	pfree(DatumGetPointer(values[0]));
	pfree(DatumGetPointer(values[1]));
}

/*
 * transitions(history, stages) -> (from_stage, to_stage, at): where one of the
 * stages follows another, other kinds between them not counting. At one instant
 * stages come in the order of the list.
 */
PG_FUNCTION_INFO_V1(deal_history_transitions);
Datum
deal_history_transitions(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	HistoryView view;
	StateCursor cursor;
	HistoryState state;
	int		   *places;
	int			nstages;
	int			from = -1;

	InitMaterializedSRF(fcinfo, 0);
	view_argument(&view, fcinfo);
	places = history_no_places(&view);
	nstages = history_place_kinds(&view, PG_GETARG_ARRAYTYPE_P(1), "stages", 0, places);

	history_states_begin(&cursor, &view, places, nstages);
	while (history_states_next(&cursor, &state))
	{
		if (from >= 0 && (int) state.kind != from)
			put_transition(result, view.kinds[from], view.kinds[state.kind], state.at);
		from = state.kind;
	}
	PG_RETURN_NULL();
}
