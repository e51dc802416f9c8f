
--
-- duration_summary: how long, the unfinished counted
--

@include type.sql.in TYPE=duration_summary INPUT=IMMUTABLE ALIGNMENT=double STORAGE=extended
@include json.sql.in TYPE=duration_summary
@include merge.sql.in TYPE=duration_summary AGGREGATE=duration_agg COST=50 SPACE=2048
@include plus_minus.sql.in TYPE=duration_summary

COMMENT ON TYPE duration_summary IS 'how long something took: an exact histogram by whole unit of events, competing ends, the unfinished and late entries; made by duration_agg, read by median, reached_within and curve, held against another by compare';

-- Transition functions are not STRICT: the state starts as NULL, and NULL has a meaning in the arguments.
CREATE FUNCTION duration_summary_add_times(state duration_summary, started_at timestamptz, ended_at timestamptz, as_of timestamptz) RETURNS duration_summary
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 5;
CREATE FUNCTION duration_summary_add_times(state duration_summary, started_at timestamptz, ended_at timestamptz, as_of timestamptz, unit text) RETURNS duration_summary
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 5;
CREATE FUNCTION duration_summary_remove_times(state duration_summary, started_at timestamptz, ended_at timestamptz, as_of timestamptz) RETURNS duration_summary
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION duration_summary_remove_times(state duration_summary, started_at timestamptz, ended_at timestamptz, as_of timestamptz, unit text) RETURNS duration_summary
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION duration_summary_add_units(state duration_summary, units integer, observed boolean) RETURNS duration_summary
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 5;
CREATE FUNCTION duration_summary_remove_units(state duration_summary, units integer, observed boolean) RETURNS duration_summary
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION duration_summary_add_times(duration_summary, timestamptz, timestamptz, timestamptz) IS 'transition of duration_agg(started_at, ended_at, as_of)';
COMMENT ON FUNCTION duration_summary_add_times(duration_summary, timestamptz, timestamptz, timestamptz, text) IS 'transition of duration_agg(started_at, ended_at, as_of, unit)';
COMMENT ON FUNCTION duration_summary_remove_times(duration_summary, timestamptz, timestamptz, timestamptz) IS 'inverse transition of duration_agg(started_at, ended_at, as_of)';
COMMENT ON FUNCTION duration_summary_remove_times(duration_summary, timestamptz, timestamptz, timestamptz, text) IS 'inverse transition of duration_agg(started_at, ended_at, as_of, unit)';
COMMENT ON FUNCTION duration_summary_add_units(duration_summary, integer, boolean) IS 'transition of duration_agg(units, observed)';
COMMENT ON FUNCTION duration_summary_remove_units(duration_summary, integer, boolean) IS 'inverse transition of duration_agg(units, observed)';

CREATE AGGREGATE duration_agg(started_at timestamptz, ended_at timestamptz, as_of timestamptz) (
	SFUNC = duration_summary_add_times, STYPE = duration_summary, SSPACE = 4096,
	FINALFUNC = duration_summary_final, COMBINEFUNC = duration_summary_combine,
	MSFUNC = duration_summary_add_times, MINVFUNC = duration_summary_remove_times, MSTYPE = duration_summary, MSSPACE = 512,
	MFINALFUNC = duration_summary_final, PARALLEL = SAFE
);
CREATE AGGREGATE duration_agg(started_at timestamptz, ended_at timestamptz, as_of timestamptz, unit text) (
	SFUNC = duration_summary_add_times, STYPE = duration_summary, SSPACE = 4096,
	FINALFUNC = duration_summary_final, COMBINEFUNC = duration_summary_combine,
	MSFUNC = duration_summary_add_times, MINVFUNC = duration_summary_remove_times, MSTYPE = duration_summary, MSSPACE = 512,
	MFINALFUNC = duration_summary_final, PARALLEL = SAFE
);
CREATE AGGREGATE duration_agg(units integer, observed boolean) (
	SFUNC = duration_summary_add_units, STYPE = duration_summary, SSPACE = 4096,
	FINALFUNC = duration_summary_final, COMBINEFUNC = duration_summary_combine,
	MSFUNC = duration_summary_add_units, MINVFUNC = duration_summary_remove_units, MSTYPE = duration_summary, MSSPACE = 512,
	MFINALFUNC = duration_summary_final, PARALLEL = SAFE
);
COMMENT ON AGGREGATE duration_agg(timestamptz, timestamptz, timestamptz) IS 'durations in days; without an end by as_of, censored then';
COMMENT ON AGGREGATE duration_agg(timestamptz, timestamptz, timestamptz, text) IS 'durations in a unit: day, hour, minute or second; without an end by as_of, censored then';
COMMENT ON AGGREGATE duration_agg(integer, boolean) IS 'durations in whole days; not observed means censored';
COMMENT ON AGGREGATE rollup(duration_summary) IS 'one summary of the durations in many';

COMMENT ON OPERATOR + (duration_summary, duration_summary) IS 'the durations in both';
COMMENT ON OPERATOR - (duration_summary, duration_summary) IS 'the durations in the first without those of the second, which must be among them';

