"""What a code may be, how it is found, and what a save keeps in order."""

from datetime import UTC, datetime

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError

from main.models import ReferralCode, UserProfile
from tests.conftest import NOW, make_agent, make_code

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("typed", ["JOHNS-20", "johns-20", "JohnS-20", "  johns-20 "])
def test_a_code_is_found_whatever_its_case_and_the_spaces_around_it(typed):
    code = make_code("Johns-20")
    assert ReferralCode.objects.with_code(typed).get() == code


@pytest.mark.parametrize("typed", ["JOHNS-2", "JOHNS-200", "JOHNS_20", "%", "", "\0", "JOHNS-20\x1b", "\ud800"])
def test_another_code_is_not_found(typed):
    make_code("JOHNS-20")
    assert not ReferralCode.objects.with_code(typed).exists()


def test_a_code_beyond_ascii_is_found_whatever_its_case():
    code = make_code("ΜΑΡΊΑ-15")
    assert ReferralCode.objects.with_code("μαρία-15").get() == code


def test_a_code_is_stored_as_given():
    ReferralCode.objects.create(code="Johns-20")
    assert ReferralCode.objects.get().code == "Johns-20"


@pytest.mark.parametrize(
    "code", ["A\nB", "A\x00B", "A\x1b[2J", "A\u202eB", "A\ud800", "A\u200bB", " A", "A ", "A\xa0B"]
)
@pytest.mark.parametrize("write", ["create", "bulk_create", "update"])
def test_control_characters_never_get_in(code, write):
    make_code("CLEAN")
    with pytest.raises(ValidationError, match="A code is one line of printable characters"), transaction.atomic():
        match write:
            case "create":
                ReferralCode.objects.create(code=code)
            case "bulk_create":
                ReferralCode.objects.bulk_create([ReferralCode(code=code)])
            case "update":
                ReferralCode.objects.update(code=code)
    assert [code.code for code in ReferralCode.objects.all()] == ["CLEAN"]


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("", "This field cannot be blank."),
        ("zoë-10", "Write letters outside A to Z in capitals."),
        ("X" * 65, "Ensure this value has at most 64 characters"),
    ],
)
def test_a_code_that_could_not_be_compared_is_refused(code, reason):
    with pytest.raises(ValidationError, match=reason):
        ReferralCode.objects.create(code=code)


def test_a_name_may_be_of_any_script_but_on_one_line():
    for name in ["Zoë O'Brien", "Πέτρος Μύλλερ", "علی\u200cرضا", "山田 太郎"]:
        UserProfile(name=name).clean_fields(exclude=["user"])
    with pytest.raises(ValidationError, match="Only printable characters"):
        UserProfile(name="John\nSmith").clean_fields(exclude=["user"])


@pytest.mark.parametrize("discount", [-1, "100.01"])
def test_a_discount_is_a_percentage(discount):
    with pytest.raises(ValidationError):
        ReferralCode(code="X", discount=discount).full_clean()
    with pytest.raises(IntegrityError), transaction.atomic():
        ReferralCode.objects.create(code="X", discount=discount)


def test_an_unknown_status_is_refused():
    with pytest.raises(IntegrityError), transaction.atomic():
        ReferralCode.objects.create(code="X", status="expired")


def test_a_date_given_as_text_is_an_instant_after_the_save():
    code = ReferralCode.objects.create(code="X", expires_at="2027-01-01T00:00:00+02:00")
    assert code.expires_at == datetime(2026, 12, 31, 22, tzinfo=UTC)


def test_saving_some_fields_counts_as_an_edit(clock):
    code = make_code("X")
    clock.shift(60)
    code.discount = 5
    code.save(update_fields=["discount"])
    code.refresh_from_db()
    assert code.discount == 5
    assert (code.updated_at - code.created_at).total_seconds() == 60


def test_reactivating_a_code_clears_the_mark_of_its_expiry(clock):
    code = ReferralCode.objects.create(code="X", expires_at=NOW)
    assert code.expired_at == NOW
    code.status, code.expires_at = ReferralCode.Status.ACTIVE, None
    code.save(update_fields=["status", "expires_at"])
    code.refresh_from_db()
    assert (code.status, code.expired_at) == ("active", None)


def test_an_agent_with_codes_is_not_deleted():
    john = make_agent("John Smith")
    make_code("JOHNS-20", agent=john)
    with pytest.raises(ProtectedError):
        john.user.delete()
    assert ReferralCode.objects.get().agent == john
