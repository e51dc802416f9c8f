# The readings tell one story of a deal: what doc/one-story.md promises, on random
# histories with frequent ties, restatements and reopenings, at every instant of
# each of them. The plain answer comes from SQL over the rows, not from a reading.
#
# SEED and CASES in the environment choose other histories.

use lib 'test/lib';
use Suite qw(database sql);

my $seed = $ENV{SEED} // 20261128;
my $cases = $ENV{CASES} // 10_000;
my $node = database(settings => { work_mem => "'64MB'" });

# Up to 9 events on up to 7 days; two histories in three begin with a lead. A win is worth 1.
sql(qq{
CREATE TABLE random_event AS
SELECT deal, kind, day, CASE WHEN kind = 'won' THEN 1 END AS amount
FROM (SELECT deal, nevents, days, i, least(hashint8extended(deal * 32 + i, $seed + 2) & 1023, 1023) AS r,
		CASE WHEN i = 0 THEN 0 ELSE (hashint8extended(deal * 32 + i, $seed + 3) & 1023) % days END AS day
	FROM (SELECT deal, 1 + (hashint8extended(deal, $seed) & 1023) % 9 AS nevents, 1 + (hashint8extended(deal, $seed + 1) & 1023) % 7 AS days
		FROM generate_series(1::bigint, $cases) AS deal) AS d, generate_series(0, nevents - 1) AS i) AS e,
	LATERAL (SELECT CASE WHEN i = 0 AND deal % 3 > 0 THEN 'lead'
		ELSE (array['lead','mql','sql','opportunity','opportunity','won','lost','lost','no_decision','competitor'])[1 + r % 10] END AS kind) AS k;
CREATE TABLE event AS SELECT deal, kind, timestamptz '2026-01-01' + day * interval '1 day' AS at, amount FROM random_event;
CREATE TABLE history AS SELECT deal, history_agg(kind, at, amount, CASE WHEN kind IN ('won', 'lost') THEN 'deal' END) AS h FROM event GROUP BY deal;
-- a history as of each of its instants, as of the instant before the first, and half a day after each
CREATE TABLE moment AS
SELECT DISTINCT deal, at + shift AS as_of FROM event, unnest('{-12 hours,0,12 hours}'::interval[]) AS shift;
ANALYZE});
is(sql('SELECT count(*) FROM history'), $cases, "$cases histories, seed $seed");

# The plain story of each moment, in the words of the page.
sql(q{
CREATE TABLE state AS
SELECT deal, at, CASE kind WHEN 'won' THEN 1 WHEN 'lost' THEN 2 WHEN 'no_decision' THEN 3 ELSE 4 END AS status, kind = 'lead' AS is_lead
FROM event WHERE kind <> 'competitor';
CREATE INDEX ON state (deal, at);
CREATE TABLE plain AS
SELECT deal, as_of, s.*, (SELECT min(status) FROM state AS l WHERE l.deal = m.deal AND l.at = last_at) AS last_status,
	coalesce((SELECT bool_and(status = 1) FROM state AS l WHERE l.deal = m.deal AND l.at > first_won AND l.at <= as_of), true) AS win_is_final,
	NOT EXISTS (SELECT FROM state AS a JOIN state AS b USING (deal, at) WHERE a.deal = m.deal AND at <= as_of AND a.status IN (2, 3) AND b.status = 4) AS no_ties,
	(SELECT count(DISTINCT status) FROM state AS l WHERE l.deal = m.deal AND l.at <= as_of AND status IN (2, 3)) < 2 AS one_way_to_end
FROM moment AS m, LATERAL (
	SELECT max(at) AS last_at, min(at) FILTER (WHERE status = 1) AS first_won, min(at) FILTER (WHERE is_lead) IS NOT DISTINCT FROM min(at) AS begins_with_lead
	FROM state AS s WHERE s.deal = m.deal AND s.at <= as_of) AS s;
CREATE TABLE told AS
SELECT deal, as_of, o, p, c, q,
	CASE WHEN last_status = 4 OR last_status IS NULL THEN 'open' WHEN last_status = 1 THEN 'won' ELSE 'lost' END AS story,
	first_won, last_at, begins_with_lead, win_is_final, no_ties, one_way_to_end,
	(SELECT count(*) FROM time_in(h, '{lead,mql,sql,opportunity}', as_of) WHERE left_at IS NULL) AS waiting,
	(SELECT count(*) FROM deal_exposure(h, 'competitor', NULL, '{lead,mql,sql,opportunity}', as_of => as_of) AS x WHERE status(x.cycle) IS NOT DISTINCT FROM status(c)) AS exposures
FROM plain JOIN history USING (deal),
	deal_outcome(h, as_of => as_of) AS o, deal_progress(h, as_of => as_of) AS p,
	deal_cycle(h, '{lead,mql,sql,opportunity}', as_of => as_of) AS c, quota_attainment(h, '2025-12-01', 1, as_of => as_of) AS q;
ANALYZE told});
my $moments = sql('SELECT count(*) FROM told');
my $with = sub { return sql("SELECT count(*) FROM told WHERE $_[0]") };
note("$moments moments, ", $with->('begins_with_lead'), ' of histories that begin with a lead, ', $with->('begins_with_lead AND win_is_final'), ' of those whose wins are final');
cmp_ok($with->("begins_with_lead AND win_is_final AND story = '$_'"), '>', $cases / 10, "many are $_") for qw(won lost open);
cmp_ok($with->('begins_with_lead AND NOT win_is_final'), '>', $cases / 10, 'many wins are undone');

