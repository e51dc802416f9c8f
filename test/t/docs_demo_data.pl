# The generated CRM is the same every time; the report says of it, and of the real data sets, what plain SQL says; and the
# forecasts of the past in doc/money.md are what the data gives.

use lib 'test/lib';
use Suite qw(server run_files run_report);

my $node = server('demo', demo => 'crm', extension => 0);

# The data set of a file of test/demo in a database of its own, from a directory; the report on it, as text.
sub data_set
{
	my ($name, $directory) = @_;
	$node->safe_psql('postgres', "CREATE DATABASE $name");
	$node->safe_psql($name, 'CREATE EXTENSION enablement_metrics');
	run_files($name, $directory, "test/demo/$name.sql");
	return report($name);
}
sub report { my ($name) = @_; return run_report($name, '--schema', $name, '--views', '--text') }
sub asked { my ($name, $query) = @_; return $node->safe_psql($name, "SET search_path = $name, public; SET timezone = 'UTC'; $query") }

# The rows that backtest.sql prints in a database, of which doc/money.md has each.
sub backtest
{
	my ($database, $wanted) = @_;
	my ($out, $err) = PostgreSQL::Test::Utils::run_command([ 'psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr($database), '-f', 'test/demo/backtest.sql' ]);
	my @rows = grep { /^\| / } split /\n/, $out;
	is("$err" . @rows, $wanted, "forecasts of the past: $wanted rows of $database");
	my %page = map { $_ => 1 } split /\n/, PostgreSQL::Test::Utils::slurp_file('doc/money.md');
	is(join("\n", grep { !$page{$_} } @rows), '', "doc/money.md has them");
}

my $out = report('crm');
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

# README.md shows the beginning of it
my ($answer) = PostgreSQL::Test::Utils::slurp_file('README.md') =~ /^```\n(CONVERSION .*?)^```/ms;
my %line = map { s/\s+$//r => 1 } split /\n/, $out;
is(join("\n", grep { !$line{$_} } split /\n/, $answer), '', 'README.md shows what the report says');

# what the report says of time
like($out, qr/^before +1232 +1046 +186 +49\.5 46 to 53 +53\.0 /m, 'cycles before the programme');
like($out, qr/^since +2402 +1916 +486 +28 27 to 30 +30\.9 /m, 'cycles since it');
is(asked('crm', q{SELECT reps, reached, gone, open, rounded(mean_days_of_reached), median_days FROM report_quota WHERE hired = '2025'}), '9|4|0|5|207|247', 'reps of 2025: the mean of those who reached quota and the median of all');
is(asked('crm', 'SELECT count(*), count(attainment) FROM report_reps'), '47|47', 'every rep has a way to quota');

is(asked('crm', 'SELECT bool_and(reached = converted + open + exited + expired) FROM report_funnel_by_month'), 't', 'reached = converted + open + exited + expired in every step');
is(asked('crm', <<'SQL'), '0', 'every deal has as many events as rows');
SELECT count(*) FROM deals
JOIN (SELECT opportunity_id::text AS deal, count(*) AS rows FROM opportunity_history GROUP BY opportunity_id) r USING (deal)
WHERE event_count(history) <> rows
SQL
cmp_ok(asked('crm', 'SELECT sum(pg_column_size(history))::float8 / sum(event_count(history)) FROM deals WHERE event_count(history) BETWEEN 5 AND 10'), '<=', 16, 'bytes per event in deals of 5 to 10 events');
is(asked('crm', <<'SQL'), 't|t|t', 'all rates rise after the programme, each interval is around its difference');
SELECT bool_and(difference_low > 0 AND p_value < 0.001), bool_and(difference_low < difference AND difference < difference_high), bool_and(abs(p_exact / p_value - 1) < 0.3) FROM report_conversion
SQL
is(asked('crm', q{SELECT bool_and(abs(adjusted_difference - difference) < 0.1 AND NOT mix_shift), min(strata) FROM report_conversion}), 't|15', '... and so they do within sources and segments');

backtest('crm', 12);

#
# Real data
#
SKIP:
{
	my $data = $ENV{ENABLEMENT_METRICS_DATA} // '';
	skip 'no real data: ENABLEMENT_METRICS_DATA names no directory that has it', 1 unless -r "$data/olist_marketing_funnel/olist_closed_deals_dataset.csv";
	my $olist = data_set('olist', "$data/olist_marketing_funnel");
	my $within = asked('olist', q{SELECT count(*), count(*) FILTER (WHERE won_date BETWEEN first_contact_date AND first_contact_date + interval '150 days') FROM lead LEFT JOIN closed_deal USING (mql_id)});
	is(asked('olist', 'SELECT total, successes FROM report_conversion'), $within, 'Olist: leads won within 150 days, as plain SQL counts them');
	like($olist, qr/^lead to won +8000 +749 +9\.4 8\.7 to 10\.0$/m, '... 749 of 8,000');
	like($olist, qr/^  deals ended_before_it_began: 1, such as b91cf8812365f50ff4bda4bcd6206b05$/m, '... and the win before its first contact is named');
	like($olist, qr/^  wins: no deal is lost$/m, '... and that no lost deal is on record');
	backtest('olist', 6);

	my $maven = data_set('maven_crm', "$data/maven_crm");
	is(asked('maven_crm', 'SELECT won, lost, open FROM report_win_rate WHERE n = 1'), asked('maven_crm', q{SELECT count(*) FILTER (WHERE deal_stage = 'Won'), count(*) FILTER (WHERE deal_stage = 'Lost'), count(*) FILTER (WHERE deal_stage = 'Engaging') FROM pipeline}), 'Maven: won, lost and open');
	is(asked('maven_crm', 'SELECT sum(amount_won) FROM report_win_rate_by_month'), asked('maven_crm', q{SELECT sum(close_value) FROM pipeline WHERE deal_stage = 'Won'}), '... and what they are worth');
	like($maven, qr/^all +8300 +6711 +1589 +69 67 to 70 /m, '... half close within 69 days, the open ones counted');
	backtest('maven_crm', 6);

	my $deskdrop = data_set('deskdrop', "$data/deskdrop");
	is(asked('deskdrop', 'SELECT sum(events), sum(views) FROM report_content'), asked('deskdrop', q{SELECT count(*), count(*) FILTER (WHERE action = 'VIEW') FROM (SELECT DISTINCT at, action, content, person FROM log) AS l}), 'Deskdrop: events without those that were logged twice');
	like($deskdrop, qr/^-4029704725707465084 +433 +355 +267 /m, '... the article that the most was done with');
}
$node->stop;
done_testing();
