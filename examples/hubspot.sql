-- Views from HubSpot as Fivetran (or a sync like it) leaves it in a warehouse, to the four views of a report (doc/report.md).
--
--     psql -v source=hubspot -v zone=Europe/Berlin -v quota=50000 -v period=quarter -f examples/hubspot.sql
--
--   source             schema of the tables contact, deal, deal_contact, deal_stage, deal_pipeline_stage, owner, and
--                      merged_deal where it is synchronized (hubspot)
--   target             schema of the views, made if it is not there (hubspot_metrics)
--   zone               time zone of the organisation, for the periods of quotas (UTC)
--   lost               stages that are lost whatever deal_pipeline_stage says, ids with a comma between (see stages below)
--   competitors        property of deals with competitors, a text or a list of checkboxes (property_competitors, where there is one)
--   hired              column of owner with the day of hire (created_at, that of the login)
--   quota              the quota of all reps in all periods: HubSpot's goals are not among the tables above
--   quotas             or a table of them in source, with columns owner_id, start_date, quota_amount: from that day on, until
--                      the next row of the owner. Without either there are no attainments
--   period             month, quarter or year of the quotas (what the distance between the rows says, else month)
--   programme_start    day on which the enablement programme began; without it nothing is compared before and since
--   fiscal_year_start  month in which the fiscal year begins (what the first days of the quotas say, else 1)
--
-- The views, and their columns:
--
--   deals                 deal, history, began_at, team, platform, adopted_on, segment, source, owner: one row per deal, with its
--                         lead, and per lead without one
--   reps                  rep, hired_at, left_at, quota, ramp, period, history, name, fiscal_year_start, calendar, quotas, rep_id
--   deal_histories        deal_id, owner_id, deal_pipeline_id, history
--   lead_histories        lead_id, history
--   outcomes              deal_id, owner_id, deal_pipeline_id, outcome
--   attainments           rep_id, name, hired_at, attainment
--   settings              as_of, programme_start, stages, within, currency, title, zone
--   on the way to those   source_TABLE, synced, stages, merged_deals, stage_changes, competitors, merged_leads, conversions,
--                         staff, quota_rows, quota_periods, quotas, closed_deals
--
-- What is missing leaves its views out: without quota and quotas quota_rows, quota_periods, quotas and attainments. Without
-- quotas reps are all owners.
--
-- Amounts count as they are: with several currencies, put a view with converted ones in the place of the table.
-- All is checked first and made in one transaction; run it again after a change. hubspot_sample.sql makes a small
-- organisation with every trap below in it. The views are plain ones: ANALYZE the tables after a first sync, materialize
-- deal_histories and lead_histories where they are large, each with a unique index, and refresh them CONCURRENTLY; the others
-- are cheap on top of them.

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
\if :{?programme_start}
\else
	\set programme_start ''
\endif
\if :{?lost}
\else
	\set lost ''
\endif
\if :{?hired}
\else
	\set hired created_at
\endif
\if :{?quota}
	\set has_quotas true
\else
	\set has_quotas false
	\set quota ''
\endif
\if :{?quotas}
	\set has_quota_table true
	\set has_quotas true
\else
	\set has_quota_table false
	\set quotas ''
\endif
\if :{?competitors}
	\set competitors_named true
\else
	\set competitors_named false
	\set competitors property_competitors
\endif

