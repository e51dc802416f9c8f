# From one machine to two: the generated CRM of the demo on one server, and again in halves on two. Each half makes its
# summaries, the centre rolls them up through postgres_fdw, and what comes out must have the bytes of one machine.

use lib 'test/lib';
use Suite qw(server);

my $two = server('two', extension => 0);
if ($two->safe_psql('postgres', q{SELECT count(*) FROM pg_available_extensions WHERE name = 'postgres_fdw'}) eq '0')
{
	plan skip_all => 'this server has no postgres_fdw';
}
my $one = server('one', generated => 'centre', extension => 0);

# What every machine makes of the rows it has. A lead lies on one machine with all of its events, a seller of content
# with all that he did; reps and teams are whole where they are.
my $summaries = q{
CREATE SCHEMA summary;
CREATE TABLE summary.deal AS
SELECT lead_id, date_trunc('month', created_at) AS month, team_id, created_at >= programme_start() AS after, history
FROM lead JOIN (SELECT opportunity_id AS lead_id, history_agg(stage_name, changed_at, amount, subject) AS history FROM opportunity_history GROUP BY 1) AS h USING (lead_id);
CREATE VIEW summary.monthly AS
SELECT month, rate_agg(has_kind(history, 'opportunity')) AS rate, funnel_agg(deal_progress(history, within => '180 days', as_of => as_of())) AS funnel,
       win_agg(deal_outcome(history, as_of => as_of())) AS win, duration_agg(deal_cycle(history, as_of => as_of())) AS duration
FROM summary.deal GROUP BY month;
CREATE VIEW summary.content AS
SELECT content, content_agg(action, actor, seconds) AS uses FROM content_use GROUP BY content;
CREATE VIEW summary.book AS
SELECT rep_id, history_agg(stage_name, changed_at, amount, opportunity_id::text) AS history
FROM opportunity_history JOIN lead ON lead_id = opportunity_id WHERE stage_name IN ('won', 'lost') GROUP BY rep_id;
CREATE VIEW summary.quota AS
SELECT date_trunc('year', hired_at) AS hired, quota_agg(quota_attainment(history, hired_at, quota, 'quarter', ramp, as_of => as_of(), left_at => left_at)) AS quota
FROM rep LEFT JOIN whole_book USING (rep_id) GROUP BY 1;
CREATE VIEW summary.strata AS
SELECT after_july, mantel_haenszel_agg(before_rate, after_rate) AS mantel_haenszel, log_rank_agg(before_cycle, after_cycle) AS log_rank
FROM whole_stratum GROUP BY after_july;
};

$one->safe_psql('centre', q{ALTER DATABASE centre SET search_path = crm, public;});
# of reps and of strata a machine has all or nothing: these are made before the rows are divided
$one->safe_psql('centre', $summaries =~ s/CREATE VIEW summary.quota.*//sr . q{
CREATE TABLE whole_book AS SELECT * FROM summary.book;
CREATE TABLE whole_stratum AS
SELECT team_id, extract(month FROM month) > 6 AS after_july,
       rate_agg(has_kind(history, 'won')) FILTER (WHERE NOT after) AS before_rate, rate_agg(has_kind(history, 'won')) FILTER (WHERE after) AS after_rate,
       duration_agg(c) FILTER (WHERE NOT after) AS before_cycle, duration_agg(c) FILTER (WHERE after) AS after_cycle
FROM summary.deal, deal_cycle(history, as_of => as_of()) AS c GROUP BY 1, 2;
DROP SCHEMA summary CASCADE});
my $dump = PostgreSQL::Test::Utils::tempdir() . '/crm.sql';
PostgreSQL::Test::Utils::system_or_bail('pg_dump', '-Fp', '-f', $dump, $one->connstr('centre'));
my %shard = (a => [ $one, 0 ], b => [ $two, 1 ]);
for my $shard (sort keys %shard)
{
	my ($node, $half) = @{ $shard{$shard} };
	$node->safe_psql('postgres', "CREATE DATABASE $shard");
	$node->safe_psql('postgres', "ALTER DATABASE $shard SET search_path = crm, public");
	PostgreSQL::Test::Utils::system_or_bail('psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '-o', '/dev/null', '-d', $node->connstr($shard), '-f', $dump);
	$node->safe_psql($shard, qq{
SET session_replication_role = replica;	-- no foreign keys
DELETE FROM opportunity_history WHERE hashint8(opportunity_id) & 1 <> $half;
DELETE FROM lead WHERE hashint8(lead_id) & 1 <> $half;
DELETE FROM content_use WHERE hashtext(actor) & 1 <> $half;
DELETE FROM whole_stratum WHERE team_id & 1 <> $half;
DELETE FROM rep WHERE rep_id & 1 <> $half;
$summaries});
	$one->safe_psql('centre', qq{
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS postgres_fdw;
CREATE SERVER $shard FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '@{[ $node->host ]}', port '@{[ $node->port ]}', dbname '$shard', extensions 'enablement_metrics');
CREATE USER MAPPING FOR CURRENT_USER SERVER $shard;
CREATE SCHEMA $shard;
IMPORT FOREIGN SCHEMA summary FROM SERVER $shard INTO $shard});
}
$one->safe_psql('centre', $summaries);
is($one->safe_psql('centre', 'SELECT (SELECT count(*) FROM a.deal) > 9000, (SELECT count(*) FROM b.deal) > 9000, (SELECT count(*) FROM a.deal) + (SELECT count(*) FROM b.deal) = count(*) FROM summary.deal'),
	't|t|t', 'the leads are divided');

