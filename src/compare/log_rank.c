/*
 * log_rank.c
 *		log_rank_summary: durations before and after, compared stratum by
 *		stratum. The statistics stand in survival.h.
 *
 * A summary (engine.h), so that states merge exactly whatever the order:
 *
 *		identity	one byte, the unit (DurationUnit)
 *		sums		as named below; the expected events and the variance in
 *					units of 1e-18, so that they are whole numbers too
 *		keys		those of a duration_summary times two, plus one for after
 *
 * The counts are the histograms of all deals, those of skipped strata too: the
 * crude comparison. The sums hold the strata with deals on both sides.
 * Text form:
 *
 *		{"version":1,"strata":2,"skipped":0,"observed_before":9,"observed_after":21,
 *		 "expected_before":19.25,"expected_after":10.75,"variance":6.25,
 *		 "before":{a duration_summary},"after":{a duration_summary}}
 */
#include "compare/compare.h"

#include <math.h>

#include "utils/builtins.h"
#include "utils/jsonb.h"

#include "summary/duration_summary.h"
#include "base/json.h"
#include "base/options.h"
#include "base/type.h"

#define TYPE_NAME "log_rank_summary"

/* Decimals of the expected events and the variance. */
#define DECIMALS 18
#define SCALE 1e18

/* Differences of events below this part of them are rounding: no direction. */
#define NO_DIFFERENCE 1e-12

enum
{
	STRATA,
	SKIPPED,
	OBSERVED_BEFORE,
	OBSERVED_AFTER,
	EXPECTED_BEFORE,			/* from here on with decimals */
	EXPECTED_AFTER,
	VARIANCE,
	NAMED_SUMS,
	TIME_BEFORE = NAMED_SUMS,	/* microseconds of observed durations */
	TIME_AFTER,
	SUMS
};

static const char *const json_keys[] = {
	"version", "strata", "skipped", "observed_before", "observed_after",
	"expected_before", "expected_after", "variance", "before", "after", NULL
};
static const char *const *const sum_keys = &json_keys[1];
static const char *const *const side_keys = &json_keys[1 + NAMED_SUMS];

/* ---------------------------------------------------------------- the two sides */

/* The entries of one side (0 before, 1 after), in the current context; still ascending. */
static TallyEntry *
side_entries(const TallyEntry *entries, uint32 nentries, int side, uint32 *n)
{
	TallyEntry *result = palloc_extended(mul_size(sizeof(TallyEntry), Max(nentries, 1)), MCXT_ALLOC_HUGE);

	*n = 0;
	for (uint32 i = 0; i < nentries; i++)
		if ((entries[i].key & 1) == (uint64) side)
		{
			result[*n].key = entries[i].key / 2;
			result[(*n)++].count = entries[i].count;
		}
	return result;
}

/* One side of a summary as a duration_summary taken apart. */
static void
side_view(SummaryView *side_of, const SummaryView *view, int side)
{
	memset(side_of, 0, sizeof(*side_of));
	side_of->identity = view->identity;
	side_of->identity_size = view->identity_size;
	side_of->all.sums = &view->all.sums[TIME_BEFORE + side];
	side_of->nsums = 1;
	side_of->all.cells = side_entries(view->all.cells, view->all.ncells, side, &side_of->all.ncells);
}

/* Both sides put together in ascending order; NULL for an empty side. */
static void
join_sides(SummaryView *view, const SummaryView *const sides[2])
{
	uint32		n[2];
	uint32		next[2] = {0, 0};

	for (int side = 0; side < 2; side++)
	{
		n[side] = sides[side] ? sides[side]->all.ncells : 0;
		if (sides[side])
			view->all.sums[TIME_BEFORE + side] = sides[side]->all.sums[0];
	}
	view->all.ncells = 0;
	view->all.cells = palloc_extended(mul_size(sizeof(TallyEntry), Max((Size) n[0] + n[1], 1)), MCXT_ALLOC_HUGE);
	while (next[0] < n[0] || next[1] < n[1])
	{
		int			side = next[0] >= n[0];
		const TallyEntry *entry;

		if (next[0] < n[0] && next[1] < n[1])
			side = sides[1]->all.cells[next[1]].key < sides[0]->all.cells[next[0]].key;
		entry = &sides[side]->all.cells[next[side]++];
		view->all.cells[view->all.ncells].key = entry->key * 2 + side;
		view->all.cells[view->all.ncells++].count = entry->count;
	}
}

