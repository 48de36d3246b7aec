"""A database that can only be read: a page that says so, at signing in and at an undo as everywhere."""

import pytest
from django.contrib.auth.models import User
from django.db import connection

from main.models import ExpirationRun
from main.sweep.errors import READ_ONLY
from main.sweep.run import sweep
from tests.conftest import NOW, make_code

pytestmark = pytest.mark.django_db(transaction=True)
NEW = "thread-of-theseus"
SENTENCE = "At this moment everything can be read, and nothing can be changed."


@pytest.fixture
def read_only():
    on, off = {
        "sqlite": ("PRAGMA query_only = ON", "PRAGMA query_only = OFF"),
        "postgresql": ("SET default_transaction_read_only = on", "RESET default_transaction_read_only"),
    }[connection.vendor]

    def switch():
        with connection.cursor() as cursor:
            cursor.execute(on)

    yield switch
    with connection.cursor() as cursor:
        cursor.execute(off)


def test_everything_can_be_read_and_each_change_is_answered_with_the_sentence(client, read_only):
    make_code("LATE-10", expires_at=NOW)
    run = sweep(ExpirationRun.StartedBy.SHELL)
    anna = User.objects.create_superuser("anna", password="knot-of-ariadne")
    client.force_login(anna, "django.contrib.auth.backends.ModelBackend")
    client.raise_request_exception = False
    read_only()
    assert client.get("/profile/").status_code == 200
    assert client.get(f"/admin/main/expirationrun/{run.pk}/undo/").status_code == 200
    changes = {
        "/sign-in/": {"username": "anna", "password": "knot-of-ariadne"},
        "/admin/login/": {"username": "anna", "password": "wrong"},
        f"/admin/main/expirationrun/{run.pk}/undo/": {"post": "yes"},
        "/password/": {"old_password": "knot-of-ariadne", "new_password1": NEW, "new_password2": NEW},
    }
    for address, fields in changes.items():
        response = client.post(address, fields)
        assert (response.status_code, SENTENCE in response.content.decode()) == (503, True), address


def test_health_is_red_and_says_so(client, read_only):
    assert client.get("/health/").status_code == 200
    read_only()
    answer = client.get("/health/")
    assert (answer.status_code, answer.json()["problems"]) == (503, [READ_ONLY])
    assert answer.json()["database_reachable"]
