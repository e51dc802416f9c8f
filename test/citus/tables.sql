-- The tables of the check, in the schema that is first in search_path: with variable "from" unset as plain tables with
-- rows of their own, else cut up and filled from the schema it names. "citus" says whether Citus cuts them up; without
-- it they are partitioned, which is the nearest thing that one server has.
\set partitioned ''
\if :{?from}
	\if :citus
	\else
		\set partitioned 'PARTITION BY HASH'
	\endif
\endif
CREATE TABLE cut (name text, key text);
INSERT INTO cut VALUES ('event', 'deal_id'), ('deal', 'deal_id'), ('daily', 'team'), ('content_use', 'actor'), ('rep', 'rep_id'), ('stratum', 'stratum_id');

SELECT format('CREATE TABLE %I (%s) %s', name, columns, CASE WHEN :'partitioned' <> '' THEN :'partitioned' || format(' (%I)', key) END)
FROM cut JOIN (VALUES
	('event', 'deal_id bigint NOT NULL, team text NOT NULL, kind text NOT NULL, at timestamptz NOT NULL, amount numeric, subject text'),
	('deal', 'deal_id bigint NOT NULL, team text NOT NULL, month date NOT NULL, history deal_history'),
	('daily', 'team text NOT NULL, month date NOT NULL, day date NOT NULL, won rate_summary, funnel funnel_summary, wins win_summary, cycles duration_summary'),
	('content_use', 'content text NOT NULL, actor text NOT NULL, action text NOT NULL, seconds double precision'),
	('rep', 'rep_id bigint NOT NULL, hire_year int NOT NULL, hired_at timestamptz NOT NULL, quota numeric NOT NULL, history deal_history'),
	('stratum', 'stratum_id bigint NOT NULL, before_rate rate_summary, after_rate rate_summary, before_cycle duration_summary, after_cycle duration_summary')
	) AS t (name, columns) USING (name) \gexec
\if :{?from}
	\if :citus
		SELECT format('SELECT create_distributed_table(%L, %L, colocate_with => %L)', name, key, CASE WHEN name = 'deal' THEN 'event' ELSE 'none' END)
		FROM cut ORDER BY name = 'deal' \gexec
	\else
		SELECT format('CREATE TABLE %I PARTITION OF %I FOR VALUES WITH (MODULUS 4, REMAINDER %s)', name || '_' || part, name, part)
		FROM cut, generate_series(0, 3) AS part \gexec
	\endif
	SELECT format('INSERT INTO %1$I SELECT * FROM %2$I.%1$I', name, :'from'), format('ANALYZE %I', name) FROM cut \gexec
\else
	INSERT INTO event
	SELECT deal_id, 'team ' || deal_id % 7, kind, timestamptz '2026-01-05 08:00:00+00' + deal_id * interval '37 minutes' + nth * (1 + deal_id % 13) * interval '31 hours',
	       CASE WHEN kind IN ('opportunity', 'won') THEN 900 + deal_id % 97 * 101.25 END, CASE WHEN kind = 'competitor' THEN 'Rival ' || deal_id % 5 END
	FROM generate_series(1, 3000) AS deal_id,
	     unnest(ARRAY['lead', 'mql', CASE WHEN deal_id % 5 > 0 THEN 'sql' END, 'opportunity', CASE WHEN deal_id % 3 > 0 THEN 'competitor' END, (ARRAY['won', 'lost', 'lost'])[1 + deal_id * 11 % 4]])
	         WITH ORDINALITY AS e (kind, nth)
	WHERE kind IS NOT NULL AND nth <= 2 + deal_id * 7 % 5;
	INSERT INTO deal
	SELECT deal_id, team, date_trunc('month', min(at)), history_agg(kind, at, amount, subject) FROM event GROUP BY deal_id, team;
	INSERT INTO daily
	SELECT team, month, started_at(history)::date, rate_agg(has_kind(history, 'won')), funnel_agg(deal_progress(history, as_of => '2026-07-01')),
	       win_agg(deal_outcome(history, as_of => '2026-07-01')), duration_agg(deal_cycle(history, as_of => '2026-07-01'))
	FROM deal GROUP BY 1, 2, 3;
	INSERT INTO content_use
	SELECT 'content ' || i % 3, 'seller ' || i * 31 % 5000, (ARRAY['view', 'use', 'share'])[1 + i % 5 % 3], CASE WHEN i % 4 > 0 THEN i % 240 + 0.5 END
	FROM generate_series(1, 20000) AS i;
	INSERT INTO rep
	SELECT rep_id, extract(year FROM timestamptz '2025-10-01 00:00:00+00' + rep_id * interval '2 days'), timestamptz '2025-10-01 00:00:00+00' + rep_id * interval '2 days', 5000 + rep_id % 9 * 1000,
	       (SELECT history_agg(kind, at, amount, deal_id::text) FROM event WHERE deal_id % 50 = rep_id AND kind IN ('won', 'lost'))
	FROM generate_series(1, 50) AS rep_id;
	INSERT INTO stratum
	SELECT deal_id % 24, rate_agg(has_kind(history, 'won')) FILTER (WHERE deal_id % 5 < 3), rate_agg(has_kind(history, 'won')) FILTER (WHERE deal_id % 5 > 2),
	       duration_agg(deal_cycle(history, as_of => '2026-07-01')) FILTER (WHERE deal_id % 5 < 3), duration_agg(deal_cycle(history, as_of => '2026-07-01')) FILTER (WHERE deal_id % 5 > 2)
	FROM deal GROUP BY 1;
\endif
DROP TABLE cut;
