"""Migrating: an empty database in one go, and a large one of the previous schema without rewriting its codes."""

import os
from contextlib import contextmanager

import psycopg
import pytest

from tests.breakage.audit import assert_nothing_is_overdue, audit
from tests.breakage.world import World

CODES = 1_000_000
OVERDUE = 5000


@pytest.fixture
def empty_world(tmp_path, worker_id):
    with database_beside(tmp_path, worker_id) as url:
        yield World(url, tmp_path)


@contextmanager
def database_beside(folder, worker):
    server = os.environ.get("DATABASE_URL", "").replace("postgresql:", "postgres:")
    if not server.startswith("postgres:"):
        yield f"sqlite:///{folder / 'old.sqlite3'}"
        return
    host, _, name = server.rpartition("/")
    name = f"{name}_migrations_{worker}"
    with psycopg.connect(f"{host}/postgres", autocommit=True) as base:
        base.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        base.execute(f'CREATE DATABASE "{name}"')
        yield f"{host}/{name}"
        base.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def test_from_nothing_to_a_sweep(empty_world):
    assert empty_world.run("migrate", "-v", "0") == (0, "", "")
    assert empty_world.run("makemigrations", "--check")[0] == 0
    empty_world.seed(10)
    assert empty_world.sweep() == (0, "Successfully expired 10 referral code(s).\n", "")
    audit(empty_world)


def test_a_million_codes_of_the_previous_schema(empty_world):
    world = empty_world
    assert world.run("migrate", "main", "0001", "-v", "0") == (0, "", "")
    world.query(SEED_OLD[world.kind])
    world.query(
        "INSERT INTO main_expirationrun (started_at, last_sign_of_life, cutoff, started_by, host, pid, state,"
        " expired_count, error, warning) SELECT '2026-11-20 02:00Z', '2026-11-20 02:00Z', '2026-11-20 02:00Z',"
        " 'command', 'here', 1, 'completed', 0, '', ''"
    )
    files = "SELECT pg_relation_filenode('main_referralcode')" if world.kind == "postgres" else "SELECT 1"
    before = world.query(files)

    assert world.run("migrate", "-v", "0") == (0, "", "")

    assert world.query(files) == before, "the table of the codes was rewritten"
    assert world.query("SELECT count(*) FROM main_referralcode") == [(CODES,)]
    assert world.query("SELECT state, restored_count, undo_of_id FROM main_expirationrun") == [("completed", 0, None)]
    assert world.sweep() == (0, f"Successfully expired {OVERDUE} referral code(s).\n", "")
    audit(world)
    assert_nothing_is_overdue(world)
    ((run,),) = world.query("SELECT max(id) FROM main_expirationrun")
    assert world.run("undo_expiration_run", str(run), "-v", "0")[0] == 0
    audit(world)


# Most codes run for years; only those numbered to OVERDUE are past their date, and only they have 10 percent.
SEED_OLD = {
    "postgres": f"""
        INSERT INTO main_referralcode (code, discount, expires_at, status, created_at, updated_at)
        SELECT 'C-' || n, CASE WHEN n <= {OVERDUE} THEN 10 ELSE 20 END,
               now() + CASE WHEN n <= {OVERDUE} THEN -n ELSE n END * interval '1 minute', 'active',
               now() - interval '9 days', now() - interval '9 days'
        FROM generate_series(1, {CODES}) n""",
    "sqlite": f"""
        WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {CODES})
        INSERT INTO main_referralcode (code, discount, expires_at, status, created_at, updated_at)
        SELECT 'C-' || n, CASE WHEN n <= {OVERDUE} THEN 10 ELSE 20 END,
               datetime('now', CASE WHEN n <= {OVERDUE} THEN -n ELSE n END || ' minutes'), 'active',
               datetime('now', '-9 days'), datetime('now', '-9 days') FROM numbers""",
}
