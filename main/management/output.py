"""What the commands share: English, progress bar, errors in words, output that cannot be written, time stamps."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, redirect_stderr, suppress
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import Error
from django.utils import timezone, translation

from main.sweep.databases import driver_errors, kind
from main.sweep.errors import Refused, SweepFailed, explain
from main.sweep.log import time_of_line

OUTPUT_LOST = 74  # EX_IOERR of sysexits.h


class EnglishCommand(BaseCommand):
    """A command that speaks English whatever LANGUAGE_CODE says, because programs and logs read its output."""

    def run_from_argv(self, argv: list[str]) -> None:
        # For the whole process: nothing is restored at the end, and so no catalogue of translations is loaded.
        translation.deactivate_all()
        super().run_from_argv(argv)

    def execute(self, *args: Any, **options: Any) -> str | None:
        with translation.override(None):
            return super().execute(*args, **options)


class ScheduledCommand(EnglishCommand):
    """A command that runs every night. With --timestamps its output and its warnings fit into a log.

    For a log, add `-v 0` too: then the output names no person.
    """

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--timestamps",
            action="store_true",
            help="Begin each line with the time, for a log. With -v 0 no line names a person.",
        )

    def execute(self, *args: Any, **options: Any) -> str | None:
        if not options.pop("timestamps", False):
            return super().execute(*args, **options)
        options["stdout"] = _Timestamped(options.get("stdout") or sys.stdout)
        options["stderr"] = _Timestamped(options.get("stderr") or sys.stderr)
        with redirect_stderr(options["stderr"]):  # warnings are written there directly
            return super().execute(*args, **options)


class _Timestamped:
    """A stream that puts the time before each line."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self._within_a_line = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        for line in text.splitlines(keepends=True):
            self._stream.write(line if self._within_a_line else f"{time_of_line(timezone.now())} {line}")
            self._within_a_line = not line.endswith("\n")
        return len(text)


class Progress:
    """A progress bar, or nothing where nobody would see it. To be called with the number of codes done."""

    def __init__(self, bar: Any = None) -> None:
        self._bar = bar

    def __call__(self, size: int) -> object:
        return None if self._bar is None else self._bar.update(size)

    def make_way(self) -> None:
        """Take away a bar that is shown, before a line is written. The next step shows it again, below the line."""
        if self._bar is not None and self._bar.last_print_t >= self._bar.start_t + self._bar.delay:
            self._bar.clear()


@contextmanager
def progress(stderr: Any, what: str, total: Callable[[], int]) -> Iterator[Progress]:
    """Give what is called with the number of codes done. A person who waits for over a second sees a progress bar.

    `total` is called only if stderr is a terminal.
    """
    if not stderr.isatty():
        yield Progress()
        return
    from tqdm import tqdm  # noqa: PLC0415 - its import is slow, and a nightly run needs no bar

    # Directly to sys.stderr: Django's wrapper would print each step of the bar as a new red line.
    with tqdm(desc=what, total=total(), unit=" codes", file=sys.stderr, delay=1, dynamic_ncols=True) as bar:
        yield Progress(bar)


@contextmanager
def failures_in_words(*, stopped: str, note: Callable[[str], object] = lambda reason: None) -> Iterator[None]:
    """Turn failures into a CommandError of one line, and Ctrl-C into one that says `stopped`.

    `note` is called with the line first. Refuses an unsupported database before anything is done. System checks do
    that too, but the sweep runs without them.
    """
    try:
        kind()
        yield
    except (SweepFailed, Refused, Error, driver_errors()) as failure:
        note(explain(failure))
        raise CommandError(explain(failure)) from failure
    except KeyboardInterrupt as error:
        raise CommandError(f"Stopped by Ctrl-C. {stopped}") from error


def print_all(stdout: Any, texts: Iterable[str], done: Callable[[], str]) -> None:
    """Print `texts`. If that fails, for example on a full disk, say what was `done` and exit with 74."""
    try:
        for text in texts:
            stdout.write(text)
        stdout.flush()
    except BrokenPipeError:  # the reader has closed the pipe, as `head` does; manage.py handles it
        raise
    except OSError as error:
        with suppress(OSError, AttributeError):  # so that Python's own flush at exit does not fail too
            os.dup2(os.open(os.devnull, os.O_WRONLY), stdout.fileno())
        raise CommandError(
            f"{done()} The output could not be written: {error.strerror}.", returncode=OUTPUT_LOST
        ) from error
