"""The calendar of a person: the end of each code as an event, at an address that only this person knows."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from icalendar import Alarm, Calendar, Event, vDuration

from main.codes.dates import day_ended
from main.codes.percent import percent_in_words
from main.models import ReferralCode, ReferralCodeQuerySet
from main.notices import conf
from main.notices.models import CalendarKey

KEPT = timedelta(days=30)  # an event stays so long after its date
WARNED = timedelta(days=7)
REFRESH = timedelta(hours=12)


def sees_all(user: Any) -> bool:
    """Whether the calendar has the codes of everybody: of staff who may view them."""
    return bool(user.is_staff and user.has_perm("main.view_referralcode"))


def make_key(user: Any) -> str:
    """Return a new secret for the address of the calendar of `user`; an older one stops working."""
    token = secrets.token_urlsafe(32)
    CalendarKey.objects.update_or_create(user=user, defaults={"hashed": _hashed(token), "made_at": timezone.now()})
    return token


def revoke(user: Any) -> None:
    CalendarKey.objects.filter(user=user).delete()


def key_of(user: Any) -> CalendarKey | None:
    """When the calendar was made, where there is one; its address cannot be known again."""
    return CalendarKey.objects.filter(user=user).first()


def owner(token: str) -> Any:
    """Whose calendar has this secret; nobody's where it was revoked or the account is switched off."""
    users = get_user_model()._default_manager.filter(calendar_key__hashed=_hashed(token), is_active=True)
    return users.select_related("personal_choice").first()


def etag(user: Any) -> str:
    """The same as long as the calendar of `user` has the same content, in the current language and zone."""
    digest = hashlib.sha256(f"{get_language()} {timezone.get_current_timezone_name()} {_name(user)}".encode())
    for row in codes_of(user).values_list("pk", "code", "discount", "expires_at", "updated_at", "agent__name"):
        digest.update(repr(row).encode())
    return f'"{digest.hexdigest()}"'


def feed(user: Any) -> bytes:
    """The calendar of `user` as iCalendar text, in the current language and zone."""
    calendar = Calendar()
    calendar.add("prodid", "-//Knossos//Referral codes//EN")
    calendar.add("version", "2.0")
    calendar.add("x-wr-calname", _name(user))
    calendar.add("refresh-interval", REFRESH, parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", vDuration(REFRESH))  # the same, for older programs
    for event in _events(codes_of(user).select_related("agent"), sees_all(user)):
        calendar.add_component(event)
    text: bytes = calendar.to_ical()
    return text


def codes_of(user: Any) -> ReferralCodeQuerySet:
    """The codes in the calendar of `user`: those with a date from KEPT ago on, without what a person switched off."""
    codes = ReferralCode.objects.unexpired(timezone.now() - KEPT).filter(expires_at__isnull=False)
    codes = codes.exclude(status=ReferralCode.Status.INACTIVE, expired_at__isnull=True)
    return codes.filter(Q() if sees_all(user) else Q(agent__user=user)).order_by("expires_at", "pk")


def _events(codes: Iterable[ReferralCode], with_agent: bool) -> Iterable[Event]:
    page = conf.site_url() + reverse("profile")
    for code in codes:
        if code.expires_at is None:
            continue
        event = Event()
        event.add("uid", f"referral-code-{code.pk}@{conf.site_host()}")
        event.add("dtstamp", code.updated_at)
        event.add("last-modified", code.updated_at)
        # A code that works to the end of a day ends on that day, not at the first minute of the next.
        event.add("dtstart", day_ended(code.expires_at, timezone.get_current_timezone()) or code.expires_at)
        event.add("summary", _("%(code)s stops working") % {"code": code})
        event.add("description", _description(code, with_agent))
        event.add("url", page)
        event.add("transp", "TRANSPARENT")  # it keeps nobody busy
        alarm = Alarm()
        alarm.add("action", "DISPLAY")
        alarm.add("description", _("%(code)s stops working in 7 days") % {"code": code})
        alarm.add("trigger", -WARNED)
        event.add_component(alarm)
        yield event


def _description(code: ReferralCode, with_agent: bool) -> str:
    facts = {"discount": percent_in_words(code.discount), "agent": code.agent}
    if not with_agent:
        return _("%(discount)s off") % facts
    return (_("%(discount)s off, %(agent)s") if code.agent else _("%(discount)s off, of the house")) % facts


def _name(user: Any) -> str:
    return _("All referral codes") if sees_all(user) else _("Your referral codes")


def _hashed(token: str) -> str:
    """Without salt: the secret is random and long, so that nobody can guess it from the hash."""
    return hashlib.sha256(token.encode()).hexdigest()
