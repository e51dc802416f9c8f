/*
 * rollout_report.c
 *		What is read off a rollout_summary: its cells, effects overall, by event
 *		time, cohort and cell, the trend before, and the permutation test.
 *
 * The statistics stand in plain/rollout.h. What does not exist is NULL.
 */
#include "report/rollout_report.h"

#include <math.h>

#include "funcapi.h"
#include "lib/qunique.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/tuplestore.h"

#include "base/day.h"
#include "base/money.h"
#include "base/options.h"
#include "base/row.h"

#define ESTIMATE_COLUMNS 12

/* ---------------------------------------------------------------- the panel */

static void *
host_allocate(size_t count, size_t size)
{
	return palloc_extended(Max(mul_size(count, size), 1), MCXT_ALLOC_HUGE);
}

static void
host_interrupt(void)
{
	CHECK_FOR_INTERRUPTS();
}

static const PanelHost host = {host_allocate, host_interrupt};

/* The distinct periods of a view, ascending. */
static DateADT *
distinct_periods(const SummaryView *view, uint32 *n)
{
	DateADT    *periods = host_allocate(view->ngroups, sizeof(DateADT));

	for (uint32 i = 0; i < view->ngroups; i++)
		periods[i] = rollout_cell(&view->groups[i]).period;
	if (view->ngroups > 0)
		qsort(periods, view->ngroups, sizeof(DateADT), day_compare);
	*n = (uint32) qunique(periods, view->ngroups, sizeof(DateADT), day_compare);
	if (*n > PANEL_MAX_PERIODS)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("a rollout_summary with %u periods has too many to estimate effects", *n),
				 errhint("At most %d periods are read: count by months or quarters, date_trunc('month', day).", PANEL_MAX_PERIODS)));
	return periods;
}

static uint32
period_number(const RolloutPanel *panel, DateADT period)
{
	const DateADT *found = bsearch(&period, panel->begins, panel->panel.nperiods, sizeof(DateADT), day_compare);

	return (uint32) (found - panel->begins);
}

static double
mean_of(const RolloutCell *cell, RolloutKind kind)
{
	double		sum = sum128_to_double(cell->sum);

	if (kind == ROLLOUT_RATE)
		return 100 * sum / (double) cell->total;
	return sum / (double) cell->total / AMOUNT_SCALE;
}

void
rollout_panel(RolloutPanel *panel, Datum summary)
{
	SummaryView view;
	PanelCell  *cells;
	PanelUnit  *unit = NULL;

	panel->kind = rollout_view(&view, summary);
	panel->begins = distinct_periods(&view, &panel->panel.nperiods);
	panel->panel.host = &host;
	panel->panel.nunits = 0;
	panel->panel.units = host_allocate(view.ngroups, sizeof(PanelUnit));
	cells = host_allocate(view.ngroups, sizeof(PanelCell));
	for (uint32 i = 0; i < view.ngroups; i++)
	{
		RolloutCell cell = rollout_cell(&view.groups[i]);

		if (i == 0 || !label_equal(cell.unit, rollout_cell(&view.groups[i - 1]).unit))
		{
			unit = &panel->panel.units[panel->panel.nunits++];
			unit->cells = &cells[i];
			unit->ncells = 0;
			unit->cohort = unit->split = panel->panel.nperiods;
			if (cell.adopts)
				panel_adoption(panel->begins, panel->panel.nperiods, cell.adopted_on, &unit->cohort, &unit->split);
		}
		unit->cells[unit->ncells++] = (PanelCell) {period_number(panel, cell.period), cell.total, mean_of(&cell, panel->kind)};
	}
	panel_prepare(&panel->panel);
}

/* ---------------------------------------------------------------- options */

static uint32
count_argument(FunctionCallInfo fcinfo, int n, const char *name)
{
	return (uint32) check_not_negative(name, PG_GETARG_INT32(n), "It is a number of periods.");
}

