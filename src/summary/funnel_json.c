/*
 * funnel_json.c
 *		The text form of funnel_summary, stages numbered from 1:
 *
 *		{"version":1,"definition":{...},
 *		 "outcomes":[[depth,"status",deals],...],
 *		 "matched_pairs":[[stage,stage,deals],...],		excluded only
 *		 "open_matched":[[stage,depth,deals],...],		excluded only
 *		 "step_days":[[stage,days,events,competing,censored],...],
 *		 "step_microseconds":[sum,...],
 *		 "amounts":[[depth,"status",missing,amount],...]}	with amounts only
 */
#include "summary/funnel_summary.h"

#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"

#include "base/json.h"
#include "base/money.h"
#include "summary/duration_summary.h"

#define TYPE_NAME "funnel_summary"

/* ---------------------------------------------------------------- writing */

/* Begins a row of a table in the text form. */
static void
begin_row(StringInfo out, bool *first)
{
	appendStringInfoString(out, *first ? "[" : ",[");
	*first = false;
}

/* The cells whose keys lie below `end`, from the i-th on, each appended by `append`; returns the next one. */
static uint32
append_cells(StringInfo out, const SummaryView *view, uint32 i, uint64 end,
			 void (*append) (StringInfo out, const TallyEntry *cell))
{
	bool		first = true;

	for (; i < view->all.ncells && view->all.cells[i].key < end; i++)
	{
		begin_row(out, &first);
		append(out, &view->all.cells[i]);
	}
	return i;
}

static void
append_outcome(StringInfo out, const TallyEntry *cell)
{
	appendStringInfo(out, "%d,\"%s\"," INT64_FORMAT "]", (int) (cell->key / 8),
					 funnel_statuses[cell->key % 8], cell->count);
}

static void
append_pair(StringInfo out, const TallyEntry *cell)
{
	int			key = cell->key - FUNNEL_PAIR_KEY(0, 0);

	appendStringInfo(out, "%d,%d," INT64_FORMAT "]", key / 32 + 1, key % 32 + 1, cell->count);
}

static void
append_open(StringInfo out, const TallyEntry *cell)
{
	int			key = cell->key - FUNNEL_OPEN_KEY(0, 0);

	appendStringInfo(out, "%d,%d," INT64_FORMAT "]", key / 64 + 1, key % 64, cell->count);
}

/* The rows of one stage, a row for each day: the cells of a day are 32 keys apart. */
static void
append_days(StringInfo out, int stage, const TallyEntry *cells, const TallyEntry *end, bool *first)
{
	const TallyEntry *cell = cells;

	while (cell < end)
	{
		uint64		key = cell->key - FUNNEL_FIRST_DURATION_KEY;
		int64		day = DURATION_KEY_UNITS(key / 32);
		int64		counts[8] = {0};

		if (key % 32 != stage)
		{
			cell++;
			continue;
		}
		for (; cell < end && DURATION_KEY_UNITS((cell->key - FUNNEL_FIRST_DURATION_KEY) / 32) == day; cell++)
		{
			key = cell->key - FUNNEL_FIRST_DURATION_KEY;
			if (key % 32 == stage)
				counts[DURATION_KEY_CATEGORY(key / 32)] = cell->count;
		}
		begin_row(out, first);
		appendStringInfo(out, "%d," INT64_FORMAT "," INT64_FORMAT "," INT64_FORMAT "," INT64_FORMAT "]",
						 stage + 1, day, counts[DURATION_EVENT], counts[DURATION_COMPETING],
						 counts[DURATION_CENSORED]);
	}
}

/* The first cell, from the i-th on, whose key is at least `key`. */
static uint32
first_cell(const SummaryView *view, uint32 i, uint64 key)
{
	while (i < view->all.ncells && view->all.cells[i].key < key)
		i++;
	return i;
}

/* A row for each depth and status with an amount, or with deals of which it is missing. */
static void
append_amounts(StringInfo out, const SummaryView *view, const ChainRules *rules)
{
	bool		first = true;

	appendStringInfoString(out, ",\"amounts\":[");
	for (int depth = 1; depth <= rules->nstages; depth++)
		for (int status = CHAIN_CONVERTED; status <= CHAIN_OPEN; status++)
		{
			int64		missing;
			Sum128		amount;

			if (!funnel_depth_fits_status(rules, depth, status))
				continue;
			missing = summary_cell(view, FUNNEL_MISSING_KEY(depth, status));
			amount = view->all.sums[funnel_amount_at(rules->nstages, depth, status)];
			if (missing == 0 && amount.low == 0 && amount.high == 0)
				continue;
			begin_row(out, &first);
			appendStringInfo(out, "%d,\"%s\"," INT64_FORMAT ",%s]", depth, funnel_statuses[status], missing,
							 money_sum_text(amount));
		}
	appendStringInfoChar(out, ']');
}

