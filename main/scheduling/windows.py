"""A task for the Windows Task Scheduler."""

from xml.sax.saxutils import escape

from main.scheduling.installation import NAME, TIME_LIMIT_HOURS, Installation
from main.scheduling.schedule import CannotExpress, Schedule, refuse_either_day

WEEKDAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")

# Any day in the past. From then on the task repeats at its time, on the machine's clock.
FIRST_DAY = "2026-01-01"

TEMPLATE = """\
<?xml version="1.0" encoding="UTF-16"?>
<Task version="1.2" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">
  <RegistrationInfo>
    <Description>Marks every referral code past its date as inactive.</Description>
  </RegistrationInfo>
  <Triggers>
    <CalendarTrigger>
      <StartBoundary>{start}</StartBoundary>
      {days}
    </CalendarTrigger>
  </Triggers>
  <Settings>
    <MultipleInstancesPolicy>IgnoreNew</MultipleInstancesPolicy>
    <DisallowStartIfOnBatteries>false</DisallowStartIfOnBatteries>
    <StopIfGoingOnBatteries>false</StopIfGoingOnBatteries>
    <StartWhenAvailable>true</StartWhenAvailable>
    <ExecutionTimeLimit>PT{hours}H</ExecutionTimeLimit>
  </Settings>
  <Actions>
    <Exec>
      <Command>{python}</Command>
      <Arguments>manage.py {command}</Arguments>
      <WorkingDirectory>{folder}</WorkingDirectory>
    </Exec>
  </Actions>
</Task>
"""


def files(schedule: Schedule, here: Installation) -> dict[str, str]:
    """Return the task's XML by its file name. Raises CannotExpress unless it is one time a day on days of the week."""
    refuse_either_day(schedule, "The Windows Task Scheduler")
    if len(schedule.minutes) > 1 or len(schedule.hours) > 1:
        raise CannotExpress("The Windows task runs once a day: set one minute and one hour in EXPIRATION_SCHEDULE.")
    if len(schedule.days) < 31 or len(schedule.months) < 12:
        raise CannotExpress(
            "The Windows task runs daily or on days of the week: set day of the month and month to * in"
            " EXPIRATION_SCHEDULE."
        )
    xml = TEMPLATE.format(
        start=f"{FIRST_DAY}T{schedule.hours[0]:02}:{schedule.minutes[0]:02}:00",
        days=_days(schedule.weekdays),
        hours=TIME_LIMIT_HOURS,
        python=escape(here.python),
        command=here.command,
        folder=escape(here.folder),
    )
    return {f"{NAME}.xml": xml}


def _days(weekdays: list[int]) -> str:
    if len(weekdays) == 7:
        return "<ScheduleByDay><DaysInterval>1</DaysInterval></ScheduleByDay>"
    names = "".join(f"<{WEEKDAYS[day]} />" for day in weekdays)
    return f"<ScheduleByWeek><WeeksInterval>1</WeeksInterval><DaysOfWeek>{names}</DaysOfWeek></ScheduleByWeek>"
