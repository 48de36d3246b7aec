"""The rows: each becomes a code, or the reasons why it cannot be one."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta, tzinfo
from decimal import Decimal
from typing import NamedTuple

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from main.codes.dates import day_ended, end_of_day, parse_instant
from main.codes.lookalikes import lookup_key
from main.codes.parts import parts
from main.codes.percent import parse_percent
from main.codes.text import clean_code
from main.importing.agents import Agents, Person
from main.importing.reading import Row, Source
from main.models import ReferralCode

CHUNK = 500  # rows whose codes are looked up at once; SQLite takes 999 parameters for certain
PARTS = 16  # in which codes are compared with each other, so that only some are in memory

Status = ReferralCode.Status
STATUSES = {
    "": Status.ACTIVE,
    "active": Status.ACTIVE,
    "enabled": Status.ACTIVE,
    "inactive": Status.INACTIVE,
    "disabled": Status.INACTIVE,
    "expired": Status.INACTIVE,
}

# The fields that are right by the way in which a draft is made.
NOT_FROM_THE_FILE = {field.name for field in ReferralCode._meta.fields} - {
    "code",
    "discount",
    "expires_at",
    "created_at",
}

UNREADABLE = ""  # the "column" of a fault of the whole row
Faults = dict[str, list[str]]


class Survey(NamedTuple):
    """What has to be known of all rows before one can be judged."""

    rows: int
    people: set[Person]
    repeated: set[int]  # hashes of codes that more than one row may have


class Reading(NamedTuple):
    """How to read the values: at which instant, in which zone, and whether 05/06/2026 is the 5th of June."""

    now: datetime
    zone: tzinfo
    day_first: bool


class Draft(NamedTuple):
    """The unsaved code of one row, and the reasons, by column, why it must not be saved."""

    row: Row
    code: ReferralCode
    faults: Faults

    @property
    def is_past(self) -> bool:
        """Whether the code comes in as expired."""
        return self.code.expired_at is not None


class Examined(NamedTuple):
    """How many rows a file has, its agents, and the draft of each row."""

    rows: int
    agents: Agents
    drafts: Iterator[Draft]


def examine(source: Source, reading: Reading, *, create_agents: bool) -> Examined:
    """Look through the file once for its agents; the drafts come while it is read for the second time."""
    seen = survey(source.rows())
    agents = Agents(seen.people, create=create_agents)
    return Examined(seen.rows, agents, check(source.rows(), agents, seen.repeated, reading))


def survey(rows: Iterable[Row]) -> Survey:
    people, hashes = set(), array("q")
    for row in rows:
        people.add(Person.written(row.agent, row.agent_email))
        hashes.append(hash(lookup_key(row.code)))
    repeated: set[int] = set()
    for part in range(PARTS):
        counted = Counter(number for number in hashes if number % PARTS == part)
        repeated |= {number for number, times in counted.items() if times > 1}
    return Survey(len(hashes), people, repeated)


def check(rows: Iterable[Row], agents: Agents, repeated: set[int], reading: Reading) -> Iterator[Draft]:
    """Yield the draft of each row with all its faults: what cannot be read, what the model refuses, what exists."""
    first_lines: dict[str, int] = {}
    for chunk in parts(rows, CHUNK):
        drafts = [draft(row, agents, reading) for row in chunk]
        keys = [lookup_key(item.code.code) for item in drafts]
        stored = ReferralCode.objects.filter(lookup_key__in={key for key in keys if key})
        existing = set(stored.values_list("lookup_key", flat=True))
        for item, key in zip(drafts, keys, strict=True):
            if UNREADABLE not in item.faults:
                _add_faults_of_model(item)
            if key in existing:
                item.faults.setdefault("code", []).append(_("it exists already, and nothing is overwritten"))
            if (
                key
                and hash(key) in repeated
                and (first := first_lines.setdefault(key, item.row.line)) != item.row.line
            ):
                item.faults.setdefault("code", []).append(_("line %(line)d has the same") % {"line": first})
            yield item


def draft(row: Row, agents: Agents, reading: Reading) -> Draft:
    """Return what `row` says; faults are of what cannot be read, not of what the model would refuse.

    A code that is past its date is expired there and then, whoever had ended it, so that it can be extended.
    """
    code, faults = ReferralCode(code=clean_code(row.code), updated_at=reading.now), Faults()
    readers: dict[str, Callable[[], object]] = {
        "agent": lambda: agents.find(row.agent, row.agent_email, active=_status(row.agent_status) == Status.ACTIVE),
        "discount": lambda: _discount(row.discount),
        "expires_at": lambda: _expires_at(row.expires_at, reading),
        "status": lambda: _status(row.status),
        "created_at": lambda: _created_at(row.created_at, reading),
    }
    for field, read in readers.items():
        try:
            setattr(code, field, read())
        except ValidationError as error:
            faults[field] = error.messages
    if code.is_expired_at(reading.now):
        code.status, code.expired_at = Status.INACTIVE, reading.now
    return Draft(row, code, {UNREADABLE: [row.fault]} if row.fault else faults)


def _add_faults_of_model(item: Draft) -> None:
    """Of what a file can get wrong. The constraint of unique codes would cost a query a row."""
    try:
        item.code.clean_fields(exclude=NOT_FROM_THE_FILE | item.faults.keys())
    except ValidationError as error:
        item.faults.update(error.message_dict)


def _discount(text: str) -> Decimal:
    return parse_percent(text) if text.strip(" %") else Decimal(0)


def _expires_at(text: str, reading: Reading) -> datetime | None:
    return None if text.strip().lower() in ("", "never") else _instant(text, reading)


def _created_at(text: str, reading: Reading) -> datetime:
    """Nobody creates a code at the end of a day: without a time, a date means its beginning."""
    if not text.strip():
        return reading.now
    instant = _instant(text, reading)
    day = None if ":" in text else day_ended(instant, reading.zone)
    return end_of_day(day - timedelta(days=1), reading.zone) if day else instant


def _instant(text: str, reading: Reading) -> datetime:
    try:
        return parse_instant(text, day_first=reading.day_first, zone=reading.zone)
    except ValidationError as error:
        if error.code == "two days":
            told = _("%(fault)s, or add --day-first") % {"fault": error.messages[0].rstrip(".")}
            raise ValidationError(told) from error
        raise


def _status(text: str) -> ReferralCode.Status:
    status = STATUSES.get(text.strip().lower())
    if not status:
        told = _("'%(text)s' is not a status: write active or inactive")
        raise ValidationError(told % {"text": text.strip()[:40]})
    return status
