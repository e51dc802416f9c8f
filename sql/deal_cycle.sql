--
-- deal_cycle, deal_exposure: time from one thing to another
--
\getenv directory PG_ABS_SRCDIR
\set shared :directory '/test/lib/regress.sql'
\i :shared
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET intervalstyle = 'postgres';
SET extra_float_digits = 0;

-- a history in short: 'opportunity 1, won 9.5' are days of January 2026
CREATE FUNCTION pg_temp.h(short text) RETURNS deal_history LANGUAGE sql AS $$
	SELECT history_agg(split_part(e, ' ', 1), timestamptz '2025-12-31' + split_part(e, ' ', 2)::numeric::float8 * interval '1 day', NULL, nullif(split_part(e, ' ', 3), ''))
	FROM regexp_split_to_table(short, ', *') e
$$;

-- what ends a cycle
SELECT n, short, status(c), duration(c), started_at(c), ended_at(c), observed_until(c)
FROM (VALUES (1, 'opportunity 1, won 9.5'),
	(2, 'opportunity 1, lost 4, won 9'),		-- what came between was undone
	(3, 'opportunity 1, won 4, lost 9'),
	(4, 'opportunity 1'),
	(5, 'lead 1, won 3'),						-- nothing starts
	(6, 'won 1, lost 2, opportunity 3, won 7'),	-- what came before the start does not count
	(7, 'opportunity 3, opportunity 5, won 7'),	-- the first start counts
	(8, 'opportunity 3, won 3, lost 3'),		-- at one instant an event goes before a competing end
	(9, 'opportunity 3, lost 3'),
	(10, 'opportunity 3, lost 5, won 5'),
	(11, 'opportunity 3, won 25'),				-- after as_of
	(12, 'opportunity 20'),						-- at as_of
	(13, 'opportunity 21'),						-- after it
	(14, 'opportunity 3, won 20'),
	(15, 'opportunity 1, lost 4, opportunity 6'),	-- reopened: lost no more
	(16, 'opportunity 1, lost 4, opportunity 6, lost 9, lost 11'),	-- and lost again
	(17, 'opportunity 1, lost 4, opportunity 4'),	-- at one instant it is lost
	(18, 'opportunity 1, lost 4, lost 6'),
	(19, 'opportunity 1, no_decision 4'),
	(20, 'opportunity 1, lost 4, opportunity 25')) v(n, short), deal_cycle(pg_temp.h(short), as_of => '2026-01-20') c
ORDER BY n;

-- to any close, and nothing that competes
SELECT status(c), duration(c) FROM deal_cycle(pg_temp.h('opportunity 1, lost 4, won 9'), to_kinds => '{won,lost}', unless => '{}', as_of => '2026-01-20') c;
-- one event does not end what it starts: from call to call
SELECT short, status(c), duration(c)
FROM (VALUES ('call 1'), ('call 1, call 1'), ('call 1, call 3'), ('call 1, demo 1'), ('call 1, mail 2')) v(short),
	deal_cycle(pg_temp.h(short), '{call,demo}', '{call}', '{mail}', as_of => '2026-01-20') c;
SELECT short, status(c), duration(c)
FROM (VALUES ('call 1'), ('call 1, call 1'), ('call 1, call 3'), ('call 1, call 3, call 5')) v(short),
	deal_cycle(pg_temp.h(short), '{call}', '{demo}', '{call}', as_of => '2026-01-20') c;
-- kinds that have no code, and many of them
SELECT status(c), duration(c) FROM deal_cycle(pg_temp.h('Angebot_raus 1, note 2, Zuschlag 8'), '{x,Angebot_raus}', '{y,Zuschlag}', '{z}', as_of => '2026-01-20') c;
-- options that change from row to row
SELECT from_kind, to_kind, duration(deal_cycle(pg_temp.h('lead 1, mql 2, sql 4, won 8'), ARRAY[from_kind], ARRAY[to_kind], as_of => '2026-01-20'))
FROM (VALUES ('lead', 'sql'), ('lead', 'won'), ('mql', 'won'), ('mql', 'won'), ('sql', 'lead')) v(from_kind, to_kind);
-- nothing to read
SELECT deal_cycle(NULL) IS NULL AS no_history, deal_cycle('{}'::deal_history) IS NULL AS empty, deal_cycle(pg_temp.h('opportunity 1'), as_of => NULL) IS NULL AS no_as_of;
-- as_of is now() unless said
SELECT duration(deal_cycle(history_agg('opportunity', now() - interval '3 days 2 hours'))) AS so_far;

