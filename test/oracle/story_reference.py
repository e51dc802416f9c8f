"""The definitions of the readings of one deal, by brute force: doc/one-story.md in Python.

Nothing here is clever and nothing is shared with the C code, which test/oracle/story compares with this
file. deal_progress is in progress_reference.py, quotas and calendars in quota_reference.py.

Instants are integers, microseconds from 2000-01-01 UTC; amounts are integers, units of 0.0001; None is
SQL's NULL. A history is a list of events in any order.
"""

from collections import namedtuple
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

from server import DAY

Event = namedtuple('Event', 'kind at amount subject')
Outcome = namedtuple('Outcome', 'status closed_at amount considered lost_to')
Cycle = namedtuple('Cycle', 'status started_at entered_at observed_until')
Stay = namedtuple('Stay', 'stage entered_at left_at until')

TEN_YEARS = 7305 * DAY // 2                    # of 365.25 days
EPOCH = datetime(2000, 1, 1, tzinfo=timezone.utc)


class Refused(Exception):
    """An error that the reading has to give; its SQLSTATE."""


def up_to(events, at):
    return [e for e in events if e.at <= at]


def instants(events):
    return sorted({e.at for e in events})


def by_bytes(label):
    return label.encode()


def last_amount(events):
    """The largest amount of the last instant at which one is known."""
    known = [(e.at, e.amount) for e in events if e.amount is not None]
    return max(known)[1] if known else None


def last_subject(events):
    """The subject named last; of several at one instant the first by bytes."""
    named = [(-e.at, by_bytes(e.subject), e.subject) for e in events if e.subject is not None]
    return min(named)[2] if named else None


# --- deal_outcome ----------------------------------------------------------------------------------


def status_at(events, roles, at):
    """The status stated at an instant: the first of the roles that has an event there; None without."""
    there = {e.kind for e in events if e.at == at}
    return next((status for status, kinds in roles if there & set(kinds)), None)


def deal_outcome(events, won, lost, no_decision, considered, as_of, open):
    roles = (('won', won), ('lost', lost), ('no_decision', no_decision), ('open', open))
    events = up_to(events, as_of)

    def subjects(until):
        named = {e.subject for e in up_to(events, until) if e.kind == considered and e.subject is not None}
        return sorted(named, key=by_bytes)

    stated = [(at, status_at(events, roles, at)) for at in instants(events)]
    stated = [(at, status) for at, status in stated if status is not None]
    status = stated[-1][1] if stated else 'open'
    if status == 'open':
        return Outcome('open', None, last_amount(events), subjects(as_of), None)

    run = []
    while stated and stated[-1][1] == status:
        run.insert(0, stated.pop()[0])
    endings = [e for e in events if e.at in run and e.kind in dict(roles)[status]]
    amount = last_amount(endings)
    if amount is None:
        amount = last_amount(up_to(events, run[-1]))
    return Outcome(status, run[0], amount, subjects(run[-1]), last_subject(endings) if status == 'lost' else None)


# --- deal_cycle, deal_exposure ---------------------------------------------------------------------


def first_end(starts, ends, least):
    """The first of `ends` at or after `least`. What starts the cycle does not end it, unless another event can start it."""
    started = min(e.at for e in starts)
    own = [e for e in starts if e.at == started]

    def another(end):
        return end.at > started or any(e != end for e in own) or own.count(end) > 1     # a bag: the same event twice is two
    return min((e.at for e in ends if e.at >= least and another(e)), default=None)


def deal_cycle(events, from_kinds, to_kinds, unless, as_of):
    events = up_to(events, as_of)
    starts = [e for e in events if e.kind in from_kinds]
    if not starts:
        return None
    started = min(e.at for e in starts)
    end = first_end(starts, [e for e in events if e.kind in to_kinds], started)
    if end is not None:
        return Cycle('event', started, None, end)
    end = first_end(starts, [e for e in events if e.kind in unless], max(e.at for e in starts))
    if end is not None:
        return Cycle('competing', started, None, end)
    return Cycle('censored', started, None, as_of)


def deal_exposure(events, exposed_by, subject, from_kinds, to_kinds, unless, as_of):
    """[(exposed, cycle)]"""
    cycle = deal_cycle(events, from_kinds, to_kinds, unless, as_of)
    if cycle is None:
        return []
    met = [e.at for e in up_to(events, as_of) if e.kind == exposed_by and subject in (None, e.subject)]
    if met and min(met) <= cycle.started_at:
        return [(True, cycle)]
    if not met or min(met) >= cycle.observed_until:
        return [(False, cycle)]
    at = min(met)
    return [(False, Cycle('censored', cycle.started_at, None, at)), (True, cycle._replace(entered_at=at))]


