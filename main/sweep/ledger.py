"""The rows of the ledger: opened, closed however the work ends, and marked where a process died."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta

from django.db import DatabaseError, InterfaceError, connection
from django.utils import timezone

from main import conf
from main.models import ExpirationRun
from main.sweep.stopping import Interrupted, SweepFailed, WrongClock

# A run that has finished no batch for so long is dead, even where its process cannot be asked.
SILENCE = timedelta(hours=1)


@contextmanager
def recorded(started_by: ExpirationRun.StartedBy, undo_of: ExpirationRun | None = None) -> Iterator[ExpirationRun]:
    """Open a row, running while the block runs; it ends completed, or failed or interrupted with the reason.

    Marks runs whose process died. Refuses where the clock of this process is further from the database
    server's than EXPIRATION_CLOCK_TOLERANCE allows. Raises SweepFailed, once the row is written, for that,
    for a failing database and for an Interrupted from the block; DatabaseError when no row can be opened.
    """
    now, server_now = timezone.now(), database_clock()
    clock_is_right = abs((now - server_now).total_seconds()) <= conf.clock_tolerance()
    started = now if clock_is_right else server_now
    _mark_interrupted_runs(started)
    run = ExpirationRun.objects.create(
        started_at=started, last_sign_of_life=started, cutoff=started,
        started_by=started_by, host=socket.gethostname(), pid=os.getpid(), undo_of=undo_of,
    )  # fmt: skip
    try:
        if not clock_is_right:
            raise WrongClock(
                f"The clock of this machine says {now:%Y-%m-%d %H:%M:%S} UTC, the database server's "
                f"{server_now:%Y-%m-%d %H:%M:%S} UTC: correct the wrong one, then run again."
            )
        yield run
        close(run, ExpirationRun.State.COMPLETED)
    except BaseException as error:  # whatever stopped it, Ctrl-C included: the ledger tells, and the error goes on
        run.error = _reason(error)
        asked = isinstance(error, Interrupted) or not isinstance(error, Exception)
        # The database may be the one that failed; the first error is the one to report.
        with suppress(DatabaseError, InterfaceError):
            close(run, ExpirationRun.State.INTERRUPTED if asked else ExpirationRun.State.FAILED)
        if isinstance(error, (DatabaseError, Interrupted, WrongClock)):
            raise _failure(run, error) from error
        raise


def close(run: ExpirationRun, state: ExpirationRun.State) -> None:
    """Write how `run` ended. Raises DatabaseError when the database fails."""
    if not connection.in_atomic_block:
        connection.close_if_unusable_or_obsolete()
    run.state = state
    run.ended_at = run.last_sign_of_life = timezone.now()
    run.save(update_fields=["state", "ended_at", "last_sign_of_life", "error", "warning"])


def database_clock() -> datetime:
    """The present instant by the database server's clock; SQLite runs in this process and has ours."""
    if connection.vendor != "postgresql":
        return timezone.now()
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        now: datetime = cursor.fetchone()[0]
    return now


def _reason(error: BaseException) -> str:
    if isinstance(error, (Interrupted, WrongClock)):
        return str(error)
    return (
        f"{type(error).__name__}: {error}" if isinstance(error, Exception) else f"Stopped by {type(error).__name__}."
    )


def _failure(run: ExpirationRun, reason: DatabaseError | Interrupted | WrongClock) -> SweepFailed:
    if run.undo_of_id:
        return SweepFailed(run.restored_count, "put back", reason)
    return SweepFailed(run.expired_count, "expired", reason)


def _mark_interrupted_runs(now: datetime) -> None:
    """A run marked here while it still lives corrects its state itself when it ends."""
    for run in ExpirationRun.objects.filter(state=ExpirationRun.State.RUNNING):
        if _process_is_gone(run) or run.last_sign_of_life < now - SILENCE:
            run.error = "The process ended before the run did; what it had done stands."
            close(run, ExpirationRun.State.INTERRUPTED)


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
