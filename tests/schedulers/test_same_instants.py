"""Celery and systemd start the sweep at the same instants as cron, but for the two nights of the clock change."""

import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from knossos.celery import celery_schedule
from main.scheduling.schedule import CannotExpress, parse_schedule
from main.scheduling.systemd import calendar
from tests.schedulers.conftest import need

START = datetime(2026, 2, 26, 12, 0, tzinfo=UTC)
SAMPLES = [
    "0 2 * * *",
    "*/25 8-17/4 * * *",
    "30 4 * * mon-fri",
    "0 2 * * 7",
    "0 2 29 2 *",
    "15 3 31 * *",
    "0 2 1,15 jan,jul *",
    "0 2 */10 * sat",
]


def plainly_next(schedule, after):
    """Minute by minute, so that nothing can be cleverly wrong; whole days are skipped."""
    instant = after.replace(second=0) + timedelta(minutes=1)
    while True:
        if (
            instant.month not in schedule.months
            or instant.day not in schedule.days
            or instant.isoweekday() % 7 not in schedule.weekdays
        ):
            instant = instant.replace(hour=0, minute=0) + timedelta(days=1)
        elif instant.hour in schedule.hours and instant.minute in schedule.minutes:
            return instant
        else:
            instant += timedelta(minutes=1)


def first_four(schedule):
    instants = [START]
    while len(instants) < 5:
        instants.append(plainly_next(schedule, instants[-1]))
    return instants[1:]


@pytest.mark.parametrize("text", SAMPLES)
def test_celery_runs_at_the_same_instants(text, clock):
    schedule = parse_schedule(text)
    entry = celery_schedule(schedule)
    for last, following in zip([START, *first_four(schedule)], first_four(schedule), strict=False):
        clock.move_to(last)
        assert last + entry.remaining_estimate(last) == following


@pytest.mark.parametrize("text", SAMPLES)
def test_systemd_runs_at_the_same_instants(text):
    schedule = parse_schedule(text)
    instants = [f"{instant:%a %F %T} UTC" for instant in first_four(schedule)]
    assert elapses(schedule, START, zone="UTC", iterations=4) == instants


def elapses(schedule, start, *, zone, iterations):
    """When systemd would start the service."""
    need(shutil.which("systemd-analyze"), "systemd-analyze")
    read = subprocess.run(
        ["systemd-analyze", "calendar", f"--iterations={iterations}", f"--base-time={start:%F %T}",
         calendar(schedule)],
        env={"PATH": "/usr/bin:/bin", "TZ": zone, "LC_ALL": "C"}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (read.returncode, read.stderr) == (0, "")
    return [line.split(": ")[1] for line in read.stdout.splitlines() if "elapse:" in line or "Iter." in line]


BERLIN = ZoneInfo("Europe/Berlin")
NIGHTS = {
    "without two o'clock": (datetime(2026, 3, 28, 2, 0, tzinfo=BERLIN), datetime(2026, 3, 29, 3, 0, tzinfo=BERLIN)),
    "with it twice": (datetime(2026, 10, 24, 2, 0, tzinfo=BERLIN), datetime(2026, 10, 25, 2, 0, tzinfo=BERLIN)),
}


@pytest.mark.parametrize("night", NIGHTS)
def test_celery_sweeps_once_in_the_night(night, clock):
    last, following = NIGHTS[night]
    entry = celery_schedule(parse_schedule("0 2 * * *"))
    entry.tz = BERLIN  # as TIME_ZONE would have it
    clock.move_to(following.astimezone(UTC) - timedelta(seconds=1))
    assert not entry.is_due(last).is_due
    clock.move_to(following)
    assert entry.is_due(last).is_due
    clock.move_to(following.astimezone(UTC) + timedelta(hours=20))
    assert not entry.is_due(following).is_due


@pytest.mark.parametrize(
    ("day", "nights"),
    [
        ("2026-03-27", ["Sat 2026-03-28 02:00:00 CET", "Mon 2026-03-30 02:00:00 CEST"]),
        ("2026-10-24", ["Sun 2026-10-25 02:00:00 CEST", "Mon 2026-10-26 02:00:00 CET"]),
    ],
)
def test_systemd_leaves_out_the_night_without_two_o_clock(day, nights):
    noon = datetime.fromisoformat(day).replace(hour=12)
    assert elapses(parse_schedule("0 2 * * *"), noon, zone="Europe/Berlin", iterations=2) == nights


def test_celery_refuses_what_only_cron_can_run():
    with pytest.raises(CannotExpress, match="Celery cannot run a schedule that sets both the day of the month"):
        celery_schedule(parse_schedule("0 2 1 * mon"))
