/*
 * history_view.c
 *		Reading a deal_history: taking the packed form apart, and its events in
 *		order. Layout: see deal_history.h; writing: history_bytes.c.
 */
#include "base/compat.h"

#include "port/pg_bitutils.h"
#include "utils/memutils.h"

#include "base/label_codes.h"
#include "base/type.h"
#include "history/deal_history.h"
#include "plain/varint.h"

#define BITMAP_TEST(bitmap, i) (((bitmap)[(i) / 8] >> ((i) % 8)) & 1)

void
history_damaged(void)
{
	type_damaged("deal_history", NULL);
}

/* Takes `size` bytes at *in, or finds the value damaged. */
static inline const uint8 *
take(const uint8 **in, const uint8 *end, uint64 size)
{
	const uint8 *taken = *in;

	if (size > (uint64) (end - taken))
		history_damaged();
	*in += size;
	return taken;
}

static inline uint64
take_varint(const uint8 **in, const uint8 *end)
{
	uint64		value = 0;

	if (likely(*in < end && **in < 0x80))	/* most are small */
		return *(*in)++;
	*in = varint_read(*in, end, &value);
	if (*in == NULL)
		history_damaged();
	return value;
}

/* A bitmap of n bits with its number of set bits. */
static const uint8 *
take_bitmap(const uint8 **in, const uint8 *end, uint32 n, uint32 *set_bits)
{
	const uint8 *bitmap = take(in, end, HISTORY_BITMAP_BYTES(n));

	*set_bits = pg_popcount((const char *) bitmap, HISTORY_BITMAP_BYTES(n));
	if (n % 8 != 0 && (bitmap[n / 8] >> (n % 8)) != 0)
		history_damaged();
	return bitmap;
}

void
history_view_packed(HistoryView *view, const struct varlena *stored)
{
	const uint8 *in = (const uint8 *) VARDATA_ANY(stored);
	const uint8 *end = in + VARSIZE_ANY_EXHDR(stored);
	const uint8 *head;
	uint64		nevents;
	uint64		nkinds;
	uint64		nsubjects;
	uint32		with_subject;

	head = take(&in, end, 4);
	nevents = take_varint(&in, end);
	nkinds = take_varint(&in, end);
	nsubjects = take_varint(&in, end);
	if (head[0] != DEAL_HISTORY_VERSION || nevents > HISTORY_MAX_EVENTS ||
		nkinds > nevents || nsubjects > nevents ||
		(head[1] & ~HISTORY_PACKED_FLAGS) != 0 ||
		(head[1] & HISTORY_ANY_AMOUNTS) == HISTORY_ANY_AMOUNTS ||
		(head[1] & HISTORY_ANY_SUBJECTS) == HISTORY_ANY_SUBJECTS ||
		(head[2] & 0x0F) >= HISTORY_TIME_UNITS || (head[2] >> 4) > 8 || (head[2] >> 4) == 7 ||
		(head[3] & 0x0F) >= HISTORY_AMOUNT_UNITS || (head[3] >> 4) > 8 || (head[3] >> 4) == 7)
		history_damaged();

	view->flags = head[1];
	view->nevents = nevents;
	view->nkinds = nkinds;
	view->nsubjects = nsubjects;
	view->time_unit = history_time_units[head[2] & 0x0F];
	view->time_width = head[2] >> 4;
	view->amount_unit = history_amount_units[head[3] & 0x0F];
	view->amount_width = head[3] >> 4;
	view->kind_width = history_index_width(nkinds);
	view->subject_width = history_index_width(nsubjects);
	view->time_base = zigzag_decode(take_varint(&in, end));
	view->amount_base = 0;
	if (view->flags & HISTORY_ANY_AMOUNTS)
		view->amount_base = zigzag_decode(take_varint(&in, end));
	view->kind_column = take(&in, end, nevents * view->kind_width);
	view->time_column = take(&in, end, nevents * view->time_width);

	view->namounts = (view->flags & HISTORY_ALL_AMOUNTS) ? nevents : 0;
	view->amount_bitmap = NULL;
	if (view->flags & HISTORY_SOME_AMOUNTS)
		view->amount_bitmap = take_bitmap(&in, end, nevents, &view->namounts);
	view->amount_column = take(&in, end, (uint64) view->namounts * view->amount_width);

	with_subject = (view->flags & HISTORY_ALL_SUBJECTS) ? nevents : 0;
	view->subject_bitmap = NULL;
	if (view->flags & HISTORY_SOME_SUBJECTS)
		view->subject_bitmap = take_bitmap(&in, end, nevents, &with_subject);
	view->subject_column = take(&in, end, (uint64) with_subject * view->subject_width);

	view->dictionary = in;
	view->end = end;
	view->kinds = view->subjects = NULL;
}

