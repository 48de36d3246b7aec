"""A CSV file in the browser: uploaded, shown with every fault, then added by one more click, as by the command."""

import html
import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import OperationalError

from main.admin import upload
from main.importing import writing
from main.models import CodeImport, ReferralCode, UserProfile
from tests.conftest import NOW, latest_import, make_code
from tests.staff import make_staff, notes_of
from tests.test_import_codes import BAD, GOOD, REFUSED

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]

ADDRESS = "/admin/main/codeimport/upload/"
NEW_AGENT = "code,agent\nANA-5,Ana\n"


@pytest.fixture
def staff(client):
    user = make_staff("clara")
    client.force_login(user)
    return user


def send(client, content, **options):
    file = SimpleUploadedFile("codes.csv", content.encode() if isinstance(content, str) else content)
    return client.post(ADDRESS, {"file": file, "encoding": "utf-8", "time_zone": "UTC", **options})


def text_of(response):
    """What a person reads on the page: without tags, on one line."""
    page = re.sub(r"(?s)^.*<main|<script.*?</script>", "", response.content.decode())
    return html.unescape(" ".join(re.sub("<[^>]*>", " ", page).split()))


def lines_of(response):
    """The rows that the page tells of."""
    return [html.unescape(line) for line in re.findall("<li>((?:line|would|…).*?)</li>", response.content.decode())]


def sealed_in(response):
    found = re.search('name="file_to_import" value="([^"]+)"', response.content.decode())
    return found and found[1]


def confirm(client, response):
    return client.post(ADDRESS, {"file_to_import": sealed_in(response)}, follow=True)


def told(response):
    return [str(message) for message in response.context["messages"]]


def stored():
    return set(ReferralCode.objects.values_list("code", flat=True))


def test_first_it_is_shown_what_the_file_would_add_in_the_words_of_the_command(client, staff, john, import_codes):
    *lines, summary = import_codes(GOOD, "--dry-run").out.splitlines()
    preview = send(client, GOOD)
    assert lines_of(preview) == lines
    assert summary in text_of(preview)
    assert 'value="Yes, import 4 codes"' in preview.content.decode()
    assert stored() == set()


def test_then_one_click_adds_it_under_the_name_of_the_person(client, staff, john):
    done = confirm(client, send(client, GOOD))
    entry = latest_import()
    assert done.redirect_chain == [(f"/admin/main/referralcode/?imported_by={entry.pk}", 302)]
    summary = f"Imported 4 codes (2 of them past their date and saved as expired). This is import {entry.pk}."
    assert told(done) == [summary]
    assert (entry.person, entry.file_name, entry.imported_at, entry.code_count) == ("clara", "codes.csv", NOW, 4)
    assert stored() == {"JOHNS-20", "HOUSE-5", "PAST-10", "OLD-15"}
    assert set(entry.codes.all()) == set(ReferralCode.objects.all())
    assert notes_of(client, f"main/codeimport/{entry.pk}") == [summary]


def test_every_fault_is_named_in_the_words_of_the_command_and_there_is_nothing_to_confirm(client, staff):
    make_code("taken")
    preview = send(client, BAD)
    assert lines_of(preview)[:5] == REFUSED.splitlines()
    assert lines_of(preview)[5:] == ["line 2: would add GOOD-1 (Agent: none), 10 %, until end of 31 Dec 2026 UTC"]
    assert "Nothing can be imported: 5 of 6 rows are refused." in text_of(preview)
    assert sealed_in(preview) is None


def test_only_the_first_rows_are_shown_but_all_are_added(client, staff):
    content = "code\n" + "".join(f"A-{number}\n" for number in range(30))
    preview = send(client, content)
    assert len(lines_of(preview)) == 21
    assert lines_of(preview)[-1] == "… and 10 more"
    confirm(client, preview)
    assert len(stored()) == 30


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        ("", "The submitted file is empty."),
        ("discount\n5\n", "No column is named 'code'. The first line must name the columns"),
        ("code,rabatt\nA,1\n", "The column 'rabatt' looks like discount: call it discount, or add --ignore-column"),
        (b"code\nA\0\n", "Line 2 holds a NUL character"),
        ("code,agent\nΑ-1,Άννα\n".encode("cp1253"), "Line 2 is not UTF-8 (byte 0xC1)"),
        (b"code\n" + b"A" * 2**20, "The file is larger than 1 MB: import it with `manage.py import_codes`."),
        (b"code\n" + b"A\n" * 10_001, "The file has 10001 rows: import it with `manage.py import_codes`."),
        ("code\n", "The file has no rows below its first line."),
    ],
)
def test_what_cannot_be_read_is_said_at_the_form(client, staff, content, fault):
    response = send(client, content)
    assert fault in text_of(response)
    assert sealed_in(response) is None


