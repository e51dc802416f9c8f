/*
 * json.h
 *		Reading the fields of a jsonb object that has a fixed set of keys, with
 *		an error that names the key. Used by the text and jsonb input of every type.
 *
 * Every error is soft: a function that returns false has saved one, unless it
 * was thrown. 22P02; 22003 for a number out of range; that of the type for an
 * instant (22007, 22008) and for a label (22023, 54000).
 */
#ifndef EM_JSON_H
#define EM_JSON_H

#include "base/compat.h"
#include "utils/jsonb.h"
#include "utils/numeric.h"

#include "base/label.h"
#include "plain/sum128.h"

/* Parses JSON text with PostgreSQL's own parser. */
extern bool jsonb_parse(char *text, Jsonb **object, fmNodePtr escontext);

/* Is it an object whose keys are all in `keys` (NULL-terminated)? `type` names the type in messages. */
extern bool jsonb_check_keys(JsonbContainer *object, const char *type, const char *const *keys, fmNodePtr escontext);

/* The value under a key; NULL when absent. */
extern JsonbValue *jsonb_field(JsonbContainer *object, const char *key);

/*
 * Typed fields of an object (any nesting level: pass the container). A missing
 * key, a JSON null and a value of another type are errors.
 */
extern bool jsonb_field_int64(JsonbContainer *object, const char *type, const char *key,
							  int64 *value, fmNodePtr escontext);
extern bool jsonb_field_int32(JsonbContainer *object, const char *type, const char *key,
							  int32 *value, fmNodePtr escontext);
extern bool jsonb_field_sum128(JsonbContainer *object, const char *type, const char *key,
							   Sum128 *value, fmNodePtr escontext);
extern bool jsonb_field_label(JsonbContainer *object, const char *type, const char *key,
							  Label *value, fmNodePtr escontext);
/* A finite instant in a string, as timestamptz input reads it; 22008 when it is not finite. */
extern bool jsonb_field_instant(JsonbContainer *object, const char *type, const char *key,
								int64 *value, fmNodePtr escontext);
/* One of a list of words, as its place there; 22P02 with the list for any other. */
extern bool jsonb_field_word(JsonbContainer *object, const char *type, const char *key,
							 const char *const *words, int count, int *value, fmNodePtr escontext);
/* Is there a value other than JSON null under a key? */
extern bool jsonb_field_given(JsonbContainer *object, const char *key);
extern bool jsonb_field_array(JsonbContainer *object, const char *type, const char *key,
							  JsonbContainer **array, fmNodePtr escontext);
extern bool jsonb_field_object(JsonbContainer *object, const char *type, const char *key,
							   JsonbContainer **value, fmNodePtr escontext);

/* Element i of the array under a key, which must be an object with these keys; NULL with an error saved. */
extern JsonbContainer *jsonb_element_object(JsonbContainer *array, uint32 i, const char *type, const char *key,
											const char *const *keys, fmNodePtr escontext);

/* The same for a value at hand, such as an array element; `key` names it in errors. */
extern bool jsonb_value_int64(const JsonbValue *value, const char *type, const char *key,
							  int64 *result, fmNodePtr escontext);
extern bool jsonb_value_sum128(const JsonbValue *value, const char *type, const char *key,
							   Sum128 *result, fmNodePtr escontext);
extern bool jsonb_value_label(const JsonbValue *value, const char *type, const char *key,
							  Label *result, fmNodePtr escontext);

extern bool jsonb_value_instant(const JsonbValue *value, const char *type, const char *key,
								int64 *result, fmNodePtr escontext);
extern bool jsonb_value_word(const JsonbValue *value, const char *type, const char *key,
							 const char *const *words, int count, int *result, fmNodePtr escontext);

/* True without a problem; false with 22P02 "malformed TYPE: PROBLEM" saved. */
extern bool jsonb_accept(const char *problem, const char *type, fmNodePtr escontext);

/* The text of a JSON number, which has no exponent; NULL with an error saved. */
extern char *jsonb_number_text(const JsonbValue *value, const char *type, const char *key, fmNodePtr escontext);

/* Saves "malformed TYPE: "KEY" must be WHAT", 22P02; false. */
extern bool jsonb_wrong_type(const char *type, const char *key, const char *what, fmNodePtr escontext);

/* Saves "malformed TYPE: "KEY" is out of range: TEXT", 22003; false. */
extern bool jsonb_out_of_range(const char *type, const char *key, const char *text, fmNodePtr escontext);

/* {"version": 1} and nothing newer. */
extern bool jsonb_check_version(JsonbContainer *object, const char *type, fmNodePtr escontext);

/* Appends a label as a JSON string (PostgreSQL's escape_json). */
extern void append_json_label(StringInfo out, Label label);

#endif							/* EM_JSON_H */
