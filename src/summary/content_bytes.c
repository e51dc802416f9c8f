/*
 * content_bytes.c
 *		The packed form of a content_summary: written, taken apart, and checked
 *		that events can have made it; the estimate behind a sketch.
 *
 * The bytes stand in content_summary.h.
 */
#include "summary/content_summary.h"

#include <math.h>

#include "datatype/timestamp.h"
#include "lib/hyperloglog.h"
#include "miscadmin.h"
#include "utils/memutils.h"

#include "base/problem.h"
#include "plain/varint.h"

#define TYPE_NAME "content_summary"

void
content_damaged(const char *problem)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATA_CORRUPTED),
			 errmsg("damaged " TYPE_NAME " value"),
			 errdetail_problem(problem)));
}

void
content_too_large(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
			 errmsg(TYPE_NAME " value would be too large"),
			 errdetail("A summary holds at most %d actions, and 1 GB.", CONTENT_MAX_ACTIONS)));
}

/* Bounds, order, and a sum of times that fits the whole seconds. NULL, or what is wrong. */
static const char *
check_group(const ContentGroup *group)
{
	int64		timed = 0;
	Sum128		least = {0, 0};
	Sum128		most;

	if (group->events <= 0)
		return "an action has no events";
	if (group->nactors > CONTENT_EXACT_ACTORS || group->nactors > group->events ||
		(group->registers != NULL && (group->nactors > 0 || group->events <= CONTENT_EXACT_ACTORS)))
		return "the actors of an action do not fit its events";
	for (uint32 i = 0; i < group->nactors; i++)
		if (group->actors[i].length == 0 || group->actors[i].length > LABEL_MAX_BYTES ||
			(i > 0 && label_compare(group->actors[i - 1], group->actors[i]) >= 0))
			return "actors are not in ascending order";
	if (group->registers != NULL)
		for (int i = 0; i < CONTENT_REGISTERS; i++)
			if (group->registers[i] > CONTENT_MAX_REGISTER)
				return "a register is out of range";
	for (uint32 i = 0; i < group->nseconds; i++)
	{
		const TallyEntry *entry = &group->seconds[i];

		if (entry->key > (uint64) (PG_INT64_MAX / USECS_PER_SEC))
			return "a time is out of range";
		if (entry->count <= 0 || entry->count > group->events - timed)
			return "there are more times than events";
		timed += entry->count;
		if (!sum128_add_product(&least, (int64) entry->key * USECS_PER_SEC, entry->count))
			return "a sum of times is out of range";
	}
	most = least;
	if (!sum128_add(&most, sum128_product(USECS_PER_SEC - 1, timed)) ||
		sum128_compare(group->microseconds, least) < 0 || sum128_compare(group->microseconds, most) > 0)
		return "a sum of times does not fit the whole seconds";
	return NULL;
}

const char *
content_check_view(const ContentView *view)
{
	if (view->nactions > CONTENT_MAX_ACTIONS)
		return "it has too many actions";
	for (uint32 i = 0; i < view->nactions; i++)
	{
		const ContentGroup *group = &view->actions[i];
		const char *problem = check_group(group);

		if (problem != NULL)
			return problem;
		if (group->name.length == 0 || group->name.length > LABEL_MAX_BYTES ||
			(i > 0 && label_compare(group[-1].name, group->name) >= 0))
			return "actions are not in ascending order";
		if ((i & 0xFF) == 0)
			CHECK_FOR_INTERRUPTS();
	}
	return NULL;
}

/* Reads a length byte and a name; returns what follows, NULL when cut off. */
static const uint8 *
read_name(Label *name, const uint8 *in, const uint8 *end)
{
	if (in >= end || in[0] == 0 || in[0] > end - in - 1)
		return NULL;
	name->length = *in++;
	name->data = (const char *) in;
	return in + name->length;
}

/* Eight registers in five bytes, the first in the lowest bits. */
static const uint8 *
unpack_registers(const uint8 *in, uint8 *registers)
{
	for (int i = 0; i < CONTENT_REGISTERS; i += 8, in += 5)
	{
		uint64		bits = 0;

		for (int j = 4; j >= 0; j--)
			bits = bits << 8 | in[j];
		for (int j = 0; j < 8; j++)
			registers[i + j] = (bits >> (5 * j)) & 0x1F;
	}
	return in;
}

static uint8 *
pack_registers(uint8 *out, const uint8 *registers)
{
	for (int i = 0; i < CONTENT_REGISTERS; i += 8)
	{
		uint64		bits = 0;

		for (int j = 7; j >= 0; j--)
			bits = bits << 5 | registers[i + j];
		for (int j = 0; j < 5; j++)
			*out++ = (uint8) (bits >> (8 * j));
	}
	return out;
}

