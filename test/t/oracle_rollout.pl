# Effects of roll-outs against cases with answers, where they are there: the file named by
# ENABLEMENT_METRICS_ROLLOUT_CASES, or cases/rollout_cases.json beside the directory
# named by ENABLEMENT_METRICS_DATA.
#
# A case has rows (unit, adopted_on, period, total, sum), the sum as a string where it is of amounts; options;
# and what effect, event_study, cohort_effects, cell_effects, pretrend and permutation_test must give: within 1e-8, counts and
# NULLs exactly.
use lib 'test/lib';
use Suite qw(database sql);
use JSON::PP;

my $file = $ENV{ENABLEMENT_METRICS_ROLLOUT_CASES} // ($ENV{ENABLEMENT_METRICS_DATA} // '') . '/../cases/rollout_cases.json';
plan skip_all => 'no cases: ENABLEMENT_METRICS_ROLLOUT_CASES names no file, nor is there cases/rollout_cases.json beside ENABLEMENT_METRICS_DATA' unless -r $file;

open my $in, '<', $file or die "$file: $!";
my $cases = JSON::PP->new->utf8->decode(do { local $/; <$in> })->{cases};
database();
my $json = JSON::PP->new->utf8->allow_nonref;

# A literal of SQL.
sub literal
{
	my ($value) = @_;
	return 'NULL' unless defined $value;
	$value =~ s/'/''/g;
	utf8::encode($value);
	return "'$value'";
}

sub same
{
	my ($ours, $theirs) = @_;
	return !defined $ours && !defined $theirs unless defined $ours && defined $theirs;
	return abs($ours - $theirs) <= 1e-8 * (abs($theirs) > 1 ? abs($theirs) : 1);
}

my @estimate = qw(effect std_error df low high p_value units others);
my $numbers = 0;
for my $case (@$cases)
{
	my %options = %{ $case->{options} };
	my $arguments = sub { join '', map { ", $_ => " . literal($options{$_}) } grep { exists $options{$_} } @_ };
	my @all = qw(control base weights anticipation);
	my $rows = join ', ', map { my @row = @$_; '(' . join(', ', map { literal($_) } @row) . ')' } @{ $case->{rows} };
	my $mean = @{ $case->{rows} } && $json->encode($case->{rows}[0][4]) =~ /^"/;
	my $made = !@{ $case->{rows} } ? "SELECT rollout_agg(NULL, NULL, NULL, NULL::boolean)"
	  : $mean ? undef
	  : "SELECT rollout_agg(u, a::date, p::date, rate_summary(s::bigint, n::bigint)) FROM (VALUES $rows) AS c (u, a, p, n, s)";
	# amounts: one of all but 0 and the rest of nothing have that sum
	$made //= "SELECT rollout_agg(u, a::date, p::date, CASE i WHEN 1 THEN s::numeric ELSE 0 END) FROM (VALUES $rows) AS c (u, a, p, n, s), generate_series(1, n::int) AS i";
	my $read = sub { my ($call) = @_; return $json->decode(sql("SET extra_float_digits = 1; SELECT coalesce(json_agg(x), '[]') FROM ($made) AS t (s), $call AS x")) };

	my $overall = $read->('effect(s' . $arguments->(@all, 'level') . ')');
	if (!defined $case->{expected})
	{
		is_deeply([ map { $_->{effect} } @$overall ], @{ $case->{rows} } ? [] : [ undef ], "$case->{name}: nothing");
		next;
	}
	my %found = (overall => $overall->[0]);
	$found{"event_time $_->{event_time}"} = $_ for @{ $read->('event_study(s' . $arguments->(@all, 'leads', 'level') . ')') };
	$found{"cohort $_->{cohort}"} = $_ for @{ $read->('cohort_effects(s' . $arguments->(@all, 'level') . ')') };
	$found{"cell $_->{cohort} $_->{period}"} = $_ for @{ $read->('cell_effects(s' . $arguments->(@all, 'leads', 'level') . ')') };
	my $trend = $read->('pretrend(s' . $arguments->('control', 'weights', 'anticipation', 'level') . ')')->[0];
	$trend->{effect} = $trend->{slope};
	$found{pretrend} = $trend if defined $trend->{slope};

	my %expected = %{ $case->{expected}{readings} };
	my @wrong = grep { !exists $found{$_} || !exists $expected{$_} } sort keys %{ { %found, %expected } };
	for my $name (sort grep { exists $found{$_} } keys %expected)
	{
		push @wrong, map { "$name $_: " . ($found{$name}{$_} // 'NULL') . ' for ' . ($expected{$name}{$_} // 'NULL') } grep { !same($found{$name}{$_}, $expected{$name}{$_}) } @estimate;
		$numbers += @estimate;
	}
	push @wrong, map { "$_: $overall->[0]{$_}" } grep { $overall->[0]{$_} != $case->{expected}{$_} } qw(deals skipped);
	my $test = $read->('permutation_test(s' . $arguments->(@all) . ')')->[0];
	my $wanted = $case->{expected}{permutation};
	push @wrong, 'permutation p' unless same($test->{p_value}, $wanted->{p_value});
	push @wrong, map { "permutation $_" } grep { $json->encode($test->{$_}) ne $json->encode($wanted->{$_}) } qw(assignments exact statistic);
	is_deeply(\@wrong, [], "$case->{name}: as expected");
}
note("$numbers numbers of " . scalar(@$cases) . ' cases');
done_testing();
