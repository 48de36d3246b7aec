"""A month of nights in one process: `python -m tests.operations.month FIRST-DAY FOLDER`, on an empty database.

Every job of docs/deploy.md runs at its time, by a clock that jumps from one job to the next. Prints what there is to
see, as one JSON object.
"""

import json
import os
import re
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout, suppress
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import django
import time_machine

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "knossos.settings")
django.setup()

from django.conf import settings  # noqa: E402 - all of these need the settings
from django.contrib.auth.models import User  # noqa: E402
from django.contrib.sessions.backends.db import SessionStore  # noqa: E402
from django.contrib.sessions.models import Session  # noqa: E402
from django.core.management import ManagementUtility, call_command  # noqa: E402
from django.db import connection  # noqa: E402
from django.test import Client  # noqa: E402

from main.models import ExpirationRun, ReferralCode, UserProfile  # noqa: E402
from main.scheduling.schedule import parse_schedule  # noqa: E402

ZONE = ZoneInfo(settings.TIME_ZONE)
DAYS, CODES = 31, 3  # codes that end at noon of each day
DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
PAGE = (Path(__file__).parents[2] / "docs" / "deploy.md").read_text()
# What goes wrong, by the number of the night.
BROKEN, OFF, NO_LOG, NO_MONITOR = 5, (10, 11), 15, 25
BREAK = "CREATE TRIGGER broken BEFORE UPDATE ON main_referralcode BEGIN SELECT RAISE(ABORT, 'disk on fire'); END"


