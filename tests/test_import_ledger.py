"""An import is a row of a ledger: who, which file, when. It can be undone while untouched; what is said is true."""

import hashlib
from datetime import timedelta
from io import StringIO

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command

from main.importing import writing
from main.management.commands import import_codes as command
from main.models import CodeImport, ExpirationRun, ReferralCode, UserProfile
from main.sweep.run import sweep
from tests.conftest import NOW, latest_import, make_code
from tests.staff import make_staff

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]

CONTENT = "code,agent,expires_at\nA-1,Ana,2026-12-31\nA-2,Ana,2026-11-20\nA-3,,\n"


def undo(number, *options):
    out = StringIO()
    try:
        call_command("undo_import", str(number), *options, stdout=out)
    except CommandError as error:
        return str(error)
    return out.getvalue()


def test_an_import_has_a_line_in_its_ledger(import_codes, monkeypatch):
    monkeypatch.setattr(command, "getuser", lambda: "maria")
    monkeypatch.setattr(command, "gethostname", lambda: "office")
    import_codes(CONTENT, "--create-agents")
    entry = CodeImport.objects.values().get()
    assert entry == {
        "id": entry["id"], "imported_at": NOW, "person": "maria on office", "file_name": "codes.csv",
        "sha256": hashlib.sha256(CONTENT.encode()).hexdigest(), "code_count": 3, "expired_count": 1,
        "undone_at": None,
    }  # fmt: skip
    assert set(latest_import().codes.all()) == set(ReferralCode.objects.all())


@pytest.mark.parametrize("content", [CONTENT + "A-1,,\n", "code,rabatt\nA,1\n"])
def test_a_refused_file_has_none(import_codes, content):
    assert import_codes(content, "--create-agents").error
    assert import_codes(CONTENT, "--dry-run", "--create-agents").error == ""
    assert not CodeImport.objects.exists()


@pytest.mark.parametrize("options", [[], ["--dry-run"]])
def test_the_same_file_twice_is_told(import_codes, monkeypatch, options):
    monkeypatch.setattr(command, "_person", lambda: "maria on office")
    import_codes(CONTENT, "--create-agents")
    number = latest_import().pk
    again = import_codes(CONTENT, *options)
    assert (again.out, again.error, again.exit_code) == (
        "",
        f"Nothing was imported: this file is import {number}, of 21 Nov 2026, 02:00 UTC by maria on office (3 codes). "
        f"To import it anew, first run `python manage.py undo_import {number}`.",
        1,
    )


def test_an_import_can_be_undone_while_its_codes_are_untouched(import_codes):
    make_code("OTHER")
    import_codes(CONTENT, "--create-agents")
    number = latest_import().pk
    what = f"3 codes of import {number} (codes.csv) and 1 agent created by it"
    assert undo(number, "--dry-run") == f"[DRY RUN] Would delete {what}. Nothing was written.\n"
    assert ReferralCode.objects.count() == 4
    assert undo(number) == f"Deleted {what}.\n"
    assert list(ReferralCode.objects.values_list("code", flat=True)) == ["OTHER"]
    assert not UserProfile.objects.exists()
    assert not User.objects.exists()
    assert latest_import().undone_at == NOW
    assert undo(number) == f"Import {number} is already undone."


def test_what_was_undone_can_be_imported_anew(import_codes):
    import_codes(CONTENT, "--create-agents")
    undo(latest_import().pk)
    assert import_codes(CONTENT, "--create-agents").error == ""
    assert ReferralCode.objects.count() == 3


def edited(code, clock):
    clock.shift(timedelta(microseconds=1))
    code.save()


def expired_by_a_run(code, clock):
    ReferralCode.objects.filter(pk=code.pk).update(expires_at=NOW)
    sweep(ExpirationRun.StartedBy.SHELL)


@pytest.mark.parametrize("touch", [edited, expired_by_a_run])
@pytest.mark.parametrize("options", [[], ["--dry-run"]])
def test_one_touched_code_keeps_the_whole_import(import_codes, clock, touch, options):
    import_codes(CONTENT, "--create-agents")
    touch(ReferralCode.objects.get(code="A-1"), clock)
    number = latest_import().pk
    assert undo(number, *options) == (f"Import {number} is not undone: 1 code was edited, expired or used since: A-1.")
    assert (ReferralCode.objects.count(), latest_import().undone_at) == (3, None)


def test_a_code_that_was_deleted_since_hinders_nothing(import_codes):
    import_codes(CONTENT, "--create-agents")
    ReferralCode.objects.get(code="A-1").delete()
    assert undo(latest_import().pk).startswith("Deleted 2 codes of import ")


def test_an_agent_with_another_code_or_a_password_stays(import_codes):
    import_codes("code,agent\nA-1,Ana\nA-2,Bo\nA-3,Cy\n", "--create-agents")
    make_code("OTHER", agent=UserProfile.objects.get(name="Ana"))
    bo = User.objects.get(username="bo")
    bo.set_password("labyrinth-42")
    bo.save()
    number = latest_import().pk
    what = f"3 codes of import {number} (codes.csv) and 1 agent created by it"
    assert undo(number, "--dry-run") == f"[DRY RUN] Would delete {what}. Nothing was written.\n"
    assert undo(number) == f"Deleted {what}.\n"
    assert sorted(User.objects.values_list("username", flat=True)) == ["ana", "bo"]


@pytest.mark.parametrize("number", [0, 99999999, 2**64])
def test_an_import_that_is_not_there_cannot_be_undone(number):
    assert undo(number) == f"There is no import {number} in the ledger."


def test_interrupted_after_the_commit_it_says_that_all_is_in(import_codes, monkeypatch):
    def write_and_interrupt(*arguments):
        writing.write(*arguments)
        raise KeyboardInterrupt

    monkeypatch.setattr(command, "write", write_and_interrupt)
    result = import_codes(CONTENT, "--create-agents")
    assert result.error == f"All is imported: this is import {latest_import().pk}. It was interrupted."
    assert ReferralCode.objects.count() == 3


def test_interrupted_while_it_writes_it_says_that_nothing_is_in(import_codes, monkeypatch):
    def interrupt(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(writing, "_insert", interrupt)
    assert import_codes(CONTENT, "--create-agents").error == "Nothing was imported. It was interrupted."
    assert not ReferralCode.objects.exists()
    assert not CodeImport.objects.exists()
    assert not User.objects.exists()


def test_staff_read_the_ledger_and_find_the_codes_of_an_import(import_codes, client):
    make_code("OTHER")
    import_codes(CONTENT, "--create-agents")
    client.force_login(make_staff("looker", "view_codeimport", "view_referralcode"))
    number = latest_import().pk
    assert f"Import {number}" in client.get("/admin/main/codeimport/").content.decode()
    page = client.get(f"/admin/main/codeimport/{number}/change/").content.decode()
    address = f"/admin/main/referralcode/?imported_by={number}"
    assert f'<a href="{address}">Codes of this import</a>' in page
    codes = client.get(address).content.decode()
    assert "A-1" in codes
    assert "OTHER" not in codes
