/*
 * elements.h
 *		Options that are lists: the elements of an array, and sorted lists of dates.
 */
#ifndef EM_ELEMENTS_H
#define EM_ELEMENTS_H

#include "base/compat.h"
#include "utils/array.h"
#include "utils/date.h"

/*
 * The elements of an array of one dimension; `what` names the option. 2202E for
 * more dimensions, and 22004 for NULL elements unless `nulls` asks for them.
 */
extern Datum *array_elements(ArrayType *array, const char *what, bool **nulls, int *count);

/* How many of a list of ascending dates are not after a date. */
extern int	dates_until(const DateADT *dates, int count, DateADT date);

#endif							/* EM_ELEMENTS_H */
