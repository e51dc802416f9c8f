--
-- duration_summary: histograms of durations, and what is read off them
--
SET timezone = 'UTC';
SET extra_float_digits = 0;

-- Freireich et al. 1963: weeks in remission, 6-MP against placebo
CREATE TABLE freireich (arm text, t int, observed boolean);
INSERT INTO freireich SELECT '6-MP', unnest('{6,6,6,7,10,13,16,22,23}'::int[]), true;
INSERT INTO freireich SELECT '6-MP', unnest('{6,9,10,11,17,19,20,25,32,32,34,35}'::int[]), false;
INSERT INTO freireich SELECT 'placebo', unnest('{1,1,2,2,3,4,4,5,5,8,8,8,8,11,11,12,12,15,17,22,23}'::int[]), true;
CREATE TABLE arms AS SELECT arm, duration_agg(t, observed) AS d FROM freireich GROUP BY arm;

SELECT arm, d FROM arms ORDER BY arm;
SELECT arm, unit(d), observed(d), competing(d), censored(d), median(d), quantile(d, 0.25) AS q25,
	   round(mean(d)::numeric, 10) AS mean, round((1 - reached_within(d, 10))::numeric, 12) AS s10,
	   round(restricted_mean(d, 20)::numeric, 10) AS rmean, round(restricted_mean_error(d, 20)::numeric, 10) AS error
FROM arms ORDER BY arm;
SELECT arm, i.*, round(w.low::numeric, 10) AS within_low, round(w.high::numeric, 10) AS within_high
FROM arms, quantile_interval(d, 0.5) i, reached_within_interval(d, 10) w ORDER BY arm;
SELECT elapsed, at_risk, events, competing, censored, round(survival::numeric, 10) AS survival, round(std_error::numeric, 10) AS std_error,
	   round(low::numeric, 10) AS low, round(high::numeric, 10) AS high, round(incidence::numeric, 10) AS incidence
FROM arms, curve(d) WHERE arm = '6-MP';
SELECT elapsed, round(low::numeric, 6) AS low, round(high::numeric, 6) AS high
FROM arms, curve(d, level => 0.8) WHERE arm = 'placebo' AND elapsed > 15;

-- the band on the scale of log(-log(S)), typed from R: survfit(Surv(t, observed) ~ 1, conf.type = "log-log")
SELECT elapsed, round(c.low::numeric, 10) AS low, round(c.high::numeric, 10) AS high, round(c.low::numeric, 10) = r.low AND round(c.high::numeric, 10) = r.high AS as_r
FROM arms, curve(d, band => 'log-log') c JOIN (VALUES (6, 0.6197179553, 0.9515517476), (7, 0.5631465646, 0.9228090192), (10, 0.5031995108, 0.8893618352),
	(13, 0.4316102225, 0.8490659633), (16, 0.3675108560, 0.8049121895), (22, 0.2677789368, 0.7467907176), (23, 0.1880520060, 0.6801426285)) r (elapsed, low, high) USING (elapsed)
WHERE arm = '6-MP' ORDER BY elapsed;
SELECT arm, q, i.* FROM arms, unnest('{0.25,0.5,0.75}'::float8[]) q, quantile_interval(d, q, band => 'log-log') i ORDER BY arm, q;
SELECT arm, round(i.low::numeric, 10) AS low, round(i.high::numeric, 10) AS high FROM arms, reached_within_interval(d, 10, band => 'log-log') i ORDER BY arm;
-- there is none where S is 0; where S is 1 it is 1 to 1; log is what is taken without a word
SELECT elapsed, survival, low, high FROM (SELECT duration_agg(t, t = 2) FROM generate_series(1, 2) t) x (d), curve(d, band => 'log-log');
SELECT i.* FROM (SELECT duration_agg(t, t = 2) FROM generate_series(1, 2) t) x (d), reached_within_interval(d, 1, band => 'log-log') i;
SELECT count(*) FROM arms, curve(d) one JOIN LATERAL curve(d, 0.95, 'log') two ON one IS NOT DISTINCT FROM two;
\pset format unaligned
SELECT chart(d) FROM arms WHERE arm = '6-MP';
SELECT chart(d, width => 30) FROM arms WHERE arm = 'placebo';
-- up to a horizon: before the last observation, after it, and after the last of all ended
SELECT chart(d, 30, horizon => 10) FROM arms WHERE arm = '6-MP';
SELECT chart(d, 30, 'log-log', 70) FROM arms WHERE arm = '6-MP';
SELECT chart(d, 30, horizon => 46) FROM arms WHERE arm = 'placebo';
SELECT chart(duration_agg('2026-01-01', timestamptz '2026-01-01' + i * interval '100 hours', '2026-06-30', 'hour'), 30, horizon => 0) FROM generate_series(1, 3) AS i;
SELECT chart(d, NULL) IS NULL AS width, chart(d, 30, NULL) IS NULL AS band, chart(NULL::duration_summary) IS NULL AS summary FROM arms WHERE arm = '6-MP';
\pset format aligned

