"""Times are read in the zone that the visitor chose, else in the project's; its name is always there."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from main.models import PersonalChoice
from tests.conftest import NOW, make_agent, make_code

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]


@pytest.fixture
def maria(client):
    maria = make_agent("Maria Garcia", password="correct horse")
    make_code("MARIA-15", agent=maria, expires_at=NOW + timedelta(days=1))
    client.force_login(maria.user)
    return maria


def choose(client, zone, query=""):
    response = client.post(f"/zone/{query}", {"zone": zone})
    return response.status_code, response.get("Location", "")


@pytest.mark.usefixtures("maria")
def test_the_chosen_zone_is_used_and_named(client):
    assert "22 Nov 2026, 02:00 UTC" in client.get("/profile/").content.decode()
    assert choose(client, "Asia/Tokyo") == (302, "/profile/")
    page = client.get("/profile/").content.decode()
    assert "22 Nov 2026, 11:00 JST" in page
    assert "Times are in Asia/Tokyo." in page


@pytest.mark.usefixtures("maria")
def test_the_choice_stays_for_a_year_and_outlives_the_session(client):
    choose(client, "Asia/Tokyo")
    cookie = client.cookies["zone"]
    assert (cookie["max-age"], cookie["httponly"], cookie["samesite"]) == (365 * 24 * 3600, True, "Lax")
    client.post("/sign-out/")
    assert client.cookies["zone"].value == "Asia/Tokyo"


@pytest.mark.usefixtures("maria")
@pytest.mark.parametrize("zone", ["Mars/Olympus", "../../etc/passwd", "", "UTC\0", "localtime"])
def test_a_zone_that_is_none_is_refused_by_the_form_and_passed_over_in_the_cookie(client, zone):
    assert choose(client, zone) == (200, "")
    assert "zone" not in client.cookies
    client.cookies["zone"] = zone
    assert "22 Nov 2026, 02:00 UTC" in client.get("/profile/").content.decode()


def test_leads_back_to_the_page_from_where_it_was_called(client):
    assert choose(client, "UTC", "?next=/profile/1/%3Fended%3D2") == (302, "/profile/1/?ended=2")


@pytest.mark.parametrize("wanted", ["https://example.org/", "//example.org/", "/\\example.org", "foo", "profile", ""])
def test_leads_to_no_other_site_and_to_nothing_that_is_no_address(client, wanted):
    assert choose(client, "UTC", f"?next={wanted}") == (302, "/profile/")


def sign_in(client, name="maria"):
    client.post("/sign-in/", {"username": name, "password": "correct horse"})


def zone_of_page(client):
    return client.get("/profile/").content.decode().partition("Times are in ")[2].partition(". ")[0]


@pytest.mark.usefixtures("maria")
def test_who_chose_while_signed_in_finds_the_zone_in_another_browser(client):
    other = Client()
    other.cookies["zone"] = "America/New_York"
    choose(client, "Asia/Tokyo")
    sign_in(other)
    assert zone_of_page(other) == "Asia/Tokyo"


@pytest.mark.usefixtures("maria")
def test_a_page_that_is_open_elsewhere_follows_at_the_next_sign_in(client):
    other = Client()
    sign_in(other)
    choose(client, "Asia/Tokyo")
    assert zone_of_page(other) == "UTC"
    sign_in(other)
    assert zone_of_page(other) == "Asia/Tokyo"


def test_who_is_not_signed_in_chooses_for_this_browser_alone(client, maria):
    client.post("/sign-out/")
    choose(client, "Asia/Tokyo")
    assert not PersonalChoice.objects.exists()
    sign_in(client)
    assert zone_of_page(client) == "Asia/Tokyo"
    assert PersonalChoice.objects.get(user=maria.user).zone == ""
    other = Client()
    sign_in(other)
    assert zone_of_page(other) == "UTC"


@pytest.mark.usefixtures("maria")
def test_who_comes_next_in_one_browser_reads_in_the_own_zone(client):
    anna = make_agent("Anna Berg", password="correct horse")
    PersonalChoice.objects.create(user=anna.user, zone="America/New_York")
    choose(client, "Asia/Tokyo")
    client.post("/sign-out/")
    sign_in(client, "anna")
    assert zone_of_page(client) == "America/New_York"
    sign_in(client)  # without a sign-out
    assert zone_of_page(client) == "Asia/Tokyo"


@pytest.mark.usefixtures("maria")
def test_who_comes_next_and_has_chosen_nothing_reads_as_the_browser_keeps_it_but_has_chosen_nothing(client):
    anna = make_agent("Anna Berg", password="correct horse")
    choose(client, "Asia/Tokyo")
    client.post("/sign-out/")
    sign_in(client, "anna")
    assert zone_of_page(client) == "Asia/Tokyo"
    assert not PersonalChoice.objects.filter(user=anna.user).exclude(zone="").exists()


@pytest.mark.usefixtures("maria")
def test_after_the_sign_out_the_browser_keeps_its_zone_and_the_account_too(client):
    choose(client, "Asia/Tokyo")
    client.post("/sign-out/")
    choose(client, "America/New_York")
    sign_in(client)
    assert zone_of_page(client) == "Asia/Tokyo"


@pytest.mark.usefixtures("maria")
def test_a_zone_that_the_zone_database_lost_is_passed_over(client):
    choose(client, "Asia/Tokyo")
    PersonalChoice.objects.update(zone="Nowhere/Atlantis")
    sign_in(client)
    assert zone_of_page(client) == "Asia/Tokyo"  # as the browser keeps it
    client.cookies["zone"] = "Nowhere/Atlantis"
    page = client.get("/profile/").content.decode()
    assert "Times are in UTC. " in page
    assert 'id="propose-zone"' in page


@pytest.mark.usefixtures("maria")
def test_the_zone_of_the_device_is_proposed_until_one_is_chosen_in_any_browser(client):
    assert 'id="propose-zone"' in client.get("/profile/").content.decode()
    choose(client, "Asia/Tokyo")
    other = Client()
    sign_in(other)
    assert 'id="propose-zone"' not in other.get("/profile/").content.decode()


@pytest.mark.usefixtures("maria")
def test_a_page_asks_no_more_of_the_database_for_who_has_chosen(client):
    def queries():
        with CaptureQueriesContext(connection) as captured:
            client.get("/profile/")
        return len(captured)

    few = queries()
    choose(client, "Asia/Tokyo")
    assert queries() == few


@pytest.mark.usefixtures("maria")
def test_the_page_says_for_what_the_zone_is(client):
    assert "Your mails use it too" in client.get("/zone/").content.decode()
    client.post("/sign-out/")
    page = client.get("/zone/").content.decode()
    assert "Your mails use it too" not in page
    assert "Your browser keeps the choice for a year." in page
