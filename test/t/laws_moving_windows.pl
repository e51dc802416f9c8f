# Moving windows of every summary, in bytes against forced recomputation: keys
# that stay, that move on with the frame, and that hardly come twice; frames that
# empty; states that are made anew again and again; many windows in one query.
#
# SEED in the environment chooses other series.

use lib 'test/lib';
use Suite qw(database sql law);

my $seed = $ENV{SEED} // 20260501;
my $node = database(sessions => 1, settings => { max_parallel_workers_per_gather => 0 });

# A query of rows (series, part, i, ...) that differ; there must be none.
sub agrees
{
	my ($name, $query) = @_;
	law($name, "SELECT concat_ws(' ', series, part, i) AS g FROM ($query) AS differing");
}

#
# Three series of four partitions of 1 to 130 rows, each with a summary of up to
# 40 items, or none. The keys of an item come from its place.
#
sql(<<"SQL");
CREATE FUNCTION draw(id bigint, which bigint, below int) RETURNS int LANGUAGE sql IMMUTABLE
	RETURN (hashint8extended(id, which + $seed) & 1048575) * below >> 20;
CREATE TABLE item AS
SELECT series, part, i, i + 30 * (i / 40) AS at, id, n,
	CASE series WHEN 1 THEN draw(id, n, 12) WHEN 2 THEN 15 * i + draw(id, n, 60) ELSE draw(id, n, 100000) END AS place, draw(id, n + 100, 4) AS luck
FROM generate_series(1, 3) AS series, unnest('{1,2,60,130}'::int[]) WITH ORDINALITY AS p (last, part), generate_series(1, last) AS i,
	LATERAL (SELECT series * 1000000 + part * 1000 + i AS id) AS x, generate_series(1, draw(id, 0, 41)) AS n;
CREATE TABLE series AS
SELECT series, part, i, at, duration_agg(start, CASE WHEN luck > 0 THEN start + place * interval '1 minute' END, start + 200000 * interval '1 minute', 'minute') AS duration,
	funnel_agg(deal_progress(history, '{a,b,c}', as_of => '2100-01-01')) AS funnel, funnel_agg(deal_progress(history, '{a,b,c}', skipped => 'excluded', optional => '{b}', as_of => '2100-01-01')) AS excluded,
	funnel_agg(deal_progress(history, '{a,b,c}', as_of => '2100-01-01'), CASE WHEN luck > 0 THEN (place - 50000) / 7.0 END) AS funds,
	quota_agg(quota_attainment(deals, start, 100 + 100 * (luck / 2), as_of => '2100-01-01')) AS quota, win_agg(luck > 1, ARRAY['rival ' || place % 9973, 'rival ' || luck], place) AS win, rate_agg(luck > 0) AS rate, amount_agg(CASE WHEN luck > 0 THEN place / 7.0 END) AS amount, pipeline_agg(place % 997, luck / 7.0) AS pipeline,
	rollout_agg('team ' || luck, CASE WHEN luck > 1 THEN date '2024-01-01' + luck * 40 END, date '2024-01-01' + place % 997, n % 2 = 0) AS rollout
FROM item, LATERAL (SELECT timestamptz '2024-01-01' AS start) AS s,
	LATERAL (SELECT history_agg(kind, start + hours * interval '1 hour') AS history FROM (VALUES ('a', 0), ('b', place + 1), ('c', place * (luck + 1) + 2), ('lost', place * 5 + 3)) AS e (kind, hours) WHERE draw(id, n * 10 + 200 + ascii(kind), 4) > 0) AS h,
	LATERAL (SELECT history_agg('won', start + hours * interval '1 hour', 100) AS deals FROM (VALUES (place)) AS e (hours)) AS d
GROUP BY series, part, i, at;
INSERT INTO series (series, part, i, at) SELECT DISTINCT series, part, i + 1000, at + 3 FROM item WHERE draw(id, 99, 5) = 0;
ANALYZE series;
SQL
my @types = qw(duration funnel excluded funds quota win rate amount pipeline rollout);
my $cells = sql("SELECT count(DISTINCT place) FROM item WHERE series = 3 AND part = 4");
cmp_ok($cells, '>', 2000, "keys that hardly come twice: $cells, for a state that never holds so many");

my %frames = (
	'one row and the one before' => 'ROWS 1 PRECEDING',
	'ninety rows' => 'ROWS 89 PRECEDING',
	'rows that are gone' => 'ROWS BETWEEN 9 PRECEDING AND 6 PRECEDING',
	'rows to come' => 'ROWS BETWEEN 2 FOLLOWING AND 30 FOLLOWING',
	'all that is left' => 'ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING',
	'a range with gaps' => 'RANGE BETWEEN 20 PRECEDING AND 2 PRECEDING',
	'peers' => 'GROUPS 3 PRECEDING');

