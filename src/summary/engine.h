/*
 * engine.h
 *		The one engine behind every summary: an identity that must match, and
 *		groups of exact sums and counted cells.
 *
 * A summary has a group of all, and a type may have named groups beside it:
 * competitors, actions, teams by month. Merging two summaries is adding their
 * groups, whatever sums and cells mean; so growing, packing, merging,
 * subtracting, sending and checking are written once, here. A type adds the
 * meaning of its identity, labels, tags, sums and keys, its text form, and its
 * accessors.
 *
 * Packed form (stored, canonical, a plain byte string after the header):
 *
 *		    varlena header
 *		    version (1)
 *		    flags (SUMMARY_OPEN clear)
 *		    varint: bytes of identity, then the identity
 *		    varint: sums in the group of all
 *		    the group of all: its sums, each a zigzag varint of 128 bits; its cells
 *		    where the type has named groups, varint: how many, and of each,
 *				ascending by bytes of the label:
 *				varint: first bytes of the label that are those of the one before
 *				varint: the other bytes, and those
 *				tag, a zigzag varint, where the type has tags
 *				its names (name_sets.h), where the type has them
 *				its sums; its cells
 *
 * Cells are a packed tally (tally.h), absent where the type has none. A group
 * in which everything is zero is left out.
 *
 * Open form (aggregate state; ALIGNMENT = double): the struct below, then the
 * identity padded with zeros to 8 bytes, the sums of the group of all, and an
 * open tally of the cells of all groups. Where the type has named groups, at
 * `groups_at`: a NameTable of the labels, and for each label it has space for
 * its sums and its tag; then the NameSets. `inputs` is what tells a frame
 * without rows (NULL) from a summary of nothing; it is not part of the packed
 * form, and a packed form opened again counts as one. A transition function
 * adds 1 to it, an inverse one takes 1 away.
 */
#ifndef EM_ENGINE_H
#define EM_ENGINE_H

#include "base/compat.h"
#include "lib/stringinfo.h"
#include "utils/jsonb.h"

#include "base/label.h"
#include "base/name_table.h"
#include "base/type.h"
#include "plain/sum128.h"
#include "plain/tally_order.h"
#include "summary/name_sets.h"

#define SUMMARY_VERSION 1
#define SUMMARY_OPEN 0x01
#define SUMMARY_CHECKED 0x02	/* of a moving aggregate's state: what was added to it was checked (moving_check.h) */

#define SUMMARY_MAX_SUMS 256	/* of a group */
#define SUMMARY_MAX_CELLS (UINT32_C(1) << 25)

typedef struct SummaryState
{
	int32		vl_len_;
	uint8		version;
	uint8		flags;
	uint16		nsums;
	uint32		identity_size;
	uint32		groups_at;		/* bytes from the beginning; 0 without named groups */
	int64		inputs;			/* rows taken in, less those taken out again */
	/* identity, sums, tally; labels, sums and tags of the named groups, names */
} SummaryState;

/* A group taken apart; cells ascending, all positive. */
typedef struct SummaryGroup
{
	Label		label;			/* length 0 for all */
	int64		tag;
	Sum128	   *sums;
	TallyEntry *cells;
	uint32		ncells;
	NameSet    *names;			/* NULL where the type has none */
} SummaryGroup;

/* A summary of either form taken apart. */
typedef struct SummaryView
{
	const uint8 *identity;
	Size		identity_size;
	int			nsums;			/* of all */
	SummaryGroup all;
	SummaryGroup *groups;		/* ascending by bytes of the label */
	uint32		ngroups;
} SummaryView;

