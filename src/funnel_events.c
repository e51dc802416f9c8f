/*
 * funnel_events.c
 *		funnel_agg(deal, kind, at, stages [, within, as_of]): the funnel of raw
 *		events in one pass, without a history or a GROUP BY per deal (floor 3).
 *
 * The state buffers the events whose kind is a stage or an exit: 24 bytes each
 * for a bigint deal; for uuid and text the bytes of the deal besides. Once
 * there are many, the events are kept in partitions by a hash of the deal, so
 * that at the end one partition after the other is grouped by deal in a hash
 * table that stays in the processor's cache, and read as deal_progress() with
 * default options would. It alone of all aggregates has an internal state.
 */
#include "compat.h"

#include "access/xact.h"
#include "common/hashfn.h"
#include "miscadmin.h"
#include "port/pg_bitutils.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"
#include "utils/uuid.h"

#include "deal_event.h"
#include "funnel_summary.h"

/* Beyond this many events they are partitioned. */
#define PARTITION_FROM 8192
#define PARTITION_BITS 8
#define PARTITIONS (1 << PARTITION_BITS)

/* Events per chunk: small at first, for many small groups. */
#define CHUNK_SMALL 8
#define CHUNK_LARGE 512

/* What all events of a state share; kept by the call site for all its states. */
typedef struct Options
{
	struct Options *next;		/* in the same bucket */
	uint32		hash;
	ArrayType  *stages;			/* as given, to compare */
	bool		has_within;
	Interval	within;
	FunnelDefinition definition;
	StringInfoData identity;
	int			nlabels;		/* stages, then exits */
	Label		labels[FUNNEL_MAX_STAGES + FUNNEL_MAX_EXITS];
	int8		roles[FUNNEL_MAX_STAGES + FUNNEL_MAX_EXITS];
} Options;

/* How the deal of an event is known. */
typedef enum DealKind
{
	DEAL_BIGINT,				/* key is the deal */
	DEAL_BYTES					/* key is a hash, the bytes are in the arena */
} DealKind;

typedef struct Record
{
	uint64		key;
	int64		at;
	uint32		position;		/* of the deal in the arena */
	uint32		role;
} Record;

typedef struct Chunk
{
	struct Chunk *next;
	uint32		used;
	uint32		capacity;
	Record		records[FLEXIBLE_ARRAY_MEMBER];
} Chunk;

typedef struct Partition
{
	Chunk	   *chunks;			/* the one being filled comes first */
	Size		nrecords;
} Partition;

typedef struct FunnelEvents
{
	MemoryContext context;
	const Options *options;
	TimestampTz as_of;
	DealKind	deal_kind;
	int			npartitions;	/* 1 or PARTITIONS */
	Partition	first;			/* while there is one */
	Partition  *partitions;
	Size		nrecords;
	char	   *arena;			/* length (4 bytes) and bytes of each deal */
	Size		arena_used;
	Size		arena_room;
} FunnelEvents;

/* Options */

static Options *
parse_options(ArrayType *stages, const Interval *within, MemoryContext context)
{
	static const char default_exit[] = "lost";
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
	definition->exits[0].data = default_exit;
	definition->exits[0].length = strlen(default_exit);
	definition->nexits = 1;
	rules->mode = CHAIN_ORDERED;
	rules->skipped = CHAIN_PASSED;
	rules->entry = CHAIN_BEST;
	rules->within = within == NULL ? CHAIN_NO_WINDOW : window_from_interval(within, "within");
	for (int i = 0; i < lengthof(rules->step_within); i++)
		rules->step_within[i] = CHAIN_NO_WINDOW;
	funnel_definition_check(definition, NULL);
	initStringInfo(&options->identity);
	funnel_definition_encode(definition, &options->identity);

	for (int i = 0; i < rules->nstages; i++)
	{
		options->labels[options->nlabels] = definition->stages[i];
		options->roles[options->nlabels++] = i;
	}
	for (int i = 0; i < definition->nexits; i++)
	{
		options->labels[options->nlabels] = definition->exits[i];
		options->roles[options->nlabels++] = CHAIN_EXIT;
	}
	MemoryContextSwitchTo(caller);
	return options;
}

