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
def test_control_characters_are_made_visible(text, shown):
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
        ("31/12/2026", datetime(2026, 12, 31, 22, tzinfo=UTC)),
        ("31-12-2026", datetime(2026, 12, 31, 22, tzinfo=UTC)),
        ("5/6/2026 7:00", datetime(2026, 6, 5, 4, tzinfo=UTC)),
        # On an autumn night the clocks of Athens show 03:30 twice.
        ("2026-10-25 03:30", datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
    ],
)
def test_an_instant_is_read_in_the_zone_of_the_project(settings, text, instant):
    settings.TIME_ZONE = "Europe/Athens"
    # In UTC, since Python holds no local time of such a night equal to anything.
    assert parse_instant(text).astimezone(UTC) == instant


EXAMPLE = "write 2026-12-31 or 31/12/2026, or with a time 2026-12-31 17:00."


@pytest.mark.parametrize(
    ("text", "told"),
    [
        *(
            (text, f"'{text}' is not a date: {EXAMPLE}")
            for text in ["", "tomorrow", "2026/12-31", "46387", "17:00", "2026-12-31 5pm", "2026-12-31 17:00 EET"]
        ),
        ("9" * 500, f"'{'9' * 40}' is not a date: {EXAMPLE}"),
        ("12/31/2026", "'12/31/2026' is not a date: there is no month 31. The day comes first: write 31/12/2026."),
        (
            "12.31.2026 17:00",
            "'12.31.2026' is not a date: there is no month 31. The day comes first: write 31/12/2026.",
        ),
        ("2026-31-12", "'2026-31-12' is not a date: there is no month 31."),
        ("45/45/2026", "'45/45/2026' is not a date: there is no month 45."),
        ("00/00/2026", "'00/00/2026' is not a date: there is no month 0."),
        ("31/02/2026", "'31/02/2026' is not a date: February 2026 has the days 1 to 28."),
        ("2028-02-30", "'2028-02-30' is not a date: February 2028 has the days 1 to 29."),
        ("00/12/2026", "'00/12/2026' is not a date: December 2026 has the days 1 to 31."),
        *(
            (text, f"'{text}': write the year with four digits, such as 2026.")
            for text in ["31/12/26", "12/31/26", "31.12.26", "31/12/202", "2026-12-311"]
        ),
        ("2026-12-31 25:00", "'25:00' is not a time: write one from 00:00 to 23:59."),
        ("2026-12-31 24:00", "'24:00' is not a time: write one from 00:00 to 23:59."),
        ("2026-12-31 17:60:00", "'17:60:00' is not a time: write one from 00:00 to 23:59."),
        ("2026-12-31 17:00+99:00", "An offset from UTC is less than 24 hours, such as +02:00."),
        ("٢٠٢٦-١٢-٣١", "'٢٠٢٦-١٢-٣١': write the digits as 0 to 9."),
        (
            "2026-03-29 03:30",
            "'2026-03-29 03:30' is not a date: the clocks of Europe/Athens skip 03:30 that day: write 04:30.",
        ),
    ],
)
def test_what_is_not_a_date_is_refused_with_what_to_write(settings, text, told):
    settings.TIME_ZONE = "Europe/Athens"
    with pytest.raises(ValidationError) as refused:
        parse_instant(text)
    assert refused.value.messages == [told]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("05/06/2026", "'05/06/2026' could be 5 June or 6 May: write 2026-06-05 for the first."),
        ("5-6-2026 17:00", "'5-6-2026' could be 5 June or 6 May: write 2026-06-05 for the first."),
    ],
)
def test_a_date_that_could_be_two_is_refused_where_nothing_is_known_of_its_writer(text, told):
    with pytest.raises(ValidationError) as refused:
        parse_instant(text, day_first=False)
    assert (refused.value.messages, refused.value.code) == ([told], "two days")


@pytest.mark.parametrize("text", ["31/12/2026", "06/06/2026", "05.06.2026", "2026-05-06"])
def test_a_date_that_can_be_one_alone_is_taken_whoever_wrote_it(text):
    assert parse_instant(text, day_first=False) == parse_instant(text)


@pytest.mark.parametrize(
    "text",
    ["0001-01-01", "1969-12-30", "0000-01-01", "1970-01-01 00:00+01:00", "9999-12-31", "9999-12-31T23:59:59-14:00"],
)
def test_a_year_that_not_every_zone_and_database_can_hold_is_refused(text):
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
def test_a_day_is_over_once_where_its_midnight_is_skipped_or_comes_twice(settings, zone, day, instant):
    settings.TIME_ZONE = zone
    assert end_of_day(day) == instant


def test_the_last_day_of_the_calendar_has_no_end_that_can_be_stored():
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
def test_a_code_is_stored_in_capitals_without_spaces_around_it(written, code):
    assert clean_code(written) == code


@given(text())
def test_a_cleaned_code_stays_as_it_is(written):
    assert clean_code(clean_code(written)) == clean_code(written)
