# Cycles, exposure and quota against plain SQL on random cases: the definitions
# written down once more, in SQL alone. And memory
# that does not grow with the rows.
#
# SEED and CASES in the environment choose other cases, ROWS the length of the long run.

use lib 'test/lib';
use Suite qw(database);

my $seed = $ENV{SEED} // 20260305;
my $cases = $ENV{CASES} // 1000;
my $rows = $ENV{ROWS} // 10_000_000;

my $node = database();
note "seed $seed: $cases cases";

# a query that finds nothing
sub nothing
{
	my ($name, $query) = @_;
	my $started = time;
	my ($stdout, $stderr);
	my $rc = $node->psql('postgres', "SELECT * FROM ($query) x LIMIT 5", stdout => \$stdout, stderr => \$stderr, on_error_stop => 1, timeout => $PostgreSQL::Test::Utils::timeout_default);
	ok($rc == 0 && $stdout eq '', sprintf('%s (%.1f s)', $name, time - $started));
	diag("$name: $stderr$stdout") if $rc || $stdout ne '';
}

#
# Deals: 0 to 12 events, few instants so that they tie, of few kinds so that options meet them.
#
$node->safe_psql('postgres', qq{
SELECT setseed(@{[ ($seed % 100003) / 100003 ]});
CREATE TABLE deal AS SELECT g, floor(random() * 13)::int AS n, (ARRAY[1, 12, 400])[1 + floor(random() * 3)] AS span, random() < 0.5 AS by_day FROM generate_series(1, $cases) g;
CREATE TABLE event AS SELECT row_number() OVER () AS id, g, (ARRAY['lead', 'opportunity', 'won', 'lost', 'content', 'Nachricht'])[1 + floor(random() * 6)] AS kind,
	timestamptz '2026-01-01' + CASE WHEN by_day THEN floor(span * random()) * interval '1 day' ELSE floor(span * 86400 * random() * 1000) * interval '1 millisecond' END AS at,
	CASE WHEN random() < 0.6 THEN (ARRAY['x', 'y'])[1 + floor(random() * 2)] END AS subject
FROM deal, generate_series(1, n);
CREATE INDEX ON event (g);
CREATE TABLE history AS SELECT g, coalesce(history_agg(kind, at, NULL, subject), '{}') AS h FROM deal LEFT JOIN event USING (g) GROUP BY g;
ANALYZE;
});

my @cycles = (
	[ "'{opportunity}'", "'{won}'", "'{lost}'", "'2026-12-31'", 'day' ],
	[ "'{opportunity}'", "'{won,lost}'", "'{}'", "'2026-01-06'", 'hour' ],
	[ "'{lead}'", "'{opportunity,Nachricht}'", "'{lost}'", "'2026-03-01'", 'day' ],
	[ "'{content}'", "'{content}'", "'{lost,won}'", "'2026-12-31'", 'minute' ],
	[ "'{content,lead}'", "'{content,won}'", "'{lost,lead}'", "'2026-12-31'", 'day' ],
	[ "'{Nachricht,won}'", "'{lead}'", "'{Nachricht}'", "'2026-01-20 12:00'", 'second' ]);
