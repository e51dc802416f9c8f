/*
 * roles.c
 *		Which role each kind of event plays in a reading.
 */
#include "reading/roles.h"

#include "port/pg_bitutils.h"
#include "utils/array.h"

#include "base/call_cache.h"
#include "base/options.h"

/* ---------------------------------------------------------------- the matcher */

KindRoles *
kind_roles_create(int capacity, uint8 none)
{
	KindRoles  *roles = palloc(sizeof(KindRoles));
	/* sparse, so that a kind without a role mostly meets a free slot at once */
	uint32		nslots = pg_nextpower2_32(Max(capacity, 1) * 16);

	Assert(capacity < PG_UINT16_MAX);
	roles->none = none;
	roles->uncoded = false;
	memset(roles->role_of_code, none, sizeof(roles->role_of_code));
	roles->nroles = 0;
	roles->roles = palloc(sizeof(KindRole) * Max(capacity, 1));
	roles->slot_shift = 32 - pg_leftmost_one_pos32(nslots);
	roles->slot_mask = nslots - 1;
	roles->slots = palloc0(sizeof(uint16) * nslots);
	return roles;
}

void
kind_roles_set(KindRoles *roles, Label kind, uint8 role)
{
	KindRole   *entry = kind_roles_find(roles, kind.data, kind.length);
	int			code = label_code(kind);

	if (code >= 0)
		roles->role_of_code[code] = role;
	else
		roles->uncoded = true;
	if (entry == NULL)
	{
		uint32		slot;

		entry = &roles->roles[roles->nroles++];
		entry->signature = label_signature(kind.data, kind.length);
		entry->label = kind;
		slot = label_signature_slot(entry->signature, roles->slot_shift);
		while (roles->slots[slot] != 0)
			slot = (slot + 1) & roles->slot_mask;
		roles->slots[slot] = roles->nroles;
	}
	entry->role = role;
}

const uint8 *
kind_roles_match(const KindRoles *roles, const HistoryView *view, uint8 *few)
{
	uint8	   *result = few != NULL && view->nkinds <= KIND_ROLES_FEW ? few :
		palloc(Max(view->nkinds, 1));
	const uint8 *in = view->dictionary;

	for (uint32 kind = 0; kind < view->nkinds; kind++)
	{
		Label		label;

		if (view->end - in >= 2 && in[0] == 0)
		{
			result[kind] = roles->role_of_code[in[1]];
			in += 2;
			continue;
		}
		in = history_read_label(in, view->end, &label);
		result[kind] = roles->uncoded ? kind_roles_of(roles, label.data, label.length) : roles->none;
	}
	return result;
}

/* ---------------------------------------------------------------- roles from options */

/* Adds the role of option i to a kind; 22023 where that excludes a role it has. */
static void
add_role(KindRoles *roles, Label kind, int i, const RoleOption *options, uint8 exclusive)
{
	uint8		role = kind_roles_of(roles, kind.data, kind.length) | 1 << i;
	uint8		excluding = role & exclusive;

	if ((exclusive & 1 << i) != 0 && (excluding & (excluding - 1)) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("\"%.*s\" is in both %s and %s", kind.length, kind.data,
						options[pg_rightmost_one_pos32(excluding)].name,
						options[pg_leftmost_one_pos32(excluding)].name),
				 errhint("Take it out of one of them; '{}' is an empty list.")));
	kind_roles_set(roles, kind, role);
}

/* The roles of all options, whose labels they point into. */
static KindRoles *
parse_options(struct varlena **values, const RoleOption *options, int noptions, uint8 exclusive)
{
	Label	   *labels[KIND_ROLES_MAX_OPTIONS];
	int			counts[KIND_ROLES_MAX_OPTIONS];
	int			count = 0;
	KindRoles  *roles;

	for (int i = 0; i < noptions; i++)
	{
		if (options[i].is_text)
		{
			labels[i] = palloc(sizeof(Label));
			*labels[i] = label_from_text(PointerGetDatum(values[i]), options[i].name);
			counts[i] = 1;
		}
		else
			labels[i] = labels_from_array((ArrayType *) values[i], options[i].name,
										  KIND_ROLES_MAX_LABELS, &counts[i]);
		if (counts[i] == 0 && !options[i].may_be_empty)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("%s must not be empty", options[i].name)));
		count += counts[i];
	}

	roles = kind_roles_create(count, 0);
	for (int i = 0; i < noptions; i++)
		for (int j = 0; j < counts[i]; j++)
			add_role(roles, labels[i][j], i, options, exclusive);
	return roles;
}

const KindRoles *
kind_roles_get(FunctionCallInfo fcinfo, const RoleOption *options, int noptions, uint8 exclusive)
{
	CachedArguments arguments = {.count = noptions, .interval = NO_INTERVAL};
	KindRoles  *roles = call_cache_get_constant(fcinfo);
	struct varlena **values;
	MemoryContext caller;

	if (likely(roles != NULL))
		return roles;

	Assert(noptions <= KIND_ROLES_MAX_OPTIONS);
	for (int i = 0; i < noptions; i++)
		arguments.argno[i] = options[i].argno;
	roles = call_cache_get(fcinfo, &arguments);
	if (roles != NULL)
		return roles;

	for (int i = 0; i < noptions; i++)
		require_option(fcinfo, options[i].argno, options[i].name);
	values = call_cache_begin(fcinfo, &arguments, &caller);
	roles = parse_options(values, options, noptions, exclusive);
	call_cache_end(fcinfo, roles, caller);
	return roles;
}
