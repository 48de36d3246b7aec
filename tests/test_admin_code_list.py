"""The list of codes: what comes first, what each row says, how it is narrowed, and that it stays quick."""

import re
from datetime import UTC, date, datetime, timedelta

import pytest
from django.utils import timezone

from main.admin.codes import CodeAdmin
from main.admin.display import moment
from main.codes import counting
from main.codes.dates import end_of_day
from main.models import ReferralCode
from tests.conftest import INSTANT, NOW, make_agent, make_code
from tests.staff import make_run

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock", "staff_signed_in")]

DAY = timedelta(days=1)
LIST = "/admin/main/referralcode/"


@pytest.fixture
def _many(monkeypatch):
    """As if three codes were as many as are counted, and two a page."""
    monkeypatch.setattr(CodeAdmin, "list_per_page", 2)
    monkeypatch.setattr(counting, "COUNTED_AT_MOST", 3)


def shown(client, query=""):
    response = client.get(LIST + query)
    assert response.status_code == 200, response.headers
    return [code.code for code in response.context["cl"].result_list]


def page_of(client, query=""):
    return re.sub(r"\s+", " ", client.get(LIST + query).content.decode().partition("<main")[2])


def test_what_needs_attention_comes_first_and_what_never_ends_after_what_does(client):
    make_code("EVER-10")
    make_code("GONE-10", expires_at=NOW - DAY, status="inactive")
    make_code("OFF-10", status="inactive")
    make_code("LATER-10", expires_at=NOW + 40 * DAY)
    make_code("SOON-10", expires_at=NOW + DAY)
    make_code("OVERDUE-10", expires_at=NOW)
    assert shown(client) == ["OVERDUE-10", "SOON-10", "LATER-10", "EVER-10", "GONE-10", "OFF-10"]


@pytest.mark.parametrize(("direction", "order"), [("", ["A-10", "B-10", "C-10"]), ("-", ["B-10", "A-10", "C-10"])])
def test_codes_without_a_date_are_last_in_both_directions(client, direction, order):
    make_code("C-10")
    make_code("A-10", expires_at=NOW + DAY)
    make_code("B-10", expires_at=NOW + 2 * DAY)
    assert shown(client, f"?o={direction}3") == order


def test_a_row_tells_state_exact_time_with_zone_distance_agent_and_discount(client, settings):
    settings.TIME_ZONE = "Europe/Athens"
    maria = make_agent("Maria Garcia")
    make_code("MARIA-15", agent=maria, discount="12.50", expires_at=NOW + 3 * DAY, created_at=NOW)
    row = re.search(r"<tr><td.*?</tr>", page_of(client))[0]
    assert '<span class="badge badge-ends_soon">Expires soon</span>' in row
    assert '<time datetime="2026-11-24T02:00:00+00:00">24 Nov 2026, 04:00 EET</time>' in row
    assert '<span class="relative">in 3 days</span>' in row
    assert f'<a href="{LIST}?agent={maria.pk}">Maria Garcia</a>' in row
    assert ">12.5 %<" in row
    assert ">21 Nov 2026<" in row


@pytest.mark.parametrize(
    ("distance", "words"),
    [
        (timedelta(0), "just now"),
        (timedelta(seconds=59), "in less than a minute"),
        (timedelta(seconds=-59), "just now"),
        (timedelta(minutes=1), "in 1 minute"),
        (timedelta(hours=-30), "1 day ago"),
    ],
)
def test_how_far_an_instant_is_from_now(distance, words):
    assert f'<span class="relative">{words}</span>' in moment(NOW + distance).replace("\xa0", " ")


def test_a_code_of_the_house_without_a_date_says_so(client):
    make_code("HOUSE-10")
    row = re.search(r"<tr><td.*?</tr>", page_of(client))[0]
    assert "never" in row
    assert "house code" in row


