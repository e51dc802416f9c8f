/*
 * progress.h
 *		What a refresh tells while it runs, where it is asked to.
 */
#ifndef EM_PROGRESS_H
#define EM_PROGRESS_H

#include "base/compat.h"

typedef struct Progress
{
	bool		verbose;
	const char *doing;			/* "read", "built" */
	const char *what;			/* "rows", "deals" */
	double		all;			/* of them, or so; 0 where that is not known */
	uint64		done;
	TimestampTz began;
	TimestampTz told;
} Progress;

/* Begins a phase, which is told by its name at once. */
extern void progress_begin(Progress *progress, const char *phase, const char *doing, const char *what, double all);

/* Tells how far the phase is and how long it will still take, every few seconds. */
extern void progress_tell(Progress *progress, double share);

/* The clock is read once for so many rows or deals. */
#define PROGRESS_STEP 512

static inline void
progress_count(Progress *progress)
{
	if (unlikely(++progress->done % PROGRESS_STEP == 0 && progress->verbose))
		progress_tell(progress, progress->all > 0 ? progress->done / progress->all : 0);
}

#endif							/* EM_PROGRESS_H */