static inline bool
same_options(const Options *options, const ArrayType *stages, const Interval *within)
{
	return VARSIZE(options->stages) == VARSIZE(stages) &&
		memcmp(options->stages, stages, VARSIZE(stages)) == 0 &&
		options->has_within == (within != NULL) &&
		(within == NULL || memcmp(&options->within, within, sizeof(Interval)) == 0);
}

/* The options that a call site has met, by hash: groups may differ in them. */
#define OPTION_BUCKETS 1024

/* The options of a call, parsed once for all groups of the query that share them. */
static const Options *
get_options(FmgrInfo *call_site, ArrayType *stages, const Interval *within)
{
	Options   **buckets = call_site->fn_extra;
	uint32		hash = hash_bytes((unsigned char *) stages, VARSIZE(stages));
	Options    *options;

	if (within != NULL)
		hash = hash_combine(hash, hash_bytes((const unsigned char *) within, sizeof(Interval)));
	if (buckets == NULL)
		call_site->fn_extra = buckets =
			MemoryContextAllocZero(call_site->fn_mcxt, sizeof(Options *) * OPTION_BUCKETS);
	for (options = buckets[hash % OPTION_BUCKETS]; options != NULL; options = options->next)
		if (options->hash == hash && same_options(options, stages, within))
			return options;
	options = parse_options(stages, within, call_site->fn_mcxt);
	options->hash = hash;
	options->next = buckets[hash % OPTION_BUCKETS];
	buckets[hash % OPTION_BUCKETS] = options;
	return options;
}

/* The role of a kind, -1 for none. */
static inline int
find_role(const Options *options, const char *kind, int length)
{
	for (int i = 0; i < options->nlabels; i++)
		if (options->labels[i].length == length &&
			memcmp(options->labels[i].data, kind, length) == 0)
			return options->roles[i];
	return -1;
}

/* The buffer */

static FunnelEvents *
create_events(MemoryContext context, const Options *options, TimestampTz as_of,
			  DealKind deal_kind)
{
	FunnelEvents *events = MemoryContextAllocZero(context, sizeof(FunnelEvents));

	events->context = context;
	events->options = options;
	events->as_of = as_of;
	events->deal_kind = deal_kind;
	events->npartitions = 1;
	events->partitions = &events->first;
	return events;
}

static void
put_record(FunnelEvents *events, Partition *partition, const Record *record)
{
	Chunk	   *chunk = partition->chunks;

	if (chunk == NULL || chunk->used == chunk->capacity)
	{
		uint32		capacity = chunk == NULL ? CHUNK_SMALL :
			Min(chunk->capacity * 2, CHUNK_LARGE);

		chunk = MemoryContextAlloc(events->context,
								   offsetof(Chunk, records) + sizeof(Record) * capacity);
		chunk->next = partition->chunks;
		chunk->used = 0;
		chunk->capacity = capacity;
		partition->chunks = chunk;
	}
	chunk->records[chunk->used++] = *record;
	partition->nrecords++;
}

/* Mixes a key so that its high bits choose the partition and its low bits a slot. */
static inline uint64
mix(uint64 key)
{
	key ^= key >> 32;
	key *= UINT64CONST(0x9E3779B97F4A7C15);
	return key ^ (key >> 29);
}

static inline Partition *
partition_of(FunnelEvents *events, uint64 key)
{
	return events->npartitions == 1 ? &events->first :
		&events->partitions[mix(key) >> (64 - PARTITION_BITS)];
}

static void
partition_events(FunnelEvents *events)
{
	Chunk	   *chunk = events->first.chunks;

	events->partitions = MemoryContextAllocZero(events->context,
												sizeof(Partition) * PARTITIONS);
	events->npartitions = PARTITIONS;
	while (chunk != NULL)
	{
		Chunk	   *next = chunk->next;

		for (uint32 i = 0; i < chunk->used; i++)
			put_record(events, partition_of(events, chunk->records[i].key),
					   &chunk->records[i]);
		pfree(chunk);
		chunk = next;
	}
	events->first.chunks = NULL;
	events->first.nrecords = 0;
}

