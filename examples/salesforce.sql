-- Views from Salesforce as Fivetran (or a sync like it) leaves it in a warehouse, to the four views of a report (doc/report.md).
--
--     psql -v source=salesforce -v zone=America/New_York -f examples/salesforce.sql
--
--   source             schema of the tables lead, opportunity, opportunity_history, user and, where they are synchronized,
--                      opportunity_competitor and forecasting_quota (salesforce)
--   target             schema of the views, made if it is not there (salesforce_metrics)
--   zone               time zone of the organisation, in which its dates are meant (UTC)
--   hired              column of "user" with the day of hire, say a custom field hire_date_c (see staff below)
--   competitors        column of opportunity with competitors as free text (main_competitors_c, where there is one)
--   period             month, quarter or year of the quotas (what the distance between them says)
--   programme_start    day on which the enablement programme began; without it nothing is compared before and since
--   fiscal_year_start  month in which the fiscal year begins (what the first days of the quotas say)
--
-- The views, and their columns:
--
--   deals                 deal, history, began_at, team, platform, adopted_on, segment, source, owner: one row per opportunity,
--                         with its lead, and per lead without one
--   reps                  rep, hired_at, left_at, quota, ramp, period, history, name, fiscal_year_start, calendar, quotas, rep_id
--   deal_histories        opportunity_id, owner_id, lead_source, history
--   lead_histories        lead_id, owner_id, lead_source, history
--   outcomes              opportunity_id, owner_id, lead_source, outcome
--   attainments           rep_id, name, hired_at, attainment
--   settings              as_of, programme_start, stages, within, currency, title, zone
--   on the way to those   source_TABLE, synced, stages, stage_changes, conversions, competitors, staff, quota_rows,
--                         quota_periods, quotas, closed_deals
--
-- What is missing leaves its views out: without forecasting_quota quota_rows, quota_periods, quotas and attainments; without a
-- day of hire the last one. Without quotas reps are those who own an opportunity. The report has no competitors where neither
-- table nor free text has any, and no content: Salesforce's own tables do not know it.
--
-- Amounts count as they are: with several currencies, put a view with converted ones in the place of the table.
-- All is checked first and made in one transaction; run it again after a change. salesforce_sample.sql makes a small
-- organisation with every trap below in it. The views are plain ones: ANALYZE the tables after a first sync, materialize
-- deal_histories and lead_histories where they are large, each with a unique index, and refresh them CONCURRENTLY; the others
-- are cheap on top of them.

\set ON_ERROR_STOP on
\if :{?source}
\else
	\set source salesforce
\endif
\if :{?target}
\else
	\set target salesforce_metrics
\endif
\if :{?zone}
\else
	\set zone UTC
\endif
\if :{?programme_start}
\else
	\set programme_start ''
\endif
\if :{?hired}
	\set hired_named true
\else
	\set hired_named false
	\set hired ''
\endif
\if :{?competitors}
	\set competitors_named true
\else
	\set competitors_named false
	\set competitors main_competitors_c
\endif

