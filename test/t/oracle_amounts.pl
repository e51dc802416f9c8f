# Funnels by value against plain SQL on the readings themselves: 2,000 random groups of deals
# (SEED and CASES in the environment choose others), each with its own stages, mode and rule for missing stages, with amounts of every
# size, negative ones, zeros and none. What is asked: the sums by depth and status, the columns of
# steps(), amount_conversion(), missing(); moving windows and parallel plans to the byte; and that
# a funnel with amounts counts as one without.
use lib 'test/lib';
use Suite qw(database sql law);

my $cases = $ENV{CASES} // 2000;
my $seed = $ENV{SEED} // 20260719;
my $node = database(sessions => 1);

sql(<<"SQL");
SET timezone = 'UTC';
CREATE FUNCTION draw(id bigint, which bigint, below int) RETURNS int LANGUAGE sql IMMUTABLE
	RETURN ((hashint8extended(id, which + $seed) & 1048575) * below >> 20)::int;
-- one question for each group, 0 to 12 deals in it
CREATE TABLE question AS
SELECT g, (ARRAY['{a,b,c}', '{a,b}', '{a}', '{a,b,c,d,e}'])[1 + draw(g, 1, 4)]::text[] AS stages, (ARRAY['ordered', 'ordered', 'any_order', 'increasing'])[1 + draw(g, 2, 4)] AS mode,
	(ARRAY['passed', 'passed', 'stop', 'excluded'])[1 + draw(g, 3, 4)] AS skipped, CASE WHEN draw(g, 4, 2) = 0 THEN interval '40 days' END AS within, draw(g, 5, 13) AS deals
FROM generate_series(1, $cases) AS g;
CREATE TABLE deal AS
SELECT g, i, stages, deal_progress(h, stages, mode => mode, skipped => skipped, within => within, exits => '{lost}', as_of => '2026-05-01') AS p,
	CASE draw(id, 20, 8) WHEN 0 THEN NULL WHEN 1 THEN 0 WHEN 2 THEN -draw(id, 21, 100000) / 7.0 WHEN 3 THEN 922337203685477.5807 - draw(id, 21, 1000) WHEN 4 THEN -922337203685477.5808
		WHEN 5 THEN draw(id, 21, 100000) / 100000.0 ELSE draw(id, 21, 1000000) / 100.0 END AS amount
FROM question, generate_series(1, deals) AS i, LATERAL (SELECT g * 100::bigint + i AS id) AS x,
	LATERAL (SELECT coalesce(history_agg(kind, timestamptz '2026-01-01' + draw(id, 30 + n, 100) * interval '1 day'), '{}') AS h FROM unnest('{a,b,c,d,e,lost}'::text[]) WITH ORDINALITY AS k (kind, n) WHERE draw(id, 40 + n, 5) > 1) AS h;
INSERT INTO deal SELECT g, 1000, stages, NULL, 5 FROM question WHERE draw(g, 6, 9) = 0;
-- some modes know only one rule for missing stages
CREATE TABLE funnel AS SELECT g, f::jsonb #>> '{definition,skipped}' AS skipped, stages, f, plain
FROM (SELECT g, stages, funnel_agg(p, amount ORDER BY i) AS f, funnel_agg(p ORDER BY i) AS plain FROM deal GROUP BY g, stages) AS x;
CREATE TABLE reached AS
SELECT g, depth(p) AS depth, status(p) AS status, round(amount, 4) AS amount FROM deal WHERE p IS NOT NULL AND depth(p) > 0;
CREATE INDEX ON reached (g);
ANALYZE;
SQL
my $funnels = sql('SELECT count(*) FROM funnel WHERE f IS NOT NULL');
cmp_ok($funnels, '>', 0.8 * $cases, "$funnels funnels of " . sql('SELECT count(*) FROM reached') . ' deals, seed ' . $seed);
is(sql("SELECT string_agg(DISTINCT status, ' ' ORDER BY status) FROM reached"), 'converted exited expired open', 'deals ended in every way');
is(sql("SELECT count(DISTINCT skipped) FROM funnel"), '3', 'under every rule for missing stages');

law('sums and missing amounts by depth and status', <<'SQL');
SELECT coalesce(x.g, y.g) AS g FROM
	(SELECT g, (r ->> 0)::int AS depth, r ->> 1 AS status, (r ->> 2)::bigint AS missing, (r ->> 3)::numeric AS amount FROM funnel, jsonb_array_elements(f::jsonb -> 'amounts') AS r) AS x
