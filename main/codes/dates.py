"""Instants as people write them."""

import re
from datetime import UTC, date, datetime, time, timedelta
from datetime import timezone as fixed_zone

from django.core.exceptions import ValidationError
from django.utils import timezone

# Beyond, a date can neither be shown in every zone nor stored by every database.
FIRST_YEAR, LAST_YEAR = 1970, 9998

WRITTEN = re.compile(
    r"""(?: (?P<year>\d{4})(?P<mark>[-/])(?P<month>\d{1,2})(?P=mark)(?P<day>\d{1,2})   # 2026-12-31, 2026/12/31
      | (?P<dotted_day>\d{1,2})\.\ ?(?P<dotted_month>\d{1,2})\.\ ?(?P<dotted_year>\d{4})\.?   # 31.12.2026
    )
    (?: (?:T|,?\ )(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,](?P<fraction>\d+))?)?
        (?:\ ?(?P<utc>Z|UTC|GMT)|\ ?(?P<sign>[+-])(?P<offset_hours>\d{2})(?::?(?P<offset_minutes>\d{2}))?)?
    )?""",
    re.ASCII | re.IGNORECASE | re.VERBOSE,
)


def validate_year(instant: datetime) -> None:
    """Refuse an instant whose year is outside FIRST_YEAR to LAST_YEAR."""
    if not FIRST_YEAR <= instant.year <= LAST_YEAR:
        raise ValidationError(f"The year must be from {FIRST_YEAR} to {LAST_YEAR}.", "year")


def end_of_day(day: date) -> datetime:
    """Return the midnight that ends `day` in the project's time zone: a code with this date works all of that day.

    Where the clocks skip that midnight, the day ends at the change; where they show it twice, at the first one.
    Raises ValidationError where no such date could be stored.
    """
    try:
        midnight = datetime.combine(day + timedelta(days=1), time.min, timezone.get_default_timezone())
    except OverflowError:
        midnight = datetime.max.replace(tzinfo=UTC)
    validate_year(midnight)
    return midnight.astimezone(UTC)


def parse_instant(text: str) -> datetime:
    """Return the aware instant that `text` means.

    Takes `2026-12-31` (the end of that day), `2026-12-31 17:00`, with or without seconds, `T` and an offset, and
    the date also as `31.12.2026` or `2026/12/31`. Without an offset it is in the current time zone: of a local
    time that happens twice, the first is meant; one that the clocks skip is read with the offset from before
    the change.

    Raises ValidationError with a sentence for the person who wrote it.
    """
    text = " ".join(text.split())
    try:
        instant = _read(text)
    except (ValueError, OverflowError) as error:
        message = f"'{text[:40]}' is not a date: write 2026-12-31, 2026-12-31 17:00 or 2026-12-31T17:00+02:00."
        raise ValidationError(message, "date") from error
    validate_year(instant)
    return instant.astimezone(UTC)


def _read(text: str) -> datetime:
    written = WRITTEN.fullmatch(text)
    if not written:
        raise ValueError
    part = written.groupdict()
    day = date(*(int(part[name] or part[f"dotted_{name}"]) for name in ("year", "month", "day")))
    if not part["hour"]:
        return end_of_day(day)
    clock = time(int(part["hour"]), int(part["minute"]), int(part["second"] or 0), _microseconds(part["fraction"]))
    return datetime.combine(day, clock, _offset(part) or timezone.get_current_timezone())


def _microseconds(fraction: str | None) -> int:
    return int((fraction or "")[:6].ljust(6, "0"))


def _offset(part: dict[str, str | None]) -> fixed_zone | None:
    if part["utc"]:
        return UTC
    if not part["sign"]:
        return None
    east = timedelta(hours=int(part["offset_hours"] or 0), minutes=int(part["offset_minutes"] or 0))
    return fixed_zone(-east if part["sign"] == "-" else east)
