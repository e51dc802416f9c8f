/*
 * wide.h
 *		Unsigned integers of 256 bits, for products of exact sums.
 *
 * Plain C, no compiler's own wide type. Four limbs of 64 bits, the lowest first.
 */
#ifndef EM_WIDE_H
#define EM_WIDE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "plain/sum128.h"

#define WIDE_LIMBS 4

typedef struct Wide
{
	uint64_t	limb[WIDE_LIMBS];
} Wide;

extern Wide wide_from_uint64(uint64_t value);
/* The absolute value of a sum. */
extern Wide wide_magnitude(Sum128 sum);

/* false, and nothing changed, when the result would pass 256 bits or fall below zero */
extern bool wide_add(Wide *a, const Wide *b);
extern bool wide_subtract(Wide *a, const Wide *b);
extern bool wide_multiply(Wide *a, const Wide *b);

extern int	wide_compare(const Wide *a, const Wide *b);
extern bool wide_is_zero(const Wide *a);
/* Rounded once, to nearest. */
extern double wide_to_double(const Wide *a);

/* Decimal text: at most 78 digits and a terminator; parse returns false on anything else. */
#define WIDE_TEXT_SIZE 79
extern char *wide_text(const Wide *a, char *buffer);
extern bool wide_parse(const char *text, Wide *result);

#endif							/* EM_WIDE_H */
