/*
 * label_codes.h
 *		One-byte codes of the labels of the usual CRM vocabularies.
 *
 * A stored history names each distinct label once; a label with a code takes
 * two bytes there, any other takes its length plus one.
 *
 * What the codes are worth, on the data of test/bench: without them a history
 * takes 30 % more bytes (14 an event in the place of 11), a funnel over stored
 * histories 20 % more processor time, and their outcomes 11 %. Building
 * histories takes the same.
 */
#ifndef EM_LABEL_CODES_H
#define EM_LABEL_CODES_H

#include "base/label.h"

/* The frozen vocabulary of format version 1; a code is a byte. */
#define MAX_LABEL_CODES 256
extern int	label_code(Label label);	/* -1 when it has none */
extern int	label_code_count(void);
extern Label label_of_code(int code);

/*
 * The labels of a stored history while it is packed: numbered as they are added,
 * written in byte order, a zero and the code for those that have one, else the
 * length and the bytes. Codes are in byte order, so that such labels need neither
 * be compared nor sorted. The labels must outlive the dictionary.
 */
typedef struct LabelDictionary
{
	uint64		codes[MAX_LABEL_CODES / 64];	/* a bit for each that was added */
	int			ncodes;
	LabelSet	others;			/* those without a code */
	uint32		code_places[MAX_LABEL_CODES];	/* filled by writing, as the next */
	int		   *other_places;
} LabelDictionary;

extern void label_dictionary_init(LabelDictionary *dictionary);

/* The number of a label: its code, or one from MAX_LABEL_CODES on when that is -1. */
static inline uint32
label_dictionary_add(LabelDictionary *dictionary, Label label, int code)
{
	uint64	   *word;
	uint64		bit;

	if (code < 0)
		return MAX_LABEL_CODES + label_set_add(&dictionary->others, label);
	word = &dictionary->codes[code / 64];
	bit = UINT64CONST(1) << (code % 64);
	dictionary->ncodes += (*word & bit) == 0;
	*word |= bit;
	return code;
}

static inline uint32
label_dictionary_count(const LabelDictionary *dictionary)
{
	return dictionary->ncodes + dictionary->others.count;
}

/* Bytes, and writing them, once; returns the end of what it wrote. */
extern Size label_dictionary_size(const LabelDictionary *dictionary);
extern uint8 *label_dictionary_write(LabelDictionary *dictionary, uint8 *out);

/* The place of a number in what was written. */
static inline uint32
label_dictionary_place(const LabelDictionary *dictionary, uint32 number)
{
	return number < MAX_LABEL_CODES ? dictionary->code_places[number] :
		(uint32) dictionary->other_places[number - MAX_LABEL_CODES];
}

#endif							/* EM_LABEL_CODES_H */
