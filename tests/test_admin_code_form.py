"""How staff write a code: what is accepted, what is named at its field, and what is said after the save."""

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.messages import get_messages

from main.models import ReferralCode
from tests.conftest import NOW, make_agent, make_code
from tests.staff import make_run

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("staff_signed_in", "four_in_the_morning_in_athens")]

DAY = timedelta(days=1)
ADD = "/admin/main/referralcode/add/"


def change_url(code):
    return f"/admin/main/referralcode/{code.pk}/change/"


def make_client(name):
    client = make_agent(name)
    client.role = "client"
    client.save()
    return client


def fill_in(client, url=ADD, **fields):
    """Post the form; return what was said, or the errors by field."""
    data = {"code": "JOHNS-20", "agent": "", "discount": "20", "expires_at_0": "", "expires_at_1": "",
            "status": "active", **fields}  # fmt: skip
    response = client.post(url, data)
    if response.status_code == 200:
        return response.context["errors"].as_data() and dict(response.context["adminform"].form.errors)
    return [str(message) for message in get_messages(response.wsgi_request)]


def test_a_code_is_stored_in_capitals_without_spaces(client):
    fill_in(client, code="  johns-20 ")
    assert ReferralCode.objects.get().code == "JOHNS-20"


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("A\tB", "A code is one line of printable characters, without spaces around it."),
        ("A\u202eB", "A code is one line of printable characters, without spaces around it."),
        ("maria-15", "The code MARIA-15 exists already."),
        ("X" * 65, "Ensure this value has at most 64 characters (it has 65)."),
    ],
)
def test_what_is_wrong_with_a_code_is_said_at_its_field(client, code, error):
    make_code("MARIA-15")
    errors = fill_in(client, code=code)
    assert list(errors) == ["code"]
    assert errors["code"][-1] == error


@pytest.mark.parametrize(
    ("day", "time", "stored"),
    [
        ("2026-12-24", "", datetime(2026, 12, 24, 22, 0, tzinfo=UTC)),
        ("24/12/2026", "18:30", datetime(2026, 12, 24, 16, 30, tzinfo=UTC)),
        ("2026-12-24", "00:00", datetime(2026, 12, 23, 22, 0, tzinfo=UTC)),
        ("", "", None),
    ],
)
def test_a_date_without_a_time_means_the_end_of_that_day(client, day, time, stored):
    fill_in(client, expires_at_0=day, expires_at_1=time)
    assert ReferralCode.objects.get().expires_at == stored


def test_the_end_of_a_day_is_shown_as_that_day_and_stays_it(client):
    code = make_code("DAY-10", expires_at=datetime(2026, 12, 24, 22, 0, tzinfo=UTC))
    page = client.get(change_url(code)).content.decode()
    assert 'name="expires_at_0" value="24/12/2026"' in page
    assert 'name="expires_at_1" value' not in page
    fill_in(client, change_url(code), code="DAY-10", expires_at_0="24/12/2026")
    code.refresh_from_db()
    assert code.expires_at == datetime(2026, 12, 24, 22, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("day", "time", "error"),
    [
        ("0001-01-01", "", "The year must be from 1970 to 9998."),
        ("0001-01-01", "00:00", "The year must be from 1970 to 9998."),
        ("9999-12-31", "", "The year must be from 1970 to 9998."),
        ("9999-12-31", "23:59", "The year must be from 1970 to 9998."),
        ("tomorrow", "", "'tomorrow' is not a date: write 2026-12-31 or 31/12/2026, or with a time 2026-12-31 17:00."),
        ("", "12:00", "Give the day too, such as 2026-12-31, or leave day and time empty."),
        ("2026-12-24", "25:00", "'25:00' is not a time: write one from 00:00 to 23:59."),
        ("12/31/2026", "", "'12/31/2026' is not a date: there is no month 31. The day comes first: write 31/12/2026."),
    ],
)
def test_a_date_that_cannot_be_is_refused_at_its_field(client, day, time, error):
    assert fill_in(client, expires_at_0=day, expires_at_1=time) == {"expires_at": [error]}


