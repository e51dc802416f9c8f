"""Random small books of reps for test/oracle/story, as story_cases.py: quotas, tenure, business days."""

from datetime import date, timedelta

import quota_reference as ref
from quota_reference import Quota
from server import DAY
from story_cases import HOUR, answer, money, text
from story_reference import Event, instant_of, local_time

QUOTA_ZONES = ('UTC', 'UTC', 'UTC', 'America/New_York', 'Europe/Berlin', 'Asia/Kolkata', 'Pacific/Auckland')
FIRST_DAY = (date(2026, 1, 1) - date(2000, 1, 1)).days
USUAL_OPTIONS = {'fiscal_year_start': 1, 'sustained': 1, 'threshold': '1.0', 'zone': 'UTC', 'won': ('won',), 'lost': ('lost',)}


def random_book(rng, won, lost, begin, span):
    """Closings of a few deals between begin and begin + span days, restated, lost again, corrected."""
    kinds = won * 3 + lost + ('opportunity',)
    unit = rng.choice((DAY, DAY, 6 * HOUR))
    events = []
    for _ in range(rng.choice((0, 1, 2, 3, 5, 8))):
        deal = rng.choice((None, None, 'x', 'y', 'Z', 'é'))
        at = begin + unit * rng.randint(0, span * DAY // unit)
        for _ in range(rng.choice((1, 1, 2, 3))):
            events.append(Event(rng.choice(kinds), at, rng.choice((None, 200000, 500000, 500000, 600000, 1000000, 1000000, -300000, 1)), deal))
            at += unit * rng.choice((0, 0, 1, 5, 31, 40))
    if events and rng.random() < 0.1:
        events.append(rng.choice(events))
    rng.shuffle(events)
    return events


def steady_book(rng, won, lost, begin):
    """A deal or two a month, for quotas that have to be reached in a row; earlier ones are corrected later."""
    events = []
    for month in range(rng.randint(2, 7)):
        for _ in range(rng.choice((0, 1, 1, 2))):
            at = begin + (30 * month + rng.choice((0, 0, 3))) * DAY
            deal = rng.choice((None, 'deal %d' % len(events)))
            events.append(Event(rng.choice(won), at, rng.choice((200000, 500000, 500000)), deal))
            if rng.random() < 0.4:
                events.append(Event(rng.choice(won + won + lost), at + rng.choice((0, 30, 60)) * DAY, rng.choice((None, 200000, 500000, 600000)), deal))
    return events


def random_calendar(rng, begin, span):
    """Starts of periods, the last one the end of the last."""
    day = date(2000, 1, 1) + timedelta(days=begin // DAY - rng.randint(1, 10))
    days = [day]
    while (days[-1] - day).days < span + 100 or len(days) < 2:
        days.append(days[-1] + timedelta(days=rng.choice((28, 35, 30, 30, 7, 91))))
    if rng.random() < 0.1 and len(days) > 2:
        days.pop()
    return days


def spoilt(rng, q):
    """The same question with an option that may not go with the others."""
    calendar = q.calendar or random_calendar(rng, q.hired_at, 100)
    return q._replace(**rng.choice((
        {'left_at': q.hired_at - 1}, {'lost': q.lost + q.won[:1]}, {'fiscal_year_start': rng.choice((0, 13, -1))}, {'sustained': rng.choice((0, 2))},
        {'calendar': calendar}, {'ramp': [200000]}, {'quotas': [200000]}, {'quota': 200000}, {'fiscal_year_start': 2}, {'calendar': calendar[::-1]}, {'calendar': calendar[:1]},
        {'calendar': calendar[:2] + calendar[1:]}, {'calendar': calendar, 'period': None, 'ramp': None, 'quota': None, 'fiscal_year_start': 1, 'quotas': [200000] * len(calendar)})))


class QuotaAttainment:
    name = 'quota_attainment'
    lacks = "SELECT pg_get_function_arguments('quota_attainment'::regproc) NOT LIKE '%quotas numeric[]%'"
    columns = (('history', 'deal_history'), ('hired_at', 'timestamptz'), ('quota', 'numeric'), ('period', 'text'), ('ramp', 'numeric[]'),
               ('as_of', 'timestamptz'), ('left_at', 'timestamptz'), ('threshold', 'numeric'), ('sustained', 'int'), ('won', 'text[]'),
               ('lost', 'text[]'), ('zone', 'text'), ('fiscal_year_start', 'int'), ('calendar', 'date[]'), ('quotas', 'numeric[]'), ('usual', 'boolean'))
    call = """SELECT format('%s|%s|%s|%s|%s|%s|%s|%s|%s|%s|%s', status(q), us(hired_at(q)), us(reached_at(q)), us(observed_until(q)), days(q), cycles(q), won_cycles(q),
  units(attained(q)), units(target(q)), round((elapsed_cycles(q, '1 day') * 86400000000)::numeric), q::jsonb::quota_attainment::text = q::text)
FROM (SELECT CASE WHEN {usual} THEN quota_attainment({history}, {hired_at}, {quota}, period => {period}, ramp => {ramp}, as_of => {as_of}, left_at => {left_at})
             ELSE quota_attainment({history}, {hired_at}, {quota}, {period}, {ramp}, {as_of}, {left_at}, {threshold}, {sustained}, {won}, {lost}, {zone},
                    fiscal_year_start => {fiscal_year_start}, calendar => {calendar}, quotas => {quotas}) END AS q) x"""

    @staticmethod
    def case(rng):
        span = rng.choice((5, 60, 120, 400))
        hired = FIRST_DAY * DAY + rng.randint(-40, 400) * DAY + rng.choice((0, 9 * HOUR))
        won, lost = rng.choice(((('won',), ('lost',)), (('b',), ('a', 'c')), (('a', 'D'), ('won',))))
        events = random_book(rng, won, lost, hired - rng.choice((0, 0, 10, 40)) * DAY, span)
        as_of = hired + rng.choice((rng.randint(0, span), span, span + 60, span + 60)) * DAY + rng.choice((0, 0, -1))
        left = hired + rng.randint(0, span) * DAY if rng.random() < 0.3 else None
        amounts = (200000, 200000, 500000, 500000, 1000000, 1100000, 1000001, 2000000)
        period, calendar, quotas, ramp = rng.choice((None, 'month', 'month', 'quarter', 'year', 'calendar', 'calendar')), None, None, None
        if period is not None and rng.random() < 0.4:
            ramp = [rng.choice(amounts + (0, 0)) for _ in range(rng.randint(0, 4))]
        if period == 'calendar':
            period, calendar = None, random_calendar(rng, hired - rng.choice((0, 40)) * DAY, span)
            if rng.random() < 0.5:
                quotas, ramp = [rng.choice(amounts + (0, None)) for _ in calendar[1:]], None
        sustained = rng.choice((1, 1, 2, 2, 3)) if period or calendar else 1
        q = Quota(hired, None if quotas else rng.choice(amounts), period, ramp, as_of, left, rng.choice(('1.0', '1.0', '0.8', '1.25', '0.3333333')), sustained, won, lost,
                  rng.choice(QUOTA_ZONES), rng.randint(1, 12) if period else 1, calendar, quotas)
        if rng.random() < 0.6 and sustained > 1:
            events = steady_book(rng, won, lost, hired)
            q = q._replace(as_of=hired + rng.choice((100, 250)) * DAY, threshold='1.0', quota=None if quotas else 500000)
        if rng.random() < 0.05:
            return events, spoilt(rng, q), False
        if rng.random() < 0.3 and calendar is None and won == ('won',):
            return events, q._replace(**USUAL_OPTIONS), True
        return events, q, False

    @staticmethod
    def arguments(events, q, usual):
        def units(amounts):
            return None if amounts is None else [money(a) for a in amounts]
        return (events, q.hired_at, money(q.quota), q.period, units(q.ramp), q.as_of, q.left_at, q.threshold, q.sustained, q.won, q.lost, q.zone,
                q.fiscal_year_start, q.calendar, units(q.quotas), usual)

    @staticmethod
    def expected(events, q, usual):
        a = ref.quota_attainment(events, q)
        if a is None:
            return answer(*(None,) * 11)
        lived = a.observed_until - a.hired_at
        return answer(a.status, a.hired_at, a.observed_until if a.status == 'reached' else None, a.observed_until, lived // DAY, a.cycles, a.won_cycles,
                      a.attained, a.target, lived, True)


class Tenure:
    name = 'tenure_amounts'
    lacks = "SELECT to_regproc('tenure_amounts') IS NULL"
    columns = (('history', 'deal_history'), ('hired_at', 'timestamptz'), ('as_of', 'timestamptz'), ('left_at', 'timestamptz'), ('won', 'text[]'),
               ('lost', 'text[]'), ('zone', 'text'), ('usual', 'boolean'))
    call = """SELECT coalesce(string_agg(format('%s|%s', tenure_month, units(amount)), ' ' ORDER BY n), 'none')
FROM (SELECT * FROM tenure_amounts({history}, {hired_at}, as_of => {as_of}, left_at => {left_at}) WITH ORDINALITY u(tenure_month, amount, n) WHERE {usual}
      UNION ALL
      SELECT * FROM tenure_amounts({history}, {hired_at}, {as_of}, {left_at}, {won}, {lost}, {zone}) WITH ORDINALITY u(tenure_month, amount, n) WHERE NOT {usual}) x"""

    @staticmethod
    def case(rng):
        hired = FIRST_DAY * DAY + rng.choice((rng.randint(-40, 400), 30, 58, 59)) * DAY + rng.choice((0, 9 * HOUR, 20 * HOUR + 1))
        won, lost = (('won',), ('lost',)) if rng.random() < 0.6 else (('a', 'D'), ('b',))
        events = random_book(rng, won, lost, hired - rng.choice((0, 10)) * DAY, rng.choice((31, 90, 120)))
        as_of = hired + rng.choice((rng.randint(-3, 130), 31, 59, 90, 200)) * DAY + rng.choice((0, 0, -1))
        left = hired + rng.randint(-1, 120) * DAY if rng.random() < 0.3 else None
        usual = won == ('won',) and rng.random() < 0.5
        return events, hired, as_of, left, won, lost, 'UTC' if usual else rng.choice(QUOTA_ZONES), usual

    @staticmethod
    def expected(events, hired, as_of, left, won, lost, zone, usual):
        months = ref.tenure_amounts(events, hired, as_of, left, won, lost, zone)
        return ' '.join(answer(*month) for month in months) or 'none'


class BusinessDays:
    name = 'business_days'
    lacks = "SELECT to_regproc('business_days') IS NULL"
    columns = (('from_at', 'timestamptz'), ('until_at', 'timestamptz'), ('holidays', 'date[]'), ('zone', 'text'), ('weekend', 'int[]'), ('usual', 'boolean'))
    call = """SELECT CASE WHEN {usual} THEN business_days({from_at}, {until_at}) ELSE business_days({from_at}, {until_at}, {holidays}, {zone}, {weekend}) END::text"""

    @staticmethod
    def case(rng):
        begin = (FIRST_DAY + rng.randint(-12000, 800)) * DAY + rng.randint(0, 48) * HOUR // 2 - rng.choice((0, 0, 1))
        end = begin + rng.choice((rng.randint(-30, 60), rng.randint(0, 500), rng.randint(0, 300) * 24, rng.randint(-1, 30) * 24)) * HOUR
        first = local_time(begin, 'UTC').date()
        holidays = [first + timedelta(days=rng.randint(-3, 20)) for _ in range(rng.choice((0, 1, 4, 8)))]
        weekend = rng.choice(((6, 7), (6, 7), (5, 6), (7,), (), (1, 2, 3, 4, 5, 6, 7), (7, 6, 6)))
        if rng.random() < 0.3:
            return begin, end, [], 'UTC', (6, 7), True
        return begin, end, holidays, rng.choice(QUOTA_ZONES), weekend, False

    @staticmethod
    def expected(from_at, until_at, holidays, zone, weekend, usual):
        return str(ref.business_days(from_at, until_at, holidays, zone, weekend))
