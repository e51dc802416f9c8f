/*
 * raw_funnel.c
 *		funnel_agg(deal, kind, at, stages [, within, as_of]): the funnel of raw
 *		events in one pass, without a history or a GROUP BY per deal (floor 3).
 *
 * The state buffers the events whose kind is a stage or an exit
 * (event_buffer.h) and reads them deal by deal at the end, as deal_progress()
 * with default options would. It alone of all aggregates has an internal state.
 *
 * The transition is called for every row of a table, so what is the same for
 * all rows is looked at once: where the stages are a constant of the query they
 * are not compared again, and most kinds are told apart by a signature of four
 * bytes.
 */
#include "base/compat.h"

#include "access/xact.h"
#include "common/hashfn.h"
#include "miscadmin.h"
#include "nodes/primnodes.h"
#include "storage/shmem.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"
#include "utils/uuid.h"

#include "history/deal_event.h"
#include "summary/event_buffer.h"
#include "summary/funnel_summary.h"

/* What all events of a state share; kept by the call site for all its states. */
typedef struct Options
{
	struct Options *next;		/* in the same bucket */
	uint32		hash;
	bool		constant;		/* the stages cannot change during the query */
	ArrayType  *stages;			/* as given, to compare */
	bool		has_within;
	Interval	within;
	FunnelDefinition definition;
	StringInfoData identity;
	KindRoles  *roles;
} Options;

typedef struct FunnelEvents
{
	const Options *options;
	TimestampTz as_of;
	EventBuffer buffer;
	const char *serial;			/* a buffer not yet taken in, in place of this one */
	Size		serial_size;
} FunnelEvents;

/* The role of a kind that is neither a stage nor an exit. */
#define NO_ROLE PG_UINT8_MAX

/* Options */

static Options *
parse_options(ArrayType *stages, const Interval *within, MemoryContext context)
{
	static const Label default_exits[] = {{"lost", 4}, {"no_decision", 11}};
	MemoryContext caller = MemoryContextSwitchTo(context);
	Options    *options = palloc0(sizeof(Options));
	FunnelDefinition *definition = &options->definition;
	ChainRules *rules = &definition->rules;
	Label	   *labels;

	options->stages = (ArrayType *) palloc(VARSIZE(stages));
	memcpy(options->stages, stages, VARSIZE(stages));
	options->has_within = within != NULL;
	if (within != NULL)
		options->within = *within;

	labels = labels_from_array(options->stages, "stages", FUNNEL_MAX_STAGES, &rules->nstages);
	memcpy(definition->stages, labels, sizeof(Label) * rules->nstages);
	definition->nexits = lengthof(default_exits);
	memcpy(definition->exits, default_exits, sizeof(default_exits));
	rules->mode = CHAIN_ORDERED;
	rules->skipped = CHAIN_PASSED;
	rules->entry = CHAIN_BEST;
	rules->within = within == NULL ? CHAIN_NO_WINDOW : window_from_interval(within, "within");
	for (int i = 0; i < lengthof(rules->step_within); i++)
		rules->step_within[i] = CHAIN_NO_WINDOW;
	funnel_definition_check(definition, NULL);
	initStringInfo(&options->identity);
	funnel_definition_encode(definition, &options->identity);

	options->roles = funnel_definition_roles(definition, NO_ROLE);
	MemoryContextSwitchTo(caller);
	return options;
}

/*
 * Is an argument of the aggregate the same for all rows of the query? Parameters
 * from outside are; those that the executor sets itself are not.
 */
static bool
argument_is_constant(FunctionCallInfo fcinfo, int argno)
{
	const Aggref *aggregate = AggGetAggref(fcinfo);
	const Expr *argument;

	if (aggregate == NULL || argno > list_length(aggregate->args))
		return false;
	argument = ((const TargetEntry *) list_nth(aggregate->args, argno - 1))->expr;
	return IsA(argument, Const) ||
		(IsA(argument, Param) && ((const Param *) argument)->paramkind == PARAM_EXTERN);
}

static inline bool
same_within(const Options *options, const Interval *within)
{
	return options->has_within == (within != NULL) &&
		(within == NULL || memcmp(&options->within, within, sizeof(Interval)) == 0);
}

static inline bool
same_stages(const Options *options, const ArrayType *stages)
{
	return VARSIZE(options->stages) == VARSIZE(stages) &&
		memcmp(options->stages, stages, VARSIZE(stages)) == 0;
}

static inline const Interval *
within_of(const Options *options)
{
	return options->has_within ? &options->within : NULL;
}

/*
 * The options that a call site has met, by hash: groups may differ in them. No
 * more than there are buckets, or groups that each have their own would leave
 * them behind until the query ends.
 */
#define OPTION_BUCKETS 1024