BEGIN;
CREATE TEMP TABLE needed (relation text, attribute text, class text, need text, alias text) ON COMMIT DROP;
INSERT INTO needed VALUES
	('contact', 'id', 'integer', 'always'), ('contact', 'property_createdate', 'timestamptz', 'always'),
	('contact', 'property_hs_lifecyclestage_marketingqualifiedlead_date', 'timestamptz', 'if there'),
	('contact', 'property_hs_lifecyclestage_salesqualifiedlead_date', 'timestamptz', 'if there'),
	('contact', 'property_hs_merged_object_ids', 'id', 'if there'), ('contact', 'property_hs_calculated_merged_vids', 'id', 'if there'),
	('contact', '_fivetran_deleted', 'boolean', 'if there'), ('contact', 'is_deleted', 'boolean', 'if there'), ('contact', '_fivetran_synced', 'timestamptz', 'always'),
	('deal', 'deal_id', 'integer', 'always'), ('deal', 'deal_pipeline_id', 'id', 'if there'), ('deal', 'deal_pipeline_stage_id', 'id', 'if there'),
	('deal', 'owner_id', 'integer', 'always'), ('deal', 'is_deleted', 'boolean', 'if there'), ('deal', '_fivetran_deleted', 'boolean', 'if there'),
	('deal', 'property_amount', 'number', 'always'), ('deal', 'property_createdate', 'timestamptz', 'always'), ('deal', 'property_closedate', 'timestamptz', 'always'),
	('deal', 'property_hs_merged_object_ids', 'id', 'if there'), ('deal', 'property_hs_analytics_source', 'text', 'if there'), ('deal', '_fivetran_synced', 'timestamptz', 'always'),
	('deal_contact', 'deal_id', 'integer', 'always'), ('deal_contact', 'contact_id', 'integer', 'always'),
	('deal_stage', 'deal_id', 'integer', 'always'), ('deal_stage', 'value', 'id', 'always'), ('deal_stage', 'date_entered', 'timestamptz', 'always'),
	('deal_stage', '_fivetran_active', 'boolean', 'if there'), ('deal_stage', '_fivetran_synced', 'timestamptz', 'always'),
	('deal_pipeline_stage', 'stage_id', 'id', 'always'), ('deal_pipeline_stage', 'pipeline_id', 'id', 'always'), ('deal_pipeline_stage', 'label', 'text', 'always'),
	('deal_pipeline_stage', 'closed_won', 'boolean', 'if there'), ('deal_pipeline_stage', 'probability', 'number', 'always'),
	('merged_deal', 'deal_id', 'integer', 'with table'), ('merged_deal', 'merged_deal_id', 'integer', 'with table'),
	('owner', 'owner_id', 'integer', 'always'), ('owner', 'email', 'text', 'always');
-- one of the two names must be there
INSERT INTO needed SELECT 'deal_pipeline_stage', 'is_closed', 'boolean', CASE WHEN EXISTS (
	SELECT FROM pg_attribute WHERE attrelid = to_regclass(format('%I.deal_pipeline_stage', :'source')) AND attname = 'closed_won' AND NOT attisdropped) THEN 'if there' ELSE 'always' END;
INSERT INTO needed VALUES ('owner', :'hired', CASE :'hired' WHEN 'created_at' THEN 'timestamptz' ELSE 'day' END, 'always', 'hired');
INSERT INTO needed SELECT 'deal', :'competitors', 'text', CASE WHEN :'competitors_named' THEN 'always' ELSE 'if there' END, 'competitors';
INSERT INTO needed SELECT :'quotas', attribute, class, 'always'
FROM (VALUES ('owner_id', 'integer'), ('start_date', 'date'), ('quota_amount', 'number')) AS q (attribute, class) WHERE :'has_quota_table';
UPDATE needed SET alias = CASE attribute WHEN 'property_hs_lifecyclestage_marketingqualifiedlead_date' THEN 'mql' WHEN 'property_hs_lifecyclestage_salesqualifiedlead_date' THEN 'sql' ELSE attribute END
WHERE alias IS NULL;
\ir adapter.sql

SELECT 'source_' || :'quotas' AS quota_view \gset
SELECT set_config('adapter.quota', :'quota', true) \gset unused_
DO $$
BEGIN
	IF current_setting('adapter.quota') <> '' AND current_setting('adapter.quota')::numeric <= 0 THEN
		RAISE invalid_parameter_value USING MESSAGE = format('quota must be above zero, not %s', current_setting('adapter.quota')), HINT = 'Nothing was created.';
	END IF;
END $$;

