"""What has happened to a code: the notes of people, the ledgers of runs and imports, and saves, as one list.

A note is an entry of the admin's own history (LogEntry). Its message is Django's, with `values` and other keys beside:
`[{"changed": {"fields": ["Expires"]}, "done": "EXTENDED", "days": 30, "values": {"expires_at": [old, new]}}]`. So the
words are made when it is read, in the zone and the language of the reader.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from enum import Enum, auto
from typing import Any, NamedTuple

from django.contrib.admin.models import ADDITION, CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db.models import Field, Model
from django.utils.text import capfirst
from django.utils.translation import gettext_noop, override

from main.codes.editing import Done
from main.codes.parts import parts
from main.models import CodeImport, ExpirationRun, ReferralCode, UserProfile

# The fields whose values are noted.
NOTED: Mapping[type[Model], list[str]] = {
    ReferralCode: ["code", "agent", "discount", "expires_at", "status"],
    UserProfile: ["name", "role"],
}
# Their names as a note has them. Django translates these when it shows a note.
NAMES = [
    gettext_noop("Code"),
    gettext_noop("Agent"),
    gettext_noop("Discount (%)"),
    gettext_noop("Expires"),
    gettext_noop("Status"),
    gettext_noop("Name"),
    gettext_noop("Role"),
]  # fmt: skip


class Source(Enum):
    """Who or what did it."""

    PERSON = auto()
    RUN = auto()
    UNDO = auto()  # of a run
    IMPORT = auto()
    SAVE = auto()  # that found the code past its date
    PROGRAM = auto()  # that made the code


class Change(NamedTuple):
    """The old and the new value of a field, as `stored` writes them."""

    field: str
    before: str | None
    after: str | None


class Event(NamedTuple):
    """One thing that happened to a code at the instant `at`."""

    at: datetime
    source: Source
    changes: list[Change]
    user_id: int | None = None
    name: str = ""  # of the person, or of the person who started the run or the import
    run: ExpirationRun | None = None
    code_import: CodeImport | None = None
    is_new: bool = False
    done: Done | None = None
    days: int = 0
    text: str = ""  # a note in words
    moved: bool = False  # to another agent


def stored(value: Any) -> str | None:
    """Return a value of a field as a note has it: an instant in ISO 8601, a number as 12.5, an agent by name."""
    if value is None:
        return None
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    return value.isoformat() if isinstance(value, datetime) else str(value)


def changes(before: Model | None, after: Model) -> dict[str, list[str | None]]:
    """The old and new values of the noted fields in which two states of one object differ; all, for a new object."""
    found = {}
    for name in NOTED[type(after)]:
        field = _field(after, name)
        if before is None or field.value_from_object(before) != field.value_from_object(after):
            found[name] = [stored(getattr(before, name)) if before else None, stored(getattr(after, name))]
    return found


def message(before: Model | None, after: Model, **figures: Any) -> list[dict[str, Any]]:
    """The message for the history about an object that was `before` (None: a new one) and is `after` now.

    Empty if no noted field has changed, and there are no other `figures`.
    """
    values = changes(before, after)
    if not values and not figures:
        return []
    if before is None:
        return [{"added": {}, "values": values}]
    with override(None):  # Django translates the names of fields when they are read
        labels = [capfirst(str(_field(after, name).verbose_name)) for name in values]
    return [{"changed": {"fields": labels}, "values": values, **figures}]


def _field(thing: Model, name: str) -> Field[Any, Any]:
    field = thing._meta.get_field(name)
    assert isinstance(field, Field)  # noqa: S101 - NOTED has no other fields
    return field


def note(user_id: int, before: Model | None, after: Model) -> None:
    """Write into the history that the user saved a form: what `before` (None: a new object) is `after` it."""
    if said := message(before, after):
        flag = CHANGE if before else ADDITION
        LogEntry.objects.log_actions(user_id, [after], flag, said, single_object=True)


def entries_of(thing: Model) -> Any:
    """The entries of the admin's history about one object."""
    kind = ContentType.objects.get_for_model(type(thing))
    return LogEntry.objects.filter(content_type=kind, object_id=str(thing.pk)).select_related("user")


