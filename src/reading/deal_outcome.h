/*
 * deal_outcome.h
 *		How a deal ended, and the competitors in it.
 *
 * Stored bytes (varlena, ALIGNMENT = double):
 *
 *		 0  varlena header
 *		 4  version (1)
 *		 5  flags: bit 0 set when there is an amount
 *		 6  status (DealStatus)
 *		 7  length of lost_to, 0 when there is none
 *		 8  closing instant, 0 when open
 *		16  amount in ten-thousandths, 0 when there is none
 *		24  number of considered subjects
 *		28  those, ascending by bytes, each a length byte and its bytes; then lost_to
 */
#ifndef EM_DEAL_OUTCOME_H
#define EM_DEAL_OUTCOME_H

#include "base/compat.h"

#include "base/label.h"
#include "reading/final_run.h"

#define DEAL_OUTCOME_VERSION 1
#define DEAL_OUTCOME_HAS_AMOUNT 0x01

typedef struct DealOutcome
{
	int32		vl_len_;
	uint8		version;
	uint8		flags;
	uint8		status;
	uint8		lost_to_length;
	int64		closed_at;
	int64		amount;
	uint32		nconsidered;
	char		labels[FLEXIBLE_ARRAY_MEMBER];
} DealOutcome;

extern const char *const deal_statuses[DEAL_STATUSES];

/* The same taken apart; labels point into the value. */
typedef struct OutcomeParts
{
	DealStatus	status;
	bool		has_amount;
	int64		closed_at;		/* 0 when open */
	int64		amount;			/* ten-thousandths; 0 unless has_amount */
	uint32		nconsidered;
	Label	   *considered;		/* distinct, ascending */
	Label		lost_to;		/* length 0 when there is none */
} OutcomeParts;

/* Detoasts and checks (XX001 when damaged); `considered` is of the current context. */
extern void outcome_parts(OutcomeParts *parts, Datum datum);

#endif							/* EM_DEAL_OUTCOME_H */
