/*
 * deal_history.c
 *		deal_history: everything that happened to one deal.
 *
 * I/O, casts, aggregates, operators: whatever makes a history. The bytes are
 * in history_bytes.c and history_view.c, what looks into a history in history_queries.c.
 */
#include "base/compat.h"

#include "catalog/pg_type.h"
#include "libpq/pqformat.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"

#include "history/deal_history.h"
#include "base/type.h"

/* A history from the elements of a deal_event[]; NULL elements are skipped. */
static struct varlena *
history_from_array(ArrayType *array)
{
	OpenHistory *open = history_open(HISTORY_INITIAL_SPACE);
	ArrayIterator iterator = array_create_iterator(array, 0, NULL);
	Datum		element;
	bool		isnull;

	while (array_iterate(iterator, &element, &isnull))
	{
		EventParts	parts;

		CHECK_FOR_INTERRUPTS();
		if (isnull)
			continue;
		parts = event_parts(element);
		open = history_append(open, &parts);
	}
	array_free_iterator(iterator);
	return history_pack(open);
}

/* I/O */

/* What text input keeps between calls: the input of deal_event[]. */
typedef struct ArrayInput
{
	FmgrInfo	function;
	Oid			element;
} ArrayInput;

PG_FUNCTION_INFO_V1(deal_history_in);
Datum
deal_history_in(PG_FUNCTION_ARGS)
{
	ArrayInput *input = fcinfo->flinfo->fn_extra;
	Datum		array;

	if (input == NULL)
	{
		Oid			function;
		Oid			parameter;

		input = MemoryContextAlloc(fcinfo->flinfo->fn_mcxt, sizeof(ArrayInput));
		input->element = deal_event_type(fcinfo);
		getTypeInputInfo(get_array_type(input->element), &function, &parameter);
		fmgr_info_cxt(function, &input->function, fcinfo->flinfo->fn_mcxt);
		fcinfo->flinfo->fn_extra = input;
	}
	if (!InputFunctionCallSafe(&input->function, PG_GETARG_CSTRING(0), input->element, -1,
							   fcinfo->context, &array))
		PG_RETURN_NULL();
	PG_RETURN_POINTER(history_from_array(DatumGetArrayTypeP(array)));
}

PG_FUNCTION_INFO_V1(deal_history_out);
Datum
deal_history_out(PG_FUNCTION_ARGS)
{
	HistoryView view;
	HistoryCursor cursor;
	HistoryEvent event;
	StringInfoData out;
	StringInfoData row;

	history_view(&view, PG_GETARG_DATUM(0));
	history_labels(&view);
	initStringInfo(&out);
	initStringInfo(&row);
	appendStringInfoChar(&out, '{');
	history_rewind(&cursor, &view);
	while (history_next(&cursor, &event))
	{
		EventParts	parts = history_parts(&view, &event);

		CHECK_FOR_INTERRUPTS();
		if (out.len > 1)
			appendStringInfoChar(&out, ',');
		resetStringInfo(&row);
		event_append_text(&row, &parts);

		/* a row holds commas, so as an array element it is always quoted */
		appendStringInfoChar(&out, '"');
		for (int i = 0; i < row.len; i++)
		{
			if (row.data[i] == '"' || row.data[i] == '\\')
				appendStringInfoChar(&out, '\\');
			appendStringInfoChar(&out, row.data[i]);
		}
		appendStringInfoChar(&out, '"');
	}
	appendStringInfoChar(&out, '}');
	PG_RETURN_CSTRING(out.data);
}

/* Binary: number of events, then each as in deal_event.c. */
static void
send_history(StringInfo out, Datum history)
{
	HistoryView view;
	HistoryCursor cursor;
	HistoryEvent event;

	history_view(&view, history);
	history_labels(&view);
	pq_sendint32(out, view.nevents);
	history_rewind(&cursor, &view);
	while (history_next(&cursor, &event))
	{
		EventParts	parts = history_parts(&view, &event);

		CHECK_FOR_INTERRUPTS();
		event_send(out, &parts);
	}
}

