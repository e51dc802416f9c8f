/*
 * content_summary.c
 *		Input and output, accumulation and merging of content_summary (floor 3).
 *
 * What is stored, and why, stands in content_summary.h. Text form:
 *
 *		{"version":1,"actions":[{"action":"view","events":3,"actors":["ann","bob"],
 *		 "total_microseconds":90500000,"seconds":[[30,2]]},...]}
 *
 * with the whole seconds and how many events took them; an action with too many
 * actors to name them has "registers" in place of "actors", a string with one of
 * 0 to 9 and a to j (10 to 19) for each register.
 */
#include "summary/content_summary.h"

#include <math.h>

#include "datatype/timestamp.h"
#include "libpq/pqformat.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"

#include "base/json.h"
#include "base/type.h"

#define TYPE_NAME "content_summary"

static const char register_digits[] = "0123456789abcdefghij";

StaticAssertDecl(lengthof(register_digits) == CONTENT_MAX_REGISTER + 2, "a digit for each register value");

/* ---------------------------------------------------------------- text and jsonb */

static void
append_group(StringInfo out, const ContentGroup *group)
{
	char		sum[SUM128_TEXT_SIZE];

	appendStringInfoString(out, "{\"action\":");
	append_json_label(out, group->name);
	appendStringInfo(out, ",\"events\":" INT64_FORMAT, group->events);
	if (group->registers != NULL)
	{
		appendStringInfoString(out, ",\"registers\":\"");
		for (int i = 0; i < CONTENT_REGISTERS; i++)
			appendStringInfoChar(out, register_digits[group->registers[i]]);
		appendStringInfoChar(out, '"');
	}
	else
	{
		appendStringInfoString(out, ",\"actors\":[");
		for (uint32 i = 0; i < group->nactors; i++)
		{
			if (i > 0)
				appendStringInfoChar(out, ',');
			append_json_label(out, group->actors[i]);
		}
		appendStringInfoChar(out, ']');
	}
	appendStringInfo(out, ",\"total_microseconds\":%s,\"seconds\":[",
					 sum128_text(group->microseconds, sum));
	for (uint32 i = 0; i < group->nseconds; i++)
		appendStringInfo(out, "%s[" UINT64_FORMAT "," INT64_FORMAT "]", i > 0 ? "," : "",
						 group->seconds[i].key, group->seconds[i].count);
	appendStringInfoString(out, "]}");
}

/* Saves "malformed content_summary: PROBLEM". */
static bool
malformed(const char *problem, fmNodePtr escontext)
{
	ereturn(escontext, false,
			(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
			 errmsg("malformed " TYPE_NAME ": %s", problem)));
}

static bool
read_actors(ContentGroup *group, JsonbContainer *object, fmNodePtr escontext)
{
	JsonbContainer *actors;
	JsonbIterator *iterator;
	JsonbIteratorToken token;
	JsonbValue	element;

	if (!jsonb_field_array(object, TYPE_NAME, "actors", &actors, escontext))
		return false;
	if (JsonContainerSize(actors) > CONTENT_EXACT_ACTORS)
		return malformed("\"actors\" names more than 4096", escontext);
	group->actors = palloc(sizeof(Label) * Max(JsonContainerSize(actors), 1));
	iterator = JsonbIteratorInit(actors);
	while ((token = JsonbIteratorNext(&iterator, &element, true)) != WJB_DONE)
		if (token == WJB_ELEM &&
			!jsonb_value_label(&element, TYPE_NAME, "actors", &group->actors[group->nactors++], escontext))
			return false;
	return true;
}

static bool
read_registers(ContentGroup *group, const JsonbValue *value, fmNodePtr escontext)
{
	uint8	   *registers;

	if (value->type != jbvString || value->val.string.len != CONTENT_REGISTERS)
		return malformed("\"registers\" must be a string of 16384 digits", escontext);
	registers = palloc(CONTENT_REGISTERS);
	for (int i = 0; i < CONTENT_REGISTERS; i++)
	{
		const char *digit = value->val.string.val[i] == '\0' ? NULL :
			strchr(register_digits, value->val.string.val[i]);

		if (digit == NULL)
			return malformed("a digit of \"registers\" is not 0 to 9 or a to j", escontext);
		registers[i] = digit - register_digits;
	}
	group->registers = registers;
	return true;
}

