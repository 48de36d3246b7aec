"""Text on its way to a terminal, and instants as people write them."""

from datetime import UTC, datetime

import pytest
from django.core.exceptions import ValidationError

from main.dates import parse_instant
from main.text import visible


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
        ("2026-12-31", datetime(2026, 12, 31, 21, 59, 59, 999999, tzinfo=UTC)),
        # The clocks of Athens skip 03:00 to 04:00, and on an autumn night show 03:30 twice.
        ("2026-03-29 03:30", datetime(2026, 3, 29, 1, 30, tzinfo=UTC)),
        ("2026-10-25 03:30", datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
    ],
)
def test_an_instant_is_read_in_the_zone_of_the_project(settings, text, instant) -> None:
    settings.TIME_ZONE = "Europe/Athens"
    # In UTC, since Python holds no local time of such a night equal to anything.
    assert parse_instant(text).astimezone(UTC) == instant


@pytest.mark.parametrize("text", ["", "tomorrow", "31/12/2026", "2026-02-30", "2026-12-31 24:00", "9" * 500])
def test_what_is_not_a_date_is_refused_with_an_example(text) -> None:
    with pytest.raises(ValidationError) as refused:
        parse_instant(text)
    assert refused.value.messages == [
        f"'{text[:40]}' is not a date: write 2026-12-31, 2026-12-31 17:00 or 2026-12-31T17:00+02:00."
    ]


@pytest.mark.parametrize("text", ["0001-01-01", "1969-12-31", "9999-12-31", "9999-12-31T23:59:59-14:00"])
def test_a_year_that_not_every_zone_and_database_can_hold_is_refused(text) -> None:
    with pytest.raises(ValidationError, match="The year must be from 1970 to 9998."):
        parse_instant(text)
