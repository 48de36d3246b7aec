"""What a list of agents tells of their codes, in two queries, however many codes an agent has."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from django.db.models import IntegerField, Subquery

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
    ids = [agent.pk for agent in agents]
    # Each subquery names its agent, so that the database can look up how many codes this one has. It would plan one
    # subquery for all agents by the average; where one of them has nearly all codes, it then reads these for each.
    found = UserProfile.objects.filter(pk__in=ids[:1]).values_list(*(told for pk in ids for told in _told_of(pk, now)))
    told = list(found.first() or ())
    if not told:  # no agents, or the first of them was deleted meanwhile
        return {}
    named = ReferralCode.objects.in_bulk({pk for place, pk in enumerate(told) if place % 3 and pk})
    rows = zip(ids, told[::3], told[1::3], told[2::3], strict=True)
    return {pk: Codes(count, named.get(stops), named.get(latest)) for pk, count, stops, latest in rows}


def _told_of(agent_id: int, now: datetime) -> list[Subquery]:
    """How many codes of the agent work, the id of the one that stops next, and that of the latest."""
    codes: ReferralCodeQuerySet = ReferralCode.objects.filter(agent_id=agent_id)
    working = codes.usable(now)
    return [
        Counted(working.order_by().values("pk")[: COUNTED_AT_MOST + 1]),
        Subquery(working.filter(expires_at__isnull=False).order_by("expires_at", "pk").values("pk")[:1]),
        Subquery(codes.order_by("-pk").values("pk")[:1]),
    ]
