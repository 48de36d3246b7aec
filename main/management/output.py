"""What commands that work on many codes share: a bar, failures in words, output that cannot be written."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from django.core.management.base import CommandError
from django.db import Error

from main.sweep.databases import driver_errors, kind
from main.sweep.errors import Refused, SweepFailed, explain

OUTPUT_LOST = 74  # EX_IOERR of sysexits.h


@contextmanager
def progress(stderr: Any, what: str, total: Callable[[], int]) -> Iterator[Callable[[int], object]]:
    """Give a function that is told of so many more codes, and shows that to a person who waits for over a second.

    `total` is asked only where somebody looks on.
    """
    if not stderr.isatty():
        yield lambda size: None
        return
    from tqdm import tqdm  # noqa: PLC0415 - nobody looks on at night, and its import takes a while

    # Past Django's wrapper, which would make each step of the bar a red line of its own.
    with tqdm(desc=what, total=total(), unit=" codes", file=sys.stderr, delay=1, dynamic_ncols=True) as bar:
        yield bar.update


@contextmanager
def failures_in_words(*, stopped: str, note: Callable[[str], object] = lambda reason: None) -> Iterator[None]:
    """Turn what fails into a CommandError of one line, and Ctrl-C into one that says `stopped`.

    `note` is given the line first. Refuses a database that is not known before anything is done: system checks would
    do that too, but the sweep runs without them.
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
    """Print `texts`; where the disk is full or the like, say what was `done` nevertheless, and exit with 74."""
    try:
        for text in texts:
            stdout.write(text)
        stdout.flush()
    except BrokenPipeError:  # whoever read it has seen enough; manage.py knows
        raise
    except OSError as error:
        with suppress(OSError, AttributeError):  # for Python's own last flush, which would fail once more
            os.dup2(os.open(os.devnull, os.O_WRONLY), stdout.fileno())
        raise CommandError(
            f"{done()} The output could not be written: {error.strerror}.", returncode=OUTPUT_LOST
        ) from error
