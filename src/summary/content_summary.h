/*
 * content_summary.h
 *		What was done with content: events, distinct actors and time, by action.
 *
 * A summary (engine.h):
 *
 *		groups		the actions
 *		names		of each, its distinct actors, exact or as a sketch (name_sets.h)
 *		sums		of each, its events, and the microseconds of all events with a time
 *		keys		whole seconds: how many events took so many
 *
 * There is nothing in the group of all: an actor of two actions counts once
 * for each.
 *
 * Size in bytes: 11 for the header, and for every action its name and 6 and
 * more, for every distinct actor its name and 1 (10,241 in all for a sketch),
 * and for every distinct whole second 2 and more. A state that grows starts at
 * 1,000 bytes.
 */
#ifndef EM_CONTENT_SUMMARY_H
#define EM_CONTENT_SUMMARY_H

#include "summary/engine.h"

enum
{
	CONTENT_EVENTS,
	CONTENT_MICROSECONDS,
	CONTENT_SUMS
};

extern const SummaryType content_type;

#endif							/* EM_CONTENT_SUMMARY_H */
