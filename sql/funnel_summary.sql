--
-- funnel_summary: how many deals got how far, and how long each step took
--
\getenv directory PG_ABS_SRCDIR
\set shared :directory '/test/lib/regress.sql'
\i :shared
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';
SET intervalstyle = 'postgres';

CREATE FUNCTION pg_temp.same(funnel_summary, funnel_summary) RETURNS boolean LANGUAGE sql
AS $$ SELECT record_image_eq(ROW($1), ROW($2)) $$;
CREATE FUNCTION pg_temp.k_of_n(r rate_summary) RETURNS text LANGUAGE sql
AS $$ SELECT successes(r) || '/' || total(r) $$;

CREATE FUNCTION pg_temp.funnel_of(p deal_progress) RETURNS funnel_summary LANGUAGE sql
AS $$ SELECT funnel_agg(one) FROM (SELECT p AS one) AS x $$;

-- time is in days, and day 0 is 2026-01-01; 'a@0 b@2.5' is an event a at day 0 and an event b at day 2.5
CREATE FUNCTION pg_temp.day(day numeric) RETURNS timestamptz LANGUAGE sql
AS $$ SELECT timestamptz '2026-01-01 00:00:00Z' + day::float8 * interval '1 day' $$;
CREATE FUNCTION pg_temp.history(events text) RETURNS deal_history LANGUAGE sql
AS $$ SELECT coalesce(history_agg(split_part(event, '@', 1), pg_temp.day(split_part(event, '@', 2)::numeric)), '{}')
      FROM string_to_table(nullif(events, ''), ' ') AS event $$;

--
-- ten deals through a, b and c within 30 days, seen at day 100. Under passed:
--
CREATE TEMPORARY TABLE deals AS SELECT deal, segment, pg_temp.history(events) AS h FROM (VALUES
	(1, 'x', 'a@0 b@2 c@5'),	-- converted after 2 and 3 days
	(2, 'y', 'a@0 b@4 c@9'),	-- converted after 4 and 5 days
	(3, 'x', 'a@1 c@7'),		-- converted after 6 days, b skipped (under stop: expired in a at day 31)
	(4, 'y', 'a@2 b@3 lost@6'),	-- exited in b: 1 day to b, 3 days to the exit
	(5, 'y', 'a@3 lost@4'),		-- exited in a after 1 day
	(6, 'x', 'a@4 b@10'),		-- 6 days to b, expired there at day 34, after 24 days
	(7, 'x', 'a@90'),			-- open in a for 10 days
	(8, 'y', 'a@95 b@96'),		-- 1 day to b, open there for 4 days
	(9, 'x', 'b@5 c@6'),		-- never entered
	(10, 'x', 'a@1 b@2 a@80')	-- 1 day to b, expired there at day 31, after 29 days
	) AS v (deal, segment, events)
UNION ALL SELECT 11, 'x', NULL;
CREATE TEMPORARY TABLE funnels AS SELECT skipped, funnel_agg(deal_progress(h, '{a,b,c}', '30 days', skipped => skipped, as_of => pg_temp.day(100))) AS f
FROM deals, unnest('{passed,stop,excluded}'::text[]) AS skipped GROUP BY skipped;

-- a: 9 deals, 7 at least to b (1 2 3 4 6 8 10), 3 to c (1 2 3); stop without 3; excluded: b by 6 (all but 3), c by 3
-- median of a: of 9, 3 at day 1 (and an exit), 1 at day 2, 1 at day 4: incidence 3/9, 4/9, 5/9, so day 4
-- median of b: of 6, 1 at day 3 (and an exit), 1 of 3 left at day 5: incidence 1/6, then 7/18, so none
SELECT skipped, step, stage, reached, converted, open, exited, expired, round(percent_of_previous::numeric, 4) AS previous, round(percent_of_first::numeric, 4) AS first,
	round(low::numeric, 4) AS low, round(high::numeric, 4) AS high, median_duration AS median
FROM funnels, steps(f) ORDER BY array_position('{passed,stop,excluded}', skipped), step;
-- low and high are the interval of the conversion from the stage before
SELECT count(*) AS steps FROM funnels, steps(f) AS s, LATERAL (SELECT lag(stage) OVER (ORDER BY step) AS previous, step FROM steps(f)) AS t,
	LATERAL confidence_interval(conversion(f, previous, stage)) AS i
