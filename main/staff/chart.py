"""The positions and sizes of a bar chart, for an SVG."""

from __future__ import annotations

from typing import NamedTuple

from main.staff.dashboard import Week

WIDTH, HEIGHT = 900, 220
TOP, FLOOR = 24, 190
BAR = 0.7  # the width of a bar, as a part of the width of its week


class Part(NamedTuple):
    """A piece of a bar: one kind of code."""

    kind: str
    y: float
    height: float


class Bar(NamedTuple):
    week: Week
    x: float
    middle: float
    top: float
    parts: list[Part]


class Chart(NamedTuple):
    bars: list[Bar]
    bar_width: float
    width: int = WIDTH
    height: int = HEIGHT
    floor: int = FLOOR


def chart_of(weeks: list[Week]) -> Chart:
    """Lay out one stacked bar for each week. The tallest bar fills the height."""
    room = WIDTH / len(weeks)
    tallest = max(week.total for week in weeks) or 1
    bars = [_bar(week, number * room, room, (FLOOR - TOP) / tallest) for number, week in enumerate(weeks)]
    return Chart(bars, round(room * BAR, 1))


def _bar(week: Week, left: float, room: float, scale: float) -> Bar:
    parts, y = [], float(FLOOR)
    for kind, count in (("overdue", week.overdue), ("active", week.active), ("inactive", week.inactive)):
        height = count * scale
        y -= height
        if count:
            parts.append(Part(kind, round(y, 1), round(height, 1)))
    return Bar(week, round(left + room * (1 - BAR) / 2, 1), round(left + room / 2, 1), round(y - 6, 1), parts)
