/*
 * win_report.c
 *		What is read off a win_summary: win rates under every denominator,
 *		fractional credit, amounts, the tables of outcomes and of competitors,
 *		the chart of the latter.
 *
 * The basis says which of the deals with a competitor are the denominator; the
 * numerator is always the deals won:
 *
 *		considered	all of them, the open ones too
 *		closed		won, lost and no decision
 *		decided		won and lost
 *		lost_to		won, and lost to this very competitor: what was decided
 *					between the two of us. Of all deals: lost to a named competitor.
 *					0 of 0 where there are losses and no loss names a winner:
 *					then it is not known, and not a win rate of 100 %.
 */
#include "summary/win_summary.h"

#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/numeric.h"
#include "utils/tuplestore.h"

#include "base/chart.h"
#include "base/money.h"
#include "base/options.h"
#include "plain/proportion.h"
#include "reading/deal_outcome.h"
#include "summary/rate_summary.h"
#include "base/row.h"

typedef enum WinBasis
{
	BASIS_CONSIDERED,
	BASIS_CLOSED,
	BASIS_DECIDED,
	BASIS_LOST_TO
} WinBasis;

static const char *const bases[] = {"considered", "closed", "decided", "lost_to"};

/* Which categories are in the denominator. */
static const uint8 basis_categories[] = {
	1 << WIN_WON | 1 << WIN_LOST | 1 << WIN_LOST_TO | 1 << WIN_NO_DECISION | 1 << WIN_STILL_OPEN,
	1 << WIN_WON | 1 << WIN_LOST | 1 << WIN_LOST_TO | 1 << WIN_NO_DECISION,
	1 << WIN_WON | 1 << WIN_LOST | 1 << WIN_LOST_TO,
	1 << WIN_WON | 1 << WIN_LOST_TO
};

/* ---------------------------------------------------------------- counting */

/* The deals of a group by category. */
typedef struct WinCounts
{
	int64		of[WIN_CATEGORIES];
} WinCounts;

static WinCounts
count_cells(const SummaryGroup *group)
{
	WinCounts	counts = {{0}};

	for (uint32 i = 0; i < group->ncells; i++)
		counts.of[WIN_KEY_CATEGORY(group->cells[i].key)] += group->cells[i].count;
	return counts;
}

static int64
total_of(const WinCounts *counts, WinBasis basis)
{
	int64		total = 0;

	for (int category = 0; category < WIN_CATEGORIES; category++)
		if (basis_categories[basis] & (1 << category))
			total += counts->of[category];
	return total;
}

/* Is it unknown to whom deals were lost? `all` are the counts of all deals. */
static bool
losses_are_unnamed(const WinCounts *all, const WinCounts *counts, WinBasis basis)
{
	return basis == BASIS_LOST_TO && all->of[WIN_LOST_TO] == 0 && counts->of[WIN_LOST] > 0;
}

/* Credit 1/k for each deal: won, and the denominator. Exact counts, each divided once. */
static void
fractional_credit(const WinCounts *all, const SummaryGroup *group, WinBasis basis,
				  double *won, double *total)
{
	WinCounts	counts = count_cells(group);
	uint32		i = 0;

	*won = *total = 0;
	if (losses_are_unnamed(all, &counts, basis))
		return;
	while (i < group->ncells)
	{
		int64		k = WIN_KEY_CONSIDERED(group->cells[i].key);
		int64		won_here = 0;
		int64		total_here = 0;

		for (; i < group->ncells && WIN_KEY_CONSIDERED(group->cells[i].key) == k; i++)
		{
			int			category = WIN_KEY_CATEGORY(group->cells[i].key);

			if (category == WIN_WON)
				won_here += group->cells[i].count;
			if (basis_categories[basis] & (1 << category))
				total_here += group->cells[i].count;
		}
		*won += (double) won_here / (double) k;
		*total += (double) total_here / (double) k;
	}
}

/* The group of a competitor, one without deals when it is not there; and the counts of all deals. */
static SummaryGroup
group_argument(FunctionCallInfo fcinfo, WinCounts *all)
{
	static Sum128 no_amounts[WIN_SUMS];
	text	   *name = PG_GETARG_TEXT_PP(1);
	const SummaryGroup *found;
	SummaryView view;

	summary_view(&view, &win_type, PG_GETARG_DATUM(0));
	*all = count_cells(&view.all);
	found = summary_find(&view, (Label) {VARDATA_ANY(name), (int) VARSIZE_ANY_EXHDR(name)});
	return found != NULL ? *found : (SummaryGroup) {.sums = no_amounts};
}

static WinBasis
basis_argument(FunctionCallInfo fcinfo, int argno)
{
	return option_from_text(PG_GETARG_TEXT_PP(argno), "basis", bases, lengthof(bases));
}