-- the midpoint rule
SELECT median(duration_agg(t, true)) FROM unnest('{1,2,3,4}'::int[]) t;
SELECT median(duration_agg(t, true)) FROM unnest('{1,2,3}'::int[]) t;
SELECT median(duration_agg(t, t < 3)) FROM unnest('{1,2,3,4}'::int[]) t;
SELECT median(duration_agg(t, false)), quantile_interval(duration_agg(t, false), 0.5) FROM unnest('{5,6,7}'::int[]) t;
SELECT q, quantile(duration_agg(t, true), q) FROM unnest('{0.1,0.25,0.3,0.5,0.75,0.9,1}'::float8[]) q, generate_series(0, 9) t GROUP BY q ORDER BY q;

-- competing ends: times 1 to 6 are win, lost, win, open, win, lost
CREATE TABLE contest AS SELECT duration_summary
	'{"version":1,"unit":"day","total_microseconds":777600000000,"histogram":[[1,1,0,0,0],[2,0,1,0,0],[3,1,0,0,0],[4,0,0,1,0],[5,1,0,0,0],[6,0,1,0,0]]}' AS d;
SELECT elapsed, at_risk, events, competing, censored, round(survival::numeric, 6) AS survival, round(std_error::numeric, 6) AS std_error,
	   round(incidence::numeric, 6) AS incidence FROM contest, curve(d);
SELECT observed(d), competing(d), censored(d), median(d), quantile(d, 0.25), quantile(d, 0.6), round(restricted_mean(d, 6)::numeric, 6) AS rmean,
	   restricted_mean_error(d, 6) FROM contest;
SELECT u, round(reached_within(d, u)::numeric, 6) AS reached, round(i.low::numeric, 6) AS low, round(i.high::numeric, 6) AS high
FROM contest, unnest('{0,1,4,5,6,100}'::int[]) u, reached_within_interval(d, u) i;
SELECT u, round(i.low::numeric, 10) AS low, round(i.high::numeric, 10) AS high
FROM contest, unnest('{0,1,4,5,6}'::int[]) u, reached_within_interval(d, u, band => 'log-log') i;
\pset format unaligned
SELECT chart(d, 36) FROM contest;
\pset format aligned

-- late entry: at risk in the units after the one of entry
SELECT elapsed, at_risk, events, censored, round(survival::numeric, 6) AS survival
FROM curve('{"version":1,"unit":"day","total_microseconds":1123200000000,"histogram":[[1,1,0,0,0],[2,1,0,0,2],[3,0,0,0,1],[4,1,0,1,0],[6,1,0,1,0]]}');
-- an end of a late entrant in its unit of entry is counted, but in no risk set
SELECT observed(d), competing(d), round(mean(d)::numeric, 6) AS mean, median(d), (SELECT string_agg(elapsed || '/' || at_risk || '/' || events, ' ') FROM curve(d))
FROM (SELECT duration_summary '{"version":1,"unit":"day","total_microseconds":345600000000,"histogram":[[1,1,0,0,0,1,2],[2,1,0,0,0]]}') x (d);

