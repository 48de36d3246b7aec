"""The log file of the expirations, with one line for each code."""

import logging
import os
from contextlib import suppress
from datetime import UTC, datetime
from io import SEEK_END, TextIOWrapper
from logging.handlers import WatchedFileHandler
from pathlib import Path
from typing import Any

from django.utils import timezone

# A record larger than the buffer would reach the file in two writes, and lines of another process could come in
# between. The largest batch (10,000 codes) makes a record of about 1 MiB.
BUFFER_BYTES = 4 * 1024 * 1024


class LogFileHandler(WatchedFileHandler):
    """Opens the file at the first line, creates its folder, follows log rotation. Raises OSError if it cannot write.

    The standard handlers print a traceback on stderr and go on, so the caller never learns of it. Here the caller
    gets the error, and can write it into the ledger (`main.signals.log_expired_codes`).
    """

    def __init__(self, filename: str | Path, **options: Any) -> None:
        super().__init__(filename, encoding="utf-8", delay=True, **options)

    def _open(self) -> TextIOWrapper:
        path = Path(self.baseFilename)
        path.parent.mkdir(parents=True, exist_ok=True)
        stream = open(  # noqa: SIM115 - the handler closes it
            path, "a", encoding=self.encoding, buffering=BUFFER_BYTES, opener=_not_for_everybody
        )
        if _ends_within_a_line(path):
            stream.write("\n")
        return stream

    def handleError(self, record: logging.LogRecord) -> None:
        raise  # noqa: PLE0704 - called inside emit's except clause


def _not_for_everybody(path: str, flags: int) -> int:
    """Create a new file for its owner and group only, because it names every code. An old file keeps its rights."""
    return os.open(path, flags, 0o640)


def _ends_within_a_line(path: Path) -> bool:
    """Whether the last line is unfinished: a process was killed while writing, or the disk was full.

    The next record would continue that line, and programs that read line by line would miss it.
    """
    with suppress(OSError), path.open("rb") as file:  # a pipe or a device has no end to look at
        if file.seek(0, SEEK_END):
            file.seek(-1, SEEK_END)
            return file.read(1) != b"\n"
    return False


def time_of_line(instant: datetime) -> str:
    """With what a line of a log begins: the time in the project's zone.

    It has its offset, because one hour comes twice on the autumn night.
    """
    return instant.astimezone(timezone.get_default_timezone()).isoformat(sep=" ", timespec="seconds")


class LineFormatter(logging.Formatter):
    """Puts the time and level of a record before each line of its message, so that one record can hold a batch."""

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:
        return time_of_line(datetime.fromtimestamp(record.created, tz=UTC))

    def format(self, record: logging.LogRecord) -> str:
        template = logging.makeLogRecord({**record.__dict__, "msg": "\0", "args": None})
        prefix, suffix = super().format(template).split("\0")
        return prefix + record.getMessage().replace("\n", f"{suffix}\n{prefix}") + suffix
