"""`manage.py print_schedule`: a file of this installation for cron, systemd or Windows."""

import getpass
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError

PROJECT = Path(__file__).parent.parent.parent
PYTHON = sys.executable
USER = getpass.getuser()
LOGS = settings.LOG_DIR

CRON = f"""\
# Expire referral codes. cron reads this file as /etc/cron.d/expire-referral-codes: owned by root, no dot in its name.
SHELL=/bin/sh
PATH=/usr/bin:/bin
# flock exits with 75 if the previous run is still going.
0 2 * * * {USER} umask 027 && mkdir -p {LOGS} && flock -n -E 75 {LOGS}/expire-referral-codes.lock {PYTHON}\
 {PROJECT}/manage.py expire_referral_codes -v 0 --settings=tests.settings --timestamps\
 >> {LOGS}/scheduled_runs.log 2>&1
"""

SERVICE = f"""\
[Unit]
Description=Expire referral codes
# A run that was missed starts right after the boot, so wait for the network and the database.
After=network-online.target postgresql.service
Wants=network-online.target

[Service]
Type=oneshot
User={USER}
ExecStart=:/usr/bin/nice -n 0 "{PYTHON}" "{PROJECT}/manage.py" expire_referral_codes -v 0 --settings=tests.settings
TimeoutStartSec=1h
"""

TIMER = """\
[Unit]
Description=Expire referral codes on schedule

[Timer]
OnCalendar=*-*-* 02:00:00
Persistent=true

[Install]
WantedBy=timers.target
"""

ONLY_CRON = "cannot run a schedule that sets both the day of the month and the day of the week"


def test_for_cron(run_command):
    assert run_command("print_schedule", "cron") == CRON


def test_for_systemd_both_units_are_printed_with_their_names(run_command):
    assert run_command("print_schedule", "systemd") == (
        f"# expire-referral-codes.service\n{SERVICE}# expire-referral-codes.timer\n{TIMER}"
    )


def test_the_cron_file_is_written_as_cron_wants_it(run_command, tmp_path):
    file = tmp_path / "expire-referral-codes"
    file.touch(0o666)
    assert run_command("print_schedule", "cron", "--output", str(file)) == f"Wrote {file}\n"
    assert file.read_text() == CRON
    assert file.stat().st_mode & 0o777 == 0o644


def test_a_name_that_cron_would_ignore_is_refused(run_command, tmp_path):
    with pytest.raises(CommandError, match="cron ignores a file whose name has a dot: name it expire-referral-codes"):
        run_command("print_schedule", "cron", "--output", str(tmp_path / "expire.cron"))
    assert not list(tmp_path.iterdir())


def test_the_units_are_written_side_by_side(run_command, tmp_path):
    run_command("print_schedule", "systemd", "--output", str(tmp_path / "sweep.timer"))
    assert (tmp_path / "sweep.timer").read_text() == TIMER
    assert (tmp_path / "sweep.service").read_text() == SERVICE


def test_units_under_one_name_are_refused(run_command, tmp_path):
    with pytest.raises(CommandError, match="name the timer, such as expire-referral-codes.timer"):
        run_command("print_schedule", "systemd", "--output", str(tmp_path / "units"))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("target", ["cron", "windows"])
def test_a_file_that_cannot_be_written_is_named(target, run_command, tmp_path):
    with pytest.raises(CommandError, match=f"Cannot write {tmp_path}/no/file: No such file or directory."):
        run_command("print_schedule", target, "--output", str(tmp_path / "no" / "file"))


@pytest.mark.parametrize(
    ("target", "schedule", "reason"),
    [
        ("systemd", "0 2 1 * mon", f"systemd {ONLY_CRON}"),
        ("windows", "0 2 1 * mon", f"The Windows Task Scheduler {ONLY_CRON}"),
        ("windows", "*/15 2 * * *", "The Windows task runs once a day: set one minute and one hour"),
        ("windows", "0 2,14 * * *", "The Windows task runs once a day: set one minute and one hour"),
        ("windows", "0 2 1 * *", "The Windows task runs daily or on days of the week"),
        ("windows", "0 2 * 6-8 *", "The Windows task runs daily or on days of the week"),
    ],
)
def test_a_schedule_that_a_scheduler_cannot_run_is_refused(target, schedule, reason, run_command, settings):
    settings.EXPIRATION_SCHEDULE = schedule
    with pytest.raises(CommandError, match=reason):
        run_command("print_schedule", target)


def test_cron_runs_what_only_cron_can(run_command, settings):
    settings.EXPIRATION_SCHEDULE = "0 2 1 * mon"
    assert f"\n0 2 1 * mon {USER} umask" in run_command("print_schedule", "cron")


@pytest.mark.parametrize("target", ["cron", "systemd", "windows"])
def test_a_path_with_a_line_break_is_refused(target, run_command, settings):
    settings.BASE_DIR = Path("/srv/kno\nssos")
    with pytest.raises(CommandError, match=r"No scheduler can run a path with control characters: /srv/kno\\nssos"):
        run_command("print_schedule", target)


def test_a_line_too_long_for_cron_is_refused(run_command, settings):
    settings.BASE_DIR = Path("/srv") / ("long" * 200)
    with pytest.raises(CommandError, match="cron cannot run a line of more than 998 bytes: shorten the paths."):
        run_command("print_schedule", "cron")
