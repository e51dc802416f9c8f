"""The chance of open deals and the forecast from it, as they are defined: in fractions, deal by deal.

A curve is a list of observations (stop, kind, entry): how long a deal was watched in whole units, how that ended ('event',
'competing' or 'censored'), and from which unit on it was watched (None: from its start). A deal is at risk at t when
entry < t <= stop; what is censored at t is still at risk at t.

F(t) is the incidence of the event (Aalen-Johansen), S(t) the share without an end of any kind (Kaplan-Meier over events and
competing ends), both after what happens at t.
"""
from fractions import Fraction
from math import sqrt

UNIT = 10000                                # ten-thousandths of an amount


class Curve:
    def __init__(self, observations):
        self.observations = observations
        self.last = max((stop for stop, _, _ in observations), default=0)
        self.steps = []                     # (unit, F, S) after each unit in which something ended
        incidence, survival = Fraction(0), Fraction(1)
        for t in sorted({stop for stop, kind, _ in observations if kind != 'censored'}):
            risk = sum(1 for stop, _, entry in observations if stop >= t and (entry is None or entry < t))
            events = sum(1 for stop, kind, _ in observations if stop == t and kind == 'event')
            others = sum(1 for stop, kind, _ in observations if stop == t and kind == 'competing')
            incidence += survival * Fraction(events, risk)
            survival *= 1 - Fraction(events + others, risk)
            self.steps.append((t, incidence, survival))

    def at(self, t):
        """(F, S) at t."""
        found = (Fraction(0), Fraction(1))
        for unit, incidence, survival in self.steps:
            if unit > t:
                break
            found = incidence, survival
        return found

    def at_risk(self, age):
        """How many were watched beyond an age."""
        return sum(1 for stop, _, entry in self.observations if stop > age and (entry is None or entry <= age))

    def chance(self, age, horizon):
        """Of those who have outlived unit `age`, the share with the event within `horizon` more; None where it is not known."""
        before, alive = self.at(age)
        if not self.observations or alive == 0:
            return None
        if age + horizon > self.last and self.at(self.last)[1] > 0:
            return None
        return min(max((self.at(age + horizon)[0] - before) / alive, Fraction(0)), Fraction(1))


def money(amount):
    """An amount (Fraction) in ten-thousandths, rounded half away from zero."""
    scaled = abs(amount) * UNIT
    whole = int(scaled)
    whole += scaled - whole >= Fraction(1, 2)
    return whole if amount >= 0 else -whole


def pipeline(deals):
    """{age: (deals, with an amount, sum, sum of squares)}; deals are (age, amount), either None. None of no deals."""
    ages = {}
    for age, amount in deals:
        if age is None:
            continue
        n, known, total, squares = ages.get(age, (0, 0, 0, 0))
        a = None if amount is None else money(amount)
        ages[age] = (n + 1, known + (a is not None), total + (a or 0), squares + (a or 0) ** 2)
    return {age: (n, known, Fraction(total, UNIT), Fraction(squares, UNIT ** 2)) for age, (n, known, total, squares) in ages.items()} or None


def forecast(deals, curve, horizon):
    """The columns of forecast(), deal by deal; None for what is not known."""
    deals = [(age, None if amount is None else Fraction(money(amount), UNIT)) for age, amount in deals if age is not None]
    if not deals:
        return None
    chances = [(curve.chance(age, horizon), amount) for age, amount in deals]
    known = [(p, amount) for p, amount in chances if p is not None]
    priced = [(p, amount) for p, amount in known if amount is not None]
    return {
        'deals': len(deals),
        'expected': float(sum(p for p, _ in known)) if known else None,
        'expected_sd': sqrt(sum(p * (1 - p) for p, _ in known)) if known else None,
        'amount': sum((a for _, a in chances if a is not None), Fraction(0)),
        'expected_amount': float(sum(p * a for p, a in priced)) if priced else None,
        'amount_sd': sqrt(sum(a * a * p * (1 - p) for p, a in priced)) if priced else None,
        'unknown': len(chances) - len(known),
        'unknown_amount': sum((a for p, a in chances if p is None and a is not None), Fraction(0)),
    }
