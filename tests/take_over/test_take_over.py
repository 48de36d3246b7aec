"""The earlier system's codes are taken over by the commands of docs/take-over.md, word for word, on both databases."""

import csv
import os
import re
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple
from uuid import uuid4

import psycopg
import pytest

from tests.conftest import PROJECT
from tests.take_over import earlier_system

SERVER = os.environ.get("DATABASE_URL", "postgres://postgres@127.0.0.1:5432/").rpartition("/")[0]
BLOCKS = re.findall(r"```bash\n(.*?)```", (PROJECT / "docs" / "take-over.md").read_text(encoding="utf-8"), re.DOTALL)
EXPORT, CHECK, PART, IMPORT, FOLLOW = {"postgresql": 0, "sqlite": 1}, 2, 3, 4, {"postgresql": 5, "sqlite": 6}


class Place(NamedTuple):
    """An operator's folder, with the old database and the new one."""

    kind: str
    folder: Path
    old: str  # as psql or sqlite3 takes it
    new_url: str

    def run(self, script):
        environment = {
            "PATH": f"{self.folder}/bin:{os.environ['PATH']}", "LC_ALL": "C.UTF-8", "OLD_DATABASE": self.old,
            "BOOKINGS_DATABASE": self.old, "DATABASE_URL": self.new_url, "LOG_DIR": str(self.folder / "logs"),
            "DEBUG": "on", "TIME_ZONE": "Europe/Athens",
        }  # fmt: skip
        return subprocess.run(
            ["bash", "-c", script], cwd=self.folder, env=environment, capture_output=True, text=True, check=False
        )

    def rows(self, database, sql):
        if self.kind == "postgresql":
            with psycopg.connect(database) as connection:
                return connection.execute(sql.encode()).fetchall()
        connection = sqlite3.connect(database)
        try:
            return connection.execute(sql).fetchall()
        finally:
            connection.close()

    def new_rows(self, sql):
        return self.rows(self.new_url.removeprefix("sqlite:///") if self.kind == "sqlite" else self.new_url, sql)


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request, tmp_path):
    (tmp_path / "bin").mkdir()
    python = tmp_path / "bin" / "python"
    python.write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    python.chmod(0o755)
    (tmp_path / "manage.py").symlink_to(PROJECT / "manage.py")
    if request.param == "sqlite":
        old = f"{tmp_path}/old.sqlite3"
        earlier_system.make(f"sqlite:///{old}")
        yield Place("sqlite", tmp_path, old, f"sqlite:///{tmp_path}/new.sqlite3")
        return
    names = [f"{name}_{uuid4().hex[:8]}" for name in ("old", "new")]
    try:
        base = psycopg.connect(f"{SERVER}/postgres", autocommit=True)
    except psycopg.OperationalError:
        if os.environ.get("REQUIRE_SCHEDULERS"):
            raise
        pytest.skip("needs a PostgreSQL on 127.0.0.1:5432")
    with base:
        for name in names:
            base.execute(f"CREATE DATABASE {name}".encode())
        earlier_system.make(f"{SERVER}/{names[0]}")
        yield Place("postgresql", tmp_path, f"{SERVER}/{names[0]}", f"{SERVER}/{names[1]}")
        for name in names:
            base.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


def reason_to_refuse(code, discount, twins, line):
    """Why a code cannot come in, by what the earlier system has; found without the import's own code."""
    reasons = []
    if len(code) > 64:
        reasons.append(f"code: Ensure this value has at most 64 characters (it has {len(code)})")
    elif twins.setdefault(code.upper().replace(" ", ""), line) != line:
        reasons.append(f"code: line {twins[code.upper().replace(' ', '')]} has the same")
    if discount == "150":
        reasons.append("discount: Ensure this value is less than or equal to 100")
    return "; ".join(reasons)


def instant(value):
    """What a database has; SQLite's text is in UTC."""
    if isinstance(value, str):
        return datetime.fromisoformat(value).replace(tzinfo=UTC)
    return value and value.astimezone(UTC)


