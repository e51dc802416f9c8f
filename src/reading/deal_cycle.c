/*
 * deal_cycle.c
 *		deal_cycle: how long one deal took from one thing to another, and
 *		deal_exposure, the same split where the deal was first exposed to
 *		something.
 *
 * Text form:
 *
 *		{"version":1,"unit":"day","status":"event","started_at":"...",
 *		 "entered_at":null,"observed_until":"..."}
 */
#include "reading/deal_cycle.h"

#include "funcapi.h"
#include "libpq/pqformat.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/timestamp.h"
#include "utils/tuplestore.h"

#include "history/deal_history.h"
#include "base/json.h"
#include "base/options.h"
#include "base/type.h"
#include "reading/roles.h"

#define TYPE_NAME "deal_cycle"

static const char *const status_names[] = {"event", "competing", "censored"};

/* ---------------------------------------------------------------- check */

/* NULL when fine, else what is wrong. */
static const char *
check_cycle(const DealCycle *cycle)
{
	if ((cycle->flags & ~DEAL_CYCLE_LATE) != 0)
		return "unknown flags";
	if (cycle->unit >= DURATION_UNITS)
		return "unknown unit";
	if (cycle->status > CYCLE_CENSORED)
		return "unknown status";
	if (!IS_VALID_TIMESTAMP(cycle->started_at) || !IS_VALID_TIMESTAMP(cycle->observed_until))
		return "an instant is out of range";
	if (cycle->observed_until < cycle->started_at)
		return "it ends before it starts";
	if (!(cycle->flags & DEAL_CYCLE_LATE) ? cycle->entered_at != 0 :
		cycle->entered_at <= cycle->started_at || cycle->entered_at >= cycle->observed_until)
		return "a late entry is after the start and before the end";
	return NULL;
}

const DealCycle *
deal_cycle_get(Datum datum)
{
	const DealCycle *cycle = (const DealCycle *) PG_DETOAST_DATUM(datum);

	if (VARSIZE(cycle) != sizeof(DealCycle) || cycle->version != DEAL_CYCLE_VERSION ||
		check_cycle(cycle) != NULL)
		type_damaged(TYPE_NAME, NULL);
	return cycle;
}

/* An own copy of a cycle whose fields are set. */
static struct varlena *
cycle_build(const DealCycle *cycle)
{
	DealCycle  *result = memcpy(palloc(sizeof(DealCycle)), cycle, sizeof(DealCycle));

	SET_VARSIZE(result, sizeof(DealCycle));
	result->version = DEAL_CYCLE_VERSION;
	Assert(check_cycle(result) == NULL);
	return (struct varlena *) result;
}

static int64
cycle_microseconds(const DealCycle *cycle)
{
	return duration_between(cycle->started_at, cycle->observed_until);
}

/* ---------------------------------------------------------------- JSON text */

static void
append_json(StringInfo out, Datum datum)
{
	const DealCycle *cycle = deal_cycle_get(datum);
	char		buffer[INSTANT_TEXT_SIZE];

	appendStringInfo(out, "{\"version\":%d,\"unit\":\"%s\",\"status\":\"%s\",\"started_at\":\"%s\"",
					 DEAL_CYCLE_VERSION, duration_unit_name(cycle->unit),
					 status_names[cycle->status], instant_text(cycle->started_at, buffer));
	if (cycle->flags & DEAL_CYCLE_LATE)
		appendStringInfo(out, ",\"entered_at\":\"%s\"", instant_text(cycle->entered_at, buffer));
	else
		appendStringInfoString(out, ",\"entered_at\":null");
	appendStringInfo(out, ",\"observed_until\":\"%s\"}",
					 instant_text(cycle->observed_until, buffer));
}

/* A cycle from its JSON object; NULL with an error saved. */
static struct varlena *
from_json(JsonbContainer *object, fmNodePtr escontext)
{
	DealCycle	cycle = {0};
	int			unit;
	int			status;

	if (!jsonb_field_word(object, TYPE_NAME, "unit", duration_unit_names, DURATION_UNITS, &unit,
						  escontext) ||
		!jsonb_field_word(object, TYPE_NAME, "status", status_names, lengthof(status_names),
						  &status, escontext) ||
		!jsonb_field_instant(object, TYPE_NAME, "started_at", &cycle.started_at, escontext) ||
		!jsonb_field_instant(object, TYPE_NAME, "observed_until", &cycle.observed_until, escontext))
		return NULL;
	if (jsonb_field_given(object, "entered_at"))
	{
		if (!jsonb_field_instant(object, TYPE_NAME, "entered_at", &cycle.entered_at, escontext))
			return NULL;
		cycle.flags = DEAL_CYCLE_LATE;
	}
	cycle.unit = (uint8) unit;
	cycle.status = (uint8) status;
	if (!jsonb_accept(check_cycle(&cycle), TYPE_NAME, escontext))
		return NULL;
	return cycle_build(&cycle);
}

