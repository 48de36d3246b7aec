import os

import psycopg
import pytest

from tests.breakage.world import World


@pytest.fixture(scope="session")
def fresh_database(tmp_path_factory, worker_id):
    """The address of an empty database, on the server of DATABASE_URL, or else in a file."""
    server = os.environ.get("DATABASE_URL", "").replace("postgresql:", "postgres:")
    if not server.startswith("postgres:"):
        yield f"sqlite:///{tmp_path_factory.mktemp('breakage') / 'db.sqlite3'}"
        return
    host, _, name = server.rpartition("/")
    name = f"{name}_breakage_{worker_id}"
    with psycopg.connect(f"{host}/postgres", autocommit=True) as base:
        base.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        base.execute(f'CREATE DATABASE "{name}"')
        yield f"{host}/{name}"
        base.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@pytest.fixture(scope="session")
def _migrated(fresh_database, tmp_path_factory):
    world = World(fresh_database, tmp_path_factory.mktemp("migration"))
    assert world.run("migrate", "-v", "0") == (0, "", "")


@pytest.fixture
def world(fresh_database, _migrated, tmp_path):
    return World(fresh_database, tmp_path)


@pytest.fixture
def server_world(world):
    """Where a server can be asked to misbehave."""
    if world.kind != "postgres":
        pytest.skip("SQLite has no server.")
    return world
