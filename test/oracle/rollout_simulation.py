"""Simulated roll-outs whose effect is known: how often does the interval hold it? Started by test/oracle/rollout_simulation.

A data set is some teams over 24 months. A team has 10 to 60 deals a month at first, grows or shrinks by up to 60 % a year, and
wins 15 to 25 % of its deals; the market adds 0.4 points a month for everybody. Each team drifts by itself, by so many points a
year (normal, with the standard deviation of the row). Half of the teams adopt, in month 13, or staggered over months 7, 13
and 19; from then on they win 4 points more, or TRUTH. A month's wins are drawn from the binomial distribution.

The difference of differences pools deals: before and after adoption (of the others: month 13), adopters and others.
"""
import os
import subprocess
import sys
import tempfile
from math import sqrt

import numpy as np

CASES = int(os.environ.get('CASES', 200))
SEED = int(os.environ.get('SEED', 1))
MONTHS = 24
TRUTH = float(os.environ.get('TRUTH', 4))
ROWS = [(teams, staggered, drift) for staggered in (False, True) for teams in (6, 8, 12, 40) for drift in (0, 1, 2, 3)]

QUERY = r"""
SET client_min_messages = warning;
CREATE TEMP TABLE cell (id int, unit text, adopted date, period date, total bigint, won bigint, treated boolean, after boolean);
\copy cell from 'cells'
ANALYZE cell;
CREATE TEMP TABLE data AS
SELECT id, rollout_agg(unit, adopted, period, rate_summary(won, total)) AS s,
       rollup(rate_summary(won, total)) FILTER (WHERE treated AND NOT after) AS treated_before,
       rollup(rate_summary(won, total)) FILTER (WHERE treated AND after) AS treated_after,
       rollup(rate_summary(won, total)) FILTER (WHERE NOT treated AND NOT after) AS others_before,
       rollup(rate_summary(won, total)) FILTER (WHERE NOT treated AND after) AS others_after
FROM cell GROUP BY id;
SELECT count(e.low), avg(e.effect), avg((TRUTH BETWEEN e.low AND e.high)::int), avg(e.high - e.low) / 2, avg((e.low > 0)::int),
       avg(d.difference_points), avg((TRUTH BETWEEN d.low AND d.high)::int)
FROM data, effect(s) e, difference_in_differences(treated_before, treated_after, others_before, others_after) d;
""".replace('TRUTH', str(TRUTH))


def month(i):
    return '%d-%02d-01' % (2024 + i // 12, i % 12 + 1)


def data_sets(rng, teams, staggered, drift):
    """Arrays (case, team, month) of totals and wins, and the month in which each team adopts (MONTHS: never)."""
    adopters = np.arange(teams) < teams // 2
    when = np.where(adopters, (6 + 6 * (np.arange(teams) % 3)) if staggered else 12, MONTHS)
    size = (CASES, teams, 1)
    t = np.arange(MONTHS)
    growth = rng.uniform(-0.6, 0.6, size)
    total = np.maximum(1, np.round(rng.uniform(10, 60, size) * (1 + growth * t / 12 / 2))).astype(int)
    points = rng.uniform(15, 25, size) + 0.4 * t + rng.normal(0, drift, size) * t / 12 + TRUTH * (t >= when[:, None])
    return total, rng.binomial(total, np.clip(points / 100, 0, 1)), when


def simulate(rng, teams, staggered, drift):
    total, won, when = data_sets(rng, teams, staggered, drift)
    with tempfile.TemporaryDirectory() as folder:
        with open(os.path.join(folder, 'cells'), 'w') as out:
            for case in range(CASES):
                for team in range(teams):
                    adopts = when[team] < MONTHS
                    adopted = month(when[team]) if adopts else '\\N'
                    out.write(''.join('%d\tteam %d\t%s\t%s\t%d\t%d\t%d\t%d\n' % (
                        case, team, adopted, month(i), total[case, team, i], won[case, team, i], adopts, i >= (when[team] if adopts else 12))
                        for i in range(MONTHS)))
        run = subprocess.run(['psql', '-X', '-q', '-A', '-t', '-F', ' ', '-v', 'ON_ERROR_STOP=1', '-f', '-'],
                             input=QUERY, cwd=folder, capture_output=True, text=True)
    if run.returncode:
        sys.exit(run.stderr.strip())
    return [float(x) for x in run.stdout.split()]


def main():
    passed = failed = 0
    least = 0.95 - 4 * sqrt(0.95 * 0.05 / CASES)
    print('# %d data sets a row, seed %d; truth %g points' % (CASES, SEED, TRUTH))
    print('| teams | dates | drift | effect: mean | holds the truth | half width | found | pooled: mean | holds the truth |')
    print('|---|---|---|---|---|---|---|---|---|')
    for number, (teams, staggered, drift) in enumerate(ROWS):
        rng = np.random.Generator(np.random.PCG64([SEED, number]))
        intervals, effect, holds, width, found, pooled, pooled_holds = simulate(rng, teams, staggered, drift)
        print('| %d | %s | %d | %.2f | %.1f%% | %.1f | %.0f%% | %.2f | %.1f%% |' % (
            teams, 'three' if staggered else 'one', drift, effect, 100 * holds, width, 100 * found, pooled, 100 * pooled_holds), flush=True)
        if holds >= least and intervals == CASES:
            passed += 1
        else:
            failed += 1
            print('not ok: %d intervals of %d, %.1f%% hold the truth, at least %.1f%% wanted' % (intervals, CASES, 100 * holds, 100 * least))
    print('%d passed, %d failed' % (passed, failed))
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
