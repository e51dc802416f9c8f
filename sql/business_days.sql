--
-- business_days: days between two instants without weekends and holidays
--
\getenv directory PG_ABS_SRCDIR
\set shared :directory '/test/lib/regress.sql'
\i :shared
SET timezone = 'UTC';
SET datestyle = 'ISO';

-- from a Thursday
SELECT until, business_days('2024-02-01', until) FROM (VALUES (timestamptz '2024-02-01'), ('2024-02-01 23:59:59'), ('2024-02-02'), ('2024-02-03'), ('2024-02-04'), ('2024-02-05'), ('2024-02-20'), ('2024-03-28'), ('2024-05-22')) v(until);
-- from a day of the weekend
SELECT start, business_days(start, '2024-02-06') FROM (VALUES (timestamptz '2024-02-02 18:00'), ('2024-02-03'), ('2024-02-04 23:59'), ('2024-02-05')) v(start);
-- holidays: in any order, given twice, on a weekend (2024-02-10), on the first day, on the last, outside
SELECT holidays, business_days('2024-02-01', '2024-02-20', holidays) FROM (VALUES (NULL::date[]), ('{}'), ('{2024-02-19,2024-02-12}'), ('{2024-02-12,2024-02-12}'), ('{2024-02-10}'), ('{2024-02-01}'), ('{2024-02-20}'), ('{2024-01-31,2024-02-21}'),
	('{2024-02-20,2024-02-10,2024-02-19,2024-02-12,2024-02-19,2024-02-01}')) v(holidays);
-- other weekends
SELECT weekend, business_days('2024-02-01', '2024-02-20', '{2024-02-10}', weekend => weekend) FROM (VALUES ('{6,7}'::int[]), ('{7,6,6}'), ('{5,6}'), ('{7}'), ('{}'), ('{1,2,3,4,5,6}')) v(weekend);
-- the clock of the zone says which day it is
SELECT zone, business_days('2024-02-02 23:30', '2024-02-05 03:00', zone => zone) FROM (VALUES ('UTC'), ('Europe/Berlin'), ('America/New_York'), ('Asia/Tokyo')) v(zone);
-- in St. John's the clock of 2009-11-01, a Sunday, went back to Saturday after one minute
SELECT business_days('2009-11-01 02:30:30', '2009-11-01 02:31:30', zone => 'America/St_Johns', weekend => '{}');
-- no instant
SELECT business_days(NULL, '2024-02-20') IS NULL AS no_start, business_days('2024-02-01', NULL) IS NULL AS no_end;
-- all that there is
SELECT business_days('4714-11-24 BC', '294276-12-31 23:59:59.999999', weekend => '{}') AS days, business_days('4714-11-24 BC', '294276-12-31 23:59:59.999999') AS business_days;
-- day by day
SELECT count(*) AS pairs, count(*) FILTER (WHERE business_days(a, b, '{2024-01-01,2024-03-29,2024-04-01,2024-05-01}') <> (SELECT count(*) FROM generate_series(a + interval '1 day', b, '1 day') d
	WHERE extract(isodow FROM d) < 6 AND d NOT IN ('2024-01-01', '2024-03-29', '2024-04-01', '2024-05-01'))) AS wrong
FROM generate_series(timestamptz '2023-12-20', '2024-01-10', '1 day') a, generate_series(a, '2024-05-10', '1 day') b;
-- how long deals take, in business days
SELECT median(d), mean(d), censored(d) FROM (SELECT duration_agg(business_days(opened, coalesce(closed, '2024-06-01')), closed IS NOT NULL) AS d
	FROM (VALUES (timestamptz '2024-02-01', timestamptz '2024-02-20'), ('2024-02-01', '2024-03-28'), ('2024-02-01', '2024-05-22'), ('2024-05-20', NULL)) v(opened, closed)) x;

SELECT pg_temp.failure(format('SELECT business_days(%s)', t)) FROM (VALUES (1, $$'2024-02-02', '2024-02-01 12:00'$$), (2, $$'infinity', '2024-02-01'$$), (3, $$'2024-02-01', '-infinity'$$), (4, $$'2024-02-01', '2024-02-02', '{NULL}'$$),
	(5, $$'2024-02-01', '2024-02-02', '{infinity}'$$), (6, $$'2024-02-01', '2024-02-02', '{{2024-02-01},{2024-02-02}}'$$), (7, $$'2024-02-01', '2024-02-02', zone => NULL$$), (8, $$'2024-02-01', '2024-02-02', zone => 'Mars/Olympus'$$),
	(9, $$'2024-02-01', '2024-02-02', zone => ''$$), (10, $$'2024-02-01', '2024-02-02', weekend => NULL$$), (11, $$'2024-02-01', '2024-02-02', weekend => '{0,6}'$$), (12, $$'2024-02-01', '2024-02-02', weekend => '{8}'$$),
	(13, $$'2024-02-01', '2024-02-02', weekend => '{1,2,3,4,5,6,7}'$$), (14, $$'2024-02-01', '2024-02-02', weekend => '{NULL}'$$), (15, $$NULL, NULL, '{NULL}'$$)) v(n, t) ORDER BY n;
-- a close date is the first instant of the day on which the deal was created
SELECT business_days('2026-03-02 19:51+00', '2026-03-02') AS same_day, business_days('2026-03-02 01:00+00', '2026-03-02 00:00+00', zone => 'America/New_York') AS in_new_york;
