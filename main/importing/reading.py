"""The file: bytes become rows, each with the line it starts on. Nothing is in memory but the row at hand."""

import csv
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from main.importing.columns import INSTEAD, likely_meaning, meaning, squeezed

LARGEST_FILE = 100 * 2**20  # bytes: over a million codes, and no list of codes is longer
UTF8 = "utf-8"
# Of Windows in Europe, where Excel saves CSV: Greek, Cyrillic, Western.
OTHER_ENCODINGS = ("cp1253", "cp1251", "cp1252")
DELIMITERS = ",;\t"


class BadFile(Exception):
    """The file as a whole cannot be read; the message is a sentence that says what to do."""


class Row(NamedTuple):
    """One record as the file has it; `fault` says why its cells could not be told apart."""

    line: int
    code: str = ""
    agent: str = ""
    agent_email: str = ""
    agent_status: str = ""
    discount: str = ""
    expires_at: str = ""
    status: str = ""
    created_at: str = ""
    id: str = ""
    fault: str = ""


@dataclass(frozen=True)
class Source:
    """A file whose encoding and first line were found good."""

    path: Path
    encoding: str
    sha256: str
    delimiter: str
    names: list[str]
    columns: dict[str, int]  # the place of each field that is there

    @property
    def ignored(self) -> list[str]:
        return [name for index, name in enumerate(self.names) if name and index not in self.columns.values()]

    @property
    def missing(self) -> list[str]:
        return [field for field in ("agent", "discount", "expires_at", "status") if field not in self.columns]

    def rows(self) -> Iterator[Row]:
        """Read the file anew. Blank lines are skipped."""
        records = _records(self.path, self.encoding, self.delimiter)
        next(records)
        return (self._row(record) for record in records)

    def _row(self, record: "_Record") -> Row:
        if record.fault:
            return Row(record.line, fault=record.fault)
        width = len(self.names)
        cells = record.cells[:width] + _without_blank_end(record.cells[width:])
        if len(cells) != width:
            fault = _("the first line has %(first)d cells and this one %(cells)d: is a delimiter or a quote missing?")
            return Row(record.line, fault=fault % {"first": width, "cells": len(cells)})
        return Row(record.line, **{field: cells[index] for field, index in self.columns.items()})


class _Record(NamedTuple):
    line: int
    cells: list[str]
    fault: str = ""


def open_source(path: Path, encoding: str = UTF8, ignore: Iterable[str] = ()) -> Source:
    """Look through the CSV file at `path`: its columns are named in the first line and parted by , or ; or tab.

    Columns called as in `ignore` are not read. Raises BadFile, and OSError where the file cannot be opened.
    """
    digest = _check_bytes(path, encoding)
    codec = "utf-8-sig" if encoding == UTF8 else encoding
    headers = {mark: next(_records(path, codec, mark), None) for mark in DELIMITERS}
    delimiter = max(DELIMITERS, key=lambda mark: _familiarity(headers[mark]))
    header = headers[delimiter]
    if header is None:
        raise BadFile(_("The file is empty: its first line must name the columns."))
    if header.fault:
        raise BadFile(_("Line %(line)d: %(fault)s") % {"line": header.line, "fault": header.fault})
    names = _without_blank_end([" ".join(cell.split()) for cell in header.cells])
    return Source(path, codec, digest, delimiter, names, _columns(names, list(ignore)))


