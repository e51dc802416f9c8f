/*
 * deal_progress.c
 *		deal_progress: how far along an ordered list of stages a deal came.
 *		I/O, options, accessors. How a history is read stands in progress_promise.c.
 */
#include "base/compat.h"

#include "catalog/pg_type.h"
#include "libpq/pqformat.h"
#include "miscadmin.h"
#include "nodes/primnodes.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "base/call_cache.h"
#include "history/deal_history.h"
#include "reading/deal_progress.h"
#include "reading/progress_promise.h"
#include "base/json.h"
#include "base/type.h"

/* Checks */

/*
 * Could a search under a definition of this mode and number of stages have
 * given this depth, status and these matched stages? NULL, or why not.
 */
static const char *
check_head(const DealProgress *progress, int nstages)
{
	int			depth = progress->depth;
	uint32		matched = progress->matched;

	if (depth > nstages || progress->status > CHAIN_OPEN ||
		(depth == 0) != (progress->status == CHAIN_NOT_ENTERED) ||
		(depth == nstages) != (progress->status == CHAIN_CONVERTED))
		return "depth and status do not agree";
	if (depth == 0 ? matched != 0 : (matched & 1) == 0 || (matched >> (depth - 1)) != 1)
		return "depth and matched stages do not agree";
	return NULL;
}

/* The same for the instants of one that passed. */
static const char *
check_instants(const DealProgress *progress, ChainMode mode)
{
	int64		last_at = PG_INT64_MIN;
	bool		unfinished = progress->status != CHAIN_NOT_ENTERED &&
		progress->status != CHAIN_CONVERTED;

	for (int i = 0; i < deal_progress_ntimes(progress); i++)
	{
		int64		at = progress->times[i];

		if (!IS_VALID_TIMESTAMP(at))
			return "an instant is out of range";
		if (at < last_at && mode != CHAIN_ANY_ORDER)
			return "instants decrease";
		last_at = Max(last_at, at);
	}
	if (unfinished ?
		progress->ended_at < last_at || !IS_VALID_TIMESTAMP(progress->ended_at) :
		progress->ended_at != 0)
		return "the end and the instants do not agree";
	return NULL;
}

static const char *
check_progress(const DealProgress *progress, const ChainRules *rules)
{
	const char *problem = check_head(progress, rules->nstages);

	return problem != NULL ? problem : check_instants(progress, rules->mode);
}

void
deal_progress_damaged(void)
{
	type_damaged("deal_progress", NULL);
}

/*
 * Detoasts and checks (XX001), but for the instants: they may decrease or be out of
 * range. The value of a promise (progress_promise.h).
 */
static const DealProgress *
deal_progress_peek(Datum datum)
{
	ProgressPromise *promise = progress_promise(datum);
	const DealProgress *progress = promise != NULL ? progress_promise_value(promise) :
		(const DealProgress *) PG_DETOAST_DATUM(datum);
	Size		size = VARSIZE(progress);
	const uint8 *identity;

	if (size < offsetof(DealProgress, times) ||
		progress->version != DEAL_PROGRESS_VERSION || progress->flags != 0 ||
		size != offsetof(DealProgress, times) +
		sizeof(int64) * deal_progress_ntimes(progress) + (Size) progress->identity_size ||
		!funnel_identity_is_sane(identity = deal_progress_identity(progress),
								 progress->identity_size) ||
		check_head(progress, funnel_identity_nstages(identity)) != NULL)
		deal_progress_damaged();
	return progress;
}

/* The same with the instants checked. */
static const DealProgress *
deal_progress_get(Datum datum)
{
	const DealProgress *progress = deal_progress_peek(datum);

	if (check_instants(progress, funnel_identity_mode(deal_progress_identity(progress))) != NULL)
		deal_progress_damaged();
	return progress;
}

void
progress_parts_of_value(ProgressParts *parts, Datum datum)
{
	const DealProgress *value = deal_progress_peek(datum);

	parts->value = value;
	parts->identity = deal_progress_identity(value);
	parts->identity_size = value->identity_size;
	parts->depth = value->depth;
	parts->status = value->status;
	parts->matched = value->matched;
	parts->times = value->times;
	parts->ended_at = value->ended_at;
}

