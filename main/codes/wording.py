"""How an instant is written for people."""

from datetime import datetime

from django.utils import timezone

from main.codes.dates import day_ended


def in_words(instant: datetime) -> str:
    """Return the aware `instant` with its zone: "20 Nov 2026, 14:30 EET", or "end of 20 Nov 2026 EET".

    A time is in the current time zone. The end of a day is in the project's zone, because that zone sets it.
    """
    if day := day_ended(instant):
        return f"end of {day.day} {day:%b %Y} {timezone.localtime(instant, timezone.get_default_timezone()):%Z}"
    local = timezone.localtime(instant)
    return f"{local.day} {local:%b %Y, %H:%M %Z}"