my $number = 0;
for my $options (@cycles)
{
	my ($from, $to, $unless, $as_of, $unit) = @$options;
	my $name = "from $from to $to unless $unless";
	my $arguments = "from_kinds => $from, to_kinds => $to, unless => $unless, as_of => $as_of, unit => '$unit'";
	$number++;
	$node->safe_psql('postgres', qq{
CREATE TABLE plain_$number AS
WITH started AS (SELECT g, min(at) AS start, max(at) FILTER (WHERE at <= $as_of) AS last_start FROM event WHERE kind = ANY ($from) GROUP BY g HAVING min(at) <= $as_of),
ended AS (
	SELECT g, start,
		(SELECT min(e.at) FROM event f JOIN event e ON e.g = f.g AND e.id <> f.id
		 WHERE f.g = s.g AND f.kind = ANY ($from) AND f.at = start AND e.kind = ANY ($to) AND e.at BETWEEN start AND $as_of) AS to_at,
		(SELECT min(e.at) FROM event f JOIN event e ON e.g = f.g AND e.id <> f.id
		 WHERE f.g = s.g AND f.kind = ANY ($from) AND f.at = start AND e.kind = ANY ($unless) AND e.at BETWEEN last_start AND $as_of) AS unless_at,
		(SELECT min(at) FROM event e WHERE e.g = s.g AND kind = 'content' AND subject = 'x') AS exposed_at
	FROM started s)
SELECT g, start, exposed_at, coalesce(to_at, unless_at, $as_of) AS until,
	CASE WHEN to_at IS NOT NULL THEN 'event' WHEN unless_at IS NOT NULL THEN 'competing' ELSE 'censored' END AS status
FROM ended;
CREATE TABLE read_$number AS SELECT g, deal_cycle(h, $arguments) AS c FROM history;
CREATE TABLE split_$number AS SELECT g, exposed, cycle AS c FROM history, deal_exposure(h, 'content', 'x', $arguments);
});
	nothing("cycle $name", qq{SELECT g, p.*, c FROM read_$number r FULL JOIN plain_$number p USING (g)
		WHERE (start, until, until - start, status, CASE status WHEN 'censored' THEN NULL ELSE until END)
			IS DISTINCT FROM (started_at(c), observed_until(c), duration(c), status(c), ended_at(c))});
	nothing("exposure $name", qq{SELECT * FROM
		(SELECT g, false AS exposed, start, NULL::timestamptz AS entered, least(until, exposed_at) AS until, CASE WHEN exposed_at < until THEN 'censored' ELSE status END AS status
		 FROM plain_$number WHERE start < coalesce(exposed_at, 'infinity')
		 UNION ALL
		 SELECT g, true, start, nullif(greatest(exposed_at, start), start), until, status FROM plain_$number WHERE exposed_at <= start OR exposed_at < until) p
		FULL JOIN split_$number s USING (g, exposed)
		WHERE (start, entered, p.until, p.status) IS DISTINCT FROM (started_at(c), entered_at(c), observed_until(c), status(c))});

	# what a summary of them counts: by unit, at risk, and in the mean
	my $units = "floor(extract(epoch FROM %s - start) / extract(epoch FROM interval '1 $unit'))";
	for my $exposed ('whole', 'false', 'true')
	{
		my $source = $exposed eq 'whole' ? "read_$number" : "split_$number WHERE exposed = $exposed";
		my $people = "(SELECT status(c) AS status, " . sprintf($units =~ s/start/started_at(c)/r, 'observed_until(c)') . " AS stop, "
		  . sprintf($units =~ s/start/started_at(c)/r, 'entered_at(c)') . " AS enter, extract(epoch FROM duration(c)) AS seconds FROM $source" . ($exposed eq 'whole' ? ' WHERE' : ' AND') . " c IS NOT NULL)";
		nothing("at risk, $exposed, $name", qq{SELECT c.*, n.* FROM (SELECT duration_agg(c) AS d FROM $source) x, curve(d) c,
			LATERAL (SELECT count(*) FILTER (WHERE stop >= elapsed) AS at_risk, count(*) FILTER (WHERE stop = elapsed AND status = 'event') AS events,
				count(*) FILTER (WHERE stop = elapsed AND status = 'competing') AS competing
			 FROM $people p WHERE coalesce(enter < elapsed AND enter < stop, enter IS NULL)) n
			WHERE (c.at_risk, c.events, c.competing) IS DISTINCT FROM (n.at_risk, n.events, n.competing)});
		nothing("counts and mean, $exposed, $name", qq{SELECT d, n.* FROM (SELECT duration_agg(c) AS d FROM $source) x,
			LATERAL (SELECT count(*) FILTER (WHERE status = 'event') AS events, count(*) FILTER (WHERE status = 'competing') AS competing, count(*) FILTER (WHERE status = 'censored') AS censored,
				avg(seconds) FILTER (WHERE status = 'event') / extract(epoch FROM interval '1 $unit') AS mean FROM $people p) n
			WHERE (observed(d), competing(d), censored(d)) IS DISTINCT FROM (events, competing, censored) OR abs(mean(d) - mean) > 1e-9 * abs(mean) OR (mean(d) IS NULL) <> (mean IS NULL)});
	}
	nothing("median of those without an unfinished one, $name", qq{SELECT m, d FROM (SELECT median(duration_agg(c)) AS m, percentile_cont(0.5) WITHIN GROUP (ORDER BY @{[ sprintf($units =~ s/start/started_at(c)/r, 'ended_at(c)') ]}) AS d
		FROM read_$number WHERE status(c) = 'event') x WHERE m IS DISTINCT FROM d});
	nothing("forms of a cycle, $name", qq{SELECT c FROM (SELECT c FROM read_$number UNION ALL SELECT c FROM split_$number) x
		WHERE NOT (record_image_eq(ROW(c), ROW(c::text::deal_cycle)) AND record_image_eq(ROW(c), ROW(c::jsonb::deal_cycle)))});
}

