# Eager aggregation (PostgreSQL 19): aggregating below a join and combining above it gives the same bytes, in parallel too,
# for every aggregate; and states that grow with the rows are not made below a join.

use lib 'test/lib';
use Suite qw(database sql);
use Golden;

my $node = database();
plan skip_all => 'eager aggregation came with PostgreSQL 19' if sql('SHOW server_version_num') < 190000;

my %rows = map { %{ Golden::about($_)->{rows} } } Golden::types();
my $parallel = 'SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0; SET max_parallel_workers_per_gather = 2;';
my $eager = 'SET enable_eager_aggregate = on; SET min_eager_agg_group_size = 0;';
my %below;
sql('CREATE TABLE groups AS SELECT k, k % 3 AS g FROM generate_series(0, 9) AS k; ANALYZE groups');
for my $arguments (sort keys %rows)
{
	my @columns = map { "a$_" } 1 .. 1 + ($arguments =~ tr/,//);
	my $list = join ', ', @columns;
	sql("DROP TABLE IF EXISTS input; CREATE TABLE input AS SELECT i % 10 AS k, x.* FROM generate_series(1, 2000) AS i, LATERAL (SELECT $rows{$arguments}) AS x ($list); ANALYZE input");
	for my $aggregate (split /\n/, sql(qq{SELECT a.aggfnoid::regproc || '|' || a.aggtranstype::regtype FROM pg_aggregate a JOIN pg_proc p ON p.oid = a.aggfnoid
		WHERE p.pronamespace = 'public'::regnamespace AND (SELECT string_agg(format_type(u, NULL), ',' ORDER BY n) FROM unnest(p.proargtypes) WITH ORDINALITY AS u (u, n)) = '$arguments'}))
	{
		my ($name, $state) = split /\|/, $aggregate;
		next if $state eq 'mantel_haenszel_summary';	# floating point
		my $query = "SELECT g, md5($name($list)::text) FROM input JOIN groups USING (k) GROUP BY g ORDER BY g";
		my $usual = sql("SET enable_eager_aggregate = off; $query");
		is(sql("$eager $query"), $usual, "$name($arguments): the same below a join");
		is(sql("$eager $parallel $query"), $usual, '... and in parallel');
		$below{$state} = 1 if sql("$eager EXPLAIN (COSTS OFF) $query") =~ /Partial/;
	}
}
ok($below{rate_summary} && $below{funnel_summary}, 'small states are made below joins');
is(join(' ', grep { $below{$_} } qw(deal_history content_summary)), '', 'states that grow with the rows are not');
$node->stop('fast');
done_testing();
