"""Forty days of a hundred agents in six zones, through both kinds of clock changes, against a model of its own.

The model knows no database and none of the code under test: it reads the story below, and says from the definitions
who is to get what on which day.
"""

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from random import Random
from typing import NamedTuple
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.contrib.auth.models import User

from main.codes.editing import extend, reactivate, switch_off
from main.models import ExpirationRun, PersonalChoice, ReferralCode, UserProfile
from main.notices import sending
from main.notices.models import Preference, SwitchedOn, Told
from main.sweep.run import sweep
from main.sweep.undo import undo

DAYS = 40
AGENTS = 100
CODES = 6  # of each
DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
ZONES = ["Europe/Athens", "America/New_York", "Australia/Sydney", "Asia/Kolkata", "Pacific/Auckland", "UTC"]
CHOICES = [None, None, None, [14, 3], [1], []]
MISSED = {11, 12, 13}  # days on which nothing ran
WRONG_NIGHT, UNDONE = 20, 21  # a sweep by a clock of next week, and the morning after


class Event(NamedTuple):
    """What a person does to a code."""

    at: datetime
    code: str
    what: str


class Story:
    """What happens, made up once for the model and the database."""

    def __init__(self, first):
        random = Random(first.toordinal())
        self.first = first
        self.zones = [ZONES[number % len(ZONES)] for number in range(AGENTS)]
        self.choices = [CHOICES[random.randrange(len(CHOICES))] for _ in range(AGENTS)]
        # From which day to which day an agent is switched off, has no address, or wants no mail.
        self.away = {
            number: (what, random.randrange(5, 15), random.randrange(15, 30))
            for what, numbers in (("inactive", range(0, 5)), ("no address", range(5, 10)), ("no mail", range(10, 15)))
            for number in numbers
        }
        self.codes = {}
        self.ends = {}
        for number in range(AGENTS):
            for letter in range(CODES):
                code = f"A{number}-{letter}"
                self.codes[code] = number
                # To the second, so that some fall into the hours that clocks skip or show twice.
                self.ends[code] = (
                    first + timedelta(seconds=random.randrange(-10 * 86400, 75 * 86400)) if letter else None
                )
        self.events = sorted(self._events(random))

    def _events(self, random):
        for code in self.codes:
            if random.random() < 0.3:
                at = self.first + random.randrange(1, DAYS) * DAY + random.randrange(0, 86400) * timedelta(seconds=1)
                what = random.choice(["extend 10", "extend 40", "switch off"])
                yield Event(at, code, what)
                if what == "switch off" and random.random() < 0.7:
                    yield Event(at + random.randrange(1, 8) * DAY, code, "reactivate")

    def runs(self):
        """The number and the instant of each run: at eight in Athens, but for the days that were missed."""
        athens = ZoneInfo("Europe/Athens")
        mornings = [
            datetime.combine((self.first + day * DAY).date(), datetime.min.time(), athens).replace(hour=8)
            for day in range(DAYS)
        ]
        return [(day, morning.astimezone(UTC)) for day, morning in enumerate(mornings) if day not in MISSED]

    def is_away(self, agent, day):
        _, begin, end = self.away.get(agent, ("", 0, 0))
        return begin <= day < end


Table = dict[tuple[int, int], list[tuple[str, str]]]


class Model:
    """The same, thought through by hand: by the dates on which something is to be heard."""

    def __init__(self, story):
        self.story = story
        self.end = dict(story.ends)
        self.off = {}
        self.ended_wrongly = set()
        self.stopped = {}  # when a code that does not work stopped
        self.thinks_it_ended = set()
        self.heard = {}
        self.mailed = {}

    def table(self):
        happenings = [(event.at, 0, event) for event in self.story.events]
        happenings += [(at, 1, day) for day, at in self.story.runs()]
        wrong = self.story.first + WRONG_NIGHT * DAY + timedelta(hours=2)
        happenings += [(wrong, 2, "wrong sweep"), (self.story.first + UNDONE * DAY + timedelta(hours=9), 2, "undo")]
        table = {}
        for at, _, what in sorted(happenings, key=lambda happening: happening[:2]):
            if isinstance(what, Event):
                self._happens(what)
            elif what == "wrong sweep":
                week = at + 7 * DAY
                self.ended_wrongly = {
                    code for code, end in self.end.items() if end and at < end <= week and code not in self.off
                }
            elif what == "undo":
                self.ended_wrongly = set()
            else:
                self._run(what, at, table)
        return table

    def _happens(self, event):
        code, end = event.code, self.end[event.code]
        if event.what == "switch off":
            if code not in self.ended_wrongly and not (end and self._swept(end, event.at)):
                self.off[code] = event.at
        elif event.what == "reactivate":
            if not end or end > event.at:
                self.off.pop(code, None)
                self.ended_wrongly.discard(code)
        elif end and (end <= event.at or (code not in self.off and code not in self.ended_wrongly)):
            self.end[code] = max(end, event.at) + int(event.what.split()[1]) * DAY
            self.off.pop(code, None)
            self.ended_wrongly.discard(code)

    def _swept(self, end, now):
        """Whether a sweep, at two each night in UTC, has come between."""
        night = end.replace(hour=2, minute=0, second=0, microsecond=0)
        return (night if night >= end else night + DAY) <= now

    def _run(self, day, now, table):
        for agent in range(AGENTS):
            today = now.astimezone(ZoneInfo(self.story.zones[agent])).date()
            if self.story.is_away(agent, day) or self.mailed.get(agent) == today:
                continue
            mail = [line for code in self._codes(agent) for line in self._tell(code, agent, today, now)]
            if mail:
                table[day, agent] = sorted(mail)
                self.mailed[agent] = today

    def _codes(self, agent):
        return [code for code, owner in self.story.codes.items() if owner == agent]

    def _tell(self, code, agent, today, now):
        end, zone = self.end[code], ZoneInfo(self.story.zones[agent])
        works = code not in self.off and code not in self.ended_wrongly and (end is None or now < end)
        if not works:
            stopped = self.off.get(code) or (now if code in self.ended_wrongly else end)
            if code in self.thinks_it_ended or not stopped or stopped <= self.story.first:
                return []
            self.thinks_it_ended.add(code)
            return [("ended", code)]
        if code in self.thinks_it_ended:
            self.thinks_it_ended.discard(code)
            if end:
                self.heard[code, end] = today
            return [("restored", code)]
        if end is None:
            return []
        last_day = (end - timedelta(microseconds=1)).astimezone(zone).date()
        heard = self.heard.get((code, end), self.story.first.astimezone(zone).date())
        choice = self.story.choices[agent]
        for days in [30, 7, 1] if choice is None else choice:
            if heard < last_day - days * DAY <= today:
                self.heard[code, end] = today
                return [("stopping", code)]
        return []


