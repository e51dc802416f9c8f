/*
 * known_groups.c
 *		Where the rows of labels are remembered. What for: known_groups.h.
 */
#include "summary/known_groups.h"

#include "port/pg_bswap.h"

/* Bytes of a label read at once. */
#define WORD 8

/* A summary of unknown labels costs a fifth more, so that no more than one of 32 is tried where they stay unknown. */
#define MOST_SKIPPED 31

/* What a packed group begins with, in one byte each. */
#define SHARED 0
#define REST 1
#define REST_AT 2

KnownGroups *
known_groups(FunctionCallInfo fcinfo, const SummaryType *type)
{
	KnownGroups *known;

	if (type->max_groups == 0 || type->key_bits == 0 || type->tags_differ != NULL || type->names != NULL)
		return NULL;
	if (fcinfo->flinfo->fn_extra == NULL)
		fcinfo->flinfo->fn_extra = MemoryContextAllocZero(fcinfo->flinfo->fn_mcxt, sizeof(KnownGroups));
	known = fcinfo->flinfo->fn_extra;
	if (known->skip == 0)
		return known;
	known->skip--;
	return NULL;
}

void
known_groups_learn(KnownGroups *known, uint32 ngroups, uint32 unknown)
{
	known->skipped = unknown <= ngroups / 4 * 3 ? 0 : Min(2 * known->skipped + 1, MOST_SKIPPED);
	known->skip = known->skipped;
}

static inline uint64
read_word(const char *bytes)
{
	uint64		word;

	memcpy(&word, bytes, WORD);
	return pg_ntoh64(word);
}

/*
 * The last bytes of a label, a word of them or all, as a number. The label shares some bytes with
 * the one before, and goes on with `rest`, from where a word can be read whatever its length.
 */
static inline uint64
last_bytes(Label last, uint32 shared, const char *rest, uint32 length)
{
	uint64		word = 0;

	if (length >= WORD)
		return read_word(rest + length - WORD);
	if (shared >= WORD)
		word = read_word(last.data + shared - WORD);
	else
		for (uint32 i = 0; i < shared; i++)
			word = word << 8 | (uint8) last.data[i];
	return word << (8 * length) | read_word(rest) >> (8 * (WORD - length));
}

/* Is this label, as long as the other one, the same, of which the last bytes are known? */
static inline bool
same_label(Label label, Label last, uint32 shared, const char *rest, uint64 tail)
{
	uint32		length = label.length;

	/* what the last bytes do not say yet */
	if (length >= WORD)
	{
		length -= WORD;
		if (read_word(label.data + length) != tail)
			return false;
	}
	return same_bytes(label.data, last.data, Min(length, shared)) &&
		(length <= shared || same_bytes(label.data + shared, rest, length - shared));
}

/* The sums of the group at `in`, read into the reader: what follows, or NULL. */
static inline const uint8 *
read_sums(SummaryReader *reader, const uint8 *in, int nsums, bool *zero)
{
	*zero = true;
	for (int i = 0; i < nsums; i++)
	{
		in = summary_read_sum(in, reader->end, &reader->sums[i]);
		if (in == NULL)
			return NULL;
		*zero = *zero && in[-1] == 0;
	}
	return in;
}

/* Adds the cells that begin at `in` to the row whose keys begin at `row_key`: there is space for them. */
static inline SummaryState *
add_cells(SummaryState *state, const SummaryType *type, uint64 row_key, SummaryReader *reader, const uint8 *in,
		  uint32 ncells, int sign)
{
	Tally	   *tally = summary_tally(state);
	TallyReader cells = {.next = in, .end = reader->end, .remaining = ncells, .key = TALLY_NO_KEY};
	TallyEntry	entry;

	while (tally_read_next(&cells, &entry))
		if (!tally_add_quickly(tally, row_key + entry.key, sign * entry.count))
		{
			state = summary_add(state, type, row_key + entry.key, sign * entry.count);
			tally = summary_tally(state);
		}
	reader->group.ncells = ncells;
	reader->cells.next = cells.next;
	reader->cells.remaining = cells.remaining;
	reader->cells.key = cells.key;
	reader->cells.damaged = cells.damaged;
	return state;
}

/* Adds the group that the reader comes to; false, with nothing changed, when it takes the long way. */
static pg_attribute_always_inline bool
merge_group(const KnownGroups *known, SummaryState **state, const SummaryType *type,
			SummaryReader *reader, int sign, uint32 *place)
{
	const NameTable *labels = summary_labels(*state);
	const Tally *tally = summary_tally(*state);
	int			nsums = summary_named_sums(type, (*state)->nsums);
	const uint8 *in = reader->in;
	const char *rest = (const char *) in + REST_AT;
	Label		last = reader->group.label;
	Label		label;
	uint64		tail;
	uint32		row;
	bool		zero;

	*place = 0;
	if (reader->end - in < REST_AT + WORD || in[SHARED] > Min(last.length, 0x7F) ||
		in[REST] == 0 || in[REST] > Min(reader->end - in - REST_AT, 0x7F) ||
		(in[SHARED] < last.length && in[REST_AT] <= (uint8) last.data[in[SHARED]]))
		return false;
	tail = last_bytes(last, in[SHARED], rest, in[REST]);
	*place = (uint32) ((tail * UINT64CONST(0x9E3779B97F4A7C15) + (uintptr_t) *state * UINT64CONST(0xC2B2AE3D27D4EB4F)) >>
					   (64 - KNOWN_BITS));
	row = known->rows[*place];
	if (row == 0 || row > labels->used)
		return false;
	label = name_table_label(labels, row - 1);
	if (label.length != in[SHARED] + in[REST] || !same_label(label, last, in[SHARED], rest, tail))
		return false;

	in = read_sums(reader, in + REST_AT + in[REST], nsums, &zero);
	if (in == NULL || in == reader->end || *in > Min(0x7F, (reader->end - in - 1) / 2) ||
		*in > TALLY_LIMIT(tally->capacity) - tally->used)
		return false;
	if (!zero)
		summary_add_sums(summary_row_sums(*state, type, row), reader->sums, nsums, sign, type);
	reader->group.label = label;
	*state = add_cells(*state, type, summary_row_key(type, row, 0), reader, in + 1, *in, sign);
	return true;
}

bool
known_groups_merge(const KnownGroups *known, SummaryState **state, const SummaryType *type,
				   SummaryReader *reader, int sign, uint32 *place)
{
	while (merge_group(known, state, type, reader, sign, place))
	{
		if (reader->remaining == 0 || !summary_cells_end(reader))
			return true;
		reader->remaining--;
	}
	return false;
}
