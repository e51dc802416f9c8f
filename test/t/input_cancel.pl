# Whatever the input, a statement can be cancelled: a statement_timeout of 100 ms, or of a second, which more often meets
# a final function, ends each aggregate and each reading on a large input within a second of processor time. A query that
# is done before is cancelled by nothing, which is as good.
#
# MANY (400,000) is how many events or rows the inputs have.

use lib 'test/lib';
use Suite qw(server sql server_stayed_up);

plan skip_all => 'no /proc to ask for processor time' unless -r '/proc/self/stat';

my $many = $ENV{MANY} // 400_000;
my $limit = 1 * ($ENV{WATCHED} ? 50 : 1);
my $node = server('cancel', settings => { work_mem => "'64MB'" });

sql(qq{
CREATE FUNCTION processor_seconds() RETURNS float8 LANGUAGE sql VOLATILE AS
	'SELECT (f[12]::float8 + f[13]::float8) / 100 FROM string_to_array(substring(pg_read_file(''/proc/self/stat'') FROM ''\\) (.*)''), '' '') AS f';
CREATE TABLE spent (name text, seconds float8);
CREATE TABLE many AS SELECT i FROM generate_series(1, $many) AS i;
ANALYZE many;
CREATE TABLE long AS SELECT history_agg((ARRAY['lead', 'mql', 'won', 'opportunity', 'lost', 'competitor', 'view'])[1 + i % 7],
	timestamptz '2026-01-01' + i * interval '1 second', i % 1000, 'subject ' || i % 50000) AS h FROM many;
CREATE TABLE instant AS SELECT history_agg((ARRAY['won', 'lost'])[1 + i % 2], timestamptz '2026-01-01', i % 1000, 'subject ' || i % 200000) AS h FROM many;
CREATE TABLE kinds AS SELECT history_agg('kind ' || md5(i::text), timestamptz '2026-01-01' + i * interval '1 second') AS h FROM many WHERE i % 4 = 0;
CREATE TABLE mapping AS SELECT jsonb_object_agg('kind ' || md5(i::text), 'new ' || md5(i::text)) AS m FROM many WHERE i % 4 = 0;
CREATE TABLE texts AS SELECT h::text AS t FROM long;
CREATE TABLE names AS SELECT array_agg('competitor ' || md5(i::text)) AS n FROM generate_series(1, 1000) AS i;
CREATE TABLE durations AS SELECT duration_agg(i, i % 3 > 0) AS d FROM many;
CREATE TABLE contents AS SELECT content_agg('action ' || i % 1000, 'actor ' || i) AS c FROM many;
});

