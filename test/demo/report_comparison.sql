-- Before and after, and which platform moved it: the comparisons on the CRM that generate.sql makes, after report.sql.
SET search_path = crm, public;
SET timezone = 'UTC';

\echo
\echo 'BEFORE AND AFTER THE PROGRAMME (2024-07-01), leads that have had their 180 days. points = after minus before, with its'
\echo '95 % interval; lift_percent = points in percent of before; p = chance of a difference as large if nothing had changed (exact: Fisher).'
CREATE TABLE before_after AS
SELECT n, rate, b, a
FROM (SELECT funnel_agg(progress) FILTER (WHERE NOT after) AS before, funnel_agg(progress) FILTER (WHERE after) AS after FROM reading WHERE mature) f,
	LATERAL (VALUES (1, 'lead to opportunity', conversion(before, 'lead', 'opportunity'), conversion(after, 'lead', 'opportunity')),
		(2, 'mql to customer', conversion(before, 'mql', 'won'), conversion(after, 'mql', 'won')),
		(3, 'lead to customer', conversion(before, 'lead', 'won'), conversion(after, 'lead', 'won'))) v(n, rate, b, a);
CREATE VIEW change AS
SELECT rate, total(b) AS before, total(a) AS after, round(before_percent::numeric, 1) AS before_percent, round(after_percent::numeric, 1) AS after_percent,
	round(difference_points::numeric, 1) AS points, round(low::numeric, 1) AS low, round(high::numeric, 1) AS high,
	round(100 * relative_lift::numeric) AS lift_percent, p_text(p_value) AS p, p_text(p_exact) AS p_exact
FROM before_after, compare(b, a)
ORDER BY n;
TABLE change;

\echo 'LIKE WITH LIKE: the same within each source and segment (Mantel-Haenszel), in case other leads came in than before.'
\echo 'mix_shift = the plain difference points the other way.'
CREATE VIEW like_with_like AS
SELECT rate, strata, round(crude_difference_points::numeric, 1) AS plain, round(common_difference_points::numeric, 1) AS within_strata,
	round(low::numeric, 1) AS low, round(high::numeric, 1) AS high, round(common_odds_ratio::numeric, 3) AS odds_ratio, p_text(p_value) AS p, mix_shift
FROM (SELECT n, rate, mantel_haenszel_agg(b, a) AS m
	  FROM (SELECT funnel_agg(progress) FILTER (WHERE NOT after) AS before, funnel_agg(progress) FILTER (WHERE after) AS after
			FROM reading WHERE mature GROUP BY source, segment) f,
		LATERAL (VALUES (1, 'lead to opportunity', conversion(before, 'lead', 'opportunity'), conversion(after, 'lead', 'opportunity')),
			(2, 'mql to customer', conversion(before, 'mql', 'won'), conversion(after, 'mql', 'won')),
			(3, 'lead to customer', conversion(before, 'lead', 'won'), conversion(after, 'lead', 'won'))) v(n, rate, b, a)
	  GROUP BY n, rate) x, compare(m)
ORDER BY n;
TABLE like_with_like;

\echo 'WHICH PLATFORM MOVED IT: lead to opportunity. The platforms came to the teams one after the other; a team is the unit. What a team would have'
\echo 'done without the platform is known from its own months before, and from what the market did to the teams without one. due_to_platform = points'
\echo 'more than that, with the 95 % interval; teams = with the platform, others = they are compared with; leads = since their team has it; p adjusted'
\echo 'for the number of platforms looked at (Holm). Leads of the 3 months before are on neither side: they lived mostly after it. Known to be true of'
\echo 'this data: Compass works, Beacon does nothing.'
CREATE TABLE platform_rollout AS
SELECT p.platform, rollout_agg(team, adopted_on, date_trunc('month', created_at)::date, depth(progress) >= 4) AS to_opportunity
FROM (SELECT DISTINCT platform FROM reading WHERE platform <> 'neither') p JOIN reading r ON r.platform IN (p.platform, 'neither')
WHERE mature
GROUP BY p.platform;
CREATE TABLE platform_ranking AS
SELECT platform, e.*, p_adjust(e.p_value, 'holm') OVER () AS adjusted_p
FROM platform_rollout, effect(to_opportunity, anticipation => 3) e;
CREATE VIEW platforms AS
SELECT platform, units AS teams, others, deals AS leads, rounded(effect, 1) AS due_to_platform, rounded(low, 1) AS low, rounded(high, 1) AS high,
	p_text(p_value) AS p, p_text(adjusted_p) AS adjusted_p,
	CASE WHEN adjusted_p < 0.05 THEN CASE WHEN effect > 0 THEN 'moved it up' ELSE 'moved it down' END ELSE 'no evidence' END AS verdict
