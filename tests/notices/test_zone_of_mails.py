"""Mails and calendars are in the zone that a person has chosen, on any page; pages follow a choice at /notices/."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.test import Client
from django.test.utils import CaptureQueriesContext
from icalendar import Calendar

from main.models import PersonalChoice
from main.notices import sending
from main.notices.calendar import make_key
from main.notices.models import Preference
from tests.conftest import NOW
from tests.notices.conftest import make_older_code
from tests.staff import make_staff

DAY = timedelta(days=1)
FORM = {"wants_mail": "on", "days": ["30"]}
pytestmark = pytest.mark.usefixtures("clock", "switched_on")


@pytest.fixture
def client_of_anna(client, anna):
    client.force_login(anna.user, "django.contrib.auth.backends.ModelBackend")
    return client


@pytest.fixture
def mailed(anna, mailoutbox):
    """Sends, and returns when the code of Anna stops as her mail says it."""

    def send():
        make_older_code("CODE", agent=anna, expires_at=NOW + 2 * DAY)
        sending.run()
        return mailoutbox[0].body.partition("23 Nov 2026, ")[2].partition(".")[0]

    return send


def proposed(client):
    page = client.get("/notices/").content.decode()
    return page.partition(" selected>")[0].rpartition('<option value="')[2].rstrip('"')


def zone_of_page(client):
    return client.get("/profile/").content.decode().partition("Times are in ")[2].partition(". ")[0]


def test_who_chose_on_a_page_gets_mails_in_that_zone(client_of_anna, mailed):
    client_of_anna.post("/zone/", {"zone": "Asia/Tokyo"})
    assert mailed() == "11:00 JST"


def test_who_chose_nothing_gets_mails_in_the_zone_of_the_project(anna, mailed, settings):
    settings.TIME_ZONE = "Europe/Athens"
    assert mailed() == "04:00 EET"


def test_who_chose_before_signing_in_gets_mails_as_the_page_was(client, anna, mailed):
    anna.user.set_password("correct horse")
    anna.user.save()
    client.post("/zone/", {"zone": "Asia/Tokyo"})
    client.post("/sign-in/", {"username": "anna", "password": "correct horse"})
    assert mailed() == "11:00 JST"
    assert proposed(client) == "Asia/Tokyo"


def test_the_choice_of_another_person_in_the_same_browser_is_not_mailed_to(client_of_anna, mailed):
    client_of_anna.post("/sign-out/")
    client_of_anna.force_login(make_staff(), "django.contrib.auth.backends.ModelBackend")
    client_of_anna.post("/zone/", {"zone": "Asia/Tokyo"})
    assert mailed() == "02:00 UTC"


def test_the_zone_is_chosen_beside_the_mails_too_and_pages_follow(client_of_anna, mailed):
    assert proposed(client_of_anna) == "UTC"
    client_of_anna.post("/notices/", {**FORM, "zone": "Asia/Tokyo"})
    assert (proposed(client_of_anna), zone_of_page(client_of_anna)) == ("Asia/Tokyo", "Asia/Tokyo")
    assert client_of_anna.cookies["zone"].value == "Asia/Tokyo"
    assert mailed() == "11:00 JST"


def test_beside_the_mails_stands_their_zone_even_where_the_page_is_still_in_another(client_of_anna, anna):
    client_of_anna.post("/zone/", {"zone": "Asia/Tokyo"})
    PersonalChoice.objects.update(zone="Europe/Athens")  # in another browser
    assert (proposed(client_of_anna), zone_of_page(client_of_anna)) == ("Europe/Athens", "Asia/Tokyo")


def test_a_zone_that_is_none_is_refused_beside_the_mails(client_of_anna):
    assert client_of_anna.post("/notices/", {**FORM, "zone": "Nowhere/Atlantis"}).status_code == 200
    assert not PersonalChoice.objects.exists()
    assert not Preference.objects.exists()


def test_the_page_of_mails_asks_for_zone_and_mails_in_one_query(client_of_anna):
    client_of_anna.post("/notices/", {**FORM, "zone": "Asia/Tokyo"})
    with CaptureQueriesContext(connection) as captured:
        client_of_anna.get("/notices/")
    asked = [query["sql"] for query in captured]
    (one,) = [sql for sql in asked if "main_personalchoice" in sql]
    assert "notices_preference" in one


@pytest.mark.parametrize(
    ("zone", "ends"),
    [
        ("Europe/Athens", date(2026, 12, 24)),
        ("", datetime(2026, 12, 24, 22, tzinfo=UTC)),
        ("Nowhere/Atlantis", datetime(2026, 12, 24, 22, tzinfo=UTC)),
    ],
)
def test_a_day_of_the_calendar_ends_at_the_midnight_of_its_owner(anna, zone, ends):
    make_older_code("CODE", agent=anna, expires_at=datetime(2026, 12, 24, 22, tzinfo=UTC))
    address = f"/calendar/{make_key(anna.user)}.ics"
    before = Client().get(address)
    PersonalChoice.objects.create(user=anna.user, zone=zone)
    response = Client().get(address, headers={"If-None-Match": before["ETag"]})
    if zone != "Europe/Athens":
        assert response.status_code == 304
        response = Client().get(address)
    (event,) = Calendar.from_ical(response.content).walk("VEVENT")
    assert event["dtstart"].dt == ends


def people(*names):
    return [User.objects.create_user(name).pk for name in names]


@pytest.fixture
def migrate_to(transactional_db):
    """Migrates to a state of the two apps, and returns its models; afterwards all is as it is now."""

    def to(main, notices):
        executor = MigrationExecutor(connection)
        state = executor.migrate([("main", main), ("notices", notices)]).apps
        return lambda name: state.get_model(name).objects

    yield to
    executor = MigrationExecutor(connection)
    executor.migrate(executor.loader.graph.leaf_nodes())


BEFORE = "0012_codes_by_date", "0003_words"
ONLY_MAIN = "0013_people_choose_their_zone", "0003_words"
AFTER = "0013_people_choose_their_zone", "0004_the_zone_is_for_all_pages"


def test_the_migration_takes_zones_and_languages_over_and_gives_them_back(migrate_to):
    anna, ben, cid, dan = people("anna", "ben", "cid", "dan")
    models = migrate_to(*BEFORE)
    models("main.ChosenLanguage").create(user_id=anna, language="el")
    models("main.ChosenLanguage").create(user_id=cid, language="el")
    models("notices.Preference").create(user_id=anna, zone="Asia/Tokyo", wants_mail=False)
    models("notices.Preference").create(user_id=ben, zone="Nowhere/Atlantis")
    models("notices.Preference").create(user_id=dan)
    models = migrate_to(*AFTER)
    chosen = models("main.PersonalChoice").order_by("user").values_list("user", "language", "zone")
    assert list(chosen) == [(anna, "el", "Asia/Tokyo"), (ben, "", "Nowhere/Atlantis"), (cid, "el", "")]
    models("main.PersonalChoice").filter(user=cid).update(zone="Europe/Athens")
    models = migrate_to(*BEFORE)
    languages = models("main.ChosenLanguage").order_by("user").values_list("user", "language")
    assert list(languages) == [(anna, "el"), (ben, ""), (cid, "el")]
    zones = models("notices.Preference").order_by("user").values_list("user", "zone", "wants_mail")
    assert list(zones) == [
        (anna, "Asia/Tokyo", False), (ben, "Nowhere/Atlantis", True), (cid, "Europe/Athens", True), (dan, "", True),
    ]  # fmt: skip


def test_the_migration_of_notices_that_comes_later_keeps_what_was_chosen_since(migrate_to):
    (anna,) = people("anna")
    migrate_to(*BEFORE)("notices.Preference").create(user_id=anna, zone="Asia/Tokyo")
    migrate_to(*ONLY_MAIN)("main.PersonalChoice").create(user_id=anna, zone="Europe/Athens")
    assert migrate_to(*AFTER)("main.PersonalChoice").get().zone == "Europe/Athens"
