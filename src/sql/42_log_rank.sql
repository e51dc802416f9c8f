
--
-- log_rank_summary: durations before and after, stratum by stratum
--

@include type.sql.in TYPE=log_rank_summary INPUT=IMMUTABLE ALIGNMENT=double STORAGE=extended
@include json.sql.in TYPE=log_rank_summary

COMMENT ON TYPE log_rank_summary IS 'durations before and after, compared stratum by stratum (log-rank); made by log_rank_agg, read by compare';

-- Not STRICT: the state starts as NULL, and a NULL summary is an empty side of its stratum.
CREATE FUNCTION log_rank_summary_accumulate(state log_rank_summary, before duration_summary, after duration_summary) RETURNS log_rank_summary
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION log_rank_summary_add_summary(state log_rank_summary, summary log_rank_summary) RETURNS log_rank_summary
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 50;
CREATE FUNCTION log_rank_summary_combine(state log_rank_summary, other log_rank_summary) RETURNS log_rank_summary
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION log_rank_summary_final(state log_rank_summary) RETURNS log_rank_summary
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION log_rank_summary_accumulate(log_rank_summary, duration_summary, duration_summary) IS 'transition of log_rank_agg';
COMMENT ON FUNCTION log_rank_summary_add_summary(log_rank_summary, log_rank_summary) IS 'transition of rollup(log_rank_summary)';
COMMENT ON FUNCTION log_rank_summary_combine(log_rank_summary, log_rank_summary) IS 'combine function of log_rank_agg and rollup';
COMMENT ON FUNCTION log_rank_summary_final(log_rank_summary) IS 'final function of log_rank_agg and rollup: the canonical form';

CREATE AGGREGATE log_rank_agg(before duration_summary, after duration_summary) (
	SFUNC = log_rank_summary_accumulate, STYPE = log_rank_summary, SSPACE = 4096,
	FINALFUNC = log_rank_summary_final, COMBINEFUNC = log_rank_summary_combine, PARALLEL = SAFE
);
CREATE AGGREGATE rollup(summary log_rank_summary) (
	SFUNC = log_rank_summary_add_summary, STYPE = log_rank_summary, SSPACE = 4096,
	FINALFUNC = log_rank_summary_final, COMBINEFUNC = log_rank_summary_combine, PARALLEL = SAFE
);
COMMENT ON AGGREGATE log_rank_agg(duration_summary, duration_summary) IS 'durations before and after, one row for each stratum (segment, region), to be read by compare';
COMMENT ON AGGREGATE rollup(log_rank_summary) IS 'one comparison of the strata in many';

CREATE FUNCTION log_rank_summary_plus(log_rank_summary, log_rank_summary) RETURNS log_rank_summary
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION log_rank_summary_plus(log_rank_summary, log_rank_summary) IS 'implementation of +';
CREATE OPERATOR + (LEFTARG = log_rank_summary, RIGHTARG = log_rank_summary, FUNCTION = log_rank_summary_plus, COMMUTATOR = +);
COMMENT ON OPERATOR + (log_rank_summary, log_rank_summary) IS 'the strata in both';

CREATE FUNCTION compare(summary log_rank_summary, level double precision DEFAULT 0.95,
						OUT strata bigint, OUT skipped bigint, OUT crude_hazard_ratio double precision, OUT hazard_ratio double precision,
						OUT log_rank_chi2 double precision, OUT p_value double precision, OUT mix_shift boolean,
						OUT hazard_low double precision, OUT hazard_high double precision) RETURNS record
	AS 'MODULE_PATHNAME', 'log_rank_summary_compare' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 10;
COMMENT ON FUNCTION compare(log_rank_summary, double precision) IS 'stratified log-rank test and hazard ratio (above 1: sooner after) with its interval; mix_shift: the crude comparison points the other way';

-- Not STRICT: a NULL p is kept out, and gives NULL, but its row must not stop the others.
CREATE FUNCTION p_adjust(p double precision, method text DEFAULT 'holm') RETURNS double precision
	AS 'MODULE_PATHNAME' LANGUAGE C WINDOW IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION p_adjust(double precision, text) IS 'p-value adjusted for how many there are in the partition; method holm, bh (Benjamini and Hochberg) or bonferroni; NULLs are kept out';
