-- The data of the benchmark, the same for the same number of deals: psql -v deals=N -v schema=S -f generate.sql
-- No two stages of a deal fall on one instant, none is skipped, and a stage that occurs again does so later: there
-- windowFunnel, min(at) FILTER and deal_progress with its default options are one definition.

CREATE SCHEMA :schema;
SET search_path = :schema;

-- from 0 to just below 1: the draw `which` of row i
CREATE FUNCTION draw(i bigint, which bigint) RETURNS double precision LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN (hashint8extended(i, which) & 1048575) / 1048576::double precision;
-- waiting times of so many days on average, in whole seconds, never 0
CREATE FUNCTION wait(i bigint, which bigint, days double precision) RETURNS interval LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN (1 + floor(-86400 * days * ln(1 - draw(i, which)))) * interval '1 second';

-- stages reached: 1 lead ... 5 won; lost where a deal ended before that
CREATE TEMP TABLE life AS
SELECT deal, depth, lead, mql, sql, opportunity,
	opportunity + wait(deal, 14, 18) AS won,
	(ARRAY[lead, mql, sql, opportunity])[depth] + wait(deal, 15, 21) AS lost
FROM (SELECT deal, lead, mql, sql, sql + wait(deal, 13, 10) AS opportunity,
		1 + (d < 0.60)::int + (d < 0.38)::int + (d < 0.26)::int + (d < 0.08)::int AS depth
	FROM (SELECT deal, d, lead, mql, mql + wait(deal, 12, 12) AS sql
		FROM (SELECT deal, d, lead, lead + wait(deal, 11, 9) AS mql
			FROM (SELECT i AS deal, draw(i, 1) AS d, timestamptz '2024-01-01 00:00:00Z'
					+ floor(730 * 86400 * ((i - 1 + 100 * draw(i, 2)) / (:deals + 100::double precision))) * interval '1 second' AS lead
				FROM generate_series(1::bigint, :deals) AS i) AS a) AS b) AS c) AS d;
ANALYZE life;

CREATE UNLOGGED TABLE event AS
SELECT deal, kind, at
FROM (SELECT deal, 'lead' AS kind, lead AS at FROM life
	UNION ALL SELECT deal, 'mql', mql FROM life WHERE depth >= 2
	UNION ALL SELECT deal, 'mql', mql + wait(deal, 21, 5) FROM life WHERE depth >= 2 AND draw(deal, 31) < 0.1
	UNION ALL SELECT deal, 'sql', sql FROM life WHERE depth >= 3
	UNION ALL SELECT deal, 'opportunity', opportunity FROM life WHERE depth >= 4
	UNION ALL SELECT deal, 'opportunity', opportunity + wait(deal, 22, 5) FROM life WHERE depth >= 4 AND draw(deal, 32) < 0.2
	UNION ALL SELECT deal, 'won', won FROM life WHERE depth = 5
	UNION ALL SELECT deal, 'lost', lost FROM life WHERE depth < 5 AND draw(deal, 33) < 0.75
	UNION ALL SELECT deal, 'meeting', lead + wait(deal, 40 + n, 25) FROM life, generate_series(1, 3) AS n WHERE draw(deal, 50 + n) < 0.34
	UNION ALL SELECT deal, 'e-mail', lead + wait(deal, 60 + n, 25) FROM life, generate_series(1, 5) AS n WHERE draw(deal, 70 + n) < 0.216) AS e
WHERE at < timestamptz '2026-01-01 00:00:00Z'
ORDER BY at, deal, kind;

-- deals that were decided or not, and who else was considered: none to three of thirty names
CREATE UNLOGGED TABLE deal AS
SELECT deal, CASE WHEN depth = 5 THEN true WHEN draw(deal, 33) < 0.75 THEN false END AS won,
	ARRAY(SELECT 'competitor ' || (floor(30 * draw(deal, 80)^2)::int + 7 * n) % 30 FROM generate_series(1, floor(4 * draw(deal, 81))::int) AS n) AS competitors
FROM life ORDER BY deal;

-- five times as many finished cycles: when, how many whole days, with or without success, for how much, by which of 40
-- teams, and from when on that team had what was rolled out
CREATE UNLOGGED TABLE cycle AS
SELECT i AS cycle, started_at, started_at + wait(i, 90, 40) AS ended_at,
	floor(extract(epoch FROM wait(i, 90, 40)) / 86400)::int AS days, draw(i, 91) < 0.3 AS won,
	round((10 + 990 * draw(i, 92))::numeric, 2) AS amount, 'team ' || i % 40 AS team,
	CASE WHEN i % 40 < 30 THEN date '2024-07-01' + (i % 40)::int / 5 * 31 END AS adopted_on, date_trunc('month', started_at, 'UTC')::date AS month
FROM (SELECT i, timestamptz '2024-01-01 00:00:00Z' + floor(600 * 86400 * (i / (5.0 * :deals))::double precision) * interval '1 second' AS started_at
	FROM generate_series(1::bigint, 5 * :deals) AS i) AS c
ORDER BY i;
DROP TABLE life;
VACUUM ANALYZE event, deal, cycle;
