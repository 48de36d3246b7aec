"""The whole server goes, on a PostgreSQL of our own that nobody else uses: restarted, crashed, away, empty."""

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tests.breakage.audit import assert_nothing_is_overdue, audit
from tests.breakage.test_database_breaks import CODES, UNREACHABLE
from tests.breakage.world import PROJECT, World, ended

BIN = max(Path("/usr/lib/postgresql").glob("*/bin"), default=None)
PROBE = """
import django; django.setup()
from django.test import Client
answer = Client(headers={"host": "localhost"}).get("/health/")
print(answer.status_code, answer.content.decode())
"""


class Server:
    """A PostgreSQL in a folder of its own, on a port of its own."""

    def __init__(self, folder):
        self._take_a_place(folder)
        self._do("initdb", "-D", folder / "data", "-U", "postgres", "-A", "trust", "--no-sync")
        self.start()

    def _take_a_place(self, folder):
        self.folder = folder
        # PostgreSQL refuses to run as root.
        self.as_user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"postgres://postgres@127.0.0.1:{self.port}/postgres"

    def _do(self, program, *arguments):
        subprocess.run(
            [*self.as_user, BIN / program, *map(str, arguments)],
            check=True, cwd=self.folder, stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT,
        )  # fmt: skip

    def _control(self, *arguments):
        options = f"-p {self.port} -k {self.folder} -c listen_addresses=127.0.0.1 -c fsync=off"
        self._do("pg_ctl", "-D", self.folder / "data", "-w", "-l", self.folder / "log", "-o", options, *arguments)

    def start(self):
        self._control("start")

    def stop(self, mode):
        self._control("stop", "-m", mode)


@pytest.fixture(scope="module")
def server():
    if not os.environ.get("DATABASE_URL", "").startswith("postgres"):
        pytest.skip("SQLite has no server.")
    if BIN is None:
        pytest.skip("No PostgreSQL server is installed here.")
    folder = Path(tempfile.mkdtemp(prefix="knossos-server-"))
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres")
    server = Server(folder)
    yield server
    server.stop("immediate")
    shutil.rmtree(folder)


@pytest.fixture
def world(server, tmp_path):
    world = World(server.url, tmp_path)
    assert world.run("migrate", "-v", "0") == (0, "", "")
    return world


def probe(world):
    script = subprocess.run(
        [sys.executable, "-c", PROBE], cwd=PROJECT, text=True, capture_output=True, check=True,
        env=world.env | {"DJANGO_SETTINGS_MODULE": "knossos.settings", "PYTHONWARNINGS": "default"},
    )  # fmt: skip
    status, _, body = script.stdout.partition(" ")
    return int(status), json.loads(body)


@pytest.mark.parametrize("mode", ["fast", "immediate"])
def test_the_server_restarts_during_a_sweep(world, server, mode):
    world.seed(CODES)
    process = world.start("expire_referral_codes")
    world.wait_for_first_batch()
    server.stop(mode)
    code, output, errors = ended(process)
    server.start()
    assert (code, output) == (1, "")
    assert errors.startswith("CommandError: Stopped early. ")
    assert UNREACHABLE in errors
    assert errors.count("\n") == 1
    # The ledger could not be told; the next run does it.
    state, count, _, _ = world.last_run()
    assert (state, 0 < count < CODES) == ("running", True)
    ((broken,),) = world.query("SELECT max(id) FROM main_expirationrun")
    assert world.sweep()[0] == 0
    assert world.query(f"SELECT state FROM main_expirationrun WHERE id = {broken}") == [("interrupted",)]
    audit(world, killed={broken})
    assert_nothing_is_overdue(world)


def test_the_server_is_away(world, server):
    world.seed(0)
    server.stop("fast")
    try:
        for command in (
            ["expire_referral_codes"],
            ["expire_referral_codes", "--dry-run"],
            ["undo_expiration_run", "1"],
        ):
            code, output, errors = world.run(*command)
            assert (code, output) == (1, "")
            assert errors.startswith(f"CommandError: {UNREACHABLE} (")
            assert errors.count("\n") == 1
        problem = UNREACHABLE
        assert world.run("expiration_health") == (1, f"Not healthy.\n  - {problem}\n", "")
        assert probe(world) == (
            503,
            {
                "healthy": False,
                "problems": [problem],
                "database_reachable": False,
                "last_completed_run": None,
                "oldest_overdue": None,
            },
        )
    finally:
        server.start()
    assert world.run("expiration_health")[0] == 0
    audit(world)


def test_a_server_that_never_answers_is_not_waited_for(tmp_path):
    with socket.socket() as mute:
        mute.bind(("127.0.0.1", 0))
        mute.listen()
        world = World(f"postgres://postgres@127.0.0.1:{mute.getsockname()[1]}/postgres", tmp_path)
        problem = UNREACHABLE
        assert world.run("expiration_health") == (1, f"Not healthy.\n  - {problem}\n", "")


def test_the_database_has_no_tables(world):
    world.query("CREATE DATABASE empty")
    empty = World(world.url.rpartition("/")[0] + "/empty", world.log_dir)
    for command in (["expire_referral_codes"], ["expire_referral_codes", "--dry-run"], ["undo_expiration_run", "1"]):
        code, output, errors = empty.run(*command)
        assert (code, output) == (1, "")
        assert errors.startswith("CommandError: The database lacks a table or column: run `python manage.py migrate`.")
    status, found = probe(empty)
    assert (status, found["database_reachable"]) == (503, True)
    assert found["problems"] == ["The database lacks a table or column: run `python manage.py migrate`."]
    assert empty.run("expiration_health")[0] == 1
    world.query("DROP DATABASE empty WITH (FORCE)")