#
# Reps: 0 to 30 events of deals, of few subjects and few instants so that deals are restated, corrected, lost and won again,
# in zones whose clocks go back at midnight and worse; fiscal years, calendars with quotas of their own, periods without one.
#
$node->safe_psql('postgres', qq{
SELECT setseed(@{[ ($seed % 100003) / 100003 ]});
CREATE TABLE rep AS
SELECT g, hired_at, greatest(hired_at, hired_at + (random() * 1400 - 100) * interval '1 day') AS as_of, CASE WHEN random() < 0.3 THEN hired_at + random() * 900 * interval '1 day' END AS left_at,
	round((random() * 200 + 1)::numeric, floor(random() * 6)::int) AS quota, (ARRAY[0.5, 0.8, 1, 1.25])[1 + floor(random() * 4)] AS threshold, 1 + floor(power(random(), 2) * 3)::int AS sustained,
	(ARRAY[NULL, 'month', 'quarter', 'year', 'calendar'])[1 + floor(random() * 5)] AS period, ramp, (ARRAY['UTC', 'Europe/Berlin', 'America/St_Johns', 'Asia/Kathmandu', 'Pacific/Apia', 'America/New_York', 'Asia/Damascus'])[1 + floor(random() * 7)] AS zone,
	1 + floor(power(random(), 2) * 12)::int AS fiscal_year_start, calendar, quotas, random() < 0.5 AS own_quotas
FROM generate_series(1, $cases) g,
	LATERAL (SELECT CASE WHEN g % 50 = 0 THEN timestamptz '2009-11-01 01:31+00' + floor(random() * 120) * interval '1 minute'
		ELSE timestamptz '2008-06-01' + floor(random() * 900 * 1440) * interval '1 minute' END AS hired_at) h,
	LATERAL (SELECT CASE WHEN random() < 0.5 THEN ARRAY(SELECT CASE WHEN random() < 0.8 THEN round((10 + random() * 60)::numeric, 2) ELSE 0 END FROM generate_series(1, (random() * 5)::int) WHERE g > 0) END AS ramp) r,
	LATERAL (SELECT array_agg(DISTINCT date '2008-01-01' + i * 28 + floor(random() * 28)::int + 0 * g) AS calendar FROM generate_series(0, 64) i) c,
	LATERAL (SELECT array_agg(CASE WHEN random() < 0.1 THEN NULL WHEN random() < 0.8 THEN round((5 + random() * 40)::numeric, 2) ELSE 0 END) AS quotas FROM generate_series(2, cardinality(calendar))) q;
UPDATE rep SET sustained = 1, ramp = NULL, fiscal_year_start = 1 WHERE period IS NULL;
UPDATE rep SET period = NULL, fiscal_year_start = 1 WHERE period = 'calendar';
UPDATE rep SET calendar = NULL, quotas = NULL WHERE period IS NOT NULL OR g % 2 = 0;
UPDATE rep SET ramp = NULL, sustained = 1 WHERE period IS NULL AND calendar IS NULL;
UPDATE rep SET quotas = NULL WHERE NOT own_quotas;
UPDATE rep SET quota = NULL, ramp = NULL WHERE quotas IS NOT NULL;
CREATE TABLE closed AS
SELECT row_number() OVER () AS id, x.* FROM (
SELECT g, (ARRAY['won', 'won', 'won', 'lost', 'note'])[1 + floor(random() * 5)] AS kind, CASE WHEN i % 3 = 0 THEN date_trunc('month', at, zone) - floor(random() * 90) * interval '1 minute' ELSE date_trunc((ARRAY['day', 'second', 'month'])[1 + g % 3], at) END AS at,
	CASE WHEN random() < 0.8 THEN round((random() * 60 - 5)::numeric, (ARRAY[4, -1])[1 + floor(random() * 2)]) END AS amount,
	CASE WHEN random() < 0.7 THEN (ARRAY['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'])[1 + floor(random() * (1 + g % 8))] END AS subject
FROM rep, LATERAL (SELECT floor(random() * 31)::int + 0 * g AS n) k, generate_series(1, n) i, LATERAL (SELECT hired_at + (random() * 700 - 60) * interval '1 day' + i * interval '0' AS at) a
UNION ALL
-- the hour in which the clocks of St. John's go back from November to October
SELECT g, 'won', timestamptz '2009-11-01 02:20+00' + floor(random() * 90) * interval '1 minute', round((random() * 60)::numeric, 2), CASE WHEN random() < 0.3 THEN 'a' END FROM rep, generate_series(1, 3) WHERE zone = 'America/St_Johns') x;
CREATE INDEX ON closed (g);
CREATE TABLE attainment AS
SELECT g, quota_attainment(h, hired_at, quota, period, ramp, as_of, left_at, threshold, sustained, zone => zone, fiscal_year_start => fiscal_year_start, calendar => calendar, quotas => quotas) AS q
FROM rep LEFT JOIN (SELECT g, history_agg(kind, at, amount, subject) AS h FROM closed GROUP BY g) x USING (g);
ANALYZE;
});
$node->safe_psql('postgres', q{
CREATE FUNCTION period_number(at timestamptz, period text, zone text, fiscal_year_start int, calendar date[]) RETURNS int LANGUAGE sql IMMUTABLE AS $$
	SELECT CASE WHEN calendar IS NOT NULL THEN width_bucket(day, calendar) - 1
		WHEN period = 'month' THEN months WHEN period = 'quarter' THEN months / 3 WHEN period = 'year' THEN months / 12 ELSE 0 END
	FROM (SELECT (at AT TIME ZONE zone)::date AS day) x, LATERAL (SELECT extract(year FROM day)::int * 12 + extract(month FROM day)::int - fiscal_year_start AS months) y $$;
-- the targets of the periods since hire: of the first ones, and of all others
CREATE TABLE observed AS
SELECT r.*, least(as_of, left_at) AS until, first, coalesce(ARRAY(SELECT coalesce(x, 0) FROM unnest(quotas) WITH ORDINALITY u(x, n) WHERE n > first ORDER BY n), '{}') || coalesce(ramp, '{}') AS early, coalesce(quota, 0) AS later
FROM rep r, period_number(hired_at, period, zone, fiscal_year_start, calendar) first;
-- how each deal stood, from the instant of one of its events to that of the next
CREATE TABLE stand AS
WITH said AS (
	SELECT g, coalesce(subject, id::text) AS deal, at, bool_or(kind = 'won') AS won, max(amount) FILTER (WHERE kind = 'won') AS won_with, max(amount) AS any_amount
	FROM closed WHERE kind IN ('won', 'lost') GROUP BY 1, 2, 3),
begun AS (SELECT *, won IS DISTINCT FROM lag(won) OVER w AS begins FROM said WINDOW w AS (PARTITION BY g, deal ORDER BY at)),
runs AS (SELECT *, count(*) FILTER (WHERE begins) OVER (PARTITION BY g, deal ORDER BY at) AS run FROM begun),
-- the amount that a run of wins has is not that of a loss at the same instant
heard AS (SELECT *, coalesce(won_with, CASE WHEN NOT won OR count(won_with) OVER (PARTITION BY g, deal, run ORDER BY at) = 0 THEN any_amount END) AS amount FROM runs),
marked AS (SELECT *, count(amount) OVER (PARTITION BY g, deal ORDER BY at) AS known FROM heard)
SELECT g, deal, won, at, lead(at, 1, 'infinity') OVER w AS next_at, max(at) FILTER (WHERE begins) OVER w AS closed_at,
	coalesce(max(amount) OVER (PARTITION BY g, deal, known), 0) AS amount
FROM marked WINDOW w AS (PARTITION BY g, deal ORDER BY at);
DELETE FROM stand USING rep WHERE rep.g = stand.g AND closed_at < hired_at;
CREATE INDEX ON stand (g);
CREATE TABLE plain_quota AS
WITH booked AS (
	SELECT g, s.*, greatest(period_number(closed_at, period, zone, fiscal_year_start, calendar) - first, 0) AS i
	FROM observed JOIN (SELECT g AS rep, at, next_at, closed_at, amount FROM stand WHERE won) s ON rep = g),
running AS (
	SELECT t.g, t.at, i, sum(amount) AS won
	FROM (SELECT DISTINCT g, at FROM closed) t JOIN observed USING (g) JOIN booked b ON b.g = t.g AND t.at >= b.at AND t.at < b.next_at
	WHERE t.at BETWEEN hired_at AND until GROUP BY t.g, t.at, i),
attained AS (
	SELECT DISTINCT ON (g, i) g, i, at, won, i - (SELECT count(*) FROM unnest(early) WITH ORDINALITY u(x, n) WHERE x = 0 AND n <= i) AS place
	FROM running JOIN observed USING (g), LATERAL (SELECT threshold * CASE WHEN i < cardinality(early) THEN early[i + 1] ELSE later END AS target) x
	WHERE target > 0 AND won >= target ORDER BY g, i, at),
completed AS (
	SELECT g, a.i, a.won, max(b.at) AS at FROM attained a JOIN attained b USING (g) JOIN rep USING (g)
	WHERE b.place BETWEEN a.place - sustained + 1 AND a.place GROUP BY g, a.i, a.won, sustained HAVING count(*) = sustained),
reached AS (SELECT DISTINCT ON (g) g, i, at, won FROM completed ORDER BY g, at, i)
SELECT g, CASE WHEN reached.at IS NOT NULL THEN 'reached' WHEN left_at <= as_of THEN 'left' ELSE 'open' END AS status, reached.at AS reached_at, e.until, period,
	(SELECT count(*) FROM stand s WHERE s.g = o.g AND e.until >= s.at AND e.until < s.next_at) AS cycles,
	(SELECT count(*) FROM stand s WHERE s.g = o.g AND won AND e.until >= s.at AND e.until < s.next_at) AS won_cycles,
	coalesce(reached.won, (SELECT sum(amount) FROM booked b WHERE b.g = o.g AND b.i = e.i AND e.until >= b.at AND e.until < b.next_at), 0) AS attained,
	ceil(threshold * CASE WHEN e.i >= cardinality(calendar) - 1 - first THEN 0 WHEN e.i < cardinality(early) THEN early[e.i + 1] ELSE later END * 10000) / 10000 AS target
FROM observed o LEFT JOIN reached USING (g),
	LATERAL (SELECT coalesce(reached.at, o.until) AS until, coalesce(reached.i, greatest(period_number(o.until, period, zone, fiscal_year_start, calendar) - first, 0)) AS i) e;
});
my $reached = $node->safe_psql('postgres', "SELECT string_agg(format('%s %s', status, n), ', ') FROM (SELECT status(q), count(*) FROM attainment GROUP BY 1 ORDER BY 1) x(status, n)");
like($reached, qr/left \d+, open \d+, reached \d+/, "there are reps of every status: $reached");
my $kinds = $node->safe_psql('postgres', "SELECT format('%s calendars, %s quotas of their own, %s fiscal years, %s periods that cannot be attained at the end, %s reps with a deal that was restated, %s with one that was reopened',
	count(calendar), count(quotas), count(*) FILTER (WHERE fiscal_year_start > 1), count(*) FILTER (WHERE target(q) = 0), (SELECT count(DISTINCT g) FROM stand WHERE won AND at > closed_at), (SELECT count(DISTINCT g) FROM (SELECT g FROM stand GROUP BY g, deal HAVING count(DISTINCT closed_at) > 1) x)) FROM rep JOIN attainment USING (g)");
