-- The page: one HTML file without script or request, made of the views report_* that views.sql makes in a schema.
--
--     psql -XAtq -v schema=crm -f page.sql > report.html
--
-- First the views are read into tables of the session, where every label of the data becomes HTML (escaped()). Then each part of the page is a row of
-- the table `page`, or no row where its data is missing. doc/report.md says by which rules a conclusion or an advice is given.

\set ON_ERROR_STOP on
\if :{?schema}
\else
	DO $$ BEGIN RAISE 'name the schema of the report by -v schema=NAME'; END $$;
\endif
\encoding UTF8
\pset format unaligned
\pset tuples_only on
\pset pager off
\o /dev/null
BEGIN ISOLATION LEVEL REPEATABLE READ;
SET LOCAL client_min_messages = warning;
SET LOCAL datestyle = ISO;
SET LOCAL jit = off;		-- large queries, each run once
SELECT quote_ident(nspname) AS extension_schema FROM pg_extension e JOIN pg_namespace n ON n.oid = extnamespace WHERE extname = 'enablement_metrics' \gset
SET LOCAL search_path = pg_temp, :"schema", :extension_schema;

\ir words.sql
\ir draw.sql
\ir sentences.sql
\ir style.sql

--
-- The views, read
--
CREATE TEMP TABLE facts ON COMMIT DROP AS
SELECT (as_of AT TIME ZONE zone)::date AS as_of_on, (programme_start AT TIME ZONE zone)::date AS start_on, extract(epoch FROM within)::int / 86400 AS within_days, anticipation, sustained,
	pg_temp.escaped(coalesce(title, 'Sales enablement report')) AS report_name, pg_temp.escaped(opportunity_stage) AS opportunity_name, currency,
	deals AS all_deals, mature AS mature_deals, first_on, last_on, teams AS all_teams, teams_without, version
FROM report_settings s;

-- What the headline is about: the first of the rates, before and since.
CREATE TEMP TABLE change ON COMMIT DROP AS
SELECT *, pg_temp.escaped(from_stage) AS from_name, pg_temp.escaped(to_stage) AS to_name, CASE WHEN before_total > 0 AND since_total > 0 THEN pg_temp.tells(difference, difference_low, difference_high, before_percent) END AS tells
FROM report_conversion WHERE n = 1;

CREATE TEMP TABLE platforms ON COMMIT DROP AS
SELECT row_number() OVER (ORDER BY effect DESC NULLS LAST, platform) AS n, e.*, pg_temp.escaped(platform) AS name, pg_temp.shortened(platform, 20) AS label,
	CASE status WHEN 'raised' THEN 'up' WHEN 'lowered' THEN 'down' WHEN 'no evidence' THEN pg_temp.tells_nothing(e.low, e.high, before_percent) ELSE 'unknown' END AS tells,
	effect * deals / nullif((SELECT since_total FROM change), 0) AS part,
	slope, p.low AS slope_low, p.high AS slope_high
FROM report_platform_effects e LEFT JOIN (SELECT platform, slope, low, high FROM report_pretrend) p USING (platform);

CREATE TEMP TABLE team_effects ON COMMIT DROP AS
SELECT platform, pg_temp.escaped(team) AS name, adopted_on, deals, effect, before_reached, before_percent, since_reached, since_percent FROM report_team_effects;

CREATE TEMP TABLE months ON COMMIT DROP AS
SELECT month, period, reached, converted, open, percent, low, high, final FROM report_conversion_by_month WHERE n = 1;

CREATE TEMP TABLE rivals ON COMMIT DROP AS
SELECT row_number() OVER (ORDER BY closed DESC, competitor) AS n, c.*, pg_temp.escaped(competitor) AS name, pg_temp.shortened(competitor, 24) AS label,
	p_adjust(p_value) OVER () AS adjusted_p,
	CASE WHEN p_adjust(p_value) OVER () < 0.05 THEN pg_temp.tells(difference, difference_low, difference_high, without_percent) ELSE pg_temp.tells_nothing(difference_low, difference_high, without_percent) END AS tells
FROM report_competitors c WHERE closed > 0;

CREATE TEMP TABLE cycles ON COMMIT DROP AS SELECT * FROM report_cycle;
CREATE TEMP TABLE cycle_change ON COMMIT DROP AS SELECT *, pg_temp.direction(low, high) AS tells FROM report_cycle_change;
CREATE TEMP TABLE cycle_curve ON COMMIT DROP AS SELECT * FROM report_cycle_curve;
CREATE TEMP TABLE cycle_effects ON COMMIT DROP AS
SELECT *, pg_temp.escaped(platform) AS name, CASE days_status WHEN 'raised' THEN 'up' WHEN 'lowered' THEN 'down' WHEN 'no evidence' THEN pg_temp.tells_nothing(days_low, days_high, horizon_days / 2.0) ELSE 'unknown' END AS tells FROM report_cycle_effects;

CREATE TEMP TABLE quotas ON COMMIT DROP AS SELECT *, pg_temp.escaped(hired) AS name FROM report_quota WHERE reps > 0;
CREATE TEMP TABLE quota_curve ON COMMIT DROP AS
SELECT hired, day, percent, low, high, at_risk
FROM (SELECT *, max(day) FILTER (WHERE at_risk > 0) OVER () AS watched FROM report_quota_curve) c
WHERE day <= ceil((watched + 1) / 180.0) * 180		-- not far beyond the last rep on the way
  AND hired = ANY (CASE WHEN (SELECT count(*) FROM quotas WHERE hired IN ('before', 'since') AND reps >= 20) = 2 THEN '{before,since}'::text[] ELSE '{all}' END);

CREATE TEMP TABLE contents ON COMMIT DROP AS
SELECT row_number() OVER (ORDER BY events DESC, content) AS n, c.*, pg_temp.escaped(content) AS name, pg_temp.shortened(content, 24) AS label FROM report_content c;
CREATE TEMP TABLE content_effects ON COMMIT DROP AS
SELECT row_number() OVER (ORDER BY deals_with DESC, content) AS n, c.*, pg_temp.escaped(content) AS name, p_adjust(p_value) OVER () AS adjusted_p,
	CASE WHEN low IS NULL THEN 'unknown' WHEN p_adjust(p_value) OVER () >= 0.05 THEN pg_temp.tells_nothing(low, high, horizon_days / 2.0) ELSE pg_temp.direction(low, high) END AS tells
FROM report_content_effects c;

CREATE TEMP TABLE amounts ON COMMIT DROP AS SELECT * FROM report_money;
CREATE TEMP TABLE amount_change ON COMMIT DROP AS SELECT *, pg_temp.direction(low, high) AS tells FROM report_money_change;
CREATE TEMP TABLE amount_effects ON COMMIT DROP AS SELECT *, pg_temp.escaped(platform) AS name FROM report_amount_effects;
CREATE TEMP TABLE expected ON COMMIT DROP AS SELECT * FROM report_forecast WHERE deals > 0;
CREATE TEMP TABLE problems ON COMMIT DROP AS
SELECT source, n, rows, pg_temp.escaped(problem) AS problem, pg_temp.escaped(example) AS example, pg_temp.escaped(detail) AS detail, view_name, column_name FROM report_problems;
CREATE TEMP TABLE missing ON COMMIT DROP AS SELECT section, pg_temp.escaped(reason) AS reason FROM report_sections WHERE NOT present;

--
-- The parts
--
CREATE TEMP TABLE page (n numeric PRIMARY KEY, html text NOT NULL) ON COMMIT DROP;

