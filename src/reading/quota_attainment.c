/*
 * quota_attainment.c
 *		quota_attainment: the type, its forms, and what it says. quota_reached.c
 *		makes it of a history.
 *
 * Text form:
 *
 *		{"version":1,"status":"reached","hired_at":"...","observed_until":"...",
 *		 "cycles":3,"won_cycles":3,"attained":135,"target":100}
 */
#include "reading/quota_attainment.h"

#include "libpq/pqformat.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/timestamp.h"

#include "history/deal_history.h"
#include "reading/funnel_definition.h"
#include "base/json.h"
#include "base/type.h"
#include "base/money.h"
#include "base/options.h"

#define TYPE_NAME "quota_attainment"

static const char *const status_names[] = {"reached", "left", "open"};

/* ---------------------------------------------------------------- check */

/* NULL when fine, else what is wrong. */
static const char *
check_attainment(const QuotaAttainment *attainment)
{
	if (attainment->status > QUOTA_OPEN)
		return "unknown status";
	if (!IS_VALID_TIMESTAMP(attainment->hired_at) || !IS_VALID_TIMESTAMP(attainment->observed_until))
		return "an instant is out of range";
	if (attainment->observed_until < attainment->hired_at)
		return "its end is before the hire";
	if (attainment->target < 0)
		return "the target must not be below zero";
	if (attainment->won_cycles < 0 || attainment->won_cycles > attainment->cycles)
		return "cycles and won cycles do not agree";
	if (attainment->status == QUOTA_REACHED &&
		(attainment->target == 0 || attainment->won_cycles == 0 ||
		 sum128_compare(attainment->attained, sum128_from_int64(attainment->target)) < 0))
		return "reached, but not by what was won";
	return NULL;
}

const QuotaAttainment *
quota_attainment_get(Datum datum)
{
	const QuotaAttainment *attainment = (const QuotaAttainment *) PG_DETOAST_DATUM(datum);

	if (VARSIZE(attainment) != sizeof(QuotaAttainment) ||
		attainment->version != QUOTA_ATTAINMENT_VERSION ||
		attainment->flags != 0 || attainment->unused != 0 ||
		check_attainment(attainment) != NULL)
		type_damaged(TYPE_NAME, NULL);
	return attainment;
}

struct varlena *
quota_attainment_build(const QuotaAttainment *attainment)
{
	QuotaAttainment *result = memcpy(palloc(sizeof(QuotaAttainment)), attainment,
									 sizeof(QuotaAttainment));

	SET_VARSIZE(result, sizeof(QuotaAttainment));
	result->version = QUOTA_ATTAINMENT_VERSION;
	Assert(check_attainment(result) == NULL);
	return (struct varlena *) result;
}

int64
quota_attainment_microseconds(const QuotaAttainment *attainment)
{
	return duration_between(attainment->hired_at, attainment->observed_until);
}

/* ---------------------------------------------------------------- JSON text */

static void
append_json(StringInfo out, Datum datum)
{
	const QuotaAttainment *attainment = quota_attainment_get(datum);
	char		buffer[INSTANT_TEXT_SIZE];

	appendStringInfo(out, "{\"version\":%d,\"status\":\"%s\",\"hired_at\":\"%s\"",
					 QUOTA_ATTAINMENT_VERSION, status_names[attainment->status],
					 instant_text(attainment->hired_at, buffer));
	appendStringInfo(out, ",\"observed_until\":\"%s\",\"cycles\":%d,\"won_cycles\":%d",
					 instant_text(attainment->observed_until, buffer),
					 attainment->cycles, attainment->won_cycles);
	appendStringInfo(out, ",\"attained\":%s,\"target\":%s}",
					 money_sum_text(attainment->attained), money_sum_text(sum128_from_int64(attainment->target)));
}

/* An attainment from its JSON object; NULL with an error saved. */
static struct varlena *
from_json(JsonbContainer *object, fmNodePtr escontext)
{
	QuotaAttainment attainment = {0};
	int			status;

	if (!jsonb_field_word(object, TYPE_NAME, "status", status_names, lengthof(status_names),
						  &status, escontext) ||
		!jsonb_field_instant(object, TYPE_NAME, "hired_at", &attainment.hired_at, escontext) ||
		!jsonb_field_instant(object, TYPE_NAME, "observed_until", &attainment.observed_until, escontext) ||
		!jsonb_field_int32(object, TYPE_NAME, "cycles", &attainment.cycles, escontext) ||
		!jsonb_field_int32(object, TYPE_NAME, "won_cycles", &attainment.won_cycles, escontext) ||
		!money_sum_field(object, TYPE_NAME, "attained", &attainment.attained, escontext) ||
		!amount_field(object, TYPE_NAME, "target", &attainment.target, escontext))
		return NULL;
	attainment.status = (uint8) status;
	if (!jsonb_accept(check_attainment(&attainment), TYPE_NAME, escontext))
		return NULL;
	return quota_attainment_build(&attainment);
}

/* ---------------------------------------------------------------- binary */