unlike($kinds, qr/\b0 /, "there are cases of every kind: $kinds");
nothing('time to quota', q{SELECT r.*, p.*, q FROM attainment JOIN plain_quota p USING (g) JOIN rep r USING (g)
	WHERE (p.status, reached_at, until, cycles, won_cycles, attained, target) IS DISTINCT FROM (status(q), reached_at(q), observed_until(q), cycles(q), won_cycles(q), attained(q), target(q))
		OR days(q) <> floor(extract(epoch FROM until - hired_at) / 86400)});
nothing('nobody is lost', 'SELECT g FROM rep LEFT JOIN attainment USING (g) WHERE q IS NULL');
nothing('forms of an attainment', 'SELECT q FROM attainment WHERE NOT (record_image_eq(ROW(q), ROW(q::text::quota_attainment)) AND record_image_eq(ROW(q), ROW(q::jsonb::quota_attainment)))');
nothing('quota summary', q{SELECT * FROM (SELECT count(*) AS reps, count(reached_at) AS reached, 100.0 * sum(cycles) / count(*) AS velocity, avg(cycles) FILTER (WHERE reached_at IS NOT NULL) AS mean_cycles,
		avg(extract(epoch FROM until - hired_at)) FILTER (WHERE reached_at IS NOT NULL) / 86400 AS mean_days, count(*) FILTER (WHERE p.status = 'left') AS gone FROM plain_quota p JOIN rep USING (g)) x,
	(SELECT quota_agg(q) AS s FROM attainment) y
	WHERE (reps(s), successes(reached(s)), total(reached(s)), competing(time_to_quota(s)), censored(time_to_quota(s))) IS DISTINCT FROM (reps, reached, reps, gone, reps - reached - gone)
		OR abs(quota_velocity(s) - velocity) > 1e-9 * velocity OR abs(mean_cycles(s) - x.mean_cycles) > 1e-9 * x.mean_cycles
		OR abs(mean(time_to_quota(s)) - mean_days) > 1e-9 * mean_days OR abs(mean_elapsed_cycles(s, '12 hours') - 2 * mean_days) > 1e-9 * mean_days});
