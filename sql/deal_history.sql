--
-- deal_history: everything that happened to one deal
--
\getenv directory PG_ABS_SRCDIR
\set shared :directory '/test/lib/regress.sql'
\i :shared

-- bytewise, as REFRESH MATERIALIZED VIEW CONCURRENTLY compares
CREATE FUNCTION pg_temp.same(deal_history, deal_history) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT record_image_eq(ROW($1), ROW($2))';

SET datestyle = 'ISO, YMD';
SET timezone = 'UTC';

CREATE TEMP TABLE log(deal int, kind text, at timestamptz, amount numeric, subject text);
INSERT INTO log VALUES
 (1, 'won', '2026-03-01 09:30:00+00', 12000.5, NULL), (1, 'lead', '2026-01-01 00:00:00+00', NULL, NULL), (1, 'competitor', '2026-02-01 00:00:00+00', NULL, 'acme'),
 (1, 'competitor', '2026-02-01 00:00:00+00', NULL, 'Globex, Inc.'), (1, 'opportunity', '2026-02-01 00:00:00+00', 10000, NULL), (1, 'competitor', '2026-02-15 12:00:00+00', NULL, 'acme'),
 (2, 'lead', '2026-01-05 00:00:00+00', NULL, NULL),
 (3, 'lead', '2026-01-07 00:00:00+00', NULL, NULL), (3, 'lead', '2026-01-07 00:00:00+00', NULL, NULL), (3, 'lead', '2026-01-07 00:00:00+00', 0, NULL),
 (4, NULL, '2026-01-07 00:00:00+00', 1, NULL), (4, 'lead', NULL, 1, 'x');

--
-- five forms of the aggregate
--
SELECT deal, history_agg(deal_event(kind, at, amount, subject)) FROM log GROUP BY deal ORDER BY deal;
SELECT deal, history_agg(kind, at, amount, subject) FROM log GROUP BY deal ORDER BY deal;
SELECT deal, history_agg(kind, at, amount) FROM log GROUP BY deal ORDER BY deal;
SELECT deal, history_agg(kind, at) FROM log GROUP BY deal ORDER BY deal;
SELECT pg_temp.same(history_agg(kind, at), history_agg(deal_event(kind, at))) AS same_bytes FROM log;
-- rollup of histories of deals is the history of all of them
SELECT pg_temp.same(rollup(h), (SELECT history_agg(kind, at, amount, subject) FROM log)) AS all_events
FROM (SELECT history_agg(kind, at, amount, subject) AS h FROM log GROUP BY deal) AS t;
-- no rows, or nothing but NULLs: NULL
SELECT history_agg(deal_event(kind, at)) IS NULL AS a1, history_agg(kind, at) IS NULL AS a2, history_agg(kind, at, amount) IS NULL AS a3,
       history_agg(kind, at, amount, subject) IS NULL AS a4 FROM log WHERE deal = 0;
SELECT history_agg(deal_event(kind, at)) IS NULL AS a1, history_agg(kind, at) IS NULL AS a2, history_agg(kind, at, amount) IS NULL AS a3,
       history_agg(kind, at, amount, subject) IS NULL AS a4 FROM log WHERE deal = 4;
SELECT rollup(NULL::deal_history) IS NULL AS rollup_of_null, (SELECT rollup(h) IS NULL FROM (SELECT '{}'::deal_history AS h WHERE false) AS t) AS rollup_of_nothing,
       rollup('{}'::deal_history) AS rollup_of_empty;
SELECT rollup(h) FROM (VALUES (NULL::deal_history), ('{}'), (NULL), ('{"(a,2026-01-01,,)"}')) AS t(h);
-- duplicates are kept unless asked not to
SELECT history_agg(e) AS bag, history_agg(DISTINCT e) AS once, event_count(history_agg(e)) AS n, event_count(history_agg(DISTINCT e)) AS n_once
FROM (SELECT deal_event(kind, at, amount, subject) AS e FROM log WHERE deal = 3) AS t;
SELECT history_agg(kind, at) FILTER (WHERE kind = 'lead') AS leads, history_agg(kind, at ORDER BY at DESC) AS ordered FROM log WHERE deal = 1;
-- as a window function: each row sees what happened until then
SELECT i, event_count(history_agg('k', timestamptz '2026-01-01' + i * interval '1 day') OVER (ORDER BY i)) AS running,
       event_count(history_agg('k', timestamptz '2026-01-01' + i * interval '1 day') OVER (ORDER BY i ROWS 1 PRECEDING)) AS moving
