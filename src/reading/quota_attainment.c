/*
 * quota_attainment.c
 *		quota_attainment: when one rep reached quota, in days and in closed
 *		deals; or that the rep has not yet (floor 2).
 *
 * Text form:
 *
 *		{"version":1,"status":"reached","hired_at":"...","observed_until":"...",
 *		 "cycles":3,"won_cycles":3,"attained":135,"target":100}
 */
#include "reading/quota_attainment.h"

#include "catalog/pg_type.h"
#include "funcapi.h"
#include "libpq/pqformat.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/numeric.h"
#include "utils/timestamp.h"

#include "history/deal_history.h"
#include "summary/duration_summary.h"
#include "reading/funnel_definition.h"
#include "base/json.h"
#include "base/type.h"
#include "reading/roles.h"
#include "base/money.h"
#include "base/zone.h"

#define TYPE_NAME "quota_attainment"

static const char *const status_names[] = {"reached", "left", "open"};

/* ---------------------------------------------------------------- check */

static Sum128
sum_of(int64 value)
{
	return sum128_product(value, 1);
}

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
	if (attainment->target <= 0)
		return "the target must be above zero";
	if (attainment->won_cycles < 0 || attainment->won_cycles > attainment->cycles)
		return "cycles and won cycles do not agree";
	if (attainment->status == QUOTA_REACHED &&
		(attainment->won_cycles == 0 ||
		 sum128_compare(attainment->attained, sum_of(attainment->target)) < 0))
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
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("damaged " TYPE_NAME)));
	return attainment;
}

/* An own copy of an attainment whose fields are set. */
static struct varlena *
attainment_build(const QuotaAttainment *attainment)
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
					 money_sum_text(attainment->attained), money_sum_text(sum_of(attainment->target)));
}

/* An attainment from its JSON object; NULL with an error saved. */
static struct varlena *
from_json(JsonbContainer *object, fmNodePtr escontext)
{
	QuotaAttainment attainment = {0};
	Label		status;
	int64		cycles;
	int64		won_cycles;
	Sum128		target;
	const char *problem = NULL;

	if (!jsonb_field_label(object, TYPE_NAME, "status", &status, escontext) ||
		!jsonb_field_instant(object, TYPE_NAME, "hired_at", &attainment.hired_at, escontext) ||
		!jsonb_field_instant(object, TYPE_NAME, "observed_until", &attainment.observed_until, escontext) ||
		!jsonb_field_int64(object, TYPE_NAME, "cycles", &cycles, escontext) ||
		!jsonb_field_int64(object, TYPE_NAME, "won_cycles", &won_cycles, escontext) ||
		!money_sum_field(object, TYPE_NAME, "attained", &attainment.attained, escontext) ||
		!money_sum_field(object, TYPE_NAME, "target", &target, escontext))
		return NULL;
	for (attainment.status = 0; attainment.status < lengthof(status_names); attainment.status++)
		if (strlen(status_names[attainment.status]) == status.length &&
			memcmp(status_names[attainment.status], status.data, status.length) == 0)
			break;
	attainment.cycles = (int32) cycles;
	attainment.won_cycles = (int32) won_cycles;
	attainment.target = (int64) target.low;
	if (cycles < 0 || cycles > PG_INT32_MAX || won_cycles < 0 || won_cycles > PG_INT32_MAX)
		problem = "cycles are out of range";
	else if (sum128_compare(target, sum_of(attainment.target)) != 0)
		problem = "the target is out of range";
	else
		problem = check_attainment(&attainment);
	if (problem != NULL)
		ereturn(escontext, NULL,
				(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
				 errmsg("malformed " TYPE_NAME ": %s", problem)));
	return attainment_build(&attainment);
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
	return attainment_build(&attainment);
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

/* ---------------------------------------------------------------- options */

/* The arguments of quota_attainment(). */
enum
{
	ARG_HISTORY, ARG_HIRED_AT, ARG_QUOTA, ARG_PERIOD, ARG_RAMP, ARG_AS_OF, ARG_LEFT_AT,
	ARG_THRESHOLD, ARG_SUSTAINED, ARG_WON, ARG_LOST, ARG_ZONE
};

#define ROLE_WON 0x01
#define ROLE_LOST 0x02

typedef enum QuotaPeriod
{
	PERIOD_MONTH,
	PERIOD_QUARTER,
	PERIOD_YEAR,
	PERIOD_NONE					/* everything since hire */
} QuotaPeriod;

typedef struct QuotaRules
{
	QuotaPeriod period;
	int			sustained;
	pg_tz	   *zone;
	int64		target;			/* of every period after the ramp */
	int			nramp;
	int64	   *ramp;			/* targets of the first periods */
	int64		first_period;	/* that of the hire */
} QuotaRules;

static void
require_option(FunctionCallInfo fcinfo, int argno, const char *name)
{
	if (PG_ARGISNULL(argno))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("%s must not be NULL", name)));
}

