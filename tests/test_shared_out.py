"""How threads share a piece of work: in order, told in the caller's thread, finished whatever stops it."""

import threading
from concurrent.futures import Future

import pytest
from django.db import DatabaseError, connection, transaction

from main.sweep.threads import shared_out

THREADS = 2
pytestmark = pytest.mark.django_db(transaction=True)


class Told(list):
    """Remembers what was told, and fails where another thread tells."""

    def __call__(self, result):
        assert threading.current_thread() is threading.main_thread()
        self.append(result)


def test_results_come_in_the_order_of_the_portions_and_each_is_told_before_it_comes() -> None:
    told = Told()
    for portion, result in shared_out(range(20), lambda n: n * n, told, THREADS):
        assert result == portion * portion
        assert told == [n * n for n in range(portion + 1)]
    assert len(told) == 20


def test_two_threads_work_at_the_same_time() -> None:
    both = threading.Barrier(2)
    assert len(list(shared_out(range(10), lambda n: both.wait(10), Told(), THREADS))) == 10


def test_no_more_is_begun_than_one_beyond_the_threads() -> None:
    begun = []
    for portion, _ in shared_out(range(20), begun.append, Told(), THREADS):
        assert len(begun) <= portion + 1 + THREADS


@pytest.mark.parametrize(("portions", "threads"), [([], 2), (["only one"], 2), (["one", "two"], 1)])
def test_the_callers_thread_does_what_needs_no_other(portions, threads) -> None:
    workers = [result for _, result in shared_out(portions, lambda _: threading.current_thread(), Told(), threads)]
    assert workers == [threading.main_thread()] * len(portions)


def test_within_a_transaction_the_callers_thread_does_everything() -> None:
    with transaction.atomic():
        workers = [result for _, result in shared_out("abc", lambda _: threading.current_thread(), Told(), THREADS)]
    assert workers == [threading.main_thread()] * 3


def test_what_was_begun_when_the_caller_stops_is_finished_and_told() -> None:
    told, done = Told(), []
    results = shared_out(range(20), done.append, told, THREADS)
    next(results)
    results.close()
    assert 1 <= len(done) == len(told) <= 1 + THREADS


def test_what_was_begun_when_a_portion_fails_is_finished_and_told() -> None:
    told, both = Told(), threading.Barrier(2)

    def fail_at_the_first(portion):
        if portion < 2:
            both.wait(10)
        if portion == 0:
            raise DatabaseError("the server is gone")
        return portion

    with pytest.raises(DatabaseError, match="the server is gone"):
        list(shared_out(range(20), fail_at_the_first, told, THREADS))
    assert told[0] == 1
    assert told == list(range(1, len(told) + 1))
    assert len(told) <= 1 + THREADS


@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="a server tells who is connected; needs PostgreSQL")
def test_each_thread_has_its_own_connection_and_none_is_left() -> None:
    both = threading.Barrier(2)

    def own_connection(_):
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            both.wait(10)
            return cursor.fetchone()[0]

    used = {pid for _, pid in shared_out(range(10), own_connection, Told(), THREADS)}
    assert len(used) == 2
    with connection.cursor() as cursor:
        for _ in range(500):
            cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE pid = ANY (%s)", [list(used)])
            if not cursor.fetchone()[0]:
                return
            threading.Event().wait(0.02)
    pytest.fail("a connection is left")


def test_interrupted_while_it_waits_it_still_tells_what_was_begun(monkeypatch) -> None:
    told, wait = Told(), Future.result

    def interrupted(future, timeout=None):
        wait(future)
        monkeypatch.setattr(Future, "result", wait)
        raise KeyboardInterrupt

    monkeypatch.setattr(Future, "result", interrupted)
    with pytest.raises(KeyboardInterrupt):
        list(shared_out(range(20), lambda n: n, told, THREADS))
    assert told[0] == 0
    assert told == list(range(len(told)))
    assert len(told) <= 1 + THREADS


@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="a server has a limit; needs PostgreSQL")
def test_where_the_server_has_no_room_the_callers_thread_does_everything(monkeypatch) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DROP ROLE IF EXISTS knossos_test_one_at_a_time")
        cursor.execute("CREATE ROLE knossos_test_one_at_a_time LOGIN CONNECTION LIMIT 1")
        try:
            monkeypatch.setitem(connection.settings_dict, "USER", "knossos_test_one_at_a_time")
            workers = [
                result for _, result in shared_out("abc", lambda _: threading.current_thread(), Told(), THREADS)
            ]
        finally:
            cursor.execute("DROP ROLE knossos_test_one_at_a_time")
    assert workers == [threading.main_thread()] * 3
