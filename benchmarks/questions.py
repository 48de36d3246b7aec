"""The questions of the benchmark. For each, some contenders take turns, and an answer is a row of the table."""

import sys
from collections.abc import Callable, Iterator
from functools import partial
from typing import NamedTuple

from benchmarks.databases import Databases, PostgreSQL
from benchmarks.measure import Process, in_turns, memory, ratio, run, seconds, spread

SWEEP = "expire_referral_codes"


class Answer(NamedTuple):
    """A row of the table: the question, the measured values, the result and the target."""

    what: str
    measured: str
    result: str
    target: str


class Setting(NamedTuple):
    """Where to measure, how often, and with how many codes: `size` multiplies every number of codes."""

    databases: Databases
    rounds: int
    size: float

    def codes(self, number: int) -> int:
        return round(number * self.size)

    def seeded(self, codes: int, overdue: int, *how: str) -> str:
        return self.databases.seeded(self.codes(codes), self.codes(overdue), *how)

    def afresh(self, template: str, *command: str) -> Process:
        """Run a command of the project on a new copy of a database."""
        self.databases.create("run", template)
        return self.databases.run("run", *command)

    def bare(self, template: str) -> Process:
        """Run the bare statement on a new copy of a database."""
        self.databases.create("run", template)
        return run(self.databases.bare("run"), self.databases.folder / "output.txt")

    def same_codes(self, template: str, process: Process, known: dict[str, object]) -> Process:
        """Check that this run expired the same codes as every other contender, and printed as many lines."""
        expired = self.databases.which_expired("run")
        printed = sum("CODE-" in line for line in (self.databases.folder / "output.txt").open())
        assert known.setdefault(template, (*expired, printed)) == (*expired, printed), "other codes were expired"
        assert expired[0] == printed
        return process


def against_the_limit(setting: Setting) -> Iterator[Answer]:
    """The sweep against the bare statement, and its memory against a sweep with nothing to do."""
    full, none = setting.seeded(1_000_000, 100_000), setting.seeded(1_000_000, 0)
    known: dict[str, object] = {}
    postgres = isinstance(setting.databases, PostgreSQL)

    def interpreter() -> Process:
        return run([sys.executable, "-c", "import sqlite3"], setting.databases.folder / "output.txt")

    contenders: dict[str, Callable[[], Process]] = {
        "bare statement": lambda: setting.same_codes(full, setting.bare(full), known),
        "sweep": lambda: setting.same_codes(full, setting.afresh(full, SWEEP), known),
        "none expired": partial(setting.afresh, none, SWEEP),
        "interpreter": interpreter,
    }
    runs = in_turns(setting.rounds, contenders)
    sweep, statement = runs["sweep"], runs["bare statement"]
    times = f"{seconds(sweep).text(unit=' s')} against {seconds(statement).text(unit=' s')}"
    if postgres:
        yield Answer("sweep, against the bare statement", times, ratio(sweep, statement).text(), "1.5; aim 1.2")
    else:
        start = seconds(runs["interpreter"]).median
        off = ratio(sweep, statement, start, start)
        yield Answer("sweep, against the bare statement, less the interpreter's start", times, off.text(), "2.0")
    held = [run.mebibytes / other.mebibytes for run, other in zip(sweep, runs["none expired"], strict=True)]
    yield Answer(
        "peak memory, against a sweep with nothing to do",
        f"{memory(sweep).text(1, ' MiB')} against {memory(runs['none expired']).text(1, ' MiB')}",
        spread(held).text(),
        "1.1",
    )


def against_other_ways(setting: Setting) -> Iterator[Answer]:
    """The sweep against two common ways to write one."""
    template = setting.seeded(1_000_000, 10_000)
    known: dict[str, object] = {}

    def contender(name: str) -> Process:
        return setting.same_codes(template, setting.afresh(template, name), known)

    runs = in_turns(setting.rounds, {name: partial(contender, name) for name in (SWEEP, "naive", "loop")})
    for name, what, target in [
        ("naive", "list, update, list, against the sweep", "1.5 or more"),
        ("loop", "a loop of save(), against the sweep", "10 or more"),
    ]:
        times = f"{seconds(runs[name]).text(unit=' s')} against {seconds(runs[SWEEP]).text(unit=' s')}"
        yield Answer(what, times, ratio(runs[name], runs[SWEEP]).text(), target)


