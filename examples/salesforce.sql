-- Views from Salesforce as Fivetran (or a sync like it) leaves it in a warehouse, to histories, outcomes, quotas and reports.
--
--     psql -v source=salesforce -v zone=America/New_York -f examples/salesforce.sql
--
--   source       schema of the tables lead, opportunity, opportunity_history, opportunity_competitor, user, forecasting_quota (salesforce)
--   target       schema of the views, made if it is not there (salesforce_metrics)
--   zone         time zone of the organisation, in which its dates are meant (UTC)
--   hired        column of "user" with the day of hire, say a custom field hire_date_c (created_date: see reps below)
--   competitors  column of opportunity with competitors as free text (main_competitors_c, where there is one)
--   period       month, quarter or year of the quotas (what the distance between them says)
--
-- Amounts count as they are: with several currencies, put a view with converted ones in the place of the table.
-- All is checked first and made in one transaction; run it again after a change. salesforce_sample.sql makes a small
-- organisation with every trap below in it. The views are plain ones: materialize deal_histories and lead_histories where
-- the tables are large, each with a unique index, and refresh them CONCURRENTLY; the others are cheap on top of them.

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
\if :{?hired}
\else
	\set hired created_date
\endif
\if :{?competitors}
	\set competitors_named true
\else
	\set competitors_named false
	\set competitors main_competitors_c
\endif

BEGIN;
CREATE TEMP TABLE needed (relation text, attribute text, class text) ON COMMIT DROP;
INSERT INTO needed VALUES
	('lead', 'id', 'text'), ('lead', 'created_date', 'timestamptz'), ('lead', 'is_converted', 'boolean'), ('lead', 'converted_date', 'date'),
	('lead', 'converted_opportunity_id', 'text'), ('lead', 'master_record_id', 'text'), ('lead', 'is_deleted', 'boolean'),
	('lead', 'lead_source', 'text'), ('lead', 'owner_id', 'text'), ('lead', '_fivetran_synced', 'timestamptz'),
	('opportunity', 'id', 'text'), ('opportunity', 'created_date', 'timestamptz'), ('opportunity', 'close_date', 'date'), ('opportunity', 'stage_name', 'text'),
	('opportunity', 'amount', 'number'), ('opportunity', 'is_closed', 'boolean'), ('opportunity', 'is_won', 'boolean'), ('opportunity', 'is_deleted', 'boolean'),
	('opportunity', 'owner_id', 'text'), ('opportunity', 'lead_source', 'text'), ('opportunity', '_fivetran_synced', 'timestamptz'),
	('opportunity_history', 'id', 'text'), ('opportunity_history', 'opportunity_id', 'text'), ('opportunity_history', 'created_date', 'timestamptz'),
	('opportunity_history', 'stage_name', 'text'), ('opportunity_history', 'amount', 'number'), ('opportunity_history', 'is_deleted', 'boolean'),
	('opportunity_history', '_fivetran_synced', 'timestamptz'),
	('opportunity_competitor', 'opportunity_id', 'text'), ('opportunity_competitor', 'competitor_name', 'text'),
	('opportunity_competitor', 'created_date', 'timestamptz'), ('opportunity_competitor', 'is_deleted', 'boolean'),
	('user', 'id', 'text'), ('user', 'name', 'text'), ('user', 'is_active', 'boolean'), ('user', 'last_login_date', 'timestamptz'), ('user', '_fivetran_deleted', 'boolean'),
	('forecasting_quota', 'quota_owner_id', 'text'), ('forecasting_quota', 'start_date', 'date'), ('forecasting_quota', 'quota_amount', 'number'),
	('forecasting_quota', 'is_amount', 'boolean'), ('forecasting_quota', 'forecasting_type_id', 'text');
INSERT INTO needed SELECT 'user', :'hired', CASE WHEN :'hired' = 'created_date' THEN 'timestamptz' ELSE 'date' END;
INSERT INTO needed SELECT 'opportunity', :'competitors', 'text' WHERE :'competitors_named';
\ir adapter.sql