-- beyond what was observed nothing is known, unless nobody was left
SELECT arm, reached_within(d, 35), reached_within(d, 36) AS beyond, round(restricted_mean(d, 35)::numeric, 6) AS rmean, restricted_mean(d, 35.5) AS beyond,
	   restricted_mean(d, 0) FROM arms ORDER BY arm;

-- from instants: whole units are floors, the sum is exact
SELECT duration_agg(s, e, '2024-03-01'), mean(duration_agg(s, e, '2024-03-01'))
FROM (VALUES ('2024-01-01 00:00'::timestamptz, '2024-01-02 23:59:59.999999'::timestamptz),	-- 1 day
			 ('2024-01-01', '2024-01-03'),						-- 2 days
			 ('2024-01-01', '2024-01-01'),						-- 0 days
			 ('2024-01-01', NULL),								-- censored after 60
			 ('2024-02-29', '2024-03-01 00:00:00.000001'),		-- ends after as_of: censored after 1
			 ('2024-03-01', NULL),								-- censored after 0
			 ('2024-03-02', NULL),								-- not begun
			 (NULL, '2024-01-01'),								-- skipped
			 (NULL, NULL)) v (s, e);
SELECT u, duration_agg('2024-01-01 00:00', '2024-01-03 01:02:03.5', '2024-03-01', u) FROM unnest('{day,hour,minute,second}'::text[]) u GROUP BY u ORDER BY u;
SELECT mean(duration_agg(s, s + '90 minutes', '2024-03-01', 'hour')) FROM generate_series('2024-01-01', '2024-01-05', '1 day'::interval) s;
-- a daylight-saving change does not stretch a day
SET timezone = 'Europe/Berlin';
SELECT duration_agg('2024-03-30 12:00'::timestamptz, '2024-03-31 12:00'::timestamptz, '2024-06-01');
SET timezone = 'UTC';

-- NULL and nothing
SELECT duration_agg(t, true) IS NULL AS no_rows FROM generate_series(1, 0) t;
SELECT duration_agg(t, true) IS NULL AS null_units, duration_agg(1, NULL) IS NULL AS null_observed FROM (VALUES (NULL::int)) v (t);
SELECT duration_agg(NULL, now(), now()) IS NULL AS null_start, duration_agg(now(), NULL, NULL) IS NULL AS null_as_of,
	   duration_agg(now(), NULL, now() - interval '1 day') IS NULL AS not_begun;
SELECT rollup(NULL::duration_summary) IS NULL AS nulls_only, rollup(d) IS NULL AS no_rows FROM arms WHERE false;
SELECT observed(NULL::duration_summary), median(NULL::duration_summary), quantile(d, NULL) FROM contest;
SELECT d - d AS nothing, observed(d - d), mean(d - d), median(d - d), reached_within(d - d, 1), restricted_mean(d - d, 0) FROM contest;
SELECT count(*) FROM contest, curve(d - d);
SELECT chart(d - d) FROM contest;

-- plus, minus, rollup
SELECT (SELECT d FROM arms WHERE arm = '6-MP') + (SELECT d FROM arms WHERE arm = 'placebo') AS plus;
SELECT ((a.d + b.d) - b.d)::text = a.d::text AS undone, (a.d + b.d)::text = (b.d + a.d)::text AS commutes FROM arms a, arms b;
SELECT (SELECT rollup(d) FROM arms)::text = (SELECT duration_agg(t, observed) FROM freireich)::text AS rolled_up;

-- jsonb and text, there and back
SELECT d::jsonb FROM contest;
SELECT d::jsonb::duration_summary::text = d::text AS same FROM arms;
SELECT d::text::duration_summary::text = d::text AS same FROM arms;
SELECT duration_summary ' { "histogram" : [ [0,1,0,0,0], [10000000, 0, 0, 9223372036854775806, 0] ], "unit":"second", "total_microseconds": 999999, "version":1 } ';

-- binary, there and back
CREATE TABLE copied (arm text, d duration_summary);
\copy (SELECT arm, d FROM arms) TO 'results/duration_summary.copy' WITH (FORMAT binary)
\copy copied FROM 'results/duration_summary.copy' WITH (FORMAT binary)
SELECT count(*) AS same FROM copied c JOIN arms a ON c.arm = a.arm AND duration_summary_send(c.d) = duration_summary_send(a.d);

