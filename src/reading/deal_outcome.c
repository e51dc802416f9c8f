/*
 * deal_outcome.c
 *		deal_outcome: how a deal ended, and the competitors in it.
 *		I/O, the reading itself, accessors. Bytes: see deal_outcome.h.
 */
#include "base/compat.h"

#include "libpq/pqformat.h"
#include "port/pg_bitutils.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "history/deal_history.h"
#include "reading/deal_outcome.h"
#include "base/json.h"
#include "base/type.h"
#include "reading/roles.h"

#define TYPE_NAME "deal_outcome"

const char *const deal_statuses[DEAL_STATUSES] = {"won", "lost", "no_decision", "open"};

/* ---------------------------------------------------------------- parts and bytes */

static DealOutcome *
outcome_build(const OutcomeParts *parts)
{
	Size		size = add_size(offsetof(DealOutcome, labels), parts->lost_to.length);
	DealOutcome *outcome;
	char	   *out;

	for (uint32 i = 0; i < parts->nconsidered; i++)
		size = add_size(size, 1 + parts->considered[i].length);
	if (!AllocSizeIsValid(size))
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg(TYPE_NAME " value would be larger than 1 GB")));
	outcome = palloc(size);
	SET_VARSIZE(outcome, size);
	outcome->version = DEAL_OUTCOME_VERSION;
	outcome->flags = parts->has_amount ? DEAL_OUTCOME_HAS_AMOUNT : 0;
	outcome->status = parts->status;
	outcome->lost_to_length = parts->lost_to.length;
	outcome->closed_at = parts->closed_at;
	outcome->amount = parts->amount;
	outcome->nconsidered = parts->nconsidered;
	out = outcome->labels;
	for (uint32 i = 0; i < parts->nconsidered; i++)
	{
		*out++ = (char) parts->considered[i].length;
		memcpy(out, parts->considered[i].data, parts->considered[i].length);
		out += parts->considered[i].length;
	}
	if (parts->lost_to.length > 0)
		memcpy(out, parts->lost_to.data, parts->lost_to.length);
	return outcome;
}

/* Do the parts, labels aside, belong together? NULL, or why not. */
static const char *
check_parts(const OutcomeParts *parts)
{
	if (parts->status > DEAL_OPEN)
		return "unknown status";
	if (parts->status == DEAL_OPEN ? parts->closed_at != 0 : !IS_VALID_TIMESTAMP(parts->closed_at))
		return "status and closing instant do not agree";
	if (!parts->has_amount && parts->amount != 0)
		return "an amount without its flag";
	if (parts->lost_to.length > 0 && parts->status != DEAL_LOST)
		return "lost_to in a deal that was not lost";
	for (uint32 i = 1; i < parts->nconsidered; i++)
	{
		int			order = label_compare(parts->considered[i - 1], parts->considered[i]);

		if (order >= 0)
			return order == 0 ? "a considered subject comes twice" :
				"considered subjects are not in ascending order";
	}
	return NULL;
}

/* The same for parts that came from outside: another encoding has another order of bytes. */
static const char *
sort_and_check_parts(const OutcomeParts *parts)
{
	labels_sort(parts->considered, parts->nconsidered);
	return check_parts(parts);
}

void
outcome_parts(OutcomeParts *parts, Datum datum)
{
	const DealOutcome *outcome = (const DealOutcome *) PG_DETOAST_DATUM(datum);
	Size		size = VARSIZE(outcome);
	const char *in = outcome->labels;
	const char *end = (const char *) outcome + size;
	const char *problem = NULL;

	if (size < offsetof(DealOutcome, labels) || outcome->version != DEAL_OUTCOME_VERSION ||
		(outcome->flags & ~DEAL_OUTCOME_HAS_AMOUNT) != 0 ||
		outcome->nconsidered > size - offsetof(DealOutcome, labels))
		type_damaged(TYPE_NAME, NULL);
	parts->status = outcome->status;
	parts->has_amount = (outcome->flags & DEAL_OUTCOME_HAS_AMOUNT) != 0;
	parts->closed_at = outcome->closed_at;
	parts->amount = outcome->amount;
	parts->nconsidered = outcome->nconsidered;
	parts->considered = NULL;
	if (parts->nconsidered > 0)
		parts->considered = palloc_extended(sizeof(Label) * (Size) parts->nconsidered,
											MCXT_ALLOC_HUGE);
	for (uint32 i = 0; i < parts->nconsidered && problem == NULL; i++)
	{
		int			length = in < end ? (uint8) *in++ : 0;

		if (length == 0 || length > end - in)
			problem = "a label is cut off";
		parts->considered[i].data = in;
		parts->considered[i].length = length;
		in += length;
	}
	parts->lost_to.data = in;
	parts->lost_to.length = outcome->lost_to_length;
	if (problem == NULL && end - in != outcome->lost_to_length)
		problem = "a label is cut off";
	if (problem == NULL)
		problem = check_parts(parts);
	if (problem != NULL)
		type_damaged(TYPE_NAME, problem);
}

