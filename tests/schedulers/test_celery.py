"""A real worker and a real beat, with a real Redis of the test's own between them."""

import subprocess
import sys

import pytest
from django.core.management import CommandError
from django.db import connection

from main.models import ExpirationRun, ReferralCode
from main.tasks import expire_referral_codes
from tests.conftest import NOW
from tests.patience import until
from tests.schedulers.conftest import BARE, FAKETIME, need, send

# As the design document has them.
TASKS_OF_THE_DESIGN_DOCUMENT = """
# tasks.py
from celery import shared_task
from django.core.management import call_command

@shared_task
def expire_referral_codes():
    call_command('expire_referral_codes')
"""
FROM_A_THREAD = """
from threading import Thread

import knossos.{module}
from main.tasks import expire_referral_codes

def send():
    expire_referral_codes.delay()
    print("sent")

Thread(target=send).start()
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


@pytest.fixture
def start_worker(start):
    def start_worker(installed, *arguments):
        worker = start(installed, "worker", "-l", "INFO", "-c", "1", *arguments)
        until(lambda: worker.said(" ready."), "the worker")
        return worker

    return start_worker


@pytest.fixture
def start_beat(start, tmp_path):
    need(FAKETIME, "libfaketime")

    def start_beat(installed, date):
        return start(
            installed, "beat", "-l", "INFO", "-s", str(tmp_path / f"beat-{date}"),
            LD_PRELOAD=str(FAKETIME), FAKETIME=f"@{date} 01:59:50", TZ="Europe/Athens",
        )  # fmt: skip

    return start_beat


def test_at_two_of_time_zone_beat_wakes_a_worker_that_sweeps(installed, broker, start_worker, start_beat):
    installed.configure(CELERY_BROKER_URL=broker, TIME_ZONE="Europe/Athens")
    installed.add_overdue_code()
    worker = start_worker(installed)
    start_beat(installed, "2099-01-15")
    # The clock of a beat whose message has waited for months: sent at the same moment, it is too old to be done.
    start_beat(installed, "2026-01-15")
    until(lambda: worker.said("Discarding revoked task: main.tasks.expire_referral_codes["), "the stale message")
    until(lambda: worker.said("succeeded in"), "the task")
    assert worker.said("Successfully expired 1 referral code(s).")
    assert installed.ledger() == [("task", "completed", 1)]
    assert installed.statuses() == {"JOHNS-20": "inactive"}


def test_a_failing_sweep_is_a_failed_task_in_the_log_of_the_worker(broken, broker, start_worker):
    with (broken.folder / ".env").open("a") as file:
        file.write(f"CELERY_BROKER_URL={broker}\n")
    worker = start_worker(broken)
    send(broken)
    until(lambda: worker.said("raised unexpected: CommandError('Cannot reach the database: check that"), "the failure")
    assert worker.said("ERROR/")
    assert " ERROR sweep failed: Cannot reach the database" in broken.log.read_text()


def test_the_snippets_of_the_design_document(installed, broker, start_worker):
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


@pytest.mark.parametrize("module", ["wsgi", "asgi"])
def test_every_thread_of_a_web_process_sends_the_task_to_the_broker(module, installed, broker, start_worker):
    installed.configure(CELERY_BROKER_URL=broker, DEBUG="on")
    installed.add_overdue_code()
    worker = start_worker(installed)
    sent = subprocess.run(
        [installed.python, "-c", FROM_A_THREAD.format(module=module)],
        cwd=installed.folder, env=BARE, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (sent.returncode, sent.stdout, sent.stderr) == (0, "sent\n", "")
    until(lambda: worker.said("succeeded in"), "the task")
    assert installed.ledger() == [("task", "completed", 1)]


def test_no_command_loads_celery(installed):
    commands = [["check"], ["crontab", "show"], ["print_schedule", "cron"], ["expire_referral_codes"]]
    commands += [["expiration_health"], ["undo_expiration_run", "1"], ["import_codes", "/dev/null"], ["demo"]]
    for command in commands:
        loaded = subprocess.run(
            [sys.executable, "-X", "importtime", installed.folder / "manage.py", *command],
            env=BARE, capture_output=True, text=True, check=False,
        ).stderr  # fmt: skip
        assert "main.signals" in loaded, command
        assert "celery" not in loaded, command


@pytest.mark.django_db(transaction=True)
def test_the_task_sweeps_as_the_task(three_overdue, clock, capsys):
    expire_referral_codes()
    assert capsys.readouterr().out == "Successfully expired 3 referral code(s).\n"
    assert list(ExpirationRun.objects.values_list("started_by", "cutoff", "state")) == [("task", NOW, "completed")]


@pytest.mark.django_db(transaction=True)
def test_the_task_raises_what_the_command_raises(three_overdue, clock):
    with connection.schema_editor() as editor:
        editor.alter_db_table(ReferralCode, "main_referralcode", "elsewhere")
    try:
        with pytest.raises(CommandError, match="The database lacks a table or column"):
            expire_referral_codes()
    finally:
        with connection.schema_editor() as editor:
            editor.alter_db_table(ReferralCode, "elsewhere", "main_referralcode")
