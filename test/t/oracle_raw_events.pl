# funnel_agg over raw events: whatever the rows look like - their order, ties,
# one deal of very many events, deals with one hash, the ends of time, long
# names - the bytes are those of the two-step form, with workers and
# without. Then options that are constants and not, cancelling, and memory.

use lib 'test/lib';
use Suite qw(server sql patience);

my $node = server('raw_events', sessions => 1, settings => { max_wal_size => "'4GB'" });

my $patience = patience();

#
# Tables of events, each with a deal as number, uuid and text
#
my $of_deal = q{SELECT deal, md5(deal::text)::uuid AS uuid_deal, 'deal ' || deal AS text_deal, kind, at};
my $deals = q{generate_series(1::bigint, 6000) AS deal};
my $kinds = q{unnest('{a,b,c,d,note,lost}'::text[]) WITH ORDINALITY AS k (kind, i)};
my $early = q{timestamptz '2026-01-01'};
# a deal in five without b, one in seven without d; hours to days between the steps
my $usual = qq{(SELECT deal * 7919 - 40000000 AS deal, kind, $early + deal * interval '97 s' + i * hashint8(deal) % 400 * interval '25 min' AS at
	FROM $deals, $kinds WHERE NOT (kind = 'b' AND deal % 5 = 0 OR kind = 'd' AND deal % 7 = 0 OR kind = 'lost' AND deal % 3 > 0)) AS x};
my %tables = (
	'in order of time' => "$of_deal FROM $usual ORDER BY at",
	'in reverse' => "$of_deal FROM $usual ORDER BY at DESC",
	'in order of deals' => "$of_deal FROM $usual ORDER BY deal",
	'in no order' => "$of_deal FROM $usual ORDER BY md5(deal || kind)",
	# the unit of instants is that of the chunk: here milliseconds, microseconds, and each of the three at times
	'to the millisecond' => "$of_deal FROM (SELECT deal, kind, at + deal % 1009 * interval '1 ms' AS at FROM $usual) AS x ORDER BY at",
	'to the microsecond' => "$of_deal FROM (SELECT deal, kind, at + deal % 1009 * interval '1 us' AS at FROM $usual) AS x ORDER BY at",
	'of changing precision' => "$of_deal FROM (SELECT deal, kind, at + (array[0, 250000, 999])[1 + extract(epoch FROM at)::bigint / 700000 % 3] * interval '1 us' AS at FROM $usual) AS x ORDER BY at",
	'of one partition' => "$of_deal FROM (SELECT * FROM $usual WHERE deal % 11 = 0) AS x ORDER BY at",
	'of few deals' => "$of_deal FROM (SELECT * FROM $usual LIMIT 30) AS x",
	'of two instants' => "$of_deal FROM (SELECT deal, kind, $early + (deal + i) % 2 * interval '1 day' AS at FROM $deals, $kinds) AS x ORDER BY md5(deal || kind)",
	# each place of the spread holds some of them; their events come by turns
	'of deals with many events' => "$of_deal FROM (SELECT n % 23 AS deal, (array['a','b','note','c','d'])[1 + hashint8(n) & 3] AS kind, $early + (n - n % 7 * 30) * interval '1 min' AS at
		FROM generate_series(1::bigint, 40000) AS n) AS x",
	'with one deal of very many' => "$of_deal FROM (SELECT 5::bigint AS deal, (array['a','b','note','c','d'])[1 + hashint8(n) & 3] AS kind, $early + hashint8(-n) % 86400 * interval '1 s' AS at
		FROM generate_series(1::bigint, 60000) AS n UNION ALL SELECT * FROM $usual) AS x",
	'with the ends of time and of numbers' => "$of_deal FROM (SELECT (array[-9223372036854775808, 9223372036854775807, 0, -1])[1 + deal % 4] + deal / 4 * CASE deal % 4 WHEN 1 THEN -1 ELSE 1 END AS deal, kind,
			(array['4714-11-24 00:00:00+00 BC', '294276-12-31 23:59:59.999999+00', '2026-01-01', '0001-01-01'])[1 + (deal / 4 + i) % 4]::timestamptz AS at
		FROM (SELECT deal, kind, i FROM $deals, $kinds WHERE deal < 5000) AS y WHERE kind <> 'a' OR (deal / 4 + i) % 4 <> 0) AS x",
	'with long names' => "SELECT deal, md5(deal::text)::uuid AS uuid_deal, repeat('n', (array[0, 1, 120, 4000, 4100, 9000, 300000])[1 + deal % (CASE deal % 500 WHEN 6 THEN 7 ELSE 6 END)]) || deal / 12 AS text_deal, kind, at
		FROM (SELECT (deal + 40000000) / 7919 AS deal, kind, at FROM $usual WHERE deal % 3 = 0) AS x",
	# pairs of texts with the same hash of 64 bits, in one buffer and with others of the same instants
	'with equal hashes' => "SELECT deal, md5(deal::text)::uuid AS uuid_deal,
			(array['deal-number-WnrdUMobhrto', '0BTHKaBJksGN083NWmxN13FO', 'deal-number-M1t4ilBr76w2', 'F8sWQGTQNLRylk3wL9eNzzwz'])[1 + deal] AS text_deal, kind, at
		FROM (SELECT n % 4 AS deal, (array['a','b','c','d'])[1 + hashint8(n) & 3] AS kind, $early + hashint8(-n) % 300 * interval '1 hour' AS at FROM generate_series(1::bigint, 200) AS n) AS x",
	'of nobody' => "$of_deal FROM (SELECT deal, kind, $early AS at FROM $deals, unnest('{note,lost,b}'::text[]) AS kind) AS x",
	'of no rows' => "$of_deal FROM (SELECT 1::bigint AS deal, 'a' AS kind, $early AS at LIMIT 0) AS x");
