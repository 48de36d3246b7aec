"""Long lists in parts."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

Value = TypeVar("Value")
AS_PARAMETERS = 500  # of one statement; an SQLite may take no more than 999


def parts(values: Iterable[Value], size: int = AS_PARAMETERS) -> Iterator[list[Value]]:
    """The `values` in lists of at most `size`, in their order; each list is read when it is asked for."""
    rest = iter(values)
    while part := list(islice(rest, size)):
        yield part
