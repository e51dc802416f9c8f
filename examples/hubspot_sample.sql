-- A small organisation as Fivetran would leave it: the tables that hubspot.sql reads, with the columns that HubSpot and
-- Fivetran give them (not all of them), and every trap that hubspot.sql speaks of. The same rows every time.
--
--     psql -v source=hubspot_sample -f examples/hubspot_sample.sql
--     psql -v source=hubspot_sample -v zone=Europe/Berlin -v quota=4000 -f examples/hubspot.sql
--
-- The sync last brought something on 2026-06-30 at 12:00 UTC. What is true:
--   * 60 contacts 1 to 60, one a day from 2026-01-06 on: every second is a marketing qualified lead after 3 days, every fourth
--     also a sales qualified lead after 6 days, and a deal (1000 + its number) after 8. Of those 15 deals 7 are won after 30
--     days for 2,000 each, 4 are lost after 25, 4 are open. Contact 61 is a second one in deal 1008.
--   * Contact 101 was merged into 4; 102, into which 103 had been merged before, was merged into 4 as well. 104 was deleted.
--   * Deal 2001 was merged into 1008, and 2002 into 2001 before that; 2002 is the oldest of them by 10 days and was closed as lost after
--     1008 was won. 2003 was deleted, which only the sync says. 2004 was imported on 2026-03-01, won on 2025-06-15. 2005 was lost, reopened and won.
--   * Every deal is twice in its first stage and twice in its last. The stage "Qualified" was deleted from the pipeline in May.
--     128450112 is "Proposal" in one pipeline and lost in the other; deal 1012 came from a stage of that one.
--   * Globex was considered in the 4 lost deals and in 3 that were won, Initech in the lost ones.
\set ON_ERROR_STOP on
\if :{?source}
\else
	\set source hubspot_sample
\endif
BEGIN;
CREATE SCHEMA :"source";
SET LOCAL search_path = :"source";
SET LOCAL timezone = 'UTC';

CREATE TABLE contact (
	id bigint PRIMARY KEY, property_email text, property_firstname text, property_lastname text, property_company text, property_createdate timestamptz, property_lifecyclestage text,
	property_hs_lifecyclestage_lead_date timestamptz, property_hs_lifecyclestage_marketingqualifiedlead_date timestamptz, property_hs_lifecyclestage_salesqualifiedlead_date timestamptz,
	property_hs_lifecyclestage_opportunity_date timestamptz, property_hs_lifecyclestage_customer_date timestamptz, property_hs_calculated_merged_vids text, property_hs_merged_object_ids text,
	_fivetran_deleted boolean, _fivetran_synced timestamptz);
CREATE TABLE deal (
	deal_id bigint PRIMARY KEY, portal_id bigint, deal_pipeline_id text, deal_pipeline_stage_id text, owner_id bigint, is_deleted boolean, property_dealname text, property_description text,
	property_amount double precision, property_createdate timestamptz, property_closedate timestamptz, property_competitors text, property_hs_merged_object_ids text,
	_fivetran_deleted boolean, _fivetran_synced timestamptz);
CREATE TABLE deal_contact (deal_id bigint, contact_id bigint, type_id bigint, category text, _fivetran_synced timestamptz);
CREATE TABLE deal_stage (
	deal_id bigint, value text, date_entered timestamptz, source text, source_id text, _fivetran_active boolean, _fivetran_start timestamptz, _fivetran_end timestamptz, _fivetran_synced timestamptz);
CREATE TABLE deal_pipeline (pipeline_id text PRIMARY KEY, label text, active boolean, display_order int, created_at timestamptz, updated_at timestamptz, _fivetran_deleted boolean, _fivetran_synced timestamptz);
CREATE TABLE deal_pipeline_stage (
	stage_id text, pipeline_id text, label text, active boolean, closed_won boolean, is_closed boolean, probability double precision, display_order int, created_at timestamptz, updated_at timestamptz,
	_fivetran_deleted boolean, _fivetran_synced timestamptz, PRIMARY KEY (pipeline_id, stage_id));