-- TRAP: as of when? A sync that stopped last week knows nothing of this week: a report as of now() would take its silence
-- for deals that went nowhere. All views stand as of the last row that came.
CREATE OR REPLACE VIEW synced AS
SELECT greatest((SELECT max(_fivetran_synced) FROM source_contact), (SELECT max(_fivetran_synced) FROM source_deal),
                (SELECT max(_fivetran_synced) FROM source_deal_stage)) AS at;
COMMENT ON VIEW synced IS 'up to when the data is complete';

-- TRAP: deal_stage.value is an id ("appointmentscheduled", "128450112"), whose label is in deal_pipeline_stage; two
-- pipelines may have the same id. Stages that were deleted since (_fivetran_deleted) are still in the history of deals.
-- TRAP: closed_won, or is_closed as newer syncs call it, says that a stage is an end, and not which one: that is told by the
-- probability, 1 where it is won and 0 where it is lost. A closed stage of another probability is an end without a decision.
-- Stages that are not closed are open, also with a probability of 0, as those of an onboarding have it. Where a sync took
-- closed_won by its name, lost stages are not closed: name them with psql -v lost=.
CREATE OR REPLACE VIEW stages AS
SELECT pipeline_id, stage_id,
       CASE WHEN stage_id = ANY (string_to_array(:'lost', ',')) THEN 'lost'
            WHEN coalesce(is_closed, closed_won) IS NOT TRUE THEN coalesce(label, stage_id)
            WHEN probability = 1 THEN 'won' WHEN probability = 0 THEN 'lost' ELSE 'no_decision' END AS kind
FROM source_deal_pipeline_stage;
COMMENT ON VIEW stages IS 'what each stage means: won, lost, no_decision, or its label';

-- TRAP: merged deals. The deals merged into another keep their rows, here and in deal_stage, and may themselves have been
-- merged from others. Each deal stands for the one in which it ended up; a deal that was deleted stands for none. Which ones
-- were merged is in a table of its own, or in a property of the deal, id;id;id.
CREATE OR REPLACE VIEW merged_deals AS
WITH RECURSIVE merge AS (
	SELECT deal_id, merged_deal_id FROM source_merged_deal WHERE deal_id <> merged_deal_id
	UNION
	SELECT deal_id, split_part(piece, ':', 1)::bigint
	FROM source_deal, unnest(string_to_array(replace(property_hs_merged_object_ids, ' ', ''), ';')) AS piece
	WHERE piece ~ '^\d{1,18}(:|$)' AND split_part(piece, ':', 1)::bigint <> deal_id
), chain(id, deal_id) AS (		-- up from each merged deal
	SELECT merged_deal_id, deal_id FROM merge
	UNION
	SELECT chain.id, merge.deal_id FROM chain JOIN merge ON merged_deal_id = chain.deal_id
)
SELECT id, deal_id
FROM (SELECT d.deal_id AS id, coalesce(final.deal_id, d.deal_id) AS deal_id
      FROM source_deal d LEFT JOIN (SELECT id, max(deal_id) AS deal_id FROM chain WHERE deal_id NOT IN (SELECT merged_deal_id FROM merge) GROUP BY id) AS final ON id = d.deal_id) AS m
WHERE EXISTS (SELECT FROM source_deal d WHERE d.deal_id = m.deal_id AND is_deleted IS NOT TRUE AND _fivetran_deleted IS NOT TRUE);
COMMENT ON VIEW merged_deals IS 'in which deal each deal ended up';

