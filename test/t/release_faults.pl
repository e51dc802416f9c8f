# Faults and load: queries cancelled and timed out, memory that runs out, backends
# that are terminated and killed while they refresh, sessions that read and refresh
# at once. Nothing is lost, nothing is leaked, and the server stays up.
#
# And what a group and a row cost: the memory of each aggregate over 100,000 groups,
# and that more rows of a group do not make it grow beyond what is stored of them.

use lib 'test/lib';
use Suite qw(server sql patience);
use Golden;

use Time::HiRes qw(usleep);

my $patience = patience();
my $node = server('faults', settings => { max_connections => 40, restart_after_crash => 'on' }, extension => 0);
my $tempdir = PostgreSQL::Test::Utils::tempdir;
sub write_file { my ($name, $text) = @_; open(my $file, '>', "$tempdir/$name") or die $!; print $file $text; close $file; return "$tempdir/$name" }
# A session that works through a script by itself.
sub session
{
	my ($script, $err) = @_;
	return IPC::Run::start([ 'psql', '-X', '-q', '-At', '-d', $node->connstr('postgres'), '-f', write_file('session', $script) ], '<', \undef, '>', '/dev/null', '2>', $err);
}

sql(q{CREATE EXTENSION enablement_metrics;
CREATE TABLE log AS SELECT i % 4000 AS deal, (ARRAY['lead', 'mql', 'competitor', 'won', 'lost'])[1 + k] AS kind, timestamptz '2026-01-01' + i * interval '1 minute' AS at,
	CASE WHEN k = 3 THEN i::numeric END AS amount, CASE WHEN k = 2 THEN 'competitor ' || i % 7 END AS subject FROM generate_series(1, 60000) AS i, LATERAL (SELECT (i + i / 4000) % 5 AS k) AS t;
CREATE MATERIALIZED VIEW histories AS SELECT deal, history_agg(kind, at, amount, subject) AS history FROM log GROUP BY deal;
CREATE UNIQUE INDEX ON histories (deal);
-- one row for each summary type, over everything
CREATE VIEW made AS SELECT s.deal % 50 AS segment, funnel_agg(deal_progress(history, '{lead,mql,won}', within => '30 days', as_of => '2027-01-01')) AS funnel,
	win_agg(deal_outcome(history, as_of => '2027-01-01')) AS wins, duration_agg(deal_cycle(history, '{lead}', as_of => '2027-01-01')) AS durations,
	quota_agg(quota_attainment(history, '2026-01-01', 50000, as_of => '2027-01-01')) AS quota, rate_agg(has_kind(history, 'won')) AS rate, count(*) AS deals FROM histories AS s GROUP BY 1;
CREATE MATERIALIZED VIEW summaries AS SELECT m.*, (SELECT content_agg(kind, subject, extract(minute FROM at)) FROM log WHERE log.deal % 50 = m.segment) AS content FROM made AS m;
CREATE UNIQUE INDEX ON summaries (segment);
ANALYZE});
my $state = q{SELECT md5(string_agg(h::text, '' ORDER BY deal)) FROM histories AS h; SELECT md5(string_agg(s::text, '' ORDER BY segment)) FROM summaries AS s};
my $whole = sql($state);

