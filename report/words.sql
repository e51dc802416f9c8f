-- Words of the page: numbers, dates and lists for people, as functions of the session (pg_temp).
-- Every text that they take and give is HTML. A label of the data becomes HTML by escaped(), once, where page.sql reads it.
-- All characters are ASCII and entities, so that the page can be made in a database of any encoding.

-- a label of the data as HTML; a control character, which no document may hold, becomes a space
CREATE FUNCTION pg_temp.escaped(label text) RETURNS text LANGUAGE sql IMMUTABLE STRICT
RETURN replace(replace(replace(replace(regexp_replace(label, '[\x01-\x1f\x7f]+', ' ', 'g'), '&', '&amp;'), '<', '&lt;'), '>', '&gt;'), '"', '&quot;');

-- the same, cut to what a picture has room for
CREATE FUNCTION pg_temp.shortened(label text, characters int DEFAULT 28) RETURNS text LANGUAGE sql IMMUTABLE
RETURN CASE WHEN char_length(label) <= characters THEN pg_temp.escaped(label) ELSE pg_temp.escaped(left(label, characters - 1)) || '&#8230;' END;

-- 12,345; with digits 12,345.6; below zero a minus sign; never a minus before 0
CREATE FUNCTION pg_temp.number(value numeric, digits int DEFAULT 0) RETURNS text LANGUAGE sql IMMUTABLE STRICT
RETURN CASE WHEN round(value, digits) < 0 THEN '&#8722;' ELSE '' END
	|| to_char(abs(round(value, digits)), 'FM999,999,999,999,999,999,990' || CASE WHEN digits > 0 THEN '.' || repeat('0', digits) ELSE '' END);
CREATE FUNCTION pg_temp.number(value float8, digits int DEFAULT 0) RETURNS text LANGUAGE sql IMMUTABLE STRICT
RETURN pg_temp.number(value::numeric, digits);

-- the same with its sign: a difference
CREATE FUNCTION pg_temp.signed(value float8, digits int DEFAULT 1) RETURNS text LANGUAGE sql IMMUTABLE STRICT
RETURN CASE WHEN round(value::numeric, digits) > 0 THEN '+' ELSE '' END || pg_temp.number(value, digits);

-- 15.9%
CREATE FUNCTION pg_temp.percentage(value float8, digits int DEFAULT 1) RETURNS text LANGUAGE sql IMMUTABLE STRICT
RETURN pg_temp.number(value, digits) || '%';

-- an interval: 2.3 to 4.7
CREATE FUNCTION pg_temp.between(low float8, high float8, digits int DEFAULT 1) RETURNS text LANGUAGE sql IMMUTABLE STRICT
RETURN pg_temp.number(low, digits) || ' to ' || pg_temp.number(high, digits);

-- 12,400 as an amount of money: three digits that count, in thousands or millions where it is large
CREATE FUNCTION pg_temp.money(value numeric, currency text, plus boolean DEFAULT false) RETURNS text LANGUAGE sql IMMUTABLE
RETURN coalesce(pg_temp.escaped(currency) || '&#160;', '') || CASE WHEN plus AND round(value) > 0 THEN '+' ELSE '' END || CASE
	WHEN abs(value) >= 1e9 THEN pg_temp.number(value / 1e9, 2) || ' bn'
	WHEN abs(value) >= 1e6 THEN pg_temp.number(value / 1e6, CASE WHEN abs(value) >= 1e8 THEN 0 WHEN abs(value) >= 1e7 THEN 1 ELSE 2 END) || ' m'
	ELSE pg_temp.number(value) END;

-- 1 team, 2 teams
CREATE FUNCTION pg_temp.counted(n bigint, one text, many text DEFAULT NULL) RETURNS text LANGUAGE sql IMMUTABLE
RETURN pg_temp.number(n) || ' ' || CASE WHEN n = 1 THEN one ELSE coalesce(many, one || 's') END;

-- A, B and C
CREATE FUNCTION pg_temp.listed(items text[]) RETURNS text LANGUAGE sql IMMUTABLE STRICT
RETURN CASE WHEN cardinality(items) < 2 THEN items[1]
	ELSE array_to_string(items[: cardinality(items) - 1], ', ') || ' and ' || items[cardinality(items)] END;

-- 1 July 2024
CREATE FUNCTION pg_temp.day(at date) RETURNS text LANGUAGE sql IMMUTABLE STRICT
RETURN to_char(at, 'FMDD FMMonth YYYY');

-- Which way an effect goes, as far as its interval tells: up, down, none (the interval holds 0), unknown (there is no interval).
CREATE FUNCTION pg_temp.direction(low float8, high float8) RETURNS text LANGUAGE sql IMMUTABLE
RETURN CASE WHEN low IS NULL OR high IS NULL THEN 'unknown' WHEN low > 0 THEN 'up' WHEN high < 0 THEN 'down' ELSE 'none' END;

-- how surprising: 0.0123, and < 0.0001 below that
CREATE FUNCTION pg_temp.chance(p float8) RETURNS text LANGUAGE sql IMMUTABLE STRICT
RETURN CASE WHEN p < 0.0001 THEN '&lt; 0.0001' ELSE pg_temp.number(p, 4) END;

-- a text with a capital first
CREATE FUNCTION pg_temp.capital(says text) RETURNS text LANGUAGE sql IMMUTABLE STRICT
RETURN upper(left(says, 1)) || substr(says, 2);
