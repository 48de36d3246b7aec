"""How an instant, and what becomes of a code, are told to people."""

from datetime import datetime

from django.utils import timezone

from main.codes.dates import day_ended


def in_words(instant: datetime) -> str:
    """Return the aware `instant` with its zone: "20 Nov 2026, 14:30 EET", or "end of 20 Nov 2026 EET".

    Times are in the current time zone; the end of a day is told in the project's, where it was meant.
    """
    if day := day_ended(instant):
        return f"end of {day.day} {day:%b %Y} {timezone.localtime(instant, timezone.get_default_timezone()):%Z}"
    local = timezone.localtime(instant)
    return f"{local.day} {local:%b %Y, %H:%M %Z}"
