/*
 * forecast_report.c
 *		What is to be expected of deals that are open: chance, at_risk, forecast.
 *
 * The curve is the one that deals of the past have left in a duration_summary:
 * F the incidence of the event (Aalen-Johansen), S the share that has not ended in any way
 * (Kaplan-Meier over events and competing ends). Nothing is extrapolated.
 */
#include "base/compat.h"

#include <math.h>

#include "common/int.h"
#include "miscadmin.h"

#include "base/money.h"
#include "base/options.h"
#include "base/row.h"
#include "summary/duration_summary.h"
#include "summary/pipeline_summary.h"

/* The levels of a curve, 1 + n of them. */
typedef struct Levels
{
	SurvivalLevel *levels;
	size_t		n;
	int64		last;			/* the longest observation */
} Levels;

static Levels
levels_of(Datum summary)
{
	DurationCurve curve;
	Levels		result;

	duration_curve(&curve, summary);
	result.n = curve.n;
	result.levels = palloc_extended(mul_size(sizeof(SurvivalLevel), result.n + 1), MCXT_ALLOC_HUGE);
	survival_levels(curve.points, result.n, result.levels);
	result.last = survival_last_unit(curve.points, result.n);
	return result;
}

/*
 * chance(duration_summary, age, horizon): of those who have outlived unit `age`, the share
 * that has the event within `horizon` more units; NULL where no one was observed so long.
 */
PG_FUNCTION_INFO_V1(duration_summary_chance);
Datum
duration_summary_chance(PG_FUNCTION_ARGS)
{
	int64		age = check_not_negative("age", PG_GETARG_INT64(1), NULL);
	int64		horizon = check_not_negative("horizon", PG_GETARG_INT64(2), NULL);
	Levels		curve = levels_of(PG_GETARG_DATUM(0));
	double		chance;

	if (!survival_chance(curve.levels, curve.n, curve.last, age, horizon, &chance))
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(chance);
}

/* at_risk(duration_summary, age): how many were observed beyond unit `age`, on whom a chance from there on rests. */
PG_FUNCTION_INFO_V1(duration_summary_at_risk);
Datum
duration_summary_at_risk(PG_FUNCTION_ARGS)
{
	int64		age = check_not_negative("age", PG_GETARG_INT64(1), NULL);
	Levels		curve = levels_of(PG_GETARG_DATUM(0));

	PG_RETURN_INT64(survival_level_at(curve.levels, curve.n, age)->at_risk);
}

/* The sums of a forecast. */
typedef struct Forecast
{
	int64		deals;
	int64		unknown;
	int64		known_amounts;
	Sum128		amount;
	Sum128		unknown_amount;
	double		expected;
	double		variance;
	double		expected_amount;
	double		amount_variance;
} Forecast;

/* Adds the deals of one age. */
static void
add_age(Forecast *forecast, const PipelineAge *age, const Levels *curve, int64 horizon)
{
	Wide		squares = moments_squares(&age->amounts);
	double		chance;

	if (pg_add_s64_overflow(forecast->deals, age->deals, &forecast->deals) ||
		!sum128_add(&forecast->amount, age->amounts.sum))
		summary_out_of_range(&pipeline_type, "a sum");
	if (!survival_chance(curve->levels, curve->n, curve->last, age->age, horizon, &chance))
	{
		/* parts of the sums above, which are in range */
		forecast->unknown += age->deals;
		(void) sum128_add(&forecast->unknown_amount, age->amounts.sum);
		return;
	}
	forecast->known_amounts += age->amounts.count;
	forecast->expected += (double) age->deals * chance;
	forecast->variance += (double) age->deals * chance * (1 - chance);
	forecast->expected_amount += sum128_to_double(age->amounts.sum) * chance;
	forecast->amount_variance += wide_to_double(&squares) * chance * (1 - chance);
}

static Datum
forecast_row(FunctionCallInfo fcinfo, const Forecast *forecast)
{
	bool		known = forecast->unknown < forecast->deals;
	bool		priced = forecast->known_amounts > 0;
	Datum		values[8] = {
		Int64GetDatum(forecast->deals),
		Float8GetDatum(forecast->expected),
		Float8GetDatum(sqrt(forecast->variance)),
		NumericGetDatum(money_sum_numeric(forecast->amount)),
		Float8GetDatum(forecast->expected_amount / AMOUNT_SCALE),
		Float8GetDatum(sqrt(forecast->amount_variance) / AMOUNT_SCALE),
		Int64GetDatum(forecast->unknown),
		NumericGetDatum(money_sum_numeric(forecast->unknown_amount))
	};
	bool		nulls[8] = {false, !known, !known, false, !priced, !priced, false, false};

	return result_row(fcinfo, values, nulls, 8);
}

/*
 * forecast(pipeline_summary, duration_summary, horizon): (deals, expected, expected_sd,
 * amount, expected_amount, amount_sd, unknown, unknown_amount). With p the chance of each
 * deal: sums of p and of p a, sqrt of the sums of p (1 - p) and of a^2 p (1 - p), for
 * independent deals and a curve that is known. deals and amount are those of all; the
 * unknown ones, of which p is NULL, are in no expectation. NULL expectations where all are.
 */
PG_FUNCTION_INFO_V1(pipeline_summary_forecast);
Datum
pipeline_summary_forecast(PG_FUNCTION_ARGS)
{
	int64		horizon = check_not_negative("horizon", PG_GETARG_INT64(2), NULL);
	Levels		curve = levels_of(PG_GETARG_DATUM(1));
	Forecast	forecast = {0};
	SummaryView view;

	summary_view(&view, &pipeline_type, PG_GETARG_DATUM(0));
	for (uint32 i = 0; i < view.ngroups; i++)
	{
		PipelineAge age = pipeline_age(&view.groups[i]);

		add_age(&forecast, &age, &curve, horizon);
		if ((i & 0xFFF) == 0xFFF)
			CHECK_FOR_INTERRUPTS();
	}
	PG_RETURN_DATUM(forecast_row(fcinfo, &forecast));
}