-- One row for each stay in a stage, of all the deals that were merged together: an earlier entry of a duplicate is the
-- deal's own, but how a duplicate ended (people close duplicates as lost before they merge them) says nothing of the deal.
-- TRAP: the same stage is written again by imports, merges and workflows: such rows are one entry, at the first of them.
-- TRAP: a deal may have no row in deal_stage, or lack the last one. How it stands now is told by deal_pipeline_stage_id: it
-- came there on property_closedate, if the stage is an end (not before the last row, nor after the sync), and with the last sync
-- of the deal, if it is open again.
-- TRAP: property_closedate is a plan until the deal is closed, and can be set to anything after; date_entered of the stage
-- says when it closed. But a deal that came closed into HubSpot (an import) has no course, only an end: that end is its
-- property_closedate, not the day of the import. A deal without any row in deal_stage began when it was created, and has no
-- course either if it was closed before.
CREATE OR REPLACE VIEW stage_changes AS
WITH now AS MATERIALIZED (
	SELECT deal_id, deal_pipeline_id, property_createdate, property_closedate, property_amount, _fivetran_synced AS synced_at, coalesce(k.kind, n.kind) AS kind,
	       CASE WHEN coalesce(k.kind, n.kind) IN ('won', 'lost', 'no_decision') THEN coalesce(k.kind, n.kind) END AS ending
	FROM source_deal, LATERAL (SELECT CASE deal_pipeline_stage_id WHEN 'closedwon' THEN 'won' WHEN 'closedlost' THEN 'lost' ELSE deal_pipeline_stage_id END) AS n (kind)
	     LEFT JOIN LATERAL (SELECT kind FROM stages WHERE stage_id = deal_pipeline_stage_id ORDER BY pipeline_id = deal_pipeline_id DESC NULLS LAST, pipeline_id COLLATE "C" LIMIT 1) AS k ON true
), written AS (
	SELECT m.deal_id, m.id, s.date_entered AS at, s.value, coalesce(k.kind, CASE s.value WHEN 'closedwon' THEN 'won' WHEN 'closedlost' THEN 'lost' ELSE s.value END) AS kind
	FROM merged_deals m JOIN source_deal_stage s ON s.deal_id = m.id LEFT JOIN source_deal d ON d.deal_id = m.id
	     LEFT JOIN LATERAL (SELECT kind FROM stages WHERE stage_id = s.value ORDER BY pipeline_id = d.deal_pipeline_id DESC NULLS LAST, pipeline_id COLLATE "C" LIMIT 1) AS k ON true
), change AS MATERIALIZED (
	SELECT * FROM written WHERE id = deal_id OR kind NOT IN ('won', 'lost', 'no_decision')
), completed AS (
	SELECT * FROM change
	UNION ALL
	SELECT deal_id, deal_id, n.property_createdate, '', n.kind
	FROM now n JOIN merged_deals m USING (deal_id) WHERE m.id = deal_id AND n.kind IS NOT NULL AND NOT EXISTS (SELECT FROM change c WHERE c.deal_id = n.deal_id)
	UNION ALL
	SELECT deal_id, deal_id, greatest(l.at + interval '1 microsecond', CASE WHEN n.ending IS NULL THEN n.synced_at ELSE least(n.property_closedate, synced.at) END), '', n.kind
	FROM (SELECT DISTINCT ON (deal_id) deal_id, at, kind FROM change ORDER BY deal_id, at DESC, value COLLATE "C" DESC, id DESC) AS l JOIN now n USING (deal_id), synced
	WHERE n.kind IS NOT NULL AND CASE WHEN l.kind IN ('won', 'lost', 'no_decision') THEN l.kind END IS DISTINCT FROM n.ending
), entered AS (
	SELECT *, lag(kind) OVER w IS DISTINCT FROM kind AS is_entry, row_number() OVER w AS place
	FROM completed WINDOW w AS (PARTITION BY deal_id ORDER BY at, value COLLATE "C", id)
), entry AS (
	SELECT deal_id, kind, at, value <> '' AS is_written, row_number() OVER w AS nth, count(*) OVER (PARTITION BY deal_id) AS entries, lag(kind) OVER w IN ('won', 'lost', 'no_decision') AS ended_before
	FROM entered WHERE is_entry WINDOW w AS (PARTITION BY deal_id ORDER BY place)
)
SELECT deal_id, nth, kind, nth = 1 AND is_end AND (is_written OR property_closedate <= property_createdate) AS came_closed,
       CASE WHEN nth = 1 AND entries = 1 AND is_end THEN coalesce(least(property_closedate, _fivetran_synced), at) ELSE at END AS at,
       CASE WHEN nth = entries AND is_end THEN property_amount END AS amount, nth = entries AS is_last, NOT is_end AND ended_before IS TRUE AS reopened
