/*
 * numbers.c
 *		libFuzzer: varints, sums of 128 bits and tallies against the compiler's
 *		own integers of 128 bits and a plain array.
 */
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "plain/sum128.h"
#include "plain/tally_order.h"
#include "plain/tally_reader.h"
#include "plain/varint.h"

typedef __int128 int128;

static int128
wide(Sum128 sum)
{
	return (int128) (((unsigned __int128) (uint64_t) sum.high << 64) | sum.low);
}

static Sum128
narrow(int128 value)
{
	return (Sum128) {(uint64_t) value, (int64_t) (value >> 64)};
}

/* Any bytes: refused, or the one encoding of a number. */
static void
check_varints(const uint8_t *data, size_t size)
{
	const uint8_t *end = data + size;
	const uint8_t *next;
	uint8_t		out[VARINT_MAX_BYTES + SUM128_VARINT_MAX_BYTES];
	uint64_t	value;
	Sum128		sum;
	char		text[SUM128_TEXT_SIZE];
	Sum128		parsed;

	if ((next = varint_read(data, end, &value)) != NULL)
	{
		CHECK(varint_size(value) == (size_t) (next - data));
		CHECK(varint_write(out, value) == out + (next - data));
		CHECK(memcmp(out, data, next - data) == 0);
		CHECK(zigzag_encode(zigzag_decode(value)) == value);
	}
	if ((next = sum128_varint_read(data, end, &sum)) != NULL)
	{
		CHECK(sum128_varint_size(sum) == (size_t) (next - data));
		CHECK(sum128_varint_write(out, sum) == out + (next - data));
		CHECK(memcmp(out, data, next - data) == 0);
		CHECK(sum128_parse(sum128_text(sum, text), &parsed) && sum128_compare(sum, parsed) == 0);
	}
}

/* Text of digits and a sign: the compiler's arithmetic reads the same, or it is refused for a reason. */
static void
check_text(const uint8_t *data, size_t size)
{
	char		text[48];
	Sum128		sum;
	unsigned __int128 magnitude = 0;
	bool		negative = size > 0 && (data[0] & 1);
	bool		fits = size > 0;
	char	   *out = text;

	if (size > 44)
		size = 44;
	if (negative)
		*out++ = '-';
	for (size_t i = 0; i < size; i++)
	{
		unsigned	digit = (data[i] >> 1) % 11;
		unsigned __int128 most = ((unsigned __int128) 1 << 127) - !negative;

		*out++ = digit == 10 ? '.' : '0' + digit;
		if (digit == 10 || !fits || magnitude > (most - digit) / 10)
			fits = false;
		else
			magnitude = magnitude * 10 + digit;
	}
	*out = '\0';
	CHECK(sum128_parse(text, &sum) == fits);
	if (fits)
		CHECK(wide(sum) == (int128) (negative ? -magnitude : magnitude));
}

static void
check_sums(const uint8_t *data)
{
	int64_t		words[6];
	Sum128		a;
	Sum128		b;
	Sum128		c;
	int128		sum;
	bool		overflows;

	memcpy(words, data, sizeof(words));
	a = (Sum128) {(uint64_t) words[0], words[1]};
	b = (Sum128) {(uint64_t) words[2], words[3]};
	c = a;
	overflows = __builtin_add_overflow(wide(a), wide(b), &sum);
	CHECK(sum128_add(&c, b) == !overflows);
	CHECK(wide(c) == (overflows ? wide(a) : sum));
	c = a;
	overflows = __builtin_sub_overflow(wide(a), wide(b), &sum);
	CHECK(sum128_subtract(&c, b) == !overflows);
	CHECK(wide(c) == (overflows ? wide(a) : sum));
	CHECK(wide(sum128_product(words[4], words[5])) == (int128) words[4] * words[5]);
	CHECK(sum128_compare(a, b) == (wide(a) > wide(b)) - (wide(a) < wide(b)));
	if (!__builtin_add_overflow(wide(a), (int128) words[4], &sum))
	{
		c = a;
		sum128_add_int64(&c, words[4]);
		CHECK(wide(c) == sum && sum128_compare(c, narrow(sum)) == 0);
	}
}

/* A number read by a word is what it is byte by byte, wherever there are eight bytes. */
static void
check_word(const uint8_t *data, size_t size)
{
	uint64_t	word;
	uint64_t	value;
	const uint8_t *next = varint_read_word(data, data + size, &word);

	if (next != NULL)
		CHECK(varint_read(data, data + size, &value) == next && value == word);
	else if (size >= 8)
	{
		next = varint_read(data, data + size, &value);
		CHECK(next == NULL || next > data + 8);
	}
}

/* Entries read by fours where that goes are those read one by one. */
static void
check_fours(const uint8_t *data, size_t size, const TallyEntry *entries, uint32_t n)
{
	TallyReader reader;
	TallyEntry	four[TALLY_FOUR];

	tally_read_begin(&reader, data, data + size);
	for (uint32_t i = 0; i < n;)
	{
		uint32_t	read = TALLY_FOUR;

		if (n - i < TALLY_FOUR || !tally_read_four(&reader, four))
		{
			CHECK(tally_read_next(&reader, four));
			read = 1;
		}
		for (uint32_t j = 0; j < read; j++, i++)
			CHECK(four[j].key == entries[i].key && four[j].count == entries[i].count);
	}
}