static struct varlena *
receive_history(StringInfo in)
{
	OpenHistory *open = history_open(HISTORY_INITIAL_SPACE);
	int32		nevents = (int32) pq_getmsgint(in, 4);

	if (nevents > HISTORY_MAX_EVENTS)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("deal_history has too many events"),
				 errdetail("It has %d, at most %d are allowed.", nevents, HISTORY_MAX_EVENTS)));
	if (nevents < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("malformed binary deal_history: %d events", nevents)));
	for (int32 i = 0; i < nevents; i++)
	{
		EventParts	parts = event_receive(in);

		CHECK_FOR_INTERRUPTS();
		open = history_append(open, &parts);
	}
	return history_pack(open);
}

static const TypeInfo history_type = {
	.name = "deal_history",
	.version = DEAL_HISTORY_VERSION,
	.send = send_history,
	.receive = receive_history,
	.pack = history_pack_open
};

DEFINE_BINARY(deal_history, history_type);
DEFINE_COMPARISON(deal_history, history_type);

/* Constructor and casts */

/* deal_history(VARIADIC deal_event[]), and the cast from deal_event[] */
PG_FUNCTION_INFO_V1(deal_history_from_events);
Datum
deal_history_from_events(PG_FUNCTION_ARGS)
{
	PG_RETURN_POINTER(history_from_array(PG_GETARG_ARRAYTYPE_P(0)));
}

PG_FUNCTION_INFO_V1(deal_history_to_events);
Datum
deal_history_to_events(PG_FUNCTION_ARGS)
{
	HistoryView view;
	HistoryCursor cursor;
	HistoryEvent event;
	Datum	   *events;

	history_view(&view, PG_GETARG_DATUM(0));
	history_labels(&view);
	events = palloc(sizeof(Datum) * Max(view.nevents, 1));
	history_rewind(&cursor, &view);
	while (history_next(&cursor, &event))
	{
		EventParts	parts = history_parts(&view, &event);

		CHECK_FOR_INTERRUPTS();
		events[cursor.next - 1] = PointerGetDatum(event_build(&parts));
	}
	PG_RETURN_ARRAYTYPE_P(construct_array(events, view.nevents, deal_event_type(fcinfo),
										  -1, false, TYPALIGN_DOUBLE));
}

/* The JSON text of argument 0: an array of event objects, in order. */
static char *
json_of_argument(FunctionCallInfo fcinfo)
{
	HistoryView view;
	HistoryCursor cursor;
	HistoryEvent event;
	StringInfoData json;

	history_view(&view, PG_GETARG_DATUM(0));
	history_labels(&view);
	initStringInfo(&json);
	appendStringInfoChar(&json, '[');
	history_rewind(&cursor, &view);
	while (history_next(&cursor, &event))
	{
		EventParts	parts = history_parts(&view, &event);

		CHECK_FOR_INTERRUPTS();
		if (json.len > 1)
			appendStringInfoChar(&json, ',');
		event_append_json(&json, &parts);
	}
	appendStringInfoChar(&json, ']');
	return json.data;
}

PG_FUNCTION_INFO_V1(deal_history_to_json);
Datum
deal_history_to_json(PG_FUNCTION_ARGS)
{
	PG_RETURN_TEXT_P(cstring_to_text(json_of_argument(fcinfo)));
}

PG_FUNCTION_INFO_V1(deal_history_to_jsonb);
Datum
deal_history_to_jsonb(PG_FUNCTION_ARGS)
{
	PG_RETURN_DATUM(DirectFunctionCall1(jsonb_in, CStringGetDatum(json_of_argument(fcinfo))));
}

PG_FUNCTION_INFO_V1(deal_history_from_jsonb);
Datum
deal_history_from_jsonb(PG_FUNCTION_ARGS)
{
	Jsonb	   *array = PG_GETARG_JSONB_P(0);
	OpenHistory *open = history_open(HISTORY_INITIAL_SPACE);
	uint32		nevents = JB_ROOT_COUNT(array);

	if (!JB_ROOT_IS_ARRAY(array) || JB_ROOT_IS_SCALAR(array))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
				 errmsg("malformed deal_history: jsonb is not an array of events")));
	for (uint32 i = 0; i < nevents; i++)
	{
		JsonbValue *element = getIthJsonbValueFromContainer(&array->root, i);
		EventParts	parts;

		CHECK_FOR_INTERRUPTS();
		event_from_json(element, &parts);
		open = history_append(open, &parts);
	}
	PG_RETURN_POINTER(history_pack(open));
}

