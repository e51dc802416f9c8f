
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

CREATE FUNCTION history_tables_lock(source regclass, target regclass) RETURNS void
	AS 'MODULE_PATHNAME' LANGUAGE C STRICT;
COMMENT ON FUNCTION history_tables_lock(regclass, regclass) IS 'locks a source for reading and a table of histories for writing, whatever their names are';
CREATE FUNCTION history_key_hashes(key regtype) RETURNS boolean
	AS 'MODULE_PATHNAME' LANGUAGE C STABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION history_key_hashes(regtype) IS 'can deals with a key of this type be told apart by hashing';
CREATE FUNCTION history_written("all" bigint) RETURNS bigint
	AS 'MODULE_PATHNAME' LANGUAGE C STRICT;
COMMENT ON FUNCTION history_written(bigint) IS 'counts the histories that a refresh writes, and tells by NOTICE how far it is';
CREATE FUNCTION history_statement(events text, stored text, statement text, source regclass, target regclass, verbose boolean,
								  watermark timestamptz, horizon xid8, failed text[], states text[],
								  OUT deals_refreshed bigint, OUT deals_removed bigint, OUT rows_read bigint, OUT newest timestamptz, OUT failed_now jsonb)
	RETURNS SETOF record
	AS 'MODULE_PATHNAME' LANGUAGE C ROWS 1;
COMMENT ON FUNCTION history_statement(text, text, text, regclass, regclass, boolean, timestamptz, xid8, text[], text[])
	IS 'runs the statement of a refresh, after building histories from a query of events where there is one, and comparing them with those of another query; an error where a name means another table than the two';

-- What keeps a row of a source from being an event; NULL where nothing does.
CREATE FUNCTION event_problem(kind text, at timestamptz, amount numeric, subject text) RETURNS text
	LANGUAGE sql STABLE PARALLEL SAFE
	RETURN CASE
		WHEN kind IS NULL OR at IS NULL THEN NULL
		WHEN NOT isfinite(at) THEN format('the instant is %s or out of range', at)
		WHEN octet_length(kind) > 255 THEN format('the kind has %s bytes, more than 255', octet_length(kind))
		WHEN octet_length(subject) > 255 THEN format('the subject has %s bytes, more than 255', octet_length(subject))
		WHEN amount NOT BETWEEN -922337203685477.5807 AND 922337203685477.5807 THEN format('the amount %s is out of range', amount)
	END;
COMMENT ON FUNCTION event_problem(text, timestamptz, numeric, text) IS 'what keeps a row of a source from being an event; NULL where nothing does';

CREATE TABLE history_tracking (
	target_name text NOT NULL,
	source_name text NOT NULL,
	deal name NOT NULL,
	kind name NOT NULL,
	at name NOT NULL,
	amount name,
	subject name,
	changed name,
	states text[],
	zone text NOT NULL,
	refreshed_at timestamptz,
	newest timestamptz,
	watermark timestamptz,
	horizon xid8,
	system_identifier bigint,
	failed jsonb NOT NULL DEFAULT '{}',
	target oid PRIMARY KEY,
	source oid NOT NULL
);
COMMENT ON TABLE history_tracking IS 'how the tables of track_histories are fed, and how far their last refresh came';
COMMENT ON COLUMN history_tracking.target_name IS 'the table of histories by its name at the last refresh; tells a restore which table it is';
COMMENT ON COLUMN history_tracking.source_name IS 'the table of events by its name at the last refresh';
COMMENT ON COLUMN history_tracking.target IS 'the table of histories; a restore finds it by its name';
COMMENT ON COLUMN history_tracking.source IS 'the table of events it is made of';
COMMENT ON COLUMN history_tracking.states IS 'kinds whose restatements are one event (state_changes); NULL: every row is an event';
COMMENT ON COLUMN history_tracking.failed IS 'deals that the last refresh left as they were, each with the reason; the next one tries them again';
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