/* Packed bytes: refused, or the one packing of what is read. */
static void
check_packed(const uint8_t *data, size_t size)
{
	TallyReader reader;
	TallyEntry	entries[128];
	uint32_t	n = 0;
	uint8_t    *out;
	uint8_t    *packed;

	tally_read_begin(&reader, data, data + size);
	while (n < 128 && tally_read_next(&reader, &entries[n]))
	{
		CHECK(entries[n].count > 0 && (n == 0 || entries[n].key > entries[n - 1].key));
		n++;
	}
	check_fours(data, size, entries, n);
	if (reader.damaged || reader.remaining > 0)
		return;
	CHECK(tally_packed_size(entries, n) == (size_t) (reader.next - data));
	out = malloc(size + TALLY_MOST_BYTES);
	CHECK(tally_pack(out, out + size + TALLY_MOST_BYTES, entries, n) == out + (reader.next - data));
	CHECK(memcmp(out, data, reader.next - data) == 0);
	free(out);

	/* in as much space as the bytes say, if it goes there */
	out = malloc(size + 1);
	packed = tally_pack(out, out + size, entries, n);
	CHECK(packed == NULL || packed == out + (reader.next - data));
	CHECK(packed == NULL ? size < (size_t) (reader.next - data) + TALLY_MOST_BYTES :
		  memcmp(out, data, reader.next - data) == 0);
	free(out);
}

#define KEYS 24

/* Operations on an open tally that grows, against an array. */
static void
check_open(const uint8_t *data, size_t size)
{
	int64_t		naive[KEYS] = {0};
	uint32_t	capacity = TALLY_MIN_CAPACITY;
	Tally	   *tally = malloc(tally_size(capacity));
	TallyEntry	sorted[KEYS];
	uint32_t	slots[KEYS] = {0};
	TallyEntry	again[2 * KEYS];
	TallyOrder	order = {.capacity = KEYS, .slots = slots, .entries = again};
	uint32_t	n;
	uint32_t	live = 0;

	tally_init(tally, capacity);
	for (size_t i = 0; i + 2 < size; i += 3)
	{
		int			place = data[i] % KEYS;
		uint64_t	key = place * UINT64_C(0x0AAAAAAAAAAAAAA9) / (1 + (data[0] & 7));
		int64_t		count = (int8_t) data[i + 1];
		int128		after;
		TallyResult result;

		if (data[i + 2] & 1)
			count = count < 0 ? -INT64_MAX - count : INT64_MAX - count;
		after = (int128) naive[place] + count;
		result = tally_add(tally, key, count);
		if (result == TALLY_FULL)
		{
			Tally	   *grown;

			while (TALLY_LIMIT(capacity) < 2 * (tally_live(tally) + 1))
				capacity *= 2;
			grown = malloc(tally_size(capacity));
			tally_init(grown, capacity);
			tally_rehash(grown, tally);
			free(tally);
			tally = grown;
			result = tally_add(tally, key, count);
		}
		CHECK((result == TALLY_NEGATIVE) == (after < 0));
		CHECK((result == TALLY_OVERFLOW) == (after > INT64_MAX));
		if (result == TALLY_OK)
			naive[place] = (int64_t) after;
		CHECK(tally_count(tally, key) == naive[place]);

		/* an order of any age, or of anything, gives what sorting gives */
		if (data[i + 2] & 2)
		{
			if (data[i + 2] & 4)
			{
				order.n = data[i] % (KEYS + 1);
				order.additions = tally->additions - data[i + 1] % 40;
				for (uint32_t j = 0; j < order.n; j++)
					slots[j] = data[(i + j) % size] * UINT32_C(0x1000003);
			}
			n = tally_sorted(tally, sorted);
			CHECK(tally_sorted_again(tally, &order) == n);
			CHECK(memcmp(again, sorted, n * sizeof(TallyEntry)) == 0);
		}
	}
	for (int i = 0; i < KEYS; i++)
		live += naive[i] > 0;
	CHECK(tally_live(tally) == live);
	n = tally_sorted(tally, sorted);
	CHECK(n == live);
	for (uint32_t i = 1; i < n; i++)
		CHECK(sorted[i - 1].key < sorted[i].key);
	free(tally);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 1)
		return 0;
	switch (data[0] % 5)
	{
		case 0:
			check_varints(data + 1, size - 1);
			break;
		case 1:
			check_text(data + 1, size - 1);
			break;
		case 2:
			if (size > 48)
				check_sums(data + 1);
			break;
		case 3:
			check_packed(data + 1, size - 1);
			check_word(data + 1, size - 1);
			break;
		case 4:
			check_open(data + 1, size - 1 > 300 ? 300 : size - 1);
			break;
	}
	return 0;
}
