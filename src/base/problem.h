/*
 * problem.h
 *		What is wrong with a value, as its check returns it: a clause, "it is too
 *		short", that can end a message and makes a sentence of detail.
 */
#ifndef EM_PROBLEM_H
#define EM_PROBLEM_H

#include "base/compat.h"

/* Inside ereport(): the clause with a capital letter and a full stop. */
static inline int
errdetail_problem(const char *problem)
{
	return errdetail_internal("%c%s.", pg_ascii_toupper((unsigned char) problem[0]), problem + 1);
}

#endif							/* EM_PROBLEM_H */
