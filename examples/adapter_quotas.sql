-- Quotas and who attains them: what the adapters beside this file have in common. An adapter includes it after adapter.sql,
-- with the views
--
--   staff        rep_id, name, hired_at, left_at
--   quota_rows   rep_id, start_date date, quota: a quota from that day on, until the next row of the rep
--   closed_deals rep_id, deal, kind (won or lost), at, amount
--
-- and the psql variables zone, has_hired (is there a day of hire?) and, where the user gave them, period and
-- fiscal_year_start. It makes
--
--   quota_periods         starts_on, ends_on: the periods, from the first hire to as of
--   quotas                rep_id, starts_on, quota: the rows as they are, those of one period added up
--   reps                  rep, hired_at, left_at, quota, ramp, period, history, name, fiscal_year_start, calendar, quotas, rep_id
--   attainments           rep_id, name, hired_at, attainment
--
-- the last one only with a day of hire.

\if :{?period}
\else
	\set period ''
\endif
\if :{?fiscal_year_start}
\else
	\set fiscal_year_start ''
\endif
SELECT set_config('adapter.period', :'period', true), set_config('adapter.fiscal_year_start', :'fiscal_year_start', true) \gset unused_

-- TRAP: quotas may be of months, quarters or years, and of a fiscal year that begins in February. The distance between the
-- rows of a rep says how long the periods are, and the months in which they begin where the year does. Where they begin on
-- other days (4-4-5), they are the calendar.
CREATE TEMP TABLE usual ON COMMIT DROP AS
SELECT period, starts,
       CASE WHEN starts AND period = 'quarter' THEN (SELECT mode() WITHIN GROUP (ORDER BY (extract(month FROM start_date)::int - 1) % 3 + 1) FROM quota_rows)
            WHEN starts AND period = 'year' THEN (SELECT mode() WITHIN GROUP (ORDER BY extract(month FROM start_date)::int) FROM quota_rows)
            ELSE 1 END AS fiscal_year_start
FROM (SELECT CASE WHEN min(days) >= 350 THEN 'year' WHEN min(days) >= 80 THEN 'quarter' ELSE 'month' END AS period, bool_and(extract(day FROM start_date) = 1) AS starts
      FROM (SELECT start_date, nullif(start_date - lag(start_date) OVER (PARTITION BY rep_id ORDER BY start_date), 0) AS days FROM quota_rows) AS distance) AS seen;

DO $$
DECLARE
	given CONSTANT text := current_setting('adapter.period');
	begins CONSTANT text := current_setting('adapter.fiscal_year_start');
	usual record;
	odd date;
BEGIN
	IF given NOT IN ('', 'month', 'quarter', 'year') THEN
		RAISE invalid_parameter_value USING MESSAGE = 'period must be month, quarter or year', HINT = 'Nothing was created.';
	END IF;
	IF begins !~ '^(|[1-9]|1[0-2])$' THEN
		RAISE invalid_parameter_value USING MESSAGE = format('fiscal_year_start must be a month from 1 to 12, not %s', begins), HINT = 'Nothing was created.';
	END IF;
	SELECT * INTO usual FROM pg_temp.usual;
	IF given <> '' AND array_position('{month,quarter,year}', given) < array_position('{month,quarter,year}', usual.period) THEN
		RAISE invalid_parameter_value USING MESSAGE = format('period %s is shorter than that of the quotas, %s', given, usual.period), HINT = 'Nothing was created.';
	END IF;
	IF usual.starts AND usual.period <> 'month' AND (given <> '' OR begins <> '') THEN
		SELECT start_date INTO odd FROM quota_rows
		WHERE (extract(month FROM start_date)::int - coalesce(nullif(begins, '')::int, CASE WHEN given = usual.period THEN usual.fiscal_year_start ELSE 1 END) + 12)
		      % CASE usual.period WHEN 'quarter' THEN 3 ELSE 12 END <> 0
		ORDER BY start_date LIMIT 1;
		IF odd IS NOT NULL THEN
			RAISE invalid_parameter_value USING MESSAGE = format('the quota of the %s from %s does not fit a year that begins in month %s', usual.period, odd,
			                                                     coalesce(nullif(begins, ''), '1')),
				HINT = 'Nothing was created. Name the month with psql -v fiscal_year_start=.';
		END IF;
	END IF;
END $$;

SELECT CASE WHEN :'period' <> '' THEN :'period' ELSE period END AS period,
       CASE WHEN :'fiscal_year_start' <> '' THEN :'fiscal_year_start' ELSE CASE WHEN :'period' IN ('', period) THEN fiscal_year_start ELSE 1 END::text END AS fiscal_year_start,
       :'period' <> '' OR starts IS NOT FALSE AND NOT EXISTS (
           SELECT FROM quota_rows WHERE usual.period <> 'month' AND (extract(month FROM start_date)::int - usual.fiscal_year_start + 12) % CASE usual.period WHEN 'quarter' THEN 3 ELSE 12 END <> 0) AS regular
FROM usual \gset

CREATE OR REPLACE FUNCTION period_start(day date) RETURNS date LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (date_trunc(:'period', day - make_interval(months => :fiscal_year_start - 1)) + make_interval(months => :fiscal_year_start - 1))::date;
COMMENT ON FUNCTION period_start(date) IS 'the first day of the period of quotas that the day is in';

