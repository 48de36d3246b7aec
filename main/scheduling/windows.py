"""A task for the Windows Task Scheduler."""

from xml.sax.saxutils import escape

from main.scheduling.installation import TIME_LIMIT_HOURS, Installation, Job
from main.scheduling.schedule import CannotExpress, Schedule, refuse_either_day

WEEKDAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")

# Any day in the past. From then on the task repeats at its time, on the machine's clock.
FIRST_DAY = "2026-01-01"

TEMPLATE = """\
<?xml version="1.0" encoding="UTF-16"?>
<Task version="1.2" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">
  <RegistrationInfo>
    <Description>{does}</Description>
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


def files(job: Job, schedule: Schedule, here: Installation) -> dict[str, str]:
    """Return the task's XML by its file name. Raises CannotExpress unless it is one time a day on days of the week."""
    refuse_either_day(schedule, "The Windows Task Scheduler")
    if len(schedule.minutes) > 1 or len(schedule.hours) > 1:
        raise CannotExpress(f"The Windows task runs once a day: set one minute and one hour in {job.setting}.")
    if len(schedule.days) < 31 or len(schedule.months) < 12:
        raise CannotExpress(
            "The Windows task runs daily or on days of the week: set day of the month and month to * in "
            f"{job.setting}."
        )
    xml = TEMPLATE.format(
        does=job.does,
        start=f"{FIRST_DAY}T{schedule.hours[0]:02}:{schedule.minutes[0]:02}:00",
        days=_days(schedule.weekdays),
        hours=TIME_LIMIT_HOURS,
        python=escape(here.python),
        command=f"{job.command} {here.options}",
        folder=escape(here.folder),
    )
    return {f"{job.name}.xml": xml}


def _days(weekdays: list[int]) -> str:
    if len(weekdays) == 7:
        return "<ScheduleByDay><DaysInterval>1</DaysInterval></ScheduleByDay>"
    names = "".join(f"<{WEEKDAYS[day]} />" for day in weekdays)
    return f"<ScheduleByWeek><WeeksInterval>1</WeeksInterval><DaysOfWeek>{names}</DaysOfWeek></ScheduleByWeek>"
