-- chance, at_risk, pipeline_summary and forecast
\pset null NULL
-- six deals that were won, lost, won, open, won, lost on their days 1 to 6
CREATE TABLE deal AS SELECT history_agg(kind, timestamptz '2026-01-01' + day * interval '1 day') AS history
	FROM (SELECT d, 'opportunity', 0 FROM generate_series(1, 6) AS d UNION ALL SELECT d, (ARRAY['won', 'lost', 'won', 'note', 'won', 'lost'])[d], d FROM generate_series(1, 6) AS d) AS t (d, kind, day) GROUP BY d;
CREATE VIEW six AS SELECT duration_agg(deal_cycle(history, '{opportunity}', '{won}', as_of => CASE WHEN has_kind(history, 'note') THEN timestamptz '2026-01-05' ELSE '2026-02-01' END)) AS d FROM deal;
SELECT elapsed, at_risk, events, competing, censored, survival, incidence FROM six, curve(d);
SELECT age, horizon, chance(d, age, horizon), at_risk(d, age) FROM six, (VALUES (0, 6), (2, 3), (4, 1), (3, 100), (5, 1), (6, 1), (0, 0)) AS t (age, horizon);

-- Freireich et al. 1963: weeks in remission under 6-MP; the last ones are censored, so there is no chance beyond them
CREATE VIEW remission AS SELECT duration_agg(t, observed) AS d
	FROM (SELECT unnest('{6,6,6,7,10,13,16,22,23}'::int[]), true UNION ALL SELECT unnest('{6,9,10,11,17,19,20,25,32,32,34,35}'::int[]), false) AS r (t, observed);
SELECT age, horizon, chance(d, age, horizon), at_risk(d, age) FROM remission, (VALUES (10, 13), (5, 1), (10, 25), (10, 26), (35, 0), (36, 0), (10, 9223372036854775807)) AS t (age, horizon);
-- the bounds where it is not known: (F(M) - F(a)) / S(a), and S(M) / S(a) more
SELECT (m.incidence - a.incidence) / a.survival AS lower, (m.incidence - a.incidence + m.survival) / a.survival AS upper
FROM remission, curve(d) AS a, curve(d) AS m WHERE a.elapsed = 10 AND m.elapsed = 35;
SELECT chance(d, -1, 1) FROM six;
SELECT chance(d, 1, -1) FROM six;
SELECT at_risk(d, -1) FROM six;
SELECT chance(NULL, 1, 1) IS NULL AND chance(d, NULL, 1) IS NULL AND at_risk(d, NULL) IS NULL AS null FROM six;
SELECT chance(d, 0, 0), at_risk(d, 0) FROM (SELECT duration_agg(1, true) - duration_agg(1, true) AS d) AS t;

-- the deals that are open, and what to expect of them
CREATE VIEW open_deals AS SELECT pipeline_agg(age, amount) AS p FROM (VALUES (0, 100.5), (2, 1000), (2, 300), (4, NULL), (5, 80), (6, 999.99), (NULL, 7)) AS t (age, amount);
SELECT p FROM open_deals;
\x on
SELECT f.* FROM open_deals, six, forecast(p, d, 3) AS f;
-- by hand, deal by deal
SELECT count(*) AS deals, sum(c) AS expected, sqrt(sum(c * (1 - c))) AS expected_sd, sum(amount) AS amount, sum(amount * c) AS expected_amount, sqrt(sum(amount ^ 2 * c * (1 - c))) AS amount_sd,
	count(*) - count(c) AS unknown, sum(amount) FILTER (WHERE c IS NULL) AS unknown_amount
FROM six, (VALUES (0, 100.5), (2, 1000), (2, 300), (4, NULL), (5, 80), (6, 999.99)) AS t (age, amount), chance(d, age, 3) AS c;
-- nothing known; no amounts; no deals; NULLs
SELECT f.* FROM six, forecast((SELECT pipeline_agg(7, 10)), d, 3) AS f;
SELECT f.* FROM six, forecast((SELECT pipeline_agg(2, NULL)), d, 3) AS f;
SELECT f.* FROM open_deals, six, forecast(p - p, d, 3) AS f;
\x off
SELECT forecast(NULL, d, 3) IS NULL AS null FROM six;
SELECT forecast(p, d, -3) FROM open_deals, six;
SELECT pipeline_agg(NULL, 5) IS NULL AS null;
SELECT pipeline_agg(-1, 5);
SELECT pipeline_agg(1, 1e15);

