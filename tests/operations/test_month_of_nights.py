"""Two months of nights by a fast clock, each through a change of the clock, against a table written down before."""

import gzip
import json
import re
import shutil
import subprocess
import sys
from collections import Counter
from datetime import date, datetime, timedelta

import pytest
from django.db import connection

from tests.conftest import PROJECT
from tests.patience import PATIENCE
from tests.schedulers.conftest import FAKETIME, need
from tests.test_heartbeat import Monitor, serving

DAYS = 31
# Each night expires the three codes of the day before. In night 5 the database breaks, in 10 and 11 the machine is
# off, in 15 the log cannot be written, in 25 the monitor is away; night 20 has the change of the clock.
FAILED, OFF, NO_LOG, NO_MONITOR, CHANGE = 5, (10, 11), 15, 25, 20
NIGHTS = [night for night in range(1, DAYS + 1) if night not in OFF]
EXPIRED = dict.fromkeys(NIGHTS, 3) | {FAILED: 0, FAILED + 1: 6, 12: 9}
RED = {
    FAILED: "The last run, 5, failed: the ledger says why.",
    11: "A code has been overdue for 45 hours: run `python manage.py expire_referral_codes`.",
}
# By the month: the hour in UTC of two o'clock before the change and after it. The night of the change has it at 01:00
# in spring, when three o'clock follows on 01:59, and at 00:00 in autumn, the first of two.
MONTHS = {"2026-03-10": ("01:00", "01:00", "00:00"), "2026-10-06": ("00:00", "00:00", "01:00")}


@pytest.fixture(params=MONTHS)
def month(request, migrated, tmp_path):
    if connection.vendor != "sqlite":
        pytest.skip("its process has an SQLite file of its own: run on SQLite")
    need(FAKETIME and shutil.which("logrotate", path="/usr/sbin"), "libfaketime and logrotate")
    with Monitor() as monitor, serving(monitor):
        lived = subprocess.run(
            [sys.executable, "-m", "tests.operations.month", request.param, str(tmp_path)],
            cwd=PROJECT, capture_output=True, text=True, check=False, timeout=4 * PATIENCE,
            env={
                "PATH": "/usr/sbin:/usr/bin:/bin", "DATABASE_URL": f"sqlite:///{tmp_path}/db.sqlite3",
                "LOG_DIR": str(tmp_path / "logs"), "TIME_ZONE": "Europe/Berlin", "HEARTBEAT_URL": monitor.url,
                "EMAIL_URL": f"filemail:///{tmp_path}/mails",
            },
        )  # fmt: skip
    assert lived.returncode == 0, lived.stderr
    return request.param, json.loads(lived.stdout), monitor.calls, tmp_path


def lines_of(log):
    """The lines of a log and of what was rotated away, the oldest first; and the names of the files."""
    files = sorted(log.parent.glob(f"{log.name}*"), key=_age)
    data = [gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes() for file in files]
    return b"".join(reversed(data)).decode().splitlines(), [file.name for file in files]


def _age(file):
    number = re.search(r"\.log\.(\d+)", file.name)
    return int(number[1]) if number else 0


def test_a_month_of_nights(month):
    first, seen, calls, folder = month
    before, change, after = MONTHS[first]
    day = date.fromisoformat(first)
    hours = {night: before if night < CHANGE else change if night == CHANGE else after for night in NIGHTS}

    assert seen["colours"] == {
        str(morning): [503, RED[morning]] if morning in RED else [200] for morning in range(1, DAYS + 1)
    }
    assert [row[:3] for row in seen["ledger"]] == [
        [
            f"{day + timedelta(days=night - 1):%m-%d} {hours[night]}",
            "failed" if night == FAILED else "completed",
            EXPIRED[night],
        ]
        for night in NIGHTS
    ]
    warnings = [night for night, (*_, warning) in zip(NIGHTS, seen["ledger"], strict=True) if warning]
    assert warnings == [NO_LOG]

    ping = "/ping/a1"
    assert calls == [
        call
        for night in NIGHTS
        if night != NO_MONITOR
        for call in (f"{ping}/start", f"{ping}/fail" if night == FAILED else ping)
    ]

    names = ["scheduled_runs.log", *(f"scheduled_runs.log.{number}" for number in ("1", "2.gz", "3.gz", "4.gz"))]
    said, files = lines_of(folder / "logs" / "scheduled_runs.log")
    assert files == names  # Sundays
    times = [datetime.fromisoformat(line[:25]) for line in said]
    assert times == sorted(times)
    assert Counter(re.sub(r"\d+ referral", "N referral", line[26:80]) for line in said) == {
        "Successfully expired N referral code(s).": len(NIGHTS) - 1,
        "CommandError: Stopped early. 0 codes were already expired and stay expired. T"[:54]: 1,
        "Warning: The log could not be written: [Errno 21] Is a directory"[:54]: 1,
        "Warning: HEARTBEAT_URL was not reached: <urlopen error"[:54]: 2,
        "Notices are sent from now on. Codes that have ended un": 1,
        "Sent 1 notice(s).": len(NIGHTS) - 1,
    }
    assert "John" not in "".join(said)
    assert sum(len(line) for line in said) < 6000

    codes, files = lines_of(folder / "logs" / "referral_codes.log")
    assert files == [name.replace("scheduled_runs", "referral_codes") for name in names]
    expired = [line for line in codes if " INFO expired " in line]
    assert len(expired) == len(set(expired)) == sum(EXPIRED.values()) - EXPIRED[NO_LOG]
    assert len(codes) == len(expired) + 1  # the failed sweep
    assert "John" not in "".join(codes)

    assert len(list((folder / "mails").iterdir())) == len(NIGHTS) - 1
    assert max(seen["sessions"]) <= 21  # two weeks, and up to one more until Sunday
    # Thirty days of backups: the oldest of this month, and in spring, which lacks an hour, the one before it too.
    kept = [f"{day + timedelta(days=number)}.backup" for number in range(DAYS) if number + 1 not in OFF]
    assert seen["backups"] == ([f"{day - timedelta(days=1)}.backup"] if "03" in first else []) + kept
