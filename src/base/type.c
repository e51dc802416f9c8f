/*
 * type.c
 *		Input, output, comparison and hashing of every type of the extension, from
 *		what its descriptor says (type.h).
 */
#include "base/type.h"

#include "common/hashfn.h"
#include "libpq/pqformat.h"
#include "utils/builtins.h"

#include "base/json.h"

/* ---------------------------------------------------------------- JSON text */

Datum
type_in(FunctionCallInfo fcinfo, const TypeInfo *type)
{
	Jsonb	   *json;
	struct varlena *value;

	if (!jsonb_parse(PG_GETARG_CSTRING(0), &json, fcinfo->context) ||
		!jsonb_check_keys(&json->root, type->name, type->keys, fcinfo->context) ||
		!jsonb_check_version(&json->root, type->name, fcinfo->context))
		PG_RETURN_NULL();
	value = type->from_json(&json->root, fcinfo->context);
	if (value == NULL)
		PG_RETURN_NULL();
	PG_RETURN_POINTER(value);
}

Datum
type_out(FunctionCallInfo fcinfo, const TypeInfo *type)
{
	StringInfoData out;

	initStringInfo(&out);
	type->append_json(&out, PG_GETARG_DATUM(0));
	PG_RETURN_CSTRING(out.data);
}

Datum
type_to_json(FunctionCallInfo fcinfo, PGFunction out)
{
	PG_RETURN_TEXT_P(cstring_to_text(DatumGetCString(out(fcinfo))));
}

/* ---------------------------------------------------------------- binary */

void
type_damaged(const char *type, const char *problem)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATA_CORRUPTED),
			 problem == NULL ? errmsg("damaged %s", type) : errmsg("damaged %s: %s", type, problem)));
}

void
receive_version(StringInfo in, const char *type, int version)
{
	int			got = pq_getmsgbyte(in);

	if (got != version)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("malformed binary %s: version %d", type, got),
				 errdetail("This release reads version %d.", version)));
}

void
receive_check(const char *problem, const char *type)
{
	if (problem != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("malformed binary %s: %s", type, problem)));
}

Datum
type_recv(FunctionCallInfo fcinfo, const TypeInfo *type)
{
	StringInfo	in = (StringInfo) PG_GETARG_POINTER(0);

	receive_version(in, type->name, type->version);
	PG_RETURN_POINTER(type->receive(in));
}

Datum
type_send(FunctionCallInfo fcinfo, const TypeInfo *type)
{
	StringInfoData out;

	pq_begintypsend(&out);
	pq_sendbyte(&out, type->version);
	type->send(&out, PG_GETARG_DATUM(0));
	PG_RETURN_BYTEA_P(pq_endtypsend(&out));
}

/* ---------------------------------------------------------------- comparison */

/*
 * Argument n as canonical bytes, with a short or a long header. Sorts and index
 * builds call this in memory that lives as long as they do: free_canonical()
 * takes back what was allocated here.
 */
static struct varlena *
get_canonical(FunctionCallInfo fcinfo, int n, const TypeInfo *type)
{
	struct varlena *value = PG_GETARG_VARLENA_PP(n);

	if (type->pack != NULL && VARSIZE_ANY_EXHDR(value) >= 2 &&
		(((const uint8 *) VARDATA_ANY(value))[1] & TYPE_OPEN) != 0)
	{
		struct varlena *packed = type->pack(PointerGetDatum(value));

		PG_FREE_IF_COPY(value, n);
		return packed;
	}
	return value;
}

static void
free_canonical(FunctionCallInfo fcinfo, int n, struct varlena *value)
{
	PG_FREE_IF_COPY(value, n);
}

static int
compare_bytes(const struct varlena *a, const struct varlena *b)
{
	Size		a_size = VARSIZE_ANY_EXHDR(a);
	Size		b_size = VARSIZE_ANY_EXHDR(b);
	int			order = memcmp(VARDATA_ANY(a), VARDATA_ANY(b), Min(a_size, b_size));

	if (order == 0)
		order = (a_size > b_size) - (a_size < b_size);
	return order;
}

int
type_compare(FunctionCallInfo fcinfo, const TypeInfo *type)
{
	struct varlena *a = get_canonical(fcinfo, 0, type);
	struct varlena *b = get_canonical(fcinfo, 1, type);
	int			order = type->compare != NULL ? type->compare(a, b) : compare_bytes(a, b);

	free_canonical(fcinfo, 0, a);
	free_canonical(fcinfo, 1, b);

	/* an answer of memcmp() may be any number, and btree negates it */
	return (order > 0) - (order < 0);
}

Datum
type_hash(FunctionCallInfo fcinfo, const TypeInfo *type)
{
	struct varlena *value = get_canonical(fcinfo, 0, type);
	Datum		hash = hash_any((unsigned char *) VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value));

	free_canonical(fcinfo, 0, value);
	return hash;
}

Datum
type_hash_extended(FunctionCallInfo fcinfo, const TypeInfo *type)
{
	struct varlena *value = get_canonical(fcinfo, 0, type);
	Datum		hash = hash_any_extended((unsigned char *) VARDATA_ANY(value),
										 VARSIZE_ANY_EXHDR(value), PG_GETARG_INT64(1));

	free_canonical(fcinfo, 0, value);
	return hash;
}
