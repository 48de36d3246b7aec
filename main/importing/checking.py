"""The rows: each becomes a code, or the reasons why it cannot be one."""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from decimal import Decimal
from itertools import islice
from typing import NamedTuple

from django.core.exceptions import ValidationError

from main.codes.dates import parse_instant
from main.codes.lookalikes import lookup_key
from main.codes.percent import parse_percent
from main.codes.text import clean_code
from main.importing.agents import Agents
from main.importing.reading import Row
from main.models import ReferralCode

CHUNK = 500  # rows whose codes are looked up, or written, at once; SQLite takes 999 parameters for certain

Status = ReferralCode.Status
STATUSES = {
    "": Status.ACTIVE,
    "active": Status.ACTIVE,
    "enabled": Status.ACTIVE,
    "inactive": Status.INACTIVE,
    "disabled": Status.INACTIVE,
    "expired": Status.INACTIVE,
}

UNREADABLE = ""  # the "column" of a fault of the whole row
Faults = dict[str, list[str]]


class Draft(NamedTuple):
    """The unsaved code of one row, and the reasons, by column, why it must not be saved."""

    line: int
    code: ReferralCode
    faults: Faults


def draft(row: Row, agents: Agents) -> Draft:
    """Return what `row` says; faults are of what cannot be read, not of what the model would refuse."""
    code, faults = ReferralCode(code=clean_code(row.code)), Faults()
    readers: dict[str, Callable[[], object]] = {
        "agent": lambda: agents.find(row.agent),
        "discount": lambda: _discount(row.discount),
        "expires_at": lambda: _expires_at(row.expires_at),
        "status": lambda: _status(row.status),
    }
    for field, read in readers.items():
        try:
            setattr(code, field, read())
        except ValidationError as error:
            faults[field] = error.messages
    return Draft(row.line, code, {UNREADABLE: [row.fault]} if row.fault else faults)


def check(rows: Iterable[Row], agents: Agents) -> Iterator[Draft]:
    """Yield the draft of each row with all its faults: what cannot be read, what the model refuses, what exists."""
    first_lines: dict[str, int] = {}
    for chunk in chunks(rows):
        drafts = [draft(row, agents) for row in chunk]
        stored = ReferralCode.objects.with_code(*(item.code.code for item in drafts))
        existing = set(stored.values_list("lookup_key", flat=True))
        for item in drafts:
            if UNREADABLE not in item.faults:
                _add_faults_of_model(item)
            if (key := lookup_key(item.code.code)) in existing:
                item.faults.setdefault("code", []).append("it exists already, and nothing is overwritten")
            if key and (first := first_lines.setdefault(key, item.line)) != item.line:
                item.faults.setdefault("code", []).append(f"line {first} has the same")
            yield item


def chunks(rows: Iterable[Row]) -> Iterator[list[Row]]:
    """Yield all `rows`, CHUNK at a time."""
    rest = iter(rows)
    while chunk := list(islice(rest, CHUNK)):
        yield chunk


def _add_faults_of_model(item: Draft) -> None:
    """The agent is known to exist, and the constraint of unique codes would cost a query a row."""
    try:
        item.code.full_clean(exclude={"agent", *item.faults}, validate_unique=False, validate_constraints=False)
    except ValidationError as error:
        item.faults.update(error.message_dict)


def _discount(text: str) -> Decimal:
    return parse_percent(text) if text.strip(" %") else Decimal(0)


def _expires_at(text: str) -> datetime | None:
    return None if text.strip().lower() in ("", "never") else parse_instant(text, day_first=False)


def _status(text: str) -> ReferralCode.Status:
    status = STATUSES.get(text.strip().lower())
    if not status:
        raise ValidationError(f"'{text.strip()[:40]}' is not a status: write {' or '.join(Status.values)}")
    return status
