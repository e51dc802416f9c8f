-- Conclusions in words, by rule: functions of the session, after words.sql. None knows a number; doc/report.md has the rules for people.

-- What an effect and its interval tell: up or down (the interval lies on one side of 0), none (it holds 0, and no end of it is further away than
-- half of the rate `base` that is to change), unsure (it holds 0 and reaches further), unknown (there is no interval).
CREATE FUNCTION pg_temp.tells(effect float8, low float8, high float8, base float8) RETURNS text LANGUAGE sql IMMUTABLE
RETURN CASE WHEN effect IS NULL OR low IS NULL OR high IS NULL THEN 'unknown' WHEN low > 0 THEN 'up' WHEN high < 0 THEN 'down'
	WHEN greatest(-low, high) <= base / 2 THEN 'none' ELSE 'unsure' END;

-- The same where p, adjusted for the number of comparisons, tells nothing: an interval beside 0 is unsure then.
CREATE FUNCTION pg_temp.tells_nothing(low float8, high float8, base float8) RETURNS text LANGUAGE sql IMMUTABLE
RETURN CASE WHEN low IS NULL OR high IS NULL THEN 'unknown' WHEN low <= 0 AND high >= 0 AND greatest(-low, high) <= base / 2 THEN 'none' ELSE 'unsure' END;

-- names in a sentence: three at most
CREATE FUNCTION pg_temp.named(names text[], conjunction text DEFAULT 'and') RETURNS text LANGUAGE sql IMMUTABLE STRICT
RETURN CASE WHEN cardinality(names) <= 3 THEN replace(pg_temp.listed(names), ' and ', ' ' || conjunction || ' ')
	ELSE names[1] || ', ' || names[2] || ' ' || conjunction || ' ' || cardinality(names) - 2 || ' others' END;

-- Do the platforms that went the way of the change account for most of it? raised and lowered: their effects in points of all deals since the programme.
CREATE FUNCTION pg_temp.whole(change text, difference float8, raised float8, lowered float8) RETURNS boolean LANGUAGE sql IMMUTABLE
RETURN coalesce(CASE change WHEN 'up' THEN raised WHEN 'down' THEN lowered END / nullif(difference, 0) >= 0.8, false);

-- The verdict. `change` tells what happened to all deals (NULL: there is no before and since); the lists are the platforms by what their effects tell; `whole`:
-- the platforms that went the same way account for most of the change.
CREATE FUNCTION pg_temp.verdict(change text, ups text[], downs text[], nones text[], unsures text[], whole boolean) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
	same text[] := CASE change WHEN 'up' THEN ups WHEN 'down' THEN downs ELSE '{}' END;
	against text[] := CASE change WHEN 'up' THEN downs WHEN 'down' THEN ups ELSE '{}' END;
	clauses text[] := '{}';
	start text := CASE change WHEN 'up' THEN 'Conversion rose' WHEN 'down' THEN 'Conversion fell' WHEN 'none' THEN 'No measurable change in conversion'
		WHEN 'unsure' THEN 'Too little data to tell whether conversion changed' WHEN 'unknown' THEN 'Too little data to tell whether conversion changed' END;
	several boolean;
BEGIN
	IF change IN ('up', 'down') THEN
		IF same <> '{}' THEN
			clauses := clauses || (pg_temp.named(same) || CASE WHEN cardinality(same) > 1 THEN ' explain ' ELSE ' explains ' END || CASE WHEN whole THEN 'it' ELSE 'part of it' END);
			IF nones <> '{}' THEN
				clauses := clauses || (pg_temp.named(nones) || CASE WHEN cardinality(nones) > 1 THEN ' do not' ELSE ' does not' END);
			END IF;
		ELSIF nones <> '{}' THEN
			clauses := clauses || ('no sign that ' || pg_temp.named(nones, 'or') || ' caused it');
		END IF;
		IF against <> '{}' THEN
			clauses := clauses || (pg_temp.named(against) || CASE WHEN cardinality(against) > 1 THEN ' work' ELSE ' works' END || ' against it');
		END IF;
	ELSE
		several := cardinality(ups) > 1;
		IF ups <> '{}' THEN
			clauses := clauses || (pg_temp.named(ups) || CASE WHEN several THEN ' raise it' ELSE ' raises it' END);
		END IF;
		several := cardinality(downs) > 1;
		IF downs <> '{}' THEN
			clauses := clauses || (pg_temp.named(downs) || CASE WHEN several THEN ' lower it' ELSE ' lowers it' END);
		END IF;
		IF nones <> '{}' THEN
			clauses := clauses || CASE WHEN clauses <> '{}' THEN pg_temp.named(nones) || CASE WHEN cardinality(nones) > 1 THEN ' show no effect' ELSE ' shows no effect' END
				ELSE 'no sign of an effect of ' || pg_temp.named(nones, 'or') END;
		END IF;
	END IF;
	IF unsures <> '{}' AND (clauses <> '{}' OR change IN ('up', 'down', 'none')) THEN
		clauses := clauses || ('too little data on ' || pg_temp.named(unsures));
	END IF;
	IF ups || downs || nones || unsures = '{}' AND change IN ('up', 'down') THEN
		clauses := ARRAY['there are no teams to compare that would tell why'];
	END IF;
	IF start IS NULL AND clauses = '{}' THEN
		RETURN CASE WHEN unsures <> '{}' THEN 'Too little data on ' || pg_temp.named(unsures) END;
	ELSIF start IS NULL THEN		-- no before and since: the platforms alone
		start := 'Conversion by platform';
		RETURN start || ': ' || array_to_string(clauses, ', ');
	END IF;
	RETURN start || CASE WHEN clauses = '{}' THEN '' ELSE '; ' || array_to_string(clauses, ', ') END;
END $$;

-- a difference of days in words
CREATE FUNCTION pg_temp.days_fewer(difference float8) RETURNS text LANGUAGE sql IMMUTABLE STRICT
RETURN pg_temp.number(abs(difference), 1) || CASE WHEN difference < 0 THEN ' days fewer' ELSE ' days more' END;
