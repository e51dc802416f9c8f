--
-- deal_event: one thing that happened, at one instant
--
\getenv directory PG_ABS_SRCDIR
\set shared :directory '/test/lib/regress.sql'
\i :shared

-- the same for the text of an event
CREATE FUNCTION pg_temp.bad_event(input text) RETURNS text LANGUAGE sql
AS $$ SELECT pg_temp.failure(format('SELECT %L::deal_event', input)) $$;

SET datestyle = 'ISO, YMD';
SET timezone = 'UTC';

--
-- constructor: positional, named, defaulted
--
SELECT deal_event('won', '2026-03-01 09:30:00+00', 12000.5, 'acme');
SELECT deal_event('won', '2026-03-01 09:30:00+00', 12000.5);
SELECT deal_event('won', '2026-03-01 09:30:00+00');
SELECT deal_event('competitor', '2026-03-01 09:30:00+00', subject => 'acme');
SELECT deal_event(kind => 'won', at => '2026-03-01', amount => -1, subject => 's');
SELECT deal_event(subject => 's', at => '2026-03-01', kind => 'won');
-- no kind or no instant is no event; no amount or subject is an event without
SELECT deal_event(NULL, '2026-03-01') IS NULL AS no_kind,
       deal_event('won', NULL) IS NULL AS no_at,
       deal_event(NULL, NULL, NULL, NULL) IS NULL AS nothing,
       deal_event('won', '2026-03-01', NULL, NULL) IS NULL AS only_kind_and_at;

-- accessors
SELECT kind(e), occurred_at(e), amount(e), subject(e)
FROM (VALUES (deal_event('won', '2026-03-01 09:30:00.25+00', 12000.50, 'acme')),
             (deal_event('lead', '2026-03-01')),
             (deal_event('lost', '2026-03-01', NULL, 'Globex, Inc.')),
             (deal_event('won', '2026-03-01', 0)),
             (NULL)) AS t(e);
SELECT pg_typeof(kind(e)), pg_typeof(occurred_at(e)), pg_typeof(amount(e)), pg_typeof(subject(e))
FROM (SELECT deal_event('won', '2026-03-01', 1, 's')) AS t(e);

