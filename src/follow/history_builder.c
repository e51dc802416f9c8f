/*
 * history_builder.c
 *		Histories of many deals from events in any order. See history_builder.h.
 */
#include "follow/history_records.h"

#include "access/detoast.h"
#include "access/htup_details.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"

/* Space that an unusual deal took is not kept for the next one. */
#define OPEN_SPACE_KEPT (64 * 1024)

/* The columns of a result; a deal that is gone has but the first. */
enum { OUT_DEAL, OUT_VALUE, OUT_COLUMNS };

static void
find_function(HistoryBuilder *builder, FmgrInfo *function, const char *name, const Oid *types, int ntypes)
{
	Oid			oid = GetSysCacheOid3(PROCNAMEARGSNSP, Anum_pg_proc_oid, CStringGetDatum(name),
									  PointerGetDatum(buildoidvector(types, ntypes)), ObjectIdGetDatum(builder->schema));

	fmgr_info_cxt(oid, function, builder->context);
}

HistoryBuilder *
history_builder_create(Oid schema, NullableDatum states, Progress *progress)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "history builder", ALLOCSET_DEFAULT_SIZES);
	HistoryBuilder *builder = MemoryContextAllocZero(context, sizeof(HistoryBuilder));
	Oid			event[] = {TEXTOID, TIMESTAMPTZOID, NUMERICOID, TEXTOID};
	Oid			changes[] = {InvalidOid, TEXTARRAYOID};

	init_receivers(builder);
	builder->context = context;
	builder->row = AllocSetContextCreate(context, "history builder row", ALLOCSET_DEFAULT_SIZES);
	builder->schema = schema;
	builder->history_type = GetSysCacheOid2(TYPENAMENSP, Anum_pg_type_oid, CStringGetDatum("deal_history"), ObjectIdGetDatum(schema));
	/* half of the memory for the events, half for the histories */
	builder->store = record_store_create(context, (Size) work_mem * 1024 / 2);
	find_function(builder, &builder->problem, "event_problem", event, lengthof(event));
	changes[0] = builder->history_type;
	find_function(builder, &builder->state_changes, "state_changes", changes, lengthof(changes));
	builder->states = states;
	builder->progress = progress;
	builder->built.newest = DT_NOBEGIN;
	return builder;
}

DestReceiver *
history_builder_receiver(HistoryBuilder *builder)
{
	return &builder->events.receiver;
}

DestReceiver *
history_builder_stored_receiver(HistoryBuilder *builder)
{
	builder->compares = true;
	return &builder->stored.receiver;
}

/* Building */

/* The deal, and where it is given a column of that name. */
static TupleDesc
describe_row(const HistoryBuilder *builder, const char *column, Oid type)
{
	TupleDesc	description = CreateTemplateTupleDesc(column != NULL ? OUT_COLUMNS : OUT_VALUE);

	TupleDescInitEntry(description, OUT_DEAL + 1, "deal", builder->type, -1, 0);
	TupleDescInitEntryCollation(description, OUT_DEAL + 1, builder->collation);
	if (column != NULL)
		TupleDescInitEntry(description, OUT_VALUE + 1, column, type, -1, 0);
	TupleDescFinalize(description);
	return description;
}

