/*
 * win_check.c
 *		Can deals have made a win_summary? Counts in range, amounts only where
 *		there are deals, and the deals of the competitors adding up to all.
 */
#include "summary/win_summary.h"

#include "miscadmin.h"

StaticAssertDecl(WIN_KEY(WIN_MAX_CONSIDERED, 7) < 1 << WIN_KEY_BITS, "a key fits its bits");

static inline bool
is_zero(Sum128 sum)
{
	return sum.low == 0 && sum.high == 0;
}

/* Ranges of one group, and amounts only where there are deals. */
static const char *
check_group(const SummaryGroup *group, int64 least_considered)
{
	int64		deals = 0;
	bool		won = false;
	bool		lost = false;

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
		won |= category == WIN_WON;
		lost |= category == WIN_LOST || category == WIN_LOST_TO;
	}
	if ((!won && !is_zero(group->sums[WIN_AMOUNT_WON])) ||
		(!lost && !is_zero(group->sums[WIN_AMOUNT_LOST])))
		return "there are amounts without deals";
	return NULL;
}

/* Of all deals seen so far, and of the competitors' rows: counts by WIN_KEY. */
typedef struct WinCheck
{
	int64		most;			/* competitors in a deal */
	int64	   *deals;
	int64	   *seen;
} WinCheck;

/* NULL, or why not; as are the next two. */
static const char *
check_all(WinCheck *check, const SummaryGroup *all)
{
	const char *problem = check_group(all, 0);

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

	if (group->label.length > LABEL_MAX_BYTES)
		return "a name is too long";
	if (group->ncells == 0)
		return "a competitor has no deals";
	problem = check_group(group, 1);
	if (problem != NULL)
		return problem;
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
	if (view->nsums != WIN_AMOUNTS)
		return "it must hold two amounts";
	problem = check_all(&check, &view->all);
	for (uint32 i = 0; problem == NULL && i < view->ngroups; i++)
	{
		problem = check_competitor(&check, &view->groups[i]);
		if ((i & 0xFF) == 0)
			CHECK_FOR_INTERRUPTS();
	}
	return problem != NULL ? problem : check_sums(&check);
}
