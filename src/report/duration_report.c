/*
 * duration_report.c
 *		What is read off a duration_summary: counts, mean, quantiles, incidence,
 *		restricted mean, the curve and its chart.
 *
 * The statistics are those of survival.c, in the summary's own unit. With
 * competing ends every quantile and probability is that of the event's
 * incidence (Aalen-Johansen); without them it is Kaplan-Meier's.
 */
#include "summary/duration_summary.h"
#include "summary/quota_summary.h"

#include <math.h>

#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/tuplestore.h"

#include "base/options.h"
#include "base/chart.h"
#include "plain/distribution.h"
#include "base/row.h"

#define CHART_ROWS 20

/* By SurvivalScale. */
static const char *const band_names[] = {"log", "log-log"};

/* ---------------------------------------------------------------- points */

size_t
duration_points(const TallyEntry *entries, uint32 n, SurvivalPoint *points)
{
	size_t		npoints = 0;

	for (uint32 i = 0; i < n; i++)
	{
		int64		unit = DURATION_KEY_UNITS(entries[i].key);
		int			category = DURATION_KEY_CATEGORY(entries[i].key);
		SurvivalPoint *point;

		if (category > DURATION_LATE)
			continue;			/* never at risk */
		if (npoints == 0 || points[npoints - 1].unit != unit)
		{
			memset(&points[npoints], 0, sizeof(SurvivalPoint));
			points[npoints++].unit = unit;
		}
		point = &points[npoints - 1];
		if (category == DURATION_EVENT)
			point->events = entries[i].count;
		else if (category == DURATION_COMPETING)
			point->competing = entries[i].count;
		else if (category == DURATION_CENSORED)
			point->censored = entries[i].count;
		else
			point->late = entries[i].count;
	}
	return npoints;
}

SurvivalPoint *
duration_view_points(const SummaryView *view, size_t *n)
{
	SurvivalPoint *points = palloc_extended(mul_size(sizeof(SurvivalPoint), Max(view->all.ncells, 1)),
											MCXT_ALLOC_HUGE);

	*n = duration_points(view->all.cells, view->all.ncells, points);
	return points;
}

void
duration_curve(DurationCurve *curve, Datum summary)
{
	summary_view(&curve->view, &duration_type, summary);
	curve->points = duration_view_points(&curve->view, &curve->n);
}

bool
duration_entries_median(const TallyEntry *entries, uint32 n, double *median)
{
	SurvivalPoint *points = palloc(mul_size(sizeof(SurvivalPoint), Max(n, 1)));
	bool		reached = survival_quantile(points, duration_points(entries, n, points), 0.5, median);

	pfree(points);
	return reached;
}

/* ---------------------------------------------------------------- arguments and results */

/* Standard errors to either side for a level; 22023 unless between 0 and 1. */
static double
level_width(double level)
{
	return -normal_quantile((1 - check_level(level)) / 2);
}

/* The argument band. */
static SurvivalScale
scale_option(FunctionCallInfo fcinfo, int argno)
{
	return option_from_text(PG_GETARG_TEXT_PP(argno), "band", band_names, lengthof(band_names));
}

/* The arguments level and band, the second after the first. */
static SurvivalBand
band_option(FunctionCallInfo fcinfo, int argno)
{
	return (SurvivalBand)
	{
		.z = level_width(PG_GETARG_FLOAT8(argno)),
		.scale = scale_option(fcinfo, argno + 1)
	};
}

static double
check_quantile(double q)
{
	return check_number("q", q, q > 0 && q <= 1, "above 0 and at most 1", "q is a fraction, 0.5 for the median.");
}

/* A (low, high) row. */
static Datum
interval_row(FunctionCallInfo fcinfo, bool has_low, double low, bool has_high, double high)
{
	Datum		values[2];
	bool		nulls[2];

	values[0] = Float8GetDatum(low);
	values[1] = Float8GetDatum(high);
	nulls[0] = !has_low;
	nulls[1] = !has_high;
	return result_row(fcinfo, values, nulls, 2);
}

/* ---------------------------------------------------------------- counts and mean */

static int64
count_of(Datum summary, int category, int category_at_entry)
{
	SummaryView view;
	int64		count = 0;

	summary_view(&view, &duration_type, summary);
	for (uint32 i = 0; i < view.all.ncells; i++)
	{
		int			found = DURATION_KEY_CATEGORY(view.all.cells[i].key);

		if (found == category || found == category_at_entry)
			count += view.all.cells[i].count;
	}
	return count;
}