CREATE OR REPLACE VIEW quota_periods AS
WITH seen AS (
	SELECT least((SELECT min((hired_at AT TIME ZONE :'zone')::date) FROM staff WHERE rep_id IN (SELECT rep_id FROM quota_rows)), (SELECT min(start_date) FROM quota_rows)) AS first_day,
	       greatest((at AT TIME ZONE :'zone')::date, (SELECT max(start_date) FROM quota_rows)) AS last_day
	FROM synced
)
\if :regular
SELECT starts_on::date AS starts_on, (starts_on + step)::date AS ends_on
FROM seen, (SELECT CASE :'period' WHEN 'month' THEN interval '1 month' WHEN 'quarter' THEN '3 months' ELSE '1 year' END) AS s (step),
     generate_series(period_start(first_day)::timestamp, period_start(last_day)::timestamp, step) AS starts_on;
\else
-- before the first row there is one long period without a quota; behind the last one the periods go on as long as that one
, known AS (
	SELECT start_date AS starts_on, lag(start_date) OVER (ORDER BY start_date) AS before FROM (SELECT DISTINCT start_date FROM quota_rows) AS q
), start AS (
	SELECT starts_on FROM known
	UNION
	SELECT first_day FROM seen
	UNION
	SELECT starts_on + step * length
	FROM (SELECT starts_on, coalesce(starts_on - before, 30) AS length FROM known ORDER BY starts_on DESC LIMIT 1) AS l, seen, generate_series(1, (last_day - starts_on) / length + 1) AS step
)
SELECT starts_on, ends_on FROM (SELECT starts_on, lead(starts_on) OVER (ORDER BY starts_on) AS ends_on FROM start) AS s WHERE ends_on IS NOT NULL;
\endif
COMMENT ON VIEW quota_periods IS 'the periods of quotas, the last day of each being the one before ends_on';

CREATE OR REPLACE VIEW quotas AS
SELECT rep_id, starts_on, sum(quota) AS quota FROM quota_rows JOIN quota_periods ON start_date >= starts_on AND start_date < ends_on GROUP BY 1, 2;
COMMENT ON VIEW quotas IS 'the quota of each rep and period, where there is one';

-- A quota holds from its period until the next one of the rep. Before the first there is none: such a period cannot be
-- attained, and neither can one with a quota of 0. Calendar and quotas say so for each period; quota and ramp say the same from
-- the period of hire on, and are NULL where periods are neither months nor quarters nor years.
CREATE OR REPLACE VIEW reps AS
WITH own AS MATERIALIZED (
	SELECT * FROM quotas
), filled AS (
	SELECT rep_id, starts_on, ends_on, max(quota) OVER (PARTITION BY rep_id, nth) AS quota, max(starts_on) FILTER (WHERE quota IS NOT NULL) OVER (PARTITION BY rep_id) AS last_on
	FROM (SELECT rep_id, starts_on, ends_on, quota, count(quota) OVER (PARTITION BY rep_id ORDER BY starts_on) AS nth
	      FROM (SELECT rep_id FROM own GROUP BY rep_id HAVING max(quota) > 0) AS r CROSS JOIN quota_periods LEFT JOIN own USING (rep_id, starts_on)) AS q
), plan AS (
	SELECT rep_id, array_agg(starts_on ORDER BY starts_on) || max(ends_on) AS calendar, array_agg(quota ORDER BY starts_on) AS quotas,
	       array_agg(coalesce(quota, 0) ORDER BY starts_on) FILTER (WHERE ends_on > (hired_at AT TIME ZONE :'zone')::date AND starts_on < last_on) AS ramp,
	       max(quota) FILTER (WHERE starts_on = last_on) AS last_quota
	FROM filled JOIN staff USING (rep_id) GROUP BY rep_id
), book AS (
	SELECT rep_id, history_agg(kind, at, amount, deal) AS history FROM closed_deals GROUP BY rep_id
)
\if :regular
SELECT rep_id::text AS rep, hired_at, left_at, nullif(last_quota, 0) AS quota, ramp, :'period' AS period, history, name, :fiscal_year_start AS fiscal_year_start, calendar, quotas, rep_id
\else
SELECT rep_id::text AS rep, hired_at, left_at, NULL::numeric AS quota, NULL::numeric[] AS ramp, NULL AS period, history, name, NULL::int AS fiscal_year_start, calendar, quotas, rep_id
\endif
FROM plan JOIN staff USING (rep_id) LEFT JOIN book USING (rep_id);
COMMENT ON VIEW reps IS 'who has a quota, since when, and which; and the closed deals';

\if :has_hired
	CREATE OR REPLACE VIEW attainments AS
	SELECT rep_id, name, hired_at, quota_attainment(history, hired_at, NULL, as_of => synced.at, left_at => left_at, zone => :'zone', calendar => calendar, quotas => quotas) AS attainment
	FROM reps, synced;
	COMMENT ON VIEW attainments IS 'how far each rep is on the way to quota';
\else
	DROP VIEW IF EXISTS attainments;
\endif
