"""Tells a monitor on the network that a sweep began, ended or failed, so that somebody learns of silence.

HEARTBEAT_URL is an address as Healthchecks and others give it: it is called itself when a sweep has completed, with
`/start` behind it at the beginning, with `/fail` when the sweep stopped early.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread
from urllib.request import urlopen

from main import conf
from main.codes.text import visible

PATIENCE = 5  # seconds; the looking up of a name has no limit of its own, so each call has a thread


@contextmanager
def heartbeat() -> Iterator[None]:
    """Call the monitor before and after the block. It is no error of the sweep that the monitor cannot be reached."""
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
        began.join(PATIENCE)  # else the two could arrive in the wrong order
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