-- a part of the page beside its picture
CREATE FUNCTION pg_temp.section(id text, heading text, says text[], picture text, caption text, notes text[] DEFAULT '{}') RETURNS text LANGUAGE sql STABLE
RETURN format(E'<section id="%s" class="pair" aria-labelledby="%s-heading">\n<div>\n<h2 id="%s-heading">%s</h2>\n%s%s</div>\n<figure>\n%s%s</figure>\n</section>\n', id, id, id, heading,
	(SELECT string_agg(format(E'<p>%s</p>\n', s), '' ORDER BY o) FROM unnest(says) WITH ORDINALITY u(s, o) WHERE s <> ''),
	(SELECT string_agg(format(E'<p class="note">%s</p>\n', s), '' ORDER BY o) FROM unnest(notes) WITH ORDINALITY u(s, o) WHERE s <> ''),
	picture, format(E'<figcaption>%s</figcaption>\n', caption));

-- the rows of a query as a table; its text is HTML already
CREATE FUNCTION pg_temp.table_of(caption text, query text, long boolean DEFAULT false) RETURNS text LANGUAGE plpgsql STABLE AS $$
DECLARE
	head text;
	body text;
BEGIN
	EXECUTE format($query$
		SELECT string_agg('<tr>' || cells || '</tr>', E'\n' ORDER BY n), min(heads)
		FROM (SELECT n, (SELECT string_agg(CASE WHEN i = 1 THEN format('<th scope="row">%%s</th>', coalesce(said, '&#8211;')) ELSE format('<td%%s>%%s</td>', CASE WHEN numeric THEN ' class="n"' END, coalesce(said, '&#8211;')) END, '' ORDER BY i)
						 FROM json_each(data) WITH ORDINALITY c(key, value, i),
							LATERAL (SELECT json_typeof(value) IN ('number', 'null') OR value #>> '{}' ~ '^(&lt; )?[0-9.]+$', CASE json_typeof(value) WHEN 'number' THEN pg_temp.number(value::text::numeric, scale(value::text::numeric)) WHEN 'boolean' THEN CASE value::text WHEN 'true' THEN 'yes' ELSE 'no' END ELSE value #>> '{}' END) v(numeric, said)) AS cells,
				(SELECT string_agg(format('<th scope="col"%%s>%%s</th>', CASE WHEN i > 1 AND (json_typeof(value) = 'number' OR value #>> '{}' ~ '^(&lt; )?[0-9.]+$') THEN ' class="n"' END, key), '' ORDER BY i) FROM json_each(data) WITH ORDINALITY c(key, value, i)) AS heads
			  FROM (SELECT row_number() OVER () AS n, row_to_json(q) AS data FROM (%s) q) numbered) written $query$, query) INTO body, head;
	RETURN CASE WHEN body IS NOT NULL THEN format(E'<details%s>\n<summary>%s</summary>\n<section class="scroll" tabindex="0" aria-label="%s">\n<table>\n<thead><tr>%s</tr></thead>\n<tbody>\n%s\n</tbody>\n</table>\n</section>\n</details>\n',
		CASE WHEN long THEN ' class="long"' END, caption, caption || ', the table', head, body) END;
END $$;

-- The answer: verdict, one sentence for it, and what data it is made of.
INSERT INTO page
SELECT 1, format(E'<header>\n<h1>%s</h1>\n%s<p class="data">%s</p>\n</header>\n',
	coalesce(pg_temp.verdict(c.tells, ups, downs, nones, unsures, pg_temp.whole(c.tells, c.difference, raised, lowered)),
		CASE WHEN c.total > 0 THEN format('%s of deals go from %s to %s', pg_temp.percentage(c.percent), c.from_name, c.to_name) END,
		(SELECT format('%s of %s reached quota', pg_temp.number(reached), pg_temp.counted(reps, 'new rep')) FROM quotas WHERE hired = 'all' AND reps > 0),
		(SELECT format('%s of content, viewed %s times', pg_temp.counted(count(*), 'piece'), pg_temp.number(sum(views))) FROM contents HAVING sum(views) > 0), f.report_name),
	(SELECT format(E'<p class="lead">%s</p>\n', lead) FROM nullif(concat_ws(' ',
		CASE WHEN c.since_total > 0 AND c.before_total > 0 THEN format('Since %s, %s of deals have gone from %s to %s within %s days; before, it was %s%s.', pg_temp.day(start_on), pg_temp.percentage(c.since_percent), c.from_name, c.to_name, within_days, pg_temp.percentage(c.before_percent),
				CASE WHEN c.tells IN ('up', 'down') THEN '' ELSE ', a difference that may be chance' END)
			 WHEN c.total > 0 THEN format('%s of %s went from %s to %s within %s days (%s).', pg_temp.percentage(c.percent), pg_temp.counted(c.total, 'deal'), c.from_name, c.to_name, within_days, pg_temp.between(c.low, c.high)) END,
		(SELECT string_agg(CASE tells
				WHEN 'up' THEN format('Teams on %s gained %s points against teams without a platform.', p.name, pg_temp.number(effect, 1))
				WHEN 'down' THEN format('Teams on %s lost %s points against teams without a platform.', p.name, pg_temp.number(-effect, 1)) END, ' ' ORDER BY n) FROM platforms p WHERE tells IN ('up', 'down') AND n <= 3),
		CASE WHEN nones <> '{}' THEN format('There is no evidence of an effect of %s.', pg_temp.named(nones, 'or')) END), '') lead WHERE lead IS NOT NULL),
	concat_ws(' &#183; ', f.report_name, CASE WHEN all_deals > 0 THEN pg_temp.counted(all_deals, 'deal') END, CASE WHEN all_deals > 0 THEN to_char(first_on, 'Mon YYYY') || coalesce(' &#8211; ' || nullif(to_char(last_on, 'Mon YYYY'), to_char(first_on, 'Mon YYYY')), '') END,
		CASE WHEN all_teams > 0 THEN pg_temp.counted(all_teams, 'team') END, 'as of ' || pg_temp.day(as_of_on), CASE WHEN mature_deals < all_deals THEN format('compared: %s with %s days', pg_temp.number(mature_deals), within_days) END))
FROM facts f LEFT JOIN change c ON true,
	(SELECT coalesce(array_agg(name ORDER BY n) FILTER (WHERE tells = 'up'), '{}') AS ups, coalesce(array_agg(name ORDER BY n) FILTER (WHERE tells = 'down'), '{}') AS downs,
		coalesce(array_agg(name ORDER BY n) FILTER (WHERE tells = 'none'), '{}') AS nones, coalesce(array_agg(name ORDER BY n) FILTER (WHERE tells IN ('unsure', 'unknown')), '{}') AS unsures,
		sum(part) FILTER (WHERE tells = 'up') AS raised, sum(part) FILTER (WHERE tells = 'down') AS lowered FROM platforms) p;

-- Four figures, as far as there is data for them.
INSERT INTO page
SELECT 2, E'<dl class="figures">\n' || string_agg(format(E'<div><dt>%s</dt><dd class="big">%s</dd><dd>%s</dd><dd>%s</dd></div>\n', term, big, basis, chance), '' ORDER BY n) || E'</dl>\n'
FROM (
	SELECT 1 AS n, pg_temp.capital(from_name) || ' to ' || to_name AS term, pg_temp.signed(difference) || ' points' AS big,
		format('%s &#8594; %s, all deals', pg_temp.percentage(before_percent), pg_temp.percentage(since_percent)) AS basis, '95% interval ' || pg_temp.between(difference_low, difference_high) AS chance
	FROM change WHERE difference_low IS NOT NULL
	UNION ALL
	SELECT 1, pg_temp.capital(from_name) || ' to ' || to_name, pg_temp.percentage(percent), 'of ' || pg_temp.counted(total, 'deal'), '95% interval ' || pg_temp.between(low, high)
	FROM change WHERE difference_low IS NULL AND low IS NOT NULL
	UNION ALL
	(SELECT 2, CASE WHEN tells IN ('up', 'down') THEN 'Due to ' || label ELSE label || ' against no platform' END, pg_temp.signed(effect) || ' points', format('%s against %s without', pg_temp.counted(teams, 'team'), others), '95% interval ' || pg_temp.between(low, high)
	 FROM platforms WHERE low IS NOT NULL ORDER BY tells IN ('up', 'down') DESC, abs(effect) DESC, platform LIMIT 1)
	UNION ALL
	SELECT 3, 'Days to close, median', pg_temp.number(before_median) || ' &#8594; ' || pg_temp.number(since_median), format('mean of first %s: %s', pg_temp.number(horizon_days), pg_temp.signed(difference_days)), '95% interval ' || pg_temp.between(low, high)
	FROM cycle_change WHERE before_median IS NOT NULL AND since_median IS NOT NULL AND low IS NOT NULL
	UNION ALL
	SELECT 3, 'Days to close, median', pg_temp.number(median_days), 'of ' || pg_temp.counted(opportunities, 'deal'), CASE WHEN median_high IS NOT NULL THEN '95% interval ' || pg_temp.between(median_low, median_high, 0) WHEN median_low IS NOT NULL THEN '95% interval from ' || pg_temp.number(median_low) ELSE 'no interval yet' END
	FROM cycles WHERE period = 'all' AND median_days IS NOT NULL AND NOT EXISTS (SELECT FROM cycle_change WHERE before_median IS NOT NULL AND since_median IS NOT NULL AND low IS NOT NULL)
	UNION ALL
	SELECT 4, 'New reps at quota', format('%s of %s', pg_temp.number(reached), pg_temp.number(reps)), CASE WHEN median_days IS NOT NULL THEN format('half within %s days', pg_temp.number(median_days)) ELSE 'fewer than half so far' END,
		CASE WHEN median_days IS NULL THEN '95% interval ' || pg_temp.between(percent_low, percent_high, 0) || '%' WHEN median_high IS NOT NULL THEN '95% interval ' || pg_temp.between(median_low, median_high, 0) WHEN median_low IS NOT NULL THEN '95% interval from ' || pg_temp.number(median_low) ELSE 'no interval yet' END
	FROM quotas WHERE hired = 'all' AND reps > 0) figure
HAVING count(*) > 0;

-- Which platform, its teams as dots. Then what to do next, by the rules of doc/report.md.
CREATE TEMP TABLE advice ON COMMIT DROP AS
SELECT 10 AS rank, format('<strong>Repair the data first.</strong> %s have histories with problems; they are listed at the end.', pg_temp.percentage(100.0 * max(rows) / max(all_deals), 0) || ' of deals') AS says
FROM problems, facts f WHERE source = 'history' AND all_deals > 0 HAVING max(rows) >= 0.2 * max(all_deals)
UNION ALL
SELECT 20 + n * 0.01, format('<strong>Stop extending %s.</strong> It costs its teams %s points (%s). Find out why before another team gets it.', name, pg_temp.number(-effect, 1), pg_temp.between(-high, -low))
FROM platforms WHERE tells = 'down'
UNION ALL
SELECT 30 + n * 0.01, CASE WHEN teams_without > 0 THEN format('<strong>Extend %s</strong> to the %s without a platform, one after the other, so that the next report can measure it.', name, pg_temp.counted(teams_without, 'team'))
	ELSE format('<strong>Keep %s.</strong> Every team has a platform by now, so that later gains cannot be told from the market.', name) END
FROM platforms, facts WHERE tells = 'up' AND NOT coalesce(slope_low > 0, false)
UNION ALL
SELECT 31 + n * 0.01, format('<strong>Do not extend %s yet.</strong> Its teams were already gaining %s points a month on the others before they had it (%s), so that part of its effect may be older than it.', name, pg_temp.number(slope, 1), pg_temp.between(slope_low, slope_high))
FROM platforms WHERE tells = 'up' AND slope_low > 0
UNION ALL
SELECT 40 + n * 0.01, format('<strong>Question %s.</strong> After %s the data allows at most %s points. Decide what would count as success, or review the contract.', name, pg_temp.counted(deals, 'deal'), pg_temp.signed(high))
FROM platforms WHERE tells = 'none'
UNION ALL
SELECT 45 + n * 0.01, CASE WHEN teams < 2 OR others < 2 THEN format('<strong>Give %s to more than one team,</strong> and leave at least two without: %s with it and %s to compare with give no interval.', name, pg_temp.counted(teams, 'team'), pg_temp.number(others))
	ELSE format('<strong>Wait with a judgement on %s.</strong> The data allows anything from %s to %s points.', name, pg_temp.signed(low), pg_temp.signed(high)) END
FROM platforms WHERE tells IN ('unsure', 'unknown') AND (teams < 2 OR others < 2 OR low IS NOT NULL)
UNION ALL
SELECT 47, format('<strong>Collect more deals.</strong> To see a change from %s to %s in four of five cases, %s are needed before and as many since; there are %s and %s.', pg_temp.percentage(before_percent), pg_temp.percentage(least(before_percent * 1.25, 100)),
	pg_temp.counted(deals_needed(before_percent / 100, least(before_percent * 1.25, 100) / 100), 'deal'), pg_temp.number(before_total), pg_temp.number(since_total))
FROM change WHERE tells IN ('unsure', 'unknown') AND before_percent > 0 AND before_percent < 100
UNION ALL
(SELECT 50, format('<strong>Prepare for %s.</strong> %s of closed deals are won when it is met, %s when no competitor is.', name, pg_temp.percentage(percent), pg_temp.percentage(without_percent))
 FROM rivals WHERE tells = 'down' ORDER BY difference, competitor LIMIT 1)
UNION ALL
SELECT 60, CASE tells WHEN 'up' THEN format('<strong>Look into slower deals.</strong> Deals that began since the programme take %s days more of the first %s to close (%s).', pg_temp.number(difference_days, 1), pg_temp.number(horizon_days), pg_temp.between(low, high))
	ELSE format('<strong>Plan with shorter cycles.</strong> Deals that began since the programme take %s days fewer of the first %s to close (%s).', pg_temp.number(-difference_days, 1), pg_temp.number(horizon_days), pg_temp.between(-high, -low)) END
FROM cycle_change WHERE tells IN ('up', 'down')
UNION ALL
(SELECT 70, format('<strong>Leave %s as it is.</strong> Deals that meet it are neither slower nor quicker (%s days, %s).', name, pg_temp.signed(difference_days), pg_temp.between(low, high))
 FROM content_effects WHERE tells = 'none' AND naive_low > 0 ORDER BY naive_difference DESC, content LIMIT 1)
UNION ALL
(SELECT 71, format('<strong>Look at deals that meet %s.</strong> From then on they take %s of the first %s (%s).', name, pg_temp.days_fewer(difference_days), horizon_days, pg_temp.between(low, high))
 FROM content_effects WHERE tells IN ('up', 'down') ORDER BY abs(difference_days) DESC, content LIMIT 1)
UNION ALL
SELECT 80, format('<strong>Hold the last %s for unfinished.</strong> %s of their deals are still open and can convert.', CASE WHEN count(*) = 1 THEN 'month' ELSE count(*) || ' months' END, pg_temp.number(sum(open)))
FROM months WHERE NOT final HAVING sum(open) > 0;

INSERT INTO page
SELECT 3, format(E'<section id="answer" class="%s" aria-labelledby="answer-heading">\n%s<div>\n<h2 id="%s">What to do next</h2>\n%s</div>\n</section>\n',
	CASE WHEN picture IS NOT NULL THEN 'answer' ELSE 'wide' END, coalesce(picture, ''), CASE WHEN picture IS NOT NULL THEN 'next-heading' ELSE 'answer-heading' END,
	coalesce((SELECT E'<ol class="next">\n' || string_agg(format(E'<li>%s</li>\n', says), '' ORDER BY rank) || E'</ol>\n' FROM (SELECT * FROM advice ORDER BY rank LIMIT 5) a), E'<p>The data gives no reason to change anything.</p>\n'))
FROM (VALUES (1)) one LEFT JOIN (SELECT format(E'<div>\n<h2 id="answer-heading">%s</h2>\n<figure>\n<p class="key"><span class="bar">platform, 95%% interval</span><span class="dots">one of its teams</span></p>\n%s<figcaption>%s</figcaption>\n</figure>\n</div>\n',
		CASE WHEN count(*) = 1 THEN 'What ' || min(p.name) || ' adds' ELSE 'What each platform adds' END || ', beyond what teams without one gained',
		pg_temp.rows(array_agg((label, CASE WHEN low IS NOT NULL THEN format('%s points (%s)', pg_temp.signed(effect), pg_temp.between(low, high)) WHEN effect IS NOT NULL THEN pg_temp.signed(effect) || ' points, no interval' ELSE 'no comparison' END,
				effect, low, high, tells, format('%s: %s points, 95%% interval %s, %s and %s', p.name, pg_temp.signed(effect), coalesce(pg_temp.between(low, high), 'not known'), pg_temp.counted(teams, 'team'), pg_temp.counted(deals, 'deal')),
				t.dots, t.titles)::pg_temp.mark ORDER BY n) FILTER (WHERE n <= 8),
			string_agg(format('%s: %s points, 95%% interval %s, %s.', p.name, coalesce(pg_temp.signed(effect), 'not known'), coalesce(pg_temp.between(low, high), 'not known'), pg_temp.counted(teams, 'team')), ' ' ORDER BY n),
			'points', 0, 'no effect', true),
		format('Percentage points of %s to %s. A team is compared with its own months before and with what changed in teams without a platform at that time; the interval counts teams, not deals.%s%s', min(c.from_name), min(c.to_name),
			CASE WHEN max(every) > 1 THEN format(' Of more than 40 teams every %s is drawn.', CASE max(every) WHEN 2 THEN 'second' WHEN 3 THEN 'third' ELSE max(every) || 'th' END) ELSE '' END,
			CASE WHEN count(*) > 8 THEN format(' The first 8 of %s platforms by effect.', count(*)) ELSE '' END)) AS picture
	  FROM platforms p CROSS JOIN (SELECT from_name, to_name FROM change) c
		LEFT JOIN LATERAL (SELECT max(every) AS every, array_agg(effect ORDER BY effect, name) AS dots, array_agg(format('%s: %s points, %s since %s', name, pg_temp.signed(effect), pg_temp.counted(deals, 'deal'), pg_temp.day(adopted_on)) ORDER BY effect, name) AS titles
						   FROM (SELECT *, row_number() OVER (ORDER BY effect, name) AS row, ceil(count(*) OVER () / 40.0) AS every FROM team_effects t WHERE t.platform = p.platform AND effect IS NOT NULL) t
						   WHERE row % every = 0) t ON true
	  WHERE effect IS NOT NULL OR deals > 0
	  HAVING count(effect) > 0) x ON true
WHERE picture IS NOT NULL OR EXISTS (SELECT FROM advice);

-- Trend
INSERT INTO page
SELECT 4, pg_temp.section('months', 'Conversion by month',
	ARRAY[
		CASE WHEN c.difference_low IS NOT NULL THEN format('%s of %s went from %s to %s before %s, %s of %s since: %s points (%s).', pg_temp.percentage(before_percent), pg_temp.counted(before_total, 'deal'), c.from_name, c.to_name, pg_temp.day(start_on),
			pg_temp.percentage(since_percent), pg_temp.number(since_total), pg_temp.signed(difference), pg_temp.between(difference_low, difference_high))
			 WHEN c.total > 0 THEN format('%s of %s went from %s to %s (%s).', pg_temp.percentage(c.percent), pg_temp.counted(total, 'deal'), c.from_name, c.to_name, pg_temp.between(c.low, c.high)) END,
		CASE WHEN strata > 1 AND adjusted_low IS NOT NULL THEN format('Held against deals of the same segment and source it is %s points (%s)%s.', pg_temp.signed(adjusted_difference), pg_temp.between(adjusted_low, adjusted_high),
			CASE WHEN c.tells NOT IN ('up', 'down') THEN '' WHEN pg_temp.direction(adjusted_low, adjusted_high) = c.tells THEN ': a different mix of deals is not the reason' ELSE ': a different mix of deals is part of the reason' END) END],
	picture, format('Share of the month&#8217;s deals that came to %s, with 95%% intervals.', c.to_name) || CASE WHEN not_final > 0 THEN ' Hollow: months that are not final.' ELSE '' END,
	ARRAY[CASE WHEN still_open > 0 THEN format('Not final: %s of the last %s, of whose %s deals %s are open and can still convert.', CASE WHEN not_final = 1 THEN 'the last month' ELSE not_final || ' months' END, all_months, pg_temp.number(young), pg_temp.number(still_open)) END])
FROM facts LEFT JOIN change c ON true, (
	SELECT count(*) FILTER (WHERE NOT final) AS not_final, count(*) AS all_months, sum(open) FILTER (WHERE NOT final) AS still_open, sum(reached) FILTER (WHERE NOT final) AS young,
		pg_temp.months(array_agg((month, percent, low, high, final, format('%s: %s of %s (%s to %s)%s', to_char(month, 'Mon YYYY'), pg_temp.percentage(percent), pg_temp.counted(reached, 'deal'), pg_temp.number(low, 1), pg_temp.percentage(high),
				CASE WHEN final THEN '' ELSE format(', %s still open', pg_temp.number(open)) END))::pg_temp.point ORDER BY month),
			format('Percentage by month, from %s to %s.', to_char(min(month), 'FMMonth YYYY'), to_char(max(month), 'FMMonth YYYY'))
				|| coalesce((SELECT format(' Together %s before and %s since.', pg_temp.percentage(before_percent), pg_temp.percentage(since_percent)) FROM change), ''),
			(SELECT date_trunc('month', start_on)::date FROM facts), 'programme starts', (SELECT before_percent FROM change), (SELECT coalesce(since_percent, CASE WHEN before_percent IS NULL THEN percent END) FROM change)) AS picture
	FROM (SELECT * FROM months ORDER BY month DESC LIMIT 120) m HAVING count(*) > 1) m;

-- Competitors
INSERT INTO page
SELECT 5, pg_temp.section('competitors', 'Competitors',
	ARRAY[
		format('%s of %s closed deals were won when %s was met%s.', pg_temp.percentage(worst.percent), pg_temp.number(worst.closed), worst.name,
			CASE WHEN worst.without_closed > 0 THEN format(', %s of %s when no competitor was: %s points (%s)', pg_temp.percentage(worst.without_percent), pg_temp.number(worst.without_closed), pg_temp.signed(worst.difference), pg_temp.between(worst.difference_low, worst.difference_high)) ELSE '' END),
		CASE WHEN equal <> '{}' AND most > 1 THEN format('Meeting %s makes no measurable difference.', pg_temp.named(equal, 'or')) END],
	pg_temp.rows(marks, said, '%', worst.without_percent, 'no competitor: ' || pg_temp.percentage(worst.without_percent), false),
	'Deals won, of the deals closed in which the competitor was met, with 95% intervals. A deal with two competitors counts for both.',
	ARRAY[CASE WHEN most > shown THEN format('The %s met most often of %s.', shown, most) END])
FROM (SELECT * FROM rivals WHERE n <= 8 ORDER BY percent, competitor LIMIT 1) worst,
	(SELECT count(*) AS most, least(count(*), 8) AS shown, coalesce(array_agg(name ORDER BY n) FILTER (WHERE tells = 'none'), '{}') AS equal,
		array_agg((label, format('%s (%s)', pg_temp.percentage(percent), pg_temp.between(low, high)), percent, low, high, CASE WHEN tells IN ('up', 'down') THEN tells ELSE 'none' END,
			format('%s: %s won of %s closed, %s (%s)', name, pg_temp.number(won), pg_temp.number(closed), pg_temp.percentage(percent), pg_temp.between(low, high)), NULL, NULL)::pg_temp.mark ORDER BY percent, n) FILTER (WHERE n <= 8) AS marks,
		string_agg(format('%s: %s of %s closed deals won.', name, pg_temp.percentage(percent), pg_temp.number(closed)), ' ' ORDER BY percent, n) FILTER (WHERE n <= 8) AS said
	 FROM rivals) r;

-- Cycle
INSERT INTO page
SELECT 6, pg_temp.section('cycle', 'Sales cycle',
	ARRAY[
		CASE WHEN b.median_days IS NOT NULL AND s.median_days IS NOT NULL THEN format('Half of the deals closed within %s days of %s before the programme and within %s since.', pg_temp.number(b.median_days), f.opportunity_name, pg_temp.number(s.median_days))
			 WHEN a.median_days IS NOT NULL THEN format('Half of the deals closed within %s days of %s.', pg_temp.number(a.median_days), f.opportunity_name)
			 WHEN a.within_low IS NOT NULL THEN format('%s of the deals closed within %s days of %s (%s); fewer than half did so far.', pg_temp.percentage(a.percent_within), a.within_days, f.opportunity_name, pg_temp.between(a.within_low, a.within_high))
			 WHEN b.within_low IS NOT NULL AND s.within_low IS NOT NULL THEN format('%s of the deals closed within %s days of %s before the programme (%s) and %s since (%s).', pg_temp.percentage(b.percent_within), b.within_days, f.opportunity_name, pg_temp.between(b.within_low, b.within_high),
				pg_temp.percentage(s.percent_within), pg_temp.between(s.within_low, s.within_high)) END,
		CASE c.tells WHEN 'none' THEN format('Over the first %s days the difference is not measurable: %s days (%s).', pg_temp.number(c.horizon_days), pg_temp.signed(c.difference_days), pg_temp.between(c.low, c.high))
			WHEN 'up' THEN format('Over the first %s days that costs %s days on average (%s).', pg_temp.number(c.horizon_days), pg_temp.number(c.difference_days, 1), pg_temp.between(c.low, c.high))
			WHEN 'down' THEN format('Over the first %s days that saves %s days on average (%s).', pg_temp.number(c.horizon_days), pg_temp.number(-c.difference_days, 1), pg_temp.between(-c.high, -c.low)) END,
		(SELECT string_agg(CASE e.tells WHEN 'none' THEN format('For %s there is no evidence of an effect (%s).', name, pg_temp.between(days_low, days_high))
				WHEN 'up' THEN format('In its teams %s adds %s days, against teams without a platform (%s).', name, pg_temp.number(days_effect, 1), pg_temp.between(days_low, days_high))
				WHEN 'down' THEN format('In its teams %s saves %s days, against teams without a platform (%s).', name, pg_temp.number(-days_effect, 1), pg_temp.between(-days_high, -days_low)) END, ' ' ORDER BY days_effect, platform)
		 FROM cycle_effects e)],
	CASE WHEN cardinality(curves) > 1 THEN E'<p class="key"><span class="before">before the programme</span><span class="since">since</span></p>\n' ELSE '' END
		|| pg_temp.curves(curves, said, (SELECT greatest(max(day), 30) FROM cycle_curve), 'days', NULL),
	format('Share of deals closed by the day since %s, with 95%% bands; open deals are counted as long as they were seen. Below the axis: deals not closed yet.', f.opportunity_name),
	ARRAY[(SELECT format('%s of %s deals are not closed yet; the mean of the closed ones alone would be too low.', pg_temp.number(sum(open)), pg_temp.number(sum(opportunities))) FROM cycles HAVING sum(open) > 0)])
FROM facts f LEFT JOIN cycle_change c ON true LEFT JOIN cycles b ON b.period = 'before' LEFT JOIN cycles s ON s.period = 'since' LEFT JOIN cycles a ON a.period = 'all',
	(SELECT array_agg((CASE period WHEN 'before' THEN 'before' ELSE 'since' END, x, y, lows, highs, titles, remaining)::pg_temp.curve ORDER BY period) AS curves,
		string_agg(format('%s: half closed by day %s.', CASE period WHEN 'all' THEN 'All deals' ELSE initcap(period) END, coalesce(pg_temp.number(median_days), 'not known')), ' ' ORDER BY period) AS said
	 FROM (SELECT period, array_agg(day::float8 ORDER BY day) AS x, array_agg(percent ORDER BY day) AS y, array_agg(low ORDER BY day) AS lows, array_agg(high ORDER BY day) AS highs,
			array_agg(format('%sday %s: %s closed (%s), %s not closed yet', CASE period WHEN 'all' THEN '' ELSE period || ', ' END, day, pg_temp.percentage(percent), coalesce(pg_temp.between(low, high), 'no interval'), pg_temp.number(at_risk)) ORDER BY day) AS titles,
			array_agg(pg_temp.number(at_risk) ORDER BY day) AS remaining
		   FROM cycle_curve WHERE day % 3 = 0 GROUP BY period) c JOIN cycles USING (period)
	 HAVING count(*) > 0) d;

-- Quota
INSERT INTO page
SELECT 7, pg_temp.section('quota', 'Time to quota',
	ARRAY[
		format('Of %s, %s %s reached quota%s%s.', pg_temp.counted(q.reps, 'rep'), pg_temp.number(q.reached), CASE WHEN q.reached = 1 THEN 'has' ELSE 'have' END,
			CASE WHEN q.open > 0 THEN format(', %s %s on the way', pg_temp.number(q.open), CASE WHEN q.open = 1 THEN 'is' ELSE 'are' END) ELSE '' END, CASE WHEN q.gone > 0 THEN format(', %s left before', pg_temp.number(q.gone)) ELSE '' END),
		CASE WHEN q.median_days IS NOT NULL THEN format('Half are there within %s days of being hired%s.', pg_temp.number(q.median_days), coalesce(' (' || pg_temp.between(q.median_low, q.median_high, 0) || ')', '')) ELSE 'Fewer than half are there so far.' END],
	CASE WHEN cardinality(curves) > 1 THEN E'<p class="key"><span class="before">hired before the programme</span><span class="since">hired since</span></p>\n' ELSE '' END
		|| pg_temp.curves(curves, said, (SELECT greatest(max(day), 90) FROM quota_curve), 'days', NULL),
	'Share of reps who have reached quota by the day since they were hired, with 95% bands; those on the way are counted as long as they were seen, those gone as not having reached it. Below the axis: reps on the way.',
	ARRAY[CASE WHEN q.median_days > q.mean_days_of_reached AND q.open > 0 THEN format('The mean of those who reached it, %s days, is too good: it leaves out the %s on the way.', pg_temp.number(q.mean_days_of_reached), pg_temp.number(q.open)) END,
		CASE WHEN cardinality(curves) = 1 AND (SELECT count(*) FROM quotas WHERE hired IN ('before', 'since')) = 2 THEN (SELECT format('Too few to compare: %s.', string_agg(format('%s hired %s', pg_temp.counted(reps, 'rep'), CASE hired WHEN 'since' THEN 'since the programme started' ELSE hired END), ', ' ORDER BY hired)) FROM quotas WHERE hired IN ('before', 'since')) END])
FROM quotas q,
	(SELECT array_agg((CASE hired WHEN 'before' THEN 'before' ELSE 'since' END, x, y, lows, highs, titles, remaining)::pg_temp.curve ORDER BY hired) AS curves,
		string_agg(format('Reps, %s: half at quota by day %s.', name, coalesce(pg_temp.number(median_days), 'not known')), ' ' ORDER BY hired) AS said
	 FROM (SELECT hired, array_agg(day::float8 ORDER BY day) AS x, array_agg(percent ORDER BY day) AS y, array_agg(low ORDER BY day) AS lows, array_agg(high ORDER BY day) AS highs,
			array_agg(format('%sday %s: %s at quota (%s), %s on the way', CASE hired WHEN 'all' THEN '' ELSE 'hired ' || hired || ', ' END, day, pg_temp.percentage(percent), coalesce(pg_temp.between(low, high), 'no interval'), pg_temp.number(at_risk)) ORDER BY day) AS titles,
			array_agg(pg_temp.number(at_risk) ORDER BY day) AS remaining
		   FROM quota_curve GROUP BY hired) c JOIN quotas USING (hired)
	 HAVING count(*) > 0) d
WHERE q.hired = 'all' AND q.reps > 0;

-- Content
INSERT INTO page
SELECT 8, pg_temp.section('content', 'Content',
	ARRAY[
		concat_ws(' ',
			format('%s %s.', pg_temp.counted(pieces, 'piece'), CASE WHEN views + downloads > 0 THEN CASE WHEN pieces = 1 THEN 'was ' ELSE 'were ' END
				|| pg_temp.listed(array_remove(ARRAY[CASE WHEN views > 0 THEN 'viewed ' || pg_temp.counted(views::bigint, 'time') || CASE WHEN hours >= 1 THEN format(' (%s hours)', pg_temp.number(hours)) ELSE '' END END, CASE WHEN downloads > 0 THEN 'downloaded ' || pg_temp.counted(downloads::bigint, 'time') END], NULL))
				ELSE 'on record' END),
			CASE WHEN opens + uses + shares > 0 THEN format('Sellers %s.', pg_temp.listed(array_remove(ARRAY[CASE WHEN opens > 0 THEN format('opened %s %s', it, pg_temp.counted(opens::bigint, 'time')) END, CASE WHEN uses > 0 THEN format('used %s %s', it, pg_temp.counted(uses::bigint, 'time')) END,
				CASE WHEN shares > 0 THEN format('shared %s %s', it, pg_temp.counted(shares::bigint, 'time')) END], NULL))) END),
		CASE e.tells WHEN 'none' THEN format('Deals that meet %s take as long as others: %s days of the first %s (%s).', e.name, pg_temp.signed(e.difference_days), e.horizon_days, pg_temp.between(e.low, e.high))
			WHEN 'up' THEN format('Once deals have met %s they take %s of the first %s (%s).', e.name, pg_temp.days_fewer(e.difference_days), e.horizon_days, pg_temp.between(e.low, e.high))
			WHEN 'down' THEN format('Once deals have met %s they take %s of the first %s (%s).', e.name, pg_temp.days_fewer(e.difference_days), e.horizon_days, pg_temp.between(e.low, e.high)) END],
	E'<p class="key"><span class="one">viewed and downloaded</span><span class="two">opened, used and shared by sellers</span></p>\n' || picture, 'Events by piece of content.',
	ARRAY[CASE WHEN e.tells = 'none' AND e.naive_low > 0 THEN format('Sorting deals by whether they ever met it would say %s days (%s): a deal that lasts longer has more time to meet any piece.', pg_temp.signed(e.naive_difference), pg_temp.between(e.naive_low, e.naive_high)) END,
		CASE WHEN pieces > 8 THEN format('The picture shows the 8 pieces with the most events of %s.', pg_temp.number(pieces)) END])
FROM (SELECT count(*) AS pieces, CASE WHEN count(*) = 1 THEN 'it' ELSE 'them' END AS it, coalesce(sum(views), 0) AS views, sum(seconds_viewed) / 3600 AS hours, coalesce(sum(downloads), 0) AS downloads, coalesce(sum(opens), 0) AS opens, coalesce(sum(uses), 0) AS uses, coalesce(sum(shares), 0) AS shares,
		pg_temp.bars(array_agg(label ORDER BY n) FILTER (WHERE n <= 8), array_agg(format('%s &#183; %s', pg_temp.number(buyers), pg_temp.number(sellers)) ORDER BY n) FILTER (WHERE n <= 8),
			array_agg(buyers::float8 ORDER BY n) FILTER (WHERE n <= 8), array_agg(sellers::float8 ORDER BY n) FILTER (WHERE n <= 8),
			array_agg(format('%s: %s views by %s people, %s downloads; %s opens, %s uses, %s shares', name, pg_temp.number(views), pg_temp.number(viewers), pg_temp.number(downloads), pg_temp.number(opens), pg_temp.number(uses), pg_temp.number(shares)) ORDER BY n) FILTER (WHERE n <= 8),
			string_agg(format('%s: %s events of buyers, %s of sellers.', name, pg_temp.number(buyers), pg_temp.number(sellers)), ' ' ORDER BY n) FILTER (WHERE n <= 8)) AS picture
	  FROM contents, LATERAL (SELECT coalesce(views, 0) + coalesce(downloads, 0) AS buyers, coalesce(opens, 0) + coalesce(uses, 0) + coalesce(shares, 0) AS sellers) s HAVING count(*) > 0) c
	LEFT JOIN (SELECT * FROM content_effects WHERE tells IN ('up', 'down', 'none') ORDER BY tells IN ('up', 'down') DESC, abs(naive_difference) DESC NULLS LAST, content LIMIT 1) e ON true;

-- Money
INSERT INTO page
SELECT 9, pg_temp.section('money', 'Money',
	ARRAY[
		format('%s won deals with an amount are worth %s, %s on average.', pg_temp.number(n), pg_temp.money(total, f.currency), pg_temp.money(total / n, f.currency)),
		CASE WHEN c.tells = 'none' THEN format('Their size shows no measurable change since the programme: %s (%s to %s).', pg_temp.money(c.difference::numeric, f.currency, true), pg_temp.money(c.low::numeric, NULL), pg_temp.money(c.high::numeric, NULL))
			WHEN c.tells IN ('up', 'down') THEN format('Deals that began since the programme are %s %s on average (%s to %s).', pg_temp.money(abs(c.difference)::numeric, f.currency), CASE c.tells WHEN 'up' THEN 'larger' ELSE 'smaller' END,
				pg_temp.money(CASE c.tells WHEN 'up' THEN c.low ELSE -c.high END::numeric, NULL), pg_temp.money(CASE c.tells WHEN 'up' THEN c.high ELSE -c.low END::numeric, NULL)) END,
		(SELECT string_agg(format('%s: %s a deal in its teams (%s to %s)%s.', name, pg_temp.money(effect::numeric, f.currency, true), pg_temp.money(low::numeric, NULL), pg_temp.money(high::numeric, NULL), CASE WHEN status = 'no evidence' THEN ', no evidence of an effect' ELSE '' END), ' ' ORDER BY effect DESC, platform)
		 FROM amount_effects WHERE low IS NOT NULL),
		(SELECT format('The %s open deals with a known chance are expected to bring %s in the next %s days, give or take %s.', pg_temp.number(deals - unknown), pg_temp.money(expected_amount::numeric, f.currency), horizon_days, pg_temp.money((1.96 * amount_sd)::numeric, f.currency))
		 FROM expected WHERE expected_amount IS NOT NULL AND deals > unknown)],
	pg_temp.rows(marks, said, '', NULL, NULL, false), format('Mean amount of a won deal by when it began%s, with 95%% intervals.', coalesce(', in ' || pg_temp.escaped(f.currency), '')),
	ARRAY[(SELECT format('For %s no chance is known, since no deal was watched for so long; the forecast leaves them out%s.', pg_temp.counted(unknown, 'open deal'), CASE WHEN unknown_amount > 0 THEN format(' (%s)', pg_temp.money(unknown_amount, f.currency)) ELSE '' END) FROM expected WHERE unknown > 0)])
FROM facts f LEFT JOIN amount_change c ON true,
	(SELECT sum(with_amount) AS n, sum(amount_won) AS total,
		array_agg((CASE period WHEN 'all' THEN 'All won deals' WHEN 'before' THEN 'Before the programme' ELSE 'Since' END, format('%s (%s to %s)', pg_temp.money(mean::numeric, NULL), pg_temp.money(low::numeric, NULL), pg_temp.money(high::numeric, NULL)), mean, low, high,
			CASE period WHEN 'before' THEN 'before' ELSE 'since' END, format('%s: %s won deals, mean %s', period, pg_temp.number(with_amount), pg_temp.money(mean::numeric, NULL)), NULL, NULL)::pg_temp.mark ORDER BY period) AS marks,
		string_agg(format('%s: mean %s.', initcap(period), pg_temp.money(mean::numeric, NULL)), ' ' ORDER BY period) AS said
	 FROM amounts WHERE with_amount > 0 HAVING count(*) > 0) m;

-- Methods: what was done to this data, a part of them only where it was done
INSERT INTO page
SELECT 20, format(E'<section id="methods" aria-labelledby="methods-heading">\n<h2 id="methods-heading">How it was counted</h2>\n<dl class="methods">\n%s</dl>\n</section>\n',
	string_agg(format(E'<div><dt>%s</dt><dd>%s</dd></div>\n', term, says), '' ORDER BY n))
FROM facts f, LATERAL (
	SELECT 1, 'Conversion', format('A deal counts once it has had %s days since its first event; it converted if it came to %s or beyond within them. Younger deals are shown by month and enter no comparison.', within_days, c.to_name) FROM change c
	UNION ALL
	SELECT 2, 'Intervals', 'All are 95% intervals. Rates: Wilson. Differences of rates: Newcombe. They say what chance leaves open, not what else may have changed.' FROM change
	UNION ALL
	SELECT 3, 'Before and since', 'A comparison of all deals before the programme with all since. It has no comparison group, so that it tells what changed and not why.' FROM change WHERE difference_low IS NOT NULL
	UNION ALL
	SELECT 4, 'Platforms', format('The unit is the team. What a team would have done without the platform is taken from its own months before and from the months of teams without a platform (%s of them). The interval comes from leaving out one team after the other. Deals of the %s months before adoption are on neither side. %s',
		f.teams_without, f.anticipation, CASE WHEN (SELECT count(*) FROM platforms) > 1 THEN format('A platform counts as moving conversion if p, adjusted for %s platforms (Holm), is below 0.05.', (SELECT count(*) FROM platforms)) ELSE 'A platform counts as moving conversion if p is below 0.05.' END) FROM platforms HAVING count(*) > 0
	UNION ALL
	SELECT 5, 'Were the teams alike before?', string_agg(format('%s: its teams ran %s the others by %s points a month before adoption (%s)%s', name, CASE WHEN slope < 0 THEN 'behind' ELSE 'ahead of' END, pg_temp.number(abs(slope), 2),
			pg_temp.between(slope_low, slope_high, 2), CASE WHEN slope_low > 0 OR slope_high < 0 THEN ', more than chance.' ELSE ', within chance.' END), ' ' ORDER BY n) FROM platforms WHERE slope_low IS NOT NULL HAVING count(*) > 0
	UNION ALL
	SELECT 6, 'No evidence, too little data', 'No evidence of an effect: the interval holds zero, and both of its ends are within half of the rate before. Intervals that hold zero and reach further are called too little data.' FROM change WHERE tells IS NOT NULL
	UNION ALL
	SELECT 7, 'Cycle', format('Days from %s to any ending. Deals not closed yet count as long as they were seen (Kaplan&#8211;Meier).', f.opportunity_name) FROM cycles HAVING count(*) > 0
	UNION ALL
	SELECT 8, 'Quota', format('Quota is reached with the first %s in which the deals won are worth the quota, or its ramp. Reps who left before are counted as not having reached it (Aalen&#8211;Johansen).', CASE WHEN f.sustained > 1 THEN f.sustained || ' periods in a row' ELSE 'period' END) FROM quotas HAVING count(*) > 0
	UNION ALL
	SELECT 9, 'Competitors', 'Deals won of deals closed. Meeting a competitor is not handed out by lot: such deals may differ in other ways.' FROM rivals HAVING count(*) > 0
	UNION ALL
	SELECT 10, 'Forecast', format('The chance of an open deal to be won within %s days, given its age, from all deals watched so far. The spread takes that curve as known and deals as independent, and is a lower bound.', (SELECT horizon_days FROM expected)) FROM expected WHERE expected_amount IS NOT NULL) m (n, term, says)
HAVING count(*) > 0;

-- The numbers as tables
INSERT INTO page
SELECT 30, format(E'<section id="tables" aria-labelledby="tables-heading">\n<h2 id="tables-heading">The numbers</h2>\n%s</section>\n', tables)
FROM concat(
	pg_temp.table_of('Conversion, before and since', $$SELECT pg_temp.escaped(rate) AS "Rate", before_total AS "Deals before", rounded(before_percent, 1) AS "Before, %", since_total AS "Deals since", rounded(since_percent, 1) AS "Since, %",
		rounded(difference, 1) AS "Points", rounded(difference_low, 1) AS "From", rounded(difference_high, 1) AS "To", pg_temp.chance(p_exact) AS "p (Fisher)", rounded(adjusted_difference, 1) AS "Points, like with like", rounded(adjusted_low, 1) AS "from", rounded(adjusted_high, 1) AS "to"
		FROM report_conversion ORDER BY n$$),
	pg_temp.table_of('Funnel', $$SELECT pg_temp.escaped(stage) AS "Stage", reached AS "Deals", rounded(percent_of_first, 1) AS "Of all, %", rounded(low, 1) AS "From", rounded(high, 1) AS "To", converted AS "Went on", open AS "Open", exited AS "Lost", expired AS "Time over", rounded(median_days, 1) AS "Days to go on, median"
		FROM report_funnel ORDER BY step$$),
	pg_temp.table_of('Platforms', $$SELECT name AS "Platform", teams AS "Teams", others AS "Compared with", deals AS "Deals since", rounded(before_percent, 1) AS "Before, %", rounded(since_percent, 1) AS "Since, %",
		rounded(effect, 1) AS "Effect, points", rounded(low, 1) AS "From", rounded(high, 1) AS "To", pg_temp.chance(adjusted_p) AS "p, adjusted" FROM platforms ORDER BY n$$),
	pg_temp.table_of('Teams', $$SELECT t.name AS "Team", p.name AS "Platform", adopted_on AS "Since", t.before_reached AS "Deals before", rounded(t.before_percent, 1) AS "Before, %", t.since_reached AS "Deals since", rounded(t.since_percent, 1) AS "Since, %", rounded(t.effect, 1) AS "Effect, points"
		FROM team_effects t JOIN platforms p USING (platform) ORDER BY p.n, t.effect DESC NULLS LAST, t.name LIMIT 100$$, true),
	pg_temp.table_of('Months', $$SELECT to_char(month, 'YYYY-MM') AS "Month", reached AS "Deals", converted AS "Converted", open AS "Open", rounded(percent, 1) AS "%", rounded(low, 1) AS "From", rounded(high, 1) AS "To", final AS "Final"
		FROM months ORDER BY month DESC LIMIT 120$$, true),
	pg_temp.table_of('Competitors', $$SELECT name AS "Competitor", considered AS "Deals", won AS "Won", lost AS "Lost", lost_to AS "Lost to it", no_decision AS "No decision", open AS "Open", rounded(percent, 1) AS "Won of closed, %", rounded(low, 1) AS "From", rounded(high, 1) AS "To",
		rounded(difference, 1) AS "Points to no competitor", rounded(difference_low, 1) AS "from", rounded(difference_high, 1) AS "to", pg_temp.chance(adjusted_p) AS "p, adjusted" FROM rivals ORDER BY n LIMIT 50$$),
	pg_temp.table_of('Sales cycle', $$SELECT CASE period WHEN 'before' THEN 'Before the programme' WHEN 'since' THEN 'Since' ELSE 'All' END AS "Deals that began", opportunities AS "Deals", closed AS "Closed", open AS "Open", median_days AS "Days, median", median_low AS "From", median_high AS "To",
		within_days AS "Within days", rounded(percent_within, 1) AS "closed, %", rounded(mean_days_of_closed, 1) AS "Mean of the closed alone" FROM cycles ORDER BY period$$),
	pg_temp.table_of('Platforms and the sales cycle', $$SELECT name AS "Platform", teams AS "Teams", deals AS "Deals since", horizon_days AS "Of the first days", rounded(days_effect, 1) AS "Effect, days", rounded(days_low, 1) AS "From", rounded(days_high, 1) AS "To", pg_temp.chance(days_adjusted_p) AS "p, adjusted",
		within_days AS "Closed within days", rounded(effect, 1) AS "Effect, points", rounded(low, 1) AS "from", rounded(high, 1) AS "to" FROM cycle_effects ORDER BY days_effect, platform$$),
	pg_temp.table_of('Time to quota', $$SELECT name AS "Hired", reps AS "Reps", reached AS "At quota", open AS "On the way", gone AS "Left", median_days AS "Days, median", median_low AS "From", median_high AS "To", rounded(mean_days_of_reached) AS "Mean of those at quota"
		FROM quotas ORDER BY hired_year NULLS FIRST, period NULLS FIRST$$),
	pg_temp.table_of('Content', $$SELECT name AS "Content", views AS "Views", viewers AS "People", rounded(seconds_viewed::float8 / 3600, 1) AS "Hours", downloads AS "Downloads", opens AS "Opens", uses AS "Uses", shares AS "Shares", sellers_opening AS "Sellers opening", sellers_sharing AS "Sellers sharing"
		FROM contents ORDER BY n LIMIT 50$$),
	pg_temp.table_of('Content and the length of deals', $$SELECT name AS "Content", deals_with AS "Deals that met it", rounded(days_without, 1) AS "Days without", rounded(days_with, 1) AS "Days with", rounded(difference_days, 1) AS "Difference", rounded(low, 1) AS "From", rounded(high, 1) AS "To",
		rounded(naive_difference, 1) AS "Sorted by ever met", pg_temp.chance(adjusted_p) AS "p, adjusted" FROM content_effects ORDER BY n$$),
	pg_temp.table_of('Money', $$SELECT CASE period WHEN 'before' THEN 'Before the programme' WHEN 'since' THEN 'Since' ELSE 'All' END AS "Deals that began", won AS "Won", with_amount AS "With an amount", round(amount_won, 2) AS "Amount", rounded(mean::float8, 2) AS "Mean", rounded(low::float8, 2) AS "From", rounded(high::float8, 2) AS "To"
		FROM amounts ORDER BY period$$)) tables
WHERE tables <> '';

-- What to know of the data
INSERT INTO page
SELECT 40, format(E'<section id="checks" aria-labelledby="checks-heading">\n<h2 id="checks-heading">The data, checked</h2>\n%s%s</section>\n',
	CASE WHEN EXISTS (SELECT FROM problems) THEN (SELECT E'<ul class="checks">\n' || string_agg(CASE source WHEN 'history' THEN format(E'<li>%s: %s, such as %s (%s)</li>\n', pg_temp.capital(replace(problem, '_', ' ')), pg_temp.counted(rows, 'history', 'histories'), example, detail)
			ELSE format(E'<li>%s.%s %s: %s%s</li>\n', view_name, column_name, problem, pg_temp.counted(rows, 'row'), coalesce(', such as ' || example, '')) END, '' ORDER BY source DESC, n) || E'</ul>\n' FROM problems)
		 ELSE E'<p>No problem was found in the histories and their mapping.</p>\n' END,
	coalesce((SELECT E'<h3>Left out</h3>\n<ul class="checks">\n' || string_agg(format(E'<li>%s: %s.</li>\n', pg_temp.capital(section), reason), '' ORDER BY section) || E'</ul>\n' FROM missing), ''));

\o
SELECT format(E'<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8"/>\n<meta name="viewport" content="width=device-width, initial-scale=1"/>\n<title>%s</title>\n<style>%s</style>\n</head>\n<body>\n%s<main>\n%s</main>\n<footer><p>Made on data as of %s by enablement_metrics %s in PostgreSQL. Every number comes from the views report_* of the database.</p></footer>\n</body>\n</html>',
	f.report_name, pg_temp.style(), (SELECT html FROM page WHERE n = 1), (SELECT string_agg(html, '' ORDER BY n) FROM page WHERE n > 1), pg_temp.day(as_of_on), pg_temp.escaped(version))
FROM facts f;
COMMIT;
