#!/usr/bin/python3
"""The definition of deal_progress and of funnel_summary, by brute force.

Nothing here is clever. All assignments of events to stages are tried, those that break a rule are
thrown away, and the winner is the smallest of the rest by the documented order. The C code is compared
with this file by test/oracle/progress; run by itself it checks itself.

Instants and windows are integers (microseconds); None is SQL's NULL. Integers here have no bounds, so
a deadline beyond the end of time is simply a large number.
"""

import itertools
import random
import sys
from collections import Counter, namedtuple

from server import DAY

MODES = ('ordered', 'adjacent', 'increasing', 'any_order')
SKIPPED = ('passed', 'stop', 'excluded')
ENTRIES = ('best', 'first', 'latest')

# what is asked of a history; `step_within` has one element fewer than `stages`
Definition = namedtuple(
    'Definition', 'stages within step_within mode skipped optional exits entry',
    defaults=(None, None, 'ordered', 'passed', (), ('lost', 'no_decision'), 'best'))

# what is answered; `ended_at` is the instant up to which an unfinished attempt was watched
Progress = namedtuple('Progress', 'depth stage_times status entered_at ended_at')


# --- the rules of a chain --------------------------------------------------------------------------
#
# A chain is a tuple with one element per stage: the instant of the event matched to it, or None.


def depth_of(chain):
    """The last matched stage, counted from 1; 0 when nothing is matched."""
    return max((i + 1 for i, at in enumerate(chain) if at is not None), default=0)


def matched_of(chain):
    return [at for at in chain if at is not None]


def required(d, i):
    """May stage i (from 0) never be missing? The first always is required, optional ones never are."""
    return i == 0 or d.stages[i] not in d.optional


def has_first_stage(d, chain):
    return chain[0] is not None


def has_no_gap(d, chain):
    """Every required stage up to the depth is matched."""
    return all(chain[i] is not None for i in range(depth_of(chain)) if required(d, i))


def keeps_stage_order(chain):
    times = matched_of(chain)
    return all(a <= b for a, b in zip(times, times[1:]))


def grows_strictly(chain):
    times = matched_of(chain)
    return all(a < b for a, b in zip(times, times[1:]))


def fits_window(d, chain):
    times = matched_of(chain)
    return d.within is None or max(times) - min(times) <= d.within


def fits_steps(d, chain):
    """Where two neighbouring stages are both matched, their distance is within the step's bound."""
    if d.step_within is None:
        return True
    for i, bound in enumerate(d.step_within):
        if bound is None or chain[i] is None or chain[i + 1] is None:
            continue
        if chain[i + 1] - chain[i] > bound:
            return False
    return True


def is_adjacent(d, chain, events):
    """No event of a stage or exit strictly between two consecutive matched instants."""
    times = matched_of(chain)
    relevant = [at for kind, at in events if kind in d.stages or kind in d.exits]
    return not any(a < at < b for a, b in zip(times, times[1:]) for at in relevant)


def starts_at_entry(d, chain, events):
    entries = [at for kind, at in events if kind == d.stages[0]]
    if d.entry == 'first':
        return chain[0] == min(entries)
    if d.entry == 'latest':
        return chain[0] == max(entries)
    return True


def is_allowed(d, chain, events):
    if not has_first_stage(d, chain):
        return False
    if not fits_window(d, chain):
        return False
    if d.mode == 'any_order':               # `skipped` and `entry` do not apply
        return has_no_gap(d, chain)
    if not keeps_stage_order(chain):
        return False
    if not fits_steps(d, chain):
        return False
    if not starts_at_entry(d, chain, events):
        return False
    if d.skipped == 'stop' and not has_no_gap(d, chain):
        return False
    if d.mode == 'increasing' and not grows_strictly(chain):
        return False
    if d.mode == 'adjacent' and not is_adjacent(d, chain, events):
        return False
    return True


def rank(chain):
    """Smallest wins: deepest; most matched; stage by stage matched before skipped, earlier before later."""
    return (-depth_of(chain), -len(matched_of(chain)),
            tuple((0, at) if at is not None else (1, 0) for at in chain))


# --- the reading -----------------------------------------------------------------------------------


def all_chains(d, events):
    choices = [[None] + [at for kind, at in events if kind == stage] for stage in d.stages]
    return itertools.product(*choices)


def deadline_of(d, chain):
    """The last instant at which the unfinished chain may still go on; None when there is no such end."""
    depth = depth_of(chain)
    entered, last = min(matched_of(chain)), max(matched_of(chain))
    deadlines = []
    if d.within is not None:
        deadlines.append(entered + d.within)
    if d.mode != 'any_order' and d.step_within is not None:
        bound = d.step_within[depth - 1]                # from stage `depth` to the one after it
        is_last = depth + 1 == len(d.stages)
        if bound is not None and (is_last or (d.skipped == 'stop' and required(d, depth))):
            deadlines.append(last + bound)
    return min(deadlines, default=None)


