
--
-- deal_history: everything that happened to one deal
--

-- STABLE for the reason given at deal_event_in.
@include type.sql.in TYPE=deal_history INPUT=STABLE ALIGNMENT=int4 STORAGE=extended

COMMENT ON TYPE deal_history IS 'everything that happened to one deal: a bag of events, kept in order; made by history_agg, asked by deal_progress, deal_outcome, deal_cycle and quota_attainment';

CREATE FUNCTION deal_history(VARIADIC events deal_event[]) RETURNS deal_history
	AS 'MODULE_PATHNAME', 'deal_history_from_events' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION deal_history(deal_event[]) IS 'a history from events; NULL events are skipped';
CREATE FUNCTION events_array(history deal_history) RETURNS deal_event[]
	AS 'MODULE_PATHNAME', 'deal_history_to_events' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION events_array(deal_history) IS 'the events of a history as an array, in order';
CREATE FUNCTION jsonb(history deal_history) RETURNS jsonb
	AS 'MODULE_PATHNAME', 'deal_history_to_jsonb' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION jsonb(deal_history) IS 'a history as an array of {"kind", "at", "amount", "subject"}';
CREATE FUNCTION deal_history(events jsonb) RETURNS deal_history
	AS 'MODULE_PATHNAME', 'deal_history_from_jsonb' LANGUAGE C STABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION deal_history(jsonb) IS 'a history from an array of {"kind", "at", "amount", "subject"}';
CREATE CAST (deal_event[] AS deal_history) WITH FUNCTION deal_history(deal_event[]);
CREATE CAST (deal_history AS deal_event[]) WITH FUNCTION events_array(deal_history);
CREATE CAST (deal_history AS jsonb) WITH FUNCTION jsonb(deal_history);
CREATE CAST (jsonb AS deal_history) WITH FUNCTION deal_history(jsonb);
COMMENT ON CAST (deal_event[] AS deal_history) IS 'a history from events';
COMMENT ON CAST (deal_history AS deal_event[]) IS 'the events of a history, in order';
CREATE FUNCTION deal_history_to_json(deal_history) RETURNS json
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION deal_history_to_json(deal_history) IS 'the cast from deal_history to json';
CREATE CAST (deal_history AS json) WITH FUNCTION deal_history_to_json(deal_history);
COMMENT ON CAST (deal_history AS json) IS 'a history as a JSON array';
COMMENT ON CAST (deal_history AS jsonb) IS 'a history as a jsonb array';
COMMENT ON CAST (jsonb AS deal_history) IS 'a history from a jsonb array';

-- Transitions are not STRICT: they skip NULLs and make their own first state.
CREATE FUNCTION deal_history_accumulate_event(state deal_history, event deal_event) RETURNS deal_history
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 20;
COMMENT ON FUNCTION deal_history_accumulate_event(deal_history, deal_event) IS 'transition of history_agg(deal_event)';
CREATE FUNCTION deal_history_accumulate_fields(state deal_history, kind text, at timestamptz) RETURNS deal_history
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 20;
COMMENT ON FUNCTION deal_history_accumulate_fields(deal_history, text, timestamptz) IS 'transition of history_agg(kind, at)';
CREATE FUNCTION deal_history_accumulate_fields(state deal_history, kind text, at timestamptz, amount numeric) RETURNS deal_history
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 20;
COMMENT ON FUNCTION deal_history_accumulate_fields(deal_history, text, timestamptz, numeric) IS 'transition of history_agg(kind, at, amount)';
CREATE FUNCTION deal_history_accumulate_fields(state deal_history, kind text, at timestamptz, amount numeric, subject text) RETURNS deal_history
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 20;
COMMENT ON FUNCTION deal_history_accumulate_fields(deal_history, text, timestamptz, numeric, text) IS 'transition of history_agg(kind, at, amount, subject)';
CREATE FUNCTION deal_history_accumulate(state deal_history, history deal_history) RETURNS deal_history
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION deal_history_accumulate(deal_history, deal_history) IS 'transition of rollup(deal_history), and combine function of history_agg';
CREATE FUNCTION deal_history_final(state deal_history) RETURNS deal_history
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION deal_history_final(deal_history) IS 'final function of history_agg: the canonical form';

