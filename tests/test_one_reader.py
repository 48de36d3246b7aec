"""A date and a percentage are read alike on the pages, in the admin, in the import and on the command line."""

from argparse import ArgumentTypeError
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.utils import timezone

from main.admin.forms import CodeForm
from main.forms import ReferralCodeForm
from main.importing.agents import Agents
from main.importing.checking import Reading, draft
from main.importing.reading import Row
from main.management.commands.expire_referral_codes import _instant
from main.models import ReferralCode
from tests.conftest import NOW

pytestmark = pytest.mark.django_db

END_OF_YEAR = datetime(2027, 1, 1, tzinfo=UTC)


def on_a_form(form_class, field, text):
    """What the form makes of the text, or the list of its complaints."""
    day, _, time = text.partition(" ") if field == "expires_at" else ("", "", "")
    data = {"code": "A", "discount": "20", "status": "active", field: text, "expires_at_0": day, "expires_at_1": time}
    form = form_class(data)
    return form.cleaned_data[field] if form.is_valid() else form.errors[field]


def in_an_import(field, text):
    reading = Reading(NOW, timezone.get_default_timezone(), day_first=False)
    item = draft(Row(2, code="A", **{field: text}), Agents([], create=False), reading)
    return item.faults.get(field) or getattr(item.code, field)


def on_the_command_line(text):
    try:
        return _instant(text)
    except ArgumentTypeError as error:
        return [str(error)]


@pytest.mark.parametrize("text", ["2026-12-31", "31/12/2026", "31.12.2026", "31-12-2026", "2026/12/31"])
def test_the_end_of_a_year_can_be_written_in_five_ways_everywhere(text):
    for form in (ReferralCodeForm, CodeForm):
        assert on_a_form(form, "expires_at", text) == END_OF_YEAR
    assert in_an_import("expires_at", text) == on_the_command_line(text) == END_OF_YEAR


@pytest.mark.parametrize(
    "text",
    ["12/31/2026", "31/02/2026", "31/12/26", "tomorrow", "2026-12-31 25:00", "٢٠٢٦-١٢-٣١", "9999-12-31"],
)
def test_what_is_no_date_is_refused_everywhere_in_the_same_words(text):
    told = on_the_command_line(text)
    assert isinstance(told, list)
    for form in (ReferralCodeForm, CodeForm):
        assert on_a_form(form, "expires_at", text) == told
    assert in_an_import("expires_at", text) == told


@pytest.mark.parametrize(
    ("text", "number"), [("12,5", "12.5"), ("12.5", "12.5"), ("20 %", "20"), (" 20% ", "20"), ("-0", "0")]
)
def test_a_percentage_can_be_written_alike_everywhere(text, number):
    for form in (ReferralCodeForm, CodeForm):
        assert on_a_form(form, "discount", text) == Decimal(number)
    assert in_an_import("discount", text) == Decimal(number)


@pytest.mark.parametrize("text", ["1.000,5", "NaN", "1e1", "٢٠", "ten", "20%%"])
def test_what_is_no_percentage_is_refused_everywhere_in_the_same_words(text):
    told = [f"'{text}' is not a percentage: write a number such as 20 or 12.5."]
    for form in (ReferralCodeForm, CodeForm):
        assert on_a_form(form, "discount", text) == told
    assert in_an_import("discount", text) == told


def test_a_form_takes_the_day_first_and_an_import_asks_which_day_is_meant():
    fifth_of_june = datetime(2027, 6, 6, tzinfo=UTC)
    assert on_a_form(CodeForm, "expires_at", "05/06/2027") == on_the_command_line("05/06/2027") == fifth_of_june
    assert in_an_import("expires_at", "05/06/2027") == [
        "'05/06/2027' could be 5 June or 6 May: write 2027-06-05 for the first, or add --day-first"
    ]
    assert not ReferralCode.objects.exists()