BEGIN;
CREATE TEMP TABLE needed (relation text, attribute text, class text, need text, alias text) ON COMMIT DROP;
INSERT INTO needed VALUES
	('lead', 'id', 'id', 'always'), ('lead', 'created_date', 'timestamptz', 'always'), ('lead', 'is_converted', 'boolean', 'always'), ('lead', 'converted_date', 'date', 'always'),
	('lead', 'converted_opportunity_id', 'id', 'always'), ('lead', 'master_record_id', 'id', 'always'), ('lead', 'is_deleted', 'boolean', 'if there'),
	('lead', '_fivetran_deleted', 'boolean', 'if there'), ('lead', 'lead_source', 'text', 'if there'), ('lead', 'owner_id', 'id', 'if there'), ('lead', '_fivetran_synced', 'timestamptz', 'always'),
	('opportunity', 'id', 'id', 'always'), ('opportunity', 'created_date', 'timestamptz', 'always'), ('opportunity', 'close_date', 'date', 'always'),
	('opportunity', 'stage_name', 'text', 'always'), ('opportunity', 'amount', 'number', 'always'), ('opportunity', 'is_closed', 'boolean', 'always'),
	('opportunity', 'is_won', 'boolean', 'always'), ('opportunity', 'is_deleted', 'boolean', 'if there'), ('opportunity', '_fivetran_deleted', 'boolean', 'if there'),
	('opportunity', 'owner_id', 'id', 'always'), ('opportunity', 'lead_source', 'text', 'if there'), ('opportunity', '_fivetran_synced', 'timestamptz', 'always'),
	('opportunity_history', 'id', 'id', 'always'), ('opportunity_history', 'opportunity_id', 'id', 'always'), ('opportunity_history', 'created_date', 'timestamptz', 'always'),
	('opportunity_history', 'stage_name', 'text', 'always'), ('opportunity_history', 'amount', 'number', 'always'), ('opportunity_history', 'is_deleted', 'boolean', 'if there'),
	('opportunity_history', '_fivetran_deleted', 'boolean', 'if there'), ('opportunity_history', '_fivetran_synced', 'timestamptz', 'always'),
	('opportunity_competitor', 'opportunity_id', 'id', 'with table'), ('opportunity_competitor', 'competitor_name', 'text', 'with table'),
	('opportunity_competitor', 'created_date', 'timestamptz', 'with table'), ('opportunity_competitor', 'is_deleted', 'boolean', 'if there'),
	('opportunity_competitor', '_fivetran_deleted', 'boolean', 'if there'),
	('user', 'id', 'id', 'always'), ('user', 'name', 'text', 'always'), ('user', 'is_active', 'boolean', 'if there'), ('user', 'last_login_date', 'timestamptz', 'if there'),
	('user', 'created_date', 'timestamptz', 'if there'), ('user', '_fivetran_deleted', 'boolean', 'if there'),
	('forecasting_quota', 'quota_owner_id', 'id', 'with table'), ('forecasting_quota', 'start_date', 'date', 'with table'), ('forecasting_quota', 'quota_amount', 'number', 'with table'),
	('forecasting_quota', 'is_amount', 'boolean', 'if there'), ('forecasting_quota', 'forecasting_type_id', 'id', 'if there'), ('forecasting_quota', '_fivetran_deleted', 'boolean', 'if there');
INSERT INTO needed SELECT 'user', :'hired', 'day', 'always', 'hired' WHERE :'hired_named';
INSERT INTO needed SELECT 'opportunity', :'competitors', 'text', CASE WHEN :'competitors_named' THEN 'always' ELSE 'if there' END, 'competitors';
UPDATE needed SET alias = attribute WHERE alias IS NULL;
\ir adapter.sql

SELECT bool_or(relation = 'forecasting_quota' AND relation_id IS NOT NULL) AS has_quotas,
       bool_or(relation = 'user' AND alias IN ('created_date', 'hired') AND type IS NOT NULL) AS has_hired
FROM found \gset

-- TRAP: as of when? A sync that stopped last week knows nothing of this week: a report as of now() would take its silence
-- for deals that went nowhere. All views stand as of the last row that came.
CREATE OR REPLACE VIEW synced AS
SELECT greatest((SELECT max(_fivetran_synced) FROM source_lead), (SELECT max(_fivetran_synced) FROM source_opportunity),
                (SELECT max(_fivetran_synced) FROM source_opportunity_history)) AS at;
COMMENT ON VIEW synced IS 'up to when the data is complete';

