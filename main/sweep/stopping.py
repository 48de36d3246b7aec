"""What stops a sweep before its end."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import current_thread, main_thread
from types import FrameType

from django.db import DatabaseError


class Interrupted(Exception):
    """A person or the system asked the process to end. The message is a whole sentence."""


class WrongClock(Exception):
    """The clocks of this process and of the database server disagree. The message is a whole sentence."""


class SweepFailed(Exception):
    """A sweep, or the undo of one, stopped on the way for the `reason`; what it had done to `count` codes stands."""

    def __init__(self, count: int, done: str, reason: DatabaseError | Interrupted | WrongClock) -> None:
        super().__init__(f"Not completed: {count} referral code(s) were {done} and stand.")
        self.count = count
        self.reason = reason


@contextmanager
def stop_between_batches() -> Iterator[Callable[[], None]]:
    """Give a function that raises Interrupted once SIGTERM or Ctrl-C has come; to be called after each batch.

    A second signal acts as it would without us. Outside the main thread Python delivers no signals, so there
    the function never raises.
    """
    received: list[str] = []
    signals = [signal.SIGTERM, signal.SIGINT] if current_thread() is main_thread() else []
    handlers = {number: signal.getsignal(number) for number in signals}

    def restore() -> None:
        for number, handler in handlers.items():
            signal.signal(number, handler)

    def remember(number: int, frame: FrameType | None) -> None:
        received.append(signal.Signals(number).name)
        restore()

    def stop_if_asked() -> None:
        if received:
            raise Interrupted(f"Stopped by {received[0]} after the batch at hand.")

    for number in signals:
        signal.signal(number, remember)
    try:
        yield stop_if_asked
    finally:
        restore()
