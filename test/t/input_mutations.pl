# Damaged input: bits flipped, bytes lost, inserted or repeated, lengths changed,
# in the binary form, the text form, the jsonb form and the stored bytes of every
# type. The answer is an error with a SQLSTATE of its own or a sound value; never
# a crash, an internal error or an allocation a length field asked for.
#
# SEED and MUTATIONS in the environment choose others.

use lib 'test/lib';
use Suite qw(server pick server_stayed_up);

use File::Temp;

my $seed = $ENV{SEED} // 20260302;
my $binary_mutations = $ENV{MUTATIONS} // 10000;
my $text_mutations = int($binary_mutations / 2);
my $batch = 1000;
srand($seed);

my $node = server('mutations', settings => { statement_timeout => int($PostgreSQL::Test::Utils::timeout_default * 2 / 3) . 's' });
my $tempdir = PostgreSQL::Test::Utils::tempdir;
chmod 0755, $tempdir;
# a file for each binary mutation: in memory, where there is a file system for that
my $mutants = -w '/dev/shm' ? File::Temp::tempdir(DIR => '/dev/shm', CLEANUP => 1) : $tempdir;
chmod 0755, $mutants;

#
# The types: values to start from, and what to ask of a value that was let in.
#
my @types = (
	{
		name => 'deal_event',
		seeds => [
			"deal_event('won', '2026-03-01 09:30:00+00', 12000.5, 'acme')",
			"deal_event('lead', '2026-01-01')",
			"deal_event('a \"b\", (c)', '1969-07-20 20:17:40.123456+00', -922337203685477.5808, 'é')"
		],
		ask => [ 'kind(v)', 'occurred_at(v)', 'amount(v)', 'subject(v)', 'v::text::deal_event = v', 'v::jsonb::deal_event = v',
			"v < deal_event('won', '2026-03-01')", 'v IN (SELECT v UNION SELECT v)', "deal_event_send(v)", "deal_history(v, v)",
			"'{\"(won,2026-03-01,,)\"}'::deal_history || v" ],
		sound => [ 'octet_length(kind(v)) BETWEEN 1 AND 255', "coalesce(octet_length(subject(v)) BETWEEN 1 AND 255, true)", 'isfinite(occurred_at(v))', 'deal_event(kind(v), occurred_at(v), amount(v), subject(v)) = v', 'v::jsonb::deal_event = v' ]
	},
	{
		name => 'deal_history',
		seeds => [
			"'{}'::deal_history",
			"deal_history(deal_event('won', '2026-03-01 09:30:00+00', 12000.5, 'acme'))",
			"'{\"(lead,2026-01-01,,)\",\"(mql,2026-01-09 10:00:00,,)\",\"(opportunity,2026-02-01,10000,)\",\"(competitor,2026-02-01,,acme)\",\"(competitor,2026-02-15 12:00:00,,Globex)\",\"(won,2026-03-01 09:30:00.5,12000.55,)\"}'::deal_history",
			"(SELECT history_agg('kind ' || i % 7, timestamptz '2026-01-01' + i * i * interval '1 hour', CASE WHEN i % 3 = 0 THEN i / 8.0 END, CASE WHEN i % 4 = 0 THEN 'subject ' || i % 5 END) FROM generate_series(1, 60) AS i)",
			"(SELECT history_agg('k' || i, timestamptz '2026-01-01' + i * interval '1 day', i, 's' || i) FROM generate_series(1, 300) AS i)"
		],
		ask => [ 'event_count(v)', 'started_at(v)', 'ended_at(v)', "first_at(v, 'won')", "last_at(v, 'competitor')", "has_kind(v, 'lead')", 'current_kind(v)',
			"current_kind(v, '{lead,won}')", "subjects(v, 'competitor')", 'v::text', 'v::deal_event[]::deal_history::text', '(SELECT count(*) FROM events(v))',
			"(SELECT count(*) FROM time_in(v, '{lead,mql,won}', '2026-06-01'))", "(SELECT count(*) FROM transitions(v, '{lead,mql,won}'))",
			"relabel(v, '{\"won\":\"lead\"}')", "as_of(v, '2026-02-10')", 'distinct_events(v)', 'v || v', "v || deal_event('won', '2026-03-01')",
			'(SELECT rollup(v) FROM (VALUES (1), (2)) AS t)', 'deal_history_send(v)' ],
		sound => [ 'event_count(v) = (SELECT count(*) FROM events(v))', 'coalesce(started_at(v) <= ended_at(v), event_count(v) = 0)', 'v::deal_event[] = ARRAY(SELECT e FROM events(v) AS e ORDER BY e)',
			'v::jsonb::deal_history::text = v::text', "record_image_eq(ROW('{}'::deal_history || v), ROW(v))" ]
	},
	{
		name => 'rate_summary',
		seeds => [ "rate_summary(842, 8000)", "rate_summary(0, 0)", "rate_summary(9223372036854775807, 9223372036854775807)" ],
		ask => [ 'successes(v)', 'total(v)', 'rate(v)', 'percent(v)', 'confidence_interval(v)', "confidence_interval(v, 0.9, 'exact')", 'v - v', 'v::jsonb', 'rate_summary_send(v)' ],
		sound => [ 'successes(v) BETWEEN 0 AND total(v)', '(rate(v) IS NULL) = (total(v) = 0)', 'record_image_eq(ROW(rate_summary(successes(v), total(v))), ROW(v))' ],
		may => [ 'v + v', '(SELECT rollup(v) FROM (VALUES (1), (2)) AS t)' ]
	},
	{
		name => 'duration_summary',
		seeds => [
			"(SELECT duration_agg(i * i % 50, i % 3 <> 0) FROM generate_series(1, 40) AS i)",
			"(SELECT duration_agg(timestamptz '2026-01-01', CASE WHEN i % 4 <> 0 THEN timestamptz '2026-01-01' + i * interval '7 hours' END, timestamptz '2026-02-01') FROM generate_series(1, 30) AS i)"
		],
		ask => [ 'observed(v)', 'censored(v)', 'competing(v)', 'mean(v)', 'median(v)', 'quantile(v, 0.25)', 'quantile_interval(v, 0.5)', 'reached_within(v, 10)', '(SELECT count(*) FROM curve(v))', 'v::jsonb', 'duration_summary_send(v)' ],
		sound => [ 'observed(v) >= 0 AND competing(v) >= 0 AND censored(v) >= 0', '(mean(v) IS NULL) = (observed(v) = 0)', 'coalesce(mean(v) >= 0, true)' ],
		may => [ 'v + v', 'v - v', 'restricted_mean(v, 10)' ]
	},
	{
		name => 'mantel_haenszel_summary',
		seeds => [ "mantel_haenszel_agg(rate_summary(1, 4), rate_summary(3, 4))", "mantel_haenszel_agg(NULL, rate_summary(3, 4))",
			"(SELECT mantel_haenszel_agg(rate_summary(i, 3 * i), rate_summary(i, 2 * i + 1)) FROM generate_series(0, 30) AS i)" ],
		ask => [ 'compare(v)', 'compare(v, 0.5)', 'v::jsonb', 'mantel_haenszel_summary_send(v)' ],
		sound => [ 'coalesce((compare(v)).strata >= 0 AND (compare(v)).skipped >= 0, v IS NULL)', 'coalesce(abs((compare(v)).common_difference_points) <= 100.000001, true)', 'record_image_eq(ROW(v::jsonb::mantel_haenszel_summary), ROW(v))' ],
		may => [ 'v + v', '(SELECT rollup(v) FROM (VALUES (1), (2)) AS t)' ]
	},
	{
		name => 'log_rank_summary',
		seeds => [ "(SELECT log_rank_agg(d, e) FROM (SELECT i % 3, duration_agg(i * i % 50, i % 3 <> 0), duration_agg(i * i % 31, i % 4 <> 0) FROM generate_series(1, 40) AS i GROUP BY 1) AS t (s, d, e))",
			"(SELECT log_rank_agg(duration_agg, NULL) FROM (SELECT duration_agg(3, true)) AS t)" ],
		ask => [ 'compare(v)', 'v::jsonb', 'log_rank_summary_send(v)' ],
		sound => [ 'coalesce((compare(v)).strata >= 0 AND (compare(v)).skipped >= 0, v IS NULL)', 'coalesce((compare(v)).p_value BETWEEN 0 AND 1, true)', 'record_image_eq(ROW(v::jsonb::log_rank_summary), ROW(v))' ],
		may => [ 'v + v', '(SELECT rollup(v) FROM (VALUES (1), (2)) AS t)' ]
	},
	{
		name => 'deal_progress',
		seeds => [
			"deal_progress('{\"(lead,2026-01-01,,)\",\"(mql,2026-01-09,,)\",\"(won,2026-03-01,5,)\"}', as_of => '2026-06-01')",
			"deal_progress('{\"(lead,2026-01-01,,)\",\"(mql,2026-01-09,,)\",\"(lost,2026-03-01,5,)\"}', within => '30 days', skipped => 'stop', as_of => '2026-06-01')",
			"deal_progress('{}', '{a,b}', as_of => '2026-06-01')"
		],
		ask => [ 'depth(v)', 'stage_times(v)', 'status(v)', 'v::jsonb::deal_progress', 'entered_at(v)', 'deal_progress_send(v)' ],
		sound => [ 'depth(v) BETWEEN 0 AND cardinality(stage_times(v))', "(depth(v) = 0) = (status(v) = 'not_entered')", "(depth(v) = cardinality(stage_times(v))) = (status(v) = 'converted')",
			'(entered_at(v) IS NULL) = (depth(v) = 0)', 'depth(v) = 0 OR (stage_times(v))[depth(v)] IS NOT NULL', 'array_length(array_remove((stage_times(v))[depth(v) + 1 :], NULL), 1) IS NULL' ],
		may => [ "stage_time(v, 'lead')" ]
	},
	{
		name => 'funnel_summary',
		seeds => [
			"(SELECT funnel_agg(deal_progress(deal_history(deal_event('lead', '2026-01-01'), deal_event(CASE i % 3 WHEN 0 THEN 'mql' WHEN 1 THEN 'won' ELSE 'lost' END, timestamptz '2026-01-01' + i * interval '1 day')), as_of => '2026-06-01')) FROM generate_series(1, 50) AS i)",
			"(SELECT funnel_agg(deal_progress(deal_history(deal_event('a', '2026-01-01')), '{a,b}', within => '30 days', skipped => 'excluded', as_of => '2026-06-01')))"
		],
		ask => [ 'conversion(v)', '(SELECT count(*) FROM steps(v))', 'v::jsonb', 'funnel_summary_send(v)' ],
		sound => [ 'NOT EXISTS (SELECT FROM steps(v) AS s WHERE s.reached <> s.converted + s.open + s.exited + s.expired)', 'successes(conversion(v)) <= total(conversion(v))' ],
		may => [ 'v + v', "conversion(v, 'lead', 'won')", "settled_conversion(v, 'lead', 'mql')", '(SELECT rollup(v) FROM (VALUES (1), (2)) AS t)' ]
	},
	{
		name => 'deal_outcome',
		seeds => [
			"deal_outcome('{\"(competitor,2026-01-02,,Globex)\",\"(competitor,2026-01-03,,Umbra)\",\"(lost,2026-01-09 12:34:56.789,100.25,Umbra)\"}'::deal_history, as_of => '2026-06-01')",
			"deal_outcome('{\"(won,2026-01-09,-5,)\"}'::deal_history, as_of => '2026-06-01')",
			"deal_outcome('{}'::deal_history, as_of => '2026-06-01')"
		],
		ask => [ 'status(v)', 'closed_at(v)', 'amount(v)', 'considered(v)', 'lost_to(v)', 'v::jsonb::deal_outcome', 'deal_outcome_send(v)' ],
		sound => [ "status(v) IN ('won', 'lost', 'no_decision', 'open')", "(closed_at(v) IS NULL) = (status(v) = 'open')", "lost_to(v) IS NULL OR status(v) = 'lost'",
			'NOT EXISTS (SELECT FROM unnest(considered(v)) AS c WHERE octet_length(c) NOT BETWEEN 1 AND 255)', 'considered(v) = ARRAY(SELECT DISTINCT c COLLATE "C" FROM unnest(considered(v)) AS c ORDER BY 1)' ],
		may => [ 'win_agg(v)' ]
	},
	{
		name => 'win_summary',
		seeds => [
			"(SELECT win_agg(CASE i % 4 WHEN 0 THEN true WHEN 1 THEN NULL ELSE false END, ARRAY['Globex', 'competitor ' || i % 5], i * 10.5) FROM generate_series(1, 40) AS i)",
			"(SELECT win_agg(deal_outcome('{\"(competitor,2026-01-02,,Globex)\",\"(competitor,2026-01-03,,Umbra)\",\"(lost,2026-01-09,100.25,Umbra)\"}'::deal_history, as_of => '2026-06-01')))",
			"(SELECT win_agg(true, '{}', -1))"
		],
		ask => [ 'overall_win_rate(v)', 'uncontested_win_rate(v)', "win_rate(v, 'Globex')", "win_loss_ratio(v, 'Globex')", "fractional_win_rate(v, 'Globex')", '(SELECT count(*) FROM competitors(v))', 'chart(v)', 'v - v', 'v::jsonb::win_summary', 'win_summary_send(v)' ],
		sound => [ 'NOT EXISTS (SELECT FROM competitors(v) AS c WHERE c.considered <> c.won + c.lost + c.no_decision + c.open OR c.lost_to > c.lost OR c.considered = 0 OR c.considered > total(overall_win_rate(v)) OR c.fractional_total > c.considered)',
			'total(uncontested_win_rate(v)) <= total(overall_win_rate(v))', 'total(overall_win_rate(v - v)) = 0', 'record_image_eq(ROW(v::text::win_summary), ROW(v))' ],
		may => [ 'v + v', 'amount_win_rate(v)', "amount_win_rate(v, 'Globex')", '(SELECT rollup(v) FROM (VALUES (1), (2)) AS t)' ]
	},
	{
		name => 'content_summary',
		seeds => [
			"(SELECT content_agg((ARRAY['view', 'open', 'share'])[1 + i % 3], 'person ' || i % 7, CASE WHEN i % 2 = 0 THEN i * 1.25 END) FROM generate_series(1, 60) AS i)",
			"(SELECT content_agg('view', NULL, 9e12))"
		],
		ask => [ "action_count(v, 'view')", "distinct_actors(v, 'view')", "distinct_actors_is_exact(v, 'view')", "total_seconds(v, 'view')", '(SELECT count(*) FROM actions(v))', 'chart(v)', 'v::jsonb::content_summary', 'content_summary_send(v)' ],
		sound => [ 'NOT EXISTS (SELECT FROM actions(v) AS a WHERE a.events < 1 OR (a.is_exact AND a.distinct_actors > a.events) OR a.total_seconds < 0)', 'record_image_eq(ROW(v::text::content_summary), ROW(v))' ],
		may => [ 'v + v', "view_time(v, 'view')", '(SELECT rollup(v) FROM (VALUES (1), (2)) AS t)' ]
	},
	{
		name => 'deal_cycle',
		seeds => [
			"deal_cycle(deal_history(deal_event('opportunity', '2026-01-01'), deal_event('won', '2026-02-01 12:34:56.789')), as_of => '2026-06-01')",
			"deal_cycle(deal_history(deal_event('opportunity', '2026-01-01')), as_of => '2026-06-01', unit => 'second')",
			"(SELECT cycle FROM deal_exposure(deal_history(deal_event('opportunity', '2026-01-01'), deal_event('content', '2026-01-11'), deal_event('lost', '2026-02-01')), 'content', as_of => '2026-06-01', unit => 'hour') WHERE exposed)"
		],
		ask => [ 'status(v)', 'started_at(v)', 'ended_at(v)', 'entered_at(v)', 'observed_until(v)', 'unit(v)', 'v::jsonb::deal_cycle', 'deal_cycle_send(v)' ],
		sound => [ "status(v) IN ('event', 'competing', 'censored')", 'started_at(v) <= observed_until(v)', "(ended_at(v) IS NULL) = (status(v) = 'censored')", 'coalesce(entered_at(v) > started_at(v) AND entered_at(v) < observed_until(v), true)' ],
		may => [ 'duration(v)', 'duration_agg(v)' ]
	},
	{
		name => 'quota_attainment',
		seeds => [
			"quota_attainment(deal_history(deal_event('won', '2026-01-01', 60), deal_event('lost', '2026-01-03'), deal_event('won', '2026-02-01 12:34:56.789', 50.25)), '2025-12-01', 100, as_of => '2026-06-01')",
			"quota_attainment(deal_history(deal_event('won', '2026-01-01', -60)), '2025-12-01', 100, 'month', left_at => '2026-03-01', as_of => '2026-06-01')",
			"quota_attainment(NULL, '2025-12-01', 0.0001, as_of => '2026-06-01')"
		],
		ask => [ 'status(v)', 'hired_at(v)', 'reached_at(v)', 'observed_until(v)', 'cycles(v)', 'won_cycles(v)', 'attained(v)', 'target(v)', 'v::jsonb::quota_attainment', 'quota_attainment_send(v)' ],
		sound => [ "status(v) IN ('reached', 'left', 'open')", 'hired_at(v) <= observed_until(v)', "(reached_at(v) IS NULL) = (status(v) <> 'reached')", 'won_cycles(v) BETWEEN 0 AND cycles(v)', 'target(v) > 0', "status(v) <> 'reached' OR attained(v) >= target(v)" ],
		may => [ 'days(v)', "elapsed_cycles(v, '1 day')", 'quota_agg(v)' ]
	},
	{
		name => 'quota_summary',
		seeds => [
			"(SELECT quota_agg(quota_attainment(deal_history(deal_event('won', timestamptz '2026-01-01' + i * interval '7 hours', i)), '2026-01-01', 20, as_of => '2026-06-01', left_at => CASE WHEN i % 3 = 0 THEN timestamptz '2026-02-01' END)) FROM generate_series(1, 40) AS i)",
			"quota_agg(quota_attainment(NULL, '2025-12-01', 1, as_of => '2026-06-01'))"
		],
		ask => [ 'reps(v)', 'reached(v)', 'quota_velocity(v)', 'mean_cycles(v)', "mean_elapsed_cycles(v, '1 day')", 'time_to_quota(v)', 'chart(v)', 'v::jsonb', 'quota_summary_send(v)' ],
		sound => [ 'total(reached(v)) = reps(v)', 'observed(time_to_quota(v)) = successes(reached(v))', '(mean_cycles(v) IS NULL) = (successes(reached(v)) = 0)', 'coalesce(mean_cycles(v) >= 1, true)' ],
		may => [ 'v + v', 'v - v', '(SELECT rollup(v) FROM (VALUES (1), (2)) AS t)' ]
	});
