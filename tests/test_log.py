"""The log: every expiration, one line a code; and what happens when it cannot be written."""

import logging
import os
import re
from pathlib import Path
from shutil import rmtree

import pytest

from main.models import ExpirationRun, ReferralCode
from main.sweep.run import sweep
from tests.conftest import NOW, PROJECT

pytestmark = pytest.mark.django_db(transaction=True)
SHELL = ExpirationRun.StartedBy.SHELL


def test_a_sweep_logs_one_line_a_code(three_overdue, clock, log_file):
    run = sweep(SHELL, batch_size=2)
    johns, marias, alexs = three_overdue
    assert log_file.read_text() == (
        f"2026-11-21 02:00:00+00:00 INFO expired JOHNS-20 (id {johns.pk}, agent {johns.agent_id}, "
        f"expiry 2026-11-20 23:00:00+00:00) by run {run.pk}\n"
        f"2026-11-21 02:00:00+00:00 INFO expired MARIA-15 (id {marias.pk}, agent {marias.agent_id}, "
        f"expiry 2026-11-21 00:00:00+00:00) by run {run.pk}\n"
        f"2026-11-21 02:00:00+00:00 INFO expired ALEX-10 (id {alexs.pk}, agent {alexs.agent_id}, "
        f"expiry 2026-11-21 01:00:00+00:00) by run {run.pk}\n"
    )


def test_a_sweep_with_nothing_to_do_logs_nothing(clock, log_file):
    sweep(SHELL)
    assert not log_file.exists()


def test_the_folder_is_made_again_when_it_was_removed(clock, log_file):
    ReferralCode.objects.create(code="BEFORE", expires_at=NOW)
    rmtree(log_file.parent)
    ReferralCode.objects.create(code="AFTER", expires_at=NOW)
    assert "expired AFTER" in log_file.read_text()


def test_a_rotated_file_is_left_and_a_new_one_begun(clock, log_file):
    ReferralCode.objects.create(code="OLD", expires_at=NOW)
    rotated = log_file.rename(log_file.with_suffix(".log.1"))
    ReferralCode.objects.create(code="NEW", expires_at=NOW)
    assert "OLD" in rotated.read_text()
    assert "NEW" in log_file.read_text()
    assert "OLD" not in log_file.read_text()


def test_a_log_that_cannot_be_written_warns_in_the_ledger_and_on_stderr_and_stops_nothing(
    three_overdue, clock, log_file, capsys
):
    log_file.parent.write_text("a file where the folder should be")
    run = sweep(SHELL)
    run.refresh_from_db()
    assert (run.state, run.expired_count) == ("completed", 3)
    assert run.warning.startswith("The log could not be written: ")
    assert run.warning in capsys.readouterr().err
    log_file.parent.unlink()


def test_a_save_stands_although_the_log_cannot_be_written(clock, log_file, capsys):
    log_file.parent.write_text("a file where the folder should be")
    code = ReferralCode.objects.create(code="X", expires_at=NOW)
    assert code.status == "inactive"
    assert capsys.readouterr().err.startswith("Warning: The log could not be written: ")
    log_file.parent.unlink()


def test_by_default_the_log_lies_in_the_logs_folder_of_the_project(manage):
    show = "from django.conf import settings; print(settings.LOGGING['handlers']['file']['filename'])"
    done = manage("shell", "-v0", "-c", show, LOG_DIR="")
    assert (done.stdout, done.stderr) == (f"{PROJECT / 'logs' / 'referral_codes.log'}\n", "")


def test_the_tests_write_into_no_log_of_the_project(settings):
    assert not settings.LOG_DIR.is_relative_to(PROJECT)
    assert logging.getLogger("main.signals").level == logging.INFO


@pytest.mark.skipif("sys.platform == 'win32'", reason="Windows has other rights")
def test_a_new_log_is_not_for_everybody_and_an_old_one_keeps_its_rights(log_file):
    before = os.umask(0o022)
    try:
        logging.getLogger("main.signals").info("first")
        assert log_file.stat().st_mode & 0o777 == 0o640
        log_file.chmod(0o600)
        logging.getLogger("main.signals").info("second")
        assert log_file.stat().st_mode & 0o777 == 0o600
    finally:
        os.umask(before)


def test_each_file_of_the_logs_is_described_and_rotated(settings):
    files = {Path(handler["filename"]) for handler in settings.LOGGING["handlers"].values() if "filename" in handler}
    names = sorted(file.name for file in files | {settings.SCHEDULE_LOG})
    assert names == ["referral_codes.log", "scheduled_runs.log"]
    described = (PROJECT / "docs" / "operations.md").read_text()
    rotated = re.search(r"logrotate.d/knossos <<'EOF'\n(.*?) \{", (PROJECT / "docs" / "deploy.md").read_text())[1]
    assert rotated == " ".join(f"/srv/knossos/app/logs/{name}" for name in names)
    assert all(f"| `logs/{name}` |" in described for name in names)