/* ---------------------------------------------------------------- binary */

/* Flags, unit, status, started_at, observed_until, and entered_at when late. */
static void
send_value(StringInfo out, Datum datum)
{
	const DealCycle *cycle = deal_cycle_get(datum);

	pq_sendbyte(out, cycle->flags);
	pq_sendbyte(out, cycle->unit);
	pq_sendbyte(out, cycle->status);
	pq_sendint64(out, cycle->started_at);
	pq_sendint64(out, cycle->observed_until);
	if (cycle->flags & DEAL_CYCLE_LATE)
		pq_sendint64(out, cycle->entered_at);
}

static struct varlena *
receive_value(StringInfo in)
{
	DealCycle	cycle = {0};

	cycle.flags = pq_getmsgbyte(in);
	cycle.unit = pq_getmsgbyte(in);
	cycle.status = pq_getmsgbyte(in);
	cycle.started_at = pq_getmsgint64(in);
	cycle.observed_until = pq_getmsgint64(in);
	if (cycle.flags & DEAL_CYCLE_LATE)
		cycle.entered_at = pq_getmsgint64(in);
	receive_check(check_cycle(&cycle), TYPE_NAME);
	return cycle_build(&cycle);
}

static const char *const keys[] = {
	"version", "unit", "status", "started_at", "entered_at", "observed_until", NULL
};

static const TypeInfo cycle_type = {
	.name = TYPE_NAME,
	.version = DEAL_CYCLE_VERSION,
	.keys = keys,
	.append_json = append_json,
	.from_json = from_json,
	.send = send_value,
	.receive = receive_value
};

DEFINE_TYPE(deal_cycle, cycle_type);

/* ---------------------------------------------------------------- the reading */

#define ROLE_FROM 0x01
#define ROLE_TO 0x02
#define ROLE_UNLESS 0x04

/* The options of a cycle stand together: the first of them is argument `first`. */
static const KindRoles *
get_roles(FunctionCallInfo fcinfo, int first)
{
	RoleOption	options[] = {
		{first, "from_kinds", false},
		{first + 1, "to_kinds", false},
		{first + 2, "unless", true}
	};

	return kind_roles_get(fcinfo, options, lengthof(options), ROLE_TO | ROLE_UNLESS);
}

/*
 * What ended the cycle at the instant of its start: an event there with the
 * role, other than the one event that starts the cycle. Where several events
 * of the instant could start it, one of them that does not end it does.
 */
static bool
ends_at_start(const HistoryView *view, const uint8 *roles, uint32 i, uint8 role)
{
	int64		start = history_at(view, i);
	int			ends = 0;
	int			either = 0;

	for (; i < view->nevents && history_at(view, i) == start; i++)
	{
		uint8		has = roles[history_kind(view, i)];

		ends += (has & role) != 0;
		either += (has & (role | ROLE_FROM)) != 0;
	}
	return ends > 0 && either > 1;
}

/* The place of the first event with a role, of those from `from` up to `count`; `count` for none. */
static uint32
first_with(const HistoryView *view, const uint8 *roles, uint32 from, uint32 count, uint8 role)
{
	while (from < count && !(roles[history_kind(view, from)] & role))
		from++;
	return from;
}

/* The first event of the instant of event i. */
static uint32
begin_of_instant(const HistoryView *view, uint32 i)
{
	int64		at = history_at(view, i);

	while (i > 0 && history_at(view, i - 1) == at)
		i--;
	return i;
}

/* The first event after the instant of event i, of `count`. */
static uint32
end_of_instant(const HistoryView *view, uint32 i, uint32 count)
{
	int64		at = history_at(view, i);

	while (i < count && history_at(view, i) == at)
		i++;
	return i;
}

/*
 * The same from an instant on that is not before the start. Where it is that of
 * the start, the one event that starts the cycle does not end it.
 */
