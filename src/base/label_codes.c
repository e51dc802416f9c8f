/*
 * label_codes.c
 *		The vocabulary with one-byte codes, and the labels of a stored history.
 */
#include "base/label_codes.h"

#include "port/pg_bitutils.h"

/*
 * Names that CRMs give to stages, outcomes and activities, in byte order; the
 * code of a label is its place here. Stored histories refer to these codes:
 * within format version 1 of deal_history nothing may be added or moved.
 */
#define WORD(text) {text, sizeof(text) - 1}

static const Label vocabulary[] = {
	WORD("Closed"),
	WORD("Closed - Converted"),
	WORD("Closed - Not Converted"),
	WORD("Closed Lost"),
	WORD("Closed Won"),
	WORD("Contacted"),
	WORD("Converted"),
	WORD("Demo"),
	WORD("Discovery"),
	WORD("Engaging"),
	WORD("Id. Decision Makers"),
	WORD("Lead"),
	WORD("Lost"),
	WORD("MQL"),
	WORD("Meeting"),
	WORD("Needs Analysis"),
	WORD("Negotiation"),
	WORD("Negotiation/Review"),
	WORD("New"),
	WORD("Nurturing"),
	WORD("Open"),
	WORD("Open - Not Contacted"),
	WORD("Opportunity"),
	WORD("Perception Analysis"),
	WORD("Proposal"),
	WORD("Proposal/Price Quote"),
	WORD("Prospecting"),
	WORD("Qualification"),
	WORD("Qualified"),
	WORD("SAL"),
	WORD("SQL"),
	WORD("Unqualified"),
	WORD("Value Proposition"),
	WORD("Won"),
	WORD("Working"),
	WORD("Working - Contacted"),
	WORD("appointmentscheduled"),
	WORD("call"),
	WORD("certification"),
	WORD("churn"),
	WORD("closed"),
	WORD("closed_lost"),
	WORD("closed_won"),
	WORD("closedlost"),
	WORD("closedwon"),
	WORD("competitor"),
	WORD("contacted"),
	WORD("content"),
	WORD("contract"),
	WORD("contractsent"),
	WORD("customer"),
	WORD("decisionmakerboughtin"),
	WORD("demo"),
	WORD("discovery"),
	WORD("disqualified"),
	WORD("download"),
	WORD("email"),
	WORD("evangelist"),
	WORD("lead"),
	WORD("lost"),
	WORD("marketingqualifiedlead"),
	WORD("meeting"),
	WORD("mql"),
	WORD("negotiation"),
	WORD("no_decision"),
	WORD("nurture"),
	WORD("open"),
	WORD("opportunity"),
	WORD("platform"),
	WORD("presentationscheduled"),
	WORD("proposal"),
	WORD("prospect"),
	WORD("qualification"),
	WORD("qualified"),
	WORD("qualifiedtobuy"),
	WORD("quote"),
	WORD("recycled"),
	WORD("renewal"),
	WORD("reopened"),
	WORD("sal"),
	WORD("salesqualifiedlead"),
	WORD("share"),
	WORD("sql"),
	WORD("subscriber"),
	WORD("training"),
	WORD("trial"),
	WORD("use"),
	WORD("view"),
	WORD("won"),
};

StaticAssertDecl(lengthof(vocabulary) <= MAX_LABEL_CODES, "a label code is one byte");

int
label_code_count(void)
{
	return lengthof(vocabulary);
}

Label
label_of_code(int code)
{
	Assert(code >= 0 && code < lengthof(vocabulary));
	return vocabulary[code];
}

/* A code plus one, 0 where there is none: a hash table, filled at first use. */
#define CODE_SLOT_BITS 9
#define CODE_SLOTS (1 << CODE_SLOT_BITS)
static uint16 code_slots[CODE_SLOTS];

StaticAssertDecl(lengthof(vocabulary) <= CODE_SLOTS / 2, "a free slot is always near");

static inline uint32
code_slot(Label label)
{
	return label_signature_slot(label_signature(label.data, label.length), 32 - CODE_SLOT_BITS);
}

int
label_code(Label label)
{
	static bool filled = false;
	uint32		slot;

	if (unlikely(!filled))
	{
		for (int code = 0; code < lengthof(vocabulary); code++)
		{
			slot = code_slot(vocabulary[code]);
			while (code_slots[slot] != 0)
				slot = (slot + 1) % CODE_SLOTS;
			code_slots[slot] = code + 1;
		}
		filled = true;
	}
	if (label.length == 0)
		return -1;
	for (slot = code_slot(label); code_slots[slot] != 0; slot = (slot + 1) % CODE_SLOTS)
		if (label_equal(vocabulary[code_slots[slot] - 1], label))
			return code_slots[slot] - 1;
	return -1;
}

void
label_dictionary_init(LabelDictionary *dictionary)
{
	/* the two arrays of places are large, and writing fills what is read of them */
	memset(dictionary->codes, 0, sizeof(dictionary->codes));
	memset(&dictionary->others, 0, sizeof(dictionary->others));
	dictionary->ncodes = 0;
}

Size
label_dictionary_size(const LabelDictionary *dictionary)
{
	Size		size = (Size) dictionary->ncodes * 2;

	for (int i = 0; i < dictionary->others.count; i++)
		size += 1 + dictionary->others.labels[i].length;
	return size;
}

/* Writes the others, from number *next on, that come before a label ("none": all). */
static uint8 *
write_others(LabelDictionary *dictionary, uint8 *out, int *next, int *places, Label before, int place)
{
	const LabelSet *others = &dictionary->others;

	for (; *next < others->count && label_compare(others->labels[*next], before) < 0; (*next)++)
	{
		Label		label = others->labels[*next];

		places[*next] = place + *next;
		*out++ = (uint8) label.length;
		memcpy(out, label.data, label.length);
		out += label.length;
	}
	return out;
}

uint8 *
label_dictionary_write(LabelDictionary *dictionary, uint8 *out)
{
	static const Label none = {NULL, 0};
	int			nothers = dictionary->others.count;
	int		   *sorted = NULL;
	int		   *places = NULL;
	int			ncodes = 0;
	int			next = 0;

	if (nothers > 0)
	{
		sorted = label_set_sort(&dictionary->others);
		places = palloc_extended(sizeof(int) * (Size) nothers, MCXT_ALLOC_HUGE);
	}
	for (int word = 0; word < lengthof(dictionary->codes); word++)
		for (uint64 bits = dictionary->codes[word]; bits != 0; bits &= bits - 1)
		{
			int			code = word * 64 + pg_rightmost_one_pos64(bits);

			out = write_others(dictionary, out, &next, places, label_of_code(code), ncodes);
			dictionary->code_places[code] = next + ncodes++;
			*out++ = 0;
			*out++ = (uint8) code;
		}
	out = write_others(dictionary, out, &next, places, none, ncodes);
	for (int i = 0; i < nothers; i++)
		sorted[i] = places[sorted[i]];
	dictionary->other_places = sorted;
	return out;
}
