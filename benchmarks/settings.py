"""The project's settings, with the contenders' commands. Each process also writes down its peak memory."""

import atexit
import os
import re
from pathlib import Path

from knossos.settings import *  # noqa: F403

INSTALLED_APPS = [*INSTALLED_APPS, "benchmarks"]  # noqa: F405
ROOT_URLCONF = "benchmarks.urls"


def note_peak(file: str) -> None:
    """Write the peak memory of this process, in KiB, to `file`."""
    status = Path("/proc/self/status")
    if status.exists():  # Linux
        Path(file).write_text(re.findall(r"VmHWM:\s+(\d+)", status.read_text())[0])


if "PEAK_FILE" in os.environ:
    atexit.register(note_peak, os.environ["PEAK_FILE"])
