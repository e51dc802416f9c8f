-- The report's views over the four views deals, reps, content_events and settings of a schema:
--
--     psql -v schema=crm -f views.sql
--
-- doc/report.md lists the columns of the four and what stands in each report_* view. All is checked first and made in one
-- transaction; run it again after a change of the four. report_options, report_deals, report_settings, report_rollouts,
-- report_reps and report_content_days are materialized: CALL crm.report_refresh() reads the four views again.

\set ON_ERROR_STOP on
\if :{?schema}
\else
	DO $$ BEGIN RAISE 'name the schema of the four views by -v schema=NAME'; END $$;
\endif
\if :{?dry_run}
\else
	\set dry_run false
\endif

BEGIN;
SET LOCAL client_min_messages = warning;
SELECT set_config('report.schema', :'schema', true) \gset unused_
DO $$
DECLARE
	place CONSTANT text := current_setting('report.schema');
BEGIN
	IF NOT EXISTS (SELECT FROM pg_extension WHERE extname = 'enablement_metrics') THEN
		RAISE undefined_object USING MESSAGE = format('extension enablement_metrics is not in database %s', current_database()), HINT = 'Run CREATE EXTENSION enablement_metrics.';
	END IF;
	IF to_regnamespace(quote_ident(place)) IS NULL THEN
		RAISE invalid_schema_name USING MESSAGE = format('schema "%s" does not exist', place), HINT = 'Name the schema of the four views deals, reps, content_events and settings.';
	END IF;
END $$;
SELECT quote_ident(nspname) AS extension_schema FROM pg_extension e JOIN pg_namespace n ON n.oid = extnamespace WHERE extname = 'enablement_metrics' \gset
SET LOCAL search_path = :"schema", :extension_schema, pg_catalog, pg_temp;

-- What an earlier run made goes, the newest first; what was granted on it comes back at the end.
CREATE TEMP TABLE granted ON COMMIT DROP AS
SELECT relname, CASE WHEN grantee = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(grantee)) END AS grantee
FROM pg_class, aclexplode(relacl)
WHERE relnamespace = to_regnamespace(quote_ident(:'schema')) AND relname LIKE 'report\_%' AND privilege_type = 'SELECT' AND grantee <> relowner;
SELECT format('DROP %s %s', CASE relkind WHEN 'm' THEN 'MATERIALIZED VIEW' ELSE 'VIEW' END, oid::regclass)
FROM pg_class
WHERE relnamespace = to_regnamespace(quote_ident(:'schema')) AND relname LIKE 'report\_%' AND relkind IN ('v', 'm') AND obj_description(oid, 'pg_class') LIKE 'the report:%'
ORDER BY oid DESC \gexec

\ir mapping.sql

--
-- What is asked
--
CREATE MATERIALIZED VIEW report_options AS
SELECT as_of, programme_start, coalesce(within, '180 days') AS within, coalesce(zone, 'UTC') AS zone, coalesce(anticipation, 3) AS anticipation, coalesce(sustained, 1) AS sustained,
	currency, title, stages, stages[1] AS first_stage, stages[greatest(cardinality(stages) - 1, 1)] AS opportunity_stage, stages[cardinality(stages)] AS last_stage,
	array(SELECT s FROM unnest(stages) WITH ORDINALITY AS u (s, n) WHERE s <> 'won' ORDER BY n) AS open_stages,
	CASE WHEN stages[cardinality(stages)] = 'won' THEN '{won,lost,no_decision}'::text[] ELSE '{won,lost,no_decision}'::text[] || stages[cardinality(stages)] END AS endings
FROM (SELECT *, coalesce(given_stages, '{lead,mql,sql,opportunity,won}') AS stages
	  FROM (SELECT as_of, programme_start, within, zone, anticipation, sustained, currency, title, stages AS given_stages FROM report_input_settings) AS given) AS complete;

CREATE VIEW report_rates AS
SELECT n, from_stage || ' to ' || to_stage AS rate, from_stage, to_stage, array_position(stages, from_stage) AS from_depth, array_position(stages, to_stage) AS to_depth
FROM (SELECT stages, cardinality(stages) AS last, CASE WHEN cardinality(stages) > 2 THEN 3 ELSE 1 END AS rates FROM report_options) AS o,
	LATERAL (VALUES (1, stages[1], stages[greatest(last - 1, 2)]), (2, stages[2], stages[last]), (3, stages[1], stages[last])) AS v (n, from_stage, to_stage)
WHERE n <= rates;

--
-- One row per deal, with all that is read of it
--
CREATE MATERIALIZED VIEW report_deals AS
SELECT deal, began_at, (began_at AT TIME ZONE zone)::date AS began_on, date_trunc('month', began_at AT TIME ZONE zone)::date AS month,
	CASE WHEN programme_start IS NOT NULL THEN CASE WHEN began_at < programme_start THEN 'before' ELSE 'since' END END AS period,
	coalesce(began_at + within <= as_of, false) AS mature,
	team, platform, adopted_on, coalesce((began_at AT TIME ZONE zone)::date >= adopted_on, false) AS with_platform, segment, source, owner,
	coalesce(depth(progress), 0) AS depth, stages[depth(progress)] AS stage, status(progress) AS status,
	status(result) AS outcome,
	has_kind(history, opportunity_stage) OR NOT EXISTS (SELECT FROM unnest(stages[:cardinality(stages) - 2]) AS s (stage) WHERE has_kind(history, s.stage)) AS in_win_rate,
	closed_at(result) AS closed_at, date_trunc('month', closed_at(result) AT TIME ZONE zone)::date AS closed_month, amount(result) AS amount, considered(result) AS competitors, lost_to(result) AS lost_to,
	started_at(cycle) AS opportunity_at, date_trunc('month', started_at(cycle) AT TIME ZONE zone)::date AS opportunity_month,
	CASE WHEN programme_start IS NOT NULL THEN CASE WHEN started_at(cycle) < programme_start THEN 'before' WHEN started_at(cycle) >= programme_start THEN 'since' END END AS opportunity_period,
	status(cycle) AS cycle_status, CASE WHEN status(cycle) = 'event' THEN extract(epoch FROM duration(cycle)) / 86400 END AS cycle_days,
	history, progress, result, cycle
