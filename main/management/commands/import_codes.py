"""`python manage.py import_codes FILE.csv`: parse, call, print."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError, IntegrityError

from main.codes.text import visible
from main.importing import report
from main.importing.agents import Agents
from main.importing.checking import check, draft
from main.importing.reading import BadFile, Row, Table, read_table
from main.importing.writing import write
from main.sweep.errors import WrongClock, explain


class Command(BaseCommand):
    help = "Adds the referral codes of a CSV file: all of them, or none and the reasons why."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "file", type=Path, metavar="FILE.csv",
            help="In UTF-8; its first line names the columns: code, agent, discount, expires_at, status.",
        )  # fmt: skip
        parser.add_argument("--dry-run", action="store_true", help="Say row by row what would happen; write nothing.")
        parser.add_argument("--create-agents", action="store_true", help="Create the agents who are not known yet.")

    def handle(self, *, file: Path, dry_run: bool, create_agents: bool, verbosity: int, **options: Any) -> None:
        table = _read(file)
        if table.unread and verbosity:
            self.stdout.write(report.columns(table))
        with _failures_in_words():
            agents = Agents((row.agent for row in table.rows), create=create_agents)
            past = self._check(table.rows, agents, dry_run)
            if not dry_run:
                past = write(table.rows, agents)
        if verbosity > 1 and not dry_run:
            for row in table.rows:
                self.stdout.write(report.accepted(draft(row, agents), dry_run=False))
        if verbosity:
            for agent in agents.new:
                self.stdout.write(report.new_agent(agent, dry_run=dry_run))
        closing_line = report.would_import if dry_run else report.imported
        self.stdout.write(closing_line(len(table.rows), past, len(agents.new)))

    def _check(self, rows: list[Row], agents: Agents, dry_run: bool) -> int:
        """Name the refused rows, in a dry run all of them, and return how many codes are past their date."""
        refused = past = 0
        for item in check(rows, agents):
            if item.faults:
                (self.stdout if dry_run else self.stderr).write(report.refused(item))
                refused += 1
            elif dry_run:
                self.stdout.write(report.accepted(item, dry_run=True))
                past += item.code.is_overdue
        if refused:
            result = "Would import nothing" if dry_run else "Nothing was imported"
            raise CommandError(f"{result}: {refused} of {len(rows)} rows are refused.")
        return past


@contextmanager
def _failures_in_words() -> Iterator[None]:
    try:
        yield
    except IntegrityError as error:
        raise CommandError(
            "Nothing was imported: meanwhile somebody added one of these codes or deleted one of these agents. "
            "Try again with --dry-run, which says which."
        ) from error
    except (DatabaseError, WrongClock) as error:
        raise CommandError(f"Nothing was imported. {explain(error)}") from error
    except KeyboardInterrupt as error:
        raise CommandError("Nothing was imported: it was interrupted.") from error


def _read(file: Path) -> Table:
    try:
        return read_table(file)
    except BadFile as error:
        raise CommandError(visible(f"{file}: {error}")) from error
    except OSError as error:
        raise CommandError(visible(f"{file} cannot be read: {error.strerror}."), returncode=2) from error
