"""`python manage.py expire_referral_codes`: parse, call, print."""

from argparse import ArgumentTypeError
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from main.codes.dates import parse_instant
from main.management.output import ScheduledCommand, failures_in_words, print_all, progress
from main.models import ExpirationRun, ReferralCode
from main.signals import log_failed_sweep
from main.sweep.report import FORMATS, Report, in_pages, report_of_dry_run, report_of_run
from main.sweep.run import sweep
from main.sweep.stopping import stop_between_batches

LARGEST_BATCH = 10_000


class Command(ScheduledCommand):
    help = "Marks every referral code past its date as inactive, and says which."
    stealth_options = ("started_by",)
    # An error in a page or in a setting of another part must not stop the nightly sweep or slow its start.
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--dry-run", action="store_true", help="Say what would be expired; write nothing.")
        parser.add_argument(
            "--as-of", type=_instant, metavar="INSTANT",
            help="With --dry-run: what would be expired by then, such as 2026-12-31 (its end) or 2026-12-31T17:00.",
        )  # fmt: skip
        parser.add_argument(
            "--format", choices=sorted(FORMATS), default="text",
            help="text (the default) for people, json for programs, csv for spreadsheets.",
        )  # fmt: skip
        parser.add_argument(
            "--batch-size", type=_batch_size, metavar="N",
            help=f"Codes in one transaction, 1 to {LARGEST_BATCH}. The default depends on the database.",
        )  # fmt: skip

    def handle(  # noqa: PLR0913 - one parameter an option
        self,
        *,
        dry_run: bool,
        as_of: datetime | None,
        format: str,
        batch_size: int | None,
        verbosity: int,
        started_by: ExpirationRun.StartedBy = ExpirationRun.StartedBy.COMMAND,
        **options: Any,
    ) -> None:
        if as_of and not dry_run:
            raise CommandError("--as-of goes with --dry-run: a real run expires what is overdue now.", returncode=2)
        stopped = "Nothing was written." if dry_run else "Codes that were already expired stay expired."
        with failures_in_words(stopped=stopped, note=(lambda reason: None) if dry_run else log_failed_sweep):
            report = report_of_dry_run(as_of or timezone.now()) if dry_run else self._sweep(batch_size, started_by)
            print_all(self.stdout, in_pages(FORMATS[format](report, verbosity)), lambda: _done(report))

    def _sweep(self, batch_size: int | None, started_by: ExpirationRun.StartedBy) -> Report:
        with (
            progress(self.stderr, "Expiring", ReferralCode.objects.overdue().count) as show,
            stop_between_batches() as stop_if_asked,
        ):
            run = sweep(started_by, batch_size=batch_size, on_batch=lambda size: (show(size), stop_if_asked()))
        return report_of_run(run)


def _done(report: Report) -> str:
    if report.run is None:
        return "This was a dry run: nothing was changed."
    return f"Run {report.run.pk} is complete, {report.count} referral code(s) were expired."


def _instant(text: str) -> datetime:
    try:
        return parse_instant(text)
    except ValidationError as error:
        raise ArgumentTypeError(error.messages[0]) from error


def _batch_size(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= LARGEST_BATCH:
        raise ArgumentTypeError(f"'{text}' is not a whole number from 1 to {LARGEST_BATCH}.")
    return int(text)
