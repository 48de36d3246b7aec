"""Undoes a run: the codes that it expired are active again, unless somebody has touched them since."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction
from django.db.models import F
from django.dispatch import Signal
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from main.models import ExpirationRun, ReferralCode, ReferralCodeQuerySet
from main.sweep.announcing import ExpiredCode
from main.sweep.databases import limit_lock_wait
from main.sweep.errors import CannotUndo
from main.sweep.ledger import recorded
from main.sweep.lists import Listed, former_codes, listed, since
from main.sweep.reading import by_id, in_order

UNDOABLE = [ExpirationRun.State.COMPLETED, ExpirationRun.State.FAILED, ExpirationRun.State.INTERRUPTED]

BATCH_SIZE = 1000

# Sent after the commit that put `codes` (a list of ExpiredCode) back. `run` is the undo's own row of the ledger.
referral_codes_restored = Signal()


def undo(
    run: ExpirationRun,
    started_by: ExpirationRun.StartedBy,
    *,
    person: AbstractBaseUser | None = None,
    on_batch: Callable[[int], object] = lambda size: None,
) -> ExpirationRun:
    """Put back the codes of `run` that nobody has touched since. Return the undo's own row of the ledger.

    `person` is the user who asked for it in the admin.

    Works in batches, as the sweep does. If it is killed, finished batches stay, and a second undo of the run does the
    rest. `run` is marked as undone at the end. The next sweep expires the codes that are past their date again.

    Raises CannotUndo if the run is still running, is undone already, or is itself an undo. Otherwise it raises the
    same errors as `sweep`.
    """
    refuse_what_cannot_be_undone(run)
    with recorded(started_by, undo_of=run, person=person) as undoing:
        for batch in _batches(run, undoing):
            on_batch(len(batch))
        run.state = ExpirationRun.State.UNDONE
        run.save(update_fields=["state"])
    return undoing


def refuse_what_cannot_be_undone(run: ExpirationRun) -> None:
    """Raise CannotUndo, with the reason, unless `run` is a sweep that has ended."""
    if run.undo_of_id:
        raise CannotUndo(
            _("Run %(run)d is itself the undo of run %(undone)d. The next sweep expires its codes again."),
            run=run.pk, undone=run.undo_of_id,
        )  # fmt: skip
    if run.state == ExpirationRun.State.UNDONE:
        raise CannotUndo(_("Run %(run)d is undone already."), run=run.pk)
    if run.state not in UNDOABLE:
        raise CannotUndo(_("Run %(run)d is still running: wait until it has ended, or stop it first."), run=run.pk)


def untouched(run: ExpirationRun) -> ReferralCodeQuerySet:
    """The codes of `run` that nobody has changed since. Every save sets `updated_at`; the sweep never does."""
    return ReferralCode.objects.filter(
        expired_by=run, status=ReferralCode.Status.INACTIVE, expired_at__isnull=False, updated_at__lte=F("expired_at")
    ).order_by("expires_at", "id")


def left(run: ExpirationRun, at_most: int | None = None) -> Iterator[Listed]:
    """The codes of `run` that an undo leaves as they are, each with what has happened to it since.

    First those that are still its own, oldest expiry first; then those that others have taken over; `at_most` so many
    of each. See `stream` for what must not be done before the last one is read.
    """
    for code in in_order(run.codes.exclude(pk__in=untouched(run).order_by().values("pk")), at_most=at_most):
        yield Listed(code, since(run, code))
    former = former_codes(run).exclude(taken_by__isnull=False, taken_by__in=run.undos.values("pk"))
    yield from map(listed, by_id(former) if at_most is None else former.order_by("pk")[:at_most])


def gone(run: ExpirationRun) -> int:
    """How many codes of the run the ledger cannot name: deleted, or taken over before it kept such lists."""
    return run.expired_count + run.restored_count - run.codes.count() - former_codes(run).count()


def _batches(run: ExpirationRun, undoing: ExpirationRun) -> Iterator[list[ExpiredCode]]:
    """Put back the codes that nobody has locked, in batches; then the others one at a time, to avoid deadlocks."""
    while batch := _restore_batch(run, undoing, BATCH_SIZE) or _restore_batch(run, undoing, 1, wait=True):
        yield batch


def _restore_batch(run: ExpirationRun, undoing: ExpirationRun, size: int, *, wait: bool = False) -> list[ExpiredCode]:
    with transaction.atomic():
        if wait:
            limit_lock_wait()
        # The database checks the condition again under the lock.
        # Ordered by id, as the index is: with another order, each batch would sort all remaining codes.
        locked = untouched(run).order_by("id").select_for_update(skip_locked=not wait, no_key=True)
        batch = [ExpiredCode(*row) for row in locked.values_list("id", "code", "agent_id", "expires_at")[:size]]
        if batch:
            ReferralCode.objects.filter(pk__in=[code.id for code in batch]).update(
                status=ReferralCode.Status.ACTIVE, expired_at=None, expired_by=undoing
            )
            ExpirationRun.objects.filter(pk=undoing.pk).update(
                restored_count=F("restored_count") + len(batch), last_sign_of_life=timezone.now()
            )
            transaction.on_commit(partial(_announce, batch, undoing))
    undoing.restored_count += len(batch)
    return batch


def _announce(codes: list[ExpiredCode], run: ExpirationRun) -> None:
    referral_codes_restored.send_robust(sender=ReferralCode, codes=codes, run=run)
