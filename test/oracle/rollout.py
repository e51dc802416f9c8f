"""Compare the readings of rollout_summary with their definition (rollout_reference.py). Started by test/oracle/rollout.

First the definition itself is held against printed numbers, then random panels go to the server: holes, late and leaving
units, empty cells, adoption at a period's start, within it, before the data, after it or never, rates and amounts, and all
options. Numbers agree within 1e-8 (of the larger of the number and 1, or a hundredth of the largest amount), counts and
NULLs exactly. A panel that disagrees is printed as a statement that shows it.
"""
import csv
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
from datetime import date, timedelta
from fractions import Fraction

import numpy as np

from rollout_reference import DEFAULTS, Panel, Reading, assignments_of, t_quantile, t_two_sided

CASES = int(os.environ.get('CASES', 2000))
SEED = int(os.environ.get('SEED', 1))
LIMIT = 1e-8
SHOWN = 5                                   # disagreements printed
HERE = os.path.dirname(os.path.abspath(__file__))
MONEY = Fraction(1, 10000)
COLUMNS = ('effect', 'std_error', 'df', 'low', 'high', 'p_value', 'units', 'others')
passed = failed = 0


def agree(ours, theirs, scale=1.0):
    """True when they agree: floats within LIMIT, everything else exactly."""
    if isinstance(theirs, float) and isinstance(ours, (float, int)) and not isinstance(ours, bool):
        return abs(ours - theirs) <= LIMIT * max(abs(theirs), scale)
    return ours == theirs


def check(good, what):
    global passed, failed
    if good:
        passed += 1
    else:
        failed += 1
        print('not ok: ' + what)


# --- the definition against printed numbers -----------------------------------------------------------------

# unit, adoption, and (n, s) of the months from January 2026 on
WORKED = [('Berlin', '2026-03-01', [(64, 9), (59, 9), (71, 12), (73, 14), (70, 18), (83, 19)]),
          ('Hamburg', '2026-03-01', [(42, 7), (46, 7), (48, 15), (47, 13), (54, 16), (51, 12)]),
          ('Köln', '2026-05-01', [(95, 16), (92, 18), (101, 16), (105, 19), (106, 23), (114, 26)]),
          ('Leipzig', '2026-05-01', [(54, 7), (53, 11), (55, 5), (64, 6), (61, 14), (66, 16)]),
          ('München', None, [(75, 22), (75, 14), (83, 19), (80, 12), (90, 22), (92, 28)]),
          ('Stuttgart', None, [(28, 8), (36, 6), (28, 8), (37, 6), (40, 8), (42, 10)])]
EVENT_TIMES = {0: (6.7666421873, 3.4065252910, 3.9328456066), 1: (5.2654859070, 5.9715631177, 3.5350989780),
               2: (12.4734952686, 3.1416566414, 3.8702643222), 3: (2.9696064546, 4.2546274025, 3.0432852152),
               -1: (5.0487947533, 2.3194165771), -2: (-4.9826073846, 2.0962182227),
               -3: (7.2280736532, 4.0087957787), -4: (-7.4833162895, 2.5014080733)}
OTHER_OPTIONS = [(dict(base='last'), 2.4382848324, 4.1229771890), (dict(base='last', control='never'), 1.1749370633, 3.1770133696),
                 (dict(control='never'), 6.6616678437, 2.8588454786), (dict(weights='units'), 8.3785558547, 3.0927855048),
                 (dict(anticipation=1), 8.7569218458, 3.6291996011)]


def day(text):
    return None if text is None else date.fromisoformat(text)


def worked_panel():
    return Panel([(unit, day(adopted), date(2026, month, 1), n, s) for unit, adopted, cells in WORKED
                  for month, (n, s) in enumerate(cells, 1)], 100)


def close(row, *numbers):
    return all(agree(row[name], number, 0.1) for name, number in zip(COLUMNS, numbers))


