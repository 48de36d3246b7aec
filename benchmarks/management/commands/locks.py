"""A sweep that prints the longest time in which a batch held its locks."""

import time
from typing import Any

from django.core.management.base import BaseCommand
from django.db import connection

from main.expiration import sweep
from main.models import ExpirationRun


class Command(BaseCommand):
    help = "Expires overdue codes and prints the longest batch in milliseconds."

    def handle(self, **options: Any) -> None:
        begun: list[float] = []
        longest = 0.0
        commit = connection.commit

        def note(execute: Any, sql: str, *arguments: Any) -> Any:
            if "FOR NO KEY UPDATE" in sql or (sql.startswith("BEGIN") and not begun):
                begun.append(time.perf_counter())
            return execute(sql, *arguments)

        def timed_commit() -> None:
            nonlocal longest
            commit()
            if begun:
                longest = max(longest, time.perf_counter() - begun[0])
            begun.clear()

        connection.ensure_connection()
        connection.commit = timed_commit  # type: ignore[method-assign]
        with connection.execute_wrapper(note):
            sweep(ExpirationRun.StartedBy.SHELL)
        self.stdout.write(f"{longest * 1000:.1f}")
