--
-- rate_summary: k of n
--
\getenv directory PG_ABS_SRCDIR
\set shared :directory '/test/lib/regress.sql'
\i :shared

CREATE FUNCTION pg_temp.bad_rate(input text) RETURNS text LANGUAGE sql
AS $$ SELECT pg_temp.failure(format('SELECT %L::rate_summary', input)) $$;

-- the same bytes, or both NULL
CREATE FUNCTION pg_temp.same(rate_summary, rate_summary) RETURNS boolean LANGUAGE sql
AS $$ SELECT ROW($1)::record *= ROW($2)::record $$;
-- the interval, to ten digits
CREATE FUNCTION pg_temp.interval_of(k bigint, n bigint, level double precision DEFAULT 0.95, method text DEFAULT 'wilson')
RETURNS text LANGUAGE sql
AS $$ SELECT round(low::numeric, 10) || ' - ' || round(high::numeric, 10)
      FROM confidence_interval(rate_summary(k, n), level, method) $$;

--
-- constructor and accessors
--
SELECT rate_summary(842, 8000);
SELECT rate_summary(successes => 0, total => 0);
SELECT rate_summary(9223372036854775807, 9223372036854775807);
SELECT rate_summary(NULL, 1) IS NULL AS no_successes, rate_summary(1, NULL) IS NULL AS no_total;
SELECT successes(r), total(r), rate(r), percent(r) FROM (SELECT rate_summary(842, 8000) AS r) AS one;
-- so many decimals, rounded from the counts, half away from zero
SELECT s, n, percent(r) AS percent, percent(r, 0) AS "0", percent(r, 1) AS "1", percent(r, 2) AS "2", percent(r, 4) AS "4"
FROM (VALUES (842, 8000), (1, 3), (2, 3), (1, 8), (1, 2000), (0, 7), (7, 7), (624999999999999999, 5000000000000000000), (9223372036854775807, 9223372036854775807), (9223372036854775806, 9223372036854775807)) v(s, n), rate_summary(s, n) r ORDER BY n, s;
SELECT count(*) AS rates, count(*) FILTER (WHERE percent(rate_summary(s, n), d) <> round(100 * s::numeric(60, 40) / n, d)) AS wrong FROM generate_series(0, 200) s, generate_series(s, 200) n, generate_series(0, 4) d WHERE n > 0;
-- above 9e13, a hundred times the count takes more bits than a double precision number has
SELECT count(*) FILTER (WHERE percent(rate_summary(n, n)) <> 100) AS wrong FROM generate_series(1000000000000000, 1000000000000000 + 1000000, 997) n;
SELECT percent(r, 15), percent(NULL::rate_summary, 1) IS NULL AS "null", percent(rate_summary(0, 0), 1) IS NULL AS none FROM rate_summary(1, 3) r;
SELECT percent(r, -1) FROM rate_summary(1, 3) r;
SELECT percent(r, 16) FROM rate_summary(1, 3) r;
-- the same of fractions, and of other numbers
SELECT percent(0.10525, 2) AS "10.53", percent(-0.10525::float8, 2) AS "-10.53", percent(1::float8 / 3, 0) AS "33", percent('Infinity', 1), percent('NaN', 1);
SELECT rounded(10.525) AS "11", rounded(-2.5), rounded(12.345, 2), rounded(1e300, 1) = 1e300 AS large, rounded('NaN', 1), rounded(NULL, 1) IS NULL AS "null";
SELECT rounded(1, -1);
SELECT percent(0.5, 16);
-- nothing of nothing is not nothing percent
SELECT successes(r), total(r), rate(r) IS NULL AS rate, percent(r) IS NULL AS percent,
	confidence_interval(r) IS NULL AS "interval", confidence_interval(r, method => 'exact') IS NULL AS exact
FROM (SELECT rate_summary(0, 0) AS r) AS one;
SELECT successes(NULL::rate_summary) IS NULL AS successes, total(NULL::rate_summary) IS NULL AS total,
	rate(NULL) IS NULL AS rate, percent(NULL) IS NULL AS percent, confidence_interval(NULL::rate_summary) IS NULL AS "interval";
SELECT pg_column_size(rate_summary(842, 8000));

--
-- text, jsonb and binary form
--
SELECT '{"version":1,"successes":842,"total":8000}'::rate_summary;
SELECT ' { "total" : 8000, "successes" : 842, "version" : 1 } '::rate_summary;
SELECT rate_summary(842, 8000)::jsonb;
SELECT '{"version": 1, "successes": 3, "total": 4}'::jsonb::rate_summary;
SELECT rate_summary_send(rate_summary(842, 8000));
SELECT count(*) AS rates,
	count(*) FILTER (WHERE pg_temp.same(r, r::text::rate_summary)) AS same_by_text,
	count(*) FILTER (WHERE pg_temp.same(r, r::jsonb::rate_summary)) AS same_by_jsonb