/* ---------------------------------------------------------------- check */

static inline bool
below_zero(Sum128 sum)
{
	return sum.high < 0;
}

static const char *
check_log_rank(const SummaryView *view)
{
	const Sum128 *sums = view->all.sums;

	if (view->nsums != SUMS)
		return "its sums are not as many as they must be";
	for (int i = 0; i < NAMED_SUMS; i++)
	{
		if (below_zero(sums[i]))
			return "a sum is below zero";
		if (i < EXPECTED_BEFORE && (sums[i].high != 0 || sums[i].low > (uint64) PG_INT64_MAX))
			return "a count passes 64 bits";
		if (i > SKIPPED && (sums[i].high != 0 || sums[i].low != 0) &&
			sums[STRATA].high == 0 && sums[STRATA].low == 0)
			return "there are sums, but no strata";
	}
	for (int side = 0; side < 2; side++)
	{
		SummaryView mine;
		const char *problem;
		Sum128		events = {0, 0};

		side_view(&mine, view, side);
		problem = duration_type.check(&mine);
		if (problem != NULL)
			return problem;
		for (uint32 i = 0; i < mine.all.ncells; i++)
			if (DURATION_KEY_CATEGORY(mine.all.cells[i].key) == DURATION_EVENT)
				sum128_add_int64(&events, mine.all.cells[i].count);
		if (sum128_compare(sums[OBSERVED_BEFORE + side], events) > 0)
			return "more events are compared than there are";
		pfree(mine.all.cells);
	}
	return NULL;
}

/* ---------------------------------------------------------------- numbers with decimals */

/* value >= 0 in units of 1e-18, rounded. */
static Sum128
fixed_from_double(double value)
{
	double		whole = rint(value * SCALE);
	double		high = floor(whole / 18446744073709551616.0);
	Sum128		result;

	result.high = (int64) high;
	result.low = (uint64) (whole - high * 18446744073709551616.0);
	return result;
}

static double
fixed_to_double(Sum128 fixed)
{
	return sum128_to_double(fixed) / SCALE;
}

static void
append_fixed(StringInfo out, Sum128 fixed)
{
	char		digits[SUM128_TEXT_SIZE];
	char		padded[DECIMALS + SUM128_TEXT_SIZE + 1];
	int			length;

	sum128_text(fixed, digits);
	/* at least one digit before the decimals */
	snprintf(padded, sizeof(padded), "%.*s%s", Max(DECIMALS + 1 - (int) strlen(digits), 0),
			 "0000000000000000000", digits);
	length = (int) strlen(padded);
	appendBinaryStringInfo(out, padded, length - DECIMALS);
	appendStringInfoChar(out, '.');
	appendStringInfoString(out, padded + length - DECIMALS);
	while (out->data[out->len - 1] == '0')
		out->data[--out->len] = '\0';
	if (out->data[out->len - 1] == '.')
		out->data[--out->len] = '\0';
}

/* A field that is a number of at most 18 decimals; false with an error saved. */
static bool
read_fixed(JsonbContainer *object, const char *key, Sum128 *result, fmNodePtr escontext)
{
	char	   *text = jsonb_number_text(jsonb_field(object, key), TYPE_NAME, key, escontext);
	char	   *point;
	size_t		decimals = 0;
	StringInfoData digits;

	if (text == NULL)
		return false;
	point = strchr(text, '.');
	initStringInfo(&digits);
	if (point == NULL)
		appendStringInfoString(&digits, text);
	else
	{
		decimals = strlen(point + 1);
		while (decimals > 0 && point[decimals] == '0')
			decimals--;
		appendBinaryStringInfo(&digits, text, point - text);
		appendBinaryStringInfo(&digits, point + 1, decimals);
	}
	for (size_t i = decimals; i < DECIMALS; i++)
		appendStringInfoChar(&digits, '0');
	if (decimals > DECIMALS ||
		strspn(digits.data, "0123456789") != digits.len ||
		!sum128_parse(digits.data + Min(strspn(digits.data, "0"), digits.len - 1), result))
		ereturn(escontext, false,
				(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
				 errmsg("malformed " TYPE_NAME ": \"%s\" is out of range: %s", key, text),
				 errdetail("It is not negative and has at most %d decimals.", DECIMALS)));
	return true;
}

