-- The marketing funnel of Olist, a Brazilian marketplace: who was contacted when, and who became a seller.
-- files: olist_marketing_qualified_leads_dataset.csv olist_closed_deals_dataset.csv

\echo Loading the two files
CREATE SCHEMA olist;
SET search_path = olist, public;
SET timezone = 'UTC';
\ir by_day.sql
CREATE TABLE lead (mql_id text PRIMARY KEY, first_contact_date date NOT NULL, landing_page_id text, origin text);
CREATE TABLE closed_deal (mql_id text PRIMARY KEY REFERENCES lead, seller_id text, sdr_id text, sr_id text, won_date timestamp NOT NULL,
	business_segment text, lead_type text, lead_behaviour_profile text, has_company text, has_gtin text, average_stock text,
	business_type text, declared_product_catalog_size numeric, declared_monthly_revenue numeric);
\copy lead FROM 'olist_marketing_qualified_leads_dataset.csv' CSV HEADER
\copy closed_deal FROM 'olist_closed_deals_dataset.csv' CSV HEADER

\echo Making one history for each lead: a date for the first contact, an instant for the win
CREATE TABLE deal AS
SELECT mql_id, date_trunc('month', first_contact_date)::date AS month,
	coalesce(origin, '(blank)') AS origin,
	deal_history(deal_event('lead', first_contact_date::timestamp AT TIME ZONE 'UTC'),
				 deal_event('won', won_date AT TIME ZONE 'UTC')) AS history
FROM lead LEFT JOIN closed_deal USING (mql_id);
SELECT max(won_date) AT TIME ZONE 'UTC' AS as_of FROM closed_deal \gset
CREATE TABLE reading AS
SELECT *, deal_progress(history, '{lead,won}', exits => '{}', as_of => :'as_of') AS progress,
	has_kind(history, 'won') AS won
FROM deal;

\echo
\echo 'HOW MANY LEADS BECAME CUSTOMERS: customers / all leads, with the Wilson 95 % interval.'
\echo 'Read as a funnel, a win must not precede the first contact. Read as a fact about the lead, a win is a win.'
CREATE VIEW customers AS
SELECT reading, total(r) AS leads, successes(r) AS won, round(percent(r)::numeric, 3) AS percent,
	round(100 * i.low::numeric, 3) AS low, round(100 * i.high::numeric, 3) AS high
FROM (SELECT 1 AS n, 'funnel: first contact, then won' AS reading, conversion(funnel_agg(progress), 'lead', 'won') AS r FROM reading
	  UNION ALL SELECT 2, 'fact: has a win at any time', rate_agg(won) FROM reading) x, confidence_interval(r) i
ORDER BY n;
TABLE customers;

\echo 'The difference, by name: won before the first contact on record. The tables below count it as won.'
SELECT mql_id, origin, first_at(history, 'lead') AS first_contact, first_at(history, 'won') AS won,
	first_at(history, 'won') - first_at(history, 'lead') AS elapsed
FROM reading WHERE won AND status(progress) <> 'converted';

\echo 'BY MONTH OF FIRST CONTACT: customers / leads first contacted in that month.'
\echo 'No win is on record before 2017-12-05: the earlier months lack those that came sooner.'
CREATE VIEW months AS
SELECT to_char(month, 'YYYY-MM') AS month, total(r) AS leads, successes(r) AS won, CASE WHEN month < '2017-12-01' THEN 'early wins missing' ELSE 'final' END AS state, round(percent(r)::numeric, 2) AS percent,
	round(100 * i.low::numeric, 2) AS low, round(100 * i.high::numeric, 2) AS high
FROM (SELECT month, rate_agg(won) AS r FROM reading GROUP BY month) x, confidence_interval(r) i
ORDER BY 1;
TABLE months;

\echo 'BY ORIGIN: customers / leads of that origin; (blank) and unknown are as the file has them.'
CREATE VIEW origins AS
SELECT origin, total(r) AS leads, successes(r) AS won, round(percent(r)::numeric, 2) AS percent,
	round(100 * i.low::numeric, 2) AS low, round(100 * i.high::numeric, 2) AS high
FROM (SELECT origin, rate_agg(won) AS r FROM reading GROUP BY origin) x, confidence_interval(r) i
ORDER BY percent(r) DESC, origin;
TABLE origins;

\echo
\echo 'DAYS FROM FIRST CONTACT TO WIN, as of the last win (the win before its contact counts from day 0). The median of the winners says'
\echo 'how quick the quick ones were; it is not how long a lead takes: half of all leads never win, so that their median is not reached.'
\echo 'What can be said of all leads is the percent won within so many days, with its 95 % interval.'
CREATE TABLE days_to_win AS
SELECT x.n, leads, duration_agg(cycle) FILTER (WHERE leads = 'all' OR won) AS d
FROM (SELECT won, deal_cycle(deal_history(deal_event('lead', started_at(history)), deal_event('won', first_at(history, 'won'))),
							 '{lead}', '{won}', '{}', :'as_of') AS cycle FROM reading) c,
	(VALUES (1, 'all'), (2, 'winners alone')) x (n, leads)
GROUP BY x.n, leads;
CREATE VIEW days AS
SELECT leads, observed(d) AS won, censored(d) AS unfinished, median(d) AS median, round(100 * reached_within(d, 30)::numeric, 2) AS within_30,
	round(100 * reached_within(d, 90)::numeric, 2) AS within_90, round(100 * i.low::numeric, 2) AS low, round(100 * i.high::numeric, 2) AS high,
	round(100 * reached_within(d, 365)::numeric, 2) AS within_365
FROM days_to_win, reached_within_interval(d, 90) i
ORDER BY n;
TABLE days;
CREATE VIEW days_by_day AS SELECT leads, c.* FROM days_to_win, by_day(d, 365) c WHERE leads = 'all';

\echo 'The months again from their stored summaries: a rollup is the same as counting all the leads.'
SELECT rollup(r) AS all_leads FROM (SELECT rate_agg(won) AS r FROM reading GROUP BY month) x;
