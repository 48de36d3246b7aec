"""What a run had expired and not told when its process was killed, the next run tells."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, connection

from main.models import ExpirationRun, ReferralCode
from main.sweep.announcing import announce_batch, referral_codes_expired
from main.sweep.errors import SweepFailed
from main.sweep.run import sweep
from tests.conftest import NOW, make_code

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("clock", "one_connection")]
SHELL = ExpirationRun.StartedBy.SHELL


class Killed(BaseException):
    """Ends the process here, for all that the database can tell."""


@pytest.fixture
def told():
    """(code, run) of each code that listeners were told of."""
    heard = []

    def listener(codes, run, **kwargs):
        heard.extend((code.code, run.pk) for code in codes)

    referral_codes_expired.connect(listener)
    yield heard
    referral_codes_expired.disconnect(listener)


@pytest.fixture
def dead_run(three_overdue, monkeypatch, told):
    """A run that was killed when the batch of its second code was committed, and the third not begun."""

    def kill_at_the_second(codes, run, expired_at):
        if run.expired_count:
            raise Killed
        announce_batch(codes, run, expired_at)

    with monkeypatch.context() as patch:
        patch.setattr("main.sweep.run.announce_batch", kill_at_the_second)
        patch.setattr("main.sweep.ledger.close", lambda *args: None)
        with pytest.raises(Killed):
            sweep(SHELL, batch_size=1)
    run = ExpirationRun.objects.get()
    assert (run.state, run.expired_count, told) == ("running", 2, [("JOHNS-20", run.pk)])
    ExpirationRun.objects.update(last_sign_of_life=NOW - timedelta(hours=2))
    return run


def test_the_next_run_tells_it_under_the_dead_runs_number(dead_run, told, log_file):
    told.clear()
    alive = sweep(SHELL)
    # Nothing had noted yet that JOHNS-20 was told: the note goes with the next batch, and there was none after it.
    assert told == [("MARIA-15", dead_run.pk), ("ALEX-10", alive.pk)]
    dead_run.refresh_from_db()
    assert (dead_run.state, dead_run.expired_count) == ("interrupted", 2)
    assert f"expired MARIA-15 (id {ReferralCode.objects.get(code='MARIA-15').pk}, " in log_file.read_text()


def test_it_is_told_once_although_two_sweeps_start_at_the_same_time(dead_run, told):
    told.clear()
    sweep(SHELL)
    sweep(SHELL)
    assert [code for code, _ in told].count("MARIA-15") == 1


def test_a_code_that_somebody_has_put_to_work_again_is_not_told(dead_run, told):
    told.clear()
    ReferralCode.objects.filter(code="MARIA-15").update(status="active", expired_at=None, expires_at=None)
    sweep(SHELL)
    assert "MARIA-15" not in [code for code, _ in told]


def test_a_run_that_completed_is_not_told_again(three_overdue, told):
    sweep(SHELL, batch_size=1)
    told.clear()
    sweep(SHELL)
    assert told == []


def test_what_was_committed_although_the_answer_was_lost_is_told_and_counted(three_overdue, told, monkeypatch):
    commit, commits = connection.commit, []

    def lose_the_answer():
        commit()
        commits.append(1)
        if len(commits) == 2:
            raise DatabaseError("the connection is lost")

    monkeypatch.setattr(connection, "commit", lose_the_answer)
    with pytest.raises(SweepFailed, match="^Stopped early. 2 codes were already expired"):
        sweep(SHELL, batch_size=1)
    assert [code for code, _ in told] == ["JOHNS-20", "MARIA-15"]
    assert ExpirationRun.objects.get().expired_count == 2


def test_many_untold_codes_are_told_in_parts(told, monkeypatch):
    monkeypatch.setattr("main.sweep.reading.PAGE", 2)
    run = ExpirationRun.objects.create(
        started_at=NOW, last_sign_of_life=NOW - timedelta(hours=2), cutoff=NOW, started_by=SHELL, host="x", pid=1
    )
    for number in range(9):
        make_code(f"C-{number}", expires_at=NOW, status="inactive", expired_at=NOW, expired_by=run)
    sweep(SHELL)
    assert told == [(f"C-{number}", run.pk) for number in range(9)]
