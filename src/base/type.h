/*
 * type.h
 *		What every type of the extension tells about itself, once, and the SQL
 *		functions that follow from it.
 *
 *		static const TypeInfo cycle_type = {
 *			.name = "deal_cycle", .version = 1, .keys = {...},
 *			.append_json = ..., .from_json = ..., .send = ..., .receive = ...
 *		};
 *		DEFINE_TYPE(deal_cycle, cycle_type)
 *
 * defines deal_cycle_in, _out, _recv, _send, _to_json, _eq, _ne, _lt, _le, _gt,
 * _ge, _cmp, _hash and _hash_extended. src/sql/type.sql.in and json.sql.in
 * declare them to SQL. A type whose text is not JSON writes its own _in and
 * _out and takes DEFINE_BINARY and DEFINE_COMPARISON.
 *
 * Rules for all types: the bytes after the varlena header are canonical, so
 * values with the same meaning are equal byte by byte; the first byte is the
 * version, the second holds flags. The binary form starts with the version,
 * which is looked at before anything else.
 */
#ifndef EM_TYPE_H
#define EM_TYPE_H

#include "base/compat.h"
#include "lib/stringinfo.h"
#include "utils/jsonb.h"

/* The flag of an aggregate's state that is still growing, in every type that has an open form. */
#define TYPE_OPEN 0x01

typedef struct TypeInfo
{
	const char *name;			/* SQL name, for messages */
	int			version;		/* of the JSON and of the binary form */

	/* JSON text: the keys of its object, "version" among them, NULL-terminated */
	const char *const *keys;
	/* Appends the text of a value; XX001 when the value is damaged. */
	void		(*append_json) (StringInfo out, Datum value);
	/* A value from an object with these keys and this version; NULL with an error saved. */
	struct varlena *(*from_json) (JsonbContainer *object, fmNodePtr escontext);

	/* Binary form: what follows the version. */
	void		(*send) (StringInfo out, Datum value);
	struct varlena *(*receive) (StringInfo in);

	/* For a type with an open form: the packed form of a value in it. */
	struct varlena *(*pack) (Datum value);
	/* For a type with an order of its own, which must agree with equality of bytes. */
	int			(*compare) (const struct varlena *a, const struct varlena *b);
} TypeInfo;

/* The bodies of the functions that the macros below define. */
extern Datum type_in(FunctionCallInfo fcinfo, const TypeInfo *type);
extern Datum type_out(FunctionCallInfo fcinfo, const TypeInfo *type);
extern Datum type_recv(FunctionCallInfo fcinfo, const TypeInfo *type);
extern Datum type_send(FunctionCallInfo fcinfo, const TypeInfo *type);
extern Datum type_to_json(FunctionCallInfo fcinfo, PGFunction out);
extern int	type_compare(FunctionCallInfo fcinfo, const TypeInfo *type);
extern Datum type_hash(FunctionCallInfo fcinfo, const TypeInfo *type);
extern Datum type_hash_extended(FunctionCallInfo fcinfo, const TypeInfo *type);

/* XX001 "damaged TYPE: PROBLEM"; `problem` may be NULL. */
pg_noreturn extern void type_damaged(const char *type, const char *problem);

/* Reads the version that a binary form starts with; 22P03 when it is another one. */
extern void receive_version(StringInfo in, const char *type, int version);

/* 22P03 "malformed binary TYPE: PROBLEM", where there is a problem. */
extern void receive_check(const char *problem, const char *type);

#define DEFINE_TYPE_FUNCTION(name, result) \
	PG_FUNCTION_INFO_V1(name); \
	Datum \
	name(PG_FUNCTION_ARGS) \
	{ \
		return result; \
	} \
	extern int	no_such_variable	/* takes the semicolon */

#define DEFINE_BINARY(prefix, type) \
	DEFINE_TYPE_FUNCTION(prefix##_recv, type_recv(fcinfo, &(type))); \
	DEFINE_TYPE_FUNCTION(prefix##_send, type_send(fcinfo, &(type)))

/* For the cast to json, by which to_jsonb() and row_to_json() nest the value as an object. */
#define DEFINE_TO_JSON(prefix) \
	DEFINE_TYPE_FUNCTION(prefix##_to_json, type_to_json(fcinfo, prefix##_out))

#define DEFINE_COMPARISON(prefix, type) \
	DEFINE_TYPE_FUNCTION(prefix##_eq, BoolGetDatum(type_compare(fcinfo, &(type)) == 0)); \
	DEFINE_TYPE_FUNCTION(prefix##_ne, BoolGetDatum(type_compare(fcinfo, &(type)) != 0)); \
	DEFINE_TYPE_FUNCTION(prefix##_lt, BoolGetDatum(type_compare(fcinfo, &(type)) < 0)); \
	DEFINE_TYPE_FUNCTION(prefix##_le, BoolGetDatum(type_compare(fcinfo, &(type)) <= 0)); \
	DEFINE_TYPE_FUNCTION(prefix##_gt, BoolGetDatum(type_compare(fcinfo, &(type)) > 0)); \
	DEFINE_TYPE_FUNCTION(prefix##_ge, BoolGetDatum(type_compare(fcinfo, &(type)) >= 0)); \
	DEFINE_TYPE_FUNCTION(prefix##_cmp, Int32GetDatum(type_compare(fcinfo, &(type)))); \
	DEFINE_TYPE_FUNCTION(prefix##_hash, type_hash(fcinfo, &(type))); \
	DEFINE_TYPE_FUNCTION(prefix##_hash_extended, type_hash_extended(fcinfo, &(type)))

/* All of a type whose text is a JSON object. */
#define DEFINE_TYPE(prefix, type) \
	DEFINE_TYPE_FUNCTION(prefix##_in, type_in(fcinfo, &(type))); \
	DEFINE_TYPE_FUNCTION(prefix##_out, type_out(fcinfo, &(type))); \
	DEFINE_BINARY(prefix, type); \
	DEFINE_TO_JSON(prefix); \
	DEFINE_COMPARISON(prefix, type)

#endif							/* EM_TYPE_H */
