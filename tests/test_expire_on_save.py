"""A save of a code past its date marks it inactive, in the database and in memory."""

from datetime import timedelta

import pytest
from django.core import serializers
from django.db.models import F

from main.models import ReferralCode
from main.signals import check_referral_code_expiration_on_save
from tests.conftest import INSTANT, NOW, make_code


def test_a_code_created_at_its_date_is_inactive_at_once(db, clock):
    code = ReferralCode.objects.create(code="X", expires_at=NOW)
    for seen in (code, ReferralCode.objects.get()):
        assert (seen.status, seen.expired_at, seen.expired_by) == ("inactive", NOW, None)


def test_a_code_created_just_before_its_date_stays_active(db, clock):
    code = ReferralCode.objects.create(code="X", expires_at=NOW + INSTANT)
    for seen in (code, ReferralCode.objects.get()):
        assert (seen.status, seen.expired_at) == ("active", None)


def test_an_edit_that_moves_the_date_into_the_past_expires_the_code(db, clock):
    code = ReferralCode.objects.create(code="X", expires_at=NOW + timedelta(days=1))
    code.expires_at = NOW - timedelta(days=1)
    code.save()
    assert (code.status, code.expired_at) == ("inactive", NOW)


def test_an_edit_that_extends_the_code_keeps_it_active(db, clock):
    code = make_code("X", expires_at=NOW)
    code.expires_at = NOW + timedelta(days=1)
    code.save()
    assert ReferralCode.objects.get().status == "active"


def test_a_code_that_a_person_switched_off_is_not_marked(db, clock):
    code = ReferralCode.objects.create(code="X", expires_at=NOW, status="inactive")
    assert code.expired_at is None


def test_a_date_computed_by_the_database_is_judged_by_the_database(db, clock):
    code = make_code("X", expires_at=NOW + timedelta(days=1))
    code.expires_at = F("expires_at") - timedelta(days=1)
    code.save()
    assert ReferralCode.objects.get().status == "inactive"


@pytest.mark.parametrize(("expires_at", "queries"), [(None, 1), (NOW + INSTANT, 1), (NOW, 2)])
def test_a_save_costs_one_more_query_only_where_it_expires_the_code(
    john, clock, django_assert_num_queries, expires_at, queries
):
    make_code("X", agent=john)
    code = ReferralCode.objects.get()
    code.expires_at = expires_at
    with django_assert_num_queries(queries):
        code.save()


def test_fixtures_load_as_they_are(db, clock):
    text = serializers.serialize("json", [make_code("X", expires_at=NOW)])
    ReferralCode.objects.all().delete()
    for loaded in serializers.deserialize("json", text):
        loaded.save()
    assert ReferralCode.objects.get().status == "active"


@pytest.mark.django_db(transaction=True)
def test_a_save_that_expires_is_logged_and_a_save_that_does_not_is_not(clock, log_file):
    ReferralCode.objects.create(code="FINE", expires_at=NOW + INSTANT)
    code = ReferralCode.objects.create(code="LATE", expires_at=NOW)
    assert log_file.read_text() == (
        "2026-11-21 02:00:00+00:00 INFO "
        f"expired LATE (id {code.pk}, no agent, expiry 2026-11-21 02:00:00+00:00) on save\n"
    )


def test_the_receiver_can_be_called_as_the_design_document_has_it(db, clock):
    code = make_code("X", expires_at=NOW)
    check_referral_code_expiration_on_save(ReferralCode, code, False)
    check_referral_code_expiration_on_save(sender=ReferralCode, instance=code, created=False)
    for seen in (code, ReferralCode.objects.get()):
        assert (seen.status, seen.expired_at, seen.expired_by) == ("inactive", NOW, None)


@pytest.mark.django_db(transaction=True)
def test_a_check_marks_an_overdue_code_and_says_so_once(clock, log_file):
    code = make_code("X", expires_at=NOW)
    assert code.check_and_update_expiration() is True
    for seen in (code, ReferralCode.objects.get()):
        assert (seen.status, seen.expired_at, seen.expired_by) == ("inactive", NOW, None)
    assert code.check_and_update_expiration() is False
    assert log_file.read_text().count("expired X ") == 1


@pytest.mark.parametrize(
    "fields", [{"expires_at": None}, {"expires_at": NOW + INSTANT}, {"expires_at": NOW, "status": "inactive"}]
)
def test_a_check_of_a_code_that_is_not_overdue_writes_nothing(db, clock, django_assert_num_queries, fields):
    code = make_code("X", **fields)
    with django_assert_num_queries(0):
        assert code.check_and_update_expiration() is False


@pytest.mark.parametrize(
    "meanwhile", [{"expires_at": NOW + timedelta(days=7)}, {"status": "inactive"}, {"discount": 5}], ids=str
)
def test_a_check_keeps_what_was_written_meanwhile(db, clock, meanwhile):
    code = make_code("X", expires_at=NOW)
    ReferralCode.objects.update(**meanwhile)
    assert code.check_and_update_expiration() is ("discount" in meanwhile)
    stored = ReferralCode.objects.get()
    for field, value in meanwhile.items():
        assert getattr(code, field) == getattr(stored, field) == value
