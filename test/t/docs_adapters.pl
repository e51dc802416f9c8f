# examples/salesforce.sql and examples/hubspot.sql on their samples: the numbers that are true there, beside those that
# the same tables give to a query that overlooks the traps; and what the adapters say to tables that are not as they need them.

use lib 'test/lib';
use Suite qw(server);

# a zone that neither organisation is in: no number may depend on it
my $node = server('adapters', sessions => 1, settings => { timezone => "'Asia/Tokyo'", jit => 'off' });

# psql -f FILE with variables, as a user would; its errors
sub adapter
{
	my ($file, %variable) = @_;
	my $role = delete $variable{role};
	local $ENV{PGOPTIONS} = $role ? "-c role=$role" : '';
	my ($out, $err) = PostgreSQL::Test::Utils::run_command(
		[ 'psql', '-Xq', '-d', $node->connstr('postgres'), (map { ('-v', "$_=$variable{$_}") } sort keys %variable), '-f', "examples/$file.sql" ]);
	return $out . $err;
}
my $schema;
# what is asked of the views, by name: the funnel of leads, wins by competitor, days from opportunity to win, days from hire to quota
my %asked = (
	funnel => q{(SELECT s.* FROM (SELECT funnel_agg(deal_progress(history, settings.stages, as_of => as_of)) AS f FROM lead_histories, settings) AS x, steps(f) AS s) AS funnel},
	win_rate => q{(SELECT c.* FROM (SELECT win_agg(outcome) AS w FROM outcomes) AS x, competitors(w) AS c) AS win_rate},
	cycle => q{(SELECT observed(d) AS won, competing(d) AS lost, censored(d) AS open, reached_within(d, 90) AS won_within_90_days FROM (SELECT duration_agg(deal_cycle(history, as_of => at)) AS d FROM deal_histories, synced) AS x) AS cycle},
	time_to_quota => q{(SELECT reps(q), successes(reached(q)) AS reached, median(time_to_quota(q)) AS median_days, quota_velocity(q) FROM (SELECT quota_agg(attainment) AS q FROM attainments) AS x) AS time_to_quota});
sub sql
{
	my $query = $_[0] =~ s/\breport_(\w+)/$asked{$1}/gr;
	return $node->safe_psql('postgres', "SET search_path = $schema, public; SET timezone = 'UTC'; $query");
}
sub without_traps { my ($naive, $true, $what) = @_; is(sql($_->[0]), $_->[1], $_->[2]) for [ $naive->[0], $naive->[1], "$what: as it seems" ], [ $true->[0], $true->[1], "$what: as it is" ] }

#
# Salesforce
#
is(adapter('salesforce_sample'), '', 'the sample of Salesforce is made');
is(adapter('salesforce', source => 'salesforce_sample', zone => 'America/New_York'), '', 'the adapter runs on it without a word');
$schema = 'salesforce_metrics, salesforce_sample';
is(sql('TABLE synced'), '2026-06-30 12:00:00+00', 'the data is complete up to the last row that came');
is(sql('SELECT step, stage, reached, converted, open, exited FROM report_funnel ORDER BY step'), "1|lead|84|42|42|0\n2|opportunity|42|11|10|21\n3|won|11|11|0|0", 'funnel: 84 leads, 42 opportunities, 11 customers');
without_traps([ q{SELECT successes(conversion(f, 'lead', 'opportunity')), total(conversion(f, 'lead', 'opportunity')) FROM (SELECT funnel_agg(deal_progress(deal_history(deal_event('lead', created_date), deal_event('opportunity', converted_date)), '{lead,opportunity}', as_of => '2026-06-30')) AS f FROM lead WHERE NOT is_deleted) AS x}, '33|84' ],
	[ q{SELECT successes(conversion(f, 'lead', 'opportunity')), total(conversion(f, 'lead', 'opportunity')) FROM (SELECT funnel_agg(deal_progress(history, '{lead,opportunity}', as_of => at)) AS f FROM lead_histories, synced) AS x}, '42|84' ],
	'leads converted on the day they came, to a contact, to a deal that was deleted');
without_traps([ q{SELECT count(*), min(created_date) FROM lead WHERE id IN ('L001', 'L205', 'L206')}, '3|2025-12-10 15:00:00+00' ],
	[ q{SELECT count(*), min(started_at(history)) FROM lead_histories WHERE lead_id IN ('L001', 'L205', 'L206')}, '1|2025-12-10 15:00:00+00' ], 'leads merged one after the other');
