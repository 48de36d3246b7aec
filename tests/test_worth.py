"""What codes are worth: to their agents and to the staff."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.contrib.auth.models import Permission
from lxml import html

from main.checkout.checking import check_code
from main.checkout.models import ApiToken, EndedTry, Redemption
from main.checkout.redeeming import redeem, void
from main.checkout.worth import Worth, by_week, of_codes, tried_codes
from main.models import ReferralCode
from tests.conftest import NOW, make_agent, make_code
from tests.staff import make_staff

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]
LAST_MONTH = NOW - timedelta(days=30)


@pytest.fixture
def maria(db):
    return make_agent("Maria Garcia")


@pytest.fixture
def code(john):
    """Redeemed four times, once of these voided and once last month; the orders in two currencies."""
    code = make_code("JOHNS-20", agent=john, discount=20)
    redeem("johns-20", order="A-0", amount=Decimal("100.00"), currency="EUR", now=LAST_MONTH)
    redeem("johns-20", order="A-1", amount=Decimal("49.90"), currency="EUR")
    redeem("johns-20", order="A-2", amount=Decimal("12.345"), currency="KWD")
    redeem("johns-20", order="A-3", now=NOW + timedelta(minutes=1))
    redeem("johns-20", order="A-4", amount=Decimal(1000), currency="EUR")
    void("A-4")
    return code


def signed_in(client, user):
    client.force_login(user, "django.contrib.auth.backends.ModelBackend")
    return client


def table_of(response, id_of_section):
    rows = html.fromstring(response.content.decode()).xpath(f"//section[@aria-labelledby='{id_of_section}']//tr")
    return [[" ".join(cell.text_content().split()) for cell in row.xpath("./th|./td")] for row in rows]


def test_uses_and_sums_by_currency_in_all_and_this_month(code):
    assert of_codes([code]) == {
        code.pk: Worth(
            uses=4, uses_this_month=3, last_use=NOW + timedelta(minutes=1),
            sums={"EUR": Decimal("149.900"), "KWD": Decimal("12.345")},
            sums_this_month={"EUR": Decimal("49.900"), "KWD": Decimal("12.345")},
        )
    }  # fmt: skip


def test_an_agent_sees_what_its_own_codes_are_worth(client, code, john, maria):
    make_code("JOHNS-UNUSED", agent=john)
    make_code("MARIA-15", agent=maria)
    redeem("maria-15", order="B-1", amount=7, currency="CHF")
    page = signed_in(client, john.user).get("/profile/")
    assert table_of(page, "redeemed")[1:] == [
        ["JOHNS-20", "4", "3", "21 Nov 2026, 02:01 UTC", "149.90 EUR, 12.345 KWD", "49.90 EUR, 12.345 KWD"],
        ["All codes", "4", "3", "21 Nov 2026, 02:01 UTC", "149.90 EUR, 12.345 KWD", "49.90 EUR, 12.345 KWD"],
    ]
    for foreign in ("MARIA", "CHF", "A-1"):
        assert foreign not in page.content.decode()


def test_an_agent_whose_codes_nobody_redeemed_has_no_such_table(client, john):
    make_code("JOHNS-20", agent=john)
    assert table_of(signed_in(client, john.user).get("/profile/"), "redeemed") == []


@pytest.mark.parametrize("count", [1, 25])
def test_the_agents_page_asks_the_same_few_queries_whatever_was_redeemed(
    client, john, django_assert_max_num_queries, count
):
    for number in range(count):
        make_code(f"C-{number}", agent=john)
        redeem(f"C-{number}", order=f"A-{number}")
    signed_in(client, john.user)
    with django_assert_max_num_queries(14):
        client.get("/profile/")


def test_tries_since_the_end_are_told_with_the_button_to_extend(client, john):
    ended = make_code("JOHNS-OLD", agent=john, expires_at=NOW - timedelta(days=9))
    alive = make_code("JOHNS-NEW", agent=john, expires_at=NOW + timedelta(days=9))
    for code, count in [(ended, 13), (ended, 1), (alive, 5)]:
        EndedTry.objects.create(code=code, day=date(2026, 11, 15 + count), count=count)
    own = signed_in(client, john.user).get("/profile/").content.decode()
    assert "</span> was tried 14 times since it ended. Ask the office to extend it?" in " ".join(own.split())
    [ask] = html.fromstring(own).xpath("//section[@aria-labelledby='tried']//a/@href")
    assert ask == f"/codes/{ended.pk}/more-time/"
    staff = html.fromstring(signed_in(client, make_staff()).get(f"/profile/{john.pk}/").content.decode())
    [line] = staff.xpath("//section[@aria-labelledby='tried']//li")
    assert "JOHNS-OLD was tried 14 times since it ended:" in " ".join(line.text_content().split())
    [button] = line.xpath(".//a[contains(., 'extend')]/@href")
    assert button.startswith(f"/profile/{john.pk}/codes/{ended.pk}/extend/")


def test_the_staffs_list_is_sorted_by_uses(client, code, john, maria):
    make_code("MARIA-15", agent=maria)
    redeem("maria-15", order="B-1", amount=7, currency="CHF")
    make_code("UNUSED")
    signed_in(client, make_staff())
    page = html.fromstring(client.get("/admin/main/referralcode/?o=-7").content.decode())
    rows = [
        [" ".join(row.xpath(f"string(.//*[contains(@class, 'field-{name}')])").split()) for name in COLUMNS]
        for row in page.xpath("//table[@id='result_list']/tbody/tr")
    ]
    assert rows == [
        [
            "JOHNS-20",
            "Uses: 4 this month: 3",
            "Orders came to: 149.90 EUR, 12.345 KWD this month: 49.90 EUR, 12.345 KWD",
        ],
        ["MARIA-15", "Uses: 1 this month: 1", "Orders came to: 7.00 CHF this month: 7.00 CHF"],
        ["UNUSED", "Uses: 0", "Orders came to: none"],
    ]
    agents = html.fromstring(client.get("/admin/main/userprofile/?o=10").content.decode())
    assert [cell.text_content() for cell in agents.xpath("//td[contains(@class, 'field-uses')]")] == [
        "Uses: 1 this month: 1",
        "Uses: 4 this month: 3",
    ]
    form = " ".join(client.get(f"/admin/main/referralcode/{code.pk}/change/").content.decode().split())
    assert "4 times, 3 of them this month; last" in form
    assert "Orders came to 149.90 EUR, 12.345 KWD, this month to 49.90 EUR, 12.345 KWD." in form


COLUMNS = ["code", "uses", "came_to"]


def test_tries_of_an_earlier_end_are_not_told(client, john):
    """The code ended on the 10th, was tried, was extended, and ended once more on the 20th."""
    code = make_code("JOHNS-OLD", agent=john, expires_at=NOW - timedelta(days=1))
    EndedTry.objects.create(code=code, day=date(2026, 11, 19), count=14)
    assert not tried_codes(ReferralCode.objects.all(), NOW).exists()
    EndedTry.objects.create(code=code, day=date(2026, 11, 20), count=2)
    assert tried_codes(ReferralCode.objects.all(), NOW).get().tries == 2


def test_the_day_of_the_end_is_one_of_the_systems_zone(john, settings):
    settings.TIME_ZONE = "Europe/Athens"
    end = NOW.replace(day=20, hour=22, minute=30)  # the 21st in Athens
    code = make_code("JOHNS-OLD", agent=john, expires_at=end)
    for day in (20, 21):
        EndedTry.objects.create(code=code, day=date(2026, 11, day), count=day)
    assert tried_codes(ReferralCode.objects.all(), NOW).get().tries == 21


def test_the_form_of_a_house_code_leads_from_its_tries_to_its_date(client):
    ended = make_code("HOUSE-OLD", expires_at=NOW - timedelta(days=9))
    EndedTry.objects.create(code=ended, day=NOW.date(), count=2)
    form = signed_in(client, make_staff()).get(f"/admin/main/referralcode/{ended.pk}/change/").content.decode()
    assert '2 times: <a href="#id_expires_at_0">extend?</a>' in form
    assert 'id="id_expires_at_0"' in form


def test_the_form_tells_of_tries_with_a_way_to_extend(client, john):
    ended = make_code("JOHNS-OLD", agent=john, expires_at=NOW - timedelta(days=9))
    EndedTry.objects.create(code=ended, day=NOW.date(), count=1)
    form = signed_in(client, make_staff()).get(f"/admin/main/referralcode/{ended.pk}/change/").content.decode()
    assert f'1 time: <a href="/profile/{john.pk}/codes/{ended.pk}/extend/">extend?</a>' in form


def test_the_front_page_has_the_figure_and_the_weeks(client, code):
    page = signed_in(client, make_staff()).get("/admin/")
    assert "3 in November" in page.content.decode()
    assert by_week(NOW + timedelta(hours=1))[-5:] == [
        (date(2026, 10, 19), 1), (date(2026, 10, 26), 0), (date(2026, 11, 2), 0), (date(2026, 11, 9), 0),
        (date(2026, 11, 16), 3),
    ]  # fmt: skip
    assert table_of(page, "redeemed")[-1] == ["16 Nov 2026", "2"]  # the third is of a minute from now


def test_staff_without_the_right_to_codes_see_no_figure(client, code):
    user = make_staff("someone", "view_expirationrun")
    assert "Redemptions, by week" not in signed_in(client, user).get("/admin/").content.decode()


# The file


def test_staff_without_the_right_to_codes_see_no_worth_of_agents(client, code):
    columns = []
    for rights in (["view_userprofile"], ["view_userprofile", "view_referralcode"]):
        signed_in(client, make_staff(" ".join(rights), *rights))
        page = html.fromstring(client.get("/admin/main/userprofile/").content)
        columns.append({cell.text_content().strip().lower() for cell in page.xpath("//thead//th")})
    without, with_codes = columns
    worth = {"uses", "last use", "orders came to"}
    assert (without & worth, with_codes & worth) == (set(), worth)


def test_the_redemptions_of_chosen_days_are_a_file(client, code, john, settings):
    john.name = "=John Smith"
    john.save()
    response = signed_in(client, make_staff()).get("/admin/checkout/redemption/csv/?first=2026-11-21&last=2026-11-21")
    assert response["Content-Disposition"] == 'attachment; filename="redemptions-2026-11-21-2026-11-21.csv"'
    assert response.streaming
    lines = b"".join(response.streaming_content).decode().splitlines()
    assert lines == [
        "redeemed,shop,order,code,agent,discount,amount,currency,promised,voided",
        "2026-11-21T02:00:00+00:00,,A-1,JOHNS-20,'=John Smith,20.00,49.90,EUR,,",
        "2026-11-21T02:00:00+00:00,,A-2,JOHNS-20,'=John Smith,20.00,12.345,KWD,,",
        "2026-11-21T02:00:00+00:00,,A-4,JOHNS-20,'=John Smith,20.00,1000.00,EUR,,2026-11-21T02:00:00+00:00",
        "2026-11-21T02:01:00+00:00,,A-3,JOHNS-20,'=John Smith,20.00,,,,",
    ]


def test_a_long_file_is_read_in_chapters(client, code, monkeypatch):
    monkeypatch.setattr("main.sweep.reading.PAGE", 2)
    address = "/admin/checkout/redemption/csv/?first=2026-01-01&last=2026-12-31"
    lines = b"".join(signed_in(client, make_staff()).get(address).streaming_content).decode().splitlines()
    assert [line.split(",")[2] for line in lines[1:]] == ["A-0", "A-1", "A-2", "A-4", "A-3"]


def test_the_file_needs_its_own_right(client, code):
    user = make_staff("reader", "view_redemption")
    address = "/admin/checkout/redemption/csv/?first=2026-11-21&last=2026-11-21"
    assert signed_in(client, user).get(address).status_code == 403
    assert "Download as CSV" not in client.get("/admin/checkout/redemption/").content.decode()
    user.user_permissions.add(Permission.objects.get(codename="export_redemption"))
    assert client.get(address).status_code == 200
    assert "Download as CSV" in client.get("/admin/checkout/redemption/").content.decode()


@pytest.mark.parametrize("days", ["", "first=x&last=y", "first=2026-11-22&last=2026-11-21", "first=0001-01-01&last=x"])
def test_days_that_are_none_are_refused(client, code, days):
    response = signed_in(client, make_staff()).get(f"/admin/checkout/redemption/csv/?{days}", follow=True)
    assert "No file was made: give the first and the last day" in response.content.decode()


# Tokens in the admin


def test_a_token_is_shown_once_and_switched_off_in_one_click(client, code):
    signed_in(client, make_staff())
    made = client.post("/admin/checkout/apitoken/add/", {"name": "My shop", "may_check": "on"})
    [token] = html.fromstring(made.content.decode()).xpath("//code[@class='token']/text()")
    ask = {"data": {"code": "johns-20"}, "content_type": "application/json"}
    headers = {"Authorization": f"Bearer {token}"}
    assert client.post("/api/v1/codes/check", **ask, headers=headers).json()["usable"]
    page = client.get("/admin/checkout/apitoken/").content.decode()
    assert token not in page
    [switch_off] = html.fromstring(page).xpath("//button/@formaction")
    for said in ("was switched off.", "was switched off already."):
        page = client.post(switch_off, follow=True).content.decode()
        assert said in page
        assert client.post("/api/v1/codes/check", **ask, headers=headers).status_code == 401
    history = client.get(f"/admin/checkout/apitoken/{ApiToken.objects.get().pk}/history/").content.decode()
    assert history.count("<td>Switched off.</td>") == 1
    [switch_on] = html.fromstring(page).xpath("//button/@formaction")
    client.post(switch_on)
    assert client.post("/api/v1/codes/check", **ask, headers=headers).status_code == 200


def test_the_list_of_redemptions_is_to_be_read(client, code):
    page = signed_in(client, make_staff()).get("/admin/checkout/redemption/").content.decode()
    for shown in ("A-4", "JOHNS-20", "49.90\N{NO-BREAK SPACE}EUR", "not said"):
        assert shown in page
    first = Redemption.objects.first()
    assert client.get(f"/admin/checkout/redemption/{first.pk}/change/").status_code == 200
    assert client.post(f"/admin/checkout/redemption/{first.pk}/delete/").status_code == 403
    assert check_code("johns-20").usable
