"""What staff do to an agent's codes on the pages outside the admin, and what they are told."""

from datetime import UTC, date, datetime, timedelta
from urllib.parse import quote

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.contrib.messages import get_messages
from django.db.models.signals import pre_save
from django.urls import reverse
from django.utils import timezone
from django.utils.html import escape

from main.codes.dates import end_of_day
from main.codes.editing import Task
from main.models import ExpirationRun, ReferralCode
from main.sweep.run import sweep
from tests.conftest import NOW, make_agent, make_code
from tests.staff import notes

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]

DAY = timedelta(days=1)
TASKS = list(Task)


@pytest.fixture
def maria():
    return make_agent("Maria Garcia")


@pytest.fixture
def code(maria):
    return make_code("MARIA-15", agent=maria, discount=15, expires_at=NOW + 10 * DAY)


def url_of(task, code, agent=None):
    agent_pk = agent.pk if agent else code.agent_id
    return reverse("manage_referral_codes", kwargs={"pk": agent_pk, "code_pk": code.pk, "task": task})


def url_of_new(agent_pk):
    return reverse("manage_referral_codes", kwargs={"pk": agent_pk, "task": "new"})


def post(client, url, **data):
    """Send the form, and return what the person is told."""
    client.cookies.pop("messages", None)  # what was told before
    response = client.post(url, data)
    assert response.status_code == 302, response.context["form"].errors
    return [f"{message.level_tag}: {message}" for message in get_messages(response.wsgi_request)]


def errors(client, url, **data):
    response = client.post(url, data)
    assert response.status_code == 200
    return response.context["form"].errors


def history():
    return [f"{entry.user}: {entry}" for entry in LogEntry.objects.order_by("pk")]


def create(client, maria, **data):
    return post(client, url_of_new(maria.pk), **{"discount": "20", **data})


def test_creates_a_code_in_capitals_that_works_to_the_end_of_its_day(admin_client, maria, settings):
    settings.TIME_ZONE = "Europe/Athens"
    told = create(admin_client, maria, code="  maria-20 ", expires_at_0="2026-11-30")
    assert told == ["success: MARIA-20 was saved and is active."]
    code = ReferralCode.objects.get()
    assert (code.code, code.agent, code.discount, code.status) == ("MARIA-20", maria, 20, "active")
    assert code.is_usable_at(datetime(2026, 11, 30, 21, 59, 59, 999999, tzinfo=UTC))
    assert not code.is_usable_at(datetime(2026, 11, 30, 22, 0, tzinfo=UTC))
    assert history() == ["admin: Added “MARIA-20”."]


def test_creates_a_code_that_ends_at_a_time_and_one_that_never_does(admin_client, maria):
    create(admin_client, maria, code="TIME", expires_at_0="2026-11-30", expires_at_1="17:30")
    create(admin_client, maria, code="NEVER")
    assert ReferralCode.objects.get(code="TIME").expires_at == datetime(2026, 11, 30, 17, 30, tzinfo=UTC)
    assert ReferralCode.objects.get(code="NEVER").expires_at is None


def test_reads_a_time_in_the_visitors_zone(admin_client, maria):
    admin_client.cookies["zone"] = "Asia/Tokyo"
    create(admin_client, maria, code="TIME", expires_at_0="2026-11-30", expires_at_1="17:30")
    assert ReferralCode.objects.get().expires_at == datetime(2026, 11, 30, 8, 30, tzinfo=UTC)


def test_says_that_a_code_past_its_date_was_saved_as_inactive(admin_client, maria):
    told = create(admin_client, maria, code="LATE", expires_at_0="2026-11-20")
    assert told == ["warning: LATE was saved. It does not work, because its date has passed (end of 20 Nov 2026 UTC)."]
    code = ReferralCode.objects.get()
    assert (code.status, code.expired_at) == ("inactive", NOW)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"code": ""}, {"code": ["This field is required."]}),
        ({"code": "maria-15"}, {"code": ["The code MARIA-15 exists already."]}),
        (
            {"code": "A\tB"},
            {
                "code": [
                    "Only printable characters, please: no line breaks, tabs or invisible marks.",
                    "A code is one line of printable characters, without spaces around it.",
                ]
            },
        ),
        ({"code": "A\0B"}, {"code": ["Null characters are not allowed."]}),
        ({"discount": "101"}, {"discount": ["Ensure this value is less than or equal to 100."]}),
        ({"discount": "NaN"}, {"discount": ["'NaN' is not a percentage: write a number such as 20 or 12.5."]}),
        (
            {"expires_at_0": "30/02/2026"},
            {"expires_at": ["'30/02/2026' is not a date: February 2026 has the days 1 to 28."]},
        ),
        (
            {"expires_at_1": "17:30"},
            {"expires_at": ["Give the day too, such as 2026-12-31, or leave day and time empty."]},
        ),
        (
            {"expires_at_0": "2026-12-31", "expires_at_1": "25:00"},
            {"expires_at": ["'25:00' is not a time: write one from 00:00 to 23:59."]},
        ),
        ({"expires_at_0": "9999-12-31"}, {"expires_at": ["The year must be from 1970 to 9998."]}),
        (
            {"expires_at_0": "0001-01-01", "expires_at_1": "00:00"},
            {"expires_at": ["The year must be from 1970 to 9998."]},
        ),
    ],
)
def test_refuses_what_cannot_be_and_says_why(admin_client, code, wrong, said):
    url = url_of_new(code.agent_id)
    assert errors(admin_client, url, **{"code": "NEW", "discount": "20", **wrong}) == said
    assert list(ReferralCode.objects.all()) == [code]
    assert history() == []


