# deal_outcome, win_summary and content_summary against plain SQL on random
# cases; merge laws bytewise; moving frames against forced recomputation.
#
# SEED and CASES in the environment choose other cases.

use lib 'test/lib';
use Suite qw(database law pick patience);

my $seed = $ENV{SEED} // 20260401;
my $cases = $ENV{CASES} // 800;
my $patience = patience();
srand($seed);

my $node = database(sessions => 1);

# Names are few or many, differ in case, hold what literals must quote, or are long.
my @vocabularies = (
	[qw(A B C)],
	[ 'Globex', 'globex', 'GLOBEX', 'Acme, Inc.', 'say "cheese"', 'back\\slash', "it's", 'é', '日本', '~', ' ' ],
	[ map { "competitor $_" } 1 .. 60 ],
	[ map { chr(97 + $_) x 255 } 0 .. 5 ]);
my $tempdir = PostgreSQL::Test::Utils::tempdir();

sub copy_field
{
	my $value = shift;
	return '\N' unless defined $value;
	$value =~ s/\\/\\\\/g;
	return $value;
}

# Events of deals: a few instants, so that ties are frequent.
my $deals = 0;
my $events = 0;
open(my $out, '>:raw', "$tempdir/events") or die $!;
open(my $log, '>:raw', "$tempdir/log") or die $!;
my $actions = 0;
for my $case (1 .. $cases)
{
	my $names = pick(@vocabularies);
	my $span = pick(2, 4, 30);
	my $amounts = pick(0, 0.4, 1);
	for my $deal (1 .. pick(0, 1, 3, 8, 20))
	{
		$deals++;
		for my $event (1 .. pick(1, 3, 6, 10))
		{
			my $kind = pick(qw(won lost no_decision competitor competitor competitor opportunity));
			$kind = 'opportunity' if $kind =~ /^(won|lost|no_decision)$/ && rand() < 0.4;
			my $subject = $kind eq 'competitor' ? (rand() < 0.05 ? undef : pick(@$names)) : rand() < 0.5 ? pick(@$names) : undef;
			printf $out "%s\n", join("\t", $case, $deals, $kind, int(rand($span)),
				map { copy_field($_) } rand() < $amounts ? sprintf('%.' . pick(0, 2, 4) . 'f', (rand() - 0.2) * 1e6) : undef, $subject);
			$events++;
		}
	}
	my $people = pick(1, 5, 50, 500);
	for my $action (1 .. pick(1, 5, 20, 60))
	{
		$actions++;
		printf $log "%s\n", join("\t", $case, $actions,
			map { copy_field($_) } rand() < 0.03 ? undef : pick('view', 'View', 'download', 'open', 'use', 'share', 'é'),
			rand() < 0.1 ? undef : (pick(@$names) =~ s/(.)\1{200}/$1/r) . int(rand($people)),
			rand() < 0.3 ? undef : pick(0, 1, 0.5, sprintf('%.7f', rand() * 300), sprintf('%.1f', rand() * 1e6)));
	}
}
close $out;
close $log;
$node->safe_psql('postgres', qq{
CREATE TABLE loaded (g int, deal int, kind text, day int, amount numeric, subject text);
COPY loaded FROM '$tempdir/events' (ENCODING 'UTF8');
CREATE TABLE event AS SELECT g, deal, kind, timestamptz '2026-01-01' + day * interval '1 day' AS at, amount, subject FROM loaded;
CREATE TABLE deal AS
SELECT g, deal AS i, timestamptz '2026-01-01' + deal % 33 * interval '1 day' AS as_of, history_agg(kind, at, amount, subject) AS history FROM event GROUP BY 1, 2, 3;
INSERT INTO deal SELECT g, -g, '2026-01-01', '{}' FROM generate_series(1, $cases, 7) g;
CREATE TABLE outcome AS SELECT g, i, as_of, deal_outcome(history, as_of => as_of) AS o FROM deal;
INSERT INTO outcome SELECT g, -100000 - g, '2026-01-01', NULL FROM generate_series(1, $cases, 5) g;
-- won, competitors, amount as columns: NULL and repeated names too
CREATE TABLE field AS
SELECT g, i, CASE status(o) WHEN 'won' THEN true WHEN 'lost' THEN false END AS won,
	CASE i % 5 WHEN 0 THEN considered(o) || NULL::text WHEN 1 THEN considered(o) || considered(o) WHEN 2 THEN nullif(considered(o), '{}') ELSE considered(o) END AS names, amount(o) AS amount
FROM outcome WHERE o IS NOT NULL;
CREATE TABLE log (g int, i int, action text, actor text, seconds float8);
COPY log FROM '$tempdir/log' (ENCODING 'UTF8');
CREATE INDEX ON event (deal);
CREATE INDEX ON outcome (g);
CREATE INDEX ON field (g);
CREATE INDEX ON log (g);

-- crowds around the exact limit, in parts that overlap; one of the actions stays small
CREATE TABLE crowd AS
SELECT g, row_number() OVER () AS i, CASE WHEN n % 50 = 0 THEN 'share' ELSE 'view' END AS action, 'person ' || n AS actor, n % 7 AS seconds
FROM (VALUES (1, 4000), (2, 4179), (3, 4180), (4, 4181), (5, 4182), (6, 9000), (7, 30000)) v(g, people), generate_series(1, people) n, generate_series(1, 2) again;
ANALYZE;
});
note "seed $seed: $cases cases, $deals deals, $events events, $actions actions";

