"""A faster way through the pages of a large sweep: two threads expire them, each with its own connection.

The result is the same as that of the loop in run.py, so a reader may skip this file. docs/decisions/0072 says why it
exists.
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
    """Expire `pages`. In their order, and in the caller's thread, call `tell` for each page and yield its batch.

    When the caller stops or a page fails, the pages that have begun are finished and told. If the server has no room
    for two more connections, only the first page is done, in the caller's connection, and the rest stay in `pages`.
    """
    for page in pages:  # the first page alone: a sweep of one page is not worth two connections
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
        batch = future.result()  # if this is interrupted, the page is still in `begun` and is finished below
        begun.popleft()
        tell(page, batch)
        return batch

    try:
        for page, thread in zip(pages, cycle(threads), strict=False):
            begun.append((page, thread.submit(expire, page)))
            # One more page than threads, so that no thread is idle while the caller handles a batch.
            if len(begun) > len(threads):
                yield finish()
        while begun:
            yield finish()
    finally:
        running = [(page, future) for page, future in begun if not future.cancel()]
        for page, future in running:
            with suppress(Error, driver_errors()):  # the caller already has the first error
                tell(page, future.result())


@contextmanager
def _thread_with_connection() -> Iterator[ThreadPoolExecutor]:
    """A thread with its own database connection. Raises OperationalError if the server refuses the connection."""
    with ThreadPoolExecutor(1, "sweep") as thread:
        try:
            thread.submit(_connect).result()
            yield thread
        finally:
            thread.submit(_disconnect).result()


def _connect() -> None:
    connection.ensure_connection()  # the connection of the thread that calls this


def _disconnect() -> None:
    connection.close()
