"""At the checkout: whether a code works, in one query that writes nothing."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from main.checkout.checking import Checked, Reason, check_code
from main.checkout.models import EndedTry
from main.checkout.tries import count_try
from main.models import ExpirationRun, ReferralCode
from main.sweep.run import sweep
from tests.conftest import INSTANT, NOW, make_agent, make_code

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]


def test_a_code_that_works_is_told_with_its_discount_and_its_end(john):
    end = NOW + timedelta(days=1)
    code = make_code("JOHNS-20", agent=john, discount=20, expires_at=end)
    found = check_code(" johns–20 ")
    assert found == Checked(NOW, None, code.pk, "JOHNS-20", Decimal("20.00"), end)
    assert found.usable


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"expires_at": NOW}, Reason.EXPIRED),
        ({"expires_at": NOW, "status": "inactive"}, Reason.EXPIRED),
        ({"expires_at": NOW + INSTANT}, None),
        ({"expires_at": None}, None),
        ({"status": "inactive"}, Reason.SWITCHED_OFF),
        ({"expires_at": NOW + INSTANT, "status": "inactive"}, Reason.SWITCHED_OFF),
    ],
)
def test_a_code_that_does_not_work_has_its_reason(fields, reason):
    make_code("EDGE", **fields)
    assert check_code("edge").reason == reason
    assert check_code("edge").usable is (reason is None)


def test_a_code_of_an_agent_who_is_switched_off(john):
    make_code("JOHNS-20", agent=john)
    assert check_code("JOHNS-20").usable
    john.user.is_active = False
    john.user.save()
    assert check_code("JOHNS-20").reason == Reason.AGENT_INACTIVE


@pytest.mark.parametrize("text", ["NOBODYS", "", " ", "%", "\0", "\ud800", "A" * 65, "é" * 100_000, "' OR 1=1 --"])
def test_any_text_can_be_asked(text):
    make_code("SOMEBODYS")
    assert check_code(text) == Checked(NOW, Reason.UNKNOWN)


def test_another_instant_can_be_asked():
    make_code("EDGE", expires_at=NOW + timedelta(days=1))
    assert check_code("edge", now=NOW + timedelta(days=1) - INSTANT).usable
    assert check_code("edge", now=NOW + timedelta(days=1)).reason == Reason.EXPIRED


@pytest.mark.parametrize("text", ["JOHNS-20", "ENDED", "NOBODYS", "", "A" * 1000])
def test_it_is_one_query_that_reads(john, text):
    make_code("JOHNS-20", agent=john)
    make_code("ENDED", agent=john, expires_at=NOW)
    check_code("anything")  # builds the statement
    with CaptureQueriesContext(connection) as captured:
        check_code(text)
    assert [query["sql"][:7] for query in captured.captured_queries] == ["SELECT "]
    assert not EndedTry.objects.exists()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(
    distance=st.none()
    | st.sampled_from([-INSTANT, timedelta(0), INSTANT])
    | st.timedeltas(-timedelta(9), timedelta(9)),
    status=st.sampled_from(ReferralCode.Status),
    agent=st.sampled_from(["none", "on", "off"]),
)
def test_it_says_what_the_rule_says(agents, distance, status, agent):
    expires_at = None if distance is None else NOW + distance
    code = make_code("ANY", expires_at=expires_at, status=status, agent=agents[agent])
    try:
        assert check_code("any").usable is ReferralCode.objects.usable(NOW).filter(pk=code.pk).exists()
    finally:
        code.delete()


@pytest.fixture
def agents(db):
    return {"none": None, "on": make_agent("Anna On"), "off": make_agent("Otto Off", is_active=False)}


def test_tries_of_an_ended_code_are_counted_by_day(clock, settings):
    settings.TIME_ZONE = "Europe/Athens"
    ended = make_code("ENDED", expires_at=NOW - timedelta(days=3))
    make_code("WORKS")
    make_code("OFF", status="inactive")
    for text in ["ended", "ENDED", "works", "off", "nobodys"]:
        count_try(check_code(text))
    clock.move_to(NOW.replace(hour=22))  # the next day in Athens
    count_try(check_code("ended"))
    assert list(EndedTry.objects.order_by("day").values_list("code", "day", "count")) == [
        (ended.pk, NOW.date(), 2),
        (ended.pk, NOW.date() + timedelta(days=1), 1),
    ]


def test_a_sweep_forgets_the_tries_of_more_than_ninety_days_ago():
    code = make_code("ENDED", expires_at=NOW - timedelta(days=200))
    days = [NOW.date() - timedelta(days=days) for days in (91, 90, 1)]
    EndedTry.objects.bulk_create(EndedTry(code=code, day=day, count=1) for day in days)
    sweep(ExpirationRun.StartedBy.COMMAND)
    assert sorted(EndedTry.objects.values_list("day", flat=True)) == sorted(days[1:])
