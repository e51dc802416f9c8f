/*
 * funnel_report.c
 *		Reading a funnel_summary: conversion of deals and of amounts, time per
 *		step, the table of steps, the chart. What is counted under which key:
 *		funnel_summary.h.
 */
#include "base/compat.h"

#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/tuplestore.h"

#include "base/chart.h"
#include "base/money.h"
#include "summary/duration_summary.h"
#include "summary/funnel_summary.h"
#include "plain/proportion.h"
#include "summary/rate_summary.h"

/* A summary taken apart, with its definition. */
typedef struct FunnelView
{
	SummaryView cells;
	FunnelDefinition definition;
	int			nstages;
	bool		excluded;
	bool		has_amounts;
} FunnelView;

static void
funnel_view(FunnelView *view, Datum summary)
{
	summary_view(&view->cells, &funnel_type, summary);
	funnel_definition_decode(view->cells.identity, view->cells.identity_size,
							 &view->definition);
	view->nstages = view->definition.rules.nstages;
	view->excluded = view->definition.rules.skipped == CHAIN_EXCLUDED;
	view->has_amounts = funnel_has_amounts(&view->cells, view->nstages);
}

static int64
outcomes(const FunnelView *view, int depth, ChainStatus status)
{
	return summary_cell(&view->cells, FUNNEL_OUTCOME_KEY(depth, status));
}

/* Deals whose chain ended at a depth, whatever their status. */
static int64
outcomes_at(const FunnelView *view, int depth)
{
	int64		deals = 0;

	for (int status = CHAIN_NOT_ENTERED; status <= CHAIN_OPEN; status++)
		deals += outcomes(view, depth, status);
	return deals;
}

/*
 * Deals that count at stage `from` (from 0), and those of them that count at
 * the later stage `to`. Under excluded, where the chain matched the stage;
 * otherwise where it came at least as deep. Settled: without the deals that
 * are open at a depth from `from` up to just before `to`.
 */
static void
count_conversion(const FunnelView *view, int from, int to, bool settled,
				 int64 *successes, int64 *total)
{
	*successes = *total = 0;
	if (view->excluded)
	{
		*total = summary_cell(&view->cells, FUNNEL_PAIR_KEY(from, from));
		*successes = summary_cell(&view->cells, FUNNEL_PAIR_KEY(from, to));
	}
	else
	{
		for (int depth = from + 1; depth <= view->nstages; depth++)
		{
			int64		deals = outcomes_at(view, depth);

			*total += deals;
			if (depth > to)
				*successes += deals;
		}
	}
	for (int depth = from + 1; settled && depth <= to; depth++)
		*total -= view->excluded ?
			summary_cell(&view->cells, FUNNEL_OPEN_KEY(from, depth)) :
			outcomes(view, depth, CHAIN_OPEN);
}

static Datum
return_conversion(FunctionCallInfo fcinfo, const FunnelView *view, int from, int to,
				  bool settled)
{
	int64		successes;
	int64		total;

	count_conversion(view, from, to, settled, &successes, &total);
	PG_RETURN_POINTER(rate_summary_build(successes, total));
}

/* The two stages of a conversion: 22023 unless the first comes before the second. */
static void
stage_arguments(FunctionCallInfo fcinfo, const FunnelView *view, int *from, int *to)
{
	*from = funnel_definition_stage(&view->definition, PG_GETARG_TEXT_PP(1), "from_stage");
	*to = funnel_definition_stage(&view->definition, PG_GETARG_TEXT_PP(2), "to_stage");
	if (*from >= *to)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("from_stage \"%s\" must come before to_stage \"%s\"",
						text_to_cstring(PG_GETARG_TEXT_PP(1)),
						text_to_cstring(PG_GETARG_TEXT_PP(2))),
				 errhint("A conversion leads from an earlier stage to a later one.")));
}

