"""The rows of the ledger: one is opened for each run and closed when it ends, even if its process has died."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import Error, connection
from django.utils import timezone
from django.utils.translation import override

from main.models import ExpirationRun
from main.sweep.announcing import announce_rest
from main.sweep.databases import clock_fault, database_clock, driver_errors, way
from main.sweep.errors import Interrupted, Refused, SweepFailed

# A run that has finished no batch for so long counts as dead, even if its process cannot be checked.
SILENCE = timedelta(hours=1)


@contextmanager
def recorded(
    started_by: ExpirationRun.StartedBy, undo_of: ExpirationRun | None = None, person: AbstractBaseUser | None = None
) -> Iterator[ExpirationRun]:
    """Open a row for the block. Close it as completed, or as failed or interrupted with the reason.

    A block that has found nothing to do may delete the row.
    `person` is the user who asked for it in the admin.

    First closes the rows of runs whose process died. Does not enter the block if the clock of this process differs
    from the database server's by more than EXPIRATION_CLOCK_TOLERANCE. Then, and when the database or its driver
    fails or the block raises Interrupted, it writes the row and raises SweepFailed. If no row can be opened, it
    raises WrongDatabase or the database's own error.
    """
    way()
    now, server_now = timezone.now(), database_clock()
    fault = clock_fault(now, server_now)
    started = server_now if fault else now
    _finish_dead_runs(started)
    run = ExpirationRun.objects.create(
        started_at=started, last_sign_of_life=started, cutoff=started,
        started_by=started_by, host=socket.gethostname(), pid=os.getpid(), undo_of=undo_of,
        person_id=person.pk if person else None, person_name=person.get_username() if person else "",
    )  # fmt: skip
    try:
        if fault:
            raise fault
        yield run
        if run.pk:
            close(run, ExpirationRun.State.COMPLETED)
    except BaseException as error:  # also Ctrl-C: the ledger must say how the run ended; the error is raised again
        run.error = _reason(error)
        asked = isinstance(error, Interrupted) or not isinstance(error, Exception)
        # If the database fails here too, the first error is still the one to report.
        with suppress(Error, driver_errors()):
            _use_a_living_connection()
            if not asked:  # a commit may have succeeded even if the connection broke before its answer came
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
    """The error as the ledger keeps it: in English."""
    with override(None):
        if isinstance(error, Refused):
            return str(error)
        said = f"{type(error).__name__}: {error}"
    return said if isinstance(error, Exception) else f"Stopped by {type(error).__name__}."


def _finish_dead_runs(now: datetime) -> None:
    """Announce the codes that dead runs did not announce, and mark these runs as interrupted.

    If a run marked here is still alive, it corrects its own row when it ends.
    """
    for run in ExpirationRun.objects.filter(state=ExpirationRun.State.RUNNING):
        if not _process_is_gone(run) and run.last_sign_of_life >= now - SILENCE:
            continue
        # If several sweeps start at once, only the one whose update changes the row goes on. No lock is held for that.
        same = ExpirationRun.objects.filter(pk=run.pk, last_sign_of_life=run.last_sign_of_life)
        if same.update(last_sign_of_life=timezone.now()):
            announce_rest(run)
            run.error = "The process ended before the run did. The codes that it changed stay changed."
            close(run, ExpirationRun.State.INTERRUPTED)


def _process_is_gone(run: ExpirationRun) -> bool:
    """Whether the process is certainly gone. Never for another machine or on Windows, where os.kill would end it."""
    if run.host != socket.gethostname() or os.name == "nt":
        return False
    try:
        os.kill(run.pid, 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        pass
    return False