-- a date of hire begins at midnight of the organisation; what is stored as an instant is one
SELECT CASE WHEN :'hired' = 'created_date' THEN 'u.created_date' ELSE format('u.%I::timestamp AT TIME ZONE %L', :'hired', :'zone') END AS created \gset
-- columns that may be there
SELECT count(*) FILTER (WHERE relname = 'opportunity' AND attname = :'competitors') > 0 AS has_competitors,
       CASE WHEN count(*) FILTER (WHERE relname = 'forecasting_quota' AND attname = '_fivetran_deleted') > 0 THEN '_fivetran_deleted IS NOT TRUE' ELSE 'true' END AS quota_lives
FROM pg_attribute JOIN pg_class c ON c.oid = attrelid WHERE relnamespace = to_regnamespace(quote_ident(:'source')) AND NOT attisdropped \gset
\if :{?period}
	SELECT :'period' IN ('month', 'quarter', 'year') AS period_known \gset
	\if :period_known
	\else
		DO $$ BEGIN RAISE invalid_parameter_value USING MESSAGE = 'period must be month, quarter or year', HINT = 'Nothing was created.'; END $$;
	\endif
\else
	SELECT CASE WHEN min(months) >= 12 THEN 'year' WHEN min(months) >= 3 THEN 'quarter' ELSE 'month' END AS period
	FROM (SELECT 12 * extract(year FROM start_date) + extract(month FROM start_date)
	             - lag(12 * extract(year FROM start_date) + extract(month FROM start_date)) OVER (PARTITION BY quota_owner_id ORDER BY start_date) AS months
	      FROM (SELECT DISTINCT quota_owner_id, start_date FROM :"source".forecasting_quota WHERE :quota_lives) AS q) AS distance
	WHERE months > 0 \gset
\endif

-- TRAP: as of when? A sync that stopped last week knows nothing of this week: a report as of now() would take its silence
-- for deals that went nowhere. All views stand as of the last row that came.
CREATE OR REPLACE VIEW synced AS
SELECT greatest((SELECT max(_fivetran_synced) FROM :"source".lead), (SELECT max(_fivetran_synced) FROM :"source".opportunity),
                (SELECT max(_fivetran_synced) FROM :"source".opportunity_history)) AS at;
COMMENT ON VIEW synced IS 'up to when the data is complete';

-- TRAP: stages have the names that the organisation gave them ("Closed Won", "Won - Signed"). Which of them are won or lost
-- is told by the opportunities that are in them now; all others keep their names.
CREATE OR REPLACE VIEW stages AS
SELECT stage_name, CASE WHEN bool_and(is_closed AND is_won) THEN 'won' WHEN bool_and(is_closed AND NOT is_won) THEN 'lost' ELSE stage_name END AS kind
FROM :"source".opportunity GROUP BY stage_name;
COMMENT ON VIEW stages IS 'what each stage means: won, lost, or itself';

-- TRAP: opportunity_history has a row for every change of stage, amount, probability or close date, so stages repeat. A win
-- whose amount was corrected twice would be three wins in a rep's quota, and would have happened on the day of the last
-- correction. Rows that stay in one stage (or go from one won stage to the next) are one entry, at the first of them, with
-- the last amount of them: an earlier as-of date sees the corrected amount too.
-- TRAP: soft-deleted opportunities keep their rows.
-- TRAP: close_date is a plan until the deal is closed, and can be set to anything after; the history says when it closed.
-- But a deal that came closed into Salesforce (an import) has no course, only an end: that end is its close_date, not the
-- day of the import. So has a closed deal without any history.
CREATE OR REPLACE VIEW stage_changes AS
WITH live AS (
	SELECT id AS opportunity_id, created_date, stage_name, amount, close_date::timestamp AT TIME ZONE :'zone' AS close_day
	FROM :"source".opportunity WHERE is_deleted IS NOT TRUE
), change AS (
	SELECT opportunity_id, h.id, h.created_date AS at, coalesce(s.kind, h.stage_name) AS kind, h.amount, close_day
	FROM live JOIN :"source".opportunity_history h USING (opportunity_id) LEFT JOIN stages s ON s.stage_name = h.stage_name
	WHERE h.is_deleted IS NOT TRUE
	UNION ALL
	SELECT opportunity_id, '', created_date, kind, amount, close_day
	FROM live JOIN stages USING (stage_name)
	WHERE NOT EXISTS (SELECT FROM :"source".opportunity_history h WHERE h.opportunity_id = live.opportunity_id AND h.is_deleted IS NOT TRUE)
), entered AS (
	SELECT *, lag(kind) OVER w IS DISTINCT FROM kind AS is_entry FROM change WINDOW w AS (PARTITION BY opportunity_id ORDER BY at, id)
), run AS (
	SELECT *, count(*) FILTER (WHERE is_entry) OVER (PARTITION BY opportunity_id ORDER BY at, id) AS nth FROM entered
)
SELECT opportunity_id, nth, kind, nth = 1 AND kind IN ('won', 'lost') AS came_closed,
       CASE WHEN nth = 1 AND kind IN ('won', 'lost') THEN min(close_day) ELSE min(at) END AS at,
       ((array_agg(amount ORDER BY at DESC, id DESC) FILTER (WHERE amount IS NOT NULL))[1])::numeric AS amount,
       nth = max(nth) OVER (PARTITION BY opportunity_id) AS is_last
