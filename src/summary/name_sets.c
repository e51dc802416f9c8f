/*
 * name_sets.c
 *		Distinct names of each group of a summary, exact or as a sketch. Both
 *		forms stand in name_sets.h.
 */
#include "summary/name_sets.h"

#include <math.h>

#include "lib/hyperloglog.h"
#include "miscadmin.h"
#include "utils/memutils.h"

#include "plain/varint.h"

#define PACKED_REGISTERS (NAME_SET_REGISTERS / 8 * 5)

#define MAX_PAIRS (UINT32_C(1) << 25)
#define MAX_SETS (UINT32_C(1) << 20)

/* Keys of the tally. */
#define PAIR_KEY(name, set) ((uint64) (name) * MAX_SETS + (set))
#define PAIR_SET(key) ((uint32) ((key) % MAX_SETS))
#define PAIR_NAME(key) ((key) / MAX_SETS)

typedef struct SetHead
{
	uint32		n;				/* exact names; 0 with a sketch */
	uint32		sketch;			/* its number plus one, 0 while exact */
} SetHead;

static void
damaged(const char *problem)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATA_CORRUPTED),
			 errmsg("damaged set of names"),
			 errdetail_internal("%s", problem)));
}

/* ---------------------------------------------------------------- the open form */

Size
name_sets_size(const NameSetsSizes *sizes)
{
	return sizeof(NameSets) + sizeof(SetHead) * (Size) sizes->sets +
		name_table_size(sizes->names, sizes->name_bytes) + tally_size(sizes->pairs) +
		(Size) sizes->sketches * NAME_SET_REGISTERS;
}

static inline SetHead *
heads_of(const NameSets *sets)
{
	return (SetHead *) (unconstify(NameSets *, sets) + 1);
}

static inline NameTable *
names_of(const NameSets *sets)
{
	return (NameTable *) (heads_of(sets) + sets->sizes.sets);
}

static inline Tally *
pairs_of(const NameSets *sets)
{
	return (Tally *) ((char *) names_of(sets) +
					  name_table_size(sets->sizes.names, sets->sizes.name_bytes));
}

static inline uint8 *
registers_of(const NameSets *sets, uint32 sketch)
{
	return (uint8 *) pairs_of(sets) + tally_size(sets->sizes.pairs) +
		(Size) sketch * NAME_SET_REGISTERS;
}

void
name_sets_init(NameSets *sets, const NameSetsSizes *sizes)
{
	sets->sizes = *sizes;
	sets->sketches_used = 0;
	memset(heads_of(sets), 0, sizeof(SetHead) * (Size) sizes->sets);
	name_table_init(names_of(sets), sizes->names, sizes->name_bytes);
	tally_init(pairs_of(sets), sizes->pairs);
	memset(registers_of(sets, 0), 0, (Size) sizes->sketches * NAME_SET_REGISTERS);
}

static bool
power_of_two(uint32 n, uint32 least, uint32 most)
{
	return n >= least && n <= most && (n & (n - 1)) == 0;
}

bool
name_sets_sane(const NameSets *sets, Size size)
{
	const NameSetsSizes *sizes = &sets->sizes;

	return size >= sizeof(NameSets) && sizes->sets <= MAX_SETS &&
		power_of_two(sizes->names, NAME_TABLE_MIN_CAPACITY, MAX_PAIRS) &&
		power_of_two(sizes->pairs, TALLY_MIN_CAPACITY, MAX_PAIRS) &&
		sizes->name_bytes % 8 == 0 && sets->sketches_used <= sizes->sketches &&
		size == name_sets_size(sizes) &&
		name_table_sane(names_of(sets), sizes->names, sizes->name_bytes) &&
		pairs_of(sets)->capacity == sizes->pairs &&
		pairs_of(sets)->used <= TALLY_LIMIT(sizes->pairs);
}

bool
name_sets_fit(const NameSets *sets, uint64 names, uint64 name_bytes)
{
	return name_table_fits(names_of(sets), names, name_bytes) &&
		names <= TALLY_LIMIT(sets->sizes.pairs) - pairs_of(sets)->used;
}

NameSetsSizes
name_sets_plan(const NameSets *sets, uint32 nsets, uint64 names, uint64 name_bytes, uint32 sketches)
{
	NameSetsSizes sizes = {.pairs = TALLY_MIN_CAPACITY};
	uint64		pairs = names;

	if (sets != NULL)
		sizes = sets->sizes;
	sizes.sets = nsets;
	if (sets != NULL && sketches > sizes.sketches - sets->sketches_used)
		sizes.sketches = sets->sketches_used + sets->sketches_used / 2 + sketches;
	if (sets != NULL && name_sets_fit(sets, names, name_bytes))
		return sizes;

	if (sets != NULL)
	{
		pairs += pairs_of(sets)->used;
		names += names_of(sets)->used;
		name_bytes += names_of(sets)->filled;
	}
	sizes.names = name_table_capacity(Min(names, MAX_PAIRS));
	sizes.name_bytes = name_table_space(Max(name_bytes, 32));
	while (sizes.pairs < MAX_PAIRS && TALLY_LIMIT(sizes.pairs) < pairs + pairs / 2)
		sizes.pairs *= 2;
	return sizes;
}

