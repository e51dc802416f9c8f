
--
-- quota_summary: how many reps got there, and how fast
--

@include type.sql.in TYPE=quota_summary INPUT=IMMUTABLE ALIGNMENT=double STORAGE=extended
@include json.sql.in TYPE=quota_summary
@include merge.sql.in TYPE=quota_summary AGGREGATE=quota_agg COST=50 SPACE=1024
@include plus_minus.sql.in TYPE=quota_summary

COMMENT ON TYPE quota_summary IS 'how many reps reached quota, how fast, and in how many closed deals; reps on the way and reps that left counted as such; made by quota_agg, read by reached, time_to_quota and quota_velocity';

-- Not STRICT: the state starts as NULL, and NULL inputs are skipped.
CREATE FUNCTION quota_summary_add_attainment(state quota_summary, attainment quota_attainment) RETURNS quota_summary
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 10;
CREATE FUNCTION quota_summary_remove_attainment(state quota_summary, attainment quota_attainment) RETURNS quota_summary
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION quota_summary_add_attainment(quota_summary, quota_attainment) IS 'transition of quota_agg';
COMMENT ON FUNCTION quota_summary_remove_attainment(quota_summary, quota_attainment) IS 'inverse transition of quota_agg';
CREATE AGGREGATE quota_agg(attainment quota_attainment) (
	SFUNC = quota_summary_add_attainment, STYPE = quota_summary, SSPACE = 2048,
	FINALFUNC = quota_summary_final, COMBINEFUNC = quota_summary_combine,
	MSFUNC = quota_summary_add_attainment, MINVFUNC = quota_summary_remove_attainment, MSTYPE = quota_summary, MSSPACE = 512,
	MFINALFUNC = quota_summary_final, PARALLEL = SAFE
);
COMMENT ON AGGREGATE quota_agg(quota_attainment) IS 'the ways to quota of many reps, each with a quota of their own';
COMMENT ON AGGREGATE rollup(quota_summary) IS 'one summary of the reps in many';

COMMENT ON OPERATOR + (quota_summary, quota_summary) IS 'the reps in both';
COMMENT ON OPERATOR - (quota_summary, quota_summary) IS 'the reps in the first without those of the second, which must be among them';

CREATE FUNCTION reps(summary quota_summary) RETURNS bigint
	AS 'MODULE_PATHNAME', 'quota_summary_reps' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION reached(summary quota_summary) RETURNS rate_summary
	AS 'MODULE_PATHNAME', 'quota_summary_reached' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION quota_velocity(summary quota_summary) RETURNS double precision
	AS 'MODULE_PATHNAME', 'quota_summary_quota_velocity' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION mean_cycles(summary quota_summary) RETURNS double precision
	AS 'MODULE_PATHNAME', 'quota_summary_mean_cycles' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION mean_elapsed_cycles(summary quota_summary, reference interval) RETURNS double precision
	AS 'MODULE_PATHNAME', 'quota_summary_mean_elapsed_cycles' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION time_to_quota(summary quota_summary) RETURNS duration_summary
	AS 'MODULE_PATHNAME', 'quota_summary_time_to_quota' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION reps(quota_summary) IS 'how many reps';
COMMENT ON FUNCTION reached(quota_summary) IS 'the reps that reached quota, of all reps: percent(reached(s), 1)';
COMMENT ON FUNCTION quota_velocity(quota_summary) IS '100 x closed deals of all reps / reps; those not there yet with the deals they have closed so far';
COMMENT ON FUNCTION mean_cycles(quota_summary) IS 'closed deals until quota per rep, only of reps that reached it; NULL when none did';
COMMENT ON FUNCTION mean_elapsed_cycles(quota_summary, interval) IS 'mean time from hire to quota in reference cycles of so long, only of reps that reached it; NULL when none did';
COMMENT ON FUNCTION time_to_quota(quota_summary) IS 'days from hire to quota: leaving before competes, reps on the way are censored';
CREATE FUNCTION chart(summary quota_summary, width integer DEFAULT 60, band text DEFAULT 'log', horizon bigint DEFAULT NULL) RETURNS text
	AS 'MODULE_PATHNAME', 'quota_summary_chart' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION chart(quota_summary, integer, text, bigint) IS 'the chart of time_to_quota: the share of reps that reached quota by each day since hire; band is log or log-log';