typedef struct OptionCache
{
	int			count;
	Options    *buckets[OPTION_BUCKETS];
} OptionCache;

/*
 * The options of a call, parsed once for all groups of the query that share them;
 * those that are too many, in `context` for one state.
 */
static Options *
get_options(FmgrInfo *call_site, ArrayType *stages, const Interval *within, MemoryContext context)
{
	OptionCache *cache = call_site->fn_extra;
	uint32		hash = hash_bytes((unsigned char *) stages, VARSIZE(stages));
	Options    *options;

	if (within != NULL)
		hash = hash_combine(hash, hash_bytes((const unsigned char *) within, sizeof(Interval)));
	if (cache == NULL)
		call_site->fn_extra = cache =
			MemoryContextAllocZero(call_site->fn_mcxt, sizeof(OptionCache));
	for (options = cache->buckets[hash % OPTION_BUCKETS]; options != NULL; options = options->next)
		if (options->hash == hash && same_stages(options, stages) && same_within(options, within))
			return options;
	if (cache->count == OPTION_BUCKETS)
		return parse_options(stages, within, context);
	options = parse_options(stages, within, call_site->fn_mcxt);
	options->hash = hash;
	options->next = cache->buckets[hash % OPTION_BUCKETS];
	cache->buckets[hash % OPTION_BUCKETS] = options;
	cache->count++;
	return options;
}

/* Transition */

static MemoryContext
aggregate_context(FunctionCallInfo fcinfo)
{
	MemoryContext context;

	if (!AggCheckCallContext(fcinfo, &context))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("this function works only inside an aggregate")));
	return context;
}

static inline void
require_same(const FunnelEvents *events, bool same_rules, TimestampTz as_of)
{
	if (unlikely(!same_rules || events->as_of != as_of))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s must be the same for all rows of one funnel_agg",
						same_rules ? "as_of" : "stages and within")));
}

/* The arguments of the transitions. */
enum
{
	ARG_STATE, ARG_DEAL, ARG_KIND, ARG_AT, ARG_STAGES, ARG_WITHIN, ARG_AS_OF
};

/* As PG_GETARG_TEXT_PP, without a call for what is not toasted. */
static inline text *
text_argument(FunctionCallInfo fcinfo, int argno)
{
	text	   *value = (text *) PG_GETARG_POINTER(argno);

	return likely(!VARATT_IS_EXTERNAL(value) && !VARATT_IS_COMPRESSED(value)) ? value :
		pg_detoast_datum_packed(value);
}

static FunnelEvents *
create_events(MemoryContext context, const Options *options, TimestampTz as_of, bool named)
{
	FunnelEvents *events = MemoryContextAllocZero(context, sizeof(FunnelEvents));

	events->options = options;
	events->as_of = as_of;
	event_buffer_init(&events->buffer, context, named);
	return events;
}

/* The state of the first row of a group. */
static FunnelEvents *
begin_events(FunctionCallInfo fcinfo, bool named, ArrayType *stages, const Interval *within,
			 TimestampTz as_of)
{
	MemoryContext context = aggregate_context(fcinfo);
	Options    *options;

	instant_check(as_of, "as_of", NULL);
	options = get_options(fcinfo->flinfo, stages, within, context);
	options->constant = argument_is_constant(fcinfo, ARG_STAGES);
	return create_events(context, options, as_of, named);
}

/*
 * Takes in one row but for its deal, and returns the state. Rows without a
 * deal, kind, instant or as_of are skipped, and so are events after as_of and
 * kinds that play no role: *role is then NO_ROLE. *at is set where it is not.
 */
static pg_attribute_always_inline FunnelEvents *
take_row(FunctionCallInfo fcinfo, bool named, TimestampTz *at, int *role)
{
	FunnelEvents *events = PG_ARGISNULL(ARG_STATE) ? NULL :
		(FunnelEvents *) PG_GETARG_POINTER(ARG_STATE);
	bool		has_options = PG_NARGS() > ARG_WITHIN;
	const Interval *within = NULL;
	text	   *kind;
	Label		label;

	*role = NO_ROLE;
	if (PG_ARGISNULL(ARG_STAGES))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("stages must not be NULL")));
	if (PG_ARGISNULL(ARG_DEAL) || PG_ARGISNULL(ARG_KIND) || PG_ARGISNULL(ARG_AT) ||
		(has_options && PG_ARGISNULL(ARG_AS_OF)))
		return events;

	if (has_options && !PG_ARGISNULL(ARG_WITHIN))
		within = PG_GETARG_INTERVAL_P(ARG_WITHIN);
	if (unlikely(events == NULL))
		events = begin_events(fcinfo, named, PG_GETARG_ARRAYTYPE_P(ARG_STAGES), within,
							  has_options ? PG_GETARG_TIMESTAMPTZ(ARG_AS_OF) :
							  GetCurrentTransactionStartTimestamp());
	else
		require_same(events,
					 (events->options->constant ||
					  same_stages(events->options, PG_GETARG_ARRAYTYPE_P(ARG_STAGES))) &&
					 same_within(events->options, within),
					 has_options ? PG_GETARG_TIMESTAMPTZ(ARG_AS_OF) : events->as_of);

	*at = PG_GETARG_TIMESTAMPTZ(ARG_AT);
	if (unlikely(TIMESTAMP_NOT_FINITE(*at)))
		instant_check(*at, "instant", NULL);
	kind = text_argument(fcinfo, ARG_KIND);
	label.data = VARDATA_ANY(kind);
	label.length = VARSIZE_ANY_EXHDR(kind);
	if (unlikely(label.length == 0 || label.length > LABEL_MAX_BYTES))
		label_check(label, "kind", NULL);
	if (*at <= events->as_of)
		*role = kind_roles_of(events->options->roles, label.data, label.length);
	return events;
}

