/*
 * label.h
 *		Labels: the names of kinds, subjects and stages.
 *
 * A label is 1 to 255 bytes in the server encoding and is compared by its
 * bytes, so that no collation and no locale can change an answer.
 */
#ifndef EM_LABEL_H
#define EM_LABEL_H

#include "base/compat.h"
#include "lib/stringinfo.h"
#include "utils/array.h"

#define LABEL_MAX_BYTES 255

/* A label somewhere in memory, not terminated; length 0 stands for "none". */
typedef struct Label
{
	const char *data;
	int			length;
} Label;

/* Byte order; a prefix sorts first, and "none" sorts after every label. */
static inline int
label_compare(Label a, Label b)
{
	int			order;

	if (a.length == 0 || b.length == 0)
		return (a.length == 0) - (b.length == 0);
	order = memcmp(a.data, b.data, Min(a.length, b.length));
	if (order == 0)
		order = (a.length > b.length) - (a.length < b.length);
	return order < 0 ? -1 : order > 0;
}

/*
 * Are so many bytes the same? By words, of which the last may overlap the one before: most
 * labels are so short that the call of memcmp() takes longer.
 */
static inline bool
same_bytes(const char *a, const char *b, Size length)
{
	uint64		words[2];
	uint32		halves[2];

	if (length >= sizeof(uint64))
	{
		for (Size at = 0; at < length - sizeof(uint64); at += sizeof(uint64))
		{
			memcpy(&words[0], a + at, sizeof(uint64));
			memcpy(&words[1], b + at, sizeof(uint64));
			if (words[0] != words[1])
				return false;
		}
		memcpy(&words[0], a + length - sizeof(uint64), sizeof(uint64));
		memcpy(&words[1], b + length - sizeof(uint64), sizeof(uint64));
		return words[0] == words[1];
	}
	if (length >= sizeof(uint32))
	{
		memcpy(&halves[0], a, sizeof(uint32));
		memcpy(&halves[1], b, sizeof(uint32));
		if (halves[0] != halves[1])
			return false;
		memcpy(&halves[0], a + length - sizeof(uint32), sizeof(uint32));
		memcpy(&halves[1], b + length - sizeof(uint32), sizeof(uint32));
		return halves[0] == halves[1];
	}
	for (Size at = 0; at < length; at++)
		if (a[at] != b[at])
			return false;
	return true;
}

static inline bool
label_equal(Label a, Label b)
{
	return a.length == b.length && same_bytes(a.data, b.data, a.length);
}

/* The length and three bytes of a label that is not empty: all there is of up to three bytes. */
static inline uint32
label_signature(const char *data, uint32 length)
{
	const uint8 *bytes = (const uint8 *) data;

	return length | bytes[0] << 8 | bytes[length / 2] << 16 | (uint32) bytes[length - 1] << 24;
}

/* A place from 0 to 2^(32 - shift) - 1 in a hash table. */
static inline uint32
label_signature_slot(uint32 signature, int shift)
{
	return (signature * UINT32_C(2654435769)) >> shift;
}

/* 22023 for an empty label, 54000 for a long one; `what` names its role. */
extern bool label_check(Label label, const char *what, fmNodePtr escontext);

/* The label in a text datum, checked; points into the datum where it can. */
extern Label label_from_text(Datum text_datum, const char *what);
extern Label label_from_long_column(Datum text_datum, const char *what);

/*
 * The same for a column of data, where NULL would have been none: the error for empty text says so.
 * Short text in a row, which most is, has a header of one byte; that of toasted text holds no size.
 */
static inline Label
label_from_column(Datum text_datum, const char *what)
{
	const char *value = DatumGetPointer(text_datum);

	if (likely(VARATT_IS_1B(value) && VARSIZE_1B(value) > VARHDRSZ_SHORT))
		return (Label) {VARDATA_1B(value), VARSIZE_1B(value) - VARHDRSZ_SHORT};
	return label_from_long_column(text_datum, what);
}
extern text *label_to_text(Label label);

/*
 * The binary form of a label: its length in the encoding of the client, a varint, and its
 * text there, which may have more than 255 bytes. "None" is the length 0.
 */
extern void label_send(StringInfo out, Label label);
/* 22P03 naming the type and the label when malformed, 54000 when it is too long here. */
extern Label label_receive(StringInfo in, const char *type, const char *what);
/* The same where the length came in another way; there is no "none". */
extern Label label_receive_text(StringInfo in, int64 length, const char *type, const char *what);

/*
 * The labels of a one-dimensional text[]: `what` names the option in errors.
 * NULL elements, duplicates, invalid labels and more than `limit` elements are
 * errors. The labels point into memory of the current context.
 */
extern Label *labels_from_array(ArrayType *array, const char *what, int limit,
								int *count);
/* Into the order of label_compare(). */
extern void labels_sort(Label *labels, Size count);
/* A text[] of labels, in their order. */
extern Datum labels_to_array(const Label *labels, int count);

/*
 * Distinct labels numbered in order of arrival. Start from zeroed memory; the
 * labels must outlive the set. Memory is of the current context.
 */
typedef struct LabelSet
{
	Label	   *labels;
	int			count;
	int			capacity;
	int			nslots;			/* hash table, once there are many labels */
	int		   *slots;			/* number of a label plus one, 0 when free */
} LabelSet;

extern int	label_set_add(LabelSet *set, Label label);

/*
 * Sorts the labels of a set by bytes. Returns the new place of each number;
 * the set is only good for reading its labels afterwards.
 */
extern int *label_set_sort(LabelSet *set);

#endif							/* EM_LABEL_H */
