"""What a command says when its driver fails, or a person stops it."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
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
    with pytest.raises(CommandError, match=said.replace(".", r"\.")):
        call_command(*[argument.format(run=run.pk) for argument in arguments])
