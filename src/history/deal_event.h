/*
 * deal_event.h
 *		One thing that happened to a deal, at one instant.
 *
 * Stored bytes (varlena, ALIGNMENT = double), kind and subject one after the
 * other behind the fixed part, nothing after them:
 *
 *		 0  varlena header
 *		 4  version (1)
 *		 5  flags: bit 0 set when there is an amount
 *		 6  length of kind, 1 to 255
 *		 7  length of subject, 0 when there is none
 *		 8  instant, microseconds since 2000-01-01 UTC
 *		16  amount in ten-thousandths, 0 when there is none
 *		24  kind, subject
 */
#ifndef EM_DEAL_EVENT_H
#define EM_DEAL_EVENT_H

#include "base/compat.h"
#include "datatype/timestamp.h"
#include "lib/stringinfo.h"
#include "utils/jsonb.h"
#include "utils/numeric.h"

#include "base/instant.h"
#include "base/label.h"
#include "base/money.h"

#define DEAL_EVENT_VERSION 1
#define DEAL_EVENT_HAS_AMOUNT 0x01

typedef struct DealEvent
{
	int32		vl_len_;
	uint8		version;
	uint8		flags;
	uint8		kind_length;
	uint8		subject_length;
	int64		at;
	int64		amount;
	char		labels[FLEXIBLE_ARRAY_MEMBER];
} DealEvent;

/* The same event taken apart; labels point wherever the event lives. */
typedef struct EventParts
{
	int64		at;
	int64		amount;			/* ten-thousandths; 0 unless has_amount */
	bool		has_amount;
	Label		kind;
	Label		subject;		/* length 0 when there is none */
} EventParts;

/* Total order: at, kind, subject, amount; bytes; no subject or amount last. */
extern int	event_compare(const EventParts *a, const EventParts *b);

/* Detoasts and checks a deal_event datum (XX001 when damaged). */
extern EventParts event_parts(Datum datum);
extern DealEvent *event_build(const EventParts *parts);

/* Appends the row literal of an event. */
extern void event_append_text(StringInfo out, const EventParts *parts);

/* Appends the JSON object of an event / reads one out of a jsonb object (22P02). */
extern void event_append_json(StringInfo out, const EventParts *parts);
extern void event_from_json(const JsonbValue *object, EventParts *parts);

/* The binary form of an event without its version, and reading it back (22P03). */
extern void event_send(StringInfo out, const EventParts *parts);
extern EventParts event_receive(StringInfo in);

/* The event in the arguments (kind, at, amount, subject) from `first` on; false for none. */
extern bool event_from_arguments(FunctionCallInfo fcinfo, int first, EventParts *parts);

/* The OID of deal_event in the schema of the calling function. */
extern Oid	deal_event_type(FunctionCallInfo fcinfo);

#endif							/* EM_DEAL_EVENT_H */