#
# deal_outcome
#
$node->safe_psql('postgres', <<'SQL');
CREATE TABLE state AS
SELECT i, at, min(array_position('{won,lost,no_decision,open}', CASE WHEN kind IN ('lead', 'mql', 'sql', 'opportunity') THEN 'open' ELSE kind END)) AS status
FROM deal JOIN event ON deal = i AND at <= as_of AND kind IN ('won', 'lost', 'no_decision', 'lead', 'mql', 'sql', 'opportunity') GROUP BY i, at;
CREATE INDEX ON state (i);
ANALYZE state;
SQL
law('deal_outcome is what plain SQL makes of the events', <<'SQL');
WITH final AS (SELECT DISTINCT ON (i) i, status, at AS until FROM state ORDER BY i, at DESC),
run AS (
	SELECT d.*, CASE WHEN f.status < 4 THEN ('{won,lost,no_decision}'::text[])[f.status] ELSE 'open' END AS status, CASE WHEN f.status < 4 THEN until ELSE as_of END AS until,
		CASE WHEN f.status < 4 THEN (SELECT min(at) FROM state s WHERE s.i = d.i AND at > coalesce((SELECT max(at) FROM state o WHERE o.i = d.i AND o.status <> f.status), '-infinity')) END AS closed_at
	FROM deal d LEFT JOIN final f USING (i))
SELECT r.g FROM run r JOIN outcome USING (i)
WHERE (status(o), closed_at(o), amount(o), considered(o), lost_to(o)) IS DISTINCT FROM
	(r.status, r.closed_at,
	 coalesce((SELECT amount FROM event WHERE deal = r.i AND kind = r.status AND at BETWEEN r.closed_at AND until AND amount IS NOT NULL ORDER BY at DESC, amount DESC LIMIT 1),
		(SELECT amount FROM event WHERE deal = r.i AND at <= until AND amount IS NOT NULL ORDER BY at DESC, amount DESC LIMIT 1)),
	 coalesce((SELECT array_agg(DISTINCT subject COLLATE "C" ORDER BY subject COLLATE "C") FROM event
		WHERE deal = r.i AND at <= until AND kind = 'competitor' AND subject IS NOT NULL), '{}'),
	 CASE r.status WHEN 'lost' THEN (SELECT subject FROM event WHERE deal = r.i AND kind = 'lost' AND at BETWEEN r.closed_at AND until AND subject IS NOT NULL
		ORDER BY at DESC, subject COLLATE "C" LIMIT 1) END)
SQL