void
deal_progress_definition(const DealProgress *progress, FunnelDefinition *definition)
{
	const char *problem = funnel_definition_decode(deal_progress_identity(progress),
												   progress->identity_size, definition);

	if (problem != NULL)
		type_damaged("deal_progress", problem);
}

/* JSON text and binary */

static void
append_instant(StringInfo out, int64 at)
{
	char		buffer[INSTANT_TEXT_SIZE];

	appendStringInfo(out, "\"%s\"", instant_text(at, buffer));
}

static void
append_json(StringInfo out, Datum datum)
{
	const DealProgress *progress = deal_progress_get(datum);
	FunnelDefinition definition;
	const int64 *times = progress->times;

	deal_progress_definition(progress, &definition);
	appendStringInfo(out, "{\"version\":%d,\"status\":\"%s\",\"depth\":%d,\"stage_times\":[",
					 DEAL_PROGRESS_VERSION, funnel_statuses[progress->status], progress->depth);
	for (int i = 0; i < definition.rules.nstages; i++)
	{
		if (i > 0)
			appendStringInfoChar(out, ',');
		if ((progress->matched >> i) & 1)
			append_instant(out, *times++);
		else
			appendStringInfoString(out, "null");
	}
	appendStringInfoString(out, "],\"ended_at\":");
	if (progress->status == CHAIN_NOT_ENTERED || progress->status == CHAIN_CONVERTED)
		appendStringInfoString(out, "null");
	else
		append_instant(out, progress->ended_at);
	appendStringInfoString(out, ",\"definition\":");
	funnel_definition_to_json(&definition, out);
	appendStringInfoChar(out, '}');
}

/* A progress from its JSON object; NULL with an error saved. */
static struct varlena *
from_json(JsonbContainer *object, fmNodePtr escontext)
{
	JsonbContainer *times;
	JsonbContainer *definition_object;
	JsonbValue *ended_at;
	DealProgress *progress;
	FunnelDefinition definition;
	ChainResult result;
	StringInfoData identity;
	int			status;
	int64		depth;

	if (!jsonb_field_word(object, "deal_progress", "status", funnel_statuses, FUNNEL_STATUSES,
						  &status, escontext) ||
		!jsonb_field_int64(object, "deal_progress", "depth", &depth, escontext) ||
		!jsonb_field_array(object, "deal_progress", "stage_times", &times, escontext) ||
		!jsonb_field_object(object, "deal_progress", "definition", &definition_object,
							escontext) ||
		!funnel_definition_from_json(definition_object, &definition, escontext))
		return NULL;

	initStringInfo(&identity);
	funnel_definition_encode(&definition, &identity);
	progress = deal_progress_begin(definition.rules.nstages, identity.len);
	memset(&result, 0, sizeof(result));
	result.times = progress->times;
	result.status = status;
	if (depth < 0 || depth > definition.rules.nstages ||
		(int) JsonContainerSize(times) != definition.rules.nstages)
	{
		(void) jsonb_accept("depth or stage_times out of range", "deal_progress", escontext);
		return NULL;
	}
	result.depth = depth;
	for (int i = 0; i < definition.rules.nstages; i++)
	{
		JsonbValue *at = getIthJsonbValueFromContainer(times, i);

		if (at->type == jbvNull)
			continue;
		result.matched |= (uint32) 1 << i;
		if (!jsonb_value_instant(at, "deal_progress", "stage_times",
								 &result.times[result.nmatched++], escontext))
			return NULL;
	}
	ended_at = jsonb_field(object, "ended_at");
	if (ended_at != NULL && ended_at->type != jbvNull)
	{
		if (!jsonb_value_instant(ended_at, "deal_progress", "ended_at", &result.ended_at, escontext))
			return NULL;
	}
	else if (result.status != CHAIN_NOT_ENTERED && result.status != CHAIN_CONVERTED)
		result.ended_at = PG_INT64_MIN; /* before every instant: refused below */
	deal_progress_end(progress, &result, identity.data, identity.len);
	if (!jsonb_accept(check_progress(progress, &definition.rules), "deal_progress", escontext))
		return NULL;
	return (struct varlena *) progress;
}

