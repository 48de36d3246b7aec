"""Stops the work between two batches when a person or the system asks the process to end."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import current_thread, main_thread
from types import FrameType

from main.sweep.errors import Interrupted


@contextmanager
def stop_between_batches() -> Iterator[Callable[[], None]]:
    """Give a function to call after each batch. It raises Interrupted if SIGTERM or Ctrl-C has come.

    A second signal has its usual effect. A signal that this process ignores stays ignored. Python delivers signals
    only to the main thread; in another thread the function never raises.
    """
    received: list[str] = []
    signals = [signal.SIGTERM, signal.SIGINT] if current_thread() is main_thread() else []
    handlers = {number: signal.getsignal(number) for number in signals}
    handlers = {number: handler for number, handler in handlers.items() if handler != signal.SIG_IGN}

    def restore() -> None:
        for number, handler in handlers.items():
            signal.signal(number, handler)

    def remember(number: int, frame: FrameType | None) -> None:
        received.append(signal.Signals(number).name)
        restore()

    def stop_if_asked() -> None:
        if received:
            raise Interrupted(f"Stopped by {received[0]} after the current batch.")

    for number in handlers:
        signal.signal(number, remember)
    try:
        yield stop_if_asked
    finally:
        restore()
