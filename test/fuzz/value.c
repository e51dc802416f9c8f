/*
 * value.c
 *		One type's bytes under libFuzzer: FUZZ_TYPE names the type, which the
 *		compiler is told (-DFUZZ_TYPE=duration_summary).
 *
 * The first byte of an input chooses a door, the rest goes through it:
 *
 *	0	binary form: what recv lets in must be answered by every accessor, never
 *		called damaged, and sent and received again be the same bytes
 *	1, 2 stored bytes, with a header of four bytes or of one: an answer or an error
 *	3	two binary forms: merging them as states in place, one into the other, is
 *		adding them, in either order; and what was added can be taken away again
 *
 * An error is an answer when its SQLSTATE is a data exception, a limit, damaged
 * data, or the protocol's error of a message that ends too early.
 */
#include "base/compat.h"

#include "lib/stringinfo.h"
#include "utils/builtins.h"

#include "backend.h"

/* How a function is called with a value. */
typedef enum Arguments
{
	ONE,						/* (value) */
	TWICE,						/* (value, value) */
	FLOAT,						/* (value, 0.5, 0.95) */
	BIGINT,						/* (value, 10, 0.95) */
	INT,						/* (value, 60, the name of a band) */
	TEXT,						/* (value, a name) */
	INSTANT,					/* (value, an instant) */
	STATE						/* (NULL, value), the transition function of an aggregate over it */
} Arguments;

typedef struct Question
{
	PGFunction	function;
	Arguments	arguments;
} Question;

typedef struct Type
{
	const char *name;
	PGFunction	receive;
	PGFunction	send;
	PGFunction	combine;		/* NULL where values do not merge */
	PGFunction	final;			/* NULL where the state is the value */
	PGFunction	plus;
	PGFunction	minus;
	bool		exact;			/* sums do not round */
	const char *name_asked;		/* for TEXT */
	Question	questions[20];
} Type;

#include "functions.h"			/* the SQL functions of src/, as test/fuzz/run lists them */

#define STRING_(x) #x
#define STRING(x) STRING_(x)