/* What a type tells the engine about itself: one constant per type, and a DEFINE_SUMMARY(). */
typedef struct SummaryType
{
	const char *name;			/* SQL name, for messages */
	const char *mismatch;		/* errdetail when two identities differ */
	const char *sums_mismatch;	/* errdetail when their numbers of sums do; NULL where that is damage */

	/*
	 * Is this a summary that the type can have made? Called whenever a value is
	 * taken apart, sent in, or made by merging, after the bytes were found
	 * canonical. Returns NULL when fine, else what is wrong.
	 */
	const char *(*check) (const SummaryView *view);

	/*
	 * Where the identity holds text: puts the binary form of it, in the client's encoding, in its
	 * place, and reads that again (NULL when fine, else what is wrong). NULL if it holds none.
	 */
	void		(*send_identity) (SummaryView *view);
	const char *(*receive_identity) (SummaryView *view);

	/* The sum of summaries that pass the check passes it as well, unless a count passes 64 bits (moving_check.h). */
	bool		closed;

	/* Bits of a cell's key: SUMMARY_WHOLE_KEY without named groups, 0 where there are no cells. */
	int			key_bits;

	/* Named groups: what to call them in messages, and at most how many; NULL and 0 for none. */
	const char *groups;
	uint32		max_groups;
	const char *names;			/* each with a set of names: what to call them in messages; NULL for none */
	int			named_sums;		/* each with the first so many of the sums alone; 0 for all of them */
	bool		composite;		/* a label is text up to its first zero byte, and bytes from there on */

	/* JSON text: the keys of its object, "version" among them; what follows the version; a view of an object. */
	const char *const *keys;
	void		(*append_json) (StringInfo out, const SummaryView *view);
	bool		(*read_json) (SummaryView *view, JsonbContainer *object, fmNodePtr escontext);

	/* Called when one label comes with two tags, to raise an error; NULL where the type has no tags. */
	void		(*tags_differ) (Label label, int64 tag, int64 other);

	/* May drop groups, or raise errors of its own, before a state is checked and packed; NULL if not needed. */
	void		(*settle) (SummaryView *view);
} SummaryType;

#define SUMMARY_WHOLE_KEY 64

/* ---------------------------------------------------------------- taking apart, packing */

/* Detoasts, checks (XX001 when damaged) and expands a datum in the current context. */
extern void summary_view(SummaryView *view, const SummaryType *type, Datum datum);

/* An open form taken apart, without the type's own check. */
extern void summary_view_open(SummaryView *view, const SummaryType *type, const SummaryState *state,
							  TallyOrder *order);

/* Packed bytes taken apart and checked: NULL when fine, else what is wrong. */
extern const char *summary_view_packed(SummaryView *view, const SummaryType *type,
									   const uint8 *data, Size size);

/* Order of the groups and the type's own check: NULL when fine, else what is wrong. */
extern const char *summary_check(const SummaryView *view, const SummaryType *type);

/* The group of a label; NULL when there is none. */
extern const SummaryGroup *summary_find(const SummaryView *view, Label label);

/* The count under a key in the group of all, 0 when absent. */
extern int64 summary_cell(const SummaryView *view, uint64 key);

/* The packed form, in the current context; 54000 above 1 GB. */
extern struct varlena *summary_pack(const SummaryView *view, const SummaryType *type);

/* A value of either form, checked, in its packed form. */
extern struct varlena *summary_packed(const SummaryType *type, Datum datum);

/* ---------------------------------------------------------------- states */

/* An open form without cells, groups and inputs, in the current context. */
extern SummaryState *summary_create(const SummaryType *type, const void *identity,
									Size identity_size, int nsums);

/*
 * Argument 0, the state of a transition function, as an open form that may be
 * changed: in place when this is an aggregate's state, else (and always when
 * it is packed) a copy in the current context. An empty open form when there
 * is no state yet or one without inputs, whatever identity that had; 22023
 * with type->mismatch when a state with inputs has another identity, and with
 * type->sums_mismatch when it has another number of sums.
 */
extern SummaryState *summary_state(FunctionCallInfo fcinfo, const SummaryType *type,
								   const void *identity, Size identity_size, int nsums);

/*
 * What a transition function returns for a row that does not count: the state
 * as it is. In a window that is never NULL, which a moving aggregate must not
 * return, but a state without identity; only transition and final functions meet it.
 */
extern Datum summary_unchanged(FunctionCallInfo fcinfo, const SummaryType *type);

static inline Sum128 *
summary_sums(SummaryState *state)
{
	return (Sum128 *) ((char *) state + sizeof(SummaryState) + TYPEALIGN(8, state->identity_size));
}

static inline const uint8 *
summary_identity(const SummaryState *state)
{
	return (const uint8 *) state + sizeof(SummaryState);
}

/* The cells of all groups. */
static inline Tally *
summary_tally(const SummaryState *state)
{
	return (Tally *) ((char *) state + sizeof(SummaryState) +
					  TYPEALIGN(8, state->identity_size) +
					  (Size) state->nsums * sizeof(Sum128));
}

/*
 * Adds to a cell of the group of all. The result is the same state, or a larger
 * copy in the current context: the caller returns it and never frees the old
 * one. 22003 when a count passes 64 bits or falls below zero.
 */
extern SummaryState *summary_add(SummaryState *state, const SummaryType *type, uint64 key, int64 count);

/* summary_add() in a few instructions where the cell is there. */
static inline SummaryState *
summary_add_quickly(SummaryState *state, const SummaryType *type, uint64 key, int64 count)
{
	if (likely(tally_add_quickly(summary_tally(state), key, count)))
		return state;
	return summary_add(state, type, key, count);
}

