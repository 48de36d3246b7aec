"""What follows an edit by a person: a note in the history, and messages to the person. For the pages and the admin."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from copy import copy
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.contrib.admin.models import CHANGE, DELETION, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.urls import reverse
from django.utils.crypto import get_random_string
from django.utils.html import format_html
from django.utils.translation import gettext as _

from main.codes import editing, history, sentences
from main.codes.editing import Before, Done, Edit, Outcome, Undo
from main.models import ReferralCode
from main.sweep.errors import WrongClock

UNDO = "undo"  # in the session


def carry_out(request: Any, edit: Callable[[], Outcome], undo_at: str = "") -> None:
    """Edit and write the history in one transaction, then show messages to the person who sent the `request`.

    If `undo_at` is the name of a page, the message has a link to undo the edit there.
    """
    try:
        with transaction.atomic():
            outcome = edit()
            record(request, outcome.done)
    except WrongClock as fault:
        messages.error(request, _("Nothing was changed. %(why)s") % {"why": fault})
    else:
        tell(request, outcome, undo_at)


def record(request: Any, edits: Iterable[Edit]) -> None:
    """Write the admin's history of the codes that were edited, in one statement."""
    kind = ContentType.objects.get_for_model(ReferralCode)
    LogEntry.objects.bulk_create(
        LogEntry(
            user_id=request.user.pk,
            content_type=kind,
            object_id=str(edit.code.pk),
            object_repr=str(edit.code),
            action_flag=DELETION if edit.what is Done.DELETED else CHANGE,
            change_message=_note(edit),
        )
        for edit in edits
    )


def _note(edit: Edit) -> str:
    if edit.what is Done.DELETED or edit.before is None:
        return ""
    before = copy(edit.code)
    before.status, before.expires_at, before.expired_at = edit.before
    figures = {"days": edit.days, "run": edit.run}
    said = {name: figure for name, figure in figures.items() if figure}
    return json.dumps(history.message(before, edit.code, done=edit.what.name, **said))


def tell(request: Any, outcome: Outcome, undo_at: str = "") -> None:
    """Show messages: what was done, what was left as it is, and why."""
    done = list(sentences.told(outcome.done))
    if done and undo_at:
        word = _("Undo") if len(done) == 1 else _("Undo all of this")
        url = reverse(undo_at, args=[remember(request, outcome.done)])
        done[-1] = format_html('{} <a href="{}">{}</a>', done[-1], url, word)
    for sentence in done:
        messages.success(request, sentence)
    for sentence in sentences.told(outcome.left):
        messages.warning(request, sentence)


def remember(request: Any, done: list[Edit]) -> str:
    """Keep what the codes were before in the session, until the next edit of several codes. Return the key."""
    key = get_random_string(12)
    codes = {
        edit.code.pk: [editing.version(edit.code), edit.before.status, *map(_text, edit.before[1:])]
        for edit in done
        if edit.before
    }
    request.session[UNDO] = {"key": key, "codes": codes}
    return key


def remembered(request: Any, key: str) -> Undo | None:
    """What `remember` kept under `key`. None if it was undone already, or there was another edit since."""
    kept = request.session.get(UNDO, {})
    if kept.get("key") != key:
        return None
    return {
        int(pk): (left_as, Before(status, _instant(expires_at), _instant(expired_at)))
        for pk, (left_as, status, expires_at, expired_at) in kept["codes"].items()
    }


def forget(request: Any) -> None:
    request.session.pop(UNDO, None)


def _text(instant: datetime | None) -> str | None:
    return instant.isoformat() if instant else None


def _instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def tell_saved(request: Any, code: ReferralCode) -> None:
    """Show whether the code that a form has just saved works; a warning if it does not."""
    messages.add_message(request, messages.SUCCESS if code.is_usable else messages.WARNING, sentences.saved(code))
