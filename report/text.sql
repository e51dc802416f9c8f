-- The report as text for a terminal, of at most 100 columns and 60 lines: the verdict, then a table for each question that the
-- data can answer. Made of the views report_* that views.sql makes:
--
--     psql -v schema=crm -f text.sql
--
-- -v verbose=true adds what is stored, and charts.

\set ON_ERROR_STOP on
\if :{?verbose}
\else
	\set verbose false
\endif
\set QUIET on
\pset pager off
\pset footer off
\pset border 0
\pset null '-'
\pset linestyle ascii
\o /dev/null
BEGIN ISOLATION LEVEL REPEATABLE READ;
SET LOCAL client_min_messages = warning;
SET LOCAL datestyle = ISO;
SET LOCAL intervalstyle = postgres;
SELECT quote_ident(nspname) AS extension_schema FROM pg_extension e JOIN pg_namespace n ON n.oid = extnamespace WHERE extname = 'enablement_metrics' \gset
SET LOCAL search_path = pg_temp, :"schema", :extension_schema;
\ir words.sql
\ir sentences.sql

CREATE FUNCTION pg_temp.cut(label text, columns int) RETURNS text LANGUAGE sql IMMUTABLE STRICT
RETURN CASE WHEN char_length(label) > columns THEN left(label, columns - 2) || '..' ELSE label END;
CREATE FUNCTION pg_temp.span(low float8, high float8, digits int) RETURNS text LANGUAGE sql IMMUTABLE STRICT
RETURN rounded(low, digits) || ' to ' || rounded(high, digits);

CREATE TEMP TABLE conversion ON COMMIT DROP AS TABLE report_conversion;
CREATE TEMP TABLE platform_effects ON COMMIT DROP AS SELECT row_number() OVER (ORDER BY effect DESC NULLS LAST, platform) AS n, * FROM report_platform_effects;
CREATE TEMP TABLE sections ON COMMIT DROP AS TABLE report_sections;
CREATE TEMP TABLE problems ON COMMIT DROP AS TABLE report_problems;
SELECT (SELECT count(*) > 0 FROM conversion) AS has_conversion, (SELECT count(*) > 0 FROM conversion WHERE difference IS NOT NULL) AS has_change,
	(SELECT count(*) > 0 FROM platform_effects) AS has_platforms, (SELECT count(*) > 0 FROM report_forecast) AS has_forecast, (SELECT count(*) > 0 FROM problems) AS has_problems, s.*
FROM (SELECT bool_or(present) FILTER (WHERE section = 'cycle') AS has_cycle, bool_or(present) FILTER (WHERE section = 'wins') AS has_wins, bool_or(present) FILTER (WHERE section = 'competitors') AS has_competitors,
		bool_or(present) FILTER (WHERE section = 'quota') AS has_quota, bool_or(present) FILTER (WHERE section = 'content') AS has_content, NOT bool_and(present) AS has_gaps FROM sections) AS s