/* ---------------------------------------------------------------- input and output */

static bool
read_json(SummaryView *view, JsonbContainer *object, fmNodePtr escontext)
{
	SummaryView sides[2];

	view->nsums = SUMS;
	view->all.sums = palloc0(sizeof(Sum128) * SUMS);
	for (int i = 0; i < NAMED_SUMS; i++)
		if (!(i < EXPECTED_BEFORE ?
			  jsonb_field_sum128(object, TYPE_NAME, sum_keys[i], &view->all.sums[i], escontext) :
			  read_fixed(object, sum_keys[i], &view->all.sums[i], escontext)))
			return false;
	for (int side = 0; side < 2; side++)
	{
		JsonbContainer *durations;
		struct varlena *summary;

		if (!jsonb_field_object(object, TYPE_NAME, side_keys[side], &durations, escontext) ||
			(summary = summary_from_json(&duration_type, durations, escontext)) == NULL)
			return false;
		summary_view(&sides[side], &duration_type, PointerGetDatum(summary));
	}
	if (sides[0].identity[0] != sides[1].identity[0])
		ereturn(escontext, false,
				(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
				 errmsg("malformed " TYPE_NAME ": its units are %s before and %s after",
						duration_unit_name(sides[0].identity[0]), duration_unit_name(sides[1].identity[0]))));
	view->identity = sides[0].identity;
	view->identity_size = 1;
	join_sides(view, (const SummaryView *const[2]) {&sides[0], &sides[1]});
	return true;
}

static void
append_json(StringInfo out, const SummaryView *view)
{
	for (int i = 0; i < NAMED_SUMS; i++)
	{
		char		digits[SUM128_TEXT_SIZE];

		appendStringInfo(out, "\"%s\":", sum_keys[i]);
		if (i < EXPECTED_BEFORE)
			appendStringInfoString(out, sum128_text(view->all.sums[i], digits));
		else
			append_fixed(out, view->all.sums[i]);
		appendStringInfoChar(out, ',');
	}
	for (int side = 0; side < 2; side++)
	{
		SummaryView durations;

		side_view(&durations, view, side);
		appendStringInfo(out, "%s\"%s\":", side > 0 ? "," : "", side_keys[side]);
		summary_append_json(&duration_type, out, &durations);
	}
}

static const SummaryType log_rank_type = {
	.name = TYPE_NAME,
	.mismatch = "Durations in different units cannot be compared.",
	.check = check_log_rank,
	.key_bits = SUMMARY_WHOLE_KEY,
	.keys = json_keys,
	.append_json = append_json,
	.read_json = read_json
};

DEFINE_GROWING_SUMMARY(log_rank_summary, log_rank_type);

/* ---------------------------------------------------------------- accumulate */

/* The log-rank sums of one stratum. */
static void
compare_stratum(Sum128 *sums, const SummaryView *const sides[2])
{
	SurvivalPoint *points[2] = {NULL, NULL};
	size_t		n[2] = {0, 0};
	LogRank		log_rank = {{0}};

	for (int side = 0; side < 2; side++)
		if (sides[side])
			points[side] = duration_view_points(sides[side], &n[side]);
	if (n[0] == 0 || n[1] == 0)
	{
		sum128_add_int64(&sums[SKIPPED], 1);
		return;
	}
	log_rank_add(&log_rank, points[0], n[0], points[1], n[1]);
	sum128_add_int64(&sums[STRATA], 1);
	for (int side = 0; side < 2; side++)
	{
		/* as whole numbers: a double holds them up to 2^53 */
		for (size_t i = 0; i < n[side]; i++)
			sum128_add_int64(&sums[OBSERVED_BEFORE + side], points[side][i].events);
		sums[EXPECTED_BEFORE + side] = fixed_from_double(log_rank.expected[side]);
	}
	sums[VARIANCE] = fixed_from_double(log_rank.variance);
}

/*
 * (state, before, after): one stratum. A NULL summary is an empty side; nothing
 * happens when both are NULL. 22023 for different units.
 */
