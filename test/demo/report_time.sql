-- How long things take, in the CRM that generate.sql makes; goes on where report.sql ends.
SET search_path = crm, public;
SET timezone = 'UTC';

\ir by_day.sql

\echo
\echo 'LENGTH OF THE SALES CYCLE, from opportunity to any close (won, lost, no decision), before and after the programme'
\echo '(2024-07-01) by the day of the opportunity. True is: each stage takes 0.75 of the time since then, and where a team has Compass the last one takes 0.6 of that. Closed deals'
\echo 'alone give mean_closed and median_closed; median and days_of_90 (days until the close within the first 90, with its'
\echo 'standard error) count the open ones too, of which some are young and some have gone silent.'
CREATE TABLE cycle AS
SELECT lead_id, started_at(c) >= programme_start() AS after, date_trunc('month', started_at(c)) AS month, c
FROM reading, deal_cycle(history, to_kinds => '{won,lost,no_decision}', unless => '{}', as_of => as_of()) c
WHERE c IS NOT NULL;
CREATE TABLE cycles AS
SELECT CASE WHEN after THEN 'after' ELSE 'before' END AS opportunities, duration_agg(c) AS d, duration_agg(c) FILTER (WHERE status(c) = 'event') AS closed
FROM cycle GROUP BY after;
CREATE VIEW cycle_length AS
SELECT opportunities, observed(d) AS closed, censored(d) AS open, round(mean(d)::numeric, 1) AS mean_closed, median(closed) AS median_closed,
	median(d) AS median, i.low, i.high, round(restricted_mean(d, 90)::numeric, 1) AS days_of_90, round(restricted_mean_error(d, 90)::numeric, 1) AS error
FROM cycles, quantile_interval(d, 0.5) i
ORDER BY opportunities DESC;
TABLE cycle_length;
CREATE VIEW cycle_by_day AS SELECT opportunities, c.* FROM cycles, by_day(d, 180) c ORDER BY opportunities DESC, day;
CREATE VIEW cycle_change AS
SELECT round(difference_days::numeric, 1) AS difference_days, round(low::numeric, 1) AS low, round(high::numeric, 1) AS high, round(hazard_ratio::numeric, 2) AS hazard_ratio, p_text(p_value) AS p
FROM cycles b, cycles a, compare(b.d, a.d, 90) WHERE b.opportunities = 'before' AND a.opportunities = 'after';
\echo 'After minus before: days_of_90 with its 95 % interval; hazard_ratio = how many times as fast those still open close.'
TABLE cycle_change;

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
CREATE VIEW time_to_quota AS
SELECT coalesce(extract(year FROM hired)::text, 'all') AS hired, reps(s), successes(reached(s)) AS reached, competing(d) AS gone, censored(d) AS open,
	round(mean(d)::numeric, 0) AS mean_of_reached, median(d) AS median,
	round(mean_cycles(s)::numeric, 1) AS cycles, round(quota_velocity(s)::numeric, 0) AS velocity,
	round(mean_elapsed_cycles(s, :'median_cycle')::numeric, 1) AS cycle_lengths
FROM (SELECT hired, quota_agg(q) AS s FROM quota GROUP BY ROLLUP (hired)) x, LATERAL (SELECT time_to_quota(s) AS d) y
ORDER BY x.hired;
TABLE time_to_quota;
CREATE VIEW quota_by_day AS
SELECT hired, c.* FROM (SELECT format('hired in %s', extract(year FROM hired)) AS hired, time_to_quota(quota_agg(q)) AS d FROM quota GROUP BY 1 ORDER BY 1) x, by_day(d, 720) c;
\echo 'Those hired in 2025 who are not there yet, and how near: won in the current quarter against its quota (two'
\echo 'in a row are asked for, so that one above 100 is halfway).'
SELECT name, hired_at(q)::date AS hired, days(q), cycles(q), won_cycles(q) AS won, attained(q), target(q), round(100 * attained(q) / target(q), 0) AS percent
FROM quota JOIN rep USING (rep_id)
WHERE hired >= '2025-01-01' AND status(q) = 'open'
ORDER BY rep_id;

\echo 'DOES THE BATTLE CARD MAKE DEALS SLOWER? True is: content moves nothing. But a deal that lasts longer has more time to meet it.'
\echo 'naive sorts deals by whether they ever met it, fair counts a deal as without the card until it meets it and as with it from then'
\echo 'on. days = mean until the end (won, lost, no decision, or 14 days of silence) within the first 90, with the 95 % interval of the'
\echo 'difference; won_30 = percent won within 30 days. fair counts a deal that met the card on both sides.'
CREATE TABLE card AS
WITH deal AS (
	SELECT 'Battle card' = ANY (subjects(history, 'content')) AS ever, history,
		CASE WHEN current_kind(history, '{won,lost,no_decision}') IS NULL THEN history || deal_event('silence', ended_at(history) + interval '14 days') ELSE history END AS ending
	FROM reading WHERE has_kind(history, 'opportunity'))
SELECT 1 AS n, 'naive: ever met it' AS comparison, ever AS card, duration_agg(c) AS ended, duration_agg(w) AS won
FROM deal, deal_cycle(ending, to_kinds => '{won,lost,no_decision,silence}', unless => '{}', as_of => as_of()) c,
	deal_cycle(history, unless => '{lost,no_decision}', as_of => as_of()) w
GROUP BY ever
UNION ALL
SELECT 2, 'fair: split at the first', exposed, ended, won
FROM (SELECT exposed, duration_agg(cycle) AS ended
	  FROM deal, deal_exposure(ending, 'content', 'Battle card', to_kinds => '{won,lost,no_decision,silence}', unless => '{}', as_of => as_of()) GROUP BY exposed) e
	JOIN (SELECT exposed, duration_agg(cycle) AS won
		  FROM deal, deal_exposure(history, 'content', 'Battle card', unless => '{lost,no_decision}', as_of => as_of()) GROUP BY exposed) w USING (exposed);
CREATE VIEW battle_card AS
SELECT o.comparison, observed(o.ended) + censored(o.ended) AS without_card, observed(w.ended) + censored(w.ended) AS with_card,
	round(restricted_mean(o.ended, 90)::numeric, 1) AS days_without, round(restricted_mean(w.ended, 90)::numeric, 1) AS days_with,
	round(difference_days::numeric, 1) AS difference_days, round(low::numeric, 1) AS low, round(high::numeric, 1) AS high,
	round(100 * reached_within(o.won, 30)::numeric, 1) AS won_30_without, round(100 * reached_within(w.won, 30)::numeric, 1) AS won_30_with
FROM card o JOIN card w USING (n), compare(o.ended, w.ended, 90)
WHERE NOT o.card AND w.card
ORDER BY n;
TABLE battle_card;
CREATE VIEW battle_card_by_day AS
SELECT CASE n WHEN 1 THEN CASE WHEN card THEN 'ever met it' ELSE 'never met it' END ELSE CASE WHEN card THEN 'since meeting it' ELSE 'before meeting it' END END AS deals, d.*
FROM (SELECT * FROM card ORDER BY n, card) c, by_day(ended, 120) d;
