-- The pictures of the page: SVG as text, by functions of the session (pg_temp), after words.sql.
-- A picture has no width of its own. Marks stand at a percentage of the width and at a height in pixels, so that letters and dots keep their size
-- on a telephone, a screen and paper. Only curves are stretched: they are in an inner drawing of 1,000 by 1,000 (viewBox), with lines that keep their width.
-- Colours are classes of style.sql: before, since, up, down, none, unknown. Every mark has its numbers in a <title>.

-- a row of a picture: a value with its interval, and dots for what it is the mean of
CREATE TYPE pg_temp.mark AS (label text, says text, value float8, low float8, high float8, kind text, title text, dots float8[], dot_titles text[]);

-- a point of a picture over months
CREATE TYPE pg_temp.point AS (month date, value float8, low float8, high float8, final boolean, title text);

-- a curve: at x[i] the percentage y[i] with its band; titles[i] where something is to be said, remaining[i] the number under it
CREATE TYPE pg_temp.curve AS (kind text, x float8[], y float8[], low float8[], high float8[], titles text[], remaining text[]);

-- the smallest of 1, 2 and 5 times a power of ten of which `steps` reach over the span
CREATE FUNCTION pg_temp.step_of(span float8, steps int) RETURNS numeric LANGUAGE sql IMMUTABLE
RETURN (SELECT min(m * 10::numeric ^ e) FROM unnest('{1,2,5}'::numeric[]) m, generate_series(-3, 14) e WHERE m * 10::numeric ^ e * steps >= greatest(span::numeric, 0.001));

CREATE FUNCTION pg_temp.at(x float8) RETURNS text LANGUAGE sql IMMUTABLE STRICT
RETURN round(x::numeric, 2)::float8 || '%';

CREATE FUNCTION pg_temp.svg(class text, height float8, says text, content text) RETURNS text LANGUAGE sql IMMUTABLE
RETURN format(E'<svg class="%s" role="img" aria-label="%s" width="100%%" height="%s">\n%s</svg>\n', class, replace(says, '"', '&quot;'), height, content);

CREATE FUNCTION pg_temp.text_at(x float8, y float8, class text, says text) RETURNS text LANGUAGE sql IMMUTABLE STRICT
RETURN format(E'<text class="%s" x="%s" y="%s">%s</text>\n', class, pg_temp.at(x), y, says);

CREATE FUNCTION pg_temp.line_at(x1 float8, x2 float8, y1 float8, y2 float8, class text) RETURNS text LANGUAGE sql IMMUTABLE STRICT
RETURN format(E'<line class="%s" x1="%s" x2="%s" y1="%s" y2="%s"/>\n', class, pg_temp.at(x1), pg_temp.at(x2), y1, y2);

-- Rows of values with intervals on one axis. `reference` is a dashed line with a label, such as 0 for no effect; `plus` gives the axis signs.
-- A row without a value has its words and no mark.
CREATE FUNCTION pg_temp.rows(marks pg_temp.mark[], says text, unit text, reference float8, reference_label text, plus boolean) RETURNS text LANGUAGE plpgsql STABLE AS $$
DECLARE
	-- dots as far apart as this many percent of the width stand side by side, nearer ones above each other
	apart CONSTANT float8 := 2.6;
	first float8;
	last float8;
	step numeric;
	steps int;
	digits int;
	y float8;
	bottom float8;
	height float8;
	out text := '';
	m pg_temp.mark;