const uint8 *
history_read_label(const uint8 *in, const uint8 *end, Label *label)
{
	if (in >= end)
		history_damaged();
	if (*in > 0)
	{
		label->length = *in++;
		if (end - in < label->length)
			history_damaged();
		label->data = (const char *) in;
		return in + label->length;
	}
	in++;
	if (in >= end || *in >= label_code_count())
		history_damaged();
	*label = label_of_code(*in);
	return in + 1;
}

void
history_labels(HistoryView *view)
{
	const uint8 *in = view->dictionary;
	uint32		total = view->nkinds + view->nsubjects;

	/* a label takes at least two bytes: no large allocation for damaged counts */
	if (total > (Size) (view->end - in) / 2)
		history_damaged();
	view->kinds = palloc_extended(sizeof(Label) * Max(total, 1), MCXT_ALLOC_HUGE);
	view->subjects = view->kinds + view->nkinds;
	for (uint32 i = 0; i < total; i++)
		in = history_read_label(in, view->end, &view->kinds[i]);
	if (in != view->end)
		history_damaged();
}

bool
history_next(HistoryCursor *cursor, HistoryEvent *event)
{
	const HistoryView *view = cursor->view;
	uint32		i = cursor->next;

	if (i >= view->nevents)
		return false;
	event->at = history_at(view, i);
	event->kind = history_kind(view, i);
	event->amount = 0;
	event->has_amount = (view->flags & HISTORY_ALL_AMOUNTS) ||
		(view->amount_bitmap != NULL && BITMAP_TEST(view->amount_bitmap, i));
	if (event->has_amount)
	{
		uint64		above = read_fixed(view->amount_column +
									   (Size) cursor->amounts_read++ * view->amount_width,
									   view->amount_width);

		event->amount = (int64) (((uint64) view->amount_base + above) *
								 (uint64) view->amount_unit);
	}
	event->subject = -1;
	if ((view->flags & HISTORY_ALL_SUBJECTS) ||
		(view->subject_bitmap != NULL && BITMAP_TEST(view->subject_bitmap, i)))
	{
		uint32		subject = read_fixed(view->subject_column +
										 (Size) cursor->subjects_read++ * view->subject_width,
										 view->subject_width);

		if (subject >= view->nsubjects)
			history_damaged();
		event->subject = subject;
	}
	cursor->next++;
	return true;
}

uint32
history_count_until(const HistoryView *view, TimestampTz until)
{
	uint32		low = 0;
	uint32		high = view->nevents;

	/* the usual question is about now: nothing is in the future */
	if (high > 0 && history_at(view, high - 1) <= until)
		return high;
	while (low < high)
	{
		uint32		middle = low + (high - low) / 2;

		if (history_at(view, middle) <= until)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

int
history_find_kind(const HistoryView *view, Label label)
{
	int			low = 0;
	int			high = (int) view->nkinds - 1;

	while (low <= high)
	{
		int			middle = (low + high) / 2;
		int			order = label_compare(label, view->kinds[middle]);

		if (order == 0)
			return middle;
		if (order < 0)
			high = middle - 1;
		else
			low = middle + 1;
	}
	return -1;
}

EventParts
history_parts(const HistoryView *view, const HistoryEvent *event)
{
	EventParts	parts;

	parts.at = event->at;
	parts.amount = event->amount;
	parts.has_amount = event->has_amount;
	parts.kind = view->kinds[event->kind];
	if (event->subject >= 0)
		parts.subject = view->subjects[event->subject];
	else
	{
		parts.subject.data = "";
		parts.subject.length = 0;
	}
	return parts;
}
