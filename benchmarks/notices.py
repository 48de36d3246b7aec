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
# Milliseconds that the mail server takes for each answer; a mail needs four.
DELAYS = {"0": "the server answers at once", "1": "the server answers after 1 ms"}
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
    sys.stdout.write(section)
    if options.write:
        write(PROJECT / "docs" / "performance.md", databases, "notices", section)


def measure(databases: Databases, agents: int, rounds: int) -> Iterator[Answer]:
    """Send to all agents, in turns with the bare loop; and to a tenth of them, for the memory."""
    for number in (agents, agents // 10):
        databases.create(f"notices{number}")
        databases.run(f"notices{number}", "seed_notices", str(number))
        databases.tidy(f"notices{number}")
    notices: dict[str, list[Process]] = {delay: [] for delay in DELAYS}
    bare: dict[str, list[Process]] = {delay: [] for delay in DELAYS}
    fewer: list[Process] = []
    for number in range(rounds):
        for delay in DELAYS:
            is_first = not number and delay == "0"
            with mail_server(databases.folder, "--delay", delay, *(["--write"] if is_first else [])) as port:
                notices[delay].append(send_notices(databases, agents, port))
            with mail_server(databases.folder, "--delay", delay) as port:
                command = [*SERVER, "send", str(databases.folder), port]
                bare[delay].append(run(command, databases.folder / "output.txt"))
                check_count(databases.folder, agents)
            print(
                f"    {delay} ms: {notices[delay][-1].seconds:.1f} s, bare {bare[delay][-1].seconds:.1f} s",
                file=sys.stderr,
            )
        with mail_server(databases.folder) as port:
            fewer.append(send_notices(databases, agents // 10, port))
    for delay, which in DELAYS.items():
        yield Answer(
            f"{agents:,} notices of {agents * 10:,} codes, against a bare loop of smtplib; {which}",
            f"{seconds(notices[delay]).text(unit=' s')} against {seconds(bare[delay]).text(unit=' s')}",
            ratio(notices[delay], bare[delay]).text(),
            "1.5",
        )
    many = notices["0"]
    yield Answer(
        f"peak memory of {agents:,} notices, against {agents // 10:,}",
        f"{memory(many).text(1, ' MiB')} against {memory(fewer).text(1, ' MiB')}",
        spread([more.mebibytes / few.mebibytes for more, few in zip(many, fewer, strict=True)]).text(),
        "1.2",
    )


def send_notices(databases: Databases, agents: int, port: str) -> Process:
    """Send on a fresh copy, and see that the server has them all."""
    databases.create("run", f"notices{agents}")
    os.environ["EMAIL_URL"] = f"smtp://127.0.0.1:{port}"
    process = databases.run("run", "send_notices")
    check_count(databases.folder, agents)
    return process


def check_count(folder: Path, expected: int) -> None:
    assert (folder / "count").read_text() == str(expected), "the server has not got them all"


if __name__ == "__main__":
    main()