static const Type types[] = {
	{"deal_event", deal_event_recv, deal_event_send,.exact = true,.questions = {
			{deal_event_kind, ONE}, {deal_event_occurred_at, ONE}, {deal_event_subject, ONE},
			{deal_event_cmp, TWICE}, {deal_event_hash, ONE}, {deal_event_hash_extended, BIGINT},
			{deal_history_accumulate_event, STATE}}},
	{"deal_history", deal_history_recv, deal_history_send, deal_history_accumulate, deal_history_final,
		deal_history_concat,.exact = true,.name_asked = "won",.questions = {
			{deal_history_event_count, ONE}, {deal_history_started_at, ONE}, {deal_history_ended_at, ONE},
			{deal_history_first_at, TEXT}, {deal_history_last_at, TEXT}, {deal_history_has_kind, TEXT},
			{deal_history_as_of, INSTANT}, {deal_history_distinct_events, ONE}, {deal_history_concat, TWICE},
			{deal_history_final, ONE}, {deal_history_accumulate, STATE}}},
	/* its rollup has no final function: nothing of nothing is a value too */
	{"rate_summary", rate_summary_recv, rate_summary_send, rate_summary_combine, NULL,
		rate_summary_plus, rate_summary_minus,.exact = true,.questions = {
			{rate_summary_successes, ONE}, {rate_summary_total, ONE}, {rate_summary_rate, ONE},
			{rate_summary_percent, ONE}, {rate_summary_final, ONE}, {rate_summary_minus, TWICE}, {rate_summary_out, ONE}}},
	{"amount_summary", amount_summary_recv, amount_summary_send, amount_summary_combine, NULL,
		amount_summary_plus, amount_summary_minus,.exact = true,.questions = {
			{amount_summary_count, ONE}, {amount_summary_missing, ONE},
			{amount_summary_mean, ONE}, {amount_summary_std_dev, ONE}, {amount_summary_final, ONE},
			{amount_summary_minus, TWICE}, {amount_summary_out, ONE}}},
	{"duration_summary", duration_summary_recv, duration_summary_send, duration_summary_combine,
		duration_summary_final, duration_summary_plus, duration_summary_minus,.exact = true,.questions = {
			{duration_summary_unit, ONE}, {duration_summary_observed, ONE}, {duration_summary_censored, ONE},
			{duration_summary_competing, ONE}, {duration_summary_mean, ONE}, {duration_summary_median, ONE},
			{duration_summary_quantile, FLOAT}, {duration_summary_reached_within, BIGINT},
			{duration_summary_restricted_mean, FLOAT}, {duration_summary_restricted_mean_error, FLOAT}, {duration_summary_at_risk, BIGINT},
			{duration_summary_chart, INT}, {duration_summary_out, ONE}, {duration_summary_minus, TWICE},
			{duration_summary_add_summary, STATE}}},
	{"mantel_haenszel_summary", mantel_haenszel_summary_recv, mantel_haenszel_summary_send,
		mantel_haenszel_summary_combine, NULL, mantel_haenszel_summary_combine},
	{"log_rank_summary", log_rank_summary_recv, log_rank_summary_send, log_rank_summary_combine,
		log_rank_summary_final, log_rank_summary_plus,.exact = true,.questions = {
			{log_rank_summary_out, ONE}, {log_rank_summary_add_summary, STATE}}},
	{"deal_progress", deal_progress_recv, deal_progress_send,.exact = true,.name_asked = "won",.questions = {
			{deal_progress_depth, ONE}, {deal_progress_status, ONE}, {deal_progress_entered_at, ONE},
			{deal_progress_stage_time, TEXT}, {funnel_summary_add_progress, STATE},
			{funnel_summary_add_progress_amount, STATE}}},
	{"funnel_summary", funnel_summary_recv, funnel_summary_send, funnel_summary_combine, funnel_summary_final,
		funnel_summary_plus, funnel_summary_minus,.exact = true,.name_asked = "lead",.questions = {
			{funnel_summary_conversion, ONE}, {funnel_summary_stage_duration, TEXT}, {funnel_summary_chart, INT}, {funnel_summary_missing, ONE},
			{funnel_summary_out, ONE}, {funnel_summary_minus, TWICE}, {funnel_summary_add_summary, STATE}}},
	{"deal_outcome", deal_outcome_recv, deal_outcome_send,.exact = true,.questions = {
			{deal_outcome_status, ONE}, {deal_outcome_closed_at, ONE}, {deal_outcome_lost_to, ONE},
			{win_summary_add_outcome, STATE}}},
	{"win_summary", win_summary_recv, win_summary_send, win_summary_combine, win_summary_final,
		win_summary_plus, win_summary_minus,.exact = true,.name_asked = "Globex",.questions = {
			{win_summary_win_loss_ratio, TEXT}, {win_summary_lost_to, TEXT}, {win_summary_chart, INT},
			{win_summary_overall_amount_win_rate, ONE},
			{win_summary_out, ONE}, {win_summary_minus, TWICE}, {win_summary_add_summary, STATE}}},
	{"content_summary", content_summary_recv, content_summary_send, content_summary_combine,
		content_summary_final, content_summary_plus,.exact = true,.name_asked = "view",.questions = {
			{content_summary_action_count, TEXT}, {content_summary_distinct_actors_is_exact, TEXT},
			{content_summary_total_seconds, TEXT}, {content_summary_view_time, TEXT},
			{content_summary_out, ONE}, {content_summary_final, ONE}}},
	{"deal_cycle", deal_cycle_recv, deal_cycle_send,.exact = true,.questions = {
			{deal_cycle_status, ONE}, {deal_cycle_unit, ONE}, {deal_cycle_duration, ONE},
			{deal_cycle_started_at, ONE}, {deal_cycle_ended_at, ONE}, {deal_cycle_entered_at, ONE},
			{deal_cycle_observed_until, ONE}, {duration_summary_add_cycle, STATE}}},
	{"quota_attainment", quota_attainment_recv, quota_attainment_send,.exact = true,.questions = {
			{quota_attainment_status, ONE}, {quota_attainment_hired_at, ONE}, {quota_attainment_reached_at, ONE},
			{quota_attainment_observed_until, ONE}, {quota_attainment_days, ONE}, {quota_attainment_cycles, ONE},
			{quota_attainment_won_cycles, ONE}, {quota_summary_add_attainment, STATE}}},
	{"quota_summary", quota_summary_recv, quota_summary_send, quota_summary_combine, quota_summary_final,
		quota_summary_plus, quota_summary_minus,.exact = true,.questions = {
			{quota_summary_reps, ONE}, {quota_summary_reached, ONE}, {quota_summary_quota_velocity, ONE},
			{quota_summary_mean_cycles, ONE}, {quota_summary_time_to_quota, ONE}, {quota_summary_chart, INT},
			{quota_summary_out, ONE}, {quota_summary_minus, TWICE}, {quota_summary_add_summary, STATE}}},
	{"rollout_summary", rollout_summary_recv, rollout_summary_send, rollout_summary_combine, rollout_summary_final,
		rollout_summary_plus, rollout_summary_minus,.exact = true,.questions = {
			{rollout_summary_chart, INT}, {rollout_summary_out, ONE}, {rollout_summary_minus, TWICE},
			{rollout_summary_add_summary, STATE}}},
	{"pipeline_summary", pipeline_summary_recv, pipeline_summary_send, pipeline_summary_combine, pipeline_summary_final,
		pipeline_summary_plus, pipeline_summary_minus,.exact = true,.questions = {
			{pipeline_summary_out, ONE}, {pipeline_summary_chart, INT}, {pipeline_summary_minus, TWICE}, {pipeline_summary_add_summary, STATE}}},
};