# no sentence of the page holds for nothing
sub holds
{
	my ($where, $what, $sentence) = @_;
	my ($wrong, $all, $first) = split /\|/, sql("SELECT count(*) FILTER (WHERE ($what) IS NOT TRUE), count(*), min(h::text || ' as of ' || as_of) FILTER (WHERE ($what) IS NOT TRUE) FROM told JOIN history USING (deal) WHERE $where");
	ok($wrong == 0 && $all > 0, "$sentence ($all moments)") or diag("$wrong of $all, the first: $first");
}

holds('true', q{CASE status(o) WHEN 'no_decision' THEN 'lost' ELSE status(o) END = story}, 'the outcome is that of the last state, in every history');
holds('true', q{(waiting = 1) = (story = 'open' AND last_at IS NOT NULL)}, 'a stay goes on exactly while the deal is open, in every history');
holds('begins_with_lead', q{(status(p) = 'converted') = (first_won IS NOT NULL) AND (status(c) IS NOT DISTINCT FROM 'event') = (first_won IS NOT NULL) AND (reached_at(q) IS NOT NULL) = (first_won IS NOT NULL)},
	'converted, an event and counted for quota: exactly when there is a win');
holds('begins_with_lead AND first_won IS NULL',
	q{CASE story WHEN 'lost' THEN status(p) = 'exited' AND status(c) = 'competing' ELSE status(p) IN ('open', 'not_entered') AND coalesce(status(c), 'censored') = 'censored' END},
	'without a win: lost, exited and competing, or open, open and censored');
holds('begins_with_lead', q{status(o) <> 'won' OR status(p) = 'converted' AND status(c) = 'event'}, 'won is converted and an event');
holds('begins_with_lead AND win_is_final', q{(status(o) = 'won') = (status(p) = 'converted') AND (status(o) IN ('lost', 'no_decision')) = (status(p) = 'exited')
	AND (status(o) = 'open') = (status(p) IN ('open', 'not_entered'))
	AND (status(o) = 'won') = (coalesce(status(c), '') = 'event') AND (status(o) IN ('lost', 'no_decision')) = (coalesce(status(c), '') = 'competing')},
	'where wins are final, all agree about won, lost and open');
holds(q{begins_with_lead AND win_is_final AND story = 'won'}, q{closed_at(o) = first_won AND stage_time(p, 'won') = first_won AND ended_at(c) = first_won AND reached_at(q) = first_won},
	'and about when it was won');
holds(q{begins_with_lead AND win_is_final AND story = 'lost' AND no_ties AND one_way_to_end}, q{closed_at(o) = ended_at(c) AND closed_at(o) = (p::jsonb ->> 'ended_at')::timestamptz},
	'and about when it was lost, where it ends in one way and no stage has the instant of an ending');
holds('begins_with_lead AND status(c) IS NOT NULL', 'exposures >= 1', 'the last part of an exposure ends as the cycle does');

# straight from the rows
is(sql(q{SELECT count(*) FROM (SELECT funnel_agg(deal, kind, at, '{lead,mql,sql,opportunity,won}', NULL, '2026-01-04 12:00') AS f FROM event) AS r,
	(SELECT funnel_agg(deal_progress(h, as_of => '2026-01-04 12:00')) AS f FROM history) AS s WHERE r.f::text = s.f::text}), 1, 'raw events make the same funnel');
# restated states say nothing new where every instant has one state
is(sql(q{SELECT count(*) FROM history, LATERAL (SELECT state_changes(h, '{lead,mql,sql,opportunity,won,lost,no_decision}') AS s) AS x
	WHERE NOT EXISTS (SELECT FROM state AS a WHERE a.deal = history.deal GROUP BY at HAVING count(DISTINCT status * 10 + is_lead::int) > 1)
	AND (status(deal_outcome(h)), closed_at(deal_outcome(h)), amount(deal_outcome(h))) IS DISTINCT FROM (status(deal_outcome(s)), closed_at(deal_outcome(s)), amount(deal_outcome(s)))}),
	0, 'state_changes leaves the outcome as it is, where an instant has one state');

$node->stop;
done_testing();
