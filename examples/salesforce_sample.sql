-- A small organisation as Fivetran would leave it: the tables that salesforce.sql reads, with the columns that Salesforce
-- and Fivetran give them (not all of them), and every trap that salesforce.sql speaks of. The same rows every time.
--
--     psql -v source=salesforce_sample -f examples/salesforce_sample.sql
--     psql -v source=salesforce_sample -v zone=America/New_York -f examples/salesforce.sql
--
-- The organisation lives in New York; the sync last brought something on 2026-06-30 at 12:00 UTC. What is true:
--   * 80 leads L001 to L080, one a day from 2026-01-05 on. Every second is converted: 10 on the day it came, 30 ten days
--     later. Of those 40 opportunities 10 are won after 40 days, 20 are lost after 40 days, 10 are open. L201 to L203 and L208 are
--     leads too; L204 is deleted; L205 and L206 are L001 once more, merged into it one after the other.
--   * L201 came and was converted on the evening of January 31st in New York, which is February 1st in UTC; its opportunity
--     was lost to Deal desk reorganisation, found again and won (a reopened deal). L202 was converted to the
--     opportunity of L002, ten days older than it. L203 became a contact without an opportunity. L208's opportunity was deleted.
--   * One deal was imported: won on 2024-11-15, in Salesforce since 2026-03-01. Another closed deal has lost its history.
--   * Every won deal is won twice in its history, the second time with another amount: 1,100 instead of 1,000; the reopened one
--     goes on from "Closed Won" to "Won - Signed".
--   * Globex was considered in all 20 deals that were lost, and in 5 of those that were won, where it was only filled in after
--     the end; Initech in 12 of the lost ones and in the imported deal. The spelling is what people make of it.
--   * Ann has owned all won deals since 2026-01-01; her login is of 2026-05-01. Ben left in April. Cy has no quota.
\set ON_ERROR_STOP on
\if :{?source}
\else
	\set source salesforce_sample
\endif
BEGIN;
CREATE SCHEMA :"source";
SET LOCAL search_path = :"source";
SET LOCAL timezone = 'UTC';

CREATE TABLE lead (
	id text PRIMARY KEY, is_deleted boolean, master_record_id text, last_name text, name text, company text, lead_source text, status text, owner_id text,
	is_converted boolean, converted_date date, converted_account_id text, converted_contact_id text, converted_opportunity_id text,
	created_date timestamptz, created_by_id text, last_modified_date timestamptz, system_modstamp timestamptz, _fivetran_synced timestamptz);
CREATE TABLE opportunity (
	id text PRIMARY KEY, is_deleted boolean, account_id text, name text, stage_name text, amount double precision, probability double precision, expected_revenue double precision,
	close_date date, type text, lead_source text, is_closed boolean, is_won boolean, forecast_category text, owner_id text, created_date timestamptz, created_by_id text,
	last_modified_date timestamptz, system_modstamp timestamptz, fiscal_quarter int, fiscal_year int, main_competitors_c text, _fivetran_synced timestamptz);
CREATE TABLE opportunity_history (
	id text PRIMARY KEY, opportunity_id text, created_by_id text, created_date timestamptz, stage_name text, amount double precision, expected_revenue double precision,
	close_date date, probability double precision, forecast_category text, is_deleted boolean, system_modstamp timestamptz, _fivetran_synced timestamptz);
CREATE TABLE opportunity_competitor (
	id text PRIMARY KEY, opportunity_id text, competitor_name text, strengths text, weaknesses text, created_date timestamptz, created_by_id text,
	last_modified_date timestamptz, system_modstamp timestamptz, is_deleted boolean, _fivetran_synced timestamptz);
CREATE TABLE "user" (
	id text PRIMARY KEY, username text, name text, email text, is_active boolean, user_role_id text, manager_id text, created_date timestamptz, last_login_date timestamptz,
	_fivetran_deleted boolean, _fivetran_synced timestamptz);
CREATE TABLE forecasting_quota (
	id text PRIMARY KEY, quota_owner_id text, period_id text, start_date date, quota_amount double precision, quota_quantity double precision, is_amount boolean, is_quantity boolean,
	product_family text, forecasting_type_id text, created_date timestamptz, last_modified_date timestamptz, _fivetran_deleted boolean, _fivetran_synced timestamptz);

INSERT INTO "user" (id, name, is_active, created_date, last_login_date, _fivetran_deleted) VALUES
	('U1', 'Ann', true, '2026-05-01 09:00+00', '2026-06-30 08:00+00', false),	-- a new login in May
	('U2', 'Ben', false, '2026-01-15 09:00+00', '2026-04-20 16:00+00', false),
	('U3', 'Cy', true, '2025-01-01 09:00+00', '2026-06-30 08:00+00', false),
	('U4', 'Dee', true, '2026-02-01 09:00+00', '2026-06-30 08:00+00', true);	-- deleted

