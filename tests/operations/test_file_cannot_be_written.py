"""SQLite in a folder, or a file, that this user may not write: named as such in one sentence, wherever one looks."""

import os
import shutil
import sqlite3
import subprocess
import sys

import pytest
from django.db import connection

from tests.breakage.world import PROJECT, World
from tests.processes.test_production_settings import PRODUCTION

# Rights do not bind root unless it gives up what lets it pass them.
BOUND = ["setpriv", "--bounding-set", "-dac_override,-dac_read_search"] if os.geteuid() == 0 else []
PAGE = (
    "from django.test import Client; answer = Client(headers={'host': 'localhost'}).get('/health/');"
    "print(answer.status_code, answer.json()['problems'][0])"
)


@pytest.fixture
def base(migrated, tmp_path):
    """A migrated database in a folder of its own, which can be written again at the end."""
    if connection.vendor != "sqlite":
        pytest.skip("its processes have an SQLite file of their own: run on SQLite")
    folder = tmp_path / "base"
    folder.mkdir()
    yield shutil.move(tmp_path / "db.sqlite3", folder / "db.sqlite3")
    if folder.exists():
        folder.chmod(0o700)


def remove_folder(base):
    shutil.rmtree(base.parent)


def close_folder(base):
    base.parent.chmod(0o500)


def close_file(base):
    base.chmod(0o400)


def close_wal(base):
    """As for the server while a command of root runs."""
    other = sqlite3.connect(base)
    other.execute("DELETE FROM django_session")
    other.commit()
    for kind in ("wal", "shm"):
        base.with_name(f"db.sqlite3-{kind}").chmod(0o400)
    return other


FOLDER = "of the SQLite database"
GONE = f"The folder{{}} {FOLDER} does not exist: make it, or correct DATABASE_URL."
CLOSED = f"The folder{{}} {FOLDER} cannot be written: give this user the right. SQLite needs it too."


@pytest.mark.parametrize(
    ("breaks", "for_operators", "for_all"),
    [
        (remove_folder, GONE.format(" {base.parent}"), GONE.format("")),
        (close_folder, CLOSED.format(" {base.parent}"), CLOSED.format("")),
        (
            close_file,
            "The file {base} cannot be written: give this user the right.",
            "A file of the SQLite database (….sqlite3) cannot be written: give this user the right.",
        ),
        (
            close_wal,
            "The file {base}-wal cannot be written: give this user the right.",
            "A file of the SQLite database (….sqlite3-wal) cannot be written: give this user the right.",
        ),
    ],
)
def test_it_is_named_by_commands_at_the_start_and_on_the_health_page(base, tmp_path, breaks, for_operators, for_all):
    world = World(f"sqlite:///{base}", tmp_path)
    world.query(
        "INSERT INTO main_referralcode (code, discount, expires_at, status, created_at, updated_at)"
        " VALUES ('LATE-10', 10, '2020-01-01', 'active', '2020-01-01', '2020-01-01')"
    )
    other = breaks(base)
    sentence = for_operators.format(base=base)

    code, output, errors = world.run("expire_referral_codes", prefix=BOUND)
    assert (code, output) == (1, "")
    assert errors.startswith(f"CommandError: {sentence} (")
    assert errors.count("\n") == 1
    assert f" ERROR sweep failed: {sentence} (" in (world.log_dir / "referral_codes.log").read_text()

    code, output, _ = world.run("expiration_health", prefix=BOUND)
    assert (code, output.splitlines()[:2]) == (1, ["Not healthy.", f"  - {for_all}"])
    assert world.run("shell", "-v", "0", "-c", PAGE, prefix=BOUND)[1] == f"503 {for_all}\n"

    code, _, errors = world.run("check", "--fail-level", "WARNING", prefix=BOUND)
    assert (code, sentence in errors) == (1, True)
    server = subprocess.run(
        [*BOUND, sys.executable, "-c", "import knossos.wsgi"],
        cwd=PROJECT, capture_output=True, text=True, check=False,
        env=world.env | PRODUCTION | {"PYTHONWARNINGS": "default"},
    )  # fmt: skip
    assert f" ERROR knossos message='{sentence}'\n" in server.stderr
    if other:
        other.close()


def test_a_file_that_can_be_written_is_no_problem(base, tmp_path):
    world = World(f"sqlite:///{base}", tmp_path)
    assert world.run("expire_referral_codes", prefix=BOUND) == (0, "No expired referral codes found.\n", "")
    assert world.run("expiration_health", prefix=BOUND)[1].startswith("Healthy.\n")
    assert world.run("check", prefix=BOUND) == (0, "System check identified no issues (0 silenced).\n", "")
