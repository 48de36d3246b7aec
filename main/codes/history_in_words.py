"""The history of a code in words, for the reader's eyes: names and links are for staff."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from main.codes.editing import Done
from main.codes.history import Event, Source
from main.codes.notes import note_in_words
from main.codes.percent import percent_in_words
from main.codes.sentences import days_in_words
from main.codes.wording import in_words
from main.models import ReferralCode

DONE: dict[Done, Any] = {
    Done.EXTENDED: _("Extended by %(days)s."),
    Done.REVIVED: _("Extended by %(days)s, and active again."),
    Done.SWITCHED_OFF: _("Switched off."),
    Done.REACTIVATED: _("Reactivated."),
    Done.EXPIRED: _("Ended at once."),
    Done.DELETED: _("Deleted."),
    Done.PUT_BACK: _("The last edit was undone."),
    Done.PUT_BACK_PAST: _("The last edit was undone. The date had passed, so the code expired at once."),
}
HAPPENED: dict[Source, Any] = {
    Source.PERSON: _("Edited."),
    Source.RUN: _("Expired."),
    Source.UNDO: _("Put back."),
    Source.IMPORT: _("Imported from %(file)s."),
    Source.SAVE: _("Marked inactive on save, because its date had passed."),
    # Translators: a code.
    Source.PROGRAM: _("Made."),
}
WHO: dict[Source, Any] = {
    Source.PERSON: "%(name)s",
    Source.RUN: _("Run %(run)d"),
    Source.UNDO: _("Run %(run)d, the undo of run %(undone)d"),
    Source.IMPORT: _("Import %(number)d, by %(name)s"),
    # Translators: of a form; it found the code past its date.
    Source.SAVE: _("A save"),
    Source.PROGRAM: _("A program"),
}
STARTED_BY = _("%(run)s, started by %(name)s")
# For an agent, who is told neither names nor numbers.
YOU = _("You")
WHO_FOR_AGENTS: dict[Source, Any] = dict.fromkeys(Source, _("The office")) | {
    Source.RUN: _("The system"),
    Source.UNDO: _("The system"),
    Source.SAVE: _("The system"),
}


class Step(NamedTuple):
    """A change of one field, in words. A new object has no value before."""

    field: str
    before: str | None
    after: str


class Row(NamedTuple):
    """One line of the history."""

    at: datetime
    who: str
    what: str
    steps: list[Step]
    links: list[tuple[str, str]]  # address and words


def for_staff(events: Iterable[Event], has_perm: Callable[[str], bool]) -> Iterator[Row]:
    """The lines for staff, with links to the runs and imports that a person with these permissions may open."""
    for event in events:
        yield Row(event.at, _who(event), _what(event), _steps(event), list(_links(event, has_perm)))


def for_agent(events: Iterable[Event], user_id: int) -> Iterator[Row]:
    """The lines for the agent with this user, who knows staff as the office."""
    for event in events:
        mine = event.user_id == user_id
        what = str(HAPPENED[Source.PROGRAM]) if event.is_new else _what(event)
        yield Row(event.at, str(YOU if mine else WHO_FOR_AGENTS[event.source]), what, _steps(event), [])


def value_in_words(model: Any, field: str, stored: str | None) -> str:
    """A value that `history.stored` wrote, as people read it."""
    if model is ReferralCode and field == "agent":
        return stored or str(_("house code"))
    if model is ReferralCode and field == "expires_at":
        return in_words(datetime.fromisoformat(stored)) if stored else str(_("never"))
    if model is ReferralCode and field == "discount":
        return percent_in_words(Decimal(stored or 0))
    choices = dict(model._meta.get_field(field).flatchoices)
    return str(choices.get(stored, stored or ""))


def field_in_words(model: Any, field: str) -> str:
    return str(capfirst(model._meta.get_field(field).verbose_name))


def _who(event: Event) -> str:
    figures = {
        "name": event.name,
        "run": event.run and event.run.pk,
        "undone": event.run and event.run.undo_of_id,
        "number": event.code_import and event.code_import.pk,
    }
    who = str(WHO[event.source] % figures)
    if event.source in (Source.RUN, Source.UNDO) and event.name:
        return str(STARTED_BY % {"run": who, "name": event.name})
    return who


def _what(event: Event) -> str:
    if event.text:
        return note_in_words(event.text)
    if event.done:
        return str(DONE[event.done] % {"days": days_in_words(event.days)})
    if event.is_new and event.source is Source.PERSON:
        return str(HAPPENED[Source.PROGRAM])
    return str(HAPPENED[event.source] % {"file": event.code_import and event.code_import.file})


def _steps(event: Event) -> list[Step]:
    def words(field: str, value: str | None) -> str:
        return value_in_words(ReferralCode, field, value)

    return [
        Step(
            field_in_words(ReferralCode, change.field),
            None if event.is_new else words(change.field, change.before),
            words(change.field, change.after),
        )
        for change in event.changes
    ]


def _links(event: Event, has_perm: Callable[[str], bool]) -> Iterator[tuple[str, str]]:
    if event.run and has_perm("main.view_expirationrun"):
        words = str(WHO[Source.RUN] % {"run": event.run.pk})
        yield reverse("admin:main_expirationrun_change", args=[event.run.pk]), words
    if event.code_import and has_perm("main.view_codeimport"):
        words = str(_("Import %(number)d") % {"number": event.code_import.pk})
        yield reverse("admin:main_codeimport_change", args=[event.code_import.pk]), words
