/*
 * canary.c
 *		Faults on purpose. Sanitizers and valgrind must report each of them before
 *		their silence about the extension means anything.
 */
#include "postgres.h"
#include "fmgr.h"

PG_MODULE_MAGIC;

PG_FUNCTION_INFO_V1(write_past_array);
PG_FUNCTION_INFO_V1(overflow_integer);
PG_FUNCTION_INFO_V1(read_past_chunk);

/* Writes beyond an array on the stack, by way of a function that cannot know its length. */
Datum
write_past_array(PG_FUNCTION_ARGS)
{
	char		array[4];

	memset(array, 0, PG_GETARG_INT32(0) + 1);
	PG_RETURN_INT32(array[0]);
}

/* Adds to the largest integer. */
Datum
overflow_integer(PG_FUNCTION_ARGS)
{
	volatile int32 most = PG_INT32_MAX;

	PG_RETURN_INT32(most + PG_GETARG_INT32(0));
}

/* Decides by the byte after the last one of a palloc'd chunk. */
Datum
read_past_chunk(PG_FUNCTION_ARGS)
{
	int			size = PG_GETARG_INT32(0);
	volatile char *chunk = palloc0(size);

	PG_RETURN_INT32(chunk[size] != 0 ? 1 : 0);
}
