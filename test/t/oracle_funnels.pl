# Funnels over random groups of deals: whatever the row order, the split, the
# plan and the memory, funnel_agg of readings, funnel_agg of raw events and
# rollup give the same bytes. Then many groups, cancelling, and memory.
#
# SEED and CASES in the environment choose other groups, MANY how many groups many are.

use lib 'test/lib';
use Suite qw(server sql law pick patience);

my $seed = $ENV{SEED} // 20260301;
my $cases = $ENV{CASES} // 700;
my $many = $ENV{MANY} // 100_000;
my $patience = patience();
srand($seed);

my $node = server('funnels', sessions => 1, settings => { shared_buffers => "'16MB'", max_wal_size => "'4GB'" });

#
# Random groups: 0 to 12 deals of 0 to 9 events, one row in fifty without deal,
# kind or instant; few days or many hours, so that ties are frequent or rare.
#
my $tempdir = PostgreSQL::Test::Utils::tempdir();
my $nrows = 0;
open(my $out, '>', "$tempdir/log") or die $!;
for my $g (1 .. $cases)
{
	my ($span, $step) = @{ pick([ 6, 86400 ], [ 40, 86400 ], [ 400, 3601 ], [ 3, 43200 ]) };
	my $kinds = pick([qw(a b c d lost)], [qw(a a b b c d lost note)], [qw(a b)], [qw(a b c d)]);
	for my $deal (1 .. pick(0, 1, 2, 5, 12))
	{
		for (1 .. int(rand(10)))
		{
			my @row = ($g, ++$nrows, $g * 1_000_003 + $deal * 7919 - 600_000_000, pick(@$kinds), $step * int(rand($span)));
			$row[ pick(2, 3, 4) ] = '\N' if rand() < 0.02;
			print $out join("\t", @row), "\n";
		}
	}
}
close $out;
sql(qq{
CREATE TABLE loaded(g int, i int, deal bigint, kind text, seconds int);
COPY loaded FROM '$tempdir/log';
CREATE TABLE log AS
  SELECT g, i, deal, md5(deal::text)::uuid AS uuid_deal, 'deal ' || deal AS text_deal, kind, timestamptz '2026-01-01' + seconds * interval '1 second' AS at
  FROM loaded;
CREATE TABLE deals AS
  SELECT g, (row_number() OVER ())::int AS i, deal, h
  FROM (SELECT g, deal, history_agg(kind, at) AS h FROM log WHERE deal IS NOT NULL GROUP BY g, deal) AS x;
ANALYZE;
});
note "seed $seed: $cases groups, $nrows rows";

# the groups where a query of (g, v) is not the reference
sub differs
{
	my ($reference, $query) = @_;
	return "SELECT coalesce(r.g, x.g) AS g FROM $reference AS r FULL JOIN ($query) AS x USING (g)
		WHERE r.g IS NULL OR x.g IS NULL OR NOT record_image_eq(ROW(r.v), ROW(x.v))";
}

#
# Three questions; what is asked of raw events is asked of the readings as well
#
my %questions = (
	'no window' => [ "'{a,b,c,d}'", 'NULL', "'2026-03-01'" ],
	'window' => [ "'{a,b,d}'", "'4 days 2 hours'", "'2026-01-20'" ],
	'early, no window' => [ "'{b,c}'", 'NULL', "'2026-01-04'" ]);
my $serial = 'SET max_parallel_workers_per_gather = 0;';
my %builds;

