/*
 * packed_history.h
 *		Numbers of the packed form of a history that plain C reads, too. The form
 *		itself is described in history/deal_history.h.
 */
#ifndef EM_PACKED_HISTORY_H
#define EM_PACKED_HISTORY_H

#include <stddef.h>
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

/* The units of amounts, powers of ten of a ten-thousandth, by code. */
#define HISTORY_AMOUNT_UNITS 8
static const int64_t history_amount_units[HISTORY_AMOUNT_UNITS] = {
	1, 10, 100, 1000, 10000, 100000, 1000000, 10000000
};

/* The bytes of an index into so many labels. */
static inline uint8_t
history_index_width(uint32_t count)
{
	if (count <= 0x100)
		return 1;
	return count <= 0x10000 ? 2 : 4;
}

#define HISTORY_BITMAP_BYTES(n) (((size_t) (n) + 7) / 8)

#endif							/* EM_PACKED_HISTORY_H */
