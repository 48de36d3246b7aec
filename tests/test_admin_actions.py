"""What staff do to chosen codes: what is done, what is said, and what the admin's history keeps."""

import re
from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.messages import get_messages
from django.utils.html import strip_tags

from main.models import ExpirationRun, ReferralCode
from main.sweep.chosen import expire_now
from tests.conftest import NOW, make_agent, make_code
from tests.staff import make_staff, notes

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]

DAY = timedelta(days=1)
LIST = "/admin/main/referralcode/"


@pytest.fixture
def staff(client):
    user = make_staff()
    client.force_login(user)
    return user


def ask(client, action, codes, **fields):
    """Choose `action` for `codes`; return the page that asks whether to do it."""
    data = {"action": action, "_selected_action": [code.pk for code in codes], "index": "0", **fields}
    return client.post(LIST, data)


def act(client, action, codes, **fields):
    """Carry out `action` on `codes`, after a look at what it will do; return the response and what was said."""
    client.cookies.pop("messages", None)  # what was said before
    response = ask(client, action, codes, **fields)
    if response.status_code == 200 and "seen" in (response.context_data or {}):
        response = ask(client, action, codes, seen=response.context_data["seen"], **fields)
    return response, [re.sub(r' <a href="[^"]+">(Undo.*)</a>', r" [\1]", str(m)) for m in messages_of(response)]


def messages_of(response):
    return list(get_messages(response.wsgi_request))


def history():
    return [(code.code, note) for code in ReferralCode.objects.order_by("pk") for note in notes(code)]


@pytest.mark.usefixtures("staff")
def test_extending_says_and_records_what_it_did_and_what_it_left(client):
    codes = [
        make_code("SOON-10", expires_at=NOW + DAY),
        make_code("GONE-10", expires_at=NOW - DAY, status="inactive", expired_at=NOW - DAY),
        make_code("OFF-10", expires_at=NOW + DAY, status="inactive"),
        make_code("EVER-10"),
    ]
    response, said = act(client, "extend_by_30_days", codes)
    assert response.status_code == 302
    assert said == [
        "SOON-10 was extended by 30 days. New date: 22 Dec 2026, 02:00 UTC.",
        "GONE-10 was extended by 30 days and is active again. New date: 21 Dec 2026, 02:00 UTC. [Undo all of this]",
        "OFF-10 was not extended: it is switched off. Reactivate it first.",
        "EVER-10 was not extended: it has no end date.",
    ]
    assert history() == [
        ("SOON-10", "staff: Extended by 30 days. Expires: 22 Nov 2026, 02:00 UTC → 22 Dec 2026, 02:00 UTC."),
        (
            "GONE-10",
            "staff: Extended by 30 days, and active again. "
            "Expires: 20 Nov 2026, 02:00 UTC → 21 Dec 2026, 02:00 UTC. Status: Inactive → Active.",
        ),
    ]
    codes[0].refresh_from_db()
    assert codes[0].expires_at == NOW + 31 * DAY


@pytest.mark.usefixtures("staff")
def test_switching_off_and_reactivating(client):
    code = make_code("ON-10", expires_at=NOW + DAY)
    assert act(client, "switch_off", [code])[1] == ["ON-10 was switched off. [Undo]"]
    assert act(client, "switch_off", [code])[1] == ["ON-10 was not changed: it is already inactive."]
    assert act(client, "reactivate", [code])[1] == ["ON-10 was reactivated. [Undo]"]
    assert [note for _, note in history()] == [
        "staff: Switched off. Status: Active → Inactive.",
        "staff: Reactivated. Status: Inactive → Active.",
    ]