static inline void
add_record(FunnelEvents *events, const Record *record)
{
	if (events->npartitions == 1 && events->nrecords == PARTITION_FROM)
		partition_events(events);
	put_record(events, partition_of(events, record->key), record);
	events->nrecords++;
}

/* Puts the bytes of a deal into the arena and returns where they are. */
static uint32
keep_deal(FunnelEvents *events, const char *data, uint32 length)
{
	Size		need = sizeof(uint32) + length;
	Size		position = events->arena_used;

	if (position + need > events->arena_room)
	{
		Size		room = Max(events->arena_room * 2, 256);

		while (room < position + need)
			room *= 2;
		if (events->arena == NULL)
			events->arena = MemoryContextAllocHuge(events->context, room);
		else
			events->arena = repalloc_huge(events->arena, room);
		events->arena_room = room;
	}
	if (position + need > PG_UINT32_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("funnel_agg cannot buffer the deals of so many events"),
				 errdetail("Their names take more than 4 GB."),
				 errhint("Use a bigint deal, or funnel_agg(deal_progress(...)) over stored histories.")));
	memcpy(events->arena + position, &length, sizeof(uint32));
	memcpy(events->arena + position + sizeof(uint32), data, length);
	events->arena_used += need;
	return (uint32) position;
}

/* Are the deals at two positions of the arena the same bytes? */
static inline bool
is_deal(const FunnelEvents *events, uint32 position, uint32 other)
{
	uint32		length;
	uint32		other_length;

	memcpy(&length, events->arena + position, sizeof(uint32));
	memcpy(&other_length, events->arena + other, sizeof(uint32));
	return length == other_length &&
		memcmp(events->arena + position + sizeof(uint32),
			   events->arena + other + sizeof(uint32), length) == 0;
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

static void
require_same(const FunnelEvents *events, bool same_rules, TimestampTz as_of)
{
	if (!same_rules || events->as_of != as_of)
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

/*
 * Takes in one row but for its deal. Rows without a deal, kind, instant or
 * as_of are skipped, and so are events after as_of and kinds that play no
 * role; *record is filled only where it returns a state and *wanted is true.
 */
static FunnelEvents *
take_row(FunctionCallInfo fcinfo, DealKind deal_kind, Record *record, bool *wanted)
{
	MemoryContext context = aggregate_context(fcinfo);
	FunnelEvents *events = PG_ARGISNULL(ARG_STATE) ? NULL :
		(FunnelEvents *) PG_GETARG_POINTER(ARG_STATE);
	bool		has_options = PG_NARGS() > ARG_WITHIN;
	const Interval *within = NULL;
	TimestampTz as_of;
	ArrayType  *stages;
	text	   *kind;
	Label		label;
	int			role;

	*wanted = false;
	if (PG_ARGISNULL(ARG_STAGES))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("stages must not be NULL")));
	if (PG_ARGISNULL(ARG_DEAL) || PG_ARGISNULL(ARG_KIND) || PG_ARGISNULL(ARG_AT) ||
		(has_options && PG_ARGISNULL(ARG_AS_OF)))
		return events;

	stages = PG_GETARG_ARRAYTYPE_P(ARG_STAGES);
	if (has_options && !PG_ARGISNULL(ARG_WITHIN))
		within = PG_GETARG_INTERVAL_P(ARG_WITHIN);
	as_of = has_options ? PG_GETARG_TIMESTAMPTZ(ARG_AS_OF) :
		GetCurrentTransactionStartTimestamp();
	if (events == NULL)
	{
		instant_check(as_of, "as_of", NULL);
		events = create_events(context, get_options(fcinfo->flinfo, stages, within),
							   as_of, deal_kind);
	}
	else
		require_same(events, same_options(events->options, stages, within), as_of);

	record->at = PG_GETARG_TIMESTAMPTZ(ARG_AT);
	instant_check(record->at, "instant", NULL);
	kind = PG_GETARG_TEXT_PP(ARG_KIND);
	label.data = VARDATA_ANY(kind);
	label.length = VARSIZE_ANY_EXHDR(kind);
	if (label.length == 0 || label.length > LABEL_MAX_BYTES)
		label_check(label, "kind", NULL);
	role = find_role(events->options, label.data, label.length);
	if (role >= 0 && record->at <= as_of)
	{
		record->role = role;
		record->position = 0;
		*wanted = true;
	}
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
	Record		record;
	bool		wanted;
	FunnelEvents *events = take_row(fcinfo, DEAL_BIGINT, &record, &wanted);

	if (wanted)
	{
		record.key = (uint64) PG_GETARG_INT64(ARG_DEAL);
		add_record(events, &record);
	}
	return return_state(fcinfo, events);
}

