--
-- comparison: before and after
--
\getenv directory PG_ABS_SRCDIR
\set shared :directory '/test/lib/regress.sql'
\i :shared
SET timezone = 'UTC';
SET extra_float_digits = 0;

-- ten significant digits of every number of a row
CREATE FUNCTION pg_temp.digits(x double precision) RETURNS text LANGUAGE sql IMMUTABLE
AS $$ SELECT CASE WHEN x = 0 THEN '0' WHEN abs(x) < 1e-4 THEN to_char(x, '9.999999999EEEE') ELSE round(x::numeric, 9 - floor(log(abs(x)))::int)::text END $$;

--
-- two rates
--
\x on
SELECT pg_temp.digits(difference_points) AS difference_points, pg_temp.digits(low) AS low, pg_temp.digits(high) AS high,
	pg_temp.digits(z) AS z, pg_temp.digits(p_value) AS p_value, pg_temp.digits(p_exact) AS p_exact, before_percent, after_percent, pg_temp.digits(relative_lift) AS relative_lift
FROM compare(rate_summary(48, 80), rate_summary(56, 70));
\x off
-- Newcombe 1998, table II: the eight contrasts, method 10
SELECT format('%s/%s - %s/%s', k2, n2, k1, n1) AS contrast, round(difference_points::numeric, 4) AS points, round(low::numeric, 4) AS low, round(high::numeric, 4) AS high,
	round(relative_lift::numeric, 4) AS lift, pg_temp.digits(p_value) AS p_value, pg_temp.digits(p_exact) AS p_exact
FROM (VALUES (1, 56, 70, 48, 80), (2, 9, 10, 3, 10), (3, 6, 7, 2, 7), (4, 5, 56, 0, 29), (5, 0, 10, 0, 20), (6, 0, 10, 0, 10), (7, 10, 10, 0, 20), (8, 10, 10, 0, 10))
	AS t (i, k2, n2, k1, n1), compare(rate_summary(k1, n1), rate_summary(k2, n2))
ORDER BY i;
-- ten million, and more
SELECT pg_temp.digits(difference_points) AS points, pg_temp.digits(p_value) AS p_value, pg_temp.digits(p_exact) AS p_exact
FROM (VALUES (5000000, 10000000, 5004000), (100, 10000000, 170), (4000000000, 9000000000, 4000300000)) AS t (k1, n, k2), compare(rate_summary(k1, n), rate_summary(k2, n));
-- another level
SELECT round(low::numeric, 8) AS low, round(high::numeric, 8) AS high FROM compare(rate_summary(48, 80), rate_summary(56, 70), level => 0.8);
SELECT round(low::numeric, 8) AS low, round(high::numeric, 8) AS high FROM compare(rate_summary(0, 80), rate_summary(56, 70), level => 1e-17);
-- all or nothing: no variance, nothing to lift from
SELECT k1, n1, k2, n2, difference_points AS points, round(low::numeric, 6) AS low, round(high::numeric, 6) AS high, relative_lift, round(z::numeric, 6) AS z, round(p_value::numeric, 6) AS p_value, round(p_exact::numeric, 6) AS p_exact
FROM (VALUES (0, 5, 0, 7), (5, 5, 7, 7), (0, 5, 7, 7), (5, 5, 0, 7)) AS t (k1, n1, k2, n2), compare(rate_summary(k1, n1), rate_summary(k2, n2));
-- nobody on one side, or on both
SELECT n1, n2, c.* FROM (VALUES (0, 4), (4, 0), (0, 0)) AS t (n1, n2), compare(rate_summary(n1 / 4, n1), rate_summary(n2 / 4, n2)) AS c;
SELECT compare(NULL, rate_summary(1, 2)) IS NULL AS before, compare(rate_summary(1, 2), NULL) IS NULL AS after, compare(rate_summary(1, 2), rate_summary(1, 2), NULL) IS NULL AS level;
SELECT DISTINCT pg_temp.failure(format('SELECT compare(rate_summary(%s, %s), rate_summary(1, 2), %L)', n, n, level)) COLLATE "C" AS error
FROM unnest(ARRAY['0', '1', '-1', '95', 'NaN']) AS level, unnest(ARRAY[0, 1]) AS n ORDER BY 1;

