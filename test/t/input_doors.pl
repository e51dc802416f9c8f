# One rule and one wording at every door: what comes in as text, by the cast from jsonb, in binary or as an argument
# is checked alike, whatever the type. A table of values, the doors of each, and what each must say.

use lib 'test/lib';
use Suite qw(database sql);
use Golden;

my $node = database(sessions => 1);
my @types = Golden::types();

# What a query says: SQLSTATE, message and hint; or its answer.
sql(<<'SQL');
CREATE FUNCTION said(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	answer text;
	message text;
	hint text;
BEGIN
	EXECUTE query INTO answer;
	RETURN answer;
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, hint = PG_EXCEPTION_HINT;
	RETURN SQLSTATE || ' ' || message || CASE WHEN hint = '' THEN '' ELSE ' | ' || hint END;
END $$
SQL
sub quoted { my $text = shift; $text =~ s/'/''/g; return "'$text'" }

# The cases are collected, and asked all at once: [ name, query, what it must say ].
my @cases;
sub says { push @cases, [@_] }

# A value of each type whose text is JSON, and the doors such a text goes through.
my %text = map { my $type = $_; $type => (grep { length $_->{text} < 2000 } Golden::values_of($type))[0]{text} } grep { !/^deal_(event|history)$/ } @types;
sub json_doors
{
	my ($type, $text) = @_;
	return ('text' => quoted($text) . "::$type", 'jsonb' => quoted($text) . "::jsonb::$type");
}
sub each_door
{
	my ($name, $pattern, @doors) = @_;
	while (my ($door, $expression) = splice @doors, 0, 2)
	{
		says("$name ($door)", "SELECT ($expression)::text", $pattern);
	}
}

#
# Versions
#
for my $type (sort keys %text)
{
	(my $newer = $text{$type}) =~ s/"version":1/"version":2/;
	each_door("$type of version 2", qr/^22P02 malformed $type: version 2$/, json_doors($type, $newer));
	($newer = $text{$type}) =~ s/"version":1/"version":9223372036854775808/;
	each_door("$type of a version out of range", qr/^22003 malformed $type: "version" is out of range: 9223372036854775808$/, json_doors($type, $newer));
}

# In binary the version is looked at first: before the length, and before whatever a newer release may send.
my $folder = PostgreSQL::Test::Utils::tempdir;
for my $type (@types)
{
	sql("CREATE TABLE received_$type (v $type)");
	for my $value ("\x02", "\x02\0", "\x02" . "\xff" x 100, "\xff" . "\0" x 23)
	{
		my $file = "$folder/" . @cases;
		open my $out, '>:raw', $file or die "$file: $!";
		print $out "PGCOPY\n\xff\r\n\0", pack('NN', 0, 0), pack('n', 1), pack('N', length $value), $value, pack('n', 0xffff);
		close $out;
		says("$type of version @{[ ord $value ]} in @{[ length $value ]} bytes", "COPY received_$type FROM '$file' (FORMAT binary)", "22P03 malformed binary $type: version @{[ ord $value ]}");
	}
}

#
# Money: the fifth decimal is rounded half away from zero, and what does not fit is 22003
#
my %rounded = ('1.00005' => '1.0001', '-1.00005' => '-1.0001', '1.000049999' => '1', '-1.000049999' => '-1', '0.00001' => '0', '-0.00004' => '0',
	'0.00005' => '0.0001', '922337203685477.58074999' => '922337203685477.5807', '-922337203685477.58084' => '-922337203685477.5808', '1e3' => '1000');
my $quota = '{"version":1,"status":"open","hired_at":"2026-01-01T00:00:00Z","observed_until":"2026-02-01T00:00:00Z","cycles":1,"won_cycles":1,"attained":%s,"target":%s}';
sub money_doors
{
	my $amount = shift;
	my $outcome = qq({"version":1,"status":"won","closed_at":"2026-01-01T00:00:00Z","amount":$amount,"considered":[],"lost_to":null});
	my $event = qq({"kind":"won","at":"2026-01-01T00:00:00Z","amount":$amount});
	my $attained = sprintf $quota, $amount, '1000000000000';
	my $win = qq({"version":1,"amount_won":$amount,"amount_lost":0,"with_amount_won":1,"with_amount_lost":0,"amount_no_decision":0,"with_amount_no_decision":0,"amount_open":0,"with_amount_open":0,"deals":[[0,1,0,0,0,0]],"competitors":[]});
	return (
		'deal_event()' => "amount(deal_event('won', '2026-01-01', $amount))",
		'deal_event text' => "amount('(won,2026-01-01,$amount,)'::deal_event)",
		'deal_event jsonb' => "amount('$event'::jsonb::deal_event)",
		'history_agg()' => "(SELECT amount(history_agg('won', '2026-01-01', $amount), 'won'))",
		'deal_history text' => "amount('{\"(won,2026-01-01,$amount,)\"}'::deal_history, 'won')",
		'deal_history jsonb' => "amount('[$event]'::jsonb::deal_history, 'won')",
		'deal_outcome text' => "amount('$outcome'::deal_outcome)",
		'deal_outcome jsonb' => "amount('$outcome'::jsonb::deal_outcome)",
		'quota_attainment text' => "attained('$attained'::quota_attainment)",
		'quota_attainment jsonb' => "attained('$attained'::jsonb::quota_attainment)",
		'win_agg()' => "(SELECT (win_agg(true, '{}', $amount)::jsonb -> 'amount_won')::numeric)",
		'win_summary text' => "('$win'::win_summary::jsonb -> 'amount_won')::numeric",
		'win_summary jsonb' => "('$win'::jsonb::win_summary::jsonb -> 'amount_won')::numeric");
}
# there is no amount(deal_history, kind): ask the event
my %ask = map { $_ => 1 } ('history_agg()', 'deal_history text', 'deal_history jsonb');
sub answerable
{
	my %door = @_;
	s/^(\(SELECT )?amount\((.*), 'won'\)(\))?$/"(SELECT amount(event) FROM (SELECT $2 AS h) AS one, events(h) AS event)"/e for @door{ keys %ask };
	return map { $_ => $door{$_} } sort keys %door;
}
for my $amount (sort keys %rounded)
{
	my @doors = answerable(money_doors($amount));
	while (my ($door, $expression) = splice @doors, 0, 2)
	{
		says("$amount is $rounded{$amount} ($door)", "SELECT $expression", $rounded{$amount});
	}
}
for my $amount ('922337203685477.58075', '-922337203685477.58085', '1e15')
{
	my %doors = answerable(money_doors($amount));
	# a sum of amounts may be larger
	delete @doors{ grep { /^(quota_attainment|win_summary) / } keys %doors };
	each_door("$amount as an amount", qr/^22003 (amount \S+|malformed \w+: "amount") is out of range/, map { $_ => $doors{$_} } sort keys %doors);
	each_door("$amount as a target", qr/^22003 malformed quota_attainment: "target" is out of range: /,
		json_doors('quota_attainment', sprintf $quota, 0, $amount));
}
for my $amount ('17014118346046923173168730371588410.57275', '-1e35', '1e1000')
{
	my %doors = answerable(money_doors($amount));
	each_door("$amount as a sum", qr/^22003 malformed \w+: "\w+" is out of range: -?1/, map { $_ => $doors{$_} } grep { /^(quota_attainment|win_summary) / } sort keys %doors);
}
for my $amount ("'NaN'", "'Infinity'")
{
	each_door("$amount as an amount", qr/^22003 amount (NaN|Infinity) is out of range/, 'deal_event()' => "deal_event('won', '2026-01-01', $amount)", 'win_agg()' => "(SELECT win_agg(true, '{}', $amount))");
}

#
# Whole numbers out of range
#
for my $case ([ 'rate_summary', 'total' ], [ 'quota_attainment', 'cycles' ], [ 'quota_attainment', 'won_cycles' ], [ 'deal_progress', 'depth' ], [ 'duration_summary', 'total_microseconds' ])
{
	my ($type, $key) = @$case;
	my $number = '9' x 40;
	(my $text = $text{$type}) =~ s/"$key":\d+/"$key":$number/ or die "$type has no $key";
	each_door("$key of $type out of range", qr/^22003 malformed $type: "$key" is out of range: $number$/, json_doors($type, $text));
}

#
# Words of a list
#
my $deal = q('{"(lead,2026-01-01,,)"}'::deal_history);
my %word = (
	'mode' => [ "deal_progress($deal, mode => %s)", 'ordered, adjacent, increasing or any_order' ],
	'skipped' => [ "deal_progress($deal, skipped => %s)", 'passed, stop or excluded' ],
	'entry' => [ "deal_progress($deal, entry => %s)", 'best, first or latest' ],
	'period' => [ "quota_attainment($deal, '2026-01-01', 100, %s)", 'month, quarter or year' ],
	'basis' => [ "(SELECT count(*) FROM (SELECT win_agg(true, '{}') AS w) AS one, competitors(w, %s))", 'considered, closed, decided or lost_to' ],
	'method' => [ 'confidence_interval(rate_summary(1, 3), 0.95, %s)', 'wilson or exact' ],
	'method ' => [ '(SELECT p_adjust(0.5, %s) OVER ())', 'holm, bh or bonferroni' ],
	'unit' => [ "deal_cycle($deal, unit => %s)", 'day, hour, minute or second' ],
	'unit ' => [ "(SELECT duration_agg(timestamptz '2026-01-01', '2026-01-02', '2026-01-03', %s))", 'day, hour, minute or second' ]);
for my $option (sort keys %word)
{
	my ($call, $words) = @{ $word{$option} };
	my $name = $option =~ s/ $//r;
	says("an unknown $name is refused with the list", 'SELECT ' . sprintf($call, quoted($_)), qq(22023 unknown $name "$_" | Use $words.)) for 'no such', '', 'Ordered';
}
for my $case ([ 'deal_progress', 'status' ], [ 'deal_progress', 'mode' ], [ 'deal_progress', 'skipped' ], [ 'deal_progress', 'entry' ], [ 'funnel_summary', 'mode' ], [ 'deal_outcome', 'status' ],
	[ 'deal_cycle', 'unit' ], [ 'deal_cycle', 'status' ], [ 'quota_attainment', 'status' ], [ 'duration_summary', 'unit' ])
{
	my ($type, $key) = @$case;
	(my $text = $text{$type}) =~ s/"$key":"\w+"/"$key":"no such"/ or die "$type has no $key";
	each_door("an unknown $key of $type", qr/^22P02 malformed (?:$type|funnel definition): unknown $key "no such" \| Use \w.* or \w+\.$/, json_doors($type, $text));
}

#
# Instants
#
for my $case ([ 'deal_cycle', 'started_at' ], [ 'quota_attainment', 'hired_at' ])
{
	my ($type, $key) = @$case;
	(my $text = $text{$type}) =~ s/"$key":"[^"]+"/"$key":"infinity"/ or die "$type has no $key";
	each_door("$key of $type not finite", qr/^22008 $key must be finite, not infinity$/, json_doors($type, $text));
	($text = $text{$type}) =~ s/"$key":"[^"]+"/"$key":"yesterdays"/;
	each_door("$key of $type no instant", qr/^22007 /, json_doors($type, $text));
}
each_door('an instant that is not finite', qr/^22008 instant must be finite, not -infinity$/,
	'deal_event()' => "deal_event('won', '-infinity')", 'text' => "'(won,-infinity,,)'::deal_event", 'jsonb' => q('{"kind":"won","at":"-infinity"}'::jsonb::deal_event),
	'history_agg()' => "(SELECT history_agg('won', '-infinity'))", 'deal_history text' => q('{"(won,-infinity,,)"}'::deal_history));