-- TRAP: stages have the names that the organisation gave them ("Closed Won", "Won - Signed"). Which of them are won or lost
-- is told by the opportunities that are in them now; all others keep their names.
-- TRAP: a stage that was renamed has its new name in all opportunities and its old one in the history. A name that only the
-- history knows is that of an ending, if at least half of the opportunities that were in it have it last, and all of those
-- are closed; and won or lost, if all of those are.
CREATE OR REPLACE VIEW stages AS
WITH now_named AS (
	SELECT stage_name, bool_and(is_closed AND is_won) AS is_won, bool_and(is_closed AND NOT is_won) AS is_lost, false AS is_old_ending FROM source_opportunity GROUP BY stage_name
), passed AS (
	SELECT DISTINCT ON (opportunity_id, stage_name) opportunity_id, stage_name, last_value(stage_name) OVER w = stage_name AS is_last
	FROM source_opportunity_history WHERE is_deleted IS NOT TRUE AND _fivetran_deleted IS NOT TRUE
	WINDOW w AS (PARTITION BY opportunity_id ORDER BY created_date, id ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)
), formerly AS (
	SELECT p.stage_name, bool_and(is_closed AND is_won) FILTER (WHERE is_last) AS is_won, bool_and(is_closed AND NOT is_won) FILTER (WHERE is_last) AS is_lost,
	       2 * count(*) FILTER (WHERE is_last) >= count(*) AND bool_and(is_closed) FILTER (WHERE is_last) AS is_old_ending
	FROM passed p JOIN source_opportunity o ON o.id = opportunity_id GROUP BY p.stage_name
)
SELECT stage_name, CASE WHEN is_won AND (is_old_ending OR is_current) THEN 'won' WHEN is_lost AND (is_old_ending OR is_current) THEN 'lost' ELSE stage_name END AS kind,
       is_old_ending IS TRUE AS is_old_ending
FROM (SELECT *, true AS is_current FROM now_named
      UNION ALL
      SELECT *, false FROM formerly WHERE NOT EXISTS (SELECT FROM now_named n WHERE n.stage_name = formerly.stage_name)) AS s;
COMMENT ON VIEW stages IS 'what each stage means: won, lost, or itself';

