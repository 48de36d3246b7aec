"""Dates as people write them, read in the project's time zone (TIME_ZONE)."""

import re
from datetime import UTC, date, datetime, time, timedelta
from datetime import timezone as FixedZone

from django.core.exceptions import ValidationError
from django.utils import timezone

# A day away from what Python can count, so that every time zone can show it.
EARLIEST = datetime.min.replace(tzinfo=UTC) + timedelta(days=1)
LATEST = datetime.max.replace(tzinfo=UTC) - timedelta(days=1)

WRITE_IT_LIKE = "Write it like 2026-12-31 or 2026-12-31 18:00"
WRITTEN = re.compile(
    r"(?:(?P<year>\d{4})(?P<mark>[-/])(?P<month>\d{1,2})(?P=mark)(?P<day>\d{1,2})"
    r"|(?P<day2>\d{1,2})\. ?(?P<month2>\d{1,2})\. ?(?P<year2>\d{4})\.?)"
    r"(?:(?:T|,? )(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,](?P<fraction>\d+))?)?"
    r" ?(?P<offset>Z|UTC|GMT|[+-]\d{2}(?::?\d{2})?)?)?",
    re.ASCII | re.IGNORECASE,
)


def end_of_day(day: date) -> datetime:
    """Return the instant at which `day` is over in the project's zone: the first one of the next day.

    A code with this `expires_at` works the whole of `day`. Where the clocks skip that midnight, the next day
    begins at the first time after it; where they show it twice, at the first one.
    Raises ValidationError when the day is too far away to be stored and shown in every zone.
    """
    try:
        midnight = datetime.combine(day + timedelta(days=1), time.min)
        return _in_range(midnight.replace(tzinfo=timezone.get_default_timezone()))
    except OverflowError:
        raise _out_of_range() from None


def in_project_zone(local: datetime) -> datetime:
    """Return the instant that the naive `local` names on the clocks of the project's zone.

    Raises ValidationError when they skip it or show it twice, as Django's forms do: only its writer can tell
    which instant was meant.
    """
    zone = timezone.get_default_timezone()
    first, second = local.replace(tzinfo=zone, fold=0), local.replace(tzinfo=zone, fold=1)
    if first.utcoffset() != second.utcoffset():
        skipped = first.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != local
        offsets = " or ".join(moment.isoformat(timespec="minutes")[16:] for moment in (first, second))
        raise ValidationError(
            f"{local:%Y-%m-%d %H:%M} {'does not exist' if skipped else 'exists twice'} in {zone}, where the clocks "
            f"change: add the offset that is meant, {offsets}.",
            "dst",
        )
    return first


def read_expiry(text: str) -> datetime | None:
    """Return the instant that `text` names, or None for an empty text or "never".

    A date alone means the end of that day. A time without an offset is one of the project's zone.
    Raises ValidationError for anything else, and where a date does not exist or could mean two.
    """
    text = " ".join(text.split())
    if text.lower() in ("", "never"):
        return None
    if re.match(r"\d{1,2}/\d{1,2}/\d{2}", text):
        raise ValidationError(f"It does not say which number is the day and which the month. {WRITE_IT_LIKE}.", "date")
    written = WRITTEN.fullmatch(text)
    if not written:
        raise ValidationError(f"This is not a date. {WRITE_IT_LIKE}, or leave it empty: never expires.", "date")
    part = written.groupdict()
    try:
        day = date(*(int(part[name] or part[f"{name}2"]) for name in ("year", "month", "day")))
        if part["hour"] is None:
            return end_of_day(day)
        micros = int((part["fraction"] or "")[:6].ljust(6, "0"))
        local = datetime.combine(day, time(int(part["hour"]), int(part["minute"]), int(part["second"] or 0), micros))
        return _in_range(local.replace(tzinfo=_zone(part["offset"])) if part["offset"] else in_project_zone(local))
    except ValueError:  # the 30th of February, 25 o'clock
        raise ValidationError("There is no such date or time.", "date") from None
    except OverflowError:
        raise _out_of_range() from None


def _zone(offset: str) -> FixedZone:
    if offset.upper() in ("Z", "UTC", "GMT"):
        return UTC
    digits = offset[1:].replace(":", "").ljust(4, "0")
    east = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return FixedZone(-east if offset.startswith("-") else east)


def _in_range(moment: datetime) -> datetime:
    if not EARLIEST <= moment <= LATEST:
        raise _out_of_range()
    return moment


def _out_of_range() -> ValidationError:
    return ValidationError("This date is out of range. For a code that never expires, leave it empty.", "range")