#
# Summaries are made at the shards and rolled up at the centre
#
for ([ 'monthly', 'month', 'rate' ], [ 'monthly', 'month', 'funnel' ], [ 'monthly', 'month', 'win' ], [ 'monthly', 'month', 'duration' ],
	[ 'content', 'content', 'uses' ], [ 'book', 'rep_id', 'history' ], [ 'quota', 'hired', 'quota' ], [ 'strata', 'after_july', 'log_rank' ], [ 'strata', 'after_july', 'mantel_haenszel' ])
{
	my ($view, $key, $value) = @$_;
	my $same = $value eq 'mantel_haenszel'
	  ? '(SELECT abs(x.common_difference_points - y.common_difference_points) < 1e-12 * abs(y.common_difference_points) AND (x.strata, x.crude_difference_points) = (y.strata, y.crude_difference_points) FROM compare(many) AS x, compare(one) AS y)'
	  : 'record_image_eq(ROW(one), ROW(many))';
	my $got = $one->safe_psql('centre', qq{
WITH part AS MATERIALIZED (SELECT $key, $value FROM a.$view UNION ALL SELECT $key, $value FROM b.$view)
SELECT count(*) = count(one), count(*) = count(many), bool_and($same), (SELECT count(*) > count(DISTINCT $key) FROM part), (SELECT round(avg(octet_length($value\::text))) || ' ' || round(avg(pg_column_size($value))) FROM part), count(*)
FROM (SELECT $key, $value AS one FROM summary.$view) AS w FULL JOIN (SELECT $key, rollup($value) AS many FROM part GROUP BY $key) AS r USING ($key)});
	my ($text, $stored, $groups);
	($got, $text, $stored, $groups) = $got =~ /^(.*)\|(\d+) (\d+)\|(\d+)$/;
	is($got, 't|t|t|t', "$value by $key: two machines as one");
	note "$value: $groups groups, on average $text bytes of text from a shard ($stored stored)";
}
note 'rows instead: ' . $one->safe_psql('centre', q{SELECT count(*) || ' of ' || round(avg(octet_length(e::text))) || ' bytes' FROM opportunity_history AS e});

# the reps' own leads may lie anywhere: their histories are rolled up before quota is asked for
is($one->safe_psql('centre', q{
SELECT bool_and(record_image_eq(ROW(quota), ROW(many)))
FROM summary.quota JOIN (SELECT date_trunc('year', hired_at) AS hired, quota_agg(quota_attainment(history, hired_at, quota, 'quarter', ramp, as_of => as_of(), left_at => left_at)) AS many
      FROM rep LEFT JOIN (SELECT rep_id, rollup(history) AS history FROM (SELECT * FROM a.book UNION ALL SELECT * FROM b.book) AS x GROUP BY rep_id) AS book USING (rep_id) GROUP BY 1) AS r USING (hired)}),
	't', 'quota from books of which either machine has a part');

#
# With the extension named to the foreign server, an aggregate over a foreign table runs where the table is
#
my $pushed = q{SELECT month, funnel_agg(deal_progress(history, within => '180 days', as_of => timestamptz '2025-12-31 00:00:00+00')) AS funnel FROM %s.deal GROUP BY month};
like($one->safe_psql('centre', 'EXPLAIN (VERBOSE, COSTS OFF) ' . sprintf($pushed, 'b')), qr/^Foreign Scan.*Remote SQL: SELECT month, public\.funnel_agg\(public\.deal_progress\(/s, 'funnel_agg is shipped to the shard');
is($one->safe_psql('centre', "SELECT bool_and(record_image_eq(ROW(w.funnel), ROW(r.funnel))) FROM summary.monthly AS w JOIN (SELECT month, rollup(funnel) AS funnel FROM (" . sprintf($pushed, 'a') . ' UNION ALL ' . sprintf($pushed, 'b') . ') AS x GROUP BY month) AS r USING (month)'),
	't', '... and its halves are rolled up to the same');

$two->stop('fast');
$one->stop('fast');
done_testing();
