/*
 * growing_array.h
 *		Arrays that grow while they are filled.
 */
#ifndef EM_GROWING_ARRAY_H
#define EM_GROWING_ARRAY_H

#include "base/compat.h"

/*
 * The array with space for one more element than it has, NULL being an empty
 * one; perhaps in another place. Memory is of the context of the first call.
 */
static inline void *
grow_array(void *array, int used, int *capacity, Size element_size)
{
	if (used < *capacity)
		return array;
	*capacity = Max(8, *capacity * 2);
	if (array == NULL)
		return palloc(element_size * *capacity);
	return repalloc_huge(array, element_size * *capacity);
}

#endif							/* EM_GROWING_ARRAY_H */
