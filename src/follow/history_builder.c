/*
 * history_builder.c
 *		Histories of many deals from events in any order. See history_builder.h.
 *
 * Rest of a record (record_store.h): flags; the instant (8 bytes); the kind;
 * the amount (8 bytes) and the subject, when flagged; the bytes of the key.
 * A kind or subject is the number of a name that was seen among the first, or
 * NAME_HERE, its length, and its bytes. Of a row that is no event, the flags
 * are followed by the length of its problem (2 bytes), the problem and the key.
 */
#include "follow/history_builder.h"

#include "access/htup_details.h"
#include "access/tupmacs.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"
#include "utils/typcache.h"

#include "follow/record_store.h"
#include "base/label_codes.h"
#include "history/deal_history.h"

#define EVENT_AMOUNT 0x01
#define EVENT_SUBJECT 0x02
#define EVENT_PROBLEM 0x04

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

/* Problems are cut to so many bytes. */
#define PROBLEM_MAX_BYTES 1024

/* Space that an unusual deal took is not kept for the next one. */
#define OPEN_SPACE_KEPT (64 * 1024)

/* The columns of the query, and those of either result. */
enum { IN_DEAL, IN_KIND, IN_AT, IN_AMOUNT, IN_SUBJECT, IN_STAMP, IN_COLUMNS };
enum { OUT_DEAL, OUT_VALUE, OUT_COLUMNS };

