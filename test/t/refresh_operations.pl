# Runs doc/operations.md as printed: the settings of its ```ini block are the server's, every ```sql block runs, in order
# and in one database, and prints the ```text block that follows. Then its jobs run, by real pg_cron, and leave fresh views.
# Without pg_cron, the blocks about it are left out.

use lib 'test/lib';
use Suite qw(server);

my $book = 'doc/operations.md';
my %blocks = (sql => [], ini => []);    # [where, text, what it prints]
my $last = '';
open my $in, '<', $book or die "$book: $!";
while (my $line = <$in>)
{
	next unless $line =~ /^```(\w+)\s*$/;
	my ($language, $where, $text) = ($1, "$book line $.", '');
	while (defined($line = <$in>) && $line !~ /^```\s*$/)
	{
		$text .= $line;
	}
	push @{ $blocks{$language} }, [ $where, $text, '' ] if $blocks{$language};
	$blocks{sql}[-1][2] = $text if $language eq 'text' && $last eq 'sql';
	$last = $language;
}
close $in;
ok(@{ $blocks{sql} } && @{ $blocks{ini} }, "$book has SQL and settings");

sub tidy
{
	my ($text) = @_;
	$text =~ s/[ \t]+$//mg;
	$text =~ s/\A\s*\n|\s+\z//g;
	return $text;
}

# Runs blocks in one session and compares what they print.
sub runs
{
	my ($node, $name, @run) = @_;
	my $file = PostgreSQL::Test::Utils::tempdir() . "/$name.sql";
	PostgreSQL::Test::Utils::append_to_file($file, "\\echo -- $_->[0]\n$_->[1]") for @run;
	my ($out, $err) = PostgreSQL::Test::Utils::run_command(
		[ 'psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr('crm'), '-f', $file ]);
	unlike($err, qr/ERROR|FATAL/, "the SQL of the $name runs");
	my %printed = ('', split /^-- (doc\/\S+ line \d+)\n/m, $out);
	is(tidy($printed{ $_->[0] } // 'nothing: did not get there'), tidy($_->[2]), "$_->[0] prints what it shows") for @run;
}

my $node = server('operations', generated => 'crm', extension => 0);
local $ENV{PGDATESTYLE} = 'ISO, YMD';
my $about_cron = qr/\bcron\./;
runs($node, 'views', grep { $_->[1] !~ $about_cron } @{ $blocks{sql} });

SKIP:
{
	skip 'pg_cron is not installed', 1
	  unless $node->safe_psql('crm', "SELECT count(*) FROM pg_available_extensions WHERE name = 'pg_cron'");
	$node->append_conf('postgresql.conf', $_->[1]) for @{ $blocks{ini} };
	$node->restart;
	runs($node, 'jobs', grep { $_->[1] =~ $about_cron } @{ $blocks{sql} });

	# the same jobs, every minute
	$node->safe_psql('crm', "SELECT cron.alter_job(jobid, schedule => '* * * * *') FROM cron.job");
	my $events = 'SELECT sum(event_count(history)) FROM crm.deal_histories';
	my $exited = 'SELECT sum(exited) FROM (SELECT rollup(funnel) AS f FROM crm.company) x, steps(f)';
	my @before = map { $node->safe_psql('crm', $_) } $events, $exited;
	$node->safe_psql('crm', "INSERT INTO crm.opportunity_history (opportunity_id, stage_name, changed_at)
		SELECT opportunity_id, 'lost', crm.as_of() FROM crm.deal_histories
		WHERE status(deal_progress(history, within => '180 days', entry => 'first', as_of => crm.as_of())) = 'open' ORDER BY opportunity_id LIMIT 5");
	my $at = $node->safe_psql('crm', 'SELECT now()');
	# one session waits, for as long as a slow server may take
	my $patience = 180 * Suite::patience();
	is($node->safe_psql('crm', "DO 'BEGIN
		FOR second IN 1 .. $patience LOOP
			EXIT WHEN (SELECT count(DISTINCT jobid) = (SELECT count(*) FROM cron.job) FROM cron.job_run_details WHERE start_time > ''$at'' AND end_time IS NOT NULL);
			COMMIT;
			PERFORM pg_sleep(1);
		END LOOP; END';
		SELECT count(DISTINCT jobid) = (SELECT count(*) FROM cron.job) FROM cron.job_run_details WHERE start_time > '$at' AND end_time IS NOT NULL"), 't', 'every job has run');
	is($node->safe_psql('crm', "SELECT string_agg(DISTINCT jobname || ' ' || status, ', ' ORDER BY jobname || ' ' || status) FROM cron.job_run_details JOIN cron.job USING (jobid)"),
		'compare all succeeded, histories succeeded, reports succeeded, tidy up succeeded', 'and cron.job_run_details says succeeded');
	is($node->safe_psql('crm', $events), $before[0] + 5, 'the histories are fresh');
	is($node->safe_psql('crm', $exited), $before[1] + 5, 'and so is the last of the views');
}
$node->stop;
done_testing();