FROM (SELECT *, kind IN ('won', 'lost', 'no_decision') AS is_end FROM entry) AS e JOIN source_deal USING (deal_id);
COMMENT ON VIEW stage_changes IS 'one row each time a deal came into a stage';

-- TRAP: a property of checkboxes is one text, with ; between the names; people write lists into plain texts too.
CREATE OR REPLACE VIEW competitors AS
WITH entry AS (
	SELECT m.deal_id, competitor_names(d.competitors) AS name FROM merged_deals m JOIN source_deal d ON d.deal_id = m.id
), spelling AS (
	SELECT lower(name) AS folded, mode() WITHIN GROUP (ORDER BY name COLLATE "C") AS competitor FROM entry GROUP BY 1
)
SELECT DISTINCT deal_id, competitor FROM entry JOIN spelling ON folded = lower(name);
COMMENT ON VIEW competitors IS 'which competitor was considered in which deal';

-- One history per deal: "opportunity" when it (or the oldest deal merged into it) was created, its stages, won, lost or
-- no_decision, and its competitors, of which HubSpot knows no instant: they stand at the beginning. One that was reopened is an
-- "opportunity" again from then on, so that its first ending does not stand. Deals that came closed have no beginning: they
-- count in win rates and quotas, and not in how long deals take.
CREATE OR REPLACE VIEW deal_histories AS
WITH change AS MATERIALIZED (
	TABLE stage_changes
), born AS MATERIALIZED (
	SELECT m.deal_id, min(d.property_createdate) AS at FROM merged_deals m JOIN source_deal d ON d.deal_id = m.id GROUP BY m.deal_id
)
SELECT d.deal_id, d.owner_id, d.deal_pipeline_id, history_agg(e.kind, e.at, e.amount, e.subject) AS history
FROM source_deal d JOIN (
	SELECT deal_id, kind, at, amount, NULL AS subject FROM change
	UNION ALL
	SELECT deal_id, 'opportunity', at, NULL, NULL FROM change WHERE reopened
	UNION ALL
	SELECT deal_id, 'opportunity', at, NULL, NULL FROM born WHERE NOT EXISTS (SELECT FROM change s WHERE s.deal_id = born.deal_id AND came_closed)
	UNION ALL
	SELECT c.deal_id, 'competitor', coalesce(s.at, born.at), NULL, competitor
	FROM competitors c JOIN born USING (deal_id) LEFT JOIN change s ON s.deal_id = c.deal_id AND s.came_closed
) AS e USING (deal_id)
GROUP BY d.deal_id, d.owner_id, d.deal_pipeline_id;
COMMENT ON VIEW deal_histories IS 'one history per deal';

-- TRAP: merged contacts. From which ones a contact was merged is a text of its own, id;id;id, or id:milliseconds;id:milliseconds
-- as older syncs have it, and the contacts named there may still have rows. They are one lead, as old as the oldest of them.
CREATE OR REPLACE VIEW merged_leads AS
WITH RECURSIVE merge AS (
	SELECT c.id, split_part(piece, ':', 1)::bigint AS merged_id
	FROM source_contact c, unnest(string_to_array(replace(concat_ws(';', property_hs_merged_object_ids, property_hs_calculated_merged_vids), ' ', ''), ';')) AS piece
	WHERE piece ~ '^\d{1,18}(:|$)' AND split_part(piece, ':', 1)::bigint <> c.id
), chain(id, lead_id) AS (		-- up from each merged contact
	SELECT merged_id, id FROM merge
	UNION
	SELECT chain.id, merge.id FROM chain JOIN merge ON merged_id = chain.lead_id
)
SELECT id, lead_id
FROM (SELECT c.id, coalesce(final.lead_id, c.id) AS lead_id
      FROM source_contact c LEFT JOIN (SELECT id, max(lead_id) AS lead_id FROM chain WHERE lead_id NOT IN (SELECT merged_id FROM merge) GROUP BY id) AS final ON final.id = c.id) AS m
