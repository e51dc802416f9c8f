# funnel_agg over raw events hands the state of the leader to the node that finishes it as a token, not as bytes
# (src/summary/state_handover.h). A token of another query, an old one or a made-up one gives an error and nothing else; and
# whatever the plan, the funnel is that of a plan without partial states, to the byte.
#
# The server knows no way to send a token of one's own: test/forge is an engine that has one.

use lib 'test/lib';
use Suite qw(server sql server_stayed_up patience);

my $forge = PostgreSQL::Test::Utils::tempdir();
my $pgxs = `pg_config --pgxs`;
chomp $pgxs;
my $built = `env -i PATH="\$PATH" CCACHE_DISABLE=1 make -s -C $forge -f $pgxs PGXS=$pgxs VPATH=\$PWD/test/forge MODULES=forge with_llvm=no all 2>&1`;
is($?, 0, 'an engine of our own is built') or die $built;
my $node = server('handover', sessions => 1);

sql(qq{
	CREATE FUNCTION forge_serialize(internal) RETURNS bytea LANGUAGE c STRICT PARALLEL SAFE AS '$forge/forge';
	CREATE AGGREGATE forged(bigint, text, timestamptz, text[], interval, timestamptz) (SFUNC = funnel_events_add_bigint, STYPE = internal,
		FINALFUNC = funnel_events_final, COMBINEFUNC = funnel_events_combine, SERIALFUNC = forge_serialize,
		DESERIALFUNC = funnel_events_deserialize, PARALLEL = SAFE);
	CREATE TABLE few AS SELECT d AS deal, d % 3 AS team, k AS kind, timestamptz '2026-01-01' + hashint8(d) % 500 * interval '1 hour' + i * hashint8(d * 9 + i) % 90 * interval '1 min' AS at
		FROM generate_series(1::bigint, 900) AS d, unnest('{a,b,c,lost}'::text[]) WITH ORDINALITY AS k (k, i) WHERE hashint8(d * 5 + i) % 4 > 0;
	CREATE TABLE many AS SELECT d AS deal, d % 3 AS team, k AS kind, timestamptz '2026-01-01' + hashint8(d) % 500 * interval '1 hour' + i * hashint8(d * 9 + i) % 90 * interval '1 min' AS at
		FROM generate_series(1::bigint, 18000) AS d, unnest('{a,b,c,lost}'::text[]) WITH ORDINALITY AS k (k, i) WHERE hashint8(d * 5 + i) % 4 > 0;
	CREATE TABLE parts (LIKE many) PARTITION BY LIST (team);
	CREATE TABLE parts_0 PARTITION OF parts FOR VALUES IN (0);
	CREATE TABLE parts_1 PARTITION OF parts FOR VALUES IN (1);
	CREATE TABLE parts_2 PARTITION OF parts FOR VALUES IN (2);
	INSERT INTO parts SELECT * FROM many;
	ALTER TABLE few SET (parallel_workers = 2);
	ALTER TABLE many SET (parallel_workers = 2);
	ANALYZE;
});

# A plan with workers; one whose workers do not come, so that the leader has all rows; and one without them over partitions.
my $parallel = 'SET max_parallel_workers_per_gather = 2; SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0;';
my $leader = "$parallel SET max_parallel_workers = 0;";
my $parts = 'SET max_parallel_workers_per_gather = 0; SET enable_partitionwise_aggregate = on;';
my %plans = (
	'workers' => $parallel,
	'workers alone' => "$parallel SET parallel_leader_participation = off;",
	'the leader alone' => $leader,
	'little memory' => "$leader SET work_mem = '64kB'; SET enable_sort = off;",
	'sorted groups' => "$leader SET enable_hashagg = off;",
	'partitions' => $parts,
	'partitions with workers' => "$parallel SET enable_partitionwise_aggregate = on;");
my $serial = 'SET max_parallel_workers_per_gather = 0;';
my $rest = "NULL, '2026-12-31Z'";
my $agg = "forged(deal, kind, at, '{a,b,c}', $rest)";

