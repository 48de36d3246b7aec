"""The line on the admin's form of a code that says what the save will do: the form's own validation, and no save."""

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import User

from main.models import ReferralCode
from tests.conftest import NOW, make_agent, make_code

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("staff_signed_in", "four_in_the_morning_in_athens")]

NEW = "/admin/main/referralcode/add/what-a-save-does/"
MARKS = "a save marks the code inactive, and it does not work."
CHOOSE = "Choose Active to let it work."


def said(client, url=NEW, day="", time="", **fields):
    """The sentence, and whether it is an alarm."""
    form = {"code": "", "agent": "", "discount": "", "status": "active", **fields}
    answer = client.post(url, {**form, "expires_at_0": day, "expires_at_1": time}).json()
    return answer["sentence"], answer["alarm"]


@pytest.mark.parametrize(
    ("day", "time", "status", "sentence", "alarm"),
    [
        ("", "", "active", "Once saved, the code works without an end date.", False),
        ("24/12/2027", "", "active", "Once saved, the code works until end of 24 Dec 2027 EET.", False),
        ("21/11/2026", "", "active", "Once saved, the code works until end of 21 Nov 2026 EET.", False),
        ("21/11/2026", "04:01", "active", "Once saved, the code works until 21 Nov 2026, 04:01 EET.", False),
        (
            "21/11/2026", "04:00", "active",
            f"The date has passed (21 Nov 2026, 04:00 EET): {MARKS}", True,
        ),
        (
            "20/11/2026", "", "active",
            f"The date has passed (end of 20 Nov 2026 EET): {MARKS}", True,
        ),
        (
            "20/11/2026", "", "inactive",
            "The date has passed (end of 20 Nov 2026 EET): the code does not work. "
            "Give it a later date and choose Active to let it work.", False,
        ),
        (
            "24/12/2027", "", "inactive",
            f"Once saved, the code is switched off and does not work. {CHOOSE}", False,
        ),
        (
            "12/24/2027", "", "active",
            "This cannot be saved. '12/24/2027' is not a date: there is no month 24. The day comes first: "
            "write 24/12/2027.", False,
        ),
        (
            "31/02/2027", "", "active",
            "This cannot be saved. '31/02/2027' is not a date: February 2027 has the days 1 to 28.", False,
        ),
        (
            "24/12/2027", "25:00", "active",
            "This cannot be saved. '25:00' is not a time: write one from 00:00 to 23:59.", False,
        ),
    ],
)  # fmt: skip
def test_it_says_what_the_save_will_do(client, day, time, status, sentence, alarm):
    assert said(client, day=day, time=time, status=status) == (sentence, alarm)
    assert not ReferralCode.objects.exists()


def test_a_code_of_a_switched_off_agent_does_not_work(client):
    agent = make_agent("Maria Garcia", is_active=False)
    assert said(client, agent=agent.pk) == (
        "Once saved, the code does not work: the agent's account is switched off.",
        False,
    )
    User.objects.filter(pk=agent.user_id).update(is_active=True)
    assert said(client, agent=agent.pk) == ("Once saved, the code works without an end date.", False)


def test_of_a_code_that_has_long_expired_it_raises_no_alarm(client):
    code = make_code("GONE-10", expires_at=NOW - timedelta(days=400), status="inactive", expired_at=NOW)
    before = ReferralCode.objects.values().get()
    url = f"/admin/main/referralcode/{code.pk}/what-a-save-does/"
    told = "The date has passed (17 Oct 2025, 05:00 EEST): the code does not work. "
    form = {"day": "17/10/2025", "time": "05:00:00"}
    assert said(client, url, **form, status="inactive") == (
        f"{told}Give it a later date and choose Active to let it work.",
        False,
    )
    assert said(client, url, **form)[1] is True
    assert said(client, url, day="21/11/2026") == ("Once saved, the code works until end of 21 Nov 2026 EET.", False)
    assert ReferralCode.objects.values().get() == before


def test_it_speaks_in_the_zone_of_the_visitor(client):
    client.cookies["zone"] = "Asia/Tokyo"
    assert (
        said(client, day="21/11/2026", time="18:00")[0] == "Once saved, the code works until 21 Nov 2026, 18:00 JST."
    )
    assert not ReferralCode.objects.filter(expires_at=datetime(2026, 11, 21, 9, tzinfo=UTC)).exists()


def test_the_form_names_the_address_that_is_asked(client):
    code = make_code("ON-10")
    for page, hint in (("add", "add"), (f"{code.pk}/change", str(code.pk))):
        html = client.get(f"/admin/main/referralcode/{page}/").content.decode()
        assert f'data-what-a-save-does="/admin/main/referralcode/{hint}/what-a-save-does/"' in html


@pytest.mark.parametrize("pk", ["0", "nothing", "9" * 30])
def test_of_a_code_that_is_not_there_it_says_nothing(client, pk):
    assert client.post(f"/admin/main/referralcode/{pk}/what-a-save-does/", {}).status_code == 404
