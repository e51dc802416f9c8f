--
-- content_summary: events, distinct actors and time by action
--
SET timezone = 'UTC';
SET extra_float_digits = 0;

CREATE TABLE content_log (id int PRIMARY KEY, month date, content text, action text, actor text, seconds float8);
INSERT INTO content_log VALUES
	(1, '2026-01-01', 'ROI sheet', 'view', 'buyer 1', 30.25), (2, '2026-01-01', 'ROI sheet', 'view', 'buyer 2', 60), (3, '2026-02-01', 'ROI sheet', 'view', 'buyer 1', 0.25),
	(4, '2026-02-01', 'ROI sheet', 'view', NULL, 10), (5, '2026-02-01', 'ROI sheet', 'view', 'buyer 3', NULL), (6, '2026-01-01', 'ROI sheet', 'download', 'buyer 1', NULL),
	(7, '2026-01-01', 'Price list', 'open', 'ann', NULL), (8, '2026-01-01', 'ROI sheet', 'open', 'ann', NULL), (9, '2026-02-01', 'ROI sheet', 'use', 'bob', 5),
	(10, '2026-02-01', 'ROI sheet', 'share', 'Ann', NULL), (11, '2026-02-01', 'Price list', NULL, 'cid', 7), (12, '2026-02-01', 'Price list', 'View', 'buyer 1', 1);
CREATE TABLE content_reference AS SELECT content_agg(action, actor, seconds) AS c FROM content_log;

SELECT * FROM content_reference;
SELECT a.* FROM content_reference, actions(c) a;
-- the same by plain SQL
SELECT action, count(*) AS events, count(DISTINCT actor) AS distinct_actors, sum(seconds) AS total_seconds, percentile_cont(0.5) WITHIN GROUP (ORDER BY floor(seconds)) AS median_seconds
FROM content_log WHERE action IS NOT NULL GROUP BY action ORDER BY action COLLATE "C";
SELECT a, action_count(c, a), distinct_actors(c, a), distinct_actors_is_exact(c, a) AS exact, total_seconds(c, a), observed(view_time(c, a)), unit(view_time(c, a)), mean(view_time(c, a)), median(view_time(c, a))
FROM content_reference, unnest('{view,View,download,never,""}'::text[]) a;
SELECT content, a.action, a.events, a.distinct_actors FROM (SELECT content, content_agg(action, actor) AS c FROM content_log GROUP BY content) x, actions(c) a ORDER BY content, a.action COLLATE "C";
\pset format unaligned
SELECT chart(c) FROM content_reference;
SELECT chart(content_agg('action ' || i % 25, 'actor', 1e6), 20) FROM generate_series(1, 100) i;
\pset format aligned

-- no rows, NULLs, and what they do
SELECT content_agg(action, actor) IS NULL AS nothing FROM content_log WHERE false;
SELECT content_agg(NULL, actor, 1) IS NULL AS no_action FROM content_log;
SELECT content_agg('view', NULL::text) FROM content_log;
SELECT rollup(NULL::content_summary) IS NULL AS nulls_alone, action_count(NULL, 'view') IS NULL AS no_summary FROM content_log;

-- bad input
SELECT content_agg('', 'a');
SELECT content_agg('view', '');
SELECT content_agg('view', repeat('x', 256));
SELECT content_agg('view', 'a', -0.001);
SELECT content_agg('view', 'a', 'NaN');
SELECT content_agg('view', 'a', 'infinity');
SELECT content_agg('view', 'a', 1e13);
SELECT total_seconds(content_agg('view', 'a', s), 'view') FROM unnest('{-0,9223372036854,0.0000004,0.0000005,1e-7}'::float8[]) s;
SELECT octet_length(a.action) FROM (SELECT content_agg(repeat('x', 255), repeat('y', 255)) AS c) x, actions(c) a;

-- merging never counts an actor twice
CREATE TABLE content_parts AS SELECT id % 3 AS part, content_agg(action, actor, seconds) AS c FROM content_log GROUP BY 1;
SELECT record_image_eq(ROW((SELECT rollup(c) FROM content_parts)), ROW(c)) AS rolled_up,
	   record_image_eq(ROW((SELECT c FROM content_parts WHERE part = 2) + (SELECT c FROM content_parts WHERE part = 0) + (SELECT c FROM content_parts WHERE part = 1)), ROW(c)) AS added,
	   distinct_actors(c + c, 'view') AS same_actors, action_count(c + c, 'view') AS twice_the_events
FROM content_reference;

-- from exact to a sketch: with the 4,097th actor, wherever they come from
CREATE TABLE content_crowd AS SELECT i, content_agg('view', 'person ' || n, n % 90) AS c FROM generate_series(0, 3) i, generate_series(i * 1000 + 1, i * 1000 + 1096) n GROUP BY i;
SELECT count(*), bool_and(distinct_actors_is_exact(c, 'view')) FROM content_crowd;
SELECT distinct_actors(c, 'view'), distinct_actors_is_exact(c, 'view') AS exact, action_count(c, 'view') FROM (SELECT rollup(c) AS c FROM content_crowd) x;
SELECT distinct_actors(c, 'view') BETWEEN 4097 AND 4200 AS near, distinct_actors_is_exact(c, 'view') AS exact FROM (SELECT rollup(c) + content_agg('view', 'one more') AS c FROM content_crowd) x;
WITH whole AS (SELECT content_agg('view', 'person ' || n) AS c FROM generate_series(1, 9000) n),
	 halves AS (SELECT n > 4500 AS late, content_agg('view', 'person ' || n) AS c FROM generate_series(1, 9000) n GROUP BY 1),
	 crumbs AS (SELECT n % 90 AS crumb, content_agg('view', 'person ' || n) AS c FROM generate_series(1, 9000) n GROUP BY 1)
