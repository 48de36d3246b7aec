"""What follows an edit by a person: the history keeps it, and the person is told. For the pages and the admin."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import groupby
from typing import Any

from django.contrib import messages
from django.contrib.admin.models import CHANGE, DELETION, LogEntry
from django.db import transaction

from main.codes import sentences
from main.codes.editing import Done, Edit, Outcome
from main.models import ReferralCode


def carry_out(request: Any, edit: Callable[[], Outcome]) -> None:
    """Edit and write the history in one transaction, then tell the person who sent the `request`."""
    with transaction.atomic():
        outcome = edit()
        record(request, outcome.done)
    tell(request, outcome)


def record(request: Any, edits: Iterable[Edit]) -> None:
    """Write the admin's history, one call for all codes with the same note."""
    notes = [(DELETION if edit.what is Done.DELETED else CHANGE, sentences.for_history(edit), edit) for edit in edits]
    notes.sort(key=lambda note: note[:2])
    for (flag, sentence), same in groupby(notes, key=lambda note: note[:2]):
        LogEntry.objects.log_actions(request.user.pk, [edit.code for _, _, edit in same], flag, sentence)


def tell(request: Any, outcome: Outcome) -> None:
    """Say what was done, and what was left and why."""
    for sentence in sentences.told(outcome.done):
        messages.success(request, sentence)
    for sentence in sentences.told(outcome.left):
        messages.warning(request, sentence)


def tell_saved(request: Any, code: ReferralCode) -> None:
    """Say whether the code that a form has just saved works; a warning where it does not."""
    messages.add_message(request, messages.SUCCESS if code.is_usable else messages.WARNING, sentences.saved(code))