--
-- difference in differences
--
SELECT round(treated_points::numeric, 8) AS treated_points, round(control_points::numeric, 8) AS control_points, round(difference_points::numeric, 8) AS difference_points,
	round(std_error::numeric, 8) AS std_error, round(low::numeric, 8) AS low, round(high::numeric, 8) AS high, round(z::numeric, 8) AS z, round(p_value::numeric, 8) AS p_value
FROM difference_in_differences(rate_summary(30, 150), rate_summary(48, 160), rate_summary(28, 140), rate_summary(31, 150));
SELECT round(low::numeric, 6) AS low, round(high::numeric, 6) AS high
FROM difference_in_differences(before_treated => rate_summary(30, 150), after_treated => rate_summary(48, 160), before_control => rate_summary(28, 140), after_control => rate_summary(31, 150), level => 0.5);
SELECT * FROM difference_in_differences(rate_summary(0, 5), rate_summary(5, 5), rate_summary(0, 5), rate_summary(0, 5));
SELECT * FROM difference_in_differences(rate_summary(0, 5), rate_summary(5, 5), rate_summary(0, 0), rate_summary(0, 5));
-- without a control group, and without one of the treated, the change of the other is known
SELECT * FROM difference_in_differences(rate_summary(1, 4), rate_summary(3, 4), rate_summary(0, 0), rate_summary(0, 0));
SELECT * FROM difference_in_differences(rate_summary(1, 4), rate_summary(0, 0), rate_summary(1, 4), rate_summary(3, 4));
SELECT * FROM difference_in_differences(rate_summary(0, 0), rate_summary(3, 4), rate_summary(0, 0), rate_summary(3, 4));
SELECT difference_in_differences(rate_summary(0, 5), NULL, rate_summary(0, 5), rate_summary(0, 5)) IS NULL AS "null";
SELECT pg_temp.failure('SELECT difference_in_differences(rate_summary(1, 2), rate_summary(1, 2), rate_summary(1, 2), rate_summary(1, 2), 1.0)');

--
-- two durations
--
CREATE TEMP TABLE freireich (arm text, pair int, t int, observed boolean);
INSERT INTO freireich SELECT '6-MP', i, t, true FROM unnest('{6,6,6,7,10,13,16,22,23}'::int[]) WITH ORDINALITY AS x (t, i);
INSERT INTO freireich SELECT '6-MP', 9 + i, t, false FROM unnest('{6,9,10,11,17,19,20,25,32,32,34,35}'::int[]) WITH ORDINALITY AS x (t, i);
INSERT INTO freireich SELECT 'placebo', i, t, true FROM unnest('{1,1,2,2,3,4,4,5,5,8,8,8,8,11,11,12,12,15,17,22,23}'::int[]) WITH ORDINALITY AS x (t, i);
CREATE TEMP VIEW arms AS
	SELECT duration_agg(t, observed) FILTER (WHERE arm = 'placebo') AS before, duration_agg(t, observed) FILTER (WHERE arm = '6-MP') AS after FROM freireich;
\x on
SELECT before_median, after_median, pg_temp.digits(difference_days) AS difference_days, pg_temp.digits(low) AS low, pg_temp.digits(high) AS high,
	pg_temp.digits(log_rank_chi2) AS log_rank_chi2, pg_temp.digits(p_value) AS p_value, pg_temp.digits(hazard_ratio) AS hazard_ratio, compared_to