# what reads a type and belongs to a higher floor
push @{ $types[1]->{ask} }, "deal_progress(v, as_of => '2026-06-01')", "deal_progress(v, '{lead,mql,opportunity,won}', within => '20 days', skipped => 'stop', as_of => '2026-06-01')"
  if $node->safe_psql('postgres', "SELECT to_regtype('deal_progress') IS NOT NULL") eq 't';
push @{ (grep { $_->{name} eq 'deal_progress' } @types)[0]->{ask} }, 'funnel_agg(v)' if $node->safe_psql('postgres', "SELECT to_regtype('funnel_summary') IS NOT NULL") eq 't';
@types = grep { $node->safe_psql('postgres', "SELECT to_regtype('$_->{name}') IS NOT NULL") eq 't' } @types;
@types = grep { my $n = $_->{name}; grep { $_ eq $n } split /,/, $ENV{TYPES} } @types if $ENV{TYPES};

# An error of these classes is an answer: data exception, program limit, damaged
# value, and the protocol error of a message that ends too early.
my $answers = '^(22|54|XX001|08P01)';

$node->safe_psql('postgres', q{
CREATE TABLE outcome(type text, form text, id int, step text, state text, message text);
CREATE TABLE mutation(id int, input text);
CREATE FUNCTION memory_peak() RETURNS bigint LANGUAGE sql AS
$$ SELECT substring(pg_read_file('/proc/self/status') FROM 'VmPeak:\s+(\d+) kB')::bigint $$;
});

