"""Undoing a run puts back what it expired and nobody has touched since, and nothing else."""

import logging
from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
import time_machine
from django.core.management import CommandError, call_command

from main.models import ExpirationRun, ReferralCode
from main.sweep.errors import CannotUndo
from main.sweep.run import sweep
from main.sweep.undo import undo

pytestmark = pytest.mark.django_db

SHELL = ExpirationRun.StartedBy.SHELL
NIGHT = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)


def make_codes(*names):
    expires = [NIGHT - timedelta(hours=len(names) - position) for position in range(len(names))]
    # As an import writes them: a save would expire them at once.
    with time_machine.travel(NIGHT - timedelta(days=1), tick=False):
        ReferralCode.objects.bulk_create(
            ReferralCode(code=name, expires_at=expiry) for name, expiry in zip(names, expires, strict=True)
        )


@pytest.fixture
def run():
    make_codes("EXTENDED-1", "KEPT-1", "OFF-1", "EDITED-1", "DELETED-1", "KEPT-2")
    with time_machine.travel(NIGHT, tick=False):
        run = sweep(SHELL)
    with time_machine.travel(NIGHT + timedelta(hours=7), tick=False):
        _touch("EXTENDED-1", status="active", expires_at=NIGHT + timedelta(days=30))
        _touch("OFF-1", status="active", expires_at=NIGHT + timedelta(days=30))
        _touch("OFF-1", status="inactive")
        _touch("EDITED-1", discount=15)
        ReferralCode.objects.get(code="DELETED-1").delete()
    with time_machine.travel(NIGHT + timedelta(hours=8), tick=False):
        yield run


def _touch(name, **changes):
    code = ReferralCode.objects.get(code=name)
    for field, value in changes.items():
        setattr(code, field, value)
    code.save()


def undone(*arguments, **options):
    output = StringIO()
    call_command("undo_expiration_run", *arguments, stdout=output, **options)
    return output.getvalue()


def states():
    return {code.code: (code.status, code.expired_at, code.expired_by_id) for code in ReferralCode.objects.all()}


def test_puts_back_what_nobody_touched_and_says_what_it_left_and_why(run):
    before = states()
    output = undone(run.pk)
    undoing = ExpirationRun.objects.latest()
    assert output == (
        f"Put back 2 referral code(s) of run {run.pk}; this is run {undoing.pk}.\n"
        "  - KEPT-1\n"
        "  - KEPT-2\n"
        "Left as it is: EDITED-1 (edited since)\n"
        "Left as it is: EXTENDED-1 (active again already)\n"
        "Left as it is: OFF-1 (switched off since)\n"
        "1 code of this run cannot be named: deleted, or taken over by another run before the ledger kept its lists.\n"
    )
    back = ("active", None, undoing.pk)
    assert states() == before | {"KEPT-1": back, "KEPT-2": back}


def test_is_itself_in_the_ledger_and_marks_the_run(run):
    undone(run.pk)
    run.refresh_from_db()
    undoing = ExpirationRun.objects.latest()
    assert (run.state, run.expired_count) == ("undone", 6)
    assert (undoing.undo_of, undoing.state, undoing.restored_count, undoing.expired_count) == (run, "completed", 2, 0)
    assert list(ExpirationRun.objects.sweeps()) == [run]


def test_is_in_the_log_one_line_a_code(run, caplog, django_capture_on_commit_callbacks):
    caplog.set_level(logging.INFO, "main.signals")
    with django_capture_on_commit_callbacks(execute=True):
        undoing = undo(run, SHELL)
    kept = ReferralCode.objects.filter(expired_by=undoing).order_by("expires_at")
    assert [record.getMessage() for record in caplog.records if record.getMessage().startswith("restored")] == [
        "\n".join(
            f"restored {code.code} (id {code.pk}, no agent, expiry {code.expires_at})"
            f" by run {undoing.pk}, undoing run {run.pk}"
            for code in kept
        )
    ]


def test_the_dry_run_says_the_same_and_writes_nothing(run):
    before = states()
    assert undone(run.pk, dry_run=True) == (
        f"[DRY RUN] Would put back 2 referral code(s) of run {run.pk}:\n"
        "  - KEPT-1\n"
        "  - KEPT-2\n"
        "Left as it is: EDITED-1 (edited since)\n"
        "Left as it is: EXTENDED-1 (active again already)\n"
        "Left as it is: OFF-1 (switched off since)\n"
        "1 code of this run cannot be named: deleted, or taken over by another run before the ledger kept its lists.\n"
    )
    assert states() == before
    assert ExpirationRun.objects.count() == 1