-- TRAP: opportunity_history has a row for every change of stage, amount, probability or close date, so stages repeat. A win
-- whose amount was corrected twice would be three wins in a rep's quota, and would have happened on the day of the last
-- correction. Rows that stay in one stage (or go from one won stage to the next) are one entry, at the first of them, with
-- the last amount of them: an earlier as-of date sees the corrected amount too.
-- TRAP: soft-deleted opportunities keep their rows.
-- TRAP: how a deal stands now is told by is_closed and is_won of the opportunity, whatever the last row of its history says.
-- Where that row is of another stage, the history lacks the last change: it came on close_date, if it is an end (not before
-- the row, nor after the sync), and with the last sync of the opportunity, if the deal is open again.
-- TRAP: close_date is a plan until the deal is closed, and can be set to anything after; the history says when it closed.
-- But a deal that came closed into Salesforce (an import) has no course, only an end: that end is its close_date, not the
-- day of the import. So has a closed deal without any history.
CREATE OR REPLACE VIEW stage_changes AS
WITH live AS (
	SELECT id AS opportunity_id, created_date, stage_name, amount AS deal_amount, close_date::timestamp AT TIME ZONE :'zone' AS close_day, _fivetran_synced AS synced_at,
	       CASE WHEN is_closed AND is_won THEN 'won' WHEN is_closed THEN 'lost' END AS ending
	FROM source_opportunity WHERE is_deleted IS NOT TRUE AND _fivetran_deleted IS NOT TRUE
), written AS (
	SELECT l.*, h.id, h.created_date AS at, h.stage_name AS said, h.amount,
	       bool_and(h.stage_name = last_stage) OVER (PARTITION BY opportunity_id ORDER BY h.created_date DESC, h.id DESC) AS is_last
	FROM live l JOIN (SELECT *, first_value(stage_name) OVER (PARTITION BY opportunity_id ORDER BY created_date DESC, id DESC) AS last_stage
	                  FROM source_opportunity_history WHERE is_deleted IS NOT TRUE AND _fivetran_deleted IS NOT TRUE) AS h USING (opportunity_id)
), meant AS (
	SELECT w.*, CASE WHEN is_last AND ending IS NOT NULL AND (said = w.stage_name OR is_old_ending) THEN ending ELSE coalesce(kind, said) END AS kind
	FROM written w LEFT JOIN stages s ON s.stage_name = said
), change AS (
	SELECT opportunity_id, id, at, kind, amount, close_day, synced_at, deal_amount FROM meant
	UNION ALL
	SELECT opportunity_id, '', created_date, coalesce(ending, kind), deal_amount, close_day, synced_at, deal_amount
	FROM live l JOIN stages s USING (stage_name)
	WHERE NOT EXISTS (SELECT FROM written w WHERE w.opportunity_id = l.opportunity_id)
	UNION ALL
	SELECT * FROM (
		SELECT DISTINCT ON (opportunity_id) opportunity_id, id,
		       greatest(m.at + interval '1 microsecond', CASE WHEN ending IS NULL THEN synced_at ELSE least(close_day, synced.at) END), coalesce(ending, m.stage_name), deal_amount, close_day, synced_at, deal_amount
		FROM meant m, synced WHERE CASE WHEN kind IN ('won', 'lost') THEN kind END IS DISTINCT FROM ending AND is_last
		ORDER BY opportunity_id, m.at DESC, id DESC) AS lacking
), entered AS (
	SELECT *, lag(kind) OVER w IS DISTINCT FROM kind AS is_entry FROM change WINDOW w AS (PARTITION BY opportunity_id ORDER BY at, id)
), run AS (
	SELECT *, count(*) FILTER (WHERE is_entry) OVER (PARTITION BY opportunity_id ORDER BY at, id) AS nth FROM entered
), stay AS (
	SELECT opportunity_id, nth, kind, min(at) AS at, min(least(close_day, synced_at)) AS close_day, min(deal_amount) AS deal_amount,
	       (array_agg(amount ORDER BY at DESC, id DESC) FILTER (WHERE amount IS NOT NULL))[1] AS amount, nth = max(nth) OVER (PARTITION BY opportunity_id) AS is_last
	FROM run GROUP BY opportunity_id, nth, kind
)
SELECT opportunity_id, nth, kind, nth = 1 AND kind IN ('won', 'lost') AS came_closed,
       CASE WHEN nth = 1 AND is_last AND kind IN ('won', 'lost') THEN coalesce(close_day, at) ELSE at END AS at,
       CASE WHEN is_last AND kind IN ('won', 'lost') THEN coalesce(amount, deal_amount) ELSE amount END AS amount,
       is_last, kind NOT IN ('won', 'lost') AND lag(kind) OVER (PARTITION BY opportunity_id ORDER BY nth) IN ('won', 'lost') AS reopened
FROM stay;
COMMENT ON VIEW stage_changes IS 'one row each time an opportunity came into a stage';

-- TRAP: competitors are free text, one row or field may name several, and the spelling varies ("GLOBEX", "Globex, Inc."). A
-- name counts in its most frequent spelling.
-- TRAP: some are filled in after the deal was lost; who was considered is told by the events up to its end. They are
-- brought forward to it in deal_histories.
CREATE OR REPLACE VIEW competitors AS
WITH entry AS (
	SELECT opportunity_id, competitor_names(competitor_name) AS name, created_date AS at FROM source_opportunity_competitor WHERE is_deleted IS NOT TRUE AND _fivetran_deleted IS NOT TRUE
	UNION ALL
	SELECT id, competitor_names(competitors), created_date FROM source_opportunity
), spelling AS (
	SELECT lower(name) AS folded, mode() WITHIN GROUP (ORDER BY name COLLATE "C") AS competitor FROM entry GROUP BY 1
)
SELECT opportunity_id, competitor, min(at) AS at FROM entry JOIN spelling ON folded = lower(name) GROUP BY 1, 2;
COMMENT ON VIEW competitors IS 'which competitor was considered in which opportunity, and since when';