# what was won by month since hire, as it stands at the end; the first month begins at the hire, which the clock of a
# doubled hour does not say
nothing('tenure_amounts', q{SELECT * FROM
	(SELECT g, t.* FROM rep LEFT JOIN (SELECT g, history_agg(kind, at, amount, subject) AS h FROM closed GROUP BY g) x USING (g), tenure_amounts(h, hired_at, as_of, left_at, zone => zone) t) a
	FULL JOIN (SELECT o.g, n AS tenure_month, coalesce((SELECT sum(amount) FROM stand s WHERE s.g = o.g AND won AND until >= s.at AND until < s.next_at AND closed_at >= month_start AND closed_at < month_end), 0) AS amount
		FROM observed o, generate_series(1, 60) n, LATERAL (SELECT (hired_at AT TIME ZONE zone + n * interval '1 month') AT TIME ZONE zone AS month_end, CASE WHEN n = 1 THEN hired_at ELSE (hired_at AT TIME ZONE zone + (n - 1) * interval '1 month') AT TIME ZONE zone END AS month_start) b
		WHERE month_end <= until) b USING (g, tenure_month)
	WHERE a.amount IS DISTINCT FROM b.amount});
like($node->safe_psql('postgres', 'SELECT count(*) FROM rep LEFT JOIN (SELECT g, history_agg(kind, at, amount, subject) AS h FROM closed GROUP BY g) x USING (g), tenure_amounts(h, hired_at, as_of, left_at, zone => zone) WHERE amount <> 0'), qr/\d{3}/, '... which is not always nothing');
# quota summaries and time_to_quota of parts add up alike
nothing('time to quota of parts', q{SELECT 1 FROM (SELECT rollup(s) AS s, rollup(time_to_quota(s)) AS d FROM (SELECT g % 7, quota_agg(q) AS s FROM attainment GROUP BY 1) x) y
	WHERE NOT record_image_eq(ROW(time_to_quota(s)), ROW(d))});

