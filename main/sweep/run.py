"""The sweep: the only code that sets `status = inactive` in bulk.

The path of an overdue code:

1. `sweep` opens a row for the run in the ledger (ledger.py).
2. `_batches` reads the overdue codes in pages (pages.py).
3. It expires each page in one transaction (`_expire`), and then tells the listeners (announcing.py). One listener, in
   signals.py, writes the log.
4. `sweep` closes the row. report.py makes the lines that the command prints.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from datetime import datetime, timedelta
from operator import itemgetter

from django.db import connection, transaction
from django.db.models import F
from django.utils import timezone

from main.models import ExpirationRun, ReferralCode, ReferralCodeQuerySet
from main.sweep import pages
from main.sweep.announcing import ExpiredCode, announce_batch, referral_codes_expired
from main.sweep.databases import limit_lock_wait, read_date, way
from main.sweep.heartbeat import heartbeat
from main.sweep.ledger import recorded
from main.sweep.two_connections import expired_in_two_connections

DatedPage = tuple[pages.Page, datetime]

__all__ = ["ExpiredCode", "referral_codes_expired", "sweep"]


def sweep(
    started_by: ExpirationRun.StartedBy,
    *,
    batch_size: int | None = None,
    on_batch: Callable[[int], object] = lambda size: None,
) -> ExpirationRun:
    """Expire every code that is overdue at the instant of the call, and return the completed run.

    Each batch is one transaction, which writes the codes and the ledger together. `batch_size` is a number of codes;
    the default depends on the database. `on_batch` is called with the size of each batch. Several sweeps may run at
    once: each code is expired by exactly one of them. A sweep that is killed loses nothing: committed batches stay,
    and the next sweep does the rest and announces what was not announced.

    `on_batch` and the listeners are called in the caller's thread, one batch after the other. When `on_batch` raises,
    the batches that have begun are finished and announced first. In a transaction, the sweep is part of it.

    Raises SweepFailed when the database or its driver fails, a code stays locked for longer than LOCK_WAIT, the
    clocks disagree, or the process is asked to stop. The run is then marked as failed or interrupted, if the database
    can still be written. Raises WrongDatabase if the database is neither PostgreSQL nor SQLite, and the database's
    own error if the sweep cannot begin.
    """
    size = batch_size or way().batch_size
    with heartbeat(), recorded(started_by) as run, closing(_batches(run, size)) as batches:
        for batch in batches:
            on_batch(len(batch))
    return run


def _batches(run: ExpirationRun, size: int) -> Generator[list[ExpiredCode]]:
    """Expire the codes that nobody has locked, page by page, then the others. Announce each batch.

    While the sweep waits for one code, it holds no lock on another, so it cannot be part of a deadlock.
    """
    passed_over = 0  # codes that were locked, or edited since their page was read

    def expire(page: DatedPage) -> list[ExpiredCode]:
        return _expire(run, pages.with_ids(page[0].ids).overdue(run.cutoff), page[1])

    def tell(page: DatedPage, batch: list[ExpiredCode]) -> None:
        nonlocal passed_over
        passed_over += page[0].size - len(batch)
        announce_batch(batch, run, page[1])

    instants = _instants()
    dated_pages = zip(pages.of_overdue(run.cutoff, size), instants, strict=False)
    # Inside a transaction there is only its own connection: another one would not see its data.
    if way().connections > 1 and not connection.in_atomic_block:
        yield from expired_in_two_connections(dated_pages, expire, tell)  # leaves the pages that it does not do
    for page in dated_pages:
        tell(page, batch := expire(page))
        yield batch

    left = ReferralCode.objects.overdue(run.cutoff).order_by("expires_at", "id")
    while passed_over:
        now = next(instants)
        batch = _expire(run, left, now, at_most=size) or _expire(run, left, now, at_most=1, wait=True)
        if not batch:
            break
        announce_batch(batch, run, now)
        yield batch


def _instants() -> Iterator[datetime]:
    """The present instant, each time later than the last, so that a later batch has a later `expired_at`."""
    now = timezone.now()
    while True:
        yield now
        now = max(timezone.now(), now + timedelta(microseconds=1))


def _expire(
    run: ExpirationRun, overdue: ReferralCodeQuerySet, now: datetime, *, at_most: int | None = None, wait: bool = False
) -> list[ExpiredCode]:
    """Expire those of `overdue` that nobody has locked, and count them in the ledger, in one transaction.

    Return them, oldest first. The database checks the rule again under the lock. Safe in any thread, because it only
    reads `run`.
    """
    chosen = overdue.select_for_update(skip_locked=not wait, no_key=True).values("id")[:at_most]
    with transaction.atomic():
        sql, params = chosen.query.sql_with_params()
        if wait:
            limit_lock_wait()
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE main_referralcode SET status = %s, expired_at = %s, expired_by_id = %s "  # noqa: S608 - our text
                f"WHERE {way().chosen.format(sql)} RETURNING id, code, agent_id, {way().date}",
                [ReferralCode.Status.INACTIVE, connection.ops.adapt_datetimefield_value(now), run.pk, *params],
            )
            batch = sorted(cursor.fetchall(), key=itemgetter(3, 0))
        if batch:
            ExpirationRun.objects.filter(pk=run.pk).update(
                expired_count=F("expired_count") + len(batch),
                last_sign_of_life=now,
                announced_until=run.announced_until,
            )
    return [ExpiredCode(pk, code, agent_id, read_date(date)) for pk, code, agent_id, date in batch]