static inline SummaryState *
summary_increment(SummaryState *state, const SummaryType *type, uint64 key)
{
	return summary_add_quickly(state, type, key, 1);
}

/* ---------------------------------------------------------------- named groups of a state */

/*
 * A row is the place of a group in a state: 0 that of all, then the labels.
 * Growing may give the groups other rows, so that a transition function asks
 * first for all the space it takes, and then for rows.
 */
static inline NameTable *
summary_labels(const SummaryState *state)
{
	return (NameTable *) ((char *) state + state->groups_at);
}

/* How much more a state shall hold. */
typedef struct SummaryNeed
{
	uint32		labels;
	uint32		cells;
	Size		label_bytes;
	uint32		names;
	uint32		sketches;
	Size		name_bytes;
} SummaryNeed;

extern SummaryState *summary_grow(SummaryState *state, const SummaryType *type, const SummaryNeed *more);

/* The same state, or a larger copy in the current context, with space for more labels and cells. */
static inline SummaryState *
summary_reserve(SummaryState *state, const SummaryType *type, uint32 labels, Size label_bytes, uint32 cells)
{
	const Tally *tally = summary_tally(state);

	if (likely(name_table_fits(summary_labels(state), labels, label_bytes) &&
			   cells <= TALLY_LIMIT(tally->capacity) - tally->used))
		return state;
	return summary_grow(state, type, &(SummaryNeed) {
		.labels = labels, .label_bytes = label_bytes, .cells = cells
	});
}

/*
 * The row of a label, length 0 being all: added when sign is 1, and there must
 * be space; 22003 when sign is -1 and it is not there. A tag that differs is an
 * error of the type's; a group whose sums are all zero may change its tag.
 */
extern uint32 summary_row(SummaryState *state, const SummaryType *type, Label label, int64 tag, int sign);

/* How many sums a named group has, where that of all has so many. */
static inline int
summary_named_sums(const SummaryType *type, int nsums)
{
	return type->named_sums > 0 ? type->named_sums : nsums;
}

static inline Sum128 *
summary_row_sums(SummaryState *state, const SummaryType *type, uint32 row)
{
	const NameTable *labels;

	if (row == 0)
		return summary_sums(state);
	labels = summary_labels(state);
	return (Sum128 *) ((char *) labels + name_table_size(labels->capacity, labels->space)) +
		(Size) (row - 1) * summary_named_sums(type, state->nsums);
}

/* The tags of the named groups, where the type has them. */
static inline int64 *
summary_tags(SummaryState *state, const SummaryType *type)
{
	return (int64 *) summary_row_sums(state, type, summary_labels(state)->capacity + 1);
}

/* The row of a label with a number (name_table.h) that has this tag; 0 when there is none. */
static inline uint32
summary_find_numbered_row(SummaryState *state, const SummaryType *type, Label head, uint32 number, int64 tag)
{
	int			found = name_table_find_numbered(summary_labels(state), head, number);

	return found >= 0 && summary_tags(state, type)[found] == tag ? (uint32) found + 1 : 0;
}

/* The key of a group's cell in the tally of all. */
static inline uint64
summary_row_key(const SummaryType *type, uint32 row, uint64 key)
{
	return row == 0 ? key : (uint64) row << type->key_bits | key;
}

/* Adds to a cell of a row; there must be space. */
static inline SummaryState *
summary_add_to_row(SummaryState *state, const SummaryType *type, uint32 row, uint64 key, int64 count)
{
	return summary_add_quickly(state, type, summary_row_key(type, row, key), count);
}

/* Adds a name to the set of a row: the same state or, with its rows, a larger copy. */
extern SummaryState *summary_add_name(SummaryState *state, const SummaryType *type, uint32 row, Label name);

/* ---------------------------------------------------------------- merging */

/* Adds (sign 1) or subtracts (sign -1) a summary taken apart; 22023 when the identities differ. */
extern SummaryState *summary_merge(SummaryState *state, const SummaryType *type,
								   const SummaryView *other, int sign);

/* The same of packed bytes, read as they are added: whether the sum is possible is asked of it later. */
extern SummaryState *summary_merge_packed(FunctionCallInfo fcinfo, const SummaryType *type,
										  const struct varlena *value, int sign);

/* A detoasted value as an open form of this type, aligned and with sizes that agree (XX001); and is it one? */
extern SummaryState *summary_open_form(struct varlena *value, const SummaryType *type);

