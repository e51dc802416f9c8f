/*
 * engine_bytes.c
 *		The packed form of a summary, read, checked and written.
 *
 * The bytes stand in engine.h.
 */
#include "summary/engine_bytes.h"

#include "miscadmin.h"
#include "utils/memutils.h"

/* Entries between two looks at a pending cancel. */
#define INTERRUPT_STRIDE 0xFFFF

/* Bytes that a packed named group takes at least, beside a byte for each sum. */
#define LEAST_GROUP_BYTES 3

/* Bytes of a label copied at once. */
#define LABEL_WORD 16

/* ---------------------------------------------------------------- reading */

bool
summary_read_begin(SummaryReader *reader, const SummaryType *type, const uint8 *data, Size size)
{
	const uint8 *end = data + size;
	const uint8 *in = data + 2;
	uint64		length;

	reader->type = type;
	reader->begun = false;
	reader->ngroups = reader->remaining = 0;
	memset(&reader->group, 0, sizeof(reader->group));
	reader->group.sums = reader->sums;
	if (size > 0 && data[0] != SUMMARY_VERSION)
		reader->problem = "its version is unknown";
	else if (size < 2)
		reader->problem = "it is too short";
	else if (data[1] != 0)
		reader->problem = "its flags are unknown";
	else if ((in = varint_read(in, end, &length)) == NULL || length > (uint64) (end - in))
		reader->problem = "its identity is cut off";
	else
	{
		reader->identity = in;
		reader->identity_size = (Size) length;
		in = varint_read(in + length, end, &length);
		if (in == NULL || length > SUMMARY_MAX_SUMS)
			reader->problem = "its sums are malformed";
		else
		{
			reader->nsums = (int) length;
			reader->in = in;
			reader->end = end;
			reader->problem = NULL;
		}
	}
	return reader->problem == NULL;
}

/*
 * A label is what it shares with the one before, and the rest. No other bytes
 * say the same, and the order is ascending: there is a rest, and it begins with
 * a larger byte than the one that stood there.
 */
static const uint8 *
read_label(SummaryReader *reader, const uint8 *in)
{
	Label		last = reader->group.label;
	uint64		shared;
	uint64		rest;

	in = varint_read(in, reader->end, &shared);
	if (in != NULL)
		in = varint_read(in, reader->end, &rest);
	if (in == NULL || rest == 0 || rest > (uint64) (reader->end - in) || shared > (uint64) last.length ||
		rest > SUMMARY_READ_LABEL - shared ||
		(shared < (uint64) last.length && in[0] <= (uint8) last.data[shared]))
		return NULL;

	reader->group.label.length = (int) (shared + rest);
	if (shared == 0)
		reader->group.label.data = (const char *) in;
	else
	{
		if (last.data != reader->label)
			memcpy(reader->label, last.data, shared);
		/* a copy of fixed size takes no call */
		if (rest <= LABEL_WORD && reader->end - in >= LABEL_WORD)
			memcpy(reader->label + shared, in, LABEL_WORD);
		else
			memcpy(reader->label + shared, in, rest);
		reader->group.label.data = reader->label;
	}
	return in + rest;
}

static inline const uint8 *
read_sums(SummaryReader *reader, const uint8 *in, int nsums)
{
	for (int i = 0; in != NULL && i < nsums; i++)
		in = summary_read_sum(in, reader->end, &reader->sums[i]);
	return in;
}

/* After the group of all: is there another one? */
static bool
more_groups(SummaryReader *reader)
{
	uint64		n = 0;

	if (reader->ngroups == 0 && reader->type->max_groups > 0 && reader->group.label.length == 0)
	{
		reader->in = varint_read(reader->in, reader->end, &n);
		if (reader->in == NULL || n > reader->type->max_groups ||
			n > (uint64) (reader->end - reader->in) / (LEAST_GROUP_BYTES + summary_named_sums(reader->type, reader->nsums)))
		{
			reader->problem = "its groups are malformed";
			return false;
		}
		reader->ngroups = reader->remaining = (uint32) n;
	}
	if (reader->remaining > 0)
	{
		reader->remaining--;
		return true;
	}
	if (reader->in != reader->end)
		reader->problem = "bytes are left over";
	return false;
}

bool
summary_read_more(SummaryReader *reader)
{
	if (!reader->begun)
		return true;
	return (reader->type->key_bits == 0 || summary_cells_end(reader)) && more_groups(reader);
}

