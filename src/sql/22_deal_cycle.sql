
--
-- deal_cycle, deal_exposure: time from one thing to another
--

-- STABLE for the reason given at deal_event_in.
@include type.sql.in TYPE=deal_cycle INPUT=STABLE ALIGNMENT=double STORAGE=extended
@include equalimage.sql.in TYPE=deal_cycle
@include json.sql.in TYPE=deal_cycle

COMMENT ON TYPE deal_cycle IS 'how long one deal took from one thing to another: event, competing end or censored; entered late or not; many make a duration_summary';

-- Not STRICT: a NULL option is an error. Stays IMMUTABLE: now() is only the default of as_of.
CREATE FUNCTION deal_cycle(
	history deal_history,
	from_kinds text[] DEFAULT '{opportunity}',
	to_kinds text[] DEFAULT '{won}',
	unless text[] DEFAULT '{lost,no_decision}',
	as_of timestamptz DEFAULT now(),
	unit text DEFAULT 'day'
) RETURNS deal_cycle
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 5;
COMMENT ON FUNCTION deal_cycle(deal_history, text[], text[], text[], timestamptz, text)
	IS 'from the first of from_kinds to the first of to_kinds at or after it; where there is none, one of unless at or after the last of from_kinds competes; unit day, hour, minute or second';

-- Not STRICT as above; a NULL exposure_subject stands for any.
CREATE FUNCTION deal_exposure(
	history deal_history,
	exposed_by text,
	exposure_subject text DEFAULT NULL,
	from_kinds text[] DEFAULT '{opportunity}',
	to_kinds text[] DEFAULT '{won}',
	unless text[] DEFAULT '{lost,no_decision}',
	as_of timestamptz DEFAULT now(),
	unit text DEFAULT 'day',
	OUT exposed boolean, OUT cycle deal_cycle
) RETURNS SETOF record
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 10 ROWS 2;
COMMENT ON FUNCTION deal_exposure(deal_history, text, text, text[], text[], text[], timestamptz, text)
	IS 'the cycle of a deal, split at its first exposure: unexposed until then, exposed (entering late) from then on';

CREATE FUNCTION status(cycle deal_cycle) RETURNS text
	AS 'MODULE_PATHNAME', 'deal_cycle_status' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION duration(cycle deal_cycle) RETURNS interval
	AS 'MODULE_PATHNAME', 'deal_cycle_duration' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION started_at(cycle deal_cycle) RETURNS timestamptz
	AS 'MODULE_PATHNAME', 'deal_cycle_started_at' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION ended_at(cycle deal_cycle) RETURNS timestamptz
	AS 'MODULE_PATHNAME', 'deal_cycle_ended_at' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION entered_at(cycle deal_cycle) RETURNS timestamptz
	AS 'MODULE_PATHNAME', 'deal_cycle_entered_at' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION observed_until(cycle deal_cycle) RETURNS timestamptz
	AS 'MODULE_PATHNAME', 'deal_cycle_observed_until' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION unit(cycle deal_cycle) RETURNS text
	AS 'MODULE_PATHNAME', 'deal_cycle_unit' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION status(deal_cycle) IS 'event, competing (something in unless came first) or censored (neither by as_of)';
COMMENT ON FUNCTION duration(deal_cycle) IS 'from the start to the end in days and time; as far as it was observed when censored';
COMMENT ON FUNCTION started_at(deal_cycle) IS 'when the cycle started';
COMMENT ON FUNCTION ended_at(deal_cycle) IS 'when it ended in the event or in a competing end; NULL when censored';
COMMENT ON FUNCTION entered_at(deal_cycle) IS 'since when it was observed, when later than its start (deal_exposure); else NULL';
COMMENT ON FUNCTION observed_until(deal_cycle) IS 'its end, or when censored the instant up to which it was observed';
COMMENT ON FUNCTION unit(deal_cycle) IS 'the unit in which duration_agg counts it: day, hour, minute or second';