@pytest.mark.parametrize(
    "name", ["../../codes.csv", "/etc/passwd", "C:\\codes.csv", "<b>x</b>\x1b[31m.csv", "A" * 300]
)
def test_the_name_of_a_file_is_text_and_leads_nowhere(client, staff, name):
    file = SimpleUploadedFile("codes.csv", b"code\nA-1\n")
    file._name = name
    preview = client.post(ADDRESS, {"file": file, "encoding": "utf-8", "time_zone": "UTC"})
    assert "<b>x" not in preview.content.decode()
    confirm(client, preview)
    kept = latest_import().file_name
    assert kept.isprintable()
    assert not {"/", "\\"} & set(kept)
    assert len(kept) <= 255


def test_the_options_are_those_of_the_command(client, staff):
    response = send(
        client, "code,agent,expires,rabatt\nΑ-1,Άννα,05/06/2027,7\n".encode("cp1253"),
        encoding="cp1253", time_zone="Europe/Athens", day_first="on", create_agents="on", ignore_column=" Rabatt, ",
    )  # fmt: skip
    assert "Ignored columns: rabatt." in text_of(response)
    assert lines_of(response) == [
        "line 2: would add Α-1 (new agent: Άννα), 0 %, until 5 Jun 2027, 21:00 UTC",
        "would create the agent Άννα",
    ]
    confirm(client, response)
    assert ReferralCode.objects.get().agent.name == "Άννα"


@pytest.mark.parametrize("field", ["encoding", "time_zone"])
def test_an_option_that_does_not_exist_is_refused(client, staff, field):
    assert "Select a valid choice." in text_of(send(client, GOOD, **{field: "../rot13"}))


def test_who_may_not_add_people_creates_no_agents(client):
    client.force_login(make_staff("clara", "add_referralcode"))
    assert 'name="create_agents"' not in client.get(ADDRESS).content.decode()
    assert "no agent is called 'Ana'" in text_of(send(client, NEW_AGENT, create_agents="on"))


def test_who_may_do_so_no_longer_at_the_click_creates_none(client):
    clara = make_staff("clara", "add_referralcode", "add_userprofile", "add_user")
    client.force_login(clara)
    preview = send(client, NEW_AGENT, create_agents="on")
    assert "would create the agent Ana" in lines_of(preview)
    clara.user_permissions.set([])
    assert confirm(client, preview).status_code == 403
    clara.user_permissions.set(make_staff("bo", "add_referralcode").user_permissions.all())
    assert "no agent is called 'Ana'" in text_of(confirm(client, preview))
    assert not CodeImport.objects.exists()


def test_without_the_right_to_add_codes_there_is_no_link_and_no_page(client):
    client.force_login(make_staff("looker", "view_referralcode", "view_codeimport", "change_referralcode"))
    for address in ("/admin/main/referralcode/", "/admin/main/codeimport/"):
        assert ADDRESS not in client.get(address).content.decode()
    assert client.get(ADDRESS).status_code == client.post(ADDRESS).status_code == 403


def test_both_lists_lead_to_it(client, staff):
    for address in ("/admin/main/referralcode/", "/admin/main/codeimport/"):
        assert f'<a href="{ADDRESS}">Import a CSV file</a>' in client.get(address).content.decode()


def test_who_may_only_add_codes_comes_back_to_the_form(client):
    client.force_login(make_staff("clara", "add_referralcode"))
    done = confirm(client, send(client, "code\nA-1\n"))
    assert done.redirect_chain == [(ADDRESS, 302)]
    assert told(done) == [f"Imported 1 code. This is import {latest_import().pk}."]


def test_the_same_file_is_refused_as_by_the_command_with_a_link_to_the_import(client, staff):
    confirm(client, send(client, "code\nA-1\n"))
    number = latest_import().pk
    again = send(client, "code\nA-1\n")
    assert (
        f"Nothing was imported: this file is import {number}, of 21 Nov 2026, 02:00 UTC by clara (1 code). To import "
        f"it anew, first run `python manage.py undo_import {number}`. See import {number}"
    ) in text_of(again)
    assert f'href="/admin/main/codeimport/{number}/change/"' in again.content.decode()


def test_sent_twice_it_adds_once_and_leads_to_the_same_codes(client, staff):
    preview = send(client, "code\nA-1\n")
    first, second = confirm(client, preview), confirm(client, preview)
    assert first.redirect_chain == second.redirect_chain
    assert told(second)[0].startswith(f"Nothing was imported: this file is import {latest_import().pk}, of")
    assert (CodeImport.objects.count(), ReferralCode.objects.count()) == (1, 1)


def test_what_somebody_has_added_meanwhile_is_named_and_nothing_is_added(client, staff):
    preview = send(client, "code\nA-1\nA-2\n")
    make_code("A-2")
    assert lines_of(confirm(client, preview))[0] == (
        "line 3: refused: code: it exists already, and nothing is overwritten"
    )
    assert stored() == {"A-2"}


def test_so_it_is_at_the_very_last_moment(client, staff, monkeypatch):
    def add_and_write(*arguments):
        make_code("A-2")
        writing.write(*arguments)

    monkeypatch.setattr(upload, "write", add_and_write)
    assert lines_of(confirm(client, send(client, "code\nA-1\nA-2\n")))[0].startswith(
        "line 3: refused: code: it exists"
    )
    assert (stored(), CodeImport.objects.count()) == ({"A-2"}, 0)


