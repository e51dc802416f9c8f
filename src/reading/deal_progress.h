/*
 * deal_progress.h
 *		How far one deal came along an ordered list of stages.
 *
 * Stored bytes (varlena, ALIGNMENT = double):
 *
 *		 0  varlena header
 *		 4  version (1), flags (0), status, depth (a byte each)
 *		 8  matched stages, bit i for stage i
 *		12  bytes of identity
 *		16  when the attempt ended: exit, deadline or as_of by status; else 0
 *		24  instants of the matched stages, in stage order
 *			identity: the funnel's definition (funnel_definition.h)
 */
#ifndef EM_DEAL_PROGRESS_H
#define EM_DEAL_PROGRESS_H

#include "port/pg_bitutils.h"

#include "reading/funnel_definition.h"

#define DEAL_PROGRESS_VERSION 1

typedef struct DealProgress
{
	int32		vl_len_;
	uint8		version;
	uint8		flags;
	uint8		status;			/* ChainStatus */
	uint8		depth;
	uint32		matched;
	uint32		identity_size;
	int64		ended_at;
	int64		times[FLEXIBLE_ARRAY_MEMBER];
} DealProgress;

static inline int
deal_progress_ntimes(const DealProgress *progress)
{
	return pg_popcount32(progress->matched);
}

static inline const uint8 *
deal_progress_identity(const DealProgress *progress)
{
	return (const uint8 *) (progress->times + deal_progress_ntimes(progress));
}

extern void deal_progress_damaged(void) __attribute__((noreturn));

/* The definition inside; XX001 when it makes no sense. Labels point into the value. */
extern void deal_progress_definition(const DealProgress *progress, FunnelDefinition *definition);

#endif							/* EM_DEAL_PROGRESS_H */
