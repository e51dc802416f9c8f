-- What the adapters beside this file have in common; they include it, inside of their transaction. It checks all that an
-- adapter needs before anything is created, makes the target schema, lays a view of fixed columns and types over each table,
-- and knows how to take apart a list of competitors.
--
-- An adapter sets the psql variables source, target and zone, fills the temporary table needed, and includes this. Needed is
-- one row for each column that it reads:
--
--   relation   table; its view is called source_RELATION
--   attribute  column, also under its name without underscores (createddate), as newer syncs write it
--   class      text, id (text, whatever the column is), integer, number, boolean, date, day (an instant; a date begins at
--              midnight of zone) or timestamptz
--   need       always: table and column are there; with table: the column is, where the table is; if there: else it is NULL.
--              A table without any column that is needed always may be missing: its view has no rows
--   alias      its name in the view

SELECT set_config('adapter.source', :'source', true), set_config('adapter.target', :'target', true), set_config('adapter.zone', :'zone', true) \gset unused_

DO $$
DECLARE
	source CONSTANT text := current_setting('adapter.source');
	target CONSTANT text := current_setting('adapter.target');
	problem text;
BEGIN
	IF to_regtype('deal_history') IS NULL THEN
		RAISE undefined_object USING MESSAGE = 'extension enablement_metrics is not here, or not in search_path',
			HINT = 'Run CREATE EXTENSION enablement_metrics, or put its schema into search_path.';
	END IF;
	PERFORM now() AT TIME ZONE current_setting('adapter.zone');
	IF to_regnamespace(quote_ident(source)) IS NULL THEN
		RAISE invalid_schema_name USING MESSAGE = format('schema "%s" does not exist', source),
			HINT = 'Name the schema of the synchronized tables with psql -v source=NAME.';
	END IF;

	CREATE TEMP TABLE found ON COMMIT DROP AS
	SELECT n.*, c.oid AS relation_id, a.attname, a.atttypid AS type
	FROM needed n
	     LEFT JOIN LATERAL (SELECT oid FROM pg_class
	                        WHERE relname IN (n.relation, replace(n.relation, '_', '')) AND relnamespace = to_regnamespace(quote_ident(source)) AND relkind IN ('r', 'p', 'f', 'v', 'm')
	                        ORDER BY relname <> n.relation LIMIT 1) AS c ON true
	     LEFT JOIN LATERAL (SELECT attname, atttypid FROM pg_attribute
	                        WHERE attrelid = c.oid AND (attname = n.attribute OR lower(attname) = replace(n.attribute, '_', '')) AND attnum > 0 AND NOT attisdropped
	                        ORDER BY attname <> n.attribute, attname LIMIT 1) AS a ON true;

	SELECT string_agg(DISTINCT format('%I.%I', source, relation), ', ') INTO problem FROM found WHERE relation_id IS NULL AND need = 'always';
	IF problem IS NOT NULL THEN
		RAISE undefined_table USING MESSAGE = 'missing tables: ' || problem, HINT = 'Nothing was created. Synchronize them too, or name another schema with psql -v source=NAME.';
	END IF;
	SELECT string_agg(DISTINCT relation_id::regclass::text, ', ') INTO problem FROM found WHERE NOT has_table_privilege(relation_id, 'SELECT');
	IF problem IS NOT NULL THEN
		RAISE insufficient_privilege USING MESSAGE = 'no privilege to read ' || problem, HINT = 'Nothing was created.';
	END IF;
	SELECT string_agg(format('%I.%I.%I', source, relation, attribute), ', ' ORDER BY relation, attribute) INTO problem FROM found WHERE type IS NULL AND relation_id IS NOT NULL AND need <> 'if there';
	IF problem IS NOT NULL THEN
		RAISE undefined_column USING MESSAGE = 'missing columns: ' || problem, HINT = 'Nothing was created. Add them to the synchronized columns.';
	END IF;
	SELECT string_agg(format('%I.%I.%I is %s and should be %s', source, relation, attribute, format_type(type, NULL), class), ', ' ORDER BY relation, attribute) INTO problem
	FROM found
	WHERE NOT CASE class
		WHEN 'id' THEN type = ANY ('{text,varchar,bpchar,smallint,integer,bigint,numeric}'::regtype[])
		WHEN 'text' THEN type = ANY ('{text,varchar,bpchar}'::regtype[])
		WHEN 'integer' THEN type = ANY ('{smallint,integer,bigint,numeric}'::regtype[])
		WHEN 'number' THEN type = ANY ('{smallint,integer,bigint,numeric,real,double precision}'::regtype[])
		WHEN 'boolean' THEN type = 'boolean'::regtype
		WHEN 'date' THEN type = ANY ('{date,timestamp,timestamptz}'::regtype[])
		WHEN 'day' THEN type = ANY ('{date,timestamp,timestamptz}'::regtype[])
		WHEN 'timestamptz' THEN type = 'timestamptz'::regtype END;
	IF problem IS NOT NULL THEN
		RAISE datatype_mismatch USING MESSAGE = 'columns of another type: ' || problem,
			HINT = 'Nothing was created. Put views with casts over the tables in a schema of their own and name that with psql -v source=NAME.';
	END IF;
	-- In history mode a table has every version of every row, and each would count.
	SELECT string_agg(DISTINCT relation_id::regclass::text, ', ') INTO problem
	FROM found JOIN pg_attribute a ON a.attrelid = relation_id AND a.attname = '_fivetran_active' AND NOT a.attisdropped
	WHERE relation NOT IN (SELECT relation FROM needed WHERE attribute = '_fivetran_active');
	IF problem IS NOT NULL THEN
		RAISE object_not_in_prerequisite_state USING MESSAGE = 'synchronized in history mode: ' || problem,
			HINT = 'Nothing was created. Put views over the tables, WHERE _fivetran_active and without that column, in a schema of their own and name that with psql -v source=NAME.';
	END IF;
	SELECT string_agg(oid::regclass::text, ', ') INTO problem FROM pg_class
	WHERE relnamespace = to_regnamespace(quote_ident(target)) AND relkind <> 'v'
	  AND (relname IN ('synced', 'stages', 'competitors', 'stage_changes', 'merged_deals', 'merged_leads', 'conversions', 'deal_histories', 'lead_histories', 'deals', 'outcomes',
	                   'staff', 'quota_rows', 'quota_periods', 'quotas', 'closed_deals', 'reps', 'attainments', 'settings')
	       OR relname IN (SELECT 'source_' || relation FROM needed));
	IF problem IS NOT NULL THEN
		RAISE duplicate_table USING MESSAGE = 'there already, and not a view: ' || problem, HINT = 'Nothing was created. Name another schema for the views with psql -v target=NAME.';
	END IF;
