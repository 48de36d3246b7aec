"""Sweeps and edits at the same time, on a database that locks rows."""

import threading
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.db.models import F

from main.models import ExpirationRun, ReferralCode
from main.sweep import databases
from main.sweep.errors import SweepFailed
from main.sweep.run import sweep
from tests.conftest import NOW
from tests.patience import PATIENCE

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("clock"),
    pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite locks the whole file; needs PostgreSQL"),
]
SHELL = ExpirationRun.StartedBy.SHELL


class Holder(threading.Thread):
    """Another connection, which holds a row until it is told what to do with it."""

    def __init__(self, code, **edit):
        super().__init__()
        self.code, self.edit = code, edit
        self.holding, self.release = threading.Event(), threading.Event()
        self.start()
        assert self.holding.wait(PATIENCE)

    def run(self):
        with transaction.atomic():
            row = ReferralCode.objects.filter(pk=self.code.pk)
            row.select_for_update().get()
            self.holding.set()
            assert self.release.wait(PATIENCE)
            row.update(**self.edit or {"discount": F("discount")})
        connection.close()


def test_an_edit_that_extends_a_code_while_a_sweep_runs_is_kept(three_overdue):
    held = three_overdue[0]
    holder = Holder(held, expires_at=NOW + timedelta(days=36500))
    # The sweep skips the locked row, and reports its batch of the others.
    run = sweep(SHELL, on_batch=lambda size: holder.release.set())
    holder.join()
    held.refresh_from_db()
    assert (held.status, held.expired_by) == ("active", None)
    assert run.expired_count == run.codes.count() == 2


def test_a_locked_code_that_stays_overdue_is_expired_at_the_end_of_the_sweep(three_overdue):
    held = three_overdue[0]
    holder = Holder(held, discount=5)
    sizes = []

    def on_batch(size):
        sizes.append(size)
        holder.release.set()

    run = sweep(SHELL, on_batch=on_batch)
    holder.join()
    held.refresh_from_db()
    assert (held.status, held.discount, held.expired_by) == ("inactive", 5, run)
    assert sizes == [2, 1]
    assert run.expired_count == run.codes.count() == 3


def test_a_code_that_stays_locked_fails_the_run_and_the_rest_stands(three_overdue, monkeypatch):
    monkeypatch.setattr(databases, "LOCK_WAIT", timedelta(seconds=1))
    holder = Holder(three_overdue[0])
    try:
        with pytest.raises(SweepFailed, match="^Stopped early. 2 codes were already expired"):
            sweep(SHELL)
    finally:
        holder.release.set()
        holder.join()
    run = ExpirationRun.objects.get()
    assert (run.state, run.expired_count, run.codes.count()) == ("failed", 2, 2)
    assert "lock timeout" in run.error


def test_two_sweeps_at_once_expire_each_code_once():
    ReferralCode.objects.bulk_create(
        ReferralCode(code=f"CODE-{number}", expires_at=NOW - timedelta(days=900)) for number in range(500)
    )
    start = threading.Barrier(2)
    runs = []

    def sweeper():
        start.wait(PATIENCE)
        runs.append(sweep(SHELL, batch_size=7))
        connection.close()

    threads = [threading.Thread(target=sweeper) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(run.expired_count for run in runs) == 500
    assert [run.codes.count() for run in runs] == [run.expired_count for run in runs]
    assert not ReferralCode.objects.overdue().exists()


def test_a_connection_lost_after_a_batch_fails_the_run_and_what_was_committed_stands(three_overdue, one_connection):
    def lose_connection(size):
        pid = connection.connection.info.backend_pid
        with connection.copy().cursor() as another:
            another.execute("SELECT pg_terminate_backend(%s)", [pid])
            another.db.close()

    with pytest.raises(SweepFailed, match="^Stopped early. 1 code was already expired"):
        sweep(SHELL, batch_size=1, on_batch=lose_connection)
    run = ExpirationRun.objects.get()
    assert (run.state, run.expired_count, run.codes.count()) == ("failed", 1, 1)
    assert sweep(SHELL).expired_count == 2