FROM report_options, LATERAL (SELECT deal, history, coalesce(began_at, started_at(history)) AS began_at, team, platform, adopted_on, segment, source, owner FROM report_input_deals OFFSET 0) AS d,
	LATERAL (SELECT deal_progress(history, stages, within => within, entry => 'first', as_of => as_of) AS progress,
			deal_outcome(history, as_of => as_of, open => open_stages) AS result,
			deal_cycle(history, ARRAY[opportunity_stage], endings, '{}', as_of) AS cycle OFFSET 0) AS r
WHERE began_at <= as_of;

-- N, the days in which cycles are asked to close: half of all do, up to whole months. They are read over a month more.
CREATE MATERIALIZED VIEW report_settings AS
SELECT o.*, d.*, cycle_days + 30 AS cycle_horizon, (SELECT count(*) FROM report_input_reps) AS reps,
	(SELECT count(DISTINCT content) FROM report_input_content_events) AS content_pieces,
	(SELECT extversion FROM pg_extension WHERE extname = 'enablement_metrics') AS version
FROM report_options o,
	(SELECT count(*) AS deals, count(*) FILTER (WHERE mature) AS mature, min(began_on) AS first_on, max(began_on) AS last_on,
		count(DISTINCT team) AS teams, count(DISTINCT team) FILTER (WHERE platform IS NULL) AS teams_without, count(DISTINCT platform) AS platforms,
		count(*) FILTER (WHERE period = 'before') AS before, count(*) FILTER (WHERE period = 'since') AS since,
		(coalesce(30 * greatest(ceil(median(duration_agg(cycle)) / 30), 1), 90))::int AS cycle_days
	 FROM report_deals) AS d;

--
-- Conversion. A row per month, team, platform, segment and source: counts that add up.
--
CREATE VIEW report_conversion_cells AS
SELECT month, period, mature, team, platform, with_platform, segment, source, n, rate, from_stage, to_stage,
	count(*) AS reached, count(*) FILTER (WHERE depth >= to_depth) AS converted, count(*) FILTER (WHERE depth < to_depth AND status = 'open') AS open,
	rate_agg(depth >= to_depth) AS summary
FROM report_deals, report_rates WHERE depth >= from_depth
GROUP BY month, period, mature, team, platform, with_platform, segment, source, n, rate, from_stage, to_stage;

CREATE VIEW report_conversion AS
WITH counted AS (
	SELECT n, rate, from_stage, to_stage, rate_agg(depth >= to_depth) AS overall, rate_agg(depth >= to_depth) FILTER (WHERE period = 'before') AS before, rate_agg(depth >= to_depth) FILTER (WHERE period = 'since') AS since
	FROM report_deals, report_rates WHERE mature AND depth >= from_depth GROUP BY n, rate, from_stage, to_stage
), within_strata AS (
	SELECT n, mantel_haenszel_agg(before, since) AS m
	FROM (SELECT n, rate_agg(depth >= to_depth) FILTER (WHERE period = 'before') AS before, rate_agg(depth >= to_depth) FILTER (WHERE period = 'since') AS since
		  FROM report_deals, report_rates WHERE mature AND depth >= from_depth GROUP BY n, segment, source) AS s
	GROUP BY n
)
SELECT n, rate, from_stage, to_stage, total(overall) AS total, successes(overall) AS successes, percent(overall) AS percent, 100 * o.low AS low, 100 * o.high AS high,
	total(before) AS before_total, successes(before) AS before_successes, percent(before) AS before_percent, 100 * b.low AS before_low, 100 * b.high AS before_high,
	total(since) AS since_total, successes(since) AS since_successes, percent(since) AS since_percent, 100 * s.low AS since_low, 100 * s.high AS since_high,
	c.difference_points AS difference, c.low AS difference_low, c.high AS difference_high, 100 * c.relative_lift AS lift_percent, c.p_value, c.p_exact,
	w.strata, w.common_difference_points AS adjusted_difference, w.low AS adjusted_low, w.high AS adjusted_high, w.p_value AS adjusted_p, w.mix_shift,
	overall AS summary, before AS before_summary, since AS since_summary
FROM counted LEFT JOIN within_strata USING (n)
	LEFT JOIN LATERAL confidence_interval(overall) AS o ON true LEFT JOIN LATERAL confidence_interval(before) AS b ON true LEFT JOIN LATERAL confidence_interval(since) AS s ON true
	LEFT JOIN LATERAL compare(before, since) AS c ON true LEFT JOIN LATERAL compare(m) AS w ON true
ORDER BY n;

CREATE VIEW report_conversion_by_month AS
SELECT month, CASE WHEN count(DISTINCT period) < 2 THEN min(period) ELSE 'both' END AS period, n, rate, from_stage, to_stage,
	count(*) AS reached, count(*) FILTER (WHERE depth >= to_depth) AS converted, count(*) FILTER (WHERE depth < to_depth AND status = 'open') AS open,
	percent(rate_agg(depth >= to_depth)) AS percent, 100 * (confidence_interval(rate_agg(depth >= to_depth))).low AS low, 100 * (confidence_interval(rate_agg(depth >= to_depth))).high AS high,
	percent(rate_agg(depth >= to_depth) FILTER (WHERE depth >= to_depth OR status <> 'open')) AS settled_percent,
	bool_and(mature) AS final, rate_agg(depth >= to_depth) AS summary
FROM report_deals, report_rates WHERE depth >= from_depth
GROUP BY month, n, rate, from_stage, to_stage
ORDER BY n, month;

CREATE VIEW report_funnel AS
SELECT s.step, s.stage, s.reached, s.converted, s.open, s.exited, s.expired, s.percent_of_previous, s.low AS previous_low, s.high AS previous_high, s.percent_of_first, 100 * i.low AS low, 100 * i.high AS high, s.median_duration AS median_days,
	s.amount_reached, s.amount_converted, s.amount_percent_of_previous