WHERE s.step = t.step AND abs(s.low - 100 * i.low) < 1e-9 AND abs(s.high - 100 * i.high) < 1e-9;
-- settled: without 7 (open in a) and without 8 (open in b)
SELECT from_stage, to_stage, skipped, pg_temp.k_of_n(conversion(f, from_stage, to_stage)) AS conversion, pg_temp.k_of_n(settled_conversion(f, from_stage, to_stage)) AS settled
FROM funnels, (VALUES ('a', 'b'), ('b', 'c'), ('a', 'c')) AS pair (from_stage, to_stage) ORDER BY 1, 2, array_position('{passed,stop,excluded}', skipped);
SELECT skipped, conversion(f) AS first_to_last, percent(conversion(f)) FROM funnels ORDER BY array_position('{passed,stop,excluded}', skipped);
SELECT skipped, stage, stage_duration(f, stage) FROM funnels, unnest('{a,b}'::text[]) AS stage ORDER BY stage, array_position('{passed,stop,excluded}', skipped);
SELECT mean(d) AS mean_days, median(d), observed(d), competing(d), censored(d) FROM funnels, stage_duration(f, 'a') AS d WHERE skipped = 'passed';
\pset format unaligned
SELECT f FROM funnels ORDER BY array_position('{passed,stop,excluded}', skipped);
SELECT chart(f, 30) FROM funnels WHERE skipped = 'passed';
SELECT chart(f, width => 30) FROM funnels WHERE skipped = 'excluded';
SELECT max(length(line)) AS default_width FROM funnels, regexp_split_to_table(chart(f), E'\n') AS line WHERE skipped = 'stop';
-- long names are cut, few deals still show, and a stage without deals has no percentage
SELECT chart(funnel_agg(deal_progress(pg_temp.history(CASE i WHEN 1 THEN 's@0 t@1' ELSE 's@0' END), '{s,t,"a stage with quite a long name",z}', as_of => pg_temp.day(9))), 30)
FROM generate_series(1, 1000) AS i;
\pset format aligned
SELECT width, pg_temp.failure(format('SELECT chart(f, %s) FROM funnels', width)) AS error FROM unnest('{-1,0,1000000}'::int[]) AS width;

-- stages that are no stages, or the wrong way round
SELECT pg_temp.failure(format('SELECT %s FROM funnels', call)) AS error, call FROM unnest(ARRAY[
	$$conversion(f, 'b', 'a')$$,
	$$conversion(f, 'b', 'b')$$,
	$$conversion(f, 'lost', 'b')$$,
	$$conversion(f, 'a', '')$$,
	$$settled_conversion(f, 'c', 'a')$$,
	$$settled_conversion(f, 'a', 'A')$$,
	$$stage_duration(f, 'c')$$,
	$$stage_duration(f, 'd')$$]) AS call;
-- one stage leads nowhere
SELECT pg_temp.failure(format('SELECT %s FROM (SELECT funnel_agg(deal_progress(h, ''{a}'', as_of => pg_temp.day(100))) AS f FROM deals) AS one', call)) AS error
FROM unnest(ARRAY['conversion(f)', $$conversion(f, 'a', 'a')$$, $$stage_duration(f, 'a')$$]) AS call;
SELECT s.* FROM (SELECT funnel_agg(deal_progress(h, '{a}', as_of => pg_temp.day(100))) AS f FROM deals) AS one, steps(f) AS s;

-- times in any order: from one stage to the next in time
SELECT stage, stage_duration(f, stage) FROM (SELECT funnel_agg(deal_progress(pg_temp.history(events), '{a,b,c}', mode => 'any_order', as_of => pg_temp.day(20))) AS f
	FROM unnest('{c@0 b@1 a@5,b@0 a@3 lost@9,b@0 a@3}'::text[]) AS events) AS any_order, unnest('{a,b}'::text[]) AS stage;
-- a duration that 64 bits cannot hold
SELECT pg_temp.failure($$SELECT funnel_agg(deal_progress(deal_history(deal_event('a', '4714-11-24 00:00:00Z BC'), deal_event('b', '294276-12-31 23:59:59.999999Z')), '{a,b}', as_of => '294276-12-31 23:59:59.999999Z'))$$);

--
-- NULL and nothing
--
SELECT funnel_agg(p) IS NULL AS no_rows FROM (SELECT NULL::deal_progress AS p) AS x WHERE p IS NOT NULL;
SELECT funnel_agg(deal_progress(h)) IS NULL AS only_nulls, rollup(NULL::funnel_summary) IS NULL AS rollup FROM (VALUES (NULL::deal_history), (NULL)) AS x (h);
SELECT conversion(NULL) IS NULL AS conversion, conversion(f, NULL, 'c') IS NULL AS no_stage, settled_conversion(NULL, 'a', 'b') IS NULL AS settled, stage_duration(NULL, 'a') IS NULL AS stage_duration,
	f + NULL IS NULL AS plus, NULL - f IS NULL AS minus, chart(NULL::funnel_summary) IS NULL AS chart, (SELECT count(*) FROM steps(NULL)) AS steps FROM funnels WHERE skipped = 'passed';
