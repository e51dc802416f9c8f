"""The effect of a roll-out by its definition (doc/rollout.md), in the plainest form: dense least squares on dummies.

A panel has units (in byte order), periods, and for each cell a count n and a sum s. Nothing here is fast: every fit is
made anew, and every unit that the jackknife leaves out is left out of the data before anything is computed.
"""
from datetime import date
from fractions import Fraction
from math import factorial, sqrt

import numpy as np
from scipy.special import betainc, betaincinv, gammaln

DEFAULTS = {'control': 'not_yet', 'base': 'all', 'weights': 'deals', 'anticipation': 0, 'leads': 12, 'level': 0.95}
MOST_ASSIGNMENTS = 10000
DRAWS = 1999


# --- Student's t ---------------------------------------------------------------------------------------


def t_two_sided(t, df):
    """The chance that |T| exceeds |t|."""
    return float(betainc(df / 2, 0.5, df / (df + t * t)))


def t_density(t, df):
    return float(np.exp(gammaln((df + 1) / 2) - gammaln(df / 2) - 0.5 * np.log(df * np.pi) - (df + 1) / 2 * np.log1p(t * t / df)))


def t_quantile(level, df):
    """The t that |T| stays below with the chance level: a first guess, then Newton on the tail itself."""
    x = float(betaincinv(df / 2, 0.5, 1 - level))
    t = sqrt(df * (1 - x) / x)
    for _ in range(20):
        step = (t_two_sided(t, df) - (1 - level)) / (2 * t_density(t, df))
        t += step
        if abs(step) <= 1e-15 * abs(t):
            break
    return t


# --- the panel -----------------------------------------------------------------------------------------


class Panel:
    """cells: (unit, adopted or None, period, n, s), dates as datetime.date; scale: what s / n is multiplied by, 100 for rates."""

    def __init__(self, cells, scale):
        cells = [c for c in cells if c[3] > 0]
        self.units = sorted({c[0] for c in cells}, key=lambda unit: unit.encode())
        self.periods = sorted({c[2] for c in cells})
        adopted = {c[0]: c[1] for c in cells}
        self.adopted = [adopted[unit] for unit in self.units]
        row = {unit: i for i, unit in enumerate(self.units)}
        column = {period: i for i, period in enumerate(self.periods)}
        self.n = np.zeros((len(self.units), len(self.periods)), dtype=object)
        total = np.zeros_like(self.n)
        for unit, _, period, n, s in cells:
            self.n[row[unit], column[period]] += n
            total[row[unit], column[period]] += s
        self.here = np.array(self.n > 0, dtype=bool)
        self.y = np.zeros(self.n.shape)
        for u, t in zip(*np.nonzero(self.here)):
            self.y[u, t] = float(Fraction(scale) * total[u, t] / self.n[u, t])
        self.timing = [self.when(a) for a in self.adopted]

    def when(self, adopted):
        """(cohort, split) of an adoption date."""
        count = len(self.periods)
        if adopted is None:
            return count, count
        cohort = next((i for i, p in enumerate(self.periods) if p >= adopted), count)
        if cohort == 0:
            return 0, 0
        before = self.periods[cohort - 1]
        if cohort < count:
            end = self.periods[cohort]
        elif count >= 2:
            end = before + (before - self.periods[cohort - 2])
        else:
            end = date.max
        return cohort, cohort - 1 if before < adopted < end else cohort