FROM arms, compare(before, after, 20);
\x off
-- by default as far as both were observed; beyond, nothing is known
SELECT horizon, round(difference_days::numeric, 8) AS difference_days, round(low::numeric, 8) AS low, round(high::numeric, 8) AS high, round(hazard_ratio::numeric, 8) AS hazard_ratio, compared_to
FROM arms, unnest(ARRAY[NULL, 0, 23, 30, 35, 36]) AS horizon, compare(before, after, horizon);
SELECT round(low::numeric, 8) AS low, round(high::numeric, 8) AS high FROM arms, compare(before, after, level => 0.5);
-- the other way around
SELECT round(difference_days::numeric, 8) AS difference_days, round(log_rank_chi2::numeric, 8) AS log_rank_chi2, round((hazard_ratio * (SELECT hazard_ratio FROM compare(before, after)))::numeric, 12) AS product
FROM arms, compare(after, before);
-- the hazard ratio has an interval: exp(log(ratio) +- z / sqrt(V)), V = (O - E)^2 / chi2 of R's survdiff
SELECT round(hazard_ratio::numeric, 8) AS hazard_ratio, round(hazard_low::numeric, 8) AS low, round(hazard_high::numeric, 8) AS high FROM arms, compare(before, after, level => 0.95)
UNION ALL SELECT round(hazard_ratio::numeric, 8), round(hazard_low::numeric, 8), round(hazard_high::numeric, 8) FROM arms, compare(before, after, level => 0.5);
SELECT hazard_ratio IS NULL AS ratio, hazard_low IS NULL AS low, hazard_high IS NULL AS high FROM (SELECT duration_agg(5, false) AS d) AS open, compare(d, d);
-- competing ends count as censored in test and hazard ratio, and leave no interval of the means
CREATE TEMP VIEW contest AS SELECT duration_summary
	'{"version":1,"unit":"day","total_microseconds":777600000000,"histogram":[[1,1,0,0,0],[2,0,1,0,0],[3,1,0,0,0],[4,0,0,1,0],[5,1,0,0,0],[6,0,1,0,0]]}' AS before, duration_summary
	'{"version":1,"unit":"day","total_microseconds":691200000000,"histogram":[[1,1,0,0,0],[2,2,0,0,0],[3,1,1,0,0],[6,0,0,2,0]]}' AS after;
CREATE TEMP VIEW contest_censored AS SELECT duration_summary
	'{"version":1,"unit":"day","total_microseconds":777600000000,"histogram":[[1,1,0,0,0],[2,0,0,1,0],[3,1,0,0,0],[4,0,0,1,0],[5,1,0,0,0],[6,0,0,1,0]]}' AS before, duration_summary
	'{"version":1,"unit":"day","total_microseconds":691200000000,"histogram":[[1,1,0,0,0],[2,2,0,0,0],[3,1,0,1,0],[6,0,0,2,0]]}' AS after;
SELECT before_median, after_median, round(difference_days::numeric, 8) AS difference_days, low, high, round(log_rank_chi2::numeric, 8) AS log_rank_chi2, round(hazard_ratio::numeric, 8) AS hazard_ratio
FROM contest, compare(before, after);
SELECT round(log_rank_chi2::numeric, 8) AS log_rank_chi2, round(hazard_ratio::numeric, 8) AS hazard_ratio FROM contest_censored, compare(before, after);
-- late entry: at risk only in the units after it; days 2 to 4 have one event before of 2 and 1 at risk, one after of 1 and 1
SELECT pg_temp.digits(log_rank_chi2) AS log_rank_chi2, pg_temp.digits(hazard_ratio) AS hazard_ratio
FROM compare(duration_summary '{"version":1,"unit":"day","total_microseconds":518400000000,"histogram":[[1,0,0,0,1],[2,1,0,0,0],[4,1,0,0,0]]}',
			 '{"version":1,"unit":"day","total_microseconds":259200000000,"histogram":[[2,0,0,0,1],[3,1,0,0,0],[5,0,0,1,0]]}');
-- nobody, nothing observed, nothing to compare
SELECT c.* FROM arms, compare('{"version":1,"unit":"day","total_microseconds":0,"histogram":[]}', after) AS c;
SELECT c.* FROM arms, compare(before, '{"version":1,"unit":"day","total_microseconds":0,"histogram":[]}') AS c;
SELECT c.* FROM compare(duration_summary '{"version":1,"unit":"day","total_microseconds":0,"histogram":[[30,0,0,7,0]]}', '{"version":1,"unit":"day","total_microseconds":0,"histogram":[[20,0,0,4,0]]}') AS c;
SELECT compare(NULL, after) IS NULL AS before, compare(before, NULL) IS NULL AS after, compare(before, after, level => NULL) IS NULL AS level FROM arms;
SELECT pg_temp.failure($$SELECT compare(before, after, -1) FROM arms$$);
SELECT pg_temp.failure($$SELECT compare(before, after, 'NaN') FROM arms$$);
SELECT pg_temp.failure($$SELECT compare(before, after, 'Infinity') FROM arms$$);
SELECT pg_temp.failure($$SELECT compare(before, after, 20, 95) FROM arms$$);
SELECT pg_temp.failure($$SELECT compare(before, '{"version":1,"unit":"hour","total_microseconds":0,"histogram":[]}') FROM arms$$);

