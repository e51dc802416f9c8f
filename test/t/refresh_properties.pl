# Sessions insert, update and delete rows, in transactions that stay open, commit out of order, roll back, are split into
# subtransactions or prepared, while refreshes run between them: alone, in transactions that fail, under REPEATABLE READ,
# beside writes of their own. Afterwards an incremental refresh has seen everything but what only a full one can see
# (deleted rows, and rows that left for another deal), and a full one leaves nothing to do.
#
# SEED and STORMS in the environment choose other cases.

use lib 'test/lib';
use Suite qw(server pick);

my $seed = $ENV{SEED} // 20261124;
my $cases = $ENV{STORMS} // 8;
my $steps = 250;
my $sessions = 4;

my $node = server('refreshes', settings => { max_prepared_transactions => 20, client_min_messages => 'error' }, extension => 0);
plan skip_all => 'dblink is not there'
  unless $node->safe_psql('postgres', "SELECT count(*) FROM pg_available_extensions WHERE name = 'dblink'");
my $connection = $node->connstr('postgres');
$node->safe_psql('postgres', <<"SQL");
CREATE EXTENSION enablement_metrics;
CREATE EXTENSION dblink;
CREATE TABLE event (id bigserial PRIMARY KEY, deal text, kind text, at timestamptz, amount numeric, changed timestamptz);
CREATE INDEX ON event (deal);
CREATE INDEX ON event (changed);
SELECT track_histories('event', 'stamped', 'deal', 'kind', 'at', 'amount', changed => 'changed');
SELECT track_histories('event', 'unstamped', 'deal', 'kind', 'at', 'amount', changed => 'xmin');

-- Takes away the minute by which a watermark is set back, which is longer than this test: what is left has to do.
CREATE TABLE run (target regclass, rows_read bigint, rows bigint);
CREATE PROCEDURE refresh(target regclass) LANGUAGE plpgsql AS \$\$
DECLARE
	before timestamptz := (SELECT watermark FROM history_tracking t WHERE t.target = refresh.target);
BEGIN
	INSERT INTO run SELECT target, rows_read, (SELECT count(*) FROM event) FROM refresh_histories(target);
	UPDATE history_tracking t SET watermark = least(watermark + interval '1 minute', newest)
		WHERE t.target = refresh.target AND watermark IS DISTINCT FROM before;
END
\$\$;

CREATE FUNCTION truth() RETURNS TABLE (deal text, history deal_history) LANGUAGE sql AS
	'SELECT deal, history_agg(kind, at, amount) FROM event GROUP BY deal HAVING history_agg(kind, at, amount) IS NOT NULL';
