"""A sweep that prints the longest time for which a batch held its locks."""

import time
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand
from django.db import connection
from django.db.backends.signals import connection_created

from main.models import ExpirationRun
from main.sweep.run import sweep

LOG_BYTES = 8000 * 4096  # the same as in the settings for SQLite


class Command(BaseCommand):
    help = "Expires overdue codes and prints the longest batch in milliseconds."

    def handle(self, **options: Any) -> None:
        watches: list[Watch] = []
        connection.close()
        connection_created.connect(lambda connection, **kwargs: watches.append(Watch(connection)), weak=False)
        sweep(ExpirationRun.StartedBy.SHELL)
        self.stdout.write(f"{max(watch.longest for watch in watches) * 1000:.1f}")


class Watch:
    """Measures each transaction of one connection that locks codes."""

    def __init__(self, connection: Any) -> None:
        self.connection, self.commit = connection, connection.commit
        self.begun = self.longest = 0.0
        connection.execute_wrappers.append(self.note)
        connection.commit = self.timed_commit
        if connection.vendor == "sqlite":
            # In a commit, SQLite first releases its lock and then copies its log into the file. Only the lock counts.
            connection.connection.execute("PRAGMA wal_autocheckpoint = 0")

    def note(self, execute: Any, sql: str, *arguments: Any) -> Any:
        """Start the clock at the first statement that takes a lock."""
        if "FOR NO KEY UPDATE" in sql or sql.startswith("BEGIN"):
            self.begun = self.begun or time.perf_counter()
        return execute(sql, *arguments)

    def timed_commit(self) -> None:
        self.commit()
        if self.begun:
            self.longest = max(self.longest, time.perf_counter() - self.begun)
            self.begun = 0
        if self.connection.vendor == "sqlite":
            log = Path(f"{self.connection.settings_dict['NAME']}-wal")
            if log.exists() and log.stat().st_size > LOG_BYTES:
                self.connection.connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