def test_says_that_somebody_else_was_faster_with_the_same_code(admin_client, maria):
    def be_faster(**kwargs):  # after the form has looked and before it saves
        make_code("NEW")

    pre_save.connect(be_faster, ReferralCode)
    try:
        said = errors(admin_client, url_of_new(maria.pk), code="new", discount="20")
    finally:
        pre_save.disconnect(be_faster, ReferralCode)
    assert said == {"code": ["This code was created by someone else just now."]}
    assert history() == []


def test_refuses_a_local_time_that_the_clocks_skip(admin_client, code):
    admin_client.cookies["zone"] = "Europe/Athens"
    skipped = {"code": "X", "discount": "20", "expires_at_0": "2027-03-28", "expires_at_1": "03:30"}
    assert errors(admin_client, url_of("edit", code), **skipped) == {
        "expires_at": [
            "'2027-03-28 03:30' is not a date: the clocks of Europe/Athens skip 03:30 that day: write 04:30."
        ]
    }


def test_edits_a_code(admin_client, code):
    url = url_of("edit", code)
    told = post(admin_client, url, code="maria-30", discount="30", expires_at_0="2026-12-31")
    assert told == ["success: MARIA-30 was saved and is active."]
    code.refresh_from_db()
    assert (code.code, code.discount, code.expires_at) == ("MARIA-30", 30, end_of_day(date(2026, 12, 31)))
    assert notes(code) == [
        "admin: Edited. Code: MARIA-15 → MARIA-30. Discount (%): 15 % → 30 %. "
        "Expires: 1 Dec 2026, 02:00 UTC → end of 31 Dec 2026 UTC."
    ]


def test_a_form_that_is_sent_as_it_came_changes_nothing(admin_client, code):
    admin_client.cookies["zone"] = "Europe/Athens"
    for expires_at in [
        end_of_day(date(2026, 12, 31)), datetime(2026, 12, 31, 17, 30, 15, 250, tzinfo=UTC), None,
        datetime(2026, 10, 25, 1, 30, tzinfo=UTC),  # the second 03:30 of that night in Athens
    ]:  # fmt: skip
        ReferralCode.objects.update(expires_at=expires_at)
        form = admin_client.get(url_of("edit", code)).context["form"]
        with timezone.override("Europe/Athens"):
            day, clock = form["expires_at"].subwidgets[0].data["subwidgets"]
        sent = {"expires_at_0": day["value"] or "", "expires_at_1": clock["value"] or ""}
        post(admin_client, url_of("edit", code), code="MARIA-15", discount="15", **sent)
        code.refresh_from_db()
        assert code.expires_at == expires_at
        assert not any("Expires" in note for note in notes(code))


def test_says_that_an_edit_left_the_code_switched_off(admin_client, code):
    ReferralCode.objects.update(status="inactive")
    told = post(admin_client, url_of("edit", code), code="MARIA-15", discount="5")
    assert told == ["warning: MARIA-15 was saved. It is switched off: it does not work until you reactivate it."]


def test_says_that_the_code_of_a_switched_off_agent_waits_for_it(admin_client, maria):
    User.objects.filter(pk=maria.user_id).update(is_active=False)
    told = create(admin_client, maria, code="WAITS")
    assert told == ["warning: WAITS was saved. It works once the agent's account is switched on."]


def test_extends_a_code(admin_client, code):
    told = post(admin_client, url_of("extend", code), days="30")
    assert told == ["success: MARIA-15 was extended by 30 days. New date: 31 Dec 2026, 02:00 UTC."]
    code.refresh_from_db()
    assert code.expires_at == NOW + 40 * DAY
    assert notes(code) == ["admin: Extended by 30 days. Expires: 1 Dec 2026, 02:00 UTC → 31 Dec 2026, 02:00 UTC."]


def test_extends_by_offered_numbers_of_days_alone(admin_client, code):
    said = {"days": ["Select a valid choice. 31 is not one of the available choices."]}
    assert errors(admin_client, url_of("extend", code), days="31") == said
    code.refresh_from_db()
    assert code.expires_at == NOW + 10 * DAY


