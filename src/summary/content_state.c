/*
 * content_state.c
 *		The open form of a content_summary: made, grown and merged in place.
 *
 * Its parts stand in content_summary.h.
 */
#include "summary/content_summary.h"

#include "datatype/timestamp.h"
#include "lib/hyperloglog.h"
#include "miscadmin.h"
#include "utils/memutils.h"

#include "base/name_table.h"

#define TYPE_NAME "content_summary"

#define MAX_CELLS (UINT32_C(1) << 25)

/* Keys of the two tallies. */
#define PAIR_KEY(actor, action) ((uint64) (actor) * CONTENT_MAX_ACTIONS + (action))
#define SECOND_KEY(second, action) ((uint64) (second) * CONTENT_MAX_ACTIONS + (action))
#define KEY_ACTION(key) ((uint32) ((key) % CONTENT_MAX_ACTIONS))
#define KEY_VALUE(key) ((key) / CONTENT_MAX_ACTIONS)

/* The room of an open form, or a need for more of it. */
typedef struct Room
{
	uint32		actions;
	uint32		action_bytes;
	uint32		actors;
	uint32		actor_bytes;
	uint32		pairs;
	uint32		seconds;
	uint32		sketches;
} Room;

struct ContentState
{
	int32		vl_len_;
	uint8		version;
	uint8		flags;
	uint16		unused;			/* zero */
	Room		room;			/* capacities */
	uint32		sketches_used;
};

typedef struct ContentAction
{
	int64		events;
	Sum128		microseconds;
	uint32		nactors;		/* 0 with a sketch */
	uint32		sketch;			/* its number plus one, 0 while exact */
} ContentAction;

/* ---------------------------------------------------------------- the open form */

static Size
open_size(const Room *room)
{
	return sizeof(ContentState) +
		name_table_size(room->actions, room->action_bytes) + sizeof(ContentAction) * (Size) room->actions +
		name_table_size(room->actors, room->actor_bytes) +
		tally_size(room->pairs) + tally_size(room->seconds) + (Size) room->sketches * CONTENT_REGISTERS;
}

static inline NameTable *
state_action_names(const ContentState *state)
{
	return (NameTable *) (unconstify(ContentState *, state) + 1);
}

static inline ContentAction *
state_actions(const ContentState *state)
{
	return (ContentAction *) ((char *) state_action_names(state) +
							  name_table_size(state->room.actions, state->room.action_bytes));
}

static inline NameTable *
state_actors(const ContentState *state)
{
	return (NameTable *) (state_actions(state) + state->room.actions);
}

static inline Tally *
state_pairs(const ContentState *state)
{
	return (Tally *) ((char *) state_actors(state) +
					  name_table_size(state->room.actors, state->room.actor_bytes));
}

static inline Tally *
state_seconds(const ContentState *state)
{
	return (Tally *) ((char *) state_pairs(state) + tally_size(state->room.pairs));
}

static inline uint8 *
state_sketch(const ContentState *state, uint32 number)
{
	return (uint8 *) state_seconds(state) + tally_size(state->room.seconds) +
		(Size) number * CONTENT_REGISTERS;
}

static ContentState *
create(const Room *room)
{
	Size		size = open_size(room);
	ContentState *state;

	if (!AllocSizeIsValid(size))
		content_too_large();
	state = palloc(size);
	memset(state, 0, sizeof(ContentState));
	SET_VARSIZE(state, size);
	state->version = CONTENT_SUMMARY_VERSION;
	state->flags = CONTENT_OPEN_FORM;
	state->room = *room;
	name_table_init(state_action_names(state), room->actions, room->action_bytes);
	memset(state_actions(state), 0, sizeof(ContentAction) * (Size) room->actions);
	name_table_init(state_actors(state), room->actors, room->actor_bytes);
	tally_init(state_pairs(state), room->pairs);
	tally_init(state_seconds(state), room->seconds);
	if (room->sketches > 0)
		memset(state_sketch(state, 0), 0, (Size) room->sketches * CONTENT_REGISTERS);
	return state;
}