law('a renamed vocabulary and options that change by row give the same outcome', <<'SQL');
SELECT d.g FROM deal d JOIN outcome USING (i), (VALUES (0, 'Closed Won', 'zz lost'), (1, 'zz won', 'Closed Lost')) v(n, w, l)
WHERE v.n = d.i % 2
  AND NOT record_image_eq(ROW(o), ROW(deal_outcome(relabel(history, jsonb_build_object('won', w, 'lost', l, 'competitor', 'rival')), won => ARRAY[w, 'unused'], lost => ARRAY[l], considered => 'rival', as_of => d.as_of)))
SQL

#
# win_summary against unnest and group by, under every basis
#
$node->safe_psql('postgres', <<'SQL');
CREATE TABLE win AS SELECT g, win_agg(o ORDER BY i) AS v FROM outcome GROUP BY g;
CREATE TABLE basis (basis text, statuses text[]);
INSERT INTO basis VALUES ('considered', '{won,lost,no_decision,open}'), ('closed', '{won,lost,no_decision}'), ('decided', '{won,lost}'), ('lost_to', '{won}');
CREATE TABLE plain AS
SELECT g, i, status(o) AS status, amount(o) AS amount, lost_to(o) AS lost_to, considered(o) AS names, cardinality(considered(o)) AS k, c COLLATE "C" AS c
FROM outcome LEFT JOIN LATERAL unnest(considered(o)) c ON true WHERE o IS NOT NULL;
CREATE TABLE plain_competitor AS
SELECT g, c, basis, count(*) AS considered, count(*) FILTER (WHERE status = 'won') AS won, count(*) FILTER (WHERE status = 'lost') AS lost,
	count(*) FILTER (WHERE status = 'lost' AND lost_to = c) AS lost_to, count(*) FILTER (WHERE status = 'no_decision') AS no_decision, count(*) FILTER (WHERE status = 'open') AS open,
	count(*) FILTER (WHERE status = ANY (statuses) OR (basis = 'lost_to' AND lost_to = c)) AS total,
	coalesce(sum(1.0 / k) FILTER (WHERE status = 'won'), 0) AS fractional_won,
	coalesce(sum(1.0 / k) FILTER (WHERE status = ANY (statuses) OR (basis = 'lost_to' AND lost_to = c)), 0) AS fractional_total,
	coalesce(sum(amount) FILTER (WHERE status = 'won'), 0) AS amount_won, coalesce(sum(amount) FILTER (WHERE status = 'lost'), 0) AS amount_lost,
	avg(amount) FILTER (WHERE status = 'won') AS mean_won
FROM plain, basis WHERE c IS NOT NULL GROUP BY g, c, basis;
-- where there are losses and no loss names anybody it is not known to whom deals were lost
ALTER TABLE plain_competitor ADD won_of_total bigint;
UPDATE plain_competitor SET won_of_total = won;
UPDATE plain_competitor SET won_of_total = 0, total = 0, fractional_won = 0, fractional_total = 0
WHERE basis = 'lost_to' AND lost > 0 AND g NOT IN (SELECT g FROM plain WHERE lost_to IS NOT NULL);
SQL
law('competitors() is what unnest and group by make of it', <<'SQL');
SELECT coalesce(x.g, p.g) AS g
FROM (SELECT g, basis, w.* FROM win, basis, competitors(v, basis) w) x FULL JOIN plain_competitor p ON p.g = x.g AND p.c = x.competitor AND p.basis = x.basis
WHERE (x.considered, x.won, x.lost, x.lost_to, x.no_decision, x.open, x.total, x.amount_won, x.amount_lost, round(x.fractional_won::numeric, 9), round(x.fractional_total::numeric, 9))
	IS DISTINCT FROM (p.considered, p.won, p.lost, p.lost_to, p.no_decision, p.open, p.total, p.amount_won, p.amount_lost, round(p.fractional_won, 9), round(p.fractional_total, 9))
   OR abs(x.mean_won - p.mean_won::float8) > 1e-12 * abs(x.mean_won) OR (x.mean_won IS NULL) <> (p.mean_won IS NULL)
   OR abs(x.percent - 100.0 * p.won / nullif(p.total, 0)) > 1e-9 OR (x.percent IS NULL) <> (p.total = 0)
   OR x.low IS DISTINCT FROM (SELECT 100 * low FROM confidence_interval(rate_summary(p.won_of_total, p.total))) OR x.high IS DISTINCT FROM (SELECT 100 * high FROM confidence_interval(rate_summary(p.won_of_total, p.total)))