/* ---------------------------------------------------------------- JSON text and binary */

static void
append_json(StringInfo out, Datum datum)
{
	OutcomeParts parts;
	char		instant[INSTANT_TEXT_SIZE];
	char		amount[MONEY_TEXT_SIZE];

	outcome_parts(&parts, datum);
	appendStringInfo(out, "{\"version\":%d,\"status\":\"%s\",\"closed_at\":",
					 DEAL_OUTCOME_VERSION, deal_statuses[parts.status]);
	if (parts.status == DEAL_OPEN)
		appendStringInfoString(out, "null");
	else
		appendStringInfo(out, "\"%s\"", instant_text(parts.closed_at, instant));
	appendStringInfo(out, ",\"amount\":%s,\"considered\":[",
					 parts.has_amount ? amount_text(parts.amount, amount) : "null");
	for (uint32 i = 0; i < parts.nconsidered; i++)
	{
		if (i > 0)
			appendStringInfoChar(out, ',');
		append_json_label(out, parts.considered[i]);
	}
	appendStringInfoString(out, "],\"lost_to\":");
	if (parts.lost_to.length > 0)
		append_json_label(out, parts.lost_to);
	else
		appendStringInfoString(out, "null");
	appendStringInfoChar(out, '}');
}

/* An outcome from its JSON object; NULL with an error saved. */
static struct varlena *
from_json(JsonbContainer *object, fmNodePtr escontext)
{
	JsonbContainer *considered;
	JsonbIterator *iterator;
	JsonbIteratorToken token;
	JsonbValue	element;
	OutcomeParts parts;
	int			status;

	memset(&parts, 0, sizeof(parts));
	if (!jsonb_field_word(object, TYPE_NAME, "status", deal_statuses, DEAL_STATUSES, &status,
						  escontext) ||
		!jsonb_field_array(object, TYPE_NAME, "considered", &considered, escontext))
		return NULL;
	parts.status = status;
	if (jsonb_field_given(object, "closed_at") &&
		!jsonb_field_instant(object, TYPE_NAME, "closed_at", &parts.closed_at, escontext))
		return NULL;
	/* an instant of 0 is the start of 2000, so that its absence is told by the status alone */
	if (jsonb_field_given(object, "closed_at") != (parts.status != DEAL_OPEN))
	{
		(void) jsonb_accept("status and closing instant do not agree", TYPE_NAME, escontext);
		return NULL;
	}
	if (jsonb_field_given(object, "amount"))
	{
		if (!amount_field(object, TYPE_NAME, "amount", &parts.amount, escontext))
			return NULL;
		parts.has_amount = true;
	}
	parts.considered = palloc_extended(sizeof(Label) * Max((Size) JsonContainerSize(considered), 1),
									   MCXT_ALLOC_HUGE);
	iterator = JsonbIteratorInit(considered);
	while ((token = JsonbIteratorNext(&iterator, &element, true)) != WJB_DONE)
	{
		CHECK_FOR_INTERRUPTS();
		if (token == WJB_ELEM &&
			!jsonb_value_label(&element, TYPE_NAME, "considered",
							   &parts.considered[parts.nconsidered++], escontext))
			return NULL;
	}
	if (jsonb_field_given(object, "lost_to") &&
		!jsonb_field_label(object, TYPE_NAME, "lost_to", &parts.lost_to, escontext))
		return NULL;
	if (!jsonb_accept(sort_and_check_parts(&parts), TYPE_NAME, escontext))
		return NULL;
	return (struct varlena *) outcome_build(&parts);
}