-- Rows of tables that are gone are left out of a dump.
SELECT pg_catalog.pg_extension_config_dump('history_tracking',
	'WHERE EXISTS (SELECT FROM pg_catalog.pg_class c WHERE c.oid = target) AND EXISTS (SELECT FROM pg_catalog.pg_class c WHERE c.oid = source)');
-- pg_dump and a restore by the database's owner
GRANT SELECT, INSERT ON history_tracking TO pg_database_owner;

-- A new row finds its tables by their names, also in a restore. What is not there, or belongs to somebody else, is left out.
CREATE FUNCTION history_tracking_resolve() RETURNS trigger
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	owner oid;
BEGIN
	new.target := to_regclass(new.target_name);
	new.source := to_regclass(new.source_name);
	SELECT relowner INTO owner FROM pg_class WHERE oid = new.target;
	IF owner IS NULL OR new.source IS NULL THEN
		RAISE WARNING 'the table of histories % is not tracked: % does not exist', new.target_name,
				CASE WHEN owner IS NULL THEN new.target_name ELSE new.source_name END
			USING HINT = 'Once it exists, track_histories takes the table of histories up again.';
		RETURN NULL;
	ELSIF NOT pg_has_role(owner, 'USAGE') THEN
		RAISE WARNING 'the table of histories % is not tracked: it belongs to %', new.target_name, owner::regrole;
		RETURN NULL;
	END IF;
	RETURN new;
END
$$;
COMMENT ON FUNCTION history_tracking_resolve() IS 'finds the tables of a new row of history_tracking by their names';
CREATE TRIGGER resolve BEFORE INSERT ON history_tracking FOR EACH ROW EXECUTE FUNCTION history_tracking_resolve();
COMMENT ON TRIGGER resolve ON history_tracking IS 'finds the tables of a new row by their names';

-- Every role sees and changes only the rows of its own tables. A view and not row-level security on the
-- table, under which pg_dump refuses to work for the owner of the database.
CREATE VIEW tracked_histories WITH (security_barrier) AS
	SELECT t.target::regclass AS target, t.source::regclass AS source, t.deal, t.kind, t.at, t.amount, t.subject, t.changed, t.states, t.zone,
		t.refreshed_at, t.newest, t.watermark, t.horizon, t.system_identifier, t.failed, t.target_name, t.source_name
	FROM history_tracking t
	WHERE EXISTS (SELECT FROM pg_catalog.pg_class c
				  WHERE c.oid = t.target AND pg_catalog.pg_has_role(c.relowner, 'USAGE'))
	WITH CASCADED CHECK OPTION;
COMMENT ON VIEW tracked_histories IS 'how your own tables of track_histories are fed, how far their last refresh came, and which deals it could not read';
GRANT SELECT, INSERT, UPDATE, DELETE ON tracked_histories TO PUBLIC;

-- The functions below find names in pg_catalog only, whatever the caller's search_path. They look up the schema of the
-- extension when they run, since it can move.
-- Who keeps the rows of a table, where that is not PostgreSQL: citus (distributed), hypertable (TimescaleDB); else NULL.
CREATE FUNCTION history_engine(relation regclass) RETURNS text
	LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	found_it boolean;
BEGIN
	IF EXISTS (SELECT FROM pg_extension WHERE extname = 'citus') THEN
		SELECT EXISTS (SELECT FROM pg_dist_partition WHERE logicalrelid = relation) INTO found_it;
		IF found_it THEN
			RETURN 'citus';
		END IF;
	END IF;
	IF EXISTS (SELECT FROM pg_extension WHERE extname = 'timescaledb') THEN
		SELECT EXISTS (SELECT FROM _timescaledb_catalog.hypertable h JOIN pg_class c ON c.relname = h.table_name
					   WHERE c.oid = relation AND c.relnamespace::regnamespace::name = h.schema_name) INTO found_it;
		IF found_it THEN
			RETURN 'hypertable';
		END IF;
	END IF;
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION history_engine(regclass) IS 'what keeps the rows of a table: citus where it is distributed, hypertable (TimescaleDB), else NULL';

