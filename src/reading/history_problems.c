/*
 * history_problems.c
 *		What an analyst should look at in a history before using a report.
 *
 * One row for each problem that a history has, at the first instant where it
 * shows. Each event is told under one problem: a close date that lies before an
 * instant of its own day is that, and neither an end before the beginning nor a
 * reopening. What readings ignore, the events after as_of, is told apart and
 * looked at no further.
 */
#include "base/compat.h"

#include "funcapi.h"
#include "miscadmin.h"
#include "port/pg_bitutils.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"
#include "utils/tuplestore.h"

#include "history/history_states.h"
#include "reading/final_run.h"
#include "reading/roles.h"

/* The arguments of history_problems(). */
enum
{
	ARG_HISTORY, ARG_STAGES, ARG_WON, ARG_LOST, ARG_NO_DECISION, ARG_AS_OF
};

/* The place of a list of endings is the status that it stands for. */
static const RoleOption role_options[] = {
	{ARG_WON, "won", true},
	{ARG_LOST, "lost", true},
	{ARG_NO_DECISION, "no_decision", true},
	{ARG_STAGES, "stages", false}
};

/* Problems in the order of their rows. */
typedef enum Problem
{
	UNKNOWN_KINDS,
	ENDED_BEFORE_IT_BEGAN,
	DATE_AGAINST_INSTANT,
	RESTATED,
	REOPENED,
	TWO_ENDINGS_AT_ONCE,
	WON_WITHOUT_AMOUNT,
	DUPLICATE_EVENT,
	AFTER_AS_OF,
	IMPLAUSIBLE_INSTANT,
	MANY_DEALS,
	PROBLEMS
} Problem;

static const char *const problem_names[PROBLEMS] = {
	"unknown_kinds", "ended_before_it_began", "date_against_instant", "restated", "reopened",
	"two_endings_at_once", "won_without_amount", "duplicate_event", "after_as_of",
	"implausible_instant", "many_deals"
};

/* How often a problem was met, and where first: the event, and the one that it goes against. */
typedef struct Finding
{
	int64		count;
	int64		at;
	uint32		kind;
	int64		other_at;
	uint32		other_kind;
	int32		subject;		/* of many_deals, or -1 */
	int32		other_subject;
} Finding;

typedef struct Check
{
	HistoryView view;
	const uint8 *roles;			/* by kind: STATE_ROLES, the last of which are the stages */
	int		   *places;			/* by kind: stages in their order, then other endings */
	int			nplaces;
	TimestampTz as_of;
	Finding		findings[PROBLEMS];
} Check;

static Finding *
find(Check *check, Problem problem, int64 at, uint32 kind)
{
	Finding    *finding = &check->findings[problem];

	if (finding->count++ == 0)
	{
		finding->at = at;
		finding->kind = kind;
		finding->subject = -1;
	}
	return finding;
}

/* The same with the earlier event that it goes against. */
static void
find_against(Check *check, Problem problem, const HistoryState *state, const HistoryState *other)
{
	Finding    *finding = find(check, problem, state->at, state->kind);

	if (finding->count == 1)
	{
		finding->other_at = other->at;
		finding->other_kind = other->kind;
	}
}

/* ---------------------------------------------------------------- event by event */

/* 10 years of 365.25 days, or the end of time. */
static int64
ten_years_after(TimestampTz as_of)
{
	int64		years = 36525 * (USECS_PER_DAY / 10);

	return as_of > PG_INT64_MAX - years ? PG_INT64_MAX : as_of + years;
}

/* The Unix epoch, as an instant. */
#define EPOCH ((UNIX_EPOCH_JDATE - POSTGRES_EPOCH_JDATE) * USECS_PER_DAY)

static bool
same_event(const HistoryEvent *a, const HistoryEvent *b)
{
	return a->at == b->at && a->kind == b->kind && a->subject == b->subject &&
		a->has_amount == b->has_amount && a->amount == b->amount;
}

/* Two endings that name two subjects. */
static void
check_subjects(Check *check, const HistoryEvent *event, HistoryEvent *named)
{
	Finding    *finding;

	if (event->subject < 0 || !(check->roles[event->kind] & ENDING_ROLES))
		return;
	if (named->subject < 0)
		*named = *event;
	else if (named->subject != event->subject)
	{
		finding = find(check, MANY_DEALS, event->at, event->kind);
		if (finding->count == 1)
		{
			finding->subject = event->subject;
			finding->other_subject = named->subject;
		}
	}
}