struct HistoryBuilder
{
	DestReceiver receiver;		/* first, as pointers to it are cast */
	MemoryContext context;		/* of all that is the builder's */
	MemoryContext row;			/* of one row, or one deal */
	Oid			schema;
	RecordStore *store;
	Names		kinds;
	Names		subjects;
	FmgrInfo	problem;		/* event_problem() */

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

/* Names */

static inline uint32
name_slot(Label label)
{
	return label_signature_slot(label_signature(label.data, label.length), 32 - NAME_SLOT_BITS);
}

/* The number of a name, which it is given now where there still are numbers; else NAME_HERE. */
static inline uint8
name_number(HistoryBuilder *builder, Names *names, Label label)
{
	uint32		slot = name_slot(label);
	char	   *copy;

	for (; names->slots[slot] != 0; slot = (slot + 1) % NAME_SLOTS)
		if (label_equal(names->labels[names->slots[slot] - 1], label))
			return names->slots[slot] - 1;
	if (names->count == NAME_HERE)
		return NAME_HERE;
	copy = MemoryContextAlloc(builder->context, label.length);
	memcpy(copy, label.data, label.length);
	names->labels[names->count].data = copy;
	names->labels[names->count].length = label.length;
	names->codes[names->count] = label_code(label);
	names->slots[slot] = names->count + 1;
	return names->count++;
}

static inline Size
name_size(uint8 number, Label label)
{
	return number == NAME_HERE ? 2 + label.length : 1;
}

static inline char *
write_name(char *out, uint8 number, Label label)
{
	*out++ = (char) number;
	if (number == NAME_HERE)
	{
		*out++ = (char) label.length;
		memcpy(out, label.data, label.length);
		out += label.length;
	}
	return out;
}

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

/* Keys */

/* The bytes of a key: those of the value, or what the pointer shows. */
typedef union KeyBytes
{
	Datum		value;
	char		bytes[sizeof(Datum)];
} KeyBytes;

static inline const char *
key_bytes(const HistoryBuilder *builder, Datum *key, KeyBytes *buffer, Size *size)
{
	if (builder->by_value)
	{
		store_att_byval(buffer->bytes, *key, builder->length);
		*size = builder->length;
		return buffer->bytes;
	}
	if (builder->length == -1)
		*key = PointerGetDatum(PG_DETOAST_DATUM_PACKED(*key));
	*size = datumGetSize(*key, false, builder->length);
	return DatumGetPointer(*key);
}

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

typedef struct EventRow
{
	Label		problem;		/* of at most PROBLEM_MAX_BYTES; data is NULL where there is none */
	const char *key;
	Size		key_size;
} EventRow;

/* The event is filled unless it has a problem. */
static inline void
read_event(const HistoryBuilder *builder, const char *record, EventRow *row, CodedEvent *event)
{
	Size		size;
	const char *in = record_rest(record, &size);
	const char *end = in + size;
	uint8		flags = (uint8) *in++;
	EventParts *parts = &event->parts;
	int			code;

	row->problem.data = NULL;
	if (unlikely(flags & EVENT_PROBLEM))
	{
		uint16		length;

		memcpy(&length, in, sizeof(length));
		row->problem.length = length;
		row->problem.data = in + sizeof(length);
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

/* Receiving rows */

static Label
label_of_text(TupleTableSlot *slot, int column)
{
	Label		label = {NULL, 0};

	if (!slot->tts_isnull[column])
	{
		text	   *value = DatumGetTextPP(slot->tts_values[column]);

		label.data = VARDATA_ANY(value);
		label.length = VARSIZE_ANY_EXHDR(value);
	}
	return label;
}

static NullableDatum
text_of_label(Label label)
{
	NullableDatum value = {0, label.length == 0};

	if (label.length > 0)
		value.value = PointerGetDatum(cstring_to_text_with_len(label.data, label.length));
	return value;
}

/* Asks event_problem() about a row; NULL when it finds nothing. */
static text *
ask_problem(HistoryBuilder *builder, TupleTableSlot *slot, Label kind, Label subject)
{
	LOCAL_FCINFO(call, 4);
	Datum		result;

	InitFunctionCallInfoData(*call, &builder->problem, 4, DEFAULT_COLLATION_OID, NULL, NULL);
	call->args[0] = text_of_label(kind);
	call->args[1].value = slot->tts_values[IN_AT];
	call->args[1].isnull = false;
	call->args[2].value = slot->tts_values[IN_AMOUNT];
	call->args[2].isnull = slot->tts_isnull[IN_AMOUNT];
	call->args[3] = text_of_label(subject);
	result = FunctionCallInvoke(call);
	return call->isnull ? NULL : DatumGetTextPP(result);
}

/* Stores the problem of a row; its key has been taken apart. */
static void
add_problem(HistoryBuilder *builder, uint32 hash, const text *problem, const char *key, Size key_size)
{
	uint16		length = Min(VARSIZE_ANY_EXHDR(problem), PROBLEM_MAX_BYTES);
	char	   *out = record_store_add(builder->store, hash, 1 + sizeof(length) + length + key_size);

	*out++ = EVENT_PROBLEM;
	memcpy(out, &length, sizeof(length));
	memcpy(out + sizeof(length), VARDATA_ANY(problem), length);
	memcpy(out + sizeof(length) + length, key, key_size);
}

static void
add_event(HistoryBuilder *builder, uint32 hash, const EventParts *parts, const char *key, Size key_size)
{
	uint8		kind = name_number(builder, &builder->kinds, parts->kind);
	uint8		subject = 0;
	uint8		flags = parts->has_amount ? EVENT_AMOUNT : 0;
	Size		size = 1 + sizeof(int64) + name_size(kind, parts->kind) + key_size;
	char	   *out;

	if (parts->has_amount)
		size += sizeof(int64);
	if (parts->subject.length > 0)
	{
		flags |= EVENT_SUBJECT;
		subject = name_number(builder, &builder->subjects, parts->subject);
		size += name_size(subject, parts->subject);
	}

	out = record_store_add(builder->store, hash, size);
	*out++ = (char) flags;
	memcpy(out, &parts->at, sizeof(int64));
	out = write_name(out + sizeof(int64), kind, parts->kind);
	if (parts->has_amount)
	{
		memcpy(out, &parts->amount, sizeof(int64));
		out += sizeof(int64);
	}
	if (parts->subject.length > 0)
		out = write_name(out, subject, parts->subject);
	memcpy(out, key, key_size);
}

/* The event of a row; false where event_problem() may find something. */
static inline bool
parts_of_row(TupleTableSlot *slot, EventParts *parts)
{
	parts->at = DatumGetTimestampTz(slot->tts_values[IN_AT]);
	parts->amount = 0;
	parts->has_amount = !slot->tts_isnull[IN_AMOUNT];
	if (parts->has_amount &&
		(!amount_fits(slot->tts_values[IN_AMOUNT], &parts->amount) ||
		 parts->amount == PG_INT64_MAX || parts->amount <= -PG_INT64_MAX))
		return false;
	return !TIMESTAMP_NOT_FINITE(parts->at) &&
		parts->kind.length <= LABEL_MAX_BYTES && parts->subject.length <= LABEL_MAX_BYTES;
}

static void
take_row(HistoryBuilder *builder, TupleTableSlot *slot)
{
	EventParts	parts;
	KeyBytes	buffer;
	Datum		key = slot->tts_values[IN_DEAL];
	const char *bytes;
	Size		size;
	uint32		hash;
	text	   *problem = NULL;

	if (!slot->tts_isnull[IN_STAMP])
		builder->built.newest = Max(builder->built.newest, DatumGetTimestampTz(slot->tts_values[IN_STAMP]));
	parts.kind = label_of_text(slot, IN_KIND);
	parts.subject = label_of_text(slot, IN_SUBJECT);
	if (parts.kind.length == 0 || slot->tts_isnull[IN_AT])
		return;

	bytes = key_bytes(builder, &key, &buffer, &size);
	/* a hash function of a user may leave the first bits alone */
	hash = murmurhash32(DatumGetUInt32(FunctionCall1Coll(&builder->hash, builder->collation, key)));
	if (unlikely(!parts_of_row(slot, &parts)))
		problem = ask_problem(builder, slot, parts.kind, parts.subject);
	if (problem != NULL)
		add_problem(builder, hash, problem, bytes, size);
	else
		add_event(builder, hash, &parts, bytes, size);
}

static bool
receive_row(TupleTableSlot *slot, DestReceiver *self)
{
	HistoryBuilder *builder = (HistoryBuilder *) self;
	MemoryContext caller;

	slot_getallattrs(slot);
	if (slot->tts_isnull[IN_DEAL])
		return true;
	builder->built.nevents++;
	progress_count(builder->progress);
	caller = MemoryContextSwitchTo(builder->row);
	take_row(builder, slot);
	MemoryContextSwitchTo(caller);
	MemoryContextReset(builder->row);
	return true;
}

/* What the builder has to know of the type of the key; 42804 for other columns than it takes. */
static void
start_receiving(DestReceiver *self, int operation, TupleDesc rows)
{
	static const Oid types[] = {InvalidOid, TEXTOID, TIMESTAMPTZOID, NUMERICOID, TEXTOID, TIMESTAMPTZOID};
	HistoryBuilder *builder = (HistoryBuilder *) self;
	Form_pg_attribute key;
	TypeCacheEntry *type;
	bool		fitting = rows->natts == IN_COLUMNS;

	for (int i = IN_KIND; fitting && i < IN_COLUMNS; i++)
		fitting = TupleDescAttr(rows, i)->atttypid == types[i];
	if (!fitting)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("the query of events returns other columns than it should")));
	key = TupleDescAttr(rows, IN_DEAL);
	builder->type = key->atttypid;
	builder->collation = key->attcollation;
	builder->length = key->attlen;
	builder->by_value = key->attbyval;
	type = lookup_type_cache(builder->type, TYPECACHE_HASH_PROC | TYPECACHE_EQ_OPR);
	if (!OidIsValid(type->hash_proc) || !OidIsValid(type->eq_opr))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_FUNCTION),
				 errmsg("type %s of the deals cannot be hashed", format_type_be(builder->type))));
	fmgr_info_cxt(type->hash_proc, &builder->hash, builder->context);
	fmgr_info_cxt(get_opcode(type->eq_opr), &builder->equal, builder->context);
}

