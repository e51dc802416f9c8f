
--
-- deal_event: one thing that happened, at one instant
--

-- STABLE where an instant is read from text: a literal without a zone, or 'now', depends on the session.
@include type.sql.in TYPE=deal_event INPUT=STABLE ALIGNMENT=double STORAGE=extended
@include equalimage.sql.in TYPE=deal_event

COMMENT ON TYPE deal_event IS 'one thing that happened to a deal: (kind, instant, amount, subject); many make a deal_history';

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
CREATE FUNCTION deal_event_to_json(deal_event) RETURNS json
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION deal_event_to_json(deal_event) IS 'the cast from deal_event to json';
CREATE CAST (deal_event AS json) WITH FUNCTION deal_event_to_json(deal_event);
COMMENT ON CAST (deal_event AS json) IS 'an event as a JSON object';
COMMENT ON CAST (deal_event AS jsonb) IS 'an event as a jsonb object';
COMMENT ON CAST (jsonb AS deal_event) IS 'an event from a jsonb object';