-- One history per opportunity: "opportunity" when it was created, its stages, won or lost, and its competitors. One that was
-- reopened is an "opportunity" again from then on, so that its first ending does not stand. Deals that came closed have no
-- beginning: they count in win rates and quotas, and not in how long deals take.
CREATE OR REPLACE VIEW deal_histories AS
WITH change AS MATERIALIZED (
	TABLE stage_changes
)
SELECT o.id AS opportunity_id, o.owner_id, o.lead_source, history_agg(e.kind, e.at, e.amount, e.subject) AS history
FROM source_opportunity o JOIN (
	SELECT opportunity_id, kind, at, amount, NULL AS subject FROM change
	UNION ALL
	SELECT opportunity_id, 'opportunity', at, NULL, NULL FROM change WHERE reopened
	UNION ALL
	SELECT id, 'opportunity', created_date, NULL, NULL FROM source_opportunity
	WHERE NOT EXISTS (SELECT FROM change WHERE opportunity_id = id AND came_closed)
	UNION ALL
	SELECT c.opportunity_id, 'competitor', least(c.at, s.at), NULL, c.competitor
	FROM competitors c LEFT JOIN change s ON s.opportunity_id = c.opportunity_id AND s.is_last AND s.kind IN ('won', 'lost')
) AS e ON e.opportunity_id = o.id
WHERE o.is_deleted IS NOT TRUE AND o._fivetran_deleted IS NOT TRUE
GROUP BY o.id, o.owner_id, o.lead_source;
COMMENT ON VIEW deal_histories IS 'one history per opportunity';

-- TRAP: merged duplicates are soft-deleted rows with a master_record_id, which may have been merged again. They are one
-- lead, as old as the oldest of them. Other deleted leads are none.
CREATE OR REPLACE VIEW merged_leads AS
WITH RECURSIVE alive AS (
	SELECT id FROM source_lead WHERE is_deleted IS NOT TRUE AND _fivetran_deleted IS NOT TRUE AND master_record_id IS NULL
), chain(id, lead_id) AS (		-- up from each merged lead
	SELECT id, master_record_id FROM source_lead WHERE master_record_id IS NOT NULL
	UNION
	SELECT chain.id, master_record_id FROM chain JOIN source_lead l ON l.id = chain.lead_id WHERE master_record_id IS NOT NULL
), merged AS (
	SELECT id, id AS lead_id FROM alive
	UNION ALL
	SELECT chain.id, lead_id FROM chain JOIN alive ON alive.id = lead_id
)
SELECT lead_id, min(created_date) AS at FROM merged JOIN source_lead USING (id) GROUP BY lead_id;
COMMENT ON VIEW merged_leads IS 'each lead, since the oldest of those that were merged into it';

-- TRAP: converted_date is a date, created_date an instant. At midnight of its own day a lead was not there yet, so that those
-- converted on the day they came, the best ones, would never count as converted. Where the opportunity was created on
-- that day (in the organisation's zone, not in UTC), its instant is meant; otherwise (converted to one that was there
-- already) midnight, but not before the lead.
-- TRAP: is_converted alone says that the lead became a contact; only converted_opportunity_id says that it became a deal.
CREATE OR REPLACE VIEW conversions AS
SELECT l.id AS lead_id, o.id AS opportunity_id, b.at AS born_at,
       greatest(b.at, CASE WHEN (o.created_date AT TIME ZONE :'zone')::date = l.converted_date THEN o.created_date
                           ELSE l.converted_date::timestamp AT TIME ZONE :'zone' END) AS at
FROM source_lead l JOIN merged_leads b ON b.lead_id = l.id JOIN source_opportunity o ON o.id = l.converted_opportunity_id
WHERE l.is_converted AND o.is_deleted IS NOT TRUE AND o._fivetran_deleted IS NOT TRUE;
COMMENT ON VIEW conversions IS 'which lead became which opportunity, and when';

