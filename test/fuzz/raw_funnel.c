/*
 * raw_funnel.c
 *		What funnel_events_deserialize() takes from another process, under
 *		libFuzzer: any bytes end in an error (22P03; XX001 for a token, of which none
 *		is good here) or in a state that can be combined, finished, and handed over again.
 *
 * The first byte of an input chooses a door:
 *
 *	0	the rest is the serialized state
 *	1	the rest are events, three bytes each, and at the end changes to their
 *		serialized form, three bytes each; without changes two parts combined
 *		must give the funnel of all, and two parts borrowed the deals of all
 */
#include "base/compat.h"

#include "lib/stringinfo.h"
#include "utils/builtins.h"

#include "backend.h"
#include "reading/funnel_definition.h"
#include "summary/deal_reader.h"

extern Datum funnel_events_deserialize(PG_FUNCTION_ARGS);
extern Datum funnel_events_serialize(PG_FUNCTION_ARGS);
extern Datum funnel_events_combine(PG_FUNCTION_ARGS);
extern Datum funnel_events_final(PG_FUNCTION_ARGS);
extern Datum funnel_summary_send(PG_FUNCTION_ARGS);
extern Datum funnel_summary_recv(PG_FUNCTION_ARGS);

#define AS_OF INT64CONST(825000000000000)
#define MANY 9000				/* events that make partitions */

typedef struct Call
{
	PGFunction	function;
	int			nargs;
	Datum		args[2];
	Datum		result;
} Call;

static void
step(void *argument)
{
	Call	   *call = argument;
	LOCAL_FCINFO(fcinfo, 2);

	InitFunctionCallInfoData(*fcinfo, NULL, call->nargs, InvalidOid, NULL, NULL);
	for (int i = 0; i < call->nargs; i++)
	{
		fcinfo->args[i].value = call->args[i];
		fcinfo->args[i].isnull = call->args[i] == (Datum) 0;
	}
	call->result = call->function(fcinfo);
}

/* Calls a function; false when it refused its arguments as it may. */
static bool
called(Call *call, int allowed)
{
	int			sqlstate = backend_try(step, call);
	bool		token = sqlstate == ERRCODE_DATA_CORRUPTED && call->function == funnel_events_deserialize;

	if (sqlstate != 0 && sqlstate != allowed && !token)
		finding("an error that is none of its own");
	return sqlstate == 0;
}

static bytea *
as_bytea(const void *data, size_t size)
{
	bytea	   *value = palloc(size + VARHDRSZ);

	SET_VARSIZE(value, size + VARHDRSZ);
	memcpy(VARDATA(value), data, size);
	return value;
}

/* A state from serialized ones: the second, if any, combined into the first. Zero where one is refused. */
static Datum
combined(bytea *first, bytea *second)
{
	Datum		state = (Datum) 0;

	for (int i = 0; i < 2; i++)
	{
		Call		deserialize = {funnel_events_deserialize, 2, {PointerGetDatum(i == 0 ? first : second), (Datum) 0}};
		Call		combine = {funnel_events_combine, 2, {state, (Datum) 0}};

		if (deserialize.args[0] == (Datum) 0)
			break;
		if (!called(&deserialize, ERRCODE_INVALID_BINARY_REPRESENTATION))
			return (Datum) 0;
		combine.args[1] = deserialize.result;
		if (!called(&combine, ERRCODE_INVALID_PARAMETER_VALUE))
			return (Datum) 0;
		state = combine.result;
	}
	return state;
}

/* The funnel of a state, which must be one that can be sent and received. */
static bytea *
funnel(Datum state)
{
	Call		final = {funnel_events_final, 1, {state}};
	Call		send = {funnel_summary_send, 1};

	if (!called(&final, 0))
		finding("a state without a funnel");
	send.args[0] = final.result;
	if (!called(&send, 0))
		finding("a funnel that cannot be sent");
	return DatumGetByteaPP(send.result);
}

static bool
same(const bytea *a, const bytea *b)
{
	return VARSIZE_ANY_EXHDR(a) == VARSIZE_ANY_EXHDR(b) &&
		memcmp(VARDATA_ANY(a), VARDATA_ANY(b), VARSIZE_ANY_EXHDR(a)) == 0;
}

/* A state that was taken in can be handed over again. */
static void
hand_over(Datum state)
{
	bytea	   *before = funnel(state);
	Call		serialize = {funnel_events_serialize, 1, {state}};
	Datum		again;

	if (!called(&serialize, 0) || (again = combined(DatumGetByteaPP(serialize.result), NULL)) == (Datum) 0)
		finding("a state that cannot be handed over again");
	if (!same(before, funnel(again)))
		finding("handed over it is another funnel");
}

/* A buffer of some events. */
static void
fill(EventBuffer *buffer, const uint8 *events, size_t n, bool named, size_t repeat)
{
	static const char names[] = "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz";

	event_buffer_init(buffer, NULL, named);
	for (size_t r = 0; r < repeat; r++)
		for (size_t i = 0; i < n; i++)
		{
			const uint8 *event = events + 3 * i;
			int			role = event[2] % 4 == 3 ? CHAIN_EXIT : event[2] % 4;

			event_buffer_add(buffer, named ? event[0] % 4 : (int64) (event[0] * UINT64CONST(0x123456789ABCDEF) + r), AS_OF - 1000000 * (int64) event[1], role,
							 named ? names : NULL, named ? event[0] % 26 : 0);
		}
}

