
--
-- comparison: before and after
--

CREATE FUNCTION compare(before rate_summary, after rate_summary, level double precision DEFAULT 0.95,
						OUT before_percent double precision, OUT after_percent double precision,
						OUT difference_points double precision, OUT low double precision, OUT high double precision,
						OUT relative_lift double precision, OUT z double precision, OUT p_value double precision, OUT p_exact double precision) RETURNS record
	AS 'MODULE_PATHNAME', 'rate_summary_compare' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 10;
COMMENT ON FUNCTION compare(rate_summary, rate_summary, double precision) IS 'assumes that deals are independent and that nothing else changed in between (for what teams are given: effect of a rollout_summary); after minus before in percentage points with its interval (Newcombe), relative lift as a fraction of before (0.2 is a fifth more), z and its p-value (pooled), exact p-value (Fisher, two-sided)';

CREATE FUNCTION difference_in_differences(before_treated rate_summary, after_treated rate_summary,
										  before_control rate_summary, after_control rate_summary, level double precision DEFAULT 0.95,
										  OUT treated_points double precision, OUT control_points double precision,
										  OUT difference_points double precision, OUT std_error double precision, OUT low double precision, OUT high double precision,
										  OUT z double precision, OUT p_value double precision) RETURNS record
	AS 'MODULE_PATHNAME', 'rate_summary_difference_in_differences' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION difference_in_differences(rate_summary, rate_summary, rate_summary, rate_summary, double precision) IS 'assumes one date for all and independent deals (for what teams are given, or at different dates: effect of a rollout_summary); the change among the treated less the change in the control group, all in percentage points but z and p_value';

-- Not STRICT: a NULL horizon is one as far as both were observed.
CREATE FUNCTION compare(before duration_summary, after duration_summary, horizon double precision DEFAULT NULL, level double precision DEFAULT 0.95,
						OUT before_median double precision, OUT after_median double precision,
						OUT difference_days double precision, OUT low double precision, OUT high double precision,
						OUT log_rank_chi2 double precision, OUT p_value double precision, OUT hazard_ratio double precision,
						OUT compared_to double precision, OUT hazard_low double precision, OUT hazard_high double precision) RETURNS record
	AS 'MODULE_PATHNAME', 'duration_summary_compare' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 10;
COMMENT ON FUNCTION compare(duration_summary, duration_summary, double precision, double precision) IS 'assumes that durations are independent, and censoring unrelated to the time it would have taken; after minus before, in the unit of both: medians, difference of the means up to a horizon (compared_to) with its interval, log-rank test, hazard ratio (above 1: sooner after) with its interval';

CREATE FUNCTION compare(before amount_summary, after amount_summary, level double precision DEFAULT 0.95,
						OUT before_mean double precision, OUT after_mean double precision,
						OUT difference double precision, OUT low double precision, OUT high double precision,
						OUT relative_lift double precision, OUT t double precision, OUT df double precision, OUT p_value double precision) RETURNS record
	AS 'MODULE_PATHNAME', 'amount_summary_compare' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 10;
COMMENT ON FUNCTION compare(amount_summary, amount_summary, double precision) IS 'assumes that amounts are independent; after minus before: means, their difference with its interval, relative lift as a fraction of before, t, its degrees of freedom and p-value (Welch)';
