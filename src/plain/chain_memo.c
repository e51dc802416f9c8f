/*
 * chain_memo.c
 *		Chains out of packed histories by what is remembered. How: chain_memo.h.
 */
#include "plain/chain_memo.h"

#include <string.h>

#include "plain/chain_rules.h"
#include "plain/packed_history.h"
#include "plain/varint.h"

/* Bytes are read eight at a time, the first one lowest. */
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define READS_WORDS true
#else
#define READS_WORDS false
#endif

bool
chain_memo_serves(const ChainRules *rules)
{
	return READS_WORDS && rules->mode == CHAIN_ORDERED && !rules->has_steps && rules->nstages <= MEMO_MAX_STAGES;
}

void
chain_memo_begin(ChainMemo *memo, const ChainRules *rules)
{
	memset(memo, 0, sizeof(*memo));
	memo->rules = rules;
	memo->timeless = *rules;
	memo->timeless.within = CHAIN_NO_WINDOW;
}

static inline uint64_t
read_word(const uint8_t *in)
{
	uint64_t	word;

	memcpy(&word, in, sizeof(word));
	return word;
}

/* The place of a word in a table of so many places. */
static inline uint32_t
place_of(uint64_t word, int log2)
{
	return (uint32_t) (word * UINT64_C(0x9E3779B97F4A7C15) >> (64 - log2));
}

/* Kept out of the way of what is done for every deal. */
#define COLD __attribute__((noinline, cold))

/* ---------------------------------------------------------------- heads */

COLD static const uint8_t *
read_any_number(const uint8_t *in, const uint8_t *end, uint64_t *value)
{
	return varint_read(in, end, value);
}

/* The same without a branch for each byte, for numbers of up to 56 bits. */
static inline const uint8_t *
read_number(const uint8_t *in, const uint8_t *end, uint64_t *value)
{
	uint64_t	word;
	uint64_t	last;			/* the high bit of each byte that is the last one of a number */
	int			bits;			/* of this number's bytes */

	if (end - in < 8)
		return read_any_number(in, end, value);
	word = read_word(in);
	last = ~word & UINT64_C(0x8080808080808080);
	if (last == 0)
		return read_any_number(in, end, value);
	bits = __builtin_ctzll(last) + 1;
	word &= UINT64_MAX >> (64 - bits);
	if (bits > 8 && word >> (bits - 8) == 0)
		return NULL;
	word = (word & UINT64_C(0x007F007F007F007F)) | (word & UINT64_C(0x7F007F007F007F00)) >> 1;
	word = (word & UINT64_C(0x00003FFF00003FFF)) | (word & UINT64_C(0x3FFF00003FFF0000)) >> 2;
	*value = (word & UINT64_C(0x000000000FFFFFFF)) | (word & UINT64_C(0x0FFFFFFF00000000)) >> 4;
	return in + bits / 8;
}

/* A packed history taken apart as far as it matters here. */
typedef struct MemoView
{
	uint32_t	nevents;
	uint32_t	nkinds;
	uint32_t	nsubjects;
	const uint8_t *kind_column;
	const uint8_t *time_words;	/* whose last bytes are the first instant: what lies before is read, too */
	uint64_t	time_base;
	uint64_t	time_unit;
	uint64_t	time_mask;		/* of the bytes of an instant */
	uint32_t	time_width;
	uint32_t	time_shift;
	const uint8_t *dictionary;
	const uint8_t *end;
} MemoView;

/* Bits of a bitmap of n of them; more than n where it is damaged. */
static uint32_t
count_bits(const uint8_t *bitmap, uint32_t n)
{
	uint32_t	count = 0;

	for (uint32_t i = 0; i < (n + 7) / 8; i++)
		count += (uint32_t) __builtin_popcount(bitmap[i]);
	return n % 8 != 0 && bitmap[n / 8] >> (n % 8) != 0 ? n + 1 : count;
}

/* Passes a column of amounts or subjects that some or all events have; NULL where it does not fit. */
static const uint8_t *
pass_column(const uint8_t *in, const uint8_t *end, uint32_t nevents, bool some, uint32_t width)
{
	uint32_t	count = nevents;

	if (some)
	{
		if (end - in < (nevents + 7) / 8)
			return NULL;
		count = count_bits(in, nevents);
		in += (nevents + 7) / 8;
	}
	return count > nevents || end - in < (int64_t) count * width ? NULL : in + count * width;
}