/* conversion(summary): from the first stage to the last. */
PG_FUNCTION_INFO_V1(funnel_summary_conversion);
Datum
funnel_summary_conversion(PG_FUNCTION_ARGS)
{
	FunnelView	view;

	funnel_view(&view, PG_GETARG_DATUM(0));
	if (view.nstages < 2)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a funnel of one stage has no conversion")));
	return return_conversion(fcinfo, &view, 0, view.nstages - 1, false);
}

static Datum
conversion_between(FunctionCallInfo fcinfo, bool settled)
{
	FunnelView	view;
	int			from;
	int			to;

	funnel_view(&view, PG_GETARG_DATUM(0));
	stage_arguments(fcinfo, &view, &from, &to);
	return return_conversion(fcinfo, &view, from, to, settled);
}

PG_FUNCTION_INFO_V1(funnel_summary_conversion_between);
Datum
funnel_summary_conversion_between(PG_FUNCTION_ARGS)
{
	return conversion_between(fcinfo, false);
}

PG_FUNCTION_INFO_V1(funnel_summary_settled_conversion);
Datum
funnel_summary_settled_conversion(PG_FUNCTION_ARGS)
{
	return conversion_between(fcinfo, true);
}

/* ---------------------------------------------------------------- amounts */

/* By depth it is known who reached a stage, unless deals count only where they matched it. */
static bool
amounts_are_known(const FunnelView *view)
{
	return view->has_amounts && !view->excluded;
}

/* The amount of the deals that came at least as deep as a stage (from 0). Sums of at most 2^63 amounts fit. */
static Sum128
amount_reached(const FunnelView *view, int stage)
{
	Sum128		amount = view->cells.all.sums[funnel_amount_at(view->nstages, view->nstages, CHAIN_CONVERTED)];

	for (int depth = stage + 1; depth < view->nstages; depth++)
		for (int status = CHAIN_EXITED; status <= CHAIN_OPEN; status++)
			(void) sum128_add(&amount, view->cells.all.sums[funnel_amount_at(view->nstages, depth, status)]);
	return amount;
}

/* Amount that reached `to`, of `whole` for all that reached `from`; false when the latter is zero. */
static bool
amount_rate(const FunnelView *view, int from, int to, double whole, double *rate)
{
	Sum128		total = amount_reached(view, from);

	if (total.low == 0 && total.high == 0)
		return false;
	/* adding 0 makes 0 of -0 */
	*rate = whole * sum128_to_double(amount_reached(view, to)) / sum128_to_double(total) + 0.0;
	return true;
}

/* Deals without an amount, whatever became of them. */
static int64
missing_amounts(const FunnelView *view)
{
	int64		missing = 0;

	for (int depth = 1; depth <= view->nstages; depth++)
		for (int status = CHAIN_CONVERTED; status <= CHAIN_OPEN; status++)
			missing += summary_cell(&view->cells, FUNNEL_MISSING_KEY(depth, status));
	return missing;
}

/* amount_conversion(summary, from_stage, to_stage): NULL without amounts, under excluded, and of a total of zero. */
PG_FUNCTION_INFO_V1(funnel_summary_amount_conversion);
Datum
funnel_summary_amount_conversion(PG_FUNCTION_ARGS)
{
	FunnelView	view;
	int			from;
	int			to;
	double		rate;

	funnel_view(&view, PG_GETARG_DATUM(0));
	stage_arguments(fcinfo, &view, &from, &to);
	if (!amounts_are_known(&view) || !amount_rate(&view, from, to, 1, &rate))
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(rate);
}

/* missing(summary): NULL without amounts. */
PG_FUNCTION_INFO_V1(funnel_summary_missing);
Datum
funnel_summary_missing(PG_FUNCTION_ARGS)
{
	FunnelView	view;

	funnel_view(&view, PG_GETARG_DATUM(0));
	if (!view.has_amounts)
		PG_RETURN_NULL();
	PG_RETURN_INT64(missing_amounts(&view));
}

/* ---------------------------------------------------------------- durations */