/* Binary: status, depth, matched, end, instants, size of the definition, definition. */
static void
send_value(StringInfo out, Datum datum)
{
	const DealProgress *progress = deal_progress_get(datum);
	FunnelDefinition definition;
	StringInfoData binary;

	pq_sendbyte(out, progress->status);
	pq_sendbyte(out, progress->depth);
	pq_sendint32(out, progress->matched);
	pq_sendint64(out, progress->ended_at);
	for (int i = 0; i < deal_progress_ntimes(progress); i++)
		pq_sendint64(out, progress->times[i]);
	deal_progress_definition(progress, &definition);
	initStringInfo(&binary);
	funnel_definition_send(&definition, &binary);
	pq_sendint32(out, binary.len);
	pq_sendbytes(out, binary.data, binary.len);
}

static struct varlena *
receive_value(StringInfo in)
{
	FunnelDefinition definition;
	ChainResult result;
	int64		times[FUNNEL_MAX_STAGES];
	DealProgress *progress = NULL;
	uint32		size;
	StringInfoData identity;
	const char *problem;

	memset(&result, 0, sizeof(result));
	result.times = times;
	result.status = pq_getmsgbyte(in);
	result.depth = pq_getmsgbyte(in);
	result.matched = pq_getmsgint(in, 4);
	result.ended_at = pq_getmsgint64(in);
	for (uint32 matched = result.matched; matched != 0; matched &= matched - 1)
		result.times[result.nmatched++] = pq_getmsgint64(in);
	size = pq_getmsgint(in, 4);
	if (size > in->len - in->cursor)
		problem = "truncated";
	else
	{
		initStringInfo(&identity);
		problem = funnel_definition_receive(pq_getmsgbytes(in, size), size, "deal_progress",
											&definition, &identity);
		if (problem == NULL)
		{
			progress = deal_progress_begin(FUNNEL_MAX_STAGES, identity.len);
			memcpy(progress->times, times, sizeof(int64) * result.nmatched);
			deal_progress_end(progress, &result, identity.data, identity.len);
			problem = check_progress(progress, &definition.rules);
		}
	}
	receive_check(problem, "deal_progress");
	return (struct varlena *) progress;
}

static const char *const keys[] = {
	"version", "status", "depth", "stage_times", "ended_at", "definition", NULL
};

static const TypeInfo progress_type = {
	.name = "deal_progress",
	.version = DEAL_PROGRESS_VERSION,
	.keys = keys,
	.append_json = append_json,
	.from_json = from_json,
	.send = send_value,
	.receive = receive_value
};

DEFINE_TYPE(deal_progress, progress_type);

/* The reading */

/* The arguments of deal_progress(). */
enum
{
	ARG_HISTORY, ARG_STAGES, ARG_WITHIN, ARG_STEP_WITHIN, ARG_MODE, ARG_SKIPPED,
	ARG_OPTIONAL, ARG_EXITS, ARG_ENTRY, ARG_AS_OF
};

static const char *const argument_names[] = {
	"history", "stages", "within", "step_within", "mode", "skipped",
	"optional", "exits", "entry", "as_of"
};

/* The options, which follow one another; as_of is read in every call. */
static const CachedArguments cached_arguments = {
	.count = 8,
	.argno = {
		ARG_STAGES, ARG_WITHIN, ARG_STEP_WITHIN, ARG_MODE, ARG_SKIPPED,
		ARG_OPTIONAL, ARG_EXITS, ARG_ENTRY
	},
	.interval = ARG_WITHIN
};

static void
check_interrupts(void)
{
	CHECK_FOR_INTERRUPTS();
}

static void
parse_step_within(ArrayType *array, ChainRules *rules)
{
	Datum	   *elements;
	bool	   *nulls;
	int			count;

	if (ARR_NDIM(array) > 1)
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("step_within must be a one-dimensional array")));
	deconstruct_array(array, INTERVALOID, sizeof(Interval), false, TYPALIGN_DOUBLE,
					  &elements, &nulls, &count);
	if (count != rules->nstages - 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("step_within has length %d for %d stages", count, rules->nstages),
				 errhint("Give one fewer than there are stages; NULL stands for no bound.")));
	for (int i = 0; i < count; i++)
		if (!nulls[i])
			rules->step_within[i] = window_from_interval(DatumGetIntervalP(elements[i]),
														 "step_within");
}