def deal_progress(events, d, as_of):
    """events: (kind, at) in any order."""
    events = [(kind, at) for kind, at in events if at <= as_of]
    chain = min((c for c in all_chains(d, events) if is_allowed(d, c, events)), key=rank, default=None)

    if chain is None:
        return Progress(0, (None,) * len(d.stages), 'not_entered', None, None)

    depth = depth_of(chain)
    entered, last = min(matched_of(chain)), max(matched_of(chain))
    if depth == len(d.stages):
        return Progress(depth, chain, 'converted', entered, last)

    deadline = deadline_of(d, chain)
    last_stage = max(at for kind, at in events if kind in d.stages)     # in the chain or not: it undoes exits before it
    exits = [at for kind, at in events
             if kind in d.exits and at >= last_stage and (deadline is None or at <= deadline)]
    if exits:
        status, ended = 'exited', min(exits)
    elif deadline is not None and as_of > deadline:
        status, ended = 'expired', deadline
    else:
        status, ended = 'open', as_of
    return Progress(depth, chain, status, entered, ended)


# --- the summary -----------------------------------------------------------------------------------
#
# All of these take a list of Progress made with one definition. Stages are counted from 1.


def reached(d, p, stage):
    """Is the deal counted at this stage?"""
    if d.skipped == 'excluded' and d.mode != 'any_order':
        return p.stage_times[stage - 1] is not None
    return p.depth >= stage


def conversion(d, progresses, from_stage, to_stage):
    """(successes, total)"""
    total = [p for p in progresses if reached(d, p, from_stage)]
    return sum(reached(d, p, to_stage) for p in total), len(total)


def settled_conversion(d, progresses, from_stage, to_stage):
    settled = [p for p in progresses
               if not (p.status == 'open' and from_stage <= p.depth < to_stage)]
    return conversion(d, settled, from_stage, to_stage)


def step(d, progresses, stage):
    """(reached, converted, open, exited, expired)"""
    here = [p for p in progresses if reached(d, p, stage)]
    ended = Counter(p.status for p in here if p.depth == stage)
    converted = sum(p.depth > stage or p.status == 'converted' for p in here)
    return len(here), converted, ended['open'], ended['exited'], ended['expired']


def stage_stay(d, p, stage):
    """(how it ended, microseconds in the stage), or None when the deal says nothing about it."""
    at = p.stage_times[stage - 1]
    if at is None:
        return None
    if d.mode == 'any_order':               # next in time; stage order decides between equal instants
        order = sorted((t, i) for i, t in enumerate(p.stage_times) if t is not None)
        later = [t for t, i in order if (t, i) > (at, stage - 1)]
    else:
        later = [t for t in p.stage_times[stage:] if t is not None]
    if later:
        return 'event', later[0] - at
    if p.status == 'converted':
        return None
    return ('competing' if p.status == 'exited' else 'censored'), p.ended_at - at