CREATE FUNCTION history_source(source regclass, deal name, kind name, at name, amount name, subject name, changed name,
							   OUT key regtype, OUT event text, OUT history text, OUT problem text, OUT stamp regtype, OUT newest text, OUT rows_tell boolean) RETURNS record
	LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	roles CONSTANT text[] := '{deal,kind,at,amount,subject,changed}';
	instants CONSTANT regtype[] := '{timestamptz,timestamp,date}';
	numbers CONSTANT regtype[] := '{int2,int4,int8,numeric,float4,float8}';
	labels CONSTANT regtype[] := '{int2,int4,int8,uuid}';	-- as strings and enums, the same text in every session
	columns CONSTANT name[] := ARRAY[deal, kind, at, amount, subject, changed];
	own CONSTANT text := (SELECT extnamespace::regnamespace FROM pg_extension WHERE extname = 'enablement_metrics');
	engine text;
	types regtype[];		-- of the columns, without their domains
	expressions text[] := '{NULL::text,NULL::timestamptz,NULL::numeric,NULL::text}';	-- of kind, at, amount and subject
	stamped text;
	relation record;
	attribute record;
	type record;
BEGIN
	IF source IS NULL THEN
		RAISE EXCEPTION 'source must not be NULL' USING ERRCODE = 'null_value_not_allowed';
	END IF;
	SELECT relkind, relpersistence INTO relation FROM pg_class WHERE oid = source;
	EXECUTE format('SELECT %s.history_engine($1)', own) INTO engine USING source;
	IF relation IS NULL THEN
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
	ELSIF engine = 'citus' THEN
		RAISE EXCEPTION '% is a distributed table of Citus', source USING ERRCODE = 'feature_not_supported',
			DETAIL = 'Its rows bear the transactions of their workers, which say nothing here.',
			HINT = 'Make the histories with INSERT ... SELECT deal, history_agg(...) ... ON CONFLICT into a co-located table.';
	ELSIF engine = 'hypertable' AND changed = 'xmin' THEN
		RAISE EXCEPTION '% is a hypertable, whose rows lose their xmin when they are compressed', source USING ERRCODE = 'feature_not_supported',
			HINT = 'Name a column that says when a row was written.';
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
		ELSIF roles[i] = 'changed' AND engine IS NULL AND NOT has_column_privilege(source, 'xmin', 'SELECT') THEN
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

	FOR i IN 2 .. 5 LOOP
		CONTINUE WHEN columns[i] IS NULL;
		expressions[i - 1] := format(CASE
			WHEN roles[i] = 'at' AND types[i] = 'timestamptz'::regtype THEN 's.%1$I::timestamptz'
			-- days that are no instant in some time zone
			WHEN roles[i] = 'at' THEN 'CASE WHEN s.%1$I >= ''294276-12-30'' THEN ''infinity'' WHEN s.%1$I < ''4713-01-02 BC'' THEN ''-infinity'' ELSE s.%1$I::timestamptz END'
			WHEN roles[i] = 'amount' THEN 's.%1$I::numeric'
			-- a cast of the enum to text is its owner's code
			WHEN (SELECT typtype FROM pg_type WHERE oid = types[i]) = 'e' THEN 'textin(enum_out(s.%1$I::%2$s))'
			ELSE 's.%1$I::text' END, columns[i], types[i]);
	END LOOP;
	key := types[1];
	stamp := types[6];
	rows_tell := engine IS NULL AND stamp IS NOT NULL;
	-- a stamp in the future would hide that loaders come in order
	stamped := format(CASE WHEN stamp IS NULL OR stamp = 'xid'::regtype THEN 'NULL::timestamptz'
						   WHEN stamp = 'timestamptz'::regtype THEN 'CASE WHEN s.%1$I <= now() THEN s.%1$I::timestamptz END'
						   ELSE 'CASE WHEN s.%1$I <= now() AT TIME ZONE ''UTC'' THEN s.%1$I::timestamp AT TIME ZONE ''UTC'' END' END, changed);
	newest := format('max(%s)', stamped);
	event := format('%s, %s', array_to_string(expressions, ', '), stamped);
	-- empty text is none
	expressions[1] := format('nullif(%s, '''')', expressions[1]);
	expressions[4] := format('nullif(%s, '''')', expressions[4]);
	problem := format('%s.event_problem(%s)', own, array_to_string(expressions, ', '));
	history := format('%s.history_agg(%s) FILTER (WHERE %s IS NULL)', own,
					  array_to_string(expressions[:CASE WHEN subject IS NOT NULL THEN 4 WHEN amount IS NOT NULL THEN 3 ELSE 2 END], ', '), problem);
