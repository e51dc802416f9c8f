/*
 * rollout_summary.c
 *		rollout_summary: exact counts and sums by unit and period, with the day on
 *		which each unit adopted something.
 *
 * What is stored stands in rollout_summary.h. Text form, sums as numbers with decimals
 * where they are amounts:
 *
 *		{"version":1,"kind":"rate","units":[
 *		 {"unit":"Berlin","adopted_on":"2026-03-01","periods":[{"period":"2026-01-01","total":64,"sum":9},...]},
 *		 {"unit":"Bonn","adopted_on":null,"periods":[...]}]}
 */
#include "summary/rollout_summary.h"
#include "summary/known_state.h"

#include "miscadmin.h"

#include "base/day.h"
#include "base/growing_array.h"
#include "base/json.h"
#include "base/money.h"
#include "base/options.h"
#include "base/type.h"
#include "summary/rate_summary.h"

#define TYPE_NAME "rollout_summary"

/* The zero byte and the period at the end of a label. */
#define PERIOD_BYTES 5

StaticAssertDecl(PERIOD_BYTES == NAME_TAIL_BYTES, "a cell is found by its unit and its period");

static const char *const kind_names[] = {"rate", "mean"};

/* ---------------------------------------------------------------- labels and tags */

/* A period as a number without a sign, in the same order. */
static inline uint32
period_number(DateADT period)
{
	return (uint32) period ^ UINT32_C(0x80000000);
}

/* Writes the label of a cell; returns its length. */
static int
write_label(char *out, Label unit, DateADT period)
{
	uint32		number = period_number(period);

	memcpy(out, unit.data, unit.length);
	out += unit.length;
	out[0] = '\0';
	out[1] = (char) (number >> 24);
	out[2] = (char) (number >> 16);
	out[3] = (char) (number >> 8);
	out[4] = (char) number;
	return unit.length + PERIOD_BYTES;
}

static DateADT
label_period(Label label)
{
	const uint8 *in = (const uint8 *) label.data + label.length - PERIOD_BYTES + 1;

	return (DateADT) (((uint32) in[0] << 24 | (uint32) in[1] << 16 | (uint32) in[2] << 8 | in[3]) ^
					  UINT32_C(0x80000000));
}

static Label
label_unit(Label label)
{
	return (Label) {label.data, label.length - PERIOD_BYTES};
}

/*
 * 0 for never; the days from 2000-01-01 leave that number out. Without a branch:
 * whether the unit of the next row adopts cannot be foreseen.
 */
static int64
adoption_tag(bool adopts, DateADT adopted_on)
{
	return ((int64) adopted_on + (adopted_on >= 0)) * adopts;
}

static DateADT
tag_date(int64 tag)
{
	return (DateADT) (tag > 0 ? tag - 1 : tag);
}

static char *
tag_text(int64 tag, char *buffer)
{
	return tag == 0 ? strcpy(buffer, "never") : day_text(tag_date(tag), buffer);
}

RolloutCell
rollout_cell(const SummaryGroup *group)
{
	return (RolloutCell)
	{
		.unit = label_unit(group->label),
		.period = label_period(group->label),
		.adopts = group->tag != 0,
		.adopted_on = tag_date(group->tag),
		.total = (int64) group->sums[ROLLOUT_TOTAL].low,
		.sum = group->sums[ROLLOUT_SUM]
	};
}

/* ---------------------------------------------------------------- check */

pg_noreturn static void adoptions_differ(Label label, int64 tag, int64 other);

static void
adoptions_differ(Label label, int64 tag, int64 other)
{
	Label		unit = label_unit(label);
	char		one[DAY_TEXT_SIZE];
	char		two[DAY_TEXT_SIZE];

	/* the same message whichever of them came first */
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("unit \"%.*s\" has two adoption dates: %s and %s", unit.length, unit.data,
					tag_text(Min(tag, other), one), tag_text(Max(tag, other), two)),
			 errhint("A unit adopts once, or never (NULL in all of its rows). Give units that adopt again a name of their own.")));
}

