/*
 * known_groups.h
 *		Named groups of packed summaries added to the rows of labels that came before.
 *
 * A rollup meets the same few labels in every summary. The bytes that a packed summary has of
 * a label lead to the row that they stood for last, and that row's label says whether they
 * still do: no label is put together and looked up.
 *
 * Only for types without tags and sets of names. Worth, on test/bench's rollups of
 * win_summary, as time without it by time with it (processor time, paired medians):
 * 1.36 with one group, 1.31 with ten in turn, 1.24 with fifty; 1.07 in moving windows.
 */
#ifndef EM_KNOWN_GROUPS_H
#define EM_KNOWN_GROUPS_H

#include "summary/engine_bytes.h"

#define KNOWN_BITS 12

typedef struct KnownGroups
{
	uint32		rows[1 << KNOWN_BITS];	/* by a hash of the label and of the state; 0 for none */
	uint32		skip;			/* so many summaries are still to take the long way, */
	uint32		skipped;		/* of so many, as most labels of the last one were unknown */
} KnownGroups;

/* Those of a call site that keeps nothing else in fn_extra, for the next summary; NULL where it takes the long way. */
extern KnownGroups *known_groups(FunctionCallInfo fcinfo, const SummaryType *type);

/*
 * Adds the groups of a reader from the one that it comes to. False when it comes to one whose row
 * is not known, or that takes the long way for another reason; *place is then where its row is to
 * be noted.
 */
extern bool known_groups_merge(const KnownGroups *known, SummaryState **state, const SummaryType *type,
							   SummaryReader *reader, int sign, uint32 *place);

/* After a summary, of whose groups so many were not known. */
extern void known_groups_learn(KnownGroups *known, uint32 ngroups, uint32 unknown);

#endif							/* EM_KNOWN_GROUPS_H */