static void
check_events(Check *check)
{
	int64		latest = ten_years_after(check->as_of);
	HistoryEvent named = {.subject = -1};
	HistoryEvent before = {.subject = -1};
	HistoryCursor cursor;
	HistoryEvent event;
	bool		known = false;

	history_rewind(&cursor, &check->view);
	while (history_next(&cursor, &event))
	{
		CHECK_FOR_INTERRUPTS();
		known |= check->roles[event.kind] != 0;
		if (cursor.next > 1 && same_event(&event, &before))
			find(check, DUPLICATE_EVENT, event.at, event.kind);
		if (event.at < EPOCH || event.at > latest)
			find(check, IMPLAUSIBLE_INSTANT, event.at, event.kind);
		else if (event.at > check->as_of)
			find(check, AFTER_AS_OF, event.at, event.kind);
		if (event.at <= check->as_of)
			check_subjects(check, &event, &named);
		before = event;
	}
	if (!known && check->view.nevents > 0)
		find(check, UNKNOWN_KINDS, history_at(&check->view, 0), history_kind(&check->view, 0));
}

/* ---------------------------------------------------------------- state by state */

/*
 * What has been read so far, and the endings that no stage has undone
 * yet. `nevents` of a state is 0 when there is none.
 */
typedef struct Progress
{
	bool		began;			/* there was a stage, other than an ending */
	bool		began_before;	/* before the first of these endings */
	HistoryState first;			/* the first of these endings */
	HistoryState last;			/* the last one */
	HistoryState date;			/* the last one at midnight */
	HistoryState after_date;	/* the first one after that */
	bool		date_told;		/* that one at midnight is told as a date */
	HistoryState before;		/* the state before */
	int64		entries;
} Progress;

static const HistoryState no_state = {.nevents = 0};

static DealStatus
status_of(const Check *check, const HistoryState *state)
{
	return pg_rightmost_one_pos32(check->roles[state->kind]);
}

static void
take_ending(Check *check, Progress *so_far, const HistoryState *state)
{
	if (so_far->last.nevents > 0 && so_far->last.at == state->at &&
		status_of(check, &so_far->last) != status_of(check, state))
		find_against(check, TWO_ENDINGS_AT_ONCE, state, &so_far->last);
	if (so_far->first.nevents == 0)
	{
		so_far->first = *state;
		so_far->began_before = so_far->began;
	}
	so_far->last = *state;
	if (state->at % USECS_PER_DAY == 0)
	{
		if (so_far->date.nevents == 0 || so_far->date.at != state->at)
		{
			so_far->date = *state;
			so_far->date_told = false;
		}
		so_far->after_date = no_state;
	}
	else if (so_far->after_date.nevents == 0)
		so_far->after_date = *state;
}

/* More than 10 entries, at the first instant where that, or a second subject, shows. */
static void
count_entry(Check *check, Progress *so_far, const HistoryState *state)
{
	Finding    *finding = &check->findings[MANY_DEALS];

	if (so_far->before.nevents > 0 && so_far->before.place == 0)
		return;
	if (++so_far->entries <= 10)
		return;
	if (finding->count > 0 && state->at < finding->at)
		finding->count = 0;
	(void) find(check, MANY_DEALS, state->at, state->kind);
}

/*
 * A stage undoes the endings before it, but for one at the midnight that begins
 * its own day, which is a date and may have come later that day.
 */
