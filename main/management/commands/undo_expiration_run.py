"""`python manage.py undo_expiration_run RUN`: parse, call, print."""

from collections.abc import Iterator
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError

from main.codes.text import visible
from main.models import ExpirationRun, ReferralCodeQuerySet
from main.sweep.failures import explain
from main.sweep.stopping import SweepFailed, stop_between_batches
from main.sweep.undo import CannotUndo, gone, left, refuse_what_cannot_be_undone, undo, untouched

LARGEST_ID = 2**63 - 1


class Command(BaseCommand):
    help = "Puts back the codes that a run expired and that nobody has touched since."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "run", type=int, metavar="RUN", help="The number of the run, as in the ledger and the log."
        )
        parser.add_argument("--dry-run", action="store_true", help="Say what would be put back; write nothing.")

    def handle(self, *, run: int, dry_run: bool, verbosity: int, **options: Any) -> None:
        try:
            for line in self._lines(_run(run), dry_run):
                self.stdout.write(line)
                if verbosity < 1:
                    break
        except CannotUndo as error:
            raise CommandError(str(error)) from error
        except SweepFailed as failure:
            raise CommandError(f"{failure} {explain(failure.reason)}") from failure
        except DatabaseError as error:
            raise CommandError(explain(error)) from error

    def _lines(self, run: ExpirationRun, dry_run: bool) -> Iterator[str]:
        if dry_run:
            refuse_what_cannot_be_undone(run)
            codes: ReferralCodeQuerySet = untouched(run)
            yield f"[DRY RUN] Would put back {codes.count()} referral code(s) of run {run.pk}:"
        else:
            with stop_between_batches() as stop_if_asked:
                undoing = undo(run, ExpirationRun.StartedBy.COMMAND, on_batch=lambda size: stop_if_asked())
            codes = undoing.codes.order_by("expires_at", "id")
            yield f"Put back {undoing.restored_count} referral code(s) of run {run.pk}; this is run {undoing.pk}."
        for code in codes.values_list("code", flat=True).iterator():
            yield f"  - {visible(code)}"
        for left_code, reason in left(run):
            yield f"Left as it is: {visible(left_code.code)} ({reason})"
        if count := gone(run):
            yield f"No longer of this run: {count} referral code(s), deleted or saved since."


def _run(pk: int) -> ExpirationRun:
    run = ExpirationRun.objects.filter(pk=pk).first() if 0 < pk <= LARGEST_ID else None
    if run is None:
        raise CannotUndo(f"There is no run {pk} in the ledger.")
    return run