/* 22023 unless a number above zero. */
static void
require_positive(Numeric value, const char *name)
{
	if (numeric_is_nan(value) || numeric_is_inf(value) ||
		!DatumGetBool(DirectFunctionCall2(numeric_gt, NumericGetDatum(value),
										  NumericGetDatum(int64_to_numeric(0)))))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s must be above zero, not %s", name,
						DatumGetCString(DirectFunctionCall1(numeric_out, NumericGetDatum(value))))));
}

/*
 * The smallest amount of money that reaches quota x threshold: their exact
 * product rounded up to ten-thousandths, the grain of all amounts.
 */
static int64
target_of(Numeric quota, Numeric threshold)
{
	Datum		scaled = DirectFunctionCall2(numeric_mul, NumericGetDatum(quota), NumericGetDatum(threshold));

	scaled = DirectFunctionCall2(numeric_mul, scaled, NumericGetDatum(int64_to_numeric(AMOUNT_SCALE)));
	scaled = DirectFunctionCall1(numeric_ceil, scaled);
	if (DatumGetBool(DirectFunctionCall2(numeric_gt, scaled,
										 NumericGetDatum(int64_to_numeric(PG_INT64_MAX)))))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("quota is out of range: %s",
						DatumGetCString(DirectFunctionCall1(numeric_out, NumericGetDatum(quota))))));
	/* a product of numbers too small for numeric is 0 there, but no target is */
	return Max(DatumGetInt64(DirectFunctionCall1(numeric_int8, scaled)), 1);
}

static void
parse_ramp(ArrayType *array, Numeric threshold, QuotaRules *rules)
{
	Datum	   *elements;
	bool	   *nulls;

	if (ARR_NDIM(array) > 1)
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("ramp must be a one-dimensional array")));
	deconstruct_array(array, NUMERICOID, -1, false, TYPALIGN_INT, &elements, &nulls, &rules->nramp);
	rules->ramp = palloc(sizeof(int64) * Max(rules->nramp, 1));
	for (int i = 0; i < rules->nramp; i++)
	{
		if (nulls[i])
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("ramp must not contain NULL")));
		require_positive(DatumGetNumeric(elements[i]), "a quota in ramp");
		rules->ramp[i] = target_of(DatumGetNumeric(elements[i]), threshold);
	}
}

/* All but the instants; 22023, 22004 or 22003 when there is something wrong with them. */
static void
parse_rules(FunctionCallInfo fcinfo, QuotaRules *rules)
{
	static const char *const periods[] = {"month", "quarter", "year"};
	Numeric		threshold;

	memset(rules, 0, sizeof(*rules));
	require_option(fcinfo, ARG_THRESHOLD, "threshold");
	require_option(fcinfo, ARG_SUSTAINED, "sustained");
	require_option(fcinfo, ARG_ZONE, "zone");
	rules->period = PERIOD_NONE;
	if (!PG_ARGISNULL(ARG_PERIOD))
		rules->period = option_from_text(PG_GETARG_TEXT_PP(ARG_PERIOD), "period", periods, lengthof(periods));
	rules->zone = zone_from_text(PG_GETARG_TEXT_PP(ARG_ZONE));
	rules->sustained = PG_GETARG_INT32(ARG_SUSTAINED);
	if (rules->sustained < 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("sustained must be at least 1, not %d", rules->sustained)));
	if (rules->period == PERIOD_NONE && (rules->sustained > 1 || !PG_ARGISNULL(ARG_RAMP)))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s has no meaning without a period", PG_ARGISNULL(ARG_RAMP) ? "sustained" : "ramp"),
				 errhint("Set period to month, quarter or year.")));

	threshold = PG_GETARG_NUMERIC(ARG_THRESHOLD);
	require_positive(threshold, "threshold");
	if (!PG_ARGISNULL(ARG_QUOTA))
	{
		require_positive(PG_GETARG_NUMERIC(ARG_QUOTA), "quota");
		rules->target = target_of(PG_GETARG_NUMERIC(ARG_QUOTA), threshold);
	}
	if (!PG_ARGISNULL(ARG_RAMP))
		parse_ramp(PG_GETARG_ARRAYTYPE_P(ARG_RAMP), threshold, rules);
}

