
--
-- track_histories, refresh_histories: tables of histories that follow their source without a rescan
--

CREATE FUNCTION written_since_support(request internal) RETURNS internal
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION written_since_support(internal) IS 'planner support of written_since';
CREATE FUNCTION written_since(xmin xid, horizon xid8) RETURNS boolean
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE SUPPORT written_since_support;
COMMENT ON FUNCTION written_since(xid, xid8) IS 'was a row with this xmin written by the transaction horizon or a later one';
CREATE FUNCTION oldest_transaction_start() RETURNS timestamptz
	AS 'MODULE_PATHNAME' LANGUAGE C STABLE STRICT PARALLEL RESTRICTED;
COMMENT ON FUNCTION oldest_transaction_start() IS 'transactions of this database that a later snapshot does not see began at or after this; NULL where that cannot be told';

CREATE TABLE history_tracking (
	target regclass PRIMARY KEY,
	source regclass NOT NULL,
	deal name NOT NULL,
	kind name NOT NULL,
	at name NOT NULL,
	amount name,
	subject name,
	changed name,
	zone text NOT NULL,
	refreshed_at timestamptz,
	newest timestamptz,
	watermark timestamptz,
	horizon xid8,
	system_identifier bigint
);
COMMENT ON TABLE history_tracking IS 'how the tables of track_histories are fed, and how far their last refresh came';
COMMENT ON COLUMN history_tracking.target IS 'the table of histories';
COMMENT ON COLUMN history_tracking.source IS 'the table of events it is made of';
COMMENT ON COLUMN history_tracking.deal IS 'column of source: the deal';
COMMENT ON COLUMN history_tracking.kind IS 'column of source: what happened';
COMMENT ON COLUMN history_tracking.at IS 'column of source: when it happened';
COMMENT ON COLUMN history_tracking.amount IS 'column of source: the money';
COMMENT ON COLUMN history_tracking.subject IS 'column of source: which competitor, content or platform';
COMMENT ON COLUMN history_tracking.changed IS 'column of source: when the row was written; xmin: ask the row; NULL: compare all';
COMMENT ON COLUMN history_tracking.zone IS 'time zone in which instants without one are read';
COMMENT ON COLUMN history_tracking.refreshed_at IS 'the last refresh';
COMMENT ON COLUMN history_tracking.newest IS 'the newest stamp it has seen that was not in the future';
COMMENT ON COLUMN history_tracking.watermark IS 'the next one reads the rows stamped from here on';
COMMENT ON COLUMN history_tracking.horizon IS 'the transactions before this one had all ended: what they wrote has been seen';
COMMENT ON COLUMN history_tracking.system_identifier IS 'the cluster in which horizon is a transaction';

-- Tables that are gone, whose regclass is but a number, are left out of a dump.
SELECT pg_catalog.pg_extension_config_dump('history_tracking',
	'WHERE EXISTS (SELECT FROM pg_catalog.pg_class c WHERE c.oid = target) AND EXISTS (SELECT FROM pg_catalog.pg_class c WHERE c.oid = source)');
-- pg_dump and a restore by the database's owner
GRANT SELECT, INSERT ON history_tracking TO pg_database_owner;

-- Everybody sees and changes what belongs to his own tables, and nothing else. A view and not row-level security on the
-- table, under which pg_dump refuses to work for the owner of the database.
CREATE VIEW tracked_histories WITH (security_barrier) AS
	SELECT * FROM history_tracking t
	WHERE EXISTS (SELECT FROM pg_catalog.pg_class c
				  WHERE c.oid = t.target AND pg_catalog.pg_has_role(c.relowner, 'USAGE'))
	WITH CASCADED CHECK OPTION;
COMMENT ON VIEW tracked_histories IS 'how one''s own tables of track_histories are fed, and how far their last refresh came';
GRANT SELECT, INSERT, UPDATE, DELETE ON tracked_histories TO PUBLIC;

-- The functions below find names in pg_catalog only, whatever the caller's search_path. They look up the schema of the
-- extension when they run, since it can move.
CREATE FUNCTION history_source(source regclass, deal name, kind name, at name, amount name, subject name, changed name,
							   OUT arguments text, OUT stamp regtype, OUT newest text) RETURNS record
	LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	roles CONSTANT text[] := '{deal,kind,at,amount,subject,changed}';
	instants CONSTANT regtype[] := '{timestamptz,timestamp,date}';
	numbers CONSTANT regtype[] := '{int2,int4,int8,numeric,float4,float8}';
	labels CONSTANT regtype[] := '{int2,int4,int8,uuid}';	-- as strings and enums, the same text in every session
	columns CONSTANT name[] := ARRAY[deal, kind, at, amount, subject, changed];
	types regtype[];		-- of the columns, without their domains
	relation record;
	attribute record;
	type record;