WHERE EXISTS (SELECT FROM source_contact c WHERE c.id = m.lead_id AND _fivetran_deleted IS NOT TRUE AND is_deleted IS NOT TRUE);
COMMENT ON VIEW merged_leads IS 'in which lead each contact ended up';

-- Each lead's first deal: it came from the lead when both were there.
CREATE OR REPLACE VIEW conversions AS
WITH lead AS (
	SELECT lead_id, min(property_createdate) AS created FROM merged_leads JOIN source_contact USING (id) GROUP BY lead_id
), deal AS MATERIALIZED (
	SELECT m.id, m.deal_id, started_at(history) AS started FROM merged_deals m JOIN deal_histories USING (deal_id)
)
SELECT DISTINCT ON (lead_id) lead_id, deal.deal_id, created AS born_at, greatest(created, started) AS at
FROM merged_leads m JOIN lead USING (lead_id) JOIN source_deal_contact dc ON dc.contact_id = m.id JOIN deal ON deal.id = dc.deal_id
ORDER BY lead_id, started, deal.deal_id;
COMMENT ON VIEW conversions IS 'the first deal of each lead';

-- One history per contact: lead, mql, sql from its own dates, then its first deal. A contact may come to a deal that ended
-- before: that ending is then the lead's, when it came.
-- TRAP: HubSpot fills in lifecycle dates that were skipped, and clears them when a contact is set back; a deal of its own is
-- surer than hs_lifecyclestage_opportunity_date. Several contacts of one deal are several leads but one deal: win rates come
-- from deal_histories.
CREATE OR REPLACE VIEW lead_histories AS
WITH conversion AS MATERIALIZED (
	TABLE conversions
), change AS MATERIALIZED (
	TABLE stage_changes
), lead AS (
	SELECT lead_id, min(property_createdate) AS created, min(mql) AS mql, min(sql) AS sql FROM merged_leads JOIN source_contact USING (id) GROUP BY lead_id
), event AS (
	SELECT lead_id, kind, at, NULL::numeric AS amount FROM lead, LATERAL (VALUES ('lead', created), ('mql', mql), ('sql', sql)) AS e (kind, at) WHERE at IS NOT NULL
	UNION ALL
	SELECT lead_id, 'opportunity', at, NULL FROM conversion
	UNION ALL
	SELECT lead_id, 'opportunity', s.at, NULL FROM conversion c JOIN change s USING (deal_id) WHERE reopened AND s.at > c.at
	UNION ALL
	SELECT lead_id, kind, CASE WHEN kind IN ('won', 'lost', 'no_decision') THEN greatest(s.at, c.at) ELSE s.at END, amount
	FROM conversion c JOIN change s USING (deal_id) WHERE is_last OR s.at > c.at OR kind NOT IN ('won', 'lost', 'no_decision')
)
SELECT lead_id, history_agg(kind, at, amount) AS history FROM event GROUP BY lead_id;
COMMENT ON VIEW lead_histories IS 'one history per contact, through its first deal';

-- One row per deal: each deal, with lead, mql and sql of the oldest lead whose first deal it is (not after the deal itself), and
-- each lead without a deal.
CREATE OR REPLACE VIEW deals AS
WITH lead AS MATERIALIZED (
	TABLE lead_histories
), conversion AS MATERIALIZED (
	TABLE conversions
), origin AS (
	SELECT DISTINCT ON (deal_id) deal_id, l.history AS lead_history FROM conversion JOIN lead l USING (lead_id) ORDER BY deal_id, born_at, lead_id
), deal AS (
	SELECT deal_id, owner_id, CASE WHEN opened IS NULL THEN history
	                               ELSE history || deal_event('lead', least(first_at(lead_history, 'lead'), opened)) || deal_event('mql', least(first_at(lead_history, 'mql'), opened))
	                                    || deal_event('sql', least(first_at(lead_history, 'sql'), opened)) END AS history
	FROM deal_histories LEFT JOIN origin USING (deal_id), LATERAL (SELECT CASE WHEN lead_history IS NOT NULL THEN first_at(history, 'opportunity') END) AS o (opened)
)
SELECT deal, history, started_at(history) AS began_at, NULL::text AS team, NULL::text AS platform, NULL::date AS adopted_on, NULL::text AS segment, source, owner
FROM (SELECT deal_id::text AS deal, history, property_hs_analytics_source AS source, d.owner_id::text AS owner FROM deal JOIN source_deal d USING (deal_id)
      UNION ALL
      SELECT 'contact ' || lead_id, history, NULL, NULL FROM lead l WHERE NOT EXISTS (SELECT FROM conversion c WHERE c.lead_id = l.lead_id)) AS d;
