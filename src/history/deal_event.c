/*
 * deal_event.c
 *		deal_event: one thing that happened to a deal, at one instant.
 *
 * I/O, constructor, casts, accessors, total order. Bytes: see deal_event.h.
 */
#include "base/compat.h"

#include "access/htup_details.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "libpq/pqformat.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"

#include "history/deal_event.h"
#include "base/instant.h"
#include "base/json.h"
#include "base/money.h"
#include "base/type.h"

/* Between parts and bytes */

DealEvent *
event_build(const EventParts *parts)
{
	Size		size = offsetof(DealEvent, labels) +
		parts->kind.length + parts->subject.length;
	DealEvent  *event = palloc(size);

	Assert(parts->kind.length > 0 && parts->kind.length <= LABEL_MAX_BYTES);
	Assert(parts->subject.length <= LABEL_MAX_BYTES);
	SET_VARSIZE(event, size);
	event->version = DEAL_EVENT_VERSION;
	event->flags = parts->has_amount ? DEAL_EVENT_HAS_AMOUNT : 0;
	event->kind_length = parts->kind.length;
	event->subject_length = parts->subject.length;
	event->at = parts->at;
	event->amount = parts->has_amount ? parts->amount : 0;
	memcpy(event->labels, parts->kind.data, parts->kind.length);
	if (parts->subject.length > 0)
		memcpy(event->labels + parts->kind.length, parts->subject.data,
			   parts->subject.length);
	return event;
}

/* Offsets count from behind the varlena header, which may be short. */
#define BODY_OFFSET(field) (offsetof(DealEvent, field) - VARHDRSZ)

static EventParts
read_event(const struct varlena *event)
{
	const uint8 *body = (const uint8 *) VARDATA_ANY(event);
	Size		size = VARSIZE_ANY_EXHDR(event);
	EventParts	parts;

	memset(&parts, 0, sizeof(parts));
	if (size >= BODY_OFFSET(labels))
	{
		parts.kind.data = (const char *) body + BODY_OFFSET(labels);
		parts.kind.length = body[BODY_OFFSET(kind_length)];
		parts.subject.data = parts.kind.data + parts.kind.length;
		parts.subject.length = body[BODY_OFFSET(subject_length)];
		memcpy(&parts.at, body + BODY_OFFSET(at), sizeof(int64));
		memcpy(&parts.amount, body + BODY_OFFSET(amount), sizeof(int64));
		parts.has_amount = body[BODY_OFFSET(flags)] & DEAL_EVENT_HAS_AMOUNT;
	}
	if (size != BODY_OFFSET(labels) + parts.kind.length + parts.subject.length ||
		parts.kind.length == 0 ||
		body[BODY_OFFSET(version)] != DEAL_EVENT_VERSION ||
		(body[BODY_OFFSET(flags)] & ~DEAL_EVENT_HAS_AMOUNT) != 0 ||
		(!parts.has_amount && parts.amount != 0) ||
		!IS_VALID_TIMESTAMP(parts.at))
		type_damaged("deal_event", NULL);
	return parts;
}

EventParts
event_parts(Datum datum)
{
	return read_event(PG_DETOAST_DATUM_PACKED(datum));
}

int
event_compare(const EventParts *a, const EventParts *b)
{
	int			order;

	if (a->at != b->at)
		return a->at < b->at ? -1 : 1;
	if ((order = label_compare(a->kind, b->kind)) != 0)
		return order;
	if ((order = label_compare(a->subject, b->subject)) != 0)
		return order;
	if (a->has_amount != b->has_amount)
		return a->has_amount ? -1 : 1;
	if (a->has_amount && a->amount != b->amount)
		return a->amount < b->amount ? -1 : 1;
	return 0;
}

/*
 * The type deal_event as seen from one of our own functions: types move with
 * the extension's schema, so look in the schema of the function that runs.
 */
Oid
deal_event_type(FunctionCallInfo fcinfo)
{
	Oid			schema = get_func_namespace(fcinfo->flinfo->fn_oid);
	Oid			type = GetSysCacheOid2(TYPENAMENSP, Anum_pg_type_oid,
									   CStringGetDatum("deal_event"),
									   ObjectIdGetDatum(schema));

	if (!OidIsValid(type))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("type deal_event is not in the schema of the function that needs it")));
	return type;
}

/* Text: a row literal */