FROM (SELECT rate_summary(k, n) AS r
	  FROM unnest(ARRAY[0, 1, 7, 8000, 4294967296, 9223372036854775807]) AS k,
		   unnest(ARRAY[0, 1, 7, 8000, 4294967296, 9223372036854775807]) AS n WHERE k <= n) AS rates;

--
-- bad input
--
SELECT pg_temp.failure('SELECT rate_summary(-1, 5)');
SELECT pg_temp.failure('SELECT rate_summary(0, -5)');
SELECT pg_temp.failure('SELECT rate_summary(6, 5)');
SELECT pg_temp.bad_rate('');
SELECT pg_temp.bad_rate('842 of 8000');
SELECT pg_temp.bad_rate('[1,842,8000]');
SELECT pg_temp.bad_rate('842');
SELECT pg_temp.bad_rate('null');
SELECT pg_temp.bad_rate('{}');
SELECT pg_temp.bad_rate('{"version":2,"successes":1,"total":2}');
SELECT pg_temp.bad_rate('{"version":1,"successes":1}');
SELECT pg_temp.bad_rate('{"version":1,"total":1}');
SELECT pg_temp.bad_rate('{"version":1,"successes":null,"total":2}');
SELECT pg_temp.bad_rate('{"version":1,"successes":"1","total":2}');
SELECT pg_temp.bad_rate('{"version":1,"successes":0.5,"total":2}');
SELECT pg_temp.bad_rate('{"version":1,"successes":[1],"total":2}');
SELECT pg_temp.bad_rate('{"version":1,"successes":1,"total":9223372036854775808}');
SELECT pg_temp.bad_rate('{"version":1,"successes":1,"total":2,"colour":"red"}');
SELECT pg_temp.bad_rate('{"version":1,"successes":-1,"total":2}');
SELECT pg_temp.bad_rate('{"version":1,"successes":3,"total":2}');
SELECT pg_temp.failure($$SELECT '{"version":1,"successes":3,"total":2}'::jsonb::rate_summary$$);
SELECT pg_temp.failure($$SELECT '[]'::jsonb::rate_summary$$);

--
-- confidence intervals
--
SELECT pg_temp.interval_of(81, 263) AS wilson, pg_temp.interval_of(81, 263, method => 'exact') AS exact;
SELECT pg_temp.interval_of(0, 20) AS none, pg_temp.interval_of(20, 20) AS all;
SELECT pg_temp.interval_of(0, 20, method => 'exact') AS none, pg_temp.interval_of(20, 20, method => 'exact') AS all;
SELECT pg_temp.interval_of(842, 8000) AS olist, pg_temp.interval_of(842, 8000, 0.99) AS wider, pg_temp.interval_of(842, 8000, 0.5) AS narrower;
SELECT pg_temp.interval_of(500000000, 1000000000, method => 'exact') AS many;
SELECT low = 0 AS low, high = 1 AS high
FROM (SELECT (confidence_interval(rate_summary(0, 7))).low, (confidence_interval(rate_summary(7, 7))).high) AS ends;
-- a level that is hardly one
SELECT pg_temp.interval_of(0, 20, 1e-17) AS none, pg_temp.interval_of(3, 20, 1e-17) AS some, pg_temp.interval_of(20, 20, 1e-17) AS all, pg_temp.interval_of(0, 20, 1e-17, 'exact') AS exact;
SELECT count(*) AS cases,
	bool_and(0 <= w.low AND w.low <= rate(r) AND rate(r) <= w.high AND w.high <= 1) AS wilson_holds_the_rate,
	bool_and(0 <= e.low AND e.low <= rate(r) AND rate(r) <= e.high AND e.high <= 1) AS exact_holds_the_rate
FROM generate_series(1, 60) AS n, generate_series(0, n) AS k, rate_summary(k, n) AS r,
	confidence_interval(r) AS w, confidence_interval(r, 0.95, 'exact') AS e;
-- exact means: at the bounds, seeing as few or as many has probability 2.5 %
WITH bounds AS (SELECT 7 AS k, 20 AS n, b.* FROM confidence_interval(rate_summary(7, 20), method => 'exact') AS b),
	terms AS (SELECT b.*, i, factorial(n) / (factorial(i) * factorial(n - i)) AS ways FROM bounds AS b, generate_series(0, n) AS i)
