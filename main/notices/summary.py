"""The morning's summary for staff: what ended last night, what ends this week, which wishes wait."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from main.models import ReferralCode, ReferralCodeQuerySet
from main.notices.due import ended_after
from main.notices.letters import LISTED
from main.notices.models import Notice, Wish

NIGHT = timedelta(days=1)


def of(reader: Any, switched_on: datetime, now: datetime) -> dict[str, Any] | None:
    """What `reader` is to be told at `now`: what ended since the last summary. None where there is nothing to tell."""
    last = Notice.objects.filter(kind=Notice.Kind.STAFF, user=reader, state=Notice.State.SENT).order_by("-id").first()
    since = max(switched_on, last.made_at if last else now - NIGHT)  # when it was written, not when it was taken
    ended = (
        ReferralCode.objects.unusable(now)
        .filter(ended_after(since))
        .exclude(pk__in=ReferralCode.objects.in_state(ReferralCode.State.AGENT_INACTIVE, now).values("pk"))
    )
    ending = ReferralCode.objects.in_state(ReferralCode.State.ENDS_SOON, now)
    wishes = Wish.objects.waiting()
    found = {"ended_count": ended.count(), "ending_count": ending.count(), "wishes_count": wishes.count()}
    if not any(found.values()):
        return None
    return {
        **found,
        "ended": _listed(ended),
        "ending": _listed(ending),
        "wishes": list(wishes.select_related("code", "agent")[:LISTED]),
    }


def _listed(codes: ReferralCodeQuerySet) -> list[ReferralCode]:
    return list(codes.select_related("agent").order_by("expires_at", "id")[:LISTED])