--
-- strata: rates
--
-- University of California at Berkeley 1973: admitted women and men by department
CREATE TEMP TABLE berkeley (department text, women rate_summary, men rate_summary);
INSERT INTO berkeley VALUES ('A', rate_summary(89, 108), rate_summary(512, 825)), ('B', rate_summary(17, 25), rate_summary(353, 560)),
	('C', rate_summary(202, 593), rate_summary(120, 325)), ('D', rate_summary(131, 375), rate_summary(138, 417)),
	('E', rate_summary(94, 393), rate_summary(53, 191)), ('F', rate_summary(24, 341), rate_summary(22, 373));
\x on
SELECT strata, skipped, pg_temp.digits(crude_difference_points) AS crude_difference_points, pg_temp.digits(common_difference_points) AS common_difference_points,
	pg_temp.digits(low) AS low, pg_temp.digits(high) AS high, pg_temp.digits(common_odds_ratio) AS common_odds_ratio, pg_temp.digits(odds_ratio_low) AS odds_ratio_low,
	pg_temp.digits(odds_ratio_high) AS odds_ratio_high, pg_temp.digits(chi2) AS chi2, pg_temp.digits(p_value) AS p_value, mix_shift
FROM (SELECT mantel_haenszel_agg(women, men) AS m FROM berkeley) AS x, compare(m);
\x off
-- in the select list it reads the same
SELECT round((compare(mantel_haenszel_agg(women, men))).common_difference_points::numeric, 6) AS points FROM berkeley;
SELECT round(low::numeric, 8) AS low, round(high::numeric, 8) AS high, round(odds_ratio_low::numeric, 8) AS odds_ratio_low, round(odds_ratio_high::numeric, 8) AS odds_ratio_high
FROM (SELECT mantel_haenszel_agg(women, men) AS m FROM berkeley) AS x, compare(m, level => 0.5);
-- a stratum with nobody on one side, or none at all: skipped and counted, but part of the crude difference
SELECT strata, skipped, round(crude_difference_points::numeric, 6) AS crude, round(common_difference_points::numeric, 6) AS common, round(chi2::numeric, 8) AS chi2, mix_shift
FROM (SELECT mantel_haenszel_agg(women, men) AS m
	  FROM (TABLE berkeley UNION ALL VALUES ('G', rate_summary(0, 0), rate_summary(5, 5000)), ('H', rate_summary(9, 10), NULL), (NULL, NULL, NULL)) AS b (department, women, men)) AS x, compare(m);
-- agreeing directions, no direction, and none known
SELECT what, c.strata, c.skipped, c.crude_difference_points AS crude, c.common_difference_points AS common, round(c.low::numeric, 6) AS low, round(c.high::numeric, 6) AS high, c.common_odds_ratio,
	round(c.odds_ratio_low::numeric, 6) AS odds_ratio_low, round(c.chi2::numeric, 6) AS chi2, round(c.p_value::numeric, 6) AS p_value, c.mix_shift
FROM (SELECT i, what, mantel_haenszel_agg(before, after) AS m FROM (VALUES (1, 'same', rate_summary(1, 4), rate_summary(1, 2)), (2, 'no difference', rate_summary(1, 4), rate_summary(2, 8)), (3, 'all failed', rate_summary(0, 4), rate_summary(0, 8)),
		(4, 'all succeeded', rate_summary(4, 4), rate_summary(8, 8)), (5, 'none before, all after', rate_summary(0, 4), rate_summary(8, 8)), (6, 'all before, none after', rate_summary(4, 4), rate_summary(0, 8)),
		(7, 'nobody before', rate_summary(0, 0), rate_summary(1, 8)), (8, 'nobody', rate_summary(0, 0), NULL)) AS t (i, what, before, after)
	GROUP BY i, what) AS x, compare(m) AS c
