--
-- win_summary: won, lost and open deals by competitor
--
SET timezone = 'UTC';
SET extra_float_digits = 0;

-- The reference set. By hand:
--   A is in 1 won, 2 won (with B), 3 lost, 5 no decision (with B), 6 open:
--     considered 2 of 5, closed 2 of 4 (not 6), decided 2 of 3 (not 5), lost to A: nobody says so, 2 of 2.
--     Fractional: won 1 + 1/2 = 1.5; considered 1 + 1/2 + 1 + 1/2 + 1 = 4; decided 1 + 1/2 + 1 = 2.5.
--   B is in 2 won (with A), 4 lost, 5 no decision (with A), 8 lost (with C, to C), 10 won:
--     considered 2 of 5, closed 2 of 5, decided 2 of 4 (not 5), lost to B: 2 of 2.
--     Fractional: won 1/2 + 1 = 1.5; considered 1/2 + 1 + 1/2 + 1/2 + 1 = 3.5; decided 1/2 + 1 + 1/2 + 1 = 3.
--   C is in 8 lost (with B, to C): 0 of 1 under every basis. Fractional: 0 of 0.5.
--   All: won 1, 2, 7, 10; lost 3, 4, 8; no decision 5; open 6: 4 of 9, closed 4 of 8, decided 4 of 7, lost to somebody named 4 of 5.
--   Uncontested: 7, 1 of 1.
--   Amounts: deal n is worth n * 100. A: won 100 + 200 of 100 + 200 + 300; B: won 200 + 1000 of 200 + 400 + 800 + 1000; all: 2000 of 3500.
CREATE TABLE win_deals (id int PRIMARY KEY, ending text, competitors text[], lost_to text);
INSERT INTO win_deals VALUES (1, 'won', '{A}', NULL), (2, 'won', '{A,B}', NULL), (3, 'lost', '{A}', NULL), (4, 'lost', '{B}', NULL),
	(5, 'no_decision', '{A,B}', NULL), (6, NULL, '{A}', NULL), (7, 'won', '{}', NULL), (8, 'lost', '{B,C}', 'C'), (10, 'won', '{B}', NULL);
CREATE VIEW win_outcomes AS
SELECT id, deal_outcome(deal_history(VARIADIC ARRAY[deal_event('opportunity', '2026-01-01', id * 100), deal_event(ending, '2026-03-01', NULL, lost_to)]
									 || (SELECT array_agg(deal_event('competitor', '2026-02-01', NULL, c)) FROM unnest(competitors) c)),
						as_of => '2026-06-30') AS o
FROM win_deals;
CREATE TABLE win_reference AS SELECT win_agg(o) AS w FROM win_outcomes;

