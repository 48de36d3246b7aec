"""Reads instants as people write them: the only reader of dates. Also says which day ends at an instant."""

import re
from calendar import monthrange
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from datetime import timezone as fixed_zone
from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.dates import MONTHS, MONTHS_ALT
from django.utils.translation import gettext_lazy as _

# Outside these years, not every database can store a date, and it cannot be shown in every zone.
FIRST_YEAR, LAST_YEAR = 1970, 9998

WRITTEN = re.compile(
    r"""(?P<day>(?P<first>\d{1,4})(?P<mark>[-/.])\ ?(?P<second>\d{1,2})(?P=mark)\ ?(?P<third>\d{1,4}))\.?
    (?:(?:T|,?\ )(?P<time>(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<seconds>\d{2})(?:[.,](?P<fraction>\d+))?)?)
       (?:\ ?(?P<utc>Z|UTC|GMT)|\ ?(?P<sign>[+-])(?P<offset_hours>\d{2})(?::?(?P<offset_minutes>\d{2}))?)?
    )?""",
    re.ASCII | re.IGNORECASE | re.VERBOSE,
)


def validate_year(instant: datetime) -> None:
    """Refuse an instant whose year is outside FIRST_YEAR to LAST_YEAR."""
    _check_year(instant.year)


def end_of_day(day: date, zone: tzinfo | None = None) -> datetime:
    """Return the midnight that ends `day` in `zone`, by default the project's: a code with this date works all day.

    Where the clocks skip that midnight, the day ends at the change; where they show it twice, at the first one.
    Raises ValidationError where no such date could be stored.
    """
    try:
        midnight = datetime.combine(day + timedelta(days=1), time.min, zone or timezone.get_default_timezone())
    except OverflowError:
        midnight = datetime.max.replace(tzinfo=UTC)
    validate_year(midnight)
    return midnight.astimezone(UTC)


def day_ended(instant: datetime, zone: tzinfo | None = None) -> date | None:
    """Return the day that ends at `instant` in `zone`, by default the project's, or None when it is not a midnight."""
    local = timezone.localtime(instant, zone or timezone.get_default_timezone())
    return local.date() - timedelta(days=1) if local.time() == time.min else None


def coming_days(today: date) -> dict[str, date]:
    """Last days of a code that people often want, seen from `today`: by the number of days until then, or by name."""
    month = today.replace(day=monthrange(today.year, today.month)[1])
    days = {str(number): today + timedelta(days=number) for number in (7, 30, 90)}
    return {**days, "month": month, "year": date(today.year, 12, 31)}


def parse_instant(text: str, *, day_first: bool = True, zone: tzinfo | None = None) -> datetime:
    """Return the aware instant that `text` means, in UTC.

    Takes a day, `2026-12-31`, `31/12/2026`, `31.12.2026` or `31-12-2026`, and a time behind it, `17:00`, with or
    without seconds, `T` and an offset. The day comes before the month. A date without a time means the end of that
    day. A time without an offset is in the current time zone: where the clocks show it twice, the first is meant;
    where they skip it, it is refused. With `zone`, times without an offset and the ends of days are of that zone.

    With `day_first=False` nothing is known of the writer, and `05/06/2026`, which could be two days, is refused.
    Raises ValidationError with a sentence for the person who wrote it; its code is "two days" for such a day.
    """
    text = " ".join(text.split())
    if any(char.isdigit() and not char.isascii() for char in text):
        raise _refused(_("'%(text)s': write the digits as 0 to 9."), text[:40])
    written = WRITTEN.fullmatch(text)
    if not written:
        raise _refused(
            _("'%(text)s' is not a date: write 2026-12-31 or 31/12/2026, or with a time 2026-12-31 17:00."), text[:40]
        )
    part = written.groupdict()
    day = _day(part, day_first)
    if not part["time"]:
        return end_of_day(day, zone)
    local = datetime.combine(day, _time(part), _zone(part, zone))
    instant = local.astimezone(UTC)
    there = instant.astimezone(local.tzinfo)
    if there.time() != local.time():
        raise _refused(
            _("'%(text)s' is not a date: the clocks of %(zone)s skip %(time)s that day: write %(later)s."),
            text, zone=local.tzinfo, time=part["time"], later=f"{there:%H:%M}",
        )  # fmt: skip
    validate_year(instant)
    return instant


def _day(part: dict[str, str], day_first: bool) -> date:
    written, numbers = part["day"], (part["first"], part["second"], part["third"])
    year_first = len(numbers[0]) == 4
    year, month, day = map(int, numbers if year_first else reversed(numbers))
    if (len(numbers[0]), len(numbers[2])) not in ((4, 1), (4, 2), (1, 4), (2, 4)):
        raise _refused(_("'%(text)s': write the year with four digits, such as 2026."), written)
    _check_year(year)
    if not year_first and 1 <= day <= 12 < month <= 31:
        raise _refused(
            _("'%(text)s' is not a date: there is no month %(month)d. The day comes first: write %(better)s."),
            written, month=month, better=f"{month:02}/{day:02}/{year}",
        )  # fmt: skip
    if not 1 <= month <= 12:
        raise _refused(_("'%(text)s' is not a date: there is no month %(month)d."), written, month=month)
    if not 1 <= day <= monthrange(year, month)[1]:
        raise _refused(
            _("'%(text)s' is not a date: %(month)s %(year)d has the days 1 to %(last)d."),
            written, month=MONTHS[month], year=year, last=monthrange(year, month)[1],
        )  # fmt: skip
    if not (day_first or year_first or part["mark"] == ".") and day != month and day <= 12:
        raise ValidationError(
            # Translators: such as: could be 5 June or 6 May.
            _(
                "'%(text)s' could be %(day)d %(month)s or %(other_day)d %(other_month)s: "
                "write %(better)s for the first."
            ),
            "two days",
            {
                "text": written, "day": day, "month": MONTHS_ALT[month], "other_day": month,
                "other_month": MONTHS_ALT[day], "better": f"{year}-{month:02}-{day:02}",
            },
        )  # fmt: skip
    return date(year, month, day)


def _time(part: dict[str, str]) -> time:
    try:
        microseconds = int((part["fraction"] or "")[:6].ljust(6, "0"))
        return time(int(part["hour"]), int(part["minute"]), int(part["seconds"] or 0), microseconds)
    except ValueError:
        raise _refused(_("'%(text)s' is not a time: write one from 00:00 to 23:59."), part["time"]) from None


def _zone(part: dict[str, str], zone: tzinfo | None) -> tzinfo:
    if part["utc"]:
        return UTC
    if not part["sign"]:
        return zone or timezone.get_current_timezone()
    east = timedelta(hours=int(part["offset_hours"]), minutes=int(part["offset_minutes"] or 0))
    try:
        return fixed_zone(-east if part["sign"] == "-" else east)
    except ValueError:
        raise _refused(_("An offset from UTC is less than 24 hours, such as +02:00."), text="") from None


def _refused(sentence: Any, text: str, **others: Any) -> ValidationError:
    return ValidationError(sentence, "date", {"text": text, **others})


def _check_year(year: int) -> None:
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise ValidationError(
            _("The year must be from %(first)d to %(last)d."), "year", {"first": FIRST_YEAR, "last": LAST_YEAR}
        )
