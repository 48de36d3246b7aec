"""The codes of a file that were found good, laid down on disk until all of them are: memory stays flat."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from functools import lru_cache
from tempfile import TemporaryFile
from typing import Any, Self

from django.db import connection

from main.importing.agents import Agents
from main.importing.checking import Draft

# Columns of the table of codes, in the order in which a draft has their values.
COLUMNS = ["code", "agent_id", "discount", "expires_at", "status", "created_at", "updated_at", "expired_at"]


class Drafts:
    """Codes to be written, in the order of their lines: a CSV file of what the database is to store.

    A new agent has no id yet: its number among the new ones stands there, below zero.
    """

    def __init__(self, agents: Agents) -> None:
        self._agents = agents
        self._stored: Any = lru_cache(1000)(connection.ops.adapt_datetimefield_value)
        self._file = TemporaryFile("w+", newline="", encoding="utf-8")  # noqa: SIM115 - closed as this is
        self._writer = csv.writer(self._file)
        self.count = self.past = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self._file.close()

    def add(self, item: Draft) -> None:
        code = item.code
        agent = self._agents.number(code.agent) if code.agent and not code.agent.pk else code.agent_id
        dates = map(self._stored, (code.created_at, code.updated_at, code.expired_at))
        values = (code.code, agent, code.discount, self._stored(code.expires_at), str(code.status), *dates)
        self._writer.writerow([*values, item.row.id.strip()])
        self.count += 1
        self.past += item.is_past

    def rewound(self) -> Any:
        """The file, to be read from its beginning."""
        self._file.flush()
        self._file.seek(0)
        return self._file

    def old_ids(self) -> Iterator[tuple[str, str]]:
        """Each code and the id that it had in the other system."""
        return ((row[0], row[-1]) for row in csv.reader(self.rewound()))
