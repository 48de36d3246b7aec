"""A service and its timer for systemd."""

from main.scheduling.installation import TIME_LIMIT_HOURS, Installation, Job
from main.scheduling.schedule import Schedule, refuse_either_day

WEEKDAYS = ("Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat")

# systemd refuses a program whose path contains a quote, but takes it as an argument of `nice`, which changes nothing.
# The colon stops systemd from replacing variables, because a path may contain a dollar sign.
SERVICE = """\
[Unit]
Description={does}
# A run that was missed starts right after the boot, so wait for the network and the database.
After=network-online.target postgresql.service
Wants=network-online.target

[Service]
Type=oneshot
User={user}
ExecStart=:/usr/bin/nice -n 0 {python} {manage} {command}
TimeoutStartSec={hours}h
"""

TIMER = """\
[Unit]
Description={does} on schedule

[Timer]
OnCalendar={calendar}
Persistent=true

[Install]
WantedBy=timers.target
"""


def files(job: Job, schedule: Schedule, here: Installation) -> dict[str, str]:
    """Return the texts of the units by their names. Raises CannotExpress if only cron can run the schedule."""
    refuse_either_day(schedule, "systemd")
    service = SERVICE.format(
        does=job.does,
        user=here.user,
        python=_quoted(here.python),
        manage=_quoted(here.manage),
        command=f"{job.command} {here.options}",
        hours=TIME_LIMIT_HOURS,
    )
    timer = TIMER.format(does=job.does, calendar=calendar(schedule))
    return {f"{job.name}.service": service, f"{job.name}.timer": timer}


def calendar(schedule: Schedule) -> str:
    """The schedule in the syntax of OnCalendar=, on the machine's clock."""
    weekdays = "" if len(schedule.weekdays) == 7 else ",".join(WEEKDAYS[day] for day in schedule.weekdays) + " "
    date = f"*-{_listed(schedule.months, 12)}-{_listed(schedule.days, 31)}"
    return f"{weekdays}{date} {_listed(schedule.hours, 24)}:{_listed(schedule.minutes, 60)}:00"


def _listed(numbers: list[int], all_of_them: int) -> str:
    return "*" if len(numbers) == all_of_them else ",".join(f"{number:02}" for number in numbers)


def _quoted(path: str) -> str:
    return '"' + path.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%") + '"'
