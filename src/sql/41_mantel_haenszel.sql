
--
-- mantel_haenszel_summary: rates before and after, stratum by stratum
--

@include type.sql.in TYPE=mantel_haenszel_summary INPUT=IMMUTABLE ALIGNMENT=double STORAGE=extended
@include equalimage.sql.in TYPE=mantel_haenszel_summary
@include json.sql.in TYPE=mantel_haenszel_summary

COMMENT ON TYPE mantel_haenszel_summary IS 'rates before and after, compared stratum by stratum (Mantel and Haenszel); made by mantel_haenszel_agg, read by compare';

-- Not STRICT: the state starts as NULL, and a NULL rate is an empty side of its stratum.
CREATE FUNCTION mantel_haenszel_summary_accumulate(state mantel_haenszel_summary, before rate_summary, after rate_summary) RETURNS mantel_haenszel_summary
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION mantel_haenszel_summary_combine(state mantel_haenszel_summary, other mantel_haenszel_summary) RETURNS mantel_haenszel_summary
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION mantel_haenszel_summary_accumulate(mantel_haenszel_summary, rate_summary, rate_summary) IS 'transition of mantel_haenszel_agg';
COMMENT ON FUNCTION mantel_haenszel_summary_combine(mantel_haenszel_summary, mantel_haenszel_summary) IS 'implementation of +, transition of rollup(mantel_haenszel_summary), and combine function of mantel_haenszel_agg and rollup';

CREATE AGGREGATE mantel_haenszel_agg(before rate_summary, after rate_summary) (
	SFUNC = mantel_haenszel_summary_accumulate, STYPE = mantel_haenszel_summary, SSPACE = 136,
	COMBINEFUNC = mantel_haenszel_summary_combine, PARALLEL = SAFE
);
CREATE AGGREGATE rollup(summary mantel_haenszel_summary) (
	SFUNC = mantel_haenszel_summary_combine, STYPE = mantel_haenszel_summary, SSPACE = 136,
	COMBINEFUNC = mantel_haenszel_summary_combine, PARALLEL = SAFE
);
COMMENT ON AGGREGATE mantel_haenszel_agg(rate_summary, rate_summary) IS 'rates before and after, one row for each stratum (segment, region), to be read by compare';
COMMENT ON AGGREGATE rollup(mantel_haenszel_summary) IS 'one comparison of the strata in many';
CREATE OPERATOR + (LEFTARG = mantel_haenszel_summary, RIGHTARG = mantel_haenszel_summary, FUNCTION = mantel_haenszel_summary_combine, COMMUTATOR = +);
COMMENT ON OPERATOR + (mantel_haenszel_summary, mantel_haenszel_summary) IS 'the strata in both';

CREATE FUNCTION compare(summary mantel_haenszel_summary, level double precision DEFAULT 0.95,
						OUT strata bigint, OUT skipped bigint, OUT crude_difference_points double precision,
						OUT common_difference_points double precision, OUT low double precision, OUT high double precision,
						OUT common_odds_ratio double precision, OUT odds_ratio_low double precision, OUT odds_ratio_high double precision,
						OUT chi2 double precision, OUT p_value double precision, OUT mix_shift boolean) RETURNS record
	AS 'MODULE_PATHNAME', 'mantel_haenszel_summary_compare' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION compare(mantel_haenszel_summary, double precision) IS 'after minus before within strata: common difference in percentage points with its interval (Sato), common odds ratio with its own (Robins, Breslow and Greenland), chi-square test without continuity correction; mix_shift: the crude difference points the other way';
