/*
 * engine.c
 *		The SQL functions that every summary on the engine has: merging,
 *		subtracting, finishing, sending, receiving, and JSON text.
 *
 * What a summary is stands in engine.h.
 */
#include "summary/engine_bytes.h"

#include "libpq/pqformat.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"

#include "base/json.h"
#include "base/problem.h"
#include "summary/moving_check.h"
#include "summary/moving_order.h"

/* ---------------------------------------------------------------- finishing */

/*
 * Checks what was merged, and packs it. Merging can pass what a type can hold,
 * and subtracting what was not there falls short of it: 22003.
 */
static struct varlena *
finish(SummaryView *view, const SummaryType *type, bool checked)
{
	const char *problem;

	if (type->settle != NULL)
		type->settle(view);
	problem = checked ? NULL : summary_check(view, type);
	if (problem != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("the result is not a possible %s value", type->name),
				 errdetail_problem(problem)));
	return summary_pack(view, type);
}

Datum
summary_final(FunctionCallInfo fcinfo, const SummaryType *type)
{
	struct varlena *value;
	SummaryState *state;
	SummaryView view;
	TallyOrder *order;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	value = PG_DETOAST_DATUM_PACKED(PG_GETARG_DATUM(0));
	if (!summary_is_open(value))
		PG_RETURN_POINTER(summary_packed(type, PointerGetDatum(value)));
	state = summary_open_form(value, type);
	if (state->inputs <= 0)
		PG_RETURN_NULL();
	order = moving_order(fcinfo, summary_tally(state)->used);
	summary_view_open(&view, type, state, order);
	PG_RETURN_POINTER(finish(&view, type, order != NULL && moving_is_checked(state, type, &view)));
}

/* ---------------------------------------------------------------- merging */

static SummaryState *
merge_argument(FunctionCallInfo fcinfo, const SummaryType *type, int sign)
{
	SummaryView other;

	summary_view(&other, type, PG_GETARG_DATUM(1));
	return summary_merge(summary_state(fcinfo, type, other.identity, other.identity_size, other.nsums),
						 type, &other, sign);
}

Datum
summary_add_summary(FunctionCallInfo fcinfo, const SummaryType *type, int sign)
{
	struct varlena *value;
	SummaryState *state;
	bool		checks;

	if (PG_ARGISNULL(1))
		return summary_unchanged(fcinfo, type);
	value = PG_DETOAST_DATUM_PACKED(PG_GETARG_DATUM(1));
	checks = moving_checks(fcinfo, type, sign);

	/* outside of an aggregate no final function checks the sum */
	state = checks || summary_is_open(value) || !AggCheckCallContext(fcinfo, NULL) ?
		merge_argument(fcinfo, type, sign) : summary_merge_packed(fcinfo, type, value, sign);
	if (checks && state->inputs == 0)
		state->flags |= SUMMARY_CHECKED;
	state->inputs += sign;
	PG_RETURN_POINTER(state);
}

Datum
summary_combine(FunctionCallInfo fcinfo, const SummaryType *type)
{
	SummaryState *state;
	struct varlena *other;
	int64		inputs;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
	{
		if (PG_ARGISNULL(0) && PG_ARGISNULL(1))
			PG_RETURN_NULL();
		PG_RETURN_DATUM(PG_GETARG_DATUM(PG_ARGISNULL(0) ? 1 : 0));
	}
	other = PG_DETOAST_DATUM_PACKED(PG_GETARG_DATUM(1));
	inputs = summary_is_open(other) ? summary_open_form(other, type)->inputs : 1;
	state = merge_argument(fcinfo, type, 1);
	state->inputs += inputs;
	PG_RETURN_POINTER(state);
}

Datum
summary_plus(FunctionCallInfo fcinfo, const SummaryType *type, int sign)
{
	SummaryView left;
	SummaryView right;
	SummaryView result;

	summary_view(&left, type, PG_GETARG_DATUM(0));
	summary_view(&right, type, PG_GETARG_DATUM(1));
	summary_merge_views(&result, type, &left, &right, sign);
	PG_RETURN_POINTER(finish(&result, type, false));
}

/* ---------------------------------------------------------------- sending and receiving */

typedef char *(*Conversion) (const char *text, int length);

/* A label in the other encoding: where it is composite, the text that it begins with. */
static Label
converted(Label label, Conversion convert, bool composite)
{
	const char *zero = composite ? memchr(label.data, '\0', label.length) : NULL;
	int			length = zero != NULL ? (int) (zero - label.data) : label.length;
	char	   *text = length > 0 ? convert(label.data, length) : NULL;
	int			new_length;
	char	   *joined;

	if (length == 0 || text == label.data)
		return label;
	new_length = (int) strlen(text);
	if (length == label.length)
		return (Label) {text, new_length};
	joined = palloc(new_length + label.length - length);
	memcpy(joined, text, new_length);
	memcpy(joined + new_length, label.data + length, label.length - length);
	return (Label) {joined, new_length + label.length - length};
}

