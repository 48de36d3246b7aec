"""What is due to agents: what stops soon, what has ended, what works again. Asked of the codes, not of signals.

So nothing is lost when a listener fails or a run is missed: the codes say how they are now, and `Told` says what the
agent knows.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta, tzinfo
from typing import Any, NamedTuple

from django.apps import apps
from django.db.models import Count, F, OuterRef, Q, Subquery, Value
from django.db.models.functions import Coalesce
from django.utils import timezone

from main.accounts.choices import reader_of
from main.codes.history import switched_off_at
from main.codes.parts import parts
from main.models import ExpirationRun, ReferralCode, UserProfile
from main.notices import conf
from main.notices.models import Preference, Told

INSTANT = timedelta(microseconds=1)
# A code that was switched off so soon after it was made came into the world switched off: nobody had it.
MAKING = timedelta(minutes=1)


class Item(NamedTuple):
    """One thing to tell of one code."""

    kind: Told.Kind
    code: ReferralCode

    @property
    def why(self) -> str:
        """Why the code ended or works again: the name of a sentence; empty for one that stops soon."""
        if self.kind == Told.Kind.STOPPING:
            return ""
        return _why_ended(self.code) if self.kind == Told.Kind.ENDED else _why_restored(self.code)


def days_of(preference: Preference | None) -> list[int]:
    """How many days before the end of a code this person wants to hear of it."""
    return conf.days() if preference is None or preference.days is None else preference.days


def days_left(ends_at: datetime, now: datetime, zone: tzinfo) -> int:
    """How many midnights of `zone` lie between `now` and the last instant before `ends_at`; 0 on the last day."""
    return (last_day(ends_at, zone) - timezone.localdate(now, zone)).days


def last_day(ends_at: datetime, zone: tzinfo) -> date:
    return timezone.localdate(ends_at - INSTANT, zone)


def due_to(
    agents: Sequence[UserProfile], preferences: dict[int, Preference], since: datetime, now: datetime
) -> dict[int, list[Item]]:
    """What each of the `agents` is to be told at `now`, by the agent's primary key; soonest end first.

    `preferences` are by user. Nothing that ended, or came within the days of a warning, at `since` or before is told.
    """
    known = {agent.pk: agent for agent in agents}
    latest = Told.objects.filter(code=OuterRef("pk")).order_by("-id")
    codes = (
        ReferralCode.objects.filter(agent__in=known)
        .order_by("expires_at", "id")
        .annotate(told_kind=Coalesce(Subquery(latest.values("kind")[:1]), Value("")))
    )
    told_ended = Q(told_kind=Told.Kind.ENDED)
    longest = max((max(days_of(preferences.get(agent.user_id)), default=0) for agent in agents), default=0)
    stopping = codes.usable(now).expired(now + timedelta(days=longest + 1)).exclude(told_ended)
    restored = codes.usable(now).filter(told_ended).select_related("expired_by")
    ended = codes.unusable(now).filter(ended_after(since)).exclude(told_ended).select_related("expired_by")

    found: dict[int, list[Item]] = {agent.pk: [] for agent in agents}
    for code in stopping.annotate(
        told_at=Subquery(latest.values("told_at")[:1]), told_ends_at=Subquery(latest.values("ends_at")[:1])
    ):
        agent = known[code.agent_id or 0]
        if _warning_is_due(code, agent, preferences.get(agent.user_id), since, now):
            found[agent.pk].append(Item(Told.Kind.STOPPING, code))
    for kind, several in ((Told.Kind.ENDED, _without_long_off(ended, since)), (Told.Kind.RESTORED, restored)):
        for code in several:
            found[code.agent_id or 0].append(Item(kind, code))
    for agent in agents:
        for item in found[agent.pk]:
            item.code.agent = agent
    return {pk: items for pk, items in found.items() if items}


def _without_long_off(codes: Iterable[ReferralCode], since: datetime) -> list[ReferralCode]:
    """Those of `codes` that were not switched off by `since`: a later edit of the others is no news of their end."""
    found = list(codes)
    off = [code for code in found if _why_ended(code) == "switched_off"]
    off_at = switched_off_at(off) if off else {}
    return [code for code in found if code.pk not in off_at or off_at[code.pk] > since]


def is_still_so(kind: str, ends_at: datetime | None, code: ReferralCode, now: datetime) -> bool:
    """Whether what was to be told of `code` some time ago is still true at `now`."""
    if kind == Told.Kind.ENDED:
        return not code.is_usable_at(now)
    return code.is_usable_at(now) and (kind == Told.Kind.RESTORED or code.expires_at == ends_at)


def uses_of(codes: Iterable[int]) -> dict[int, int] | None:
    """How often customers redeemed each of these codes, by primary key; None where the checkout is not installed."""
    if not apps.is_installed("main.checkout"):
        return None
    redemptions: Any = apps.get_model("checkout", "Redemption")
    counted = redemptions.objects.counted().order_by().values_list("code").annotate(count=Count("pk"))
    return dict(row for part in parts(codes) for row in counted.filter(code__in=part))


def ended_after(since: datetime) -> Q:
    """Of codes that do not work: those that worked at some time, and stopped after `since`."""
    switched_off = Q(status=ReferralCode.Status.INACTIVE, expired_at__isnull=True)
    worked = Q(expires_at__gt=F("created_at"))
    return (
        (switched_off & Q(updated_at__gt=since) & Q(updated_at__gt=F("created_at") + MAKING))
        | (~switched_off & worked & Q(expires_at__gt=since))
        # A date that was set to the past ended the code when it was saved.
        | (worked & Q(expired_at__gt=since, expired_by__isnull=True))
    )


def _warning_is_due(
    code: Any, agent: UserProfile, preference: Preference | None, since: datetime, now: datetime
) -> bool:
    """Whether one of the person's days has come since the agent last heard of this end, or could have."""
    if not code.expires_at:
        return False
    zone = reader_of(agent.user).zone
    heard = max(since, code.created_at)
    if code.told_ends_at == code.expires_at:
        heard = max(heard, code.told_at)
    now_left, then_left = days_left(code.expires_at, now, zone), days_left(code.expires_at, heard, zone)
    return any(now_left <= days < then_left for days in days_of(preference))


def _why_ended(code: ReferralCode) -> str:
    if code.status == ReferralCode.Status.INACTIVE and code.expired_at is None:
        return "switched_off"
    run = code.expired_by
    if run and code.expired_at and run.started_by == ExpirationRun.StartedBy.ADMIN:
        return "ended_by_staff"
    return "date" if code.is_expired else "too_early"


def _why_restored(code: ReferralCode) -> str:
    undoing = code.expired_by if code.expired_by and code.expired_by.undo_of_id else None
    return "undone" if undoing and code.updated_at < undoing.started_at else "extended"