/* The durations of one stage, keyed as in duration_summary.h; returns how many cells. */
static uint32
stage_entries(const FunnelView *view, int stage, TallyEntry **entries)
{
	uint32		count = 0;

	*entries = palloc(sizeof(TallyEntry) * Max(view->cells.all.ncells, 1));
	for (uint32 i = 0; i < view->cells.all.ncells; i++)
	{
		const TallyEntry *cell = &view->cells.all.cells[i];

		if (cell->key < FUNNEL_FIRST_DURATION_KEY ||
			(cell->key - FUNNEL_FIRST_DURATION_KEY) % 32 != stage)
			continue;
		(*entries)[count].key = (cell->key - FUNNEL_FIRST_DURATION_KEY) / 32;
		(*entries)[count++].count = cell->count;
	}
	return count;
}

/*
 * stage_duration(summary, stage): from a matched stage to the next matched
 * one, in days. Exited deals compete, open and expired ones are censored.
 */
PG_FUNCTION_INFO_V1(funnel_summary_stage_duration);
Datum
funnel_summary_stage_duration(PG_FUNCTION_ARGS)
{
	FunnelView	view;
	TallyEntry *entries;
	uint32		nentries;
	int			stage;

	funnel_view(&view, PG_GETARG_DATUM(0));
	stage = funnel_definition_stage(&view.definition, PG_GETARG_TEXT_PP(1), "stage");
	if (stage == view.nstages - 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("\"%s\" is the last stage: no step leads on from it",
						text_to_cstring(PG_GETARG_TEXT_PP(1)))));
	nentries = stage_entries(&view, stage, &entries);
	PG_RETURN_POINTER(duration_summary_build(DURATION_DAY, entries, nentries,
											 view.cells.all.sums[stage]));
}

/* ---------------------------------------------------------------- the table of steps */

/* One row of the table of steps. */
typedef struct Step
{
	int64		reached;
	int64		converted;		/* went on past this stage; in the last row, reached it */
	int64		open;
	int64		exited;
	int64		expired;
} Step;

static void
read_step(const FunnelView *view, int stage, Step *step)
{
	int			depth = stage + 1;

	step->open = outcomes(view, depth, CHAIN_OPEN);
	step->exited = outcomes(view, depth, CHAIN_EXITED);
	step->expired = outcomes(view, depth, CHAIN_EXPIRED);
	if (view->excluded)
		step->reached = summary_cell(&view->cells, FUNNEL_PAIR_KEY(stage, stage));
	else
	{
		step->reached = 0;
		for (; depth <= view->nstages; depth++)
			step->reached += outcomes_at(view, depth);
	}
	step->converted = step->reached - step->open - step->exited - step->expired;
}

/* Columns of steps(), in their order. */
enum
{
	STEP_STEP, STEP_STAGE, STEP_REACHED, STEP_CONVERTED, STEP_OPEN, STEP_EXITED, STEP_EXPIRED,
	STEP_PERCENT_OF_PREVIOUS, STEP_PERCENT_OF_FIRST, STEP_LOW, STEP_HIGH, STEP_MEDIAN_DURATION,
	STEP_AMOUNT_REACHED, STEP_AMOUNT_CONVERTED, STEP_AMOUNT_PERCENT_OF_PREVIOUS,
	STEP_COLUMNS
};

/* A row of the table; a column is NULL until its value is set. */
typedef struct StepRow
{
	Datum		values[STEP_COLUMNS];
	bool		nulls[STEP_COLUMNS];
} StepRow;

static void
set_column(StepRow *row, int column, Datum value)
{
	row->values[column] = value;
	row->nulls[column] = false;
}

static void
set_percent(StepRow *row, int column, int64 successes, int64 total)
{
	if (total != 0)
		set_column(row, column, Float8GetDatum(percent_of(successes, total)));
}