void
name_sets_copy(NameSets *to, const NameSets *from)
{
	const NameTable *names = names_of(from);

	to->sketches_used = from->sketches_used;
	memcpy(heads_of(to), heads_of(from), sizeof(SetHead) * (Size) Min(to->sizes.sets, from->sizes.sets));
	for (uint32 i = 0; i < names->used; i++)
		(void) name_table_add(names_of(to), name_table_label(names, i));
	tally_rehash(pairs_of(to), pairs_of(from));
	memcpy(registers_of(to, 0), registers_of(from, 0), (Size) from->sketches_used * NAME_SET_REGISTERS);
}

/* ---------------------------------------------------------------- adding */

/* Puts a name into registers: PostgreSQL's rule, on a hash that never changes. */
static void
sketch_add(uint8 *registers, Label name)
{
	hyperLogLogState sketch;

	memset(&sketch, 0, sizeof(sketch));
	sketch.registerWidth = NAME_SET_WIDTH;
	sketch.nRegisters = NAME_SET_REGISTERS;
	sketch.hashesArr = registers;
	addHyperLogLog(&sketch, (uint32) (label_hash(name) >> 32));
}

/* The registers of a set with a sketch. */
static uint8 *
sketch_of(const NameSets *sets, const SetHead *head)
{
	if (head->sketch > sets->sketches_used)
		damaged("A sketch is missing.");
	return registers_of(sets, head->sketch - 1);
}

/* From exact names to a sketch; false when there is no space for one. */
static bool
change_to_sketch(NameSets *sets, uint32 set)
{
	Tally	   *pairs = pairs_of(sets);
	uint8	   *registers;

	if (sets->sketches_used == sets->sizes.sketches)
		return false;
	registers = registers_of(sets, sets->sketches_used++);
	for (uint32 i = 0; i < pairs->capacity; i++)
	{
		uint64		key = pairs->slots[i].key - 1;

		if (pairs->slots[i].key == 0 || pairs->slots[i].count == 0 || PAIR_SET(key) != set)
			continue;
		if (PAIR_NAME(key) >= names_of(sets)->used)
			damaged("A number has no name.");
		sketch_add(registers, name_table_label(names_of(sets), PAIR_NAME(key)));
		pairs->slots[i].count = 0;
	}
	heads_of(sets)[set].n = 0;
	heads_of(sets)[set].sketch = sets->sketches_used;
	return true;
}

bool
name_sets_add(NameSets *sets, uint32 set, Label name)
{
	SetHead    *head;
	Tally	   *pairs = pairs_of(sets);
	uint64		pair;

	if (set >= sets->sizes.sets)
		damaged("A set is missing.");
	head = &heads_of(sets)[set];
	if (head->sketch == 0)
	{
		pair = PAIR_KEY(name_table_add(names_of(sets), name), set);
		if (tally_add_quickly(pairs, pair, 1))
			return true;
		if (head->n < NAME_SET_EXACT || tally_count(pairs, pair) > 0)
		{
			uint32		used = pairs->used;

			if (tally_add(pairs, pair, 1) != TALLY_OK)
				damaged("Its sizes do not agree.");
			head->n += pairs->used - used;
			return true;
		}
		if (!change_to_sketch(sets, set))
			return false;
	}
	sketch_add(sketch_of(sets, head), name);
	return true;
}

bool
name_sets_add_registers(NameSets *sets, uint32 set, const uint8 *registers)
{
	SetHead    *head;
	uint8	   *mine;

	if (set >= sets->sizes.sets)
		damaged("A set is missing.");
	head = &heads_of(sets)[set];
	if (head->sketch == 0 && !change_to_sketch(sets, set))
		return false;
	mine = sketch_of(sets, head);
	for (int i = 0; i < NAME_SET_REGISTERS; i++)
		mine[i] = Max(mine[i], registers[i]);
	return true;
}

/* ---------------------------------------------------------------- taking apart */

/* A name under the number of its set. */
typedef struct Member
{
	uint32		set;
	Label		name;
} Member;

static int
compare_members(const void *a, const void *b)
{
	const Member *left = a;
	const Member *right = b;

	if (left->set != right->set)
		return left->set < right->set ? -1 : 1;
	return label_compare(left->name, right->name);
}

