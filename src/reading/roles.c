/*
 * roles.c
 *		Which role each kind of event plays in a reading.
 */
#include "reading/roles.h"

#include "port/pg_bitutils.h"
#include "utils/array.h"

#include "base/call_cache.h"

/* A kind without a code of its own, and its roles. */
typedef struct RoleLabel
{
	Label		label;
	uint8		roles;
} RoleLabel;

struct KindRoles
{
	uint8		role_of_code[256];
	RoleLabel  *uncoded;
	int			nuncoded;
};

static void
check_exclusive(RoleLabel *labels, int count, const RoleOption *options, uint8 exclusive)
{
	for (int i = 0; i < count; i++)
		for (int j = 0; j < i; j++)
		{
			uint8		roles = (labels[i].roles | labels[j].roles) & exclusive;

			if (label_equal(labels[i].label, labels[j].label) && (roles & (roles - 1)) != 0)
				ereport(ERROR,
						(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						 errmsg("\"%.*s\" is both in %s and in %s",
								labels[i].label.length, labels[i].label.data,
								options[pg_rightmost_one_pos32(roles)].name,
								options[pg_leftmost_one_pos32(roles)].name),
						 errhint("Take it out of one of them; '{}' is an empty list.")));
		}
}

/* The labels of all options, one entry per option and label; they point into the options. */
static RoleLabel *
parse_options(struct varlena **values, const RoleOption *options, int noptions,
			  uint8 exclusive, int *count)
{
	RoleLabel  *result = palloc(sizeof(RoleLabel) * KIND_ROLES_MAX_LABELS * noptions);

	*count = 0;
	for (int i = 0; i < noptions; i++)
	{
		int			n;
		Label	   *labels = labels_from_array((ArrayType *) values[i], options[i].name,
											   KIND_ROLES_MAX_LABELS, &n);

		if (n == 0 && !options[i].may_be_empty)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("%s must not be empty", options[i].name)));
		for (int j = 0; j < n; j++)
		{
			result[*count].label = labels[j];
			result[(*count)++].roles = 1 << i;
		}
	}
	check_exclusive(result, *count, options, exclusive);
	return result;
}

const KindRoles *
kind_roles_get(FunctionCallInfo fcinfo, const RoleOption *options, int noptions, uint8 exclusive)
{
	int			first = options[0].argno;
	int			last = options[noptions - 1].argno;
	KindRoles  *roles = call_cache_get(fcinfo, first, last, NO_INTERVAL);
	struct varlena **values;
	RoleLabel  *labels;
	int			count;
	MemoryContext caller;

	if (roles != NULL)
		return roles;

	Assert(last - first == noptions - 1);
	for (int i = 0; i < noptions; i++)
		if (PG_ARGISNULL(options[i].argno))
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("%s must not be NULL", options[i].name)));
	values = call_cache_begin(fcinfo, first, last, NO_INTERVAL, &caller);
	roles = palloc0(sizeof(KindRoles));
	labels = parse_options(values, options, noptions, exclusive, &count);
	roles->uncoded = labels;
	for (int i = 0; i < count; i++)
	{
		int			code = label_code(labels[i].label);

		if (code >= 0)
			roles->role_of_code[code] |= labels[i].roles;
		else
			roles->uncoded[roles->nuncoded++] = labels[i];
	}
	call_cache_end(fcinfo, roles, caller);
	return roles;
}

uint8 *
kind_roles_match(const KindRoles *roles, const HistoryView *view)
{
	uint8	   *result = palloc(Max(view->nkinds, 1));
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
		result[kind] = 0;
		for (int i = 0; i < roles->nuncoded; i++)
			if (label_equal(roles->uncoded[i].label, label))
				result[kind] |= roles->uncoded[i].roles;
	}
	return result;
}