static const Type *type;

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	for (int i = 0; i < lengthof(types); i++)
		if (strcmp(types[i].name, STRING(FUZZ_TYPE)) == 0)
			type = &types[i];
	if (type == NULL)
		finding("unknown type");
	return 0;
}

/* ---------------------------------------------------------------- calling */

typedef struct Call
{
	PGFunction	function;
	int			nargs;
	NullableDatum args[4];
	Datum		result;
	bool		is_null;
} Call;

static void
step(void *argument)
{
	Call	   *call = argument;
	LOCAL_FCINFO(fcinfo, 4);
	FmgrInfo	flinfo = {0};

	flinfo.fn_nargs = call->nargs;
	InitFunctionCallInfoData(*fcinfo, &flinfo, call->nargs, InvalidOid, NULL, NULL);
	memcpy(fcinfo->args, call->args, sizeof(call->args));
	call->result = call->function(fcinfo);
	call->is_null = fcinfo->isnull;
}

/* An error other than these is a finding. */
static void
require_answer(int sqlstate, bool may_be_damaged)
{
	int			category = ERRCODE_TO_CATEGORY(sqlstate);

	if (sqlstate != 0 && category != ERRCODE_DATA_EXCEPTION && category != ERRCODE_PROGRAM_LIMIT_EXCEEDED &&
		sqlstate != ERRCODE_PROTOCOL_VIOLATION &&
		!(may_be_damaged && sqlstate == ERRCODE_DATA_CORRUPTED))
		finding(sqlstate == ERRCODE_DATA_CORRUPTED ? "a value that was let in is called damaged" : "an unexpected SQLSTATE");
}

/* True when there is a result; NULL counts as one, with call->is_null. */
static bool
called(Call *call, bool may_be_damaged)
{
	int			sqlstate = backend_try(step, call);

	require_answer(sqlstate, may_be_damaged);
	return sqlstate == 0;
}