@pytest.mark.parametrize(
    ("discount", "error"),
    [
        ("-1", "Ensure this value is greater than or equal to 0."),
        ("100.01", "Ensure this value is less than or equal to 100."),
        ("NaN", "'NaN' is not a percentage: write a number such as 20 or 12.5."),
        ("1e99", "'1e99' is not a percentage: write a number such as 20 or 12.5."),
        ("1" * 9, "Ensure that there are no more than 5 digits in total."),
        ("12.345", "Ensure that there are no more than 2 decimal places."),
        ("", "This field is required."),
    ],
)
def test_a_discount_is_a_percentage(client, discount, error):
    assert error in fill_in(client, discount=discount)["discount"]


def test_only_agents_can_be_chosen(client):
    agent, former = make_agent("Maria Garcia"), make_agent("Old Hand")
    visitor = make_client("Carl Client")
    assert fill_in(client, agent=visitor.pk) == {
        "agent": ["Select a valid choice. That choice is not one of the available choices."]
    }
    fill_in(client, agent=agent.pk)
    assert ReferralCode.objects.get().agent == agent
    kept = make_code("KEPT-10", agent=former)
    former.role = "client"
    former.save()
    fill_in(client, change_url(kept), code="KEPT-10", agent=former.pk)
    kept.refresh_from_db()
    assert kept.agent == former


def test_the_search_for_an_agent_offers_agents_alone(client):
    make_agent("Maria Garcia"), make_client("Mary Client")
    found = client.get(
        "/admin/autocomplete/",
        {"term": "mar", "app_label": "main", "model_name": "referralcode", "field_name": "agent"},
    )
    assert [result["text"] for result in found.json()["results"]] == ["Maria Garcia"]


def test_whoever_is_added_from_the_form_of_a_code_is_an_agent_by_default(client):
    page = client.get("/admin/main/userprofile/add/?_to_field=id&_popup=1").content.decode()
    assert '<option value="agent" selected>Agent</option>' in page


def test_saving_a_code_past_its_date_says_that_it_was_saved_as_inactive(client):
    said = fill_in(client, expires_at_0="2026-11-20")
    assert said[0] == "JOHNS-20 was saved. It does not work, because its date has passed (end of 20 Nov 2026 EET)."
    assert ReferralCode.objects.get().status == "inactive"


def test_saving_the_code_of_a_switched_off_agent_says_why_it_does_not_work(client):
    agent = make_agent("Maria Garcia", is_active=False)
    said = fill_in(client, agent=agent.pk)
    assert said[0] == "JOHNS-20 was saved. It works once the agent's account is switched on."


def test_saving_a_code_before_its_date_says_nothing_of_the_kind(client):
    said = fill_in(client, expires_at_0="2026-11-21")
    assert len(said) == 1
    assert "was added successfully" in said[0]
    assert ReferralCode.objects.get().is_usable


def test_a_code_links_to_the_run_that_expired_it(client):
    run = make_run(NOW - timedelta(hours=2))
    code = make_code("GONE-10", expires_at=NOW - DAY, status="inactive", expired_at=NOW, expired_by=run)
    assert (
        f'expired by the <a href="/admin/main/expirationrun/{run.pk}/change/">run of 02:00 on 21 Nov 2026</a>'
        in client.get(change_url(code)).content.decode()
    )


def test_a_code_without_a_run_links_to_none(client):
    saved = make_code("SAVED-10", expires_at=NOW - DAY, status="inactive", expired_at=NOW)
    working = make_code("ON-10", expires_at=NOW + DAY)
    assert "on save, 21 Nov 2026, 04:00 EET" in client.get(change_url(saved)).content.decode()
    page = client.get(change_url(working)).content.decode()
    assert "/admin/main/expirationrun/" not in page.partition("<main")[2]


def test_only_an_inactive_code_says_who_marked_it(client):
    off, working = make_code("OFF-10", status="inactive"), make_code("ON-10")
    page = client.get(change_url(off)).content.decode()
    assert "Marked inactive:" in page
    assert "by a person, or before it was imported" in page
    assert "Marked inactive" not in client.get(change_url(working)).content.decode()


@pytest.mark.parametrize(
    ("model", "title"),
    [
        ("referralcode", "Referral codes"),
        ("userprofile", "Agents and clients"),
        ("expirationrun", "Expiration runs"),
    ],
)
def test_a_list_is_headed_with_what_it_lists(client, model, title):
    page = client.get(f"/admin/main/{model}/").content.decode()
    assert f"<h1>{title}</h1>" in page
    assert f"<title>{title} | Knossos staff</title>" in page
