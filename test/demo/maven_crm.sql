-- The pipeline of a computer-hardware seller (Maven Analytics): 8,800 opportunities, who sold what to whom, and how it ended.
-- files: sales_pipeline.csv sales_teams.csv

\echo Loading 8,800 opportunities
CREATE SCHEMA maven_crm;
SET search_path = maven_crm, public;
SET timezone = 'UTC';
CREATE TABLE pipeline (opportunity_id text PRIMARY KEY, sales_agent text NOT NULL, product text NOT NULL, account text,
	deal_stage text NOT NULL, engage_date date, close_date date, close_value numeric);
CREATE TABLE team (sales_agent text PRIMARY KEY, manager text NOT NULL, regional_office text NOT NULL);
\copy pipeline FROM 'sales_pipeline.csv' CSV HEADER
\copy team FROM 'sales_teams.csv' CSV HEADER

-- Engaged, and won or lost. 500 prospects have no date yet and are no deals. A lost deal has a value of 0, which is no amount.
CREATE VIEW deals AS
SELECT opportunity_id AS deal, manager AS team, regional_office AS segment, CASE product WHEN 'GTXPro' THEN 'GTX Pro' ELSE product END AS source, sales_agent AS owner,
	deal_history(deal_event('opportunity', engage_date::timestamp AT TIME ZONE 'UTC'),
		deal_event(CASE WHEN deal_stage IN ('Won', 'Lost') THEN lower(deal_stage) END, close_date::timestamp AT TIME ZONE 'UTC', CASE deal_stage WHEN 'Won' THEN close_value END)) AS history
FROM pipeline JOIN team USING (sales_agent)
WHERE engage_date IS NOT NULL;

-- Nothing is on record of quotas, days of hire, competitors, content or a programme.
CREATE VIEW settings AS
SELECT max(close_date)::timestamp AT TIME ZONE 'UTC' AS as_of, '{opportunity,won}'::text[] AS stages, interval '90 days' AS within, 'USD' AS currency, 'The pipeline of a hardware seller' AS title
FROM pipeline;
