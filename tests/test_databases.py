"""PostgreSQL and SQLite are known; any other database is refused with a sentence, by the check and by the sweep."""

import pytest
from django.core.checks import run_checks
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.backends.dummy.base import DatabaseWrapper

from main.sweep import databases
from main.sweep.errors import WrongDatabase
from main.sweep.run import sweep

pytestmark = pytest.mark.django_db  # newer Djangos ask the database which generated columns it knows

UNKNOWN = "Referral codes need PostgreSQL or SQLite; the settings name unknown."
OLD = "Referral codes need SQLite 3.35 or later; this Python has 3.34.1."


@pytest.fixture
def unknown(monkeypatch):
    """What Django makes of settings without a database; its backend for MySQL needs a driver that is not installed."""
    monkeypatch.setattr(databases, "connection", DatabaseWrapper({}))


@pytest.fixture
def too_old(monkeypatch):
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL's version is Django's affair")
    monkeypatch.setattr("sqlite3.dbapi2.sqlite_version_info", (3, 34, 1))
    monkeypatch.setattr("sqlite3.dbapi2.sqlite_version", "3.34.1")


def refusals():
    return [message.msg for message in run_checks() if message.id == "main.E004"]


@pytest.mark.parametrize(("fixture", "sentence"), [("unknown", UNKNOWN), ("too_old", OLD)])
def test_another_is_refused_by_the_check_and_by_each_command(request, fixture, sentence):
    request.getfixturevalue(fixture)
    assert refusals() == [sentence]
    with pytest.raises(WrongDatabase, match=sentence):
        sweep("shell")
    for command in (["expire_referral_codes"], ["expire_referral_codes", "--dry-run"], ["undo_expiration_run", "1"]):
        with pytest.raises(CommandError, match=f"^{sentence}$"):
            call_command(*command)


@pytest.mark.parametrize("oldest", [(3, 35), (3, 35, 0), (3, 46, 1)])
def test_sqlite_from_3_35_on_is_known(monkeypatch, oldest):
    monkeypatch.setattr("sqlite3.dbapi2.sqlite_version_info", oldest)
    assert refusals() == []


@pytest.mark.parametrize("scheme", ["mysql", "mariadb", "oracle"])
def test_the_settings_refuse_the_address_of_another(manage, scheme):
    refused = manage("expire_referral_codes", DATABASE_URL=f"{scheme}://someone:secret@127.0.0.1/knossos")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr.startswith("The settings are wrong: DATABASE_URL is ")
    assert "It may be sqlite:///FILE or postgres://USER:PASSWORD@HOST:PORT/NAME." in refused.stderr
    assert "secret" not in refused.stderr
    assert refused.stderr.count("\n") == 1
