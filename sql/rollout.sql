--
-- rollout_summary: effects of what reaches teams at different times
--
\getenv directory PG_ABS_SRCDIR
\set shared :directory '/test/lib/regress.sql'
\i :shared
SET timezone = 'UTC';
SET datestyle = 'ISO, DMY';
SET extra_float_digits = 0;

CREATE FUNCTION pg_temp.r(x double precision) RETURNS numeric LANGUAGE sql IMMUTABLE AS 'SELECT round(x::numeric, 8)';

-- the worked data: deals and wins of six teams in six months
CREATE TEMP TABLE cell AS
SELECT team, adopted_on, (date '2026-01-01' + (m - 1) * interval '1 month')::date AS month, counts[2 * m - 1] AS deals, counts[2 * m] AS won
FROM (VALUES ('Berlin', date '2026-03-01', '{64,9,59,9,71,12,73,14,70,18,83,19}'::int[]), ('Hamburg', '2026-03-01', '{42,7,46,7,48,15,47,13,54,16,51,12}'),
	('Koeln', '2026-05-01', '{95,16,92,18,101,16,105,19,106,23,114,26}'), ('Leipzig', '2026-05-01', '{54,7,53,11,55,5,64,6,61,14,66,16}'),
	('Muenchen', NULL, '{75,22,75,14,83,19,80,12,90,22,92,28}'), ('Stuttgart', NULL, '{28,8,36,6,28,8,37,6,40,8,42,10}')) AS t (team, adopted_on, counts), generate_series(1, 6) AS m;
CREATE TEMP TABLE worked AS SELECT rollout_agg(team, adopted_on, month, rate_summary(won, deals)) AS s FROM cell;

SELECT pg_temp.r(effect) AS effect, pg_temp.r(std_error) AS std_error, pg_temp.r(df) AS df, pg_temp.r(low) AS low, pg_temp.r(high) AS high, pg_temp.r(p_value) AS p_value, units, others, deals, skipped
FROM worked, effect(s);
SELECT event_time, pg_temp.r(effect) AS effect, pg_temp.r(std_error) AS std_error, pg_temp.r(df) AS df, pg_temp.r(low) AS low, pg_temp.r(high) AS high, pg_temp.r(p_value) AS p_value, units, others
FROM worked, event_study(s);
SELECT cohort, pg_temp.r(effect) AS effect, pg_temp.r(std_error) AS std_error, pg_temp.r(df) AS df, units, others FROM worked, cohort_effects(s);
SELECT cohort, period, pg_temp.r(effect) AS effect, pg_temp.r(std_error) AS std_error, pg_temp.r(df) AS df, units, others FROM worked, cell_effects(s);
SELECT pg_temp.r(slope) AS slope, pg_temp.r(std_error) AS std_error, pg_temp.r(df) AS df, pg_temp.r(low) AS low, pg_temp.r(high) AS high, pg_temp.r(p_value) AS p_value, units, others FROM worked, pretrend(s);
SELECT pg_temp.r(p_value) AS p_value, assignments, exact, statistic FROM worked, permutation_test(s);

-- options
SELECT options, pg_temp.r(effect) AS effect, pg_temp.r(std_error) AS std_error FROM worked, LATERAL (
	SELECT 'base last', * FROM effect(s, base => 'last') UNION ALL SELECT 'base last, never', * FROM effect(s, 'never', 'last') UNION ALL SELECT 'never', * FROM effect(s, control => 'never')
	UNION ALL SELECT 'units', * FROM effect(s, weights => 'units') UNION ALL SELECT 'anticipation 1', * FROM effect(s, anticipation => 1)) AS x (options);
SELECT pg_temp.r(low) AS low, pg_temp.r(high) AS high FROM worked, effect(s, level => 0.9);
SELECT array_agg(event_time) AS event_times FROM worked, event_study(s, leads => 1);
SELECT pg_temp.r(p_value) AS p_value, assignments, exact, statistic FROM worked, permutation_test(s, base => 'last');