/* Conversion from the stage before and from the first one, with the 95 % Wilson interval of the former. */
static void
set_conversion(StepRow *row, const FunnelView *view, int stage)
{
	int64		successes;
	int64		total;
	double		low;
	double		high;

	count_conversion(view, 0, stage, false, &successes, &total);
	set_percent(row, STEP_PERCENT_OF_FIRST, successes, total);
	count_conversion(view, stage - 1, stage, false, &successes, &total);
	set_percent(row, STEP_PERCENT_OF_PREVIOUS, successes, total);
	if (wilson_interval(successes, total, CHART_LEVEL, &low, &high))
	{
		set_column(row, STEP_LOW, Float8GetDatum(100.0 * low));
		set_column(row, STEP_HIGH, Float8GetDatum(100.0 * high));
	}
}

static void
set_median(StepRow *row, const FunnelView *view, int stage)
{
	TallyEntry *entries;
	uint32		nentries = stage_entries(view, stage, &entries);
	double		median;

	if (duration_entries_median(entries, nentries, &median))
		set_column(row, STEP_MEDIAN_DURATION, Float8GetDatum(median));
	pfree(entries);
}

/* What converted went on past the stage, or is what reached the last one. */
static void
set_amounts(StepRow *row, const FunnelView *view, int stage)
{
	double		rate;

	set_column(row, STEP_AMOUNT_REACHED, NumericGetDatum(money_sum_numeric(amount_reached(view, stage))));
	set_column(row, STEP_AMOUNT_CONVERTED,
			   NumericGetDatum(money_sum_numeric(amount_reached(view, Min(stage + 1, view->nstages - 1)))));
	if (stage > 0 && amount_rate(view, stage - 1, stage, 100, &rate))
		set_column(row, STEP_AMOUNT_PERCENT_OF_PREVIOUS, Float8GetDatum(rate));
}

/*
 * steps(summary): a row per stage. reached = converted + open + exited +
 * expired. low and high are the 95 % Wilson interval of percent_of_previous.
 */
PG_FUNCTION_INFO_V1(funnel_summary_steps);
Datum
funnel_summary_steps(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	FunnelView	view;

	InitMaterializedSRF(fcinfo, 0);
	funnel_view(&view, PG_GETARG_DATUM(0));
	for (int stage = 0; stage < view.nstages; stage++)
	{
		StepRow		row;
		Step		step;

		memset(row.nulls, true, sizeof(row.nulls));
		read_step(&view, stage, &step);
		set_column(&row, STEP_STEP, Int32GetDatum(stage + 1));
		set_column(&row, STEP_STAGE, PointerGetDatum(label_to_text(view.definition.stages[stage])));
		set_column(&row, STEP_REACHED, Int64GetDatum(step.reached));
		set_column(&row, STEP_CONVERTED, Int64GetDatum(step.converted));
		set_column(&row, STEP_OPEN, Int64GetDatum(step.open));
		set_column(&row, STEP_EXITED, Int64GetDatum(step.exited));
		set_column(&row, STEP_EXPIRED, Int64GetDatum(step.expired));

		if (stage == 0)
			set_percent(&row, STEP_PERCENT_OF_FIRST, step.reached, step.reached);
		else
			set_conversion(&row, &view, stage);
		if (stage < view.nstages - 1)
			set_median(&row, &view, stage);
		if (amounts_are_known(&view))
			set_amounts(&row, &view, stage);
		tuplestore_putvalues(result->setResult, result->setDesc, row.values, row.nulls);
	}
	PG_RETURN_NULL();
}

/* ---------------------------------------------------------------- chart */

/* "100.0%" and "(100.0-100.0)", with a blank before each. */
#define PERCENT_COLUMNS 7
#define INTERVAL_COLUMNS 14

/* How wide the columns of a chart are. */
typedef struct ChartColumns
{
	int			label;
	int			bar;
	int			count;
	int			amount;			/* 0 without amounts */
} ChartColumns;