static Datum
rate_of(const WinCounts *all, const SummaryGroup *group, WinBasis basis)
{
	WinCounts	counts = count_cells(group);

	if (losses_are_unnamed(all, &counts, basis))
		PG_RETURN_POINTER(rate_summary_build(0, 0));
	PG_RETURN_POINTER(rate_summary_build(counts.of[WIN_WON], total_of(&counts, basis)));
}

/* ---------------------------------------------------------------- rates */

/* win_rate(summary, competitor, basis): 0 of 0 for a competitor that was never considered. */
PG_FUNCTION_INFO_V1(win_summary_win_rate);
Datum
win_summary_win_rate(PG_FUNCTION_ARGS)
{
	WinBasis	basis = basis_argument(fcinfo, 2);
	WinCounts	all;
	SummaryGroup group = group_argument(fcinfo, &all);

	return rate_of(&all, &group, basis);
}

/* overall_win_rate(summary, basis): each deal once, whichever competitors were considered. */
PG_FUNCTION_INFO_V1(win_summary_overall_win_rate);
Datum
win_summary_overall_win_rate(PG_FUNCTION_ARGS)
{
	WinBasis	basis = basis_argument(fcinfo, 1);
	SummaryView view;
	WinCounts	all;

	summary_view(&view, &win_type, PG_GETARG_DATUM(0));
	all = count_cells(&view.all);
	return rate_of(&all, &view.all, basis);
}

/* uncontested_win_rate(summary, basis): the deals without a competitor. */
PG_FUNCTION_INFO_V1(win_summary_uncontested_win_rate);
Datum
win_summary_uncontested_win_rate(PG_FUNCTION_ARGS)
{
	WinBasis	basis = basis_argument(fcinfo, 1);
	SummaryView view;
	WinCounts	all;
	SummaryGroup	uncontested;

	summary_view(&view, &win_type, PG_GETARG_DATUM(0));
	all = count_cells(&view.all);
	uncontested = view.all;
	uncontested.ncells = 0;
	while (uncontested.ncells < view.all.ncells &&
		   WIN_KEY_CONSIDERED(uncontested.cells[uncontested.ncells].key) == 0)
		uncontested.ncells++;
	return rate_of(&all, &uncontested, basis);
}

/* win_loss_ratio(summary, competitor): won / lost; NULL when none was lost. */
PG_FUNCTION_INFO_V1(win_summary_win_loss_ratio);
Datum
win_summary_win_loss_ratio(PG_FUNCTION_ARGS)
{
	WinCounts	all;
	SummaryGroup group = group_argument(fcinfo, &all);
	WinCounts	counts = count_cells(&group);
	int64		lost = counts.of[WIN_LOST] + counts.of[WIN_LOST_TO];

	if (lost == 0)
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8((double) counts.of[WIN_WON] / (double) lost);
}

/* lost_to(summary, competitor): the deals lost to this very competitor. */
PG_FUNCTION_INFO_V1(win_summary_lost_to);
Datum
win_summary_lost_to(PG_FUNCTION_ARGS)
{
	WinCounts	all;
	SummaryGroup group = group_argument(fcinfo, &all);

	PG_RETURN_INT64(count_cells(&group).of[WIN_LOST_TO]);
}

static Datum
amount_rate(FunctionCallInfo fcinfo, const SummaryGroup *group)
{
	Sum128		decided = group->sums[WIN_AMOUNT_WON];

	if (!sum128_add(&decided, group->sums[WIN_AMOUNT_LOST]))
		summary_out_of_range(&win_type, "an amount");
	if (decided.low == 0 && decided.high == 0)
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(sum128_to_double(group->sums[WIN_AMOUNT_WON]) / sum128_to_double(decided));
}

/* amount_win_rate(summary, competitor): amount won / (won + lost); NULL when there is none. */
PG_FUNCTION_INFO_V1(win_summary_amount_win_rate);
Datum
win_summary_amount_win_rate(PG_FUNCTION_ARGS)
{
	WinCounts	all;
	SummaryGroup group = group_argument(fcinfo, &all);

	return amount_rate(fcinfo, &group);
}

/* amount_win_rate(summary): of all deals. */
PG_FUNCTION_INFO_V1(win_summary_overall_amount_win_rate);
Datum
win_summary_overall_amount_win_rate(PG_FUNCTION_ARGS)
{
	SummaryView view;

	summary_view(&view, &win_type, PG_GETARG_DATUM(0));
	return amount_rate(fcinfo, &view.all);
}

/* ---------------------------------------------------------------- fractional credit */