/* ---------------------------------------------------------------- periods */

/* The number of the calendar period of an instant, where the zone is. */
static int64
calendar_period(const QuotaRules *rules, int64 at)
{
	struct pg_tm tm;

	zone_clock(rules->zone, at, &tm);
	switch (rules->period)
	{
		case PERIOD_MONTH:
			return (int64) tm.tm_year * 12 + tm.tm_mon - 1;
		case PERIOD_QUARTER:
			return (int64) tm.tm_year * 4 + (tm.tm_mon - 1) / 3;
		case PERIOD_YEAR:
			return tm.tm_year;
		case PERIOD_NONE:
			break;
	}
	return 0;
}

/* Its number counted from the period of hire, which is 0. */
static int64
period_of(const QuotaRules *rules, int64 at)
{
	if (rules->period == PERIOD_NONE)
		return 0;
	return Max(calendar_period(rules, at) - rules->first_period, 0);
}

static int64
period_target(const QuotaRules *rules, int64 period)
{
	return period < rules->nramp ? rules->ramp[period] : rules->target;
}

/* What was won in one period. */
typedef struct Period
{
	int64		number;			/* -1 before the first */
	Sum128		won;
	bool		attained;		/* has reached its target, and stays so */
	Sum128		attained_with;	/* what was won then, before anything was taken back */
} Period;

/*
 * The current period and the one before it, which is kept since clocks that
 * are set back can return to it; and how many in a row were attained up to the
 * one before that.
 */
typedef struct PeriodRun
{
	Period		current;
	Period		previous;
	int64		run_before;
} PeriodRun;

static int64
run_to_previous(const PeriodRun *run)
{
	return run->previous.attained ? run->run_before + 1 : 0;
}

static int64
run_to_current(const PeriodRun *run)
{
	return run->current.attained ? run_to_previous(run) + 1 : 0;
}

/* Makes `number` the current period when it is a later one; the periods skipped hold nothing. */
static void
advance_to(PeriodRun *run, int64 number)
{
	int64		last = run->current.number;

	if (number <= last)
		return;
	if (number == last + 1)
	{
		run->run_before = run_to_previous(run);
		run->previous = run->current;
	}
	else
	{
		run->run_before = number == last + 2 ? run_to_current(run) : 0;
		memset(&run->previous, 0, sizeof(Period));
		run->previous.number = number - 1;
	}
	memset(&run->current, 0, sizeof(Period));
	run->current.number = number;
}

/* The period of a number, when it is one of the two. */
static Period *
find_period(PeriodRun *run, int64 number)
{
	return number == run->current.number ? &run->current :
		number == run->previous.number ? &run->previous : NULL;
}

/* The period that completes the run asked for, after all events of an instant; NULL when none does. */
static const Period *
completed_by(PeriodRun *run, const QuotaRules *rules)
{
	Period	   *periods[] = {&run->previous, &run->current};

	for (int i = 0; i < lengthof(periods); i++)
		if (periods[i]->number >= 0 && !periods[i]->attained)
		{
			periods[i]->attained = sum128_compare(periods[i]->won,
												  sum_of(period_target(rules, periods[i]->number))) >= 0;
			periods[i]->attained_with = periods[i]->won;
		}
	if (run_to_previous(run) >= rules->sustained)
		return &run->previous;
	if (run_to_current(run) >= rules->sustained)
		return &run->current;
	return NULL;
}

/* ---------------------------------------------------------------- the reading */

