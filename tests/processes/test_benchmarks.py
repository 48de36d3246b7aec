"""The benchmark runs, small; how long anything takes is no test."""

import subprocess
import sys

from tests.conftest import PROJECT
from tests.patience import PATIENCE


def benchmark(*arguments):
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.sweep", *arguments],
        cwd=PROJECT, capture_output=True, text=True, timeout=PATIENCE, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_it_expires_the_same_codes_with_every_contender_and_prints_a_table():
    table = benchmark("--only", "limit", "--rounds", "1", "--size", "0.001")
    rows = [line.split(" | ")[0] for line in table.splitlines() if line.startswith("|")]
    assert rows == [
        "| what",
        "|---|---|---|---|",
        "| sweep, against the bare statement, less the interpreter's start",
        "| peak memory, against a sweep with nothing to do",
    ]
