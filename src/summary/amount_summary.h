/*
 * amount_summary.h
 *		Amounts: how many, how many are missing, their exact sum and sum of squares.
 *
 * Stored bytes (varlena, ALIGNMENT = double, STORAGE = plain, always 64):
 *
 *		 0  varlena header, 4 bytes
 *		 4  version (1)
 *		 5  flags (0)
 *		 6  zero
 *		 8  missing: rows without an amount
 *		16  count: rows with one
 *		24  sum in ten-thousandths, 128 bits, lower half first
 *		40  sum of squares in 10^-8, 192 bits, lowest limb first
 *
 * Numbers of fixed width, as in rate_summary: the same bytes are the state of
 * the aggregates, changed in place, and equal amounts are equal bytes. The
 * amounts are in moments.h, money is in money.h.
 */
#ifndef EM_AMOUNT_SUMMARY_H
#define EM_AMOUNT_SUMMARY_H

#include "base/compat.h"

#include "plain/moments.h"

#define AMOUNT_SUMMARY_VERSION 1

typedef struct AmountSummary
{
	int32		vl_len_;
	uint8		version;
	uint8		flags;
	uint16		unused;
	int64		missing;
	Moments		moments;
} AmountSummary;

StaticAssertDecl(sizeof(AmountSummary) == 64, "amount_summary is 64 bytes");

/* Detoasts and checks (XX001 when damaged); points into the datum where it can. */
extern AmountSummary *DatumGetAmountSummaryP(Datum datum);
#define PG_GETARG_AMOUNT_SUMMARY_P(n) DatumGetAmountSummaryP(PG_GETARG_DATUM(n))
#define PG_RETURN_AMOUNT_SUMMARY_P(x) PG_RETURN_POINTER(x)

#endif							/* EM_AMOUNT_SUMMARY_H */
