"""Health: red when a code is overdue for too long or the last run failed, else green; for pages and commands."""

import json
from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
import time_machine
from django.core.management import call_command
from django.db import connection

from main.models import ExpirationRun, ReferralCode

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
LIMIT = timedelta(hours=26)


@pytest.fixture(autouse=True)
def _nine_in_the_morning():
    with time_machine.travel(NOW, tick=False):
        yield


def make_run(state="completed", **fields):
    values = {"cutoff": NOW, "ended_at": NOW, "started_by": "command", "host": "here", "pid": 1, **fields}
    return ExpirationRun.objects.create(started_at=NOW, last_sign_of_life=NOW, state=state, **values)


def make_overdue(age):
    return ReferralCode.objects.bulk_create([ReferralCode(code="SECRET-20", expires_at=NOW - age)])[0]


def health(client):
    response = client.get("/health/")
    return response.status_code, response.json()


def command(*options):
    output = StringIO()
    try:
        call_command("expiration_health", *options, stdout=output)
    except SystemExit as end:
        return end.code, output.getvalue()
    return 0, output.getvalue()


GREEN = {"healthy": True, "problems": [], "database_reachable": True}


@pytest.mark.django_db
def test_a_new_installation_is_healthy(client):
    assert health(client) == (200, GREEN | {"last_completed_run": None, "oldest_overdue": None})
    assert command() == (0, "Healthy.\nLast completed run: none.\nOldest overdue code: none.\n")


@pytest.mark.django_db
def test_after_a_good_night_it_tells_when(client):
    make_run()
    assert health(client) == (200, GREEN | {"last_completed_run": "2026-11-21T09:00:00Z", "oldest_overdue": None})
    assert command() == (0, "Healthy.\nLast completed run: 2026-11-21 09:00 UTC.\nOldest overdue code: none.\n")


@pytest.mark.django_db
def test_a_code_overdue_for_the_limit_is_healthy(client):
    make_overdue(LIMIT)
    assert health(client)[0] == 200
    assert command()[0] == 0


@pytest.mark.django_db
def test_a_code_overdue_for_longer_is_not_and_is_not_named(client):
    make_overdue(LIMIT + timedelta(microseconds=1))
    problem = "A code has been overdue for 26 hours: run `python manage.py expire_referral_codes`."
    assert health(client) == (
        503,
        {
            "healthy": False,
            "problems": [problem],
            "database_reachable": True,
            "last_completed_run": None,
            "oldest_overdue": "2026-11-20T06:59:59.999Z",
        },
    )
    assert command() == (
        1,
        f"Not healthy.\n  - {problem}\nLast completed run: none.\nOldest overdue code: 2026-11-20 06:59 UTC.\n",
    )


@pytest.mark.django_db
def test_the_limit_is_a_setting(client, settings):
    settings.EXPIRATION_OVERDUE_LIMIT = 0.5
    make_overdue(timedelta(minutes=31))
    assert health(client)[0] == 503


@pytest.mark.django_db
def test_a_code_that_was_expired_is_not_overdue(client):
    ReferralCode.objects.filter(pk=make_overdue(2 * LIMIT).pk).update(status="inactive")
    assert health(client)[0] == 200


@pytest.mark.django_db
@pytest.mark.parametrize("state", ["failed", "interrupted"])
def test_a_failed_last_run_is_red_without_its_error(client, state):
    make_run()
    failed = make_run(state, error="password=hunter2")
    status, found = health(client)
    assert (status, found["problems"]) == (503, [f"The last run, {failed.pk}, {state}: the ledger says why."])
    assert "hunter2" not in str(found)


@pytest.mark.django_db
@pytest.mark.parametrize("state", ["completed", "undone"])
def test_a_good_run_after_a_failed_one_is_green(client, state):
    make_run("failed")
    make_run(state)
    assert health(client)[0] == 200


@pytest.mark.django_db
def test_a_run_under_way_does_not_hide_the_failed_one_before_it(client):
    make_run("failed")
    make_run("running", ended_at=None)
    assert health(client)[0] == 503


@pytest.mark.django_db
def test_an_undo_is_no_run_of_the_sweep(client):
    run = make_run("failed")
    make_run("completed", undo_of=run)
    status, found = health(client)
    assert (status, found["last_completed_run"]) == (503, None)


@pytest.mark.django_db
def test_what_staff_expire_by_hand_neither_hides_a_failed_night_nor_is_one(client):
    make_run("completed", started_by="admin")
    assert health(client)[1]["last_completed_run"] is None
    make_run("failed", started_by="admin")
    assert health(client)[0] == 200
    make_run("failed")
    make_run("completed", started_by="admin")
    assert health(client)[0] == 503


@pytest.mark.django_db
def test_as_json_the_command_says_what_the_page_says(client):
    make_run()
    green = '{"healthy": true, "problems": [], "database_reachable": true, "last_completed_run": "2026-11-21T09:00:00Z", "oldest_overdue": null}'  # noqa: E501
    assert command("--format", "json") == (0, f"{green}\n")
    assert client.get("/health/").content.decode() == green

    make_overdue(LIMIT + timedelta(hours=1))
    make_run("failed")
    code, red = command("--format", "json")
    page = client.get("/health/")
    assert (code, page.status_code) == (1, 503)
    assert red == f"{page.content.decode()}\n"
    assert len(json.loads(red)["problems"]) == 2


@pytest.mark.django_db
def test_a_probe_gets_no_cookie_and_no_cached_answer(client):
    response = client.get("/health/")
    assert not response.cookies
    assert response["Cache-Control"] == "max-age=0, no-cache, no-store, must-revalidate, private"
    assert response["Content-Type"] == "application/json"


@pytest.mark.django_db
@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_a_probe_can_only_read(client, method):
    assert getattr(client, method)("/health/").status_code == 405


@pytest.mark.django_db
def test_four_queries_each_served_by_an_index(client, django_assert_num_queries):
    ReferralCode.objects.bulk_create(
        ReferralCode(code=f"C-{number}", expires_at=NOW + timedelta(days=number - 50)) for number in range(3000)
    )
    # Of those that have ended, another index has the dates too.
    ReferralCode.objects.bulk_create(
        ReferralCode(code=f"ENDED-{number}", expires_at=NOW - timedelta(days=number), status="inactive")
        for number in range(3000)
    )
    ExpirationRun.objects.bulk_create(
        ExpirationRun(started_at=NOW, last_sign_of_life=NOW, cutoff=NOW, ended_at=NOW, state="completed", pid=1)
        for _ in range(3000)
    )
    with django_assert_num_queries(4) as queries:
        client.get("/health/")
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE main_referralcode, main_expirationrun")
            plans = []
            for query in queries.captured_queries[:3]:  # the last asks for a setting of the server
                cursor.execute(f"EXPLAIN {query['sql']}")
                plans.append("\n".join(line for (line,) in cursor.fetchall()))
        assert all("Index" in plan and "Seq Scan" not in plan and "Sort" not in plan for plan in plans), plans
        assert "referralcode_overdue" in plans[2]