/* Is this the cell of the same unit as the one before? */
static bool
same_unit(const SummaryGroup *group)
{
	return label_equal(label_unit(group[-1].label), label_unit(group->label));
}

/* 22023 where the cells of one unit have different adoptions, in a state that was merged or filled. */
static void
check_adoptions(SummaryView *view)
{
	for (uint32 i = 1; i < view->ngroups; i++)
		if (view->groups[i].tag != view->groups[i - 1].tag && same_unit(&view->groups[i]))
			adoptions_differ(view->groups[i].label, view->groups[i - 1].tag, view->groups[i].tag);
}

static bool
is_date(int64 date)
{
	return date >= PG_INT32_MIN && date <= PG_INT32_MAX && day_is_valid((DateADT) date);
}

static const char *
check_cell(const SummaryGroup *group, RolloutKind kind)
{
	const Sum128 *sums = group->sums;
	const char *zero = memchr(group->label.data, '\0', group->label.length);

	if (zero == NULL || zero == group->label.data ||
		zero - group->label.data > LABEL_MAX_BYTES || zero - group->label.data != group->label.length - PERIOD_BYTES)
		return "a unit is malformed";
	if (!is_date(label_period(group->label)))
		return "a period is out of range";
	if (group->tag != 0 && !is_date(group->tag > 0 ? group->tag - 1 : group->tag))
		return "an adoption is out of range";
	if (sums[ROLLOUT_TOTAL].high != 0 || (int64) sums[ROLLOUT_TOTAL].low <= 0)
		return "a total is not above 0 and within 64 bits";
	if (kind == ROLLOUT_RATE && (sums[ROLLOUT_SUM].high < 0 || sum128_compare(sums[ROLLOUT_SUM], sums[ROLLOUT_TOTAL]) > 0))
		return "there are more or less successes than a total allows";
	return NULL;
}

static const char *
check_rollout(const SummaryView *view)
{
	const char *problem;

	if (view->identity_size != 1 || view->identity[0] > ROLLOUT_MEAN)
		return "its kind is unknown";
	if (view->nsums != ROLLOUT_SUMS)
		return "it must hold two sums";
	for (int i = 0; i < ROLLOUT_SUMS; i++)
		if (view->all.sums[i].low != 0 || view->all.sums[i].high != 0)
			return "there are sums outside of its cells";
	for (uint32 i = 0; i < view->ngroups; i++)
	{
		problem = check_cell(&view->groups[i], view->identity[0]);
		if (problem != NULL)
			return problem;
		if (i > 0 && view->groups[i].tag != view->groups[i - 1].tag && same_unit(&view->groups[i]))
			return "a unit has two adoption dates";
		if ((i & 0xFFF) == 0xFFF)
			CHECK_FOR_INTERRUPTS();
	}
	return NULL;
}

/* ---------------------------------------------------------------- text */

static void
append_cell(StringInfo out, const RolloutCell *cell, RolloutKind kind)
{
	char		day[DAY_TEXT_SIZE];
	char		digits[SUM128_TEXT_SIZE];

	appendStringInfo(out, "{\"period\":\"%s\",\"total\":" INT64_FORMAT ",\"sum\":%s}", day_text(cell->period, day),
					 cell->total, kind == ROLLOUT_RATE ? sum128_text(cell->sum, digits) : money_sum_text(cell->sum));
}

static void
append_json(StringInfo out, const SummaryView *view)
{
	RolloutKind kind = (RolloutKind) view->identity[0];
	char		day[DAY_TEXT_SIZE];

	appendStringInfo(out, "\"kind\":\"%s\",\"units\":[", kind_names[kind]);
	for (uint32 i = 0; i < view->ngroups; i++)
	{
		RolloutCell cell = rollout_cell(&view->groups[i]);

		if (i > 0 && same_unit(&view->groups[i]))
			appendStringInfoChar(out, ',');
		else
		{
			appendStringInfoString(out, i > 0 ? "]},{\"unit\":" : "{\"unit\":");
			append_json_label(out, cell.unit);
			if (cell.adopts)
				appendStringInfo(out, ",\"adopted_on\":\"%s\"", day_text(cell.adopted_on, day));
			else
				appendStringInfoString(out, ",\"adopted_on\":null");
			appendStringInfoString(out, ",\"periods\":[");
		}
		append_cell(out, &cell, kind);
		if ((i & 0xFFF) == 0xFFF)
			CHECK_FOR_INTERRUPTS();
	}
	appendStringInfoString(out, view->ngroups > 0 ? "]}]" : "]");
}

