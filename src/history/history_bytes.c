/*
 * history_bytes.c
 *		Writing a deal_history: growing the open form, packing it. Layout: see
 *		deal_history.h; reading: history_view.c.
 */
#include "base/compat.h"

#include "miscadmin.h"
#include "utils/memutils.h"

#include "base/label_codes.h"
#include "history/deal_history.h"
#include "plain/varint.h"

static inline uint8
value_width(uint64 largest)
{
	static const uint8 widths[] = {0, 1, 2, 3, 4, 5, 6, 8, 8};
	int			bytes = 0;

	for (; largest > 0; largest >>= 8)
		bytes++;
	return widths[bytes];
}

static inline void
write_fixed(uint8 *out, uint64 value, int width)
{
	uint16		two = (uint16) value;
	uint32		four = (uint32) value;

	switch (width)
	{
		case 0:
			break;
		case 1:
			out[0] = (uint8) value;
			break;
		case 2:
			memcpy(out, &two, 2);
			break;
		case 3:
			memcpy(out, &two, 2);
			out[2] = (uint8) (value >> 16);
			break;
		case 4:
			memcpy(out, &four, 4);
			break;
		case 5:
			memcpy(out, &four, 4);
			out[4] = (uint8) (value >> 32);
			break;
		case 6:
			two = (uint16) (value >> 32);
			memcpy(out, &four, 4);
			memcpy(out + 4, &two, 2);
			break;
		default:
			memcpy(out, &value, 8);
			break;
	}
}

/*
 * The open form: this head, then records in order of arrival, each with at
 * (8 bytes), flags and the lengths of kind and subject (a byte each), the
 * amount (8 bytes, when flagged), kind, subject. A kind with a code has length
 * 0 and is that byte, as in the dictionary. Nothing inside is aligned.
 * VARSIZE is the space there is; unused space is zero.
 */
struct OpenHistory
{
	int32		vl_len_;
	uint8		version;
	uint8		flags;
	uint16		unused;
	uint32		nevents;
	uint32		used;			/* bytes, this head included */
};

#define RECORD_HEAD 11
#define RECORD_HAS_AMOUNT 0x01

OpenHistory *
history_open(Size space)
{
	OpenHistory *open = palloc0(space);

	Assert(space >= sizeof(OpenHistory));
	SET_VARSIZE(open, space);
	open->version = DEAL_HISTORY_VERSION;
	open->flags = HISTORY_OPEN;
	open->used = sizeof(OpenHistory);
	return open;
}

void
history_clear(OpenHistory *open)
{
	/* unused space is zero */
	memset((char *) open + sizeof(OpenHistory), 0, open->used - sizeof(OpenHistory));
	open->nevents = 0;
	open->used = sizeof(OpenHistory);
}

Size
history_space(const OpenHistory *open)
{
	return VARSIZE(open);
}

/* Either form is one piece of memory. */
static void
require_size(Size size)
{
	if (!AllocSizeIsValid(size))
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("deal_history is too large"),
				 errdetail("Its events take more than %zu bytes.", (Size) MaxAllocSize)));
}

static OpenHistory *
grow(const OpenHistory *open, Size need)
{
	Size		space = VARSIZE(open);
	OpenHistory *larger;

	while (space < open->used + need)
		space *= 2;
	if (space > MaxAllocSize)
		space = MaxAllocSize;
	require_size(open->used + need);
	larger = history_open(space);
	memcpy((char *) larger + VARHDRSZ, (const char *) open + VARHDRSZ,
		   open->used - VARHDRSZ);
	return larger;
}