BEGIN
	SELECT least(min(v), reference), greatest(max(v), reference) INTO first, last
	FROM unnest(marks) k, unnest(ARRAY[k.value, k.low, k.high] || coalesce(k.dots, '{}')) v;
	step := pg_temp.step_of(last - first, 5);
	first := floor(first::numeric / step) * step;
	last := greatest(ceil(last::numeric / step) * step, first + step);

	steps := round((last - first)::numeric / step);
	digits := scale(trim_scale(step));
	y := CASE WHEN reference IS NULL THEN 0 ELSE 20 END;
	bottom := y + (SELECT sum(CASE WHEN cardinality(k.dots) > 0 THEN 82 ELSE 46 END) FROM unnest(marks) k);
	FOR i IN 0 .. steps LOOP
		out := out || pg_temp.text_at(2 + 96.0 * i / steps, bottom + 16, CASE WHEN greatest(abs(first), abs(last)) < 1000 THEN 'tick middle' WHEN i = 0 THEN 'tick start' WHEN i = steps THEN 'tick end' ELSE 'tick middle' END,
			CASE WHEN plus THEN pg_temp.signed(first + i * step, digits) ELSE pg_temp.number(first + i * step, digits) END || CASE WHEN unit = '%' THEN unit ELSE '' END);
	END LOOP;
	IF reference IS NOT NULL THEN
		out := out || pg_temp.text_at(2 + 96 * (reference - first) / (last - first), 12,
			CASE WHEN (reference - first) / (last - first) < 0.25 THEN 'tick start' WHEN (reference - first) / (last - first) > 0.75 THEN 'tick end' ELSE 'tick middle' END, reference_label);
	END IF;

	FOREACH m IN ARRAY marks LOOP
		-- the lines leave the words of a row alone
		height := CASE WHEN cardinality(m.dots) > 0 THEN 82 ELSE 46 END;
		SELECT out || string_agg(pg_temp.line_at(2 + 96.0 * i / steps, 2 + 96.0 * i / steps, y + 21, y + height, 'grid'), '' ORDER BY i) INTO out FROM generate_series(0, steps) i;
		IF reference IS NOT NULL THEN
			out := out || pg_temp.line_at(2 + 96 * (reference - first) / (last - first), 2 + 96 * (reference - first) / (last - first), y + 20, y + height, 'reference');
		END IF;
		out := out || format(E'<g class="%s">\n', m.kind) || pg_temp.text_at(0, y + 15, 'label', m.label) || pg_temp.text_at(100, y + 15, 'value end', m.says);
		IF m.low IS NOT NULL AND m.high IS NOT NULL THEN
			out := out || pg_temp.line_at(2 + 96 * (m.low - first) / (last - first), 2 + 96 * (m.high - first) / (last - first), y + 31, y + 31, 'interval');
		END IF;
		IF m.value IS NOT NULL THEN
			out := out || format(E'<circle class="mark" cx="%s" cy="%s" r="6.5"><title>%s</title></circle>\n', pg_temp.at(2 + 96 * (m.value - first) / (last - first)), y + 31, m.title);
		END IF;
		SELECT out || coalesce(string_agg(format(E'<circle class="dot" cx="%s" cy="%s" r="4.5"><title>%s</title></circle>\n',
			pg_temp.at(x), y + 52 + least(row - 1, 2) * 8, title), '' ORDER BY n), '') INTO out
		FROM (SELECT n, x, title, row_number() OVER (PARTITION BY floor(x / apart) ORDER BY x, n) AS row
			  FROM unnest(m.dots, m.dot_titles) WITH ORDINALITY d(value, title, n), LATERAL (SELECT 2 + 96 * (value - first) / (last - first)) p(x)
			  WHERE value IS NOT NULL) placed;
		out := out || E'</g>\n';
		y := y + height;
	END LOOP;
	RETURN pg_temp.svg('rows', bottom + 22, says, out);
END $$;

-- Lines across at the steps of a percentage axis from 0 to `last`, each with its number; heights from `top` to `bottom` pixels.
CREATE FUNCTION pg_temp.levels(last float8, step numeric, top float8, bottom float8, unit text) RETURNS text LANGUAGE sql IMMUTABLE
RETURN (SELECT string_agg(pg_temp.line_at(0, 100, y, y, CASE i WHEN 0 THEN 'axis' ELSE 'grid' END) || pg_temp.text_at(0, y - 4, 'tick start', pg_temp.number(i * step, greatest(scale(trim_scale(step)), 0)) || unit), '' ORDER BY i)
		FROM generate_series(0, floor(last::numeric / step)::int) i, LATERAL (SELECT round((bottom - (bottom - top) * i * step / last::numeric)::numeric, 1)::float8) p(y));

-- Percentages by month with intervals. Months from `start_at` on are after a dashed line; those that are not final are hollow, on a field of their own.
-- before_level and since_level are drawn across the final months that they are the rate of.
CREATE FUNCTION pg_temp.months(points pg_temp.point[], says text, start_at date, start_label text, before_level float8, since_level float8) RETURNS text LANGUAGE plpgsql STABLE AS $$
DECLARE
	top CONSTANT float8 := 46;
	bottom CONSTANT float8 := 236;
	n CONSTANT int := cardinality(points);
	width CONSTANT float8 := 89.0 / n;
	first_open int;
	first_since int;
	last float8;
	step numeric;
	every int;
	x float8;
	out text;
	p pg_temp.point;
	i int := 0;
