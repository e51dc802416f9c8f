-- The report on the CRM that generate.sql makes. What it prints with TABLE is a view, which the page of test/report shows as well.
SET search_path = crm, public;
SET timezone = 'UTC';

\echo 'Storing one history for each deal'
CREATE MATERIALIZED VIEW deal_histories AS
SELECT opportunity_id, history_agg(stage_name, changed_at, amount, subject) AS history
FROM opportunity_history GROUP BY opportunity_id;

\echo 'Reading how far each got (lead, mql, sql, opportunity, won) within 180 days of its first entry, as of 2025-12-31'
CREATE TABLE reading AS
SELECT lead_id, created_at, created_at >= programme_start() AS after, created_at <= as_of() - interval '180 days' AS mature,
	name AS team, coalesce(platform, 'neither') AS platform, platform_since::date AS adopted_on, segment, source, history, deal_progress(history, within => '180 days', entry => 'first', as_of => as_of()) AS progress
FROM deal_histories JOIN lead ON lead_id = opportunity_id JOIN team USING (team_id);
ANALYZE reading;

-- how surprising, for people to read
CREATE FUNCTION p_text(p float8) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN CASE WHEN p < 0.0001 THEN '< 0.0001' ELSE round(p::numeric, 4)::text END;

\echo
\echo 'SIZE OF THE HISTORIES: bytes per event as stored, beside the heap bytes of a row it came from.'
SELECT coalesce(size, 'all') AS events_in_deal, count(*) AS deals, sum(events) AS events,
	round(sum(bytes)::numeric / sum(events), 1) AS history_bytes_per_event,
	(SELECT round(pg_relation_size('opportunity_history') / count(*)::numeric, 1) FROM opportunity_history) AS row_bytes_per_event
FROM (SELECT event_count(history) AS events, pg_column_size(history) AS bytes FROM deal_histories) x,
	LATERAL (SELECT CASE WHEN events < 5 THEN ' 1 to  4' WHEN events <= 10 THEN ' 5 to 10' ELSE '11 or more' END) s(size)
GROUP BY ROLLUP (size) ORDER BY grouping(size), size;

\echo 'CONVERSION BY STAGE: reached = came to the stage or beyond. Of those, converted = went on; the'
\echo 'others are open (may still), exited (lost) or expired (the 180 days are over). step_percent = of'
\echo 'those who reached the stage before, percent = of all leads, each with its Wilson 95 % interval. days ='
\echo 'until half of those who reached it had gone on, the unfinished counted; empty where fewer ever do.'
CREATE VIEW funnel AS
SELECT s.stage, s.reached, s.converted, s.open, s.exited, s.expired,
	round(s.percent_of_previous::numeric, 1) AS step_percent, round(s.low::numeric, 1) AS step_low, round(s.high::numeric, 1) AS step_high,
	round(s.percent_of_first::numeric, 1) AS percent, round(100 * i.low::numeric, 1) AS low, round(100 * i.high::numeric, 1) AS high,
	round(s.median_duration::numeric, 1) AS days
FROM (SELECT funnel_agg(progress) AS f FROM reading) x, steps(f) s, confidence_interval(CASE WHEN s.step > 1 THEN conversion(f, 'lead', s.stage) END) i
ORDER BY s.step;
TABLE funnel;

\echo 'BEFORE AND AFTER THE PROGRAMME (2024-07-01), by the day of the lead. Each rate with its denominator:'
\echo 'opportunities / all leads; customers / all qualified leads (mql); customers / all leads.'
\echo 'Open ones may still convert, so hold "before" against "after, grown up": leads that have had their 180 days.'
SELECT rate, leads_of, total(r) AS total, successes(r) AS reached, total(r) - total(settled) AS open,
	round(percent(r)::numeric, 2) AS percent, round(100 * i.low::numeric, 2) AS low, round(100 * i.high::numeric, 2) AS high