class Reading:
    """One way to read a panel: its options, and which unit adopted when (the permutation test deals that anew)."""

    def __init__(self, panel, timing=None, **options):
        self.panel, self.options = panel, dict(DEFAULTS, **options)
        self.base, self.leads, self.level = (self.options[name] for name in ('base', 'leads', 'level'))
        self.y, here = panel.y, panel.here
        units, periods = here.shape
        timing = timing or panel.timing
        self.cohort = np.array([g for g, _ in timing], dtype=int)
        split = np.array([s for _, s in timing], dtype=int)
        self.adopter = self.cohort < periods
        expected = np.where(self.adopter, self.options['anticipation'], 0)
        t = np.arange(periods)[None, :]
        self.event_time = t - self.cohort[:, None]
        self.first_unclean = split - expected
        self.clean = here & (t < self.first_unclean[:, None])
        self.expected = here & ~self.clean & (t < split[:, None])
        self.treated = here & (self.event_time >= 0)
        self.control = self.clean & ~self.adopter[:, None] if self.options['control'] == 'never' else self.clean
        n = panel.n.astype(float)
        self.m = n if self.options['weights'] == 'deals' else n / n.sum(axis=1, keepdims=True)
        self.everybody = np.ones(units, dtype=bool)
        self.zero = 1e-10 * np.abs(self.y).max()

    # --- what would have been -------------------------------------------------------------------------

    def dropped(self, e):
        """The clean cells of event time e of adopters: what a placebo leaves out."""
        return self.clean & self.adopter[:, None] & (self.event_time == e)

    def impute(self, who, drop, targets):
        """tau of the targets, base 'all'; NaN where it does not exist."""
        tau = np.full(self.y.shape, np.nan)
        control = self.control & who[:, None] & ~drop
        own = self.clean & who[:, None] & ~drop
        component = components(control)
        period_effect = two_way(control, self.y, self.m)[1]
        left = self.y - period_effect[None, :]
        for u, t in zip(*np.nonzero(targets & who[:, None])):
            if component[t] < 0:
                continue
            mine = own[u] & (component == component[t])
            if mine.any():
                tau[u, t] = left[u, t] - np.average(left[u, mine], weights=self.m[u, mine])
        return tau

    def compare_with_last(self, who, targets):
        """tau of the targets, base 'last'; NaN where it does not exist."""
        tau = np.full(self.y.shape, np.nan)
        control = self.control & who[:, None]
        for u, t in zip(*np.nonzero(targets & who[:, None])):
            b = t - 1 if self.clean[u, t] else self.first_unclean[u] - 1
            if b < 0 or not self.clean[u, b]:
                continue
            others = control[:, t] & control[:, b] & (self.cohort != self.cohort[u])
            if not others.any():
                continue
            m_t, m_b = self.m[others, t], self.m[others, b]
            tau[u, t] = self.y[u, t] - self.y[u, b] - np.average(self.y[others, t] - self.y[others, b], weights=m_t * m_b / (m_t + m_b))
        return tau

    def taus(self, who, e):
        """tau of all treated cells (e None), or of event time e below 0: placebos and expected effects."""
        none = np.zeros(self.y.shape, dtype=bool)
        if e is None:
            targets, drop = self.treated, none
        else:
            drop = self.dropped(e)
            targets = drop | (self.expected & self.adopter[:, None] & (self.event_time == e))
        return self.impute(who, drop, targets) if self.base == 'all' else self.compare_with_last(who, targets)

    # --- estimates and their error --------------------------------------------------------------------

    def mean(self, tau, cells):
        chosen = cells & ~np.isnan(tau)
        return float(np.average(tau[chosen], weights=self.m[chosen])) if chosen.any() else None

    def without(self, u):
        who = self.everybody.copy()
        who[u] = False
        return who

    def others(self, first):
        """The second stratum: units beside the first with two control cells or more (what a placebo leaves out counts too)."""
        return [u for u in range(len(self.everybody)) if u not in first and self.control[u].sum() >= 2]

    def answer(self, theta, first, second, leave_out):
        """A row of the readings; leave_out(u) is theta without u, or None."""
        row = dict(effect=theta, std_error=None, df=None, low=None, high=None, p_value=None, units=len(first), others=len(second))
        if len(first) < 2 or len(second) < 2:
            return row
        variances = []
        for stratum in (first, second):
            thetas = [leave_out(u) for u in stratum]
            if any(x is None for x in thetas):
                return row
            size = len(stratum)
            variances.append((size - 1) / size * sum((x - theta) ** 2 for x in thetas))
        total = sum(variances)
        if sqrt(total) <= self.zero:
            return dict(row, std_error=0.0)
        df = total ** 2 / sum(v ** 2 / (len(s) - 1) for v, s in zip(variances, (first, second)))
        se = sqrt(total)
        reach = t_quantile(self.level, df) * se
        return dict(row, std_error=se, df=df, low=theta - reach, high=theta + reach, p_value=t_two_sided(theta / se, df))

    def row(self, cells, table):
        """The row of some cells; table(u) gives the taus without u, table(None) with all."""
        theta = self.mean(table(None), cells)
        if theta is None:
            return None
        counted = cells & ~np.isnan(table(None))
        first = [u for u in range(len(self.everybody)) if counted[u].any()]
        return self.answer(theta, first, self.others(first), lambda u: self.mean(table(u), cells))

    def table(self, e):
        """taus of e without a unit, each computed once."""
        known = {}

        def look(u):
            if u not in known:
                known[u] = self.taus(self.everybody if u is None else self.without(u), e)
            return known[u]
        return look

    # --- the readings ---------------------------------------------------------------------------------

    def effect(self):
        table = self.table(None)
        row = self.row(self.treated, table) or dict(
            effect=None, std_error=None, df=None, low=None, high=None, p_value=None, units=0, others=0)
        exists = ~np.isnan(table(None))
        row['deals'] = int(sum(self.panel.n[self.treated & exists]))
        row['skipped'] = int(sum(self.panel.n[self.treated & ~exists]))
        return row

    def all_rows(self):
        """The rows of event_study (by event time), cohort_effects (by date) and cell_effects (by both dates)."""
        periods = self.panel.periods
        studies, cohorts, cells = {}, {}, {}
        here = self.panel.here & self.adopter[:, None]
        for e in sorted(set(self.event_time[here])):
            if e < -self.leads:
                continue
            table = self.treated_table if e >= 0 else self.table(int(e))
            at_e = self.event_time == e
            studies[int(e)] = self.row(at_e, table)
            for g in sorted(set(self.cohort[self.adopter])):
                if 0 <= g + e < len(periods):
                    cells[periods[g], periods[g + e]] = self.row(at_e & (self.cohort == g)[:, None], table)
        for g in sorted(set(self.cohort[self.adopter])):
            cohorts[periods[g]] = self.row(self.treated & (self.cohort == g)[:, None], self.treated_table)
        return [{key: row for key, row in rows.items() if row} for rows in (studies, cohorts, cells)]

    @property
    def treated_table(self):
        if not hasattr(self, 'kept_table'):
            self.kept_table = self.table(None)
        return self.kept_table

    def slope(self, who):
        """(slope of the pre-trend, units it is of), or None."""
        none = np.zeros(self.y.shape, dtype=bool)
        tau = self.impute(who, none, self.treated)
        counts = ((~np.isnan(tau)).any(axis=1)) & (self.clean.sum(axis=1) >= 2) & who
        cells = (self.control & who[:, None]) | (self.clean & counts[:, None])
        z = np.where(counts[:, None], np.arange(self.y.shape[1])[None, :], 0).astype(float)
        if not (cells & counts[:, None]).any():
            return None
        unit, period = two_way(cells, z, self.m)
        left = z - unit[:, None] - period[None, :]
        bottom = float((self.m * left ** 2)[cells].sum())
        if bottom <= 1e-9 * float((self.m * z ** 2)[cells].sum()):
            return None
        return float((self.m * left * self.y)[cells].sum()) / bottom, [u for u in range(len(who)) if counts[u]]

    def pretrend(self):
        found = self.slope(self.everybody)
        if found is None:
            return dict(effect=None, std_error=None, df=None, low=None, high=None, p_value=None, units=0, others=0)
        theta, first = found

        def leave_out(u):
            without = self.slope(self.without(u))
            return None if without is None else without[0]
        return self.answer(theta, first, self.others(first), leave_out)

    def permutation_test(self):
        seen = self.effect()
        if seen['effect'] is None:
            return dict(p_value=None, assignments=0, exact=None, statistic=None)
        by_t = bool(seen['std_error'])

        def statistic(row):
            if row['effect'] is None or (by_t and not row['std_error']):
                return None
            return abs(row['effect'] / row['std_error']) if by_t else abs(row['effect'])
        threshold = statistic(seen) * (1 - 1e-9)
        exact = assignments_of(self.panel.timing) <= MOST_ASSIGNMENTS
        dealt = list(distinct(sorted(self.panel.timing))) if exact else list(draws(self.panel.timing, DRAWS))
        found = [x for x in (statistic(Reading(self.panel, list(timing), **self.options).effect()) for timing in dealt) if x is not None]
        least = sum(x >= threshold for x in found)
        extra = 0 if exact else 1
        return dict(p_value=(extra + least) / (extra + len(found)), assignments=extra + len(found), exact=exact,
                    statistic='t' if by_t else 'effect')