is(sql(q{SELECT first_at(history, 'opportunity') FROM lead_histories WHERE lead_id = 'L201'}), '2026-02-01 01:45:00+00', 'the evening in New York is another day in UTC, and still the day of conversion');
is(sql(q{SELECT first_at(history, 'opportunity') FROM lead_histories WHERE lead_id = 'L202'}), '2026-02-01 05:00:00+00', 'converted to an opportunity that was there: midnight in New York');
is(sql(q{SELECT string_agg(lead_id, ' ') FROM lead_histories WHERE lead_id IN ('L204', 'L205', 'L206')}), '', 'deleted leads are none');
without_traps([ q{SELECT count(*), count(DISTINCT opportunity_id) FROM opportunity_history WHERE stage_name = 'Closed Won'}, '23|13' ],
	[ q{SELECT count(*), count(DISTINCT opportunity_id) FROM stage_changes WHERE kind = 'won'}, '12|12' ], 'wins, of which the amount changed and one was deleted');
is(sql(q{SELECT opportunity_id, kind, at, amount, nth, is_last FROM stage_changes WHERE opportunity_id = 'O008' ORDER BY nth}),
	"O008|Prospecting|2026-01-12 17:00:00+00|900|1|f\nO008|Proposal|2026-01-22 17:00:00+00|1000|2|f\nO008|won|2026-02-21 17:00:00+00|1100|3|t", 'a stage begins with its first row and has the amount of its last');
is(sql(q{SELECT history FROM deal_histories WHERE opportunity_id = 'O201'}),
	'{"(Prospecting,2026-02-01T01:45:00Z,400,)","(opportunity,2026-02-01T01:45:00Z,,)","(lost,2026-02-20T15:00:00Z,400,)","(Proposal,2026-03-05T15:00:00Z,450,)","(opportunity,2026-03-05T15:00:00Z,,)","(won,2026-03-20T15:00:00Z,500,)"}',
	'a deal that was lost, reopened and won in two stages');
without_traps([ q{SELECT min(created_date) FROM opportunity_history WHERE opportunity_id = 'O203' AND stage_name = 'Closed Won'}, '2026-03-01 10:00:00+00' ],
	[ q{SELECT closed_at(outcome) || ' ' || amount(outcome) FROM outcomes WHERE opportunity_id = 'O203'}, '2024-11-15 05:00:00+00 5000' ], 'a deal that came closed');
is(sql(q{SELECT closed_at(outcome), status(outcome) FROM outcomes WHERE opportunity_id = 'O204'}), '2025-06-30 04:00:00+00|lost', 'a closed deal without its history');
without_traps([ q{SELECT count(*) FILTER (WHERE is_won), count(*) FROM opportunity WHERE NOT is_deleted AND main_competitors_c = 'Globex'}, '0|8' ],
	[ q{SELECT won, considered FROM report_win_rate WHERE competitor = 'Globex'}, '5|25' ], 'wins against Globex, however it is spelled and whenever it was filled in');
is(sql(q{SELECT competitor, considered, won, lost, open, amount_won FROM report_win_rate ORDER BY 1}), "Globex|25|5|20|0|5500\nInitech|13|1|12|0|5000", 'wins by competitor: nothing but names');
without_traps([ q{SELECT won FROM (SELECT competitors(win_agg(deal_outcome(history || coalesce(c, '{}'), as_of => at))) AS r FROM
		(SELECT opportunity_id, history_agg(kind, at, amount) AS history FROM stage_changes GROUP BY 1) AS h LEFT JOIN (SELECT opportunity_id, history_agg('competitor', created_date, NULL, competitor_name) AS c FROM opportunity_competitor WHERE NOT is_deleted GROUP BY 1) AS c USING (opportunity_id), synced) AS x, LATERAL (SELECT (r).*) AS y WHERE competitor = 'Globex'}, '0' ],
	[ q{SELECT count(*) FROM outcomes WHERE status(outcome) = 'won' AND 'Globex' = ANY (considered(outcome))}, '5' ], 'competitors filled in after the end');
is(sql('SELECT won, lost, open FROM report_cycle'), '11|20|10', 'cycles: the reopened deal is won, the imported one and the one without history have none');
is(sql('SELECT won_within_90_days = 11 / 41.0::float8 FROM report_cycle'), 't', '... and the unfinished count');
without_traps([ q{SELECT sum(quota_amount) FROM forecasting_quota WHERE quota_owner_id = 'U1' AND start_date = '2026-02-01'}, '102999' ],
	[ q{SELECT quota FROM quotas WHERE rep_id = 'U1' AND starts_on = '2026-02-01'}, '1500' ], 'a quota of two forecasting types, and a deleted one');
is(sql(q{SELECT quota FROM quotas WHERE rep_id = 'U1' AND starts_on = '2026-03-01'}), '2500', 'a quota of two product families');
is(sql('SELECT rep_id, hired_at, left_at, ramp, quota FROM reps ORDER BY 1'),
	"U1|2026-01-01 05:00:00+00||{500,1500,2500,2500}|3000\nU2|2026-01-15 09:00:00+00|2026-04-20 16:00:00+00|{0,4000}|4000", 'reps: hired before their login was made, a hole in the quotas, one who left and had none in the first month');