BEGIN
	IF source IS NULL THEN
		RAISE EXCEPTION 'source must not be NULL' USING ERRCODE = 'null_value_not_allowed';
	END IF;
	SELECT relkind, relpersistence INTO relation FROM pg_class WHERE oid = source;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'the source of the histories does not exist' USING ERRCODE = 'undefined_table';
	ELSIF relation.relkind NOT IN ('r', 'p', 'm') THEN
		RAISE EXCEPTION '% is not a table', source USING ERRCODE = 'wrong_object_type',
			HINT = 'A source is a table, partitioned or not, or a materialized view.';
	ELSIF relation.relpersistence = 't' THEN
		RAISE EXCEPTION '% is a temporary table', source USING ERRCODE = 'wrong_object_type',
			DETAIL = 'What is remembered about a source would outlive it.';
	ELSIF EXISTS (WITH RECURSIVE part AS (SELECT source::oid AS oid UNION SELECT inhrelid FROM pg_inherits JOIN part ON inhparent = oid)
				  SELECT FROM part JOIN pg_class c USING (oid) WHERE c.relkind = 'f') THEN
		RAISE EXCEPTION '% has a partition that is a foreign table', source USING ERRCODE = 'wrong_object_type',
			DETAIL = 'Transactions on another server cannot be followed.';
	END IF;

	FOR i IN 1 .. array_length(roles, 1) LOOP
		IF columns[i] IS NULL AND roles[i] IN ('deal', 'kind', 'at') THEN
			RAISE EXCEPTION '% must not be NULL', roles[i] USING ERRCODE = 'null_value_not_allowed';
		END IF;
		CONTINUE WHEN columns[i] IS NULL;
		SELECT attnum, atttypid::regtype AS type INTO attribute FROM pg_attribute
			WHERE attrelid = source AND attname = columns[i] AND NOT attisdropped AND (attnum > 0 OR roles[i] = 'changed' AND attname = 'xmin');
		IF NOT FOUND THEN
			RAISE EXCEPTION 'column "%" of % does not exist', columns[i], source USING ERRCODE = 'undefined_column',
				DETAIL = format('It is named for %s.', roles[i]);
		ELSIF NOT has_column_privilege(source, attribute.attnum, 'SELECT') THEN
			RAISE EXCEPTION 'permission denied for column "%" of %', columns[i], source USING ERRCODE = 'insufficient_privilege',
				DETAIL = format('It is read with the rights of %I.', current_user);
		ELSIF roles[i] = 'changed' AND NOT has_column_privilege(source, 'xmin', 'SELECT') THEN
			RAISE EXCEPTION 'permission denied for column "xmin" of %', source USING ERRCODE = 'insufficient_privilege',
				DETAIL = 'It tells which rows the last refresh has seen.';
		END IF;
		types[i] := attribute.type;
		LOOP
			SELECT typtype, typcategory, typbasetype INTO type FROM pg_type WHERE oid = types[i];
			EXIT WHEN type.typtype <> 'd';
			types[i] := type.typbasetype;
		END LOOP;
		IF NOT (CASE
			WHEN roles[i] = 'deal' THEN true
			WHEN roles[i] = 'at' THEN types[i] = ANY (instants)
			WHEN roles[i] = 'amount' THEN types[i] = ANY (numbers)
			WHEN roles[i] = 'changed' THEN types[i] = ANY (instants) OR attribute.attnum < 0
			ELSE type.typcategory IN ('S', 'E') OR types[i] = ANY (labels)
		END) THEN
			RAISE EXCEPTION 'column "%" of % has type %, which does not do for %', columns[i], source, attribute.type, roles[i]
				USING ERRCODE = 'datatype_mismatch',
					  HINT = CASE roles[i]
						WHEN 'at' THEN 'It takes timestamptz, timestamp or date.'
						WHEN 'amount' THEN 'It takes a number.'
						WHEN 'changed' THEN 'It takes timestamptz, timestamp or date, or the column xmin.'
						ELSE 'It takes a string, an enum, an integer or a uuid.' END;
		END IF;
	END LOOP;

	arguments := format('s.%I::text, ', kind)
		|| format('s.%I::timestamptz', at)
		|| CASE WHEN amount IS NOT NULL THEN format(', s.%I::numeric', amount)
				WHEN subject IS NOT NULL THEN ', NULL::numeric' ELSE '' END
		|| CASE WHEN subject IS NOT NULL THEN format(', s.%I::text', subject) ELSE '' END;
	stamp := types[6];
	-- a stamp in the future would hide that loaders come in order
	newest := CASE WHEN stamp IS NULL OR stamp = 'xid'::regtype THEN 'NULL::timestamptz'
				   WHEN stamp = 'timestamptz'::regtype THEN format('max(s.%1$I::timestamptz) FILTER (WHERE s.%1$I <= now())', changed)
				   ELSE format('(max(s.%1$I::timestamp) FILTER (WHERE s.%1$I <= now() AT TIME ZONE ''UTC'')) AT TIME ZONE ''UTC''', changed) END;
