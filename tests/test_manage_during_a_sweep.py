"""An edit on the page and a sweep of the same code at the same time, on a database that locks rows."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from tests.conftest import NOW, make_agent, make_code
from tests.test_concurrency import Holder

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("clock"),
    pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite locks the whole file; needs PostgreSQL"),
]


def wait_until_somebody_waits_for_a_lock() -> None:
    for _ in range(500):
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
            if cursor.fetchone()[0]:
                return
        threading.Event().wait(0.02)
    pytest.fail("nobody waits for a lock")


def test_an_edit_that_waited_for_a_sweep_keeps_what_the_sweep_wrote(admin_client: Client) -> None:
    code = make_code("MARIA-15", agent=make_agent("Maria Garcia"), discount=15, expires_at=NOW - timedelta(hours=1))
    sweeping = Holder(code, status="inactive", expired_at=NOW)
    url = reverse("edit_referral_code", args=[code.agent_id, code.pk])
    answers: list[Any] = []

    def edit() -> None:
        answers.append(admin_client.post(url, {"code": "MARIA-15", "discount": "5", "expires_at_0": "2026-12-31"}))
        connection.close()

    editing = threading.Thread(target=edit)
    editing.start()
    wait_until_somebody_waits_for_a_lock()
    sweeping.release.set()
    sweeping.join()
    editing.join()
    assert answers[0].status_code == 302
    code.refresh_from_db()
    assert (code.status, code.expired_at, code.discount) == ("inactive", NOW, 5)
