"""A day is meant whole, in the project's zone; an instant is told with its zone."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.core.exceptions import ValidationError

from main.dates import day_ended, end_of_day, in_range, in_words


@pytest.fixture(autouse=True)
def _athens(settings):
    settings.TIME_ZONE = "Europe/Athens"


def test_a_day_ends_at_the_midnight_after_it():
    assert end_of_day(date(2026, 11, 20)) == datetime(2026, 11, 20, 22, 0, tzinfo=UTC)


def test_the_end_of_a_day_reads_as_that_day():
    midnight = end_of_day(date(2026, 11, 20))
    assert day_ended(midnight) == date(2026, 11, 20)
    assert in_words(midnight) == "end of 20 Nov 2026 EET"


def test_any_other_instant_reads_with_time_and_zone():
    instant = end_of_day(date(2026, 7, 4)) - timedelta(minutes=1)
    assert day_ended(instant) is None
    assert in_words(instant) == "4 Jul 2026, 23:59 EEST"


@pytest.mark.parametrize("day", [date(9999, 12, 31), date(9999, 12, 30), date(1, 1, 1)])
def test_refuses_a_day_at_an_end_of_the_calendar(day):
    with pytest.raises(ValidationError, match="between the years 1 and 9999"):
        end_of_day(day)


@pytest.mark.parametrize("instant", [datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)])
def test_refuses_an_instant_at_an_end_of_the_calendar(instant):
    with pytest.raises(ValidationError, match="between the years 1 and 9999"):
        in_range(instant)
