"""Reads long lists: memory stays flat, and the database server keeps no cursor (docs/decisions/0073)."""

from collections.abc import Iterator
from typing import Any, TypeVar

from django.db.models import F, Model, Q, QuerySet

from main.sweep.databases import stream

PAGE = 2000

Row = TypeVar("Row", bound=Model)


def in_order(codes: QuerySet[Any], *columns: str, by: str = "expires_at", at_most: int | None = None) -> Iterator[Any]:
    """The `columns` of `codes`, or the codes themselves, ordered by date: oldest first, codes without a date last.

    With `by="-expired_at"`: newest first; all codes must have that date. See `stream` for what must not be done
    before the last code is read.
    """
    column = F(by.removeprefix("-"))
    newest_first = by.startswith("-")
    order = (column.desc(nulls_last=True), "-id") if newest_first else (column.asc(nulls_last=True), "id")
    chosen = codes.order_by(*order)[:at_most]
    return stream(chosen.values_list(*columns) if columns else chosen)


def by_id(rows: QuerySet[Row]) -> Iterator[Row]:
    """All `rows` of any model, in the order of their ids. Between two of them, the connection may be used."""
    return by_key(rows, "pk")


def by_key(rows: QuerySet[Row], *key: str) -> Iterator[Row]:
    """The same in the order of the fields `key`; the last one is unique, and none is ever null."""
    rows = rows.order_by(*key)
    page = list(rows[:PAGE])
    while page:
        yield from page
        if len(page) < PAGE:
            return
        page = list(rows.filter(_after(page[-1], key))[:PAGE])


def _after(row: Model, key: tuple[str, ...]) -> Q:
    """That a row comes after `row`."""
    first, *rest = key
    later = Q(**{f"{first}__gt": getattr(row, first)})
    return later | Q(_after(row, tuple(rest)), **{first: getattr(row, first)}) if rest else later
