"""How long a test waits for what must happen: enough for a busy machine, and no longer than it takes."""

import time

PATIENCE = 180  # seconds


def until(true, what):
    """Wait until `true()` holds; fail with `what` when it does not in time."""
    deadline = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < deadline, f"{what} did not happen within {PATIENCE} s"
        time.sleep(0.05)