CREATE AGGREGATE history_agg(event deal_event) (
	SFUNC = deal_history_accumulate_event, STYPE = deal_history, SSPACE = 160 /* unbounded */,
	FINALFUNC = deal_history_final, COMBINEFUNC = deal_history_accumulate, PARALLEL = SAFE
);
COMMENT ON AGGREGATE history_agg(deal_event) IS 'the history of a deal from its events';
CREATE AGGREGATE history_agg(kind text, at timestamptz) (
	SFUNC = deal_history_accumulate_fields, STYPE = deal_history, SSPACE = 160 /* unbounded */,
	FINALFUNC = deal_history_final, COMBINEFUNC = deal_history_accumulate, PARALLEL = SAFE
);
COMMENT ON AGGREGATE history_agg(text, timestamptz) IS 'the history of a deal from rows of kind and instant';
CREATE AGGREGATE history_agg(kind text, at timestamptz, amount numeric) (
	SFUNC = deal_history_accumulate_fields, STYPE = deal_history, SSPACE = 160 /* unbounded */,
	FINALFUNC = deal_history_final, COMBINEFUNC = deal_history_accumulate, PARALLEL = SAFE
);
COMMENT ON AGGREGATE history_agg(text, timestamptz, numeric) IS 'the history of a deal from rows of kind, instant and amount';
CREATE AGGREGATE history_agg(kind text, at timestamptz, amount numeric, subject text) (
	SFUNC = deal_history_accumulate_fields, STYPE = deal_history, SSPACE = 160 /* unbounded */,
	FINALFUNC = deal_history_final, COMBINEFUNC = deal_history_accumulate, PARALLEL = SAFE
);
COMMENT ON AGGREGATE history_agg(text, timestamptz, numeric, text) IS 'the history of a deal from rows of kind, instant, amount and subject';
CREATE AGGREGATE rollup(history deal_history) (
	SFUNC = deal_history_accumulate, STYPE = deal_history, SSPACE = 4096 /* unbounded */,
	FINALFUNC = deal_history_final, COMBINEFUNC = deal_history_accumulate, PARALLEL = SAFE
);
COMMENT ON AGGREGATE rollup(deal_history) IS 'one history of the events of many';

-- Not STRICT: || skips NULLs, as the aggregates do.
CREATE FUNCTION deal_history_append_event(history deal_history, event deal_event) RETURNS deal_history
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION deal_history_append_event(deal_history, deal_event) IS 'implementation of ||';
CREATE FUNCTION deal_history_concat(deal_history, deal_history) RETURNS deal_history
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION deal_history_concat(deal_history, deal_history) IS 'implementation of ||';
CREATE OPERATOR || (LEFTARG = deal_history, RIGHTARG = deal_event, FUNCTION = deal_history_append_event);
CREATE OPERATOR || (LEFTARG = deal_history, RIGHTARG = deal_history, FUNCTION = deal_history_concat, COMMUTATOR = ||);
COMMENT ON OPERATOR || (deal_history, deal_event) IS 'a history with one more event; NULLs are skipped';
COMMENT ON OPERATOR || (deal_history, deal_history) IS 'the events of both histories; NULLs are skipped';

CREATE FUNCTION event_count(history deal_history) RETURNS bigint
	AS 'MODULE_PATHNAME', 'deal_history_event_count' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION event_count(deal_history) IS 'how many events there are';
CREATE FUNCTION started_at(history deal_history) RETURNS timestamptz
	AS 'MODULE_PATHNAME', 'deal_history_started_at' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION started_at(deal_history) IS 'the first instant; NULL for an empty history';
CREATE FUNCTION ended_at(history deal_history) RETURNS timestamptz
	AS 'MODULE_PATHNAME', 'deal_history_ended_at' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ended_at(deal_history) IS 'the last instant; NULL for an empty history';
