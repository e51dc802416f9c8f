
--
-- power: what a programme needs before it can show a difference
--

CREATE FUNCTION deals_needed(before_rate double precision, after_rate double precision,
							 power double precision DEFAULT 0.8, level double precision DEFAULT 0.95,
							 deals_per_team double precision DEFAULT 1, icc double precision DEFAULT 0) RETURNS bigint
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION power(deals bigint, before_rate double precision, after_rate double precision,
					  level double precision DEFAULT 0.95) RETURNS double precision
	AS 'MODULE_PATHNAME', 'power_of_comparison' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION detectable(deals bigint, before_rate double precision,
						   power double precision DEFAULT 0.8, level double precision DEFAULT 0.95,
						   OUT lower double precision, OUT upper double precision) RETURNS record
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION events_needed(hazard_ratio double precision, share double precision DEFAULT 0.5,
							  power double precision DEFAULT 0.8, level double precision DEFAULT 0.95) RETURNS bigint
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION deals_needed(double precision, double precision, double precision, double precision, double precision, double precision) IS 'deals on each side with which a change from one rate to another is found with this power; more where teams of some size differ (icc); NULL for equal rates';
COMMENT ON FUNCTION power(bigint, double precision, double precision, double precision) IS 'chance that a change from one rate to another is found with this many deals on each side';
COMMENT ON FUNCTION detectable(bigint, double precision, double precision, double precision) IS 'nearest rates below and above that this many deals on each side tell from a rate with this power; NULL where none can be told';
COMMENT ON FUNCTION events_needed(double precision, double precision, double precision, double precision) IS 'events (deals that ended, of both groups) with which a hazard ratio is found with this power; share of the deals in one group; NULL for a ratio of 1';
