"""Random small histories for test/oracle/story, and how each reading is asked and what it has to answer.

Every reading is a class: `columns` are the arguments, `call` the SQL that turns them into one text, `case` makes
random arguments, `expected` is the same text from the definitions. In `call`, {name} stands for an argument.
"""

from collections import namedtuple
from datetime import date, timedelta

import progress_reference
import quota_reference as quota
import story_reference as ref
from server import DAY, array, instant
from story_reference import Event

HOUR = DAY // 24
ORIGINS = (0, 26 * 365 * DAY, 26 * 365 * DAY + 19 * HOUR + 51 * HOUR // 60, -31 * 365 * DAY)
AMOUNTS = (None, None, None, 0, 100000, 200000, 205000, 1, -50000, 1000000)
SUBJECTS = (None, None, None, 'x', 'y', 'Z', 'é')

Words = namedtuple('Words', 'stages won lost no_decision considered others usual')
USUAL = Words(('lead', 'mql', 'sql', 'opportunity'), ('won',), ('lost',), ('no_decision',), 'competitor', ('content', 'note'), True)


def random_words(rng):
    """The kinds: the usual ones, or others, so that the order of their bytes is not that of their meaning."""
    if rng.random() < 0.6:
        return USUAL
    labels = ['a', 'B', 'c', 'D', 'e', 'F', 'g', 'H', 'é', 'won', 'lost', 'lead']
    rng.shuffle(labels)

    def some(least, most):
        return tuple(labels.pop() for _ in range(rng.randint(least, most)))
    return Words(some(1, 3), some(1, 2), some(0, 2), some(0, 1), labels.pop(), some(1, 2), False)


def all_kinds(words):
    return words.stages + words.won + words.lost + words.no_decision + (words.considered,) + words.others


def random_event(rng, kinds, at):
    return Event(rng.choice(kinds), at, rng.choice(AMOUNTS), rng.choice(SUBJECTS))


def restated(rng, e, unit):
    """The row once more, as a CRM writes it when something else about the deal changes."""
    later = e.at + unit * rng.choice((0, 0, 1, 1, 2, 3))
    return e._replace(at=later, amount=rng.choice((e.amount, rng.choice(AMOUNTS))),
                      subject=rng.choice((e.subject, e.subject, rng.choice(SUBJECTS))))


def random_events(rng, words, origin, unit, span):
    if rng.random() < 0.5:                      # a few kinds, anywhere
        kinds = rng.choice((words.stages[:1], words.stages[-1:], words.stages[-1:], words.stages)) + words.won[:1]
        kinds += tuple(rng.sample(all_kinds(words), rng.choice((0, 1, 2, 3))))
        events = [random_event(rng, kinds, origin + unit * rng.randint(0, span)) for _ in range(rng.choice((0, 1, 2, 3, 4, 5, 6, 8)))]
    else:                                       # forward, to an ending, and back again
        at, events = origin, []
        for _ in range(rng.choice((1, 1, 2, 3))):
            for stage in words.stages + tuple(rng.sample(words.won + words.lost + words.no_decision, 1)):
                if rng.random() < 0.6:
                    events.append(random_event(rng, (stage,), at))
                at += unit * rng.choice((0, 0, 1, 1, 2))
            if rng.random() < 0.4:
                events.append(random_event(rng, (words.considered,) + words.others, origin + unit * rng.randint(0, span)))
    for e in list(events):
        if rng.random() < 0.3:
            events.append(restated(rng, e, unit))
    if events and rng.random() < 0.1:
        events.append(rng.choice(events))
    rng.shuffle(events)
    return events


def random_story(rng, words):
    """(events, as_of, unit)"""
    unit = rng.choice((DAY, DAY, DAY, HOUR, 1))
    origin, span = rng.choice(ORIGINS), rng.choice((2, 4, 8))
    events = random_events(rng, words, origin, unit, span)
    as_of = origin + unit * rng.choice((rng.randint(-1, span), rng.randint(0, 2 * span), 30, 30, 30)) + rng.choice((0, 0, 0, -1, 1))
    return events, as_of, unit


def sublist(rng, items, least=0):
    return tuple(rng.sample(items, rng.randint(least, len(items))))


# --- arguments as text, answers as text ------------------------------------------------------------


def money(amount):
    if amount is None:
        return None
    return '%s%d.%04d' % ('-' if amount < 0 else '', abs(amount) // 10000, abs(amount) % 10000)


def history(events):
    return array('(%s,%s,%s,%s)' % (e.kind, instant(e.at), money(e.amount) or '', e.subject or '')
                 for e in events)


def text(value):
    """An argument in the way COPY reads it."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return 't' if value else 'f'
    if isinstance(value, (list, tuple)):
        if value and isinstance(value[0], Event):
            return history(value)
        return '{' + ','.join('NULL' if v is None else '"%s"' % v for v in value) + '}'
    return str(value)


def answer(*fields):
    """NULL is empty, as in format()."""
    return '|'.join('' if f is None else ('t' if f else 'f') if isinstance(f, bool) else str(f) for f in fields)


def plain_array(labels):
    return '{' + ','.join(labels) + '}'


# --- the readings ----------------------------------------------------------------------------------


class Outcome:
    name = 'deal_outcome'
    lacks = "SELECT pg_get_function_arguments('deal_outcome'::regproc) NOT LIKE '%open text[]%'"
    columns = (('history', 'deal_history'), ('won', 'text[]'), ('lost', 'text[]'), ('no_decision', 'text[]'), ('considered', 'text'),
               ('as_of', 'timestamptz'), ('open', 'text[]'), ('usual', 'boolean'))
    call = """SELECT format('%s|%s|%s|%s|%s|%s', status(o), us(closed_at(o)), units(amount(o)), considered(o), lost_to(o), o::jsonb::deal_outcome::text = o::text)
FROM (SELECT CASE WHEN {usual} THEN deal_outcome({history}, as_of => {as_of})
             ELSE deal_outcome({history}, {won}, {lost}, {no_decision}, {considered}, {as_of}, {open}) END AS o) x"""

    @staticmethod
    def case(rng):
        words = random_words(rng)
        events, as_of, _ = random_story(rng, words)
        if words.usual and rng.random() < 0.5:
            return events, words.won, words.lost, words.no_decision, words.considered, as_of, words.stages, True
        considered = rng.choice((words.considered,) * 5 + all_kinds(words))
        lost, open = (words.lost, sublist(rng, words.stages)) if rng.random() < 0.95 else (words.lost + words.won[:1], words.stages)
        return events, words.won, lost, words.no_decision, considered, as_of, open, False

    @staticmethod
    def expected(events, won, lost, no_decision, considered, as_of, open, usual):
        if set(won) & set(lost):
            return 'error 22023'
        o = ref.deal_outcome(events, won, lost, no_decision, considered, as_of, open)
        return answer(o.status, o.closed_at, o.amount, plain_array(o.considered), o.lost_to, True)


class Progress:
    """The exits; test/oracle/progress has the other rules."""
    name = 'deal_progress'
    lacks = "SELECT pg_get_function_arguments('deal_progress'::regproc) NOT LIKE '%lost,no_decision%'"
    columns = (('history', 'deal_history'), ('stages', 'text[]'), ('days', 'int'), ('optional', 'text[]'), ('exits', 'text[]'),
               ('entry', 'text'), ('as_of', 'timestamptz'), ('usual', 'boolean'))
    call = """SELECT format('%s|%s|%s|%s|%s|%s', status(p), depth(p), us(entered_at(p)), ARRAY(SELECT us(t) FROM unnest(stage_times(p)) WITH ORDINALITY u(t, i) ORDER BY i),
  CASE WHEN status(p) IN ('open', 'exited', 'expired') THEN us((p::jsonb ->> 'ended_at')::timestamptz) END, p::jsonb::deal_progress::text = p::text)
FROM (SELECT CASE WHEN {usual} THEN deal_progress({history}, within => {days} * interval '1 day', as_of => {as_of})
             ELSE deal_progress({history}, {stages}, within => {days} * interval '1 day', optional => {optional}, exits => {exits}, entry => {entry}, as_of => {as_of}) END AS p) x"""

    @staticmethod
    def case(rng):
        words = random_words(rng)
        events, as_of, _ = random_story(rng, words)
        events = events[:14]
        stages, exits = words.stages + words.won[:1], words.lost + words.no_decision
        days = rng.choice((None, None, 0, 1, 3, 10, 100))
        if words.usual and rng.random() < 0.5:
            return events, stages, days, None, exits, 'best', as_of, True
        optional = sublist(rng, stages) if rng.random() < 0.3 else None
        return events, stages, days, optional, exits, rng.choice(progress_reference.ENTRIES), as_of, False

    @staticmethod
    def expected(events, stages, days, optional, exits, entry, as_of, usual):
        if optional and stages[0] in optional:
            return 'error 22023'
        d = progress_reference.Definition(stages, None if days is None else days * DAY, optional=optional or (), exits=exits, entry=entry)
        p = progress_reference.deal_progress([(e.kind, e.at) for e in events], d, as_of)
        return answer(p.status, p.depth, p.entered_at, '{' + ','.join('NULL' if t is None else str(t) for t in p.stage_times) + '}',
                      p.ended_at if p.status in ('open', 'exited', 'expired') else None, True)


CYCLE_FIELDS = """status({c}), us(started_at({c})), us(ended_at({c})), us(entered_at({c})), us(observed_until({c})),
  (extract(epoch FROM duration({c})) * 1000000)::bigint, unit({c}), {c}::jsonb::deal_cycle::text = {c}::text"""


def cycle_fields(c, unit):
    if c is None:
        return (None,) * 8
    return (c.status, c.started_at, None if c.status == 'censored' else c.observed_until, c.entered_at, c.observed_until,
            c.observed_until - c.started_at, unit, True)


def random_cycle(rng):
    """(events, from_kinds, to_kinds, unless, as_of, unit, usual)"""
    words = random_words(rng)
    events, as_of, _ = random_story(rng, words)
    if words.usual and rng.random() < 0.5:
        return events, ('opportunity',), ('won',), ('lost', 'no_decision'), as_of, 'day', True
    kinds = all_kinds(words)
    if rng.random() < 0.6:
        begin, end, unless = words.stages[-1:], words.won, words.lost + words.no_decision
    else:
        begin, end, unless = (tuple(rng.sample(kinds, rng.choice((1, 1, 2)))) for _ in range(3))
    return events, begin, end, rng.choice((unless, unless, ())), as_of, rng.choice(('day', 'hour', 'minute', 'second')), False


class Cycle:
    name = 'deal_cycle'
    lacks = "SELECT pg_get_function_arguments('deal_cycle(deal_history, text[], text[], text[], timestamptz, text)'::regprocedure) NOT LIKE '%lost,no_decision%'"
    columns = (('history', 'deal_history'), ('from_kinds', 'text[]'), ('to_kinds', 'text[]'), ('unless', 'text[]'), ('as_of', 'timestamptz'),
               ('unit', 'text'), ('usual', 'boolean'))
    call = """SELECT format('%s|%s|%s|%s|%s|%s|%s|%s', """ + CYCLE_FIELDS.format(c='c') + """)
FROM (SELECT CASE WHEN {usual} THEN deal_cycle({history}, as_of => {as_of})
             ELSE deal_cycle({history}, {from_kinds}, {to_kinds}, {unless}, {as_of}, {unit}) END AS c) x"""
    case = staticmethod(random_cycle)

    @staticmethod
    def expected(events, from_kinds, to_kinds, unless, as_of, unit, usual):
        if set(to_kinds) & set(unless):
            return 'error 22023'
        return answer(*cycle_fields(ref.deal_cycle(events, from_kinds, to_kinds, unless, as_of), unit))


class Exposure:
    name = 'deal_exposure'
    lacks = "SELECT pg_get_function_arguments('deal_exposure'::regproc) NOT LIKE '%lost,no_decision%'"
    columns = (('history', 'deal_history'), ('from_kinds', 'text[]'), ('to_kinds', 'text[]'), ('unless', 'text[]'), ('as_of', 'timestamptz'),
               ('unit', 'text'), ('usual', 'boolean'), ('exposed_by', 'text'), ('subject', 'text'))
    call = """SELECT coalesce(string_agg(format('%s|%s|%s|%s|%s|%s|%s|%s|%s', exposed, """ + CYCLE_FIELDS.format(c='cycle') + """), ' ' ORDER BY n), 'none')
FROM (SELECT * FROM deal_exposure({history}, {exposed_by}, {subject}, as_of => {as_of}) WITH ORDINALITY u(exposed, cycle, n) WHERE {usual}
      UNION ALL
      SELECT * FROM deal_exposure({history}, {exposed_by}, {subject}, {from_kinds}, {to_kinds}, {unless}, {as_of}, {unit}) WITH ORDINALITY u(exposed, cycle, n) WHERE NOT {usual}) x"""

    @staticmethod
    def case(rng):
        arguments = random_cycle(rng)
        kinds = ['content', 'competitor', 'opportunity'] if arguments[-1] else [e.kind for e in arguments[0]] or ['a']
        return arguments + (rng.choice(kinds), rng.choice((None, None, 'x', 'y')))

    @staticmethod
    def expected(events, from_kinds, to_kinds, unless, as_of, unit, usual, exposed_by, subject):
        if set(to_kinds) & set(unless):
            return 'error 22023'
        rows = ref.deal_exposure(events, exposed_by, subject, from_kinds, to_kinds, unless, as_of)
        return ' '.join(answer(exposed, *cycle_fields(cycle, unit)) for exposed, cycle in rows) or 'none'


class TimeIn:
    name = 'time_in'
    lacks = "SELECT NOT EXISTS (SELECT FROM pg_proc WHERE proname = 'time_in' AND pg_get_function_arguments(oid) LIKE '%ends text[]%')"
    columns = (('history', 'deal_history'), ('stages', 'text[]'), ('as_of', 'timestamptz'), ('ends', 'text[]'), ('usual', 'boolean'))
    call = """SELECT coalesce(string_agg(format('%s|%s|%s|%s', stage, us(entered_at), us(left_at), round((days * 86400000000)::numeric)), ' ' ORDER BY n), 'none')
FROM (SELECT * FROM time_in({history}, {stages}, {as_of}) WITH ORDINALITY u(stage, entered_at, left_at, days, n) WHERE {usual}
      UNION ALL
      SELECT * FROM time_in({history}, {stages}, {as_of}, {ends}) WITH ORDINALITY u(stage, entered_at, left_at, days, n) WHERE NOT {usual}) x"""

    @staticmethod
    def case(rng):
        words = random_words(rng)
        events, as_of, _ = random_story(rng, words)
        endings = words.won + words.lost + words.no_decision
        stages = sublist(rng, words.stages, 1) + (sublist(rng, endings) if rng.random() < 0.3 else ())
        usual = words.usual and rng.random() < 0.5
        return events, stages, as_of, endings if usual else sublist(rng, endings), usual

    @staticmethod
    def expected(events, stages, as_of, ends, usual):
        stays = ref.time_in(events, stages, as_of, ends)
        return ' '.join(answer(s.stage, s.entered_at, s.left_at, s.until - s.entered_at) for s in stays) or 'none'


class StateChanges:
    name = 'state_changes'
    lacks = "SELECT to_regproc('state_changes') IS NULL"
    columns = (('history', 'deal_history'), ('kinds', 'text[]'), ('changed', 'deal_history'))
    call = "SELECT CASE WHEN state_changes({history}, {kinds})::text = {changed}::text THEN 'same' ELSE state_changes({history}, {kinds})::text END"

    @staticmethod
    def case(rng):
        words = random_words(rng)
        events, _, _ = random_story(rng, words)
        kinds = sublist(rng, all_kinds(words), 1)
        return events, kinds, ref.state_changes(events, kinds)

    @staticmethod
    def expected(events, kinds, changed):
        return 'same'


ZONES = ('UTC', 'UTC', 'America/New_York', 'Europe/Berlin', 'Asia/Kolkata', 'Pacific/Auckland', 'America/Havana', 'Africa/Cairo', 'Asia/Beirut',
         'America/Sao_Paulo', 'Pacific/Apia')
# changes of the clock at or near midnight, and a day that did not exist
CHANGES = [(date(*d) - date(2000, 1, 1)).days * DAY for d in (
    (2024, 11, 3), (2024, 3, 10), (2024, 4, 26), (2024, 11, 1), (2024, 3, 31), (2024, 10, 27), (2018, 11, 4), (2019, 2, 17), (2011, 12, 30))]


class ByDay:
    name = 'by_day'
    lacks = "SELECT to_regproc('by_day') IS NULL"
    columns = (('history', 'deal_history'), ('zone', 'text'), ('moved', 'deal_history'))
    call = """SELECT CASE WHEN d::text = {moved}::text THEN 'same' ELSE d::text END
FROM (SELECT CASE WHEN {zone} = 'UTC' THEN by_day({history}) ELSE by_day({history}, {zone}) END AS d) x"""

    @staticmethod
    def case(rng):
        words = random_words(rng)
        unit = rng.choice((DAY, HOUR, HOUR // 2, 6 * HOUR + 1))
        origin = rng.choice(CHANGES) - rng.randint(0, 40) * HOUR if rng.random() < 0.5 else rng.randint(-3000, 9000) * DAY + rng.randint(0, 24) * HOUR
        events, zone = random_events(rng, words, origin, unit, 40), rng.choice(ZONES)
        return events, zone, ref.by_day(events, zone)

    @staticmethod
    def expected(events, zone, moved):
        return 'same'


class Problems:
    name = 'history_problems'
    lacks = "SELECT to_regproc('history_problems') IS NULL"
    columns = (('history', 'deal_history'), ('stages', 'text[]'), ('won', 'text[]'), ('lost', 'text[]'), ('no_decision', 'text[]'),
               ('as_of', 'timestamptz'), ('usual', 'boolean'))
    call = """SELECT coalesce(string_agg(problem || '@' || us(at), ' ' ORDER BY problem COLLATE "C"), 'none')
FROM (SELECT problem, at FROM history_problems({history}, as_of => {as_of}) WHERE {usual}
      UNION ALL
      SELECT problem, at FROM history_problems({history}, {stages}, {won}, {lost}, {no_decision}, {as_of}) WHERE NOT {usual}) x"""

    @staticmethod
    def case(rng):
        words = random_words(rng)
        events, as_of, unit = random_story(rng, words)
        if rng.random() < 0.1:
            events = events + [random_event(rng, all_kinds(words), as_of + rng.choice((0, -60, 3652, 3653, 4000)) * DAY) for _ in range(rng.randint(1, 3))]
        if rng.random() < 0.05:
            other = rng.choice((words.stages[:1], words.stages[-1:], words.lost or words.stages))
            events = events + [Event(kind, as_of - unit * (30 - n), None, None) for n in range(rng.randint(8, 12)) for kind in words.stages[:1] + other[:1]]
        if rng.random() < 0.05:
            events = [e for e in events if e.kind in (words.considered,) + words.others]
        if words.usual and rng.random() < 0.5:
            return events, words.stages + ('won',), words.won, words.lost, words.no_decision, as_of, True
        return events, words.stages + words.won, words.won, words.lost, words.no_decision, as_of, False

    @staticmethod
    def expected(events, stages, won, lost, no_decision, as_of, usual):
        problems = ref.history_problems(events, stages, won, lost, no_decision, as_of)
        return ' '.join('%s@%d' % problem for problem in sorted(problems.items())) or 'none'


class Agreement:
    """One story in four readings, at every instant of a history with one open stage, `opportunity`: a deal converted where its cycle has the
    event; an entered deal that is not converted is open, open and censored, or lost (no decision), exited and competing, of one ending;
    and the stay in `opportunity` goes on where an entered deal is open."""
    name = 'agreement'
    lacks = Outcome.lacks + ' OR (' + Progress.lacks + ') OR (' + Cycle.lacks + ') OR (' + TimeIn.lacks + ')'
    columns = (('history', 'deal_history'),)
    call = """SELECT coalesce(string_agg(DISTINCT concat_ws(' ', outcome, progress, cycle, entered, staying), '; '), 'agree')
FROM (SELECT DISTINCT occurred_at(e) AS day FROM events({history}) AS e) d,
  LATERAL (SELECT status(deal_outcome({history}, as_of => day, open => '{{opportunity}}')) AS outcome, deal_progress({history}, '{{opportunity,won}}', as_of => day) AS p,
                  deal_cycle({history}, as_of => day) AS c, as_of({history}, day) AS h) r,
  LATERAL (SELECT status(p) AS progress, coalesce(status(c), 'not_entered') AS cycle, has_kind(h, 'opportunity') AS entered,
                  EXISTS (SELECT FROM time_in(h, '{{opportunity}}', day) AS t (stage, entered_at, left_at, days) WHERE left_at IS NULL) AS staying) s
WHERE (progress = 'converted') <> (cycle = 'event')
  OR entered AND progress <> 'converted'
     AND (outcome, progress, cycle) NOT IN (('open', 'open', 'censored'), ('lost', 'exited', 'competing'), ('no_decision', 'exited', 'competing'))
  OR staying <> (entered AND outcome = 'open')
  OR progress = 'exited' AND us((p::jsonb ->> 'ended_at')::timestamptz) IS DISTINCT FROM us(ended_at(c))"""

    @staticmethod
    def case(rng):
        return random_story(rng, USUAL._replace(stages=('opportunity',)))[:1]

    @staticmethod
    def expected(events):
        return 'agree'
