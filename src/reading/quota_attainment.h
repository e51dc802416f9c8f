/*
 * quota_attainment.h
 *		One rep's way to quota.
 *
 * Stored bytes (varlena, ALIGNMENT = double):
 *
 *		 0  varlena header
 *		 4  version (1), flags (0), status, zero (a byte each)
 *		 8  when the rep was hired
 *		16  until when the rep was observed: quota reached, left, or as_of
 *		24  the amount that reaches the quota, in ten-thousandths; 0 where observation
 *			ends in a period that cannot be attained
 *		32  the amount held against it, 128 bits in ten-thousandths (low, high)
 *		48  closed deals until then, won ones among them (4 bytes each)
 */
#ifndef EM_QUOTA_ATTAINMENT_H
#define EM_QUOTA_ATTAINMENT_H

#include "base/compat.h"

#include "plain/sum128.h"

#define QUOTA_ATTAINMENT_VERSION 1

typedef enum QuotaStatus
{
	QUOTA_REACHED,
	QUOTA_LEFT,
	QUOTA_OPEN
} QuotaStatus;

typedef struct QuotaAttainment
{
	int32		vl_len_;
	uint8		version;
	uint8		flags;
	uint8		status;			/* QuotaStatus */
	uint8		unused;			/* zero */
	int64		hired_at;
	int64		observed_until;
	int64		target;
	Sum128		attained;
	int32		cycles;
	int32		won_cycles;
} QuotaAttainment;

/* Detoasts and checks (XX001). */
extern const QuotaAttainment *quota_attainment_get(Datum datum);

/* An own copy of an attainment whose fields are set. */
extern struct varlena *quota_attainment_build(const QuotaAttainment *attainment);

/* From hire to the end of observation, in microseconds. */
extern int64 quota_attainment_microseconds(const QuotaAttainment *attainment);

/* A reference cycle length in microseconds: 22023 unless above zero and without months. */
extern int64 quota_reference(Datum interval);

#endif							/* EM_QUOTA_ATTAINMENT_H */