ContentState *
content_create(void)
{
	static const Room room = {
		.actions = NAME_TABLE_MIN_CAPACITY, .action_bytes = 64,
		.actors = NAME_TABLE_MIN_CAPACITY, .actor_bytes = 64,
		.pairs = TALLY_MIN_CAPACITY, .seconds = TALLY_MIN_CAPACITY
	};

	return create(&room);
}

static bool
sane_tally(const Tally *tally, uint32 capacity)
{
	return tally->capacity == capacity && tally->used <= TALLY_LIMIT(capacity);
}

static bool
power_of_two(uint32 n, uint32 least, uint32 most)
{
	return n >= least && n <= most && (n & (n - 1)) == 0;
}

/* Detoasts an open form to where its fields are aligned, and checks its sizes. */
static ContentState *
aligned_open(Datum datum)
{
	ContentState *state = (ContentState *) PG_DETOAST_DATUM(datum);
	Size		size = VARSIZE(state);
	const Room *room = &state->room;

	if ((uintptr_t) state % sizeof(int64) != 0)
	{
		state = memcpy(palloc(size), state, size);
		room = &state->room;
	}
	if (size < sizeof(ContentState) || state->version != CONTENT_SUMMARY_VERSION ||
		state->flags != CONTENT_OPEN_FORM ||
		!power_of_two(room->actions, NAME_TABLE_MIN_CAPACITY, 4 * CONTENT_MAX_ACTIONS) ||
		!power_of_two(room->actors, NAME_TABLE_MIN_CAPACITY, MAX_CELLS) ||
		!power_of_two(room->pairs, TALLY_MIN_CAPACITY, MAX_CELLS) ||
		!power_of_two(room->seconds, TALLY_MIN_CAPACITY, MAX_CELLS) ||
		room->action_bytes % 8 != 0 || room->actor_bytes % 8 != 0 ||
		size != open_size(room) || state->sketches_used > room->sketches ||
		!name_table_sane(state_action_names(state), room->actions, room->action_bytes) ||
		!name_table_sane(state_actors(state), room->actors, room->actor_bytes) ||
		!sane_tally(state_pairs(state), room->pairs) ||
		!sane_tally(state_seconds(state), room->seconds))
		content_damaged("its sizes do not agree");
	return state;
}

/* ---------------------------------------------------------------- growing */

static uint32
tally_capacity(uint64 cells)
{
	uint32		capacity = TALLY_MIN_CAPACITY;

	while (capacity < MAX_CELLS && TALLY_LIMIT(capacity) < cells + cells / 2)
		capacity *= 2;
	if (TALLY_LIMIT(capacity) < cells)
		content_too_large();
	return capacity;
}

