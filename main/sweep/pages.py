"""Reads long lists of codes: memory stays flat, and the database server keeps no cursor (docs/decisions/0073)."""

from array import array
from collections.abc import Iterator
from datetime import datetime
from typing import Any, NamedTuple, TypeVar

from django.db.models import BooleanField, F, Model, Q, QuerySet
from django.db.models.expressions import RawSQL

from main.models import ReferralCode, ReferralCodeQuerySet
from main.sweep.databases import stream, stream_ids_as_stored, way

CHAPTER = 100_000  # codes whose ids are in memory at once, at 8 bytes
PAGE = 2000

Row = TypeVar("Row", bound=Model)


class Page(NamedTuple):
    """The ids of the codes that are expired together."""

    ids: str
    size: int


def of_overdue(cutoff: datetime, size: int) -> Iterator[Page]:
    """The codes overdue at `cutoff`, in pages of `size` codes that are stored near each other."""
    # Sorted by `id + 0`: for a plain `id`, PostgreSQL might read the whole primary key to find enough overdue codes.
    overdue = rest = ReferralCode.objects.overdue(cutoff).order_by(F("id") + 0)
    # A chapter is read to its end first, because the commits of batches must not fall into the reading.
    while chapter := array("q", stream_ids_as_stored(rest[:CHAPTER])):
        for start in range(0, len(chapter), size):
            ids = chapter[start : start + size].tolist()
            yield Page(way().ids.format(", ".join(map(str, ids))), len(ids))
        if len(chapter) < CHAPTER:
            return
        rest = overdue.filter(id__gt=max(chapter))


def with_ids(ids: str) -> ReferralCodeQuerySet:
    """The codes of a page."""
    on_page = RawSQL(way().on_page, [ids], output_field=BooleanField())  # noqa: S611 - our own text
    return ReferralCode.objects.filter(on_page)


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