END $$;

SELECT format('CREATE SCHEMA %I', :'target') WHERE to_regnamespace(quote_ident(:'target')) IS NULL \gexec
SELECT set_config('search_path', quote_ident(:'target') || ', ' || current_setting('search_path'), true) \gset unused_
SET LOCAL client_min_messages = warning;

-- What a sync left out is NULL here, so that no view below has to know of it. A date that a sync stored as an instant is the
-- day in UTC that it began.
SELECT format('CREATE OR REPLACE VIEW %I AS SELECT %s%s', 'source_' || relation,
              string_agg(format('%s AS %I',
                                CASE WHEN type IS NULL THEN 'NULL'
                                     WHEN class = 'date' AND type = 'timestamptz'::regtype THEN format('(%I AT TIME ZONE ''UTC'')', attname)
                                     WHEN class = 'day' AND type <> 'timestamptz'::regtype THEN format('(%I::timestamp AT TIME ZONE %L)', attname, :'zone')
                                     ELSE quote_ident(attname) END
                                || CASE class WHEN 'id' THEN '::text' WHEN 'integer' THEN '::bigint' WHEN 'number' THEN '::numeric' WHEN 'day' THEN '::timestamptz' ELSE '::' || class END,
                                alias), ', ' ORDER BY alias),
              coalesce(' FROM ' || min(relation_id)::regclass, ' WHERE false'))
FROM found GROUP BY relation \gexec
SELECT format('COMMENT ON VIEW %I IS %L', 'source_' || relation, 'what is read of ' || relation) FROM found GROUP BY relation \gexec

-- The competitors in a field that people fill: separated by ; , / | line ends, "and" or "vs", with or without legal forms,
-- or one of the many ways to say that there is none. A name that has a separator in it (Smith and Sons) falls apart: put
-- replace(entry, 'Smith and Sons', 'Smith+Sons') inside.
CREATE OR REPLACE FUNCTION competitor_names(entry text) RETURNS SETOF text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
	SELECT DISTINCT name
	FROM regexp_split_to_table(regexp_replace(entry,
	         '\mn/a\M|[,\s]+(incorporated|inc|llc|ltd|limited|gmbh|ag|corp|corporation|plc)\M\.?(?=\s*(?:$|[;,/|\r\n]|and\s|vs[\s.]))', '', 'gi'),
	         '[;,/|\r\n]+|\s+(?:and|vs\.?)\s+', 'i') AS piece,
	     btrim(regexp_replace(piece, '\s+', ' ', 'g'), ' .') AS name
	WHERE name !~* '^(|-+|\?+|na|none|no|nobody|unknown|tbd|no competitors?|not known)$'
$$;
COMMENT ON FUNCTION competitor_names(text) IS 'the names in a free-text list of competitors';