/* Puts labels and names in the order of their bytes: those that come from outside had others in another encoding. */
static void
sort_labels(SummaryView *view)
{
	for (uint32 i = 0; i < view->ngroups; i++)
	{
		NameSet    *names = view->groups[i].names;

		if (names != NULL)
			labels_sort(names->names, names->n);
		CHECK_FOR_INTERRUPTS();
	}
	summary_sort_groups(view);
}

/* Converts all labels and names, and puts them in the order that their bytes now have. */
static void
convert_labels(SummaryView *view, const SummaryType *type, Conversion convert)
{
	for (uint32 i = 0; i < view->ngroups; i++)
	{
		SummaryGroup *group = &view->groups[i];

		group->label = converted(group->label, convert, type->composite);
		for (uint32 j = 0; group->names != NULL && j < group->names->n; j++)
			group->names->names[j] = converted(group->names->names[j], convert, false);
		CHECK_FOR_INTERRUPTS();
	}
	sort_labels(view);
}

Datum
summary_send(FunctionCallInfo fcinfo, const SummaryType *type)
{
	SummaryView view;
	struct varlena *packed;
	StringInfoData buffer;

	summary_view(&view, type, PG_GETARG_DATUM(0));
	if (pg_get_client_encoding() != GetDatabaseEncoding())
		convert_labels(&view, type, pg_server_to_client);
	if (type->send_identity != NULL)
		type->send_identity(&view);
	packed = summary_pack(&view, type);
	pq_begintypsend(&buffer);
	pq_sendbytes(&buffer, VARDATA(packed), VARSIZE(packed) - VARHDRSZ);
	PG_RETURN_BYTEA_P(pq_endtypsend(&buffer));
}

/* Whatever the encoding of the client is, labels are checked to be text in it. */
Datum
summary_recv(FunctionCallInfo fcinfo, const SummaryType *type)
{
	StringInfo	buffer = (StringInfo) PG_GETARG_POINTER(0);
	int			size = buffer->len - buffer->cursor;
	const char *bytes;
	SummaryView view;

	/* the version is part of the packed form */
	receive_version(buffer, type->name, SUMMARY_VERSION);
	buffer->cursor--;
	bytes = pq_getmsgbytes(buffer, size);
	receive_check(summary_read_packed(&view, type, (const uint8 *) bytes, size), type->name);
	convert_labels(&view, type, pg_client_to_server);
	if (type->receive_identity != NULL)
		receive_check(type->receive_identity(&view), type->name);
	receive_check(summary_check(&view, type), type->name);
	PG_RETURN_POINTER(summary_pack(&view, type));
}

/* ---------------------------------------------------------------- JSON */

bool
summary_malformed(const SummaryType *type, const char *problem, fmNodePtr escontext)
{
	return jsonb_accept(problem, type->name, escontext);
}

struct varlena *
summary_from_json(const SummaryType *type, JsonbContainer *object, fmNodePtr escontext)
{
	SummaryView view = {NULL};

	if (!jsonb_check_keys(object, type->name, type->keys, escontext) ||
		!jsonb_check_version(object, type->name, escontext) ||
		!type->read_json(&view, object, escontext))
		return NULL;
	sort_labels(&view);
	if (!jsonb_accept(summary_check(&view, type), type->name, escontext))
		return NULL;
	return summary_pack(&view, type);
}

void
summary_append_json(const SummaryType *type, StringInfo out, const SummaryView *view)
{
	appendStringInfo(out, "{\"version\":%d,", SUMMARY_VERSION);
	type->append_json(out, view);
	appendStringInfoChar(out, '}');
}

Datum
summary_in(FunctionCallInfo fcinfo, const SummaryType *type)
{
	Jsonb	   *json;
	struct varlena *value;

	if (!jsonb_parse(PG_GETARG_CSTRING(0), &json, fcinfo->context))
		PG_RETURN_NULL();
	value = summary_from_json(type, &json->root, fcinfo->context);
	if (value == NULL)
		PG_RETURN_NULL();
	PG_RETURN_POINTER(value);
}

Datum
summary_out(FunctionCallInfo fcinfo, const SummaryType *type)
{
	SummaryView view;
	StringInfoData out;

	summary_view(&view, type, PG_GETARG_DATUM(0));
	initStringInfo(&out);
	summary_append_json(type, &out, &view);
	PG_RETURN_CSTRING(out.data);
}
