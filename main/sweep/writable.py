"""Whether this user can write the files of an SQLite database: operators hear of it before a change fails."""

import os
from pathlib import Path
from typing import Any

from django.core.checks import CheckMessage, Warning, register
from django.db import connection


def fault_of_file(*, named: bool) -> str:
    """What keeps this user from writing a database that is a file, as a sentence; empty if nothing does.

    `named` is whether the sentence has the path. For PostgreSQL it is always empty.
    """
    if connection.vendor != "sqlite" or connection.is_in_memory_db():  # type: ignore[attr-defined] # SQLite has it
        return ""
    file = Path(connection.settings_dict["NAME"])
    folder = f"The folder {file.parent}" if named else "The folder"
    if not file.parent.is_dir():
        return f"{folder} of the SQLite database does not exist: make it, or correct DATABASE_URL."
    if not os.access(file.parent, os.W_OK | os.X_OK):
        return f"{folder} of the SQLite database cannot be written: give this user the right. SQLite needs it too."
    # Beside the file SQLite keeps two more. They belong to root if root has run a command.
    for path in (file, file.with_name(f"{file.name}-wal"), file.with_name(f"{file.name}-shm")):
        if path.is_dir():
            return f"{path if named else 'The SQLite database'} is a folder, not a file: correct DATABASE_URL."
        if path.exists() and not os.access(path, os.R_OK | os.W_OK):
            what = f"The file {path}" if named else f"A file of the SQLite database (…{path.suffix})"
            return f"{what} cannot be written: give this user the right."
    return ""


@register
def check_file(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Warn of a file or folder that this user cannot write; it may be enough for another user."""
    fault = fault_of_file(named=True)
    return [Warning(fault, id="main.W006")] if fault else []