static void
add_with_deal(FunnelEvents *events, Record *record, const char *data, uint32 length)
{
	record->key = hash_bytes_extended((const unsigned char *) data, length, 0);
	record->position = keep_deal(events, data, length);
	add_record(events, record);
}

PG_FUNCTION_INFO_V1(funnel_events_add_uuid);
Datum
funnel_events_add_uuid(PG_FUNCTION_ARGS)
{
	Record		record;
	bool		wanted;
	FunnelEvents *events = take_row(fcinfo, DEAL_BYTES, &record, &wanted);

	if (wanted)
		add_with_deal(events, &record, (const char *) PG_GETARG_UUID_P(ARG_DEAL)->data,
					  UUID_LEN);
	return return_state(fcinfo, events);
}

PG_FUNCTION_INFO_V1(funnel_events_add_text);
Datum
funnel_events_add_text(PG_FUNCTION_ARGS)
{
	Record		record;
	bool		wanted;
	FunnelEvents *events = take_row(fcinfo, DEAL_BYTES, &record, &wanted);

	if (wanted)
	{
		text	   *deal = PG_GETARG_TEXT_PP(ARG_DEAL);

		add_with_deal(events, &record, VARDATA_ANY(deal), VARSIZE_ANY_EXHDR(deal));
	}
	return return_state(fcinfo, events);
}

/* Parallel plans: workers send their buffers, the leader takes them over */

/* Adds the events of another state, whose deals move to this one's arena. */
static void
add_events(FunnelEvents *events, const FunnelEvents *other)
{
	for (int p = 0; p < other->npartitions; p++)
	{
		for (const Chunk *chunk = other->partitions[p].chunks; chunk != NULL; chunk = chunk->next)
		{
			CHECK_FOR_INTERRUPTS();
			for (uint32 i = 0; i < chunk->used; i++)
			{
				Record		record = chunk->records[i];

				if (events->deal_kind == DEAL_BYTES)
				{
					uint32		length;

					memcpy(&length, other->arena + record.position, sizeof(uint32));
					record.position = keep_deal(events, other->arena + record.position +
												sizeof(uint32), length);
				}
				add_record(events, &record);
			}
		}
	}
}

PG_FUNCTION_INFO_V1(funnel_events_combine);
Datum
funnel_events_combine(PG_FUNCTION_ARGS)
{
	MemoryContext context = aggregate_context(fcinfo);
	FunnelEvents *events = PG_ARGISNULL(0) ? NULL : (FunnelEvents *) PG_GETARG_POINTER(0);
	FunnelEvents *other = PG_ARGISNULL(1) ? NULL : (FunnelEvents *) PG_GETARG_POINTER(1);

	if (other == NULL)
		return return_state(fcinfo, events);
	if (events == NULL)
		events = create_events(context, other->options, other->as_of, other->deal_kind);
	else
		require_same(events,
					 same_options(events->options, other->options->stages,
								  other->options->has_within ? &other->options->within : NULL),
					 other->as_of);
	add_events(events, other);
	PG_RETURN_POINTER(events);
}

/*
 * The state as bytes for another process of the same server: head, stages,
 * records, arena. Never stored, so nothing in it is made portable.
 */
typedef struct SerialHead
{
	TimestampTz as_of;
	Interval	within;
	Size		nrecords;
	Size		arena_used;
	int32		has_within;
	int32		deal_kind;
} SerialHead;

