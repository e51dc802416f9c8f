# The page of the report (report/page.sql): its numbers are those of the views, its pictures stand where the numbers say, its conclusions follow the data in
# worlds where a programme helps, hurts, does nothing or has too little data; it needs nothing from elsewhere, is well formed, readable, and no label gets out of its place.

use lib 'test/lib';
use Suite qw(server);

use utf8;

plan skip_all => 'under valgrind the generator would work for an hour' if ($ENV{WATCHED} // '') eq 'valgrind';

my $node = server('page', sessions => 1, settings => { max_connections => 20 }, demo => 'crm', extension => 0);
my $temp = PostgreSQL::Test::Utils::tempdir();
my $xml = $node->psql('postgres', "SELECT xmlparse(DOCUMENT '<a/>')") == 0;

# psql with files or commands in a database
sub run_psql
{
	my ($database, @arguments) = @_;
	my ($out, $err) = PostgreSQL::Test::Utils::run_command([ 'psql', '-XAtq', '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr($database), @arguments ]);
	is($err, '', "$database: psql @{[ map { s/\n.*//sr } @arguments ]}");
	utf8::decode($out);
	return $out;
}
# the answer to a query
sub value
{
	my ($database, $query) = @_;
	my $out = eval { $node->safe_psql($database, $query) } // '';
	is($@, '', "$database: @{[ $query =~ s/\n.*//sr ]}");
	utf8::decode($out);
	return $out;
}

# the page over the four views of a schema, as text; checks what holds for every page
sub page
{
	my ($database, $schema) = @_;
	run_psql($database, '-v', "schema=$schema", '-f', 'report/views.sql');
	my $html = run_psql($database, '-v', "schema=$schema", '-f', 'report/page.sql');
	my $name = "$database, $schema";

	like($html, qr/\A<!DOCTYPE html>\n<html lang="en">/, "$name: HTML, in English");
	cmp_ok(length $html, '<', 120_000, "$name: @{[ length $html ]} characters");
	my @outside = $html =~ m{(https?:[^\s"'<]*|<script|<link|<iframe|<img|<object|<embed|\@import|url\(|<[^>]*\bon\w+\s*=\s*"|<[^>]*\bsrc\s*=\s*")}gi;
	is("@outside", '', "$name: nothing from elsewhere, no script");
	my %id;
	$id{$_}++ for $html =~ /\bid="([^"]+)"/g;
	is(join(' ', grep { $id{$_} > 1 } sort keys %id), '', "$name: every id is there once");
	is(join(' ', grep { !$id{$_} } $html =~ /aria-labelledby="([^"]+)"/g), '', "$name: every reference leads somewhere");
	unlike($html =~ s/<section id="checks".*//sr, qr/NaN|Infinity|NULL|\bnull\b/, "$name: no number is missing in a sentence");
	unlike($html =~ s/<style>.*<\/style>//sr, qr/>[^<]*(?<![\w&#.-])-\d/, "$name: a minus is a minus");
	unlike($html, qr/\b1 (?:deals|teams|reps|months|pieces)\b|\(\s*\)|\s,|,,|\.\.|<(?:p|li|dd|h1)>\s*<\//, "$name: words fit the numbers");
	my @picture = $html =~ /<svg class="\w+" role="img" aria-label="([^"]*)"/g;
	ok(!(grep { length $_ < 10 } @picture), "$name: each of the @{[ scalar @picture ]} pictures has its words");
	if ($xml)
	{
		open my $out, '>:encoding(UTF-8)', "$temp/page.html" or die "$temp/page.html: $!";
		print $out $html;
		close $out;
		open $out, '>', "$temp/parse.sql" or die "$temp/parse.sql: $!";
		print $out "\\set page `cat '$temp/page.html'`\nSELECT xmlparse(DOCUMENT :'page') IS DOCUMENT;\n";
		close $out;
		is(run_psql('postgres', '-f', "$temp/parse.sql"), 't', "$name: well formed");
	}
	return $html;
}

sub plain { my $text = shift; $text =~ s/<[^>]+>//g; $text =~ s/&#8722;/−/g; $text =~ s/&#8594;/→/g; $text =~ s/&#160;/ /g; $text =~ s/&quot;/"/g; $text =~ s/&lt;/</g; $text =~ s/&gt;/>/g; $text =~ s/&amp;/&/g; return $text }
sub headline { my ($html) = @_; return plain($html =~ m{<h1>(.*?)</h1>}s) }
sub lead { my ($html) = @_; return $html =~ m{<p class="lead">(.*?)</p>}s ? plain($1) : '' }
sub advice { my ($html) = @_; return map { plain($_) } ($html =~ m{<ol class="next">(.*?)</ol>}s ? $1 : '') =~ m{<li>(.*?)</li>}g }
sub figures { my ($html) = @_; my ($list) = $html =~ m{<dl class="figures">(.*?)</dl>}s; return map { plain(s{</d[td]><d[td][^>]*>}{ | }gr) } ($list // '') =~ m{<div><dt>(.*?)</dd></div>}g }
sub section { my ($html, $id) = @_; return $html =~ m{<section id="$id"(.*?)\n</section>}s ? $1 : '' }
sub headings { my ($html) = @_; return join(' ', $html =~ m{<section id="([\w-]+)"}g) }

# the rows of a table, cells by |
sub table
{
	my ($html, $summary) = @_;
	my ($body) = $html =~ m{<summary>\Q$summary\E</summary>.*?<tbody>\n(.*?)\n</tbody>}s;
	return map { join '|', map { plain($_) =~ tr/,//dr } m{<t[hd][^>]*>(.*?)</t[hd]>}g } split /\n/, $body // '';
}
sub same_table
{
	my ($html, $database, $summary, $query) = @_;
	my @rows = map { s/(^|\|)-(?=\d)/$1−/gr } split /\n/, run_psql($database, '-P', 'null=', '-c', $query);
	is_deeply([ table($html, $summary) ], [ map { join '|', map { $_ eq '' ? '&#8211;' : $_ } split /\|/, $_, -1 } @rows ], "table: $summary");
}

$node->safe_psql('postgres', 'CREATE DATABASE world');
$node->safe_psql('world', 'CREATE EXTENSION enablement_metrics');

#
# Conclusions, by rule
#
open my $calls, '>', "$temp/verdicts.sql" or die $!;
my @verdicts = (
	[ 'up', '{Compass}', '{}', '{Beacon}', '{}', 'true', 'Conversion rose; Compass explains it, Beacon does not' ],
	[ 'up', '{Compass}', '{}', '{Beacon}', '{}', 'false', 'Conversion rose; Compass explains part of it, Beacon does not' ],
	[ 'up', '{A,B}', '{}', '{C,D}', '{E}', 'true', 'Conversion rose; A and B explain it, C and D do not, too little data on E' ],
	[ 'up', '{}', '{}', '{A,B}', '{}', 'false', 'Conversion rose; no sign that A or B caused it' ],
	[ 'up', '{}', '{A}', '{}', '{}', 'false', 'Conversion rose; A works against it' ],
	[ 'up', '{}', '{}', '{}', '{A}', 'false', 'Conversion rose; too little data on A' ],
	[ 'up', '{}', '{}', '{}', '{}', 'false', 'Conversion rose; there are no teams to compare that would tell why' ],
	[ 'down', '{A}', '{B}', '{}', '{}', 'true', 'Conversion fell; B explains it, A works against it' ],
	[ 'down', '{}', '{}', '{A,B,C,D,E}', '{}', 'true', 'Conversion fell; no sign that A, B or 3 others caused it' ],
	[ 'none', '{A}', '{B}', '{C}', '{}', 'false', 'No measurable change in conversion; A raises it, B lowers it, C shows no effect' ],
	[ 'none', '{}', '{}', '{A,B}', '{}', 'false', 'No measurable change in conversion; no sign of an effect of A or B' ],
	[ 'none', '{}', '{}', '{}', '{}', 'false', 'No measurable change in conversion' ],
	[ 'unsure', '{}', '{}', '{}', '{A,B}', 'false', 'Too little data to tell whether conversion changed' ],
	[ 'unsure', '{A,B}', '{}', '{}', '{}', 'false', 'Too little data to tell whether conversion changed; A and B raise it' ],
	[ 'unknown', '{}', '{}', '{}', '{}', 'false', 'Too little data to tell whether conversion changed' ],
	[ undef, '{A}', '{}', '{B}', '{}', 'false', 'Conversion by platform: A raises it, B shows no effect' ],
	[ undef, '{}', '{}', '{}', '{A}', 'false', 'Too little data on A' ],
	[ undef, '{}', '{}', '{}', '{}', 'false', '' ]);
print $calls "\\o /dev/null\n\\ir $ENV{PWD}/report/words.sql\n\\ir $ENV{PWD}/report/sentences.sql\n\\o\n";
print $calls 'SELECT pg_temp.verdict(' . (defined $_->[0] ? "'$_->[0]'" : 'NULL') . ", '$_->[1]', '$_->[2]', '$_->[3]', '$_->[4]', $_->[5]);\n" for @verdicts;
my @tells = ([ 1, 0.5, 2, 10, 'up' ], [ -1, -2, -0.5, 10, 'down' ], [ 1, -3, 5, 10, 'none' ], [ 1, -3, 5.1, 10, 'unsure' ], [ -1, -5.1, 3, 10, 'unsure' ], [ 0, 0, 0, 0, 'none' ], [ 1, 'NULL', 'NULL', 10, 'unknown' ], [ 'NULL', 'NULL', 'NULL', 10, 'unknown' ]);
print $calls "SELECT pg_temp.tells($_->[0], $_->[1], $_->[2], $_->[3]);\n" for @tells;
my @words = (
	[ "pg_temp.number(1234567.25, 1)", '1,234,567.3' ], [ "pg_temp.number(-0.04, 1)", '0.0' ], [ "pg_temp.number(-0.4, 1)", '&#8722;0.4' ], [ 'pg_temp.signed(3.45, 1)', '+3.5' ], [ 'pg_temp.signed(-3.45, 1)', '&#8722;3.5' ],
	[ 'pg_temp.signed(0.04, 1)', '0.0' ], [ 'pg_temp.percentage(15.94)', '15.9%' ], [ 'pg_temp.money(1234, NULL)', '1,234' ], [ "pg_temp.money(27156912, 'EUR')", 'EUR&#160;27.2 m' ], [ "pg_temp.money(-1450000, '<\$>')", '&lt;$&gt;&#160;&#8722;1.45 m' ],
	[ "pg_temp.money(5, 'EUR', true)", 'EUR&#160;+5' ], [ "pg_temp.escaped(E'<a href=\"x\">&\\x01\\n</a>')", '&lt;a href=&quot;x&quot;&gt;&amp; &lt;/a&gt;' ], [ "pg_temp.shortened('abcdefgh<', 8)", 'abcdefg&#8230;' ],
	[ "pg_temp.counted(1, 'history', 'histories')", '1 history' ], [ "pg_temp.counted(1200, 'history', 'histories')", '1,200 histories' ], [ "pg_temp.listed('{a,b,c}')", 'a, b and c' ], [ "pg_temp.day('2024-07-01')", '1 July 2024' ],
	[ 'pg_temp.chance(0.00004)', '&lt; 0.0001' ], [ 'pg_temp.chance(0.25)', '0.2500' ]);
print $calls "SELECT $_->[0];\n" for @words;
close $calls;
is_deeply([ split /\n/, run_psql('world', '-f', "$temp/verdicts.sql"), -1 ], [ (map { $_->[-1] } @verdicts), (map { $_->[-1] } @tells), map { $_->[-1] } @words ], 'verdicts, what an interval tells, and numbers in words');

#
# Four worlds
#
# 24 teams, eight with each of two platforms from 2024 on, over two years; `rows` leads a team and month, of which one in five became an opportunity before. The
# programme started with 2024; since then `market` more do in all teams, `one` and `two` more in teams with a platform.
sub world
{
	my ($schema, %given) = (shift, rows => 12, keep => 1, market => 0, one => 0, two => 0, first => 'Compass', second => 'Beacon', team => 'Team', rival => 'Globex', piece => 'Battle card', @_);
	my %quoted = map { my $text = $given{$_}; $text =~ s/'/''/g; $_ => "'$text'" } qw(first second team rival piece);
	run_psql('world', '-c', <<"SQL");
CREATE SCHEMA $schema;
SET search_path = $schema, public;
SET timezone = 'UTC';
CREATE FUNCTION draw(seed text) RETURNS float8 LANGUAGE sql IMMUTABLE RETURN ('x' || left(md5(seed), 8))::bit(32)::bigint / 4294967296.0;
CREATE TABLE lead AS
SELECT format('%s/%s/%s', team, month, i) AS deal, $quoted{team} || ' ' || team AS team, CASE team % 3 WHEN 0 THEN $quoted{first} WHEN 1 THEN $quoted{second} END AS platform,
	CASE WHEN team % 3 < 2 THEN date '2024-01-01' + (team / 3 % 3) * interval '1 month' END::date AS adopted_on,
	timestamptz '2023-01-01' + month * interval '1 month' + draw(format('at %s/%s/%s', team, month, i)) * interval '25 days' AS began,
	(i - 1 + draw(format('%s/%s', team, month))) / $given{rows} AS u		-- evenly spread, so that little is left to chance
FROM generate_series(0, 23) team, generate_series(0, 23) month, generate_series(1, $given{rows}) i
WHERE draw(format('keep %s/%s/%s', team, month, i)) < $given{keep};
CREATE VIEW deals AS
SELECT deal, began AS began_at, team, platform, adopted_on, $quoted{first} || ' segment' AS segment, deal_history(deal_event('lead', began), deal_event(CASE WHEN converts THEN 'opportunity' ELSE 'lost' END, began + interval '3 days'),
	deal_event(CASE WHEN converts THEN CASE WHEN draw('won' || deal) < 0.4 THEN 'won' ELSE 'lost' END END, began + (10 + 60 * draw('days' || deal)) * interval '1 day', round((1000 + 9000 * draw('amount' || deal))::numeric)),
	deal_event(CASE WHEN converts AND draw('rival' || deal) < 0.3 THEN 'competitor' END, began + interval '4 days', NULL, $quoted{rival}),
	deal_event(CASE WHEN converts AND draw('piece' || deal) < 0.3 THEN 'content' END, began + interval '8 days', NULL, $quoted{piece})) AS history
FROM (SELECT *, u < 0.2 + CASE WHEN began >= '2024-01-01' THEN $given{market} ELSE 0 END + CASE WHEN began::date >= adopted_on THEN CASE platform WHEN $quoted{first} THEN $given{one} ELSE $given{two} END ELSE 0 END AS converts FROM lead) x;
CREATE VIEW reps AS
SELECT $quoted{team} || ' rep ' || n AS rep, timestamptz '2023-03-01' + n * interval '40 days' AS hired_at, 9000 AS quota, 'quarter' AS period,
	deal_history(deal_event('won', timestamptz '2023-03-01' + n * interval '50 days' + interval '100 days', 10000, 'a')) AS history FROM generate_series(1, 12) n;
CREATE VIEW content_events AS SELECT $quoted{piece} AS content, action, format('%s %s', $quoted{team}, n) AS actor, 30 AS seconds, timestamptz '2024-03-01' AS at FROM generate_series(1, 5) n, unnest('{view,open,share}'::text[]) action;
CREATE VIEW settings AS SELECT timestamptz '2025-03-31' AS as_of, timestamptz '2024-01-01' AS programme_start, '{lead,opportunity,won}'::text[] AS stages, interval '60 days' AS within, 0 AS anticipation, $quoted{team} || ' & <Co>' AS title;
SQL
	return page('world', $schema);
}

my $html = world('helps', one => 0.2);
is(headline($html), 'Conversion rose; Compass explains it, Beacon does not', 'a platform helps: the headline');
like(lead($html), qr/^Since 1 January 2024, \d\d\.\d% of deals have gone from lead to opportunity within 60 days; before, it was \d\d\.\d%\. Teams on Compass gained \d\d\.\d points against teams without a platform\. There is no evidence of an effect of Beacon\.$/, 'its sentence');
is_deeply([ map { /^(\w+ \w+)/ } (advice($html))[ 0, 1 ] ], [ 'Extend Compass', 'Question Beacon' ], 'its advice');
like((figures($html))[0], qr/^Lead to opportunity \| \+\d\.\d points \| /, 'its first figure');
like((figures($html))[1], qr/^Due to Compass \| \+\d\d\.\d points \| 8 teams against 8 without \| 95% interval \d/, 'its second figure');
like(section($html, 'answer'), qr/<g class="up">\n<text class="label"[^>]*>Compass<.*<g class="none">\n<text class="label"[^>]*>Beacon</s, 'and its picture: the better one first');
my @dots = section($html, 'answer') =~ /<circle class="dot"/g;
is(scalar @dots, 16, 'with a dot for each team');
my $effect = value('world', "SELECT string_agg(pg_catalog.concat(platform, ' ', round(effect::numeric, 1)), ' ' ORDER BY platform) FROM helps.report_platform_effects");
is(join(' ', map { plain($_) } section($html, 'answer') =~ m{<title>(\w+: \S+) points}g) =~ s/[:+]//gr =~ s/−/-/gr, join(' ', reverse $effect =~ /(\w+ \S+)/g), 'the numbers in it are those of the view');

$html = world('hurts', one => -0.15);
is(headline($html), 'Conversion fell; Compass explains it, Beacon does not', 'a platform hurts: the headline');
like(lead($html), qr/Teams on Compass lost \d\d\.\d points against teams without a platform\./, 'its sentence');
unlike($html, qr/gained \d|−\d+\.\d points more|Extend Compass/, 'and none that says the contrary');
like((advice($html))[0], qr/^Stop extending Compass\. It costs its teams \d\d\.\d points \(\d+\.\d to \d+\.\d\)\./, 'its advice');
like((figures($html))[1], qr/^Due to Compass \| −\d\d\.\d points \|/, 'its figure');
like(section($html, 'answer'), qr/<g class="down">\n<text class="label"[^>]*>Compass</, 'its picture');

$html = world('nothing');
is(headline($html), 'No measurable change in conversion; no sign of an effect of Beacon or Compass', 'nothing happens: the headline');
like(lead($html), qr/a difference that may be chance\. There is no evidence of an effect of Beacon or Compass\.$/, 'its sentence');
is_deeply([ sort map { /^(\w+ \w+)/ } grep { /Beacon|Compass/ } advice($html) ], [ 'Question Beacon', 'Question Compass' ], 'its advice');
unlike(join(' ', figures($html)), qr/Due to/, 'and no figure is due to anything');

$html = world('market', market => 0.15);
is(headline($html), 'Conversion rose; no sign that Beacon or Compass caused it', 'all teams gain alike: the headline');

$html = world('mixed', market => 0.1, one => 0.15, two => -0.2);
is(headline($html), 'Conversion rose; Compass explains part of it, Beacon works against it', 'one helps, one hurts, the market rises: the headline');
is_deeply([ map { /^(\w+ \w+)/ } (advice($html))[ 0, 1 ] ], [ 'Stop extending', 'Extend Compass' ], 'its advice: what harms comes first');

$html = world('little', rows => 1, keep => 0.2);
is(headline($html), 'Too little data to tell whether conversion changed', 'too little data: the headline');
like(join(' ', advice($html)), qr/Wait with a judgement on Compass\. The data allows anything from −\d.*Collect more deals\. To see a change from \d/, 'its advice');
unlike($html, qr/no evidence of an effect of|Question (?:Compass|Beacon)/, 'which is not taken for none');

#
# Labels as an enemy would write them
#
my %hostile = (first => q{<script>alert("1")</script> & 'q' \n {x}_2 `date` %s$(date)}, second => q{</title></h1><b>&"}, team => q{"/><img src=x onerror=alert(1)> \t}, rival => q{# "ROI" & </td></table> :'schema'}, piece => q{]]> --> '; DROP TABLE page});
$html = world('hostile', one => 0.2, %hostile);
my $escape = sub { my $text = shift; $text =~ s/&/&amp;/g; $text =~ s/</&lt;/g; $text =~ s/>/&gt;/g; $text =~ s/"/&quot;/g; return $text };
like($html, qr{<h1>Conversion rose; \Q@{[ $escape->($hostile{first}) ]}\E explains it, \Q@{[ $escape->($hostile{second}) ]}\E does not</h1>}, 'hostile names of platforms in the headline');
like($html, qr{<th scope="row">\Q@{[ $escape->($hostile{$_}) ]}\E}, "a hostile name of a $_ in a table") for qw(first second team rival piece);
like($html, qr{<title>\Q@{[ $escape->($hostile{$_}) ]}\E}, "a hostile name of a $_ in a picture") for qw(first second team rival piece);
like($html, qr{<title>\Q@{[ $escape->("$hostile{team} & <Co>") ]}\E</title>\n<style>}, 'a hostile title');
is(scalar(() = $html =~ /<(?:script|img|b)\b/g), 0, 'and none of them becomes an element');

#
# What is missing leaves its part out
#
run_psql('world', '-c', <<'SQL');
CREATE SCHEMA plain; CREATE VIEW plain.deals AS SELECT deal, history FROM helps.deals; CREATE VIEW plain.settings AS SELECT as_of, stages FROM helps.settings;
CREATE SCHEMA reps_only; CREATE VIEW reps_only.reps AS SELECT * FROM helps.reps; CREATE VIEW reps_only.settings AS SELECT as_of FROM helps.settings;
CREATE SCHEMA content_only; CREATE VIEW content_only.content_events AS SELECT content, action FROM helps.content_events; CREATE VIEW content_only.settings AS SELECT as_of FROM helps.settings;
CREATE SCHEMA empty; CREATE VIEW empty.deals AS SELECT * FROM helps.deals WHERE false; CREATE VIEW empty.settings AS SELECT * FROM helps.settings;
CREATE SCHEMA one_deal; CREATE VIEW one_deal.deals AS SELECT * FROM helps.deals ORDER BY deal LIMIT 1; CREATE VIEW one_deal.settings AS SELECT * FROM helps.settings;
CREATE SCHEMA "Odd ""Name"; CREATE VIEW "Odd ""Name".deals AS SELECT * FROM helps.deals WHERE platform IS NULL; CREATE VIEW "Odd ""Name".settings AS SELECT * FROM helps.settings;
SQL
$html = page('world', 'plain');
like(headline($html), qr/^\d\d\.\d% of deals go from lead to opportunity$/, 'deals alone: the headline is the rate');
is(headings($html), 'months competitors cycle money methods tables checks', 'its parts');
is(join(', ', map { /^([^|]*) \|/ } figures($html)), 'Lead to opportunity, Days to close, median', 'its figures');
like(section($html, 'checks'), qr{Before and since: settings\.programme_start is NULL.*Platforms: deals\.team}s, 'and it says what is left out');
$html = page('world', 'reps_only');
like(headline($html), qr/^\d+ of 12 new reps reached quota$/, 'reps alone: the headline');
is(headings($html), 'quota methods tables checks', 'its parts');
is(headings(page('world', 'content_only')), 'content tables checks', 'content alone: its parts');
is(headings(page('world', 'empty')), 'checks', 'no deal: its parts');
is(headings(page('world', 'one_deal')) , 'answer cycle methods tables checks', 'one deal: its parts');
$html = page('world', 'Odd "Name');
is(headline($html), 'No measurable change in conversion', 'a schema of any name; no platform');
my ($out, $err) = PostgreSQL::Test::Utils::run_command([ 'psql', '-XAtq', '-d', $node->connstr('world'), '-f', 'report/page.sql' ]);
like("$out$err", qr/ERROR:  name the schema of the report by -v schema=NAME/, 'without a schema it says so');

# another encoding of the database
$node->safe_psql('postgres', q{CREATE DATABASE latin ENCODING 'LATIN1' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'});
$node->safe_psql('latin', 'CREATE EXTENSION enablement_metrics');
run_psql('latin', '-c', q{CREATE SCHEMA crm}, '-c', q{CREATE VIEW crm.content_events AS SELECT 'K' || chr(246) || 'ln' AS content, 'view' AS action FROM generate_series(1, 3)}, '-c', q{CREATE VIEW crm.settings AS SELECT timestamptz '2025-01-01' AS as_of, chr(167) AS title});
$html = page('latin', 'crm');
like($html, qr{<th scope="row">Köln</th><td class="n">3</td>}, 'in a database of LATIN1');

#
# The generated CRM: each number as its view has it
#
$html = page('crm', 'crm');
is(headline($html), 'Conversion rose; Compass explains part of it, Beacon does not', 'the demo: the headline');
is(headings($html), 'answer months competitors cycle quota content money methods tables checks', 'the demo: its parts');
is(value('crm', "SELECT round((effect * deals / since_total / difference)::numeric, 1) FROM crm.report_platform_effects JOIN crm.report_conversion ON n = 1 WHERE platform = 'Compass'"), '0.6', 'the demo: Compass explains a part of it');
$node->safe_psql('crm', 'ALTER DATABASE crm SET search_path = crm, public');

is_deeply([ figures($html) ], [ split /\n/, value('crm', q{
	SELECT says FROM (
	SELECT 1 AS n, format('Lead to opportunity | +%s points | %s%% → %s%%, all deals | 95%% interval %s to %s', rounded(difference, 1), rounded(before_percent, 1), rounded(since_percent, 1), rounded(difference_low, 1), rounded(difference_high, 1)) FROM report_conversion WHERE n = 1
	UNION ALL SELECT 2, format('Due to Compass | +%s points | %s teams against %s without | 95%% interval %s to %s', rounded(effect, 1), teams, others, rounded(low, 1), rounded(high, 1)) FROM report_platform_effects WHERE platform = 'Compass'
	UNION ALL SELECT 3, format('Days to close, median | %s → %s | mean of first %s: −%s | 95%% interval −%s to −%s', rounded(before_median), rounded(since_median), horizon_days, rounded(-difference_days, 1), rounded(-low, 1), rounded(-high, 1)) FROM report_cycle_change
	UNION ALL SELECT 4, format('New reps at quota | %s of %s | half within %s days | 95%% interval %s', reached, reps, rounded(median_days), CASE WHEN median_high IS NULL THEN 'from ' || rounded(median_low) ELSE rounded(median_low) || ' to ' || rounded(median_high) END) FROM report_quota WHERE hired = 'all') f (n, says) ORDER BY n}) ], 'the demo: four figures');
like(plain(section($html, 'competitors')), qr/\Q@{[ value('crm', q{SELECT format('%s%% of %s closed deals were won when %s was met, %s%% of %s when no competitor was', rounded(percent, 1), to_char(closed, 'FM9,999'), competitor, rounded(without_percent, 1), to_char(without_closed, 'FM9,999')) FROM report_competitors ORDER BY percent LIMIT 1}) ]}\E/, 'the demo: competitors, in words');
like(plain(section($html, 'content')), qr/\Q@{[ value('crm', q{SELECT format('%s pieces were viewed %s times', count(*), to_char(sum(views), 'FM999,999')) FROM report_content}) ]}\E/, 'the demo: content, in words');
like(plain(section($html, 'money')), qr/\Q@{[ value('crm', q{SELECT format('%s won deals with an amount', to_char(sum(with_amount), 'FM999,999')) FROM report_money}) ]}\E/, 'the demo: money, in words');

same_table($html, 'crm', 'Platforms', 'SELECT platform, teams, others, deals, rounded(before_percent, 1), rounded(since_percent, 1), rounded(effect, 1), rounded(low, 1), rounded(high, 1), CASE WHEN adjusted_p < 0.0001 THEN \'< 0.0001\' ELSE round(adjusted_p::numeric, 4)::text END FROM report_platform_effects');
same_table($html, 'crm', 'Teams', 'SELECT team, t.platform, adopted_on, t.before_reached, rounded(t.before_percent, 1), t.since_reached, rounded(t.since_percent, 1), rounded(t.effect, 1) FROM report_team_effects t JOIN report_platform_effects p USING (platform) ORDER BY p.effect DESC, t.effect DESC');
same_table($html, 'crm', 'Months', "SELECT to_char(month, 'YYYY-MM'), reached, converted, open, rounded(percent, 1), rounded(low, 1), rounded(high, 1), CASE WHEN final THEN 'yes' ELSE 'no' END FROM report_conversion_by_month WHERE n = 1 ORDER BY month DESC");
same_table($html, 'crm', 'Funnel', 'SELECT stage, reached, rounded(percent_of_first, 1), rounded(low, 1), rounded(high, 1), converted, open, exited, expired, rounded(median_days, 1) FROM report_funnel ORDER BY step');
same_table($html, 'crm', 'Sales cycle', "SELECT CASE period WHEN 'before' THEN 'Before the programme' ELSE 'Since' END, opportunities, closed, open, median_days, median_low, median_high, within_days, rounded(percent_within, 1), rounded(mean_days_of_closed, 1) FROM report_cycle ORDER BY period");
same_table($html, 'crm', 'Time to quota', 'SELECT hired, reps, reached, open, gone, median_days, median_low, median_high, rounded(mean_days_of_reached) FROM report_quota ORDER BY hired_year NULLS FIRST, period NULLS FIRST');
same_table($html, 'crm', 'Content', 'SELECT content, views, viewers, rounded(seconds_viewed::float8 / 3600, 1), downloads, opens, uses, shares, sellers_opening, sellers_sharing FROM report_content ORDER BY events DESC, content');

#
# The pictures, read with a ruler
#
# from percent of the width to values: two ticks of a picture of rows
sub ruler
{
	my ($svg) = @_;
	my @ticks;
	while ($svg =~ m{<text class="tick[^"]*" x="([\d.]+)%" y="[\d.]+">([^<]*)</text>}g)
	{
		my ($at, $says) = ($1, plain($2) =~ tr/−/-/r =~ tr/+%,//dr);
		push @ticks, [ $at, $says ] if $says =~ /^-?[\d.]+$/;
	}
	my ($first, $last) = @ticks[ 0, -1 ];
	my $step = ($last->[1] - $first->[1]) / ($last->[0] - $first->[0]);
	return sub { return $first->[1] + ($_[0] - $first->[0]) * $step };
}
sub near
{
	my ($got, $want, $tolerance, $what) = @_;
	my @far = grep { !defined $got->[$_] || abs($got->[$_] - $want->[$_]) > $tolerance } 0 .. $#$want;
	ok(@$got == @$want && @$want > 0 && !@far, $what) or diag("drawn: @$got\nview: @$want");
}
my $answer = section($html, 'answer');
my $x = ruler($answer);
near([ map { $x->($_) } $answer =~ /<circle class="mark" cx="([\d.]+)%"/g ], [ split /\n/, value('crm', 'SELECT effect FROM report_platform_effects') ], 0.01, 'platforms: the points stand where the view says');
near([ map { $x->($_) } $answer =~ /<line class="interval" x1="([\d.]+)%" x2="([\d.]+)%"/g ], [ map { split /\|/ } split /\n/, value('crm', 'SELECT low, high FROM report_platform_effects') ], 0.01, 'platforms: so do the intervals');
near([ map { $x->($_) } $answer =~ /<circle class="dot" cx="([\d.]+)%"/g ], [ split /\n/, value('crm', 'SELECT t.effect FROM report_team_effects t JOIN report_platform_effects p USING (platform) ORDER BY p.effect DESC, t.effect') ], 0.01, 'platforms: so do their teams');
near([ map { $x->($_) } $answer =~ /<line class="reference" x1="([\d.]+)%"/g ], [ 0, 0 ], 0.01, 'platforms: no effect is zero');
my $rivals = section($html, 'competitors');
$x = ruler($rivals =~ s/<text class="tick[^>]*>no competitor[^<]*<\/text>//r);
near([ map { $x->($_) } $rivals =~ /<circle class="mark" cx="([\d.]+)%"/g ], [ split /\n/, value('crm', 'SELECT percent FROM report_competitors ORDER BY percent') ], 0.01, 'competitors: the points stand where the view says');
my $months = section($html, 'months');
my @levels;
push @levels, [ $1 + 4, $2 ] while $months =~ m{<text class="tick start" x="0%" y="([\d.]+)">(\d+)%</text>}g;
my $y = sub { return $levels[0][1] + ($_[0] - $levels[0][0]) * ($levels[-1][1] - $levels[0][1]) / ($levels[-1][0] - $levels[0][0]) };
near([ map { $y->($_) } $months =~ /<circle class="month" cx="[\d.]+%" cy="([\d.]+)"/g ], [ split /\n/, value('crm', 'SELECT percent FROM report_conversion_by_month WHERE n = 1 ORDER BY month') ], 0.02, 'months: the points stand where the view says');
is(scalar(() = $months =~ /<g class="open">/g), value('crm', 'SELECT count(*) FROM report_conversion_by_month WHERE n = 1 AND NOT final'), 'months: those that are not final are hollow');
my $cycle = section($html, 'cycle');
my %end;
while ($cycle =~ m{<path class="curve (\w+)" d="M0 (\d+)[^"]*V(\d+)"/>}g) { $end{$1} = $3 }
my ($top) = $cycle =~ m{<text class="tick start" x="0%" y="4">(\d+)%</text>};
near([ map { $top * (1 - $end{$_} / 1000) } qw(before since) ], [ split /\n/, value('crm', 'SELECT percent FROM report_cycle_curve WHERE day = 180 ORDER BY period') ], 0.06, 'cycle: the curves end where the view says');
like($cycle, qr{<text class="tick end since"[^>]*>\Q@{[ value('crm', "SELECT to_char(at_risk, 'FM9,999') FROM report_cycle_curve WHERE day = 180 AND period = 'since'") ]}\E</text>}, 'cycle: and say how many deals are open there');

#
# Contrast: text 4.5 to 1, marks 3 to 1, in light, dark and print
#
open my $in, '<', 'report/style.sql' or die "report/style.sql: $!";
my $style = do { local $/; <$in> };
close $in;
sub luminance { my @c = map { my $v = hex(length $_ == 1 ? "$_$_" : $_) / 255; $v <= 0.03928 ? $v / 12.92 : (($v + 0.055) / 1.055)**2.4 } length $_[0] == 3 ? split(//, $_[0]) : $_[0] =~ /../g; return 0.2126 * $c[0] + 0.7152 * $c[1] + 0.0722 * $c[2] }
sub contrast { my ($a, $b) = sort { $b <=> $a } map { luminance($_) } @_; return ($a + 0.05) / ($b + 0.05) }
my @schemes = $style =~ /:root \{(.*?)\}/sg;
is(scalar @schemes, 3, 'three schemes of colours');
my %colour;
for my $scheme (@schemes)
{
	%colour = (%colour, $scheme =~ /--([\w-]+): #([0-9a-f]+)/g);
	for my $paper (qw(paper field))
	{
		cmp_ok(contrast($colour{$_}, $colour{$paper}), '>=', 4.5, "contrast of text: $_ on $paper") for qw(ink soft before since);
		cmp_ok(contrast($colour{$_}, $colour{$paper}), '>=', 3, "contrast of marks: $_ on $paper") for qw(before since up down none two focus);
	}
}

$node->stop;
done_testing();