-- deals that never entered are no reading of nothing: a funnel of nobody
CREATE TEMPORARY TABLE nobody AS SELECT funnel_agg(deal_progress(h, '{a,b,c}', '30 days', as_of => pg_temp.day(100))) AS f FROM deals WHERE deal = 9;
SELECT s.* FROM nobody, steps(f) AS s;
SELECT conversion(f), percent(conversion(f)) IS NULL AS percent, settled_conversion(f, 'a', 'b'), median(stage_duration(f, 'a')) IS NULL AS median FROM nobody;
\pset format unaligned
SELECT chart(f, 30) FROM nobody;
\pset format aligned

--
-- +, - and rollup
--
CREATE TEMPORARY TABLE parts AS SELECT skipped, segment, funnel_agg(deal_progress(h, '{a,b,c}', '30 days', skipped => skipped, as_of => pg_temp.day(100))) AS f
FROM deals, unnest('{passed,stop,excluded}'::text[]) AS skipped GROUP BY skipped, segment;
SELECT skipped, pg_temp.same(x.f + y.f, whole.f) AS plus, pg_temp.same(y.f + x.f, whole.f) AS swapped, pg_temp.same(whole.f - x.f, y.f) AS minus,
	pg_temp.same(rolled.f, whole.f) AS rollup, pg_temp.same(whole.f - whole.f + whole.f, whole.f) AS back
FROM funnels AS whole JOIN parts AS x USING (skipped) JOIN parts AS y USING (skipped) JOIN (SELECT skipped, rollup(f) AS f FROM parts GROUP BY skipped) AS rolled USING (skipped)
WHERE x.segment = 'x' AND y.segment = 'y' ORDER BY skipped;
SELECT pg_temp.same(rollup(f), (SELECT f FROM funnels WHERE skipped = 'passed')) AS with_null_and_nobody
FROM (SELECT f FROM parts WHERE skipped = 'passed' UNION ALL SELECT NULL UNION ALL SELECT f FROM nobody) AS x;
SELECT pg_temp.same(f - f, (SELECT f FROM nobody)) AS nobody FROM funnels WHERE skipped = 'passed';
-- less than nothing, or what no deals can give
SELECT pg_temp.failure($$SELECT x.f - y.f FROM parts AS x JOIN parts AS y USING (skipped) WHERE skipped = 'passed' AND x.segment = 'x' AND y.segment = 'y'$$);
SELECT pg_temp.failure($$SELECT n.f - f.f FROM nobody AS n, funnels AS f WHERE skipped = 'passed'$$);
-- called by hand, the transition functions leave their argument alone
SELECT one_more::text = (f + pg_temp.funnel_of(p))::text AS one_more, pg_temp.same(funnel_summary_final(twice), f + f) AS twice, pg_temp.same(f, again) AS unchanged
FROM (SELECT f, f::text::funnel_summary AS again, p, funnel_summary_add_progress(f, p) AS one_more, funnel_summary_combine(f, f) AS twice
	  FROM funnels, deals, deal_progress(h, '{a,b,c}', '30 days', as_of => pg_temp.day(100)) AS p WHERE skipped = 'passed' AND deal = 4 OFFSET 0) AS x;

