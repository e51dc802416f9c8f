/*
 * win_summary.c
 *		Input and output, accumulation and merging of win_summary (floor 3).
 *
 * What is stored, and why, stands in win_summary.h. Text form:
 *
 *		{"version":1,"amount_won":1200.5,"amount_lost":0,"deals":[row,...],
 *		 "competitors":[{"name":"Globex","amount_won":...,"amount_lost":...,"deals":[row,...]},...]}
 *
 * with a row [k, won, lost, lost_to, no_decision, open] for every number k of
 * competitors in a deal; lost_to is a part of lost.
 */
#include "summary/win_summary.h"

#include "access/tupmacs.h"
#include "catalog/pg_type.h"
#include "libpq/pqformat.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"

#include "history/deal_event.h"
#include "reading/deal_outcome.h"
#include "base/json.h"
#include "base/type.h"

#define TYPE_NAME "win_summary"

/* ---------------------------------------------------------------- text and jsonb */

char *
win_amount_text(Sum128 amount, char *buffer)
{
	char		digits[SUM128_TEXT_SIZE];
	bool		negative;
	int			length;
	char	   *out = buffer;
	const char *in = sum128_text(amount, digits);

	negative = *in == '-';
	in += negative;
	if (negative)
		*out++ = '-';
	length = strlen(in);
	for (int i = 0; i < Max(length, AMOUNT_DECIMALS + 1); i++)
	{
		int			place = i - Max(AMOUNT_DECIMALS + 1 - length, 0);

		if (i == Max(length, AMOUNT_DECIMALS + 1) - AMOUNT_DECIMALS)
			*out++ = '.';
		*out++ = place < 0 ? '0' : in[place];
	}
	while (out[-1] == '0')
		out--;
	if (out[-1] == '.')
		out--;
	*out = '\0';
	return buffer;
}

/* Reads an amount out of an object; false with an error saved. */
static bool
read_amount(JsonbContainer *object, const char *key, Sum128 *amount, fmNodePtr escontext)
{
	JsonbValue *value = jsonb_field(object, key);
	char	   *text;
	char	   *point;
	StringInfoData digits;
	int			decimals = 0;

	if (value == NULL || value->type != jbvNumeric)
		ereturn(escontext, false,
				(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
				 errmsg("malformed " TYPE_NAME ": \"%s\" must be a number", key)));
	text = DatumGetCString(DirectFunctionCall1(numeric_out, NumericGetDatum(value->val.numeric)));
	initStringInfo(&digits);
	point = strchr(text, '.');
	if (point != NULL)
	{
		decimals = strlen(point + 1);
		while (decimals > 0 && point[decimals] == '0')
			decimals--;
		*point = '\0';
	}
	appendStringInfoString(&digits, text);
	for (int i = 1; i <= AMOUNT_DECIMALS; i++)
		appendStringInfoChar(&digits, i <= decimals ? point[i] : '0');
	/* what is left of "-0.5" is "-05000" */
	text = digits.data + (digits.data[0] == '-');
	while (text[0] == '0' && text[1] != '\0')
		memmove(text, text + 1, strlen(text));
	text = strcmp(digits.data, "-0") == 0 ? text : digits.data;
	if (decimals > AMOUNT_DECIMALS || !sum128_parse(text, amount))
		ereturn(escontext, false,
				(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
				 errmsg("malformed " TYPE_NAME ": \"%s\" is out of range, or has more than %d decimals",
						key, AMOUNT_DECIMALS)));
	return true;
}

