--
-- quota_attainment and quota_summary: one rep's way to quota, and that of many
--
\getenv directory PG_ABS_SRCDIR
\set shared :directory '/test/lib/regress.sql'
\i :shared
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET extra_float_digits = 0;

-- a rep's history in short: 'won 02-20 60, lost 03-01, won 03-02 70 deal, won 03-09 - deal' of 2024
CREATE FUNCTION pg_temp.h(short text) RETURNS deal_history LANGUAGE sql AS $$
	SELECT history_agg(split_part(e, ' ', 1), ('2024-' || replace(split_part(e, ' ', 2), 'T', ' ') || '+00')::timestamptz, nullif(nullif(split_part(e, ' ', 3), ''), '-')::numeric, nullif(split_part(e, ' ', 4), ''))
	FROM regexp_split_to_table(short, ', *') e
$$;

-- one rep and four definitions of quota
CREATE TEMP TABLE rep AS
SELECT pg_temp.h('won 02-20 60, won 03-05 30, won 03-28 45, won 04-15 60, won 05-10 70, won 05-22 40') AS history, timestamptz '2024-02-01' AS hired_at, timestamptz '2024-06-30' AS as_of;
SELECT definition, status(q), reached_at(q), days(q), cycles(q), won_cycles(q), attained(q), target(q)
FROM rep, LATERAL (VALUES
	(1, 'monthly with a ramp', quota_attainment(history, hired_at, 100, 'month', '{50,75,100,100}', as_of)),
	(2, 'two such months in a row', quota_attainment(history, hired_at, 100, 'month', '{50,75,100,100}', as_of, sustained => 2)),
	(3, 'cumulative', quota_attainment(history, hired_at, 100, as_of => as_of)),
	(4, 'monthly in full', quota_attainment(history, hired_at, 100, 'month', as_of => as_of))) v(n, definition, q)
ORDER BY n;
-- what is held against what, when quota is not reached
SELECT definition, status(q), reached_at(q), observed_until(q), days(q), cycles(q), attained(q), target(q)
FROM rep, LATERAL (VALUES
	(1, 'cumulative', quota_attainment(history, hired_at, 1000, as_of => as_of)),
	(2, 'monthly, as of June: none in June', quota_attainment(history, hired_at, 1000, 'month', as_of => as_of)),
	(3, 'monthly, as of May 15', quota_attainment(history, hired_at, 1000, 'month', as_of => '2024-05-15')),
	(4, 'in the ramp still', quota_attainment(history, hired_at, 1000, 'month', '{900,800,700,600}', as_of => '2024-03-06')),
	(5, 'quarterly', quota_attainment(history, hired_at, 160, 'quarter', as_of => as_of)),
	(6, 'yearly', quota_attainment(history, hired_at, 300, 'year', as_of => as_of)),
	(7, 'three months in a row', quota_attainment(history, hired_at, 75, 'month', as_of => as_of, sustained => 3)),
	(8, 'as of the day before', quota_attainment(history, hired_at, 100, as_of => '2024-03-27')),
	(9, 'as of the instant', quota_attainment(history, hired_at, 100, as_of => '2024-03-28')),
	(10, 'as of the hire', quota_attainment(history, hired_at, 100, as_of => hired_at))) v(n, definition, q)
ORDER BY n;

-- who leaves
SELECT n, status(q), observed_until(q), days(q), cycles(q), attained(q)
FROM rep, LATERAL (VALUES (1, quota_attainment(history, hired_at, 100, as_of => as_of, left_at => '2024-03-10')),
	(2, quota_attainment(history, hired_at, 100, as_of => as_of, left_at => '2024-03-28')),	-- quota on the last day
	(3, quota_attainment(history, hired_at, 100, as_of => as_of, left_at => '2024-05-01')),	-- leaving later changes nothing
	(4, quota_attainment(history, hired_at, 1000, as_of => '2024-03-01', left_at => '2024-03-10')),	-- not left yet
	(5, quota_attainment(history, hired_at, 1000, as_of => '2024-03-10', left_at => '2024-03-10')),
	(6, quota_attainment(history, hired_at, 100, as_of => as_of, left_at => hired_at))) v(n, q)
ORDER BY n;

-- what counts: lost deals are cycles, deals before the hire are not, a correction counts against, and those of one instant count together
SELECT n, short, status(q), days(q), cycles(q), won_cycles(q), attained(q)
FROM (VALUES (1, 'won 01-31T23:59:59 100, won 02-01 40, lost 02-03, lost 02-05, won 02-10 60, won 02-11 60'),
	(2, 'won 02-03 60, won 02-04 -30, won 02-05 60, won 02-06 20'),
	(3, 'won 02-03 90, lost 02-10, lost 02-10, won 02-10 10, won 02-10 25'),
	(4, 'won 02-03 90, won 02-10 30, won 02-10 -40, won 02-12 20'),
	(5, 'won 02-03, won 02-04 100'),			-- a deal without an amount
	(6, 'won 02-03 50, won 02-03 50'),			-- two deals of the same amount
	(7, 'lost 02-03 500, open 02-03 500'),
	(8, 'won 02-03 99.9999, won 02-04 0.0001')) v(n, short),
	quota_attainment(pg_temp.h(short), '2024-02-01', 100, as_of => '2024-03-01') q