/* What does not depend on the order in which a buffer hands out its deals. */
static uint64
deals(const EventBuffer *buffer)
{
	DealReader *reader = deal_reader_create(buffer);
	const StageEvent *deal;
	size_t		nevents;
	uint64		sum = 0;

	while ((deal = deal_reader_next(reader, &nevents)) != NULL)
	{
		uint64		events = 0;

		for (size_t i = 0; i < nevents; i++)
			events += event_key(deal[i].at ^ (int64) deal[i].role << 56) ^ deal[i].key;
		sum += event_key((int64) (events + nevents));
	}
	return sum;
}

/* Two parts of some events, borrowed by a third buffer, are the deals of all. */
static void
borrow(const uint8 *events, size_t n, size_t half, bool named, size_t repeat)
{
	EventBuffer all;
	EventBuffer parts[2];
	EventBuffer borrower;

	fill(&all, events, n, named, repeat);
	fill(&parts[0], events, half, named, repeat);
	fill(&parts[1], events + 3 * half, n - half, named, repeat);
	event_buffer_init(&borrower, NULL, named);
	for (int i = 0; i < 2; i++)
	{
		event_buffer_pack(&parts[i]);
		event_buffer_borrow(&borrower, &parts[i]);
	}
	if (deals(&all) != deals(&borrower) || deals(&borrower) != deals(&borrower))
		finding("borrowed parts are other deals");
}

/* The serialized state of some events; a layout of raw_funnel.c. */
static bytea *
serialized(const uint8 *events, size_t n, bool named, size_t repeat)
{
	static const Label stages[] = {{"lead", 4}, {"mql", 3}, {"won", 3}};
	FunnelDefinition definition = {.rules = {.nstages = 3, .within = CHAIN_NO_WINDOW}, .nexits = 1, .exits = {{"lost", 4}}};
	StringInfoData identity;
	StringInfoData out;
	EventBuffer buffer;
	int64		as_of = AS_OF;
	uint32		identity_size;
	char		flags[4] = {named, 0, 0, 0};
	Size		size;

	memcpy(definition.stages, stages, sizeof(stages));
	for (int i = 0; i < CHAIN_MAX_STAGES; i++)
		definition.rules.step_within[i] = CHAIN_NO_WINDOW;
	initStringInfo(&identity);
	funnel_definition_encode(&definition, &identity);
	fill(&buffer, events, n, named, repeat);
	size = event_buffer_serial_size(&buffer);
	identity_size = identity.len;
	initStringInfo(&out);
	appendBinaryStringInfo(&out, (char *) &as_of, sizeof(as_of));
	appendBinaryStringInfo(&out, (char *) &identity_size, sizeof(identity_size));
	appendBinaryStringInfo(&out, flags, sizeof(flags));
	appendBinaryStringInfo(&out, identity.data, identity.len);
	enlargeStringInfo(&out, size);
	event_buffer_serialize(&buffer, out.data + out.len);
	out.len += size;
	return as_bytea(out.data, out.len);
}

/* Is it one input in 64? Those of many events take a hundred times as long as the others. */
static bool
rare(const uint8 *data, size_t size)
{
	uint32		hash = 2166136261u;

	for (size_t i = 0; i < size; i++)
		hash = (hash ^ data[i]) * 16777619u;
	return hash >> 26 == 0;
}

static void
through_events(const uint8 *data, size_t size)
{
	size_t		nchanges;
	size_t		n;
	size_t		half;
	size_t		repeat;
	bool		named;
	bytea	   *all;
	bytea	   *second;
	Datum		state;

	if (size < 2 + 3)
		return;
	named = data[0] & 1;
	nchanges = data[1] % 8;
	repeat = data[0] >= 0xFE && rare(data, size) ? MANY / ((size - 2) / 3) + 1 : 1;
	data += 2;
	size -= 2;
	if (size / 3 <= nchanges)
		return;
	n = size / 3 - nchanges;
	half = n / 2;
	all = serialized(data, n, named, repeat);
	second = serialized(data + 3 * half, n - half, named, repeat);
	for (size_t i = 0; i < nchanges; i++)
	{
		const uint8 *change = data + 3 * (n + i);
		size_t		place = ((size_t) change[0] << 8 | change[1]) % VARSIZE_ANY_EXHDR(second);

		VARDATA_ANY(second)[place] ^= change[2];
	}
	state = combined(serialized(data, half, named, repeat), second);
	if (state != (Datum) 0)
		hand_over(state);
	if (nchanges == 0)
		borrow(data, n, half, named, repeat);
	if (nchanges == 0 && (state == (Datum) 0 || !same(funnel(state), funnel(combined(all, NULL)))))
		finding("two parts do not make the whole");
}

int
LLVMFuzzerTestOneInput(const uint8 *data, size_t size)
{
	Datum		state;

	if (size == 0)
		return 0;
	in_aggregate = true;
	if (data[0] & 1)
		through_events(data + 1, size - 1);
	else if ((state = combined(as_bytea(data + 1, size - 1), NULL)) != (Datum) 0)
		hand_over(state);
	in_aggregate = false;
	backend_reset();
	return 0;
}
