/*
 * progress.c
 *		NOTICEs of a refresh: its phase, how far that is, and the time left.
 *
 *		refresh: reading rows
 *		refresh: read 4200000 of about 12000000 rows, about 9 s left
 */
#include "follow/progress.h"

#include "utils/timestamp.h"

/* Seconds between two of its lines. */
#define PROGRESS_EVERY 5

void
progress_begin(Progress *progress, const char *phase, const char *doing, const char *what, double all)
{
	if (progress->verbose)
		ereport(NOTICE,
				(errmsg("refresh: %s", phase)));
	progress->doing = doing;
	progress->what = what;
	progress->all = all;
	progress->done = 0;
	progress->began = progress->told = GetCurrentTimestamp();
}

void
progress_tell(Progress *progress, double share)
{
	TimestampTz now = GetCurrentTimestamp();
	double		seconds = (now - progress->began) / (double) USECS_PER_SEC;
	char		left[64] = "";
	char		all[64] = "";

	if (now - progress->told < PROGRESS_EVERY * USECS_PER_SEC)
		return;
	progress->told = now;
	if (progress->all >= progress->done)
		snprintf(all, sizeof(all), "of about %.0f ", progress->all);
	if (share > 0 && share < 1)
		snprintf(left, sizeof(left), ", about %.0f s left", seconds * (1 - share) / share);
	ereport(NOTICE,
			(errmsg("refresh: %s " UINT64_FORMAT " %s%s%s",
					progress->doing, progress->done, all, progress->what, left)));
}

/*
 * history_written(all): counts the histories that a refresh writes, of `all` or,
 * with 0, of an unknown number, and tells it every few seconds.
 */
PG_FUNCTION_INFO_V1(history_written);
Datum
history_written(PG_FUNCTION_ARGS)
{
	Progress   *progress = fcinfo->flinfo->fn_extra;

	if (progress == NULL)
	{
		progress = MemoryContextAllocZero(fcinfo->flinfo->fn_mcxt, sizeof(Progress));
		progress->verbose = true;
		progress->doing = "wrote";
		progress->what = "histories";
		progress->all = PG_GETARG_INT64(0);
		progress->began = progress->told = GetCurrentTimestamp();
		fcinfo->flinfo->fn_extra = progress;
	}
	progress_count(progress);
	PG_RETURN_INT64(progress->done);
}
