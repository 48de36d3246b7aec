"""The calendar: read back by a client's library, private, and cheap to ask again."""

import ctypes
import os
import re
from ctypes.util import find_library
from datetime import UTC, date, datetime, timedelta

import pytest
from django.test import Client
from ical.calendar_stream import IcsCalendarStream
from icalendar import Calendar

from main.codes.editing import extend
from main.models import ReferralCode
from main.notices.models import CalendarKey
from tests.conftest import NOW, make_agent
from tests.notices.conftest import make_older_code
from tests.staff import make_staff

DAY = timedelta(days=1)
pytestmark = pytest.mark.usefixtures("clock")


@pytest.fixture
def anna(db):
    agent = make_agent("Anna Berg")
    make_older_code("AT-NOON", agent=agent, discount=20, expires_at=datetime(2026, 12, 1, 12, 30, tzinfo=UTC))
    make_older_code("DAY-END", agent=agent, discount=15, expires_at=datetime(2026, 12, 25, tzinfo=UTC))
    make_older_code("NEVER", agent=agent)
    make_older_code("SWITCHED-OFF", agent=agent, expires_at=NOW + DAY, status="inactive")
    make_older_code("LAST-WEEK", agent=agent, expires_at=NOW - 7 * DAY, status="inactive", expired_at=NOW - 7 * DAY)
    make_older_code("LONG-PAST", agent=agent, expires_at=NOW - 31 * DAY, status="inactive", expired_at=NOW - 31 * DAY)
    make_older_code("NOT-HERS", agent=make_agent("Eve Other"), expires_at=NOW + DAY)
    return agent


def signed_in(user):
    client = Client()
    client.force_login(user, "django.contrib.auth.backends.ModelBackend")
    return client


def make(user):
    page = signed_in(user).post("/notices/calendar/make/").content.decode()
    return re.search(r"http://127\.0\.0\.1:8000(/calendar/[\w-]{43}\.ics)", page)[1]


def events(address):
    calendar = Calendar.from_ical(Client().get(address).content)
    return {str(event["summary"]): event for event in calendar.walk("VEVENT")}


def test_each_code_of_ones_own_with_a_date_is_an_event(anna):
    found = events(make(anna.user))
    assert list(found) == ["LAST-WEEK stops working", "AT-NOON stops working", "DAY-END stops working"]
    assert found["AT-NOON stops working"]["dtstart"].dt == datetime(2026, 12, 1, 12, 30, tzinfo=UTC)
    assert found["AT-NOON stops working"]["description"] == "20 % off"


def test_a_code_that_works_to_the_end_of_a_day_ends_on_that_day(anna):
    event = events(make(anna.user))["DAY-END stops working"]
    assert event["dtstart"].dt == date(2026, 12, 24)
    assert event["dtstart"].params["VALUE"] == "DATE"


def test_an_alarm_comes_a_week_before(anna):
    (alarm,) = events(make(anna.user))["AT-NOON stops working"].walk("VALARM")
    assert (alarm["action"], alarm["trigger"].dt) == ("DISPLAY", -7 * DAY)


def test_the_text_keeps_the_rules_of_the_format(anna):
    """RFC 5545: lines of 75 octets, CRLF; RFC 7986: how often to ask."""
    make_older_code("Ж" * 60, agent=anna, expires_at=NOW + DAY)
    content = Client().get(make(anna.user)).content
    lines = content.split(b"\r\n")
    assert max(map(len, lines)) <= 75
    assert b"\n" not in content.replace(b"\r\n", b"")
    assert lines[0] == b"BEGIN:VCALENDAR"
    assert {b"REFRESH-INTERVAL;VALUE=DURATION:PT12H", b"X-PUBLISHED-TTL:PT12H"} <= set(lines)
    for event in Calendar.from_ical(content).walk("VEVENT"):
        assert {"UID", "DTSTAMP", "DTSTART", "SUMMARY"} <= set(event)
        assert not event.errors


def test_a_calendar_program_reads_it(anna):
    """By the library of a calendar program, which is strict and shares no code with the one that wrote it."""
    make_older_code("COMMA, SEMI; \\", agent=anna, expires_at=NOW + DAY)
    calendar = IcsCalendarStream.calendar_from_ics(Client().get(make(anna.user)).content.decode())
    found = {event.summary: event for event in calendar.timeline}
    assert list(found) == [f"{code} stops working" for code in ("LAST-WEEK", "COMMA, SEMI; \\", "AT-NOON", "DAY-END")]
    assert found["AT-NOON stops working"].dtstart == datetime(2026, 12, 1, 12, 30, tzinfo=UTC)
    assert found["DAY-END stops working"].dtstart == date(2026, 12, 24)
    assert all(alarm.trigger == -7 * DAY for event in found.values() for alarm in event.alarm)