#define ARG(datum) {.value = (datum), .isnull = false}
#define NO_ARG {.value = 0, .isnull = true}

/* A value from its binary form, at the end of an allocation of its own; false when it is refused. */
static bool
receive(const void *bytes, size_t size, Datum *value)
{
	StringInfoData message = {0};
	Call		call = {type->receive, 1};

	message.data = memcpy(palloc(size), bytes, size);
	message.len = message.maxlen = size;
	call.args[0].value = PointerGetDatum(&message);
	if (!called(&call, false))
		return false;
	/* as the server asks of every message that was received */
	if (message.cursor != message.len)
		return false;
	*value = call.result;
	return true;
}

static bytea *
sent(Datum value, bool may_be_damaged)
{
	Call		call = {type->send, 1, {ARG(value)}};

	return called(&call, may_be_damaged) ? DatumGetByteaPP(call.result) : NULL;
}

static bool
same(const void *a, const void *b)
{
	return VARSIZE_ANY_EXHDR(a) == VARSIZE_ANY_EXHDR(b) && memcmp(VARDATA_ANY(a), VARDATA_ANY(b), VARSIZE_ANY_EXHDR(a)) == 0;
}

static void
ask(Datum value, bool may_be_damaged)
{
	for (const Question *question = type->questions; question->function != NULL; question++)
	{
		Call		call = {question->function, 3, {ARG(value), NO_ARG, NO_ARG}};

		in_aggregate = false;
		switch (question->arguments)
		{
			case ONE:
				call.nargs = 1;
				break;
			case TWICE:
				call.nargs = 2;
				call.args[1] = call.args[0];
				break;
			case FLOAT:
				call.args[1] = (NullableDatum) ARG(Float8GetDatum(0.5));
				call.args[2] = (NullableDatum) ARG(Float8GetDatum(0.95));
				break;
			case BIGINT:
				call.args[1] = (NullableDatum) ARG(Int64GetDatum(10));
				call.args[2] = (NullableDatum) ARG(Float8GetDatum(0.95));
				break;
			case INT:
				call.nargs = 4;
				call.args[1] = (NullableDatum) ARG(Int32GetDatum(60));
				call.args[2] = (NullableDatum) ARG(PointerGetDatum(cstring_to_text("log-log")));
				call.args[3].isnull = true;
				break;
			case TEXT:
				call.nargs = 2;
				call.args[1] = (NullableDatum) ARG(PointerGetDatum(cstring_to_text(type->name_asked)));
				break;
			case INSTANT:
				call.nargs = 2;
				call.args[1] = (NullableDatum) ARG(Int64GetDatum(INT64CONST(825000000000000)));
				break;
			case STATE:
				call.nargs = 2;
				call.args[0] = (NullableDatum) NO_ARG;
				call.args[1] = (NullableDatum) ARG(value);
				in_aggregate = true;
				break;
		}
		(void) called(&call, may_be_damaged);
	}
	in_aggregate = false;
}

/* ---------------------------------------------------------------- doors */

static void
through_binary(const uint8 *data, size_t size)
{
	Datum		value;
	Datum		again;
	bytea	   *bytes;

	if (!receive(data, size, &value))
		return;
	ask(value, false);
	bytes = sent(value, false);
	if (bytes == NULL || !receive(VARDATA_ANY(bytes), VARSIZE_ANY_EXHDR(bytes), &again))
		finding("what was sent is not received");
	if (!same(DatumGetPointer(value), DatumGetPointer(again)))
		finding("sent and received it is another value");
}