#
# cancelling: after a random time, over and over in one session, which goes on working
# and whose memory is what it was
#
my %work = (
	'histories' => 'SELECT count(h) FROM (SELECT history_agg(kind, at, amount, subject) AS h FROM log, generate_series(1, 20) GROUP BY deal) AS t',
	'summaries' => 'SELECT rollup(funnel), rollup(wins), rollup(durations), rollup(quota), rollup(rate), rollup(content) FROM summaries, generate_series(1, 500)',
	'readings' => "SELECT count(deal_progress(history, '{lead,mql,won}', step_within => '{1 day,1 day}', as_of => '2027-01-01')), count(deal_outcome(history, as_of => '2027-01-01')), count(history || history) FROM histories, generate_series(1, 20)",
	'moving windows' => 'SELECT count(r) FROM (SELECT (rollup(wins) OVER w)::text || rollup(durations) OVER w || rollup(funnel) OVER w AS r FROM summaries, generate_series(1, 100) WINDOW w AS (ROWS BETWEEN 10 PRECEDING AND CURRENT ROW)) AS t',
	'raw events' => "SELECT funnel_agg(deal::bigint, kind, at, '{lead,mql,won}') FROM log, generate_series(1, 20)",
	'text and back' => 'SELECT count(wins::text::win_summary), count(funnel::jsonb::funnel_summary), count(content::text::content_summary) FROM summaries, generate_series(1, 50)');
my $contexts = 'SELECT sum(total_bytes) FROM pg_backend_memory_contexts';
my $script = "SET max_parallel_workers_per_gather = 0;\n";
srand(20260302);
for my $round (1 .. 6)
{
	for my $name (sort keys %work)
	{
		my $timeout = int($patience * (1 + int(rand(40)) + ($round == 1 ? 30 : 0)));
		$script .= "SET statement_timeout = '${timeout}ms';\n$work{$name};\nRESET statement_timeout;\n";
	}
	$script .= "SELECT 'contexts', ($contexts);\n";
}
my ($stdout, $stderr) = ('', '');
$node->psql('postgres', $script, stdout => \$stdout, stderr => \$stderr, on_error_stop => 0);
my $cancelled = () = $stderr =~ /canceling statement due to statement timeout/g;
my @others = grep { /ERROR/ && !/canceling statement due to statement timeout/ } split /\n/, $stderr;
cmp_ok($cancelled, '>=', 18, "$cancelled of 36 queries were cut off by statement_timeout");
is("@others", '', 'and by nothing else');
my @sizes = $stdout =~ /^contexts\|(\d+)$/mg;
is(scalar(@sizes), 6, 'the session went on');
cmp_ok($sizes[-1] - $sizes[1], '<', 200_000, "memory contexts of the session: $sizes[1] bytes after the second round, $sizes[-1] after the sixth");

# and by another session, anywhere in a statement
{
	my $worker = session("SET application_name = 'worker';\n" . "$work{summaries};\n$work{readings};\n" x 40, \my $err);
	my $sent = 0;
	for (1 .. 40)
	{
		usleep(20_000 + int(rand(60_000)));
		$sent++ if sql("SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE application_name = 'worker' AND state = 'active'") eq 't';
	}
	sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'worker'");
	$worker->finish;
	my $heard = () = $err =~ /canceling statement due to user request/g;
	cmp_ok($heard, '>=', 10, "$heard of $sent cancels by another session were obeyed");
	unlike($err, qr/ERROR:  (?!canceling statement due to user request)/, 'and gave no other error');
}
is(sql($state), $whole, 'after the cancels, everything is as it was');

#
# killed while refreshing
#
for my $signal ('TERM', 'KILL')
{
	for my $round (1 .. 2)
	{
		my $worker = session("SET application_name = 'refresher';\n" . "REFRESH MATERIALIZED VIEW CONCURRENTLY histories; REFRESH MATERIALIZED VIEW summaries;\n" x 50, \my $err);
		my $pid;
		for (1 .. 200)
		{
			$pid = sql("SELECT pid FROM pg_stat_activity WHERE application_name = 'refresher' AND query LIKE 'REFRESH%'") and last;
			usleep(10_000);
		}
		usleep($patience * int(rand(150_000)));
		my $before = -s $node->logfile;
		my $killed = kill $signal, $pid;
		$worker->finish;
		# a server that has not noticed yet answers too
		for (1 .. 10 * $PostgreSQL::Test::Utils::timeout_default)
		{
			last if $signal eq 'TERM' || PostgreSQL::Test::Utils::slurp_file($node->logfile, $before) =~ /ready to accept connections/;
			usleep(100_000);
		}
		is($killed, 1, "SIG$signal in refresh $round: sent");
		like($err, qr/terminating connection|server closed the connection|connection to server was lost/, "SIG$signal in refresh $round: the session is gone");
		ok($node->poll_query_until('postgres', 'SELECT true'), "SIG$signal in refresh $round: the server answers");
	}
	is(sql($state), $whole, "SIG$signal: the views hold what they held");
	is(sql("REFRESH MATERIALIZED VIEW CONCURRENTLY histories; REFRESH MATERIALIZED VIEW CONCURRENTLY summaries; $state"), $whole, "SIG$signal: and the next refresh makes the same");
}

