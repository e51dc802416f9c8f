-- A sales organisation of three years, made from nothing but md5: the same rows everywhere, every time.
--
-- What is true in it, so that a report can be held against it:
--   * 20,000 leads, 2023-01 to 2025-12, growing and seasonal; the data stands as of 2025-12-31, so young deals are open.
--   * The programme (training for everybody) starts on 2024-07-01: from then on each stage takes 0.75 of the time.
--   * Two enablement platforms are rolled out from that day on, team by team, over nine months: Compass to eight teams, Beacon to
--     eight, neither to eight. Compass multiplies the odds of each later step (mql to sql, sql to opportunity, opportunity to won)
--     by 1.5 and takes 0.6 of the time from opportunity to close. Beacon does nothing. But the market turns better for all on
--     2024-07-01 (odds of lead to mql and of opportunity to won times 1.25), so a plain before and after praises Beacon as well;
--     only teams that have no platform, or none yet, show what is due to it.
--   * Each team drifts on its own: its share of leads that become opportunities moves by some points a year, with a standard
--     deviation of 0.5 points between the teams. A team is the unit; its deals are not independent of each other.
--   * Content is opened at a steady pace for as long as a deal lasts and moves nothing: longer deals have more of it.
--   * Against Globex deals are lost more often (odds 0.55), against Initech hardly so (0.95), against Umbra in between (0.75).
--   * 1 in 12 skips mql, 1 in 20 goes from lead straight to opportunity (partners); 1 in 9 opportunities falls back to sql and returns;
--     1 in 4 leads that were lost before they became an opportunity is recycled as a new lead of the same deal months later.
--   * Leads of events and partners are imported at day precision (ties between stages are frequent there), the others to the second.
--   * 72 reps, three to a team, hired one after the other from 2022 on, with quotas of a quarter and a ramp of two or three; seven left.

\echo Generating a CRM: 20,000 leads over three years, 24 teams, 72 reps
CREATE SCHEMA crm;
SET search_path = crm;
SET timezone = 'UTC';

-- a number in [0, 1) that depends on its seed and nothing else
CREATE FUNCTION exact_draw(seed text) RETURNS numeric LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN ('x' || left(md5(seed), 8))::bit(32)::bigint / 4294967296.0;
CREATE FUNCTION draw(seed text) RETURNS float8 LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN exact_draw(seed)::float8;

-- a waiting time of mean 1 (exponential); the logarithm is numeric's, since those of C libraries differ in their last digits
CREATE FUNCTION wait(seed text) RETURNS float8 LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN -ln(1 - exact_draw(seed));

-- the chance p with its odds multiplied
CREATE FUNCTION odds(p float8, factor float8) RETURNS float8 LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN p * factor / (1 - p + p * factor);

-- instants of this data set
CREATE FUNCTION programme_start() RETURNS timestamptz LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN timestamptz '2024-07-01 00:00:00+00';
CREATE FUNCTION as_of() RETURNS timestamptz LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN timestamptz '2025-12-31 00:00:00+00';

-- the effects in it, each at one place, so that the same leads can be looked at without it (test/t/docs_story.pl does)
CREATE FUNCTION programme_pace() RETURNS float8 LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN 0.75;		-- of the time that a stage takes
CREATE FUNCTION drift_points() RETURNS float8 LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN 0.5;		-- of lead to opportunity a year, standard deviation between teams
CREATE FUNCTION compass_odds() RETURNS float8 LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN 1.5;
CREATE FUNCTION compass_pace() RETURNS float8 LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN 0.6;			-- of the time from opportunity to close
CREATE FUNCTION beacon_odds() RETURNS float8 LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN 1;
CREATE FUNCTION market_odds() RETURNS float8 LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN 1.25;
CREATE FUNCTION content_days() RETURNS float8 LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN 9;			-- from one use to the next