SELECT * FROM win_reference;
SELECT competitor, considered, won, lost, lost_to, no_decision, open, total, percent, fractional_won, fractional_total, amount_won, amount_lost FROM win_reference, competitors(w);
SELECT basis, competitor, won, total, round(percent::numeric, 4) AS percent, round(low::numeric, 4) AS low, round(high::numeric, 4) AS high, fractional_won, fractional_total
FROM win_reference, unnest('{closed,decided,lost_to}'::text[]) WITH ORDINALITY b(basis, n), competitors(w, basis) ORDER BY n, competitor;
SELECT basis, competitor, successes(r), total(r), fractional_credit(w, competitor, basis), round(fractional_win_rate(w, competitor, basis)::numeric, 6) AS fractional
FROM win_reference, unnest('{considered,closed,decided,lost_to}'::text[]) WITH ORDINALITY b(basis, n), unnest('{A,B,C,D}'::text[]) competitor, win_rate(w, competitor, basis) r
ORDER BY n, competitor;
SELECT basis, overall_win_rate(w, basis), uncontested_win_rate(w, basis)
FROM win_reference, unnest('{considered,closed,decided,lost_to}'::text[]) WITH ORDINALITY b(basis, n) ORDER BY n;
SELECT win_rate(w, 'A'), overall_win_rate(w), uncontested_win_rate(w) FROM win_reference;
SELECT c, win_loss_ratio(w, c), lost_to(w, c), amount_win_rate(w, c) FROM win_reference, unnest('{A,B,C,D}'::text[]) c;
SELECT round(amount_win_rate(w)::numeric, 6) FROM win_reference;
SELECT competitor, mean_won FROM win_reference, competitors(w);
SELECT status, deals, with_amount, amount, mean FROM win_reference, outcomes(w);
-- deals without an amount are in no mean; an amount of zero is one
SELECT status, deals, with_amount, amount, mean FROM outcomes((SELECT win_agg(won, c, amount) FROM (VALUES (true, '{A}'::text[], 100), (true, '{A,B}', NULL), (true, '{A}', 0), (false, '{B}', NULL), (NULL, '{B}', -7.5)) AS v (won, c, amount)));
SELECT competitor, won, amount_won, mean_won FROM competitors((SELECT win_agg(won, c, amount) FROM (VALUES (true, '{A}'::text[], 100), (true, '{A,B}', NULL), (true, '{A}', 0), (false, '{B}', NULL), (NULL, '{B}', -7.5)) AS v (won, c, amount)));
SELECT status, deals, with_amount, amount, mean FROM outcomes((SELECT win_agg(true, '{A}')));
SELECT status, deals, with_amount, amount, mean FROM win_reference, outcomes(w - w);
-- the least amount and the largest go in and out of a frame
SELECT i, (SELECT string_agg(format('%s: %s of %s, %s', status, with_amount, deals, amount), '; ') FROM outcomes(w)) AS outcomes
FROM (SELECT i, win_agg(i % 2 = 1, '{A}', a) OVER (ORDER BY i ROWS 1 PRECEDING) AS w FROM unnest('{-922337203685477.5808,922337203685477.5807,NULL,-922337203685477.5808,1}'::numeric[]) WITH ORDINALITY AS t (a, i)) AS x ORDER BY i;
SELECT competitor, total FROM win_reference, competitors(w, 'closed', 2);
SELECT competitor, total FROM win_reference, competitors(w, min_deals => 1000);
SELECT competitor, round(low::numeric, 6) AS low, round(high::numeric, 6) AS high FROM win_reference, competitors(w, level => 0.5) WHERE competitor = 'A';
SELECT (competitors(w, 'lost_to')).* FROM (SELECT win_agg(false, '{A}') AS w) x;
\pset format unaligned
SELECT chart(w) FROM win_reference;
SELECT chart(w, 20) FROM (SELECT win_agg(i % 3 = 0, ARRAY['competitor with a rather long name ' || i % 23]) AS w FROM generate_series(1, 400) i) x;
SELECT chart(w - w, 20) FROM win_reference;
SELECT chart(win_agg(i < 3, ARRAY[E'two\nlines', E'a\ttab']), 20) FROM generate_series(1, 4) i;
\pset format aligned

-- the same from columns: won, lost and open only, so deal 5 counts as open here, and nobody knows to whom
SELECT competitor, considered, won, lost, lost_to, no_decision, open, fractional_won, fractional_total, amount_won, amount_lost
FROM (SELECT win_agg(CASE ending WHEN 'won' THEN true WHEN 'lost' THEN false END, competitors, id * 100) AS w FROM win_deals) x, competitors(w);
SELECT win_agg(ending = 'won', competitors) FROM win_deals WHERE ending IN ('won', 'lost');

-- content and platforms in place of competitors: a loss to a competitor is no loss to a piece of content
SELECT competitor AS content, considered, won, lost, lost_to
FROM (SELECT win_agg(deal_outcome(h, considered => 'content', as_of => '2026-06-30')) AS w
	  FROM (VALUES (deal_history '{"(content,2026-01-01T00:00:00Z,,ROI sheet)","(competitor,2026-01-01T00:00:00Z,,Globex)","(lost,2026-01-02T00:00:00Z,,Globex)"}'),
				   (deal_history '{"(content,2026-01-01T00:00:00Z,,ROI sheet)","(content,2026-01-02T00:00:00Z,,Price list)","(won,2026-01-02T00:00:00Z,,)"}')) v(h)) x, competitors(w);

