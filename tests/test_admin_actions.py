"""What staff do to chosen codes: what is done, what is said, and what the admin's history keeps."""

import re
from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.messages import get_messages

from main.models import ExpirationRun, ReferralCode
from tests.conftest import NOW, make_agent, make_code
from tests.staff import make_staff

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]

DAY = timedelta(days=1)
LIST = "/admin/main/referralcode/"


@pytest.fixture
def staff(client):
    user = make_staff()
    client.force_login(user)
    return user


def act(client, action, codes, **fields):
    """Carry out `action` on `codes`; return the response and what was said."""
    data = {"action": action, "_selected_action": [code.pk for code in codes], "index": "0", **fields}
    client.cookies.pop("messages", None)  # what was said before
    response = client.post(LIST, data)
    return response, [str(message) for message in get_messages(response.wsgi_request)]


def history():
    entries = sorted(LogEntry.objects.all(), key=lambda entry: int(entry.object_id))
    return [(entry.object_repr, entry.change_message) for entry in entries]


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
        "GONE-10 was extended by 30 days and is active again. New date: 21 Dec 2026, 02:00 UTC.",
        "OFF-10 was not extended: it is switched off. Reactivate it first.",
        "EVER-10 was not extended: it has no end date.",
    ]
    assert history() == [
        ("SOON-10", "Extended by 30 days. Date before: 22 Nov 2026, 02:00 UTC; now: 22 Dec 2026, 02:00 UTC."),
        (
            "GONE-10",
            "Extended by 30 days and active again. Date before: 20 Nov 2026, 02:00 UTC; now: 21 Dec 2026, 02:00 UTC.",
        ),
    ]
    codes[0].refresh_from_db()
    assert codes[0].expires_at == NOW + 31 * DAY


@pytest.mark.usefixtures("staff")
def test_switching_off_and_reactivating(client):
    code = make_code("ON-10", expires_at=NOW + DAY)
    assert act(client, "switch_off", [code])[1] == ["ON-10 was switched off."]
    assert act(client, "switch_off", [code])[1] == ["ON-10 was not changed: it is already inactive."]
    assert act(client, "reactivate", [code])[1] == ["ON-10 was reactivated."]
    assert [message for _, message in history()] == ["Switched off.", "Reactivated."]


@pytest.mark.usefixtures("staff")
def test_expiring_asks_first_and_names_the_codes(client):
    codes = [make_code("ON-10", expires_at=NOW + DAY), make_code("OFF-10", status="inactive")]
    response, said = act(client, "expire", codes)
    assert response.status_code == 200
    page = response.content.decode()
    assert "1 code will stop working now" in page
    assert "1 code will be left, because it is already inactive." in page
    assert re.findall(r'name="_selected_action" value="(\d+)"', page) == [str(code.pk) for code in codes]
    assert said == []
    assert ReferralCode.objects.get(code="ON-10").status == "active"
    assert not ExpirationRun.objects.exists()


@pytest.mark.usefixtures("staff")
def test_expiring_ends_active_codes_now_in_a_run_of_its_own(client, django_capture_on_commit_callbacks, caplog):
    codes = [
        make_code("ON-10", expires_at=NOW + DAY),
        make_code("EVER-10"),
        make_code("LATE-10", expires_at=NOW - DAY),
        make_code("OFF-10", status="inactive"),
    ]
    with django_capture_on_commit_callbacks(execute=True):
        _, said = act(client, "expire", codes, post="yes")
    run = ExpirationRun.objects.get()
    assert said == [
        f"3 codes were expired by run {run.pk}: ON-10, EVER-10, LATE-10. "
        f'<a href="/admin/main/expirationrun/{run.pk}/change/">See the run</a>',
        "OFF-10 was not changed: it is already inactive.",
    ]
    assert (run.state, run.started_by, run.expired_count) == ("completed", "admin", 3)
    stored = ReferralCode.objects.filter(expired_by=run).values_list("code", "status", "expires_at", "expired_at")
    assert list(stored.order_by("pk")) == [
        ("ON-10", "inactive", NOW, NOW),
        ("EVER-10", "inactive", NOW, NOW),
        ("LATE-10", "inactive", NOW - DAY, NOW),
    ]
    assert history() == [
        ("ON-10", f"Expired by run {run.pk}. Date before: 22 Nov 2026, 02:00 UTC."),
        ("EVER-10", f"Expired by run {run.pk}. Date before: none."),
        ("LATE-10", f"Expired by run {run.pk}. Date before: 20 Nov 2026, 02:00 UTC."),
    ]
    assert [f"expired {name}" in caplog.text for name in ("ON-10", "EVER-10", "LATE-10", "OFF-10")] == [
        True, True, True, False,
    ]  # fmt: skip


@pytest.mark.usefixtures("staff")
def test_expiring_inactive_codes_alone_makes_no_run(client):
    code = make_code("OFF-10", status="inactive")
    _, said = act(client, "expire", [code], post="yes")
    assert said == ["OFF-10 was not changed: it is already inactive."]
    assert not ExpirationRun.objects.exists()


@pytest.mark.usefixtures("staff")
def test_an_action_on_everything_in_the_filter_reaches_the_filter_alone(client):
    make_code("LATE-10", expires_at=NOW - DAY)
    make_code("ON-10", expires_at=NOW + DAY)
    codes = ReferralCode.objects.filter(code="LATE-10")
    response = client.post(
        f"{LIST}?state=overdue",
        {"action": "switch_off", "select_across": "1", "index": "0", "_selected_action": [codes.get().pk]},
    )
    assert [str(message) for message in get_messages(response.wsgi_request)] == ["LATE-10 was switched off."]


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
        "Nothing was done: they left the list meanwhile."
    ]


@pytest.mark.parametrize("action", ["expire", "extend_by_7_days", "switch_off", "reactivate", "delete_selected"])
def test_a_person_who_may_only_look_has_no_action_and_can_post_none(client, action):
    client.force_login(make_staff("looker", "view_referralcode"))
    code = make_code("ON-10", expires_at=NOW + DAY, agent=make_agent("Maria Garcia"))
    page = client.get(LIST).content.decode()
    assert 'name="action"' not in page
    assert "Add referral code" not in page
    response, said = act(client, action, [code], post="yes")
    assert (response.status_code, said) == (200, [])
    code.refresh_from_db()
    assert (code.status, code.expires_at) == ("active", NOW + DAY)
    assert not LogEntry.objects.exists()
