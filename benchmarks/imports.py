"""Measure the import against bulk_create of the same rows, and what others notice of it.

    python -m benchmarks.imports                                              # SQLite
    python -m benchmarks.imports --database postgres://postgres@127.0.0.1/x   # PostgreSQL
    python -m benchmarks.imports --size 0.01 --rounds 1                       # a look at whether it works

Every contender is a process of its own. They take turns, each on a fresh copy of the same database.
"""

import csv
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks.databases import PostgreSQL
from benchmarks.locks import saves_during
from benchmarks.measure import Process, in_turns, memory, ratio, seconds, spread
from benchmarks.questions import Answer, Setting
from benchmarks.sweep import benchmark

ROWS, FEW = 200_000, 2_000
DAY = 86_400  # seconds
AGENTS = 1000  # of those in the database
NEXT_ID = "SELECT setval(pg_get_serial_sequence('main_referralcode', 'id'), max(id)) FROM main_referralcode"
WHICH = "SELECT count(*), sum(discount), count(expired_at), count(expires_at), count(agent_id) FROM main_referralcode"


def measure(setting: Setting) -> list[Answer]:
    template = setting.seeded(20_000, 2_000)  # for the person who saves some of them
    if isinstance(setting.databases, PostgreSQL):  # the seed gave ids by itself
        setting.databases.query(template, NEXT_ID)
    many, few = (_file(setting, round(count * setting.size)) for count in (ROWS, FEW))
    known: set[object] = set()

    def imported(file: Path) -> Process:
        return setting.afresh(template, "import_codes", str(file), "-v0")

    def whole() -> Process:
        process = imported(many)
        known.add(setting.databases.query("run", WHICH)[0])
        return process

    def bulk() -> Process:
        """The time of the call alone, without the reading of the file."""
        process = setting.afresh(template, "bulk", str(many))
        known.add(setting.databases.query("run", WHICH)[0])
        return process._replace(seconds=float((setting.databases.folder / "output.txt").read_text()))

    runs = in_turns(setting.rounds, {"import": whole, "bulk_create": bulk, "few rows": lambda: imported(few)})
    assert len(known) == 1, f"other codes came in: {known}"
    share = [one.mebibytes / other.mebibytes for one, other in zip(runs["import"], runs["few rows"], strict=True)]
    saves, failed = saves_during(setting, template, "import_codes", str(many), "-v0")
    return [
        Answer(
            f"import of {setting.codes(ROWS):,} rows, against bulk_create of the same codes",
            f"{seconds(runs['import']).text(1, ' s')} against {seconds(runs['bulk_create']).text(1, ' s')}",
            ratio(runs["import"], runs["bulk_create"]).text(), "3",
        ),
        Answer(
            f"peak memory, against an import of {setting.codes(FEW):,} rows",
            f"{memory(runs['import']).text(0, ' MiB')} against {memory(runs['few rows']).text(0, ' MiB')}",
            spread(share).text(), "1.2",
        ),
        Answer(
            f"a person's save while {setting.codes(ROWS):,} rows come in ({len(saves):,} saves)",
            f"half within {sorted(saves)[len(saves) // 2]:.0f} ms, longest {max(saves):.0f} ms",
            f"{failed} failed", "none fails; on SQLite none waits 2,000 ms",
        ),
    ]  # fmt: skip


def _file(setting: Setting, count: int) -> Path:
    """A CSV of so many codes, a third of them past their date."""
    path, now = setting.databases.folder / f"{count}.csv", datetime.now(UTC)
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["code", "agent", "discount", "expires_at", "status"])
        for number in range(count):
            seconds_from_now = number * 7919 % 31_536_000 - 10_512_000
            if abs(seconds_from_now) < DAY:
                seconds_from_now += 2 * DAY  # none passes its date while this runs
            end = now + timedelta(seconds=seconds_from_now)
            agent = "" if number % 20 == 3 else f"Agent Number {number % AGENTS}"
            writer.writerow(
                [f"IMPORTED-{number * 7919 % 1_000_003:07}", agent, number % 100, f"{end:%F %T}Z", "active"]
            )
    return path


if __name__ == "__main__":
    benchmark("imports", {"imports": measure}, __doc__ or "")