PG_FUNCTION_INFO_V1(duration_summary_unit);
Datum
duration_summary_unit(PG_FUNCTION_ARGS)
{
	SummaryView view;

	summary_view(&view, &duration_type, PG_GETARG_DATUM(0));
	PG_RETURN_TEXT_P(cstring_to_text(duration_unit_name(view.identity[0])));
}

PG_FUNCTION_INFO_V1(duration_summary_observed);
Datum
duration_summary_observed(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT64(count_of(PG_GETARG_DATUM(0), DURATION_EVENT, DURATION_EVENT_AT_ENTRY));
}

PG_FUNCTION_INFO_V1(duration_summary_competing);
Datum
duration_summary_competing(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT64(count_of(PG_GETARG_DATUM(0), DURATION_COMPETING, DURATION_COMPETING_AT_ENTRY));
}

PG_FUNCTION_INFO_V1(duration_summary_censored);
Datum
duration_summary_censored(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT64(count_of(PG_GETARG_DATUM(0), DURATION_CENSORED, DURATION_CENSORED));
}

/* NULL when nothing was observed. */
PG_FUNCTION_INFO_V1(duration_summary_mean);
Datum
duration_summary_mean(PG_FUNCTION_ARGS)
{
	SummaryView view;
	int64		n = count_of(PG_GETARG_DATUM(0), DURATION_EVENT, DURATION_EVENT_AT_ENTRY);

	if (n == 0)
		PG_RETURN_NULL();
	summary_view(&view, &duration_type, PG_GETARG_DATUM(0));
	PG_RETURN_FLOAT8(sum128_to_double(view.all.sums[0]) / (double) n /
					 (double) duration_unit_size(view.identity[0]));
}

/* ---------------------------------------------------------------- quantiles */

static Datum
quantile_of(FunctionCallInfo fcinfo, double q)
{
	DurationCurve curve;
	double		result;

	duration_curve(&curve, PG_GETARG_DATUM(0));
	if (!survival_quantile(curve.points, curve.n, q, &result))
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(result);
}

PG_FUNCTION_INFO_V1(duration_summary_quantile);
Datum
duration_summary_quantile(PG_FUNCTION_ARGS)
{
	return quantile_of(fcinfo, check_quantile(PG_GETARG_FLOAT8(1)));
}

PG_FUNCTION_INFO_V1(duration_summary_median);
Datum
duration_summary_median(PG_FUNCTION_ARGS)
{
	return quantile_of(fcinfo, 0.5);
}

PG_FUNCTION_INFO_V1(duration_summary_quantile_interval);
Datum
duration_summary_quantile_interval(PG_FUNCTION_ARGS)
{
	DurationCurve curve;
	double		q = check_quantile(PG_GETARG_FLOAT8(1));
	SurvivalBand band = band_option(fcinfo, 2);
	bool		has_low;
	bool		has_high;
	double		low;
	double		high;

	duration_curve(&curve, PG_GETARG_DATUM(0));
	survival_quantile_interval(curve.points, curve.n, q, band, &has_low, &low, &has_high, &high);
	return interval_row(fcinfo, has_low, low, has_high, high);
}

/* ---------------------------------------------------------------- incidence */

PG_FUNCTION_INFO_V1(duration_summary_reached_within);
Datum
duration_summary_reached_within(PG_FUNCTION_ARGS)
{
	DurationCurve curve;
	int64		units = check_not_negative("units", PG_GETARG_INT64(1), NULL);
	SurvivalStep step;

	duration_curve(&curve, PG_GETARG_DATUM(0));
	if (!survival_at(curve.points, curve.n, units, &step))
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(step.incidence);
}

PG_FUNCTION_INFO_V1(duration_summary_reached_within_interval);
Datum
duration_summary_reached_within_interval(PG_FUNCTION_ARGS)
{
	DurationCurve curve;
	int64		units = check_not_negative("units", PG_GETARG_INT64(1), NULL);
	SurvivalBand band = band_option(fcinfo, 2);
	SurvivalStep step;
	double		low = 0;
	double		high = 0;
	bool		known;

	duration_curve(&curve, PG_GETARG_DATUM(0));
	known = survival_at(curve.points, curve.n, units, &step) && incidence_band(&step, band, &low, &high);
	return interval_row(fcinfo, known, low, known, high);
}

PG_FUNCTION_INFO_V1(duration_summary_restricted_mean);
Datum
duration_summary_restricted_mean(PG_FUNCTION_ARGS)
{
	DurationCurve curve;
	double		horizon = duration_check_horizon(PG_GETARG_FLOAT8(1));
	double		mean;
	double		error;

	duration_curve(&curve, PG_GETARG_DATUM(0));
	if (!survival_restricted_mean(curve.points, curve.n, horizon, &mean, &error))
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(mean);
}

