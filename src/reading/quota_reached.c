/*
 * quota_reached.c
 *		quota_attainment(): when one rep reached quota, in days and in closed
 *		deals; or that the rep has not yet.
 */
#include "reading/quota_attainment.h"

#include "miscadmin.h"

#include "base/growing_array.h"
#include "reading/deal_book.h"
#include "reading/quota_rules.h"
#include "reading/tenure.h"

/* What was won in one period. */
typedef struct Period
{
	int64		number;
	Sum128		won;
	bool		attained;		/* has reached its target, and stays so */
	Sum128		attained_with;	/* what was won then, before anything was taken back */
	int			row;			/* attained periods in a row, at the first and the last of them */
} Period;

/*
 * The periods in which something was won, ascending, but for those that cannot
 * be attained: of these none counts but the one in which observation ends.
 */
typedef struct Ledger
{
	const QuotaRules *rules;
	int			nperiods;
	int			capacity;
	Period	   *periods;
	int			nposted;
	int			posted_capacity;
	int64	   *posted;			/* numbers of the periods that changed at this instant */
	int64		last_period;	/* the one in which observation ends */
	Sum128		last_won;		/* what was won in it */
} Ledger;

/* ---------------------------------------------------------------- periods */

/* The index of a period, or where it belongs. */
static int
search_period(const Ledger *ledger, int64 number)
{
	int			low = 0;
	int			high = ledger->nperiods;

	/* nearly always the last one, or one behind it */
	if (high == 0 || ledger->periods[high - 1].number < number)
		return high;
	if (ledger->periods[high - 1].number == number)
		return high - 1;
	while (low < high)
	{
		int			middle = low + (high - low) / 2;

		if (ledger->periods[middle].number < number)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static Period *
find_period(Ledger *ledger, int64 number)
{
	int			i = search_period(ledger, number);

	if (i < ledger->nperiods && ledger->periods[i].number == number)
		return &ledger->periods[i];
	ledger->periods = grow_array(ledger->periods, ledger->nperiods, &ledger->capacity, sizeof(Period));
	memmove(&ledger->periods[i + 1], &ledger->periods[i], sizeof(Period) * (ledger->nperiods - i));
	memset(&ledger->periods[i], 0, sizeof(Period));
	ledger->periods[i].number = number;
	ledger->nperiods++;
	return &ledger->periods[i];
}

/* Adds a won deal to its period, or takes it out again. */
static void
post(Ledger *ledger, const DealStand *deal, bool add)
{
	Sum128		amount = sum128_from_int64(deal->amount);
	int64		number = quota_period_of_deal(ledger->rules, deal->closed_at);
	bool		(*change) (Sum128 *, Sum128) = add ? sum128_add : sum128_subtract;

	if (!deal->won)
		return;
	/* never out of range: sums of as many 64-bit amounts as a history has events */
	if (number == ledger->last_period)
		(void) change(&ledger->last_won, amount);
	if (quota_target(ledger->rules, number) == 0)
		return;
	(void) change(&find_period(ledger, number)->won, amount);
	ledger->posted = grow_array(ledger->posted, ledger->nposted, &ledger->posted_capacity, sizeof(int64));
	ledger->posted[ledger->nposted++] = number;
}

/* How many attained periods stand in a row beside period i, on its left or right. */
static int
row_beside(const Ledger *ledger, int i, int step)
{
	const QuotaRules *rules = ledger->rules;
	const Period *periods = ledger->periods;

	if (i + step < 0 || i + step >= ledger->nperiods || !periods[i + step].attained)
		return 0;
	if (quota_place(rules, periods[i + step].number) != quota_place(rules, periods[i].number) + step)
		return 0;
	return periods[i + step].row;
}

/*
 * Period i has just been attained. The period that completes `sustained` in a
 * row with it, the earliest; NULL when none does.
 */
static const Period *
join_row(Ledger *ledger, int i)
{
	int			before = row_beside(ledger, i, -1);
	int			after = row_beside(ledger, i, 1);
	int			row = before + 1 + after;

	ledger->periods[i - before].row = row;
	ledger->periods[i + after].row = row;
	if (row < ledger->rules->sustained)
		return NULL;
	return &ledger->periods[i - before + ledger->rules->sustained - 1];
}

/* At the end of an instant: the period whose attainment reaches quota, the earliest; NULL when none does. */
static const Period *
complete(Ledger *ledger)
{
	const Period *completed = NULL;

	for (int i = 0; i < ledger->nposted; i++)
	{
		int			place = search_period(ledger, ledger->posted[i]);
		Period	   *period = &ledger->periods[place];
		Sum128		target = sum128_from_int64(quota_target(ledger->rules, period->number));
		const Period *last;

		if (period->attained || sum128_compare(period->won, target) < 0)
			continue;
		period->attained = true;
		period->attained_with = period->won;
		last = join_row(ledger, place);
		if (last != NULL && (completed == NULL || last->number < completed->number))
			completed = last;
	}
	ledger->nposted = 0;
	return completed;
}

/* ---------------------------------------------------------------- the reading */

/* Reads a history from hire to observed_until, and ends it where quota is reached. */
static void
read_deals(Datum history, const KindRoles *roles, Ledger *ledger, QuotaAttainment *attainment)
{
	DealBook	book;

	deal_book_open(&book, history, roles, attainment->hired_at, attainment->observed_until);
	while (deal_book_next(&book))
	{
		const Period *completed;

		for (int i = 0; i < book.nchanges; i++)
		{
			const DealChange *change = &book.changes[i];

			CHECK_FOR_INTERRUPTS();
			if (change->before.closed)
				post(ledger, &change->before, false);
			if (change->after.closed)
				post(ledger, &change->after, true);
			attainment->cycles += change->after.closed - change->before.closed;
			attainment->won_cycles += change->after.won - change->before.won;
		}
		completed = complete(ledger);
		if (completed == NULL)
			continue;
		attainment->status = QUOTA_REACHED;
		attainment->observed_until = book.at;
		attainment->attained = completed->attained_with;
		attainment->target = quota_target(ledger->rules, completed->number);
		return;
	}
}

/*
 * quota_attainment(history, hired_at, quota, period, ramp, as_of, left_at,
 * threshold, sustained, won, lost, zone, fiscal_year_start, calendar, quotas):
 * when the rep reached quota. A NULL history is one without deals. NULL for a
 * NULL hired_at or as_of, without a quota, and for a rep hired after
 * as_of.
 */
PG_FUNCTION_INFO_V1(quota_attainment);
Datum
quota_attainment(PG_FUNCTION_ARGS)
{
	static const RoleOption options[] = {{QUOTA_ARG_WON, "won", false}, {QUOTA_ARG_LOST, "lost", true}};
	const KindRoles *roles = kind_roles_get(fcinfo, options, lengthof(options), BOOK_WON | BOOK_LOST);
	QuotaRules	rules;
	QuotaAttainment attainment;
	Tenure		tenure;
	Ledger		ledger;

	/* options are checked even where there is nothing to read */
	quota_rules_parse(fcinfo, &rules);
	if (!tenure_from_arguments(fcinfo, QUOTA_ARG_HIRED_AT, QUOTA_ARG_AS_OF, QUOTA_ARG_LEFT_AT, &tenure) ||
		!rules.has_quota)
		PG_RETURN_NULL();
	memset(&attainment, 0, sizeof(attainment));
	attainment.hired_at = tenure.hired_at;
	attainment.observed_until = tenure.until;
	attainment.status = tenure.left ? QUOTA_LEFT : QUOTA_OPEN;

	quota_rules_start(&rules, attainment.hired_at);
	memset(&ledger, 0, sizeof(ledger));
	ledger.rules = &rules;
	ledger.last_period = quota_period(&rules, attainment.observed_until);
	if (!PG_ARGISNULL(QUOTA_ARG_HISTORY))
		read_deals(PG_GETARG_DATUM(QUOTA_ARG_HISTORY), roles, &ledger, &attainment);
	if (attainment.status != QUOTA_REACHED)
	{
		attainment.attained = ledger.last_won;
		attainment.target = quota_target(&rules, ledger.last_period);
	}
	PG_RETURN_POINTER(quota_attainment_build(&attainment));
}