ORDER BY n;
-- once attained a period stays so, whatever is taken back later
SELECT status(q), days(q), attained(q) FROM quota_attainment(pg_temp.h('won 02-03 100, won 02-20 -80, won 03-05 100'), '2024-02-01', 100, 'month', as_of => '2024-03-10', sustained => 2) q;
-- a month without a deal breaks the row; so does one that falls short
SELECT short, status(q), reached_at(q) FROM (VALUES (1, 'won 02-03 100, won 04-05 100, won 05-05 100'), (2, 'won 02-03 100, won 03-05 10, won 04-05 100'),
	(3, 'won 02-03 100, won 03-05 100'), (4, 'won 02-03 100, won 05-05 100, won 06-05 100')) v(n, short),
	quota_attainment(pg_temp.h(short), '2024-02-01', 100, 'month', as_of => '2024-07-01', sustained => 2) q ORDER BY n;

-- events of one subject are one deal: it counts by its last event, in the period in which it was won first
SELECT n, status(q), days(q), cycles(q), won_cycles(q), attained(q), target(q), what
FROM (VALUES (1, 'won 02-03 60 a, won 02-09 60 a', 'restated, not two deals'),
	(2, 'won 02-03 10 a, won 02-09 11 a', 'corrected upwards: the last amount'),
	(3, 'won 02-03 60 a, won 02-09 110 a', 'the correction reaches the quota, on its day'),
	(4, 'won 02-03 60 a, won 02-04 30 b, won 02-09 50 a, won 02-10 40 c', 'corrected downwards before the quota was reached'),
	(5, 'won 02-03 60 a, won 02-09 - a', 'no amount keeps the last known one'),
	(6, 'lost 02-03 110 a, won 02-09 - a', '... though it came with a lost event'),
	(7, 'won 02-03 60 a, lost 02-09 - a, won 02-10 50 b', 'lost after all: a closed deal without an amount'),
	(8, 'won 02-03 60 a, lost 02-09 - a, won 02-20 110 a', 'lost, and won again: won when it was won again'),
	(9, 'lost 02-03 - a, lost 02-09 - a, won 02-20 110 b', 'lost twice is one closed deal'),
	(10, 'won 02-03 60 a, lost 02-03 70 a, won 02-04 10 b', 'won goes before lost at one instant, and so does its amount'),
	(11, 'won 02-03 60 a, won 02-03 110 a, won 02-03 70 a', 'the largest amount at one instant'),
	(12, 'won 02-03 - a, lost 02-03 110 a', 'a lost event of the instant, where no winning one has an amount'),
	(13, 'won 01-20 110 a, won 02-09 120 a', 'won before the hire, restated after it: not a deal of the rep'),
	(14, 'lost 01-20 110 a, won 02-09 - a', 'lost before the hire, won after it'),
	(15, 'won 02-03 60 a, won 02-03 60, won 02-03 60', 'events without a subject are deals of their own'),
	(16, 'won 02-03 60 a, note 02-09 200 a, opportunity 02-10 300 a', 'kinds that are neither won nor lost say nothing')) v(n, short, what),
	quota_attainment(pg_temp.h(short), '2024-02-01', 100, as_of => '2024-03-01') q
ORDER BY n;
-- the same by month
SELECT n, status(q), reached_at(q), cycles(q), won_cycles(q), attained(q), target(q), what
FROM (VALUES (1, 'won 02-20 90 a, won 03-05 110 a', '2024-03-31', 1, 'the correction counts in the month of the win, and from its day on'),
	(2, 'won 02-20 90 a, won 03-05 90 a, won 03-10 20 b', '2024-03-31', 1, 'restated in March, and still a win of February'),
	(3, 'won 02-20 90 a, lost 03-05 - a, won 04-02 90 a, won 04-03 10 b', '2024-04-30', 1, 'won again in April: a win of April'),
	(4, 'won 02-20 90 a, lost 03-05 - a, won 04-02 90 a', '2024-03-31', 1, '... as of March it is lost'),
	(5, 'won 02-20 90 a, lost 03-05 - a, won 04-02 90 a', '2024-02-29', 1, '... as of February it is won'),
	(6, 'won 02-20 100 a, won 03-05 10 a, won 03-20 100 b', '2024-03-31', 2, 'February was attained, and stays so'),
	(7, 'won 02-20 90 a, won 03-20 100 b, won 04-10 100 a', '2024-04-30', 2, 'February is attained in April, and completes the row with March'),
	(8, 'won 02-20 90 a, won 03-20 90 b, won 04-10 100 a, won 04-10 100 b', '2024-04-30', 2, 'both at one instant')) v(n, short, as_of, sustained, what),
	quota_attainment(pg_temp.h(short), '2024-02-01', 100, 'month', as_of => as_of::timestamptz, sustained => sustained) q