without_traps([ q{SELECT reached_at(quota_attainment(history_agg(kind, h.created_date, h.amount::numeric), '2026-01-01 05:00+00', 3000, 'month', '{500,1500,2500,2500}', '2026-06-30', zone => 'America/New_York'))
		FROM opportunity_history h JOIN opportunity o ON o.id = opportunity_id, LATERAL (SELECT CASE h.stage_name WHEN 'Closed Won' THEN 'won' END) AS k (kind) WHERE owner_id = 'U1' AND NOT o.is_deleted AND opportunity_id <> 'O203'}, '2026-03-09 17:00:00+00' ],
	[ q{SELECT reached_at(attainment) FROM attainments WHERE rep_id = 'U1'}, '2026-03-17 17:00:00+00' ], 'quota reached by wins that count once');
is(sql('SELECT reps, reached, median_days, quota_velocity FROM report_time_to_quota'), '2|1|75|950', 'time to quota');

is(adapter('salesforce', source => 'salesforce_sample', zone => 'America/New_York'), '', 'it can be run again');
is(adapter('salesforce', source => 'salesforce_sample', target => 'quarterly', period => 'quarter', zone => 'UTC'), '', 'with quotas of quarters');
$schema = 'quarterly, salesforce_sample';
is(sql(q{SELECT starts_on, quota FROM quotas WHERE rep_id = 'U1' ORDER BY 1}), "2026-01-01|4500\n2026-04-01|3000", '... those of the months added up');
$node->safe_psql('postgres', q{ALTER TABLE salesforce_sample."user" ADD hire_date_c date; UPDATE salesforce_sample."user" SET hire_date_c = '2025-11-03' WHERE id = 'U1';
	ALTER TABLE salesforce_sample.opportunity RENAME main_competitors_c TO rivals_c;
	DELETE FROM salesforce_sample.forecasting_quota WHERE _fivetran_deleted; ALTER TABLE salesforce_sample.forecasting_quota DROP _fivetran_deleted CASCADE});
is(adapter('salesforce', source => 'salesforce_sample', target => 'hired', hired => 'hire_date_c', zone => 'America/New_York'), '', 'with a day of hire, and no free text');
$schema = 'hired';
is(sql(q{SELECT hired_at, ramp FROM reps WHERE rep_id = 'U1'}), '2025-11-03 05:00:00+00|{0,0,500,1500,2500,2500}', '... which counts as it is; there is no quota before the first');
is(sql(q{SELECT string_agg(DISTINCT competitor, ' ') FROM competitors}), 'Globex', '... competitors from their own table alone');
is(adapter('salesforce', source => 'salesforce_sample', target => 'rivals', competitors => 'rivals_c'), '', 'with a free text of another name');
$node->safe_psql('postgres', q{CREATE SCHEMA shape; SELECT format('CREATE VIEW shape.%1$I AS TABLE salesforce_sample.%1$I', relname) FROM pg_class WHERE relnamespace = 'salesforce_sample'::regnamespace AND relkind = 'r' \gexec});
is(adapter('salesforce', source => 'shape', target => 'shaped', zone => 'America/New_York'), '', 'with views in the place of tables');
is($node->safe_psql('postgres', 'SELECT count(*) FROM (SELECT * FROM shaped.lead_histories EXCEPT SELECT * FROM salesforce_metrics.lead_histories) AS x'), '0', '... which say the same');
$schema = 'rivals';
is(sql(q{SELECT string_agg(DISTINCT competitor, ' ' ORDER BY competitor) FROM competitors}), 'Globex Initech', '... which is read');
is(sql(q{SELECT string_agg(n, '|' ORDER BY n) FROM competitor_names(E'Globex, Inc.; INITECH vs Umbra  Systems and Hooli GmbH\nn/a / none, -, Acme Ltd; Silver AG Mining') AS n}), 'Acme|Globex|Hooli|INITECH|Silver AG Mining|Umbra Systems', 'names in a free text');

#
# HubSpot
#
is(adapter('hubspot_sample'), '', 'the sample of HubSpot is made');
is(adapter('hubspot', source => 'hubspot_sample', zone => 'Europe/Berlin', quota => 4000), '', 'the adapter runs on it without a word');
$schema = 'hubspot_metrics, hubspot_sample';
is(sql('SELECT step, stage, reached, converted, open, exited FROM report_funnel ORDER BY step'), "1|lead|61|31|30|0\n2|mql|31|16|15|0\n3|sql|16|16|0|0\n4|opportunity|16|8|4|4\n5|won|8|8|0|0", 'funnel: 61 leads, 16 with a deal, 8 customers');
without_traps([ 'SELECT count(*), min(property_createdate) FROM contact WHERE NOT _fivetran_deleted', '63|2025-12-01 10:00:00+00' ],
	[ 'SELECT count(*), min(started_at(history)) FROM lead_histories', '61|2025-12-01 10:00:00+00' ], 'contacts merged one after the other, and a deleted one');