/* White space as row literals know it, in every locale. */
static inline bool
is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static void
append_row_field(StringInfo out, const char *data, int length)
{
	bool		quote = length == 0;

	for (int i = 0; i < length && !quote; i++)
	{
		char		c = data[i];

		quote = c == '"' || c == '\\' || c == '(' || c == ')' || c == ',' ||
			is_space(c);
	}
	if (!quote)
	{
		appendBinaryStringInfo(out, data, length);
		return;
	}
	appendStringInfoChar(out, '"');
	for (int i = 0; i < length; i++)
	{
		if (data[i] == '"' || data[i] == '\\')
			appendStringInfoChar(out, data[i]);
		appendStringInfoChar(out, data[i]);
	}
	appendStringInfoChar(out, '"');
}

void
event_append_text(StringInfo out, const EventParts *parts)
{
	char		buffer[Max(INSTANT_TEXT_SIZE, MONEY_TEXT_SIZE)];

	appendStringInfoChar(out, '(');
	append_row_field(out, parts->kind.data, parts->kind.length);
	appendStringInfoChar(out, ',');
	instant_text(parts->at, buffer);
	append_row_field(out, buffer, strlen(buffer));
	appendStringInfoChar(out, ',');
	if (parts->has_amount)
		appendStringInfoString(out, amount_text(parts->amount, buffer));
	appendStringInfoChar(out, ',');
	if (parts->subject.length > 0)
		append_row_field(out, parts->subject.data, parts->subject.length);
	appendStringInfoChar(out, ')');
}

/*
 * Reads one field of a row literal, up to an unquoted comma or parenthesis,
 * by the rules of PostgreSQL's row types. Returns what follows the field, or
 * NULL when the text ends inside it; *field is NULL for an empty field.
 */
static char *
read_row_field(char *in, char **field)
{
	char	   *out;
	bool		quoted = false;

	if (*in == ',' || *in == ')')
	{
		*field = NULL;
		return in;
	}
	*field = out = palloc(strlen(in) + 1);
	while (quoted || (*in != ',' && *in != ')'))
	{
		if (*in == '\\')
			in++;
		else if (*in == '"')
		{
			if (quoted && in[1] == '"')
				in++;			/* a doubled quote stands for itself */
			else
			{
				quoted = !quoted;
				in++;
				continue;
			}
		}
		if (*in == '\0')
			return NULL;
		*out++ = *in++;
	}
	*out = '\0';
	return in;
}

#define EVENT_FIELDS 4

/* Splits `(a,b,c,d)`; false when it is not that. */
static bool
split_row(char *in, char **fields)
{
	while (is_space(*in))
		in++;
	if (*in++ != '(')
		return false;
	for (int i = 0; i < EVENT_FIELDS; i++)
	{
		in = read_row_field(in, &fields[i]);
		if (in == NULL || *in++ != (i < EVENT_FIELDS - 1 ? ',' : ')'))
			return false;
	}
	while (is_space(*in))
		in++;
	return *in == '\0';
}

static bool
label_from_cstring(const char *text, const char *what, Label *label,
				   fmNodePtr escontext)
{
	label->data = text;
	label->length = strlen(text);
	return label_check(*label, what, escontext);
}

/* The four fields as text, NULL where absent, into parts; soft errors. */
static bool
parts_from_text(char *const *fields, EventParts *parts, fmNodePtr escontext)
{
	Datum		value;

	memset(parts, 0, sizeof(*parts));
	if (!label_from_cstring(fields[0], "kind", &parts->kind, escontext))
		return false;
	if (!instant_parse(fields[1], "instant", &parts->at, escontext))
		return false;
	if (fields[2] != NULL)
	{
		if (!DirectInputFunctionCallSafe(numeric_in, fields[2], InvalidOid, -1,
										 escontext, &value) ||
			!amount_from_numeric(DatumGetNumeric(value), &parts->amount, escontext))
			return false;
		parts->has_amount = true;
	}
	if (fields[3] != NULL &&
		!label_from_cstring(fields[3], "subject", &parts->subject, escontext))
		return false;
	return true;
}

PG_FUNCTION_INFO_V1(deal_event_in);
Datum
deal_event_in(PG_FUNCTION_ARGS)
{
	char	   *text = PG_GETARG_CSTRING(0);
	char	   *fields[EVENT_FIELDS];
	EventParts	parts;

	CHECK_FOR_INTERRUPTS();		/* array_in() does not check between the events of a history */
	if (!split_row(text, fields))
		ereturn(fcinfo->context, (Datum) 0,
				(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
				 errmsg("malformed deal_event: \"%s\"", text),
				 errdetail("A deal_event has the form (kind,instant,amount,subject).")));
	if (fields[0] == NULL || fields[1] == NULL)
		ereturn(fcinfo->context, (Datum) 0,
				(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
				 errmsg("malformed deal_event: \"%s\"", text),
				 errdetail("Its kind and its instant must not be empty.")));
	if (!parts_from_text(fields, &parts, fcinfo->context))
		PG_RETURN_NULL();
	PG_RETURN_POINTER(event_build(&parts));
}