FROM run GROUP BY opportunity_id, nth, kind;
COMMENT ON VIEW stage_changes IS 'one row each time an opportunity came into a stage';

-- TRAP: competitors are free text, one row or field may name several, and the spelling varies ("GLOBEX", "Globex, Inc."). A
-- name counts in its most frequent spelling.
-- TRAP: some are filled in after the deal was lost; who was considered is told by the events up to its end. They are
-- brought forward to it in deal_histories.
CREATE OR REPLACE VIEW competitors AS
WITH entry AS (
	SELECT opportunity_id, competitor_names(competitor_name) AS name, created_date AS at FROM :"source".opportunity_competitor WHERE is_deleted IS NOT TRUE
	\if :has_competitors
	UNION ALL
	SELECT id, competitor_names(:"competitors"), created_date FROM :"source".opportunity WHERE is_deleted IS NOT TRUE
	\endif
), spelling AS (
	SELECT lower(name) AS folded, mode() WITHIN GROUP (ORDER BY name COLLATE "C") AS competitor FROM entry GROUP BY 1
)
SELECT opportunity_id, competitor, min(at) AS at FROM entry JOIN spelling ON folded = lower(name) GROUP BY 1, 2;
COMMENT ON VIEW competitors IS 'which competitor was considered in which opportunity, and since when';

-- One history per opportunity: "opportunity" when it was created, its stages, won or lost, and its competitors. Deals that
-- came closed have no beginning: they count in win rates and quotas, and not in how long deals take.
CREATE OR REPLACE VIEW deal_histories AS
SELECT o.id AS opportunity_id, o.owner_id, o.lead_source, history_agg(e.kind, e.at, e.amount, e.subject) AS history
FROM :"source".opportunity o JOIN (
	SELECT opportunity_id, kind, at, amount, NULL AS subject FROM stage_changes
	UNION ALL
	SELECT id, 'opportunity', created_date, NULL, NULL FROM :"source".opportunity
	WHERE NOT EXISTS (SELECT FROM stage_changes WHERE opportunity_id = id AND came_closed)
	UNION ALL
	SELECT c.opportunity_id, 'competitor', least(c.at, s.at), NULL, c.competitor
	FROM competitors c LEFT JOIN stage_changes s ON s.opportunity_id = c.opportunity_id AND s.is_last AND s.kind IN ('won', 'lost')
) AS e ON e.opportunity_id = o.id
WHERE o.is_deleted IS NOT TRUE
GROUP BY o.id, o.owner_id, o.lead_source;
COMMENT ON VIEW deal_histories IS 'one history per opportunity';