def check_definition():
    panel = worked_panel()
    reading = Reading(panel)
    row = reading.effect()
    check(close(row, 6.4686565354, 3.6831992103, 3.9528452038, -3.8058351300, 16.7431482007, 0.1547415045) and
          (row['units'], row['others'], row['deals'], row['skipped']) == (4, 2, 844, 0), 'worked data: effect %s' % row)
    studies, cohorts, _ = reading.all_rows()
    check(studies.keys() == EVENT_TIMES.keys(), 'worked data: event times %s' % list(studies))
    for e, numbers in EVENT_TIMES.items():
        check(close(studies[e], *numbers), 'worked data: event time %d %s' % (e, studies[e]))
    check(close(cohorts[date(2026, 3, 1)], 9.2017868777, 3.3849344830, 1.9609317195) and
          close(cohorts[date(2026, 5, 1)], 2.5540577453, 4.9130641873, 3.6055905521), 'worked data: cohorts %s' % cohorts)
    check(close(reading.pretrend(), 2.6771719927, 1.4871752106, 3.9467376054, -1.4739574580, 6.8283014434, 0.1471754695), 'worked data: pretrend')
    check(reading.permutation_test() == dict(p_value=0.1, assignments=90, exact=True, statistic='t'), 'worked data: permutation test')
    for options, effect, std_error in OTHER_OPTIONS:
        row = Reading(panel, **options).effect()
        check(close(row, effect, std_error), 'worked data: %s %s' % (options, row))


def check_file_of_cases():
    folder = os.environ.get('ENABLEMENT_METRICS_CASES', os.path.join(HERE, '../../../shared/cases'))
    file = os.path.join(folder, 'rollout_cases.json')
    if not os.path.exists(file):
        print('# rollout_cases.json is not there: skipped')
        return
    cases = [case for case in json.load(open(file))['cases'] if case['expected']]
    for case in cases:
        expected, panel = case['expected'], Panel([(u, day(a), day(p), n, s) for u, a, p, n, s in case['rows']], 100)
        reading = Reading(panel, **case['options'])
        got = answers(reading, True)
        wanted = dict(expected['readings'], permutation=expected['permutation'])
        wanted['overall'] = dict(wanted['overall'], deals=expected['deals'], skipped=expected['skipped'])
        if got['pretrend']['effect'] is None:
            wanted.setdefault('pretrend', got['pretrend'])
        check(differences(got, wanted, 1.0) == [], 'case %s: %s' % (case['name'], differences(got, wanted, 1.0)))


def answers(reading, permute):
    """All that a panel's readings say, row by row, under the names that rollout_cases.json uses."""
    rows = {'overall': reading.effect(), 'pretrend': reading.pretrend()}
    studies, cohorts, cells = reading.all_rows()
    rows.update(('event_time %d' % e, row) for e, row in studies.items())
    rows.update(('cohort %s' % g, row) for g, row in cohorts.items())
    rows.update(('cell %s %s' % key, row) for key, row in cells.items())
    if permute:
        rows['permutation'] = reading.permutation_test()
    return rows


def differences(ours, theirs, scale):
    """Where two of such answers differ, as text."""
    found = ['%s: only one has it' % key for key in sorted(ours.keys() ^ theirs.keys())]
    for key in ours.keys() & theirs.keys():
        for name, value in theirs[key].items():
            relative = scale if name in ('effect', 'std_error', 'low', 'high') else 1.0
            if not agree(ours[key].get(name), value, relative):
                found.append('%s %s: %r against %r' % (key, name, ours[key].get(name), value))
    return sorted(found)


# --- random panels ------------------------------------------------------------------------------------------

NAMES = ['Berlin', 'berlin', 'Zürich', 'ähren', 'A', 'a', 'B', 'aa', 'Ö', '東京', 'team 10', 'team 9', 'Z', '~', ' x', 'x ']


