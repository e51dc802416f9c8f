/*
 * deal_history.h
 *		Everything that happened to one deal: a bag of events in total order.
 *
 * A history has two forms. The packed form is what is stored and read: it is
 * canonical (one bag of events, one string of bytes) and holds every label
 * once. The open form is what the aggregates grow: records in arrival order,
 * packed at the end. Every function takes both; only the aggregates make the
 * open one. history_view.c reads the bytes and history_bytes.c writes them; deal_history.c
 * has the SQL functions that make histories, history_queries.c those that look into them.
 *
 * Packed bytes (a plain byte string: nothing inside is aligned):
 *
 *	varlena header (1 byte when stored short, else 4)
 *	version (1)
 *	flags: HISTORY_OPEN is clear
 *	instants: unit (low 4 bits), bytes per instant (high 4 bits)
 *	amounts: power of ten taken out (low 4), bytes per amount (high 4)
 *	varint: events, kinds, subjects
 *	zigzag varint: first instant in units
 *	zigzag varint: smallest amount (only with amounts)
 *	kind of each event: an index of 1 (2, 4) bytes
 *	instant of each event: units since the first
 *	which events have an amount: bitmap, only when some do and some do not
 *	those amounts, above the smallest
 *	which events have a subject: bitmap, only when some do and some do not
 *	those subjects: an index of 1 (2, 4) bytes each
 *	kinds, then subjects, each sorted by bytes: a label is its length and its
 *		bytes, or 0 and its one-byte code (label_codes.h)
 *
 * The unit is the largest of day .. microsecond that divides every instant,
 * the power of ten the largest up to 7 that divides every amount, and a width
 * the smallest of 0 1 2 3 4 5 6 8 bytes that holds the largest value. Columns
 * are in the byte order of the machine.
 */
#ifndef EM_DEAL_HISTORY_H
#define EM_DEAL_HISTORY_H

#include "history/deal_event.h"
#include "plain/packed_history.h"

#define HISTORY_MAX_EVENTS 10000000

/*
 * A packed history taken apart. history_view() has checked that every column
 * lies inside the value; an index read from a column must still be compared
 * with the size of its dictionary (history_next does).
 */
typedef struct HistoryView
{
	uint32		nevents;
	uint32		nkinds;
	uint32		nsubjects;
	uint32		namounts;
	int64		time_base;		/* in time_unit */
	int64		time_unit;		/* microseconds */
	int64		amount_base;	/* in amount_unit */
	int64		amount_unit;	/* ten-thousandths */
	uint8		flags;
	uint8		time_width;
	uint8		amount_width;
	uint8		kind_width;
	uint8		subject_width;
	const uint8 *kind_column;
	const uint8 *time_column;
	const uint8 *amount_bitmap; /* NULL unless HISTORY_SOME_AMOUNTS */
	const uint8 *amount_column;
	const uint8 *subject_bitmap;
	const uint8 *subject_column;
	const uint8 *dictionary;	/* kinds, then subjects */
	const uint8 *end;
	Label	   *kinds;			/* filled by history_labels() */
	Label	   *subjects;
} HistoryView;

/* XX001: called where stored bytes make no sense. */
extern void history_damaged(void) __attribute__((noreturn));

/* Takes a packed form apart; XX001 when it is damaged. */
extern void history_view_packed(HistoryView *view, const struct varlena *stored);

/* Either form, packed. */
extern struct varlena *history_pack_open(Datum history);

/* Is a datum that is not toasted an open form? */
static inline bool
history_is_open(Datum history)
{
	const struct varlena *value = (const struct varlena *) DatumGetPointer(history);

	return VARSIZE_ANY_EXHDR(value) >= 2 && (((const uint8 *) VARDATA_ANY(value))[1] & HISTORY_OPEN) != 0;
}

/*
 * Detoasts and checks (XX001 when damaged), in either form. A short or uncompressed value is
 * read where it lies; other memory is of the current context.
 */
static inline void
history_view(HistoryView *view, Datum history)
{
	struct varlena *stored = PG_DETOAST_DATUM_PACKED(history);

	if (unlikely(history_is_open(PointerGetDatum(stored))))
		stored = history_pack_open(PointerGetDatum(stored));
	history_view_packed(view, stored);
}

/* Fills view->kinds and view->subjects. */
extern void history_labels(HistoryView *view);

/* Reads one label of a dictionary and returns what follows it. */
extern const uint8 *history_read_label(const uint8 *in, const uint8 *end, Label *label);

