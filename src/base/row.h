/*
 * row.h
 *		The row that an SQL function with OUT parameters returns.
 */
#ifndef EM_ROW_H
#define EM_ROW_H

#include "base/compat.h"

/*
 * A row of n columns, as the calling function declares it. 42804 where the
 * catalog declares anything else.
 */
extern Datum result_row(FunctionCallInfo fcinfo, const Datum *values, const bool *nulls, int n);

#endif							/* EM_ROW_H */
