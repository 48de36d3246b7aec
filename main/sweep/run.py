"""The sweep: the only writer of `status = inactive` in bulk, and of the ledger.

An overdue code's way: `sweep` opens the run's line in the ledger; `_batches` reads what is overdue in pages
(pages.py), expires each page in one transaction (`_expire`) and tells the listeners (announcing.py); the ledger's
line is closed. signals.py writes the log, report.py what the command prints.
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
from main.sweep.announcing import ExpiredCode, announce, announce_batch, referral_codes_expired
from main.sweep.databases import limit_lock_wait, past_by_database_clock, read_date, way
from main.sweep.heartbeat import heartbeat
from main.sweep.ledger import recorded
from main.sweep.two_connections import expired_in_two_connections

DatedPage = tuple[pages.Page, datetime]

__all__ = ["ExpiredCode", "expire_now", "expire_on_save", "referral_codes_expired", "sweep"]


def sweep(
    started_by: ExpirationRun.StartedBy,
    *,
    batch_size: int | None = None,
    on_batch: Callable[[int], object] = lambda size: None,
) -> ExpirationRun:
    """Expire every code that is overdue at the instant of the call, and return the completed run.

    Each batch, by default of as many codes as suit the database, is one transaction that writes codes and ledger
    together; `on_batch` is told its size. Several sweeps may run at once: each code is expired by exactly one. Killed
    at any moment, what was committed stands, and the next sweep finishes the work and tells what was not told.

    `on_batch` and the listeners are called in the caller's thread, one batch after the other; when `on_batch` raises,
    what was begun is finished and announced first. Called in a transaction, the sweep is part of it.

    Raises SweepFailed when the database or its driver fails, a code stays locked for longer than LOCK_WAIT, the
    clocks disagree or the process is asked to stop; the run is then marked failed or interrupted, where that can
    still be written. Raises WrongDatabase for one that is neither PostgreSQL nor SQLite, and the database's own
    error when the sweep cannot even begin.
    """
    size = batch_size or way().batch_size
    with heartbeat(), recorded(started_by) as run, closing(_batches(run, size)) as batches:
        for batch in batches:
            on_batch(len(batch))
    return run


def _batches(run: ExpirationRun, size: int) -> Generator[list[ExpiredCode]]:
    """Expire page by page what nobody holds; then what is left, as it is let go. Counts and announces each batch.

    A sweep that waits for one code holds no other, so it takes part in no deadlock.
    """
    passed_over = 0  # held by somebody, or edited since its page was read

    def expire(page: DatedPage) -> list[ExpiredCode]:
        return _expire(run, pages.with_ids(page[0].ids).overdue(run.cutoff), page[1])

    def tell(page: DatedPage, batch: list[ExpiredCode]) -> None:
        nonlocal passed_over
        passed_over += page[0].size - len(batch)
        announce_batch(batch, run, page[1])

    instants = _instants()
    dated_pages = zip(pages.of_overdue(run.cutoff, size), instants, strict=False)
    if way().connections > 1 and not connection.in_atomic_block:  # no other connection sees this transaction's data
        yield from expired_in_two_connections(dated_pages, expire, tell)  # and leaves the rest to this one:
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
    """The present, each time later than before: so the codes of a later batch have a later `expired_at`."""
    now = timezone.now()
    while True:
        yield now
        now = max(timezone.now(), now + timedelta(microseconds=1))


def _expire(
    run: ExpirationRun, overdue: ReferralCodeQuerySet, now: datetime, *, at_most: int | None = None, wait: bool = False
) -> list[ExpiredCode]:
    """Expire those of `overdue` that nobody holds, and count them in the ledger, in one transaction; oldest first.

    With the lock, the database asks the rule once more. Runs in any thread: `run` in memory is only read.
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


def expire_on_save(code: ReferralCode, using: str) -> None:
    """Mark the one saved `code` inactive, in the database `using` and in memory, if it is overdue there.

    A process whose clock is ahead of the database server's marks nothing that has not ended there too.
    """
    now = timezone.now()
    marks = {"status": ReferralCode.Status.INACTIVE, "expired_at": now, "expired_by": None}
    if (
        ReferralCode.objects.using(using)
        .filter(past_by_database_clock(using), pk=code.pk)
        .overdue(now)
        .update(**marks)
    ):
        for field, value in marks.items():
            setattr(code, field, value)
        announce([ExpiredCode(code.pk, code.code, code.agent_id, code.expires_at)], None, using=using)


def expire_now(codes: ReferralCodeQuerySet) -> tuple[ExpirationRun, list[ReferralCode]]:
    """End the active ones of `codes`, because a person says so, and return the run and these codes as they were.

    A code before its date gets the instant of the call as its date. One transaction, all or nothing.
    Raises as `sweep` does; nothing is expired then.
    """
    with recorded(ExpirationRun.StartedBy.ADMIN) as run, transaction.atomic():
        limit_lock_wait()
        chosen = ReferralCode.objects.filter(pk__in=codes.order_by().values("pk"), status=ReferralCode.Status.ACTIVE)
        active = list(chosen.order_by("pk").select_for_update(no_key=True))
        ending = ReferralCode.objects.filter(pk__in=[code.pk for code in active])
        ending.unexpired(run.cutoff).update(expires_at=run.cutoff)
        now = timezone.now()
        ending.update(status=ReferralCode.Status.INACTIVE, expired_at=now, expired_by=run, updated_at=now)
        run.expired_count = len(active)
        run.save(update_fields=["expired_count"])
        expired = ending.order_by("pk").values_list("id", "code", "agent_id", "expires_at")
        announce([ExpiredCode(*row) for row in expired], run)
    return run, active