static void
through_storage(const uint8 *data, size_t size, bool short_header)
{
	struct varlena *stored;

	if (short_header)
	{
		if (size + VARHDRSZ_SHORT > VARATT_SHORT_MAX)
			return;
		stored = palloc(size + VARHDRSZ_SHORT);
		SET_VARSIZE_SHORT(stored, size + VARHDRSZ_SHORT);
		memcpy(VARDATA_SHORT(stored), data, size);
	}
	else
	{
		stored = palloc(size + VARHDRSZ);
		SET_VARSIZE(stored, size + VARHDRSZ);
		memcpy(VARDATA(stored), data, size);
	}
	ask(PointerGetDatum(stored), true);
	(void) sent(PointerGetDatum(stored), true);
}

/* The sum of two as an aggregate makes it, from no state on; false when it overflows. */
static bool
merged(Datum a, Datum b, Datum *result)
{
	Call		first = {type->combine, 2, {NO_ARG, ARG(a)}};
	Call		second = {type->combine, 2, {NO_ARG, ARG(b)}};
	Call		final = {type->final, 1};

	in_aggregate = true;
	/* a strict transition function is not called without a state: the first value is the state, copied */
	if (type->combine == rate_summary_combine || type->combine == amount_summary_combine || type->combine == mantel_haenszel_summary_combine)
		first.result = PointerGetDatum(memcpy(palloc(VARSIZE_ANY(DatumGetPointer(a))), DatumGetPointer(a), VARSIZE_ANY(DatumGetPointer(a))));
	else if (!called(&first, false))
		finding("a value alone cannot be merged");
	second.args[0] = (NullableDatum) ARG(first.result);
	if (!called(&second, false))
		return false;
	in_aggregate = false;
	*result = second.result;
	if (type->final != NULL)
	{
		final.args[0] = (NullableDatum) ARG(second.result);
		if (!called(&final, false))
			return false;
		*result = final.result;
	}
	return true;
}

static void
through_merging(const uint8 *data, size_t size)
{
	Datum		a;
	Datum		b;
	Datum		sum;
	Call		plus = {type->plus, 2};
	Call		reversed = {type->plus, 2};
	bytea	   *copy_a;
	bytea	   *copy_b;
	size_t		split;
	bool		added;

	if (type->combine == NULL || size < 2)
		return;
	split = ((size_t) data[0] << 8 | data[1]) % (size - 1);
	if (!receive(data + 2, split, &a) || !receive(data + 2 + split, size - 2 - split, &b))
		return;
	copy_a = sent(a, false);
	copy_b = sent(b, false);
	plus.args[0] = reversed.args[1] = (NullableDatum) ARG(a);
	plus.args[1] = reversed.args[0] = (NullableDatum) ARG(b);
	added = called(&plus, false);
	if (called(&reversed, false) != added)
		finding("a sum in one order only");
	if (merged(a, b, &sum) != added)
		finding("a sum one way only");
	if (!same(copy_a, sent(a, false)) || !same(copy_b, sent(b, false)))
		finding("adding changed what was added");
	if (!added)
		return;
	if (type->exact &&
		(!same(DatumGetPointer(plus.result), DatumGetPointer(reversed.result)) ||
		 !same(DatumGetPointer(plus.result), DatumGetPointer(sum))))
		finding("sums differ");
	ask(sum, false);
	if (type->minus != NULL)
	{
		Call		minus = {type->minus, 2, {ARG(sum), ARG(b)}};

		if (!called(&minus, false) || !same(DatumGetPointer(minus.result), DatumGetPointer(a)))
			finding("a + b - b is not a");
	}
}

int
LLVMFuzzerTestOneInput(const uint8 *data, size_t size)
{
	if (size == 0)
		return 0;
	switch (data[0] & 3)
	{
		case 0:
			through_binary(data + 1, size - 1);
			break;
		case 1:
			through_storage(data + 1, size - 1, false);
			break;
		case 2:
			through_storage(data + 1, size - 1, true);
			break;
		case 3:
			through_merging(data + 1, size - 1);
			break;
	}
	in_aggregate = false;
	backend_reset();
	return 0;
}