FROM generate_series(1, 4) AS i;

--
-- constructor, concatenation, casts
--
SELECT deal_history(deal_event('won', '2026-03-01'), NULL, deal_event('lead', '2026-01-01'), deal_event(NULL, '2026-01-01'));
SELECT deal_history(VARIADIC ARRAY['(b,2026-01-01,,)', NULL, '(a,2026-01-01,,)']::deal_event[]);
SELECT deal_history(VARIADIC '{}') AS empty, deal_history(NULL, NULL) AS nulls, deal_history(VARIADIC '{NULL}') AS null_array, event_count(deal_history(VARIADIC '{}'));
SELECT deal_history(VARIADIC NULL::deal_event[]) IS NULL AS null_array;
SELECT '{}'::deal_history || deal_event('b', '2026-01-02') || deal_event('a', '2026-01-01') || deal_event('b', '2026-01-02') AS events_added;
SELECT '{"(a,2026-01-01,,)","(c,2026-01-03,,)"}'::deal_history || '{"(b,2026-01-02,1,s)","(a,2026-01-01,,)"}'::deal_history AS merged;
SELECT '{}'::deal_history || '{}'::deal_history AS empty, pg_temp.same(h || '{}'::deal_history, h) AS right_empty, pg_temp.same('{}'::deal_history || h, h) AS left_empty
FROM (SELECT '{"(a,2026-01-01,,)"}'::deal_history AS h) AS t;
SELECT '{"(a,2026-01-01,,)"}'::deal_history || NULL::deal_event AS null_event, '{}'::deal_history || NULL::deal_history AS null_history, '{"(a,2026-01-01,,)"}'::deal_history || NULL AS null_literal;
SELECT ARRAY['(b,2026-01-02,,)', NULL, '(a,2026-01-01,,)', '(b,2026-01-02,,)']::deal_event[]::deal_history AS from_array,
       '{{"(b,2026-01-02,,)","(a,2026-01-01,,)"},{NULL,"(c,2026-01-01,,)"}}'::deal_event[]::deal_history AS from_matrix,
       '[5:6]={"(b,2026-01-02,,)","(a,2026-01-01,,)"}'::deal_event[]::deal_history AS from_bounds,
       '{}'::deal_event[]::deal_history AS from_empty;
SELECT h::deal_event[] AS as_array, array_dims(h::deal_event[]), cardinality(h::deal_event[]), (h::deal_event[])[1]
FROM (VALUES ('{"(b,2026-01-02,,)","(a,2026-01-01,,)","(b,2026-01-02,,)"}'::deal_history), ('{}')) AS t(h);
SELECT e, kind(e) FROM events('{"(b,2026-01-02,,)","(a,2026-01-01,,)","(b,2026-01-02,,)","(b,2026-01-02,1.5,\"x, y\")"}') AS e;
SELECT count(*) AS of_empty FROM events('{}');
SELECT count(*) AS of_null FROM events(NULL);
SELECT * FROM events('{"(b,2026-01-02,,)","(a,2026-01-01,,)"}') WITH ORDINALITY AS t(e, n) LIMIT 1;
-- events kept in the total order, whatever the order they came in
SELECT bool_and(h::text = (SELECT array_agg(e ORDER BY e)::text FROM unnest(es) AS e)) AS sorted
FROM (SELECT array_agg(deal_event(k, t, a, s))::deal_history AS h, array_agg(deal_event(k, t, a, s)) AS es
      FROM unnest(ARRAY['b', 'a', 'aa', '~', 'B']) AS k, unnest(ARRAY['2026-01-02', '2026-01-01']::timestamptz[]) AS t,
           unnest(ARRAY[NULL, 3, -1, 0]) AS a, unnest(ARRAY[NULL, 's', 'ss']) AS s) AS t;