-- what is sure to be won has no spread, however large it is: all of a curve's deals were won, or were after the last loss
SELECT f.* FROM (SELECT duration_agg(t, true) AS d FROM generate_series(1, 60) AS t) AS c, forecast((SELECT pipeline_agg(age, 922337203685477) FROM generate_series(0, 59) AS age), d, 1000) AS f;
SELECT f.* FROM (SELECT duration_agg(deal_cycle(history, '{opportunity}', '{won}', as_of => '2026-12-31')) AS d FROM (SELECT
		deal_history(deal_event('opportunity', '2026-01-01'), deal_event(CASE WHEN day < 3 THEN 'lost' ELSE 'won' END, timestamptz '2026-01-01' + day * interval '1 day')) AS history
		FROM generate_series(1, 60) AS day) AS deals) AS c, forecast((SELECT pipeline_agg(age, 922337203685477) FROM generate_series(2, 59) AS age), d, 1000) AS f;

-- the SQLSTATE of each refusal
CREATE FUNCTION pg_temp.refusal(query text) RETURNS text LANGUAGE plpgsql AS 'BEGIN EXECUTE query; RETURN NULL; EXCEPTION WHEN OTHERS THEN RETURN SQLSTATE; END';
SELECT query, pg_temp.refusal(query) FROM unnest(ARRAY[
	'SELECT chance(d, -1, 1) FROM six', 'SELECT chance(d, 1, -1) FROM six', 'SELECT at_risk(d, -1) FROM six',
	'SELECT forecast(p, d, -3) FROM open_deals, six', 'SELECT pipeline_agg(-1, 5)', 'SELECT pipeline_agg(1, 922337203685477.58075)',
	'SELECT pipeline_agg(1, -922337203685477.58085)', $$SELECT pipeline_agg(1, 'NaN')$$, $$SELECT pipeline_agg(1, '-Infinity')$$,
	'SELECT chance(d, 9223372036854775807, 9223372036854775807) FROM six']) AS query;

-- merging, taking out, windows: amounts at the ends of what they can be, so that squares carry over
CREATE TABLE opened AS SELECT i, i * 7 % 5 AS age, CASE WHEN i % 6 > 0 THEN (i * 37 % 19 - 9) * 10::numeric ^ (i % 14) / 3 END AS amount FROM generate_series(1, 400) AS i;
SELECT pipeline_agg(age, amount) FILTER (WHERE i <= 40) + pipeline_agg(age, amount) FILTER (WHERE i > 40) = pipeline_agg(age, amount) AS plus,
	pipeline_agg(age, amount) - pipeline_agg(age, amount) FILTER (WHERE i > 40) = pipeline_agg(age, amount) FILTER (WHERE i <= 40) AS minus,
	pipeline_agg(age, amount) - pipeline_agg(age, amount) FILTER (WHERE i > 40) - pipeline_agg(age, amount) FILTER (WHERE i <= 40) AS nothing
FROM opened;
SELECT count(*) AS windows, count(*) FILTER (WHERE moved = counted) AS same FROM (
	SELECT pipeline_agg(age, amount) OVER w AS moved, pipeline_agg(age, amount) FILTER (WHERE random() >= 0) OVER w AS counted FROM opened WINDOW w AS (ORDER BY i ROWS 9 PRECEDING)) AS t;
SELECT rollup(p) = (SELECT pipeline_agg(age, amount) FROM opened) AS rollup FROM (SELECT pipeline_agg(age, amount) AS p FROM opened GROUP BY i % 7) AS t;
SELECT pipeline_agg(1, 5) - pipeline_agg(1, 6);
SELECT pipeline_agg(1, 5) - pipeline_agg(2, 5);

-- text and jsonb
SELECT p::text::pipeline_summary = p AS text, p::jsonb::pipeline_summary = p AS jsonb FROM open_deals;
SELECT '{"version":1,"ages":[{"age":1,"deals":1,"with_amount":2,"amount":2,"sum_of_squares":2}]}'::pipeline_summary;
SELECT '{"version":1,"ages":[{"age":1,"deals":2,"with_amount":2,"amount":2,"sum_of_squares":1.99999998}]}'::pipeline_summary;
SELECT '{"version":1,"ages":[{"age":1,"deals":0,"with_amount":0,"amount":0,"sum_of_squares":0}]}'::pipeline_summary;
SELECT '{"version":1,"ages":[{"age":2,"deals":1,"with_amount":0,"amount":0,"sum_of_squares":0},{"age":1,"deals":1,"with_amount":0,"amount":0,"sum_of_squares":0}]}'::pipeline_summary;
SELECT '{"version":1,"ages":[{"age":-1,"deals":1,"with_amount":0,"amount":0,"sum_of_squares":0}]}'::pipeline_summary;
SELECT '{"version":1,"ages":[7]}'::pipeline_summary;
DROP VIEW open_deals, remission, six;
DROP TABLE deal, opened;
