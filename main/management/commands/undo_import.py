"""`python manage.py undo_import IMPORT`: parse, call, print."""

from typing import Any

from django.core.management.base import CommandParser

from main.codes.text import is_id, visible
from main.importing import report
from main.importing.undoing import Undone, undo_import, would_undo
from main.management.output import EnglishCommand, failures_in_words, progress
from main.models import CodeImport
from main.sweep.errors import CannotUndo


class Command(EnglishCommand):
    help = "Deletes the codes that an import added, if nobody has touched one of them since."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "number",
            type=int,
            metavar="IMPORT",
            help="The number of the import, as it said and as the admin lists it.",
        )
        parser.add_argument("--dry-run", action="store_true", help="Say what would be deleted; write nothing.")

    def handle(self, *, number: int, dry_run: bool, **options: Any) -> None:
        stopped = "Nothing was written." if dry_run else "Codes that were already deleted stay deleted: run it again."
        with failures_in_words(stopped=stopped):
            entry = CodeImport.objects.filter(pk=number).first() if is_id(str(number)) else None
            if entry is None:
                raise CannotUndo(f"There is no import {number} in the ledger.")
            undone = would_undo(entry) if dry_run else self._undo(entry)
            self.stdout.write(visible(report.undone(entry, undone.codes, undone.agents, dry_run=dry_run)))

    def _undo(self, entry: CodeImport) -> Undone:
        with progress(self.stderr, "Deleting", entry.codes.count) as show:
            return undo_import(entry, show)