class Month:
    def __init__(self, first, folder):
        self.first, self.folder = first, folder
        self.log = folder / "logs" / "scheduled_runs.log"
        self.backups = folder / "backups"
        self.seen = {"colours": {}, "sessions": []}

    def at(self, day, hour):
        """The instant of that hour in the zone; day 1 is the first."""
        return datetime.combine(self.first + (day - 1) * DAY, time(hour), ZONE).astimezone(UTC)

    def day(self, instant):
        return (instant.astimezone(ZONE).date() - self.first).days + 1

    def settle(self):
        """Codes that end on each day, from the day before the first night on, and backups of the days before."""
        self.log.parent.mkdir()
        self.backups.mkdir()
        with time_machine.travel(self.at(0, 9), tick=False):
            agent = UserProfile.objects.create(
                user=User.objects.create_user("john", "john@example.com"), name="John Smith", role="agent"
            )
            ReferralCode.objects.bulk_create(
                ReferralCode(code=f"D{day}-{number}", agent=agent, expires_at=self.at(day, 12))
                for day in range(DAYS + 30)
                for number in range(CODES)
            )
        for day in range(-9, 1):
            self._backup_file(datetime.combine(self.first + (day - 1) * DAY, time(1, 30), ZONE))

    def live(self):
        backup, clearing = re.findall(r"^([\d* ]+) knossos cd ", PAGE, re.MULTILINE)
        jobs = [
            ("0 0 * * *", self.rotate),
            (backup, self.back_up),
            (settings.EXPIRATION_SCHEDULE, self.sweep),
            (clearing, self.clear),
            (settings.NOTICE_SCHEDULE, self.send),
            ("0 9 * * *", self.look),
            ("0 10 * * *", self.sign_in),
        ]
        for instant, job in sorted(
            ((instant, job) for text, job in jobs for instant in self.due(text)), key=lambda pair: pair[0]
        ):
            self.now = instant
            if self.day(instant) in OFF and job != self.look:
                continue
            with time_machine.travel(instant, tick=False):
                job()

    def due(self, text):
        """When Debian's cron starts a job: what the spring night leaves out right after it, nothing twice in autumn.

        tests/schedulers/test_cron_daemon.py shows that of cron itself.
        """
        schedule = parse_schedule(text)
        instant, end = self.at(1, 0), self.at(DAYS + 1, 0)
        before = instant.astimezone(ZONE).replace(tzinfo=None) - MINUTE
        while instant < end:
            here = instant.astimezone(ZONE)
            shown = here.replace(tzinfo=None, fold=0)
            if not here.fold and any(self._matches(schedule, minute) for minute in _between(before, shown)):
                yield instant
            before = shown
            instant += MINUTE

    @staticmethod
    def _matches(schedule, minute):
        return (
            minute.minute in schedule.minutes
            and minute.hour in schedule.hours
            and minute.isoweekday() % 7 in schedule.weekdays
        )

    def sweep(self):
        night = self.day(self.now)
        if night == BROKEN:
            with connection.cursor() as cursor:
                cursor.execute(BREAK)
        codes, aside = self.log.with_name("referral_codes.log"), self.log.with_name("aside")
        if night == NO_LOG:
            codes.rename(aside)
            codes.mkdir()
        monitor = settings.HEARTBEAT_URL
        if night == NO_MONITOR:
            settings.HEARTBEAT_URL = "http://127.0.0.1:1"
        self._scheduled("expire_referral_codes")
        settings.HEARTBEAT_URL = monitor
        if night == BROKEN:
            with connection.cursor() as cursor:
                cursor.execute("DROP TRIGGER broken")
        if night == NO_LOG:
            codes.rmdir()
            aside.rename(codes)

    def send(self):
        self._scheduled("send_notices")

    def _scheduled(self, command):
        """As the printed line of cron does."""
        with self.log.open("a") as log, redirect_stdout(log), redirect_stderr(log), suppress(SystemExit):
            ManagementUtility().fetch_command(command).run_from_argv(["manage.py", command, "-v", "0", "--timestamps"])

    def back_up(self):
        file = self._backup_file(self.now.astimezone(ZONE), make=False)
        call_command("backup", str(file), stdout=(self.folder / "journal").open("a"))
        os.utime(file, (self.now.timestamp(), self.now.timestamp()))
        old = re.search(r"-name '\*\.backup' (-mtime \+\d+ -delete)", PAGE)[1].split()
        self._run("find", self.backups, "-name", "*.backup", *old)

    def _backup_file(self, when, *, make=True):
        file = self.backups / f"{when:%Y-%m-%d}.backup"
        if make:
            file.touch()
            os.utime(file, (when.timestamp(), when.timestamp()))
        return file

    def clear(self):
        call_command("clearsessions")

    def rotate(self):
        """With the file of the deploy page, for the folder and the user of this test."""
        file = self.folder / "logrotate.conf"
        if not file.exists():
            text = re.search(r"logrotate.d/knossos <<'EOF'\n(.*?)EOF", PAGE, re.DOTALL)[1]
            text = re.sub(r"\n\s+su .*", "", text).replace("/srv/knossos/app/logs", str(self.log.parent))
            file.write_text(re.sub(r"(create 0640) .*", r"\1", text))
            file.chmod(0o644)
        self._run("/usr/sbin/logrotate", "--state", self.folder / "state", file)

    def _run(self, *command):
        """By the clock of this month."""
        subprocess.run(
            ["faketime", "-f", f"{self.now.astimezone(ZONE):%Y-%m-%d %H:%M:%S}", *map(str, command)],
            check=True, env={"PATH": "/usr/sbin:/usr/bin:/bin", "TZ": str(ZONE)},
        )  # fmt: skip

    def look(self):
        page = Client(headers={"host": "localhost"}).get("/health/")
        self.seen["colours"][self.day(self.now)] = [page.status_code, *page.json()["problems"]]
        self.seen["sessions"].append(Session.objects.count())

    def sign_in(self):
        SessionStore().save()


def _between(before, shown):
    """The minutes after `before` up to `shown`; more than one when the clock has jumped."""
    if not MINUTE < shown - before < timedelta(hours=3):
        return [shown]
    return [before + number * MINUTE for number in range(1, (shown - before) // MINUTE + 1)]


def lived(first, folder):
    month = Month(first, folder)
    month.settle()
    month.live()
    runs = ExpirationRun.objects.order_by("id").values_list("started_at", "state", "expired_count", "warning")
    return month.seen | {
        "ledger": [[f"{at.astimezone(UTC):%m-%d %H:%M}", *rest] for at, *rest in runs],
        "backups": sorted(path.name for path in month.backups.iterdir()),
    }


if __name__ == "__main__":
    print(json.dumps(lived(date.fromisoformat(sys.argv[1]), Path(sys.argv[2]))))  # noqa: T201 - for the test
