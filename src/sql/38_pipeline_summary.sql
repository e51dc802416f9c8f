
--
-- pipeline_summary: open deals by age, and what to expect of them
--

@include type.sql.in TYPE=pipeline_summary INPUT=IMMUTABLE ALIGNMENT=double STORAGE=extended
@include json.sql.in TYPE=pipeline_summary
@include merge.sql.in TYPE=pipeline_summary AGGREGATE=pipeline_agg COST=20 SPACE=16384
@include plus_minus.sql.in TYPE=pipeline_summary

COMMENT ON TYPE pipeline_summary IS 'how many deals are open at each age, with their amounts; made by pipeline_agg, read by forecast';

-- Not STRICT: the state starts as NULL, and NULL inputs are skipped.
CREATE FUNCTION pipeline_summary_add_deal(state pipeline_summary, age bigint, amount numeric) RETURNS pipeline_summary
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 10;
CREATE FUNCTION pipeline_summary_remove_deal(state pipeline_summary, age bigint, amount numeric) RETURNS pipeline_summary
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 10;
COMMENT ON FUNCTION pipeline_summary_add_deal(pipeline_summary, bigint, numeric) IS 'transition of pipeline_agg';
COMMENT ON FUNCTION pipeline_summary_remove_deal(pipeline_summary, bigint, numeric) IS 'inverse transition of pipeline_agg';

CREATE AGGREGATE pipeline_agg(age bigint, amount numeric) (
	SFUNC = pipeline_summary_add_deal, STYPE = pipeline_summary, SSPACE = 16384,
	FINALFUNC = pipeline_summary_final, COMBINEFUNC = pipeline_summary_combine,
	MSFUNC = pipeline_summary_add_deal, MINVFUNC = pipeline_summary_remove_deal, MSTYPE = pipeline_summary, MSSPACE = 16384,
	MFINALFUNC = pipeline_summary_final, PARALLEL = SAFE
);
COMMENT ON AGGREGATE pipeline_agg(bigint, numeric) IS 'open deals by age in whole units, with their amounts; a deal without an amount counts as a deal';
COMMENT ON AGGREGATE rollup(pipeline_summary) IS 'one summary of the deals in many';

COMMENT ON OPERATOR + (pipeline_summary, pipeline_summary) IS 'the deals in both';
COMMENT ON OPERATOR - (pipeline_summary, pipeline_summary) IS 'the deals in the first without those of the second, which must be among them';

CREATE FUNCTION chance(summary duration_summary, age bigint, horizon bigint) RETURNS double precision
	AS 'MODULE_PATHNAME', 'duration_summary_chance' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 10;
CREATE FUNCTION at_risk(summary duration_summary, age bigint) RETURNS bigint
	AS 'MODULE_PATHNAME', 'duration_summary_at_risk' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 10;
CREATE FUNCTION forecast(pipeline pipeline_summary, summary duration_summary, horizon bigint,
						 OUT deals bigint, OUT expected double precision, OUT expected_sd double precision,
						 OUT amount numeric, OUT expected_amount double precision, OUT amount_sd double precision,
						 OUT unknown bigint, OUT unknown_amount numeric) RETURNS record
	AS 'MODULE_PATHNAME', 'pipeline_summary_forecast' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 50;
CREATE FUNCTION chart(summary pipeline_summary, width integer DEFAULT 60) RETURNS text
	AS 'MODULE_PATHNAME', 'pipeline_summary_chart' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION chart(pipeline_summary, integer) IS 'a bar for each band of age, as text: open deals, and their amount where there are any';
COMMENT ON FUNCTION chance(duration_summary, bigint, bigint) IS 'of those that have outlived unit age, the fraction that has the event within horizon more units; NULL beyond what was observed';
COMMENT ON FUNCTION at_risk(duration_summary, bigint) IS 'how many were observed beyond unit age: a chance from there on is an estimate from so many';
COMMENT ON FUNCTION forecast(pipeline_summary, duration_summary, bigint) IS 'events and money to be expected of open deals within a horizon, each with its standard deviation; deals of which the chance is not known are left out and counted';