static uint32
first_end(const HistoryView *view, const uint8 *roles, uint32 start, uint32 from, uint32 count,
		  uint8 role)
{
	int64		at = history_at(view, start);

	if (history_at(view, from) == at)
	{
		/* mostly there is one event */
		if (from == start && (start + 1 == count || history_at(view, start + 1) != at))
			from++;
		else if (!ends_at_start(view, roles, start, role))
			from = end_of_instant(view, start, count);
	}
	return first_with(view, roles, from, count, role);
}

/* Fills start, end and status; false when nothing starts by as_of. */
static bool
find_cycle(const HistoryView *view, const uint8 *roles, TimestampTz as_of, DealCycle *cycle)
{
	uint32		count = history_count_until(view, as_of);
	uint32		start = first_with(view, roles, 0, count, ROLE_FROM);
	uint32		last = count;
	uint32		end;

	if (start == count)
		return false;
	start = begin_of_instant(view, start);
	cycle->started_at = history_at(view, start);

	/* what came between the start and the event was undone by it */
	end = first_end(view, roles, start, start, count, ROLE_TO);
	cycle->status = CYCLE_EVENT;
	if (end == count)
	{
		/* and what came before the last start, by that */
		while (!(roles[history_kind(view, --last)] & ROLE_FROM))
			;
		end = first_end(view, roles, start, begin_of_instant(view, last), count, ROLE_UNLESS);
		cycle->status = CYCLE_COMPETING;
	}
	if (end == count)
		cycle->status = CYCLE_CENSORED;
	cycle->observed_until = end < count ? history_at(view, end) : as_of;
	return true;
}

/*
 * deal_cycle(history, from_kinds, to_kinds, unless, as_of, unit): from the
 * first `from` event to the first `to` event at or after it, whatever came
 * between. Where there is none, the first `unless` event at or after the last
 * `from` event competes. NULL for a NULL history or as_of, and where nothing
 * starts by as_of.
 */
PG_FUNCTION_INFO_V1(deal_cycle);
Datum
deal_cycle(PG_FUNCTION_ARGS)
{
	const KindRoles *roles = get_roles(fcinfo, 1);
	int			unit = duration_unit_argument(fcinfo, 5);
	HistoryView view;
	TimestampTz as_of;
	DealCycle	cycle = {.unit = (uint8) unit};

	/* options are checked even where there is nothing to read */
	if (PG_ARGISNULL(0) || PG_ARGISNULL(4))
		PG_RETURN_NULL();
	as_of = PG_GETARG_TIMESTAMPTZ(4);
	(void) instant_check(as_of, "as_of", NULL);
	history_view(&view, PG_GETARG_DATUM(0));
	if (!find_cycle(&view, kind_roles_match(roles, &view, NULL), as_of, &cycle))
		PG_RETURN_NULL();
	PG_RETURN_POINTER(cycle_build(&cycle));
}

/* The first instant of a kind, with a subject when there is one given; false when never. */
static bool
find_exposure(HistoryView *view, Label kind_label, const Label *subject, int64 *exposed_at)
{
	HistoryCursor cursor;
	HistoryEvent event;
	int			kind;

	history_labels(view);
	kind = history_find_kind(view, kind_label);
	if (kind < 0)
		return false;
	history_rewind(&cursor, view);
	while (history_next(&cursor, &event))
		if (event.kind == kind &&
			(subject == NULL ||
			 (event.subject >= 0 && label_equal(view->subjects[event.subject], *subject))))
		{
			*exposed_at = event.at;
			return true;
		}
	return false;
}

