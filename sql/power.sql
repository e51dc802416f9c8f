--
-- power: how many deals a programme needs before it can show a difference
--
\getenv directory PG_ABS_SRCDIR
\set shared :directory '/test/lib/regress.sql'
\i :shared

-- R's power.prop.test, and rounded up
SELECT deals_needed(0.10, 0.12) AS two_points, deals_needed(0.10, 0.13) AS three_points, deals_needed(0.20, 0.25, power => 0.9) AS power_90,
	deals_needed(0.02, 0.03, level => 0.99) AS level_99, deals_needed(0.12, 0.10) AS the_other_way;
-- teams of 50 deals that differ
SELECT deals_needed(0.10, 0.13, deals_per_team => 50, icc => 0.01) AS one_percent, deals_needed(0.10, 0.13, deals_per_team => 50, icc => 0.05) AS five_percent,
	deals_needed(0.10, 0.13, deals_per_team => 50, icc => 1) AS teams_of_one_mind, deals_needed(0.10, 0.13, deals_per_team => 50) AS independent;
-- no number is enough; any is; from 0 to 1
SELECT deals_needed(0.1, 0.1) IS NULL AS equal, deals_needed(0.1, 0.2, power => 0.01) AS power_of_chance, deals_needed(0, 1) AS all_or_nothing, deals_needed(NULL, 0.1) IS NULL AS "null";

SELECT round(power(500, 0.10, 0.12)::numeric, 12) AS power_500, round(power(1000, 0.10, 0.13)::numeric, 12) AS power_1000, round(power(1774, 0.10, 0.13)::numeric, 4) AS of_the_needed,
	round(power(1000, 0.10, 0.10)::numeric, 12) AS no_difference, power(1, 0, 0) IS NULL AS nothing_to_chance, power(10, 0, 1) AS all_or_nothing, power(1, 1, 1) IS NULL AS "always";
-- the power of PostgreSQL is another one
SELECT power(2, 10) AS two_to_the_tenth;

SELECT d.deals, d.rate, round(lower::numeric, 10) AS lower, round(upper::numeric, 10) AS upper
FROM (VALUES (500, 0.10), (50, 0.9), (100000, 0.1), (1, 0.5), (50, 0), (50, 1)) AS d (deals, rate), detectable(deals, rate);
-- what is found is found with at least the power asked for, what is next to it is not
SELECT power(500, 0.1, lower) >= 0.8 AS lower, power(500, 0.1, lower + 1e-15) < 0.8 AS inside, power(500, 0.1, upper) >= 0.8 AS upper, power(500, 0.1, upper - 1e-15) < 0.8 AS inside
FROM detectable(500, 0.1);

-- Schoenfeld 1981
SELECT events_needed(1.5) AS half_faster, events_needed(1.25) AS quarter_faster, events_needed(0.7, power => 0.9) AS slower, events_needed(2, share => 0.25) AS a_quarter_of_the_deals,
	events_needed(1) IS NULL AS equal, events_needed(1 / 1.5::float8) AS the_other_way;

-- what is not in range says so
\pset format unaligned
\pset tuples_only on
SELECT command || E'\n  ' || pg_temp.failure('SELECT ' || command) FROM unnest(ARRAY[
	$$deals_needed(10, 12)$$,
	$$deals_needed(0.1, -0.1)$$,
	$$deals_needed('NaN', 0.1)$$,
	$$deals_needed(0.1, 0.2, power => 1)$$,
	$$deals_needed(0.1, 0.2, level => 95)$$,
	$$deals_needed(0.1, 0.2, deals_per_team => 0.5)$$,
	$$deals_needed(0.1, 0.2, deals_per_team => 'inf')$$,
	$$deals_needed(0.1, 0.2, icc => 1.5)$$,
	$$deals_needed(0.1, 0.1000000001)$$,
	$$power(0, 0.1, 0.2)$$,
	$$power(10, 0.1, 2)$$,
	$$detectable(10, 0.1, power => 0)$$,
	$$detectable(-1, 0.1)$$,
	$$events_needed(0)$$,
	$$events_needed('inf')$$,
	$$events_needed(1.5, share => 1)$$,
	$$events_needed(1.0000000001)$$
]) WITH ORDINALITY AS list (command, i) ORDER BY i;
