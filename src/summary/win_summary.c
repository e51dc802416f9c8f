/*
 * win_summary.c
 *		Text form and accumulation of win_summary.
 *
 * What is stored, and why, stands in win_summary.h. Text form:
 *
 *		{"version":1,"amount_won":1200.5,"amount_lost":0,"with_amount_won":1,"with_amount_lost":0,
 *		 "amount_no_decision":0,"with_amount_no_decision":0,"amount_open":700,"with_amount_open":2,"deals":[row,...],
 *		 "competitors":[{"name":"Globex","amount_won":...,"amount_lost":...,"with_amount_won":...,"deals":[row,...]},...]}
 *
 * with a row [k, won, lost, lost_to, no_decision, open] for every number k of
 * competitors in a deal; lost_to is a part of lost.
 */
#include "summary/win_summary.h"
#include "summary/known_state.h"

#include "access/tupmacs.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/memutils.h"

#include "base/json.h"
#include "base/money.h"
#include "history/deal_event.h"
#include "reading/deal_outcome.h"

#define TYPE_NAME "win_summary"

/* ---------------------------------------------------------------- text */

/* A row of the text form: the number of competitors, and the deals. */
typedef enum RowColumn
{
	ROW_CONSIDERED,
	ROW_WON,
	ROW_LOST,
	ROW_LOST_TO,				/* a part of them */
	ROW_NO_DECISION,
	ROW_OPEN,
	ROW_COLUMNS
} RowColumn;

/* The sums by their place, and whether each is a count; the keys of the JSON object. */
static const char *const sum_keys[WIN_SUMS] = {
	[WIN_AMOUNT_WON] = "amount_won",
	[WIN_AMOUNT_LOST] = "amount_lost",
	[WIN_WITH_AMOUNT_WON] = "with_amount_won",
	[WIN_WITH_AMOUNT_LOST] = "with_amount_lost",
	[WIN_AMOUNT_NO_DECISION] = "amount_no_decision",
	[WIN_WITH_AMOUNT_NO_DECISION] = "with_amount_no_decision",
	[WIN_AMOUNT_OPEN] = "amount_open",
	[WIN_WITH_AMOUNT_OPEN] = "with_amount_open"
};

static bool
is_count(int sum)
{
	return sum == WIN_WITH_AMOUNT_WON || sum == WIN_WITH_AMOUNT_LOST ||
		sum == WIN_WITH_AMOUNT_NO_DECISION || sum == WIN_WITH_AMOUNT_OPEN;
}

