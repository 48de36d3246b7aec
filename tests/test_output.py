"""What a command says when its driver fails, a person stops it, or a scheduler keeps what it says."""

import sys
from datetime import datetime, timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, ManagementUtility, call_command
from django.db import InterfaceError

from main.models import ExpirationRun, ReferralCode
from main.sweep.databases import driver_errors
from tests.conftest import NOW, make_code

COMMAND = "expire_referral_codes"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("raw", [False, True])
def test_a_failure_that_is_no_database_error_of_djangos_ends_as_the_others_do(clock, log_file, monkeypatch, raw):
    make_code("A-1", expires_at=NOW)
    error = driver_errors()("the driver broke") if raw else InterfaceError("connection already closed")

    def fail(*args, **kwargs):
        raise error

    monkeypatch.setattr("main.sweep.run._expire", fail)
    with pytest.raises(CommandError) as failure:
        call_command(COMMAND)
    said = f"Stopped early. 0 codes were already expired and stay expired. Cannot reach the database: check that it runs, and DATABASE_URL. ({error})"  # noqa: E501
    assert (str(failure.value), failure.value.returncode) == (said, 1)
    assert log_file.read_text().endswith(f" ERROR sweep failed: {said}\n")
    assert ExpirationRun.objects.get().state == "failed"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([COMMAND, "--dry-run"], "Stopped by Ctrl-C. Nothing was written."),
        ([COMMAND], "Stopped by Ctrl-C. Codes that were already expired stay expired."),
        (["undo_expiration_run", "{run}", "--dry-run"], "Stopped by Ctrl-C. Nothing was written."),
        (["undo_expiration_run", "{run}"], "Stopped by Ctrl-C. Codes that were already put back stay active."),
    ],
)
def test_ctrl_c_says_what_was_written(clock, monkeypatch, arguments, said):
    make_code("A-1", expires_at=NOW)
    call_command(COMMAND, "-v0", stdout=StringIO())
    run = ExpirationRun.objects.get()
    ReferralCode.objects.create(code="SAVED", expires_at=NOW)

    def press(*args, **kwargs):
        raise KeyboardInterrupt

    for function in ("expire_referral_codes.sweep", "expire_referral_codes.report_of_dry_run",
                     "undo_expiration_run.undo", "undo_expiration_run.untouched"):  # fmt: skip
        monkeypatch.setattr(f"main.management.commands.{function}", press)
    make_code("B-1", expires_at=NOW)
    with pytest.raises(CommandError) as stopped:
        call_command(*[argument.format(run=run.pk) for argument in arguments])
    assert str(stopped.value) == said


@pytest.fixture
def scheduled(monkeypatch, capsys, settings):
    """What a scheduler keeps of the sweep, and the exit code; four in the morning in Athens."""
    settings.TIME_ZONE = "Europe/Athens"

    def run(*options):
        monkeypatch.setattr(sys, "argv", ["manage.py", COMMAND, *options])
        code = 0
        try:
            ManagementUtility().fetch_command(COMMAND).run_from_argv(sys.argv)
        except SystemExit as end:
            code = end.code
        return code, *capsys.readouterr()

    return run


TIME = "2026-11-21 04:00:00+02:00"


@pytest.mark.django_db(transaction=True)
def test_for_the_log_of_a_scheduler_each_line_has_the_time_and_no_line_names_an_agent(clock, three_overdue, scheduled):
    assert scheduled("-v", "0", "--timestamps") == (0, f"{TIME} Successfully expired 3 referral code(s).\n", "")
    assert scheduled("-v", "0", "--timestamps") == (0, f"{TIME} No expired referral codes found.\n", "")


@pytest.mark.django_db(transaction=True)
def test_every_line_of_a_longer_output_has_the_time(clock, three_overdue, scheduled):
    assert scheduled("--timestamps") == (
        0,
        f"{TIME} Successfully expired 3 referral code(s).\n"
        f"{TIME}   - JOHNS-20 (Agent: John Smith)\n"
        f"{TIME}   - MARIA-15 (Agent: Maria Garcia)\n"
        f"{TIME}   - ALEX-10 (Agent: Alex Johnson)\n",
        "",
    )


@pytest.mark.django_db(transaction=True)
def test_warnings_and_failures_have_the_time_too(clock, three_overdue, scheduled, log_file, settings):
    log_file.parent.write_text("a file where the folder should be")
    code, output, errors = scheduled("-v", "0", "--timestamps")
    assert (code, output) == (0, f"{TIME} Successfully expired 3 referral code(s).\n")
    assert errors.startswith(f"{TIME} Warning: The log could not be written: ")
    assert errors.count("\n") == 1
    log_file.parent.unlink()

    settings.EXPIRATION_CLOCK_TOLERANCE = -1  # no clock is near enough
    code, output, errors = scheduled("-v", "0", "--timestamps")
    assert (code, output) == (1, "")
    assert errors.startswith(f"{TIME} CommandError: Stopped early. 0 codes were already expired and stay expired. ")


@pytest.mark.django_db(transaction=True)
def test_without_the_option_no_line_has_the_time(clock, three_overdue, scheduled):
    assert scheduled("-v", "0") == (0, "Successfully expired 3 referral code(s).\n", "")


def test_wrong_settings_end_in_a_line_with_the_time_where_it_is_asked_for(manage):
    with_time = manage("send_notices", "-v", "0", "--timestamps", PROXIES="abc")
    assert (with_time.returncode, with_time.stdout) == (1, "")
    time, _, said = with_time.stderr.partition(" The settings are wrong: ")
    assert datetime.fromisoformat(time).utcoffset() == timedelta(0)
    assert said == "PROXIES is 'abc'. It may be a whole number from 0 to 9.\n"