def test_leaves_a_code_that_cannot_be_extended_and_says_why(admin_client, code):
    ReferralCode.objects.update(expires_at=None)
    told = post(admin_client, url_of("extend", code), days="30")
    assert told == ["warning: MARIA-15 was not extended: it has no end date."]
    assert history() == []


def test_switches_a_code_off_and_reactivates_it(admin_client, code):
    assert post(admin_client, url_of("switch-off", code)) == ["success: MARIA-15 was switched off."]
    code.refresh_from_db()
    assert (code.status, code.expired_at) == ("inactive", None)
    assert post(admin_client, url_of("reactivate", code)) == ["success: MARIA-15 was reactivated."]
    code.refresh_from_db()
    assert code.is_usable
    assert notes(code) == [
        "admin: Switched off. Status: Active → Inactive.",
        "admin: Reactivated. Status: Inactive → Active.",
    ]


def test_deletes_a_code_after_a_confirmation(admin_client, code):
    response = admin_client.get(url_of("delete", code))
    assert "Delete MARIA-15?" in response.content.decode()
    assert ReferralCode.objects.count() == 1
    assert post(admin_client, url_of("delete", code)) == ["success: MARIA-15 was deleted."]
    assert ReferralCode.objects.count() == 0
    assert history() == ["admin: Deleted “MARIA-15.”"]


def test_a_code_that_a_run_expired_is_kept(admin_client, code):
    ReferralCode.objects.update(expires_at=NOW - timedelta(days=1))
    run = sweep(ExpirationRun.StartedBy.SHELL)
    assert post(admin_client, url_of("delete", code)) == [
        f"warning: MARIA-15 was not deleted: run {run.pk} in the ledger counts it."
    ]
    assert ReferralCode.objects.count() == 1
    assert "Delete" not in admin_client.get(f"/profile/{code.agent_id}/").content.decode()


def test_looking_at_a_task_does_nothing(admin_client, code):
    before = ReferralCode.objects.values().get()
    shown = [task for task in TASKS if admin_client.get(url_of(task, code)).status_code == 200]
    assert shown == ["edit", "extend", "switch-off", "delete"]  # an active code is not reactivated
    assert ReferralCode.objects.values().get() == before
    assert history() == []


def test_a_code_is_reached_through_its_own_agent_alone(admin_client, code):
    john = make_agent("John Smith")
    for task in TASKS:
        assert (
            admin_client.post(url_of(task, code, john), {"days": "7", "code": "X", "discount": "1"}).status_code == 404
        )
    assert list(ReferralCode.objects.values_list("code", "status")) == [("MARIA-15", "active")]


@pytest.mark.parametrize(
    ("permissions", "offered", "allowed"),
    [
        (["view"], [], []),
        (["view", "add"], ["New code"], ["new"]),
        (
            ["view", "change"],
            ["Edit MARIA-15", "Extend MARIA-15", "Switch off MARIA-15"],
            ["edit", "extend", "switch-off", "reactivate"],
        ),
        (["view", "delete"], ["Delete MARIA-15"], ["delete"]),
    ],
)
def test_each_task_needs_its_permission(client, code, permissions, offered, allowed):
    anna = User.objects.create_user("anna", is_staff=True)
    names = [f"{name}_referralcode" for name in permissions]
    anna.user_permissions.set(Permission.objects.filter(codename__in=names))
    client.force_login(anna)
    page = client.get(reverse("profile", args=[code.agent_id])).content.decode()
    page = page.replace('<span class="only-read-aloud"> ', " ").replace("</span></a>", "</a>")
    labels = ["New code", *(f"{word} MARIA-15" for word in ["Edit", "Extend", "Switch off", "Reactivate", "Delete"])]
    assert [label for label in labels if f">{label}</a>" in page] == offered

    sent = {"code": "MARIA-99", "discount": "1", "days": "7"}
    urls = {task: url_of(task, code) for task in TASKS}
    urls["new"] = url_of_new(code.agent_id)
    for task in [task for task in urls if task not in allowed]:
        assert client.get(urls[task]).status_code == client.post(urls[task], sent).status_code == 403
    assert list(ReferralCode.objects.values_list("code", "status")) == [("MARIA-15", "active")]
    for task in allowed:
        assert client.post(urls[task], sent).status_code == 302


def test_staff_come_from_the_admin_by_way_of_the_agents_page(admin_client, maria):
    profile_url = reverse("profile", args=[maria.pk])
    in_admin = admin_client.get(reverse("admin:main_userprofile_change", args=[maria.pk])).content.decode()
    assert f'<a href="{profile_url}" class="viewsitelink">' in in_admin
    page = admin_client.get(profile_url).content.decode()
    assert f'<a class="button" href="{url_of_new(maria.pk)}?next={profile_url}">New code</a>' in page