-- exposure: unexposed until it, exposed from it on
SELECT n, short, exposed, status(cycle), duration(cycle), started_at(cycle), entered_at(cycle), ended_at(cycle), observed_until(cycle)
FROM (VALUES (1, 'opportunity 1, content 4 x, won 9'),
	(2, 'opportunity 1, content 1 x, won 9'),	-- from the start
	(3, 'content 0 x, opportunity 1, content 4 x, lost 9'),
	(4, 'opportunity 1, won 9, content 10 x'),	-- too late
	(5, 'opportunity 1, content 9 x, won 9'),	-- at the very end: the unexposed had the event
	(6, 'opportunity 1, content 4 x'),			-- unfinished
	(7, 'opportunity 1, content 25 x'),			-- after as_of
	(8, 'opportunity 1, content 2 y, content 4 x, lost 9'),
	(9, 'lead 1, content 2 x')) v(n, short),
	deal_exposure(pg_temp.h(short), 'content', as_of => '2026-01-20') e
ORDER BY n, exposed;
-- exposed to one thing among others
SELECT exposed, cycle FROM deal_exposure(pg_temp.h('opportunity 1, content 2 y, content 4 x, lost 9'), 'content', 'x', as_of => '2026-01-20');
SELECT exposed, duration(cycle) FROM deal_exposure(pg_temp.h('opportunity 1, content 2, won 9'), 'content', 'x', as_of => '2026-01-20');
SELECT exposed, duration(cycle), unit(cycle) FROM deal_exposure(pg_temp.h('lead 1, platform 2 Compass, won 9'), 'platform', 'Compass', '{lead}', '{won}', '{}', '2026-01-20', 'hour');
SELECT count(*) AS nothing FROM deal_exposure(NULL, 'content');
-- both parts together hold every unit of time once: at risk as if undivided
CREATE TEMP TABLE deal AS
SELECT i, pg_temp.h(format('opportunity 1, content %s, %s %s', 1 + i % 7, CASE i % 3 WHEN 0 THEN 'won' WHEN 1 THEN 'lost' ELSE 'note' END, 1 + i % 11)) AS history
FROM generate_series(1, 60) i;
SELECT w.elapsed, w.at_risk, u.at_risk AS unexposed, e.at_risk AS exposed
FROM (SELECT duration_agg(deal_cycle(history, as_of => '2026-01-09')) AS w FROM deal) x, curve(w) w
	LEFT JOIN (SELECT c.* FROM (SELECT duration_agg(cycle) AS d FROM deal, deal_exposure(history, 'content', as_of => '2026-01-09') WHERE NOT exposed) x, curve(d) c) u USING (elapsed)
	LEFT JOIN (SELECT c.* FROM (SELECT duration_agg(cycle) AS d FROM deal, deal_exposure(history, 'content', as_of => '2026-01-09') WHERE exposed) x, curve(d) c) e USING (elapsed)
ORDER BY 1;

-- counting cycles
SELECT duration_agg(c) FROM (SELECT deal_cycle(pg_temp.h(short), as_of => '2026-01-20') AS c
	FROM (VALUES ('opportunity 1, won 9.5'), ('opportunity 1, won 9'), ('opportunity 1, lost 4'), ('opportunity 1'), ('lead 1')) v(short)) x;
