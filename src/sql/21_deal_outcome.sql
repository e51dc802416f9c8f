
--
-- deal_outcome: how a deal ended and which competitors were in it
--

-- STABLE for the reason given at deal_event_in.
@include type.sql.in TYPE=deal_outcome INPUT=STABLE ALIGNMENT=double STORAGE=extended
@include equalimage.sql.in TYPE=deal_outcome
@include json.sql.in TYPE=deal_outcome

COMMENT ON TYPE deal_outcome IS 'how a deal ended, when, for how much, and which competitors were in it; many make a win_summary';

-- Not STRICT: a NULL option is an error. Stays IMMUTABLE: now() is only the default of as_of.
CREATE FUNCTION deal_outcome(
	history deal_history,
	won text[] DEFAULT '{won}',
	lost text[] DEFAULT '{lost}',
	no_decision text[] DEFAULT '{no_decision}',
	considered text DEFAULT 'competitor',
	as_of timestamptz DEFAULT now(),
	open text[] DEFAULT '{lead,mql,sql,opportunity}'
) RETURNS deal_outcome
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 10;
COMMENT ON FUNCTION deal_outcome(deal_history, text[], text[], text[], text, timestamptz, text[])
	IS 'how a deal stands by the last of its states up to as_of (an ending that a later open state undid is none), since when, for how much, and the subjects of one kind of events up to then';

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
COMMENT ON FUNCTION closed_at(deal_outcome) IS 'when it ended: the first instant of its last ending, however often that is stated again; NULL while open';
COMMENT ON FUNCTION amount(deal_outcome) IS 'the last amount of its ending, else the last one known by then; NULL when none was';
COMMENT ON FUNCTION considered(deal_outcome) IS 'the distinct subjects considered up to closing, sorted by bytes';
COMMENT ON FUNCTION lost_to(deal_outcome) IS 'the last subject that a losing event names; NULL when there is none';