def test_says_the_first_line_only_when_asked_to_be_quiet(run):
    assert undone(run.pk, dry_run=True, verbosity=0) == (
        f"[DRY RUN] Would put back 2 referral code(s) of run {run.pk}:\n"
    )


def test_a_second_undo_is_refused_and_changes_nothing(run):
    undone(run.pk)
    before = states()
    with pytest.raises(CommandError, match=rf"^Run {run.pk} is undone already\.$"):
        undone(run.pk)
    assert states() == before


def test_an_undo_that_was_cut_short_is_finished_by_the_next(run, monkeypatch):
    monkeypatch.setattr("main.sweep.undo.BATCH_SIZE", 1)

    def die(size):
        raise SystemExit

    with pytest.raises(SystemExit):
        undo(run, SHELL, on_batch=die)
    run.refresh_from_db()
    first = ExpirationRun.objects.latest()
    assert (run.state, first.state, first.restored_count) == ("completed", "interrupted", 1)

    second = undo(run, SHELL)
    assert (run.state, second.state, second.restored_count) == ("undone", "completed", 1)
    assert undone_codes(first) == ["KEPT-1"]
    assert undone_codes(second) == ["KEPT-2"]


def undone_codes(undoing):
    return list(undoing.codes.values_list("code", flat=True))


def test_a_code_that_is_past_its_date_is_swept_again(run):
    undone(run.pk)
    again = sweep(SHELL)
    assert sorted(undone_codes(again)) == ["KEPT-1", "KEPT-2"]


def test_codes_of_another_run_stay_as_they_are(run):
    make_codes("OTHER-1")
    other = sweep(SHELL)
    undone(run.pk)
    assert ReferralCode.objects.get(code="OTHER-1").expired_by == other


def test_a_code_that_a_save_expired_stays_as_it_is(run):
    ReferralCode.objects.create(code="SAVED-1", expires_at=NIGHT)
    undone(run.pk)
    assert ReferralCode.objects.get(code="SAVED-1").status == "inactive"


def test_a_code_saved_in_the_very_instant_of_its_expiry_counts_as_untouched(run):
    kept = ReferralCode.objects.filter(code="KEPT-1")
    kept.update(updated_at=NIGHT)
    assert "KEPT-1" in undone(run.pk, dry_run=True).split("Left")[0]


def test_a_code_saved_just_after_its_expiry_is_left(run):
    kept = ReferralCode.objects.filter(code="KEPT-1")
    kept.update(updated_at=NIGHT + timedelta(microseconds=1))
    assert "Left as it is: KEPT-1 (edited since)" in undone(run.pk, dry_run=True)


@pytest.mark.parametrize("state", ["failed", "interrupted"])
def test_a_run_that_did_not_complete_can_be_undone(run, state):
    ExpirationRun.objects.filter(pk=run.pk).update(state=state)
    assert undone(run.pk).startswith("Put back 2 ")


def test_a_running_run_is_refused(run):
    run.state = ExpirationRun.State.RUNNING
    with pytest.raises(CannotUndo, match=rf"^Run {run.pk} is still running: wait until it has ended, or stop it"):
        undo(run, SHELL)


def test_an_undo_is_not_undone(run):
    undoing = undo(run, SHELL)
    with pytest.raises(CannotUndo, match=rf"^Run {undoing.pk} is itself the undo of run {run.pk}. The next sweep"):
        undo(undoing, SHELL)


@pytest.mark.parametrize("number", [0, -1, 999_999, 2**63, 10**30])
def test_a_run_that_does_not_exist_is_said_so(db, number):
    with pytest.raises(CommandError, match=rf"^There is no run {number} in the ledger\.$"):
        undone(number)


@pytest.mark.parametrize("number", ["", "x", "1.5", "\0", "\u0661x", "nan"])
def test_what_is_no_number_is_refused_as_wrong_usage(db, number):
    with pytest.raises(CommandError, match=r"invalid int value"):
        undone(number)
