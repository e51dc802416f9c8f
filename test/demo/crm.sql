-- The generated CRM, mapped for the report.
\ir generate.sql
SET search_path = crm, public;

CREATE MATERIALIZED VIEW deals AS
SELECT lead_id::text AS deal, history, created_at AS began_at, name AS team, platform, platform_since::date AS adopted_on, segment, source, rep_id::text AS owner
FROM (SELECT opportunity_id AS lead_id, history_agg(stage_name, changed_at, amount, subject) AS history FROM opportunity_history GROUP BY opportunity_id) AS h
	JOIN lead USING (lead_id) JOIN team USING (team_id);

CREATE VIEW reps AS
SELECT 'rep ' || rep_id AS rep, hired_at, left_at, quota, ramp, 'quarter' AS period, history
FROM rep LEFT JOIN (SELECT rep_id, history_agg(stage_name, changed_at, amount, opportunity_id::text) AS history
					FROM opportunity_history JOIN lead ON lead_id = opportunity_id
					WHERE stage_name IN ('won', 'lost', 'no_decision') GROUP BY rep_id) AS book USING (rep_id)
WHERE hired_at >= '2023-01-01';		-- the first day with deals on record

CREATE VIEW content_events AS
SELECT content, action, actor, CASE WHEN actor LIKE 'rep %' THEN 'seller' ELSE 'buyer' END AS audience, seconds, used_at AS at FROM content_use;

CREATE VIEW settings AS
SELECT as_of() AS as_of, programme_start() AS programme_start, '{lead,mql,sql,opportunity,won}'::text[] AS stages, interval '180 days' AS within, 2 AS sustained, 'EUR' AS currency, 'A generated sales organisation' AS title;