static bool
read_seconds(ContentGroup *group, JsonbContainer *object, fmNodePtr escontext)
{
	JsonbContainer *rows;
	JsonbIterator *iterator;
	JsonbIteratorToken token;
	JsonbValue	row;
	int64		last = -1;

	if (!jsonb_field_array(object, TYPE_NAME, "seconds", &rows, escontext))
		return false;
	group->seconds = palloc_extended(sizeof(TallyEntry) * Max((Size) JsonContainerSize(rows), 1),
									 MCXT_ALLOC_HUGE);
	iterator = JsonbIteratorInit(rows);
	while ((token = JsonbIteratorNext(&iterator, &row, true)) != WJB_DONE)
	{
		int64		values[2];

		CHECK_FOR_INTERRUPTS();
		if (token != WJB_ELEM)
			continue;
		if (row.type != jbvBinary || !JsonContainerIsArray(row.val.binary.data) ||
			JsonContainerSize(row.val.binary.data) != lengthof(values))
			return malformed("a row of \"seconds\" must be [seconds, events]", escontext);
		for (int i = 0; i < lengthof(values); i++)
			if (!jsonb_value_int64(getIthJsonbValueFromContainer(row.val.binary.data, i),
								   TYPE_NAME, "seconds", &values[i], escontext))
				return false;
		if (values[0] <= last)
			return malformed("rows of \"seconds\" must be in ascending order, from 0 on", escontext);
		last = values[0];
		group->seconds[group->nseconds].key = values[0];
		group->seconds[group->nseconds++].count = values[1];
	}
	return true;
}

/* A summary from its jsonb object; NULL with an error saved. */
static struct varlena *
from_jsonb(Jsonb *jsonb, fmNodePtr escontext)
{
	static const char *const keys[] = {"version", "actions", NULL};
	static const char *const action_keys[] = {
		"action", "events", "actors", "registers", "total_microseconds", "seconds", NULL
	};
	JsonbContainer *object = &jsonb->root;
	JsonbContainer *actions;
	JsonbIterator *iterator;
	JsonbIteratorToken token;
	JsonbValue	element;
	ContentView view = {NULL, 0};
	const char *problem;

	if (!jsonb_check_keys(object, TYPE_NAME, keys, escontext) ||
		!jsonb_check_version(object, TYPE_NAME, escontext) ||
		!jsonb_field_array(object, TYPE_NAME, "actions", &actions, escontext))
		return NULL;
	if (JsonContainerSize(actions) > CONTENT_MAX_ACTIONS)
	{
		malformed("it has more than 65536 actions", escontext);
		return NULL;
	}
	view.actions = palloc0(sizeof(ContentGroup) * Max(JsonContainerSize(actions), 1));
	iterator = JsonbIteratorInit(actions);
	while ((token = JsonbIteratorNext(&iterator, &element, true)) != WJB_DONE)
	{
		ContentGroup *group = &view.actions[view.nactions];
		JsonbContainer *action;
		JsonbValue *registers;

		CHECK_FOR_INTERRUPTS();
		if (token != WJB_ELEM)
			continue;
		if (element.type != jbvBinary)
		{
			malformed("an element of \"actions\" is not an object", escontext);
			return NULL;
		}
		action = element.val.binary.data;
		if (!jsonb_check_keys(action, TYPE_NAME, action_keys, escontext))
			return NULL;
		registers = jsonb_field(action, "registers");
		if (registers != NULL && jsonb_field(action, "actors") != NULL)
		{
			malformed("an action has either \"actors\" or \"registers\"", escontext);
			return NULL;
		}
		if (!jsonb_field_label(action, TYPE_NAME, "action", &group->name, escontext) ||
			!jsonb_field_int64(action, TYPE_NAME, "events", &group->events, escontext) ||
			!(registers != NULL ? read_registers(group, registers, escontext) :
			  read_actors(group, action, escontext)) ||
			!jsonb_field_sum128(action, TYPE_NAME, "total_microseconds", &group->microseconds, escontext) ||
			!read_seconds(group, action, escontext))
			return NULL;
		view.nactions++;
	}
	problem = content_check_view(&view);
	if (problem != NULL)
		ereturn(escontext, NULL,
				(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
				 errmsg("malformed " TYPE_NAME ": %s", problem)));
	return content_pack(&view);
}

PG_FUNCTION_INFO_V1(content_summary_in);
Datum
content_summary_in(PG_FUNCTION_ARGS)
{
	Jsonb	   *jsonb;
	struct varlena *result;

	if (!jsonb_parse(PG_GETARG_CSTRING(0), &jsonb, fcinfo->context))
		PG_RETURN_NULL();
	result = from_jsonb(jsonb, fcinfo->context);
	if (result == NULL)
		PG_RETURN_NULL();
	PG_RETURN_POINTER(result);
}

PG_FUNCTION_INFO_V1(content_summary_out);
Datum
content_summary_out(PG_FUNCTION_ARGS)
{
	ContentView view;
	StringInfoData out;

	content_view(&view, PG_GETARG_DATUM(0));
	initStringInfo(&out);
	appendStringInfo(&out, "{\"version\":%d,\"actions\":[", CONTENT_SUMMARY_VERSION);
	for (uint32 i = 0; i < view.nactions; i++)
	{
		if (i > 0)
			appendStringInfoChar(&out, ',');
		append_group(&out, &view.actions[i]);
	}
	appendStringInfoString(&out, "]}");
	PG_RETURN_CSTRING(out.data);
}