static inline bool
summary_is_open(const void *value)
{
	return VARSIZE_ANY_EXHDR(value) >= 2 && (((const uint8 *) VARDATA_ANY(value))[1] & SUMMARY_OPEN);
}

/* Errors: XX001, and 22023 for two identities that differ. */
pg_noreturn extern void summary_damaged(const SummaryType *type, const char *problem);
pg_noreturn extern void summary_too_large(const SummaryType *type);
/* 22003: `what` names the sum or count, with its article. */
pg_noreturn extern void summary_out_of_range(const SummaryType *type, const char *what);
pg_noreturn extern void summary_too_many_groups(const SummaryType *type);
extern void summary_require_same(const void *a, Size a_size, const void *b, Size b_size,
								 const SummaryType *type);
pg_noreturn extern void summary_sums_differ(const SummaryType *type);

/* ---------------------------------------------------------------- JSON */

/* The text of a view. */
extern void summary_append_json(const SummaryType *type, StringInfo out, const SummaryView *view);

/* The packed form of an object; NULL with an error saved. */
extern struct varlena *summary_from_json(const SummaryType *type, JsonbContainer *object, fmNodePtr escontext);

/* Saves 22P02 "malformed TYPE: PROBLEM"; false. */
extern bool summary_malformed(const SummaryType *type, const char *problem, fmNodePtr escontext);

/* ---------------------------------------------------------------- SQL functions */

/*
 * Whole bodies of the SQL functions that every such type has:
 *
 *	in, out		JSON text
 *	send, recv	the packed form after its varlena header (22P03 when malformed),
 *				labels and names in the encoding of the client
 *	add			rollup's transition (state, summary): NULL summaries are skipped
 *	remove		its inverse, for moving aggregates
 *	combine		(state, state): NULL-safe, touches only the left one
 *	final		packs; NULL for no state and for one without inputs
 *	plus, minus	strict operators
 */
extern Datum summary_in(FunctionCallInfo fcinfo, const SummaryType *type);
extern Datum summary_out(FunctionCallInfo fcinfo, const SummaryType *type);
extern Datum summary_send(FunctionCallInfo fcinfo, const SummaryType *type);
extern Datum summary_recv(FunctionCallInfo fcinfo, const SummaryType *type);
extern Datum summary_add_summary(FunctionCallInfo fcinfo, const SummaryType *type, int sign);
extern Datum summary_combine(FunctionCallInfo fcinfo, const SummaryType *type);
extern Datum summary_final(FunctionCallInfo fcinfo, const SummaryType *type);
extern Datum summary_plus(FunctionCallInfo fcinfo, const SummaryType *type, int sign);

/*
 * All of them that a type has whose summaries can only be added, prefix_in to
 * prefix_plus; and those that it has when they can be subtracted, too.
 */
#define DEFINE_GROWING_SUMMARY(prefix, type) \
	static struct varlena * \
	prefix##_pack(Datum value) \
	{ \
		return summary_packed(&(type), value); \
	} \
	static const TypeInfo prefix##_info = {.name = #prefix, .pack = prefix##_pack}; \
	DEFINE_TYPE_FUNCTION(prefix##_in, summary_in(fcinfo, &(type))); \
	DEFINE_TYPE_FUNCTION(prefix##_out, summary_out(fcinfo, &(type))); \
	DEFINE_TYPE_FUNCTION(prefix##_recv, summary_recv(fcinfo, &(type))); \
	DEFINE_TYPE_FUNCTION(prefix##_send, summary_send(fcinfo, &(type))); \
	DEFINE_TO_JSON(prefix); \
	DEFINE_COMPARISON(prefix, prefix##_info); \
	DEFINE_TYPE_FUNCTION(prefix##_add_summary, summary_add_summary(fcinfo, &(type), 1)); \
	DEFINE_TYPE_FUNCTION(prefix##_combine, summary_combine(fcinfo, &(type))); \
	DEFINE_TYPE_FUNCTION(prefix##_final, summary_final(fcinfo, &(type))); \
	DEFINE_TYPE_FUNCTION(prefix##_plus, summary_plus(fcinfo, &(type), 1))

#define DEFINE_SUMMARY(prefix, type) \
	DEFINE_GROWING_SUMMARY(prefix, type); \
	DEFINE_TYPE_FUNCTION(prefix##_remove_summary, summary_add_summary(fcinfo, &(type), -1)); \
	DEFINE_TYPE_FUNCTION(prefix##_minus, summary_plus(fcinfo, &(type), -1))

#endif							/* EM_ENGINE_H */
