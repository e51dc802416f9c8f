/*
 * row.c
 *		The row that an SQL function with OUT parameters returns.
 */
#include "base/compat.h"

#include "access/htup_details.h"
#include "funcapi.h"

#include "base/row.h"

Datum
result_row(FunctionCallInfo fcinfo, const Datum *values, const bool *nulls, int n)
{
	TupleDesc	row;

	if (get_call_result_type(fcinfo, NULL, &row) != TYPEFUNC_COMPOSITE || row->natts != n)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("this function returns a row of %d columns", n),
				 errdetail("The catalog declares another result for it.")));
	return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(row), unconstify(Datum *, values),
											 unconstify(bool *, nulls)));
}