OpenHistory *
history_append(OpenHistory *open, const EventParts *parts)
{
	int			code = label_code(parts->kind);
	Size		kind_size = code >= 0 ? 1 : parts->kind.length;
	Size		need = RECORD_HEAD + (parts->has_amount ? sizeof(int64) : 0) +
		kind_size + parts->subject.length;
	uint8	   *out;

	if (open->nevents >= HISTORY_MAX_EVENTS)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("deal_history has too many events"),
				 errdetail("At most %d are allowed.", HISTORY_MAX_EVENTS)));
	if (open->used + need > VARSIZE(open))
		open = grow(open, need);

	out = (uint8 *) open + open->used;
	memcpy(out, &parts->at, sizeof(int64));
	out[8] = parts->has_amount ? RECORD_HAS_AMOUNT : 0;
	out[9] = code >= 0 ? 0 : parts->kind.length;
	out[10] = parts->subject.length;
	out += RECORD_HEAD;
	if (parts->has_amount)
	{
		memcpy(out, &parts->amount, sizeof(int64));
		out += sizeof(int64);
	}
	if (code >= 0)
		*out = (uint8) code;
	else
		memcpy(out, parts->kind.data, kind_size);
	if (parts->subject.length > 0)
		memcpy(out + kind_size, parts->subject.data, parts->subject.length);
	open->used += need;
	open->nevents++;
	return open;
}

OpenHistory *
history_append_all(OpenHistory *open, Datum history)
{
	HistoryView view;
	HistoryCursor cursor;
	HistoryEvent event;

	history_view(&view, history);
	history_labels(&view);
	history_rewind(&cursor, &view);
	while (history_next(&cursor, &event))
	{
		EventParts	parts = history_parts(&view, &event);

		CHECK_FOR_INTERRUPTS();
		open = history_append(open, &parts);
	}
	return open;
}

OpenHistory *
history_reopen(Datum history)
{
	struct varlena *stored = PG_DETOAST_DATUM_PACKED(history);
	OpenHistory *open;

	if (!history_is_open(PointerGetDatum(stored)))
		return history_append_all(history_open(HISTORY_INITIAL_SPACE),
								  PointerGetDatum(stored));
	open = (OpenHistory *) PG_DETOAST_DATUM(PointerGetDatum(stored));
	if (VARSIZE(open) < sizeof(OpenHistory) ||
		open->version != DEAL_HISTORY_VERSION ||
		open->flags != HISTORY_OPEN ||
		open->used < sizeof(OpenHistory) || open->used > VARSIZE(open) ||
		open->nevents > (open->used - sizeof(OpenHistory)) / (RECORD_HEAD + 1))
		history_damaged();
	return open;
}

/* Reads the record at `in`, with the code of its kind or -1, and returns what follows it. */
static const uint8 *
read_record(const uint8 *in, const uint8 *end, EventParts *parts, int *code)
{
	const uint8 *next;
	Size		amount_size;
	Size		kind_size;

	if (end - in < RECORD_HEAD + 1)
		history_damaged();
	memcpy(&parts->at, in, sizeof(int64));
	parts->has_amount = in[8] & RECORD_HAS_AMOUNT;
	parts->subject.length = in[10];
	parts->amount = 0;
	amount_size = parts->has_amount ? sizeof(int64) : 0;
	kind_size = in[9] == 0 ? 1 : in[9];
	if ((Size) (end - in) < RECORD_HEAD + amount_size + kind_size + parts->subject.length)
		history_damaged();
	next = in + RECORD_HEAD + amount_size;
	if (parts->has_amount)
		memcpy(&parts->amount, in + RECORD_HEAD, sizeof(int64));
	*code = -1;
	if (in[9] == 0)
	{
		*code = *next;
		if (*code >= label_code_count())
			history_damaged();
		parts->kind = label_of_code(*code);
	}
	else
	{
		parts->kind.data = (const char *) next;
		parts->kind.length = in[9];
	}
	parts->subject.data = (const char *) next + kind_size;
	return next + kind_size + parts->subject.length;
}

/* One record while packing: sorted by instant, then by what it points to. */
typedef struct SortRecord
{
	int64		at;
	const uint8 *record;
} SortRecord;

