/*
 * tenure.c
 *		How long a rep is observed, and what was won in each month of it.
 */
#include "reading/tenure.h"

#include "funcapi.h"
#include "miscadmin.h"
#include "utils/timestamp.h"
#include "utils/tuplestore.h"

#include "base/money.h"
#include "base/options.h"
#include "base/zone.h"
#include "reading/deal_book.h"

bool
tenure_from_arguments(FunctionCallInfo fcinfo, int hired_at, int as_of, int left_at,
					  Tenure *tenure)
{
	TimestampTz left;

	if (PG_ARGISNULL(hired_at) || PG_ARGISNULL(as_of))
		return false;
	tenure->hired_at = PG_GETARG_TIMESTAMPTZ(hired_at);
	tenure->until = PG_GETARG_TIMESTAMPTZ(as_of);
	tenure->left = false;
	(void) instant_check(tenure->hired_at, "hired_at", NULL);
	(void) instant_check(tenure->until, "as_of", NULL);
	if (!PG_ARGISNULL(left_at))
	{
		left = PG_GETARG_TIMESTAMPTZ(left_at);
		(void) instant_check(left, "left_at", NULL);
		if (left < tenure->hired_at)
		{
			char		left_text[INSTANT_TEXT_SIZE];
			char		hired_text[INSTANT_TEXT_SIZE];

			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("left_at %s is before hired_at %s", instant_text(left, left_text),
							instant_text(tenure->hired_at, hired_text))));
		}
		tenure->left = left <= tenure->until;
		if (tenure->left)
			tenure->until = left;
	}
	return tenure->hired_at <= tenure->until;
}

/* ---------------------------------------------------------------- months since hire */

/* The arguments of tenure_amounts(). */
enum
{
	ARG_HISTORY, ARG_HIRED_AT, ARG_AS_OF, ARG_LEFT_AT, ARG_WON, ARG_LOST, ARG_ZONE
};

/* The month of an instant not before the hire, counted from 0. */
static int
month_of(pg_tz *zone, int64 hired_at, int64 at)
{
	struct pg_tm hired;
	struct pg_tm clock;
	int			month;

	zone_clock(zone, hired_at, &hired);
	zone_clock(zone, at, &clock);
	month = (clock.tm_year - hired.tm_year) * MONTHS_PER_YEAR + clock.tm_mon - hired.tm_mon;
	/* the clock says which month it is to within one */
	while (month > 0 && zone_add_months(zone, hired_at, month) > at)
		month--;
	while (zone_add_months(zone, hired_at, month + 1) <= at)
		month++;
	return month;
}

/* Adds a deal to the month in which it was won, or takes it out again. */
static void
post(Sum128 *months, int nmonths, pg_tz *zone, int64 hired_at, const DealStand *deal, bool add)
{
	int			month;
	Sum128		amount = sum128_from_int64(deal->amount);

	if (!deal->won)
		return;
	month = month_of(zone, hired_at, deal->closed_at);
	if (month >= nmonths)
		return;
	/* never out of range: sums of as many 64-bit amounts as a history has events */
	if (add)
		(void) sum128_add(&months[month], amount);
	else
		(void) sum128_subtract(&months[month], amount);
}

static void
put_months(FunctionCallInfo fcinfo, const Sum128 *months, int nmonths)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;

	for (int i = 0; i < nmonths; i++)
	{
		Numeric		amount = money_sum_numeric(months[i]);
		Datum		values[2] = {Int32GetDatum(i + 1), NumericGetDatum(amount)};
		bool		nulls[2] = {false, false};

		CHECK_FOR_INTERRUPTS();
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
		pfree(amount);
	}
}

/*
 * tenure_amounts(history, hired_at, as_of, left_at, won, lost, zone) ->
 * (tenure_month, amount): what a rep won in each whole month since hire, the
 * first one being 1, as the deals stand at the end of the tenure. A month
 * without a win has 0, and a NULL history is one without deals. No rows where
 * there is no tenure.
 */
PG_FUNCTION_INFO_V1(tenure_amounts);
Datum
tenure_amounts(PG_FUNCTION_ARGS)
{
	static const RoleOption options[] = {{ARG_WON, "won", false}, {ARG_LOST, "lost", true}};
	const KindRoles *roles = kind_roles_get(fcinfo, options, lengthof(options), BOOK_WON | BOOK_LOST);
	pg_tz	   *zone;
	Tenure		tenure;
	int			nmonths;
	Sum128	   *months;

	require_option(fcinfo, ARG_ZONE, "zone");
	zone = zone_from_text(PG_GETARG_TEXT_PP(ARG_ZONE));
	InitMaterializedSRF(fcinfo, 0);
	if (!tenure_from_arguments(fcinfo, ARG_HIRED_AT, ARG_AS_OF, ARG_LEFT_AT, &tenure))
		PG_RETURN_NULL();

	nmonths = month_of(zone, tenure.hired_at, tenure.until);
	months = palloc0(sizeof(Sum128) * Max(nmonths, 1));
	if (!PG_ARGISNULL(ARG_HISTORY))
	{
		DealBook	book;

		deal_book_open(&book, PG_GETARG_DATUM(ARG_HISTORY), roles, tenure.hired_at, tenure.until);
		while (deal_book_next(&book))
			for (int i = 0; i < book.nchanges; i++)
			{
				post(months, nmonths, zone, tenure.hired_at, &book.changes[i].before, false);
				post(months, nmonths, zone, tenure.hired_at, &book.changes[i].after, true);
			}
	}
	put_months(fcinfo, months, nmonths);
	PG_RETURN_NULL();
}