END
$$;
COMMENT ON FUNCTION history_source(regclass, name, name, name, name, name, name)
	IS 'checks a source and its columns; the type of the key; in SQL, the columns of an event, the history of all, and what keeps a row from being an event; the type of the stamps and the newest of them; does xmin tell which rows are new';

-- Is it a table that a refresh can write to: the key, history and refreshed_at, and nothing that must be given besides?
CREATE FUNCTION history_target_check(target regclass, deal name, key regtype) RETURNS void
	LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	own CONSTANT regnamespace := (SELECT extnamespace FROM pg_extension WHERE extname = 'enablement_metrics');
	relation CONSTANT pg_class := (SELECT c FROM pg_class c WHERE oid = target);
	fitting int;
	engine text;
BEGIN
	EXECUTE format('SELECT %s.history_engine($1)', own) INTO engine USING target;
	SELECT count(*) INTO fitting FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
		WHERE a.attrelid = target AND a.attnum > 0 AND NOT a.attisdropped
			AND (a.attname = deal AND a.atttypid = key
				 OR a.attname = 'history' AND t.typname = 'deal_history' AND t.typnamespace = own
				 OR a.attname = 'refreshed_at' AND a.atttypid = 'timestamptz'::regtype);
	IF NOT pg_has_role(relation.relowner, 'USAGE') THEN
		RAISE EXCEPTION 'must be owner of table %', target USING ERRCODE = 'insufficient_privilege';
	ELSIF relation.relkind <> 'r' OR relation.relpersistence = 't' OR fitting <> 3
		OR EXISTS (SELECT FROM pg_attribute WHERE attrelid = target AND attnum > 0 AND NOT attisdropped AND attnotnull AND NOT atthasdef
				   AND attname NOT IN (deal, 'history', 'refreshed_at'))
		OR NOT EXISTS (SELECT FROM pg_index i JOIN pg_attribute a ON a.attrelid = target AND a.attnum = i.indkey[0]
					   WHERE i.indrelid = target AND i.indisprimary AND i.indnkeyatts = 1 AND a.attname = deal) THEN
		RAISE EXCEPTION 'relation % already exists, and is no table of histories', target USING ERRCODE = 'duplicate_table',
			HINT = format('One that is taken up again has the columns %I %s PRIMARY KEY, history deal_history and refreshed_at timestamptz.', deal, format_type(key, -1));
	ELSIF engine IS NOT NULL THEN
		RAISE EXCEPTION '% is distributed', target USING ERRCODE = 'feature_not_supported',
			HINT = 'A table of track_histories is an ordinary table.';
	END IF;
END
$$;
COMMENT ON FUNCTION history_target_check(regclass, name, regtype) IS 'can an existing table be taken up as a table of histories with this key';

CREATE FUNCTION history_tracking_start(schema name, source regclass, target name, deal name, kind name, at name, amount name, subject name,
									   changed name, states text[]) RETURNS regclass
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	own CONSTANT text := (SELECT extnamespace::regnamespace FROM pg_extension WHERE extname = 'enablement_metrics');
	made text;
	key regtype;
