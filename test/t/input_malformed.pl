# JSON that is almost a value: each place in the text form of each type, in turn
# removed, or replaced by what does not belong there. Either it is a value, which then
# has one form, or an error that says so, the same when thrown, when asked for with
# pg_input_is_valid, and when it comes through the cast from jsonb.

use lib 'test/lib';
use Suite qw(database sql);

use JSON::PP;

my $node = database(extension => 0);
sql(q{CREATE EXTENSION enablement_metrics;
CREATE TABLE deal AS SELECT d, deal_history(deal_event('lead', '2026-01-01'), deal_event('mql', '2026-01-11'), deal_event('opportunity', '2026-01-21', 10), deal_event('competitor', '2026-01-22', subject => 'Globex'),
	deal_event((ARRAY['won', 'lost', 'x', 'no_decision'])[d], '2026-02-01', 1000.5, 'Globex')) AS h FROM generate_series(1, 4) AS d});
my $soft = sql('SHOW server_version_num') >= 160000;

my @funnels = ("deal_progress(h, '{lead,mql,opportunity,won}', '90 days', '{NULL,40 days,30 days}', 'ordered', 'excluded', '{mql}', '{lost}', 'first', '2027-01-01')",
	"deal_progress(h, mode => 'any_order', as_of => '2027-01-01')");
my %values = (
	rate_summary => [ 'SELECT rate_summary(1, 3)' ],
	duration_summary => [ "SELECT duration_agg(d * d, d % 2 = 0) FROM deal", "SELECT duration_agg(c) FROM deal, deal_exposure(h, 'competitor', as_of => '2027-01-01', unit => 'hour') AS e(x, c)" ],
	deal_progress => [ map { "SELECT $_ FROM deal WHERE d = 1" } @funnels ],
	funnel_summary => [ map { "SELECT funnel_agg($_) FROM deal" } @funnels ],
	deal_cycle => [ "SELECT deal_cycle(h, as_of => '2027-01-01') FROM deal WHERE d = 1", "SELECT c FROM deal, deal_exposure(h, 'competitor', as_of => '2027-01-01') AS e(x, c) WHERE d = 2 AND x" ],
	deal_outcome => [ "SELECT deal_outcome(h, as_of => '2027-01-01') FROM deal WHERE d = 2" ],
	win_summary => [ "SELECT win_agg(deal_outcome(h, as_of => '2027-01-01')) FROM deal" ],
	content_summary => [ "SELECT content_agg(a, b, c) FROM (VALUES ('view', 'Ann', 2.5), ('view', 'Bob', 2), ('use', NULL, NULL)) AS x(a, b, c)", "SELECT content_agg('view', i::text) FROM generate_series(1, 5000) AS i" ],
	quota_attainment => [ "SELECT quota_attainment(h, '2026-01-01', 900, 'month', as_of => '2027-01-01') FROM deal WHERE d = 1" ],
	quota_summary => [ "SELECT quota_agg(quota_attainment(h, '2026-01-01', 900, as_of => '2027-01-01', left_at => CASE d WHEN 3 THEN timestamptz '2026-03-01' END)) FROM deal" ],
	mantel_haenszel_summary => [ 'SELECT mantel_haenszel_agg(rate_summary(d, 7), rate_summary(2, 2 + d)) FROM deal' ],
	log_rank_summary => [ 'SELECT log_rank_agg(a, b) FROM (SELECT duration_agg(i % 5, i % 3 > 0), duration_agg(i % 7, i % 2 > 0) FROM generate_series(1, 20) AS i GROUP BY i % 2) AS x(a, b)' ],
	deal_event => [ "SELECT deal_event('won', '2026-01-01', 1.5, 's')" ]);

my $json = JSON::PP->new->canonical->allow_nonref->allow_bignum;
my @intruders = ('null', 'true', '"x"', '""', '"2026-01-01T00:00:00Z"', '"infinity"', '-1', '0', '1.5', '1e30', '9223372036854775807', '9223372036854775808', '[]', '[[]]', '[1]', '[null]', '{}', '{"a":1}');

# Every text that differs from that of $node in one place.
sub variants
{
	my ($value) = @_;
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
			push @texts, $object->(%less), map { $object->(%text, $key => $_) } variants($value->{$key});
		}
	}
	elsif (ref $value eq 'ARRAY')
	{
		my @texts_of = map { $json->encode($_) } @$value;
		push @texts, '[' . join(',', @texts_of, $texts_of[-1] // 1) . ']', '[' . join(',', reverse @texts_of) . ']', '[' . join(',', (@texts_of) x 700) . ']';
		# the first and the last elements stand for all
		for my $i (grep { $_ < 3 || $_ == $#$value } 0 .. $#$value)
		{
			push @texts, '[' . join(',', @texts_of[ grep { $_ != $i } 0 .. $#texts_of ]) . ']';
			push @texts, map { my @new = @texts_of; $new[$i] = $_; '[' . join(',', @new) . ']' } variants($value->[$i]);
		}
	}
	elsif (!ref $value && length $value > 1000)
	{
		push @texts, map { $json->encode($_) } substr($value, 1), $value . '0', 'z' . substr($value, 1);
	}
	return @texts;
}

for my $type (sort keys %values)
{
	sql("CREATE TABLE text_$type(t text)");
	my %texts;
	for my $query (@{ $values{$type} })
	{
		my $value = sql("SELECT (v)::jsonb FROM ($query) AS x(v) LIMIT 1");
		$texts{$_} = 1 for variants($json->decode($value));
	}
	my $file = PostgreSQL::Test::Utils::tempdir . "/$type";
	open my $out, '>:encoding(UTF-8)', $file or die "$file: $!";
	print $out s/\\/\\\\/gr, "\n" for sort keys %texts;
	close $out;
	sql("COPY text_$type FROM '$file'");

	# a deal_event's text form is a row literal; its JSON comes through the cast alone
	my $input = $type eq 'deal_event' ? 't::jsonb::deal_event' : "t::$type";
	my $ask = $soft && $type ne 'deal_event' ? "IF pg_input_is_valid(t, '$type') <> (state = '00000') THEN problem := 'asked, it says otherwise';
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
