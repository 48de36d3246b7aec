"""Runs whole processes, and compares their times and memory."""

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

PROJECT = Path(__file__).parent.parent

# With DEBUG, Django would keep the text of every query, which takes time and memory. Without SITE_URL, commands warn.
PRODUCTION = {"DEBUG": "off", "SECRET_KEY": "of the benchmark", "SITE_URL": "https://codes.example.com"}


class Process(NamedTuple):
    """One finished process: its wall time, and its own peak memory."""

    seconds: float
    mebibytes: float


def manage(*arguments: str) -> list[str]:
    """The command line of a contender that is a command of the project or of this package."""
    return [sys.executable, str(PROJECT / "manage.py"), *arguments, "--settings", "benchmarks.settings"]


def run(command: list[str], output: Path, database: str = "", folder: Path = PROJECT) -> Process:
    """Run `command` to its end, with its standard output in a file. Raises RuntimeError if it fails."""
    peak = output.with_name("peak.txt")
    peak.unlink(missing_ok=True)
    environment = {
        **os.environ, "DATABASE_URL": database, "LOG_DIR": str(output.parent / "logs"), "PYTHONPATH": str(PROJECT),
        "PEAK_FILE": str(peak), **PRODUCTION,
    }  # fmt: skip
    with output.open("w") as file:
        begun = time.perf_counter()
        process = subprocess.Popen(command, stdout=file, cwd=folder, env=environment)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - begun
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"failed: {' '.join(command)}")
    # `ru_maxrss` on Linux may include memory of the parent process, so the process's own note is preferred.
    return Process(seconds, (int(peak.read_text()) if peak.exists() else usage.ru_maxrss) / 1024)


def in_turns(rounds: int, contenders: dict[str, Callable[[], Process]]) -> dict[str, list[Process]]:
    """Run all contenders once, then all again, and so on, so that a slow moment of the machine slows all of them."""
    runs: dict[str, list[Process]] = {name: [] for name in contenders}
    for _ in range(rounds):
        for name, contender in contenders.items():
            runs[name].append(contender())
            print(f"    {name}: {runs[name][-1].seconds:.2f} s", file=sys.stderr)
    return runs


class Spread(NamedTuple):
    """The median, the least and the greatest of some values."""

    median: float
    low: float
    high: float

    def text(self, digits: int = 2, unit: str = "") -> str:
        return f"{self.median:.{digits}f}{unit} ({self.low:.{digits}f} to {self.high:.{digits}f})"


def spread(values: list[float]) -> Spread:
    return Spread(statistics.median(values), min(values), max(values))


def seconds(runs: list[Process]) -> Spread:
    return spread([run.seconds for run in runs])


def memory(runs: list[Process]) -> Spread:
    return spread([run.mebibytes for run in runs])


def ratio(runs: list[Process], others: list[Process], start: float = 0, other_start: float = 0) -> Spread:
    """The times of `runs` divided by those of `others`, round by round, after the start times are subtracted."""
    pairs = zip(runs, others, strict=True)
    return spread([(run.seconds - start) / (other.seconds - other_start) for run, other in pairs])