without_traps([ q{SELECT count(*), count(*) FILTER (WHERE deal_pipeline_stage_id = 'closedlost') FROM deal WHERE NOT is_deleted}, '18|5' ],
	[ q{SELECT count(*), count(*) FILTER (WHERE status(outcome) = 'lost') FROM outcomes}, '17|4' ], 'deals merged one after the other');
is(sql('SELECT history FROM deal_histories WHERE deal_id = 1008'),
	'{"(Appointment,2026-01-11T10:00:00Z,,)","(competitor,2026-01-11T10:00:00Z,,Globex)","(opportunity,2026-01-11T10:00:00Z,,)","(Qualified,2026-01-23T10:00:00Z,,)","(Proposal,2026-01-31T10:00:00Z,,)","(won,2026-02-20T10:00:00Z,2000,)"}',
	'... as old as the oldest, ended as the last, each stage once, deleted stages by name');
without_traps([ q{SELECT string_agg(label, ' ' ORDER BY label) FROM deal_stage JOIN deal_pipeline_stage ON stage_id = value WHERE deal_id = 1012 AND value = '128450112'}, 'Churned Proposal' ],
	[ 'SELECT string_agg(kind, \' \' ORDER BY nth) FROM stage_changes WHERE deal_id = 1012', 'Renewal Appointment Qualified Proposal' ], 'one id, two pipelines');
without_traps([ q{SELECT min(date_entered) FROM deal_stage WHERE deal_id = 2004}, '2026-03-01 10:00:00+00' ],
	[ 'SELECT closed_at(outcome) FROM outcomes WHERE deal_id = 2004', '2025-06-15 10:00:00+00' ], 'a deal that came closed');
without_traps([ q{SELECT count(*) FROM deal WHERE property_competitors = 'Globex'}, '3' ],
	[ q{SELECT considered || ' ' || won FROM report_win_rate WHERE competitor = 'Globex'}, '7 3' ], 'competitors of checkboxes and in lists');
is(sql('SELECT won, lost, open FROM report_cycle'), '8|4|4', 'cycles: the reopened deal is won, the imported one has none');
without_traps([ q{SELECT reached_at(quota_attainment(history_agg('won', date_entered, 2000), '2026-01-01 09:00+00', 4000, 'month', as_of => '2026-06-30', zone => 'Europe/Berlin')) FROM deal_stage JOIN deal USING (deal_id) WHERE owner_id = 11 AND NOT is_deleted AND value = 'closedwon'}, '2026-02-23 10:00:00+00' ],
	[ q{SELECT reached_at(attainment) FROM attainments WHERE rep_id = 11}, '2026-02-28 10:00:00+00' ], 'quota reached by wins that count once');
is(sql('SELECT reps, reached, median_days, quota_velocity FROM report_time_to_quota'), '2|1|58|300', 'time to quota');
$node->safe_psql('postgres', 'ALTER TABLE hubspot_sample.merged_deal RENAME TO forgotten');
is(adapter('hubspot', source => 'hubspot_sample', target => 'unmerged'), '', 'without merged deals and without a quota');
$schema = 'unmerged';
is(sql(q{SELECT count(*), to_regclass('attainments') IS NULL FROM deal_histories}), '18|t', '... each deal is one, and nobody has a quota');

#
# What syncs write, case by case: over changed copies of the samples
#
# every view of a schema, read with all of its columns
sub views
{
	my ($names, $what) = @_;
	my @views = split /\n/, $node->safe_psql('postgres', qq{SELECT relname FROM pg_class WHERE relnamespace = '$_[2]'::regnamespace AND relkind = 'v' AND relname NOT LIKE 'source\\_%' ORDER BY relname COLLATE "C"});
	is("@views", $names, "$what: the views");
	is($node->safe_psql('postgres', join '', map { "SELECT count(v) >= 0 FROM $_[2].$_ v;" } @views), join("\n", ('t') x @views), "$what: each can be read");
}
my $without_quotas = 'closed_deals competitors conversions deal_histories deals lead_histories merged_leads outcomes reps settings staff stage_changes stages synced';
my $all_of_salesforce = 'attainments closed_deals competitors conversions deal_histories deals lead_histories merged_leads outcomes quota_periods quota_rows quotas reps settings staff stage_changes stages synced';
my $all_of_hubspot = $all_of_salesforce =~ s/merged_leads/merged_deals merged_leads/r;

