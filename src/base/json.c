/*
 * json.c
 *		Reading the fields of a jsonb object that has a fixed set of keys.
 */
#include "base/compat.h"

#include "utils/builtins.h"
#include "utils/json.h"
#include "utils/jsonb.h"

#include "base/instant.h"
#include "base/json.h"
#include "base/options.h"

bool
jsonb_check_keys(JsonbContainer *object, const char *type, const char *const *keys,
				 fmNodePtr escontext)
{
	JsonbIterator *iterator;
	JsonbIteratorToken token;
	JsonbValue	value;

	if (!JsonContainerIsObject(object))
		return jsonb_accept("jsonb is not an object", type, escontext);
	iterator = JsonbIteratorInit(object);
	while ((token = JsonbIteratorNext(&iterator, &value, true)) != WJB_DONE)
	{
		const char *const *key;

		if (token != WJB_KEY)
			continue;
		for (key = keys; *key != NULL; key++)
			if (strlen(*key) == value.val.string.len &&
				memcmp(*key, value.val.string.val, value.val.string.len) == 0)
				break;
		if (*key == NULL)
			ereturn(escontext, false,
					(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
					 errmsg("malformed %s: unknown key \"%.*s\"", type,
							value.val.string.len, value.val.string.val)));
	}
	return true;
}

JsonbValue *
jsonb_field(JsonbContainer *object, const char *key)
{
	JsonbValue	sought;

	sought.type = jbvString;
	sought.val.string.val = unconstify(char *, key);
	sought.val.string.len = strlen(key);
	return findJsonbValueFromContainer(object, JB_FOBJECT, &sought);
}

bool
jsonb_parse(char *text, Jsonb **object, fmNodePtr escontext)
{
	Datum		value;
	const char *start = text + strspn(text, " \t\r\n");

	/* deal_progress('{...}') is a cast to the type deal_progress, but the user meant a history */
	if (strncmp(start, "{\"(", 3) == 0)
		ereturn(escontext, false,
				(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
				 errmsg("a list of events stands where JSON is expected"),
				 errhint("Say what the literal is: deal_history '{...}'.")));
	if (!DirectInputFunctionCallSafe(jsonb_in, text, InvalidOid, -1, escontext, &value))
		return false;
	*object = DatumGetJsonbP(value);
	return true;
}

bool
jsonb_accept(const char *problem, const char *type, fmNodePtr escontext)
{
	if (problem == NULL)
		return true;
	ereturn(escontext, false,
			(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
			 errmsg("malformed %s: %s", type, problem)));
}

bool
jsonb_wrong_type(const char *type, const char *key, const char *what, fmNodePtr escontext)
{
	ereturn(escontext, false,
			(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
			 errmsg("malformed %s: \"%s\" must be %s", type, key, what)));
}

char *
jsonb_number_text(const JsonbValue *value, const char *type, const char *key, fmNodePtr escontext)
{
	if (value != NULL && value->type == jbvNumeric)
		return DatumGetCString(DirectFunctionCall1(numeric_out, NumericGetDatum(value->val.numeric)));
	(void) jsonb_wrong_type(type, key, "a number", escontext);
	return NULL;
}

/* The decimal digits of a JSON number; NULL when it is not a whole one. */
static char *
whole_number_text(const JsonbValue *value)
{
	char	   *text;

	if (value == NULL || value->type != jbvNumeric)
		return NULL;
	text = DatumGetCString(DirectFunctionCall1(numeric_out,
											   NumericGetDatum(value->val.numeric)));
	return strspn(text, "-0123456789") == strlen(text) ? text : NULL;
}

bool
jsonb_out_of_range(const char *type, const char *key, const char *text, fmNodePtr escontext)
{
	ereturn(escontext, false,
			(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
			 errmsg("malformed %s: \"%s\" is out of range: %.40s%s", type, key, text,
					strlen(text) > 40 ? "..." : "")));
}

/* A whole number between two bounds. */
static bool
bounded_number(const JsonbValue *value, const char *type, const char *key,
			   int64 least, int64 most, int64 *result, fmNodePtr escontext)
{
	char	   *text = whole_number_text(value);
	Sum128		number;

	if (text == NULL)
		return jsonb_wrong_type(type, key, "a whole number", escontext);
	if (!sum128_parse(text, &number) ||
		sum128_compare(number, sum128_from_int64(least)) < 0 ||
		sum128_compare(number, sum128_from_int64(most)) > 0)
		return jsonb_out_of_range(type, key, text, escontext);
	*result = (int64) number.low;
	return true;
}

bool
jsonb_value_int64(const JsonbValue *value, const char *type, const char *key,
				  int64 *result, fmNodePtr escontext)
{
	return bounded_number(value, type, key, PG_INT64_MIN, PG_INT64_MAX, result, escontext);
}

bool
jsonb_field_int32(JsonbContainer *object, const char *type, const char *key,
				  int32 *value, fmNodePtr escontext)
{
	int64		number;

	if (!bounded_number(jsonb_field(object, key), type, key, PG_INT32_MIN, PG_INT32_MAX, &number,
						escontext))
		return false;
	*value = (int32) number;
	return true;
}