--
-- text form
--
SELECT '(won,2026-03-01T09:30:00Z,12000.5,)'::deal_event;
SELECT '(won,2026-03-01,,)'::deal_event;
SELECT '  (won,2026-03-01,,)  '::deal_event;
SELECT '(competitor,2026-03-01T00:00:00Z,,acme)'::deal_event;
-- row literals quote a field that is empty or holds a comma, a quote, a
-- backslash, a parenthesis or white space
SELECT e::text AS text, length(kind(e)) AS kind_length, e = e::text::deal_event AS same
FROM (SELECT deal_event(k, '2026-03-01') AS e
      FROM unnest(ARRAY['plain', 'a,b', 'a"b', E'a\\b', '(a)', ')', 'a b', ' lead', 'trail ', E'a\tb', E'a\nb', '""',
                        E'\\\\', '{a}', '''', 'null', 'NULL', '-', ';', 'a=>b', '*', '1', E'\x01']) AS k) AS t;
SELECT e::text AS text, length(subject(e)) AS subject_length, e = e::text::deal_event AS same
FROM (SELECT deal_event('k', '2026-03-01', subject => s) AS e
      FROM unnest(ARRAY['plain', 'a,b', 'a"b', E'a\\b', '(a)', 'a b', ' lead', 'trail ', '""', E'\\', 'null', ',,', '"', '()']) AS s) AS t;
-- input unquotes as a row does
SELECT '("won",2026-03-01,"12","ac""me")'::deal_event, '(w"on",2026-03-01,,a\,b)'::deal_event, '("a\"b",2026-03-01,,"c""d")'::deal_event;
SELECT '( won ,2026-03-01,,)'::deal_event AS blanks_belong_to_the_field;
\pset format unaligned
SELECT deal_event('gewonnen für €', '2026-03-01', 1, '日本 🙂'), deal_event('é', '2026-03-01', subject => 'ßß');
SELECT '(日本,2026-03-01,,🙂)'::deal_event::text::deal_event;
\pset format aligned

-- the longest label is 255 bytes
SELECT length(kind(e)), length(subject(e)), e = e::text::deal_event AS same
FROM (SELECT deal_event(repeat('k', 255), '2026-03-01', 1, repeat('"', 255)) AS e) AS t;

-- amounts: four decimals, half away from zero, shortest form
SELECT a AS given, deal_event('won', '2026-03-01', a) AS event, amount(deal_event('won', '2026-03-01', a))
FROM unnest(ARRAY['0', '-0', '1', '1.0', '1.10', '100', '1200.5000', '0.0001', '-0.0001', '0.00005', '-0.00005', '0.00004999',
                  '-0.00004999', '1.23445', '1.23455', '-1.23445', '2.99995', '1e3', '1e-4', '999999999999', '0.5', '-12.34', '10.0100',
                  '922337203685477.5807', '922337203685477.58074999', '-922337203685477.5808', '-922337203685477.58084999']::numeric[]) AS a;
SELECT '(won,2026-03-01,1e3,)'::deal_event, '(won,2026-03-01, 7.50 ,)'::deal_event, '(won,2026-03-01,+7,)'::deal_event;

-- instants: UTC, microseconds only when not zero
SELECT deal_event('k', t) AS event, occurred_at(deal_event('k', t)) = t AS same, deal_event('k', t)::text::deal_event = deal_event('k', t) AS text_same
FROM unnest(ARRAY['2026-03-01 09:30:00.5+00', '2026-03-01 09:30:00.000001+00', '2026-03-01 09:30:00.123456+00', '2026-03-01 09:30:00.120000+00',
                  '1999-12-31 23:59:59.999999+00', '2000-01-01 00:00:00+00', '1970-01-01 00:00:00+00', '0001-01-01 00:00:00+00',
                  '0001-12-31 23:59:59.5+00 BC', '0044-03-15 12:00:00+00 BC', '4714-11-24 00:00:00+00 BC',
                  '9999-12-31 23:59:59.999999+00', '10000-01-01 00:00:00+00', '294276-12-31 23:59:59.999999+00',
                  '2026-03-01 24:00:00+00', '2016-12-31 23:59:60+00']::timestamptz[]) AS t;
SELECT i AS given, ('(k,"' || i || '",,)')::deal_event AS event
FROM unnest(ARRAY['2026-03-01', '2026-03-01T09:30Z', '2026-03-01 09:30:00+02', '2026-03-01 09:30:00 America/New_York', '2026-07-01 09:30:00 America/New_York',
                  'March 1, 2026 9:30 PM UTC', '20260301T093000Z', '2026-03-01T09:30:00.1234567Z', 'epoch', '44-03-15 BC', 'J2461101']) AS i;
-- output depends on no setting
SET timezone = 'America/New_York';
SET datestyle = 'SQL, DMY';
SET intervalstyle = 'iso_8601';
SET extra_float_digits = -10;
SELECT deal_event('won', '2026-03-01T09:30:00.25Z', 12000.5), '(won,2026-03-01T09:30:00Z,12000.5,)'::deal_event::text,
       deal_event('won', '2026-03-01T09:30:00Z', 1)::jsonb;
-- input without a zone is local time, as for any timestamptz
SELECT '(won,2026-03-01 09:30:00,,)'::deal_event, '(won,02/03/2026,,)'::deal_event;
SET datestyle = 'German';
SET timezone = 'Asia/Kathmandu';
SELECT '(won,2026-03-01T09:30:00Z,12000.5,)'::deal_event, '(won,01.03.2026,,)'::deal_event;
SET datestyle = 'ISO, YMD';
SET timezone = 'UTC';
RESET intervalstyle;
RESET extra_float_digits;

--
-- malformed text
--
SELECT i AS input, left(pg_temp.bad_event(i), 180) AS error
FROM unnest(ARRAY['', ' ', 'won', '()', '(won)', '(won,2026-03-01)', '(won,2026-03-01,)', '(won,2026-03-01,,,)', '(won,2026-03-01,,', 'won,2026-03-01,,)',
                  '(won,2026-03-01,,)x', '(won,2026-03-01,,"a)', '("won,2026-03-01,,)', '(won,2026-03-01,,a\', '(won,2026-03-01,,)(', '((won,2026-03-01,,))',
                  '{won,2026-03-01,,}', '(,2026-03-01,,)', '("",2026-03-01,,)', '(won,,,)', '(won,"",,)', '(won,2026-03-01,,"")', '(won,2026-03-01,"",)',
                  '(won,yesterday evening,,)', '(won,2026-02-30,,)', '(won,300000-01-01,,)', '(won,infinity,,)', '(won,-infinity,,)',
                  '(won,2026-03-01,abc,)', '(won,2026-03-01,1.2.3,)', '(won,2026-03-01,NaN,)', '(won,2026-03-01,Infinity,)', '(won,2026-03-01,-Infinity,)',
                  '(won,2026-03-01,922337203685477.58075,)', '(won,2026-03-01,-922337203685477.58085,)', '(won,2026-03-01,1e30,)', '(won,2026-03-01,-1e20,)',
                  '{"kind":"won","at":"2026-03-01"}']) AS i;
SELECT left(pg_temp.bad_event('(' || repeat('k', 256) || ',2026-03-01,,)'), 60);
SELECT left(pg_temp.bad_event('(k,2026-03-01,,' || repeat('s', 256) || ')'), 60);
SELECT left(pg_temp.bad_event('(k,2026-03-01,,' || repeat('s', 100000) || ')'), 60);

-- the same through the constructor
SELECT pg_temp.failure($$SELECT deal_event('', '2026-03-01')$$);
SELECT pg_temp.failure($$SELECT deal_event('won', '2026-03-01', subject => '')$$);
SELECT left(pg_temp.failure($$SELECT deal_event(repeat('k', 256), '2026-03-01')$$), 60);
SELECT left(pg_temp.failure($$SELECT deal_event('k', '2026-03-01', subject => repeat('s', 256))$$), 60);
SELECT left(pg_temp.failure($$SELECT deal_event('k', '2026-03-01', subject => repeat('é', 128))$$), 5);
SELECT pg_temp.failure($$SELECT deal_event('won', 'infinity')$$);
SELECT pg_temp.failure($$SELECT deal_event('won', '-infinity')$$);
SELECT pg_temp.failure($$SELECT deal_event('won', '2026-03-01', 'NaN')$$);
SELECT pg_temp.failure($$SELECT deal_event('won', '2026-03-01', 'Infinity')$$);
SELECT pg_temp.failure($$SELECT deal_event('won', '2026-03-01', '-Infinity')$$);
SELECT pg_temp.failure($$SELECT deal_event('won', '2026-03-01', 922337203685477.58075)$$);
SELECT pg_temp.failure($$SELECT deal_event('won', '2026-03-01', -922337203685477.58085)$$);
SELECT left(pg_temp.failure($$SELECT deal_event('won', '2026-03-01', 1e131000)$$), 25);

--
-- jsonb
--
SELECT deal_event('won', '2026-03-01 09:30:00+00', 12000.50, 'acme')::jsonb;
SELECT deal_event('lead', '2026-03-01 09:30:00.25+00')::jsonb;
SELECT deal_event('a "quoted" \ kind', '2026-03-01', -0.0001, E'tab\there')::jsonb;
SELECT j::deal_event
FROM unnest(ARRAY['{"kind":"won","at":"2026-03-01T09:30:00Z","amount":12000.5,"subject":"acme"}',
                  '{"kind":"won","at":"2026-03-01T09:30:00Z"}',
                  '{"kind":"won","at":"2026-03-01T09:30:00Z","amount":null,"subject":null}',
                  '{"subject":"(a, \"b\")","amount":1e2,"at":"2026-03-01 01:30:00+02","kind":"won"}']::jsonb[]) AS j;
SELECT bool_and(e::jsonb::deal_event = e AND e::jsonb::text::jsonb::deal_event::text = e::text) AS round_trip
FROM (SELECT deal_event(k, t, a, s) AS e
      FROM unnest(ARRAY['won', 'a "b" \ c']) AS k,
           unnest(ARRAY['0044-03-15 12:00:00+00 BC', '2026-03-01 09:30:00.000001+00', '294276-12-31 23:59:59.999999+00']::timestamptz[]) AS t,
           unnest(ARRAY[NULL, 0, -0.0001, 922337203685477.5807, -922337203685477.5808]) AS a,
           unnest(ARRAY[NULL, 's', E'line\nfeed']) AS s) AS t;
SELECT j AS input, pg_temp.failure(format('SELECT %L::jsonb::deal_event', j)) AS error
FROM unnest(ARRAY['null', '1', '"won"', '[]', '{}', '[{"kind":"won","at":"2026-03-01"}]',
                  '{"kind":"won"}', '{"at":"2026-03-01"}', '{"kind":null,"at":"2026-03-01"}', '{"kind":"won","at":null}',
                  '{"kind":"won","at":"2026-03-01","colour":"red"}', '{"kind":"won","at":"2026-03-01","Kind":"won"}',
                  '{"kind":1,"at":"2026-03-01"}', '{"kind":["won"],"at":"2026-03-01"}', '{"kind":true,"at":"2026-03-01"}',
                  '{"kind":"won","at":20260301}', '{"kind":"won","at":{}}', '{"kind":"won","at":"later"}', '{"kind":"won","at":"infinity"}', '{"kind":"won","at":""}',
                  '{"kind":"won","at":"2026-03-01","amount":"12"}', '{"kind":"won","at":"2026-03-01","amount":[]}', '{"kind":"won","at":"2026-03-01","amount":1e40}',
                  '{"kind":"won","at":"2026-03-01","amount":922337203685477.58075}',
                  '{"kind":"won","at":"2026-03-01","subject":7}', '{"kind":"won","at":"2026-03-01","subject":""}', '{"kind":"","at":"2026-03-01"}']) AS j;
SELECT left(pg_temp.failure(format('SELECT %L::jsonb::deal_event', jsonb_build_object('kind', repeat('k', 256), 'at', '2026-03-01'))), 60);

--
-- total order: at, kind, subject, amount; bytes; no subject, no amount last
--
CREATE TEMP TABLE ladder(n int, e deal_event);
INSERT INTO ladder VALUES
 (1, '(z,"0044-03-15 00:00:00Z BC",,)'),
 (2, '(a,2026-03-01,,)'),
 (3, '(B,2026-03-01T00:00:00.000001Z,,)'),
 (4, '(a,2026-03-01T00:00:00.000001Z,-1,s)'),
 (5, '(a,2026-03-01T00:00:00.000001Z,0,s)'),
 (6, '(a,2026-03-01T00:00:00.000001Z,0.0001,s)'),
 (7, '(a,2026-03-01T00:00:00.000001Z,,s)'),
 (8, '(a,2026-03-01T00:00:00.000001Z,-5,sa)'),
 (9, '(a,2026-03-01T00:00:00.000001Z,-9,)'),
 (10, '(a,2026-03-01T00:00:00.000001Z,,)'),
 (11, '(aa,2026-03-01T00:00:00.000001Z,,)'),
 (12, '(b,2026-03-01T00:00:00.000001Z,1,s)'),
 (13, '(b,2026-03-01T00:00:00.000001Z,922337203685477.5807,s)'),
 (14, '(b,2026-03-01T00:00:00.000001Z,,s)'),
 (15, '(~,2026-03-01T00:00:00.000001Z,,)'),
 (16, '(é,2026-03-01T00:00:00.000001Z,,)'),
 (17, '(a,2026-03-02,,)');
SELECT count(*) AS pairs,
       count(*) FILTER (WHERE (a.e < b.e) <> (a.n < b.n)) AS wrong_lt,
       count(*) FILTER (WHERE (a.e <= b.e) <> (a.n <= b.n)) AS wrong_le,
       count(*) FILTER (WHERE (a.e = b.e) <> (a.n = b.n)) AS wrong_eq,
       count(*) FILTER (WHERE (a.e <> b.e) <> (a.n <> b.n)) AS wrong_ne,
       count(*) FILTER (WHERE (a.e >= b.e) <> (a.n >= b.n)) AS wrong_ge,
       count(*) FILTER (WHERE (a.e > b.e) <> (a.n > b.n)) AS wrong_gt
FROM ladder AS a, ladder AS b;
SELECT array_agg(n ORDER BY e) AS ascending, array_agg(n ORDER BY e DESC) AS descending FROM ladder;
SELECT array_agg(n ORDER BY e USING <, n) AS using_operator FROM ladder;
-- equal however it was written
SELECT '(won,2026-03-01T01:00:00+01,1.0,)'::deal_event = '("won",2026-03-01T00:00:00Z,1.00001,)'::deal_event AS equal,
       deal_event('won', '2026-03-01', NULL) = deal_event('won', '2026-03-01', 0) AS null_is_not_zero,
       deal_event('won', '2026-03-01') = NULL AS null;

-- DISTINCT, GROUP BY, joins, indexes
CREATE TEMP TABLE bag AS
  SELECT i, deal_event((ARRAY['lead', 'mql', 'won'])[1 + i % 3], timestamptz '2026-01-01' + i % 7 * interval '1 day',
                       CASE WHEN i % 2 = 0 THEN i % 5 END, CASE WHEN i % 11 < 5 THEN 's' || i % 11 END) AS e
  FROM generate_series(1, 4000) AS i;
ANALYZE bag;
SELECT count(DISTINCT (kind(e), occurred_at(e), amount(e), subject(e))) AS by_fields, count(DISTINCT e) AS by_event, count(DISTINCT e::text) AS by_text,
       count(DISTINCT deal_event_send(e)) AS by_bytes FROM bag;
SET enable_hashagg = off;
SELECT count(*) AS sorted_groups, sum(n) AS rows FROM (SELECT e, count(*) AS n FROM bag GROUP BY e) AS t;
SET enable_hashagg = on;
SET enable_sort = off;
SELECT count(*) AS hashed_groups, sum(n) AS rows FROM (SELECT e, count(*) AS n FROM bag GROUP BY e) AS t;
SET enable_sort = on;
SET enable_nestloop = off;
SET enable_mergejoin = off;
SELECT count(*) AS hash_join FROM bag AS a JOIN bag AS b USING (e);
SET enable_hashjoin = off;
SET enable_mergejoin = on;
SELECT count(*) AS merge_join FROM bag AS a JOIN bag AS b USING (e);
SELECT count(*) AS merge_full_join FROM (SELECT DISTINCT e FROM bag WHERE i % 2 = 0) AS a FULL JOIN (SELECT DISTINCT e FROM bag WHERE i % 3 = 0) AS b USING (e);
RESET enable_hashjoin;
RESET enable_nestloop;
SELECT count(*) AS by_fields FROM bag AS a JOIN bag AS b
  ON row(kind(a.e), occurred_at(a.e)) = row(kind(b.e), occurred_at(b.e)) AND amount(a.e) IS NOT DISTINCT FROM amount(b.e) AND subject(a.e) IS NOT DISTINCT FROM subject(b.e);
SELECT count(*) AS except_all FROM (SELECT e FROM bag EXCEPT SELECT e FROM bag WHERE i > 10) AS t;
CREATE INDEX bag_btree ON bag USING btree (e);
SET enable_seqscan = off;
SET enable_bitmapscan = off;
SELECT count(*) AS equal FROM bag WHERE e = (SELECT e FROM bag WHERE i = 77);
SELECT count(*) AS below FROM bag WHERE e < deal_event('lead', '2026-01-03');
SELECT e FROM bag ORDER BY e LIMIT 2;
SELECT e FROM bag ORDER BY e DESC LIMIT 2;
DROP INDEX bag_btree;
CREATE INDEX bag_hash ON bag USING hash (e);
SELECT count(*) AS equal FROM bag WHERE e = (SELECT e FROM bag WHERE i = 77);
RESET enable_seqscan;
RESET enable_bitmapscan;
CREATE TEMP TABLE keyed(e deal_event PRIMARY KEY);
INSERT INTO keyed SELECT e FROM bag ON CONFLICT DO NOTHING;
SELECT count(*) AS keys FROM keyed;
-- 64-bit hashing and range bounds
CREATE TEMP TABLE hashed(e deal_event) PARTITION BY HASH (e);
CREATE TEMP TABLE hashed0 PARTITION OF hashed FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TEMP TABLE hashed1 PARTITION OF hashed FOR VALUES WITH (MODULUS 2, REMAINDER 1);
INSERT INTO hashed SELECT e FROM bag;
SELECT (SELECT count(*) FROM hashed) AS all_rows, (SELECT count(*) FROM hashed0) BETWEEN 1000 AND 3000 AS halved;
CREATE TEMP TABLE ranged(e deal_event) PARTITION BY RANGE (e);
CREATE TEMP TABLE ranged0 PARTITION OF ranged FOR VALUES FROM (MINVALUE) TO ('(lead,2026-01-03,,)');
CREATE TEMP TABLE ranged1 PARTITION OF ranged FOR VALUES FROM ('(lead,2026-01-03,,)') TO (MAXVALUE);
INSERT INTO ranged SELECT e FROM bag;
SELECT (SELECT count(*) FROM ranged0) AS below;

-- binary form
SELECT count(*) AS wrong FROM bag AS b WHERE encode(deal_event_send(e), 'hex') <> encode(deal_event_send(e::text::deal_event), 'hex');
-- the opclasses are the defaults and hold together
SELECT am.amname, oc.opcdefault, amvalidate(oc.oid) AS valid
FROM pg_opclass AS oc JOIN pg_am AS am ON am.oid = oc.opcmethod
WHERE oc.opcintype = 'deal_event'::regtype ORDER BY 1;
-- stored values
SELECT bool_and(pg_column_size(e) <= 1 + 23 + octet_length(kind(e)) + coalesce(octet_length(subject(e)), 0)) AS short_header FROM bag;
