"""The sweep: the only writer of `status = inactive` in bulk, and of the ledger."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import closing
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.db import connection, transaction
from django.db.models import F
from django.dispatch import Signal
from django.utils import timezone

from main.models import ExpirationRun, ReferralCode, ReferralCodeQuerySet
from main.sweep.batches import ExpiredCode, expire_locked, way
from main.sweep.ledger import recorded
from main.sweep.threads import shared_out

__all__ = ["ExpiredCode", "expire_now", "expire_on_save", "referral_codes_expired", "sweep"]

LOCK_WAIT = timedelta(seconds=5)

# Sent after the commit that expired `codes` (a list of ExpiredCode); `run` is their ExpirationRun, or None
# when a save did it. Listeners run one after the other; what one raises is logged by Django and harms nobody.
referral_codes_expired = Signal()


def sweep(
    started_by: ExpirationRun.StartedBy,
    *,
    batch_size: int | None = None,
    on_batch: Callable[[int], object] = lambda size: None,
) -> ExpirationRun:
    """Expire every code that is overdue at the instant of the call, and return the completed run.

    Each batch, by default of as many codes as suit the database, is one transaction that writes codes and ledger
    together; `on_batch` is told its size. Several sweeps may run at once: each code is expired by exactly one. Killed
    at any moment, what was committed stands and the next sweep finishes the work.

    Where the database has room for it, two connections of this process share the batches. `on_batch` and the
    listeners are called in the caller's thread, one batch after the other; when `on_batch` raises, what was begun
    is finished and announced first. Called in a transaction, the sweep is part of it, on its connection alone.

    Raises SweepFailed when the database fails, a code stays locked for longer than LOCK_WAIT, the clocks
    disagree or the process is asked to stop; the run is then marked failed or interrupted, where that can
    still be written. Raises DatabaseError when it cannot even begin.
    """
    with recorded(started_by) as run, closing(_batches(run, batch_size)) as batches:
        for batch in batches:
            on_batch(len(batch))
    return run


def expire_on_save(code: ReferralCode, using: str) -> None:
    """Mark the one saved `code` inactive, in the database `using` and in memory, if it is overdue there."""
    now = timezone.now()
    marks = {"status": ReferralCode.Status.INACTIVE, "expired_at": now, "expired_by": None}
    if ReferralCode.objects.using(using).filter(pk=code.pk).overdue(now).update(**marks):
        for field, value in marks.items():
            setattr(code, field, value)
        expired = ExpiredCode(code.pk, code.code, code.agent_id, code.expires_at)
        transaction.on_commit(partial(_announce, [expired], None), using=using)


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
        expired = [
            ExpiredCode(*row) for row in ending.order_by("pk").values_list("id", "code", "agent_id", "expires_at")
        ]
        transaction.on_commit(partial(_announce, expired, run))
    return run, active


def _batches(run: ExpirationRun, batch_size: int | None) -> Generator[list[ExpiredCode]]:
    """Expire what nobody holds, batch by batch, and wait for the rest one code at a time.

    A sweep that waits thus never holds another code's lock, so it takes part in no deadlock.
    """
    fastest = way()
    size = batch_size or fastest.batch_size

    def expire(portion: list[Any]) -> list[ExpiredCode]:
        return _expire_batch(run, partial(fastest.expire, run, portion))

    passed_over = 0
    portions = fastest.portions(run.cutoff, size)
    with closing(shared_out(portions, expire, partial(_tell, run), fastest.connections)) as done:
        for portion, batch in done:
            passed_over += len(portion) - len(batch)  # held by somebody, or edited meanwhile
            if batch:
                yield batch
    if passed_over:
        yield from _held_batches(run, size)


def _held_batches(run: ExpirationRun, size: int) -> Generator[list[ExpiredCode]]:
    """What was held before and is free now, batch by batch; then one code, once it is let go; and again."""
    overdue = ReferralCode.objects.overdue(run.cutoff).order_by("expires_at", "id")
    free = overdue.select_for_update(skip_locked=True, no_key=True)[:size]
    held = overdue.select_for_update(no_key=True)[:1]

    def expire_next() -> list[ExpiredCode]:
        return _expire_batch(run, partial(expire_locked, run, free)) or _expire_batch(
            run, partial(expire_locked, run, held), wait=True
        )

    while batch := expire_next():
        _tell(run, batch)
        yield batch


def _expire_batch(
    run: ExpirationRun, expire: Callable[[datetime], list[ExpiredCode]], *, wait: bool = False
) -> list[ExpiredCode]:
    """Codes and ledger in one transaction; may run in a thread of its own, so `run` in memory is left as it is."""
    now = timezone.now()
    with transaction.atomic():
        if wait:
            limit_lock_wait()
        batch = expire(now)
        if batch:
            ExpirationRun.objects.filter(pk=run.pk).update(
                expired_count=F("expired_count") + len(batch), last_sign_of_life=now
            )
    return batch


def _tell(run: ExpirationRun, batch: list[ExpiredCode]) -> None:
    """Count and announce a batch once it is committed."""
    run.expired_count += len(batch)
    if batch:
        transaction.on_commit(partial(_announce, batch, run))


def limit_lock_wait() -> None:
    """For this transaction. SQLite has no such limit of its own: the busy timeout of the settings holds there."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL lock_timeout = '{LOCK_WAIT.seconds}s'")


def _announce(codes: list[ExpiredCode], run: ExpirationRun | None) -> None:
    referral_codes_expired.send_robust(sender=ReferralCode, codes=codes, run=run)
