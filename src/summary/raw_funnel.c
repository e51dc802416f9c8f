/*
 * raw_funnel.c
 *		funnel_agg(deal, kind, at, stages [, within, as_of]): the funnel of raw
 *		events in one pass, without a history or a GROUP BY per deal.
 *
 * The state buffers the events whose kind is a stage or an exit
 * (event_buffer.h) and reads them deal by deal at the end, as deal_progress()
 * with default options would. It alone of all aggregates has an internal state.
 *
 * What comes back from funnel_events_deserialize() may come from any role: some
 * engines let one call it with bytes of its own. So those bytes are checked as
 * a recv function checks its own, and a state holds what it means, the identity
 * of its funnel, in the aggregate's memory. What a call site has parsed of its
 * options serves the rows of that call site alone.
 *
 * The leader of a parallel plan hands its own state over as a token instead (state_handover.h);
 * the node that finishes it then reads the buffer where it lies.
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

#include "base/problem.h"
#include "history/deal_event.h"
#include "plain/chain_run.h"
#include "summary/deal_reader.h"
#include "summary/funnel_summary.h"
#include "summary/state_handover.h"

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

typedef struct FunnelEvents
{
	const void *site;			/* the cache of the call site that options belongs to */
	const Options *options;		/* NULL before the first row taken in here */
	uint8	   *identity;		/* of the funnel */
	uint32		identity_size;
	TimestampTz as_of;
	EventBuffer buffer;
	const char *serial;			/* a buffer not yet taken in, in place of this one, */
	Size		serial_size;
	const EventBuffer *lent;	/* or one of this process */
} FunnelEvents;

/* Is this a state that is to be combined into another one? */
static inline bool
is_sent(const FunnelEvents *events)
{
	return events->serial != NULL || events->lent != NULL;
}

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

static bool
same_identity(const FunnelEvents *events, const void *identity, Size size)
{
	return events->identity_size == size && memcmp(events->identity, identity, size) == 0;
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
create_events(MemoryContext context, const void *identity, Size identity_size, TimestampTz as_of, bool named)
{
	FunnelEvents *events = MemoryContextAllocZero(context, sizeof(FunnelEvents));

	events->site = events;		/* no call site's */
	events->identity = memcpy(MemoryContextAlloc(context, identity_size), identity, identity_size);
	events->identity_size = (uint32) identity_size;
	events->as_of = as_of;
	event_buffer_init(&events->buffer, context, named);
	return events;
}

/*
 * Parses the options of a row of a call site that the state, NULL before the first row, does not
 * know yet; returns the state.
 */
static FunnelEvents *
meet_call_site(FunctionCallInfo fcinfo, FunnelEvents *events, bool named, ArrayType *stages, const Interval *within,
			   TimestampTz as_of)
{
	MemoryContext context = aggregate_context(fcinfo);
	Options    *options = get_options(fcinfo->flinfo, stages, within, context);

	options->constant = argument_is_constant(fcinfo, ARG_STAGES);
	if (events == NULL)
	{
		instant_check(as_of, "as_of", NULL);
		events = create_events(context, options->identity.data, options->identity.len, as_of, named);
	}
	else if (is_sent(events) || events->buffer.named != named)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("this state of funnel_agg takes in no such rows")));
	require_same(events, same_identity(events, options->identity.data, options->identity.len), as_of);
	events->options = options;
	events->site = fcinfo->flinfo->fn_extra;
	return events;
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
	require_option(fcinfo, ARG_STAGES, "stages");
	if (PG_ARGISNULL(ARG_DEAL) || PG_ARGISNULL(ARG_KIND) || PG_ARGISNULL(ARG_AT) ||
		(has_options && PG_ARGISNULL(ARG_AS_OF)))
		return events;

	if (has_options && !PG_ARGISNULL(ARG_WITHIN))
		within = PG_GETARG_INTERVAL_P(ARG_WITHIN);
	if (unlikely(events == NULL || events->site != fcinfo->flinfo->fn_extra))
	{
		TimestampTz as_of;

		if (has_options)
			as_of = PG_GETARG_TIMESTAMPTZ(ARG_AS_OF);
		else
			as_of = events == NULL ? GetCurrentTransactionStartTimestamp() : events->as_of;
		events = meet_call_site(fcinfo, events, named, PG_GETARG_ARRAYTYPE_P(ARG_STAGES), within, as_of);
	}
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
	if (!is_sent(other))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("funnel_agg combines only what comes from another process")));
	if (events == NULL)
		events = create_events(context, other->identity, other->identity_size, other->as_of, other->buffer.named);
	else
		require_same(events,
					 !is_sent(events) && events->buffer.named == other->buffer.named &&
					 same_identity(events, other->identity, other->identity_size),
					 other->as_of);
	if (other->lent != NULL)
		event_buffer_borrow(&events->buffer, other->lent);
	else
		event_buffer_take(&events->buffer, other->serial, other->serial_size);
	PG_RETURN_POINTER(events);
}

