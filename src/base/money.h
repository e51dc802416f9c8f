/*
 * money.h
 *		Money: fixed point with 4 decimals. An amount is 64 bits of ten-thousandths,
 *		a sum of amounts 128 bits. A fifth decimal is rounded half away from zero,
 *		wherever money comes in; what does not fit is 22003.
 */
#ifndef EM_MONEY_H
#define EM_MONEY_H

#include "base/compat.h"
#include "lib/stringinfo.h"
#include "utils/jsonb.h"
#include "utils/numeric.h"

#include "plain/moments.h"
#include "plain/sum128.h"

#define AMOUNT_DECIMALS 4
#define AMOUNT_SCALE INT64CONST(10000)

/* An amount from a number; 22003. */
extern bool amount_from_numeric(Numeric value, int64 *amount, fmNodePtr escontext);
/* The same of an argument, for the row of an aggregate: no copy of a stored number, and no text of a usual one. */
extern int64 amount_argument(Datum numeric);
/* The same, and false where it does not fit, without an error. */
extern bool amount_fits(Datum numeric, int64 *amount);
extern Numeric amount_to_numeric(int64 amount);

/* The shortest decimal form; the buffer has space for any sum. */
#define MONEY_TEXT_SIZE (SUM128_TEXT_SIZE + AMOUNT_DECIMALS + 2)
extern char *amount_text(int64 amount, char *buffer);
extern char *money_sum_text(Sum128 sum);	/* in the current context */
extern Numeric money_sum_numeric(Sum128 sum);
/* Without decimals, rounded half away from zero: for charts. */
extern char *money_whole_text(Sum128 sum);

/* A sum of squares of amounts, as a number with up to 8 decimals. */
extern void append_sum_of_squares(StringInfo out, const Moments *moments);

/* The JSON number under a key: 22P02 when it is none, 22003. */
extern bool amount_field(JsonbContainer *object, const char *type, const char *key,
						 int64 *amount, fmNodePtr escontext);
extern bool money_sum_field(JsonbContainer *object, const char *type, const char *key,
							Sum128 *sum, fmNodePtr escontext);
/* The same of a value at hand. */
extern bool money_sum_value(const JsonbValue *value, const char *type, const char *key,
							Sum128 *sum, fmNodePtr escontext);
extern bool sum_of_squares_field(JsonbContainer *object, const char *type, const char *key,
								 Moments *moments, fmNodePtr escontext);

#endif							/* EM_MONEY_H */