# adapter over a changed copy of its sample; $schema are its views
my $copies = 0;
sub variation
{
	my ($adapter, $change, %variable) = @_;
	my $name = 'v' . ++$copies;
	adapter("${adapter}_sample", source => $name);
	$node->safe_psql('postgres', "SET search_path = $name; SET timezone = 'UTC'; $change");
	my $said = adapter($adapter, source => $name, target => "${name}_views", %variable);
	is($said, '', "$name: the adapter runs");
	$schema = "${name}_views, $name";
	return "${name}_views";
}

# 13: what is closed, and what was won
for my $column ('closed_won', 'is_closed')
{
	my $other = $column eq 'closed_won' ? 'is_closed' : 'closed_won';
	views($all_of_hubspot, "only $column", variation('hubspot', qq{ALTER TABLE deal_pipeline_stage DROP $other;
		INSERT INTO deal_pipeline_stage (stage_id, pipeline_id, label, $column, probability) VALUES ('o1', '9001', 'Kick-off', false, 0), ('o2', '9001', 'Live', false, 0), ('o3', '9001', 'Stopped', true, NULL);
		INSERT INTO deal (deal_id, deal_pipeline_id, deal_pipeline_stage_id, owner_id, property_createdate, _fivetran_synced)
			VALUES (3001, '9001', 'o2', 11, '2026-05-01', '2026-05-02'), (3002, '9001', 'o1', 11, '2026-05-01', '2026-05-02'), (3003, '9001', 'o3', 11, '2026-05-01', '2026-05-02');
		INSERT INTO deal_stage (deal_id, value, date_entered, _fivetran_synced) VALUES (3001, 'o1', '2026-05-01', '2026-05-01'), (3001, 'o2', '2026-05-02', '2026-05-02'), (3002, 'o1', '2026-05-01', '2026-05-01'),
			(3003, 'o1', '2026-05-01', '2026-05-01'), (3003, 'o3', '2026-05-02', '2026-05-02')}, quota => 4000));
	is(sql('SELECT status(outcome), count(*) FROM outcomes GROUP BY 1 ORDER BY 1'), "lost|4\nno_decision|1\nopen|6\nwon|9", "only $column: closed with 1 is won, with 0 lost, with neither undecided; onboarding is open");
}
variation('hubspot', 'UPDATE deal_pipeline_stage SET closed_won = probability = 1, is_closed = probability = 1', lost => 'closedlost,128450113');
is(sql(q{SELECT count(*) FROM outcomes WHERE status(outcome) = 'lost'}), '4', 'lost stages that are not closed, named by the user');

# 14: merges, deletions, deals without stage rows, deals reopened without one
variation('hubspot', q{UPDATE contact SET property_hs_merged_object_ids = '101;102;103', property_hs_calculated_merged_vids = NULL WHERE id IN (4, 102); UPDATE contact SET property_hs_merged_object_ids = NULL WHERE id = 102;
	DROP TABLE merged_deal; UPDATE deal SET property_hs_merged_object_ids = '2001;2002' WHERE deal_id = 1008;
	UPDATE deal SET is_deleted = NULL, _fivetran_deleted = true WHERE deal_id = 1016;
	DELETE FROM deal_stage WHERE deal_id IN (1024, 1020); DELETE FROM deal_stage WHERE deal_id = 1032 AND value = 'closedwon';
	UPDATE deal SET deal_pipeline_stage_id = '128450112' WHERE deal_id = 1040});
is(sql('SELECT count(*), min(started_at(history)) FROM lead_histories'), '61|2025-12-01 10:00:00+00', 'merged contacts of id;id;id are one lead');
is(sql('SELECT count(*) FROM deal_histories'), '16', 'so are merged deals, and a deal that only the sync calls deleted is gone');
is(sql(q{SELECT deal_id, status(outcome), closed_at(outcome), amount(outcome) FROM outcomes WHERE deal_id IN (1016, 1020, 1024, 1032, 1040) ORDER BY 1}),
	"1020|lost|2026-06-30 12:00:00+00|2000\n1024|won|2026-02-28 10:00:00+00|2000\n1032|won|2026-03-08 10:00:00+00|2000\n1040|open||", 'the stage of the deal counts where its history lacks it');
is(sql('SELECT count(*), count(*) FILTER (WHERE has_kind(history, \'lead\')), count(DISTINCT deal) FROM deals'), '62|60|62', 'one row per deal, with its lead, and per lead without one');

