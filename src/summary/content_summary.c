/*
 * content_summary.c
 *		Check, text form and accumulation of content_summary.
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
#include "miscadmin.h"
#include "utils/memutils.h"

#include "base/json.h"

#define TYPE_NAME "content_summary"

#define MAX_SECONDS (PG_INT64_MAX / USECS_PER_SEC)

/* Bits of a key. */
#define SECOND_BITS 44

StaticAssertDecl(MAX_SECONDS < INT64CONST(1) << SECOND_BITS, "a key fits its bits");

static const char register_digits[] = "0123456789abcdefghij";

StaticAssertDecl(lengthof(register_digits) == NAME_SET_MAX_REGISTER + 2, "a digit for each register value");

/* ---------------------------------------------------------------- check */

/* The times of an action: no more than its events, and a sum that fits the whole seconds. */
static const char *
check_times(const SummaryGroup *group, int64 events)
{
	int64		timed = 0;
	Sum128		least = {0, 0};
	Sum128		most;

	for (uint32 i = 0; i < group->ncells; i++)
	{
		const TallyEntry *cell = &group->cells[i];

		if (cell->key > (uint64) MAX_SECONDS)
			return "a time is out of range";
		if (cell->count <= 0 || cell->count > events - timed)
			return "there are more times than events";
		timed += cell->count;
		if (!sum128_add_product(&least, (int64) cell->key * USECS_PER_SEC, cell->count))
			return "a sum of times is out of range";
	}
	most = least;
	if (!sum128_add(&most, sum128_product(USECS_PER_SEC - 1, timed)) ||
		sum128_compare(group->sums[CONTENT_MICROSECONDS], least) < 0 ||
		sum128_compare(group->sums[CONTENT_MICROSECONDS], most) > 0)
		return "a sum of times does not fit the whole seconds";
	return NULL;
}

static const char *
check_group(const SummaryGroup *group)
{
	Sum128		events = group->sums[CONTENT_EVENTS];

	if (group->label.length > LABEL_MAX_BYTES)
		return "an action is too long";
	if (events.high != 0 || events.low > (uint64) PG_INT64_MAX)
		return "a count is out of range";
	if (events.low == 0)
		return "an action has no events";
	if (group->names->n > events.low ||
		(group->names->registers != NULL && events.low <= NAME_SET_EXACT))
		return "the actors of an action do not fit its events";
	return check_times(group, (int64) events.low);
}

static const char *
check_content(const SummaryView *view)
{
	const Sum128 *sums = view->all.sums;

	if (view->identity_size != 0)
		return "it must not have an identity";
	if (view->nsums != CONTENT_SUMS)
		return "it must hold two sums";
	if (view->all.ncells > 0 || (sums[0].low | sums[1].low) != 0 || (sums[0].high | sums[1].high) != 0)
		return "there are events without an action";
	for (uint32 i = 0; i < view->ngroups; i++)
	{
		const char *problem = check_group(&view->groups[i]);

		if (problem != NULL)
			return problem;
		if ((i & 0xFF) == 0)
			CHECK_FOR_INTERRUPTS();
	}
	return NULL;
}

/* ---------------------------------------------------------------- text */

static void
append_names(StringInfo out, const NameSet *set)
{
	if (set->registers != NULL)
	{
		appendStringInfoString(out, ",\"registers\":\"");
		for (int i = 0; i < NAME_SET_REGISTERS; i++)
			appendStringInfoChar(out, register_digits[set->registers[i]]);
		appendStringInfoChar(out, '"');
		return;
	}
	appendStringInfoString(out, ",\"actors\":[");
	for (uint32 i = 0; i < set->n; i++)
	{
		if (i > 0)
			appendStringInfoChar(out, ',');
		append_json_label(out, set->names[i]);
	}
	appendStringInfoChar(out, ']');
}