-- One history per lead: "lead" when it was created, "opportunity" when it was converted to one, then the stages of that one. A
-- lead may be converted to a deal that ended before: that ending is then the lead's, on the day of conversion.
CREATE OR REPLACE VIEW lead_histories AS
WITH conversion AS MATERIALIZED (
	TABLE conversions
), change AS MATERIALIZED (
	TABLE stage_changes
)
SELECT l.id AS lead_id, l.owner_id, l.lead_source, history_agg(e.kind, e.at, e.amount) AS history
FROM source_lead l JOIN (
	SELECT lead_id, 'lead' AS kind, at, NULL::numeric AS amount FROM merged_leads
	UNION ALL
	SELECT lead_id, 'opportunity', at, NULL FROM conversion
	UNION ALL
	SELECT lead_id, 'opportunity', s.at, NULL FROM conversion c JOIN change s USING (opportunity_id) WHERE reopened AND s.at > c.at
	UNION ALL
	SELECT lead_id, kind, CASE WHEN kind IN ('won', 'lost') THEN greatest(s.at, c.at) ELSE s.at END, amount
	FROM conversion c JOIN change s USING (opportunity_id) WHERE is_last OR s.at > c.at OR kind NOT IN ('won', 'lost')
) AS e ON e.lead_id = l.id
GROUP BY l.id, l.owner_id, l.lead_source;
COMMENT ON VIEW lead_histories IS 'one history per lead, through its opportunity';

-- One row per deal: each opportunity, with "lead" of the oldest lead that became it (not after the opportunity itself), and
-- each lead that became none.
CREATE OR REPLACE VIEW deals AS
WITH deal AS MATERIALIZED (
	TABLE deal_histories
), conversion AS MATERIALIZED (
	TABLE conversions
)
SELECT deal, history, started_at(history) AS began_at, NULL::text AS team, NULL::text AS platform, NULL::date AS adopted_on, NULL::text AS segment, source, owner
FROM (SELECT opportunity_id AS deal, history || deal_event('lead', least(born_at, first_at(history, 'opportunity'))) AS history, lead_source AS source, owner_id AS owner
      FROM deal LEFT JOIN (SELECT opportunity_id, min(born_at) AS born_at FROM conversion GROUP BY opportunity_id) AS c USING (opportunity_id)
      WHERE born_at IS NOT NULL AND first_at(history, 'opportunity') IS NOT NULL
      UNION ALL
      SELECT opportunity_id, history, lead_source, owner_id FROM deal d
      WHERE NOT EXISTS (SELECT FROM conversion c WHERE c.opportunity_id = d.opportunity_id) OR first_at(history, 'opportunity') IS NULL
      UNION ALL
      SELECT lead_id, history, lead_source, owner_id FROM lead_histories l WHERE NOT EXISTS (SELECT FROM conversion c WHERE c.lead_id = l.lead_id)) AS d;
COMMENT ON VIEW deals IS 'one history per deal, from lead to end';

CREATE OR REPLACE VIEW outcomes AS
SELECT opportunity_id, owner_id, lead_source, deal_outcome(history, as_of => synced.at) AS outcome FROM deal_histories, synced;
COMMENT ON VIEW outcomes IS 'how each opportunity ended, and against whom';

-- Deals count for the rep who owns them now, each by its last end up to any instant: one that was lost, reopened and won is one
-- deal. What was won and reopened is not won from then on, as if it were lost.
CREATE OR REPLACE VIEW closed_deals AS
SELECT o.owner_id AS rep_id, opportunity_id AS deal, CASE WHEN reopened THEN 'lost' ELSE kind END AS kind, at, CASE WHEN NOT reopened THEN s.amount END AS amount
FROM stage_changes s JOIN source_opportunity o ON o.id = opportunity_id WHERE kind IN ('won', 'lost') OR reopened;
COMMENT ON VIEW closed_deals IS 'each time a deal was won, lost or reopened';

