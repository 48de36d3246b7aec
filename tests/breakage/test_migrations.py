"""Migrating an empty database."""

import os
from contextlib import contextmanager

import psycopg
import pytest

from tests.breakage.audit import audit
from tests.breakage.world import World


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