ORDER BY n;
-- what is corrected after the rep left is not seen
SELECT n, status(q), attained(q) FROM (VALUES (1, timestamptz '2024-02-09'), (2, '2024-02-08')) v(n, left_at),
	quota_attainment(pg_temp.h('won 02-03 60 a, won 02-09 110 a'), '2024-02-01', 100, as_of => '2024-03-01', left_at => left_at) q ORDER BY n;

-- a quota of 0 in ramp: a period that cannot be attained, which neither completes a row nor breaks one
SELECT n, status(q), reached_at(q), attained(q), target(q) FROM (VALUES
	(1, 'won 02-20 60000, won 03-05 25000', '{0,25000,50000}'::numeric[], '2024-05-01', 1),
	(2, 'won 02-20 60000', '{0,25000,50000}', '2024-02-29', 1),
	(3, 'won 02-20 60, won 03-10 5, won 04-10 60', '{50,0,50}', '2024-05-01', 2),
	(4, 'won 02-20 60, won 05-10 60', '{50,0,0,50}', '2024-06-01', 2),
	(5, 'won 02-20 60, won 05-10 60', '{50,0,1,50}', '2024-06-01', 2)) v(n, short, ramp, as_of, sustained),
	quota_attainment(pg_temp.h(short), '2024-02-01', 100000, 'month', ramp, as_of::timestamptz, sustained => sustained) q ORDER BY n;

-- fiscal years: 60,000 on 20 January and 50,000 on 5 February are one quarter, or two
SELECT fiscal_year_start, period, status(q), attained(q) FROM (VALUES (1, 'quarter'), (2, 'quarter'), (3, 'quarter'), (4, 'quarter'), (5, 'quarter'), (12, 'quarter'), (1, 'year'), (2, 'year'), (2, 'month')) v(fiscal_year_start, period),
	quota_attainment(pg_temp.h('won 01-20 60000, won 02-05 50000'), '2024-01-01', 100000, period, as_of => '2024-03-31', fiscal_year_start => fiscal_year_start) q;

-- a calendar of its own: four, four and five weeks
SELECT n, status(q), reached_at(q), attained(q), target(q) FROM (VALUES
	(1, 'won 01-28 60, won 01-29 60', 100, NULL::numeric[], NULL::numeric[], '2024-03-31'),	-- the last day of a period and the first of the next
	(2, 'won 01-29 60, won 02-25 60', 100, NULL, NULL, '2024-03-31'),
	(3, 'won 01-28 60, won 01-29 60', 100, '{50}', NULL, '2024-03-31'),
	(4, 'won 01-28 60, won 01-29 60', NULL, NULL, '{70,60,50}', '2024-03-31'),
	(5, 'won 01-28 60, won 01-29 60, won 02-26 50', NULL, NULL, '{NULL,0,50}', '2024-03-31'),
	(6, 'won 01-28 60', NULL, NULL, '{NULL,70,50}', '2024-01-28'),
	(7, 'won 01-28 60', 100, NULL, NULL, '2024-04-01')) v(n, short, quota, ramp, quotas, as_of),	-- observed beyond the calendar, where there is no quota
	quota_attainment(pg_temp.h(short), '2024-01-10', quota, ramp => ramp, as_of => as_of::timestamptz, calendar => '{2024-01-01,2024-01-29,2024-02-26,2024-04-01}', quotas => quotas) q ORDER BY n;
-- hired in the second of its periods, in the third, and before all of them: quotas are those of the calendar, ramp begins with the hire
SELECT hired_at, quotas, status(q), reached_at(q), target(q) FROM (VALUES ('2024-02-01'), ('2024-03-01'), ('2023-12-01')) v(hired_at), (VALUES (NULL::numeric[]), ('{70,60,50}')) w(quotas),
	quota_attainment(pg_temp.h('won 03-20 55'), hired_at::timestamptz, CASE WHEN quotas IS NULL THEN 55 END, as_of => '2024-03-31', calendar => '{2024-01-01,2024-01-29,2024-02-26,2024-04-01}', quotas => quotas) q ORDER BY 1, 2;
SELECT hired_at, reached_at(q), target(q) FROM (VALUES ('2024-02-01'), ('2024-03-01')) v(hired_at),
	quota_attainment(pg_temp.h('won 03-20 55'), hired_at::timestamptz, 100, ramp => '{55}', as_of => '2024-03-31', calendar => '{2024-01-01,2024-01-29,2024-02-26,2024-04-01}') q ORDER BY 1;
