# What track_histories remembers survives dump and restore: into another database of the same cluster, into another
# cluster, as the database's owner without superuser rights. The first refresh there goes on where the last one was.

use lib 'test/lib';
use Suite qw(server);

my ($node, $other) = map { server($_, extension => 0) } 'old', 'new';
$_->safe_psql('postgres', 'CREATE ROLE owner LOGIN; CREATE ROLE clerk LOGIN') for $node, $other;

# so that XIDs of the old cluster are far ahead of those of the new one
$node->safe_psql('postgres', 'DO $$ BEGIN FOR i IN 1 .. 2000 LOOP BEGIN CREATE TEMP TABLE t(); RAISE EXCEPTION \'\'; EXCEPTION WHEN raise_exception THEN END; END LOOP; END $$');

sub run_as
{
	my ($server, $user, $database, $sql) = @_;
	return $server->safe_psql($database, $sql, extra_params => [ '-U', $user ]);
}

$node->safe_psql('postgres', 'CREATE DATABASE sales OWNER owner');
run_as($node, 'owner', 'sales', <<'SQL');
CREATE EXTENSION enablement_metrics;
CREATE SCHEMA "raw data";
CREATE TABLE "raw data"."Event" (dropped int, deal text, kind text, at timestamptz, changed timestamptz);
ALTER TABLE "raw data"."Event" DROP dropped;
INSERT INTO "raw data"."Event" SELECT 'd' || d, 'lead', '2026-01-01', '2026-01-01'::timestamptz + d * interval '1 day' FROM generate_series(1, 200) d;
CREATE SCHEMA reports;
SET search_path = reports, public;
SELECT track_histories('"raw data"."Event"', 'stamped', 'deal', 'kind', 'at', changed => 'changed'),
	track_histories('"raw data"."Event"', 'unstamped', 'deal', 'kind', 'at', changed => 'xmin'),
	track_histories('"raw data"."Event"', 'dropped', 'deal', 'kind', 'at');
SELECT refresh_histories('stamped'), refresh_histories('unstamped'), refresh_histories('dropped');
INSERT INTO "raw data"."Event" VALUES ('d7', 'won', '2026-02-01', '2026-07-20');	-- not seen before the dump
CREATE TABLE gone (deal int, kind text, at timestamptz);
SELECT track_histories('gone', 'of_gone', 'deal', 'kind', 'at');
DROP TABLE dropped, gone;
SQL
my $tracked = "SELECT target, source, deal, kind, at, changed, zone, newest, watermark FROM tracked_histories ORDER BY target::text";
my $before = run_as($node, 'owner', 'sales', "$tracked");
like($before, qr/^reports.stamped\|"raw data"."Event"\|.*^reports.unstamped\|/ms, 'two tables are tracked, by their names');

my $dump = PostgreSQL::Test::Utils::tempdir() . '/sales.sql';
$node->command_ok([ 'pg_dump', '-U', 'owner', '-f', $dump, '-d', $node->connstr('sales') ], 'the owner of the database dumps it');
my $text = PostgreSQL::Test::Utils::slurp_file($dump);
my ($rows) = $text =~ /^COPY public.history_tracking .*\n([^\\]*(?:\\N[^\\]*)*)^\\\.$/m;
is(join(' ', sort map { join ':', (split /\t/)[ 0, 1 ] } split /\n/, $rows), 'reports.stamped:"raw data"."Event" reports.unstamped:"raw data"."Event"',
	'with what is remembered, but not of tables that are gone');

for ([ $node, 'the same cluster' ], [ $other, 'another cluster' ])
{
	my ($server, $where) = @$_;
	$server->safe_psql('postgres', 'CREATE DATABASE restored OWNER owner');
	$server->command_ok([ 'psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '-U', 'owner', '-f', $dump, '-d', $server->connstr('restored') ],
		"the owner of the database restores it in $where");
	is(run_as($server, 'owner', 'restored', "$tracked"), $before =~ s/^.*of_gone.*\n?//mr, "$where remembers the same");
	my $read = run_as($server, 'owner', 'restored', "SELECT deals_refreshed, deals_removed, rows_read FROM refresh_histories('reports.stamped')");
	is($read, '1|0|3', "$where: the first refresh reads from the watermark on, which was the last stamp");
	is(run_as($server, 'owner', 'restored', "SELECT deals_refreshed, deals_removed FROM refresh_histories('reports.unstamped')"),
		'1|0', "$where: and where rows are asked, finds what was not seen");
	run_as($server, 'owner', 'restored', qq(INSERT INTO "raw data"."Event" VALUES ('d8', 'won', '2026-02-02', '2026-07-21')));
	is(run_as($server, 'owner', 'restored', "SELECT deals_refreshed, rows_read FROM refresh_histories('reports.$_')"), '1|2',
		"$where: refreshes of $_ go on from there") for qw(stamped unstamped);
	is(run_as($server, 'owner', 'restored', "SELECT deals_refreshed, deals_removed FROM refresh_histories('reports.$_', full => true)"), '0|0',
		"$where: a full one of $_ finds nothing else") for qw(stamped unstamped);
}
# a dump that leaves a tracked table out: the others stay tracked, and that one is taken up again where it is made anew
my $part = PostgreSQL::Test::Utils::tempdir() . '/part.sql';
$node->command_ok([ 'pg_dump', '-U', 'owner', '-T', 'reports.stamped', '-f', $part, '-d', $node->connstr('sales') ], 'a dump leaves one table of histories out');
$other->safe_psql('postgres', 'CREATE DATABASE part OWNER owner');
$other->command_checks_all([ 'psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '-U', 'owner', '-f', $part, '-d', $other->connstr('part') ], 0, [],
	[qr/WARNING:  the table of histories reports.stamped is not tracked: reports.stamped does not exist/], 'its restore says which table is not tracked');
is(run_as($other, 'owner', 'part', 'SELECT target FROM tracked_histories'), 'reports.unstamped', 'and tracks the other');
run_as($other, 'owner', 'part', <<'SQL');
CREATE TABLE reports.stamped (deal text PRIMARY KEY, history deal_history, refreshed_at timestamptz);
SET search_path = reports, public;
SELECT track_histories('"raw data"."Event"', 'stamped', 'deal', 'kind', 'at', changed => 'changed');
SQL
is(run_as($other, 'owner', 'part', "SELECT deals_refreshed, deals_failed FROM refresh_histories('reports.stamped')"), '200|0', 'until it is taken up again');

# the owner of a database cannot have somebody else's table fed from his own
$node->safe_psql('sales', 'CREATE SCHEMA hers AUTHORIZATION clerk; GRANT USAGE ON SCHEMA hers TO owner');
run_as($node, 'clerk', 'sales', 'CREATE TABLE hers.history (deal text PRIMARY KEY, history deal_history, refreshed_at timestamptz)');
run_as($node, 'owner', 'sales', q(INSERT INTO history_tracking (target_name, source_name, deal, kind, at, zone, target, source)
	VALUES ('hers.history', '"raw data"."Event"', 'deal', 'kind', 'at', 'UTC', 'hers.history'::regclass, '"raw data"."Event"'::regclass)));
is($node->safe_psql('sales', "SELECT count(*) FROM history_tracking WHERE target_name = 'hers.history'"), '0', 'only its owner has a table fed');
isnt((run_as($node, 'clerk', 'sales', 'SELECT count(*) FROM tracked_histories')), '2', 'others see nothing of it');
$_->stop for $node, $other;
done_testing();