#
# Where it is a token
#
sub told
{
	my ($settings, $query) = @_;
	my ($out, $error) = ('', '');

	$node->psql('postgres', "$settings SET forge.how = 'tell'; $query", stdout => \$out, stderr => \$error, on_error_stop => 1);
	my %told;
	$told{$1}++ while $error =~ /handed over as (a token|bytes)/g;
	return join ', ', map { "$told{$_} $_" } sort keys %told;
}
is(told($leader, "SELECT $agg FROM many"), '1 a token', 'a leader hands over its state as a token');
is(told($leader, "SELECT $agg FROM few"), '1 a token', '... one of few events too');
is(told("$parallel SET parallel_leader_participation = off;", "SELECT $agg FROM many") =~ /token/, '', '... but workers bytes');
is(told($leader, "SELECT team, $agg FROM many GROUP BY team"), '3 bytes', '... and so do groups, which a sort may outlive');
is(told($parts, "SELECT $agg FROM parts"), '3 a token', 'partitions hand over tokens, without workers');
is(told($serial, "SELECT $agg FROM many"), '', 'a plan in one piece hands over nothing');

#
# The same funnel whatever the plan
#
my %queries = (
	'few events' => "SELECT md5(funnel_summary_send($agg)) FROM few",
	'many events' => "SELECT md5(funnel_summary_send($agg)) FROM many",
	'partitions' => "SELECT md5(funnel_summary_send($agg)) FROM parts",
	'no rows' => "SELECT $agg FROM many WHERE deal < 0",
	'groups' => "SELECT team, md5(funnel_summary_send($agg)) FROM parts GROUP BY team ORDER BY team",
	'groups that are many' => "SELECT md5(string_agg(f, ',' ORDER BY g)) FROM (SELECT deal % 5000 AS g, $agg\::text AS f FROM many GROUP BY 1) AS x",
	'deals by name' => "SELECT md5(funnel_summary_send(funnel_agg('deal ' || deal, kind, at, '{a,b,c}', $rest))), md5(funnel_summary_send(funnel_agg(md5(deal::text)::uuid, kind, at, '{a,c}', $rest))) FROM many",
	'several in one query' => "SELECT md5(funnel_summary_send($agg)), md5(funnel_summary_send(forged(deal, kind, at, '{a,c}', $rest))), md5(funnel_summary_send($agg FILTER (WHERE team = 1))), count(*), max(at) FROM many",
	'a query in a query' => "SELECT md5(funnel_summary_send((SELECT $agg FROM many)) || funnel_summary_send((SELECT $agg FROM few)))",
	'UNION ALL' => "SELECT md5(string_agg(f::text, ',' ORDER BY f::text)) FROM (SELECT $agg AS f FROM many UNION ALL SELECT $agg FROM few UNION ALL SELECT $agg FROM many) AS x",
	# the inner side of a nested loop is read again for each row
	'a nested loop' => "SET enable_material = off; SET enable_hashjoin = off; SET enable_mergejoin = off; SELECT md5(string_agg(f, ',')) FROM generate_series(1, 4) AS g LEFT JOIN (SELECT $agg\::text AS f FROM many) AS x ON length(f) > g",
	'LATERAL' => "SELECT g, md5(f) FROM generate_series(0, 2) AS g, LATERAL (SELECT $agg\::text AS f FROM parts WHERE team <= g) AS x ORDER BY g",
	'LATERAL that is read again' => "SELECT g, h, md5(f) FROM generate_series(0, 2) AS g, generate_series(1, 2) AS h, LATERAL (SELECT $agg\::text AS f FROM parts WHERE deal % 7 > g + h OFFSET 0) AS x ORDER BY g, h",
	'a subquery of each row' => "SELECT team, md5((SELECT $agg\::text FROM parts AS p WHERE p.team <= t.team)) FROM (VALUES (0), (2), (1), (2)) AS t (team) ORDER BY team",
	'a function' => "CREATE FUNCTION pg_temp.f(n int) RETURNS text LANGUAGE plpgsql AS \$\$ DECLARE r text := ''; x text; BEGIN FOR i IN 1 .. n LOOP SELECT md5(funnel_summary_send($agg)) INTO x FROM many; r := r || x; END LOOP; RETURN r; END \$\$; SELECT pg_temp.f(3)",
	'a prepared statement' => "PREPARE q(bigint) AS SELECT md5(funnel_summary_send($agg)) FROM many WHERE deal > \$1; " . join(' ', map { "EXECUTE q($_);" } 1 .. 8),
	'a cursor' => "BEGIN; DECLARE c CURSOR FOR SELECT md5($agg\::text) FROM parts UNION ALL SELECT md5($agg\::text) FROM few; FETCH 1 FROM c; SELECT md5(funnel_summary_send($agg)) FROM few; FETCH 1 FROM c; FETCH 1 FROM c; COMMIT",
	'a cursor that is held' => "BEGIN; DECLARE c CURSOR WITH HOLD FOR SELECT md5($agg\::text) FROM parts; COMMIT; SELECT md5(funnel_summary_send($agg)) FROM few; FETCH ALL FROM c; CLOSE c",
	'a savepoint' => "BEGIN; SAVEPOINT s; SELECT md5(funnel_summary_send($agg)) FROM many; ROLLBACK TO s; SELECT md5(funnel_summary_send($agg)) FROM many; COMMIT");
