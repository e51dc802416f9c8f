# Values that are copied: by logical replication, as text and in binary; by a physical
# copy of the cluster; out of line and compressed; and by materialized views, which
# rewrite only the rows whose data changed. They arrive bytewise equal.

use lib 'test/lib';
use Suite qw(server sql);

use Golden;

my $publisher = server('publisher', sessions => 1, init => [ allows_streaming => 'logical' ]);
sql(Golden::fill());
my @types = Golden::types();

#
# logical replication: what is there, what is added, changed and taken away
#
# Every second value arrives by the first copy, the others as they are inserted. Its key identifies a row,
# but for deal_event, where the value does: an index of our operator class finds it.
my $move = join('; ', map { "CREATE TABLE late_$_ AS SELECT * FROM kept_$_ WHERE i % 2 = 1; DELETE FROM kept_$_ WHERE i % 2 = 1" } @types);
sql($move);
sql('ALTER TABLE kept_deal_event DROP CONSTRAINT kept_deal_event_pkey; DELETE FROM kept_deal_event WHERE v IS NULL; ALTER TABLE kept_deal_event ALTER v SET NOT NULL; CREATE UNIQUE INDEX by_value ON kept_deal_event (v); ALTER TABLE kept_deal_event REPLICA IDENTITY USING INDEX by_value');
sql('CREATE PUBLICATION everything FOR TABLE ' . join(', ', map { "kept_$_" } @types));
my %subscribers;
for my $binary ('false', 'true')
{
	my $subscriber = $subscribers{$binary} = 
	  # the settings of a subscriber's session do not matter
	  server("subscriber_$binary", extension => 0, settings => { timezone => "'Asia/Kathmandu'", datestyle => "'German'", extra_float_digits => -5 });
	$subscriber->safe_psql('postgres', 'CREATE EXTENSION enablement_metrics; ' . join('; ', map { "CREATE TABLE kept_$_(i int PRIMARY KEY, v $_)" } @types) . '; ALTER TABLE kept_deal_event DROP CONSTRAINT kept_deal_event_pkey, ALTER v SET NOT NULL; CREATE UNIQUE INDEX by_value ON kept_deal_event (v); ALTER TABLE kept_deal_event REPLICA IDENTITY USING INDEX by_value');
	$subscriber->safe_psql('postgres', "CREATE SUBSCRIPTION subscription_$binary CONNECTION '" . $publisher->connstr . " dbname=postgres' PUBLICATION everything WITH (binary = $binary)");
}
sub arrived
{
	my $what = shift;
	for my $binary (sort keys %subscribers)
	{
		my $form = $binary eq 'true' ? 'in binary' : 'as text';
		$subscribers{$binary}->poll_query_until('postgres', "SELECT count(*) = 0 FROM pg_subscription_rel WHERE srsubstate NOT IN ('r', 's')");
		$publisher->wait_for_catchup("subscription_$binary");
		my $digest = join(' UNION ALL ', map { "SELECT '$_', count(*), md5(string_agg(i || ' ' || v::text || ${_}_send(v)::text, ',' ORDER BY i)) FROM kept_$_" } @types);
		is($subscribers{$binary}->safe_psql('postgres', "SET timezone = 'UTC'; $digest"), sql($digest), "$what, $form: text and binary forms are the same");
	}
}
arrived('first copy');
sql(join('; ', map { "INSERT INTO kept_$_ SELECT * FROM late_$_" . ($_ eq 'deal_event' ? ' WHERE v IS NOT NULL' : '') } @types));
arrived('inserts');
for my $binary (sort keys %subscribers)
{
	my @differ = grep { !/^deal_event -1$/ } split /\n/, $subscribers{$binary}->safe_psql('postgres', "SET timezone = 'UTC'; RESET extra_float_digits; " . Golden::differences());
	is("@differ", '', "the stored bytes are those of values made there (binary = $binary)");
}
# found by the value alone
sql("UPDATE kept_deal_event SET i = i + 1000, v = deal_event(kind(v), occurred_at(v), 1, 'moved') WHERE amount(v) IS NULL; DELETE FROM kept_deal_event WHERE subject(v) = repeat('s', 255); UPDATE kept_win_summary SET v = v + v WHERE i < 2; DELETE FROM kept_content_summary WHERE i = 0");
arrived('updates and deletions');
is($subscribers{true}->safe_psql('postgres', "SELECT count(*) FROM kept_deal_event WHERE subject(v) = 'moved'"), '2', 'rows without a key were found by their event');

