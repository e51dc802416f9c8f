/*
 * win_check.c
 *		Can deals have made a win_summary? Counts in range, amounts only of
 *		deals, and the deals of the competitors adding up to all.
 */
#include "summary/win_summary.h"

#include "miscadmin.h"

StaticAssertDecl(WIN_KEY(WIN_MAX_CONSIDERED, 7) < 1 << WIN_KEY_BITS, "a key fits its bits");

/* Deals of one group by status, and of those the ones with an amount, as far as they are counted. */
typedef struct GroupDeals
{
	int64		of[DEAL_STATUSES];
	int64		with_amount[DEAL_STATUSES];
} GroupDeals;

/* Not more amounts than deals, and a sum that so many can have. */
static const char *
check_amounts(const SummaryGroup *group, int nsums, GroupDeals *deals)
{
	for (int status = 0; status < DEAL_STATUSES; status++)
	{
		int64		most = deals->of[status];
		Sum128		sum;

		if (win_with_amount_at[status] < nsums)
		{
			sum = group->sums[win_with_amount_at[status]];
			if (sum.high != 0 || sum.low > (uint64) most)
				return "there are amounts without deals";
			deals->with_amount[status] = most = (int64) sum.low;
		}
		if (win_amount_at[status] >= nsums)
			continue;
		sum = group->sums[win_amount_at[status]];
		if (sum128_compare(sum, sum128_product(PG_INT64_MIN, most)) < 0 ||
			sum128_compare(sum, sum128_product(PG_INT64_MAX, most)) > 0)
			return "an amount does not fit its deals";
	}
	return NULL;
}

/* Ranges of one group. */
static const char *
check_group(const SummaryGroup *group, int nsums, int64 least_considered, GroupDeals *counts)
{
	int64		deals = 0;

	memset(counts, 0, sizeof(*counts));
	for (uint32 i = 0; i < group->ncells; i++)
	{
		const TallyEntry *cell = &group->cells[i];
		int			category = WIN_KEY_CATEGORY(cell->key);

		if (category >= WIN_CATEGORIES)
			return "a category is unknown";
		if (cell->key / 8 < least_considered || cell->key / 8 > WIN_MAX_CONSIDERED)
			return "a number of competitors is out of range";
		if (cell->count <= 0 || cell->count > WIN_MAX_DEALS - deals)
			return "a count is out of range";
		deals += cell->count;
		counts->of[win_status(category)] += cell->count;
	}
	return check_amounts(group, nsums, counts);
}

/* Of all deals seen so far, and of the competitors' rows: counts by WIN_KEY. */
typedef struct WinCheck
{
	int64		most;			/* competitors in a deal */
	int64	   *deals;
	int64	   *seen;
	GroupDeals	all;
} WinCheck;

/* NULL, or why not; as are the next two. */
static const char *
check_all(WinCheck *check, const SummaryGroup *all)
{
	const char *problem = check_group(all, WIN_SUMS, 0, &check->all);

	if (problem != NULL)
		return problem;
	check->most = all->ncells > 0 ? WIN_KEY_CONSIDERED(all->cells[all->ncells - 1].key) : 0;
	check->deals = palloc0(sizeof(int64) * 2 * 8 * (check->most + 1));
	check->seen = check->deals + 8 * (check->most + 1);
	for (uint32 i = 0; i < all->ncells; i++)
		check->deals[all->cells[i].key] = all->cells[i].count;
	return NULL;
}

static const char *
check_competitor(WinCheck *check, const SummaryGroup *group)
{
	const char *problem;
	GroupDeals	deals;

	if (group->label.length > LABEL_MAX_BYTES)
		return "a name is too long";
	if (group->ncells == 0)
		return "a competitor has no deals";
	problem = check_group(group, WIN_NAMED_SUMS, 1, &deals);
	if (problem != NULL)
		return problem;
	if (deals.with_amount[DEAL_WON] > check->all.with_amount[DEAL_WON] ||
		deals.of[DEAL_WON] - deals.with_amount[DEAL_WON] > check->all.of[DEAL_WON] - check->all.with_amount[DEAL_WON])
		return "a competitor has deals with an amount, or without, that are not there";
	if (WIN_KEY_CONSIDERED(group->cells[group->ncells - 1].key) > check->most)
		return "a competitor has more deals than there are";
	for (uint32 i = 0; i < group->ncells; i++)
	{
		uint64		key = group->cells[i].key;
		int64		count = group->cells[i].count;
		int64		possible = check->deals[key];

		if (WIN_KEY_CATEGORY(key) == WIN_LOST)
		{
			/* a loss to another one, which is that one's LOST_TO, is LOST here */
			possible += check->deals[key + 1];
			if (i + 1 < group->ncells && group->cells[i + 1].key == key + 1)
				possible -= group->cells[i + 1].count;
		}
		if (count > possible)
			return "a competitor has more deals than there are";
		check->seen[key] += count;
		if (check->seen[key] > WIN_KEY_CONSIDERED(key) * WIN_MAX_DEALS)
			return "a count is out of range";
	}
	return NULL;
}

/* A deal with k competitors is in k of their rows: for every k they add up to k times the deals. */
static const char *
check_sums(WinCheck *check)
{
	const char *problem = NULL;

	for (int64 k = 1; k <= check->most; k++)
	{
		const int64 *row = &check->deals[WIN_KEY(k, 0)];
		const int64 *sum = &check->seen[WIN_KEY(k, 0)];

		if (sum[WIN_WON] != k * row[WIN_WON] ||
			sum[WIN_LOST] + sum[WIN_LOST_TO] != k * (row[WIN_LOST] + row[WIN_LOST_TO]) ||
			sum[WIN_LOST_TO] > row[WIN_LOST_TO] ||
			sum[WIN_NO_DECISION] != k * row[WIN_NO_DECISION] ||
			sum[WIN_STILL_OPEN] != k * row[WIN_STILL_OPEN])
			problem = "the deals of the competitors do not add up";
	}
	pfree(check->deals);
	return problem;
}

const char *
win_check(const SummaryView *view)
{
	WinCheck	check;
	const char *problem;

	if (view->identity_size != 0)
		return "it must not have an identity";
	if (view->nsums != WIN_SUMS)
		return "it must hold an amount and a count for each status";
	problem = check_all(&check, &view->all);
	for (uint32 i = 0; problem == NULL && i < view->ngroups; i++)
	{
		problem = check_competitor(&check, &view->groups[i]);
		if ((i & 0xFF) == 0)
			CHECK_FOR_INTERRUPTS();
	}
	return problem != NULL ? problem : check_sums(&check);
}
