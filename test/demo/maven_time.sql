-- How long things take in Maven's CRM pipeline; goes on where maven_crm.sql ends, with its table pipeline
-- (sales_pipeline.csv as it is: sales_agent, deal_stage, engage_date, close_date, close_value, ...).
SET timezone = 'UTC';

\echo
\echo 'DAYS FROM ENGAGE TO CLOSE, as of 2017-12-31. Deals that have closed have a median of their own, which answers another'
\echo 'question: with the 1,589 open deals counted, half of all are closed later, and half of all are won much later than'
\echo 'the winners alone suggest (a lost deal competes: it cannot be won any more).'
CREATE TABLE cycle AS
SELECT deal_stage, deal_cycle(history, '{Engaging}', '{Won,Lost}', '{}', '2017-12-31') AS closed,
	deal_cycle(history, '{Engaging}', '{Won}', '{Lost}', '2017-12-31') AS won
FROM (SELECT deal_stage, deal_history(deal_event('Engaging', engage_date), deal_event(CASE WHEN close_date IS NOT NULL THEN deal_stage END, close_date, close_value)) AS history
	  FROM pipeline WHERE engage_date IS NOT NULL) deal;
CREATE TABLE cycles AS
SELECT 1 AS n, 'won deals alone' AS question, duration_agg(won) FILTER (WHERE deal_stage = 'Won') AS d FROM cycle
UNION ALL SELECT 2, 'lost deals alone', duration_agg(closed) FILTER (WHERE deal_stage = 'Lost') FROM cycle
UNION ALL SELECT 3, 'closed deals alone', duration_agg(closed) FILTER (WHERE status(closed) = 'event') FROM cycle
UNION ALL SELECT 4, 'any close, open ones counted', duration_agg(closed) FROM cycle
UNION ALL SELECT 5, 'won, lost and open ones counted', duration_agg(won) FROM cycle;
CREATE VIEW cycle_length AS
SELECT question, observed(d) AS ended, competing(d), censored(d) AS open, median(d), i.low, i.high, round(mean(d)::numeric, 1) AS mean_of_ended
FROM cycles, quantile_interval(d, 0.5) i
ORDER BY n;
TABLE cycle_length;
CREATE VIEW cycle_by_day AS SELECT CASE n WHEN 3 THEN 'closed deals alone' ELSE 'open ones counted' END AS deals, c.* FROM (SELECT * FROM cycles WHERE n IN (3, 4) ORDER BY n) x, by_day(d, 120) c;

\echo 'TIME TO QUOTA of the 30 agents, from their first engagement (there are no hire dates), for a cumulative quota of won value:'
\echo 'mean_of_reached drops the agents who are not there yet, median counts them. cycles = closed deals until quota, of those who'
\echo 'reached it; velocity = 100 x closed deals of all agents / agents; cycle_lengths = mean time to quota in cycles of 45 days.'
CREATE TABLE agent AS
SELECT sales_agent, min(engage_date)::timestamptz AS first_engaged, history_agg(deal_stage, close_date, close_value, opportunity_id) AS history
FROM pipeline GROUP BY sales_agent;
CREATE TABLE quotas AS
SELECT quota, quota_agg(quota_attainment(history, first_engaged, quota, as_of => '2017-12-31', won => '{Won}', lost => '{Lost}')) AS s
FROM agent, unnest('{100000,250000,500000}'::numeric[]) quota GROUP BY quota;
CREATE VIEW time_to_quota AS
SELECT quota, reps(s) AS agents, successes(reached(s)) AS reached, round(mean(d)::numeric, 1) AS mean_of_reached, median(d) AS median, i.low, i.high,
	round(mean_cycles(s)::numeric, 1) AS cycles, round(quota_velocity(s)::numeric, 0) AS velocity, round(mean_elapsed_cycles(s, '45 days')::numeric, 1) AS cycle_lengths
FROM quotas, LATERAL (SELECT time_to_quota(s) AS d) y, quantile_interval(d, 0.5) i
ORDER BY quota;
TABLE time_to_quota;
CREATE VIEW quota_by_day AS
SELECT to_char(quota, '"quota" FM999,999') AS quota, c.* FROM (SELECT * FROM quotas ORDER BY quota) x, LATERAL (SELECT time_to_quota(s) AS d) y, by_day(d, 420) c;