#
# a physical copy
#
sql('CREATE TABLE whole AS SELECT ' . join(', ', map { "(SELECT md5(string_agg(v::text || ${_}_send(v)::text, ',' ORDER BY i)) FROM kept_$_) AS $_" } @types));
$publisher->backup('copy');
my $copy = PostgreSQL::Test::Cluster->new('copy');
$copy->init_from_backup($publisher, 'copy');
$copy->start;
is($copy->safe_psql('postgres', 'SELECT count(*) FROM whole WHERE (' . join(', ', @types) . ') = (' . join(', ', map { "(SELECT md5(string_agg(v::text || ${_}_send(v)::text, ',' ORDER BY i)) FROM kept_$_)" } @types) . ')'), '1', 'a physical copy of the cluster holds the same');
$copy->stop;
$_->stop for values %subscribers;

#
# out of line: compressed, not compressed, with either method; and short headers
#
my %large = (
	deal_history => "(SELECT history_agg('kind ' || j % 50, timestamptz '2026-01-01' + j * j * interval '1 second', j, md5(j::text)) FROM generate_series(1, 3000 + i) AS j)",
	duration_summary => '(SELECT duration_agg(j * j % 20011 + i, j % 3 > 0) FROM generate_series(1, 4000) AS j)',
	log_rank_summary => '(SELECT log_rank_agg(d, d) FROM (SELECT duration_agg(j * j % 20011 + i, j % 3 > 0) AS d FROM generate_series(1, 4000) AS j) AS t)',
	quota_summary => "(SELECT quota_agg(quota_attainment(deal_history(deal_event('won', timestamptz '2000-01-01' + j * j % 9001 * interval '1 day', j)), '2000-01-01', 1 + i, as_of => '2026-06-01')) FROM generate_series(1, 4000) AS j)",
	rollout_summary => "(SELECT rollout_agg('team ' || j % 50, CASE WHEN j % 50 > 9 THEN date '2026-01-01' + j % 50 * 31 END, date '2026-01-01' + j % 97 * 31, i * j % 3 = 0) FROM generate_series(1, 6000 + i) AS j)",
	pipeline_summary => '(SELECT pipeline_agg(j * j % 20011 + i, j) FROM generate_series(1, 4000) AS j)',
	funnel_summary => "(SELECT funnel_agg(deal_progress(deal_history(deal_event('lead', '2000-01-01'), deal_event('mql', timestamptz '2000-01-01' + j * j % 9001 * interval '1 day')), as_of => '2026-06-01')) FROM generate_series(1, 4000 + i) AS j)",
	win_summary => '(SELECT win_agg(j % 2 = 0, ARRAY[md5((i + j)::text)], j) FROM generate_series(1, 2000) AS j)',
	content_summary => "(SELECT content_agg('view', md5((i + j)::text), j % 500) FROM generate_series(1, 5000) AS j)",
	deal_outcome => "(SELECT deal_outcome(history_agg('competitor', '2026-01-01', NULL, md5((i + j)::text)), as_of => '2026-06-01') FROM generate_series(1, 300) AS j)",
	deal_progress => "(SELECT deal_progress('{}', array_agg(repeat(md5((i + j)::text), 7)), as_of => '2026-06-01') FROM generate_series(1, 32) AS j)");
