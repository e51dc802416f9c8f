
--
-- deal_event: one thing that happened, at one instant
--

CREATE TYPE deal_event;

-- STABLE where an instant is read from text: a literal without a zone, or 'now', depends on the session.
CREATE FUNCTION deal_event_in(cstring) RETURNS deal_event
	AS 'MODULE_PATHNAME' LANGUAGE C STABLE STRICT PARALLEL SAFE;
CREATE FUNCTION deal_event_out(deal_event) RETURNS cstring
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION deal_event_recv(internal) RETURNS deal_event
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION deal_event_send(deal_event) RETURNS bytea
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE TYPE deal_event (
	INPUT = deal_event_in,
	OUTPUT = deal_event_out,
	RECEIVE = deal_event_recv,
	SEND = deal_event_send,
	INTERNALLENGTH = VARIABLE,
	ALIGNMENT = double,
	STORAGE = extended
);

COMMENT ON TYPE deal_event IS 'one thing that happened to a deal: (kind, instant, amount, subject); many make a deal_history';
COMMENT ON FUNCTION deal_event_in(cstring) IS 'input of deal_event';
COMMENT ON FUNCTION deal_event_out(deal_event) IS 'output of deal_event';
COMMENT ON FUNCTION deal_event_recv(internal) IS 'binary input of deal_event';
COMMENT ON FUNCTION deal_event_send(deal_event) IS 'binary output of deal_event';

-- Not STRICT: amount and subject may be missing.
CREATE FUNCTION deal_event(kind text, at timestamptz, amount numeric DEFAULT NULL, subject text DEFAULT NULL) RETURNS deal_event
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION deal_event(text, timestamptz, numeric, text) IS 'an event from its parts; NULL without a kind or an instant';

CREATE FUNCTION kind(event deal_event) RETURNS text
	AS 'MODULE_PATHNAME', 'deal_event_kind' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION occurred_at(event deal_event) RETURNS timestamptz
	AS 'MODULE_PATHNAME', 'deal_event_occurred_at' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION amount(event deal_event) RETURNS numeric
	AS 'MODULE_PATHNAME', 'deal_event_amount' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION subject(event deal_event) RETURNS text
	AS 'MODULE_PATHNAME', 'deal_event_subject' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION kind(deal_event) IS 'what happened: a stage, or a fact about the deal';
COMMENT ON FUNCTION occurred_at(deal_event) IS 'when it happened';
COMMENT ON FUNCTION amount(deal_event) IS 'the money in it; NULL when there is none';
COMMENT ON FUNCTION subject(deal_event) IS 'which competitor, content, platform or deal it is about; NULL when there is none';

CREATE FUNCTION jsonb(event deal_event) RETURNS jsonb
	AS 'MODULE_PATHNAME', 'deal_event_to_jsonb' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION deal_event(object jsonb) RETURNS deal_event
	AS 'MODULE_PATHNAME', 'deal_event_from_jsonb' LANGUAGE C STABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION jsonb(deal_event) IS 'an event as {"kind", "at", "amount", "subject"}';
COMMENT ON FUNCTION deal_event(jsonb) IS 'an event from {"kind", "at", "amount", "subject"}';
CREATE CAST (deal_event AS jsonb) WITH FUNCTION jsonb(deal_event);
CREATE CAST (jsonb AS deal_event) WITH FUNCTION deal_event(jsonb);
COMMENT ON CAST (deal_event AS jsonb) IS 'an event as a jsonb object';
COMMENT ON CAST (jsonb AS deal_event) IS 'an event from a jsonb object';

