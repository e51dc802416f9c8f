/*
 * rollout_chart.c
 *		The chart of a rollout_summary: effects by periods since adoption.
 *
 *		effect 6.469, -3.806 to 16.74: 4 units against 2
 *		o before adoption, # from adoption on, | nothing
 *		 -1 |          |  [--o-----]    |   5.049
 *		  0 |        [-|---#------]     |   6.767
 *
 * The scale holds all effects and 0; an interval that goes beyond three times
 * the largest effect ends in < or >.
 */
#include "report/rollout_report.h"

#include <math.h>

#include "utils/builtins.h"

#include "base/chart.h"

#define CHART_LEADS 12
/* The most an interval stretches the scale, in effects. */
#define MOST_STRETCH 3
/* "%4d |" before the drawing, and "| %9s" after it. */
#define BESIDE_DRAWING 17
#define NUMBER_DIGITS 4

typedef struct Scale
{
	double		low;
	double		high;
	int			columns;
} Scale;

/* Where a number is drawn: below 0 and from `columns` on when it is beyond the scale. */
static int
column_of(const Scale *scale, double value)
{
	return (int) floor((value - scale->low) / (scale->high - scale->low) * (scale->columns - 1) + 0.5);
}

static Scale
scale_of(const RolloutEstimate *estimates, size_t count, int columns)
{
	Scale		scale = {0, 0, columns};
	double		most = 0;

	for (size_t i = 0; i < count; i++)
		most = Max(most, MOST_STRETCH * fabs(estimates[i].effect));
	for (size_t i = 0; i < count; i++)
	{
		double		low = isfinite(estimates[i].low) ? estimates[i].low : estimates[i].effect;
		double		high = isfinite(estimates[i].high) ? estimates[i].high : estimates[i].effect;

		scale.low = Min(scale.low, Max(low, -most));
		scale.high = Max(scale.high, Min(high, most));
	}
	/* no effect at all: the zero line in the middle */
	if (!(scale.high > scale.low))
	{
		scale.low = -1;
		scale.high = 1;
	}
	return scale;
}

static void
append_interval(StringInfo out, const Scale *scale, const RolloutEstimate *estimate)
{
	bool		known = isfinite(estimate->low);
	int			zero = column_of(scale, 0);
	int			at = column_of(scale, estimate->effect);
	int			low = known ? (int) Max(column_of(scale, Max(estimate->low, scale->low)), 0) : at;
	int			high = known ? (int) Min(column_of(scale, Min(estimate->high, scale->high)), scale->columns - 1) : at;

	for (int i = 0; i < scale->columns; i++)
	{
		char		mark = ' ';

		if (i == at)
			mark = estimate->event_time < 0 ? 'o' : '#';
		else if (i == zero)
			mark = '|';
		else if (known && i == low)
			mark = estimate->low < scale->low ? '<' : '[';
		else if (known && i == high)
			mark = estimate->high > scale->high ? '>' : ']';
		else if (i > low && i < high)
			mark = '-';
		appendStringInfoChar(out, mark);
	}
}

static void
append_title(StringInfo out, const RolloutEstimate *overall)
{
	appendStringInfoString(out, "effect ");
	chart_number(out, overall->effect, NUMBER_DIGITS);
	if (isfinite(overall->low))
	{
		appendStringInfoString(out, ", ");
		chart_number(out, overall->low, NUMBER_DIGITS);
		appendStringInfoString(out, " to ");
		chart_number(out, overall->high, NUMBER_DIGITS);
	}
	appendStringInfo(out, ": %u units against %u\no before adoption, # from adoption on, | nothing", overall->units, overall->others);
}

/* chart(summary, width): event times downwards, with options at their defaults. */
PG_FUNCTION_INFO_V1(rollout_summary_chart);
Datum
rollout_summary_chart(PG_FUNCTION_ARGS)
{
	const RolloutOptions options = {.leads = CHART_LEADS, .level = CHART_LEVEL};
	int			width = PG_GETARG_INT32(1);
	RolloutPanel panel;
	RolloutEstimate *overall;
	RolloutEstimate *estimates;
	size_t		count;
	Scale		scale;
	StringInfoData out;

	chart_check_width(width);
	rollout_panel(&panel, PG_GETARG_DATUM(0));
	initStringInfo(&out);
	overall = rollout_effects(&panel.panel, &options, ROLLOUT_OVERALL, &count);
	if (isnan(overall->effect))
	{
		appendStringInfoString(&out, "(nothing to compare)");
		PG_RETURN_TEXT_P(cstring_to_text_with_len(out.data, out.len));
	}
	append_title(&out, overall);
	estimates = rollout_effects(&panel.panel, &options, ROLLOUT_EVENT_TIMES, &count);
	scale = scale_of(estimates, count, chart_drawing_width(width, BESIDE_DRAWING));
	for (size_t i = 0; i < count; i++)
	{
		StringInfoData number;

		appendStringInfo(&out, "\n%4d |", estimates[i].event_time);
		append_interval(&out, &scale, &estimates[i]);
		initStringInfo(&number);
		chart_number(&number, estimates[i].effect, NUMBER_DIGITS);
		appendStringInfo(&out, "| %9s", number.data);
	}
	PG_RETURN_TEXT_P(cstring_to_text_with_len(out.data, out.len));
}
