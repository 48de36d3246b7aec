"""The positions and sizes of a bar chart, for an SVG."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from main.staff.dashboard import Week

WIDTH, HEIGHT = 900, 236
TOP, FLOOR = 40, 206
DAYS = 7
BAR = 0.7  # the width of a bar, as a part of the width of its week


class Part(NamedTuple):
    """A piece of a bar: one kind of code."""

    kind: str
    y: float
    height: float


class Bar(NamedTuple):
    week: Week
    left: float  # of the room of its week
    x: float
    middle: float
    top: float
    parts: list[Part]


class Chart(NamedTuple):
    bars: list[Bar]
    room: float  # the width of a week
    bar_width: float
    today: float | None  # the middle of the present day; None if it is in none of the weeks
    width: int = WIDTH
    height: int = HEIGHT
    floor: int = FLOOR


def chart_of(weeks: list[Week], today: date) -> Chart:
    """Lay out one stacked bar for each week. The tallest bar fills the height."""
    room = WIDTH / len(weeks)
    tallest = max(week.total for week in weeks) or 1
    bars = [_bar(week, number * room, room, (FLOOR - TOP) / tallest) for number, week in enumerate(weeks)]
    days = (today - weeks[0].start).days + 0.5
    is_in = 0 <= days <= DAYS * len(weeks)
    return Chart(bars, round(room, 1), round(room * BAR, 1), round(days * room / DAYS, 1) if is_in else None)


def _bar(week: Week, left: float, room: float, scale: float) -> Bar:
    parts, y = [], float(FLOOR)
    for kind, count in (("overdue", week.overdue), ("active", week.active), ("inactive", week.inactive)):
        height = count * scale
        y -= height
        if count:
            parts.append(Part(kind, round(y, 1), round(height, 1)))
    start, middle = left + room * (1 - BAR) / 2, left + room / 2
    return Bar(week, round(left, 1), round(start, 1), round(middle, 1), round(y - 6, 1), parts)