/* fractional_win_rate(summary, competitor, basis): NULL when the denominator is empty. */
PG_FUNCTION_INFO_V1(win_summary_fractional_win_rate);
Datum
win_summary_fractional_win_rate(PG_FUNCTION_ARGS)
{
	WinBasis	basis = basis_argument(fcinfo, 2);
	WinCounts	all;
	SummaryGroup group = group_argument(fcinfo, &all);
	double		won;
	double		total;

	fractional_credit(&all, &group, basis, &won, &total);
	if (total == 0)
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(won / total);
}

/* fractional_credit(summary, competitor, basis) -> (won, total) */
PG_FUNCTION_INFO_V1(win_summary_fractional_credit);
Datum
win_summary_fractional_credit(PG_FUNCTION_ARGS)
{
	WinBasis	basis = basis_argument(fcinfo, 2);
	WinCounts	all;
	SummaryGroup group = group_argument(fcinfo, &all);
	double		won;
	double		total;
	Datum		values[2];
	bool		nulls[2] = {false, false};

	fractional_credit(&all, &group, basis, &won, &total);
	values[0] = Float8GetDatum(won);
	values[1] = Float8GetDatum(total);
	PG_RETURN_DATUM(result_row(fcinfo, values, nulls, 2));
}

/* ---------------------------------------------------------------- the tables */

/* Mean of the amounts that are known, of the deals with one status; false when there are none. */
static bool
mean_amount(const SummaryGroup *group, DealStatus status, double *mean)
{
	Moments		moments = {
		.count = (int64) group->sums[win_with_amount_at[status]].low,
		.sum = group->sums[win_amount_at[status]]
	};

	if (moments.count == 0)
		return false;
	*mean = moments_mean(&moments) / AMOUNT_SCALE;
	return true;
}

