
--
-- rounded and percent: numbers with a given count of decimals
--

CREATE FUNCTION rounded(value double precision, digits integer DEFAULT 0) RETURNS numeric
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION percent(fraction double precision, digits integer) RETURNS numeric
	AS 'MODULE_PATHNAME', 'fraction_percent' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION rounded(double precision, integer) IS 'a number with so many decimals, half away from zero: for means, medians, points and the columns that are percentages';
COMMENT ON FUNCTION percent(double precision, integer) IS 'a fraction as a percentage with so many decimals: percent(reached_within(d, 90), 1), percent(relative_lift, 1)';