/* Reads a history from hire to observed_until, and ends it where quota is reached. */
static void
read_deals(Datum history, const KindRoles *kind_roles, const QuotaRules *rules, PeriodRun *run,
		   QuotaAttainment *attainment)
{
	HistoryView view;
	HistoryCursor cursor;
	HistoryEvent event;
	uint8	   *roles;
	bool		more;

	history_view(&view, history);
	roles = kind_roles_match(kind_roles, &view);
	history_rewind(&cursor, &view);
	more = history_next(&cursor, &event);
	while (more && event.at <= attainment->observed_until)
	{
		int64		at = event.at;
		bool		won = false;

		/* all events of an instant count together */
		CHECK_FOR_INTERRUPTS();
		for (; more && event.at == at; more = history_next(&cursor, &event))
		{
			if (at < attainment->hired_at || roles[event.kind] == 0)
				continue;
			attainment->cycles++;
			if (roles[event.kind] & ROLE_WON)
			{
				int64		number = period_of(rules, at);
				Period	   *period;

				attainment->won_cycles++;
				won = true;
				advance_to(run, number);
				period = find_period(run, number);
				sum128_add_int64(period != NULL ? &period->won : &run->previous.won, event.amount);
			}
		}
		if (won)
		{
			const Period *period = completed_by(run, rules);

			if (period != NULL)
			{
				attainment->status = QUOTA_REACHED;
				attainment->observed_until = at;
				attainment->attained = period->attained_with;
				attainment->target = period_target(rules, period->number);
				return;
			}
		}
	}
}

/*
 * quota_attainment(history, hired_at, quota, period, ramp, as_of, left_at,
 * threshold, sustained, won, lost, zone): when the rep reached quota. A NULL
 * history is one without deals. NULL for a NULL hired_at, quota or as_of, and
 * for somebody who is hired after as_of.
 */
PG_FUNCTION_INFO_V1(quota_attainment);
Datum
quota_attainment(PG_FUNCTION_ARGS)
{
	static const RoleOption options[] = {{ARG_WON, "won", false}, {ARG_LOST, "lost", true}};
	const KindRoles *roles = kind_roles_get(fcinfo, options, lengthof(options), ROLE_WON | ROLE_LOST);
	QuotaRules	rules;
	QuotaAttainment attainment;
	PeriodRun	run;
	TimestampTz as_of;
	TimestampTz left_at = 0;

	/* options are checked even where there is nothing to read */
	parse_rules(fcinfo, &rules);
	if (PG_ARGISNULL(ARG_HIRED_AT) || PG_ARGISNULL(ARG_QUOTA) || PG_ARGISNULL(ARG_AS_OF))
		PG_RETURN_NULL();
	memset(&attainment, 0, sizeof(attainment));
	attainment.hired_at = PG_GETARG_TIMESTAMPTZ(ARG_HIRED_AT);
	as_of = PG_GETARG_TIMESTAMPTZ(ARG_AS_OF);
	(void) instant_check(attainment.hired_at, "hired_at", NULL);
	(void) instant_check(as_of, "as_of", NULL);
	attainment.status = QUOTA_OPEN;
	attainment.observed_until = as_of;
	if (!PG_ARGISNULL(ARG_LEFT_AT))
	{
		left_at = PG_GETARG_TIMESTAMPTZ(ARG_LEFT_AT);
		(void) instant_check(left_at, "left_at", NULL);
		if (left_at < attainment.hired_at)
		{
			char		left_text[INSTANT_TEXT_SIZE];
			char		hired_text[INSTANT_TEXT_SIZE];

			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("left_at %s is before hired_at %s", instant_text(left_at, left_text),
							instant_text(attainment.hired_at, hired_text))));
		}
		if (left_at <= as_of)
		{
			attainment.status = QUOTA_LEFT;
			attainment.observed_until = left_at;
		}
	}
	if (attainment.hired_at > as_of)
		PG_RETURN_NULL();

	memset(&run, 0, sizeof(run));
	run.previous.number = -1;
	if (rules.period != PERIOD_NONE)
		rules.first_period = calendar_period(&rules, attainment.hired_at);
	if (!PG_ARGISNULL(ARG_HISTORY))
		read_deals(PG_GETARG_DATUM(ARG_HISTORY), roles, &rules, &run, &attainment);
	if (attainment.status != QUOTA_REACHED)
	{
		int64		number = period_of(&rules, attainment.observed_until);
		const Period *period = find_period(&run, number);

		attainment.target = period_target(&rules, number);
		if (period != NULL)
			attainment.attained = period->won;
	}
	PG_RETURN_POINTER(attainment_build(&attainment));
}

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
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("reference must be above zero")));
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
