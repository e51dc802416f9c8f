-- Views from HubSpot as Fivetran (or a sync like it) leaves it in a warehouse, to histories, outcomes and reports.
--
--     psql -v source=hubspot -v zone=Europe/Berlin -v quota=50000 -v period=quarter -f examples/hubspot.sql
--
--   source       schema of the tables contact, deal, deal_contact, deal_stage, deal_pipeline_stage, owner, and
--                merged_deal where it is synchronized (hubspot)
--   target       schema of the views, made if it is not there (hubspot_metrics)
--   zone         time zone of the organisation, for the periods of quotas (UTC)
--   competitors  property of deals with competitors, a text or a list of checkboxes (property_competitors, where there is one)
--   quota        the quota of a rep and period: HubSpot's goals are not among the tables above. Without it there are no attainments
--   period       month, quarter or year of that quota (month)
--
-- Amounts count as they are: with several currencies, put a view with converted ones in the place of the table.
-- All is checked first and made in one transaction; run it again after a change. hubspot_sample.sql makes a small
-- organisation with every trap below in it. The views are plain ones: materialize deal_histories and lead_histories where
-- the tables are large, each with a unique index, and refresh them CONCURRENTLY; the others are cheap on top of them.

\set ON_ERROR_STOP on
\if :{?source}
\else
	\set source hubspot
\endif
\if :{?target}
\else
	\set target hubspot_metrics
\endif
\if :{?zone}
\else
	\set zone UTC
\endif
\if :{?period}
\else
	\set period month
\endif
\if :{?competitors}
	\set competitors_named true
\else
	\set competitors_named false
	\set competitors property_competitors
\endif

BEGIN;
CREATE TEMP TABLE needed (relation text, attribute text, class text) ON COMMIT DROP;
INSERT INTO needed VALUES
	('contact', 'id', 'integer'), ('contact', 'property_createdate', 'timestamptz'), ('contact', 'property_hs_lifecyclestage_marketingqualifiedlead_date', 'timestamptz'),
	('contact', 'property_hs_lifecyclestage_salesqualifiedlead_date', 'timestamptz'), ('contact', 'property_hs_calculated_merged_vids', 'text'),
	('contact', '_fivetran_deleted', 'boolean'), ('contact', '_fivetran_synced', 'timestamptz'),
	('deal', 'deal_id', 'integer'), ('deal', 'deal_pipeline_id', 'text'), ('deal', 'owner_id', 'integer'), ('deal', 'is_deleted', 'boolean'),
	('deal', 'property_amount', 'number'), ('deal', 'property_createdate', 'timestamptz'), ('deal', 'property_closedate', 'timestamptz'), ('deal', '_fivetran_synced', 'timestamptz'),
	('deal_contact', 'deal_id', 'integer'), ('deal_contact', 'contact_id', 'integer'),
	('deal_stage', 'deal_id', 'integer'), ('deal_stage', 'value', 'text'), ('deal_stage', 'date_entered', 'timestamptz'),
	('deal_stage', '_fivetran_active', 'boolean'), ('deal_stage', '_fivetran_synced', 'timestamptz'),
	('deal_pipeline_stage', 'stage_id', 'text'), ('deal_pipeline_stage', 'pipeline_id', 'text'), ('deal_pipeline_stage', 'label', 'text'),
	('deal_pipeline_stage', 'closed_won', 'boolean'), ('deal_pipeline_stage', 'probability', 'number'),
	('owner', 'owner_id', 'integer'), ('owner', 'email', 'text'), ('owner', 'created_at', 'timestamptz');
INSERT INTO needed SELECT 'deal', :'competitors', 'text' WHERE :'competitors_named';
SELECT to_regclass(format('%I.merged_deal', :'source')) IS NOT NULL AS has_merged \gset
INSERT INTO needed SELECT 'merged_deal', attribute, 'integer' FROM (VALUES ('deal_id'), ('merged_deal_id')) AS a (attribute) WHERE :'has_merged';
\ir adapter.sql

SELECT EXISTS (SELECT FROM pg_attribute a JOIN pg_class c ON c.oid = attrelid
               WHERE relnamespace = to_regnamespace(quote_ident(:'source')) AND relname = 'deal' AND attname = :'competitors') AS has_competitors,
       :'period' IN ('month', 'quarter', 'year') AS period_known \gset
