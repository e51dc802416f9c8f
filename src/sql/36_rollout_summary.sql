
--
-- rollout_summary: what reached which unit when, and what it did in each period
--

@include type.sql.in TYPE=rollout_summary INPUT=IMMUTABLE ALIGNMENT=double STORAGE=extended
@include json.sql.in TYPE=rollout_summary
@include merge.sql.in TYPE=rollout_summary AGGREGATE=rollout_agg COST=50 SPACE=65536
@include plus_minus.sql.in TYPE=rollout_summary

COMMENT ON TYPE rollout_summary IS 'units (teams) by period, as counts of successes or sums of amounts, with the date on which each unit adopted something; made by rollout_agg, read by effect, event_study, cohort_effects, pretrend and permutation_test';

-- Not STRICT: the state starts as NULL, and a NULL date of adoption means never.
CREATE FUNCTION rollout_summary_add_success(state rollout_summary, unit text, adopted_on date, period date, success boolean) RETURNS rollout_summary
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 10;
CREATE FUNCTION rollout_summary_remove_success(state rollout_summary, unit text, adopted_on date, period date, success boolean) RETURNS rollout_summary
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 10;
CREATE FUNCTION rollout_summary_add_rate(state rollout_summary, unit text, adopted_on date, period date, outcome rate_summary) RETURNS rollout_summary
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 10;
CREATE FUNCTION rollout_summary_remove_rate(state rollout_summary, unit text, adopted_on date, period date, outcome rate_summary) RETURNS rollout_summary
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 10;
CREATE FUNCTION rollout_summary_add_amount(state rollout_summary, unit text, adopted_on date, period date, amount numeric) RETURNS rollout_summary
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 10;
CREATE FUNCTION rollout_summary_remove_amount(state rollout_summary, unit text, adopted_on date, period date, amount numeric) RETURNS rollout_summary
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 10;
COMMENT ON FUNCTION rollout_summary_add_success(rollout_summary, text, date, date, boolean) IS 'transition of rollout_agg over successes';
COMMENT ON FUNCTION rollout_summary_remove_success(rollout_summary, text, date, date, boolean) IS 'inverse transition of rollout_agg over successes';
COMMENT ON FUNCTION rollout_summary_add_rate(rollout_summary, text, date, date, rate_summary) IS 'transition of rollout_agg over rates';
COMMENT ON FUNCTION rollout_summary_remove_rate(rollout_summary, text, date, date, rate_summary) IS 'inverse transition of rollout_agg over rates';
COMMENT ON FUNCTION rollout_summary_add_amount(rollout_summary, text, date, date, numeric) IS 'transition of rollout_agg over amounts';
COMMENT ON FUNCTION rollout_summary_remove_amount(rollout_summary, text, date, date, numeric) IS 'inverse transition of rollout_agg over amounts';

CREATE AGGREGATE rollout_agg(unit text, adopted_on date, period date, success boolean) (
	SFUNC = rollout_summary_add_success, STYPE = rollout_summary, SSPACE = 65536,
	FINALFUNC = rollout_summary_final, COMBINEFUNC = rollout_summary_combine,
	MSFUNC = rollout_summary_add_success, MINVFUNC = rollout_summary_remove_success, MSTYPE = rollout_summary, MSSPACE = 65536,
	MFINALFUNC = rollout_summary_final, PARALLEL = SAFE
);
CREATE AGGREGATE rollout_agg(unit text, adopted_on date, period date, outcome rate_summary) (
	SFUNC = rollout_summary_add_rate, STYPE = rollout_summary, SSPACE = 65536,
	FINALFUNC = rollout_summary_final, COMBINEFUNC = rollout_summary_combine,
	MSFUNC = rollout_summary_add_rate, MINVFUNC = rollout_summary_remove_rate, MSTYPE = rollout_summary, MSSPACE = 65536,
	MFINALFUNC = rollout_summary_final, PARALLEL = SAFE
);
CREATE AGGREGATE rollout_agg(unit text, adopted_on date, period date, amount numeric) (
	SFUNC = rollout_summary_add_amount, STYPE = rollout_summary, SSPACE = 65536,
	FINALFUNC = rollout_summary_final, COMBINEFUNC = rollout_summary_combine,
	MSFUNC = rollout_summary_add_amount, MINVFUNC = rollout_summary_remove_amount, MSTYPE = rollout_summary, MSSPACE = 65536,
	MFINALFUNC = rollout_summary_final, PARALLEL = SAFE
);
COMMENT ON AGGREGATE rollout_agg(text, date, date, boolean) IS 'successes by unit and period; adopted_on is the date from which the unit has what is rolled out, NULL for never';
COMMENT ON AGGREGATE rollout_agg(text, date, date, rate_summary) IS 'rates by unit and period; adopted_on is the date from which the unit has what is rolled out, NULL for never';
COMMENT ON AGGREGATE rollout_agg(text, date, date, numeric) IS 'amounts (money, days) by unit and period; adopted_on is the date from which the unit has what is rolled out, NULL for never';
COMMENT ON AGGREGATE rollup(rollout_summary) IS 'one summary of the units and periods in many';

COMMENT ON OPERATOR + (rollout_summary, rollout_summary) IS 'the units and periods in both';
COMMENT ON OPERATOR - (rollout_summary, rollout_summary) IS 'the first without what is in the second, which must be part of it';

