"""Notes in the admin's history about more than edited fields: stored as facts, put into words for their reader.

Such a note is Django's message with keys of ours: `[{"note": "undone_by_run", "undo": 7, "count": 3}]`.
"""

from __future__ import annotations

import json
from enum import StrEnum
from typing import Any

from django.contrib.admin.models import LogEntry
from django.db.models import Model
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy, override

from main.importing import report
from main.models import CodeImport


class Note(StrEnum):
    """What was done. The value is in the database."""

    SWITCHED_ON = "switched_on"
    SWITCHED_OFF = "switched_off"
    ADDED_FOR = "added_for"
    UNDONE_BY_RUN = "undone_by_run"
    CREATED = "created"
    IMPORTED = "imported"
    IMPORT_UNDONE = "import_undone"


WORDS: dict[Note, Any] = {
    Note.SWITCHED_ON: _("Switched on."),
    Note.SWITCHED_OFF: _("Switched off."),
    Note.ADDED_FOR: _("Added for %(person)s."),
    Note.UNDONE_BY_RUN: ngettext_lazy(
        "Undone by run %(undo)d: %(count)d code put back.",
        "Undone by run %(undo)d: %(count)d codes put back.",
        "count",
    ),
    Note.CREATED: ngettext_lazy("%(count)d code was created.", "%(count)d codes were created.", "count"),
}


def note(what: Note, **facts: Any) -> list[dict[str, Any]]:
    """The message for the history that says `what` was done, with its `facts`."""
    return [{"note": what.value, **facts}]


def in_words(entry: LogEntry, model: type[Model]) -> str:
    """The message of an entry about an object of `model`, in the language of the reader."""
    try:
        said = json.loads(entry.change_message)
        first = said[0]
        what = Note(first["note"]) if "note" in first else None
    except (ValueError, LookupError, TypeError):
        return entry.get_change_message()
    if what is None:
        return _with_names_of_fields(entry, said, model)
    if what is Note.IMPORTED:
        number, count, past = entry.object_id, first["codes"], first["past"]
        return report.imported(CodeImport(pk=number, code_count=count, expired_count=past), first["agents"])
    if what is Note.IMPORT_UNDONE:
        undone = CodeImport(pk=entry.object_id, file_name=first["file"])
        return report.undone(undone, first["codes"], first["agents"], dry_run=False)
    return str(WORDS[what] % first)


def _with_names_of_fields(entry: LogEntry, said: list[dict[str, Any]], model: type[Model]) -> str:
    """Django stores the English names of fields as a form shows them, and looks for those in its catalogues."""
    with override(None):
        names = {capfirst(str(field.verbose_name)): field.verbose_name for field in model._meta.fields}
    for part in said:
        if "changed" in part and "name" not in part["changed"]:
            part["changed"]["fields"] = [str(capfirst(names.get(name, name))) for name in part["changed"]["fields"]]
    return LogEntry(change_message=json.dumps(said), action_flag=entry.action_flag).get_change_message()