END
$$;
COMMENT ON FUNCTION history_source(regclass, name, name, name, name, name, name)
	IS 'checks a source and its columns; in SQL, the arguments of history_agg, the type of the stamps, and the newest of them';

CREATE FUNCTION history_tracking_start(schema name, source regclass, target name, deal name, kind name, at name, amount name, subject name,
									   changed name) RETURNS regclass
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	own CONSTANT text := (SELECT extnamespace::regnamespace FROM pg_extension WHERE extname = 'enablement_metrics');
	made text;
BEGIN
	IF target IS NULL THEN
		RAISE EXCEPTION 'target must not be NULL' USING ERRCODE = 'null_value_not_allowed';
	ELSIF schema IS NULL THEN
		RAISE EXCEPTION 'no schema has been selected to create "%" in', target USING ERRCODE = 'invalid_schema_name';
	ELSIF schema LIKE 'pg\_temp\_%' THEN
		RAISE EXCEPTION 'a table of histories cannot be temporary' USING ERRCODE = 'wrong_object_type',
			DETAIL = 'What is remembered about it would outlive it.';
	END IF;
	EXECUTE format('SELECT %s.history_source($1, $2, $3, $4, $5, $6, $7)', own)
		USING source, deal, kind, at, amount, subject, changed;
	made := format('%I.%I', schema, target);
	-- the key without its length or precision: in the source that can be widened
	EXECUTE format('CREATE TABLE %s WITH (fillfactor = 90) AS SELECT s.%I::%s, NULL::%s.deal_history AS history, NULL::timestamptz AS refreshed_at FROM %s s WITH NO DATA',
				   made, deal, (SELECT format_type(atttypid, -1) FROM pg_attribute WHERE attrelid = source AND attname = deal), own, source);
	EXECUTE format('ALTER TABLE %s ADD PRIMARY KEY (%I), ALTER history SET NOT NULL, ALTER refreshed_at SET NOT NULL', made, deal);
	EXECUTE format('DELETE FROM %s.tracked_histories t WHERE t.target = $1', own) USING made::regclass;	-- of a dropped table with this OID
	EXECUTE format('INSERT INTO %s.tracked_histories (target, source, deal, kind, at, amount, subject, changed, zone)'
				   ' VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)', own)
		USING made::regclass, source, deal, kind, at, amount, subject, changed, current_setting('TimeZone');
	RETURN made::regclass;
END
$$;
COMMENT ON FUNCTION history_tracking_start(name, regclass, name, name, name, name, name, name, name) IS 'implementation of track_histories, for a schema';

CREATE FUNCTION track_histories(source regclass, target name, deal name, kind name, at name, amount name DEFAULT NULL, subject name DEFAULT NULL,
								changed name DEFAULT NULL) RETURNS regclass
	LANGUAGE sql
	RETURN history_tracking_start(current_schema(), source, target, deal, kind, at, amount, subject, changed);
COMMENT ON FUNCTION track_histories(regclass, name, name, name, name, name, name, name)
	IS 'creates a table of histories, to be kept up to date by refresh_histories from a table of events';

-- The row of a target that is about to be refreshed or forgotten, locked.
CREATE FUNCTION history_tracking_lock(target regclass) RETURNS SETOF history_tracking
	LANGUAGE plpgsql ROWS 1 SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	own CONSTANT text := (SELECT extnamespace::regnamespace FROM pg_extension WHERE extname = 'enablement_metrics');
	owner CONSTANT oid := (SELECT relowner FROM pg_class WHERE oid = target);
BEGIN
	IF target IS NULL THEN
		RAISE EXCEPTION 'target must not be NULL' USING ERRCODE = 'null_value_not_allowed';
	ELSIF owner IS NULL THEN
		RAISE EXCEPTION 'the table of histories does not exist' USING ERRCODE = 'undefined_table';
	ELSIF NOT pg_has_role(owner, 'USAGE') THEN
		RAISE EXCEPTION 'must be owner of table %', target USING ERRCODE = 'insufficient_privilege';
	END IF;
	RETURN QUERY EXECUTE format('SELECT * FROM %s.tracked_histories t WHERE t.target = $1 FOR NO KEY UPDATE', own) USING target;
	IF NOT FOUND THEN
		RAISE EXCEPTION '% is not a table of track_histories', target USING ERRCODE = 'undefined_object';
	END IF;
