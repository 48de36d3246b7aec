"""`python manage.py restore FILE`: parse, call, print."""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.db import DatabaseError, connection

from main.backup import tool
from main.backup.contents import BackupFailed
from main.codes.text import visible
from main.management.output import EnglishCommand
from main.sweep.errors import explain


class Command(EnglishCommand):
    help = "Replaces the database by a file of `backup`: completely, or not at all if it fails."
    requires_system_checks = ()  # a check may fail because of the very damage that a restore repairs

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE", help="A file that `manage.py backup` wrote.")
        parser.add_argument("--no-input", action="store_true", help="Do not ask.")

    def handle(self, *, file: Path, no_input: bool, **options: Any) -> None:
        try:
            with file.open("rb"):
                pass
            held = tool().contents(file)
            if not no_input:
                self._ask(f"Replace everything in the database {connection.settings_dict['NAME']} by {held}?")
            tool().load(file)
        except BackupFailed as failure:
            raise CommandError(visible(str(failure))) from failure
        except DatabaseError as error:
            raise CommandError(f"Nothing was changed. {explain(error)}") from error
        except OSError as error:
            raise CommandError(visible(f"{file} cannot be read: {error.strerror}."), returncode=2) from error
        self.stdout.write(
            f"Restored {held}.\nNow run `python manage.py migrate`, then `python manage.py expiration_health`."
        )

    def _ask(self, question: str) -> None:
        if input(f"{question} Type yes: ") != "yes":
            raise CommandError("Nothing was changed.")