for my $type (sort keys %large)
{
	my @same;
	for my $how ('external', 'extended, pglz', 'extended, lz4', 'main')
	{
		my ($storage, $method) = split /, /, $how;
		next if $method && $method eq 'lz4' && sql("SELECT count(*) FROM pg_settings WHERE name = 'default_toast_compression' AND 'lz4' = ANY (enumvals)") eq '0';
		my $table = join('_', 'large', $type, $how =~ /(\w+)/g);
		sql("CREATE TABLE $table(i int, v $type); ALTER TABLE $table ALTER v SET STORAGE $storage" . ($method ? ", ALTER v SET COMPRESSION $method" : '') . "; INSERT INTO $table SELECT i, $large{$type} FROM generate_series(1, 3) AS i");
		push @same, sql("SELECT count(*), bool_and(record_image_eq(ROW(v), ROW($large{$type})) AND ${type}_send(v) = ${type}_send($large{$type})) FROM $table");
	}
	my $outside = sql("SELECT pg_relation_size(reltoastrelid) > 0 FROM pg_class WHERE relname = 'large_${type}_external'");
	is("$outside: " . join(' ', @same), 't: ' . join(' ', ('3|t') x @same), "$type: out of line and compressed, it is the same value");
}

# more than 65,536 kinds and subjects: indexes of four bytes, which are too large for test/golden
sql("CREATE TABLE huge AS SELECT history_agg('kind ' || j, timestamptz '2026-01-01' + j % 1000 * interval '1 hour', j % 3, 'subject ' || j) AS v FROM generate_series(1, 66000) AS j");
is(sql("SELECT event_count(v), record_image_eq(ROW(v::text::deal_history), ROW(v)), cardinality(subjects(v, 'kind 65999')), (SELECT count(DISTINCT kind(e)) FROM events(v) AS e), last_at(v, 'kind 66000') FROM huge"), '66000|t|1|66000|2026-01-01 00:00:00+00', 'a history of 66,000 kinds and subjects');
my $file = PostgreSQL::Test::Utils::tempdir . '/huge';
is(sql("COPY huge TO '$file' (FORMAT binary); CREATE TABLE huge_back (v deal_history); COPY huge_back FROM '$file' (FORMAT binary); SELECT count(*) FROM huge, huge_back WHERE huge *= huge_back"), '1', 'and its binary form is read to the same bytes');

#
# materialized views: only rows whose data changed are written, whatever the order of the input, for every
# reading and summary at once. (mantel_haenszel_agg rounds, and so depends on the order: see its documentation.)
#
sql(q{CREATE TABLE log AS SELECT i % 100 AS deal, (ARRAY['lead', 'mql', 'competitor', 'won', 'lost', 'view'])[1 + (i + i / 100) % 6] AS kind, timestamptz '2026-01-01' + i * i % 7919 * interval '1 hour' AS at,
	CASE WHEN i % 3 = 0 THEN i::numeric END AS amount, CASE WHEN i % 2 = 0 THEN 'subject ' || i % 7 END AS subject FROM generate_series(1, 3000) AS i;
CREATE MATERIALIZED VIEW one AS SELECT deal, deal % 10 AS segment, h AS history, deal_progress(h, '{lead,mql,won}', within => '100 days', as_of => '2027-01-01') AS progress, deal_outcome(h, as_of => '2027-01-01') AS outcome,
	deal_cycle(h, '{lead}', as_of => '2027-01-01') AS cycle, quota_attainment(h, '2025-12-01', 3000, as_of => '2027-01-01') AS quota FROM (SELECT deal, history_agg(kind, at, amount, subject) AS h FROM log GROUP BY deal) AS t;
CREATE MATERIALIZED VIEW summary AS SELECT segment, funnel_agg(progress) AS funnel, win_agg(outcome) AS wins, duration_agg(cycle) AS durations, quota_agg(quota) AS quotas, rate_agg(has_kind(history, 'won') AND event_count(history) > 25) AS rate, rollup(history) AS history,
	(SELECT content_agg(kind, subject, extract(minute FROM at) + extract(hour FROM at)) FROM log WHERE deal % 10 = segment) AS content, (SELECT log_rank_agg(d, d) FROM (SELECT duration_agg(cycle) AS d FROM one AS o WHERE o.segment = one.segment GROUP BY deal % 3) AS t) AS strata FROM one GROUP BY segment;
CREATE UNIQUE INDEX ON one (deal); CREATE UNIQUE INDEX ON summary (segment)});
my $refresh = 'REFRESH MATERIALIZED VIEW CONCURRENTLY one; REFRESH MATERIALIZED VIEW CONCURRENTLY summary';
my $shuffle = 'CREATE TABLE shuffled AS SELECT * FROM log ORDER BY md5(log::text || clock_timestamp()); TRUNCATE log; INSERT INTO log SELECT * FROM shuffled; DROP TABLE shuffled; ANALYZE log';
sub written
{
	my $change = shift;
	my %key = (one => 'deal', summary => 'segment');
	sql('DROP TABLE IF EXISTS before; CREATE TABLE before AS ' . join(' UNION ALL ', map { "SELECT '$_' AS view, $key{$_} AS key, xmin::text AS version, ctid::text AS place FROM $_" } sort keys %key));
	sql("$change; $refresh");
	return sql('SELECT ' . join(', ', map { "(SELECT count(*) FROM $_ AS v WHERE NOT EXISTS (SELECT FROM before AS b WHERE b.view = '$_' AND b.key = v.$key{$_} AND b.version = v.xmin::text AND b.place = v.ctid::text))" } sort keys %key));
}
is(written('SELECT 1'), '0|0', 'nothing changed: no row is written');
is(written($shuffle), '0|0', 'rows in another order: no row is written');
is(written("$shuffle; ALTER DATABASE postgres SET enable_hashagg = off"), '0|0', 'groups sorted instead of hashed: no row is written');
is(written("ALTER DATABASE postgres SET parallel_setup_cost = 0; ALTER DATABASE postgres SET parallel_tuple_cost = 0; ALTER DATABASE postgres SET min_parallel_table_scan_size = 0; ALTER DATABASE postgres SET enable_hashagg = on"), '0|0', 'in parallel: no row is written');
is(written("$shuffle; UPDATE log SET amount = amount + 1 WHERE deal = 42 AND kind = 'won' AND amount IS NOT NULL"), '1|1', 'amounts of one deal: it and its segment are written');
is(written("$shuffle; INSERT INTO log VALUES (7, 'won', '2026-12-01', 1, NULL), (17, 'won', '2026-12-01', 1, NULL), (28, 'lead', '2020-01-01', NULL, NULL)"), '3|2', 'three deals of two segments: those are written');

