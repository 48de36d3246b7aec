"""How states and instants look in the admin."""

from datetime import datetime, timedelta

from django.db.models import TextChoices
from django.template.defaultfilters import linebreaksbr
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.timesince import timesince, timeuntil
from django.utils.translation import gettext as _

from main.codes.wording import in_words


def badge(state: TextChoices) -> SafeString:
    return format_html('<span class="badge badge-{}">{}</span>', state.value, capfirst(state.label))


def yes_or_no(value: bool) -> SafeString:
    """The sign that Django shows for a yes or a no, with the reader's word for it."""
    sign = static(f"admin/img/icon-{'yes' if value else 'no'}.svg")
    return format_html('<img src="{}" alt="{}">', sign, _("Yes") if value else _("No"))


def in_english(text: str) -> SafeString:
    """What a program said, which is English whatever the language of the page."""
    return format_html('<span lang="en">{}</span>', linebreaksbr(text, autoescape=True))


def labelled(label: str, value: object) -> SafeString:
    """A cell of a list. A phone shows no heads of columns, so it shows `label` before the value."""
    return format_html('<span class="only-on-a-phone">{}: </span>{}', label, value)


def moment(instant: datetime) -> SafeString:
    """The exact time with its zone, and how far it is from now."""
    return format_html(
        '<time datetime="{}">{}</time> <span class="relative">{}</span>',
        instant.isoformat(), in_words(instant), _distance(instant, timezone.now()),
    )  # fmt: skip


def _distance(instant: datetime, now: datetime) -> str:
    if abs(instant - now) < timedelta(minutes=1):
        return _("just now") if instant <= now else _("in less than a minute")
    if instant < now:
        return _("%(time)s ago") % {"time": timesince(instant, now, depth=1)}
    return _("in %(time)s") % {"time": timeuntil(instant, now, depth=1)}