# --- least squares, components, permutations -------------------------------------------------------------


def two_way(cells, y, m):
    """Unit and period effects of the weighted least-squares fit to the cells; of the many fits, the shortest."""
    rows, columns = np.nonzero(cells)
    units, periods = cells.shape
    if len(rows) == 0:
        return np.zeros(units), np.zeros(periods)
    root = np.sqrt(m[rows, columns])
    design = np.zeros((len(rows), units + periods))
    design[np.arange(len(rows)), rows] = root
    design[np.arange(len(rows)), units + columns] = root
    solution = np.linalg.pinv(design, rcond=1e-12)
    fit = solution @ (root * y[rows, columns])
    for _ in range(3):                  # what rounding left over is fitted once more: weights may be a million times as large as others
        fit += solution @ (root * (y[rows, columns] - fit[rows] - fit[units + columns]))
    return fit[:units], fit[units:]


def components(cells):
    """The number of the component each period is in, -1 for a period without a cell."""
    number = np.full(cells.shape[1], -1)
    for start in range(cells.shape[1]):
        if number[start] >= 0 or not cells[:, start].any():
            continue
        periods = {start}
        while True:
            units = cells[:, sorted(periods)].any(axis=1)
            more = set(np.nonzero(cells[units].any(axis=0))[0])
            if more <= periods:
                break
            periods |= more
        number[sorted(periods)] = start
    return number


def assignments_of(timing):
    count = factorial(len(timing))
    for pair in set(timing):
        count //= factorial(timing.count(pair))
    return count


def distinct(pairs):
    """The distinct orders of a sorted list."""
    if not pairs:
        yield ()
        return
    for pair in sorted(set(pairs)):
        rest = list(pairs)
        rest.remove(pair)
        for tail in distinct(rest):
            yield (pair,) + tail


def draws(pairs, count):
    """Shuffles of the pairs, each of them as they stand in the data: SplitMix64 from state 0, Fisher-Yates from the end."""
    mask, state = 2 ** 64 - 1, 0
    for _ in range(count):
        order = list(pairs)
        for i in range(len(order) - 1, 0, -1):
            state = (state + 0x9E3779B97F4A7C15) & mask
            x = state
            x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & mask
            x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & mask
            x ^= x >> 31
            j = (x * (i + 1)) >> 64
            order[i], order[j] = order[j], order[i]
        yield order