PG_FUNCTION_INFO_V1(funnel_events_serialize);
Datum
funnel_events_serialize(PG_FUNCTION_ARGS)
{
	FunnelEvents *events;
	SerialHead	head;
	Size		size;
	bytea	   *result;
	char	   *out;

	aggregate_context(fcinfo);
	events = (FunnelEvents *) PG_GETARG_POINTER(0);
	memset(&head, 0, sizeof(head));
	head.as_of = events->as_of;
	head.has_within = events->options->has_within;
	if (events->options->has_within)
		head.within = events->options->within;
	head.deal_kind = events->deal_kind;
	head.nrecords = events->nrecords;
	head.arena_used = events->arena_used;
	size = VARHDRSZ + sizeof(head) + VARSIZE(events->options->stages) +
		sizeof(Record) * events->nrecords + events->arena_used;
	if (size > MaxAllocSize)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("funnel_agg cannot hand over %zu buffered events to another process",
						events->nrecords),
				 errdetail("They take more than 1 GB."),
				 errhint("Use more workers, or none (max_parallel_workers_per_gather = 0).")));
	result = palloc(size);
	SET_VARSIZE(result, size);
	out = VARDATA(result);
	memcpy(out, &head, sizeof(head));
	out += sizeof(head);
	memcpy(out, events->options->stages, VARSIZE(events->options->stages));
	out += VARSIZE(events->options->stages);
	for (int p = 0; p < events->npartitions; p++)
	{
		for (const Chunk *chunk = events->partitions[p].chunks; chunk != NULL; chunk = chunk->next)
		{
			CHECK_FOR_INTERRUPTS();
			memcpy(out, chunk->records, sizeof(Record) * chunk->used);
			out += sizeof(Record) * chunk->used;
		}
	}
	if (events->arena_used > 0)
		memcpy(out, events->arena, events->arena_used);
	PG_RETURN_BYTEA_P(result);
}

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
	Chunk	   *chunk;

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
						   get_options(fcinfo->flinfo, stages, head.has_within ? &head.within : NULL),
						   head.as_of, head.deal_kind);
	/* one chunk, whole: the combine function spreads it over its partitions */
	chunk = palloc_extended(offsetof(Chunk, records) + sizeof(Record) * head.nrecords,
							MCXT_ALLOC_HUGE);
	chunk->next = NULL;
	chunk->used = chunk->capacity = head.nrecords;
	memcpy(chunk->records, in, sizeof(Record) * head.nrecords);
	in += sizeof(Record) * head.nrecords;
	events->first.chunks = chunk;
	events->first.nrecords = events->nrecords = head.nrecords;
	events->arena = palloc_extended(Max(head.arena_used, 1), MCXT_ALLOC_HUGE);
	memcpy(events->arena, in, head.arena_used);
	events->arena_used = events->arena_room = head.arena_used;
	PG_RETURN_POINTER(events);
}

/* Final */

/* What one partition is grouped with; allocated for the largest. */
typedef struct Grouping
{
	Record	   *records;
	uint32	   *group_of;		/* of each record */
	uint32	   *first;			/* record of each group, then its end in `events` */
	uint32	   *counts;
	uint32	   *slots;			/* group + 1, 0 when free */
	Size		nslots;
	ChainEvent *events;			/* those of one deal side by side */
} Grouping;

static int
compare_instants(const void *a, const void *b)
{
	int64		left = ((const ChainEvent *) a)->at;
	int64		right = ((const ChainEvent *) b)->at;

	return left < right ? -1 : left > right;
}

/* Few events are the rule, and mostly they come in order. */
static void
sort_instants(ChainEvent *events, uint32 n)
{
	if (n > 64)
	{
		qsort(events, n, sizeof(ChainEvent), compare_instants);
		return;
	}
	for (uint32 i = 1; i < n; i++)
	{
		ChainEvent	event = events[i];
		uint32		place = i;

		for (; place > 0 && events[place - 1].at > event.at; place--)
			events[place] = events[place - 1];
		events[place] = event;
	}
}

