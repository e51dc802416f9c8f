/*
 * chain_memo.c
 *		libFuzzer: what the memo of chains reads out of packed histories against
 *		chain_search() on the events in them.
 *
 * The input says rules, dictionaries and events; the histories are packed here, by
 * the description in src/history/deal_history.h, with amounts and subjects for all
 * events, some or none. Each is read before its dictionary is known, and after. In
 * the end one is damaged: then the memo may say anything, and must read nothing but it.
 */
#include <string.h>

#include "plain/chain_memo.h"
#include "plain/packed_history.h"
#include "plain/varint.h"
#include "check.h"

#define MAX_EVENTS 24
#define MAX_KINDS 18
#define MAX_BYTES 1024

/* The bytes of the input, one after the other; zeros behind its end. */
typedef struct Input
{
	const uint8_t *next;
	const uint8_t *end;
} Input;

static uint8_t
take(Input *input)
{
	return input->next < input->end ? *input->next++ : 0;
}

typedef struct History
{
	int			nevents;
	int			nkinds;
	int64_t		at[MAX_EVENTS];
	uint8_t		kind[MAX_EVENTS];
	uint8_t		roles[MAX_KINDS];
	uint8_t		bytes[MAX_BYTES];
	size_t		size;
	size_t		dictionary;		/* where it begins */
	int			nsubjects;
} History;

static uint8_t *
put_number(uint8_t *out, uint64_t value, int width)
{
	for (int i = 0; i < width; i++)
		*out++ = (uint8_t) (value >> (8 * i));
	return out;
}

/* A column that all, some or none of the events have: a bitmap, and some bytes for each that has one. */
static uint8_t *
put_column(uint8_t *out, int nevents, int which, uint8_t pattern, int width)
{
	int			count = which == 2 ? nevents : 0;

	if (which == 1)
	{
		for (int i = 0; i < nevents; i += 8)
		{
			uint8_t		bits = pattern ^ (uint8_t) i;

			if (nevents - i < 8)
				bits &= (uint8_t) ((1 << (nevents - i)) - 1);
			count += __builtin_popcount(bits);
			*out++ = bits;
		}
	}
	memset(out, pattern, (size_t) (count * width));
	return out + count * width;
}

/* Packs the events; instants are those of at[], which ascend. */
static void
pack(History *history, int unit, int amounts, int subjects, uint8_t pattern, int labels)
{
	static const uint8_t widths[] = {0, 1, 2, 3, 4, 5, 6, 8, 8};
	static const uint8_t some[] = {0, HISTORY_SOME_AMOUNTS, HISTORY_ALL_AMOUNTS};
	static const uint8_t subject_flags[] = {0, HISTORY_SOME_SUBJECTS, HISTORY_ALL_SUBJECTS};
	int			n = history->nevents;
	int			amount_width = amounts == 0 ? 0 : widths[pattern % 9];
	int64_t		size = history_time_units[unit];
	uint64_t	highest = n == 0 ? 0 : (uint64_t) (history->at[n - 1] / size) - (uint64_t) (history->at[0] / size);
	int			width = highest == 0 ? 0 : (71 - __builtin_clzll(highest)) / 8;
	uint8_t    *out = history->bytes;

	width = width == 7 ? 8 : width;
	history->nsubjects = subjects == 0 ? 0 : 1 + pattern % 3;
	if (history->nsubjects > n)
		history->nsubjects = n;
	*out++ = DEAL_HISTORY_VERSION;
	*out++ = some[amounts] | subject_flags[subjects];
	*out++ = (uint8_t) (unit | width << 4);
	*out++ = (uint8_t) (amount_width << 4);
	out = varint_write(out, (uint64_t) n);
	out = varint_write(out, (uint64_t) history->nkinds);
	out = varint_write(out, (uint64_t) history->nsubjects);
	out = varint_write(out, zigzag_encode(n == 0 ? 0 : history->at[0] / size));
	if (amounts > 0)
		out = varint_write(out, zigzag_encode(pattern * INT64_C(1000003) - 70000000));
	for (int i = 0; i < n; i++)
		*out++ = history->kind[i];
	for (int i = 0; i < n; i++)
		out = put_number(out, (uint64_t) (history->at[i] / size) - (uint64_t) (history->at[0] / size), width);
	out = put_column(out, n, amounts, pattern, amount_width);
	out = put_column(out, n, subjects, (uint8_t) ~pattern, 1);
	history->dictionary = (size_t) (out - history->bytes);
	/* its role is in the name of a kind: a dictionary says all */
	for (int i = 0; i < history->nkinds; i++)
	{
		int			length = labels >> (i % 8) & 1 ? 1 + (i + labels) % 3 : 0;

		*out++ = (uint8_t) length;
		*out++ = history->roles[i];
		for (int k = 1; k < length; k++)
			*out++ = (uint8_t) i;
	}
	for (int i = 0; i < history->nsubjects; i++)
		out = put_number(out, 0x4101 + (uint64_t) i * 256, 2);
	history->size = (size_t) (out - history->bytes);
}

/* Reads bytes where nothing lies before and behind them. */
static bool
read_alone(ChainMemo *memo, const uint8_t *bytes, size_t size, int64_t as_of, ChainResult *result)
{
	uint8_t    *copy = malloc(size > 0 ? size : 1);
	bool		found;

	memcpy(copy, bytes, size);
	found = chain_memo_read(memo, copy, size, as_of, result);
	free(copy);
	return found;
}

