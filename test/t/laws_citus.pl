# test/citus/run as far as it goes without Citus: the whole of it on partitions of one server, its Citus half against
# stand-ins that distribute nothing, which it must notice; and what it says when it cannot do its work.

use lib 'test/lib';
use Suite qw(server sql);

my $node = server('citus', extension => 0);
my $dir = PostgreSQL::Test::Utils::tempdir();

sub run_check
{
	local %ENV = (%ENV, PGHOST => $node->host, PGPORT => $node->port, PGDATABASE => 'postgres', @{ $_[1] // [] });
	my ($out, $err) = PostgreSQL::Test::Utils::run_command([ 'bash', 'test/citus/run', @{ $_[0] } ]);
	my $status = $? >> 8;
	is(sql(q{SELECT string_agg(nspname, ' ') FROM pg_namespace WHERE nspname LIKE 'enablement_metrics%'}), '', 'it leaves no schema behind');
	return ($status, "$out\n$err");
}

sub report_of
{
	my $file = "$dir/report.sql";
	open my $out, '>', $file or die "$file: $!";
	print $out $_[0];
	close $out;
	return [ REPORT => $file ];
}

my ($status, $text) = run_check(['--local']);
is($status, 0, 'all the same on partitions');
like($text, qr/^16 the same, 0 wrong$/m, '... in every query of the report');
unlike($text, qr/WRONG|ERROR/, '... without errors');
is(sql(q{SELECT count(*) FROM pg_extension WHERE extname = 'enablement_metrics'}), '0', 'and the extension goes where it was not there before');

sql('CREATE EXTENSION enablement_metrics');
($status, $text) = run_check([ '--local' ], report_of(qq{-- partial: where am I\nSELECT current_schema(), rate_agg(has_kind(history, 'won'))::text FROM deal GROUP BY team\n}));
is($status, 1, 'a number that differs');
like($text, qr/WRONG  partial: where am I: other numbers, local \(<\) and distributed \(>\):\n.*^< enablement_metrics_check_\d+\|.*^> enablement_metrics_check_\d+_spread\|/ms, '... is shown');
($status, $text) = run_check([ '--local' ], report_of(qq{-- partial: ordered\nSELECT team, history_agg(kind, at ORDER BY at)::text FROM event GROUP BY team ORDER BY team\n\n-- whole: crossing\nSELECT rate_agg(kind = 'won') FROM event\n\n-- partial: broken\nSELECT nothing FROM deal\n\n-- partial: empty\nSELECT 1 FROM deal WHERE false\n}));
is($status, 1, 'aggregates that are not computed in parts, or only in parts, and errors');
like($text, qr/WRONG  partial: ordered: not computed in parts:/, '... an aggregate with an order');
like($text, qr/WRONG  whole: crossing: not computed in one piece:/, '... groups that cross machines');
like($text, qr/WRONG  partial: broken: an error: .*column "nothing" does not exist/, '... an error');
like($text, qr/WRONG  partial: empty: no rows/, '... an answer without rows');
is(sql(q{SELECT count(*) FROM pg_extension WHERE extname = 'enablement_metrics'}), '1', 'an extension that was there stays');
($status, $text) = run_check([ '--local' ], report_of("SELECT 1\n"));
is($status, 2, 'a report without queries');
like($text, qr/There is no query in /, '... is named');

($status, $text) = run_check([]);
is($status, 2, 'a server without Citus');
like($text, qr/There is no citus extension in database postgres of .*Point PGHOST, PGPORT and PGDATABASE at a Citus coordinator/, '... is told from one with it');
($status, $text) = run_check([], [ PGPORT => 1 ]);
is($status, 2, 'no server');
like($text, qr/Cannot connect: set PGHOST/, '... is said');
($status, $text) = run_check(['--nonsense']);
is($status, 2, 'a wrong option');
like($text, qr/usage:/, '... gets the usage');

# stand-ins: tables that are called distributed and are not, and one worker
sql(q{
INSERT INTO pg_extension SELECT 99999, 'citus', 10, 'public'::regnamespace, true, '13.0-1';
CREATE FUNCTION create_distributed_table(regclass, text, colocate_with text) RETURNS void LANGUAGE sql RETURN NULL;
CREATE FUNCTION run_command_on_workers(command text) RETURNS TABLE (nodename text, nodeport int, success boolean, result text)
	LANGUAGE sql AS $$SELECT 'worker', 5432, true, extversion FROM pg_extension WHERE extname = 'enablement_metrics'$$});
($status, $text) = run_check([]);
is($status, 1, 'nothing is distributed');
like($text, qr/^1 the same, 15 wrong$/m, '... which every plan shows');
like($text, qr/^same   whole: one history per deal$/m, '... but the one without parts');
is(() = $text =~ /not computed in parts:/g, 15, '... and which is said of each');
sql(q{CREATE OR REPLACE FUNCTION run_command_on_workers(command text) RETURNS TABLE (nodename text, nodeport int, success boolean, result text)
	LANGUAGE sql AS $$SELECT 'worker', 5432, true, ''$$});
($status, $text) = run_check([]);
is($status, 2, 'a worker without the extension');
like($text, qr/These workers do not have enablement_metrics 1\.\d+: worker:5432 \(not created\)/, '... is named');

$node->stop('fast');
done_testing();