CREATE FUNCTION deal_event_lt(deal_event, deal_event) RETURNS boolean
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION deal_event_le(deal_event, deal_event) RETURNS boolean
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION deal_event_eq(deal_event, deal_event) RETURNS boolean
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION deal_event_ne(deal_event, deal_event) RETURNS boolean
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION deal_event_ge(deal_event, deal_event) RETURNS boolean
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION deal_event_gt(deal_event, deal_event) RETURNS boolean
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION deal_event_cmp(deal_event, deal_event) RETURNS integer
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION deal_event_hash(deal_event) RETURNS integer
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION deal_event_hash_extended(deal_event, bigint) RETURNS bigint
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION deal_event_lt(deal_event, deal_event) IS 'implementation of <';
COMMENT ON FUNCTION deal_event_le(deal_event, deal_event) IS 'implementation of <=';
COMMENT ON FUNCTION deal_event_eq(deal_event, deal_event) IS 'implementation of =';
COMMENT ON FUNCTION deal_event_ne(deal_event, deal_event) IS 'implementation of <>';
COMMENT ON FUNCTION deal_event_ge(deal_event, deal_event) IS 'implementation of >=';
COMMENT ON FUNCTION deal_event_gt(deal_event, deal_event) IS 'implementation of >';
COMMENT ON FUNCTION deal_event_cmp(deal_event, deal_event) IS 'total order of events: instant, kind, subject, amount; by bytes, NULL last';
COMMENT ON FUNCTION deal_event_hash(deal_event) IS 'hash of an event';
COMMENT ON FUNCTION deal_event_hash_extended(deal_event, bigint) IS 'hash of an event, with a seed';

CREATE OPERATOR < (
	LEFTARG = deal_event, RIGHTARG = deal_event, FUNCTION = deal_event_lt,
	COMMUTATOR = >, NEGATOR = >=, RESTRICT = scalarltsel, JOIN = scalarltjoinsel
);
CREATE OPERATOR <= (
	LEFTARG = deal_event, RIGHTARG = deal_event, FUNCTION = deal_event_le,
	COMMUTATOR = >=, NEGATOR = >, RESTRICT = scalarlesel, JOIN = scalarlejoinsel
);
CREATE OPERATOR = (
	LEFTARG = deal_event, RIGHTARG = deal_event, FUNCTION = deal_event_eq,
	COMMUTATOR = =, NEGATOR = <>, RESTRICT = eqsel, JOIN = eqjoinsel,
	HASHES, MERGES
);
CREATE OPERATOR <> (
	LEFTARG = deal_event, RIGHTARG = deal_event, FUNCTION = deal_event_ne,
	COMMUTATOR = <>, NEGATOR = =, RESTRICT = neqsel, JOIN = neqjoinsel
);
CREATE OPERATOR >= (
	LEFTARG = deal_event, RIGHTARG = deal_event, FUNCTION = deal_event_ge,
	COMMUTATOR = <=, NEGATOR = <, RESTRICT = scalargesel, JOIN = scalargejoinsel
);
CREATE OPERATOR > (
	LEFTARG = deal_event, RIGHTARG = deal_event, FUNCTION = deal_event_gt,
	COMMUTATOR = <, NEGATOR = <=, RESTRICT = scalargtsel, JOIN = scalargtjoinsel
);
COMMENT ON OPERATOR < (deal_event, deal_event) IS 'is before';
COMMENT ON OPERATOR <= (deal_event, deal_event) IS 'is before or equal to';
COMMENT ON OPERATOR = (deal_event, deal_event) IS 'is the same as';
COMMENT ON OPERATOR <> (deal_event, deal_event) IS 'differs from';
COMMENT ON OPERATOR >= (deal_event, deal_event) IS 'is after or equal to';
COMMENT ON OPERATOR > (deal_event, deal_event) IS 'is after';

CREATE OPERATOR CLASS deal_event_ops DEFAULT FOR TYPE deal_event USING btree AS
	OPERATOR 1 <,
	OPERATOR 2 <=,
	OPERATOR 3 =,
	OPERATOR 4 >=,
	OPERATOR 5 >,
	FUNCTION 1 deal_event_cmp(deal_event, deal_event),
	FUNCTION 4 btequalimage(oid);
CREATE OPERATOR CLASS deal_event_ops DEFAULT FOR TYPE deal_event USING hash AS
	OPERATOR 1 =,
	FUNCTION 1 deal_event_hash(deal_event),
	FUNCTION 2 deal_event_hash_extended(deal_event, bigint);
COMMENT ON OPERATOR FAMILY deal_event_ops USING btree IS 'total order of events';
COMMENT ON OPERATOR FAMILY deal_event_ops USING hash IS 'hashing of events';
COMMENT ON OPERATOR CLASS deal_event_ops USING btree IS 'total order of events';
COMMENT ON OPERATOR CLASS deal_event_ops USING hash IS 'hashing of events';
