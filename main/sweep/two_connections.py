"""A quicker way through the pages of a large sweep: two threads expire them, each in a connection of its own.

What the sweep does is in run.py; this does the same and may be skipped by a reader (docs/decisions/0072 has the why).
"""

from collections import deque
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from itertools import cycle
from typing import TypeVar

from django.db import Error, OperationalError, connection

from main.sweep.databases import driver_errors

Page = TypeVar("Page")
Batch = TypeVar("Batch")


def expired_in_two_connections(
    pages: Iterator[Page], expire: Callable[[Page], Batch], tell: Callable[[Page, Batch], None]
) -> Generator[Batch]:
    """Expire each of `pages`, tell of it in the caller's thread, and yield it; in the order of the pages.

    When the caller stops or a page fails, what was begun is finished and told. Leaves in `pages` what it does not do:
    all but the first, done in the caller's own connection, where the server has no room for two more.
    """
    for page in pages:  # a night of one page is not worth two connections
        tell(page, batch := expire(page))
        yield batch
        break
    with ExitStack() as stack:
        try:
            threads = [stack.enter_context(_thread_with_connection()) for _ in range(2)]
        except OperationalError:
            return
        yield from _ahead(pages, expire, tell, threads)


def _ahead(
    pages: Iterator[Page],
    expire: Callable[[Page], Batch],
    tell: Callable[[Page, Batch], None],
    threads: list[ThreadPoolExecutor],
) -> Generator[Batch]:
    begun: deque[tuple[Page, Future[Batch]]] = deque()

    def finish() -> Batch:
        page, future = begun[0]
        batch = future.result()  # interrupted while it waits, this one is still among those that are finished below
        begun.popleft()
        tell(page, batch)
        return batch

    try:
        for page, thread in zip(pages, cycle(threads), strict=False):
            begun.append((page, thread.submit(expire, page)))
            # One more than there are threads, so that none is idle while the caller looks at a batch.
            if len(begun) > len(threads):
                yield finish()
        while begun:
            yield finish()
    finally:
        running = [(page, future) for page, future in begun if not future.cancel()]
        for page, future in running:
            with suppress(Error, driver_errors()):  # the caller has the first one already
                tell(page, future.result())


@contextmanager
def _thread_with_connection() -> Iterator[ThreadPoolExecutor]:
    """A thread, whose connection of Django's is its own. Raises OperationalError where it gets none."""
    with ThreadPoolExecutor(1, "sweep") as thread:
        try:
            thread.submit(_connect).result()
            yield thread
        finally:
            thread.submit(_disconnect).result()


def _connect() -> None:
    connection.ensure_connection()  # of the thread that runs this


def _disconnect() -> None:
    connection.close()