static ChartColumns
chart_columns(const FunnelView *view, int64 most, int width)
{
	ChartColumns columns = {0};
	int			beside;

	for (int stage = 0; stage < view->nstages; stage++)
	{
		columns.label = Max(columns.label, chart_label_width(view->definition.stages[stage]));
		if (amounts_are_known(view))
			columns.amount = Max(columns.amount, (int) strlen(money_whole_text(amount_reached(view, stage))));
	}
	columns.label = Min(columns.label, CHART_NAME_COLUMNS);
	columns.count = strlen(psprintf(INT64_FORMAT, most));
	beside = columns.label + 1 + 1 + columns.count + PERCENT_COLUMNS + INTERVAL_COLUMNS;
	if (columns.amount > 0)
		beside += 2 + columns.amount + PERCENT_COLUMNS;
	columns.bar = chart_drawing_width(width, beside);
	return columns;
}

/* " 55.0% (43.2-66.1)": percent of the stage before with its 95 % Wilson interval; returns the columns it took. */
static int
append_conversion(StringInfo out, int64 successes, int64 total)
{
	int			start = out->len;
	double		low;
	double		high;

	appendStringInfo(out, " %5.1f%%", percent_of(successes, total));
	if (wilson_interval(successes, total, CHART_LEVEL, &low, &high))
		appendStringInfo(out, " (%.1f-%.1f)", 100 * low, 100 * high);
	return out->len - start;
}

/* What stands to the right of a bar: deals, amounts, and percent of the stage before. */
static void
append_figures(StringInfo out, const FunnelView *view, int stage, int64 reached, const ChartColumns *columns)
{
	int64		successes;
	int64		total = 0;
	int			used = 0;
	double		rate;

	appendStringInfo(out, " %*s", columns->count, psprintf(INT64_FORMAT, reached));
	if (stage > 0)
		count_conversion(view, stage - 1, stage, false, &successes, &total);
	if (total > 0)
		used = append_conversion(out, successes, total);
	if (columns->amount == 0)
		return;
	appendStringInfoSpaces(out, PERCENT_COLUMNS + INTERVAL_COLUMNS - used);
	appendStringInfo(out, "  %*s", columns->amount, money_whole_text(amount_reached(view, stage)));
	if (stage > 0 && amount_rate(view, stage - 1, stage, 100, &rate))
		appendStringInfo(out, " %5.1f%%", rate);
}

/*
 * chart(summary, width): a bar per stage, with its count and its percentage of the stage before with
 * a 95 % interval; in a funnel with amounts, these and their percentage as well.
 */
PG_FUNCTION_INFO_V1(funnel_summary_chart);
Datum
funnel_summary_chart(PG_FUNCTION_ARGS)
{
	int			width = PG_GETARG_INT32(1);
	FunnelView	view;
	StringInfoData out;
	Step		first;
	ChartColumns columns;
	int64		missing;

	chart_check_width(width);
	funnel_view(&view, PG_GETARG_DATUM(0));
	read_step(&view, 0, &first);
	columns = chart_columns(&view, first.reached, width);

	initStringInfo(&out);
	appendStringInfoString(&out, columns.amount > 0 ? "deals and amount by stage, percent of the stage before (95% interval)\n" :
						   "deals by stage, percent of the stage before (95% interval)\n");
	for (int stage = 0; stage < view.nstages; stage++)
	{
		Step		step;

		read_step(&view, stage, &step);
		if (stage > 0)
			appendStringInfoChar(&out, '\n');
		chart_label(&out, view.definition.stages[stage], columns.label);
		appendStringInfoChar(&out, ' ');
		chart_bar(&out, step.reached, first.reached, columns.bar, true);
		append_figures(&out, &view, stage, step.reached, &columns);
	}
	missing = columns.amount > 0 ? missing_amounts(&view) : 0;
	if (missing > 0)
		appendStringInfo(&out, "\n" INT64_FORMAT " without an amount", missing);
	PG_RETURN_TEXT_P(cstring_to_text_with_len(out.data, out.len));
}