def test_every_code_is_taken_over_or_refused_with_its_reason(place):
    world = earlier_system.world()
    assert place.run("python manage.py migrate -v 0").stderr == ""
    exported = place.run(BLOCKS[EXPORT[place.kind]])
    assert (exported.returncode, exported.stderr) == (0, "")

    checked = place.run(BLOCKS[CHECK])
    told = dict(re.findall(r"^line (\d+): refused: (.*)$", checked.stdout, re.MULTILINE))
    twins: dict[str, int] = {}
    reasons = {line: reason_to_refuse(code[1], code[3], twins, line) for line, code in enumerate(world.codes, start=2)}
    assert told == {str(line): reason for line, reason in reasons.items() if reason}
    assert len(told) > 30

    assert place.run(BLOCKS[PART]).stderr == ""
    imported = place.run(BLOCKS[IMPORT])
    assert (imported.returncode, imported.stderr) == (0, "")
    taken = [code for line, code in enumerate(world.codes, start=2) if not reasons[line]]
    assert f"Imported {len(taken)} codes (" in imported.stdout.splitlines()[-1]
    refused = (place.folder / "refused.csv").read_text(encoding="utf-8").splitlines()
    assert [line.partition(",")[0] for line in refused] == [
        str(code[0]) for line, code in enumerate(world.codes, start=2) if reasons[line]
    ]

    with (place.folder / "map.csv").open(encoding="utf-8", newline="") as file:
        new_ids = {int(row["old_id"]): int(row["new_id"]) for row in csv.DictReader(file)}
    assert list(new_ids) == [code[0] for code in taken]
    compare(place, world, taken, new_ids)
    compare_bookings(place, world, new_ids)

    number = imported.stdout.rpartition("import ")[2].strip(".\n")
    undone = place.run(f"python manage.py undo_import {number}")
    assert undone.stdout.startswith(f"Deleted {len(taken)} codes of import {number} (good.csv) and ")
    assert place.new_rows("SELECT count(*) FROM main_userprofile") == [(0,)]


def compare(place, world, taken, new_ids):
    """Field by field; and what works now is what worked there."""
    now = datetime.now(UTC)
    stored = {row[0]: row[1:] for row in place.new_rows(
        "SELECT c.id, c.code, c.discount, c.expires_at, c.status, c.created_at, c.expired_at, c.agent_id, u.is_active "
        "FROM main_referralcode AS c LEFT JOIN main_userprofile AS p ON p.id = c.agent_id "
        "LEFT JOIN auth_user AS u ON u.id = p.user_id"
    )}  # fmt: skip
    agents = {agent[0]: agent for agent in world.agents}
    same_agent: dict[int | None, int | None] = {}
    for old_id, code, agent, discount, expires_at, status, created_at in taken:
        text, percent, end, state, created, expired_at, new_agent, can_sign_in = stored[new_ids[old_id]]
        assert text == code.upper()
        assert Decimal(str(percent)) == Decimal(discount or 0)
        assert (instant(end), instant(created)) == (expires_at, created_at)
        assert same_agent.setdefault(agent, new_agent) == new_agent
        past = expires_at is not None and expires_at <= now
        works_there = status == "active" and code == code.upper() and not past and (
            agent is None or agents[agent][-1] == "active"
        )  # fmt: skip
        assert (state == "active" and can_sign_in in (None, 1, True)) == works_there
        assert (expired_at is not None) == past
    assert len(set(same_agent.values())) == len(same_agent)
    assert same_agent[None] is None


def compare_bookings(place, world, new_ids):
    followed = place.run(BLOCKS[FOLLOW[place.kind]])
    assert (followed.returncode, followed.stderr) == (0, "")
    assert dict(place.rows(place.old, "SELECT id, referral_code_id FROM main_booking")) == {
        booking[0]: new_ids.get(booking[1]) for booking in world.bookings
    }