CREATE FUNCTION wrong(target regclass) RETURNS TABLE (deal text) LANGUAGE plpgsql AS \$\$
BEGIN
	RETURN QUERY EXECUTE format('SELECT deal FROM %s t FULL JOIN truth() USING (deal)
		WHERE t.history::text IS DISTINCT FROM truth.history::text', target);
END
\$\$;

-- one command of a session, as a transaction of its own for the one who gives it; what fails there is no matter here
CREATE FUNCTION step(session text, command text) RETURNS void LANGUAGE plpgsql AS \$\$
BEGIN
	IF session <> ALL (coalesce(dblink_get_connections(), '{}')) THEN
		PERFORM dblink_connect(session, \$c\$$connection\$c\$);
		PERFORM dblink_exec(session, 'SET lock_timeout = ''5ms''');
	END IF;
	PERFORM dblink_exec(session, command, false);
END
\$\$;
SQL

# One write; rows belong to sessions by their id, so that sessions seldom wait for each other. Deals d10 to d19 are those
# that lose rows.
sub write_for
{
	my ($session) = @_;
	my $stamp = pick('now()', 'now()', 'clock_timestamp()', 'statement_timestamp()', 'NULL');
	my $amount = int(rand(1000));
	my $one = sub {
		my ($where) = @_;
		return "(SELECT id FROM event WHERE id % $sessions = $session AND $where ORDER BY md5(id::text || '$amount') LIMIT 1)";
	};
	my $blind = "deal < 'd20'";
	my $dice = rand();
	my $late = sprintf("'2026-01-01'::timestamptz + %d * interval '1 hour'", rand(1000));

	return sprintf("INSERT INTO event (deal, kind, at, amount, changed) SELECT 'd%d', '%s', $late, $amount, $stamp FROM generate_series(1, %d)",
		20 + rand(60), pick(qw(lead mql sql opportunity won lost)), 1 + rand(3)) if $dice < 0.5;
	return 'UPDATE event SET amount = ' . $amount . ", changed = $stamp WHERE id = " . $one->('true') if $dice < 0.75;
	return "UPDATE event SET kind = NULL, changed = $stamp WHERE id = " . $one->('true') if $dice < 0.8;
	return "INSERT INTO event (deal, kind, at, changed) VALUES ('d15', 'lead', $late, $stamp)" if $dice < 0.85;
	return 'DELETE FROM event WHERE id = ' . $one->($blind) if $dice < 0.93;
	return sprintf("UPDATE event SET deal = 'd%d', changed = $stamp WHERE id = ", 20 + rand(60)) . $one->($blind);
}

# The commands of one case, [session, command] each.
sub storm
{
	my @script;
	my @open = (0) x $sessions;
	my @prepared;
	my $next = 0;
	my $do = sub { push @script, [@_] };
	my $refresh = sub { return "CALL refresh('" . pick('stamped', 'unstamped') . "')" };

	$do->('writer0', "INSERT INTO event (deal, kind, at, amount, changed) SELECT 'd' || d, 'lead', '2026-01-01', d, now() FROM generate_series(10, 79) d, generate_series(1, 3)");
	for (1 .. $steps)
	{
		my $s = int(rand($sessions));
		my $dice = rand();
		if ($dice < 0.12 && !$open[$s])
		{
			$do->("writer$s", 'BEGIN');
			$open[$s] = 1;
		}
		elsif ($dice < 0.5)
		{
			my $nested = $open[$s] && rand() < 0.4;
			$do->("writer$s", 'SAVEPOINT s') if $nested;
			$do->("writer$s", write_for($s));
			$do->("writer$s", pick('RELEASE s', 'RELEASE s', 'ROLLBACK TO s')) if $nested;
		}
		elsif ($dice < 0.65 && $open[$s])
		{
			if (rand() < 0.4)
			{
				push @prepared, 'p' . $next++;
				$do->("writer$s", "PREPARE TRANSACTION '$prepared[-1]'");
			}
			else
			{
				$do->("writer$s", pick('COMMIT', 'COMMIT', 'COMMIT', 'ROLLBACK'));
			}
			$open[$s] = 0;
		}
		elsif ($dice < 0.67 && @prepared)
		{
			$do->('other', pick('COMMIT', 'COMMIT', 'ROLLBACK') . " PREPARED '" . splice(@prepared, int(rand(@prepared)), 1) . "'");
		}
		elsif ($dice < 0.85)
		{
			$do->('refresher', $refresh->());
		}
		elsif ($dice < 0.88)
		{
			$do->('refresher', $_) for 'BEGIN', $refresh->(), 'ROLLBACK';
		}
		elsif ($dice < 0.92)
		{
			my $other = int(rand($sessions));
			$do->('refresher', "BEGIN ISOLATION LEVEL REPEATABLE READ; DO 'BEGIN PERFORM FROM event LIMIT 1; END'");
			$do->("writer$other", write_for($other));
			$do->("writer$other", 'COMMIT') if $open[$other];
			$open[$other] = 0;
			$do->('refresher', $_) for $refresh->(), pick('COMMIT', 'ROLLBACK');
		}
		elsif ($dice < 0.96)
		{
			my $other = int(rand($sessions));
			$do->('refresher', $_) for 'BEGIN', $refresh->();
			$do->("writer$other", write_for($other));
			$do->("writer$other", 'COMMIT') if $open[$other];
			$open[$other] = 0;
			$do->('refresher', $_) for $refresh->(), 'COMMIT';
		}
		elsif ($open[$s])
		{
			$do->("writer$s", $refresh->());
		}
	}
	$do->("writer$_", pick('COMMIT', 'ROLLBACK')) for grep { $open[$_] } reverse 0 .. $sessions - 1;
	$do->('other', "COMMIT PREPARED '$_'") for @prepared;
	return @script;
}

for my $case (1 .. $cases)
{
	my $own = $seed + $case;
	srand($own);
	my $script = join "\n", 'TRUNCATE event, run;', map { "SELECT step('$_->[0]', \$c\$$_->[1]\$c\$);" } storm();
	$node->safe_psql('postgres', $script);
	for my $target (qw(stamped unstamped))
	{
		$node->safe_psql('postgres', "CALL refresh('$target')");
		my $missed = $node->safe_psql('postgres', "SELECT string_agg(deal, ' ') FROM wrong('$target') WHERE deal >= 'd20'");
		is($missed, '', "seed $own: incremental refreshes of $target missed nothing");
		diag($script) if $missed ne '';
		$node->safe_psql('postgres', "SELECT refresh_histories('$target', full => true)");
		is($node->safe_psql('postgres', "SELECT count(*) FROM wrong('$target')"), 0, "seed $own: a full one of $target puts the rest right");
		is($node->safe_psql('postgres', "SELECT deals_refreshed, deals_removed FROM refresh_histories('$target', full => true)"),
			'0|0', "seed $own: and leaves nothing to another");
		is($node->safe_psql('postgres', "SELECT deals_refreshed, deals_removed, rows_read FROM refresh_histories('$target')"),
			'0|0|0', "seed $own: nor to an incremental one");
		my ($runs, $few) = split /\|/, $node->safe_psql('postgres',
			"SELECT count(*), count(*) FILTER (WHERE rows_read < rows / 2) FROM run WHERE target = '$target'::regclass");
		cmp_ok($few, '>', $runs / 2, "seed $own: most of the $runs runs on $target read less than half of the rows");
	}
}
$node->stop;
done_testing();
