"""Backup and restore of SQLite, with its own backup function, which is safe while others write."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from django.db import connection

from main.backup.contents import CODES, RUNS, BackupFailed, Contents


def dump(file: Path) -> Contents:
    """Copy the database as of one instant to `file`. Return what it held at that instant. Raises BackupFailed."""
    with _errors_in_words(f"{file} could not be written"), closing(_open(_live())) as live:
        live.execute("BEGIN")  # so that the count and the copy use one snapshot
        held = _count(live)
        with closing(sqlite3.connect(file)) as copy:
            live.backup(copy)
        return held


def contents(file: Path) -> Contents:
    """Read the whole `file` and count its rows. Raises BackupFailed if it is damaged, or not a database of codes."""
    with _errors_in_words(f"{file} is not a whole backup of an SQLite database"), closing(_open(file)) as copy:
        (found,) = copy.execute("PRAGMA integrity_check(1)").fetchone()
        if found != "ok":
            raise BackupFailed(f"{file} is damaged: {found}")
        return _count(copy)


def load(file: Path) -> None:
    """Replace the database by the contents of `file`: completely, or not at all if it fails. Raises BackupFailed."""
    connection.close()
    with (
        _errors_in_words("Nothing was changed"),
        closing(_open(file)) as copy,
        closing(sqlite3.connect(_live())) as live,
    ):
        copy.backup(live)


def _live() -> str:
    return str(connection.settings_dict["NAME"])


def _open(file: Path | str) -> sqlite3.Connection:
    """Open an existing file. A plain `connect` would create a missing one."""
    return sqlite3.connect(f"{Path(file).absolute().as_uri()}?mode=rw", uri=True)


def _count(database: sqlite3.Connection) -> Contents:
    counts = f"SELECT (SELECT count(*) FROM {CODES}), (SELECT count(*) FROM {RUNS})"  # noqa: S608 - our own names
    return Contents(*database.execute(counts).fetchone())


@contextmanager
def _errors_in_words(what: str) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise BackupFailed(f"{what}: {error}.") from error