\if :period_known
\else
	DO $$ BEGIN RAISE invalid_parameter_value USING MESSAGE = 'period must be month, quarter or year', HINT = 'Nothing was created.'; END $$;
\endif

-- TRAP: as of when? A sync that stopped last week knows nothing of this week: a report as of now() would take its silence
-- for deals that went nowhere. All views stand as of the last row that came.
CREATE OR REPLACE VIEW synced AS
SELECT greatest((SELECT max(_fivetran_synced) FROM :"source".contact), (SELECT max(_fivetran_synced) FROM :"source".deal),
                (SELECT max(_fivetran_synced) FROM :"source".deal_stage)) AS at;
COMMENT ON VIEW synced IS 'up to when the data is complete';

-- TRAP: deal_stage.value is an id ("appointmentscheduled", "128450112"), whose label is in deal_pipeline_stage; two
-- pipelines may have the same id. Stages that were deleted since (_fivetran_deleted) are still in the history of deals.
-- closed_won says what is won; lost is said by a probability of 0 alone.
CREATE OR REPLACE VIEW stages AS
SELECT pipeline_id, stage_id, CASE WHEN closed_won THEN 'won' WHEN probability = 0 THEN 'lost' ELSE label END AS kind
FROM :"source".deal_pipeline_stage;
COMMENT ON VIEW stages IS 'what each stage means: won, lost, or its label';

-- TRAP: merged deals. The deals merged into another keep their rows, here and in deal_stage, and may themselves have been
-- merged from others. Each deal stands for the one in which it ended up; a deal that was deleted stands for none.
CREATE OR REPLACE VIEW merged_deals AS
WITH RECURSIVE merge AS (
\if :has_merged
	SELECT deal_id, merged_deal_id FROM :"source".merged_deal WHERE deal_id <> merged_deal_id
\else
	SELECT deal_id, deal_id AS merged_deal_id FROM :"source".deal WHERE false
\endif
), chain(id, deal_id) AS (		-- up from each merged deal
	SELECT merged_deal_id, deal_id FROM merge
	UNION
	SELECT chain.id, merge.deal_id FROM chain JOIN merge ON merged_deal_id = chain.deal_id
)
SELECT id, deal_id
FROM (SELECT d.deal_id AS id, coalesce(final.deal_id, d.deal_id) AS deal_id
      FROM :"source".deal d LEFT JOIN (SELECT id, max(deal_id) AS deal_id FROM chain WHERE deal_id NOT IN (SELECT merged_deal_id FROM merge) GROUP BY id) AS final ON id = d.deal_id) AS m
WHERE EXISTS (SELECT FROM :"source".deal d WHERE d.deal_id = m.deal_id AND is_deleted IS NOT TRUE);
COMMENT ON VIEW merged_deals IS 'in which deal each deal ended up';

-- One row for each stay in a stage, of all the deals that were merged together: an earlier entry of a duplicate is the
-- deal's own, but how a duplicate ended (people close duplicates as lost before they merge them) says nothing of the deal.
-- TRAP: the same stage is written again by imports, merges and workflows: such rows are one entry, at the first of them.
-- TRAP: property_closedate is a plan until the deal is closed, and can be set to anything after; date_entered of the stage
-- says when it closed. But a deal that came closed into HubSpot (an import) has no course, only an end: that end is its
-- property_closedate, not the day of the import.
CREATE OR REPLACE VIEW stage_changes AS
WITH change AS (
	SELECT m.deal_id, m.id, s.date_entered AS at, s.value, coalesce(k.kind, s.value) AS kind
	FROM merged_deals m JOIN :"source".deal_stage s ON s.deal_id = m.id LEFT JOIN :"source".deal d ON d.deal_id = m.id
	     LEFT JOIN LATERAL (SELECT kind FROM stages WHERE stage_id = s.value ORDER BY pipeline_id = d.deal_pipeline_id DESC NULLS LAST, pipeline_id COLLATE "C" LIMIT 1) AS k ON true
), entered AS (
	SELECT *, lag(kind) OVER w IS DISTINCT FROM kind AS is_entry, row_number() OVER w AS place
	FROM change WHERE id = deal_id OR kind NOT IN ('won', 'lost') WINDOW w AS (PARTITION BY deal_id ORDER BY at, value COLLATE "C", id)
), entry AS (
	SELECT deal_id, kind, at, row_number() OVER (PARTITION BY deal_id ORDER BY place) AS nth, count(*) OVER (PARTITION BY deal_id) AS entries FROM entered WHERE is_entry
)
SELECT deal_id, nth, kind, nth = 1 AND kind IN ('won', 'lost') AS came_closed,
       CASE WHEN nth = 1 AND kind IN ('won', 'lost') THEN coalesce(property_closedate, at) ELSE at END AS at,
       CASE WHEN nth = entries AND kind IN ('won', 'lost') THEN property_amount::numeric END AS amount, nth = entries AS is_last
