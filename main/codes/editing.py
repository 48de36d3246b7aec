"""What people do to codes by the handful: extend, switch off, reactivate. Pages and admin call the same functions."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import NamedTuple

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from main.codes.dates import validate_year
from main.models import ReferralCode, ReferralCodeQuerySet

NAMED_AT_MOST = 10


class Refused(Exception):
    """Why a code is left as it is, in words that say what to do."""


class Edit(NamedTuple):
    """A code, and what was done to it or why it was left."""

    code: ReferralCode
    note: str


class Outcome(NamedTuple):
    """The codes that were edited, as they are now, and those that were left as they were."""

    done: list[Edit]
    left: list[Edit]

    def sentences_done(self) -> list[str]:
        """One sentence for each thing that was done: "2 codes extended by 30 days: A-10, B-20."."""
        return [f"{counted(codes)} {note}: {named(codes)}." for note, codes in by_note(self.done).items()]

    def sentences_left(self) -> list[str]:
        """One sentence for each reason: "1 code left as it was, already inactive: C-5."."""
        return [
            f"{counted(codes)} left as it was, {note}: {named(codes)}."
            if len(codes) == 1
            else f"{counted(codes)} left as they were, {note}: {named(codes)}."
            for note, codes in by_note(self.left).items()
        ]


def extend(codes: ReferralCodeQuerySet, days: int) -> Outcome:
    """Move the date of `codes` by `days` days, from their date or, where it has passed, from now.

    A code that the system had expired works again. One that a person switched off is left, and so is one
    without a date. One transaction: an edit or a sweep of the same codes comes wholly before or after it.
    """

    def extend_one(code: ReferralCode, now: datetime) -> str:
        was_active = code.status == ReferralCode.Status.ACTIVE
        if not was_active and not code.expired_at:
            raise Refused("switched off by a person (reactivate first)")
        if not code.expires_at:
            raise Refused("without a date to extend")
        try:
            later = (now if code.is_expired_at(now) else code.expires_at) + timedelta(days=days)
            validate_year(later)
        except (OverflowError, ValidationError):
            raise Refused("already ending as late as a date can be") from None
        code.expires_at = later
        code.status = ReferralCode.Status.ACTIVE
        return f"extended by {days} days" if was_active else f"extended by {days} days and reactivated"

    return _edit(codes, extend_one)


def switch_off(codes: ReferralCodeQuerySet) -> Outcome:
    """Make `codes` inactive until a person reactivates them; those that already are, are left."""

    def switch_off_one(code: ReferralCode, now: datetime) -> str:
        if code.status == ReferralCode.Status.INACTIVE:
            raise Refused("already inactive")
        code.status = ReferralCode.Status.INACTIVE
        return "switched off"

    return _edit(codes, switch_off_one)


def reactivate(codes: ReferralCodeQuerySet) -> Outcome:
    """Make `codes` active again; those past their date are left, as they would expire at once."""

    def reactivate_one(code: ReferralCode, now: datetime) -> str:
        if code.status == ReferralCode.Status.ACTIVE:
            raise Refused("already active")
        if code.is_expired_at(now):
            raise Refused("past the date (give it a later one first)")
        code.status = ReferralCode.Status.ACTIVE
        return "reactivated"

    return _edit(codes, reactivate_one)


def by_note(edits: list[Edit]) -> dict[str, list[ReferralCode]]:
    """The codes of `edits` under what was done to them, in the order of first appearance."""
    notes: dict[str, list[ReferralCode]] = {}
    for edit in edits:
        notes.setdefault(edit.note, []).append(edit.code)
    return notes


def named(codes: list[ReferralCode]) -> str:
    """The codes by name, at most NAMED_AT_MOST of them, and the number of the rest."""
    names = ", ".join(code.code for code in codes[:NAMED_AT_MOST])
    rest = len(codes) - NAMED_AT_MOST
    return f"{names} and {rest} more" if rest > 0 else names


def counted(codes: list[ReferralCode]) -> str:
    return "1 code" if len(codes) == 1 else f"{len(codes)} codes"


@transaction.atomic
def _edit(codes: ReferralCodeQuerySet, edit_one: Callable[[ReferralCode, datetime], str]) -> Outcome:
    """Saved one by one, so that whatever holds for the save of a code holds here."""
    outcome = Outcome([], [])
    # By primary key, so that two people who edit the same codes wait for one another and never in a circle.
    locked = ReferralCode.objects.filter(pk__in=codes.order_by().values("pk")).order_by("pk")
    waited_for = list(locked.select_for_update(no_key=True))
    now = timezone.now()
    for code in waited_for:
        try:
            note = edit_one(code, now)
        except Refused as reason:
            outcome.left.append(Edit(code, str(reason)))
        else:
            code.save(update_fields=["expires_at", "status"])
            outcome.done.append(Edit(code, note))
    return outcome
