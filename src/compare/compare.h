/*
 * compare.h
 *		What the functions that compare before and after have in common.
 */
#ifndef EM_COMPARE_H
#define EM_COMPARE_H

#include "base/compat.h"

#include "plain/survival.h"

#define COMPARISON_COLUMNS 16

/* The row that a function with OUT columns returns, filled from left to right. */
typedef struct ComparisonRow
{
	Datum		values[COMPARISON_COLUMNS];
	bool		nulls[COMPARISON_COLUMNS];
	int			n;
} ComparisonRow;

extern void comparison_number(ComparisonRow *row, double value);	/* NaN is NULL, and so is infinity */
extern void comparison_count(ComparisonRow *row, int64 value);
extern void comparison_flag(ComparisonRow *row, bool known, bool value);
extern Datum comparison_row(FunctionCallInfo fcinfo, ComparisonRow *row);

/* Chi-square, p-value and hazard ratio (after to before) of log-rank sums; NaN where there is none. */
extern void log_rank_result(const LogRank *sums, double *chi2, double *p_value, double *hazard_ratio);

/* Of the hazard ratio: its logarithm has the standard error 1 / sqrt(log-rank variance). NaN where there is none. */
extern void hazard_ratio_interval(const LogRank *sums, double level, double *low, double *high);

#endif							/* EM_COMPARE_H */