BEGIN
	IF target IS NULL THEN
		RAISE EXCEPTION 'target must not be NULL' USING ERRCODE = 'null_value_not_allowed';
	ELSIF schema IS NULL THEN
		RAISE EXCEPTION 'no schema has been selected to create "%" in', target USING ERRCODE = 'invalid_schema_name';
	ELSIF schema LIKE 'pg\_temp\_%' THEN
		RAISE EXCEPTION 'a table of histories cannot be temporary' USING ERRCODE = 'wrong_object_type',
			DETAIL = 'What is remembered about it would outlive it.';
	ELSIF deal IN ('history', 'refreshed_at') THEN
		RAISE EXCEPTION 'the key column cannot be "%"', deal USING ERRCODE = 'duplicate_column',
			DETAIL = 'A table of histories has a column of that name besides the key.',
			HINT = 'Rename the column of the source, or track a table that calls it otherwise.';
	END IF;
	EXECUTE format('SELECT key FROM %s.history_source($1, $2, $3, $4, $5, $6, $7)', own) INTO key
		USING source, deal, kind, at, amount, subject, changed;
	-- the same errors for the kinds as in every refresh
	IF states IS NOT NULL THEN
		EXECUTE format('SELECT %1$s.state_changes(%1$s.deal_history(VARIADIC ''{}''::%1$s.deal_event[]), $1)', own) USING states;
	END IF;
	made := format('%I.%I', schema, target);
	IF to_regclass(made) IS NOT NULL THEN
		EXECUTE format('SELECT %s.history_target_check($1, $2, $3)', own) USING made::regclass, deal, key;
		EXECUTE format('SELECT $1 FROM %s.tracked_histories t WHERE t.target = $1', own) INTO made USING made::regclass;
		IF made IS NOT NULL THEN
			RAISE EXCEPTION '% is a table of track_histories already', made USING ERRCODE = 'duplicate_object',
				HINT = 'untrack_histories makes the extension forget how it is fed.';
		END IF;
		made := format('%I.%I', schema, target);
	ELSE
		-- the key without its domain, length and precision: in the source that can change
		EXECUTE format('CREATE TABLE %s WITH (fillfactor = 90) AS SELECT s.%I::%s, NULL::%s.deal_history AS history, NULL::timestamptz AS refreshed_at FROM %s s WITH NO DATA',
					   made, deal, format_type(key, -1), own, source);
		EXECUTE format('ALTER TABLE %s ADD PRIMARY KEY (%I), ALTER history SET NOT NULL, ALTER refreshed_at SET NOT NULL', made, deal);
	END IF;
	EXECUTE format('DELETE FROM %s.tracked_histories t WHERE t.target = $1', own) USING made::regclass;	-- of a dropped table with this OID
	EXECUTE format('INSERT INTO %s.tracked_histories (target_name, source_name, deal, kind, at, amount, subject, changed, states, zone)'
				   ' VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)', own)
		USING made, source::text, deal, kind, at, amount, subject, changed, states, current_setting('TimeZone');
	RETURN made::regclass;
END
$$;
COMMENT ON FUNCTION history_tracking_start(name, regclass, name, name, name, name, name, name, name, text[]) IS 'implementation of track_histories, for a schema';

CREATE FUNCTION track_histories(source regclass, target name, deal name, kind name, at name, amount name DEFAULT NULL, subject name DEFAULT NULL,
								changed name DEFAULT NULL, states text[] DEFAULT NULL) RETURNS regclass
	LANGUAGE sql
	RETURN history_tracking_start(current_schema(), source, target, deal, kind, at, amount, subject, changed, states);
COMMENT ON FUNCTION track_histories(regclass, name, name, name, name, name, name, name, text[])
	IS 'creates a table of histories, or takes up an existing one, to be kept up to date by refresh_histories from a table of events; states: kinds that the source writes again and again, as a snapshot does';

-- The row of a target that is about to be refreshed or forgotten, locked.
CREATE FUNCTION history_tracking_lock(target regclass) RETURNS SETOF tracked_histories
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
COMMENT ON FUNCTION history_tracking_lock(regclass) IS 'how a table of histories is fed; waits for a session that works on it, and keeps others out';