/* Aggregates */

/* The state of an aggregate, or a copy of it when called in any other way. */
static OpenHistory *
get_state(FunctionCallInfo fcinfo)
{
	OpenHistory *state;

	if (PG_ARGISNULL(0))
		return history_open(HISTORY_INITIAL_SPACE);
	state = history_reopen(PG_GETARG_DATUM(0));
	if (!AggCheckCallContext(fcinfo, NULL) &&
		(Pointer) state == DatumGetPointer(PG_GETARG_DATUM(0)))
	{
		OpenHistory *copy = palloc(VARSIZE(state));

		memcpy(copy, state, VARSIZE(state));
		state = copy;
	}
	return state;
}

/* The state as it came: nothing is added, and no rows at all stay NULL. */
static Datum
return_state_unchanged(FunctionCallInfo fcinfo)
{
	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	PG_RETURN_DATUM(PG_GETARG_DATUM(0));
}

/* Transition of history_agg(deal_event): NULL events are skipped. */
PG_FUNCTION_INFO_V1(deal_history_accumulate_event);
Datum
deal_history_accumulate_event(PG_FUNCTION_ARGS)
{
	EventParts	parts;

	if (PG_ARGISNULL(1))
		return return_state_unchanged(fcinfo);
	parts = event_parts(PG_GETARG_DATUM(1));
	PG_RETURN_POINTER(history_append(get_state(fcinfo), &parts));
}

/* Transition of history_agg(kind, at [, amount [, subject]]): rows without kind or at are skipped. */
PG_FUNCTION_INFO_V1(deal_history_accumulate_fields);
Datum
deal_history_accumulate_fields(PG_FUNCTION_ARGS)
{
	EventParts	parts;

	if (!event_from_arguments(fcinfo, 1, &parts))
		return return_state_unchanged(fcinfo);
	PG_RETURN_POINTER(history_append(get_state(fcinfo), &parts));
}

/* Transition of rollup(deal_history), and the combine function of them all. */
PG_FUNCTION_INFO_V1(deal_history_accumulate);
Datum
deal_history_accumulate(PG_FUNCTION_ARGS)
{
	if (PG_ARGISNULL(1))
		return return_state_unchanged(fcinfo);
	PG_RETURN_POINTER(history_append_all(get_state(fcinfo), PG_GETARG_DATUM(1)));
}

/* Final function: the packed form. Only reads its state. */
PG_FUNCTION_INFO_V1(deal_history_final);
Datum
deal_history_final(PG_FUNCTION_ARGS)
{
	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	PG_RETURN_POINTER(history_pack_open(PG_GETARG_DATUM(0)));
}

/* Operators */

static OpenHistory *
copy_of_argument(FunctionCallInfo fcinfo, int argno)
{
	return history_append_all(history_open(HISTORY_INITIAL_SPACE), PG_GETARG_DATUM(argno));
}

/* h || e: NULLs are skipped, and both NULL give NULL. */
PG_FUNCTION_INFO_V1(deal_history_append_event);
Datum
deal_history_append_event(PG_FUNCTION_ARGS)
{
	OpenHistory *open;
	EventParts	parts;

	if (PG_ARGISNULL(1))
		return return_state_unchanged(fcinfo);
	parts = event_parts(PG_GETARG_DATUM(1));
	open = PG_ARGISNULL(0) ? history_open(HISTORY_INITIAL_SPACE) : copy_of_argument(fcinfo, 0);
	PG_RETURN_POINTER(history_pack(history_append(open, &parts)));
}

/* h || h: NULLs are skipped, and both NULL give NULL. */
PG_FUNCTION_INFO_V1(deal_history_concat);
Datum
deal_history_concat(PG_FUNCTION_ARGS)
{
	if (PG_ARGISNULL(1))
		return return_state_unchanged(fcinfo);
	if (PG_ARGISNULL(0))
		PG_RETURN_DATUM(PG_GETARG_DATUM(1));
	PG_RETURN_POINTER(history_pack(history_append_all(copy_of_argument(fcinfo, 0),
													  PG_GETARG_DATUM(1))));
}

