/*
 * engine_bytes.h
 *		What the files of the engine share: packed bytes read group
 *		by group, and the parts of an open form.
 *
 *		if (summary_read_begin(&reader, type, data, size))
 *			while (summary_read_group(&reader))
 *				... reader.group, and its cells by tally_read_next(&reader.cells, ...)
 *		... reader.problem, NULL when all was fine
 */
#ifndef EM_ENGINE_BYTES_H
#define EM_ENGINE_BYTES_H

#include "plain/tally_reader.h"
#include "plain/varint.h"
#include "summary/engine.h"

/* A label in a client's encoding may be longer than in that of the server. */
#define SUMMARY_READ_LABEL (4 * NAME_MAX_BYTES)

typedef struct SummaryReader
{
	const SummaryType *type;
	const uint8 *in;
	const uint8 *end;
	const char *problem;		/* what is wrong, once it is known */
	const uint8 *identity;
	Size		identity_size;
	int			nsums;
	bool		begun;			/* the group of all has been read */
	uint32		ngroups;		/* named ones, */
	uint32		remaining;		/* and how many of them are still to come */
	SummaryGroup group;			/* its cells are in `cells` only; valid until the next one */
	NameSet		names;
	TallyReader cells;
	char		label[SUMMARY_READ_LABEL + 16];
	Sum128		sums[SUMMARY_MAX_SUMS];
} SummaryReader;

extern bool summary_read_begin(SummaryReader *reader, const SummaryType *type, const uint8 *data, Size size);

/* The next group; false at the end, or when something is wrong. The cells of the one before must have been read. */
extern bool summary_read_group(SummaryReader *reader);

/* The same in two steps: is there another one, at reader->in, and it. */
extern bool summary_read_more(SummaryReader *reader);
extern bool summary_read_next(SummaryReader *reader);

/* One sum: what follows, or NULL. */
static inline const uint8 *
summary_read_sum(const uint8 *in, const uint8 *end, Sum128 *sum)
{
	uint64		value;
	const uint8 *next = varint_read(in, end, &value);

	if (next == NULL)
		return sum128_varint_read(in, end, sum);
	sum->high = (value & 1) ? -1 : 0;
	sum->low = (uint64) zigzag_decode(value);
	return next;
}

/* Packed bytes taken apart without any check of what they say. */
extern const char *summary_read_packed(SummaryView *view, const SummaryType *type, const uint8 *data, Size size);

/*
 * The sum (sign 1) or the difference (-1) of two views, with the errors of
 * summary_merge(). Without named groups the sorted cells are merged as they are.
 */
extern void summary_merge_views(SummaryView *sum, const SummaryType *type, const SummaryView *left,
								const SummaryView *right, int sign);

/* Adds or subtracts so many sums. */
extern void summary_add_sums(Sum128 *sums, const Sum128 *others, int nsums, int sign, const SummaryType *type);

/* Puts the groups of a view in order. */
extern void summary_sort_groups(SummaryView *view);

/* Errors beside those of engine.h: 54000, and 22003. */
pg_noreturn extern void summary_too_many_cells(const SummaryType *type);
pg_noreturn extern void summary_below_zero(const SummaryType *type);

/* XX001 unless an open form has the sizes that the engine would have given it; called before anything is read by them. */
extern void summary_check_open(const SummaryState *state, const SummaryType *type);

/* The sets of names of the named groups in an open form, where the type has them. */
static inline NameSets *
summary_names(SummaryState *state, const SummaryType *type)
{
	return (NameSets *) (summary_tags(state, type) + (type->tags_differ != NULL ? summary_labels(state)->capacity : 0));
}

static inline bool
summary_all_zero(const Sum128 *sums, int nsums)
{
	for (int i = 0; i < nsums; i++)
		if (sums[i].low != 0 || sums[i].high != 0)
			return false;
	return true;
}

/* A group of which nothing is left. */
static inline bool
summary_is_empty(const SummaryGroup *group, int nsums)
{
	return group->ncells == 0 && summary_all_zero(group->sums, nsums) &&
		(group->names == NULL || (group->names->n == 0 && group->names->registers == NULL));
}

/* The largest key of a cell. */
static inline uint64
summary_max_key(const SummaryType *type)
{
	return type->key_bits == SUMMARY_WHOLE_KEY ? TALLY_MAX_KEY : (UINT64CONST(1) << type->key_bits) - 1;
}

/* After the cells of a group: what follows them is read next. False when they are not all as they should be. */
static inline bool
summary_cells_end(SummaryReader *reader)
{
	reader->in = reader->cells.next;
	if (reader->cells.damaged || reader->cells.remaining > 0)
		reader->problem = "its counts are malformed";
	else if (reader->group.ncells > 0 && reader->cells.key > summary_max_key(reader->type))
		reader->problem = "a cell is unknown";
	return reader->problem == NULL;
}

#endif							/* EM_ENGINE_BYTES_H */