/* outcomes(summary): a row for each way to end, and for the open deals; mean is NULL where no amount is known. */
PG_FUNCTION_INFO_V1(win_summary_outcomes);
Datum
win_summary_outcomes(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	int64		deals[DEAL_STATUSES] = {0};
	SummaryView view;
	WinCounts	counts;

	InitMaterializedSRF(fcinfo, 0);
	summary_view(&view, &win_type, PG_GETARG_DATUM(0));
	counts = count_cells(&view.all);
	for (int category = 0; category < WIN_CATEGORIES; category++)
		deals[win_status(category)] += counts.of[category];
	for (int status = 0; status < DEAL_STATUSES; status++)
	{
		double		mean = 0;
		Datum		values[5];
		bool		nulls[5] = {false};

		nulls[4] = !mean_amount(&view.all, status, &mean);
		values[0] = CStringGetTextDatum(deal_statuses[status]);
		values[1] = Int64GetDatum(deals[status]);
		values[2] = Int64GetDatum((int64) view.all.sums[win_with_amount_at[status]].low);
		values[3] = NumericGetDatum(money_sum_numeric(view.all.sums[win_amount_at[status]]));
		values[4] = Float8GetDatum(mean);
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	return (Datum) 0;
}

/*
 * competitors(summary, basis, min_deals, level): a row for each competitor
 * with at least min_deals deals in the denominator, in the order of the bytes
 * of their names. Percent, low and high are NULL when the denominator is empty,
 * mean_won when no amount of a deal won is known.
 */
PG_FUNCTION_INFO_V1(win_summary_competitors);
Datum
win_summary_competitors(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	WinBasis	basis = basis_argument(fcinfo, 1);
	int64		min_deals = PG_GETARG_INT64(2);
	double		level = PG_GETARG_FLOAT8(3);
	SummaryView view;
	WinCounts	all;

	(void) check_not_negative("min_deals", min_deals, NULL);
	(void) check_level(level);
	InitMaterializedSRF(fcinfo, 0);
	summary_view(&view, &win_type, PG_GETARG_DATUM(0));
	all = count_cells(&view.all);
	for (uint32 i = 0; i < view.ngroups; i++)
	{
		const SummaryGroup *group = &view.groups[i];
		WinCounts	counts = count_cells(group);
		int64		won = counts.of[WIN_WON];
		int64		total = losses_are_unnamed(&all, &counts, basis) ? 0 : total_of(&counts, basis);
		double		fractional_won;
		double		fractional_total;
		double		low = 0;
		double		high = 0;
		double		mean_won = 0;
		Datum		values[16];
		bool		nulls[16] = {false};

		CHECK_FOR_INTERRUPTS();
		if (total < min_deals)
			continue;
		fractional_credit(&all, group, basis, &fractional_won, &fractional_total);
		nulls[8] = nulls[9] = nulls[10] = !wilson_interval(won, total, level, &low, &high);
		values[0] = PointerGetDatum(label_to_text(group->label));
		values[1] = Int64GetDatum(total_of(&counts, BASIS_CONSIDERED));
		values[2] = Int64GetDatum(won);
		values[3] = Int64GetDatum(counts.of[WIN_LOST] + counts.of[WIN_LOST_TO]);
		values[4] = Int64GetDatum(counts.of[WIN_LOST_TO]);
		values[5] = Int64GetDatum(counts.of[WIN_NO_DECISION]);
		values[6] = Int64GetDatum(counts.of[WIN_STILL_OPEN]);
		values[7] = Int64GetDatum(total);
		values[8] = Float8GetDatum(percent_of(won, total));
		values[9] = Float8GetDatum(100 * low);
		values[10] = Float8GetDatum(100 * high);
		values[11] = Float8GetDatum(fractional_won);
		values[12] = Float8GetDatum(fractional_total);
		values[13] = NumericGetDatum(money_sum_numeric(group->sums[WIN_AMOUNT_WON]));
		values[14] = NumericGetDatum(money_sum_numeric(group->sums[WIN_AMOUNT_LOST]));
		nulls[15] = !mean_amount(group, DEAL_WON, &mean_won);
		values[15] = Float8GetDatum(mean_won);
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	return (Datum) 0;
}

/* ---------------------------------------------------------------- chart */

#define CHART_COMPETITORS 20

/* A group with what the chart sorts by. */
typedef struct ChartRow
{
	const SummaryGroup *group;
	int64		won;
	int64		considered;
} ChartRow;

static int
compare_chart_rows(const void *a, const void *b)
{
	const ChartRow *left = a;
	const ChartRow *right = b;

	if (left->considered != right->considered)
		return left->considered > right->considered ? -1 : 1;
	return label_compare(left->group->label, right->group->label);
}

static void
append_chart_row(StringInfo out, Label name, int columns, const ChartRow *row, int bar_width)
{
	chart_label(out, name, columns);
	appendStringInfoChar(out, ' ');
	chart_rate(out, row->won, row->considered, bar_width);
	appendStringInfo(out, "  " INT64_FORMAT " of " INT64_FORMAT, row->won, row->considered);
}

/*
 * chart(summary, width): the win rate of all deals and against each competitor
 * on the basis `considered`, with its 95 % Wilson interval; those considered
 * most often come first, and at most 20.
 */
PG_FUNCTION_INFO_V1(win_summary_chart);
Datum
win_summary_chart(PG_FUNCTION_ARGS)
{
	static const Label all_deals = {"(all deals)", 11};
	int			width = PG_GETARG_INT32(1);
	SummaryView view;
	WinCounts	counts;
	ChartRow	all;
	ChartRow   *rows;
	uint32		shown;
	int			columns = all_deals.length;
	int			bar_width;
	StringInfoData out;

	chart_check_width(width);
	summary_view(&view, &win_type, PG_GETARG_DATUM(0));
	rows = palloc_extended(sizeof(ChartRow) * (Size) Max(view.ngroups, 1), MCXT_ALLOC_HUGE);
	for (uint32 i = 0; i < view.ngroups; i++)
	{
		rows[i].group = &view.groups[i];
		counts = count_cells(rows[i].group);
		rows[i].won = counts.of[WIN_WON];
		rows[i].considered = total_of(&counts, BASIS_CONSIDERED);
	}
	qsort(rows, view.ngroups, sizeof(ChartRow), compare_chart_rows);
	shown = Min(view.ngroups, CHART_COMPETITORS);
	for (uint32 i = 0; i < shown; i++)
		columns = Max(columns, chart_label_width(rows[i].group->label));
	columns = Min(columns, CHART_NAME_COLUMNS);

	initStringInfo(&out);
	appendStringInfoString(&out, "won of the deals with the competitor, [-o-] 95% interval\n");
	counts = count_cells(&view.all);
	all.group = &view.all;
	all.won = counts.of[WIN_WON];
	all.considered = total_of(&counts, BASIS_CONSIDERED);
	/* no row has larger counts than that of all deals */
	bar_width = chart_drawing_width(width, columns + 1 + CHART_RATE_BESIDE + 2 +
									strlen(psprintf(INT64_FORMAT " of " INT64_FORMAT, all.won, all.considered)));
	append_chart_row(&out, all_deals, columns, &all, bar_width);
	for (uint32 i = 0; i < shown; i++)
	{
		appendStringInfoChar(&out, '\n');
		append_chart_row(&out, rows[i].group->label, columns, &rows[i], bar_width);
	}
	if (shown < view.ngroups)
		appendStringInfo(&out, "\nand %u more", view.ngroups - shown);
	PG_RETURN_TEXT_P(cstring_to_text_with_len(out.data, out.len));
}
