# JSON that is almost a value: each place in the text form of each type, in turn
# removed, or replaced by what does not belong there. Either it is a value, which then
# has one form, or an error that says so, the same when thrown, when asked for with
# pg_input_is_valid, and when it comes through the cast from jsonb.

use lib 'test/lib';
use Suite qw(database sql);
use Golden;

use JSON::PP;

my $node = database(sessions => 1);
my $soft = sql('SHOW server_version_num') >= 160000;

my @types = Golden::types();

my $json = JSON::PP->new->canonical->allow_nonref->allow_bignum;
my @intruders = ('null', 'true', '"x"', '""', '"2026-01-01T00:00:00Z"', '"infinity"', '-1', '0', '1.5', '1e30', '9223372036854775807', '9223372036854775808', '[]', '[[]]', '[1]', '[null]', '{}', '{"a":1}');

# Every text that differs from that of a value in one place. Far too many elements are tried at three lists of a place.
my %lists;
sub variants
{
	my ($value, $place) = @_;
	my @texts = @intruders;
	if (ref $value eq 'HASH')
	{
		my @keys = sort keys %$value;
		my %text = map { $_ => $json->encode($value->{$_}) } @keys;
		my $object = sub { my (%new) = @_; return '{' . join(',', map { $json->encode($_) . ":$new{$_}" } sort keys %new) . '}' };
		push @texts, $object->(%text, 'no such key' => 1);
		for my $key (@keys)
		{
			my %less = %text;
			delete $less{$key};
			push @texts, $object->(%less), map { $object->(%text, $key => $_) } variants($value->{$key}, "$place.$key");
		}
	}
	elsif (ref $value eq 'ARRAY')
	{
		my @texts_of = map { $json->encode($_) } @$value;
		push @texts, '[' . join(',', @texts_of, $texts_of[-1] // 1) . ']', '[' . join(',', reverse @texts_of) . ']';
		push @texts, '[' . join(',', (@texts_of) x 700) . ']' if $lists{$place}++ < 3;
		# the first and the last elements stand for all
		for my $i (grep { $_ < 3 || $_ == $#$value } 0 .. $#$value)
		{
			push @texts, '[' . join(',', @texts_of[ grep { $_ != $i } 0 .. $#texts_of ]) . ']';
			push @texts, map { my @new = @texts_of; $new[$i] = $_; '[' . join(',', @new) . ']' } variants($value->[$i], "$place\[]");
		}
	}
	elsif (!ref $value && length $value > 1000)
	{
		push @texts, map { $json->encode($_) } substr($value, 1), $value . '0', 'z' . substr($value, 1);
	}
	return @texts;
}

for my $type (@types)
{
	sql("CREATE TABLE text_$type(t text)");
	my %texts;
	for my $expression (map { $_->{value} } grep { length $_->{text} < 20000 } Golden::values_of($type))
	{
		my $value = sql("SELECT v::jsonb FROM (SELECT $expression) AS x(v)");
		$texts{$_} = 1 for variants($json->decode($value), $type);
	}
	my $file = PostgreSQL::Test::Utils::tempdir . "/$type";
	open my $out, '>:encoding(UTF-8)', $file or die "$file: $!";
	print $out s/\\/\\\\/gr, "\n" for sort keys %texts;
	close $out;
	sql("COPY text_$type FROM '$file'");

	# the text form of events and histories is a literal of a row or an array; their JSON comes through the cast alone
	my $by_cast_alone = $type eq 'deal_event' || $type eq 'deal_history';
	my $input = $by_cast_alone ? "t::jsonb::$type" : "t::$type";
	my $ask = $soft && !$by_cast_alone ? "IF pg_input_is_valid(t, '$type') <> (state = '00000') THEN problem := 'asked, it says otherwise';
			ELSIF state <> '00000' AND (pg_input_error_info(t, '$type')).sql_error_code <> state THEN problem := 'asked, it gives another state'; END IF;" : '';
	sql(qq{CREATE FUNCTION try_$type(t text, OUT state text, OUT problem text) LANGUAGE plpgsql AS \$\$
DECLARE
	v $type;
	by_cast text := '00000';
BEGIN
	BEGIN
		v := $input;
		state := '00000';
		IF v IS NOT NULL AND ${type}_send(v) IS DISTINCT FROM ${type}_send(v::text::$type) THEN problem := 'its form gives another value'; END IF;
		IF v IS NOT NULL AND ${type}_send(v) IS DISTINCT FROM ${type}_send(v::jsonb::$type) THEN problem := 'its jsonb gives another value'; END IF;
	EXCEPTION WHEN OTHERS THEN
		state := SQLSTATE;
	END;
	$ask
	BEGIN
		PERFORM t::jsonb::$type;
	EXCEPTION WHEN OTHERS THEN
		by_cast := SQLSTATE;
	END;
	IF state <> by_cast THEN problem := coalesce(problem, 'the cast from jsonb gives ' || by_cast); END IF;
	IF state !~ '^(00000|22P02|22003|22007|22008|22023|54000)' THEN problem := coalesce(problem, 'an error that is not its own'); END IF;
END \$\$});
	my $found = sql("SELECT count(*) || ' ' || count(*) FILTER (WHERE state <> '00000') || ' ' || count(problem) FROM text_$type, LATERAL try_$type(t)");
	my ($all, $refused, $problems) = split / /, $found;
	is($problems, 0, "$type: $all texts, $refused of them refused, each in one way")
	  or diag(sql("SELECT state, problem, left(t, 200) FROM text_$type, LATERAL try_$type(t) WHERE problem IS NOT NULL LIMIT 10"));
	cmp_ok($refused, '>', $all / 2, "$type: most are refused");
}

$node->stop;
done_testing();