static void
append_group(StringInfo out, const WinGroup *group)
{
	char		text[WIN_AMOUNT_TEXT_SIZE];
	uint32		i = 0;

	appendStringInfo(out, "\"amount_won\":%s,", win_amount_text(group->amounts.won, text));
	appendStringInfo(out, "\"amount_lost\":%s,\"deals\":[", win_amount_text(group->amounts.lost, text));
	while (i < group->ncells)
	{
		int64		k = WIN_KEY_CONSIDERED(group->cells[i].key);
		int64		here[8] = {0};

		if (i > 0)
			appendStringInfoChar(out, ',');
		for (; i < group->ncells && WIN_KEY_CONSIDERED(group->cells[i].key) == k; i++)
			here[WIN_KEY_CATEGORY(group->cells[i].key)] = group->cells[i].count;
		appendStringInfo(out, "[" INT64_FORMAT "," INT64_FORMAT "," INT64_FORMAT "," INT64_FORMAT
						 "," INT64_FORMAT "," INT64_FORMAT "]",
						 k, here[WIN_WON], here[WIN_LOST] + here[WIN_LOST_TO], here[WIN_LOST_TO],
						 here[WIN_NO_DECISION], here[WIN_STILL_OPEN]);
	}
	appendStringInfoChar(out, ']');
}

/* Saves "malformed win_summary: PROBLEM". */
static bool
malformed(const char *problem, fmNodePtr escontext)
{
	ereturn(escontext, false,
			(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
			 errmsg("malformed " TYPE_NAME ": %s", problem)));
}

/* Reads the amounts and rows of an object; false with an error saved. */
static bool
read_json_group(WinGroup *group, CellList *list, JsonbContainer *object, fmNodePtr escontext)
{
	JsonbContainer *rows;
	int64		last = -1;

	if (!read_amount(object, "amount_won", &group->amounts.won, escontext) ||
		!read_amount(object, "amount_lost", &group->amounts.lost, escontext) ||
		!jsonb_field_array(object, TYPE_NAME, "deals", &rows, escontext))
		return false;
	group->ncells = 0;
	for (uint32 i = 0; i < JsonContainerSize(rows); i++)
	{
		JsonbValue *row = getIthJsonbValueFromContainer(rows, i);
		int64		values[6];

		if (row->type != jbvBinary || !JsonContainerIsArray(row->val.binary.data) ||
			JsonContainerSize(row->val.binary.data) != lengthof(values))
			return malformed("a row of \"deals\" must be [competitors, won, lost, lost_to, no_decision, open]", escontext);
		for (int j = 0; j < lengthof(values); j++)
		{
			if (!jsonb_value_int64(getIthJsonbValueFromContainer(row->val.binary.data, j),
								   TYPE_NAME, "deals", &values[j], escontext))
				return false;
			if (values[j] < 0)
				return malformed("a number in \"deals\" is negative", escontext);
		}
		if (values[0] <= last || values[0] > WIN_MAX_CONSIDERED)
			return malformed("rows of \"deals\" must be in ascending order of competitors, at most 1000", escontext);
		last = values[0];
		if (values[3] > values[2])
			return malformed("lost_to is a part of lost", escontext);
		values[2] -= values[3];
		for (int category = 0; category < WIN_CATEGORIES; category++)
			if (values[category + 1] > 0)
			{
				TallyEntry *cell = win_cell_list_add(list);

				cell->key = WIN_KEY(values[0], category);
				cell->count = values[category + 1];
				group->ncells++;
			}
	}
	return true;
}

