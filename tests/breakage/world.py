"""A database, a log folder and real processes of their own, for tests that break things."""

import os
import re
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import psycopg

from tests.patience import PATIENCE

PROJECT = Path(__file__).resolve().parent.parent.parent
LINE = re.compile(r"(expired|restored) \S+ \(id (\d+), .*\) by run (\d+)(?:, undoing run \d+)?$")

SEED = {
    "postgres": """
        INSERT INTO main_referralcode (code, discount, expires_at, status, created_at, updated_at)
        SELECT 'C-' || n, 10, now() - interval '1 day' - n * interval '1 second', 'active',
               now() - interval '2 days', now() - interval '2 days'
        FROM generate_series(1, {number}) n""",
    "sqlite": """
        WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {number})
        INSERT INTO main_referralcode (code, discount, expires_at, status, created_at, updated_at)
        SELECT 'C-' || n, 10, datetime('now', '-1 day', '-' || n || ' seconds'), 'active',
               datetime('now', '-2 days'), datetime('now', '-2 days') FROM numbers""",
}


class World:
    """What one installation consists of: DATABASE_URL, its logs, and `manage.py` in processes of their own."""

    def __init__(self, url, folder):
        self.url = url
        self.kind = url.split(":", maxsplit=1)[0]
        self.log_dir = folder / "logs"
        self.env = {
            "PATH": os.environ["PATH"], "DATABASE_URL": url, "LOG_DIR": str(self.log_dir), "PYTHONWARNINGS": "error",
        }  # fmt: skip

    def start(self, *command, prefix=()):
        return subprocess.Popen(
            [*prefix, sys.executable, "manage.py", *command],
            cwd=PROJECT, env=self.env, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip

    def run(self, *command, prefix=()):
        """Exit code, stdout, stderr."""
        return ended(self.start(*command, prefix=prefix))

    def sweep(self):
        return self.run("expire_referral_codes", "-v", "0")

    def query(self, sql):
        """Over a connection of its own, so that it outlives what happens to the others."""
        if self.kind == "sqlite":
            with closing(
                sqlite3.connect(self.url.removeprefix("sqlite:///"), timeout=PATIENCE, isolation_level=None)
            ) as base:
                return base.execute(sql).fetchall()
        with psycopg.connect(self.url, autocommit=True) as base:
            cursor = base.execute(sql)
            return cursor.fetchall() if cursor.description else []

    def seed(self, number):
        self.query("DELETE FROM main_formercode")
        self.query("DELETE FROM main_referralcode")
        self.query("DELETE FROM main_expirationrun WHERE undo_of_id IS NOT NULL")
        self.query("DELETE FROM main_expirationrun")
        self.query(SEED[self.kind].format(number=number))
        self.query("ANALYZE")
        (self.log_dir / "referral_codes.log").unlink(missing_ok=True)

    def wait_until(self, sql):
        """Until the query's first cell is true."""
        give_up = time.monotonic() + PATIENCE
        while not self.query(sql)[0][0]:
            assert time.monotonic() < give_up, f"never true: {sql}"

    def wait_for_first_batch(self):
        self.wait_until("SELECT coalesce(max(expired_count), 0) > 0 FROM main_expirationrun")

    def wait_for_first_line(self):
        give_up = time.monotonic() + PATIENCE
        while not self.logged():
            assert time.monotonic() < give_up, "nothing was logged"

    def logged(self):
        """(expired or restored, code id, run id) of each whole line of the log."""
        path = self.log_dir / "referral_codes.log"
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        whole = filter(None, map(LINE.search, lines))
        return [(verb, int(code), int(run)) for verb, code, run in (line.groups() for line in whole)]

    def last_run(self):
        """State, codes expired, error, warning."""
        (run,) = self.query(
            "SELECT state, expired_count, error, warning FROM main_expirationrun ORDER BY id DESC LIMIT 1"
        )
        return run


def ended(process):
    """Exit code, stdout, stderr of `process`, once it has ended."""
    stdout, stderr = process.communicate(timeout=PATIENCE)
    return process.returncode, stdout, stderr
