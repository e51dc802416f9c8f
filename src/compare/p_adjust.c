/*
 * p_adjust.c
 *		p_adjust(p, method) OVER (...): p-values adjusted for how many there are.
 *
 * Holm 1979, Scand J Stat 6:65; Benjamini & Hochberg 1995, JRSS B 57:289. The
 * p-values of a partition are read and sorted once, for its first row; every
 * row then takes its own. The frame does not matter, as for rank().
 */
#include "base/compat.h"

#include <math.h>

#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "windowapi.h"

#include "base/options.h"

typedef enum AdjustMethod
{
	ADJUST_HOLM,
	ADJUST_BH,
	ADJUST_BONFERRONI
} AdjustMethod;

static const char *const methods[] = {"holm", "bh", "bonferroni"};

/* One for every row of the partition; NaN where p is NULL. */
typedef struct AdjustedPartition
{
	bool		ready;
	double		p[FLEXIBLE_ARRAY_MEMBER];
} AdjustedPartition;

typedef struct RankedP
{
	double		p;
	int64		row;
} RankedP;

static int
by_p(const void *a, const void *b)
{
	double		left = ((const RankedP *) a)->p;
	double		right = ((const RankedP *) b)->p;

	return (left > right) - (left < right);
}

/* The p-values in ascending order replaced by the adjusted ones; equal ones stay equal. */
static void
adjust(RankedP *ranked, int64 n, AdjustMethod method)
{
	double		bound = method == ADJUST_BH ? 1 : 0;

	if (method == ADJUST_BH)
		for (int64 i = n; i > 0; i--)
		{
			bound = fmin(bound, ranked[i - 1].p * ((double) n / (double) i));
			ranked[i - 1].p = bound;
		}
	else
		for (int64 i = 0; i < n; i++)
		{
			double		factor = (double) (method == ADJUST_HOLM ? n - i : n);

			bound = fmin(fmax(bound, ranked[i].p * factor), 1);
			ranked[i].p = bound;
		}
}

/* Reads all rows of the partition and leaves the adjusted p-values in it. */
static void
read_partition(WindowObject window, AdjustedPartition *partition, int64 rows)
{
	RankedP    *ranked = palloc_extended(mul_size(sizeof(RankedP), Max(rows, 1)), MCXT_ALLOC_HUGE);
	AdjustMethod method = ADJUST_HOLM;
	int64		n = 0;

	for (int64 row = 0; row < rows; row++)
	{
		bool		isnull;
		bool		isout;
		Datum		value;
		AdjustMethod own;

		CHECK_FOR_INTERRUPTS();
		value = WinGetFuncArgInPartition(window, 1, (int) row, WINDOW_SEEK_HEAD, false, &isnull, &isout);
		if (isnull)
			refuse_null("method");
		own = option_from_text(DatumGetTextPP(value), "method", methods, lengthof(methods));
		if (row > 0 && own != method)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("method must be the same for all rows of a partition")));
		method = own;
		value = WinGetFuncArgInPartition(window, 0, (int) row, WINDOW_SEEK_HEAD, false, &isnull, &isout);
		partition->p[row] = NAN;
		if (isnull)
			continue;
		ranked[n].p = DatumGetFloat8(value);
		ranked[n].row = row;
		(void) check_number("p", ranked[n].p, ranked[n].p >= 0 && ranked[n].p <= 1, "from 0 to 1", NULL);
		n++;
	}
	qsort(ranked, n, sizeof(RankedP), by_p);
	adjust(ranked, n, method);
	for (int64 i = 0; i < n; i++)
		partition->p[ranked[i].row] = ranked[i].p;
	pfree(ranked);
	partition->ready = true;
}

/*
 * p_adjust(p, method): NULL for a NULL p, which does not count among the
 * p-values either. 22023 for p outside [0, 1], NaN among them, an unknown
 * method, and methods that differ within a partition; 22004 for a NULL one.
 */
PG_FUNCTION_INFO_V1(p_adjust);
Datum
p_adjust(PG_FUNCTION_ARGS)
{
	WindowObject window = PG_WINDOW_OBJECT();
	int64		rows;
	AdjustedPartition *partition;
	double		p;

	if (!WindowObjectIsValid(window))
		ereport(ERROR,
				(errcode(ERRCODE_WINDOWING_ERROR),
				 errmsg("p_adjust must be called with OVER")));
	rows = WinGetPartitionRowCount(window);
	if (rows > (int64) ((MaxAllocSize - offsetof(AdjustedPartition, p)) / sizeof(double)))
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("p_adjust cannot rank more than %zu rows", (MaxAllocSize - offsetof(AdjustedPartition, p)) / sizeof(double))));
	partition = WinGetPartitionLocalMemory(window, offsetof(AdjustedPartition, p) + rows * sizeof(double));
	if (!partition->ready)
		read_partition(window, partition, rows);
	p = partition->p[WinGetCurrentPosition(window)];
	if (isnan(p))
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(p);
}
