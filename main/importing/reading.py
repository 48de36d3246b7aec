"""The file: bytes become rows, each with the line it starts on."""

import csv
import re
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import NamedTuple

# What other systems call the columns, in any case, and with anything but letters between and behind the words.
COLUMNS = {
    "code": ("code", "referral code", "coupon", "coupon code", "promo code", "voucher", "voucher code"),
    "agent": ("agent", "agent name", "referrer"),
    "discount": ("discount", "discount percent", "discount percentage", "percent", "percentage"),
    "expires_at": (
        "expires at", "expires on", "expires", "expiry", "expiry date", "expiration", "expiration date",
        "valid until", "valid to",
    ),
    "status": ("status", "state"),
}  # fmt: skip
DELIMITERS = ",;\t"


class BadFile(Exception):
    """The file as a whole cannot be read; the message is a sentence that says what to do."""


class Row(NamedTuple):
    """One record as the file has it; `fault` says why its cells could not be told apart."""

    line: int
    code: str = ""
    agent: str = ""
    discount: str = ""
    expires_at: str = ""
    status: str = ""
    fault: str = ""


class Table(NamedTuple):
    """The rows of a file, the columns that are not read, and those that are not there."""

    rows: list[Row]
    unread: list[str]
    missing: list[str]


class _Record(NamedTuple):
    line: int
    cells: list[str]
    fault: str = ""


def read_table(path: Path) -> Table:
    """Read the CSV file at `path`: UTF-8, columns named in the first line, parted by comma, semicolon or tab.

    Blank lines are skipped. Raises BadFile, and OSError where the file cannot be opened.
    """
    text = _decoded(path.read_bytes())
    delimiter = max(DELIMITERS, key=lambda mark: _familiarity(next(_records(text, mark), None)))
    records = _records(text, delimiter)
    header = next(records, None)
    if header is None:
        raise BadFile("The file is empty: its first line must name the columns.")
    if header.fault:
        raise BadFile(f"Line {header.line}: {header.fault}")
    names = _without_blank_end([" ".join(cell.split()) for cell in header.cells])
    columns = _columns(names)
    rows = [_row(record, columns, len(names)) for record in records]
    unread = [name for index, name in enumerate(names) if name and index not in columns.values()]
    return Table(rows, unread, missing=[field for field in COLUMNS if field not in columns])


def _decoded(data: bytes) -> str:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line, byte = _line_after(error.object[: error.start].decode()), error.object[error.start]
        raise BadFile(f"Line {line} is not UTF-8 (byte 0x{byte:02X}): save it as CSV in UTF-8.") from error
    if "\0" in text:
        line = _line_after(text.partition("\0")[0])
        raise BadFile(f"Line {line} holds a NUL character, so this is not plain text: save it as CSV in UTF-8.")
    return text


def _line_after(text: str) -> int:
    return len(re.findall(r"\r\n|\r|\n", text)) + 1


def _records(text: str, delimiter: str) -> Iterator[_Record]:
    reader = csv.reader(StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=True, strict=True)
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield _Record(line, [], f"this is not CSV ({error}): is a quote missing, or one in quotes not doubled?")
            continue
        told_delimiter = line == 1 and cells and re.fullmatch("sep=.?", cells[0])  # Excel's own first line
        if any(cell.strip() for cell in cells) and not told_delimiter:
            yield _Record(line, cells)


def _familiarity(header: _Record | None) -> tuple[int, int]:
    """How well a header fits its delimiter: columns known, then cells."""
    return (sum(map(bool, map(_field, header.cells))), len(header.cells)) if header else (0, 0)


def _columns(names: list[str]) -> dict[str, int]:
    columns: dict[str, int] = {}
    for index, name in enumerate(names):
        field = _field(name)
        if field in columns:
            raise BadFile(f"The columns '{names[columns[field]]}' and '{name}' both mean {field}: keep one of them.")
        if field:
            columns[field] = index
    if "code" not in columns:
        found = ", ".join(filter(None, names))
        raise BadFile(
            "No column is named 'code'. The first line must name the columns, parted by , or ; or tab. "
            f"It says: {found[:200]}"
        )
    return columns


def _field(name: str) -> str:
    return FIELDS.get(_squeezed(name), "")


def _squeezed(name: str) -> str:
    return re.sub(r"[\W_]+", "", name).casefold()


FIELDS = {_squeezed(name): field for field, names in COLUMNS.items() for name in names}


def _row(record: _Record, columns: dict[str, int], width: int) -> Row:
    if record.fault:
        return Row(record.line, fault=record.fault)
    cells = record.cells[:width] + _without_blank_end(record.cells[width:])
    if len(cells) != width:
        fault = f"the first line has {width} cells and this one {len(cells)}: is a delimiter or a quote missing?"
        return Row(record.line, fault=fault)
    return Row(record.line, **{field: cells[index] for field, index in columns.items()})


def _without_blank_end(cells: list[str]) -> list[str]:
    end = len(cells)
    while end and not cells[end - 1].strip():
        end -= 1
    return cells[:end]
