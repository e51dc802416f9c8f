/*
 * counted_summary.h
 *		What duration_summary, funnel_summary and their like have in common: an
 *		identity that must match, exact sums, and a tally of cells.
 *
 * Merging two such summaries is adding their sums and their tallies, whatever
 * the cells mean; so growing, packing, merging, subtracting, sending and
 * checking are written once, here. A type adds the meaning of its identity
 * and its keys, its text form, and its accessors.
 *
 * Packed form (stored, canonical, a plain byte string after the header):
 *
 *		    varlena header
 *		    version (1)
 *		    flags (COUNTED_OPEN clear)
 *		    varint: bytes of identity, then the identity
 *		    varint: sums, then each as a zigzag varint of 128 bits
 *		    the tally, packed
 *
 * Open form (aggregate state; ALIGNMENT = double): the struct below, then the
 * identity padded with zeros to 8 bytes, the sums, and an open tally. `inputs`
 * is what tells a frame without rows (NULL) from a summary of nothing; it is
 * not part of the packed form, and a packed form opened again counts as one.
 * A transition function adds 1 to it, an inverse one takes 1 away.
 */
#ifndef EM_COUNTED_SUMMARY_H
#define EM_COUNTED_SUMMARY_H

#include "base/compat.h"
#include "lib/stringinfo.h"

#include "plain/sum128.h"
#include "plain/tally.h"

#define COUNTED_VERSION 1
#define COUNTED_OPEN 0x01

typedef struct CountedSummary
{
	int32		vl_len_;
	uint8		version;
	uint8		flags;
	uint16		nsums;
	uint32		identity_size;
	uint32		unused;			/* zero */
	int64		inputs;			/* rows taken in, less those taken out again */
	/* identity, sums, tally */
} CountedSummary;

/* What a type tells this room about itself; one static const per type. */
typedef struct CountedType
{
	const char *name;			/* SQL name, for messages */
	const char *mismatch;		/* errdetail when two identities differ */
	/*
	 * Is this identity, sums and tally one that the type can have made? Called
	 * whenever a value is taken apart, sent in, or made by subtraction, after the
	 * bytes were found canonical. Returns NULL when fine, else what is wrong.
	 */
	const char *(*check) (const uint8 *identity, Size identity_size,
						  const Sum128 *sums, int nsums,
						  const TallyEntry *entries, uint32 nentries);
} CountedType;

#define COUNTED_MAX_CAPACITY (UINT32_C(1) << 25)

/* A summary of either form taken apart; entries ascending, all positive. */
typedef struct CountedView
{
	const uint8 *identity;
	Size		identity_size;
	Sum128	   *sums;
	int			nsums;
	TallyEntry *entries;
	uint32		nentries;
} CountedView;

/* Detoasts, checks (XX001 when damaged) and expands a datum in the current context. */
extern void counted_view(CountedView *view, const CountedType *type, Datum datum);

/* An open form taken apart, without the type's own check. */
extern void counted_view_open(CountedView *view, const CountedSummary *state);

/* type->check of a view: NULL when fine, else what is wrong. */
extern const char *counted_check(const CountedView *view, const CountedType *type);

/* The count under one key, 0 when absent. */
extern int64 counted_count(const CountedView *view, uint64 key);

/* An open form without cells and inputs, in the current context. */
extern CountedSummary *counted_create(const void *identity, Size identity_size, int nsums);

/*
 * Argument 0, the state of a transition function, as an open form that may be
 * changed: in place when this is an aggregate's state, else (and always when
 * it is packed) a copy in the current context. An empty open form when there
 * is no state yet or one without inputs, whatever identity that had; 22023
 * with type->mismatch when a state with inputs has another identity.
 */
extern CountedSummary *counted_state(FunctionCallInfo fcinfo, const CountedType *type,
									 const void *identity, Size identity_size, int nsums);

/*
 * What a transition function returns for a row that does not count: the state
 * as it is. In a window that is never NULL, which a moving aggregate must not
 * return, but a state without identity; only transition and final functions meet it.
 */
extern Datum counted_unchanged(FunctionCallInfo fcinfo);

/*
 * Adds to a cell. The result is the same state, or a copy of twice the room in
 * the current context: the caller returns it and never frees the old one.
 * 22003 when a count passes 64 bits or falls below zero.
 */
extern CountedSummary *counted_add(CountedSummary *state, const CountedType *type, uint64 key, int64 count);

/* The count of a cell, 0 when there is none. */
extern int64 counted_cell(const CountedSummary *state, uint64 key);

/* Adds (sign 1) or subtracts (sign -1) a summary of the same identity. */
extern CountedSummary *counted_merge(CountedSummary *state, const CountedType *type,
									 const CountedView *other, int sign);

static inline Tally *
counted_tally(const CountedSummary *state)
{
	return (Tally *) ((char *) state + sizeof(CountedSummary) +
					  TYPEALIGN(8, state->identity_size) +
					  (Size) state->nsums * sizeof(Sum128));
}

/* counted_add() in a few instructions where the cell is there. */
static inline CountedSummary *
counted_add_quickly(CountedSummary *state, const CountedType *type, uint64 key, int64 count)
{
	if (likely(tally_add_quickly(counted_tally(state), key, count)))
		return state;
	return counted_add(state, type, key, count);
}

static inline CountedSummary *
counted_increment(CountedSummary *state, const CountedType *type, uint64 key)
{
	return counted_add_quickly(state, type, key, 1);
}

static inline Sum128 *
counted_sums(CountedSummary *state)
{
	return (Sum128 *) ((char *) state + sizeof(CountedSummary) + TYPEALIGN(8, state->identity_size));
}

static inline const uint8 *
counted_identity(const CountedSummary *state)
{
	return (const uint8 *) state + sizeof(CountedSummary);
}

/* The packed form, in the current context; 54000 above 1 GB. */
extern struct varlena *counted_pack(const CountedSummary *state, const CountedType *type);
extern struct varlena *counted_pack_view(const CountedView *view, const CountedType *type);

/*
 * Whole bodies of the SQL functions that every such type has:
 *
 *	accumulate	rollup's transition (state, summary): NULL summaries are skipped
 *	combine		(state, state): NULL-safe, touches only the left one
 *	invert		moving aggregates (state, summary)
 *	final		packs; NULL for no state and for one without inputs
 *	plus, minus	strict operators
 *	send, recv	the packed form after its varlena header (22P03 when malformed)
 */
extern Datum counted_rollup_accumulate(FunctionCallInfo fcinfo, const CountedType *type);
extern Datum counted_rollup_invert(FunctionCallInfo fcinfo, const CountedType *type);
extern Datum counted_combine(FunctionCallInfo fcinfo, const CountedType *type);
extern Datum counted_final(FunctionCallInfo fcinfo, const CountedType *type);
extern Datum counted_plus(FunctionCallInfo fcinfo, const CountedType *type);
extern Datum counted_minus(FunctionCallInfo fcinfo, const CountedType *type);
extern Datum counted_send(FunctionCallInfo fcinfo, const CountedType *type);
extern Datum counted_recv(FunctionCallInfo fcinfo, const CountedType *type);

#endif							/* EM_COUNTED_SUMMARY_H */