/* NULL with competing ends. */
PG_FUNCTION_INFO_V1(duration_summary_restricted_mean_error);
Datum
duration_summary_restricted_mean_error(PG_FUNCTION_ARGS)
{
	DurationCurve curve;
	double		horizon = duration_check_horizon(PG_GETARG_FLOAT8(1));
	double		mean;
	double		error;

	duration_curve(&curve, PG_GETARG_DATUM(0));
	if (!survival_restricted_mean(curve.points, curve.n, horizon, &mean, &error) || isnan(error))
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(error);
}

/* ---------------------------------------------------------------- curve */

/*
 * (elapsed, at_risk, events, competing, censored, survival, std_error, low,
 * high, incidence) for every unit in which anything ended; a row for late
 * entries alone would only repeat the one before.
 */
PG_FUNCTION_INFO_V1(duration_summary_curve);
Datum
duration_summary_curve(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	SurvivalBand band = band_option(fcinfo, 1);
	DurationCurve curve;
	SurvivalWalk walk;
	SurvivalStep step;

	InitMaterializedSRF(fcinfo, 0);
	duration_curve(&curve, PG_GETARG_DATUM(0));
	survival_begin(&walk, curve.points, curve.n);
	while (survival_next(&walk, &step))
	{
		Datum		values[10];
		bool		nulls[10] = {false};
		double		low = 0;
		double		high = 0;

		CHECK_FOR_INTERRUPTS();
		if (step.events + step.competing + step.censored == 0)
			continue;
		nulls[6] = nulls[7] = nulls[8] = !survival_band(&step, band, &low, &high);
		values[0] = Int64GetDatum(step.unit);
		values[1] = Int64GetDatum(step.at_risk);
		values[2] = Int64GetDatum(step.events);
		values[3] = Int64GetDatum(step.competing);
		values[4] = Int64GetDatum(step.censored);
		values[5] = Float8GetDatum(step.survival);
		values[6] = Float8GetDatum(step.survival * step.log_error);
		values[7] = Float8GetDatum(low);
		values[8] = Float8GetDatum(high);
		values[9] = Float8GetDatum(step.incidence);
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	return (Datum) 0;
}

/* ---------------------------------------------------------------- chart */

static int
chart_row(double share)
{
	return (int) floor((1 - share) * CHART_ROWS + 0.5);
}

/* By unit of duration, as in "912 h". */
static const char *const unit_symbols[DURATION_UNITS] = {"d", "h", "min", "s"};

/* The lines above a chart: what it shows, and of how many. */
static void
append_title(StringInfo out, const DurationCurve *curve, Datum summary)
{
	int64		events = count_of(summary, DURATION_EVENT, DURATION_EVENT_AT_ENTRY);
	int64		competing = count_of(summary, DURATION_COMPETING, DURATION_COMPETING_AT_ENTRY);
	int64		censored = count_of(summary, DURATION_CENSORED, DURATION_CENSORED);
	double		median;

	appendStringInfoString(out, "# share that got there, . 95% interval; median ");
	if (survival_quantile(curve->points, curve->n, 0.5, &median))
	{
		chart_number(out, median, 10);
		appendStringInfo(out, " %s", unit_symbols[curve->view.identity[0]]);
	}
	else
		appendStringInfoString(out, "not reached");
	appendStringInfo(out, "\n" INT64_FORMAT " observed, ", events);
	if (competing > 0)
		appendStringInfo(out, INT64_FORMAT " competing, ", competing);
	appendStringInfo(out, INT64_FORMAT " censored\n", censored);
}

/* The share that got there by a step, and its band where it has one. */
static double
share_of(const SurvivalStep *step, SurvivalBand band, bool *banded, double *low, double *high)
{
	double		survival_low;
	double		survival_high;

	if (step->competes)
	{
		*banded = incidence_band(step, band, low, high);
		return step->incidence;
	}
	*banded = survival_band(step, band, &survival_low, &survival_high);
	if (*banded)
	{
		*low = 1 - survival_high;
		*high = 1 - survival_low;
	}
	return 1 - step->survival;
}

/*
 * Draws the share that got there up to the horizon: a column shows the state after all units up to its instant. It ends
 * with the last observation, unless nothing was left to observe.
 */
static void
draw_curve(Canvas *canvas, const DurationCurve *curve, int64 horizon, SurvivalBand band)
{
	int64		last_unit = survival_last_unit(curve->points, curve->n);
	SurvivalWalk walk;
	SurvivalStep step;
	int			previous = -1;

	survival_begin(&walk, curve->points, curve->n);
	step = walk.step;
	for (int column = 0; column < canvas->columns; column++)
	{
		double		until = (double) horizon * column / (canvas->columns - 1);
		double		low = 0;
		double		high = 0;
		bool		banded;
		int			row;

		while (walk.next < walk.n && (double) walk.points[walk.next].unit <= until)
			(void) survival_next(&walk, &step);
		if (until > (double) last_unit && step.survival > 0)
			break;
		row = chart_row(share_of(&step, band, &banded, &low, &high));
		if (banded)
			canvas_line(canvas, column, chart_row(high), chart_row(low), '.');
		if (previous >= 0 && previous != row)
			canvas_line(canvas, column, previous + (row > previous ? 1 : -1), row, '#');
		canvas_put(canvas, column, row, '#');
		previous = row;
	}
}

/* The lines below a drawing: the axis, with its start, middle and end. */
static void
append_axis(StringInfo out, int width, int64 horizon, const char *unit)
{
	char		middle[32];
	char		last[32];

	appendStringInfoString(out, "     +");
	for (int i = 0; i < width; i++)
		appendStringInfoChar(out, '-');
	if (horizon == 0)
	{
		appendStringInfo(out, "\n      0 %s", unit);
		return;
	}
	snprintf(middle, sizeof(middle), "%.10g", (double) horizon / 2);
	snprintf(last, sizeof(last), INT64_FORMAT " %s", horizon, unit);
	appendStringInfo(out, "\n      %-*s", width / 2, "0");
	appendStringInfo(out, "%s%*s", middle,
					 Max(width - width / 2 - (int) strlen(middle), (int) strlen(last) + 1), last);
}

/*
 * Draws the share that got there with its 95 % band, up to the horizon, or as far as was observed when that is negative.
 * It rises: it is 1 less the survival, or the incidence where there are competing ends.
 */
static text *
duration_chart(Datum durations, int width, SurvivalScale scale, int64 horizon)
{
	DurationCurve curve;
	Canvas		canvas;
	StringInfoData out;

	chart_check_width(width);
	width = chart_drawing_width(width, strlen("100% |"));
	duration_curve(&curve, durations);
	initStringInfo(&out);
	append_title(&out, &curve, durations);
	if (survival_last_unit(curve.points, curve.n) < 0)
	{
		appendStringInfoString(&out, "(nothing at risk)");
		return cstring_to_text_with_len(out.data, out.len);
	}
	if (horizon < 0)
		horizon = survival_last_unit(curve.points, curve.n);
	canvas_init(&canvas, width, CHART_ROWS + 1);
	draw_curve(&canvas, &curve, horizon, (SurvivalBand) {.scale = scale, .z = level_width(CHART_LEVEL)});
	for (int row = 0; row <= CHART_ROWS; row++)
	{
		if (row % 5 == 0)
			appendStringInfo(&out, "%3d%% |", 100 - row * 100 / CHART_ROWS);
		else
			appendStringInfoString(&out, "     |");
		canvas_append_row(&canvas, row, &out);
		appendStringInfoChar(&out, '\n');
	}
	append_axis(&out, width, horizon, unit_symbols[curve.view.identity[0]]);
	return cstring_to_text_with_len(out.data, out.len);
}

/* The arguments width, band and horizon of a chart; false where one of the first three is NULL. A missing horizon is -1. */
static bool
chart_options(FunctionCallInfo fcinfo, int *width, SurvivalScale *scale, int64 *horizon)
{
	if (PG_ARGISNULL(0) || PG_ARGISNULL(1) || PG_ARGISNULL(2))
		return false;
	*width = PG_GETARG_INT32(1);
	*scale = scale_option(fcinfo, 2);
	*horizon = PG_ARGISNULL(3) ? -1 : PG_GETARG_INT64(3);
	if (!PG_ARGISNULL(3))
		(void) duration_check_horizon((double) *horizon);
	return true;
}

/* chart(duration_summary, width, band, horizon): the band is on the log or the log-log scale, as that of curve(). */
PG_FUNCTION_INFO_V1(duration_summary_chart);
Datum
duration_summary_chart(PG_FUNCTION_ARGS)
{
	int			width;
	SurvivalScale scale;
	int64		horizon;

	if (!chart_options(fcinfo, &width, &scale, &horizon))
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(duration_chart(PG_GETARG_DATUM(0), width, scale, horizon));
}

/* The chart of time_to_quota. */
PG_FUNCTION_INFO_V1(quota_summary_chart);
Datum
quota_summary_chart(PG_FUNCTION_ARGS)
{
	int			width;
	SurvivalScale scale;
	int64		horizon;

	if (!chart_options(fcinfo, &width, &scale, &horizon))
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(duration_chart(DirectFunctionCall1(quota_summary_time_to_quota, PG_GETARG_DATUM(0)), width, scale, horizon));
}
