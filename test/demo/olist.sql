-- The marketing funnel of Olist, a Brazilian marketplace: who was contacted when, and who became a seller.
-- files: olist_marketing_qualified_leads_dataset.csv olist_closed_deals_dataset.csv

\echo Loading 8,000 leads
CREATE SCHEMA olist;
SET search_path = olist, public;
SET timezone = 'UTC';
CREATE TABLE lead (mql_id text PRIMARY KEY, first_contact_date date NOT NULL, landing_page_id text, origin text);
CREATE TABLE closed_deal (mql_id text PRIMARY KEY REFERENCES lead, seller_id text, sdr_id text, sr_id text, won_date timestamp NOT NULL,
	business_segment text, lead_type text, lead_behaviour_profile text, has_company text, has_gtin text, average_stock text,
	business_type text, declared_product_catalog_size numeric, declared_monthly_revenue numeric);
\copy lead FROM 'olist_marketing_qualified_leads_dataset.csv' CSV HEADER
\copy closed_deal FROM 'olist_closed_deals_dataset.csv' CSV HEADER

-- A date for the first contact, an instant for the win. That a lead was lost is not on record, nor is a stage between.
CREATE VIEW deals AS
SELECT mql_id AS deal, first_contact_date::timestamp AT TIME ZONE 'UTC' AS began_at, coalesce(origin, '(blank)') AS source, sr_id AS owner,
	deal_history(deal_event('lead', first_contact_date::timestamp AT TIME ZONE 'UTC'), deal_event('won', won_date AT TIME ZONE 'UTC')) AS history
FROM lead LEFT JOIN closed_deal USING (mql_id);

-- The last lead came in 167 days before the last win.
CREATE VIEW settings AS
SELECT max(won_date) AT TIME ZONE 'UTC' AS as_of, '{lead,won}'::text[] AS stages, interval '150 days' AS within, 'BRL' AS currency, 'The marketing funnel of Olist' AS title
FROM closed_deal;
