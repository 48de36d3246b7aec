"""Reads long lists of codes in pages: memory stays flat, without a server-side cursor.

One query reads the ids of a chapter, as one text for each page. Then one query for each page reads its codes.
"""

from array import array
from collections.abc import Iterator
from datetime import datetime
from typing import Any, NamedTuple, TypeVar

from django.db import connection
from django.db.models import BooleanField, F, Model, QuerySet, TextField
from django.db.models.expressions import RawSQL

from main.models import ReferralCode, ReferralCodeQuerySet
from main.sweep.databases import way

CHAPTER = 100_000  # codes whose ids are in memory at once, at about 8 bytes
PAGE = 2000


Row = TypeVar("Row", bound=Model)


class Page(NamedTuple):
    """The ids of the codes that are read or expired together."""

    ids: str
    size: int
    last: tuple[Any, ...]


def of_overdue(cutoff: datetime, size: int) -> Iterator[Page]:
    """The codes overdue at `cutoff`, in pages of `size` codes that are stored near each other."""
    place = RawSQL(f"main_referralcode.{way().place}", (), output_field=TextField())  # noqa: S611 - our own text
    # Sorted by `id + 0`: for a plain `id`, PostgreSQL might read the whole primary key to find enough overdue codes.
    overdue = ReferralCode.objects.overdue(cutoff).order_by(F("id") + 0).values("id", place=place)
    rest = overdue
    while chapter := _streamed_chapter(rest, size) if way().streams else _chapter(rest, "place", size, "max(id)"):
        yield from chapter
        if _is_last(chapter):
            return
        rest = overdue.filter(id__gt=max(page.last[0] for page in chapter))


def in_order(codes: QuerySet[Any], *columns: str, by: str = "expires_at") -> Iterator[Any]:
    """The `columns` of `codes`, or the codes themselves, ordered by date: oldest first, codes without a date last.

    With `by="-expired_at"`: newest first; all codes must have that date. A code that is deleted during the call may be
    missing.
    """
    column, newest_first = by.removeprefix("-"), by.startswith("-")
    dated = F(column).desc(nulls_last=True) if newest_first else F(column).asc(nulls_last=True)
    order = (dated, "-id" if newest_first else "id")

    def read(some: QuerySet[Any]) -> QuerySet[Any, Any]:
        return some.order_by(*order).values_list(*columns) if columns else some.order_by(*order)

    if way().streams:
        yield from read(codes).iterator(PAGE)
        return
    direction, beyond = ("DESC", "<") if newest_first else ("ASC", ">")
    of_last = f"max(CASE WHEN number = {CHAPTER - 1} THEN {{}} END)"
    last_of_chapter = f"{of_last.format(column)}, {of_last.format('id')}"
    ids = rest = codes.order_by(*order).values("id", column)
    while chapter := _chapter(rest, f"{column} {direction} NULLS LAST, id {direction}", PAGE, last_of_chapter):
        for page in chapter:
            yield from read(with_ids(page.ids))
        if _is_last(chapter):
            return
        date, pk = chapter[-1].last
        undated = f"main_referralcode.{column} IS NULL"
        if date is None:
            rest = ids.filter(_condition(f"{undated} AND main_referralcode.id {beyond} %s", pk))
        else:
            key = f"(main_referralcode.{column}, main_referralcode.id)"
            rest = ids.filter(_condition(f"{key} {beyond} (%s, %s) OR {undated}", date, pk))


def by_id(rows: QuerySet[Row]) -> Iterator[Row]:
    """All `rows` of any model, in the order of their ids."""
    last = 0
    while page := list(rows.filter(pk__gt=last).order_by("pk")[:PAGE]):
        yield from page
        if len(page) < PAGE:
            return
        last = page[-1].pk


def with_ids(ids: str) -> ReferralCodeQuerySet:
    """The codes of a page."""
    return ReferralCode.objects.filter(_condition(way().on_page, ids))


def _condition(sql: str, *params: object) -> RawSQL:
    return RawSQL(sql, params, output_field=BooleanField())  # noqa: S611 - our own text


def _chapter(codes: QuerySet[Any, Any], order: str, size: int, last: str) -> list[Page]:
    """The first CHAPTER of `codes`, in pages of `size`; `last` is the SQL for the `last` of each page."""
    sql, params = codes[:CHAPTER].query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {way().page}, count(*), {last} FROM "  # noqa: S608 - our own text
            f"(SELECT *, row_number() OVER (ORDER BY {order}) - 1 AS number FROM ({sql}) AS chapter) AS numbered "
            f"GROUP BY number / {size} ORDER BY number / {size}",
            params,
        )
        return [Page(ids, number, tuple(key)) for ids, number, *key in cursor.fetchall()]


def _streamed_chapter(codes: QuerySet[Any, Any], size: int) -> list[Page]:
    """The same, by id. The query is read to its end first, because commits of batches must not fall into it."""
    ids = array("q", codes.values_list("id", flat=True)[:CHAPTER].iterator(PAGE))
    parts = [ids[start : start + size].tolist() for start in range(0, len(ids), size)]
    return [Page(str(part), len(part), (part[-1],)) for part in parts]


def _is_last(chapter: list[Page]) -> bool:
    return sum(page.size for page in chapter) < CHAPTER
