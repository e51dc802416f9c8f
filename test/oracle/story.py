#!/usr/bin/python3
"""Compare the readings of one deal and one rep with their definitions (story_reference.py, quota_reference.py).

A reading may have an open question, on which the code and the definition differ: what differs there is counted and
shown, and does not fail.

Started by test/oracle/story. Connects by the PG* variables and works in temporary objects only. All cases of a
reading go to the server in one call of psql, with what they have to answer.
"""

import os
import random
import sys
import tempfile
from multiprocessing import Pool

import progress_reference
import quota_cases
import story_cases
from server import copy_line, instant, psql
from story_cases import text
from story_reference import Event, Refused

CASES = int(os.environ.get('CASES', 20000))
SEED = int(os.environ.get('SEED', 1))
SHOWN = int(os.environ.get("SHOWN", 5))                                       # disagreements printed of each reading

READINGS = (story_cases.Outcome, story_cases.Progress, story_cases.Cycle, story_cases.Exposure, story_cases.TimeIn, story_cases.StateChanges,
            story_cases.ByDay, story_cases.Problems, quota_cases.QuotaAttainment, quota_cases.Tenure, quota_cases.BusinessDays,
            story_cases.Agreement)

SETUP = """
SET client_min_messages = warning;
SET timezone = 'UTC';
CREATE EXTENSION IF NOT EXISTS enablement_metrics;
CREATE FUNCTION pg_temp.us(t timestamptz) RETURNS bigint IMMUTABLE LANGUAGE sql RETURN ((extract(epoch FROM t) - 946684800) * 1000000)::bigint;
CREATE FUNCTION pg_temp.units(amount numeric) RETURNS bigint IMMUTABLE LANGUAGE sql RETURN (amount * 10000)::bigint;
"""

ASK = """
CREATE TEMP TABLE asked (id int, %(columns)s, expected text);
\\copy asked from '%(name)s'
CREATE FUNCTION pg_temp.answer(a asked, OUT answer text) LANGUAGE plpgsql AS $f$
BEGIN
  answer := (%(call)s);
EXCEPTION WHEN OTHERS THEN
  answer := 'error ' || sqlstate;
END $f$;
SELECT 'wrong', id, answer FROM (SELECT id, expected, pg_temp.answer(asked) FROM asked) x WHERE answer IS DISTINCT FROM expected ORDER BY id;
SELECT 'asked', count(*), '' FROM asked;
"""


def qualified(call):
    return call.replace(' us(', ' pg_temp.us(').replace(' units(', ' pg_temp.units(')


def sql_text(type, value):
    """An argument as COPY reads it."""
    return instant(value) if type == 'timestamptz' and value is not None else text(value)


def arguments(reading, case):
    values = reading.arguments(*case) if hasattr(reading, 'arguments') else case
    return [(name, type, sql_text(type, value)) for (name, type), value in zip(reading.columns, values)]


def statement(reading, case):
    """What a reader can paste into psql, with us() and units() of SETUP."""
    values = {name: 'NULL::' + type if value is None else "'%s'::%s" % (value, type) for name, type, value in arguments(reading, case)}
    return ' '.join(reading.call.format(**values).split())


def expected(reading, case):
    try:
        return reading.expected(*case)
    except Refused as refused:
        return 'error %s' % refused


def size(case):
    return len(repr(case))


def prepare(reading):
    """The cases of a reading: drawn, answered, and written in the way COPY reads them."""
    rng = random.Random('%s %d' % (reading.name, SEED))
    cases = [reading.case(rng) for _ in range(CASES)]
    answers = [expected(reading, case) for case in cases]
    lines = [copy_line(id, *(value for _, _, value in arguments(reading, case)), answers[id]) for id, case in enumerate(cases)]
    return cases, answers, ''.join(lines)


def compare(reading, cases, answers, folder):
    """How many disagree; the smallest are printed."""
    columns = ', '.join('%s %s' % column for column in reading.columns)
    call = qualified(reading.call.format(**{name: 'a.' + name for name, _ in reading.columns}))
    rows, error = psql(folder, SETUP + ASK % {'columns': columns, 'name': reading.name, 'call': call})
    if error or ['asked', str(CASES), ''] not in rows:
        print('# %s: %s' % (reading.name, error or 'not all was asked'))
        return CASES
    wrong = sorted(((int(id), got) for what, id, got in rows if what == 'wrong'), key=lambda row: size(cases[row[0]]))
    for id, got in wrong[:SHOWN]:
        print('# case %d: %s\n#   got      %s\n#   expected %s' % (id, statement(reading, cases[id]), got, answers[id]))
    return len(wrong)


def is_lacking(reading, folder):
    rows, error = psql(folder, SETUP + "SELECT 'lacks', (%s);" % reading.lacks)
    if error:
        sys.exit('story: %s' % error)
    return rows == [['lacks', 't']]


def main():
    progress_reference.check_examples()
    wanted = [reading for reading in READINGS if not sys.argv[1:] or reading.name in sys.argv[1:]]
    passed = failed = 0
    with tempfile.TemporaryDirectory() as folder, Pool(os.cpu_count()) as pool:
        there = [reading for reading in wanted if not is_lacking(reading, folder)]
        for reading in wanted:
            if reading not in there:
                print('story: %s skipped, the installed extension does not have it in this form' % reading.name)
        for reading, (cases, answers, lines) in zip(there, pool.imap(prepare, there)):
            with open(os.path.join(folder, reading.name), 'w') as out:
                out.write(lines)
            wrong = compare(reading, cases, answers, folder)
            print('story: %s, %d cases, %d disagreements' % (reading.name, len(cases), wrong), flush=True)
            passed, failed = passed + (wrong == 0), failed + (wrong > 0)
    print('%d passed, %d failed' % (passed, failed))
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
