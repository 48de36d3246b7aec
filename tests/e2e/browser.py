"""Chromium, driven from a thread of its own.

Playwright's sync API runs an event loop in the thread that calls it, and there Django refuses to touch the
database. So one thread belongs to the browser: tests hold stand-ins (`OnThread`) for Playwright's objects,
whose calls are carried out over there.
"""

import shutil
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import playwright.sync_api

from tests.patience import PATIENCE

EXECUTABLE = shutil.which("chromium")
FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip

thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="browser")


class OnThread:
    """Stands for an object of Playwright, or one of its functions: everything asked of it happens in `thread`."""

    def __init__(self, target):
        self._target = target

    def __getattr__(self, name):
        return _do(lambda: getattr(self._target, name))

    def __call__(self, *args, **kwargs):
        plain_args = [_target_of(arg) for arg in args]
        plain_kwargs = {name: _target_of(arg) for name, arg in kwargs.items()}
        return _do(lambda: self._target(*plain_args, **plain_kwargs))


@contextmanager
def chromium():
    """The running browser; closed, with its thread, at the end."""
    driver = OnThread(playwright.sync_api.sync_playwright()).start()
    try:
        browser = driver.chromium.launch(executable_path=EXECUTABLE, args=FLAGS)
        yield browser
        browser.close()
    finally:
        driver.stop()
        thread.shutdown()


def _do(work):
    result = thread.submit(work).result()
    if isinstance(result, list):
        return [_stand_in(item) for item in result]
    return _stand_in(result)


def _stand_in(value):
    return OnThread(value) if callable(value) or type(value).__module__.startswith("playwright.") else value


def _target_of(value):
    return value._target if isinstance(value, OnThread) else value


expect = OnThread(playwright.sync_api.expect)
expect.set_options(timeout=PATIENCE * 1000)