@pytest.mark.parametrize(
    ("expiry", "codes"),
    [
        ("overdue", ["NOW"]),
        ("week", ["TICK", "WEEK"]),
        ("month", ["TICK", "WEEK", "PAST-WEEK", "MONTH"]),
        ("later", ["PAST-MONTH"]),
        ("never", ["EVER"]),
        ("nonsense", ["NOW", "TICK", "WEEK", "PAST-WEEK", "MONTH", "PAST-MONTH", "EVER", "OFF"]),
    ],
)
def test_the_filter_by_expiry_keeps_to_its_boundaries(client, expiry, codes):
    tick = timedelta(microseconds=1)
    for code, ends in {
        "NOW": NOW, "TICK": NOW + tick, "WEEK": NOW + 7 * DAY, "PAST-WEEK": NOW + 7 * DAY + tick,
        "MONTH": NOW + 30 * DAY, "PAST-MONTH": NOW + 30 * DAY + tick, "EVER": None,
    }.items():  # fmt: skip
        make_code(code, expires_at=ends)
    make_code("OFF", expires_at=NOW + DAY, status="inactive")
    assert shown(client, f"?expiry={expiry}") == codes


def tabs(client, query=""):
    """What the tabs over the list say, the chosen one in brackets."""
    links = client.get(LIST + query).context["cl"].tabs
    return [f"[{tab.label} {tab.figure}]" if tab.is_chosen else f"{tab.label} {tab.figure}".strip() for tab in links]


@pytest.fixture
def _one_in_each_state():
    make_code("ON-10", agent=make_agent("Maria Garcia"))
    make_code("SOON-10", expires_at=NOW + DAY)
    make_code("LATE-10", expires_at=NOW - DAY)
    make_code("GONE-10", expires_at=NOW - DAY, status="inactive")
    make_code("OFF-10", status="inactive")
    make_code("AWAY-10", agent=make_agent("John Smith", is_active=False))


@pytest.mark.usefixtures("_one_in_each_state")
@pytest.mark.parametrize(
    ("state", "codes"),
    [
        ("working", ["SOON-10", "ON-10"]),
        ("ends_soon", ["SOON-10"]),
        ("overdue", ["LATE-10"]),
        ("ended", ["LATE-10", "AWAY-10", "GONE-10", "OFF-10"]),
        ("active", ["ON-10"]),
        ("expired", ["GONE-10"]),
        ("switched_off", ["OFF-10"]),
        ("agent_inactive", ["AWAY-10"]),
        ("nonsense", ["LATE-10", "SOON-10", "ON-10", "AWAY-10", "GONE-10", "OFF-10"]),
    ],
)
def test_the_codes_behind_each_tab_and_of_each_state(client, state, codes):
    assert shown(client, f"?state={state}") == codes


@pytest.mark.usefixtures("_one_in_each_state")
def test_the_tabs_count_and_say_which_is_chosen(client):
    assert tabs(client) == ["Works 2", "Expires soon 1", "Overdue 1", "Ended 4", "[All 6]"]
    assert tabs(client, "?state=overdue") == ["Works 2", "Expires soon 1", "[Overdue 1]", "Ended 4", "All 6"]
    assert tabs(client, "?state=expired")[-1] == "All 6"


@pytest.mark.usefixtures("_one_in_each_state")
def test_the_tabs_keep_the_search_and_the_filters_and_count_within_them(client):
    address = "?q=10&expiry=never&state=ended&p=1"
    assert tabs(client, address) == ["Works 1", "Expires soon 0", "Overdue 0", "[Ended 1]", "All 2"]
    links = [tab.link for tab in client.get(LIST + address).context["cl"].tabs]
    assert links[0] == "?expiry=never&q=10&state=working"
    assert links[-1] == "?expiry=never&q=10"


@pytest.mark.usefixtures("_one_in_each_state")
@pytest.mark.parametrize("query", ["", "?state=overdue", "?q=maria", "?o=1"])
def test_the_filters_are_closed_until_one_is_set(client, query):
    assert '<details id="filters">' in page_of(client, query)
    assert "Clear the filters" not in page_of(client, query)


@pytest.mark.usefixtures("_one_in_each_state")
@pytest.mark.parametrize("query", ["state=expired", "expiry=never", "expires_at__year=2026"])
def test_a_filter_that_is_set_is_seen_and_can_be_cleared(client, query):
    page = page_of(client, f"?{query}&q=10")
    assert '<details id="filters" open>' in page
    assert '<a href="?q=10">Clear the filters</a>' in page
    assert page.index('id="filters"') < page.index('id="result_list"')


