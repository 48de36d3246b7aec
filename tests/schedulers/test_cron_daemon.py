"""The real cron, its clock set, in a mount namespace: the machine's own tables stay as they are."""

import os
import shutil
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.patience import until
from tests.schedulers.conftest import FAKETIME, need

# What cron reads and writes is empty here, and nothing leaves the namespace; mail goes to the file "mail".
NAMESPACE = r"""
set -e
mount -t tmpfs -o mode=755 tmpfs /etc/cron.d
mount -t tmpfs tmpfs /var/spool/cron
mount -t tmpfs tmpfs /run
mount --bind /dev/null /etc/crontab
if [ -e /usr/sbin/sendmail ]; then mount --bind "$HERE/sendmail" "$(readlink -f /usr/sbin/sendmail)"; fi
mount --bind "$HERE/var-log" /var/log
mkdir -m 1730 /var/spool/cron/crontabs
chgrp crontab /var/spool/cron/crontabs
cp "$HERE"/cron.d/* /etc/cron.d/
crontab "$HERE/crontab"
for manage in $CRONTABS; do "$PYTHON" "$manage" crontab add -v 0; done
exec env -i TZ="$ZONE" LD_PRELOAD="$FAKETIME_LIBRARY" FAKETIME="@$CLOCK" /usr/sbin/cron -f
"""
# As the design document has it.
OPTION_2 = """
# Run every day at 2:00 AM
0 2 * * * cd /path/to/knossos && python manage.py expire_referral_codes >> /var/log/expire_codes.log 2>&1
"""
# What the line needs besides: cron would look for `python` in /usr/bin and /bin.
PATH_OF_VENV = f"PATH={Path(sys.executable).parent}:/usr/bin:/bin\n"
EXPIRED_JOHNS_20 = "Successfully expired 1 referral code(s).\n  - JOHNS-20 (Agent: none)\n"
SENDMAIL = '#!/bin/sh\ncat >> "{here}/mail"\n'


def can_unshare():
    return not subprocess.run(["unshare", "-m", "true"], capture_output=True, check=False).returncode


@pytest.fixture(autouse=True)
def requirements():
    need(os.geteuid() == 0, "root")
    need(shutil.which("cron", path="/usr/sbin") and shutil.which("flock"), "Debian's cron")
    need(FAKETIME, "libfaketime")
    need(can_unshare(), "the right to make a mount namespace")


@contextmanager
def cron(here, clock, *crontabs, table="", zone="UTC"):
    """Run cron from `clock` on, with the files of here/cron.d, the crontab `table` and the jobs of `crontabs`.

    What is written to /var/log is found in here/var-log.
    """
    sendmail = here / "sendmail"
    sendmail.write_text(SENDMAIL.format(here=here))
    sendmail.chmod(0o755)
    (here / "var-log").mkdir()
    (here / "crontab").write_text(table)
    environment = {
        "PATH": os.environ["PATH"],
        "HERE": str(here),
        "CLOCK": clock,
        "ZONE": zone,
        "PYTHON": sys.executable,
        "CRONTABS": " ".join(f"{installed.folder}/manage.py" for installed in crontabs),
        "FAKETIME_LIBRARY": str(FAKETIME),
    }
    with subprocess.Popen(["unshare", "-m", "sh", "-c", NAMESPACE], env=environment) as daemon:
        try:
            yield
            assert daemon.poll() is None
        finally:
            daemon.terminate()


def tables_of_the_machine():
    listed = subprocess.run(["crontab", "-l"], capture_output=True, text=True, check=False)
    return [listed.stdout, sorted(os.listdir("/etc/cron.d")), Path("/etc/crontab").read_text()]


def test_cron_fires_the_lines_of_django_crontab_and_of_cron_d(install, awkward, tmp_path):
    by_crontab, failing_by_crontab = install("one"), install("two")
    by_cron_d, failing_by_cron_d = awkward, install("broken")
    by_hand = install("three")
    line = OPTION_2.replace("/path/to/knossos", str(by_hand.folder))
    own_log = tmp_path / "var-log" / "expire_codes.log"
    for installed in (by_crontab, by_cron_d, by_hand):
        installed.add_overdue_code()
    print_cron_file(by_cron_d, tmp_path, "works")
    print_cron_file(failing_by_cron_d, tmp_path, "fails")
    for installed in (failing_by_crontab, failing_by_cron_d):
        installed.configure(DATABASE_URL="sqlite:////nowhere/db.sqlite3")
    before = tables_of_the_machine()

    with cron(tmp_path, "2026-07-01 01:59:50", by_crontab, failing_by_crontab, table=PATH_OF_VENV + line):
        until(lambda: has_swept(by_crontab) and has_swept(by_cron_d), "the sweep")
        until(lambda: has_failed(failing_by_crontab) and has_failed(failing_by_cron_d), "the failure")
        until(
            lambda: own_log.exists() and own_log.read_text().endswith(")\n"), "the sweep of the line written by hand"
        )

    assert own_log.read_text() == EXPIRED_JOHNS_20
    assert by_hand.statuses() == {"JOHNS-20": "inactive"}
    for installed in (by_crontab, by_cron_d):
        assert installed.statuses() == {"JOHNS-20": "inactive"}
        assert installed.scheduled_output() == EXPIRED_JOHNS_20.splitlines(keepends=True)[0]
    for installed in (failing_by_crontab, failing_by_cron_d):
        assert installed.scheduled_output(after_checks=installed is failing_by_crontab) == (
            "CommandError: The folder /nowhere of the SQLite database does not exist: make it, or correct"
            " DATABASE_URL. (unable to open database file)\n"
        )
        assert " ERROR sweep failed: The folder /nowhere of the SQLite database" in installed.log.read_text()
    assert not (tmp_path / "mail").exists()
    assert tables_of_the_machine() == before


def has_swept(installed):
    return installed.ledger() == [("command", "completed", 1)] and has_printed(installed, "Successfully expired")


def has_failed(installed):
    return has_printed(installed, "CommandError: ")


def has_printed(installed, what):
    """Whether the line with `what` is there to its end."""
    printed = installed.schedule_log.read_text() if installed.schedule_log.exists() else ""
    return what in printed and printed.endswith("\n")


@pytest.mark.parametrize("night", ["2026-03-29", "2026-10-25"])
def test_cron_sweeps_once_in_the_night_without_two_o_clock_and_in_the_one_with_two(night, installed, tmp_path):
    print_cron_file(installed, tmp_path, "sweep")
    (tmp_path / "cron.d" / "four").write_text(f"0 4 * * * root touch {tmp_path}/four-o-clock\n")
    with cron(tmp_path, f"{night} 01:59:00 x900", zone="Europe/Berlin"):
        until((tmp_path / "four-o-clock").exists, "four o'clock")
        until(lambda: installed.ledger() and installed.ledger()[-1][1] == "completed", "the sweep")
    assert installed.ledger() == [("command", "completed", 0)]


def print_cron_file(installed, here, name):
    (here / "cron.d").mkdir(exist_ok=True)
    assert not installed.run("print_schedule", "cron", "--output", f"{here}/cron.d/{name}").stderr
