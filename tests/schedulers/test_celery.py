"""A real worker and a real beat, against a real Redis of the test's own."""

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import redis
from django.core.management import CommandError
from django.db import connection, transaction

from main.models import ExpirationRun, ReferralCode
from main.tasks import expire_referral_codes
from tests.conftest import NOW
from tests.schedulers.conftest import BARE, FAKETIME, Installed, need, until

# As the design document has them.
TASKS_OF_THE_DESIGN_DOCUMENT = """
# tasks.py
from celery import shared_task
from django.core.management import call_command

@shared_task
def expire_referral_codes():
    call_command('expire_referral_codes')
"""
BEAT_OF_THE_DESIGN_DOCUMENT = """
# celery.py
from celery.schedules import crontab

app.conf.beat_schedule = {
    'expire-referral-codes': {
        'task': 'main.tasks.expire_referral_codes',
        'schedule': crontab(hour=2, minute=0),  # Daily at 2 AM
    },
}
"""

SEND = "from main.tasks import expire_referral_codes; expire_referral_codes.apply_async({arguments})"


@pytest.fixture
def broker() -> Iterator[str]:
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

    def __init__(self, installed: Installed, *arguments: str, **environment: str) -> None:
        self.output = Path(tempfile.mkdtemp(dir=installed.folder)) / "output"
        with self.output.open("w") as file:
            self.process = subprocess.Popen(
                [installed.python, "-m", "celery", "-A", "knossos", *arguments],
                cwd=installed.folder, env=BARE | environment, stdout=file, stderr=subprocess.STDOUT,
            )  # fmt: skip

    def said(self, text: str) -> bool:
        assert self.process.poll() is None, self.output.read_text()
        return text in self.output.read_text()

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(20)


@pytest.fixture
def start() -> Iterator[Callable[..., Started]]:
    with ExitStack() as stop_all:

        def start(*arguments: object, **environment: str) -> Started:
            started = Started(*arguments, **environment)
            stop_all.callback(started.stop)
            return started

        yield start


@pytest.fixture
def start_worker(start) -> Callable[..., Started]:
    def start_worker(installed: Installed, *arguments: str) -> Started:
        worker = start(installed, "worker", "-l", "INFO", "-c", "1", *arguments)
        until(lambda: worker.said(" ready."), "the worker")
        return worker

    return start_worker


@pytest.fixture
def start_beat(start, tmp_path) -> Callable[..., Started]:
    need(FAKETIME, "libfaketime")

    def start_beat(installed: Installed, date: str) -> Started:
        return start(
            installed, "beat", "-l", "INFO", "-s", str(tmp_path / f"beat-{date}"),
            LD_PRELOAD=str(FAKETIME), FAKETIME=f"@{date} 01:59:50", TZ="Europe/Athens",
        )  # fmt: skip

    return start_beat


def send(installed: Installed, arguments: str = "") -> None:
    done = installed.run("shell", "-v", "0", "-c", SEND.format(arguments=arguments))
    assert (done.returncode, done.stderr) == (0, "")


def test_at_two_of_time_zone_beat_wakes_a_worker_that_sweeps(installed, broker, start_worker, start_beat) -> None:
    installed.configure(CELERY_BROKER_URL=broker, TIME_ZONE="Europe/Athens")
    installed.add_overdue_code()
    worker = start_worker(installed)
    # The clock of a beat that sent its message long ago, and the clock of one that sends it now.
    start_beat(installed, "2026-01-15")
    until(lambda: worker.said("Discarding revoked task: main.tasks.expire_referral_codes["), "the stale message")
    assert installed.statuses() == {"JOHNS-20": "active"}

    start_beat(installed, "2099-01-15")
    until(lambda: installed.ledger() == [("task", "completed", 1)], "the sweep")
    assert installed.statuses() == {"JOHNS-20": "inactive"}
    until(lambda: worker.said("Successfully expired 1 referral code(s)."), "the report")
    until(lambda: worker.said("succeeded in"), "the end")


def test_a_failing_sweep_is_a_failed_task_in_the_log_of_the_worker(broken, broker, start_worker) -> None:
    with (broken.folder / ".env").open("a") as file:
        file.write(f"CELERY_BROKER_URL={broker}\n")
    worker = start_worker(broken)
    send(broken)
    until(lambda: worker.said("raised unexpected: CommandError('Cannot reach the database: check that"), "the failure")
    assert worker.said("ERROR/")
    assert " ERROR sweep failed: Cannot reach the database" in broken.log.read_text()


