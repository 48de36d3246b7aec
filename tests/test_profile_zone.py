"""Times are read in the zone that the visitor chose, else in the project's; its name is always there."""

from datetime import timedelta

import pytest

from tests.conftest import NOW, make_agent, make_code

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]


@pytest.fixture
def maria(client):
    maria = make_agent("Maria Garcia")
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
