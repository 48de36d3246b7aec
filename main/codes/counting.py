"""Lists that stay quick with millions of codes: they are counted, and paged through, up to a limit."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from django.core.paginator import Paginator
from django.utils.formats import number_format

if TYPE_CHECKING:
    BasePaginator = Paginator[Any]
else:
    BasePaginator = Paginator

# Counting to here takes milliseconds. Nobody pages further than this; a filter or the search is faster.
COUNTED_AT_MOST = 10_000


def counted(objects: Any, *by: str) -> int:
    """Return how many rows the queryset `objects` has, or COUNTED_AT_MOST + 1 if there are more.

    `by` names the fields of an index that soon leads to them. Without it, a database that expects to find enough of
    them anywhere may look at all rows.
    """
    count: int = objects.order_by(*by)[: COUNTED_AT_MOST + 1].count()
    return count


def in_figures(count: int) -> str:
    """Write what `counted` returned: "42", or "10,000+" if there are more."""
    return f"{figure(COUNTED_AT_MOST)}+" if is_cut(count) else figure(count)


def figure(number: int) -> str:
    """Write a whole number for people: "1,234,567", with the marks of the reader's language."""
    return number_format(number, use_l10n=True, force_grouping=True)


def is_cut(count: int) -> bool:
    """Whether `counted`, which returned `count`, stopped before the end."""
    return count > COUNTED_AT_MOST


class CappedPaginator(BasePaginator):
    """Pages through the first COUNTED_AT_MOST objects."""

    @cached_property
    def count(self) -> int:
        return min(self.counted, COUNTED_AT_MOST)

    @cached_property
    def goes_on(self) -> bool:
        """Whether there are more objects than the pages show."""
        return is_cut(self.counted)

    @property
    def figure(self) -> str:
        return in_figures(self.counted)

    @cached_property
    def counted(self) -> int:
        """What `counted` says of the objects."""
        return counted(self.object_list)