def test_for_anybody_but_staff_there_is_no_such_page(client, code):
    everything = Permission.objects.filter(content_type__app_label="main")
    assert code.agent
    code.agent.user.user_permissions.set(everything)
    client.force_login(code.agent.user)
    for url in [url_of_new(code.agent_id), *(url_of(task, code) for task in TASKS)]:
        assert client.get(url).status_code == client.post(url).status_code == 404


def test_ended_codes_are_offered_what_helps_them(admin_client, maria):
    make_code("PAST", agent=maria, expires_at=NOW - DAY, status="inactive", expired_at=NOW)
    make_code("OFF-PAST", agent=maria, expires_at=NOW - DAY, status="inactive")
    make_code("OFF", agent=maria, status="inactive")
    page = admin_client.get(reverse("profile", args=[maria.pk])).content.decode()
    words = ["Edit", "Extend", "Switch off", "Reactivate", "Delete"]
    offered = {
        code: [word for word in words if f'{word}<span class="only-read-aloud"> {code}<' in page]
        for code in ["PAST", "OFF-PAST", "OFF"]
    }
    assert offered == {
        "PAST": ["Edit", "Extend", "Delete"],
        "OFF-PAST": ["Edit", "Extend", "Delete"],
        "OFF": ["Edit", "Reactivate", "Delete"],
    }


@pytest.mark.parametrize("task", TASKS)
def test_after_a_task_one_is_back_on_the_page_one_came_from(admin_client, code, task):
    if task == Task.REACTIVATE:
        ReferralCode.objects.update(status="inactive")
    came_from = f"/profile/{code.agent_id}/?working=2&ended=3"
    page = admin_client.get(came_from).content.decode()
    link = f"{url_of(task, code)}?next={quote(came_from)}"
    assert f'<a href="{link}">' in page
    assert f'<a href="{escape(came_from)}">Cancel</a>' in admin_client.get(link).content.decode()
    sent = {"code": "MARIA-15", "discount": "15", "days": "7"}
    assert admin_client.post(link, sent)["Location"] == came_from
    # Once more it cannot be done, or there is no such code: with a sentence, to the same page.
    if task in (Task.SWITCH_OFF, Task.REACTIVATE):
        assert admin_client.get(link)["Location"] == admin_client.post(link, sent)["Location"] == came_from


@pytest.mark.parametrize(
    "elsewhere", ["https://example.org/", "//example.org/", "javascript:alert(1)", "foo", "", "/\\example.org/"]
)
def test_after_a_task_one_is_never_led_to_another_site(admin_client, code, elsewhere):
    link = f"{url_of('switch-off', code)}?next={quote(elsewhere)}"
    assert admin_client.post(link)["Location"] == f"/profile/{code.agent_id}/"


def test_a_refused_edit_is_headed_with_the_stored_name(admin_client, code):
    make_code("OTHER-99")
    page = admin_client.post(url_of("edit", code), {"code": "other-99", "discount": "15"}).content.decode()
    assert "<h1>Edit MARIA-15</h1>" in page
    assert "<title>Edit MARIA-15 · Knossos</title>" in page
    assert "The code OTHER-99 exists already." in page


def test_staff_who_may_not_view_codes_find_no_such_page(client, code):
    anna = User.objects.create_user("anna", is_staff=True)
    anna.user_permissions.set(Permission.objects.filter(codename="change_referralcode"))
    client.force_login(anna)
    assert client.get(url_of("edit", code)).status_code == client.post(url_of("edit", code)).status_code == 404


def test_an_inactive_code_past_its_date_is_extended_and_active_again_in_one_task(admin_client, code):
    ReferralCode.objects.update(status="inactive", expires_at=NOW - DAY)
    assert post(admin_client, url_of("extend", code), days="7") == [
        "success: MARIA-15 was extended by 7 days and is active again. New date: 28 Nov 2026, 02:00 UTC."
    ]
    code.refresh_from_db()
    assert code.is_usable


@pytest.mark.parametrize("task", [Task.EXTEND, Task.SWITCH_OFF, Task.REACTIVATE])
def test_a_task_sent_twice_acts_once(admin_client, code, clock, task):
    if task == Task.REACTIVATE:
        ReferralCode.objects.update(status="inactive")
    version = admin_client.get(url_of(task, code)).context["form"]["version"].value()
    sent = {"days": "30", "version": version}
    clock.shift(1)
    post(admin_client, url_of(task, code), **sent)
    once = ReferralCode.objects.values().get()
    clock.shift(1)
    (told,) = post(admin_client, url_of(task, code), **sent)
    assert told.startswith("warning: MARIA-15 was ")
    assert ReferralCode.objects.values().get() == once
    assert len(history()) == 1