ORDER BY i;
SELECT mantel_haenszel_agg(NULL, NULL) IS NULL AS only_nulls, (SELECT mantel_haenszel_agg(women, men) FROM berkeley WHERE false) IS NULL AS no_rows,
	compare(NULL::mantel_haenszel_summary) IS NULL AS "null";
SELECT pg_temp.failure('SELECT compare(mantel_haenszel_agg(women, men), 0) FROM berkeley');
SELECT pg_temp.failure('SELECT mantel_haenszel_agg(women, rate_summary(0, 9223372036854775807)) FROM berkeley');

-- text, jsonb, merging
SELECT mantel_haenszel_agg(rate_summary(1, 4), rate_summary(3, 4));
SELECT m::text::mantel_haenszel_summary::text = m::text AS by_text, m::jsonb::mantel_haenszel_summary::text = m::text AS by_jsonb, pg_column_size(m) AS bytes,
	octet_length(mantel_haenszel_summary_send(m)) AS sent
FROM (SELECT mantel_haenszel_agg(women, men) AS m FROM berkeley) AS x;
BEGIN;
SET LOCAL extra_float_digits = -15;
SELECT mantel_haenszel_agg(rate_summary(1, 3), rate_summary(2, 7));
COMMIT;
-- the sums agree to rounding in any order and any split; the counts are the same
SELECT bool_and(a.strata = b.strata AND abs(a.common_difference_points / b.common_difference_points - 1) < 1e-12 AND abs(a.common_odds_ratio / b.common_odds_ratio - 1) < 1e-12
	AND abs(a.chi2 / b.chi2 - 1) < 1e-12 AND abs(a.low / b.low - 1) < 1e-12 AND a.crude_difference_points = b.crude_difference_points AND a.mix_shift = b.mix_shift) AS same
FROM (SELECT mantel_haenszel_agg(women, men) AS m, mantel_haenszel_agg(women, men ORDER BY department DESC) AS backwards,
		mantel_haenszel_agg(women, men) FILTER (WHERE department < 'C') + mantel_haenszel_agg(women, men) FILTER (WHERE department >= 'C') AS plus,
		(SELECT rollup(part) FROM (SELECT mantel_haenszel_agg(women, men) AS part FROM berkeley GROUP BY department) AS parts) AS rolled
	  FROM berkeley) AS x, compare(m) AS a, LATERAL (SELECT c.* FROM unnest(ARRAY[backwards, plus, rolled]) AS other, compare(other) AS c) AS b;
-- called by hand, they leave their argument alone
SELECT compare(mantel_haenszel_summary_accumulate(m, rate_summary(1, 2), rate_summary(1, 2))) = compare(m + mantel_haenszel_agg) AS same, (compare(m)).strata AS unchanged
FROM (SELECT mantel_haenszel_agg(rate_summary(1, 4), rate_summary(3, 4)) AS m OFFSET 0) AS x, (SELECT mantel_haenszel_agg(rate_summary(1, 2), rate_summary(1, 2))) AS y;
-- bad input
CREATE FUNCTION pg_temp.bad_rates(change text) RETURNS text LANGUAGE sql
AS $$ SELECT pg_temp.failure(format('SELECT %L::mantel_haenszel_summary', mantel_haenszel_agg(rate_summary(1, 4), rate_summary(3, 4))::jsonb || change::jsonb)) $$;
SELECT change, left(pg_temp.bad_rates(change), 120) AS error
FROM unnest(ARRAY['{"version":2}', '{"strata":-1}', '{"strata":0}', '{"before_successes":5}', '{"weight":"2"}', '{"weight":-2}', '{"weight":0}', '{"weight":1e400}', '{"difference":3}',
	'{"odds_for":-1}', '{"colour":1}', '{"slope":null}']) WITH ORDINALITY AS t (change, i) ORDER BY i;
SELECT pg_temp.failure($$SELECT '[]'::mantel_haenszel_summary$$);
SELECT pg_temp.failure($$SELECT '{"version":1}'::jsonb::mantel_haenszel_summary$$);

