/*
 * name_sets.h
 *		Distinct names of each group of a summary: exact up to NAME_SET_EXACT, and
 *		beyond it a sketch.
 *
 * With one name more than that a set holds the registers of a HyperLogLog
 * sketch instead (Flajolet et al. 2007; PostgreSQL's lib/hyperloglog). Which of
 * the two it is depends on the set alone, and so do the registers: the maximum
 * over the names, whatever the order and the merges. The standard error of the
 * sketch is 1.04 / sqrt(registers) = 0.81 %. Sets only grow.
 *
 * Packed form of a set: a varint of names * 2, then those, ascending by bytes,
 * each a varint of its length and its bytes; or 1, then the registers, 5 bits each.
 *
 * Open form, part of a summary's state: the struct below, a head for each set,
 * a NameTable of the names of all sets, an open tally of (name, set) pairs, and
 * registers, a byte each.
 */
#ifndef EM_NAME_SETS_H
#define EM_NAME_SETS_H

#include "base/compat.h"

#include "base/label.h"
#include "base/name_table.h"
#include "plain/tally.h"

#define NAME_SET_EXACT 4096
#define NAME_SET_WIDTH 14
#define NAME_SET_REGISTERS (1 << NAME_SET_WIDTH)
#define NAME_SET_MAX_REGISTER (32 - NAME_SET_WIDTH + 1)

/* A set taken apart. */
typedef struct NameSet
{
	Label	   *names;			/* ascending, distinct; unless there is a sketch */
	uint32		n;
	const uint8 *registers;		/* NULL while the names are exact */
} NameSet;

/* How much sets have space for. */
typedef struct NameSetsSizes
{
	uint32		sets;
	uint32		names;
	uint32		name_bytes;
	uint32		pairs;
	uint32		sketches;
} NameSetsSizes;

typedef struct NameSets
{
	NameSetsSizes sizes;
	uint32		sketches_used;
	/* heads, NameTable, Tally, registers */
} NameSets;

extern Size name_sets_size(const NameSetsSizes *sizes);
extern void name_sets_init(NameSets *sets, const NameSetsSizes *sizes);

/* Have the parts, in `size` bytes, the sizes that they would have been given here? */
extern bool name_sets_sane(const NameSets *sets, Size size);

/* Space for so many sets, and names, their bytes and sketches more than there are. */
extern NameSetsSizes name_sets_plan(const NameSets *sets, uint32 nsets, uint64 names, uint64 name_bytes,
								   uint32 sketches);
extern bool name_sets_fit(const NameSets *sets, uint64 names, uint64 name_bytes);

/* Copies all sets into empty ones that have space for them. */
extern void name_sets_copy(NameSets *to, const NameSets *from);

/* Adds a name, for which there must be space; false when it takes a sketch more than there is space for. */
extern bool name_sets_add(NameSets *sets, uint32 set, Label name);

/* Adds the registers of a sketch; false as above. */
extern bool name_sets_add_registers(NameSets *sets, uint32 set, const uint8 *registers);

/* The first n sets taken apart, in the current context. */
extern NameSet *name_sets_view(const NameSets *sets, uint32 n);

/* A packed set: read returns what follows, NULL when it is malformed. */
extern const uint8 *name_set_read(NameSet *set, const uint8 *in, const uint8 *end);
extern Size name_set_size(const NameSet *set);
extern uint8 *name_set_write(uint8 *out, const NameSet *set);

/* NULL, or what is wrong with a set taken apart; `what` is what the names are. */
extern const char *name_set_check(const NameSet *set, const char *what);

/* How many names a set has: exact, or the estimate rounded. */
extern int64 name_set_count(const NameSet *set);

#endif							/* EM_NAME_SETS_H */