END
$$;
COMMENT ON FUNCTION history_tracking_lock(regclass) IS 'how a table of histories is fed; waits for the one who is at it, and keeps others out';

CREATE FUNCTION history_tracking_refresh(target regclass, full boolean,
										 OUT deals_refreshed bigint, OUT deals_removed bigint, OUT rows_read bigint, OUT watermark timestamptz) RETURNS record
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET jit = off AS $$
DECLARE
	own CONSTANT text := (SELECT extnamespace::regnamespace FROM pg_extension WHERE extname = 'enablement_metrics');
	system CONSTANT bigint := (SELECT system_identifier FROM pg_control_system());
	margin interval;
	tracked record;
	source record;
	key record;
	started timestamptz;
	horizon xid8;
	newest timestamptz;
	moved text[] := '{}';		-- conditions on the rows that the last run cannot have seen
	everything boolean;
BEGIN
	IF "full" IS NULL THEN
		RAISE EXCEPTION 'full must not be NULL' USING ERRCODE = 'null_value_not_allowed';
	END IF;
	EXECUTE format('SELECT * FROM %s.history_tracking_lock($1)', own) INTO tracked USING target;
	IF NOT EXISTS (SELECT FROM pg_class WHERE oid = target AND pg_get_userbyid(relowner) = current_user) THEN
		RAISE EXCEPTION 'must be owner of table %', target USING ERRCODE = 'insufficient_privilege',
			HINT = 'Call refresh_histories, which works as the owner.';
	END IF;
	EXECUTE format('SELECT * FROM %s.history_source($1, $2, $3, $4, $5, $6, $7)', own) INTO source
		USING tracked.source, tracked.deal, tracked.kind, tracked.at, tracked.amount, tracked.subject, tracked.changed;
	-- for instants without one; AT TIME ZONE would take some names, such as CET, for an abbreviation without summer time
	PERFORM set_config('TimeZone', tracked.zone, true);
	-- the equality of the primary key, whatever the type and wherever its operator
	SELECT a.attname AS name, a.atttypid AS type, format('OPERATOR(%I.%s)', n.nspname, o.oprname) AS equals INTO key
	FROM pg_index i
		JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
		JOIN pg_opclass c ON c.oid = i.indclass[0]
		JOIN pg_amop m ON m.amopfamily = c.opcfamily AND m.amopstrategy = 3 AND m.amoplefttype = c.opcintype AND m.amoprighttype = c.opcintype
		JOIN pg_operator o ON o.oid = m.amopopr
		JOIN pg_namespace n ON n.oid = o.oprnamespace
	WHERE i.indrelid = target AND i.indisprimary AND i.indnkeyatts = 1;
	IF NOT FOUND THEN
		RAISE EXCEPTION '% has lost its primary key', target USING ERRCODE = 'object_not_in_prerequisite_state';
	ELSIF key.type <> (SELECT atttypid FROM pg_attribute WHERE attrelid = tracked.source AND attname = tracked.deal) THEN
		RAISE EXCEPTION 'column "%" of % does not have the type % that it has in % any more', tracked.deal, tracked.source, key.type::regtype, target
			USING ERRCODE = 'datatype_mismatch';
	END IF;

	-- In this order: sessions, prepared transactions, snapshots. What a snapshot does not see began after started, and
	-- was given an XID from horizon on. Where the start of a transaction cannot be told, the last watermark still holds:
	-- the last run did not see that transaction either.
	EXECUTE format('SELECT %s.oldest_transaction_start()', own) INTO started;
	IF EXISTS (SELECT FROM pg_prepared_xacts WHERE database = current_database()) THEN
		started := NULL;
	END IF;
	horizon := pg_snapshot_xmin(pg_current_snapshot());

	IF tracked.watermark IS NOT NULL THEN
		moved := ARRAY[format('(s.%1$I >= %2$s OR s.%1$I IS NULL)', tracked.changed,
							  CASE source.stamp WHEN 'timestamptz'::regtype THEN '$1' ELSE format('($1 AT TIME ZONE ''UTC'')::%s', source.stamp) END)];
	END IF;
	-- XIDs say nothing in another cluster, nor when 2^31 have passed
	IF source.stamp IS NOT NULL AND tracked.system_identifier = system
	   AND (pg_snapshot_xmax(pg_current_snapshot())::text::bigint - tracked.horizon::text::bigint) BETWEEN 0 AND 2000000000 THEN
		moved := moved || format('%s.written_since(s.xmin, $2)', own);
	END IF;
	EXECUTE format('SELECT $1 OR NOT EXISTS (SELECT FROM %s)', target) INTO everything
		USING "full" OR source.stamp IS NULL OR moved = '{}';

	EXECUTE format(
		CASE WHEN everything THEN 'WITH' ELSE 'WITH moved AS MATERIALIZED (SELECT DISTINCT s.%3$I AS deal FROM %2$s s WHERE %8$s),' END
		|| ' fresh AS MATERIALIZED (
				SELECT s.%3$I AS deal, %1$s.history_agg(%6$s) AS history, count(*) AS rows, %7$s AS newest
				FROM %2$s s' || CASE WHEN everything THEN '' ELSE ' JOIN moved m ON m.deal %5$s s.%3$I' END || '
				WHERE s.%3$I IS DISTINCT FROM NULL GROUP BY s.%3$I),
			written AS (
				INSERT INTO %4$s AS t (%9$I, history, refreshed_at)
				SELECT f.deal, f.history, now() FROM fresh f' || CASE WHEN everything THEN ' LEFT JOIN %4$s t ON t.%9$I %5$s f.deal
				WHERE f.history IS NOT NULL AND ROW(t.history)::record *<> ROW(f.history)::record' ELSE ' WHERE f.history IS NOT NULL' END || '
				ON CONFLICT (%9$I) DO UPDATE SET history = excluded.history, refreshed_at = excluded.refreshed_at
					WHERE ROW(t.history)::record *<> ROW(excluded.history)::record
				RETURNING 1),
			removed AS (
				DELETE FROM %4$s t'
		|| CASE WHEN everything THEN ' WHERE NOT EXISTS (SELECT FROM fresh f WHERE f.deal %5$s t.%9$I AND f.history IS NOT NULL)'
				ELSE ' USING fresh f WHERE f.deal %5$s t.%9$I AND f.history IS NULL' END || '
				RETURNING 1)
			SELECT (SELECT count(*) FROM written), (SELECT count(*) FROM removed), coalesce(sum(f.rows), 0), max(f.newest) FROM fresh f',
		own, tracked.source, tracked.deal, target, key.equals, source.arguments, source.newest, array_to_string(moved, ' AND '), key.name)
		INTO deals_refreshed, deals_removed, rows_read, newest
		USING tracked.watermark, tracked.horizon;

	IF source.stamp <> 'xid'::regtype THEN
		-- A minute for clocks that are set back, and for the moment between a transaction's beginning and its being shown.
		-- Without a time zone, a stamp can be up to 16 hours behind UTC.
		margin := CASE source.stamp WHEN 'timestamptz'::regtype THEN '1 minute' ELSE '16 hours 1 minute' END;
		newest := greatest(tracked.newest, newest);
		watermark := CASE WHEN started IS NULL THEN tracked.watermark ELSE least(started - margin, coalesce(newest, '-infinity')) END;
	END IF;
	EXECUTE format('UPDATE %s.tracked_histories t SET refreshed_at = now(), newest = $2, watermark = $3, horizon = $4, system_identifier = $5'
				   ' WHERE t.target = $1', own)
		USING target, newest, watermark, horizon, system;
END
$$;
COMMENT ON FUNCTION history_tracking_refresh(regclass, boolean) IS 'implementation of refresh_histories, as the owner of the target';

-- Calls the one above as the owner of the target. Not STRICT: NULL is an error.
CREATE FUNCTION refresh_histories(target regclass, full boolean DEFAULT false,
								  OUT deals_refreshed bigint, OUT deals_removed bigint, OUT rows_read bigint, OUT watermark timestamptz) RETURNS record
	AS 'MODULE_PATHNAME' LANGUAGE C;
COMMENT ON FUNCTION refresh_histories(regclass, boolean)
	IS 'brings a table of track_histories up to date from the deals with changed rows; full: by comparing all';

CREATE FUNCTION untrack_histories(target regclass) RETURNS void
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	own CONSTANT text := (SELECT extnamespace::regnamespace FROM pg_extension WHERE extname = 'enablement_metrics');
BEGIN
	EXECUTE format('SELECT FROM %s.history_tracking_lock($1)', own) USING target;
	EXECUTE format('DELETE FROM %s.tracked_histories t WHERE t.target = $1', own) USING target;
END
$$;
COMMENT ON FUNCTION untrack_histories(regclass) IS 'forgets how a table of histories is fed; the table stays';
