"""The sweep: the only writer of `status = inactive` in bulk, and of the ledger."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import partial
from typing import NamedTuple

from django.db import connection, transaction
from django.db.models import F
from django.dispatch import Signal
from django.utils import timezone

from main.batches import among, can_expire_places, expire_places, ids_of_overdue, places_of_overdue
from main.ledger import recorded
from main.models import ExpirationRun, ReferralCode, ReferralCodeQuerySet

# Codes in one transaction. Its locks must not keep a person who saves a code waiting. Measured on PostgreSQL with
# 100,000 overdue of a million: batches of 500, 1000, 2000 and 4000 all take 2.1 to 2.4 s, and hold their locks for
# 10, 20, 40 and 75 ms, at most 17, 46, 66 and 109. On a busy machine 2000 save a quarter of the time, but hold them
# for up to 107 ms and more.
BATCH_SIZE = 1000
LOCK_WAIT = timedelta(seconds=5)

# Sent after the commit that expired `codes` (a list of ExpiredCode); `run` is their ExpirationRun, or None
# when a save did it. Listeners run one after the other; what one raises is logged by Django and harms nobody.
referral_codes_expired = Signal()


class ExpiredCode(NamedTuple):
    """What a listener is told about one expired code."""

    id: int
    code: str
    agent_id: int | None
    expires_at: datetime | None


def sweep(
    started_by: ExpirationRun.StartedBy,
    *,
    batch_size: int = BATCH_SIZE,
    on_batch: Callable[[int], object] = lambda size: None,
) -> ExpirationRun:
    """Expire every code that is overdue at the instant of the call, and return the completed run.

    Each batch is one transaction that writes codes and ledger together; `on_batch` is told its size.
    Several sweeps may run at once: each code is expired by exactly one. Killed at any moment, what was
    committed stands and the next sweep finishes the work.

    Raises SweepFailed when the database fails, a code stays locked for longer than LOCK_WAIT, the clocks
    disagree or the process is asked to stop; the run is then marked failed or interrupted, where that can
    still be written. Raises DatabaseError when it cannot even begin.
    """
    with recorded(started_by) as run:
        for batch in _batches(run, batch_size):
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


def _batches(run: ExpirationRun, size: int) -> Iterator[list[ExpiredCode]]:
    """Expire what nobody holds, batch by batch, and wait for the rest one code at a time.

    A sweep that waits thus never holds another code's lock, so it takes part in no deadlock.
    """
    passed_over = 0
    for wanted, batch in _free_batches(run, size):
        passed_over += wanted - len(batch)
        if batch:
            yield batch
    overdue = ReferralCode.objects.overdue(run.cutoff).order_by("expires_at", "id")
    while passed_over and (batch := _expire_batch(run, overdue[:size]) or _expire_batch(run, overdue[:1], wait=True)):
        yield batch


def _free_batches(run: ExpirationRun, size: int) -> Iterator[tuple[int, list[ExpiredCode]]]:
    """How many codes were overdue, and which of them are expired now: the others were held, or edited meanwhile."""
    if can_expire_places():
        for places in places_of_overdue(run.cutoff, size):
            yield len(places), _expire_places(run, places)
    else:
        for ids in ids_of_overdue(run.cutoff, size):
            overdue = ReferralCode.objects.overdue(run.cutoff).filter(among(ids)).order_by("expires_at", "id")
            yield len(ids), _expire_batch(run, overdue)


def _expire_places(run: ExpirationRun, places: list[str]) -> list[ExpiredCode]:
    with transaction.atomic():
        batch = [ExpiredCode(*row) for row in expire_places(run, places, timezone.now())]
        if batch:
            transaction.on_commit(partial(_announce, batch, run))
    run.expired_count += len(batch)
    return batch


def _expire_batch(run: ExpirationRun, overdue: ReferralCodeQuerySet, *, wait: bool = False) -> list[ExpiredCode]:
    now = timezone.now()
    with transaction.atomic():
        if wait:
            limit_lock_wait()
        # Under the lock the database evaluates the rule once more: a code that was extended meanwhile is left out.
        locked = overdue.select_for_update(skip_locked=not wait, no_key=True)
        batch = [ExpiredCode(*row) for row in locked.values_list("id", "code", "agent_id", "expires_at")]
        if batch:
            ReferralCode.objects.overdue(run.cutoff).filter(among([code.id for code in batch])).update(
                status=ReferralCode.Status.INACTIVE, expired_at=now, expired_by=run
            )
            ExpirationRun.objects.filter(pk=run.pk).update(
                expired_count=F("expired_count") + len(batch), last_sign_of_life=now
            )
            transaction.on_commit(partial(_announce, batch, run))
    run.expired_count += len(batch)
    return batch


def limit_lock_wait() -> None:
    """For this transaction. SQLite has no such limit of its own: the busy timeout of the settings holds there."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL lock_timeout = '{LOCK_WAIT.seconds}s'")


def _announce(codes: list[ExpiredCode], run: ExpirationRun | None) -> None:
    referral_codes_expired.send_robust(sender=ReferralCode, codes=codes, run=run)