def _check_bytes(path: Path, encoding: str) -> str:
    """Refuse what is too large or no text, and return the SHA-256 of the rest."""
    digest, line = sha256(), 1
    beyond_ascii: tuple[int, str] | None = None  # the first such line, and its text
    with path.open("rb") as file:
        if not file.seekable():
            raise BadFile(_("It can be read only once: save it as a file first."))
        if path.stat().st_size > LARGEST_FILE:
            told = _("The file is larger than %(size)d MB, too large for a list of codes.")
            raise BadFile(told % {"size": LARGEST_FILE // 2**20})
        for raw in file:
            digest.update(raw)
            if b"\0" in raw:
                line += _breaks(raw.partition(b"\0")[0])
                told = _("Line %(line)d holds a NUL character, so this is not plain text: save it as CSV in UTF-8.")
                raise BadFile(told % {"line": line})
            try:
                raw.decode(encoding)
            except UnicodeDecodeError as error:
                raise BadFile(_not_in(encoding, line + _breaks(raw[: error.start]), raw, error.start)) from error
            if not beyond_ascii and not raw.isascii():
                beyond_ascii = line, _around(raw.decode(encoding))
            line += _breaks(raw)
    if encoding != UTF8 and beyond_ascii and _is_utf8(path):
        told = _("The file is UTF-8; in %(encoding)s line %(line)d would read '%(text)s'. Leave out --encoding.")
        raise BadFile(told % {"encoding": encoding, "line": beyond_ascii[0], "text": beyond_ascii[1]})
    return digest.hexdigest()


def _not_in(encoding: str, line: int, raw: bytes, place: int) -> str:
    """What to say of bytes that are not in the encoding: what each of the others would make of them."""
    name = "UTF-8" if encoding == UTF8 else encoding
    before, after = raw[:place].splitlines()[-1:] or [b""], raw[place:].splitlines()[:1]
    text = before[0][-20:] + after[0][:20]
    readings = []
    for other in OTHER_ENCODINGS:
        try:
            reading = _("--encoding %(encoding)s reads '%(text)s'")
            readings.append(reading % {"encoding": other, "text": _around(text.decode(other))})
        except UnicodeDecodeError:
            continue
    facts = {
        "line": line,
        "encoding": name,
        "byte": f"0x{raw[place]:02X}",
        "choices": pgettext("between reasons", "; ").join(readings),
    }
    if readings:
        told = _("Line %(line)d is not %(encoding)s (byte %(byte)s): save it as CSV in UTF-8, or choose: %(choices)s.")
    else:
        told = _("Line %(line)d is not %(encoding)s (byte %(byte)s): save it as CSV in UTF-8.")
    return told % facts


def _is_utf8(path: Path) -> bool:
    with path.open("rb") as file:
        try:
            return all(line.decode(UTF8) is not None for line in file)
        except UnicodeDecodeError:
            return False


def _around(text: str) -> str:
    """The beyond-ASCII part of a line, with a little beside it."""
    text = " ".join(text.split())
    place = next((index for index, char in enumerate(text) if not char.isascii()), 0)
    return text[max(place - 15, 0) : place + 15]


def _breaks(raw: bytes) -> int:
    return len(re.findall(rb"\r\n|\r|\n", raw))


def _records(path: Path, codec: str, delimiter: str) -> Iterator[_Record]:
    with path.open(encoding=codec, newline="") as file:
        reader = csv.reader(file, delimiter=delimiter, skipinitialspace=True, strict=True)
        while True:
            line = reader.line_num + 1
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                fault = _("this is not CSV (%(error)s): is a quote missing, or one in quotes not doubled?")
                yield _Record(line, [], fault % {"error": error})
                continue
            told_delimiter = line == 1 and cells and re.fullmatch("sep=.?", cells[0])  # Excel's own first line
            if any(cell.strip() for cell in cells) and not told_delimiter:
                yield _Record(line, cells)


def _familiarity(header: _Record | None) -> tuple[int, int]:
    """How well a header fits its delimiter: columns known, then cells."""
    return (sum(map(bool, map(meaning, header.cells))), len(header.cells)) if header else (0, 0)


def _columns(names: list[str], ignore: list[str]) -> dict[str, int]:
    """The place of each field. A column that may have been meant for a field that is not there refuses the file."""
    unknown = [name for name in ignore if squeezed(name) not in map(squeezed, names)]
    if unknown:
        raise BadFile(_("No column is called '%(name)s', as --ignore-column says.") % {"name": unknown[0]})
    ignored = set(map(squeezed, ignore))
    read = [(index, name) for index, name in enumerate(names) if squeezed(name) not in ignored]
    columns: dict[str, int] = {}
    for index, name in read:
        field = meaning(name)
        if field in columns:
            told = _("The columns '%(first)s' and '%(second)s' both mean %(field)s: keep one of them.")
            raise BadFile(told % {"first": names[columns[field]], "second": name, "field": field})
        if field:
            columns[field] = index
    looks_like = _("The column '%(name)s' looks like %(field)s: call it %(field)s, or add --ignore-column '%(name)s'.")
    suspects = [
        looks_like % {"name": name, "field": field}
        for _index, name in read
        if not meaning(name)
        and (field := likely_meaning(name))
        and field not in columns
        and INSTEAD.get(field, field) not in columns
    ]
    if suspects:
        raise BadFile(" ".join(suspects))
    if "code" not in columns:
        found = ", ".join(filter(None, names))
        told = _(
            "No column is named 'code'. The first line must name the columns, parted by , or ; or tab. "
            "It says: %(found)s"
        )
        raise BadFile(told % {"found": found[:200]})
    return columns


def _without_blank_end(cells: list[str]) -> list[str]:
    end = len(cells)
    while end and not cells[end - 1].strip():
        end -= 1
    return cells[:end]
