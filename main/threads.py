"""A piece of work shared out to threads, each with a database connection of its own."""

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from itertools import chain, islice
from typing import TypeVar

from django.db import DEFAULT_DB_ALIAS, Error, connection, connections
from django.db.backends.base.base import BaseDatabaseWrapper

Portion = TypeVar("Portion")
Result = TypeVar("Result")


def shared_out(
    portions: Iterable[Portion], work: Callable[[Portion], Result], tell: Callable[[Result], None], threads: int
) -> Generator[tuple[Portion, Result]]:
    """Yield each of `portions`, in their order, with what `work` makes of it, once `tell` was given that.

    The threads work ahead of the caller, in whose own thread `tell` is called. When the caller stops, or a portion
    fails, what was begun is finished and told. A single portion is done by the caller's thread; so is everything
    within a transaction, as no other connection sees what it has written.
    """
    portions = iter(portions)
    first_two = list(islice(portions, 2))
    everything = chain(first_two, portions)
    if threads > 1 and len(first_two) > 1 and not connection.in_atomic_block:
        yield from _ahead(everything, work, tell, threads)
        return
    for portion in everything:
        result = work(portion)
        tell(result)
        yield portion, result


def _ahead(
    portions: Iterable[Portion], work: Callable[[Portion], Result], tell: Callable[[Result], None], threads: int
) -> Generator[tuple[Portion, Result]]:
    begun: deque[tuple[Portion, Future[Result]]] = deque()

    def finish() -> tuple[Portion, Result]:
        portion, future = begun.popleft()
        result = future.result()
        tell(result)
        return portion, result

    with _threads(threads) as pool:
        try:
            for portion in portions:
                begun.append((portion, pool.submit(work, portion)))
                # One more than there are threads, so that none is idle while the caller looks at a result.
                if len(begun) > threads:
                    yield finish()
            while begun:
                yield finish()
        finally:
            running = [future for _, future in begun if not future.cancel()]
            for future in running:
                with suppress(Error):  # the caller has the first one already
                    tell(future.result())


@contextmanager
def _threads(number: int) -> Iterator[ThreadPoolExecutor]:
    """Threads whose connections are closed at the end."""
    opened: list[BaseDatabaseWrapper] = []

    def open_connection() -> None:
        own = connections[DEFAULT_DB_ALIAS]
        own.inc_thread_sharing()  # so that it can be closed from here
        opened.append(own)

    try:
        with ThreadPoolExecutor(number, "sweep", open_connection) as pool:
            yield pool
    finally:
        for own in opened:
            own.close()