/*
 * Passes amounts and subjects, of which there are some by flags or counts: the
 * smallest amount at *in, and their columns after the instants. False where they
 * do not fit.
 */
COLD static bool
pass_more(MemoView *view, const uint8_t *head, const uint8_t **in)
{
	uint32_t	flags = head[1];
	uint32_t	amount_width = head[3] >> 4;
	const uint8_t *next = *in;
	uint64_t	amount_base;

	if ((flags & HISTORY_ANY_AMOUNTS) == HISTORY_ANY_AMOUNTS ||
		(flags & HISTORY_ANY_SUBJECTS) == HISTORY_ANY_SUBJECTS ||
		view->nsubjects > view->nevents ||
		(head[3] & 0x0F) >= HISTORY_AMOUNT_UNITS || amount_width > 8 || amount_width == 7)
		return false;
	if (flags & HISTORY_ANY_AMOUNTS)
		next = varint_read(next, view->end, &amount_base);
	if (next == NULL || view->end - next < (int64_t) view->nevents * (1 + view->time_width))
		return false;
	*in = next;
	next += view->nevents * (1 + view->time_width);
	if (flags & HISTORY_ANY_AMOUNTS)
		next = pass_column(next, view->end, view->nevents, flags & HISTORY_SOME_AMOUNTS, amount_width);
	if (next != NULL && flags & HISTORY_ANY_SUBJECTS)
		next = pass_column(next, view->end, view->nevents, flags & HISTORY_SOME_SUBJECTS, 1);
	view->dictionary = next;
	return next != NULL;
}

#define HEAD_BYTES 8			/* at least: version, flags, shapes, three counts, the first instant */

/* Of those: no other version or flags, and one byte for each count. */
#define HEAD_MASK UINT64_C(0x008080800000E1FF)
#define HEAD_VALUE DEAL_HISTORY_VERSION

/* False where this is not a history that takes the short way. */
static inline bool
view_history(MemoView *view, const uint8_t *data, size_t size)
{
	static const uint64_t masks[9] = {
		0, 0xFF, 0xFFFF, 0xFFFFFF, UINT32_MAX, UINT64_C(0xFFFFFFFFFF), UINT64_C(0xFFFFFFFFFFFF), 0, UINT64_MAX
	};
	const uint8_t *end = data + size;
	const uint8_t *in;
	uint64_t	base;
	uint32_t	nevents;
	uint32_t	width;

	if (size < HEAD_BYTES || (read_word(data) & HEAD_MASK) != HEAD_VALUE)
		return false;
	nevents = data[4];
	width = data[2] >> 4;
	view->end = end;
	view->nevents = nevents;
	view->nkinds = data[5];
	view->nsubjects = data[6];
	if ((data[2] & 0x0F) >= HISTORY_TIME_UNITS || width > 8 || width == 7 ||
		view->nkinds - 1 >= MEMO_MAX_KINDS || view->nkinds > nevents)
		return false;
	in = read_number(data + 7, end, &base);
	if (in == NULL)
		return false;
	view->time_base = (uint64_t) zigzag_decode(base);
	view->time_unit = (uint64_t) history_time_units[data[2] & 0x0F];
	view->time_width = width;
	view->time_mask = masks[width];
	view->time_shift = (64 - 8 * width) & 63;
	if ((data[1] | data[3] | data[6]) == 0)
	{
		if (end - in < (int64_t) (nevents * (1 + width)))
			return false;
		view->dictionary = in + nevents * (1 + width);
	}
	else if (!pass_more(view, data, &in))
		return false;
	view->kind_column = in;
	view->time_words = in + nevents + width - 8;
	return true;
}

/* There are eight bytes of head before the first one. */
static inline int64_t
instant_of(const MemoView *view, uint32_t i)
{
	uint64_t	word = read_word(view->time_words + i * view->time_width);

	return (int64_t) ((view->time_base + (word >> view->time_shift & view->time_mask)) * view->time_unit);
}

/* ---------------------------------------------------------------- dictionaries */

/* The bytes of the kinds, which subjects follow; 0 where they do not fit. */
COLD static size_t
size_before_subjects(const uint8_t *dictionary, const uint8_t *end, uint32_t nkinds)
{
	const uint8_t *in = dictionary;

	for (uint32_t i = 0; i < nkinds; i++)
	{
		size_t		size;

		if (end - in < 2)
			return 0;
		size = *in == 0 ? 2 : 1 + (size_t) *in;
		if ((size_t) (end - in) < size)
			return 0;
		in += size;
	}
	return (size_t) (in - dictionary);
}