def last_note_of(thing: Model, field: str, value: Any) -> LogEntry | None:
    """The last note that says that `field` became `value`."""
    for entry in entries_of(thing).order_by("-pk")[:20]:
        found = _values(_read(entry)).get(field)
        if found and found[1] == stored(value):
            return entry  # type: ignore[no-any-return]
    return None


def switched_off_at(codes: Iterable[ReferralCode]) -> dict[int, datetime]:
    """When notes say that a person switched these codes off last, by primary key. Codes that no note tells of lack."""
    kind = ContentType.objects.get_for_model(ReferralCode)
    notes = LogEntry.objects.filter(content_type=kind).order_by("pk")
    return {
        int(entry.object_id or 0): entry.action_time
        for part in parts(str(code.pk) for code in codes)
        for entry in notes.filter(object_id__in=part)
        if _values(_read(entry)).get("status", [None])[-1] == ReferralCode.Status.INACTIVE
    }


def history_of(code: ReferralCode) -> list[Event]:
    """All that is known to have happened to the stored `code`, latest first."""
    notes = [_from_note(entry) for entry in entries_of(code).order_by("pk")]
    told = {event.run.pk for event in notes if event.run}
    former = code.former_runs.select_related("run")
    runs = [_from_run(item.run, item.expired_at) for item in former if item.run_id not in told]
    if code.expired_by and code.expired_by_id not in told:
        runs.append(_from_run(code.expired_by, code.expired_at))
    events = [*_beginning(code, notes), *runs, *notes, *_from_save(code)]
    return sorted(events, key=lambda event: event.at)[::-1]


def for_its_agent(events: Iterable[Event], agent: UserProfile) -> list[Event]:
    """Those of `events`, latest first, that the agent of the code may see.

    None from the time when another agent had it, no name of another agent, and no words that others wrote.
    """
    seen = []
    for event in events:
        own_words = not event.text or event.user_id == agent.user_id
        kept = [change for change in event.changes if change.field != "agent"]
        if own_words and (kept or event.text or event.done or event.source is not Source.PERSON):
            seen.append(event._replace(changes=kept))
        if event.moved:
            break
    return seen


def _from_note(entry: LogEntry) -> Event:
    said = _read(entry)
    run = said.get("run")
    values = _values(said)
    is_new = entry.is_addition()
    moved = not is_new and ("agent" in values or "Agent" in str(said.get("changed")))
    done = str(said.get("done"))
    return Event(
        at=entry.action_time,
        source=Source.PERSON,
        changes=[Change(field, *pair) for field, pair in values.items()],
        user_id=entry.user_id,
        name=entry.user.get_username(),
        run=ExpirationRun(pk=run) if run else None,
        is_new=is_new,
        done=Done[done] if done in Done.__members__ else None,
        days=said.get("days", 0),
        text="" if values or done in Done.__members__ else entry.get_change_message(),
        moved=moved,
    )


def _from_run(run: ExpirationRun, expired_at: datetime | None) -> Event:
    status = [ReferralCode.Status.ACTIVE.value, ReferralCode.Status.INACTIVE.value]
    if run.undo_of_id:
        return Event(run.started_at, Source.UNDO, [Change("status", *reversed(status))], name=run.person_name, run=run)
    return Event(expired_at or run.started_at, Source.RUN, [Change("status", *status)], name=run.person_name, run=run)


def _beginning(code: ReferralCode, notes: list[Event]) -> list[Event]:
    """How the code came here, unless a note says so."""
    if entry := code.imported_by:
        return [Event(entry.imported_at, Source.IMPORT, [], name=entry.person, code_import=entry, is_new=True)]
    return [] if any(note.is_new for note in notes) else [Event(code.created_at, Source.PROGRAM, [], is_new=True)]


def _from_save(code: ReferralCode) -> list[Event]:
    came_so = code.imported_by and code.expired_at == code.imported_by.imported_at
    if code.expired_at is None or code.expired_by_id or came_so:
        return []
    return [Event(code.expired_at, Source.SAVE, [])]


def _read(entry: LogEntry) -> dict[str, Any]:
    """The message of a note as data; empty for a message in words."""
    try:
        said = json.loads(entry.change_message)
    except ValueError:
        return {}
    return said[0] if isinstance(said, list) and said and isinstance(said[0], dict) else {}


def _values(said: Mapping[str, Any]) -> dict[str, list[str | None]]:
    values: dict[str, list[str | None]] = said.get("values", {})
    return values
