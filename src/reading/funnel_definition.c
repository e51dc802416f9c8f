/*
 * funnel_definition.c
 *		What a funnel is: checking, encoding and decoding its definition, and
 *		reading options. Bytes: see funnel_definition.h.
 */
#include "base/compat.h"

#include "common/int.h"
#include "libpq/pqformat.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/json.h"

#include "reading/funnel_definition.h"
#include "base/json.h"
#include "plain/varint.h"

const char *const funnel_modes[] = {"ordered", "adjacent", "increasing", "any_order", NULL};
const char *const funnel_skipped[] = {"passed", "stop", "excluded", NULL};
const char *const funnel_entries[] = {"best", "first", "latest", NULL};
const char *const funnel_statuses[] = {
	"not_entered", "converted", "exited", "expired", "open", NULL
};

/* Options */

static bool
check_distinct(const Label *labels, int count, const char *what, fmNodePtr escontext)
{
	for (int i = 0; i < count; i++)
	{
		if (!label_check(labels[i], psprintf("a label in %s", what), escontext))
			return false;
		for (int j = 0; j < i; j++)
			if (label_equal(labels[i], labels[j]))
				ereturn(escontext, false,
						(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						 errmsg("%s names \"%.*s\" more than once", what,
								labels[i].length, labels[i].data)));
	}
	return true;
}

bool
funnel_definition_check(FunnelDefinition *definition, fmNodePtr escontext)
{
	ChainRules *rules = &definition->rules;

	if (rules->nstages < 1)
		ereturn(escontext, false,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("stages must not be empty")));
	if (!check_distinct(definition->stages, rules->nstages, "stages", escontext) ||
		!check_distinct(definition->exits, definition->nexits, "exits", escontext))
		return false;
	for (int i = 0; i < rules->nstages; i++)
		for (int j = 0; j < definition->nexits; j++)
			if (label_equal(definition->stages[i], definition->exits[j]))
				ereturn(escontext, false,
						(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						 errmsg("\"%.*s\" is in both stages and exits",
								definition->stages[i].length, definition->stages[i].data),
						 errhint("Exits are {lost,no_decision} by default; deal_progress takes others, and '{}' for none.")));
	if (rules->optional & 1)
		ereturn(escontext, false,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("optional names the first stage, \"%.*s\"",
						definition->stages[0].length, definition->stages[0].data),
				 errhint("A deal enters with the first stage: begin stages with the next one.")));
	labels_sort(definition->exits, definition->nexits);

	rules->has_steps = false;
	for (int i = 0; i < rules->nstages - 1; i++)
		if (rules->step_within[i] != CHAIN_NO_WINDOW)
			rules->has_steps = true;
	if (rules->mode == CHAIN_ANY_ORDER)
	{
		if (rules->has_steps)
			ereturn(escontext, false,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("step_within has no meaning with mode \"any_order\""),
					 errhint("Use within for the whole chain.")));
		rules->skipped = CHAIN_PASSED;
		rules->entry = CHAIN_BEST;
	}
	return true;
}

/* Bytes */

static void
append_varint(StringInfo out, uint64 value)
{
	uint8		bytes[VARINT_MAX_BYTES];

	appendBinaryStringInfo(out, (char *) bytes, varint_write(bytes, value) - bytes);
}

static void
append_label(StringInfo out, Label label)
{
	appendStringInfoChar(out, (char) label.length);
	appendBinaryStringInfo(out, label.data, label.length);
}

/* What comes before the labels. */
static void
append_rules(const FunnelDefinition *definition, StringInfo out)
{
	const ChainRules *rules = &definition->rules;

	appendStringInfoChar(out, (char) rules->mode);
	appendStringInfoChar(out, (char) rules->skipped);
	appendStringInfoChar(out, (char) rules->entry);
	appendStringInfoChar(out, (char) rules->nstages);
	appendStringInfoChar(out, (char) definition->nexits);
	append_varint(out, rules->optional);
	append_varint(out, (uint64) rules->within + 1);
	for (int i = 0; i < rules->nstages - 1; i++)
		append_varint(out, (uint64) rules->step_within[i] + 1);
}

void
funnel_definition_encode(const FunnelDefinition *definition, StringInfo out)
{
	append_rules(definition, out);
	for (int i = 0; i < definition->rules.nstages; i++)
		append_label(out, definition->stages[i]);
	for (int i = 0; i < definition->nexits; i++)
		append_label(out, definition->exits[i]);
}

