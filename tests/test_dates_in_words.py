"""The end of a day reads as that day; any other instant with its time. Both in the visitor's zone, which is named."""

from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from main.codes.dates import end_of_day
from main.codes.wording import day_ended, in_words


@pytest.fixture(autouse=True)
def _athens(settings):
    settings.TIME_ZONE = "Europe/Athens"


def test_the_end_of_a_day_reads_as_that_day():
    midnight = end_of_day(date(2026, 11, 20))
    assert day_ended(midnight) == date(2026, 11, 20)
    assert in_words(midnight) == "end of 20 Nov 2026 EET"


def test_any_other_instant_reads_with_time_and_zone():
    instant = end_of_day(date(2026, 7, 4)) - timedelta(minutes=1)
    assert day_ended(instant) is None
    assert in_words(instant) == "4 Jul 2026, 23:59 EEST"


def test_a_visitor_elsewhere_reads_everything_in_the_zone_there():
    midnight = end_of_day(date(2026, 7, 4))
    with timezone.override(ZoneInfo("Asia/Tokyo")):
        assert in_words(midnight) == "5 Jul 2026, 06:00 JST"
        assert in_words(midnight - timedelta(minutes=1)) == "5 Jul 2026, 05:59 JST"
        assert in_words(midnight - timedelta(hours=6)) == "end of 4 Jul 2026 JST"