CREATE FUNCTION first_at(history deal_history, kind text) RETURNS timestamptz
	AS 'MODULE_PATHNAME', 'deal_history_first_at' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION first_at(deal_history, text) IS 'when a kind first happened; NULL when never';
CREATE FUNCTION last_at(history deal_history, kind text) RETURNS timestamptz
	AS 'MODULE_PATHNAME', 'deal_history_last_at' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION last_at(deal_history, text) IS 'when a kind last happened; NULL when never';
CREATE FUNCTION has_kind(history deal_history, kind text) RETURNS boolean
	AS 'MODULE_PATHNAME', 'deal_history_has_kind' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION has_kind(deal_history, text) IS 'did a kind ever happen';
-- Not STRICT: kinds may be NULL for all of them.
CREATE FUNCTION current_kind(history deal_history, kinds text[] DEFAULT NULL) RETURNS text
	AS 'MODULE_PATHNAME', 'deal_history_current_kind' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION current_kind(deal_history, text[]) IS 'the kind of the last event, or of the last one among kinds';
CREATE FUNCTION subjects(history deal_history, kind text) RETURNS text[]
	AS 'MODULE_PATHNAME', 'deal_history_subjects' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION subjects(deal_history, text) IS 'the distinct subjects of the events of a kind, sorted by bytes';
CREATE FUNCTION events(history deal_history) RETURNS SETOF deal_event
	AS 'MODULE_PATHNAME', 'deal_history_events' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 10;
COMMENT ON FUNCTION events(deal_history) IS 'the events, in order';
CREATE FUNCTION time_in(history deal_history, stages text[], as_of timestamptz DEFAULT now(), ends text[] DEFAULT '{won,lost,no_decision}',
	OUT stage text, OUT entered_at timestamptz, OUT left_at timestamptz, OUT days double precision) RETURNS SETOF record
	AS 'MODULE_PATHNAME', 'deal_history_time_in' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 10;
COMMENT ON FUNCTION time_in(deal_history, text[], timestamptz, text[]) IS 'the stays in the stages, each until another stage or an end; left_at is NULL for the one going on at as_of, and its days count until then';
CREATE FUNCTION transitions(history deal_history, stages text[],
	OUT from_stage text, OUT to_stage text, OUT at timestamptz) RETURNS SETOF record
	AS 'MODULE_PATHNAME', 'deal_history_transitions' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 10;
COMMENT ON FUNCTION transitions(deal_history, text[]) IS 'where one of the stages follows another; at one instant in the order of the list';
CREATE FUNCTION distinct_events(history deal_history) RETURNS deal_history
	AS 'MODULE_PATHNAME', 'deal_history_distinct_events' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION distinct_events(deal_history) IS 'a history without repeated events';
CREATE FUNCTION as_of(history deal_history, instant timestamptz) RETURNS deal_history
	AS 'MODULE_PATHNAME', 'deal_history_as_of' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION as_of(deal_history, timestamptz) IS 'the history as it stood at an instant';
CREATE FUNCTION state_changes(history deal_history, kinds text[]) RETURNS deal_history
	AS 'MODULE_PATHNAME', 'deal_history_state_changes' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION state_changes(deal_history, text[]) IS 'a history without restated states: of each run of one of the kinds the first instant, with the last amount and subject; other events stay';
CREATE FUNCTION by_day(history deal_history, zone text DEFAULT 'UTC') RETURNS deal_history
	AS 'MODULE_PATHNAME', 'deal_history_by_day' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION by_day(deal_history, text) IS 'a history with every instant moved to the beginning of its day in a time zone';
CREATE FUNCTION relabel(history deal_history, mapping jsonb) RETURNS deal_history
	AS 'MODULE_PATHNAME', 'deal_history_relabel' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION relabel(deal_history, jsonb) IS 'a history with kinds renamed by a mapping; kinds it does not name stay';
