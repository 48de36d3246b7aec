"""The overdue codes in pages: memory stays flat, and the database server keeps no cursor (docs/decisions/0073)."""

from array import array
from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from django.db.models import BooleanField, F
from django.db.models.expressions import RawSQL

from main.models import ReferralCode, ReferralCodeQuerySet
from main.sweep.databases import stream_ids_as_stored, way

CHAPTER = 100_000  # codes whose ids are in memory at once, at 8 bytes


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
