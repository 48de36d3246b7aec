"""Instants as people write them."""

from datetime import date, datetime, time

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime

# Beyond, a date can neither be shown in every zone nor stored by every database.
FIRST_YEAR, LAST_YEAR = 1970, 9998


def validate_year(instant: datetime) -> None:
    """Refuse an instant whose year is outside FIRST_YEAR to LAST_YEAR."""
    if not FIRST_YEAR <= instant.year <= LAST_YEAR:
        raise ValidationError(f"The year must be from {FIRST_YEAR} to {LAST_YEAR}.", "year")


def end_of_day(day: date) -> datetime:
    """Return the last instant of `day` in the current time zone: a code that ends on a day works all that day."""
    return timezone.make_aware(datetime.combine(day, time.max))


def parse_instant(text: str) -> datetime:
    """Return the aware instant that `text` means.

    Takes ISO 8601: `2026-12-31` (the end of that day), `2026-12-31 17:00`, with or without seconds, `T`
    and an offset; without an offset, in the current time zone. Of a local time that happens twice, the
    first is meant; one that the clocks skip is read with the offset from before the change.

    Raises ValidationError with a sentence for the person who wrote it.
    """
    text = text.strip()
    try:
        if day := parse_date(text):
            instant = end_of_day(day)
        elif found := parse_datetime(text):
            instant = found if timezone.is_aware(found) else timezone.make_aware(found)
        else:
            raise ValueError
    except (ValueError, OverflowError) as error:
        message = f"'{text[:40]}' is not a date: write 2026-12-31, 2026-12-31 17:00 or 2026-12-31T17:00+02:00."
        raise ValidationError(message, "date") from error
    validate_year(instant)
    return instant