BEGIN
	SELECT greatest(max(v), before_level, since_level, 1) INTO last FROM unnest(points) k, unnest(ARRAY[k.value, k.high]) v;
	step := pg_temp.step_of(last, 4);
	last := ceil(last::numeric / step) * step;
	SELECT min(o) - 1 INTO first_open FROM unnest(points) WITH ORDINALITY k(month, value, low, high, final, title, o) WHERE NOT final;
	SELECT count(*) INTO first_since FROM unnest(points) k WHERE k.month < start_at;
	out := '';

	IF first_open IS NOT NULL THEN
		out := out || format(E'<rect class="field" x="%s" y="%s" width="%s" height="%s"/>\n', pg_temp.at(9 + first_open * width), top - 46, pg_temp.at((n - first_open) * width), bottom - top + 46)
			|| pg_temp.text_at(98, top - 33, 'tick end', 'not final');
	END IF;
	out := out || pg_temp.levels(last, step, top, bottom, '%');
	IF first_since BETWEEN 1 AND n - 1 THEN
		x := 9 + first_since * width;
		out := out || pg_temp.line_at(x, x, top - 46, bottom, 'reference') || CASE WHEN x < 35 THEN pg_temp.text_at(x + 0.8, top - 33, 'tick start', start_label) ELSE pg_temp.text_at(x - 0.8, top - 33, 'tick end', start_label) END;
	END IF;

	SELECT k INTO every FROM unnest('{1,2,3,6,12,24,60,120}'::int[]) k WHERE n / k <= 5 ORDER BY k LIMIT 1;
	FOREACH p IN ARRAY points LOOP
		x := 9 + (i + 0.5) * width;
		out := out || format('<g class="%s">', CASE WHEN NOT p.final THEN 'open' WHEN p.month < start_at THEN 'before' ELSE 'since' END);
		IF p.low IS NOT NULL THEN
			out := out || format('<line class="whisker" x1="%1$s" x2="%1$s" y1="%2$s" y2="%3$s"/>', pg_temp.at(x),
				round((bottom - (bottom - top) * p.high / last)::numeric, 1), round((bottom - (bottom - top) * p.low / last)::numeric, 1));
		END IF;
		IF p.value IS NOT NULL THEN
			out := out || format('<circle class="month" cx="%s" cy="%s" r="4"><title>%s</title></circle>', pg_temp.at(x), round((bottom - (bottom - top) * p.value / last)::numeric, 1), p.title);
		END IF;
		out := out || E'</g>\n';
		IF (extract(year FROM p.month)::int * 12 + extract(month FROM p.month)::int - 1) % every = 0 THEN
			out := out || pg_temp.line_at(x, x, bottom, bottom + 5, 'axis') || CASE WHEN x < 88 THEN pg_temp.text_at(x, bottom + 18, 'tick middle', CASE WHEN every % 12 = 0 THEN to_char(p.month, 'YYYY') ELSE to_char(p.month, 'Mon YYYY') END) ELSE '' END;
		END IF;
		i := i + 1;
	END LOOP;

	first_open := coalesce(first_open, n);
	IF before_level IS NOT NULL AND first_since > 0 THEN
		out := out || pg_temp.line_at(9, 9 + least(first_since, first_open) * width, round((bottom - (bottom - top) * before_level / last)::numeric, 1), round((bottom - (bottom - top) * before_level / last)::numeric, 1), 'level before')
			|| pg_temp.text_at(9 + least(first_since, first_open) * width / 2, top - 14, 'strong middle', pg_temp.percentage(before_level) || ' before');
	END IF;
	IF since_level IS NOT NULL AND first_open > first_since THEN
		out := out || pg_temp.line_at(9 + first_since * width, 9 + first_open * width, round((bottom - (bottom - top) * since_level / last)::numeric, 1), round((bottom - (bottom - top) * since_level / last)::numeric, 1), 'level since')
			|| pg_temp.text_at(9 + (first_since + first_open) * width / 2, top - 14, 'strong middle', pg_temp.percentage(since_level) || CASE WHEN first_since > 0 THEN ' since' ELSE ' of all' END);
	END IF;
	RETURN pg_temp.svg('months', bottom + 24, says, out);
END $$;

-- Curves of a percentage over days with bands and, under the axis, how many remain. A curve stops where its data stops.
CREATE FUNCTION pg_temp.curves(curves pg_temp.curve[], says text, last_x float8, unit text, remaining_label text) RETURNS text LANGUAGE plpgsql STABLE AS $$
DECLARE
	top CONSTANT float8 := 8;
	bottom CONSTANT float8 := 220;
	last float8;
	step numeric;
	step_x numeric := pg_temp.step_of(last_x, 6);
	out text := '';
	paths text := '';
	c pg_temp.curve;
	line text;
	band text;
	i int;
	row int := 0;