/* Groups the records of a partition by deal; returns the number of deals. */
static uint32
group_records(const FunnelEvents *state, const Partition *partition, Grouping *grouping)
{
	uint32		n = 0;
	uint32		ngroups = 0;
	uint32		end = 0;
	Size		mask;

	for (const Chunk *chunk = partition->chunks; chunk != NULL; chunk = chunk->next)
	{
		memcpy(grouping->records + n, chunk->records, sizeof(Record) * chunk->used);
		n += chunk->used;
	}
	grouping->nslots = pg_nextpower2_size_t(Max((Size) n * 2, 16));
	mask = grouping->nslots - 1;
	memset(grouping->slots, 0, sizeof(uint32) * grouping->nslots);

	for (uint32 i = 0; i < n; i++)
	{
		const Record *record = &grouping->records[i];
		Size		slot = mix(record->key) & mask;
		uint32		group;

		if ((i & 0xFFFF) == 0)
			CHECK_FOR_INTERRUPTS();
		while ((group = grouping->slots[slot]) != 0)
		{
			const Record *other = &grouping->records[grouping->first[group - 1]];

			if (other->key == record->key &&
				(state->deal_kind == DEAL_BIGINT ||
				 is_deal(state, record->position, other->position)))
				break;
			slot = (slot + 1) & mask;
		}
		if (group == 0)
		{
			grouping->first[ngroups] = i;
			grouping->counts[ngroups] = 0;
			grouping->slots[slot] = group = ++ngroups;
		}
		grouping->group_of[i] = group - 1;
		grouping->counts[group - 1]++;
	}

	/* from the last record of a group to its first, into its place */
	for (uint32 group = 0; group < ngroups; group++)
		grouping->first[group] = (end += grouping->counts[group]);
	for (uint32 i = 0; i < n; i++)
	{
		ChainEvent *event = &grouping->events[--grouping->first[grouping->group_of[i]]];

		event->at = grouping->records[i].at;
		event->role = grouping->records[i].role;
	}
	return ngroups;
}

static void
check_interrupts(void)
{
	CHECK_FOR_INTERRUPTS();
}

/* The funnel_summary of all deals in the buffer. Only reads its state. */
PG_FUNCTION_INFO_V1(funnel_events_final);
Datum
funnel_events_final(PG_FUNCTION_ARGS)
{
	FunnelEvents *state;
	const Options *options;
	ChainRules	rules;
	CountedSummary *summary;
	Grouping	grouping;
	Size		largest = 1;

	aggregate_context(fcinfo);
	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	state = (FunnelEvents *) PG_GETARG_POINTER(0);
	options = state->options;
	rules = options->definition.rules;
	rules.check_interrupts = check_interrupts;
	for (int p = 0; p < state->npartitions; p++)
		largest = Max(largest, state->partitions[p].nrecords);
	if (largest > PG_UINT32_MAX / 2)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("funnel_agg has too many events of one deal")));

	grouping.records = palloc_extended(sizeof(Record) * largest, MCXT_ALLOC_HUGE);
	grouping.group_of = palloc_extended(sizeof(uint32) * largest, MCXT_ALLOC_HUGE);
	grouping.first = palloc_extended(sizeof(uint32) * largest, MCXT_ALLOC_HUGE);
	grouping.counts = palloc_extended(sizeof(uint32) * largest, MCXT_ALLOC_HUGE);
	grouping.slots = palloc_extended(sizeof(uint32) *
									 pg_nextpower2_size_t(Max(largest * 2, 16)), MCXT_ALLOC_HUGE);
	grouping.events = palloc_extended(sizeof(ChainEvent) * largest, MCXT_ALLOC_HUGE);

	summary = counted_create(options->identity.data, options->identity.len,
							 rules.nstages - 1);
	summary->inputs = 1;
	for (int p = 0; p < state->npartitions; p++)
	{
		uint32		ngroups;
		uint32		start = 0;

		if (state->partitions[p].nrecords == 0)
			continue;
		CHECK_FOR_INTERRUPTS();
		ngroups = group_records(state, &state->partitions[p], &grouping);
		for (uint32 group = 0; group < ngroups; group++)
		{
			ChainEvent *events = grouping.events + start;
			uint32		n = grouping.counts[group];
			ChainResult result;

			sort_instants(events, n);
			chain_search(&rules, events, n, state->as_of, &result);
			summary = funnel_count(summary, &result);
			start += n;
		}
	}
	PG_RETURN_POINTER(counted_pack(summary, &funnel_type));
}