static void
append_json(StringInfo out, const SummaryView *view)
{
	appendStringInfoString(out, "\"actions\":[");
	for (uint32 i = 0; i < view->ngroups; i++)
	{
		const SummaryGroup *group = &view->groups[i];
		char		text[SUM128_TEXT_SIZE];

		appendStringInfoString(out, i > 0 ? ",{\"action\":" : "{\"action\":");
		append_json_label(out, group->label);
		appendStringInfo(out, ",\"events\":%s", sum128_text(group->sums[CONTENT_EVENTS], text));
		append_names(out, group->names);
		appendStringInfo(out, ",\"total_microseconds\":%s,\"seconds\":[",
						 sum128_text(group->sums[CONTENT_MICROSECONDS], text));
		for (uint32 j = 0; j < group->ncells; j++)
			appendStringInfo(out, "%s[" UINT64_FORMAT "," INT64_FORMAT "]", j > 0 ? "," : "",
							 group->cells[j].key, group->cells[j].count);
		appendStringInfoString(out, "]}");
	}
	appendStringInfoChar(out, ']');
}

static bool
read_actors(NameSet *set, JsonbContainer *object, fmNodePtr escontext)
{
	JsonbContainer *actors;
	JsonbIterator *iterator;
	JsonbIteratorToken token;
	JsonbValue	element;

	if (!jsonb_field_array(object, TYPE_NAME, "actors", &actors, escontext))
		return false;
	if (JsonContainerSize(actors) > NAME_SET_EXACT)
		return summary_malformed(&content_type, "\"actors\" names more than 4096", escontext);
	set->names = palloc(sizeof(Label) * Max(JsonContainerSize(actors), 1));
	iterator = JsonbIteratorInit(actors);
	while ((token = JsonbIteratorNext(&iterator, &element, true)) != WJB_DONE)
		if (token == WJB_ELEM &&
			!jsonb_value_label(&element, TYPE_NAME, "actors", &set->names[set->n++], escontext))
			return false;
	return true;
}

static bool
read_registers(NameSet *set, const JsonbValue *value, fmNodePtr escontext)
{
	uint8	   *registers;

	if (value->type != jbvString || value->val.string.len != NAME_SET_REGISTERS)
		return summary_malformed(&content_type, "\"registers\" must be a string of 16384 digits", escontext);
	registers = palloc(NAME_SET_REGISTERS);
	for (int i = 0; i < NAME_SET_REGISTERS; i++)
	{
		const char *digit = value->val.string.val[i] == '\0' ? NULL :
			strchr(register_digits, value->val.string.val[i]);

		if (digit == NULL)
			return summary_malformed(&content_type, "a digit of \"registers\" is not 0 to 9 or a to j", escontext);
		registers[i] = digit - register_digits;
	}
	set->registers = registers;
	return true;
}

static bool
read_seconds(SummaryGroup *group, JsonbContainer *object, fmNodePtr escontext)
{
	JsonbContainer *rows;
	JsonbIterator *iterator;
	JsonbIteratorToken token;
	JsonbValue	row;
	int64		last = -1;

	if (!jsonb_field_array(object, TYPE_NAME, "seconds", &rows, escontext))
		return false;
	group->cells = palloc_extended(sizeof(TallyEntry) * Max((Size) JsonContainerSize(rows), 1),
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
			return summary_malformed(&content_type, "a row of \"seconds\" must be [seconds, events]", escontext);
		for (int i = 0; i < lengthof(values); i++)
			if (!jsonb_value_int64(getIthJsonbValueFromContainer(row.val.binary.data, i),
								   TYPE_NAME, "seconds", &values[i], escontext))
				return false;
		if (values[0] <= last)
			return summary_malformed(&content_type, "rows of \"seconds\" must be in ascending order, from 0 on", escontext);
		last = values[0];
		group->cells[group->ncells].key = values[0];
		group->cells[group->ncells++].count = values[1];
	}
	return true;
}