def stage_duration(d, progresses, stage):
    """Counter of (whole days, 'event' | 'competing' | 'censored')"""
    stays = (stage_stay(d, p, stage) for p in progresses)
    return Counter((stay[1] // DAY, stay[0]) for stay in stays if stay is not None)


# --- checks of this file ---------------------------------------------------------------------------


def history(text):
    """'A0 C1 B2' -> [('A', 0), ...]"""
    return [(word[0], int(word[1:])) for word in text.split()]


def check_examples():
    def run(text, stages, as_of=100, **options):
        return deal_progress(history(text), Definition(tuple(stages), **options), as_of)

    # the contract's own lines
    p = run('A0 C1 B2 C3', 'ABC')
    assert p.stage_times == (0, 2, 3) and p.status == 'converted'
    p = run('a0 b1 c2 a3 b4 d5', 'abcd')
    assert p.depth == 4 and p.stage_times == (0, 1, 2, 5)
    assert run('A1 A2 B2', 'AB', mode='increasing').stage_times == (1, 2)
    # the later start is the one whose window holds
    assert run('A0 A5 B8', 'AB', within=3).stage_times == (5, 8)
    assert run('A0 A5 B8', 'AB', within=8).stage_times == (0, 8)
    assert run('A0 A5 B8', 'AB', within=2) == Progress(1, (0, None), 'expired', 0, 2)

    # missing stages
    assert run('A0 C2', 'ABC').depth == 3
    assert run('A0 C2', 'ABC', skipped='excluded').stage_times == (0, None, 2)
    assert run('A0 C2', 'ABC', skipped='stop').depth == 1
    assert run('A0 C2', 'ABC', skipped='stop', optional=('B',)).depth == 3
    assert run('B0 C2', 'ABC', optional=('B',)) == Progress(0, (None,) * 3, 'not_entered', None, None)

    # windows are inclusive; of zero; of one microsecond
    assert run('A0 B3', 'AB', within=3).status == 'converted'
    assert run('A0 B3', 'AB', within=2, as_of=3) == Progress(1, (0, None), 'expired', 0, 2)
    assert run('A0', 'AB', within=2, as_of=2).status == 'open'
    assert run('A0 B0', 'AB', within=0).depth == 2
    assert run('A0 B1', 'AB', within=0).depth == 1
    assert run('A0 B1', 'AB', within=1).depth == 2

    # bounds of a step, and when they set a deadline
    assert run('A0 B1 C9', 'ABC', step_within=(5, 5)).stage_times == (0, None, 9)   # no step to a stage skipped
    assert run('A0 B1 C9', 'ABC', step_within=(5, 5), skipped='stop') == \
        Progress(2, (0, 1, None), 'expired', 0, 6)
    assert run('A0', 'ABC', step_within=(5, 5)).status == 'open'
    assert run('A0', 'ABC', step_within=(5, 5), skipped='stop').ended_at == 5
    assert run('A0', 'ABC', step_within=(5, 5), skipped='stop', optional=('B',)).status == 'open'
    assert run('A0', 'AB', step_within=(5,), optional=('B',)).ended_at == 5
    assert run('A0', 'AB', step_within=(5,), within=3).ended_at == 3

    # exits
    assert run('A0 x4 ', 'AB', exits=('x',)) == Progress(1, (0, None), 'exited', 0, 4)
    assert run('x4 A4', 'AB', exits=('x',)).status == 'exited'
    assert run('x3 A4', 'AB', exits=('x',)).status == 'open'
    assert run('A0 x1 B2', 'AB', exits=('x',)).status == 'converted'
    assert run('A0 x1 B2', 'AB', exits=('x',), mode='adjacent').status == 'open'         # B undid it
    assert run('A0 B1 x2 A3', 'ABC', exits=('x',)).status == 'open'
    assert run('A0 B1 x2 A3 x4 x5', 'ABC', exits=('x',)).ended_at == 4
    assert run('A0 x1 B1', 'AB', exits=('x',), mode='adjacent').status == 'converted'
    assert run('A0 x9', 'AB', exits=('x',), within=9).status == 'exited'
    assert run('A0 x9', 'AB', exits=('x',), within=8) == Progress(1, (0, None), 'expired', 0, 8)
    assert run('A0 x9', 'AB', exits=('x',), as_of=8) == Progress(1, (0, None), 'open', 0, 8)
    # undone by a later event of any stage, matched or not
    assert run('A0 x1 A2', 'AB', exits=('x',)) == Progress(1, (0, None), 'open', 0, 100)
    assert run('A0 x1 A2', 'AB', exits=('x',), as_of=1).ended_at == 1
    assert run('A0 x1 A2 x2 x3', 'AB', exits=('x',)).ended_at == 2
    assert run('A0 x1 B9', 'AB', exits=('x',), within=3) == Progress(1, (0, None), 'expired', 0, 3)

    # entries
    assert run('A0 A5 B8', 'AB', entry='latest').stage_times == (5, 8)
    assert run('A0 B3 A5', 'AB', entry='latest') == Progress(1, (5, None), 'open', 5, 100)
    assert run('A0 A5 B8', 'AB', entry='first', within=3).status == 'expired'

    # any order
    assert run('C0 B1 A2', 'ABC', mode='any_order') == Progress(3, (2, 1, 0), 'converted', 0, 2)
    assert run('C0 A2', 'ABC', mode='any_order') == Progress(1, (2, None, None), 'open', 2, 100)
    assert run('C0 A2', 'ABC', mode='any_order', optional=('B',)).depth == 3
    assert run('C0 A2', 'ABC', mode='any_order', optional=('B',), within=1).depth == 1
    assert run('B0 A2', 'ABC', mode='any_order', within=9) == Progress(2, (2, 0, None), 'expired', 0, 9)

    # a summary
    d = Definition(('A', 'B', 'C'), exits=('x',), skipped='excluded')
    ps = [deal_progress(history(t), d, 10 * DAY) for t in ('A0 C1', 'A0 B1', 'A0 B1 x2', 'A0 B0 C0', 'A0', 'z0')]
    assert conversion(d, ps, 1, 2) == (3, 5) and conversion(d, ps, 2, 3) == (1, 3)
    assert conversion(d, ps, 1, 3) == (2, 5) and settled_conversion(d, ps, 1, 3) == (2, 3)
    assert settled_conversion(d, ps, 2, 3) == (1, 2) and settled_conversion(d, ps, 1, 2) == (3, 4)
    assert step(d, ps, 1) == (5, 4, 1, 0, 0) and step(d, ps, 2) == (3, 1, 1, 1, 0) and step(d, ps, 3) == (2, 2, 0, 0, 0)
    d = d._replace(skipped='passed')
    assert conversion(d, ps, 1, 2) == (4, 5) and conversion(d, ps, 2, 3) == (2, 4)
    assert stage_duration(d, ps, 1) == {(0, 'event'): 4, (10, 'censored'): 1}
    assert stage_duration(d, ps, 2) == {(0, 'event'): 1, (9, 'censored'): 1, (0, 'competing'): 1}


def check_properties(cases, seed):
    """Laws that any right answer obeys, on random cases."""
    rng = random.Random(seed)

    def depth(events, d, as_of, **change):
        return deal_progress(events, d._replace(**change), as_of).depth

    for _ in range(cases):
        n = rng.randint(2, 4)
        d = Definition(
            tuple('abcd'[:n]), rng.choice((None, 0, 1, 2, 4)),
            rng.choice((None, tuple(rng.choice((None, 0, 1, 3)) for _ in range(n - 1)))),
            rng.choice(MODES), rng.choice(SKIPPED), tuple(s for s in 'bcd'[:n - 1] if rng.random() < 0.2),
            ('x',), rng.choice(ENTRIES))
        if d.mode == 'any_order':
            d = d._replace(step_within=None)
        events = [(rng.choice('abcd'[:n] + 'xz'), rng.randint(0, 4)) for _ in range(rng.randint(0, 7))]
        as_of = rng.randint(0, 8)
        p = deal_progress(events, d, as_of)

        # neither the order of the rows nor kinds that are no stages change anything
        shuffled = rng.sample(events, len(events)) + [('q', rng.randint(0, 4))]
        assert deal_progress(shuffled, d, as_of) == p
        # nor does delivering one event twice
        assert deal_progress(events + events[:1], d, as_of) == p
        # nor does shifting time
        moved = deal_progress([(k, at + 10) for k, at in events], d, as_of + 10)
        assert moved.stage_times == tuple(None if t is None else t + 10 for t in p.stage_times)
        assert (moved.depth, moved.status) == (p.depth, p.status)
        # less strict never is less deep
        assert depth(events, d, as_of, within=None) >= p.depth
        if d.within is not None:
            assert depth(events, d, as_of, within=d.within + 1) >= p.depth
        assert depth(events, d, as_of, step_within=None) >= p.depth
        assert depth(events, d, as_of, optional=d.stages[1:]) >= p.depth
        assert depth(events, d, as_of, entry='best') >= p.depth
        if d.mode != 'any_order':
            assert depth(events, d, as_of, skipped='passed') >= p.depth
            assert depth(events, d, as_of, mode='ordered') >= p.depth
            assert deal_progress(events, d._replace(skipped='excluded'), as_of).stage_times == \
                deal_progress(events, d._replace(skipped='passed'), as_of).stage_times
            if d.skipped == 'stop' and d.mode == 'ordered' and d.step_within is None:
                assert depth(events, d, as_of, mode='any_order') >= p.depth
        else:
            for skipped, entry in itertools.product(SKIPPED, ENTRIES):
                assert deal_progress(events, d._replace(skipped=skipped, entry=entry), as_of) == p
        # time only takes a deal further, unless the latest entry is asked for
        if d.entry != 'latest' or d.mode == 'any_order':
            assert deal_progress(events, d, as_of + 1).depth >= p.depth
        # exits decide about unfinished attempts only (adjacent ones apart)
        if d.mode != 'adjacent':
            q = deal_progress(events, d._replace(exits=()), as_of)
            assert (q.depth, q.stage_times) == (p.depth, p.stage_times) and q.status != 'exited'
        # the answer hangs together
        assert (p.depth == 0) == (p.status == 'not_entered') == (p.entered_at is None)
        assert (p.depth == n) == (p.status == 'converted')
        assert all(t is None for t in p.stage_times[p.depth:])
        assert p.depth == 0 or max(matched_of(p.stage_times)) <= p.ended_at <= as_of
        # every row of steps() adds up
        for i in range(1, n + 1):
            row = step(d, [p], i)
            assert row[0] == sum(row[1:]), (d, events, p, i, row)
            stay = stage_stay(d, p, i) if i < n else None
            assert stay is None or stay[1] >= 0


if __name__ == '__main__':
    check_examples()
    check_properties(int(sys.argv[1]) if len(sys.argv) > 1 else 20000, 1)
    print('progress_reference: its own checks hold')
