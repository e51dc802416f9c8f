-- enablement_metrics--1.0.sql
\echo Use "CREATE EXTENSION enablement_metrics" to load this file. \quit

-- One section per room, in the order of the floors; a room uses only rooms above it in this file.

--
-- deal_event: one thing that happened, at one instant (floor 0)
--

CREATE TYPE deal_event;

-- STABLE where an instant is read from text: a literal without a zone, or 'now', depends on the session.
CREATE FUNCTION deal_event_in(cstring) RETURNS deal_event
	AS 'MODULE_PATHNAME' LANGUAGE C STABLE STRICT PARALLEL SAFE;
CREATE FUNCTION deal_event_out(deal_event) RETURNS cstring
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION deal_event_recv(internal) RETURNS deal_event
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION deal_event_send(deal_event) RETURNS bytea
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE TYPE deal_event (
	INPUT = deal_event_in,
	OUTPUT = deal_event_out,
	RECEIVE = deal_event_recv,
	SEND = deal_event_send,
	INTERNALLENGTH = VARIABLE,
	ALIGNMENT = double,
	STORAGE = extended
);

COMMENT ON TYPE deal_event IS 'one thing that happened to a deal: (kind, instant, amount, subject); many make a deal_history';
COMMENT ON FUNCTION deal_event_in(cstring) IS 'input of deal_event';
COMMENT ON FUNCTION deal_event_out(deal_event) IS 'output of deal_event';
COMMENT ON FUNCTION deal_event_recv(internal) IS 'binary input of deal_event';
COMMENT ON FUNCTION deal_event_send(deal_event) IS 'binary output of deal_event';

-- Not STRICT: amount and subject may be missing.
CREATE FUNCTION deal_event(kind text, at timestamptz, amount numeric DEFAULT NULL, subject text DEFAULT NULL) RETURNS deal_event
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION deal_event(text, timestamptz, numeric, text) IS 'an event from its parts; NULL without a kind or an instant';

CREATE FUNCTION kind(event deal_event) RETURNS text
	AS 'MODULE_PATHNAME', 'deal_event_kind' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION occurred_at(event deal_event) RETURNS timestamptz
	AS 'MODULE_PATHNAME', 'deal_event_occurred_at' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION amount(event deal_event) RETURNS numeric
	AS 'MODULE_PATHNAME', 'deal_event_amount' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION subject(event deal_event) RETURNS text
	AS 'MODULE_PATHNAME', 'deal_event_subject' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION kind(deal_event) IS 'what happened: a stage, or a fact about the deal';
COMMENT ON FUNCTION occurred_at(deal_event) IS 'when it happened';
COMMENT ON FUNCTION amount(deal_event) IS 'the money in it; NULL when there is none';
COMMENT ON FUNCTION subject(deal_event) IS 'which competitor, content, platform or deal it is about; NULL when there is none';

CREATE FUNCTION jsonb(event deal_event) RETURNS jsonb
	AS 'MODULE_PATHNAME', 'deal_event_to_jsonb' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION deal_event(object jsonb) RETURNS deal_event
	AS 'MODULE_PATHNAME', 'deal_event_from_jsonb' LANGUAGE C STABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION jsonb(deal_event) IS 'an event as {"kind", "at", "amount", "subject"}';
COMMENT ON FUNCTION deal_event(jsonb) IS 'an event from {"kind", "at", "amount", "subject"}';
CREATE CAST (deal_event AS jsonb) WITH FUNCTION jsonb(deal_event);
CREATE CAST (jsonb AS deal_event) WITH FUNCTION deal_event(jsonb);
COMMENT ON CAST (deal_event AS jsonb) IS 'an event as a jsonb object';
COMMENT ON CAST (jsonb AS deal_event) IS 'an event from a jsonb object';

CREATE FUNCTION deal_event_lt(deal_event, deal_event) RETURNS boolean
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION deal_event_le(deal_event, deal_event) RETURNS boolean
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION deal_event_eq(deal_event, deal_event) RETURNS boolean
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION deal_event_ne(deal_event, deal_event) RETURNS boolean
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION deal_event_ge(deal_event, deal_event) RETURNS boolean
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION deal_event_gt(deal_event, deal_event) RETURNS boolean
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION deal_event_cmp(deal_event, deal_event) RETURNS integer
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION deal_event_hash(deal_event) RETURNS integer
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION deal_event_hash_extended(deal_event, bigint) RETURNS bigint
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION deal_event_lt(deal_event, deal_event) IS 'implementation of <';
COMMENT ON FUNCTION deal_event_le(deal_event, deal_event) IS 'implementation of <=';
COMMENT ON FUNCTION deal_event_eq(deal_event, deal_event) IS 'implementation of =';
COMMENT ON FUNCTION deal_event_ne(deal_event, deal_event) IS 'implementation of <>';
COMMENT ON FUNCTION deal_event_ge(deal_event, deal_event) IS 'implementation of >=';
COMMENT ON FUNCTION deal_event_gt(deal_event, deal_event) IS 'implementation of >';
COMMENT ON FUNCTION deal_event_cmp(deal_event, deal_event) IS 'total order of events: instant, kind, subject, amount; by bytes, NULL last';
COMMENT ON FUNCTION deal_event_hash(deal_event) IS 'hash of an event';
COMMENT ON FUNCTION deal_event_hash_extended(deal_event, bigint) IS 'hash of an event, with a seed';

CREATE OPERATOR < (
	LEFTARG = deal_event, RIGHTARG = deal_event, FUNCTION = deal_event_lt,
	COMMUTATOR = >, NEGATOR = >=, RESTRICT = scalarltsel, JOIN = scalarltjoinsel
);
CREATE OPERATOR <= (
	LEFTARG = deal_event, RIGHTARG = deal_event, FUNCTION = deal_event_le,
	COMMUTATOR = >=, NEGATOR = >, RESTRICT = scalarlesel, JOIN = scalarlejoinsel
);
CREATE OPERATOR = (
	LEFTARG = deal_event, RIGHTARG = deal_event, FUNCTION = deal_event_eq,
	COMMUTATOR = =, NEGATOR = <>, RESTRICT = eqsel, JOIN = eqjoinsel,
	HASHES, MERGES
);
CREATE OPERATOR <> (
	LEFTARG = deal_event, RIGHTARG = deal_event, FUNCTION = deal_event_ne,
	COMMUTATOR = <>, NEGATOR = =, RESTRICT = neqsel, JOIN = neqjoinsel
);
CREATE OPERATOR >= (
	LEFTARG = deal_event, RIGHTARG = deal_event, FUNCTION = deal_event_ge,
	COMMUTATOR = <=, NEGATOR = <, RESTRICT = scalargesel, JOIN = scalargejoinsel
);
CREATE OPERATOR > (
	LEFTARG = deal_event, RIGHTARG = deal_event, FUNCTION = deal_event_gt,
	COMMUTATOR = <, NEGATOR = <=, RESTRICT = scalargtsel, JOIN = scalargtjoinsel
);
COMMENT ON OPERATOR < (deal_event, deal_event) IS 'is before';
COMMENT ON OPERATOR <= (deal_event, deal_event) IS 'is before or equal to';
COMMENT ON OPERATOR = (deal_event, deal_event) IS 'is the same as';
COMMENT ON OPERATOR <> (deal_event, deal_event) IS 'differs from';
COMMENT ON OPERATOR >= (deal_event, deal_event) IS 'is after or equal to';
COMMENT ON OPERATOR > (deal_event, deal_event) IS 'is after';

CREATE OPERATOR CLASS deal_event_ops DEFAULT FOR TYPE deal_event USING btree AS
	OPERATOR 1 <,
	OPERATOR 2 <=,
	OPERATOR 3 =,
	OPERATOR 4 >=,
	OPERATOR 5 >,
	FUNCTION 1 deal_event_cmp(deal_event, deal_event),
	FUNCTION 4 btequalimage(oid);
CREATE OPERATOR CLASS deal_event_ops DEFAULT FOR TYPE deal_event USING hash AS
	OPERATOR 1 =,
	FUNCTION 1 deal_event_hash(deal_event),
	FUNCTION 2 deal_event_hash_extended(deal_event, bigint);
COMMENT ON OPERATOR FAMILY deal_event_ops USING btree IS 'total order of events';
COMMENT ON OPERATOR FAMILY deal_event_ops USING hash IS 'hashing of events';
COMMENT ON OPERATOR CLASS deal_event_ops USING btree IS 'total order of events';
COMMENT ON OPERATOR CLASS deal_event_ops USING hash IS 'hashing of events';

--
-- deal_history: everything that happened to one deal (floor 1)
--

CREATE TYPE deal_history;

-- STABLE for the reason given at deal_event_in.
CREATE FUNCTION deal_history_in(cstring) RETURNS deal_history
	AS 'MODULE_PATHNAME' LANGUAGE C STABLE STRICT PARALLEL SAFE;
CREATE FUNCTION deal_history_out(deal_history) RETURNS cstring
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION deal_history_recv(internal) RETURNS deal_history
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION deal_history_send(deal_history) RETURNS bytea
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE TYPE deal_history (
	INPUT = deal_history_in,
	OUTPUT = deal_history_out,
	RECEIVE = deal_history_recv,
	SEND = deal_history_send,
	INTERNALLENGTH = VARIABLE,
	STORAGE = extended
);

COMMENT ON TYPE deal_history IS 'everything that happened to one deal: a bag of events, kept in order; made by history_agg, asked by deal_progress, deal_outcome, deal_cycle and quota_attainment';
COMMENT ON FUNCTION deal_history_in(cstring) IS 'input of deal_history';
COMMENT ON FUNCTION deal_history_out(deal_history) IS 'output of deal_history';
COMMENT ON FUNCTION deal_history_recv(internal) IS 'binary input of deal_history';
COMMENT ON FUNCTION deal_history_send(deal_history) IS 'binary output of deal_history';

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
	SFUNC = deal_history_accumulate_event, STYPE = deal_history, SSPACE = 160,
	FINALFUNC = deal_history_final, COMBINEFUNC = deal_history_accumulate, PARALLEL = SAFE
);
COMMENT ON AGGREGATE history_agg(deal_event) IS 'the history of a deal from its events';
CREATE AGGREGATE history_agg(kind text, at timestamptz) (
	SFUNC = deal_history_accumulate_fields, STYPE = deal_history, SSPACE = 160,
	FINALFUNC = deal_history_final, COMBINEFUNC = deal_history_accumulate, PARALLEL = SAFE
);
COMMENT ON AGGREGATE history_agg(text, timestamptz) IS 'the history of a deal from rows of kind and instant';
CREATE AGGREGATE history_agg(kind text, at timestamptz, amount numeric) (
	SFUNC = deal_history_accumulate_fields, STYPE = deal_history, SSPACE = 160,
	FINALFUNC = deal_history_final, COMBINEFUNC = deal_history_accumulate, PARALLEL = SAFE
);
COMMENT ON AGGREGATE history_agg(text, timestamptz, numeric) IS 'the history of a deal from rows of kind, instant and amount';
CREATE AGGREGATE history_agg(kind text, at timestamptz, amount numeric, subject text) (
	SFUNC = deal_history_accumulate_fields, STYPE = deal_history, SSPACE = 160,
	FINALFUNC = deal_history_final, COMBINEFUNC = deal_history_accumulate, PARALLEL = SAFE
);
COMMENT ON AGGREGATE history_agg(text, timestamptz, numeric, text) IS 'the history of a deal from rows of kind, instant, amount and subject';
CREATE AGGREGATE rollup(history deal_history) (
	SFUNC = deal_history_accumulate, STYPE = deal_history, SSPACE = 4096,
	FINALFUNC = deal_history_final, COMBINEFUNC = deal_history_accumulate, PARALLEL = SAFE
);
COMMENT ON AGGREGATE rollup(deal_history) IS 'one history of the events of many';

CREATE FUNCTION deal_history_append_event(history deal_history, event deal_event) RETURNS deal_history
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION deal_history_append_event(deal_history, deal_event) IS 'implementation of ||';
CREATE FUNCTION deal_history_concat(deal_history, deal_history) RETURNS deal_history
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION deal_history_concat(deal_history, deal_history) IS 'implementation of ||';
CREATE OPERATOR || (LEFTARG = deal_history, RIGHTARG = deal_event, FUNCTION = deal_history_append_event);
CREATE OPERATOR || (LEFTARG = deal_history, RIGHTARG = deal_history, FUNCTION = deal_history_concat, COMMUTATOR = ||);
COMMENT ON OPERATOR || (deal_history, deal_event) IS 'a history with one more event';
COMMENT ON OPERATOR || (deal_history, deal_history) IS 'the events of both histories';

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
CREATE FUNCTION time_in(history deal_history, stages text[], as_of timestamptz DEFAULT now(),
	OUT stage text, OUT entered_at timestamptz, OUT left_at timestamptz, OUT days double precision) RETURNS SETOF record
	AS 'MODULE_PATHNAME', 'deal_history_time_in' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 10;
COMMENT ON FUNCTION time_in(deal_history, text[], timestamptz) IS 'the stays in the stages; left_at is NULL for the one going on at as_of, and its days count until then';
CREATE FUNCTION transitions(history deal_history, stages text[],
	OUT from_stage text, OUT to_stage text, OUT at timestamptz) RETURNS SETOF record
	AS 'MODULE_PATHNAME', 'deal_history_transitions' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 10;
COMMENT ON FUNCTION transitions(deal_history, text[]) IS 'where one of the stages follows another';
CREATE FUNCTION distinct_events(history deal_history) RETURNS deal_history
	AS 'MODULE_PATHNAME', 'deal_history_distinct_events' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION distinct_events(deal_history) IS 'a history without repeated events';
CREATE FUNCTION as_of(history deal_history, instant timestamptz) RETURNS deal_history
	AS 'MODULE_PATHNAME', 'deal_history_as_of' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION as_of(deal_history, timestamptz) IS 'the history as it stood at an instant';
CREATE FUNCTION relabel(history deal_history, mapping jsonb) RETURNS deal_history
	AS 'MODULE_PATHNAME', 'deal_history_relabel' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION relabel(deal_history, jsonb) IS 'a history with kinds renamed by a mapping; kinds it does not name stay';

--
-- rate_summary: k of n (floor 3)
--

CREATE TYPE rate_summary;

CREATE FUNCTION rate_summary_in(cstring) RETURNS rate_summary
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION rate_summary_out(rate_summary) RETURNS cstring
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION rate_summary_recv(internal) RETURNS rate_summary
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION rate_summary_send(rate_summary) RETURNS bytea
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE TYPE rate_summary (
	INPUT = rate_summary_in,
	OUTPUT = rate_summary_out,
	RECEIVE = rate_summary_recv,
	SEND = rate_summary_send,
	INTERNALLENGTH = VARIABLE,
	ALIGNMENT = double,
	STORAGE = plain
);

COMMENT ON TYPE rate_summary IS 'k of n: a rate that keeps its denominator; made by rate_agg, conversion and win_rate, read by percent and confidence_interval, held against another by compare';
COMMENT ON FUNCTION rate_summary_in(cstring) IS 'input of rate_summary';
COMMENT ON FUNCTION rate_summary_out(rate_summary) IS 'output of rate_summary';
COMMENT ON FUNCTION rate_summary_recv(internal) IS 'binary input of rate_summary';
COMMENT ON FUNCTION rate_summary_send(rate_summary) IS 'binary output of rate_summary';

CREATE FUNCTION rate_summary(successes bigint, total bigint) RETURNS rate_summary
	AS 'MODULE_PATHNAME', 'rate_summary_from_counts' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION rate_summary(bigint, bigint) IS 'a rate from its two counts';

CREATE FUNCTION jsonb(rate rate_summary) RETURNS jsonb
	AS 'MODULE_PATHNAME', 'rate_summary_to_jsonb' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION jsonb(rate_summary) IS 'a rate as {"version", "successes", "total"}';
CREATE FUNCTION rate_summary(object jsonb) RETURNS rate_summary
	AS 'MODULE_PATHNAME', 'rate_summary_from_jsonb' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION rate_summary(jsonb) IS 'a rate from {"version", "successes", "total"}';
