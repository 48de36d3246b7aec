"""The real cron, ten seconds before two o'clock, in a mount namespace: the machine's own tables stay as they are."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.schedulers.conftest import FAKETIME, Installed, need, until

# What cron reads and writes is empty here, and nothing leaves the namespace; mail goes to the file "mail".
NAMESPACE = r"""
set -e
mount -t tmpfs -o mode=755 tmpfs /etc/cron.d
mount -t tmpfs tmpfs /var/spool/cron
mount -t tmpfs tmpfs /run
mount --bind /dev/null /etc/crontab
if [ -e /usr/sbin/sendmail ]; then mount --bind "$HERE/sendmail" "$(readlink -f /usr/sbin/sendmail)"; fi
mkdir -m 1730 /var/spool/cron/crontabs
chgrp crontab /var/spool/cron/crontabs
cp "$HERE"/cron.d/* /etc/cron.d/
for manage in "$HERE"/crontab/*/manage.py; do "$PYTHON" "$manage" crontab add -v 0; done
crontab -l > "$HERE/table"
exec env -i TZ=UTC LD_PRELOAD="$FAKETIME_LIBRARY" FAKETIME='@2026-07-01 01:59:50' /usr/sbin/cron -f
"""
SENDMAIL = '#!/bin/sh\ncat >> "{here}/mail"\n'


def can_unshare() -> bool:
    return not subprocess.run(["unshare", "-m", "true"], capture_output=True, check=False).returncode


@pytest.fixture(autouse=True)
def requirements() -> None:
    need(os.geteuid() == 0, "root")
    need(shutil.which("cron", path="/usr/sbin") and shutil.which("flock"), "Debian's cron")
    need(FAKETIME, "libfaketime")
    need(can_unshare(), "the right to make a mount namespace")


@contextmanager
def cron_before_two_o_clock(here: Path, python: str) -> Iterator[None]:
    sendmail = here / "sendmail"
    sendmail.write_text(SENDMAIL.format(here=here))
    sendmail.chmod(0o755)
    environment = {"PATH": os.environ["PATH"], "HERE": str(here), "PYTHON": python, "FAKETIME_LIBRARY": str(FAKETIME)}
    with subprocess.Popen(["unshare", "-m", "sh", "-c", NAMESPACE], env=environment) as cron:
        try:
            yield
            assert cron.poll() is None
        finally:
            cron.terminate()


def tables_of_the_machine() -> list[object]:
    listed = subprocess.run(["crontab", "-l"], capture_output=True, text=True, check=False)
    return [listed.stdout, sorted(os.listdir("/etc/cron.d")), Path("/etc/crontab").read_text()]


def test_cron_fires_the_lines_of_django_crontab_and_of_cron_d(install, awkward, tmp_path) -> None:
    by_crontab, failing_by_crontab = install("crontab/one"), install("crontab/two")
    by_cron_d, failing_by_cron_d = awkward, install("broken")
    for installed in (by_crontab, by_cron_d):
        installed.add_overdue_code()
    for installed in (failing_by_crontab, failing_by_cron_d):
        installed.configure(DATABASE_URL="sqlite:////nowhere/db.sqlite3")
    (tmp_path / "cron.d").mkdir()
    for name, installed in {"works": by_cron_d, "fails": failing_by_cron_d}.items():
        assert not installed.run("print_schedule", "cron", "--output", f"{tmp_path}/cron.d/{name}").stderr
    before = tables_of_the_machine()

    with cron_before_two_o_clock(tmp_path, by_crontab.python):
        until(lambda: has_swept(by_crontab) and has_swept(by_cron_d), "the sweep")
        until(lambda: has_failed(failing_by_crontab) and has_failed(failing_by_cron_d), "the failure")

    for installed in (by_crontab, by_cron_d):
        assert installed.statuses() == {"JOHNS-20": "inactive"}
        assert installed.schedule_log.read_text() == (
            "Successfully expired 1 referral code(s).\n  - JOHNS-20 (Agent: none)\n"
        )
    for installed in (failing_by_crontab, failing_by_cron_d):
        assert installed.schedule_log.read_text() == (
            "CommandError: Cannot reach the database: check that it runs, and DATABASE_URL."
            " (unable to open database file)\n"
        )
        assert " ERROR sweep failed: Cannot reach the database" in installed.log.read_text()
    assert not (tmp_path / "mail").exists()
    assert tables_of_the_machine() == before


def has_swept(installed: Installed) -> bool:
    return installed.ledger() == [("command", "completed", 1)]


def has_failed(installed: Installed) -> bool:
    return installed.schedule_log.exists() and installed.schedule_log.read_text().endswith("\n")