FROM (SELECT funnel_agg(progress, amount) AS f FROM report_deals) AS x, steps(f) AS s,
	LATERAL confidence_interval(CASE WHEN s.step > 1 THEN conversion(f, (SELECT first_stage FROM report_options), s.stage) END) AS i
ORDER BY s.step;

CREATE VIEW report_funnel_by_month AS
SELECT month, s.step, s.stage, s.reached, s.converted, s.open, s.exited, s.expired, final, s.amount_reached, s.amount_converted
FROM (SELECT month, bool_and(mature) AS final, funnel_agg(progress, amount) AS f FROM report_deals GROUP BY month) AS x, steps(f) AS s
ORDER BY month, s.step;

--
-- Platforms. A team is the unit; one whose deals tell two stories of what it adopted when is left out, and stands in
-- report_problems.
--
CREATE VIEW report_teams AS
SELECT team, min(platform) AS platform, min(adopted_on) AS adopted_on, count(*) AS deals, count(*) FILTER (WHERE mature) AS mature,
	count(DISTINCT platform) AS different_platforms, count(DISTINCT adopted_on) AS different_dates,
	count(DISTINCT platform) <= 1 AND count(DISTINCT adopted_on) <= 1 AND count(platform) IN (0, count(*)) AND count(adopted_on) = count(platform) AS usable
FROM report_deals WHERE team IS NOT NULL
GROUP BY team;

-- What each team did in each month: one summary for each platform, of its teams and of those with none.
CREATE MATERIALIZED VIEW report_rollouts AS
WITH platforms AS (
	SELECT platform FROM report_teams WHERE usable AND platform IS NOT NULL GROUP BY platform
), deals AS MATERIALIZED (
	SELECT team, t.platform, t.adopted_on, month, opportunity_month, d.outcome = 'won' AS won, amount,
		d.mature AND depth > 0 AS counts, depth >= to_depth AS converted,
		opportunity_at + make_interval(days => s.cycle_horizon) <= as_of AS cycle_counts, cycle_status = 'event' AND d.cycle_days <= s.cycle_days AS closed,
		least(d.cycle_days, s.cycle_horizon)::numeric AS days
	FROM report_deals d JOIN report_teams t USING (team), report_rates r, report_settings s
	WHERE usable AND r.n = 1
)
SELECT p.platform, outcome, summary
FROM platforms p, LATERAL (
	SELECT rollout_agg(team, adopted_on, month, converted) FILTER (WHERE counts) AS conversion,
		rollout_agg(team, adopted_on, opportunity_month, closed) FILTER (WHERE cycle_counts) AS closed,
		rollout_agg(team, adopted_on, opportunity_month, days) FILTER (WHERE cycle_counts) AS days,
		rollout_agg(team, adopted_on, opportunity_month, amount) FILTER (WHERE won) AS amount
	FROM deals d WHERE d.platform = p.platform OR d.platform IS NULL) AS r,
	LATERAL (VALUES ('conversion', conversion), ('closed', closed), ('days', days), ('amount', amount)) AS v (outcome, summary);

-- What adoption changed, by platform and outcome: points of conversion, points closed within N days, days of the first N + 30,
-- money of a won deal.
CREATE VIEW report_effects AS
SELECT platform, outcome, units AS teams, others, deals, skipped, effect, std_error, df, low, high, p_value, adjusted_p,
	CASE WHEN effect IS NULL THEN 'no comparison' WHEN low IS NULL THEN 'too few teams'
		 WHEN adjusted_p < 0.05 THEN CASE WHEN effect > 0 THEN 'raised' ELSE 'lowered' END ELSE 'no evidence' END AS status
FROM (SELECT platform, outcome, e.*, p_adjust(e.p_value) OVER (PARTITION BY outcome) AS adjusted_p
	  FROM report_rollouts, report_options, effect(summary, anticipation => anticipation) AS e) AS x;

-- The rates of each platform's own teams, before and since each of them has it; of teams with none, before and since the programme.
CREATE VIEW report_conversion_by_platform AS
SELECT platform, n, rate, from_stage, to_stage, teams, reached, converted, percent(rate_summary(converted, reached)) AS percent,
	before_reached, before_converted, percent(rate_summary(before_converted, before_reached)) AS before_percent, 100 * b.low AS before_low, 100 * b.high AS before_high,
	since_reached, since_converted, percent(rate_summary(since_converted, since_reached)) AS since_percent, 100 * s.low AS since_low, 100 * s.high AS since_high
FROM (SELECT platform, n, rate, from_stage, to_stage, count(DISTINCT team) AS teams, count(*) AS reached, count(*) FILTER (WHERE done) AS converted,
		count(*) FILTER (WHERE NOT later) AS before_reached, count(*) FILTER (WHERE NOT later AND done) AS before_converted,
		count(*) FILTER (WHERE later) AS since_reached, count(*) FILTER (WHERE later AND done) AS since_converted
	  FROM (SELECT *, depth >= to_depth AS done, CASE WHEN platform IS NULL THEN period = 'since' ELSE with_platform END AS later FROM report_deals, report_rates WHERE mature AND depth >= from_depth) AS d
	  GROUP BY platform, n, rate, from_stage, to_stage) AS x,
	LATERAL confidence_interval(rate_summary(before_converted, before_reached)) AS b, LATERAL confidence_interval(rate_summary(since_converted, since_reached)) AS s
ORDER BY n, platform NULLS LAST;

CREATE VIEW report_platform_effects AS
SELECT e.platform, rate, e.teams, others, deals, skipped, before_reached, before_converted, before_percent, since_reached, since_converted, since_percent,
	effect, std_error, df, low, high, p_value, adjusted_p, status
FROM report_effects e JOIN report_conversion_by_platform c ON c.platform = e.platform AND n = 1
WHERE outcome = 'conversion'
ORDER BY effect DESC NULLS LAST, e.platform;