#
# deal_event: indexes and joins give what a scan gives
#
sql(q{CREATE TABLE event AS SELECT i, deal_event((ARRAY['won', 'lost', 'é'])[1 + i % 3], timestamptz '2026-01-01' + i % 977 * interval '1 hour', CASE WHEN i % 5 > 0 THEN i % 11 END, CASE WHEN i % 4 > 0 THEN 's' || i % 13 END) AS e FROM generate_series(1, 20000) AS i;
CREATE INDEX event_btree ON event (e); CREATE INDEX event_hash ON event USING hash (e); ANALYZE event});
my $joined = 'SELECT count(*), sum(hashtext(a.i || b.e::text)) FROM event AS a JOIN event AS b ON a.e = b.e AND a.i % 7 = 0';
my %joins;
for my $way ('hash', 'merge', 'nestloop')
{
	my $settings = join('; ', map { "SET enable_${_} = " . ($_ eq "${way}join" || $_ eq $way ? 'on' : 'off') } 'hashjoin', 'mergejoin', 'nestloop');
	like(sql("$settings; EXPLAIN (COSTS off) $joined"), { hash => qr/Hash Join/, merge => qr/Merge Join/, nestloop => qr/Nested Loop/ }->{$way}, "there is a plan with $way");
	$joins{ sql("$settings; $joined") }++;
}
is(scalar(keys %joins), 1, 'joins by hash, merge and index agree');
is(sql(q{SET enable_seqscan = off; SET enable_bitmapscan = off; SELECT count(*) FROM event WHERE e > deal_event('won', '2026-01-15')}), sql(q{SET enable_indexscan = off; SET enable_bitmapscan = off; SET enable_indexonlyscan = off; SELECT count(*) FROM event WHERE e > deal_event('won', '2026-01-15')}), 'a range by index and by scan');
SKIP:
{
	skip 'amcheck is not installed', 1 if sql("SELECT count(*) FROM pg_available_extensions WHERE name = 'amcheck'") eq '0';
	is(sql("CREATE EXTENSION amcheck; SELECT bt_index_parent_check('event_btree', true, true)"), '', 'the index is in order, and holds every row');
}
$publisher->stop;
done_testing();