static void
take_stage(Check *check, Progress *so_far, const HistoryState *state)
{
	const HistoryState *date = &so_far->date;
	bool		is_date = date->nevents > 0 && state->at > date->at &&
		state->at - date->at < USECS_PER_DAY;
	const HistoryState *undone = !is_date || so_far->first.at < date->at ? &so_far->first :
		&so_far->after_date;

	if (state->place == 0)
		count_entry(check, so_far, state);
	if (is_date && !so_far->date_told)
		find_against(check, DATE_AGAINST_INSTANT, date, state);
	if (so_far->began_before)
	{
		/* an ending that another one took the place of is not undone */
		if (so_far->last.nevents > 0 && so_far->last.at < state->at && (!is_date || so_far->after_date.nevents > 0))
			find_against(check, REOPENED, state, &so_far->last);
	}
	else if (undone->nevents > 0 && undone->at < state->at)
		find_against(check, ENDED_BEFORE_IT_BEGAN, undone, state);
	if (is_date)
	{
		so_far->first = so_far->last = *date;
		so_far->after_date = no_state;
		so_far->date_told = true;
		so_far->began_before = true;
	}
	else if (so_far->first.nevents > 0 && so_far->first.at < state->at)
	{
		so_far->first = so_far->last = so_far->date = so_far->after_date = no_state;
		so_far->date_told = false;
	}
	so_far->began = true;
}

static void
check_states(Check *check)
{
	Progress		so_far = {.began = false};
	StateCursor cursor;
	HistoryState state;

	history_states_begin(&cursor, &check->view, check->places, check->nplaces);
	while (history_states_next(&cursor, &state) && state.at <= check->as_of)
	{
		if (so_far.before.nevents > 0 && so_far.before.kind == state.kind)
			find_against(check, RESTATED, &state, &so_far.before);
		if (check->roles[state.kind] & ENDING_ROLES)
			take_ending(check, &so_far, &state);
		else
			take_stage(check, &so_far, &state);
		so_far.before = state;
	}
}

static void
check_amount(Check *check)
{
	FinalRun	run;

	find_final_run(&check->view, check->roles, check->as_of, &run);
	if (run.status == DEAL_WON && !run.has_amount)
		find(check, WON_WITHOUT_AMOUNT, run.closed_at, 0);
}

/* ---------------------------------------------------------------- in words */

static void
append_kind(StringInfo out, const Check *check, uint32 kind)
{
	appendBinaryStringInfo(out, check->view.kinds[kind].data, check->view.kinds[kind].length);
}

static void
append_kind_at(StringInfo out, const Check *check, uint32 kind, int64 at)
{
	char		buffer[INSTANT_TEXT_SIZE];

	append_kind(out, check, kind);
	appendStringInfo(out, " at %s", instant_text(at, buffer));
}

static void
append_subject(StringInfo out, const Check *check, int32 subject)
{
	appendBinaryStringInfo(out, check->view.subjects[subject].data,
						   check->view.subjects[subject].length);
}

#define KINDS_TOLD 10

static void
append_kinds(StringInfo out, const Check *check)
{
	for (uint32 i = 0; i < Min(check->view.nkinds, KINDS_TOLD); i++)
	{
		appendStringInfoString(out, i == 0 ? "" : ", ");
		append_kind(out, check, i);
	}
	if (check->view.nkinds > KINDS_TOLD)
		appendStringInfo(out, " and %u more", check->view.nkinds - KINDS_TOLD);
}

static void
append_many_deals(StringInfo out, const Check *check, const Finding *finding)
{
	if (finding->subject >= 0)
	{
		appendStringInfoString(out, "endings name ");
		append_subject(out, check, finding->other_subject);
		appendStringInfoString(out, " and ");
		append_subject(out, check, finding->subject);
		appendStringInfoString(out, ", which is more than one deal: group by the deal's key");
		return;
	}
	appendStringInfoString(out, "there are more than 10 entries into ");
	append_kind(out, check, finding->kind);
	appendStringInfoString(out, ": is a GROUP BY of the deal's key missing?");
}

