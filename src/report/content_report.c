/*
 * content_report.c
 *		What is read off a content_summary: events, distinct actors and time of
 *		an action, the table of actions and its chart.
 */
#include "summary/content_summary.h"

#include "datatype/timestamp.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/tuplestore.h"

#include "base/chart.h"
#include "summary/duration_summary.h"

/* The group of an action; one without events when it is not there. */
static SummaryGroup
group_argument(FunctionCallInfo fcinfo)
{
	static Sum128 no_sums[CONTENT_SUMS];
	static NameSet no_actors;
	text	   *name = PG_GETARG_TEXT_PP(1);
	const SummaryGroup *found;
	SummaryView view;

	summary_view(&view, &content_type, PG_GETARG_DATUM(0));
	found = summary_find(&view, (Label) {VARDATA_ANY(name), (int) VARSIZE_ANY_EXHDR(name)});
	return found != NULL ? *found : (SummaryGroup) {.sums = no_sums, .names = &no_actors};
}

/* At most 64 bits, by the check of a content_summary. */
static inline int64
events_of(const SummaryGroup *group)
{
	return (int64) group->sums[CONTENT_EVENTS].low;
}

static inline double
seconds_of(const SummaryGroup *group)
{
	return sum128_to_double(group->sums[CONTENT_MICROSECONDS]) / USECS_PER_SEC;
}

/* The times of a group as entries of a duration_summary. */
static TallyEntry *
duration_entries(const SummaryGroup *group)
{
	TallyEntry *entries = palloc_extended(sizeof(TallyEntry) * (Size) Max(group->ncells, 1),
										  MCXT_ALLOC_HUGE);

	for (uint32 i = 0; i < group->ncells; i++)
	{
		entries[i].key = DURATION_KEY(group->cells[i].key, DURATION_EVENT);
		entries[i].count = group->cells[i].count;
	}
	return entries;
}

/* 0 for an action that never happened. */
PG_FUNCTION_INFO_V1(content_summary_action_count);
Datum
content_summary_action_count(PG_FUNCTION_ARGS)
{
	SummaryGroup group = group_argument(fcinfo);

	PG_RETURN_INT64(events_of(&group));
}

PG_FUNCTION_INFO_V1(content_summary_distinct_actors);
Datum
content_summary_distinct_actors(PG_FUNCTION_ARGS)
{
	SummaryGroup group = group_argument(fcinfo);

	PG_RETURN_INT64(name_set_count(group.names));
}

PG_FUNCTION_INFO_V1(content_summary_distinct_actors_is_exact);
Datum
content_summary_distinct_actors_is_exact(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(group_argument(fcinfo).names->registers == NULL);
}

/* NULL when no event of the action has a time. */
PG_FUNCTION_INFO_V1(content_summary_total_seconds);
Datum
content_summary_total_seconds(PG_FUNCTION_ARGS)
{
	SummaryGroup group = group_argument(fcinfo);

	if (group.ncells == 0)
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(seconds_of(&group));
}

/* A duration_summary in seconds of the events that have a time; every one observed. */
PG_FUNCTION_INFO_V1(content_summary_view_time);
Datum
content_summary_view_time(PG_FUNCTION_ARGS)
{
	SummaryGroup group = group_argument(fcinfo);

	PG_RETURN_POINTER(duration_summary_build(DURATION_SECOND, duration_entries(&group),
											 group.ncells, group.sums[CONTENT_MICROSECONDS]));
}

/* actions(summary): a row for each action, in the order of the bytes of their names. */
PG_FUNCTION_INFO_V1(content_summary_actions);
Datum
content_summary_actions(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	SummaryView view;

	InitMaterializedSRF(fcinfo, 0);
	summary_view(&view, &content_type, PG_GETARG_DATUM(0));
	for (uint32 i = 0; i < view.ngroups; i++)
	{
		const SummaryGroup *group = &view.groups[i];
		TallyEntry *entries = duration_entries(group);
		double		median = 0;
		Datum		values[6];
		bool		nulls[6] = {false};

		CHECK_FOR_INTERRUPTS();
		nulls[4] = nulls[5] = group->ncells == 0;
		if (!nulls[5])
			nulls[5] = !duration_entries_median(entries, group->ncells, &median);
		values[0] = PointerGetDatum(label_to_text(group->label));
		values[1] = Int64GetDatum(events_of(group));
		values[2] = Int64GetDatum(name_set_count(group->names));
		values[3] = BoolGetDatum(group->names->registers == NULL);
		values[4] = Float8GetDatum(seconds_of(group));
		values[5] = Float8GetDatum(median);
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
		pfree(entries);
	}
	return (Datum) 0;
}

#define CHART_ACTIONS 20

static int
compare_by_events(const void *a, const void *b)
{
	const SummaryGroup *left = a;
	const SummaryGroup *right = b;

	if (events_of(left) != events_of(right))
		return events_of(left) > events_of(right) ? -1 : 1;
	return label_compare(left->label, right->label);
}

/* What stands beside the bar of an action: its events, actors and seconds. */
static char *
chart_figures(const SummaryGroup *group)
{
	StringInfoData out;

	initStringInfo(&out);
	appendStringInfo(&out, INT64_FORMAT " by %s" INT64_FORMAT, events_of(group),
					 group->names->registers == NULL ? "" : "about ", name_set_count(group->names));
	if (group->ncells > 0)
	{
		appendStringInfoString(&out, ", ");
		chart_number(&out, seconds_of(group), 6);
		appendStringInfoString(&out, " s");
	}
	return out.data;
}

/* chart(summary, width): a bar for the events of each action, the most frequent first, at most 20. */
PG_FUNCTION_INFO_V1(content_summary_chart);
Datum
content_summary_chart(PG_FUNCTION_ARGS)
{
	int			width = PG_GETARG_INT32(1);
	SummaryView view;
	uint32		shown;
	int			columns = 0;
	int			figures_width = 0;
	int			bar_width;
	char	   *figures[CHART_ACTIONS];
	StringInfoData out;

	chart_check_width(width);
	summary_view(&view, &content_type, PG_GETARG_DATUM(0));
	qsort(view.groups, view.ngroups, sizeof(SummaryGroup), compare_by_events);
	shown = Min(view.ngroups, CHART_ACTIONS);
	for (uint32 i = 0; i < shown; i++)
	{
		columns = Max(columns, chart_label_width(view.groups[i].label));
		figures[i] = chart_figures(&view.groups[i]);
		figures_width = Max(figures_width, (int) strlen(figures[i]));
	}
	columns = Min(columns, CHART_NAME_COLUMNS);
	bar_width = chart_drawing_width(width, columns + strlen(" || ") + figures_width);

	initStringInfo(&out);
	appendStringInfoString(&out, "events by action, and by how many actors");
	for (uint32 i = 0; i < shown; i++)
	{
		appendStringInfoChar(&out, '\n');
		chart_label(&out, view.groups[i].label, columns);
		appendStringInfoString(&out, " |");
		chart_bar(&out, (double) events_of(&view.groups[i]), (double) events_of(&view.groups[0]), bar_width, true);
		appendStringInfo(&out, "| %s", figures[i]);
	}
	if (shown < view.ngroups)
		appendStringInfo(&out, "\nand %u more", view.ngroups - shown);
	PG_RETURN_TEXT_P(cstring_to_text_with_len(out.data, out.len));
}