for my $question (sort keys %questions)
{
	my ($stages, $within, $as_of) = @{ $questions{$question} };
	my $reference = 'reference_' . ($question =~ s/\W+/_/gr);
	my $reading = "deal_progress(h, $stages, $within, as_of => $as_of)";
	my %raw = map { $_ => "funnel_agg(" . ($_ eq 'bigint' ? 'deal' : "${_}_deal") . ", kind, at, $stages, $within, $as_of %s)" } qw(bigint uuid text);

	sql("$serial CREATE TABLE $reference AS SELECT g, funnel_agg($reading ORDER BY i) AS v FROM deals GROUP BY g HAVING bool_or(h IS NOT NULL); ANALYZE $reference");
	my $groups = sql("SELECT count(*) FROM $reference");
	cmp_ok($groups, '>=', 0.6 * $cases, "$question: $groups random groups against each law");
	# groups without any whole row are NULL in both forms
	$builds{$question} = {
		reference => $reference,
		readings => [ "funnel_agg($reading %s)", 'deals' ],
		map { ("raw $_" => [ $raw{$_}, 'log' ]) } keys %raw };

	for my $form (grep { $_ ne 'reference' } sort keys %{ $builds{$question} })
	{
		my ($build, $from) = @{ $builds{$question}{$form} };
		my $all = sub { return "SELECT * FROM ($_[0]) AS all_groups WHERE v IS NOT NULL" };

		law("$question, $form: any row order",
			join(' UNION ALL ', map { differs($reference, $all->("SELECT g, " . sprintf($build, "ORDER BY md5(i || '-$_')") . " AS v FROM $from GROUP BY g")) } 1 .. 2));
		# a deal must stay whole, its rows need not be together
		law("$question, $form: rollup of $_ parts",
			differs($reference, $all->("SELECT g, rollup(v ORDER BY md5(part || 'x')) AS v FROM (SELECT g, mod(hashint8(deal)::bigint + $_, $_) AS part, "
				  . sprintf($build, "ORDER BY md5(i || 'y')") . " AS v FROM $from GROUP BY 1, 2) AS p GROUP BY g"))) for 2, 5;
	}
	law("$question: rollup of rollups, and +",
		differs($reference, "SELECT g, rollup(v) AS v FROM (SELECT g, i % 2, CASE WHEN count(*) = 2 THEN (array_agg(v))[1] + (array_agg(v))[2] ELSE rollup(v) END AS v
			FROM (SELECT g, i, funnel_agg($reading) AS v FROM deals GROUP BY g, i) AS a WHERE v IS NOT NULL GROUP BY 1, 2) AS b GROUP BY g"));
	law("$question: grouping sets",
		"SELECT coalesce(x.g, -1) AS g FROM x LEFT JOIN $reference AS r USING (g) WHERE NOT record_image_eq(ROW(x.v), ROW(CASE WHEN x.g IS NULL THEN (SELECT rollup(v) FROM $reference) ELSE r.v END))
		 UNION ALL SELECT coalesce(y.g, -1) FROM y LEFT JOIN $reference AS r USING (g) WHERE NOT record_image_eq(ROW(y.v), ROW(CASE WHEN y.g IS NULL THEN (SELECT rollup(v) FROM $reference) ELSE r.v END))",
		"CREATE TEMP TABLE x AS SELECT g, " . sprintf($builds{$question}{readings}[0], '') . " AS v FROM deals GROUP BY ROLLUP (g);
		 CREATE TEMP TABLE y AS SELECT g, " . sprintf($raw{text}, '') . " AS v FROM log GROUP BY ROLLUP (g);");
}

#
# Plans: sorted and hashed groups, in memory and spilled, with and without workers
#
my %workers = (
	'no workers' => $serial,
	'two workers and leader' => 'SET max_parallel_workers_per_gather = 2; SET parallel_leader_participation = on;',
	'two workers without leader' => 'SET max_parallel_workers_per_gather = 2; SET parallel_leader_participation = off;',
	'two workers planned, none there' => 'SET max_parallel_workers_per_gather = 2; SET max_parallel_workers = 0;');
my $cheap = 'SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0;';
my %plans = (
	'sorted groups' => 'SET enable_hashagg = off;',
	'hashed groups' => 'SET enable_sort = off;',
	'hashed groups spilled' => "SET enable_sort = off; SET work_mem = '64kB'; SET hash_mem_multiplier = 1;");
{
	my ($stages, $within, $as_of) = @{ $questions{'window'} };
	my $reference = $builds{'window'}{reference};

	sql("CREATE TABLE parts AS SELECT g, i, funnel_agg(deal_progress(h, $stages, $within, as_of => $as_of)) AS f FROM deals GROUP BY g, i");
	# empty funnels change nothing, but with them per group a partial rollup pays
	sql("INSERT INTO parts SELECT g, 0, funnel_agg(deal_progress('{}', $stages, $within, as_of => $as_of)) FROM $reference, generate_series(1, 20) AS n GROUP BY g, n; ANALYZE parts");
	my %forms = (%{ $builds{'window'} }, 'rollup' => [ 'rollup(f %s)', 'parts' ]);
	delete @forms{ 'reference', 'raw uuid' };    # kept like text
	for my $form (sort keys %forms)
	{
		my ($build, $from) = @{ $forms{$form} };
		my $grouped = "SELECT g, " . sprintf($build, '') . " AS v FROM $from GROUP BY g";
		my $whole = "SELECT " . sprintf($build, '') . " AS v FROM $from";

		for my $workers (sort keys %workers)
		{
			my $settings = "$cheap $workers{$workers}";
			my $explained = sub { return sql("$settings $_[1] EXPLAIN (COSTS off, FORMAT json) $_[0]") };

			for my $plan (sort keys %plans)
			{
				law("$form: $plan, $workers", differs($reference, 'SELECT * FROM x WHERE v IS NOT NULL'), "$settings $plans{$plan} CREATE TEMP TABLE x AS $grouped;");
				next if $workers eq 'no workers';
				my $json = $explained->($grouped, $plans{$plan});
				ok($json =~ /"Partial Mode": "Partial"/ && $json =~ /"Workers Planned": 2/, "$form: $plan, $workers: it was aggregated partially") or diag($json);
			}
			law("$form: one group, $workers", "SELECT 0 AS g FROM x WHERE NOT record_image_eq(ROW(v), ROW((SELECT rollup(v) FROM $reference)))", "$settings CREATE TEMP TABLE x AS $whole;");
			next if $workers eq 'no workers';
			like(sql("$settings EXPLAIN (ANALYZE, COSTS off, TIMING off, FORMAT json) $whole"), qr/"Workers Launched": [12]/, "$form: one group, $workers: they worked")
			  if $workers !~ /none/;
			like($explained->($whole, ''), qr/"Partial Mode": "Partial"/, "$form: one group, $workers: it was aggregated partially");
		}
		like(sql("$serial $plans{'hashed groups spilled'} EXPLAIN (ANALYZE, COSTS off, TIMING off, FORMAT json) $grouped"), qr/"Disk Usage": [1-9]/, "$form: groups were spilled");
	}
}

#
# Many groups: no group may cost more for the others being there
#
sql(qq{
CREATE UNLOGGED TABLE many AS
  SELECT i / 3 AS g, i % 3 AS deal, ('{a,b,c}'::text[])[1 + i % 7 % 3] AS kind, timestamptz '2026-01-01' + i % 91 * interval '1 day' AS at FROM generate_series(0, 3 * $many - 1) AS i;
CREATE UNLOGGED TABLE many_deals AS SELECT g, history_agg(kind, at) AS h FROM many GROUP BY g;
ANALYZE many; ANALYZE many_deals;
});
for my $plan ('hashed groups', 'sorted groups')
{
	my %forms = (
		'readings' => "SELECT g, funnel_agg(deal_progress(h, '{a,b,c}', as_of => '2026-06-01')) AS f FROM many_deals GROUP BY g",
		'raw' => "SELECT g, funnel_agg(deal::bigint, kind, at, '{a,b,c}', NULL, '2026-06-01') AS f FROM many GROUP BY g",
		'raw text' => "SELECT g, funnel_agg(deal::text, kind, at, '{a,b,c}', '7 days', '2026-06-01') AS f FROM many GROUP BY g",
		'rollup' => "SELECT g, rollup(f) AS f FROM (SELECT g, funnel_agg(deal_progress(h, '{a,b,c}', as_of => '2026-06-01')) AS f FROM many_deals GROUP BY g OFFSET 0) AS x GROUP BY g");
	for my $form (sort keys %forms)
	{
		my $started = time;
		my ($groups, $err) = ('', '');
		$node->psql('postgres', sprintf("SET statement_timeout = '%ds';", 60 * $patience) . "SET work_mem = '1GB'; $plans{$plan} SET work_mem = '1GB'; SELECT count(*) FROM ($forms{$form}) AS x WHERE total(conversion(f)) >= 0",
			stdout => \$groups, stderr => \$err);
		is($groups, $many, sprintf("%d groups of %s, %s (%.1f s)", $many, $form, $plan, time - $started)) or diag($err);
	}
}

#
# Cancelling: in the aggregate, and in the search through one long history
#
sql(q{
CREATE UNLOGGED TABLE long AS
  SELECT history_agg(CASE WHEN i % 2 = 0 THEN 'a' ELSE 'b' END, timestamptz '2026-01-01' + i * interval '1 minute') || deal_event('c', '2030-01-01') AS h FROM generate_series(1, 200000) AS i;
});
my %cancelled = (
	'readings' => "SELECT funnel_agg(deal_progress(h, '{a,b,c}', '7 days', as_of => '2026-06-01')) FROM many_deals, generate_series(1, 1000)",
	'raw events' => "SELECT funnel_agg(i % 100000, 'a', timestamptz '2026-01-01', '{a,b,c}') FROM generate_series(1, 1000000000::bigint) AS i",
	'raw text' => "SELECT funnel_agg((i % 1000)::text, 'none', timestamptz '2026-01-01', '{a,b,c}') FROM generate_series(1, 1000000000::bigint) AS i",
	'rollup' => "SELECT rollup(f) FROM (SELECT funnel_agg(deal_progress(h, '{a,b,c}', as_of => '2026-06-01')) AS f FROM many_deals WHERE g < 100) AS x, generate_series(1, 1000000000)",
	'one long deal' => "SELECT deal_progress(h, '{a,b,c}', '100 days', as_of => '2031-01-01') FROM long, generate_series(1, 1000)",
	'one long deal, by steps' => "SELECT deal_progress(h, '{a,b,c}', '100 days', '{1 day,1 day}', as_of => '2031-01-01') FROM long, generate_series(1, 1000)");
for my $form (sort keys %cancelled)
{
	my $started = time;
	my ($out, $err) = ('', '');
	$node->psql('postgres', sprintf("\\set VERBOSITY verbose\nSET statement_timeout = '%dms';", 400 * $patience) . "SET max_parallel_workers_per_gather = 0; $cancelled{$form}", stdout => \$out, stderr => \$err, timeout => 60 * $patience);
	my $elapsed = time - $started;
	like($err, qr/57014/, "$form: cancelled");
	cmp_ok($elapsed, '<', 5 * $patience, sprintf('%s: promptly (%.1f s)', $form, $elapsed));
}

#
# Memory: ten times the rows, the same peak
#
SKIP:
{
	skip 'no /proc here', 3 unless -r '/proc/self/status';
	skip 'the memory is that of valgrind', 3 if ($ENV{WATCHED} // '') eq 'valgrind';
	sql("CREATE UNLOGGED TABLE stored AS SELECT h FROM many_deals, generate_series(1, 2000000 / $many);
ALTER TABLE stored SET (parallel_workers = 0);");
	# the peak of a fresh backend, in kB
	my $peak = sub {
		my $status = sql("SET max_parallel_workers_per_gather = 0; SELECT sum(total(conversion(f))) FROM ($_[0]) AS x;
			SELECT substring(pg_read_file('/proc/self/status') FROM 'VmHWM:\\s+(\\d+) kB')");
		return (split /\n/, $status)[-1];
	};
	is(sql('SELECT count(*) FROM stored'), 2000000, '2,000,000 stored histories');
	my %forms = (
		'readings' => "SELECT funnel_agg(deal_progress(h, '{a,b,c}', '30 days', as_of => '2026-06-01')) AS f FROM (SELECT h FROM stored LIMIT %s) AS x",
		'readings with options that change' => "SELECT funnel_agg(p) AS f FROM (SELECT deal_progress(h, '{a,b,c}', mode => CASE WHEN row_number() OVER () % 2 = 0 THEN 'ordered' ELSE 'any_order' END, as_of => '2026-06-01') AS p FROM stored LIMIT %s) AS x
			GROUP BY p::jsonb -> 'definition'");
	for my $form (sort keys %forms)
	{
		my @rows = $form eq 'readings' ? (200000, 2000000) : (10000, 100000);
		my $started = time;
		my @peaks = map { $peak->(sprintf($forms{$form}, $_)) } @rows;
		cmp_ok($peaks[1] - $peaks[0], '<', $form eq 'readings' ? 16 * 1024 : 8 * 1024, sprintf('%s: peak of %d kB for %d rows, %d kB for %d (%.1f s)', $form, $peaks[0], $rows[0], $peaks[1], $rows[1], time - $started));
	}
}

$node->stop;
done_testing();
