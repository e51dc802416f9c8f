/*
 * win_summary.h
 *		How deals ended, by the competitors that were considered in them.
 *
 * A deal that considers k distinct competitors counts in full in the row of
 * each, and the cells keep k, so that the fractional credit 1/k is exact too:
 * it is a count divided by k. The same cells for all deals together tell what
 * was uncontested (k = 0).
 *
 * A summary (engine.h):
 *
 *		groups		the competitors
 *		sums		of each: the amounts won and lost in ten-thousandths, and how many
 *					deals won have one; of all deals also how many of the others have one,
 *					and the amounts without decision and open
 *		keys		WIN_KEY(k, category)
 *
 * Size in bytes: 14 and more for header and all deals, and for every competitor
 * its name and 7 and more: the length, two amounts and a count (1 byte each when
 * zero, an amount 4 or 5 for millions), number of cells, and for each number k and
 * category that occurs 2 and more (a varint of the gap, a varint of the count).
 */
#ifndef EM_WIN_SUMMARY_H
#define EM_WIN_SUMMARY_H

#include "reading/final_run.h"
#include "summary/engine.h"

#define WIN_MAX_CONSIDERED 1000 /* competitors in one deal */
#define WIN_MAX_COMPETITORS (1 << 20)	/* competitors in one summary */
#define WIN_MAX_DEALS (PG_INT64_MAX / (4 * WIN_MAX_CONSIDERED))

typedef enum WinCategory
{
	WIN_WON,
	WIN_LOST,					/* not to this one, or to an unknown one */
	WIN_LOST_TO,				/* lost to this one; of all deals: to a named competitor */
	WIN_NO_DECISION,
	WIN_STILL_OPEN
} WinCategory;

#define WIN_CATEGORIES 5

#define WIN_KEY(k, category) ((uint64) (k) * 8 + (category))
#define WIN_KEY_CONSIDERED(key) ((int64) ((key) / 8))
#define WIN_KEY_CATEGORY(key) ((int) ((key) % 8))

/* Bits of a key. */
#define WIN_KEY_BITS 13

/* Where the sums stand: the amounts of the deals with a status, and how many of these have one. */
enum
{
	WIN_AMOUNT_WON,
	WIN_AMOUNT_LOST,
	WIN_WITH_AMOUNT_WON,
	/* the sums from here on are those of all deals, not of a competitor */
	WIN_NAMED_SUMS,
	WIN_WITH_AMOUNT_LOST = WIN_NAMED_SUMS,
	WIN_AMOUNT_NO_DECISION,
	WIN_WITH_AMOUNT_NO_DECISION,
	WIN_AMOUNT_OPEN,
	WIN_WITH_AMOUNT_OPEN,
	WIN_SUMS
};

static const uint8 win_amount_at[DEAL_STATUSES] = {
	[DEAL_WON] = WIN_AMOUNT_WON,
	[DEAL_LOST] = WIN_AMOUNT_LOST,
	[DEAL_NO_DECISION] = WIN_AMOUNT_NO_DECISION,
	[DEAL_OPEN] = WIN_AMOUNT_OPEN
};

static const uint8 win_with_amount_at[DEAL_STATUSES] = {
	[DEAL_WON] = WIN_WITH_AMOUNT_WON,
	[DEAL_LOST] = WIN_WITH_AMOUNT_LOST,
	[DEAL_NO_DECISION] = WIN_WITH_AMOUNT_NO_DECISION,
	[DEAL_OPEN] = WIN_WITH_AMOUNT_OPEN
};

static inline DealStatus
win_status(int category)
{
	static const DealStatus statuses[WIN_CATEGORIES] = {
		[WIN_WON] = DEAL_WON,
		[WIN_LOST] = DEAL_LOST,
		[WIN_LOST_TO] = DEAL_LOST,
		[WIN_NO_DECISION] = DEAL_NO_DECISION,
		[WIN_STILL_OPEN] = DEAL_OPEN
	};

	return statuses[category];
}

extern const SummaryType win_type;

/* Can deals have made this? NULL, or why not. */
extern const char *win_check(const SummaryView *view);

#endif							/* EM_WIN_SUMMARY_H */