/* ---------------------------------------------------------------- JSON input */

/* Groups read so far. */
typedef struct GroupList
{
	SummaryGroup *groups;
	uint32		n;
	int			capacity;
} GroupList;

static bool
append_group(GroupList *list, Label unit, int64 tag, DateADT period, const Sum128 *sums, fmNodePtr escontext)
{
	SummaryGroup *group;
	char	   *label = palloc(unit.length + PERIOD_BYTES);

	if (list->n == ROLLOUT_MAX_CELLS)
		ereturn(escontext, false,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg(TYPE_NAME " value would hold more than %u cells", ROLLOUT_MAX_CELLS)));
	list->groups = grow_array(list->groups, list->n, &list->capacity, sizeof(SummaryGroup));
	group = &list->groups[list->n++];
	memset(group, 0, sizeof(*group));
	group->label.length = write_label(label, unit, period);
	group->label.data = label;
	group->tag = tag;
	group->sums = memcpy(palloc(sizeof(Sum128) * ROLLOUT_SUMS), sums, sizeof(Sum128) * ROLLOUT_SUMS);
	return true;
}

static bool
read_cell(JsonbContainer *object, RolloutKind kind, DateADT *period, Sum128 *sums, fmNodePtr escontext)
{
	int64		total;

	if (!jsonb_field_day(object, TYPE_NAME, "period", period, escontext) ||
		!jsonb_field_int64(object, TYPE_NAME, "total", &total, escontext))
		return false;
	memset(sums, 0, sizeof(Sum128) * ROLLOUT_SUMS);
	sum128_add_int64(&sums[ROLLOUT_TOTAL], total);
	if (kind == ROLLOUT_RATE)
		return jsonb_field_sum128(object, TYPE_NAME, "sum", &sums[ROLLOUT_SUM], escontext);
	return money_sum_field(object, TYPE_NAME, "sum", &sums[ROLLOUT_SUM], escontext);
}

static bool
read_unit(JsonbContainer *object, RolloutKind kind, GroupList *list, fmNodePtr escontext)
{
	static const char *const keys[] = {"period", "total", "sum", NULL};
	JsonbContainer *periods;
	Label		unit;
	DateADT		adopted_on = 0;
	bool		adopts = jsonb_field_given(object, "adopted_on");

	if (!jsonb_field_label(object, TYPE_NAME, "unit", &unit, escontext) ||
		(adopts && !jsonb_field_day(object, TYPE_NAME, "adopted_on", &adopted_on, escontext)) ||
		!jsonb_field_array(object, TYPE_NAME, "periods", &periods, escontext))
		return false;
	if (JsonContainerSize(periods) == 0)
		ereturn(escontext, false,
				(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
				 errmsg("malformed " TYPE_NAME ": unit \"%.*s\" has no periods", unit.length, unit.data)));
	for (uint32 i = 0; i < JsonContainerSize(periods); i++)
	{
		JsonbContainer *cell = jsonb_element_object(periods, i, TYPE_NAME, "periods", keys, escontext);
		DateADT		period;
		Sum128		sums[ROLLOUT_SUMS];

		if (cell == NULL || !read_cell(cell, kind, &period, sums, escontext) ||
			!append_group(list, unit, adoption_tag(adopts, adopted_on), period, sums, escontext))
			return false;
		if ((i & 0xFFF) == 0xFFF)
			CHECK_FOR_INTERRUPTS();
	}
	return true;
}

