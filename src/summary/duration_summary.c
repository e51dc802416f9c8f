/*
 * duration_summary.c
 *		Input and output, accumulation and merging of duration_summary.
 *
 * What is stored, and why, stands in duration_summary.h; the bytes around it
 * in engine.h. Text form:
 *
 *		{"version":1,"unit":"day","total_microseconds":2160000000000,
 *		 "histogram":[[units,events,competing,censored,late],...]}
 *
 * with two more numbers in a row that has events or competing ends of late
 * entrants in their unit of entry.
 */
#include "summary/duration_summary.h"
#include "summary/known_state.h"

#include <math.h>

#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "base/json.h"
#include "base/options.h"
#include "base/type.h"
#include "reading/deal_cycle.h"
#include "base/problem.h"

#define TYPE_NAME "duration_summary"

static const uint8 unit_identities[DURATION_UNITS] = {DURATION_DAY, DURATION_HOUR, DURATION_MINUTE, DURATION_SECOND};

double
duration_check_horizon(double horizon)
{
	return check_number("horizon", horizon, horizon >= 0 && !isinf(horizon), "at least 0 and finite", NULL);
}

/* ---------------------------------------------------------------- check */

static inline bool
is_event(int category)
{
	return category == DURATION_EVENT || category == DURATION_EVENT_AT_ENTRY;
}

/*
 * Beyond ranges: each is at risk only after entering, so that in every unit those
 * that entered in it or later are no more than those that ended later, or were
 * censored in it; and the sum lies between the whole units and the next ones.
 */
static const char *
check_duration(const SummaryView *view)
{
	const TallyEntry *entries = view->all.cells;
	uint32		nentries = view->all.ncells;
	Sum128		sum;
	int64		size;
	int64		counted = 0;
	int64		ended = 0;
	int64		entered = 0;
	int64		events = 0;
	bool		late = false;
	Sum128		least = {0, 0};
	Sum128		most;

	if (view->identity_size != 1 || view->identity[0] >= DURATION_UNITS)
		return "its unit is unknown";
	if (view->nsums != 1)
		return "it must hold one sum";
	sum = view->all.sums[0];
	size = duration_unit_size(view->identity[0]);
	if (nentries > 0 && entries[nentries - 1].key / 8 > (uint64) (PG_INT64_MAX / size))
		return "a duration is out of range";
	for (uint32 i = 0; i < nentries; i++)
	{
		const TallyEntry *entry = &entries[i];
		int			category = DURATION_KEY_CATEGORY(entry->key);

		if (category >= DURATION_CATEGORIES)
			return "a category is unknown";
		if (entry->count > PG_INT64_MAX - counted)
			return "its counts pass 64 bits";
		counted += entry->count;
		late |= category == DURATION_LATE;
		if (!is_event(category))
			continue;
		events += entry->count;
		if (!sum128_add_product(&least, DURATION_KEY_UNITS(entry->key) * size, entry->count))
			return "its sum is out of range";
	}
	most = least;
	if (!sum128_add_product(&most, size - 1, events))
		return "its sum is out of range";
	if (sum128_compare(sum, least) < 0 || sum128_compare(sum, most) > 0)
		return "its sum does not fit its counts";

	/* where there are late entries, from the last unit to the first: the categories of a unit stand in the order event .. late */
	for (uint32 i = late ? nentries : 0; i > 0;)
	{
		uint64		unit = entries[i - 1].key / 8;
		int64		here[8] = {0};

		for (; i > 0 && entries[i - 1].key / 8 == unit; i--)
			here[entries[i - 1].key % 8] = entries[i - 1].count;
		entered += here[DURATION_LATE];
		if (entered > ended + here[DURATION_CENSORED])
			return "more enter late than end after it";
		ended += here[DURATION_EVENT] + here[DURATION_COMPETING] + here[DURATION_CENSORED];
	}
	return NULL;
}

/* ---------------------------------------------------------------- text and jsonb */