def nothing_to_do(setting: Setting) -> Iterator[Answer]:
    """A sweep that finds nothing, against a command that does nothing, in tables of three sizes."""
    for codes in (10_000, 1_000_000, 10_000_000):
        setting.databases.create("run", setting.seeded(codes, 0))
        runs = in_turns(
            setting.rounds * 2,
            {name: partial(setting.databases.run, "run", name) for name in (SWEEP, "nothing")},
        )
        yield Answer(
            f"nothing to do among {setting.codes(codes):,}, against a command that does nothing",
            f"{seconds(runs[SWEEP]).text(unit=' s')} against {seconds(runs['nothing']).text(unit=' s')}",
            ratio(runs[SWEEP], runs["nothing"]).text(),
            "1.15",
        )


def growth(setting: Setting) -> Iterator[Answer]:
    """The same number of overdue codes in larger tables, for the sweep and for the bare statement."""
    small, *larger = sizes = [100_000, 1_000_000, 10_000_000]
    for how, which in [([], "scattered"), (["--together"], "made one after the other")]:
        contenders: dict[str, Callable[[], Process]] = {}
        for codes in sizes:
            name = setting.seeded(codes, 10_000, *how)
            contenders[f"sweep {codes}"] = partial(setting.afresh, name, SWEEP)
            contenders[f"bare {codes}"] = partial(setting.bare, name)
        runs = in_turns(setting.rounds, contenders)
        for codes in larger:
            for way, what, target in (("sweep", "", "1.2"), ("bare", "the bare statement: ", "")):
                longer, shorter = runs[f"{way} {codes}"], runs[f"{way} {small}"]
                yield Answer(
                    f"{what}{setting.codes(10_000):,} overdue of {setting.codes(codes):,}, {which}, "
                    f"against of {setting.codes(small):,}",
                    f"{seconds(longer).text(unit=' s')} against {seconds(shorter).text(unit=' s')}",
                    ratio(longer, shorter).text(),
                    target,
                )


def history(setting: Setting) -> Iterator[Answer]:
    """A table after a hundred nights, against the same codes freshly loaded."""
    nights, each = 100, setting.codes(10_000)
    databases = setting.databases
    databases.create("aged", setting.seeded(1_000_000, 0))
    databases.run("aged", "nights", str(nights), str(each))
    databases.create("rewritten", "aged")
    if isinstance(databases, PostgreSQL):
        databases.query("rewritten", "VACUUM FULL")
    databases.tidy("rewritten")
    runs = in_turns(setting.rounds, {name: partial(setting.afresh, name, SWEEP) for name in ("aged", "rewritten")})
    yield Answer(
        f"{each:,} expired after {nights} nights of as many, against the same codes just loaded",
        f"{seconds(runs['aged']).text(unit=' s')} against {seconds(runs['rewritten']).text(unit=' s')}",
        ratio(runs["aged"], runs["rewritten"]).text(),
        "1.2",
    )


def start_up(setting: Setting) -> Iterator[Answer]:
    """A sweep with nothing to do, against `check` in a new Django project with the same database."""
    output, folder = setting.databases.folder / "output.txt", setting.databases.folder / "empty"
    folder.mkdir()
    run([sys.executable, "-m", "django", "startproject", "empty", "."], output, folder=folder)
    engine = "postgresql" if isinstance(setting.databases, PostgreSQL) else "sqlite3"
    with (folder / "empty" / "settings.py").open("a") as settings:
        settings.write(f"DATABASES = {{'default': {{'ENGINE': 'django.db.backends.{engine}', 'NAME': 'none'}}}}\n")
    setting.databases.create("run", setting.seeded(10_000, 0))
    contenders: dict[str, Callable[[], Process]] = {
        "sweep": partial(setting.databases.run, "run", SWEEP),
        "check": lambda: run([sys.executable, "manage.py", "check"], output, folder=folder),
    }
    runs = in_turns(setting.rounds * 2, contenders)
    yield Answer(
        "start to end with nothing to do, against `check` of an empty Django project",
        f"{seconds(runs['sweep']).text(unit=' s')} against {seconds(runs['check']).text(unit=' s')}",
        ratio(runs["sweep"], runs["check"]).text(),
        "1.2",
    )