SELECT round(sum(ways::float8 * low ^ i * (1 - low) ^ (n - i)) FILTER (WHERE i >= k)::numeric, 12) AS at_least,
	round(sum(ways::float8 * high ^ i * (1 - high) ^ (n - i)) FILTER (WHERE i <= k)::numeric, 12) AS at_most
FROM terms;
SELECT pg_temp.failure(format('SELECT confidence_interval(rate_summary(1, 2), %L)', level)) AS error
FROM unnest(ARRAY['0', '1', '-0.5', '95', 'NaN', 'Infinity']) AS level;
SELECT pg_temp.failure($$SELECT confidence_interval(rate_summary(1, 2), 0.95, 'wald')$$);
SELECT pg_temp.failure($$SELECT confidence_interval(rate_summary(0, 0), 0.95, 'Wilson')$$);

--
-- + and -
--
SELECT rate_summary(1, 2) + rate_summary(3, 4), rate_summary(4, 6) - rate_summary(3, 4);
SELECT rate_summary(1, 2) + NULL IS NULL AS plus, rate_summary(1, 2) - NULL IS NULL AS minus;
SELECT pg_temp.failure('SELECT rate_summary(1, 2) - rate_summary(2, 2)');
SELECT pg_temp.failure('SELECT rate_summary(1, 2) - rate_summary(0, 3)');
SELECT pg_temp.failure('SELECT rate_summary(5, 5) - rate_summary(0, 3)');
SELECT pg_temp.failure('SELECT rate_summary(0, 9223372036854775807) + rate_summary(0, 1)');
SELECT pg_temp.failure('SELECT rate_summary(9223372036854775807, 9223372036854775807) + rate_summary(1, 1)');

--
-- rate_agg and rollup
--
SELECT rate_agg(success) FROM unnest(ARRAY[true, false, NULL, true]) AS success;
SELECT rate_agg(success) IS NULL AS no_rows FROM unnest(ARRAY[]::boolean[]) AS success;
SELECT rate_agg(success) IS NULL AS only_nulls FROM unnest(ARRAY[NULL, NULL]::boolean[]) AS success;
SELECT rollup(r) FROM (VALUES (rate_summary(1, 2)), (NULL), (rate_summary(3, 4))) AS rates (r);
SELECT rollup(r) FROM (VALUES (rate_summary(0, 0)), (NULL)) AS rates (r);
SELECT rollup(r) IS NULL AS no_rows FROM (VALUES (rate_summary(0, 0))) AS rates (r) WHERE false;
SELECT rollup(r) IS NULL AS only_nulls FROM (VALUES (NULL::rate_summary)) AS rates (r);
SELECT pg_temp.failure($$SELECT rollup(r) FROM (VALUES (rate_summary(1, 9223372036854775807)), (rate_summary(1, 1))) AS rates (r)$$);
-- called by hand, they leave their argument alone
SELECT rate_summary_accumulate(r, true) AS one_more, rate_summary_combine(r, r) AS twice, r AS unchanged
FROM (SELECT rate_summary(1, 2) AS r OFFSET 0) AS one;

CREATE TEMPORARY TABLE leads AS
	SELECT i AS lead, i * 7919 % 1000 AS at, i % 7 AS part, (i * 31 + i / 13) % 5 = 0 AS won FROM generate_series(1, 20000) AS i;
UPDATE leads SET won = NULL WHERE lead % 11 = 0;

SELECT rate_agg(won), count(*) FILTER (WHERE won) AS successes, count(won) AS total FROM leads;
-- any order, any split: the same bytes
SELECT pg_temp.same(a, b) AS other_order, pg_temp.same(a, c) AS by_parts, pg_temp.same(a, d) AS one_by_one
FROM (SELECT rate_agg(won) AS a, rate_agg(won ORDER BY lead DESC) AS b,
		(SELECT rollup(r) FROM (SELECT rate_agg(won) AS r FROM leads GROUP BY part, at) AS parts) AS c,
		(SELECT rollup(CASE WHEN won THEN rate_summary(1, 1) WHEN NOT won THEN rate_summary(0, 1) END) FROM leads) AS d
	  FROM leads) AS four;
SELECT bool_and(pg_temp.same(a + b, b + a)) AS commutative, bool_and(pg_temp.same((a + b) + c, a + (b + c))) AS associative,
	bool_and(pg_temp.same(a + b - b, a)) AS inverse