class Case:
    """form: how it goes to the server (success, rate, amount); rows (unit, adopted, period, n, s)."""

    def __init__(self, number, rng):
        self.number, self.form = number, rng.choice(('success', 'rate', 'rate', 'amount'))
        self.drawn = number % 1000 == 500       # more assignments than are tried one by one
        usual = self.drawn or rng.random() < 0.8
        units = 8 if self.drawn else rng.randint(5, 9) if usual else rng.choice((1, 2, 3, 4, 4, 5, 6, 7, 8, 12))
        self.periods = random_periods(rng, 6 if self.drawn else rng.randint(4, 9) if usual else rng.choice((1, 2, 3, 4, 5, 6, 7, 8)))
        self.options = random_options(rng)
        self.rows = []
        shared = [random_adoption(rng, self.periods) for _ in range(rng.choice((1, 2, 2, 3)))]
        gap = rng.choice((0, 0, 0.1)) if usual else rng.choice((0, 0.1, 0.35))
        for i, unit in enumerate(rng.sample(NAMES, units)):
            adopted = random_adoption(rng, self.periods) if self.drawn or rng.random() > (0.6 if usual else 0.3) else rng.choice(shared)
            if usual and i < 4:
                adopted = rng.choice(self.periods[1:]) if i % 2 else None
            if self.drawn:            # dates of their own
                adopted = self.periods[0] + timedelta(days=20 * i)
            self.rows += self.random_unit(rng, unit, adopted, gap)
        if not any(n for _, _, _, n, _ in self.rows):
            self.rows.append(('A', None, self.periods[0], 3, [5, 6, 7] if self.form == 'amount' else 1))
        self.permute = rng.random() < 0.25

    def random_unit(self, rng, unit, adopted, gap):
        first, last = 0, len(self.periods) - 1
        if rng.random() < 0.15:
            first = rng.randint(0, last)
        if rng.random() < 0.15:
            last = rng.randint(first, last)
        level, size = rng.random(), rng.choice((3, 10, 40, 200) if self.form == 'rate' else (3, 10, 20))
        for period in self.periods[first:last + 1]:
            if rng.random() < gap:
                if rng.random() < 0.3:
                    yield unit, adopted, period, 0, 0
                continue
            n = rng.randint(1, size)
            if self.form == 'rate' and rng.random() < 0.1:
                n *= 1000
            if self.form == 'amount':
                yield unit, adopted, period, n, [rng.choice((0, -1, 1, 1, 1, 1)) * rng.randint(0, 10 ** rng.choice((4, 7, 9))) for _ in range(n)]
            else:
                s = rng.choice((0, n)) if rng.random() < 0.1 else min(n, max(0, int(n * rng.gauss(level, 0.15))))
                yield unit, adopted, period, n, s

    def panel(self):
        if self.form == 'amount':
            return Panel([(u, a, p, n, sum(s)) if n else (u, a, p, 0, 0) for u, a, p, n, s in self.rows], MONEY)
        return Panel(self.rows, 100)

    def server_rows(self):
        """Rows of (case, unit, adopted, period, s, n, amount), one of them for a deal where the form says so."""
        for unit, adopted, period, n, s in self.rows:
            if self.form == 'rate':
                yield self.number, unit, adopted, period, s, n, None
            elif self.form == 'amount' and n:
                for amount in s:
                    yield self.number, unit, adopted, period, None, None, money(amount)
            elif self.form == 'success':
                for i in range(n):
                    yield self.number, unit, adopted, period, int(i < s), None, None

    def statement(self):
        o = self.options
        values, call = [], {'rate': 'rate_summary(s, n)', 'success': 's = 1', 'amount': 'amount'}[self.form]
        for _, unit, adopted, period, s, n, amount in self.server_rows():
            values.append("('%s', %s, '%s', %s, %s, %s)" % (
                unit, 'NULL' if adopted is None else "'%s'" % adopted, period, *('NULL' if x is None else x for x in (s, n, amount))))
        arguments = ', '.join("%s => %s" % (k, v if isinstance(v, (int, float)) else "'%s'" % v) for k, v in o.items() if v != DEFAULTS[k])
        return ("WITH s AS (SELECT rollout_agg(unit, adopted::date, period::date, %s) AS s FROM (VALUES\n  %s) v (unit, adopted, period, s, n, amount))\n"
                "  -- options: %s\n  SELECT e.* FROM s, effect(s) e;" % (call, ',\n  '.join(values), arguments or 'none'))