CREATE CAST (rate_summary AS jsonb) WITH FUNCTION jsonb(rate_summary);
CREATE CAST (jsonb AS rate_summary) WITH FUNCTION rate_summary(jsonb);
COMMENT ON CAST (rate_summary AS jsonb) IS 'a rate as a jsonb object';
COMMENT ON CAST (jsonb AS rate_summary) IS 'a rate from a jsonb object';

CREATE FUNCTION rate_summary_accumulate(state rate_summary, success boolean) RETURNS rate_summary
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION rate_summary_invert(state rate_summary, success boolean) RETURNS rate_summary
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION rate_summary_combine(state rate_summary, rate rate_summary) RETURNS rate_summary
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION rate_summary_uncombine(state rate_summary, rate rate_summary) RETURNS rate_summary
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION rate_summary_final(state rate_summary) RETURNS rate_summary
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION rate_summary_accumulate(rate_summary, boolean) IS 'transition of rate_agg';
COMMENT ON FUNCTION rate_summary_invert(rate_summary, boolean) IS 'inverse transition of rate_agg';
COMMENT ON FUNCTION rate_summary_combine(rate_summary, rate_summary) IS 'transition of rollup(rate_summary), and combine function of rate_agg and rollup';
COMMENT ON FUNCTION rate_summary_uncombine(rate_summary, rate_summary) IS 'inverse transition of rollup(rate_summary)';
COMMENT ON FUNCTION rate_summary_final(rate_summary) IS 'final function of rate_agg: NULL when nothing was counted';

