
--
-- content_summary: what was read, by how many
--

@include type.sql.in TYPE=content_summary INPUT=IMMUTABLE ALIGNMENT=double STORAGE=extended
@include json.sql.in TYPE=content_summary

COMMENT ON TYPE content_summary IS 'events, distinct actors and time by action; made by content_agg, read by actions and distinct_actors';

-- Not STRICT: the state starts as NULL, and an event may lack an actor or a time.
CREATE FUNCTION content_summary_add_event(state content_summary, action text, actor text) RETURNS content_summary
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 10;
CREATE FUNCTION content_summary_add_event(state content_summary, action text, actor text, seconds double precision) RETURNS content_summary
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 10;
CREATE FUNCTION content_summary_add_summary(state content_summary, summary content_summary) RETURNS content_summary
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 200;
CREATE FUNCTION content_summary_combine(state content_summary, other content_summary) RETURNS content_summary
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION content_summary_final(state content_summary) RETURNS content_summary
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION content_summary_add_event(content_summary, text, text) IS 'transition of content_agg(action, actor)';
COMMENT ON FUNCTION content_summary_add_event(content_summary, text, text, double precision) IS 'transition of content_agg(action, actor, seconds)';
COMMENT ON FUNCTION content_summary_add_summary(content_summary, content_summary) IS 'transition of rollup(content_summary)';
COMMENT ON FUNCTION content_summary_combine(content_summary, content_summary) IS 'combine function of content_agg and rollup';
COMMENT ON FUNCTION content_summary_final(content_summary) IS 'final function of content_agg and rollup: the canonical form';

CREATE AGGREGATE content_agg(action text, actor text) (
	SFUNC = content_summary_add_event, STYPE = content_summary, SSPACE = 4096 /* unbounded */,
	FINALFUNC = content_summary_final, COMBINEFUNC = content_summary_combine, PARALLEL = SAFE
);
CREATE AGGREGATE content_agg(action text, actor text, seconds double precision) (
	SFUNC = content_summary_add_event, STYPE = content_summary, SSPACE = 4096 /* unbounded */,
	FINALFUNC = content_summary_final, COMBINEFUNC = content_summary_combine, PARALLEL = SAFE
);
CREATE AGGREGATE rollup(summary content_summary) (
	SFUNC = content_summary_add_summary, STYPE = content_summary, SSPACE = 8192 /* unbounded */,
	FINALFUNC = content_summary_final, COMBINEFUNC = content_summary_combine, PARALLEL = SAFE
);
COMMENT ON AGGREGATE content_agg(text, text) IS 'events and distinct actors by action';
COMMENT ON AGGREGATE content_agg(text, text, double precision) IS 'events, distinct actors and time by action';
COMMENT ON AGGREGATE rollup(content_summary) IS 'one summary of the events in many; an actor in several of them counts once';

CREATE FUNCTION content_summary_plus(content_summary, content_summary) RETURNS content_summary
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION content_summary_plus(content_summary, content_summary) IS 'implementation of +';
CREATE OPERATOR + (LEFTARG = content_summary, RIGHTARG = content_summary, FUNCTION = content_summary_plus, COMMUTATOR = +);
COMMENT ON OPERATOR + (content_summary, content_summary) IS 'the events in both; an actor in both counts once';

CREATE FUNCTION action_count(summary content_summary, action text) RETURNS bigint
	AS 'MODULE_PATHNAME', 'content_summary_action_count' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION distinct_actors(summary content_summary, action text) RETURNS bigint
	AS 'MODULE_PATHNAME', 'content_summary_distinct_actors' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION distinct_actors_is_exact(summary content_summary, action text) RETURNS boolean
	AS 'MODULE_PATHNAME', 'content_summary_distinct_actors_is_exact' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION total_seconds(summary content_summary, action text) RETURNS double precision
	AS 'MODULE_PATHNAME', 'content_summary_total_seconds' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION view_time(summary content_summary, action text) RETURNS duration_summary
	AS 'MODULE_PATHNAME', 'content_summary_view_time' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION actions(summary content_summary,
						OUT action text, OUT events bigint, OUT distinct_actors bigint, OUT is_exact boolean,
						OUT total_seconds double precision, OUT median_seconds double precision) RETURNS SETOF record
	AS 'MODULE_PATHNAME', 'content_summary_actions' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 10;
CREATE FUNCTION chart(summary content_summary, width integer DEFAULT 60) RETURNS text
	AS 'MODULE_PATHNAME', 'content_summary_chart' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION action_count(content_summary, text) IS 'how often an action happened';
COMMENT ON FUNCTION distinct_actors(content_summary, text) IS 'how many different actors did it: exact up to 4096, then an estimate with a standard error of 0.81 %';
COMMENT ON FUNCTION distinct_actors_is_exact(content_summary, text) IS 'is distinct_actors exact for this action';
COMMENT ON FUNCTION total_seconds(content_summary, text) IS 'how long it took in all, by the events that have a time; NULL when none has';
COMMENT ON FUNCTION view_time(content_summary, text) IS 'how long it took, in seconds, by the events that have a time';
COMMENT ON FUNCTION actions(content_summary) IS 'a row for each action: events, distinct actors, time in all and its median';
COMMENT ON FUNCTION chart(content_summary, integer) IS 'events of the most frequent actions, as text';