--
-- strata: durations
--
CREATE TEMP VIEW pairs AS
	SELECT pair % 3 AS stratum, duration_agg(t, observed) FILTER (WHERE arm = 'placebo') AS before, duration_agg(t, observed) FILTER (WHERE arm = '6-MP') AS after FROM freireich GROUP BY 1;
SELECT strata, skipped, pg_temp.digits(crude_hazard_ratio) AS crude_hazard_ratio, pg_temp.digits(hazard_ratio) AS hazard_ratio, pg_temp.digits(log_rank_chi2) AS log_rank_chi2,
	pg_temp.digits(p_value) AS p_value, mix_shift FROM (SELECT log_rank_agg(before, after) AS l FROM pairs) AS x, compare(l);
-- one stratum is the plain test
SELECT s.strata, s.log_rank_chi2 = c.log_rank_chi2 AS same_chi2, s.hazard_ratio = c.hazard_ratio AS same_ratio, s.crude_hazard_ratio = s.hazard_ratio AS same_crude
FROM (SELECT log_rank_agg(before, after) AS l FROM arms) AS x, arms, compare(l) AS s, compare(before, after) AS c;
-- slow deals before, quick ones after, and each kind a little slower after: the crude answer points the other way
CREATE TEMP VIEW shifted AS
	SELECT kind, duration_agg(base + t + late, true) FILTER (WHERE late = 0) AS before, duration_agg(base + t + late, true) FILTER (WHERE late > 0) AS after
	FROM (VALUES ('small', 10, 5, 50), ('large', 90, 50, 5)) AS k (kind, base, n_before, n_after), unnest(ARRAY[0, 3]) AS late, generate_series(1, CASE late WHEN 0 THEN n_before ELSE n_after END) AS t
	GROUP BY kind;
SELECT strata, round(crude_hazard_ratio::numeric, 6) AS crude_hazard_ratio, round(hazard_ratio::numeric, 6) AS hazard_ratio, round(log_rank_chi2::numeric, 6) AS log_rank_chi2, mix_shift
FROM (SELECT log_rank_agg(before, after) AS l FROM shifted) AS x, compare(l);
-- empty sides: skipped and counted, but part of the crude comparison
SELECT strata, skipped, round(crude_hazard_ratio::numeric, 6) AS crude_hazard_ratio, round(hazard_ratio::numeric, 6) AS hazard_ratio, mix_shift
FROM (SELECT log_rank_agg(before, after) AS l
	  FROM (TABLE pairs UNION ALL VALUES (7, '{"version":1,"unit":"day","total_microseconds":0,"histogram":[]}', (SELECT after FROM arms)), (8, (SELECT before FROM arms), NULL), (9, NULL, NULL)) AS p (stratum, before, after)) AS x, compare(l);
-- counts that a double does not hold
SELECT l::jsonb -> 'observed_before' AS observed_before, c.strata, c.hazard_ratio < 1 AS later
FROM (SELECT n, log_rank_agg(format('{"version":1,"unit":"second","total_microseconds":0,"histogram":[[0,%s,0,0,0]]}', n)::duration_summary, '{"version":1,"unit":"second","total_microseconds":1000000,"histogram":[[1,1,0,0,0]]}') AS l
	  FROM (VALUES (9007199254740995), (9223372036854775806)) AS v (n) GROUP BY n) AS x, compare(l) AS c ORDER BY n;
SELECT c.* FROM (SELECT log_rank_agg(NULL, after) AS l FROM arms) AS x, compare(l) AS c;
SELECT log_rank_agg(NULL, NULL) IS NULL AS only_nulls, (SELECT log_rank_agg(before, after) FROM arms WHERE false) IS NULL AS no_rows, compare(NULL::log_rank_summary) IS NULL AS "null";
SELECT pg_temp.failure($$SELECT log_rank_agg(before, '{"version":1,"unit":"hour","total_microseconds":0,"histogram":[]}') FROM arms$$);
SELECT pg_temp.failure($$SELECT log_rank_agg(x, x) FROM (SELECT before FROM arms UNION ALL SELECT duration_summary '{"version":1,"unit":"hour","total_microseconds":0,"histogram":[]}') AS a (x)$$);