/* Reads one action; returns what follows, NULL when malformed. */
static const uint8 *
read_group(ContentGroup *group, const uint8 *in, const uint8 *end)
{
	TallyReader reader;
	uint64		n;

	memset(group, 0, sizeof(*group));
	if ((in = read_name(&group->name, in, end)) == NULL ||
		(in = varint_read(in, end, &n)) == NULL || n > (uint64) PG_INT64_MAX)
		return NULL;
	group->events = (int64) n;
	in = varint_read(in, end, &n);
	if (in == NULL || (n & 1 ? n != 1 || end - in < CONTENT_SKETCH_BYTES : n / 2 > CONTENT_EXACT_ACTORS))
		return NULL;
	if (n == 1)
	{
		uint8	   *registers = palloc(CONTENT_REGISTERS);

		in = unpack_registers(in, registers);
		group->registers = registers;
	}
	else
	{
		group->nactors = (uint32) (n / 2);
		if (group->nactors > 0)
			group->actors = palloc(sizeof(Label) * group->nactors);
		for (uint32 i = 0; i < group->nactors; i++)
			if ((in = read_name(&group->actors[i], in, end)) == NULL)
				return NULL;
	}
	in = sum128_varint_read(in, end, &group->microseconds);
	if (in == NULL)
		return NULL;
	tally_read_begin(&reader, in, end);
	if (reader.damaged || reader.remaining > (uint64) (end - in))
		return NULL;
	if (reader.remaining > 0)
		group->seconds = palloc_extended(sizeof(TallyEntry) * (Size) reader.remaining, MCXT_ALLOC_HUGE);
	while (reader.remaining > 0 && tally_read_next(&reader, &group->seconds[group->nseconds]))
		group->nseconds++;
	return reader.damaged ? NULL : reader.next;
}

const char *
content_view_packed(ContentView *view, const uint8 *data, Size size)
{
	const uint8 *in = data + 2;
	const uint8 *end = data + size;
	uint64		n;

	if (size < 2)
		return "it is too short";
	if (data[0] != CONTENT_SUMMARY_VERSION)
		return "its version is unknown";
	if (data[1] != 0)
		return "its flags are unknown";
	in = varint_read(in, end, &n);
	if (in == NULL || n > CONTENT_MAX_ACTIONS || n > (uint64) (end - in))
		return "it is malformed";
	view->nactions = (uint32) n;
	view->actions = palloc(sizeof(ContentGroup) * Max(n, 1));
	for (uint32 i = 0; i < view->nactions; i++)
	{
		CHECK_FOR_INTERRUPTS();
		in = read_group(&view->actions[i], in, end);
		if (in == NULL)
			return "it is malformed";
	}
	if (in != end)
		return "bytes are left over";
	return content_check_view(view);
}

void
content_view(ContentView *view, Datum datum)
{
	struct varlena *value = PG_DETOAST_DATUM_PACKED(datum);
	const char *problem;

	if (content_is_open(value))
	{
		content_view_open(view, PointerGetDatum(value));
		problem = content_check_view(view);
	}
	else
		problem = content_view_packed(view, (const uint8 *) VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value));
	if (problem != NULL)
		content_damaged(problem);
}

/* ---------------------------------------------------------------- packing */

static Size
group_size(const ContentGroup *group)
{
	Size		size = 1 + group->name.length + varint_size(group->events) +
		sum128_varint_size(group->microseconds) + tally_packed_size(group->seconds, group->nseconds);

	if (group->registers != NULL)
		return size + 1 + CONTENT_SKETCH_BYTES;
	size += varint_size((uint64) group->nactors * 2);
	for (uint32 i = 0; i < group->nactors; i++)
		size += 1 + group->actors[i].length;
	return size;
}

static uint8 *
write_name(uint8 *out, Label name)
{
	*out++ = (uint8) name.length;
	memcpy(out, name.data, name.length);
	return out + name.length;
}

struct varlena *
content_pack(const ContentView *view)
{
	Size		size = VARHDRSZ + 2 + varint_size(view->nactions);
	struct varlena *packed;
	uint8	   *out;

	for (uint32 i = 0; i < view->nactions; i++)
		size += group_size(&view->actions[i]);
	if (!AllocSizeIsValid(size))
		content_too_large();
	packed = palloc(size);
	SET_VARSIZE(packed, size);
	out = (uint8 *) VARDATA(packed);
	*out++ = CONTENT_SUMMARY_VERSION;
	*out++ = 0;
	out = varint_write(out, view->nactions);
	for (uint32 i = 0; i < view->nactions; i++)
	{
		const ContentGroup *group = &view->actions[i];

		out = varint_write(write_name(out, group->name), group->events);
		if (group->registers != NULL)
			out = pack_registers(varint_write(out, 1), group->registers);
		else
		{
			out = varint_write(out, (uint64) group->nactors * 2);
			for (uint32 j = 0; j < group->nactors; j++)
				out = write_name(out, group->actors[j]);
		}
		out = sum128_varint_write(out, group->microseconds);
		out = tally_pack(out, group->seconds, group->nseconds);
	}
	Assert(out == (uint8 *) packed + size);
	return packed;
}

struct varlena *
content_finish(Datum datum)
{
	ContentView view;

	content_view(&view, datum);
	return content_pack(&view);
}

/* ---------------------------------------------------------------- the estimate */

int64
content_distinct_actors(const ContentGroup *group)
{
	hyperLogLogState sketch;
	double		estimate;

	if (group->registers == NULL)
		return group->nactors;
	initHyperLogLog(&sketch, CONTENT_SKETCH_WIDTH);
	memcpy(sketch.hashesArr, group->registers, CONTENT_REGISTERS);
	estimate = rint(estimateHyperLogLog(&sketch));
	freeHyperLogLog(&sketch);

	/* more than fit the exact form; not cut at the events, so that it depends on the actors alone */
	return (int64) Max(estimate, CONTENT_EXACT_ACTORS + 1);
}