CREATE TABLE merged_deal (deal_id bigint, merged_deal_id bigint, category text, _fivetran_synced timestamptz);
CREATE TABLE owner (owner_id bigint PRIMARY KEY, portal_id bigint, type text, first_name text, last_name text, email text, created_at timestamptz, updated_at timestamptz, _fivetran_synced timestamptz);

INSERT INTO owner (owner_id, email, created_at) VALUES (11, 'ann@example.com', '2026-01-01 09:00+00'), (12, 'ben@example.com', '2026-02-01 09:00+00');
INSERT INTO deal_pipeline (pipeline_id, label, active, display_order) VALUES ('default', 'Sales', true, 0), ('7001', 'Renewals', true, 1);
INSERT INTO deal_pipeline_stage (stage_id, pipeline_id, label, active, closed_won, probability, display_order, _fivetran_deleted) VALUES
	('appointmentscheduled', 'default', 'Appointment', true, false, 0.2, 0, false),
	('qualifiedtobuy', 'default', 'Qualified', false, false, 0.4, 1, true),
	('128450112', 'default', 'Proposal', true, false, 0.6, 2, false),
	('closedwon', 'default', 'Closed won', true, true, 1, 3, false),
	('closedlost', 'default', 'Closed lost', true, true, 0, 4, false),
	('renewal', '7001', 'Renewal', true, false, 0.5, 0, false),
	('closedwon', '7001', 'Renewed', true, true, 1, 1, false),
	('128450112', '7001', 'Churned', true, true, 0, 2, false);
UPDATE deal_pipeline_stage SET is_closed = closed_won;		-- the new name of the column

INSERT INTO contact (id, property_email, property_createdate, property_hs_lifecyclestage_lead_date, property_hs_lifecyclestage_marketingqualifiedlead_date,
	property_hs_lifecyclestage_salesqualifiedlead_date, _fivetran_deleted, _fivetran_synced)
SELECT i, 'contact' || i || '@example.com', at, at, CASE WHEN i % 2 = 0 THEN at + interval '3 days' END, CASE WHEN i % 4 = 0 THEN at + interval '6 days' END, false, at + interval '1 hour'
FROM generate_series(1, 60) AS i, LATERAL (SELECT timestamptz '2026-01-05 10:00+00' + i * interval '1 day') AS c (at);
INSERT INTO deal (deal_id, deal_pipeline_id, deal_pipeline_stage_id, owner_id, is_deleted, property_dealname, property_amount, property_createdate, property_closedate, property_competitors, _fivetran_synced)
SELECT 1000 + i, 'default', CASE WHEN i % 8 = 0 THEN 'closedwon' WHEN i % 16 = 4 THEN 'closedlost' ELSE '128450112' END, CASE WHEN i % 8 = 0 THEN 11 ELSE 12 END, false, 'Deal ' || i, 2000,
       at, at + CASE WHEN i % 8 = 0 THEN interval '22 days' ELSE interval '200 days' END,		-- of won deals set back by hand
       CASE WHEN i % 16 = 4 THEN (ARRAY['Globex;Initech', 'globex, Initech Ltd.'])[1 + i % 32 / 16] WHEN i % 16 = 8 AND i < 50 THEN 'Globex' WHEN i % 8 = 0 THEN 'none' END, timestamptz '2026-06-30 12:00+00'
FROM generate_series(4, 60, 4) AS i, LATERAL (SELECT timestamptz '2026-01-13 10:00+00' + i * interval '1 day') AS d (at);
INSERT INTO deal_contact (deal_id, contact_id) SELECT deal_id, deal_id - 1000 FROM deal;
INSERT INTO deal_stage (deal_id, value, date_entered, source, _fivetran_active, _fivetran_start, _fivetran_synced)
SELECT deal_id, s.value, property_createdate + days * interval '1 day', 'CRM_UI', s.value = deal_pipeline_stage_id, property_createdate + days * interval '1 day', property_createdate + days * interval '1 day'
FROM deal, LATERAL (VALUES ('appointmentscheduled', 0), ('appointmentscheduled', 1), ('qualifiedtobuy', 5), ('128450112', 10),
	(CASE deal_pipeline_stage_id WHEN 'closedlost' THEN 'closedlost' END, 25), (CASE deal_pipeline_stage_id WHEN 'closedlost' THEN 'closedlost' END, 26),
	(CASE deal_pipeline_stage_id WHEN 'closedwon' THEN 'closedwon' END, 30), (CASE deal_pipeline_stage_id WHEN 'closedwon' THEN 'closedwon' END, 33)) AS s (value, days)