-- text, jsonb, merging: the same bytes in any order and any split
SELECT log_rank_agg(before, after) FROM contest;
SELECT log_rank_summary_send(l) = log_rank_summary_send(l::text::log_rank_summary) AS by_text, log_rank_summary_send(l) = log_rank_summary_send(l::jsonb::log_rank_summary) AS by_jsonb,
	log_rank_summary_send(l) = log_rank_summary_send(backwards) AS backwards, log_rank_summary_send(l) = log_rank_summary_send(plus) AS plus, log_rank_summary_send(l) = log_rank_summary_send(rolled) AS rolled
FROM (SELECT log_rank_agg(before, after) AS l, log_rank_agg(before, after ORDER BY stratum DESC) AS backwards,
		log_rank_agg(before, after) FILTER (WHERE stratum = 1) + log_rank_agg(before, after) FILTER (WHERE stratum <> 1) AS plus,
		(SELECT rollup(part) FROM (SELECT log_rank_agg(before, after) AS part FROM pairs GROUP BY stratum) AS parts) AS rolled
	  FROM pairs) AS x;
CREATE FUNCTION pg_temp.bad_strata(change text) RETURNS text LANGUAGE sql
AS $$ SELECT pg_temp.failure(format('SELECT %L::log_rank_summary', log_rank_agg(before, after)::jsonb || change::jsonb)) FROM shifted $$;
SELECT change, pg_temp.bad_strata(change) AS error
FROM unnest(ARRAY['{"version":2}', '{"strata":-1}', '{"strata":0}', '{"observed_before":1000}', '{"variance":-1}', '{"variance":"1"}', '{"variance":0.1234567890123456789}', '{"variance":1e30}',
	'{"before":[]}', '{"before":{"version":1,"unit":"hour","total_microseconds":0,"histogram":[]}}', '{"after":{"version":1}}', '{"colour":1}']) WITH ORDINALITY AS t (change, i) ORDER BY i;
SELECT pg_temp.failure($$SELECT '[]'::log_rank_summary$$);

-- parallel plans: 400 strata of rates and of durations, in one worker and in many
CREATE TABLE comparison_strata AS
	SELECT stratum, rate_agg(i * 7919 % 13 < 4) FILTER (WHERE i % 2 = 0) AS before, rate_agg(i * 104729 % 17 < 7) FILTER (WHERE i % 2 = 1) AS after,
		duration_agg(i * 31 % 90, i % 5 > 0) FILTER (WHERE i % 2 = 0) AS days_before, duration_agg(i * 37 % 70, i % 7 > 0) FILTER (WHERE i % 2 = 1) AS days_after
	FROM generate_series(1, 400) AS stratum, generate_series(stratum, stratum + 30 + stratum % 11) AS i GROUP BY stratum;