# 15: quotas of quarters, and of fiscal quarters
for my $quarters ([ '2026-01-01', 1, 'open|5500' ], [ '2025-11-01', 2, 'reached|9300' ])
{
	my ($from, $month, $attained) = @$quarters;
	my $what = "quarters from month $month";
	my $change = qq{DELETE FROM forecasting_quota; INSERT INTO forecasting_quota (id, quota_owner_id, start_date, quota_amount, is_amount, forecasting_type_id) SELECT 'Q' || day, 'U1', day, 9000, true, 'T1' FROM generate_series(timestamp '$from', '2026-06-30', '3 months') AS day};
	for my $variables ({}, { period => 'quarter', fiscal_year_start => $month })
	{
		views($all_of_salesforce, $what, variation('salesforce', $change, zone => 'America/New_York', %$variables));
		is(sql(q{SELECT period, fiscal_year_start, quota, calendar[1], calendar[cardinality(calendar)] FROM reps}), "quarter|$month|9000|$from|" . ($month == 1 ? '2026-07-01' : '2026-08-01'), "$what: they stay what they are");
		is(sql(q{SELECT count(*) FROM reps, synced, attainments a WHERE a.rep_id = rep AND quota_attainment(history, reps.hired_at, quota, period, ramp, at, left_at, zone => 'America/New_York', fiscal_year_start => fiscal_year_start)::text IS DISTINCT FROM attainment::text}), '0',
			"$what: quota and ramp say the same as calendar and quotas");
	}
	is(sql('SELECT status(attainment), attained(attainment) FROM attainments'), $attained, "$what: wins count in their own");
}
views($all_of_salesforce, "a fiscal year over quotas of months", variation('salesforce', '', period => 'year', fiscal_year_start => 2));
is(sql(q{SELECT starts_on, quota FROM quotas WHERE rep_id = 'U1' ORDER BY 1}), "2025-02-01|500\n2026-02-01|7000", '... added up by its years');
variation('salesforce', q{DELETE FROM forecasting_quota; INSERT INTO forecasting_quota (id, quota_owner_id, start_date, quota_amount, is_amount, forecasting_type_id)
	SELECT 'Q' || day, 'U1', day, 1000 + nth, true, 'T1' FROM unnest('{2026-01-05,2026-02-02,2026-03-09,2026-04-06}'::date[]) WITH ORDINALITY AS q (day, nth)});
is(sql('SELECT calendar, quotas, period FROM reps'), '{2026-01-05,2026-02-02,2026-03-09,2026-04-06,2026-05-04,2026-06-01,2026-06-29,2026-07-27}|{1001,1002,1003,1004,1004,1004,1004}|', 'periods of weeks are a calendar');