SQL
law('win_rate, win_loss_ratio, lost_to, amounts and fractional credit of one competitor', <<'SQL');
SELECT g FROM plain_competitor p JOIN win USING (g), LATERAL (SELECT win_rate(v, c, basis) AS r, fractional_credit(v, c, basis) AS f) x
WHERE (successes(r), total(r), win_loss_ratio(v, c), lost_to(v, c)) IS DISTINCT FROM (won_of_total, total, won::float8 / nullif(lost, 0), lost_to)
   OR abs(amount_win_rate(v, c) - (amount_won / nullif(amount_won + amount_lost, 0))::float8) > 1e-9 * greatest(1, abs(amount_win_rate(v, c)))
   OR abs((f).won - fractional_won::float8) > 1e-9 OR abs((f).total - fractional_total::float8) > 1e-9
   OR abs(fractional_win_rate(v, c, basis) - (fractional_won / nullif(fractional_total, 0))::float8) > 1e-9
SQL
law('overall and uncontested win rates', <<'SQL');
SELECT g FROM win JOIN (SELECT g, basis,
		count(DISTINCT i) FILTER (WHERE status = 'won') AS won, count(DISTINCT i) FILTER (WHERE status = ANY (statuses) OR (basis = 'lost_to' AND lost_to IS NOT NULL)) AS total,
		count(*) FILTER (WHERE k = 0 AND status = 'won') AS alone_won, count(*) FILTER (WHERE k = 0 AND (status = ANY (statuses) OR (basis = 'lost_to' AND lost_to IS NOT NULL))) AS alone,
		basis = 'lost_to' AND bool_or(status = 'lost') AND NOT bool_or(lost_to IS NOT NULL) AS unknown,
		basis = 'lost_to' AND bool_or(k = 0 AND status = 'lost') AND NOT bool_or(lost_to IS NOT NULL) AS alone_unknown
	FROM plain, basis GROUP BY g, basis) p USING (g), LATERAL (SELECT overall_win_rate(v, basis) AS r, uncontested_win_rate(v, basis) AS u) x
WHERE (successes(r), total(r)) IS DISTINCT FROM (CASE WHEN unknown THEN 0 ELSE won END, CASE WHEN unknown THEN 0 ELSE total END)
   OR (successes(u), total(u)) IS DISTINCT FROM (CASE WHEN alone_unknown THEN 0 ELSE alone_won END, CASE WHEN alone_unknown THEN 0 ELSE alone END)
SQL
law('outcomes() is what count, sum and avg by status make of it', <<'SQL');
SELECT g FROM (SELECT g, x.* FROM win, outcomes(v) AS x WHERE v IS NOT NULL) AS x FULL JOIN
	(SELECT g, status, count(i) AS deals, count(amount) AS with_amount, coalesce(sum(amount), 0) AS amount, avg(amount) AS mean
	 FROM (SELECT g FROM win WHERE v IS NOT NULL) AS w CROSS JOIN unnest('{won,lost,no_decision,open}'::text[]) AS status LEFT JOIN (SELECT DISTINCT g, i, status, amount FROM plain) AS d USING (g, status) GROUP BY g, status) AS p USING (g, status)
WHERE (x.deals, x.with_amount, x.amount) IS DISTINCT FROM (p.deals, p.with_amount, p.amount)
   OR abs(x.mean - p.mean::float8) > 1e-12 * abs(x.mean) OR (x.mean IS NULL) <> (p.mean IS NULL)