-- size: by distinct whole units, not by rows
SELECT n, pg_column_size(duration_agg(i % 90, true)) AS bytes FROM unnest('{90,9000,900000}'::int[]) n, generate_series(1, n) i GROUP BY n ORDER BY n;

-- Laws, over random data: each case is a table of durations cut into groups
CREATE FUNCTION check_laws(cases int) RETURNS TABLE (what text, wrong bigint) LANGUAGE plpgsql AS $$
DECLARE
	whole bytea;
	parts bytea;
	shuffled bytea;
	nested bytea;
	left_part duration_summary;
	right_part duration_summary;
	wrong_parts bigint := 0;
	wrong_order bigint := 0;
	wrong_nested bigint := 0;
	wrong_minus bigint := 0;
BEGIN
	CREATE TEMP TABLE sample (s timestamptz, e timestamptz, part int, region int);
	FOR i IN 1 .. cases LOOP
		DELETE FROM sample;
		INSERT INTO sample
			SELECT s, CASE WHEN random() < 0.6 THEN s + random() * span * interval '1 day' END AS e, (random() * 5)::int AS part, (random() * 3)::int AS region
			FROM (SELECT timestamptz '2024-01-01' + random() * interval '300 days' AS s, 10 ^ (i % 4) AS span FROM generate_series(1, (random() * 60)::int + 1)) x;
		SELECT duration_summary_send(duration_agg(s, e, '2024-12-31')) INTO whole FROM sample;
		SELECT duration_summary_send(rollup(d)) INTO parts FROM (SELECT duration_agg(s, e, '2024-12-31') AS d FROM sample GROUP BY part) p;
		SELECT duration_summary_send(duration_agg(s, e, '2024-12-31' ORDER BY random())) INTO shuffled FROM sample;
		SELECT duration_summary_send(rollup(d)) INTO nested FROM
			(SELECT rollup(d) AS d FROM (SELECT region, duration_agg(s, e, '2024-12-31') AS d FROM sample GROUP BY part, region) p GROUP BY region) q;
		SELECT duration_agg(s, e, '2024-12-31') FILTER (WHERE part < 3), duration_agg(s, e, '2024-12-31') FILTER (WHERE part >= 3) INTO left_part, right_part FROM sample;
		wrong_parts := wrong_parts + (parts <> whole)::int;
		wrong_order := wrong_order + (shuffled <> whole)::int;
		wrong_nested := wrong_nested + (nested <> whole)::int;
		IF left_part IS NOT NULL AND right_part IS NOT NULL THEN
			wrong_minus := wrong_minus + (duration_summary_send(left_part + right_part) <> whole
				OR duration_summary_send((left_part + right_part) - left_part) <> duration_summary_send(right_part))::int;
		END IF;
	END LOOP;
	DROP TABLE sample;
	RETURN QUERY VALUES ('rollup of parts', wrong_parts), ('any order', wrong_order), ('rollup of rollups', wrong_nested), ('plus and minus', wrong_minus);
END $$;
SELECT * FROM check_laws(300);

-- Against plain SQL where nothing is censored
SELECT count(*) AS wrong FROM (
	SELECT g, duration_agg(s, e, 'epoch'::timestamptz + interval '1000 years') AS d,
		   percentile_cont(0.5) WITHIN GROUP (ORDER BY floor(extract(epoch FROM e - s) / 86400)) AS median,
		   avg(extract(epoch FROM e - s) / 86400) AS mean, count(*) AS n
	FROM (SELECT i % 500 AS g, timestamptz '2024-01-01' + random() * interval '300 days' AS s, 3 ^ (i % 5) AS span FROM generate_series(1, 20000) i) x,
		 LATERAL (SELECT s + random() * span * interval '1 day' AS e) y
	GROUP BY g) x
WHERE median(d) <> median OR observed(d) <> n OR abs(mean(d) - mean) > 1e-9 * mean;