static int
sort_record_compare(const void *left, const void *right)
{
	const SortRecord *a = left;
	const SortRecord *b = right;
	EventParts	a_parts;
	EventParts	b_parts;
	int			code;

	CHECK_FOR_INTERRUPTS();
	if (a->at != b->at)
		return a->at < b->at ? -1 : 1;
	/* the records were checked when they were listed */
	read_record(a->record, a->record + RECORD_HEAD + 8 + 2 * LABEL_MAX_BYTES, &a_parts, &code);
	read_record(b->record, b->record + RECORD_HEAD + 8 + 2 * LABEL_MAX_BYTES, &b_parts, &code);
	return event_compare(&a_parts, &b_parts);
}

/* What a column of numbers needs: a common unit, a smallest value, a width. */
typedef struct ColumnShape
{
	const int64_t *units;
	int			code;			/* of the largest unit that divides all so far */
	int64		lowest;
	int64		highest;
} ColumnShape;

static inline void
shape_add(ColumnShape *shape, int64 value)
{
	while (value % shape->units[shape->code] != 0)
		shape->code--;
	shape->lowest = Min(shape->lowest, value);
	shape->highest = Max(shape->highest, value);
}

static inline uint64
shape_offset(const ColumnShape *shape, int64 value)
{
	return ((uint64) value - (uint64) shape->lowest) / (uint64) shape->units[shape->code];
}

/* Each event as it is packed, in total order. */
typedef struct PackedEvent
{
	int64		at;
	int64		amount;
	uint32		kind;			/* number among the kinds */
	int32		subject;		/* number in the set of subjects, -1 for none */
	bool		has_amount;
} PackedEvent;

/* A history as it is packed: computed before a byte is written. */
typedef struct PackPlan
{
	PackedEvent *events;		/* in order */
	uint32		n;
	uint32		namounts;
	uint32		nsubjects;
	LabelDictionary kinds;
	LabelDictionary subjects;
	ColumnShape times;
	ColumnShape amounts;
	uint8		flags;
	int			kind_width;		/* bytes of a value in each column */
	int			subject_width;
	int			time_width;
	int			amount_width;
	Size		dictionaries;	/* bytes */
} PackPlan;

/* Lists the records of an open form and puts them in order; XX001 when they are not what it says. */
static void
sort_records(SortRecord *records, const OpenHistory *open)
{
	const uint8 *in = (const uint8 *) open + sizeof(OpenHistory);
	const uint8 *end = (const uint8 *) open + open->used;
	bool		sorted = true;

	for (uint32 i = 0; i < open->nevents; i++)
	{
		EventParts	parts;
		int			code;

		records[i].record = in;
		in = read_record(in, end, &parts, &code);
		records[i].at = parts.at;
		if (i > 0 && sorted &&
			(records[i - 1].at > parts.at ||
			 (records[i - 1].at == parts.at &&
			  sort_record_compare(&records[i - 1], &records[i]) > 0)))
			sorted = false;
	}
	if (in != end)
		history_damaged();
	if (!sorted)
		qsort(records, open->nevents, sizeof(SortRecord), sort_record_compare);
}

static void
plan_begin(PackPlan *plan, PackedEvent *events, uint32 n)
{
	/* the dictionaries are large, and need not be zero */
	plan->events = events;
	plan->n = n;
	plan->namounts = plan->nsubjects = 0;
	plan->flags = 0;
	plan->amount_width = 0;
	plan->times = (ColumnShape) {history_time_units, HISTORY_TIME_UNITS - 1, PG_INT64_MAX, PG_INT64_MIN};
	plan->amounts = (ColumnShape) {history_amount_units, HISTORY_AMOUNT_UNITS - 1, PG_INT64_MAX, PG_INT64_MIN};
	if (n == 0)
		plan->times.lowest = plan->times.highest = 0;
	label_dictionary_init(&plan->kinds);
	label_dictionary_init(&plan->subjects);
}