/*
 * The state as bytes for another process of the same server: head, identity, and
 * the buffer. Never stored, so nothing in it is made portable.
 */
typedef struct SerialHead
{
	TimestampTz as_of;
	uint32		identity_size;
	uint8		named;
	uint8		zeros[3];
} SerialHead;

/*
 * The same for this process: what `named` says in the head of a state that is handed over as
 * it is, and the head is followed by a token (state_handover.h).
 */
#define SERIAL_TOKEN 2

typedef struct SerialToken
{
	SerialHead	head;
	StateToken	token;
} SerialToken;

/* A row of a parallel plan has other columns besides, and a head. */
#define MAX_SERIAL_SIZE (MaxAllocSize - 1024 * 1024)

PG_FUNCTION_INFO_V1(funnel_events_serialize);
Datum
funnel_events_serialize(PG_FUNCTION_ARGS)
{
	FunnelEvents *events;
	SerialHead	head = {0};
	SerialToken token = {.head = {0}};
	Size		size;
	bytea	   *result;
	char	   *out;

	aggregate_context(fcinfo);
	events = (FunnelEvents *) PG_GETARG_POINTER(0);
	if (is_sent(events) || events->buffer.borrowed != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("this state of funnel_agg cannot be handed over")));
	if (state_hand_over(fcinfo, events->buffer.context, events, &token.token))
	{
		event_buffer_pack(&events->buffer);
		token.head.named = SERIAL_TOKEN;
		result = palloc(VARHDRSZ + sizeof(token));
		SET_VARSIZE(result, VARHDRSZ + sizeof(token));
		memcpy(VARDATA(result), &token, sizeof(token));
		PG_RETURN_BYTEA_P(result);
	}
	head.as_of = events->as_of;
	head.identity_size = events->identity_size;
	head.named = events->buffer.named;
	size = add_size(VARHDRSZ + sizeof(head) + head.identity_size,
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
	memcpy(out, events->identity, head.identity_size);
	event_buffer_serialize(&events->buffer, out + head.identity_size);
	PG_RETURN_BYTEA_P(result);
}

/* Is this the form of a token? */
static bool
read_token(const char *in, Size size, SerialToken *token)
{
	SerialHead	head = {.named = SERIAL_TOKEN};

	if (size != sizeof(SerialToken) || memcmp(in, &head, sizeof(head)) != 0)
		return false;
	memcpy(token, in, sizeof(*token));
	return true;
}

/* The state of a token, to be combined. XX001 for a token that this query did not hand over. */
static FunnelEvents *
take_over(FunctionCallInfo fcinfo, const SerialToken *token)
{
	FunnelEvents *events = state_take_over(fcinfo, &token->token);
	FunnelEvents *result;

	if (events == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("a state of funnel_agg is none that this query has handed over")));
	result = create_events(CurrentMemoryContext, events->identity, events->identity_size, events->as_of,
						   events->buffer.named);
	result->lent = &events->buffer;
	return result;
}

