/*
 * content_report.c
 *		What is read off a content_summary: events, distinct actors and time of
 *		an action, the table of actions and its chart (floor 4).
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
static ContentGroup
group_argument(FunctionCallInfo fcinfo)
{
	text	   *name = PG_GETARG_TEXT_PP(1);
	Label		label = {VARDATA_ANY(name), (int) VARSIZE_ANY_EXHDR(name)};
	ContentGroup nothing;
	ContentView view;

	content_view(&view, PG_GETARG_DATUM(0));
	for (uint32 i = 0; i < view.nactions; i++)
		if (label_equal(view.actions[i].name, label))
			return view.actions[i];
	memset(&nothing, 0, sizeof(nothing));
	return nothing;
}

static double
seconds_of(const ContentGroup *group)
{
	return sum128_to_double(group->microseconds) / USECS_PER_SEC;
}

/* The times of a group as entries of a duration_summary. */
static TallyEntry *
duration_entries(const ContentGroup *group)
{
	TallyEntry *entries = palloc_extended(sizeof(TallyEntry) * (Size) Max(group->nseconds, 1),
										  MCXT_ALLOC_HUGE);

	for (uint32 i = 0; i < group->nseconds; i++)
	{
		entries[i].key = DURATION_KEY(group->seconds[i].key, DURATION_EVENT);
		entries[i].count = group->seconds[i].count;
	}
	return entries;
}

/* 0 for an action that never happened. */
PG_FUNCTION_INFO_V1(content_summary_action_count);
Datum
content_summary_action_count(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT64(group_argument(fcinfo).events);
}

PG_FUNCTION_INFO_V1(content_summary_distinct_actors);
Datum
content_summary_distinct_actors(PG_FUNCTION_ARGS)
{
	ContentGroup group = group_argument(fcinfo);

	PG_RETURN_INT64(content_distinct_actors(&group));
}

PG_FUNCTION_INFO_V1(content_summary_distinct_actors_is_exact);
Datum
content_summary_distinct_actors_is_exact(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(group_argument(fcinfo).registers == NULL);
}

/* NULL when no event of the action has a time. */
PG_FUNCTION_INFO_V1(content_summary_total_seconds);
Datum
content_summary_total_seconds(PG_FUNCTION_ARGS)
{
	ContentGroup group = group_argument(fcinfo);

	if (group.nseconds == 0)
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(seconds_of(&group));
}

/* A duration_summary in seconds of the events that have a time; every one observed. */
PG_FUNCTION_INFO_V1(content_summary_view_time);
Datum
content_summary_view_time(PG_FUNCTION_ARGS)
{
	ContentGroup group = group_argument(fcinfo);

	PG_RETURN_POINTER(duration_summary_build(DURATION_SECOND, duration_entries(&group),
											 group.nseconds, group.microseconds));
}

/* actions(summary): a row for each action, in the order of the bytes of their names. */
PG_FUNCTION_INFO_V1(content_summary_actions);
Datum
content_summary_actions(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	ContentView view;

	InitMaterializedSRF(fcinfo, 0);
	content_view(&view, PG_GETARG_DATUM(0));
	for (uint32 i = 0; i < view.nactions; i++)
	{
		const ContentGroup *group = &view.actions[i];
		TallyEntry *entries = duration_entries(group);
		double		median = 0;
		Datum		values[6];
		bool		nulls[6] = {false};

		CHECK_FOR_INTERRUPTS();
		nulls[4] = nulls[5] = group->nseconds == 0;
		if (!nulls[5])
			nulls[5] = !duration_entries_median(entries, group->nseconds, &median);
		values[0] = PointerGetDatum(label_to_text(group->name));
		values[1] = Int64GetDatum(group->events);
		values[2] = Int64GetDatum(content_distinct_actors(group));
		values[3] = BoolGetDatum(group->registers == NULL);
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
	const ContentGroup *left = a;
	const ContentGroup *right = b;

	if (left->events != right->events)
		return left->events > right->events ? -1 : 1;
	return label_compare(left->name, right->name);
}

/* What stands beside the bar of an action: its events, actors and seconds. */
static char *
chart_figures(const ContentGroup *group)
{
	StringInfoData out;

	initStringInfo(&out);
	appendStringInfo(&out, INT64_FORMAT " by %s" INT64_FORMAT, group->events,
					 group->registers == NULL ? "" : "about ", content_distinct_actors(group));
	if (group->nseconds > 0)
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
	ContentView view;
	uint32		shown;
	int			columns = 0;
	int			figures_width = 0;
	int			bar_width;
	char	   *figures[CHART_ACTIONS];
	StringInfoData out;

	chart_check_width(width);
	content_view(&view, PG_GETARG_DATUM(0));
	qsort(view.actions, view.nactions, sizeof(ContentGroup), compare_by_events);
	shown = Min(view.nactions, CHART_ACTIONS);
	for (uint32 i = 0; i < shown; i++)
	{
		columns = Max(columns, chart_label_width(view.actions[i].name));
		figures[i] = chart_figures(&view.actions[i]);
		figures_width = Max(figures_width, (int) strlen(figures[i]));
	}
	columns = Min(columns, CHART_NAME_COLUMNS);
	bar_width = chart_drawing_width(width, columns + strlen(" || ") + figures_width);

	initStringInfo(&out);
	appendStringInfoString(&out, "events by action, and by how many actors");
	for (uint32 i = 0; i < shown; i++)
	{
		appendStringInfoChar(&out, '\n');
		chart_label(&out, view.actions[i].name, columns);
		appendStringInfoString(&out, " |");
		chart_bar(&out, (double) view.actions[i].events, (double) view.actions[0].events, bar_width, true);
		appendStringInfo(&out, "| %s", figures[i]);
	}
	if (shown < view.nactions)
		appendStringInfo(&out, "\nand %u more", view.nactions - shown);
	PG_RETURN_TEXT_P(cstring_to_text_with_len(out.data, out.len));
}