FROM platform_ranking
ORDER BY effect DESC;
TABLE platforms;

\echo 'BY MONTH SINCE ADOPTION, Compass: before it the points are placebos, whose truth is 0.'
\pset format unaligned
\pset tuples_only on
SELECT chart(to_opportunity, 78) FROM platform_rollout WHERE platform = 'Compass';
\pset tuples_only off
\pset format aligned

\echo 'WERE ITS TEAMS AHEAD BEFORE? points a month by which the teams ran away from the others before they had the platform.'
SELECT platform, rounded(slope, 2) AS points_a_month, rounded(low, 2) AS low, rounded(high, 2) AS high, p_text(p_value) AS p
FROM platform_rollout, pretrend(to_opportunity, anticipation => 3)
ORDER BY platform;

\echo 'WHICH TECHNOLOGY SHORTENS THE CYCLE: the same over opportunities that began 90 days ago or earlier, by the month in which they began. days = of'
\echo 'the first 90 until the close (90 for those not closed by then), closed_in_60 = points more closed within 60 days. Known to be true: Compass'
\echo 'takes 0.6 of the time from opportunity to close.'
CREATE TABLE platform_cycle_rollout AS
SELECT p.platform, rollout_agg(team, adopted_on, month, status(c) = 'event' AND duration(c) <= interval '60 days') AS closed,
	rollout_agg(team, adopted_on, month, least(CASE WHEN status(c) = 'event' THEN extract(epoch FROM duration(c)) / 86400 END, 90)) AS days
FROM (SELECT DISTINCT platform FROM reading WHERE platform <> 'neither') p JOIN reading r ON r.platform IN (p.platform, 'neither'),
	deal_cycle(history, to_kinds => '{won,lost,no_decision}', unless => '{}', as_of => as_of()) c, LATERAL (SELECT date_trunc('month', started_at(c))::date) m(month)
WHERE started_at(c) + interval '90 days' <= as_of()
GROUP BY p.platform;
CREATE VIEW platform_cycles AS
SELECT platform, d.deals AS opportunities, rounded(d.effect, 1) AS days, rounded(d.low, 1) AS low, rounded(d.high, 1) AS high,
	p_text(p_adjust(d.p_value) OVER ()) AS adjusted_p, rounded(c.effect, 1) AS closed_in_60, rounded(c.low, 1) AS in_60_low, rounded(c.high, 1) AS in_60_high,
	p_text(p_adjust(c.p_value) OVER ()) AS in_60_adjusted_p
FROM platform_cycle_rollout, effect(days, anticipation => 3) d, effect(closed, anticipation => 3) c
ORDER BY d.effect;
TABLE platform_cycles;

\echo 'DAYS UNTIL A LEAD IS DECIDED (opportunity, or lost), the undecided counted as such. A lead that was open on the day the programme'
\echo 'started is cut there: unfinished before, coming in late after. difference = of the mean of the first 90 days; hazard = how many times'
\echo 'as fast after as before among those still open (log-rank, p); the last line compares within segments. Known: each stage takes 0.75'
\echo 'of the time; leads that fall silent are never decided, which dilutes it.'
CREATE TABLE days_to_decision AS
SELECT segment, duration_agg(cycle) FILTER (WHERE NOT exposed) AS before, duration_agg(cycle) FILTER (WHERE exposed) AS after
FROM reading, deal_exposure(history || deal_event('programme', programme_start()), 'programme', from_kinds => '{lead}',
	to_kinds => '{opportunity,won,lost,no_decision}', unless => '{}', as_of => as_of())
GROUP BY segment;
SELECT segment, before_median, after_median, round(difference_days::numeric, 1) AS difference, round(low::numeric, 1) AS low, round(high::numeric, 1) AS high,
	round(hazard_ratio::numeric, 3) AS hazard, p_text(p_value) AS p, mix_shift
FROM (SELECT CASE segment WHEN 'small' THEN 1 WHEN 'middle' THEN 2 ELSE 3 END AS n, segment, c.*, NULL::boolean AS mix_shift FROM days_to_decision, compare(before, after, 90) c
	  UNION ALL SELECT 4, 'all', c.*, NULL FROM (SELECT rollup(before) AS before, rollup(after) AS after FROM days_to_decision) d, compare(before, after, 90) c
	  UNION ALL SELECT 5, 'within segments', NULL, NULL, NULL, NULL, NULL, log_rank_chi2, p_value, hazard_ratio, NULL, hazard_low, hazard_high, mix_shift
	  FROM (SELECT log_rank_agg(before, after) AS l FROM days_to_decision) d, compare(l)) x
ORDER BY n;
