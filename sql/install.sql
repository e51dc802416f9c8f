--
-- install: what CREATE EXTENSION brings, and the promises that hold for all of it
--
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS enablement_metrics;
RESET client_min_messages;

CREATE TEMP VIEW member AS
SELECT d.classid, d.objid, pg_describe_object(d.classid, d.objid, 0) AS object
FROM pg_depend d
WHERE d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e'
  AND d.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'enablement_metrics')
  -- array types come with their element types, row types with their tables, and count as members from 18 on
  AND NOT EXISTS (SELECT FROM pg_type t WHERE d.classid = 'pg_type'::regclass AND t.oid = d.objid AND (t.typcategory = 'A' OR t.typrelid <> 0));
CREATE TEMP VIEW member_function AS
SELECT m.object, p.* FROM member m JOIN pg_proc p ON p.oid = m.objid
WHERE m.classid = 'pg_proc'::regclass;
-- those that follow tables read and write them
CREATE TEMP VIEW following AS
SELECT * FROM member_function
WHERE prolang <> (SELECT oid FROM pg_language WHERE lanname = 'c') AND prokind = 'f' OR proname IN ('oldest_transaction_start', 'refresh_histories', 'history_key_hashes', 'history_statement', 'history_tables_lock', 'history_written');

SELECT extversion, extrelocatable FROM pg_extension WHERE extname = 'enablement_metrics';
SELECT count(*) > 0 AS has_functions FROM member_function;
SELECT object, provolatile, proparallel, prosecdef FROM following ORDER BY object COLLATE "C";

-- each of the following finds nothing
-- an object without a comment
SELECT object AS no_comment
FROM member LEFT JOIN pg_description c ON c.objoid = objid AND c.classoid = classid AND c.objsubid = 0
WHERE c.description IS NULL ORDER BY 1;

-- a function that is volatile; or only stable without reading an instant from text ('now', TimeZone),
-- or the present as the as_of of an aggregate that has none
SELECT object AS volatile FROM member_function
WHERE provolatile = 'v' AND oid NOT IN (SELECT oid FROM following) ORDER BY 1;
SELECT object AS not_immutable FROM member_function
WHERE provolatile = 's' AND oid NOT IN (SELECT oid FROM following) AND proargtypes[0] NOT IN ('cstring'::regtype, 'jsonb'::regtype, 'internal'::regtype) ORDER BY 1;

-- a function that keeps a plan from running in parallel
SELECT object AS not_parallel_safe FROM member_function
WHERE proparallel <> 's' AND oid NOT IN (SELECT oid FROM following) ORDER BY 1;

-- an aggregate that cannot be split among workers
SELECT object AS not_partial FROM member_function p JOIN pg_aggregate a ON a.aggfnoid = p.oid
WHERE a.aggcombinefn = 0 OR (a.aggtranstype = 'internal'::regtype AND (a.aggserialfn = 0 OR a.aggdeserialfn = 0))
ORDER BY 1;

-- an aggregate whose state grows with the rows and does not say so, from PostgreSQL 19 on; or says it before, or without growing
SELECT object AS wrongly_bounded FROM member_function p JOIN pg_aggregate a ON a.aggfnoid = p.oid
WHERE (a.aggtransspace < 0) <> (current_setting('server_version_num')::int >= 190000 AND a.aggtranstype IN ('internal'::regtype, 'deal_history'::regtype, 'content_summary'::regtype))
ORDER BY 1;

-- a base type without binary input and output
SELECT object AS not_binary FROM member m JOIN pg_type t ON t.oid = m.objid
WHERE m.classid = 'pg_type'::regclass AND t.typtype = 'b' AND t.typelem = 0
  AND (t.typreceive = 0 OR t.typsend = 0)
ORDER BY 1;

-- an argument that \df cannot name, outside of input, output, operators' and casts' functions
SELECT object AS unnamed_argument FROM member_function p
WHERE p.prokind = 'f' AND p.pronargs > 0 AND p.proargnames IS NULL
  AND NOT EXISTS (SELECT FROM pg_type t WHERE p.oid IN (t.typinput, t.typoutput, t.typreceive, t.typsend))
  AND NOT EXISTS (SELECT FROM pg_operator o WHERE o.oprcode = p.oid)
  AND NOT EXISTS (SELECT FROM pg_cast c WHERE c.castfunc = p.oid)
  AND NOT EXISTS (SELECT FROM pg_amproc a WHERE a.amproc = p.oid)
  AND NOT EXISTS (SELECT FROM pg_aggregate a
                  WHERE p.oid IN (a.aggtransfn, a.aggfinalfn, a.aggcombinefn, a.aggserialfn, a.aggdeserialfn,
                                  a.aggmtransfn, a.aggminvtransfn, a.aggmfinalfn))
ORDER BY 1;

-- it moves to another schema, goes without a trace and comes back, as its owner without superuser rights
CREATE ROLE regress_em_owner;
SELECT format('GRANT CREATE ON DATABASE %I TO regress_em_owner', current_database()) \gexec
BEGIN;
DROP EXTENSION enablement_metrics CASCADE;
CREATE SCHEMA metrics AUTHORIZATION regress_em_owner;
SET LOCAL ROLE regress_em_owner;
CREATE EXTENSION enablement_metrics SCHEMA metrics;
RESET ROLE;
CREATE SCHEMA elsewhere;
ALTER EXTENSION enablement_metrics SET SCHEMA elsewhere;
SELECT count(*) > 0 AS moved FROM pg_type WHERE typnamespace = 'elsewhere'::regnamespace;
SET LOCAL search_path = '';
SELECT elsewhere.rate_agg(won) FROM (VALUES (true), (false), (NULL)) deal(won);
SET LOCAL search_path = metrics;
CREATE TABLE event AS SELECT 1 AS deal, 'lead' AS kind, now() AS at;
SELECT elsewhere.track_histories('event', 'history', 'deal', 'kind', 'at', changed => 'at');
SELECT deals_refreshed FROM elsewhere.refresh_histories('history');
SELECT elsewhere.untrack_histories('history');
DROP TABLE event, history;
DROP EXTENSION enablement_metrics;
SELECT count(*) AS left_behind FROM pg_proc WHERE pronamespace = 'elsewhere'::regnamespace;
ROLLBACK;
SELECT format('REVOKE CREATE ON DATABASE %I FROM regress_em_owner', current_database()) \gexec
DROP ROLE regress_em_owner;