bool
summary_read_next(SummaryReader *reader)
{
	const SummaryType *type = reader->type;
	const uint8 *in = reader->in;

	if (reader->begun)
	{
		uint64		tag = 0;

		in = read_label(reader, in);
		if (in != NULL && type->tags_differ != NULL)
			in = varint_read(in, reader->end, &tag);
		reader->group.tag = zigzag_decode(tag);
		if (in != NULL && type->names != NULL)
		{
			in = name_set_read(&reader->names, in, reader->end);
			reader->group.names = &reader->names;
		}
		if (in == NULL)
		{
			reader->problem = "a group is malformed";
			return false;
		}
	}
	in = read_sums(reader, in, reader->begun ? summary_named_sums(type, reader->nsums) : reader->nsums);
	if (in == NULL)
	{
		reader->problem = "its sums are malformed";
		return false;
	}
	reader->in = in;
	reader->begun = true;
	if (type->key_bits > 0)
	{
		tally_read_begin(&reader->cells, in, reader->end);
		if (reader->cells.damaged || reader->cells.remaining > TALLY_LIMIT(SUMMARY_MAX_CELLS))
		{
			reader->problem = "its counts are malformed";
			return false;
		}
		reader->group.ncells = (uint32) reader->cells.remaining;
	}
	return true;
}

bool
summary_read_group(SummaryReader *reader)
{
	return summary_read_more(reader) && summary_read_next(reader);
}

/* Copies a group that was read, and reads its cells. */
static void
keep_group(SummaryGroup *group, SummaryReader *reader, Sum128 *sums, int nsums)
{
	*group = reader->group;
	group->sums = memcpy(sums, reader->sums, sizeof(Sum128) * nsums);
	if (group->label.data == reader->label)
		group->label.data = memcpy(palloc(group->label.length), reader->label, group->label.length);
	if (group->names != NULL)
		group->names = memcpy(palloc(sizeof(NameSet)), &reader->names, sizeof(NameSet));

	group->ncells = 0;
	group->cells = NULL;
	if (reader->group.ncells == 0)
		return;
	group->cells = palloc_extended(sizeof(TallyEntry) * (Size) reader->group.ncells, MCXT_ALLOC_HUGE);
	while (reader->cells.remaining > 0 && tally_read_next(&reader->cells, &group->cells[group->ncells]))
		if ((++group->ncells & INTERRUPT_STRIDE) == 0)
			CHECK_FOR_INTERRUPTS();
}

const char *
summary_read_packed(SummaryView *view, const SummaryType *type, const uint8 *data, Size size)
{
	SummaryReader reader;
	Sum128	   *sums = NULL;
	int			nsums;

	view->groups = NULL;
	view->ngroups = 0;
	if (!summary_read_begin(&reader, type, data, size))
		return reader.problem;
	view->identity = reader.identity;
	view->identity_size = reader.identity_size;
	view->nsums = reader.nsums;
	nsums = summary_named_sums(type, view->nsums);
	while (summary_read_group(&reader))
	{
		if (reader.group.label.length == 0)
		{
			keep_group(&view->all, &reader, palloc(sizeof(Sum128) * Max(view->nsums, 1)), view->nsums);
			continue;
		}
		if (view->groups == NULL)
		{
			view->groups = palloc_extended(sizeof(SummaryGroup) * (Size) reader.ngroups, MCXT_ALLOC_HUGE);
			sums = palloc_extended(sizeof(Sum128) * Max((Size) reader.ngroups * nsums, 1), MCXT_ALLOC_HUGE);
		}
		keep_group(&view->groups[view->ngroups], &reader, sums + (Size) view->ngroups * nsums, nsums);
		if ((++view->ngroups & 0xFF) == 0)
			CHECK_FOR_INTERRUPTS();
	}
	return reader.problem;
}

/* ---------------------------------------------------------------- checking */

const char *
summary_check(const SummaryView *view, const SummaryType *type)
{
	for (uint32 i = 0; i < view->ngroups; i++)
	{
		const SummaryGroup *group = &view->groups[i];
		const char *problem;
		int			order;

		if (group->label.length == 0 || group->label.length > NAME_MAX_BYTES)
			return psprintf("the length of one of its %s is out of range", type->groups);
		order = i > 0 ? label_compare(group[-1].label, group->label) : -1;
		if (order >= 0)
			return psprintf(order == 0 ? "one of its %s comes twice" : "its %s are not in ascending order", type->groups);
		if (summary_is_empty(group, summary_named_sums(type, view->nsums)))
			return psprintf("there is nothing in one of its %s", type->groups);
		if (group->names != NULL && (problem = name_set_check(group->names, type->names)) != NULL)
			return problem;
		if ((i & 0xFF) == 0)
			CHECK_FOR_INTERRUPTS();
	}
	return type->check(view);
}

