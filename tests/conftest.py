"""A few named people and codes, the frozen clock, and the command as a person would run it."""

import logging
import os
import shutil
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from functools import partial
from io import StringIO
from pathlib import Path
from typing import NamedTuple

import pytest
import time_machine
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db import connection

from main.models import CodeImport, ReferralCode, UserProfile
from main.sweep import databases
from main.throttle import counts_of_this_process
from tests.patience import PATIENCE
from tests.staff import make_staff

PROJECT = Path(__file__).parent.parent
NOW = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)
INSTANT = timedelta(microseconds=1)
FEW = 3


def pytest_xdist_auto_num_workers(config):
    """A few files named on the command line run in this process: workers take longer to start than they save."""
    files = [Path(argument.partition("::")[0]) for argument in config.args]
    return 0 if len(files) <= FEW and all(file.is_file() for file in files) else None


@pytest.fixture(autouse=True, scope="session")
def _ctrl_c_works():
    """A shell makes what it runs in the background ignore Ctrl-C, and the tests' processes would inherit that."""
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def clock():
    """The time stands still at NOW."""
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture(autouse=True)
def _frozen_clocks_may_differ(settings):
    """Tests freeze this process's clock far from the database server's; those of the guard set it themselves."""
    settings.EXPIRATION_CLOCK_TOLERANCE = float("inf")


@pytest.fixture(autouse=True)
def log_file(tmp_path):
    """The log of expirations, in a folder of the test instead of the project's."""
    handler = logging.getLogger("main.signals").handlers[0]
    assert isinstance(handler, logging.FileHandler)
    usual, handler.baseFilename = handler.baseFilename, str(tmp_path / "logs" / "referral_codes.log")
    yield Path(handler.baseFilename)
    handler.close()
    handler.stream = None
    handler.baseFilename = usual


@pytest.fixture(autouse=True)
def _nobody_has_tried_before():
    counts_of_this_process().reset()


def make_agent(name, **user):
    """An agent whose user name is its first name."""
    account = User.objects.create_user(name.split(maxsplit=1)[0].lower(), **user)
    return UserProfile.objects.create(user=account, name=name, role=UserProfile.Role.AGENT)


def make_code(code, **fields):
    """A code stored as it is, past the signal that would mark it inactive."""
    return ReferralCode.objects.bulk_create([ReferralCode(code=code, **fields)])[0]


@pytest.fixture
def john(db):
    return make_agent("John Smith")


@pytest.fixture
def three_overdue(john):
    """The three codes of the design document, each an hour longer past its date than the next."""
    return [
        make_code("JOHNS-20", agent=john, discount=20, expires_at=NOW - timedelta(hours=3)),
        make_code("MARIA-15", agent=make_agent("Maria Garcia"), discount=15, expires_at=NOW - timedelta(hours=2)),
        make_code("ALEX-10", agent=make_agent("Alex Johnson"), discount=10, expires_at=NOW - timedelta(hours=1)),
    ]


@pytest.fixture
def one_connection(monkeypatch):
    """Batches one after the other, for what is looked at between two of them."""
    monkeypatch.setitem(databases.WAYS, connection.vendor, databases.way()._replace(connections=1))


@pytest.fixture
def staff_signed_in(client):
    """A superuser, in `client`."""
    client.force_login(make_staff())


@pytest.fixture
def four_in_the_morning_in_athens(settings, clock):
    settings.TIME_ZONE = "Europe/Athens"


@pytest.fixture
def run_command():
    """Run a management command and return all that it printed."""

    def run(*args, **options):
        out = StringIO()
        call_command(*args, stdout=out, **options)
        return out.getvalue()

    return run


def managed(folder, *args, **env):
    """Run manage.py as an operator would: a process of its own, by default on `db.sqlite3` in the folder."""
    environment = {
        "PATH": "/usr/bin:/bin",
        "DATABASE_URL": f"sqlite:///{folder}/db.sqlite3",
        "LOG_DIR": str(folder / "logs"),
        "TIME_ZONE": "UTC",
        **{name: value for name, value in os.environ.items() if name.startswith(("COV", "SYSTEMROOT"))},
        **env,
    }
    return subprocess.run(
        [sys.executable, str(PROJECT / "manage.py"), *args],
        env=environment, cwd=folder, capture_output=True, text=True, timeout=PATIENCE, check=False,
    )  # fmt: skip


@pytest.fixture
def manage(tmp_path):
    """`managed` in the folder of the test; there is no database yet."""
    return partial(managed, tmp_path)


@pytest.fixture(scope="session")
def _migrated_once(tmp_path_factory):
    folder = tmp_path_factory.mktemp("migrated")
    done = managed(folder, "migrate", "-v0")
    assert (done.returncode, done.stderr) == (0, "")
    return folder / "db.sqlite3"


@pytest.fixture
def migrated(manage, _migrated_once, tmp_path):
    """The same, with the tables."""
    shutil.copy(_migrated_once, tmp_path)
    return manage


class Import(NamedTuple):
    """What `import_codes` printed, and the sentence and exit code with which it refused, if it did."""

    out: str
    refused: str = ""
    error: str = ""
    exit_code: int = 0


def latest_import():
    return CodeImport.objects.latest("id")


@pytest.fixture
def import_codes(tmp_path):
    """Run the command `import_codes` on a file codes.csv with this content."""

    def run(content, *args, **options):
        file, out, err = tmp_path / "codes.csv", StringIO(), StringIO()
        file.write_bytes(content.encode() if isinstance(content, str) else content)
        try:
            call_command("import_codes", str(file), *args, stdout=out, stderr=err, **options)
        except CommandError as error:
            return Import(out.getvalue(), err.getvalue(), str(error).replace(str(file), "codes.csv"), error.returncode)
        return Import(out.getvalue(), err.getvalue())

    return run