def test_a_code_whose_date_passes_before_the_click_comes_in_as_expired(client, staff, clock):
    preview = send(client, "code,expires\nA-1,2026-11-21 02:30\n")
    clock.shift(timedelta(minutes=30))
    assert told(confirm(client, preview))[0].startswith("Imported 1 code (1 of them past their date")
    assert ReferralCode.objects.get().status == "inactive"


def test_a_failing_database_is_told_without_its_words(client, staff, monkeypatch):
    def fail(*arguments):
        raise OperationalError("no route to 10.0.0.7")

    monkeypatch.setattr(upload, "write", fail)
    assert told(confirm(client, send(client, "code\nA-1\n"))) == [
        "Nothing was imported. Cannot reach the database: check that it runs, and DATABASE_URL."
    ]


def test_what_was_changed_or_is_old_or_another_persons_is_not_imported(client, staff, clock):
    sealed = sealed_in(send(client, "code\nA-1\n"))
    complaint = ["Nothing was imported: the preview is older than an hour. Choose the file again."]
    for wrong in ("", "A", ":", sealed[:-1] + ("A" if sealed[-1] != "A" else "B"), f"A{sealed}"):
        assert told(client.post(ADDRESS, {"file_to_import": wrong}, follow=True)) == complaint
    client.force_login(make_staff("bo"))
    assert told(client.post(ADDRESS, {"file_to_import": sealed}, follow=True)) == complaint
    client.force_login(staff)
    clock.shift(timedelta(hours=1, seconds=1))
    assert told(client.post(ADDRESS, {"file_to_import": sealed}, follow=True)) == complaint
    assert stored() == set()


def test_the_largest_file_comes_back_whole_though_nothing_of_it_can_be_compressed(client, staff):
    noise = "".join(f"{number * 2654435761 % 2**64:016X}" for number in range(2**16))
    content = "code,note\n" + "".join(f"A-{at},{noise[at * 100_000 :][:100_000]}\n" for at in range(10))
    assert 2**20 - 50_000 < len(content) <= 2**20
    assert told(confirm(client, send(client, content)))[0].startswith("Imported 10 codes.")


UNDONE = "Deleted 1 code of import {} (codes.csv) and 1 agent created by it."


def test_an_import_is_undone_from_its_page_after_a_question(client, staff):
    confirm(client, send(client, NEW_AGENT, create_agents="on"))
    entry = latest_import()
    page, address = f"/admin/main/codeimport/{entry.pk}/change/", f"/admin/main/codeimport/{entry.pk}/undo/"
    assert f'href="{address}"' in client.get(page).content.decode()
    question = text_of(client.get(address))
    assert "1 code of codes.csv will be deleted, and 1 agent that the import created." in question
    assert stored() == {"ANA-5"}
    done = client.post(address, follow=True)
    assert (told(done), done.redirect_chain) == ([UNDONE.format(entry.pk)], [(page, 302)])
    assert (stored(), UserProfile.objects.count()) == (set(), 0)
    assert address not in done.content.decode()
    assert told(client.post(address, follow=True)) == [f"Import {entry.pk} is already undone."]
    made = f"Imported 1 code, 1 agent created. This is import {entry.pk}."
    assert notes_of(client, f"main/codeimport/{entry.pk}") == [UNDONE.format(entry.pk), made]


def test_a_touched_import_is_kept_and_the_code_is_named(client, staff, clock):
    confirm(client, send(client, "code\nA-1\n"))
    clock.shift(timedelta(seconds=1))
    ReferralCode.objects.get().save()
    for method in (client.get, client.post):
        assert told(method(f"/admin/main/codeimport/{latest_import().pk}/undo/", follow=True)) == [
            f"Import {latest_import().pk} is not undone: 1 code was edited, expired or used since: A-1."
        ]
    assert stored() == {"A-1"}


def test_who_may_not_delete_accounts_undoes_no_import_that_created_some(client, staff):
    confirm(client, send(client, NEW_AGENT, create_agents="on"))
    client.force_login(make_staff("bo", "view_codeimport", "delete_referralcode"))
    assert told(client.post(f"/admin/main/codeimport/{latest_import().pk}/undo/", follow=True)) == [
        "Nothing was undone: this import created agents, and you may not delete accounts."
    ]
    assert (stored(), User.objects.filter(username="ana").count()) == ({"ANA-5"}, 1)


@pytest.mark.parametrize("right", ["view_codeimport", "delete_referralcode"])
def test_one_of_the_rights_is_not_enough_to_undo(client, staff, right):
    confirm(client, send(client, "code\nA-1\n"))
    client.force_login(make_staff("bo", right))
    address = f"/admin/main/codeimport/{latest_import().pk}/undo/"
    assert client.get(address).status_code == client.post(address).status_code == 403
    assert address not in client.get(address.replace("undo", "change")).content.decode()
    assert stored() == {"A-1"}


def test_there_is_nothing_to_undo_where_there_is_no_import(client, staff):
    for wrong in ("0", "x", "9" * 30):
        assert client.get(f"/admin/main/codeimport/{wrong}/undo/").status_code == 404