PG_FUNCTION_INFO_V1(deal_event_out);
Datum
deal_event_out(PG_FUNCTION_ARGS)
{
	EventParts	parts = event_parts(PG_GETARG_DATUM(0));
	StringInfoData out;

	initStringInfo(&out);
	event_append_text(&out, &parts);
	PG_RETURN_CSTRING(out.data);
}

/* Binary: version, flags, instant, [amount], kind, [subject] */

#define SEND_AMOUNT 0x01
#define SEND_SUBJECT 0x02

void
event_send(StringInfo out, const EventParts *parts)
{
	pq_sendbyte(out, (parts->has_amount ? SEND_AMOUNT : 0) |
				(parts->subject.length > 0 ? SEND_SUBJECT : 0));
	pq_sendint64(out, parts->at);
	if (parts->has_amount)
		pq_sendint64(out, parts->amount);
	pq_sendcountedtext(out, parts->kind.data, parts->kind.length);
	if (parts->subject.length > 0)
		pq_sendcountedtext(out, parts->subject.data, parts->subject.length);
}

EventParts
event_receive(StringInfo in)
{
	EventParts	parts;
	int			flags = pq_getmsgbyte(in);

	memset(&parts, 0, sizeof(parts));
	if ((flags & ~(SEND_AMOUNT | SEND_SUBJECT)) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("malformed binary deal_event: unknown flags %d", flags)));
	parts.at = pq_getmsgint64(in);
	instant_check(parts.at, "instant", NULL);
	if (flags & SEND_AMOUNT)
	{
		parts.has_amount = true;
		parts.amount = pq_getmsgint64(in);
	}
	parts.kind = label_receive_text(in, (int32) pq_getmsgint(in, 4), "deal_event", "kind");
	if (flags & SEND_SUBJECT)
		parts.subject = label_receive_text(in, (int32) pq_getmsgint(in, 4), "deal_event", "subject");
	return parts;
}

static void
send_event(StringInfo out, Datum event)
{
	EventParts	parts = event_parts(event);

	event_send(out, &parts);
}

static struct varlena *
receive_event(StringInfo in)
{
	EventParts	parts = event_receive(in);

	return (struct varlena *) event_build(&parts);
}

/* Constructor */

/*
 * Parts from the arguments (kind, at, amount, subject) that start at `first`,
 * as many as the call has. False when kind or at is NULL: no event.
 */
bool
event_from_arguments(FunctionCallInfo fcinfo, int first, EventParts *parts)
{
	int			n = PG_NARGS() - first;

	memset(parts, 0, sizeof(*parts));
	if (PG_ARGISNULL(first) || PG_ARGISNULL(first + 1))
		return false;
	parts->kind = label_from_column(PG_GETARG_DATUM(first), "kind");
	parts->at = PG_GETARG_TIMESTAMPTZ(first + 1);
	instant_check(parts->at, "instant", NULL);
	if (n > 2 && !PG_ARGISNULL(first + 2))
	{
		parts->has_amount = true;
		parts->amount = amount_argument(PG_GETARG_DATUM(first + 2));
	}
	if (n > 3 && !PG_ARGISNULL(first + 3))
		parts->subject = label_from_column(PG_GETARG_DATUM(first + 3), "subject");
	return true;
}

PG_FUNCTION_INFO_V1(deal_event);
Datum
deal_event(PG_FUNCTION_ARGS)
{
	EventParts	parts;

	if (!event_from_arguments(fcinfo, 0, &parts))
		PG_RETURN_NULL();
	PG_RETURN_POINTER(event_build(&parts));
}

/* Casts with jsonb: {"kind", "at", "amount", "subject"} */