-- its days begin in the zone; a row of periods goes over one without a quota
SELECT zone, attained(q) FROM (VALUES ('UTC'), ('Europe/Berlin')) v(zone), quota_attainment(pg_temp.h('won 01-28T23:30 60'), '2024-01-10', 100, as_of => '2024-01-29 10:00', calendar => '{2024-01-01,2024-01-29,2024-02-26}', zone => zone) q;
SELECT status(q), reached_at(q) FROM quota_attainment(pg_temp.h('won 01-20 60, won 03-20 60'), '2024-01-10', NULL, as_of => '2024-03-31', calendar => '{2024-01-01,2024-01-29,2024-02-26,2024-04-01}', quotas => '{50,NULL,50}', sustained => 2) q;
-- deals outside of it
SELECT pg_temp.failure(format('SELECT quota_attainment(pg_temp.h(%L), %L, %s)', short, hired_at, rest)) FROM (VALUES
	(1, 'won 01-28 60', '2024-01-10', $$100, calendar => '{2024-01-29,2024-02-26}'$$), (2, 'lost 02-26', '2024-01-10', $$100, calendar => '{2024-01-29,2024-02-26}'$$),
	(3, 'won 02-25T23:30 60', '2024-01-10', $$100, calendar => '{2024-01-29,2024-02-26}', zone => 'Europe/Berlin'$$), (4, 'won 02-01 60', '2024-01-28', $$100, ramp => '{50}', calendar => '{2024-01-29,2024-02-26}'$$),
	(5, 'won 01-28 60', '2024-01-29', $$100, calendar => '{2024-01-29,2024-02-26}'$$), (6, 'won 01-28 60', '2024-01-10', $$100, as_of => '2024-01-27', calendar => '{2024-01-29,2024-02-26}'$$),
	(7, 'won 02-01 60 a, won 02-26 70 a', '2024-01-10', $$100, calendar => '{2024-01-29,2024-02-26}'$$)) v(n, short, hired_at, rest) ORDER BY n;

-- threshold, and the exact product of it and the quota
SELECT n, status(q), attained(q), target(q) FROM (VALUES (1, 100, 0.8), (2, 100, 0.81), (3, 100.00001, 0.8), (4, 80, 1), (5, 0.0001, 0.3), (6, 240, 0.333333333333), (7, 1e-9000, 1e-9000)) v(n, quota, threshold),
	quota_attainment(pg_temp.h('won 02-03 80'), '2024-02-01', quota, as_of => '2024-03-01', threshold => threshold) q ORDER BY n;

-- calendar periods stand in the zone: this deal is of March in Berlin, of February in UTC
SELECT zone, status(q), attained(q) FROM (VALUES ('UTC'), ('Europe/Berlin'), ('europe/berlin'), ('America/New_York')) v(zone),
	quota_attainment(pg_temp.h('won 02-29T23:30 60, won 03-02 40'), '2024-02-01', 100, 'month', as_of => '2024-03-10', zone => zone) q;
-- hired in the evening of January in New York, in February in UTC: the ramp begins with that month
SELECT zone, reached_at(q), target(q) FROM (VALUES ('UTC'), ('America/New_York')) v(zone),
	quota_attainment(pg_temp.h('won 02-03 40, won 02-10 40, won 03-02 90'), '2024-02-01 02:00', 100, 'month', '{50,80}', as_of => '2024-03-10', zone => zone) q;
-- in St. John's the clock of 2009-11-01 went back to October after one minute: the deal after it belongs to October again
SELECT status(q), reached_at(q), attained(q) FROM (SELECT history_agg('won', at, amount) AS history
	FROM (VALUES (timestamptz '2009-10-05', 60), ('2009-11-01 02:30:30', 10), ('2009-11-01 03:00', 40)) v(at, amount)) x,
	quota_attainment(history, '2009-10-01 12:00', 100, 'month', as_of => '2009-12-01', zone => 'America/St_Johns') q;
-- November was attained in that minute and lost half of it; October, to which the clock went back, completes the row with it
SELECT status(q), reached_at(q), attained(q), target(q) FROM (SELECT history_agg('won', at, amount) AS history
	FROM (VALUES (timestamptz '2009-11-01 02:30:10', 100), ('2009-11-01 02:30:30', -50), ('2009-11-01 02:40', 100)) v(at, amount)) x,
	quota_attainment(history, '2009-10-01 12:00', 100, 'month', as_of => '2009-12-01', sustained => 2, zone => 'America/St_Johns') q;

-- no deals: a rep who has not reached quota, not nobody
SELECT n, q FROM (VALUES (1, NULL), (2, '{}'::deal_history), (3, pg_temp.h('lead 02-03'))) v(n, history), quota_attainment(history, '2024-02-01', 100, as_of => '2024-03-01') q ORDER BY n;
-- nobody: no hire, no quota, no as_of, not hired yet
SELECT quota_attainment('{}'::deal_history, NULL, 100) IS NULL AS no_hire, quota_attainment('{}'::deal_history, '2024-02-01', NULL) IS NULL AS no_quota,
	quota_attainment('{}'::deal_history, '2024-02-01', 100, as_of => NULL) IS NULL AS no_as_of, quota_attainment('{}'::deal_history, '2024-02-01', 100, as_of => '2024-01-31') IS NULL AS not_yet,
	days(quota_attainment('{}'::deal_history, now() - interval '10 days', 100)) AS until_now;
-- options and quotas that change from row to row
SELECT n, reached_at(q), cycles(q) FROM rep, LATERAL (VALUES (1, 100, '{won}'::text[]), (2, 150, '{won}'), (3, 50, '{x,won}'), (4, 50, '{x}')) v(n, quota, won),
	quota_attainment(history, hired_at, quota, as_of => as_of, won => won, lost => '{}') q ORDER BY n;

