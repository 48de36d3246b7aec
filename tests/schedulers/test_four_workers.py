"""Four workers of Celery, started at the same instant, share one backlog."""

import pytest
from django.db import connection, transaction

from main.models import ExpirationRun, ReferralCode
from tests.conftest import NOW
from tests.patience import until
from tests.schedulers.conftest import copy_of_project, send

BACKLOG = 50_000
WORKERS = 4


@pytest.mark.django_db(transaction=True)
def test_four_workers_share_one_backlog(tmp_path, broker, start):
    if connection.vendor != "postgresql":
        pytest.skip("needs PostgreSQL: set DATABASE_URL")
    installed = copy_of_project(tmp_path / "knossos")
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
    until(lambda: all(worker.said("succeeded in") for worker in workers), "the end of all four")

    runs = list(ExpirationRun.objects.all())
    assert {(run.started_by, run.state) for run in runs} == {("task", "completed")}
    assert sum(run.expired_count for run in runs) == BACKLOG
    assert sorted(run.codes.count() for run in runs) == sorted(run.expired_count for run in runs)
    assert len([run for run in runs if run.expired_count]) == WORKERS
    assert not ReferralCode.objects.overdue().exists()
    logged = [line.split(" expired ")[1].split()[0] for line in installed.log.read_text().splitlines()]
    assert sorted(logged) == sorted(f"CODE-{number}" for number in range(BACKLOG))


def waiting(cursor):
    cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'main_expirationrun'::regclass")
    return cursor.fetchone()[0]