static void
append_json(StringInfo out, const SummaryView *view)
{
	char		sum[SUM128_TEXT_SIZE];
	uint32		i = 0;

	appendStringInfo(out, "\"unit\":\"%s\",\"total_microseconds\":%s,\"histogram\":[",
					 duration_unit_name(view->identity[0]), sum128_text(view->all.sums[0], sum));
	while (i < view->all.ncells)
	{
		uint64		units = view->all.cells[i].key / 8;
		int64		here[8] = {0};
		int			n = 5;

		if (i > 0)
			appendStringInfoChar(out, ',');
		for (; i < view->all.ncells && view->all.cells[i].key / 8 == units; i++)
			here[view->all.cells[i].key % 8] = view->all.cells[i].count;
		if (here[DURATION_EVENT_AT_ENTRY] > 0 || here[DURATION_COMPETING_AT_ENTRY] > 0)
			n = 7;
		appendStringInfo(out, "[" UINT64_FORMAT, units);
		for (int category = 0; category < n - 1; category++)
			appendStringInfo(out, "," INT64_FORMAT, here[category]);
		appendStringInfoChar(out, ']');
	}
	appendStringInfoChar(out, ']');
}

/* One row of n numbers (n may be more than there is space for) added to the view; false with an error saved. */
static bool
add_row(SummaryView *view, const HistogramForm *form, const int64 *values, int n,
		int64 last_unit, fmNodePtr escontext)
{
	if (n - 1 != form->categories && n - 1 != form->all_categories)
		ereturn(escontext, false,
				(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
				 errmsg("malformed %s: a row of \"histogram\" has %d numbers", form->type, n),
				 errdetail("%s", form->row)));
	for (int i = 0; i < n; i++)
		if (values[i] < 0)
			ereturn(escontext, false,
					(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
					 errmsg("malformed %s: " INT64_FORMAT " in \"histogram\" is negative",
							form->type, values[i])));
	if (values[0] <= last_unit)
		ereturn(escontext, false,
				(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
				 errmsg("malformed %s: " INT64_FORMAT " after " INT64_FORMAT " in \"histogram\"",
						form->type, values[0], last_unit),
				 errdetail("Rows are in ascending order of units.")));
	if (values[0] > form->most_units)
		ereturn(escontext, false,
				(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
				 errmsg("malformed %s: " INT64_FORMAT " units are out of range",
						form->type, values[0])));
	for (int category = 0; category < n - 1; category++)
		if (values[category + 1] > 0)
		{
			view->all.cells[view->all.ncells].key = DURATION_KEY(values[0], category);
			view->all.cells[view->all.ncells++].count = values[category + 1];
		}
	return true;
}

bool
duration_read_histogram(SummaryView *view, const HistogramForm *form, JsonbContainer *rows,
						fmNodePtr escontext)
{
	JsonbIterator *iterator = JsonbIteratorInit(rows);
	JsonbIteratorToken token;
	JsonbValue	element;
	int64		values[1 + DURATION_CATEGORIES];
	int64		last_unit = -1;
	int			depth = 0;
	int			n = 0;

	view->all.cells = palloc_extended(sizeof(TallyEntry) * form->all_categories *
									  (Size) Max(JsonContainerSize(rows), 1), MCXT_ALLOC_HUGE);
	while ((token = JsonbIteratorNext(&iterator, &element, false)) != WJB_DONE)
	{
		if (token == WJB_BEGIN_ARRAY && depth < 2)
		{
			depth++;
			n = 0;
		}
		else if (token == WJB_ELEM && depth == 2)
		{
			if (n <= form->all_categories &&
				!jsonb_value_int64(&element, form->type, "number in histogram", &values[n],
								   escontext))
				return false;
			n++;
		}
		else if (token == WJB_END_ARRAY)
		{
			CHECK_FOR_INTERRUPTS();
			if (depth == 2)
			{
				if (!add_row(view, form, values, n, last_unit, escontext))
					return false;
				last_unit = values[0];
			}
			depth--;
		}
		else
			ereturn(escontext, false,
					(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
					 errmsg("malformed %s: a row of \"histogram\" is not an array of numbers",
							form->type)));
	}
	return true;
}

static const HistogramForm duration_form = {
	.type = TYPE_NAME,
	.row = "A row is [units, events, competing, censored, late], with two more for events and competing ends in the unit of entry.",
	.categories = 4,
	.all_categories = DURATION_CATEGORIES,
	.most_units = PG_INT64_MAX / USECS_PER_SEC
};

