"""`python manage.py backup FILE`: parse, call, print."""

import os
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError

from main.backup import tool
from main.backup.contents import BackupFailed
from main.codes.text import visible
from main.sweep.errors import explain


class Command(BaseCommand):
    help = "Copies the whole database to a file, reads the file back, and counts its codes before it says done."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE", help="A new file; nothing is overwritten.")

    def handle(self, *, file: Path, **options: Any) -> None:
        # Under another name until it is known to be whole: what has the right name is a backup.
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
    """It holds names and hashed passwords: for this user's eyes alone."""
    if file.exists():
        raise BackupFailed(f"{file} exists already: choose another name, such as one with the day in it.")
    os.close(os.open(part, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600))
