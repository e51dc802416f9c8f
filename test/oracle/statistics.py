"""Compare differences of rates with statsmodels and with exact fractions. Started by test/oracle/statistics.

Newcombe's interval is that of statsmodels (confint_proportions_2indep, method newcomb). The common difference of
strata, its variance after Sato, Greenland and Robins 1989, the crude difference and the flag between the two are
computed in whole numbers, as the papers print them. Relative differences of 1e-9 are agreement; a number
near 0 that is what two larger ones leave agrees within 1e-12 of a point.
"""
import os
import random
import subprocess
import sys
import tempfile
import warnings
from fractions import Fraction
from math import isnan, nan, sqrt

import statsmodels
from scipy.stats import norm
from statsmodels.stats.proportion import confint_proportions_2indep

LIMIT = 1e-9
CASES = int(os.environ.get("CASES", "2000"))
draw = random.Random(int(os.environ.get("SEED", "1")))
worst = {}
compared = wrong = 0
warnings.simplefilter("ignore")


def ask(query):
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as file:
        file.write("SET extra_float_digits = 1;\n" + query + ";\n")
        file.flush()
        out = subprocess.run(["psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-f", file.name],
                             check=True, capture_output=True, text=True).stdout
    return [[nan if cell == "" else float(cell) if cell not in "tf" else cell == "t" for cell in line.split("|")]
            for line in out.splitlines()]


def check(what, where, ours, theirs, floor=0.0):
    global compared, wrong
    compared += 1
    if isinstance(theirs, bool) or isinstance(ours, bool):
        good, difference = ours is theirs, 0.0
    elif isnan(theirs) or isnan(ours):
        good, difference = isnan(theirs) and isnan(ours), 0.0
    else:
        difference = abs(ours - theirs) / max(abs(theirs), floor, 1e-300)
        good = difference <= LIMIT
    worst[what] = max(worst.get(what, 0.0), difference)
    if not good:
        wrong += 1
        print(f"not ok: {where}, {what}: {ours!r} against {theirs!r}")


def some_count(digits):
    return int(10 ** (digits * draw.random()))


def some_part(n):
    kind = draw.randrange(6)
    return 0 if kind == 0 else n if kind == 1 else min(n, draw.randrange(5)) if kind == 2 else draw.randint(0, n)


# ---- two rates

contrasts = [(48, 80, 56, 70), (3, 10, 9, 10), (2, 7, 6, 7), (0, 29, 5, 56), (0, 20, 0, 10), (0, 10, 0, 10),
             (0, 20, 10, 10), (0, 10, 10, 10), (5000000, 10**7, 5004000, 10**7), (100, 10**7, 170, 10**7)]
for case in range(CASES):
    digits = draw.choice((1, 2, 4, 7, 9))
    n1, n2 = some_count(digits), some_count(digits)
    contrasts.append((some_part(n1), n1, some_part(n2), n2))
levels = [0.95 if i < 10 or draw.random() < 0.7 else draw.choice((0.5, 0.8, 0.9, 0.99, 0.999)) for i in range(len(contrasts))]
rows = ",".join(f"({i},{k1},{n1},{k2},{n2},{level})" for i, ((k1, n1, k2, n2), level) in enumerate(zip(contrasts, levels)))
answers = ask("SELECT before_percent, after_percent, difference_points, low, high, relative_lift"
              f" FROM (VALUES {rows}) t (i, k1, n1, k2, n2, level), compare(rate_summary(k1, n1), rate_summary(k2, n2), level) ORDER BY i")
assert len(answers) == len(contrasts)
for (k1, n1, k2, n2), level, ours in zip(contrasts, levels, answers):
    where = f"{k1}/{n1} to {k2}/{n2} at {level}"
    low, high = confint_proportions_2indep(k2, n2, k1, n1, method="newcomb", compare="diff", alpha=1 - level)
    check("before", where, ours[0], 100 * k1 / n1)
    check("after", where, ours[1], 100 * k2 / n2)
    check("difference", where, ours[2], float(100 * (Fraction(k2, n2) - Fraction(k1, n1))))
    check("Newcombe, low", where, ours[3], 100 * low, 1e-3)
    check("Newcombe, high", where, ours[4], 100 * high, 1e-3)
    check("lift", where, ours[5], float(Fraction(k2 * n1, n2 * k1) - 1) if k1 else nan)