static bool
read_json(SummaryView *view, JsonbContainer *object, fmNodePtr escontext)
{
	JsonbContainer *rows;
	int			unit;

	view->nsums = 1;
	view->all.sums = palloc(sizeof(Sum128));
	if (!jsonb_field_word(object, TYPE_NAME, "unit", duration_unit_names, DURATION_UNITS, &unit,
						  escontext) ||
		!jsonb_field_sum128(object, TYPE_NAME, "total_microseconds", view->all.sums, escontext) ||
		!jsonb_field_array(object, TYPE_NAME, "histogram", &rows, escontext))
		return false;
	view->identity = &unit_identities[unit];
	view->identity_size = 1;
	return duration_read_histogram(view, &duration_form, rows, escontext);
}

static const char *const json_keys[] = {"version", "unit", "total_microseconds", "histogram", NULL};

const SummaryType duration_type = {
	.name = TYPE_NAME,
	.mismatch = "Durations in different units cannot be merged.",
	.check = check_duration,
	.key_bits = SUMMARY_WHOLE_KEY,
	.keys = json_keys,
	.append_json = append_json,
	.read_json = read_json
};

DEFINE_SUMMARY(duration_summary, duration_type);

/* ---------------------------------------------------------------- accumulate */

/*
 * The body of a transition function whose argument 0 is the state: one duration
 * more (sign 1) or less (sign -1). The microseconds are summed for events only.
 */
static SummaryState *
duration_add(FunctionCallInfo fcinfo, int unit, int64 microseconds, DurationCategory category, int sign)
{
	uint8		identity = (uint8) unit;
	SummaryState *state = known_state(fcinfo, &duration_type, &identity, 1, 1);
	/* the usual unit by a constant, which takes no division */
	int64		units = unit == DURATION_DAY ? microseconds / USECS_PER_DAY :
		microseconds / duration_unit_size(unit);

	if (sign > 0)
		state = summary_increment(state, &duration_type, DURATION_KEY(units, category));
	else
		state = summary_add(state, &duration_type, DURATION_KEY(units, category), sign);
	if (is_event(category))
		sum128_add_int64(summary_sums(state), sign * microseconds);
	state->inputs += sign;
	return state;
}

/* (state, started_at, ended_at, as_of [, unit]): one more row or one less. */
static Datum
change_by_times(FunctionCallInfo fcinfo, int sign)
{
	TimestampTz started;
	TimestampTz ended;
	TimestampTz as_of;
	bool		observed = !PG_ARGISNULL(2);
	int			unit = DURATION_DAY;

	if (PG_NARGS() > 4)
		unit = duration_unit_argument(fcinfo, 4);
	if (PG_ARGISNULL(1) || PG_ARGISNULL(3))
		return summary_unchanged(fcinfo, &duration_type);
	started = PG_GETARG_TIMESTAMPTZ(1);
	as_of = PG_GETARG_TIMESTAMPTZ(3);
	(void) instant_check(started, "started_at", NULL);
	(void) instant_check(as_of, "as_of", NULL);
	ended = as_of;
	if (observed)
	{
		ended = PG_GETARG_TIMESTAMPTZ(2);
		(void) instant_check(ended, "ended_at", NULL);
		if (ended < started)
		{
			char		start_text[INSTANT_TEXT_SIZE];
			char		end_text[INSTANT_TEXT_SIZE];

			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("duration ends at %s, before it starts at %s",
							instant_text(ended, end_text), instant_text(started, start_text)),
					 errhint("The arguments are started_at, ended_at, as_of. Compare dates and instants by days: date_trunc, or by_day() of a history. Leave rows that are wrong out with FILTER.")));
		}
	}
	if (started > as_of)
		return summary_unchanged(fcinfo, &duration_type);
	if (ended > as_of)
	{
		ended = as_of;
		observed = false;
	}
	PG_RETURN_POINTER(duration_add(fcinfo, unit, duration_between(started, ended),
								   observed ? DURATION_EVENT : DURATION_CENSORED, sign));
}

PG_FUNCTION_INFO_V1(duration_summary_add_times);
Datum
duration_summary_add_times(PG_FUNCTION_ARGS)
{
	return change_by_times(fcinfo, 1);
}

