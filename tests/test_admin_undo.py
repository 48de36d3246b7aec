"""A run is undone from the ledger by one who may change codes, after a page that says what that will do."""

from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.db import OperationalError

from main.models import ExpirationRun, ReferralCode
from main.sweep.run import sweep
from tests.conftest import NOW, make_agent, make_code
from tests.staff import make_run, make_staff, notes_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]


@pytest.fixture
def run(clock):
    clock.shift(-timedelta(hours=1))
    make_code("KEPT-1", agent=make_agent("Maria Garcia"), expires_at=NOW - timedelta(hours=2))
    edited = make_code("EDITED-1", expires_at=NOW - timedelta(hours=2))
    run = sweep(ExpirationRun.StartedBy.COMMAND)
    clock.shift(timedelta(hours=1))
    edited.refresh_from_db()
    edited.discount = 5
    edited.save()
    return run


def page_of(run):
    return f"/admin/main/expirationrun/{run.pk}/change/"


def undo_of(run):
    return f"/admin/main/expirationrun/{run.pk}/undo/"


def states():
    return dict(ReferralCode.objects.values_list("code", "status"))


def test_the_run_has_a_button_that_asks_first_and_changes_nothing(client, run):
    client.force_login(make_staff())
    assert f'href="{undo_of(run)}"' in client.get(page_of(run)).content.decode()
    text = client.get(undo_of(run)).content.decode()
    assert "1 code that this run expired, and that nobody has edited since, will be active again." in text
    assert "KEPT-1" in text
    assert "<li>EDITED-1: edited since</li>" in text
    assert states() == {"KEPT-1": "inactive", "EDITED-1": "inactive"}


def test_confirmed_it_is_undone_and_said_and_in_the_history(client, run):
    client.force_login(make_staff())
    response = client.post(undo_of(run), follow=True)
    undoing = ExpirationRun.objects.first()
    assert [str(message) for message in response.context["messages"]] == [
        f'1 code of run {run.pk} was put back. <a href="{page_of(undoing)}">See the undo</a>'
    ]
    assert states() == {"KEPT-1": "active", "EDITED-1": "inactive"}
    assert (undoing.undo_of, undoing.started_by) == (run, "admin")
    entry = LogEntry.objects.get()
    assert entry.object_id == str(run.pk)
    assert notes_of(client, f"main/expirationrun/{run.pk}") == [f"Undone by run {undoing.pk}: 1 code put back."]


def test_an_undone_run_has_no_button_and_a_second_try_is_refused(client, run):
    client.force_login(make_staff())
    client.post(undo_of(run))
    assert undo_of(run) not in client.get(page_of(run)).content.decode()
    response = client.post(undo_of(run), follow=True)
    assert [str(message) for message in response.context["messages"]][-1] == f"Run {run.pk} is undone already."
    assert ExpirationRun.objects.count() == 2


def test_a_run_with_nothing_left_says_so(client):
    run = make_run(NOW - timedelta(hours=10))
    client.force_login(make_staff())
    assert "There are no codes to put back." in client.get(undo_of(run)).content.decode()


@pytest.mark.parametrize("method", ["get", "post"])
def test_one_who_may_not_change_codes_can_neither_ask_nor_undo(client, run, method):
    client.force_login(make_staff("looker", "view_expirationrun", "view_referralcode"))
    assert undo_of(run) not in client.get(page_of(run)).content.decode()
    assert getattr(client, method)(undo_of(run)).status_code == 403
    assert states() == {"KEPT-1": "inactive", "EDITED-1": "inactive"}


@pytest.mark.parametrize("number", ["999999", "x", "0", "9" * 30, "%00"])
def test_a_run_that_does_not_exist_is_not_found(client, number):
    client.force_login(make_staff())
    assert client.get(f"/admin/main/expirationrun/{number}/undo/").status_code == 404


def test_a_locked_code_is_said_in_plain_words(client, run, monkeypatch):
    def fail(*args, **kwargs):
        raise OperationalError("canceling statement due to lock timeout")

    monkeypatch.setattr("main.sweep.undo._restore_batch", fail)
    client.force_login(make_staff())
    response = client.post(undo_of(run), follow=True)
    (message,) = response.context["messages"]
    assert str(message).startswith("Stopped early. 0 codes were already put back and stay active. ")
    assert ExpirationRun.objects.first().state == "failed"
