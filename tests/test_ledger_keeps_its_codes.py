"""The list of a run, and of an undo, never gets shorter, whatever happens to its codes later."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection
from django.db.models import ProtectedError

from main.models import ExpirationRun, FormerCode, ReferralCode
from main.sweep import triggers
from main.sweep.chosen import expire_now
from main.sweep.lists import CodesOf, Since
from main.sweep.run import sweep
from main.sweep.undo import undo
from tests.conftest import NOW, make_code
from tests.staff import make_run, make_staff

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]

SHELL = ExpirationRun.StartedBy.SHELL
DAY = timedelta(days=1)


def make_overdue(*names):
    for name in names:
        make_code(name, expires_at=NOW - DAY, updated_at=NOW - DAY)
    ReferralCode.objects.update(updated_at=NOW - DAY)


def list_of(run):
    """What the ledger says of each code of the run."""
    run = ExpirationRun.objects.get(pk=run.pk)
    codes = CodesOf(run)
    assert codes.count() == len(codes) == run.expired_count + run.restored_count
    return [(item.code.code, item.since, item.taken_by) for item in codes[0:1000]]


def extend(name, date):
    code = ReferralCode.objects.get(code=name)
    code.status, code.expires_at = "active", date
    code.save()


def test_a_run_and_its_undo_both_keep_their_list_when_the_next_run_expires_the_codes_again(clock):
    make_overdue("A-10")
    first = sweep(SHELL)
    clock.shift(60)
    undoing = undo(first, SHELL)
    assert list_of(first) == [("A-10", Since.PUT_BACK, undoing.pk)]
    assert list_of(undoing) == [("A-10", Since.NOTHING, None)]
    clock.shift(60)
    last = sweep(SHELL)
    assert list_of(first) == [("A-10", Since.PUT_BACK, undoing.pk)]
    assert list_of(undoing) == [("A-10", Since.EXPIRED_AGAIN, last.pk)]
    assert list_of(last) == [("A-10", Since.NOTHING, None)]
    assert FormerCode.objects.get(run=first).expired_at == NOW


def test_what_people_did_since_is_said_of_each_code(clock):
    make_overdue("BACK-10", "EDITED-10", "OFF-10", "PLAIN-10", "SAVED-10", "TWICE-10")
    run = sweep(SHELL)
    clock.shift(60)
    extend("BACK-10", NOW + DAY)
    extend("OFF-10", NOW + DAY)
    extend("TWICE-10", NOW + timedelta(seconds=61))
    off, edited, saved = (ReferralCode.objects.get(code=f"{name}-10") for name in ("OFF", "EDITED", "SAVED"))
    off.status, edited.discount, saved.status = "inactive", 5, "active"
    for code in (off, edited, saved):
        code.save()
    clock.shift(60)
    later = sweep(SHELL)
    assert list_of(run) == [
        ("EDITED-10", Since.EDITED, None),
        ("PLAIN-10", Since.NOTHING, None),
        ("BACK-10", Since.ACTIVE_AGAIN, None),
        ("OFF-10", Since.SWITCHED_OFF, None),
        ("SAVED-10", Since.SAVED, None),
        ("TWICE-10", Since.EXPIRED_AGAIN, later.pk),
    ]


def test_an_older_copy_that_is_saved_takes_nothing_from_the_list(clock):
    make_overdue("A-10")
    older_copy = ReferralCode.objects.get()
    run = sweep(SHELL)
    clock.shift(60)
    older_copy.save()
    assert list_of(run) == [("A-10", Since.SAVED, None)]


def test_nor_does_a_statement_that_somebody_writes_by_hand():
    make_overdue("A-10")
    run = sweep(SHELL)
    ReferralCode.objects.update(expired_by=None)
    assert [item.code.code for item in CodesOf(run)[0:10]] == ["A-10"]


def test_an_end_now_keeps_the_list_of_the_run_before(clock):
    make_overdue("A-10")
    run = sweep(SHELL)
    clock.shift(60)
    extend("A-10", NOW + DAY)
    now, _ = expire_now(ReferralCode.objects.all())
    assert list_of(run) == [("A-10", Since.EXPIRED_AGAIN, now.pk)]
    assert list_of(now) == [("A-10", Since.NOTHING, None)]


def test_a_usual_night_writes_nothing_beside_the_codes():
    make_overdue("A-10", "B-10")
    sweep(SHELL)
    assert not FormerCode.objects.exists()


def test_a_code_in_any_list_cannot_be_deleted():
    make_overdue("A-10")
    sweep(SHELL)
    ReferralCode.objects.update(expired_by=None)
    with pytest.raises(ProtectedError):
        ReferralCode.objects.get().delete()


def test_a_deleted_code_is_counted_on_the_page_of_the_run(client):
    run = make_run(NOW, expired_count=1)
    client.force_login(make_staff())
    page = client.get(f"/admin/main/expirationrun/{run.pk}/change/").content.decode()
    assert "1 code of this run cannot be named" in page
    assert "This run expired no codes." not in page


@pytest.mark.parametrize(("page", "rows"), [(1, 50), (2, 11)])
def test_the_page_of_a_run_lists_both_kinds_with_the_same_few_queries(
    client, clock, page, rows, django_assert_num_queries
):
    make_overdue(*(f"N-{number:02}" for number in range(61)))
    run = sweep(SHELL)
    clock.shift(60)
    for number in range(20):
        extend(f"N-{number:02}", NOW + timedelta(seconds=61))
    clock.shift(60)
    later = sweep(SHELL)
    client.force_login(make_staff())
    with django_assert_num_queries(11):
        response = client.get(f"/admin/main/expirationrun/{run.pk}/change/?page={page}")
    text = response.content.decode()
    assert text.count('class="field-code"') == rows
    link = f'<a href="/admin/main/expirationrun/{later.pk}/change/">expired again by run {later.pk}</a>'
    assert text.count(link) == (9 if page == 1 else 11)


def test_the_filter_of_the_list_of_codes_shows_the_whole_list(client, clock):
    make_overdue("A-10", "B-10")
    run = sweep(SHELL)
    clock.shift(60)
    extend("A-10", NOW + timedelta(seconds=61))
    clock.shift(60)
    sweep(SHELL)
    make_code("OTHER-10")
    client.force_login(make_staff())
    found = client.get(f"/admin/main/referralcode/?expired_by={run.pk}").context["cl"].result_list
    assert {code.code for code in found} == {"A-10", "B-10"}


def test_the_list_of_an_undone_run_names_what_a_later_run_took(clock):
    make_overdue("A-10", "B-10")
    run = sweep(SHELL)
    clock.shift(60)
    extend("A-10", NOW + timedelta(seconds=61))
    clock.shift(60)
    later = sweep(SHELL)
    undoing = undo(run, SHELL)
    assert sorted(list_of(run)) == [
        ("A-10", Since.EXPIRED_AGAIN, later.pk),
        ("B-10", Since.PUT_BACK, undoing.pk),
    ]


def test_who_started_a_run_is_kept_when_the_account_is_deleted(client):
    staff = make_staff("maria")
    make_code("A-10", expires_at=NOW + DAY)
    run, _ = expire_now(ReferralCode.objects.all(), person=staff)
    undoing = undo(run, ExpirationRun.StartedBy.ADMIN, person=staff)
    assert {(entry.person, entry.person_name) for entry in (run, undoing)} == {(staff, "maria")}
    client.force_login(make_staff("anna"))
    for _ in range(2):
        listed = client.get("/admin/main/expirationrun/").content.decode()
        assert listed.count('<td class="field-who">maria</td>') == 2
        assert (
            "maria, in the admin, process "
            in client.get(f"/admin/main/expirationrun/{run.pk}/change/").content.decode()
        )
        User.objects.filter(username="maria").delete()
    assert ExpirationRun.objects.get(pk=run.pk).person is None


def test_a_run_that_nobody_started_by_hand_names_its_program(client):
    run = sweep(ExpirationRun.StartedBy.COMMAND)
    assert (run.person, run.person_name) == (None, "")
    client.force_login(make_staff())
    assert '<td class="field-who">Command</td>' in client.get("/admin/main/expirationrun/").content.decode()


def test_the_trigger_is_there_after_each_migrate():
    triggers.remove("default")
    make_overdue("A-10", "B-10")
    run = sweep(SHELL)
    ReferralCode.objects.filter(code="A-10").update(expired_by=None)
    assert not FormerCode.objects.exists()
    for _ in range(2):
        call_command("migrate", verbosity=0)
    ReferralCode.objects.filter(code="B-10").update(expired_by=None)
    assert list(FormerCode.objects.values_list("run", "code__code")) == [(run.pk, "B-10")]


def test_a_database_without_the_tables_gets_no_trigger(monkeypatch):
    monkeypatch.setattr(triggers, "FORMER", "not_there")
    triggers.remove("default")
    triggers.install("default")
    make_overdue("A-10")
    sweep(SHELL)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE main_referralcode SET expired_by_id = NULL")
    assert not FormerCode.objects.exists()