\gset
\o
\pset tuples_only on
\pset format unaligned
WITH change AS (
	SELECT *, CASE WHEN before_total > 0 AND since_total > 0 THEN pg_temp.tells(difference, difference_low, difference_high, before_percent) END AS tells FROM conversion WHERE n = 1
), told AS (
	SELECT e.*, (SELECT since_total FROM change) AS since,
		CASE status WHEN 'raised' THEN 'up' WHEN 'lowered' THEN 'down' WHEN 'no evidence' THEN pg_temp.tells_nothing(low, high, before_percent) ELSE 'unknown' END AS tells
	FROM platform_effects e
), platforms AS (
	SELECT coalesce(array_agg(platform ORDER BY n) FILTER (WHERE tells = 'up'), '{}') AS ups, coalesce(array_agg(platform ORDER BY n) FILTER (WHERE tells = 'down'), '{}') AS downs,
		coalesce(array_agg(platform ORDER BY n) FILTER (WHERE tells = 'none'), '{}') AS nones, coalesce(array_agg(platform ORDER BY n) FILTER (WHERE tells IN ('unsure', 'unknown')), '{}') AS unsures,
		sum(effect * deals / nullif(since, 0)) FILTER (WHERE tells = 'up') AS raised, sum(effect * deals / nullif(since, 0)) FILTER (WHERE tells = 'down') AS lowered FROM told
)
SELECT E'\n' || upper(coalesce(pg_temp.verdict(tells, ups, downs, nones, unsures, pg_temp.whole(tells, difference, raised, lowered)),
		CASE WHEN total > 0 THEN format('%s%% of deals go from %s to %s within %s', rounded(percent, 1), from_stage, to_stage, within) END, s.title, 'Sales enablement report'))
	|| format(E'\n%s%s', concat_ws('; ', s.title, CASE WHEN deals > 0 THEN format('%s deals from %s to %s', deals, first_on, last_on) END, 'as of ' || (as_of AT TIME ZONE zone)::date),
		CASE WHEN mature < deals THEN format(E'.\nRates are of the %s deals that have had %s; 95%%: the 95%% interval of the column before it', mature, within) END)
	|| E'\n'
FROM report_settings s LEFT JOIN change ON true CROSS JOIN platforms;
\pset tuples_only off
\pset format aligned

\if :has_change
	\echo BEFORE AND SINCE THE PROGRAMME: percent of the deals that got so far
	SELECT pg_temp.cut(rate, 30) AS rate, before_total AS before, rounded(before_percent, 1) AS "%", since_total AS since, rounded(since_percent, 1) AS "%", rounded(difference, 1) AS points,
		pg_temp.span(difference_low, difference_high, 1) AS "95%", rounded(adjusted_difference, 1) AS like_with_like
	FROM conversion ORDER BY n;
\elif :has_conversion
	\echo CONVERSION: percent of the deals that got so far
	SELECT pg_temp.cut(rate, 30) AS rate, total AS deals, successes AS got_there, rounded(percent, 1) AS "%", pg_temp.span(low, high, 1) AS "95%" FROM conversion ORDER BY n;
\endif
\if :has_platforms
	\echo WHICH PLATFORM: points due to it, the team as the unit, against teams without one
	SELECT pg_temp.cut(platform, 20) AS platform, teams, deals, rounded(before_percent, 1) AS "before", rounded(since_percent, 1) AS since, rounded(effect, 1) AS points, pg_temp.span(low, high, 1) AS "95%", rounded(adjusted_p, 4) AS p, status
	FROM platform_effects ORDER BY n LIMIT 6;
\endif
\if :has_cycle
	\echo SALES CYCLE: days from opportunity to any close, open ones counted; percent and points in time
	SELECT period, opportunities, closed, open, median_days AS median, pg_temp.span(median_low, median_high, 0) AS "95%", rounded(mean_days_of_closed, 1) AS mean_of_closed,
		rounded(percent_within, 1) AS in_time, within_days AS days FROM report_cycle;
	\if :has_platforms
		SELECT pg_temp.cut(platform, 20) AS platform, teams, deals, within_days AS days, rounded(effect, 1) AS points, pg_temp.span(low, high, 1) AS "95%", rounded(days_effect, 1) AS of_first_days, pg_temp.span(days_low, days_high, 1) AS "95%", status
		FROM report_cycle_effects LIMIT 6;
	\endif
\endif
\if :has_wins
	\echo 'WINS: of the closed deals'
	SELECT pg_temp.cut(deals, 24) AS deals, won, lost, no_decision, closed, percent AS "%", span AS "95%", less AS points, less_span AS "95%"
	FROM (SELECT 0 AS n, deals, won, lost, no_decision, closed, rounded(percent, 1) AS percent, pg_temp.span(low, high, 1) AS span, NULL::numeric AS less, NULL AS less_span FROM report_win_rate WHERE n = 1 OR (n = 2 AND :'has_competitors')
		  UNION ALL
		  (SELECT 1, 'against ' || competitor, won, lost, no_decision, closed, rounded(percent, 1), pg_temp.span(low, high, 1), rounded(difference, 1), pg_temp.span(difference_low, difference_high, 1) FROM report_competitors WHERE closed > 0 ORDER BY closed DESC, competitor LIMIT 5)) AS x
	ORDER BY n, closed DESC, deals;