static void
append_group(StringInfo out, const SummaryGroup *group, int nsums)
{
	uint32		i = 0;

	for (int sum = 0; sum < nsums; sum++)
	{
		appendStringInfo(out, "\"%s\":", sum_keys[sum]);
		if (is_count(sum))
			appendStringInfo(out, INT64_FORMAT ",", (int64) group->sums[sum].low);
		else
			appendStringInfo(out, "%s,", money_sum_text(group->sums[sum]));
	}
	appendStringInfoString(out, "\"deals\":[");
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

static void
append_json(StringInfo out, const SummaryView *view)
{
	append_group(out, &view->all, WIN_SUMS);
	appendStringInfoString(out, ",\"competitors\":[");
	for (uint32 i = 0; i < view->ngroups; i++)
	{
		appendStringInfoString(out, i > 0 ? ",{\"name\":" : "{\"name\":");
		append_json_label(out, view->groups[i].label);
		appendStringInfoChar(out, ',');
		append_group(out, &view->groups[i], WIN_NAMED_SUMS);
		appendStringInfoChar(out, '}');
	}
	appendStringInfoChar(out, ']');
}

/* Adds the cells of a row, which must have more competitors than the one before; false with an error saved. */
static bool
add_row(SummaryGroup *group, const int64 *row, int64 last, fmNodePtr escontext)
{
	const int64 deals[WIN_CATEGORIES] = {
		[WIN_WON] = row[ROW_WON],
		[WIN_LOST] = row[ROW_LOST] - row[ROW_LOST_TO],
		[WIN_LOST_TO] = row[ROW_LOST_TO],
		[WIN_NO_DECISION] = row[ROW_NO_DECISION],
		[WIN_STILL_OPEN] = row[ROW_OPEN]
	};

	if (row[ROW_CONSIDERED] <= last || row[ROW_CONSIDERED] > WIN_MAX_CONSIDERED)
		return summary_malformed(&win_type, "rows of \"deals\" must be in ascending order of competitors, at most 1000", escontext);
	if (row[ROW_LOST_TO] > row[ROW_LOST])
		return summary_malformed(&win_type, "lost_to is a part of lost", escontext);
	for (int category = 0; category < WIN_CATEGORIES; category++)
		if (deals[category] > 0)
		{
			group->cells[group->ncells].key = WIN_KEY(row[ROW_CONSIDERED], category);
			group->cells[group->ncells++].count = deals[category];
		}
	return true;
}

/* Reads the sums of an object; false with an error saved. */
static bool
read_sums(Sum128 *sums, int nsums, JsonbContainer *object, fmNodePtr escontext)
{
	for (int sum = 0; sum < nsums; sum++)
	{
		int64		count;

		if (!is_count(sum))
		{
			if (!money_sum_field(object, TYPE_NAME, sum_keys[sum], &sums[sum], escontext))
				return false;
			continue;
		}
		if (!jsonb_field_int64(object, TYPE_NAME, sum_keys[sum], &count, escontext))
			return false;
		sums[sum] = sum128_from_int64(count);
	}
	return true;
}

/* Reads the amounts and rows of an object; false with an error saved. */
static bool
read_group(SummaryGroup *group, int nsums, JsonbContainer *object, fmNodePtr escontext)
{
	JsonbContainer *rows;
	int64		last = -1;

	group->sums = palloc(sizeof(Sum128) * nsums);
	if (!read_sums(group->sums, nsums, object, escontext) ||
		!jsonb_field_array(object, TYPE_NAME, "deals", &rows, escontext))
		return false;

	group->cells = palloc_extended(sizeof(TallyEntry) * WIN_CATEGORIES * (Size) Max(JsonContainerSize(rows), 1),
								   MCXT_ALLOC_HUGE);
	for (uint32 i = 0; i < JsonContainerSize(rows); i++)
	{
		JsonbValue *row = getIthJsonbValueFromContainer(rows, i);
		int64		numbers[ROW_COLUMNS];

		if (row->type != jbvBinary || !JsonContainerIsArray(row->val.binary.data) ||
			JsonContainerSize(row->val.binary.data) != ROW_COLUMNS)
			return summary_malformed(&win_type, "a row of \"deals\" must be [competitors, won, lost, lost_to, no_decision, open]", escontext);
		for (int j = 0; j < ROW_COLUMNS; j++)
		{
			if (!jsonb_value_int64(getIthJsonbValueFromContainer(row->val.binary.data, j),
								   TYPE_NAME, "deals", &numbers[j], escontext))
				return false;
			if (numbers[j] < 0)
				return summary_malformed(&win_type, "a number in \"deals\" is negative", escontext);
		}
		if (!add_row(group, numbers, last, escontext))
			return false;
		last = numbers[ROW_CONSIDERED];
	}
	return true;
}

static bool
read_competitor(SummaryGroup *group, const JsonbValue *element, fmNodePtr escontext)
{
	static const char *const keys[] = {"name", "amount_won", "amount_lost", "with_amount_won", "deals", NULL};
	JsonbContainer *object;

	if (element->type != jbvBinary)
		return summary_malformed(&win_type, "an element of \"competitors\" is not an object", escontext);
	object = element->val.binary.data;
	return jsonb_check_keys(object, TYPE_NAME, keys, escontext) &&
		jsonb_field_label(object, TYPE_NAME, "name", &group->label, escontext) &&
		read_group(group, WIN_NAMED_SUMS, object, escontext);
}

static bool
read_json(SummaryView *view, JsonbContainer *object, fmNodePtr escontext)
{
	JsonbContainer *competitors;
	JsonbIterator *iterator;
	JsonbIteratorToken token;
	JsonbValue	element;

	view->nsums = WIN_SUMS;
	if (!read_group(&view->all, WIN_SUMS, object, escontext) ||
		!jsonb_field_array(object, TYPE_NAME, "competitors", &competitors, escontext))
		return false;

	view->groups = palloc_extended(sizeof(SummaryGroup) * (Size) Max(JsonContainerSize(competitors), 1),
								   MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	iterator = JsonbIteratorInit(competitors);
	while ((token = JsonbIteratorNext(&iterator, &element, true)) != WJB_DONE)
	{
		CHECK_FOR_INTERRUPTS();
		if (token == WJB_ELEM && !read_competitor(&view->groups[view->ngroups++], &element, escontext))
			return false;
	}
	return true;
}

static const char *const json_keys[] = {
	"version", "amount_won", "amount_lost", "with_amount_won", "with_amount_lost", "amount_no_decision",
	"with_amount_no_decision", "amount_open", "with_amount_open", "deals", "competitors", NULL
};

const SummaryType win_type = {
	.name = TYPE_NAME,
	.mismatch = "Nothing tells one win_summary from another.",
	.check = win_check,
	.key_bits = WIN_KEY_BITS,
	.groups = "competitors",
	.max_groups = WIN_MAX_COMPETITORS,
	.named_sums = WIN_NAMED_SUMS,
	.keys = json_keys,
	.append_json = append_json,
	.read_json = read_json
};

DEFINE_SUMMARY(win_summary, win_type);

/* ---------------------------------------------------------------- accumulate */

/* One deal as it is counted. */
typedef struct WinDeal
{
	DealStatus	status;
	Label	   *competitors;	/* distinct */
	int			ncompetitors;
	Label		lost_to;		/* length 0 when unknown */
	bool		has_amount;
	int64		amount;
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

/* Counts the amount of a deal in the sums of a group, or takes it out, as far as the group has these sums. */
static inline void
change_amount(Sum128 *sums, int nsums, const WinDeal *deal, int sign)
{
	int			at = win_amount_at[deal->status];

	if (win_with_amount_at[deal->status] < nsums)
		sum128_add_int64(&sums[win_with_amount_at[deal->status]], sign);
	if (at >= nsums)
		return;
	if (sign > 0)
		sum128_add_int64(&sums[at], deal->amount);
	else
		(void) sum128_subtract(&sums[at], sum128_from_int64(deal->amount));
}

/* One deal more (sign 1) or less (sign -1) in the state of argument 0. */
static SummaryState *
change_by_deal(FunctionCallInfo fcinfo, const WinDeal *deal, int sign)
{
	SummaryState *state = known_grouped_state(fcinfo, &win_type, "", 0, WIN_SUMS);
	Size		bytes = 0;

	if (deal->ncompetitors > WIN_MAX_CONSIDERED)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("a deal considers %d competitors", deal->ncompetitors),
				 errdetail("At most %d are allowed.", WIN_MAX_CONSIDERED)));
	for (int i = 0; i < deal->ncompetitors; i++)
		bytes += deal->competitors[i].length;
	state = summary_reserve(state, &win_type, deal->ncompetitors, bytes, deal->ncompetitors + 1);

	state = summary_add_quickly(state, &win_type,
								WIN_KEY(deal->ncompetitors, category_of(deal, deal->lost_to.length > 0)), sign);
	if (deal->has_amount)
		change_amount(summary_sums(state), WIN_SUMS, deal, sign);
	for (int i = 0; i < deal->ncompetitors; i++)
	{
		Label		name = deal->competitors[i];
		uint32		row = summary_row(state, &win_type, name, 0, sign);

		if (deal->has_amount)
			change_amount(summary_row_sums(state, &win_type, row), WIN_NAMED_SUMS, deal, sign);
		state = summary_add_to_row(state, &win_type, row,
								   WIN_KEY(deal->ncompetitors, category_of(deal, label_equal(name, deal->lost_to))),
								   sign);
	}
	state->inputs += sign;
	return state;
}

/* (state, outcome) */
static Datum
change_by_outcome(FunctionCallInfo fcinfo, int sign)
{
	OutcomeParts parts;
	WinDeal		deal;

	if (PG_ARGISNULL(1))
		return summary_unchanged(fcinfo, &win_type);
	outcome_parts(&parts, PG_GETARG_DATUM(1));
	deal.status = parts.status;
	deal.competitors = parts.considered;
	deal.ncompetitors = (int) Min(parts.nconsidered, PG_INT32_MAX);
	deal.lost_to = parts.lost_to;
	deal.has_amount = parts.has_amount;
	deal.amount = parts.amount;
	PG_RETURN_POINTER(change_by_deal(fcinfo, &deal, sign));
}

/* Space for the names of the common deal, and for an array with a short header. */
#define FEW_NAMES 8

typedef struct NameBuffer
{
	Label		few[FEW_NAMES];
	union
	{
		ArrayType	array;
		char		bytes[VARATT_SHORT_MAX + VARHDRSZ];
	}			aligned;
} NameBuffer;

/* An array argument; one with a short header, as stored ones are, is aligned in `buffer`. */
static ArrayType *
array_argument(Datum datum, NameBuffer *buffer)
{
	const struct varlena *value = (const struct varlena *) DatumGetPointer(datum);
	Size		size;

	/* what is stored elsewhere looks short, too */
	if (VARATT_IS_EXTERNAL(value) || !VARATT_IS_SHORT(value))
		return DatumGetArrayTypeP(datum);
	size = VARSIZE_SHORT(value) - VARHDRSZ_SHORT;
	SET_VARSIZE(buffer->aligned.bytes, size + VARHDRSZ);
	memcpy(buffer->aligned.bytes + VARHDRSZ, VARDATA_SHORT(value), size);
	return &buffer->aligned.array;
}

/* The distinct names of an array; NULL elements are skipped, an empty name is 22023. */
static Label *
distinct_names(ArrayType *array, NameBuffer *buffer, int *count)
{
	Label	   *labels = buffer->few;
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
		labels_sort(labels, kept);
		n = kept;
		kept = 0;
		for (int i = 0; i < n; i++)
			if (i == 0 || !label_equal(labels[i], labels[i - 1]))
				labels[kept++] = labels[i];
	}
	*count = kept;
	return labels;
}

/* (state, won, competitors [, amount]): NULL won is an open deal; a NULL array names no competitor. */
static Datum
change_by_fields(FunctionCallInfo fcinfo, int sign)
{
	WinDeal		deal;
	NameBuffer	buffer;

	memset(&deal, 0, sizeof(deal));
	deal.status = DEAL_OPEN;
	if (!PG_ARGISNULL(1))
		deal.status = PG_GETARG_BOOL(1) ? DEAL_WON : DEAL_LOST;
	if (!PG_ARGISNULL(2))
		deal.competitors = distinct_names(array_argument(PG_GETARG_DATUM(2), &buffer), &buffer, &deal.ncompetitors);
	deal.has_amount = PG_NARGS() > 3 && !PG_ARGISNULL(3);
	if (deal.has_amount)
		deal.amount = amount_argument(PG_GETARG_DATUM(3));
	PG_RETURN_POINTER(change_by_deal(fcinfo, &deal, sign));
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