/* The state, or a larger copy, with room for so much more; numbers stay what they are. */
static ContentState *
reserve(ContentState *state, const Room *more)
{
	const NameTable *names = state_action_names(state);
	const NameTable *actors = state_actors(state);
	Room		room = state->room;
	ContentState *grown;
	bool		fits = true;

	if (!name_table_fits(names, more->actions, more->action_bytes))
	{
		fits = false;
		room.actions = Max(room.actions, name_table_capacity((uint64) names->used + more->actions));
		room.action_bytes = Max(room.action_bytes,
								name_table_room((uint64) names->filled + more->action_bytes));
	}
	if (!name_table_fits(actors, more->actors, more->actor_bytes))
	{
		fits = false;
		room.actors = Max(room.actors, name_table_capacity((uint64) actors->used + more->actors));
		room.actor_bytes = Max(room.actor_bytes,
							   name_table_room((uint64) actors->filled + more->actor_bytes));
	}
	if (more->pairs > TALLY_LIMIT(room.pairs) - state_pairs(state)->used)
	{
		fits = false;
		room.pairs = Max(room.pairs, tally_capacity((uint64) state_pairs(state)->used + more->pairs));
	}
	if (more->seconds > TALLY_LIMIT(room.seconds) - state_seconds(state)->used)
	{
		fits = false;
		room.seconds = Max(room.seconds,
						   tally_capacity((uint64) state_seconds(state)->used + more->seconds));
	}
	if (more->sketches > room.sketches - state->sketches_used)
	{
		fits = false;
		room.sketches = state->sketches_used + state->sketches_used / 2 + more->sketches;
	}
	if (fits)
		return state;

	CHECK_FOR_INTERRUPTS();
	if (room.actors > MAX_CELLS || room.actions > 4 * CONTENT_MAX_ACTIONS)
		content_too_large();
	grown = create(&room);
	grown->sketches_used = state->sketches_used;
	for (uint32 i = 0; i < names->used; i++)
		(void) name_table_add(state_action_names(grown), name_table_label(names, i));
	memcpy(state_actions(grown), state_actions(state), sizeof(ContentAction) * (Size) names->used);
	for (uint32 i = 0; i < actors->used; i++)
		(void) name_table_add(state_actors(grown), name_table_label(actors, i));
	tally_rehash(state_pairs(grown), state_pairs(state));
	tally_rehash(state_seconds(grown), state_seconds(state));
	if (state->sketches_used > 0)
		memcpy(state_sketch(grown, 0), state_sketch(state, 0),
			   (Size) state->sketches_used * CONTENT_REGISTERS);
	return grown;
}

/* Puts an actor into registers: PostgreSQL's rule, on a hash that never changes. */
static void
sketch_add(uint8 *registers, Label actor)
{
	hyperLogLogState sketch;

	memset(&sketch, 0, sizeof(sketch));
	sketch.registerWidth = CONTENT_SKETCH_WIDTH;
	sketch.nRegisters = CONTENT_REGISTERS;
	sketch.hashesArr = registers;
	addHyperLogLog(&sketch, (uint32) (label_hash(actor) >> 32));
}

/* From exact actors to a sketch. */
static ContentState *
change_to_sketch(ContentState *state, uint32 action)
{
	static const Room one_sketch = {.sketches = 1};
	Tally	   *pairs;
	uint8	   *registers;

	state = reserve(state, &one_sketch);
	pairs = state_pairs(state);
	registers = state_sketch(state, state->sketches_used++);
	for (uint32 i = 0; i < pairs->capacity; i++)
	{
		uint64		key = pairs->slots[i].key - 1;

		if (pairs->slots[i].key == 0 || pairs->slots[i].count == 0 || KEY_ACTION(key) != action)
			continue;
		if (KEY_VALUE(key) >= state_actors(state)->used)
			content_damaged("an actor has no name");
		sketch_add(registers, name_table_label(state_actors(state), KEY_VALUE(key)));
		pairs->slots[i].count = 0;
	}
	state_actions(state)[action].nactors = 0;
	state_actions(state)[action].sketch = state->sketches_used;
	return state;
}

/* The registers of an action with a sketch. */
static uint8 *
sketch_of(const ContentState *state, const ContentAction *action)
{
	if (action->sketch > state->sketches_used)
		content_damaged("a sketch is missing");
	return state_sketch(state, action->sketch - 1);
}

/* Needs room for an actor and a pair. */
static ContentState *
add_actor(ContentState *state, uint32 number, Label actor)
{
	ContentAction *action = &state_actions(state)[number];
	Tally	   *pairs = state_pairs(state);
	uint32		used = pairs->used;

	if (action->sketch > 0)
	{
		sketch_add(sketch_of(state, action), actor);
		return state;
	}
	if (tally_add(pairs, PAIR_KEY(name_table_add(state_actors(state), actor), number), 1) != TALLY_OK)
		content_damaged("its sizes do not agree");
	if (pairs->used > used && ++action->nactors > CONTENT_EXACT_ACTORS)
		state = change_to_sketch(state, number);
	return state;
}