/* (summary, control, base, weights, anticipation, ...); without a base where `based` is false. */
static int
read_options(FunctionCallInfo fcinfo, RolloutOptions *options, bool based)
{
	static const char *const controls[] = {"not_yet", "never"};
	static const char *const bases[] = {"all", "last"};
	static const char *const weights[] = {"deals", "units"};
	int			n = 1;

	memset(options, 0, sizeof(*options));
	options->never = option_from_text(PG_GETARG_TEXT_PP(n++), "control", controls, lengthof(controls)) == 1;
	if (based)
		options->last = option_from_text(PG_GETARG_TEXT_PP(n++), "base", bases, lengthof(bases)) == 1;
	options->units = option_from_text(PG_GETARG_TEXT_PP(n++), "weights", weights, lengthof(weights)) == 1;
	options->anticipation = count_argument(fcinfo, n++, "anticipation");
	options->level = 0.95;
	return n;
}

/* ---------------------------------------------------------------- rows */

typedef struct EstimateRow
{
	Datum		values[ESTIMATE_COLUMNS];
	bool		nulls[ESTIMATE_COLUMNS];
	int			n;
} EstimateRow;

static void
put(EstimateRow *row, bool known, Datum value)
{
	Assert(row->n < ESTIMATE_COLUMNS);
	row->nulls[row->n] = !known;
	row->values[row->n++] = value;
}

static void
put_number(EstimateRow *row, double value)
{
	put(row, isfinite(value), Float8GetDatum(value));
}

/* effect, std_error, df, low, high, p_value, units, others */
static void
put_estimate(EstimateRow *row, const RolloutEstimate *estimate)
{
	put_number(row, estimate->effect);
	put_number(row, estimate->std_error);
	put_number(row, estimate->df);
	put_number(row, estimate->low);
	put_number(row, estimate->high);
	put_number(row, estimate->p_value);
	put(row, true, Int64GetDatum(estimate->units));
	put(row, true, Int64GetDatum(estimate->others));
}

static void
put_deals(EstimateRow *row, int64 deals)
{
	if (deals < 0)
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("the deals of an effect pass 64 bits")));
	put(row, true, Int64GetDatum(deals));
}

/* ---------------------------------------------------------------- effects */

/* effect(summary, control, base, weights, anticipation, level): one row, whatever exists. */
PG_FUNCTION_INFO_V1(rollout_summary_effect);
Datum
rollout_summary_effect(PG_FUNCTION_ARGS)
{
	RolloutOptions options;
	int			next = read_options(fcinfo, &options, true);
	RolloutPanel panel;
	RolloutEstimate *estimate;
	size_t		count;
	EstimateRow row = {.n = 0};

	options.level = check_level(PG_GETARG_FLOAT8(next));
	rollout_panel(&panel, PG_GETARG_DATUM(0));
	estimate = rollout_effects(&panel.panel, &options, ROLLOUT_OVERALL, &count);
	put_estimate(&row, estimate);
	put_deals(&row, estimate->deals);
	put_deals(&row, estimate->skipped);
	return result_row(fcinfo, row.values, row.nulls, row.n);
}

/* The rows of a grouping: what it is of, and the estimate. `leads` are an argument where there are estimates before adoption. */
static Datum
effect_rows(FunctionCallInfo fcinfo, RolloutGrouping grouping)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	RolloutOptions options;
	int			next = read_options(fcinfo, &options, true);
	RolloutPanel panel;
	RolloutEstimate *estimates;
	size_t		count;

	if (grouping != ROLLOUT_COHORTS)
		options.leads = count_argument(fcinfo, next++, "leads");
	options.level = check_level(PG_GETARG_FLOAT8(next));
	InitMaterializedSRF(fcinfo, 0);
	rollout_panel(&panel, PG_GETARG_DATUM(0));
	estimates = rollout_effects(&panel.panel, &options, grouping, &count);
	for (size_t i = 0; i < count; i++)
	{
		EstimateRow row = {.n = 0};

		if (grouping == ROLLOUT_EVENT_TIMES)
			put(&row, true, Int32GetDatum(estimates[i].event_time));
		else
			put(&row, true, DateADTGetDatum(panel.begins[estimates[i].cohort]));
		if (grouping == ROLLOUT_CELLS)
			put(&row, true, DateADTGetDatum(panel.begins[estimates[i].period]));
		put_estimate(&row, &estimates[i]);
		tuplestore_putvalues(result->setResult, result->setDesc, row.values, row.nulls);
	}
	return (Datum) 0;
}

