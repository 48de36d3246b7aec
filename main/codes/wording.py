"""How instants and days are written for people, in the reader's language.

The formats are Django's letters for parts of a date. They are translated like words: a translator puts the parts in
order.
"""

from datetime import date, datetime

from django.utils import timezone
from django.utils.dateformat import format as written
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from main.codes.dates import day_ended


def in_words(instant: datetime) -> str:
    """Return the aware `instant` in the current time zone, which it names: "20 Nov 2026, 14:30 EET".

    A midnight ends a day, and so a code with that date: "end of 20 Nov 2026 EET".
    """
    local = timezone.localtime(instant)
    if day := day_ended(instant, local.tzinfo):
        return _("end of %(day)s %(zone)s") % {"day": day_in_words(day), "zone": local.tzname()}
    return f"{day_in_words(local)}, {local:%H:%M %Z}"


def day_in_words(day: date) -> str:
    """Return "20 Nov 2026"."""
    # Translators: a day in Django's letters: j is the day of the month, M the month in three letters, m in figures.
    return written(day, pgettext("format of a day", "j M Y"))


def month_in_words(day: date) -> str:
    """Return "November 2026"."""
    return written(day, pgettext("format of a month", "F Y"))


def day_of_month_in_words(day: date) -> str:
    """Return "20 November"."""
    # Translators: F is the name of the month as it stands alone, E as it stands behind a day.
    return written(day, pgettext("format of a day of a month", "j F"))