#
# one summary of many rows: as much memory as of few
#
$node->safe_psql('postgres', q{CREATE FUNCTION resident() RETURNS bigint LANGUAGE sql AS $$ SELECT substring(pg_read_file('/proc/self/status') FROM 'VmHWM:\s+(\d+) kB')::bigint $$});
my %long = (
	'duration_agg(units, observed)' => 'duration_agg(i % 1000, i % 7 > 0)',
	'duration_agg(cycle)' => "duration_agg(CASE i % 3 WHEN 0 THEN c0 WHEN 1 THEN c1 ELSE c2 END)",
	'quota_agg' => "quota_agg(CASE i % 2 WHEN 0 THEN q0 ELSE q1 END)");
for my $name (sort keys %long)
{
	my $n = $name =~ /units/ ? $rows : int($rows / 5);
	my $query = "SELECT pg_column_size($long{$name}) FROM (SELECT generate_series(1, %d) AS i) x, (SELECT c AS c0 FROM read_1 WHERE c IS NOT NULL LIMIT 1) a, (SELECT c AS c1 FROM split_1 WHERE entered_at(c) IS NOT NULL LIMIT 1) b,
		(SELECT c AS c2 FROM read_1 WHERE c IS NOT NULL OFFSET 1 LIMIT 1) c, (SELECT q AS q0 FROM attainment LIMIT 1) d, (SELECT q AS q1 FROM attainment OFFSET 1 LIMIT 1) e";
	my $started = time;
	my ($before, $after) = $node->safe_psql('postgres', "SET enable_material = off; SET max_parallel_workers_per_gather = 0; SELECT resident();" . sprintf($query, 20000) . "; SELECT resident();" . sprintf($query, $n) . "; SELECT resident()")
	  =~ /^\d+\n\d+\n(\d+)\n\d+\n(\d+)$/;
	SKIP:
	{
		skip 'no /proc here', 1 unless defined $after;
		skip "$name: the memory is that of valgrind", 1 if ($ENV{WATCHED} // '') eq 'valgrind';
		cmp_ok($after - $before, '<', 4096, sprintf('%s of %d rows: %d kB more than of 20,000 (%.1f s)', $name, $n, $after - $before, time - $started));
	}
}

$node->stop('fast');
done_testing();
