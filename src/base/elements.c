/*
 * elements.c
 *		Options that are lists: the elements of an array, and sorted lists of dates.
 */
#include "base/elements.h"

#include "utils/lsyscache.h"

Datum *
array_elements(ArrayType *array, const char *what, bool **nulls, int *count)
{
	Datum	   *elements;
	bool	   *are_null;
	int16		length;
	bool		by_value;
	char		alignment;

	if (ARR_NDIM(array) > 1)
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("%s must be a one-dimensional array", what)));
	get_typlenbyvalalign(ARR_ELEMTYPE(array), &length, &by_value, &alignment);
	deconstruct_array(array, ARR_ELEMTYPE(array), length, by_value, alignment,
					  &elements, &are_null, count);
	if (nulls != NULL)
		*nulls = are_null;
	for (int i = 0; nulls == NULL && i < *count; i++)
		if (are_null[i])
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("%s must not contain NULL", what)));
	return elements;
}

int
dates_until(const DateADT *dates, int count, DateADT date)
{
	int			low = 0;
	int			high = count;

	while (low < high)
	{
		int			middle = low + (high - low) / 2;

		if (dates[middle] <= date)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}
