"""Undoing an import: its codes go, as long as nobody has touched one of them."""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice
from typing import NamedTuple

from django.db import transaction
from django.db.models import PROTECT, F
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from main.models import CodeImport, ReferralCode, ReferralCodeQuerySet, UserProfile
from main.sweep.errors import CannotUndo

BATCH_SIZE = 1000  # codes deleted in one transaction: on SQLite it keeps others waiting
NAMED_AT_MOST = 10


class Undone(NamedTuple):
    """How many codes and agents an undo deleted, or would delete."""

    codes: int
    agents: int


def would_undo(entry: CodeImport) -> Undone:
    """What `undo_import` would do. Raises CannotUndo as it does."""
    _refuse(entry)
    agents = entry.new_agents.exclude(referral_codes__in=ReferralCode.objects.exclude(imported_by=entry))
    return Undone(entry.codes.count(), sum(_is_new(agent) for agent in agents.select_related("user")))


def undo_import(entry: CodeImport, on_batch: Callable[[int], object] = lambda size: None) -> Undone:
    """Delete the codes of an import, and those of the agents created by it who have never signed in and have no other.

    Works in batches: killed at any moment, what was deleted is gone, and undoing the import once more does the rest.
    After each batch, `on_batch` is called with the number of its codes.
    Raises CannotUndo, with nothing deleted, where a code was touched before; one that is touched meanwhile stays.
    """
    _refuse(entry)
    codes = agents = 0
    while ids := list(_untouched(entry).order_by("id").values_list("id", flat=True)[:BATCH_SIZE]):
        with transaction.atomic():
            # Under the lock the database evaluates the condition once more.
            batch = _untouched(entry).filter(pk__in=ids).select_for_update(of=("self",), no_key=False)
            deleted = ReferralCode.objects.filter(pk__in=[code.pk for code in batch]).delete()[0]
        codes += deleted
        on_batch(deleted)
    _refuse(entry)
    with transaction.atomic():
        for agent in entry.new_agents.select_related("user"):
            if _is_new(agent) and not agent.referral_codes.exists():
                agent.user.delete()
                agents += 1
        entry.undone_at = timezone.now()
        entry.save(update_fields=["undone_at"])
    return Undone(codes, agents)


def _untouched(entry: CodeImport) -> ReferralCodeQuerySet:
    """The codes as the import left them: not edited since, in no run of the ledger, and nothing else names them."""
    named = {relation.name: None for relation in ReferralCode._meta.related_objects if relation.on_delete is PROTECT}
    return ReferralCode.objects.filter(
        imported_by=entry, updated_at=F("imported_by__imported_at"), expired_by=None, **named
    )


def _refuse(entry: CodeImport) -> None:
    if entry.undone_at:
        raise CannotUndo(_("Import %(number)d is already undone.") % {"number": entry.pk})
    touched = entry.codes.exclude(pk__in=_untouched(entry).values("pk")).order_by("id")
    if count := touched.count():
        names = ", ".join(code.code for code in islice(touched, NAMED_AT_MOST))
        if count > NAMED_AT_MOST:
            names = _("%(names)s and %(rest)d more") % {"names": names, "rest": count - NAMED_AT_MOST}
        told = ngettext(
            "Import %(number)d is not undone: %(count)d code was edited, expired or used since: %(codes)s.",
            "Import %(number)d is not undone: %(count)d codes were edited, expired or used since: %(codes)s.",
            count,
        )
        raise CannotUndo(told % {"number": entry.pk, "count": count, "codes": names})


def _is_new(agent: UserProfile) -> bool:
    """Whether the account is as the import made it: without a password, and never used."""
    return agent.user.last_login is None and not agent.user.has_usable_password()