-- the second reading of "number of sales cycles": elapsed time in reference cycles
SELECT elapsed_cycles(q, '28 days'), elapsed_cycles(q, '14 days'), elapsed_cycles(q, '36:00') FROM rep, quota_attainment(history, hired_at, 100, as_of => as_of) q;

-- what was won in each month since hire, whole months only, as it stands at the end
SELECT n, array_agg(amount ORDER BY tenure_month) AS months FROM (VALUES
	(1, 'won 02-20 60, lost 03-01, won 03-28 45', timestamptz '2024-02-01', '2024-05-15', NULL::timestamptz),
	(2, 'won 02-20 60, won 03-01 10, won 03-28 45', '2024-02-01', '2024-04-01', NULL),	-- the last instant of a month is the first of the next
	(3, 'won 02-20 60, won 03-28 45', '2024-02-01', '2024-05-15', '2024-03-31'),	-- left in the second month
	(4, 'won 02-20 60 a, won 03-28 45 a, won 04-10 10 b, lost 04-11 - b', '2024-02-01', '2024-05-15', NULL),
	(5, 'won 02-20 60 a, won 03-28 45 a', '2024-02-01', '2024-03-15', NULL),	-- as it stood then
	(6, NULL, '2024-02-01', '2024-05-15', NULL), (7, 'won 02-20 60', '2024-02-01', '2024-02-29', NULL),
	(8, 'won 02-28 60, won 02-29 10, won 03-30 20, won 03-31 30', '2024-01-31', '2024-04-30', NULL),	-- of the 31st: until the end of shorter months
	(9, 'won 02-20 -5, won 02-20 5.0001', '2024-02-01', '2024-03-01', NULL)) v(n, short, hired_at, as_of, left_at),
	tenure_amounts(pg_temp.h(short), hired_at, as_of::timestamptz, left_at) GROUP BY n ORDER BY n;
SELECT * FROM tenure_amounts(pg_temp.h('won 02-28T23:30 60, won 03-28T22:30 70'), '2024-01-28T23:00', as_of => '2024-04-01', zone => 'Europe/Berlin');
SELECT * FROM tenure_amounts(pg_temp.h('win 02-28 60 a, gone 03-05 - a, won 03-01 10'), '2024-02-01', as_of => '2024-04-01', won => '{win}', lost => '{gone}');
-- nobody: no hire, no as_of, not hired yet
SELECT count(*) FROM (SELECT tenure_amounts(pg_temp.h('won 02-20 60'), NULL) UNION ALL SELECT tenure_amounts(pg_temp.h('won 02-20 60'), '2024-02-01', NULL) UNION ALL SELECT tenure_amounts(pg_temp.h('won 02-20 60'), '2024-02-01', '2024-01-01')) x;
-- at the ends of time
SELECT hired_at, count(*), sum(amount), max(tenure_month) FROM (VALUES (timestamptz '4714-11-24 BC', timestamptz '4713-01-24 BC'), ('2023-02-20', '2024-02-20'), ('294276-01-01', '294276-12-31 23:59:59.999999')) v(hired_at, as_of),
	tenure_amounts(pg_temp.h('won 02-19T23:59 60'), hired_at, as_of) GROUP BY 1 ORDER BY 1;
SELECT pg_temp.failure(format('SELECT tenure_amounts(NULL, %s)', a)) FROM (VALUES (1, $$'2024-02-01', left_at => '2024-01-31'$$), (2, $$'infinity'$$), (3, $$'2024-02-01', zone => 'Mars/Olympus'$$), (4, $$'2024-02-01', zone => NULL$$),
	(5, $$'2024-02-01', won => '{}'$$), (6, $$'2024-02-01', lost => '{won}'$$), (7, $$'2024-02-01', won => NULL$$)) v(n, a) ORDER BY n;

-- many reps
CREATE TEMP TABLE reps AS
SELECT n, q FROM (VALUES (1, 'won 02-20 60, lost 03-01, won 03-28 45', NULL::timestamptz), (2, 'won 02-11 100', NULL), (3, 'won 02-20 60, lost 03-01', NULL), (4, NULL, NULL), (5, 'lost 02-10', '2024-03-10'),
	(6, 'won 02-11T12:00 100', NULL)) v(n, short, left_at),
	quota_attainment(pg_temp.h(short), '2024-02-01', 100, as_of => '2024-04-01', left_at => left_at) q;