static Datum
return_state(FunctionCallInfo fcinfo, FunnelEvents *events)
{
	if (events == NULL)
		PG_RETURN_NULL();
	PG_RETURN_POINTER(events);
}

PG_FUNCTION_INFO_V1(funnel_events_add_bigint);
Datum
funnel_events_add_bigint(PG_FUNCTION_ARGS)
{
	TimestampTz at;
	int			role;
	FunnelEvents *events = take_row(fcinfo, false, &at, &role);

	if (role != NO_ROLE)
		event_buffer_add(&events->buffer, PG_GETARG_INT64(ARG_DEAL), at, role, NULL, 0);
	return return_state(fcinfo, events);
}

static inline void
add_named(FunnelEvents *events, TimestampTz at, int role, const char *name, uint32 length)
{
	event_buffer_add(&events->buffer,
					 (int64) hash_bytes_extended((const unsigned char *) name, length, 0),
					 at, role, name, length);
}

PG_FUNCTION_INFO_V1(funnel_events_add_uuid);
Datum
funnel_events_add_uuid(PG_FUNCTION_ARGS)
{
	TimestampTz at;
	int			role;
	FunnelEvents *events = take_row(fcinfo, true, &at, &role);

	if (role != NO_ROLE)
		add_named(events, at, role, (const char *) PG_GETARG_UUID_P(ARG_DEAL)->data, UUID_LEN);
	return return_state(fcinfo, events);
}

PG_FUNCTION_INFO_V1(funnel_events_add_text);
Datum
funnel_events_add_text(PG_FUNCTION_ARGS)
{
	TimestampTz at;
	int			role;
	FunnelEvents *events = take_row(fcinfo, true, &at, &role);

	if (role != NO_ROLE)
	{
		text	   *deal = text_argument(fcinfo, ARG_DEAL);

		add_named(events, at, role, VARDATA_ANY(deal), VARSIZE_ANY_EXHDR(deal));
	}
	return return_state(fcinfo, events);
}

/* Parallel plans: workers send their buffers, the leader takes them over */

PG_FUNCTION_INFO_V1(funnel_events_combine);
Datum
funnel_events_combine(PG_FUNCTION_ARGS)
{
	MemoryContext context = aggregate_context(fcinfo);
	FunnelEvents *events = PG_ARGISNULL(0) ? NULL : (FunnelEvents *) PG_GETARG_POINTER(0);
	FunnelEvents *other = PG_ARGISNULL(1) ? NULL : (FunnelEvents *) PG_GETARG_POINTER(1);

	if (other == NULL)
		return return_state(fcinfo, events);
	if (other->serial == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("funnel_agg combines only what comes from another process")));
	if (events == NULL)
		events = create_events(context,
							   get_options(fcinfo->flinfo, other->options->stages,
										   within_of(other->options), context),
							   other->as_of, other->buffer.named);
	else
		require_same(events,
					 same_stages(events->options, other->options->stages) &&
					 same_within(events->options, within_of(other->options)),
					 other->as_of);
	event_buffer_take(&events->buffer, other->serial, other->serial_size);
	PG_RETURN_POINTER(events);
}

/*
 * The state as bytes for another process of the same server: head, stages, and
 * the buffer. Never stored, so nothing in it is made portable.
 */
typedef struct SerialHead
{
	TimestampTz as_of;
	Interval	within;
	bool		has_within;
	bool		named;
} SerialHead;

/* A row of a parallel plan has other columns besides, and a head. */
#define MAX_SERIAL_SIZE (MaxAllocSize - 1024 * 1024)