CREATE VIEW report_cycle_effects AS
SELECT platform, cycle_days AS within_days, cycle_horizon AS horizon_days, c.teams, c.others, c.deals,
	c.effect, c.std_error, c.df, c.low, c.high, c.p_value, c.adjusted_p, c.status,
	d.effect AS days_effect, d.low AS days_low, d.high AS days_high, d.p_value AS days_p, d.adjusted_p AS days_adjusted_p, d.status AS days_status
FROM report_effects c JOIN report_effects d USING (platform), report_settings
WHERE c.outcome = 'closed' AND d.outcome = 'days'
ORDER BY c.effect DESC NULLS LAST, platform;

CREATE VIEW report_amount_effects AS
SELECT platform, teams, others, deals, effect, std_error, df, low, high, p_value, adjusted_p, status
FROM report_effects WHERE outcome = 'amount'
ORDER BY effect DESC NULLS LAST, platform;

-- Each team's part in the effect: its months with the platform, against its own months before and the market that all clean
-- months show. Weighted with their deals the teams give the effect of the platform.
CREATE VIEW report_team_effects AS
SELECT platform, unit AS team, u.adopted_on, e.deals, e.effect, b.before_reached, b.before_converted, percent(rate_summary(b.before_converted, b.before_reached)) AS before_percent,
	b.since_reached, b.since_converted, percent(rate_summary(b.since_converted, b.since_reached)) AS since_percent
FROM report_rollouts r, report_options o,
	LATERAL (SELECT unit, adopted_on, sum(total) FILTER (WHERE period < adopted_on) AS before_reached, sum(c.sum) FILTER (WHERE period < adopted_on) AS before_converted,
				sum(total) FILTER (WHERE period >= adopted_on) AS since_reached, sum(c.sum) FILTER (WHERE period >= adopted_on) AS since_converted
			 FROM cells(summary) AS c WHERE adopted_on IS NOT NULL GROUP BY unit, adopted_on) AS u (unit, adopted_on, before_reached, before_converted, since_reached, since_converted),
	LATERAL (SELECT coalesce(u.before_reached, 0)::bigint AS before_reached, coalesce(u.before_converted, 0)::bigint AS before_converted, coalesce(u.since_reached, 0)::bigint AS since_reached, coalesce(u.since_converted, 0)::bigint AS since_converted) AS b,
	LATERAL (SELECT rollout_agg(c.unit, CASE WHEN c.unit = u.unit THEN c.adopted_on END, c.period, rate_summary(c.sum::bigint, c.total)) AS own
			 FROM cells(summary) AS c
			 WHERE c.unit = u.unit OR c.adopted_on IS NULL OR c.period < date_trunc('month', c.adopted_on) - make_interval(months => anticipation)) AS w,
	LATERAL effect(own, anticipation => anticipation) AS e
WHERE outcome = 'conversion'
ORDER BY platform, e.effect DESC NULLS LAST, unit;

CREATE VIEW report_event_study AS
SELECT platform, event_time, effect, std_error, df, low, high, p_value, units AS teams, others
FROM report_rollouts, report_options, event_study(summary, anticipation => anticipation)
WHERE outcome = 'conversion'
ORDER BY platform, event_time;

CREATE VIEW report_pretrend AS
SELECT platform, slope, std_error, df, low, high, p_value, units AS teams, others
FROM report_rollouts, report_options, pretrend(summary, anticipation => anticipation)
WHERE outcome = 'conversion'
ORDER BY platform;

CREATE VIEW report_permutation AS
SELECT platform, p_value, assignments, exact, statistic
FROM report_rollouts, report_options, permutation_test(summary, anticipation => anticipation)
WHERE outcome = 'conversion'
ORDER BY platform;

--
-- Sales cycle: from the opportunity to any ending
--
CREATE VIEW report_cycle AS
SELECT period, observed(d) + censored(d) AS opportunities, observed(d) AS closed, censored(d) AS open, median(d) AS median_days, i.low AS median_low, i.high AS median_high,
	mean(d) AS mean_days_of_closed, 100 * reached_within(d, cycle_days) AS percent_within, 100 * w.low AS within_low, 100 * w.high AS within_high, cycle_days AS within_days,
	restricted_mean(d, cycle_horizon) AS days_of_horizon, restricted_mean_error(d, cycle_horizon) AS days_error, cycle_horizon AS horizon_days, d AS summary
FROM (SELECT coalesce(opportunity_period, 'all') AS period, duration_agg(cycle) AS d FROM report_deals WHERE cycle IS NOT NULL GROUP BY 1) AS x, report_settings,
	quantile_interval(d, 0.5) AS i, reached_within_interval(d, cycle_days) AS w
ORDER BY period;

CREATE VIEW report_cycle_change AS
SELECT before_median, after_median AS since_median, difference_days, low, high, p_value, hazard_ratio, hazard_low, hazard_high, compared_to AS horizon_days
FROM (SELECT duration_agg(cycle) FILTER (WHERE opportunity_period = 'before') AS b, duration_agg(cycle) FILTER (WHERE opportunity_period = 'since') AS s FROM report_deals) AS x, report_settings,
	compare(b, s, cycle_horizon)
WHERE b IS NOT NULL AND s IS NOT NULL;

CREATE VIEW report_cycle_curve AS
SELECT period, day, 100 * reached_within(summary, day) AS percent, 100 * i.low AS low, 100 * i.high AS high, CASE WHEN day = 0 THEN opportunities ELSE at_risk(summary, day - 1) END AS at_risk
FROM report_cycle, generate_series(0, 180) AS day LEFT JOIN LATERAL reached_within_interval(summary, day) AS i ON true
WHERE reached_within(summary, day) IS NOT NULL
ORDER BY period, day;