my $parallel = 'SET max_parallel_workers_per_gather = 2; SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0;';
my %plans = (
	'no workers' => 'SET max_parallel_workers_per_gather = 0;',
	'two workers' => $parallel,
	'two workers alone' => "$parallel SET parallel_leader_participation = off;");
my @questions = (
	[ "'{a,b,c,d}'", 'NULL', "'2026-12-31'" ],
	[ "'{a,c}'", "'3 days'", "'2026-01-19 12:00'" ]);
my $bytes = sub { return "coalesce(md5(funnel_summary_send($_[0])), 'NULL')" };

is(sql("SELECT hashtextextended('deal-number-WnrdUMobhrto', 0) = hashtextextended('0BTHKaBJksGN083NWmxN13FO', 0) AND hashtextextended('deal-number-M1t4ilBr76w2', 0) = hashtextextended('F8sWQGTQNLRylk3wL9eNzzwz', 0)"),
	't', 'texts with equal hashes')
  if unpack('C', pack('S', 1)) == 1;    # low byte first
for my $table (sort keys %tables)
{
	my $started = time;
	my $rows = sql("DROP TABLE IF EXISTS e; CREATE UNLOGGED TABLE e AS $tables{$table}; ALTER TABLE e SET (parallel_workers = 2); ANALYZE e; SELECT count(*) FROM e");
	my (@expected, %differ);

	for my $question (@questions)
	{
		my ($stages, $within, $as_of) = @$question;
		push @expected, map { sql("SET max_parallel_workers_per_gather = 0; SELECT " . $bytes->("funnel_agg(deal_progress(h, $stages, $within, as_of => $as_of))") . " FROM (SELECT history_agg(kind, at) AS h FROM e GROUP BY $_) AS x") } qw(deal text_deal);
	}
	for my $plan (sort keys %plans)
	{
		my @got;

		for my $question (@questions)
		{
			my $arguments = "kind, at, $question->[0], $question->[1], $question->[2]";
			push @got, split /\|/, sql("$plans{$plan} SELECT " . join(', ', map { $bytes->("funnel_agg($_, $arguments)") } qw(deal uuid_deal text_deal)) . " FROM e");
		}
		is_deeply(\@got, [ @expected[ 0, 0, 1, 2, 2, 3 ] ], sprintf('%d events %s, %s (%.1f s)', $rows, $table, $plan, time - $started));
	}
}
like(sql("$parallel EXPLAIN (COSTS off) SELECT funnel_agg(deal, kind, at, '{a,b}') FROM e"), qr/Partial Aggregate/, 'they were aggregated partially');

