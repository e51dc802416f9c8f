--
-- track_histories, refresh_histories, untrack_histories: histories that follow their source
--
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS enablement_metrics;
RESET client_min_messages;
\set SHOW_CONTEXT never
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';
CREATE SCHEMA following;
SET search_path = following, public;
-- what differs between a target and its source, as a deal's number of events here and there
CREATE FUNCTION differing(target regclass, source regclass, key name) RETURNS TABLE (deal text, here int, there int) LANGUAGE plpgsql AS $$
BEGIN
	RETURN QUERY EXECUTE format('SELECT coalesce(t.deal, s.deal), event_count(t.history)::int, event_count(s.history)::int
		FROM (SELECT %1$I::text AS deal, history FROM %2$s) t
		FULL JOIN (SELECT %1$I::text AS deal, history_agg(kind, at, amount) AS history FROM %3$s WHERE %1$I IS DISTINCT FROM NULL GROUP BY %1$I) s USING (deal)
		WHERE t.history::text IS DISTINCT FROM s.history::text ORDER BY 1', key, target, source);
END
$$;
CREATE TABLE event (deal bigint, kind text, at timestamptz, amount numeric, content text, synced timestamptz DEFAULT now());
CREATE INDEX ON event (deal);
CREATE INDEX ON event (synced);
INSERT INTO event SELECT d, k, '2026-01-01'::timestamptz + d * interval '1 day' + n * interval '1 hour', CASE k WHEN 'won' THEN d END, 'deck ' || d
FROM generate_series(1, 100) d, unnest('{lead,mql,won}'::text[]) WITH ORDINALITY u(k, n);

-- a table is made, filled, and kept up to date from the deals that changed
SELECT track_histories('event', 'history', 'deal', 'kind', 'at', 'amount', changed => 'synced');
\d history
SELECT target, source, deal, kind, at, amount, subject, changed, zone, refreshed_at FROM tracked_histories;
SELECT deals_refreshed, deals_removed, rows_read, watermark < now() AS "before" FROM refresh_histories('history');
SELECT * FROM differing('history', 'event', 'deal');
SELECT deals_refreshed, deals_removed, rows_read FROM refresh_histories('history');
INSERT INTO event VALUES (7, 'lost', '2026-03-01', NULL), (101, 'lead', '2026-03-01', NULL);
UPDATE event SET amount = 5000, synced = now() WHERE deal = 8 AND kind = 'won';
SELECT deals_refreshed, deals_removed, rows_read FROM refresh_histories('history');
SELECT * FROM differing('history', 'event', 'deal');
SELECT deal, history, refreshed_at IS NOT NULL AS refreshed FROM history WHERE deal IN (7, 8, 101) ORDER BY deal;
-- a touched row that says the same is read, and nothing is written
UPDATE event SET synced = now() WHERE deal = 9;
SELECT deals_refreshed, deals_removed, rows_read FROM refresh_histories('history');
-- rows without a stamp are seen all the same
INSERT INTO event VALUES (10, 'lost', '2026-03-01', NULL, NULL, NULL);
SELECT deals_refreshed, deals_removed, rows_read FROM refresh_histories('history');
-- a deal without an event has no history; neither has a row without a deal
UPDATE event SET kind = NULL, synced = now() WHERE deal = 11;
INSERT INTO event VALUES (NULL, 'lead', '2026-03-01');
SELECT deals_refreshed, deals_removed, rows_read FROM refresh_histories('history');
-- what leaves no row behind takes a full refresh: deleted rows, rows moved to another deal, rows changed without a stamp
DELETE FROM event WHERE deal = 12;
UPDATE event SET deal = 14, synced = now() WHERE deal = 13 AND kind = 'mql';
SELECT deals_refreshed, deals_removed, rows_read FROM refresh_histories('history');
SELECT * FROM differing('history', 'event', 'deal');
SELECT deals_refreshed, deals_removed, rows_read FROM refresh_histories('history', full => true);
SELECT * FROM differing('history', 'event', 'deal');
SELECT deals_refreshed, deals_removed, rows_read FROM refresh_histories('history', full => true);

-- a refresh that fails or is rolled back has changed nothing
INSERT INTO event VALUES (15, 'lost', '2026-03-01', NULL);
BEGIN;
SELECT deals_refreshed FROM refresh_histories('history');
ROLLBACK;
INSERT INTO event VALUES (16, repeat('x', 256), '2026-03-01', NULL);
SELECT deals_refreshed FROM refresh_histories('history');
SELECT * FROM differing('history', 'event', 'deal') WHERE length(deal) > 9;
DELETE FROM event WHERE length(kind) = 256;
UPDATE event SET synced = now() WHERE deal = 16;
SELECT deals_refreshed FROM refresh_histories('history');
SELECT * FROM differing('history', 'event', 'deal');
-- rows of the very transaction, before and after the refresh, in subtransactions too
BEGIN;
INSERT INTO event VALUES (17, 'lost', '2026-03-01', NULL);
SAVEPOINT s;
INSERT INTO event VALUES (18, 'lost', '2026-03-01', NULL);
SELECT deals_refreshed FROM refresh_histories('history');
INSERT INTO event VALUES (19, 'lost', '2026-03-01', NULL);
RELEASE s;
INSERT INTO event VALUES (20, 'lost', '2026-03-01', NULL);
COMMIT;
SELECT deals_refreshed FROM refresh_histories('history');
SELECT * FROM differing('history', 'event', 'deal');
-- a table that was emptied is filled again
TRUNCATE history;
SELECT deals_refreshed > 90 AS filled FROM refresh_histories('history');
-- where things are and what they are called may change, but not the columns
ALTER TABLE event RENAME TO "Event Log";
ALTER TABLE history RENAME TO "the histories";
ALTER TABLE "the histories" RENAME deal TO "deal's id";
CREATE SCHEMA elsewhere;
ALTER TABLE "the histories" SET SCHEMA elsewhere;
INSERT INTO "Event Log" VALUES (21, 'lost', '2026-03-01', NULL);
SELECT deals_refreshed FROM refresh_histories('elsewhere."the histories"');
ALTER TABLE "Event Log" RENAME kind TO stage;
SELECT refresh_histories('elsewhere."the histories"');
\echo :LAST_ERROR_SQLSTATE
ALTER TABLE "Event Log" RENAME stage TO kind;
ALTER TABLE elsewhere."the histories" RENAME "deal's id" TO deal;
ALTER TABLE elsewhere."the histories" SET SCHEMA following;
ALTER TABLE "the histories" RENAME TO history;
ALTER TABLE "Event Log" RENAME TO event;

-- the stamps of a loader can be older than the transaction that brings them, as long as they come in order
CREATE TABLE loaded (deal int, kind text, at timestamptz, amount numeric, batch timestamptz);
INSERT INTO loaded SELECT d, 'lead', '2026-01-01', NULL, '2026-01-01 10:00' FROM generate_series(1, 5) d;
SELECT track_histories('loaded', 'loaded_history', 'deal', 'kind', 'at', 'amount', changed => 'batch');
SELECT * FROM refresh_histories('loaded_history');
INSERT INTO loaded VALUES (1, 'mql', '2026-01-02', NULL, '2026-01-02 10:00');
SELECT * FROM refresh_histories('loaded_history');
INSERT INTO loaded VALUES (2, 'mql', '2026-01-02', NULL, '2026-01-02 10:00');
SELECT * FROM refresh_histories('loaded_history');
-- one from the future does not change that
INSERT INTO loaded VALUES (1, 'sql', '2026-01-03', NULL, '2099-01-01');
SELECT * FROM refresh_histories('loaded_history');
INSERT INTO loaded VALUES (2, 'sql', '2026-01-03', NULL, '2026-01-03 10:00');
SELECT * FROM refresh_histories('loaded_history');
-- what comes with an older stamp is not seen ...
INSERT INTO loaded VALUES (3, 'mql', '2026-01-02', NULL, '2026-01-02 09:00');
SELECT * FROM refresh_histories('loaded_history');
SELECT * FROM differing('loaded_history', 'loaded', 'deal');
-- ... but by those who ask the rows, or compare all
SELECT untrack_histories('loaded_history');
ALTER TABLE loaded_history RENAME TO forgotten;
SELECT refresh_histories('forgotten');
\echo :LAST_ERROR_SQLSTATE
SELECT track_histories('loaded', 'asking', 'deal', 'kind', 'at', 'amount', changed => 'xmin'), track_histories('loaded', 'comparing', 'deal', 'kind', 'at', 'amount');
SELECT * FROM refresh_histories('asking');
SELECT * FROM refresh_histories('comparing');
INSERT INTO loaded VALUES (4, 'mql', '2026-01-02', NULL, '2025-01-01');
UPDATE loaded SET amount = 1 WHERE deal = 5;
SELECT * FROM refresh_histories('asking');
SELECT * FROM refresh_histories('comparing');
-- which XIDs are later, across their wraparound; and rows of the frozen past
SELECT written_since(xmin, horizon) FROM (VALUES ('4294967290'::xid, '4294967290'::xid8), ('4294967289', '4294967290'), ('3', '4294967290'), ('4294967290', '4294967300'),
	('3', '4294967299'), ('2147483650', '8589934600'), ('2', '4294967299'), ('1', '700')) x(xmin, horizon);
-- since when transactions run, where that can be told
SELECT oldest_transaction_start() <= now() AS told;
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT oldest_transaction_start() IS NULL AS "snapshot taken";
ROLLBACK;
BEGIN;
SET LOCAL track_activities = off;
SELECT oldest_transaction_start() IS NULL AS "not shown";
ROLLBACK;
-- a horizon that cannot be one of this cluster is no horizon: all is compared
UPDATE tracked_histories SET horizon = '1000000000000' WHERE target = 'asking'::regclass;
SELECT * FROM refresh_histories('asking');
UPDATE tracked_histories SET system_identifier = 1 WHERE target = 'asking'::regclass;
SELECT * FROM refresh_histories('asking');
SELECT * FROM refresh_histories('asking');
DELETE FROM loaded WHERE deal = 5;
SELECT * FROM refresh_histories('asking');
SELECT * FROM refresh_histories('comparing');
SELECT * FROM refresh_histories('asking', full => true);

-- any type of key, among them NULLs inside of a composite one, and keys that are equal and not the same
CREATE DOMAIN code AS text COLLATE "C" CHECK (value <> '');
CREATE TYPE ref AS (system text, id int);
CREATE TYPE size AS ENUM ('small', 'large');
CREATE TABLE keys AS SELECT
	n::smallint AS a_smallint, n::numeric AS a_numeric, 'deal ' || n AS a_text, ('code ' || n)::code AS a_domain, md5(n::text)::uuid AS a_uuid,
	ROW(NULLIF('s' || n, 's1'), NULLIF(n, 1))::ref AS a_composite, ARRAY[n, NULL] AS an_array, (CASE n WHEN 1 THEN 'small' ELSE 'large' END)::size AS an_enum,
	('k' || n)::char(5) AS a_char, ('v' || n)::varchar(9) AS a_varchar, '2026-01-01'::date + n AS a_date, int4range(n, n + 2) AS a_range, decode(md5(n::text), 'hex') AS a_bytea,
	'lead' AS kind, '2026-01-01'::timestamptz AS at, 1 AS amount, now() AS changed
FROM generate_series(1, 4) n;
CREATE TABLE outcome (key name, first bigint, removed bigint, again bigint, second bigint, wrong bigint);
DO $$
DECLARE
	key name;
	o outcome;
BEGIN
	FOR key IN SELECT attname FROM pg_attribute WHERE attrelid = 'keys'::regclass AND attname LIKE 'a%\_%' ORDER BY attnum LOOP
		o.key := key;
		PERFORM track_histories('keys', 'of_' || key, key, 'kind', 'at', 'amount', changed => 'changed');
		SELECT deals_refreshed, deals_removed INTO o.first, o.removed FROM refresh_histories(('of_' || key)::regclass);
		SELECT deals_refreshed INTO o.again FROM refresh_histories(('of_' || key)::regclass);
		EXECUTE format('INSERT INTO keys (%1$I, kind, at, changed) SELECT DISTINCT ON (%1$I) %1$I, ''mql'', at, now() FROM keys WHERE %1$I IS DISTINCT FROM NULL ORDER BY %1$I LIMIT 1', key);
		SELECT deals_refreshed INTO o.second FROM refresh_histories(('of_' || key)::regclass);
		SELECT count(*) INTO o.wrong FROM differing(('of_' || key)::regclass, 'keys', key);
		INSERT INTO outcome VALUES (o.*);
	END LOOP;
END
$$;
SELECT * FROM outcome;
INSERT INTO keys (a_numeric, kind, at, changed) VALUES (1.00, 'won', '2026-01-02', now());
SELECT deals_refreshed FROM refresh_histories('of_a_numeric');
SELECT a_numeric = 1 AS one, event_count(history) FROM of_a_numeric WHERE a_numeric = 1;

-- keys that become longer or more precise
CREATE TABLE wider (number numeric(10,0), name varchar(3), code char(3), bits bit(2), seen timestamptz(0), kind text, at timestamptz, amount numeric, changed timestamptz DEFAULT now());
INSERT INTO wider VALUES (1, 'abc', 'abc', '01', '2026-01-01', 'lead', '2026-01-01');
SELECT track_histories('wider', 'wider_' || key, key::name, 'kind', 'at', 'amount', changed => 'changed') FROM unnest('{number,name,code,bits,seen}'::text[]) AS key;
SELECT key, deals_refreshed FROM unnest('{number,name,code,bits,seen}'::text[]) AS key, refresh_histories(('wider_' || key)::regclass);
ALTER TABLE wider ALTER number TYPE numeric(10,2), ALTER name TYPE varchar(9), ALTER code TYPE char(9), ALTER seen TYPE timestamptz(3);
INSERT INTO wider VALUES (1.4, 'abcdef', 'abcdef', '10', '2026-01-01 00:00:00.4', 'won', '2026-01-02');
UPDATE wider SET amount = 5, changed = now();
SELECT key, deals_refreshed FROM unnest('{number,name,code,bits,seen}'::text[]) AS key, refresh_histories(('wider_' || key)::regclass);
SELECT key, d.* FROM unnest('{name,code,bits,seen}'::text[]) AS key, differing(('wider_' || key)::regclass, 'wider', key::name) AS d;
SELECT number, history FROM wider_number ORDER BY number;

-- columns with instants without a zone are read in the zone of the one who tracks them, in every session
CREATE TABLE local (id int, stage size, day date, "at ""local"" time" timestamp, price float8, deck uuid, seen timestamp);
INSERT INTO local VALUES (1, 'small', '2026-01-01', '2026-07-01 12:00', 9.5, '00000000-0000-0000-0000-000000000001', now() AT TIME ZONE 'America/Anchorage');
SET timezone = 'Europe/Berlin';
SELECT track_histories('local', 'by day', 'id', 'stage', 'day', 'price', 'deck', 'day'), track_histories('local', 'by time', 'id', 'stage', 'at "local" time', subject => 'deck', changed => 'seen');
SET timezone = 'UTC';
SELECT deals_refreshed FROM refresh_histories('"by day"');
SELECT deals_refreshed, watermark < now() - interval '9 hours' AS "that of Alaska" FROM refresh_histories('"by time"');
SELECT * FROM (SELECT history FROM "by day" UNION ALL SELECT history FROM "by time") x;
INSERT INTO local VALUES (2, 'large', '2026-01-02', '2026-07-02 12:00', 9.5, NULL, now() AT TIME ZONE 'America/Anchorage');
SET timezone = 'Asia/Tokyo';
SELECT deals_refreshed FROM refresh_histories('"by day"');
SELECT deals_refreshed FROM refresh_histories('"by time"');
SELECT deals_refreshed FROM refresh_histories('"by time"', full => true);
-- also where the zone has the name of an abbreviation, which stands for winter only
SELECT coalesce((SELECT name FROM pg_timezone_names WHERE name = 'CET'), 'Europe/Brussels') AS zone \gset
SET timezone = :'zone';
SELECT track_histories('local', 'by time of summer', 'id', 'stage', 'at "local" time');
SET timezone = 'UTC';
SELECT deals_refreshed FROM refresh_histories('"by time of summer"');
SHOW timezone;
SELECT history FROM "by time of summer" ORDER BY id;

-- partitions and materialized views
CREATE TABLE parted (deal int, kind text, at timestamptz, amount numeric, changed timestamptz) PARTITION BY LIST (kind);
CREATE TABLE parted_lead PARTITION OF parted FOR VALUES IN ('lead');
CREATE TABLE parted_won PARTITION OF parted FOR VALUES IN ('won');
INSERT INTO parted VALUES (1, 'lead', '2026-01-01', NULL, now()), (2, 'lead', '2026-01-01', NULL, now());
SELECT track_histories('parted', 'of_parts', 'deal', 'kind', 'at', 'amount', changed => 'changed');
SELECT deals_refreshed FROM refresh_histories('of_parts');
UPDATE parted SET kind = 'won', changed = now() WHERE deal = 2;
SELECT deals_refreshed FROM refresh_histories('of_parts');
SELECT * FROM differing('of_parts', 'parted', 'deal');
CREATE MATERIALIZED VIEW stored AS SELECT * FROM parted;
CREATE UNIQUE INDEX ON stored (deal, kind);
SELECT track_histories('stored', 'of_stored', 'deal', 'kind', 'at', 'amount', changed => 'xmin');
SELECT deals_refreshed, rows_read FROM refresh_histories('of_stored');
INSERT INTO parted VALUES (2, 'lead', '2026-01-01', NULL, now());
REFRESH MATERIALIZED VIEW CONCURRENTLY stored;
SELECT deals_refreshed, rows_read FROM refresh_histories('of_stored');

--
-- bad input: a clear error, and nothing is made
--
SELECT count(*) AS tables FROM pg_class WHERE relnamespace = 'following'::regnamespace \gset before_
SELECT track_histories('nowhere', 'h', 'deal', 'kind', 'at');
\echo :LAST_ERROR_SQLSTATE
SELECT track_histories(NULL, 'h', 'deal', 'kind', 'at');
\echo :LAST_ERROR_SQLSTATE
SELECT track_histories('event', NULL, 'deal', 'kind', 'at');
\echo :LAST_ERROR_SQLSTATE
SELECT track_histories('event', 'h', NULL, 'kind', 'at');
\echo :LAST_ERROR_SQLSTATE
SELECT track_histories('event', 'h', 'deal', NULL, 'at');
SELECT track_histories('event', 'h', 'deal', 'kind', NULL);
SELECT track_histories('event', 'h', 'id', 'kind', 'at');
\echo :LAST_ERROR_SQLSTATE
SELECT track_histories('event', 'h', 'deal', 'kind', 'at', changed => '_synced');
\echo :LAST_ERROR_SQLSTATE
SELECT track_histories('event', 'h', 'ctid', 'kind', 'at');
ALTER TABLE event ADD dropped int;
ALTER TABLE event DROP dropped;
SELECT track_histories('event', 'h', '........pg.dropped.7........', 'kind', 'at');
SELECT track_histories('event', 'h', 'deal', 'at', 'at');
\echo :LAST_ERROR_SQLSTATE
SELECT track_histories('event', 'h', 'deal', 'kind', 'kind');
\echo :LAST_ERROR_SQLSTATE
SELECT track_histories('event', 'h', 'deal', 'kind', 'at', 'content');
\echo :LAST_ERROR_SQLSTATE
SELECT track_histories('event', 'h', 'deal', 'kind', 'at', subject => 'amount');
\echo :LAST_ERROR_SQLSTATE
SELECT track_histories('event', 'h', 'deal', 'kind', 'at', changed => 'deal');
\echo :LAST_ERROR_SQLSTATE
SELECT track_histories('event', 'h', 'deal', 'kind', 'at', changed => 'cmin');
\echo :LAST_ERROR_SQLSTATE
CREATE TABLE no_order (deal json, kind text, at timestamptz);
SELECT track_histories('no_order', 'h', 'deal', 'kind', 'at');
\echo :LAST_ERROR_SQLSTATE
DROP TABLE no_order;
SELECT track_histories('event', 'history', 'deal', 'kind', 'at');
\echo :LAST_ERROR_SQLSTATE
CREATE VIEW event_view AS SELECT * FROM event;
SELECT track_histories('event_view', 'h', 'deal', 'kind', 'at');
\echo :LAST_ERROR_SQLSTATE
SELECT track_histories('event_deal_idx', 'h', 'deal', 'kind', 'at');
\echo :LAST_ERROR_SQLSTATE
DROP VIEW event_view;
CREATE TEMP TABLE fleeting (LIKE event);
SELECT track_histories('fleeting', 'h', 'deal', 'kind', 'at');
\echo :LAST_ERROR_SQLSTATE
SET search_path = pg_temp, public;
SELECT track_histories('following.event', 'h', 'deal', 'kind', 'at');
\echo :LAST_ERROR_SQLSTATE
SET search_path = nowhere;
SELECT public.track_histories('following.event', 'h', 'deal', 'kind', 'at');
\echo :LAST_ERROR_SQLSTATE
SET search_path = following, public;
CREATE FOREIGN DATA WRAPPER regress_em_nothing;
CREATE SERVER regress_em_nowhere FOREIGN DATA WRAPPER regress_em_nothing;
CREATE FOREIGN TABLE far (deal int, kind text, at timestamptz) SERVER regress_em_nowhere;
SELECT track_histories('far', 'h', 'deal', 'kind', 'at');
\echo :LAST_ERROR_SQLSTATE
CREATE FOREIGN TABLE parted_lost PARTITION OF parted FOR VALUES IN ('lost') SERVER regress_em_nowhere;
SELECT refresh_histories('of_parts');
\echo :LAST_ERROR_SQLSTATE
DROP FOREIGN TABLE parted_lost, far;
DROP SERVER regress_em_nowhere;
DROP FOREIGN DATA WRAPPER regress_em_nothing;
SELECT count(*) - :before_tables AS tables_made FROM pg_class WHERE relnamespace = 'following'::regnamespace;
SELECT refresh_histories(NULL);
\echo :LAST_ERROR_SQLSTATE
SELECT refresh_histories('history', NULL);
SELECT refresh_histories('history', verbose => NULL);
\echo :LAST_ERROR_SQLSTATE
SELECT refresh_histories('event');
\echo :LAST_ERROR_SQLSTATE
SELECT refresh_histories(4294967295::oid);
\echo :LAST_ERROR_SQLSTATE
SELECT untrack_histories('event');
\echo :LAST_ERROR_SQLSTATE
BEGIN READ ONLY;
\set VERBOSITY sqlstate
SELECT refresh_histories('history');
\set VERBOSITY default
ROLLBACK;
ALTER TABLE of_a_smallint DROP CONSTRAINT of_a_smallint_pkey;
SELECT refresh_histories('of_a_smallint');
\echo :LAST_ERROR_SQLSTATE
ALTER TABLE keys ALTER a_date TYPE timestamp;
SELECT refresh_histories('of_a_date');
\echo :LAST_ERROR_SQLSTATE
DROP TABLE loaded;
SELECT refresh_histories('comparing');
\echo :LAST_ERROR_SQLSTATE

--
-- one's own tables only, and without any rights but on them
--
CREATE ROLE regress_em_ann;
CREATE ROLE regress_em_bob;
CREATE SCHEMA ann AUTHORIZATION regress_em_ann;
GRANT USAGE ON SCHEMA ann, following TO regress_em_bob, regress_em_ann;
SET ROLE regress_em_ann;
SET search_path = ann, public;
CREATE TABLE event (deal text, kind text, at timestamptz, changed timestamptz DEFAULT now());
INSERT INTO event VALUES ('a', 'lead', '2026-01-01');
SELECT track_histories('event', 'history', 'deal', 'kind', 'at', changed => 'changed');
SELECT deals_refreshed FROM refresh_histories('history');
INSERT INTO event VALUES ('a', 'won', '2026-01-02');
SELECT deals_refreshed, rows_read FROM refresh_histories('history');
SELECT target FROM tracked_histories;
SELECT count(*) FROM history_tracking;
SELECT refresh_histories('following.history');
SELECT untrack_histories('following.history');
\echo :LAST_ERROR_SQLSTATE
SELECT track_histories('following.event', 'theirs', 'deal', 'kind', 'at');
\echo :LAST_ERROR_SQLSTATE
UPDATE tracked_histories SET target = 'following.keys';
\echo :LAST_ERROR_SQLSTATE
UPDATE tracked_histories SET source = 'following.keys';
INSERT INTO tracked_histories (target_name, source_name, deal, kind, at, zone) VALUES ('following.keys', 'ann.event', 'deal', 'kind', 'at', 'UTC');
SET search_path = following, public;
SELECT track_histories('ann.event', 'h', 'deal', 'kind', 'at');
\echo :LAST_ERROR_SQLSTATE
RESET ROLE;
SET ROLE regress_em_bob;
SELECT count(*) FROM tracked_histories;
SELECT refresh_histories('ann.history');
\echo :LAST_ERROR_SQLSTATE
-- nor does it keep others from a table on which it has no rights
SELECT history_tables_lock('ann.event', 'ann.history');
\echo :LAST_ERROR_SQLSTATE
SELECT history_tables_lock('pg_class', 'ann.history');
\echo :LAST_ERROR_SQLSTATE
DELETE FROM tracked_histories;
RESET ROLE;
-- others refresh it in the owner's stead, and read for the owner only what the owner may read
SELECT deals_refreshed FROM refresh_histories('ann.history');
CREATE TABLE secret AS SELECT * FROM ann.event;
SET ROLE regress_em_ann;
SELECT untrack_histories('ann.history');
INSERT INTO tracked_histories (target_name, source_name, deal, kind, at, zone) VALUES ('ann.history', 'following.secret', 'deal', 'kind', 'at', 'UTC');
RESET ROLE;
SELECT refresh_histories('ann.history');
\echo :LAST_ERROR_SQLSTATE
SELECT history_tracking_refresh('ann.history', false, false);
\echo :LAST_ERROR_SQLSTATE
GRANT SELECT ON secret TO regress_em_ann;
ALTER TABLE secret ENABLE ROW LEVEL SECURITY;
CREATE POLICY hers ON secret TO regress_em_ann USING (kind = 'lead');
SELECT deals_refreshed FROM refresh_histories('ann.history', full => true);
SELECT event_count(history) FROM ann.history;
SELECT untrack_histories('ann.history');
INSERT INTO tracked_histories (target_name, source_name, deal, kind, at, zone) VALUES ('ann.history', 'ann.event', 'deal', 'kind', 'at', 'UTC');
-- what is the owner's runs as the owner, and leaves nothing behind in the session
SET ROLE regress_em_ann;
CREATE FUNCTION ann.note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE 'running as %', current_user; SET search_path = ann; RETURN NEW; END $$;
CREATE TRIGGER note BEFORE INSERT ON ann.history FOR EACH ROW EXECUTE FUNCTION ann.note();
RESET ROLE;
SELECT deals_refreshed FROM refresh_histories('ann.history', full => true);
SHOW search_path;
CREATE OR REPLACE FUNCTION ann.note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RESET ROLE; RETURN NEW; END $$;
INSERT INTO ann.event VALUES ('a', 'lost', '2026-01-03');
SELECT refresh_histories('ann.history');
\echo :LAST_ERROR_SQLSTATE
SELECT current_user = session_user AS "as before";
DROP TRIGGER note ON ann.history;
SELECT deals_refreshed FROM refresh_histories('ann.history');
-- columns are enough, with xmin where rows are to be followed
CREATE SCHEMA bob AUTHORIZATION regress_em_bob;
GRANT SELECT (deal, kind, at, changed) ON ann.event TO regress_em_bob;
SET ROLE regress_em_bob;
SET search_path = bob, public;
SELECT track_histories('ann.event', 'history', 'deal', 'kind', 'at', changed => 'changed');
SELECT track_histories('ann.event', 'history', 'deal', 'kind', 'at');
SELECT deals_refreshed FROM refresh_histories('history');
RESET ROLE;
REVOKE SELECT (kind) ON ann.event FROM regress_em_bob;
SET ROLE regress_em_bob;
SELECT refresh_histories('history');
\echo :LAST_ERROR_SQLSTATE
RESET ROLE;

-- a row that is no event stops its own deal and no other; the deal stays as it was and is tried again
SET search_path = following, public;
CREATE TABLE dirty (deal int, kind text, at timestamp, amount float8, subject text, changed timestamptz DEFAULT now());
INSERT INTO dirty SELECT deal, 'lead', '2026-01-01' FROM generate_series(1, 6) deal;
INSERT INTO dirty VALUES (6, '', '2026-01-02', 7, 'x'), (6, 'won', '2026-01-03', 8, '');
SELECT track_histories('dirty', 'clean', 'deal', 'kind', 'at', 'amount', 'subject', 'changed');
SELECT deals_refreshed, deals_failed FROM refresh_histories('clean');
SELECT history FROM clean WHERE deal = 6;
INSERT INTO dirty VALUES (1, 'won', 'infinity', NULL, NULL), (2, 'won', '2026-01-02', 'NaN', NULL), (3, 'won', '2026-01-02', 1e15, NULL),
	(4, repeat('k', 256), '2026-01-02', NULL, NULL), (5, 'won', '2026-01-02', 1, repeat('s', 256)), (6, 'won', '2026-01-04', NULL, NULL),
	(7, 'lead', '-infinity', NULL, NULL), (NULL, 'won', 'infinity', NULL, NULL);
SELECT deals_refreshed, deals_removed, rows_read, deals_failed FROM refresh_histories('clean');
SELECT f.key AS deal, f.value AS reason FROM tracked_histories, jsonb_each_text(failed) f WHERE target = 'clean'::regclass ORDER BY 1;
SELECT deal, event_count(history) FROM clean ORDER BY deal;
-- nothing else has changed: the deals that failed are tried again
SELECT deals_refreshed, deals_removed, deals_failed FROM refresh_histories('clean');
SELECT deals_refreshed, deals_removed, deals_failed FROM refresh_histories('clean', full => true);
UPDATE dirty SET at = '2026-01-02' WHERE at = 'infinity';
DELETE FROM dirty WHERE amount = 'NaN' OR deal = 7;
SELECT deals_refreshed, deals_removed, deals_failed FROM refresh_histories('clean');
SELECT string_agg(k, ' ' ORDER BY k) AS failed FROM tracked_histories, jsonb_object_keys(failed) k WHERE target = 'clean'::regclass;

-- a refresh tells what it is doing where it is asked to
SELECT deals_refreshed FROM refresh_histories('clean', full => true, verbose => true);
SELECT deals_refreshed FROM refresh_histories('clean', verbose => true);
TRUNCATE clean;
SELECT deals_refreshed FROM refresh_histories('clean', verbose => true);

-- a source that states each state again every day
CREATE TABLE snapshot AS SELECT 1 AS deal, CASE WHEN d < 3 THEN 'opportunity' ELSE 'won' END AS kind, '2026-01-01'::date + d AS at, 100 * d AS amount FROM generate_series(1, 5) d;
SELECT track_histories('snapshot', 'states', 'deal', 'kind', 'at', 'amount', states => '{opportunity,won}');
SELECT deals_refreshed FROM refresh_histories('states');
SELECT history FROM states;
-- restated once more, nothing has changed; then the last amount has
INSERT INTO snapshot VALUES (1, 'won', '2026-01-07', 500);
SELECT deals_refreshed FROM refresh_histories('states');
UPDATE snapshot SET amount = 501 WHERE at = '2026-01-07';
SELECT deals_refreshed FROM refresh_histories('states');
SELECT history FROM states;
SELECT track_histories('snapshot', 'h', 'deal', 'kind', 'at', states => '{won,NULL}');
\echo :LAST_ERROR_SQLSTATE

-- the kind of an enum is its label, and not what a cast of its owner makes of it
CREATE TYPE stage AS ENUM ('lead', 'won');
CREATE FUNCTION cast_stage(stage) RETURNS text LANGUAGE sql AS 'SELECT ''by '' || current_user';
CREATE CAST (stage AS text) WITH FUNCTION cast_stage(stage);
CREATE DOMAIN staged AS stage;
CREATE TABLE by_enum (deal stage, kind staged, at date, subject stage);
INSERT INTO by_enum VALUES ('lead', 'lead', '2026-01-01', 'won'), ('won', 'won', '294277-01-01', NULL);
SELECT track_histories('by_enum', 'enums', 'deal', 'kind', 'at', subject => 'subject', changed => 'xmin');
SELECT deals_refreshed, deals_failed FROM refresh_histories('enums');
SELECT deals_refreshed, deals_failed FROM refresh_histories('enums');
SELECT history FROM enums;
SELECT failed FROM tracked_histories WHERE target = 'enums'::regclass;

-- a table of histories that exists is taken up again; any other is not
SELECT untrack_histories('clean');
SELECT track_histories('dirty', 'clean', 'deal', 'kind', 'at', 'amount', 'subject', 'changed');
SELECT deals_refreshed, deals_removed, deals_failed FROM refresh_histories('clean');
SELECT track_histories('dirty', 'clean', 'deal', 'kind', 'at');
SELECT untrack_histories('clean');
ALTER TABLE clean ADD note text NOT NULL;
SELECT track_histories('dirty', 'clean', 'deal', 'kind', 'at');
\echo :LAST_ERROR_SQLSTATE
ALTER TABLE clean ALTER note SET DEFAULT '', ALTER deal TYPE bigint;
SELECT track_histories('dirty', 'clean', 'deal', 'kind', 'at');
SELECT track_histories('event', 'dirty', 'deal', 'kind', 'at');
-- the key cannot be called as another column of the table
ALTER TABLE dirty RENAME subject TO history;
ALTER TABLE dirty RENAME kind TO refreshed_at;
SELECT track_histories('dirty', 'h', 'history', 'refreshed_at', 'at');
\echo :LAST_ERROR_SQLSTATE
SELECT track_histories('dirty', 'h', 'refreshed_at', 'history', 'at');

-- engines that keep rows elsewhere, played by what they leave in the catalogs
BEGIN;
SET LOCAL allow_system_table_mods = on;
SET LOCAL client_min_messages = warning;
CREATE TABLE pg_catalog.pg_dist_partition (logicalrelid regclass);
INSERT INTO pg_catalog.pg_dist_partition VALUES ('dirty'), ('enums');
CREATE SCHEMA _timescaledb_catalog;
CREATE TABLE _timescaledb_catalog.hypertable (schema_name name, table_name name);
INSERT INTO _timescaledb_catalog.hypertable VALUES ('following', 'event'), ('elsewhere', 'by_enum');
INSERT INTO pg_extension (oid, extname, extowner, extnamespace, extrelocatable, extversion)
	SELECT 1 + i, unnest, extowner, extnamespace, false, '1' FROM pg_extension, unnest('{citus,timescaledb}'::name[]) WITH ORDINALITY AS e(unnest, i) WHERE extname = 'plpgsql';
SAVEPOINT s;
SELECT track_histories('dirty', 'h', 'deal', 'refreshed_at', 'at');
\echo :LAST_ERROR_SQLSTATE
ROLLBACK TO s;
SELECT untrack_histories('enums');
SAVEPOINT s;
SELECT track_histories('by_enum', 'enums', 'deal', 'kind', 'at');
\echo :LAST_ERROR_SQLSTATE
ROLLBACK TO s;
SELECT track_histories('event', 'h', 'deal', 'kind', 'at', changed => 'xmin');
\echo :LAST_ERROR_SQLSTATE
ROLLBACK TO s;
-- where rows do not tell, stamps do
SELECT rows_tell FROM history_source('event', 'deal', 'kind', 'at', NULL, NULL, 'synced');
SELECT rows_tell FROM history_source('by_enum', 'deal', 'kind', 'at', NULL, NULL, 'xmin');
ROLLBACK;

-- the statement of a refresh names its own two tables, and nothing else
SELECT * FROM history_statement(NULL, NULL, 'SELECT 1::bigint, 2::bigint, 3::bigint, now(), ''{}''::jsonb FROM pg_class LIMIT 1', 'event', 'history', false, NULL, NULL, NULL, NULL);
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM history_statement(NULL, NULL, 'SELECT 1', 'event', 'history', false, NULL, NULL, NULL, NULL);
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM history_statement(NULL, NULL, 'DELETE FROM event', 'event', 'history', false, NULL, NULL, NULL, NULL);
SELECT * FROM history_statement(NULL, NULL, 'SELECT 1; SELECT 2', 'event', 'history', false, NULL, NULL, NULL, NULL);
SELECT deals_refreshed, newest, failed_now FROM history_statement(NULL, NULL, 'SELECT count(*), 2::bigint, 3::bigint, $1, to_jsonb($3) FROM event WHERE deal IS NULL',
	'event', 'history', false, '2026-01-01', '1', '{a}', NULL);
SELECT history_statement(NULL, NULL, NULL, 'event', 'history', false, NULL, NULL, NULL, NULL);
SELECT history_statement(NULL, NULL, 'SELECT 1', 'event', 'history', NULL, NULL, NULL, NULL, NULL);
-- and so does the query of the events that it builds histories of
SELECT deals_refreshed, deals_removed, rows_read, newest, failed_now
FROM history_statement('SELECT d % 2, ''lead''::text, $1, NULL::numeric, NULL::text, $1 - d * interval ''1 day'' FROM generate_series(1, 9) d',
	NULL, 'SELECT count(*), sum(event_count(history))::bigint, $5, $6, jsonb_object_agg(deal, event_count(history)) FROM built', 'event', 'history', false, '2026-01-01', NULL, NULL, NULL);
SELECT * FROM history_statement('SELECT oid, NULL::text, NULL::timestamptz, NULL::numeric, NULL::text, NULL::timestamptz FROM pg_class',
	NULL, 'SELECT count(*), 0::bigint, $5, $6, NULL::jsonb FROM built', 'event', 'history', false, NULL, NULL, NULL, NULL);
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM history_statement('SELECT 1', NULL, 'SELECT count(*), 0::bigint, $5, $6, NULL::jsonb FROM built', 'event', 'history', false, NULL, NULL, NULL, NULL);
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM history_statement('SELECT B''1'', NULL::text, NULL::timestamptz, NULL::numeric, NULL::text, NULL::timestamptz',
	NULL, 'SELECT count(*), 0::bigint, $5, $6, NULL::jsonb FROM built', 'event', 'history', false, NULL, NULL, NULL, NULL);
\echo :LAST_ERROR_SQLSTATE
-- histories are compared with those of another query: 1 has changed, 2 is the same, 3 has gone, of 4 there was none, 5 is new, and 6 fails
SELECT deals_refreshed, deals_removed, rows_read AS to_write, failed_now
FROM history_statement('SELECT d, ''lead''::text, CASE WHEN d < 6 THEN $1 ELSE ''infinity'' END, NULL::numeric, NULL::text, NULL::timestamptz FROM unnest(''{1,2,5,6}''::int[]) d',
	'SELECT d, CASE WHEN d <> 4 THEN deal_history(VARIADIC array_fill(deal_event(''lead'', $1), ARRAY[CASE d WHEN 1 THEN 2 ELSE 1 END])) END FROM unnest(''{6,4,3,2,1}''::int[]) d',
	'SELECT (SELECT sum(deal) FROM built)::bigint, (SELECT sum(deal) FROM gone)::bigint, $7, $6, (SELECT jsonb_object_agg(deal, problem) FROM failing)',
	'event', 'history', false, '2026-01-01', NULL, NULL, NULL);
SELECT * FROM history_statement('SELECT 1, NULL::text, NULL::timestamptz, NULL::numeric, NULL::text, NULL::timestamptz', 'SELECT 1::bigint, NULL::deal_history',
	'SELECT count(*), 0::bigint, $5, $6, NULL::jsonb FROM built', 'event', 'history', false, NULL, NULL, NULL, NULL);
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM history_statement('SELECT 1, NULL::text, NULL::timestamptz, NULL::numeric, NULL::text, NULL::timestamptz', 'SELECT oid, NULL::deal_history FROM pg_class',
	'SELECT count(*), 0::bigint, $5, $6, NULL::jsonb FROM built', 'event', 'history', false, NULL, NULL, NULL, NULL);
\echo :LAST_ERROR_SQLSTATE
SELECT key, history_key_hashes(key) AS hashes FROM unnest('{int8,text,numeric,uuid,ref,int4[],int4range,bit,bit[]}'::regtype[]) AS key;

-- what is called on the way is found wherever it is, and nothing else is
CREATE SCHEMA trap;
CREATE FUNCTION trap.current_setting(text) RETURNS text LANGUAGE sql AS 'SELECT 1 / 0 || $1';
CREATE FUNCTION trap.now() RETURNS timestamptz LANGUAGE sql AS 'SELECT now() + 1 / 0 * interval ''1 day''';
CREATE FUNCTION trap.equal(int, int) RETURNS boolean LANGUAGE sql AS 'SELECT 1 / 0 > 0';
CREATE OPERATOR trap.= (LEFTARG = int, RIGHTARG = int, FUNCTION = trap.equal);
CREATE TABLE trap.event AS SELECT 1 AS deal, 'lead' AS kind, '2026-01-01'::timestamptz AS at, now() AS changed;
BEGIN;
SET LOCAL search_path = trap, pg_catalog;
SELECT public.track_histories('trap.event', 'history', 'deal', 'kind', 'at', changed => 'changed');
SELECT deals_refreshed FROM public.refresh_histories('trap.history');
INSERT INTO trap.event VALUES (1, 'won', '2026-01-02', pg_catalog.now());
SELECT deals_refreshed FROM public.refresh_histories('trap.history');
COMMIT;
SELECT event_count(history) FROM trap.history;

SET client_min_messages = warning;
SELECT count(untrack_histories(target)::text) AS untracked FROM tracked_histories WHERE target <> 'following.history'::regclass;
DROP OWNED BY regress_em_ann, regress_em_bob CASCADE;
DROP ROLE regress_em_ann, regress_em_bob;
DROP SCHEMA trap, elsewhere CASCADE;
-- a table that is dropped takes what is remembered out of sight
DROP SCHEMA following CASCADE;
SELECT count(*) FROM tracked_histories;