ANALYZE comparison_strata;
CREATE FUNCTION pg_temp.is_parallel(query text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
	line text;
BEGIN
	FOR line IN EXECUTE 'EXPLAIN ' || query LOOP
		IF line LIKE '%Partial%Aggregate%' THEN
			RETURN true;
		END IF;
	END LOOP;
	RETURN false;
END $$;
\set both 'SELECT mantel_haenszel_agg(before, after) AS m, log_rank_agg(days_before, days_after) AS l FROM comparison_strata'
BEGIN;
SET LOCAL max_parallel_workers_per_gather = 0;
CREATE TEMP TABLE serial AS :both;
SET LOCAL max_parallel_workers_per_gather = 4;
SET LOCAL parallel_setup_cost = 0;
SET LOCAL parallel_tuple_cost = 0;
SET LOCAL min_parallel_table_scan_size = 0;
SELECT pg_temp.is_parallel(:'both') AS parallel;
CREATE TEMP TABLE split AS :both;
SELECT log_rank_summary_send(s.l) = log_rank_summary_send(p.l) AS same_bytes, (compare(s.m)).strata = (compare(p.m)).strata AS same_strata,
	abs((compare(s.m)).common_difference_points / (compare(p.m)).common_difference_points - 1) < 1e-12 AS same_points, abs((compare(s.m)).low / (compare(p.m)).low - 1) < 1e-12 AS same_low,
	abs((compare(s.m)).chi2 / (compare(p.m)).chi2 - 1) < 1e-12 AS same_chi2, (compare(s.m)).crude_difference_points = (compare(p.m)).crude_difference_points AS same_crude
FROM serial AS s, split AS p;
ROLLBACK;
DROP TABLE comparison_strata;

--
-- p_adjust
--
SELECT p, round(p_adjust(p, 'holm') OVER ()::numeric, 10) AS holm, round(p_adjust(p, 'bh') OVER ()::numeric, 10) AS bh, round(p_adjust(p, 'bonferroni') OVER ()::numeric, 10) AS bonferroni,
	round(p_adjust(p) OVER ()::numeric, 10) AS by_default
FROM unnest(ARRAY[0.05, 0.01, NULL, 0.03, 0.02, 0.04, NULL]::float8[]) AS p;
-- equal ones stay equal, and each partition is its own family; order and frame do not matter
SELECT family, p, p_adjust(p, 'holm') OVER w AS holm, p_adjust(p, 'bh') OVER (PARTITION BY family ORDER BY p DESC ROWS 1 PRECEDING) AS bh
FROM (VALUES ('a', 0.5), ('b', 0.25), ('a', 0.125), ('a', 0.125), ('b', 0.25), ('a', 1), ('a', 0), ('c', NULL), ('d', 0.75)) AS t (family, p) WINDOW w AS (PARTITION BY family) ORDER BY family, p;
SELECT p_adjust(p, 'bh') OVER () FROM unnest(ARRAY[]::float8[]) AS p;
-- by definition: Holm is the largest of (m - j + 1) p(j) so far, Benjamini-Hochberg the smallest of m / j p(j) from here on
WITH family AS (SELECT f, i, (i * 7919 % (50 * f)) / (60.0 * f) AS p FROM generate_series(1, 6) AS f, generate_series(1, 40 * f) AS i),
	ranked AS (SELECT f, p::float8 AS p, row_number() OVER (PARTITION BY f ORDER BY p) AS j, count(*) OVER (PARTITION BY f) AS m,
		p_adjust(p, 'holm') OVER (PARTITION BY f) AS holm, p_adjust(p, 'bh') OVER (PARTITION BY f) AS bh, p_adjust(p, 'bonferroni') OVER (PARTITION BY f) AS bonferroni FROM family)
SELECT count(*) AS rows,
	count(*) FILTER (WHERE abs(holm - expected_holm) > 1e-14) AS holm_differs, count(*) FILTER (WHERE abs(bh - expected_bh) > 1e-14) AS bh_differs, count(*) FILTER (WHERE bonferroni <> least(1, m * p)) AS bonferroni_differs
FROM (SELECT *, least(1, max((m - j + 1) * p) OVER (PARTITION BY f ORDER BY j)) AS expected_holm, least(1, min(m * p / j) OVER (PARTITION BY f ORDER BY j DESC)) AS expected_bh FROM ranked) AS x;
-- sorted once for a partition
SELECT count(*), max(holm) FROM (SELECT p_adjust(i / 200001.0, 'holm') OVER () AS holm FROM generate_series(1, 200000) AS i) AS x;
SELECT pg_temp.failure(format('SELECT p_adjust(p, ''bh'') OVER () FROM unnest(ARRAY[0.5, %L]::float8[]) AS p', p)) AS error FROM unnest(ARRAY['-0.01', '1.01', 'NaN', 'Infinity']) AS p;
SELECT pg_temp.failure($$SELECT p_adjust(0.5, 'Holm') OVER ()$$);
SELECT pg_temp.failure($$SELECT p_adjust(NULL, 'fdr') OVER ()$$);
SELECT pg_temp.failure($$SELECT p_adjust(0.5, NULL) OVER ()$$);
SELECT pg_temp.failure($$SELECT p_adjust(0.5, method) OVER () FROM unnest(ARRAY['holm', 'bh']) AS method$$);
SELECT pg_temp.failure($$SELECT p_adjust(0.5, 'holm')$$);