SQL
law('win_agg of columns: NULL is open, repeated and NULL names count once and not at all', <<'SQL');
SELECT coalesce(x.g, p.g) AS g
FROM (SELECT g, w.* FROM (SELECT g, win_agg(won, names, amount) AS v FROM field GROUP BY g) a, competitors(v) w) x
FULL JOIN (SELECT g, c, count(*) AS considered, count(*) FILTER (WHERE won) AS won, count(*) FILTER (WHERE NOT won) AS lost, count(*) FILTER (WHERE won IS NULL) AS open,
		coalesce(sum(amount) FILTER (WHERE won), 0) AS amount_won, sum(1.0 / k) AS fractional_total
	FROM (SELECT g, i, won, amount, c COLLATE "C" AS c, count(*) OVER (PARTITION BY i) AS k FROM field, LATERAL (SELECT DISTINCT c FROM unnest(names) c WHERE c IS NOT NULL) u) d GROUP BY g, c) p
ON p.g = x.g AND p.c = x.competitor
WHERE (x.considered, x.won, x.lost, x.open, x.no_decision, x.lost_to, x.amount_won, round(x.fractional_total::numeric, 9))
	IS DISTINCT FROM (p.considered, p.won, p.lost, p.open, 0, 0, p.amount_won, round(p.fractional_total, 9))
SQL

#
# content_summary against count, count distinct and sum
#
$node->safe_psql('postgres', 'CREATE TABLE content AS SELECT g, content_agg(action, actor, seconds ORDER BY i) AS v FROM log GROUP BY g');
law('actions() is what count, count distinct, sum and percentile make of the log', <<'SQL');
SELECT coalesce(x.g, p.g) AS g
FROM (SELECT g, a.* FROM content, actions(v) a) x
FULL JOIN (SELECT g, action, count(*) AS events, count(DISTINCT actor) AS actors, (sum(round(seconds * 1e6)::numeric) / 1e6)::float8 AS seconds,
		percentile_cont(0.5) WITHIN GROUP (ORDER BY floor(round(seconds * 1e6) / 1e6)) AS median
	FROM log WHERE action IS NOT NULL GROUP BY g, action) p ON p.g = x.g AND p.action = x.action
WHERE (x.events, x.distinct_actors, x.is_exact, x.median_seconds) IS DISTINCT FROM (p.events, p.actors, true, p.median)
   OR abs(x.total_seconds - p.seconds) > 1e-12 * p.seconds OR (x.total_seconds IS NULL) <> (p.seconds IS NULL)
SQL
law('the accessors of one action agree with its row, and view_time holds every time', <<'SQL');
SELECT g FROM content, actions(v) a
WHERE (action_count(v, action), distinct_actors(v, action), distinct_actors_is_exact(v, action), total_seconds(v, action), median(view_time(v, action)), unit(view_time(v, action)))
	IS DISTINCT FROM (events, a.distinct_actors, is_exact, a.total_seconds, median_seconds, 'second')
   OR observed(view_time(v, action)) <> (SELECT count(seconds) FROM log WHERE log.g = content.g AND log.action = a.action)
   OR abs(mean(view_time(v, action)) * observed(view_time(v, action)) - a.total_seconds) > 1e-6 * greatest(1, a.total_seconds)
SQL
law('content_agg without seconds is the same without times', <<'SQL');
SELECT g FROM (SELECT g, content_agg(action, actor) AS a, content_agg(action, actor, NULL) AS b FROM log GROUP BY g) x WHERE NOT record_image_eq(ROW(a), ROW(b))
SQL
law('crowds: exact up to 4,096 actors, then within 3 %', <<'SQL');
SELECT g FROM (SELECT g, content_agg(action, actor) AS v FROM crowd GROUP BY g) x, actions(v) a
	JOIN LATERAL (SELECT count(DISTINCT actor) AS n FROM crowd WHERE crowd.g = x.g AND crowd.action = a.action) p ON true
WHERE is_exact <> (n <= 4096) OR (is_exact AND distinct_actors <> n) OR abs(distinct_actors / n::float8 - 1) > 0.03
SQL

