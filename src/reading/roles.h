/*
 * roles.h
 *		The one matcher of kinds to roles: which role each kind of event plays in a
 *		reading, and in funnel_agg over raw events.
 *
 * A role is a byte. In deal_progress and raw events it is a number (a stage from
 * 0, or CHAIN_EXIT); in the readings whose options are lists of kinds, such as
 * from_kinds, to_kinds and unless of deal_cycle, it is a set of bits, one for
 * each list. Options are parsed once for a call site and again only when they
 * change.
 */
#ifndef EM_ROLES_H
#define EM_ROLES_H

#include "base/label_codes.h"
#include "history/deal_history.h"

#define KIND_ROLES_MAX_LABELS 100	/* in one option */

/* A kind that plays a role. */
typedef struct KindRole
{
	uint32		signature;
	uint8		role;
	Label		label;
} KindRole;

/* The kinds that play a role: by their code, and by name in a sparse hash table. */
typedef struct KindRoles
{
	uint8		none;			/* the role of every other kind */
	bool		uncoded;		/* a kind without a code plays a role */
	uint8		role_of_code[MAX_LABEL_CODES];
	int			nroles;
	KindRole   *roles;
	int			slot_shift;		/* from a hash of 32 bits to a slot */
	uint32		slot_mask;
	uint16	   *slots;			/* place in roles plus one, 0 when free */
} KindRoles;

/* Without roles, with space for so many kinds, in the current context. The labels must outlive it. */
extern KindRoles *kind_roles_create(int capacity, uint8 none);

/* Gives a kind a role in the place of the one it has. */
extern void kind_roles_set(KindRoles *roles, Label kind, uint8 role);

/* Where a kind stands in roles->roles, or NULL; its length is not 0. */
static inline KindRole *
kind_roles_find(const KindRoles *roles, const char *kind, uint32 length)
{
	uint32		signature = label_signature(kind, length);
	uint32		slot = label_signature_slot(signature, roles->slot_shift);

	for (; roles->slots[slot] != 0; slot = (slot + 1) & roles->slot_mask)
	{
		KindRole   *found = &roles->roles[roles->slots[slot] - 1];

		if (found->signature == signature &&
			(length <= 3 || same_bytes(found->label.data, kind, length)))
			return found;
	}
	return NULL;
}

/* The role of a kind by its name. */
static inline uint8
kind_roles_of(const KindRoles *roles, const char *kind, uint32 length)
{
	const KindRole *found = kind_roles_find(roles, kind, length);

	return found == NULL ? roles->none : found->role;
}

/*
 * The role of every kind of a history, by its index. In `few`, which has space for
 * KIND_ROLES_FEW, where that is enough (it may be NULL), else in the current context.
 */
#define KIND_ROLES_FEW 64
extern const uint8 *kind_roles_match(const KindRoles *roles, const HistoryView *view, uint8 *few);

/* Option i of a reading gives role bit 1 << i to the kinds it lists. */
typedef struct RoleOption
{
	int			argno;
	const char *name;
	bool		may_be_empty;
	bool		is_text;		/* one kind, not a list of them */
} RoleOption;

#define KIND_ROLES_MAX_OPTIONS 8

/*
 * The roles of this call, kept by its call site (call_cache.h). 22004
 * for a NULL option, 22023 for an empty one that must not be, for a kind listed
 * twice, and for a kind with two of the roles in `exclusive`.
 */
extern const KindRoles *kind_roles_get(FunctionCallInfo fcinfo, const RoleOption *options,
									   int noptions, uint8 exclusive);

#endif							/* EM_ROLES_H */
