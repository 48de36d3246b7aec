"""An agent with many codes: tabs, a search and an order on the page `profile`, for the agent and for staff."""

import re
from datetime import timedelta

import pytest

from main.codes import counting
from main.models import ReferralCode
from tests.conftest import NOW, make_agent, make_code

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]

DAY = timedelta(days=1)


@pytest.fixture
def maria(client):
    maria = make_agent("Maria Garcia")
    client.force_login(maria.user)
    make_code("ÉTÉ-40", agent=maria, discount=40)
    make_code("LATER-5", agent=maria, discount=5, expires_at=NOW + 90 * DAY)
    for number in range(1, 4):
        make_code(f"SOON-{number}", agent=maria, discount=number, expires_at=NOW + number * DAY)
    for number in range(4):
        make_code(f"LATE-{number}", agent=maria, expires_at=NOW - number * DAY)
    make_code("GONE-1", agent=maria, expires_at=NOW - 9 * DAY, status="inactive")
    make_code("OFF-1", agent=maria, discount=60, status="inactive")
    ReferralCode.objects.filter(code="LATER-5").update(created_at=NOW - DAY)
    make_code("SOON-OF-ANOTHER", agent=make_agent("John Smith"))
    return maria


def shown(client, **query):
    """The codes in the order of the page, and "|" between those that work and those that have ended."""
    context = client.get("/profile/", query).context
    return " ".join([*map(str, context["working"]), "|", *map(str, context["ended"])])


def tabs(client, **query):
    links = client.get("/profile/", query).context["tabs"]
    return [f"[{tab.label} {tab.figure}]" if tab.is_chosen else f"{tab.label} {tab.figure}" for tab in links]


WORKING = "SOON-1 SOON-2 SOON-3 LATER-5 ÉTÉ-40"
ENDED = "OFF-1 LATE-0 LATE-1 LATE-2 LATE-3 GONE-1"


@pytest.mark.usefixtures("maria")
@pytest.mark.parametrize(
    ("query", "codes"),
    [
        ({}, f"{WORKING} | {ENDED}"),
        ({"state": "working"}, f"{WORKING} |"),
        ({"state": "ends_soon"}, "SOON-1 SOON-2 SOON-3 |"),
        ({"state": "overdue"}, "| LATE-0 LATE-1 LATE-2 LATE-3"),
        ({"state": "ended"}, f"| {ENDED}"),
        ({"state": "nonsense", "order": "nonsense"}, f"{WORKING} | {ENDED}"),
        ({"q": "ete"}, "ÉTÉ-40 |"),
        ({"q": "1 so"}, "SOON-1 |"),
        ({"q": "maria late-", "state": "overdue"}, "| LATE-0 LATE-1 LATE-2 LATE-3"),
        ({"q": "late-", "state": "working"}, "|"),
        ({"q": "another"}, "|"),
        ({"order": "code", "state": "working"}, "LATER-5 SOON-1 SOON-2 SOON-3 ÉTÉ-40 |"),
        ({"order": "newest", "state": "working"}, "SOON-3 SOON-2 SOON-1 ÉTÉ-40 LATER-5 |"),
        ({"order": "discount"}, "ÉTÉ-40 LATER-5 SOON-3 SOON-2 SOON-1 | OFF-1 LATE-0 LATE-1 LATE-2 LATE-3 GONE-1"),
    ],
)
def test_which_codes_are_shown_in_which_order(client, query, codes):
    assert shown(client, **query) == codes


@pytest.mark.usefixtures("maria")
def test_the_tabs_count_what_the_search_found_and_keep_search_and_order(client):
    assert tabs(client) == ["Works 5", "Expires soon 3", "Overdue 4", "Ended 6", "[All 11]"]
    assert tabs(client, q="late-", state="overdue") == [
        "Works 0", "Expires soon 0", "[Overdue 4]", "Ended 4", "All 4",
    ]  # fmt: skip
    links = client.get("/profile/", {"q": "late -", "state": "overdue", "order": "code", "ended": 1}).context["tabs"]
    assert [tab.link for tab in links][::4] == ["?state=working&q=late+-&order=code", "?q=late+-&order=code"]


