"""What people do to codes: what is possible, and the doing. Pages and admin call the same functions.

What was done, or why it was not, is a value of an enum with its figures; `sentences` makes words of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from enum import Enum, auto
from typing import NamedTuple

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from main.codes.dates import validate_year
from main.models import ReferralCode, ReferralCodeQuerySet

ACTIVE, INACTIVE = ReferralCode.Status.ACTIVE, ReferralCode.Status.INACTIVE


class Task(models.TextChoices):
    """What a person may do to a code; the value is its name in an address."""

    EDIT = "edit", _("Edit")
    EXTEND = "extend", _("Extend")
    SWITCH_OFF = "switch-off", _("Switch off")
    REACTIVATE = "reactivate", _("Reactivate")
    DELETE = "delete", _("Delete")


class Done(Enum):
    """What was done to a code."""

    EXTENDED = auto()
    REVIVED = auto()  # extended, and active again
    SWITCHED_OFF = auto()
    REACTIVATED = auto()
    EXPIRED = auto()  # by a run, because a person asked for it
    DELETED = auto()


class Refusal(Enum):
    """Why a code was left as it was."""

    ALREADY_ACTIVE = auto()
    ALREADY_INACTIVE = auto()
    SWITCHED_OFF = auto()
    NO_DATE = auto()
    LAST_DATE = auto()
    PAST_DATE = auto()
    IN_LEDGER = auto()


class Edit(NamedTuple):
    """A code, and what was done to it or why it was left."""

    code: ReferralCode
    what: Done | Refusal
    days: int = 0  # by which it was extended
    before: datetime | None = None  # its date until then
    run: int | None = None  # the number of the run that has to do with it


class Outcome(NamedTuple):
    """The codes that were edited, as they are now, and those that were left as they were."""

    done: list[Edit]
    left: list[Edit]


def refusal(task: Task, code: ReferralCode, now: datetime) -> Refusal | None:
    """Why `task` cannot be done to `code` at the instant `now`, or None when it can.

    Whoever offers a task asks here, and so does whoever carries it out, once more under the lock.
    """
    past = code.is_expired_at(now)
    obstacles = {
        Task.EDIT: {},
        # A code past its date can be extended whoever ended it: otherwise one that a person switched off before
        # its date, or that came from another system, could neither be reactivated nor extended.
        Task.EXTEND: {
            Refusal.SWITCHED_OFF: code.status == INACTIVE and not past,
            Refusal.NO_DATE: code.expires_at is None,
        },
        Task.SWITCH_OFF: {Refusal.ALREADY_INACTIVE: code.status == INACTIVE},
        Task.REACTIVATE: {Refusal.ALREADY_ACTIVE: code.status == ACTIVE, Refusal.PAST_DATE: past},
        Task.DELETE: {Refusal.IN_LEDGER: code.expired_by_id is not None},
    }
    return next((reason for reason, stands in obstacles[task].items() if stands), None)


def possible(code: ReferralCode, now: datetime) -> list[Task]:
    """The tasks that can be done to `code` at the instant `now`."""
    return [task for task in Task if not refusal(task, code, now)]


def extend(codes: ReferralCodeQuerySet, days: int) -> Outcome:
    """Move the date of `codes` by `days` days, from their date or, where it has passed, from now.

    A code past its date becomes active, whoever had ended it. One that is switched off before its date is left,
    and so is one without a date. One transaction: an edit or a sweep of the same codes comes wholly before or after.
    """

    def extend_one(code: ReferralCode, now: datetime) -> Edit:
        later = _later(code, days, now)
        if later is None:
            return Edit(code, Refusal.LAST_DATE)
        done = Done.EXTENDED if code.status == ACTIVE else Done.REVIVED
        before, code.expires_at, code.status = code.expires_at, later, ACTIVE
        code.save(update_fields=["expires_at", "status"])
        return Edit(code, done, days, before)

    return _carry_out(Task.EXTEND, codes, extend_one)


def switch_off(codes: ReferralCodeQuerySet) -> Outcome:
    """Make `codes` inactive until a person reactivates them; those that already are, are left."""
    return _carry_out(Task.SWITCH_OFF, codes, lambda code, now: _give_status(code, INACTIVE, Done.SWITCHED_OFF))


def reactivate(codes: ReferralCodeQuerySet) -> Outcome:
    """Make `codes` active again; those past their date are left, as they would expire at once."""
    return _carry_out(Task.REACTIVATE, codes, lambda code, now: _give_status(code, ACTIVE, Done.REACTIVATED))


def delete(codes: ReferralCodeQuerySet) -> Outcome:
    """Delete `codes`; those that a run has expired are left, as the ledger counts them."""

    def delete_one(code: ReferralCode, now: datetime) -> Edit:
        ReferralCode.objects.filter(pk=code.pk).delete()  # `code` keeps its number, for the history
        return Edit(code, Done.DELETED)

    return _carry_out(Task.DELETE, codes, delete_one)


def locked(codes: ReferralCodeQuerySet) -> list[ReferralCode]:
    """Those of `codes` that still exist, locked for this transaction, as they are now."""
    # By primary key, so that two people who edit the same codes wait for one another and never in a circle.
    chosen = ReferralCode.objects.filter(pk__in=codes.order_by().values("pk")).order_by("pk")
    return list(chosen.select_for_update(no_key=True))


@transaction.atomic
def _carry_out(
    task: Task, codes: ReferralCodeQuerySet, carry_out_one: Callable[[ReferralCode, datetime], Edit]
) -> Outcome:
    """Codes are saved one by one, so that whatever holds for the save of a code holds here."""

    def edits() -> Iterator[Edit]:
        chosen = locked(codes)
        now = timezone.now()
        for code in chosen:
            why_not = refusal(task, code, now)
            yield Edit(code, why_not, run=code.expired_by_id) if why_not else carry_out_one(code, now)

    outcome = Outcome([], [])
    for edit in edits():
        (outcome.done if isinstance(edit.what, Done) else outcome.left).append(edit)
    return outcome


def _give_status(code: ReferralCode, status: ReferralCode.Status, done: Done) -> Edit:
    code.status = status
    code.save(update_fields=["status"])
    return Edit(code, done)


def _later(code: ReferralCode, days: int, now: datetime) -> datetime | None:
    """The date of `code` moved by `days` days, from now where it has passed; None where no date is so late."""
    start = now if code.is_expired_at(now) else code.expires_at
    try:
        later = (start or now) + timedelta(days=days)
        validate_year(later)
    except (OverflowError, ValidationError):
        return None
    return later