--
-- text form: the literal of the array of events
--
SELECT h::text AS text, pg_temp.same(h::text::deal_history, h) AS same, h::text = h::deal_event[]::text AS as_array
FROM (VALUES (deal_history(deal_event('won', '2026-03-01'))),
             (deal_history(deal_event('a,b', '2026-03-01', 1.5, 'c"d\e'), deal_event('{x}', '0044-03-15 BC', -1, '(y)'))),
             (deal_history(deal_event('NULL', '2026-03-01', NULL, 'null'), deal_event(' ', '2026-03-01'))),
             ('{}')) AS t(h);
SELECT ' { "(won,2026-03-01,,)" , "(lead,2026-01-01,,)" } '::deal_history AS blanks, '{NULL}'::deal_history AS null_element,
       E'{\\(won\\,2026-03-01\\,\\,\\)}'::deal_history AS backslashes;
-- whatever the mix of lengths and of which events have amounts or subjects
SELECT count(*) AS histories, bool_and(pg_temp.same(h::text::deal_history, h)) AS text_same, bool_and(event_count(h) = n) AS counted,
       bool_and(pg_temp.same(h::deal_event[]::deal_history, h)) AS array_same
FROM (SELECT i, count(*) AS n, history_agg(repeat(chr(97 + (i * j) % 26), 1 + (i * i * j) % 255), timestamptz '2000-01-01' + (i * j * j - 5000) * (ARRAY['1 day', '1 hour', '1 second', '1 microsecond'])[1 + i % 4]::interval,
                               CASE WHEN i % 3 = 0 OR (i % 3 = 1 AND j % 2 = 0) THEN (j - 7) * power(10::numeric, (i % 17) - 4) END,
                               CASE WHEN i % 5 = 0 OR (i % 5 = 1 AND j % 3 = 0) THEN repeat('s', 1 + (j * 37) % 255) END) AS h
      FROM generate_series(1, 60) AS i, generate_series(1, 20) AS j WHERE j <= 1 + i % 20 GROUP BY i) AS t;

