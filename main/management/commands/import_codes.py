"""`python manage.py import_codes FILE.csv`: parse, call, print."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError, IntegrityError

from main.failures import explain
from main.importing import report
from main.importing.agents import Agents
from main.importing.checking import check, draft
from main.importing.reading import BadFile, Row, Table, read_table
from main.importing.writing import write
from main.text import visible


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
        try:
            agents = Agents((row.agent for row in table.rows), create=create_agents)
            if dry_run:
                self._dry_run(table.rows, agents)
            else:
                self._import(table.rows, agents, verbosity)
        except IntegrityError as error:
            raise CommandError(
                "Nothing was imported: meanwhile somebody added one of these codes or deleted one of these agents. "
                "Try again with --dry-run, which says which."
            ) from error
        except DatabaseError as error:
            raise CommandError(f"Nothing was imported. {explain(error)}") from error

    def _dry_run(self, rows: list[Row], agents: Agents) -> None:
        bad = past = 0
        for item in check(rows, agents):
            self.stdout.write(report.refused(item) if item.faults else report.accepted(item, dry_run=True))
            bad += bool(item.faults)
            past += item.code.is_overdue()
        if bad:
            raise CommandError(f"Would import nothing: {bad} of {len(rows)} rows are refused.")
        for agent in agents.new:
            self.stdout.write(report.new_agent(agent, dry_run=True))
        self.stdout.write(report.would_import(len(rows), past, len(agents.new)))

    def _import(self, rows: list[Row], agents: Agents, verbosity: int) -> None:
        bad = 0
        for item in check(rows, agents):
            if item.faults:
                self.stderr.write(report.refused(item))
                bad += 1
        if bad:
            raise CommandError(f"Nothing was imported: {bad} of {len(rows)} rows are refused.")
        past = write(rows, agents)
        if verbosity > 1:
            for row in rows:
                self.stdout.write(report.accepted(draft(row, agents), dry_run=False))
        if verbosity:
            for agent in agents.new:
                self.stdout.write(report.new_agent(agent, dry_run=False))
        self.stdout.write(report.imported(len(rows), past, len(agents.new)))


def _read(file: Path) -> Table:
    try:
        return read_table(file)
    except BadFile as error:
        raise CommandError(visible(f"{file}: {error}")) from error
    except OSError as error:
        raise CommandError(visible(f"{file} cannot be read: {error.strerror}."), returncode=2) from error