-- a late entry that ends in its unit of entry was never at risk in a whole unit
SELECT exposed, duration_agg(cycle) FROM (VALUES ('opportunity 1, content 4.2, won 4.6'), ('opportunity 1, content 4.2, lost 4.6'), ('opportunity 1, content 19.8')) v(short),
	deal_exposure(pg_temp.h(short), 'content', as_of => '2026-01-20') GROUP BY exposed ORDER BY exposed;
SELECT elapsed, at_risk, events, competing, censored FROM (SELECT duration_agg(cycle) AS d
	FROM (VALUES ('opportunity 1, content 4.2, won 4.6'), ('opportunity 1, content 4.2, won 7.6'), ('opportunity 1, content 19.2')) v(short),
		deal_exposure(pg_temp.h(short), 'content', as_of => '2026-01-20 10:00') WHERE exposed) x, curve(d);
-- units
SELECT unit(d), d, median(d) FROM (SELECT duration_agg(deal_cycle(pg_temp.h('opportunity 1, won 2.5'), as_of => '2026-01-20', unit => u)) AS d
	FROM unnest('{day,hour,minute,second}'::text[]) WITH ORDINALITY x(u, n) GROUP BY u, n ORDER BY n) x;
SELECT pg_temp.failure($$SELECT duration_agg(deal_cycle(pg_temp.h('opportunity 1, won 2.5'), as_of => '2026-01-20', unit => unit)) FROM unnest('{day,hour}'::text[]) unit$$);
-- no rows, NULL rows
SELECT duration_agg(NULL::deal_cycle) IS NULL AS of_nulls, duration_agg(c) IS NULL AS of_nothing FROM (SELECT NULL::deal_cycle AS c WHERE false) x;
-- moving
SELECT i, d, d = s AS same FROM (SELECT i, (duration_agg(c) OVER w)::text AS d, (duration_agg(c) FILTER (WHERE random() >= 0) OVER w)::text AS s
	FROM (SELECT i, cycle AS c FROM deal, deal_exposure(history, 'content', as_of => '2026-01-09') WHERE exposed) x WHERE i < 12
	WINDOW w AS (ORDER BY i ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING)) x ORDER BY i;
-- a transition function by itself works on a copy
SELECT duration_summary_add_cycle(d, c) AS more, duration_summary_final(duration_summary_remove_cycle(duration_summary_add_cycle(d, c), c)) AS same, d
FROM (SELECT duration_agg(3, true) AS d, deal_cycle(pg_temp.h('opportunity 1, won 2'), as_of => '2026-01-20') AS c) x \gset
SELECT duration_summary_final(:'more') AS more, :'same' = :'d' AS same;
SELECT pg_temp.failure($$SELECT duration_summary_remove_cycle(duration_agg(3, true), deal_cycle(pg_temp.h('opportunity 1, won 2'), as_of => '2026-01-20'))$$);

-- text, jsonb, binary
CREATE TEMP TABLE cycles AS
SELECT n, c FROM (VALUES (1, '{"version":1,"unit":"day","status":"event","started_at":"2026-01-01T00:00:00Z","entered_at":null,"observed_until":"2026-01-09T12:00:00.000001Z"}'),
	(2, '{"version":1,"unit":"second","status":"competing","started_at":"2026-01-01 01:00+01","entered_at":"2026-01-02","observed_until":"2026-01-09"}'),
	(3, '{"version":1,"unit":"hour","status":"censored","started_at":"4713-01-01 BC","observed_until":"4713-01-01 BC"}')) v(n, t), LATERAL (SELECT t::deal_cycle) x(c);