/* A copy without the events that repeat the one before them to the letter. */
PG_FUNCTION_INFO_V1(deal_history_distinct_events);
Datum
deal_history_distinct_events(PG_FUNCTION_ARGS)
{
	OpenHistory *open = history_open(HISTORY_INITIAL_SPACE);
	HistoryView view;
	HistoryCursor cursor;
	HistoryEvent event;
	EventParts	last;
	bool		first = true;

	history_view(&view, PG_GETARG_DATUM(0));
	history_labels(&view);
	history_rewind(&cursor, &view);
	while (history_next(&cursor, &event))
	{
		EventParts	parts = history_parts(&view, &event);

		CHECK_FOR_INTERRUPTS();
		if (first || event_compare(&last, &parts) != 0)
			open = history_append(open, &parts);
		last = parts;
		first = false;
	}
	PG_RETURN_POINTER(history_pack(open));
}

/* The history as it stood at an instant: later events are left out. */
PG_FUNCTION_INFO_V1(deal_history_as_of);
Datum
deal_history_as_of(PG_FUNCTION_ARGS)
{
	TimestampTz until = PG_GETARG_TIMESTAMPTZ(1);
	OpenHistory *open = history_open(HISTORY_INITIAL_SPACE);
	HistoryView view;
	HistoryCursor cursor;
	HistoryEvent event;

	instant_check(until, "instant", NULL);
	history_view(&view, PG_GETARG_DATUM(0));
	history_labels(&view);
	history_rewind(&cursor, &view);
	while (history_next(&cursor, &event) && event.at <= until)
	{
		EventParts	parts = history_parts(&view, &event);

		CHECK_FOR_INTERRUPTS();
		open = history_append(open, &parts);
	}
	PG_RETURN_POINTER(history_pack(open));
}

/* Every value of a mapping must be a label, used or not, so that an error does not wait for data. */
static void
check_mapping(Jsonb *mapping)
{
	JsonbIterator *iterator = JsonbIteratorInit(&mapping->root);
	JsonbIteratorToken token;
	JsonbValue	value;
	Label		kind = {NULL, 0};

	if (!JB_ROOT_IS_OBJECT(mapping))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("mapping must be a jsonb object"),
				 errhint("Write it as {\"Closed Won\": \"won\", ...}.")));
	while ((token = JsonbIteratorNext(&iterator, &value, true)) != WJB_DONE)
	{
		if (token == WJB_KEY)
		{
			kind.data = value.val.string.val;
			kind.length = value.val.string.len;
		}
		else if (token == WJB_VALUE)
		{
			Label		label;

			if (value.type != jbvString)
				ereport(ERROR,
						(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						 errmsg("mapping of \"%.*s\" must be a string", kind.length, kind.data)));
			label.data = value.val.string.val;
			label.length = value.val.string.len;
			label_check(label, "mapped kind", NULL);
		}
	}
}

/* A copy with the kinds that the mapping names replaced by what it gives. */
PG_FUNCTION_INFO_V1(deal_history_relabel);
Datum
deal_history_relabel(PG_FUNCTION_ARGS)
{
	Jsonb	   *mapping = PG_GETARG_JSONB_P(1);
	OpenHistory *open = history_open(HISTORY_INITIAL_SPACE);
	HistoryView view;
	HistoryCursor cursor;
	HistoryEvent event;

	check_mapping(mapping);
	history_view(&view, PG_GETARG_DATUM(0));
	history_labels(&view);
	for (uint32 i = 0; i < view.nkinds; i++)
	{
		JsonbValue	key;
		JsonbValue *label;

		key.type = jbvString;
		key.val.string.val = unconstify(char *, view.kinds[i].data);
		key.val.string.len = view.kinds[i].length;
		label = findJsonbValueFromContainer(&mapping->root, JB_FOBJECT, &key);
		if (label != NULL)
		{
			view.kinds[i].data = label->val.string.val;
			view.kinds[i].length = label->val.string.len;
		}
	}
	history_rewind(&cursor, &view);
	while (history_next(&cursor, &event))
	{
		EventParts	parts = history_parts(&view, &event);

		CHECK_FOR_INTERRUPTS();
		open = history_append(open, &parts);
	}
	PG_RETURN_POINTER(history_pack(open));
}