-- 80 leads, of which 40 become opportunities: 10 won (i % 8 = 0), 20 lost (2, 4), 10 open (6)
INSERT INTO lead (id, is_deleted, name, company, lead_source, owner_id, created_date, is_converted, converted_date, converted_opportunity_id, _fivetran_synced)
SELECT 'L' || to_char(i, 'FM000'), false, 'Lead ' || i, 'Company ' || i, (ARRAY['Web', 'Partner'])[1 + i % 2], 'U3', at, i % 2 = 0,
       CASE WHEN i % 2 = 0 THEN at::date + CASE WHEN i % 8 = 0 THEN 0 ELSE 10 END END, CASE WHEN i % 2 = 0 THEN 'O' || to_char(i, 'FM000') END, at + interval '1 hour'
FROM generate_series(1, 80) AS i, LATERAL (SELECT timestamptz '2026-01-04 15:00+00' + i * interval '1 day') AS c (at);
INSERT INTO opportunity (id, is_deleted, name, stage_name, amount, close_date, lead_source, is_closed, is_won, owner_id, created_date, _fivetran_synced)
SELECT 'O' || to_char(i, 'FM000'), false, 'Deal ' || i, CASE WHEN won THEN 'Closed Won' WHEN closed THEN 'Closed Lost' ELSE 'Proposal' END, CASE WHEN won THEN 1100 ELSE 1000 END,
       date '2026-06-30', (ARRAY['Web', 'Partner'])[1 + i % 2], closed, won, CASE WHEN won THEN 'U1' ELSE 'U2' END, at, at + interval '1 hour'
FROM generate_series(2, 80, 2) AS i,
     LATERAL (SELECT i % 8 = 0, i % 8 <> 6, timestamptz '2026-01-04 15:00+00' + i * interval '1 day' + CASE WHEN i % 8 = 0 THEN interval '2 hours' ELSE interval '10 days 1 hour' END) AS o (won, closed, at);
INSERT INTO opportunity_history (id, opportunity_id, created_date, stage_name, amount, close_date, is_deleted, _fivetran_synced)
SELECT 'H' || substr(o.id, 2) || nth, o.id, o.created_date + days * interval '1 day', h.stage_name, h.amount, o.close_date, false, o.created_date + days * interval '1 day'
FROM opportunity o, LATERAL (VALUES
	(1, 0, 'Prospecting', 800), (2, 3, 'Prospecting', 900), (3, 10, 'Proposal', 900), (4, 12, 'Proposal', 1000), (5, 14, 'Proposal', 1000),
	(6, 40, CASE WHEN o.is_closed THEN o.stage_name END, 1000), (7, 55, CASE WHEN o.is_won THEN o.stage_name END, 1100)) AS h (nth, days, stage_name, amount)
WHERE h.stage_name IS NOT NULL;

-- competitors: of the lost deals, and of every second won one after its end
UPDATE opportunity SET main_competitors_c = CASE substr(id, 2)::int % 40 WHEN 2 THEN 'Globex / Initech' WHEN 4 THEN 'GLOBEX; initech' WHEN 10 THEN 'Globex, Inc. and Initech' WHEN 12 THEN 'Globex vs Initech' WHEN 20 THEN E'globex\nInitech LLC'
                                            WHEN 28 THEN '  Globex , Initech ' ELSE 'Globex' END
WHERE stage_name = 'Closed Lost';
UPDATE opportunity SET main_competitors_c = (ARRAY['n/a', 'None', '-', 'unknown'])[1 + substr(id, 2)::int % 4] WHERE stage_name <> 'Closed Lost';
INSERT INTO opportunity_competitor (id, opportunity_id, competitor_name, created_date, is_deleted)
SELECT 'C' || substr(id, 2), id, 'Globex', created_date + interval '45 days', false FROM opportunity WHERE is_won AND substr(id, 2)::int % 16 = 0
UNION ALL
SELECT 'D' || substr(id, 2), id, 'Globex', created_date + interval '5 days', false FROM opportunity WHERE stage_name = 'Closed Lost'	-- said twice
UNION ALL
SELECT 'E' || substr(id, 2), id, 'Umbra', created_date, true FROM opportunity WHERE stage_name = 'Closed Lost';						-- and taken back

