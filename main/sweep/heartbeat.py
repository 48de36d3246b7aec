"""Tells a monitor on the network that a sweep began, ended or failed. If no call comes, the monitor warns somebody.

HEARTBEAT_URL is an address from a service such as Healthchecks. A sweep calls it with `/start` added at its beginning,
without an addition when it has completed, and with `/fail` added when it stopped early.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread
from urllib.request import urlopen

from main import conf
from main.codes.text import visible

PATIENCE = 5  # seconds; each call has a thread, because resolving a host name has no timeout of its own


@contextmanager
def heartbeat() -> Iterator[None]:
    """Call the monitor before and after the block. A monitor that cannot be reached causes a warning, not an error."""
    url = conf.heartbeat_url()
    if not url:
        yield
        return
    began = _call(f"{url}/start")
    end = f"{url}/fail"
    try:
        yield
        end = url
    finally:
        began.join(PATIENCE)  # so that the two calls arrive in the right order
        _call(end).join(PATIENCE)


def _call(url: str) -> Thread:
    thread = Thread(target=_answered, args=(url,), name="heartbeat", daemon=True)
    thread.start()
    return thread


def _answered(url: str) -> None:
    try:
        with urlopen(url, timeout=PATIENCE):  # noqa: S310 - the settings take http and https alone
            pass
    except (OSError, ValueError) as error:
        sys.stderr.write(f"Warning: HEARTBEAT_URL was not reached: {visible(str(error))}\n")