CREATE VIEW report_cycle_by_month AS
SELECT month, observed(d) + censored(d) AS opportunities, observed(d) AS closed, censored(d) AS open, median(d) AS median_days, mean(d) AS mean_days_of_closed, final, d AS summary
FROM (SELECT opportunity_month AS month, bool_and(opportunity_at + make_interval(days => s.cycle_horizon) <= as_of) AS final, duration_agg(cycle) AS d
	  FROM report_deals, report_settings s WHERE cycle IS NOT NULL GROUP BY 1) AS x
ORDER BY month;

--
-- Wins. A deal counts once it is an opportunity (or when it has none of the stages before).
--
CREATE VIEW report_win_rate AS
SELECT n, deals, won, lost, no_decision, closed, open, percent(rate_summary(won, closed)) AS percent, 100 * i.low AS low, 100 * i.high AS high, amount_won, amount_lost
FROM (SELECT v.n, v.deals, count(*) FILTER (WHERE outcome = 'won') AS won, count(*) FILTER (WHERE outcome = 'lost') AS lost, count(*) FILTER (WHERE outcome = 'no_decision') AS no_decision,
		count(*) FILTER (WHERE outcome <> 'open') AS closed, count(*) FILTER (WHERE outcome = 'open') AS open,
		coalesce(sum(amount) FILTER (WHERE outcome = 'won'), 0) AS amount_won, coalesce(sum(amount) FILTER (WHERE outcome = 'lost'), 0) AS amount_lost
	  FROM report_deals, LATERAL (VALUES (1, 'all deals'), (CASE WHEN competitors = '{}' THEN 2 ELSE 3 END, CASE WHEN competitors = '{}' THEN 'without a competitor' ELSE 'with a competitor' END)) AS v (n, deals)
	  WHERE in_win_rate GROUP BY 1, 2) AS x, LATERAL confidence_interval(rate_summary(won, closed)) AS i
ORDER BY n;

CREATE VIEW report_win_rate_by_month AS
SELECT closed_month AS month, team, platform, segment, source, count(*) AS closed, count(*) FILTER (WHERE outcome = 'won') AS won, count(*) FILTER (WHERE outcome = 'lost') AS lost,
	count(*) FILTER (WHERE outcome = 'no_decision') AS no_decision, coalesce(sum(amount) FILTER (WHERE outcome = 'won'), 0) AS amount_won, win_agg(result) AS summary
FROM report_deals WHERE in_win_rate AND outcome <> 'open'
GROUP BY closed_month, team, platform, segment, source;

CREATE VIEW report_competitors AS
SELECT competitor, considered, won, lost, c.lost_to, no_decision, open, total AS closed, percent, c.low, c.high,
	successes(u) AS without_won, total(u) AS without_closed, percent(u) AS without_percent, d.difference_points AS difference, d.low AS difference_low, d.high AS difference_high, d.p_value,
	fractional_won, fractional_total, amount_won, amount_lost
FROM (SELECT win_agg(result) AS w FROM report_deals WHERE in_win_rate) AS x, competitors(w, 'closed') AS c,
	LATERAL (SELECT uncontested_win_rate(w, 'closed') AS u) AS none, compare(u, win_rate(w, competitor, 'closed')) AS d
ORDER BY c.considered DESC, competitor;

CREATE VIEW report_competitors_by_quarter AS
SELECT competitor, quarter, won, total AS closed, percent, low, high, amount_won
FROM (SELECT date_trunc('quarter', closed_month::timestamp)::date AS quarter, win_agg(result) AS w FROM report_deals WHERE in_win_rate AND outcome <> 'open' GROUP BY 1) AS x, competitors(w, 'closed')
ORDER BY competitor, quarter;

--
-- Content
--
CREATE MATERIALIZED VIEW report_content_days AS
SELECT content, (at AT TIME ZONE zone)::date AS day, audience, content_agg(action, actor, seconds::float8) AS summary
FROM report_input_content_events, report_options
WHERE content <> '' AND coalesce(at <= as_of, true)
GROUP BY 1, 2, 3;

CREATE VIEW report_content_by_month AS
SELECT content, date_trunc('month', day::timestamp)::date AS month, audience, a.action, a.events, a.distinct_actors AS actors, a.is_exact, a.total_seconds AS seconds
FROM (SELECT content, date_trunc('month', day::timestamp)::date AS day, audience, rollup(summary) AS c FROM report_content_days GROUP BY 1, 2, 3) AS x, actions(c) AS a
ORDER BY content, month, audience, action;

CREATE VIEW report_content AS
SELECT content, (SELECT sum(events)::bigint FROM actions(c)) AS events, action_count(c, 'view') AS views, distinct_actors(c, 'view') AS viewers, distinct_actors_is_exact(c, 'view') AS viewers_exact,
	total_seconds(c, 'view') AS seconds_viewed, median(view_time(c, 'view')) AS median_seconds, action_count(c, 'download') AS downloads,
	action_count(c, 'open') AS opens, action_count(c, 'use') AS uses, action_count(c, 'share') AS shares,
	distinct_actors(c, 'open') AS sellers_opening, distinct_actors(c, 'use') AS sellers_using, distinct_actors(c, 'share') AS sellers_sharing, c AS summary
FROM (SELECT content, rollup(summary) AS c FROM report_content_days GROUP BY content) AS x
ORDER BY events DESC, content;

