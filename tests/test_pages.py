"""Long lists are read in pages and chapters, and nothing is left out or comes twice at their borders."""

from datetime import timedelta

import pytest
from django.db import connection

from main.models import ReferralCode
from main.sweep import pages
from main.sweep.databases import way
from tests.conftest import NOW, make_code

pytestmark = pytest.mark.django_db


@pytest.fixture(params=[1, 2, 3, 5, 7, 100])
def chapter(request, monkeypatch):
    monkeypatch.setattr(pages, "CHAPTER", request.param)
    monkeypatch.setattr(pages, "PAGE", 2)


@pytest.fixture
def codes():
    """Ten codes: several of one date, several without one, not in the order of their ids."""
    for number, hours in enumerate([3, None, 1, 1, 2, None, 1, 3, None, 1]):
        expires = hours and NOW + timedelta(hours=hours)
        make_code(f"C-{number}", expires_at=expires, status="inactive", expired_at=NOW - timedelta(hours=hours or 9))


def read(queryset, by):
    return [code for (code,) in pages.in_order(queryset, "code", by=by)]


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


@pytest.mark.skipif(way().streams, reason="read in chapters only on PostgreSQL")
def test_a_code_deleted_after_its_chapter_was_listed_is_left_out(codes, monkeypatch):
    monkeypatch.setattr(pages, "PAGE", 2)
    listed = pages.in_order(ReferralCode.objects.all())
    assert next(listed).code == "C-2"
    ReferralCode.objects.get(code="C-9").delete()
    assert [code.code for code in listed] == ["C-3", "C-6", "C-4", "C-0", "C-7", "C-1", "C-5", "C-8"]


@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite's cursors are not a server's")
def test_no_cursor_is_kept_by_the_server(codes, chapter):
    listed = pages.in_order(ReferralCode.objects.all())
    next(listed)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_cursors")
        assert cursor.fetchone() == (0,)


@pytest.mark.parametrize("size", [1, 2, 3, 10, 11])
def test_rows_of_any_model_by_id(codes, monkeypatch, size):
    monkeypatch.setattr(pages, "PAGE", size)
    assert [code.code for code in pages.by_id(ReferralCode.objects.all())] == [f"C-{number}" for number in range(10)]
