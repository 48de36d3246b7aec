"""Measure the pages of staff and of agents among a hundred thousand and among a million codes.

    python -m benchmarks.pages                                              # SQLite
    python -m benchmarks.pages --database postgres://postgres@127.0.0.1/x   # PostgreSQL
    python -m benchmarks.pages --size 0.01 --rounds 1                       # a look at whether it works

A page is asked for within one process, past any server: what Django and the database take. The two sizes take turns.
"""

import json
import statistics
from collections.abc import Iterator

from benchmarks.databases import PostgreSQL, SQLite
from benchmarks.measure import spread
from benchmarks.questions import Answer, Setting
from benchmarks.sweep import benchmark

SIZES = (100_000, 1_000_000)
# As after some years: two thirds of the codes have ended, on all days of the last two years. The seed has codes that
# work and overdue ones.
PAST = {
    PostgreSQL: "now() - interval '1 second' * (60 + id * 7919 % 63072000)",
    SQLite: "strftime('%Y-%m-%d %H:%M:%S', 'now', (-60 - id * 7919 % 63072000) || ' seconds')",
}
ENDED = "UPDATE main_referralcode SET status = 'inactive', expires_at = {past} WHERE id % 3 <> 0"
ONE_AGENT = "UPDATE main_referralcode SET agent_id = 1"


def pages(setting: Setting) -> Iterator[Answer]:
    """Each page, and each again where one agent has all codes."""
    yield from _grown(setting, "", "a thousand agents")
    yield from _grown(setting, ONE_AGENT, "one agent")


def _grown(setting: Setting, change: str, whose: str) -> Iterator[Answer]:
    past = PAST[type(setting.databases)]
    databases = [setting.seeded(size, round(size / 1000)) for size in SIZES]
    for number, template in enumerate(databases):
        databases[number] = f"{template}_{whose.split(maxsplit=1)[0]}"
        setting.databases.create(databases[number], template)
        for statement in filter(None, (ENDED.format(past=past), change)):
            setting.databases.query(databases[number], statement)
        setting.databases.tidy(databases[number])
    times: list[dict[str, list[float]]] = [{}, {}]
    for _ in range(setting.rounds):
        for found, database in zip(times, databases, strict=True):
            setting.databases.run(database, "pages")
            for page, milliseconds in json.loads((setting.databases.folder / "output.txt").read_text()).items():
                found.setdefault(page, []).append(statistics.median(milliseconds))
    for page, of_few in times[0].items():
        of_many = times[1][page]
        grown = spread([many / few for many, few in zip(of_many, of_few, strict=True)])
        yield Answer(
            f"{page}; {whose}, {setting.codes(SIZES[1]):,} codes, against {setting.codes(SIZES[0]):,}",
            f"{spread(of_many).text(0, ' ms')} against {spread(of_few).text(0, ' ms')}", grown.text(), "300 ms; 1.3",
        )  # fmt: skip


if __name__ == "__main__":
    benchmark("pages", {"pages": pages}, __doc__ or "")
