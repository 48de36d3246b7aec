"""`python manage.py import_codes FILE.csv`: parse, call, print."""

from __future__ import annotations

from argparse import ArgumentTypeError
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from getpass import getuser
from pathlib import Path
from socket import gethostname
from typing import Any
from zoneinfo import ZoneInfo

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import Error, IntegrityError, connection
from django.utils import timezone

from main.codes.text import visible
from main.importing import report
from main.importing.agents import Agents
from main.importing.checking import Draft, Reading, check, draft, survey
from main.importing.drafts import Drafts
from main.importing.reading import OTHER_ENCODINGS, UTF8, BadFile, Source, open_source
from main.importing.writing import write, write_map
from main.management.output import progress
from main.models import CodeImport
from main.sweep.databases import driver_errors, kind, now_for_writing
from main.sweep.errors import Refused, explain


class Command(BaseCommand):
    help = "Adds the referral codes of a CSV file: all of them, or none and the reasons why."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "file", type=Path, metavar="FILE.csv",
            help="Its first line names the columns: code, agent, agent_email, discount, expires_at, status and more.",
        )  # fmt: skip
        parser.add_argument("--dry-run", action="store_true", help="Say row by row what would happen; write nothing.")
        parser.add_argument("--create-agents", action="store_true", help="Create the agents who are not known yet.")
        parser.add_argument(
            "--map", type=Path, metavar="FILE", help="Write the new id of each code beside the one in the column id."
        )
        parser.add_argument(
            "--ignore-column", action="append", default=[], metavar="NAME", help="Do not read this column."
        )
        parser.add_argument(
            "--time-zone", type=_zone, default=timezone.get_default_timezone(), metavar="ZONE",
            help="Of dates that name no offset, such as Europe/Athens; TIME_ZONE unless told.",
        )  # fmt: skip
        parser.add_argument("--encoding", choices=[UTF8, *OTHER_ENCODINGS], default=UTF8)
        parser.add_argument("--day-first", action="store_true", help="05/06/2026 is the 5th of June.")

    def handle(  # noqa: PLR0913 - one parameter an option
        self,
        *,
        file: Path,
        dry_run: bool,
        create_agents: bool,
        map: Path | None,
        ignore_column: list[str],
        time_zone: ZoneInfo,
        encoding: str,
        day_first: bool,
        verbosity: int,
        **options: Any,
    ) -> None:
        source = _open(file, encoding, ignore_column)
        if source.ignored and verbosity:
            self.stdout.write(report.columns(source))
        _check_map(map, source)
        entry = CodeImport(person=_person(), file_name=visible(file.name)[:255], sha256=source.sha256)
        with _truth(entry):
            entry.imported_at = timezone.now() if dry_run else now_for_writing()
            reading = Reading(entry.imported_at, time_zone, day_first)
            _refuse_second_time(source)
            seen = survey(source.rows())
            agents = Agents(seen.people, create=create_agents)
            with Drafts(agents) as drafts:
                self._check(check(source.rows(), agents, seen.repeated, reading), drafts, seen.rows, dry_run)
                if not dry_run:
                    write(drafts, agents, entry)
                if map and not dry_run:
                    _write_map(map, drafts, entry)
            if verbosity > 1 and not dry_run:
                for row in source.rows():
                    self.stdout.write(report.accepted(draft(row, agents, reading), dry_run=False))
            if verbosity:
                for agent in agents.new:
                    self.stdout.write(report.new_agent(agent, dry_run=dry_run))
            new = len(agents.new)
            self.stdout.write(
                report.would_import(drafts.count, drafts.past, new) if dry_run else report.imported(entry, new)
            )

    def _check(self, items: Iterable[Draft], drafts: Drafts, count: int, dry_run: bool) -> None:
        """Keep the good drafts, and name the refused rows; in a dry run name all of them."""
        refused = 0
        with progress(self.stderr, "Checking", lambda: count) as show:
            for item in items:
                show(1)
                if item.faults:
                    (self.stdout if dry_run else self.stderr).write(report.refused(item))
                    refused += 1
                    continue
                drafts.add(item)
                if dry_run:
                    self.stdout.write(report.accepted(item, dry_run=True))
        if refused:
            result = "Would import nothing" if dry_run else "Nothing was imported"
            raise CommandError(f"{result}: {refused} of {count} rows are refused.")


@contextmanager
def _truth(entry: CodeImport) -> Iterator[None]:
    """Whatever stops the import, say whether the codes are in."""
    try:
        kind()
        yield
    except IntegrityError as error:
        raise CommandError(
            "Nothing was imported: meanwhile somebody added one of these codes or deleted one of these agents. "
            f"Try again with --dry-run, which says which. ({visible(' '.join(str(error).split()))})"
        ) from error
    except (Error, driver_errors(), Refused) as failure:
        raise CommandError(f"{_what_is_in(entry)} {explain(failure)}") from failure
    except KeyboardInterrupt as error:
        raise CommandError(f"{_what_is_in(entry)} It was interrupted.") from error


def _what_is_in(entry: CodeImport) -> str:
    """Ask the ledger, as the codes are written with their entry."""
    if entry.pk is None:
        return "Nothing was imported."
    try:
        if not connection.in_atomic_block:
            connection.close()  # what was interrupted cannot be asked anything
        known = CodeImport.objects.filter(pk=entry.pk, imported_at=entry.imported_at).exists()
    except Error:
        return "It is not known whether the codes were imported: run the command again, which says so."
    return f"All is imported: this is import {entry.pk}." if known else "Nothing was imported."


def _refuse_second_time(source: Source) -> None:
    if before := CodeImport.objects.filter(sha256=source.sha256, undone_at=None).first():
        raise CommandError(visible(report.imported_before(before)))


def _write_map(file: Path, drafts: Drafts, entry: CodeImport) -> None:
    try:
        write_map(file, drafts)
    except OSError as error:
        raise CommandError(
            f"All is imported: this is import {entry.pk}. But {file} cannot be written: {error.strerror}. For the "
            f"map, run `python manage.py undo_import {entry.pk}`, and import once more."
        ) from error


def _check_map(file: Path | None, source: Source) -> None:
    if file is None:
        return
    if "id" not in source.columns:
        raise CommandError("--map needs the column id: it has each code's id in the other system.", returncode=2)
    if file.exists():
        raise CommandError(f"{file} exists already, and a map is not overwritten: choose another name.", returncode=2)


def _open(file: Path, encoding: str, ignore: list[str]) -> Source:
    try:
        return open_source(file, encoding, ignore)
    except BadFile as error:
        raise CommandError(visible(f"{file}: {error}")) from error
    except OSError as error:
        raise CommandError(visible(f"{file} cannot be read: {error.strerror}."), returncode=2) from error


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:  # not known, not a name, a folder
        raise ArgumentTypeError(f"'{name}' is not a time zone: write one such as Europe/Athens.") from error


def _person() -> str:
    try:
        name = getuser()
    except (KeyError, OSError):  # in a container a process can have a user without a name
        name = "somebody"
    return f"{name} on {gethostname()}"[:255]