CREATE FUNCTION history_tracking_refresh(target regclass, full boolean, verbose boolean,
										 OUT deals_refreshed bigint, OUT deals_removed bigint, OUT rows_read bigint, OUT watermark timestamptz,
										 OUT deals_failed bigint) RETURNS record
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET jit = off SET datestyle = 'ISO, YMD' AS $$
DECLARE
	own CONSTANT text := (SELECT extnamespace::regnamespace FROM pg_extension WHERE extname = 'enablement_metrics');
	system CONSTANT bigint := (SELECT system_identifier FROM pg_control_system());
	most_failed CONSTANT int := 100000;	-- more than that are no exceptions
	margin interval;
	tracked record;
	source record;
	key record;
	started timestamptz;
	horizon xid8;
	newest timestamptz;
	failed jsonb;
	moved text[] := '{}';		-- conditions on the rows that the last run cannot have seen
	empty boolean;
	everything boolean;
	built boolean;				-- by the builder, and not by history_agg()
	events text;
	stored text;
	fresh text;
	compared text;
	written text;
	removed text;
BEGIN
	IF "full" IS NULL OR "verbose" IS NULL THEN
		RAISE EXCEPTION '% must not be NULL', CASE WHEN "full" IS NULL THEN 'full' ELSE 'verbose' END USING ERRCODE = 'null_value_not_allowed';
	END IF;
	EXECUTE format('SELECT * FROM %s.history_tracking_lock($1)', own) INTO tracked USING target;
	IF NOT EXISTS (SELECT FROM pg_class WHERE oid = target AND pg_get_userbyid(relowner) = current_user) THEN
		RAISE EXCEPTION 'must be owner of table %', target USING ERRCODE = 'insufficient_privilege',
			HINT = 'Call refresh_histories, which works as the owner.';
	END IF;
	-- whatever they are called by now, they stay it until the end
	EXECUTE format('SELECT %s.history_tables_lock($1, $2)', own) USING tracked.source, target;
	EXECUTE format('SELECT * FROM %s.history_source($1, $2, $3, $4, $5, $6, $7)', own) INTO source
		USING tracked.source, tracked.deal, tracked.kind, tracked.at, tracked.amount, tracked.subject, tracked.changed;
	-- for instants without one; AT TIME ZONE would take some names, such as CET, for an abbreviation without summer time
	PERFORM set_config('TimeZone', tracked.zone, true);
	-- the equality of the primary key, whatever the type and wherever its operator
	SELECT a.attname AS name, a.atttypid AS type, a.attcollation AS "collation", max(format('OPERATOR(%I.%s)', n.nspname, o.oprname)) FILTER (WHERE m.amopstrategy = 3) AS equals,
		max(format('OPERATOR(%I.%s)', n.nspname, o.oprname)) FILTER (WHERE m.amopstrategy = 1) AS before,
		bool_or(o.oprcanmerge OR o.oprcanhash) FILTER (WHERE m.amopstrategy = 3) AS joins INTO key
	FROM pg_index i
		JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
		JOIN pg_opclass c ON c.oid = i.indclass[0]
		JOIN pg_amop m ON m.amopfamily = c.opcfamily AND m.amopstrategy IN (1, 3) AND m.amoplefttype = c.opcintype AND m.amoprighttype = c.opcintype
		JOIN pg_operator o ON o.oid = m.amopopr
		JOIN pg_namespace n ON n.oid = o.oprnamespace
	WHERE i.indrelid = target AND i.indisprimary AND i.indnkeyatts = 1
	GROUP BY a.attname, a.atttypid, a.attcollation;
	IF NOT FOUND THEN
		RAISE EXCEPTION '% has lost its primary key', target USING ERRCODE = 'object_not_in_prerequisite_state';
	ELSIF key.type <> source.key THEN
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
	IF source.rows_tell AND tracked.system_identifier = system
	   AND (pg_snapshot_xmax(pg_current_snapshot())::text::bigint - tracked.horizon::text::bigint) BETWEEN 0 AND 2000000000 THEN
		moved := moved || format('%s.written_since(s.xmin, $2)', own);
	END IF;
	EXECUTE format('SELECT NOT EXISTS (SELECT FROM %s)', target) INTO empty;
	everything := "full" OR source.stamp IS NULL OR moved = '{}' OR empty;
	-- the builder compares where both tables tell keys apart by the same collation
	EXECUTE format('SELECT $1 AND %s.history_key_hashes($2)', own) INTO built USING everything AND (empty OR key."collation" =
		(SELECT attcollation FROM pg_attribute WHERE attrelid = tracked.source AND attname = tracked.deal)), key.type;

	IF built THEN
		events := format('SELECT s.%I::%s, %s FROM %s s', tracked.deal, format_type(key.type, -1), source.event, tracked.source);
		stored := CASE WHEN NOT empty THEN format('SELECT t.%I, t.history FROM %s t', key.name, target) END;
		fresh := 'WITH fresh AS NOT MATERIALIZED (SELECT deal, history FROM built),';
	ELSE
		-- deals that failed are tried again; their keys are read as the table would
		fresh := CASE WHEN everything THEN 'WITH' ELSE 'WITH moved AS MATERIALIZED (SELECT DISTINCT s.%3$I AS deal FROM %2$s s WHERE %8$s'
				|| CASE WHEN tracked.failed <> '{}' THEN ' UNION SELECT (jsonb_populate_record(NULL::%4$s, jsonb_build_object(%9$L, k))).%9$I FROM unnest($3) k' ELSE '' END || '),' END
			|| ' aggregated AS MATERIALIZED (
				SELECT s.%3$I AS deal, %6$s AS history, count(*) AS rows, %7$s AS newest, min(%10$s) AS problem
				FROM %2$s s' || CASE WHEN everything THEN '' ELSE ' JOIN moved m ON m.deal %5$s s.%3$I' END || '
				WHERE s.%3$I IS DISTINCT FROM NULL GROUP BY s.%3$I),
			fresh AS NOT MATERIALIZED (SELECT deal, history FROM aggregated WHERE history IS NOT NULL AND problem IS NULL),
			failing AS NOT MATERIALIZED (SELECT deal, problem FROM aggregated WHERE problem IS NOT NULL),';
	END IF;
	-- an empty table is filled in the order of its key; another one is told what differs, where the builder has not found that
	compared := CASE WHEN everything AND NOT empty AND NOT built THEN ' differing AS MATERIALIZED (SELECT f.deal, f.history, t.%9$I AS old FROM fresh f '
		-- few types have an equality by which PostgreSQL makes no full join
		|| CASE WHEN key.joins THEN 'FULL JOIN %4$s t ON t.%9$I %5$s f.deal WHERE ROW(t.history)::record *<> ROW(f.history)::record),'
			ELSE 'LEFT JOIN %4$s t ON t.%9$I %5$s f.deal WHERE ROW(t.history)::record *<> ROW(f.history)::record
				UNION ALL SELECT NULL, NULL, t.%9$I FROM %4$s t WHERE NOT EXISTS (SELECT FROM fresh f WHERE f.deal %5$s t.%9$I)),' END
		ELSE '' END;
	written := ' written AS (INSERT INTO %4$s AS t (%9$I, history, refreshed_at) SELECT f.deal, f.history, now() FROM '
		|| CASE WHEN empty THEN 'fresh f ORDER BY f.deal USING %11$s'
			ELSE CASE WHEN everything AND NOT built THEN 'differing f WHERE f.history IS NOT NULL' ELSE 'fresh f' END || '
				ON CONFLICT (%9$I) DO UPDATE SET history = excluded.history, refreshed_at = excluded.refreshed_at
					WHERE ROW(t.history)::record *<> ROW(excluded.history)::record' END
		|| ' RETURNING ' || CASE WHEN NOT "verbose" THEN '1' WHEN built THEN '%1$s.history_written($7)' ELSE '%1$s.history_written(0)' END || '),';
	removed := ' removed AS (' || CASE
		WHEN empty THEN 'SELECT WHERE false'
		WHEN built THEN 'DELETE FROM %4$s t USING gone g WHERE g.deal %5$s t.%9$I RETURNING 1'
		WHEN everything THEN 'DELETE FROM %4$s t USING differing d WHERE d.history IS NULL AND d.old %5$s t.%9$I
				AND NOT EXISTS (SELECT FROM failing f WHERE f.deal %5$s t.%9$I) RETURNING 1'
		ELSE 'DELETE FROM %4$s t USING aggregated f WHERE f.deal %5$s t.%9$I AND f.history IS NULL AND f.problem IS NULL RETURNING 1' END || ')';
	EXECUTE format('SELECT * FROM %s.history_statement($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)', own)
		INTO deals_refreshed, deals_removed, rows_read, newest, failed
		USING events, stored,
			format(fresh || compared || written || removed || '
				SELECT (SELECT count(*) FROM written), (SELECT count(*) FROM removed), '
				|| CASE WHEN built THEN '$5, $6' ELSE '(SELECT coalesce(sum(rows), 0)::bigint FROM aggregated), (SELECT max(newest) FROM aggregated)' END || ',
				(SELECT coalesce(jsonb_object_agg(format(''%%s'', f.deal), f.problem), ''{}'') FROM failing f)',
				own, tracked.source, tracked.deal, target, key.equals,
				CASE WHEN tracked.states IS NULL THEN source.history ELSE format('%s.state_changes(%s, $4)', own, source.history) END,
				source.newest, array_to_string(moved, ' AND '), key.name, source.problem, key.before),
			tracked.source, target, "verbose", tracked.watermark, tracked.horizon, ARRAY(SELECT jsonb_object_keys(tracked.failed)), tracked.states;
	deals_failed := (SELECT count(*) FROM jsonb_object_keys(failed));
	IF deals_failed > most_failed THEN
		RAISE EXCEPTION '% deals of % cannot be read', deals_failed, tracked.source USING ERRCODE = 'data_exception',
			DETAIL = (SELECT format('The first is %s: %s.', j.key, j.value) FROM jsonb_each_text(failed) j LIMIT 1),
			HINT = 'Does the table of histories name the right columns?';
	END IF;

	IF source.stamp <> 'xid'::regtype THEN
		-- A minute for clocks that are set back, and for the moment between a transaction's beginning and its being shown.
		-- Without a time zone, a stamp can be up to 16 hours behind UTC.
		margin := CASE source.stamp WHEN 'timestamptz'::regtype THEN '1 minute' ELSE '16 hours 1 minute' END;
		newest := greatest(tracked.newest, newest);
		watermark := CASE WHEN started IS NULL THEN tracked.watermark ELSE least(started - margin, coalesce(newest, '-infinity')) END;
	END IF;
	EXECUTE format('UPDATE %s.tracked_histories t SET refreshed_at = now(), newest = $2, watermark = $3, horizon = $4, system_identifier = $5,'
				   ' failed = $6, target_name = $7, source_name = $8 WHERE t.target = $1', own)
		USING target, newest, watermark, horizon, system, failed, target::text, tracked.source::text;
END
$$;
COMMENT ON FUNCTION history_tracking_refresh(regclass, boolean, boolean) IS 'implementation of refresh_histories, as the owner of the target';

-- Calls the one above as the owner of the target. Not STRICT: NULL is an error.
CREATE FUNCTION refresh_histories(target regclass, full boolean DEFAULT false, verbose boolean DEFAULT false,
								  OUT deals_refreshed bigint, OUT deals_removed bigint, OUT rows_read bigint, OUT watermark timestamptz,
								  OUT deals_failed bigint) RETURNS record
	AS 'MODULE_PATHNAME' LANGUAGE C;
COMMENT ON FUNCTION refresh_histories(regclass, boolean, boolean)
	IS 'brings a table of track_histories up to date from the deals with changed rows; full: by comparing all; verbose: tells how far it is. Deals with a row that is no event stay as they were: tracked_histories lists them';

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
