"""The rows of the ledger: opened, closed however the work ends, and marked where a process died."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta

from django.db import Error, connection
from django.utils import timezone

from main.models import ExpirationRun
from main.sweep.announcing import announce_rest
from main.sweep.databases import clock_fault, database_clock, driver_errors, way
from main.sweep.errors import Interrupted, Refused, SweepFailed, WrongClock

# A run that has finished no batch for so long is dead, even where its process cannot be asked.
SILENCE = timedelta(hours=1)


@contextmanager
def recorded(started_by: ExpirationRun.StartedBy, undo_of: ExpirationRun | None = None) -> Iterator[ExpirationRun]:
    """Open a row, running while the block runs; it ends completed, or failed or interrupted with the reason.

    Finishes runs whose process died. Refuses where the clock of this process is further from the database
    server's than EXPIRATION_CLOCK_TOLERANCE allows. Raises SweepFailed, once the row is written, for that,
    for a failing database or driver and for an Interrupted from the block; when no row can be opened,
    WrongDatabase or the database's own error.
    """
    way()
    now, server_now = timezone.now(), database_clock()
    fault = clock_fault(now, server_now)
    started = server_now if fault else now
    _finish_dead_runs(started)
    run = ExpirationRun.objects.create(
        started_at=started, last_sign_of_life=started, cutoff=started,
        started_by=started_by, host=socket.gethostname(), pid=os.getpid(), undo_of=undo_of,
    )  # fmt: skip
    try:
        if fault:
            raise WrongClock(fault)
        yield run
        close(run, ExpirationRun.State.COMPLETED)
    except BaseException as error:  # whatever stopped it, Ctrl-C included: the ledger tells, and the error goes on
        run.error = _reason(error)
        asked = isinstance(error, Interrupted) or not isinstance(error, Exception)
        # The database may be the one that failed; the first error is the one to report.
        with suppress(Error, driver_errors()):
            _use_a_living_connection()
            if not asked:  # a commit may have succeeded although its answer was lost
                run.refresh_from_db(fields=["expired_count", "restored_count"])
                announce_rest(run)
        with suppress(Error, driver_errors()):
            close(run, ExpirationRun.State.INTERRUPTED if asked else ExpirationRun.State.FAILED)
        if isinstance(error, (Error, driver_errors(), Refused)):
            undo = run.undo_of_id is not None
            raise SweepFailed(run.restored_count if undo else run.expired_count, undo=undo, reason=error) from error
        raise


def close(run: ExpirationRun, state: ExpirationRun.State) -> None:
    """Write how `run` ended. Raises DatabaseError when the database fails."""
    _use_a_living_connection()
    run.state = state
    run.ended_at = run.last_sign_of_life = timezone.now()
    run.save(update_fields=["state", "ended_at", "last_sign_of_life", "error", "warning"])


def _use_a_living_connection() -> None:
    if not connection.in_atomic_block:
        connection.close_if_unusable_or_obsolete()


def _reason(error: BaseException) -> str:
    if isinstance(error, Refused):
        return str(error)
    return (
        f"{type(error).__name__}: {error}" if isinstance(error, Exception) else f"Stopped by {type(error).__name__}."
    )


def _finish_dead_runs(now: datetime) -> None:
    """Tell what they had no time to tell, and mark them interrupted.

    A run marked here while it still lives corrects its state itself when it ends.
    """
    for run in ExpirationRun.objects.filter(state=ExpirationRun.State.RUNNING):
        if not _process_is_gone(run) and run.last_sign_of_life >= now - SILENCE:
            continue
        # Of several sweeps that start at once, one does it; the sign is the condition, so no lock is held meanwhile.
        same = ExpirationRun.objects.filter(pk=run.pk, last_sign_of_life=run.last_sign_of_life)
        if same.update(last_sign_of_life=timezone.now()):
            announce_rest(run)
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
