"""Two people edit one code or one agent: the second is told what the first did, and decides."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.admin import site
from django.contrib.admin.models import LogEntry
from django.contrib.messages import get_messages
from django.db import transaction

from main.admin.codes import CodeAdmin
from main.models import ExpirationRun, ReferralCode, UserProfile
from main.sweep.run import sweep
from tests.conftest import NOW, make_agent, make_code
from tests.staff import make_staff

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]

DAY = timedelta(days=1)
FIRST = "Nothing was saved: others changed this after you opened the page. Check the values, then save again."


@pytest.fixture
def code():
    return make_code("A-10", agent=make_agent("Maria Garcia"), discount=10, expires_at=NOW + 30 * DAY)


@pytest.fixture
def anna(client):
    """Who opens the form first, and sends it last."""
    user = make_staff("anna")
    client.force_login(user)
    return user


def admin_form(code):
    return f"/admin/main/referralcode/{code.pk}/change/"


def page_form(code):
    return f"/profile/{code.agent_id}/codes/{code.pk}/edit/"


def opened(client, url):
    """What the form sends if nobody writes anything."""
    context = client.get(url).context
    return sent_by(context["adminform"].form if "adminform" in context else context["form"])


def sent_by(form):
    sent = {}
    for bound in form:
        for box in [bound] if not hasattr(bound.field.widget, "widgets") else bound.subwidgets[0].data["subwidgets"]:
            name = bound.html_name if box is bound else box["name"]
            value = bound.value() if box is bound else box["value"]
            sent[name] = "" if value is None else value
    return sent


def send(client, url, sent):
    """The sentences over the form, and the form as it is shown again; ([], None) for one that was saved."""
    response = client.post(url, sent)
    if response.status_code == 302:
        return [], None
    context = response.context
    form = context["adminform"].form if "adminform" in context else context["form"]
    assert list(form.errors) == ["__all__"]
    return form.non_field_errors(), form


def by_another(code, client, **fields):
    """Ben edits the code in the admin."""
    client.force_login(make_staff("ben"))
    url = admin_form(code)
    assert send(client, url, opened(client, url) | fields) == ([], None)


@pytest.fixture
def edit_by_ben(client, anna, code, clock):
    """Ben's edit, between Anna's opening the form and her sending it."""

    def edit(**fields):
        clock.shift(60)
        by_another(code, client, **fields)
        client.force_login(anna)

    return edit


@pytest.mark.parametrize("url_of", [admin_form, page_form])
def test_both_values_are_told_and_what_was_typed_is_kept_and_sent_again_it_is_saved(client, code, url_of, edit_by_ben):
    url = url_of(code)
    sent = opened(client, url) | {"discount": "30"}
    edit_by_ben(discount="25")
    told, form = send(client, url, sent)
    assert told == [FIRST, "Discount (%): changed to 25 % by ben (21 Nov 2026, 02:01 UTC). You wrote 30 %."]
    code.refresh_from_db()
    assert code.discount == 25
    assert sent_by(form)["discount"] == "30"
    assert send(client, url, sent_by(form)) == ([], None)
    code.refresh_from_db()
    assert code.discount == 30


@pytest.mark.parametrize("url_of", [admin_form, page_form])
def test_a_box_that_was_left_alone_gets_the_new_value_so_that_nothing_is_taken_back_unread(
    client, code, url_of, edit_by_ben
):
    url = url_of(code)
    sent = opened(client, url) | {"discount": "30"}
    edit_by_ben(expires_at_0="2027-12-31", expires_at_1="")
    told, form = send(client, url, sent)
    assert told == [
        FIRST,
        "Expires: changed to end of 31 Dec 2027 UTC by ben (21 Nov 2026, 02:01 UTC). You had left it at "
        "21 Dec 2026, 02:00 UTC; the form has the new value now.",
    ]
    assert send(client, url, sent_by(form)) == ([], None)
    code.refresh_from_db()
    assert (code.discount, code.expires_at) == (30, datetime(2028, 1, 1, tzinfo=UTC))


def test_a_code_that_another_has_switched_off_is_not_switched_on_by_a_later_save(client, code, edit_by_ben):
    url = admin_form(code)
    sent = opened(client, url) | {"discount": "30"}
    edit_by_ben(status="inactive")
    told, form = send(client, url, sent)
    assert told[1] == (
        "Status: changed to Inactive by ben (21 Nov 2026, 02:01 UTC). You had left it at Active; "
        "the form has the new value now."
    )
    assert send(client, url, sent_by(form)) == ([], None)
    code.refresh_from_db()
    assert (code.discount, code.status) == (30, "inactive")


def test_who_insists_on_the_own_values_has_them(client, code, edit_by_ben):
    url = admin_form(code)
    sent = opened(client, url) | {"discount": "30"}
    edit_by_ben(status="inactive", agent="")
    told, form = send(client, url, sent)
    assert told[1].startswith("Agent: changed to house code by ben (")
    assert send(client, url, sent | {"seen": sent_by(form)["seen"]}) == ([], None)
    code.refresh_from_db()
    assert (code.discount, code.status, code.agent.name) == (30, "active", "Maria Garcia")


def test_the_same_new_value_is_no_conflict(client, code, edit_by_ben):
    url = admin_form(code)
    sent = opened(client, url) | {"discount": "25"}
    edit_by_ben(discount="25.00")
    assert send(client, url, sent) == ([], None)


def test_what_a_program_changed_is_told_without_a_name(client, anna, code, clock):
    url = admin_form(code)
    sent = opened(client, url) | {"discount": "30"}
    ReferralCode.objects.update(discount=25)
    assert send(client, url, sent)[0][1] == "Discount (%): changed to 25 % by somebody. You wrote 30 %."


def test_an_edit_may_follow_a_sweep(client, anna, code, clock):
    url = admin_form(code)
    ReferralCode.objects.update(expires_at=NOW)
    sent = opened(client, url) | {"expires_at_0": "2027-12-31", "expires_at_1": ""}
    sweep(ExpirationRun.StartedBy.COMMAND)
    assert send(client, url, sent) == ([], None)
    code.refresh_from_db()
    assert code.is_usable


def test_beside_the_edit_of_another_a_sweep_is_told_too(client, code, edit_by_ben):
    url = admin_form(code)
    sent = opened(client, url) | {"discount": "30"}
    edit_by_ben(discount="25")
    ReferralCode.objects.update(expires_at=NOW)
    run = sweep(ExpirationRun.StartedBy.COMMAND)
    told, _ = send(client, url, sent)
    assert told[-1] == f"Run {run.pk} expired the code (21 Nov 2026, 02:01 UTC)."


def test_the_form_of_an_agent_is_guarded_too(client, anna, clock):
    agent = make_agent("Maria Garcia")
    url = f"/admin/main/userprofile/{agent.pk}/change/"
    sent = opened(client, url) | {"name": "Maria G."}
    clock.shift(60)
    client.force_login(make_staff("ben"))
    assert send(client, url, opened(client, url) | {"role": "client"}) == ([], None)
    client.force_login(anna)
    told, form = send(client, url, sent)
    assert told == [
        FIRST,
        "Role: changed to Client by ben (21 Nov 2026, 02:01 UTC). You had left it at Agent; "
        "the form has the new value now.",
    ]
    assert send(client, url, sent_by(form)) == ([], None)
    assert list(UserProfile.objects.values_list("name", "role")) == [("Maria G.", "client")]


@pytest.mark.parametrize("url_of", [admin_form, page_form])
def test_a_form_that_is_sent_twice_is_saved_and_noted_once(client, anna, code, clock, url_of):
    sent = opened(client, url_of(code)) | {"discount": "30"}
    for _ in range(2):
        clock.shift(1)
        assert send(client, url_of(code), sent) == ([], None)
    code.refresh_from_db()
    assert code.discount == 30
    assert LogEntry.objects.count() == 1


def test_a_new_code_that_is_sent_twice_is_one_code(client, anna):
    sent = {"code": "NEW-10", "discount": "10", "status": "active"}
    client.post("/admin/main/referralcode/add/", sent)
    again = client.post("/admin/main/referralcode/add/", sent)
    assert again.context["adminform"].form.errors == {"code": ["The code NEW-10 exists already."]}
    assert ReferralCode.objects.count() == LogEntry.objects.count() == 1


def test_what_was_seen_is_no_change_of_the_form(client, anna, code, rf):
    sent = opened(client, admin_form(code))
    assert set(json.loads(sent["seen"])) == {"code", "agent", "discount", "expires_at", "status"}
    request = rf.post("/", sent | {"discount": "30"})
    request.user = anna
    with transaction.atomic():
        model_admin = CodeAdmin(ReferralCode, site)
        found = model_admin.get_object(request, str(code.pk))
        form = model_admin.get_form(request, found, change=True)(request.POST, instance=found)
        assert form.changed_data == ["discount"]


def test_who_may_only_look_gets_no_hidden_box(client, code):
    client.force_login(make_staff("looker", "view_referralcode", "view_userprofile"))
    for url in (admin_form(code), f"/admin/main/userprofile/{code.agent_id}/change/"):
        page = client.get(url).content.decode()
        assert 'name="seen"' not in page
        assert "Seen" not in page


@pytest.mark.parametrize(
    "seen",
    ["", "x", "[]", "null", "{}", '{"discount": []}', '{"discount": "x"}', '{"expires_at": "2026-01-01 00:00"}',
     '{"expires_at": "0001-01-01T00:00:00+00:00"}', '{"agent": "x"}', '{"code": "\\u0000"}', "[" * 100_000],
)  # fmt: skip
def test_rubbish_in_the_hidden_box_is_no_error_page(client, anna, code, seen):
    url = admin_form(code)
    assert send(client, url, opened(client, url) | {"seen": seen, "discount": "30"}) == ([], None)


def test_the_hint_before_a_save_does_not_speak_of_others(client, code, edit_by_ben):
    sent = opened(client, admin_form(code)) | {"discount": "30"}
    edit_by_ben(discount="25")
    answer = client.post(admin_form(code).replace("change", "what-a-save-does"), sent).json()
    assert answer["sentence"].startswith("Once saved, the code works until ")


def test_nothing_is_said_after_a_save_that_met_nobody(client, anna, code):
    url = page_form(code)
    response = client.post(url, opened(client, url) | {"discount": "30"})
    assert [str(message) for message in get_messages(response.wsgi_request)] == ["A-10 was saved and is active."]
