"""The history of one code: who did what, and when; for staff, and for the agent without names."""

import re
from datetime import timedelta

import pytest
from django.contrib.admin.models import CHANGE, LogEntry
from django.utils.html import strip_tags

from main.codes import editing
from main.codes.editing import Task
from main.codes.telling import carry_out
from main.models import CodeImport, ExpirationRun, ReferralCode
from main.notices import wishes
from main.sweep.run import sweep
from main.sweep.undo import undo
from tests.conftest import NOW, make_agent, make_code
from tests.staff import make_run, make_staff

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]

DAY = timedelta(days=1)


@pytest.fixture
def maria():
    return make_agent("Maria Garcia")


@pytest.fixture
def code(maria):
    code = make_code("MARIA-15", agent=maria, discount=15, expires_at=NOW + 10 * DAY)
    ReferralCode.objects.update(created_at=NOW - DAY, updated_at=NOW - DAY)
    code.refresh_from_db()
    return code


@pytest.fixture
def staff(client):
    user = make_staff("anna")
    client.force_login(user)
    return user


def read(page):
    """Each row of the history, as it is read."""
    rows = re.findall(r"<tr[^>]*>(.*?)</tr>", page.replace("\xa0", " "), re.S)
    cells = [
        [" ".join(strip_tags(cell).split()) for cell in re.findall(r"<t[dh].*?>(.*?)</t[dh]>", r, re.S)] for r in rows
    ]
    return [tuple(row) for row in cells[1:]]


def in_admin(client, code):
    return read(client.get(f"/admin/main/referralcode/{code.pk}/history/").content.decode())


def on_page(client, code):
    return read(client.get(f"/profile/{code.agent_id}/codes/{code.pk}/history/").content.decode())


def edit(client, stored, **fields):
    data = {"code": stored.code, "agent": stored.agent_id or "", "discount": "15", "expires_at_0": "01/12/2026",
            "expires_at_1": "02:00", "status": "active"}  # fmt: skip
    assert client.post(f"/admin/main/referralcode/{stored.pk}/change/", data | fields).status_code == 302


def test_a_code_made_by_a_program_says_so(client, staff, code):
    assert in_admin(client, code) == [("20 Nov 2026, 02:00 UTC 1 day ago", "A program", "Made.")]


def test_an_edit_has_the_old_and_the_new_value_of_every_field(client, staff, code):
    other = make_agent("John Smith")
    edit(client, code, code="john-20", agent=other.pk, discount="20", expires_at_0="24/12/2026", expires_at_1="")
    edit(client, code, code="john-20", agent="", discount="20", expires_at_0="", expires_at_1="", status="inactive")
    assert in_admin(client, code)[:2] == [
        (
            "21 Nov 2026, 02:00 UTC just now", "anna",
            "Edited. Agent: John Smith → house code Expires: end of 24 Dec 2026 UTC → never Status: Active → Inactive",
        ),
        (
            "21 Nov 2026, 02:00 UTC just now", "anna",
            "Edited. Code: MARIA-15 → JOHN-20 Agent: Maria Garcia → John Smith Discount (%): 15 % → 20 % "
            "Expires: 1 Dec 2026, 02:00 UTC → end of 24 Dec 2026 UTC",
        ),
    ]  # fmt: skip


def test_a_new_code_has_its_first_values(client, staff, maria):
    client.post(
        "/admin/main/referralcode/add/", {"code": "NEW-10", "agent": maria.pk, "discount": "10", "status": "active"}
    )
    assert in_admin(client, ReferralCode.objects.get()) == [
        (
            "21 Nov 2026, 02:00 UTC just now", "anna",
            "Made. Code: NEW-10 Agent: Maria Garcia Discount (%): 10 % Expires: never Status: Active",
        )
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("task", "days", "what"),
    [
        (Task.EXTEND, 30, "Extended by 30 days. Expires: 1 Dec 2026, 02:00 UTC → 31 Dec 2026, 02:00 UTC"),
        (Task.SWITCH_OFF, 0, "Switched off. Status: Active → Inactive"),
    ],
)
def test_a_task_has_its_words_and_values(client, staff, code, rf, task, days, what):
    request = rf.post("/")
    request.user, request.session, request._messages = staff, {}, Silent()
    carry_out(request, lambda: editing.edit(task, ReferralCode.objects.all(), days=days))
    assert in_admin(client, code)[0] == ("21 Nov 2026, 02:00 UTC just now", "anna", what)


class Silent:
    def add(self, *args):
        """Messages are not looked at here."""