/* Binary: flags, status, closing instant, amount, considered and lost_to as in label.h. */
static void
send_value(StringInfo out, Datum datum)
{
	OutcomeParts parts;

	outcome_parts(&parts, datum);
	pq_sendbyte(out, parts.has_amount ? DEAL_OUTCOME_HAS_AMOUNT : 0);
	pq_sendbyte(out, parts.status);
	pq_sendint64(out, parts.closed_at);
	pq_sendint64(out, parts.amount);
	pq_sendint32(out, parts.nconsidered);
	for (uint32 i = 0; i < parts.nconsidered; i++)
		label_send(out, parts.considered[i]);
	label_send(out, parts.lost_to);
}

static struct varlena *
receive_value(StringInfo in)
{
	OutcomeParts parts;
	int			flags = pq_getmsgbyte(in);
	const char *problem = NULL;

	parts.has_amount = (flags & DEAL_OUTCOME_HAS_AMOUNT) != 0;
	parts.status = pq_getmsgbyte(in);
	parts.closed_at = pq_getmsgint64(in);
	parts.amount = pq_getmsgint64(in);
	parts.nconsidered = pq_getmsgint(in, 4);
	if ((flags & ~DEAL_OUTCOME_HAS_AMOUNT) != 0 || parts.nconsidered > in->len - in->cursor)
		problem = "unknown flags, or truncated";
	else
	{
		parts.considered = palloc_extended(sizeof(Label) * Max((Size) parts.nconsidered, 1),
										   MCXT_ALLOC_HUGE);
		for (uint32 i = 0; i < parts.nconsidered && problem == NULL; i++)
		{
			CHECK_FOR_INTERRUPTS();
			parts.considered[i] = label_receive(in, TYPE_NAME, "considered subject");
			if (parts.considered[i].length == 0)
				problem = "an empty label";
		}
	}
	if (problem == NULL)
	{
		parts.lost_to = label_receive(in, TYPE_NAME, "lost_to");
		problem = sort_and_check_parts(&parts);
	}
	receive_check(problem, TYPE_NAME);
	return (struct varlena *) outcome_build(&parts);
}

static const char *const keys[] = {
	"version", "status", "closed_at", "amount", "considered", "lost_to", NULL
};

static const TypeInfo outcome_type = {
	.name = TYPE_NAME,
	.version = DEAL_OUTCOME_VERSION,
	.keys = keys,
	.append_json = append_json,
	.from_json = from_json,
	.send = send_value,
	.receive = receive_value
};

DEFINE_TYPE(deal_outcome, outcome_type);

/* ---------------------------------------------------------------- the reading */

/* The arguments of deal_outcome(). */
enum
{
	ARG_HISTORY, ARG_WON, ARG_LOST, ARG_NO_DECISION, ARG_CONSIDERED, ARG_AS_OF, ARG_OPEN
};

/* The lists of kinds; the place of a list of states is the status it stands for. */
static const RoleOption role_options[] = {
	{ARG_WON, "won", true},
	{ARG_LOST, "lost", true},
	{ARG_NO_DECISION, "no_decision", true},
	{ARG_OPEN, "open", true},
	{ARG_CONSIDERED, "considered", .is_text = true}
};

#define ROLE_CONSIDERED 0x10

/* Below this many subjects a call needs no memory of its own. */
#define FEW 64

/* Marks the subjects of the considered kind up to an instant; returns how many. */
static uint32
mark_considered(const HistoryView *view, const uint8 *roles, int64 until, bool *met)
{
	HistoryCursor cursor;
	HistoryEvent event;
	uint32		nmet = 0;

	if (view->nsubjects == 0)
		return 0;
	memset(met, 0, view->nsubjects);
	history_rewind(&cursor, view);
	while (history_next(&cursor, &event) && event.at <= until)
	{
		CHECK_FOR_INTERRUPTS();
		if (event.subject >= 0 && (roles[event.kind] & ROLE_CONSIDERED))
		{
			nmet += !met[event.subject];
			met[event.subject] = true;
		}
	}
	return nmet;
}

/*
 * deal_outcome(history, won, lost, no_decision, considered, as_of, open): how
 * the deal stands by the last of its states up to as_of, and since when
 * (final_run.h). NULL for a NULL history or as_of; 22023 for a kind in two of
 * the lists, 22004 for a NULL option, 22008 unless as_of is finite.
 */
