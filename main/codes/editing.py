"""What people can do to codes, and the functions that do it. The pages and the admin call the same functions.

What was done, or why it was not, is a value of an enum with its figures; `sentences` turns it into words.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from datetime import datetime, timedelta
from enum import Enum, auto
from typing import NamedTuple, Self

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from main.codes.dates import validate_year
from main.models import ReferralCode, ReferralCodeQuerySet
from main.sweep.databases import now_for_writing

ACTIVE, INACTIVE = ReferralCode.Status.ACTIVE, ReferralCode.Status.INACTIVE

# For each code, by its id, the version that a person saw.
Seen = Mapping[int, str]


class Task(models.TextChoices):
    """What a person may do to a code. The value is the task's name in addresses."""

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
    EXPIRED = auto()  # by a run that a person started for this code
    DELETED = auto()
    PUT_BACK = auto()  # as it was before an edit
    PUT_BACK_PAST = auto()  # the same, but its date has passed: it expired at once


class Refusal(Enum):
    """Why a code was left as it was."""

    ALREADY_ACTIVE = auto()
    ALREADY_INACTIVE = auto()
    SWITCHED_OFF = auto()
    NO_DATE = auto()
    LAST_DATE = auto()
    PAST_DATE = auto()
    IN_LEDGER = auto()
    CHANGED = auto()  # since the person saw it
    IN_USE = auto()  # by records of other apps


class Before(NamedTuple):
    """The fields of a code that an edit may change, as they were before it."""

    status: str
    expires_at: datetime | None
    expired_at: datetime | None

    @classmethod
    def of(cls, code: ReferralCode) -> Self:
        return cls(code.status, code.expires_at, code.expired_at)


class Edit(NamedTuple):
    """A code, and what was done to it or why it was left as it is."""

    code: ReferralCode
    what: Done | Refusal
    days: int = 0  # by which it was extended
    before: Before | None = None
    run: int | None = None  # the number of the run that expired it


# For each code, by its id: its version after an edit, and what it was before.
Undo = Mapping[int, tuple[str, Before]]


class Outcome(NamedTuple):
    """The codes that were edited, as they are now, and those that were left as they were."""

    done: list[Edit]
    left: list[Edit]


def refusal(task: Task, code: ReferralCode, now: datetime, in_use: Container[int] = ()) -> Refusal | None:
    """Return why `task` cannot be done to `code` at the instant `now`, or None if it can be done.

    `in_use` is what `referred_to` found; only Task.DELETE needs it. Pages call this before they offer a task, and
    `edit` calls it again under the lock.
    """
    past = code.is_expired_at(now)
    obstacles = {
        Task.EDIT: {},
        # A code past its date can always be extended. Otherwise a code that a person switched off before its date, or
        # that was imported as inactive, could neither be extended nor reactivated.
        Task.EXTEND: {
            Refusal.SWITCHED_OFF: code.status == INACTIVE and not past,
            Refusal.NO_DATE: code.expires_at is None,
        },
        Task.SWITCH_OFF: {Refusal.ALREADY_INACTIVE: code.status == INACTIVE},
        Task.REACTIVATE: {Refusal.ALREADY_ACTIVE: code.status == ACTIVE, Refusal.PAST_DATE: past},
        Task.DELETE: {Refusal.IN_LEDGER: code.expired_by_id is not None, Refusal.IN_USE: code.pk in in_use},
    }
    return next((reason for reason, stands in obstacles[task].items() if stands), None)


def possible(code: ReferralCode, now: datetime, in_use: Container[int] = ()) -> list[Task]:
    """The tasks that can be done to `code` at the instant `now`; `in_use` is what `referred_to` found."""
    return [task for task in Task if not refusal(task, code, now, in_use)]


def version(code: ReferralCode) -> str:
    """Return the version of `code`. Every save changes it. A sweep does not, so an edit can follow a sweep."""
    return code.updated_at.isoformat()


def extend(codes: ReferralCodeQuerySet, days: int, seen: Seen | None = None) -> Outcome:
    """Move the date of `codes` by `days` days, from their date or, where it has passed, from now.

    A code past its date becomes active again. Codes that are switched off before their date, and codes without a date,
    are left as they are. All is one transaction, so another edit or a sweep cannot mix with it.
    A code whose version is not the one that was `seen` is left too, here and in the other edits. So a form that is
    sent twice acts once.
    """
    return edit(Task.EXTEND, codes, seen, days)


def switch_off(codes: ReferralCodeQuerySet, seen: Seen | None = None) -> Outcome:
    """Make `codes` inactive until a person reactivates them. Codes that are inactive already are left."""
    return edit(Task.SWITCH_OFF, codes, seen)


def reactivate(codes: ReferralCodeQuerySet, seen: Seen | None = None) -> Outcome:
    """Make `codes` active again. Codes past their date are left, because they would expire at once."""
    return edit(Task.REACTIVATE, codes, seen)


def delete(codes: ReferralCodeQuerySet, seen: Seen | None = None) -> Outcome:
    """Delete `codes`. Codes that the ledger or other records count, such as redemptions, are left."""
    return edit(Task.DELETE, codes, seen)


def preview(task: Task, codes: Iterable[ReferralCode], days: int = 0) -> Outcome:
    """Return what `task` would do to `codes` now. It changes them only in memory."""
    now = timezone.now()
    return _sorted(_apply(task, code, now, days) for code in codes)


