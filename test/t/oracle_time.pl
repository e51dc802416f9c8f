# Cycles, exposure and quota against plain SQL on random cases: the definitions
# written down once more, without an extension and without hurry. And memory
# that does not grow with the rows.
#
# SEED and CASES in the environment choose other cases, ROWS the length of the long run.

use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time);

my $seed = $ENV{SEED} // 20260305;
my $cases = $ENV{CASES} // 1500;
my $rows = $ENV{ROWS} // 10_000_000;

my $node = PostgreSQL::Test::Cluster->new('time');
$node->init;
$node->append_conf('postgresql.conf', "timezone = 'UTC'\nfsync = off\njit = off\nautovacuum = off\n");
$node->start;
$node->safe_psql('postgres', 'CREATE EXTENSION enablement_metrics');
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
# Reps: 0 to 30 closed deals, corrections among them, in zones whose clocks go back at midnight and worse.
#
$node->safe_psql('postgres', qq{
CREATE TABLE rep AS
SELECT g, hired_at, greatest(hired_at, hired_at + (random() * 1400 - 100) * interval '1 day') AS as_of, CASE WHEN random() < 0.3 THEN hired_at + random() * 900 * interval '1 day' END AS left_at,
	round((random() * 200 + 1)::numeric, floor(random() * 6)::int) AS quota, (ARRAY[0.5, 0.8, 1, 1.25])[1 + floor(random() * 4)] AS threshold, 1 + floor(power(random(), 2) * 3)::int AS sustained,
	(ARRAY[NULL, 'month', 'quarter', 'year'])[1 + floor(random() * 4)] AS period, ramp, (ARRAY['UTC', 'Europe/Berlin', 'America/St_Johns', 'Asia/Kathmandu', 'Pacific/Apia', 'America/New_York', 'Asia/Damascus'])[1 + floor(random() * 7)] AS zone
FROM generate_series(1, $cases) g,
	LATERAL (SELECT timestamptz '2008-06-01' + floor(random() * 900 * 1440) * interval '1 minute' + g * interval '0' AS hired_at) h,
	LATERAL (SELECT CASE WHEN random() < 0.5 THEN ARRAY(SELECT round((10 + random() * 60)::numeric, 2) FROM generate_series(1, (random() * 5)::int) WHERE g > 0) END AS ramp) r;
UPDATE rep SET sustained = 1, ramp = NULL WHERE period IS NULL;
CREATE TABLE closed AS
SELECT g, (ARRAY['won', 'won', 'won', 'lost', 'note'])[1 + floor(random() * 5)] AS kind, CASE WHEN i % 3 = 0 THEN date_trunc('month', at, zone) - floor(random() * 90) * interval '1 minute' ELSE date_trunc((ARRAY['day', 'second'])[1 + g % 2], at) END AS at,
	CASE WHEN random() < 0.9 THEN round((random() * 60 - 5)::numeric, 4) END AS amount
FROM rep, LATERAL (SELECT floor(random() * 31)::int + 0 * g AS n) k, generate_series(1, n) i, LATERAL (SELECT hired_at + (random() * 700 - 20) * interval '1 day' + i * interval '0' AS at) a
UNION ALL
-- the hour in which the clocks of St. John's go back from November to October
SELECT g, 'won', timestamptz '2009-11-01 02:20+00' + floor(random() * 90) * interval '1 minute', round((random() * 60)::numeric, 2) FROM rep, generate_series(1, 3) WHERE zone = 'America/St_Johns';
CREATE INDEX ON closed (g);
CREATE TABLE attainment AS
SELECT g, quota_attainment(h, hired_at, quota, period, ramp, as_of, left_at, threshold, sustained, zone => zone) AS q
FROM rep LEFT JOIN (SELECT g, history_agg(kind, at, amount) AS h FROM closed GROUP BY g) x USING (g);
ANALYZE;
});
$node->safe_psql('postgres', q{
CREATE FUNCTION period_number(at timestamptz, period text, zone text) RETURNS int LANGUAGE sql IMMUTABLE AS $$
	SELECT CASE period WHEN 'month' THEN y * 12 + m WHEN 'quarter' THEN y * 4 + (m - 1) / 3 WHEN 'year' THEN y ELSE 0 END
	FROM (SELECT extract(year FROM at AT TIME ZONE zone)::int AS y, extract(month FROM at AT TIME ZONE zone)::int AS m) x $$;
CREATE TABLE plain_quota AS
WITH observed AS (SELECT *, least(as_of, left_at) AS until, period_number(hired_at, period, zone) AS first FROM rep),
booked AS (
	SELECT g, at, amount, greatest(period_number(at, period, zone) - first, 0) AS i
	FROM observed JOIN closed USING (g) WHERE kind = 'won' AND at BETWEEN hired_at AND until),
running AS (SELECT g, i, at, sum(coalesce(amount, 0)) OVER (PARTITION BY g, i ORDER BY at) AS won FROM booked),
attained AS (
	SELECT g, i, min(at) AS at FROM running JOIN rep USING (g)
	WHERE won >= threshold * CASE WHEN i < coalesce(cardinality(ramp), 0) THEN ramp[i + 1] ELSE quota END GROUP BY g, i),
completed AS (
	SELECT g, a.i, max(b.at) AS at FROM attained a JOIN attained b USING (g) JOIN rep USING (g)
	WHERE b.i BETWEEN a.i - sustained + 1 AND a.i GROUP BY g, a.i, sustained HAVING count(*) = sustained),
reached AS (SELECT DISTINCT ON (g) g, i, at FROM completed ORDER BY g, at, i)
SELECT g, CASE WHEN reached.at IS NOT NULL THEN 'reached' WHEN left_at <= as_of THEN 'left' ELSE 'open' END AS status, reached.at AS reached_at, e.until, period,
	(SELECT count(*) FROM closed c WHERE c.g = o.g AND kind IN ('won', 'lost') AND c.at BETWEEN hired_at AND e.until) AS cycles,
	(SELECT count(*) FROM closed c WHERE c.g = o.g AND kind = 'won' AND c.at BETWEEN hired_at AND e.until) AS won_cycles,
	coalesce((SELECT sum(amount) FROM booked b WHERE b.g = o.g AND b.i = e.i AND b.at <= e.until), 0) AS attained,
	ceil(threshold * CASE WHEN e.i < coalesce(cardinality(ramp), 0) THEN ramp[e.i + 1] ELSE quota END * 10000) / 10000 AS target
FROM observed o LEFT JOIN reached USING (g),
	LATERAL (SELECT coalesce(reached.at, o.until) AS until, coalesce(reached.i, greatest(period_number(o.until, period, zone) - first, 0)) AS i) e;
});
my $reached = $node->safe_psql('postgres', "SELECT string_agg(format('%s %s', status, n), ', ') FROM (SELECT status(q), count(*) FROM attainment GROUP BY 1 ORDER BY 1) x(status, n)");
like($reached, qr/left \d+, open \d+, reached \d+/, "there are reps of every status: $reached");
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
