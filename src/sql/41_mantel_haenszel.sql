
--
-- mantel_haenszel_summary: rates before and after, stratum by stratum
--

CREATE TYPE mantel_haenszel_summary;

CREATE FUNCTION mantel_haenszel_summary_in(cstring) RETURNS mantel_haenszel_summary
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION mantel_haenszel_summary_out(mantel_haenszel_summary) RETURNS cstring
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION mantel_haenszel_summary_recv(internal) RETURNS mantel_haenszel_summary
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION mantel_haenszel_summary_send(mantel_haenszel_summary) RETURNS bytea
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE TYPE mantel_haenszel_summary (
	INPUT = mantel_haenszel_summary_in,
	OUTPUT = mantel_haenszel_summary_out,
	RECEIVE = mantel_haenszel_summary_recv,
	SEND = mantel_haenszel_summary_send,
	INTERNALLENGTH = VARIABLE,
	ALIGNMENT = double,
	STORAGE = extended
);

COMMENT ON TYPE mantel_haenszel_summary IS 'rates before and after, compared stratum by stratum (Mantel and Haenszel); made by mantel_haenszel_agg, read by compare';
COMMENT ON FUNCTION mantel_haenszel_summary_in(cstring) IS 'input of mantel_haenszel_summary';
COMMENT ON FUNCTION mantel_haenszel_summary_out(mantel_haenszel_summary) IS 'output of mantel_haenszel_summary';
COMMENT ON FUNCTION mantel_haenszel_summary_recv(internal) IS 'binary input of mantel_haenszel_summary';
COMMENT ON FUNCTION mantel_haenszel_summary_send(mantel_haenszel_summary) IS 'binary output of mantel_haenszel_summary';

CREATE FUNCTION jsonb(summary mantel_haenszel_summary) RETURNS jsonb
	AS 'MODULE_PATHNAME', 'mantel_haenszel_summary_to_jsonb' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION mantel_haenszel_summary(object jsonb) RETURNS mantel_haenszel_summary
	AS 'MODULE_PATHNAME', 'mantel_haenszel_summary_from_jsonb' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION jsonb(mantel_haenszel_summary) IS 'a mantel_haenszel_summary as a jsonb object';
COMMENT ON FUNCTION mantel_haenszel_summary(jsonb) IS 'a mantel_haenszel_summary from a jsonb object';
CREATE CAST (mantel_haenszel_summary AS jsonb) WITH FUNCTION jsonb(mantel_haenszel_summary);
CREATE CAST (jsonb AS mantel_haenszel_summary) WITH FUNCTION mantel_haenszel_summary(jsonb);
COMMENT ON CAST (mantel_haenszel_summary AS jsonb) IS 'a mantel_haenszel_summary as a jsonb object';
COMMENT ON CAST (jsonb AS mantel_haenszel_summary) IS 'a mantel_haenszel_summary from a jsonb object';

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