def test_search_finds_by_code_and_by_agent_within_the_filter(client):
    maria = make_agent("Maria Garcia")
    make_code("A-10", agent=maria)
    make_code("GARCIA-20")
    make_code("GARCIA-30", status="inactive")
    make_code("OTHER-40", agent=make_agent("John Smith"))
    assert shown(client, "?q=%20garcia%20") == ["A-10", "GARCIA-20", "GARCIA-30"]
    assert shown(client, "?q=garcia&state=switched_off") == ["GARCIA-30"]
    assert shown(client, "?q=nobody") == []


def test_a_link_narrows_to_the_codes_of_an_agent_or_a_run(client):
    maria, run = make_agent("Maria Garcia"), make_run(NOW)
    make_code("A-10", agent=maria)
    make_code("B-10", expires_at=NOW, status="inactive", expired_by=run)
    assert shown(client, f"?agent={maria.pk}") == ["A-10"]
    assert shown(client, f"?expired_by={run.pk}") == ["B-10"]
    assert "By agent" in page_of(client, f"?agent={maria.pk}")
    assert "By agent" not in page_of(client)


@pytest.mark.parametrize("query", ["?agent=0", "?agent=x", f"?agent={'9' * 30}", "?expired_by=%C2%B2", "?nonsense=1"])
def test_an_address_that_makes_no_sense_leads_back_to_the_list(client, query):
    response = client.get(LIST + query)
    assert (response.status_code, response["Location"]) == (302, f"{LIST}?e=1")


def test_the_dates_lead_from_year_to_day(client):
    make_code("A-10", expires_at=datetime(2026, 12, 24, 12, tzinfo=UTC))
    make_code("B-10", expires_at=datetime(2027, 3, 1, 12, tzinfo=UTC))
    make_code("C-10")
    assert "?expires_at__year=2027" in page_of(client)
    assert shown(client, "?expires_at__year=2026") == ["A-10"]
    assert shown(client, "?expires_at__year=2027&expires_at__month=3&expires_at__day=1") == ["B-10"]


@pytest.mark.parametrize("zone", ["UTC", "Europe/Athens"])
def test_a_code_that_ends_with_a_day_is_found_under_that_day(client, settings, zone):
    settings.TIME_ZONE = zone
    midnight = end_of_day(date(2026, 12, 31))
    make_code("LAST-10", expires_at=midnight)
    make_code("NEXT-10", expires_at=midnight + INSTANT)
    make_code("FIRST-10", expires_at=end_of_day(date(2026, 12, 30)) + INSTANT)
    make_code("BEFORE-10", expires_at=end_of_day(date(2026, 12, 30)))
    assert shown(client, "?expires_at__year=2026&expires_at__month=12&expires_at__day=31") == ["FIRST-10", "LAST-10"]
    assert shown(client, "?expires_at__year=2026&expires_at__month=12") == ["BEFORE-10", "FIRST-10", "LAST-10"]
    assert shown(client, "?expires_at__year=2026") == ["BEFORE-10", "FIRST-10", "LAST-10"]
    assert shown(client, "?expires_at__year=2027") == ["NEXT-10"]


def test_the_years_are_those_in_which_codes_end(client):
    make_code("A-10", expires_at=end_of_day(date(2025, 12, 31)))
    make_code("B-10", expires_at=end_of_day(date(2026, 12, 31)))
    assert re.findall(r">(\d+)</a>", page_of(client).partition("toplinks")[2].partition("</nav>")[0]) == [
        "2025",
        "2026",
    ]


def test_a_visitor_elsewhere_finds_a_code_under_the_day_that_the_row_names(client):
    make_code("A-10", expires_at=end_of_day(date(2026, 12, 31)))
    client.cookies["zone"] = "Asia/Tokyo"
    assert "1 Jan 2027, 09:00 JST" in page_of(client)
    assert shown(client, "?expires_at__year=2027&expires_at__month=1&expires_at__day=1") == ["A-10"]
    assert shown(client, "?expires_at__year=2026") == []


def test_every_page_of_the_admin_names_the_zone_and_leads_to_the_choice(client):
    client.cookies["zone"] = "Asia/Tokyo"
    page = client.get(f"{LIST}?q=10").content.decode()
    assert '<a href="/zone/?next=/admin/main/referralcode/%3Fq%3D10">Times in Asia/Tokyo</a>' in page


