/*
 * funnel_definition.h
 *		What a funnel is: its stages and the rules for moving through them.
 *
 * The definition travels inside every deal_progress and funnel_summary as its
 * identity, a canonical string of bytes: two readings may be added up exactly
 * when their identities are the same bytes. as_of is not part of it.
 *
 *	mode, skipped, entry, number of stages, number of exits (a byte each)
 *	varint: optional stages as a bit mask
 *	varint: within in microseconds plus one, 0 for none
 *	varint per stage but the last: step_within likewise
 *	stages in order, then exits sorted by bytes: length and bytes each
 */
#ifndef EM_FUNNEL_DEFINITION_H
#define EM_FUNNEL_DEFINITION_H

#include "base/compat.h"
#include "lib/stringinfo.h"
#include "utils/jsonb.h"
#include "utils/timestamp.h"

#include "plain/chain.h"
#include "base/label.h"
#include "base/options.h"
#include "reading/roles.h"

#define FUNNEL_MAX_STAGES CHAIN_MAX_STAGES
#define FUNNEL_MAX_EXITS 32

typedef struct FunnelDefinition
{
	ChainRules	rules;
	int			nexits;
	Label		stages[FUNNEL_MAX_STAGES];
	Label		exits[FUNNEL_MAX_EXITS];
} FunnelDefinition;

/* The SQL names of the options' values, in the order of the enums in chain.h. */
#define FUNNEL_MODES (CHAIN_ANY_ORDER + 1)
#define FUNNEL_SKIPPED (CHAIN_EXCLUDED + 1)
#define FUNNEL_ENTRIES (CHAIN_LATEST + 1)
#define FUNNEL_STATUSES (CHAIN_OPEN + 1)
extern const char *const funnel_modes[];
extern const char *const funnel_skipped[];
extern const char *const funnel_entries[];
extern const char *const funnel_statuses[];

/*
 * 22023 (or 54000 for sizes) unless the parts make a definition; normalises
 * what has no meaning under the mode, and sorts the exits.
 */
extern bool funnel_definition_check(FunnelDefinition *definition, fmNodePtr escontext);

/* Appends the identity. */
extern void funnel_definition_encode(const FunnelDefinition *definition, StringInfo out);

/* Appends the binary form: an identity with labels as in label.h. */
extern void funnel_definition_send(const FunnelDefinition *definition, StringInfo out);

/*
 * Reads a binary form, and appends the identity that it stands for here: exits are in the
 * order of the bytes that they have in this encoding. NULL, or what is wrong.
 */
extern const char *funnel_definition_receive(const char *bytes, int size, const char *type,
											 FunnelDefinition *definition, StringInfo identity);

/* Reads an identity; labels point into it. Returns NULL when fine, else what is wrong. */
extern const char *funnel_definition_decode(const uint8 *identity, Size size,
											FunnelDefinition *definition);

/* The stages with their places and the exits with CHAIN_EXIT, in the current context; `none` for other kinds. */
extern KindRoles *funnel_definition_roles(const FunnelDefinition *definition, uint8 none);

/* Are the labels of a decoded identity valid text in the server's encoding? NULL, or why not. */
extern const char *funnel_definition_verify_labels(const FunnelDefinition *definition);

/* What counting a deal needs of an identity that was decoded before. */
static inline ChainMode
funnel_identity_mode(const uint8 *identity)
{
	return (ChainMode) identity[0];
}

static inline ChainSkipped
funnel_identity_skipped(const uint8 *identity)
{
	return (ChainSkipped) identity[1];
}

static inline int
funnel_identity_nstages(const uint8 *identity)
{
	return identity[3];
}

/* A cheap check that those above can be believed. */
static inline bool
funnel_identity_is_sane(const uint8 *identity, Size size)
{
	return size >= 5 && identity[0] <= CHAIN_ANY_ORDER && identity[1] <= CHAIN_EXCLUDED &&
		identity[3] >= 1 && identity[3] <= FUNNEL_MAX_STAGES;
}

/* JSON object form. */
extern void funnel_definition_to_json(const FunnelDefinition *definition, StringInfo out);
extern bool funnel_definition_from_json(JsonbContainer *object, FunnelDefinition *definition,
										fmNodePtr escontext);

/*
 * The place of a stage by name; 22023 when it is not one, listing those there
 * are. `what` is the argument that names it.
 */
extern int	funnel_definition_stage(const FunnelDefinition *definition, text *stage,
									const char *what);

#endif							/* EM_FUNNEL_DEFINITION_H */