PG_FUNCTION_INFO_V1(rollout_summary_event_study);
Datum
rollout_summary_event_study(PG_FUNCTION_ARGS)
{
	return effect_rows(fcinfo, ROLLOUT_EVENT_TIMES);
}

PG_FUNCTION_INFO_V1(rollout_summary_cohort_effects);
Datum
rollout_summary_cohort_effects(PG_FUNCTION_ARGS)
{
	return effect_rows(fcinfo, ROLLOUT_COHORTS);
}

PG_FUNCTION_INFO_V1(rollout_summary_cell_effects);
Datum
rollout_summary_cell_effects(PG_FUNCTION_ARGS)
{
	return effect_rows(fcinfo, ROLLOUT_CELLS);
}

/* pretrend(summary, control, weights, anticipation, level) */
PG_FUNCTION_INFO_V1(rollout_summary_pretrend);
Datum
rollout_summary_pretrend(PG_FUNCTION_ARGS)
{
	RolloutOptions options;
	int			next = read_options(fcinfo, &options, false);
	RolloutPanel panel;
	RolloutEstimate estimate;
	EstimateRow row = {.n = 0};

	options.level = check_level(PG_GETARG_FLOAT8(next));
	rollout_panel(&panel, PG_GETARG_DATUM(0));
	estimate = rollout_pretrend(&panel.panel, &options);
	put_estimate(&row, &estimate);
	return result_row(fcinfo, row.values, row.nulls, row.n);
}

/* permutation_test(summary, control, base, weights, anticipation): (p_value, assignments, exact, statistic). */
PG_FUNCTION_INFO_V1(rollout_summary_permutation_test);
Datum
rollout_summary_permutation_test(PG_FUNCTION_ARGS)
{
	RolloutOptions options;
	RolloutPanel panel;
	RolloutPermutation test;
	bool		known;
	EstimateRow row = {.n = 0};

	(void) read_options(fcinfo, &options, true);
	rollout_panel(&panel, PG_GETARG_DATUM(0));
	test = rollout_permutation(&panel.panel, &options);
	known = !isnan(test.p_value);
	put_number(&row, test.p_value);
	put(&row, true, Int64GetDatum(test.assignments));
	put(&row, known, BoolGetDatum(test.exact));
	put(&row, known, CStringGetTextDatum(test.studentized ? "t" : "effect"));
	return result_row(fcinfo, row.values, row.nulls, row.n);
}

/* ---------------------------------------------------------------- cells */

static Datum
cell_sum(const RolloutCell *cell, RolloutKind kind)
{
	char		digits[SUM128_TEXT_SIZE];

	if (kind == ROLLOUT_MEAN)
		return NumericGetDatum(money_sum_numeric(cell->sum));
	return DirectFunctionCall3(numeric_in, CStringGetDatum(sum128_text(cell->sum, digits)),
							   ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1));
}

/* cells(summary): (unit, adopted_on, period, total, sum), by unit and period. */
PG_FUNCTION_INFO_V1(rollout_summary_cells);
Datum
rollout_summary_cells(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	SummaryView view;
	RolloutKind kind;
	MemoryContext row_context;
	MemoryContext caller;

	InitMaterializedSRF(fcinfo, 0);
	kind = rollout_view(&view, PG_GETARG_DATUM(0));
	row_context = AllocSetContextCreate(CurrentMemoryContext, "cells of a rollout_summary", ALLOCSET_SMALL_SIZES);
	caller = MemoryContextSwitchTo(row_context);
	for (uint32 i = 0; i < view.ngroups; i++)
	{
		RolloutCell cell = rollout_cell(&view.groups[i]);
		EstimateRow row = {.n = 0};

		CHECK_FOR_INTERRUPTS();
		put(&row, true, PointerGetDatum(label_to_text(cell.unit)));
		put(&row, cell.adopts, DateADTGetDatum(cell.adopted_on));
		put(&row, true, DateADTGetDatum(cell.period));
		put(&row, true, Int64GetDatum(cell.total));
		put(&row, true, cell_sum(&cell, kind));
		tuplestore_putvalues(result->setResult, result->setDesc, row.values, row.nulls);
		MemoryContextReset(row_context);
	}
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(row_context);
	return (Datum) 0;
}