for my $type (@types)
{
	my $name = $type->{name};
	my $asks = '';
	for my $mode (qw(ask may))
	{
		for my $expression (@{ $type->{$mode} // [] })
		{
			(my $label = $expression) =~ s/'/''/g;
			my $tolerated = $mode eq 'may' ? "'$answers'" : "allowed";
			$asks .= "BEGIN PERFORM $expression; EXCEPTION WHEN OTHERS THEN IF SQLSTATE !~ $tolerated THEN INSERT INTO outcome VALUES ('$name', form, id, '$label', SQLSTATE, SQLERRM); END IF; answer := coalesce(answer, SQLSTATE); END;\n";
		}
	}
	for my $expression (@{ $type->{sound} // [] })
	{
		(my $label = $expression) =~ s/'/''/g;
		$asks .= "IF allowed = '^never' THEN IF NOT coalesce($expression, false) THEN INSERT INTO outcome VALUES ('$name', form, id, 'unsound: $label', '', v::text); END IF; END IF;\n";
	}
	$node->safe_psql('postgres', qq{
CREATE TABLE seed_$name(v $name);
INSERT INTO seed_$name SELECT unnest(ARRAY[@{[ join(', ', map { "($_)" } @{ $type->{seeds} }) ]}]);
CREATE TABLE hurt_$name(v $name);
-- Asks everything of a value; gives the SQLSTATE of the first complaint. A value
-- that came in through the door must be sound: then `allowed` matches no SQLSTATE.
CREATE FUNCTION ask_$name(v $name, form text, id int, allowed text) RETURNS text LANGUAGE plpgsql AS \$f\$
DECLARE
	answer text;
BEGIN
$asks
	RETURN answer;
END \$f\$;
-- values let in by COPY are asked where they arrive, and not stored
CREATE FUNCTION arrived_$name() RETURNS trigger LANGUAGE plpgsql AS \$f\$
DECLARE
	id int := current_setting('mutation.id');
BEGIN
	IF NEW.v IS NULL THEN		-- a length of -1
		RETURN NULL;
	END IF;
	PERFORM ask_$name(NEW.v, 'binary form', id, '^never');
	BEGIN
		IF NOT record_image_eq(ROW(NEW.v::text::$name), ROW(NEW.v)) OR ${name}_send(NEW.v::text::$name) <> ${name}_send(NEW.v) THEN
			INSERT INTO outcome VALUES ('$name', 'binary form', id, 'not canonical', '', NEW.v::text);
		END IF;
	EXCEPTION WHEN OTHERS THEN
		INSERT INTO outcome VALUES ('$name', 'binary form', id, 'text form', SQLSTATE, SQLERRM);
	END;
	RETURN NULL;
END \$f\$;
CREATE TRIGGER arrived BEFORE INSERT ON hurt_$name FOR EACH ROW EXECUTE FUNCTION arrived_$name();
});
}

sub mutate
{
	my ($data, $bytes) = @_;
	for (1 .. pick(1, 1, 1, 2, 3))
	{
		my $n = length $data;
		my $at = $n ? int(rand($n)) : 0;
		my $how = int(rand(9));
		if ($how == 0 || $how == 1)
		{
			substr($data, $at, 1) = chr(ord(substr($data, $at, 1)) ^ (1 << int(rand(8)))) if $n;
		}
		elsif ($how == 2) { $data = substr($data, 0, $at) }
		elsif ($how == 3) { substr($data, $at, pick(1, 1, 2, 4, 8)) = '' if $n }
		elsif ($how == 4) { substr($data, $at, 0) = join('', map { chr(int(rand(256))) } 1 .. pick(1, 1, 2, 4, 8, 40)) }
		elsif ($how == 5) { my $part = substr($data, $at, 1 + int(rand(16))); substr($data, $at, 0) = $part x pick(1, 2, 50) if $n }
		elsif ($how == 6)
		{
			# a field of 1, 2, 4 or 8 bytes set to a bound
			my $field = pick("\x00", "\x7f", "\x80", "\xff", "\x00\x00\x00\x00", "\x7f\xff\xff\xff", "\xff\xff\xff\xff", "\x80\x00\x00\x00", "\x00\x00\xff\xff", "\x3f\xff\xff\xff",
				"\x7f\xff\xff\xff\xff\xff\xff\xff", "\x80\x00\x00\x00\x00\x00\x00\x00", "\xff\xff\xff\xff\xff\xff\xff\xff");
			substr($data, $at, length $field) = $field if $n >= $at + length $field;
		}
		elsif ($how == 7) { substr($data, $at, 1) = chr((ord(substr($data, $at, 1)) + pick(1, 255)) & 255) if $n }
		elsif ($how == 8) { my $from = int(rand($n || 1)); substr($data, $at, 4) = substr($data, $from, 4) if $n > 8 && $at + 4 <= $n && $from + 4 <= $n }
	}
	return $data;
}

# Runs ids first..last of a loop; after a crash, finds the first id that did it.
sub run_batch
{
	my ($type, $form, $first, $last, $loop) = @_;
	my ($stdout, $stderr) = ('', '');
	my $rc = $node->psql('postgres', sprintf($loop, $first, $last), stdout => \$stdout, stderr => \$stderr, on_error_stop => 1);
	return 1 if $rc == 0;
	$node->poll_query_until('postgres', 'SELECT true');
	if ($last > $first)
	{
		my $middle = int(($first + $last) / 2);
		return run_batch($type, $form, $first, $middle, $loop) && run_batch($type, $form, $middle + 1, $last, $loop);
	}
	diag("$type, $form: mutation $first breaks the server or the loop: $stderr");
	return 0;
}

sub report
{
	my ($type, $form, $count, $started) = @_;
	my $unexpected = $node->safe_psql('postgres', "SELECT count(*) FROM outcome WHERE type = '$type' AND form = '$form' AND (state !~ '$answers|^00000' OR step <> 'input')");
	is($unexpected, '0', sprintf('%s: %d mutations of the %s: sound or an error of its own (%.1f s)', $type, $count, $form, time - $started));
	diag($node->safe_psql('postgres', "SELECT concat_ws(' | ', type, form, step, state, count(*) || ' times', 'first id ' || min(id), left(min(message), 120)) FROM outcome
		WHERE type = '$type' AND form = '$form' AND (state !~ '$answers|^00000' OR step <> 'input') GROUP BY type, form, step, state ORDER BY count(*) DESC LIMIT 12")) if $unexpected;
	my $states = $node->safe_psql('postgres', "SELECT string_agg(CASE state WHEN '00000' THEN 'accepted' ELSE state END || ' ' || n, ', ' ORDER BY n DESC) FROM (SELECT state, count(*) AS n FROM outcome WHERE type = '$type' AND form = '$form' AND step = 'input' GROUP BY 1) AS t");
	note("$type, $form: $states");
	is($node->safe_psql('postgres', "SELECT count(*) FROM outcome WHERE type = '$type' AND form = '$form' AND step = 'input'"), $count, "$type: every mutation of the $form was tried");
	my $growth = $node->safe_psql('postgres', "SELECT coalesce(max(message::bigint), 0) / 1024 FROM outcome WHERE type = '$type' AND form = '$form memory'");
	cmp_ok($growth, '<', 200, "$type: mutations of the $form allocate within reason ($growth MB)");
}

sub measured
{
	my ($type, $form, $body) = @_;
	return "SELECT memory_peak() AS before \\gset\n$body;\nINSERT INTO outcome VALUES ('$type', '$form memory', %1\$d, 'memory', '', memory_peak() - :before);";
}

for my $type (@types)
{
	my $name = $type->{name};
	my $started = time;

	#
	# binary form, through COPY
	#
	$node->safe_psql('postgres', "COPY seed_$name TO '$tempdir/$name.seed' (FORMAT binary)");
	my $copied = PostgreSQL::Test::Utils::slurp_file("$tempdir/$name.seed");
	my $offset = 19;
	my @payloads;
	while ((my $fields = unpack('n', substr($copied, $offset, 2))) != 0xffff)
	{
		my $length = unpack('N', substr($copied, $offset + 2, 4));
		push @payloads, substr($copied, $offset + 6, $length);
		$offset += 6 + $length;
	}
	is(scalar(@payloads), scalar(@{ $type->{seeds} }), "$name: binary form of the seeds");

	# all single bits and all truncations of the shorter seeds first, then at random
	my @mutants;
	for my $payload (grep { length($_) <= 80 } @payloads)
	{
		push @mutants, substr($payload, 0, $_) for 0 .. length($payload) - 1;
		for my $bit (0 .. 8 * length($payload) - 1)
		{
			my $mutant = $payload;
			vec($mutant, $bit, 1) ^= 1;
			push @mutants, $mutant;
		}
	}
	@mutants = @mutants[ 0 .. $binary_mutations / 2 - 1 ] if @mutants > $binary_mutations / 2;
	push @mutants, mutate(pick(@payloads), 1) while @mutants < $binary_mutations;
	mkdir "$mutants/$name";
	for my $id (1 .. @mutants)
	{
		open(my $file, '>:raw', "$mutants/$name/$id") or die $!;
		my $length = length $mutants[ $id - 1 ];
		# now and then the length in the COPY stream lies too
		$length += pick(-1, 1, 4, 1000, -$length - 1, 0x7fffffff - $length) if $id % 100 == 0;
		print $file "PGCOPY\n\xff\r\n\0", pack('NN', 0, 0), pack('n', 1), pack('N', $length & 0xffffffff), $mutants[ $id - 1 ], pack('n', 0xffff);
		close $file;
	}
	my $ok = 1;
	my $form = 'binary form';
	my $loop = measured($name, $form, qq{DO \$d\$
BEGIN
	FOR id IN %1\$d .. %2\$d LOOP
		PERFORM set_config('mutation.id', id::text, false);
		BEGIN
			EXECUTE 'COPY hurt_$name FROM ''$mutants/$name/' || id || ''' (FORMAT binary)';
			INSERT INTO outcome VALUES ('$name', '$form', id, 'input', '00000');
		EXCEPTION WHEN OTHERS THEN
			INSERT INTO outcome VALUES ('$name', '$form', id, 'input', SQLSTATE, SQLERRM);
		END;
	END LOOP;
END \$d\$});
	for (my $first = 1; $first <= @mutants; $first += $batch)
	{
		my $last = $first + $batch - 1 > @mutants ? scalar(@mutants) : $first + $batch - 1;
		$ok &= run_batch($name, $form, $first, $last, $loop);
	}
	ok($ok, "$name: no crash from the $form");
	report($name, $form, scalar(@mutants), $started);
	system("rm -rf '$mutants/$name'");

	#
	# stored bytes: the value as bytea, its content mutated, taken back unchecked
	#
	$started = time;
	$form = 'stored bytes';
	# (CREATE CAST refuses types of other alignment; every value here is on the heap, hence aligned)
	$node->safe_psql('postgres', "INSERT INTO pg_cast(oid, castsource, casttarget, castfunc, castcontext, castmethod)
		SELECT (SELECT max(oid::bigint) FROM pg_cast) + row_number() OVER () + 100000, s, d, 0, 'e', 'b'
		FROM (VALUES ('$name'::regtype, 'bytea'::regtype), ('bytea', '$name')) AS c(s, d); TRUNCATE mutation");
	my @stored = map { pack('H*', $_) } split /\n/, $node->safe_psql('postgres', "SELECT encode((v::bytea || ''::bytea), 'hex') FROM seed_$name");
	open(my $file, '>', "$tempdir/mutation") or die $!;
	for my $id (1 .. $text_mutations)
	{
		print $file "$id\t", unpack('H*', mutate(pick(@stored), 1)), "\n";
	}
	close $file;
	$node->safe_psql('postgres', "COPY mutation FROM '$tempdir/mutation'; CREATE INDEX IF NOT EXISTS mutation_id ON mutation(id); ANALYZE mutation");
	$loop = measured($name, $form, qq{DO \$d\$
DECLARE
	m record;
	value $name;
BEGIN
	FOR m IN SELECT id, decode(input, 'hex') AS bytes FROM mutation WHERE id BETWEEN %1\$d AND %2\$d LOOP
		value := m.bytes::$name;
		INSERT INTO outcome VALUES ('$name', '$form', m.id, 'input', coalesce(ask_$name(value, '$form', m.id, '$answers'), '00000'));
	END LOOP;
END \$d\$});
	$ok = 1;
	for (my $first = 1; $first <= $text_mutations; $first += $batch)
	{
		my $last = $first + $batch - 1 > $text_mutations ? $text_mutations : $first + $batch - 1;
		$ok &= run_batch($name, $form, $first, $last, $loop);
	}
	ok($ok, "$name: no crash from the $form");
	report($name, $form, $text_mutations, $started);

	#
	# text and jsonb forms
	#
	my @forms = ([ 'text form', $name, 'text' ]);
	push @forms, [ 'jsonb form', 'jsonb', 'jsonb' ]
	  if $node->safe_psql('postgres', "SELECT count(*) FROM pg_cast WHERE castsource = 'jsonb'::regtype AND casttarget = '$name'::regtype") eq '1';
	for my $each (@forms)
	{
		my ($form, $through) = @$each;
		$started = time;
		my @texts = map { pack('H*', $_) } split /\n/, $node->safe_psql('postgres', "SELECT encode(convert_to(v::$each->[2]::text, 'UTF8'), 'hex') FROM seed_$name");
		my @pieces = ('"', "'", '\\', '(', ')', '{', '}', ',', ' ', "\t", ':', '[', ']', 'NULL', 'null', 'true', '-', '.', 'e', 'E400', '0', '9', '99999999999999999999', '1e5', 'infinity', 'NaN', 'BC', 'Z', '+99', 'T', 'é',
			'\\u0000', '\\"', '""', '{}', '()', '-1', '294277', '"version":2', '"version":1', 'a' x 300);
		open(my $file, '>:raw', "$tempdir/mutation") or die $!;
		for my $id (1 .. $text_mutations)
		{
			my $text = pick(@texts);
			utf8::decode($text);
			for (1 .. pick(1, 1, 1, 2, 3, 6))
			{
				my $n = length $text;
				my $at = $n ? int(rand($n)) : 0;
				my $how = int(rand(6));
				if ($how == 0) { substr($text, $at, 1) = chr(1 + int(rand(126))) if $n }
				elsif ($how == 1) { substr($text, $at, pick(1, 1, 2, 5)) = '' if $n }
				elsif ($how == 2) { substr($text, $at, 0) = do { my $p = pick(@pieces); utf8::decode($p); $p } }
				elsif ($how == 3) { my $part = substr($text, $at, 1 + int(rand(20))); substr($text, $at, 0) = $part }
				elsif ($how == 4) { $text = substr($text, 0, $at) if rand() < 0.3 }
				elsif ($how == 5) { substr($text, $at, 1) = do { my $p = pick(@pieces); utf8::decode($p); $p } if $n }
			}
			utf8::encode($text);
			$text =~ s/\0//g;
			print $file "$id\t", unpack('H*', $text), "\n";
		}
		close $file;
		$node->safe_psql('postgres', "TRUNCATE mutation; COPY mutation FROM '$tempdir/mutation'");
		my $loop = measured($name, $form, qq{DO \$d\$
DECLARE
	m record;
	value $name;
BEGIN
	FOR m IN SELECT id, convert_from(decode(input, 'hex'), 'UTF8') AS t FROM mutation WHERE id BETWEEN %1\$d AND %2\$d LOOP
		BEGIN
			value := m.t::${through}::$name;
			INSERT INTO outcome VALUES ('$name', '$form', m.id, 'input', '00000');
		EXCEPTION WHEN OTHERS THEN
			INSERT INTO outcome VALUES ('$name', '$form', m.id, 'input', SQLSTATE, SQLERRM);
			CONTINUE;
		END;
		IF value IS NOT NULL THEN
			PERFORM ask_$name(value, '$form', m.id, '^never');
			IF NOT (record_image_eq(ROW(value::text::$name), ROW(value))) THEN
				INSERT INTO outcome VALUES ('$name', '$form', m.id, 'not canonical', '', value::text);
			END IF;
		END IF;
	END LOOP;
END \$d\$});
		$ok = 1;
		for (my $first = 1; $first <= $text_mutations; $first += $batch)
		{
			my $last = $first + $batch - 1 > $text_mutations ? $text_mutations : $first + $batch - 1;
			$ok &= run_batch($name, $form, $first, $last, $loop);
		}
		ok($ok, "$name: no crash from the $form");
		report($name, $form, $text_mutations, $started);
	}
}

#
# Soft errors: whatever input refuses, it refuses without throwing.
#
SKIP:
{
	skip 'soft errors came with PostgreSQL 16', 1
	  if $node->safe_psql('postgres', "SELECT current_setting('server_version_num')::int >= 160000") ne 't';
	my $most = '9223372036854775807';
	my $funnel = $node->safe_psql('postgres', "SELECT funnel_agg(deal_progress(deal_history(deal_event('lead', '2026-01-01')), as_of => '2026-02-01'))");
	(my $outcomes = $funnel) =~ s/"outcomes":\[/"outcomes":[[1,"open",$most],[1,"open",$most],/;
	(my $days = $funnel) =~ s/"step_days":\[/"step_days":[[1,0,$most,0,0],[1,0,$most,0,0],/;
	my @inputs = (
		[ 'deal_event', '(lead,infinity,,)' ], [ 'deal_event', '(lead,2026-01-01,1e99,)' ], [ 'deal_event', '("",2026-01-01,,)' ], [ 'deal_event', '(' . 'x' x 256 . ',2026-01-01,,)' ],
		[ 'deal_history', '{"(lead,2026-01-01,NaN,)"}' ], [ 'deal_history', '{' ],
		[ 'rate_summary', '{"version":1,"successes":2,"total":1}' ], [ 'rate_summary', "{\"version\":1,\"successes\":1,\"total\":${most}0}" ],
		[ 'duration_summary', "{\"version\":1,\"unit\":\"day\",\"total_microseconds\":0,\"histogram\":[[0,0,0,$most,0],[1,0,0,$most,0]]}" ],
		[ 'deal_progress', '{"version":1,"status":"open"}' ],
		[ 'quota_attainment', '{"version":1,"status":"open","hired_at":"2024-01-01","observed_until":"2024-01-02","cycles":2,"won_cycles":1,"attained":1e131071,"target":5}' ],
		[ 'funnel_summary', $outcomes ], [ 'funnel_summary', $days ]);
	my @wrong = grep { my ($type, $input) = @$_; $input =~ s/'/''/g; my ($rc, $out) = $node->psql('postgres', "SELECT pg_input_is_valid('$input', '$type')"); $rc != 0 || $out ne 'f' } @inputs;
	is(join("\n", map { "$_->[0] $_->[1]" } @wrong), '', 'malformed text of ' . @inputs . ' kinds is refused softly');
}

#
# open forms, which only a direct call of a transition function gives away: every byte changed in turn, then merged
#
for my $each (
	[ 'content_summary', "content_summary_add_event(content_summary_add_event(content_summary_add_event(content_summary_add_event(NULL, repeat('v', 10), 'b', 4),
		repeat('u', 10), 'c'), repeat('w', 10), 'd', 9), repeat('z', 10), 'e')", "(SELECT content_agg('a' || g, 'p' || g, g) FROM generate_series(1, 9) g)" ],
	[ 'win_summary', "win_summary_add_fields(win_summary_add_fields(NULL, true, '{aaaaaaaaaaaaaaaaaaaa,bbbbbbbbbbbbbbb}'), false, '{ccccccccccccccc}', 5)",
		"(SELECT win_agg(true, ARRAY['a' || g]) FROM generate_series(1, 9) g)" ])
{
	my ($name, $open, $other) = @$each;
	my $outcomes = $node->safe_psql('postgres', qq{
SET client_min_messages = warning;
INSERT INTO pg_cast(oid, castsource, casttarget, castfunc, castcontext, castmethod)
SELECT (SELECT max(oid::bigint) FROM pg_cast) + row_number() OVER () + 100000, s, d, 0, 'e', 'b'
FROM (VALUES ('$name'::regtype, 'bytea'::regtype), ('bytea', '$name')) AS c(s, d)
WHERE NOT EXISTS (SELECT FROM pg_cast WHERE castsource = s AND casttarget = d);
CREATE TEMPORARY TABLE merged (state text, message text);
DO \$d\$
DECLARE
	bytes bytea := ($open)::bytea;
	other $name := $other;
	value int;
BEGIN
	FOR at IN 0 .. octet_length(bytes) - 1 LOOP
		FOR value IN SELECT unnest('{0,2,30,40,63,255}'::int[]) LOOP
			BEGIN
				PERFORM (set_byte(bytes, at, value)::$name + other)::text;
			EXCEPTION WHEN OTHERS THEN
				INSERT INTO merged VALUES (SQLSTATE, SQLERRM);
			END;
		END LOOP;
	END LOOP;
END \$d\$;
SELECT count(*) FILTER (WHERE state = 'XX001') > 100, string_agg(DISTINCT state || ' ' || message, ', ') FILTER (WHERE state NOT IN ('XX001', '22003', '54000')) FROM merged});
	is($outcomes, 't|', "$name: damage to an open form is told as such");
}

# a row beyond all names, whose low 32 bits are those of one that is there
{
	my $high = unpack('C', pack('S', 1)) ? 6 : 1;	# byte of a key

	is($node->safe_psql('postgres', qq{
SET client_min_messages = warning;
CREATE TEMPORARY TABLE told (state text);
DO \$d\$
DECLARE
	bytes bytea := win_summary_add_fields(win_summary_add_fields(NULL, true, '{a,b}'), false, '{c}', 5)::bytea;
	at int := 20 + 2 * 16 + 16;					-- of the slots for cells: behind header, sums and size
BEGIN
	FOR slot IN 0 .. 7 LOOP
		CONTINUE WHEN substr(bytes, at + slot * 16 + 1, 8) = '\\x0000000000000000';
		BEGIN
			PERFORM set_byte(bytes, at + slot * 16 + $high, 2)::win_summary::text;
			INSERT INTO told VALUES ('fine');
		EXCEPTION WHEN OTHERS THEN
			INSERT INTO told VALUES (SQLSTATE);
		END;
	END LOOP;
END \$d\$;
SELECT string_agg(state, ' ') FROM told}), 'XX001 XX001 XX001 XX001 XX001', 'win_summary: a row beyond 32 bits is damage');
}

server_stayed_up();
$node->stop;
done_testing();
