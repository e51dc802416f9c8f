/*
 * deal_cycle.h
 *		How long one deal took from one thing to another.
 *
 * Stored bytes (varlena, ALIGNMENT = double):
 *
 *		 0  varlena header
 *		 4  version (1), flags (bit 0: entered late), unit, status (a byte each)
 *		 8  when the cycle started
 *		16  until when it was observed: its end, or where it is censored
 *		24  since when it was observed, when later than its start; else 0
 */
#ifndef EM_DEAL_CYCLE_H
#define EM_DEAL_CYCLE_H

#include "base/compat.h"

#define DEAL_CYCLE_VERSION 1
#define DEAL_CYCLE_LATE 0x01

typedef enum CycleStatus
{
	CYCLE_EVENT,
	CYCLE_COMPETING,
	CYCLE_CENSORED
} CycleStatus;

typedef struct DealCycle
{
	int32		vl_len_;
	uint8		version;
	uint8		flags;
	uint8		unit;			/* DurationUnit */
	uint8		status;			/* CycleStatus */
	int64		started_at;
	int64		observed_until;
	int64		entered_at;
} DealCycle;

/* Detoasts and checks (XX001). */
extern const DealCycle *deal_cycle_get(Datum datum);

#endif							/* EM_DEAL_CYCLE_H */
