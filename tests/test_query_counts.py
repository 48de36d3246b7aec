"""How often the database is asked, and through which index: promises, whatever the number of codes."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from main.models import ExpirationRun, ReferralCode
from main.sweep import pages
from main.sweep.report import as_text, report_of_dry_run, report_of_run
from main.sweep.run import sweep
from tests.conftest import INSTANT, NOW, make_code

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("clock")]
SHELL = ExpirationRun.StartedBy.SHELL


def make_overdue(count):
    ReferralCode.objects.bulk_create(
        ReferralCode(code=f"CODE-{ReferralCode.objects.count()}-{number}", expires_at=NOW) for number in range(count)
    )


def queries_of_sweep(batch_size):
    with CaptureQueriesContext(connection) as captured:
        sweep(SHELL, batch_size=batch_size)
    asked = [query["sql"] for query in captured.captured_queries]
    return [sql for sql in asked if not sql.startswith(("BEGIN", "COMMIT", "SET LOCAL"))]


def test_a_batch_asks_the_same_number_of_queries_whatever_its_size(one_connection):
    make_overdue(2)
    one_batch = len(queries_of_sweep(batch_size=2))
    make_overdue(50)
    assert len(queries_of_sweep(batch_size=50)) == one_batch
    make_overdue(8)
    assert len(queries_of_sweep(batch_size=2)) == one_batch + 3 * 2  # the codes and the ledger


def test_nothing_to_do_asks_the_same_few_queries_in_an_empty_table_and_in_a_full_one():
    # The interrupted runs, the new run, the overdue codes, the end of the run; then the checkout's old tries.
    # PostgreSQL is asked for its clock too; it streams the overdue codes, and Django does not count that.
    few = len(queries_of_sweep(batch_size=2))
    assert few == 5
    for number in range(20):
        make_code(f"FUTURE-{number}", expires_at=NOW + INSTANT)
        make_code(f"OFF-{number}", expires_at=NOW, status="inactive")
    assert len(queries_of_sweep(batch_size=2)) == few


@pytest.mark.parametrize("count", [1, 30])
def test_a_report_asks_the_same_few_queries_for_one_code_and_for_many(django_assert_num_queries, count):
    make_overdue(count)
    # The last run, what saves marked since, how many are overdue, their lines. Django does not count what psycopg
    # streams: one query, however many lines.
    streamed = 1 if connection.vendor == "postgresql" else 0
    with django_assert_num_queries(4 - streamed):
        assert len(list(as_text(report_of_dry_run(NOW), verbosity=1))) == 1 + count
    run = sweep(SHELL)
    with django_assert_num_queries(3 - streamed):  # the run knows its number
        assert len(list(as_text(report_of_run(run), verbosity=1))) == 1 + count


def plan(queryset):
    """How the database would look it up if the table were large."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET enable_seqscan = off")
            try:
                return queryset.explain()
            finally:
                cursor.execute("RESET enable_seqscan")
    return queryset.explain()


def test_every_lookup_of_a_sweep_and_its_report_has_its_index():
    ReferralCode.objects.create(code="SAVED", expires_at=NOW)
    run = sweep(SHELL)
    overdue = ReferralCode.objects.overdue(NOW).order_by("expires_at", "id")
    assert "referralcode_overdue" in plan(overdue)
    assert "referralcode_of_run" in plan(report_of_run(run).expired.order_by("expires_at", "id"))
    assert "referralcode_on_save" in plan(report_of_run(run).on_save)
    assert "referralcode_on_save" in plan(report_of_dry_run(NOW + timedelta(days=1)).on_save)
    assert "expirationrun_running" in plan(ExpirationRun.objects.filter(state=ExpirationRun.State.RUNNING))


def test_what_is_overdue_is_found_through_its_index(monkeypatch, john):
    make_overdue(3)
    # For a few codes, the index of an agent's active codes would cost the same.
    ReferralCode.objects.bulk_create(
        ReferralCode(code=f"LATER-{number}", agent=john, expires_at=NOW + timedelta(days=number))
        for number in range(1, 2000)
    )
    # Of those that have ended, another index has the dates too.
    ReferralCode.objects.bulk_create(
        ReferralCode(code=f"ENDED-{number}", agent=john, expires_at=NOW - timedelta(days=number), status="inactive")
        for number in range(1, 2000)
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    asked = []
    read = pages.stream_ids_as_stored
    monkeypatch.setattr(pages, "stream_ids_as_stored", lambda codes: asked.append(codes.all()) or read(codes))
    sweep(SHELL)
    assert "referralcode_overdue" in plan(asked[0])