-- Moving mode gives what recomputation gives, frame by frame
CREATE TABLE series AS
	SELECT i, CASE WHEN i % 11 = 0 THEN NULL ELSE timestamptz '2024-01-01' + (i * 37 % 97) * interval '7 hours' END AS s,
		   CASE WHEN i % 3 > 0 THEN timestamptz '2024-03-01' + (i * 53 % 89) * interval '5 hours' END AS e FROM generate_series(1, 400) i;
SELECT count(*) AS frames, count(moving) AS with_value, sum((moving::text IS DISTINCT FROM again::text)::int) AS wrong FROM (
	SELECT duration_agg(s, e, '2024-03-10') OVER w AS moving, duration_agg(s, e, '2024-03-10') FILTER (WHERE random() >= 0) OVER w AS again
	FROM series WINDOW w AS (ORDER BY i ROWS BETWEEN 7 PRECEDING AND 2 PRECEDING)) x;
SELECT count(*) AS frames, count(moving) AS with_value, sum((moving::text IS DISTINCT FROM again::text)::int) AS wrong FROM (
	SELECT duration_agg(i * 31 % 57, i % 4 > 0) OVER w AS moving, duration_agg(i * 31 % 57, i % 4 > 0) FILTER (WHERE random() >= 0) OVER w AS again
	FROM series WINDOW w AS (ORDER BY i ROWS BETWEEN 90 PRECEDING AND 1 PRECEDING)) x;
SELECT count(*) AS frames, count(moving) AS with_value, sum((moving::text IS DISTINCT FROM again::text)::int) AS wrong FROM (
	SELECT rollup(d) OVER w AS moving, rollup(d) FILTER (WHERE random() >= 0) OVER w AS again
	FROM (SELECT i / 4 AS g, CASE WHEN i / 4 % 3 > 0 THEN duration_agg(s, e, '2024-03-10', 'hour') END AS d FROM series GROUP BY 1) x
	WINDOW w AS (ORDER BY g ROWS BETWEEN 5 PRECEDING AND 3 PRECEDING)) x;
-- an empty summary is a summary: it is not an empty frame
SELECT i, rollup(d - d) OVER (ORDER BY i ROWS BETWEEN 1 PRECEDING AND 1 PRECEDING) FROM contest, generate_series(1, 2) i;

-- Parallel plans give the same bytes
CREATE TABLE many AS SELECT i % 400 AS g, i % 777 AS t, i % 5 > 0 AS observed FROM generate_series(1, 40000) i;
CREATE TABLE serial AS SELECT g, duration_summary_send(duration_agg(t, observed)) AS d FROM many GROUP BY g;
BEGIN;
SET LOCAL parallel_setup_cost = 0;
SET LOCAL parallel_tuple_cost = 0;
SET LOCAL min_parallel_table_scan_size = 0;
SET LOCAL max_parallel_workers_per_gather = 4;
ALTER TABLE many SET (parallel_workers = 4);
SELECT count(*) AS groups, count(*) FILTER (WHERE s.d <> p.d) AS wrong FROM serial s JOIN
	(SELECT g, duration_summary_send(duration_agg(t, observed)) AS d FROM many GROUP BY g) p USING (g);
SELECT duration_summary_send(duration_agg(t, observed)) = (SELECT duration_summary_send(rollup(d)) FROM (SELECT duration_agg(t, observed) AS d FROM many GROUP BY g) x) AS same FROM many;
COMMIT;
-- also when the hash table spills
SET work_mem = '64kB';
SELECT count(*) AS groups, count(*) FILTER (WHERE s.d <> p.d) AS wrong FROM serial s JOIN
	(SELECT g, duration_summary_send(duration_agg(t, observed)) AS d FROM many GROUP BY g) p USING (g);
RESET work_mem;

-- A state is a value like any other: it can be shown, read and merged
SELECT duration_summary_add_units(duration_summary_add_units(NULL, 3, true), 5, false) AS state;
SELECT observed(s), median(s), s + s AS plus, s::jsonb - 'histogram' AS jsonb, duration_summary_send(s) = duration_summary_send(duration_summary_final(s)) AS send
FROM duration_summary_add_units(NULL, 3, true) s;
SELECT duration_summary_combine(d, duration_summary_add_units(NULL, 2, true)), d FROM contest;
SELECT duration_summary_combine(NULL, NULL) IS NULL AS none, duration_summary_final(NULL) IS NULL AS final,
	   duration_summary_combine(NULL, d)::text = d::text AS right, duration_summary_combine(d, NULL)::text = d::text AS left FROM contest;