/* The packed form of an open state. */
static struct varlena *
pack(Datum summary)
{
	return content_finish(summary);
}

static const TypeInfo type_info = {
	.name = "content_summary",
	.pack = pack
};

DEFINE_TO_JSON(content_summary);
DEFINE_COMPARISON(content_summary, type_info);

/* Binary: the packed form after its varlena header. */
PG_FUNCTION_INFO_V1(content_summary_send);
Datum
content_summary_send(PG_FUNCTION_ARGS)
{
	struct varlena *packed = content_finish(PG_GETARG_DATUM(0));
	StringInfoData out;

	pq_begintypsend(&out);
	pq_sendbytes(&out, VARDATA(packed), VARSIZE(packed) - VARHDRSZ);
	PG_RETURN_BYTEA_P(pq_endtypsend(&out));
}

PG_FUNCTION_INFO_V1(content_summary_recv);
Datum
content_summary_recv(PG_FUNCTION_ARGS)
{
	StringInfo	in = (StringInfo) PG_GETARG_POINTER(0);
	int			size = in->len - in->cursor;
	ContentView view;
	const char *problem = content_view_packed(&view, (const uint8 *) pq_getmsgbytes(in, size), size);

	if (problem != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("malformed binary " TYPE_NAME ": %s", problem)));
	for (uint32 i = 0; i < view.nactions; i++)
	{
		const ContentGroup *group = &view.actions[i];

		CHECK_FOR_INTERRUPTS();
		pg_verifymbstr(group->name.data, group->name.length, false);
		for (uint32 j = 0; j < group->nactors; j++)
			pg_verifymbstr(group->actors[j].data, group->actors[j].length, false);
	}
	PG_RETURN_POINTER(content_pack(&view));
}

/* ---------------------------------------------------------------- accumulate */

/* The state in argument 0, as it is. */
static Datum
unchanged(FunctionCallInfo fcinfo)
{
	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	PG_RETURN_DATUM(PG_GETARG_DATUM(0));
}

/* Seconds to microseconds, rounded; 22003 for what no time can be. */
static int64
microseconds_from_seconds(double seconds)
{
	double		microseconds = rint(seconds * USECS_PER_SEC);

	if (!(seconds >= 0) || !(microseconds < (double) PG_INT64_MAX))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("seconds %g are out of range", seconds),
				 errdetail("A time lies between 0 and 9223372036854 seconds.")));
	return (int64) microseconds;
}

/*
 * (state, action, actor [, seconds]): an event without an action does not
 * count; one without an actor counts for nobody, one without seconds for no time.
 */
PG_FUNCTION_INFO_V1(content_summary_add_event);
Datum
content_summary_add_event(PG_FUNCTION_ARGS)
{
	ContentState *state;
	Label		action;
	Label		actor = {NULL, 0};
	int64		microseconds = -1;

	if (PG_ARGISNULL(1))
		return unchanged(fcinfo);
	action = label_from_column(PG_GETARG_DATUM(1), "an action");
	if (!PG_ARGISNULL(2))
		actor = label_from_column(PG_GETARG_DATUM(2), "an actor");
	if (PG_NARGS() > 3 && !PG_ARGISNULL(3))
		microseconds = microseconds_from_seconds(PG_GETARG_FLOAT8(3));
	state = PG_ARGISNULL(0) ? content_create() : content_state(fcinfo, 0);
	PG_RETURN_POINTER(content_add(state, action, actor, microseconds));
}

/* ---------------------------------------------------------------- merge */

/* (state, summary): rollup's transition and every combine function; touches only the left one. */
PG_FUNCTION_INFO_V1(content_summary_combine);
Datum
content_summary_combine(PG_FUNCTION_ARGS)
{
	if (PG_ARGISNULL(1))
		return unchanged(fcinfo);
	if (PG_ARGISNULL(0))
		PG_RETURN_POINTER(content_open(PG_GETARG_DATUM(1)));
	PG_RETURN_POINTER(content_merge(content_state(fcinfo, 0), PG_GETARG_DATUM(1)));
}

/* The canonical form. */
PG_FUNCTION_INFO_V1(content_summary_final);
Datum
content_summary_final(PG_FUNCTION_ARGS)
{
	PG_RETURN_POINTER(content_finish(PG_GETARG_DATUM(0)));
}

PG_FUNCTION_INFO_V1(content_summary_plus);
Datum
content_summary_plus(PG_FUNCTION_ARGS)
{
	ContentState *state = content_merge(content_open(PG_GETARG_DATUM(0)), PG_GETARG_DATUM(1));

	PG_RETURN_POINTER(content_finish(PointerGetDatum(state)));
}
