# What one machine must have for many to share its work. Citus runs the transition function of an aggregate on its
# workers, prints the state with the output function of its type, reads it at the coordinator with the input function,
# and goes on with the combine function and the final function. So the state must have a type of its own, and the state
# as it stands in the middle of an aggregation must survive its text form. Both are checked for every aggregate that
# the catalogs know, the second by doing exactly that in SQL, in text and in binary.

use lib 'test/lib';
use Suite qw(database sql);
use Golden;

my $node = database(sessions => 1, settings => { max_parallel_workers_per_gather => 0 });

#
# What the catalogs must say
#
sql(q{
CREATE VIEW aggregate AS
SELECT p.oid::regprocedure AS name, p.proparallel, a.*, t.typtype, t.typnamespace, t.typinput, t.typoutput, t.typreceive, t.typsend,
       ARRAY(SELECT format_type(u, NULL) FROM unnest(p.proargtypes) WITH ORDINALITY AS u (u, n) ORDER BY n) AS arguments
FROM pg_depend d JOIN pg_aggregate a ON a.aggfnoid = d.objid JOIN pg_proc p ON p.oid = d.objid JOIN pg_type t ON t.oid = a.aggtranstype
WHERE d.classid = 'pg_proc'::regclass AND d.deptype = 'e'
  AND d.refclassid = 'pg_extension'::regclass AND d.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'enablement_metrics')});
is(sql(q{SELECT string_agg(name::text, ' ' ORDER BY name::text) FROM aggregate WHERE aggtranstype = 'internal'::regtype}),
	join(' ', map { ("funnel_agg($_,text,timestamp with time zone,text[])", "funnel_agg($_,text,timestamp with time zone,text[],interval,timestamp with time zone)") } qw(bigint text uuid)),
	'only the aggregates over raw events have an internal state');
is(sql(q{SELECT count(*) FROM aggregate WHERE aggtranstype = 'internal'::regtype AND (aggserialfn = 0 OR aggdeserialfn = 0 OR aggcombinefn = 0)}),
	'0', '... which can be serialized and combined');
my %broken = (
	'a state that is a pseudo-type' => "typtype = 'p'",
	'a state of a type that is not its own' => "NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = 'pg_type'::regclass AND e.objid = aggtranstype AND e.deptype = 'e')",
	'no combine function' => 'aggcombinefn = 0',
	'no text form of its state' => 'typinput = 0 OR typoutput = 0',
	'no binary form of its state' => 'typreceive = 0 OR typsend = 0',
	'arguments outside of the rows, or an order' => "aggkind <> 'n'",
	'what keeps it from running in parallel' => "proparallel <> 's'",
	'more arguments of its final function' => 'aggfinalextra',
	'a final function that changes the state' => "aggfinalmodify <> 'r'");
for my $what (sort keys %broken)
{
	is(sql("SELECT name FROM aggregate WHERE aggtranstype <> 'internal'::regtype AND ($broken{$what})"), '', "no other aggregate has $what");
}

#
# Rows for every list of arguments, made from i: groups of which one has only NULLs, shards of which some have no rows
#
my %rows = map { %{ Golden::about($_)->{rows} } } Golden::types();
# enough actors for a sketch, in one group at a shard already
my %many = ('text,text,double precision' => 72000);
# sums over strata are floating point: the same to 1e-12 whatever the split
my $floating = 'mantel_haenszel_summary';

my @aggregates = map { [ split /\|/, $_, -1 ] } split /\n/,
  sql(q{SELECT name, array_to_string(arguments, ','), aggtranstype::regtype, aggtransfn::regproc, aggcombinefn::regproc,
	           CASE WHEN aggfinalfn <> 0 THEN aggfinalfn::regproc END, agginitval
        FROM aggregate WHERE aggtranstype <> 'internal'::regtype ORDER BY name::text});