PG_FUNCTION_INFO_V1(log_rank_summary_accumulate);
Datum
log_rank_summary_accumulate(PG_FUNCTION_ARGS)
{
	SummaryView views[2];
	const SummaryView *sides[2] = {NULL, NULL};
	const SummaryView *any = NULL;
	SummaryView stratum = {NULL};
	Sum128		sums[SUMS] = {{0, 0}};
	SummaryState *state;

	for (int side = 0; side < 2; side++)
		if (!PG_ARGISNULL(1 + side))
		{
			summary_view(&views[side], &duration_type, PG_GETARG_DATUM(1 + side));
			if (any && any->identity[0] != views[side].identity[0])
				ereport(ERROR,
						(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						 errmsg("durations by %s cannot be compared with durations by %s",
								duration_unit_name(any->identity[0]), duration_unit_name(views[side].identity[0])),
						 errhint("Build both summaries with the same unit.")));
			any = sides[side] = &views[side];
		}
	if (any == NULL)
		return summary_unchanged(fcinfo, &log_rank_type);
	compare_stratum(sums, sides);
	stratum.identity = any->identity;
	stratum.identity_size = any->identity_size;
	stratum.all.sums = sums;
	stratum.nsums = SUMS;
	join_sides(&stratum, sides);
	state = summary_state(fcinfo, &log_rank_type, stratum.identity, stratum.identity_size, SUMS);
	state = summary_merge(state, &log_rank_type, &stratum, 1);
	state->inputs++;
	PG_RETURN_POINTER(state);
}

/* ---------------------------------------------------------------- compare */

/* 1 when the event comes sooner after, -1 when later, 0 when neither can be told. */
static int
direction(const LogRank *sums)
{
	double		surplus = sums->observed[1] - sums->expected[1];

	if (!(sums->variance > 0) || fabs(surplus) <= NO_DIFFERENCE * (sums->expected[0] + sums->expected[1]))
		return 0;
	return surplus > 0 ? 1 : -1;
}

/*
 * compare(log_rank_summary, level): (strata, skipped, crude_hazard_ratio,
 * hazard_ratio, log_rank_chi2, p_value, mix_shift, hazard_low, hazard_high). mix_shift: the crude and
 * the stratified comparison point in opposite directions.
 */
PG_FUNCTION_INFO_V1(log_rank_summary_compare);
Datum
log_rank_summary_compare(PG_FUNCTION_ARGS)
{
	SummaryView view;
	SurvivalPoint *points[2];
	size_t		n[2];
	LogRank		crude = {{0}};
	LogRank		stratified;
	double		chi2,
				p_value,
				crude_ratio,
				ratio,
				low,
				high;
	double		level = check_level(PG_GETARG_FLOAT8(1));
	ComparisonRow row = {.n = 0};

	summary_view(&view, &log_rank_type, PG_GETARG_DATUM(0));
	for (int side = 0; side < 2; side++)
	{
		SummaryView durations;

		side_view(&durations, &view, side);
		points[side] = duration_view_points(&durations, &n[side]);
		stratified.observed[side] = sum128_to_double(view.all.sums[OBSERVED_BEFORE + side]);
		stratified.expected[side] = fixed_to_double(view.all.sums[EXPECTED_BEFORE + side]);
	}
	stratified.variance = fixed_to_double(view.all.sums[VARIANCE]);
	log_rank_add(&crude, points[0], n[0], points[1], n[1]);
	log_rank_result(&crude, &chi2, &p_value, &crude_ratio);
	log_rank_result(&stratified, &chi2, &p_value, &ratio);
	hazard_ratio_interval(&stratified, level, &low, &high);

	comparison_count(&row, (int64) view.all.sums[STRATA].low);
	comparison_count(&row, (int64) view.all.sums[SKIPPED].low);
	comparison_number(&row, crude_ratio);
	comparison_number(&row, ratio);
	comparison_number(&row, chi2);
	comparison_number(&row, p_value);
	comparison_flag(&row, crude.variance > 0 && stratified.variance > 0,
					direction(&crude) * direction(&stratified) < 0);
	comparison_number(&row, low);
	comparison_number(&row, high);
	return comparison_row(fcinfo, &row);
}
