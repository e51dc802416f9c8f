"""What the oracles in Python need to ask the server: literals, COPY lines, and one call of psql.

Instants are integers, microseconds from 2000-01-01 UTC; None is SQL's NULL.
"""

import subprocess

DAY = 86400 * 1000000


def instant(us):
    """The instant as text that PostgreSQL reads."""
    days, us = divmod(us, DAY)
    days += 730425                              # from 0000-03-01 of the proleptic Gregorian calendar
    era, doe = divmod(days, 146097)
    yoe = (doe - doe // 1460 + doe // 36524 - doe // 146096) // 365
    doy = doe - (365 * yoe + yoe // 4 - yoe // 100)
    mp = (5 * doy + 2) // 153
    day, month = doy - (153 * mp + 2) // 5 + 1, mp + 3 if mp < 10 else mp - 9
    year = yoe + era * 400 + (month <= 2)
    seconds, us = divmod(us, 1000000)
    return '%04d-%02d-%02dT%02d:%02d:%02d.%06dZ%s' % (
        year if year > 0 else 1 - year, month, day,
        seconds // 3600, seconds // 60 % 60, seconds % 60, us, '' if year > 0 else ' BC')


def interval(us):
    return '%d days %d us' % divmod(us, DAY)


def array(items):
    return '{' + ','.join('NULL' if i is None else '"%s"' % i for i in items) + '}'


def literal(value):
    return 'NULL' if value is None else "'%s'" % value


def copy_line(*fields):
    return '\t'.join('\\N' if f is None else str(f) for f in fields) + '\n'


def psql(folder, script):
    """Rows of the script's output, and the error it stopped with, if any."""
    run = subprocess.run(['psql', '-X', '-q', '-A', '-t', '-F', '\t', '-v', 'ON_ERROR_STOP=1', '-f', '-'],
                         input=script, cwd=folder, capture_output=True, text=True)
    rows = [line.split('\t') for line in run.stdout.splitlines() if '\t' in line]
    return rows, (run.stderr.strip() or 'psql failed') if run.returncode else None