CREATE FUNCTION unit(summary duration_summary) RETURNS text
	AS 'MODULE_PATHNAME', 'duration_summary_unit' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION observed(summary duration_summary) RETURNS bigint
	AS 'MODULE_PATHNAME', 'duration_summary_observed' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION competing(summary duration_summary) RETURNS bigint
	AS 'MODULE_PATHNAME', 'duration_summary_competing' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION censored(summary duration_summary) RETURNS bigint
	AS 'MODULE_PATHNAME', 'duration_summary_censored' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION mean(summary duration_summary) RETURNS double precision
	AS 'MODULE_PATHNAME', 'duration_summary_mean' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION median(summary duration_summary) RETURNS double precision
	AS 'MODULE_PATHNAME', 'duration_summary_median' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION quantile(summary duration_summary, q double precision) RETURNS double precision
	AS 'MODULE_PATHNAME', 'duration_summary_quantile' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION quantile_interval(summary duration_summary, q double precision, level double precision DEFAULT 0.95, band text DEFAULT 'log',
								  OUT low double precision, OUT high double precision) RETURNS record
	AS 'MODULE_PATHNAME', 'duration_summary_quantile_interval' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION reached_within(summary duration_summary, units bigint) RETURNS double precision
	AS 'MODULE_PATHNAME', 'duration_summary_reached_within' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION reached_within_interval(summary duration_summary, units bigint, level double precision DEFAULT 0.95, band text DEFAULT 'log',
										OUT low double precision, OUT high double precision) RETURNS record
	AS 'MODULE_PATHNAME', 'duration_summary_reached_within_interval' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION restricted_mean(summary duration_summary, horizon double precision) RETURNS double precision
	AS 'MODULE_PATHNAME', 'duration_summary_restricted_mean' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION restricted_mean_error(summary duration_summary, horizon double precision) RETURNS double precision
	AS 'MODULE_PATHNAME', 'duration_summary_restricted_mean_error' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION curve(summary duration_summary, level double precision DEFAULT 0.95, band text DEFAULT 'log',
					  OUT elapsed bigint, OUT at_risk bigint, OUT events bigint, OUT competing bigint, OUT censored bigint,
					  OUT survival double precision, OUT std_error double precision,
					  OUT low double precision, OUT high double precision, OUT incidence double precision) RETURNS SETOF record
	AS 'MODULE_PATHNAME', 'duration_summary_curve' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 200;
CREATE FUNCTION chart(summary duration_summary, width integer DEFAULT 60, band text DEFAULT 'log', horizon bigint DEFAULT NULL) RETURNS text
	AS 'MODULE_PATHNAME', 'duration_summary_chart' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION unit(duration_summary) IS 'the unit of every duration in it: day, hour, minute or second';
COMMENT ON FUNCTION observed(duration_summary) IS 'how many durations ended in the event';
COMMENT ON FUNCTION competing(duration_summary) IS 'how many ended in something else, after which the event cannot come';
COMMENT ON FUNCTION censored(duration_summary) IS 'how many had not ended yet';
COMMENT ON FUNCTION mean(duration_summary) IS 'mean of the observed durations alone, from their exact sum; the unfinished are not in it';
COMMENT ON FUNCTION median(duration_summary) IS 'when half have had the event, the unfinished counted; NULL when that is not reached';
COMMENT ON FUNCTION quantile(duration_summary, double precision) IS 'when a fraction q have had the event, the unfinished counted; NULL when that is not reached';
COMMENT ON FUNCTION quantile_interval(duration_summary, double precision, double precision, text) IS 'confidence interval of a quantile, where the band of the curve crosses it; an end is NULL when the band does not get there; band is log or log-log';
COMMENT ON FUNCTION reached_within(duration_summary, bigint) IS 'fraction that has had the event within so many whole units: 7 days are all that took less than 8; NULL beyond what was observed';
COMMENT ON FUNCTION reached_within_interval(duration_summary, bigint, double precision, text) IS 'confidence interval of reached_within; band is log or log-log';
COMMENT ON FUNCTION restricted_mean(duration_summary, double precision) IS 'mean time without the event up to a horizon, the unfinished counted; NULL beyond what was observed';
COMMENT ON FUNCTION restricted_mean_error(duration_summary, double precision) IS 'standard error of restricted_mean; NULL with competing ends';
COMMENT ON FUNCTION curve(duration_summary, double precision, text) IS 'survival with its standard error and band (log or log-log), and incidence of the event, after every unit in which a duration ended';
COMMENT ON FUNCTION chart(duration_summary, integer, text, bigint) IS 'the share that got there by each unit, as text, up to a horizon or as far as was observed; band is log or log-log';

-- Not STRICT: the state starts as NULL, and NULL inputs are skipped.
CREATE FUNCTION duration_summary_add_cycle(state duration_summary, cycle deal_cycle) RETURNS duration_summary
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 5;
CREATE FUNCTION duration_summary_remove_cycle(state duration_summary, cycle deal_cycle) RETURNS duration_summary
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION duration_summary_add_cycle(duration_summary, deal_cycle) IS 'transition of duration_agg(cycle)';
COMMENT ON FUNCTION duration_summary_remove_cycle(duration_summary, deal_cycle) IS 'inverse transition of duration_agg(cycle)';
CREATE AGGREGATE duration_agg(cycle deal_cycle) (
	SFUNC = duration_summary_add_cycle, STYPE = duration_summary, SSPACE = 4096,
	FINALFUNC = duration_summary_final, COMBINEFUNC = duration_summary_combine,
	MSFUNC = duration_summary_add_cycle, MINVFUNC = duration_summary_remove_cycle, MSTYPE = duration_summary, MSSPACE = 512,
	MFINALFUNC = duration_summary_final, PARALLEL = SAFE
);
COMMENT ON AGGREGATE duration_agg(deal_cycle) IS 'the lengths of many cycles, which must have the same unit; competing ends, the unfinished and late entries counted as such';
