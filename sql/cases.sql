--
-- cases from the field: what CRMs write, with the one value that each reading has to give; every row must be right
--
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS enablement_metrics;
RESET client_min_messages;
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET extra_float_digits = 0;

CREATE TEMP TABLE story (n int, history deal_history);
INSERT INTO story VALUES
  (1, '{"(opportunity,2026-03-02 19:51,500,)","(won,2026-03-02,500,)"}'),
  (2, '{"(opportunity,2026-01-05,,)","(won,2026-01-15,,)"}'),
  (3, '{"(opportunity,2026-01-01,,)","(lost,2026-02-10,,)","(opportunity,2026-04-05,,)","(won,2026-05-06,,)"}'),
  (4, '{"(opportunity,2026-01-01,,d1)","(won,2026-02-01,1000,d1)","(won,2026-02-09,1100,d1)"}'),
  (5, '{"(opportunity,2026-01-01,,)","(no_decision,2026-02-01,,)"}');

-- what happened, as three readings tell it
CREATE TEMP VIEW told AS
SELECT n, day, status(deal_outcome(history, as_of => day)) AS outcome, status(deal_progress(history, '{opportunity,won}', as_of => day)) AS progress,
       status(c) AS cycle, extract(day FROM duration(c)) AS days
FROM (SELECT n, history FROM story WHERE n > 1 UNION ALL SELECT n, by_day(history) FROM story WHERE n = 1) s,
     unnest('{2026-03-01,2026-04-15,2026-06-30}'::timestamptz[]) AS day,
     LATERAL (SELECT deal_cycle(history, as_of => day) AS c) x;

SELECT n, what, got, got IS NOT DISTINCT FROM expected AS right
FROM (VALUES
  (1, 'created at an instant, closed on a date: outcome', (SELECT outcome FROM told WHERE n = 1 AND day = '2026-06-30'), 'won'),
  (1, 'progress', (SELECT progress FROM told WHERE n = 1 AND day = '2026-06-30'), 'converted'),
  (1, 'cycle', (SELECT cycle || ' ' || days FROM told WHERE n = 1 AND day = '2026-06-30'), 'event 0'),
  (1, 'problem of the raw history', (SELECT problem FROM story, history_problems(history, as_of => '2026-06-30') WHERE n = 1 AND problem = 'date_against_instant'), 'date_against_instant'),
  (2, 'days in the only stage asked for', (SELECT string_agg(stage || ' ' || days, ',') FROM story, time_in(history, '{opportunity}', '2026-07-04') WHERE n = 2), 'opportunity 10'),
  (3, 'lost, again, won', (SELECT concat_ws(' ', outcome, progress, cycle, days) FROM told WHERE n = 3 AND day = '2026-06-30'), 'won converted event 125'),
  (3, 'as of 1 March', (SELECT concat_ws(' ', outcome, progress, cycle) FROM told WHERE n = 3 AND day = '2026-03-01'), 'lost exited competing'),
  (3, 'as of 15 April', (SELECT concat_ws(' ', outcome, progress, cycle) FROM told WHERE n = 3 AND day = '2026-04-15'), 'open open censored'),
  (4, 'amount corrected: closed, amount', (SELECT closed_at(o)::date || ' ' || amount(o) FROM story, deal_outcome(history, as_of => '2026-06-30') AS o WHERE n = 4), '2026-02-01 1100'),
  (4, 'cycle', (SELECT cycle || ' ' || days FROM told WHERE n = 4 AND day = '2026-06-30'), 'event 31'),
  (4, 'quota', (SELECT attained(quota_attainment(history, '2026-01-01', 5000, as_of => '2026-06-30')) || '' FROM story WHERE n = 4), '1100'),
  (5, 'no decision', (SELECT concat_ws(' ', outcome, progress, cycle) FROM told WHERE n = 5 AND day = '2026-06-30'), 'no_decision exited competing')
) AS c (n, what, got, expected);

-- 6: the first stage cannot be missing
SELECT deal_progress(history, optional => '{lead}') FROM story;

-- 7, 8: a ramp that begins with nothing to reach; quarters from February
SELECT n, what, got, got IS NOT DISTINCT FROM expected AS right
FROM (VALUES
  (7, 'a ramp of 0, 25,000, 50,000', (SELECT concat_ws(' ', status(a), reached_at(a)::date, attained(a), target(a)) FROM quota_attainment(
      deal_history '{"(won,2026-01-20,90000,a)","(won,2026-02-10,20000,b)","(won,2026-02-20,6000,c)"}', '2026-01-05', 60000, period => 'month', ramp => '{0,25000,50000}', as_of => '2026-06-30') AS a),
      'reached 2026-02-20 26000 25000'),
  (8, 'quarters from January', (SELECT status(quota_attainment(deal_history '{"(won,2026-01-20,60000,a)","(won,2026-02-05,50000,b)"}', '2026-01-01', 100000, period => 'quarter', as_of => '2026-06-30'))), 'reached'),
  (8, 'fiscal quarters from February', (SELECT status(quota_attainment(deal_history '{"(won,2026-01-20,60000,a)","(won,2026-02-05,50000,b)"}', '2026-01-01', 100000, period => 'quarter', as_of => '2026-06-30', fiscal_year_start => 2))), 'open')
) AS c (n, what, got, expected);

-- 11: summaries in UNION and DISTINCT, and a check for what has changed since a snapshot
SELECT n, what, got, got IS NOT DISTINCT FROM expected AS right
FROM (VALUES
  (11, 'union', (SELECT count(*) FROM (SELECT rate_summary(1, 3) UNION SELECT rate_summary(1, 3)) x), 1),
  (11, 'distinct', (SELECT count(DISTINCT f) FROM (SELECT funnel_agg(deal_progress(history, '{opportunity,won}', as_of => '2026-06-30')) AS f FROM story WHERE n IN (2, 3, 5) GROUP BY n) x), 3),
  (11, 'changed', (SELECT count(*) FROM (VALUES (1, rate_summary(1, 3)), (2, rate_summary(1, 3))) AS a (id, r) JOIN (VALUES (1, rate_summary(1, 3)), (2, rate_summary(2, 3))) AS b (id, r) USING (id)
      WHERE a.r IS DISTINCT FROM b.r), 1)
) AS c (n, what, got, expected);
