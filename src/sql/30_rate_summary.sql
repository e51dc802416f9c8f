
--
-- rate_summary: k of n
--

@include type.sql.in TYPE=rate_summary INPUT=IMMUTABLE ALIGNMENT=double STORAGE=plain
@include equalimage.sql.in TYPE=rate_summary
@include json.sql.in TYPE=rate_summary
@include plus_minus.sql.in TYPE=rate_summary

COMMENT ON TYPE rate_summary IS 'k of n: a rate that keeps its denominator; made by rate_agg, conversion and win_rate, read by percent and confidence_interval, held against another by compare';

CREATE FUNCTION rate_summary(successes bigint, total bigint) RETURNS rate_summary
	AS 'MODULE_PATHNAME', 'rate_summary_from_counts' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION rate_summary(bigint, bigint) IS 'a rate from its two counts';

CREATE FUNCTION rate_summary_accumulate(state rate_summary, success boolean) RETURNS rate_summary
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION rate_summary_invert(state rate_summary, success boolean) RETURNS rate_summary
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION rate_summary_combine(state rate_summary, rate rate_summary) RETURNS rate_summary
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION rate_summary_uncombine(state rate_summary, rate rate_summary) RETURNS rate_summary
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION rate_summary_final(state rate_summary) RETURNS rate_summary
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION rate_summary_accumulate(rate_summary, boolean) IS 'transition of rate_agg';
COMMENT ON FUNCTION rate_summary_invert(rate_summary, boolean) IS 'inverse transition of rate_agg';
COMMENT ON FUNCTION rate_summary_combine(rate_summary, rate_summary) IS 'transition of rollup(rate_summary), and combine function of rate_agg and rollup';
COMMENT ON FUNCTION rate_summary_uncombine(rate_summary, rate_summary) IS 'inverse transition of rollup(rate_summary)';
COMMENT ON FUNCTION rate_summary_final(rate_summary) IS 'final function of rate_agg: NULL when nothing was counted';

-- The state starts at 0 of 0 and its total counts the readings, so that no reading is 0 in the end.
CREATE AGGREGATE rate_agg(success boolean) (
	SFUNC = rate_summary_accumulate, STYPE = rate_summary, SSPACE = 48,
	INITCOND = '{"version":1,"successes":0,"total":0}',
	FINALFUNC = rate_summary_final, COMBINEFUNC = rate_summary_combine,
	MSFUNC = rate_summary_accumulate, MINVFUNC = rate_summary_invert, MSTYPE = rate_summary, MSSPACE = 48,
	MINITCOND = '{"version":1,"successes":0,"total":0}',
	MFINALFUNC = rate_summary_final, PARALLEL = SAFE
);
COMMENT ON AGGREGATE rate_agg(boolean) IS 'how many are true of those that are not NULL; NULL when all are';
-- No initial state: the first summary is the state, and 0 of 0 differs from no summary at all.
CREATE AGGREGATE rollup(rate rate_summary) (
	SFUNC = rate_summary_combine, STYPE = rate_summary, SSPACE = 48,
	COMBINEFUNC = rate_summary_combine,
	MSFUNC = rate_summary_combine, MINVFUNC = rate_summary_uncombine, MSTYPE = rate_summary, MSSPACE = 48,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE rollup(rate_summary) IS 'one rate of the counts in many';

COMMENT ON OPERATOR + (rate_summary, rate_summary) IS 'the counts of both';
COMMENT ON OPERATOR - (rate_summary, rate_summary) IS 'a rate without a part of it';

CREATE FUNCTION successes(rate rate_summary) RETURNS bigint
	AS 'MODULE_PATHNAME', 'rate_summary_successes' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION total(rate rate_summary) RETURNS bigint
	AS 'MODULE_PATHNAME', 'rate_summary_total' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION rate(rate rate_summary) RETURNS double precision
	AS 'MODULE_PATHNAME', 'rate_summary_rate' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION percent(rate rate_summary) RETURNS double precision
	AS 'MODULE_PATHNAME', 'rate_summary_percent' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION percent(rate rate_summary, digits integer) RETURNS numeric
	AS 'MODULE_PATHNAME', 'rate_summary_percent_digits' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION confidence_interval(rate rate_summary, level double precision DEFAULT 0.95, method text DEFAULT 'wilson',
	OUT low double precision, OUT high double precision)
	AS 'MODULE_PATHNAME', 'rate_summary_confidence_interval' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION chart(rate rate_summary, width integer DEFAULT 60) RETURNS text
	AS 'MODULE_PATHNAME', 'rate_summary_chart' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION successes(rate_summary) IS 'how many did it';
COMMENT ON FUNCTION total(rate_summary) IS 'of how many';
COMMENT ON FUNCTION rate(rate_summary) IS 'the fraction, 0 to 1; NULL where nothing was counted';
COMMENT ON FUNCTION percent(rate_summary) IS 'the percentage, 0 to 100; NULL where nothing was counted';
COMMENT ON FUNCTION percent(rate_summary, integer) IS 'the percentage with so many decimals, rounded half away from zero from the counts: percent(r, 1)';
COMMENT ON FUNCTION confidence_interval(rate_summary, double precision, text) IS 'where the true fraction plausibly lies; method wilson or exact (Clopper-Pearson); NULL where nothing was counted';
COMMENT ON FUNCTION chart(rate_summary, integer) IS 'a bar with its 95% interval, as one line of text';
