"""How an instant is written for people."""

from datetime import datetime

from django.utils import timezone

from main.codes.dates import day_ended


def in_words(instant: datetime) -> str:
    """Return the aware `instant` in the current time zone, which it names: "20 Nov 2026, 14:30 EET".

    A midnight ends a day, and so a code with that date: "end of 20 Nov 2026 EET".
    """
    local = timezone.localtime(instant)
    if day := day_ended(instant, local.tzinfo):
        return f"end of {day.day} {day:%b %Y} {local:%Z}"
    return f"{local.day} {local:%b %Y, %H:%M %Z}"