/* Checks what another process sent; NULL when a state can be made of it, else what is wrong. */
static const char *
check_serial(const char *in, Size size, SerialHead *head)
{
	FunnelDefinition definition;
	const char *problem;

	if (size < sizeof(SerialHead))
		return "it is too short";
	memcpy(head, in, sizeof(SerialHead));
	if (head->named > 1 || head->zeros[0] != 0 || head->zeros[1] != 0 || head->zeros[2] != 0)
		return "its flags are unknown";
	if (TIMESTAMP_NOT_FINITE(head->as_of) || !IS_VALID_TIMESTAMP(head->as_of))
		return "its as_of is out of range";
	if (head->identity_size > size - sizeof(SerialHead))
		return "its identity is cut off";
	in += sizeof(SerialHead);
	problem = funnel_definition_decode((const uint8 *) in, head->identity_size, &definition);
	if (problem == NULL)
		problem = funnel_definition_verify_labels(&definition);
	if (problem == NULL)
		problem = event_buffer_check(in + head->identity_size, size - sizeof(SerialHead) - head->identity_size,
									 head->named != 0, definition.rules.nstages, CHAIN_EXIT, head->as_of);
	return problem;
}

/*
 * A state that points into its bytes: the executor combines it at once, and
 * only then lets go of them. 22P03 for bytes that no state is serialised as.
 */
PG_FUNCTION_INFO_V1(funnel_events_deserialize);
Datum
funnel_events_deserialize(PG_FUNCTION_ARGS)
{
	bytea	   *serial;
	const char *in;
	Size		size;
	const char *problem;
	SerialHead	head;
	SerialToken token;
	FunnelEvents *events;

	aggregate_context(fcinfo);
	serial = PG_GETARG_BYTEA_PP(0);
	in = VARDATA_ANY(serial);
	size = VARSIZE_ANY_EXHDR(serial);
	if (read_token(in, size, &token))
		PG_RETURN_POINTER(take_over(fcinfo, &token));
	problem = check_serial(in, size, &head);
	if (problem != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("malformed serialized state of funnel_agg"),
				 errdetail_problem(problem)));
	in += sizeof(head);
	size -= sizeof(head);
	events = create_events(CurrentMemoryContext, in, head.identity_size, head.as_of, head.named != 0);
	events->serial = in + head.identity_size;
	events->serial_size = size - head.identity_size;
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

/* Counts the deals of a buffer into a summary of their funnel. */
static SummaryState *
count_deals(SummaryState *summary, const EventBuffer *buffer, const ChainRules *rules, TimestampTz as_of)
{
	DealReader *reader = deal_reader_create(buffer);
	const StageEvent *deal;
	size_t		nevents;

	while ((deal = deal_reader_next(reader, &nevents)) != NULL)
	{
		int64		times[FUNNEL_MAX_STAGES + 1];
		ChainResult result = {.times = times};
		ChainRun	run;

		chain_run_begin(&run);
		for (size_t i = 0; i < nevents; i++)
			chain_run_add(&run, times, deal[i].role, deal[i].at);
		if (!chain_run_end(&run, rules, as_of, &result))
			search_deal(rules, deal, nevents, as_of, &result);
		summary = funnel_count(summary, &result);
	}
	return summary;
}

/* The funnel_summary of all deals in the buffer. Only reads its state. */
PG_FUNCTION_INFO_V1(funnel_events_final);
Datum
funnel_events_final(PG_FUNCTION_ARGS)
{
	FunnelEvents *state;
	FunnelDefinition definition;
	SummaryState *summary;
	SummaryView view;

	aggregate_context(fcinfo);
	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	state = (FunnelEvents *) PG_GETARG_POINTER(0);
	if (is_sent(state))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("this state of funnel_agg has to be combined first")));
	if (funnel_definition_decode(state->identity, state->identity_size, &definition) != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("a state of funnel_agg has lost its funnel")));
	definition.rules.check_interrupts = check_interrupts;

	summary = summary_create(&funnel_type, state->identity, state->identity_size,
							 definition.rules.nstages - 1);
	summary->inputs = 1;
	summary = count_deals(summary, &state->buffer, &definition.rules, state->as_of);
	summary_view_open(&view, &funnel_type, summary, NULL);
	PG_RETURN_POINTER(summary_pack(&view, &funnel_type));
}
