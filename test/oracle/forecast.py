"""Compare chance, at_risk, pipeline_agg and forecast with their definition (forecast_reference.py). Started by test/oracle/forecast.

First the definition itself is held against printed numbers. Then random curves go to the server, with ties, competing ends,
late entries, curves that end at 0 and curves that do not; ages and horizons within and beyond them; and random pipelines, in
parts that are rolled up. Counts, NULLs and sums are equal, other numbers agree within 1e-9 of the larger of the number and 1,
or of the largest amount.
"""
import json
import os
import random
import sys
import tempfile
from fractions import Fraction

from forecast_reference import UNIT, Curve, forecast, money, pipeline
from server import copy_line, psql

CASES = int(os.environ.get('CASES', 2000))
SEED = int(os.environ.get('SEED', 1))
LIMIT = 1e-9
SHOWN = 10
KINDS = ('event', 'competing', 'censored')
compared = wrong = 0
worst = {}


def check(what, where, ours, theirs, scale=1.0):
    """ours is the server's: equal, or where theirs is a float within LIMIT."""
    global compared, wrong
    compared += 1
    if isinstance(theirs, float) and ours is not None:
        difference = abs(ours - theirs) / max(abs(theirs), scale)
        worst[what] = max(worst.get(what, 0.0), difference)
        good = difference <= LIMIT
    else:
        good = ours == theirs
    if not good:
        wrong += 1
        if wrong <= SHOWN:
            print('not ok: %s, %s: %s against %s' % (where, what, ours, theirs))


def check_definition():
    """Numbers that were printed before: six deals, and the weeks in remission of Freireich et al. 1963."""
    six = Curve([(day, kind, None) for day, kind in zip(range(1, 7), ('event', 'competing', 'event', 'censored', 'event', 'competing'))])
    for age, horizon, chance in ((0, 6, 0.5833333333), (2, 3, 0.625), (4, 1, 0.5), (3, 100, 0.5), (5, 1, 0), (6, 1, None)):
        got = six.chance(age, horizon)
        check('definition', 'six deals, %d and %d' % (age, horizon), got is None if chance is None else abs(got - Fraction(chance)) < 1e-9, True)
    weeks = Curve([(t, 'event', None) for t in (6, 6, 6, 7, 10, 13, 16, 22, 23)] + [(t, 'censored', None) for t in (6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35)])
    for age, horizon, chance in ((10, 13, 0.4047619048), (5, 1, 0.1428571429), (10, 26, None)):
        got = weeks.chance(age, horizon)
        check('definition', 'remission, %d and %d' % (age, horizon), got is None if chance is None else abs(got - Fraction(chance)) < 1e-9, True)
    for amount, whole in (('0.00005', 1), ('-0.00005', -1), ('0.00004999', 0), ('-12.34565', -123457)):
        check('definition', 'money ' + amount, money(Fraction(amount)), whole)


# --- random curves, ages and deals --------------------------------------------------------------------------


class Case:
    def __init__(self, number, rng):
        self.number = number
        top = rng.choice((3, 8, 30, 30, 400, 20000))
        chances = rng.choice(((1, 1, 1), (1, 0, 1), (2, 3, 1), (1, 0, 0), (1, 2, 0), (0, 1, 1), (1, 1, 8)))
        self.observations = []
        for _ in range(rng.choice((1, 2, 4, 9, 25, 60))):
            stop = rng.randint(0, top)
            late = stop > 0 and rng.random() < (0.4 if number % 3 == 0 else 0)
            self.observations.append((stop, rng.choices(KINDS, chances)[0], rng.randrange(stop) if late else None))
        self.curve = Curve(self.observations)
        last = self.curve.last
        some_age = lambda: rng.choice((0, last, last + 1, max(last - 1, 0), rng.randint(0, last), rng.randint(0, last), rng.randint(0, last)))
        self.asked = []
        for _ in range(8):
            age = some_age()
            self.asked.append((age, rng.choice((0, 1, max(last - age, 0), max(last - age, 0) + 1, rng.randint(0, last + 1), rng.randint(0, last + 1), 2 ** 63 - 1))))
        self.horizon = self.asked[0][1]
        size = rng.choice((1, 3, 10, 40))
        self.deals = [(None if rng.random() < 0.05 else some_age(), self.random_amount(rng)) for _ in range(size)]

    @staticmethod
    def random_amount(rng):
        kind = rng.random()
        if kind < 0.15:
            return None
        if kind < 0.25:                     # near what an amount can be
            return Fraction(rng.choice((-1, 1)) * (2 ** 63 - 1 - rng.randrange(1000)), UNIT)
        if kind < 0.35:                     # a fifth decimal
            return Fraction(rng.randint(-10 ** 9, 10 ** 9), 100000)
        return Fraction(rng.randint(0, 10 ** rng.randint(2, 12)), UNIT)

    def summary(self):
        """The text of the curve as a duration_summary in seconds."""
        units = sorted({stop for stop, _, _ in self.observations} | {entry for _, _, entry in self.observations if entry is not None})
        count = lambda test: sum(1 for o in self.observations if test(o))
        rows = [[u] + [count(lambda o: o[0] == u and o[1] == kind) for kind in KINDS] + [count(lambda o: o[2] == u)] for u in units]
        total = sum(stop for stop, kind, _ in self.observations if kind == 'event') * 1000000
        return json.dumps({'version': 1, 'unit': 'second', 'total_microseconds': total, 'histogram': rows})