\endif
\if :has_quota
	\echo NEW REPS: days from hire to quota, those on the way counted
	SELECT hired, reps, reached, gone, open, median_days AS median, rounded(mean_days_of_reached, 0) AS mean_of_reached, rounded(mean_cycles, 1) AS deals_closed
	FROM report_quota WHERE hired IN ('all', 'before', 'since');
\endif
\if :has_content
	\echo 'CONTENT: what the most was done with; and days that deals take longer with it, each day on its side'
	SELECT pg_temp.cut(content, 24) AS content, events, views, viewers, round(seconds_viewed / 3600) AS hours, downloads, opens, uses, shares, rounded(difference_days, 1) AS days, pg_temp.span(low, high, 1) AS "95%"
	FROM report_content c LEFT JOIN report_content_effects e USING (content) ORDER BY events DESC, content LIMIT 5;
\endif
\pset tuples_only on
\pset format unaligned
\if :has_forecast
	SELECT 'THE NEXT ' || horizon_days || ' DAYS: ' || CASE WHEN expected IS NULL THEN format('nothing is known of the %s open opportunities', deals)
		ELSE format('of %s open opportunities, %s are expected to be won (standard deviation %s)', deals, round(expected), rounded(expected_sd, 1))
			|| CASE WHEN amount > 0 THEN concat_ws(' ', E',\n  worth', to_char(expected_amount, 'FM999,999,999,999,990'), (SELECT currency FROM report_settings), format('(%s)', to_char(amount_sd, 'FM999,999,999,999,990'))) ELSE '' END
			|| CASE WHEN unknown > 0 THEN format('; not counted are %s, older than any that has ended', unknown) ELSE '' END END
	FROM report_forecast;
\endif
\if :has_problems
	\echo
	\echo TO KNOW OF THE DATA
	SELECT '  ' || pg_temp.cut(format('%s: %s, such as %s', CASE source WHEN 'history' THEN 'deals ' || problem ELSE detail END, rows, coalesce(example, '?')), 97) FROM problems ORDER BY source, n LIMIT 5;
\endif
\if :has_gaps
	\echo
	\echo NOT IN THIS REPORT
	SELECT '  ' || pg_temp.cut(section || ': ' || reason, 97) FROM sections WHERE NOT present;
\endif
\if :verbose
	\echo STORED: bytes of the histories and summaries
	\pset tuples_only off
	\pset format aligned
	SELECT size AS events_in_deal, count(*) AS deals, sum(events) AS events, round(sum(bytes)::numeric / sum(events), 1) AS bytes_per_event
	FROM (SELECT event_count(history) AS events, pg_column_size(history) AS bytes FROM report_deals) AS x,
		LATERAL (SELECT CASE WHEN events < 5 THEN ' 1 to  4' WHEN events <= 10 THEN ' 5 to 10' ELSE '11 or more' END) AS s (size)
	GROUP BY size ORDER BY size;
	SELECT c.relname AS stored, pg_relation_size(c.oid) AS bytes FROM pg_class c WHERE relnamespace = to_regnamespace(quote_ident(:'schema')) AND relname LIKE 'report\_%' AND relkind = 'm' ORDER BY 2 DESC;
	\pset tuples_only on
	\pset format unaligned
	SELECT platform || E', the months before adoption counted as before\n' || chart(summary, 78) FROM report_rollouts WHERE outcome = 'conversion' ORDER BY platform;
	SELECT chart(f, 78) FROM (SELECT funnel_agg(progress) AS f FROM report_deals) AS x;
\endif
COMMIT;