static void
put_cycle(ReturnSetInfo *result, bool exposed, const DealCycle *cycle)
{
	Datum		values[2];
	bool		nulls[2] = {false, false};

	values[0] = BoolGetDatum(exposed);
	values[1] = PointerGetDatum(cycle_build(cycle));
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

/*
 * deal_exposure(history, exposed_by, exposure_subject, from_kinds, to_kinds,
 * unless, as_of, unit) -> (exposed, cycle): the cycle in one piece where it was
 * exposed from its start on or never before its end; else until the exposure,
 * censored there, and from it on, entering late. Both count time from the start.
 */
PG_FUNCTION_INFO_V1(deal_exposure);
Datum
deal_exposure(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	const KindRoles *roles = get_roles(fcinfo, 3);
	int			unit = duration_unit_argument(fcinfo, 7);
	HistoryView view;
	TimestampTz as_of;
	Label		kind;
	Label		subject;
	int64		exposed_at;
	DealCycle	cycle = {.unit = (uint8) unit};

	require_option(fcinfo, 1, "exposed_by");
	kind = label_from_text(PG_GETARG_DATUM(1), "exposed_by");
	if (!PG_ARGISNULL(2))
		subject = label_from_text(PG_GETARG_DATUM(2), "exposure_subject");
	InitMaterializedSRF(fcinfo, 0);
	if (PG_ARGISNULL(0) || PG_ARGISNULL(6))
		return (Datum) 0;
	as_of = PG_GETARG_TIMESTAMPTZ(6);
	(void) instant_check(as_of, "as_of", NULL);
	history_view(&view, PG_GETARG_DATUM(0));
	if (!find_cycle(&view, kind_roles_match(roles, &view, NULL), as_of, &cycle))
		return (Datum) 0;

	if (!find_exposure(&view, kind, PG_ARGISNULL(2) ? NULL : &subject, &exposed_at))
		exposed_at = PG_INT64_MAX;
	if (exposed_at <= cycle.started_at)
		put_cycle(result, true, &cycle);
	else if (exposed_at >= cycle.observed_until)
		put_cycle(result, false, &cycle);
	else
	{
		DealCycle	before = cycle;

		before.status = CYCLE_CENSORED;
		before.observed_until = exposed_at;
		put_cycle(result, false, &before);
		cycle.flags = DEAL_CYCLE_LATE;
		cycle.entered_at = exposed_at;
		put_cycle(result, true, &cycle);
	}
	return (Datum) 0;
}

/* ---------------------------------------------------------------- accessors */

PG_FUNCTION_INFO_V1(deal_cycle_status);
Datum
deal_cycle_status(PG_FUNCTION_ARGS)
{
	PG_RETURN_TEXT_P(cstring_to_text(status_names[deal_cycle_get(PG_GETARG_DATUM(0))->status]));
}

PG_FUNCTION_INFO_V1(deal_cycle_unit);
Datum
deal_cycle_unit(PG_FUNCTION_ARGS)
{
	PG_RETURN_TEXT_P(cstring_to_text(duration_unit_name(deal_cycle_get(PG_GETARG_DATUM(0))->unit)));
}

/* From the start to the end, or as far as it was observed when censored: days and time, no months. */
PG_FUNCTION_INFO_V1(deal_cycle_duration);
Datum
deal_cycle_duration(PG_FUNCTION_ARGS)
{
	int64		microseconds = cycle_microseconds(deal_cycle_get(PG_GETARG_DATUM(0)));
	Interval   *duration = palloc0(sizeof(Interval));

	duration->day = (int32) (microseconds / USECS_PER_DAY);
	duration->time = microseconds % USECS_PER_DAY;
	PG_RETURN_INTERVAL_P(duration);
}

PG_FUNCTION_INFO_V1(deal_cycle_started_at);
Datum
deal_cycle_started_at(PG_FUNCTION_ARGS)
{
	PG_RETURN_TIMESTAMPTZ(deal_cycle_get(PG_GETARG_DATUM(0))->started_at);
}

/* NULL when censored: it has not ended. */
PG_FUNCTION_INFO_V1(deal_cycle_ended_at);
Datum
deal_cycle_ended_at(PG_FUNCTION_ARGS)
{
	const DealCycle *cycle = deal_cycle_get(PG_GETARG_DATUM(0));

	if (cycle->status == CYCLE_CENSORED)
		PG_RETURN_NULL();
	PG_RETURN_TIMESTAMPTZ(cycle->observed_until);
}

/* NULL when it was observed from its start on. */
PG_FUNCTION_INFO_V1(deal_cycle_entered_at);
Datum
deal_cycle_entered_at(PG_FUNCTION_ARGS)
{
	const DealCycle *cycle = deal_cycle_get(PG_GETARG_DATUM(0));

	if (!(cycle->flags & DEAL_CYCLE_LATE))
		PG_RETURN_NULL();
	PG_RETURN_TIMESTAMPTZ(cycle->entered_at);
}

PG_FUNCTION_INFO_V1(deal_cycle_observed_until);
Datum
deal_cycle_observed_until(PG_FUNCTION_ARGS)
{
	PG_RETURN_TIMESTAMPTZ(deal_cycle_get(PG_GETARG_DATUM(0))->observed_until);
}
