/*
 * history_records.h
 *		The builder of histories inside: its records of events, and what it knows
 *		of names and of the key. For history_intake.c, which writes records, and
 *		history_builder.c, which reads them.
 *
 * Rest of a record (record_store.h): flags; the instant (8 bytes); the kind;
 * the amount (8 bytes) and the subject, when flagged; the bytes of the key.
 * A kind or subject is the number of a name that was seen among the first, or
 * NAME_HERE, its length, and its bytes. Of a record that is no event, the flags
 * are followed by a length (4 bytes), so many bytes, and the key. The bytes are
 * the problem of a row that is no event, or a history of the table as it is
 * stored there, perhaps compressed or a pointer to another place; none are NULL.
 */
#ifndef EM_HISTORY_RECORDS_H
#define EM_HISTORY_RECORDS_H

#include "base/compat.h"
#include "access/tupmacs.h"

#include "follow/history_builder.h"
#include "follow/record_store.h"
#include "base/label_codes.h"
#include "history/deal_history.h"

#define EVENT_AMOUNT 0x01
#define EVENT_SUBJECT 0x02
#define NO_EVENT_PROBLEM 0x04
#define NO_EVENT_STORED 0x08
#define NO_EVENT (NO_EVENT_PROBLEM | NO_EVENT_STORED)

/* Problems are cut to so many bytes. */
#define PROBLEM_MAX_BYTES 1024

/* Names with a number; the first ones that come. */
#define NAME_HERE 255
#define NAME_SLOT_BITS 9
#define NAME_SLOTS (1 << NAME_SLOT_BITS)

typedef struct Names
{
	int			count;
	Label		labels[NAME_HERE];
	int			codes[NAME_HERE];	/* label_code() of each */
	uint8		slots[NAME_SLOTS];	/* a number plus one, 0 when free */
} Names;

/* Where the rows of a query go. */
typedef struct Receiver
{
	DestReceiver receiver;		/* first, as pointers to it are cast */
	HistoryBuilder *builder;
} Receiver;

struct HistoryBuilder
{
	Receiver	events;
	Receiver	stored;
	MemoryContext context;		/* of all that is the builder's */
	MemoryContext row;			/* of one row, or one deal */
	Oid			schema;
	Oid			history_type;	/* in it */
	RecordStore *store;
	Names		kinds;
	Names		subjects;
	FmgrInfo	problem;		/* event_problem() */
	FmgrInfo	state_changes;
	NullableDatum states;		/* its kinds; NULL: histories stay as they are */
	bool		compares;		/* with the histories of a table */
	int64		nstored;		/* of these */

	/* the key */
	Oid			type;
	Oid			collation;
	int16		length;
	bool		by_value;
	FmgrInfo	hash;
	FmgrInfo	equal;

	OpenHistory *open;			/* of the deal that is built */
	Progress   *progress;
	BuiltHistories built;
};

/* Makes ready to receive rows of both queries. */
extern void init_receivers(HistoryBuilder *builder);

/* Keys */

/* The bytes of a key: those of the value, or what the pointer shows. */
typedef union KeyBytes
{
	Datum		value;
	char		bytes[sizeof(Datum)];
} KeyBytes;

/* The key with these bytes, aligned, in the current context. */
static inline Datum
key_datum(const HistoryBuilder *builder, const char *bytes, Size size)
{
	char	   *copy;

	if (builder->by_value)
	{
		KeyBytes	buffer;
		Datum		key;

		buffer.value = 0;
		memcpy(buffer.bytes, bytes, size);
		key = fetch_att(buffer.bytes, true, builder->length);
		return key;
	}
	copy = palloc(size);
	memcpy(copy, bytes, size);
	return PointerGetDatum(copy);
}

/* Reading a record */

static inline const char *
read_name(const char *in, const Names *names, Label *label, int *code)
{
	uint8		number = (uint8) *in++;

	if (likely(number != NAME_HERE))
	{
		*label = names->labels[number];
		*code = names->codes[number];
		return in;
	}
	label->length = (uint8) *in++;
	label->data = in;
	*code = label_code(*label);
	return in + label->length;
}

typedef struct EventRow
{
	uint8		flags;
	Label		other;			/* of what is no event: the problem, of at most PROBLEM_MAX_BYTES, or the stored history */
	const char *key;
	Size		key_size;
} EventRow;

/* The event is filled where the record is one. */
static inline void
read_event(const HistoryBuilder *builder, const char *record, EventRow *row, CodedEvent *event)
{
	Size		size;
	const char *in = record_rest(record, &size);
	const char *end = in + size;
	uint8		flags = row->flags = (uint8) *in++;
	EventParts *parts = &event->parts;
	int			code;

	if (unlikely(flags & NO_EVENT))
	{
		uint32		length;

		memcpy(&length, in, sizeof(length));
		row->other.length = length;
		row->other.data = in + sizeof(length);
		in += sizeof(length) + length;
	}
	else
	{
		memcpy(&parts->at, in, sizeof(int64));
		in = read_name(in + sizeof(int64), &builder->kinds, &parts->kind, &event->code);
		parts->has_amount = flags & EVENT_AMOUNT;
		parts->amount = 0;
		if (parts->has_amount)
		{
			memcpy(&parts->amount, in, sizeof(int64));
			in += sizeof(int64);
		}
		parts->subject.data = "";
		parts->subject.length = 0;
		if (flags & EVENT_SUBJECT)
			in = read_name(in, &builder->subjects, &parts->subject, &code);
	}
	row->key = in;
	row->key_size = end - in;
}

#endif							/* EM_HISTORY_RECORDS_H */
