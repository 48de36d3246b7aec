"""How long a batch holds its locks, and how long a person's saves take during a sweep."""

import json
import os
import statistics
import subprocess
from collections.abc import Iterator

from benchmarks.measure import PRODUCTION, PROJECT, manage, spread
from benchmarks.questions import SWEEP, Answer, Setting


def locks(setting: Setting) -> Iterator[Answer]:
    """Measure large sweeps, alone and while a person saves codes."""
    template = setting.seeded(1_000_000, 100_000)
    longest: list[float] = []
    saves: list[float] = []
    failed = 0
    for _ in range(setting.rounds):
        setting.afresh(template, "locks")
        longest.append(float((setting.databases.folder / "output.txt").read_text()))
        milliseconds, failures = saves_during(setting, template, SWEEP)
        saves += milliseconds
        failed += failures
    yield Answer("longest time in which a batch held its locks", spread(longest).text(0, " ms"), "", "100 ms")
    p99 = statistics.quantiles(saves, n=100)[98]
    yield Answer(
        f"a person's save while a sweep of {setting.codes(100_000):,} runs ({len(saves):,} saves)",
        f"99 % within {p99:.0f} ms, half within {statistics.median(saves):.0f} ms, longest {max(saves):.0f} ms",
        f"{failed} failed",
        "99 % within 150 ms, none fails",
    )


def saves_during(setting: Setting, template: str, *command: str) -> tuple[list[float], int]:
    """The milliseconds of each save while the command runs on a copy of the database, and how many failed."""
    setting.databases.create("run", template)
    person = subprocess.Popen(
        manage("person"), cwd=PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        env={
            **os.environ, **PRODUCTION,
            "DATABASE_URL": setting.databases.url("run"), "LOG_DIR": str(setting.databases.folder),
        },
    )  # fmt: skip
    assert person.stdin
    assert person.stdout
    assert person.stdout.readline() == "ready\n"
    setting.databases.run("run", *command)
    person.stdin.close()
    told = json.loads(person.stdout.read())
    person.wait()
    return told["milliseconds"], told["failed"]