def rows(page):
    """The tables of the page that asks, as they are read."""
    read = [
        " | ".join(" ".join(strip_tags(cell).split()) for cell in re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", row, re.S))
        for row in re.findall(r"<(?:tr|caption)>(.*?)</(?:tr|caption)>", page, re.S)
    ]
    captions = re.findall(r"<caption>(.*?)</caption>", page)
    return captions, [row for row in read if row and not row.startswith("Code |")]


@pytest.mark.usefixtures("staff")
@pytest.mark.parametrize(
    ("action", "question", "changes", "left"),
    [
        (
            "extend_by_30_days",
            "Extend codes by 30 days?",
            [
                "ON-10 | Now: 22 Nov 2026, 02:00 UTC in 1 day | Expires soon "
                "| Then: 22 Dec 2026, 02:00 UTC in 1 month | Active",
                "GONE-10 | Now: 20 Nov 2026, 02:00 UTC 1 day ago | Expired "
                "| Then: 21 Dec 2026, 02:00 UTC in 1 month | Active",
            ],
            ["OFF-10 | Switched off | switched off: reactivate it first", "EVER-10 | Active | has no end date"],
        ),
        (
            "switch_off",
            "Switch codes off?",
            [
                "ON-10 | Now: 22 Nov 2026, 02:00 UTC in 1 day | Expires soon "
                "| Then: 22 Nov 2026, 02:00 UTC in 1 day | Switched off",
                "EVER-10 | Now: no end date | Active | Then: no end date | Switched off",
            ],
            ["GONE-10 | Expired | already inactive", "OFF-10 | Switched off | already inactive"],
        ),
        (
            "reactivate",
            "Reactivate codes?",
            ["OFF-10 | Now: no end date | Switched off | Then: no end date | Active"],
            [
                "ON-10 | Expires soon | already active",
                "GONE-10 | Expired | its date has passed: extend it instead",
                "EVER-10 | Active | already active",
            ],
        ),
        (
            "expire",
            "Expire codes now?",
            [
                "ON-10 | Now: 22 Nov 2026, 02:00 UTC in 1 day | Expires soon "
                "| Then: 21 Nov 2026, 02:00 UTC just now | Expired",
                "EVER-10 | Now: no end date | Active | Then: 21 Nov 2026, 02:00 UTC just now | Expired",
            ],
            ["GONE-10 | Expired | already inactive", "OFF-10 | Switched off | already inactive"],
        ),
    ],
)
def test_every_action_first_shows_what_it_will_do_to_each_code(client, action, question, changes, left):
    codes = [
        make_code("ON-10", expires_at=NOW + DAY),
        make_code("GONE-10", expires_at=NOW - DAY, status="inactive", expired_at=NOW - DAY),
        make_code("OFF-10", status="inactive"),
        make_code("EVER-10"),
    ]
    before = list(ReferralCode.objects.values())
    response = ask(client, action, codes)
    page = response.content.decode()
    assert (response.status_code, f"<h1>{question}</h1>" in page) == (200, True)
    captions, found = rows(page.replace("\xa0", " "))
    assert len(captions) == 2
    assert found == changes + left
    assert f'value="Yes, change {len(changes)} code{"s" if len(changes) > 1 else ""}"' in page
    assert re.findall(r'name="_selected_action" value="(\d+)"', page) == [str(code.pk) for code in codes]
    assert (list(ReferralCode.objects.values()), messages_of(response)) == (before, [])
    assert not ExpirationRun.objects.exists()


@pytest.mark.usefixtures("staff")
@pytest.mark.parametrize("action", ["extend_by_30_days", "switch_off", "expire"])
def test_an_action_sent_twice_acts_once(client, clock, action):
    codes = [make_code("ON-10", expires_at=NOW + DAY)]
    seen = ask(client, action, codes).context_data["seen"]
    clock.shift(1)
    ask(client, action, codes, seen=seen)
    once = list(ReferralCode.objects.values())
    clock.shift(1)
    client.cookies.pop("messages", None)
    again = ask(client, action, codes, seen=seen)
    assert [str(message) for message in messages_of(again)] == [
        "ON-10 was left as it is: it has been changed since you saw it."
    ]
    assert list(ReferralCode.objects.values()) == once


@pytest.mark.usefixtures("staff")
@pytest.mark.parametrize("seen", ["", "x", "[]", "1", '{"x": 1}', "null", "[" * 100_000])
def test_without_the_page_that_asks_nothing_is_done(client, seen):
    code = make_code("ON-10", expires_at=NOW + DAY)
    assert ask(client, "switch_off", [code], seen=seen).context_data["title"] == "Switch codes off?"
    code.refresh_from_db()
    assert code.status == "active"


def undo_link(response):
    return re.search(r'<a href="([^"]+)">Undo', " ".join(map(str, messages_of(response))))[1]


@pytest.mark.usefixtures("staff")
@pytest.mark.parametrize("action", ["extend_by_30_days", "switch_off", "expire"])
def test_an_action_can_be_undone_once(client, clock, action):
    codes = [make_code("ON-10", expires_at=NOW + DAY), make_code("EVEN-10", expires_at=NOW - DAY)]
    columns = ["code", "status", "expires_at", "expired_at"]
    before = list(ReferralCode.objects.order_by("pk").values(*columns))
    link = undo_link(act(client, action, codes)[0])
    clock.shift(1)
    page = client.get(link)
    assert page.context_data["title"] == "Put codes back as they were?"
    assert list(ReferralCode.objects.order_by("pk").values(*columns)) != before
    client.cookies.pop("messages", None)
    assert [code.state() for _, code in page.context_data["done"]] == ["ends_soon", "expired"]
    assert [str(m) for m in messages_of(client.post(link))] == [
        "ON-10 is as it was before.",
        "EVEN-10 was put back, but it expired at once: its date has passed (20 Nov 2026, 02:00 UTC).",
    ]
    assert list(ReferralCode.objects.filter(code="ON-10").values(*columns)) == before[:1]
    assert ReferralCode.objects.get(code="EVEN-10").expires_at == NOW - DAY
    client.cookies.pop("messages", None)
    assert [str(m) for m in messages_of(client.post(link))] == [
        "Nothing was undone: that was undone already, or you have done something else since."
    ]


@pytest.mark.usefixtures("staff")
def test_an_undo_leaves_a_code_that_somebody_has_changed_since(client, clock):
    codes = [make_code("ON-10"), make_code("TAKEN-10")]
    link = undo_link(act(client, "switch_off", codes)[0])
    clock.shift(1)
    ReferralCode.objects.get(code="TAKEN-10").save()
    client.cookies.pop("messages", None)
    assert [str(m) for m in messages_of(client.post(link))] == [
        "ON-10 is as it was before.",
        "TAKEN-10 was left as it is: it has been changed since you saw it.",
    ]
    assert list(ReferralCode.objects.order_by("pk").values_list("status", flat=True)) == ["active", "inactive"]


def test_nobody_undoes_what_another_did_and_nobody_without_the_right(client, staff):
    code = make_code("ON-10")
    link = undo_link(act(client, "switch_off", [code])[0])
    client.force_login(make_staff("other"))
    client.post(link)
    code.refresh_from_db()
    assert code.status == "inactive"
    client.force_login(make_staff("looker", "view_referralcode"))
    assert client.get(link).status_code == client.post(link).status_code == 403


@pytest.mark.usefixtures("staff")
def test_expiring_ends_active_codes_now_in_a_run_of_its_own(client, django_capture_on_commit_callbacks, caplog):
    codes = [
        make_code("ON-10", expires_at=NOW + DAY),
        make_code("EVER-10"),
        make_code("LATE-10", expires_at=NOW - DAY),
        make_code("OFF-10", status="inactive"),
    ]
    with django_capture_on_commit_callbacks(execute=True):
        _, said = act(client, "expire", codes)
    run = ExpirationRun.objects.get()
    assert said == [
        f'<a href="/admin/main/expirationrun/{run.pk}/change/">See run {run.pk}</a>',
        f"3 codes were expired by run {run.pk}: ON-10, EVER-10, LATE-10. [Undo]",
        "OFF-10 was not changed: it is already inactive.",
    ]
    assert (run.state, run.started_by, run.person_name, run.expired_count) == ("completed", "admin", "staff", 3)
    stored = ReferralCode.objects.filter(expired_by=run).values_list("code", "status", "expires_at", "expired_at")
    assert list(stored.order_by("pk")) == [
        ("ON-10", "inactive", NOW, NOW),
        ("EVER-10", "inactive", NOW, NOW),
        ("LATE-10", "inactive", NOW - DAY, NOW),
    ]
    assert history() == [
        (
            "ON-10",
            "staff: Ended at once. Expires: 22 Nov 2026, 02:00 UTC → 21 Nov 2026, 02:00 UTC. "
            "Status: Active → Inactive.",
        ),
        ("EVER-10", "staff: Ended at once. Expires: never → 21 Nov 2026, 02:00 UTC. Status: Active → Inactive."),
        ("LATE-10", "staff: Ended at once. Status: Active → Inactive."),
    ]
    assert [f"expired {name}" in caplog.text for name in ("ON-10", "EVER-10", "LATE-10", "OFF-10")] == [
        True, True, True, False,
    ]  # fmt: skip


@pytest.mark.usefixtures("staff")
def test_expiring_inactive_codes_alone_makes_no_run(client):
    code = make_code("OFF-10", status="inactive")
    _, said = act(client, "expire", [code])
    assert said == ["OFF-10 was not changed: it is already inactive."]
    assert not ExpirationRun.objects.exists()


def test_expiring_codes_that_are_not_as_they_were_seen_makes_no_run(caplog):
    make_code("ON-10")
    assert expire_now(ReferralCode.objects.all(), is_as_seen=lambda code: False) == (None, [])
    assert not ExpirationRun.objects.exists()
    assert ReferralCode.objects.get().status == "active"
    assert caplog.text == ""


@pytest.mark.usefixtures("staff")
def test_an_action_on_everything_in_the_filter_reaches_the_filter_alone(client):
    make_code("LATE-10", expires_at=NOW - DAY)
    make_code("ON-10", expires_at=NOW + DAY)
    codes = ReferralCode.objects.filter(code="LATE-10")
    response = client.post(
        f"{LIST}?state=overdue",
        {"action": "switch_off", "select_across": "1", "index": "0", "_selected_action": [codes.get().pk]},
    )
    assert [now.code for now, then in response.context_data["done"]] == ["LATE-10"]
    assert [code.code for code in response.context_data["chosen"]] == ["LATE-10"]


@pytest.mark.usefixtures("staff")
def test_more_codes_than_one_transaction_should_hold_are_refused(client):
    ReferralCode.objects.bulk_create(ReferralCode(code=f"N-{number}") for number in range(501))
    code = ReferralCode.objects.first()
    _, said = act(client, "switch_off", [code], select_across="1")
    assert said == ["Nothing was done: choose at most 500 codes at a time."]
    assert ReferralCode.objects.filter(status="inactive").count() == 0


@pytest.mark.usefixtures("staff")
@pytest.mark.parametrize("pk", ["0", "x", "9" * 40, "-1", "²"])
def test_a_code_that_is_not_there_is_no_error_page(client, pk):
    there = [make_code("ON-10").pk] if pk == "x" else []
    response = client.post(LIST, {"action": "switch_off", "_selected_action": [pk, *there], "index": "0"})
    assert [str(message) for message in get_messages(response.wsgi_request)] == [
        "Nothing was done: the chosen codes could not be found in the list."
    ]


@pytest.mark.parametrize("action", ["expire", "extend_by_7_days", "switch_off", "reactivate", "delete_selected"])
def test_a_person_who_may_only_look_has_no_action_and_can_post_none(client, action):
    client.force_login(make_staff("looker", "view_referralcode"))
    code = make_code("ON-10", expires_at=NOW + DAY, agent=make_agent("Maria Garcia"))
    page = client.get(LIST).content.decode()
    assert 'name="action"' not in page
    assert "Add referral code" not in page
    response, said = act(client, action, [code])
    assert (response.status_code, said) == (200, [])
    code.refresh_from_db()
    assert (code.status, code.expires_at) == ("active", NOW + DAY)
    assert not LogEntry.objects.exists()


@pytest.mark.usefixtures("staff")
@pytest.mark.parametrize("count", [2, 40])
def test_the_pages_that_ask_need_the_same_few_queries_for_many_codes(client, count, django_assert_max_num_queries):
    codes = [make_code(f"N-{number}", agent=make_agent(f"A{number} Agent")) for number in range(count)]
    with django_assert_max_num_queries(9):
        ask(client, "switch_off", codes)
    link = undo_link(act(client, "switch_off", codes)[0])
    with django_assert_max_num_queries(9):
        assert client.get(link).status_code == 200