#
# Levels
#
my %level = (
	'confidence_interval' => 'confidence_interval(rate_summary(1, 3), %s)',
	'competitors' => "(SELECT count(*) FROM (SELECT win_agg(true, '{}') AS w) AS one, competitors(w, level => %s))",
	'compare' => 'compare(rate_summary(1, 3), rate_summary(2, 3), %s)',
	'curve' => '(SELECT count(*) FROM (SELECT duration_agg(5, true) AS d) AS one, curve(d, level => %s))');
for my $name (sort keys %level)
{
	for my $level (0, 1, -0.5, 'NaN')
	{
		says("level $level of $name", 'SELECT ' . sprintf($level{$name}, "'$level'::float8"), "22023 level must be between 0 and 1, not $level | A level is a fraction such as 0.95.");
	}
}

#
# What they say
#
my @said = split /\n/, sql('SELECT said(query) FROM (VALUES ' . join(",\n", map { "($_, " . quoted($cases[$_][1]) . ')' } 0 .. $#cases) . ') AS asked (i, query) ORDER BY i'), -1;
is(scalar(@said), scalar(@cases), 'every case was answered');
for my $i (0 .. $#cases)
{
	my ($name, $query, $expected) = @{ $cases[$i] };
	ref $expected ? like($said[$i], $expected, $name) : is($said[$i], $expected, $name);
}
done_testing();
