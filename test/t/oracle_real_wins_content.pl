# Real data sets, where ENABLEMENT_METRICS_DATA names the directory that holds
# them: win rates of a sales pipeline, readers of shared articles.

use lib 'test/lib';
use Suite qw(server run_files);

plan skip_all => 'ENABLEMENT_METRICS_DATA names no directory' unless -d ($ENV{ENABLEMENT_METRICS_DATA} // '');

my $data = $ENV{ENABLEMENT_METRICS_DATA};
my $node = server('real_wins_content', extension => 0);

# A data set of the demo in a database of its own.
sub load
{
	my $name = shift;
	$node->safe_psql('postgres', "CREATE DATABASE $name");
	$node->safe_psql($name, 'CREATE EXTENSION enablement_metrics');
	run_files($name, "$data/$name", "test/demo/$name.sql");
}

SKIP:
{
	skip 'no maven_crm there', 5 unless -e "$data/maven_crm/sales_pipeline.csv";
	load('maven_crm');
	$node->safe_psql('maven_crm', q{CREATE TABLE maven_crm.deal AS SELECT deal, source AS product, history, deal_outcome(history, as_of => as_of) AS outcome FROM maven_crm.deals, maven_crm.settings});
	is($node->safe_psql('maven_crm', 'SELECT (SELECT count(*) FROM maven_crm.pipeline), count(*) FILTER (WHERE event_count(history) > 0) FROM maven_crm.deal'), '8800|8300', '8,800 opportunities, 8,300 with dates');
	is($node->safe_psql('maven_crm', "SELECT successes(r), total(r), round(percent(r)::numeric, 3) FROM (SELECT rate_agg(status(outcome) = 'won') FILTER (WHERE status(outcome) IN ('won', 'lost')) AS r FROM maven_crm.deal) x"),
		'4238|6711|63.150', '4,238 of 6,711 closed deals were won');
	is($node->safe_psql('maven_crm', "SELECT overall_win_rate(win_agg(outcome), 'closed') FROM maven_crm.deal"), '{"version":1,"successes":4238,"total":6711}', 'win_agg says the same');
	is($node->safe_psql('maven_crm', <<'SQL'), 't', 'by product, office and agent as plain SQL counts them');
SELECT bool_and((c.won, c.total) IS NOT DISTINCT FROM (SELECT ROW(count(*) FILTER (WHERE deal_stage = 'Won'), count(*)) FROM maven_crm.pipeline p
	WHERE deal_stage IN ('Won', 'Lost') AND c.competitor IN (CASE p.product WHEN 'GTXPro' THEN 'GTX Pro' ELSE p.product END)))
FROM (SELECT win_agg(status(outcome) = 'won', ARRAY[product]) FILTER (WHERE status(outcome) IN ('won', 'lost')) AS w FROM maven_crm.deal) x, competitors(w) c
SQL
}

SKIP:
{
	skip 'no deskdrop there', 6 unless -e "$data/deskdrop/users_interactions.csv.gz";
	load('deskdrop');
	$node->safe_psql('deskdrop', q{SET search_path = deskdrop, public;
		CREATE TABLE article AS SELECT content, content_agg(action, person::text) AS summary FROM log GROUP BY content;
		CREATE TABLE article_once AS SELECT content, content_agg(action, person::text) AS summary FROM (SELECT DISTINCT at, action, content, person FROM log) l GROUP BY content});
	is($node->safe_psql('deskdrop', "SELECT action_count(c, 'VIEW'), distinct_actors(c, 'VIEW'), distinct_actors_is_exact(c, 'VIEW'), action_count(c, 'LIKE') FROM (SELECT rollup(summary) AS c FROM deskdrop.article) x"),
		'61086|1894|t|5745', '61,086 views by 1,894 people, 5,745 likes');
	is($node->safe_psql('deskdrop', "SELECT count(*) FROM deskdrop.article WHERE action_count(summary, 'VIEW') > 0"), '2982', '2,982 articles were viewed');
	is($node->safe_psql('deskdrop', "SELECT action_count(summary, 'VIEW'), distinct_actors(summary, 'VIEW') FROM deskdrop.article WHERE content = '-4029704725707465084'"), '355|267', 'one article has 355 views by 267 people');
	is($node->safe_psql('deskdrop', "SELECT action_count(c, 'VIEW'), distinct_actors(c, 'VIEW') FROM (SELECT rollup(summary) AS c FROM deskdrop.article_once) x"), '58802|1894', '58,802 views without those logged twice');
	is($node->safe_psql('deskdrop', <<'SQL'), 't', 'every article has the views and viewers that plain SQL counts');
SELECT bool_and(action_count(summary, action) = n AND distinct_actors(summary, action) = people)
FROM deskdrop.article JOIN (SELECT content, action, count(*) AS n, count(DISTINCT person) AS people FROM deskdrop.log GROUP BY 1, 2) p USING (content)
SQL
}

$node->stop;
done_testing();
