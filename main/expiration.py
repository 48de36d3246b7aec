"""The sweep: the only writer of `status = inactive` in bulk, and of the ledger."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from typing import NamedTuple

from django.db import DatabaseError, connection, transaction
from django.db.models import F
from django.dispatch import Signal
from django.utils import timezone

from main.models import ExpirationRun, ReferralCode

# Codes in one transaction. Its locks must not keep a person who saves a code waiting.
BATCH_SIZE = 1000
LOCK_WAIT = timedelta(seconds=5)
# A run that has finished no batch for so long is dead, even where its process cannot be asked.
SILENCE = timedelta(hours=1)

# Sent after the commit that expired `codes` (a list of ExpiredCode); `run` is their ExpirationRun, or None
# when a save did it. Listeners run one after the other; what one raises is logged by Django and harms nobody.
referral_codes_expired = Signal()


class SweepFailed(Exception):
    """The database failed during a sweep, for the `reason`; `expired_count` codes were expired and stand."""

    def __init__(self, expired_count: int, reason: DatabaseError) -> None:
        super().__init__(f"Not completed: {expired_count} referral code(s) were expired and stand.")
        self.expired_count = expired_count
        self.reason = reason


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

    Raises SweepFailed when the database fails or a code stays locked for longer than LOCK_WAIT; the run is
    then marked failed, where that can still be written. Raises DatabaseError when it cannot even begin.
    """
    started = timezone.now()
    _mark_interrupted_runs(started)
    run = ExpirationRun.objects.create(
        started_at=started, last_sign_of_life=started, cutoff=started,
        started_by=started_by, host=socket.gethostname(), pid=os.getpid(),
    )  # fmt: skip
    try:
        for batch in _batches(run, batch_size):
            on_batch(len(batch))
        _close(run, ExpirationRun.State.COMPLETED)
    except BaseException as error:  # whatever stopped it, Ctrl-C included: the ledger tells, and the error goes on
        run.error = f"{type(error).__name__}: {error}"
        # The database may be the one that failed; the first error is the one to report.
        with suppress(DatabaseError):
            _close(run, ExpirationRun.State.FAILED)
        if isinstance(error, DatabaseError):
            raise SweepFailed(run.expired_count, error) from error
        raise
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


def _batches(run: ExpirationRun, size: int) -> Iterator[list[ExpiredCode]]:
    """Expire what nobody holds, batch by batch, and wait for the rest one code at a time.

    A sweep that waits thus never holds another code's lock, so it takes part in no deadlock.
    """
    while batch := _expire_batch(run, size) or _expire_batch(run, 1, wait=True):
        yield batch


def _expire_batch(run: ExpirationRun, size: int, *, wait: bool = False) -> list[ExpiredCode]:
    now = timezone.now()
    overdue = ReferralCode.objects.overdue(run.cutoff)
    with transaction.atomic():
        if wait:
            _limit_lock_wait()
        # Under the lock the database evaluates the rule once more: a code that was extended meanwhile is left out.
        locked = overdue.order_by("expires_at", "id").select_for_update(skip_locked=not wait, no_key=True)
        batch = [ExpiredCode(*row) for row in locked.values_list("id", "code", "agent_id", "expires_at")[:size]]
        if batch:
            overdue.filter(pk__in=[code.id for code in batch]).update(
                status=ReferralCode.Status.INACTIVE, expired_at=now, expired_by=run
            )
            ExpirationRun.objects.filter(pk=run.pk).update(
                expired_count=F("expired_count") + len(batch), last_sign_of_life=now
            )
            transaction.on_commit(partial(_announce, batch, run))
    run.expired_count += len(batch)
    return batch


def _limit_lock_wait() -> None:
    """For this transaction. SQLite has no such limit of its own: the busy timeout of the settings holds there."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL lock_timeout = '{LOCK_WAIT.seconds}s'")


def _announce(codes: list[ExpiredCode], run: ExpirationRun | None) -> None:
    referral_codes_expired.send_robust(sender=ReferralCode, codes=codes, run=run)


def _close(run: ExpirationRun, state: ExpirationRun.State) -> None:
    if not connection.in_atomic_block:
        connection.close_if_unusable_or_obsolete()
    run.state = state
    run.ended_at = run.last_sign_of_life = timezone.now()
    run.save(update_fields=["state", "ended_at", "last_sign_of_life", "error", "warning"])


def _mark_interrupted_runs(now: datetime) -> None:
    """A run marked here while it still lives corrects its state itself when it ends."""
    for run in ExpirationRun.objects.filter(state=ExpirationRun.State.RUNNING):
        if _process_is_gone(run) or run.last_sign_of_life < now - SILENCE:
            run.error = "The process ended before the run did; what it had expired stands."
            _close(run, ExpirationRun.State.INTERRUPTED)


def _process_is_gone(run: ExpirationRun) -> bool:
    """Whether it certainly is; not known of another machine's process, nor on Windows, where asking would end it."""
    if run.host != socket.gethostname() or os.name == "nt":
        return False
    try:
        os.kill(run.pid, 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        pass
    return False