#
# Stages that are parameters, or come from the rows
#
sql(q{
CREATE TABLE s AS SELECT deal, kind, timestamptz '2026-01-01' + deal * interval '1 hour' AS at FROM generate_series(1::bigint, 30) AS deal, unnest('{a,b,c}'::text[]) AS kind WHERE kind <> 'c' OR deal % 2 = 0;
CREATE FUNCTION by_turns() RETURNS text LANGUAGE plpgsql AS $$
DECLARE stages text[]; result text := ''; f funnel_summary;
BEGIN
	FOREACH stages SLICE 1 IN ARRAY '{{a,b},{a,c},{b,c},{c,a},{a,b}}'::text[] LOOP
		SELECT funnel_agg(deal, kind, at, stages, '1 hour', '2026-06-01') INTO f FROM s;
		result := result || successes(conversion(f)) || '/' || total(conversion(f)) || ' ';
	END LOOP;
	RETURN result;
END $$;
});
is(sql('SELECT by_turns()'), '30/30 15/30 15/30 15/15 30/30 ', 'stages of a variable');
is(sql(q{SET plan_cache_mode = force_generic_plan;
PREPARE f(text[]) AS SELECT string_agg(successes(conversion(f)) || '/' || total(conversion(f)), ' ') FROM (SELECT funnel_agg(deal, kind, at, $1, NULL, '2026-06-01') AS f FROM s GROUP BY deal % 2) AS x;
EXECUTE f('{a,b}'); EXECUTE f('{b,c}'); EXECUTE f('{a,b}')}), "15/15 15/15\n15/15 0/15\n15/15 15/15", 'stages of a prepared statement');
is(sql(q{SELECT string_agg(successes(conversion(f)) || '/' || total(conversion(f)), ' ' ORDER BY g) FROM
(SELECT deal % 3 AS g, funnel_agg(deal, kind, at, ARRAY['a', substr('abc', 2 + deal::int % 3 / 2, 1)], NULL, '2026-06-01') AS f FROM s GROUP BY 1) AS x}), '10/10 10/10 5/10', 'stages of the groups');
for my $row (1, 2, 40, 75)
{
	my ($out, $err) = ('', '');
	$node->psql('postgres', "SELECT funnel_agg(deal, kind, at, ARRAY['a', CASE row_number WHEN $row THEN 'c' ELSE 'b' END], NULL, '2026-06-01') FROM (SELECT *, row_number() OVER () FROM s) AS x", stdout => \$out, stderr => \$err);
	like($err, qr/stages and within must be the same for all rows/, "other stages in row $row");
}
sql(q{CREATE TABLE g AS SELECT g, deal, kind, timestamptz '2026-01-01' + deal * i * interval '1 hour' AS at FROM generate_series(1, 3000) AS g, generate_series(1::bigint, 3) AS deal, unnest('{a,b,c}'::text[]) WITH ORDINALITY AS k (kind, i); ALTER TABLE g SET (parallel_workers = 2); ANALYZE g});
for my $plan (sort keys %plans)
{
	is(sql("$plans{$plan} SELECT count(*) FROM (SELECT g, funnel_agg(deal, CASE kind WHEN 'b' THEN 'b' || g ELSE kind END, at, ARRAY['a', 'b' || g, 'c'], g * interval '10 seconds', '2026-06-01') AS f FROM g GROUP BY g) AS x
JOIN (SELECT g, funnel_agg(deal_progress(history, ARRAY['a', 'b' || g, 'c'], within => g * interval '10 seconds', as_of => '2026-06-01')) AS f FROM (SELECT g, deal, history_agg(CASE kind WHEN 'b' THEN 'b' || g ELSE kind END, at) AS history FROM g GROUP BY g, deal) AS y GROUP BY g) AS z
USING (g) WHERE record_image_eq(ROW(x.f), ROW(z.f))"), 3000, "3,000 groups, each with options of its own, $plan");
}
is(sql(q{SELECT count(*) FROM (SELECT funnel_agg(deal, kind, at, '{a,b,c}', NULL, '2026-06-01') OVER w AS f, (SELECT funnel_agg(deal::text, kind, at, '{a,b,c}', NULL, '2026-06-01') FROM s AS r WHERE (r.at, r.kind) <= (s.at, s.kind)) AS anew FROM s WINDOW w AS (ORDER BY at, kind)) AS x
WHERE NOT record_image_eq(ROW(f), ROW(anew))}), 0, 'as a window function');

#
# Memory: at most 24 bytes for each event, and one partition
#
SKIP:
{
	skip 'no /proc here', 4 unless -r '/proc/self/status';
	skip 'the memory is that of valgrind', 4 if ($ENV{WATCHED} // '') eq 'valgrind';
	my %deal = (bigint => ['i % (%d / 4)', 24], uuid => [q{lpad(to_hex(i % (%d / 4)), 32, '0')::uuid}, 24 + 16], text => [q{('deal ' || i % (%d / 4))}, 24 + 12]);

	# the peak of a fresh backend, in bytes
	my $peak = sub {
		return 1024 * (split /\n/, sql("SET work_mem = '64kB'; $_[0];
			SELECT substring(pg_read_file('/proc/self/status') FROM 'VmHWM:\\s+(\\d+) kB')"))[-1];
	};
	for my $type (sort keys %deal)
	{
		my ($deal, $limit) = @{ $deal{$type} };
		my ($few, $many) = (50_000, 1_050_000);
		my @peaks = map {
			$peak->('SELECT total(conversion(funnel_agg(' . sprintf($deal, $_) . ", CASE WHEN i % 8 < 4 THEN 'a' ELSE 'b' END, timestamptz '2026-01-01' + i * interval '40 s', '{a,b}', NULL, '2030-06-01'))) FROM generate_series(0::bigint, $_ - 1) AS i")
		} $few, $many;
		my $each = ($peaks[1] - $peaks[0]) / ($many - $few);
		cmp_ok($each, '<=', $limit, sprintf('%s: %.1f bytes of memory for each event', $type, $each));
	}
	my @peaks = map {
		$peak->("SET enable_hashagg = off; SELECT count(conversion(f)) FROM (SELECT funnel_agg(i, 'a', timestamptz '2026-01-01', ARRAY['a', 'b' || i], NULL, '2030-06-01') AS f FROM generate_series(1, $_) AS i GROUP BY i) AS x")
	} 5_000, 25_000;
	my $each = ($peaks[1] - $peaks[0]) / 20_000;
	cmp_ok($each, '<=', 500, sprintf('%.0f bytes for each group with options of its own, one after the other', $each));
}

$node->stop;
done_testing();
