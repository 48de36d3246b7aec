"""Links from a year to a month to a day, without asking the database which of them have codes: that would be slow.

A code that ends at the midnight after a day belongs to that day. `CodeChangeList.get_filters` finds it there.
"""

from __future__ import annotations

from calendar import monthrange
from datetime import date, timedelta
from typing import Any

from django.contrib.admin.views.main import ChangeList
from django.db.models import Max, Min
from django.utils import timezone
from django.utils.translation import gettext as _

from main.codes.wording import day_of_month_in_words, month_in_words
from main.models import ReferralCode

FIELD = "expires_at"
PARTS = ("year", "month", "day")
# Dates further away usually mean "never", so of the later years only the last one is offered.
YEARS = 12
INSTANT = timedelta(microseconds=1)


def drilldown(cl: ChangeList) -> dict[str, Any]:
    """What Django's template `admin/date_hierarchy.html` needs, with at most one query."""
    chosen = [int(cl.params[f"{FIELD}__{part}"]) for part in PARTS if f"{FIELD}__{part}" in cl.params]
    if not chosen:
        return {"show": True, "choices": [_choice(cl, [year]) for year in _years(cl)]}
    back = {"link": _link(cl, chosen[:-1]), "title": _title(chosen[:-1]) if chosen[1:] else _("All dates")}
    if len(chosen) == len(PARTS):
        return {"show": True, "back": back, "choices": [{"title": _title(chosen)}]}
    last = monthrange(*chosen)[1] if chosen[1:] else 12
    return {"show": True, "back": back, "choices": [_choice(cl, [*chosen, number]) for number in range(1, last + 1)]}


def _years(cl: ChangeList) -> list[int]:
    # Of a list that is too long to be counted, the years of all codes: an index has them.
    codes = ReferralCode.objects.all() if cl.paginator.goes_on else cl.queryset.order_by()
    ends = codes.aggregate(first=Min(FIELD), last=Max(FIELD))
    if not ends["first"]:
        return []
    first, last = (timezone.localtime(ends[end] - INSTANT).year for end in ("first", "last"))
    return [*range(first, min(last, first + YEARS)), last]


def _choice(cl: ChangeList, chosen: list[int]) -> dict[str, str]:
    return {"link": _link(cl, chosen), "title": _title(chosen)}


def _link(cl: ChangeList, chosen: list[int]) -> str:
    parameters: dict[str, Any] = {f"{FIELD}__{part}": number for part, number in zip(PARTS, chosen, strict=False)}
    return str(cl.get_query_string(parameters, [f"{FIELD}__"]))


def _title(chosen: list[int]) -> str:
    day = date(*chosen, *[1] * (3 - len(chosen)))
    return [f"{day.year}", month_in_words(day), day_of_month_in_words(day)][len(chosen) - 1]