-- (the messages about the array are PostgreSQL's own)
SELECT i AS input, left(pg_temp.failure(format('SELECT %L::deal_history', i)), 5) AS sqlstate
FROM unnest(ARRAY['', 'won', '(won,2026-03-01,,)', '{', '}', '{}x', '{"(won,2026-03-01,,)"', '{"(won,2026-03-01,,)",}', '{{"(won,2026-03-01,,)"},{}}']) AS i;
SELECT i AS input, pg_temp.failure(format('SELECT %L::deal_history', i)) AS error
FROM unnest(ARRAY['{won}', '{"(won,2026-03-01,)"}', '{"(,2026-03-01,,)"}', '{"(won,,,)"}', '{"(won,infinity,,)"}', '{"(won,2026-03-01,NaN,)"}', '{"(won,2026-03-01,1e30,)"}', '{"(won,later,,)"}']) AS i;
SELECT left(pg_temp.failure(format('SELECT %L::deal_history', '{"(' || repeat('k', 256) || ',2026-01-01,,)"}')), 60);
SELECT pg_temp.failure($$SELECT history_agg('', timestamptz '2026-01-01')$$);
SELECT pg_temp.failure($$SELECT history_agg('k', timestamptz 'infinity')$$);
SELECT pg_temp.failure($$SELECT history_agg('k', timestamptz '-infinity', 1)$$);
SELECT pg_temp.failure($$SELECT history_agg('k', timestamptz '2026-01-01', 'NaN')$$);
SELECT pg_temp.failure($$SELECT history_agg('k', timestamptz '2026-01-01', 1e15, 's')$$);
SELECT pg_temp.failure($$SELECT history_agg('k', timestamptz '2026-01-01', 1, '')$$);
SELECT left(pg_temp.failure($$SELECT history_agg(repeat('k', 256), timestamptz '2026-01-01')$$), 60);
SELECT left(pg_temp.failure($$SELECT history_agg('k', timestamptz '2026-01-01', 1, repeat('s', 256))$$), 60);

--
-- canonical: one bag of events, one string of bytes
--
WITH shuffled AS (
  SELECT r, history_agg(kind, at, amount, subject ORDER BY md5(r || '-' || kind || at || subject)) AS h,
         history_agg(deal_event(kind, at, amount, subject) ORDER BY md5(kind || at || r)) AS he FROM log, generate_series(1, 50) AS r GROUP BY r)
SELECT count(DISTINCT deal_history_send(h)) AS sends, count(DISTINCT md5(h::text)) AS texts, count(DISTINCT deal_history_send(he)) AS sends_of_events,
       bool_and(pg_temp.same(h, he)) AS same FROM shuffled;
-- also when the parts had other units of time, other amounts and other labels
SELECT bool_and(pg_temp.same(a || b, b || a) AND pg_temp.same(a || b, (a::deal_event[] || b::deal_event[])::deal_history)) AS commutes,
       bool_and(pg_temp.same(as_of(a || b, '2026-01-31'), as_of(a, '2026-01-31') || as_of(b, '2026-01-31'))) AS as_of_distributes,
       bool_and(pg_temp.same(relabel(a || b, '{"z":"y"}'), relabel(a, '{"z":"y"}') || relabel(b, '{"z":"y"}'))) AS relabel_distributes
FROM (VALUES ('{}'::deal_history), ('{"(z,2026-01-01,,)"}'), ('{"(z,2026-01-01T00:00:00.000001Z,,)"}'), ('{"(won,2026-02-01,1000000,)"}'),
             ('{"(y,2026-01-01,0.0001,)"}'), ('{"(y,294276-12-31T23:59:59.999999Z,922337203685477.5807,s)","(y,\"4714-11-24T00:00:00Z BC\",-922337203685477.5808,s)"}'),
             ('{"(lead,2026-01-01,,a)","(lead,2026-01-01,,b)"}'), ('{"(y,1999-12-31T23:59:59.999999Z,0,s)"}')) AS a(a),
     (VALUES ('{}'::deal_history), ('{"(z,2026-01-01,,)"}'), ('{"(z,2026-01-01T00:00:00.000001Z,,)"}'), ('{"(won,2026-02-01,1000000,)"}'),
             ('{"(y,2026-01-01,0.0001,)"}'), ('{"(y,294276-12-31T23:59:59.999999Z,922337203685477.5807,s)","(y,\"4714-11-24T00:00:00Z BC\",-922337203685477.5808,s)"}'),
             ('{"(lead,2026-01-01,,a)","(lead,2026-01-01,,b)"}'), ('{"(y,1999-12-31T23:59:59.999999Z,0,s)"}')) AS b(b);
-- nothing of a removed event stays behind
SELECT pg_temp.same(as_of('{"(won,2026-03-01T00:00:00.000001Z,0.0001,s)","(lead,2026-01-01,,)"}', '2026-02-01'), '{"(lead,2026-01-01,,)"}') AS as_of_repacks,
       pg_temp.same(distinct_events('{"(lead,2026-01-01,,)","(lead,2026-01-01,,)"}'), '{"(lead,2026-01-01,,)"}') AS distinct_repacks,
       pg_temp.same(relabel('{"(Closed Won,2026-01-01,,)"}', '{"Closed Won":"won"}'), '{"(won,2026-01-01,,)"}') AS relabel_repacks;

--
-- accessors
--
CREATE TEMP TABLE told(n int, h deal_history);
INSERT INTO told VALUES
 (1, '{"(lead,2026-01-01,,)","(opportunity,2026-02-01,10000,)","(competitor,2026-02-01,,acme)","(competitor,2026-02-01,,\"Globex, Inc.\")","(competitor,2026-02-15 12:00:00,,acme)","(won,2026-03-01 09:30:00,12000.5,)"}'),
 (2, '{"(b,2026-01-01,,)","(a,2026-01-01,,)","(c,2026-01-01,,)","(b,2026-01-01,,s)"}'),
 (3, '{}'),
 (4, NULL);
SELECT n, event_count(h), started_at(h), ended_at(h), first_at(h, 'competitor'), last_at(h, 'competitor'), has_kind(h, 'won') AS won, has_kind(h, 'lost') AS lost,
       current_kind(h), subjects(h, 'competitor') FROM told ORDER BY n;
SELECT pg_typeof(event_count(h)), pg_typeof(started_at(h)), pg_typeof(has_kind(h, 'won')), pg_typeof(current_kind(h)), pg_typeof(subjects(h, 'won')) FROM told LIMIT 1;
SELECT n, first_at(h, 'lost') AS no_first, last_at(h, 'lost') AS no_last, subjects(h, 'lost') AS no_kind, subjects(h, 'won') AS no_subjects FROM told ORDER BY n;
SELECT n, first_at(h, NULL) IS NULL AS first_at, last_at(h, NULL) IS NULL AS last_at, has_kind(h, NULL) IS NULL AS has_kind, subjects(h, NULL) IS NULL AS subjects FROM told ORDER BY n;
-- kinds are compared bytewise
SELECT has_kind(h, 'Won') AS other_case, has_kind(h, 'wo') AS prefix, has_kind(h, 'won ') AS longer, has_kind(h, '') AS empty, has_kind(h, repeat('w', 300)) AS overlong FROM told WHERE n = 1;
-- the last event decides; at one instant the order of the events does
SELECT n, current_kind(h) AS any_kind, current_kind(h, NULL) AS null_kinds, current_kind(h, '{lead,opportunity}') AS stages, current_kind(h, '{a,b}') AS ab,
       current_kind(h, kinds => '{lost}') AS absent, current_kind(h, '{}') AS none FROM told ORDER BY n;
SELECT pg_temp.failure($$SELECT current_kind('{}', '{lost,NULL,lead}')$$);
SELECT subjects('{"(c,2026-01-03,,b)","(c,2026-01-01,,B)","(c,2026-01-02,,b)","(c,2026-01-02,,)","(d,2026-01-02,,z)","(c,2026-01-09,,\"\\\"\")","(c,2026-01-01,,aa)","(c,2026-01-01,,a)"}', 'c');

-- distinct_events: an event delivered twice is one
SELECT distinct_events('{"(a,2026-01-01,,)","(a,2026-01-01,,)","(a,2026-01-01,0,)","(a,2026-01-01,,s)","(b,2026-01-01,,)","(a,2026-01-01,,)"}'), distinct_events('{}'), distinct_events(NULL);

-- as_of: the instant itself still counts
SELECT at, as_of('{"(a,2026-01-01,,)","(b,2026-01-02,1,s)","(b,2026-01-02,2,s)","(c,2026-01-03,,)"}', at)
FROM unnest(ARRAY['2025-12-31', '2026-01-01', '2026-01-01 23:59:59.999999', '2026-01-02', '2026-01-03', '2030-01-01', '4714-11-24 BC', NULL]::timestamptz[]) AS at;
SELECT as_of('{}', '2026-01-01'), as_of(NULL, '2026-01-01') IS NULL AS null_history;
SELECT pg_temp.failure($$SELECT as_of('{}', 'infinity')$$);
SELECT pg_temp.failure($$SELECT as_of('{"(a,2026-01-01,,)"}', '-infinity')$$);

-- relabel: a CRM's own words
SELECT relabel('{"(Closed Won,2026-03-01,5,s)","(New,2026-01-01,,)","(Qualification,2026-02-01,,)","(won,2026-01-01,,)"}', '{"Closed Won":"won","New":"lead","Absent":"x"}');
SELECT relabel(h, '{"a":"b","b":"a","c":"c"}') AS swapped, relabel(h, '{}') AS unchanged, relabel(h, '{"a":"z","b":"z","c":"z"}') AS all_one FROM told WHERE n = 2;
SELECT relabel('{}', '{"a":"b"}') AS empty, relabel(NULL, '{"a":"b"}') IS NULL AS null_history, relabel('{"(a,2026-01-01,,)"}', NULL) IS NULL AS null_mapping;
-- only kinds are translated, and the order follows the new names
SELECT relabel('{"(a,2026-01-01,,a)","(b,2026-01-01,,)"}', '{"a":"c"}');
SELECT m AS mapping, pg_temp.failure(format($$SELECT relabel('{"(a,2026-01-01,,)"}', %L)$$, m)) AS error
FROM unnest(ARRAY['[]', '"a"', 'null', '1', '["a","b"]', '{"a":1}', '{"a":null}', '{"a":["b"]}', '{"a":{"b":"c"}}', '{"a":true}', '{"a":""}', '{"":"b"}', '{"x":""}', '{"x":1}']) AS m;
SELECT left(pg_temp.failure(format($$SELECT relabel('{"(a,2026-01-01,,)"}', %L)$$, jsonb_build_object('a', repeat('k', 256)))), 60);

--
-- time_in: one row for each run of a stage
--
CREATE TEMP TABLE staged(n int, h deal_history);
INSERT INTO staged VALUES
 (1, '{"(lead,2026-01-01,,)","(note,2026-01-02,,)","(mql,2026-01-03 12:00:00,,)","(mql,2026-01-05,,)","(lead,2026-01-10,,)","(won,2026-01-20,100,)"}'),
 (2, '{"(lead,2026-01-01,,)","(mql,2026-01-01,,)","(won,2026-01-11,,)"}'),
 (3, '{"(won,2026-01-01,,)"}'),
 (4, '{"(note,2026-01-01,,)"}'),
 (5, '{}'),
 (6, NULL);
SELECT n, t.* FROM staged, time_in(h, '{lead,mql,won}', '2026-02-01') AS t ORDER BY n, entered_at, stage;
-- columns by name
SELECT n, stage, entered_at, left_at, days FROM staged, time_in(h, stages => '{lead,mql,won}', as_of => '2026-02-01') WHERE n = 2;
-- before the first event, inside a run, at its ends, after all
SELECT a AS as_of, t.* FROM staged, unnest(ARRAY['2025-12-31', '2026-01-01', '2026-01-02 06:00:00', '2026-01-03 12:00:00', '2026-01-04', '2026-01-10', '2026-01-20', '2026-01-20 00:00:00.000001']::timestamptz[]) AS a,
       time_in(h, '{lead,mql,won}', a) AS t WHERE n = 1 ORDER BY a, entered_at, stage;
-- stages that are not listed do not end a run
SELECT t.* FROM staged, time_in(h, '{lead,won}', '2026-02-01') AS t WHERE n = 1;
SELECT count(*) AS none FROM staged, time_in(h, '{}', '2026-02-01') AS t;
SELECT count(*) AS absent FROM staged, time_in(h, '{sql}', '2026-02-01') AS t;
-- two stages at one instant, entered again and again
SELECT t.* FROM time_in(deal_history '{"(a,2026-01-01,,)","(b,2026-01-01,,)","(a,2026-01-02,,)","(b,2026-01-02,,)","(b,2026-01-02,5,)","(a,2026-01-02 00:00:00.000001,,)"}', '{a,b}', '2026-01-03') AS t;
SELECT sum(days) AS total_days FROM staged, time_in(h, '{lead,mql,won}', '2026-02-01') WHERE n = 1;
SELECT t.* FROM time_in(deal_history '{"(a,\"4714-11-24 BC\",,)","(b,294276-12-31T23:59:59.999999Z,,)"}', '{a,b}', '294276-12-31T23:59:59.999999Z') AS t;
SELECT count(*) AS null_stages FROM staged, time_in(h, NULL, '2026-02-01') AS t;
SELECT count(*) AS null_as_of FROM staged, time_in(h, '{lead}', NULL) AS t;
SELECT s AS stages, pg_temp.failure(format($$SELECT * FROM time_in(deal_history '{}', %L, '2026-01-01')$$, s)) AS error
FROM unnest(ARRAY['{lead,lead}', '{lead,NULL}', '{""}']) AS s;
SELECT pg_temp.failure($$SELECT * FROM time_in(deal_history '{"(lead,2026-01-01,,)"}', '{lead}', 'infinity')$$);
SELECT pg_temp.failure($$SELECT * FROM time_in(deal_history '{"(lead,2026-01-01,,)"}', '{lead}', '-infinity')$$);

--
-- transitions: from one listed stage to another
--
SELECT n, t.* FROM staged, transitions(h, '{lead,mql,won}') AS t ORDER BY n, at;
SELECT n, from_stage, to_stage, at FROM staged, transitions(h, stages => '{lead,won}') ORDER BY n, at;
SELECT t.* FROM transitions('{"(a,2026-01-01,,)","(b,2026-01-01,,)","(a,2026-01-02,,)","(b,2026-01-02,,)","(b,2026-01-02,5,)"}', '{a,b}') WITH ORDINALITY AS t ORDER BY ordinality;
SELECT count(*) AS none FROM staged, transitions(h, '{}') AS t;
SELECT count(*) AS one_stage FROM staged, transitions(h, '{lead}') AS t;
SELECT count(*) AS null_stages FROM staged, transitions(h, NULL) AS t;
SELECT s AS stages, pg_temp.failure(format($$SELECT * FROM transitions('{}', %L)$$, s)) AS error
FROM unnest(ARRAY['{lead,lead}', '{lead,NULL}', '{""}']) AS s;

--
-- independent of settings
--
SET timezone = 'America/New_York';
SET datestyle = 'SQL, DMY';
SELECT '{"(won,2026-03-01T09:30:00Z,12000.5,)"}'::deal_history;
SET datestyle = 'ISO, YMD';
SET timezone = 'UTC';

--
-- size: a typical CRM history takes at most 16 bytes per event
--
CREATE TEMP TABLE typical AS
  SELECT d, history_agg(s, timestamptz '2026-01-01 08:00:00' + d * interval '7 hours 13 minutes 5 seconds' + i * interval '9 days 3 hours 11 seconds', CASE WHEN i >= 4 THEN d * 125.5 END) AS h
  FROM generate_series(1, 1000) AS d, unnest('{lead,mql,sql,opportunity,proposal,negotiation,won}'::text[]) WITH ORDINALITY AS t(s, i)
  WHERE i <= 5 + d % 3 GROUP BY d;
SELECT sum(pg_column_size(h)) <= 16 * sum(event_count(h)) AS at_most_16_bytes_per_event, min(event_count(h)), max(event_count(h)) FROM typical;

--
-- 100,000 events: TOASTed
--
CREATE TEMP TABLE raw AS
  SELECT i, (ARRAY['lead', 'mql', 'a rather long kind of event', 'won'])[1 + i % 4] AS kind, timestamptz '2020-01-01' + (i * 7919 % 100003) * interval '1 hour' AS at,
         CASE WHEN i % 10 = 0 THEN i::numeric / 8 END AS amount, CASE WHEN i % 3 = 0 THEN 'subject ' || i % 1000 END AS subject
  FROM generate_series(1, 100000) AS i;
CREATE TEMP TABLE big(id int, h deal_history);
ALTER TABLE big ALTER h SET STORAGE external;
INSERT INTO big SELECT 1, history_agg(kind, at, amount, subject) FROM raw;
INSERT INTO big SELECT 2, history_agg(deal_event(kind, at, amount, subject) ORDER BY i DESC) FROM raw;
INSERT INTO big SELECT 3, rollup(h) FROM (SELECT history_agg(kind, at, amount, subject) AS h FROM raw GROUP BY i % 100) AS t;
ALTER TABLE big ALTER h SET STORAGE extended;
INSERT INTO big SELECT 4, h::text::deal_history FROM big WHERE id = 1;
SELECT id, event_count(h), pg_column_size(h) > 8160 AS toasted, started_at(h) = (SELECT min(at) FROM raw) AS started, ended_at(h) = (SELECT max(at) FROM raw) AS ended,
       first_at(h, 'won') = (SELECT min(at) FROM raw WHERE kind = 'won') AS first_won, last_at(h, 'mql') = (SELECT max(at) FROM raw WHERE kind = 'mql') AS last_mql,
       current_kind(h) = (SELECT kind FROM raw ORDER BY at DESC LIMIT 1) AS current, has_kind(h, 'lost') AS lost
FROM big ORDER BY id;
SELECT count(*) AS pairs, bool_and(pg_temp.same(a.h, b.h)) AS same, bool_and(deal_history_send(a.h) = deal_history_send(b.h)) AS same_sent FROM big AS a JOIN big AS b ON a.id < b.id;
SELECT subjects(h, 'won') = (SELECT array_agg(s ORDER BY s COLLATE "C") FROM (SELECT DISTINCT subject AS s FROM raw WHERE kind = 'won' AND subject IS NOT NULL) AS t) AS subjects,
       event_count(as_of(h, '2025-01-01')) = (SELECT count(*) FROM raw WHERE at <= '2025-01-01') AS as_of,
       event_count(distinct_events(h || h)) = event_count(distinct_events(h)) AS distinct, event_count(h || h) AS doubled,
       (SELECT sum(amount(e)) FROM events(h) AS e) = (SELECT sum(amount) FROM raw) AS amounts,
       (SELECT count(*) FROM transitions(h, '{lead,mql,won}')) = (SELECT count(*) FROM (SELECT kind, lag(kind) OVER (ORDER BY at, kind COLLATE "C") AS previous FROM raw WHERE kind IN ('lead', 'mql', 'won')) AS t WHERE kind <> previous) AS transitions,
       (SELECT count(*) FROM time_in(h, '{lead,mql,won}', '2040-01-01')) AS runs,
       has_kind(relabel(h, '{"won":"gewonnen"}'), 'gewonnen') AS relabelled
FROM big WHERE id = 2;
-- a history of 100,000 single events added one at a time would be quadratic; a thousand is not
SELECT event_count(h) FROM (WITH RECURSIVE grow(i, h) AS (SELECT 0, '{}'::deal_history UNION ALL SELECT i + 1, h || deal_event('k' || i % 7, timestamptz '2026-01-01' + i * interval '1 minute') FROM grow WHERE i < 1000) SELECT h FROM grow WHERE i = 1000) AS t;
-- more kinds and subjects than one byte, or two, can number
SELECT event_count(h) AS events, cardinality(subjects(h, 'k7')) AS of_k7, pg_temp.same(h::text::deal_history, h) AS same, has_kind(h, 'k999') AS k999, has_kind(h, 'k1000') AS k1000
FROM (SELECT history_agg('k' || i % 1000, timestamptz '2026-01-01' + i * interval '1 second', NULL, 's' || i % 70000) AS h FROM generate_series(0, 79999) AS i) AS t;

-- limits: ten million events
SELECT pg_temp.failure($$WITH part AS MATERIALIZED (SELECT history_agg('k', timestamptz '2026-01-01') AS h FROM generate_series(1, 1000000)) SELECT event_count(rollup(h)) FROM part, generate_series(1, 11)$$);
SELECT pg_temp.failure($$WITH part AS MATERIALIZED (SELECT rollup(h) AS h FROM (SELECT history_agg('k', timestamptz '2026-01-01') AS h FROM generate_series(1, 2000000)) AS t, generate_series(1, 3)) SELECT h || h FROM part$$);

-- damaged bytes: of SOME and ALL at most one is set, or a column would be read beyond its end
CREATE FUNCTION pg_temp.image(deal_history, int) RETURNS bytea LANGUAGE internal IMMUTABLE STRICT AS 'bytea_substr_no_len';
CREATE FUNCTION pg_temp.from_image(bytea, int) RETURNS deal_history LANGUAGE internal IMMUTABLE STRICT AS 'bytea_substr_no_len';
CREATE TEMP TABLE images AS
SELECT pg_temp.image(history_agg('lead', timestamptz '2026-01-01' + i * interval '1 day', CASE i WHEN 1 THEN 0 WHEN 2 THEN 1e14 + 0.0001 END, CASE i WHEN 1 THEN 's' END), 1) AS image FROM generate_series(1, 1000) AS i;
SELECT get_byte(image, 1) AS flags, flag, pg_temp.failure(format('SELECT pg_temp.from_image(%L, 1)::text', set_byte(image, 1, get_byte(image, 1) | flag))) AS error FROM images, unnest('{4,16,20,32,64,128}'::int[]) AS flag;
