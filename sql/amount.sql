-- amount_summary: amounts that can be merged and compared
\pset null NULL
CREATE VIEW deals AS
	SELECT amount_agg(a) AS before FROM (VALUES (100), (250.5), (80), (1200), (430.25), (NULL)) AS t (a);
SELECT before, count(before), missing(before), total(before), mean(before) FROM deals;
SELECT std_dev(before), (confidence_interval(before)).*, (confidence_interval(before, 0.9)).low AS low_90 FROM deals;

-- no rows, rows without amounts, one amount
SELECT amount_agg(a) FROM (VALUES (1.5)) AS t (a) WHERE false;
SELECT s, count(s), missing(s), total(s), mean(s), std_dev(s), (confidence_interval(s)).* FROM (SELECT amount_agg(NULL) AS s FROM generate_series(1, 3)) AS t;
SELECT s, mean(s), std_dev(s), (confidence_interval(s)).* FROM (SELECT amount_agg(-0.00005) AS s) AS t;

-- the ends of what an amount can be
SELECT s, total(s), mean(s), std_dev(s) FROM (SELECT amount_agg(a) AS s FROM unnest('{-922337203685477.5808,922337203685477.5807}'::numeric[]) AS a, generate_series(1, 1000)) AS t;
SELECT amount_agg(922337203685477.5808);
SELECT amount_agg('NaN');

-- every shape of a number: digits on both sides of every place, short and long headers, stored with a short length or not
CREATE TEMP TABLE number AS
	SELECT sign * digits * (10::numeric ^ power) AS a FROM unnest('{1,-1}'::int[]) AS sign, generate_series(-12, 16) AS power,
		unnest('{0,1,4,5,9,49999,50000,9223372036854775807,922337203685477,1234567890123456789,99995,100000000,9999,1000000000000}'::numeric[]) AS digits
	UNION ALL SELECT round(sign * digits / round(7::numeric, 90), scale) FROM unnest('{1,-1}'::int[]) AS sign, generate_series(0, 80, 5) AS scale, unnest('{1,10,100000,123456789012,6456360425798343}'::numeric[]) AS digits
	UNION ALL SELECT 9221999999999999.99995 / 10 + i FROM generate_series(0, 400, 50) AS i;
SELECT count(*) AS numbers, count(*) FILTER (WHERE total(amount_agg) <> round(a, 4)) AS differ, min(pg_column_size(a)) AS least_bytes, max(pg_column_size(a)) AS most_bytes
FROM (SELECT a, amount_agg(a) FROM number WHERE round(a, 4) BETWEEN -922337203685477.5808 AND 922337203685477.5807 GROUP BY ctid, a) AS t;
CREATE FUNCTION pg_temp.refused(a numeric) RETURNS text LANGUAGE plpgsql AS 'BEGIN PERFORM amount_agg(a); RETURN NULL; EXCEPTION WHEN numeric_value_out_of_range THEN RETURN SQLSTATE; END';
SELECT count(*) > 50 AS numbers, count(*) FILTER (WHERE pg_temp.refused(a) IS NULL) AS let_in FROM number WHERE NOT round(a, 4) BETWEEN -922337203685477.5808 AND 922337203685477.5807;
SELECT a, pg_temp.refused(a) FROM unnest('{NaN,Infinity,-Infinity,922337203685477.58075,922337203685477.58074,-922337203685477.58085,-922337203685477.58084}'::numeric[]) AS a;

-- merging, taking out, equality, windows
SELECT amount_agg(a) FILTER (WHERE i <= 40) + amount_agg(a) FILTER (WHERE i > 40) = amount_agg(a) AS plus,
	amount_agg(a) - amount_agg(a) FILTER (WHERE i > 40) = amount_agg(a) FILTER (WHERE i <= 40) AS minus
FROM (SELECT i, CASE WHEN i % 7 > 0 THEN (i - 50) * 12.3457 END AS a FROM generate_series(1, 100) AS i) AS t;
SELECT rollup(s) = (SELECT amount_agg(i) FROM generate_series(1, 9) AS i) AS rollup FROM (SELECT amount_agg(i) AS s FROM generate_series(1, 9) AS i GROUP BY i % 4) AS t;
SELECT i, a, amount_agg(a) OVER w, rollup(s) OVER w = amount_agg(a) OVER w AS same
FROM (SELECT i, a, amount_agg(a) OVER (PARTITION BY i) AS s FROM (VALUES (1, 10.5), (2, NULL), (3, -4), (4, 7)) AS t (i, a)) AS t
WINDOW w AS (ORDER BY i ROWS 1 PRECEDING);
SELECT amount_agg(1) - amount_agg(2);
SELECT amount_agg(1) - amount_agg(NULL);

-- text, jsonb, binary
SELECT before::text::amount_summary = before AS text, before::jsonb::amount_summary = before AS jsonb, to_jsonb(deals) -> 'before' -> 'count' AS nested FROM deals;
SELECT '{"version":1,"count":2,"missing":0,"sum":3,"sum_of_squares":4.49999998}'::amount_summary;
SELECT '{"version":1,"count":2,"missing":0,"sum":3,"sum_of_squares":4.5}'::amount_summary;
SELECT '{"version":1,"count":0,"missing":0,"sum":0.0001,"sum_of_squares":0.00000001}'::amount_summary;
SELECT '{"version":1,"count":1,"missing":0,"sum":1,"sum_of_squares":2}'::amount_summary;
SELECT '{"version":1,"count":2,"missing":0,"sum":2,"sum_of_squares":2.00000001}'::amount_summary;
SELECT '{"version":1,"count":1,"missing":-1,"sum":1,"sum_of_squares":1}'::amount_summary;
SELECT '{"version":1,"count":1,"missing":0,"sum":1,"sum_of_squares":-1}'::amount_summary;
SELECT '{"version":1,"count":1,"missing":0,"sum":1,"sum_of_squares":1.000000001}'::amount_summary;
SELECT '{"version":1,"count":9,"missing":0,"sum":1,"sum_of_squares":1e60}'::amount_summary;
SELECT '{"version":1,"count":1,"missing":0,"sum":1}'::amount_summary;

-- Welch's test, against R's t.test
CREATE FUNCTION amounts(VARIADIC numeric[]) RETURNS amount_summary LANGUAGE sql AS 'SELECT amount_agg(a) FROM unnest($1) AS a';
\x on
SELECT (compare(before, amounts(300, 90, 800, 1500, 2200.75, 640))).* FROM deals;
SELECT * FROM compare(amounts(1, 2), amounts(3, 5));
SELECT * FROM compare(amounts(5, 5, 5), amounts(7, 8, 9));
SELECT * FROM compare(amounts(100000000000.0001, 100000000000.0002, 100000000000.0004, 100000000000.0003),
	amounts(100000000000.0003, 100000000000.0006, 100000000000.0005));
-- one amount on a side; both sides constant; none; a mean below 0
SELECT * FROM compare(amounts(1), amounts(3, 5));
SELECT * FROM compare(amounts(5, 5), amounts(7, 7));
SELECT * FROM compare(amounts(NULL), amounts(7, 8));
SELECT * FROM compare(amounts(-2, -1), amounts(3, 5), 0.9);
\x off
SELECT compare(amounts(1), amounts(2), 1);
SELECT compare(NULL, amounts(2)) IS NULL AS null;
DROP VIEW deals;
DROP FUNCTION amounts;