/* The number of an action, with so many more events. Needs room for it. */
static uint32
add_events(ContentState *state, Label name, int64 events)
{
	uint32		number = (uint32) name_table_add(state_action_names(state), name);
	ContentAction *action = &state_actions(state)[number];

	if (number >= CONTENT_MAX_ACTIONS)
		content_too_large();
	if (events > PG_INT64_MAX - action->events)
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("a count of " TYPE_NAME " is out of range")));
	action->events += events;
	return number;
}

static void
add_seconds(ContentState *state, uint32 number, int64 second, int64 count)
{
	/* a count of seconds is at most that of the events, which fits */
	if (tally_add(state_seconds(state), SECOND_KEY(second, number), count) != TALLY_OK)
		content_damaged("its sizes do not agree");
}

ContentState *
content_add(ContentState *state, Label action, Label actor, int64 microseconds)
{
	Room		more = {
		.actions = 1, .action_bytes = action.length, .seconds = microseconds >= 0 ? 1 : 0
	};
	uint32		number;

	if (actor.length > 0)
	{
		more.actors = more.pairs = 1;
		more.actor_bytes = actor.length;
	}
	state = reserve(state, &more);
	number = add_events(state, action, 1);
	if (microseconds >= 0)
	{
		add_seconds(state, number, microseconds / USECS_PER_SEC, 1);
		sum128_add_int64(&state_actions(state)[number].microseconds, microseconds);
	}
	if (actor.length > 0)
		state = add_actor(state, number, actor);
	return state;
}

static ContentState *
add_group(ContentState *state, const ContentGroup *group)
{
	Room		more = {
		.actions = 1, .action_bytes = group->name.length,
		.actors = group->nactors, .pairs = group->nactors, .seconds = group->nseconds
	};
	uint32		number;

	for (uint32 i = 0; i < group->nactors; i++)
		more.actor_bytes += group->actors[i].length;
	state = reserve(state, &more);
	number = add_events(state, group->name, group->events);
	for (uint32 i = 0; i < group->nseconds; i++)
		add_seconds(state, number, (int64) group->seconds[i].key, group->seconds[i].count);
	if (!sum128_add(&state_actions(state)[number].microseconds, group->microseconds))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("a sum of " TYPE_NAME " is out of range")));
	for (uint32 i = 0; i < group->nactors; i++)
		state = add_actor(state, number, group->actors[i]);
	if (group->registers != NULL)
	{
		uint8	   *registers;

		if (state_actions(state)[number].sketch == 0)
			state = change_to_sketch(state, number);
		registers = sketch_of(state, &state_actions(state)[number]);
		for (int i = 0; i < CONTENT_REGISTERS; i++)
			registers[i] = Max(registers[i], group->registers[i]);
	}
	return state;
}

ContentState *
content_merge(ContentState *state, Datum other)
{
	ContentView view;

	content_view(&view, other);
	for (uint32 i = 0; i < view.nactions; i++)
	{
		CHECK_FOR_INTERRUPTS();
		state = add_group(state, &view.actions[i]);
	}
	return state;
}

ContentState *
content_open(Datum datum)
{
	struct varlena *value = PG_DETOAST_DATUM_PACKED(datum);
	ContentState *state;

	if (!content_is_open(value))
		return content_merge(content_create(), PointerGetDatum(value));
	state = aligned_open(PointerGetDatum(value));
	if ((Pointer) state == DatumGetPointer(datum))
		state = memcpy(palloc(VARSIZE(state)), state, VARSIZE(state));
	return state;
}

ContentState *
content_state(FunctionCallInfo fcinfo, int argno)
{
	Datum		datum = PG_GETARG_DATUM(argno);

	/* in place when it is an aggregate's own */
	if (!VARATT_IS_EXTENDED(DatumGetPointer(datum)) && content_is_open(DatumGetPointer(datum)) &&
		AggCheckCallContext(fcinfo, NULL))
		return aligned_open(datum);
	return content_open(datum);
}

/* ---------------------------------------------------------------- views */

/* An actor, or a second, under the number of its action. */
typedef struct Member
{
	uint32		action;
	Label		actor;
} Member;