COMMENT ON VIEW deals IS 'one history per deal, from lead to end';

CREATE OR REPLACE VIEW outcomes AS
SELECT deal_id, owner_id, deal_pipeline_id, deal_outcome(history, as_of => synced.at) AS outcome FROM deal_histories, synced;
COMMENT ON VIEW outcomes IS 'how each deal ended, and against whom';

-- Deals count for the rep who owns them now, each by its last end up to any instant: one that was lost, reopened and won is one
-- deal. What was won and reopened is not won from then on, as if it were lost.
CREATE OR REPLACE VIEW closed_deals AS
SELECT owner_id AS rep_id, deal_id::text AS deal, CASE WHEN reopened THEN 'lost' ELSE kind END AS kind, at, CASE WHEN NOT reopened THEN amount END AS amount
FROM stage_changes JOIN source_deal USING (deal_id) WHERE kind IN ('won', 'lost') OR reopened;
COMMENT ON VIEW closed_deals IS 'each time a deal was won, lost or reopened';

-- TRAP: HubSpot knows neither hire nor leaving: owner.created_at is the day of the login. Where yours is elsewhere, put a view
-- with that column in the place of the table: psql -v hired=.
CREATE OR REPLACE VIEW staff AS
SELECT owner_id AS rep_id, email AS name, hired AS hired_at, NULL::timestamptz AS left_at FROM source_owner;
COMMENT ON VIEW staff IS 'who sells, and since when';

\if :has_quotas
	CREATE OR REPLACE VIEW quota_rows AS
	\if :has_quota_table
	SELECT owner_id AS rep_id, start_date, quota_amount AS quota FROM :"quota_view" WHERE quota_amount >= 0 AND start_date IS NOT NULL;
	\else
	SELECT rep_id, (hired_at AT TIME ZONE :'zone')::date AS start_date, :'quota'::numeric AS quota FROM staff WHERE hired_at IS NOT NULL;
	\endif
	COMMENT ON VIEW quota_rows IS 'the quotas that count';
	\set has_hired true
	\ir adapter_quotas.sql
\else
	DROP VIEW IF EXISTS attainments;
	CREATE OR REPLACE VIEW reps AS
	SELECT rep_id::text AS rep, hired_at, left_at, NULL::numeric AS quota, NULL::numeric[] AS ramp, NULL::text AS period, history, name,
	       NULL::int AS fiscal_year_start, NULL::date[] AS calendar, NULL::numeric[] AS quotas, rep_id
	FROM staff LEFT JOIN (SELECT rep_id, history_agg(kind, at, amount, deal) AS history FROM closed_deals GROUP BY rep_id) AS book USING (rep_id);
	COMMENT ON VIEW reps IS 'who sells, since when, and the closed deals';
	DROP VIEW IF EXISTS quotas, quota_periods, quota_rows;
\endif

-- The report (doc/report.md): enablement-report --schema hubspot_metrics --views > report.html
CREATE OR REPLACE VIEW settings AS
SELECT at AS as_of, nullif(:'programme_start', '')::timestamp AT TIME ZONE :'zone' AS programme_start, '{lead,mql,sql,opportunity,won}'::text[] AS stages, interval '180 days' AS within,
       NULL::text AS currency, 'HubSpot: leads to customers'::text AS title, :'zone'::text AS zone
FROM synced;
COMMENT ON VIEW settings IS 'what the report asks';
COMMIT;
