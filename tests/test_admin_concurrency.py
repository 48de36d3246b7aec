"""Staff and a sweep, or two of the staff, at the same codes at the same time."""

import json
import threading
from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.messages import get_messages
from django.db import connection
from django.db.models.signals import pre_save

from main.codes.editing import version
from main.models import ExpirationRun, ReferralCode
from main.sweep import databases
from main.sweep.chosen import expire_now
from tests.conftest import NOW, make_code
from tests.patience import PATIENCE
from tests.staff import make_run
from tests.test_concurrency import Holder

LIST = "/admin/main/referralcode/"
DAY = timedelta(days=1)
locks_rows = pytest.mark.skipif(
    "connection.vendor != 'postgresql'", reason="SQLite locks the whole file; needs PostgreSQL"
)
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("clock", "staff_signed_in")]


def said(response):
    return [str(message) for message in get_messages(response.wsgi_request)]


def seen(*codes):
    """What the page that asks sends along."""
    return json.dumps({code.pk: version(code) for code in codes})


def release_when_waited_for(release):
    """Set the event as soon as somebody waits for a lock, as the database server sees it; in a thread of its own."""

    def watch():
        with connection.copy().cursor() as cursor:
            for _ in range(1000):
                cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
                if cursor.fetchone()[0]:
                    break
                cursor.execute("SELECT pg_sleep(0.01)")
            cursor.db.close()
        release.set()

    watcher = threading.Thread(target=watch)
    watcher.start()
    return watcher


@locks_rows
def test_a_save_waits_for_a_sweep_that_holds_the_code_and_the_run_keeps_it(client):
    run = make_run(NOW)
    code = make_code("LATE-10", expires_at=NOW - DAY)
    sweep = Holder(code, status="inactive", expired_at=NOW, expired_by=run)
    watcher = release_when_waited_for(sweep.release)
    client.post(
        f"{LIST}{code.pk}/change/",
        {"code": "LATE-10", "discount": "5", "expires_at_0": "2026-12-24", "expires_at_1": "", "status": "active"},
    )
    watcher.join()
    sweep.join()
    code.refresh_from_db()
    assert (code.status, code.discount, code.expired_at, code.expired_by) == ("active", 5, None, run)


@locks_rows
def test_an_extension_waits_for_a_sweep_that_holds_the_code_and_wins(client):
    run = make_run(NOW)
    code = make_code("LATE-10", expires_at=NOW - DAY)
    sweep = Holder(code, status="inactive", expired_at=NOW, expired_by=run)
    watcher = release_when_waited_for(sweep.release)
    response = client.post(
        LIST, {"action": "extend_by_7_days", "_selected_action": [code.pk], "index": "0", "seen": seen(code)}
    )
    watcher.join()
    sweep.join()
    assert said(response)[0].startswith("LATE-10 was extended by 7 days and is active again.")
    code.refresh_from_db()
    assert (code.status, code.expires_at, code.expired_by) == ("active", NOW + 7 * DAY, run)


@locks_rows
def test_expiring_a_code_that_stays_locked_does_nothing_and_says_so(client, monkeypatch):
    monkeypatch.setattr(databases, "LOCK_WAIT", timedelta(seconds=1))
    held, free = make_code("HELD-10"), make_code("FREE-10")
    other = Holder(held, discount=5)
    try:
        response = client.post(
            LIST, {"action": "expire", "_selected_action": [held.pk, free.pk], "seen": seen(held, free)}
        )
    finally:
        other.release.set()
        other.join()
    assert said(response) == ["Nothing was expired: someone else holds these codes. Try again in a moment."]
    assert set(ReferralCode.objects.values_list("status", flat=True)) == {"active"}
    assert ExpirationRun.objects.get().state == "failed"
    assert not LogEntry.objects.exists()


@locks_rows
def test_two_people_who_expire_a_code_at_the_same_instant_make_one_run(client):
    code = make_code("ON-10")
    page = seen(code)
    holding, release = threading.Event(), threading.Event()

    def is_as_seen(code):  # is asked under the lock
        holding.set()
        return release.wait(PATIENCE)

    def expire_first():
        expire_now(ReferralCode.objects.all(), is_as_seen=is_as_seen)
        connection.close()

    first = threading.Thread(target=expire_first)
    first.start()
    assert holding.wait(PATIENCE)
    watcher = release_when_waited_for(release)
    response = client.post(LIST, {"action": "expire", "_selected_action": [code.pk], "seen": page})
    watcher.join()
    first.join()
    assert said(response) == ["ON-10 was left as it is: it has been changed since you saw it."]
    run = ExpirationRun.objects.get()
    assert (run.state, run.expired_count, run.person) == ("completed", 1, None)
    assert not LogEntry.objects.exists()


def test_a_chosen_code_that_left_the_list_meanwhile_is_left_alone_and_counted(client):
    late, extended = make_code("LATE-10", expires_at=NOW - DAY), make_code("EXTENDED-10", expires_at=NOW + DAY)
    response = client.post(
        f"{LIST}?state=overdue",
        {"action": "switch_off", "_selected_action": [late.pk, extended.pk], "seen": seen(late, extended)},
    )
    told = said(response)
    assert told[0] == "1 of the chosen codes could not be found in the list."
    assert told[1].startswith("LATE-10 was switched off.")
    assert len(told) == 2
    extended.refresh_from_db()
    assert extended.status == "active"


def test_a_code_that_someone_else_creates_at_the_same_moment_is_no_error_page(client):
    def create_first(instance, **kwargs):
        pre_save.disconnect(create_first, ReferralCode)
        ReferralCode.objects.bulk_create([ReferralCode(code=instance.code)])

    pre_save.connect(create_first, ReferralCode)
    response = client.post(f"{LIST}add/", {"code": "JOHNS-20", "discount": "20", "status": "active"})
    assert response.status_code == 302
    assert said(response) == ["Nothing was saved: this code was created by someone else just now."]
