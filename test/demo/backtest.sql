-- The forecast of open deals tested on the past: what it said as of a day, and what came by 90 days later. Goes on where
-- crm.sql, olist.sql or maven_crm.sql ends, with those of the three data sets that are loaded, and prints the rows of the
-- tables in doc/money.md.
--
--   demo   opportunities until they are won; lost ones and those without a decision compete.
--   Olist  leads until they are won. No loss is on record, and no win before 2017-12-05.
--   Maven  deals engaged until they are won; lost ones compete. No close is on record before 2017-03-01. An open deal has no
--          amount yet: it counts with the mean of the deals of its product that were won by then.
--
-- Where the record of the ends begins late, deals that began before come under observation on that day, late (deal_exposure).

RESET search_path;
SET timezone = 'UTC';
SELECT to_regclass('crm.opportunity_history') IS NOT NULL AS demo, to_regclass('olist.deals') IS NOT NULL AS olist, to_regclass('maven_crm.deals') IS NOT NULL AS maven \gset

CREATE TEMP TABLE watched (data text, deal text, product text, history deal_history);
CREATE TEMP TABLE asked (n int, data text, began text, ended text[], recorded_from timestamptz, days timestamptz[]);
\if :demo
INSERT INTO watched SELECT 'demo', opportunity_id::text, NULL, history_agg(stage_name, changed_at, amount) FROM crm.opportunity_history GROUP BY opportunity_id;
INSERT INTO asked VALUES (1, 'demo', 'opportunity', '{lost,no_decision}', '-infinity', '{2024-06-30,2024-09-30,2024-12-31,2025-03-31,2025-06-30,2025-09-30}');
\endif
\if :olist
INSERT INTO watched SELECT 'Olist', deal, NULL, history FROM olist.deals;
INSERT INTO asked VALUES (2, 'Olist', 'lead', '{}', '2017-12-05', '{2018-02-28,2018-03-31,2018-04-30,2018-05-31,2018-06-30,2018-07-31}');
\endif
\if :maven
INSERT INTO watched SELECT 'Maven', deal, source, history FROM maven_crm.deals;
INSERT INTO asked VALUES (3, 'Maven', 'opportunity', '{lost}', '2017-03-01', '{2017-04-30,2017-05-31,2017-06-30,2017-07-31,2017-08-31,2017-09-30}');
\endif
ANALYZE watched;

-- every deal as a day saw it, and whether and for how much it was won by 90 days later
CREATE TEMP TABLE seen AS
SELECT a.n, a.data, day, deal, product, cycle, status(cycle) AS status, floor(extract(epoch FROM duration(cycle)) / 86400)::bigint AS age,
	amount(deal_outcome(history, as_of => day)) AS amount, status(later) = 'won' AS won_later, amount(later) AS amount_later
FROM asked a JOIN watched w USING (data), unnest(days) AS day,
	deal_exposure(history || deal_event('recorded', greatest(first_at(history, began), nullif(recorded_from, '-infinity'))), 'recorded',
		from_kinds => ARRAY[began], unless => ended, as_of => day) AS e,
	deal_outcome(history, as_of => day + interval '90 days') AS later
WHERE exposed;
CREATE TEMP TABLE price AS
SELECT data, day, product, avg(amount) AS amount FROM seen WHERE status = 'event' GROUP BY data, day, product;

CREATE TEMP TABLE backtest AS
SELECT n, data, day, f.*, rate, came, came_unknown, came_amount
FROM (SELECT n, data, day, duration_agg(cycle) AS curve, pipeline_agg(age, coalesce(s.amount, p.amount)) FILTER (WHERE status = 'censored') AS pipeline,
		count(*) FILTER (WHERE status = 'event')::float8 / count(*) FILTER (WHERE status <> 'censored' OR data = 'Olist') AS rate
	  FROM seen s LEFT JOIN price p USING (data, day, product) GROUP BY n, data, day) past,
	LATERAL (SELECT count(*) FILTER (WHERE won_later AND known) AS came, count(*) FILTER (WHERE won_later AND NOT known) AS came_unknown,
				sum(amount_later) FILTER (WHERE won_later AND known) AS came_amount
			 FROM seen s, LATERAL (SELECT chance(curve, age, 90) IS NOT NULL) k (known)
			 WHERE s.data = past.data AND s.day = past.day AND status = 'censored') later,
	forecast(pipeline, curve, 90) f;

\pset format unaligned
\pset tuples_only on
SELECT format('| %s | %s | %s | %s | %s | %s | %s | %s | %s | %s | %s |', data, day::date, deals, round(expected::numeric, 1), round(expected_sd::numeric, 1), came, round(rate * deals),
	coalesce(to_char(expected_amount, 'FM999,999,999'), '–'), coalesce(to_char(amount_sd, 'FM999,999,999'), '–'), coalesce(to_char(came_amount, 'FM999,999,999'), '–'),
	format('%s, %s', unknown, came_unknown))
FROM backtest ORDER BY n, day;

-- The demo's deals that are not opportunities yet: the chance to move on within 90 days, day by day, times that to be won in the days left.
\if :demo
CREATE TEMP TABLE early AS
SELECT day, stage, step, rest, floor(extract(epoch FROM duration(step)) / 86400)::bigint AS age, status(step) = 'censored' AS open, status(later) = 'won' AS won_later
FROM asked, unnest(days) AS day, watched, (VALUES ('lead', '{mql,sql,opportunity}'::text[]), ('mql', '{sql,opportunity}'), ('sql', '{opportunity}')) AS v (stage, onward),
	deal_cycle(history, ARRAY[stage], onward, '{won,lost,no_decision}', day) AS step, deal_cycle(history, onward, as_of => day) AS rest,
	deal_outcome(history, as_of => day + interval '90 days') AS later
WHERE asked.data = 'demo' AND watched.data = 'demo' AND (step IS NOT NULL OR rest IS NOT NULL);
WITH daily AS MATERIALIZED (
	SELECT day, stage, step, ARRAY(SELECT coalesce(reached_within(step, d) - reached_within(step, d - 1), 0) FROM generate_series(1, 1200) AS d ORDER BY d) AS moves,
		ARRAY(SELECT reached_within(rest, 90 - d) FROM generate_series(1, 90) AS d ORDER BY d) AS won
	FROM (SELECT day, stage, duration_agg(step) AS step, duration_agg(rest) AS rest FROM early GROUP BY day, stage) past),
open AS (SELECT day, stage, age, count(*) AS deals, count(*) FILTER (WHERE won_later) AS came FROM early WHERE open GROUP BY day, stage, age),
p AS (
	SELECT day, deals, came, chance(step, age, 90) * (SELECT coalesce(sum(m * w) / nullif(sum(m), 0), 0) FROM unnest(moves[age + 1:age + 90], won) AS u (m, w)) AS p
	FROM open JOIN daily USING (day, stage))
SELECT format('| early stages | %s | %s | %s | %s | %s |', day::date, sum(deals), round(sum(deals * p)::numeric, 1), round(sqrt(sum(deals * p * (1 - p)))::numeric, 1), sum(came))
FROM p GROUP BY day ORDER BY day;
\endif