PG_FUNCTION_INFO_V1(duration_summary_remove_times);
Datum
duration_summary_remove_times(PG_FUNCTION_ARGS)
{
	return change_by_times(fcinfo, -1);
}

/* (state, units, observed): whole days given as a number. */
static Datum
change_by_units(FunctionCallInfo fcinfo, int sign)
{
	int32		units;

	if (PG_ARGISNULL(1) || PG_ARGISNULL(2))
		return summary_unchanged(fcinfo, &duration_type);
	units = (int32) check_not_negative("duration", PG_GETARG_INT32(1), NULL);
	if (units > PG_INT64_MAX / USECS_PER_DAY)
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("duration %d is out of range", units)));
	PG_RETURN_POINTER(duration_add(fcinfo, DURATION_DAY, units * USECS_PER_DAY,
								   PG_GETARG_BOOL(2) ? DURATION_EVENT : DURATION_CENSORED, sign));
}

PG_FUNCTION_INFO_V1(duration_summary_add_units);
Datum
duration_summary_add_units(PG_FUNCTION_ARGS)
{
	return change_by_units(fcinfo, 1);
}

PG_FUNCTION_INFO_V1(duration_summary_remove_units);
Datum
duration_summary_remove_units(PG_FUNCTION_ARGS)
{
	return change_by_units(fcinfo, -1);
}

/* One more cycle in the duration_summary of argument 0, or one less. */
static Datum
change_by_cycle(FunctionCallInfo fcinfo, int sign)
{
	static const DurationCategory categories[] = {
		DURATION_EVENT, DURATION_COMPETING, DURATION_CENSORED
	};
	static const DurationCategory categories_at_entry[] = {
		DURATION_EVENT_AT_ENTRY, DURATION_COMPETING_AT_ENTRY
	};
	const DealCycle *cycle;
	SummaryState *state;
	int64		microseconds;
	int64		size;
	int64		entered;

	if (PG_ARGISNULL(1))
		return summary_unchanged(fcinfo, &duration_type);
	cycle = deal_cycle_get(PG_GETARG_DATUM(1));
	microseconds = duration_between(cycle->started_at, cycle->observed_until);
	if (!(cycle->flags & DEAL_CYCLE_LATE))
		PG_RETURN_POINTER(duration_add(fcinfo, cycle->unit, microseconds,
									   categories[cycle->status], sign));

	/* one that ends in its unit of entry was never at risk; one censored there is LATE and CENSORED in one unit */
	size = duration_unit_size(cycle->unit);
	entered = duration_between(cycle->started_at, cycle->entered_at) / size;
	if (entered == microseconds / size && cycle->status != CYCLE_CENSORED)
		PG_RETURN_POINTER(duration_add(fcinfo, cycle->unit, microseconds,
									   categories_at_entry[cycle->status], sign));
	state = duration_add(fcinfo, cycle->unit, microseconds, categories[cycle->status], sign);
	PG_RETURN_POINTER(summary_add(state, &duration_type,
								  DURATION_KEY(entered, DURATION_LATE), sign));
}

PG_FUNCTION_INFO_V1(duration_summary_add_cycle);
Datum
duration_summary_add_cycle(PG_FUNCTION_ARGS)
{
	return change_by_cycle(fcinfo, 1);
}

PG_FUNCTION_INFO_V1(duration_summary_remove_cycle);
Datum
duration_summary_remove_cycle(PG_FUNCTION_ARGS)
{
	return change_by_cycle(fcinfo, -1);
}

/* ---------------------------------------------------------------- made of other summaries */

struct varlena *
duration_summary_build(int unit, const TallyEntry *entries, uint32 n, Sum128 observed_microseconds)
{
	uint8		identity = (uint8) unit;
	SummaryView view = {NULL};
	const char *problem;

	view.identity = &identity;
	view.identity_size = 1;
	view.all.sums = &observed_microseconds;
	view.nsums = 1;
	view.all.cells = unconstify(TallyEntry *, entries);
	view.all.ncells = n;
	problem = summary_check(&view, &duration_type);
	if (problem != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("the result is not a possible " TYPE_NAME " value"),
				 errdetail_problem(problem)));
	return summary_pack(&view, &duration_type);
}
