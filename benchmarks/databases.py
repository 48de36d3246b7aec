"""The benchmark's own databases: each is filled once, and copied before each run."""

import shutil
import sqlite3
import sys
from abc import ABC, abstractmethod
from pathlib import Path

import psycopg

from benchmarks.measure import Process, manage, run

WHICH = """SELECT count(*), coalesce(sum(id), 0), coalesce(sum((id % 9973) * (id % 9967)), 0)
FROM main_referralcode WHERE status = 'inactive' AND expired_at IS NOT NULL"""
BARE = """UPDATE main_referralcode SET status = 'inactive', expired_at = {now}, expired_by_id = 1
WHERE status = 'active' AND expires_at <= {now} RETURNING id, code, agent_id, discount, expires_at"""


class Databases(ABC):
    """What the benchmark does with one kind of database. Each database has a name."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.made: set[str] = set()

    @abstractmethod
    def url(self, name: str) -> str:
        """Its DATABASE_URL."""

    @abstractmethod
    def create(self, name: str, template: str = "") -> None:
        """Create the database, empty or as a copy of `template`. An old one of that name is dropped."""

    @abstractmethod
    def query(self, name: str, sql: str) -> list[tuple[object, ...]]:
        """Run one statement outside of any transaction, and return its rows."""

    @abstractmethod
    def bare(self, name: str) -> list[str]:
        """The command line of the bare statement, which prints the codes that it expires."""

    @abstractmethod
    def drop_all(self) -> None:
        """Drop all databases that the benchmark created."""

    def seeded(self, codes: int, overdue: int, *how: str) -> str:
        """The name of a database with so many codes, so many of them overdue. It is filled at the first call."""
        name = "_".join([str(codes), str(overdue), *how]).replace("-", "")
        if name not in self.made:
            print(f"  filling {codes} codes, {overdue} overdue {' '.join(how)}", file=sys.stderr)
            self.create(name)
            self.run(name, "seed", str(codes), str(overdue), *how)
            self.tidy(name)
        return name

    def tidy(self, name: str) -> None:
        """Remove dead rows, and renew the planner's statistics."""
        self.query(name, "VACUUM")
        self.query(name, "ANALYZE")

    def run(self, name: str, *arguments: str) -> Process:
        """Run a command of the project, or of this package, on a database."""
        return run(manage(*arguments), self.folder / "output.txt", self.url(name))

    def which_expired(self, name: str) -> tuple[object, ...]:
        """How many codes a sweep expired, and sums that differ if they were other codes."""
        return self.query(name, WHICH)[0]


class PostgreSQL(Databases):
    """Databases named knossos_benchmark_… on a server of version 15 or later; its user may create databases."""

    def __init__(self, folder: Path, url: str) -> None:
        super().__init__(folder)
        self.server = url.rsplit("/", 1)[0]

    def url(self, name: str) -> str:
        return f"{self.server}/knossos_benchmark_{name}" if name else f"{self.server}/postgres"

    def create(self, name: str, template: str = "") -> None:
        source = f"knossos_benchmark_{template}" if template else "template1"
        self.query("", f'DROP DATABASE IF EXISTS "knossos_benchmark_{name}" WITH (FORCE)')
        self.query("", f'CREATE DATABASE "knossos_benchmark_{name}" TEMPLATE "{source}" STRATEGY file_copy')
        # So that no contender has to write what the copy or another contender left in memory.
        self.query("", "CHECKPOINT")
        self.made.add(name)

    def query(self, name: str, sql: str) -> list[tuple[object, ...]]:
        with psycopg.connect(self.url(name), autocommit=True) as connection:
            cursor = connection.execute(sql.encode())
            return cursor.fetchall() if cursor.description else []

    def bare(self, name: str) -> list[str]:
        return ["psql", "-qAt", "-d", self.url(name), "-c", BARE.format(now="now()")]

    def drop_all(self) -> None:
        for name in self.made:
            self.query("", f'DROP DATABASE IF EXISTS "knossos_benchmark_{name}" WITH (FORCE)')


class SQLite(Databases):
    """Files in a folder."""

    def path(self, name: str) -> Path:
        return self.folder / f"{name}.sqlite3"

    def url(self, name: str) -> str:
        return f"sqlite:///{self.path(name)}"

    def create(self, name: str, template: str = "") -> None:
        for file in self.folder.glob(f"{name}.sqlite3*"):
            file.unlink()
        if template:
            shutil.copyfile(self.path(template), self.path(name))
        self.made.add(name)

    def query(self, name: str, sql: str) -> list[tuple[object, ...]]:
        with sqlite3.connect(self.path(name), isolation_level=None) as connection:
            return connection.execute(sql).fetchall()

    def bare(self, name: str) -> list[str]:
        statement = BARE.format(now="strftime('%Y-%m-%d %H:%M:%f', 'now')")
        return [sys.executable, "-m", "benchmarks.bare", str(self.path(name)), statement]

    def drop_all(self) -> None:
        for name in self.made:
            self.create(name)
