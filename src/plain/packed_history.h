/*
 * packed_history.h
 *		Numbers of the packed form of a history that plain C reads, too. The form
 *		itself is described in history/deal_history.h.
 */
#ifndef EM_PACKED_HISTORY_H
#define EM_PACKED_HISTORY_H

#include <stdint.h>

#define DEAL_HISTORY_VERSION 1

/* Flags. Of each pair at most one is set: they say how long its column is. */
#define HISTORY_OPEN 0x01
#define HISTORY_SOME_AMOUNTS 0x02	/* with a bitmap */
#define HISTORY_ALL_AMOUNTS 0x04
#define HISTORY_SOME_SUBJECTS 0x08	/* with a bitmap */
#define HISTORY_ALL_SUBJECTS 0x10
#define HISTORY_ANY_AMOUNTS (HISTORY_SOME_AMOUNTS | HISTORY_ALL_AMOUNTS)
#define HISTORY_ANY_SUBJECTS (HISTORY_SOME_SUBJECTS | HISTORY_ALL_SUBJECTS)
#define HISTORY_PACKED_FLAGS (HISTORY_ANY_AMOUNTS | HISTORY_ANY_SUBJECTS)

/* The units of instants in microseconds, by code; frozen within format version 1. */
#define HISTORY_TIME_UNITS 6
static const int64_t history_time_units[HISTORY_TIME_UNITS] = {
	1, 1000, 1000000, INT64_C(60000000), INT64_C(3600000000), INT64_C(86400000000)
};

#endif							/* EM_PACKED_HISTORY_H */