bool
jsonb_value_label(const JsonbValue *value, const char *type, const char *key,
				  Label *result, fmNodePtr escontext)
{
	if (value == NULL || value->type != jbvString)
		return jsonb_wrong_type(type, key, "a string", escontext);
	result->data = value->val.string.val;
	result->length = value->val.string.len;
	return label_check(*result, key, escontext);
}

bool
jsonb_field_int64(JsonbContainer *object, const char *type, const char *key,
				  int64 *value, fmNodePtr escontext)
{
	return jsonb_value_int64(jsonb_field(object, key), type, key, value, escontext);
}

bool
jsonb_field_sum128(JsonbContainer *object, const char *type, const char *key,
				   Sum128 *value, fmNodePtr escontext)
{
	return jsonb_value_sum128(jsonb_field(object, key), type, key, value, escontext);
}

bool
jsonb_value_sum128(const JsonbValue *value, const char *type, const char *key,
				   Sum128 *result, fmNodePtr escontext)
{
	char	   *text = whole_number_text(value);

	if (text == NULL)
		return jsonb_wrong_type(type, key, "a whole number", escontext);
	if (!sum128_parse(text, result))
		return jsonb_out_of_range(type, key, text, escontext);
	return true;
}

bool
jsonb_field_label(JsonbContainer *object, const char *type, const char *key,
				  Label *value, fmNodePtr escontext)
{
	return jsonb_value_label(jsonb_field(object, key), type, key, value, escontext);
}

bool
jsonb_value_instant(const JsonbValue *value, const char *type, const char *key,
					int64 *result, fmNodePtr escontext)
{
	if (value == NULL || value->type != jbvString)
		return jsonb_wrong_type(type, key, "an instant", escontext);
	return instant_parse(pnstrdup(value->val.string.val, value->val.string.len), key, result,
						 escontext);
}

bool
jsonb_field_instant(JsonbContainer *object, const char *type, const char *key,
					int64 *value, fmNodePtr escontext)
{
	return jsonb_value_instant(jsonb_field(object, key), type, key, value, escontext);
}

bool
jsonb_value_word(const JsonbValue *value, const char *type, const char *key,
				 const char *const *words, int count, int *result, fmNodePtr escontext)
{
	if (value == NULL || value->type != jbvString)
		return jsonb_wrong_type(type, key, "a string", escontext);
	*result = find_word(value->val.string.val, value->val.string.len, words, count);
	if (*result < 0)
		ereturn(escontext, false,
				(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
				 errmsg("malformed %s: unknown %s \"%.*s\"", type, key,
						quoted_length(value->val.string.val, value->val.string.len),
						value->val.string.val),
				 errhint_words(words, count)));
	return true;
}

bool
jsonb_field_word(JsonbContainer *object, const char *type, const char *key,
				 const char *const *words, int count, int *value, fmNodePtr escontext)
{
	return jsonb_value_word(jsonb_field(object, key), type, key, words, count, value, escontext);
}

bool
jsonb_field_given(JsonbContainer *object, const char *key)
{
	JsonbValue *field = jsonb_field(object, key);

	return field != NULL && field->type != jbvNull;
}

bool
jsonb_field_array(JsonbContainer *object, const char *type, const char *key,
				  JsonbContainer **array, fmNodePtr escontext)
{
	JsonbValue *value = jsonb_field(object, key);

	if (value == NULL || value->type != jbvBinary ||
		!JsonContainerIsArray(value->val.binary.data))
		return jsonb_wrong_type(type, key, "an array", escontext);
	*array = value->val.binary.data;
	return true;
}

bool
jsonb_field_object(JsonbContainer *object, const char *type, const char *key,
				   JsonbContainer **result, fmNodePtr escontext)
{
	JsonbValue *value = jsonb_field(object, key);

	if (value == NULL || value->type != jbvBinary ||
		!JsonContainerIsObject(value->val.binary.data))
		return jsonb_wrong_type(type, key, "an object", escontext);
	*result = value->val.binary.data;
	return true;
}

bool
jsonb_check_version(JsonbContainer *object, const char *type, fmNodePtr escontext)
{
	int64		version;

	if (!jsonb_field_int64(object, type, "version", &version, escontext))
		return false;
	if (version != 1)
		ereturn(escontext, false,
				(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
				 errmsg("malformed %s: version " INT64_FORMAT, type, version),
				 errdetail("This release reads version 1.")));
	return true;
}

void
append_json_label(StringInfo out, Label label)
{
	escape_json(out, pnstrdup(label.data, label.length));
}

JsonbContainer *
jsonb_element_object(JsonbContainer *array, uint32 i, const char *type, const char *key,
					 const char *const *keys, fmNodePtr escontext)
{
	JsonbValue *value = getIthJsonbValueFromContainer(array, i);

	if (value == NULL || value->type != jbvBinary || !JsonContainerIsObject(value->val.binary.data))
		ereturn(escontext, NULL,
				(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
				 errmsg("malformed %s: \"%s\" must hold objects", type, key)));
	if (!jsonb_check_keys(value->val.binary.data, type, keys, escontext))
		return NULL;
	return value->val.binary.data;
}
