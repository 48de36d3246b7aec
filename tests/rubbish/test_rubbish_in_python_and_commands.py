"""Whatever is given to the model, the lookups and the commands: refused with a sentence, or it works wholly."""

import os
from io import StringIO

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from hypothesis import given
from hypothesis import strategies as st

from main.codes.dates import parse_instant
from main.codes.text import visible
from main.models import ExpirationRun, ReferralCode
from tests.rubbish.strategies import patient, rubbish

pytestmark = pytest.mark.django_db

percentages = rubbish | st.floats() | st.decimals() | st.integers()


# What Django says of a date without a zone.
@pytest.mark.filterwarnings("ignore:DateTimeField .* received a naive datetime:RuntimeWarning")
@patient
@given(code=rubbish, discount=percentages, expires_at=rubbish | st.datetimes(timezones=st.timezones()))
def test_what_the_model_accepts_can_be_saved_found_and_printed(code, discount, expires_at):
    candidate = ReferralCode(code=code, discount=discount, expires_at=expires_at)
    try:
        candidate.full_clean()
        candidate.save()
    except ValidationError as error:
        assert error.messages  # noqa: PT017 - it need not be raised
        return
    try:
        assert ReferralCode.objects.with_code(code).get() == candidate
        assert visible(candidate.code) == candidate.code
    finally:
        candidate.delete()


@patient
@given(code=rubbish)
def test_any_text_can_be_looked_up(code):
    assert not ReferralCode.objects.with_code(code).exists()


@patient
@given(text=rubbish)
def test_what_is_printed_is_harmless(text):
    assert visible(text).isprintable()


@patient
@given(text=rubbish)
def test_a_date_is_read_or_refused(text):
    try:
        instant = parse_instant(text)
    except ValidationError as error:
        assert error.messages  # noqa: PT017 - it need not be raised
        return
    assert instant.tzinfo is not None


def can_stand_on_a_command_line(text):
    """Its bytes end at a NUL, and half a surrogate pair stands for a byte that is no UTF-8."""
    try:
        return b"\0" not in os.fsencode(text)
    except UnicodeEncodeError:
        return False


def refused_or_done(*command):
    """Nothing but a CommandError, with a message, gets out."""
    try:
        call_command(*command, stdout=StringIO(), stderr=StringIO())
    except CommandError as error:
        assert str(error)  # noqa: PT017 - it need not be raised


@patient
@given(text=rubbish.filter(can_stand_on_a_command_line))
@pytest.mark.parametrize(
    "command",
    [
        ["expire_referral_codes", "--dry-run", "--as-of"],
        ["expire_referral_codes", "--batch-size"],
        ["expire_referral_codes", "--format"],
        ["expire_referral_codes"],
        ["undo_expiration_run"],
        ["undo_expiration_run", "--dry-run"],
        ["expiration_health"],
        ["print_schedule"],
        ["import_codes", "--dry-run"],
    ],
    ids=" ".join,
)
def test_the_options_of_the_commands(command, text):
    refused_or_done(*command, text)
    # With an equals sign even what begins with a dash is a value.
    if command[-1].startswith("--"):
        refused_or_done(*command[:-1], f"{command[-1]}={text}")
    assert not ExpirationRun.objects.exclude(state="completed").exists()
