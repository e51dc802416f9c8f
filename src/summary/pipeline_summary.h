/*
 * pipeline_summary.h
 *		The deals that are open, by age: pipeline_summary.
 *
 * Stored bytes are those of a summary (engine.h) with
 *
 *		identity	none
 *		groups		one for each age in whole units: the label is a letter, 'a' for one
 *					digit and so on, and the decimal digits, so that bytes sort as numbers
 *		sums		deals, above 0 and within 64 bits; of those, the ones with an
 *					amount; their amounts in ten-thousandths; the lowest 64 bits of
 *					the sum of squares, and the bits above those
 *
 * The sums of all are 0. A sum of squares takes 192 bits: while a state grows
 * its two parts are added up apart, and are carried over when it is taken apart.
 */
#ifndef EM_PIPELINE_SUMMARY_H
#define EM_PIPELINE_SUMMARY_H

#include "base/compat.h"

#include "plain/moments.h"
#include "summary/engine.h"

#define PIPELINE_MAX_AGES (UINT32_C(1) << 20)

enum
{
	PIPELINE_DEALS,
	PIPELINE_WITH_AMOUNT,
	PIPELINE_AMOUNT,
	PIPELINE_SQUARES_LOW,
	PIPELINE_SQUARES_HIGH,
	PIPELINE_SUMS
};

/* The deals of one age. */
typedef struct PipelineAge
{
	int64		age;
	int64		deals;
	Moments		amounts;		/* of those with an amount */
} PipelineAge;

extern const SummaryType pipeline_type;

/* An age of a summary taken apart; ages ascend. */
extern PipelineAge pipeline_age(const SummaryGroup *group);

#endif							/* EM_PIPELINE_SUMMARY_H */
