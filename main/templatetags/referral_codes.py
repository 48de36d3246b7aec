"""Filters that describe a code on the pages. `now` is the same instant for the whole page."""

from datetime import datetime, timedelta

from django import template

from main.codes.counting import in_figures
from main.codes.editing import possible
from main.codes.sharing import shop_address
from main.codes.wording import in_words
from main.models import ReferralCode

register = template.Library()
register.filter("in_figures", in_figures)
register.filter("in_words", in_words)
register.simple_tag(possible)
register.filter("shop_address", shop_address)

State = ReferralCode.State
WHY_ENDED = {
    State.OVERDUE: "Reached its date",
    State.EXPIRED: "Reached its date",
    State.SWITCHED_OFF: "Switched off by the office",
    State.AGENT_INACTIVE: "Agent's account is switched off",
}


@register.filter
def state_at(code: ReferralCode, now: datetime) -> ReferralCode.State:
    return code.state(now)


@register.filter
def why_ended(code: ReferralCode, now: datetime) -> str:
    return WHY_ENDED[code.state(now)]


@register.filter
def days_until(instant: datetime, now: datetime) -> float:
    """The number of days from `now` to `instant`, for a meter."""
    return round((instant - now) / timedelta(days=1), 1)


@register.filter
def time_until(instant: datetime, now: datetime) -> str:
    """The time from `now` to the later `instant`, in its largest unit, rounded down: "47 hours" is "1 day"."""
    left = instant - now
    for unit, size in {"day": timedelta(days=1), "hour": timedelta(hours=1), "minute": timedelta(minutes=1)}.items():
        if number := left // size:
            return f"{number} {unit}" if number == 1 else f"{number} {unit}s"
    return "less than a minute"
