/*
 * money.h
 *		Sums of money, 128 bits of ten-thousandths, as text and numeric.
 */
#ifndef EM_MONEY_H
#define EM_MONEY_H

#include "base/compat.h"
#include "utils/jsonb.h"
#include "utils/numeric.h"

#include "plain/sum128.h"

/* A decimal number in its shortest form. */
extern char *money_sum_text(Sum128 sum);
extern Numeric money_sum_numeric(Sum128 sum);

/* The JSON number under a key: 22P02 when it is none, 22003 with more than 4 decimals or 128 bits. */
extern bool money_sum_field(JsonbContainer *object, const char *type, const char *key,
							Sum128 *sum, fmNodePtr escontext);

#endif							/* EM_MONEY_H */
