"""A piece of work shared out to threads, each with a database connection of its own."""

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from itertools import chain, islice
from typing import TypeVar

from django.db import DEFAULT_DB_ALIAS, Error, OperationalError, connection, connections
from django.db.backends.base.base import BaseDatabaseWrapper

Portion = TypeVar("Portion")
Result = TypeVar("Result")


def shared_out(
    portions: Iterable[Portion], work: Callable[[Portion], Result], tell: Callable[[Result], None], threads: int
) -> Generator[tuple[Portion, Result]]:
    """Yield each of `portions`, in their order, with what `work` makes of it, once `tell` was given that.

    The threads work ahead of the caller, in whose own thread `tell` is called. When the caller stops, or a portion
    fails, what was begun is finished and told. A single portion is done by the caller's thread; so is everything
    within a transaction, as no other connection sees what it has written, and where the server has no room.
    """
    portions = iter(portions)
    first_two = list(islice(portions, 2))
    everything = chain(first_two, portions)
    several = len(first_two) > 1 and not connection.in_atomic_block
    with _connections(threads if several else 0) as opened:
        if len(opened) > 1:
            yield from _ahead(everything, work, tell, opened)
            return
    for portion in everything:
        result = work(portion)
        tell(result)
        yield portion, result


@contextmanager
def _connections(number: int) -> Iterator[list[BaseDatabaseWrapper]]:
    """As many as the server has room for; with one alone there would be no gain."""
    opened: list[BaseDatabaseWrapper] = []
    try:
        with suppress(OperationalError):
            for _ in range(number):
                own = connection.copy()
                own.inc_thread_sharing()
                own.ensure_connection()
                opened.append(own)
        yield opened
    finally:
        for own in opened:
            own.close()


def _ahead(
    portions: Iterable[Portion],
    work: Callable[[Portion], Result],
    tell: Callable[[Result], None],
    opened: list[BaseDatabaseWrapper],
) -> Generator[tuple[Portion, Result]]:
    begun: deque[tuple[Portion, Future[Result]]] = deque()

    def finish() -> tuple[Portion, Result]:
        portion, future = begun[0]
        result = future.result()  # interrupted while it waits, this one is still among those that are finished below
        begun.popleft()
        tell(result)
        return portion, result

    unused = iter(opened)

    def take_connection() -> None:
        connections[DEFAULT_DB_ALIAS] = next(unused)

    with ThreadPoolExecutor(len(opened), "sweep", take_connection) as pool:
        try:
            for portion in portions:
                begun.append((portion, pool.submit(work, portion)))
                # One more than there are threads, so that none is idle while the caller looks at a result.
                if len(begun) > len(opened):
                    yield finish()
            while begun:
                yield finish()
        finally:
            running = [future for _, future in begun if not future.cancel()]
            for future in running:
                with suppress(Error):  # the caller has the first one already
                    tell(future.result())