SELECT n, status(q), days(q), cycles(q) FROM reps ORDER BY n;
CREATE TEMP TABLE team AS SELECT quota_agg(q) AS s FROM reps;
SELECT s FROM team;
SELECT reps(s), reached(s), percent(reached(s)), quota_velocity(s), mean_cycles(s), mean_elapsed_cycles(s, '28 days') FROM team;
SELECT time_to_quota(s) AS d, median(time_to_quota(s)), round(mean(time_to_quota(s))::numeric, 10) AS mean, restricted_mean(time_to_quota(s), 40) FROM team;
SELECT elapsed, at_risk, events, competing, censored, round(survival::numeric, 10) AS survival, round(incidence::numeric, 10) AS incidence FROM team, curve(time_to_quota(s));
\pset format unaligned
SELECT chart(s, width => 40) FROM team;
\pset format aligned
-- nobody reached it; nobody at all
SELECT s, reached(s), quota_velocity(s), mean_cycles(s), mean_elapsed_cycles(s, '1 day'), median(time_to_quota(s)) FROM (SELECT quota_agg(q) AS s FROM reps WHERE n IN (3, 4)) x;
SELECT quota_agg(q) IS NULL AS of_nothing, quota_agg(NULL) IS NULL AS of_nulls, rollup(NULL::quota_summary) IS NULL AS rolled_nulls FROM reps WHERE false;
SELECT reps(s - s), quota_velocity(s - s), reached(s - s), chart(s - s), (s - s)::text FROM team;
-- parts and wholes
WITH part AS (SELECT quota_agg(q) FILTER (WHERE n % 2 = 0) AS a, quota_agg(q) FILTER (WHERE n % 2 = 1) AS b FROM reps)
SELECT (a + b)::text = s::text AS plus, (s - b)::text = a::text AS minus, (SELECT rollup(v) FROM (VALUES (b), (a), (NULL)) p(v))::text = s::text AS rolled_up
FROM team, part;
SELECT n, s, s = f AS same FROM (SELECT n, (quota_agg(q) OVER w)::text AS s, (quota_agg(q) FILTER (WHERE random() >= 0) OVER w)::text AS f FROM reps
	WINDOW w AS (ORDER BY n ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)) x ORDER BY n;
SELECT n, reps(rollup(s) OVER (ORDER BY n ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)) FROM (SELECT n, CASE WHEN n <> 3 THEN quota_agg(q) END AS s FROM reps GROUP BY n) x ORDER BY n;
-- transition functions by themselves work on a copy
SELECT quota_summary_final(quota_summary_add_attainment(s, q))::text = (s + (SELECT quota_agg(q) FROM reps WHERE n = 1))::text AS more, reps(s) FROM team, reps WHERE n = 1;
SELECT pg_temp.failure($$SELECT quota_summary_remove_attainment((SELECT quota_agg(q) FROM reps WHERE n = 1), (SELECT q FROM reps WHERE n = 2))$$);
SELECT pg_temp.failure($$SELECT (SELECT quota_agg(q) FROM reps WHERE n = 3) - (SELECT quota_agg(q) FROM reps WHERE n = 1)$$);

-- text, jsonb, binary
SELECT n, q, q::text::quota_attainment::text = q::text AND q::jsonb::quota_attainment::text = q::text AS same, encode(quota_attainment_send(q), 'hex') AS sent FROM reps WHERE n IN (1, 5) ORDER BY n;
SELECT n, attained(q), target(q), q FROM (VALUES (1, '-0.0001', '0.0001'), (2, '-12.5', '3e3'), (3, '17014118346046923173168730371588410.5727', '922337203685477.5807'), (4, '0', '1.50000')) v(n, attained, target),
	LATERAL (SELECT format('{"version":1,"status":"open","hired_at":"2024-01-01","observed_until":"2024-01-01","cycles":2,"won_cycles":1,"attained":%s,"target":%s}', attained, target)::quota_attainment) x(q) ORDER BY n;
SELECT pg_temp.failure(format('SELECT %L::quota_attainment', '{"version":1' || t || '}')) FROM (VALUES (1, ''),
	(2, ',"status":"gone","hired_at":"2024-01-01","observed_until":"2024-01-02","cycles":2,"won_cycles":1,"attained":5,"target":5'),
	(3, ',"status":"open","hired_at":"2024-01-03","observed_until":"2024-01-02","cycles":2,"won_cycles":1,"attained":5,"target":5'),
	(4, ',"status":"open","hired_at":"2024-01-01","observed_until":"2024-01-02","cycles":1,"won_cycles":2,"attained":5,"target":5'),
	(5, ',"status":"reached","hired_at":"2024-01-01","observed_until":"2024-01-02","cycles":2,"won_cycles":1,"attained":4,"target":5'),
	(6, ',"status":"reached","hired_at":"2024-01-01","observed_until":"2024-01-02","cycles":2,"won_cycles":0,"attained":5,"target":5'),
	(7, ',"status":"open","hired_at":"2024-01-01","observed_until":"2024-01-02","cycles":2,"won_cycles":1,"attained":5,"target":-1'),
	(8, ',"status":"open","hired_at":"2024-01-01","observed_until":"2024-01-02","cycles":2,"won_cycles":1,"attained":5,"target":922337203685477.5808'),
	(9, ',"status":"open","hired_at":"2024-01-01","observed_until":"2024-01-02","cycles":2,"won_cycles":1,"attained":5.00001,"target":5'),
	(10, ',"status":"open","hired_at":"2024-01-01","observed_until":"2024-01-02","cycles":2,"won_cycles":1,"attained":"5","target":5'),
	(11, ',"status":"open","hired_at":"2024-01-01","observed_until":"2024-01-02","cycles":3000000000,"won_cycles":1,"attained":5,"target":5'),
	(12, ',"status":"open","hired_at":"2024-01-01","observed_until":"2024-01-02","cycles":2,"won_cycles":1,"attained":5,"target":5,"rep":1'),
	(13, ',"status":"open","hired_at":"2024-01-01","observed_until":"2024-01-02","cycles":2,"won_cycles":1,"attained":1e131071,"target":5'),
	(14, ',"status":"reached","hired_at":"2024-01-01","observed_until":"2024-01-02","cycles":2,"won_cycles":1,"attained":5,"target":0')) v(n, t) ORDER BY n;
