/*
 * pipeline_report.c
 *		The chart of a pipeline_summary: open deals by bands of age.
 *
 *		open deals by age, and their amount
 *		  0 -  49 ######################  120  1350000
 *		 50 -  99 ############             61   700100
 *		12 without an amount
 */
#include "summary/pipeline_summary.h"

#include "common/int.h"
#include "miscadmin.h"
#include "utils/builtins.h"

#include "base/chart.h"
#include "base/money.h"

/* The most bands, all of one width. */
#define CHART_BANDS 12

typedef struct Bands
{
	uint64		width;			/* in units of age */
	int			n;
	int64		deals[CHART_BANDS];
	Sum128		amounts[CHART_BANDS];
	int64		with_amount;
	int64		all;
} Bands;

/* The least of 1, 2, 5, 10, 20, 50 and so on of which CHART_BANDS hold all ages. */
static uint64
band_width(uint64 oldest)
{
	static const uint64 steps[] = {1, 2, 5};

	for (uint64 power = 1;; power *= 10)
		for (int i = 0; i < lengthof(steps); i++)
			if (oldest / (power * steps[i]) < CHART_BANDS)
				return power * steps[i];
}

/* Adds the deals of one age to its band. */
static void
add_age(Bands *bands, const PipelineAge *age)
{
	int			band = (int) ((uint64) age->age / bands->width);

	if (pg_add_s64_overflow(bands->all, age->deals, &bands->all) ||
		!sum128_add(&bands->amounts[band], age->amounts.sum))
		summary_out_of_range(&pipeline_type, "a sum");
	/* parts of what is in range */
	bands->deals[band] += age->deals;
	bands->with_amount += age->amounts.count;
}

static void
fill_bands(Bands *bands, const SummaryView *view)
{
	memset(bands, 0, sizeof(*bands));
	if (view->ngroups == 0)
		return;
	bands->width = band_width((uint64) pipeline_age(&view->groups[view->ngroups - 1]).age);
	for (uint32 i = 0; i < view->ngroups; i++)
	{
		PipelineAge age = pipeline_age(&view->groups[i]);

		add_age(bands, &age);
		bands->n = (int) ((uint64) age.age / bands->width) + 1;
		if ((i & 0xFFF) == 0xFFF)
			CHECK_FOR_INTERRUPTS();
	}
}

/* "50 - 99", or one age where a band has no other. */
static char *
band_name(const Bands *bands, int band)
{
	uint64		first = (uint64) band * bands->width;
	int			digits = strlen(psprintf(UINT64_FORMAT, (uint64) bands->n * bands->width - 1));

	if (bands->width == 1)
		return psprintf("%*s", digits, psprintf(UINT64_FORMAT, first));
	return psprintf("%*s - %*s", digits, psprintf(UINT64_FORMAT, first),
					digits, psprintf(UINT64_FORMAT, first + bands->width - 1));
}

static void
append_bands(StringInfo out, const Bands *bands, int width)
{
	int64		most = 0;
	int			count_width;
	int			amount_width = 0;
	int			bar_width;

	for (int band = 0; band < bands->n; band++)
	{
		most = Max(most, bands->deals[band]);
		if (bands->with_amount > 0)
			amount_width = Max(amount_width, (int) strlen(money_whole_text(bands->amounts[band])));
	}
	count_width = strlen(psprintf(INT64_FORMAT, most));
	bar_width = chart_drawing_width(width, strlen(band_name(bands, 0)) + 1 + 1 + count_width +
									(amount_width > 0 ? 2 + amount_width : 0));
	for (int band = 0; band < bands->n; band++)
	{
		appendStringInfo(out, "\n%s ", band_name(bands, band));
		chart_bar(out, bands->deals[band], most, bar_width, true);
		appendStringInfo(out, " %*s", count_width, psprintf(INT64_FORMAT, bands->deals[band]));
		if (amount_width > 0)
			appendStringInfo(out, "  %*s", amount_width, money_whole_text(bands->amounts[band]));
	}
}

/* chart(summary, width): a bar for each band of age, with the deals and, where there are any, their amounts. */
PG_FUNCTION_INFO_V1(pipeline_summary_chart);
Datum
pipeline_summary_chart(PG_FUNCTION_ARGS)
{
	int			width = PG_GETARG_INT32(1);
	SummaryView view;
	StringInfoData out;
	Bands		bands;

	chart_check_width(width);
	summary_view(&view, &pipeline_type, PG_GETARG_DATUM(0));
	fill_bands(&bands, &view);

	initStringInfo(&out);
	appendStringInfoString(&out, bands.with_amount > 0 ? "open deals by age, and their amount" : "open deals by age");
	if (bands.n == 0)
		appendStringInfoString(&out, "\n(no open deals)");
	else
		append_bands(&out, &bands, width);
	if (bands.with_amount > 0 && bands.with_amount < bands.all)
		appendStringInfo(&out, "\n" INT64_FORMAT " without an amount", bands.all - bands.with_amount);
	PG_RETURN_TEXT_P(cstring_to_text_with_len(out.data, out.len));
}