static const uint8 *
read_label(const uint8 *in, const uint8 *end, Label *label)
{
	if (in == NULL || in >= end || *in == 0 || end - in - 1 < *in)
		return NULL;
	label->length = *in++;
	label->data = (const char *) in;
	return in + label->length;
}

/* A window as stored: microseconds plus one. */
static const uint8 *
read_window(const uint8 *in, const uint8 *end, int64_t *window)
{
	uint64		value;

	if (in == NULL || (in = varint_read(in, end, &value)) == NULL ||
		value > (uint64) PG_INT64_MAX + 1)
		return NULL;
	*window = (int64) (value - 1);
	return in;
}

/* What comes before the labels; NULL, or what is wrong. */
static const char *
read_rules(const uint8 **identity, const uint8 *end, FunnelDefinition *definition)
{
	ChainRules *rules = &definition->rules;
	const uint8 *in = *identity;
	uint64		optional;

	if (end - in < 5 || in[0] > CHAIN_ANY_ORDER || in[1] > CHAIN_EXCLUDED || in[2] > CHAIN_LATEST ||
		in[3] < 1 || in[3] > FUNNEL_MAX_STAGES || in[4] > FUNNEL_MAX_EXITS)
		return "its definition is out of range";
	memset(definition, 0, sizeof(*definition));
	rules->mode = in[0];
	rules->skipped = in[1];
	rules->entry = in[2];
	rules->nstages = in[3];
	definition->nexits = in[4];
	in = varint_read(in + 5, end, &optional);
	if (in == NULL || (optional >> rules->nstages) != 0)
		return "its optional stages are out of range";
	if (optional & 1)
		return "its first stage is optional";
	rules->optional = (uint32) optional;
	in = read_window(in, end, &rules->within);
	for (int i = 0; i < rules->nstages - 1; i++)
		in = read_window(in, end, &rules->step_within[i]);
	if (in == NULL)
		return "its definition has the wrong length";
	*identity = in;
	return NULL;
}

/* Is a definition that was read what funnel_definition_check() would have made of it? */
static const char *
check_decoded(FunnelDefinition *definition)
{
	ChainRules *rules = &definition->rules;

	for (int i = 0; i < rules->nstages - 1; i++)
		if (rules->step_within[i] != CHAIN_NO_WINDOW)
			rules->has_steps = true;
	for (int i = 1; i < definition->nexits; i++)
		if (label_compare(definition->exits[i - 1], definition->exits[i]) >= 0)
			return "its exits are out of order";
	for (int i = 0; i < rules->nstages; i++)
	{
		for (int j = 0; j < i; j++)
			if (label_equal(definition->stages[i], definition->stages[j]))
				return "a stage comes twice";
		for (int j = 0; j < definition->nexits; j++)
			if (label_equal(definition->stages[i], definition->exits[j]))
				return "a stage is an exit as well";
	}
	if (rules->mode == CHAIN_ANY_ORDER &&
		(rules->has_steps || rules->skipped != CHAIN_PASSED || rules->entry != CHAIN_BEST))
		return "it has options without meaning under mode any_order";
	return NULL;
}

const char *
funnel_definition_decode(const uint8 *identity, Size size, FunnelDefinition *definition)
{
	const uint8 *in = identity;
	const uint8 *end = identity + size;
	const char *problem = read_rules(&in, end, definition);

	if (problem != NULL)
		return problem;
	for (int i = 0; i < definition->rules.nstages; i++)
		in = read_label(in, end, &definition->stages[i]);
	for (int i = 0; i < definition->nexits; i++)
		in = read_label(in, end, &definition->exits[i]);
	if (in != end)
		return "its definition has the wrong length";
	return check_decoded(definition);
}

void
funnel_definition_send(const FunnelDefinition *definition, StringInfo out)
{
	append_rules(definition, out);
	for (int i = 0; i < definition->rules.nstages; i++)
		label_send(out, definition->stages[i]);
	for (int i = 0; i < definition->nexits; i++)
		label_send(out, definition->exits[i]);
}