/* A summary from its jsonb object; NULL with an error saved. */
static struct varlena *
from_jsonb(Jsonb *jsonb, fmNodePtr escontext)
{
	static const char *const keys[] = {
		"version", "amount_won", "amount_lost", "deals", "competitors", NULL
	};
	static const char *const competitor_keys[] = {
		"name", "amount_won", "amount_lost", "deals", NULL
	};
	JsonbContainer *object = &jsonb->root;
	JsonbContainer *competitors;
	JsonbIterator *iterator;
	JsonbIteratorToken token;
	JsonbValue	element;
	CellList	list = {NULL, 0, 0};
	WinView		view;
	const char *problem;

	memset(&view, 0, sizeof(view));
	if (!jsonb_check_keys(object, TYPE_NAME, keys, escontext) ||
		!jsonb_check_version(object, TYPE_NAME, escontext) ||
		!read_json_group(&view.all, &list, object, escontext) ||
		!jsonb_field_array(object, TYPE_NAME, "competitors", &competitors, escontext))
		return NULL;
	view.competitors = palloc_extended(sizeof(WinGroup) * Max((Size) JsonContainerSize(competitors), 1),
									   MCXT_ALLOC_HUGE);
	iterator = JsonbIteratorInit(competitors);
	while ((token = JsonbIteratorNext(&iterator, &element, true)) != WJB_DONE)
	{
		WinGroup   *group = &view.competitors[view.ncompetitors];

		CHECK_FOR_INTERRUPTS();
		if (token != WJB_ELEM)
			continue;
		if (element.type != jbvBinary)
		{
			malformed("an element of \"competitors\" is not an object", escontext);
			return NULL;
		}
		if (!jsonb_check_keys(element.val.binary.data, TYPE_NAME, competitor_keys, escontext) ||
			!jsonb_field_label(element.val.binary.data, TYPE_NAME, "name", &group->name, escontext) ||
			!read_json_group(group, &list, element.val.binary.data, escontext))
			return NULL;
		view.ncompetitors++;
	}
	win_distribute_cells(&view, &list);
	problem = win_check_view(&view);
	if (problem != NULL)
		ereturn(escontext, NULL,
				(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
				 errmsg("malformed " TYPE_NAME ": %s", problem)));
	return win_pack(&view);
}

PG_FUNCTION_INFO_V1(win_summary_in);
Datum
win_summary_in(PG_FUNCTION_ARGS)
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

PG_FUNCTION_INFO_V1(win_summary_out);
Datum
win_summary_out(PG_FUNCTION_ARGS)
{
	WinView		view;
	StringInfoData out;

	win_view(&view, PG_GETARG_DATUM(0));
	initStringInfo(&out);
	appendStringInfo(&out, "{\"version\":%d,", WIN_SUMMARY_VERSION);
	append_group(&out, &view.all);
	appendStringInfoString(&out, ",\"competitors\":[");
	for (uint32 i = 0; i < view.ncompetitors; i++)
	{
		appendStringInfoString(&out, i > 0 ? ",{\"name\":" : "{\"name\":");
		append_json_label(&out, view.competitors[i].name);
		appendStringInfoChar(&out, ',');
		append_group(&out, &view.competitors[i]);
		appendStringInfoChar(&out, '}');
	}
	appendStringInfoString(&out, "]}");
	PG_RETURN_CSTRING(out.data);
}

/* The packed form of an open state. */
static struct varlena *
pack(Datum summary)
{
	WinView		view;

	win_view(&view, summary);
	return win_pack(&view);
}

static const TypeInfo type_info = {
	.name = "win_summary",
	.pack = pack
};

DEFINE_TO_JSON(win_summary);
DEFINE_COMPARISON(win_summary, type_info);

/* Binary: the packed form after its varlena header. */
PG_FUNCTION_INFO_V1(win_summary_send);
Datum
win_summary_send(PG_FUNCTION_ARGS)
{
	WinView		view;
	struct varlena *packed;
	StringInfoData out;

	win_view(&view, PG_GETARG_DATUM(0));
	packed = win_pack(&view);
	pq_begintypsend(&out);
	pq_sendbytes(&out, VARDATA(packed), VARSIZE(packed) - VARHDRSZ);
	PG_RETURN_BYTEA_P(pq_endtypsend(&out));
}

PG_FUNCTION_INFO_V1(win_summary_recv);
Datum
win_summary_recv(PG_FUNCTION_ARGS)
{
	StringInfo	in = (StringInfo) PG_GETARG_POINTER(0);
	int			size = in->len - in->cursor;
	WinView		view;
	const char *problem = win_view_packed(&view, (const uint8 *) pq_getmsgbytes(in, size), size);

	if (problem != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("malformed binary " TYPE_NAME ": %s", problem)));
	for (uint32 i = 0; i < view.ncompetitors; i++)
		pg_verifymbstr(view.competitors[i].name.data, view.competitors[i].name.length, false);
	PG_RETURN_POINTER(win_pack(&view));
}

