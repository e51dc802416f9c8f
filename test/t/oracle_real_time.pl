# Cycles and quota on real data, where it is there: the directory named by
# ENABLEMENT_METRICS_DATA, with maven_crm (Maven Analytics' CRM pipeline) and
# olist_marketing_funnel (Olist's leads and closed deals) in it.

use lib 'test/lib';
use Suite qw(database sql);

my $data = $ENV{ENABLEMENT_METRICS_DATA} // '';
my $maven = "$data/maven_crm/sales_pipeline.csv";
my $olist = "$data/olist_marketing_funnel";
plan skip_all => "no real data: ENABLEMENT_METRICS_DATA names no directory with maven_crm or olist_marketing_funnel"
  unless -r $maven || -d $olist;

my $node = database();

SKIP:
{
	skip 'no maven_crm/sales_pipeline.csv in ENABLEMENT_METRICS_DATA', 9 unless -r $maven;
	sql('CREATE TABLE pipeline (opportunity_id text, sales_agent text, product text, account text, deal_stage text, engage_date date, close_date date, close_value numeric)');
	sql("\\copy pipeline FROM '$maven' CSV HEADER");
	sql(q{
CREATE TABLE deal AS
SELECT opportunity_id, sales_agent, deal_stage, deal_history(deal_event('Engaging', engage_date), deal_event(CASE WHEN close_date IS NOT NULL THEN deal_stage END, close_date, close_value)) AS history
FROM pipeline WHERE engage_date IS NOT NULL;
CREATE TABLE cycle AS
SELECT deal_stage, deal_cycle(history, '{Engaging}', '{Won}', '{Lost}', '2017-12-31') AS won, deal_cycle(history, '{Engaging}', '{Won,Lost}', '{}', '2017-12-31') AS closed FROM deal;
CREATE TABLE agent AS
SELECT sales_agent, min(engage_date)::timestamptz AS hired_at, history_agg(deal_stage, close_date, close_value, opportunity_id) AS history FROM pipeline GROUP BY sales_agent;
});
	is(sql("SELECT observed(d), competing(d), censored(d) FROM (SELECT duration_agg(won) AS d FROM cycle) x"), '4238|2473|1589', '8,300 engaged deals: won, lost, open');
	is(sql("SELECT median(duration_agg(closed) FILTER (WHERE deal_stage = 'Won')), median(duration_agg(closed) FILTER (WHERE deal_stage = 'Lost')), median(duration_agg(closed) FILTER (WHERE status(closed) = 'event')) FROM cycle"),
		'57|14|45', 'days from engage to close: median of won, lost and all closed deals');
	is(sql("SELECT median(d) IS NOT DISTINCT FROM p, mean(d) = a FROM (SELECT duration_agg(closed) FILTER (WHERE status(closed) = 'event') AS d FROM cycle) x,
			(SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY close_date - engage_date) AS p, avg(close_date - engage_date)::float8 AS a FROM pipeline WHERE close_date IS NOT NULL) y"), 't|t', '... as percentile_cont and avg say');
	is(sql("SELECT median(duration_agg(closed)), observed(duration_agg(closed)), censored(duration_agg(closed)) FROM cycle"), '69|6711|1589', 'the open deals counted, half of all are closed after 69 days, not 45');
	is(sql("SELECT round(100 * reached_within(d, 138)::numeric, 2), median(d) FROM (SELECT duration_agg(won) AS d FROM cycle) x"), '51.94|120', 'half of all engaged deals are won after 120 days, not 57: lost ones compete, open ones are counted');

	my $quota = sub {
		my $of = shift;
		return sql("SELECT successes(reached(s)), reps(s), median(time_to_quota(s)), censored(time_to_quota(s)) FROM (SELECT quota_agg(quota_attainment(history, hired_at, $of, as_of => '2017-12-31', won => '{Won}', lost => '{Lost}')) AS s FROM agent) x");
	};
	is($quota->(100000), '30|30|225.5|0', '100,000 since the first engage date: all 30 agents, half of them after 225.5 days');
	is($quota->(250000), '20|30|364|10', '250,000: 20 of 30, half of all after 364 days');
	is(sql("SELECT count(*) FROM agent, quota_attainment(history, hired_at, 250000, as_of => '2017-12-31', won => '{Won}', lost => '{Lost}') q,
			LATERAL (SELECT min(close_date) AS at FROM (SELECT close_date, sum(close_value) OVER (ORDER BY close_date) AS won FROM pipeline p WHERE p.sales_agent = agent.sales_agent AND deal_stage = 'Won') x WHERE won >= 250000) o,
			LATERAL (SELECT count(*) AS closed FROM pipeline p WHERE p.sales_agent = agent.sales_agent AND close_date <= coalesce(o.at, '2017-12-31')) c
		WHERE (reached_at(q), cycles(q)) IS DISTINCT FROM (o.at::timestamptz, c.closed)"), '0', '... each agent as plain SQL has it');
	is(sql("SELECT quota_velocity(s) = 100.0 * 6711 / 30 FROM (SELECT quota_agg(quota_attainment(history, hired_at, 1e9, as_of => '2017-12-31', won => '{Won}', lost => '{Lost}')) AS s FROM agent) x"), 't', 'quota velocity before anybody is there: 100 x closed deals / agents');
}

SKIP:
{
	skip 'no olist_marketing_funnel in ENABLEMENT_METRICS_DATA', 5 unless -d $olist;
	sql('CREATE TABLE lead (mql_id text, first_contact_date date, landing_page_id text, origin text);
		CREATE TABLE closed_deal (mql_id text, seller_id text, sdr_id text, sr_id text, won_date timestamp, a text, b text, c text, d text, e text, f text, g text, h text, i text)');
	sql("\\copy lead FROM '$olist/olist_marketing_qualified_leads_dataset.csv' CSV HEADER");
	sql("\\copy closed_deal FROM '$olist/olist_closed_deals_dataset.csv' CSV HEADER");
	sql("CREATE TABLE contact AS SELECT mql_id, first_contact_date::timestamptz AS contacted_at, won_date::timestamptz AS won_at FROM lead LEFT JOIN closed_deal USING (mql_id)");
	# one win is two days older than its lead: as recorded it is no cycle, and censored
	is(sql("SELECT observed(d), censored(d) FROM (SELECT duration_agg(deal_cycle(deal_history(deal_event('lead', contacted_at), deal_event('won', won_at)), '{lead}', '{won}', '{}', '2018-11-15')) AS d FROM contact) x"),
		'841|7159', 'first contact to win: a win before the contact is none after it');
	is(sql("CREATE TABLE corrected AS SELECT duration_agg(deal_cycle(deal_history(deal_event('lead', least(contacted_at, won_at)), deal_event('won', won_at)), '{lead}', '{won}', '{}', '2018-11-15')) AS d FROM contact;
		SELECT observed(d), censored(d), median(d) IS NULL FROM corrected"), '842|7158|t', 'with its contact put right: 842 observed, 7,158 censored; half of the leads never win');
	is(sql("SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY floor(extract(epoch FROM won_at - least(contacted_at, won_at)) / 86400)) FROM contact WHERE won_at IS NOT NULL"),
		sql("SELECT median(duration_agg(deal_cycle(deal_history(deal_event('lead', least(contacted_at, won_at)), deal_event('won', won_at)), '{lead}', '{won}', '{}', '2018-11-15'))) FROM contact WHERE won_at IS NOT NULL"),
		'the median of the winners alone is another question');
	is(sql("SELECT count(*) FROM corrected, curve(d) WHERE abs(incidence + survival - 1) > 1e-12"), '0', 'nothing competes');
	cmp_ok(sql("SELECT reached_within(d, 365) FROM corrected"), '<', 0.15, 'after a year fewer than 15 % have won');
}

$node->stop('fast');
done_testing();
