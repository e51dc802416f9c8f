/*
 * rate_summary.h
 *		k of n: how many of them did it.
 *
 * Stored bytes (varlena, ALIGNMENT = double, STORAGE = plain, always 24):
 *
 *		 0  varlena header, 4 bytes
 *		 4  version (1)
 *		 5  flags (0)
 *		 6  zero
 *		 8  successes
 *		16  total
 *
 * 0 <= successes <= total. Two counts leave nothing to compress, and equal
 * rates are equal bytes. The same bytes are the state of the aggregates.
 */
#ifndef EM_RATE_SUMMARY_H
#define EM_RATE_SUMMARY_H

#include "base/compat.h"

#define RATE_SUMMARY_VERSION 1

typedef struct RateSummary
{
	int32		vl_len_;
	uint8		version;
	uint8		flags;
	uint16		unused;
	int64		successes;
	int64		total;
} RateSummary;

StaticAssertDecl(sizeof(RateSummary) == 24, "rate_summary is 24 bytes");

/* Detoasts and checks (XX001 when damaged); points into the datum where it can. */
extern RateSummary *DatumGetRateSummaryP(Datum datum);
#define PG_GETARG_RATE_SUMMARY_P(n) DatumGetRateSummaryP(PG_GETARG_DATUM(n))
#define PG_RETURN_RATE_SUMMARY_P(x) PG_RETURN_POINTER(x)

/* A new one in the current context; 22003 unless 0 <= successes <= total. */
extern RateSummary *rate_summary_build(int64 successes, int64 total);

#endif							/* EM_RATE_SUMMARY_H */