-- One history per lead: "lead" when it was created, "opportunity" when it was converted to one, then the stages of that one.
-- TRAP: merged duplicates are soft-deleted rows with a master_record_id, which may have been merged again. They are one
-- lead, as old as the oldest of them. Other deleted leads are none.
-- TRAP: converted_date is a date, created_date an instant. At midnight of its own day a lead was not there yet, so that those
-- converted on the day they came, the best ones, would never count as converted. Where the opportunity was created on
-- that day (in the organisation's zone, not in UTC), its instant is meant; otherwise (converted to one that was there
-- already) midnight, but not before the lead.
-- TRAP: is_converted alone says that the lead became a contact; only converted_opportunity_id says that it became a deal.
CREATE OR REPLACE VIEW lead_histories AS
WITH RECURSIVE chain(id, lead_id) AS (		-- up from each merged lead
	SELECT id, master_record_id FROM :"source".lead WHERE master_record_id IS NOT NULL
	UNION
	SELECT chain.id, master_record_id FROM chain JOIN :"source".lead l ON l.id = chain.lead_id WHERE master_record_id IS NOT NULL
), merged AS (
	SELECT id, id AS lead_id FROM :"source".lead WHERE is_deleted IS NOT TRUE AND master_record_id IS NULL
	UNION ALL
	SELECT chain.id, lead_id FROM chain JOIN :"source".lead l ON l.id = lead_id WHERE is_deleted IS NOT TRUE AND master_record_id IS NULL
), born AS (
	SELECT lead_id, min(created_date) AS at FROM merged JOIN :"source".lead USING (id) GROUP BY lead_id
), converted AS (
	SELECT l.id AS lead_id, o.id AS opportunity_id,
	       greatest(born.at, CASE WHEN (o.created_date AT TIME ZONE :'zone')::date = l.converted_date::date THEN o.created_date
	                              ELSE l.converted_date::timestamp AT TIME ZONE :'zone' END) AS at
	FROM :"source".lead l JOIN born ON born.lead_id = l.id JOIN :"source".opportunity o ON o.id = l.converted_opportunity_id
	WHERE l.is_converted AND o.is_deleted IS NOT TRUE
)
SELECT l.id AS lead_id, l.owner_id, l.lead_source, history_agg(e.kind, e.at, e.amount) AS history
FROM :"source".lead l JOIN (
	SELECT lead_id, 'lead' AS kind, at, NULL::numeric AS amount FROM born
	UNION ALL
	SELECT lead_id, 'opportunity', at, NULL FROM converted
	UNION ALL
	SELECT lead_id, kind, s.at, amount FROM converted JOIN stage_changes s USING (opportunity_id)
) AS e ON e.lead_id = l.id
GROUP BY l.id, l.owner_id, l.lead_source;
COMMENT ON VIEW lead_histories IS 'one history per lead, through its opportunity';

CREATE OR REPLACE VIEW outcomes AS
SELECT opportunity_id, owner_id, lead_source, deal_outcome(history, as_of => synced.at) AS outcome FROM deal_histories, synced;
COMMENT ON VIEW outcomes IS 'how each opportunity ended, and against whom';

-- TRAP: forecasting_quota has a row per rep and period, but also per product family (to be added up) and per forecasting type
-- (the same quota again under another type: the most frequent one is taken), and quotas of pieces instead of money.
CREATE OR REPLACE VIEW quotas AS
SELECT quota_owner_id AS rep_id, date_trunc(:'period', start_date::timestamp)::date AS starts_on, sum(quota_amount)::numeric AS quota
FROM :"source".forecasting_quota
WHERE is_amount AND quota_amount > 0 AND :quota_lives
  AND forecasting_type_id IS NOT DISTINCT FROM (SELECT mode() WITHIN GROUP (ORDER BY forecasting_type_id COLLATE "C")
                                                FROM :"source".forecasting_quota WHERE is_amount AND :quota_lives)
GROUP BY 1, 2;
COMMENT ON VIEW quotas IS 'the quota of each rep and period';

