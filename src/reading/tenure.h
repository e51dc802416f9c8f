/*
 * tenure.h
 *		How long a rep is observed: from hire until the rep left, or until as_of.
 */
#ifndef EM_TENURE_H
#define EM_TENURE_H

#include "base/compat.h"

typedef struct Tenure
{
	int64		hired_at;
	int64		until;			/* included */
	bool		left;			/* until is when the rep left */
} Tenure;

/*
 * The tenure in three arguments. False for a NULL hired_at or as_of and for
 * a rep hired after as_of; a NULL left_at is none. 22008 for instants that
 * are not finite, 22023 when left_at is before hired_at.
 */
extern bool tenure_from_arguments(FunctionCallInfo fcinfo, int hired_at, int as_of, int left_at,
								  Tenure *tenure);

#endif							/* EM_TENURE_H */
