
--
-- quota_attainment: one rep's way to quota
--

-- STABLE for the reason given at deal_event_in.
@include type.sql.in TYPE=quota_attainment INPUT=STABLE ALIGNMENT=double STORAGE=extended
@include equalimage.sql.in TYPE=quota_attainment
@include json.sql.in TYPE=quota_attainment

COMMENT ON TYPE quota_attainment IS 'one rep on the way to quota: reached, left before, or open; until when, in how many closed deals; many make a quota_summary';

-- Not STRICT: a NULL history is one without deals, and NULL options stand for none. Stays IMMUTABLE: now() is only the default of as_of.
CREATE FUNCTION quota_attainment(
	history deal_history,
	hired_at timestamptz,
	quota numeric,
	period text DEFAULT NULL,
	ramp numeric[] DEFAULT NULL,
	as_of timestamptz DEFAULT now(),
	left_at timestamptz DEFAULT NULL,
	threshold numeric DEFAULT 1.0,
	sustained integer DEFAULT 1,
	won text[] DEFAULT '{won}',
	lost text[] DEFAULT '{lost}',
	zone text DEFAULT 'UTC',
	fiscal_year_start integer DEFAULT 1,
	calendar date[] DEFAULT NULL,
	quotas numeric[] DEFAULT NULL
) RETURNS quota_attainment
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 20;
COMMENT ON FUNCTION quota_attainment(deal_history, timestamptz, numeric, text, numeric[], timestamptz, timestamptz, numeric, integer, text[], text[], text, integer, date[], numeric[])
	IS 'when a rep reached quota: since hire, or within one period (month, quarter, year, or those of calendar), sustained periods in a row; ramp holds the quotas of the first periods, quotas that of each period of calendar';

CREATE FUNCTION status(attainment quota_attainment) RETURNS text
	AS 'MODULE_PATHNAME', 'quota_attainment_status' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION hired_at(attainment quota_attainment) RETURNS timestamptz
	AS 'MODULE_PATHNAME', 'quota_attainment_hired_at' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION reached_at(attainment quota_attainment) RETURNS timestamptz
	AS 'MODULE_PATHNAME', 'quota_attainment_reached_at' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION observed_until(attainment quota_attainment) RETURNS timestamptz
	AS 'MODULE_PATHNAME', 'quota_attainment_observed_until' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION days(attainment quota_attainment) RETURNS integer
	AS 'MODULE_PATHNAME', 'quota_attainment_days' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION cycles(attainment quota_attainment) RETURNS integer
	AS 'MODULE_PATHNAME', 'quota_attainment_cycles' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION won_cycles(attainment quota_attainment) RETURNS integer
	AS 'MODULE_PATHNAME', 'quota_attainment_won_cycles' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION attained(attainment quota_attainment) RETURNS numeric
	AS 'MODULE_PATHNAME', 'quota_attainment_attained' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION target(attainment quota_attainment) RETURNS numeric
	AS 'MODULE_PATHNAME', 'quota_attainment_target' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION elapsed_cycles(attainment quota_attainment, reference interval) RETURNS double precision
	AS 'MODULE_PATHNAME', 'quota_attainment_elapsed_cycles' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION status(quota_attainment) IS 'reached, left (before reaching quota) or open (not yet by as_of)';
COMMENT ON FUNCTION hired_at(quota_attainment) IS 'when the rep was hired';
COMMENT ON FUNCTION reached_at(quota_attainment) IS 'when quota was reached; NULL when it was not';
COMMENT ON FUNCTION observed_until(quota_attainment) IS 'when quota was reached or the rep left; as_of when open';
COMMENT ON FUNCTION days(quota_attainment) IS 'whole days from hire to quota; when it was not reached, as long as the rep was observed';
COMMENT ON FUNCTION cycles(quota_attainment) IS 'deals closed from hire up to and including the instant of quota; when it was not reached, all observed';
COMMENT ON FUNCTION won_cycles(quota_attainment) IS 'the won ones among the cycles';
COMMENT ON FUNCTION attained(quota_attainment) IS 'the amount held against the target: won since hire, or in the period of quota or of the end of observation';
COMMENT ON FUNCTION target(quota_attainment) IS 'the smallest amount that reaches quota x threshold in that period, to four decimals; 0 where that period cannot be attained';
COMMENT ON FUNCTION elapsed_cycles(quota_attainment, interval) IS 'time from hire to quota, or as long as observed, in reference cycles of so long';