def test_the_snippets_of_the_design_document(installed, broker, start_worker) -> None:
    installed.configure(CELERY_BROKER_URL=broker)
    (installed.folder / "main" / "tasks.py").write_text(TASKS_OF_THE_DESIGN_DOCUMENT)
    with (installed.folder / "knossos" / "celery.py").open("a") as file:
        file.write(BEAT_OF_THE_DESIGN_DOCUMENT)
    installed.add_overdue_code()
    worker = start_worker(installed)
    send_entry = (
        "from knossos.celery import app; app.send_task(app.conf.beat_schedule['expire-referral-codes']['task'])"
    )
    assert installed.run("shell", "-v", "0", "-c", send_entry).stderr == ""
    until(lambda: installed.ledger() == [("command", "completed", 1)], "the sweep")
    until(lambda: worker.said("succeeded in"), "the task")


def test_no_other_command_loads_celery(installed) -> None:
    for command in (["check"], ["expire_referral_codes"], ["print_schedule", "cron"], ["crontab", "show"]):
        loaded = subprocess.run(
            [sys.executable, "-X", "importtime", installed.folder / "manage.py", *command],
            env=BARE, capture_output=True, text=True, check=True,
        ).stderr  # fmt: skip
        assert "main.text" in loaded
        assert "celery" not in loaded


@pytest.mark.django_db(transaction=True)
def test_the_task_sweeps_as_the_task(three_overdue, clock, capsys) -> None:
    expire_referral_codes()
    assert capsys.readouterr().out == "Successfully expired 3 referral code(s).\n"
    assert list(ExpirationRun.objects.values_list("started_by", "cutoff", "state")) == [("task", NOW, "completed")]


@pytest.mark.django_db(transaction=True)
def test_the_task_raises_what_the_command_raises(three_overdue, clock) -> None:
    with connection.schema_editor() as editor:
        editor.alter_db_table(ReferralCode, "main_referralcode", "elsewhere")
    try:
        with pytest.raises(CommandError, match="The database lacks a table or column"):
            expire_referral_codes()
    finally:
        with connection.schema_editor() as editor:
            editor.alter_db_table(ReferralCode, "elsewhere", "main_referralcode")


BACKLOG = 50_000
WORKERS = 4


@pytest.mark.django_db(transaction=True)
def test_four_workers_share_one_backlog(installed, broker, start) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("needs PostgreSQL: set DATABASE_URL")
    database = connection.settings_dict
    installed.configure(
        DATABASE_URL="postgres://{USER}:{PASSWORD}@{HOST}:{PORT}/{NAME}".format(**database), CELERY_BROKER_URL=broker
    )
    ReferralCode.objects.bulk_create(
        (ReferralCode(code=f"CODE-{number}", expires_at=NOW) for number in range(BACKLOG)), batch_size=5000
    )
    names = [f"worker-{number}" for number in range(WORKERS)]
    workers = [
        start(installed, "worker", "-l", "INFO", "-P", "solo", "-Q", name, "-n", f"{name}@localhost") for name in names
    ]
    until(lambda: all(worker.said(" ready.") for worker in workers), "the workers")

    with transaction.atomic(), connection.cursor() as cursor:
        # Holds all four at their first look at the ledger, so that they start at the same instant.
        cursor.execute("LOCK TABLE main_expirationrun IN ACCESS EXCLUSIVE MODE")
        for name in names:
            send(installed, f"queue={name!r}")
        until(lambda: waiting(cursor) == WORKERS, "the start line")
    until(lambda: all(worker.said("succeeded in") for worker in workers), "the end of all four", 60)

    runs = list(ExpirationRun.objects.all())
    assert {(run.started_by, run.state) for run in runs} == {("task", "completed")}
    assert sum(run.expired_count for run in runs) == BACKLOG
    assert sorted(run.codes.count() for run in runs) == sorted(run.expired_count for run in runs)
    assert len([run for run in runs if run.expired_count]) == WORKERS
    assert not ReferralCode.objects.overdue().exists()
    logged = [line.split(" expired ")[1].split()[0] for line in installed.log.read_text().splitlines()]
    assert sorted(logged) == sorted(f"CODE-{number}" for number in range(BACKLOG))


def waiting(cursor) -> int:
    cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'main_expirationrun'::regclass")
    return cursor.fetchone()[0]