-- one of each kind
INSERT INTO lead (id, is_deleted, master_record_id, name, owner_id, created_date, is_converted, converted_date, converted_opportunity_id, _fivetran_synced) VALUES
	('L201', false, NULL, 'Lead of an evening', 'U3', '2026-02-01 01:30+00', true, '2026-01-31', 'O201', '2026-02-01 03:00+00'),
	('L202', false, NULL, 'Lead to an older deal', 'U3', '2026-01-27 15:00+00', true, '2026-02-01', 'O002', '2026-02-01 03:00+00'),
	('L203', false, NULL, 'Lead to a contact', 'U3', '2026-02-01 15:00+00', true, '2026-02-03', NULL, '2026-02-03 15:00+00'),
	('L204', true, NULL, 'Deleted', 'U3', '2026-02-01 15:00+00', false, NULL, NULL, '2026-02-03 15:00+00'),
	('L205', true, 'L001', 'Merged', 'U3', '2025-12-20 15:00+00', false, NULL, NULL, '2026-02-03 15:00+00'),
	('L206', true, 'L205', 'Merged before that', 'U3', '2025-12-10 15:00+00', false, NULL, NULL, '2026-01-03 15:00+00'),
	('L208', false, NULL, 'Lead to a deleted deal', 'U3', '2026-02-05 15:00+00', true, '2026-02-06', 'O208', '2026-02-06 15:00+00');
INSERT INTO opportunity (id, is_deleted, name, stage_name, amount, close_date, is_closed, is_won, owner_id, created_date, main_competitors_c, _fivetran_synced) VALUES
	('O201', false, 'Reopened', 'Won - Signed', 500, '2026-04-01', true, true, 'U1', '2026-02-01 01:45+00', NULL, '2026-04-02 12:00+00'),
	('O203', false, 'Imported', 'Closed Won', 5000, '2024-11-15', true, true, 'U1', '2026-03-01 10:00+00', 'Initech Corp.', '2026-03-01 12:00+00'),
	('O204', false, 'Without history', 'Closed Lost', 700, '2025-06-30', true, false, 'U2', '2025-05-01 10:00+00', NULL, '2026-06-30 12:00+00'),
	('O208', true, 'Deleted', 'Closed Won', 9000, '2026-03-01', true, true, 'U1', '2026-02-06 14:00+00', 'Globex', '2026-03-01 12:00+00');
INSERT INTO opportunity_history (id, opportunity_id, created_date, stage_name, amount, is_deleted, _fivetran_synced) VALUES
	('H2011', 'O201', '2026-02-01 01:45+00', 'Prospecting', 400, false, '2026-02-01 02:00+00'),
	('H2012', 'O201', '2026-02-20 15:00+00', 'Closed Lost', 400, false, '2026-02-20 16:00+00'),
	('H2013', 'O201', '2026-03-05 15:00+00', 'Proposal', 450, false, '2026-03-05 16:00+00'),
	('H2014', 'O201', '2026-03-20 15:00+00', 'Closed Won', 450, false, '2026-03-20 16:00+00'),
	('H2015', 'O201', '2026-04-02 11:00+00', 'Won - Signed', 500, false, '2026-04-02 12:00+00'),
	('H2016', 'O201', '2026-04-03 11:00+00', 'Closed Lost', 0, true, '2026-04-03 12:00+00'),
	('H2031', 'O203', '2026-03-01 10:00+00', 'Closed Won', 5000, false, '2026-03-01 12:00+00'),
	('H2081', 'O208', '2026-02-06 14:00+00', 'Prospecting', 9000, false, '2026-02-06 15:00+00'),
	('H2082', 'O208', '2026-03-01 10:00+00', 'Closed Won', 9000, false, '2026-03-01 12:00+00');

-- quotas of months: Ann's ramp of 500, 1,500 and 2,500 before 3,000, with a hole in April; twice each under another forecasting type,
-- in March by product family; Ben's 4,000; a number of pieces
INSERT INTO forecasting_quota (id, quota_owner_id, start_date, quota_amount, quota_quantity, is_amount, is_quantity, product_family, forecasting_type_id, _fivetran_deleted, _fivetran_synced)
SELECT format('Q%s%s', type, row_number() OVER (PARTITION BY type)), owner, start::date, amount, NULL::float8, true, false, family, 'T' || type, false, timestamptz '2026-01-01 00:00+00'
FROM (VALUES ('U1', '2026-01-01', 500, NULL), ('U1', '2026-02-01', 1500, NULL), ('U1', '2026-03-01', 2000, 'Hardware'), ('U1', '2026-03-01', 500, 'Software'), ('U1', '2026-05-01', 3000, NULL),
             ('U2', '2026-02-01', 4000, NULL), ('U2', '2026-03-01', 4000, NULL)) AS q (owner, start, amount, family), (VALUES (1), (2)) AS t (type)
WHERE type = 1 OR owner = 'U1'
UNION ALL VALUES ('Q91', 'U1', date '2026-01-01', 0, 30, false, true, NULL, 'T1', false, timestamptz '2026-01-01 00:00+00'),
                 ('Q92', 'U1', date '2026-02-01', 99999, NULL, true, false, NULL, 'T1', true, timestamptz '2026-01-01 00:00+00');
ANALYZE lead, opportunity, opportunity_history, opportunity_competitor, "user", forecasting_quota;
COMMIT;
