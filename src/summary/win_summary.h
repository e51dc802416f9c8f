/*
 * win_summary.h
 *		How deals ended, by the competitors that were considered in them.
 *
 * A deal that considers k distinct competitors counts in full in the row of
 * each, and the cells keep k, so that the fractional credit 1/k is exact too:
 * it is a count divided by k. The same cells for all deals together tell what
 * was uncontested (k = 0).
 *
 * Packed form (stored, canonical, a plain byte string after the header):
 *
 *		varlena header
 *		version (1)
 *		flags (WIN_OPEN_FORM clear)
 *		of all deals: amounts won and lost (ten-thousandths, zigzag varints of
 *			128 bits), then the cells, a packed tally by WIN_KEY(k, category)
 *		varint: competitors
 *		of each, ascending by bytes: length byte and name, then the same as above
 *
 * Size in bytes: 10 and more for header and all deals, and for every competitor
 * its name and 6 and more: length byte, two amounts (1 byte each when zero,
 * 4 or 5 for millions), number of cells, and for each number k and category
 * that occurs 2 and more (a varint of the gap, a varint of the count).
 *
 * Open form (aggregate state; ALIGNMENT = double): the struct below, a
 * NameTable, the amounts of all deals and of each name, and an open tally by
 * WIN_CELL(number of the name plus one, 0 for all deals; k; category). It
 * starts at 504 bytes. `inputs` tells a frame without rows (NULL) from a summary
 * of nothing; a packed form opened again counts as one.
 */
#ifndef EM_WIN_SUMMARY_H
#define EM_WIN_SUMMARY_H

#include "base/compat.h"

#include "base/label.h"
#include "base/name_table.h"
#include "plain/sum128.h"
#include "plain/tally.h"

#define WIN_SUMMARY_VERSION 1
#define WIN_OPEN_FORM 0x01

#define WIN_MAX_CONSIDERED 1000 /* competitors in one deal */
#define WIN_MAX_COMPETITORS (1 << 20)	/* competitors in one summary */
#define WIN_MAX_DEALS (PG_INT64_MAX / (4 * WIN_MAX_CONSIDERED))

typedef enum WinCategory
{
	WIN_WON,
	WIN_LOST,					/* not to this one, or nobody knows to whom */
	WIN_LOST_TO,				/* lost to this one; of all deals: to somebody who is named */
	WIN_NO_DECISION,
	WIN_STILL_OPEN
} WinCategory;

#define WIN_CATEGORIES 5

#define WIN_KEY(k, category) ((uint64) (k) * 8 + (category))
#define WIN_KEY_CONSIDERED(key) ((int64) ((key) / 8))
#define WIN_KEY_CATEGORY(key) ((int) ((key) % 8))

typedef struct WinAmounts
{
	Sum128		won;			/* ten-thousandths */
	Sum128		lost;
} WinAmounts;

/* One row: the deals of a competitor, or all. */
typedef struct WinGroup
{
	Label		name;			/* length 0 for all deals */
	WinAmounts	amounts;
	TallyEntry *cells;			/* ascending by WIN_KEY, all positive */
	uint32		ncells;
} WinGroup;

/* A summary of either form taken apart. */
typedef struct WinView
{
	WinGroup	all;
	WinGroup   *competitors;	/* ascending by bytes */
	uint32		ncompetitors;
	bool		stray_amounts;	/* an open form only: amounts under a name without deals */
} WinView;

/* Detoasts and checks (XX001 when damaged), in the current context. */
extern void win_view(WinView *view, Datum datum);

/* Cells of all groups while their number is not known; groups hold an index until the end. */
typedef struct CellList
{
	TallyEntry *cells;
	Size		n;
	Size		capacity;
} CellList;

extern void win_cell_list_grow(CellList *list);

static inline TallyEntry *
win_cell_list_add(CellList *list)
{
	if (list->n == list->capacity)
		win_cell_list_grow(list);
	return &list->cells[list->n++];
}

extern void win_distribute_cells(WinView *view, const CellList *list);

/* Can deals have made this? NULL, or why not. */
extern const char *win_check_view(const WinView *view);
/* Takes packed bytes apart and checks them; NULL, or what is wrong. */
extern const char *win_view_packed(WinView *view, const uint8 *data, Size size);
extern struct varlena *win_pack(const WinView *view);

typedef struct WinState
{
	int32		vl_len_;
	uint8		version;
	uint8		flags;
	uint16		unused;			/* zero */
	int64		inputs;			/* rows taken in, less those taken out again */
	uint32		name_capacity;
	uint32		name_room;
	uint32		cell_capacity;
	uint32		unused2;		/* zero */
	/* NameTable, WinAmounts[name_capacity + 1], Tally */
} WinState;

/* An empty open form with room for so many names, their bytes and cells, and more. */
extern WinState *win_create(uint64 names, uint64 bytes, uint64 cells);
/* A value of either form as an open copy. */
extern WinState *win_open(Datum datum);
/* Argument `argno` to be changed: in place when it is an aggregate's state, else a copy. */
extern WinState *win_state(FunctionCallInfo fcinfo, int argno);
static inline NameTable *
state_names(const WinState *state)
{
	return (NameTable *) (unconstify(WinState *, state) + 1);
}

static inline WinAmounts *
state_amounts(const WinState *state)
{
	return (WinAmounts *) ((char *) state_names(state) +
						   name_table_size(state->name_capacity, state->name_room));
}

static inline Tally *
state_cells(const WinState *state)
{
	return (Tally *) (state_amounts(state) + state->name_capacity + 1);
}

/* A larger copy in the current context, with room for so much more. */
extern WinState *win_grow(const WinState *state, uint64 names, uint64 bytes, uint64 cells);

/*
 * The same state, or a larger copy in the current context, with room for so
 * much more: the caller returns it and never frees the old one.
 */
static inline WinState *
win_reserve(WinState *state, uint64 names, uint64 bytes, uint64 cells)
{
	if (likely(name_table_fits(state_names(state), names, bytes) &&
			   cells <= TALLY_LIMIT(state->cell_capacity) - state_cells(state)->used))
		return state;
	return win_grow(state, names, bytes, cells);
}

/* Adding to a state with room, in the row of a name or (length 0) all deals; 22003 below zero. */
extern uint32 win_row(WinState *state, Label name, int sign);
extern void win_add(WinState *state, uint32 row, uint64 key, int64 count);
extern void win_add_amounts(WinState *state, uint32 row, WinAmounts amounts, int sign);
/* Adds (sign 1) or subtracts (sign -1) a summary of either form, growing. */
extern WinState *win_merge(WinState *state, Datum other, int sign);

/* How many rows a value of either form stands for, as far as an aggregate must know. */
extern int64 win_inputs(Datum datum);
/* A value of either form packed; 22003 when a subtraction made something impossible. */
extern struct varlena *win_finish(FunctionCallInfo fcinfo, Datum datum);

/* Amounts in ten-thousandths as a number in its shortest form. */
#define WIN_AMOUNT_TEXT_SIZE (SUM128_TEXT_SIZE + 6)
extern char *win_amount_text(Sum128 amount, char *buffer);

#endif							/* EM_WIN_SUMMARY_H */
