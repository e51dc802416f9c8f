-- What the adapters beside this file have in common; they include it, inside of their transaction. It checks all that an
-- adapter needs before anything is created, makes the target schema, and knows how to take apart a list of competitors.
--
-- An adapter fills the temporary table needed (relation, attribute, class) with the columns it reads, sets the psql
-- variables source, target and zone, and includes this.

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
	SELECT n.relation, n.attribute, n.class, c.oid AS relation_id, a.atttypid AS type
	FROM needed n LEFT JOIN pg_class c ON c.relname = n.relation AND c.relnamespace = to_regnamespace(quote_ident(source)) AND c.relkind IN ('r', 'p', 'f', 'v', 'm')
	     LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = n.attribute AND a.attnum > 0 AND NOT a.attisdropped;

	SELECT string_agg(DISTINCT format('%I.%I', source, relation), ', ') INTO problem FROM found WHERE relation_id IS NULL;
	IF problem IS NOT NULL THEN
		RAISE undefined_table USING MESSAGE = 'missing tables: ' || problem, HINT = 'Nothing was created. Synchronize them too, or name another schema with psql -v source=NAME.';
	END IF;
	SELECT string_agg(DISTINCT relation_id::regclass::text, ', ') INTO problem FROM found WHERE NOT has_table_privilege(relation_id, 'SELECT');
	IF problem IS NOT NULL THEN
		RAISE insufficient_privilege USING MESSAGE = 'no privilege to read ' || problem, HINT = 'Nothing was created.';
	END IF;
	SELECT string_agg(format('%I.%I.%I', source, relation, attribute), ', ' ORDER BY relation, attribute) INTO problem FROM found WHERE type IS NULL;
	IF problem IS NOT NULL THEN
		RAISE undefined_column USING MESSAGE = 'missing columns: ' || problem, HINT = 'Nothing was created. Add them to the synchronized columns.';
	END IF;
	SELECT string_agg(format('%I.%I.%I is %s and should be %s', source, relation, attribute, format_type(type, NULL), class), ', ' ORDER BY relation, attribute) INTO problem
	FROM found
	WHERE NOT CASE class
		WHEN 'text' THEN type = ANY ('{text,varchar,bpchar}'::regtype[])
		WHEN 'integer' THEN type = ANY ('{smallint,integer,bigint,numeric}'::regtype[])
		WHEN 'number' THEN type = ANY ('{smallint,integer,bigint,numeric,real,double precision}'::regtype[])
		WHEN 'boolean' THEN type = 'boolean'::regtype
		WHEN 'date' THEN type = ANY ('{date,timestamp}'::regtype[])
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
	  AND relname IN ('synced', 'stages', 'competitors', 'stage_changes', 'merged_deals', 'deal_histories', 'lead_histories',
	                  'outcomes', 'quotas', 'reps', 'attainments', 'report_funnel', 'report_win_rate', 'report_cycle', 'report_time_to_quota');
	IF problem IS NOT NULL THEN
		RAISE duplicate_table USING MESSAGE = 'there already, and not a view: ' || problem, HINT = 'Nothing was created. Name another schema for the views with psql -v target=NAME.';
	END IF;
END $$;

SELECT format('CREATE SCHEMA %I', :'target') WHERE to_regnamespace(quote_ident(:'target')) IS NULL \gexec
SELECT set_config('search_path', quote_ident(:'target') || ', ' || current_setting('search_path'), true) \gset unused_
SET LOCAL client_min_messages = warning;

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
