"""Filters that describe a code on the pages. `now` is the same instant for the whole page."""

from datetime import datetime, timedelta
from typing import Any

from django import template
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from main.codes.counting import in_figures
from main.codes.editing import possible
from main.codes.percent import percent_in_words
from main.codes.sentences import days_in_words
from main.codes.sharing import shop_address
from main.codes.wording import day_in_words, in_words
from main.models import ReferralCode

register = template.Library()
register.filter("in_figures", in_figures)
register.filter("day_in_words", day_in_words)
register.filter("in_words", in_words)
register.filter("percent_in_words", percent_in_words)
register.simple_tag(possible)
register.filter("shop_address", shop_address)

State = ReferralCode.State
WHY_ENDED: dict[State, Any] = {
    State.OVERDUE: gettext_lazy("Reached its date"),
    State.EXPIRED: gettext_lazy("Reached its date"),
    State.SWITCHED_OFF: gettext_lazy("Switched off by the office"),
    State.AGENT_INACTIVE: gettext_lazy("Agent's account is switched off"),
}


@register.filter
def state_at(code: ReferralCode, now: datetime) -> ReferralCode.State:
    return code.state(now)


@register.filter
def why_ended(code: ReferralCode, now: datetime) -> str:
    return str(WHY_ENDED[code.state(now)])


@register.filter
def days_until(instant: datetime, now: datetime) -> float:
    """The number of days from `now` to `instant`, for a meter."""
    return round((instant - now) / timedelta(days=1), 1)


@register.filter
def time_until(instant: datetime, now: datetime) -> str:
    """The time from `now` to the later `instant`, in its largest unit, rounded down: "47 hours" is "1 day"."""
    left = instant - now
    if days := left // timedelta(days=1):
        return days_in_words(days)
    if hours := left // timedelta(hours=1):
        return ngettext("%(count)d hour", "%(count)d hours", hours) % {"count": hours}
    if minutes := left // timedelta(minutes=1):
        return ngettext("%(count)d minute", "%(count)d minutes", minutes) % {"count": minutes}
    return _("less than a minute")
