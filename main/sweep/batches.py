"""The batches of a sweep: which codes go together, and how they are expired.

What is overdue is listed once, in the order of storage: so a batch comes to few pages, and none reads the dead index
entries of those before it. The rule comes from the queryset, compiled.
"""

from array import array
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import islice
from operator import itemgetter
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import BooleanField, QuerySet, TextField
from django.db.models.expressions import RawSQL

from main.models import ExpirationRun, ReferralCode, ReferralCodeQuerySet

BATCH_SIZE = 1000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Ids in memory at once, at 8 bytes.
CHAPTER = 100_000
PLACE = RawSQL("main_referralcode.ctid", (), output_field=TextField())


class ExpiredCode(NamedTuple):
    """What a listener is told about one expired code; the date in UTC."""

    id: int
    code: str
    agent_id: int | None
    expires_at: datetime | None


class Way(NamedTuple):
    """How the sweep goes about it in a kind of database."""

    # Takes the cutoff and a size; gives what tells the overdue codes apart, so many at a time. Locks nothing.
    portions: Callable[[datetime, int], Iterator[list[Any]]]
    # Takes the run, a portion and the instant to be written; in the transaction at hand expires the codes that are
    # still overdue and that nobody holds, and returns them, oldest first.
    expire: Callable[[ExpirationRun, list[Any], datetime], list[ExpiredCode]]
    # How many codes make a portion, unless the caller says so, and how many connections expire at once. The locks of
    # a batch must not keep a person waiting. Measured with 100,000 overdue of a million, two processors: on PostgreSQL
    # a second connection saves a third of the time, a third one or larger batches hardly any; on SQLite, where only
    # one may write, batches of 2000 save a sixth and hold the file for 50 ms, those of 1000 for 25.
    batch_size: int = BATCH_SIZE
    connections: int = 1


def way() -> Way:
    """The fastest that the database knows."""
    if connection.vendor == "postgresql":
        return Way(places_of_overdue, expire_by_place, connections=2)
    if connection.features.can_return_rows_from_bulk_insert:  # SQLite 3.35, of 2021, and later
        return Way(ids_of_overdue, expire_by_id_in_one, batch_size=2000)
    return PORTABLE


def ids_of_overdue(cutoff: datetime, size: int) -> Iterator[list[int]]:
    overdue = ReferralCode.objects.overdue(cutoff).order_by("pk").values_list("pk", flat=True)
    ids = array("q", overdue[:CHAPTER].iterator())
    while ids:
        for start in range(0, len(ids), size):
            yield ids[start : start + size].tolist()
        ids = array("q", overdue.filter(pk__gt=ids[-1])[:CHAPTER].iterator() if len(ids) == CHAPTER else ())


def expire_by_id(run: ExpirationRun, ids: list[int], now: datetime) -> list[ExpiredCode]:
    overdue = ReferralCode.objects.overdue(run.cutoff).filter(_among(ids)).order_by("expires_at", "id")
    return expire_locked(run, overdue.select_for_update(skip_locked=True, no_key=True), now)


def expire_locked(run: ExpirationRun, locked: ReferralCodeQuerySet, now: datetime) -> list[ExpiredCode]:
    """Expire the codes of a query that locks them; with the lock the database asks the rule once more."""
    batch = [ExpiredCode(*row) for row in locked.values_list("id", "code", "agent_id", "expires_at")]
    if batch:
        expired = ReferralCode.objects.overdue(run.cutoff).filter(_among([code.id for code in batch]))
        expired.update(status=ReferralCode.Status.INACTIVE, expired_at=now, expired_by=run)
    return batch


PORTABLE = Way(ids_of_overdue, expire_by_id)


def expire_by_id_in_one(run: ExpirationRun, ids: list[int], now: datetime) -> list[ExpiredCode]:
    """For SQLite, where a transaction that writes holds the whole file: there is nothing to lock."""
    overdue = ReferralCode.objects.overdue(run.cutoff).filter(_among(ids)).values("id")
    rows = _update("id IN ({})", overdue, "expires_at || ''", run, now)
    return [ExpiredCode(pk, code, agent_id, _utc(expiry)) for pk, code, agent_id, expiry in rows]


def _utc(stored: str) -> datetime | None:
    """SQLite stores any text as a date, where plain SQL writes it."""
    with suppress(ValueError):
        return datetime.fromisoformat(stored).replace(tzinfo=UTC)
    return None


def places_of_overdue(cutoff: datetime, size: int) -> Iterator[list[str]]:
    """Where PostgreSQL stores them; the server keeps the list. A code that is edited before its turn moves away."""
    overdue = ReferralCode.objects.overdue(cutoff).annotate(place=PLACE).order_by("place")
    places = overdue.values_list("place", flat=True).iterator(chunk_size=size)
    while chunk := list(islice(places, size)):
        yield chunk


def expire_by_place(run: ExpirationRun, places: list[str], now: datetime) -> list[ExpiredCode]:
    # Joined here: the driver takes longer to write a list than the server to look up its places.
    literal = '{"' + '","'.join(places) + '"}'
    here = RawSQL("main_referralcode.ctid = ANY (%s::tid[])", (literal,), output_field=BooleanField())
    overdue = ReferralCode.objects.overdue(run.cutoff).filter(here).annotate(place=PLACE).values("place")
    free = overdue.select_for_update(skip_locked=True, no_key=True)
    # Microseconds since 1970 become a datetime at a fraction of the cost of text.
    microseconds = "(extract(epoch FROM expires_at) * 1000000)::bigint"
    rows = _update("ctid = ANY (ARRAY({}))", free, microseconds, run, now)
    return [ExpiredCode(pk, code, agent_id, EPOCH + timedelta(0, 0, expiry)) for pk, code, agent_id, expiry in rows]


def _update(
    which: str, chosen: QuerySet[ReferralCode, Any], expiry: str, run: ExpirationRun, now: datetime
) -> list[tuple[Any, ...]]:
    """Expire the codes that `chosen` selects; return id, code, agent's id and `expiry` of each, oldest first."""
    sql, params = chosen.query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE main_referralcode SET status = %s, expired_at = %s, expired_by_id = %s "  # noqa: S608 - our own text
            f"WHERE {which.format(sql)} RETURNING id, code, agent_id, {expiry}",
            [ReferralCode.Status.INACTIVE, connection.ops.adapt_datetimefield_value(now), run.pk, *params],
        )
        return sorted(cursor.fetchall(), key=itemgetter(3, 0))


def _among(ids: list[int]) -> RawSQL:
    """As `pk__in`, without the time that it spends on each parameter.

    Parameters nevertheless: SQLite's driver keeps the last 128 statements, and those of one text only once.
    """
    marks = ", ".join(["%s"] * len(ids))
    return RawSQL(f"main_referralcode.id IN ({marks})", ids, output_field=BooleanField())  # noqa: S611 - marks
