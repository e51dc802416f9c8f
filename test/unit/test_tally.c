/*
 * test_tally.c
 *		tally.c and sum128.c by themselves: random operations against a naive
 *		array, packed round trips, damaged bytes. TAP output; an argument
 *		seeds the random numbers.
 *
 *	cc -I src -o test_tally test/unit/test_tally.c src/plain/tally.c src/plain/tally_order.c src/plain/sum128.c
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plain/sum128.h"
#include "plain/tally_order.h"
#include "plain/tally_reader.h"
#include "plain/varint.h"

static int	tests = 0;
static int	failures = 0;
static uint64_t random_state;

static void
ok(bool condition, const char *what)
{
	tests++;
	failures += !condition;
	printf("%sok %d - %s\n", condition ? "" : "not ", tests, what);
}

/* xorshift64* */
static uint64_t
random64(void)
{
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return random_state * UINT64_C(0x2545F4914F6CDD1D);
}

static uint64_t
random_below(uint64_t n)
{
	return random64() % n;
}

#define NAIVE_KEYS 200

/* Adds, growing as its users do: when full, rehash what is not zero into more space. */
static Tally *
add(Tally *tally, uint64_t key, int64_t count, TallyResult *result)
{
	*result = tally_add(tally, key, count);
	if (*result == TALLY_FULL)
	{
		uint32_t	capacity = TALLY_MIN_CAPACITY;
		Tally	   *grown;

		while (TALLY_LIMIT(capacity) < 2 * (tally_live(tally) + 1))
			capacity *= 2;
		grown = malloc(tally_size(capacity));
		tally_init(grown, capacity);
		tally_rehash(grown, tally);
		free(tally);
		tally = grown;
		*result = tally_add(tally, key, count);
	}
	return tally;
}

static TallyOrder
make_order(uint32_t capacity)
{
	TallyOrder	order = {.capacity = capacity};

	order.slots = calloc(capacity, sizeof(uint32_t));
	order.entries = calloc(capacity, 2 * sizeof(TallyEntry));
	return order;
}

/* Does a tally sort the same with an order from before, whatever that was of? */
static bool
same_order(const Tally *tally, TallyOrder *order)
{
	TallyEntry *sorted = calloc(tally->used + 1, 2 * sizeof(TallyEntry));
	uint32_t	n = tally_sorted(tally, sorted);
	bool		same = tally_sorted_again(tally, order) == n &&
		memcmp(order->entries, sorted, n * sizeof(TallyEntry)) == 0;

	free(sorted);
	return same;
}

/* One random life of a tally; returns whether it agreed with the array throughout. */
static bool
random_life(void)
{
	int64_t		naive[NAIVE_KEYS] = {0};
	uint64_t	keys[NAIVE_KEYS];
	uint64_t	spread = random_below(4);
	uint64_t	often = 1 + random_below(60);
	TallyOrder	order = make_order(NAIVE_KEYS);
	Tally	   *tally = malloc(tally_size(TALLY_MIN_CAPACITY));
	TallyEntry *sorted;
	TallyEntry	entry;
	TallyReader reader;
	uint8_t    *bytes;
	size_t		size;
	uint32_t	n;
	uint32_t	live = 0;
	bool		good = true;

	tally_init(tally, TALLY_MIN_CAPACITY);
	for (int i = 0; i < NAIVE_KEYS; i++)
	{
		uint64_t	spreads[] = {
			(uint64_t) i, (uint64_t) i * 4096, TALLY_MAX_KEY - (uint64_t) (NAIVE_KEYS - 1 - i),
			(uint64_t) i << 56 | (uint64_t) i
		};

		keys[i] = spreads[spread];
	}

	for (int step = 0; step < 2000; step++)
	{
		int			i = (int) random_below(NAIVE_KEYS);
		int64_t		count = (int64_t) random_below(7) - 3;
		TallyResult result;
		TallyResult expected = TALLY_OK;

		if (random_below(500) == 0)
			count = INT64_MAX - 1;
		if (random_below(500) == 0)
			count = INT64_MIN;
		if (random_below(3) == 0)
			count = -naive[i];
		if (count > 0 && naive[i] > INT64_MAX - count)
			expected = TALLY_OVERFLOW;
		else if (naive[i] + count < 0)
			expected = TALLY_NEGATIVE;
		else
			naive[i] += count;
		tally = add(tally, keys[i], count, &result);
		good = good && result == expected && tally->used <= TALLY_LIMIT(tally->capacity);
		if (random_below(often) == 0)
			good = good && same_order(tally, &order);
		/* what another tally may have left behind */
		if (random_below(200) == 0)
		{
			order.n = (uint32_t) random_below(NAIVE_KEYS + 1);
			order.additions = (uint32_t) (tally->additions - random_below(50));
			for (uint32_t slot = 0; slot < order.n; slot++)
				order.slots[slot] = (uint32_t) random_below(spread == 0 ? UINT32_MAX : tally->capacity);
		}
	}

	sorted = malloc(sizeof(TallyEntry) * 2 * (tally->used + 1));
	n = tally_sorted(tally, sorted);
	for (int i = 0; i < NAIVE_KEYS; i++)
		if (naive[i] != 0)
		{
			good = good && live < n && sorted[live].key == keys[i] && sorted[live].count == naive[i];
			live++;
		}
	good = good && live == n && tally_live(tally) == n;

	size = tally_packed_size(sorted, n);
	bytes = malloc(size);
	good = good && tally_pack(bytes, bytes + size, sorted, n) == NULL;
	bytes = realloc(bytes, size + TALLY_MOST_BYTES);
	good = good && tally_pack(bytes, bytes + size + TALLY_MOST_BYTES, sorted, n) == bytes + size;
	tally_read_begin(&reader, bytes, bytes + size);
	for (uint32_t i = 0; i < n; i++)
		good = good && tally_read_next(&reader, &entry) &&
			entry.key == sorted[i].key && entry.count == sorted[i].count;
	good = good && !tally_read_next(&reader, &entry) && !reader.damaged && reader.next == bytes + size;

	free(order.slots);
	free(order.entries);
	free(bytes);
	free(sorted);
	free(tally);
	return good;
}

