"""A list of codes that stays fast with millions of codes."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from django.core.paginator import Paginator
from django.http import HttpRequest

from main.admin.strict import StrictChangeList
from main.models import ReferralCode

if TYPE_CHECKING:
    BasePaginator = Paginator[Any]
else:
    BasePaginator = Paginator

# Counting to here takes milliseconds. Nobody pages further than this; a filter or the search is faster.
COUNTED_AT_MOST = 10_000


def counted(objects: Any) -> int:
    """Return how many rows the queryset `objects` has, or COUNTED_AT_MOST + 1 if there are more."""
    count: int = objects.order_by()[: COUNTED_AT_MOST + 1].count()
    return count


class CappedPaginator(BasePaginator):
    """Pages through the first COUNTED_AT_MOST objects."""

    @cached_property
    def count(self) -> int:
        return min(self._counted, COUNTED_AT_MOST)

    @cached_property
    def goes_on(self) -> bool:
        """Whether there are more objects than the pages show."""
        return self._counted > COUNTED_AT_MOST

    @cached_property
    def _counted(self) -> int:
        return counted(self.object_list)


class CodeChangeList(StrictChangeList):
    """Shows counts beside the filters, but only while there are few codes."""

    def __init__(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().__init__(request, *args, **kwargs)
        self.is_facets_optional = False
        self.add_facets = counted(ReferralCode.objects.all()) <= COUNTED_AT_MOST
