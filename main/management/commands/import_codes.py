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

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from main.codes.text import visible
from main.importing import report
from main.importing.checking import Draft, Reading, draft, examine
from main.importing.drafts import Drafts
from main.importing.failing import NotImported, Overtaken, refuse_second_time, truth
from main.importing.reading import OTHER_ENCODINGS, UTF8, BadFile, Source, open_source
from main.importing.writing import write, write_map
from main.management.output import EnglishCommand, progress
from main.models import CodeImport
from main.sweep.databases import now_for_writing


class Command(EnglishCommand):
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
        with _failures_in_words(), truth(entry):
            entry.imported_at = timezone.now() if dry_run else now_for_writing()
            reading = Reading(entry.imported_at, time_zone, day_first)
            refuse_second_time(source.sha256)
            count, agents, items = examine(source, reading, create_agents=create_agents)
            with Drafts(agents) as drafts:
                self._check(items, drafts, count, dry_run)
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
                if item.faults or dry_run:
                    show.make_way()
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
def _failures_in_words() -> Iterator[None]:
    try:
        yield
    except Overtaken as error:
        cause = visible(" ".join(str(error.__cause__).split()))
        raise CommandError(f"{error} Try again with --dry-run, which says which. ({cause})") from error
    except NotImported as error:
        raise CommandError(str(error)) from error


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