BEGIN
	IF unit = 'days' AND last_x BETWEEN 60 AND 1500 THEN	-- months are what people count in
		step_x := CASE WHEN last_x <= 210 THEN 30 WHEN last_x <= 420 THEN 60 WHEN last_x <= 800 THEN 120 ELSE 180 END;
	END IF;
	SELECT least(100, greatest(max(v), 5)) INTO last FROM unnest(curves) k, unnest(k.y || k.high) v;
	step := pg_temp.step_of(last, 4);
	last := least(100, ceil(last::numeric / step) * step);
	out := pg_temp.levels(last, step, top, bottom, '%');
	FOR t IN 0 .. floor(last_x::numeric / step_x)::int LOOP
		out := out || pg_temp.line_at(9 + 89 * t * step_x / last_x, 9 + 89 * t * step_x / last_x, bottom, bottom + 5, 'axis')
			|| pg_temp.text_at(9 + 89 * t * step_x / last_x, bottom + 18, CASE WHEN t * step_x > 0.97 * last_x THEN 'tick end' WHEN t = 0 THEN 'tick start' ELSE 'tick middle' END, pg_temp.number(t * step_x) || CASE WHEN t = 0 THEN ' ' || unit ELSE '' END);
	END LOOP;

	FOREACH c IN ARRAY curves LOOP
		line := '';
		band := '';
		FOR i IN 1 .. cardinality(c.x) LOOP
			line := line || CASE WHEN i = 1 THEN 'M' ELSE format('H%s', round((1000 * c.x[i] / last_x)::numeric)) END
				|| CASE WHEN i = 1 THEN format('%s %s', round((1000 * c.x[i] / last_x)::numeric), round((1000 - 1000 * c.y[i] / last)::numeric)) ELSE format('V%s', round((1000 - 1000 * c.y[i] / last)::numeric)) END;
		END LOOP;
		SELECT 'M' || string_agg(format('%s %s', x, y), 'L' ORDER BY side, CASE side WHEN 1 THEN n ELSE -n END) || 'Z' INTO band
		FROM (SELECT 1 AS side, n, round((1000 * x / last_x)::numeric) AS x, round((1000 - 1000 * least(high, last) / last)::numeric) AS y FROM unnest(c.x, c.high) WITH ORDINALITY u(x, high, n) WHERE high IS NOT NULL
			  UNION ALL SELECT 2, n, round((1000 * x / last_x)::numeric), round((1000 - 1000 * low / last)::numeric) FROM unnest(c.x, c.low) WITH ORDINALITY u(x, low, n) WHERE low IS NOT NULL) b;
		paths := paths || CASE WHEN band IS NOT NULL THEN format(E'<path class="band %s" d="%s"/>\n', c.kind, band) ELSE '' END || format(E'<path class="curve %s" d="%s"/>\n', c.kind, line);
	END LOOP;
	out := out || format(E'<svg x="9%%" y="%s" width="89%%" height="%s" viewBox="0 0 1000 1000" preserveAspectRatio="none">\n%s</svg>\n', top, bottom - top, paths);

	FOREACH c IN ARRAY curves LOOP
		SELECT out || coalesce(string_agg(format(E'<circle class="month %s" cx="%s" cy="%s" r="3.5"><title>%s</title></circle>\n', c.kind, pg_temp.at(9 + 89 * x / last_x),
			round((bottom - (bottom - top) * y / last)::numeric, 1), title), '' ORDER BY n), '')
		INTO out FROM unnest(c.x, c.y, c.titles) WITH ORDINALITY u(x, y, title, n) WHERE x > 0 AND x <= last_x AND x::numeric % step_x = 0 AND title IS NOT NULL;
		SELECT out || coalesce(string_agg(pg_temp.text_at(9 + 89 * x / last_x, bottom + 36 + 16 * row, CASE WHEN x > 0.97 * last_x THEN 'tick end ' ELSE 'tick middle ' END || c.kind, remaining), '' ORDER BY n), '')
		INTO out FROM unnest(c.x, c.remaining) WITH ORDINALITY u(x, remaining, n) WHERE x <= last_x AND x::numeric % step_x = 0;
		row := row + 1;
	END LOOP;
	RETURN pg_temp.svg('curves', bottom + 26 + 16 * row, says, out);
END $$;

-- Counts as bars, two to an item.
CREATE FUNCTION pg_temp.bars(labels text[], says text[], one float8[], two float8[], titles text[], description text) RETURNS text LANGUAGE sql STABLE
RETURN (SELECT pg_temp.svg('bars', max(n) * 46 + 4, description, string_agg(
			pg_temp.text_at(0, (n - 1) * 46 + 15, 'label', label) || pg_temp.text_at(100, (n - 1) * 46 + 15, 'value end', said)
			|| format(E'<g><title>%s</title><rect class="one" x="0" y="%s" width="%s" height="9"/><rect class="two" x="0" y="%s" width="%s" height="9"/></g>\n', title,
				(n - 1) * 46 + 22, pg_temp.at(100 * coalesce(a, 0) / greatest(most, 1)), (n - 1) * 46 + 32, pg_temp.at(100 * coalesce(b, 0) / greatest(most, 1))), '' ORDER BY n))
		FROM (SELECT n, label, said, a, b, title, greatest(max(a) OVER (), max(b) OVER ()) AS most
			  FROM unnest(labels, says, one, two, titles) WITH ORDINALITY u(label, said, a, b, title, n)) x);
