/*
 * roles.h
 *		Which role each kind of event plays in a reading whose options are
 *		lists of kinds, such as from_kinds, to_kinds and unless of deal_cycle.
 *
 * The options are parsed once for a call site and again only when they change.
 */
#ifndef EM_ROLES_H
#define EM_ROLES_H

#include "history/deal_history.h"

#define KIND_ROLES_MAX_LABELS 100	/* in one option */

/* Option i of a reading gives role bit 1 << i to the kinds it lists. */
typedef struct RoleOption
{
	int			argno;
	const char *name;
	bool		may_be_empty;
} RoleOption;

typedef struct KindRoles KindRoles;

/*
 * The roles of this call, kept by its call site (call_cache.h); the options are
 * arguments that follow one another. 22004
 * for a NULL option, 22023 for an empty one that must not be, for a kind listed
 * twice, and for a kind with two of the roles in `exclusive`.
 */
extern const KindRoles *kind_roles_get(FunctionCallInfo fcinfo, const RoleOption *options,
									   int noptions, uint8 exclusive);

/* The role bits of every kind of a history, by its index; in the current context. */
extern uint8 *kind_roles_match(const KindRoles *roles, const HistoryView *view);

#endif							/* EM_ROLES_H */