# --- time_in, state_changes, by_day ----------------------------------------------------------------


def in_order(events, kinds):
    """The events of these kinds; at one instant in the order of the list."""
    return sorted((e for e in events if e.kind in kinds), key=lambda e: (e.at, kinds.index(e.kind)))


def time_in(events, stages, as_of, ends):
    stays = []
    for e in in_order(up_to(events, as_of), stages + ends):
        stage = e.kind if e.kind in stages else None
        if stays and stays[-1].left_at is None:
            if stays[-1].stage == stage:
                continue
            stays[-1] = stays[-1]._replace(left_at=e.at, until=e.at)
        if stage is not None:
            stays.append(Stay(stage, e.at, None, as_of))
    return stays


def state_changes(events, kinds):
    changed = [e for e in events if e.kind not in kinds]
    runs = []
    for e in in_order(events, kinds):
        if runs and runs[-1][0].kind == e.kind:
            runs[-1].append(e)
        else:
            runs.append([e])
    return changed + [Event(run[0].kind, run[0].at, last_amount(run), last_subject(run)) for run in runs]


def local_time(at, zone):
    return (EPOCH + timedelta(microseconds=at)).astimezone(ZoneInfo(zone))


def instant_of(when):
    return (when - EPOCH) // timedelta(microseconds=1)


def beginning_of_day(at, zone):
    """The first instant of the local day, found by going back as long as the date does not change."""
    day = local_time(at, zone).date()
    step = 6 * 3600 * 1000000
    while step:
        while local_time(at - step, zone).date() == day:
            at -= step
        step //= 2
    return at


def by_day(events, zone):
    return [e._replace(at=beginning_of_day(e.at, zone)) for e in events]


# --- history_problems ------------------------------------------------------------------------------


def history_problems(events, stages, won, lost, no_decision, as_of):
    """{problem: the first instant where it shows}"""
    roles = (won, lost, no_decision)
    endings = won + lost + no_decision
    opening = tuple(kind for kind in stages if kind not in endings)
    now = up_to(events, as_of)
    ends, opens = [[e for e in now if e.kind in kinds] for kinds in (endings, opening)]
    began = min((e.at for e in opens), default=None)
    states = in_order(now, opening + endings)
    implausible = [e for e in events if local_time(e.at, 'UTC').year < 1970 or e.at > as_of + TEN_YEARS]
    outcome = deal_outcome(events, won, lost, no_decision, None, as_of, opening)
    shows = {
        'unknown_kinds': [] if any(e.kind in endings + opening for e in events) else [e.at for e in events],
        'ended_before_it_began': [e.at for e in ends if began is not None and last_instant_of(e) < began],
        'date_against_instant': [e.at for e in ends for s in opens if e.at < s.at <= last_instant_of(e)],
        'restated': [b.at for a, b in zip(states, states[1:]) if a.kind == b.kind and a.at < b.at],
        'reopened': [s.at for s in opens for undone in last_before(ends, s.at) if began <= last_instant_of(undone) < s.at],
        'two_endings_at_once': [at for at in instants(ends) if sum(any(e.at == at and e.kind in kinds for e in ends) for kinds in roles) > 1],
        'won_without_amount': [outcome.closed_at] if (outcome.status, outcome.amount) == ('won', None) else [],
        'duplicate_event': [e.at for e in events if events.count(e) > 1],
        'after_as_of': [e.at for e in events if e.at > as_of and e not in implausible],
        'implausible_instant': [e.at for e in implausible],
        'many_deals': [at for at in instants(ends) if len({e.subject for e in up_to(ends, at)} - {None}) > 1] + entries(states, stages[0])[10:]}
    return {problem: min(at) for problem, at in shows.items() if at}


def last_before(events, at):
    return [e for e in events if e.at == max((e.at for e in events if e.at < at), default=None)][:1]


def entries(states, first):
    """When the deal came into its first stage from another state, or from nowhere."""
    return [e.at for e, before in zip(states, [None] + states) if e.kind == first and (before is None or before.kind != first)]


def last_instant_of(ending):
    """An ending at midnight UTC may be a date, and then happened at any instant of that day."""
    return ending.at + DAY - 1 if ending.at % DAY == 0 else ending.at
