"""How people write and read the end of a code: days, times and zones."""

from datetime import UTC, date, datetime, time, timedelta

from django.core.exceptions import ValidationError
from django.utils import timezone

# A day inside the calendar's ends: such an instant can be told in every time zone.
EARLIEST = datetime(1, 1, 2, tzinfo=UTC)
LATEST = datetime(9999, 12, 30, tzinfo=UTC)


def end_of_day(day: date) -> datetime:
    """Return the midnight that ends `day` in the project's time zone: a code with this date works all of that day.

    Raises ValidationError when `day` is at an end of the calendar.
    """
    try:
        midnight = datetime.combine(day + timedelta(days=1), time.min, timezone.get_default_timezone())
    except OverflowError:
        raise _out_of_range() from None
    return in_range(midnight)


def in_range(instant: datetime) -> datetime:
    """Return the aware `instant`; raise ValidationError when it cannot be told in every time zone."""
    try:
        told = EARLIEST <= instant.astimezone(UTC) <= LATEST
    except OverflowError:
        told = False
    if not told:
        raise _out_of_range()
    return instant


def day_ended(instant: datetime) -> date | None:
    """Return the day that ends at `instant` in the project's time zone, or None when it is not a midnight."""
    local = timezone.localtime(instant, timezone.get_default_timezone())
    return local.date() - timedelta(days=1) if local.time() == time.min else None


def in_words(instant: datetime) -> str:
    """Return the aware `instant` with its zone: "20 Nov 2026, 14:30 EET", or "end of 20 Nov 2026 EET"."""
    if day := day_ended(instant):
        return f"end of {day.day} {day:%b %Y} {timezone.localtime(instant, timezone.get_default_timezone()):%Z}"
    local = timezone.localtime(instant)
    return f"{local.day} {local:%b %Y, %H:%M %Z}"


def _out_of_range() -> ValidationError:
    return ValidationError("Choose a date between the years 1 and 9999.", "range")
