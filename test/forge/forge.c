/*
 * forge.c
 *		What an engine that knows nothing of funnel_agg might do with its partial states:
 *		test/t/input_handover.pl builds this, and makes aggregates with it.
 *
 * The setting forge.how says what becomes of a serialized state:
 *
 *	tell	a notice says whether it is a token or bytes
 *	keep	it is kept for a later query of this session, too
 *	replay	the one that was kept takes its place
 *	flip	one bit of its last byte is another
 *	cut		its last byte is missing
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/guc.h"
#include "utils/memutils.h"

#if PG_VERSION_NUM >= 160000
#include "varatt.h"
#endif

PG_MODULE_MAGIC;

/* A token and its head; the bytes of a state are longer. */
#define TOKEN_SIZE (VARHDRSZ + 32)

static bytea *kept = NULL;

static bytea *
copy_of(const bytea *value, MemoryContext context)
{
	return memcpy(MemoryContextAlloc(context, VARSIZE(value)), value, VARSIZE(value));
}

PG_FUNCTION_INFO_V1(forge_serialize);
Datum
forge_serialize(PG_FUNCTION_ARGS)
{
	PGFunction	serialize = (PGFunction) load_external_function("$libdir/enablement_metrics", "funnel_events_serialize", true, NULL);
	const char *how = GetConfigOption("forge.how", true, false);
	bytea	   *state = DatumGetByteaP(serialize(fcinfo));

	if (how == NULL)
		how = "";
	if (strcmp(how, "tell") == 0)
		ereport(NOTICE, (errmsg("handed over as %s", VARSIZE(state) == TOKEN_SIZE ? "a token" : "bytes")));
	if (strcmp(how, "keep") == 0)
		kept = copy_of(state, TopMemoryContext);
	if (strcmp(how, "replay") == 0 && kept != NULL)
		state = copy_of(kept, CurrentMemoryContext);
	if (strcmp(how, "flip") == 0)
		((char *) state)[VARSIZE(state) - 1] ^= 1;
	if (strcmp(how, "cut") == 0)
		SET_VARSIZE(state, VARSIZE(state) - 1);
	PG_RETURN_BYTEA_P(state);
}