#
# memory that runs out: a server of its own with little address space; its queries fail
# with 53200, and it stays up
#
SKIP:
{
	skip 'the address space is that of the instruments', 1 if $ENV{WATCHED};
	my $limit = 220_000;		# kB, shared memory among it
	my $poor = PostgreSQL::Test::Cluster->new('poor');
	$poor->init(extra => [ '--encoding=UTF8', '--locale=C' ]);
	$poor->append_conf('postgresql.conf', "timezone = 'UTC'\nfsync = off\njit = off\nautovacuum = off\nshared_buffers = 16MB\nmax_connections = 20\nmax_parallel_workers_per_gather = 0\n");
	my $log = $poor->logfile;
	my $data = $poor->data_dir;
	# started by a shell whose limit it inherits; node->start() has no place for one
	system("ulimit -v $limit && pg_ctl -w -s -D '$data' -l '$log' start >/dev/null 2>&1") == 0 or skip 'no server starts within the limit', 1;
	$poor->_update_pid(1);
	$poor->safe_psql('postgres', 'CREATE EXTENSION enablement_metrics');
	my %greedy = (
		'one history of millions of events' => "SELECT event_count(history_agg('kind ' || i, timestamptz '2026-01-01' + i * interval '1 second', i, 'subject ' || i)) FROM generate_series(1, 9000000) AS i",
		'many histories in a hash table' => "SET enable_sort = off; SET work_mem = '2GB'; SELECT count(h) FROM (SELECT i % 1500000, history_agg('k', timestamptz '2026-01-01', i) AS h FROM generate_series(1, 3000000) AS i GROUP BY 1) AS t",
		'names of competitors' => "SELECT total(overall_win_rate(win_agg(true, ARRAY[repeat('x', 240) || i]))) FROM generate_series(1, 1000000) AS i",
		'actors of content' => "SELECT action_count(content_agg('action ' || i % 60000, repeat('x', 240) || i), 'action 1') FROM generate_series(1, 3000000) AS i",
		'units of durations' => "SELECT observed(duration_agg(i, true)) FROM generate_series(1, 20000000) AS i",
		'raw events of funnels' => "SELECT funnel_agg(repeat('x', 240) || i, 'lead', timestamptz '2026-01-01', '{lead,won}') FROM generate_series(1, 2000000) AS i");
	for my $name (sort keys %greedy)
	{
		my ($out, $err);
		my $rc = $poor->psql('postgres', "\\set VERBOSITY verbose\nSET statement_timeout = '60s'; $greedy{$name}", stdout => \$out, stderr => \$err);
		like($err, qr/ERROR:  (53200: out of memory|54000: )/, "$name: out of memory is an error") or diag("$rc $out $err");
		is($poor->safe_psql('postgres', "SELECT percent(rate_agg(i > 1)) FROM generate_series(1, 4) AS i"), '75', "$name: the server works");
	}
	unlike(PostgreSQL::Test::Utils::slurp_file($log), qr/was terminated by signal|server process .* exited|PANIC/, 'no backend was lost for want of memory');
	$poor->stop;
}

