"""Long lists are read in chapters and in parts, and nothing is left out or comes twice at their borders."""

from datetime import timedelta

import pytest
from django.db import connection

from main.models import ReferralCode
from main.sweep import databases, pages, reading
from tests.conftest import NOW, make_code

pytestmark = pytest.mark.django_db


@pytest.fixture(params=[1, 2, 3, 5, 7, 100])
def chapter(request, monkeypatch):
    monkeypatch.setattr(pages, "CHAPTER", request.param)


@pytest.fixture
def codes():
    """Ten codes: several of one date, several without one, not in the order of their ids."""
    for number, hours in enumerate([3, None, 1, 1, 2, None, 1, 3, None, 1]):
        expires = hours and NOW + timedelta(hours=hours)
        make_code(f"C-{number}", expires_at=expires, status="inactive", expired_at=NOW - timedelta(hours=hours or 9))


def read(queryset, by):
    return [code for (code,) in reading.in_order(queryset, "code", by=by)]


def test_oldest_first_and_those_without_a_date_last(codes, chapter):
    assert read(ReferralCode.objects.all(), "expires_at") == [
        "C-2", "C-3", "C-6", "C-9", "C-4", "C-0", "C-7", "C-1", "C-5", "C-8",
    ]  # fmt: skip


def test_newest_first(codes, chapter):
    assert read(ReferralCode.objects.all(), "-expired_at") == [
        "C-9", "C-6", "C-3", "C-2", "C-4", "C-7", "C-0", "C-8", "C-5", "C-1",
    ]  # fmt: skip


def test_only_what_was_asked_for_is_read(codes, chapter):
    assert read(ReferralCode.objects.filter(expires_at__isnull=True), "expires_at") == ["C-1", "C-5", "C-8"]
    assert read(ReferralCode.objects.filter(code="C-99"), "expires_at") == []


@pytest.mark.parametrize("size", [1, 3, 50])
def test_every_overdue_code_is_on_one_page(codes, chapter, size):
    ReferralCode.objects.filter(expires_at=NOW + timedelta(hours=1)).update(status="active")
    read_pages = list(pages.of_overdue(NOW + timedelta(hours=1), size))
    assert all(page.size <= size for page in read_pages)
    names = [code.code for page in read_pages for code in pages.with_ids(page.ids)]
    assert sorted(names) == ["C-2", "C-3", "C-6", "C-9"]


@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="a cursor of SQLite disturbs no other")
def test_a_query_in_the_middle_of_a_list_is_refused(codes):
    listed = reading.in_order(ReferralCode.objects.all())
    assert next(listed).code == "C-2"
    with pytest.raises(RuntimeError, match="read the list to its end first"):
        ReferralCode.objects.count()
    assert [code.code for code in listed] == ["C-3", "C-6", "C-9", "C-4", "C-0", "C-7", "C-1", "C-5", "C-8"]
    assert ReferralCode.objects.count() == 10


@pytest.mark.django_db(transaction=True)
def test_a_list_that_is_left_early_leaves_the_connection_as_it_was(codes):
    listed = reading.in_order(ReferralCode.objects.all())
    assert next(listed).code == "C-2"
    listed.close()
    assert ReferralCode.objects.count() == 10


def test_the_codes_themselves_are_as_django_reads_them(codes):
    fields = [field.attname for field in ReferralCode._meta.concrete_fields]
    listed = [[getattr(code, field) for field in fields] for code in reading.in_order(ReferralCode.objects.all())]
    assert sorted(listed) == [list(row) for row in ReferralCode.objects.order_by("id").values_list(*fields)]


@pytest.mark.parametrize("parts", [1, 3, 10])
def test_a_list_may_arrive_in_parts(codes, monkeypatch, parts):
    monkeypatch.setattr(databases, "STREAMED_AT_ONCE", parts)
    assert len(read(ReferralCode.objects.all(), "expires_at")) == 10
    assert len(list(pages.of_overdue(NOW + timedelta(hours=9), 1))) == 0
    ReferralCode.objects.update(status="active")
    assert len(list(pages.of_overdue(NOW + timedelta(hours=9), 1))) == 7


@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="psycopg is the driver of PostgreSQL")
def test_an_older_driver_gives_the_rows_one_by_one(codes, monkeypatch):
    monkeypatch.setattr(connection.Database.capabilities, "has_stream_chunked", lambda: False)
    assert len(read(ReferralCode.objects.all(), "expires_at")) == 10


@pytest.mark.parametrize("size", [1, 2, 3, 10, 11])
def test_rows_of_any_model_by_id(codes, monkeypatch, size):
    monkeypatch.setattr(reading, "PAGE", size)
    assert [code.code for code in reading.by_id(ReferralCode.objects.all())] == [f"C-{number}" for number in range(10)]