@pytest.fixture
def project_zone(settings):
    settings.TIME_ZONE = "Europe/Athens"


def live_through(story):
    """Do all of it to the database, at its time, and read what was mailed from the rows."""
    _settle(story)
    steps = [(event.at, 0, event) for event in story.events]
    steps += [(at, 1, day) for day, at in story.runs()]
    steps += [
        (story.first + day * DAY + timedelta(hours=2), 2, "sweep")
        for day in range(DAYS)
        if day not in MISSED | {WRONG_NIGHT}
    ]
    steps += [
        (story.first + WRONG_NIGHT * DAY + timedelta(hours=2), 2, "wrong sweep"),
        (story.first + UNDONE * DAY + timedelta(hours=9), 2, "undo"),
    ]
    for at, _, what in sorted(steps, key=lambda step: step[:2]):
        with time_machine.travel(at, tick=False):
            _do(what, story)
    table = defaultdict(list)
    days = {at: day for day, at in story.runs()}
    for told in Told.objects.select_related("notice", "code"):
        agent = story.codes[told.code.code]
        table[days[told.notice.sent_at], agent].append((told.kind, told.code.code))
    return {key: sorted(lines) for key, lines in table.items()}


def _settle(story):
    users = User.objects.bulk_create(
        User(username=f"agent{number}", email=f"agent{number}@example.com") for number in range(AGENTS)
    )
    agents = UserProfile.objects.bulk_create(
        UserProfile(user=user, name=f"Agent {user.username}", role="agent") for user in users
    )
    Preference.objects.bulk_create(
        Preference(user=user, days=story.choices[number]) for number, user in enumerate(users)
    )
    PersonalChoice.objects.bulk_create(
        PersonalChoice(user=user, zone=story.zones[number]) for number, user in enumerate(users)
    )
    codes = ReferralCode.objects.bulk_create(
        ReferralCode(code=code, agent=agents[number], expires_at=story.ends[code])
        for code, number in story.codes.items()
    )
    long_ago = story.first - 365 * DAY
    ReferralCode.objects.update(created_at=long_ago, updated_at=long_ago)
    SwitchedOn.objects.create(pk=1, at=story.first)
    assert len(codes) == AGENTS * CODES


def _do(what, story):
    if isinstance(what, Event):
        chosen = ReferralCode.objects.filter(code=what.code)
        {"switch": lambda: switch_off(chosen), "reactivate": lambda: reactivate(chosen)}.get(
            what.what.split()[0], lambda: extend(chosen, int(what.what.split()[1]))
        )()
    elif what == "sweep":
        sweep(ExpirationRun.StartedBy.COMMAND)
    elif what == "wrong sweep":
        with time_machine.travel(story.first + (WRONG_NIGHT + 7) * DAY + timedelta(hours=2), tick=False):
            sweep(ExpirationRun.StartedBy.COMMAND)
    elif what == "undo":
        undo(ExpirationRun.objects.sweeps().latest("cutoff"), ExpirationRun.StartedBy.COMMAND)
    else:
        _people_as_on(what, story)
        sending.run()


def _people_as_on(day, story):
    for number, (what, _, _) in story.away.items():
        away = story.is_away(number, day)
        user = User.objects.filter(username=f"agent{number}")
        if what == "inactive":
            user.update(is_active=not away)
        elif what == "no address":
            user.update(email="" if away else f"agent{number}@example.com")
        else:
            Preference.objects.filter(user__in=user).update(wants_mail=not away)


@pytest.mark.parametrize(
    "first",
    [
        # New York goes forward on 8 March, Athens on 29 March; Sydney and Auckland go back on 5 April.
        datetime(2026, 3, 1, tzinfo=UTC),
        # Auckland and Sydney go forward on 27 September and 4 October; Athens goes back on 25 October.
        datetime(2026, 9, 20, tzinfo=UTC),
    ],
    ids=["spring", "autumn"],
)
def test_who_got_what_when(db, project_zone, first):
    story = Story(first)
    expected = Model(story).table()
    found = live_through(story)
    assert found == expected
    assert len(expected) > 500
    kinds = {kind for lines in expected.values() for kind, _ in lines}
    assert kinds == {"stopping", "ended", "restored"}
