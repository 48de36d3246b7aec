"""`python manage.py undo_expiration_run RUN`: parse, call, print."""

from collections.abc import Iterator
from itertools import islice
from typing import Any

from django.core.management.base import CommandParser
from django.db.models import QuerySet

from main.codes.text import visible
from main.management.output import EnglishCommand, failures_in_words, print_all, progress
from main.models import ExpirationRun, ReferralCode
from main.sweep.errors import CannotUndo
from main.sweep.reading import in_order
from main.sweep.stopping import stop_between_batches
from main.sweep.undo import gone, left, refuse_what_cannot_be_undone, undo, untouched

GONE = "deleted, or taken over by another run before the ledger kept its lists."


class Command(EnglishCommand):
    help = "Puts back the codes that a run expired and that nobody has touched since."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "run", type=int, metavar="RUN", help="The number of the run, as in the ledger and the log."
        )
        parser.add_argument("--dry-run", action="store_true", help="Say what would be put back; write nothing.")

    def handle(self, *, run: int, dry_run: bool, verbosity: int, **options: Any) -> None:
        stopped = "Nothing was written." if dry_run else "Codes that were already put back stay active."
        with failures_in_words(stopped=stopped):
            found = _run(run)
            lines = self._dry_run(found) if dry_run else self._undo(found)
            print_all(self.stdout, islice(lines, 1) if verbosity < 1 else lines, lambda: _done(found))

    def _dry_run(self, run: ExpirationRun) -> Iterator[str]:
        refuse_what_cannot_be_undone(run)
        codes = untouched(run)
        yield f"[DRY RUN] Would put back {codes.count()} referral code(s) of run {run.pk}:"
        yield from _lines(codes, run)

    def _undo(self, run: ExpirationRun) -> Iterator[str]:
        with (
            progress(self.stderr, "Putting back", untouched(run).count) as show,
            stop_between_batches() as stop_if_asked,
        ):
            undoing = undo(run, ExpirationRun.StartedBy.COMMAND, on_batch=lambda size: (show(size), stop_if_asked()))
        yield f"Put back {undoing.restored_count} referral code(s) of run {run.pk}; this is run {undoing.pk}."
        yield from _lines(undoing.codes.all(), run)


def _lines(codes: QuerySet[ReferralCode], run: ExpirationRun) -> Iterator[str]:
    for (code,) in in_order(codes, "code"):
        yield f"  - {visible(code)}"
    for item in left(run):
        yield f"Left as it is: {visible(item.code.code)} ({item.in_words})"
    if count := gone(run):
        yield f"{'1 code' if count == 1 else f'{count} codes'} of this run cannot be named: {GONE}"


def _done(run: ExpirationRun) -> str:
    if run.state != ExpirationRun.State.UNDONE:
        return "This was a dry run: nothing was changed."
    return f"Run {run.pk} is undone."


def _run(pk: int) -> ExpirationRun:
    run = ExpirationRun.objects.filter(pk=pk).first()
    if run is None:
        raise CannotUndo(f"There is no run {pk} in the ledger.")
    return run
