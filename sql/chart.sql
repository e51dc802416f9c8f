--
-- chart: text that reads well on a screen of 80 columns
--
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS enablement_metrics;
RESET client_min_messages;
\pset format unaligned
\pset tuples_only on

-- a summary of each type, with labels of 40 characters and large counts; and the same of one row, of nothing done, of nothing at all
CREATE TEMP VIEW chart AS
WITH deal AS (
  SELECT i, deal_history(deal_event('a stage with a name of forty characters ', '2026-01-01'), deal_event('contract', timestamptz '2026-01-01' + i % 97 * interval '1 day')) AS history
  FROM generate_series(1, 2000) i),
progress AS (SELECT i, deal_progress(history, '{"a stage with a name of forty characters ",contract,won}', as_of => '2026-03-01') AS p FROM deal)
SELECT 'many' AS rows, 'rate' AS summary, chart(rate_summary(4611686018427387904, 9223372036854775807)) AS chart
UNION ALL SELECT 'many', 'funnel', chart(funnel_agg(p)) FROM progress
UNION ALL SELECT 'many', 'funnel by amount', chart(funnel_agg(p, CASE WHEN i % 40 > 0 THEN 900000000000000.5 END)) FROM progress
UNION ALL SELECT 'many', 'pipeline', chart(pipeline_agg(i * i % 5000, CASE WHEN i % 40 > 0 THEN i * 97.25 END)) FROM generate_series(1, 2000) AS i
UNION ALL SELECT 'many', 'pipeline without amounts', chart(pipeline_agg(i % 9, NULL)) FROM generate_series(1, 2000) AS i
UNION ALL SELECT 'many', 'win', chart(win_agg(i % 3 = 0, ARRAY['A competitor of forty characters, Inc. & Co.', 'Initech', repeat('x', i % 19 + 1)])) FROM deal
UNION ALL SELECT 'many', 'content', chart(content_agg('an action with a name of forty characters', 'actor ' || i, 1e9 + 0.5)) FROM generate_series(1, 5000) i
UNION ALL SELECT 'many', 'duration', chart(duration_agg(units, units % 7 > 0)) FROM generate_series(0, 2000000, 10001) units
UNION ALL SELECT 'many', 'quota', chart(quota_agg(quota_attainment(deal_history(deal_event('won', '2025-01-01'::date + i * 10, 100)), '2025-01-01', 100, as_of => '2026-01-01', left_at => CASE WHEN i % 5 = 0 THEN '2025-02-01'::date END))) FROM generate_series(1, 40) i
UNION ALL SELECT 'one', 'rate', chart(rate_summary(1, 1))
UNION ALL SELECT 'one', 'funnel', chart(funnel_agg(p)) FROM progress WHERE i = 1
UNION ALL SELECT 'one', 'funnel by amount', chart(funnel_agg(p, -0.4)) FROM progress WHERE i = 1
UNION ALL SELECT 'one', 'pipeline', chart(pipeline_agg(9223372036854775807, 0.5))
UNION ALL SELECT 'one', 'win', chart(win_agg(NULL, '{Globex}'))
UNION ALL SELECT 'one', 'content', chart(content_agg('view', NULL))
UNION ALL SELECT 'one', 'duration', chart(duration_agg(0, true))
UNION ALL SELECT 'one', 'quota', chart(quota_agg(quota_attainment(NULL, '2026-01-01', 1, as_of => '2026-01-11')))
UNION ALL SELECT 'none', 'rate', chart(rate_summary(0, 0))
UNION ALL SELECT 'none', 'funnel', chart(funnel_agg(deal_progress(deal_history '{}')))
UNION ALL SELECT 'none', 'funnel by amount', chart(funnel_agg(deal_progress(deal_history '{}'), 5))
UNION ALL SELECT 'none', 'pipeline', chart(pipeline_agg(1, 5) - pipeline_agg(1, 5))
UNION ALL SELECT 'none', 'win', chart(win_agg(true, '{}') - win_agg(true, '{}'))
UNION ALL SELECT 'none', 'content', chart('{"version":1,"actions":[]}'::content_summary)
UNION ALL SELECT 'none', 'duration', chart('{"version":1,"unit":"hour","total_microseconds":0,"histogram":[]}'::duration_summary);

SELECT format(E'-- %s: %s\n%s', rows, summary, chart) FROM chart WHERE summary <> 'duration' OR rows <> 'many';

-- no line is longer than the default of 60, but where labels and figures leave less than ten columns for the drawing; none passes 80
SELECT summary, max(length(line)) AS longest FROM chart, regexp_split_to_table(chart, '\n') AS line GROUP BY summary ORDER BY summary;
SELECT max(length(line)) AS longest FROM regexp_split_to_table((SELECT chart(win_agg(true, '{Globex}'), 78)), '\n') AS line;
-- where there is none, the drawing keeps ten columns
SELECT chart(win_agg(true, '{Globex}'), 10);
SELECT chart(rate_summary(1, 2), 9);
SELECT chart(rate_summary(1, 2), 1001);

-- the band of a curve, on either scale; with competing ends it is that of the incidence
CREATE TEMP TABLE curve AS SELECT duration_agg(day, day % 3 > 0) AS d, quota_agg(quota_attainment(deal_history(deal_event('won', '2025-01-01'::date + day, 100)), '2025-01-01', 100, as_of => '2026-01-01', left_at => CASE WHEN day % 3 = 0 THEN '2025-01-03'::date END)) AS q FROM generate_series(1, 9) AS day;
SELECT chart(d, 30), chart(d, 30, band => 'log-log') AS "log-log" FROM curve;
SELECT chart(q, 30), chart(q, 30, 'log-log') AS "log-log", chart(q, 30, 'log-log') = chart(time_to_quota(q), 30, 'log-log') AS same FROM curve;
SELECT chart(d, band => 'linear') FROM curve;
SELECT chart(q, band => 'linear') FROM curve;

-- widths are those of a screen: a wide character takes two columns, a combining one none, and a line end or another control character stands as "?"
CREATE DATABASE regress_em_wide ENCODING 'UTF8' LOCALE 'C' TEMPLATE template0;
\set home :DBNAME
\c regress_em_wide
SET client_min_messages = warning;
CREATE EXTENSION enablement_metrics;
SELECT chart(win_agg(true, ARRAY[U&'\682A\5F0F\4F1A\793E', U&'\682A\5F0F\4F1A\793E\682A\5F0F\4F1A\793E\682A\5F0F\4F1A\793E\682A', U&'Cafe\0301', E'two\nlines', U&'next\0085\009Bline', 'Globex']));
\c :home
DROP DATABASE regress_em_wide;
