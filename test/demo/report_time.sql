-- How long things take, in the CRM that generate.sql makes; goes on where report.sql ends.
SET search_path = crm, public;
SET timezone = 'UTC';

\echo
\echo 'LENGTH OF THE SALES CYCLE, from opportunity to any close (won, lost, no decision), before and after the programme'
\echo '(2024-07-01) by the day of the opportunity. True is: each stage takes 0.75 of the time since then. Closed deals'
\echo 'alone give mean_closed and median_closed; median and days_of_90 (days until the close within the first 90, with its'
\echo 'standard error) count the open ones too, of which some are young and some have gone silent.'
CREATE TABLE cycle AS
SELECT lead_id, started_at(c) >= programme_start() AS after, date_trunc('month', started_at(c)) AS month, c
FROM reading, deal_cycle(history, to_kinds => '{won,lost,no_decision}', unless => '{}', as_of => as_of()) c
WHERE c IS NOT NULL;
SELECT CASE WHEN after THEN 'after' ELSE 'before' END AS opportunities, observed(d) AS closed, censored(d) AS open,
	round(mean(d)::numeric, 1) AS mean_closed, median(closed) AS median_closed, median(d) AS median,
	round(restricted_mean(d, 90)::numeric, 1) AS days_of_90, round(restricted_mean_error(d, 90)::numeric, 1) AS error
FROM (SELECT after, duration_agg(c) AS d, duration_agg(c) FILTER (WHERE status(c) = 'event') AS closed FROM cycle GROUP BY after) x
ORDER BY after;

\echo 'THE LAST MONTHS of the same. The mean of the closed deals falls by the month, since only the quick ones have closed'
\echo 'yet; the median with the open ones counted stays, and is empty where it is too early to say.'
SELECT to_char(month, 'YYYY-MM') AS month, observed(d) AS closed, censored(d) AS open, round(mean(d)::numeric, 1) AS mean_closed, median(d) AS median
FROM (SELECT month, duration_agg(c) AS d FROM cycle WHERE month >= '2025-06-01' GROUP BY month) x
ORDER BY month;

\echo 'TIME TO QUOTA by year of hire: the quota of a quarter (ramped in the first ones) reached two quarters in a row, as of'
\echo '2025-12-31; reps hired from 2023 on, the first year with deals on record. mean_of_reached drops those who are not'
\echo 'there yet and flatters the young years; median counts them, and those who left as gone. cycles = deals closed per'
\echo 'rep until quota, by those who reached it; velocity = 100 x deals closed by all reps / reps; cycle_lengths = mean'
\echo 'time to quota in median sales cycles of the deals (the other reading of "number of sales cycles").'
CREATE TABLE quota AS
SELECT rep_id, date_trunc('year', hired_at) AS hired,
	quota_attainment(history, hired_at, quota, 'quarter', ramp, as_of(), left_at, sustained => 2, lost => '{lost,no_decision}') AS q
FROM rep LEFT JOIN (SELECT rep_id, history_agg(stage_name, changed_at, amount, opportunity_id::text) AS history
					FROM opportunity_history JOIN lead ON lead_id = opportunity_id
					WHERE stage_name IN ('won', 'lost', 'no_decision') GROUP BY rep_id) deals USING (rep_id)
WHERE hired_at >= '2023-01-01';
SELECT median(duration_agg(c)) * interval '1 day' AS median_cycle FROM cycle \gset
SELECT coalesce(extract(year FROM hired)::text, 'all') AS hired, reps(s), successes(reached(s)) AS reached, competing(d) AS "left", censored(d) AS open,
	round(mean(d)::numeric, 0) AS mean_of_reached, median(d) AS median,
	round(mean_cycles(s)::numeric, 1) AS cycles, round(quota_velocity(s)::numeric, 0) AS velocity,
	round(mean_elapsed_cycles(s, :'median_cycle')::numeric, 1) AS cycle_lengths
FROM (SELECT hired, quota_agg(q) AS s FROM quota GROUP BY ROLLUP (hired)) x, LATERAL (SELECT time_to_quota(s) AS d) y
ORDER BY x.hired;
\echo 'Those hired in 2025 who are not there yet, and how near: won in the current quarter against its quota (two'
\echo 'in a row are asked for, so that one above 100 is halfway).'
SELECT name, hired_at(q)::date AS hired, days(q), cycles(q), won_cycles(q) AS won, attained(q), target(q), round(100 * attained(q) / target(q), 0) AS percent
FROM quota JOIN rep USING (rep_id)
WHERE hired >= '2025-01-01' AND status(q) = 'open'
ORDER BY rep_id;

\echo 'DOES THE BATTLE CARD MAKE DEALS SLOWER? True is: content moves nothing. But a deal that lasts longer has more time to'
\echo 'meet it. The naive table sorts deals by what happened to them later: the winners "with" take nearly twice as long.'
SELECT CASE WHEN used THEN 'with' ELSE 'without' END AS battle_card, observed(d) + competing(d) + censored(d) AS deals, observed(d) AS won, median(won) AS median_days_of_the_won,
	round(100.0 * observed(d) / (observed(d) + competing(d) + censored(d)), 1) AS percent_won
FROM (SELECT 'Battle card' = ANY (subjects(history, 'content')) AS used, duration_agg(c) AS d, duration_agg(c) FILTER (WHERE status(c) = 'event') AS won
	  FROM reading, deal_cycle(history, unless => '{lost,no_decision}', as_of => as_of()) c WHERE c IS NOT NULL GROUP BY used) x
ORDER BY used;
\echo 'The fair one counts a deal as unexposed until its first battle card and as exposed from then on: percent won within so'
\echo 'many days of the opportunity, with 95 % intervals. (The rest of a gap: deals gone silent, in which nobody opens content'
\echo 'any more, stay among the unexposed.)'
SELECT CASE WHEN exposed THEN 'since the card' ELSE 'before it' END AS battle_card, observed(d) AS won,
	round(100 * reached_within(d, 30)::numeric, 1) AS within_30, format('%s to %s', round(100 * i30.low::numeric, 1), round(100 * i30.high::numeric, 1)) AS interval_30,
	round(100 * reached_within(d, 60)::numeric, 1) AS within_60, format('%s to %s', round(100 * i60.low::numeric, 1), round(100 * i60.high::numeric, 1)) AS interval_60
FROM (SELECT exposed, duration_agg(cycle) AS d
	  FROM reading, deal_exposure(history, 'content', 'Battle card', unless => '{lost,no_decision}', as_of => as_of()) GROUP BY exposed) x,
	reached_within_interval(d, 30) i30, reached_within_interval(d, 60) i60
ORDER BY exposed;