def test_a_run_and_its_undo_are_in_it_with_their_links(client, staff, code, clock):
    clock.move_to(NOW + 10 * DAY)
    run = sweep(ExpirationRun.StartedBy.COMMAND)
    clock.shift(60)
    undoing = undo(run, ExpirationRun.StartedBy.ADMIN, person=staff)
    clock.shift(60)
    again = sweep(ExpirationRun.StartedBy.TASK)
    page = client.get(f"/admin/main/referralcode/{code.pk}/history/").content.decode()
    assert read(page)[:3] == [
        ("1 Dec 2026, 02:02 UTC just now", f"Run {again.pk}", f"Expired. Run {again.pk} Status: Active → Inactive"),
        (
            "1 Dec 2026, 02:01 UTC 1 minute ago",
            f"Run {undoing.pk}, the undo of run {run.pk}, started by anna",
            f"Put back. Run {undoing.pk} Status: Inactive → Active",
        ),
        (
            "1 Dec 2026, 02:00 UTC 2 minutes ago",
            f"Run {run.pk}",
            f"Expired. Run {run.pk} Status: Active → Inactive",
        ),
    ]
    for number in (run.pk, undoing.pk, again.pk):
        assert f'<a href="/admin/main/expirationrun/{number}/change/">Run {number}</a>' in page


def test_who_may_not_open_runs_reads_of_them_without_links(client, code):
    ReferralCode.objects.update(status="inactive", expired_at=NOW, expired_by=make_run(NOW), expires_at=NOW)
    client.force_login(make_staff("looker", "view_referralcode"))
    assert "expirationrun" not in client.get(f"/admin/main/referralcode/{code.pk}/history/").content.decode()


def test_an_end_at_once_is_told_once_with_the_person_and_the_run(client, staff, code):
    data = {"action": "expire", "_selected_action": [code.pk], "index": "0"}
    seen = client.post("/admin/main/referralcode/", data).context_data["seen"]
    client.post("/admin/main/referralcode/", {**data, "seen": seen})
    run = ExpirationRun.objects.get()
    assert in_admin(client, code) == [
        (
            "21 Nov 2026, 02:00 UTC just now", "anna",
            f"Ended at once. Run {run.pk} Expires: 1 Dec 2026, 02:00 UTC → 21 Nov 2026, 02:00 UTC "
            "Status: Active → Inactive",
        ),
        ("20 Nov 2026, 02:00 UTC 1 day ago", "A program", "Made."),
    ]  # fmt: skip


def test_a_save_that_found_the_code_past_its_date_is_in_it(client, staff, maria):
    code = ReferralCode.objects.create(code="PAST-10", agent=maria, expires_at=NOW - DAY)
    assert in_admin(client, code) == [
        ("21 Nov 2026, 02:00 UTC just now", "A save", "Marked inactive on save, because its date had passed."),
        ("21 Nov 2026, 02:00 UTC just now", "A program", "Made."),
    ]


def test_an_imported_code_says_by_whom_from_which_file_with_a_link(client, staff, code):
    entry = CodeImport.objects.create(
        imported_at=NOW - DAY, person="root", file_name="codes.csv", sha256="", code_count=1, expired_count=1
    )
    ReferralCode.objects.update(imported_by=entry, expired_at=NOW - DAY, status="inactive")
    assert in_admin(client, code) == [
        (
            "20 Nov 2026, 02:00 UTC 1 day ago",
            f"Import {entry.pk}, by root",
            f"Imported from codes.csv. Import {entry.pk}",
        )
    ]
    page = client.get(f"/admin/main/referralcode/{code.pk}/history/").content.decode()
    assert f'<a href="/admin/main/codeimport/{entry.pk}/change/">' in page


def test_wishes_and_notes_of_older_versions_are_shown_in_their_words(client, staff, code, maria):
    wishes.ask(code, maria, "Please")
    LogEntry.objects.log_actions(staff.pk, [code], CHANGE, "Extended by 7 days.", single_object=True)
    LogEntry.objects.log_actions(staff.pk, [code], CHANGE, [{"changed": {"fields": ["Expires"]}}], single_object=True)
    LogEntry.objects.log_actions(staff.pk, [code], CHANGE, "[no JSON", single_object=True)
    assert sorted(row[1:] for row in in_admin(client, code)[:4]) == [
        ("anna", "Changed Expires."),
        ("anna", "Extended by 7 days."),
        ("anna", "[no JSON"),
        ("maria", "Asked for more time: Please"),
    ]


