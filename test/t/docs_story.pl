# What the generator puts into the CRM is what the report finds. The truth is not written down here: it is what the same
# leads do with an effect switched off, since all their chances are drawn from md5 and stay the same.

use lib 'test/lib';
use Suite qw(server sql run_report);

plan skip_all => 'under valgrind the generator would work for an hour; docs_demo_data.pl runs the same report' if ($ENV{WATCHED} // '') eq 'valgrind';

my $node = server('story', sessions => 1, demo => 'postgres', extension => 0, settings => { search_path => "'crm, public'" });
run_report('postgres', '--schema', 'crm', '--views', '--text');

sub row { return split /\|/, sql($_[0]) }

# The same leads in a world of their own: a table of what happens to them, with no today, once effects are set.
sub world
{
	my ($name, %effect) = @_;
	my %real = map { $_ => sql("SELECT $_()") } keys %effect;
	my $set = sub { my %to = @_; return join '', map { "CREATE OR REPLACE FUNCTION $_() RETURNS float8 LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN $to{$_};" } keys %to };
	sql($set->(%effect));
	sql("CREATE TABLE $name AS SELECT h.* FROM lead JOIN team USING (team_id), LATERAL life(lead, team) h;
		CREATE TABLE ${name}_deal AS
		SELECT lead_id, platform, date_trunc('month', created_at) >= platform_since AS treated, platform_since, created_at, history, deal_progress(history, within => '180 days', entry => 'first', as_of => as_of()) AS progress
		FROM (SELECT opportunity_id AS lead_id, history_agg(stage_name, changed_at, amount, subject) AS history FROM $name WHERE changed_at <= as_of() GROUP BY 1) h
			JOIN lead USING (lead_id) JOIN team USING (team_id)");
	sql($set->(%real));
}

# what a world's grown-up leads since the programme make of a question, in percent
sub percent_of
{
	my ($world, $from, $to, $who) = @_;
	return sql("SELECT percent(conversion(funnel_agg(progress), '$from', '$to')) FROM ${world}_deal
		WHERE created_at >= programme_start() AND created_at <= as_of() - interval '180 days' AND $who");
}

# the table of doc/demo.md, as one line
open my $in, '<', 'doc/demo.md' or die "doc/demo.md: $!";
my $doc = join ' ', grep { /^\|/ } <$in>;
close $in;

# what doc/demo.md says: the truth, and the estimate with its interval
sub documented
{
	my ($truth, $estimate, $what) = @_;
	my $says = qr/\| \Q$truth\E[^|]*\|[^|]*\|[ *]*\Q$estimate\E/;
	like($doc, $says, "doc/demo.md: $what: $truth, $estimate");
}

sub covers
{
	my ($low, $high, $truth, $what) = @_;
	$low = $high = 'nan' unless length($low // '') && length($high // '');
	ok($low < $high && $low <= $truth && $truth <= $high, sprintf('%s: the interval %.1f to %.1f holds the truth, %.2f', $what, $low, $high, $truth));
}

world('real');
is(sql('SELECT count(*) FROM (SELECT * FROM real WHERE changed_at <= as_of() EXCEPT ALL TABLE opportunity_history) x'), '0', 'the real world is that of the CRM');

#
# Compass lifts conversion, Beacon does not.
#
world('without_compass', compass_odds => 1, compass_pace => 1);
my $truth = percent_of('real', 'lead', 'opportunity', "platform = 'Compass' AND treated") - percent_of('without_compass', 'lead', 'opportunity', "platform = 'Compass' AND treated");
cmp_ok($truth, '>', 2, sprintf('Compass is worth %.2f points of lead to opportunity', $truth));
my ($estimate, $low, $high, $p) = row("SELECT effect, low, high, adjusted_p FROM report_platform_effects WHERE platform = 'Compass'");
covers($low, $high, $truth, 'Compass');
ok($low > 0 && $p < 0.05, 'Compass: more than chance');
documented(sprintf('%.1f points', $truth), sql("SELECT format('%s (%s to %s), adjusted p %s', rounded(effect, 1), rounded(low, 1), rounded(high, 1), rounded(adjusted_p, 4)) FROM report_platform_effects WHERE platform = 'Compass'"), 'Compass');
is(sql('SELECT beacon_odds()'), '1', 'Beacon does nothing');
($estimate, $low, $high, $p) = row("SELECT effect, low, high, adjusted_p FROM report_platform_effects WHERE platform = 'Beacon'");
covers($low, $high, 0, 'Beacon');
cmp_ok($p, '>', 0.05, 'Beacon: no evidence');
documented('0', sql("SELECT format('%s (%s to %s), adjusted p %s', rounded(effect, 1), rounded(low, 1), rounded(high, 1), rounded(adjusted_p, 2)) FROM report_platform_effects WHERE platform = 'Beacon'"), 'Beacon');
is(sql("SELECT string_agg(platform || ' ' || status, ', ') FROM report_platform_effects"), 'Compass raised, Beacon no evidence', 'and in this order');

#
# Compass shortens the cycle, Beacon does not.
#
sub cycles_of
{
	my ($world, $what) = @_;
	return sql("SELECT avg($what) FROM ${world}_deal, deal_cycle(history, to_kinds => '{won,lost,no_decision}', unless => '{}', as_of => as_of()) c
		WHERE platform = 'Compass' AND started_at(c) + interval '90 days' <= as_of() AND date_trunc('month', started_at(c)) >= platform_since");
}
for my $outcome ([ 'days_effect', 'days_low', 'days_high', 'days of the first 90', "least(extract(epoch FROM CASE WHEN status(c) = 'event' THEN duration(c) END) / 86400, 90)", -1 ],
	[ 'effect', 'low', 'high', 'points of closed within 60 days', "100 * (status(c) = 'event' AND duration(c) <= interval '60 days')::int", 1 ])
{
	my ($column, $from, $to, $name, $what, $sign) = @$outcome;
	$truth = cycles_of('real', $what) - cycles_of('without_compass', $what);
	cmp_ok($sign * $truth, '>', 4, sprintf('Compass is worth %.2f %s', $truth, $name));
	for my $platform ([ Compass => $truth ], [ Beacon => 0 ])
	{
		($low, $high) = row("SELECT $from, $to FROM report_cycle_effects WHERE platform = '$platform->[0]'");
		covers($low, $high, $platform->[1], "$platform->[0], $name");
		documented($platform->[1] ? sprintf('%.1f %s', $platform->[1], $name) : "0 $name", sql("SELECT format('%s (%s to %s)', rounded($column, 1), rounded($from, 1), rounded($to, 1)) FROM report_cycle_effects WHERE platform = '$platform->[0]'"), "$platform->[0], $name");
		ok($platform->[1] ? $low * $high > 0 : $low * $high < 0, "$platform->[0], $name: " . ($platform->[1] ? 'more than chance' : 'no evidence'));
	}
}

#
# Before and after: all that came on the day of the programme, the market with it.
#
world('without_all', compass_odds => 1, compass_pace => 1, market_odds => 1, programme_pace => 1);
for my $rate ([ 'lead to opportunity', 'lead', 'opportunity' ], [ 'qualified lead to customer', 'mql', 'won' ], [ 'lead to customer', 'lead', 'won' ])
{
	my ($name, $from, $to) = @$rate;
	($low, $high) = row("SELECT difference_low, difference_high FROM report_conversion WHERE (from_stage, to_stage) = ('$from', '$to')");
	$truth = percent_of('real', $from, $to, 'true') - percent_of('without_all', $from, $to, 'true');
	covers($low, $high, $truth, "before and after, $name");
	documented(sprintf('%.1f points of %s', $truth, $name), sql("SELECT format('%s (%s to %s)', rounded(difference, 1), rounded(difference_low, 1), rounded(difference_high, 1)) FROM report_conversion WHERE (from_stage, to_stage) = ('$from', '$to')"), $name);
	cmp_ok($low, '>', 0, "before and after, $name: it rose");
}

#
# Cycles shorten.
#
world('without_pace', programme_pace => 1, compass_pace => 1);
my $mean = sub {
	return sql("SELECT restricted_mean(duration_agg(c), 90) FROM $_[0]_deal, deal_cycle(history, to_kinds => '{won,lost,no_decision}', unless => '{}', as_of => as_of()) c
		WHERE started_at(c) >= programme_start()");
};
$truth = $mean->('real') - $mean->('without_pace');
cmp_ok($truth, '<', -4, sprintf('the pace of the programme and of Compass is worth %.2f days of the first 90', $truth));
($low, $high) = row('SELECT low, high FROM report_cycle_change');
covers($low, $high, $truth, 'length of the sales cycle');
cmp_ok($high, '<', 0, 'length of the sales cycle: it fell');
documented(sprintf('%.1f days', -$truth), sql("SELECT format('%s less (%s to %s)', rounded(-difference_days, 1), rounded(-high, 1), rounded(-low, 1)) FROM report_cycle_change"), 'sales cycle');

#
# Content has no effect in this world: the plain comparison shows one, the comparison by exposure does not.
#
world('much_content', content_days => 3);
cmp_ok(sql("SELECT count(*) FROM much_content WHERE stage_name = 'content'"), '>', 1.5 * sql("SELECT count(*) FROM real WHERE stage_name = 'content'"), 'with more content there is more content');
is(sql(q{SELECT count(*) FROM ((SELECT * FROM much_content EXCEPT ALL SELECT * FROM real) UNION ALL (SELECT * FROM real EXCEPT ALL SELECT * FROM much_content)) x WHERE stage_name <> 'content'}),
	'0', '... and nothing else changes');
my ($naive_low, $naive_high);
($low, $high, $naive_low, $naive_high) = row("SELECT low, high, naive_low, naive_high FROM report_content_effects WHERE content = 'Battle card'");
cmp_ok($naive_low, '>', 10, "naively the battle card costs days: $naive_low to $naive_high, which excludes the truth, 0");
covers($low, $high, 0, 'the battle card, split at the first');
documented('0 days', $_, 'battle card') for split /\n/, sql("SELECT format('%s (%s to %s)', rounded(d, 1), rounded(l, 1), rounded(h, 1))
	FROM report_content_effects, LATERAL (VALUES (difference_days, low, high), (naive_difference, naive_low, naive_high)) v(d, l, h) WHERE content = 'Battle card'");

#
# Deals are lost against Globex more often.
#
($low, $high) = row("SELECT difference_low, difference_high FROM report_competitors WHERE competitor = 'Globex'");
documented('lower', sql("SELECT format('%s%% of the closed, against %s%%', rounded(percent, 1), rounded(without_percent, 1)) FROM report_competitors WHERE competitor = 'Globex'"), 'Globex');
cmp_ok($high, '<', 0, sprintf('against Globex the win rate is lower than without a competitor: %.1f to %.1f points', $low, $high));

#
# Months that are marked final are final, the others rise.
#
sql("CREATE TABLE late AS
	SELECT date_trunc('month', created_at)::date AS month, percent(conversion(funnel_agg(deal_progress(history, within => '180 days', entry => 'first', as_of => 'epoch'::timestamptz + '100 years'::interval)), 'lead', 'opportunity')) AS percent
	FROM (SELECT opportunity_id, history_agg(stage_name, changed_at) AS history FROM real GROUP BY 1) h JOIN lead ON lead_id = opportunity_id GROUP BY 1");
is(sql("SELECT count(*), count(*) FILTER (WHERE late.percent = m.percent) FROM report_conversion_by_month m JOIN late USING (month) WHERE n = 1 AND final"), '30|30', 'what the future brings does not change the months marked final');
is(sql("SELECT count(*), count(*) FILTER (WHERE late.percent > m.percent) FROM report_conversion_by_month m JOIN late USING (month) WHERE n = 1 AND NOT final"), '6|6', '... and raises each of the others');

$node->stop;
done_testing();
