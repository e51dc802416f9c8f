
--
-- deal_outcome: how a deal ended and who else was in it
--

CREATE TYPE deal_outcome;

-- STABLE for the reason given at deal_event_in.
CREATE FUNCTION deal_outcome_in(cstring) RETURNS deal_outcome
	AS 'MODULE_PATHNAME' LANGUAGE C STABLE STRICT PARALLEL SAFE;
CREATE FUNCTION deal_outcome_out(deal_outcome) RETURNS cstring
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION deal_outcome_recv(internal) RETURNS deal_outcome
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION deal_outcome_send(deal_outcome) RETURNS bytea
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE TYPE deal_outcome (
	INPUT = deal_outcome_in,
	OUTPUT = deal_outcome_out,
	RECEIVE = deal_outcome_recv,
	SEND = deal_outcome_send,
	INTERNALLENGTH = VARIABLE,
	ALIGNMENT = double,
	STORAGE = extended
);

COMMENT ON TYPE deal_outcome IS 'how a deal ended, when, for how much, and who else was in it; many make a win_summary';
COMMENT ON FUNCTION deal_outcome_in(cstring) IS 'input of deal_outcome';
COMMENT ON FUNCTION deal_outcome_out(deal_outcome) IS 'output of deal_outcome';
COMMENT ON FUNCTION deal_outcome_recv(internal) IS 'binary input of deal_outcome';
COMMENT ON FUNCTION deal_outcome_send(deal_outcome) IS 'binary output of deal_outcome';

CREATE FUNCTION jsonb(outcome deal_outcome) RETURNS jsonb
	AS 'MODULE_PATHNAME', 'deal_outcome_to_jsonb' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION deal_outcome(object jsonb) RETURNS deal_outcome
	AS 'MODULE_PATHNAME', 'deal_outcome_from_jsonb' LANGUAGE C STABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION jsonb(deal_outcome) IS 'an outcome as {"version", "status", "closed_at", "amount", "considered", "lost_to"}';
COMMENT ON FUNCTION deal_outcome(jsonb) IS 'an outcome from {"version", "status", "closed_at", "amount", "considered", "lost_to"}';
CREATE CAST (deal_outcome AS jsonb) WITH FUNCTION jsonb(deal_outcome);
CREATE CAST (jsonb AS deal_outcome) WITH FUNCTION deal_outcome(jsonb);
COMMENT ON CAST (deal_outcome AS jsonb) IS 'an outcome as a jsonb object';
COMMENT ON CAST (jsonb AS deal_outcome) IS 'an outcome from a jsonb object';

-- Not STRICT: a NULL option is an error. Stays IMMUTABLE: now() is only the default of as_of.
CREATE FUNCTION deal_outcome(
	history deal_history,
	won text[] DEFAULT '{won}',
	lost text[] DEFAULT '{lost}',
	no_decision text[] DEFAULT '{no_decision}',
	considered text DEFAULT 'competitor',
	as_of timestamptz DEFAULT now()
) RETURNS deal_outcome
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 10;
COMMENT ON FUNCTION deal_outcome(deal_history, text[], text[], text[], text, timestamptz)
	IS 'how a deal ended, by its last terminal event up to as_of, and the subjects of the events of one kind up to then';

CREATE FUNCTION status(outcome deal_outcome) RETURNS text
	AS 'MODULE_PATHNAME', 'deal_outcome_status' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION closed_at(outcome deal_outcome) RETURNS timestamptz
	AS 'MODULE_PATHNAME', 'deal_outcome_closed_at' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION amount(outcome deal_outcome) RETURNS numeric
	AS 'MODULE_PATHNAME', 'deal_outcome_amount' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION considered(outcome deal_outcome) RETURNS text[]
	AS 'MODULE_PATHNAME', 'deal_outcome_considered' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION lost_to(outcome deal_outcome) RETURNS text
	AS 'MODULE_PATHNAME', 'deal_outcome_lost_to' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION status(deal_outcome) IS 'won, lost, no_decision or open';
COMMENT ON FUNCTION closed_at(deal_outcome) IS 'the instant of the event that decided; NULL while open';
COMMENT ON FUNCTION amount(deal_outcome) IS 'the amount of the event that decided, else the last one known by then; NULL when none was';
COMMENT ON FUNCTION considered(deal_outcome) IS 'the distinct subjects considered up to closing, sorted by bytes';
COMMENT ON FUNCTION lost_to(deal_outcome) IS 'the subject of the losing event; NULL when there is none';