#
# Merge laws, bytewise
#
my $cheap = "SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0; SET enable_indexscan = off; SET enable_bitmapscan = off;";
my %plans = (
	'sorted groups' => 'SET enable_hashagg = off;',
	'hashed groups in little memory' => "SET enable_sort = off; SET work_mem = '64kB'; SET hash_mem_multiplier = 1;",
	'two workers and leader' => "$cheap SET max_parallel_workers_per_gather = 2; SET parallel_leader_participation = on;",
	'three workers without leader' => "$cheap SET max_parallel_workers_per_gather = 3; SET parallel_leader_participation = off;",
	'two workers planned, none there' => "$cheap SET max_parallel_workers_per_gather = 2; SET max_parallel_workers = 0;");

sub merge_laws
{
	my ($name, $table, $build) = @_;	# $build has %s where ORDER BY goes
	my $agg = sub { return sprintf($build, $_[0] // '') };
	my $reference = "reference_" . ($name =~ s/\W+/_/gr);
	$node->safe_psql('postgres', "SET max_parallel_workers_per_gather = 0; CREATE TABLE $reference AS SELECT g, " . $agg->('ORDER BY i') . " AS v FROM $table GROUP BY g; ANALYZE $reference");
	my $differs = sub {
		return "SELECT coalesce(r.g, x.g) AS g FROM $reference AS r FULL JOIN ($_[0]) AS x ON x.g = r.g WHERE NOT record_image_eq(ROW(r.v), ROW(x.v)) OR r.g IS NULL OR x.g IS NULL";
	};
	law("$name: any row order", join(' UNION ALL ', map { $differs->("SELECT g, " . $agg->("ORDER BY md5(i || '-$_')") . " AS v FROM $table GROUP BY g") } 1 .. 2));
	law("$name: rollup of $_ parts",
		$differs->("SELECT g, rollup(v ORDER BY md5(part || 'x')) AS v FROM (SELECT g, abs(hashint4(i::int + $_)) % $_ AS part, " . $agg->() . " AS v FROM $table GROUP BY 1, 2) AS p GROUP BY g")) for (2, 8);
	law("$name: rollup of rollups",
		$differs->("SELECT g, rollup(v) AS v FROM (SELECT g, p1, rollup(v) AS v FROM (SELECT g, i % 2 AS p1, i % 3 AS p2, " . $agg->() . " AS v FROM $table GROUP BY 1, 2, 3) AS a GROUP BY 1, 2) AS b GROUP BY g"));
	# one group, or some whose summaries come in turn: labels that were met before, by one state or by others
	law("$name: rollup of summaries of a few rows, in $_ groups", <<"SQL") for (1, 3, 60);
SELECT g % $_ AS g FROM (SELECT g % $_ AS g, @{[ $agg->() ]} AS v FROM $table GROUP BY 1) AS whole
FULL JOIN (SELECT g % $_ AS h, rollup(v) AS parts FROM (SELECT g, i, @{[ $agg->() ]} AS v FROM $table GROUP BY g, i) AS few GROUP BY 1) AS x ON h = g
WHERE NOT record_image_eq(ROW(v), ROW(parts)) OR g IS NULL OR h IS NULL
SQL
	law("$name: + either way round", <<"SQL");
SELECT g FROM (SELECT g, max(a::text) AS a, max(b::text) AS b FROM (SELECT g, CASE WHEN half = 0 THEN v END AS a, CASE WHEN half = 1 THEN v END AS b
	FROM (SELECT g, abs(i % 2) AS half, @{[ $agg->() ]} AS v FROM $table GROUP BY 1, 2) h) s GROUP BY g) t JOIN $reference r USING (g), pg_typeof(r.v) type,
	LATERAL (SELECT ($name\_of(a) + $name\_of(b)) AS ab, ($name\_of(b) + $name\_of(a)) AS ba) m
WHERE a IS NOT NULL AND b IS NOT NULL AND NOT (record_image_eq(ROW(ab), ROW(r.v)) AND record_image_eq(ROW(ba), ROW(r.v)))
SQL
	law("$name: $_", $differs->("SELECT g, " . $agg->() . " AS v FROM $table GROUP BY g"), $plans{$_}) for sort keys %plans;
	like($node->safe_psql('postgres', "$plans{'two workers and leader'} EXPLAIN (COSTS OFF) SELECT g, " . $agg->() . " AS v FROM $table GROUP BY g"),
		qr/Partial \w*Aggregate.*Parallel Seq Scan/s, "$name: that plan is a parallel one");
	law("$name: text and jsonb bring back the same bytes", "SELECT g FROM $reference WHERE NOT record_image_eq(ROW(v), ROW($name\_of(v::text))) OR NOT record_image_eq(ROW(v), ROW($name\_of(v::jsonb::text)))");
	$node->safe_psql('postgres', "COPY $reference TO '$tempdir/binary' (FORMAT binary); CREATE TABLE copied_$reference (LIKE $reference); COPY copied_$reference FROM '$tempdir/binary' (FORMAT binary)");
	law("$name: so does binary", $differs->("SELECT * FROM copied_$reference"));
}
$node->safe_psql('postgres', <<'SQL');
CREATE FUNCTION win_of(text) RETURNS win_summary LANGUAGE sql IMMUTABLE AS 'SELECT $1::win_summary';
CREATE FUNCTION fields_of(text) RETURNS win_summary LANGUAGE sql IMMUTABLE AS 'SELECT $1::win_summary';
CREATE FUNCTION content_of(text) RETURNS content_summary LANGUAGE sql IMMUTABLE AS 'SELECT $1::content_summary';
CREATE FUNCTION crowd_of(text) RETURNS content_summary LANGUAGE sql IMMUTABLE AS 'SELECT $1::content_summary';
SQL
merge_laws('win', 'outcome', 'win_agg(o %s)');
merge_laws('fields', 'field', 'win_agg(won, names, amount %s)');
merge_laws('content', 'log', 'content_agg(action, actor, seconds %s)');
merge_laws('crowd', 'crowd', 'content_agg(action, actor, seconds %s)');
law('what is taken out again leaves the rest', <<'SQL');
SELECT g FROM (SELECT g, win_agg(o) AS v, win_agg(o) FILTER (WHERE i % 3 = 0) AS part, win_agg(o) FILTER (WHERE i % 3 <> 0) AS rest FROM outcome GROUP BY g) x
WHERE part IS NOT NULL AND rest IS NOT NULL AND NOT record_image_eq(ROW(v - part), ROW(rest))
SQL

#
# Moving frames against forced recomputation, in bytes
#
my @frames = ('ROWS 3 PRECEDING', 'ROWS BETWEEN 2 PRECEDING AND 1 FOLLOWING', 'ROWS BETWEEN 5 PRECEDING AND 2 PRECEDING', 'ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING',
	'ROWS BETWEEN 3 PRECEDING AND CURRENT ROW EXCLUDE CURRENT ROW', 'RANGE BETWEEN 40 PRECEDING AND 10 PRECEDING');
for my $moving ([ 'win_agg(outcome)', 'win_agg(o)', 'outcome' ], [ 'win_agg(columns)', 'win_agg(won, names)', 'field' ], [ 'win_agg(columns and amount)', 'win_agg(won, names, amount)', 'field' ],
	[ 'rollup', 'rollup(v)', '(SELECT g % 60 AS g, row_number() OVER (PARTITION BY g % 60 ORDER BY g) AS i, v FROM win) w' ])
{
	my ($name, $agg, $table) = @$moving;
	law("$name in moving frames", join(' UNION ALL ', map { <<"SQL" } @frames));
SELECT g FROM (SELECT g, $agg OVER w AS moved, $agg FILTER (WHERE random() >= 0) OVER w AS anew FROM $table WINDOW w AS (PARTITION BY g ORDER BY i $_)) x
WHERE NOT record_image_eq(ROW(moved), ROW(anew))
SQL
}

$node->stop;
done_testing();
