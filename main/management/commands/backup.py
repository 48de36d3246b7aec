"""`python manage.py backup FILE`: parse, call, print."""

import os
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.db import DatabaseError

from main.backup import tool
from main.backup.contents import BackupFailed
from main.codes.text import visible
from main.management.output import EnglishCommand
from main.sweep.errors import explain


class Command(EnglishCommand):
    help = "Copies the whole database to a file, and checks the file by reading it back and counting its codes."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE", help="A new file; nothing is overwritten.")

    def handle(self, *, file: Path, **options: Any) -> None:
        # The file gets its name only after the check, so a file with the right name is always a whole backup.
        part = file.with_name(f"{file.name}.part")
        try:
            _create(file, part)
            try:
                held = tool().dump(part)
                copied = tool().contents(part)
                if copied != held:
                    raise BackupFailed(f"The file has {copied}, the database {held}: try again.")
                part.rename(file)
            finally:
                part.unlink(missing_ok=True)
        except BackupFailed as failure:
            raise CommandError(visible(f"No backup was made. {failure}")) from failure
        except DatabaseError as error:
            raise CommandError(f"No backup was made. {explain(error)}") from error
        except OSError as error:
            raise CommandError(visible(f"No backup was made. {file} cannot be written: {error.strerror}.")) from error
        self.stdout.write(visible(f"Backed up {held} to {file}."))


def _create(file: Path, part: Path) -> None:
    """Create the file readable by this user only, because it will hold names and hashed passwords."""
    if file.exists():
        raise BackupFailed(f"{file} exists already: choose another name, such as one with the day in it.")
    os.close(os.open(part, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600))