static int
compare_groups(const void *a, const void *b)
{
	return label_compare(((const SummaryGroup *) a)->label, ((const SummaryGroup *) b)->label);
}

static bool
read_kind(JsonbContainer *object, uint8 *kind, fmNodePtr escontext)
{
	Label		name;
	int			found;

	if (!jsonb_field_label(object, TYPE_NAME, "kind", &name, escontext))
		return false;
	found = find_word(name.data, name.length, kind_names, lengthof(kind_names));
	if (found < 0)
		ereturn(escontext, false,
				(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
				 errmsg("malformed " TYPE_NAME ": unknown kind \"%.*s\"", quoted_length(name.data, name.length), name.data),
				 errhint_words(kind_names, lengthof(kind_names))));
	*kind = (uint8) found;
	return true;
}

/* Units and periods may come in any order; 22P02 for a period twice. */
static bool
read_json(SummaryView *view, JsonbContainer *object, fmNodePtr escontext)
{
	static const char *const keys[] = {"unit", "adopted_on", "periods", NULL};
	GroupList	list = {NULL, 0, 0};
	JsonbContainer *units;
	uint8	   *kind = palloc(1);

	if (!read_kind(object, kind, escontext) ||
		!jsonb_field_array(object, TYPE_NAME, "units", &units, escontext))
		return false;
	for (uint32 i = 0; i < JsonContainerSize(units); i++)
	{
		JsonbContainer *unit = jsonb_element_object(units, i, TYPE_NAME, "units", keys, escontext);

		if (unit == NULL || !read_unit(unit, (RolloutKind) *kind, &list, escontext))
			return false;
	}
	if (list.n > 0)
		qsort(list.groups, list.n, sizeof(SummaryGroup), compare_groups);
	for (uint32 i = 1; i < list.n; i++)
		if (label_equal(list.groups[i - 1].label, list.groups[i].label))
			ereturn(escontext, false,
					(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
					 errmsg("malformed " TYPE_NAME ": a period comes twice in unit \"%.*s\"",
							list.groups[i].label.length - PERIOD_BYTES, list.groups[i].label.data)));
	view->identity = kind;
	view->identity_size = 1;
	view->nsums = ROLLOUT_SUMS;
	view->all.sums = palloc0(sizeof(Sum128) * ROLLOUT_SUMS);
	view->groups = list.groups;
	view->ngroups = list.n;
	return true;
}

/* ---------------------------------------------------------------- the type */

static const char *const json_keys[] = {"version", "kind", "units", NULL};

const SummaryType rollout_type = {
	.name = TYPE_NAME,
	.mismatch = "A rollout_summary is one of rates or one of means, and the two do not mix.",
	.check = check_rollout,
	.groups = "cells",
	.max_groups = ROLLOUT_MAX_CELLS,
	.composite = true,
	.keys = json_keys,
	.append_json = append_json,
	.read_json = read_json,
	.tags_differ = adoptions_differ,
	.settle = check_adoptions
};

DEFINE_SUMMARY(rollout_summary, rollout_type);

RolloutKind
rollout_view(SummaryView *view, Datum summary)
{
	summary_view(view, &rollout_type, summary);
	return (RolloutKind) view->identity[0];
}

/* ---------------------------------------------------------------- accumulate */

/* Adds to a sum, or takes from it: 22003 past 128 bits. */
static inline void
add_to_sum(Sum128 *sum, int64 value, int sign)
{
	Sum128		other = {0, 0};

	if (sign > 0)
	{
		sum128_add_int64(sum, value);
		return;
	}
	sum128_add_int64(&other, value);
	(void) sum128_subtract(sum, other);
}

/* The row of a cell that is not there yet, or has another tag. Apart, so that other rows of data need no space for a label. */
static pg_noinline uint32
add_cell(SummaryState **state, Label unit, DateADT period, int64 tag, int sign)
{
	char		bytes[LABEL_MAX_BYTES + PERIOD_BYTES];
	Label		label = {bytes, write_label(bytes, unit, period)};

	if (sign > 0)
		*state = summary_reserve(*state, &rollout_type, 1, label.length, 0);
	return summary_row(*state, &rollout_type, label, tag, sign);
}

