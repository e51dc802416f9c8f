
--
-- amount_summary: amounts with their exact sum and sum of squares
--

@include type.sql.in TYPE=amount_summary INPUT=IMMUTABLE ALIGNMENT=double STORAGE=plain
@include equalimage.sql.in TYPE=amount_summary
@include json.sql.in TYPE=amount_summary
@include plus_minus.sql.in TYPE=amount_summary

COMMENT ON TYPE amount_summary IS 'how many amounts, how many are missing, their exact sum and sum of squares; made by amount_agg, read by mean and confidence_interval, held against another by compare';

-- Not STRICT: a row without an amount is counted as missing.
CREATE FUNCTION amount_summary_accumulate(state amount_summary, amount numeric) RETURNS amount_summary
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION amount_summary_invert(state amount_summary, amount numeric) RETURNS amount_summary
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION amount_summary_combine(state amount_summary, amounts amount_summary) RETURNS amount_summary
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION amount_summary_uncombine(state amount_summary, amounts amount_summary) RETURNS amount_summary
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION amount_summary_final(state amount_summary) RETURNS amount_summary
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION amount_summary_accumulate(amount_summary, numeric) IS 'transition of amount_agg';
COMMENT ON FUNCTION amount_summary_invert(amount_summary, numeric) IS 'inverse transition of amount_agg';
COMMENT ON FUNCTION amount_summary_combine(amount_summary, amount_summary) IS 'transition of rollup(amount_summary), and combine function of amount_agg and rollup';
COMMENT ON FUNCTION amount_summary_uncombine(amount_summary, amount_summary) IS 'inverse transition of rollup(amount_summary)';
COMMENT ON FUNCTION amount_summary_final(amount_summary) IS 'final function of amount_agg: NULL when there were no rows';

-- The state starts empty, and both counts of a state without rows are 0.
CREATE AGGREGATE amount_agg(amount numeric) (
	SFUNC = amount_summary_accumulate, STYPE = amount_summary, SSPACE = 96,
	INITCOND = '{"version":1,"count":0,"missing":0,"sum":0,"sum_of_squares":0}',
	FINALFUNC = amount_summary_final, COMBINEFUNC = amount_summary_combine,
	MSFUNC = amount_summary_accumulate, MINVFUNC = amount_summary_invert, MSTYPE = amount_summary, MSSPACE = 96,
	MINITCOND = '{"version":1,"count":0,"missing":0,"sum":0,"sum_of_squares":0}',
	MFINALFUNC = amount_summary_final, PARALLEL = SAFE
);
COMMENT ON AGGREGATE amount_agg(numeric) IS 'how many amounts, their exact sum and sum of squares, and how many rows have none; NULL of no rows';
-- No initial state: the first summary is the state, and one of no amounts differs from no summary at all.
CREATE AGGREGATE rollup(amounts amount_summary) (
	SFUNC = amount_summary_combine, STYPE = amount_summary, SSPACE = 96,
	COMBINEFUNC = amount_summary_combine,
	MSFUNC = amount_summary_combine, MINVFUNC = amount_summary_uncombine, MSTYPE = amount_summary, MSSPACE = 96,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE rollup(amount_summary) IS 'one summary of the amounts in many';

COMMENT ON OPERATOR + (amount_summary, amount_summary) IS 'the amounts in both';
COMMENT ON OPERATOR - (amount_summary, amount_summary) IS 'the amounts in the first without those of the second, which must be among them';

CREATE FUNCTION count(amounts amount_summary) RETURNS bigint
	AS 'MODULE_PATHNAME', 'amount_summary_count' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION missing(amounts amount_summary) RETURNS bigint
	AS 'MODULE_PATHNAME', 'amount_summary_missing' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION total(amounts amount_summary) RETURNS numeric
	AS 'MODULE_PATHNAME', 'amount_summary_total' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION mean(amounts amount_summary) RETURNS double precision
	AS 'MODULE_PATHNAME', 'amount_summary_mean' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION std_dev(amounts amount_summary) RETURNS double precision
	AS 'MODULE_PATHNAME', 'amount_summary_std_dev' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION confidence_interval(amounts amount_summary, level double precision DEFAULT 0.95,
	OUT low double precision, OUT high double precision)
	AS 'MODULE_PATHNAME', 'amount_summary_confidence_interval' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION count(amount_summary) IS 'how many amounts';
COMMENT ON FUNCTION missing(amount_summary) IS 'how many rows had no amount';
COMMENT ON FUNCTION total(amount_summary) IS 'the exact sum; 0 of no amounts';
COMMENT ON FUNCTION mean(amount_summary) IS 'mean of the amounts that are known; NULL of none';
COMMENT ON FUNCTION std_dev(amount_summary) IS 'standard deviation, that of a sample; NULL of fewer than two amounts';
COMMENT ON FUNCTION confidence_interval(amount_summary, double precision) IS 'where the true mean plausibly lies (Student); NULLs of fewer than two amounts';