-- A wide histogram grows and shrinks
SELECT count(*) AS frames, sum(observed(moving)) AS sum FROM (SELECT duration_agg(i * 7919 % 100003, true) OVER (ORDER BY i ROWS 2 PRECEDING) AS moving FROM generate_series(1, 20000) i) x;
SELECT observed(d), median(d) FROM (SELECT duration_agg(i * 7919 % 100003, true) AS d FROM generate_series(0, 100002) i) x;

-- Errors

CREATE FUNCTION error_of(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	state text;
	message text;
	detail text;
	hint text;
	result text;
BEGIN
	EXECUTE query INTO result;
	RETURN 'no error: ' || coalesce(result, 'NULL');
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
	RETURN state || ': ' || message || coalesce(' | ' || nullif(detail, ''), '') || coalesce(' | ' || nullif(hint, ''), '');
END $$;
\pset format unaligned
\pset tuples_only on
SELECT error_of(q) FROM unnest(ARRAY[
	$$ SELECT duration_agg('2024-01-02Z', '2024-01-01 23:59:59.5Z', '2024-02-01Z') $$,
	$$ SELECT duration_agg('infinity', NULL, '2024-02-01Z') $$,
	$$ SELECT duration_agg('2024-01-02Z', '-infinity', '2024-02-01Z') $$,
	$$ SELECT duration_agg('2024-01-02Z', NULL, 'infinity') $$,
	$$ SELECT duration_agg('4713-01-01Z BC', NULL, '294276-12-31Z') $$,
	$$ SELECT duration_agg('2024-01-02Z', NULL, '2024-02-01Z', 'days') $$,
	$$ SELECT duration_agg('2024-01-02Z', NULL, '2024-02-01Z', '') $$,
	$$ SELECT duration_agg('2024-01-02Z', NULL, '2024-02-01Z', NULL) $$,
	$$ SELECT duration_agg('2024-01-02Z'::timestamptz, NULL, '2024-02-01Z', u) FROM unnest('{day,hour}'::text[]) u $$,
	$$ SELECT duration_agg(-1, true) $$,
	$$ SELECT duration_agg(106751992, true) $$,
	$$ SELECT d + h FROM contest, (SELECT duration_agg('2024-01-02Z', NULL, '2024-02-01Z', 'hour') h) x $$,
	$$ SELECT rollup(d) FROM (SELECT d FROM contest UNION ALL SELECT duration_agg('2024-01-02Z', NULL, '2024-02-01Z', 'hour')) x $$,
	$$ SELECT d - duration_summary_add_units(NULL, 3, false) FROM contest $$,
	$$ SELECT d - x - x FROM contest, (SELECT duration_summary_add_times(NULL, '2024-01-01Z', '2024-01-02 12:00Z', '2024-02-01Z') x) y $$,
	$$ SELECT quantile(d, 0) FROM contest $$,
	$$ SELECT quantile(d, 1.5) FROM contest $$,
	$$ SELECT quantile(d, 'NaN') FROM contest $$,
	$$ SELECT quantile_interval(d, 0.5, 1) FROM contest $$,
	$$ SELECT quantile_interval(d, 0.5, 'NaN') FROM contest $$,
	$$ SELECT reached_within(d, -1) FROM contest $$,
	$$ SELECT reached_within_interval(d, 1, 95) FROM contest $$,
	$$ SELECT restricted_mean(d, -0.5) FROM contest $$,
	$$ SELECT restricted_mean(d, 'Infinity') FROM contest $$,
	$$ SELECT restricted_mean_error(d, 'NaN') FROM contest $$,
	$$ SELECT curve(d, 0) FROM contest $$,
	$$ SELECT curve(d, band => 'plain') FROM contest $$,
	$$ SELECT quantile_interval(d, 0.5, band => 'loglog') FROM contest $$,
	$$ SELECT reached_within_interval(d, 1, band => '') FROM contest $$,
	$$ SELECT chart(d, 9) FROM contest $$,
	$$ SELECT chart(d, 1001) FROM contest $$,
	$$ SELECT chart(d, horizon => -1) FROM contest $$
]) q;
SELECT error_of(format('SELECT %L::duration_summary', q)) FROM unnest(ARRAY[
	'', '{', '[]', '1', 'null',
	'{"version":1}',
	'{"version":1,"unit":"day","total_microseconds":0,"histogram":[],"more":1}',
	'{"version":2,"unit":"day","total_microseconds":0,"histogram":[]}',
	'{"version":1,"unit":"week","total_microseconds":0,"histogram":[]}',
	'{"version":1,"unit":1,"total_microseconds":0,"histogram":[]}',
	'{"version":1,"unit":"day","total_microseconds":"0","histogram":[]}',
	'{"version":1,"unit":"day","total_microseconds":0.5,"histogram":[]}',
	'{"version":1,"unit":"day","total_microseconds":1,"histogram":[]}',
	'{"version":1,"unit":"day","total_microseconds":-1,"histogram":[[0,1,0,0,0]]}',
	'{"version":1,"unit":"day","total_microseconds":86400000000,"histogram":[[0,1,0,0,0]]}',
	'{"version":1,"unit":"day","total_microseconds":0,"histogram":{}}',
	'{"version":1,"unit":"day","total_microseconds":0,"histogram":[1]}',
	'{"version":1,"unit":"day","total_microseconds":0,"histogram":[{"0":1}]}',
	'{"version":1,"unit":"day","total_microseconds":0,"histogram":[[0,[1],0,0,0]]}',
	'{"version":1,"unit":"day","total_microseconds":0,"histogram":[[]]}',
	'{"version":1,"unit":"day","total_microseconds":0,"histogram":[[0,1,2,3,4,5,6,7,8,9]]}',
	'{"version":1,"unit":"day","total_microseconds":0,"histogram":[[0,1,0,0]]}',
	'{"version":1,"unit":"day","total_microseconds":0,"histogram":[[0,1,0,0,0,0]]}',
	'{"version":1,"unit":"day","total_microseconds":0,"histogram":[[0,-1,0,0,0]]}',
	'{"version":1,"unit":"day","total_microseconds":0,"histogram":[[-1,1,0,0,0]]}',
	'{"version":1,"unit":"day","total_microseconds":0,"histogram":[[0,"1",0,0,0]]}',
	'{"version":1,"unit":"day","total_microseconds":0,"histogram":[[0,1.5,0,0,0]]}',
	'{"version":1,"unit":"day","total_microseconds":0,"histogram":[[0,0,0,1,0],[0,0,0,1,0]]}',
	'{"version":1,"unit":"day","total_microseconds":0,"histogram":[[1,0,0,1,0],[0,0,0,1,0]]}',
	'{"version":1,"unit":"day","total_microseconds":0,"histogram":[[106751992,0,0,1,0]]}',
	'{"version":1,"unit":"day","total_microseconds":0,"histogram":[[1000000000000000000,0,0,1,0]]}',
	'{"version":1,"unit":"day","total_microseconds":0,"histogram":[[0,0,0,9223372036854775807,0],[1,0,0,1,0]]}',
	'{"version":1,"unit":"day","total_microseconds":0,"histogram":[[0,0,0,9223372036854775808,0]]}',
	'{"version":1,"unit":"day","total_microseconds":0,"histogram":[[0,1,0,0,1]]}',
	'{"version":1,"unit":"day","total_microseconds":0,"histogram":[[0,0,0,0,1]]}',
	'{"version":1,"unit":"day","total_microseconds":0,"histogram":[[0,0,0,1,0],[1,0,0,0,1]]}'
]) q;
\pset tuples_only off
\pset format aligned
SELECT error_of($$ SELECT d + d FROM (SELECT duration_summary '{"version":1,"unit":"day","total_microseconds":0,"histogram":[[0,0,0,9223372036854775807,0]]}' d) x $$);
SELECT error_of($$ SELECT rollup(d) FROM (SELECT duration_summary '{"version":1,"unit":"day","total_microseconds":0,"histogram":[[0,0,0,9223372036854775807,0]]}' d FROM generate_series(1, 2)) x $$);
SELECT error_of($$ SELECT rollup(d) FROM (SELECT (format('{"version":1,"unit":"day","total_microseconds":0,"histogram":[[%s,0,0,9223372036854775807,0]]}', i))::duration_summary d FROM generate_series(1, 2) i) x $$);

-- Damaged bytes, of stored values and of states: refused or read, never worse
SET client_min_messages = warning;
CREATE TYPE raw;
CREATE FUNCTION raw_in(cstring) RETURNS raw AS 'byteain' LANGUAGE internal IMMUTABLE STRICT;
CREATE FUNCTION raw_out(raw) RETURNS cstring AS 'byteaout' LANGUAGE internal IMMUTABLE STRICT;
CREATE TYPE raw (INPUT = raw_in, OUTPUT = raw_out, ALIGNMENT = double);
CREATE CAST (raw AS duration_summary) WITHOUT FUNCTION;
CREATE CAST (duration_summary AS raw) WITHOUT FUNCTION;
SELECT error_of($$ SELECT ''::raw::duration_summary $$) AS empty, error_of($$ SELECT '\x0200'::raw::duration_summary $$) AS version,
	   error_of($$ SELECT '\x01000104010000'::raw::duration_summary $$) AS unit, error_of($$ SELECT '\x0100010001000000'::raw::duration_summary $$) AS trailing,
	   error_of($$ SELECT '\x01000100010000'::raw::duration_summary $$) AS fine;
CREATE FUNCTION damage(value bytea, cases int) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	mutated bytea;
	damaged duration_summary;
	refused bigint := 0;
BEGIN
	FOR i IN 1 .. cases LOOP
		mutated := value;
		FOR j IN 0 .. floor(random() * 3)::int LOOP
			mutated := set_bit(mutated, floor(random() * 8 * length(mutated))::int, (random() < 0.5)::int);
		END LOOP;
		IF random() < 0.2 THEN
			mutated := substr(mutated, 1, floor(random() * length(mutated))::int);
		END IF;
		BEGIN
			damaged := mutated::text::raw::duration_summary;
			PERFORM duration_summary_final(duration_summary_add_units(damaged, 1, true));
			PERFORM damaged::text, mean(damaged), median(damaged), damaged + damaged, chart(damaged), (SELECT count(*) FROM curve(damaged));
		EXCEPTION WHEN data_corrupted OR numeric_value_out_of_range OR invalid_parameter_value THEN
			refused := refused + 1;
		END;
	END LOOP;
	RETURN refused;
END $$;
SELECT damage(d::raw::text::bytea, 2000) > 0 AS refused FROM arms;
SELECT damage(duration_summary_add_units(duration_summary_add_units(NULL, 3, true), 5, false)::raw::text::bytea, 2000) > 0 AS refused;
-- and a state whose every byte in turn is at its extremes, so that counts are negative
CREATE FUNCTION damage_each(value bytea) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	refused bigint := 0;
	extreme int;
BEGIN
	FOR i IN 0 .. length(value) - 1 LOOP
		FOREACH extreme IN ARRAY '{0,127,128,255}'::int[] LOOP
			BEGIN
				PERFORM duration_summary_final(set_byte(value, i, extreme)::text::raw::duration_summary);
			EXCEPTION WHEN data_corrupted OR numeric_value_out_of_range THEN
				refused := refused + 1;
			END;
		END LOOP;
	END LOOP;
	RETURN refused;
END $$;
SELECT damage_each(duration_summary_add_units(duration_summary_add_units(NULL, 3, true), 5, false)::raw::text::bytea) > 0 AS refused;
DROP FUNCTION check_laws, error_of, damage, damage_each;
DROP TYPE raw CASCADE;
RESET client_min_messages;
DROP TABLE freireich, arms, contest, copied, series, many, serial;
