# The way from four views to the report: doc/report.md as printed; the report's views on the generated CRM, whose counts add up
# to those of plain SQL; what is missing leaves its section out; every mistake in a mapping is named with view and column.

use lib 'test/lib';
use Suite qw(server run_files);
use Cwd qw(getcwd);

my $home = getcwd();
my $node = server('report', sessions => 1, demo => 'crm', extension => 0);
my $temp = PostgreSQL::Test::Utils::tempdir();

sub database { my $name = shift; $node->safe_psql('postgres', "CREATE DATABASE $name"); $node->safe_psql($name, 'CREATE EXTENSION enablement_metrics ' . (shift // '')) }

# enablement-report on a database: what it writes, what it says on its way, and its exit status
sub program
{
	my ($database, @options) = @_;
	local %ENV = ($node->_get_env(), PGDATABASE => $database);
	my ($out, $said) = ('', '');
	IPC::Run::run([ "$home/report/enablement-report", @options ], '<', \undef, '>', \$out, '2>', \$said);
	return ($out, $said, $? >> 8);
}

sub tidy { return join "\n", map { s/\s+$//r } split /\n/, $_[0] =~ s/\A\n+|\s+\z//gr }

#
# doc/report.md
#
my $page = PostgreSQL::Test::Utils::slurp_file('doc/report.md');
my %block;
push @{ $block{$1} }, $2 while $page =~ /^```(\w+)\n(.*?)^```$/msg;
open my $csv, '>', "$temp/leads.csv" or die $!;
print $csv $block{csv}[0];
close $csv;
my $part = 0;
sub printed_part
{
	open my $file, '>', "$temp/part$part.sql" or die $!;
	print $file $block{sql}[$part];
	close $file;
	is(run_files('sheet', $temp, "$temp/part" . $part++ . '.sql'), '', '... without a word');
}

database('sheet');
my $mapping_lines = $block{sql}[0] =~ tr/\n//;
cmp_ok($mapping_lines, '<', 30, 'the mapping of a spreadsheet takes less than 30 lines');
is(join(' ', PostgreSQL::Test::Utils::slurp_file('README.md') =~ /(\d+) lines/g), "$mapping_lines $mapping_lines", '... and as many as README.md says, twice');
printed_part();
my ($out, $said, $status) = program('sheet', '--schema', 'sheet', '--views', '--text');
is($status, 0, 'the report on the spreadsheet is made');
is(tidy($out), tidy($block{text}[0]), '... and is the one that doc/report.md shows');
is($said, "Making the views of the report in schema sheet\n", '... with nothing to say of the data');
is($node->safe_psql('sheet', q{SELECT history FROM sheet.deals WHERE deal = 'L-001'}),
	'{"(lead,2026-01-04T23:00:00Z,,)","(mql,2026-01-11T23:00:00Z,,)","(competitor,2026-02-01T23:00:00Z,,Globex)","(opportunity,2026-02-01T23:00:00Z,,)","(won,2026-03-05T23:00:00Z,12500,)"}', 'days before months, dollars without their sign');

printed_part();
is($node->safe_psql('sheet', 'SELECT rep, quotas FROM sheet.reps ORDER BY rep'), "Ana|{10000,20000}\nBen|{20000,NULL}\nDev|{NULL,25000}", 'quotas in line with their periods');
($out, $said, $status) = program('sheet', '--schema', 'sheet', '--views', '--text');
like($out, qr/^all +3 +3 +0 +0 /m, '... by which three reps of three reach quota');

local %ENV = $node->_get_env();
PostgreSQL::Test::Utils::command_ok([ 'psql', '-Xq', '-d', $node->connstr('sheet'), '-f', 'examples/salesforce_sample.sql' ], 'the sample of Salesforce');
PostgreSQL::Test::Utils::command_ok([ 'psql', '-Xq', '-d', $node->connstr('sheet'), '-v', 'source=salesforce_sample', '-f', 'examples/salesforce.sql' ], 'the adapter on it');
printed_part();
($out, $said, $status) = program('sheet', '--schema=teams', '--views', '--text');
like($out, qr/^lead to opportunity .*^against Globex +5 +20 /ms, 'the report on views over the views of the adapter');
is($part, scalar @{ $block{sql} }, 'that is all the SQL of the page');

# every column of the four views, and every view of the report, is on the page
my $mapping = PostgreSQL::Test::Utils::slurp_file('report/mapping.sql');
my @columns = $mapping =~ /\('(?:deals|reps|content_events|settings)', '(\w+)', '/g;
cmp_ok(scalar @columns, '>', 30, 'the columns of the four views have been read');
is(join(' ', grep { $page !~ /`$_`/ } @columns), '', '... and doc/report.md has all of them');

#
# the generated CRM
#
($out, $said, $status) = program('crm', '--schema', 'crm');
like($said, qr/^enablement-report: schema crm has no views of the report yet: call this once with --views\n\z/, 'without the views the program says what to do');
is($status, 1, '... and fails');
($out, $said, $status) = program('crm', '--schema', 'crm', '--check');
like($out, qr/^ reopened: lead at .* \| 2832 \| /m, '--check prints what history_problems() finds');
is($node->safe_psql('crm', q{SELECT count(*) FROM pg_class WHERE relname LIKE 'report\_%'}), '0', '... and makes nothing');
($out, $said, $status) = program('crm', '--schema', 'crm', '--views', '--text');
is("$status $said", "0 Making the views of the report in schema crm\nTo know of the data before believing the report:\n  reopened: lead at 2025-05-14T08:00:46Z undoes lost at 2024-11-30T14:09:59Z (2832, such as 10007)\n", 'the report on the CRM is made');
my @lines = split /\n/, $out;
cmp_ok(scalar @lines, '<=', 60, 'the text has at most 60 lines');
is(join("\n", grep { length > 100 } map { s/\s+$//r } @lines), '', '... of at most 100 columns');
like($lines[1], qr/^CONVERSION ROSE; COMPASS EXPLAINS /, '... and begins with the verdict');
like($out, qr/^Compass +8 +1850 .* 8\.3 5\.0 to 11\.6 +0\.0002 raised/m, 'Compass works');
like($out, qr/^Beacon +8 +1636 .* -0\.7 -5\.1 to 3\.7 +0\.7334 no evidence/m, 'Beacon does nothing');
unlike($out, qr/bytes_per_event/, 'no sizes');
{
	local $ENV{PGDATESTYLE} = 'German';
	local $ENV{PGTZ} = 'Asia/Tokyo';
	is((program('crm', '--schema', 'crm', '--text'))[0], $out, 'the same under other settings of the user');
}
($out, $said, $status) = program('crm', '--schema', 'crm', '--text', '--verbose');
like($out, qr/bytes_per_event.*^ *effect 7\.914, 4\.66 to 11\.17/ms, 'but with --verbose, and charts');
($out, $said, $status) = program('crm', '--schema', 'crm');
like($out, qr/\A<!DOCTYPE html>.*<\/html>\s*\z/s, 'the page is made');

# a view is read without an error, and doc/report.md names it
my @views = split /\n/, $node->safe_psql('crm', q{SELECT relname FROM pg_class WHERE relnamespace = 'crm'::regnamespace AND relname LIKE 'report\_%' AND relkind IN ('v', 'm') ORDER BY 1});
cmp_ok(scalar @views, '>', 40, 'the views of the report');
is(join(' ', grep { $node->safe_psql('crm', "SELECT count(v::text) > 0 FROM crm.$_ AS v") ne 't' } @views), '', '... all have rows');
is(join(' ', grep { !/^report_(input_|options$)/ && $page !~ /`$_`/ } @views), '', '... all stand in doc/report.md');
is($node->safe_psql('crm', q{SELECT string_agg(relname, ' ') FROM pg_class c WHERE relnamespace = 'crm'::regnamespace AND relname LIKE 'report\_%' AND relkind IN ('v', 'm') AND obj_description(oid, 'pg_class') IS NULL}), '', '... all have a comment');
my %row = map { my $row = $_; map { $_ => $row } /^\| (.*?) \|/ ? $1 =~ /`(report_\w+)`/g : () } split /\n/, $page;
for my $view (grep { $row{$_} && $row{$_} !~ /\.\.\.|the same|again/ } @views)
{
	my @missing = grep { $row{$view} !~ /\b$_\b/ } split /\n/, $node->safe_psql('crm', "SELECT attname FROM pg_attribute WHERE attrelid = 'crm.$view'::regclass AND attnum > 0");
	is(join(' ', @missing), '', "$view: its columns stand there");
}

# counts add up: of parts to the whole, and the whole is what plain SQL counts
sub crm { return $node->safe_psql('crm', "SET search_path = crm, public; $_[0]") }
sub adds_up { my ($what, $parts, $whole) = @_; my $sum = crm($whole); isnt($sum, '', "$what: there is a whole"); is(crm($parts), $sum, "$what: the parts add up to it") }
my $mature = q{created_at + interval '180 days' <= timestamptz '2025-12-31'};
adds_up('conversion, cells of mature deals', 'SELECT n, sum(reached), sum(converted) FROM report_conversion_cells WHERE mature GROUP BY n ORDER BY n', 'SELECT n, total, successes FROM report_conversion ORDER BY n');
adds_up('conversion, platforms', 'SELECT n, sum(reached), sum(converted), sum(before_reached + since_reached), sum(before_converted + since_converted) FROM report_conversion_by_platform GROUP BY n ORDER BY n',
	'SELECT n, total, successes, total, successes FROM report_conversion ORDER BY n');
adds_up('conversion, months', 'SELECT n, sum(reached), sum(converted), sum(open), count(DISTINCT month) FROM report_conversion_by_month GROUP BY n ORDER BY n', 'SELECT n, sum(reached), sum(converted), sum(open), 36 FROM report_conversion_cells GROUP BY n ORDER BY n');
adds_up('conversion, summaries', 'SELECT successes(rollup(summary)), total(rollup(summary)) FROM report_conversion_cells WHERE mature AND n = 2', 'SELECT successes, total FROM report_conversion WHERE n = 2');
adds_up('conversion, before and since', 'SELECT sum(reached) FILTER (WHERE period = $$before$$), sum(converted) FILTER (WHERE period = $$since$$) FROM report_conversion_cells WHERE mature AND n = 1', 'SELECT before_total, since_successes FROM report_conversion WHERE n = 1');
is(crm('SELECT total, successes FROM report_conversion WHERE n = 3'), crm(<<"SQL"), 'conversion: leads to customers as plain SQL counts them');
SELECT count(*), count(*) FILTER (WHERE EXISTS (SELECT FROM opportunity_history w WHERE w.opportunity_id = lead_id AND stage_name = 'won' AND changed_at BETWEEN created_at AND created_at + interval '180 days'))
FROM lead WHERE $mature
SQL
is(crm('SELECT total, successes FROM report_conversion WHERE n = 2'), crm(<<"SQL"), 'conversion: as the accessor of the funnel says');
SELECT total(r), successes(r) FROM (SELECT conversion(funnel_agg(progress), 'mql', 'won') AS r FROM report_deals WHERE mature) AS x
SQL
adds_up('funnel', 'SELECT step, sum(reached), sum(converted), sum(open), sum(exited), sum(expired), sum(amount_reached) FROM report_funnel_by_month GROUP BY step ORDER BY step', 'SELECT step, reached, converted, open, exited, expired, amount_reached FROM report_funnel ORDER BY step');
is(crm('SELECT amount_reached, amount_converted FROM report_funnel WHERE step = 4'), crm('SELECT sum(amount) FILTER (WHERE depth >= 4), sum(amount) FILTER (WHERE depth >= 5) FROM report_deals'), '... and its amounts as plain SQL counts them');
adds_up('wins', 'SELECT sum(won), sum(lost), sum(no_decision), sum(closed), sum(amount_won) FROM report_win_rate_by_month', 'SELECT won, lost, no_decision, closed, amount_won FROM report_win_rate WHERE n = 1');
adds_up('wins, with and without', 'SELECT sum(won), sum(lost), sum(no_decision), sum(closed), sum(open) FROM report_win_rate WHERE n > 1', 'SELECT won, lost, no_decision, closed, open FROM report_win_rate WHERE n = 1');
adds_up('competitors', 'SELECT competitor, sum(won), sum(closed), sum(amount_won) FROM report_competitors_by_quarter GROUP BY 1 ORDER BY 1', 'SELECT competitor, won, closed, amount_won FROM report_competitors ORDER BY 1');
adds_up('money', 'SELECT sum(won), sum(amount_won), total(rollup(summary)) FROM report_money_by_month', 'SELECT sum(won), sum(amount_won), sum(amount_won) FROM report_money');
adds_up('cycles', 'SELECT sum(opportunities), sum(closed), sum(open), median(rollup(summary)) FROM report_cycle_by_month', 'SELECT sum(opportunities), sum(closed), sum(open), median(rollup(summary)) FROM report_cycle');
adds_up('content', q{SELECT content, sum(events) FILTER (WHERE action = 'view'), sum(events) FROM report_content_by_month GROUP BY 1 ORDER BY 1}, 'SELECT content, views, events FROM report_content ORDER BY 1');
is(crm('SELECT content, views, events FROM report_content ORDER BY 1'), crm(q{SELECT content, count(*) FILTER (WHERE action = 'view'), count(*) FROM content_use GROUP BY 1 ORDER BY 1}), 'content: as plain SQL counts it');
adds_up('quota', 'SELECT sum(reps), sum(reached), sum(open), sum(gone) FROM report_quota WHERE hired_year IS NOT NULL', q{SELECT reps, reached, open, gone FROM report_quota WHERE hired = 'all'});
adds_up('teams in the effect of their platform', 'SELECT platform, sum(deals), rounded((sum(deals * effect) / sum(deals))::float8, 9) FROM report_team_effects GROUP BY 1 ORDER BY 1', 'SELECT platform, deals, rounded(effect, 9) FROM report_platform_effects ORDER BY 1');
is(crm('SELECT count(*) FROM report_conversion_by_month m WHERE final AND open > 0'), '0', 'no deal is open in a month that is final');

# made again: what readers were granted stays, and what else depends on a view keeps it
$node->safe_psql('crm', 'CREATE ROLE reader; GRANT SELECT ON crm.report_funnel, crm.report_deals TO reader');
crm(q{UPDATE team SET platform = 'Compass & <Co>' WHERE platform = 'Compass'; REFRESH MATERIALIZED VIEW deals});
is(crm('SELECT platform FROM report_platform_effects LIMIT 1'), 'Compass', 'the views stand as of the last refresh');
($out, $said, $status) = program('crm', '--schema', 'crm', '--refresh', '--text');
like($out, qr/^COMPASS|COMPASS & <CO> EXPLAINS/m, '--refresh reads the four views again');
($out, $said, $status) = program('crm', '--schema', 'crm', '--views');
is(crm(q{SELECT has_table_privilege('reader', 'report_funnel', 'SELECT'), has_table_privilege('reader', 'report_deals', 'SELECT'), has_table_privilege('reader', 'report_cycle', 'SELECT')}), 't|t|f', 'grants stay');
unlike($out, qr/Compass & <Co>/, 'a label is escaped in the page');
crm('CREATE VIEW mine AS TABLE report_funnel');
($out, $said, $status) = program('crm', '--schema', 'crm', '--views', '--text');
like($said, qr/cannot drop view report_funnel because other objects depend on it\nDETAIL:  view mine depends on view report_funnel/, 'a view of the user over them is not dropped');
is(crm('SELECT count(*) FROM report_funnel'), '5', '... and all stays as it was');

#
# What is missing leaves its section out. Names may be any, and the extension may be in a schema of its own.
#
database('parts', 'SCHEMA public');
sub parts
{
	my ($schema, $sql, $sections) = @_;
	$node->safe_psql('parts', qq{CREATE SCHEMA "$schema"; SET search_path = "$schema", public; $sql});
	my ($text, $says, $exit) = program('parts', '--schema', $schema, '--views', '--text');
	is($exit, 0, "$schema: the report is made") or diag($says);
	is(join(', ', map { /^  ([\w ]+): / ? $1 : () } split /\n/, $text =~ s/.*^NOT IN THIS REPORT$//msr), $sections, "$schema: what is left out is said");
	($_) = program('parts', '--schema', $schema);
	like($_, qr/\A<!DOCTYPE html>.*<\/html>\s*\z/s, "$schema: and so is the page");
	return $text;
}
my $settings = q{CREATE VIEW settings AS SELECT timestamptz '2026-07-01' AS as_of;};
my $deals = q{CREATE VIEW deals AS SELECT n AS deal, deal_history(deal_event('lead', timestamptz '2025-01-01' + n * interval '1 day'), deal_event(CASE WHEN n % 3 = 0 THEN 'opportunity' END, timestamptz '2025-02-01' + n * interval '1 day')%s) AS history%s FROM generate_series(1, 300) AS n;};
my $text = parts('leads alone', $settings . sprintf($deals, '', ''), 'before and since, platforms, wins, competitors, content, content in deals, quota, money');
like($text, qr/^lead to opportunity +300 +100 33\.3 /m, '... rates are there');
unlike($text, qr/^(WHICH PLATFORM|WINS|NEW REPS|CONTENT:|BEFORE AND SINCE)/m, '... and no heading of what is not');
$text = parts('Content, "alone"' =~ s/"/""/gr =~ s/""/'/gr, $settings . q{CREATE VIEW content_events AS SELECT 'Price list' AS content, 'view' AS action, 'buyer ' || n AS actor FROM generate_series(1, 30) AS n;}, 'conversion, before and since, platforms, cycle, wins, competitors, content in deals, quota, money');
like($text, qr/^Price list +30 +30 +30 /m, '... views by people');
$text = parts('reps alone', $settings . q{CREATE VIEW reps AS SELECT 'rep ' || n AS rep, timestamptz '2025-01-01' AS hired_at, 100 AS quota, deal_history(deal_event('won', timestamptz '2025-01-01' + n * interval '10 days', 60), deal_event('won', timestamptz '2025-01-01' + n * interval '20 days', 60)) AS history FROM generate_series(1, 20) AS n;},
	'conversion, before and since, platforms, cycle, wins, competitors, content, content in deals, money');
like($text, qr/^all +20 +20 /m, '... all reach quota');
$text = parts('won and lost', $settings . sprintf($deals, q{, deal_event(CASE n % 6 WHEN 0 THEN 'won' WHEN 3 THEN 'lost' END, timestamptz '2025-04-01' + n * interval '1 day', n)}, ''), 'before and since, platforms, competitors, content, content in deals, quota');
like($text, qr/^all deals +50 +50 /m, '... a rate of wins without competitors');
$text = parts('one date for all', q{CREATE VIEW settings AS SELECT timestamptz '2026-07-01' AS as_of, timestamptz '2025-06-01' AS programme_start;} . sprintf($deals, '', q{, 'team ' || n % 4 AS team, 'Tool' AS platform, date '2025-06-01' AS adopted_on}), 'wins, competitors, content, content in deals, quota, money');
like($text, qr/^Tool .* no comparison$/m, '... nothing to compare with');
$node->safe_psql('parts', 'CREATE SCHEMA functions; ALTER EXTENSION enablement_metrics SET SCHEMA functions');
($text, $said, $status) = program('parts', '--schema', 'won and lost', '--views', '--text');
like($text, qr/^all deals +50 +50 /m, 'with the extension in another schema');
$node->safe_psql('parts', q{CALL "won and lost".report_refresh()});

#
# Mistakes
#
database('mistakes');
my $good = q{
	CREATE TABLE settings (as_of timestamptz, programme_start timestamptz, stages text[], "within" interval);
	INSERT INTO settings VALUES ('2026-07-01', '2026-01-01', '{lead,opportunity,won}', '90 days');
	CREATE TABLE deals (deal text, history deal_history, began_at timestamptz, team text, platform text, adopted_on date);
	INSERT INTO deals SELECT 'D' || n, deal_history(deal_event('lead', begin), deal_event('opportunity', begin + interval '9 days'), deal_event(CASE WHEN n % 2 = 0 THEN 'won' ELSE 'lost' END, begin + interval '30 days', 5)), begin, 'T' || n % 4,
		CASE WHEN n % 4 < 2 THEN 'Tool' END, CASE WHEN n % 4 < 2 THEN date '2026-01-01' END FROM generate_series(1, 60) AS n, LATERAL (SELECT timestamptz '2025-09-01' + n * interval '4 days') AS b (begin);
	CREATE TABLE reps (rep text, hired_at timestamptz, left_at timestamptz, quota numeric, ramp numeric[], period text, history deal_history);
	INSERT INTO reps SELECT 'R' || n, '2025-09-01', NULL, 10, NULL, 'quarter', deal_history(deal_event('won', '2025-10-01', 20)) FROM generate_series(1, 3) AS n;
	CREATE TABLE content_events (content text, action text, actor text, seconds numeric, at timestamptz);
	INSERT INTO content_events VALUES ('Price list', 'view', 'b', 3, '2026-02-01');};
sub check
{
	my ($change) = @_;
	$node->safe_psql('mistakes', "DROP SCHEMA IF EXISTS m CASCADE; CREATE SCHEMA m; SET search_path = m, public; $good $change");
	my ($found, $says) = program('mistakes', '--schema', 'm', '--check');
	return ($found, $says);
}
($out, $said) = check('');
is($said . $out =~ s/^ *problem.*\n-.*\n//r =~ s/\s+//r, '', 'a mapping without a mistake: nothing is said');

# no report can be made: one error names all
for my $case (
	[ 'DROP TABLE settings', 'view settings is missing' ],
	[ 'DROP TABLE deals, reps, content_events', 'none of the views deals, reps and content_events is here' ],
	[ 'ALTER TABLE deals DROP history', 'deals.history is missing: it should be deal_history' ],
	[ 'ALTER TABLE deals DROP deal', 'deals.deal is missing: it should be text' ],
	[ 'ALTER TABLE reps DROP hired_at', 'reps.hired_at is missing: it should be timestamp with time zone' ],
	[ 'ALTER TABLE settings DROP as_of', 'settings.as_of is missing: it should be timestamp with time zone' ],
	[ 'ALTER TABLE content_events DROP action', 'content_events.action is missing: it should be text' ],
	[ 'ALTER TABLE deals ALTER history TYPE text', 'deals.history is text and should be deal_history: make it with history_agg() or deal_history()' ],
	[ 'ALTER TABLE deals ALTER began_at TYPE date', q{deals.began_at is date and should be timestamp with time zone: write began_at::timestamp AT TIME ZONE 'UTC', or your time zone} ],
	[ 'ALTER TABLE deals ALTER adopted_on TYPE text', 'deals.adopted_on is text and should be date' ],
	[ 'ALTER TABLE reps ALTER quota TYPE text', 'reps.quota is text and should be numeric' ],
	[ 'ALTER TABLE settings ALTER "within" TYPE text', 'settings.within is text and should be interval' ],
	[ 'ALTER TABLE settings ALTER stages TYPE text', 'settings.stages is text and should be text[]' ],
	[ 'ALTER TABLE content_events ALTER at TYPE timestamp', q{content_events.at is timestamp without time zone and should be timestamp with time zone: write at::timestamp AT TIME ZONE 'UTC', or your time zone} ],
	[ 'INSERT INTO settings SELECT * FROM settings', 'settings has 2 rows and should have one' ],
	[ 'DELETE FROM settings', 'settings has 0 rows and should have one' ],
	[ 'UPDATE settings SET as_of = NULL', 'settings.as_of is NULL: the report needs the instant up to which the data is complete' ],
	[ q{UPDATE settings SET as_of = 'infinity'}, 'settings.as_of is not finite' ],
	[ q{UPDATE settings SET stages = '{lead}'}, 'settings.stages needs two stages or more' ],
	[ q{UPDATE settings SET stages = '{lead,NULL,won}'}, 'settings.stages holds NULL' ],
	[ q{UPDATE settings SET stages = '{lead,lead,won}'}, 'settings.stages names a stage twice: {lead,lead,won}' ],
	[ q{UPDATE settings SET stages = '{lead,lost}'}, 'settings.stages names an ending: {lead,lost}' ],
	[ q{UPDATE settings SET "within" = '6 months'}, 'settings.within is 6 mons and should be in days' ],
	[ q{UPDATE settings SET "within" = '0 days'}, 'settings.within is 00:00:00 and should be above zero' ],
	[ q{ALTER TABLE settings ADD zone text DEFAULT 'Mars'}, 'settings.zone is no time zone: Mars' ],
	[ 'ALTER TABLE settings ADD anticipation int DEFAULT -1', 'settings.anticipation is -1 and should not be below zero' ],
	[ 'ALTER TABLE settings ADD sustained int DEFAULT 0', 'settings.sustained is 0 and should be 1 or more' ],
	[ q{UPDATE reps SET period = 'Q'}, q{reps.period is 'Q' and should be month, quarter or year} ],
	[ q{UPDATE reps SET period = NULL, ramp = '{5}'}, 'reps.ramp is given and reps.period is NULL, of rep R1' ])
{
	my ($change, $message) = @$case;
	($out, $said) = check($change);
	like($said, qr/ERROR:  the views in schema m cannot be reported on\nDETAIL:  \Q$message\E\nHINT:  Nothing was changed\./, $message);
}
($out, $said) = check('ALTER TABLE deals DROP history; ALTER TABLE reps ALTER quota TYPE text; ALTER TABLE settings DROP as_of');
like($said, qr/DETAIL:  deals\.history is missing.*\nreps\.quota is text.*\nsettings\.as_of is missing/, 'several mistakes are named together');
is($node->safe_psql('mistakes', q{SELECT count(*) FROM pg_class WHERE relname LIKE 'report\_%'}), '0', '... and nothing is made');

# a report can be made, but something is not as it should be
for my $case (
	[ 'UPDATE deals SET deal = NULL WHERE deal IN ($$D1$$, $$D2$$)', 'deals.deal is NULL', '2' ],
	[ 'INSERT INTO deals SELECT * FROM deals WHERE deal = $$D7$$', 'deals.deal stands in more than one row', '1', 'D7' ],
	[ 'UPDATE deals SET history = NULL WHERE deal = $$D7$$', 'deals.history is NULL or empty: the deal is left out', '1', 'D7' ],
	[ 'UPDATE deals SET began_at = $$2027-01-01$$ WHERE deal = $$D7$$', 'deals.began_at is after settings.as_of: the deal is left out', '1', 'D7' ],
	[ 'UPDATE deals SET began_at = NULL WHERE deal = $$D7$$', 'deals.began_at is NULL for some deals and not for others: the first event counts', '1', 'D7' ],
	[ 'UPDATE deals SET team = NULL WHERE deal = $$D1$$', 'deals.team is NULL where a platform is named: the team is the unit, so the deal is in no effect', '1', 'D1' ],
	[ 'UPDATE deals SET adopted_on = $$2026-02-01$$ WHERE deal = $$D1$$', 'deals.adopted_on differs inside a team, which is in no effect', '1', 'T1' ],
	[ 'UPDATE deals SET platform = $$Other$$ WHERE deal = $$D1$$', 'deals.platform differs inside a team, which is in no effect', '1', 'T1' ],
	[ 'UPDATE deals SET adopted_on = NULL WHERE deal = $$D1$$', 'deals.adopted_on is known for some deals of a team and NULL for others: the team is in no effect', '1', 'T1' ],
	[ 'UPDATE deals SET adopted_on = NULL', 'deals.adopted_on is NULL where a platform is named: the team is in no effect', '2', 'T0' ],
	[ 'UPDATE deals SET platform = NULL', 'deals.platform is NULL where adopted_on is known: the team is in no effect', '2', 'T0' ],
	[ 'UPDATE settings SET stages = $${lead,demo,won}$$', 'settings.stages names a stage that is in no history', '1', 'demo' ],
	[ 'UPDATE deals SET history = relabel(history, $${"won": "Closed Won", "lost": "Closed Lost"}$$)', 'deals.history has neither won nor lost in any deal: rename the endings with relabel()', '60', 'D1' ],
	[ 'UPDATE settings SET programme_start = $$2027-01-01$$', 'settings.programme_start is after settings.as_of', '1' ],
	[ 'UPDATE settings SET programme_start = $$2020-01-01$$', 'settings.programme_start has no deal before it, or none since: nothing is compared', '1' ],
	[ 'UPDATE settings SET "within" = $$900 days$$', 'settings.within leaves no deal that has had its time', '1', '900 days' ],
	[ 'INSERT INTO reps SELECT * FROM reps WHERE rep = $$R2$$', 'reps.rep stands in more than one row', '1', 'R2' ],
	[ 'UPDATE reps SET hired_at = NULL WHERE rep = $$R2$$', 'reps.hired_at is NULL: the rep is left out', '1', 'R2' ],
	[ 'UPDATE reps SET left_at = $$2020-01-01$$ WHERE rep = $$R2$$', 'reps.left_at is before hired_at: the rep is left out', '1', 'R2' ],
	[ 'UPDATE reps SET quota = 0 WHERE rep = $$R2$$', 'reps.quota is not above zero: the rep is left out', '1', 'R2' ],
	[ 'UPDATE reps SET history = relabel(history, $${"won": "Won"}$$)', 'reps.history has no won deal of any rep: are its kinds won and lost?', '3', 'R1' ],
	[ 'UPDATE content_events SET action = $$Viewed$$', 'content_events.action is none of view, download, open, use, share', '1', 'Viewed' ],
	[ 'UPDATE content_events SET at = $$2027-01-01$$', 'content_events.at is after settings.as_of: the event is left out', '1', 'Price list' ],
	[ 'UPDATE content_events SET at = NULL', 'content_events.at is NULL: the event is in no month', '1', 'Price list' ])
{
	my ($change, $message, $rows, $example) = @$case;
	my $shown = quotemeta($example // "");
	($out, $said) = check($change);
	like($out, qr/^ \Q$message\E +\| +$rows \| $shown/m, $message) or diag($said);
}

#
# make demo FROM=DIR, of a directory that it cannot report on
#
mkdir "$temp/nothing";
my $answer = `test/demo/run '$temp/nothing' 2>&1`;
like($answer, qr{^No mapping\.sql in \S+/nothing \(doc/report\.md says what stands in it\), and no data set that is known here\. Known ones, and the files they are told by:\n  deskdrop: .*\n  maven_crm: .*\n  olist: .*\n\z}, 'a directory without a mapping');
isnt($?, 0, '... is none to report on');
$answer = `test/demo/run '$temp/nowhere' 2>&1`;
like($answer, qr{^No such directory: \S+/nowhere\n\z}, 'a directory that is not there');

#
# What the program says of itself
#
($out, $said, $status) = program('crm', '--help');
like($out, qr/^enablement-report \[options of psql for its connection\] --schema NAME \[--views\] > report\.html$/m, '--help');
($out, $said, $status) = program('crm');
like($said, qr/^enablement-report: name the schema of the four views by --schema$/m, 'without a schema');
is($status, 1, '... it fails');
($out, $said, $status) = program('crm', '--schema', 'nowhere', '--views');
like($said, qr/ERROR:  schema "nowhere" does not exist\nHINT:  Name the schema of the four views/, 'a schema that is not there');
$node->safe_psql('postgres', 'CREATE DATABASE bare');
($out, $said, $status) = program('bare', '--schema', 'public', '--views');
like($said, qr/ERROR:  extension enablement_metrics is not in database bare\nHINT:  Run CREATE EXTENSION/, 'a database without the extension');
$node->stop;
done_testing();
