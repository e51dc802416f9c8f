-- Are the four views of a user such that a report can be made of them? Raises one error that names every view and column that
-- is wrong; then lays views of fixed columns over them, report_input_*, in which what is missing is NULL. Part of views.sql.

CREATE TEMP TABLE wanted (view_name text, column_name text, class text, needed boolean) ON COMMIT DROP;
INSERT INTO wanted VALUES
	('deals', 'deal', 'text', true), ('deals', 'history', 'deal_history', true), ('deals', 'began_at', 'timestamp with time zone', false),
	('deals', 'team', 'text', false), ('deals', 'platform', 'text', false), ('deals', 'adopted_on', 'date', false),
	('deals', 'segment', 'text', false), ('deals', 'source', 'text', false), ('deals', 'owner', 'text', false),
	('reps', 'rep', 'text', true), ('reps', 'hired_at', 'timestamp with time zone', true), ('reps', 'left_at', 'timestamp with time zone', false),
	('reps', 'quota', 'numeric', false), ('reps', 'ramp', 'numeric[]', false), ('reps', 'period', 'text', false), ('reps', 'history', 'deal_history', true),
	('reps', 'fiscal_year_start', 'integer', false), ('reps', 'calendar', 'date[]', false), ('reps', 'quotas', 'numeric[]', false),
	('content_events', 'content', 'text', true), ('content_events', 'action', 'text', true), ('content_events', 'actor', 'text', false),
	('content_events', 'audience', 'text', false), ('content_events', 'seconds', 'numeric', false), ('content_events', 'at', 'timestamp with time zone', false),
	('settings', 'as_of', 'timestamp with time zone', true), ('settings', 'programme_start', 'timestamp with time zone', false),
	('settings', 'stages', 'text[]', false), ('settings', 'within', 'interval', false), ('settings', 'currency', 'text', false),
	('settings', 'title', 'text', false), ('settings', 'zone', 'text', false), ('settings', 'anticipation', 'integer', false),
	('settings', 'sustained', 'integer', false);

CREATE TEMP TABLE mapped ON COMMIT DROP AS
SELECT w.*, c.oid AS relation, a.atttypid AS type, format_type(a.atttypid, NULL) AS type_name
FROM wanted w
	LEFT JOIN pg_class c ON c.relname = view_name AND c.relnamespace = to_regnamespace(quote_ident(:'schema')) AND relkind IN ('r', 'p', 'f', 'v', 'm')
	LEFT JOIN pg_attribute a ON attrelid = c.oid AND attname = column_name AND attnum > 0 AND NOT attisdropped;

DO $$
DECLARE
	mistakes text;
BEGIN
	SELECT string_agg(mistake, E'\n' ORDER BY view_name, column_name)
	INTO mistakes
	FROM (
		SELECT view_name, '' AS column_name, format('view %s is missing', view_name) AS mistake
		FROM mapped WHERE relation IS NULL AND view_name = 'settings' GROUP BY view_name
		UNION ALL
		SELECT 'deals', '', 'none of the views deals, reps and content_events is here'
		WHERE NOT EXISTS (SELECT FROM mapped WHERE relation IS NOT NULL AND view_name <> 'settings')
		UNION ALL
		SELECT view_name, column_name, format('%s.%s is missing: it should be %s', view_name, column_name, class)
		FROM mapped WHERE relation IS NOT NULL AND type IS NULL AND needed
		UNION ALL
		SELECT view_name, column_name, format('%s.%s is %s and should be %s%s', view_name, column_name, type_name, class,
			CASE WHEN class LIKE 'timestamp%' AND type_name IN ('date', 'timestamp without time zone')
				 THEN format(': write %s::timestamp AT TIME ZONE ''UTC'', or your time zone', column_name)
				 WHEN class = 'deal_history' THEN ': make it with history_agg() or deal_history()' END)
		FROM mapped
		WHERE type IS NOT NULL AND NOT CASE class
			WHEN 'text' THEN type = ANY ('{text,varchar,bpchar,name,uuid,smallint,integer,bigint,numeric}'::regtype[]) OR (SELECT typtype = 'e' FROM pg_type WHERE oid = type)
			WHEN 'numeric' THEN type = ANY ('{smallint,integer,bigint,numeric,real,double precision}'::regtype[])
			WHEN 'integer' THEN type = ANY ('{smallint,integer}'::regtype[])
			WHEN 'text[]' THEN type = ANY ('{text[],varchar[]}'::regtype[])
			WHEN 'numeric[]' THEN type = ANY ('{smallint[],integer[],bigint[],numeric[]}'::regtype[])
			ELSE type = to_regtype(class) END) AS m;

	IF mistakes IS NOT NULL THEN
		RAISE datatype_mismatch USING MESSAGE = 'the views in schema ' || current_setting('report.schema') || ' cannot be reported on', DETAIL = mistakes,
			HINT = 'Nothing was changed. doc/report.md lists the columns of the four views.';
	END IF;
