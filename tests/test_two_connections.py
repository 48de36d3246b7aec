"""How two threads share the pages of a sweep: in order, told in the caller's thread, finished whatever stops it."""

import threading
from concurrent.futures import Future

import pytest
from django.db import DatabaseError, InterfaceError, connection

from main.sweep.two_connections import expired_in_two_connections
from tests.patience import PATIENCE

THREADS = 2
pytestmark = pytest.mark.django_db(transaction=True)


class Told(list):
    """Remembers what was told, and fails where another thread tells."""

    def __call__(self, page, batch):
        assert threading.current_thread() is threading.main_thread()
        self.append(batch)


def shared(pages, expire, told=None):
    return expired_in_two_connections(iter(pages), expire, Told() if told is None else told)


def test_batches_come_in_the_order_of_the_pages_and_each_is_told_before_it_comes():
    told = Told()
    for number, batch in enumerate(shared(range(20), lambda page: page * page, told)):
        assert batch == number * number
        assert told == [page * page for page in range(number + 1)]


def test_two_threads_work_at_the_same_time():
    both = threading.Barrier(2)
    assert len(list(shared(range(11), lambda page: page and both.wait(PATIENCE)))) == 11


def test_no_more_is_begun_than_one_beyond_the_threads():
    begun = []
    for number, _ in enumerate(shared(range(20), begun.append)):
        assert len(begun) <= number + 1 + THREADS


@pytest.mark.parametrize("pages", [[], ["only one"]])
def test_one_page_is_expired_in_the_callers_connection(pages):
    assert list(shared(pages, lambda _: threading.current_thread())) == [threading.main_thread()] * len(pages)


def test_what_was_begun_when_the_caller_stops_is_finished_and_told():
    told, done = Told(), []
    batches = shared(range(20), done.append, told)
    next(batches)
    next(batches)
    batches.close()
    assert 2 <= len(done) == len(told) <= 2 + THREADS


@pytest.mark.parametrize("error", [DatabaseError, InterfaceError])
def test_what_was_begun_when_a_page_fails_is_finished_and_told(error):
    told, both = Told(), threading.Barrier(2)

    def fail_at_the_second(page):
        if page in (1, 2):
            both.wait(PATIENCE)
        if page == 1:
            raise error("the server is gone")
        return page

    with pytest.raises(error, match="the server is gone"):
        list(shared(range(20), fail_at_the_second, told))
    assert told[:2] == [0, 2]
    assert told[1:] == list(range(2, len(told) + 1))
    assert len(told) <= 1 + THREADS


def test_interrupted_while_it_waits_it_still_tells_what_was_begun(monkeypatch):
    told, wait = Told(), Future.result
    batches = shared(range(20), lambda page: page, told)
    next(batches)
    next(batches)

    def interrupted(future, timeout=None):
        wait(future)
        monkeypatch.setattr(Future, "result", wait)
        raise KeyboardInterrupt

    monkeypatch.setattr(Future, "result", interrupted)
    with pytest.raises(KeyboardInterrupt):
        next(batches)
    assert told[:3] == [0, 1, 2]
    assert told == list(range(len(told)))
    assert len(told) <= 3 + THREADS


@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="a server tells who is connected; needs PostgreSQL")
def test_each_thread_has_its_own_connection_and_none_is_left():
    both = threading.Barrier(2)

    def own_connection(page):
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            if page:
                both.wait(PATIENCE)
            return cursor.fetchone()[0]

    own, *others = shared(range(11), own_connection)
    assert len({own, *others}) == 3
    with connection.cursor() as cursor:
        for _ in range(500):
            cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE pid = ANY (%s)", [list(others)])
            if not cursor.fetchone()[0]:
                return
            threading.Event().wait(0.02)
    pytest.fail("a connection is left")


@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="a server has a limit; needs PostgreSQL")
def test_where_the_server_has_no_room_the_rest_is_left_to_the_caller(monkeypatch):
    pages = iter("abcd")
    with connection.cursor() as cursor:
        cursor.execute("DROP ROLE IF EXISTS knossos_test_one_at_a_time")
        cursor.execute("CREATE ROLE knossos_test_one_at_a_time LOGIN CONNECTION LIMIT 1")
        try:
            monkeypatch.setitem(connection.settings_dict, "USER", "knossos_test_one_at_a_time")
            assert list(expired_in_two_connections(pages, str.upper, Told())) == ["A"]
        finally:
            cursor.execute("DROP ROLE knossos_test_one_at_a_time")
    assert list(pages) == ["b", "c", "d"]
