"""The definitions of quota_attainment, tenure_amounts and business_days, by brute force.

As in story_reference.py: instants are microseconds from 2000-01-01 UTC, amounts units of 0.0001.
Calendars and holidays are lists of datetime.date.
"""

from collections import defaultdict, namedtuple
from datetime import timedelta
from fractions import Fraction
from math import ceil

from story_reference import Refused, instant_of, instants, last_amount, local_time, up_to

Quota = namedtuple('Quota', 'hired_at quota period ramp as_of left_at threshold sustained won lost zone'
                   ' fiscal_year_start calendar quotas')
Attainment = namedtuple('Attainment', 'status hired_at observed_until cycles won_cycles attained target')
Standing = namedtuple('Standing', 'won since amount')

WHOLE_TIME = 0                                  # the only period, where none is asked for


def deals_of(events, won, lost):
    """Lists of closings, one for each deal: those of one subject; without a subject each is a deal."""
    deals = defaultdict(list)
    for number, e in enumerate(e for e in events if e.kind in won or e.kind in lost):
        deals[('nameless', number) if e.subject is None else e.subject].append(e)
    return list(deals.values())


def standing(deal, won, at):
    """What a deal counts as at an instant: won or not, since when, with which amount; None before its first closing."""
    closings = up_to(deal, at)
    stated = [(t, any(e.at == t and e.kind in won for e in closings)) for t in instants(closings)]
    if not stated:
        return None
    is_won = stated[-1][1]
    since = None
    while stated and stated[-1][1] == is_won:
        since = stated.pop()[0]
    amount = last_amount([e for e in closings if e.at >= since and e.kind in won])
    if amount is None:
        amount = last_amount(closings)
    return Standing(is_won, since, amount or 0)


# --- periods ---------------------------------------------------------------------------------------


def period_of(q, at):
    """The number of the period in which an instant is; None outside of the calendar."""
    day = local_time(at, q.zone).date()
    if q.calendar is not None:
        inside = [i for i, (a, b) in enumerate(zip(q.calendar, q.calendar[1:])) if a <= day < b]
        return inside[0] if inside else None
    if q.period is None:
        return WHOLE_TIME
    month = 12 * day.year + day.month - 1
    if q.period == 'month':
        return month
    return (month - (q.fiscal_year_start - 1)) // {'quarter': 3, 'year': 12}[q.period]


def quota_of(q, period):
    """The quota of a period; None where it cannot be attained."""
    if q.quotas is not None:
        return q.quotas[period] or None
    number = period - period_of(q, q.hired_at) if q.ramp is not None else None
    if number is not None and 0 <= number < len(q.ramp):
        return q.ramp[number] or None
    return q.quota


def target_of(q, period):
    quota = None if period is None else quota_of(q, period)
    return None if quota is None else ceil(quota * Fraction(q.threshold))


# --- the reading -----------------------------------------------------------------------------------


def sums_at(q, deals, at):
    """What stands won in each period at an instant."""
    sums = defaultdict(int)
    for s in (standing(deal, q.won, at) for deal in deals):
        if s is not None and s.since >= q.hired_at:
            period = period_of(q, s.since)
            if period is None:
                raise Refused('22023')
            sums[period] += s.amount if s.won else 0
    return sums


def check_quota(q):
    has_periods = q.period is not None or q.calendar is not None
    wrong = [q.left_at is not None and q.left_at < q.hired_at,
             set(q.won) & set(q.lost),
             not 1 <= q.fiscal_year_start <= 12,
             q.period is not None and q.calendar is not None,
             q.fiscal_year_start != 1 and q.period is None,
             q.ramp is not None and not has_periods,
             q.sustained < 1 or q.sustained > 1 and not has_periods,
             q.quotas is not None and q.calendar is None,
             q.quotas is not None and (q.quota is not None or q.ramp is not None),
             q.calendar is not None and (len(q.calendar) < 2 or any(a >= b for a, b in zip(q.calendar, q.calendar[1:]))),
             q.quotas is not None and q.calendar is not None and len(q.quotas) != len(q.calendar) - 1]
    if any(wrong):
        raise Refused('22023')


def row_ending_with(q, attained, period):
    """How many periods in a row, those that cannot be attained left out, were attained up to this one."""
    length = 0
    while period >= period_of(q, q.hired_at) if q.calendar is None else period >= 0:
        if target_of(q, period) is not None:
            if period not in attained:
                break
            length += 1
        period -= 1
    return length


def quota_attainment(events, q):
    check_quota(q)
    if q.hired_at > q.as_of or q.quota is None and q.quotas is None:
        return None
    if q.ramp is not None and period_of(q, q.hired_at) is None:
        raise Refused('22023')
    has_left = q.left_at is not None and q.left_at <= q.as_of
    until = q.left_at if has_left else q.as_of
    deals = deals_of(events, q.won, q.lost)

    attained, reached = {}, None
    for at in instants(e for deal in deals for e in deal if q.hired_at <= e.at <= until):
        sums = sums_at(q, deals, at)
        for period in sorted(sums):
            target = target_of(q, period)
            if period not in attained and target is not None and sums[period] >= target:
                attained[period] = sums[period]
        rows = [p for p in sorted(attained) if row_ending_with(q, attained, p) >= q.sustained]
        if rows:
            reached, until, period = at, at, rows[0]
            break
    if reached is not None:
        status, amount = 'reached', attained[period]
    else:
        status, period = 'left' if has_left else 'open', period_of(q, until)
        amount = sums_at(q, deals, until)[period]
    closed = [s for s in (standing(deal, q.won, until) for deal in deals) if s is not None and s.since >= q.hired_at]
    return Attainment(status, q.hired_at, until, len(closed), sum(s.won for s in closed), amount, target_of(q, period) or 0)


# --- tenure_amounts --------------------------------------------------------------------------------


def months_after(at, months, zone):
    """The instant so many months later on the clock of the zone; the last day of a month that is shorter."""
    when = local_time(at, zone)
    month = when.month - 1 + months
    first = when.replace(year=when.year + month // 12, month=month % 12 + 1, day=1, fold=0)
    days = ((first.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)).day
    return instant_of(first.replace(day=min(when.day, days)))


def tenure_amounts(events, hired, as_of, left, won, lost, zone):
    """[(month since hire, from 1; amount)]"""
    if left is not None and left < hired:
        raise Refused('22023')
    until = as_of if left is None else min(as_of, left)
    standings = [standing(deal, won, until) for deal in deals_of(events, won, lost)]
    months, number = [], 1
    while months_after(hired, number, zone) <= until:
        begin, end = months_after(hired, number - 1, zone), months_after(hired, number, zone)
        months.append((number, sum(s.amount for s in standings if s is not None and s.won and begin <= s.since < end)))
        number += 1
    return months


# --- business_days ---------------------------------------------------------------------------------


def business_days(from_at, until_at, holidays, zone, weekend):
    begin, end = local_time(from_at, zone).date(), local_time(until_at, zone).date()
    if begin > end or set(weekend) == set(range(1, 8)):
        raise Refused('22023')
    days = [begin + timedelta(days=n) for n in range(1, (end - begin).days + 1)]
    return sum(day.isoweekday() not in weekend and day not in holidays for day in days)