static void
parse_optional(ArrayType *array, FunnelDefinition *definition)
{
	int			count;
	Label	   *labels = labels_from_array(array, "optional", FUNNEL_MAX_STAGES, &count);

	for (int i = 0; i < count; i++)
	{
		int			stage = funnel_definition_stage(definition, label_to_text(labels[i]), "optional");

		definition->rules.optional |= (uint32) 1 << stage;
	}
}

/* The options of this call, parsed into `definition`; labels point into the arguments. */
static void
parse_options(FunctionCallInfo fcinfo, FunnelDefinition *definition)
{
	ChainRules *rules = &definition->rules;
	Label	   *labels;

	memset(definition, 0, sizeof(*definition));
	require_option(fcinfo, ARG_STAGES, argument_names[ARG_STAGES]);
	require_option(fcinfo, ARG_MODE, argument_names[ARG_MODE]);
	require_option(fcinfo, ARG_SKIPPED, argument_names[ARG_SKIPPED]);
	require_option(fcinfo, ARG_EXITS, argument_names[ARG_EXITS]);
	require_option(fcinfo, ARG_ENTRY, argument_names[ARG_ENTRY]);

	rules->mode = option_from_text(PG_GETARG_TEXT_PP(ARG_MODE), "mode", funnel_modes, FUNNEL_MODES);
	rules->skipped = option_from_text(PG_GETARG_TEXT_PP(ARG_SKIPPED), "skipped",
									  funnel_skipped, FUNNEL_SKIPPED);
	rules->entry = option_from_text(PG_GETARG_TEXT_PP(ARG_ENTRY), "entry", funnel_entries,
									FUNNEL_ENTRIES);
	labels = labels_from_array(PG_GETARG_ARRAYTYPE_P(ARG_STAGES), "stages",
							   FUNNEL_MAX_STAGES, &rules->nstages);
	memcpy(definition->stages, labels, sizeof(Label) * rules->nstages);
	labels = labels_from_array(PG_GETARG_ARRAYTYPE_P(ARG_EXITS), "exits",
							   FUNNEL_MAX_EXITS, &definition->nexits);
	memcpy(definition->exits, labels, sizeof(Label) * definition->nexits);
	rules->within = CHAIN_NO_WINDOW;
	if (!PG_ARGISNULL(ARG_WITHIN))
		rules->within = window_from_interval(PG_GETARG_INTERVAL_P(ARG_WITHIN), "within");
	for (int i = 0; i < lengthof(rules->step_within); i++)
		rules->step_within[i] = CHAIN_NO_WINDOW;
	if (!PG_ARGISNULL(ARG_STEP_WITHIN))
		parse_step_within(PG_GETARG_ARRAYTYPE_P(ARG_STEP_WITHIN), rules);
	if (!PG_ARGISNULL(ARG_OPTIONAL))
		parse_optional(PG_GETARG_ARRAYTYPE_P(ARG_OPTIONAL), definition);
	funnel_definition_check(definition, NULL);
}

static pg_noinline const ProgressOptions *
get_options(FunctionCallInfo fcinfo)
{
	ProgressOptions *options = call_cache_get(fcinfo, &cached_arguments);
	FunnelDefinition definition;
	MemoryContext caller;
	const char *problem;

	if (options != NULL)
		return options;

	(void) call_cache_begin(fcinfo, &cached_arguments, &caller);
	options = palloc0(sizeof(ProgressOptions));
	parse_options(fcinfo, &definition);
	initStringInfo(&options->identity);
	funnel_definition_encode(&definition, &options->identity);
	/* decoded again, the labels point into the cache's own copy */
	problem = funnel_definition_decode((const uint8 *) options->identity.data,
									   options->identity.len, &options->definition);
	Assert(problem == NULL);
	(void) problem;
	options->definition.rules.check_interrupts = check_interrupts;

	options->roles = funnel_definition_roles(&options->definition, NO_ROLE);
	options->constant = call_cache_end(fcinfo, options, caller);
	if (options->constant && chain_memo_serves(&options->definition.rules))
	{
		options->memo = MemoryContextAlloc(fcinfo->flinfo->fn_mcxt, sizeof(ChainMemo));
		chain_memo_begin(options->memo, &options->definition.rules);
	}
	return options;
}