/* Reads bytes of any kind; what is accepted must be what packing writes. */
static bool
read_any(const uint8_t *bytes, size_t size)
{
	TallyReader reader;
	TallyEntry	entry;
	TallyEntry *entries = malloc(sizeof(TallyEntry) * (size + 1));
	uint32_t	n = 0;
	bool		good = true;

	tally_read_begin(&reader, bytes, bytes + size);
	while (tally_read_next(&reader, &entry))
		entries[n++] = entry;
	if (!reader.damaged)
	{
		size_t		written = tally_packed_size(entries, n);
		uint8_t    *again = malloc(written + TALLY_MOST_BYTES);

		tally_pack(again, again + written + TALLY_MOST_BYTES, entries, n);
		good = (size_t) (reader.next - bytes) == written && memcmp(again, bytes, written) == 0;
		free(again);
	}
	free(entries);
	return good;
}

static bool
damaged_bytes(void)
{
	TallyEntry	sorted[40];
	uint8_t    *bytes;
	size_t		size;
	size_t		cut;
	uint64_t	key = 0;
	uint32_t	n = (uint32_t) random_below(40);
	bool		good;

	for (uint32_t i = 0; i < n; i++)
	{
		key += 1 + (random64() >> (8 + random_below(56)));
		sorted[i].key = key;
		sorted[i].count = (int64_t) (1 + (random64() >> (2 + random_below(61))));
	}
	size = tally_packed_size(sorted, n);
	bytes = malloc(size + TALLY_MOST_BYTES);
	tally_pack(bytes, bytes + size + TALLY_MOST_BYTES, sorted, n);
	for (uint64_t flips = random_below(4); flips > 0; flips--)
		bytes[random_below(size)] ^= (uint8_t) (1 << random_below(8));
	cut = random_below(3) == 0 ? (size_t) random_below(size + 1) : size;

	/* a block of exactly these bytes, for a sanitizer to watch its end */
	bytes = realloc(bytes, cut > 0 ? cut : 1);
	good = read_any(bytes, cut);
	free(bytes);
	return good;
}

static Sum128
make_sum(int64_t high, uint64_t low)
{
	Sum128		sum;

	sum.high = high;
	sum.low = low;
	return sum;
}

/* Text, varint and arithmetic of one random sum. */
static bool
random_sum(void)
{
	int			shift = (int) random_below(128);
	Sum128		sum = make_sum((int64_t) random64(), random64());
	Sum128		back;
	Sum128		zero = {0, 0};
	char		text[SUM128_TEXT_SIZE];
	uint8_t		bytes[SUM128_VARINT_MAX_BYTES];
	size_t		size;
	bool		good;

	/* any number of leading sign bits */
	if (shift >= 64)
		sum = make_sum(sum.high >> 63, (uint64_t) ((int64_t) sum.low >> (shift - 64)));
	else
		sum.high >>= shift;
	if (shift >= 64)
		sum.high = (int64_t) sum.low >> 63;
	size = sum128_varint_size(sum);
	good = size <= sizeof(bytes) && sum128_varint_write(bytes, sum) == bytes + size &&
		sum128_varint_read(bytes, bytes + size, &back) == bytes + size &&
		sum128_compare(sum, back) == 0 &&
		sum128_varint_read(bytes, bytes + size - 1, &back) == NULL;
	good = good && sum128_parse(sum128_text(sum, text), &back) && sum128_compare(sum, back) == 0;
	back = zero;
	good = good && sum128_add(&back, sum) && sum128_subtract(&back, sum) && sum128_compare(back, zero) == 0;
	return good;
}