/* A fixed-width column value; width 0 1 2 3 4 5 6 8. */
static inline uint64
read_fixed(const uint8 *in, int width)
{
	uint16		two;
	uint32		four;
	uint64		eight;

	switch (width)
	{
		case 0:
			return 0;
		case 1:
			return in[0];
		case 2:
			memcpy(&two, in, 2);
			return two;
		case 3:
			memcpy(&two, in, 2);
			return two | (uint64) in[2] << 16;
		case 4:
			memcpy(&four, in, 4);
			return four;
		case 5:
			memcpy(&four, in, 4);
			return four | (uint64) in[4] << 32;
		case 6:
			memcpy(&four, in, 4);
			memcpy(&two, in + 4, 2);
			return four | (uint64) two << 32;
		default:
			memcpy(&eight, in, 8);
			return eight;
	}
}

/* The instant of event i. */
static inline int64
history_at(const HistoryView *view, uint32 i)
{
	uint64		units = (uint64) view->time_base +
		read_fixed(view->time_column + (Size) i * view->time_width, view->time_width);

	return (int64) (units * (uint64) view->time_unit);
}

/*
 * The same for many instants of one history: what history_at() would look up
 * each time. Where a whole word may be read at every instant, the width costs
 * no branch.
 */
typedef struct HistoryInstants
{
	const uint8 *column;
	uint64		base;
	uint64		unit;
	uint64		mask;			/* of the bytes of an instant; 0 where words may not be read */
	int			width;
} HistoryInstants;

static inline void
history_instants(HistoryInstants *instants, const HistoryView *view)
{
	int			width = view->time_width;

	instants->column = view->time_column;
	instants->base = view->time_base;
	instants->unit = view->time_unit;
	instants->width = width;
	instants->mask = 0;
#ifndef WORDS_BIGENDIAN
	if (width > 0 && view->end - view->time_column >= (Size) view->nevents * width + sizeof(uint64))
		instants->mask = PG_UINT64_MAX >> (64 - 8 * width);
#endif
}

static inline int64
history_instant(const HistoryInstants *instants, uint32 i)
{
	const uint8 *in = instants->column + (Size) i * instants->width;
	uint64		units;

	if (likely(instants->mask != 0))
	{
		memcpy(&units, in, sizeof(units));
		units &= instants->mask;
	}
	else
		units = read_fixed(in, instants->width);
	return (int64) ((instants->base + units) * instants->unit);
}

/* The kind of event i, as an index below nkinds. */
static inline uint32
history_kind(const HistoryView *view, uint32 i)
{
	uint32		kind = read_fixed(view->kind_column + (Size) i * view->kind_width,
								  view->kind_width);

	if (unlikely(kind >= view->nkinds))
		history_damaged();
	return kind;
}

/* How many events are not after an instant. */
extern uint32 history_count_until(const HistoryView *view, TimestampTz until);

/* Reads the events in order; needs history_labels() for the labels only. */
typedef struct HistoryCursor
{
	const HistoryView *view;
	uint32		next;			/* index of the event history_next returns */
	uint32		amounts_read;
	uint32		subjects_read;
} HistoryCursor;

typedef struct HistoryEvent
{
	int64		at;
	int64		amount;			/* 0 unless has_amount */
	uint32		kind;			/* index into view->kinds */
	int32		subject;		/* index into view->subjects, -1 for none */
	bool		has_amount;
} HistoryEvent;

static inline void
history_rewind(HistoryCursor *cursor, const HistoryView *view)
{
	cursor->view = view;
	cursor->next = cursor->amounts_read = cursor->subjects_read = 0;
}

/* False after the last event. */
extern bool history_next(HistoryCursor *cursor, HistoryEvent *event);

/* Index of a label among the kinds of a view with labels; -1 when absent. */
extern int	history_find_kind(const HistoryView *view, Label label);

/* An event of a view with labels, as parts that point into it. */
extern EventParts history_parts(const HistoryView *view, const HistoryEvent *event);

/*
 * Growing a history: an open form in the current context, then packed. append
 * returns the same open form, or a larger copy in the current context; the old
 * one is never freed, since it may be an aggregate's.
 */
typedef struct OpenHistory OpenHistory;
extern OpenHistory *history_open(Size space);
extern void history_clear(OpenHistory *open);	/* without events again, to be filled anew */
extern Size history_space(const OpenHistory *open);
extern OpenHistory *history_append(OpenHistory *open, const EventParts *parts);
extern OpenHistory *history_append_all(OpenHistory *open, Datum history);
extern struct varlena *history_pack(const OpenHistory *open);

/* The same from at most HISTORY_FEW events in any order, without an open form. */
#define HISTORY_FEW 32
typedef struct CodedEvent
{
	EventParts	parts;
	int			code;			/* label_code() of the kind */
} CodedEvent;

extern struct varlena *history_pack_few(const CodedEvent *events, uint32 n);

/* A datum as an open form: itself when it is one (not toasted), else a copy. */
extern OpenHistory *history_reopen(Datum history);

/* Enough for the common deal without growing. */
#define HISTORY_INITIAL_SPACE 128

#endif							/* EM_DEAL_HISTORY_H */