static bool
read_action(SummaryGroup *group, const JsonbValue *element, fmNodePtr escontext)
{
	static const char *const keys[] = {
		"action", "events", "actors", "registers", "total_microseconds", "seconds", NULL
	};
	JsonbContainer *object;
	JsonbValue *registers;

	if (element->type != jbvBinary)
		return summary_malformed(&content_type, "an element of \"actions\" is not an object", escontext);
	object = element->val.binary.data;
	group->sums = palloc(sizeof(Sum128) * CONTENT_SUMS);
	group->names = palloc0(sizeof(NameSet));
	if (!jsonb_check_keys(object, TYPE_NAME, keys, escontext))
		return false;
	registers = jsonb_field(object, "registers");
	if (registers != NULL && jsonb_field(object, "actors") != NULL)
		return summary_malformed(&content_type, "an action has either \"actors\" or \"registers\"", escontext);
	return jsonb_field_label(object, TYPE_NAME, "action", &group->label, escontext) &&
		jsonb_field_sum128(object, TYPE_NAME, "events", &group->sums[CONTENT_EVENTS], escontext) &&
		(registers != NULL ? read_registers(group->names, registers, escontext) :
		 read_actors(group->names, object, escontext)) &&
		jsonb_field_sum128(object, TYPE_NAME, "total_microseconds", &group->sums[CONTENT_MICROSECONDS], escontext) &&
		read_seconds(group, object, escontext);
}

static bool
read_json(SummaryView *view, JsonbContainer *object, fmNodePtr escontext)
{
	JsonbContainer *actions;
	JsonbIterator *iterator;
	JsonbIteratorToken token;
	JsonbValue	element;

	if (!jsonb_field_array(object, TYPE_NAME, "actions", &actions, escontext))
		return false;
	if (JsonContainerSize(actions) > content_type.max_groups)
		return summary_malformed(&content_type, "it has more than 65536 actions", escontext);

	view->nsums = CONTENT_SUMS;
	view->all.sums = palloc0(sizeof(Sum128) * CONTENT_SUMS);
	view->groups = palloc0(sizeof(SummaryGroup) * Max(JsonContainerSize(actions), 1));
	iterator = JsonbIteratorInit(actions);
	while ((token = JsonbIteratorNext(&iterator, &element, true)) != WJB_DONE)
	{
		CHECK_FOR_INTERRUPTS();
		if (token == WJB_ELEM && !read_action(&view->groups[view->ngroups++], &element, escontext))
			return false;
	}
	return true;
}

static const char *const json_keys[] = {"version", "actions", NULL};

const SummaryType content_type = {
	.name = TYPE_NAME,
	.mismatch = "Nothing tells one content_summary from another.",
	.check = check_content,
	.key_bits = SECOND_BITS,
	.groups = "actions",
	.max_groups = 65536,
	.names = "actors",
	.keys = json_keys,
	.append_json = append_json,
	.read_json = read_json
};

DEFINE_GROWING_SUMMARY(content_summary, content_type);

/* ---------------------------------------------------------------- accumulate */

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
 * count; one without an actor adds no actor, one without seconds has no time.
 */
PG_FUNCTION_INFO_V1(content_summary_add_event);
Datum
content_summary_add_event(PG_FUNCTION_ARGS)
{
	SummaryState *state;
	Label		action;
	int64		microseconds = -1;
	uint32		row;

	if (PG_ARGISNULL(1))
		return summary_unchanged(fcinfo, &content_type);
	action = label_from_column(PG_GETARG_DATUM(1), "an action");
	if (PG_NARGS() > 3 && !PG_ARGISNULL(3))
		microseconds = microseconds_from_seconds(PG_GETARG_FLOAT8(3));

	state = summary_state(fcinfo, &content_type, "", 0, CONTENT_SUMS);
	state = summary_reserve(state, &content_type, 1, action.length, 1);
	row = summary_row(state, &content_type, action, 0, 1);
	sum128_add_int64(&summary_row_sums(state, &content_type, row)[CONTENT_EVENTS], 1);
	if (microseconds >= 0)
	{
		sum128_add_int64(&summary_row_sums(state, &content_type, row)[CONTENT_MICROSECONDS], microseconds);
		state = summary_add_to_row(state, &content_type, row, microseconds / USECS_PER_SEC, 1);
	}
	if (!PG_ARGISNULL(2))
		state = summary_add_name(state, &content_type, row,
								 label_from_column(PG_GETARG_DATUM(2), "an actor"));
	state->inputs++;
	PG_RETURN_POINTER(state);
}
