/*
 * rollout_summary.h
 *		What reached which unit when, and what it did in each period: rollout_summary.
 *
 * Stored bytes are those of a summary (engine.h) with
 *
 *		identity	one byte, the kind: RATE or MEAN
 *		groups		one for each unit and period: the label is the bytes of the
 *					unit, a zero byte, and the period, 4 bytes in ascending order
 *		tag			the adoption of the unit, the same in all of its groups
 *		sums		how many there were, above 0 and within 64 bits; and how many of
 *					them succeeded (RATE), or their amounts in ten-thousandths (MEAN)
 *
 * The sums of all are 0. There are no cells in the sense of the engine; what
 * is called a cell here is a unit in a period, one group.
 */
#ifndef EM_ROLLOUT_SUMMARY_H
#define EM_ROLLOUT_SUMMARY_H

#include "base/compat.h"
#include "utils/date.h"

#include "summary/engine.h"

#define ROLLOUT_MAX_CELLS (UINT32_C(1) << 22)

typedef enum RolloutKind
{
	ROLLOUT_RATE,
	ROLLOUT_MEAN
} RolloutKind;

enum
{
	ROLLOUT_TOTAL,
	ROLLOUT_SUM,
	ROLLOUT_SUMS
};

/* A unit in a period. */
typedef struct RolloutCell
{
	Label		unit;
	DateADT		period;
	bool		adopts;
	DateADT		adopted_on;		/* where it does */
	int64		total;
	Sum128		sum;
} RolloutCell;

extern const SummaryType rollout_type;

/* Detoasts, checks and takes apart; cells come by unit, then period. */
extern RolloutKind rollout_view(SummaryView *view, Datum summary);
extern RolloutCell rollout_cell(const SummaryGroup *group);

#endif							/* EM_ROLLOUT_SUMMARY_H */