@pytest.mark.usefixtures("_many")
class TestALongList:
    """More codes than are counted: the list is cut there, counts beside the filters are gone, dates are a calendar."""

    @pytest.fixture(autouse=True)
    def _five_codes(self):
        for number in range(5):
            make_code(f"N-{number}", expires_at=NOW + number * DAY)

    def test_is_cut_and_says_so(self, client):
        assert [shown(client), shown(client, "?p=2")] == [["N-0", "N-1"], ["N-2"]]
        assert "There are more codes: these are the first 3." in page_of(client)
        assert "There are more" not in page_of(client, "?state=overdue")

    def test_goes_from_the_active_codes_on_to_the_inactive_ones(self, client):
        ReferralCode.objects.filter(code__in=["N-0", "N-2", "N-3", "N-4"]).update(status="inactive")
        assert [shown(client), shown(client, "?p=2")] == [["N-1", "N-0"], ["N-2"]]
        assert shown(client, "?o=-1") == ["N-4", "N-3"]  # in another order it is one list

    def test_leads_to_the_years_of_all_codes_as_long_as_it_is_too_long_to_be_counted(self, client):
        make_code("OLD-10", expires_at=datetime(2020, 6, 1, tzinfo=UTC), status="inactive")
        for query, first in (("?q=n-", "2020"), ("?q=n-1", "2026")):
            years = page_of(client, query).partition("toplinks")[2].partition("</nav>")[0]
            assert re.findall(r">(\d+)</a>", years)[0] == first

    def test_counts_what_an_index_makes_quick(self, client):
        assert tabs(client) == ["Works 3+", "Expires soon 3+", "Overdue 1", "Ended", "[All 3+]"]
        assert tabs(client, "?state=overdue") == ["Works 3+", "Expires soon 3+", "[Overdue 1]", "Ended", "All 3+"]

    def test_does_not_search_a_second_time_to_count(self, client):
        assert tabs(client, "?q=n-1") == ["Works 1", "Expires soon 1", "Overdue 0", "Ended 0", "[All 1]"]
        assert tabs(client, "?q=n-") == ["Works", "Expires soon", "Overdue", "Ended", "[All 3+]"]
        assert tabs(client, "?q=n-1&state=working") == ["[Works ]", "Expires soon", "Overdue", "Ended", "All"]

    def test_leads_from_year_to_month_to_day(self, client):
        make_code("FAR-10", expires_at=datetime(9998, 6, 1, tzinfo=UTC))
        years = page_of(client).partition("toplinks")[2].partition("</nav>")[0]
        assert re.findall(r">(\d+)</a>", years) == [*map(str, range(2026, 2038)), "9998"]
        months = page_of(client, "?expires_at__year=2026").partition("toplinks")[2].partition("</nav>")[0]
        assert "All dates" in months
        assert months.count("expires_at__month") == 12
        days = page_of(client, "?expires_at__year=2028&expires_at__month=2").partition("toplinks")[2]
        assert days.partition("</nav>")[0].count("expires_at__day") == 29
        assert "29 February" in days
        day = page_of(client, "?expires_at__year=2026&expires_at__month=11&expires_at__day=22")
        assert "November 2026" in day.partition("toplinks")[2].partition("</nav>")[0]
        assert shown(client, "?expires_at__year=2026&expires_at__month=11&expires_at__day=22") == ["N-1"]

    @pytest.mark.parametrize(
        "query", ["expires_at__year=0", "expires_at__year=2026&expires_at__month=13", "expires_at__year=x"]
    )
    def test_a_date_that_does_not_exist_leads_back_to_the_list(self, client, query):
        assert client.get(f"{LIST}?{query}").status_code == 302

    def test_without_any_date_there_is_nothing_to_lead_to(self, client):
        ReferralCode.objects.update(expires_at=None)
        assert "expires_at__" not in page_of(client)


@pytest.mark.parametrize(
    "query", ["", "?state=working", "?q=maria garcia", "?expiry=later&o=4", "?q=maria&state=ended"]
)
def test_the_list_costs_the_same_few_queries_however_many_codes(client, query, django_assert_max_num_queries):
    agents = [make_agent(f"Maria{number} Garcia") for number in range(40)]
    for number in range(40):
        make_code(f"MARIA-{number}", agent=agents[number], expires_at=timezone.now() + (30 + number) * DAY)
    client.get(LIST + query)
    with django_assert_max_num_queries(15):
        client.get(LIST + query)