END $$;

SELECT format('CREATE VIEW %I AS SELECT %s%s', 'report_input_' || view_name,
	string_agg(format('%s::%s AS %I', CASE WHEN type IS NULL THEN 'NULL' ELSE quote_ident(column_name) END, class, column_name), ', ' ORDER BY column_name),
	coalesce(' FROM ' || min(relation)::regclass, ' WHERE false'))
FROM mapped GROUP BY view_name \gexec
SELECT format('COMMENT ON VIEW %I IS %L', 'report_input_' || view_name, 'the report: what it reads of ' || view_name) FROM mapped GROUP BY view_name \gexec

-- The one row of settings, value by value.
DO $$
DECLARE
	given record;
	rows bigint;
	mistakes text;
BEGIN
	SELECT count(*) INTO rows FROM report_input_settings;
	SELECT * INTO given FROM report_input_settings LIMIT 1;

	SELECT string_agg(mistake, E'\n')
	INTO mistakes
	FROM (SELECT true, format('reps.period is %s and should be month, quarter or year', quote_literal(period)) FROM report_input_reps WHERE period NOT IN ('month', 'quarter', 'year') GROUP BY period
		  UNION ALL SELECT true, format('reps.ramp is given and reps.period is NULL, of rep %s', min(rep)) FROM report_input_reps WHERE ramp IS NOT NULL AND period IS NULL AND quota IS NOT NULL HAVING count(*) > 0
		  UNION ALL VALUES
		(rows <> 1, format('settings has %s rows and should have one', rows)),
		(rows > 0 AND given.as_of IS NULL, 'settings.as_of is NULL: the report needs the instant up to which the data is complete'),
		(NOT isfinite(given.as_of), 'settings.as_of is not finite'),
		(cardinality(given.stages) < 2, 'settings.stages needs two stages or more'),
		(array_position(given.stages, NULL) IS NOT NULL, 'settings.stages holds NULL'),
		(cardinality(array_remove(given.stages, NULL)) > (SELECT count(DISTINCT stage) FROM unnest(given.stages) AS stage), format('settings.stages names a stage twice: %s', given.stages)),
		(given.stages && '{lost,no_decision}', format('settings.stages names an ending: %s', given.stages)),
		(extract(month FROM given.within) <> 0 OR extract(year FROM given.within) <> 0, format('settings.within is %s and should be in days', given.within)),
		(given.within <= interval '0', format('settings.within is %s and should be above zero', given.within)),
		(NOT EXISTS (SELECT FROM pg_timezone_names WHERE name = given.zone) AND given.zone IS NOT NULL, format('settings.zone is no time zone: %s', given.zone)),
		(given.anticipation < 0, format('settings.anticipation is %s and should not be below zero', given.anticipation)),
		(given.sustained < 1, format('settings.sustained is %s and should be 1 or more', given.sustained))) AS m (wrong, mistake)
	WHERE wrong;

	IF mistakes IS NOT NULL THEN
		RAISE invalid_parameter_value USING MESSAGE = 'the views in schema ' || current_setting('report.schema') || ' cannot be reported on', DETAIL = mistakes,
			HINT = 'Nothing was changed. doc/report.md lists the columns of the four views.';
	END IF;
END $$;