static void
do_nothing(DestReceiver *self)
{
}

/* The OID of event_problem() in a schema. */
static Oid
problem_function(Oid schema)
{
	Oid			types[] = {TEXTOID, TIMESTAMPTZOID, NUMERICOID, TEXTOID};

	return GetSysCacheOid3(PROCNAMEARGSNSP, Anum_pg_proc_oid, CStringGetDatum("event_problem"),
						   PointerGetDatum(buildoidvector(types, lengthof(types))), ObjectIdGetDatum(schema));
}

HistoryBuilder *
history_builder_create(Oid schema, Progress *progress)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "history builder", ALLOCSET_DEFAULT_SIZES);
	HistoryBuilder *builder = MemoryContextAllocZero(context, sizeof(HistoryBuilder));

	builder->receiver.receiveSlot = receive_row;
	builder->receiver.rStartup = start_receiving;
	builder->receiver.rShutdown = do_nothing;
	builder->receiver.rDestroy = do_nothing;
	builder->receiver.mydest = DestNone;
	builder->context = context;
	builder->row = AllocSetContextCreate(context, "history builder row", ALLOCSET_DEFAULT_SIZES);
	builder->schema = schema;
	/* half of the memory for the events, half for the histories */
	builder->store = record_store_create(context, (Size) work_mem * 1024 / 2);
	fmgr_info_cxt(problem_function(schema), &builder->problem, context);
	builder->progress = progress;
	builder->built.newest = DT_NOBEGIN;
	return builder;
}