# ---- strata

berkeley = [(89, 108, 512, 825), (17, 25, 353, 560), (202, 593, 120, 325), (131, 375, 138, 417), (94, 393, 53, 191), (24, 341, 22, 373)]
families = [berkeley]
for case in range(CASES):
    digits = draw.choice((0.8, 1, 2, 4, 6))
    strata = []
    for stratum in range(draw.choice((1, 2, 3, 5, 20))):
        n1, n2 = (0 if draw.random() < 0.05 else some_count(digits) for side in range(2))
        strata.append((some_part(n1), n1, some_part(n2), n2))
    if draw.random() < 0.3:             # mix shift: most successes where most are
        p = [draw.random() for stratum in strata]
        strata = [(int(n1 * q), n1, int(n2 * q), n2) for (_, n1, _, n2), q in zip(strata, p)]
    families.append(strata)
levels = [0.95 if i == 0 or draw.random() < 0.7 else draw.choice((0.5, 0.8, 0.99)) for i in range(len(families))]
rows = ",".join(f"({i},{k1},{n1},{k2},{n2})" for i, strata in enumerate(families) for k1, n1, k2, n2 in strata)
levels_of = ",".join(f"({i},{level})" for i, level in enumerate(levels))
answers = ask("SELECT c.strata, skipped, crude_difference_points, common_difference_points, low, high, mix_shift"
              " FROM (SELECT i, mantel_haenszel_agg(rate_summary(k1, n1), rate_summary(k2, n2)) AS m"
              f" FROM (VALUES {rows}) t (i, k1, n1, k2, n2) GROUP BY i) x JOIN (VALUES {levels_of}) l (i, level) USING (i), compare(m, level) c ORDER BY i")
assert len(answers) == len(families)
for i, (strata, level, ours) in enumerate(zip(families, levels, answers)):
    where = f"family {i}: {strata[:6]}"
    told = [s for s in strata if s[1] > 0 and s[3] > 0]
    check("strata", where, ours[0], float(len(told)))
    check("skipped", where, ours[1], float(len(strata) - len(told)))
    k1, n1, k2, n2 = (sum(s[j] for s in strata) for j in range(4))
    crude = Fraction(k2, n2) - Fraction(k1, n1) if n1 and n2 else None
    check("crude difference", where, ours[2], nan if crude is None else float(100 * crude))
    if not told:
        for j, what in ((3, "common difference"), (4, "Sato, low"), (5, "Sato, high"), (6, "mix shift")):
            check(what, where, ours[j], nan)
        continue
    weight = sum(Fraction(n1 * n2, n1 + n2) for _, n1, _, n2 in told)
    common = sum(Fraction(k2 * n1 - k1 * n2, n1 + n2) for k1, n1, k2, n2 in told) / weight
    p = sum((Fraction(n2**2 * k1 - n1**2 * k2) + Fraction(n1 * n2 * (n1 - n2), 2)) / (n1 + n2)**2 for k1, n1, k2, n2 in told)
    q = sum(Fraction(k2 * (n1 - k1) + k1 * (n2 - k2), n1 + n2) / 2 for k1, n1, k2, n2 in told)
    variance = (common * p + q) / weight**2
    half = norm.ppf((1 + level) / 2) * sqrt(variance) if variance > 0 else nan
    check("common difference", where, ours[3], float(100 * common), 1e-3)
    check("Sato, low", where, ours[4], 100 * (float(common) - half), 1e-3)
    check("Sato, high", where, ours[5], 100 * (float(common) + half), 1e-3)
    check("mix shift", where, ours[6], crude * common < 0)

for what, difference in worst.items():
    print(f"# {what:24} worst relative difference {difference:.1e}")
print(f"statistics: statsmodels {statsmodels.__version__} and fractions: {compared} numbers of {len(contrasts)} contrasts and"
      f" {len(families)} families of strata, {wrong} disagreements, worst relative difference {max(worst.values()):.1e}")
sys.exit(wrong > 0)
