"""The tabs over a list of codes: for the staff's list and for an agent's page."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

from django.db.models import TextChoices
from django.utils.translation import pgettext, pgettext_lazy

from main.codes.counting import counted, in_figures
from main.models import ReferralCode, ReferralCodeQuerySet


class Tab(TextChoices):
    """A part of the codes. A code works or has ended; the other two are parts of these, which need attention."""

    WORKS = "working", pgettext_lazy("codes", "Works")
    ENDS_SOON = ReferralCode.State.ENDS_SOON.value, pgettext_lazy("codes", "Expires soon")
    OVERDUE = ReferralCode.State.OVERDUE.value, pgettext_lazy("codes", "Overdue")
    ENDED = "ended", pgettext_lazy("codes", "Ended")

    def of(self, codes: ReferralCodeQuerySet, now: datetime) -> ReferralCodeQuerySet:
        """Those of `codes` that are behind this tab at the instant `now`."""
        if self is Tab.WORKS:
            return codes.usable(now)
        if self is Tab.ENDED:
            return codes.unusable(now)
        return codes.in_state(ReferralCode.State(self.value), now)

    def counted_in(self, codes: ReferralCodeQuerySet, now: datetime) -> int:
        """How many of `codes` are behind this tab, as `counted` says it."""
        return counted(self.of(codes, now), *COUNTED_BY[self])


# What works is mostly new, and what has ended mostly old. The other two have the index of the sweep.
BY_DATE = ("expires_at", "pk")
COUNTED_BY = {Tab.WORKS: ("-pk",), Tab.ENDS_SOON: BY_DATE, Tab.OVERDUE: BY_DATE, Tab.ENDED: ("pk",)}


class TabLink(NamedTuple):
    """A tab as a link."""

    label: str
    link: str
    is_chosen: bool
    figure: str  # how many codes are behind it; empty where they are not counted


def tab_links(chosen: str, link: Callable[[str], str], counts: dict[str, int]) -> list[TabLink]:
    """The tabs, "all" last. `link` makes the address for a value of `Tab`, or for "", which stands for all codes.

    `counts` has what `counted` says of the codes behind a tab, for those tabs where that is known.
    """
    tabs = [*((str(tab.value), str(tab.label)) for tab in Tab), ("", pgettext("codes", "All"))]
    return [
        TabLink(label, link(value), chosen == value, in_figures(counts[value]) if value in counts else "")
        for value, label in tabs
    ]
