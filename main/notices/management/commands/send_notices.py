"""`python manage.py send_notices`: parse, call, print."""

from collections.abc import Iterator
from itertools import islice
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from main.codes.text import visible, without_addresses
from main.management.output import ScheduledCommand, failures_in_words, print_all
from main.notices import conf, operators
from main.notices.contents import preview
from main.notices.letters import Mail
from main.notices.models import SwitchedOn
from main.notices.sending import Result, run
from main.sweep.stopping import stop_between_batches


class Command(ScheduledCommand):
    help = "Mails agents which codes stop soon, have ended or work again. Mails staff and operators a summary."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--dry-run", action="store_true", help="Say who would get what; send and write nothing.")

    def handle(self, *, dry_run: bool, verbosity: int, **options: Any) -> None:
        if why := conf.wrong_site_url():
            raise CommandError(f"Nothing was sent. {why}")
        stopped = "Nothing was sent." if dry_run else "The next run sends the rest."
        with failures_in_words(stopped=stopped):
            if dry_run:
                lines = _preview(verbosity)
                print_all(self.stdout, islice(lines, None if verbosity else 1), lambda: "This was a dry run.")
            else:
                self._send(verbosity)

    def _send(self, verbosity: int) -> None:
        def show(mail: Mail) -> None:
            if verbosity > 1:
                self.stdout.write(f"  - {visible(', '.join(mail.to))}: {visible(mail.letter.subject)}")

        with stop_between_batches() as stop_if_asked:
            result = run(on_mail=show, stop_if_asked=stop_if_asked)
        print_all(self.stdout, _told(result, verbosity), lambda: f"{result.sent} notice(s) were sent.")
        if result.waiting or result.stopped:
            raise CommandError(_why_not_completed(result))


def _preview(verbosity: int) -> Iterator[str]:
    switched_on = SwitchedOn.objects.first()
    if switched_on is None:
        yield "[DRY RUN] Would send nothing: the first run only notes since when notices are sent."
        return
    mails = list(preview(switched_on.at))
    if news := operators.news_at(timezone.now()):
        mails.append((", ".join(news.to), news.letter))
    lines = [
        f"  - {visible(address)}: {visible(letter.subject)}" + (f"\n\n{letter.text}" if verbosity > 1 else "")
        for address, letter in mails
    ]
    yield f"[DRY RUN] Would send {len(lines)} notice(s){':' if lines else '.'}"
    yield from lines


def _told(result: Result, verbosity: int) -> Iterator[str]:
    if result.switched_on:
        yield "Notices are sent from now on. Codes that have ended until now are not told."
        return
    yield f"Sent {result.sent} notice(s)."
    if verbosity:
        for address, said in result.refused:
            yield f"  - {visible(address)} was refused for good, and is not tried again: {said}"


def _why_not_completed(result: Result) -> str:
    """For the log of the scheduler too, so without the address that a mail server repeats. The admin has it."""
    waiting = f"{result.waiting} notice(s) wait for the next run."
    why = result.stopped or f"The mail server said of the last one: {result.said}"
    return f"Not completed: {waiting} {without_addresses(why)}"