SELECT s::text::quota_summary::text = s::text AND s::jsonb::quota_summary::text = s::text AS same, encode(quota_summary_send(s), 'hex') AS sent, pg_column_size(s) AS bytes FROM team;
SELECT pg_temp.failure(format('SELECT %L::quota_summary', '{"version":1' || t || '}')) FROM (VALUES (1, ''),
	(2, ',"cycles":3,"cycles_of_reached":2,"total_microseconds":0,"histogram":{}'),
	(3, ',"cycles":3,"cycles_of_reached":2,"total_microseconds":0,"histogram":[[1,2,3]]'),
	(4, ',"cycles":3,"cycles_of_reached":2,"total_microseconds":0,"histogram":[[1,0,0,-1]]'),
	(5, ',"cycles":3,"cycles_of_reached":0,"total_microseconds":0,"histogram":[[3,0,0,1],[3,0,0,1]]'),
	(6, ',"cycles":3,"cycles_of_reached":0,"total_microseconds":0,"histogram":[[106751992,0,0,1]]'),
	(7, ',"cycles":3,"cycles_of_reached":2,"total_microseconds":0,"histogram":[[1,1,0,0]]'),
	(8, ',"cycles":3,"cycles_of_reached":0,"total_microseconds":86400000000,"histogram":[[1,1,0,0]]'),
	(9, ',"cycles":3,"cycles_of_reached":2,"total_microseconds":86400000000,"histogram":[[1,1,0,0]]'),
	(10, ',"cycles":3,"cycles_of_reached":4,"total_microseconds":86400000000,"histogram":[[1,1,0,1]]'),
	(11, ',"cycles":3,"cycles_of_reached":1,"total_microseconds":0,"histogram":[[1,0,0,1]]'),
	(12, ',"cycles":-3,"cycles_of_reached":0,"total_microseconds":0,"histogram":[[1,0,0,1]]'),
	(13, ',"cycles":1.5,"cycles_of_reached":0,"total_microseconds":0,"histogram":[[1,0,0,1]]'),
	(14, ',"cycles":1,"cycles_of_reached":0,"total_microseconds":0,"histogram":[1,0,0,1]'),
	(15, ',"cycles":3,"cycles_of_reached":2,"total_microseconds":86400000000,"histogram":[[1,1,0,1]]')) v(n, t) ORDER BY n;

-- options out of their range
SELECT pg_temp.failure(format('SELECT quota_attainment(NULL, %s)', a)) FROM (VALUES
	(1, $$'2024-02-01', 0$$), (2, $$'2024-02-01', -5$$), (3, $$'2024-02-01', 'NaN'$$), (4, $$'2024-02-01', 'infinity'$$), (5, $$'2024-02-01', 1e15$$),
	(6, $$'2024-02-01', 5, 'week'$$), (7, $$'2024-02-01', 5, 'month', '{5,-0.01}'$$), (8, $$'2024-02-01', 5, 'month', '{5,NULL}'$$), (9, $$'2024-02-01', 5, 'month', '{{5}}'$$),
	(10, $$'2024-02-01', 5, ramp => '{5}'$$), (11, $$'2024-02-01', 5, sustained => 2$$), (12, $$'2024-02-01', 5, 'month', sustained => 0$$), (13, $$'2024-02-01', 5, sustained => NULL$$),
	(14, $$'2024-02-01', 5, threshold => 0$$), (15, $$'2024-02-01', 5, threshold => NULL$$), (16, $$'2024-02-01', 5, threshold => 'NaN'$$),
	(17, $$'2024-02-01', 5, zone => 'Mars/Olympus'$$), (18, $$'2024-02-01', 5, zone => ''$$), (19, $$'2024-02-01', 5, zone => NULL$$), (20, $$'2024-02-01', 5, zone => repeat('x', 300)$$),
	(21, $$'2024-02-01', 5, won => '{}'$$), (22, $$'2024-02-01', 5, won => NULL$$), (23, $$'2024-02-01', 5, lost => NULL$$), (24, $$'2024-02-01', 5, lost => '{lost,won}'$$),
	(25, $$'2024-02-01', 5, as_of => 'infinity'$$), (26, $$'-infinity', 5$$), (27, $$'2024-02-01', 5, left_at => 'infinity'$$), (28, $$'2024-02-01', 5, left_at => '2024-01-31'$$),
	(29, $$'2024-02-01', 5, 'month', '{NaN}'$$), (30, $$'2024-02-01', 5, fiscal_year_start => 2$$), (31, $$'2024-02-01', 5, 'quarter', fiscal_year_start => 0$$), (32, $$'2024-02-01', 5, 'quarter', fiscal_year_start => 13$$), (33, $$'2024-02-01', 5, fiscal_year_start => NULL$$),
	(34, $$'2024-02-01', 5, 'month', calendar => '{2024-01-01,2024-02-01}'$$), (35, $$'2024-02-01', 5, fiscal_year_start => 2, calendar => '{2024-01-01,2024-02-01}'$$), (36, $$'2024-02-01', NULL, quotas => '{5}'$$),
	(37, $$'2024-02-01', 5, calendar => '{2024-01-01,2024-02-01}', quotas => '{5}'$$), (38, $$'2024-02-01', NULL, ramp => '{5}', calendar => '{2024-01-01,2024-02-01}', quotas => '{5}'$$), (39, $$'2024-02-01', NULL, calendar => '{2024-01-01,2024-02-01}', quotas => '{5,6}'$$),
	(40, $$'2024-02-01', 5, calendar => '{}'$$), (41, $$'2024-02-01', 5, calendar => '{2024-01-01}'$$), (42, $$'2024-02-01', 5, calendar => '{2024-01-01,NULL}'$$), (43, $$'2024-02-01', 5, calendar => '{2024-01-01,2024-03-01,2024-02-01}'$$),
	(44, $$'2024-02-01', 5, calendar => '{2024-01-01,2024-01-01}'$$), (45, $$'2024-02-01', 5, calendar => '{2024-01-01,infinity}'$$), (46, $$'2024-02-01', 5, calendar => '{{2024-01-01,2024-02-01}}'$$), (47, $$'2024-02-01', 5, calendar => '{0044-03-15 BC,0100-01-01 BC}'$$),
	(48, $$'2024-02-01', NULL, calendar => '{2024-01-01,2024-02-01}', quotas => '{-5}'$$), (49, $$'2024-02-01', NULL, calendar => '{2024-01-01,2024-02-01}', quotas => '{{5}}'$$)) v(n, a) ORDER BY n;