static void
send_value(StringInfo out, Datum datum)
{
	const QuotaAttainment *attainment = quota_attainment_get(datum);

	pq_sendbyte(out, attainment->status);
	pq_sendint64(out, attainment->hired_at);
	pq_sendint64(out, attainment->observed_until);
	pq_sendint64(out, attainment->target);
	pq_sendint64(out, attainment->attained.high);
	pq_sendint64(out, attainment->attained.low);
	pq_sendint32(out, attainment->cycles);
	pq_sendint32(out, attainment->won_cycles);
}

static struct varlena *
receive_value(StringInfo in)
{
	QuotaAttainment attainment = {0};

	attainment.status = pq_getmsgbyte(in);
	attainment.hired_at = pq_getmsgint64(in);
	attainment.observed_until = pq_getmsgint64(in);
	attainment.target = pq_getmsgint64(in);
	attainment.attained.high = pq_getmsgint64(in);
	attainment.attained.low = pq_getmsgint64(in);
	attainment.cycles = pq_getmsgint(in, 4);
	attainment.won_cycles = pq_getmsgint(in, 4);
	receive_check(check_attainment(&attainment), TYPE_NAME);
	return quota_attainment_build(&attainment);
}

static const char *const keys[] = {
	"version", "status", "hired_at", "observed_until", "cycles", "won_cycles",
	"attained", "target", NULL
};

static const TypeInfo attainment_type = {
	.name = TYPE_NAME,
	.version = QUOTA_ATTAINMENT_VERSION,
	.keys = keys,
	.append_json = append_json,
	.from_json = from_json,
	.send = send_value,
	.receive = receive_value
};

DEFINE_TYPE(quota_attainment, attainment_type);

/* ---------------------------------------------------------------- accessors */

PG_FUNCTION_INFO_V1(quota_attainment_status);
Datum
quota_attainment_status(PG_FUNCTION_ARGS)
{
	PG_RETURN_TEXT_P(cstring_to_text(status_names[quota_attainment_get(PG_GETARG_DATUM(0))->status]));
}

PG_FUNCTION_INFO_V1(quota_attainment_hired_at);
Datum
quota_attainment_hired_at(PG_FUNCTION_ARGS)
{
	PG_RETURN_TIMESTAMPTZ(quota_attainment_get(PG_GETARG_DATUM(0))->hired_at);
}

/* NULL unless reached. */
PG_FUNCTION_INFO_V1(quota_attainment_reached_at);
Datum
quota_attainment_reached_at(PG_FUNCTION_ARGS)
{
	const QuotaAttainment *attainment = quota_attainment_get(PG_GETARG_DATUM(0));

	if (attainment->status != QUOTA_REACHED)
		PG_RETURN_NULL();
	PG_RETURN_TIMESTAMPTZ(attainment->observed_until);
}

PG_FUNCTION_INFO_V1(quota_attainment_observed_until);
Datum
quota_attainment_observed_until(PG_FUNCTION_ARGS)
{
	PG_RETURN_TIMESTAMPTZ(quota_attainment_get(PG_GETARG_DATUM(0))->observed_until);
}

/* Whole days of 24 hours from hire to the end of observation. */
PG_FUNCTION_INFO_V1(quota_attainment_days);
Datum
quota_attainment_days(PG_FUNCTION_ARGS)
{
	const QuotaAttainment *attainment = quota_attainment_get(PG_GETARG_DATUM(0));

	PG_RETURN_INT32((int32) (quota_attainment_microseconds(attainment) / USECS_PER_DAY));
}

PG_FUNCTION_INFO_V1(quota_attainment_cycles);
Datum
quota_attainment_cycles(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT32(quota_attainment_get(PG_GETARG_DATUM(0))->cycles);
}

PG_FUNCTION_INFO_V1(quota_attainment_won_cycles);
Datum
quota_attainment_won_cycles(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT32(quota_attainment_get(PG_GETARG_DATUM(0))->won_cycles);
}

PG_FUNCTION_INFO_V1(quota_attainment_attained);
Datum
quota_attainment_attained(PG_FUNCTION_ARGS)
{
	PG_RETURN_NUMERIC(money_sum_numeric(quota_attainment_get(PG_GETARG_DATUM(0))->attained));
}

PG_FUNCTION_INFO_V1(quota_attainment_target);
Datum
quota_attainment_target(PG_FUNCTION_ARGS)
{
	PG_RETURN_NUMERIC(amount_to_numeric(quota_attainment_get(PG_GETARG_DATUM(0))->target));
}

int64
quota_reference(Datum interval)
{
	int64		reference = window_from_interval(DatumGetIntervalP(interval), "reference");

	if (reference == 0)
		refuse_value("reference", "above zero", DatumGetCString(DirectFunctionCall1(interval_out, interval)), NULL);
	return reference;
}

/* The time from hire to the end of observation in reference cycles. */
PG_FUNCTION_INFO_V1(quota_attainment_elapsed_cycles);
Datum
quota_attainment_elapsed_cycles(PG_FUNCTION_ARGS)
{
	int64		reference = quota_reference(PG_GETARG_DATUM(1));
	const QuotaAttainment *attainment = quota_attainment_get(PG_GETARG_DATUM(0));

	PG_RETURN_FLOAT8((double) quota_attainment_microseconds(attainment) / (double) reference);
}
