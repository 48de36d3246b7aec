"""What one sweep does to codes and ledger, and what it leaves alone."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, transaction
from django.utils.translation import gettext_lazy, override

from main.models import ExpirationRun, ReferralCode
from main.signals import check_all_expired_referral_codes
from main.sweep.errors import SweepFailed, WrongClock
from main.sweep.run import referral_codes_expired, sweep
from tests.conftest import INSTANT, NOW, make_code

pytestmark = pytest.mark.django_db(transaction=True)
SHELL, TASK = ExpirationRun.StartedBy.SHELL, ExpirationRun.StartedBy.TASK


@pytest.fixture
def announced():
    """What listeners are told: a list of (codes, run) a commit."""
    told = []

    def listener(codes, run, **kwargs):
        told.append(([code.code for code in codes], run and run.pk))

    referral_codes_expired.connect(listener)
    yield told
    referral_codes_expired.disconnect(listener)


def test_a_sweep_expires_what_is_overdue_and_nothing_else(clock):
    make_code("PAST", expires_at=NOW - INSTANT)
    make_code("EDGE", expires_at=NOW)
    make_code("FUTURE", expires_at=NOW + INSTANT)
    make_code("NEVER")
    make_code("OFF", expires_at=NOW, status="inactive")

    run = sweep(TASK)

    assert list(ReferralCode.objects.order_by("id").values_list("code", "status", "expired_at", "expired_by")) == [
        ("PAST", "inactive", NOW, run.pk),
        ("EDGE", "inactive", NOW, run.pk),
        ("FUTURE", "active", None, None),
        ("NEVER", "active", None, None),
        ("OFF", "inactive", None, None),
    ]


def test_the_ledger_tells_when_by_whom_and_how_many(three_overdue, clock):
    run = sweep(TASK)
    run.refresh_from_db()
    assert (run.started_at, run.cutoff, run.ended_at) == (NOW, NOW, NOW)
    assert (run.started_by, run.state, run.expired_count) == ("task", "completed", 3)
    assert (run.error, run.warning) == ("", "")
    assert run.codes.count() == 3


def test_a_sweep_with_nothing_to_do_is_in_the_ledger_too(clock):
    make_code("FUTURE", expires_at=NOW + INSTANT)
    assert check_all_expired_referral_codes() == 0
    run = ExpirationRun.objects.get()
    assert (run.state, run.started_by, run.expired_count) == ("completed", "shell", 0)


def test_a_sweep_does_not_count_as_an_edit(clock):
    code = make_code("PAST", expires_at=NOW)
    clock.shift(3600)
    sweep(SHELL)
    assert ReferralCode.objects.get().updated_at == code.updated_at == NOW


@pytest.mark.parametrize("batch_size", [1, 2, 3, 100])
def test_batches_of_any_size_expire_the_same(three_overdue, clock, announced, batch_size):
    sizes = []
    run = sweep(SHELL, batch_size=batch_size, on_batch=sizes.append)
    assert sum(sizes) == run.expired_count == 3
    assert max(sizes) <= batch_size
    assert [code for codes, _ in announced for code in codes] == ["JOHNS-20", "MARIA-15", "ALEX-10"]
    assert {run_id for _, run_id in announced} == {run.pk}


def test_a_list_of_codes_too_long_for_memory_is_read_in_chapters(three_overdue, clock, monkeypatch):
    monkeypatch.setattr("main.sweep.pages.CHAPTER", 2)
    assert sweep(SHELL, batch_size=1).expired_count == 3


@pytest.mark.parametrize(
    ("edit", "status"),
    [({"discount": 1}, "inactive"), ({"expires_at": NOW + INSTANT}, "active"), ({"status": "inactive"}, "inactive")],
)
def test_a_code_that_is_edited_before_its_turn_is_judged_as_it_is_then(
    three_overdue, clock, one_connection, edit, status
):
    last = three_overdue[-1]
    edited = []

    def edit_the_last_one(size):
        if not edited:
            edited.append(ReferralCode.objects.filter(pk=last.pk).update(**edit))

    run = sweep(SHELL, batch_size=1, on_batch=edit_the_last_one)
    last.refresh_from_db()
    assert last.status == status
    assert last.expired_by == (run if "discount" in edit else None)
    assert run.expired_count == run.codes.count() == (3 if "discount" in edit else 2)


def test_a_sweep_within_a_transaction_is_part_of_it(three_overdue, clock, announced):
    with transaction.atomic():
        assert sweep(SHELL, batch_size=1).expired_count == 3
        assert announced == []
        transaction.set_rollback(True)
    assert ReferralCode.objects.overdue(NOW).count() == 3
    assert announced == []


def test_a_second_sweep_finds_nothing_left(three_overdue, clock):
    assert check_all_expired_referral_codes() == 3
    assert check_all_expired_referral_codes() == 0


def test_a_code_extended_and_overdue_again_belongs_to_the_run_that_expired_it_last(clock):
    code = make_code("X", expires_at=NOW)
    first = sweep(SHELL)
    code.refresh_from_db()
    code.status, code.expires_at = ReferralCode.Status.ACTIVE, NOW + timedelta(days=1)
    code.save()
    assert ReferralCode.objects.get().expired_by == first
    clock.shift(timedelta(days=1))
    second = sweep(SHELL)
    assert ReferralCode.objects.get().expired_by == second


def test_what_was_committed_before_a_failure_stands_and_the_next_sweep_finishes(three_overdue, clock, one_connection):
    finished = []

    def fail_at_the_second(size):
        finished.append(size)
        if len(finished) == 2:
            raise DatabaseError("the server is gone")

    with pytest.raises(SweepFailed) as failure:
        sweep(SHELL, batch_size=1, on_batch=fail_at_the_second)
    assert str(failure.value) == (
        "Stopped early. 2 codes were already expired and stay expired. "
        "The database rejected the statement. (the server is gone)"
    )
    broken = ExpirationRun.objects.get()
    assert (broken.state, broken.expired_count) == ("failed", 2)
    assert broken.error == "DatabaseError: the server is gone"
    assert broken.codes.count() == 2

    assert check_all_expired_referral_codes() == 1


def test_the_ledger_keeps_the_reason_in_english_and_each_reader_gets_it_in_their_language(three_overdue):
    def fail(size):
        raise WrongClock(gettext_lazy("Run %(run)d is undone already."), run=7)

    with override("el"), pytest.raises(SweepFailed) as failure:
        sweep(SHELL, on_batch=fail)
    assert ExpirationRun.objects.get().error == "Run 7 is undone already."
    assert str(failure.value).endswith(" expired. Run 7 is undone already.")


def test_a_listener_that_fails_harms_neither_the_sweep_nor_the_others(three_overdue, clock, announced, caplog):
    def broken(**kwargs):
        raise RuntimeError("no mail today")

    referral_codes_expired.connect(broken)
    try:
        assert sweep(SHELL).state == "completed"
    finally:
        referral_codes_expired.disconnect(broken)
    assert announced == [(["JOHNS-20", "MARIA-15", "ALEX-10"], ExpirationRun.objects.get().pk)]
    assert "no mail today" in caplog.text


def make_run(**fields):
    return ExpirationRun.objects.create(
        **{
            "started_at": NOW,
            "last_sign_of_life": NOW,
            "cutoff": NOW,
            "started_by": SHELL,
            "host": "elsewhere",
            "pid": 1,
        }
        | fields
    )


def test_a_run_that_fell_silent_is_marked_interrupted_by_the_next(clock):
    silent = make_run(last_sign_of_life=NOW - timedelta(hours=1) - INSTANT, expired_count=7)
    alive = make_run(last_sign_of_life=NOW - timedelta(hours=1))
    sweep(SHELL)
    silent.refresh_from_db()
    alive.refresh_from_db()
    assert (silent.state, silent.expired_count, silent.ended_at) == ("interrupted", 7, NOW)
    assert silent.error == "The process ended before the run did. The codes that it changed stay changed."
    assert alive.state == "running"


def test_a_run_whose_process_on_this_machine_is_gone_is_marked_at_once(clock, monkeypatch):
    monkeypatch.setattr("socket.gethostname", lambda: "here")

    def kill(pid, signal):
        assert signal == 0
        if pid == 111:
            raise ProcessLookupError
        if pid == 222:
            raise PermissionError

    monkeypatch.setattr("os.kill", kill)
    states = {}
    for host, pid in [("here", 111), ("here", 222), ("here", 333), ("elsewhere", 111)]:
        states[host, pid] = make_run(host=host, pid=pid)
    sweep(SHELL)
    for run in states.values():
        run.refresh_from_db()
    assert {key: run.state for key, run in states.items()} == {
        ("here", 111): "interrupted",
        ("here", 222): "running",
        ("here", 333): "running",
        ("elsewhere", 111): "running",
    }
