"""A list of codes that stays fast with millions of codes: its tabs, filters and dates."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from django.core.paginator import Page
from django.http import HttpRequest
from django.utils import timezone

from main.admin.filters import StateFilter
from main.admin.strict import StrictChangeList
from main.codes.counting import CappedPaginator, counted, is_cut
from main.codes.tabs import Tab, TabLink, tab_links
from main.models import ReferralCode

STATE = str(StateFilter.parameter_name)
# An index of the active codes makes these quick to count among millions.
ALWAYS_COUNTED = [Tab.WORKS, Tab.ENDS_SOON, Tab.OVERDUE]


class PaginatorByStatus(CappedPaginator):
    """Pages through a long list that has the active codes first as through two lists, each in the order of an index.

    For a page of the whole list, the database would sort all codes.
    """

    def page(self, number: Any) -> Any:
        codes: Any = self.object_list
        if not (self.goes_on and codes.query.order_by[:1] == ("status",)):
            return super().page(number)
        number = self.validate_number(number)
        bottom = (number - 1) * self.per_page
        length = min(self.per_page, self.count - bottom)
        active, inactive = (codes.filter(status=status) for status in ReferralCode.Status)
        rows = list(active[bottom : bottom + length])
        if missing := length - len(rows):
            begin = bottom + len(rows) - active[: bottom + len(rows)].count()
            rows += inactive[begin : begin + missing]
        return Page(rows, number, self)


class CodeChangeList(StrictChangeList):
    def __init__(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().__init__(request, *args, **kwargs)
        self._request = request

    def get_filters(self, request: HttpRequest) -> Any:
        """Let each period leave out its first instant and have the one after it: a code ends with such a midnight."""
        specs, has_filters, lookups, *rest = super().get_filters(request)
        for of_django, ours in (("gte", "gt"), ("lt", "lte")):
            if bound := lookups.pop(f"{self.date_hierarchy}__{of_django}", None):
                lookups[f"{self.date_hierarchy}__{ours}"] = bound
        return specs, has_filters, lookups, *rest

    @property
    def narrowed_by(self) -> set[str]:
        """A tab does not count as a filter."""
        return super().narrowed_by - ({STATE} if self.params.get(STATE) in Tab else set())

    @cached_property
    def tabs(self) -> list[TabLink]:
        """The tabs; each keeps the search and the filters. Figures that would take long are left out."""
        return tab_links(
            self.params.get(STATE, ""), lambda tab: self.get_query_string({STATE: tab or None}), self._counts()
        )

    def _counts(self) -> dict[str, int]:
        codes: Any = self.queryset
        if STATE not in self.params:
            count = self.paginator.counted
        elif self.query and is_cut(counted(ReferralCode.objects.all())):
            return {}  # the database would search all codes once more
        else:
            codes = self.get_queryset(self._request, exclude_parameters=[STATE])
            count = counted(codes)
        tabs = list(Tab)
        if is_cut(count):
            tabs = [] if self.query else ALWAYS_COUNTED
        now = timezone.now()
        return {**{tab.value: tab.counted_in(codes, now) for tab in tabs}, "": count}