def money(amount):
    return '%s%d.%04d' % ('-' if amount < 0 else '', abs(amount) // 10000, abs(amount) % 10000)


def random_periods(rng, count):
    kind = rng.choice(('month', 'month', 'week', 'any'))
    if kind == 'month':
        start = rng.randint(0, 30)
        return [date(2024 + (start + i) // 12, (start + i) % 12 + 1, 1) for i in range(count)]
    periods = [date(2024, 1, 1) + timedelta(days=rng.randint(0, 700))]
    while len(periods) < count:
        periods.append(periods[-1] + timedelta(days=7 if kind == 'week' else rng.randint(1, 40)))
    return periods


def random_adoption(rng, periods):
    kind = rng.random()
    if kind < 0.35:
        return None
    if kind < 0.7:
        return rng.choice(periods)
    if kind < 0.85:
        return rng.choice(periods) + timedelta(days=rng.randint(1, 25))
    if kind < 0.92:
        return periods[0] - timedelta(days=rng.randint(1, 400))
    return periods[-1] + timedelta(days=rng.randint(1, 400))


def random_options(rng):
    return {'control': rng.choice(('not_yet', 'not_yet', 'never')), 'base': rng.choice(('all', 'all', 'last')),
            'weights': rng.choice(('deals', 'deals', 'units')), 'anticipation': rng.choice((0, 0, 0, 1, 1, 2, 5)),
            'leads': rng.choice((12, 12, 12, 0, 1, 2, 3)), 'level': rng.choice((0.95, 0.95, 0.5, 0.9, 0.99, 0.999))}


def may_permute(case, panel):
    """Permutations cost fits: all assignments where there are few, all of many or 1,999 draws on some panels."""
    count = assignments_of(panel.timing)
    return case.drawn or (case.permute and (count <= 60 or (count <= 1000 and case.number % 20 == 0)))


# --- to the server and back ---------------------------------------------------------------------------------

SETUP = r"""
SET client_min_messages = warning;
SET extra_float_digits = 1;
SET datestyle = 'ISO, YMD';
CREATE TEMP TABLE option (id int PRIMARY KEY, form text, control text, base text, weights text, anticipation int, leads int, level float8, permute boolean);
CREATE TEMP TABLE asked (id int, unit text, adopted date, period date, s bigint, n bigint, amount numeric);
\copy option from 'option'
\copy asked from 'asked'
ANALYZE option; ANALYZE asked;
CREATE TEMP TABLE answered AS
SELECT id, CASE form WHEN 'rate' THEN rate WHEN 'success' THEN success ELSE amounts END AS s
FROM option JOIN (
  SELECT id, rollup(rate) AS rate, rollup(success) AS success, rollup(amounts) AS amounts
  FROM (SELECT id, rollout_agg(unit, adopted, period, rate_summary(s, n)) FILTER (WHERE form = 'rate') AS rate,
               rollout_agg(unit, adopted, period, s = 1) FILTER (WHERE form = 'success') AS success,
               rollout_agg(unit, adopted, period, amount) FILTER (WHERE form = 'amount') AS amounts
        FROM asked JOIN option USING (id) GROUP BY id, CASE WHEN id % 2 = 0 THEN 0 ELSE hashtext(asked::text) % 3 END) part
  GROUP BY id) x USING (id);
"""
SHARED = 'control => control, base => base, weights => weights, anticipation => anticipation'
READINGS = """
SELECT id, 'overall', '', '', effect, std_error, df, low, high, p_value, units, others, deals, skipped
FROM answered JOIN option USING (id), effect(s, {shared}, level => level);
SELECT id, 'event_time', event_time, '', effect, std_error, df, low, high, p_value, units, others
FROM answered JOIN option USING (id), event_study(s, {shared}, leads => leads, level => level);
SELECT id, 'cohort', cohort, '', effect, std_error, df, low, high, p_value, units, others
FROM answered JOIN option USING (id), cohort_effects(s, {shared}, level => level);
SELECT id, 'cell', cohort, period, effect, std_error, df, low, high, p_value, units, others
FROM answered JOIN option USING (id), cell_effects(s, {shared}, leads => leads, level => level);
SELECT id, 'pretrend', '', '', slope, std_error, df, low, high, p_value, units, others
FROM answered JOIN option USING (id), pretrend(s, control => control, weights => weights, anticipation => anticipation, level => level);
SELECT id, 'permutation', '', '', p_value, assignments, exact, statistic
FROM answered JOIN option USING (id), permutation_test(s, {shared}) WHERE permute;
SELECT id, 'cells', '', '', (SELECT string_agg(format('%s|%s|%s|%s|%s', unit, adopted_on, period, total, CASE form WHEN 'amount' THEN round(sum, 4) ELSE sum END), ';') FROM cells(s))
FROM answered JOIN option USING (id);
""".replace('{shared}', SHARED)


def ask(cases, panels):
    """What the server answers: for each case its rows, under the names of answers()."""
    with tempfile.TemporaryDirectory() as folder:
        def table(name, rows):
            with open(os.path.join(folder, name), 'w', encoding='utf-8') as out:
                for row in rows:
                    out.write('\t'.join('\\N' if x is None else str(x) for x in row) + '\n')
        table('option', ((c.number, c.form, *(c.options[name] for name in DEFAULTS if name not in ('leads', 'level')), c.options['leads'],
                          c.options['level'], int(may_permute(c, p))) for c, p in zip(cases, panels)))
        table('asked', (row for c in cases for row in c.server_rows()))
        run = subprocess.run(['psql', '-X', '-q', '-A', '-t', '-F', '\t', '-v', 'ON_ERROR_STOP=1', '-f', '-'],
                             input=SETUP + READINGS, cwd=folder, capture_output=True, text=True, encoding='utf-8')
    if run.returncode:
        print('# ' + run.stderr.strip())
    found = {case.number: {} for case in cases}
    for line in run.stdout.splitlines():
        number, kind, first, second, *values = line.split('\t')
        if kind == 'permutation':
            row = dict(zip(('p_value', 'assignments', 'exact', 'statistic'),
                           (None if v == '' else kind(v) for kind, v in zip((float, int, lambda v: v == 't', str), values))))
        elif kind == 'cells':
            row = {'cells': values[0]}
        else:
            names = COLUMNS + ('deals', 'skipped')[:len(values) - len(COLUMNS)]
            row = {name: None if v == '' else (int if name in ('units', 'others', 'deals', 'skipped') else float)(v) for name, v in zip(names, values)}
        found[int(number)][' '.join(x for x in (kind, first, second) if x)] = row
    return found, run.returncode == 0


def cells_as_text(case, panel):
    """What cells() prints: units in byte order, periods ascending."""
    total = {}
    for unit, _, period, n, s in case.rows:
        if n:
            total[unit, period] = money(sum(s)) if case.form == 'amount' else str(s)
    rows = []
    for u, unit in enumerate(panel.units):
        for t, period in enumerate(panel.periods):
            if panel.here[u, t]:
                rows.append('%s|%s|%s|%d|%s' % (unit, panel.adopted[u] or '', period, panel.n[u, t], total[unit, period]))
    return ';'.join(rows)


def check_random_panels():
    rng = random.Random(SEED)
    cases = [Case(number, rng) for number in range(1, CASES + 1)]
    panels = [case.panel() for case in cases]
    found, good = ask(cases, panels)
    check(good, 'the server answers')
    if not good:
        return cases, panels, found
    wrong, compared, with_error = [], 0, 0
    for case, panel in zip(cases, panels):
        ours = answers(Reading(panel, **case.options), may_permute(case, panel))
        ours['cells'] = {'cells': cells_as_text(case, panel)}
        theirs = found[case.number]
        scale = 1.0 if case.form != 'amount' else max(1.0, np.abs(panel.y).max() / 100)
        bad = differences(ours, theirs, scale)
        compared += sum(len(row) for row in ours.values())
        with_error += ours['overall']['std_error'] is not None
        if bad:
            wrong.append((len(case.rows), case, bad))
        check(not bad, 'panel %d: %s' % (case.number, '; '.join(bad[:3])))
    for _, case, bad in sorted(wrong, key=lambda x: x[0])[:SHOWN]:
        print('# panel %d, %d disagreements: %s\n%s' % (case.number, len(bad), '; '.join(bad[:6]), case.statement()))
    print('# %d panels (%d with an interval), %d numbers compared, %d panels disagree' % (len(cases), with_error, compared, len(wrong)))
    return cases, panels, found


# --- R --------------------------------------------------------------------------------------------------------


def connected(reading):
    """True where lm() sees the same: one component, nothing skipped, an interval."""
    row = reading.effect()
    return row['std_error'] and row['skipped'] == 0 and reading.panel.here.all()


def check_with_r(cases, panels, found):
    if not shutil.which('Rscript'):
        print('# R skipped, there is no Rscript')
        return
    rng = random.Random(SEED)
    with tempfile.TemporaryDirectory() as folder:
        chosen, students = [], [(rng.gauss(0, 3), 10 ** rng.uniform(-0.3, 2.5), rng.choice((0.5, 0.9, 0.95, 0.99, 0.999))) for _ in range(1000)]
        with open(os.path.join(folder, 'panels.csv'), 'w', newline='', encoding='utf-8') as out:
            write = csv.writer(out)
            write.writerow('id unit period cohort split never y m n level'.split())
            for case, panel in zip(cases, panels):
                reading = Reading(panel, **dict(case.options, base='all', anticipation=0))
                if len(chosen) == 10 or case.options['base'] != 'all' or case.options['anticipation'] or not connected(reading):
                    continue
                chosen.append(case)
                for u, t in zip(*np.nonzero(panel.here)):
                    write.writerow([case.number, u, t, panel.timing[u][0], panel.timing[u][1], int(case.options['control'] == 'never'),
                                    repr(float(panel.y[u, t])), repr(float(reading.m[u, t])), panel.n[u, t], case.options['level']])
        with open(os.path.join(folder, 'students.csv'), 'w', newline='') as out:
            csv.writer(out).writerows([('t', 'df', 'level')] + [tuple(map(repr, row)) for row in students])
        run = subprocess.run(['Rscript', '--vanilla', os.path.join(HERE, 'rollout.R'), folder], capture_output=True, text=True)
    check(run.returncode == 0, 'R runs: ' + run.stderr.strip())
    lines = [line.split() for line in run.stdout.splitlines()]
    for case in chosen:
        theirs = next((dict(zip(COLUMNS, map(float, line[2:8]))) for line in lines if line[0] == 'panel' and int(line[1]) == case.number), {})
        clustered = next((line[8] for line in lines if line[0] == 'panel' and int(line[1]) == case.number), '')
        scale = 1.0 if case.form != 'amount' else 1e4
        for who, row in (('the definition', Reading(case.panel(), **case.options).effect()), ('the extension', found[case.number].get('overall', {}))):
            good = theirs and all(agree(row.get(name), value, scale if name not in ('df', 'p_value') else 1) for name, value in theirs.items())
            check(good, 'panel %d, %s against R: %s, %s' % (case.number, who, row, theirs))
        if theirs:
            print('# panel %d as R has it: effect %.6f, jackknife error %.6f, CR1 of sandwich %s' % (case.number, theirs['effect'], theirs['std_error'], clustered))
    tails = [line[1:] for line in lines if line[0] == 'student']
    worst = max((max(abs(t_two_sided(t, df) / float(p) - 1) if float(p) > 1e-12 else 0, abs(t_quantile(level, df) / float(q) - 1))
                 for (t, df, level), (p, q) in zip(students, tails)), default=1)
    check(len(tails) == len(students) and worst < 1e-10, "Student's t of the definition: %g from R" % worst)


def main():
    check_definition()
    check_file_of_cases()
    check_with_r(*check_random_panels())
    print('%d passed, %d failed' % (passed, failed))
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