NameSet *
name_sets_view(const NameSets *sets, uint32 n)
{
	const Tally *pairs = pairs_of(sets);
	const NameTable *names = names_of(sets);
	NameSet    *result = palloc0(sizeof(NameSet) * (Size) Max(n, 1));
	Member	   *members = palloc_extended(sizeof(Member) * (Size) Max(pairs->used, 1), MCXT_ALLOC_HUGE);
	Label	   *labels = palloc_extended(sizeof(Label) * (Size) Max(pairs->used, 1), MCXT_ALLOC_HUGE);
	uint32		nmembers = 0;

	if (n > sets->sizes.sets)
		damaged("A set is missing.");
	for (uint32 i = 0; i < n; i++)
		if (heads_of(sets)[i].sketch > 0)
			result[i].registers = sketch_of(sets, &heads_of(sets)[i]);

	for (uint32 i = 0; i < pairs->capacity && nmembers < pairs->used; i++)
	{
		uint64		key = pairs->slots[i].key - 1;

		if (pairs->slots[i].key == 0 || pairs->slots[i].count == 0)
			continue;
		if (PAIR_SET(key) >= n || PAIR_NAME(key) >= names->used)
			damaged("A number has no name.");
		members[nmembers].set = PAIR_SET(key);
		members[nmembers++].name = name_table_label(names, PAIR_NAME(key));
	}
	qsort(members, nmembers, sizeof(Member), compare_members);
	for (uint32 i = 0; i < nmembers; i++)
	{
		NameSet    *set = &result[members[i].set];

		labels[i] = members[i].name;
		if (set->n++ == 0)
			set->names = &labels[i];
	}
	pfree(members);
	return result;
}

const char *
name_set_check(const NameSet *set, const char *what)
{
	if (set->n > NAME_SET_EXACT || (set->registers != NULL && set->n > 0))
		return psprintf("there are too many %s", what);
	for (uint32 i = 0; i < set->n; i++)
		if (set->names[i].length == 0 || set->names[i].length > LABEL_MAX_BYTES ||
			(i > 0 && label_compare(set->names[i - 1], set->names[i]) >= 0))
			return psprintf("%s are not in ascending order", what);
	if (set->registers != NULL)
		for (int i = 0; i < NAME_SET_REGISTERS; i++)
			if (set->registers[i] > NAME_SET_MAX_REGISTER)
				return "a register is out of range";
	return NULL;
}

int64
name_set_count(const NameSet *set)
{
	hyperLogLogState sketch;
	double		estimate;

	if (set->registers == NULL)
		return set->n;
	initHyperLogLog(&sketch, NAME_SET_WIDTH);
	memcpy(sketch.hashesArr, set->registers, NAME_SET_REGISTERS);
	estimate = rint(estimateHyperLogLog(&sketch));
	freeHyperLogLog(&sketch);

	/* more than fit the exact form; not cut at anything else, so that it depends on the names alone */
	return (int64) Max(estimate, NAME_SET_EXACT + 1);
}

/* ---------------------------------------------------------------- the packed form */

/* Eight registers in five bytes, the first in the lowest bits. */
static const uint8 *
unpack_registers(const uint8 *in, uint8 *registers)
{
	for (int i = 0; i < NAME_SET_REGISTERS; i += 8, in += 5)
	{
		uint64		bits = 0;

		for (int j = 4; j >= 0; j--)
			bits = bits << 8 | in[j];
		for (int j = 0; j < 8; j++)
			registers[i + j] = (bits >> (5 * j)) & 0x1F;
	}
	return in;
}

static uint8 *
pack_registers(uint8 *out, const uint8 *registers)
{
	for (int i = 0; i < NAME_SET_REGISTERS; i += 8)
	{
		uint64		bits = 0;

		for (int j = 7; j >= 0; j--)
			bits = bits << 5 | registers[i + j];
		for (int j = 0; j < 5; j++)
			*out++ = (uint8) (bits >> (8 * j));
	}
	return out;
}

const uint8 *
name_set_read(NameSet *set, const uint8 *in, const uint8 *end)
{
	uint64		n;

	memset(set, 0, sizeof(*set));
	in = varint_read(in, end, &n);
	if (in == NULL)
		return NULL;
	if (n == 1)
	{
		uint8	   *registers;

		if (end - in < PACKED_REGISTERS)
			return NULL;
		set->registers = registers = palloc(NAME_SET_REGISTERS);
		return unpack_registers(in, registers);
	}
	if (n % 2 != 0 || n / 2 > NAME_SET_EXACT)
		return NULL;

	set->n = (uint32) (n / 2);
	if (set->n > 0)
		set->names = palloc(sizeof(Label) * set->n);
	for (uint32 i = 0; i < set->n; i++)
	{
		/* longer than a label in the encoding of a client, perhaps: name_set_check() asks */
		in = varint_read(in, end, &n);
		if (in == NULL || n == 0 || n > Min(end - in, 4 * LABEL_MAX_BYTES))
			return NULL;
		set->names[i].length = (int) n;
		set->names[i].data = (const char *) in;
		in += n;
	}
	return in;
}

Size
name_set_size(const NameSet *set)
{
	Size		size = varint_size((uint64) set->n * 2);

	if (set->registers != NULL)
		return 1 + PACKED_REGISTERS;
	for (uint32 i = 0; i < set->n; i++)
		size += varint_size(set->names[i].length) + set->names[i].length;
	return size;
}

uint8 *
name_set_write(uint8 *out, const NameSet *set)
{
	if (set->registers != NULL)
		return pack_registers(varint_write(out, 1), set->registers);
	out = varint_write(out, (uint64) set->n * 2);
	for (uint32 i = 0; i < set->n; i++)
	{
		out = varint_write(out, set->names[i].length);
		memcpy(out, set->names[i].data, set->names[i].length);
		out += set->names[i].length;
	}
	return out;
}