FROM (SELECT rate_agg(won) AS a, rate_agg(won) FILTER (WHERE lead % 2 = 0) AS b, rate_agg(won) FILTER (WHERE lead % 3 = 0) AS c
	  FROM leads GROUP BY part) AS parts;

-- parallel plans
CREATE TABLE rate_summary_leads (part integer, won boolean);
INSERT INTO rate_summary_leads SELECT part, won FROM leads, generate_series(1, 5);
ANALYZE rate_summary_leads;
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
\set by_part 'SELECT part, rate_agg(won) AS r FROM rate_summary_leads GROUP BY part'
\set at_once 'SELECT rate_agg(won) AS r FROM rate_summary_leads'
\set rolled_up 'SELECT rollup(CASE WHEN won THEN rate_summary(1, 1) WHEN NOT won THEN rate_summary(0, 1) END) AS r FROM rate_summary_leads'
BEGIN;
SET LOCAL max_parallel_workers_per_gather = 0;
CREATE TEMPORARY TABLE serial_by_part AS :by_part;
CREATE TEMPORARY TABLE serial AS :at_once;
COMMIT;
BEGIN;
SET LOCAL max_parallel_workers_per_gather = 4;
SET LOCAL parallel_setup_cost = 0;
SET LOCAL parallel_tuple_cost = 0;
SET LOCAL min_parallel_table_scan_size = 0;
SELECT pg_temp.is_parallel(:'by_part') AS by_part, pg_temp.is_parallel(:'at_once') AS at_once, pg_temp.is_parallel(:'rolled_up') AS rolled_up;
CREATE TEMPORARY TABLE parallel_by_part AS :by_part;
CREATE TEMPORARY TABLE parallel_at_once AS :at_once;
CREATE TEMPORARY TABLE parallel_rolled_up AS :rolled_up;
SELECT count(*) AS parts, bool_and(pg_temp.same(p.r, s.r)) AS same FROM parallel_by_part AS p JOIN serial_by_part AS s USING (part);
SELECT pg_temp.same(p.r, s.r) AS same, pg_temp.same(u.r, s.r) AS same_rolled_up, s.r
FROM parallel_at_once AS p, parallel_rolled_up AS u, serial AS s;
-- nothing in any worker
SELECT rate_agg(won) IS NULL AS none FROM rate_summary_leads WHERE part < 0;
ROLLBACK;
DROP TABLE rate_summary_leads;

--
-- moving windows: the inverse against computing every frame anew
--
SELECT count(*) AS rows, count(*) FILTER (WHERE a IS NULL) AS empty,
	count(*) FILTER (WHERE NOT pg_temp.same(a, b)) AS rate_agg_differs, count(*) FILTER (WHERE NOT pg_temp.same(c, d)) AS rollup_differs
FROM (SELECT rate_agg(won) OVER w AS a, rate_agg(won) FILTER (WHERE random() >= 0) OVER w AS b,
		rollup(r) OVER w AS c, rollup(r) FILTER (WHERE random() >= 0) OVER w AS d
	  FROM (SELECT lead, CASE WHEN lead % 40 > 20 THEN won END AS won,
				CASE WHEN lead % 50 > 30 THEN NULL WHEN lead % 50 > 10 THEN rate_summary(0, 0)
				ELSE rate_summary(lead % 3, 2 + lead % 5) END AS r
			FROM leads WHERE lead <= 3000) AS readings
	  WINDOW w AS (ORDER BY lead ROWS BETWEEN 4 PRECEDING AND 3 FOLLOWING)) AS windows;
-- readings that are NULL, summaries of nobody, and neither
SELECT i, rate_agg(won) OVER w AS rate_agg, rollup(r) OVER w AS rollup
FROM (VALUES (1, true, rate_summary(1, 2)), (2, NULL, NULL), (3, NULL, NULL), (4, false, rate_summary(0, 0)), (5, NULL, NULL), (6, NULL, NULL)) AS rows (i, won, r)
WINDOW w AS (ORDER BY i ROWS BETWEEN 1 PRECEDING AND CURRENT ROW);

--
-- stored values
--
CREATE TEMPORARY TABLE rates (label text, r rate_summary, history rate_summary[]);
INSERT INTO rates VALUES ('a', rate_summary(1, 2), ARRAY[rate_summary(1, 2), NULL]), ('b', NULL, NULL);
INSERT INTO rates SELECT 'c', rollup(r), array_agg(r) FROM rates;
SELECT label, r, history, percent(r) FROM rates ORDER BY label;
SELECT pg_column_size(r) FROM rates WHERE label = 'a';