/* ---------------------------------------------------------------- accumulate */

/* One deal as it is counted. */
typedef struct WinDeal
{
	DealStatus	status;
	Label	   *competitors;	/* distinct */
	int			ncompetitors;
	Label		lost_to;		/* length 0 when nobody knows */
	int64		amount;			/* 0 for none */
} WinDeal;

static int
category_of(const WinDeal *deal, bool lost_to)
{
	switch (deal->status)
	{
		case DEAL_WON:
			return WIN_WON;
		case DEAL_LOST:
			return lost_to ? WIN_LOST_TO : WIN_LOST;
		case DEAL_NO_DECISION:
			return WIN_NO_DECISION;
		default:
			return WIN_STILL_OPEN;
	}
}

/* One deal more (sign 1) or less (sign -1). */
static WinState *
change_by_deal(WinState *state, const WinDeal *deal, int sign)
{
	uint64		bytes = 0;
	WinAmounts	amounts = {{0, 0}, {0, 0}};
	bool		has_amount = false;

	if (deal->ncompetitors > WIN_MAX_CONSIDERED)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("a deal considers %d competitors", deal->ncompetitors),
				 errdetail("At most %d are allowed.", WIN_MAX_CONSIDERED)));
	for (int i = 0; i < deal->ncompetitors; i++)
		bytes += deal->competitors[i].length;
	if (state == NULL)
		state = win_create(deal->ncompetitors, bytes, deal->ncompetitors + 1);
	else if (sign > 0)
		state = win_reserve(state, deal->ncompetitors, bytes, deal->ncompetitors + 1);
	if (deal->amount != 0 && (deal->status == DEAL_WON || deal->status == DEAL_LOST))
	{
		has_amount = true;
		sum128_add_int64(deal->status == DEAL_WON ? &amounts.won : &amounts.lost, deal->amount);
	}
	win_add(state, 0, WIN_KEY(deal->ncompetitors, category_of(deal, deal->lost_to.length > 0)), sign);
	if (has_amount)
		win_add_amounts(state, 0, amounts, sign);
	for (int i = 0; i < deal->ncompetitors; i++)
	{
		Label		name = deal->competitors[i];
		uint32		row = win_row(state, name, sign);

		win_add(state, row, WIN_KEY(deal->ncompetitors,
									category_of(deal, label_equal(name, deal->lost_to))), sign);
		if (has_amount)
			win_add_amounts(state, row, amounts, sign);
	}
	state->inputs += sign;
	return state;
}

/* The state in argument 0, to be changed; NULL when there is none yet. */
static WinState *
state_argument(FunctionCallInfo fcinfo)
{
	return PG_ARGISNULL(0) ? NULL : win_state(fcinfo, 0);
}

/*
 * The state in argument 0, as it is. In a moving frame a transition must not
 * return NULL, so that there it is a state without inputs.
 */
static Datum
unchanged(FunctionCallInfo fcinfo)
{
	if (!PG_ARGISNULL(0))
		PG_RETURN_DATUM(PG_GETARG_DATUM(0));
	if (AggCheckCallContext(fcinfo, NULL) == AGG_CONTEXT_WINDOW)
		PG_RETURN_POINTER(win_create(0, 0, 0));
	PG_RETURN_NULL();
}

/* (state, outcome) */
static Datum
change_by_outcome(FunctionCallInfo fcinfo, int sign)
{
	OutcomeParts parts;
	WinDeal		deal;

	if (PG_ARGISNULL(1) || (sign < 0 && PG_ARGISNULL(0)))
		return unchanged(fcinfo);
	outcome_parts(&parts, PG_GETARG_DATUM(1));
	deal.status = parts.status;
	deal.competitors = parts.considered;
	deal.ncompetitors = (int) Min(parts.nconsidered, PG_INT32_MAX);
	deal.lost_to = parts.lost_to;
	deal.amount = parts.amount;
	PG_RETURN_POINTER(change_by_deal(state_argument(fcinfo), &deal, sign));
}

