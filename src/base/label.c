/*
 * label.c
 *		Labels: checking, converting, and sets of them.
 */
#include "base/compat.h"

#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "libpq/pqformat.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"

#include "base/elements.h"
#include "base/label.h"
#include "plain/varint.h"

bool
label_check(Label label, const char *what, fmNodePtr escontext)
{
	if (label.length == 0)
		ereturn(escontext, false,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s must not be empty", what),
				 errdetail("A label has 1 to %d bytes.", LABEL_MAX_BYTES)));
	if (label.length > LABEL_MAX_BYTES)
		ereturn(escontext, false,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("%s \"%.*s...\" is too long", what,
						pg_mbcliplen(label.data, label.length, 40), label.data),
				 errdetail("It has %d bytes; a label has 1 to %d.",
						   label.length, LABEL_MAX_BYTES)));
	return true;
}

Label
label_from_text(Datum text_datum, const char *what)
{
	text	   *value = DatumGetTextPP(text_datum);
	Label		label = {VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value)};

	label_check(label, what, NULL);
	return label;
}

Label
label_from_long_column(Datum text_datum, const char *what)
{
	text	   *value = DatumGetTextPP(text_datum);
	Label		label = {VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value)};

	if (unlikely(label.length == 0))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s must not be empty", what),
				 errhint("Where empty text stands for none, nullif(value, '') makes it NULL.")));
	if (unlikely(label.length > LABEL_MAX_BYTES))
		(void) label_check(label, what, NULL);
	return label;
}

text *
label_to_text(Label label)
{
	return cstring_to_text_with_len(label.data, label.length);
}

static int
label_compare_qsort(const void *a, const void *b)
{
	return label_compare(*(const Label *) a, *(const Label *) b);
}

void
labels_sort(Label *labels, Size count)
{
	if (count > 1)
		qsort(labels, count, sizeof(Label), label_compare_qsort);
}

void
label_send(StringInfo out, Label label)
{
	uint8		head[VARINT_MAX_BYTES];
	const char *text = label.data;
	int			length = label.length;

	if (length > 0)
		text = pg_server_to_client(label.data, length);
	if (text != label.data)
		length = (int) strlen(text);
	pq_sendbytes(out, (const char *) head, (int) (varint_write(head, length) - head));
	if (length > 0)
		pq_sendbytes(out, text, length);
}

Label
label_receive_text(StringInfo in, int64 length, const char *type, const char *what)
{
	Label		label;

	if (length < 0 || length > in->len - in->cursor)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("malformed binary %s: %s of " INT64_FORMAT " bytes", type, what, length)));
	label.data = pq_getmsgtext(in, (int) length, &label.length);
	if (memchr(label.data, '\0', label.length) != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("malformed binary %s: %s with a zero byte", type, what)));
	label_check(label, what, NULL);
	return label;
}

Label
label_receive(StringInfo in, const char *type, const char *what)
{
	const uint8 *begin = (const uint8 *) in->data + in->cursor;
	uint64		length;
	const uint8 *next = varint_read(begin, (const uint8 *) in->data + in->len, &length);

	if (next == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("malformed binary %s: %s without its length", type, what)));
	in->cursor += (int) (next - begin);
	if (length == 0)
		return (Label) {NULL, 0};
	return label_receive_text(in, length > PG_INT32_MAX ? PG_INT64_MAX : (int64) length, type, what);
}

Label *
labels_from_array(ArrayType *array, const char *what, int limit, int *count)
{
	bool	   *nulls;
	Datum	   *elements = array_elements(array, what, &nulls, count);
	Label	   *labels;
	Label	   *sorted;

	if (*count > limit)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("%s has %d elements", what, *count),
				 errdetail("At most %d are allowed.", limit)));

	labels = palloc(sizeof(Label) * Max(*count, 1));
	sorted = palloc(sizeof(Label) * Max(*count, 1));
	for (int i = 0; i < *count; i++)
	{
		if (nulls[i])
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("%s must not contain NULL", what)));
		labels[i] = sorted[i] = label_from_text(elements[i], psprintf("a label in %s", what));
	}

	labels_sort(sorted, *count);
	for (int i = 1; i < *count; i++)
	{
		if (label_equal(sorted[i - 1], sorted[i]))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("%s names \"%.*s\" more than once", what,
							sorted[i].length, sorted[i].data)));
	}
	pfree(sorted);
	return labels;
}

Datum
labels_to_array(const Label *labels, int count)
{
	Datum	   *elements = palloc(sizeof(Datum) * Max(count, 1));

	for (int i = 0; i < count; i++)
		elements[i] = PointerGetDatum(label_to_text(labels[i]));
	return PointerGetDatum(construct_array(elements, count, TEXTOID, -1, false,
										   TYPALIGN_INT));
}

/* Below this many labels a set is searched one by one, which is faster. */
#define LABEL_SET_SMALL 16

static void
label_set_insert(LabelSet *set, int number)
{
	Label		label = set->labels[number];
	uint32		slot = hash_bytes((const unsigned char *) label.data, label.length);

	for (slot &= set->nslots - 1; set->slots[slot] != 0;
		 slot = (slot + 1) & (set->nslots - 1))
		continue;
	set->slots[slot] = number + 1;
}

int
label_set_add(LabelSet *set, Label label)
{
	if (set->slots == NULL)
	{
		for (int i = 0; i < set->count; i++)
			if (label_equal(set->labels[i], label))
				return i;
	}
	else
	{
		uint32		slot = hash_bytes((const unsigned char *) label.data, label.length);

		for (slot &= set->nslots - 1; set->slots[slot] != 0;
			 slot = (slot + 1) & (set->nslots - 1))
			if (label_equal(set->labels[set->slots[slot] - 1], label))
				return set->slots[slot] - 1;
	}

	if (set->count == set->capacity)
	{
		set->capacity = Max(LABEL_SET_SMALL, set->capacity * 2);
		if (set->labels == NULL)
			set->labels = palloc(sizeof(Label) * set->capacity);
		else
			set->labels = repalloc_huge(set->labels, sizeof(Label) * set->capacity);
	}
	set->labels[set->count++] = label;

	/* at most half full, so that a free slot is always near */
	if (set->count > LABEL_SET_SMALL && set->count * 2 > set->nslots)
	{
		if (set->slots != NULL)
			pfree(set->slots);
		set->nslots = set->capacity * 4;
		set->slots = palloc_extended(sizeof(int) * (Size) set->nslots,
									 MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
		for (int i = 0; i < set->count; i++)
			label_set_insert(set, i);
	}
	else if (set->slots != NULL)
		label_set_insert(set, set->count - 1);
	return set->count - 1;
}

typedef struct NumberedLabel
{
	Label		label;
	int			number;
} NumberedLabel;

static int
numbered_label_compare(const void *a, const void *b)
{
	return label_compare(((const NumberedLabel *) a)->label,
						 ((const NumberedLabel *) b)->label);
}

int *
label_set_sort(LabelSet *set)
{
	NumberedLabel *sorted = palloc_extended(sizeof(NumberedLabel) * (Size) Max(set->count, 1),
											MCXT_ALLOC_HUGE);
	int		   *places = palloc(sizeof(int) * Max(set->count, 1));

	for (int i = 0; i < set->count; i++)
	{
		sorted[i].label = set->labels[i];
		sorted[i].number = i;
	}
	qsort(sorted, set->count, sizeof(NumberedLabel), numbered_label_compare);
	for (int i = 0; i < set->count; i++)
	{
		set->labels[i] = sorted[i].label;
		places[sorted[i].number] = i;
	}
	pfree(sorted);
	return places;
}