#
# eight sessions refreshing, reading and appending at once, through pgbench
#
my %scripts = (
	refresh => "REFRESH MATERIALIZED VIEW CONCURRENTLY histories;\n",
	summarise => "REFRESH MATERIALIZED VIEW CONCURRENTLY summaries;\n",
	# an event more in one place and one less in another: the sum of all stays
	append => "\\set d random(0, 3999)\nBEGIN;\nINSERT INTO log SELECT deal, 'call', at, amount, subject FROM log WHERE deal = :d ORDER BY at LIMIT 1;\nINSERT INTO appended VALUES (:d);\nEND;\n",
	# what a reader sees is of one state: the parts of a summary add up in each row
	read => "SELECT 1 / (bool_and(total(rate) = deals AND reps(quota) = deals AND total(overall_win_rate(wins)) = deals AND observed(durations) + censored(durations) + competing(durations) <= deals))::int FROM summaries;\n",
	look => "SELECT 1 / (bool_and(event_count(history) >= 15 AND ended_at(history) >= started_at(history)))::int FROM histories;\n");
sql('CREATE TABLE appended(deal int)');
write_file($_, $scripts{$_}) for keys %scripts;
$node->command_checks_all([ 'pgbench', '-n', '-c', '8', '-j', '2', '-T', int(2 * $patience), '-f', "$tempdir/refresh\@1", '-f', "$tempdir/summarise\@1", '-f', "$tempdir/append\@6", '-f', "$tempdir/read\@6", '-f', "$tempdir/look\@3", $node->connstr('postgres') ],
	0, [ qr/number of failed transactions: 0|number of transactions actually processed: \d+/ ], [ qr/^(?!.*(?:aborted|ERROR))/s ], 'eight sessions for some seconds: no error');
my $appended = sql('SELECT count(*) FROM appended');
cmp_ok($appended, '>', $ENV{WATCHED} ? 0 : 20, "$appended events were appended meanwhile");
sql('REFRESH MATERIALIZED VIEW CONCURRENTLY histories; REFRESH MATERIALIZED VIEW CONCURRENTLY summaries');
is(sql('SELECT sum(event_count(history)) FROM histories'), 60000 + $appended, 'none was lost, none counted twice');
is(sql("SELECT count(*) FROM histories AS h FULL JOIN (SELECT deal, history_agg(kind, at, amount, subject) AS history FROM log GROUP BY deal) AS m USING (deal) WHERE NOT record_image_eq(ROW(h.history), ROW(m.history))"), '0', 'every history is that of its events');
is(sql("SELECT count(*) FROM summaries AS s JOIN made AS m USING (segment) WHERE NOT record_image_eq(ROW(s.funnel, s.wins, s.durations, s.quota, s.rate), ROW(m.funnel, m.wins, m.durations, m.quota, m.rate))"), '0', 'every summary is that of its histories');