/* The tables that are filled, in the current context; they share half of the memory. */
static void
begin_results(HistoryBuilder *builder)
{
	BuiltHistories *built = &builder->built;

	built->row = describe_row(builder, "history", builder->history_type);
	built->rows = tuplestore_begin_heap(false, false, builder->compares ? work_mem / 4 : work_mem / 2);
	built->gone_row = describe_row(builder, NULL, InvalidOid);
	built->gone = tuplestore_begin_heap(false, false, builder->compares ? work_mem / 4 : 64);
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
put(HistoryBuilder *builder, Tuplestorestate *rows, TupleDesc description, const EventRow *row, const struct varlena *value)
{
	Datum		values[] = {key_datum(builder, row->key, row->key_size), PointerGetDatum(value)};
	bool		nulls[] = {false, false};

	tuplestore_putvalues(rows, description, values, nulls);
}

static void
put_history(HistoryBuilder *builder, const EventRow *row, const struct varlena *history)
{
	put(builder, builder->built.rows, builder->built.row, row, history);
	builder->built.nrows++;
}

static void
put_problem(HistoryBuilder *builder, const EventRow *row, Label problem)
{
	put(builder, builder->built.failing, builder->built.failing_row, row, label_to_text(problem));
	builder->built.nfailing++;
}

/* A row without history stays: there is nothing about a deal in it. */
static void
put_gone(HistoryBuilder *builder, const EventRow *row)
{
	if (row->other.length == 0)
		return;
	put(builder, builder->built.gone, builder->built.gone_row, row, NULL);
	builder->built.ngone++;
}

/* The history of a deal as it is to be stored. */
static const struct varlena *
finished(HistoryBuilder *builder, const struct varlena *history)
{
	builder->built.ndeals++;
	if (builder->states.isnull)
		return history;
	return (struct varlena *) DatumGetPointer(FunctionCall2(&builder->state_changes, PointerGetDatum(history), builder->states.value));
}

/* Is a stored history this one, byte by byte as *= compares them? Of another size it is not, without its bytes being fetched. */
static bool
same_history(Label stored, const struct varlena *history)
{
	const char *bytes = stored.data;
	Size		size = VARSIZE_ANY_EXHDR(history);

	if (stored.length == 0)
		return false;
	/* only short headers need no alignment */
	if (!VARATT_IS_SHORT(bytes) || VARATT_IS_EXTERNAL(bytes))
	{
		char	   *aligned = palloc(stored.length);

		memcpy(aligned, stored.data, stored.length);
		if (toast_raw_datum_size(PointerGetDatum(aligned)) != size + VARHDRSZ)
			return false;
		bytes = (const char *) PG_DETOAST_DATUM_PACKED(PointerGetDatum(aligned));
	}
	return VARSIZE_ANY_EXHDR(bytes) == size && memcmp(VARDATA_ANY(bytes), VARDATA_ANY(history), size) == 0;
}

/*
 * Holds the n stored histories of a deal against the one that was built, NULL for
 * none. More than one there is where another table inherits from that of the histories.
 */
static void
compare_deal(HistoryBuilder *builder, const StoredRecord *records, Size n, const EventRow *row, const struct varlena *history)
{
	EventRow	stored;
	CodedEvent	event;
	bool		differs = n == 0;

	for (Size i = 0; i < n && !differs; i++)
	{
		read_event(builder, records[i].record, &stored, &event);
		if (history != NULL)
			differs = !same_history(stored.other, history);
		else
			put_gone(builder, &stored);
	}
	if (differs)
		put_history(builder, row, history);
}

/* Builds a deal from its n records. */
static void
build_deal(HistoryBuilder *builder, StoredRecord *records, Size n)
{
	EventRow	row;
	CodedEvent	event;
	Label		problem = {NULL, 0};
	Size		nstored = 0;

	clear_open(builder);
	for (Size i = 0; i < n; i++)
	{
		StoredRecord record = records[i];

		CHECK_FOR_INTERRUPTS();
		read_event(builder, record.record, &row, &event);
		if (!(row.flags & NO_EVENT))
			add_to_open(builder, &event.parts);
		else if (row.flags & NO_EVENT_STORED)
		{
			records[i] = records[nstored];
			records[nstored++] = record;
		}
		else if (problem.data == NULL || label_compare(row.other, problem) < 0)
			problem = row.other;
	}
	if (problem.data != NULL)
		put_problem(builder, &row, problem);
	else
		compare_deal(builder, records, nstored, &row,
					 nstored == n ? NULL : finished(builder, history_pack(builder->open)));
}

/* The same for the usual deal, of few events; false where the records are of several deals, or not as usual. */
static bool
build_few(HistoryBuilder *builder, const StoredRecord *records, Size n)
{
	CodedEvent	events[HISTORY_FEW];
	EventRow	first;
	EventRow	other;
	Label		stored = {NULL, 0};
	const struct varlena *history;
	Size		nevents = 0;

	for (Size i = 0; i < n; i++)
	{
		EventRow   *row = i == 0 ? &first : &other;

		read_event(builder, records[i].record, row, &events[nevents]);
		if (i > 0 && !same_key(builder, &first, &other))
			return false;
		if (likely(!(row->flags & NO_EVENT)))
			nevents++;
		else if (row->flags & NO_EVENT_PROBLEM || stored.data != NULL)
			return false;
		else
			stored = row->other;
	}
	if (nevents == 0)
		return false;
	history = finished(builder, history_pack_few(events, nevents));
	if (stored.data == NULL || !same_history(stored, history))
		put_history(builder, &first, history);
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
			progress_tell(builder->progress, (double) nrecords / (builder->built.nevents + builder->nstored));
	}
	MemoryContextSwitchTo(caller);
	record_store_free(builder->store);
	*built = builder->built;
	MemoryContextDelete(builder->context);
}
