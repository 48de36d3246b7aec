"""Writes the table of the answers, and a description of the machine, into docs/performance.md between two markers."""

import os
import platform
import re
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import django

from benchmarks.databases import Databases, PostgreSQL
from benchmarks.questions import Answer

# Only the settings that change the speed. Others, such as the folder of the data, do not matter.
CHANGED = """SELECT name || ' = ' || setting FROM pg_settings
WHERE source IN ('configuration file', 'command line') AND setting <> boot_val
AND name IN ('autovacuum', 'fsync', 'full_page_writes', 'synchronous_commit', 'wal_level', 'work_mem',
             'max_wal_size', 'checkpoint_timeout', 'random_page_cost', 'effective_cache_size', 'jit')"""


def machine() -> str:
    """The processor, memory and operating system."""
    try:
        processor = next(line for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line)
        processor = processor.split(":")[1].strip()
        gibibytes = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1024**3
    except (OSError, StopIteration, ValueError):  # not Linux
        return f"{platform.processor()}, {os.cpu_count()} cores, {platform.system()}"
    return f"{processor}, {os.cpu_count()} cores, {gibibytes:.0f} GiB, {platform.system()} {platform.release()}"


def server(databases: Databases) -> str:
    """The database's version, and the settings that differ from a fresh installation."""
    if not isinstance(databases, PostgreSQL):
        return f"SQLite {sqlite3.sqlite_version}"
    version = databases.query("", "SHOW server_version")[0][0]
    changed = ", ".join(str(row[0]) for row in databases.query("", CHANGED))
    return f"PostgreSQL {version} with {changed or 'default settings'}"


def table(databases: Databases, answers: list[Answer], rounds: int, load: tuple[str, str]) -> str:
    """The section of one database, in Markdown."""
    rows = "\n".join(f"| {' | '.join(answer)} |" for answer in answers)
    return (
        f"{server(databases)}, Python {platform.python_version()}, Django {django.__version__}, {machine()}; "
        f"{datetime.now(UTC):%Y-%m-%d}. {rounds} rounds. Load of the machine before {load[0]}, after {load[1]}.\n\n"
        f"| what | measured: median (least to most) | result | target |\n|---|---|---|---|\n{rows}\n"
    )


def write(page: Path, databases: Databases, subject: str, section: str) -> None:
    """Replace the section about this subject that was measured before."""
    name = f"{subject}, {type(databases).__name__}"
    begin, end = f"<!-- {name}: measured -->", f"<!-- {name}: end -->"
    text = page.read_text()
    assert begin in text, f"{page} has no line {begin}"
    page.write_text(re.sub(f"{begin}.*{end}", lambda _: f"{begin}\n{section}{end}", text, flags=re.DOTALL))
