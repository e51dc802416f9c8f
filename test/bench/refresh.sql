-- test/bench/refresh: refreshes against rebuilds. Needs :deals and an empty database.
SET client_min_messages = warning;
CREATE EXTENSION enablement_metrics;
CREATE TABLE event (deal bigint, kind text, at timestamptz, amount numeric, synced timestamptz);
INSERT INTO event
	SELECT d, (ARRAY['lead','mql','sql','competitor','opportunity','content','proposal','negotiation','won'])[k], started + k * interval '5 days',
		CASE WHEN k > 4 THEN d % 10000 END, started + k * interval '5 days' + interval '1 hour'
	FROM (SELECT d, '2024-01-01'::timestamptz + d % 700 * interval '1 day' AS started FROM generate_series(1, :deals) d) x, generate_series(1, 5 + d % 5) k;
CREATE INDEX ON event (deal);
CREATE INDEX ON event (synced);
VACUUM ANALYZE event;

CREATE TABLE measured (id serial, what text, seconds float8, rows_read bigint);
CREATE PROCEDURE measure(what text, command text) LANGUAGE plpgsql AS $$
DECLARE
	began timestamptz := clock_timestamp();
	rows_read bigint;
BEGIN
	IF command LIKE 'SELECT%' THEN
		EXECUTE command INTO rows_read;
	ELSE
		EXECUTE command;
	END IF;
	INSERT INTO measured (what, seconds, rows_read) VALUES (what, extract(epoch FROM clock_timestamp() - began), rows_read);
END
$$;
-- other deals each time: of each hundred one, half of them with a new event, half with another amount
CREATE PROCEDURE change(nth int) LANGUAGE sql AS $$
	INSERT INTO event SELECT DISTINCT deal, 'lost', now(), NULL::numeric, now() FROM event WHERE deal % 200 = nth;
	UPDATE event SET amount = amount + 1, synced = now() WHERE deal % 200 = nth + 100 AND kind = 'opportunity';
$$;

SELECT track_histories('event', 'stamped', 'deal', 'kind', 'at', 'amount', changed => 'synced'),
	track_histories('event', 'unstamped', 'deal', 'kind', 'at', 'amount', changed => 'xmin') \g /dev/null
CALL measure('full rebuild', 'SELECT rows_read FROM refresh_histories(''stamped'')');
CREATE MATERIALIZED VIEW viewed AS SELECT deal, history_agg(kind, at, amount) AS history FROM event GROUP BY deal;
CREATE UNIQUE INDEX ON viewed (deal);
CALL measure('REFRESH MATERIALIZED VIEW', 'REFRESH MATERIALIZED VIEW viewed');
SELECT refresh_histories('unstamped') \g /dev/null
VACUUM ANALYZE stamped;
VACUUM ANALYZE unstamped;
CHECKPOINT;
SELECT format('CALL change(%s)', n), format('CALL measure(''incremental'', %L)', 'SELECT rows_read FROM refresh_histories(''stamped'')'),
	format('CALL measure(''incremental by xmin'', %L)', 'SELECT rows_read FROM refresh_histories(''unstamped'')')
FROM generate_series(1, 5) n \gexec
CALL measure('nothing changed', 'SELECT rows_read FROM refresh_histories(''stamped'')');
CALL measure('full, nothing changed', 'SELECT rows_read FROM refresh_histories(''stamped'', full => true)');

SELECT what, count(*) AS runs, round(percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds)::numeric, 3) AS seconds, max(rows_read) AS rows_read,
	round((100 * percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds) / (SELECT seconds FROM measured WHERE what = 'full rebuild'))::numeric, 1) AS percent_of_rebuild
FROM measured GROUP BY what ORDER BY min(id);
SELECT count(*) AS wrong FROM stamped FULL JOIN (SELECT deal, history_agg(kind, at, amount) AS history FROM event GROUP BY deal) truth USING (deal)
	WHERE stamped.history::text IS DISTINCT FROM truth.history::text;
