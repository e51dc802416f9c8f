-- The pipeline of a computer-hardware seller (Maven Analytics): 8,800 opportunities, who sold what to whom, and how it ended.
-- files: sales_pipeline.csv sales_teams.csv

\echo Loading the two files
CREATE SCHEMA maven_crm;
SET search_path = maven_crm, public;
SET timezone = 'UTC';
\ir by_day.sql
CREATE TABLE pipeline (opportunity_id text PRIMARY KEY, sales_agent text NOT NULL, product text NOT NULL, account text,
	deal_stage text NOT NULL, engage_date date, close_date date, close_value numeric);
CREATE TABLE team (sales_agent text PRIMARY KEY, manager text NOT NULL, regional_office text NOT NULL);
\copy pipeline FROM 'sales_pipeline.csv' CSV HEADER
\copy team FROM 'sales_teams.csv' CSV HEADER
SELECT max(close_date)::timestamptz AS as_of FROM pipeline \gset

\echo 'Making one history for each opportunity: engaged, and won or lost; 500 are still prospects without any date'
CREATE TABLE deal AS
SELECT opportunity_id, sales_agent, manager, regional_office, CASE product WHEN 'GTXPro' THEN 'GTX Pro' ELSE product END AS product, account, history,
	deal_outcome(history, won => '{Won}', lost => '{Lost}', as_of => :'as_of') AS outcome
FROM pipeline JOIN team USING (sales_agent), LATERAL (SELECT deal_history(deal_event('Engaging', engage_date),
	deal_event(CASE WHEN deal_stage IN ('Won', 'Lost') THEN deal_stage END, close_date, close_value))) h(history);
ANALYZE deal;

\echo
\echo 'HOW MANY DEALS WERE WON: of all engaged, of the closed ones, and by what they were worth.'
\echo 'No competitor is on record here, so all of it is overall; a deal won is worth its close value, a deal lost nothing.'
CREATE VIEW won AS
SELECT of, successes(r) AS won, total(r) AS deals, round(percent(r)::numeric, 3) AS percent,
	round(100 * i.low::numeric, 3) AS low, round(100 * i.high::numeric, 3) AS high
FROM (SELECT win_agg(outcome) FILTER (WHERE event_count(history) > 0) AS w FROM deal) x,
	LATERAL (VALUES (1, 'engaged', overall_win_rate(w)), (2, 'closed', overall_win_rate(w, 'closed'))) v(n, of, r), confidence_interval(r) i
ORDER BY n;
TABLE won;

\echo 'BY OFFICE, BY PRODUCT: won / closed, with the Wilson 95 % interval, and the average value of a deal won.'
CREATE VIEW groups AS
SELECT name, kind, successes(r) AS won, total(r) AS closed, round(percent(r)::numeric, 2) AS percent,
	round(100 * i.low::numeric, 2) AS low, round(100 * i.high::numeric, 2) AS high, round(value) AS average_value
FROM (SELECT kind, name, rate_agg(status(outcome) = 'won') AS r, avg(amount(outcome)) FILTER (WHERE status(outcome) = 'won') AS value
	  FROM deal, LATERAL (VALUES ('office', regional_office), ('product', product)) v(kind, name)
	  WHERE status(outcome) IN ('won', 'lost') GROUP BY kind, name) x, confidence_interval(r) i
ORDER BY kind, percent(r) DESC, name;
TABLE groups;

\echo 'BY AGENT: the five highest and the five lowest rates. The intervals of most overlap: with some 200 deals'
\echo 'each, a rank says little.'
CREATE VIEW agents AS
SELECT sales_agent, regional_office, rank, successes(r) AS won, total(r) AS closed, round(percent(r)::numeric, 2) AS percent,
	round(100 * i.low::numeric, 2) AS low, round(100 * i.high::numeric, 2) AS high
FROM (SELECT rank() OVER (ORDER BY percent(r) DESC) AS rank, count(*) OVER () AS agents, *
	  FROM (SELECT sales_agent, regional_office, rate_agg(status(outcome) = 'won') AS r
			FROM deal WHERE status(outcome) IN ('won', 'lost') GROUP BY 1, 2) x) y, confidence_interval(r) i
WHERE rank <= 5 OR rank > agents - 5
ORDER BY rank, sales_agent;
TABLE agents;

\echo 'BY QUARTER OF CLOSING, by office: stored by month, rolled up by quarter.'
CREATE VIEW quarters AS
WITH monthly AS (
	SELECT regional_office AS office, date_trunc('month', closed_at(outcome)) AS month, win_agg(outcome) AS w FROM deal WHERE status(outcome) <> 'open' GROUP BY 1, 2)
SELECT office, to_char(quarter, 'YYYY "Q"Q') AS quarter, successes(r) AS won, total(r) AS closed, round(percent(r)::numeric, 2) AS percent,
	round(100 * i.low::numeric, 2) AS low, round(100 * i.high::numeric, 2) AS high
FROM (SELECT office, date_trunc('quarter', month) AS quarter, overall_win_rate(rollup(w), 'closed') AS r FROM monthly GROUP BY 1, 2) x, confidence_interval(r) i
ORDER BY office, x.quarter;
TABLE quarters;

\ir maven_time.sql
