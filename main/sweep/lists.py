"""The codes of a run, as the ledger keeps them: those that are still its own, and those that others took over."""

from __future__ import annotations

from functools import cached_property
from typing import NamedTuple

from django.db import models
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from main.models import ExpirationRun, FormerCode, ReferralCode


class Since(models.TextChoices):
    """What has happened to a code since a run expired it or put it back."""

    NOTHING = "nothing", ""
    ACTIVE_AGAIN = "active_again", _("active again already")
    SWITCHED_OFF = "switched_off", _("switched off since")
    EDITED = "edited", _("edited since")
    PUT_BACK = "put_back", _("put back by run %(run)d")
    EXPIRED_AGAIN = "expired_again", _("expired again by run %(run)d")
    SAVED = "saved", _("expired again on save")


class Listed(NamedTuple):
    """One code in the list of a run; `taken_by` is the number of the run that took it over."""

    code: ReferralCode
    since: Since
    taken_by: int | None = None

    @property
    def in_words(self) -> str:
        return str(self.since.label) % {"run": self.taken_by}


class CodesOf:
    """The list of `run`, for a paginator: first its own codes, oldest date first, then those that others took over.

    In two parts, so that each is read by its index.
    """

    def __init__(self, run: ExpirationRun) -> None:
        self._run = run
        self._own = run.codes.order_by("expires_at", "id").select_related("agent__user")
        self._former = former_codes(run).select_related("code__agent__user").order_by("id")

    def count(self) -> int:
        return self._own_count + self._former.count()

    def __len__(self) -> int:
        return self.count()

    def __getitem__(self, part: slice) -> list[Listed]:
        own = [Listed(code, since(self._run, code)) for code in self._own[part]]
        former = self._former[max(part.start - self._own_count, 0) : max(part.stop - self._own_count, 0)]
        return own + [listed(code) for code in former]

    @cached_property
    def _own_count(self) -> int:
        return self._own.count()


def former_codes(run: ExpirationRun) -> QuerySet[FormerCode]:
    """The codes of `run` that others took over; without one that an older copy has given back to it."""
    return run.former_codes.exclude(code__expired_by=run).select_related("code", "taken_by")


def listed(former: FormerCode) -> Listed:
    if former.taken_by is None:
        return Listed(former.code, Since.SAVED)
    return Listed(
        former.code, Since.PUT_BACK if former.taken_by.undo_of_id else Since.EXPIRED_AGAIN, former.taken_by_id
    )


def since(run: ExpirationRun, code: ReferralCode) -> Since:
    """What has happened to one of the run's own codes. Every save sets `updated_at`; a sweep and an undo never do."""
    active = code.status == ReferralCode.Status.ACTIVE
    if run.undo_of_id:
        if active:
            return Since.EDITED if code.updated_at > run.started_at else Since.NOTHING
        return Since.SWITCHED_OFF
    if active:
        return Since.ACTIVE_AGAIN
    if code.expired_at is None:
        return Since.SWITCHED_OFF
    return Since.EDITED if code.updated_at > code.expired_at else Since.NOTHING