def test_times_and_dates_are_in_the_zone_of_the_reader(client, staff, code):
    edit(client, code, expires_at_0="24/12/2026", expires_at_1="")
    client.cookies["zone"] = "Asia/Tokyo"
    assert in_admin(client, code)[0][0] == "21 Nov 2026, 11:00 JST just now"
    assert "1 Dec 2026, 11:00 JST → 25 Dec 2026, 09:00 JST" in in_admin(client, code)[0][2]


def test_staff_find_the_same_on_the_page_of_the_agent(client, staff, code):
    edit(client, code, discount="20")
    assert on_page(client, code) == [
        ("21 Nov 2026, 02:00 UTC", "anna", "Edited. Discount (%): 15 % → 20 %"),
        ("20 Nov 2026, 02:00 UTC", "A program", "Made."),
    ]
    page = client.get(f"/profile/{code.agent_id}/").content.decode()
    assert f'href="/profile/{code.agent_id}/codes/{code.pk}/history/?next=' in page


def test_an_agent_sees_the_own_codes_without_names_numbers_and_links(client, staff, code, maria, clock):
    edit(client, code, discount="20")
    clock.shift(60)
    wishes.ask(code, maria, "Please")
    clock.shift(60)
    LogEntry.objects.log_actions(staff.pk, [code], CHANGE, "Declined more time: No", single_object=True)
    clock.move_to(NOW + 10 * DAY)
    run = sweep(ExpirationRun.StartedBy.COMMAND)
    clock.shift(60)
    undo(run, ExpirationRun.StartedBy.ADMIN, person=staff)
    client.cookies.clear()
    client.force_login(maria.user)
    page = client.get(f"/profile/{maria.pk}/codes/{code.pk}/history/").content.decode()
    assert read(page) == [
        ("1 Dec 2026, 02:01 UTC", "The system", "Put back. Status: Inactive → Active"),
        ("1 Dec 2026, 02:00 UTC", "The system", "Expired. Status: Active → Inactive"),
        ("21 Nov 2026, 02:01 UTC", "You", "Asked for more time: Please"),
        ("21 Nov 2026, 02:00 UTC", "The office", "Edited. Discount (%): 15 % → 20 %"),
        ("20 Nov 2026, 02:00 UTC", "The office", "Made."),
    ]
    assert "anna" not in page
    assert "/admin/" not in page


def test_an_agent_sees_nothing_from_the_time_when_another_had_the_code(client, staff, code, maria):
    john = make_agent("John Smith")
    ReferralCode.objects.update(agent=john, code="JOHN-15")
    code.refresh_from_db()
    wishes.ask(code, john, "From John")
    edit(client, code, code="MARIA-20", agent=maria.pk)
    client.force_login(maria.user)
    code.refresh_from_db()
    page = client.get(f"/profile/{maria.pk}/codes/{code.pk}/history/").content.decode()
    assert read(page) == [("21 Nov 2026, 02:00 UTC", "The office", "Edited. Code: JOHN-15 → MARIA-20")]


def test_an_older_note_of_a_move_to_another_agent_hides_what_was_before_it_too(client, staff, code, maria):
    LogEntry.objects.log_actions(maria.user_id, [code], CHANGE, "Asked for more time: Long ago", single_object=True)
    moved = [{"changed": {"fields": ["Agent", "Discount (%)"]}}]
    LogEntry.objects.log_actions(staff.pk, [code], CHANGE, moved, single_object=True)
    LogEntry.objects.update(action_time=NOW)
    client.force_login(maria.user)
    assert on_page(client, code) == []


@pytest.mark.parametrize("count", [1, 30])
def test_the_history_needs_the_same_few_queries_for_one_event_and_for_many(
    client, staff, code, count, django_assert_num_queries
):
    for number in range(count):
        edit(client, code, discount=str(20 + number))
        ReferralCode.objects.update(expired_by=make_run(NOW - number * DAY))
    with django_assert_num_queries(12):
        assert len(in_admin(client, code)) == 2 * count + 1
    with django_assert_num_queries(6):
        on_page(client, code)


def test_a_long_history_has_pages(client, staff, code):
    LogEntry.objects.log_actions(staff.pk, [code] * 150, CHANGE, "Noted.")
    assert len(in_admin(client, code)) == 100
    page = client.get(f"/admin/main/referralcode/{code.pk}/history/?page=2").content.decode()
    assert len(read(page)) == 51
    assert '<a href="?page=1">Later</a>' in page