-- arrays: NULL and empty, NULL elements, duplicates; names differ by case and by any byte
SELECT win_agg(won, c) FROM (VALUES (true, NULL::text[]), (true, '{}'), (false, '{NULL}'), (NULL, '{A,NULL,A}')) v(won, c);
SELECT competitor, won, lost FROM (SELECT win_agg(c < 'a' COLLATE "C", ARRAY[c]) AS w FROM unnest('{globex,Globex,GLOBEX,globex}'::text[]) c) x, competitors(w);
-- more names than the common deal has, each more than once, some NULL
SELECT count(*), sum(considered), min((w::jsonb #>> '{deals,0,0}')::int) AS k
FROM (SELECT win_agg(true, names) AS w
	  FROM (SELECT array_agg(CASE WHEN n % 7 > 0 THEN 'n' || n % 20 END ORDER BY n * 37 % 41) AS names FROM generate_series(1, 40) n) a) x,
	 competitors(w);
SELECT win_agg(true, '{""}');
SELECT win_agg(true, '{{A},{B}}');
SELECT win_agg(true, ARRAY[repeat('x', 256)]);
SELECT octet_length(competitor), considered FROM (SELECT win_agg(true, ARRAY[repeat('x', 255)]) AS w) x, competitors(w);
SELECT competitor, considered FROM (SELECT win_agg(true, ARRAY[E'quote " and \\', E'tab\there']) AS w) x, (SELECT 1) y, competitors(w::text::win_summary);
SELECT considered, won, fractional_won FROM (SELECT win_agg(true, (SELECT array_agg('c' || i) FROM generate_series(1, 1000) i)) AS w) x, competitors(w) LIMIT 1;
SELECT win_agg(true, (SELECT array_agg('c' || i) FROM generate_series(1, 1001) i));
SELECT win_agg(true, '{A}', 'NaN');
SELECT win_agg(true, '{A}', 1e20);

-- thousands of competitors
SELECT count(*), sum(considered), min(considered), max(considered), sum(won), sum(amount_won) FROM (SELECT win_agg(i % 2 = 0, ARRAY['competitor ' || i % 5000, 'common'], i) AS w FROM generate_series(1, 20000) i) x, competitors(w);

-- nothing, and NULL
SELECT win_agg(o) IS NULL AS nothing, win_agg(NULL::deal_outcome) IS NULL AS null_alone FROM win_outcomes WHERE false;
SELECT win_agg(NULL::deal_outcome) IS NULL AS nulls_alone, win_agg(NULL::boolean, NULL) IS NOT NULL AS an_open_deal FROM win_deals;
SELECT rollup(NULL::win_summary) IS NULL AS nulls_alone FROM win_deals;
SELECT win_rate(NULL, 'A') IS NULL AS no_summary, win_rate(w, NULL) IS NULL AS no_competitor, win_rate(w, '') AS empty_name FROM win_reference;

-- merging: +, - and rollup
CREATE TABLE win_parts AS SELECT id % 3 AS part, win_agg(o) AS w FROM win_outcomes GROUP BY 1;
SELECT record_image_eq(ROW((SELECT rollup(w) FROM win_parts)), ROW(w)) AS rolled_up,
	   record_image_eq(ROW((SELECT w FROM win_parts WHERE part = 0) + (SELECT w FROM win_parts WHERE part = 1) + (SELECT w FROM win_parts WHERE part = 2)), ROW(w)) AS added,
	   record_image_eq(ROW(w - (SELECT w FROM win_parts WHERE part = 1)), ROW((SELECT rollup(w) FROM win_parts WHERE part <> 1))) AS taken_out
FROM win_reference;
SELECT w - w FROM win_reference;
SELECT overall_win_rate(w - w), win_rate(w - w, 'A'), win_loss_ratio(w - w, 'A'), amount_win_rate(w - w) FROM win_reference;
SELECT w - (w + w) FROM win_reference;
SELECT w - (SELECT win_agg(true, '{D}')) FROM win_reference;
-- what was never part of it: the counts would do, the rest would not
SELECT (SELECT win_agg(true, '{A}', 5)) - (SELECT win_agg(true, '{A}', 4));
SELECT (SELECT win_agg(true, c) FROM (VALUES ('{A,B}'::text[]), ('{C}')) v(c)) - (SELECT win_agg(true, '{A}'));
-- one deal more than a summary holds
SELECT win_summary '{"version":1,"amount_won":0,"amount_lost":0,"with_amount_won":0,"with_amount_lost":0,"amount_no_decision":0,"with_amount_no_decision":0,"amount_open":0,"with_amount_open":0,"deals":[[0,2305843009213693,0,0,0,0]],"competitors":[]}' + win_agg(true, '{}');

-- competitors as they are stored: with a short header, a long one, compressed, and elsewhere
CREATE TABLE win_stored (id int, names text[]);
INSERT INTO win_stored SELECT i, (SELECT array_agg('name ' || repeat(chr(64 + i), j % 200) || j) FROM generate_series(1, n) AS j) FROM (VALUES (1, 5), (2, 20), (3, 600)) AS v(i, n);
ALTER TABLE win_stored ALTER names SET STORAGE EXTERNAL;
INSERT INTO win_stored SELECT 4, (SELECT array_agg('name ' || repeat('D', j % 200) || j) FROM generate_series(1, 600) AS j);
SELECT id, pg_column_size(names) < 127 AS short, pg_column_compression(names) IS NOT NULL AS compressed, pg_relation_size(reltoastrelid) > 0 AS elsewhere
FROM win_stored, pg_class WHERE pg_class.oid = 'win_stored'::regclass ORDER BY id;
SELECT id, record_image_eq(ROW(win_agg(true, names)), ROW(win_agg(true, (SELECT array_agg(name || '') FROM unnest(names) AS name)))) AS same
FROM win_stored GROUP BY id ORDER BY id;
DROP TABLE win_stored;

-- moving frames
SELECT id, win_rate(win_agg(o) OVER three, 'A') AS a, overall_win_rate(win_agg(o) OVER three) AS overall, win_agg(o) OVER none IS NULL AS none
FROM win_outcomes WINDOW three AS (ORDER BY id ROWS 2 PRECEDING), none AS (ORDER BY id ROWS BETWEEN 2 PRECEDING AND 3 PRECEDING) ORDER BY id;

-- input and output
SELECT record_image_eq(ROW(w), ROW(w::text::win_summary)) AS text, record_image_eq(ROW(w), ROW(w::jsonb::win_summary)) AS jsonb FROM win_reference;
SELECT win_summary '{"version":1,"amount_won":-0.5,"amount_lost":12345678901234567890123.0001,"with_amount_won":1,"with_amount_lost":20000000,"amount_no_decision":0,"with_amount_no_decision":0,"amount_open":0,"with_amount_open":0,"deals":[[0,1,20000000,1,0,0]],"competitors":[]}';
SELECT win_summary '{"version":1,"amount_won":0.00,"amount_lost":0,"with_amount_won":0,"with_amount_lost":0,"amount_no_decision":0,"with_amount_no_decision":0,"amount_open":0,"with_amount_open":0,"deals":[],"competitors":[]}';
SELECT win_summary '{"version":1,"amount_won":0,"amount_lost":0,"with_amount_won":0,"with_amount_lost":0,"amount_no_decision":0,"with_amount_no_decision":0,"amount_open":0,"with_amount_open":0,"deals":[[1,1,0,0,0,0]],"competitors":[]}';
SELECT win_summary '{"version":1,"amount_won":0,"amount_lost":0,"with_amount_won":0,"with_amount_lost":0,"amount_no_decision":0,"with_amount_no_decision":0,"amount_open":0,"with_amount_open":0,"deals":[[1,1,0,0,0,0]],"competitors":[{"name":"A","amount_won":0,"amount_lost":0,"with_amount_won":0,"deals":[[1,2,0,0,0,0]]}]}';
SELECT win_summary '{"version":1,"amount_won":0,"amount_lost":0,"with_amount_won":0,"with_amount_lost":0,"amount_no_decision":0,"with_amount_no_decision":0,"amount_open":0,"with_amount_open":0,"deals":[[1,1,0,0,0,0]],"competitors":[{"name":"A","amount_won":0,"amount_lost":0,"with_amount_won":0,"deals":[[2,1,0,0,0,0]]}]}';
SELECT win_summary '{"version":1,"amount_won":0,"amount_lost":0,"with_amount_won":0,"with_amount_lost":0,"amount_no_decision":0,"with_amount_no_decision":0,"amount_open":0,"with_amount_open":0,"deals":[[1,1,0,0,0,0]],"competitors":[{"name":"A","amount_won":0,"amount_lost":1,"with_amount_won":0,"deals":[[1,1,0,0,0,0]]}]}';
SELECT win_summary '{"version":1,"amount_won":0,"amount_lost":0,"with_amount_won":0,"with_amount_lost":0,"amount_no_decision":0,"with_amount_no_decision":0,"amount_open":0,"with_amount_open":0,"deals":[[2,1,0,0,0,0]],"competitors":[{"name":"B","amount_won":0,"amount_lost":0,"with_amount_won":0,"deals":[[2,1,0,0,0,0]]},{"name":"A","amount_won":0,"amount_lost":0,"with_amount_won":0,"deals":[[2,1,0,0,0,0]]}]}';
SELECT win_summary '{"version":1,"amount_won":0,"amount_lost":0,"with_amount_won":0,"with_amount_lost":0,"amount_no_decision":0,"with_amount_no_decision":0,"amount_open":0,"with_amount_open":0,"deals":[[2,0,1,1,0,0]],"competitors":[{"name":"A","amount_won":0,"amount_lost":0,"with_amount_won":0,"deals":[[2,0,1,1,0,0]]},{"name":"B","amount_won":0,"amount_lost":0,"with_amount_won":0,"deals":[[2,0,1,1,0,0]]}]}';
SELECT win_summary '{"version":1,"amount_won":0,"amount_lost":0,"with_amount_won":0,"with_amount_lost":0,"amount_no_decision":0,"with_amount_no_decision":0,"amount_open":0,"with_amount_open":0,"deals":[[0,-1,0,0,0,0]],"competitors":[]}';
SELECT win_summary '{"version":1,"amount_won":0,"amount_lost":0,"with_amount_won":0,"with_amount_lost":0,"amount_no_decision":0,"with_amount_no_decision":0,"amount_open":0,"with_amount_open":0,"deals":[[0,0,1,2,0,0]],"competitors":[]}';
SELECT win_summary '{"version":1,"amount_won":0,"amount_lost":0,"with_amount_won":0,"with_amount_lost":0,"amount_no_decision":0,"with_amount_no_decision":0,"amount_open":0,"with_amount_open":0,"deals":[[0,1,0,0,0]],"competitors":[]}';
SELECT win_summary '{"version":1,"amount_won":0,"amount_lost":0,"with_amount_won":0,"with_amount_lost":0,"amount_no_decision":0,"with_amount_no_decision":0,"amount_open":0,"with_amount_open":0,"deals":[[1001,1,0,0,0,0]],"competitors":[]}';
SELECT win_summary '{"version":1,"amount_won":0.00001,"amount_lost":0,"with_amount_won":1,"with_amount_lost":0,"amount_no_decision":0,"with_amount_no_decision":0,"amount_open":0,"with_amount_open":0,"deals":[[0,1,0,0,0,0]],"competitors":[]}';
SELECT win_summary '{"version":1,"amount_won":"1","amount_lost":0,"with_amount_won":1,"with_amount_lost":0,"amount_no_decision":0,"with_amount_no_decision":0,"amount_open":0,"with_amount_open":0,"deals":[[0,1,0,0,0,0]],"competitors":[]}';
SELECT win_summary '{"version":1,"amount_won":1,"amount_lost":0,"with_amount_won":1,"with_amount_lost":0,"amount_no_decision":0,"with_amount_no_decision":0,"amount_open":0,"with_amount_open":0,"deals":[],"competitors":[]}';
SELECT win_summary '{"version":1,"amount_won":0,"amount_lost":0,"with_amount_won":0,"with_amount_lost":0,"amount_no_decision":0,"with_amount_no_decision":0,"amount_open":0,"with_amount_open":0,"deals":[],"competitors":[7]}';
SELECT win_summary '{"version":2,"amount_won":0,"amount_lost":0,"with_amount_won":0,"with_amount_lost":0,"amount_no_decision":0,"with_amount_no_decision":0,"amount_open":0,"with_amount_open":0,"deals":[],"competitors":[]}';
SELECT win_summary '{"version":1}';

-- bad options
SELECT win_rate(w, 'A', 'won') FROM win_reference;
SELECT competitors(w, 'all') FROM win_reference;
SELECT competitors(w, min_deals => -1) FROM win_reference;
SELECT competitors(w, level => 1) FROM win_reference;
SELECT competitors(w, level => 'NaN') FROM win_reference;
SELECT chart(w, 5) FROM win_reference;

-- a transition function called by hand works on a copy
SELECT s, win_summary_add_fields(s, true, '{A}') FROM (SELECT win_summary_add_fields(NULL, false, '{A}') AS s) x;

-- amounts of more deals than there are, of none, and more than so many can have
CREATE FUNCTION pg_temp.changed(path text, value jsonb) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	made win_summary;
BEGIN
	SELECT CASE path WHEN '{}' THEN value ELSE jsonb_set(w::jsonb, path::text[], value) END::win_summary INTO made FROM win_reference;
	RETURN 'let in';
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE || ' ' || SQLERRM;
END $$;
SELECT path, value, pg_temp.changed(path, value) FROM (VALUES ('{with_amount_won}', '5'::jsonb), ('{with_amount_won}', '-1'), ('{with_amount_won}', '1.5'), ('{with_amount_won}', '0'),
	('{with_amount_open}', '2'), ('{with_amount_open}', '0'), ('{amount_open}', '1e15'), ('{amount_open}', '"600"'), ('{amount_no_decision}', 'null'), ('{amount_no_decision}', '-922337203685477.5808'),
	('{competitors,0,with_amount_won}', '1'), ('{competitors,0,with_amount_won}', '3'), ('{competitors,0,with_amount_open}', '0')) AS v (path, value);
SELECT pg_temp.changed('{}', w::jsonb - 'with_amount_lost') FROM win_reference;

DROP VIEW win_outcomes;
DROP TABLE win_deals, win_reference, win_parts;

-- to whom deals were lost: where no loss names anybody, nobody knows, and it is no rate of 100 %
SELECT what, competitor, won, lost, lost_to, total, percent, fractional_total, win_rate(w, competitor, 'lost_to') AS rate, overall_win_rate(w, 'lost_to') AS overall, fractional_win_rate(w, competitor, 'lost_to') AS fractional
FROM (SELECT 'columns' AS what, win_agg(won, '{Globex}') AS w FROM unnest('{t,t,f}'::bool[]) AS won
	UNION ALL SELECT 'no losses', win_agg(won, '{Globex}') FROM unnest('{t,t}'::bool[]) AS won
	UNION ALL SELECT 'one loss names another', win_agg(deal_outcome(h, as_of => '2026-06-30')) FROM unnest('{"{\"(competitor,2026-01-01,,Globex)\",\"(won,2026-02-01,,)\"}","{\"(competitor,2026-01-01,,Globex)\",\"(lost,2026-02-01,,Umbra)\"}"}'::text[]::deal_history[]) AS h) AS x,
	competitors(w, 'lost_to') ORDER BY 1;
SELECT uncontested_win_rate(win_agg(won, '{}'), 'lost_to') AS uncontested, uncontested_win_rate(win_agg(won, '{}'), 'decided') AS decided FROM unnest('{t,f}'::bool[]) AS won;