SELECT record_image_eq(ROW(c), ROW((SELECT rollup(c) FROM halves))) AS halves, record_image_eq(ROW(c), ROW((SELECT rollup(c) FROM crumbs))) AS crumbs,
	   record_image_eq(ROW(c), ROW((SELECT content_agg('view', 'person ' || n ORDER BY md5(n::text)) FROM generate_series(1, 9000) n))) AS shuffled,
	   distinct_actors(c + c, 'view') = distinct_actors(c, 'view') AS counted_once,
	   record_image_eq(ROW(c), ROW(c::text::content_summary)) AS text, record_image_eq(ROW(c), ROW(c::jsonb::content_summary)) AS jsonb
FROM whole;
-- within three standard errors, 2.4 %
SELECT n, abs(distinct_actors(content_agg('view', 'p' || i), 'view') / n::float8 - 1) < 0.024 AS near
FROM unnest('{4000,5000,20000,50000,100000}'::int[]) n, generate_series(1, n) i GROUP BY n ORDER BY n;
-- others stay exact beside it
SELECT a.action, a.events, a.is_exact FROM (SELECT content_agg(CASE WHEN i <= 100 THEN 'share' ELSE 'view' END, 'p' || i % 5000) AS c FROM generate_series(1, 10000) i) x, actions(c) a;
SELECT pg_column_size(content_agg('view', 'p' || i)) < 10300 AS size_of_a_sketch FROM generate_series(1, 20000) i;

-- many labels
SELECT count(*), sum(a.events), sum(a.distinct_actors) FROM (SELECT content_agg('article ' || i % 3000, 'person ' || i % 7) AS c FROM generate_series(1, 30000) i) x, actions(c) a;

-- Adoption: the share of sellers who opened, used or shared a piece, by month. The sellers are the denominator, so they come from their own list.
CREATE TABLE content_seller (name text, hired date);
INSERT INTO content_seller VALUES ('ann', '2025-01-01'), ('bob', '2025-01-01'), ('cid', '2025-01-01'), ('dee', '2026-02-01');
SELECT month, action, rate_agg(EXISTS (SELECT FROM content_log l WHERE l.month = m.month AND l.action = a.action AND lower(l.actor) = s.name)) AS adoption
FROM (SELECT DISTINCT month FROM content_log) m, unnest('{open,use,share}'::text[]) WITH ORDINALITY a(action, n), content_seller s
WHERE s.hired <= m.month GROUP BY month, action, n ORDER BY month, n;

-- input and output
SELECT record_image_eq(ROW(c), ROW(c::text::content_summary)) AS text, record_image_eq(ROW(c), ROW(c::jsonb::content_summary)) AS jsonb FROM content_reference;
SELECT content_summary '{"version":1,"actions":[]}';
SELECT content_summary '{"version":1,"actions":[{"action":"view","events":0,"actors":[],"total_microseconds":0,"seconds":[]}]}';
SELECT content_summary '{"version":1,"actions":[{"action":"view","events":1,"actors":["a","b"],"total_microseconds":0,"seconds":[]}]}';
SELECT content_summary '{"version":1,"actions":[{"action":"view","events":2,"actors":["b","a"],"total_microseconds":0,"seconds":[]}]}';
SELECT content_summary '{"version":1,"actions":[{"action":"view","events":2,"actors":["a"],"total_microseconds":3000000,"seconds":[[1,1]]}]}';
SELECT content_summary '{"version":1,"actions":[{"action":"view","events":2,"actors":["a"],"total_microseconds":3,"seconds":[[0,3]]}]}';
SELECT content_summary '{"version":1,"actions":[{"action":"view","events":2,"actors":["a"],"total_microseconds":3,"seconds":[[-1,1]]}]}';
SELECT content_summary '{"version":1,"actions":[{"action":"view","events":2,"actors":["a"],"total_microseconds":3,"seconds":[[0,1],[0,1]]}]}';
SELECT content_summary '{"version":1,"actions":[{"action":"view","events":2,"actors":["a"],"total_microseconds":3,"seconds":[[9223372036855,1]]}]}';
SELECT content_summary '{"version":1,"actions":[{"action":"view","events":2,"registers":"00","total_microseconds":0,"seconds":[]}]}';
SELECT content_summary ('{"version":1,"actions":[{"action":"view","events":5000,"registers":"' || repeat('k', 16384) || '","total_microseconds":0,"seconds":[]}]}')::jsonb;
SELECT content_summary ('{"version":1,"actions":[{"action":"view","events":50,"registers":"' || repeat('0', 16384) || '","total_microseconds":0,"seconds":[]}]}')::jsonb;
SELECT content_summary '{"version":1,"actions":[{"action":"view","events":2,"actors":[],"registers":"00","total_microseconds":0,"seconds":[]}]}';
SELECT content_summary '{"version":1,"actions":[{"action":"","events":1,"actors":[],"total_microseconds":0,"seconds":[]}]}';
SELECT content_summary '{"version":1,"actions":[{"action":"b","events":1,"actors":[],"total_microseconds":0,"seconds":[]},{"action":"a","events":1,"actors":[],"total_microseconds":0,"seconds":[]}]}';
SELECT content_summary '{"version":1,"actions":[7]}';
SELECT content_summary '{"version":2,"actions":[]}';
SELECT chart(c, 5) FROM content_reference;

-- a transition function called by hand works on a copy
SELECT action_count(s, 'view') AS before, action_count(content_summary_add_event(s, 'view', 'b'), 'view') AS after, s FROM (SELECT content_summary_add_event(NULL, 'view', 'a') AS s) x;

DROP TABLE content_log, content_reference, content_parts, content_crowd, content_seller;