SETUP = r"""
SET client_min_messages = warning;
SET extra_float_digits = 1;
CREATE TEMP TABLE curve (id int PRIMARY KEY, d duration_summary, horizon bigint);
CREATE TEMP TABLE asked (id int, n int, age bigint, horizon bigint);
CREATE TEMP TABLE deal (id int, n int, age bigint, amount numeric);
\copy curve from 'curve'
\copy asked from 'asked'
\copy deal from 'deal'
CREATE TEMP TABLE pipeline AS
SELECT id, rollup(p) AS p FROM (SELECT id, pipeline_agg(age, amount) AS p FROM deal GROUP BY id, n % 3) part GROUP BY id;
SELECT 'chance', id, n, chance(d, a.age, a.horizon), at_risk(d, a.age) FROM asked a JOIN curve USING (id);
SELECT 'pipeline', id, p::text FROM pipeline;
SELECT 'forecast', id, f.* FROM pipeline JOIN curve USING (id), forecast(p, d, horizon) f;
"""
COLUMNS = ('deals', 'expected', 'expected_sd', 'amount', 'expected_amount', 'amount_sd', 'unknown', 'unknown_amount')
EXACT = {'deals': int, 'unknown': int, 'amount': Fraction, 'unknown_amount': Fraction}


def decimal(amount):
    """A fraction of a power of ten as text: six decimals are enough here."""
    scaled = amount * 10 ** 6
    assert scaled.denominator == 1
    return '%s%d.%06d' % ('-' if scaled < 0 else '', *divmod(abs(scaled.numerator), 10 ** 6))


def ask(cases):
    with tempfile.TemporaryDirectory() as folder:
        def table(name, rows):
            with open(os.path.join(folder, name), 'w') as out:
                out.writelines(copy_line(*row) for row in rows)
        table('curve', ((c.number, c.summary(), c.horizon) for c in cases))
        table('asked', ((c.number, n, *pair) for c in cases for n, pair in enumerate(c.asked)))
        table('deal', ((c.number, n, age, None if amount is None else decimal(amount)) for c in cases for n, (age, amount) in enumerate(c.deals)))
        rows, error = psql(folder, SETUP)
    if error:
        sys.exit('forecast: ' + error)
    return rows


def ages_of(text):
    """A pipeline_summary as forecast_reference.pipeline gives it."""
    ages = json.loads(text, parse_int=Fraction, parse_float=Fraction)['ages']
    return {int(a['age']): (a['deals'], a['with_amount'], a['amount'], a['sum_of_squares']) for a in ages}


def main():
    check_definition()
    rng = random.Random(SEED)
    cases = {number: Case(number, rng) for number in range(1, CASES + 1)}
    seen = {'chance': 0, 'pipeline': 0, 'forecast': 0}
    nulls = 0
    for kind, number, *values in ask(cases.values()):
        case = cases[int(number)]
        where = 'case %s, curve %s' % (number, case.observations[:12])
        seen[kind] += 1
        if kind == 'chance':
            age, horizon = case.asked[int(values[0])]
            theirs = case.curve.chance(age, horizon)
            nulls += theirs is None
            check('chance', '%s, age %d, horizon %d' % (where, age, horizon), None if values[1] == '' else float(values[1]), None if theirs is None else float(theirs))
            check('at_risk', '%s, age %d' % (where, age), int(values[2]), case.curve.at_risk(age))
        elif kind == 'pipeline':
            check('pipeline_agg', where, None if values[0] == '' else ages_of(values[0]), pipeline(case.deals))
        else:
            theirs = forecast(case.deals, case.curve, case.horizon) or dict.fromkeys(COLUMNS)
            largest = max((abs(float(a)) for _, a in case.deals if a is not None), default=1.0)
            for name, text in zip(COLUMNS, values):
                ours = None if text == '' else EXACT.get(name, float)(text)
                check('forecast.' + name, '%s, deals %s, horizon %d' % (where, case.deals[:5], case.horizon), ours, theirs[name],
                      max(largest, 1.0) if 'amount' in name else 1.0)
    for kind, rows in (('chance', 8 * CASES), ('pipeline', CASES), ('forecast', CASES)):
        check('rows', kind, seen[kind], rows)
    for what, difference in worst.items():
        print('# %-26s worst relative difference %.1e' % (what, difference))
    print('forecast: %d curves, %d chances (%d of them NULL), %d pipelines, %d forecasts: %d values compared, %d disagree'
          % (CASES, seen['chance'], nulls, seen['pipeline'], seen['forecast'], compared, wrong))
    return 1 if wrong else 0


if __name__ == '__main__':
    sys.exit(main())
