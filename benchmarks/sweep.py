"""Measures the sweep against other ways to do the same work.

    python -m benchmarks.sweep                                              # SQLite
    python -m benchmarks.sweep --database postgres://postgres@127.0.0.1/x   # PostgreSQL
    python -m benchmarks.sweep --size 0.01 --rounds 1                       # a quick look whether it works

Every contender is a separate process. They take turns, each on a fresh copy of the same database, and each must expire
the same codes. A ratio compares two times of the same round.
"""

import argparse
import os
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from benchmarks import questions
from benchmarks.databases import Databases, PostgreSQL, SQLite
from benchmarks.locks import locks
from benchmarks.measure import PROJECT
from benchmarks.page import table, write
from benchmarks.pooler import through_a_pooler
from benchmarks.questions import Answer, Setting

QUESTIONS = {
    "limit": questions.against_the_limit,
    "ways": questions.against_other_ways,
    "nothing": questions.nothing_to_do,
    "growth": questions.growth,
    "history": questions.history,
    "locks": locks,
    "start": questions.start_up,
    "pooler": through_a_pooler,
}


def benchmark(subject: str, asked: Mapping[str, Callable[[Setting], Iterable[Answer]]], description: str) -> None:
    """Answer the questions `asked` about a `subject`, as the command line says."""
    parser = argparse.ArgumentParser(
        prog=f"python -m benchmarks.{subject}", description=description,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument(
        "--database", metavar="URL",
        help="A PostgreSQL server where databases may be created (the name in the URL is not used). "
        "They are dropped at the end, and take 8 GB. Without it: SQLite files in a temporary folder.",
    )  # fmt: skip
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--size", type=float, default=1, help="Multiplies all numbers of codes. The default is 1.")
    parser.add_argument("--only", nargs="+", choices=asked, default=list(asked), metavar="QUESTION",
                        help=f"Some of: {', '.join(asked)}.")  # fmt: skip
    parser.add_argument("--write", action="store_true", help="Put the table into docs/performance.md.")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="knossos-benchmark-") as folder:
        databases = PostgreSQL(Path(folder), options.database) if options.database else SQLite(Path(folder))
        try:
            section = measure(databases, options, asked)
        finally:
            databases.drop_all()
    sys.stdout.write(section)
    if options.write:
        write(PROJECT / "docs" / "performance.md", databases, subject, section)


def measure(
    databases: Databases, options: argparse.Namespace, asked: Mapping[str, Callable[[Setting], Iterable[Answer]]]
) -> str:
    """Answer the questions that were asked, and return the table."""
    setting = Setting(databases, options.rounds, options.size)
    before = load()
    answers: list[Answer] = []
    for name in options.only:
        sys.stderr.write(f"{name}\n")
        answers += asked[name](setting)
    return table(databases, answers, options.rounds, (before, load()))


def load() -> str:
    """How many processes wanted a core in the last minute."""
    return f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "unknown"


if __name__ == "__main__":
    benchmark("sweep", QUESTIONS, __doc__ or "")