-- TRAP: Salesforce has no day of hire. user.created_date is the day of the login: it is late where logins were made anew (a
-- merger, a new sign-on), so that quotas lie before it. A rep is taken to be hired on that day or on the first day of the first
-- quota, whichever is earlier. Better is a field of your own: psql -v hired=hire_date_c.
-- TRAP: nor a day of leaving: is_active says that, last_login_date about when.
-- The quotas of all periods from hire on are the ramp, the last one goes on. Periods without a quota take the one before
-- (at the beginning the first).
CREATE OR REPLACE VIEW reps AS
SELECT u.id AS rep_id, u.name, hired_at, CASE WHEN u.is_active IS FALSE THEN greatest(hired_at, u.last_login_date) END AS left_at,
       (array_agg(filled.quota ORDER BY starts_on))[1:count(*) - 1] AS ramp, (array_agg(filled.quota ORDER BY starts_on DESC))[1] AS quota
FROM :"source"."user" u
     JOIN (SELECT rep_id, min(starts_on) AS first_day, max(starts_on) AS last_day FROM quotas GROUP BY rep_id) AS span ON rep_id = u.id
     CROSS JOIN LATERAL (SELECT least(:created, first_day::timestamp AT TIME ZONE :'zone')) AS h (hired_at)
     CROSS JOIN LATERAL generate_series(least(date_trunc(:'period', hired_at AT TIME ZONE :'zone'), last_day), last_day::timestamp,
                                        ('1 ' || :'period')::interval) AS p (starts_on)
     CROSS JOIN LATERAL (SELECT q.quota FROM quotas q WHERE q.rep_id = u.id
                         ORDER BY q.starts_on <= p.starts_on DESC, abs(q.starts_on - p.starts_on::date) LIMIT 1) AS filled
WHERE u._fivetran_deleted IS NOT TRUE
GROUP BY u.id, u.name, hired_at, u.is_active, u.last_login_date;
COMMENT ON VIEW reps IS 'who has a quota, since when, and which';

-- Deals that are closed now count for the rep who owns them, once each; a rep without deals is a rep too.
CREATE OR REPLACE VIEW attainments AS
SELECT rep_id, name, hired_at, quota_attainment(history, hired_at, quota, period => :'period', ramp => ramp, as_of => synced.at, left_at => left_at, zone => :'zone') AS attainment
FROM synced, reps LEFT JOIN (
	SELECT o.owner_id, history_agg(s.kind, s.at, s.amount, s.opportunity_id) AS history
	FROM stage_changes s JOIN :"source".opportunity o ON o.id = s.opportunity_id WHERE is_last AND kind IN ('won', 'lost') GROUP BY o.owner_id
) AS book ON owner_id = rep_id;
COMMENT ON VIEW attainments IS 'how far each rep is on the way to quota';

-- Reports
CREATE OR REPLACE VIEW report_funnel AS
SELECT s.* FROM (SELECT funnel_agg(deal_progress(history, '{lead,opportunity,won}', as_of => synced.at)) AS funnel FROM lead_histories, synced) AS f, steps(funnel) AS s;
COMMENT ON VIEW report_funnel IS 'from lead to customer';

CREATE OR REPLACE VIEW report_win_rate AS
SELECT c.* FROM (SELECT win_agg(outcome) AS wins FROM outcomes) AS w, competitors(wins) AS c;
COMMENT ON VIEW report_win_rate IS 'wins by competitor: of all deals in which it was considered';

-- TRAP: a deal that was lost and reopened is not lost on the day it was lost first; only lost deals end by losing.
CREATE OR REPLACE VIEW report_cycle AS
SELECT observed(d) AS won, competing(d) AS lost, censored(d) AS open, median(d) AS median_days, reached_within(d, 90) AS won_within_90_days
FROM (SELECT duration_agg(deal_cycle(history, unless => CASE status(deal_outcome(history, as_of => synced.at)) WHEN 'lost' THEN '{lost}' ELSE '{}' END::text[], as_of => synced.at)) AS d
      FROM deal_histories, synced) AS x;
COMMENT ON VIEW report_cycle IS 'days from opportunity to win, open and lost deals counted';

CREATE OR REPLACE VIEW report_time_to_quota AS
SELECT reps(q), successes(reached(q)) AS reached, median(time_to_quota(q)) AS median_days, quota_velocity(q)
FROM (SELECT quota_agg(attainment) AS q FROM attainments) AS x;
COMMENT ON VIEW report_time_to_quota IS 'days from hire to the first period in which quota was reached, reps on the way counted';
COMMIT;
