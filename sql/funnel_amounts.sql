--
-- funnels by value: amounts beside the counts
--
\getenv directory PG_ABS_SRCDIR
\set shared :directory '/test/lib/regress.sql'
\i :shared
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';

-- 'a@0 b@2' is an event a on day 0 and an event b on day 2
CREATE FUNCTION pg_temp.history(events text) RETURNS deal_history LANGUAGE sql
AS $$ SELECT coalesce(history_agg(split_part(event, '@', 1), timestamptz '2026-01-01' + split_part(event, '@', 2)::int * interval '1 day'), '{}')
      FROM string_to_table(nullif(events, ''), ' ') AS event $$;

CREATE TEMP TABLE deals AS
SELECT deal, amount, h, deal_progress(h, '{a,b,c}', exits => '{lost}', within => '30 days', as_of => '2026-03-01') AS p
FROM (VALUES
	(1, 'a@0 b@1 c@2', 1000.0),
	(2, 'a@0 b@1 c@3', 250.5),
	(3, 'a@0 b@2 lost@5', 400),
	(4, 'a@50 b@55', 2000),
	(5, 'a@50 b@55', NULL),
	(6, 'a@0 lost@1', 0.0001),
	(7, 'a@0', 600),
	(8, 'a@45', -100),
	(9, '', 77777),
	(10, 'a@0 lost@9', NULL)) AS d (deal, events, amount), pg_temp.history(events) AS h;
CREATE TEMP TABLE f AS SELECT funnel_agg(p, amount) AS f, funnel_agg(p) AS plain FROM deals;

--
-- What converted went on; the amount of all that entered is split by what became of it
--
SELECT step, stage, reached, amount_reached, amount_converted, round(percent_of_previous::numeric, 2) AS percent_of_previous,
       round(amount_percent_of_previous::numeric, 2) AS amount_percent_of_previous FROM f, steps(f);
SELECT f::jsonb -> 'amounts' AS amounts, missing(f) FROM f;
SELECT amount_conversion(f, 'a', 'b'), amount_conversion(f, 'b', 'c'), amount_conversion(f, 'a', 'c') FROM f;
-- products of the steps make the whole
SELECT abs(amount_conversion(f, 'a', 'b') * amount_conversion(f, 'b', 'c') - amount_conversion(f, 'a', 'c')) < 1e-15 AS telescopes FROM f;
-- the counts are those of the funnel without amounts
SELECT f::jsonb - 'amounts' = plain::jsonb AS same_counts FROM f;
SELECT count(*) AS rows_that_differ FROM f, steps(f) AS s JOIN steps((SELECT plain FROM f)) AS t USING (step)
WHERE (s.reached, s.converted, s.open, s.exited, s.expired, s.percent_of_previous, s.low, s.median_duration)
	IS DISTINCT FROM (t.reached, t.converted, t.open, t.exited, t.expired, t.percent_of_previous, t.low, t.median_duration);
-- a funnel without amounts has none
SELECT stage, amount_reached, amount_converted, amount_percent_of_previous FROM f, steps(plain);
SELECT missing(plain), amount_conversion(plain, 'a', 'c') FROM f;
SELECT chart(f, 60) FROM f;
SELECT chart(plain, 60) FROM f;
SELECT chart(funnel_agg(p, deal), 70) FROM deals;
-- amounts that add up to less than nothing, or to nothing at all
SELECT amount_conversion(funnel_agg(p, -amount), 'a', 'b') > 0 AS of_less_than_nothing, amount_conversion(funnel_agg(p, 0), 'a', 'b') AS of_nothing FROM deals;
SELECT amount_reached, amount_percent_of_previous FROM steps((SELECT funnel_agg(p, 0) FROM deals));

--
-- Under excluded, depth does not say who counts at a stage: amounts are counted, but not read as steps
--
CREATE TEMP TABLE excluded AS SELECT funnel_agg(deal_progress(h, '{a,b,c}', skipped => 'excluded', exits => '{lost}', as_of => '2026-03-01'), amount) AS f FROM deals;
SELECT f::jsonb -> 'amounts' AS amounts, missing(f), amount_conversion(f, 'a', 'c'), f::text::funnel_summary = f AS text, f::jsonb::funnel_summary = f AS jsonb FROM excluded;
SELECT stage, reached, amount_reached, amount_converted, amount_percent_of_previous FROM excluded, steps(f);
SELECT chart(f, 60) FROM excluded;

-- one stage; nobody entered; no rows; readings that are NULL
SELECT funnel_agg(deal_progress(h, '{a}', as_of => '2026-03-01'), amount)::jsonb - 'definition' AS one_stage FROM deals;
SELECT stage, reached, amount_reached, amount_converted, amount_percent_of_previous FROM steps((SELECT funnel_agg(deal_progress(h, '{a}', as_of => '2026-03-01'), amount) FROM deals));
SELECT funnel_agg(p, amount)::jsonb - 'definition' AS nobody, missing(funnel_agg(p, amount)) FROM deals WHERE deal = 9;
SELECT funnel_agg(p, amount) IS NULL AS no_rows FROM deals WHERE false;
SELECT funnel_agg(NULL::deal_progress, 5) IS NULL AS no_readings;