const char *
summary_view_packed(SummaryView *view, const SummaryType *type, const uint8 *data, Size size)
{
	const char *problem = summary_read_packed(view, type, data, size);

	return problem != NULL ? problem : summary_check(view, type);
}

/* ---------------------------------------------------------------- packing */

/* Most sums are not below zero and far below 64 bits: their zigzag varint is that of the double. */
static inline bool
is_common(Sum128 sum)
{
	return sum.high == 0 && sum.low <= PG_UINT64_MAX / 2;
}

/* Bytes for the cells of a group: exact, or as many as they usually take; and a margin. */
static Size
cells_size(const SummaryGroup *group, const SummaryType *type, bool exact)
{
	if (type->key_bits == 0)
		return 0;
	return 2 * TALLY_MOST_BYTES + (exact ? tally_packed_size(group->cells, group->ncells) :
								   TALLY_COMMON_BYTES * (Size) group->ncells);
}

static Size
group_size(const SummaryGroup *group, const SummaryType *type, int nsums, bool exact)
{
	Size		size = cells_size(group, type, exact);

	if (group->label.length > 0)
	{
		size += varint_size(SUMMARY_READ_LABEL) * 2 + group->label.length;
		if (type->tags_differ != NULL)
			size += varint_size(zigzag_encode(group->tag));
		if (type->names != NULL)
			size += name_set_size(group->names);
	}
	for (int i = 0; i < nsums; i++)
		size += is_common(group->sums[i]) ? varint_size(2 * group->sums[i].low) : sum128_varint_size(group->sums[i]);
	return size;
}

static uint8 *
write_label(uint8 *out, Label label, Label last)
{
	int			shared = 0;

	while (shared < last.length && shared < label.length && label.data[shared] == last.data[shared])
		shared++;
	out = varint_write(out, shared);
	out = varint_write(out, label.length - shared);
	memcpy(out, label.data + shared, label.length - shared);
	return out + label.length - shared;
}

/* Returns what follows; NULL when the cells take more than cells_size(). */
static uint8 *
write_group(uint8 *out, const SummaryGroup *group, Label last, const SummaryType *type, int nsums, bool exact)
{
	if (group->label.length > 0)
	{
		out = write_label(out, group->label, last);
		if (type->tags_differ != NULL)
			out = varint_write(out, zigzag_encode(group->tag));
		if (type->names != NULL)
			out = name_set_write(out, group->names);
	}
	for (int i = 0; i < nsums; i++)
		if (is_common(group->sums[i]))
			out = varint_write(out, 2 * group->sums[i].low);
		else
			out = sum128_varint_write(out, group->sums[i]);
	if (type->key_bits == 0)
		return out;
	return tally_pack(out, out + cells_size(group, type, exact), group->cells, group->ncells);
}

static uint8 *
write_view(uint8 *out, const SummaryView *view, const SummaryType *type, bool exact)
{
	Label		last = {NULL, 0};

	*out++ = SUMMARY_VERSION;
	*out++ = 0;
	out = varint_write(out, view->identity_size);
	if (view->identity_size > 0)
		memcpy(out, view->identity, view->identity_size);
	out = varint_write(out + view->identity_size, view->nsums);
	out = write_group(out, &view->all, last, type, view->nsums, exact);
	if (out != NULL && type->max_groups > 0)
		out = varint_write(out, view->ngroups);
	for (uint32 i = 0; out != NULL && i < view->ngroups; i++)
	{
		out = write_group(out, &view->groups[i], last, type, summary_named_sums(type, view->nsums), exact);
		last = view->groups[i].label;
	}
	return out;
}

/* Packs into the size that cells usually have, or into the exact one; NULL when the former is too little. */
static struct varlena *
pack(const SummaryView *view, const SummaryType *type, bool exact)
{
	Size		size = VARHDRSZ + 2 + varint_size(view->identity_size) + view->identity_size +
		varint_size(view->nsums) + varint_size(view->ngroups);
	struct varlena *packed;
	uint8	   *out;

	size += group_size(&view->all, type, view->nsums, exact);
	for (uint32 i = 0; i < view->ngroups; i++)
		size = add_size(size, group_size(&view->groups[i], type, summary_named_sums(type, view->nsums), exact));
	if (!AllocSizeIsValid(size))
		summary_too_large(type);

	packed = palloc(size);
	out = write_view((uint8 *) VARDATA(packed), view, type, exact);
	if (out == NULL)
	{
		pfree(packed);
		return NULL;
	}
	SET_VARSIZE(packed, out - (uint8 *) packed);
	return packed;
}

struct varlena *
summary_pack(const SummaryView *view, const SummaryType *type)
{
	struct varlena *packed = pack(view, type, false);

	return packed != NULL ? packed : pack(view, type, true);
}
