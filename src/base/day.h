/*
 * day.h
 *		Dates: their text, which no setting changes, their order and bounds.
 */
#ifndef EM_DAY_H
#define EM_DAY_H

#include "base/compat.h"
#include "utils/date.h"
#include "utils/jsonb.h"

/* Space for a date as text and its terminator. */
#define DAY_TEXT_SIZE 32

/* YYYY-MM-DD, with BC after it before the year 1. */
extern char *day_text(DateADT day, char *buffer);

/* For qsort() and qunique(). */
extern int	day_compare(const void *a, const void *b);

static inline bool
day_is_valid(DateADT day)
{
	return !DATE_NOT_FINITE(day) && IS_VALID_DATE(day);
}

/* 22008 unless finite and within PostgreSQL's dates. */
extern bool day_check(DateADT day, const char *what, fmNodePtr escontext);

/* A date in a string of an object, exactly as day_text() writes it: no word such as today means one. 22P02, 22007, 22008. */
extern bool jsonb_field_day(JsonbContainer *object, const char *type, const char *key,
							DateADT *value, fmNodePtr escontext);

#endif							/* EM_DAY_H */