PG_FUNCTION_INFO_V1(funnel_events_serialize);
Datum
funnel_events_serialize(PG_FUNCTION_ARGS)
{
	FunnelEvents *events;
	const Options *options;
	SerialHead	head;
	Size		size;
	bytea	   *result;
	char	   *out;

	aggregate_context(fcinfo);
	events = (FunnelEvents *) PG_GETARG_POINTER(0);
	options = events->options;
	memset(&head, 0, sizeof(head));
	head.as_of = events->as_of;
	head.has_within = options->has_within;
	if (options->has_within)
		head.within = options->within;
	head.named = events->buffer.named;
	size = add_size(VARHDRSZ + sizeof(head) + VARSIZE(options->stages),
					event_buffer_serial_size(&events->buffer));
	if (size > MAX_SERIAL_SIZE)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("funnel_agg cannot hand over so many buffered events to another process"),
				 errdetail("They take more than 1 GB."),
				 errhint("Use more workers, or none (max_parallel_workers_per_gather = 0).")));
	result = palloc(size);
	SET_VARSIZE(result, size);
	out = VARDATA(result);
	memcpy(out, &head, sizeof(head));
	out += sizeof(head);
	memcpy(out, options->stages, VARSIZE(options->stages));
	event_buffer_serialize(&events->buffer, out + VARSIZE(options->stages));
	PG_RETURN_BYTEA_P(result);
}

/*
 * A state that points into its bytes: the executor combines it at once, and
 * only then lets go of them.
 */
PG_FUNCTION_INFO_V1(funnel_events_deserialize);
Datum
funnel_events_deserialize(PG_FUNCTION_ARGS)
{
	bytea	   *serial;
	const char *in;
	SerialHead	head;
	varattrib_4b stages_header;
	Size		stages_size;
	ArrayType  *stages;
	FunnelEvents *events;

	aggregate_context(fcinfo);
	serial = PG_GETARG_BYTEA_PP(0);
	in = VARDATA_ANY(serial);
	memcpy(&head, in, sizeof(head));
	in += sizeof(head);
	memcpy(&stages_header, in, VARHDRSZ);
	stages_size = VARSIZE(&stages_header);
	stages = palloc(stages_size);
	memcpy(stages, in, stages_size);
	in += stages_size;

	events = create_events(CurrentMemoryContext,
						   get_options(fcinfo->flinfo, stages,
									   head.has_within ? &head.within : NULL,
									   CurrentMemoryContext),
						   head.as_of, head.named);
	events->serial = in;
	events->serial_size = (const char *) VARDATA_ANY(serial) + VARSIZE_ANY_EXHDR(serial) - in;
	PG_RETURN_POINTER(events);
}

/* Final */

static void
check_interrupts(void)
{
	CHECK_FOR_INTERRUPTS();
}

/* Below this many events a deal needs no memory of its own. */
#define FEW 64

static void
search_deal(const ChainRules *rules, const StageEvent *deal, size_t nevents, TimestampTz as_of,
			ChainResult *result)
{
	ChainEvent	few[FEW];
	ChainEvent *events = nevents <= FEW ? few :
		palloc_extended(mul_size(sizeof(ChainEvent), nevents), MCXT_ALLOC_HUGE);

	for (size_t i = 0; i < nevents; i++)
	{
		events[i].at = deal[i].at;
		events[i].role = deal[i].role;
	}
	chain_search(rules, events, nevents, as_of, result);
	if (events != few)
		pfree(events);
}

/* The funnel_summary of all deals in the buffer. Only reads its state. */
PG_FUNCTION_INFO_V1(funnel_events_final);
Datum
funnel_events_final(PG_FUNCTION_ARGS)
{
	FunnelEvents *state;
	const Options *options;
	ChainRules	rules;
	SummaryState *summary;
	SummaryView view;
	DealReader *reader;
	const StageEvent *deal;
	size_t		nevents;

	aggregate_context(fcinfo);
	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	state = (FunnelEvents *) PG_GETARG_POINTER(0);
	options = state->options;
	rules = options->definition.rules;
	rules.check_interrupts = check_interrupts;

	summary = summary_create(&funnel_type, options->identity.data, options->identity.len,
							 rules.nstages - 1);
	summary->inputs = 1;
	reader = deal_reader_create(&state->buffer);
	while ((deal = deal_reader_next(reader, &nevents)) != NULL)
	{
		int64		times[FUNNEL_MAX_STAGES + 1];
		ChainResult result = {.times = times};
		ChainRun	run;

		chain_run_begin(&run);
		for (size_t i = 0; i < nevents; i++)
			chain_run_add(&run, times, deal[i].role, deal[i].at);
		if (!chain_run_end(&run, &rules, state->as_of, &result))
			search_deal(&rules, deal, nevents, state->as_of, &result);
		summary = funnel_count(summary, &result);
	}
	summary_view_open(&view, &funnel_type, summary, NULL);
	PG_RETURN_POINTER(summary_pack(&view, &funnel_type));
}