SELECT n, c FROM cycles ORDER BY n;
SELECT n, c::text::deal_cycle::text = c::text AS text, c::jsonb::deal_cycle::text = c::text AS jsonb, encode(deal_cycle_send(c), 'hex') AS sent, pg_column_size(c) AS bytes FROM cycles ORDER BY n;
SELECT c::jsonb FROM cycles WHERE n = 2;
SELECT pg_temp.failure(format('SELECT %L::deal_cycle', t)) FROM (VALUES (1, ''), (2, '7'), (3, '{"version":2}'), (4, '{"version":1,"unit":"day","status":"event","started_at":"2026-01-01"}'),
	(5, '{"version":1,"unit":"week","status":"event","started_at":"2026-01-01","observed_until":"2026-01-09"}'),
	(6, '{"version":1,"unit":"day","status":"won","started_at":"2026-01-01","observed_until":"2026-01-09"}'),
	(7, '{"version":1,"unit":"day","status":"event","started_at":"2026-01-10","observed_until":"2026-01-09"}'),
	(8, '{"version":1,"unit":"day","status":"event","started_at":"2026-01-01","entered_at":"2026-01-01","observed_until":"2026-01-09"}'),
	(9, '{"version":1,"unit":"day","status":"event","started_at":"-infinity","observed_until":"2026-01-09"}'),
	(10, '{"version":1,"unit":"day","status":"event","started_at":5,"observed_until":"2026-01-09"}'),
	(11, '{"version":1,"unit":"day","status":"event","started_at":"soon","observed_until":"2026-01-09"}'),
	(12, '{"version":1,"unit":"day","status":"event","started_at":"2026-01-01","observed_until":"2026-01-09","days":8}')) v(n, t) ORDER BY n;

-- options out of their range
SELECT pg_temp.failure(format('SELECT deal_cycle(%s)', a)) FROM (VALUES
	(1, $$NULL, unit => 'week'$$), (2, $$NULL, unit => NULL$$), (3, $$NULL, from_kinds => NULL$$), (4, $$NULL, from_kinds => '{}'$$),
	(5, $$NULL, to_kinds => '{}'$$), (6, $$NULL, unless => NULL$$), (7, $$NULL, unless => '{lost,won}'$$), (8, $$NULL, to_kinds => '{won,won}'$$),
	(9, $$NULL, to_kinds => '{won,NULL}'$$), (10, $$NULL, to_kinds => ARRAY['']$$), (11, $$NULL, from_kinds => ARRAY[repeat('x', 256)]$$),
	(12, $$NULL, to_kinds => '{{won}}'$$), (13, $$'{}'::deal_history, as_of => 'infinity'$$),
	(14, $$NULL, to_kinds => (SELECT array_agg(i::text) FROM generate_series(1, 101) i)$$)) v(n, a) ORDER BY n;
SELECT pg_temp.failure(format('SELECT * FROM deal_exposure(%s)', a)) FROM (VALUES
	(1, $$NULL, NULL$$), (2, $$NULL, ''$$), (3, $$NULL, 'content', ''$$), (4, $$NULL, 'content', unit => 'week'$$), (5, $$NULL, 'content', unless => '{won}'$$)) v(n, a) ORDER BY n;
-- the ends of time
SELECT pg_temp.failure($$SELECT duration(deal_cycle(history_agg('opportunity', '4713-01-01 BC'), as_of => '294276-12-31'))$$);

-- damaged bytes are refused
SET client_min_messages = warning;
CREATE TYPE raw;
CREATE FUNCTION raw_in(cstring) RETURNS raw AS 'byteain' LANGUAGE internal IMMUTABLE STRICT;
CREATE FUNCTION raw_out(raw) RETURNS cstring AS 'byteaout' LANGUAGE internal IMMUTABLE STRICT;
CREATE TYPE raw (INPUT = raw_in, OUTPUT = raw_out, ALIGNMENT = double);
CREATE CAST (raw AS deal_cycle) WITHOUT FUNCTION;
RESET client_min_messages;
SELECT pg_temp.failure(format('SELECT status(%L::raw::deal_cycle)', b)) FROM (VALUES (1, ''), (2, '\x01000000' || repeat('00', 24)), (3, '\x02000000' || repeat('00', 24)),
	(4, '\x01010000' || repeat('00', 24)), (5, '\x01000400' || repeat('00', 24)), (6, '\x01000003' || repeat('00', 24)), (7, '\x01000000' || repeat('00', 23))) v(n, b) ORDER BY n;
SET client_min_messages = warning;
DROP TYPE raw CASCADE;