CREATE FUNCTION cells(summary rollout_summary,
					  OUT unit text, OUT adopted_on date, OUT period date, OUT total bigint, OUT sum numeric) RETURNS SETOF record
	AS 'MODULE_PATHNAME', 'rollout_summary_cells' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 240;
COMMENT ON FUNCTION cells(rollout_summary) IS 'how many there were in each unit and period, and how many of them succeeded or their sum';

CREATE FUNCTION effect(summary rollout_summary, control text DEFAULT 'not_yet', base text DEFAULT 'all', weights text DEFAULT 'deals',
					   anticipation integer DEFAULT 0, level double precision DEFAULT 0.95,
					   OUT effect double precision, OUT std_error double precision, OUT df double precision,
					   OUT low double precision, OUT high double precision, OUT p_value double precision,
					   OUT units bigint, OUT others bigint, OUT deals bigint, OUT skipped bigint) RETURNS record
	AS 'MODULE_PATHNAME', 'rollout_summary_effect' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 10000;
CREATE FUNCTION event_study(summary rollout_summary, control text DEFAULT 'not_yet', base text DEFAULT 'all', weights text DEFAULT 'deals',
							anticipation integer DEFAULT 0, leads integer DEFAULT 12, level double precision DEFAULT 0.95,
							OUT event_time integer, OUT effect double precision, OUT std_error double precision, OUT df double precision,
							OUT low double precision, OUT high double precision, OUT p_value double precision,
							OUT units bigint, OUT others bigint) RETURNS SETOF record
	AS 'MODULE_PATHNAME', 'rollout_summary_event_study' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100000 ROWS 24;
CREATE FUNCTION cohort_effects(summary rollout_summary, control text DEFAULT 'not_yet', base text DEFAULT 'all', weights text DEFAULT 'deals',
							   anticipation integer DEFAULT 0, level double precision DEFAULT 0.95,
							   OUT cohort date, OUT effect double precision, OUT std_error double precision, OUT df double precision,
							   OUT low double precision, OUT high double precision, OUT p_value double precision,
							   OUT units bigint, OUT others bigint) RETURNS SETOF record
	AS 'MODULE_PATHNAME', 'rollout_summary_cohort_effects' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 10000 ROWS 6;
CREATE FUNCTION cell_effects(summary rollout_summary, control text DEFAULT 'not_yet', base text DEFAULT 'all', weights text DEFAULT 'deals',
							 anticipation integer DEFAULT 0, leads integer DEFAULT 12, level double precision DEFAULT 0.95,
							 OUT cohort date, OUT period date, OUT effect double precision, OUT std_error double precision, OUT df double precision,
							 OUT low double precision, OUT high double precision, OUT p_value double precision,
							 OUT units bigint, OUT others bigint) RETURNS SETOF record
	AS 'MODULE_PATHNAME', 'rollout_summary_cell_effects' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100000 ROWS 100;
CREATE FUNCTION pretrend(summary rollout_summary, control text DEFAULT 'not_yet', weights text DEFAULT 'deals',
						 anticipation integer DEFAULT 0, level double precision DEFAULT 0.95,
						 OUT slope double precision, OUT std_error double precision, OUT df double precision,
						 OUT low double precision, OUT high double precision, OUT p_value double precision,
						 OUT units bigint, OUT others bigint) RETURNS record
	AS 'MODULE_PATHNAME', 'rollout_summary_pretrend' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 10000;
CREATE FUNCTION permutation_test(summary rollout_summary, control text DEFAULT 'not_yet', base text DEFAULT 'all', weights text DEFAULT 'deals',
								 anticipation integer DEFAULT 0,
								 OUT p_value double precision, OUT assignments bigint, OUT exact boolean, OUT statistic text) RETURNS record
	AS 'MODULE_PATHNAME', 'rollout_summary_permutation_test' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 10000000;
COMMENT ON FUNCTION effect(rollout_summary, text, text, text, integer, double precision) IS 'what adoption changed, in percentage points or in the unit of the amounts: treated periods against those of units not (yet) treated; units are the clusters of its error';
COMMENT ON FUNCTION event_study(rollout_summary, text, text, text, integer, integer, double precision) IS 'the effect by periods since adoption; those before adoption should be near 0';
COMMENT ON FUNCTION cohort_effects(rollout_summary, text, text, text, integer, double precision) IS 'the effect by the first whole period of the units that have it';
COMMENT ON FUNCTION cell_effects(rollout_summary, text, text, text, integer, integer, double precision) IS 'the effect by cohort and period';
COMMENT ON FUNCTION pretrend(rollout_summary, text, text, integer, double precision) IS 'the trend of adopters against the others before adoption, in points a period';
COMMENT ON FUNCTION permutation_test(rollout_summary, text, text, text, integer) IS 'how often dealing the dates of adoption to other units gives an effect as large; 1 / assignments is the smallest p-value there can be';

CREATE FUNCTION chart(summary rollout_summary, width integer DEFAULT 60) RETURNS text
	AS 'MODULE_PATHNAME', 'rollout_summary_chart' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION chart(rollout_summary, integer) IS 'the effect by periods since adoption, with 95% intervals; o before adoption, # from adoption on';
