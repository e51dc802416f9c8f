/*
 * pipeline_summary.c
 *		pipeline_summary: open deals and their amounts by age.
 *
 * What is stored stands in pipeline_summary.h. Text form, ages ascending:
 *
 *		{"version":1,"ages":[{"age":12,"deals":3,"with_amount":2,"amount":350.5,"sum_of_squares":72750.25},...]}
 */
#include "summary/pipeline_summary.h"
#include "summary/known_state.h"

#include "miscadmin.h"

#include "base/json.h"
#include "base/money.h"
#include "base/options.h"

#define TYPE_NAME "pipeline_summary"

/* A letter and up to 19 digits. */
#define AGE_LABEL_SIZE 24

/* ---------------------------------------------------------------- labels and sums */

/* Writes the label of an age. */
static Label
age_label(int64 age, char *buffer)
{
	int			length = snprintf(buffer + 1, AGE_LABEL_SIZE - 1, INT64_FORMAT, age);

	buffer[0] = (char) ('a' + length - 1);
	return (Label) {buffer, length + 1};
}

/* The age of a label; -1 where it is none. */
static int64
label_age(Label label)
{
	uint64		age = 0;
	char		again[AGE_LABEL_SIZE];

	if (label.length < 2 || label.length > 20)
		return -1;
	for (int i = 1; i < label.length; i++)
	{
		if (label.data[i] < '0' || label.data[i] > '9')
			return -1;
		age = age * 10 + (uint64) (label.data[i] - '0');
	}
	if (age > (uint64) PG_INT64_MAX || !label_equal(age_label((int64) age, again), label))
		return -1;
	return (int64) age;
}

PipelineAge
pipeline_age(const SummaryGroup *group)
{
	const Sum128 *sums = group->sums;

	return (PipelineAge)
	{
		.age = label_age(group->label),
		.deals = (int64) sums[PIPELINE_DEALS].low,
		.amounts = {
			.count = (int64) sums[PIPELINE_WITH_AMOUNT].low,
			.sum = sums[PIPELINE_AMOUNT],
			.squares = {
				sums[PIPELINE_SQUARES_LOW].low,
				sums[PIPELINE_SQUARES_HIGH].low,
				(uint64) sums[PIPELINE_SQUARES_HIGH].high
			}
		}
	};
}

static void
set_sums(Sum128 *sums, const PipelineAge *age)
{
	sums[PIPELINE_DEALS] = sum128_from_int64(age->deals);
	sums[PIPELINE_WITH_AMOUNT] = sum128_from_int64(age->amounts.count);
	sums[PIPELINE_AMOUNT] = age->amounts.sum;
	sums[PIPELINE_SQUARES_LOW] = (Sum128) {age->amounts.squares[0], 0};
	sums[PIPELINE_SQUARES_HIGH] = (Sum128) {age->amounts.squares[1], (int64) age->amounts.squares[2]};
}

/* ---------------------------------------------------------------- check */

static bool
is_zero(const SummaryGroup *group)
{
	for (int i = 0; i < PIPELINE_SUMS; i++)
		if (group->sums[i].low != 0 || group->sums[i].high != 0)
			return false;
	return true;
}

/* Carries what is above 64 bits of the lower part of squares over to the higher one; may leave nothing of a group. */
static void
carry_squares(SummaryView *view)
{
	uint32		left = 0;

	for (uint32 i = 0; i < view->ngroups; i++)
	{
		SummaryGroup *group = &view->groups[i];
		Sum128	   *low = &group->sums[PIPELINE_SQUARES_LOW];

		sum128_add_int64(&group->sums[PIPELINE_SQUARES_HIGH], low->high);
		low->high = 0;
		if (!is_zero(group))
			view->groups[left++] = *group;
		if ((i & 0xFFF) == 0xFFF)
			CHECK_FOR_INTERRUPTS();
	}
	view->ngroups = left;
}

/* Is a sum a count? */
static bool
is_count(Sum128 sum)
{
	return sum.high == 0 && (int64) sum.low >= 0;
}

static const char *
check_age(const SummaryGroup *group)
{
	const Sum128 *sums = group->sums;
	PipelineAge age = pipeline_age(group);

	if (age.age < 0)
		return "an age is malformed";
	if (!is_count(sums[PIPELINE_DEALS]) || !is_count(sums[PIPELINE_WITH_AMOUNT]) || age.deals == 0)
		return "a count is out of range";
	if (age.amounts.count > age.deals)
		return "there are more amounts than deals";
	if (sums[PIPELINE_SQUARES_LOW].high != 0 || sums[PIPELINE_SQUARES_HIGH].high < 0)
		return "a sum of squares is out of range";
	return moments_check(&age.amounts);
}

static const char *
check_pipeline(const SummaryView *view)
{
	const char *problem;

	if (view->identity_size != 0)
		return "it must not have an identity";
	if (view->nsums != PIPELINE_SUMS)
		return "it must hold five sums";
	if (!is_zero(&view->all))
		return "there are sums outside of its ages";
	for (uint32 i = 0; i < view->ngroups; i++)
	{
		problem = check_age(&view->groups[i]);
		if (problem != NULL)
			return problem;
		if ((i & 0xFFF) == 0xFFF)
			CHECK_FOR_INTERRUPTS();
	}
	return NULL;
}

/* ---------------------------------------------------------------- text */

