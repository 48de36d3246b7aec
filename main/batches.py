"""Which codes the sweep takes together; and, on PostgreSQL, a batch as one statement.

Codes are taken in the order in which they are stored. In the order of their dates each would be on a page of its
own, which the database reads and writes again and again: on PostgreSQL that took 1.4 times as long. Where they are
is read once, so no batch reads the dead index entries of those before it. The rule comes from the queryset, compiled.
"""

from array import array
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice

from django.db import connection
from django.db.models import BooleanField, TextField
from django.db.models.expressions import RawSQL

from main.models import ExpirationRun, ReferralCode

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Ids in memory at once, at 8 bytes.
CHAPTER = 100_000
PLACE = RawSQL("main_referralcode.ctid", (), output_field=TextField())

# Microseconds since 1970 become a datetime at a fraction of the cost of text.
EXPIRE = """
WITH expired AS (
    UPDATE main_referralcode SET status = %s, expired_at = %s, expired_by_id = %s
    WHERE ctid = ANY (ARRAY({locked}))
    RETURNING id, code, agent_id, expires_at
), ledger AS (
    UPDATE main_expirationrun
    SET expired_count = expired_count + (SELECT count(*) FROM expired), last_sign_of_life = %s WHERE id = %s
)
SELECT id, code, agent_id, (extract(epoch FROM expires_at) * 1000000)::bigint FROM expired ORDER BY expires_at, id
"""


def ids_of_overdue(cutoff: datetime, size: int) -> Iterator[list[int]]:
    """The codes overdue at `cutoff`, at most `size` at a time. Nothing is locked: they may be edited meanwhile."""
    overdue = ReferralCode.objects.overdue(cutoff).order_by("pk").values_list("pk", flat=True)
    ids = array("q", overdue[:CHAPTER].iterator())
    while ids:
        for start in range(0, len(ids), size):
            yield ids[start : start + size].tolist()
        ids = array("q", overdue.filter(pk__gt=ids[-1])[:CHAPTER].iterator() if len(ids) == CHAPTER else ())


def among(ids: list[int]) -> RawSQL:
    """As `pk__in`, without the time that it spends on each parameter."""
    marks = ", ".join(["%s"] * len(ids))
    return RawSQL(f"main_referralcode.id IN ({marks})", ids, output_field=BooleanField())  # noqa: S611 - marks


def can_expire_places() -> bool:
    """Whether the database knows the statements below."""
    return connection.vendor == "postgresql"


def places_of_overdue(cutoff: datetime, size: int) -> Iterator[list[str]]:
    """Where the codes overdue at `cutoff` are stored, as `ids_of_overdue`; the server keeps the list.

    A code that is edited before its turn comes moves away.
    """
    overdue = ReferralCode.objects.overdue(cutoff).annotate(place=PLACE).order_by("place")
    places = overdue.values_list("place", flat=True).iterator(chunk_size=size)
    while chunk := list(islice(places, size)):
        yield chunk


def expire_places(run: ExpirationRun, places: list[str], now: datetime) -> list[tuple[int, str, int | None, datetime]]:
    """Expire those of `places` that are still overdue and that nobody holds, and add them to the ledger.

    Takes the aware instant `now` to be written; returns id, code, agent's id and expiry (UTC), oldest first.
    """
    # Joined here: the driver takes longer to write a list than the server to look up its places.
    literal = '{"' + '","'.join(places) + '"}'
    here = RawSQL("main_referralcode.ctid = ANY (%s::tid[])", (literal,), output_field=BooleanField())
    locked = ReferralCode.objects.overdue(run.cutoff).filter(here).select_for_update(skip_locked=True, no_key=True)
    sql, params = locked.annotate(place=PLACE).values("place").query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(EXPIRE.format(locked=sql), [ReferralCode.Status.INACTIVE, now, run.pk, *params, now, run.pk])
        return [
            (pk, code, agent_id, EPOCH + timedelta(microseconds=expiry))
            for pk, code, agent_id, expiry in cursor.fetchall()
        ]
