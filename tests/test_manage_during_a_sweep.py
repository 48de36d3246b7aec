"""A person and a sweep at the same code at the same time, on a database that locks rows."""

import threading
from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.db import connection
from django.db.models.signals import pre_delete

from main.models import ExpirationRun, ReferralCode
from main.sweep.run import sweep
from tests.conftest import NOW, make_agent, make_code
from tests.staff import make_run
from tests.test_concurrency import Holder

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("clock"),
    pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite locks the whole file; needs PostgreSQL"),
]


@pytest.fixture
def code():
    """A code that reached its date an hour ago."""
    maria = make_agent("Maria Garcia")
    return make_code("MARIA-15", agent=maria, discount=15, expires_at=NOW - timedelta(hours=1))


class OnItsOwnConnection(threading.Thread):
    """Does something beside the test, with a connection of its own to the database."""

    def __init__(self, work):
        super().__init__()
        self.work = work
        self.start()

    def run(self):
        self.result = self.work()
        connection.close()


def wait_until_somebody_waits_for_a_lock():
    for _ in range(500):
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
            if cursor.fetchone()[0]:
                return
        threading.Event().wait(0.02)
    pytest.fail("nobody waits for a lock")


def test_an_edit_that_waited_for_a_sweep_keeps_what_the_sweep_wrote(admin_client, code):
    sweeping = Holder(code, status="inactive", expired_at=NOW)
    fields = {"code": "MARIA-15", "discount": "5", "expires_at_0": "2026-12-31"}
    editing = OnItsOwnConnection(lambda: admin_client.post(f"/profile/{code.agent_id}/codes/{code.pk}/edit/", fields))
    wait_until_somebody_waits_for_a_lock()
    sweeping.release.set()
    sweeping.join()
    editing.join()
    assert editing.result.status_code == 302
    code.refresh_from_db()
    assert (code.status, code.expired_at, code.discount) == ("inactive", NOW, 5)


def on_the_page(client, code):
    return client.post(f"/profile/{code.agent_id}/codes/{code.pk}/delete/")


def in_the_admin(client, code):
    return client.post(f"/admin/main/referralcode/{code.pk}/delete/", {"post": "yes"})


def in_bulk(client, code):
    chosen = {"action": "delete_selected", "_selected_action": [code.pk], "post": "yes"}
    return client.post("/admin/main/referralcode/", chosen)


WAYS = pytest.mark.parametrize("delete", [on_the_page, in_the_admin, in_bulk])


@WAYS
def test_a_code_that_a_run_expires_first_is_kept(admin_client, code, delete):
    run = make_run(NOW, expired_count=1)
    expiring = Holder(code, status="inactive", expired_at=NOW, expired_by=run)
    deleting = OnItsOwnConnection(lambda: delete(admin_client, code))
    wait_until_somebody_waits_for_a_lock()
    expiring.release.set()
    expiring.join()
    deleting.join()
    code.refresh_from_db()
    assert (code.status, code.expired_by) == ("inactive", run)


@contextmanager
def before_a_deletion(do):
    def receiver(**kwargs):
        do()

    pre_delete.connect(receiver, ReferralCode)
    try:
        yield
    finally:
        pre_delete.disconnect(receiver, ReferralCode)


@WAYS
def test_a_code_that_is_deleted_first_is_not_counted_by_the_run(admin_client, code, delete):
    sweeps = []

    def sweep_meanwhile():
        sweeps.append(OnItsOwnConnection(lambda: sweep(ExpirationRun.StartedBy.COMMAND)))
        wait_until_somebody_waits_for_a_lock()

    with before_a_deletion(sweep_meanwhile):
        delete(admin_client, code)
    sweeps[0].join()
    run = ExpirationRun.objects.get()
    assert (run.state, run.expired_count) == ("completed", 0)
    assert not ReferralCode.objects.exists()