-- nothing tells what would have been: every team adopts on one day; no team does; there is nothing at all
SELECT e.* FROM (SELECT rollout_agg(team, '2026-03-01', month, rate_summary(won, deals)) AS s FROM cell) AS t, effect(s) AS e;
SELECT e.*, p.*, t.* FROM (SELECT rollout_agg(team, NULL, month, rate_summary(won, deals)) AS s FROM cell) AS x, effect(s) AS e, pretrend(s) AS p, permutation_test(s) AS t;
SELECT count(*) AS rows FROM (SELECT rollout_agg(team, NULL, month, rate_summary(won, deals)) AS s FROM cell) AS x, event_study(s);
SELECT e.* FROM worked, effect(s - s) AS e;
-- one period; adopted within the last period, and after it
SELECT e.effect, e.skipped FROM (SELECT rollout_agg(team, adopted_on, '2026-01-01', true) AS s FROM cell) AS t, effect(s) AS e;
SELECT pg_temp.r(e.effect) AS effect, e.units, e.others FROM (SELECT rollout_agg(team, CASE team WHEN 'Muenchen' THEN '2026-06-15' WHEN 'Stuttgart' THEN '2030-01-01' ELSE adopted_on END, month, rate_summary(won, deals)) AS s FROM cell) AS t, effect(s) AS e;
-- alike to the last deal: an error of 0, which tells nothing more
SELECT e.* FROM (SELECT rollout_agg('team ' || t, CASE WHEN t <= 3 THEN date '2026-04-01' END, (date '2026-01-01' + m * interval '1 month')::date, rate_summary(CASE WHEN t <= 3 AND m >= 3 THEN 12 ELSE 10 END, 100)) AS s FROM generate_series(1, 6) AS t, generate_series(0, 5) AS m) AS x, effect(s) AS e;

-- amounts: days from lead to win, in the unit of the amounts
SELECT pg_temp.r(effect) AS effect, pg_temp.r(std_error) AS std_error, deals FROM (SELECT rollout_agg(team, adopted_on, month, won * 1.25) AS s FROM cell) AS t, effect(s);

-- made of deals, of rates or of amounts; NULL outcomes, teams and months are skipped, and a NULL date of adoption is never
SELECT rollout_agg(team, adopted_on, month, won) AS deals FROM (VALUES ('B', date '2026-02-01', date '2026-01-01', true), ('B', '2026-02-01', '2026-01-01', false), ('B', '2026-02-01', '2026-02-01', NULL), ('A', NULL, '2026-01-01', true), (NULL, NULL, '2026-01-01', true), ('A', NULL, NULL, true)) AS t (team, adopted_on, month, won);
SELECT rollout_agg(team, adopted_on, month, amount) AS amounts FROM (VALUES ('B', date '2026-02-01', date '2026-01-01', 10.5), ('B', '2026-02-01', '2026-01-01', -0.00005), ('A', NULL, '0044-03-15 BC', 1)) AS t (team, adopted_on, month, amount);
SELECT rollout_agg(team, adopted_on, month, NULL::boolean) IS NULL AS nothing, rollout_agg(team, adopted_on, month, rate_summary(0, 0)) AS empty FROM cell;
SELECT c.* FROM worked, cells(s) AS c WHERE unit < 'H' OR adopted_on IS NULL AND period > '2026-05-01';
SELECT unit, adopted_on, period, total, sum FROM (SELECT rollout_agg('A', '2026-01-01', '2026-01-02', amount) AS s FROM unnest('{922337203685477.5807,922337203685477.5807,0.0001}'::numeric[]) AS amount) AS t, cells(s);

-- exact: however it is put together, the same bytes; and what is taken out again was there
SELECT s = made AS of_deals, s = rolled AS of_months, s = s::text::rollout_summary AS by_text, s = s::jsonb::rollout_summary AS by_jsonb, s = s + made - made AS there_and_back, to_jsonb(t) -> 's' ->> 'kind' AS nested
FROM worked AS t, (SELECT rollout_agg(team, adopted_on, month, i <= won ORDER BY random()) AS made FROM cell, generate_series(1, deals) AS i) AS x,
	(SELECT rollup(part ORDER BY month DESC) AS rolled FROM (SELECT month, rollout_agg(team, adopted_on, month, rate_summary(won, deals)) AS part FROM cell GROUP BY month) AS y) AS z;
-- of the last three months, month by month
SELECT count(*) FILTER (WHERE moving IS DISTINCT FROM again) AS wrong, count(*) AS rows FROM (
	SELECT rollout_agg(team, adopted_on, month, rate_summary(won, deals)) OVER w AS moving, rollout_agg(team, adopted_on, month, rate_summary(won, deals)) FILTER (WHERE random() >= 0) OVER w AS again
	FROM cell WINDOW w AS (ORDER BY month, team ROWS BETWEEN 12 PRECEDING AND CURRENT ROW)) AS x;

SELECT chart(s) FROM worked;
SELECT chart(s - s) FROM worked;