@pytest.mark.usefixtures("maria")
def test_the_summary_tells_of_all_codes_whatever_is_searched(client):
    for query in ({}, {"q": "late-"}, {"state": "overdue"}, {"q": "nothing"}):
        page = " ".join(re.sub("<[^>]+>", "", client.get("/profile/", query).content.decode()).split())
        assert "5 codes work now; 3 stop within 7 days." in page


@pytest.mark.usefixtures("maria")
def test_a_search_that_finds_nothing_says_so(client):
    assert 'No codes match. <a href="?">Show all codes</a>' in client.get("/profile/", {"q": "?"}).content.decode()
    assert "No codes match." not in client.get("/profile/").content.decode()


def test_an_agent_with_few_codes_sees_no_tabs_and_no_search_until_they_are_asked_for(client):
    client.force_login(make_agent("Maria Garcia").user)
    assert 'role="search"' not in client.get("/profile/").content.decode()
    assert 'role="search"' in client.get("/profile/", {"q": "x"}).content.decode()


def test_staff_have_the_same_tabs_and_their_tasks_lead_back_to_the_tab(admin_client, maria):
    page = admin_client.get(f"/profile/{maria.pk}/", {"state": "overdue", "q": "late-"}).content.decode()
    assert '<a href="?state=overdue&amp;q=late-" aria-current="page">Overdue <span class="figure">4</span></a>' in page
    assert f"/extend/?next=/profile/{maria.pk}/%3Fstate%3Doverdue%26q%3Dlate-" in page


@pytest.mark.usefixtures("maria")
def test_more_codes_than_are_counted_say_so(client, monkeypatch):
    monkeypatch.setattr(counting, "COUNTED_AT_MOST", 2)
    assert tabs(client) == ["Works 2+", "Expires soon 2+", "Overdue 2+", "Ended 2+", "[All 2+]"]
    assert shown(client) == "SOON-1 SOON-2 | OFF-1 LATE-0"
    assert "<strong>2+</strong> codes work now" in client.get("/profile/").content.decode()


@pytest.mark.parametrize(
    ("ends", "full"), [([], 1), ([timedelta(hours=1)], 1), ([1.5 * DAY, 40 * DAY], 40), ([DAY, 4000 * DAY], 365)]
)
def test_all_meters_have_one_scale_that_ends_with_the_longest_time_or_with_a_year(client, ends, full):
    maria = make_agent("Maria Garcia")
    client.force_login(maria.user)
    make_code("EVER", agent=maria)
    for number, end in enumerate(ends):
        make_code(f"CODE-{number}", agent=maria, expires_at=NOW + end)
    page = client.get("/profile/").content.decode()
    assert f"(full bar: {full} day{'' if full == 1 else 's'})" in page
    assert re.findall(r'max="(\d+)"', page) == [str(full)] * len(ends)


class TestTheZoneOfTheDevice:
    """The script fills it in; whether it is offered is decided here."""

    @pytest.mark.usefixtures("maria")
    def test_is_proposed_until_a_zone_is_chosen(self, client):
        page = client.get("/profile/", {"q": "x"}).content.decode()
        assert 'action="/zone/?next=/profile/%3Fq%3Dx" id="propose-zone" data-zone="UTC" hidden>' in page
        client.post("/zone/", {"zone": "Asia/Tokyo"})
        assert "propose-zone" not in client.get("/profile/").content.decode()

    @pytest.mark.usefixtures("maria")
    def test_is_proposed_again_where_the_choice_makes_no_sense(self, client):
        client.cookies["zone"] = "Mars/Olympus"
        assert "propose-zone" in client.get("/profile/").content.decode()
