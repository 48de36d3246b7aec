"""Who is to be told what: read from the codes, written down, and put into letters."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import NamedTuple

from django.db import transaction
from django.utils import timezone

from main.models import UserProfile
from main.notices import outbox, people, summary, wishes
from main.notices.due import Item, due_to, is_still_so
from main.notices.letters import Letter, Mail, agent_letter, staff_letter
from main.notices.models import Notice, Preference, Told, Wish

# Agents who are read together. What a mail says was true when its chapter was read.
CHAPTER = 100


class Content(NamedTuple):
    """What one agent is to be told."""

    items: list[Item]
    wishes: list[Wish]


class Chapter(NamedTuple):
    """Some agents, what is known of them, and what those who are to hear something are told; each by user."""

    agents: dict[int, UserProfile]
    preferences: dict[int, Preference]
    days: dict[int, date]
    known: dict[int, outbox.Doings]
    contents: dict[int, Content]


class Summary(NamedTuple):
    """The letter for one member of staff, and what is needed to write the notice down."""

    address: str
    letter: Letter
    preference: Preference
    day: date
    known: outbox.Doings


def _chapters() -> Iterator[list[UserProfile]]:
    last = 0
    while chapter := list(people.agents().filter(pk__gt=last)[:CHAPTER]):
        yield chapter
        last = chapter[-1].pk


def _read(chapter: list[UserProfile], since: datetime, now: datetime) -> Chapter:
    """What these agents are to be told at `now`. One whose last notice may have arrived is told the same once more."""
    agents = {agent.user_id: agent for agent in chapter}
    preferences = people.preferences_of(agents)
    days = people.days_of_people(agents, preferences, now)
    known = outbox.doings(Notice.Kind.AGENT, days)
    contents = {}
    fresh = []
    for agent in chapter:
        doings = known[agent.user_id]
        if doings.busy(now):
            continue
        if doings.unanswered:
            contents[agent.user_id] = _repeated(doings.unanswered, agent, now)
        else:
            fresh.append(agent)
    items, answers = due_to(fresh, preferences, since, now), wishes.answers_to(fresh)
    for agent in fresh:
        contents[agent.user_id] = Content(items.get(agent.pk, []), answers.get(agent.pk, []))
    contents = {user_id: content for user_id, content in contents.items() if any(content)}
    return Chapter(agents, preferences, days, known, contents)


def to_agents(since: datetime) -> Iterator[list[Mail]]:
    """Write down what agents are to be told, chapter by chapter, and give the mails that nobody else sends."""
    for agents in _chapters():
        now = timezone.now()
        chapter = _read(agents, since, now)
        outbox.lapse([known.open for pk, known in chapter.known.items() if known.open and pk not in chapter.contents])
        with transaction.atomic():
            days = {user_id: chapter.days[user_id] for user_id in chapter.contents}
            mine = outbox.claim(Notice.Kind.AGENT, days, chapter.known, now)
            new = {pk: notice for pk, notice in mine.items() if not chapter.known[pk].unanswered}
            _write_down({notice: chapter.contents[pk] for pk, notice in new.items()}, now)
            preferences = people.made_preferences(mine)
        yield [
            Mail(
                notice,
                agent_letter(chapter.agents[pk].name, *chapter.contents[pk], preferences[pk], now),
                [chapter.agents[pk].user.email],
                preferences[pk],
            )
            for pk, notice in mine.items()
        ]


def _repeated(notice: Notice, agent: UserProfile, now: datetime) -> Content:
    """What a notice that may have arrived said, without what is no longer so."""
    items = []
    for told in notice.told.select_related("code__expired_by"):
        told.code.agent = agent
        if is_still_so(told.kind, told.ends_at, told.code, now):
            items.append(Item(Told.Kind(told.kind), told.code))
    return Content(items, list(notice.wishes.select_related("code")))


def _write_down(contents: dict[Notice, Content], now: datetime) -> None:
    """What each notice says, so that it is not said again; and that an answered wish brings the agent up to date."""
    Told.objects.bulk_create(
        Told(notice=notice, code=item.code, kind=item.kind, ends_at=item.code.expires_at, told_at=now)
        for notice, content in contents.items()
        for item in content.items
    )
    for notice, content in contents.items():
        if content.wishes:
            Wish.objects.filter(pk__in=[wish.pk for wish in content.wishes]).update(told_in=notice)


def to_staff(since: datetime) -> Iterator[list[Mail]]:
    """One at a time: the readers are few, and what each is told goes back to that reader's last summary."""
    now = timezone.now()
    for reader in _summaries(since, now):
        user_id = reader.preference.user_id
        notice = outbox.claim(Notice.Kind.STAFF, {user_id: reader.day}, {user_id: reader.known}, now).get(user_id)
        if notice:
            yield [Mail(notice, reader.letter, [reader.address], reader.preference)]


def _summaries(since: datetime, now: datetime) -> Iterator[Summary]:
    readers = people.readers_of_the_summary()
    preferences = people.preferences_of(reader.pk for reader in readers)
    days = people.days_of_people(preferences, preferences, now)
    known = outbox.doings(Notice.Kind.STAFF, days)
    for reader in readers:
        if not known[reader.pk].busy(now) and (found := summary.of(reader, since, now)):
            preference = preferences[reader.pk]
            name = reader.get_full_name() or reader.get_username()
            letter = staff_letter(name, found, preference)
            yield Summary(reader.email, letter, preference, days[reader.pk], known[reader.pk])


def preview(since: datetime) -> Iterator[tuple[str, Letter]]:
    """The mails that a run would send now, each after its address; writes nothing."""
    now = timezone.now()
    for agents in _chapters():
        chapter = _read(agents, since, now)
        for pk, content in chapter.contents.items():
            agent = chapter.agents[pk]
            preference = chapter.preferences.get(pk) or Preference(user_id=pk)
            yield agent.user.email, agent_letter(agent.name, *content, preference, now)
    for reader in _summaries(since, now):
        yield reader.address, reader.letter