# each type, in a query of its own for each frame
for my $frame (sort keys %frames)
{
	for my $type (@types)
	{
		agrees("$type: $frame", "SELECT * FROM (SELECT series, part, i, rollup($type) OVER w AS moving, rollup($type) FILTER (WHERE random() >= 0) OVER w AS anew
			FROM series WINDOW w AS (PARTITION BY series, part ORDER BY at $frames{$frame})) AS x WHERE NOT record_image_eq(ROW(moving), ROW(anew))");
	}
}

# what is added and removed are rows, not summaries
for my $agg ("duration_agg(place, luck > 0)", "duration_agg(now(), now() + place * interval '1 second', now() + interval '1 year', 'second')", "win_agg(luck > 1, ARRAY['rival ' || place % 97])", "rate_agg(luck > 1)")
{
	agrees("$agg: seventy rows", "SELECT * FROM (SELECT series, part, i, $agg OVER w AS moving, $agg FILTER (WHERE random() >= 0) OVER w AS anew
		FROM item WHERE part = 3 WINDOW w AS (PARTITION BY series, part ORDER BY at, i, n ROWS 69 PRECEDING)) AS x WHERE NOT record_image_eq(ROW(moving), ROW(anew))");
}

# all types and all frames at once, each window with a state and an order of its own
my @columns = map { my $frame = $frames{$_}; map { [ $_, $frame ] } @types } sort keys %frames;
my $over = sub { my $filter = shift; join(', ', map { "rollup($columns[$_][0]) $filter OVER (PARTITION BY series, part ORDER BY at $columns[$_][1]) AS w$_" } 0 .. $#columns) };
agrees('all windows in one query', "SELECT series, part, i FROM (SELECT series, part, i, ROW(" . join(', ', map { "w$_" } 0 .. $#columns) . ") AS moving FROM (SELECT series, part, i, " . $over->('') . " FROM series) AS a) AS m
	FULL JOIN (SELECT series, part, i, ROW(" . join(', ', map { "w$_" } 0 .. $#columns) . ") AS anew FROM (SELECT series, part, i, " . $over->('FILTER (WHERE random() >= 0)') . " FROM series) AS a) AS n USING (series, part, i)
	WHERE NOT record_image_eq(moving, anew)");

# the same call site over other rows: a plan that is run again
agrees('a window run again for each series', "SELECT * FROM generate_series(1, 3) AS s, LATERAL (SELECT series, part, i, rollup(duration) OVER w AS moving, rollup(duration) FILTER (WHERE random() >= 0) OVER w AS anew, rollup(win) OVER w AS won, rollup(win) FILTER (WHERE random() >= 0) OVER w AS won_anew
	FROM series WHERE series = 4 - s WINDOW w AS (ORDER BY part DESC, at ROWS 9 PRECEDING)) AS x WHERE NOT record_image_eq(ROW(moving, won), ROW(anew, won_anew))");

# a state that is read twice is what it was: the same window under two names
agrees('two final functions of one frame', "SELECT * FROM (SELECT series, part, i, rollup(funnel) OVER a AS one, rollup(funnel) OVER b AS two FROM series
	WINDOW a AS (PARTITION BY series, part ORDER BY at ROWS 20 PRECEDING), b AS (PARTITION BY series, part ORDER BY at ROWS BETWEEN 20 PRECEDING AND CURRENT ROW)) AS x WHERE NOT record_image_eq(ROW(one), ROW(two))");

#
# What cannot have been added is not taken away; a function that says it is
# immutable and is not gives another value when the row leaves.
#
sql("CREATE SEQUENCE calls; CREATE FUNCTION lie(i int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN i * 1000 + nextval(''calls''); END'");
for my $lie ([ 'duration', "duration_summary(jsonb_build_object('version', 1, 'unit', 'day', 'total_microseconds', lie(i)::bigint * 86400000000, 'histogram', jsonb_build_array(jsonb_build_array(currval('calls') + 1000 * i, 1, 0, 0, 0))))" ],
	[ 'win', "win_summary(jsonb_build_object('version', 1, 'amount_won', 0, 'amount_lost', 0, 'with_amount_won', 0, 'with_amount_lost', 0, 'amount_no_decision', 0, 'with_amount_no_decision', 0, 'amount_open', 0, 'with_amount_open', 0, 'deals', '[[1,1,0,0,0,0]]'::jsonb, 'competitors', jsonb_build_array(jsonb_build_object('name', 'rival ' || lie(i), 'amount_won', 0, 'amount_lost', 0, 'with_amount_won', 0, 'deals', '[[1,1,0,0,0,0]]'::jsonb))))" ])
{
	my ($type, $value) = @$lie;
	sql("CREATE FUNCTION lying_$type(i int) RETURNS ${type}_summary LANGUAGE plpgsql IMMUTABLE AS \$\$BEGIN RETURN $value; END\$\$");
	my ($rc, $stdout, $stderr) = $node->psql('postgres', "\\set VERBOSITY verbose\nSELECT rollup(lying_$type(i)) OVER (ORDER BY i ROWS 2 PRECEDING) FROM generate_series(1, 10) AS i");
	like($stderr, qr/22003: a count of ${type}_summary would fall below zero/, "$type: what was never added is not taken away");
}

#
# Damaged values end a moving window as they end any rollup.
#
sql("CREATE TYPE raw; CREATE FUNCTION raw_in(cstring) RETURNS raw AS 'byteain' LANGUAGE internal IMMUTABLE STRICT; CREATE FUNCTION raw_out(raw) RETURNS cstring AS 'byteaout' LANGUAGE internal IMMUTABLE STRICT;
	CREATE TYPE raw (INPUT = raw_in, OUTPUT = raw_out, ALIGNMENT = double); CREATE CAST (raw AS duration_summary) WITHOUT FUNCTION");
for my $case ([ 'cut off', 'XX001: damaged duration_summary value', '\x01000100' ], [ 'of another version', 'XX001: damaged duration_summary value', '\x020001000100015001' ],
	[ 'whose sum does not fit its days', '22003: the result is not a possible duration_summary value', '\x010001000100015001' ])
{
	my ($name, $message, $bytes) = @$case;
	my ($rc, $stdout, $stderr) = $node->psql('postgres', "\\set VERBOSITY verbose\nSELECT rollup(v) OVER (ORDER BY i ROWS 2 PRECEDING) FROM (SELECT i, CASE WHEN i = 5 THEN '$bytes'::raw::duration_summary ELSE duration_agg(i, true) END AS v FROM generate_series(1, 9) AS i GROUP BY i) AS x");
	like($stderr, qr/\Q$message\E/, "a value $name");
}

#
# Funnels are checked as they come into a frame, and their sums are not; other rollups check the sum.
#
my $history = "(SELECT history_agg(k, timestamptz '2026-01-01Z' + d * interval '1 day') AS h FROM (VALUES ('a', 0), ('b', i)) AS e (k, d)) AS x";
my $funnels = "SELECT i, funnel_agg(deal_progress(h, '{a,b}', as_of => '2026-03-01Z')) AS v FROM generate_series(1, 9) AS i, LATERAL $history GROUP BY i";
my $three_days = '01001d000000020200000001610162046c6f73740b6e6f5f6465636973696f6e018080b1988b0f021101ee2501';
sql("CREATE CAST (raw AS funnel_summary) WITHOUT FUNCTION; CREATE CAST (funnel_summary AS raw) WITHOUT FUNCTION");
is(sql("SELECT v::raw FROM ($funnels) AS x WHERE i = 3"), "\\x$three_days", 'what is damaged below is that of three days');
for my $case ([ 'cut off', 'XX001: damaged funnel_summary value', substr($three_days, 0, -2) ], [ 'of another version', 'XX001: damaged funnel_summary value', '02' . substr($three_days, 2) ],
	[ 'whose sum does not fit its days', 'XX001: damaged funnel_summary value', $three_days =~ s/ee25/ee31/r ], [ 'of an unknown stage', 'XX001: damaged funnel_summary value', $three_days =~ s/021101/021f01/r ])
{
	my ($name, $message, $bytes) = @$case;
	for my $window ('ORDER BY i ROWS 2 PRECEDING', 'ORDER BY i', 'ORDER BY i DESC ROWS BETWEEN 1 FOLLOWING AND 3 FOLLOWING')
	{
		my ($rc, $stdout, $stderr) = $node->psql('postgres', "\\set VERBOSITY verbose\nSELECT rollup(v) OVER ($window) FROM (SELECT i, CASE WHEN i = 5 THEN '\\x$bytes'::raw::funnel_summary ELSE v END AS v FROM ($funnels) AS f) AS x");
		like($stderr, qr/\Q$message\E/, "a funnel $name, $window");
	}
}
my $of_many = q{('{"version":1,"definition":{"stages":["a","b"],"mode":"ordered","skipped":"passed","entry":"best","exits":["lost"],"optional":[],"within_microseconds":null,"step_within_microseconds":[null]},"outcomes":[[1,"%s",4611686018427387904]],"step_days":[],"step_microseconds":[0]}')::funnel_summary};
my ($rc, $stdout, $stderr) = $node->psql('postgres', "\\set VERBOSITY verbose\nSELECT rollup(v) OVER (ORDER BY i ROWS 1 PRECEDING) FROM (VALUES (1, " . sprintf($of_many, 'exited') . "), (2, " . sprintf($of_many, 'open') . ")) AS x (i, v)");
like($stderr, qr/22003: the result is not a possible funnel_summary value.*Its counts pass 64 bits/s, 'deals that pass 64 bits together, in two cells');
is(sql("SELECT bool_and(v IS NOT NULL) FROM (SELECT rollup(v) OVER (ORDER BY i ROWS 0 PRECEDING) AS v FROM (VALUES (1, " . sprintf($of_many, 'exited') . "), (2, " . sprintf($of_many, 'open') . ")) AS x (i, v)) AS y"), 't', '... and each alone');

$node->stop;
done_testing();
