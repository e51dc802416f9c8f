/*
 * content_summary.h
 *		What was done with content: events, distinct actors and time, by action.
 *
 * Distinct actors of an action are exact, by name, up to CONTENT_EXACT_ACTORS;
 * with one more the action holds the registers of a HyperLogLog sketch instead
 * (Flajolet et al. 2007; PostgreSQL's lib/hyperloglog). Which of the two it is
 * depends on the set of actors alone, and so do the registers: the maximum over
 * the actors, whatever the order and the merges. The standard error of the
 * sketch is 1.04 / sqrt(registers) = 0.81 %.
 *
 * Packed form (stored, canonical, a plain byte string after the header):
 *
 *		varlena header
 *		version (1)
 *		flags (CONTENT_OPEN_FORM clear)
 *		varint: actions
 *		of each, ascending by bytes: length byte and name;
 *			varint: events;
 *			varint: actors * 2, then those, ascending by bytes, each a length byte
 *				and its bytes; or 1, then the registers, 5 bits each;
 *			sum of all times, microseconds, zigzag varint of 128 bits;
 *			how many events took how many whole seconds, a packed tally
 *
 * Size in bytes: 7 for the header, and for every action its name and 5 and
 * more, and for every distinct actor its name and 1 (10,240 in all for a
 * sketch), and for every distinct whole second 2 and more.
 *
 * Open form (aggregate state; ALIGNMENT = double): the struct below; a
 * NameTable of actions and a ContentAction for each; a NameTable of actors; an
 * open tally of (actor, action) pairs and one of (second, action); registers, a
 * byte each. It starts at 792 bytes.
 */
#ifndef EM_CONTENT_SUMMARY_H
#define EM_CONTENT_SUMMARY_H

#include "base/compat.h"

#include "base/label.h"
#include "plain/sum128.h"
#include "plain/tally.h"

#define CONTENT_SUMMARY_VERSION 1
#define CONTENT_OPEN_FORM 0x01

#define CONTENT_MAX_ACTIONS 65536
#define CONTENT_EXACT_ACTORS 4096	/* of one action */
#define CONTENT_SKETCH_WIDTH 14
#define CONTENT_REGISTERS (1 << CONTENT_SKETCH_WIDTH)
#define CONTENT_MAX_REGISTER (32 - CONTENT_SKETCH_WIDTH + 1)
#define CONTENT_SKETCH_BYTES (CONTENT_REGISTERS / 8 * 5)	/* packed */

/* One action. */
typedef struct ContentGroup
{
	Label		name;
	int64		events;
	Label	   *actors;			/* ascending, distinct; unless there is a sketch */
	uint32		nactors;
	const uint8 *registers;		/* NULL while the actors are exact */
	Sum128		microseconds;
	TallyEntry *seconds;		/* whole seconds, ascending */
	uint32		nseconds;
} ContentGroup;

/* A summary of either form taken apart. */
typedef struct ContentView
{
	ContentGroup *actions;		/* ascending by bytes */
	uint32		nactions;
} ContentView;

/* Detoasts and checks (XX001 when damaged), in the current context. */
extern void content_view(ContentView *view, Datum datum);

/* XX001, and 54000 for what would pass the limits. */
extern void content_damaged(const char *problem);
extern void content_too_large(void);

/* Can events have made this? NULL, or why not. */
extern const char *content_check_view(const ContentView *view);
/* Takes packed bytes apart and checks them; NULL, or what is wrong. */
extern const char *content_view_packed(ContentView *view, const uint8 *data, Size size);
extern struct varlena *content_pack(const ContentView *view);

/* The distinct actors of an action: exact, or the estimate rounded. */
extern int64 content_distinct_actors(const ContentGroup *group);

typedef struct ContentState ContentState;

static inline bool
content_is_open(const void *datum)
{
	return VARSIZE_ANY_EXHDR(datum) >= 2 &&
		(((const uint8 *) VARDATA_ANY(datum))[1] & CONTENT_OPEN_FORM);
}

/* Takes an open form apart, unchecked but for what would lead outside it. */
extern void content_view_open(ContentView *view, Datum datum);

/* An empty open form. */
extern ContentState *content_create(void);
/* A value of either form as an open copy. */
extern ContentState *content_open(Datum datum);
/* Argument `argno` to be changed: in place when it is an aggregate's state, else a copy. */
extern ContentState *content_state(FunctionCallInfo fcinfo, int argno);

/*
 * One event more. An actor of length 0 is none; microseconds below zero mean
 * that nobody knows how long it took. Here and below the result is the same
 * state, or a larger copy in the current context; the old one is never freed.
 */
extern ContentState *content_add(ContentState *state, Label action, Label actor, int64 microseconds);
/* Adds a summary of either form. */
extern ContentState *content_merge(ContentState *state, Datum other);
/* A value of either form packed. */
extern struct varlena *content_finish(Datum datum);

#endif							/* EM_CONTENT_SUMMARY_H */