SELECT pg_temp.failure(format('SELECT elapsed_cycles(q, %L), mean_elapsed_cycles(s, %1$L) FROM reps, team', a)) FROM (VALUES (1, '0'), (2, '1 month'), (3, '-1 day')) v(n, a) ORDER BY n;

-- damaged bytes are refused
SET client_min_messages = warning;
CREATE TYPE raw;
CREATE FUNCTION raw_in(cstring) RETURNS raw AS 'byteain' LANGUAGE internal IMMUTABLE STRICT;
CREATE FUNCTION raw_out(raw) RETURNS cstring AS 'byteaout' LANGUAGE internal IMMUTABLE STRICT;
CREATE TYPE raw (INPUT = raw_in, OUTPUT = raw_out, ALIGNMENT = double);
CREATE CAST (raw AS quota_attainment) WITHOUT FUNCTION;
CREATE CAST (quota_attainment AS raw) WITHOUT FUNCTION;
CREATE CAST (raw AS quota_summary) WITHOUT FUNCTION;
CREATE CAST (quota_summary AS raw) WITHOUT FUNCTION;
CREATE FUNCTION damage(value bytea, type text, use text, cases int) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	mutated bytea;
	refused bigint := 0;
BEGIN
	FOR i IN 1 .. cases LOOP
		mutated := value;
		FOR j IN 0 .. floor(random() * 3)::int LOOP
			mutated := set_bit(mutated, floor(random() * 8 * length(mutated))::int, (random() < 0.5)::int);
		END LOOP;
		IF random() < 0.2 THEN
			mutated := substr(mutated, 1, floor(random() * length(mutated))::int);
		END IF;
		BEGIN
			EXECUTE format(use, format('%L::raw::%s', mutated, type));
		EXCEPTION WHEN data_corrupted OR numeric_value_out_of_range THEN
			refused := refused + 1;
		END;
	END LOOP;
	RETURN refused;
END $$;
SELECT pg_temp.failure($$SELECT days(''::raw::quota_attainment)$$) AS attainment, pg_temp.failure($$SELECT reps(''::raw::quota_summary)$$) AS summary;
SELECT damage(q::raw::text::bytea, 'quota_attainment', 'SELECT q::text, days(q), attained(q), target(q), quota_agg(q) FROM CAST(%s AS quota_attainment) q GROUP BY q::text, days(q), attained(q), target(q)', 1000) > 0 AS refused FROM reps WHERE n = 1;
SELECT damage(s::raw::text::bytea, 'quota_summary', 'SELECT s::text, quota_velocity(s), chart(s), s + s, time_to_quota(s) FROM CAST(%s AS quota_summary) s', 1000) > 0 AS refused FROM team;
SELECT damage(quota_summary_add_attainment(NULL, q)::raw::text::bytea, 'quota_summary', 'SELECT s::text, s + s, quota_summary_final(quota_summary_add_summary(s, s)) FROM CAST(%s AS quota_summary) s', 1000) > 0 AS refused FROM reps WHERE n = 1;
DROP TYPE raw CASCADE;
DROP FUNCTION damage;
-- a win keeps the amount of its run beside a loss at the same instant
SELECT attained(quota_attainment(deal_history '{"(won,2026-02-01,100,x)","(won,2026-02-09,,x)","(lost,2026-02-09,50,x)"}', '2026-01-01', 1000, as_of => '2026-06-30'));