void
funnel_append_json(StringInfo out, const SummaryView *view)
{
	FunnelDefinition definition;
	bool		first = true;
	uint32		i;

	funnel_definition_decode(view->identity, view->identity_size, &definition);
	appendStringInfoString(out, "\"definition\":");
	funnel_definition_to_json(&definition, out);
	appendStringInfoString(out, ",\"outcomes\":[");
	i = append_cells(out, view, 0, FUNNEL_PAIR_KEY(0, 0), append_outcome);
	if (definition.rules.skipped == CHAIN_EXCLUDED)
	{
		appendStringInfoString(out, "],\"matched_pairs\":[");
		i = append_cells(out, view, i, FUNNEL_MISSING_KEY(0, 0), append_pair);
		appendStringInfoString(out, "],\"open_matched\":[");
		i = first_cell(view, i, FUNNEL_OPEN_KEY(0, 0));
		i = append_cells(out, view, i, FUNNEL_FIRST_DURATION_KEY, append_open);
	}
	i = first_cell(view, i, FUNNEL_FIRST_DURATION_KEY);

	appendStringInfoString(out, "],\"step_days\":[");
	for (int stage = 0; i < view->all.ncells && stage < definition.rules.nstages - 1; stage++)
		append_days(out, stage, &view->all.cells[i], &view->all.cells[view->all.ncells], &first);
	appendStringInfoString(out, "],\"step_microseconds\":[");
	for (int stage = 0; stage < definition.rules.nstages - 1; stage++)
	{
		char		buffer[SUM128_TEXT_SIZE];

		appendStringInfo(out, "%s%s", stage == 0 ? "" : ",",
						 sum128_text(view->all.sums[stage], buffer));
	}
	appendStringInfoChar(out, ']');
	if (funnel_has_amounts(view, definition.rules.nstages))
		append_amounts(out, view, &definition.rules);
}

/* ---------------------------------------------------------------- reading */

/* Where the rows of the tables go. */
typedef struct JsonTarget
{
	const SummaryType *type;
	const ChainRules *rules;
	bool		has_amounts;
	SummaryState *state;
} JsonTarget;

/* Adds a cell; a count of zero adds none. */
static bool
put_cell(JsonTarget *target, bool in_range, uint64 key, int64 count, fmNodePtr escontext)
{
	if (count < 0 || !in_range || !funnel_key_is_valid(target->rules, target->has_amounts, key))
		return summary_malformed(target->type, "a cell is out of range", escontext);
	if (count > PG_INT64_MAX - tally_count(summary_tally(target->state), key))
		ereturn(escontext, false,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("a count of %s is out of range", TYPE_NAME)));
	if (count > 0)
		target->state = summary_add(target->state, target->type, key, count);
	return true;
}

static bool
put_row(JsonTarget *target, const char *table, const int64 *row, fmNodePtr escontext)
{
	int64		nstages = target->rules->nstages;

	/* keys are made of numbers that fit */
	if (row[0] < 0 || row[0] > nstages || row[1] < 0 || row[1] > PG_INT64_MAX / USECS_PER_DAY)
		return summary_malformed(target->type, "a cell is out of range", escontext);
	if (strcmp(table, "outcomes") == 0)
		return put_cell(target, row[1] <= CHAIN_OPEN,
						FUNNEL_OUTCOME_KEY(row[0], row[1]), row[2], escontext);
	if (strcmp(table, "matched_pairs") == 0)
		return put_cell(target, row[0] > 0 && row[1] > 0 && row[1] <= nstages,
						FUNNEL_PAIR_KEY(row[0] - 1, row[1] - 1), row[2], escontext);
	if (strcmp(table, "open_matched") == 0)
		return put_cell(target, row[0] > 0 && row[1] <= nstages,
						FUNNEL_OPEN_KEY(row[0] - 1, row[1]), row[2], escontext);
	for (int category = 0; category < 3; category++)
		if (!put_cell(target, row[0] > 0,
					  FUNNEL_DURATION_KEY(row[0] - 1, DURATION_KEY(row[1], category)),
					  row[2 + category], escontext))
			return false;
	return true;
}

/* A row of a table, which must have `width` columns; NULL with an error saved. */
static JsonbContainer *
row_at(const JsonTarget *target, JsonbContainer *rows, uint32 i, const char *table, int width, fmNodePtr escontext)
{
	JsonbValue *row = getIthJsonbValueFromContainer(rows, i);

	CHECK_FOR_INTERRUPTS();
	if (row->type == jbvBinary && JsonContainerIsArray(row->val.binary.data) &&
		JsonContainerSize(row->val.binary.data) == width)
		return row->val.binary.data;
	(void) summary_malformed(target->type, psprintf("a row of \"%s\" does not have %d numbers", table, width), escontext);
	return NULL;
}

static bool
read_status(JsonbValue *cell, int64 *status, fmNodePtr escontext)
{
	int			word;

	if (!jsonb_value_word(cell, TYPE_NAME, "status", funnel_statuses, FUNNEL_STATUSES, &word, escontext))
		return false;
	*status = word;
	return true;
}

