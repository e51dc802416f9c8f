/*
 * funnel_report.c
 *		Reading a funnel_summary: conversion, time per step, the table of steps,
 *		the chart. What is counted under which key: funnel_summary.h.
 */
#include "base/compat.h"

#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/tuplestore.h"

#include "base/chart.h"
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
} FunnelView;

static void
funnel_view(FunnelView *view, Datum summary)
{
	summary_view(&view->cells, &funnel_type, summary);
	funnel_definition_decode(view->cells.identity, view->cells.identity_size,
							 &view->definition);
	view->nstages = view->definition.rules.nstages;
	view->excluded = view->definition.rules.skipped == CHAIN_EXCLUDED;
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

PG_FUNCTION_INFO_V1(funnel_summary_conversion_between);
Datum
funnel_summary_conversion_between(PG_FUNCTION_ARGS)
{
	FunnelView	view;
	int			from;
	int			to;

	funnel_view(&view, PG_GETARG_DATUM(0));
	stage_arguments(fcinfo, &view, &from, &to);
	return return_conversion(fcinfo, &view, from, to, false);
}

PG_FUNCTION_INFO_V1(funnel_summary_settled_conversion);
Datum
funnel_summary_settled_conversion(PG_FUNCTION_ARGS)
{
	FunnelView	view;
	int			from;
	int			to;

	funnel_view(&view, PG_GETARG_DATUM(0));
	stage_arguments(fcinfo, &view, &from, &to);
	return return_conversion(fcinfo, &view, from, to, true);
}

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

static void
set_percent(Datum *value, bool *isnull, int64 successes, int64 total)
{
	*isnull = total == 0;
	if (total != 0)
		*value = Float8GetDatum(percent_of(successes, total));
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
		Datum		values[12];
		bool		nulls[12];
		Step		step;
		int64		successes;
		int64		total;
		double		low;
		double		high;
		double		median;

		read_step(&view, stage, &step);
		memset(nulls, 0, sizeof(nulls));
		values[0] = Int32GetDatum(stage + 1);
		values[1] = PointerGetDatum(label_to_text(view.definition.stages[stage]));
		values[2] = Int64GetDatum(step.reached);
		values[3] = Int64GetDatum(step.converted);
		values[4] = Int64GetDatum(step.open);
		values[5] = Int64GetDatum(step.exited);
		values[6] = Int64GetDatum(step.expired);

		nulls[7] = nulls[9] = nulls[10] = nulls[11] = true;
		if (stage == 0)
			set_percent(&values[8], &nulls[8], step.reached, step.reached);
		else
		{
			count_conversion(&view, 0, stage, false, &successes, &total);
			set_percent(&values[8], &nulls[8], successes, total);
			count_conversion(&view, stage - 1, stage, false, &successes, &total);
			set_percent(&values[7], &nulls[7], successes, total);
			if (wilson_interval(successes, total, 0.95, &low, &high))
			{
				values[9] = Float8GetDatum(100.0 * low);
				values[10] = Float8GetDatum(100.0 * high);
				nulls[9] = nulls[10] = false;
			}
		}
		if (stage < view.nstages - 1)
		{
			TallyEntry *entries;
			uint32		nentries = stage_entries(&view, stage, &entries);

			if (duration_entries_median(entries, nentries, &median))
			{
				values[11] = Float8GetDatum(median);
				nulls[11] = false;
			}
			pfree(entries);
		}
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	PG_RETURN_NULL();
}

/* chart(summary, width): a bar per stage, with its count and its percentage of the stage before. */
PG_FUNCTION_INFO_V1(funnel_summary_chart);
Datum
funnel_summary_chart(PG_FUNCTION_ARGS)
{
	int			width = PG_GETARG_INT32(1);
	FunnelView	view;
	StringInfoData out;
	Step		first;
	int			label_width = 0;
	int			count_width;
	int			bar_width;

	chart_check_width(width);
	funnel_view(&view, PG_GETARG_DATUM(0));
	read_step(&view, 0, &first);
	for (int stage = 0; stage < view.nstages; stage++)
		label_width = Max(label_width, chart_label_width(view.definition.stages[stage]));
	label_width = Min(label_width, CHART_NAME_COLUMNS);
	count_width = strlen(psprintf(INT64_FORMAT, first.reached));
	bar_width = chart_drawing_width(width, label_width + 1 + 1 + count_width + strlen(" 100.0%"));

	initStringInfo(&out);
	appendStringInfoString(&out, "deals by stage, and percent of the stage before\n");
	for (int stage = 0; stage < view.nstages; stage++)
	{
		Step		step;
		int64		successes;
		int64		total;

		read_step(&view, stage, &step);
		if (stage > 0)
			appendStringInfoChar(&out, '\n');
		chart_label(&out, view.definition.stages[stage], label_width);
		appendStringInfoChar(&out, ' ');
		chart_bar(&out, step.reached, first.reached, bar_width, true);
		appendStringInfo(&out, " %*s", count_width, psprintf(INT64_FORMAT, step.reached));
		if (stage == 0)
			continue;
		count_conversion(&view, stage - 1, stage, false, &successes, &total);
		if (total > 0)
			appendStringInfo(&out, " %5.1f%%", percent_of(successes, total));
	}
	PG_RETURN_TEXT_P(cstring_to_text_with_len(out.data, out.len));
}
