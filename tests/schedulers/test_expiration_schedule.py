"""EXPIRATION_SCHEDULE: five fields of cron, and nothing else."""

import shutil
import subprocess

import pytest
from django.core.exceptions import ImproperlyConfigured
from hypothesis import given, settings
from hypothesis import strategies as st

from main.scheduling.schedule import parse_schedule
from tests.schedulers.conftest import need

EVERY = {"minutes": 60, "hours": 24, "days": 31, "months": 12, "weekdays": 7}
HELP = (
    " It takes five fields as cron does: minute 0-59, hour 0-23, day of the month 1-31, month 1-12 or jan-dec,"
    " day of the week 0-7 or sun-sat; 0 2 * * * is daily at 2:00."
)


def narrowed(schedule):
    """The fields that are not a plain star."""
    return {name: numbers for name, length in EVERY.items() if len(numbers := getattr(schedule, name)) < length}


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ("* * * * *", {}),
        ("0 2 * * *", {"minutes": [0], "hours": [2]}),
        (" 00\t02 * * * ", {"minutes": [0], "hours": [2]}),
        ("*/20 8-17/3 * * *", {"minutes": [0, 20, 40], "hours": [8, 11, 14, 17]}),
        ("59 23 31 12 *", {"minutes": [59], "hours": [23], "days": [31], "months": [12]}),
        ("0 2 * JAN,jul-Sep *", {"minutes": [0], "hours": [2], "months": [1, 7, 8, 9]}),
        ("0 2 * * 7", {"minutes": [0], "hours": [2], "weekdays": [0]}),
        ("0 2 * * 5-7", {"minutes": [0], "hours": [2], "weekdays": [0, 5, 6]}),
        ("0 2 * * sun,mon", {"minutes": [0], "hours": [2], "weekdays": [0, 1]}),
        ("0 2 29 2 *", {"minutes": [0], "hours": [2], "days": [29], "months": [2]}),
        ("*/90 2 * * *", {"minutes": [0], "hours": [2]}),
    ],
)
def test_fields(text, fields):
    schedule = parse_schedule(text)
    assert narrowed(schedule) == fields
    assert schedule.text == text.strip()


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "has 1 field(s)"),
        ("@daily", "has 1 field(s)"),
        ("0 2 * *", "has 4 field(s)"),
        ("0 0 2 * * *", "has 6 field(s)"),
        ("60 2 * * *", "has '60' as minute"),
        ("0 24 * * *", "has '24' as hour"),
        ("0 2 0 * *", "has '0' as day of the month"),
        ("0 2 * 13 *", "has '13' as month"),
        ("0 2 * * 8", "has '8' as day of the week"),
        ("0 2 * * monday", "has 'monday' as day of the week"),
        ("0 2 * mon *", "has 'mon' as month"),
        ("0 2 ? * *", "has '?' as day of the month"),
        ("-1 2 * * *", "has '-1' as minute"),
        ("5-2 2 * * *", "has '5-2' as minute"),
        ("0 2 * * fri-sun", "has 'fri-sun' as day of the week"),
        ("5/15 2 * * *", "has '5/15' as minute"),
        ("*/0 2 * * *", "has '*/0' as minute"),
        ("1, 2 * * *", "has '' as minute"),
        ("٢ 2 * * *", "has '٢' as minute"),
        ("0 2 * * *\n", r"has '*\n' as day of the week"),
        ("0 2 30 2 *", "names a day that never comes"),
        ("0 2 31 apr,jun *", "names a day that never comes"),
    ],
)
def test_what_is_refused(text, why):
    with pytest.raises(ImproperlyConfigured) as refused:
        parse_schedule(text)
    assert str(refused.value) == f"EXPIRATION_SCHEDULE is {text!r}, which {why}.{HELP}"


def test_a_wrong_schedule_stops_every_command_with_a_sentence(installed):
    installed.configure(EXPIRATION_SCHEDULE="0 25 * * *")
    done = installed.run("expire_referral_codes")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        f"The settings are wrong: EXPIRATION_SCHEDULE is '0 25 * * *', which has '25' as hour.{HELP}\n"
    )
    assert installed.ledger() == []


def fields_of(low, high, words=()):
    numbers = st.integers(low, high)
    ranges = st.tuples(numbers, numbers).map(sorted).map("{0[0]}-{0[1]}".format)
    steps = st.tuples(st.one_of(ranges, st.just("*")), st.integers(1, 99)).map("{0[0]}/{0[1]}".format)
    part = st.one_of(numbers.map(str), ranges, steps, *([st.sampled_from(words)] if words else []))
    return st.one_of(st.just("*"), st.lists(part, min_size=1, max_size=3).map(",".join))


TEXTS = st.tuples(
    fields_of(0, 59), fields_of(0, 23), fields_of(1, 31),
    fields_of(1, 12, ("jan", "Feb", "DEC")), fields_of(0, 7, ("sun", "Mon", "SAT")),
).map(" ".join)  # fmt: skip


def test_cron_takes_what_passes(tmp_path):
    """A wrong line would refuse the whole table; `crontab -n` only reads it."""
    need(shutil.which("crontab"), "Debian's cron")
    passed = set()

    @settings(max_examples=200, deadline=None, database=None)
    @given(TEXTS)
    def collect(text):
        try:
            passed.add(parse_schedule(text).text)
        except ImproperlyConfigured as error:
            assert "never comes" in str(error)  # noqa: PT017

    collect()
    table = tmp_path / "table"
    table.write_text("".join(f"{text} /bin/true\n" for text in passed))
    read = subprocess.run(["crontab", "-n", table], capture_output=True, text=True, check=False)
    assert (len(passed) > 50, read.returncode, read.stderr) == (True, 0, read.stderr)