-- Does a piece of content make deals slower or quicker? naive: deals that ever met it against the others. Without that: a deal
-- counts as without it until it meets it, and as with it from then on. A deal without an ending is taken to have ended 14 days
-- after the last that is known of it. The ten pieces that the most deals met.
CREATE VIEW report_content_effects AS
WITH met AS MATERIALIZED (
	SELECT s.content, count(*) AS deals FROM report_deals, unnest(subjects(history, 'content')) AS s (content) WHERE cycle IS NOT NULL GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 10
), ending AS MATERIALIZED (
	SELECT CASE WHEN current_kind(history, endings) IS NULL THEN history || deal_event('silence', ended_at(history) + interval '14 days') ELSE history END AS history,
		history AS plain, subjects(history, 'content') AS contents, endings || '{silence}'::text[] AS ends, endings, opportunity_stage, as_of
	FROM report_deals, report_options WHERE cycle IS NOT NULL
), read AS (
	SELECT content, deals, exposed, content = ANY (contents) AS ever, x.cycle AS part, deal_cycle(history, ARRAY[opportunity_stage], ends, '{}', as_of) AS whole
	FROM met, ending, deal_exposure(history, 'content', content, ARRAY[opportunity_stage], ends, '{}', as_of) AS x
), summed AS (
	SELECT content, deals, duration_agg(part) FILTER (WHERE NOT exposed) AS without, duration_agg(part) FILTER (WHERE exposed) AS with_it,
		duration_agg(whole) FILTER (WHERE NOT ever) AS never, duration_agg(whole) FILTER (WHERE ever AND exposed) AS ever
	FROM read GROUP BY content, deals
)
SELECT content, s.deals AS deals_with, observed(without) + censored(without) AS deals_without, restricted_mean(without, cycle_horizon) AS days_without, restricted_mean(with_it, cycle_horizon) AS days_with,
	f.difference_days, f.low, f.high, f.p_value, f.hazard_ratio, n.difference_days AS naive_difference, n.low AS naive_low, n.high AS naive_high, cycle_horizon AS horizon_days
FROM summed AS s, report_settings, compare(without, with_it, cycle_horizon) AS f, compare(never, ever, cycle_horizon) AS n
ORDER BY s.deals DESC, content;

-- Of the reps employed in a quarter, those who did anything with any content: reps.rep is the actor.
CREATE VIEW report_content_adoption AS
WITH did AS MATERIALIZED (
	SELECT DISTINCT date_trunc('quarter', at AT TIME ZONE zone)::date AS quarter, action, actor FROM report_input_content_events, report_options WHERE at <= as_of AND actor IN (SELECT rep FROM report_input_reps)
), employed AS (
	SELECT quarter, rep
	FROM (SELECT DISTINCT quarter FROM did) AS q, report_options,
		LATERAL (SELECT rep FROM report_input_reps WHERE hired_at AT TIME ZONE zone < quarter + interval '3 months' AND (left_at IS NULL OR left_at AT TIME ZONE zone >= quarter)) AS r
)
SELECT quarter, count(*) AS reps, count(*) FILTER (WHERE active) AS active, percent(rate_agg(active)) AS percent, 100 * (confidence_interval(rate_agg(active))).low AS low, 100 * (confidence_interval(rate_agg(active))).high AS high, rate_agg(active) AS summary
FROM (SELECT quarter, rep, EXISTS (SELECT FROM did d WHERE d.quarter = e.quarter AND d.actor = e.rep) AS active FROM employed e) AS x
GROUP BY quarter ORDER BY quarter;

--
-- Quota
--
CREATE MATERIALIZED VIEW report_reps AS
SELECT rep, hired_at, left_at, (date_trunc('year', hired_at AT TIME ZONE zone))::date AS hired_year, CASE WHEN programme_start IS NOT NULL THEN CASE WHEN hired_at < programme_start THEN 'before' ELSE 'since' END END AS period,
	status(q) AS status, days(q) AS days, reached_at(q) AS reached_at, cycles(q) AS cycles, won_cycles(q) AS won, attained(q) AS attained, target(q) AS target, history, q AS attainment
FROM report_options, report_input_reps,
	LATERAL (SELECT CASE WHEN calendar IS NOT NULL AND quotas IS NOT NULL THEN quota_attainment(history, hired_at, NULL, NULL, NULL, as_of, left_at, sustained => sustained, lost => '{lost,no_decision}', zone => zone, calendar => calendar, quotas => quotas)
						 WHEN quota > 0 THEN quota_attainment(history, hired_at, quota, period, ramp, as_of, left_at, sustained => CASE WHEN period IS NULL THEN 1 ELSE sustained END,
							lost => '{lost,no_decision}', zone => zone, fiscal_year_start => coalesce(fiscal_year_start, 1)) END AS q OFFSET 0) AS a
WHERE hired_at <= as_of AND (left_at IS NULL OR left_at >= hired_at);

CREATE VIEW report_quota AS
SELECT hired, period, hired_year, reps, reached, gone, open, percent(reached_rate) AS percent, 100 * r.low AS percent_low, 100 * r.high AS percent_high, median(d) AS median_days, i.low AS median_low, i.high AS median_high,
	mean(d) AS mean_days_of_reached, mean_cycles(s) AS mean_cycles, quota_velocity(s) AS velocity, s AS summary
FROM (SELECT coalesce(extract(year FROM hired_year)::text, period, 'all') AS hired, period, hired_year, quota_agg(attainment) AS s FROM report_reps WHERE attainment IS NOT NULL
	  GROUP BY GROUPING SETS ((), (period), (hired_year)) HAVING grouping(period) = 1 OR period IS NOT NULL) AS x,
	LATERAL (SELECT time_to_quota(s) AS d, reached(s) AS reached_rate) AS y,
	LATERAL (SELECT reps(s) AS reps, successes(reached_rate) AS reached, competing(d) AS gone, censored(d) AS open) AS z, quantile_interval(d, 0.5) AS i, confidence_interval(reached_rate) AS r
ORDER BY hired_year NULLS FIRST, period NULLS FIRST;

CREATE VIEW report_quota_curve AS
SELECT hired, day, 100 * reached_within(d, day) AS percent, 100 * i.low AS low, 100 * i.high AS high, CASE WHEN day = 0 THEN reps ELSE at_risk(d, day - 1) END AS at_risk
FROM (SELECT hired, reps, time_to_quota(summary) AS d FROM report_quota) AS q, generate_series(0, 1080, 15) AS day LEFT JOIN LATERAL reached_within_interval(d, day) AS i ON true
WHERE reached_within(d, day) IS NOT NULL
ORDER BY hired, day;