PG_FUNCTION_INFO_V1(deal_outcome);
Datum
deal_outcome(PG_FUNCTION_ARGS)
{
	/* options are checked even where there is nothing to read */
	const KindRoles *kind_roles = kind_roles_get(fcinfo, role_options, lengthof(role_options),
												 STATE_ROLES);
	HistoryView view;
	FinalRun	run;
	OutcomeParts parts;
	TimestampTz as_of;
	uint8		few_roles[KIND_ROLES_FEW];
	bool		few_subjects[FEW];
	const uint8 *roles;
	bool	   *met = few_subjects;
	uint32		nmet;

	if (PG_ARGISNULL(ARG_HISTORY) || PG_ARGISNULL(ARG_AS_OF))
		PG_RETURN_NULL();
	as_of = PG_GETARG_TIMESTAMPTZ(ARG_AS_OF);
	instant_check(as_of, "as_of", NULL);

	history_view(&view, PG_GETARG_DATUM(ARG_HISTORY));
	roles = kind_roles_match(kind_roles, &view, few_roles);
	find_final_run(&view, roles, as_of, &run);
	if (view.nsubjects > FEW)
		met = palloc(view.nsubjects);
	nmet = mark_considered(&view, roles, run.until, met);

	memset(&parts, 0, sizeof(parts));
	parts.status = run.status;
	parts.closed_at = run.closed_at;
	parts.has_amount = run.has_amount;
	parts.amount = run.amount;
	/* subjects are numbered in the order of their bytes */
	if (nmet > 0 || run.subject >= 0)
	{
		history_labels(&view);
		parts.considered = palloc_extended(sizeof(Label) * Max((Size) nmet, 1), MCXT_ALLOC_HUGE);
		for (uint32 i = 0; i < view.nsubjects; i++)
			if (met[i])
				parts.considered[parts.nconsidered++] = view.subjects[i];
		if (run.subject >= 0)
			parts.lost_to = view.subjects[run.subject];
	}
	PG_RETURN_POINTER(outcome_build(&parts));
}

/* ---------------------------------------------------------------- accessors */

PG_FUNCTION_INFO_V1(deal_outcome_status);
Datum
deal_outcome_status(PG_FUNCTION_ARGS)
{
	OutcomeParts parts;

	outcome_parts(&parts, PG_GETARG_DATUM(0));
	PG_RETURN_TEXT_P(cstring_to_text(deal_statuses[parts.status]));
}

/* NULL while open. */
PG_FUNCTION_INFO_V1(deal_outcome_closed_at);
Datum
deal_outcome_closed_at(PG_FUNCTION_ARGS)
{
	OutcomeParts parts;

	outcome_parts(&parts, PG_GETARG_DATUM(0));
	if (parts.status == DEAL_OPEN)
		PG_RETURN_NULL();
	PG_RETURN_TIMESTAMPTZ(parts.closed_at);
}

/* NULL when none was known. */
PG_FUNCTION_INFO_V1(deal_outcome_amount);
Datum
deal_outcome_amount(PG_FUNCTION_ARGS)
{
	OutcomeParts parts;

	outcome_parts(&parts, PG_GETARG_DATUM(0));
	if (!parts.has_amount)
		PG_RETURN_NULL();
	PG_RETURN_NUMERIC(amount_to_numeric(parts.amount));
}

/* Distinct, sorted by bytes; empty when none was considered. */
PG_FUNCTION_INFO_V1(deal_outcome_considered);
Datum
deal_outcome_considered(PG_FUNCTION_ARGS)
{
	OutcomeParts parts;

	outcome_parts(&parts, PG_GETARG_DATUM(0));
	PG_RETURN_DATUM(labels_to_array(parts.considered, parts.nconsidered));
}

/* NULL unless lost to a named competitor. */
PG_FUNCTION_INFO_V1(deal_outcome_lost_to);
Datum
deal_outcome_lost_to(PG_FUNCTION_ARGS)
{
	OutcomeParts parts;

	outcome_parts(&parts, PG_GETARG_DATUM(0));
	if (parts.lost_to.length == 0)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(label_to_text(parts.lost_to));
}
