"""Reads a setting such as EXPIRATION_SCHEDULE, in the syntax of cron, for every scheduler."""

import re
from typing import NamedTuple

from django.core.exceptions import ImproperlyConfigured


class Field(NamedTuple):
    name: str
    low: int
    high: int
    words: tuple[str, ...] = ()


FIELDS = (
    Field("minute", 0, 59),
    Field("hour", 0, 23),
    Field("day of the month", 1, 31),
    Field("month", 1, 12, ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")),
    Field("day of the week", 0, 7, ("sun", "mon", "tue", "wed", "thu", "fri", "sat")),
)
LONGEST_MONTHS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
PART = re.compile(r"\*(/(?P<every>\d{1,9}))?|(?P<first>\w{1,9})(-(?P<last>\w{1,9})(/(?P<step>\d{1,9}))?)?", re.ASCII)


class Schedule(NamedTuple):
    """When a job starts: `text` as it was written, and the numbers that match in each field.

    Sunday is 0. Whose clock they are read on is the scheduler's affair.
    """

    text: str
    minutes: list[int]
    hours: list[int]
    days: list[int]
    months: list[int]
    weekdays: list[int]
    # If neither field begins with a star, cron runs on the days *or* the weekdays. No other scheduler does that.
    either_day: bool
    setting: str  # that holds it


class CannotExpress(ImproperlyConfigured):
    """A scheduler cannot run this schedule. The message says why."""


def parse_schedule(text: str, setting: str = "EXPIRATION_SCHEDULE") -> Schedule:
    """Read five fields of cron: minute, hour, day of the month, month, day of the week.

    Takes what every cron understands: numbers, words of three letters, ranges, steps and lists.
    Raises ImproperlyConfigured with a sentence for people, which names the `setting`.
    """
    fields = re.split("[ \t]+", text.strip(" \t"))
    if len(fields) != len(FIELDS):
        raise _wrong(setting, text, f"has {len(fields)} field(s)")
    minutes, hours, days, months, weekdays = (
        sorted(_numbers(value, field, (setting, text))) for value, field in zip(fields, FIELDS, strict=True)
    )
    either_day = not fields[2].startswith("*") and not fields[4].startswith("*")
    if not either_day and min(days) > max(LONGEST_MONTHS[month - 1] for month in months):
        raise _wrong(setting, text, "names a day that never comes")
    weekdays = sorted({day % 7 for day in weekdays})
    return Schedule(text.strip(), minutes, hours, days, months, weekdays, either_day, setting)


def refuse_either_day(schedule: Schedule, scheduler: str) -> None:
    """Raise CannotExpress if only cron can run the schedule."""
    if schedule.either_day:
        raise CannotExpress(
            f"{scheduler} cannot run a schedule that sets both the day of the month and the day of the week: "
            f"cron runs on either, and nothing but cron knows that rule. Set one of them to * in {schedule.setting}."
        )


def _numbers(value: str, field: Field, written: tuple[str, str]) -> set[int]:
    numbers: set[int] = set()
    for part in value.split(","):
        match = PART.fullmatch(part)
        if not match:
            raise _wrong(*written, f"has {part!r} as {field.name}")
        if match["first"]:
            first = _number(match["first"], field)
            last = _number(match["last"], field) if match["last"] else first
        else:
            first, last = field.low, field.high
        step = int(match["every"] or match["step"] or 1)
        if not (field.low <= first <= last <= field.high and step):
            raise _wrong(*written, f"has {part!r} as {field.name}")
        numbers.update(range(first, last + 1, step))
    return numbers


def _number(word: str, field: Field) -> int:
    """The number for `word`; -1, which no field allows, if it is neither a number nor a word of this field."""
    if word.isdecimal():
        return int(word)
    return field.low + field.words.index(word.lower()) if word.lower() in field.words else -1


def _wrong(setting: str, text: str, why: str) -> ImproperlyConfigured:
    return ImproperlyConfigured(
        f"{setting} is {text!r}, which {why}. It takes five fields as cron does: minute 0-59, hour 0-23, "
        "day of the month 1-31, month 1-12 or jan-dec, day of the week 0-7 or sun-sat; 0 2 * * * is daily at 2:00."
    )
