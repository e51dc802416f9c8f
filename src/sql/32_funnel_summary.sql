
--
-- funnel_summary: how many got how far
--

@include type.sql.in TYPE=funnel_summary INPUT=IMMUTABLE ALIGNMENT=double STORAGE=extended
@include json.sql.in TYPE=funnel_summary
@include merge.sql.in TYPE=funnel_summary AGGREGATE=funnel_agg COST=100 SPACE=4096
@include plus_minus.sql.in TYPE=funnel_summary

COMMENT ON TYPE funnel_summary IS 'how many deals got how far through one funnel, and how long each step took; made by funnel_agg, read by steps, conversion and stage_duration';

-- Not STRICT: the state starts as NULL, and NULL inputs are skipped.
CREATE FUNCTION funnel_summary_add_progress(state funnel_summary, progress deal_progress) RETURNS funnel_summary
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 10;
CREATE FUNCTION funnel_summary_add_progress(state funnel_summary, progress deal_progress, amount numeric) RETURNS funnel_summary
	AS 'MODULE_PATHNAME', 'funnel_summary_add_progress_amount' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 10;
COMMENT ON FUNCTION funnel_summary_add_progress(funnel_summary, deal_progress) IS 'transition of funnel_agg(deal_progress)';
COMMENT ON FUNCTION funnel_summary_add_progress(funnel_summary, deal_progress, numeric) IS 'transition of funnel_agg(deal_progress, amount)';

CREATE AGGREGATE funnel_agg(progress deal_progress) (
	SFUNC = funnel_summary_add_progress, STYPE = funnel_summary, SSPACE = 4096,
	FINALFUNC = funnel_summary_final, COMBINEFUNC = funnel_summary_combine, PARALLEL = SAFE
);
CREATE AGGREGATE funnel_agg(progress deal_progress, amount numeric) (
	SFUNC = funnel_summary_add_progress, STYPE = funnel_summary, SSPACE = 4096,
	FINALFUNC = funnel_summary_final, COMBINEFUNC = funnel_summary_combine, PARALLEL = SAFE
);
COMMENT ON AGGREGATE funnel_agg(deal_progress) IS 'the funnel of many deals; all must be read with the same stages and options';
COMMENT ON AGGREGATE funnel_agg(deal_progress, numeric) IS 'the funnel of many deals and of their amounts; a deal without an amount counts as a deal';
COMMENT ON AGGREGATE rollup(funnel_summary) IS 'one funnel of the deals in many; all must have the same stages and options';

-- The same from raw events.
CREATE FUNCTION funnel_events_combine(state internal, other internal) RETURNS internal
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION funnel_events_serialize(state internal) RETURNS bytea
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION funnel_events_deserialize(bytea, internal) RETURNS internal
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION funnel_events_final(state internal) RETURNS funnel_summary
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION funnel_events_combine(internal, internal) IS 'combine function of funnel_agg over raw events';
COMMENT ON FUNCTION funnel_events_serialize(internal) IS 'buffered events for another process';
COMMENT ON FUNCTION funnel_events_deserialize(bytea, internal) IS 'buffered events from another process';
COMMENT ON FUNCTION funnel_events_final(internal) IS 'final function of funnel_agg over raw events';

@include raw_funnel.sql.in DEAL=bigint
@include raw_funnel.sql.in DEAL=uuid
@include raw_funnel.sql.in DEAL=text

COMMENT ON OPERATOR + (funnel_summary, funnel_summary) IS 'the deals in both';
COMMENT ON OPERATOR - (funnel_summary, funnel_summary) IS 'the deals in the first without those of the second, which must be among them';

CREATE FUNCTION conversion(summary funnel_summary) RETURNS rate_summary
	AS 'MODULE_PATHNAME', 'funnel_summary_conversion' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION conversion(summary funnel_summary, from_stage text, to_stage text) RETURNS rate_summary
	AS 'MODULE_PATHNAME', 'funnel_summary_conversion_between' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION settled_conversion(summary funnel_summary, from_stage text, to_stage text) RETURNS rate_summary
	AS 'MODULE_PATHNAME', 'funnel_summary_settled_conversion' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION amount_conversion(summary funnel_summary, from_stage text, to_stage text) RETURNS double precision
	AS 'MODULE_PATHNAME', 'funnel_summary_amount_conversion' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION missing(summary funnel_summary) RETURNS bigint
	AS 'MODULE_PATHNAME', 'funnel_summary_missing' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION stage_duration(summary funnel_summary, stage text) RETURNS duration_summary
	AS 'MODULE_PATHNAME', 'funnel_summary_stage_duration' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION steps(summary funnel_summary,
					  OUT step integer, OUT stage text, OUT reached bigint, OUT converted bigint, OUT open bigint, OUT exited bigint, OUT expired bigint,
					  OUT percent_of_previous double precision, OUT percent_of_first double precision,
					  OUT low double precision, OUT high double precision, OUT median_duration double precision,
					  OUT amount_reached numeric, OUT amount_converted numeric, OUT amount_percent_of_previous double precision) RETURNS SETOF record
	AS 'MODULE_PATHNAME', 'funnel_summary_steps' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 5;
CREATE FUNCTION chart(summary funnel_summary, width integer DEFAULT 60) RETURNS text
	AS 'MODULE_PATHNAME', 'funnel_summary_chart' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION conversion(funnel_summary) IS 'deals that reached the last stage, of those that reached the first: percent(conversion(f), 1)';
COMMENT ON FUNCTION conversion(funnel_summary, text, text) IS 'deals that reached to_stage, of those that reached from_stage: percent(conversion(f, ''mql'', ''sql''), 1)';
COMMENT ON FUNCTION settled_conversion(funnel_summary, text, text) IS 'conversion without the deals still open between the two stages: percent(settled_conversion(f, ''mql'', ''sql''), 1)';
COMMENT ON FUNCTION amount_conversion(funnel_summary, text, text) IS 'amount that reached to_stage / amount that reached from_stage; NULL without amounts and under excluded';
COMMENT ON FUNCTION missing(funnel_summary) IS 'deals without an amount; NULL in a funnel without amounts';
COMMENT ON FUNCTION stage_duration(funnel_summary, text) IS 'days from a stage to the next matched one; exits compete, the unfinished are censored';
COMMENT ON FUNCTION steps(funnel_summary) IS 'a row per stage: deals that reached it and what became of them, conversion in percent with its 95% Wilson interval, median days to the next stage, amounts where there are any';
COMMENT ON FUNCTION chart(funnel_summary, integer) IS 'a bar per stage, as text: deals, percent of the stage before with its 95% interval, and amounts where there are any';
