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
 *		sums		of each and of all deals: the amounts won and lost, in ten-thousandths
 *		keys		WIN_KEY(k, category)
 *
 * Size in bytes: 12 and more for header and all deals, and for every competitor
 * its name and 6 and more: the length, two amounts (1 byte each when zero,
 * 4 or 5 for millions), number of cells, and for each number k and category
 * that occurs 2 and more (a varint of the gap, a varint of the count). A state
 * that grows starts at 648 bytes.
 */
#ifndef EM_WIN_SUMMARY_H
#define EM_WIN_SUMMARY_H

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

enum
{
	WIN_AMOUNT_WON,
	WIN_AMOUNT_LOST,
	WIN_AMOUNTS
};

extern const SummaryType win_type;

/* Can deals have made this? NULL, or why not. */
extern const char *win_check(const SummaryView *view);

#endif							/* EM_WIN_SUMMARY_H */
