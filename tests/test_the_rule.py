"""The rule in SQL (ReferralCodeQuerySet) and in memory (ReferralCode) are one rule."""

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from main.models import ReferralCode
from tests.conftest import INSTANT, NOW, make_agent, make_code

ACTIVE, INACTIVE = ReferralCode.Status.ACTIVE, ReferralCode.Status.INACTIVE

zones = st.sampled_from(
    [
        UTC,
        timezone(timedelta(hours=14)),
        timezone(-timedelta(hours=12)),
        ZoneInfo("Europe/Athens"),
        ZoneInfo("EST5EDT"),
    ]
)
# Spring and autumn nights of Europe/Athens among them.
instants = st.one_of(
    st.sampled_from([NOW, datetime(2026, 3, 29, 1, tzinfo=UTC), datetime(2026, 10, 25, 1, tzinfo=UTC)]),
    st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
)
distances = st.one_of(st.sampled_from([-INSTANT, timedelta(0), INSTANT]), st.timedeltas(-timedelta(9), timedelta(9)))


def _says_sql(code, now):
    mine = ReferralCode.objects.filter(pk=code.pk)
    return {
        "expired": mine.expired(now).exists(),
        "unexpired": mine.unexpired(now).exists(),
        "overdue": mine.overdue(now).exists(),
        "usable": mine.usable(now).exists(),
        "unusable": mine.unusable(now).exists(),
    }


def _says_memory(code, now):
    return {
        "expired": code.is_expired_at(now),
        "unexpired": not code.is_expired_at(now),
        "overdue": code.is_overdue_at(now),
        "usable": code.is_usable_at(now),
        "unusable": not code.is_usable_at(now),
    }


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    now=instants,
    distance=st.none() | distances,
    zone_of_code=zones,
    zone_of_now=zones,
    status=st.sampled_from(ReferralCode.Status),
    agent_is=st.sampled_from(["none", "on", "off"]),
)
def test_the_database_and_the_model_say_the_same(agents, now, distance, zone_of_code, zone_of_now, status, agent_is):
    expires_at = None if distance is None else (now + distance).astimezone(zone_of_code)
    code = make_code("ANY", expires_at=expires_at, status=status, agent=agents[agent_is])
    try:
        read = ReferralCode.objects.get(pk=code.pk)
        asked = now.astimezone(zone_of_now)
        assert _says_sql(code, asked) == _says_memory(read, asked) == _says_memory(code, asked)
        # The rule in the words of the design, independent of both.
        past = distance is not None and distance <= timedelta(0)
        assert _says_memory(code, asked) == {
            "expired": past,
            "unexpired": not past,
            "overdue": past and status == ACTIVE,
            "usable": not past and status == ACTIVE and agent_is != "off",
            "unusable": past or status != ACTIVE or agent_is == "off",
        }
    finally:
        ReferralCode.objects.all().delete()


@pytest.fixture
def agents(db):
    return {"none": None, "on": make_agent("Anna On"), "off": make_agent("Otto Off", is_active=False)}


@pytest.mark.parametrize(
    ("expires_at", "works", "overdue"),
    [
        (NOW - INSTANT, False, True),
        (NOW, False, True),
        (NOW + INSTANT, True, False),
        (None, True, False),
    ],
    ids=["just past", "at its date", "just before", "no date"],
)
def test_a_code_works_until_just_before_its_date(db, clock, expires_at, works, overdue):
    code = make_code("EDGE", expires_at=expires_at)
    assert ReferralCode.objects.usable().exists() is code.is_usable is works
    assert ReferralCode.objects.overdue().exists() is code.is_overdue is overdue


def test_a_code_past_its_date_stops_working_though_no_sweep_ever_runs(db, clock):
    make_code("TONIGHT", expires_at=NOW + timedelta(hours=1))
    assert ReferralCode.objects.usable().with_code("tonight").exists()
    clock.move_to(NOW + timedelta(hours=1))
    assert not ReferralCode.objects.usable().with_code("tonight").exists()
    assert ReferralCode.objects.get().status == ACTIVE


def test_switching_an_agent_off_and_on_again_restores_exactly_what_was(john):
    make_code("ON", agent=john)
    make_code("OFF", agent=john, status=INACTIVE)
    before = list(ReferralCode.objects.order_by("id").values())

    john.user.is_active = False
    john.user.save()
    assert not ReferralCode.objects.usable().exists()

    john.user.is_active = True
    john.user.save()
    assert [code.code for code in ReferralCode.objects.usable()] == ["ON"]
    assert list(ReferralCode.objects.order_by("id").values()) == before


@pytest.mark.parametrize(
    ("fields", "state"),
    [
        ({"expires_at": None}, "active"),
        ({"expires_at": NOW + timedelta(days=7, microseconds=1)}, "active"),
        ({"expires_at": NOW + timedelta(days=7)}, "ends_soon"),
        ({"expires_at": NOW}, "overdue"),
        ({"expires_at": NOW, "status": INACTIVE}, "expired"),
        ({"expires_at": NOW + INSTANT, "status": INACTIVE}, "switched_off"),
        ({"status": INACTIVE}, "switched_off"),
    ],
)
def test_the_state_that_a_person_is_told(fields, state):
    assert ReferralCode(code="X", **fields).state(NOW) == state


def test_the_state_of_a_code_whose_agent_cannot_sign_in(john):
    john.user.is_active = False
    assert ReferralCode(code="X", agent=john).state(NOW) == "agent_inactive"
    assert ReferralCode(code="X", agent=john, expires_at=NOW).state(NOW) == "overdue"
