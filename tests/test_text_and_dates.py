"""Text on its way to a terminal, and instants as people write them."""

from datetime import UTC, date, datetime

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis.strategies import text

from main.codes.dates import end_of_day, parse_instant
from main.codes.text import clean_code, visible


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Zoë 山田", "Zoë 山田"),
        ("a\nb\r\t", r"a\nb\r\t"),
        ("\x1b[31m", r"\x1b[31m"),
        ("\u202egnp", r"\u202egnp"),
        ("\x9b\x00", r"\x9b\x00"),
        ("\ud800", r"\ud800"),
        ("back\\slash", "back\\slash"),
    ],
)
def test_control_characters_are_made_visible(text, shown) -> None:
    assert visible(text) == shown


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-12-31T17:00Z", datetime(2026, 12, 31, 17, tzinfo=UTC)),
        ("2026-12-31 17:00:05+02:00", datetime(2026, 12, 31, 15, 0, 5, tzinfo=UTC)),
        (" 2026-12-31 17:00 ", datetime(2026, 12, 31, 15, tzinfo=UTC)),
        ("2026-12-31 17:00 +02", datetime(2026, 12, 31, 15, tzinfo=UTC)),
        ("2026-12-31 17:00:00.5 UTC", datetime(2026, 12, 31, 17, 0, 0, 500000, tzinfo=UTC)),
        ("2026-12-31T17:00-0330", datetime(2026, 12, 31, 20, 30, tzinfo=UTC)),
        ("31.12.2026 17:00", datetime(2026, 12, 31, 15, tzinfo=UTC)),
        # A day alone is over at the midnight that ends it.
        ("2026-12-31", datetime(2026, 12, 31, 22, tzinfo=UTC)),
        ("2026/12/31", datetime(2026, 12, 31, 22, tzinfo=UTC)),
        ("31. 12. 2026.", datetime(2026, 12, 31, 22, tzinfo=UTC)),
        # The clocks of Athens skip 03:00 to 04:00, and on an autumn night show 03:30 twice.
        ("2026-03-29 03:30", datetime(2026, 3, 29, 1, 30, tzinfo=UTC)),
        ("2026-10-25 03:30", datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
    ],
)
def test_an_instant_is_read_in_the_zone_of_the_project(settings, text, instant) -> None:
    settings.TIME_ZONE = "Europe/Athens"
    # In UTC, since Python holds no local time of such a night equal to anything.
    assert parse_instant(text).astimezone(UTC) == instant


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            "tomorrow",
            "31/12/2026",
            "12/31/26",
            "31.12.26",
            "2026/12-31",
            "46387",
            "2026-02-30",
            "2026-12-31 24:00",
        ),
        *("2026-12-31 17:00 EET", "2026-12-31 17:00+99:00", "٢٠٢٦-١٢-٣١", "9" * 500),
    ],
)
def test_what_is_not_a_date_is_refused_with_an_example(text) -> None:
    with pytest.raises(ValidationError) as refused:
        parse_instant(text)
    assert refused.value.messages == [
        f"'{text[:40]}' is not a date: write 2026-12-31, 2026-12-31 17:00 or 2026-12-31T17:00+02:00."
    ]


@pytest.mark.parametrize("text", ["0001-01-01", "1969-12-30", "9999-12-31", "9999-12-31T23:59:59-14:00"])
def test_a_year_that_not_every_zone_and_database_can_hold_is_refused(text) -> None:
    with pytest.raises(ValidationError, match="The year must be from 1970 to 9998."):
        parse_instant(text)


@pytest.mark.parametrize(
    ("zone", "day", "instant"),
    [
        ("Africa/Cairo", date(2026, 4, 23), datetime(2026, 4, 23, 22, tzinfo=UTC)),  # 24 April begins at 01:00
        ("America/Havana", date(2026, 10, 31), datetime(2026, 11, 1, 4, tzinfo=UTC)),  # the clocks show 00:30 twice
        ("Pacific/Apia", date(2011, 12, 29), datetime(2011, 12, 30, 10, tzinfo=UTC)),  # there was no 30 December
    ],
)
def test_a_day_is_over_once_where_its_midnight_is_skipped_or_comes_twice(settings, zone, day, instant) -> None:
    settings.TIME_ZONE = zone
    assert end_of_day(day) == instant


def test_the_last_day_of_the_calendar_has_no_end_that_can_be_stored() -> None:
    with pytest.raises(ValidationError, match="The year must be from 1970 to 9998."):
        end_of_day(date.max)


@pytest.mark.parametrize(
    ("written", "code"),
    [
        (" johns-20\u00a0", "JOHNS-20"),
        ("JOHNS  20", "JOHNS  20"),
        ("stra\u00dfe", "STRASSE"),
        ("cafe\u0301", "CAF\u00c9"),
    ],
)
def test_a_code_is_stored_in_capitals_without_spaces_around_it(written, code) -> None:
    assert clean_code(written) == code


@given(text())
def test_a_cleaned_code_stays_as_it_is(written) -> None:
    assert clean_code(clean_code(written)) == clean_code(written)
