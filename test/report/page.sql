-- The page of the report: what stands on it (tables page and figure, filled by page_*.sql), and how it becomes HTML.
-- All text goes through xmlelement(), which escapes it. A picture is a comment here, which test/report/run replaces.
\set ON_ERROR_STOP on
SET client_min_messages = warning;
CREATE SCHEMA report;
SET search_path = report;

CREATE TABLE page (
	title text NOT NULL,
	subtitle text NOT NULL,
	data_schema text NOT NULL,			-- where the views are
	left_out text[] NOT NULL			-- what this data cannot tell
);

-- One question: a heading, the answer in words, a picture and tables.
CREATE TABLE figure (
	n int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	id text NOT NULL UNIQUE,			-- the view whose rows are shown (and drawn, unless `drawn` names another)
	heading text NOT NULL,
	says text NOT NULL,					-- the headline: numbers with their denominators
	summary boolean NOT NULL DEFAULT true,	-- stands at the top of the page as well
	picture text,						-- a gnuplot script beside this file; NULL: the table is the picture
	drawn text,							-- the view it draws, where it has more points than a table should
	settings text NOT NULL DEFAULT '',	-- for the script: axis labels and the like
	alt text NOT NULL DEFAULT '',		-- what the picture shows, for those who do not see it
	caption text NOT NULL,				-- how to read it
	columns text NOT NULL,				-- what the columns of the table mean
	points text,						-- with `drawn`: a condition on its rows, which are then shown as well
	note text							-- what to beware of
);

-- a number for people: thousands apart; anything else as it is, nothing as a dash
CREATE FUNCTION cell(value json) RETURNS text LANGUAGE sql IMMUTABLE
RETURN CASE json_typeof(value)
	WHEN 'number' THEN CASE WHEN value::text ~ '^-?[0-9]{4,}$' THEN to_char(value::text::numeric, 'FM999,999,999,999,999,990') ELSE value::text END
	WHEN 'boolean' THEN CASE value::text WHEN 'true' THEN 'yes' ELSE 'no' END
	WHEN 'null' THEN '–'
	ELSE value #>> '{}' END;

-- a number and its % on one line
CREATE FUNCTION prose(says text) RETURNS text LANGUAGE sql IMMUTABLE STRICT RETURN replace(says, ' %', convert_from('\xc2a0', 'UTF8') || '%');

-- a count in words
CREATE FUNCTION number(n numeric) RETURNS text LANGUAGE sql IMMUTABLE STRICT RETURN to_char(n, 'FM999,999,999,990');

-- the rows of a view that meet a condition as a table
CREATE FUNCTION html_table(view regclass, caption text, condition text DEFAULT 'true') RETURNS xml LANGUAGE plpgsql STABLE AS $$
DECLARE
	head xml;
	body xml;
BEGIN
	SELECT xmlagg(xmlelement(name th, xmlattributes('col' AS scope, CASE WHEN format_type(atttypid, NULL) IN ('integer', 'bigint', 'numeric', 'double precision') THEN 'n' END AS class),
				  replace(attname, '_', ' ')) ORDER BY attnum)
	INTO head FROM pg_attribute WHERE attrelid = view AND attnum > 0 AND NOT attisdropped;
	EXECUTE format($query$
		SELECT xmlagg(xmlconcat(xmlelement(name tr, (
			SELECT xmlagg(CASE WHEN i = 1 THEN xmlelement(name th, xmlattributes('row' AS scope), report.cell(value))
							   ELSE xmlelement(name td, xmlattributes(CASE WHEN json_typeof(value) IN ('number', 'null') THEN 'n' END AS class), report.cell(value)) END ORDER BY i)
			FROM json_each(row_to_json(v)) WITH ORDINALITY c(key, value, i))), E'\n'))
		FROM %s v WHERE %s $query$, view, condition) INTO body;
	RETURN xmlelement(name div, xmlattributes('scroll' AS class, '0' AS tabindex, 'region' AS role, caption AS "aria-label"),
		xmlelement(name table, xmlelement(name caption, caption), xmlelement(name thead, xmlelement(name tr, head)), E'\n', xmlelement(name tbody, E'\n', body)));
