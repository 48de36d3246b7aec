"""A service and its timer for systemd."""

from main.schedule import Schedule, refuse_either_day
from main.schedulers import COMMAND, NAME, TIME_LIMIT_HOURS, Installation

WEEKDAYS = ("Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat")

SERVICE = """\
[Unit]
Description=Expire referral codes
After=network-online.target postgresql.service

[Service]
Type=oneshot
User={user}
WorkingDirectory={folder}
ExecStart=:{python} {manage} {command}
TimeoutStartSec={hours}h
"""

TIMER = """\
[Unit]
Description=Expire referral codes on schedule

[Timer]
OnCalendar={calendar}
Persistent=true

[Install]
WantedBy=timers.target
"""


def files(schedule: Schedule, here: Installation) -> dict[str, str]:
    """Return the units' texts by their names. Raises CannotExpress for a schedule that only cron knows."""
    refuse_either_day(schedule, "systemd")
    service = SERVICE.format(
        user=here.user,
        folder=_literal(here.folder),
        python=_quoted(here.python),
        manage=_quoted(here.manage),
        command=COMMAND,
        hours=TIME_LIMIT_HOURS,
    )
    return {f"{NAME}.service": service, f"{NAME}.timer": TIMER.format(calendar=calendar(schedule))}


def calendar(schedule: Schedule) -> str:
    """The schedule in the syntax of OnCalendar=, on the machine's clock."""
    weekdays = "" if len(schedule.weekdays) == 7 else ",".join(WEEKDAYS[day] for day in schedule.weekdays) + " "
    date = f"*-{_listed(schedule.months, 12)}-{_listed(schedule.days, 31)}"
    return f"{weekdays}{date} {_listed(schedule.hours, 24)}:{_listed(schedule.minutes, 60)}:00"


def _listed(numbers: list[int], all_of_them: int) -> str:
    return "*" if len(numbers) == all_of_them else ",".join(f"{number:02}" for number in numbers)


def _literal(path: str) -> str:
    return path.replace("%", "%%")


def _quoted(path: str) -> str:
    """For ExecStart=: with its colon prefix, systemd leaves the dollar sign alone."""
    return '"' + _literal(path).replace("\\", "\\\\").replace('"', '\\"') + '"'