static inline size_t
size_of_kinds(const uint8_t *dictionary, const uint8_t *end, uint32_t nkinds, uint32_t nsubjects)
{
	return nsubjects == 0 ? (size_t) (end - dictionary) : size_before_subjects(dictionary, end, nkinds);
}

/* The last eight bytes of a dictionary or all of fewer; there are eight bytes of head before it. */
static inline uint64_t
last_word(const uint8_t *dictionary, size_t size)
{
	uint64_t	word = read_word(dictionary + size - 8);

	return size < 8 ? word >> (64 - 8 * size) : word;
}

static inline bool
same_dictionary(const MemoDictionary *known, const uint8_t *dictionary, size_t size, uint64_t last, uint32_t nkinds)
{
	return known->last == last && known->size == size && known->nkinds == nkinds &&
		(size <= 8 ||
		 (read_word(dictionary) == read_word(known->bytes) &&
		  (size <= 16 || memcmp(dictionary + 8, known->bytes + 8, size - 16) == 0)));
}

/* Of two places that a dictionary may have, the one it is in, or NULL; *place is the first of them. */
static inline MemoDictionary *
find_dictionary(ChainMemo *memo, const uint8_t *dictionary, size_t size, uint32_t nkinds, uint32_t *place)
{
	uint64_t	last = last_word(dictionary, size);
	uint64_t	first = size > 8 ? read_word(dictionary) : size;
	MemoDictionary *known;

	*place = place_of(last + first * 3, MEMO_DICTIONARIES_LOG2);
	known = &memo->dictionaries[*place];
	if (same_dictionary(known, dictionary, size, last, nkinds))
		return known;
	known = &memo->dictionaries[*place ^ 1];
	return same_dictionary(known, dictionary, size, last, nkinds) ? known : NULL;
}

void
chain_memo_learn(ChainMemo *memo, const uint8_t *dictionary, const uint8_t *end,
				 uint32_t nkinds, uint32_t nsubjects, const uint8_t *roles)
{
	size_t		size;
	uint32_t	place;
	MemoDictionary *known;

	if (nkinds == 0 || nkinds > MEMO_MAX_KINDS)
		return;
	size = size_of_kinds(dictionary, end, nkinds, nsubjects);
	if (size == 0 || size > MEMO_MAX_BYTES || find_dictionary(memo, dictionary, size, nkinds, &place) != NULL)
		return;

	if (memo->dictionaries[place].size != 0 && memo->dictionaries[place ^ 1].size == 0)
		place ^= 1;
	known = &memo->dictionaries[place];
	known->size = (uint32_t) size;
	known->nkinds = nkinds;
	known->last = last_word(dictionary, size);
	memcpy(known->bytes, dictionary, size);
	for (uint32_t i = 0; i < nkinds; i++)
	{
		if (roles[i] < MEMO_MAX_STAGES)
			known->roles[i] = roles[i];
		else
			known->roles[i] = roles[i] == CHAIN_EXIT ? MEMO_EXIT : MEMO_NO_ROLE;
	}
}

/* ---------------------------------------------------------------- plans */

/* Do the stages come once and in order, and no exit before the last of them? */
static bool
is_straight(const ChainEvent *events, int n)
{
	int			last = -1;
	bool		exits = false;

	for (int i = 0; i < n; i++)
	{
		if (events[i].role == CHAIN_EXIT)
			exits = true;
		else if (exits || events[i].role <= last)
			return false;
		else
			last = events[i].role;
	}
	return true;
}

COLD static void
make_plan(const ChainMemo *memo, uint64_t sequence, int n, MemoPlan *plan)
{
	ChainEvent	events[MEMO_MAX_EVENTS];
	int64_t		times[CHAIN_MAX_STAGES + 1];
	ChainResult result = {.times = times};

	for (int i = 0; i < n; i++)
	{
		int			role = (int) (sequence >> (4 * (n - 1 - i)) & 15);

		events[i].at = i;
		events[i].role = role == MEMO_EXIT ? CHAIN_EXIT : role;
	}
	memset(plan, 0, sizeof(*plan));
	plan->sequence = sequence;
	plan->all_differ = !is_straight(events, n);
	chain_search(&memo->timeless, events, (size_t) n, n, &result);
	plan->depth = (uint8_t) result.depth;
	plan->matched = result.matched;
	plan->nmatched = (uint8_t) result.nmatched;
	plan->exit = result.status == CHAIN_EXITED ? (uint8_t) result.ended_at : MEMO_NO_EXIT;
	for (int i = 0; i < result.nmatched; i++)
		plan->events[i] = (uint8_t) times[i];
}