DestReceiver *
history_builder_receiver(HistoryBuilder *builder)
{
	return &builder->receiver;
}

/* Building */

static TupleDesc
describe_row(const HistoryBuilder *builder, const char *column, Oid type)
{
	TupleDesc	description = CreateTemplateTupleDesc(OUT_COLUMNS);

	TupleDescInitEntry(description, OUT_DEAL + 1, "deal", builder->type, -1, 0);
	TupleDescInitEntryCollation(description, OUT_DEAL + 1, builder->collation);
	TupleDescInitEntry(description, OUT_VALUE + 1, column, type, -1, 0);
	TupleDescFinalize(description);
	return description;
}

/* The tables that are filled, in the current context; they share half of the memory. */
static void
begin_results(HistoryBuilder *builder)
{
	BuiltHistories *built = &builder->built;
	Oid			history = GetSysCacheOid2(TYPENAMENSP, Anum_pg_type_oid, CStringGetDatum("deal_history"),
										  ObjectIdGetDatum(builder->schema));

	built->row = describe_row(builder, "history", history);
	built->rows = tuplestore_begin_heap(false, false, work_mem / 2);
	built->failing_row = describe_row(builder, "problem", TEXTOID);
	built->failing = tuplestore_begin_heap(false, false, 64);
}

static bool
same_key(HistoryBuilder *builder, const EventRow *a, const EventRow *b)
{
	if (a->key_size == b->key_size && memcmp(a->key, b->key, a->key_size) == 0)
		return true;
	return DatumGetBool(FunctionCall2Coll(&builder->equal, builder->collation,
										  key_datum(builder, a->key, a->key_size),
										  key_datum(builder, b->key, b->key_size)));
}

/* Moves the records of the deal of the first one to the front of [0, n), and says how many they are. */
static Size
gather_deal(HistoryBuilder *builder, StoredRecord *records, Size n)
{
	EventRow	first;
	EventRow	other;
	CodedEvent	event;
	Size		same = 1;

	read_event(builder, records[0].record, &first, &event);
	for (Size i = 1; i < n; i++)
	{
		StoredRecord swapped = records[i];

		CHECK_FOR_INTERRUPTS();
		read_event(builder, swapped.record, &other, &event);
		if (!same_key(builder, &first, &other))
			continue;
		records[i] = records[same];
		records[same++] = swapped;
	}
	return same;
}

static void
add_to_open(HistoryBuilder *builder, const EventParts *parts)
{
	MemoryContext caller = MemoryContextSwitchTo(builder->context);
	OpenHistory *open = history_append(builder->open, parts);

	MemoryContextSwitchTo(caller);
	if (open != builder->open)
		pfree(builder->open);
	builder->open = open;
}