WHERE s.value IS NOT NULL;

-- one of each kind
INSERT INTO contact (id, property_createdate, property_hs_calculated_merged_vids, _fivetran_deleted, _fivetran_synced) VALUES
	(61, '2026-01-15 10:00+00', NULL, false, '2026-01-15 11:00+00'),
	(101, '2025-12-20 10:00+00', NULL, false, '2026-01-15 11:00+00'),
	(102, '2026-01-02 10:00+00', '103:1767600000000', true, '2026-01-15 11:00+00'),
	(103, '2025-12-01 10:00+00', NULL, false, '2026-01-15 11:00+00'),
	(104, '2025-12-01 10:00+00', NULL, true, '2026-01-15 11:00+00');
UPDATE contact SET property_hs_merged_object_ids = '101;102' WHERE id = 4;
INSERT INTO deal_contact (deal_id, contact_id) VALUES (1008, 61);
INSERT INTO merged_deal (deal_id, merged_deal_id) VALUES (1008, 2001), (2001, 2002);
INSERT INTO deal (deal_id, deal_pipeline_id, deal_pipeline_stage_id, owner_id, is_deleted, property_dealname, property_amount, property_createdate, property_closedate, _fivetran_synced) VALUES
	(2001, 'default', 'qualifiedtobuy', 12, true, 'Deal 8 (copy)', 2000, '2026-01-22 10:00+00', NULL, '2026-02-01 10:00+00'),
	(2002, 'default', 'closedlost', 12, false, 'Deal eight', 1500, '2026-01-11 10:00+00', NULL, '2026-02-01 10:00+00'),
	(2003, 'default', 'closedwon', 11, NULL, 'Deleted', 9000, '2026-01-22 10:00+00', '2026-02-02 10:00+00', '2026-02-03 10:00+00'),
	(2004, 'default', 'closedwon', 11, false, 'Imported', 7000, '2026-03-01 10:00+00', '2025-06-15 10:00+00', '2026-03-01 11:00+00'),
	(2005, 'default', 'closedwon', 11, false, 'Reopened', 1000, '2026-03-01 10:00+00', '2026-05-20 10:00+00', '2026-05-20 11:00+00');
UPDATE deal SET _fivetran_deleted = deal_id = 2003;
INSERT INTO deal_stage (deal_id, value, date_entered, source, _fivetran_active, _fivetran_synced) VALUES
	(2001, 'appointmentscheduled', '2026-01-22 10:00+00', 'CRM_UI', false, '2026-01-22 10:00+00'), (2001, 'qualifiedtobuy', '2026-01-23 10:00+00', 'CRM_UI', true, '2026-01-23 10:00+00'),
	(2002, 'appointmentscheduled', '2026-01-11 10:00+00', 'CRM_UI', false, '2026-01-11 10:00+00'), (2002, 'closedlost', '2026-03-01 10:00+00', 'CRM_UI', true, '2026-03-01 10:00+00'),
	(2003, 'closedwon', '2026-02-02 10:00+00', 'CRM_UI', true, '2026-02-02 10:00+00'),
	(2004, 'closedwon', '2026-03-01 10:00+00', 'IMPORT', true, '2026-03-01 10:00+00'),
	(2005, 'appointmentscheduled', '2026-03-01 10:00+00', 'CRM_UI', false, '2026-03-01 10:00+00'), (2005, 'closedlost', '2026-04-01 10:00+00', 'CRM_UI', false, '2026-04-01 10:00+00'),
	(2005, '128450112', '2026-05-01 10:00+00', 'CRM_UI', false, '2026-05-01 10:00+00'), (2005, 'closedwon', '2026-05-20 10:00+00', 'CRM_UI', true, '2026-05-20 10:00+00'),
	(1012, 'renewal', '2026-01-24 10:00+00', 'CRM_UI', false, '2026-01-24 10:00+00');
ANALYZE contact, deal, deal_contact, deal_stage, deal_pipeline, deal_pipeline_stage, merged_deal, owner;
COMMIT;