CREATE TABLE team (
	team_id int PRIMARY KEY,
	name text NOT NULL,
	platform text,					-- NULL: this team gets none
	platform_since timestamptz,
	drift float8 NOT NULL			-- in standard deviations (drift_points)
);
INSERT INTO team
SELECT team_id, name, platform, since AT TIME ZONE 'UTC', 3.4641 * (draw('drift' || name) - 0.5)
FROM (VALUES (1, 'Amsterdam', 'Compass', timestamp '2024-07-01'), (2, 'Athens', 'Beacon', '2024-07-01'), (3, 'Barcelona', NULL, NULL),
	(4, 'Berlin', 'Compass', '2024-07-15'), (5, 'Bristol', 'Beacon', '2024-08-01'), (6, 'Brussels', NULL, NULL),
	(7, 'Cologne', 'Compass', '2024-09-01'), (8, 'Copenhagen', 'Beacon', '2024-09-01'), (9, 'Dublin', NULL, NULL),
	(10, 'Geneva', 'Compass', '2024-10-01'), (11, 'Hamburg', 'Beacon', '2024-10-15'), (12, 'Helsinki', NULL, NULL),
	(13, 'Krakow', 'Compass', '2024-11-01'), (14, 'Lisbon', 'Beacon', '2024-11-01'), (15, 'London', NULL, NULL),
	(16, 'Lyon', 'Compass', '2024-12-01'), (17, 'Madrid', 'Beacon', '2025-01-01'), (18, 'Milan', NULL, NULL),
	(19, 'Munich', 'Compass', '2025-02-01'), (20, 'Oslo', 'Beacon', '2025-02-01'), (21, 'Paris', NULL, NULL),
	(22, 'Prague', 'Compass', '2025-03-01'), (23, 'Vienna', 'Beacon', '2025-03-15'), (24, 'Zurich', NULL, NULL)) t(team_id, name, platform, since);

CREATE TABLE rep (
	rep_id int PRIMARY KEY,
	team_id int NOT NULL REFERENCES team,
	name text NOT NULL,
	hired_at timestamptz NOT NULL,
	left_at timestamptz,
	quota numeric NOT NULL,			-- of a calendar quarter
	ramp numeric[] NOT NULL			-- quotas of the first quarters
);
INSERT INTO rep
SELECT i, 1 + i % 24, format('%s %s', (ARRAY['Ada','Ben','Cleo','Dev','Eva','Finn','Gita','Hugo'])[1 + i % 8],
		(ARRAY['Stone','Rivera','Okafor','Lind','Tanaka','Novak','Haddad','Moreau','Silva'])[1 + i / 8 % 9]),
	hired.at, CASE WHEN i % 5 = 2 AND i BETWEEN 25 AND 60 THEN hired.at + (300 + floor(400 * draw('left' || i))) * interval '1 day' END,
	quota, CASE WHEN i % 2 = 0 THEN ARRAY[0.25 * quota, 0.5 * quota] ELSE ARRAY[0.2 * quota, 0.5 * quota, 0.75 * quota] END
FROM generate_series(1, 72) i,
	LATERAL (SELECT timestamptz '2022-02-07 00:00:00+00' + (CASE WHEN i <= 24 THEN i * 12 ELSE 300 + (i - 24) * 19 END + floor(20 * draw('hire' || i))) * interval '1 day') hired(at),
	LATERAL (SELECT 30000 + 5000 * floor(4 * draw('quota' || i))::numeric) q(quota);
CREATE TABLE lead (
	lead_id bigint PRIMARY KEY,
	created_at timestamptz NOT NULL,
	source text NOT NULL,
	segment text NOT NULL,
	team_id int NOT NULL REFERENCES team,
	rep_id int NOT NULL REFERENCES rep
);
INSERT INTO lead
WITH candidate AS MATERIALIZED (	-- more of them every year
	SELECT id, date '2023-01-01' + floor(1092 * power(exact_draw('day' || id), 0.8))::int AS on_day,
		(ARRAY['web', 'web', 'web', 'outbound', 'outbound', 'referral', 'event', 'partner'])[1 + floor(8 * draw('source' || id))::int] AS source,
		(ARRAY['small', 'small', 'small', 'middle', 'middle', 'large'])[1 + floor(6 * draw('segment' || id))::int] AS segment,
		1 + floor(24 * draw('team' || id))::int AS team_id
	FROM generate_series(1, 20000) id
), seasonal AS MATERIALIZED (	-- fewer in August and December
	SELECT *, CASE WHEN extract(month FROM on_day) IN (8, 12) AND draw('season' || id) < 0.35 THEN on_day - 45 ELSE on_day END AS season_day
	FROM candidate
), working AS MATERIALIZED (	-- on working days
	SELECT *, season_day + CASE extract(isodow FROM season_day) WHEN 6 THEN 2 WHEN 7 THEN 1 ELSE 0 END
		+ CASE WHEN source IN ('event', 'partner') THEN interval '0' ELSE interval '7 hours' + floor(43200 * draw('second' || id)) * interval '1 second' END AS created
	FROM seasonal
)
SELECT id, created AT TIME ZONE 'UTC', source, segment, team_id,
	(SELECT rep_id FROM rep r
	 WHERE r.team_id = w.team_id AND r.hired_at <= created AT TIME ZONE 'UTC' AND (r.left_at IS NULL OR r.left_at > created AT TIME ZONE 'UTC')
	 ORDER BY draw(id || 'rep' || rep_id) LIMIT 1)