cmp_ok(scalar @aggregates, '>=', 27, 'there are aggregates to try');
my $file = PostgreSQL::Test::Utils::tempdir() . '/state';
for my $aggregate (@aggregates)
{
	my ($signature, $arguments, $state, $transition, $combine, $final, $initial) = @$aggregate;
	my ($function) = $signature =~ /^(\w+)/;
	my $rows = $rows{$arguments};
	ok($rows, "there are rows for $signature") or next;
	my $n = $many{$arguments} // 600;
	my @columns = map { "a$_" } 1 .. 1 + ($arguments =~ tr/,//);
	my $list = join ', ', @columns;
	my $start = ($final ? ", FINALFUNC = $final" : '');
	$initial = $initial ne '' ? ", INITCOND = '$initial'" : '';
	my $empty = join ', ', map { $_ eq 'text' && $function eq 'duration_agg' ? "text 'hour'" : "NULL::$_" } split /,/, $arguments;
	my $differs = $state eq $floating
	  ? q{EXISTS (SELECT FROM compare(one) AS x, compare(many) AS y WHERE x IS DISTINCT FROM y AND (abs(x.common_difference_points - y.common_difference_points) > 1e-12 * abs(x.common_difference_points)
	        OR abs(x.chi2 - y.chi2) > 1e-12 * x.chi2 OR (x.strata, x.skipped, x.crude_difference_points, x.mix_shift) IS DISTINCT FROM (y.strata, y.skipped, y.crude_difference_points, y.mix_shift))) OR (one IS NULL) <> (many IS NULL)}
	  : 'NOT record_image_eq(ROW(one), ROW(many))';
	my ($status, $out, $error) = $node->psql('postgres', qq{
SET client_min_messages = warning;
DROP SCHEMA IF EXISTS citus CASCADE;
CREATE SCHEMA citus;
CREATE AGGREGATE citus.worker($arguments) (SFUNC = $transition, STYPE = $state$initial);
CREATE AGGREGATE citus.coordinator($state) (SFUNC = $combine, STYPE = $state$start$initial);
CREATE TABLE citus.input AS SELECT i % 4 AS g, (i % 7) * (i % 7) % 7 % (i % 4 + 2) AS shard, x.* FROM generate_series(1, $n) AS i, LATERAL (SELECT $rows) AS x ($list);
INSERT INTO citus.input SELECT 4, i % 2, $empty FROM generate_series(1, 6) AS i;
INSERT INTO citus.input SELECT g, 9, $empty FROM generate_series(0, 3) AS g;
CREATE TABLE citus.shard AS SELECT g, shard, citus.worker($list) AS state, $function($list) AS finished FROM citus.input GROUP BY g, shard;
CREATE TABLE citus.sent(g int, shard int, state $state);
\\copy (SELECT g, shard, state FROM citus.shard) TO '$file' WITH BINARY
\\copy citus.sent FROM '$file' WITH BINARY
CREATE TABLE citus.whole AS SELECT g, $function($list) AS one FROM citus.input GROUP BY g;
SELECT bool_or(one IS NOT NULL), count(*) FILTER (WHERE one IS NULL) FROM citus.whole;
SELECT count(*) FROM citus.shard WHERE state::text <> finished::text AND finished IS NOT NULL;
SELECT count(*) FROM citus.whole JOIN (SELECT g, citus.coordinator(state::$state) AS many FROM (SELECT g, shard, citus.worker($list)::text AS state FROM citus.input GROUP BY g, shard) AS s GROUP BY g) AS c USING (g) WHERE $differs;
SELECT count(*) FROM citus.whole JOIN (SELECT g, citus.coordinator(state) AS many FROM citus.sent GROUP BY g) AS c USING (g) WHERE $differs;
});
	# a row without anything is an open deal, or an amount that is missing
	my $nothing = $signature =~ /^(win_agg\(boolean|amount_agg)/ ? 0 : 1;
	is("$out$error", "t|$nothing\n0\n0\n0", "$signature: the state in the middle prints as the value it is, and travels as text and in binary");
	is(sql("SELECT bool_or(distinct_actors_is_exact(state, 'view')), bool_or(NOT distinct_actors_is_exact(state, 'view')), bool_or(NOT distinct_actors_is_exact(one, 'view')) FROM citus.sent JOIN citus.whole USING (g)"),
		't|t|t', '... names of actors and sketches among them') if $many{$arguments};
}

$node->stop('fast');
done_testing();
