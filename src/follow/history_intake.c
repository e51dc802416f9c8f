/*
 * history_intake.c
 *		What the builder of histories receives, as records: the events of a query,
 *		and the histories of a table. See history_builder.h.
 */
#include "follow/history_records.h"

#include "catalog/pg_collation.h"
#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"
#include "utils/typcache.h"

/* The columns of the query of events, and those of the query of histories. */
enum { IN_DEAL, IN_KIND, IN_AT, IN_AMOUNT, IN_SUBJECT, IN_STAMP, IN_COLUMNS };
enum { STORED_DEAL, STORED_HISTORY, STORED_COLUMNS };

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

/* Keys */

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

/* A hash function of a user may leave the first bits alone. */
static inline uint32
hash_key(HistoryBuilder *builder, Datum key)
{
	return murmurhash32(DatumGetUInt32(FunctionCall1Coll(&builder->hash, builder->collation, key)));
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

/* Stores what is no event; the key has been taken apart. */
static void
add_other(HistoryBuilder *builder, uint32 hash, uint8 flags, const char *data, uint32 length, const char *key, Size key_size)
{
	char	   *out = record_store_add(builder->store, hash, 1 + sizeof(length) + length + key_size);

	*out++ = (char) flags;
	memcpy(out, &length, sizeof(length));
	memcpy(out + sizeof(length), data, length);
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
	hash = hash_key(builder, key);
	if (unlikely(!parts_of_row(slot, &parts)))
		problem = ask_problem(builder, slot, parts.kind, parts.subject);
	if (problem != NULL)
		add_other(builder, hash, NO_EVENT_PROBLEM, VARDATA_ANY(problem), Min(VARSIZE_ANY_EXHDR(problem), PROBLEM_MAX_BYTES), bytes, size);
	else
		add_event(builder, hash, &parts, bytes, size);
}

static bool
receive_row(TupleTableSlot *slot, DestReceiver *self)
{
	HistoryBuilder *builder = ((Receiver *) self)->builder;
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
	HistoryBuilder *builder = ((Receiver *) self)->builder;
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

/* Receiving the histories of a table */

static void
take_stored(HistoryBuilder *builder, TupleTableSlot *slot)
{
	Datum		key = slot->tts_values[STORED_DEAL];
	KeyBytes	buffer;
	Size		key_size;
	const char *bytes = key_bytes(builder, &key, &buffer, &key_size);
	const char *history = "";
	Size		size = 0;

	if (!slot->tts_isnull[STORED_HISTORY])
	{
		history = DatumGetPointer(slot->tts_values[STORED_HISTORY]);
		/* the bytes of a pointer into memory are no history */
		if (VARATT_IS_EXTERNAL(history) && !VARATT_IS_EXTERNAL_ONDISK(history))
			history = (const char *) PG_DETOAST_DATUM(slot->tts_values[STORED_HISTORY]);
		size = VARSIZE_ANY(history);
	}
	add_other(builder, hash_key(builder, key), NO_EVENT_STORED, history, size, bytes, key_size);
}

static bool
receive_stored(TupleTableSlot *slot, DestReceiver *self)
{
	HistoryBuilder *builder = ((Receiver *) self)->builder;
	MemoryContext caller = MemoryContextSwitchTo(builder->row);

	slot_getallattrs(slot);
	if (!slot->tts_isnull[STORED_DEAL])
	{
		builder->nstored++;
		progress_count(builder->progress);
		take_stored(builder, slot);
	}
	MemoryContextSwitchTo(caller);
	MemoryContextReset(builder->row);
	return true;
}

/* 42804 for other columns than it takes, or a key that is told apart otherwise. */
static void
start_receiving_stored(DestReceiver *self, int operation, TupleDesc rows)
{
	HistoryBuilder *builder = ((Receiver *) self)->builder;

	if (rows->natts != STORED_COLUMNS ||
		TupleDescAttr(rows, STORED_DEAL)->atttypid != builder->type ||
		TupleDescAttr(rows, STORED_DEAL)->attcollation != builder->collation ||
		TupleDescAttr(rows, STORED_HISTORY)->atttypid != builder->history_type)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("the query of histories returns other columns than it should")));
}

static void
do_nothing(DestReceiver *self)
{
}

static void
init_receiver(Receiver *receiver, HistoryBuilder *builder, bool (*take) (TupleTableSlot *, DestReceiver *),
			  void (*begin) (DestReceiver *, int, TupleDesc))
{
	receiver->receiver.receiveSlot = take;
	receiver->receiver.rStartup = begin;
	receiver->receiver.rShutdown = do_nothing;
	receiver->receiver.rDestroy = do_nothing;
	receiver->receiver.mydest = DestNone;
	receiver->builder = builder;
}

void
init_receivers(HistoryBuilder *builder)
{
	init_receiver(&builder->events, builder, receive_row, start_receiving);
	init_receiver(&builder->stored, builder, receive_stored, start_receiving_stored);
}