def read_by_evolution(content):
    """What libical, which Evolution and GNOME's calendar read with, makes of it: the text with what it found wrong."""
    name = find_library("ical")
    if not name:
        (pytest.fail if os.environ.get("REQUIRE_LIBICAL") == "1" else pytest.skip)("needs Debian's package libical3")
    library = ctypes.CDLL(name)
    library.icalparser_parse_string.restype = ctypes.c_void_p
    library.icalcomponent_as_ical_string.restype = ctypes.c_char_p
    component = ctypes.c_void_p(library.icalparser_parse_string(content))
    library.icalrestriction_check(component)  # writes X-LIC-ERROR into the component
    return library.icalcomponent_as_ical_string(component).replace(b"\r\n ", b"").decode()


def test_evolution_reads_it_and_finds_nothing_wrong(anna):
    make_older_code("COMMA, SEMI; \\", agent=anna, expires_at=NOW + DAY)
    content = Client().get(make(anna.user)).content
    read = read_by_evolution(content)
    assert read == content.replace(b"\r\n ", b"").decode()
    assert "X-LIC-ERROR" not in read
    twice = content.replace(b"TRANSP:TRANSPARENT\r\n", b"TRANSP:TRANSPARENT\r\nTRANSP:OPAQUE\r\n", 1)
    assert "X-LIC-ERROR" in read_by_evolution(twice)


def test_uids_stay_when_a_code_is_extended(anna):
    address = make(anna.user)
    before = events(address)["AT-NOON stops working"]
    extend(ReferralCode.objects.filter(code="AT-NOON"), 10)
    after = events(address)["AT-NOON stops working"]
    assert before["uid"] == after["uid"]
    assert after["dtstart"].dt == before["dtstart"].dt + 10 * DAY
    assert after["last-modified"].dt == NOW


def test_staff_who_may_view_codes_see_all_with_their_agents(anna):
    make_older_code("HOUSE", expires_at=NOW + DAY)
    found = events(make(make_staff("staff", "view_referralcode")))
    assert "NOT-HERS stops working" in found
    assert found["AT-NOON stops working"]["description"] == "20 % off, Anna Berg"
    assert found["HOUSE stops working"]["description"] == "0 % off, of the house"


def test_staff_without_that_right_see_none(anna):
    assert events(make(make_staff("staff", "view_userprofile"))) == {}


def test_the_right_counts_when_it_is_read(anna):
    user = make_staff("staff", "view_referralcode")
    address = make(user)
    assert events(address)
    user.user_permissions.clear()
    assert not events(address)
    user.is_active = False
    user.save()
    assert Client().get(address).status_code == 404


def test_the_secret_is_stored_as_a_hash_and_shown_once(anna):
    address = make(anna.user)
    secret = address.removeprefix("/calendar/").removesuffix(".ics")
    assert secret not in str(CalendarKey.objects.values().get())
    page = signed_in(anna.user).get("/notices/").content.decode()
    assert secret not in page
    assert "It cannot be shown again." in page


def test_a_new_address_ends_the_old_one_and_revoking_ends_it(anna):
    old = make(anna.user)
    new = make(anna.user)
    assert [Client().get(address).status_code for address in (old, new)] == [404, 200]
    signed_in(anna.user).post("/notices/calendar/revoke/")
    assert Client().get(new).status_code == 404


def test_asked_again_it_answers_304_until_something_changes(anna):
    address = make(anna.user)
    first = Client().get(address)
    same = Client().get(address, headers={"If-None-Match": first["ETag"]})
    assert (same.status_code, same["Cache-Control"]) == (304, first["Cache-Control"])
    extend(ReferralCode.objects.filter(code="NOT-HERS"), 10)
    assert Client().get(address, headers={"If-None-Match": first["ETag"]}).status_code == 304
    extend(ReferralCode.objects.filter(code="DAY-END"), 10)
    second = Client().get(address, headers={"If-None-Match": first["ETag"]})
    assert second.status_code == 200
    assert second["ETag"] != first["ETag"]


def test_it_needs_no_session_and_sets_no_cookie(anna):
    response = Client().get(make(anna.user))
    assert not response.cookies
    assert response["Content-Type"] == "text/calendar; charset=utf-8"
    assert response["Cache-Control"] == "private, no-cache"
    assert Client().post(make(anna.user)).status_code == 405
