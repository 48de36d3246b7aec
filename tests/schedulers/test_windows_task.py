"""The task of `print_schedule windows`. Whether Windows itself accepts it, no test here can tell."""

import subprocess
import sys
from pathlib import Path

import pytest
from lxml import etree

from tests.schedulers.conftest import BARE

PROJECT = Path(__file__).parent.parent.parent
SCHEMA = etree.XMLSchema(etree.parse(Path(__file__).with_name("task.xsd")))
NAMESPACE = "{http://schemas.microsoft.com/windows/2004/02/mit/task}"

DAILY = f"""\
<?xml version="1.0" encoding="UTF-16"?>
<Task version="1.2" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">
  <RegistrationInfo>
    <Description>Expire referral codes</Description>
  </RegistrationInfo>
  <Triggers>
    <CalendarTrigger>
      <StartBoundary>2026-01-01T02:00:00</StartBoundary>
      <ScheduleByDay><DaysInterval>1</DaysInterval></ScheduleByDay>
    </CalendarTrigger>
  </Triggers>
  <Settings>
    <MultipleInstancesPolicy>IgnoreNew</MultipleInstancesPolicy>
    <DisallowStartIfOnBatteries>false</DisallowStartIfOnBatteries>
    <StopIfGoingOnBatteries>false</StopIfGoingOnBatteries>
    <StartWhenAvailable>true</StartWhenAvailable>
    <ExecutionTimeLimit>PT1H</ExecutionTimeLimit>
  </Settings>
  <Actions>
    <Exec>
      <Command>{sys.executable}</Command>
      <Arguments>manage.py expire_referral_codes -v 0 --settings=tests.settings</Arguments>
      <WorkingDirectory>{PROJECT}</WorkingDirectory>
    </Exec>
  </Actions>
</Task>
"""

# Each what a slip of the pen would make of the task.
BROKEN = {
    "another time of day": ("T02:00:00", "T25:00:00"),
    "no time of day": ("2026-01-01T02:00:00", "2026-01-01"),
    "the clock of another zone": ("T02:00:00", "T02:00:00Z"),
    "an interval in words": ("<DaysInterval>1<", "<DaysInterval>daily<"),
    "a switch in the trigger, which Windows refused": ("<StartBoundary>", "<Enabled>true</Enabled><StartBoundary>"),
    "two schedules": ("</ScheduleByDay>", "</ScheduleByDay><ScheduleByWeek />"),
    "a misspelt key": ("StartWhenAvailable", "StartIfAvailable"),
    "Python's idea of true": (">true<", ">True<"),
    "stopped on batteries": ("StopIfGoingOnBatteries>false", "StopIfGoingOnBatteries>true"),
    "two sweeps side by side": ("IgnoreNew", "Parallel"),
    "a time limit in words": ("PT1H", "1 hour"),
    "no program": (f"<Command>{sys.executable}</Command>", "<Command></Command>"),
    "no folder": (f"<WorkingDirectory>{PROJECT}</WorkingDirectory>", ""),
    "another namespace": ("/2004/02/mit/task", "/2004/02/task"),
}


def fields(task):
    return {
        element.tag.removeprefix(NAMESPACE): element.text
        for element in etree.fromstring(task).iter()
        if not len(element)
    }


def print_task(installed, folder):
    assert installed.run("print_schedule", "windows", "--output", str(folder / "task.xml")).returncode == 0
    return (folder / "task.xml").read_bytes()


def run_task(task):
    told = fields(task)
    return subprocess.run(
        [told["Command"], *told["Arguments"].split()], cwd=told["WorkingDirectory"],
        env=BARE, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_the_task_says_daily_at_two(run_command):
    assert run_command("print_schedule", "windows") == DAILY


def test_the_file_is_utf_16_with_a_byte_order_mark_and_the_line_ends_of_windows(run_command, tmp_path):
    file = tmp_path / "task.xml"
    assert run_command("print_schedule", "windows", "--output", str(file)) == f"Wrote {file}\n"
    assert file.read_bytes() == b"\xff\xfe" + DAILY.replace("\n", "\r\n").encode("utf-16-le")


@pytest.mark.parametrize("schedule", ["0 2 * * *", "59 23 * * *", "30 4 * * mon-fri", "0 2 * * 7"])
def test_the_task_is_what_the_schema_allows(schedule, run_command, settings):
    settings.EXPIRATION_SCHEDULE = schedule
    SCHEMA.assertValid(etree.fromstring(run_command("print_schedule", "windows").encode("utf-16")))


@pytest.mark.parametrize("slip", BROKEN)
def test_the_schema_refuses(slip):
    right, wrong = BROKEN[slip]
    assert right in DAILY
    assert not SCHEMA.validate(etree.fromstring(DAILY.replace(right, wrong).encode("utf-16")))


def test_days_of_the_week(run_command, settings):
    settings.EXPIRATION_SCHEDULE = "30 4 * * mon,7"
    printed = run_command("print_schedule", "windows")
    assert "<StartBoundary>2026-01-01T04:30:00</StartBoundary>" in printed
    assert (
        "<ScheduleByWeek><WeeksInterval>1</WeeksInterval>"
        "<DaysOfWeek><Sunday /><Monday /></DaysOfWeek></ScheduleByWeek>" in printed
    )


def test_every_field_comes_out_right_in_a_folder_that_is_hard_to_quote(awkward, tmp_path):
    task = print_task(awkward, tmp_path)
    assert SCHEMA.validate(etree.fromstring(task))
    assert fields(task) == {
        "Description": "Expire referral codes",
        "StartBoundary": "2026-01-01T02:00:00",
        "DaysInterval": "1",
        "MultipleInstancesPolicy": "IgnoreNew",
        "DisallowStartIfOnBatteries": "false",
        "StopIfGoingOnBatteries": "false",
        "StartWhenAvailable": "true",
        "ExecutionTimeLimit": "PT1H",
        "Command": awkward.python,
        "Arguments": "manage.py expire_referral_codes -v 0 --settings=knossos.settings",
        "WorkingDirectory": str(awkward.folder),
    }


def test_what_the_task_starts_expires_codes(awkward, tmp_path):
    awkward.add_overdue_code()
    assert run_task(print_task(awkward, tmp_path)).returncode == 0
    assert awkward.statuses() == {"JOHNS-20": "inactive"}


def test_a_failing_sweep_is_a_last_result_of_1_and_the_log_says_why(broken, tmp_path):
    """Windows keeps the exit status as the task's last result, and no output."""
    assert run_task(print_task(broken, tmp_path)).returncode == 1
    assert " ERROR sweep failed: Cannot reach the database" in broken.log.read_text()