#
# What a group costs: resident memory of a session over 100,000 groups of one row in a
# hash table, less that of count(*). And a row: the same over one group of many rows.
#
sql(q{CREATE TABLE one AS SELECT i AS g, i % 100 AS few FROM generate_series(1, 100000) AS i;
CREATE TABLE readings AS SELECT deal_progress(history, '{lead,mql,won}', as_of => '2027-01-01') AS p, deal_outcome(history, as_of => '2027-01-01') AS o, deal_cycle(history, '{lead}', as_of => '2027-01-01') AS c,
	quota_attainment(history, '2026-01-01', 50000, as_of => '2027-01-01') AS q, history AS h, rate_summary(1, 2) AS r FROM histories WHERE deal = 7;
VACUUM ANALYZE one});
# Bytes a group may take, and a row more of one group; 0 where a state does not grow with its rows
# (5 are let pass then: the kernel may count 64 pages late).
# What history_agg keeps of an event is about 30 bytes; the rest is space to grow, and the lists of the final function.
my @costs = (
	[ 'history_agg', "history_agg('won', '2026-01-01', g)", 400, 250 ],
	[ 'rollup(deal_history) of 15 events', 'rollup(h)', 1200, 4000 ],
	[ 'rate_agg', 'rate_agg(g > 1)', 120, 0 ],
	[ 'rollup(rate_summary)', 'rollup(r)', 120, 0 ],
	[ 'amount_agg', 'amount_agg(g)', 160, 0 ],
	[ 'duration_agg', 'duration_agg(few, true)', 400, 0 ],
	[ 'duration_agg(cycle)', 'duration_agg(c)', 400, 0 ],
	[ 'funnel_agg', 'funnel_agg(p)', 700, 0 ],
	[ 'win_agg of three competitors', 'win_agg(o)', 1200, 0 ],
	[ 'win_agg(won, competitors)', "win_agg(true, ARRAY['c' || few])", 700, 0 ],
	[ 'quota_agg', 'quota_agg(q)', 400, 0 ],
	[ 'pipeline_agg', 'pipeline_agg(g % 100, g)', 700, 0 ],
	[ 'rollout_agg of one cell', "rollout_agg('team', NULL, '2026-01-01', g > 1)", 700, 0 ],
	[ 'content_agg', "content_agg('view', 'person ' || few, few)", 1300, 0 ],
	[ 'mantel_haenszel_agg', 'mantel_haenszel_agg(r, r)', 400, 0 ],
	[ 'log_rank_agg', 'log_rank_agg(d, d)', 700, 0 ]);
my $resident = "substring(pg_read_file('/proc/self/status') FROM 'VmHWM:\\s+(\\d+) kB')::bigint * 1024";
my $from = 'one CROSS JOIN readings CROSS JOIN (SELECT duration_agg(3, true) AS d) AS durations';
# How much more memory the second query takes than the first, in bytes. Everything runs once before, since pages of
# the program and of tables count as the session's own from the first touch on.
sub grown
{
	my ($first, $second) = @_;
	my $answer = sql("SET max_parallel_workers_per_gather = 0; SET work_mem = '1GB'; SET enable_sort = off; SET hash_mem_multiplier = 1; SET enable_material = off;
		$first; SELECT 'warm ' || $resident - 0; $first; SELECT $resident AS before \\gset\n$second; SELECT 'grown ' || $resident - :before");
	return $answer =~ /grown (-?\d+)/ ? $1 : 1e12;
}
sub groups { return "SELECT count(a) FROM (SELECT g, $_[0] AS a FROM $from GROUP BY g OFFSET 0) AS t" }
sub rows { return "SELECT ($_[0])::text IS NULL FROM $from WHERE g <= $_[1]" }
is(sql("SELECT count(*) FROM $from WHERE (p, o, c, q, h, r) IS NOT NULL"), 100000, 'there are readings');
my $plain = grown("SELECT count(*) FROM $from", groups('count(*)'));
for my $cost ($ENV{WATCHED} ? () : @costs)	# instruments keep books of their own
{
	my ($name, $aggregate, $per_group, $per_row) = @$cost;
	my $group = (grown("SELECT count(*) FROM $from", groups($aggregate)) - $plain) / 100_000;
	cmp_ok($group, '<=', $per_group, sprintf('%s: %.0f bytes a group over 100,000 groups (at most %d)', $name, $group, $per_group));
	my $row = grown(rows($aggregate, 10_000), rows($aggregate, 100_000)) / 90_000;
	cmp_ok($row, '<=', $per_row + 5, sprintf('%s: %.1f bytes a row of one group (at most %d)', $name, $row, $per_row));
}

my $log = PostgreSQL::Test::Utils::slurp_file($node->logfile);
my $kills = () = $log =~ /was terminated by signal 9/g;
is($kills, 2, 'two backends died of SIGKILL');
unlike($log, qr/was terminated by signal (?!9)|PANIC|TRAP:|could not be recovered/, 'and nothing else went down');
$node->stop;
done_testing();
