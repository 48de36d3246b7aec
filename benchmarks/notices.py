"""Measure the sending of notices against a bare loop of smtplib that sends the same bytes to the same server.

    python -m benchmarks.notices                                              # SQLite
    python -m benchmarks.notices --database postgres://postgres@127.0.0.1/x   # PostgreSQL
    python -m benchmarks.notices --size 0.01 --rounds 1                       # a look at whether it works

Each agent has ten codes, of which three are told in a mail. Both contenders are whole processes. They take turns, each
round with the same mail server, which writes each mail to the disk before it says that it has it.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.databases import Databases, PostgreSQL, SQLite
from benchmarks.measure import PROJECT, Process, memory, ratio, run, seconds, spread
from benchmarks.page import table, write
from benchmarks.questions import Answer
from benchmarks.sweep import load

AGENTS = 10_000
SERVER = [sys.executable, "-m", "benchmarks.mail_server"]


@contextmanager
def mail_server(folder: Path, *options: str) -> Iterator[str]:
    """The port of a server that runs as long as the block."""
    process = subprocess.Popen(
        [*SERVER, "serve", str(folder), *options], cwd=PROJECT, stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout
        yield process.stdout.readline().strip()
    finally:
        process.kill()
        process.wait()


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.notices", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--database", metavar="URL", help="A PostgreSQL server, as for benchmarks.sweep.")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--size", type=float, default=1, help="Multiplies the number of agents; 1 unless told.")
    parser.add_argument("--write", action="store_true", help="Put the table into docs/performance.md.")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="knossos-benchmark-") as name:
        folder = Path(name)
        databases = PostgreSQL(folder, options.database) if options.database else SQLite(folder)
        try:
            before = load()
            answers = list(measure(databases, round(AGENTS * options.size), options.rounds))
            section = table(databases, answers, options.rounds, (before, load()))
        finally:
            databases.drop_all()
    if options.write:
        write(PROJECT / "docs" / "performance.md", databases, "notices", section)
    sys.stdout.write(section)


def measure(databases: Databases, agents: int, rounds: int) -> Iterator[Answer]:
    """Send to all agents, in turns with the bare loop; and to a tenth of them, for the memory."""
    for number in (agents, agents // 10):
        databases.create(f"notices{number}")
        databases.run(f"notices{number}", "seed_notices", str(number))
        databases.tidy(f"notices{number}")
    notices: list[Process] = []
    bare: list[Process] = []
    fewer: list[Process] = []
    for number in range(rounds):
        with mail_server(databases.folder, *(["--write"] if not number else [])) as port:
            notices.append(send_notices(databases, agents, port))
        with mail_server(databases.folder) as port:
            bare.append(run([*SERVER, "send", str(databases.folder), port], databases.folder / "output.txt"))
            check_count(databases.folder, agents)
        with mail_server(databases.folder) as port:
            fewer.append(send_notices(databases, agents // 10, port))
        print(f"    {notices[-1].seconds:.1f} s, bare {bare[-1].seconds:.1f} s", file=sys.stderr)
    yield Answer(
        f"{agents} notices of {agents * 10} codes, against a bare loop of smtplib",
        f"{seconds(notices).text(unit=' s')} against {seconds(bare).text(unit=' s')}",
        ratio(notices, bare).text(),
        "1.5",
    )
    yield Answer(
        f"peak memory of {agents} notices, against {agents // 10}",
        f"{memory(notices).text(1, ' MiB')} against {memory(fewer).text(1, ' MiB')}",
        spread([many.mebibytes / few.mebibytes for many, few in zip(notices, fewer, strict=True)]).text(),
        "1.2",
    )


def send_notices(databases: Databases, agents: int, port: str) -> Process:
    """Send on a fresh copy, and see that the server has them all."""
    databases.create("run", f"notices{agents}")
    os.environ |= {"EMAIL_URL": f"smtp://127.0.0.1:{port}", "SITE_URL": "https://codes.example.com"}
    process = databases.run("run", "send_notices")
    check_count(databases.folder, agents)
    return process


def check_count(folder: Path, expected: int) -> None:
    assert (folder / "count").read_text() == str(expected), "the server has not got them all"


if __name__ == "__main__":
    main()