/*
 * deal_progress(history, stages, within, step_within, mode, skipped, optional,
 * exits, entry, as_of): the winning chain, its depth and status. NULL for a
 * NULL history or as_of; see chain.h for the definition.
 */
PG_FUNCTION_INFO_V1(deal_progress);
Datum
deal_progress(PG_FUNCTION_ARGS)
{
	const ProgressOptions *options;
	TimestampTz as_of;

	/* options are checked even where there is nothing to read */
	options = call_cache_get_constant(fcinfo);
	if (unlikely(options == NULL))
		options = get_options(fcinfo);
	if (PG_ARGISNULL(ARG_HISTORY) || PG_ARGISNULL(ARG_AS_OF))
		PG_RETURN_NULL();
	as_of = PG_GETARG_TIMESTAMPTZ(ARG_AS_OF);
	instant_check(as_of, "as_of", NULL);
	PG_RETURN_DATUM(progress_of_history(options, PG_GETARG_DATUM(ARG_HISTORY), as_of));
}

/* Accessors */

PG_FUNCTION_INFO_V1(deal_progress_depth);
Datum
deal_progress_depth(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT32(deal_progress_get(PG_GETARG_DATUM(0))->depth);
}

PG_FUNCTION_INFO_V1(deal_progress_status);
Datum
deal_progress_status(PG_FUNCTION_ARGS)
{
	const DealProgress *progress = deal_progress_get(PG_GETARG_DATUM(0));

	PG_RETURN_TEXT_P(cstring_to_text(funnel_statuses[progress->status]));
}

/* One instant per stage; NULL where it was skipped or not reached. */
PG_FUNCTION_INFO_V1(deal_progress_stage_times);
Datum
deal_progress_stage_times(PG_FUNCTION_ARGS)
{
	const DealProgress *progress = deal_progress_get(PG_GETARG_DATUM(0));
	const int64 *times = progress->times;
	FunnelDefinition definition;
	Datum		values[FUNNEL_MAX_STAGES];
	bool		nulls[FUNNEL_MAX_STAGES];
	int			dimension;
	int			lower_bound = 1;

	deal_progress_definition(progress, &definition);
	dimension = definition.rules.nstages;
	for (int i = 0; i < dimension; i++)
	{
		nulls[i] = !((progress->matched >> i) & 1);
		values[i] = nulls[i] ? (Datum) 0 : TimestampTzGetDatum(*times++);
	}
	PG_RETURN_ARRAYTYPE_P(construct_md_array(values, nulls, 1, &dimension, &lower_bound,
											 TIMESTAMPTZOID, sizeof(TimestampTz),
											 FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
}

/* The instant of one stage; NULL where it was skipped or not reached. */
PG_FUNCTION_INFO_V1(deal_progress_stage_time);
Datum
deal_progress_stage_time(PG_FUNCTION_ARGS)
{
	const DealProgress *progress = deal_progress_get(PG_GETARG_DATUM(0));
	FunnelDefinition definition;
	int			stage;
	uint32		before;			/* the stages before it */

	deal_progress_definition(progress, &definition);
	stage = funnel_definition_stage(&definition, PG_GETARG_TEXT_PP(1), "stage");
	before = ((uint32) 1 << stage) - 1;
	if (!((progress->matched >> stage) & 1))
		PG_RETURN_NULL();
	PG_RETURN_TIMESTAMPTZ(progress->times[pg_popcount32(progress->matched & before)]);
}

/* When the winning chain begins: its earliest instant; NULL when not entered. */
PG_FUNCTION_INFO_V1(deal_progress_entered_at);
Datum
deal_progress_entered_at(PG_FUNCTION_ARGS)
{
	const DealProgress *progress = deal_progress_get(PG_GETARG_DATUM(0));
	int64		entered_at = PG_INT64_MAX;

	if (progress->depth == 0)
		PG_RETURN_NULL();
	for (int i = 0; i < deal_progress_ntimes(progress); i++)
		entered_at = Min(entered_at, progress->times[i]);
	PG_RETURN_TIMESTAMPTZ(entered_at);
}
