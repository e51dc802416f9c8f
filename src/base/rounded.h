/*
 * rounded.h
 *		Numbers with a given count of decimals, rounded half away from zero.
 */
#ifndef EM_ROUNDED_H
#define EM_ROUNDED_H

#include "base/compat.h"
#include "utils/numeric.h"

#define ROUNDED_MAX_DIGITS 15	/* what a double precision number holds */

/* 22023 unless 0 to ROUNDED_MAX_DIGITS. */
extern int	digits_check(int32 digits);

/* 100 x k / n, computed from the counts and rounded once; 0 <= k <= n, n above 0. */
extern Numeric rounded_percent(int64 k, int64 n, int digits);

#endif							/* EM_ROUNDED_H */