FROM (SELECT 1 AS m, 'before' AS leads_of, funnel_agg(progress) AS f FROM reading WHERE NOT after
	  UNION ALL SELECT 2, 'after', funnel_agg(progress) FROM reading WHERE after
	  UNION ALL SELECT 3, 'after, grown up', funnel_agg(progress) FROM reading WHERE after AND mature) x,
	LATERAL (VALUES (1, 'lead to opportunity', conversion(f, 'lead', 'opportunity'), settled_conversion(f, 'lead', 'opportunity')),
		(2, 'mql to customer', conversion(f, 'mql', 'won'), settled_conversion(f, 'mql', 'won')),
		(3, 'lead to customer', conversion(f, 'lead', 'won'), settled_conversion(f, 'lead', 'won'))) v(n, rate, r, settled),
	confidence_interval(r) i
ORDER BY n, m;

\echo 'BY PLATFORM OF THE TEAM, before and after the programme, of leads that have had their 180 days.'
\echo 'Won and opportunities / all leads. The teams with neither show what changed for everybody.'
SELECT platform, CASE WHEN after THEN 'after' ELSE 'before' END AS leads_of,
	total(o) AS leads, round(percent(o)::numeric, 2) AS to_opportunity,
	round(100 * oi.low::numeric, 2) AS opp_low, round(100 * oi.high::numeric, 2) AS opp_high,
	round(percent(w)::numeric, 2) AS to_customer,
	round(100 * wi.low::numeric, 2) AS won_low, round(100 * wi.high::numeric, 2) AS won_high
FROM (SELECT platform, after, funnel_agg(progress) AS f FROM reading WHERE mature GROUP BY platform, after) x,
	LATERAL (SELECT conversion(f, 'lead', 'opportunity') AS o, conversion(f, 'lead', 'won') AS w) c,
	confidence_interval(o) oi, confidence_interval(w) wi
ORDER BY platform, after;

\echo 'BY MONTH OF THE LEAD: percent of all its leads so far with Wilson 95 % interval, and settled = of those'
\echo 'no longer open. While many are open neither is final: the plain one can only rise, the settled one leans'
\echo 'to quick endings. A month is final when its last lead has had 180 days.'
CREATE VIEW months AS
SELECT to_char(month, 'YYYY-MM') AS month, CASE WHEN month < programme_start() THEN 'before' ELSE 'after' END AS programme, total(o) AS leads,
	total(o) - total(settled_o) AS open, CASE WHEN final THEN 'final' ELSE 'can still rise' END AS state,
	round(percent(o)::numeric, 1) AS percent, round(100 * oi.low::numeric, 1) AS low, round(100 * oi.high::numeric, 1) AS high, round(percent(settled_o)::numeric, 1) AS settled,
	round(percent(w)::numeric, 1) AS to_customer, round(100 * wi.low::numeric, 1) AS customer_low, round(100 * wi.high::numeric, 1) AS customer_high
FROM (SELECT date_trunc('month', created_at) AS month, bool_and(mature) AS final, funnel_agg(progress) AS f FROM reading GROUP BY 1) x,
	LATERAL (SELECT conversion(f, 'lead', 'opportunity') AS o, conversion(f, 'lead', 'won') AS w, settled_conversion(f, 'lead', 'opportunity') AS settled_o) c,
	confidence_interval(o) oi, confidence_interval(w) wi
ORDER BY x.month;
TABLE months;

\echo 'STORED BY MONTH, READ BY YEAR: rollup of the months against reading the leads of the year at once.'
WITH monthly AS (SELECT date_trunc('month', created_at) AS month, funnel_agg(progress) AS f FROM reading GROUP BY 1),
	rolled AS (SELECT date_trunc('year', month) AS year, rollup(f) AS f FROM monthly GROUP BY 1),
	whole AS (SELECT date_trunc('year', created_at) AS year, funnel_agg(progress) AS f FROM reading GROUP BY 1)
SELECT extract(year FROM year) AS year, round(percent(conversion(rolled.f, 'lead', 'won'))::numeric, 3) AS rolled_up,
	round(percent(conversion(whole.f, 'lead', 'won'))::numeric, 3) AS at_once,
	funnel_summary_send(rolled.f) = funnel_summary_send(whole.f) AS same_bytes
FROM rolled JOIN whole USING (year)
ORDER BY year;