--
-- Money
--
CREATE VIEW report_money AS
SELECT period, won, count(s) AS with_amount, total(s) AS amount_won, mean(s) AS mean, i.low, i.high, s AS summary
FROM (SELECT coalesce(period, 'all') AS period, count(*) AS won, amount_agg(amount) AS s FROM report_deals WHERE in_win_rate AND outcome = 'won' GROUP BY 1) AS x, confidence_interval(s) AS i
ORDER BY period;

CREATE VIEW report_money_change AS
SELECT before_mean, after_mean AS since_mean, difference, c.low, c.high, p_value, 100 * relative_lift AS lift_percent
FROM report_money AS b, report_money AS s, compare(b.summary, s.summary) AS c
WHERE b.period = 'before' AND s.period = 'since';

CREATE VIEW report_money_by_month AS
SELECT closed_month AS month, team, platform, segment, source, count(*) AS won, count(amount) AS with_amount, coalesce(sum(amount), 0) AS amount_won, amount_agg(amount) AS summary
FROM report_deals WHERE in_win_rate AND outcome = 'won'
GROUP BY closed_month, team, platform, segment, source;

-- What the open opportunities bring in the next 90 days, by how long they are open.
CREATE VIEW report_forecast AS
SELECT 90 AS horizon_days, f.deals, f.expected, f.expected_sd, f.amount, f.expected_amount, f.amount_sd, f.unknown, f.unknown_amount
FROM (SELECT duration_agg(c) AS curve, pipeline_agg(floor(extract(epoch FROM duration(c)) / 86400)::bigint, amount) FILTER (WHERE status(c) = 'censored') AS pipeline
	  FROM report_deals, report_options, deal_cycle(history, ARRAY[opportunity_stage], array_remove(array_remove(endings, 'lost'), 'no_decision'), '{lost,no_decision}', as_of) AS c WHERE cycle IS NOT NULL) AS x,
	forecast(pipeline, curve, 90) AS f
WHERE pipeline IS NOT NULL;

--
-- What to know before believing it: what history_problems() finds, then what looks wrong in the mapping
--
CREATE VIEW report_problems AS
WITH o AS (
	SELECT * FROM report_options
), mapping AS (
	SELECT 1 AS n, 'deals' AS view_name, 'deal' AS column_name, 'is NULL' AS problem, count(*) AS rows, NULL AS example FROM report_input_deals WHERE deal IS NULL
	UNION ALL
	SELECT 2, 'deals', 'deal', 'stands in more than one row', count(*), min(deal) FROM (SELECT deal FROM report_input_deals WHERE deal IS NOT NULL GROUP BY deal HAVING count(*) > 1) AS d
	UNION ALL
	SELECT 3, 'deals', 'history', 'is NULL or empty: the deal is left out', count(*), min(deal) FROM report_input_deals WHERE coalesce(event_count(history), 0) = 0
	UNION ALL
	SELECT 4, 'deals', 'began_at', 'is after settings.as_of: the deal is left out', count(*), min(deal) FROM report_input_deals, o WHERE coalesce(began_at, started_at(history)) > as_of
	UNION ALL
	SELECT 5, 'deals', 'began_at', 'is NULL for some deals and not for others: the first event counts', count(*) FILTER (WHERE began_at IS NULL), min(deal) FILTER (WHERE began_at IS NULL)
	FROM report_input_deals HAVING count(began_at) BETWEEN 1 AND count(*) - 1
	UNION ALL
	SELECT 6, 'deals', 'team', 'is NULL where a platform is named: the team is the unit, so the deal is in no effect', count(*), min(deal) FROM report_deals WHERE team IS NULL AND platform IS NOT NULL
	UNION ALL
	SELECT 7, 'deals', 'adopted_on', 'differs inside a team, which is in no effect', count(*), min(team) FROM report_teams WHERE different_dates > 1
	UNION ALL
	SELECT 8, 'deals', 'platform', 'differs inside a team, which is in no effect', count(*), min(team) FROM report_teams WHERE different_platforms > 1
	UNION ALL
	SELECT 9, 'deals', 'adopted_on', 'is known for some deals of a team and NULL for others: the team is in no effect', count(*), min(team) FROM (
		SELECT team FROM report_deals WHERE team IS NOT NULL GROUP BY team HAVING count(adopted_on) BETWEEN 1 AND count(*) - 1) AS t
	UNION ALL
	SELECT 10, 'deals', 'adopted_on', 'is NULL where a platform is named: the team is in no effect', count(*), min(team) FROM report_teams WHERE platform IS NOT NULL AND adopted_on IS NULL
	UNION ALL
	SELECT 11, 'deals', 'platform', 'is NULL where adopted_on is known: the team is in no effect', count(*), min(team) FROM report_teams WHERE platform IS NULL AND adopted_on IS NOT NULL
	UNION ALL
	SELECT 12, 'settings', 'stages', 'names a stage that is in no history', count(*), min(s.name) FROM o, unnest(stages) AS s (name)
	WHERE EXISTS (SELECT FROM report_deals) AND NOT EXISTS (SELECT FROM report_deals WHERE has_kind(history, s.name))
	UNION ALL
	SELECT 13, 'deals', 'history', 'has neither won nor lost in any deal: rename the endings with relabel()', count(*), min(deal) FROM report_deals
	HAVING count(*) > 0 AND NOT bool_or(has_kind(history, 'won') OR has_kind(history, 'lost'))
	UNION ALL
	SELECT 14, 'settings', 'programme_start', CASE WHEN min(programme_start) > min(as_of) THEN 'is after settings.as_of' ELSE 'has no deal before it, or none since: nothing is compared' END, 1, min(programme_start)::text
	FROM report_settings WHERE deals > 0 AND (before = 0 OR since = 0) HAVING count(programme_start) > 0
	UNION ALL
	SELECT 15, 'settings', 'within', 'leaves no deal that has had its time', 1, min(within)::text FROM report_settings WHERE deals > 0 AND mature = 0 HAVING count(*) > 0
	UNION ALL
	SELECT 16, 'reps', 'rep', 'stands in more than one row', count(*), min(rep) FROM (SELECT rep FROM report_input_reps WHERE rep IS NOT NULL GROUP BY rep HAVING count(*) > 1) AS r
	UNION ALL
	SELECT 17, 'reps', 'hired_at', 'is NULL: the rep is left out', count(*), min(rep) FROM report_input_reps WHERE hired_at IS NULL
	UNION ALL
	SELECT 18, 'reps', 'left_at', 'is before hired_at: the rep is left out', count(*), min(rep) FROM report_input_reps WHERE left_at < hired_at
	UNION ALL
	SELECT 19, 'reps', 'quota', 'is not above zero: the rep is left out', count(*), min(rep) FROM report_input_reps WHERE quota <= 0
	UNION ALL
	SELECT 20, 'reps', 'history', 'has no won deal of any rep: are its kinds won and lost?', count(*), min(rep) FROM report_input_reps
	HAVING count(quota) + count(quotas) > 0 AND NOT coalesce(bool_or(has_kind(history, 'won')), false)
	UNION ALL
	SELECT 21, 'content_events', 'action', 'is none of view, download, open, use, share', count(*), min(action)
	FROM (SELECT action FROM report_input_content_events WHERE action NOT IN ('view', 'download', 'open', 'use', 'share') GROUP BY action) AS a
	UNION ALL
	SELECT 22, 'content_events', 'at', 'is after settings.as_of: the event is left out', count(*), min(content) FROM report_input_content_events, o WHERE at > as_of
	UNION ALL
	SELECT 23, 'content_events', 'at', 'is NULL: the event is in no month', count(*), min(content) FROM report_input_content_events WHERE at IS NULL
)
SELECT 'history' AS source, row_number() OVER (ORDER BY deals DESC, problem)::int AS n, 'deals' AS view_name, 'history' AS column_name, problem, deals AS rows, example, detail
FROM (SELECT problem, count(DISTINCT deal) AS deals, min(deal) AS example, (array_agg(detail ORDER BY deal, at))[1] AS detail
	  FROM report_deals, report_options, history_problems(history, stages, as_of => as_of) GROUP BY problem) AS h