/* What is wrong with the event that a detail begins with. */
static void
append_finding(StringInfo out, const Check *check, Problem problem)
{
	const Finding *finding = &check->findings[problem];
	char		instant[INSTANT_TEXT_SIZE];

	switch (problem)
	{
		case ENDED_BEFORE_IT_BEGAN:
			appendStringInfoString(out, " comes before the first stage, ");
			append_kind_at(out, check, finding->other_kind, finding->other_at);
			break;
		case DATE_AGAINST_INSTANT:
			appendStringInfoString(out, " is a date, ");
			append_kind_at(out, check, finding->other_kind, finding->other_at);
			appendStringInfoString(out, " an instant of that day: by_day() compares days");
			break;
		case RESTATED:
			appendStringInfo(out, " was stated before, at %s; state_changes() keeps one event of each run",
							 instant_text(finding->other_at, instant));
			break;
		case REOPENED:
			appendStringInfoString(out, " undoes ");
			append_kind_at(out, check, finding->other_kind, finding->other_at);
			break;
		case TWO_ENDINGS_AT_ONCE:
			appendStringInfoString(out, " has the instant of ");
			append_kind(out, check, finding->other_kind);
			appendStringInfoString(out, ": won counts before lost, lost before no decision");
			break;
		case DUPLICATE_EVENT:
			appendStringInfoString(out, " is there twice; distinct_events() keeps one");
			break;
		case AFTER_AS_OF:
			appendStringInfo(out, " is after as_of, %s, and is ignored", instant_text(check->as_of, instant));
			break;
		default:
			appendStringInfoString(out, finding->at < EPOCH ? " is before 1970" :
								   " is more than 10 years after as_of: milliseconds taken for seconds?");
			break;
	}
}

static void
append_detail(StringInfo out, const Check *check, Problem problem)
{
	const Finding *finding = &check->findings[problem];

	switch (problem)
	{
		case UNKNOWN_KINDS:
			append_kinds(out, check);
			appendStringInfoString(out, check->view.nkinds == 1 ?
								   " is no stage and no ending: relabel() renames kinds" :
								   " are no stages and no endings: relabel() renames kinds");
			return;
		case MANY_DEALS:
			append_many_deals(out, check, finding);
			return;
		case WON_WITHOUT_AMOUNT:
			appendStringInfoString(out, "no event up to the win has an amount");
			return;
		default:
			break;
	}
	append_kind_at(out, check, finding->kind, finding->at);
	append_finding(out, check, problem);
	if (finding->count > 1)
		appendStringInfo(out, "; the first of " INT64_FORMAT, finding->count);
}

static void
put_problem(ReturnSetInfo *result, const Check *check, Problem problem, StringInfo detail)
{
	Datum		values[3];
	bool		nulls[3] = {false, false, false};

	resetStringInfo(detail);
	append_detail(detail, check, problem);
	values[0] = CStringGetTextDatum(problem_names[problem]);
	values[1] = TimestampTzGetDatum(check->findings[problem].at);
	values[2] = PointerGetDatum(cstring_to_text_with_len(detail->data, detail->len));
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

/* Stages in their order, then the endings that are no stages. */
static void
place_states(FunctionCallInfo fcinfo, Check *check)
{
	static const int lists[] = {ARG_STAGES, ARG_WON, ARG_LOST, ARG_NO_DECISION};

	check->places = history_no_places(&check->view);
	check->nplaces = 0;
	for (int i = 0; i < lengthof(lists); i++)
		check->nplaces += history_place_kinds(&check->view, PG_GETARG_ARRAYTYPE_P(lists[i]), "stages",
											  check->nplaces, check->places);
}

/*
 * history_problems(history, stages, won, lost, no_decision, as_of) -> (problem,
 * at, detail). No rows for a NULL history or as_of. An ending that is listed
 * among the stages is an ending.
 */
PG_FUNCTION_INFO_V1(history_problems);
Datum
history_problems(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	/* options are checked even where there is nothing to read */
	const KindRoles *roles = kind_roles_get(fcinfo, role_options, lengthof(role_options),
											ENDING_ROLES);
	Check		check = {.nplaces = 0};
	StringInfoData detail;

	InitMaterializedSRF(fcinfo, 0);
	if (PG_ARGISNULL(ARG_HISTORY) || PG_ARGISNULL(ARG_AS_OF))
		return (Datum) 0;
	check.as_of = PG_GETARG_TIMESTAMPTZ(ARG_AS_OF);
	(void) instant_check(check.as_of, "as_of", NULL);
	history_view(&check.view, PG_GETARG_DATUM(ARG_HISTORY));
	history_labels(&check.view);
	check.roles = kind_roles_match(roles, &check.view, NULL);
	place_states(fcinfo, &check);

	check_events(&check);
	check_states(&check);
	check_amount(&check);
	initStringInfo(&detail);
	for (Problem problem = 0; problem < PROBLEMS; problem++)
		if (check.findings[problem].count > 0)
			put_problem(result, &check, problem, &detail);
	return (Datum) 0;
}
