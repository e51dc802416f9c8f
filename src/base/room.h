/*
 * room.h
 *		Arrays that grow while they are filled.
 */
#ifndef EM_ROOM_H
#define EM_ROOM_H

#include "base/compat.h"

/*
 * The array with room for one more element than it has, NULL being an empty
 * one; perhaps in another place. Memory is of the context of the first call.
 */
static inline void *
make_room(void *array, int used, int *room, Size element_size)
{
	if (used < *room)
		return array;
	*room = Max(8, *room * 2);
	if (array == NULL)
		return palloc(element_size * *room);
	return repalloc_huge(array, element_size * *room);
}

#endif							/* EM_ROOM_H */