static void
check_history(ChainMemo *memo, const History *history, int64_t as_of)
{
	ChainEvent	events[MAX_EVENTS];
	int64_t		times[2][CHAIN_MAX_STAGES + 1];
	ChainResult expected = {.times = times[0]};
	ChainResult result = {.times = times[1]};
	size_t		nevents = 0;
	uint8_t    *copy = malloc(history->size);
	bool		simple;

	for (int i = 0; i < history->nevents && history->at[i] <= as_of; i++)
		if (history->roles[history->kind[i]] <= CHAIN_EXIT)
			events[nevents++] = (ChainEvent) {.at = history->at[i],.role = history->roles[history->kind[i]]};
	simple = memo->rules->within == CHAIN_NO_WINDOW && nevents <= MEMO_MAX_EVENTS && history->nkinds <= 12;
	/* where all is small and no two events are at once there is nothing to search for */
	for (size_t i = 1; i < nevents; i++)
		simple &= events[i].at != events[i - 1].at;
	chain_search(memo->rules, events, nevents, as_of, &expected);
	for (int again = 0; again < 2; again++)
	{
		bool		found = read_alone(memo, history->bytes, history->size, as_of, &result);

		CHECK(found || again == 0 || !simple);
		if (found)
		{
			CHECK(result.depth == expected.depth && result.matched == expected.matched);
			CHECK(result.nmatched == expected.nmatched && result.status == expected.status);
			CHECK(result.ended_at == expected.ended_at);
			for (int i = 0; i < result.nmatched; i++)
				CHECK(result.times[i] == expected.times[i]);
		}
		memcpy(copy, history->bytes, history->size);
		chain_memo_learn(memo, copy + history->dictionary, copy + history->size,
						 (uint32_t) history->nkinds, (uint32_t) history->nsubjects, history->roles);
	}
	free(copy);
}

static void
take_history(Input *input, History *history, int nstages)
{
	uint8_t		shape = take(input);
	uint8_t		columns = take(input);
	uint8_t		labels = take(input);
	int			unit = shape % HISTORY_TIME_UNITS;
	static const int64_t steps[] = {1, 300, 100000};
	int64_t		step = history_time_units[unit] * steps[shape / 6 % 3];
	int64_t		at = (shape & 0x80 ? -1 : 1) * (int64_t) (columns / 9) * 100000 * history_time_units[unit];

	history->nkinds = 1 + (int) (take(input) % MAX_KINDS);
	for (int i = 0; i < history->nkinds; i++)
	{
		uint8_t		role = take(input) % (nstages + 4);

		history->roles[i] = role == nstages ? CHAIN_EXIT : UINT8_MAX;
		if (role < nstages)
			history->roles[i] = role;
	}
	history->nevents = history->nkinds;
	if (history->nevents < MAX_EVENTS)
		history->nevents += (int) (take(input) % (MAX_EVENTS - history->nkinds + 1));
	for (int i = 0; i < history->nevents; i++)
	{
		uint8_t		event = take(input);

		history->kind[i] = event % history->nkinds;
		at += (event >> 5 & 3) * step;
		history->at[i] = at;
	}
	pack(history, unit, columns % 3, columns / 3 % 3, labels ^ columns, labels);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static ChainMemo memo;
	static bool begun;
	static ChainRules rules;
	Input		input = {data, data + size};
	History		history;
	ChainRules	these = {0};
	int64_t		times[CHAIN_MAX_STAGES + 1];
	ChainResult result = {.times = times};

	these.nstages = 1 + take(&input) % MEMO_MAX_STAGES;
	these.skipped = take(&input) % 3;
	these.entry = take(&input) % 3;
	these.optional = take(&input) & ((1 << these.nstages) - 1) & ~1;
	these.within = CHAIN_NO_WINDOW;
	for (int i = 0; i < CHAIN_MAX_STAGES; i++)
		these.step_within[i] = CHAIN_NO_WINDOW;
	switch (take(&input) % 4)
	{
		case 0:
			these.within = take(&input) * INT64_C(43200000000);
			break;
		case 1:
			these.within = take(&input) * 100;
			break;
		case 2:
			these.within = take(&input) > 250 ? INT64_MAX : 0;
			break;
	}
	CHECK(chain_memo_serves(&these));
	/* a memo that goes on has its places taken, which is where it forgets */
	if (!begun || memcmp(&rules, &these, sizeof(rules)) != 0)
	{
		rules = these;
		chain_memo_begin(&memo, &rules);
		begun = true;
	}

	for (int n = 0; n < 3 && (n == 0 || input.next < input.end); n++)
	{
		int64_t		as_of;

		memset(&history, 0, sizeof(history));
		take_history(&input, &history, rules.nstages);
		as_of = history.at[history.nevents - 1];
		if (take(&input) & 1)
			as_of = history.at[take(&input) % history.nevents] - (take(&input) & 1);
		else
			as_of += take(&input) * INT64_C(86400000000);
		check_history(&memo, &history, as_of);
	}

	/* damaged */
	for (int n = 0; n < 4 && input.next < input.end; n++)
		history.bytes[take(&input) % history.size] ^= take(&input);
	if (take(&input) & 1)
		history.size -= take(&input) % history.size;
	(void) read_alone(&memo, history.bytes, history.size, INT64_MAX, &result);
	return 0;
}