static void
append_json(StringInfo out, const SummaryView *view)
{
	appendStringInfoString(out, "\"ages\":[");
	for (uint32 i = 0; i < view->ngroups; i++)
	{
		PipelineAge age = pipeline_age(&view->groups[i]);

		appendStringInfo(out, "%s{\"age\":" INT64_FORMAT ",\"deals\":" INT64_FORMAT ",\"with_amount\":" INT64_FORMAT ",\"amount\":%s,\"sum_of_squares\":",
						 i > 0 ? "," : "", age.age, age.deals, age.amounts.count, money_sum_text(age.amounts.sum));
		append_sum_of_squares(out, &age.amounts);
		appendStringInfoChar(out, '}');
		if ((i & 0xFFF) == 0xFFF)
			CHECK_FOR_INTERRUPTS();
	}
	appendStringInfoChar(out, ']');
}

static bool
read_age(JsonbContainer *object, SummaryGroup *group, int64 last, fmNodePtr escontext)
{
	PipelineAge age;

	if (!jsonb_field_int64(object, TYPE_NAME, "age", &age.age, escontext) ||
		!jsonb_field_int64(object, TYPE_NAME, "deals", &age.deals, escontext) ||
		!jsonb_field_int64(object, TYPE_NAME, "with_amount", &age.amounts.count, escontext) ||
		!money_sum_field(object, TYPE_NAME, "amount", &age.amounts.sum, escontext) ||
		!sum_of_squares_field(object, TYPE_NAME, "sum_of_squares", &age.amounts, escontext))
		return false;
	if (age.age <= last)
		ereturn(escontext, false,
				(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
				 errmsg("malformed " TYPE_NAME ": age " INT64_FORMAT " in \"ages\" is negative, or not above the one before", age.age)));
	group->label = age_label(age.age, palloc(AGE_LABEL_SIZE));
	group->sums = palloc(sizeof(Sum128) * PIPELINE_SUMS);
	set_sums(group->sums, &age);
	return true;
}

static bool
read_json(SummaryView *view, JsonbContainer *object, fmNodePtr escontext)
{
	static const char *const keys[] = {"age", "deals", "with_amount", "amount", "sum_of_squares", NULL};
	JsonbContainer *ages;
	int64		last = -1;

	if (!jsonb_field_array(object, TYPE_NAME, "ages", &ages, escontext))
		return false;
	view->nsums = PIPELINE_SUMS;
	view->all.sums = palloc0(sizeof(Sum128) * PIPELINE_SUMS);
	view->groups = palloc_extended(sizeof(SummaryGroup) * (Size) Max(JsonContainerSize(ages), 1),
								   MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	for (uint32 i = 0; i < JsonContainerSize(ages); i++)
	{
		JsonbContainer *element = jsonb_element_object(ages, i, TYPE_NAME, "ages", keys, escontext);

		if (element == NULL || !read_age(element, &view->groups[i], last, escontext))
			return false;
		last = label_age(view->groups[i].label);
		view->ngroups++;
		if ((i & 0xFFF) == 0xFFF)
			CHECK_FOR_INTERRUPTS();
	}
	return true;
}

/* ---------------------------------------------------------------- the type */

static const char *const json_keys[] = {"version", "ages", NULL};

const SummaryType pipeline_type = {
	.name = TYPE_NAME,
	.mismatch = "Nothing tells one pipeline_summary from another.",
	.check = check_pipeline,
	.groups = "ages",
	.max_groups = PIPELINE_MAX_AGES,
	.keys = json_keys,
	.append_json = append_json,
	.read_json = read_json,
	.settle = carry_squares
};

DEFINE_SUMMARY(pipeline_summary, pipeline_type);

/* ---------------------------------------------------------------- accumulate */

/* Adds to a sum, or takes from it. */
static inline void
change_sum(Sum128 *sum, Sum128 value, int sign)
{
	(void) (sign > 0 ? sum128_add(sum, value) : sum128_subtract(sum, value));
}

static void
change_sums(Sum128 *sums, const PipelineAge *deal, int sign)
{
	Sum128		changes[PIPELINE_SUMS];

	set_sums(changes, deal);
	for (int i = 0; i < PIPELINE_SUMS; i++)
		change_sum(&sums[i], changes[i], sign);
}

/*
 * (state, age, amount): one open deal more, or one less. A row without an age is
 * skipped; a deal without an amount counts as a deal, and for nothing in money.
 */
static Datum
change_deal(FunctionCallInfo fcinfo, int sign)
{
	char		bytes[AGE_LABEL_SIZE];
	PipelineAge deal = {.deals = 1};
	SummaryState *state;
	Label		label;
	uint32		row;

	if (PG_ARGISNULL(1))
		return summary_unchanged(fcinfo, &pipeline_type);
	deal.age = PG_GETARG_INT64(1);
	(void) check_not_negative("age", deal.age, NULL);
	if (!PG_ARGISNULL(2))
		deal.amounts = moments_of(amount_argument(PG_GETARG_DATUM(2)));

	label = age_label(deal.age, bytes);
	state = known_grouped_state(fcinfo, &pipeline_type, "", 0, PIPELINE_SUMS);
	if (sign > 0)
		state = summary_reserve(state, &pipeline_type, 1, label.length, 0);
	row = summary_row(state, &pipeline_type, label, 0, sign);
	change_sums(summary_row_sums(state, &pipeline_type, row), &deal, sign);
	state->inputs += sign;
	PG_RETURN_POINTER(state);
}

DEFINE_TYPE_FUNCTION(pipeline_summary_add_deal, change_deal(fcinfo, 1));
DEFINE_TYPE_FUNCTION(pipeline_summary_remove_deal, change_deal(fcinfo, -1));