FROM working w
ORDER BY id;

-- What the CRM keeps of a deal: one row for each change of stage, competitor met, platform used and content opened.
CREATE TABLE opportunity_history (
	opportunity_id bigint NOT NULL REFERENCES lead,
	stage_name text NOT NULL,
	changed_at timestamptz NOT NULL,
	amount numeric,
	subject text
);

-- The life of one lead, as told in the head of this file.
CREATE FUNCTION life(lead lead, team team) RETURNS SETOF opportunity_history LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
	stages CONSTANT text[] := '{mql,sql,opportunity,won}';
	chance CONSTANT float8[] := '{0.52,0.50,0.56,0.32}';
	mean_days CONSTANT float8[] := '{5,12,18,45}';
	rivals CONSTANT text[] := '{Globex,Umbra,Initech}';
	rival_share CONSTANT float8[] := '{0.35,0.22,0.15}';
	rival_odds CONSTANT float8[] := '{0.55,0.75,0.95}';
	assets CONSTANT text[] := '{Price list,Case study,Battle card,Product tour,ROI sheet,Security FAQ}';
	grain CONSTANT text := CASE WHEN lead.source IN ('event', 'partner') THEN 'day' ELSE 'second' END;
	key text;
	step int;
	at timestamptz := lead.created_at;
	entered timestamptz;		-- into the stage before
	content_from timestamptz;
	content_to timestamptz;
	p float8;
	delay interval;
	price numeric := round((CASE lead.segment WHEN 'small' THEN 6000 WHEN 'middle' THEN 18000 ELSE 60000 END
							* (0.4 + wait('price' || lead.lead_id)))::numeric, -2);
	met text[];
	ending text;
