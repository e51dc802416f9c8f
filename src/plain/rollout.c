/*
 * rollout.c
 *		The effects of a roll-out: overall, by event time, cohort or cell.
 */
#include "plain/rollout.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "plain/rollout_fit.h"

typedef struct EstimateList
{
	RolloutEstimate *estimates;
	size_t		count;
	size_t		capacity;
} EstimateList;

static void
append(EstimateList *list, const PanelHost *host, RolloutEstimate estimate)
{
	if (list->count == list->capacity)
	{
		size_t		capacity = list->capacity > 0 ? 2 * list->capacity : 64;
		RolloutEstimate *larger = host->allocate(capacity, sizeof(RolloutEstimate));

		if (list->count > 0)
			memcpy(larger, list->estimates, list->count * sizeof(RolloutEstimate));
		list->estimates = larger;
		list->capacity = capacity;
	}
	list->estimates[list->count++] = estimate;
}

static int
compare_estimates(const void *left, const void *right)
{
	const RolloutEstimate *a = left;
	const RolloutEstimate *b = right;

	if (a->cohort != b->cohort)
		return a->cohort < b->cohort ? -1 : 1;
	return (a->event_time > b->event_time) - (a->event_time < b->event_time);
}

/* Runs one fit, and appends what exists. */
static void
append_fit(EstimateList *list, RolloutFit *fit, int32_t event_time)
{
	if (!fit_begin(fit, event_time))
		return;
	fit_run(fit);
	for (uint32_t i = 0; i < fit->nestimates; i++)
		if (!isnan(fit->estimates[i].jackknife.theta) || fit->grouping == ROLLOUT_OVERALL)
			append(list, fit->panel->host, fit_result(fit, &fit->estimates[i]));
}

RolloutEstimate *
rollout_effects(const Panel *panel, const RolloutOptions *options, RolloutGrouping grouping, size_t *count)
{
	EstimateList list = {NULL, 0, 0};
	RolloutFit	fit;

	fit_init(&fit, panel, options, grouping);
	if (grouping == ROLLOUT_EVENT_TIMES || grouping == ROLLOUT_CELLS)
	{
		uint32_t	leads = options->leads < panel->nperiods ? options->leads : panel->nperiods;

		for (int32_t event_time = -(int32_t) leads; event_time < 0; event_time++)
			append_fit(&list, &fit, event_time);
	}
	append_fit(&list, &fit, FIT_TREATED);
	if (grouping == ROLLOUT_OVERALL && list.count == 0)
		append(&list, panel->host, (RolloutEstimate)
			   {
				   .effect = NAN, .std_error = NAN, .df = NAN, .low = NAN, .high = NAN, .p_value = NAN
			   });
	if (list.count > 0)
		qsort(list.estimates, list.count, sizeof(RolloutEstimate), compare_estimates);
	*count = list.count;
	return list.estimates;
}