my %query = (
	'history_agg' => q{SELECT history_agg('kind ' || i, '2026-01-01', i, 'subject ' || i) FROM many},
	'history_agg of one instant' => q{SELECT history_agg('won', '2026-01-01', -i) FROM many},
	'rollup(deal_history)' => q{SELECT rollup(h) FROM long, generate_series(1, 5)},
	'deal_history || deal_history' => q{SELECT h || h || h || h FROM long},
	'input of text' => q{SELECT event_count(t::deal_history) FROM texts},
	'output of text' => q{SELECT length(h::text) FROM long},
	'to jsonb' => q{SELECT jsonb_array_length(h::jsonb) FROM long},
	'events()' => q{SELECT count(*) FROM long, events(h)},
	'relabel' => q{SELECT relabel(h, m) FROM kinds, mapping},
	'subjects' => q{SELECT cardinality(subjects(h, 'competitor')) FROM long},
	'distinct_events' => q{SELECT distinct_events(h) FROM instant},
	'state_changes' => q{SELECT state_changes(h, '{lead,mql,opportunity,won,lost}') FROM long},
	'by_day' => q{SELECT by_day(h, 'America/New_York') FROM long},
	'time_in' => q{SELECT count(*) FROM long, time_in(h, '{lead,mql,opportunity,won}', '2027-01-01')},
	'history_problems' => q{SELECT count(*) FROM long, history_problems(h)},
	'history_problems of one instant' => q{SELECT count(*) FROM instant, history_problems(h)},
	'history_problems of many kinds' => q{SELECT count(*) FROM kinds, history_problems(h)},
	'deal_progress' => q{SELECT deal_progress(h, within => '1 second') FROM long},
	'deal_progress, any order' => q{SELECT deal_progress(h, within => '1 hour', mode => 'any_order') FROM long},
	'deal_progress, adjacent' => q{SELECT deal_progress(h, within => '1 hour', mode => 'adjacent') FROM long},
	'deal_progress with steps' => q{SELECT deal_progress(h, within => '1 hour', step_within => ARRAY['1 second', NULL, '1 second', NULL]::interval[]) FROM long},
	'deal_outcome' => q{SELECT deal_outcome(h) FROM long},
	'deal_cycle' => q{SELECT deal_cycle(h) FROM long},
	'deal_exposure' => q{SELECT count(*) FROM long, deal_exposure(h, '{view}')},
	'quota_attainment' => q{SELECT quota_attainment(h, '2026-01-01', 1e12, as_of => '2027-01-01') FROM long},
	'quota_attainment at one instant' => q{SELECT quota_attainment(h, '2026-01-01', 1e12, as_of => '2027-01-01') FROM instant},
	'tenure_amounts' => q{SELECT count(*) FROM instant, tenure_amounts(h, '2025-01-01', '2027-01-01')},
	'funnel_agg of raw events' => q{SELECT funnel_agg(i::bigint, 'lead', '2026-01-01', '{lead,won}') FROM many},
	'funnel_agg of one deal' => q{SELECT funnel_agg(1::bigint, (ARRAY['won', 'lead'])[1 + i % 2], timestamptz '2026-01-01' - i * interval '1 second', '{lead,won}') FROM many},
	# stages for a month each and a window of ten days: the search tries every depth
	'funnel_agg of one deal, 32 stages' => qq{SELECT funnel_agg(1::bigint, 's' || i * 32 / ($many + 1), timestamptz '2026-01-01' + i * interval '@{[ int(90_000_000 / $many) ]} s', ARRAY(SELECT 's' || stage FROM generate_series(0, 31) AS stage), '10 days', '2036-06-01') FROM many},
	'effect' => q{SELECT e.* FROM (SELECT rollout_agg('unit ' || i % 600, CASE WHEN i % 600 < 400 THEN DATE '2026-01-01' + i % 600 % 37 * 30 END, DATE '2024-01-01' + i / 600 % 60 * 30, i % 3 = 0) AS r FROM many) AS x, effect(r) AS e},
	'permutation_test' => q{SELECT e.* FROM (SELECT rollout_agg('unit ' || i % 100, CASE WHEN i % 100 < 60 THEN DATE '2026-01-01' + i % 100 % 37 * 30 END, DATE '2024-01-01' + i / 100 % 60 * 30, i % 3 = 0) AS r FROM generate_series(1, 60000) AS i) AS x, permutation_test(r) AS e},
	'rollout_agg' => q{SELECT rollout_agg('unit ' || i % 5000, DATE '2026-01-01', DATE '2020-01-01' + i / 5000, true) FROM many},
	'amount_agg' => q{SELECT amount_agg(i) FROM many},
	'pipeline_agg' => q{SELECT pipeline_agg(i, i) FROM many},
	'duration_agg' => q{SELECT duration_agg(i * 7 % 999983, true) FROM many},
	'rollup(duration_summary)' => q{SELECT rollup(d) FROM durations, generate_series(1, 50)},
	'curve' => q{SELECT count(*) FROM durations, curve(d)},
	'median' => q{SELECT median(d) FROM durations, generate_series(1, 100)},
	'log_rank_agg' => q{SELECT log_rank_agg(d, d) FROM durations, generate_series(1, 10)},
	'win_agg' => q{SELECT win_agg(i % 2 = 0, n) FROM many, names},
	'win_agg of many names' => q{SELECT win_agg(i % 2 = 0, ARRAY['competitor ' || i]) FROM many},
	'content_agg' => q{SELECT content_agg('action ' || i % 1000, 'actor ' || i) FROM many},
	'rollup(content_summary)' => q{SELECT rollup(c) FROM contents, generate_series(1, 20)},
	'contents as text' => q{SELECT length(c::text) FROM contents},
	'p_adjust' => q{SELECT max(p) FROM (SELECT p_adjust(i / 2e6, 'holm') OVER () AS p FROM many) AS adjusted});

for my $name (sort keys %query)
{
	for my $timeout (0.1, 1)
	{
		my ($out, $error) = ('', '');
		$node->psql('postgres', "SELECT processor_seconds() AS before \\gset\nSET statement_timeout = '${timeout}s';\n\\o /dev/null\n$query{$name};\n\\o\n"
			. "SET statement_timeout = 0;\nSELECT processor_seconds() - :before;", stdout => \$out, stderr => \$error, on_error_stop => 0);
		my ($seconds) = $out =~ /([\d.e-]+)\s*\z/;
		my @errors = grep { !/canceling statement due to statement timeout/ } $error =~ /ERROR:\s+(.*)/g;
		ok(defined $seconds && $seconds <= $timeout + $limit && !@errors,
			sprintf('%s: %s after %.2f s', $name, $error =~ /canceling/ ? 'cancelled' : 'done', $seconds // 0)) or diag($error);
		last if $error !~ /canceling/;
	}
}
server_stayed_up($node);
$node->stop('fast');
done_testing();