const char *
funnel_definition_receive(const char *bytes, int size, const char *type,
						  FunnelDefinition *definition, StringInfo identity)
{
	const uint8 *labels = (const uint8 *) bytes;
	const char *problem = read_rules(&labels, labels + size, definition);
	StringInfoData in = {.data = unconstify(char *, bytes), .len = size};
	int			nlabels;

	if (problem != NULL)
		return problem;
	in.cursor = (int) ((const char *) labels - bytes);
	nlabels = definition->rules.nstages + definition->nexits;
	for (int i = 0; i < nlabels; i++)
	{
		Label		label = label_receive(&in, type, "label");

		if (label.length == 0)
			return "an empty label";
		if (i < definition->rules.nstages)
			definition->stages[i] = label;
		else
			definition->exits[i - definition->rules.nstages] = label;
	}
	if (in.cursor != size)
		return "its definition has the wrong length";
	labels_sort(definition->exits, definition->nexits);
	funnel_definition_encode(definition, identity);
	return check_decoded(definition);
}

KindRoles *
funnel_definition_roles(const FunnelDefinition *definition, uint8 none)
{
	int			nstages = definition->rules.nstages;
	KindRoles  *roles = kind_roles_create(nstages + definition->nexits, none);

	for (int i = 0; i < nstages; i++)
		kind_roles_set(roles, definition->stages[i], i);
	for (int i = 0; i < definition->nexits; i++)
		kind_roles_set(roles, definition->exits[i], CHAIN_EXIT);
	return roles;
}

const char *
funnel_definition_verify_labels(const FunnelDefinition *definition)
{
	for (int i = 0; i < definition->rules.nstages + definition->nexits; i++)
	{
		Label		label = i < definition->rules.nstages ? definition->stages[i] :
			definition->exits[i - definition->rules.nstages];

		if (memchr(label.data, '\0', label.length) != NULL ||
			!pg_verifymbstr(label.data, label.length, true))
			return "a label is not valid text";
	}
	return NULL;
}

int
funnel_definition_stage(const FunnelDefinition *definition, text *stage, const char *what)
{
	Label		sought;
	StringInfoData stages;

	sought.data = VARDATA_ANY(stage);
	sought.length = VARSIZE_ANY_EXHDR(stage);
	for (int i = 0; i < definition->rules.nstages; i++)
		if (label_equal(definition->stages[i], sought))
			return i;

	initStringInfo(&stages);
	for (int i = 0; i < definition->rules.nstages; i++)
		appendStringInfo(&stages, "%s%.*s", i == 0 ? "" : ", ",
						 definition->stages[i].length, definition->stages[i].data);
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("%s \"%s\" is not a stage of this funnel", what, text_to_cstring(stage)),
			 errhint("Its stages are %s.", stages.data)));
	return -1;					/* keep compilers quiet */
}

/* JSON */

static void
append_json_labels(StringInfo out, const Label *labels, int count)
{
	appendStringInfoChar(out, '[');
	for (int i = 0; i < count; i++)
	{
		if (i > 0)
			appendStringInfoChar(out, ',');
		append_json_label(out, labels[i]);
	}
	appendStringInfoChar(out, ']');
}

static void
append_json_window(StringInfo out, int64 window)
{
	if (window == CHAIN_NO_WINDOW)
		appendStringInfoString(out, "null");
	else
		appendStringInfo(out, INT64_FORMAT, window);
}

void
funnel_definition_to_json(const FunnelDefinition *definition, StringInfo out)
{
	const ChainRules *rules = &definition->rules;
	Label		optional[FUNNEL_MAX_STAGES];
	int			noptional = 0;

	for (int i = 0; i < rules->nstages; i++)
		if ((rules->optional >> i) & 1)
			optional[noptional++] = definition->stages[i];

	appendStringInfoString(out, "{\"stages\":");
	append_json_labels(out, definition->stages, rules->nstages);
	appendStringInfo(out, ",\"mode\":\"%s\",\"skipped\":\"%s\",\"entry\":\"%s\",\"exits\":",
					 funnel_modes[rules->mode], funnel_skipped[rules->skipped],
					 funnel_entries[rules->entry]);
	append_json_labels(out, definition->exits, definition->nexits);
	appendStringInfoString(out, ",\"optional\":");
	append_json_labels(out, optional, noptional);
	appendStringInfoString(out, ",\"within_microseconds\":");
	append_json_window(out, rules->within);
	appendStringInfoString(out, ",\"step_within_microseconds\":[");
	for (int i = 0; i < rules->nstages - 1; i++)
	{
		if (i > 0)
			appendStringInfoChar(out, ',');
		append_json_window(out, rules->step_within[i]);
	}
	appendStringInfoString(out, "]}");
}