UNION ALL
SELECT 'mapping', n, view_name, column_name, problem, rows, example, format('%s.%s %s', view_name, column_name, problem)
FROM mapping WHERE rows > 0;

-- What the four views can answer, and what is missing for the rest.
CREATE VIEW report_sections AS
SELECT section, present, CASE WHEN NOT present THEN reason END AS reason
FROM report_settings s, LATERAL (VALUES
	('conversion', EXISTS (SELECT FROM report_conversion), CASE WHEN s.deals = 0 THEN 'the view deals is missing or empty' ELSE 'no deal has had its time' END),
	('before and since', s.before > 0 AND s.since > 0, CASE WHEN programme_start IS NULL THEN 'settings.programme_start is NULL' ELSE 'no deal before settings.programme_start, or none since' END),
	('platforms', EXISTS (SELECT FROM report_rollouts WHERE outcome = 'conversion' AND summary IS NOT NULL), 'deals.team, deals.platform and deals.adopted_on name no team with a platform'),
	('cycle', EXISTS (SELECT FROM report_deals WHERE cycle IS NOT NULL), 'no deal has the stage ' || s.opportunity_stage),
	('wins', EXISTS (SELECT FROM report_deals WHERE in_win_rate AND outcome IN ('lost', 'no_decision')), 'no deal is lost'),
	('competitors', EXISTS (SELECT FROM report_deals WHERE competitors <> '{}'), 'no history has an event competitor'),
	('content', EXISTS (SELECT FROM report_content_days), 'the view content_events is missing or empty'),
	('content in deals', EXISTS (SELECT FROM report_deals WHERE has_kind(history, 'content')), 'no history has an event content'),
	('quota', EXISTS (SELECT FROM report_reps WHERE attainment IS NOT NULL), 'the view reps is missing, or names no quota'),
	('money', EXISTS (SELECT FROM report_deals WHERE amount IS NOT NULL AND outcome = 'won'), 'no won deal has an amount')) AS v (section, present, reason);

CREATE OR REPLACE PROCEDURE report_refresh() LANGUAGE plpgsql AS $$
BEGIN
	REFRESH MATERIALIZED VIEW report_options;
	REFRESH MATERIALIZED VIEW report_deals;
	REFRESH MATERIALIZED VIEW report_settings;
	REFRESH MATERIALIZED VIEW report_rollouts;
	REFRESH MATERIALIZED VIEW report_content_days;
	REFRESH MATERIALIZED VIEW report_reps;
END $$;
SELECT format('ALTER PROCEDURE report_refresh() SET search_path = %I, %s, pg_catalog', :'schema', :'extension_schema') \gexec
COMMENT ON PROCEDURE report_refresh() IS 'the report: reads the four views again';

-- The comments; what earlier readers were granted.
SELECT format('COMMENT ON %s %s IS %L', CASE relkind WHEN 'm' THEN 'MATERIALIZED VIEW' ELSE 'VIEW' END, oid::regclass, 'the report: ' || replace(substr(relname, 8), '_', ' '))
FROM pg_class
WHERE relnamespace = to_regnamespace(quote_ident(:'schema')) AND relname LIKE 'report\_%' AND relkind IN ('v', 'm') AND obj_description(oid, 'pg_class') IS NULL \gexec
SELECT format('GRANT SELECT ON %I TO %s', relname, grantee) FROM granted WHERE to_regclass(quote_ident(relname)) IS NOT NULL \gexec
SELECT format('ANALYZE %I', relname) FROM pg_class WHERE relnamespace = to_regnamespace(quote_ident(:'schema')) AND relname LIKE 'report\_%' AND relkind = 'm' \gexec
\if :dry_run
	SELECT CASE source WHEN 'history' THEN problem || ': ' ELSE '' END || detail AS problem, rows, example FROM report_problems ORDER BY source, n;
	ROLLBACK;
\else
	COMMIT;
\endif