FROM entry JOIN :"source".deal USING (deal_id);
COMMENT ON VIEW stage_changes IS 'one row each time a deal came into a stage';

-- TRAP: a property of checkboxes is one text, with ; between the names; people write lists into plain texts too.
CREATE OR REPLACE VIEW competitors AS
WITH entry AS (
\if :has_competitors
	SELECT m.deal_id, competitor_names(d.:"competitors") AS name FROM merged_deals m JOIN :"source".deal d ON d.deal_id = m.id
\else
	SELECT NULL::bigint AS deal_id, NULL AS name WHERE false
\endif
), spelling AS (
	SELECT lower(name) AS folded, mode() WITHIN GROUP (ORDER BY name COLLATE "C") AS competitor FROM entry GROUP BY 1
)
SELECT DISTINCT deal_id, competitor FROM entry JOIN spelling ON folded = lower(name);
COMMENT ON VIEW competitors IS 'which competitor was considered in which deal';

-- One history per deal: "opportunity" when it (or the oldest deal merged into it) was created, its stages, won or lost, and its
-- competitors, of which HubSpot knows no instant: they stand at the beginning. Deals that came closed have no beginning:
-- they count in win rates and quotas, and not in how long deals take.
CREATE OR REPLACE VIEW deal_histories AS
WITH born AS (
	SELECT m.deal_id, min(d.property_createdate) AS at FROM merged_deals m JOIN :"source".deal d ON d.deal_id = m.id GROUP BY m.deal_id
)
SELECT d.deal_id, d.owner_id, d.deal_pipeline_id, history_agg(e.kind, e.at, e.amount, e.subject) AS history
FROM :"source".deal d JOIN (
	SELECT deal_id, kind, at, amount, NULL AS subject FROM stage_changes
	UNION ALL
	SELECT deal_id, 'opportunity', at, NULL, NULL FROM born WHERE NOT EXISTS (SELECT FROM stage_changes s WHERE s.deal_id = born.deal_id AND came_closed)
	UNION ALL
	SELECT c.deal_id, 'competitor', coalesce(s.at, born.at), NULL, competitor
	FROM competitors c JOIN born USING (deal_id) LEFT JOIN stage_changes s ON s.deal_id = c.deal_id AND s.came_closed
) AS e USING (deal_id)
GROUP BY d.deal_id, d.owner_id, d.deal_pipeline_id;
COMMENT ON VIEW deal_histories IS 'one history per deal';