END $$;

CREATE FUNCTION html_figure(f figure, data_schema text) RETURNS xml LANGUAGE sql STABLE AS $$
	SELECT xmlelement(name section, xmlattributes(f.id AS id, f.id || '-heading' AS "aria-labelledby"), E'\n',
		xmlelement(name h2, xmlattributes(f.id || '-heading' AS id), f.heading), E'\n',
		xmlelement(name p, xmlattributes('says' AS class), report.prose(f.says)), E'\n',
		CASE WHEN f.picture IS NULL
			 THEN xmlconcat(report.html_table(rows, f.heading), xmlelement(name p, xmlattributes('caption' AS class), f.columns, '. ', f.caption))
			 ELSE xmlconcat(
				xmlelement(name figure, xmlelement(name p, xmlattributes(f.id || '-alt' AS id, 'hidden' AS hidden), f.alt), E'\n', xmlcomment('picture ' || f.id), E'\n', xmlelement(name figcaption, f.caption)), E'\n',
				xmlelement(name details, xmlelement(name summary, 'The numbers as a table'), E'\n', xmlelement(name p, xmlattributes('caption' AS class), f.columns, '.'), E'\n', report.html_table(rows, f.heading),
					CASE WHEN f.points IS NOT NULL THEN report.html_table(format('%I.%I', data_schema, f.drawn)::regclass, f.heading || ' By day', f.points) END)) END, E'\n',
		CASE WHEN f.note IS NOT NULL THEN xmlelement(name p, xmlattributes('note' AS class), f.note) END, E'\n')
	FROM (SELECT format('%I.%I', data_schema, f.id)::regclass AS rows) x
$$;

CREATE FUNCTION html(style text) RETURNS text LANGUAGE sql STABLE AS $$
	SELECT E'<!DOCTYPE html>\n' || xmlelement(name html, xmlattributes('en' AS lang), E'\n',
		xmlelement(name head, E'\n',
			xmlelement(name meta, xmlattributes('utf-8' AS charset)), E'\n',
			xmlelement(name meta, xmlattributes('viewport' AS name, 'width=device-width, initial-scale=1' AS content)), E'\n',
			xmlelement(name title, title), E'\n',
			xmlelement(name style, style)), E'\n',
		xmlelement(name body, E'\n', xmlcomment('marks'), E'\n',
			xmlelement(name header, xmlelement(name h1, title), E'\n', xmlelement(name p, subtitle)), E'\n',
			xmlelement(name main, E'\n',
				xmlelement(name section, xmlattributes('summary' AS id, 'summary-heading' AS "aria-labelledby"),
					xmlelement(name h2, xmlattributes('summary-heading' AS id), 'In short'), E'\n',
					xmlelement(name ul, (SELECT xmlagg(xmlconcat(xmlelement(name li, report.prose(f.says), ' ', xmlelement(name a, xmlattributes('#' || f.id AS href), f.heading)), E'\n') ORDER BY n)
										 FROM report.figure f WHERE summary))), E'\n',
				(SELECT xmlagg(xmlconcat(report.html_figure(f, data_schema), E'\n') ORDER BY n) FROM report.figure f),
				xmlelement(name section, xmlattributes('left-out' AS id, 'left-out-heading' AS "aria-labelledby"),
					xmlelement(name h2, xmlattributes('left-out-heading' AS id), 'What this data cannot tell'), E'\n',
					xmlelement(name ul, (SELECT xmlagg(xmlelement(name li, line)) FROM unnest(left_out) line))), E'\n'),
			xmlelement(name footer, xmlelement(name p, format(
				'Intervals are 95 %% intervals: where the true value plausibly lies, as far as chance goes. p is how surprising so large a difference would be if nothing had changed; it is not the chance that the programme works. '
				'Every number was computed in PostgreSQL by enablement_metrics %s.', (SELECT extversion FROM pg_extension WHERE extname = 'enablement_metrics'))))))::text || E'\n'
	FROM report.page
$$;