/* Room for the names of the common deal, and for an array with a short header. */
#define FEW_NAMES 8

typedef struct NameRoom
{
	Label		few[FEW_NAMES];
	union
	{
		ArrayType	array;
		char		bytes[VARATT_SHORT_MAX + VARHDRSZ];
	}			aligned;
} NameRoom;

/* An array argument; one with a short header, as stored ones are, is aligned in `room`. */
static ArrayType *
array_argument(Datum datum, NameRoom *room)
{
	const struct varlena *value = (const struct varlena *) DatumGetPointer(datum);
	Size		size;

	/* what is stored elsewhere looks short, too */
	if (VARATT_IS_EXTERNAL(value) || !VARATT_IS_SHORT(value))
		return DatumGetArrayTypeP(datum);
	size = VARSIZE_SHORT(value) - VARHDRSZ_SHORT;
	SET_VARSIZE(room->aligned.bytes, size + VARHDRSZ);
	memcpy(room->aligned.bytes + VARHDRSZ, VARDATA_SHORT(value), size);
	return &room->aligned.array;
}

static int
compare_labels(const void *a, const void *b)
{
	return label_compare(*(const Label *) a, *(const Label *) b);
}

/* The distinct names of an array; NULL elements are nobody, an empty name is 22023. */
static Label *
distinct_names(ArrayType *array, NameRoom *room, int *count)
{
	Label	   *labels = room->few;
	const uint8 *present = ARR_NULLBITMAP(array);
	char	   *element = ARR_DATA_PTR(array);
	int			n = ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array));
	int			kept = 0;

	if (ARR_NDIM(array) > 1)
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("competitors must be a one-dimensional array")));
	if (n > FEW_NAMES)
		labels = palloc_extended(sizeof(Label) * (Size) n, MCXT_ALLOC_HUGE);
	for (int i = 0; i < n; i++)
	{
		Label		label;
		int			j = 0;

		if (present != NULL && (present[i / 8] & (1 << (i % 8))) == 0)
			continue;
		label = label_from_column(PointerGetDatum(element), "a competitor");
		element = att_addlength_pointer(element, -1, element);
		element = (char *) att_align_nominal(element, TYPALIGN_INT);
		if (n <= FEW_NAMES)
			while (j < kept && !label_equal(labels[j], label))
				j++;
		else
			j = kept;
		if (j == kept)
			labels[kept++] = label;
	}
	if (n > FEW_NAMES)
	{
		qsort(labels, kept, sizeof(Label), compare_labels);
		n = kept;
		kept = 0;
		for (int i = 0; i < n; i++)
			if (i == 0 || !label_equal(labels[i], labels[i - 1]))
				labels[kept++] = labels[i];
	}
	*count = kept;
	return labels;
}

/* (state, won, competitors [, amount]): NULL won is an open deal, no array nobody. */
static Datum
change_by_fields(FunctionCallInfo fcinfo, int sign)
{
	WinDeal		deal;
	NameRoom	room;

	if (sign < 0 && PG_ARGISNULL(0))
		PG_RETURN_NULL();
	memset(&deal, 0, sizeof(deal));
	deal.status = PG_ARGISNULL(1) ? DEAL_OPEN : PG_GETARG_BOOL(1) ? DEAL_WON : DEAL_LOST;
	if (!PG_ARGISNULL(2))
		deal.competitors = distinct_names(array_argument(PG_GETARG_DATUM(2), &room), &room, &deal.ncompetitors);
	if (PG_NARGS() > 3 && !PG_ARGISNULL(3))
		(void) amount_from_numeric(PG_GETARG_NUMERIC(3), &deal.amount, NULL);
	PG_RETURN_POINTER(change_by_deal(state_argument(fcinfo), &deal, sign));
}

