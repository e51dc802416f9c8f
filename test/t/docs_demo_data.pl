# The generated CRM is the same every time; the demo's reports on it and on the Olist funnel say what is known, and the
# forecasts of the past in doc/money.md are what the data gives.

use lib 'test/lib';
use Suite qw(server);
use Cwd qw(getcwd);

my $demo = getcwd() . '/test/demo';
my $node = server('demo', extension => 0);

# psql -f FILE... in a database of its own, from a directory; returns what it prints
sub report
{
	my ($database, $directory, @files) = @_;
	$node->safe_psql('postgres', "CREATE DATABASE $database");
	$node->safe_psql($database, 'CREATE EXTENSION enablement_metrics');
	my $home = getcwd();
	chdir $directory or die "$directory: $!";
	my ($out, $err) = PostgreSQL::Test::Utils::run_command(
		[ 'psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '-P', 'footer=off', '-d', $node->connstr($database), map { ('-f', "$demo/$_") } @files ]);
	chdir $home;
	unlike($err, qr/ERROR|FATAL/, "@files run without an error");
	return $out;
}

# The rows that backtest.sql prints in a database, of which doc/money.md has each.
sub backtest
{
	my ($database, $wanted) = @_;
	my ($out, $err) = PostgreSQL::Test::Utils::run_command([ 'psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr($database), '-f', "$demo/backtest.sql" ]);
	my @rows = grep { /^\| / } split /\n/, $out;
	is("$err" . @rows, $wanted, "forecasts of the past: $wanted rows of $database");
	my %page = map { $_ => 1 } split /\n/, PostgreSQL::Test::Utils::slurp_file('doc/money.md');
	is(join("\n", grep { !$page{$_} } @rows), '', "doc/money.md has them");
}

my $out = report('crm', '.', 'generate.sql', 'report.sql', 'report_wins.sql', 'report_time.sql', 'report_comparison.sql');
my $state = <<'SQL';
SET timezone = 'UTC'; SET datestyle = 'ISO, YMD'; SET extra_float_digits = 1;
SELECT string_agg(format('%s %s %s', name, rows, sum), E'\n' ORDER BY name) FROM (
	SELECT 'team' AS name, count(*) AS rows, md5(string_agg(t::text, ' ' ORDER BY t::text COLLATE "C")) AS sum FROM crm.team t
	UNION ALL SELECT 'rep', count(*), md5(string_agg(t::text, ' ' ORDER BY t::text COLLATE "C")) FROM crm.rep t
	UNION ALL SELECT 'lead', count(*), md5(string_agg(t::text, ' ' ORDER BY t::text COLLATE "C")) FROM crm.lead t
	UNION ALL SELECT 'opportunity_history', count(*), md5(string_agg(t::text, ' ' ORDER BY t::text COLLATE "C")) FROM crm.opportunity_history t
	UNION ALL SELECT 'content_use', count(*), md5(string_agg(t::text, ' ' ORDER BY t::text COLLATE "C")) FROM crm.content_use t) x
SQL
is($node->safe_psql('crm', $state), <<'TEXT' =~ s/\n\z//r, 'the generated CRM is the known one');
content_use 103708 374d0870f96e55ce110416c7c7f529e2
lead 20000 27e8af8218b144923f970250469850e3
opportunity_history 97227 8dee36befab352e35d138af3fa1030a0
rep 72 01d63a050e241a1a418ff7e2791d59a6
team 24 11b3e225477f2b04f8ad2be156515e19
TEXT

# what the report says of time
like($out, qr/^ before +\| +1046 \| +186 \| +53\.0 \| +39 \| +49\.5 \|/m, 'cycles before the programme');
like($out, qr/^ after +\| +1916 \| +486 \| +30\.9 \| +21 \| +28 \|/m, 'cycles after it: 0.6 of the days');
like($out, qr/^ 2025 +\| +9 \| +4 \| +0 \| +5 \| +207 \| +247 \|/m, 'reps of 2025: the mean of those who reached quota and the median of all');
is($node->safe_psql('crm', 'SELECT count(*), count(q) FROM crm.quota'), '47|47', 'every rep has a way to quota');

# each row of steps() adds up, and plain SQL counts the same
like($out, qr/^SIZE OF THE HISTORIES/m, 'the report has sizes');
is($node->safe_psql('crm', <<'SQL'), 't', 'reached = converted + open + exited + expired in every step');
SELECT bool_and(reached = converted + open + exited + expired)
FROM (SELECT funnel_agg(progress) AS f FROM crm.reading) x, steps(f)
SQL
is($node->safe_psql('crm', <<'SQL'), '0', 'every deal has as many events as rows');
SELECT count(*) FROM crm.deal_histories
JOIN (SELECT opportunity_id, count(*) AS rows FROM crm.opportunity_history GROUP BY opportunity_id) r USING (opportunity_id)
WHERE event_count(history) <> rows
SQL
is($node->safe_psql('crm', <<'SQL'), '20000|t', 'leads to customers within 180 days of their first entry, as plain SQL counts them');
WITH step AS (
	SELECT entry.opportunity_id, bool_or(win.changed_at BETWEEN entry.changed_at AND entry.changed_at + interval '180 days') AS won
	FROM (SELECT opportunity_id, min(changed_at) AS changed_at FROM crm.opportunity_history WHERE stage_name = 'lead' GROUP BY opportunity_id) entry
		LEFT JOIN crm.opportunity_history win ON win.opportunity_id = entry.opportunity_id AND win.stage_name = 'won'
	GROUP BY entry.opportunity_id)
SELECT total(r), successes(r) = (SELECT count(*) FROM step WHERE won)
FROM (SELECT conversion(funnel_agg(progress), 'lead', 'won') AS r FROM crm.reading) x
SQL
cmp_ok($node->safe_psql('crm', <<'SQL'), '<=', 16, 'bytes per event in deals of 5 to 10 events');
SELECT sum(pg_column_size(history))::float8 / sum(event_count(history)) FROM crm.deal_histories WHERE event_count(history) BETWEEN 5 AND 10
SQL

# what is known of the generated CRM is what the comparisons find
is($node->safe_psql('crm', <<'SQL'), "Compass|t|t|t\nBeacon|f|t|t", 'Compass moves the rate, Beacon does not; what happened to all is taken off');
SELECT platform, adjusted_p < 0.05 AND effect > 0, adjusted_p >= p_value, low < effect AND effect < high
FROM crm.platform_ranking ORDER BY effect DESC
SQL
is($node->safe_psql('crm', <<'SQL'), 't|t|t', 'all rates rise after the programme, each interval is around its difference');
SELECT bool_and(low > 0 AND p_value < 0.001), bool_and(low < difference_points AND difference_points < high), bool_and(abs(p_exact / p_value - 1) < 0.3)
FROM crm.before_after, compare(b, a)
SQL
is($node->safe_psql('crm', <<'SQL'), 't', 'leads are decided sooner after the programme');
SELECT after_median / before_median BETWEEN 0.65 AND 0.85 AND hazard_ratio > 1.1 AND p_value < 1e-6
FROM (SELECT rollup(before) AS before, rollup(after) AS after FROM crm.days_to_decision) d, compare(before, after)
SQL

backtest('crm', 12);

SKIP:
{
	my $data = ($ENV{ENABLEMENT_METRICS_DATA} // '../shared/data') . '/olist_marketing_funnel';
	skip "no real data: $data is not there (set ENABLEMENT_METRICS_DATA)", 8 unless -r "$data/olist_closed_deals_dataset.csv";
	my $olist = report('olist', $data, 'olist.sql');
	like($olist, qr/funnel: first contact, then won \| +8000 \| +841 \| +10\.513 /, 'as a funnel: 841 of 8,000');
	like($olist, qr/fact: has a win at any time +\| +8000 \| +842 \| +10\.525 \| +9\.871 \| 11\.217/, 'as a fact: 842 of 8,000, with the known interval');
	like($olist, qr/^ b91cf8812365f50ff4bda4bcd6206b05 \|/m, 'the win before its first contact is named');
	like($olist, qr/"successes": ?842, ?"total": ?8000/, 'the months roll up to the same');
	like($olist, qr/^ all +\| +842 \| +7158 \| +\|.*\n winners alone +\| +842 \| +0 \| +14 \|/m, 'days to the win: the median of the winners is not that of the leads');
	backtest('olist', 6);
}
SKIP:
{
	my $data = ($ENV{ENABLEMENT_METRICS_DATA} // '../shared/data') . '/maven_crm';
	skip "no real data: $data is not there (set ENABLEMENT_METRICS_DATA)", 3 unless -r "$data/sales_pipeline.csv";
	report('maven', $data, 'maven_crm.sql');
	backtest('maven', 6);
}
$node->stop;
done_testing();