static void
event_from_json_container(JsonbContainer *object, EventParts *parts)
{
	static const char *const keys[] = {"kind", "at", "amount", "subject", NULL};
	char	   *fields[EVENT_FIELDS];

	jsonb_check_keys(object, "deal_event", keys, NULL);
	for (int i = 0; i < EVENT_FIELDS; i++)
	{
		JsonbValue *value = jsonb_field(object, keys[i]);

		fields[i] = NULL;
		if (value == NULL || value->type == jbvNull)
		{
			if (i < 2)
				ereport(ERROR,
						(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
						 errmsg("malformed deal_event: \"%s\" is missing", keys[i])));
		}
		else if (value->type == jbvString && i != 2)
			fields[i] = pnstrdup(value->val.string.val, value->val.string.len);
		else if (value->type == jbvNumeric && i == 2)
			fields[i] = DatumGetCString(DirectFunctionCall1(numeric_out,
															NumericGetDatum(value->val.numeric)));
		else
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
					 errmsg("malformed deal_event: \"%s\" must be a %s", keys[i],
							i == 2 ? "number" : "string")));
	}
	parts_from_text(fields, parts, NULL);
}

void
event_from_json(const JsonbValue *object, EventParts *parts)
{
	if (object->type != jbvBinary)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
				 errmsg("malformed deal_event: jsonb is not an object")));
	event_from_json_container(object->val.binary.data, parts);
}

void
event_append_json(StringInfo out, const EventParts *parts)
{
	char		buffer[Max(INSTANT_TEXT_SIZE, MONEY_TEXT_SIZE)];

	appendStringInfoString(out, "{\"kind\":");
	append_json_label(out, parts->kind);
	appendStringInfo(out, ",\"at\":\"%s\"", instant_text(parts->at, buffer));
	appendStringInfo(out, ",\"amount\":%s,\"subject\":",
					 parts->has_amount ? amount_text(parts->amount, buffer) : "null");
	if (parts->subject.length > 0)
		append_json_label(out, parts->subject);
	else
		appendStringInfoString(out, "null");
	appendStringInfoChar(out, '}');
}

PG_FUNCTION_INFO_V1(deal_event_from_jsonb);
Datum
deal_event_from_jsonb(PG_FUNCTION_ARGS)
{
	EventParts	parts;

	event_from_json_container(&PG_GETARG_JSONB_P(0)->root, &parts);
	PG_RETURN_POINTER(event_build(&parts));
}

/* The JSON text of argument 0. */
static char *
json_of_argument(FunctionCallInfo fcinfo)
{
	EventParts	parts = event_parts(PG_GETARG_DATUM(0));
	StringInfoData json;

	initStringInfo(&json);
	event_append_json(&json, &parts);
	return json.data;
}

PG_FUNCTION_INFO_V1(deal_event_to_json);
Datum
deal_event_to_json(PG_FUNCTION_ARGS)
{
	PG_RETURN_TEXT_P(cstring_to_text(json_of_argument(fcinfo)));
}

PG_FUNCTION_INFO_V1(deal_event_to_jsonb);
Datum
deal_event_to_jsonb(PG_FUNCTION_ARGS)
{
	PG_RETURN_DATUM(DirectFunctionCall1(jsonb_in, CStringGetDatum(json_of_argument(fcinfo))));
}

/* Accessors */

PG_FUNCTION_INFO_V1(deal_event_kind);
Datum
deal_event_kind(PG_FUNCTION_ARGS)
{
	PG_RETURN_TEXT_P(label_to_text(event_parts(PG_GETARG_DATUM(0)).kind));
}

PG_FUNCTION_INFO_V1(deal_event_occurred_at);
Datum
deal_event_occurred_at(PG_FUNCTION_ARGS)
{
	PG_RETURN_TIMESTAMPTZ(event_parts(PG_GETARG_DATUM(0)).at);
}

PG_FUNCTION_INFO_V1(deal_event_amount);
Datum
deal_event_amount(PG_FUNCTION_ARGS)
{
	EventParts	parts = event_parts(PG_GETARG_DATUM(0));

	if (!parts.has_amount)
		PG_RETURN_NULL();
	PG_RETURN_NUMERIC(amount_to_numeric(parts.amount));
}

PG_FUNCTION_INFO_V1(deal_event_subject);
Datum
deal_event_subject(PG_FUNCTION_ARGS)
{
	EventParts	parts = event_parts(PG_GETARG_DATUM(0));

	if (parts.subject.length == 0)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(label_to_text(parts.subject));
}

/* Total order */

static int
compare_events(const struct varlena *left, const struct varlena *right)
{
	EventParts	a = read_event(left);
	EventParts	b = read_event(right);

	return event_compare(&a, &b);
}

static const TypeInfo event_type = {
	.name = "deal_event",
	.version = DEAL_EVENT_VERSION,
	.send = send_event,
	.receive = receive_event,
	.compare = compare_events
};

DEFINE_BINARY(deal_event, event_type);
DEFINE_COMPARISON(deal_event, event_type);