static inline const MemoPlan *
plan_of(ChainMemo *memo, uint64_t sequence, int n)
{
	MemoPlan   *plan = &memo->plans[place_of(sequence, MEMO_PLANS_LOG2)];

	if (plan->sequence != sequence)
		make_plan(memo, sequence, n, plan);
	return plan;
}

/* ---------------------------------------------------------------- reading */

static inline bool
all_differ(const MemoView *view, const uint8_t *places, int n)
{
	int64_t		last = 0;

	for (int i = 0; i < n; i++)
	{
		int64_t		at = instant_of(view, places[i]);

		if (i > 0 && at <= last)
			return false;
		last = at;
	}
	return true;
}

/* The events with a role among the first ones of a history. */
typedef struct MemoSequence
{
	uint64_t	roles;			/* 1, then the last 15 of them */
	uint32_t	n;
	uint8_t		places[0x80];
} MemoSequence;

/* False where a kind is none of the dictionary. */
static inline bool
read_sequence(MemoSequence *sequence, const MemoView *view, uint32_t nevents, const uint8_t *roles)
{
	uint64_t	read = 1;
	uint32_t	n = 0;
	uint32_t	highest = 0;

	for (uint32_t i = 0; i < nevents; i++)
	{
		uint32_t	kind = view->kind_column[i];
		uint64_t	role = roles[kind % MEMO_MAX_KINDS];
		bool		plays = role != MEMO_NO_ROLE;

		highest = kind > highest ? kind : highest;
		sequence->places[n] = (uint8_t) i;
		n += plays;
		read = plays ? read << 4 | role : read;
	}
	sequence->roles = read;
	sequence->n = n;
	return highest < view->nkinds;
}

/* Fills a result by a plan; false where it does not hold for these instants. */
static inline bool
follow_plan(const MemoPlan *plan, const ChainRules *rules, const MemoView *view, const MemoSequence *sequence,
			int64_t as_of, ChainResult *result)
{
	int64_t    *times = result->times;
	int			n = plan->nmatched;

	if (plan->all_differ && !all_differ(view, sequence->places, (int) sequence->n))
		return false;
	for (int i = 0; i < n; i++)
		times[i] = instant_of(view, sequence->places[plan->events[i]]);
	result->depth = plan->depth;
	result->matched = plan->matched;
	result->nmatched = n;
	result->ended_at = 0;
	result->status = CHAIN_NOT_ENTERED;
	if (n == 0)
		return true;
	if (!chain_is_within(times[0], times[n - 1], rules->within))
		return false;
	result->status = CHAIN_CONVERTED;
	if (plan->depth < rules->nstages)
		chain_set_end(chain_later_by(times[0], rules->within),
					  plan->exit == MEMO_NO_EXIT ? CHAIN_NEVER : instant_of(view, sequence->places[plan->exit]),
					  as_of, result);
	return true;
}

bool
chain_memo_read(ChainMemo *memo, const uint8_t *data, size_t size, int64_t as_of, ChainResult *result)
{
	MemoView	view;
	MemoSequence sequence;
	const MemoDictionary *dictionary;
	size_t		dictionary_size;
	uint32_t	place;
	uint32_t	n;

	if (!view_history(&view, data, size))
		return false;
	dictionary_size = size_of_kinds(view.dictionary, view.end, view.nkinds, view.nsubjects);
	if (dictionary_size - 1 >= MEMO_MAX_BYTES)
		return false;
	dictionary = find_dictionary(memo, view.dictionary, dictionary_size, view.nkinds, &place);
	if (dictionary == NULL)
		return false;

	n = view.nevents;
	while (n > 0 && instant_of(&view, n - 1) > as_of)
		n--;
	if (!read_sequence(&sequence, &view, n, dictionary->roles) || sequence.n > MEMO_MAX_EVENTS)
		return false;
	return follow_plan(plan_of(memo, sequence.roles, (int) sequence.n), memo->rules, &view, &sequence, as_of, result);
}
