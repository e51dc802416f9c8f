# Logical replication of tables without a key: with REPLICA IDENTITY FULL the
# subscriber finds a row by all its columns, for which every type needs an equality.

use lib 'test/lib';
use Suite qw(server sql);
use Golden;

my @types = Golden::types();
my %node = map { $_ => server($_, init => [ allows_streaming => 'logical' ]) } 'publisher', 'subscriber';
$_->safe_psql('postgres', join('; ', map { "CREATE TABLE bare_$_(v $_)" } @types)) for values %node;
sql(Golden::fill());
sql(join('; ', map { "ALTER TABLE bare_$_ REPLICA IDENTITY FULL; INSERT INTO bare_$_ SELECT v FROM kept_$_" } @types));
sql('CREATE PUBLICATION bare FOR TABLE ' . join(', ', map { "bare_$_" } @types));
$node{subscriber}->safe_psql('postgres', "CREATE SUBSCRIPTION bare CONNECTION '" . $node{publisher}->connstr . " dbname=postgres' PUBLICATION bare");
$node{subscriber}->poll_query_until('postgres', "SELECT count(*) = 0 FROM pg_subscription_rel WHERE srsubstate NOT IN ('r', 's')");

sub arrived
{
	my $what = shift;
	$node{publisher}->wait_for_catchup('bare');
	my $contents = join(' UNION ALL ', map { "SELECT '$_', count(*), md5(string_agg(coalesce(v::text, 'NULL'), ',' ORDER BY v)) FROM bare_$_" } @types);
	is($node{subscriber}->safe_psql('postgres', $contents), sql($contents), $what);
}
arrived('the first copy');

# every row is changed to the value of another one, found by all its bytes
sql(join('; ', map { "UPDATE bare_$_ AS b SET v = other.v FROM (SELECT k.v, lead(k.v) OVER (ORDER BY i) AS next FROM kept_$_ AS k) AS other WHERE b.v = other.next" } @types));
arrived('updates');
sql(join('; ', map { "DELETE FROM bare_$_ WHERE v = (SELECT v FROM bare_$_ ORDER BY v LIMIT 1)" } @types));
sql(join('; ', map { "DELETE FROM bare_$_ WHERE v IS NULL" } @types));
arrived('deletions');

# rows whose values are stored out of line
sql("INSERT INTO bare_deal_history SELECT history_agg('kind ' || j % 50, timestamptz '2026-01-01' + j * j * interval '1 second', j, md5(j::text)) FROM generate_series(1, 3000) AS j;
	INSERT INTO bare_content_summary SELECT content_agg('view', md5(j::text), j % 500) FROM generate_series(1, 5000) AS j");
arrived('large values');
sql("UPDATE bare_deal_history SET v = v || deal_history(deal_event('won', '2026-06-01')) WHERE pg_column_size(v) > 8000; UPDATE bare_content_summary SET v = v + v WHERE pg_column_size(v) > 8000");
arrived('large values, changed');
is(sql("SELECT count(*) FROM pg_stat_replication WHERE application_name = 'bare' AND state = 'streaming'"), '1', 'the subscriber did not fail');

$_->stop for values %node;
done_testing();