# 16: what most organisations do not have
views($without_quotas, 'neither competitors nor quotas nor the day of a login', variation('salesforce', q{DROP TABLE opportunity_competitor, forecasting_quota; ALTER TABLE "user" DROP created_date; ALTER TABLE opportunity DROP main_competitors_c}));
is(sql('SELECT won, lost, open FROM report_cycle'), '11|20|10', '... the others say the same');
is(sql(q{SELECT string_agg(rep, ' ' ORDER BY rep), count(hired_at) FROM reps}), 'U1 U2|0', '... reps without a day of hire');
views($all_of_salesforce =~ s/attainments //r, 'quotas, and nobody knows who was hired when', variation('salesforce', q{ALTER TABLE "user" DROP created_date}));
views($all_of_salesforce, 'all there', variation('salesforce', ''));
my $reduced = $schema =~ s/.*, //r;
$node->safe_psql('postgres', "DROP TABLE $reduced.forecasting_quota CASCADE; DROP TABLE $reduced.opportunity_competitor CASCADE");
is(adapter('salesforce', source => $reduced, target => "${reduced}_views"), '', '... and run again, when tables have gone');
views($without_quotas, 'what has gone', "${reduced}_views");
views($without_quotas =~ s/merged_leads/merged_deals merged_leads/r, 'HubSpot without quotas', variation('hubspot', ''));

# 17: a stage that was renamed, one name for both ends, and deals whose history does not say how they stand
variation('salesforce', q{UPDATE opportunity SET stage_name = 'Won' WHERE is_won});
is(sql(q{SELECT count(*) FROM outcomes WHERE status(outcome) = 'won'}), '12', 'the old name of a renamed stage');
is(sql(q{SELECT won, lost, open FROM report_cycle}), '11|20|10', '... and of the reopened deal');
variation('salesforce', q{UPDATE opportunity SET stage_name = 'Closed' WHERE is_closed; UPDATE opportunity_history SET stage_name = 'Ended' WHERE stage_name ~ 'Closed|Won'});
is(sql(q{SELECT status(outcome), count(*) FROM outcomes GROUP BY 1 ORDER BY 1}), "lost|21\nopen|10\nwon|12", 'one stage for both ends: is_won of the deal decides');

# deals that were reopened in the CRM are open, whether their history says so or not
variation('salesforce', q{UPDATE opportunity SET stage_name = 'Proposal', is_closed = false, is_won = false WHERE id IN ('O002', 'O008', 'O016');
	INSERT INTO opportunity_history (id, opportunity_id, created_date, stage_name, _fivetran_synced) VALUES ('H0029', 'O002', '2026-05-01', 'Proposal', '2026-05-01'), ('H0089', 'O008', '2026-05-01', 'Proposal', '2026-05-01')});
is(sql(q{SELECT status(outcome), count(*) FROM outcomes GROUP BY 1 ORDER BY 1}), "lost|20\nopen|13\nwon|10", 'reopened deals are open');
is(sql(q{SELECT won, lost, open FROM report_cycle}), '11|19|11', '... in the cycle, where a win that was undone stays one');
is(sql(q{SELECT count(*) FROM lead_histories, synced WHERE status(deal_progress(history, '{lead,opportunity,won}', as_of => at)) = 'exited'}), '19', '... in the funnel, both leads of O002');
is(sql(q{SELECT string_agg(kind || coalesce(' ' || amount, ''), ', ' ORDER BY at) FROM closed_deals WHERE deal = 'O008'}), 'won 1100, lost', '... and no win of their rep any more');

# a column of hire counts as it is, and quotas of rows
variation('hubspot', q{CREATE TABLE plan (owner_id bigint, start_date date, quota_amount numeric); INSERT INTO plan VALUES (11, '2026-02-01', 0), (11, '2026-04-01', 4000), (11, '2026-07-01', 9000), (12, '2026-05-01', 1000);
	ALTER TABLE owner ADD started date; UPDATE owner SET started = '2025-12-03' WHERE owner_id = 11}, quotas => 'plan', hired => 'started', period => 'month', zone => 'Europe/Berlin');
is(sql('SELECT rep, hired_at, calendar[1], quotas, ramp, quota FROM reps ORDER BY 1'), "11|2025-12-02 23:00:00+00|2025-12-01|{NULL,NULL,0,0,4000,4000,4000,9000}|{0,0,0,0,4000,4000,4000}|9000\n12||2025-12-01|{NULL,NULL,NULL,NULL,NULL,1000,1000,1000}||1000", 'a quota of 0 is none, and holds until the next row');
is(sql('SELECT rep_id, reached_at(attainment)::date, attained(attainment) FROM attainments ORDER BY 1'), "11|2026-04-09|4000\n12||", '... nobody attains it before, and who has no day of hire is no rep yet');

# names as newer syncs write them, dates as instants
variation('salesforce', q{ALTER TABLE opportunity RENAME stage_name TO stagename; ALTER TABLE opportunity RENAME is_won TO "IsWon"; ALTER TABLE opportunity_history RENAME TO opportunityhistory; ALTER TABLE opportunity ALTER close_date TYPE timestamptz}, zone => 'America/New_York');
is(sql('SELECT won, lost, open FROM report_cycle'), '11|20|10', 'names without underscores');
is(sql(q{SELECT closed_at(outcome) || ' ' || amount(outcome) FROM outcomes WHERE opportunity_id = 'O203'}), '2024-11-15 05:00:00+00 5000', 'a date stored as an instant is its day in UTC');

#
# The report on the four views of each
#
sub report
{
	my ($target, @options) = @_;
	local %ENV = $node->_get_env();
	my ($out, $err) = PostgreSQL::Test::Utils::run_command([ 'report/enablement-report', '--schema', $target, '--views', '--text', '--dbname', $node->connstr('postgres'), @options ]);
	unlike($err, qr/ERROR|FATAL/, "$target: the report is made");
	return $out;
}
is(adapter('salesforce', source => 'salesforce_sample', zone => 'America/New_York', programme_start => '2026-02-01'), '', 'with the start of a programme');
$schema = 'salesforce_metrics';
is(sql('SELECT programme_start, zone FROM settings'), '2026-02-01 05:00:00+00|America/New_York', '... in the zone of the organisation');
like(report('salesforce_metrics'), qr/^lead to opportunity .*^against Globex +5 +20 .*^all +2 +1 /ms, 'Salesforce: rates, competitors and quotas are in the report');
is($node->safe_psql('postgres', 'SELECT sum(won), sum(lost) FROM salesforce_metrics.report_win_rate WHERE n > 1'), sql(q{SELECT count(*) FILTER (WHERE status(outcome) = 'won'), count(*) FILTER (WHERE status(outcome) = 'lost') FROM outcomes}), '... of every opportunity once');
like(report('hubspot_metrics'), qr/^lead to opportunity .*^against Globex +3 .*^all +2 +1 /ms, 'HubSpot: the same');

#
# What is not as it should be is said before anything is made
#
sub refused
{
	my ($change, $adapter, $variables, $error, $what) = @_;
	$node->safe_psql('postgres', "BEGIN; DROP SCHEMA IF EXISTS broken CASCADE; DROP SCHEMA IF EXISTS never CASCADE; COMMIT");
	is(adapter("${adapter}_sample", source => 'broken'), '', "$what: tables") unless $what =~ /schema/;
	$node->safe_psql('postgres', "SET search_path = broken; $change") if $change;
	like(adapter($adapter, source => 'broken', target => 'never', %$variables), $error, "$what: refused");
	is($node->safe_psql('postgres', q{SELECT count(*) FROM pg_class WHERE relnamespace = to_regnamespace('never')}), $change =~ /never/ ? '2' : '0', "$what: nothing was made");
}
refused('', 'salesforce', {}, qr/ERROR:  schema "broken" does not exist/, 'no schema');
refused('DROP TABLE lead; DROP TABLE opportunity_history', 'salesforce', {}, qr/ERROR:  missing tables: broken\.lead, broken\.opportunity_history\n/, 'two tables missing');
refused('ALTER TABLE opportunity_competitor DROP competitor_name', 'salesforce', {}, qr/ERROR:  missing columns: broken\.opportunity_competitor\.competitor_name\n/, 'a column of an optional table missing');
refused('ALTER TABLE lead DROP master_record_id; ALTER TABLE opportunity DROP is_won', 'salesforce', {}, qr/ERROR:  missing columns: broken\.lead\.master_record_id, broken\.opportunity\.is_won\n/, 'two columns missing');
refused('ALTER TABLE lead ALTER created_date TYPE timestamp; ALTER TABLE opportunity ALTER amount TYPE text', 'salesforce', {},
	qr/ERROR:  columns of another type: broken\.lead\.created_date is timestamp without time zone and should be timestamptz, broken\.opportunity\.amount is text and should be number\n/, 'two columns of another type');
refused('ALTER TABLE lead ADD _fivetran_active boolean', 'salesforce', {}, qr/ERROR:  synchronized in history mode: broken\.lead\n/, 'a table in history mode');
refused('CREATE SCHEMA never; CREATE TABLE never.reps (mine int); CREATE TABLE never.others ()', 'salesforce', {}, qr/ERROR:  there already, and not a view: never\.reps\n/, 'a table in the place of a view');
refused('', 'salesforce', { zone => 'Nowhere/City' }, qr/ERROR:  time zone "Nowhere\/City" not recognized/, 'a zone that is none');
refused('', 'salesforce', { period => 'week' }, qr/ERROR:  period must be month, quarter or year\n/, 'a period that is none');
refused('', 'salesforce', { hired => 'hire_date_c' }, qr/ERROR:  missing columns: broken\."user"\.hire_date_c\n/, 'a day of hire that is not there');
refused('', 'salesforce', { competitors => 'rivals_c' }, qr/ERROR:  missing columns: broken\.opportunity\.rivals_c\n/, 'a free text that is not there');
$node->safe_psql('postgres', 'CREATE ROLE analyst; GRANT CREATE ON DATABASE postgres TO analyst');
refused('GRANT USAGE ON SCHEMA broken TO analyst; GRANT SELECT ON ALL TABLES IN SCHEMA broken TO analyst; REVOKE SELECT ON lead FROM analyst', 'salesforce', { role => 'analyst' }, qr/ERROR:  no privilege to read broken\.lead\n/, 'a table that may not be read');
refused('ALTER TABLE merged_deal DROP merged_deal_id; ALTER TABLE deal_stage DROP value', 'hubspot', {}, qr/ERROR:  missing columns: broken\.deal_stage\.value, broken\.merged_deal\.merged_deal_id\n/, 'columns of HubSpot missing');
refused('ALTER TABLE deal_pipeline_stage DROP closed_won, DROP is_closed', 'hubspot', {}, qr/ERROR:  missing columns: broken\.deal_pipeline_stage\.is_closed\n/, 'neither name of what is closed');
refused('', 'hubspot', { quota => 0 }, qr/ERROR:  quota must be above zero, not 0\n/, 'a quota of 0');
refused('', 'hubspot', { quotas => 'plan' }, qr/ERROR:  missing tables: broken\.plan\n/, 'a table of quotas that is not there');
refused('', 'salesforce', { fiscal_year_start => 13 }, qr/ERROR:  fiscal_year_start must be a month from 1 to 12, not 13\n/, 'a month that is none');
my $by_quarter = q{DELETE FROM forecasting_quota; INSERT INTO forecasting_quota (id, quota_owner_id, start_date, quota_amount, is_amount) SELECT 'Q' || day, 'U1', day, 1500, true FROM generate_series(timestamp '2025-11-01', '2026-05-01', '3 months') AS day};
refused($by_quarter, 'salesforce', { period => 'month' }, qr/ERROR:  period month is shorter than that of the quotas, quarter\n/, 'a period shorter than the quotas');
refused($by_quarter, 'salesforce', { fiscal_year_start => 1 }, qr/ERROR:  the quota of the quarter from 2025-11-01 does not fit a year that begins in month 1\n/, 'a fiscal year that the quotas are not of');
refused('', 'hubspot', { period => 'week', quota => 4000 }, qr/ERROR:  period must be month, quarter or year\n/, 'a period of HubSpot that is none');

$node->stop('fast');
done_testing();