-- sums pass 64 bits and stay exact; a fifth decimal is rounded half away from zero
SELECT amount_reached, amount_percent_of_previous FROM steps((SELECT funnel_agg(p, 922337203685477.5807 - deal) FROM deals));
SELECT amount_reached FROM steps((SELECT funnel_agg(p, CASE WHEN deal % 2 = 1 THEN 0.00005 ELSE -0.00005 END) FROM deals WHERE deal < 3));

--
-- Merging, subtracting, moving windows
--
SELECT record_image_eq(ROW(a + b), ROW(f)) AS plus, record_image_eq(ROW(f - b), ROW(a)) AS minus, record_image_eq(ROW(rolled), ROW(f)) AS rollup
FROM f, (SELECT funnel_agg(p, amount) FILTER (WHERE deal % 3 = 0) AS a, funnel_agg(p, amount) FILTER (WHERE deal % 3 > 0) AS b FROM deals) AS parts,
	(SELECT rollup(one) AS rolled FROM (SELECT funnel_agg(p, amount) AS one FROM deals GROUP BY deal) AS x) AS y;
SELECT (f - f)::jsonb -> 'amounts' AS nothing, missing(f - f), record_image_eq(ROW(f - f + f), ROW(f)) AS back FROM f;
SELECT deal, missing(moving), jsonb_array_length(moving::jsonb -> 'amounts') AS amounts, record_image_eq(ROW(moving), ROW(anew)) AS same
FROM (SELECT deal, rollup(one) OVER w AS moving, rollup(one) FILTER (WHERE random() >= 0) OVER w AS anew
      FROM (SELECT deal, funnel_agg(p, amount) AS one FROM deals GROUP BY deal) AS x WINDOW w AS (ORDER BY deal ROWS 2 PRECEDING)) AS y ORDER BY deal;
SELECT f = f AS same, f = plain AS other, hashtext(f::text) = hashtext((f + (f - f))::text) AS hash FROM f;

--
-- What does not go together
--
SELECT what, pg_temp.failure(command) AS error FROM (VALUES
	('+', 'SELECT f + plain FROM f'),
	('-', 'SELECT f - plain FROM f'),
	('- the other way round', 'SELECT plain - f FROM f'),
	('rollup', 'SELECT rollup(x) FROM f, unnest(ARRAY[plain, f]) AS x'),
	('moving window', 'SELECT rollup(x) OVER (ORDER BY n ROWS 1 PRECEDING) FROM f, unnest(ARRAY[f, f, plain]) WITH ORDINALITY AS x (x, n)'),
	('combine', 'SELECT funnel_summary_combine(f, plain) FROM f'),
	('transition', 'SELECT funnel_summary_add_progress(f, p) FROM f, deals'),
	('transition with an amount', 'SELECT funnel_summary_add_progress(plain, p, 5) FROM f, deals'),
	('other stages', $$SELECT funnel_agg(deal_progress(h, ARRAY['a', CASE deal WHEN 3 THEN 'c' ELSE 'b' END], as_of => '2026-03-01'), amount) FROM deals$$),
	('an amount out of range', 'SELECT funnel_agg(p, 922337203685477.5808) FROM deals'),
	('of a deal that never entered, too', 'SELECT funnel_agg(p, 1e30) FROM deals WHERE deal = 9'),
	('no number', $$SELECT funnel_agg(p, 'NaN') FROM deals$$),
	('more than was there', 'SELECT f - (f + f) FROM f'),
	('stages the wrong way round', $$SELECT amount_conversion(f, 'b', 'a') FROM f$$),
	('no stage', $$SELECT amount_conversion(f, 'a', 'z') FROM f$$)) AS v (what, command);
-- frames that share no row may hold one or the other
SELECT n, missing(r) FROM (SELECT n, rollup(x) OVER (ORDER BY n ROWS CURRENT ROW) AS r FROM f, unnest(ARRAY[f, plain, f]) WITH ORDINALITY AS x (x, n)) AS y ORDER BY n;

--
-- Text: what can be an amount
--
SELECT amounts, pg_temp.failure(format('SELECT %L::funnel_summary', jsonb_set(f::jsonb, '{amounts}', amounts))) AS error FROM f, unnest(ARRAY[
	'null', '{}', '[1]', '[[1,"open",0]]', '[["1","open",0,5]]', '[[0,"open",0,5]]', '[[3,"open",0,5]]', '[[1,"converted",0,5]]', '[[1,"not_entered",0,5]]', '[[1,"sold",0,5]]',
	'[[1,"open",-1,5]]', '[[1,"open",9,0]]', '[[1,"open",0,"5"]]', '[[1,"open",0,1e15]]', '[[1,"open",0,1e40]]', '[[9223372036854775807,"open",0,5]]', '[[2,"exited",1,1]]', '[[2,"expired",0,1]]']::jsonb[]) AS amounts;
-- without their key, it is a funnel without amounts; rows of zeros are none
SELECT (f::jsonb - 'amounts')::funnel_summary = plain AS without, jsonb_set(f::jsonb, '{amounts}', '[]')::funnel_summary::jsonb -> 'amounts' AS zero,
	jsonb_set(f::jsonb, '{amounts}', '[[1,"open",0,0.00],[1,"open",1,0]]')::funnel_summary::jsonb -> 'amounts' AS rows FROM f;