PG_FUNCTION_INFO_V1(win_summary_add_outcome);
Datum
win_summary_add_outcome(PG_FUNCTION_ARGS)
{
	return change_by_outcome(fcinfo, 1);
}

PG_FUNCTION_INFO_V1(win_summary_remove_outcome);
Datum
win_summary_remove_outcome(PG_FUNCTION_ARGS)
{
	return change_by_outcome(fcinfo, -1);
}

PG_FUNCTION_INFO_V1(win_summary_add_fields);
Datum
win_summary_add_fields(PG_FUNCTION_ARGS)
{
	return change_by_fields(fcinfo, 1);
}

PG_FUNCTION_INFO_V1(win_summary_remove_fields);
Datum
win_summary_remove_fields(PG_FUNCTION_ARGS)
{
	return change_by_fields(fcinfo, -1);
}

/* ---------------------------------------------------------------- merge */

/* (state, summary): rollup's transition; NULL summaries are skipped. */
PG_FUNCTION_INFO_V1(win_summary_add_summary);
Datum
win_summary_add_summary(PG_FUNCTION_ARGS)
{
	WinState   *state;

	if (PG_ARGISNULL(1))
		return unchanged(fcinfo);
	if (PG_ARGISNULL(0))
	{
		state = win_open(PG_GETARG_DATUM(1));
		state->inputs = 1;
	}
	else
	{
		state = win_merge(win_state(fcinfo, 0), PG_GETARG_DATUM(1), 1);
		state->inputs++;
	}
	PG_RETURN_POINTER(state);
}

/* Its inverse. */
PG_FUNCTION_INFO_V1(win_summary_remove_summary);
Datum
win_summary_remove_summary(PG_FUNCTION_ARGS)
{
	WinState   *state;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		return unchanged(fcinfo);
	state = win_merge(win_state(fcinfo, 0), PG_GETARG_DATUM(1), -1);
	state->inputs--;
	PG_RETURN_POINTER(state);
}

/* (state, state): touches only the left one. */
PG_FUNCTION_INFO_V1(win_summary_combine);
Datum
win_summary_combine(PG_FUNCTION_ARGS)
{
	WinState   *state;
	int64		inputs;

	if (PG_ARGISNULL(1))
		return unchanged(fcinfo);
	if (PG_ARGISNULL(0))
		PG_RETURN_DATUM(PG_GETARG_DATUM(1));
	inputs = win_inputs(PG_GETARG_DATUM(1));
	state = win_merge(win_state(fcinfo, 0), PG_GETARG_DATUM(1), 1);
	state->inputs += inputs;
	PG_RETURN_POINTER(state);
}

/* The canonical form; NULL for no state and for one without inputs. */
PG_FUNCTION_INFO_V1(win_summary_final);
Datum
win_summary_final(PG_FUNCTION_ARGS)
{
	if (PG_ARGISNULL(0) || win_inputs(PG_GETARG_DATUM(0)) <= 0)
		PG_RETURN_NULL();
	PG_RETURN_POINTER(win_finish(fcinfo, PG_GETARG_DATUM(0)));
}

static Datum
plus_or_minus(FunctionCallInfo fcinfo, int sign)
{
	WinState   *state = win_merge(win_open(PG_GETARG_DATUM(0)), PG_GETARG_DATUM(1), sign);

	PG_RETURN_POINTER(win_finish(fcinfo, PointerGetDatum(state)));
}

PG_FUNCTION_INFO_V1(win_summary_plus);
Datum
win_summary_plus(PG_FUNCTION_ARGS)
{
	return plus_or_minus(fcinfo, 1);
}

PG_FUNCTION_INFO_V1(win_summary_minus);
Datum
win_summary_minus(PG_FUNCTION_ARGS)
{
	return plus_or_minus(fcinfo, -1);
}