static int
compare_members(const void *a, const void *b)
{
	const Member *left = a;
	const Member *right = b;

	if (left->action != right->action)
		return left->action < right->action ? -1 : 1;
	return label_compare(left->actor, right->actor);
}

/* By action, then by second; keys as in the tally. */
static int
compare_seconds(const void *a, const void *b)
{
	uint64		left = ((const TallyEntry *) a)->key;
	uint64		right = ((const TallyEntry *) b)->key;

	if (KEY_ACTION(left) != KEY_ACTION(right))
		return KEY_ACTION(left) < KEY_ACTION(right) ? -1 : 1;
	return left < right ? -1 : left > right;
}

static int
compare_groups(const void *a, const void *b)
{
	return label_compare(((const ContentGroup *) a)->name, ((const ContentGroup *) b)->name);
}

/* Distributes the pairs of an open form over its actions. */
static void
view_actors(ContentView *view, const ContentState *state)
{
	const Tally *pairs = state_pairs(state);
	const NameTable *actors = state_actors(state);
	Member	   *members = palloc_extended(sizeof(Member) * (Size) Max(pairs->used, 1), MCXT_ALLOC_HUGE);
	Label	   *labels = palloc_extended(sizeof(Label) * (Size) Max(pairs->used, 1), MCXT_ALLOC_HUGE);
	uint32		n = 0;

	for (uint32 i = 0; i < pairs->capacity && n < pairs->used; i++)
	{
		uint64		key = pairs->slots[i].key - 1;

		if (pairs->slots[i].key == 0 || pairs->slots[i].count == 0)
			continue;
		if (KEY_ACTION(key) >= view->nactions || KEY_VALUE(key) >= actors->used)
			content_damaged("an actor has no name");
		members[n].action = KEY_ACTION(key);
		members[n++].actor = name_table_label(actors, KEY_VALUE(key));
	}
	qsort(members, n, sizeof(Member), compare_members);
	for (uint32 i = 0; i < n; i++)
	{
		ContentGroup *group = &view->actions[members[i].action];

		labels[i] = members[i].actor;
		if (group->nactors++ == 0)
			group->actors = &labels[i];
	}
	pfree(members);
}

/* Distributes the seconds of an open form over its actions. */
static void
view_seconds(ContentView *view, const ContentState *state)
{
	const Tally *tally = state_seconds(state);
	TallyEntry *entries = palloc_extended(sizeof(TallyEntry) * (Size) Max(tally->used, 1), MCXT_ALLOC_HUGE);
	uint32		n = 0;

	for (uint32 i = 0; i < tally->capacity && n < tally->used; i++)
		if (tally->slots[i].key != 0)
		{
			entries[n].key = tally->slots[i].key - 1;
			entries[n++].count = tally->slots[i].count;
		}
	qsort(entries, n, sizeof(TallyEntry), compare_seconds);
	for (uint32 i = 0; i < n; i++)
	{
		ContentGroup *group;

		if (KEY_ACTION(entries[i].key) >= view->nactions)
			content_damaged("a time has no action");
		group = &view->actions[KEY_ACTION(entries[i].key)];
		if (group->nseconds++ == 0)
			group->seconds = &entries[i];
		entries[i].key = KEY_VALUE(entries[i].key);
	}
}

void
content_view_open(ContentView *view, Datum datum)
{
	const ContentState *state = aligned_open(datum);
	const NameTable *names = state_action_names(state);

	view->nactions = names->used;
	view->actions = palloc0(sizeof(ContentGroup) * (Size) Max(names->used, 1));
	for (uint32 i = 0; i < names->used; i++)
	{
		const ContentAction *action = &state_actions(state)[i];
		ContentGroup *group = &view->actions[i];

		group->name = name_table_label(names, i);
		group->events = action->events;
		group->microseconds = action->microseconds;
		if (action->sketch > 0)
			group->registers = sketch_of(state, action);
	}
	view_actors(view, state);
	view_seconds(view, state);
	qsort(view->actions, view->nactions, sizeof(ContentGroup), compare_groups);
}
