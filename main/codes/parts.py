"""Long lists, in parts that any database takes as the parameters of one statement."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

Value = TypeVar("Value")
AT_ONCE = 500  # an SQLite may take no more than 999 parameters


def parts(values: Iterable[Value]) -> Iterator[list[Value]]:
    """The `values` in lists of at most AT_ONCE, in their order."""
    rest = iter(values)
    while part := list(islice(rest, AT_ONCE)):
        yield part