-- what cannot be
\pset format unaligned
\pset tuples_only on
SELECT command || E'\n  ' || pg_temp.failure(command) FROM unnest(ARRAY[
	$$SELECT rollout_agg(team, adopted_on, month, true) FROM (VALUES ('A', date '2026-01-01', date '2026-01-01'), ('A', '2026-02-01', '2026-01-01')) AS t (team, adopted_on, month)$$,
	$$SELECT rollout_agg(team, adopted_on, month, true) FROM (VALUES ('A', date '2026-01-01', date '2026-01-01'), ('A', NULL, '2026-02-01')) AS t (team, adopted_on, month)$$,
	$$SELECT rollout_agg('A', '2026-01-01', '2026-01-01', true) + rollout_agg('A', '2026-01-02', '2026-02-01', true)$$,
	$$SELECT rollup(s) FROM (SELECT rollout_agg('A', date '2026-01-01' + i, date '2026-01-01' + i, true) AS s FROM generate_series(1, 2) AS i GROUP BY i) AS t$$,
	$$SELECT rollout_agg('A', NULL, '2026-01-01', true) + rollout_agg('A', NULL, '2026-01-01', 1.5)$$,
	$$SELECT rollout_agg('A', NULL, '2026-01-01', true) - rollout_agg('A', NULL, '2026-02-01', true)$$,
	$$SELECT rollout_agg('A', NULL, '2026-01-01', true) - rollout_agg('A', NULL, '2026-01-01', false)$$,
	$$SELECT rollout_agg('A', NULL, '2026-01-01', 1) - rollout_agg('A', NULL, '2026-01-01', 2)$$,
	$$SELECT rollout_agg('A', NULL, 'infinity', true)$$,
	$$SELECT rollout_agg('A', '-infinity', '2026-01-01', true)$$,
	$$SELECT rollout_agg('', NULL, '2026-01-01', true)$$,
	$$SELECT rollout_agg(repeat('x', 256), NULL, '2026-01-01', true)$$,
	$$SELECT rollout_agg('A', NULL, '2026-01-01', 1e15)$$,
	$$SELECT effect(s, control => 'nobody') FROM worked$$,
	$$SELECT effect(s, base => 'first') FROM worked$$,
	$$SELECT effect(s, weights => '') FROM worked$$,
	$$SELECT effect(s, anticipation => -1) FROM worked$$,
	$$SELECT effect(s, level => 1) FROM worked$$,
	$$SELECT event_study(s, leads => -1) FROM worked$$,
	$$SELECT cell_effects(s, level => 95) FROM worked$$,
	$$SELECT pretrend(s, 'all') FROM worked$$,
	$$SELECT permutation_test(s, base => 'none') FROM worked$$,
	$$SELECT chart(s, 9) FROM worked$$,
	$$SELECT effect(s) FROM (SELECT rollout_agg('A', NULL, date '2020-01-01' + i, true) AS s FROM generate_series(0, 1000) AS i) AS t$$,
	$$SELECT effect(s) IS NULL FROM (SELECT rollout_agg('A', NULL, date '2020-01-01' + i, true) AS s FROM generate_series(1, 1000) AS i) AS t$$,
	$$SELECT effect(rollout_agg('A', NULL, '2026-01-01', rate_summary(0, 9223372036854775807)) + rollout_agg('A', NULL, '2026-01-01', true))$$,
	$$SELECT '{"version":1,"kind":"odds","units":[]}'::rollout_summary$$,
	$$SELECT '{"version":1,"kind":"rate","units":[{"unit":"A","adopted_on":null,"periods":[]}]}'::rollout_summary$$,
	$$SELECT '{"version":1,"kind":"rate","units":[{"unit":"A","adopted_on":"today","periods":[{"period":"2026-01-01","total":1,"sum":1}]}]}'::rollout_summary$$,
	$$SELECT '{"version":1,"kind":"rate","units":[{"unit":"A","periods":[{"period":"01/02/2026","total":1,"sum":1}]}]}'::rollout_summary$$,
	$$SELECT '{"version":1,"kind":"rate","units":[{"unit":"A","periods":[{"period":"2026-01-01","total":1,"sum":2}]}]}'::rollout_summary$$,
	$$SELECT '{"version":1,"kind":"rate","units":[{"unit":"A","periods":[{"period":"2026-01-01","total":0,"sum":0}]}]}'::rollout_summary$$,
	$$SELECT '{"version":1,"kind":"mean","units":[{"unit":"A","periods":[{"period":"2026-01-01","total":1,"sum":1e40}]}]}'::rollout_summary$$,
	$$SELECT '{"version":1,"kind":"rate","units":[{"unit":"A","periods":[{"period":"2026-01-01","total":1,"sum":1},{"period":"2026-01-01","total":1,"sum":1}]}]}'::rollout_summary$$,
	$$SELECT '{"version":1,"kind":"rate","units":[{"unit":"A","adopted_on":null,"periods":[{"period":"2026-01-01","total":1,"sum":1}]},{"unit":"A","adopted_on":"2026-01-01","periods":[{"period":"2026-02-01","total":1,"sum":1}]}]}'::rollout_summary$$
]) WITH ORDINALITY AS list (command, i) ORDER BY i;