/* Numbers the labels of event i, and finds what the columns have to hold for it. */
static inline void
plan_event(PackPlan *plan, uint32 i, const EventParts *parts, int code)
{
	PackedEvent *event = &plan->events[i];

	event->at = parts->at;
	event->kind = label_dictionary_add(&plan->kinds, parts->kind, code);
	event->subject = -1;
	event->amount = parts->amount;
	event->has_amount = parts->has_amount;
	shape_add(&plan->times, parts->at);
	if (parts->has_amount)
	{
		shape_add(&plan->amounts, parts->amount);
		plan->namounts++;
	}
	if (parts->subject.length > 0)
	{
		event->subject = label_dictionary_add(&plan->subjects, parts->subject, label_code(parts->subject));
		plan->nsubjects++;
	}
}

/* Flags and widths; returns the size of the packed form, its varlena header included. */
static Size
plan_columns(PackPlan *plan)
{
	uint32		n = plan->n;
	Size		size;

	plan->kind_width = history_index_width(label_dictionary_count(&plan->kinds));
	plan->subject_width = history_index_width(label_dictionary_count(&plan->subjects));
	plan->time_width = value_width(shape_offset(&plan->times, plan->times.highest));
	if (plan->namounts > 0)
	{
		plan->flags |= plan->namounts == n ? HISTORY_ALL_AMOUNTS : HISTORY_SOME_AMOUNTS;
		plan->amount_width = value_width(shape_offset(&plan->amounts, plan->amounts.highest));
	}
	else
		plan->amounts.lowest = plan->amounts.code = 0;
	if (plan->nsubjects > 0)
		plan->flags |= plan->nsubjects == n ? HISTORY_ALL_SUBJECTS : HISTORY_SOME_SUBJECTS;
	if (n == 0)
		plan->times.code = 0;
	plan->dictionaries = label_dictionary_size(&plan->kinds) + label_dictionary_size(&plan->subjects);

	size = VARHDRSZ + 4 + varint_size(n) + varint_size(label_dictionary_count(&plan->kinds)) +
		varint_size(label_dictionary_count(&plan->subjects)) +
		varint_size(zigzag_encode(plan->times.lowest / plan->times.units[plan->times.code]));
	if (plan->namounts > 0)
		size += varint_size(zigzag_encode(plan->amounts.lowest / plan->amounts.units[plan->amounts.code]));
	size += (Size) n * (plan->kind_width + plan->time_width) +
		(Size) plan->namounts * plan->amount_width + (Size) plan->nsubjects * plan->subject_width;
	if (plan->flags & HISTORY_SOME_AMOUNTS)
		size += HISTORY_BITMAP_BYTES(n);
	if (plan->flags & HISTORY_SOME_SUBJECTS)
		size += HISTORY_BITMAP_BYTES(n);
	return size + plan->dictionaries;
}

static uint8 *
write_head(uint8 *out, const PackPlan *plan)
{
	*out++ = DEAL_HISTORY_VERSION;
	*out++ = plan->flags;
	*out++ = plan->times.code | plan->time_width << 4;
	*out++ = plan->amounts.code | plan->amount_width << 4;
	out = varint_write(out, plan->n);
	out = varint_write(out, label_dictionary_count(&plan->kinds));
	out = varint_write(out, label_dictionary_count(&plan->subjects));
	out = varint_write(out, zigzag_encode(plan->times.lowest / plan->times.units[plan->times.code]));
	if (plan->namounts > 0)
		out = varint_write(out, zigzag_encode(plan->amounts.lowest / plan->amounts.units[plan->amounts.code]));
	return out;
}

/* The amounts, behind the bits that say which events have one; the bytes are zero before. */
static uint8 *
write_amounts(uint8 *out, const PackPlan *plan)
{
	const PackedEvent *events = plan->events;

	if (plan->flags & HISTORY_SOME_AMOUNTS)
	{
		for (uint32 i = 0; i < plan->n; i++)
			out[i / 8] |= events[i].has_amount << (i % 8);
		out += HISTORY_BITMAP_BYTES(plan->n);
	}
	for (uint32 i = 0; i < plan->n && plan->namounts > 0; i++)
		if (events[i].has_amount)
		{
			write_fixed(out, shape_offset(&plan->amounts, events[i].amount), plan->amount_width);
			out += plan->amount_width;
		}
	return out;
}

