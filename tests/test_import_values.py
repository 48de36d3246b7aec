"""What `import_codes` takes for a code, a discount, a date and a status, and what it says of anything else."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from main.models import ReferralCode

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]

A_DATE = "write 2026-12-31 or 31/12/2026, or with a time 2026-12-31 17:00"


def imported(import_codes, column, value):
    result = import_codes(f'code,"{column}"\nTHE-CODE,"{value}"\n')
    assert (result.refused, result.error) == ("", "")
    return ReferralCode.objects.get()


def reason(import_codes, column, value):
    result = import_codes(f'code;"{column}"\nTHE-CODE;"{value}"\n')
    assert (result.error, ReferralCode.objects.count()) == ("Nothing was imported: 1 of 1 rows are refused.", 0)
    return result.refused.removeprefix("line 2: refused: ").removesuffix("\n")


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("johns-20", "JOHNS-20"),
        (" \u00a0été-5 ", "ÉTÉ-5"),
        ("e\u0301te\u0301", "ÉTÉ"),
        ("groß", "GROSS"),
        ("=1+1", "=1+1"),
        ("лето 20%", "ЛЕТО 20%"),
        ("X" * 64, "X" * 64),
    ],
)
def test_a_code_is_stored_in_capitals_without_spaces_around_it(import_codes, written, code):
    import_codes(f"code\n{written}\n")
    assert ReferralCode.objects.get().code == code


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("X" * 65, "code: Ensure this value has at most 64 characters (it has 65)"),
        (
            "A\u200bB",
            "code: Only printable characters, please: no line breaks, tabs or invisible marks; "
            "code: A code is one line of printable characters, without spaces around it",
        ),
    ],
)
def test_a_code_that_the_model_refuses_is_refused_with_its_words(import_codes, written, told):
    assert import_codes(f"code\n{written}\n").refused == f"line 2: refused: {told}\n"


@pytest.mark.parametrize(
    ("written", "discount"),
    [
        ("20", "20"), ("20%", "20"), (" 20\u00a0% ", "20"), ("20.00", "20"), ("12,5", "12.5"), ("0.25 %", "0.25"),
        ("100", "100"), ("-0", "0"), ("", "0"), ("%", "0"),
    ],
)  # fmt: skip
def test_a_discount_is_a_percentage(import_codes, written, discount):
    assert imported(import_codes, "discount", written).discount == Decimal(discount)


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("-5", "Ensure this value is greater than or equal to 0"),
        ("100.01", "Ensure this value is less than or equal to 100"),
        ("12.345", "Ensure that there are no more than 2 decimal places"),
        *(
            (word, f"'{word}' is not a percentage: write a number such as 20 or 12.5")
            for word in ["NaN", "inf", "1e1", "ten", "$10", "1 0", "1.000,5", "٢٠", "0x10", "20%%", "=20", "--5"]
        ),
        ("1" * 50, "Ensure this value is less than or equal to 100; discount: "
                   "Ensure that there are no more than 5 digits in total"),
    ],
)  # fmt: skip
def test_a_discount_that_is_not_a_percentage_is_refused(import_codes, written, told):
    assert reason(import_codes, "discount", written) == f"discount: {told}"


@pytest.mark.parametrize(
    ("written", "instant"),
    [
        ("2026-12-31", datetime(2026, 12, 31, 23, tzinfo=UTC)),
        ("31.12.2026", datetime(2026, 12, 31, 23, tzinfo=UTC)),
        ("2026-12-31 18:00", datetime(2026, 12, 31, 17, tzinfo=UTC)),
        ("2026-07-31T18:00:30", datetime(2026, 7, 31, 16, 0, 30, tzinfo=UTC)),
        ("2026-12-31T18:00:00Z", datetime(2026, 12, 31, 18, tzinfo=UTC)),
        ("2026-12-31 18:00:00.123+05:30", datetime(2026, 12, 31, 12, 30, 0, 123000, tzinfo=UTC)),
        ("31/12/2026", datetime(2026, 12, 31, 23, tzinfo=UTC)),
        # The clocks of Berlin show 02:30 twice on an autumn night: the first one is meant.
        ("2026-10-25 02:30", datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
        ("", None),
        (" Never ", None),
    ],
)
def test_a_date_is_read_in_the_zone_of_the_project_and_alone_means_its_end(import_codes, settings, written, instant):
    settings.TIME_ZONE = "Europe/Berlin"
    assert imported(import_codes, "expires_at", written).expires_at == instant


@pytest.mark.parametrize(
    ("written", "told"),
    [
        *((word, f"'{word}' is not a date: {A_DATE}") for word in ["46387", "next year"]),
        ("05/06/2026", "'05/06/2026' could be 5 June or 6 May: write 2026-06-05 for the first, or add --day-first"),
        ("soon\x1b[2J", rf"'soon\x1b[2J' is not a date: {A_DATE}"),
        ("0001-01-01", "The year must be from 1970 to 9998"),
        ("9999-12-31", "The year must be from 1970 to 9998"),
        ("9999-12-31T23:59:59-12:00", "The year must be from 1970 to 9998"),
    ],
)
def test_what_is_not_a_date_or_could_be_two_is_refused(import_codes, written, told):
    assert reason(import_codes, "expires_at", written) == f"expires_at: {told}"


@pytest.mark.parametrize(
    ("written", "status"),
    [
        *((word, "active") for word in ["active", " ACTIVE ", "Enabled", ""]),
        *((word, "inactive") for word in ["inactive", "Disabled", "expired"]),
    ],
)
def test_a_status_is_active_or_inactive(import_codes, written, status):
    assert imported(import_codes, "status", written).status == status


@pytest.mark.parametrize("written", ["on", "yes", "1", "aktiv", "activé", "in active"])
def test_any_other_status_is_refused(import_codes, written):
    told = f"status: '{written}' is not a status: write active or inactive"
    assert reason(import_codes, "status", written) == told
