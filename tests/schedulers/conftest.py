"""An installation as an operator has it: a copy of the project in its own folder, with its own .env and database."""

import os
import shutil
import sqlite3
import subprocess
import sys
import sysconfig
import tempfile
import venv
from contextlib import ExitStack, closing
from datetime import datetime
from pathlib import Path

import pytest
import redis
from django.db import connection

from tests.patience import PATIENCE, until

# None of these schedulers is there on Windows, nor the shell that the rest is run by.
collect_ignore_glob = ["test_*.py"] if os.name == "nt" else []

PROJECT = Path(__file__).parent.parent.parent
# No more than cron gives to a job.
BARE = {"PATH": "/usr/bin:/bin", "HOME": "/"}
# Every character that cron, a shell, systemd or XML acts on.
AWKWARD = """it's 100% "ours" & $HOME <é> \\n"""
SEND = "import knossos.celery, main.tasks; main.tasks.expire_referral_codes.apply_async({arguments})"
NO_DATABASE = "postgres://postgres@127.0.0.1:1/nowhere"
FAKETIME = next(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"), None)


def need(present, what):
    """Skip the test where `what` is missing; fail it where REQUIRE_SCHEDULERS says that nothing may be."""
    if not present:
        (pytest.fail if os.environ.get("REQUIRE_SCHEDULERS") == "1" else pytest.skip)(f"needs {what}")


class Installed:
    """The project in `folder`, run by `python`."""

    def __init__(self, folder, python=sys.executable):
        self.folder = folder
        self.python = python
        self.log = folder / "logs" / "referral_codes.log"
        self.schedule_log = folder / "logs" / "scheduled_runs.log"

    def scheduled_output(self, *, after_checks=False):
        """What the jobs of cron have printed, without the time that each line begins with.

        django-crontab's own command runs Django's checks first, and what these print has no time.
        """
        lines = self.schedule_log.read_text().splitlines(keepends=True)
        if after_checks:
            assert lines.pop(0) == "System check identified some issues:\n"
            lines = lines[-1:]
        times = [datetime.fromisoformat(line[:25]) for line in lines]
        assert all(time.utcoffset() is not None for time in times)
        return "".join(line[26:] for line in lines)

    def configure(self, **settings):
        (self.folder / ".env").write_text("".join(f"{name}={value}\n" for name, value in settings.items()))

    def run(self, *arguments, **environment):
        """Run manage.py from elsewhere, with hardly any environment."""
        return subprocess.run(
            [self.python, str(self.folder / "manage.py"), *arguments],
            env=BARE | environment, cwd="/", capture_output=True, text=True, check=False,
        )  # fmt: skip

    def query(self, sql):
        with closing(sqlite3.connect(self.folder / "db.sqlite3", timeout=PATIENCE)) as database, database:
            return database.execute(sql).fetchall()

    def add_overdue_code(self, code="JOHNS-20"):
        self.query(
            "INSERT INTO main_referralcode (code, discount, expires_at, status, created_at, updated_at) VALUES"
            f" ('{code}', 20, '2020-01-01', 'active', '2020-01-01', '2020-01-01')"
        )

    def statuses(self):
        return dict(self.query("SELECT code, status FROM main_referralcode"))

    def ledger(self):
        return self.query("SELECT started_by, state, expired_count FROM main_expirationrun ORDER BY id")


def copy_of_project(folder):
    for name in ("main", "knossos"):
        shutil.copytree(PROJECT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(PROJECT / "manage.py", folder)
    return Installed(folder)


@pytest.fixture(scope="session")
def migrated(tmp_path_factory):
    if connection.vendor != "sqlite":
        pytest.skip("its processes have an SQLite file of their own, whatever DATABASE_URL says here: run on SQLite")
    installed = copy_of_project(tmp_path_factory.mktemp("migrated") / "knossos")
    assert not installed.run("migrate", "-v", "0").stderr
    return installed.folder


@pytest.fixture
def install(migrated, tmp_path):
    """Install the project in a folder of this name, migrated, without a code."""

    def copy(name):
        return Installed(Path(shutil.copytree(migrated, tmp_path / name)))

    return copy


@pytest.fixture
def installed(install):
    return install("knossos")


@pytest.fixture
def awkward(install):
    """Installed, with its virtual environment, in a folder whose name is hard to quote; so without django-crontab."""
    installed = install(AWKWARD)
    settings = installed.folder / "knossos" / "settings.py"
    settings.write_text(settings.read_text().replace('    "django_crontab",\n', ""))
    environment = installed.folder / ".venv"
    venv.create(environment, symlinks=True)
    packages = sysconfig.get_path("purelib", vars={"base": str(environment)})
    (Path(packages) / "here.pth").write_text(sysconfig.get_path("purelib"))
    installed.python = str(environment / "bin" / "python")
    return installed


@pytest.fixture
def broken(install):
    """Installed, with a database that refuses connections."""
    installed = install("broken")
    installed.configure(DATABASE_URL=NO_DATABASE)
    return installed


@pytest.fixture
def broker():
    """The address of a Redis that ends with the test; on a socket, as a free port could be taken meanwhile."""
    need(shutil.which("redis-server"), "redis-server")
    with tempfile.TemporaryDirectory() as folder:
        socket = f"{folder}/redis"
        server = subprocess.Popen(
            ["redis-server", "--port", "0", "--unixsocket", socket, "--save", "", "--dir", folder],
            stdout=subprocess.DEVNULL,
        )
        try:
            until(Path(socket).exists, "Redis")
            with redis.Redis(unix_socket_path=socket) as client:
                assert client.ping()
            yield f"redis+socket://{socket}"
        finally:
            server.terminate()
            server.wait()


class Started:
    """A process of Celery, and what it says."""

    def __init__(self, installed, *arguments, **environment):
        self.output = Path(tempfile.mkdtemp(dir=installed.folder)) / "output"
        with self.output.open("w") as file:
            self.process = subprocess.Popen(
                [installed.python, "-m", "celery", "-A", "knossos", *arguments],
                cwd=installed.folder, env=BARE | environment, stdout=file, stderr=subprocess.STDOUT,
            )  # fmt: skip

    def said(self, text):
        assert self.process.poll() is None, self.output.read_text()
        return text in self.output.read_text()

    def stop(self):
        self.process.terminate()
        self.process.wait(PATIENCE)


@pytest.fixture
def start():
    with ExitStack() as stop_all:

        def start(*arguments, **environment):
            started = Started(*arguments, **environment)
            stop_all.callback(started.stop)
            return started

        yield start


def send(installed, arguments=""):
    """Send the task from another process than Celery's, as a web process would."""
    done = installed.run("shell", "-v", "0", "-c", SEND.format(arguments=arguments))
    assert (done.returncode, done.stderr) == (0, "")
