/*
 * engine_errors.c
 *		What the engine of the summaries says when a value cannot be.
 */
#include "summary/engine_bytes.h"

#include "base/problem.h"

void
summary_damaged(const SummaryType *type, const char *problem)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATA_CORRUPTED),
			 errmsg("damaged %s value", type->name),
			 errdetail_problem(problem)));
}

void
summary_too_large(const SummaryType *type)
{
	ereport(ERROR,
			(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
			 errmsg("%s value would be larger than 1 GB", type->name)));
}

void
summary_too_many_groups(const SummaryType *type)
{
	ereport(ERROR,
			(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
			 errmsg("%s value would hold more than %u %s", type->name, type->max_groups, type->groups)));
}

void
summary_too_many_cells(const SummaryType *type)
{
	ereport(ERROR,
			(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
			 errmsg("%s value would hold more than %u cells", type->name, TALLY_LIMIT(SUMMARY_MAX_CELLS))));
}

void
summary_out_of_range(const SummaryType *type, const char *what)
{
	ereport(ERROR,
			(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
			 errmsg("%s of %s is out of range", what, type->name)));
}

void
summary_below_zero(const SummaryType *type)
{
	ereport(ERROR,
			(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
			 errmsg("a count of %s would fall below zero", type->name),
			 errdetail("What is subtracted must have been part of the summary.")));
}

void
summary_require_same(const void *a, Size a_size, const void *b, Size b_size, const SummaryType *type)
{
	if (a_size != b_size || memcmp(a, b, a_size) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s values do not match", type->name),
				 errdetail_internal("%s", type->mismatch)));
}

void
summary_sums_differ(const SummaryType *type)
{
	if (type->sums_mismatch == NULL)
		summary_damaged(type, "its sums are malformed");
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("%s values do not match", type->name),
			 errdetail_internal("%s", type->sums_mismatch)));
}