-- One history per contact: lead, mql, sql from its own dates, then its first deal.
-- TRAP: merged contacts. Whom a contact was merged from is a text of its own, id:milliseconds;id:milliseconds, and the contacts
-- named there may still have rows. They are one lead, as old as the oldest of them.
-- TRAP: HubSpot fills in lifecycle dates that were skipped, and clears them when a contact is set back; a deal of its own is
-- surer than hs_lifecyclestage_opportunity_date. Several contacts of one deal are several leads but one deal: win rates come
-- from deal_histories.
CREATE OR REPLACE VIEW lead_histories AS
WITH RECURSIVE merge AS (
	SELECT c.id::bigint, split_part(pair, ':', 1)::bigint AS merged_id
	FROM :"source".contact c, unnest(string_to_array(property_hs_calculated_merged_vids, ';')) AS pair
	WHERE property_hs_calculated_merged_vids IS NOT NULL AND pair ~ '^\d{1,18}:' AND split_part(pair, ':', 1)::bigint <> c.id
), chain(id, lead_id) AS (		-- up from each merged contact
	SELECT merged_id, id FROM merge
	UNION
	SELECT chain.id, merge.id FROM chain JOIN merge ON merged_id = chain.lead_id
), own AS (
	SELECT id, lead_id
	FROM (SELECT c.id::bigint, coalesce(final.lead_id, c.id) AS lead_id
	      FROM :"source".contact c LEFT JOIN (SELECT id, max(lead_id) AS lead_id FROM chain WHERE lead_id NOT IN (SELECT merged_id FROM merge) GROUP BY id) AS final ON final.id = c.id) AS m
	WHERE EXISTS (SELECT FROM :"source".contact c WHERE c.id = m.lead_id AND _fivetran_deleted IS NOT TRUE)
), lead AS (
	SELECT lead_id, min(property_createdate) AS created, min(property_hs_lifecyclestage_marketingqualifiedlead_date) AS mql, min(property_hs_lifecyclestage_salesqualifiedlead_date) AS sql
	FROM own JOIN :"source".contact c USING (id) GROUP BY lead_id
), deal AS MATERIALIZED (
	SELECT m.id, m.deal_id, history FROM merged_deals m JOIN deal_histories USING (deal_id)
), own_deal AS MATERIALIZED (
	SELECT DISTINCT ON (lead_id) lead_id, deal.deal_id, greatest(created, started_at(history)) AS at, history
	FROM own JOIN lead USING (lead_id) JOIN :"source".deal_contact dc ON dc.contact_id = own.id JOIN deal ON deal.id = dc.deal_id
	ORDER BY lead_id, started_at(history), deal.deal_id
)
SELECT lead_id, rollup(part) AS history
FROM (
	SELECT lead_id, deal_history(deal_event('lead', created), deal_event('mql', mql), deal_event('sql', sql)) AS part FROM lead
	UNION ALL
	SELECT lead_id, deal_history(deal_event('opportunity', at)) FROM own_deal
	UNION ALL
	SELECT lead_id, history_agg(e) FROM own_deal, events(history) AS e WHERE kind(e) <> 'opportunity' GROUP BY lead_id
) AS parts
GROUP BY lead_id;
COMMENT ON VIEW lead_histories IS 'one history per contact, through its first deal';

CREATE OR REPLACE VIEW outcomes AS
SELECT deal_id, owner_id, deal_pipeline_id, deal_outcome(history, as_of => synced.at) AS outcome FROM deal_histories, synced;
COMMENT ON VIEW outcomes IS 'how each deal ended, and against whom';

-- Reports
CREATE OR REPLACE VIEW report_funnel AS
SELECT s.* FROM (SELECT funnel_agg(deal_progress(history, as_of => synced.at)) AS funnel FROM lead_histories, synced) AS f, steps(funnel) AS s;
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

\if :{?quota}
	-- TRAP: HubSpot knows neither hire nor leaving: owner.created_at is the day of the login. Where yours is elsewhere, replace it.
	CREATE OR REPLACE VIEW reps AS
	SELECT owner_id AS rep_id, email AS name, created_at AS hired_at, :'quota'::numeric AS quota FROM :"source".owner;
	COMMENT ON VIEW reps IS 'who sells, since when, and their quota';

	-- Deals that are closed now count for the rep who owns them, once each; a rep without deals is a rep too.
	CREATE OR REPLACE VIEW attainments AS
	SELECT rep_id, name, hired_at, quota_attainment(history, hired_at, quota, period => :'period', as_of => synced.at, zone => :'zone') AS attainment
	FROM synced, reps LEFT JOIN (
		SELECT d.owner_id, history_agg(s.kind, s.at, s.amount, s.deal_id::text) AS history
		FROM stage_changes s JOIN :"source".deal d USING (deal_id) WHERE is_last AND kind IN ('won', 'lost') GROUP BY d.owner_id
	) AS book ON owner_id = rep_id;
	COMMENT ON VIEW attainments IS 'how far each rep is on the way to quota';

	CREATE OR REPLACE VIEW report_time_to_quota AS
	SELECT reps(q), successes(reached(q)) AS reached, median(time_to_quota(q)) AS median_days, quota_velocity(q)
	FROM (SELECT quota_agg(attainment) AS q FROM attainments) AS x;
	COMMENT ON VIEW report_time_to_quota IS 'days from hire to the first period in which quota was reached, reps on the way counted';
\endif
COMMIT;