def preview_of_undo(undo: Undo) -> Outcome:
    """Return what `put_back` would do now. It changes codes only in memory."""
    codes = ReferralCode.objects.filter(pk__in=undo).order_by("pk").select_related("agent__user")
    now = timezone.now()
    outcome = _sorted(_put_back_one(code, undo, now) for code in codes)
    for edit in outcome.done:
        if edit.what is Done.PUT_BACK_PAST:
            edit.code.status = INACTIVE  # as the save will
    return outcome


@transaction.atomic
def put_back(undo: Undo) -> Outcome:
    """Undo an edit: put each code back as it was before, unless somebody has touched it since.

    A code that was active, and is past its date by now, is expired by the save.
    """
    chosen, now = locked(ReferralCode.objects.filter(pk__in=undo)), timezone.now()
    outcome = _sorted(_put_back_one(code, undo, now) for code in chosen)
    for edit in outcome.done:
        edit.code.save(update_fields=["status", "expires_at"])
    return outcome


def _put_back_one(code: ReferralCode, undo: Undo, now: datetime) -> Edit:
    left_as, before = undo[code.pk]
    expired_since = code.expired_at is not None and code.expired_at > code.updated_at
    if version(code) != left_as or expired_since:
        return Edit(code, Refusal.CHANGED)
    left_by_edit = Before.of(code)
    code.status, code.expires_at, code.expired_at = before
    return Edit(code, Done.PUT_BACK_PAST if code.is_overdue_at(now) else Done.PUT_BACK, before=left_by_edit)


def referred_to(codes: Iterable[ReferralCode]) -> set[int]:
    """The ids of those of `codes` that other tables hold on to (PROTECT), those of other apps too."""
    ids = [code.pk for code in codes]
    found: set[int] = set()
    for relation in ReferralCode._meta.related_objects:
        if isinstance(relation, models.ManyToOneRel) and relation.on_delete is models.PROTECT:
            referring = relation.field.model._base_manager.filter(**{relation.field.attname: models.OuterRef("pk")})
            held = ReferralCode.objects.filter(models.Exists(referring), pk__in=ids)  # one look, not all redemptions
            found.update(held.values_list("pk", flat=True))
    return found


def locked(codes: ReferralCodeQuerySet) -> list[ReferralCode]:
    """Those of `codes` that still exist, locked for this transaction, as they are now."""
    # Locked in the order of their ids, so that two people who edit the same codes cannot deadlock.
    chosen = ReferralCode.objects.filter(pk__in=codes.order_by().values("pk")).order_by("pk")
    return list(chosen.select_for_update(no_key=True))


@transaction.atomic
def edit(task: Task, codes: ReferralCodeQuerySet, seen: Seen | None = None, days: int = 0) -> Outcome:
    """Do `task` to `codes`. Leave codes to which it cannot be done, and codes whose version is not the one `seen`.

    Codes are saved one by one, so that the signals of a save are sent for each of them. Raises WrongClock, and does
    nothing, if the clock of this machine may be wrong.
    """
    chosen = locked(codes)
    now = now_for_writing()
    in_use = referred_to(chosen) if task == Task.DELETE else ()

    def carry_out_one(code: ReferralCode) -> Edit:
        if seen is not None and seen.get(code.pk) != version(code):
            return Edit(code, Refusal.CHANGED)
        done = _apply(task, code, now, days, in_use)
        if done.what is Done.DELETED:
            ReferralCode.objects.filter(pk=code.pk).delete()  # `code` keeps its number, for the history
        elif isinstance(done.what, Done):
            code.save(update_fields=["expires_at", "status"])
        return done

    return _sorted(map(carry_out_one, chosen))


def _apply(task: Task, code: ReferralCode, now: datetime, days: int, in_use: Container[int] = ()) -> Edit:
    """Do `task` to `code` in memory, if it can be done."""
    if why_not := refusal(task, code, now, in_use):
        return Edit(code, why_not, run=code.expired_by_id)
    before = Before.of(code)
    if task == Task.EXTEND:
        later = _later(code, days, now)
        if later is None:
            return Edit(code, Refusal.LAST_DATE)
        done = Done.EXTENDED if code.status == ACTIVE else Done.REVIVED
        code.expires_at, code.status = later, ACTIVE
        return Edit(code, done, days, before)
    if task == Task.DELETE:
        return Edit(code, Done.DELETED, before=before)
    code.status, done = (ACTIVE, Done.REACTIVATED) if task == Task.REACTIVATE else (INACTIVE, Done.SWITCHED_OFF)
    return Edit(code, done, before=before)


def _sorted(edits: Iterable[Edit]) -> Outcome:
    outcome = Outcome([], [])
    for edit in edits:
        (outcome.done if isinstance(edit.what, Done) else outcome.left).append(edit)
    return outcome


def _later(code: ReferralCode, days: int, now: datetime) -> datetime | None:
    """The date of `code`, or now if it has passed, plus `days` days. None if that date is too late to be stored."""
    start = now if code.is_expired_at(now) else code.expires_at
    try:
        later = (start or now) + timedelta(days=days)
        validate_year(later)
    except (OverflowError, ValidationError):
        return None
    return later
