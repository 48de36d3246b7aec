"""The codes of a whole file, written in one short transaction."""

from __future__ import annotations

import csv
from contextlib import ExitStack
from functools import partial
from io import StringIO
from pathlib import Path

from django.db import connection, transaction

from main.codes.parts import parts
from main.importing.agents import Agents
from main.importing.checking import CHUNK
from main.importing.drafts import COLUMNS, Drafts
from main.models import CodeImport, ReferralCode, UserProfile
from main.sweep.announcing import ExpiredCode, announce
from main.sweep.databases import staged_table, way
from main.sweep.reading import by_id

CODES = ReferralCode._meta.db_table
# What the tables are like that hold the drafts, and the new agents by the numbers that stand for them there.
SHAPE = f"SELECT {', '.join(COLUMNS)}, CAST(code AS text) AS old_id FROM {CODES}"  # noqa: S608 - our own text
NUMBERS = f"SELECT id AS number, id FROM {UserProfile._meta.db_table}"  # noqa: S608 - our own text
AT_ONCE = 2000  # codes that listeners are told of together


def write(drafts: Drafts, agents: Agents, entry: CodeImport) -> None:
    """Store the new agents, the codes and the `entry` of the ledger: all of them or none.

    The drafts are moved into a table of this connection's own, and from there by one statement, so that the write lock
    of SQLite is held for a moment only. Raises IntegrityError when somebody added one of the codes, or deleted an
    agent, since the check, and DatabaseError when the database fails.
    """
    staged = partial(staged_table, "imported_draft", SHAPE, drafts.rewound(), "code")
    with ExitStack() as stack:
        for begin in (staged, transaction.atomic) if way().stages_first else (transaction.atomic, staged):
            stack.enter_context(begin())
        entry.code_count, entry.expired_count = drafts.count, drafts.past
        entry.save(force_insert=True)
        agents.save_new()
        entry.new_agents.set(agents.new)
        _insert(entry, agents)
        transaction.on_commit(partial(_announce, entry))


def write_map(file: Path, drafts: Drafts) -> None:
    """Write a CSV of each code's old id and new one, by which bookings can follow. Raises OSError."""
    with file.open("w", newline="", encoding="utf-8") as opened:
        writer = csv.writer(opened)
        writer.writerow(["old_id", "new_id", "code"])
        pairs = drafts.old_ids()
        for page in parts(pairs, CHUNK):
            stored = ReferralCode.objects.with_code(*(code for code, _ in page)).values_list("code", "id")
            new_ids = dict(stored)
            writer.writerows((old_id, new_ids[code], code) for code, old_id in page if code in new_ids)


def _insert(entry: CodeImport, agents: Agents) -> None:
    """One statement moves the drafts."""
    numbers = StringIO("".join(f"{agents.number(agent)},{agent.pk}\n" for agent in agents.new))
    values = ", ".join(
        "coalesce(agent.id, draft.agent_id)" if name == "agent_id" else f"draft.{name}" for name in COLUMNS
    )
    temporary = way().temporary
    with staged_table("imported_agent", NUMBERS, numbers, "number"), connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {CODES} ({', '.join(COLUMNS)}, imported_by_id) "  # noqa: S608 - our own text
            f"SELECT {values}, %s FROM {temporary}.imported_draft AS draft "
            f"LEFT JOIN {temporary}.imported_agent AS agent ON agent.number = draft.agent_id",
            [entry.pk],
        )


def _announce(entry: CodeImport) -> None:
    """Tell the listeners, the log among them, of the codes that came in as expired."""
    batch: list[ExpiredCode] = []
    for code in by_id(entry.codes.filter(expired_at__isnull=False)):
        batch.append(ExpiredCode(code.pk, code.code, code.agent_id, code.expires_at))
        if len(batch) == AT_ONCE:
            announce(batch, None)
            batch = []
    if batch:
        announce(batch, None)