BEGIN
	FOR attempt IN 1..2 LOOP
		key := lead.lead_id || '/' || attempt || '/';
		content_from := NULL;
		met := '{}';
		RETURN NEXT (lead.lead_id, 'lead', at, NULL, NULL)::opportunity_history;
		FOR i IN 1..4 LOOP
			step := i;
			entered := at;
			p := chance[step];
			IF step = 1 THEN		-- 16: points of lead to opportunity without drift
				p := p * (1 + drift_points() * team.drift / 16 * (extract(epoch FROM entered - timestamptz '2023-01-01 00:00:00+00') / 31557600)::float8);
			END IF;
			IF step IN (1, 4) AND entered >= programme_start() THEN
				p := odds(p, market_odds());
			END IF;
			IF step > 1 AND entered >= team.platform_since THEN
				p := odds(p, CASE team.platform WHEN 'Compass' THEN compass_odds() ELSE beacon_odds() END);
			END IF;
			delay := CASE WHEN entered >= programme_start() THEN programme_pace() ELSE 1 END
				* CASE WHEN step = 4 AND team.platform = 'Compass' AND entered >= team.platform_since THEN compass_pace() ELSE 1 END
				* mean_days[step] * (0.15 + wait(key || 'delay' || step)) * interval '1 day';
			at := date_trunc(grain, entered + delay);
			IF step = 4 THEN
				FOR r IN 1..3 LOOP
					CONTINUE WHEN draw(key || rivals[r]) >= rival_share[r];
					met := met || rivals[r];
					p := odds(p, rival_odds[r]);
					RETURN NEXT (lead.lead_id, 'competitor', date_trunc(grain, entered + delay * draw(key || 'met' || r)), NULL, rivals[r])::opportunity_history;
				END LOOP;
				IF draw(key || 'back') < 1 / 9.0 THEN
					RETURN NEXT (lead.lead_id, 'sql', date_trunc(grain, entered + delay * 0.25), NULL, NULL)::opportunity_history;
					RETURN NEXT (lead.lead_id, 'opportunity', date_trunc(grain, entered + delay * 0.5), price, NULL)::opportunity_history;
				END IF;
			END IF;
			EXIT WHEN draw(key || 'pass' || step) >= p;
			IF step = 2 THEN
				content_from := at;
			END IF;
			IF NOT (step = 1 AND draw(key || 'skip') < 1 / 12.0) AND NOT (step <= 2 AND draw(key || 'jump') < 1 / 20.0) THEN
				RETURN NEXT (lead.lead_id, stages[step], at,
							 CASE step WHEN 3 THEN price WHEN 4 THEN round(price * (0.85 + 0.15 * draw(key || 'discount'))::numeric, 0) END, NULL)::opportunity_history;
			END IF;
			ending := CASE WHEN step = 4 THEN 'won' END;
		END LOOP;

		IF ending IS DISTINCT FROM 'won' THEN		-- the step failed: said so, or just silence
			p := draw(key || 'ending');
			ending := CASE WHEN step = 4 AND p < 0.12 THEN 'no_decision' WHEN p < 0.8 THEN 'lost' ELSE 'silence' END;
			IF ending <> 'silence' THEN
				RETURN NEXT (lead.lead_id, ending, at, CASE WHEN step = 4 THEN price END,
							 CASE WHEN ending = 'lost' AND draw(key || 'to') < 0.6 THEN met[1 + floor(cardinality(met) * draw(key || 'whom'))::int] END)::opportunity_history;
			END IF;
		END IF;

		content_to := at;
		FOR i IN 1..12 LOOP
			content_from := content_from + content_days() * wait(key || 'content' || i) * interval '1 day';
			EXIT WHEN content_from IS NULL OR content_from > content_to;
			RETURN NEXT (lead.lead_id, 'content', date_trunc('second', content_from), NULL, assets[1 + floor(6 * draw(key || 'asset' || i))::int])::opportunity_history;
		END LOOP;

		EXIT WHEN ending <> 'lost' OR step = 4 OR draw(key || 'recycle') >= 0.25;
		at := date_trunc(grain, at + (60 + 140 * draw(key || 'rest')) * interval '1 day');
		ending := NULL;
	END LOOP;

	IF team.platform_since <= at THEN
		RETURN NEXT (lead.lead_id, 'platform', greatest(lead.created_at, team.platform_since), NULL, team.platform)::opportunity_history;
	END IF;
END $$;

INSERT INTO opportunity_history
SELECT h.*
FROM lead JOIN team USING (team_id), LATERAL life(lead, team) h
WHERE h.changed_at <= as_of()
ORDER BY h.changed_at, h.opportunity_id, h.stage_name, h.subject;
CREATE INDEX ON opportunity_history (opportunity_id);

-- Who did what with a piece of content, and for how long: the seller opens it, uses it in a talk and shares it, one or more people of the buyer view it, some download it.
CREATE TABLE content_use (
	opportunity_id bigint NOT NULL REFERENCES lead,
	content text NOT NULL,
	action text NOT NULL,
	actor text NOT NULL,
	used_at timestamptz NOT NULL,
	seconds float8
);
INSERT INTO content_use
SELECT opportunity_id, subject, a.action,
	CASE WHEN a.action IN ('open', 'use', 'share') THEN 'rep ' || rep_id ELSE format('buyer %s.%s', opportunity_id, a.person) END,
	changed_at + a.person * interval '1 hour',
	CASE a.action WHEN 'view' THEN round((90 * wait(key || 'seconds' || a.person))::numeric, 1)::float8 END
FROM opportunity_history JOIN lead ON lead_id = opportunity_id,
	LATERAL (SELECT opportunity_id || subject || changed_at) k(key),
	LATERAL (VALUES ('open', 0), ('use', 0), ('share', 0), ('view', 1), ('view', 2), ('view', 3), ('download', 1)) a(action, person)
WHERE stage_name = 'content' AND changed_at + a.person * interval '1 hour' <= as_of()
  AND draw(key || a.action || a.person) < CASE a.action WHEN 'open' THEN 1 WHEN 'use' THEN 0.6 WHEN 'share' THEN 0.8 WHEN 'view' THEN 0.75 / a.person ELSE 0.3 END
ORDER BY changed_at, opportunity_id, subject, a.action, a.person;

ANALYZE;
