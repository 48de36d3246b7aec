"""The benchmark runs, small; how long anything takes is no test."""

import os
import subprocess
import sys

from tests.conftest import PROJECT


def test_both_contenders_send_the_same_number_of_mails_and_it_prints_a_table():
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.notices", "--size", "0.002", "--rounds", "1"],
        cwd=PROJECT, capture_output=True, text=True, timeout=180, check=False,
        env={name: value for name, value in os.environ.items() if name != "DATABASE_URL"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    rows = [line.split(" | ")[0] for line in done.stdout.splitlines() if line.startswith("|")]
    assert rows[2:] == [
        "| 20 notices of 200 codes, against a bare loop of smtplib; the server answers at once",
        "| 20 notices of 200 codes, against a bare loop of smtplib; the server answers after 1 ms",
        "| peak memory of 20 notices, against 2",
    ]