/* Reads a table of `width` numbers a row; the second one of an outcome is the name of a status. */
static bool
read_json_table(JsonTarget *target, JsonbContainer *object, const char *table, int width,
				fmNodePtr escontext)
{
	JsonbContainer *rows;
	uint32		nrows;

	if (!jsonb_field_array(object, TYPE_NAME, table, &rows, escontext))
		return false;
	nrows = JsonContainerSize(rows);
	for (uint32 i = 0; i < nrows; i++)
	{
		JsonbContainer *cells = row_at(target, rows, i, table, width, escontext);
		int64		row[5];

		if (cells == NULL)
			return false;
		for (int column = 0; column < width; column++)
		{
			JsonbValue *cell = getIthJsonbValueFromContainer(cells, column);

			if (column == 1 && strcmp(table, "outcomes") == 0)
			{
				if (!read_status(cell, &row[column], escontext))
					return false;
			}
			else if (!jsonb_value_int64(cell, TYPE_NAME, table, &row[column], escontext))
				return false;
		}
		if (!put_row(target, table, row, escontext))
			return false;
	}
	return true;
}

/* Reads the rows [depth, status, missing, amount]. */
static bool
read_json_amounts(JsonTarget *target, JsonbContainer *object, fmNodePtr escontext)
{
	JsonbContainer *rows;

	if (!jsonb_field_array(object, TYPE_NAME, "amounts", &rows, escontext))
		return false;
	for (uint32 i = 0; i < JsonContainerSize(rows); i++)
	{
		JsonbContainer *cells = row_at(target, rows, i, "amounts", 4, escontext);
		int64		depth;
		int64		status;
		int64		missing;
		Sum128		amount;
		bool		possible;

		if (cells == NULL ||
			!jsonb_value_int64(getIthJsonbValueFromContainer(cells, 0), TYPE_NAME, "amounts", &depth, escontext) ||
			!read_status(getIthJsonbValueFromContainer(cells, 1), &status, escontext) ||
			!jsonb_value_int64(getIthJsonbValueFromContainer(cells, 2), TYPE_NAME, "amounts", &missing, escontext) ||
			!money_sum_value(getIthJsonbValueFromContainer(cells, 3), TYPE_NAME, "amounts", &amount, escontext))
			return false;
		possible = depth >= 0 && depth <= target->rules->nstages;
		if (!put_cell(target, possible, possible ? FUNNEL_MISSING_KEY(depth, status) : 0, missing, escontext))
			return false;
		if (!sum128_add(&summary_sums(target->state)[funnel_amount_at(target->rules->nstages, (int) depth, (int) status)],
						amount))
			ereturn(escontext, false,
					(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
					 errmsg("an amount of %s is out of range", TYPE_NAME)));
	}
	return true;
}

bool
funnel_read_json(SummaryView *view, const SummaryType *type, JsonbContainer *object, fmNodePtr escontext)
{
	JsonbContainer *definition_object;
	JsonbContainer *sums;
	FunnelDefinition definition;
	StringInfoData identity;
	JsonTarget	target;

	if (!jsonb_field_object(object, TYPE_NAME, "definition", &definition_object, escontext) ||
		!funnel_definition_from_json(definition_object, &definition, escontext) ||
		!jsonb_field_array(object, TYPE_NAME, "step_microseconds", &sums, escontext))
		return false;
	initStringInfo(&identity);
	funnel_definition_encode(&definition, &identity);
	target.type = type;
	target.rules = &definition.rules;
	target.has_amounts = jsonb_field(object, "amounts") != NULL;
	target.state = summary_create(type, identity.data, identity.len,
								  funnel_nsums(definition.rules.nstages, target.has_amounts));

	if (!read_json_table(&target, object, "outcomes", 3, escontext) ||
		!read_json_table(&target, object, "step_days", 5, escontext))
		return false;
	if (definition.rules.skipped == CHAIN_EXCLUDED)
	{
		if (!read_json_table(&target, object, "matched_pairs", 3, escontext) ||
			!read_json_table(&target, object, "open_matched", 3, escontext))
			return false;
	}
	else if (jsonb_field(object, "matched_pairs") != NULL ||
			 jsonb_field(object, "open_matched") != NULL)
		return summary_malformed(type, "matched stages are counted only where skipped is \"excluded\"",
								 escontext);
	if (target.has_amounts && !read_json_amounts(&target, object, escontext))
		return false;
	if (JsonContainerSize(sums) != definition.rules.nstages - 1)
		return summary_malformed(type, "\"step_microseconds\" does not have one sum for each stage but the last",
								 escontext);
	for (int stage = 0; stage < definition.rules.nstages - 1; stage++)
		if (!jsonb_value_sum128(getIthJsonbValueFromContainer(sums, stage), TYPE_NAME,
								"step_microseconds", &summary_sums(target.state)[stage],
								escontext))
			return false;

	summary_view_open(view, type, target.state, NULL);
	return true;
}
