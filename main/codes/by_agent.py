"""What a list of agents tells of their codes, in two queries, however many codes an agent has."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from django.db.models import IntegerField, OuterRef, Subquery

from main.codes.counting import COUNTED_AT_MOST
from main.models import ReferralCode, ReferralCodeQuerySet, UserProfile


class Counted(Subquery):
    """How many rows a subquery has."""

    template = "(SELECT COUNT(*) FROM (%(subquery)s) AS counted)"
    output_field = IntegerField()


class Codes(NamedTuple):
    """What is told of the codes of one agent at one instant."""

    working: int  # as `main.codes.counting.counted` counts
    next_to_stop: ReferralCode | None  # of those that work
    latest: ReferralCode | None


def codes_by_agent(agents: Iterable[UserProfile], now: datetime) -> dict[int, Codes]:
    """Return what is told of the codes of `agents` at the instant `now`, by the agent's id."""
    codes: ReferralCodeQuerySet = ReferralCode.objects.filter(agent=OuterRef("pk"))
    working = codes.usable(now)
    told = UserProfile.objects.filter(pk__in=[agent.pk for agent in agents]).values_list(
        "pk",
        Counted(working.order_by().values("pk")[: COUNTED_AT_MOST + 1]),
        Subquery(working.filter(expires_at__isnull=False).order_by("expires_at", "pk").values("pk")[:1]),
        Subquery(codes.order_by("-pk").values("pk")[:1]),
    )
    rows = list(told)
    named = ReferralCode.objects.in_bulk({pk for row in rows for pk in row[2:] if pk})
    return {agent: Codes(count, named.get(stops), named.get(latest)) for agent, count, stops, latest in rows}