static void
clear_open(HistoryBuilder *builder)
{
	MemoryContext caller;

	if (builder->open != NULL && history_space(builder->open) <= OPEN_SPACE_KEPT)
	{
		history_clear(builder->open);
		return;
	}
	if (builder->open != NULL)
		pfree(builder->open);
	caller = MemoryContextSwitchTo(builder->context);
	builder->open = history_open(HISTORY_INITIAL_SPACE);
	MemoryContextSwitchTo(caller);
}

static void
put_history(HistoryBuilder *builder, const EventRow *row, const struct varlena *history)
{
	Datum		values[] = {key_datum(builder, row->key, row->key_size), PointerGetDatum(history)};
	bool		nulls[] = {false, false};

	tuplestore_putvalues(builder->built.rows, builder->built.row, values, nulls);
	builder->built.ndeals++;
}

static void
put_problem(HistoryBuilder *builder, const EventRow *row, Label problem)
{
	Datum		values[] = {key_datum(builder, row->key, row->key_size), PointerGetDatum(label_to_text(problem))};
	bool		nulls[] = {false, false};

	tuplestore_putvalues(builder->built.failing, builder->built.failing_row, values, nulls);
	builder->built.nfailing++;
}

/* Builds a deal from its n records. */
static void
build_deal(HistoryBuilder *builder, const StoredRecord *records, Size n)
{
	EventRow	row;
	CodedEvent	event;
	Label		problem = {NULL, 0};

	clear_open(builder);
	for (Size i = 0; i < n; i++)
	{
		CHECK_FOR_INTERRUPTS();
		read_event(builder, records[i].record, &row, &event);
		if (row.problem.data == NULL)
			add_to_open(builder, &event.parts);
		else if (problem.data == NULL || label_compare(row.problem, problem) < 0)
			problem = row.problem;
	}
	if (problem.data == NULL)
		put_history(builder, &row, history_pack(builder->open));
	else
		put_problem(builder, &row, problem);
}

/* The same for the usual deal, of few events; false where the records are of several deals, or one has a problem. */
static bool
build_few(HistoryBuilder *builder, const StoredRecord *records, Size n)
{
	CodedEvent	events[HISTORY_FEW];
	EventRow	first;
	EventRow	other;

	read_event(builder, records[0].record, &first, &events[0]);
	if (first.problem.data != NULL)
		return false;
	for (Size i = 1; i < n; i++)
	{
		read_event(builder, records[i].record, &other, &events[i]);
		if (other.problem.data != NULL || !same_key(builder, &first, &other))
			return false;
	}
	put_history(builder, &first, history_pack_few(events, n));
	return true;
}

/* Builds the deals of records in the order of their hashes. */
static void
build_deals(HistoryBuilder *builder, StoredRecord *records, Size n)
{
	Size		end;

	for (Size start = 0; start < n; start = end)
	{
		CHECK_FOR_INTERRUPTS();
		for (end = start + 1; end < n && records[end].hash == records[start].hash; end++)
			;
		if (end - start > HISTORY_FEW || !build_few(builder, records + start, end - start))
		{
			end = start + gather_deal(builder, records + start, end - start);
			build_deal(builder, records + start, end - start);
		}
		MemoryContextReset(builder->row);
	}
}

void
history_builder_finish(HistoryBuilder *builder, BuiltHistories *built)
{
	MemoryContext caller = CurrentMemoryContext;
	StoredRecord *records;
	Size		n;
	int64		nrecords = 0;

	begin_results(builder);
	MemoryContextSwitchTo(builder->row);
	while ((records = record_store_next(builder->store, &n)) != NULL)
	{
		build_deals(builder, records, n);
		nrecords += n;
		builder->progress->done = builder->built.ndeals;
		if (builder->progress->verbose)
			progress_tell(builder->progress, (double) nrecords / builder->built.nevents);
	}
	MemoryContextSwitchTo(caller);
	record_store_free(builder->store);
	*built = builder->built;
	MemoryContextDelete(builder->context);
}