/*
 * (state, unit, adopted_on, period, ...): so many more, or less, in the cell of a
 * unit and a period. A row without a unit or a period is skipped, and so is an
 * outcome that is NULL, which the caller looks at.
 */
static pg_attribute_always_inline Datum
change_cell(FunctionCallInfo fcinfo, RolloutKind kind, int64 total, int64 sum, int sign)
{
	const uint8 identity = (uint8) kind;
	DateADT		period = PG_GETARG_DATEADT(3);
	bool		adopts = !PG_ARGISNULL(2);
	DateADT		adopted_on = PG_GETARG_DATEADT(2);	/* without a meaning where it is NULL */
	int64		tag = adoption_tag(adopts, adopted_on);
	Label		unit;
	SummaryState *state;
	uint32		row;
	Sum128	   *sums;

	if (unlikely(!day_is_valid(period)))
		(void) day_check(period, "period", NULL);
	if (unlikely(adopts & !day_is_valid(adopted_on)))
		(void) day_check(adopted_on, "adopted_on", NULL);
	unit = label_from_column(PG_GETARG_DATUM(1), "unit");

	state = known_grouped_state(fcinfo, &rollout_type, &identity, 1, ROLLOUT_SUMS);
	if (total > 0)
	{
		row = summary_find_numbered_row(state, &rollout_type, unit, period_number(period), tag);
		if (unlikely(row == 0))
			row = add_cell(&state, unit, period, tag, sign);
		sums = summary_row_sums(state, &rollout_type, row);
		add_to_sum(&sums[ROLLOUT_TOTAL], total, sign);
		add_to_sum(&sums[ROLLOUT_SUM], sum, sign);
	}
	state->inputs += sign;
	PG_RETURN_POINTER(state);
}

/* Is there a unit, a period and an outcome? */
static inline bool
is_counted(FunctionCallInfo fcinfo)
{
	return !PG_ARGISNULL(1) && !PG_ARGISNULL(3) && !PG_ARGISNULL(4);
}

static pg_attribute_always_inline Datum
change_by_success(FunctionCallInfo fcinfo, int sign)
{
	if (!is_counted(fcinfo))
		return summary_unchanged(fcinfo, &rollout_type);
	return change_cell(fcinfo, ROLLOUT_RATE, 1, PG_GETARG_BOOL(4) ? 1 : 0, sign);
}

static pg_attribute_always_inline Datum
change_by_rate(FunctionCallInfo fcinfo, int sign)
{
	const RateSummary *rate;

	if (!is_counted(fcinfo))
		return summary_unchanged(fcinfo, &rollout_type);
	rate = PG_GETARG_RATE_SUMMARY_P(4);
	return change_cell(fcinfo, ROLLOUT_RATE, rate->total, rate->successes, sign);
}

static pg_attribute_always_inline Datum
change_by_amount(FunctionCallInfo fcinfo, int sign)
{
	if (!is_counted(fcinfo))
		return summary_unchanged(fcinfo, &rollout_type);
	return change_cell(fcinfo, ROLLOUT_MEAN, 1, amount_argument(PG_GETARG_DATUM(4)), sign);
}

DEFINE_TYPE_FUNCTION(rollout_summary_add_success, change_by_success(fcinfo, 1));
DEFINE_TYPE_FUNCTION(rollout_summary_remove_success, change_by_success(fcinfo, -1));
DEFINE_TYPE_FUNCTION(rollout_summary_add_rate, change_by_rate(fcinfo, 1));
DEFINE_TYPE_FUNCTION(rollout_summary_remove_rate, change_by_rate(fcinfo, -1));
DEFINE_TYPE_FUNCTION(rollout_summary_add_amount, change_by_amount(fcinfo, 1));
DEFINE_TYPE_FUNCTION(rollout_summary_remove_amount, change_by_amount(fcinfo, -1));