#ifdef __SIZEOF_INT128__
/* The same by the compiler's own 128 bits. */
static bool
sums_by_int128(void)
{
	int64_t		a = (int64_t) random64() >> random_below(64);
	int64_t		b = (int64_t) random64() >> random_below(64);
	__int128	expected = (__int128) a * b;
	Sum128		product = sum128_product(a, b);
	Sum128		sum = product;
	__int128	total;
	__int128	other = (__int128) ((unsigned __int128) random64() << 64 | random64());
	Sum128		term = make_sum((int64_t) (other >> 64), (uint64_t) other);
	bool		fits;
	bool		good;

	good = product.low == (uint64_t) expected && product.high == (int64_t) (expected >> 64);
	fits = !__builtin_add_overflow(expected, other, &total);
	good = good && sum128_add(&sum, term) == fits;
	if (fits)
		good = good && sum.low == (uint64_t) total && sum.high == (int64_t) (total >> 64);
	sum = term;
	good = good && sum128_add_product(&sum, a, b) == fits;
	if (fits)
		good = good && sum.low == (uint64_t) total && sum.high == (int64_t) (total >> 64);
	sum = product;
	fits = !__builtin_sub_overflow(expected, other, &total);
	good = good && sum128_subtract(&sum, term) == fits;
	if (fits)
		good = good && sum.low == (uint64_t) total && sum.high == (int64_t) (total >> 64);
	sum = product;
	sum128_add_int64(&sum, b);
	total = expected + b;
	good = good && sum.low == (uint64_t) total && sum.high == (int64_t) (total >> 64);
	if (expected < 0 ? -expected < (INT64_C(1) << 53) : expected < (INT64_C(1) << 53))
		good = good && sum128_to_double(product) == (double) (int64_t) expected;
	return good;
}
#endif

static bool
refused(const char *text)
{
	Sum128		sum;

	return !sum128_parse(text, &sum);
}

int
main(int argc, char **argv)
{
	bool		good = true;
	char		text[SUM128_TEXT_SIZE];
	Sum128		sum;

	random_state = argc > 1 ? strtoull(argv[1], NULL, 10) : UINT64_C(20240201);
	if (random_state == 0)
		random_state = 1;

	for (int i = 0; i < 1000; i++)
		good = random_life() && good;
	ok(good, "1000 random tallies of 2000 changes agree with an array and survive packing");

	good = true;
	for (int i = 0; i < 200000; i++)
		good = damaged_bytes() && good;
	ok(good, "200000 damaged packings are refused, or canonical for what they hold");

	good = true;
	for (int i = 0; i < 200000; i++)
	{
		uint8_t		bytes[24];
		size_t		size = (size_t) random_below(sizeof(bytes) + 1);

		for (size_t j = 0; j < size; j++)
			bytes[j] = (uint8_t) (random_below(3) == 0 ? random64() : random_below(6));
		good = read_any(bytes, size) && good;
	}
	ok(good, "200000 random byte strings likewise");

	good = true;
	for (int i = 0; i < 200000; i++)
		good = random_sum() && good;
	ok(good, "200000 random sums survive text and varint");
#ifdef __SIZEOF_INT128__
	good = true;
	for (int i = 0; i < 200000; i++)
		good = sums_by_int128() && good;
	ok(good, "200000 products, sums and differences agree with the compiler's");
#endif

	sum = make_sum(INT64_MIN, 0);
	ok(strcmp(sum128_text(sum, text), "-170141183460469231731687303715884105728") == 0 &&
	   sum128_parse(text, &sum) && sum128_compare(sum, make_sum(INT64_MIN, 0)) == 0,
	   "the smallest sum as text");
	sum = make_sum(INT64_MAX, UINT64_MAX);
	ok(strcmp(sum128_text(sum, text), "170141183460469231731687303715884105727") == 0 &&
	   sum128_parse(text, &sum) && sum128_compare(sum, make_sum(INT64_MAX, UINT64_MAX)) == 0,
	   "the largest sum as text");
	ok(refused("170141183460469231731687303715884105728") &&
	   refused("-170141183460469231731687303715884105729") &&
	   refused("1701411834604692317316873037158841057270") &&
	   refused("999999999999999999999999999999999999999999") &&
	   refused("") && refused("-") && refused("+1") && refused("1 ") && refused("1e3") && refused("--1"),
	   "what is not a sum, or too large for one, is refused");
	ok(sum128_to_double(make_sum(-1, UINT64_MAX - 4)) == -5.0, "a small negative sum as a double");

	printf("1..%d\n", tests);
	return failures > 0;
}