/* The labels under a key into `labels`; at most `limit`. */
static bool
read_json_labels(JsonbContainer *object, const char *key, Label *labels, int limit,
				 int *count, fmNodePtr escontext)
{
	JsonbContainer *array;

	if (!jsonb_field_array(object, "funnel definition", key, &array, escontext))
		return false;
	*count = JsonContainerSize(array);
	if (*count > limit)
		ereturn(escontext, false,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("%s has %d elements", key, *count),
				 errdetail("At most %d are allowed.", limit)));
	for (int i = 0; i < *count; i++)
		if (!jsonb_value_label(getIthJsonbValueFromContainer(array, i),
							   "funnel definition", key, &labels[i], escontext))
			return false;
	return true;
}

static bool
read_json_window(const JsonbValue *value, const char *key, int64_t *window,
				 fmNodePtr escontext)
{
	int64		microseconds = CHAIN_NO_WINDOW;

	if (value != NULL && value->type != jbvNull)
	{
		if (!jsonb_value_int64(value, "funnel definition", key, &microseconds, escontext))
			return false;
		if (microseconds < 0)
			ereturn(escontext, false,
					(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
					 errmsg("malformed funnel definition: \"%s\" is negative", key)));
	}
	*window = microseconds;
	return true;
}

bool
funnel_definition_from_json(JsonbContainer *object, FunnelDefinition *definition,
							fmNodePtr escontext)
{
	static const char *const keys[] = {
		"stages", "mode", "skipped", "entry", "exits", "optional",
		"within_microseconds", "step_within_microseconds", NULL
	};
	ChainRules *rules = &definition->rules;
	JsonbContainer *steps;
	Label		optional[FUNNEL_MAX_STAGES];
	int			noptional;
	int			mode;
	int			skipped;
	int			entry;

	memset(definition, 0, sizeof(*definition));
	if (!jsonb_check_keys(object, "funnel definition", keys, escontext) ||
		!read_json_labels(object, "stages", definition->stages, FUNNEL_MAX_STAGES,
						  &rules->nstages, escontext) ||
		!read_json_labels(object, "exits", definition->exits, FUNNEL_MAX_EXITS,
						  &definition->nexits, escontext) ||
		!read_json_labels(object, "optional", optional, FUNNEL_MAX_STAGES,
						  &noptional, escontext) ||
		!jsonb_field_word(object, "funnel definition", "mode", funnel_modes, FUNNEL_MODES, &mode, escontext) ||
		!jsonb_field_word(object, "funnel definition", "skipped", funnel_skipped, FUNNEL_SKIPPED, &skipped, escontext) ||
		!jsonb_field_word(object, "funnel definition", "entry", funnel_entries, FUNNEL_ENTRIES, &entry, escontext) ||
		!read_json_window(jsonb_field(object, "within_microseconds"), "within_microseconds",
						  &rules->within, escontext) ||
		!jsonb_field_array(object, "funnel definition", "step_within_microseconds",
						   &steps, escontext))
		return false;
	rules->mode = mode;
	rules->skipped = skipped;
	rules->entry = entry;
	for (int i = 0; i < noptional; i++)
	{
		int			stage = 0;

		while (stage < rules->nstages && !label_equal(definition->stages[stage], optional[i]))
			stage++;
		if (stage == rules->nstages)
			ereturn(escontext, false,
					(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
					 errmsg("malformed funnel definition: optional \"%.*s\" is not a stage",
							optional[i].length, optional[i].data)));
		rules->optional |= (uint32) 1 << stage;
	}
	if ((int) JsonContainerSize(steps) != Max(rules->nstages - 1, 0))
		ereturn(escontext, false,
				(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
				 errmsg("malformed funnel definition: %d stages with %d steps between them",
						rules->nstages, (int) JsonContainerSize(steps))));
	for (int i = 0; i < rules->nstages - 1; i++)
		if (!read_json_window(getIthJsonbValueFromContainer(steps, i),
							  "step_within_microseconds", &rules->step_within[i], escontext))
			return false;
	return funnel_definition_check(definition, escontext);
}