--
-- one funnel has one definition; as_of is not part of it
--
CREATE FUNCTION pg_temp.merged(one text, other text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	errors text[];
	e text;
BEGIN
	FOREACH e IN ARRAY ARRAY['funnel_agg(p)', 'rollup(f)', 'rollup(f) OVER (ROWS 1 PRECEDING)', '(array_agg(f))[1] + (array_agg(f))[2]', '(array_agg(f))[1] - (array_agg(f))[2]'] LOOP
		errors := errors || pg_temp.failure(format($x$
			SELECT %s FROM (SELECT p, f FROM (SELECT deal_history(deal_event('a', '2026-01-01Z'), deal_event('b', '2026-01-02Z')) AS h) AS one,
				LATERAL (VALUES (deal_progress(h, %s)), (deal_progress(h, %s))) AS two (p), pg_temp.funnel_of(p) AS f) AS x
			$x$, e, one, other));
	END LOOP;
	-- that a difference falls below zero is another matter
	RETURN (SELECT string_agg(DISTINCT error, E'\n') FROM unnest(errors) AS error WHERE error NOT LIKE '22003%');
END $$;
SELECT other, pg_temp.merged($$'{a,b,c}', as_of => '2026-02-01Z'$$, other || $$, as_of => '2026-02-01Z'$$) AS error FROM unnest(ARRAY[
	$$'{a,c,b}'$$,
	$$'{a,b}'$$,
	$$'{a,b,d}'$$,
	$$'{a,b,c}', '1 day'$$,
	$$'{a,b,c}', step_within => '{1 day,NULL}'$$,
	$$'{a,b,c}', mode => 'increasing'$$,
	$$'{a,b,c}', mode => 'any_order'$$,
	$$'{a,b,c}', skipped => 'stop'$$,
	$$'{a,b,c}', optional => '{b}'$$,
	$$'{a,b,c}', exits => '{}'$$,
	$$'{a,b,c}', entry => 'latest'$$]) AS other;
SELECT one, other, pg_temp.merged(one || $$, as_of => '2026-02-01Z'$$, other || $$, as_of => '2026-03-01Z'$$) FROM (VALUES
	($$'{a,b,c}'$$, $$'{a,b,c}'$$),
	($$'{a,b,c}', '1 day'$$, $$'{a,b,c}', '24 hours'$$),
	($$'{a,b,c}', exits => '{lost,churn}'$$, $$'{a,b,c}', exits => '{churn,lost}'$$),
	($$'{a,b,c}', step_within => '{NULL,NULL}', optional => '{}'$$, $$'{a,b,c}'$$),
	($$'{a,b,c}', optional => '{b,c}'$$, $$'{a,b,c}', optional => '{c,b}'$$),
	($$'{a,b,c}', mode => 'any_order', skipped => 'stop', entry => 'first'$$, $$'{a,b,c}', mode => 'any_order'$$)) AS v (one, other);

--
-- grouping sets, FILTER, HAVING, ORDER BY and DISTINCT
--
SELECT segment, deal % 2 AS odd, pg_temp.k_of_n(conversion(f, 'a', 'b')) AS a_to_b, successes(conversion(f)) AS won
FROM (SELECT segment, deal % 2 AS deal, funnel_agg(deal_progress(h, '{a,b,c}', '30 days', as_of => pg_temp.day(100))) AS f FROM deals GROUP BY CUBE (segment, deal % 2)) AS x ORDER BY 1, 2;
SELECT segment, pg_temp.k_of_n(conversion(funnel_agg(p) FILTER (WHERE depth(p) > 1))) AS deep, funnel_agg(p) FILTER (WHERE depth(p) > 5) IS NULL AS none,
	pg_temp.same(funnel_agg(p ORDER BY deal DESC), funnel_agg(p)) AS ordered
FROM deals, deal_progress(h, '{a,b,c}', '30 days', as_of => pg_temp.day(100)) AS p GROUP BY segment HAVING total(conversion(funnel_agg(p))) = 4 ORDER BY segment;
SELECT deal, pg_temp.k_of_n(conversion(funnel_agg(p) OVER (ORDER BY deal), 'a', 'b')) AS running, pg_temp.k_of_n(conversion(funnel_agg(p) OVER (ORDER BY deal ROWS 2 PRECEDING))) AS moving
FROM deals, deal_progress(h, '{a,b,c}', '30 days', as_of => pg_temp.day(100)) AS p ORDER BY deal;

--
-- generated deals: 400 of 0 to 8 events, by day, with ties, repeats and returns
--
CREATE TEMPORARY TABLE dice AS SELECT deal, i, ('x' || substr(md5(deal || '/' || i), 1, 7))::bit(28)::int AS roll FROM generate_series(1, 400) AS deal, generate_series(0, 8) AS i;
CREATE TEMPORARY TABLE log AS SELECT e.deal, ('{a,a,b,b,c,c,d,d,lost,note}'::text[])[1 + e.roll % 10] AS kind, pg_temp.day(e.roll / 10 % (10 + e.deal % 3 * 15)) AS at
FROM dice AS e JOIN dice AS n ON n.deal = e.deal AND n.i = 0 WHERE e.i > 0 AND e.i <= n.roll % 9;
CREATE TEMPORARY TABLE generated AS SELECT deal, history_agg(kind, at) AS h FROM log GROUP BY deal;
CREATE TEMPORARY TABLE definitions AS
	SELECT row_number() OVER () AS d, mode, skipped, entry, within, step_within, optional, skipped = 'excluded' AND mode <> 'any_order' AS excluded
	FROM unnest('{ordered,adjacent,increasing,any_order}'::text[]) AS mode, unnest('{passed,stop,excluded}'::text[]) AS skipped,
		(VALUES ('best', NULL::interval, NULL::interval[], NULL::text[]), ('best', '8 days', NULL, '{b}'), ('first', '8 days', NULL, NULL), ('latest', NULL, NULL, '{c}'),
			('best', '20 days', '{3 days,NULL,5 days}', NULL)) AS v (entry, within, step_within, optional)
	WHERE mode <> 'any_order' OR step_within IS NULL;
CREATE TEMPORARY TABLE readings AS SELECT d, deal, p, depth(p), status(p) FROM definitions, generated,
	deal_progress(h, '{a,b,c,d}', within, step_within, mode, skipped, optional, '{lost}', entry, pg_temp.day(15 + deal % 20)) AS p;
CREATE INDEX ON readings (d);
CREATE TEMPORARY TABLE answers AS SELECT d, funnel_agg(p) AS f FROM readings GROUP BY d;
SELECT count(*) AS readings, count(DISTINCT d) AS definitions, count(DISTINCT (depth, status)) AS cells FROM readings;

-- drill-down: the deals behind every cell of steps() are those with that status and depth
SELECT d, step, s.reached, s.converted, s.open, s.exited, s.expired, r.*
FROM answers JOIN definitions USING (d), steps(f) AS s, LATERAL (
	SELECT count(*) FILTER (WHERE here) AS reached, count(*) FILTER (WHERE here AND depth > step OR step = 4 AND status = 'converted') AS converted,
		count(*) FILTER (WHERE status = 'open' AND depth = step) AS open, count(*) FILTER (WHERE status = 'exited' AND depth = step) AS exited,
		count(*) FILTER (WHERE status = 'expired' AND depth = step) AS expired
	FROM (SELECT *, CASE WHEN excluded THEN stage_time(p, stage) IS NOT NULL ELSE depth >= step END AS here FROM readings WHERE readings.d = answers.d) AS x) AS r
WHERE (s.reached, s.converted, s.open, s.exited, s.expired) IS DISTINCT FROM (r.reached, r.converted, r.open, r.exited, r.expired)
	OR s.reached <> s.converted + s.open + s.exited + s.expired;
-- conversion and settled_conversion of every pair of stages
SELECT d, from_step, to_step, conversion(f, a, b), settled_conversion(f, a, b), r.*
FROM answers JOIN definitions USING (d), unnest('{a,b,c,d}'::text[]) WITH ORDINALITY AS x (a, from_step), unnest('{a,b,c,d}'::text[]) WITH ORDINALITY AS y (b, to_step), LATERAL (
	SELECT count(*) FILTER (WHERE there) AS successes, count(*) AS total, count(*) FILTER (WHERE NOT (status = 'open' AND depth < to_step)) AS settled
	FROM (SELECT *, CASE WHEN excluded THEN stage_time(p, b) IS NOT NULL ELSE depth >= to_step END AS there FROM readings
		  WHERE readings.d = answers.d AND CASE WHEN excluded THEN stage_time(p, a) IS NOT NULL ELSE depth >= from_step END) AS x) AS r
WHERE from_step < to_step AND (conversion(f, a, b)::text <> rate_summary(r.successes, r.total)::text OR settled_conversion(f, a, b)::text <> rate_summary(r.successes, r.settled)::text);
-- durations: from every matched stage to the next in time, the exit, the deadline or as_of
CREATE TEMPORARY TABLE spans AS SELECT d, stage, (extract(epoch FROM until - at) * 1000000)::bigint AS microseconds, category
FROM (SELECT d, i, at, next, ended_at, status, coalesce(next, ended_at) AS until, CASE WHEN next IS NOT NULL THEN 'observed' WHEN status = 'exited' THEN 'competing' ELSE 'censored' END AS category
	  FROM (SELECT d, i, at, status, lead(at) OVER (PARTITION BY d, deal ORDER BY at, i) AS next, (p::jsonb ->> 'ended_at')::timestamptz AS ended_at
			FROM readings, unnest(stage_times(p)) WITH ORDINALITY AS t (at, i) WHERE at IS NOT NULL) AS x) AS y,
	LATERAL (SELECT ('{a,b,c,d}'::text[])[i]) AS z (stage) WHERE i < 4 AND until IS NOT NULL;
SELECT d, stage, duration, observed, competing, censored, total
FROM (SELECT d, stage, stage_duration(f, stage) AS duration FROM answers, unnest('{a,b,c}'::text[]) AS stage) AS x LEFT JOIN
	(SELECT d, stage, count(*) FILTER (WHERE category = 'observed') AS observed, count(*) FILTER (WHERE category = 'competing') AS competing, count(*) FILTER (WHERE category = 'censored') AS censored,
		coalesce(sum(microseconds) FILTER (WHERE category = 'observed'), 0) AS total FROM spans GROUP BY d, stage) AS y USING (d, stage)
WHERE (observed(duration), competing(duration), censored(duration), (duration::jsonb ->> 'total_microseconds')::numeric) IS DISTINCT FROM (coalesce(observed, 0), coalesce(competing, 0), coalesce(censored, 0), coalesce(total, 0));
SELECT s.step, count(*) AS medians FROM answers, steps(f) AS s WHERE s.median_duration = median(stage_duration(f, CASE step WHEN 1 THEN 'a' WHEN 2 THEN 'b' WHEN 3 THEN 'c' END))
	OR step < 4 AND s.median_duration IS NULL AND median(stage_duration(f, CASE step WHEN 1 THEN 'a' WHEN 2 THEN 'b' WHEN 3 THEN 'c' END)) IS NULL GROUP BY 1 ORDER BY 1;

-- moving rollup: the inverse against computing every frame anew
SELECT count(*) AS rows, count(*) FILTER (WHERE moving IS NULL) AS empty, count(*) FILTER (WHERE NOT pg_temp.same(moving, anew)) AS differ
FROM (SELECT rollup(f) OVER w AS moving, rollup(f) FILTER (WHERE random() >= 0) OVER w AS anew
	  FROM (SELECT d, deal, CASE WHEN deal % 40 < 30 THEN pg_temp.funnel_of(p) END AS f FROM readings WHERE d IN (1, 3, 12, 33) AND deal <= 200) AS x
	  WINDOW w AS (PARTITION BY d ORDER BY deal ROWS BETWEEN 4 PRECEDING AND 3 FOLLOWING)) AS windows;

-- text, jsonb and binary form
CREATE TEMPORARY TABLE back (LIKE answers);
\copy answers TO 'results/funnel_summary.copy' WITH (FORMAT binary)
\copy back FROM 'results/funnel_summary.copy' WITH (FORMAT binary)
SELECT count(*) AS funnels, count(*) FILTER (WHERE NOT pg_temp.same(a.f, a.f::text::funnel_summary)) AS text_differs, count(*) FILTER (WHERE NOT pg_temp.same(a.f, a.f::jsonb::funnel_summary)) AS jsonb_differs,
	count(*) FILTER (WHERE funnel_summary_send(a.f) <> funnel_summary_send(b.f)) AS binary_differs FROM answers AS a JOIN back AS b USING (d);
SELECT pg_temp.same(f, f::text::funnel_summary) AS nobody FROM nobody;

--
-- straight from raw events: the same bytes
--
CREATE TEMPORARY TABLE raw AS SELECT deal::bigint * 1000000007 - 5000000000 AS bigint_deal, md5(deal::text)::uuid AS uuid_deal, 'deal ' || deal || repeat('x', deal % 300) AS text_deal, deal % 7 AS part, kind, at FROM log;
INSERT INTO raw SELECT NULL, NULL, NULL, part, kind, at FROM raw WHERE part = 3;
INSERT INTO raw SELECT bigint_deal, uuid_deal, text_deal, part, NULL, at FROM raw WHERE part = 4;
INSERT INTO raw SELECT bigint_deal, uuid_deal, text_deal, part, kind, NULL FROM raw WHERE part = 5;
CREATE TEMPORARY TABLE questions AS SELECT row_number() OVER () AS q, stages, within, as_of FROM unnest(ARRAY['{a,b,c,d}', '{d,a}', '{c}', '{none,b}']) AS s, CAST(s AS text[]) AS stages,
	unnest(ARRAY[NULL, interval '6 days', '0', '2147483647 days']) AS within, unnest(ARRAY[pg_temp.day(12), pg_temp.day(99)]) AS as_of;
SELECT count(*) AS funnels, count(*) FILTER (WHERE NOT pg_temp.same(one, two)) AS bigint_differs, count(*) FILTER (WHERE NOT pg_temp.same(one, three)) AS uuid_differs, count(*) FILTER (WHERE NOT pg_temp.same(one, four)) AS text_differs
FROM (SELECT q, part, funnel_agg(deal_progress(h, stages, within, as_of => as_of)) AS one FROM generated, questions, LATERAL (SELECT deal % 7 AS part) AS x GROUP BY GROUPING SETS (q, (q, part))) AS x
	FULL JOIN (SELECT q, part, funnel_agg(bigint_deal, kind, at, stages, within, as_of) AS two, funnel_agg(uuid_deal, kind, at, stages, within, as_of) AS three, funnel_agg(text_deal, kind, at, stages, within, as_of) AS four
		FROM raw, questions GROUP BY GROUPING SETS (q, (q, part))) AS y ON x.q = y.q AND x.part IS NOT DISTINCT FROM y.part;
-- as of now
SELECT pg_temp.same(one, two) AS bigint_same, pg_temp.same(one, three) AS uuid_same, pg_temp.same(one, four) AS text_same, pg_temp.same(one, five) AS with_options_same, pg_temp.same(one, six) AS ordered_same
FROM (SELECT funnel_agg(deal_progress(h, '{a,b,c,d}')) AS one FROM generated) AS x,
	(SELECT funnel_agg(bigint_deal, kind, at, '{a,b,c,d}') AS two, funnel_agg(uuid_deal, kind, at, '{a,b,c,d}') AS three, funnel_agg(text_deal, kind, at, '{a,b,c,d}') AS four,
		funnel_agg(text_deal, kind, at, '{a,b,c,d}', NULL, now()) AS five, funnel_agg(bigint_deal, kind, at, '{a,b,c,d}' ORDER BY at DESC, kind) AS six FROM raw) AS y;
-- as a window function: each row sees the events until then
SELECT count(*) AS rows, count(*) FILTER (WHERE NOT pg_temp.same(running, anew)) AS differ
FROM (SELECT bigint_deal, kind, at, funnel_agg(bigint_deal, kind, at, '{a,b,c,d}', NULL, pg_temp.day(99)) OVER (ORDER BY bigint_deal, at, kind) AS running FROM raw WHERE part = 1 AND bigint_deal < 100000000000) AS x,
	LATERAL (SELECT funnel_agg(text_deal, kind, at, '{a,b,c,d}', NULL, pg_temp.day(99)) AS anew FROM raw AS r WHERE part = 1 AND (r.bigint_deal, r.at, r.kind) <= (x.bigint_deal, x.at, x.kind)) AS y;
-- rows without deal, kind, instant or as_of are no rows
SELECT deal, kind, at, as_of, funnel_agg(deal, kind, at, '{a,b}', NULL, as_of) IS NULL AS none
FROM (VALUES (NULL::bigint, 'a', pg_temp.day(1), pg_temp.day(2)), (1, NULL, pg_temp.day(1), pg_temp.day(2)), (1, 'a', NULL, pg_temp.day(2)), (1, 'a', pg_temp.day(1), NULL)) AS v (deal, kind, at, as_of)
GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4;
SELECT funnel_agg(deal, kind, at, '{a,b}') IS NULL AS no_rows, funnel_agg(deal, kind, at, NULL) IS NULL AS no_rows_no_stages FROM (VALUES (1::bigint, 'a', now())) AS v (deal, kind, at) WHERE kind = 'b';
-- deals without any stage are a funnel of nobody, as in two steps
SELECT successes(conversion(f)) AS successes, total(conversion(f)) AS total FROM (SELECT funnel_agg(1::bigint, kind, pg_temp.day(1), '{a,b}') AS f FROM unnest('{note,lost,b}'::text[]) AS kind) AS x;
-- bad input
CREATE FUNCTION pg_temp.bad_event(arguments text) RETURNS text LANGUAGE sql
AS $$ SELECT pg_temp.failure(format('SELECT funnel_agg(%s) FROM generate_series(1, 2) AS i', arguments)) $$;
SELECT arguments, pg_temp.bad_event(arguments) AS error FROM unnest(ARRAY[
	$$i::bigint, 'a', now(), NULL$$,
	$$NULL::bigint, 'a', now(), NULL$$,
	$$i::text, 'a', now(), '{}'$$,
	$$i::text, 'a', now(), '{a,NULL}'$$,
	$$i::text, 'a', now(), '{a,b,a}'$$,
	$$i::text, 'a', now(), '{a,lost}'$$,
	$$i::text, 'a', now(), '{a,""}'$$,
	$$i::text, 'a', now(), '{{a,b}}'$$,
	$$md5('')::uuid, 'a', now(), array_fill('a'::text, '{33}')$$,
	$$i::bigint, 'a', now(), CASE i WHEN 1 THEN '{a,b}' ELSE '{a,c}' END::text[]$$,
	$$i::bigint, '', now(), '{a,b}'$$,
	$$i::bigint, repeat('k', 256), now(), '{a,b}'$$,
	$$i::bigint, 'a', 'infinity', '{a,b}'$$,
	$$i::bigint, 'note', '-infinity', '{a,b}'$$,
	$$i::bigint, 'a', now(), '{a,b}', '-1 day', now()$$,
	$$i::bigint, 'a', now(), '{a,b}', '1 month', now()$$,
	$$i::bigint, 'a', now(), '{a,b}', make_interval(days => i), now()$$,
	$$i::bigint, 'a', now(), '{a,b}', CASE i WHEN 1 THEN interval '1 day' END, now()$$,
	$$i::bigint, 'a', now(), '{a,b}', NULL, now() + i * interval '1 day'$$,
	$$i::bigint, 'a', now(), '{a,b}', NULL, 'infinity'$$,
	$$i, 'a', now(), '{a,b}'$$]) AS arguments;

--
-- JSON: what is wrong with a funnel, one change at a time
--
CREATE FUNCTION pg_temp.bad_json(path text[], value jsonb) RETURNS text LANGUAGE sql AS $$
	SELECT pg_temp.failure(format('SELECT %L::funnel_summary', jsonb_set(f::jsonb, path, value))) FROM funnels WHERE skipped = 'excluded'
$$;
SELECT path, value, pg_temp.bad_json(path, value) AS error FROM (VALUES
	('{version}'::text[], '2'::jsonb),
	('{colour}', '"red"'),
	('{definition}', 'null'),
	('{definition,stages,1}', '"a"'),
	('{definition,skipped}', '"passed"'),
	('{definition,skipped}', '"never"'),
	('{outcomes}', '{}'),
	('{outcomes,0}', '[1,"open"]'),
	('{outcomes,0}', '1'),
	('{outcomes,0,0}', '0'),
	('{outcomes,0,0}', '3'),
	('{outcomes,0,0}', '4'),
	('{outcomes,0,0}', '"open"'),
	('{outcomes,0,1}', '"converted"'),
	('{outcomes,0,1}', '"not_entered"'),
	('{outcomes,0,1}', '"lost"'),
	('{outcomes,0,1}', '4'),
	('{outcomes,0,2}', '-1'),
	('{outcomes,0,2}', '1.5'),
	('{outcomes,0,2}', '"open"'),
	('{outcomes,0,2}', '"many"'),
	('{outcomes,0,2}', '9223372036854775807'),
	('{outcomes,0,2}', '9223372036854775808'),
	('{outcomes,0,2}', 'null'),
	('{matched_pairs}', '[[2,1,3]]'),
	('{matched_pairs}', '[[0,1,3]]'),
	('{matched_pairs}', '[[1,4,3]]'),
	('{matched_pairs}', '[[1,2,3]]'),
	('{matched_pairs,0,2}', '1'),
	('{matched_pairs}', '[]'),
	('{open_matched}', '[[2,1,1]]'),
	('{open_matched}', '[[1,3,1]]'),
	('{open_matched,0,2}', '9'),
	('{step_days}', '[[0,1,1,1,1]]'),
	('{step_days}', '[[3,1,1,1,1]]'),
	('{step_days}', '[[1,-1,1,1,1]]'),
	('{step_days}', '[[1,106751992,1,1,1]]'),
	('{step_days}', '[[1,1,1,1,-1]]'),
	('{step_days}', '[[1,"open",1,1,1]]'),
	('{step_days}', '[[1,1,1]]'),
	('{step_microseconds}', '[]'),
	('{step_microseconds}', '[1,2,3]'),
	('{step_microseconds}', '["1",2]'),
	('{step_microseconds}', '[-1,2]'),
	('{step_microseconds}', '[1,2]'),
	('{step_microseconds}', '[340282366920938463463374607431768211456,2]')) AS v (path, value);
SELECT skipped, key, pg_temp.failure(format('SELECT %L::jsonb::funnel_summary', f::jsonb - key)) AS without
FROM funnels, jsonb_object_keys(f::jsonb) AS key WHERE skipped <> 'stop' ORDER BY skipped, key;
SELECT pg_temp.failure(format('SELECT %L::funnel_summary', f::jsonb || '{"matched_pairs":[[1,1,9]]}')) AS pairs_where_none_are_counted FROM funnels WHERE skipped = 'passed';
SELECT input, pg_temp.failure(format('SELECT %L::funnel_summary', input)) AS error FROM unnest(ARRAY['', '[]', '{}', 'null']) AS input;
