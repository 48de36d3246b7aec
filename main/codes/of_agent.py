"""The codes of one agent, as the agent's page shows them: behind a tab, with some words, in an order, page by page."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.core.paginator import Page
from django.db.models import F, TextChoices
from django.db.models.functions import Coalesce
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from main.codes.counting import CappedPaginator
from main.codes.searching import with_words
from main.codes.tabs import Tab, tab_links
from main.models import ReferralCode, ReferralCodeQuerySet, UserProfile

WORKING_ON_A_PAGE, ENDED_ON_A_PAGE = 50, 20
FEW = 10  # codes that a person looks through without tabs and a search
LONGEST_METER = 365  # days


class Order(TextChoices):
    END = "end", _("Next to end first")
    NEWEST = "newest", _("Newest first")
    CODE = "code", _("Code, A to Z")
    DISCOUNT = "discount", _("Highest discount first")


ORDERED_BY: dict[Order, list[Any]] = {
    Order.END: [F("expires_at").asc(nulls_last=True), "pk"],
    Order.NEWEST: ["-created_at", "-pk"],
    Order.CODE: ["lookup_key"],
    Order.DISCOUNT: ["-discount", "pk"],
}
# What ended last comes first, after the codes that a person ended before any date. `Coalesce` changes nothing but the
# database's way: it would go through the dates of all codes, to stop at the first of this agent.
LAST_ENDED_FIRST = [Coalesce("expires_at", "expires_at").desc(nulls_first=True), "pk"]


def codes_of(agent: UserProfile, asked: QueryDict, now: datetime) -> dict[str, Any]:
    """What the page of `agent` shows at the instant `now`; `asked` is its query: state, q, order, and two pages.

    What is asked and makes no sense is passed over.
    """
    chosen = asked.get("state", "") if asked.get("state") in Tab else ""
    words = asked.get("q", "").strip()
    order = Order(str(asked["order"])) if asked.get("order") in Order else Order.END
    codes: Any = agent.referral_codes.all()
    found = with_words(codes, words)
    counts = {tab.value: tab.counted_in(found, now) for tab in Tab}
    counts[""] = counts[Tab.WORKS] + counts[Tab.ENDED]

    def page(part: Tab, narrower: Tab, on_a_page: int, ordering: list[Any]) -> Page[ReferralCode]:
        tab = narrower if chosen == narrower else part
        behind = tab.of(found, now) if chosen in ("", tab) else found.none()
        paginator = CappedPaginator(behind.order_by(*ordering), on_a_page)
        paginator.counted = counts[tab] if chosen in ("", tab) else 0
        return paginator.get_page(asked.get("working" if part is Tab.WORKS else "ended"))

    def link(tab: str) -> str:
        kept = {"state": tab, "q": words, "order": "" if order is Order.END else order.value}
        return "?" + urlencode({name: value for name, value in kept.items() if value})

    by_end = order is Order.END
    working = page(Tab.WORKS, Tab.ENDS_SOON, WORKING_ON_A_PAGE, ORDERED_BY[order])
    return {
        "agent": agent,
        "now": now,
        "working": working,
        "ended": page(Tab.ENDED, Tab.OVERDUE, ENDED_ON_A_PAGE, LAST_ENDED_FIRST if by_end else ORDERED_BY[order]),
        "full_meter": _full_meter(working, now),
        "tabs": tab_links(chosen, link, counts),
        "chosen": chosen,
        "words": words,
        "order": order,
        "orders": Order.choices,
        "is_narrowed": bool(chosen or words),
        "is_long": bool(chosen or words) or counts[""] > FEW,
        **_summary(codes, now, {} if words else counts),
    }


def _summary(codes: ReferralCodeQuerySet, now: datetime, counts: dict[str, int]) -> dict[str, int]:
    """How many of all the codes work, stop soon and have ended; `counts` has what is known of that already."""
    names = {Tab.WORKS: "working_count", Tab.ENDS_SOON: "stopping_count", Tab.ENDED: "ended_count"}
    return {name: counts[tab] if tab in counts else tab.counted_in(codes, now) for tab, name in names.items()}


def _full_meter(working: Page[ReferralCode], now: datetime) -> int:
    """The days that fill a meter: all meters of a page have one scale. It ends with the longest time, or a year."""
    days = [-((now - code.expires_at) // timedelta(days=1)) for code in working if code.expires_at]
    return min(max(days, default=1), LONGEST_METER)