\if :has_quotas
	-- TRAP: forecasting_quota has a row per rep and period, but also per product family (to be added up) and per forecasting
	-- type (the same quota again under another type: the most frequent one is taken), and quotas of pieces instead of money.
	CREATE OR REPLACE VIEW quota_rows AS
	SELECT quota_owner_id AS rep_id, start_date, quota_amount AS quota
	FROM source_forecasting_quota
	WHERE is_amount IS NOT FALSE AND quota_amount >= 0 AND start_date IS NOT NULL AND _fivetran_deleted IS NOT TRUE
	  AND forecasting_type_id IS NOT DISTINCT FROM (SELECT mode() WITHIN GROUP (ORDER BY forecasting_type_id COLLATE "C")
	                                                FROM source_forecasting_quota WHERE is_amount IS NOT FALSE AND _fivetran_deleted IS NOT TRUE);
	COMMENT ON VIEW quota_rows IS 'the quotas that count';
\endif

-- TRAP: Salesforce has no day of hire. user.created_date is the day of the login: it is late where logins were made anew (a
-- merger, a new sign-on), so that quotas lie before it. A rep is taken to be hired on that day or on the first day of the first
-- quota, whichever is earlier. Better is a field of your own, which counts as it is: psql -v hired=hire_date_c.
-- TRAP: nor a day of leaving: is_active says that, last_login_date about when.
CREATE OR REPLACE VIEW staff AS
SELECT u.id AS rep_id, u.name, hired_at, CASE WHEN u.is_active IS FALSE THEN greatest(hired_at, u.last_login_date) END AS left_at
FROM source_user u,
\if :hired_named
     LATERAL (SELECT u.hired) AS h (hired_at)
\elif :has_hired
	\if :has_quotas
     LATERAL (SELECT least(u.created_date, (SELECT min(start_date) FROM quota_rows q WHERE q.rep_id = u.id)::timestamp AT TIME ZONE :'zone')) AS h (hired_at)
	\else
     LATERAL (SELECT u.created_date) AS h (hired_at)
	\endif
\else
     LATERAL (SELECT NULL::timestamptz) AS h (hired_at)
\endif
WHERE u._fivetran_deleted IS NOT TRUE;
COMMENT ON VIEW staff IS 'who is or was here, since when and until when';

\if :has_quotas
	\ir adapter_quotas.sql
\else
	DROP VIEW IF EXISTS attainments;
	CREATE OR REPLACE VIEW reps AS
	SELECT rep_id AS rep, hired_at, left_at, NULL::numeric AS quota, NULL::numeric[] AS ramp, NULL::text AS period, history, name,
	       NULL::int AS fiscal_year_start, NULL::date[] AS calendar, NULL::numeric[] AS quotas, rep_id
	FROM staff JOIN (SELECT DISTINCT owner_id AS rep_id FROM source_opportunity) AS o USING (rep_id)
	     LEFT JOIN (SELECT rep_id, history_agg(kind, at, amount, deal) AS history FROM closed_deals GROUP BY rep_id) AS book USING (rep_id);
	COMMENT ON VIEW reps IS 'who owns opportunities, since when, and the closed deals';
	DROP VIEW IF EXISTS quotas, quota_periods, quota_rows;
\endif

-- The report (doc/report.md): enablement-report --schema salesforce_metrics --views > report.html
CREATE OR REPLACE VIEW settings AS
SELECT at AS as_of, nullif(:'programme_start', '')::timestamp AT TIME ZONE :'zone' AS programme_start, '{lead,opportunity,won}'::text[] AS stages, interval '180 days' AS within,
       NULL::text AS currency, 'Salesforce: leads to customers'::text AS title, :'zone'::text AS zone
FROM synced;
COMMENT ON VIEW settings IS 'what the report asks';
COMMIT;