FULL JOIN (SELECT * FROM (SELECT g, depth, status, count(*) FILTER (WHERE amount IS NULL) AS missing, coalesce(sum(amount), 0) AS amount FROM reached GROUP BY g, depth, status) AS s WHERE missing > 0 OR amount <> 0) AS y
USING (g, depth, status) WHERE (x.missing, x.amount) IS DISTINCT FROM (y.missing, y.amount)
SQL
law('steps(): amounts that reached a stage, and went on', <<'SQL');
SELECT g FROM funnel, steps(f) AS s, LATERAL (SELECT coalesce(sum(amount) FILTER (WHERE depth >= step), 0) AS reached, coalesce(sum(amount) FILTER (WHERE depth >= least(step + 1, cardinality(stages))), 0) AS converted,
	coalesce(sum(amount) FILTER (WHERE depth >= step - 1), 0) AS before FROM reached AS r WHERE r.g = funnel.g) AS x
WHERE CASE WHEN skipped = 'excluded' THEN num_nonnulls(amount_reached, amount_converted, amount_percent_of_previous) > 0
	ELSE (amount_reached, amount_converted) IS DISTINCT FROM (x.reached, x.converted)
		OR (amount_percent_of_previous IS NULL) <> (step = 1 OR before = 0) OR abs(amount_percent_of_previous - (100 * x.reached / nullif(before, 0))::float8) > 1e-12 * abs(amount_percent_of_previous) END
SQL
law('amount_conversion() between any two stages, and missing()', <<'SQL');
SELECT g FROM funnel CROSS JOIN unnest(stages) WITH ORDINALITY AS a (a, i) JOIN LATERAL unnest(stages) WITH ORDINALITY AS b (b, j) ON i < j,
	LATERAL (SELECT amount_conversion(f, a, b) AS rate, coalesce(sum(amount) FILTER (WHERE depth >= i), 0) AS total, coalesce(sum(amount) FILTER (WHERE depth >= j), 0) AS part FROM reached AS r WHERE r.g = funnel.g) AS x
WHERE f IS NOT NULL AND ((rate IS NULL) <> (skipped = 'excluded' OR total = 0) OR abs(rate - (part / nullif(total, 0))::float8) > 1e-12 * abs(rate))
UNION ALL SELECT g FROM funnel WHERE f IS NOT NULL AND missing(f) IS DISTINCT FROM (SELECT count(*) FROM reached AS r WHERE r.g = funnel.g AND amount IS NULL)
SQL
law('counts are those of a funnel without amounts', <<'SQL');
SELECT g FROM funnel WHERE f::jsonb - 'amounts' IS DISTINCT FROM plain::jsonb OR (f IS NULL) <> (plain IS NULL) OR missing(plain) IS NOT NULL OR f = plain OR NOT record_image_eq(ROW((f::jsonb - 'amounts')::funnel_summary), ROW(plain))
SQL
law('text, jsonb, and what was taken out again', <<'SQL');
SELECT g FROM funnel JOIN (SELECT g, funnel_agg(p, amount) FILTER (WHERE i % 2 = 0) AS part, funnel_agg(p, amount) FILTER (WHERE i % 2 = 1) AS rest FROM deal GROUP BY g) AS x USING (g)
WHERE NOT record_image_eq(ROW(f::text::funnel_summary, f::jsonb::funnel_summary), ROW(f, f))
   OR (num_nulls(part, rest) = 0 AND NOT record_image_eq(ROW(f - part, part + rest, rest + part), ROW(rest, f, f)))
SQL
law('moving windows are as made anew', <<'SQL');
SELECT g FROM (SELECT g, rollup(one) OVER w AS moved, rollup(one) FILTER (WHERE random() >= 0) OVER w AS anew FROM (SELECT g, i, funnel_agg(p, amount) AS one FROM deal GROUP BY g, i) AS d
	WINDOW w AS (PARTITION BY g ORDER BY i ROWS BETWEEN 3 PRECEDING AND 1 FOLLOWING)) AS x WHERE NOT record_image_eq(ROW(moved), ROW(anew))
SQL
my $parallel = 'SET max_parallel_workers_per_gather = 3; SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0;';
my $grouped = 'SELECT g, funnel_agg(p, amount) AS f FROM deal GROUP BY g';
like(sql("$parallel EXPLAIN (COSTS OFF) $grouped"), qr/Partial/, 'a parallel plan adds up parts');
law('parallel plans give the same bytes', "SELECT g FROM ($grouped) AS x JOIN funnel USING (g) WHERE NOT record_image_eq(ROW(x.f), ROW(funnel.f))", $parallel);

$node->stop;
done_testing();