for my $query (sort keys %queries)
{
	my $expected = sql("$serial $queries{$query}");

	isnt($expected, '', "$query: there is an answer") if $query ne 'no rows';
	for my $plan (sort keys %plans)
	{
		is(sql("$plans{$plan} $queries{$query}"), $expected, "$query, $plan");
	}
}

#
# Tokens that are none
#
sub refused
{
	my ($statements, $sqlstate, $name) = @_;
	my ($out, $error) = ('', '');

	$node->psql('postgres', "\\set VERBOSITY verbose\n$leader $statements", stdout => \$out, stderr => \$error, on_error_stop => 0);
	like($error, qr/ERROR:  $sqlstate: /, $name);
	unlike($out, qr/version/, '... without an answer');
}
refused("SET forge.how = 'flip'; SELECT $agg FROM many", 'XX001', 'a token that was made up');
refused("SET forge.how = 'cut'; SELECT $agg FROM many", '22P03', 'one that is cut off');
refused("SET forge.how = 'keep'; SELECT $agg IS NULL FROM many; SET forge.how = 'replay'; SELECT $agg FROM many", 'XX001', 'a token of a query that has ended');
refused("SET forge.how = 'keep'; BEGIN; $parts DECLARE c CURSOR FOR SELECT $agg IS NULL FROM parts UNION ALL SELECT false; FETCH 1 FROM c; SET forge.how = 'replay'; SELECT $agg FROM parts",
	'XX001', 'a token of another query that is under way');
refused("SET forge.how = 'keep'; SELECT 1 / (count(*) - count(*)), $agg IS NULL FROM many; SET forge.how = 'replay'; SELECT $agg FROM many", 'XX001', 'a token of a query that failed');
refused("SET forge.how = 'keep'; SELECT $agg IS NULL FROM many; SET forge.how = 'replay'; SELECT team, $agg FROM many GROUP BY team", 'XX001', 'an old token for a group');

# within one query a token may be read again, and gives the same state each time
is(sql("$leader SET forge.how = 'keep'; SELECT md5(string_agg(f, ',')) FROM (SELECT $agg\::text AS f FROM many) AS x"), sql("$serial SELECT md5($agg\::text) FROM many"), 'what is kept is no less good');

#
# Cancelled while states are alive
#
my $cancelled = 0;
for my $after (map { 4 * $_ * patience() } 1 .. 20)
{
	my $error = '';

	$node->psql('postgres', "$parallel SET statement_timeout = '${after}ms'; SELECT $agg IS NULL FROM many AS a WHERE deal + length(repeat('x', 200)) > 0; RESET statement_timeout; SELECT $agg IS NULL FROM many", stderr => \$error);
	$cancelled++ if $error =~ /statement timeout/;
}
cmp_ok($cancelled, '>', 0, 'queries were cancelled');
is(sql("$leader $queries{'many events'}"), sql("$serial $queries{'many events'}"), '... and the next ones are well');
server_stayed_up($node);
done_testing();