-- The state starts at 0 of 0 and its total counts the readings, so that no reading is 0 in the end.
CREATE AGGREGATE rate_agg(success boolean) (
	SFUNC = rate_summary_accumulate, STYPE = rate_summary, SSPACE = 48,
	INITCOND = '{"version":1,"successes":0,"total":0}',
	FINALFUNC = rate_summary_final, COMBINEFUNC = rate_summary_combine,
	MSFUNC = rate_summary_accumulate, MINVFUNC = rate_summary_invert, MSTYPE = rate_summary, MSSPACE = 48,
	MINITCOND = '{"version":1,"successes":0,"total":0}',
	MFINALFUNC = rate_summary_final, PARALLEL = SAFE
);
COMMENT ON AGGREGATE rate_agg(boolean) IS 'how many are true of those that are not NULL; NULL when all are';
-- No initial state: the first summary is the state, and 0 of 0 differs from no summary at all.
CREATE AGGREGATE rollup(rate rate_summary) (
	SFUNC = rate_summary_combine, STYPE = rate_summary, SSPACE = 48,
	COMBINEFUNC = rate_summary_combine,
	MSFUNC = rate_summary_combine, MINVFUNC = rate_summary_uncombine, MSTYPE = rate_summary, MSSPACE = 48,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE rollup(rate_summary) IS 'one rate of the counts in many';

CREATE FUNCTION rate_summary_plus(rate_summary, rate_summary) RETURNS rate_summary
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION rate_summary_minus(rate_summary, rate_summary) RETURNS rate_summary
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION rate_summary_plus(rate_summary, rate_summary) IS 'implementation of +';
COMMENT ON FUNCTION rate_summary_minus(rate_summary, rate_summary) IS 'implementation of -';
CREATE OPERATOR + (LEFTARG = rate_summary, RIGHTARG = rate_summary, FUNCTION = rate_summary_plus, COMMUTATOR = +);
CREATE OPERATOR - (LEFTARG = rate_summary, RIGHTARG = rate_summary, FUNCTION = rate_summary_minus);
COMMENT ON OPERATOR + (rate_summary, rate_summary) IS 'the counts of both';
COMMENT ON OPERATOR - (rate_summary, rate_summary) IS 'a rate without a part of it';

CREATE FUNCTION successes(rate rate_summary) RETURNS bigint
	AS 'MODULE_PATHNAME', 'rate_summary_successes' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION total(rate rate_summary) RETURNS bigint
	AS 'MODULE_PATHNAME', 'rate_summary_total' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION rate(rate rate_summary) RETURNS double precision
	AS 'MODULE_PATHNAME', 'rate_summary_rate' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION percent(rate rate_summary) RETURNS double precision
	AS 'MODULE_PATHNAME', 'rate_summary_percent' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION confidence_interval(rate rate_summary, level double precision DEFAULT 0.95, method text DEFAULT 'wilson',
	OUT low double precision, OUT high double precision)
	AS 'MODULE_PATHNAME', 'rate_summary_confidence_interval' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION chart(rate rate_summary, width integer DEFAULT 60) RETURNS text
	AS 'MODULE_PATHNAME', 'rate_summary_chart' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION successes(rate_summary) IS 'how many did it';
COMMENT ON FUNCTION total(rate_summary) IS 'of how many';
COMMENT ON FUNCTION rate(rate_summary) IS 'the fraction, 0 to 1; NULL where nothing was counted';
COMMENT ON FUNCTION percent(rate_summary) IS 'the percentage, 0 to 100; NULL where nothing was counted';
COMMENT ON FUNCTION confidence_interval(rate_summary, double precision, text) IS 'where the true fraction plausibly lies; method wilson or exact (Clopper-Pearson); NULL where nothing was counted';
COMMENT ON FUNCTION chart(rate_summary, integer) IS 'a bar with its 95 % interval, as one line of text';

--
-- duration_summary: how long, the unfinished counted (floor 3)
--

CREATE TYPE duration_summary;

CREATE FUNCTION duration_summary_in(cstring) RETURNS duration_summary
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION duration_summary_out(duration_summary) RETURNS cstring
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION duration_summary_recv(internal) RETURNS duration_summary
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION duration_summary_send(duration_summary) RETURNS bytea
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE TYPE duration_summary (
	INPUT = duration_summary_in,
	OUTPUT = duration_summary_out,
	RECEIVE = duration_summary_recv,
	SEND = duration_summary_send,
	INTERNALLENGTH = VARIABLE,
	ALIGNMENT = double,
	STORAGE = extended
);

COMMENT ON TYPE duration_summary IS 'how long something took: an exact histogram by whole unit of events, competing ends, the unfinished and late entries; made by duration_agg, read by median, reached_within and curve, held against another by compare';
COMMENT ON FUNCTION duration_summary_in(cstring) IS 'input of duration_summary';
COMMENT ON FUNCTION duration_summary_out(duration_summary) IS 'output of duration_summary';
COMMENT ON FUNCTION duration_summary_recv(internal) IS 'binary input of duration_summary';
COMMENT ON FUNCTION duration_summary_send(duration_summary) IS 'binary output of duration_summary';

CREATE FUNCTION jsonb(summary duration_summary) RETURNS jsonb
	AS 'MODULE_PATHNAME', 'duration_summary_to_jsonb' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION duration_summary(object jsonb) RETURNS duration_summary
	AS 'MODULE_PATHNAME', 'duration_summary_from_jsonb' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION jsonb(duration_summary) IS 'a duration summary as {"version", "unit", "total_microseconds", "histogram"}';
COMMENT ON FUNCTION duration_summary(jsonb) IS 'a duration summary from {"version", "unit", "total_microseconds", "histogram"}';
CREATE CAST (duration_summary AS jsonb) WITH FUNCTION jsonb(duration_summary);
CREATE CAST (jsonb AS duration_summary) WITH FUNCTION duration_summary(jsonb);
COMMENT ON CAST (duration_summary AS jsonb) IS 'a duration summary as a jsonb object';
COMMENT ON CAST (jsonb AS duration_summary) IS 'a duration summary from a jsonb object';

-- Transition functions are not STRICT: the state starts as NULL, and NULL has a meaning in the arguments.
CREATE FUNCTION duration_summary_add_times(state duration_summary, started_at timestamptz, ended_at timestamptz, as_of timestamptz) RETURNS duration_summary
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 5;
CREATE FUNCTION duration_summary_add_times(state duration_summary, started_at timestamptz, ended_at timestamptz, as_of timestamptz, unit text) RETURNS duration_summary
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 5;
CREATE FUNCTION duration_summary_remove_times(state duration_summary, started_at timestamptz, ended_at timestamptz, as_of timestamptz) RETURNS duration_summary
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION duration_summary_remove_times(state duration_summary, started_at timestamptz, ended_at timestamptz, as_of timestamptz, unit text) RETURNS duration_summary
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION duration_summary_add_units(state duration_summary, units integer, observed boolean) RETURNS duration_summary
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 5;
CREATE FUNCTION duration_summary_remove_units(state duration_summary, units integer, observed boolean) RETURNS duration_summary
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION duration_summary_add_summary(state duration_summary, summary duration_summary) RETURNS duration_summary
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 50;
CREATE FUNCTION duration_summary_remove_summary(state duration_summary, summary duration_summary) RETURNS duration_summary
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 50;
CREATE FUNCTION duration_summary_combine(state duration_summary, other duration_summary) RETURNS duration_summary
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION duration_summary_final(state duration_summary) RETURNS duration_summary
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION duration_summary_add_times(duration_summary, timestamptz, timestamptz, timestamptz) IS 'transition of duration_agg(started_at, ended_at, as_of)';
COMMENT ON FUNCTION duration_summary_add_times(duration_summary, timestamptz, timestamptz, timestamptz, text) IS 'transition of duration_agg(started_at, ended_at, as_of, unit)';
COMMENT ON FUNCTION duration_summary_remove_times(duration_summary, timestamptz, timestamptz, timestamptz) IS 'inverse transition of duration_agg(started_at, ended_at, as_of)';
COMMENT ON FUNCTION duration_summary_remove_times(duration_summary, timestamptz, timestamptz, timestamptz, text) IS 'inverse transition of duration_agg(started_at, ended_at, as_of, unit)';
COMMENT ON FUNCTION duration_summary_add_units(duration_summary, integer, boolean) IS 'transition of duration_agg(units, observed)';
COMMENT ON FUNCTION duration_summary_remove_units(duration_summary, integer, boolean) IS 'inverse transition of duration_agg(units, observed)';
COMMENT ON FUNCTION duration_summary_add_summary(duration_summary, duration_summary) IS 'transition of rollup(duration_summary)';
COMMENT ON FUNCTION duration_summary_remove_summary(duration_summary, duration_summary) IS 'inverse transition of rollup(duration_summary)';
COMMENT ON FUNCTION duration_summary_combine(duration_summary, duration_summary) IS 'combine function of duration_agg and rollup';
COMMENT ON FUNCTION duration_summary_final(duration_summary) IS 'final function of duration_agg and rollup: the canonical form';

CREATE AGGREGATE duration_agg(started_at timestamptz, ended_at timestamptz, as_of timestamptz) (
	SFUNC = duration_summary_add_times, STYPE = duration_summary, SSPACE = 4096,
	FINALFUNC = duration_summary_final, COMBINEFUNC = duration_summary_combine,
	MSFUNC = duration_summary_add_times, MINVFUNC = duration_summary_remove_times, MSTYPE = duration_summary, MSSPACE = 512,
	MFINALFUNC = duration_summary_final, PARALLEL = SAFE
);
CREATE AGGREGATE duration_agg(started_at timestamptz, ended_at timestamptz, as_of timestamptz, unit text) (
	SFUNC = duration_summary_add_times, STYPE = duration_summary, SSPACE = 4096,
	FINALFUNC = duration_summary_final, COMBINEFUNC = duration_summary_combine,
	MSFUNC = duration_summary_add_times, MINVFUNC = duration_summary_remove_times, MSTYPE = duration_summary, MSSPACE = 512,
	MFINALFUNC = duration_summary_final, PARALLEL = SAFE
);
CREATE AGGREGATE duration_agg(units integer, observed boolean) (
	SFUNC = duration_summary_add_units, STYPE = duration_summary, SSPACE = 4096,
	FINALFUNC = duration_summary_final, COMBINEFUNC = duration_summary_combine,
	MSFUNC = duration_summary_add_units, MINVFUNC = duration_summary_remove_units, MSTYPE = duration_summary, MSSPACE = 512,
	MFINALFUNC = duration_summary_final, PARALLEL = SAFE
);
CREATE AGGREGATE rollup(summary duration_summary) (
	SFUNC = duration_summary_add_summary, STYPE = duration_summary, SSPACE = 2048,
	FINALFUNC = duration_summary_final, COMBINEFUNC = duration_summary_combine,
	MSFUNC = duration_summary_add_summary, MINVFUNC = duration_summary_remove_summary, MSTYPE = duration_summary, MSSPACE = 2048,
	MFINALFUNC = duration_summary_final, PARALLEL = SAFE
);
COMMENT ON AGGREGATE duration_agg(timestamptz, timestamptz, timestamptz) IS 'durations in days; without an end by as_of, censored then';
COMMENT ON AGGREGATE duration_agg(timestamptz, timestamptz, timestamptz, text) IS 'durations in a unit: day, hour, minute or second; without an end by as_of, censored then';
COMMENT ON AGGREGATE duration_agg(integer, boolean) IS 'durations in whole days; not observed means censored';
COMMENT ON AGGREGATE rollup(duration_summary) IS 'one summary of the durations in many';

CREATE FUNCTION duration_summary_plus(duration_summary, duration_summary) RETURNS duration_summary
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION duration_summary_minus(duration_summary, duration_summary) RETURNS duration_summary
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION duration_summary_plus(duration_summary, duration_summary) IS 'implementation of +';
COMMENT ON FUNCTION duration_summary_minus(duration_summary, duration_summary) IS 'implementation of -';
CREATE OPERATOR + (LEFTARG = duration_summary, RIGHTARG = duration_summary, FUNCTION = duration_summary_plus, COMMUTATOR = +);
CREATE OPERATOR - (LEFTARG = duration_summary, RIGHTARG = duration_summary, FUNCTION = duration_summary_minus);
COMMENT ON OPERATOR + (duration_summary, duration_summary) IS 'the durations in both';
COMMENT ON OPERATOR - (duration_summary, duration_summary) IS 'the durations in the first without those of the second, which must be among them';

CREATE FUNCTION unit(summary duration_summary) RETURNS text
	AS 'MODULE_PATHNAME', 'duration_summary_unit' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION observed(summary duration_summary) RETURNS bigint
	AS 'MODULE_PATHNAME', 'duration_summary_observed' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION competing(summary duration_summary) RETURNS bigint
	AS 'MODULE_PATHNAME', 'duration_summary_competing' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION censored(summary duration_summary) RETURNS bigint
	AS 'MODULE_PATHNAME', 'duration_summary_censored' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION mean(summary duration_summary) RETURNS double precision
	AS 'MODULE_PATHNAME', 'duration_summary_mean' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION median(summary duration_summary) RETURNS double precision
	AS 'MODULE_PATHNAME', 'duration_summary_median' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION quantile(summary duration_summary, q double precision) RETURNS double precision
	AS 'MODULE_PATHNAME', 'duration_summary_quantile' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION quantile_interval(summary duration_summary, q double precision, level double precision DEFAULT 0.95,
								  OUT low double precision, OUT high double precision) RETURNS record
	AS 'MODULE_PATHNAME', 'duration_summary_quantile_interval' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION reached_within(summary duration_summary, units bigint) RETURNS double precision
	AS 'MODULE_PATHNAME', 'duration_summary_reached_within' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION reached_within_interval(summary duration_summary, units bigint, level double precision DEFAULT 0.95,
										OUT low double precision, OUT high double precision) RETURNS record
	AS 'MODULE_PATHNAME', 'duration_summary_reached_within_interval' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION restricted_mean(summary duration_summary, horizon double precision) RETURNS double precision
	AS 'MODULE_PATHNAME', 'duration_summary_restricted_mean' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION restricted_mean_error(summary duration_summary, horizon double precision) RETURNS double precision
	AS 'MODULE_PATHNAME', 'duration_summary_restricted_mean_error' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION curve(summary duration_summary, level double precision DEFAULT 0.95,
					  OUT elapsed bigint, OUT at_risk bigint, OUT events bigint, OUT competing bigint, OUT censored bigint,
					  OUT survival double precision, OUT std_error double precision,
					  OUT low double precision, OUT high double precision, OUT incidence double precision) RETURNS SETOF record
	AS 'MODULE_PATHNAME', 'duration_summary_curve' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 200;
CREATE FUNCTION chart(summary duration_summary, width integer DEFAULT 60) RETURNS text
	AS 'MODULE_PATHNAME', 'duration_summary_chart' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION unit(duration_summary) IS 'the unit of every duration in it: day, hour, minute or second';
COMMENT ON FUNCTION observed(duration_summary) IS 'how many durations ended in the event';
COMMENT ON FUNCTION competing(duration_summary) IS 'how many ended in something else, after which the event cannot come';
COMMENT ON FUNCTION censored(duration_summary) IS 'how many had not ended yet';
COMMENT ON FUNCTION mean(duration_summary) IS 'mean of the observed durations alone, from their exact sum; the unfinished are not in it';
COMMENT ON FUNCTION median(duration_summary) IS 'when half have had the event, the unfinished counted; NULL when that is not reached';
COMMENT ON FUNCTION quantile(duration_summary, double precision) IS 'when a fraction q have had the event, the unfinished counted; NULL when that is not reached';
COMMENT ON FUNCTION quantile_interval(duration_summary, double precision, double precision) IS 'confidence interval of a quantile; an end is NULL when the band does not get there';
COMMENT ON FUNCTION reached_within(duration_summary, bigint) IS 'fraction that has had the event after so many units; NULL beyond what was observed';
COMMENT ON FUNCTION reached_within_interval(duration_summary, bigint, double precision) IS 'confidence interval of reached_within';
COMMENT ON FUNCTION restricted_mean(duration_summary, double precision) IS 'mean time without the event up to a horizon, the unfinished counted; NULL beyond what was observed';
COMMENT ON FUNCTION restricted_mean_error(duration_summary, double precision) IS 'standard error of restricted_mean; NULL with competing ends';
COMMENT ON FUNCTION curve(duration_summary, double precision) IS 'survival with its standard error and band, and incidence of the event, after every unit in which a duration ended';
COMMENT ON FUNCTION chart(duration_summary, integer) IS 'the survival curve as text, or the incidence curve when there are competing ends';

--
-- deal_progress: how far along an ordered list of stages (floor 2)
--

CREATE TYPE deal_progress;

-- STABLE for the reason given at deal_event_in.
CREATE FUNCTION deal_progress_in(cstring) RETURNS deal_progress
	AS 'MODULE_PATHNAME' LANGUAGE C STABLE STRICT PARALLEL SAFE;
CREATE FUNCTION deal_progress_out(deal_progress) RETURNS cstring
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION deal_progress_recv(internal) RETURNS deal_progress
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION deal_progress_send(deal_progress) RETURNS bytea
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE TYPE deal_progress (
	INPUT = deal_progress_in,
	OUTPUT = deal_progress_out,
	RECEIVE = deal_progress_recv,
	SEND = deal_progress_send,
	INTERNALLENGTH = VARIABLE,
	ALIGNMENT = double,
	STORAGE = extended
);

COMMENT ON TYPE deal_progress IS 'how far a deal came along an ordered list of stages: depth, instants, status; many make a funnel_summary';
COMMENT ON FUNCTION deal_progress_in(cstring) IS 'input of deal_progress';
COMMENT ON FUNCTION deal_progress_out(deal_progress) IS 'output of deal_progress';
COMMENT ON FUNCTION deal_progress_recv(internal) IS 'binary input of deal_progress';
COMMENT ON FUNCTION deal_progress_send(deal_progress) IS 'binary output of deal_progress';

CREATE FUNCTION jsonb(progress deal_progress) RETURNS jsonb
	AS 'MODULE_PATHNAME', 'deal_progress_to_jsonb' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION deal_progress(object jsonb) RETURNS deal_progress
	AS 'MODULE_PATHNAME', 'deal_progress_from_jsonb' LANGUAGE C STABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION jsonb(deal_progress) IS 'a progress as {"version", "status", "depth", "stage_times", "ended_at", "definition"}';
COMMENT ON FUNCTION deal_progress(jsonb) IS 'a progress from {"version", "status", "depth", "stage_times", "ended_at", "definition"}';
CREATE CAST (deal_progress AS jsonb) WITH FUNCTION jsonb(deal_progress);
CREATE CAST (jsonb AS deal_progress) WITH FUNCTION deal_progress(jsonb);
COMMENT ON CAST (deal_progress AS jsonb) IS 'a progress as a jsonb object';
COMMENT ON CAST (jsonb AS deal_progress) IS 'a progress from a jsonb object';

-- Not STRICT: a NULL option means that there is none. Stays IMMUTABLE: now() is only the default of as_of.
CREATE FUNCTION deal_progress(
	history deal_history,
	stages text[] DEFAULT '{lead,mql,sql,opportunity,won}',
	within interval DEFAULT NULL,
	step_within interval[] DEFAULT NULL,
	mode text DEFAULT 'ordered',
	skipped text DEFAULT 'passed',
	optional text[] DEFAULT NULL,
	exits text[] DEFAULT '{lost}',
	entry text DEFAULT 'best',
	as_of timestamptz DEFAULT now()
) RETURNS deal_progress
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 10;
COMMENT ON FUNCTION deal_progress(deal_history, text[], interval, interval[], text, text, text[], text[], text, timestamptz)
	IS 'how far a deal came along the stages: mode ordered, adjacent, increasing or any_order; skipped passed, stop or excluded; entry best, first or latest';

CREATE FUNCTION depth(progress deal_progress) RETURNS integer
	AS 'MODULE_PATHNAME', 'deal_progress_depth' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION status(progress deal_progress) RETURNS text
	AS 'MODULE_PATHNAME', 'deal_progress_status' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION stage_times(progress deal_progress) RETURNS timestamptz[]
	AS 'MODULE_PATHNAME', 'deal_progress_stage_times' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION stage_time(progress deal_progress, stage text) RETURNS timestamptz
	AS 'MODULE_PATHNAME', 'deal_progress_stage_time' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION entered_at(progress deal_progress) RETURNS timestamptz
	AS 'MODULE_PATHNAME', 'deal_progress_entered_at' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION depth(deal_progress) IS 'the place of the deepest stage of the winning chain, from 1; 0 when never entered';
COMMENT ON FUNCTION status(deal_progress) IS 'not_entered, converted, exited, expired (the window is over) or open';
COMMENT ON FUNCTION stage_times(deal_progress) IS 'the instants of the winning chain, one per stage; NULL where skipped or not reached';
COMMENT ON FUNCTION stage_time(deal_progress, text) IS 'the instant of one stage of the winning chain; NULL where skipped or not reached';
COMMENT ON FUNCTION entered_at(deal_progress) IS 'the earliest instant of the winning chain; NULL when never entered';

--
-- funnel_summary: how many got how far (floor 3)
--

CREATE TYPE funnel_summary;

CREATE FUNCTION funnel_summary_in(cstring) RETURNS funnel_summary
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION funnel_summary_out(funnel_summary) RETURNS cstring
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION funnel_summary_recv(internal) RETURNS funnel_summary
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION funnel_summary_send(funnel_summary) RETURNS bytea
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE TYPE funnel_summary (
	INPUT = funnel_summary_in,
	OUTPUT = funnel_summary_out,
	RECEIVE = funnel_summary_recv,
	SEND = funnel_summary_send,
	INTERNALLENGTH = VARIABLE,
	ALIGNMENT = double,
	STORAGE = extended
);

COMMENT ON TYPE funnel_summary IS 'how many deals got how far through one funnel, and how long each step took; made by funnel_agg, read by steps, conversion and stage_duration';
COMMENT ON FUNCTION funnel_summary_in(cstring) IS 'input of funnel_summary';
COMMENT ON FUNCTION funnel_summary_out(funnel_summary) IS 'output of funnel_summary';
COMMENT ON FUNCTION funnel_summary_recv(internal) IS 'binary input of funnel_summary';
COMMENT ON FUNCTION funnel_summary_send(funnel_summary) IS 'binary output of funnel_summary';

CREATE FUNCTION jsonb(summary funnel_summary) RETURNS jsonb
	AS 'MODULE_PATHNAME', 'funnel_summary_to_jsonb' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION funnel_summary(object jsonb) RETURNS funnel_summary
	AS 'MODULE_PATHNAME', 'funnel_summary_from_jsonb' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION jsonb(funnel_summary) IS 'a funnel summary as a jsonb object';
COMMENT ON FUNCTION funnel_summary(jsonb) IS 'a funnel summary from a jsonb object';
CREATE CAST (funnel_summary AS jsonb) WITH FUNCTION jsonb(funnel_summary);
CREATE CAST (jsonb AS funnel_summary) WITH FUNCTION funnel_summary(jsonb);
COMMENT ON CAST (funnel_summary AS jsonb) IS 'a funnel summary as a jsonb object';
COMMENT ON CAST (jsonb AS funnel_summary) IS 'a funnel summary from a jsonb object';

-- Not STRICT: the state starts as NULL, and NULL inputs are skipped.
CREATE FUNCTION funnel_summary_add_progress(state funnel_summary, progress deal_progress) RETURNS funnel_summary
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 10;
CREATE FUNCTION funnel_summary_add_summary(state funnel_summary, summary funnel_summary) RETURNS funnel_summary
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 100;
CREATE FUNCTION funnel_summary_remove_summary(state funnel_summary, summary funnel_summary) RETURNS funnel_summary
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 100;
CREATE FUNCTION funnel_summary_combine(state funnel_summary, other funnel_summary) RETURNS funnel_summary
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION funnel_summary_final(state funnel_summary) RETURNS funnel_summary
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION funnel_summary_add_progress(funnel_summary, deal_progress) IS 'transition of funnel_agg(deal_progress)';
COMMENT ON FUNCTION funnel_summary_add_summary(funnel_summary, funnel_summary) IS 'transition of rollup(funnel_summary)';
COMMENT ON FUNCTION funnel_summary_remove_summary(funnel_summary, funnel_summary) IS 'inverse transition of rollup(funnel_summary)';
COMMENT ON FUNCTION funnel_summary_combine(funnel_summary, funnel_summary) IS 'combine function of funnel_agg and rollup';
COMMENT ON FUNCTION funnel_summary_final(funnel_summary) IS 'final function of funnel_agg and rollup: the canonical form';

CREATE AGGREGATE funnel_agg(progress deal_progress) (
	SFUNC = funnel_summary_add_progress, STYPE = funnel_summary, SSPACE = 4096,
	FINALFUNC = funnel_summary_final, COMBINEFUNC = funnel_summary_combine, PARALLEL = SAFE
);
CREATE AGGREGATE rollup(summary funnel_summary) (
	SFUNC = funnel_summary_add_summary, STYPE = funnel_summary, SSPACE = 4096,
	FINALFUNC = funnel_summary_final, COMBINEFUNC = funnel_summary_combine,
	MSFUNC = funnel_summary_add_summary, MINVFUNC = funnel_summary_remove_summary, MSTYPE = funnel_summary, MSSPACE = 4096,
	MFINALFUNC = funnel_summary_final, PARALLEL = SAFE
);
COMMENT ON AGGREGATE funnel_agg(deal_progress) IS 'the funnel of many deals; all must be read with the same stages and options';
COMMENT ON AGGREGATE rollup(funnel_summary) IS 'one funnel of the deals in many; all must have the same stages and options';

-- The same from raw events. Not STRICT as above; STABLE without as_of, which is then now().
CREATE FUNCTION funnel_events_add_bigint(state internal, deal bigint, kind text, at timestamptz, stages text[]) RETURNS internal
	AS 'MODULE_PATHNAME' LANGUAGE C STABLE PARALLEL SAFE COST 10;
CREATE FUNCTION funnel_events_add_bigint(state internal, deal bigint, kind text, at timestamptz, stages text[], within interval, as_of timestamptz) RETURNS internal
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 10;
CREATE FUNCTION funnel_events_add_uuid(state internal, deal uuid, kind text, at timestamptz, stages text[]) RETURNS internal
	AS 'MODULE_PATHNAME' LANGUAGE C STABLE PARALLEL SAFE COST 10;
CREATE FUNCTION funnel_events_add_uuid(state internal, deal uuid, kind text, at timestamptz, stages text[], within interval, as_of timestamptz) RETURNS internal
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 10;
CREATE FUNCTION funnel_events_add_text(state internal, deal text, kind text, at timestamptz, stages text[]) RETURNS internal
	AS 'MODULE_PATHNAME' LANGUAGE C STABLE PARALLEL SAFE COST 10;
CREATE FUNCTION funnel_events_add_text(state internal, deal text, kind text, at timestamptz, stages text[], within interval, as_of timestamptz) RETURNS internal
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 10;
CREATE FUNCTION funnel_events_combine(state internal, other internal) RETURNS internal
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION funnel_events_serialize(state internal) RETURNS bytea
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION funnel_events_deserialize(bytea, internal) RETURNS internal
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION funnel_events_final(state internal) RETURNS funnel_summary
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION funnel_events_add_bigint(internal, bigint, text, timestamptz, text[]) IS 'transition of funnel_agg(deal, kind, at, stages)';
COMMENT ON FUNCTION funnel_events_add_bigint(internal, bigint, text, timestamptz, text[], interval, timestamptz) IS 'transition of funnel_agg(deal, kind, at, stages, within, as_of)';
COMMENT ON FUNCTION funnel_events_add_uuid(internal, uuid, text, timestamptz, text[]) IS 'transition of funnel_agg(deal, kind, at, stages)';
COMMENT ON FUNCTION funnel_events_add_uuid(internal, uuid, text, timestamptz, text[], interval, timestamptz) IS 'transition of funnel_agg(deal, kind, at, stages, within, as_of)';
COMMENT ON FUNCTION funnel_events_add_text(internal, text, text, timestamptz, text[]) IS 'transition of funnel_agg(deal, kind, at, stages)';
COMMENT ON FUNCTION funnel_events_add_text(internal, text, text, timestamptz, text[], interval, timestamptz) IS 'transition of funnel_agg(deal, kind, at, stages, within, as_of)';
COMMENT ON FUNCTION funnel_events_combine(internal, internal) IS 'combine function of funnel_agg over raw events';
COMMENT ON FUNCTION funnel_events_serialize(internal) IS 'buffered events for another process';
COMMENT ON FUNCTION funnel_events_deserialize(bytea, internal) IS 'buffered events from another process';
COMMENT ON FUNCTION funnel_events_final(internal) IS 'final function of funnel_agg over raw events';

CREATE AGGREGATE funnel_agg(deal bigint, kind text, at timestamptz, stages text[]) (
	SFUNC = funnel_events_add_bigint, STYPE = internal, SSPACE = 8192,
	FINALFUNC = funnel_events_final, COMBINEFUNC = funnel_events_combine,
	SERIALFUNC = funnel_events_serialize, DESERIALFUNC = funnel_events_deserialize, PARALLEL = SAFE
);
COMMENT ON AGGREGATE funnel_agg(bigint, text, timestamptz, text[]) IS 'the funnel of raw events, each with its deal: what funnel_agg(deal_progress(...)) gives with default options, as of now';
CREATE AGGREGATE funnel_agg(deal bigint, kind text, at timestamptz, stages text[], within interval, as_of timestamptz) (
	SFUNC = funnel_events_add_bigint, STYPE = internal, SSPACE = 8192,
	FINALFUNC = funnel_events_final, COMBINEFUNC = funnel_events_combine,
	SERIALFUNC = funnel_events_serialize, DESERIALFUNC = funnel_events_deserialize, PARALLEL = SAFE
);
COMMENT ON AGGREGATE funnel_agg(bigint, text, timestamptz, text[], interval, timestamptz) IS 'the funnel of raw events, each with its deal: what funnel_agg(deal_progress(...)) gives with this window and as-of date';
CREATE AGGREGATE funnel_agg(deal uuid, kind text, at timestamptz, stages text[]) (
	SFUNC = funnel_events_add_uuid, STYPE = internal, SSPACE = 8192,
	FINALFUNC = funnel_events_final, COMBINEFUNC = funnel_events_combine,
	SERIALFUNC = funnel_events_serialize, DESERIALFUNC = funnel_events_deserialize, PARALLEL = SAFE
);
COMMENT ON AGGREGATE funnel_agg(uuid, text, timestamptz, text[]) IS 'the funnel of raw events, each with its deal: what funnel_agg(deal_progress(...)) gives with default options, as of now';
CREATE AGGREGATE funnel_agg(deal uuid, kind text, at timestamptz, stages text[], within interval, as_of timestamptz) (
	SFUNC = funnel_events_add_uuid, STYPE = internal, SSPACE = 8192,
	FINALFUNC = funnel_events_final, COMBINEFUNC = funnel_events_combine,
	SERIALFUNC = funnel_events_serialize, DESERIALFUNC = funnel_events_deserialize, PARALLEL = SAFE
);
COMMENT ON AGGREGATE funnel_agg(uuid, text, timestamptz, text[], interval, timestamptz) IS 'the funnel of raw events, each with its deal: what funnel_agg(deal_progress(...)) gives with this window and as-of date';
CREATE AGGREGATE funnel_agg(deal text, kind text, at timestamptz, stages text[]) (
	SFUNC = funnel_events_add_text, STYPE = internal, SSPACE = 8192,
	FINALFUNC = funnel_events_final, COMBINEFUNC = funnel_events_combine,
	SERIALFUNC = funnel_events_serialize, DESERIALFUNC = funnel_events_deserialize, PARALLEL = SAFE
);
COMMENT ON AGGREGATE funnel_agg(text, text, timestamptz, text[]) IS 'the funnel of raw events, each with its deal: what funnel_agg(deal_progress(...)) gives with default options, as of now';
CREATE AGGREGATE funnel_agg(deal text, kind text, at timestamptz, stages text[], within interval, as_of timestamptz) (
	SFUNC = funnel_events_add_text, STYPE = internal, SSPACE = 8192,
	FINALFUNC = funnel_events_final, COMBINEFUNC = funnel_events_combine,
	SERIALFUNC = funnel_events_serialize, DESERIALFUNC = funnel_events_deserialize, PARALLEL = SAFE
);
COMMENT ON AGGREGATE funnel_agg(text, text, timestamptz, text[], interval, timestamptz) IS 'the funnel of raw events, each with its deal: what funnel_agg(deal_progress(...)) gives with this window and as-of date';

CREATE FUNCTION funnel_summary_plus(funnel_summary, funnel_summary) RETURNS funnel_summary
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION funnel_summary_minus(funnel_summary, funnel_summary) RETURNS funnel_summary
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION funnel_summary_plus(funnel_summary, funnel_summary) IS 'implementation of +';
COMMENT ON FUNCTION funnel_summary_minus(funnel_summary, funnel_summary) IS 'implementation of -';
CREATE OPERATOR + (LEFTARG = funnel_summary, RIGHTARG = funnel_summary, FUNCTION = funnel_summary_plus, COMMUTATOR = +);
CREATE OPERATOR - (LEFTARG = funnel_summary, RIGHTARG = funnel_summary, FUNCTION = funnel_summary_minus);
COMMENT ON OPERATOR + (funnel_summary, funnel_summary) IS 'the deals in both';
COMMENT ON OPERATOR - (funnel_summary, funnel_summary) IS 'the deals in the first without those of the second, which must be among them';

CREATE FUNCTION conversion(summary funnel_summary) RETURNS rate_summary
	AS 'MODULE_PATHNAME', 'funnel_summary_conversion' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION conversion(summary funnel_summary, from_stage text, to_stage text) RETURNS rate_summary
	AS 'MODULE_PATHNAME', 'funnel_summary_conversion_between' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION settled_conversion(summary funnel_summary, from_stage text, to_stage text) RETURNS rate_summary
	AS 'MODULE_PATHNAME', 'funnel_summary_settled_conversion' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION stage_duration(summary funnel_summary, stage text) RETURNS duration_summary
	AS 'MODULE_PATHNAME', 'funnel_summary_stage_duration' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION steps(summary funnel_summary,
					  OUT step integer, OUT stage text, OUT reached bigint, OUT converted bigint, OUT open bigint, OUT exited bigint, OUT expired bigint,
					  OUT percent_of_previous double precision, OUT percent_of_first double precision,
					  OUT low double precision, OUT high double precision, OUT median_duration double precision) RETURNS SETOF record
	AS 'MODULE_PATHNAME', 'funnel_summary_steps' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 5;
CREATE FUNCTION chart(summary funnel_summary, width integer DEFAULT 60) RETURNS text
	AS 'MODULE_PATHNAME', 'funnel_summary_chart' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION conversion(funnel_summary) IS 'deals that reached the last stage, of those that reached the first';
COMMENT ON FUNCTION conversion(funnel_summary, text, text) IS 'deals that reached to_stage, of those that reached from_stage';
COMMENT ON FUNCTION settled_conversion(funnel_summary, text, text) IS 'conversion without the deals still open between the two stages';
COMMENT ON FUNCTION stage_duration(funnel_summary, text) IS 'days from a stage to the next matched one; exits compete, the unfinished are censored';
COMMENT ON FUNCTION steps(funnel_summary) IS 'a row per stage: deals that reached it and what became of them, conversion in percent with its 95 % Wilson interval, median days to the next stage';
COMMENT ON FUNCTION chart(funnel_summary, integer) IS 'a bar per stage, as text: deals, and percent of the stage before';

--
-- deal_outcome: how a deal ended and who else was in it (floor 2)
--

CREATE TYPE deal_outcome;

-- STABLE for the reason given at deal_event_in.
CREATE FUNCTION deal_outcome_in(cstring) RETURNS deal_outcome
	AS 'MODULE_PATHNAME' LANGUAGE C STABLE STRICT PARALLEL SAFE;
CREATE FUNCTION deal_outcome_out(deal_outcome) RETURNS cstring
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION deal_outcome_recv(internal) RETURNS deal_outcome
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION deal_outcome_send(deal_outcome) RETURNS bytea
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE TYPE deal_outcome (
	INPUT = deal_outcome_in,
	OUTPUT = deal_outcome_out,
	RECEIVE = deal_outcome_recv,
	SEND = deal_outcome_send,
	INTERNALLENGTH = VARIABLE,
	ALIGNMENT = double,
	STORAGE = extended
);

COMMENT ON TYPE deal_outcome IS 'how a deal ended, when, for how much, and who else was in it; many make a win_summary';
COMMENT ON FUNCTION deal_outcome_in(cstring) IS 'input of deal_outcome';
COMMENT ON FUNCTION deal_outcome_out(deal_outcome) IS 'output of deal_outcome';
COMMENT ON FUNCTION deal_outcome_recv(internal) IS 'binary input of deal_outcome';
COMMENT ON FUNCTION deal_outcome_send(deal_outcome) IS 'binary output of deal_outcome';

CREATE FUNCTION jsonb(outcome deal_outcome) RETURNS jsonb
	AS 'MODULE_PATHNAME', 'deal_outcome_to_jsonb' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION deal_outcome(object jsonb) RETURNS deal_outcome
	AS 'MODULE_PATHNAME', 'deal_outcome_from_jsonb' LANGUAGE C STABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION jsonb(deal_outcome) IS 'an outcome as {"version", "status", "closed_at", "amount", "considered", "lost_to"}';
COMMENT ON FUNCTION deal_outcome(jsonb) IS 'an outcome from {"version", "status", "closed_at", "amount", "considered", "lost_to"}';
CREATE CAST (deal_outcome AS jsonb) WITH FUNCTION jsonb(deal_outcome);
CREATE CAST (jsonb AS deal_outcome) WITH FUNCTION deal_outcome(jsonb);
COMMENT ON CAST (deal_outcome AS jsonb) IS 'an outcome as a jsonb object';
COMMENT ON CAST (jsonb AS deal_outcome) IS 'an outcome from a jsonb object';

-- Not STRICT: a NULL option is an error. Stays IMMUTABLE: now() is only the default of as_of.
CREATE FUNCTION deal_outcome(
	history deal_history,
	won text[] DEFAULT '{won}',
	lost text[] DEFAULT '{lost}',
	no_decision text[] DEFAULT '{no_decision}',
	considered text DEFAULT 'competitor',
	as_of timestamptz DEFAULT now()
) RETURNS deal_outcome
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 10;
COMMENT ON FUNCTION deal_outcome(deal_history, text[], text[], text[], text, timestamptz)
	IS 'how a deal ended, by its last terminal event up to as_of, and the subjects of the events of one kind up to then';

CREATE FUNCTION status(outcome deal_outcome) RETURNS text
	AS 'MODULE_PATHNAME', 'deal_outcome_status' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION closed_at(outcome deal_outcome) RETURNS timestamptz
	AS 'MODULE_PATHNAME', 'deal_outcome_closed_at' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION amount(outcome deal_outcome) RETURNS numeric
	AS 'MODULE_PATHNAME', 'deal_outcome_amount' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION considered(outcome deal_outcome) RETURNS text[]
	AS 'MODULE_PATHNAME', 'deal_outcome_considered' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION lost_to(outcome deal_outcome) RETURNS text
	AS 'MODULE_PATHNAME', 'deal_outcome_lost_to' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION status(deal_outcome) IS 'won, lost, no_decision or open';
COMMENT ON FUNCTION closed_at(deal_outcome) IS 'the instant of the event that decided; NULL while open';
COMMENT ON FUNCTION amount(deal_outcome) IS 'the amount of the event that decided, else the last one known by then; NULL when none was';
COMMENT ON FUNCTION considered(deal_outcome) IS 'the distinct subjects considered up to closing, sorted by bytes';
COMMENT ON FUNCTION lost_to(deal_outcome) IS 'the subject of the losing event; NULL when there is none';

--
-- win_summary: wins by competitor (floor 3)
--

CREATE TYPE win_summary;

CREATE FUNCTION win_summary_in(cstring) RETURNS win_summary
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION win_summary_out(win_summary) RETURNS cstring
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION win_summary_recv(internal) RETURNS win_summary
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION win_summary_send(win_summary) RETURNS bytea
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE TYPE win_summary (
	INPUT = win_summary_in,
	OUTPUT = win_summary_out,
	RECEIVE = win_summary_recv,
	SEND = win_summary_send,
	INTERNALLENGTH = VARIABLE,
	ALIGNMENT = double,
	STORAGE = extended
);

COMMENT ON TYPE win_summary IS 'won, lost, undecided and open deals by competitor; made by win_agg, read by competitors and win_rate';
COMMENT ON FUNCTION win_summary_in(cstring) IS 'input of win_summary';
COMMENT ON FUNCTION win_summary_out(win_summary) IS 'output of win_summary';
COMMENT ON FUNCTION win_summary_recv(internal) IS 'binary input of win_summary';
COMMENT ON FUNCTION win_summary_send(win_summary) IS 'binary output of win_summary';

CREATE FUNCTION jsonb(summary win_summary) RETURNS jsonb
	AS 'MODULE_PATHNAME', 'win_summary_to_jsonb' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION win_summary(object jsonb) RETURNS win_summary
	AS 'MODULE_PATHNAME', 'win_summary_from_jsonb' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION jsonb(win_summary) IS 'a win summary as {"version", "amount_won", "amount_lost", "deals", "competitors"}';
COMMENT ON FUNCTION win_summary(jsonb) IS 'a win summary from {"version", "amount_won", "amount_lost", "deals", "competitors"}';
CREATE CAST (win_summary AS jsonb) WITH FUNCTION jsonb(win_summary);
CREATE CAST (jsonb AS win_summary) WITH FUNCTION win_summary(jsonb);
COMMENT ON CAST (win_summary AS jsonb) IS 'a win summary as a jsonb object';
COMMENT ON CAST (jsonb AS win_summary) IS 'a win summary from a jsonb object';

-- Not STRICT: the state starts as NULL, and NULL has a meaning in the arguments.
CREATE FUNCTION win_summary_add_outcome(state win_summary, outcome deal_outcome) RETURNS win_summary
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 20;
CREATE FUNCTION win_summary_add_fields(state win_summary, won boolean, competitors text[]) RETURNS win_summary
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 20;
CREATE FUNCTION win_summary_add_fields(state win_summary, won boolean, competitors text[], amount numeric) RETURNS win_summary
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 20;
CREATE FUNCTION win_summary_add_summary(state win_summary, summary win_summary) RETURNS win_summary
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 200;
CREATE FUNCTION win_summary_remove_outcome(state win_summary, outcome deal_outcome) RETURNS win_summary
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION win_summary_remove_fields(state win_summary, won boolean, competitors text[]) RETURNS win_summary
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION win_summary_remove_fields(state win_summary, won boolean, competitors text[], amount numeric) RETURNS win_summary
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION win_summary_remove_summary(state win_summary, summary win_summary) RETURNS win_summary
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 200;
CREATE FUNCTION win_summary_combine(state win_summary, other win_summary) RETURNS win_summary
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION win_summary_final(state win_summary) RETURNS win_summary
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION win_summary_add_outcome(win_summary, deal_outcome) IS 'transition of win_agg(deal_outcome)';
COMMENT ON FUNCTION win_summary_add_fields(win_summary, boolean, text[]) IS 'transition of win_agg(won, competitors)';
COMMENT ON FUNCTION win_summary_add_fields(win_summary, boolean, text[], numeric) IS 'transition of win_agg(won, competitors, amount)';
COMMENT ON FUNCTION win_summary_add_summary(win_summary, win_summary) IS 'transition of rollup(win_summary)';
COMMENT ON FUNCTION win_summary_remove_outcome(win_summary, deal_outcome) IS 'inverse transition of win_agg(deal_outcome)';
COMMENT ON FUNCTION win_summary_remove_fields(win_summary, boolean, text[]) IS 'inverse transition of win_agg(won, competitors)';
COMMENT ON FUNCTION win_summary_remove_fields(win_summary, boolean, text[], numeric) IS 'inverse transition of win_agg(won, competitors, amount)';
COMMENT ON FUNCTION win_summary_remove_summary(win_summary, win_summary) IS 'inverse transition of rollup(win_summary)';
COMMENT ON FUNCTION win_summary_combine(win_summary, win_summary) IS 'combine function of win_agg and rollup';
COMMENT ON FUNCTION win_summary_final(win_summary) IS 'final function of win_agg and rollup: the canonical form';

CREATE AGGREGATE win_agg(outcome deal_outcome) (
	SFUNC = win_summary_add_outcome, STYPE = win_summary, SSPACE = 8192,
	FINALFUNC = win_summary_final, COMBINEFUNC = win_summary_combine,
	MSFUNC = win_summary_add_outcome, MINVFUNC = win_summary_remove_outcome, MSTYPE = win_summary, MSSPACE = 1024,
	MFINALFUNC = win_summary_final, PARALLEL = SAFE
);
COMMENT ON AGGREGATE win_agg(deal_outcome) IS 'deals by how they ended and by who was considered';
CREATE AGGREGATE win_agg(won boolean, competitors text[]) (
	SFUNC = win_summary_add_fields, STYPE = win_summary, SSPACE = 8192,
	FINALFUNC = win_summary_final, COMBINEFUNC = win_summary_combine,
	MSFUNC = win_summary_add_fields, MINVFUNC = win_summary_remove_fields, MSTYPE = win_summary, MSSPACE = 1024,
	MFINALFUNC = win_summary_final, PARALLEL = SAFE
);
COMMENT ON AGGREGATE win_agg(boolean, text[]) IS 'deals won or not, or open when won is NULL, by the competitors in them';
CREATE AGGREGATE win_agg(won boolean, competitors text[], amount numeric) (
	SFUNC = win_summary_add_fields, STYPE = win_summary, SSPACE = 8192,
	FINALFUNC = win_summary_final, COMBINEFUNC = win_summary_combine,
	MSFUNC = win_summary_add_fields, MINVFUNC = win_summary_remove_fields, MSTYPE = win_summary, MSSPACE = 1024,
	MFINALFUNC = win_summary_final, PARALLEL = SAFE
);
COMMENT ON AGGREGATE win_agg(boolean, text[], numeric) IS 'deals won or not, or open when won is NULL, by the competitors in them, with amounts';
CREATE AGGREGATE rollup(summary win_summary) (
	SFUNC = win_summary_add_summary, STYPE = win_summary, SSPACE = 4096,
	FINALFUNC = win_summary_final, COMBINEFUNC = win_summary_combine,
	MSFUNC = win_summary_add_summary, MINVFUNC = win_summary_remove_summary, MSTYPE = win_summary, MSSPACE = 4096,
	MFINALFUNC = win_summary_final, PARALLEL = SAFE
);
COMMENT ON AGGREGATE rollup(win_summary) IS 'one summary of the deals in many';

CREATE FUNCTION win_summary_plus(win_summary, win_summary) RETURNS win_summary
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION win_summary_minus(win_summary, win_summary) RETURNS win_summary
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION win_summary_plus(win_summary, win_summary) IS 'implementation of +';
COMMENT ON FUNCTION win_summary_minus(win_summary, win_summary) IS 'implementation of -';
CREATE OPERATOR + (LEFTARG = win_summary, RIGHTARG = win_summary, FUNCTION = win_summary_plus, COMMUTATOR = +);
CREATE OPERATOR - (LEFTARG = win_summary, RIGHTARG = win_summary, FUNCTION = win_summary_minus);
COMMENT ON OPERATOR + (win_summary, win_summary) IS 'the deals in both';
COMMENT ON OPERATOR - (win_summary, win_summary) IS 'the deals in the first without those of the second, which must be among them';

CREATE FUNCTION win_rate(summary win_summary, competitor text, basis text DEFAULT 'considered') RETURNS rate_summary
	AS 'MODULE_PATHNAME', 'win_summary_win_rate' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION overall_win_rate(summary win_summary, basis text DEFAULT 'considered') RETURNS rate_summary
	AS 'MODULE_PATHNAME', 'win_summary_overall_win_rate' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION uncontested_win_rate(summary win_summary, basis text DEFAULT 'considered') RETURNS rate_summary
	AS 'MODULE_PATHNAME', 'win_summary_uncontested_win_rate' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION win_loss_ratio(summary win_summary, competitor text) RETURNS double precision
	AS 'MODULE_PATHNAME', 'win_summary_win_loss_ratio' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION lost_to(summary win_summary, competitor text) RETURNS bigint
	AS 'MODULE_PATHNAME', 'win_summary_lost_to' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION amount_win_rate(summary win_summary, competitor text) RETURNS double precision
	AS 'MODULE_PATHNAME', 'win_summary_amount_win_rate' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION amount_win_rate(summary win_summary) RETURNS double precision
	AS 'MODULE_PATHNAME', 'win_summary_overall_amount_win_rate' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION fractional_win_rate(summary win_summary, competitor text, basis text DEFAULT 'considered') RETURNS double precision
	AS 'MODULE_PATHNAME', 'win_summary_fractional_win_rate' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION fractional_credit(summary win_summary, competitor text, basis text DEFAULT 'considered',
								  OUT won double precision, OUT total double precision) RETURNS record
	AS 'MODULE_PATHNAME', 'win_summary_fractional_credit' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION competitors(summary win_summary, basis text DEFAULT 'considered', min_deals bigint DEFAULT 0, level double precision DEFAULT 0.95,
							OUT competitor text, OUT considered bigint, OUT won bigint, OUT lost bigint, OUT lost_to bigint, OUT no_decision bigint, OUT open bigint,
							OUT total bigint, OUT percent double precision, OUT low double precision, OUT high double precision,
							OUT fractional_won double precision, OUT fractional_total double precision,
							OUT amount_won numeric, OUT amount_lost numeric) RETURNS SETOF record
	AS 'MODULE_PATHNAME', 'win_summary_competitors' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 20;
CREATE FUNCTION chart(summary win_summary, width integer DEFAULT 60) RETURNS text
	AS 'MODULE_PATHNAME', 'win_summary_chart' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION win_rate(win_summary, text, text) IS 'deals won of those in which a competitor was considered; basis considered, closed, decided or lost_to';
COMMENT ON FUNCTION overall_win_rate(win_summary, text) IS 'deals won of all, each counted once';
COMMENT ON FUNCTION uncontested_win_rate(win_summary, text) IS 'deals won of those in which nobody was considered';
COMMENT ON FUNCTION win_loss_ratio(win_summary, text) IS 'deals won / deals lost in which a competitor was considered; NULL when none was lost';
COMMENT ON FUNCTION lost_to(win_summary, text) IS 'deals lost to this very competitor, as far as the losing event names it';
COMMENT ON FUNCTION amount_win_rate(win_summary, text) IS 'amount won / amount won and lost where a competitor was considered; NULL when there is none';
COMMENT ON FUNCTION amount_win_rate(win_summary) IS 'amount won / amount won and lost of all deals; NULL when there is none';
COMMENT ON FUNCTION fractional_win_rate(win_summary, text, text) IS 'win rate in which a deal with k competitors counts 1/k for each; NULL when the denominator is empty';
COMMENT ON FUNCTION fractional_credit(win_summary, text, text) IS 'deals won and denominator of a competitor, a deal with k competitors counting 1/k for each';
COMMENT ON FUNCTION competitors(win_summary, text, bigint, double precision) IS 'a row for each competitor with at least min_deals deals in the denominator: counts, percent won of total with its Wilson interval, fractional credit, amounts';
COMMENT ON FUNCTION chart(win_summary, integer) IS 'win rates against the competitors considered most often, with intervals, as text';

--
-- content_summary: what was read, by how many (floor 3)
--

CREATE TYPE content_summary;

CREATE FUNCTION content_summary_in(cstring) RETURNS content_summary
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION content_summary_out(content_summary) RETURNS cstring
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION content_summary_recv(internal) RETURNS content_summary
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION content_summary_send(content_summary) RETURNS bytea
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE TYPE content_summary (
	INPUT = content_summary_in,
	OUTPUT = content_summary_out,
	RECEIVE = content_summary_recv,
	SEND = content_summary_send,
	INTERNALLENGTH = VARIABLE,
	ALIGNMENT = double,
	STORAGE = extended
);

COMMENT ON TYPE content_summary IS 'events, distinct actors and time by action; made by content_agg, read by actions and distinct_actors';
COMMENT ON FUNCTION content_summary_in(cstring) IS 'input of content_summary';
COMMENT ON FUNCTION content_summary_out(content_summary) IS 'output of content_summary';
COMMENT ON FUNCTION content_summary_recv(internal) IS 'binary input of content_summary';
COMMENT ON FUNCTION content_summary_send(content_summary) IS 'binary output of content_summary';

CREATE FUNCTION jsonb(summary content_summary) RETURNS jsonb
	AS 'MODULE_PATHNAME', 'content_summary_to_jsonb' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION content_summary(object jsonb) RETURNS content_summary
	AS 'MODULE_PATHNAME', 'content_summary_from_jsonb' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION jsonb(content_summary) IS 'a content summary as {"version", "actions"}';
COMMENT ON FUNCTION content_summary(jsonb) IS 'a content summary from {"version", "actions"}';
CREATE CAST (content_summary AS jsonb) WITH FUNCTION jsonb(content_summary);
CREATE CAST (jsonb AS content_summary) WITH FUNCTION content_summary(jsonb);
COMMENT ON CAST (content_summary AS jsonb) IS 'a content summary as a jsonb object';
COMMENT ON CAST (jsonb AS content_summary) IS 'a content summary from a jsonb object';

-- Not STRICT: the state starts as NULL, and an event may lack an actor or a time.
CREATE FUNCTION content_summary_add_event(state content_summary, action text, actor text) RETURNS content_summary
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 10;
CREATE FUNCTION content_summary_add_event(state content_summary, action text, actor text, seconds double precision) RETURNS content_summary
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 10;
CREATE FUNCTION content_summary_combine(state content_summary, other content_summary) RETURNS content_summary
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION content_summary_final(state content_summary) RETURNS content_summary
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION content_summary_add_event(content_summary, text, text) IS 'transition of content_agg(action, actor)';
COMMENT ON FUNCTION content_summary_add_event(content_summary, text, text, double precision) IS 'transition of content_agg(action, actor, seconds)';
COMMENT ON FUNCTION content_summary_combine(content_summary, content_summary) IS 'transition of rollup(content_summary), and combine function of content_agg';
COMMENT ON FUNCTION content_summary_final(content_summary) IS 'final function of content_agg and rollup: the canonical form';

CREATE AGGREGATE content_agg(action text, actor text) (
	SFUNC = content_summary_add_event, STYPE = content_summary, SSPACE = 4096,
	FINALFUNC = content_summary_final, COMBINEFUNC = content_summary_combine, PARALLEL = SAFE
);
CREATE AGGREGATE content_agg(action text, actor text, seconds double precision) (
	SFUNC = content_summary_add_event, STYPE = content_summary, SSPACE = 4096,
	FINALFUNC = content_summary_final, COMBINEFUNC = content_summary_combine, PARALLEL = SAFE
);
CREATE AGGREGATE rollup(summary content_summary) (
	SFUNC = content_summary_combine, STYPE = content_summary, SSPACE = 8192,
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

--
-- deal_cycle, deal_exposure: time from one thing to another (floor 2)
--

CREATE TYPE deal_cycle;

-- STABLE for the reason given at deal_event_in.
CREATE FUNCTION deal_cycle_in(cstring) RETURNS deal_cycle
	AS 'MODULE_PATHNAME' LANGUAGE C STABLE STRICT PARALLEL SAFE;
CREATE FUNCTION deal_cycle_out(deal_cycle) RETURNS cstring
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION deal_cycle_recv(internal) RETURNS deal_cycle
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION deal_cycle_send(deal_cycle) RETURNS bytea
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE TYPE deal_cycle (
	INPUT = deal_cycle_in,
	OUTPUT = deal_cycle_out,
	RECEIVE = deal_cycle_recv,
	SEND = deal_cycle_send,
	INTERNALLENGTH = VARIABLE,
	ALIGNMENT = double,
	STORAGE = extended
);

COMMENT ON TYPE deal_cycle IS 'how long one deal took from one thing to another: event, competing end or censored; entered late or not; many make a duration_summary';
COMMENT ON FUNCTION deal_cycle_in(cstring) IS 'input of deal_cycle';
COMMENT ON FUNCTION deal_cycle_out(deal_cycle) IS 'output of deal_cycle';
COMMENT ON FUNCTION deal_cycle_recv(internal) IS 'binary input of deal_cycle';
COMMENT ON FUNCTION deal_cycle_send(deal_cycle) IS 'binary output of deal_cycle';

CREATE FUNCTION jsonb(cycle deal_cycle) RETURNS jsonb
	AS 'MODULE_PATHNAME', 'deal_cycle_to_jsonb' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION deal_cycle(object jsonb) RETURNS deal_cycle
	AS 'MODULE_PATHNAME', 'deal_cycle_from_jsonb' LANGUAGE C STABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION jsonb(deal_cycle) IS 'a cycle as {"version", "unit", "status", "started_at", "entered_at", "observed_until"}';
COMMENT ON FUNCTION deal_cycle(jsonb) IS 'a cycle from {"version", "unit", "status", "started_at", "entered_at", "observed_until"}';
CREATE CAST (deal_cycle AS jsonb) WITH FUNCTION jsonb(deal_cycle);
CREATE CAST (jsonb AS deal_cycle) WITH FUNCTION deal_cycle(jsonb);
COMMENT ON CAST (deal_cycle AS jsonb) IS 'a cycle as a jsonb object';
COMMENT ON CAST (jsonb AS deal_cycle) IS 'a cycle from a jsonb object';

-- Not STRICT: a NULL option is an error. Stays IMMUTABLE: now() is only the default of as_of.
CREATE FUNCTION deal_cycle(
	history deal_history,
	from_kinds text[] DEFAULT '{opportunity}',
	to_kinds text[] DEFAULT '{won}',
	unless text[] DEFAULT '{lost}',
	as_of timestamptz DEFAULT now(),
	unit text DEFAULT 'day'
) RETURNS deal_cycle
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 5;
COMMENT ON FUNCTION deal_cycle(deal_history, text[], text[], text[], timestamptz, text)
	IS 'from the first of from_kinds to the first of to_kinds at or after it, unless one of unless comes first; unit day, hour, minute or second';

-- Not STRICT as above; a NULL exposure_subject stands for any.
CREATE FUNCTION deal_exposure(
	history deal_history,
	exposed_by text,
	exposure_subject text DEFAULT NULL,
	from_kinds text[] DEFAULT '{opportunity}',
	to_kinds text[] DEFAULT '{won}',
	unless text[] DEFAULT '{lost}',
	as_of timestamptz DEFAULT now(),
	unit text DEFAULT 'day',
	OUT exposed boolean, OUT cycle deal_cycle
) RETURNS SETOF record
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 10 ROWS 2;
COMMENT ON FUNCTION deal_exposure(deal_history, text, text, text[], text[], text[], timestamptz, text)
	IS 'the cycle of a deal, split at its first exposure: unexposed until then, exposed (entering late) from then on';

CREATE FUNCTION status(cycle deal_cycle) RETURNS text
	AS 'MODULE_PATHNAME', 'deal_cycle_status' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION duration(cycle deal_cycle) RETURNS interval
	AS 'MODULE_PATHNAME', 'deal_cycle_duration' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION started_at(cycle deal_cycle) RETURNS timestamptz
	AS 'MODULE_PATHNAME', 'deal_cycle_started_at' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION ended_at(cycle deal_cycle) RETURNS timestamptz
	AS 'MODULE_PATHNAME', 'deal_cycle_ended_at' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION entered_at(cycle deal_cycle) RETURNS timestamptz
	AS 'MODULE_PATHNAME', 'deal_cycle_entered_at' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION observed_until(cycle deal_cycle) RETURNS timestamptz
	AS 'MODULE_PATHNAME', 'deal_cycle_observed_until' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION unit(cycle deal_cycle) RETURNS text
	AS 'MODULE_PATHNAME', 'deal_cycle_unit' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION status(deal_cycle) IS 'event, competing (something in unless came first) or censored (neither by as_of)';
COMMENT ON FUNCTION duration(deal_cycle) IS 'from the start to the end in days and time; as far as it was observed when censored';
COMMENT ON FUNCTION started_at(deal_cycle) IS 'when the cycle started';
COMMENT ON FUNCTION ended_at(deal_cycle) IS 'when it ended in the event or in a competing end; NULL when censored';
COMMENT ON FUNCTION entered_at(deal_cycle) IS 'since when it was observed, when later than its start (deal_exposure); else NULL';
COMMENT ON FUNCTION observed_until(deal_cycle) IS 'its end, or when censored the instant up to which it was observed';
COMMENT ON FUNCTION unit(deal_cycle) IS 'the unit in which duration_agg counts it: day, hour, minute or second';

-- Not STRICT: the state starts as NULL, and NULL inputs are skipped.
CREATE FUNCTION duration_summary_add_cycle(state duration_summary, cycle deal_cycle) RETURNS duration_summary
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 5;
CREATE FUNCTION duration_summary_remove_cycle(state duration_summary, cycle deal_cycle) RETURNS duration_summary
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION duration_summary_add_cycle(duration_summary, deal_cycle) IS 'transition of duration_agg(cycle)';
COMMENT ON FUNCTION duration_summary_remove_cycle(duration_summary, deal_cycle) IS 'inverse transition of duration_agg(cycle)';
CREATE AGGREGATE duration_agg(cycle deal_cycle) (
	SFUNC = duration_summary_add_cycle, STYPE = duration_summary, SSPACE = 4096,
	FINALFUNC = duration_summary_final, COMBINEFUNC = duration_summary_combine,
	MSFUNC = duration_summary_add_cycle, MINVFUNC = duration_summary_remove_cycle, MSTYPE = duration_summary, MSSPACE = 512,
	MFINALFUNC = duration_summary_final, PARALLEL = SAFE
);
COMMENT ON AGGREGATE duration_agg(deal_cycle) IS 'the lengths of many cycles, which must have the same unit; competing ends, the unfinished and late entries counted as such';

--
-- quota_attainment: one rep's way to quota (floor 2)
--

CREATE TYPE quota_attainment;

-- STABLE for the reason given at deal_event_in.
CREATE FUNCTION quota_attainment_in(cstring) RETURNS quota_attainment
	AS 'MODULE_PATHNAME' LANGUAGE C STABLE STRICT PARALLEL SAFE;
CREATE FUNCTION quota_attainment_out(quota_attainment) RETURNS cstring
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION quota_attainment_recv(internal) RETURNS quota_attainment
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION quota_attainment_send(quota_attainment) RETURNS bytea
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE TYPE quota_attainment (
	INPUT = quota_attainment_in,
	OUTPUT = quota_attainment_out,
	RECEIVE = quota_attainment_recv,
	SEND = quota_attainment_send,
	INTERNALLENGTH = VARIABLE,
	ALIGNMENT = double,
	STORAGE = extended
);

COMMENT ON TYPE quota_attainment IS 'one rep on the way to quota: reached, left before, or open; until when, in how many closed deals; many make a quota_summary';
COMMENT ON FUNCTION quota_attainment_in(cstring) IS 'input of quota_attainment';
COMMENT ON FUNCTION quota_attainment_out(quota_attainment) IS 'output of quota_attainment';
COMMENT ON FUNCTION quota_attainment_recv(internal) IS 'binary input of quota_attainment';
COMMENT ON FUNCTION quota_attainment_send(quota_attainment) IS 'binary output of quota_attainment';

CREATE FUNCTION jsonb(attainment quota_attainment) RETURNS jsonb
	AS 'MODULE_PATHNAME', 'quota_attainment_to_jsonb' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION quota_attainment(object jsonb) RETURNS quota_attainment
	AS 'MODULE_PATHNAME', 'quota_attainment_from_jsonb' LANGUAGE C STABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION jsonb(quota_attainment) IS 'an attainment as {"version", "status", "hired_at", "observed_until", "cycles", "won_cycles", "attained", "target"}';
COMMENT ON FUNCTION quota_attainment(jsonb) IS 'an attainment from {"version", "status", "hired_at", "observed_until", "cycles", "won_cycles", "attained", "target"}';
CREATE CAST (quota_attainment AS jsonb) WITH FUNCTION jsonb(quota_attainment);
CREATE CAST (jsonb AS quota_attainment) WITH FUNCTION quota_attainment(jsonb);
COMMENT ON CAST (quota_attainment AS jsonb) IS 'an attainment as a jsonb object';
COMMENT ON CAST (jsonb AS quota_attainment) IS 'an attainment from a jsonb object';

-- Not STRICT: a NULL history is one without deals, and NULL options stand for none. Stays IMMUTABLE: now() is only the default of as_of.
CREATE FUNCTION quota_attainment(
	history deal_history,
	hired_at timestamptz,
	quota numeric,
	period text DEFAULT NULL,
	ramp numeric[] DEFAULT NULL,
	as_of timestamptz DEFAULT now(),
	left_at timestamptz DEFAULT NULL,
	threshold numeric DEFAULT 1.0,
	sustained integer DEFAULT 1,
	won text[] DEFAULT '{won}',
	lost text[] DEFAULT '{lost}',
	zone text DEFAULT 'UTC'
) RETURNS quota_attainment
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 20;
COMMENT ON FUNCTION quota_attainment(deal_history, timestamptz, numeric, text, numeric[], timestamptz, timestamptz, numeric, integer, text[], text[], text)
	IS 'when a rep reached quota: since hire, or within one calendar period (month, quarter, year), sustained periods in a row; ramp holds the quotas of the first periods';

CREATE FUNCTION status(attainment quota_attainment) RETURNS text
	AS 'MODULE_PATHNAME', 'quota_attainment_status' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION hired_at(attainment quota_attainment) RETURNS timestamptz
	AS 'MODULE_PATHNAME', 'quota_attainment_hired_at' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION reached_at(attainment quota_attainment) RETURNS timestamptz
	AS 'MODULE_PATHNAME', 'quota_attainment_reached_at' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION observed_until(attainment quota_attainment) RETURNS timestamptz
	AS 'MODULE_PATHNAME', 'quota_attainment_observed_until' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION days(attainment quota_attainment) RETURNS integer
	AS 'MODULE_PATHNAME', 'quota_attainment_days' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION cycles(attainment quota_attainment) RETURNS integer
	AS 'MODULE_PATHNAME', 'quota_attainment_cycles' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION won_cycles(attainment quota_attainment) RETURNS integer
	AS 'MODULE_PATHNAME', 'quota_attainment_won_cycles' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION attained(attainment quota_attainment) RETURNS numeric
	AS 'MODULE_PATHNAME', 'quota_attainment_attained' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION target(attainment quota_attainment) RETURNS numeric
	AS 'MODULE_PATHNAME', 'quota_attainment_target' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION elapsed_cycles(attainment quota_attainment, reference interval) RETURNS double precision
	AS 'MODULE_PATHNAME', 'quota_attainment_elapsed_cycles' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION status(quota_attainment) IS 'reached, left (before reaching quota) or open (not yet by as_of)';
COMMENT ON FUNCTION hired_at(quota_attainment) IS 'when the rep was hired';
COMMENT ON FUNCTION reached_at(quota_attainment) IS 'when quota was reached; NULL when it was not';
COMMENT ON FUNCTION observed_until(quota_attainment) IS 'when quota was reached or the rep left; as_of when open';
COMMENT ON FUNCTION days(quota_attainment) IS 'whole days from hire to quota; when it was not reached, as long as the rep was observed';
COMMENT ON FUNCTION cycles(quota_attainment) IS 'closed deals from hire up to and including the instant of quota; when it was not reached, all observed';
COMMENT ON FUNCTION won_cycles(quota_attainment) IS 'the won ones among the cycles';
COMMENT ON FUNCTION attained(quota_attainment) IS 'the amount held against the target: won since hire, or in the period of quota or of the end of observation';
COMMENT ON FUNCTION target(quota_attainment) IS 'the smallest amount that reaches quota x threshold in that period, to four decimals';
COMMENT ON FUNCTION elapsed_cycles(quota_attainment, interval) IS 'time from hire to quota, or as long as observed, in reference cycles of so long';

--
-- quota_summary: how many reps got there, and how fast (floor 3)
--

CREATE TYPE quota_summary;

CREATE FUNCTION quota_summary_in(cstring) RETURNS quota_summary
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION quota_summary_out(quota_summary) RETURNS cstring
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION quota_summary_recv(internal) RETURNS quota_summary
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION quota_summary_send(quota_summary) RETURNS bytea
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE TYPE quota_summary (
	INPUT = quota_summary_in,
	OUTPUT = quota_summary_out,
	RECEIVE = quota_summary_recv,
	SEND = quota_summary_send,
	INTERNALLENGTH = VARIABLE,
	ALIGNMENT = double,
	STORAGE = extended
);

COMMENT ON TYPE quota_summary IS 'how many reps reached quota, how fast, and in how many closed deals; those on the way and those who left counted as such; made by quota_agg, read by reached, time_to_quota and quota_velocity';
COMMENT ON FUNCTION quota_summary_in(cstring) IS 'input of quota_summary';
COMMENT ON FUNCTION quota_summary_out(quota_summary) IS 'output of quota_summary';
COMMENT ON FUNCTION quota_summary_recv(internal) IS 'binary input of quota_summary';
COMMENT ON FUNCTION quota_summary_send(quota_summary) IS 'binary output of quota_summary';

CREATE FUNCTION jsonb(summary quota_summary) RETURNS jsonb
	AS 'MODULE_PATHNAME', 'quota_summary_to_jsonb' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION quota_summary(object jsonb) RETURNS quota_summary
	AS 'MODULE_PATHNAME', 'quota_summary_from_jsonb' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION jsonb(quota_summary) IS 'a quota summary as {"version", "cycles", "cycles_of_reached", "total_microseconds", "histogram"}';
COMMENT ON FUNCTION quota_summary(jsonb) IS 'a quota summary from {"version", "cycles", "cycles_of_reached", "total_microseconds", "histogram"}';
CREATE CAST (quota_summary AS jsonb) WITH FUNCTION jsonb(quota_summary);
CREATE CAST (jsonb AS quota_summary) WITH FUNCTION quota_summary(jsonb);
COMMENT ON CAST (quota_summary AS jsonb) IS 'a quota summary as a jsonb object';
COMMENT ON CAST (jsonb AS quota_summary) IS 'a quota summary from a jsonb object';

-- Not STRICT: the state starts as NULL, and NULL inputs are skipped.
CREATE FUNCTION quota_summary_add_attainment(state quota_summary, attainment quota_attainment) RETURNS quota_summary
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 10;
CREATE FUNCTION quota_summary_remove_attainment(state quota_summary, attainment quota_attainment) RETURNS quota_summary
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION quota_summary_add_summary(state quota_summary, summary quota_summary) RETURNS quota_summary
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 50;
CREATE FUNCTION quota_summary_remove_summary(state quota_summary, summary quota_summary) RETURNS quota_summary
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 50;
CREATE FUNCTION quota_summary_combine(state quota_summary, other quota_summary) RETURNS quota_summary
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION quota_summary_final(state quota_summary) RETURNS quota_summary
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION quota_summary_add_attainment(quota_summary, quota_attainment) IS 'transition of quota_agg';
COMMENT ON FUNCTION quota_summary_remove_attainment(quota_summary, quota_attainment) IS 'inverse transition of quota_agg';
COMMENT ON FUNCTION quota_summary_add_summary(quota_summary, quota_summary) IS 'transition of rollup(quota_summary)';
COMMENT ON FUNCTION quota_summary_remove_summary(quota_summary, quota_summary) IS 'inverse transition of rollup(quota_summary)';
COMMENT ON FUNCTION quota_summary_combine(quota_summary, quota_summary) IS 'combine function of quota_agg and rollup';
COMMENT ON FUNCTION quota_summary_final(quota_summary) IS 'final function of quota_agg and rollup: the canonical form';
CREATE AGGREGATE quota_agg(attainment quota_attainment) (
	SFUNC = quota_summary_add_attainment, STYPE = quota_summary, SSPACE = 2048,
	FINALFUNC = quota_summary_final, COMBINEFUNC = quota_summary_combine,
	MSFUNC = quota_summary_add_attainment, MINVFUNC = quota_summary_remove_attainment, MSTYPE = quota_summary, MSSPACE = 512,
	MFINALFUNC = quota_summary_final, PARALLEL = SAFE
);
CREATE AGGREGATE rollup(summary quota_summary) (
	SFUNC = quota_summary_add_summary, STYPE = quota_summary, SSPACE = 1024,
	FINALFUNC = quota_summary_final, COMBINEFUNC = quota_summary_combine,
	MSFUNC = quota_summary_add_summary, MINVFUNC = quota_summary_remove_summary, MSTYPE = quota_summary, MSSPACE = 1024,
	MFINALFUNC = quota_summary_final, PARALLEL = SAFE
);
COMMENT ON AGGREGATE quota_agg(quota_attainment) IS 'the ways to quota of many reps, each with a quota of their own';
COMMENT ON AGGREGATE rollup(quota_summary) IS 'one summary of the reps in many';

CREATE FUNCTION quota_summary_plus(quota_summary, quota_summary) RETURNS quota_summary
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION quota_summary_minus(quota_summary, quota_summary) RETURNS quota_summary
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION quota_summary_plus(quota_summary, quota_summary) IS 'implementation of +';
COMMENT ON FUNCTION quota_summary_minus(quota_summary, quota_summary) IS 'implementation of -';
CREATE OPERATOR + (LEFTARG = quota_summary, RIGHTARG = quota_summary, FUNCTION = quota_summary_plus, COMMUTATOR = +);
CREATE OPERATOR - (LEFTARG = quota_summary, RIGHTARG = quota_summary, FUNCTION = quota_summary_minus);
COMMENT ON OPERATOR + (quota_summary, quota_summary) IS 'the reps in both';
COMMENT ON OPERATOR - (quota_summary, quota_summary) IS 'the reps in the first without those of the second, which must be among them';

CREATE FUNCTION reps(summary quota_summary) RETURNS bigint
	AS 'MODULE_PATHNAME', 'quota_summary_reps' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION reached(summary quota_summary) RETURNS rate_summary
	AS 'MODULE_PATHNAME', 'quota_summary_reached' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION quota_velocity(summary quota_summary) RETURNS double precision
	AS 'MODULE_PATHNAME', 'quota_summary_quota_velocity' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION mean_cycles(summary quota_summary) RETURNS double precision
	AS 'MODULE_PATHNAME', 'quota_summary_mean_cycles' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION mean_elapsed_cycles(summary quota_summary, reference interval) RETURNS double precision
	AS 'MODULE_PATHNAME', 'quota_summary_mean_elapsed_cycles' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION time_to_quota(summary quota_summary) RETURNS duration_summary
	AS 'MODULE_PATHNAME', 'quota_summary_time_to_quota' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION reps(quota_summary) IS 'how many reps';
COMMENT ON FUNCTION reached(quota_summary) IS 'those who reached quota, of all reps';
COMMENT ON FUNCTION quota_velocity(quota_summary) IS '100 x closed deals of all reps / reps; those not there yet with the deals they have closed so far';
COMMENT ON FUNCTION mean_cycles(quota_summary) IS 'closed deals until quota per rep, of those who reached it alone; NULL when nobody did';
COMMENT ON FUNCTION mean_elapsed_cycles(quota_summary, interval) IS 'mean time from hire to quota in reference cycles of so long, of those who reached it alone; NULL when nobody did';
COMMENT ON FUNCTION time_to_quota(quota_summary) IS 'days from hire to quota: having left before competes, those on the way are censored';
CREATE FUNCTION chart(summary quota_summary, width integer DEFAULT 60) RETURNS text
	AS 'MODULE_PATHNAME', 'quota_summary_chart' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION chart(quota_summary, integer) IS 'the chart of time_to_quota: who is not there yet, or where reps left, who is';

--
-- comparison: before and after (floor 5)
--

CREATE FUNCTION compare(before rate_summary, after rate_summary, level double precision DEFAULT 0.95,
						OUT before_percent double precision, OUT after_percent double precision,
						OUT difference_points double precision, OUT low double precision, OUT high double precision,
						OUT relative_lift double precision, OUT z double precision, OUT p_value double precision, OUT p_exact double precision) RETURNS record
	AS 'MODULE_PATHNAME', 'rate_summary_compare' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 10;
COMMENT ON FUNCTION compare(rate_summary, rate_summary, double precision) IS 'after minus before in percentage points with its interval (Newcombe), relative lift as a fraction of before (0.2 is a fifth more), z and its p-value (pooled), exact p-value (Fisher, two-sided)';

CREATE FUNCTION difference_in_differences(before_treated rate_summary, after_treated rate_summary,
										  before_control rate_summary, after_control rate_summary, level double precision DEFAULT 0.95,
										  OUT treated_points double precision, OUT control_points double precision,
										  OUT difference_points double precision, OUT std_error double precision, OUT low double precision, OUT high double precision,
										  OUT z double precision, OUT p_value double precision) RETURNS record
	AS 'MODULE_PATHNAME', 'rate_summary_difference_in_differences' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION difference_in_differences(rate_summary, rate_summary, rate_summary, rate_summary, double precision) IS 'what changed among the treated beyond what changed in the control group: all in percentage points but z and p_value';

-- Not STRICT: a NULL horizon is one as far as both were observed.
CREATE FUNCTION compare(before duration_summary, after duration_summary, horizon double precision DEFAULT NULL, level double precision DEFAULT 0.95,
						OUT before_median double precision, OUT after_median double precision,
						OUT difference_days double precision, OUT low double precision, OUT high double precision,
						OUT log_rank_chi2 double precision, OUT p_value double precision, OUT hazard_ratio double precision,
						OUT compared_to double precision) RETURNS record
	AS 'MODULE_PATHNAME', 'duration_summary_compare' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 10;
COMMENT ON FUNCTION compare(duration_summary, duration_summary, double precision, double precision) IS 'after minus before, in the unit of both: medians, difference of the means up to a horizon (compared_to) with its interval, log-rank test, hazard ratio (above 1: sooner after)';

--
-- mantel_haenszel_summary: rates before and after, stratum by stratum (floor 5)
--

CREATE TYPE mantel_haenszel_summary;

CREATE FUNCTION mantel_haenszel_summary_in(cstring) RETURNS mantel_haenszel_summary
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION mantel_haenszel_summary_out(mantel_haenszel_summary) RETURNS cstring
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION mantel_haenszel_summary_recv(internal) RETURNS mantel_haenszel_summary
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION mantel_haenszel_summary_send(mantel_haenszel_summary) RETURNS bytea
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE TYPE mantel_haenszel_summary (
	INPUT = mantel_haenszel_summary_in,
	OUTPUT = mantel_haenszel_summary_out,
	RECEIVE = mantel_haenszel_summary_recv,
	SEND = mantel_haenszel_summary_send,
	INTERNALLENGTH = VARIABLE,
	ALIGNMENT = double,
	STORAGE = extended
);

COMMENT ON TYPE mantel_haenszel_summary IS 'rates before and after, compared stratum by stratum (Mantel and Haenszel); made by mantel_haenszel_agg, read by compare';
COMMENT ON FUNCTION mantel_haenszel_summary_in(cstring) IS 'input of mantel_haenszel_summary';
COMMENT ON FUNCTION mantel_haenszel_summary_out(mantel_haenszel_summary) IS 'output of mantel_haenszel_summary';
COMMENT ON FUNCTION mantel_haenszel_summary_recv(internal) IS 'binary input of mantel_haenszel_summary';
COMMENT ON FUNCTION mantel_haenszel_summary_send(mantel_haenszel_summary) IS 'binary output of mantel_haenszel_summary';

CREATE FUNCTION jsonb(summary mantel_haenszel_summary) RETURNS jsonb
	AS 'MODULE_PATHNAME', 'mantel_haenszel_summary_to_jsonb' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION mantel_haenszel_summary(object jsonb) RETURNS mantel_haenszel_summary
	AS 'MODULE_PATHNAME', 'mantel_haenszel_summary_from_jsonb' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION jsonb(mantel_haenszel_summary) IS 'a mantel_haenszel_summary as a jsonb object';
COMMENT ON FUNCTION mantel_haenszel_summary(jsonb) IS 'a mantel_haenszel_summary from a jsonb object';
CREATE CAST (mantel_haenszel_summary AS jsonb) WITH FUNCTION jsonb(mantel_haenszel_summary);
CREATE CAST (jsonb AS mantel_haenszel_summary) WITH FUNCTION mantel_haenszel_summary(jsonb);
COMMENT ON CAST (mantel_haenszel_summary AS jsonb) IS 'a mantel_haenszel_summary as a jsonb object';
COMMENT ON CAST (jsonb AS mantel_haenszel_summary) IS 'a mantel_haenszel_summary from a jsonb object';

-- Not STRICT: the state starts as NULL, and a NULL rate is an empty side of its stratum.
CREATE FUNCTION mantel_haenszel_summary_accumulate(state mantel_haenszel_summary, before rate_summary, after rate_summary) RETURNS mantel_haenszel_summary
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION mantel_haenszel_summary_combine(state mantel_haenszel_summary, other mantel_haenszel_summary) RETURNS mantel_haenszel_summary
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION mantel_haenszel_summary_accumulate(mantel_haenszel_summary, rate_summary, rate_summary) IS 'transition of mantel_haenszel_agg';
COMMENT ON FUNCTION mantel_haenszel_summary_combine(mantel_haenszel_summary, mantel_haenszel_summary) IS 'implementation of +, transition of rollup(mantel_haenszel_summary), and combine function of mantel_haenszel_agg and rollup';

CREATE AGGREGATE mantel_haenszel_agg(before rate_summary, after rate_summary) (
	SFUNC = mantel_haenszel_summary_accumulate, STYPE = mantel_haenszel_summary, SSPACE = 136,
	COMBINEFUNC = mantel_haenszel_summary_combine, PARALLEL = SAFE
);
CREATE AGGREGATE rollup(summary mantel_haenszel_summary) (
	SFUNC = mantel_haenszel_summary_combine, STYPE = mantel_haenszel_summary, SSPACE = 136,
	COMBINEFUNC = mantel_haenszel_summary_combine, PARALLEL = SAFE
);
COMMENT ON AGGREGATE mantel_haenszel_agg(rate_summary, rate_summary) IS 'rates before and after, one row for each stratum (segment, region), to be read by compare';
COMMENT ON AGGREGATE rollup(mantel_haenszel_summary) IS 'one comparison of the strata in many';
CREATE OPERATOR + (LEFTARG = mantel_haenszel_summary, RIGHTARG = mantel_haenszel_summary, FUNCTION = mantel_haenszel_summary_combine, COMMUTATOR = +);
COMMENT ON OPERATOR + (mantel_haenszel_summary, mantel_haenszel_summary) IS 'the strata in both';

CREATE FUNCTION compare(summary mantel_haenszel_summary, level double precision DEFAULT 0.95,
						OUT strata bigint, OUT skipped bigint, OUT crude_difference_points double precision,
						OUT common_difference_points double precision, OUT low double precision, OUT high double precision,
						OUT common_odds_ratio double precision, OUT odds_ratio_low double precision, OUT odds_ratio_high double precision,
						OUT chi2 double precision, OUT p_value double precision, OUT mix_shift boolean) RETURNS record
	AS 'MODULE_PATHNAME', 'mantel_haenszel_summary_compare' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION compare(mantel_haenszel_summary, double precision) IS 'after minus before within strata: common difference in percentage points with its interval (Sato), common odds ratio with its own (Robins, Breslow and Greenland), chi-square test without continuity correction; mix_shift: the crude difference points the other way';

--
-- log_rank_summary: durations before and after, stratum by stratum (floor 5)
--

CREATE TYPE log_rank_summary;

CREATE FUNCTION log_rank_summary_in(cstring) RETURNS log_rank_summary
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION log_rank_summary_out(log_rank_summary) RETURNS cstring
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION log_rank_summary_recv(internal) RETURNS log_rank_summary
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION log_rank_summary_send(log_rank_summary) RETURNS bytea
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE TYPE log_rank_summary (
	INPUT = log_rank_summary_in,
	OUTPUT = log_rank_summary_out,
	RECEIVE = log_rank_summary_recv,
	SEND = log_rank_summary_send,
	INTERNALLENGTH = VARIABLE,
	ALIGNMENT = double,
	STORAGE = extended
);

COMMENT ON TYPE log_rank_summary IS 'durations before and after, compared stratum by stratum (log-rank); made by log_rank_agg, read by compare';
COMMENT ON FUNCTION log_rank_summary_in(cstring) IS 'input of log_rank_summary';
COMMENT ON FUNCTION log_rank_summary_out(log_rank_summary) IS 'output of log_rank_summary';
COMMENT ON FUNCTION log_rank_summary_recv(internal) IS 'binary input of log_rank_summary';
COMMENT ON FUNCTION log_rank_summary_send(log_rank_summary) IS 'binary output of log_rank_summary';

CREATE FUNCTION jsonb(summary log_rank_summary) RETURNS jsonb
	AS 'MODULE_PATHNAME', 'log_rank_summary_to_jsonb' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION log_rank_summary(object jsonb) RETURNS log_rank_summary
	AS 'MODULE_PATHNAME', 'log_rank_summary_from_jsonb' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION jsonb(log_rank_summary) IS 'a log_rank_summary as a jsonb object';
COMMENT ON FUNCTION log_rank_summary(jsonb) IS 'a log_rank_summary from a jsonb object';
CREATE CAST (log_rank_summary AS jsonb) WITH FUNCTION jsonb(log_rank_summary);
CREATE CAST (jsonb AS log_rank_summary) WITH FUNCTION log_rank_summary(jsonb);
COMMENT ON CAST (log_rank_summary AS jsonb) IS 'a log_rank_summary as a jsonb object';
COMMENT ON CAST (jsonb AS log_rank_summary) IS 'a log_rank_summary from a jsonb object';

-- Not STRICT: the state starts as NULL, and a NULL summary is an empty side of its stratum.
CREATE FUNCTION log_rank_summary_accumulate(state log_rank_summary, before duration_summary, after duration_summary) RETURNS log_rank_summary
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION log_rank_summary_add_summary(state log_rank_summary, summary log_rank_summary) RETURNS log_rank_summary
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 50;
CREATE FUNCTION log_rank_summary_combine(state log_rank_summary, other log_rank_summary) RETURNS log_rank_summary
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION log_rank_summary_final(state log_rank_summary) RETURNS log_rank_summary
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION log_rank_summary_accumulate(log_rank_summary, duration_summary, duration_summary) IS 'transition of log_rank_agg';
COMMENT ON FUNCTION log_rank_summary_add_summary(log_rank_summary, log_rank_summary) IS 'transition of rollup(log_rank_summary)';
COMMENT ON FUNCTION log_rank_summary_combine(log_rank_summary, log_rank_summary) IS 'combine function of log_rank_agg and rollup';
COMMENT ON FUNCTION log_rank_summary_final(log_rank_summary) IS 'final function of log_rank_agg and rollup: the canonical form';

CREATE AGGREGATE log_rank_agg(before duration_summary, after duration_summary) (
	SFUNC = log_rank_summary_accumulate, STYPE = log_rank_summary, SSPACE = 4096,
	FINALFUNC = log_rank_summary_final, COMBINEFUNC = log_rank_summary_combine, PARALLEL = SAFE
);
CREATE AGGREGATE rollup(summary log_rank_summary) (
	SFUNC = log_rank_summary_add_summary, STYPE = log_rank_summary, SSPACE = 4096,
	FINALFUNC = log_rank_summary_final, COMBINEFUNC = log_rank_summary_combine, PARALLEL = SAFE
);
COMMENT ON AGGREGATE log_rank_agg(duration_summary, duration_summary) IS 'durations before and after, one row for each stratum (segment, region), to be read by compare';
COMMENT ON AGGREGATE rollup(log_rank_summary) IS 'one comparison of the strata in many';

CREATE FUNCTION log_rank_summary_plus(log_rank_summary, log_rank_summary) RETURNS log_rank_summary
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION log_rank_summary_plus(log_rank_summary, log_rank_summary) IS 'implementation of +';
CREATE OPERATOR + (LEFTARG = log_rank_summary, RIGHTARG = log_rank_summary, FUNCTION = log_rank_summary_plus, COMMUTATOR = +);
COMMENT ON OPERATOR + (log_rank_summary, log_rank_summary) IS 'the strata in both';

CREATE FUNCTION compare(summary log_rank_summary,
						OUT strata bigint, OUT skipped bigint, OUT crude_hazard_ratio double precision, OUT hazard_ratio double precision,
						OUT log_rank_chi2 double precision, OUT p_value double precision, OUT mix_shift boolean) RETURNS record
	AS 'MODULE_PATHNAME', 'log_rank_summary_compare' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 10;
COMMENT ON FUNCTION compare(log_rank_summary) IS 'stratified log-rank test and hazard ratio (above 1: sooner after); mix_shift: the crude comparison points the other way';

-- Not STRICT: a NULL p is kept out, and gives NULL, but its row must not stop the others.
CREATE FUNCTION p_adjust(p double precision, method text DEFAULT 'holm') RETURNS double precision
	AS 'MODULE_PATHNAME' LANGUAGE C WINDOW IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION p_adjust(double precision, text) IS 'p-value adjusted for how many there are in the partition; method holm, bh (Benjamini and Hochberg) or bonferroni; NULLs are kept out';

--
-- track_histories, refresh_histories: tables of histories that follow their source without a rescan
--

CREATE FUNCTION written_since_support(request internal) RETURNS internal
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION written_since_support(internal) IS 'planner support of written_since';
CREATE FUNCTION written_since(xmin xid, horizon xid8) RETURNS boolean
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE SUPPORT written_since_support;
COMMENT ON FUNCTION written_since(xid, xid8) IS 'was a row with this xmin written by the transaction horizon or a later one';
CREATE FUNCTION oldest_transaction_start() RETURNS timestamptz
	AS 'MODULE_PATHNAME' LANGUAGE C STABLE STRICT PARALLEL RESTRICTED;
COMMENT ON FUNCTION oldest_transaction_start() IS 'transactions of this database that a later snapshot does not see began at or after this; NULL where that cannot be told';

CREATE TABLE history_tracking (
	target regclass PRIMARY KEY,
	source regclass NOT NULL,
	deal name NOT NULL,
	kind name NOT NULL,
	at name NOT NULL,
	amount name,
	subject name,
	changed name,
	zone text NOT NULL,
	refreshed_at timestamptz,
	newest timestamptz,
	watermark timestamptz,
	horizon xid8,
	system_identifier bigint
);
COMMENT ON TABLE history_tracking IS 'how the tables of track_histories are fed, and how far their last refresh came';
COMMENT ON COLUMN history_tracking.target IS 'the table of histories';
COMMENT ON COLUMN history_tracking.source IS 'the table of events it is made of';
COMMENT ON COLUMN history_tracking.deal IS 'column of source: the deal';
COMMENT ON COLUMN history_tracking.kind IS 'column of source: what happened';
COMMENT ON COLUMN history_tracking.at IS 'column of source: when it happened';
COMMENT ON COLUMN history_tracking.amount IS 'column of source: the money';
COMMENT ON COLUMN history_tracking.subject IS 'column of source: which competitor, content or platform';
COMMENT ON COLUMN history_tracking.changed IS 'column of source: when the row was written; xmin: ask the row; NULL: compare all';
COMMENT ON COLUMN history_tracking.zone IS 'time zone in which instants without one are read';
COMMENT ON COLUMN history_tracking.refreshed_at IS 'the last refresh';
COMMENT ON COLUMN history_tracking.newest IS 'the newest stamp it has seen that was not in the future';
COMMENT ON COLUMN history_tracking.watermark IS 'the next one reads the rows stamped from here on';
COMMENT ON COLUMN history_tracking.horizon IS 'the transactions before this one had all ended: what they wrote has been seen';
COMMENT ON COLUMN history_tracking.system_identifier IS 'the cluster in which horizon is a transaction';

-- Tables that are gone, whose regclass is but a number, are left out of a dump.
SELECT pg_catalog.pg_extension_config_dump('history_tracking',
	'WHERE EXISTS (SELECT FROM pg_catalog.pg_class c WHERE c.oid = target) AND EXISTS (SELECT FROM pg_catalog.pg_class c WHERE c.oid = source)');
-- pg_dump and a restore by the database's owner
GRANT SELECT, INSERT ON history_tracking TO pg_database_owner;

-- Everybody sees and changes what belongs to his own tables, and nothing else. A view and not row-level security on the
-- table, under which pg_dump refuses to work for the owner of the database.
CREATE VIEW tracked_histories WITH (security_barrier) AS
	SELECT * FROM history_tracking t
	WHERE EXISTS (SELECT FROM pg_catalog.pg_class c
				  WHERE c.oid = t.target AND pg_catalog.pg_has_role(c.relowner, 'USAGE'))
	WITH CASCADED CHECK OPTION;
COMMENT ON VIEW tracked_histories IS 'how one''s own tables of track_histories are fed, and how far their last refresh came';
GRANT SELECT, INSERT, UPDATE, DELETE ON tracked_histories TO PUBLIC;

-- The functions below find names in pg_catalog only, whatever the caller's search_path. They look up the schema of the
-- extension when they run, since it can move.
CREATE FUNCTION history_source(source regclass, deal name, kind name, at name, amount name, subject name, changed name,
							   OUT arguments text, OUT stamp regtype, OUT newest text) RETURNS record
	LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	roles CONSTANT text[] := '{deal,kind,at,amount,subject,changed}';
	instants CONSTANT regtype[] := '{timestamptz,timestamp,date}';
	numbers CONSTANT regtype[] := '{int2,int4,int8,numeric,float4,float8}';
	labels CONSTANT regtype[] := '{int2,int4,int8,uuid}';	-- as strings and enums, the same text in every session
	columns CONSTANT name[] := ARRAY[deal, kind, at, amount, subject, changed];
	types regtype[];		-- of the columns, without their domains
	relation record;
	attribute record;
	type record;
BEGIN
	IF source IS NULL THEN
		RAISE EXCEPTION 'source must not be NULL' USING ERRCODE = 'null_value_not_allowed';
	END IF;
	SELECT relkind, relpersistence INTO relation FROM pg_class WHERE oid = source;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'the source of the histories does not exist' USING ERRCODE = 'undefined_table';
	ELSIF relation.relkind NOT IN ('r', 'p', 'm') THEN
		RAISE EXCEPTION '% is not a table', source USING ERRCODE = 'wrong_object_type',
			HINT = 'A source is a table, partitioned or not, or a materialized view.';
	ELSIF relation.relpersistence = 't' THEN
		RAISE EXCEPTION '% is a temporary table', source USING ERRCODE = 'wrong_object_type',
			DETAIL = 'What is remembered about a source would outlive it.';
	ELSIF EXISTS (WITH RECURSIVE part AS (SELECT source::oid AS oid UNION SELECT inhrelid FROM pg_inherits JOIN part ON inhparent = oid)
				  SELECT FROM part JOIN pg_class c USING (oid) WHERE c.relkind = 'f') THEN
		RAISE EXCEPTION '% has a partition that is a foreign table', source USING ERRCODE = 'wrong_object_type',
			DETAIL = 'Transactions on another server cannot be followed.';
	END IF;

	FOR i IN 1 .. array_length(roles, 1) LOOP
		IF columns[i] IS NULL AND roles[i] IN ('deal', 'kind', 'at') THEN
			RAISE EXCEPTION '% must not be NULL', roles[i] USING ERRCODE = 'null_value_not_allowed';
		END IF;
		CONTINUE WHEN columns[i] IS NULL;
		SELECT attnum, atttypid::regtype AS type INTO attribute FROM pg_attribute
			WHERE attrelid = source AND attname = columns[i] AND NOT attisdropped AND (attnum > 0 OR roles[i] = 'changed' AND attname = 'xmin');
		IF NOT FOUND THEN
			RAISE EXCEPTION 'column "%" of % does not exist', columns[i], source USING ERRCODE = 'undefined_column',
				DETAIL = format('It is named for %s.', roles[i]);
		ELSIF NOT has_column_privilege(source, attribute.attnum, 'SELECT') THEN
			RAISE EXCEPTION 'permission denied for column "%" of %', columns[i], source USING ERRCODE = 'insufficient_privilege',
				DETAIL = format('It is read with the rights of %I.', current_user);
		ELSIF roles[i] = 'changed' AND NOT has_column_privilege(source, 'xmin', 'SELECT') THEN
			RAISE EXCEPTION 'permission denied for column "xmin" of %', source USING ERRCODE = 'insufficient_privilege',
				DETAIL = 'It tells which rows the last refresh has seen.';
		END IF;
		types[i] := attribute.type;
		LOOP
			SELECT typtype, typcategory, typbasetype INTO type FROM pg_type WHERE oid = types[i];
			EXIT WHEN type.typtype <> 'd';
			types[i] := type.typbasetype;
		END LOOP;
		IF NOT (CASE
			WHEN roles[i] = 'deal' THEN true
			WHEN roles[i] = 'at' THEN types[i] = ANY (instants)
			WHEN roles[i] = 'amount' THEN types[i] = ANY (numbers)
			WHEN roles[i] = 'changed' THEN types[i] = ANY (instants) OR attribute.attnum < 0
			ELSE type.typcategory IN ('S', 'E') OR types[i] = ANY (labels)
		END) THEN
			RAISE EXCEPTION 'column "%" of % has type %, which does not do for %', columns[i], source, attribute.type, roles[i]
				USING ERRCODE = 'datatype_mismatch',
					  HINT = CASE roles[i]
						WHEN 'at' THEN 'It takes timestamptz, timestamp or date.'
						WHEN 'amount' THEN 'It takes a number.'
						WHEN 'changed' THEN 'It takes timestamptz, timestamp or date, or the column xmin.'
						ELSE 'It takes a string, an enum, an integer or a uuid.' END;
		END IF;
	END LOOP;

	arguments := format('s.%I::text, ', kind)
		|| format('s.%I::timestamptz', at)
		|| CASE WHEN amount IS NOT NULL THEN format(', s.%I::numeric', amount)
				WHEN subject IS NOT NULL THEN ', NULL::numeric' ELSE '' END
		|| CASE WHEN subject IS NOT NULL THEN format(', s.%I::text', subject) ELSE '' END;
	stamp := types[6];
	-- a stamp in the future would hide that loaders come in order
	newest := CASE WHEN stamp IS NULL OR stamp = 'xid'::regtype THEN 'NULL::timestamptz'
				   WHEN stamp = 'timestamptz'::regtype THEN format('max(s.%1$I::timestamptz) FILTER (WHERE s.%1$I <= now())', changed)
				   ELSE format('(max(s.%1$I::timestamp) FILTER (WHERE s.%1$I <= now() AT TIME ZONE ''UTC'')) AT TIME ZONE ''UTC''', changed) END;
END
$$;
COMMENT ON FUNCTION history_source(regclass, name, name, name, name, name, name)
	IS 'checks a source and its columns; in SQL, the arguments of history_agg, the type of the stamps, and the newest of them';

CREATE FUNCTION history_tracking_start(schema name, source regclass, target name, deal name, kind name, at name, amount name, subject name,
									   changed name) RETURNS regclass
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	own CONSTANT text := (SELECT extnamespace::regnamespace FROM pg_extension WHERE extname = 'enablement_metrics');
	made text;
BEGIN
	IF target IS NULL THEN
		RAISE EXCEPTION 'target must not be NULL' USING ERRCODE = 'null_value_not_allowed';
	ELSIF schema IS NULL THEN
		RAISE EXCEPTION 'no schema has been selected to create "%" in', target USING ERRCODE = 'invalid_schema_name';
	ELSIF schema LIKE 'pg\_temp\_%' THEN
		RAISE EXCEPTION 'a table of histories cannot be temporary' USING ERRCODE = 'wrong_object_type',
			DETAIL = 'What is remembered about it would outlive it.';
	END IF;
	EXECUTE format('SELECT %s.history_source($1, $2, $3, $4, $5, $6, $7)', own)
		USING source, deal, kind, at, amount, subject, changed;
	made := format('%I.%I', schema, target);
	-- the key without its length or precision: in the source that can be widened
	EXECUTE format('CREATE TABLE %s WITH (fillfactor = 90) AS SELECT s.%I::%s, NULL::%s.deal_history AS history, NULL::timestamptz AS refreshed_at FROM %s s WITH NO DATA',
				   made, deal, (SELECT format_type(atttypid, -1) FROM pg_attribute WHERE attrelid = source AND attname = deal), own, source);
	EXECUTE format('ALTER TABLE %s ADD PRIMARY KEY (%I), ALTER history SET NOT NULL, ALTER refreshed_at SET NOT NULL', made, deal);
	EXECUTE format('DELETE FROM %s.tracked_histories t WHERE t.target = $1', own) USING made::regclass;	-- of a dropped table with this OID
	EXECUTE format('INSERT INTO %s.tracked_histories (target, source, deal, kind, at, amount, subject, changed, zone)'
				   ' VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)', own)
		USING made::regclass, source, deal, kind, at, amount, subject, changed, current_setting('TimeZone');
	RETURN made::regclass;
END
$$;
COMMENT ON FUNCTION history_tracking_start(name, regclass, name, name, name, name, name, name, name) IS 'implementation of track_histories, for a schema';

CREATE FUNCTION track_histories(source regclass, target name, deal name, kind name, at name, amount name DEFAULT NULL, subject name DEFAULT NULL,
								changed name DEFAULT NULL) RETURNS regclass
	LANGUAGE sql
	RETURN history_tracking_start(current_schema(), source, target, deal, kind, at, amount, subject, changed);
COMMENT ON FUNCTION track_histories(regclass, name, name, name, name, name, name, name)
	IS 'creates a table of histories, to be kept up to date by refresh_histories from a table of events';

-- The row of a target that is about to be refreshed or forgotten, locked.
CREATE FUNCTION history_tracking_lock(target regclass) RETURNS SETOF history_tracking
	LANGUAGE plpgsql ROWS 1 SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	own CONSTANT text := (SELECT extnamespace::regnamespace FROM pg_extension WHERE extname = 'enablement_metrics');
	owner CONSTANT oid := (SELECT relowner FROM pg_class WHERE oid = target);
BEGIN
	IF target IS NULL THEN
		RAISE EXCEPTION 'target must not be NULL' USING ERRCODE = 'null_value_not_allowed';
	ELSIF owner IS NULL THEN
		RAISE EXCEPTION 'the table of histories does not exist' USING ERRCODE = 'undefined_table';
	ELSIF NOT pg_has_role(owner, 'USAGE') THEN
		RAISE EXCEPTION 'must be owner of table %', target USING ERRCODE = 'insufficient_privilege';
	END IF;
	RETURN QUERY EXECUTE format('SELECT * FROM %s.tracked_histories t WHERE t.target = $1 FOR NO KEY UPDATE', own) USING target;
	IF NOT FOUND THEN
		RAISE EXCEPTION '% is not a table of track_histories', target USING ERRCODE = 'undefined_object';
	END IF;
END
$$;
COMMENT ON FUNCTION history_tracking_lock(regclass) IS 'how a table of histories is fed; waits for the one who is at it, and keeps others out';

CREATE FUNCTION history_tracking_refresh(target regclass, full boolean,
										 OUT deals_refreshed bigint, OUT deals_removed bigint, OUT rows_read bigint, OUT watermark timestamptz) RETURNS record
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET jit = off AS $$
DECLARE
	own CONSTANT text := (SELECT extnamespace::regnamespace FROM pg_extension WHERE extname = 'enablement_metrics');
	system CONSTANT bigint := (SELECT system_identifier FROM pg_control_system());
	margin interval;
	tracked record;
	source record;
	key record;
	started timestamptz;
	horizon xid8;
	newest timestamptz;
	moved text[] := '{}';		-- conditions on the rows that the last run cannot have seen
	everything boolean;
BEGIN
	IF "full" IS NULL THEN
		RAISE EXCEPTION 'full must not be NULL' USING ERRCODE = 'null_value_not_allowed';
	END IF;
	EXECUTE format('SELECT * FROM %s.history_tracking_lock($1)', own) INTO tracked USING target;
	IF NOT EXISTS (SELECT FROM pg_class WHERE oid = target AND pg_get_userbyid(relowner) = current_user) THEN
		RAISE EXCEPTION 'must be owner of table %', target USING ERRCODE = 'insufficient_privilege',
			HINT = 'Call refresh_histories, which works as the owner.';
	END IF;
	EXECUTE format('SELECT * FROM %s.history_source($1, $2, $3, $4, $5, $6, $7)', own) INTO source
		USING tracked.source, tracked.deal, tracked.kind, tracked.at, tracked.amount, tracked.subject, tracked.changed;
	-- for instants without one; AT TIME ZONE would take some names, such as CET, for an abbreviation without summer time
	PERFORM set_config('TimeZone', tracked.zone, true);
	-- the equality of the primary key, whatever the type and wherever its operator
	SELECT a.attname AS name, a.atttypid AS type, format('OPERATOR(%I.%s)', n.nspname, o.oprname) AS equals INTO key
	FROM pg_index i
		JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
		JOIN pg_opclass c ON c.oid = i.indclass[0]
		JOIN pg_amop m ON m.amopfamily = c.opcfamily AND m.amopstrategy = 3 AND m.amoplefttype = c.opcintype AND m.amoprighttype = c.opcintype
		JOIN pg_operator o ON o.oid = m.amopopr
		JOIN pg_namespace n ON n.oid = o.oprnamespace
	WHERE i.indrelid = target AND i.indisprimary AND i.indnkeyatts = 1;
	IF NOT FOUND THEN
		RAISE EXCEPTION '% has lost its primary key', target USING ERRCODE = 'object_not_in_prerequisite_state';
	ELSIF key.type <> (SELECT atttypid FROM pg_attribute WHERE attrelid = tracked.source AND attname = tracked.deal) THEN
		RAISE EXCEPTION 'column "%" of % does not have the type % that it has in % any more', tracked.deal, tracked.source, key.type::regtype, target
			USING ERRCODE = 'datatype_mismatch';
	END IF;

	-- In this order: sessions, prepared transactions, snapshots. What a snapshot does not see began after started, and
	-- was given an XID from horizon on. Where the start of a transaction cannot be told, the last watermark still holds:
	-- the last run did not see that transaction either.
	EXECUTE format('SELECT %s.oldest_transaction_start()', own) INTO started;
	IF EXISTS (SELECT FROM pg_prepared_xacts WHERE database = current_database()) THEN
		started := NULL;
	END IF;
	horizon := pg_snapshot_xmin(pg_current_snapshot());

	IF tracked.watermark IS NOT NULL THEN
		moved := ARRAY[format('(s.%1$I >= %2$s OR s.%1$I IS NULL)', tracked.changed,
							  CASE source.stamp WHEN 'timestamptz'::regtype THEN '$1' ELSE format('($1 AT TIME ZONE ''UTC'')::%s', source.stamp) END)];
	END IF;
	-- XIDs say nothing in another cluster, nor when 2^31 have passed
	IF source.stamp IS NOT NULL AND tracked.system_identifier = system
	   AND (pg_snapshot_xmax(pg_current_snapshot())::text::bigint - tracked.horizon::text::bigint) BETWEEN 0 AND 2000000000 THEN
		moved := moved || format('%s.written_since(s.xmin, $2)', own);
	END IF;
	EXECUTE format('SELECT $1 OR NOT EXISTS (SELECT FROM %s)', target) INTO everything
		USING "full" OR source.stamp IS NULL OR moved = '{}';

	EXECUTE format(
		CASE WHEN everything THEN 'WITH' ELSE 'WITH moved AS MATERIALIZED (SELECT DISTINCT s.%3$I AS deal FROM %2$s s WHERE %8$s),' END
		|| ' fresh AS MATERIALIZED (
				SELECT s.%3$I AS deal, %1$s.history_agg(%6$s) AS history, count(*) AS rows, %7$s AS newest
				FROM %2$s s' || CASE WHEN everything THEN '' ELSE ' JOIN moved m ON m.deal %5$s s.%3$I' END || '
				WHERE s.%3$I IS DISTINCT FROM NULL GROUP BY s.%3$I),
			written AS (
				INSERT INTO %4$s AS t (%9$I, history, refreshed_at)
				SELECT f.deal, f.history, now() FROM fresh f' || CASE WHEN everything THEN ' LEFT JOIN %4$s t ON t.%9$I %5$s f.deal
				WHERE f.history IS NOT NULL AND ROW(t.history)::record *<> ROW(f.history)::record' ELSE ' WHERE f.history IS NOT NULL' END || '
				ON CONFLICT (%9$I) DO UPDATE SET history = excluded.history, refreshed_at = excluded.refreshed_at
					WHERE ROW(t.history)::record *<> ROW(excluded.history)::record
				RETURNING 1),
			removed AS (
				DELETE FROM %4$s t'
		|| CASE WHEN everything THEN ' WHERE NOT EXISTS (SELECT FROM fresh f WHERE f.deal %5$s t.%9$I AND f.history IS NOT NULL)'
				ELSE ' USING fresh f WHERE f.deal %5$s t.%9$I AND f.history IS NULL' END || '
				RETURNING 1)
			SELECT (SELECT count(*) FROM written), (SELECT count(*) FROM removed), coalesce(sum(f.rows), 0), max(f.newest) FROM fresh f',
		own, tracked.source, tracked.deal, target, key.equals, source.arguments, source.newest, array_to_string(moved, ' AND '), key.name)
		INTO deals_refreshed, deals_removed, rows_read, newest
		USING tracked.watermark, tracked.horizon;

	IF source.stamp <> 'xid'::regtype THEN
		-- A minute for clocks that are set back, and for the moment between a transaction's beginning and its being shown.
		-- Without a time zone, a stamp can be up to 16 hours behind UTC.
		margin := CASE source.stamp WHEN 'timestamptz'::regtype THEN '1 minute' ELSE '16 hours 1 minute' END;
		newest := greatest(tracked.newest, newest);
		watermark := CASE WHEN started IS NULL THEN tracked.watermark ELSE least(started - margin, coalesce(newest, '-infinity')) END;
	END IF;
	EXECUTE format('UPDATE %s.tracked_histories t SET refreshed_at = now(), newest = $2, watermark = $3, horizon = $4, system_identifier = $5'
				   ' WHERE t.target = $1', own)
		USING target, newest, watermark, horizon, system;
END
$$;
COMMENT ON FUNCTION history_tracking_refresh(regclass, boolean) IS 'implementation of refresh_histories, as the owner of the target';

-- Calls the one above as the owner of the target. Not STRICT: NULL is an error.
CREATE FUNCTION refresh_histories(target regclass, full boolean DEFAULT false,
								  OUT deals_refreshed bigint, OUT deals_removed bigint, OUT rows_read bigint, OUT watermark timestamptz) RETURNS record
	AS 'MODULE_PATHNAME' LANGUAGE C;
COMMENT ON FUNCTION refresh_histories(regclass, boolean)
	IS 'brings a table of track_histories up to date from the deals with changed rows; full: by comparing all';

CREATE FUNCTION untrack_histories(target regclass) RETURNS void
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	own CONSTANT text := (SELECT extnamespace::regnamespace FROM pg_extension WHERE extname = 'enablement_metrics');
BEGIN
	EXECUTE format('SELECT FROM %s.history_tracking_lock($1)', own) USING target;
	EXECUTE format('DELETE FROM %s.tracked_histories t WHERE t.target = $1', own) USING target;
END
$$;
COMMENT ON FUNCTION untrack_histories(regclass) IS 'forgets how a table of histories is fed; the table stays';