/* The subjects, in the same way. */
static uint8 *
write_subjects(uint8 *out, const PackPlan *plan)
{
	const PackedEvent *events = plan->events;

	if (plan->flags & HISTORY_SOME_SUBJECTS)
	{
		for (uint32 i = 0; i < plan->n; i++)
			out[i / 8] |= (events[i].subject >= 0) << (i % 8);
		out += HISTORY_BITMAP_BYTES(plan->n);
	}
	for (uint32 i = 0; i < plan->n && plan->nsubjects > 0; i++)
		if (events[i].subject >= 0)
		{
			write_fixed(out, label_dictionary_place(&plan->subjects, events[i].subject), plan->subject_width);
			out += plan->subject_width;
		}
	return out;
}

/* Writes the events that were planned. */
static struct varlena *
pack_planned(PackPlan *plan)
{
	Size		size = plan_columns(plan);
	struct varlena *packed;
	uint8	   *dictionary;
	uint8	   *out;

	require_size(size);

	/* the labels first, which gives them their places */
	packed = palloc0(size);
	SET_VARSIZE(packed, size);
	dictionary = label_dictionary_write(&plan->kinds, (uint8 *) packed + size - plan->dictionaries);
	dictionary = label_dictionary_write(&plan->subjects, dictionary);

	out = write_head((uint8 *) VARDATA(packed), plan);
	for (uint32 i = 0; i < plan->n; i++, out += plan->kind_width)
		write_fixed(out, label_dictionary_place(&plan->kinds, plan->events[i].kind), plan->kind_width);
	for (uint32 i = 0; i < plan->n; i++, out += plan->time_width)
		write_fixed(out, shape_offset(&plan->times, plan->events[i].at), plan->time_width);
	out = write_amounts(out, plan);
	out = write_subjects(out, plan);
	Assert(out + plan->dictionaries == dictionary && dictionary == (uint8 *) packed + size);
	return packed;
}

struct varlena *
history_pack(const OpenHistory *open)
{
	uint32		n = open->nevents;
	const uint8 *end = (const uint8 *) open + open->used;
	SortRecord	few_records[HISTORY_FEW];
	PackedEvent few_events[HISTORY_FEW];
	SortRecord *records = n > HISTORY_FEW ? palloc(sizeof(SortRecord) * n) : few_records;
	PackPlan	plan;
	struct varlena *packed;

	plan_begin(&plan, n > HISTORY_FEW ? palloc(sizeof(PackedEvent) * n) : few_events, n);
	sort_records(records, open);
	for (uint32 i = 0; i < n; i++)
	{
		EventParts	parts;
		int			code;

		CHECK_FOR_INTERRUPTS();
		read_record(records[i].record, end, &parts, &code);
		plan_event(&plan, i, &parts, code);
	}
	packed = pack_planned(&plan);

	if (records != few_records)
	{
		pfree(records);
		pfree(plan.events);
	}
	return packed;
}

struct varlena *
history_pack_few(const CodedEvent *events, uint32 n)
{
	const CodedEvent *sorted[HISTORY_FEW];
	PackedEvent packed[HISTORY_FEW];
	PackPlan	plan;

	Assert(n <= HISTORY_FEW);
	for (uint32 i = 0; i < n; i++)
	{
		uint32		place = i;

		/* mostly they come in order */
		for (; place > 0 && sorted[place - 1]->parts.at >= events[i].parts.at; place--)
		{
			if (sorted[place - 1]->parts.at == events[i].parts.at &&
				event_compare(&sorted[place - 1]->parts, &events[i].parts) <= 0)
				break;
			sorted[place] = sorted[place - 1];
		}
		sorted[place] = &events[i];
	}
	plan_begin(&plan, packed, n);
	for (uint32 i = 0; i < n; i++)
		plan_event(&plan, i, &sorted[i]->parts, sorted[i]->code);
	return pack_planned(&plan);
}

struct varlena *
history_pack_open(Datum history)
{
	return history_pack(history_reopen(history));
}
